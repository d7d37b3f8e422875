/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/attached_state.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "io/loop.h"
#include "node/command.h"
#include "node/telling.h"

#define VIEW_PATIENCE SECONDS(2)
#define RETRY MILLISECONDS(200)
#define ORDER_TRIES 3
/* A fault ends with its lease, and a mesh needs some time to see that it did. */
#define AFTER_LEASE SECONDS(15)
/* The runner waits 10 s for all to end, and a node that can answer does at once. */
#define LET_MAX SECONDS(7)

static uint64_t
cookie_of(const struct attached *a, const struct attached_slot *s, enum attached_cookie c)
{
	return (uint64_t)(s - a->slots) * COOKIES + c;
}

void
attached_orders_forget(struct attached *a, struct attached_slot *s, uint64_t now_ns)
{
	if (s->ask_number != 0)
		requests_cancel(a->node, s->ask_number, now_ns);
	s->ask_number = s->ask = s->sent_ask = s->answered_ask = 0;
	buf_clear(&s->pieces);
}

/*
 * One question at a time: what is asked meanwhile is answered by the next view. So a node
 * that cannot answer for a while owes one answer and not a queue of them.
 */
static void
ask(struct attached *a, struct attached_slot *s, uint64_t now_ns)
{
	struct telling_ask q = { .ask = s->ask, .cookie = cookie_of(a, s, COOKIE_VIEW),
		.patience_ns = VIEW_PATIENCE, .probes = s->probes,
		.probe_count = s->probe_count };

	if (s->state != SLOT_UP || s->ask_number != 0 || s->ask == s->answered_ask ||
		now_ns < s->ask_retry_ns)
		return;
	buf_clear(&s->pieces);
	q.peer = s->place->id;
	s->sent_ask = s->ask;
	if (telling_ask(a->node, &q, now_ns, &s->ask_number) != ERR_OK) {
		s->ask_number = 0;
		s->ask_retry_ns = now_ns + RETRY;
	}
}

static void
take_view(struct attached *a, const struct request_answer *answer,
	struct attached_slot *s, uint64_t now_ns)
{
	struct lifeline_record *r;

	if (answer->number != s->ask_number)
		return;		/* it was given up */
	if (answer->end == REQUEST_GOES_ON) {
		buf_put(&s->pieces, answer->bytes.data, answer->bytes.len);
		return;
	}
	s->ask_number = 0;
	r = mem_array(1, sizeof(*r));
	if (answer->end == REQUEST_ANSWERED && !s->pieces.failed &&
		telling_read((struct view){ s->pieces.data, s->pieces.len }, r) ==
			ERR_OK) {
		s->answered_ask = s->sent_ask;
		s->heard_ns = now_ns;
		supervisor_record(a->supervisor, s->child, r, now_ns);
		attached_tell(a, s->child);
	} else {
		s->ask_retry_ns = now_ns + RETRY;
	}
	free(r);
	buf_clear(&s->pieces);
	s->pieces.failed = ERR_OK;
}

/* A fault that may be on it from now on. */
static void
remember(struct attached_slot *s, const struct fault_order *o, uint64_t now_ns)
{
	uint64_t until_ns = now_ns + MILLISECONDS(o->lease_ms);
	size_t kept = 0;

	for (size_t i = 0; i < s->our_count; i++)
		if (s->ours[i].until_ns + AFTER_LEASE > now_ns)
			s->ours[kept++] = s->ours[i];
	/* The oldest makes room: a node takes fewer at once than are kept here. */
	if (kept == ATTACHED_OURS_MAX)
		memmove(s->ours, s->ours + 1, --kept * sizeof(s->ours[0]));
	s->ours[kept] = (struct attached_fault){ o->id, until_ns };
	s->our_count = kept + 1;
	s->ordered = true;
	if (until_ns + AFTER_LEASE > s->patient_ns)
		s->patient_ns = until_ns + AFTER_LEASE;
}

