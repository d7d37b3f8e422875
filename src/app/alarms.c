/* SPDX-License-Identifier: MIT */
#include "app/alarms.h"

#include <stdio.h>

#include "chaos/catalog.h"
#include "io/loop.h"

/* Digests come every 2 s. */
#define LOOK_INTERVAL SECONDS(1)

void
alarms_init(struct alarms *a, size_t active_max, size_t history_max)
{
	a->alerts = alerts_new(active_max, history_max);
	a->series = NULL;
	a->looked_ns = 0;
}

void
alarms_fini(struct alarms *a)
{
	alerts_free(a->alerts);
	series_free(a->series);
	a->alerts = NULL;
	a->series = NULL;
}

void
alarms_acknowledge(struct alarms *a, uint64_t seq, uint64_t now_ns)
{
	if (seq == 0)
		alerts_acknowledge_all(a->alerts, now_ns);
	else
		(void)alerts_acknowledge(a->alerts, seq, now_ns); /* or it is forgotten */
}

void
alarms_fault(struct alarms *a, const struct model_fault *f, uint64_t now_ns)
{
	unsigned *judged = &a->judged[f->number % MODEL_FAULTS_MAX];
	struct alert_subject s = { 0 };

	if (f->over_ns == 0 || f->result.verdict != JUDGE_FAIL || *judged == f->number)
		return;
	*judged = f->number;
	snprintf(s.name, sizeof s.name, "fault %u, %s", f->number,
		catalog_at(f->primitive)->name);
	snprintf(s.mesh, sizeof s.mesh, "%s", f->mesh);
	alerts_raise(a->alerts, ALERT_VERDICT_FAILED, &s, f->result.reason, now_ns,
		loop_wall_ms());
}

/* What is gone for the mesh has its event already, and is no news each second. */
static bool
is_there(const struct mesh_row *rows, size_t count, const struct peer_id *id)
{
	for (size_t m = 0; m < count; m++) {
		const struct directory_entry *en = directory_find(rows[m].directory, id);

		if (en != NULL && (en->liveness == LIVENESS_LIVE ||
				en->liveness == LIVENESS_SUSPECT))
			return true;
	}
	return false;
}

/* After what the digests say, because theirs are older. */
static void
look_at_own(struct alarms *a, const struct mesh_row *rows, size_t count,
	const struct supervisor *own, uint64_t now_ns)
{
	for (size_t i = 0; i < supervisor_count(own); i++) {
		const struct child_row *row = supervisor_at(own, i);
		struct alert_subject s = { .id = row->ready.id };

		if (row->stalled_ms == 0 || row->state == CHILD_ENDED ||
			!is_there(rows, count, &s.id))
			continue;
		snprintf(s.name, sizeof s.name, "%s", row->ready.name);
		snprintf(s.mesh, sizeof s.mesh, "%s", row->spec.mesh);
		alerts_observe(a->alerts, ALERT_LOOP_STALLED, &s, row->stalled_ms,
			now_ns, loop_wall_ms());
	}
}

void
alarms_turn(struct alarms *a, struct chronicle *c, const struct node *n,
	const struct peer_id *only, const struct supervisor *own, uint64_t now_ns)
{
	struct mesh_row rows[MESHES_MAX];
	struct alert al;
	size_t count;

	if (now_ns < a->looked_ns + LOOK_INTERVAL)
		return;
	a->looked_ns = now_ns;
	count = node_meshes(n, rows, MESHES_MAX);
	alerts_look(a->alerts, rows, count, only, now_ns, loop_wall_ms());
	if (own != NULL)
		look_at_own(a, rows, count, own, now_ns);
	if (a->series != NULL)
		series_look(a->series, rows, count);
	while (alerts_next_change(a->alerts, &al))
		chronicle_alert(c, &al);
}
