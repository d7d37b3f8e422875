/* SPDX-License-Identifier: MIT */
#ifndef APP_ALARMS_H
#define APP_ALARMS_H

#include "app/chronicle.h"
#include "mesh/alerts.h"

/*
 * The alerts of a process: once a second the directories of its node are looked at, and
 * what was raised or cleared becomes an event.
 */
struct alarms {
	struct alerts *alerts;
	uint64_t looked_ns;
};

void alarms_init(struct alarms *a, size_t active_max, size_t history_max);
void alarms_fini(struct alarms *a);
void alarms_acknowledge(struct alarms *a, uint64_t seq, uint64_t now_ns); /* 0: all */
/*
 * On any turn of the loop. `only`: a member speaks of itself alone; NULL: an observer
 * speaks of all.
 */
void alarms_turn(struct alarms *a, struct chronicle *c, const struct node *n,
	const struct peer_id *only, uint64_t now_ns);

#endif
