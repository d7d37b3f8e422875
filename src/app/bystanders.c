/* SPDX-License-Identifier: MIT */
#include "app/bystanders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/attached_state.h"
#include "base/mem.h"
#include "io/loop.h"

#define LOOK_EVERY SECONDS(1)
/* Who did not answer whether it obeys is asked again, like a seed: not often. */
#define ASK_AGAIN SECONDS(30)

struct bystanders {
	struct attached a;	/* as in a run, with a roster that changes */
	struct scenario_place places[ATTACHED_NODES_MAX];
	/* Which life of it was asked whether it obeys, and when. */
	struct {
		uint64_t incarnation, at_ns;
	} asked[ATTACHED_NODES_MAX];
	uint64_t looked_ns;
	void (*changed)(void *ctx);
	void *ctx;
};

static void
on_changed(void *ctx, unsigned child)
{
	struct bystanders *b = ctx;

	(void)child;
	b->changed(b->ctx);
}

struct bystanders *
bystanders_new(struct node *n, void (*changed)(void *ctx), void *ctx)
{
	struct bystanders *b = mem_array(1, sizeof(*b));
	struct attached *a = &b->a;

	b->changed = changed;
	b->ctx = ctx;
	a->node = n;
	a->phase = ATTACHED_READY;
	a->supervisor = supervisor_new(ATTACHED_NODES_MAX);
	supervisor_count_from(a->supervisor, BYSTANDERS_FIRST);
	a->hooks = (struct attached_hooks){ on_changed, b };
	a->slot_count = ATTACHED_NODES_MAX;
	a->slots = mem_array(ATTACHED_NODES_MAX, sizeof(*a->slots));
	a->commands = mem_array(ATTACHED_COMMANDS_MAX, sizeof(*a->commands));
	rng_init_u64(&a->rng, loop_wall_ms() ^ loop_now_ns());
	for (size_t i = 0; i < a->slot_count; i++)
		buf_init(&a->slots[i].pieces, LIFELINE_RECORD_LEN_MAX + 16);
	return b;
}

void
bystanders_free(struct bystanders *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; i < b->a.slot_count; i++)
		buf_fini(&b->a.slots[i].pieces);
	for (size_t i = 0; i < b->a.command_count; i++)
		free(b->a.commands[i].order);
	free(b->a.slots);
	free(b->a.commands);
	supervisor_free(b->a.supervisor);
	free(b);
}

static bool
is_ours(const struct supervisor *ours, const struct peer_id *id)
{
	for (size_t i = 0; i < supervisor_count(ours); i++)
		if (id_equal(&supervisor_at(ours, i)->ready.id, id))
			return true;
	return false;
}

static void
empty(struct bystanders *b, struct attached_slot *s)
{
	struct buf pieces = s->pieces;

	if (s->child != 0)
		supervisor_forget(b->a.supervisor, s->child);
	memset(s, 0, sizeof(*s));
	s->pieces = pieces;
}

/* The place of this node, or a free one, or NULL. */
static struct attached_slot *
slot_for(struct bystanders *b, const struct peer_id *id)
{
	struct attached_slot *free_one = NULL;

	for (size_t i = 0; i < b->a.slot_count; i++) {
		struct attached_slot *s = &b->a.slots[i];

		if (s->place == NULL && free_one == NULL)
			free_one = s;
		else if (s->place != NULL && id_equal(&s->place->id, id))
			return s;
	}
	return free_one;
}

static void
take_place(struct bystanders *b, struct attached_slot *s,
	const struct directory_entry *en)
{
	struct scenario_place *to = &b->places[s - b->a.slots];

	memset(to, 0, sizeof(*to));
	to->id = en->digest.id;
	directory_name(en, to->name);
	snprintf(to->mesh, sizeof(to->mesh), "%s", en->digest.mesh);
	snprintf(to->type, sizeof(to->type), "%s", en->digest.type);
	s->place = to;
}

