/* SPDX-License-Identifier: MIT */
#include "node/sending.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "node/node.h"
#include "node/requests.h"
#include "node/state.h"

/* Nodes that are kept to choose from, and how long what was found is believed. */
#define CANDIDATES 8
/* Reports that nobody fetches: the oldest goes. */
#define OVER_MAX 64
/* Of many messages, each of which makes a dozen spans, these are traced. */
#define TRACED_EVERY 64

struct candidate {
	struct peer_id id;
	struct address addresses[ADDRESSES_MAX];
	size_t address_count;
	bool foreign;
};

struct sending {
	TAILQ_ENTRY(sending) entry;
	struct sending_spec spec;
	uint8_t *body;
	uint8_t id[MESSAGE_ID_LEN];	/* the last half: of the present message */
	struct sending_report report;
	uint64_t began_ns, next_ns;	/* the first; when the next message may go */
	uint64_t due_ns;		/* NEVER: an answer is awaited */
	/* The present message. */
	bool under_way, fresh;
	bool may_have_arrived;	/* at candidates[0]: nobody else is tried */
	uint64_t message_ns, give_up_ns, request;
	struct span_mark span;
	bool acked, ack_came;
	struct message_ack ack;
	/* Whom it may go to, the present one first; until when that is believed. */
	struct candidate candidates[CANDIDATES];
	size_t candidate_count;
	uint64_t found_ns;
};

void
sending_init(struct sending_all *a)
{
	memset(a, 0, sizeof(*a));
	TAILQ_INIT(&a->all);
	TAILQ_INIT(&a->over);
}

static void
sending_free(struct sending *s)
{
	free(s->body);
	mem_free(MEM_SENDING, s);
}

void
sending_fini(struct sending_all *a)
{
	struct sending *s;

	while ((s = TAILQ_FIRST(&a->all)) != NULL) {
		TAILQ_REMOVE(&a->all, s, entry);
		sending_free(s);
	}
	while ((s = TAILQ_FIRST(&a->over)) != NULL) {
		TAILQ_REMOVE(&a->over, s, entry);
		sending_free(s);
	}
}

static struct sending *
find(struct node *n, uint64_t number)
{
	struct sending *s;

	TAILQ_FOREACH(s, &n->sendings.all, entry)
		if (s->report.number == number)
			return s;
	return NULL;
}

static int
check(const struct node *n, const struct sending_spec *spec,
	char why[static DELIVERY_WHY_CAP])
{
	char pattern_why[PATTERN_WHY_CAP];
	struct pattern p;

	why[0] = '\0';
	if (pattern_parse(&p, spec->destination, pattern_why) != ERR_OK)
		snprintf(why, DELIVERY_WHY_CAP, "%s", pattern_why);
	else if (!text_is_label(spec->kind))
		snprintf(why, DELIVERY_WHY_CAP,
			"a kind is a label: a-z, 0-9, -, at most %d", LABEL_LEN_MAX);
	else if (spec->body.len > MESSAGE_BODY_LEN_MAX)
		snprintf(why, DELIVERY_WHY_CAP, "a message has at most %u bytes",
			MESSAGE_BODY_LEN_MAX);
	else if (spec->count == 0 || spec->count > SENDING_COUNT_MAX)
		snprintf(why, DELIVERY_WHY_CAP, "from 1 to %d messages at once",
			SENDING_COUNT_MAX);
	if (why[0] != '\0')
		return ERR_ARGUMENT;
	if (n->sendings.count < SENDINGS_MAX)
		return ERR_OK;
	snprintf(why, DELIVERY_WHY_CAP, "%d sendings are under way in this node already",
		SENDINGS_MAX);
	return ERR_LIMIT;
}

int
sending_begin(struct node *n, const struct sending_spec *spec, uint64_t now_ns,
	uint64_t *number, char why[static DELIVERY_WHY_CAP])
{
	int err = check(n, spec, why);
	struct sending *s;

	if (err != ERR_OK)
		return err;
	s = mem_new(MEM_SENDING, sizeof(*s));
	s->spec = *spec;
	s->body = mem_copy(spec->body.data, spec->body.len);
	s->spec.body.data = s->body;
	rng_bytes(&n->rng, s->id, MESSAGE_ID_LEN / 2);
	s->report.number = *number = ++n->sendings.last_number;
	s->report.cookie = spec->cookie;
	s->report.count = spec->count;
	memcpy(s->report.destination, spec->destination, sizeof(s->report.destination));
	s->began_ns = s->next_ns = s->due_ns = now_ns;
	TAILQ_INSERT_TAIL(&n->sendings.all, s, entry);
	n->sendings.count++;
	return ERR_OK;
}

