/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/attached_state.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "io/loop.h"
#include "scenario/roster.h"

/* A digest comes every 2 s: whoever is there was heard, and nobody came or went. */
#define STABLE SECONDS(3)
#define GATHER_MAX SECONDS(30)
/* Somebody was heard, and so long nobody else: what is missing does not come. */
#define MISSING_MAX SECONDS(8)
/*
 * How long a node may be gone from the mesh and answer nothing before that is believed: a
 * cut shows some of them so, and those still answer us.
 */
#define SILENT_MAX SECONDS(10)

static bool
is_of_file(const struct scenario *s, const char *mesh)
{
	for (size_t g = 0; g < s->group_count; g++)
		if (strcmp(s->groups[g].mesh, mesh) == 0)
			return true;
	return false;
}

static void
take_mesh(struct attached *a, const struct mesh_row *row, size_t *count, bool *over)
{
	for (size_t i = 0; i < directory_count(row->directory); i++) {
		const struct directory_entry *en = directory_at(row->directory, i);
		struct scenario_place *to;

		if (!directory_is_node(en) || en->liveness != LIVENESS_LIVE)
			continue;
		if (*count == ATTACHED_NODES_MAX) {
			*over = true;
			return;
		}
		to = &a->seen[(*count)++];
		memset(to, 0, sizeof(*to));
		to->id = en->digest.id;
		to->seed = named_seeds_has(&a->options, &to->id);
		directory_name(en, to->name);
		snprintf(to->mesh, sizeof(to->mesh), "%s", en->digest.mesh);
		snprintf(to->type, sizeof(to->type), "%s", en->digest.type);
	}
}

/* The same ids in the same order: directories keep theirs by type and id. */
static uint64_t
sum_of(const struct attached *a, size_t count)
{
	uint64_t sum = count;

	for (size_t i = 0; i < count; i++) {
		uint64_t part;

		memcpy(&part, a->seen[i].id.bytes, sizeof(part));
		sum = sum * UINT64_C(0x9e3779b97f4a7c15) + part;
	}
	return sum;
}

static void
make_slots(struct attached *a)
{
	const struct scenario *s = a->scenario;

	a->slot_count = s->node_count;
	a->slots = mem_array(a->slot_count + 1, sizeof(*a->slots));
	for (size_t i = 0; i < a->slot_count; i++) {
		a->slots[i].place = &s->roster[i];
		buf_init(&a->slots[i].pieces, LIFELINE_RECORD_LEN_MAX + 16);
	}
}

static void
take_roster(struct attached *a, size_t count, uint64_t now_ns)
{
	char why[ROSTER_WHY_CAP];

	if (roster_take(a->scenario, a->seen, count, why) != ERR_OK) {
		attached_fail(a, EXIT_UNAVAILABLE, "%s", why);
		return;
	}
	make_slots(a);
	a->phase = ATTACHED_ASKS;
	a->began_ns = now_ns;
	if (a->scenario->fault_count + a->scenario->soak_count == 0)
		for (size_t i = 0; i < a->slot_count; i++)
			a->slots[i].obeys = OBEYS_YES;	/* nothing is asked of it */
	else
		for (size_t i = 0; i < a->slot_count; i++)
			attached_orders_check(a, &a->slots[i], now_ns);
	attached_judge(a, now_ns);
}

void
attached_roster_gather(struct attached *a, uint64_t now_ns)
{
	struct mesh_row rows[MESHES_MAX];
	size_t meshes = node_meshes(a->node, rows, MESHES_MAX), count = 0;
	char why[ROSTER_WHY_CAP];
	bool over = false, enough;
	uint64_t sum;

	for (size_t m = 0; m < meshes; m++)
		if (is_of_file(a->scenario, rows[m].mesh))
			take_mesh(a, &rows[m], &count, &over);
	sum = sum_of(a, count);
	if (sum != a->seen_sum)
		a->changed_ns = now_ns;
	a->seen_sum = sum;
	a->seen_count = count;
	enough = roster_is_enough(a->scenario, a->seen, count, why);
	if (enough && !over && now_ns >= a->changed_ns + STABLE)
		take_roster(a, count, now_ns);
	else if (over)
		attached_fail(a, EXIT_UNAVAILABLE,
			"more than %d nodes are there: a run can be attached to so many",
			ATTACHED_NODES_MAX);
	else if (now_ns >= a->began_ns + GATHER_MAX ||
		 (!enough && count > 0 && now_ns >= a->changed_ns + MISSING_MAX))
		attached_fail(a, EXIT_UNAVAILABLE, "%s",
			enough ? "nodes come and go all the time: no roster in 30 s"
			       : why);
}

static const struct directory_entry *
entry_of(const struct attached *a, const struct peer_id *id)
{
	struct mesh_row rows[MESHES_MAX];
	size_t meshes = node_meshes(a->node, rows, MESHES_MAX);

	for (size_t m = 0; m < meshes; m++) {
		const struct directory_entry *en = directory_find(rows[m].directory, id);

		if (en != NULL)
			return en;
	}
	return NULL;
}

/* The supervisor learns of it as if it had been started now. */
static void
found(struct attached *a, struct attached_slot *s, const struct directory_entry *en,
	uint64_t now_ns)
{
	struct lifeline_record r = { .tag = LIFELINE_READY };

	r.ready.id = s->place->id;
	memcpy(r.ready.name, s->place->name, sizeof(r.ready.name));
	for (size_t i = 0; i < en->digest.address_count && i < ADDRESSES_MAX; i++)
		r.ready.addresses[r.ready.address_count++] = en->digest.addresses[i];
	s->state = SLOT_UP;
	s->incarnation = en->digest.incarnation;
	s->heard_ns = now_ns;
	attached_orders_forget(a, s, now_ns);
	supervisor_spawned(a->supervisor, s->child, 0, now_ns);
	supervisor_record(a->supervisor, s->child, &r, now_ns);
	attached_tell(a, s->child);
}

void
attached_roster_await(struct attached *a, struct attached_slot *s, uint64_t now_ns)
{
	const struct directory_entry *en = entry_of(a, &s->place->id);

	if (en != NULL && en->liveness <= LIVENESS_SUSPECT &&
		en->digest.incarnation > s->dead_incarnation)
		found(a, s, en, now_ns);
}

static void
lost(struct attached *a, struct attached_slot *s, const char *why, uint64_t now_ns)
{
	s->state = SLOT_OVER;
	s->dead_incarnation = s->incarnation;
	attached_orders_forget(a, s, now_ns);
	supervisor_lost(a->supervisor, s->child, why, now_ns);
	attached_tell(a, s->child);
}

void
attached_roster_turn(struct attached *a, uint64_t now_ns)
{
	for (size_t i = 0; i < a->slot_count; i++) {
		struct attached_slot *s = &a->slots[i];
		const struct directory_entry *en;
		uint64_t silent_ns = s->patient_ns > s->heard_ns ? s->patient_ns
								 : s->heard_ns;

		if (s->state == SLOT_AWAITED)
			attached_roster_await(a, s, now_ns);
		if (s->state != SLOT_UP || s->let != LET_NOT)
			continue;
		en = entry_of(a, &s->place->id);
		if (en != NULL && en->digest.incarnation > s->incarnation)
			lost(a, s, "it was started anew, and not by this run", now_ns);
		else if (en != NULL && en->liveness == LIVENESS_LEFT)
			lost(a, s, "it said that it leaves", now_ns);
		else if ((en == NULL || en->liveness == LIVENESS_GONE) &&
			 now_ns >= silent_ns + SILENT_MAX)
			lost(a, s, "", now_ns);
	}
}
