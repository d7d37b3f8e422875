/* SPDX-License-Identifier: MIT */
#include "node/requests.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "node/messages.h"
#include "node/requests_state.h"
#include "node/state.h"

struct request {
	TAILQ_ENTRY(request) by_age;
	struct heap_entry timer;
	struct request_spec spec;	/* payload and trace are not looked at again */
	struct buf payload;		/* until it is sent */
	struct request_answer base;
	uint64_t conn;
	int64_t stream;
	bool sent;
	struct span_mark whole, exchange;
	size_t answer_len;
};

struct answer {
	TAILQ_ENTRY(answer) in_order;
	struct request_answer a;
	uint8_t bytes[];
};

const char *
requests_end_text(enum request_end end)
{
	static const char *const texts[REQUEST_ENDS] = {
		[REQUEST_GOES_ON] = "goes on",
		[REQUEST_ANSWERED] = "answered",
		[REQUEST_REFUSED] = "refused by the peer",
		[REQUEST_TIMEOUT] = "no answer in time",
		[REQUEST_LOST] = "the connection was lost",
		[REQUEST_UNREACHABLE] = "no connection could be made",
		[REQUEST_CANCELLED] = "cancelled",
	};

	return texts[end];
}

struct peer_id
requests_key(uint64_t conn, int64_t stream)
{
	struct peer_id key = { { 0 } };

	memcpy(key.bytes, &conn, sizeof(conn));
	memcpy(key.bytes + sizeof(conn), &stream, sizeof(stream));
	return key;
}

void
requests_init(struct requests *r)
{
	memset(r, 0, sizeof(*r));
	TAILQ_INIT(&r->waiting);
	TAILQ_INIT(&r->sent);
	TAILQ_INIT(&r->answers);
	r->by_stream = idmap_new();
	heap_init(&r->timers);
}

/* Out of all tables. */
static void
unlink_request(struct requests *r, struct request *q)
{
	struct peer_id key = requests_key(q->conn, q->stream);

	if (q->sent) {
		TAILQ_REMOVE(&r->sent, q, by_age);
		idmap_remove(r->by_stream, &key);
	} else {
		TAILQ_REMOVE(&r->waiting, q, by_age);
		r->waiting_count--;
		r->waiting_len -= q->payload.len;
	}
	heap_cancel(&r->timers, &q->timer);
	r->count--;
}

static void
request_free(struct request *q)
{
	buf_fini(&q->payload);
	mem_free(MEM_REQUEST, q);
}

void
requests_fini(struct requests *r)
{
	struct request *q;
	struct answer *a;

	while ((q = TAILQ_FIRST(&r->waiting)) || (q = TAILQ_FIRST(&r->sent))) {
		unlink_request(r, q);
		request_free(q);
	}
	while ((a = TAILQ_FIRST(&r->answers)) != NULL) {
		TAILQ_REMOVE(&r->answers, a, in_order);
		mem_free(MEM_ANSWER, a);
	}
	mem_free(MEM_ANSWER, r->current);
	idmap_free(r->by_stream);
	heap_fini(&r->timers);
}

/* What an answer takes of REQUEST_ANSWERS_LEN_MAX. An end takes nothing of it. */
static size_t
answer_cost(const struct request_answer *a)
{
	return a->end == REQUEST_GOES_ON ? sizeof(struct answer) + a->bytes.len : 0;
}

/* Ends are never dropped: there is one for each question, and those are bounded. */
static void
keep_answer(struct requests *r, const struct request_answer *a)
{
	struct answer *to;

	if (a->end == REQUEST_GOES_ON &&
		r->answers_len + answer_cost(a) > REQUEST_ANSWERS_LEN_MAX) {
		r->answers_dropped++;
		return;
	}
	to = mem_new(MEM_ANSWER, sizeof(*to) + a->bytes.len);
	to->a = *a;
	if (a->bytes.len > 0)
		memcpy(to->bytes, a->bytes.data, a->bytes.len);
	to->a.bytes.data = to->bytes;
	r->answers_len += answer_cost(a);
	TAILQ_INSERT_TAIL(&r->answers, to, in_order);
}

static void
tell(struct node *n, const struct request *q, enum request_end end, struct view bytes,
	uint64_t now_ns)
{
	struct request_answer a = q->base;

	a.end = end;
	a.bytes = bytes;
	a.at_ns = now_ns;
	if (q->spec.take != NULL)
		q->spec.take(n, &a, now_ns);
	else
		keep_answer(&n->requests, &a);
}

static void
end_spans(struct node *n, const struct request *q, enum request_end end, uint64_t now_ns)
{
	const char *why = end == REQUEST_ANSWERED ? NULL : requests_end_text(end);
	char to[ID_HEX_CAP > NAME_LEN_MAX ? ID_HEX_CAP : NAME_LEN_MAX + 1];
	char asked[24], answered[24];
	const struct span_note outer[] = { { TRACE_ATTR_DESTINATION, to },
		{ TRACE_ATTR_KIND, frame_name(q->spec.tag) },
		{ TRACE_ATTR_BYTES, asked } };
	const struct span_note inner[] = { { TRACE_ATTR_BYTES, answered } };

	if (!(q->whole.context.flags & TRACE_SAMPLED))
		return;
	node_name_of(n, &q->spec.peer, to);
	if (to[0] == '\0')
		id_hex(to, &q->spec.peer);
	snprintf(asked, sizeof(asked), "%zu", q->spec.len);
	snprintf(answered, sizeof(answered), "%zu", q->answer_len);
	if (q->sent)
		span_store_end(n->spans, &q->exchange, why, inner, 1, now_ns);
	span_store_end(n->spans, &q->whole, why, outer, 3, now_ns);
}