/* From now on it is a row: the order to start it is to find it. */
static void
begin(struct bystanders *b, struct attached_slot *s, uint64_t now_ns)
{
	struct child_spec spec = { .label = (unsigned)(s - b->a.slots) };
	unsigned child;

	snprintf(spec.mesh, sizeof(spec.mesh), "%s", s->place->mesh);
	snprintf(spec.type, sizeof(spec.type), "%s", s->place->type);
	if (s->child != 0)
		supervisor_forget(b->a.supervisor, s->child);
	(void)supervisor_start(b->a.supervisor, &spec, now_ns, &child);
}

static void
look_at(struct bystanders *b, const struct directory_entry *en, bool quiet,
	uint64_t now_ns)
{
	struct attached_slot *s = slot_for(b, &en->digest.id);
	uint64_t incarnation = en->digest.incarnation;
	size_t i;

	if (s == NULL)
		return;		/* more than that are not told from here */
	i = (size_t)(s - b->a.slots);
	if (s->place == NULL) {
		take_place(b, s, en);
		b->asked[i].incarnation = 0;
	}
	if (s->state == SLOT_UP || s->state == SLOT_AWAITED)
		return;
	if (b->asked[i].incarnation != incarnation ||
		(s->obeys == OBEYS_UNKNOWN && s->check_number == 0 &&
			now_ns >= b->asked[i].at_ns + ASK_AGAIN)) {
		b->asked[i].incarnation = incarnation;
		b->asked[i].at_ns = now_ns;
		s->obeys = OBEYS_UNKNOWN;
		attached_orders_check(&b->a, s, now_ns);
	} else if (s->obeys == OBEYS_YES && quiet) {
		begin(b, s, now_ns);
	}
}

static bool
is_known(const struct mesh_row *rows, size_t count, const struct peer_id *id)
{
	for (size_t m = 0; m < count; m++)
		if (directory_find(rows[m].directory, id) != NULL)
			return true;
	return false;
}

void
bystanders_turn(struct bystanders *b, const struct supervisor *ours, bool quiet,
	uint64_t now_ns)
{
	struct mesh_row rows[MESHES_MAX];
	size_t count;

	attached_roster_turn(&b->a, now_ns);
	attached_orders_turn(&b->a, now_ns);
	if (now_ns < b->looked_ns + LOOK_EVERY)
		return;
	b->looked_ns = now_ns;
	count = node_meshes(b->a.node, rows, MESHES_MAX);
	for (size_t i = 0; i < b->a.slot_count; i++) {
		struct attached_slot *s = &b->a.slots[i];

		if (s->place != NULL && s->state != SLOT_UP && quiet &&
			(!is_known(rows, count, &s->place->id) ||
				is_ours(ours, &s->place->id))) {
			if (s->state == SLOT_AWAITED)
				supervisor_lost(b->a.supervisor, s->child, "", now_ns);
			empty(b, s);
		}
	}
	for (size_t m = 0; m < count; m++)
		for (size_t i = 0; i < directory_count(rows[m].directory); i++) {
			const struct directory_entry *en =
				directory_at(rows[m].directory, i);

			if (directory_is_node(en) && en->liveness == LIVENESS_LIVE &&
				!is_ours(ours, &en->digest.id))
				look_at(b, en, quiet, now_ns);
		}
	bystanders_run(b);
}

bool
bystanders_answer(struct bystanders *b, const struct request_answer *a)
{
	if (a->tag != FRAME_VIEW && a->tag != FRAME_COMMAND)
		return false;
	attached_orders_answer(&b->a, a, loop_now_ns());
	return true;
}

struct supervisor *
bystanders_supervisor(struct bystanders *b)
{
	return b->a.supervisor;
}

void
bystanders_run(struct bystanders *b)
{
	attached_run(&b->a);
}

size_t
bystanders_owed(const struct bystanders *b)
{
	return b->a.command_count;
}
