/* SPDX-License-Identifier: MIT */
#include "node/serve.h"

#include <stdio.h>

#include "base/err.h"
#include "base/mem.h"
#include "node/command.h"
#include "node/messages.h"
#include "node/requests_state.h"
#include "node/receive.h"
#include "node/resolve.h"
#include "node/state.h"
#include "node/sync.h"
#include "node/telling.h"
#include "node/watchers.h"
#include "node/without.h"

/*
 * A handler gets what follows the trace context. It answers, refuses, or keeps `s`: then
 * serve_answer and serve_refuse are called later.
 */
typedef void serve_fn(struct node *n, struct serving *s, struct view body,
	uint64_t now_ns);

static void
on_echo(struct node *n, struct serving *s, struct view body, uint64_t now_ns)
{
	struct buf other;

	if (n->config.without & WITHOUT_ECHO) {
		buf_init(&other, FRAME_LEN_MAX);
		buf_put(&other, body.data - TRACE_CONTEXT_LEN,
			body.len + TRACE_CONTEXT_LEN);
		other.data[other.len - 1] ^= 1;
		(void)serve_answer(n, s, other.data, other.len, true, now_ns);
		buf_fini(&other);
		return;
	}
	/* As it came, with its trace context: the answer is the same bytes. */
	if (serve_answer(n, s, body.data - TRACE_CONTEXT_LEN,
		    body.len + TRACE_CONTEXT_LEN, true, now_ns) != ERR_OK)
		serve_refuse(n, s, "slow to read", now_ns);
}

static const struct {
	serve_fn *handle;
	size_t len_max;		/* of the body */
	uint64_t patience_ns;	/* 0: REQUEST_DEADLINE */
} handlers[UINT8_MAX + 1] = {
	[FRAME_ECHO] = { .handle = on_echo, .len_max = ECHO_LEN_MAX },
	[FRAME_WATCH] = { .handle = watchers_serve, .len_max = 32 },
	[FRAME_SEND] = { .handle = receive_serve, .len_max = FRAME_LEN_MAX },
	[FRAME_RESOLVE] = { .handle = resolve_serve, .len_max = NAME_LEN_MAX + 8 },
	[FRAME_COMMAND] = { .handle = command_serve, .len_max = COMMAND_LEN_MAX },
	[FRAME_VIEW] = { .handle = telling_serve, .len_max = 256 },
	[FRAME_SYNC] = { .handle = sync_serve, .len_max = LABEL_LEN_MAX + 1 },
};

void
serve_init(struct serve *s)
{
	*s = (struct serve){ .by_stream = idmap_new() };
	TAILQ_INIT(&s->all);
	heap_init(&s->timers);
}

static void
unlink_serving(struct serve *v, struct serving *s)
{
	struct peer_id key = requests_key(s->conn, s->stream);

	TAILQ_REMOVE(&v->all, s, by_age);
	idmap_remove(v->by_stream, &key);
	heap_cancel(&v->timers, &s->timer);
	v->count--;
}

void
serve_fini(struct serve *v)
{
	struct serving *s;

	while ((s = TAILQ_FIRST(&v->all)) != NULL) {
		unlink_serving(v, s);
		mem_free(MEM_SERVING, s);
	}
	idmap_free(v->by_stream);
	heap_fini(&v->timers);
}

/* why: NULL when it was answered. */
static void
end_serving(struct node *n, struct serving *s, const char *why, uint64_t now_ns)
{
	char peer[ID_HEX_CAP], asked[24], answered[24];
	const struct span_note outer[] = { { TRACE_ATTR_PEER_ID, peer },
		{ TRACE_ATTR_KIND, frame_name(s->tag) }, { TRACE_ATTR_BYTES, asked } };
	const struct span_note inner[] = { { TRACE_ATTR_KIND, frame_name(s->tag) },
		{ TRACE_ATTR_BYTES, answered } };

	unlink_serving(&n->serve, s);
	if (s->trace.flags & TRACE_SAMPLED) {
		id_hex(peer, &s->peer);
		snprintf(asked, sizeof(asked), "%zu", s->asked_len);
		snprintf(answered, sizeof(answered), "%zu", s->answered_len);
		span_store_end(n->spans, &s->handled, why, inner, 2, now_ns);
		span_store_end(n->spans, &s->received, why, outer, 3, now_ns);
	}
	mem_free(MEM_SERVING, s);
}

static void
end_otherwise(struct node *n, struct serving *s, const char *why, uint64_t now_ns)
{
	if (s->over != NULL)
		s->over(n, s, now_ns);
	end_serving(n, s, why, now_ns);
}

int
serve_answer(struct node *n, struct serving *s, const void *payload, size_t len,
	bool last, uint64_t now_ns)
{
	struct link *k = links_of_conn(&n->links, s->conn);
	int err = endpoint_respond(
		n->endpoint, s->conn, s->stream, s->tag, payload, len, last);

	if (err != ERR_OK)
		return err;
	s->answered_len += len;
	messages_frame(n->links.messages, true, &s->peer, s->tag, payload, len);
	n->links.frames_sent++;
	if (k != NULL)
		k->used_ns = now_ns;
	if (!last)
		return ERR_OK;
	n->serve.served++;
	end_serving(n, s, NULL, now_ns);
	return ERR_OK;
}

