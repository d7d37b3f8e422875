/* SPDX-License-Identifier: MIT */
#ifndef SIM_SOAK_WATCH_H
#define SIM_SOAK_WATCH_H

#include "base/mem.h"
#include "tests/sim/world.h"

/*
 * Who looks on while a soak runs, by what nodes say and what they deliver; of faults it
 * knows only until when somebody is excused. The first thing that is amiss stays in
 * `why`.
 *
 * It counts deliveries where a node clears the outbox of a topic, so a program with it is
 * linked with --wrap=outbox_clear, and has one of these at a time.
 */
#define SOAK_MEMBERS_MAX 64
#define SOAK_MESSAGES_MAX 2048
/* Ids are known for so long, and then the same message would be a new one. */
#define SOAK_MESSAGE_AGE SECONDS(90)

struct soak_message {
	uint64_t hash, first_ns;
	uint64_t had_ns[SOAK_MEMBERS_MAX];	/* the last time, or 0 */
	unsigned had[SOAK_MEMBERS_MAX];		/* how often, in the life of now */
};

struct soak_watch {
	struct world *world;
	uint64_t excused_ns[SOAK_MEMBERS_MAX];	/* until then it may be called gone */
	struct soak_message *messages;		/* a ring of SOAK_MESSAGES_MAX */
	size_t count;				/* ever */
	uint64_t deliveries, suspected, gone;
	uint64_t live_then[MEM_CLASSES];	/* objects before there was a world */
	char why[200];				/* "": all is well */
};

void soak_watch_init(struct soak_watch *s);
/* From now on it watches this world. */
void soak_watch_begin(struct soak_watch *s, struct world *w);
/* The world is gone: whether every object is as well. */
bool soak_watch_end(struct soak_watch *s);

void soak_watch_excuse(struct soak_watch *s, size_t i, uint64_t until_ns);
/* All that was first delivered since was so once to each that lives, but its sender. */
bool soak_watch_delivered(struct soak_watch *s, uint64_t since_ns, uint64_t before_ns);
/*
 * While no fault is on there are moments in which nothing is left of faults, requests and
 * messages that were missing, and of every other class there is what the living need.
 */
bool soak_watch_objects(const struct soak_watch *s, char *why);

#endif
