/* SPDX-License-Identifier: MIT */
#ifndef SIM_HEALING_H
#define SIM_HEALING_H

#include "tests/sim/world.h"

/*
 * One cut of a mesh of whole nodes, and how it grows together again (F158). Everybody
 * joins over node 0, up to 200 nodes at once; after 30 s of calm packets between the two
 * sides are lost for `cut_ns`. HEALING_LIMIT after the cut's end all has to be one again;
 * then evictions are counted for some minutes.
 */
#define HEALING_LIMIT SECONDS(120)
#define HEALING_SETTLE SECONDS(150)

struct healing {
	uint64_t seed;
	size_t nodes, apart; /* the last `apart` nodes are cut off */
	uint64_t cut_ns;
	uint64_t announce_ns; /* interval of digests at up to 250 nodes */
	/*
	 * The interval in the middle of the cut, from HEALING_SETTLE after its begin to
	 * HEALING_SETTLE before its end, and while a large mesh forms; 0: the same.
	 */
	uint64_t idle_ns;
	unsigned churn_minutes;

	/* Results; NEVER: not within the limit. */
	uint64_t overlay_ns, directory_ns; /* after the end of the cut */
	bool formed;
	bool was_cut; /* at its end nobody saw the other side as live */
	double evictions_a_minute;	   /* of all nodes, once it was one */
	double changes_a_minute;	   /* of liveness, of all nodes, then */
	uint64_t events;
	double cpu_s;
	char why[256]; /* what was not so at the limit */
};

/* The whole mesh, of which one cut can be made; healing_cut frees it. */
struct world *healing_form(const struct healing *h);
void healing_cut(struct healing *h, struct world *w);
void healing_run(struct healing *h); /* both */
/* Whether the mesh came to be one in time, and stays calm. */
bool healing_good(const struct healing *h);

#endif