static void
finish(struct node *n, struct sending *s, uint64_t now_ns)
{
	struct sending_all *a = &n->sendings;

	TAILQ_REMOVE(&a->all, s, entry);
	a->count--;
	s->report.over = true;
	s->report.took_ns = now_ns - s->began_ns;
	if (a->over_count == OVER_MAX) {
		struct sending *old = TAILQ_FIRST(&a->over);

		TAILQ_REMOVE(&a->over, old, entry);
		a->over_count--;
		sending_free(old);
	}
	TAILQ_INSERT_TAIL(&a->over, s, entry);
	a->over_count++;
}

/* The present message has an end; the next one may follow. */
static void
end_message(struct node *n, struct sending *s, enum delivery status, const char *why,
	uint64_t now_ns)
{
	struct sending_report *r = &s->report;
	uint64_t took_ns = now_ns - s->message_ns;
	char bytes[24];

	snprintf(bytes, sizeof(bytes), "%zu", s->spec.body.len);
	span_store_end(n->spans, &s->span, status == DELIVERY_DONE ? NULL : why,
		(const struct span_note[]){
			{ TRACE_ATTR_DESTINATION, s->spec.destination },
			{ TRACE_ATTR_KIND, s->spec.kind }, { TRACE_ATTR_BYTES, bytes } },
		3, now_ns);
	if (status == DELIVERY_DONE) {
		n->sendings.acked++;
		if (r->acked++ == 0 || took_ns < r->rtt_min_ns)
			r->rtt_min_ns = took_ns;
		if (took_ns > r->rtt_max_ns)
			r->rtt_max_ns = took_ns;
		r->rtt_sum_ns += took_ns;
		spread_add(&r->rtt, took_ns / 1000);
	} else {
		n->sendings.failed++;
		r->failed++;
		r->status = status;
		snprintf(r->why, sizeof(r->why), "%s", why);
	}
	s->under_way = false;
	if (r->acked + r->failed == r->count) {
		finish(n, s, now_ns);
		return;
	}
	s->next_ns += s->spec.every_ns;
	if (s->next_ns < now_ns)
		s->next_ns = now_ns;	/* what was missed is not caught up in a burst */
	s->due_ns = s->next_ns;
}

/* It did not work now; again soon, or never. */
static void
again(struct node *n, struct sending *s, enum delivery status, const char *why,
	uint64_t now_ns)
{
	if (now_ns + SEND_RETRY >= s->give_up_ns) {
		end_message(n, s, status, why, now_ns);
		return;
	}
	s->report.retries++;
	n->sendings.retries++;
	s->due_ns = now_ns + SEND_RETRY;
}

static void
on_resolved(struct node *n, uint64_t cookie, const struct resolved *r, uint64_t now_ns)
{
	struct sending *s = find(n, cookie);

	if (s == NULL)
		return;
	/* Whoever could be asked was asked already; only silence may be of the moment. */
	if (r->status == DELIVERY_TIMEOUT) {
		again(n, s, r->status, r->why, now_ns);
		return;
	}
	if (r->status != DELIVERY_DONE) {
		end_message(n, s, r->status, r->why, now_ns);
		return;
	}
	s->candidate_count = 0;
	for (size_t i = 0; i < r->count && i < CANDIDATES; i++) {
		const struct digest *g = &r->nodes[i].digest;
		struct candidate *c = &s->candidates[s->candidate_count];

		if (id_equal(&g->id, &n->config.identity.id))
			continue;	/* nobody sends to himself */
		c->id = g->id;
		memcpy(c->addresses, g->addresses, sizeof(c->addresses));
		c->address_count = g->address_count;
		c->foreign = !n->config.observer && strcmp(g->mesh, n->config.mesh) != 0;
		s->candidate_count++;
	}
	if (s->candidate_count == 0) {
		end_message(n, s, DELIVERY_NO_NODE,
			"nobody but this node itself is called so", now_ns);
		return;
	}
	s->found_ns = now_ns;
	s->fresh = false;
	s->due_ns = now_ns;
}

/* No way to the first candidate: the next one, or a new question. */
static void
drop_candidate(struct sending *s)
{
	s->candidate_count--;
	memmove(&s->candidates[0], &s->candidates[1],
		s->candidate_count * sizeof(s->candidates[0]));
	s->fresh = true;
}

static void
on_ack(struct node *n, struct sending *s, uint64_t now_ns)
{
	memcpy(s->report.receiver, s->ack.name, sizeof(s->report.receiver));
	if (s->ack.status == DELIVERY_DONE) {
		end_message(n, s, DELIVERY_DONE, NULL, now_ns);
		return;
	}
	/* It says that it did not take it: another one may. */
	s->may_have_arrived = false;
	drop_candidate(s);
	again(n, s, s->ack.status, delivery_text(s->ack.status), now_ns);
}