/* As the node would have said it, when it did not. */
static void
say_failed(struct attached *a, struct attached_slot *s, const uint8_t *nonce,
	const char *why, uint64_t now_ns)
{
	struct lifeline_record *r = mem_array(1, sizeof(*r));

	r->tag = LIFELINE_FAULT_STATUS;
	r->fault_status.result = ERR_TIMEOUT;
	memcpy(r->fault_status.nonce, nonce, FAULT_NONCE_LEN);
	snprintf(r->fault_status.why, sizeof(r->fault_status.why), "%s", why);
	supervisor_record(a->supervisor, s->child, r, now_ns);
	attached_tell(a, s->child);
	free(r);
}

/* False when it cannot even be asked. */
static bool
give(struct attached *a, struct attached_command *c, uint64_t now_ns, int *err)
{
	struct attached_slot *s = &a->slots[c->slot];

	c->tries++;
	*err = command_ask(a->node, &s->place->id, NULL, c->order,
		cookie_of(a, s, COOKIE_COMMAND), now_ns, &c->number);
	return *err == ERR_OK;
}

static void
order(struct attached *a, struct attached_slot *s, const struct fault_order *o,
	uint64_t now_ns)
{
	struct attached_command c = { .slot = (size_t)(s - a->slots),
		.order = mem_copy(o, sizeof(*o)) };
	int err = ERR_LIMIT;

	if (a->command_count == ATTACHED_COMMANDS_MAX || !give(a, &c, now_ns, &err)) {
		free(c.order);
		say_failed(a, s, o->nonce, err_text(err), now_ns);
		return;
	}
	a->commands[a->command_count++] = c;
	if (o->verb == FAULT_INJECT)
		remember(s, o, now_ns);
}

static void
forget_fault(struct attached_slot *s, const struct fault_id *id)
{
	for (size_t i = 0; i < s->our_count; i++)
		if (fault_id_equal(&s->ours[i].id, id)) {
			s->ours[i] = s->ours[--s->our_count];
			return;
		}
}

/* It ends itself right after its answer; nobody here has a process to wait for. */
static void
died(struct attached *a, struct attached_slot *s, uint64_t now_ns)
{
	if (s->state != SLOT_UP)
		return;
	s->state = SLOT_OVER;
	s->dead_incarnation = s->incarnation;
	s->our_count = 0;
	attached_orders_forget(a, s, now_ns);
	supervisor_exited(a->supervisor, s->child, 0, SIGKILL, now_ns);
	attached_tell(a, s->child);
}

static void
take_result(struct attached *a, struct attached_command *c, struct view bytes,
	uint64_t now_ns)
{
	struct lifeline_record *r = mem_array(1, sizeof(*r));
	struct fault_status *f = &r->fault_status;
	struct attached_slot *s = &a->slots[c->slot];
	bool injects = c->order->verb == FAULT_INJECT, ends;

	r->tag = LIFELINE_FAULT_STATUS;
	if (command_result(bytes, f) != ERR_OK) {
		free(r);
		return;		/* as if it had not answered */
	}
	c->answered = true;
	/* Who refuses before it has read the order does not know its nonce. */
	memcpy(f->nonce, c->order->nonce, FAULT_NONCE_LEN);
	/* It had it the first time, and only the answer was lost. */
	if (f->result == ERR_STALE && c->tries > 1)
		f->result = ERR_OK;
	if (injects && f->result == ERR_OK)
		a->injected++;
	else if (injects)
		forget_fault(s, &c->order->id);
	ends = injects && c->order->kind == FAULT_DIE && f->result == ERR_OK;
	supervisor_record(a->supervisor, s->child, r, now_ns);
	attached_tell(a, s->child);
	free(r);
	if (ends)
		died(a, s, now_ns);
}

/*
 * Not answered: the link went, for one end of it moved or was asked by our other self. An
 * order is carried out once, whatever comes of its answer, so it may be given again; but
 * one to die is not for who comes after.
 */
