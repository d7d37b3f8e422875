/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "scenario/members.h"

/* Two ticks further apart than this: we were stopped or starved, and heard nobody. */
#define AWAKE_GAP MILLISECONDS(500)
#define SLOPE_WARM_UP SECONDS(60)

void
members_init(struct members *m, const struct scenario *s, const char *data_root)
{
	const char *mesh = "";

	memset(m, 0, sizeof(*m));
	m->at = mem_array(s->node_count + 1, sizeof(*m->at));
	m->nodes = mem_array(s->node_count + 1, sizeof(*m->nodes));
	m->index = mem_array(s->node_count + 1, sizeof(*m->index));
	m->data_root = data_root;
	for (size_t g = 0; g < s->group_count; g++) {
		for (unsigned k = 0; k < s->groups[g].count; k++) {
			struct member *one = &m->at[m->count++];

			one->group = &s->groups[g];
			one->number = k + 1;
			one->later = s->selects[0].count > 0 &&
				selector_any_matches(&s->selects[0], one->group->mesh,
					one->group->type, k + 1);
			one->first = strcmp(mesh, one->group->mesh) != 0;
			m->mesh_count += one->first;
			mesh = one->group->mesh;
			snprintf(one->name, sizeof(one->name), "%s.%s #%u",
				one->group->mesh, one->group->type, k + 1);
		}
	}
}

void
members_fini(struct members *m)
{
	free(m->at);
	free(m->nodes);
	free(m->index);
	memset(m, 0, sizeof(*m));
}

static bool
is_gateway(const struct member *one)
{
	return strcmp(one->group->type, "gateway") == 0;
}

/*
 * A gateway of another mesh that is ready, so that two meshes hear of each other. NULL
 * and *soon: one is starting.
 */
static const struct member *
seed_across(const struct members *m, const struct member *of, bool *soon)
{
	*soon = false;
	for (size_t i = 0; i < m->count; i++) {
		const struct member *one = &m->at[i];

		if (!is_gateway(one) || strcmp(one->group->mesh, of->group->mesh) == 0)
			continue;
		if (one->state == MEMBER_READY)
			return one;
		*soon |= one->state == MEMBER_STARTING;
	}
	return NULL;
}

static void
add_seed(struct child_spec *spec, const struct member *seed, size_t cap)
{
	const struct lifeline_ready *ready = &seed->row->ready;
	char id[ID_HEX_CAP], address[ADDRESS_TEXT_CAP];

	for (size_t k = 0; k < ready->address_count && spec->seed_count < cap; k++)
		snprintf(spec->seeds[spec->seed_count++], CHILD_SEED_CAP, "%s@%s",
			id_hex(id, &ready->id),
			address_format(address, &ready->addresses[k]));
}

/* The answers of an earlier process say nothing about this one. */
static void
forget_answers(struct member *one)
{
	one->asked = one->answered = one->valid_from = 0;
	one->counted = false;
	memset(&one->memory, 0, sizeof(one->memory));
	memset(&one->descriptors, 0, sizeof(one->descriptors));
	one->baseline.known = false;
	one->lag_ms = 0;
}

static void
start_one(struct members *m, size_t i, const struct member *seed, struct supervisor *s,
	uint64_t now_ns)
{
	struct member *one = &m->at[i];
	struct child_spec spec = { .label = (unsigned)i };
	const struct member *across = NULL;
	char life[16] = "";
	bool soon;

	if (is_gateway(one)) {
		across = seed_across(m, one, &soon);
		if (across == NULL && soon)
			return;	/* at the next tick */
	}
	if (one->life)
		snprintf(life, sizeof(life), "-%u", one->life);
	snprintf(spec.mesh, sizeof(spec.mesh), "%s", one->group->mesh);
	snprintf(spec.type, sizeof(spec.type), "%s", one->group->type);
	snprintf(spec.data_dir, sizeof(spec.data_dir), "%.190s/%02zu-%.20s-%.20s%s",
		m->data_root, i + 1, spec.mesh, spec.type, life);
	if (seed)
		add_seed(&spec, seed, across ? CHILD_SEEDS_MAX / 2 : CHILD_SEEDS_MAX);
	/* One seed may be cut off just now: a second one, where there is one. */
	for (size_t k = 0; k < m->count && seed && spec.seed_count < CHILD_SEEDS_MAX;
		k++) {
		const struct member *other = &m->at[k];

		if (k == i || other == seed || other->state != MEMBER_READY ||
			other->moved || strcmp(other->group->mesh, spec.mesh) != 0)
			continue;
		add_seed(&spec, other, spec.seed_count + 1);
		break;
	}
	if (across)
		add_seed(&spec, across, CHILD_SEEDS_MAX);
	m->refused = supervisor_start(s, &spec, now_ns, &one->child);
	if (m->refused)
		return;
	forget_answers(one);
	one->moved = false;
	one->state = MEMBER_STARTING;
	one->row = supervisor_find(s, one->child);
	m->last_start_ns = now_ns;
}

