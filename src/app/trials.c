/* SPDX-License-Identifier: MIT */
#include "app/trials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "tui/wish.h"

#define ASK_EVERY MILLISECONDS(100)
/* A node that came so lately is not yet known to all: it is no witness. */
#define SETTLING SECONDS(12)

/* A node of the mesh, the same all the time, whatever process it is at the moment. */
struct slot {
	struct child_spec spec;
	unsigned child;
	struct peer_id id;
	char name[NAME_LEN_MAX + 1];
	bool meant;		/* its end was ordered */
};

struct under_way {
	struct trial *trial;
	struct model_fault *row;
	struct slot *slots;
	struct trial_node *nodes;
	size_t count;
	struct {
		size_t slot;
		uint8_t nonce[FAULT_NONCE_LEN];
	} sent[TRIAL_TARGETS_MAX];
	size_t sent_count;
};

struct trials {
	struct fleet *fleet;
	struct bystanders *others;	/* or NULL */
	struct under_way *at[TRIALS_AT_ONCE];
	struct model_fault rows[MODEL_FAULTS_MAX];	/* a ring, by number */
	const struct model_fault *shown[MODEL_FAULTS_MAX];
	unsigned last;		/* the number of the newest */
	uint64_t asked_ns;
};

struct trials *
trials_new(struct fleet *f, struct bystanders *others)
{
	struct trials *t = mem_array(1, sizeof(*t));

	t->fleet = f;
	t->others = others;
	return t;
}

static void
end(struct under_way *u)
{
	trial_free(u->trial);
	free(u->slots);
	free(u->nodes);
	free(u);
}

void
trials_free(struct trials *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < TRIALS_AT_ONCE; i++)
		if (t->at[i] != NULL)
			end(t->at[i]);
	free(t);
}

/* Who this row is of: others have numbers that our own never reach. */
static const struct supervisor *
whose(const struct trials *t, unsigned child)
{
	return child > BYSTANDERS_FIRST && t->others != NULL
		? bystanders_supervisor(t->others) : fleet_supervisor(t->fleet);
}

static const struct child_row *
row_of(const struct trials *t, unsigned child)
{
	return supervisor_find(whose(t, child), child);
}

size_t
trials_targets(
	const struct trials *t, const struct child_row **to, size_t cap)
{
	const struct supervisor *all[2] = { fleet_supervisor(t->fleet),
		t->others != NULL ? bystanders_supervisor(t->others) : NULL };
	size_t count = 0;

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; all[k] != NULL && count < cap &&
			i < supervisor_count(all[k]); i++)
			to[count++] = supervisor_at(all[k], i);
	return count;
}

/* The fault under way that this child is a target of, or NULL. */
static const struct under_way *
fault_on(const struct trials *t, unsigned child)
{
	for (size_t i = 0; i < TRIALS_AT_ONCE; i++) {
		const struct under_way *u = t->at[i];

		for (size_t k = 0; u != NULL && k < u->count; k++)
			if (u->slots[k].child == child && trial_is_target(u->trial, k))
				return u;
	}
	return NULL;
}

static int
check(struct trials *t, const struct model_wish *w, char why[static TRIALS_WHY_CAP])
{
	const struct child_row **rows = mem_array(TRIALS_TARGETS_MAX, sizeof(*rows));
	size_t row_count = trials_targets(t, rows, TRIALS_TARGETS_MAX);
	const struct model_fault *const *faults;
	struct guards_margin margin;
	size_t count;
	int err;

	faults = trials_rows(t, &count);
	err = wish_check(w, rows, row_count, faults, count, &margin, why);
	free(rows);
	return err;
}