/* Out of the tables first: who is told may ask again. */
static void
end_request(struct node *n, struct request *q, enum request_end end, uint64_t now_ns)
{
	static const struct view none = { NULL, 0 };

	unlink_request(&n->requests, q);
	n->requests.ended[end]++;
	end_spans(n, q, end, now_ns);
	if (end != REQUEST_CANCELLED)
		tell(n, q, end, none, now_ns);
	request_free(q);
}

/* ERR_LIMIT: the peer grants no stream now; it stays where it is. */
static int
try_send(struct node *n, struct link *k, struct request *q, uint64_t now_ns)
{
	struct requests *r = &n->requests;
	struct peer_id key;
	int err = endpoint_request(n->endpoint, k->conn, q->spec.tag, q->payload.data,
		q->payload.len, &q->stream);

	if (err != ERR_OK)
		return err;
	(void)endpoint_stream_deadline(
		n->endpoint, k->conn, q->stream, q->timer.due_ns + MILLISECONDS(100));
	messages_frame(n->links.messages, true, &q->spec.peer, q->spec.tag,
		q->payload.data, q->payload.len);
	TAILQ_REMOVE(&r->waiting, q, by_age);
	r->waiting_count--;
	r->waiting_len -= q->payload.len;
	buf_fini(&q->payload);
	q->conn = k->conn;
	q->sent = true;
	q->base.sent_ns = q->exchange.begin_ns = now_ns;
	TAILQ_INSERT_TAIL(&r->sent, q, by_age);
	key = requests_key(q->conn, q->stream);
	idmap_put(r->by_stream, &key, q);
	k->used_ns = now_ns;
	n->links.frames_sent++;
	return ERR_OK;
}

static struct request *
request_new(struct node *n, const struct request_spec *spec, uint64_t now_ns)
{
	static const struct trace_context none;
	struct request *q = mem_new(MEM_REQUEST, sizeof(*q));
	struct requests *r = &n->requests;

	q->spec = *spec;
	q->base = (struct request_answer){ .number = ++r->last_number,
		.cookie = spec->cookie, .peer = spec->peer, .tag = spec->tag,
		.asked_ns = now_ns };
	span_store_begin(n->spans, &q->whole, TRACE_REQUEST,
		spec->trace != NULL ? spec->trace : &none, now_ns);
	span_store_begin(n->spans, &q->exchange, TRACE_REQUEST_EXCHANGE,
		&q->whole.context, now_ns);
	q->base.trace = q->exchange.context;
	buf_init(&q->payload, FRAME_LEN_MAX);
	trace_context_encode(&q->payload, &q->exchange.context);
	buf_put(&q->payload, spec->payload, spec->len);
	if (q->spec.patience_ns == 0)
		q->spec.patience_ns = REQUEST_DEADLINE;
	heap_arm(&r->timers, &q->timer, now_ns + q->spec.patience_ns);
	TAILQ_INSERT_TAIL(&r->waiting, q, by_age);
	r->waiting_count++;
	r->waiting_len += q->payload.len;
	r->count++;
	r->asked++;
	return q;
}

int
requests_ask(struct node *n, const struct request_spec *spec, uint64_t now_ns,
	uint64_t *number)
{
	struct requests *r = &n->requests;
	struct link *k;
	struct request *q;
	int err;

	if (spec->len + TRACE_CONTEXT_LEN > frame_limit(spec->tag) ||
		id_equal(&spec->peer, &n->config.identity.id))
		return ERR_ARGUMENT;
	if (n->leave_ns != 0)
		return ERR_STATE;
	if (r->count == REQUESTS_MAX || r->waiting_len + spec->len > REQUESTS_LEN_MAX)
		return ERR_LIMIT;
	err = links_contact(&n->links, &spec->peer, now_ns);
	if (err != ERR_OK)
		return err;
	k = links_find(&n->links, &spec->peer);
	if (k != NULL && k->alpn != ALPN_MESHTUI)
		return ERR_STATE;
	q = request_new(n, spec, now_ns);
	*number = q->base.number;
	if (k != NULL && r->waiting_count == 1)
		(void)try_send(n, k, q, now_ns);
	return ERR_OK;
}

void
requests_cancel(struct node *n, uint64_t number, uint64_t now_ns)
{
	struct requests *r = &n->requests;
	struct request_queue *queues[] = { &r->waiting, &r->sent };
	struct request *q;

	for (size_t i = 0; i < 2; i++)
		TAILQ_FOREACH(q, queues[i], by_age) {
			if (q->base.number != number)
				continue;
			if (q->sent)
				(void)endpoint_reset_stream(
					n->endpoint, q->conn, q->stream);
			end_request(n, q, REQUEST_CANCELLED, now_ns);
			return;
		}
}

