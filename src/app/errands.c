/* SPDX-License-Identifier: MIT */
#include "app/errands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/err.h"
#include "base/mem.h"
#include "control/echoes.h"
#include "control/letters.h"
#include "io/loop.h"
#include "node/casting.h"
#include "node/echo.h"
#include "node/resolve.h"
#include "node/sending.h"

struct errand {
	TAILQ_ENTRY(errand) entry;
	struct errands *errands;
	uint64_t ticket, number;	/* of a sending or an echo; 0: it resolves */
	enum letter_way way;	/* their numbers are apart */
	struct lifeline_end *lifeline;	/* of who ordered it; NULL: the control socket */
	uint64_t order;			/* its number there */
	uint64_t began_ns;
	char name[NAME_LEN_MAX + 1];
};

struct errands {
	struct node *node;
	struct control_socket *control;
	TAILQ_HEAD(, errand) all;
};

static void
answer(struct errand *x, char *text)
{
	struct errands *e = x->errands;

	TAILQ_REMOVE(&e->all, x, entry);
	if (x->lifeline == NULL)
		control_socket_later_answer(e->control, x->ticket, text);
	else
		free(text);	/* nobody waits at a socket */
	mem_free(MEM_ERRAND, x);
}

static struct errand *
find(struct errands *e, uint64_t ticket)
{
	struct errand *x;

	TAILQ_FOREACH(x, &e->all, entry)
		if (x->ticket == ticket)
			return x;
	return NULL;
}

/* The node knows us by this pointer alone, so an errand lives until it is answered. */
static void
on_resolved(struct node *n, uint64_t cookie, const struct resolved *r, uint64_t now_ns)
{
	struct errand *x = (struct errand *)(uintptr_t)cookie;

	(void)n;
	answer(x, control_letters_resolved(x->name, r, now_ns - x->began_ns));
}

static void
resolve(struct errands *e, struct errand *x, const struct control_letters *l)
{
	const struct resolve_spec spec = { .pattern = x->name,
		.most = l->all ? RESOLVED_MAX : 1, .take = on_resolved,
		.cookie = (uintptr_t)x };

	resolve_ask(e->node, &spec, x->began_ns);
}

static void
begin_sending(struct errands *e, struct errand *x, const struct control_letters *l)
{
	struct sending_spec spec = { .body = { l->data.data, l->data.len },
		.count = l->count, .every_ns = l->every_us * 1000 };
	char why[DELIVERY_WHY_CAP];

	memcpy(spec.destination, l->name, sizeof spec.destination);
	memcpy(spec.kind, l->kind, sizeof spec.kind);
	if (sending_begin(e->node, &spec, x->began_ns, &x->number, why) != ERR_OK)
		answer(x, control_letters_error(why));
}

static void
begin_echo(struct errands *e, struct errand *x, const struct control_letters *l)
{
	struct echo_spec spec = { .data = { l->data.data, l->data.len },
		.count = l->count, .every_ns = l->every_us * 1000 };
	char why[ECHO_WHY_CAP];

	memcpy(spec.destination, l->name, sizeof spec.destination);
	x->way = LETTER_ECHO;
	if (echo_begin(e->node, &spec, x->began_ns, &x->number, why) != ERR_OK)
		answer(x, control_letters_error(why));
}

static bool
on_begins(void *ctx, const char *line, size_t len, uint64_t ticket)
{
	struct errands *e = ctx;
	struct control_letters l;
	char why[CONTROL_WHY_CAP];
	struct errand *x;
	int err = control_letters_parse(&l, line, len, why);

	if (err == ERR_UNKNOWN)
		return false;
	if (err != ERR_OK) {
		control_socket_later_answer(
			e->control, ticket, control_letters_error(why));
		return true;
	}
	x = mem_new(MEM_ERRAND, sizeof *x);
	x->errands = e;
	x->ticket = ticket;
	x->began_ns = loop_now_ns();
	memcpy(x->name, l.name, sizeof x->name);
	TAILQ_INSERT_TAIL(&e->all, x, entry);
	if (l.verb == CONTROL_RESOLVE)
		resolve(e, x, &l);
	else if (l.verb == CONTROL_ECHO)
		begin_echo(e, x, &l);
	else
		begin_sending(e, x, &l);
	control_letters_fini(&l);
	return true;
}

/* Who asked went away: what is not sent yet is not sent. */
static void
on_gone(void *ctx, uint64_t ticket)
{
	struct errands *e = ctx;
	struct errand *x = find(e, ticket);

	if (x == NULL || x->number == 0)
		return;
	if (x->way == LETTER_ECHO)
		echo_stop(e->node, x->number, loop_now_ns());
	else
		sending_stop(e->node, x->number, loop_now_ns());
}

/* What goes up the lifeline is the last of an errand that came down it. */
static void
tell(struct errand *x, const struct letter_report *r)
{
	lifeline_end_sent(x->lifeline, r);
	TAILQ_REMOVE(&x->errands->all, x, entry);
	mem_free(MEM_ERRAND, x);
}

static void
report_echo(struct errand *x, const struct echo_report *r)
{
	struct letter_report to = { .number = x->order, .count = r->count,
		.acked = r->answered, .failed = r->failed, .different = r->different,
		.status = r->status, .rtt_min_us = r->rtt_min_ns / 1000,
		.rtt_max_us = r->rtt_max_ns / 1000, .took_us = r->took_ns / 1000,
		.rtt_mean_us = r->answered ? r->rtt_sum_ns / r->answered / 1000 : 0,
		.rtt = r->rtt };

	snprintf(to.why, sizeof to.why, "%.*s", (int)sizeof to.why - 1, r->why);
	memcpy(to.receiver, r->receiver, sizeof to.receiver);
	memcpy(to.trace, r->trace, sizeof to.trace);
	tell(x, &to);
}