/* All nodes of the targets' mesh that are there now. */
static void
take_slots(struct under_way *u, const struct trials *t, const char *mesh)
{
	const struct child_row **rows = mem_array(TRIALS_TARGETS_MAX, sizeof(*rows));
	size_t count = trials_targets(t, rows, TRIALS_TARGETS_MAX);

	u->slots = mem_array(count + 1, sizeof(*u->slots));
	for (size_t i = 0; i < count; i++) {
		const struct child_row *r = rows[i];
		struct slot *n = &u->slots[u->count];

		if (r->state != CHILD_READY || strcmp(r->spec.mesh, mesh) != 0)
			continue;
		*n = (struct slot){ .spec = r->spec, .child = r->id, .id = r->ready.id };
		memcpy(n->name, r->ready.name, sizeof(n->name));
		u->count++;
	}
	u->nodes = mem_array(u->count + 1, sizeof(*u->nodes));
	free(rows);
}

static struct model_fault *
new_row(struct trials *t)
{
	struct model_fault *row = &t->rows[++t->last % MODEL_FAULTS_MAX];

	*row = (struct model_fault){ .number = t->last };
	return row;
}

/* A ring's place is free again when what is in it is over. */
static bool
is_room(const struct trials *t)
{
	const struct model_fault *next = &t->rows[(t->last + 1) % MODEL_FAULTS_MAX];

	return next->number == 0 || next->over_ns != 0;
}

static void
add_name(char to[static MODEL_FAULT_TEXT_CAP], const char *name)
{
	size_t len = strlen(to);

	snprintf(to + len, MODEL_FAULT_TEXT_CAP - len, "%s%s", len > 0 ? " " : "", name);
}

static void
begin(struct trials *t, struct under_way *u, const struct model_wish *w, uint64_t now_ns)
{
	struct trial_spec spec;
	struct model_fault *row = u->row = new_row(t);

	trial_spec_init(&spec, w->primitive);
	memcpy(spec.params, w->params, sizeof(spec.params));
	spec.lease_ns = w->lease_ns;
	spec.seed = w->seed;
	row->primitive = w->primitive;
	row->begun_ns = now_ns;
	for (size_t k = 0; k < w->child_count; k++)
		for (size_t i = 0; i < u->count; i++) {
			if (u->slots[i].child != w->children[k])
				continue;
			spec.targets[spec.target_count++] = i;
			row->ids[row->target_count++] = u->slots[i].id;
			add_name(row->targets, u->slots[i].name);
		}
	snprintf(row->mesh, sizeof(row->mesh), "%s", u->slots[spec.targets[0]].spec.mesh);
	u->trial = trial_new(&spec, u->count, now_ns);
}

int
trials_begin(struct trials *t, const struct model_wish *w, uint64_t now_ns,
	char why[static TRIALS_WHY_CAP])
{
	struct under_way *u;
	size_t place = 0;
	int err = check(t, w, why);

	while (place < TRIALS_AT_ONCE && t->at[place] != NULL)
		place++;
	if (err == ERR_OK && (place == TRIALS_AT_ONCE || !is_room(t))) {
		snprintf(why, TRIALS_WHY_CAP, "at most %d faults at once",
			TRIALS_AT_ONCE);
		err = ERR_LIMIT;
	}
	if (err != ERR_OK)
		return err;
	u = mem_array(1, sizeof(*u));
	take_slots(u, t, row_of(t, w->children[0])->spec.mesh);
	begin(t, u, w, now_ns);
	t->at[place] = u;
	trials_tick(t, now_ns);
	return ERR_OK;
}

static void
fill_nodes(const struct trials *t, struct under_way *u, uint64_t now_ns)
{
	for (size_t i = 0; i < u->count; i++) {
		struct slot *one = &u->slots[i];
		const struct child_row *r = row_of(t, one->child);
		const struct under_way *other = fault_on(t, one->child);

		u->nodes[i] = (struct trial_node){ .mesh = one->spec.mesh,
			.name = one->name, .id = one->id };
		if (r == NULL || r->ready_ns == 0)
			continue;
		u->nodes[i].ready = r->state == CHILD_READY;
		u->nodes[i].busy =
			!trial_is_target(u->trial, i) &&
			(other != NULL || (one->child < BYSTANDERS_FIRST &&
						  now_ns < r->ready_ns + SETTLING));
		u->nodes[i].view = r->view;
		u->nodes[i].view_ns = r->view_ns;
	}
}