bool
requests_next(struct node *n, struct request_answer *a)
{
	struct requests *r = &n->requests;

	mem_free(MEM_ANSWER, r->current);
	r->current = TAILQ_FIRST(&r->answers);
	if (r->current == NULL)
		return false;
	TAILQ_REMOVE(&r->answers, r->current, in_order);
	r->answers_len -= answer_cost(&r->current->a);
	*a = r->current->a;
	return true;
}

static void
on_response(struct node *n, struct request *q, const struct quic_event *ev,
	uint64_t now_ns)
{
	struct link *k = links_of_conn(&n->links, q->conn);

	n->links.frames_received++;
	q->answer_len += ev->bytes.len;
	if (k != NULL)
		k->used_ns = now_ns;
	if (q->spec.streaming) {
		heap_arm(&n->requests.timers, &q->timer, now_ns + q->spec.patience_ns);
		(void)endpoint_stream_deadline(n->endpoint, q->conn, q->stream,
			q->timer.due_ns + MILLISECONDS(100));
	}
	tell(n, q, REQUEST_GOES_ON, ev->bytes, now_ns);
}

static void
on_down(struct node *n, uint64_t conn, uint64_t now_ns)
{
	struct request *q;

	for (;;) {
		TAILQ_FOREACH(q, &n->requests.sent, by_age)
			if (q->conn == conn)
				break;
		if (q == NULL)
			return;
		end_request(n, q, REQUEST_LOST, now_ns);
	}
}

void
requests_quic(struct node *n, const struct quic_event *ev, uint64_t now_ns)
{
	struct peer_id key = requests_key(ev->conn, ev->stream);
	struct request *q;

	if (ev->kind == QUIC_DOWN)
		on_down(n, ev->conn, now_ns);
	if (ev->kind != QUIC_RESPONSE && ev->kind != QUIC_STREAM_END)
		return;
	q = idmap_find(n->requests.by_stream, &key);
	if (q == NULL)
		return;
	/* A stranger's tag on our stream is no answer to what we asked. */
	if (ev->kind == QUIC_RESPONSE && ev->tag == q->spec.tag)
		on_response(n, q, ev, now_ns);
	else if (ev->kind == QUIC_RESPONSE)
		n->links.frames_unknown++;
	else
		end_request(n, q, ev->clean ? REQUEST_ANSWERED : REQUEST_REFUSED, now_ns);
}

void
requests_linked(struct node *n, const struct peer_id *peer, uint64_t now_ns)
{
	struct link *k = links_find(&n->links, peer);
	struct request *q, *next;

	if (k == NULL || n->requests.waiting_count == 0)
		return;
	if (k->alpn != ALPN_MESHTUI) {
		requests_unlinked(n, peer, REQUEST_REFUSED, now_ns);
		return;
	}
	for (q = TAILQ_FIRST(&n->requests.waiting); q != NULL; q = next) {
		next = TAILQ_NEXT(q, by_age);
		if (id_equal(&q->spec.peer, peer) &&
			try_send(n, k, q, now_ns) != ERR_OK)
			return;
	}
}

void
requests_unlinked(struct node *n, const struct peer_id *peer, enum request_end end,
	uint64_t now_ns)
{
	/* What is asked while we are here, by who is told, is a new attempt. */
	uint64_t last = n->requests.last_number;
	struct request *q;

	for (;;) {
		TAILQ_FOREACH(q, &n->requests.waiting, by_age)
			if (id_equal(&q->spec.peer, peer))
				break;
		if (q == NULL || q->base.number > last)
			return;
		end_request(n, q, end, now_ns);
	}
}

/* Streams become free as answers end. Questions to one peer keep their order. */
void
requests_turn(struct node *n, uint64_t now_ns)
{
	const struct peer_id *full = NULL;	/* of one that goes on waiting */
	struct request *q, *next;
	struct link *k;

	for (q = TAILQ_FIRST(&n->requests.waiting); q != NULL; q = next) {
		next = TAILQ_NEXT(q, by_age);
		/* A thousand wait for one peer: they are not looked up one by one. */
		if (full != NULL && id_equal(full, &q->spec.peer))
			continue;
		k = links_find(&n->links, &q->spec.peer);
		if (k == NULL || try_send(n, k, q, now_ns) != ERR_OK)
			full = &q->spec.peer;
	}
}

void
requests_tick(struct node *n, uint64_t now_ns)
{
	struct heap_entry *e;

	while ((e = heap_next_due(&n->requests.timers, now_ns)) != NULL) {
		struct request *q = (struct request *)(
			(char *)e - offsetof(struct request, timer));

		if (q->sent)
			(void)endpoint_reset_stream(n->endpoint, q->conn, q->stream);
		end_request(n, q, REQUEST_TIMEOUT, now_ns);
	}
}

uint64_t
requests_deadline(const struct node *n)
{
	return heap_deadline(&n->requests.timers);
}