static void
not_answered(struct attached *a, size_t i, const struct request_answer *answer,
	uint64_t now_ns)
{
	struct attached_command c = a->commands[i];
	struct attached_slot *s = &a->slots[c.slot];
	bool dies = c.order->verb == FAULT_INJECT && c.order->kind == FAULT_DIE;
	int err;

	if (!dies && c.tries < ORDER_TRIES && s->state == SLOT_UP &&
		give(a, &a->commands[i], now_ns, &err))
		return;
	a->commands[i] = a->commands[--a->command_count];
	if (dies && answer->sent_ns != 0)
		died(a, s, now_ns);
	else
		say_failed(a, s, c.order->nonce, requests_end_text(answer->end), now_ns);
	free(c.order);
}

static void
take_command(struct attached *a, const struct request_answer *answer, uint64_t now_ns)
{
	size_t i = 0;

	while (i < a->command_count && a->commands[i].number != answer->number)
		i++;
	if (i == a->command_count)
		return;
	if (answer->end == REQUEST_GOES_ON) {
		take_result(a, &a->commands[i], answer->bytes, now_ns);
	} else if (a->commands[i].answered) {
		free(a->commands[i].order);
		a->commands[i] = a->commands[--a->command_count];
	} else {
		not_answered(a, i, answer, now_ns);
	}
}

void
attached_orders_check(struct attached *a, struct attached_slot *s, uint64_t now_ns)
{
	struct fault_order *o = mem_array(1, sizeof(*o));

	o->verb = FAULT_REPORT;
	rng_bytes(&a->rng, o->nonce, sizeof(o->nonce));
	if (command_ask(a->node, &s->place->id, NULL, o,
		    cookie_of(a, s, COOKIE_CHECK), now_ns, &s->check_number) != ERR_OK)
		s->check_number = 0;
	free(o);
}

static void
revert(struct attached *a, struct attached_slot *s, const struct fault_id *id,
	uint64_t now_ns)
{
	struct fault_order *o = mem_array(1, sizeof(*o));

	o->verb = FAULT_REVERT;
	o->id = *id;
	rng_bytes(&a->rng, o->nonce, sizeof(o->nonce));
	order(a, s, o, now_ns);
	free(o);
}

static void
let_go(struct attached *a, struct attached_slot *s, int how, uint64_t now_ns)
{
	s->let = how;
	s->state = SLOT_OVER;
	supervisor_lost(a->supervisor, s->child, NULL, now_ns);
	attached_tell(a, s->child);
}

/* At the end: which of our faults it still has; those are taken off. */
static void
take_last(struct attached *a, struct attached_slot *s, const struct fault_status *f,
	uint64_t now_ns)
{
	s->left = 0;
	for (size_t i = 0; i < f->count; i++) {
		if (f->faults[i].end != FAULT_ACTIVE)
			continue;
		for (size_t k = 0; k < s->our_count; k++)
			if (fault_id_equal(&s->ours[k].id, &f->faults[i].id)) {
				s->left++;
				revert(a, s, &s->ours[k].id, now_ns);
			}
	}
	if (s->left == 0)
		let_go(a, s, LET_CLEAN, now_ns);
	else
		s->let_retry_ns = now_ns + RETRY;
}

static void
take_check(struct attached *a, const struct request_answer *answer,
	struct attached_slot *s, uint64_t now_ns)
{
	struct fault_status *f;