/* One that is not ours is started by whoever started it; it is looked for from now on. */
static int
again(struct trials *t, struct slot *one, uint64_t now_ns)
{
	return one->child > BYSTANDERS_FIRST
		? supervisor_start(bystanders_supervisor(t->others), &one->spec, now_ns,
			  &one->child)
		: fleet_again(t->fleet, &one->spec, &one->child);
}

static void
carry_out(struct trials *t, struct under_way *u, const struct trial_act *act,
	uint64_t now_ns)
{
	struct slot *one = &u->slots[act->node];
	int err;

	if (act->kind == TRIAL_START) {
		one->meant = false;
		if (again(t, one, now_ns) != ERR_OK)
			trial_refused(u->trial, "it could not be started again", now_ns);
		return;
	}
	err = one->child > BYSTANDERS_FIRST
		? supervisor_fault(bystanders_supervisor(t->others), one->child,
			  &act->order)
		: fleet_fault(t->fleet, one->child, &act->order);
	if (err != ERR_OK && act->order.verb == FAULT_REVERT)
		return;	/* it has ended, and what was on it with it */
	if (err != ERR_OK) {
		trial_refused(u->trial, "the order could not be sent", now_ns);
		return;
	}
	one->meant = act->ends;
	if (act->order.verb == FAULT_INJECT && u->sent_count < TRIAL_TARGETS_MAX) {
		u->sent[u->sent_count].slot = act->node;
		memcpy(u->sent[u->sent_count++].nonce, act->order.nonce, FAULT_NONCE_LEN);
	}
}

/* A node that refuses an order says so: that ends the matter, and proves nothing. */
static void
hear_refusals(const struct trials *t, struct under_way *u, uint64_t now_ns)
{
	for (size_t i = 0; i < u->sent_count; i++) {
		const struct slot *one = &u->slots[u->sent[i].slot];
		const struct child_row *r = row_of(t, one->child);
		char why[JUDGE_TEXT_CAP];

		if (r == NULL || r->faults == NULL || r->faults->result == ERR_OK ||
			memcmp(r->faults->nonce, u->sent[i].nonce, FAULT_NONCE_LEN) != 0)
			continue;
		snprintf(why, sizeof(why), "%.100s refused the order: %.180s", one->name,
			r->faults->why);
		trial_refused(u->trial, why, now_ns);
	}
}

static void
update_row(struct under_way *u, uint64_t now_ns)
{
	const struct judge_result *r = trial_result(u->trial);
	struct model_fault *row = u->row;

	row->phase = trial_phase(u->trial);
	if (r != NULL)
		row->result = *r;
	if (row->ends_ns == 0 && row->result.injected_ns != 0)
		row->ends_ns =
			row->result.injected_ns + trial_spec(u->trial)->lease_ns;
	row->witnesses[0] = '\0';
	for (size_t i = 0; i < u->count; i++)
		if (trial_saw(u->trial, i) != 0)
			add_name(row->witnesses, u->slots[i].name);
	if (row->phase == TRIAL_DONE)
		row->over_ns = now_ns;
}

static void
tick_one(struct trials *t, struct under_way *u, uint64_t now_ns)
{
	struct trial_act *act = mem_array(1, sizeof(*act));

	fill_nodes(t, u, now_ns);
	hear_refusals(t, u, now_ns);
	trial_tick(u->trial, u->nodes, now_ns);
	while (trial_next_act(u->trial, u->nodes, act))
		carry_out(t, u, act, now_ns);
	free(act);
	update_row(u, now_ns);
}