static void
report_casting(struct errand *x, const struct casting_report *r)
{
	struct letter_report to = { .number = x->order, .count = r->count,
		.acked = r->sent, .failed = r->count - r->sent, .retries = r->waits,
		.took_us = r->took_ns / 1000 };

	tell(x, &to);
}

static void
report(struct errand *x, const struct sending_report *r)
{
	struct letter_report to = { .number = x->order, .count = r->count,
		.acked = r->acked, .failed = r->failed, .retries = r->retries,
		.status = r->status, .rtt_min_us = r->rtt_min_ns / 1000,
		.rtt_max_us = r->rtt_max_ns / 1000, .took_us = r->took_ns / 1000,
		.rtt_mean_us = r->acked ? r->rtt_sum_ns / r->acked / 1000 : 0,
		.rtt = r->rtt };

	memcpy(to.why, r->why, sizeof to.why);
	memcpy(to.receiver, r->receiver, sizeof to.receiver);
	memcpy(to.trace, r->trace, sizeof to.trace);
	tell(x, &to);
}

/* Bytes that mean nothing, and of which no two neighbors are alike. */
static uint8_t *
make_body(uint32_t len)
{
	uint8_t *body = mem_array(len + 1, 1);

	for (uint32_t i = 0; i < len; i++)
		body[i] = (uint8_t)(i * 167 + (i >> 8) * 59 + 13);
	return body;
}

/* ERR_OK, or `why` it was refused. */
static int
begin_order(struct errand *x, const struct letter_order *o, struct view body,
	char why[static DELIVERY_WHY_CAP])
{
	struct sending_spec letters = { .count = o->count,
		.every_ns = o->every_us * 1000, .body = body };
	struct echo_spec echoes = { .count = o->count, .every_ns = o->every_us * 1000,
		.data = body, .window = o->window, .for_ns = o->for_us * 1000 };
	struct casting_spec casts = { .count = o->count, .run = o->run,
		.every_ns = o->every_us * 1000, .body = body };
	char echo_why[ECHO_WHY_CAP] = "";
	int err;

	if (o->way == LETTER_SEND) {
		memcpy(letters.destination, o->destination, sizeof letters.destination);
		memcpy(letters.kind, o->kind, sizeof letters.kind);
		return sending_begin(
			x->errands->node, &letters, x->began_ns, &x->number, why);
	}
	if (o->way == LETTER_GOSSIP) {
		memcpy(casts.kind, o->kind, sizeof casts.kind);
		return casting_begin(
			x->errands->node, &casts, x->began_ns, &x->number, why);
	}
	memcpy(echoes.destination, o->destination, sizeof echoes.destination);
	err = echo_begin(x->errands->node, &echoes, x->began_ns, &x->number, echo_why);
	snprintf(why, DELIVERY_WHY_CAP, "%.*s", DELIVERY_WHY_CAP - 1, echo_why);
	return err;
}

void
errands_send(struct errands *e, const struct letter_order *o,
	struct lifeline_end *lifeline)
{
	struct errand *x = mem_new(MEM_ERRAND, sizeof *x);
	struct sending_report refused = { .count = o->count, .failed = o->count,
		.status = DELIVERY_REFUSED };
	uint8_t *body = make_body(o->len);

	x->errands = e;
	x->began_ns = loop_now_ns();
	x->lifeline = lifeline;
	x->order = o->number;
	x->way = o->way;
	TAILQ_INSERT_TAIL(&e->all, x, entry);
	if (begin_order(x, o, (struct view){ body, o->len }, refused.why) != ERR_OK)
		report(x, &refused);
	free(body);
}

struct errands *
errands_open(struct node *node, struct control_socket *control)
{
	struct errands *e = mem_array(1, sizeof *e);
	const struct control_socket_later later = { on_begins, on_gone, e };

	e->node = node;
	e->control = control;
	TAILQ_INIT(&e->all);
	if (control != NULL)
		control_socket_set_later(control, &later);
	return e;
}

void
errands_close(struct errands *e)
{
	const struct control_socket_later none = { NULL, NULL, NULL };
	struct errand *x;

	if (e == NULL)
		return;
	while ((x = TAILQ_FIRST(&e->all)) != NULL)
		answer(x, control_letters_error("the node is leaving"));
	if (e->control != NULL)
		control_socket_set_later(e->control, &none);
	free(e);
}

static struct errand *
numbered(struct errands *e, enum letter_way way, uint64_t number)
{
	struct errand *x;

	TAILQ_FOREACH(x, &e->all, entry)
		if (x->way == way && x->number == number)
			return x;
	return NULL;
}

void
errands_turned(struct errands *e)
{
	struct sending_report sent;
	struct casting_report cast;
	struct echo_report echoed;
	struct errand *x;

	if (e == NULL)
		return;
	while (sending_next(e->node, &sent))
		if ((x = numbered(e, LETTER_SEND, sent.number)) == NULL)
			continue;
		else if (x->lifeline != NULL)
			report(x, &sent);
		else
			answer(x, control_letters_sent(&sent));
	while (casting_next(e->node, &cast))
		if ((x = numbered(e, LETTER_GOSSIP, cast.number)) != NULL)
			report_casting(x, &cast);
	while (echo_next(e->node, &echoed))
		if ((x = numbered(e, LETTER_ECHO, echoed.number)) == NULL)
			continue;
		else if (x->lifeline != NULL)
			report_echo(x, &echoed);
		else
			answer(x, control_echoes_answer(&echoed));
}