	if (answer->number != s->check_number)
		return;
	if (answer->end != REQUEST_GOES_ON) {
		s->check_number = 0;
		if (a->phase == ATTACHED_ASKS && s->obeys == OBEYS_UNKNOWN) {
			s->obeys = OBEYS_NO;
			snprintf(s->why, sizeof(s->why), "%s",
				requests_end_text(answer->end));
		}
		s->let_retry_ns = now_ns + RETRY;
		attached_judge(a, now_ns);
		return;
	}
	f = mem_array(1, sizeof(*f));
	if (command_result(answer->bytes, f) == ERR_OK) {
		if (s->let == LET_ASKED) {
			take_last(a, s, f, now_ns);
		} else if (s->obeys == OBEYS_UNKNOWN) {
			s->obeys = f->result == ERR_OK ? OBEYS_YES : OBEYS_NO;
			text_printable(
				s->why, sizeof(s->why), f->why, strlen(f->why));
		}
	}
	free(f);
}

void
attached_orders_answer(
	struct attached *a, const struct request_answer *answer, uint64_t now_ns)
{
	size_t slot = (size_t)(answer->cookie / COOKIES);

	if (slot >= a->slot_count)
		return;
	switch ((enum attached_cookie)(answer->cookie % COOKIES)) {
	case COOKIE_VIEW:
		take_view(a, answer, &a->slots[slot], now_ns);
		ask(a, &a->slots[slot], now_ns);
		break;
	case COOKIE_COMMAND:
		take_command(a, answer, now_ns);
		break;
	case COOKIE_CHECK:
		take_check(a, answer, &a->slots[slot], now_ns);
		break;
	case COOKIES:
		break;
	}
}

void
attached_orders_turn(struct attached *a, uint64_t now_ns)
{
	for (size_t i = 0; i < a->slot_count; i++) {
		struct attached_slot *s = &a->slots[i];

		ask(a, s, now_ns);
		if (s->let != LET_ASKED)
			continue;
		if (now_ns >= s->let_ns + LET_MAX)
			let_go(a, s, s->left > 0 ? LET_LEFT : LET_UNHEARD, now_ns);
		else if (s->check_number == 0 && now_ns >= s->let_retry_ns)
			attached_orders_check(a, s, now_ns);
	}
}

static struct attached_slot *
slot_of(struct attached *a, unsigned child)
{
	for (size_t i = 0; i < a->slot_count; i++)
		if (a->slots[i].child == child && a->slots[i].state != SLOT_FREE)
			return &a->slots[i];
	return NULL;
}

static void
begin(struct attached *a, const struct supervisor_order *o, uint64_t now_ns)
{
	struct attached_slot *s;

	assert(o->spec.label < a->slot_count);	/* members number them as the roster */
	s = &a->slots[o->spec.label];
	s->child = o->child;
	s->state = SLOT_AWAITED;
	attached_roster_await(a, s, now_ns);
}

static void
quit(struct attached *a, struct attached_slot *s, uint64_t now_ns)
{
	if (s->state != SLOT_UP || !s->ordered) {
		let_go(a, s, LET_NOT, now_ns);
		return;
	}
	s->let = LET_ASKED;
	s->let_ns = now_ns;
	attached_orders_check(a, s, now_ns);
}

static void
carry_out(struct attached *a, const struct supervisor_order *o, uint64_t now_ns)
{
	const struct lifeline_record *r = &o->record;
	struct attached_slot *s;

	if (o->kind == ORDER_SPAWN) {
		begin(a, o, now_ns);
		return;
	}
	s = slot_of(a, o->child);
	if (s == NULL || o->kind != ORDER_SEND)
		return;		/* a signal is nothing that reaches another host */
	if (r->tag == LIFELINE_QUIT) {
		quit(a, s, now_ns);
	} else if (r->tag == LIFELINE_FAULT) {
		order(a, s, &r->fault, now_ns);
	} else if (r->tag == LIFELINE_ASK) {
		s->ask = r->ask.ask;
		s->probe_count = r->ask.probe_count;
		memcpy(s->probes, r->ask.probes, sizeof(s->probes));
		ask(a, s, now_ns);
	}
}

void
attached_run(struct attached *a)
{
	struct supervisor_order o;

	while (supervisor_next_order(a->supervisor, &o))
		carry_out(a, &o, loop_now_ns());
}