static void
ask_one(struct trials *t, unsigned child, const struct peer_id *about, size_t count,
	uint64_t now_ns)
{
	uint64_t number;

	if (child > BYSTANDERS_FIRST)
		(void)supervisor_ask_about(bystanders_supervisor(t->others), child,
			about, count, now_ns, &number);
	else
		(void)fleet_ask(t->fleet, child, about, count);
}

/* Everybody who is in the mesh of a fault, and about whom the fault needs to hear. */
static void
ask(struct trials *t, uint64_t now_ns)
{
	for (size_t i = 0; i < TRIALS_AT_ONCE; i++) {
		struct under_way *u = t->at[i];

		for (size_t k = 0; u != NULL && k < u->count; k++) {
			struct peer_id about[LIFELINE_PROBES_MAX];
			size_t count = trial_probes(u->trial, u->nodes, k, about);

			ask_one(t, u->slots[k].child, about, count, now_ns);
		}
	}
	t->asked_ns = now_ns;
}

void
trials_tick(struct trials *t, uint64_t now_ns)
{
	bool any = false;

	for (size_t i = 0; i < TRIALS_AT_ONCE; i++) {
		struct under_way *u = t->at[i];

		if (u == NULL)
			continue;
		tick_one(t, u, now_ns);
		if (u->row->phase == TRIAL_DONE) {
			t->at[i] = NULL;
			end(u);
		} else {
			any = true;
		}
	}
	if (any && now_ns >= t->asked_ns + ASK_EVERY)
		ask(t, now_ns);
	fleet_run(t->fleet);
	if (t->others != NULL)
		bystanders_run(t->others);
}

bool
trials_quiet(const struct trials *t)
{
	for (size_t i = 0; i < TRIALS_AT_ONCE; i++)
		if (t->at[i] != NULL)
			return false;
	return true;
}

uint64_t
trials_deadline(const struct trials *t)
{
	uint64_t due_ns = NEVER;

	for (size_t i = 0; i < TRIALS_AT_ONCE; i++)
		if (t->at[i] != NULL && trial_deadline(t->at[i]->trial) < due_ns)
			due_ns = trial_deadline(t->at[i]->trial);
	for (size_t i = 0; i < TRIALS_AT_ONCE; i++)
		if (t->at[i] != NULL && t->asked_ns + ASK_EVERY < due_ns)
			due_ns = t->asked_ns + ASK_EVERY;
	return due_ns;
}

int
trials_revert(struct trials *t, unsigned number, uint64_t now_ns)
{
	for (size_t i = 0; i < TRIALS_AT_ONCE; i++)
		if (t->at[i] != NULL && t->at[i]->row->number == number) {
			trial_revert(t->at[i]->trial, now_ns);
			trials_tick(t, now_ns);
			return ERR_OK;
		}
	return ERR_UNKNOWN;
}

size_t
trials_halt(struct trials *t, uint64_t now_ns)
{
	size_t count = 0;

	for (size_t i = 0; i < TRIALS_AT_ONCE; i++)
		if (t->at[i] != NULL) {
			trial_revert(t->at[i]->trial, now_ns);
			count++;
		}
	trials_tick(t, now_ns);
	return count;
}

bool
trials_meant(const struct trials *t, unsigned child)
{
	for (size_t i = 0; i < TRIALS_AT_ONCE; i++)
		for (size_t k = 0; t->at[i] != NULL && k < t->at[i]->count; k++)
			if (t->at[i]->slots[k].child == child &&
				t->at[i]->slots[k].meant)
				return true;
	return false;
}

const struct model_fault *const *
trials_rows(struct trials *t, size_t *count)
{
	*count = 0;
	for (unsigned n = t->last; n > 0 && *count < MODEL_FAULTS_MAX; n--) {
		const struct model_fault *row = &t->rows[n % MODEL_FAULTS_MAX];

		if (row->number != n)
			break;
		t->shown[(*count)++] = row;
	}
	return t->shown;
}