/* The first READY one of its mesh; *starting: there will be one. */
static const struct member *
seed_for(const struct members *m, const struct member *one, bool *starting)
{
	const struct member *moved = NULL;

	*starting = false;
	for (size_t i = 0; i < m->count; i++) {
		const struct member *other = &m->at[i];

		if (strcmp(other->group->mesh, one->group->mesh) != 0)
			continue;
		/* Where one that moved can be reached is not what it said at first. */
		if (other->state == MEMBER_READY && other->moved)
			moved = other;
		else if (other->state == MEMBER_READY)
			return other;
		*starting |= other->state == MEMBER_STARTING ||
			(other->first && other != one &&
				other->state == MEMBER_WAITING && !other->later);
	}
	return moved;
}

void
members_start(struct members *m, struct supervisor *s, uint64_t now_ns)
{
	for (size_t i = 0; i < m->count && !m->refused; i++) {
		const struct member *seed;
		bool starting;

		if (m->at[i].state != MEMBER_WAITING || m->at[i].later)
			continue;
		seed = seed_for(m, &m->at[i], &starting);
		if (seed || !starting)
			start_one(m, i, seed, s, now_ns);
	}
}

void
members_restart(struct members *m, size_t i, bool anew)
{
	struct member *one = &m->at[i];

	if (one->state != MEMBER_ENDED && one->state != MEMBER_WAITING)
		return;
	one->life += anew;
	one->state = MEMBER_WAITING;
	one->child = 0;
	one->later = one->excused = false;
}

bool
members_wanted(const struct members *m, size_t i)
{
	const struct member *one = &m->at[i];

	return !one->excused && !(one->state == MEMBER_WAITING && one->later);
}

size_t
members_wanted_count(const struct members *m)
{
	size_t count = 0;

	for (size_t i = 0; i < m->count; i++)
		count += members_wanted(m, i);
	return count;
}

/* Once a second; the first minute is that of tables that fill for the first time. */
static void
slope_add(struct slope *s, double value, uint64_t now_ns)
{
	double t;

	if (!s->first_ns)
		s->first_ns = now_ns;
	if (now_ns < s->first_ns + SLOPE_WARM_UP || now_ns < s->last_ns + SECONDS(1))
		return;
	s->last_ns = now_ns;
	t = (double)(now_ns - s->first_ns) / NS_PER_S;
	s->n++;
	s->t += t;
	s->x += value;
	s->tt += t * t;
	s->tx += t * value;
}

bool
members_slope(const struct slope *s, double *an_hour)
{
	double spread = s->n * s->tt - s->t * s->t;

	if (s->n < 10 || spread <= 0 ||
		s->last_ns - s->first_ns < SLOPE_WARM_UP + SECONDS(60))
		return false;
	*an_hour = 3600 * (s->n * s->tx - s->t * s->x) / spread;
	return true;
}

static void
take_answer(struct member *one)
{
	const struct lifeline_view *v = one->row->view;

	/* A number that was never asked is a broken node's; its silence will show. */
	if (!v || v->ask <= one->answered || v->ask > one->asked)
		return;

	uint64_t asked_ns = one->asked_ns[v->ask % MEMBER_ASKS];
	uint64_t took_ns =
		one->row->view_ns > asked_ns ? one->row->view_ns - asked_ns : 0;

	one->answered = v->ask;
	one->answers++;
	slope_add(&one->memory, v->memory_kib, one->row->view_ns);
	slope_add(&one->descriptors, v->descriptors, one->row->view_ns);
	if (!one->baseline.known &&
		one->row->view_ns >= one->row->ready_ns + BASELINE_AFTER)
		use_take_baseline(&one->baseline, v);
	if (v->ask < one->valid_from)
		return;
	if (took_ns > one->slowest_ns)
		one->slowest_ns = took_ns;
	if (!one->counted) {
		one->handshakes_first = one->handshakes_seen = v->handshakes;
		one->liveness_changes_first = v->liveness_changes;
		one->counted = true;
	}
	if (v->handshakes > one->handshakes_seen) {
		one->handshakes_seen = v->handshakes;
		one->handshake_ns = one->row->view_ns;
	}
}

static enum member_state
state_of(const struct child_row *row)
{
	switch (row->state) {
	case CHILD_STARTING:
		return MEMBER_STARTING;
	case CHILD_READY:
		return MEMBER_READY;
	case CHILD_STOPPING:
		return MEMBER_LEAVING;
	case CHILD_ENDED:
		break;
	}
	return MEMBER_ENDED;
}