static void
take(struct node *n, const struct request_answer *a, uint64_t now_ns)
{
	struct sending *s = find(n, a->cookie);

	if (s == NULL || a->number != s->request)
		return;
	if (a->end == REQUEST_GOES_ON) {
		s->ack_came = delivery_read_ack(&s->ack, a->bytes) == ERR_OK;
		return;
	}
	if (a->sent_ns != 0)
		s->may_have_arrived = true;
	if (a->end == REQUEST_ANSWERED && s->ack_came) {
		on_ack(n, s, now_ns);
		return;
	}
	if (!s->may_have_arrived)
		drop_candidate(s);
	again(n, s, DELIVERY_TIMEOUT, requests_end_text(a->end), now_ns);
}

static void
resolve(struct node *n, struct sending *s, uint64_t now_ns)
{
	const struct resolve_spec spec = { .pattern = s->spec.destination,
		.most = CANDIDATES, .fresh = s->fresh, .trace = &s->span.context,
		.take = on_resolved, .cookie = s->report.number };

	s->due_ns = NEVER;
	resolve_ask(n, &spec, now_ns);
}

static void
ask(struct node *n, struct sending *s, uint64_t now_ns)
{
	const struct candidate *c = &s->candidates[0];
	uint64_t left_ns = s->give_up_ns - now_ns;
	struct request_spec spec = { .peer = c->id, .tag = FRAME_SEND, .take = take,
		.patience_ns = left_ns < SEND_ATTEMPT ? left_ns : SEND_ATTEMPT,
		.trace = &s->span.context, .cookie = s->report.number };
	struct message m = { .body = s->spec.body };
	struct buf b;
	int err;

	memcpy(m.destination, s->spec.destination, sizeof(m.destination));
	memcpy(m.kind, s->spec.kind, sizeof(m.kind));
	memcpy(m.id, s->id, sizeof(m.id));
	buf_init(&b, frame_limit(FRAME_SEND));
	delivery_put_message(&b, &m);
	spec.payload = b.data;
	spec.len = b.len;
	book_learn(&n->book, &c->id, c->addresses, c->address_count);
	if (links_find(&n->links, &c->id) == NULL)
		book_foreign(&n->book, &c->id, c->foreign);
	s->ack_came = false;
	s->due_ns = NEVER;
	err = requests_ask(n, &spec, now_ns, &s->request);
	buf_fini(&b);
	if (err == ERR_OK)
		return;
	if (!s->may_have_arrived && err != ERR_LIMIT)
		drop_candidate(s);
	again(n, s, DELIVERY_TIMEOUT, err_text(err), now_ns);
}

static void
begin_message(struct node *n, struct sending *s, uint64_t now_ns)
{
	static const struct trace_context none;
	struct trace_context root = none;
	uint64_t number = s->report.acked + s->report.failed + 1;

	for (size_t i = MESSAGE_ID_LEN; i-- > MESSAGE_ID_LEN / 2; number >>= 8)
		s->id[i] = (uint8_t)number;
	if ((s->report.acked + s->report.failed) % TRACED_EVERY == 0)
		root = span_store_root(n->spans);
	span_store_begin(n->spans, &s->span, TRACE_SEND, &root, now_ns);
	if (s->report.acked + s->report.failed == 0)
		memcpy(s->report.trace, s->span.context.trace_id, 16);
	s->under_way = true;
	s->may_have_arrived = false;
	s->message_ns = now_ns;
	s->give_up_ns = now_ns + SEND_PATIENCE;
	if (now_ns >= s->found_ns + RESOLVE_KEPT)
		s->candidate_count = 0;
}

static void
step(struct node *n, struct sending *s, uint64_t now_ns)
{
	if (!s->under_way)
		begin_message(n, s, now_ns);
	if (s->candidate_count == 0)
		resolve(n, s, now_ns);
	else
		ask(n, s, now_ns);
}

uint64_t
sending_deadline(const struct node *n)
{
	const struct sending *s;
	uint64_t due = NEVER;

	TAILQ_FOREACH(s, &n->sendings.all, entry)
		if (s->due_ns < due)
			due = s->due_ns;
	return due;
}

void
sending_tick(struct node *n, uint64_t now_ns)
{
	struct sending *s, *next;

	for (s = TAILQ_FIRST(&n->sendings.all); s != NULL; s = next) {
		next = TAILQ_NEXT(s, entry);
		if (s->due_ns <= now_ns)
			step(n, s, now_ns);
	}
}

void
sending_stop(struct node *n, uint64_t number, uint64_t now_ns)
{
	struct sending *s = find(n, number);

	if (s == NULL)
		return;
	if (s->under_way)
		requests_cancel(n, s->request, now_ns);
	finish(n, s, now_ns);
}

bool
sending_next(struct node *n, struct sending_report *r)
{
	struct sending *s = TAILQ_FIRST(&n->sendings.over);

	if (s == NULL)
		return false;
	*r = s->report;
	TAILQ_REMOVE(&n->sendings.over, s, entry);
	n->sendings.over_count--;
	sending_free(s);
	return true;
}