void
serve_refuse(struct node *n, struct serving *s, const char *why, uint64_t now_ns)
{
	n->requests_refused++;
	(void)endpoint_reset_stream(n->endpoint, s->conn, s->stream);
	end_serving(n, s, why, now_ns);
}

void
serve_extend(struct node *n, struct serving *s, uint64_t patience_ns, uint64_t now_ns)
{
	heap_arm(&n->serve.timers, &s->timer, now_ns + patience_ns);
	(void)endpoint_stream_deadline(n->endpoint, s->conn, s->stream,
		s->timer.due_ns + MILLISECONDS(100));
}

size_t
serve_queued(const struct node *n, const struct serving *s)
{
	return endpoint_stream_queued(n->endpoint, s->conn, s->stream);
}

static struct serving *
serving_new(struct node *n, const struct quic_event *ev,
	const struct trace_context *trace, uint64_t now_ns)
{
	struct serving *s = mem_new(MEM_SERVING, sizeof(*s));
	struct peer_id key = requests_key(ev->conn, ev->stream);
	uint64_t patience_ns = handlers[ev->tag].patience_ns;

	s->conn = ev->conn;
	s->stream = ev->stream;
	s->peer = ev->peer;
	s->tag = ev->tag;
	s->asked_ns = now_ns;
	s->asked_len = ev->bytes.len - TRACE_CONTEXT_LEN;
	s->patience_ns = patience_ns == 0 ? REQUEST_DEADLINE : patience_ns;
	span_store_begin(n->spans, &s->received, TRACE_SERVE, trace, now_ns);
	span_store_begin(n->spans, &s->handled, TRACE_SERVE_HANDLE,
		&s->received.context, now_ns);
	s->trace = s->handled.context;
	TAILQ_INSERT_TAIL(&n->serve.all, s, by_age);
	idmap_put(n->serve.by_stream, &key, s);
	heap_arm(&n->serve.timers, &s->timer, now_ns + s->patience_ns);
	if (patience_ns != 0)
		(void)endpoint_stream_deadline(n->endpoint, s->conn, s->stream,
			s->timer.due_ns + MILLISECONDS(100));
	n->serve.count++;
	return s;
}

static bool
has_room(struct node *n, const struct peer_id *peer)
{
	struct serving *s;
	size_t count = 0;

	if (n->serve.count == SERVING_MAX)
		return false;
	TAILQ_FOREACH(s, &n->serve.all, by_age)
		count += id_equal(&s->peer, peer);
	return count < SERVING_PEER_MAX;
}

static void
on_request(struct node *n, const struct quic_event *ev, uint64_t now_ns)
{
	struct link *k = links_of_conn(&n->links, ev->conn);
	struct view body = ev->bytes;
	struct trace_context trace;
	bool full = false;

	n->links.frames_received++;
	if (k == NULL || k->state != LINK_UP || handlers[ev->tag].handle == NULL ||
		trace_context_decode(&body, &trace) != ERR_OK ||
		body.len > handlers[ev->tag].len_max ||
		(full = !has_room(n, &ev->peer))) {
		n->requests_refused++;
		n->serve.full += full;
		(void)endpoint_reset_stream(n->endpoint, ev->conn, ev->stream);
		return;
	}
	k->used_ns = now_ns;
	handlers[ev->tag].handle(
		n, serving_new(n, ev, &trace, now_ns), body, now_ns);
}

void
serve_quic(struct node *n, const struct quic_event *ev, uint64_t now_ns)
{
	struct peer_id key = requests_key(ev->conn, ev->stream);
	struct serving *s;

	if (ev->kind == QUIC_REQUEST)
		on_request(n, ev, now_ns);
	if (ev->kind == QUIC_STREAM_END &&
		(s = idmap_find(n->serve.by_stream, &key)) != NULL)
		end_otherwise(n, s, "the asker left", now_ns);
	if (ev->kind != QUIC_DOWN)
		return;
	do {
		TAILQ_FOREACH(s, &n->serve.all, by_age)
			if (s->conn == ev->conn)
				break;
		if (s != NULL)
			end_otherwise(n, s, "the asker's connection ended", now_ns);
	} while (s != NULL);
}

void
serve_tick(struct node *n, uint64_t now_ns)
{
	struct heap_entry *e;

	while ((e = heap_next_due(&n->serve.timers, now_ns)) != NULL) {
		struct serving *s = (struct serving *)(
			(char *)e - offsetof(struct serving, timer));

		n->serve.late++;
		n->requests_refused++;
		(void)endpoint_reset_stream(n->endpoint, s->conn, s->stream);
		end_otherwise(n, s, "not answered in time", now_ns);
	}
}

uint64_t
serve_deadline(const struct node *n)
{
	return heap_deadline(&n->serve.timers);
}
