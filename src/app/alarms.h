/* SPDX-License-Identifier: MIT */
#ifndef APP_ALARMS_H
#define APP_ALARMS_H

#include "app/chronicle.h"
#include "mesh/alerts.h"
#include "mesh/series.h"
#include "tui/model_fault.h"

/*
 * What is made of figures in digests. Once a second the directories of a node are looked
 * at: an alert that was raised or cleared becomes an event, and a console keeps the
 * series that it shows.
 */
struct alarms {
	struct alerts *alerts;
	struct series *series;	/* NULL: of a member, which shows nothing */
	uint64_t looked_ns;
	unsigned judged[MODEL_FAULTS_MAX];	/* by number: raised already */
};

void alarms_init(struct alarms *a, size_t active_max, size_t history_max);
void alarms_fini(struct alarms *a);
void alarms_acknowledge(struct alarms *a, uint64_t seq, uint64_t now_ns); /* 0: all */
/* A fault that is over and failed is an alert, once. */
void alarms_fault(struct alarms *a, const struct model_fault *f, uint64_t now_ns);
/*
 * On any turn of the loop. `only`: a member speaks of itself alone; NULL: an observer
 * speaks of all. Processes of ours that stand still can't say so in a digest: `own`, or
 * NULL, knows of them.
 */
void alarms_turn(struct alarms *a, struct chronicle *c, const struct node *n,
	const struct peer_id *only, const struct supervisor *own, uint64_t now_ns);

#endif
