/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_SCENARIO_WORLD_H
#define TESTS_UNIT_SCENARIO_WORLD_H

#include "scenario/runner.h"
#include "supervisor/supervisor.h"

/*
 * A simulated world for a runner in virtual time: the real supervisor, and nodes that are
 * nothing but an id, an answer and an end. Nodes see each other as soon as they are
 * ready; what goes wrong is set in the fields.
 */
#define WORLD_NODES_MAX 64

struct world_node {
	unsigned child;
	struct child_spec spec;
	struct peer_id id;
	uint64_t spawn_ns, quit_ns, end_ns;
	bool ready, gone;
	uint64_t cast, cast_run;	/* messages to its mesh, and their run */
};

struct world {
	struct supervisor *supervisor;
	struct runner *runner;
	struct scenario *scenario;
	struct plan *plan;
	struct world_node nodes[WORLD_NODES_MAX];
	size_t count;
	uint64_t now_ns;
	/* Between a tick and the deadline that the runner gave. */
	uint64_t longest_wait_ns;
	size_t asks;

	size_t orders;		/* of faults */
	bool obeys;		/* a node that is ordered to die does so */

	/* What goes wrong, by the place in the scenario; WORLD_NODES_MAX for nobody. */
	size_t killed, mute, deaf, never_ready, liar, leaver;
	uint64_t killed_ns, mute_ns, leaver_ns;
	bool all_mute, all_mute_in_hold;
	bool foreign;		/* the liar lists a live stranger */
	bool other_mesh;	/* the liar lists nodes of another mesh */
	/* The liar reports no links, though others report theirs to it. */
	bool half_links;
	bool suspects;		/* the liar suspects the first node from liar_ns on */
	bool forgets;		/* the liar does not list the first node */
	uint64_t liar_ns;
	uint64_t notice_ns; /* after a death others call it gone; suspect in half of it */
	uint64_t handshakes_each_ask;
	/* Orders to send: how many are not acknowledged, or no report at all. */
	uint64_t lost_messages;
	/* Of messages to a mesh the first node gets so many fewer, or more. */
	uint64_t cast_lost, cast_twice;
	uint64_t different;	/* of those, by an echo: other bytes came back */
	struct letter_order sent[8];	/* the orders */
	bool never_sent;
	size_t sends;
	uint64_t cancel_ns;		/* the run is interrupted; 0 never */
	uint64_t pause_at_ns, pause_ns;	/* the runner itself stands still */
};

void world_init(struct world *w, const char *yaml);
void world_fini(struct world *w);
/* A new runner that goes on with this soak. */
void world_resume(struct world *w, const struct report_soak *from);
/* Until the runner is done, at most 100 virtual seconds. */
const struct report *world_run(struct world *w);

#endif