void
members_sync(struct members *m, const struct supervisor *s, uint64_t now_ns)
{
	bool change = false;

	if (!m->tick_ns || now_ns - m->tick_ns > AWAKE_GAP)
		m->awake_ns = now_ns;
	if (m->tick_ns && now_ns - m->tick_ns > m->gap_ns)
		m->gap_ns = now_ns - m->tick_ns;
	m->tick_ns = now_ns;
	for (size_t i = 0; i < m->count; i++) {
		struct member *one = &m->at[i];

		if (!one->child)
			continue;
		/*
		 * Our own children are never forgotten while the pool is smaller than the
		 * table.
		 */
		one->row = supervisor_find(s, one->child);
		if (!one->row)
			continue;

		enum member_state state = state_of(one->row);

		if (one->row->ready_ns)
			text_printable(one->name, sizeof(one->name), one->row->ready.name,
				strlen(one->row->ready.name));
		if (state != one->state)
			change = true;
		one->state = state;
		take_answer(one);
		if (one->row->loop_lag_ms > one->lag_ms)
			one->lag_ms = one->row->loop_lag_ms;
	}
	if (change)
		for (size_t i = 0; i < m->count; i++)
			m->at[i].valid_from = m->at[i].asked + 1;
}

void
members_fresh(struct members *m)
{
	m->gap_ns = 0;
	for (size_t i = 0; i < m->count; i++) {
		struct member *one = &m->at[i];

		one->valid_from = one->asked + 1;
		one->slowest_ns = one->questions = one->answers = 0;
		one->handshake_ns = 0;
		one->counted = false;
	}
}

static uint64_t
ask_due(const struct member *one, uint64_t every_ns)
{
	if (one->state != MEMBER_READY ||
		one->asked - one->answered >= MEMBER_ASKS_OPEN_MAX)
		return NEVER;
	/* A new reason to ask does not wait for the rhythm of the old questions. */
	if (!one->asked || one->valid_from > one->asked)
		return 0;
	return one->asked_ns[one->asked % MEMBER_ASKS] + every_ns;
}

void
members_ask(struct members *m, struct supervisor *s, uint64_t every_ns, uint64_t now_ns)
{
	for (size_t i = 0; i < m->count; i++) {
		struct member *one = &m->at[i];
		uint64_t ask;

		if (ask_due(one, every_ns) > now_ns)
			continue;
		if (supervisor_ask_about(s, one->child, one->probes, one->probe_count,
			    now_ns, &ask) != ERR_OK)
			continue;
		one->asked = ask;
		one->asked_ns[ask % MEMBER_ASKS] = now_ns;
		one->questions++;
	}
}

uint64_t
members_ask_deadline(const struct members *m, uint64_t every_ns)
{
	uint64_t first = NEVER;

	for (size_t i = 0; i < m->count; i++) {
		uint64_t due = ask_due(&m->at[i], every_ns);

		if (due < first)
			first = due;
	}
	return first;
}

uint64_t
members_silence(const struct members *m, size_t i, uint64_t now_ns)
{
	const struct member *one = &m->at[i];
	uint64_t since_ns;

	if (one->answered == one->asked)
		return 0;
	since_ns = one->asked_ns[(one->answered + 1) % MEMBER_ASKS];
	if (m->awake_ns > since_ns)
		since_ns = m->awake_ns;
	return now_ns > since_ns ? now_ns - since_ns : 0;
}

size_t
members_expect(struct members *m)
{
	size_t count = 0;

	for (size_t i = 0; i < m->count; i++) {
		const struct member *one = &m->at[i];

		if (one->state != MEMBER_READY)
			continue;
		m->index[count] = i;
		m->nodes[count++] = (struct expect_node){
			.mesh = one->group->mesh,
			.type = one->group->type,
			.number = one->number,
			.name = one->name,
			.id = one->row->ready.id,
			.view = one->answered && one->answered >= one->valid_from ?
				one->row->view : NULL,
		};
	}
	return count;
}

size_t
members_in_state(const struct members *m, enum member_state state)
{
	size_t count = 0;

	for (size_t i = 0; i < m->count; i++)
		count += m->at[i].state == state;
	return count;
}

void
members_report(const struct members *m, struct report_node *to)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct member *one = &m->at[i];

		memcpy(to[i].mesh, one->group->mesh, sizeof(to[i].mesh));
		memcpy(to[i].type, one->group->type, sizeof(to[i].type));
		memcpy(to[i].name, one->name, sizeof(to[i].name));
		if (!one->row)
			continue;
		to[i].id = one->row->ready.id;
		to[i].killed = one->killed;
		to[i].started = true;
		to[i].started_ns = one->row->started_ns;
		to[i].ready = one->row->ready_ns != 0;
		to[i].ready_ns = one->row->ready_ns;
		to[i].boot_us = one->row->ready.boot_us;
		to[i].ended = one->state == MEMBER_ENDED && !one->row->end.released;
		to[i].end = one->row->end;
		memcpy(to[i].failure, one->row->failure, sizeof(to[i].failure));
	}
}
