/* SPDX-License-Identifier: MIT */
#include "app/alarms.h"

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
alarms_turn(struct alarms *a, struct chronicle *c, const struct node *n,
	const struct peer_id *only, uint64_t now_ns)
{
	struct mesh_row rows[MESHES_MAX];
	struct alert al;
	size_t count;

	if (now_ns < a->looked_ns + LOOK_INTERVAL)
		return;
	a->looked_ns = now_ns;
	count = node_meshes(n, rows, MESHES_MAX);
	alerts_look(a->alerts, rows, count, only, now_ns, loop_wall_ms());
	if (a->series != NULL)
		series_look(a->series, rows, count);
	while (alerts_next_change(a->alerts, &al))
		chronicle_alert(c, &al);
}
