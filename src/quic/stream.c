/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "quic/conn.h"
#include "quic/events.h"
#include "wire/frame.h"

/* Tag, length and payload of the largest frame of a kind: one whole frame always fits. */
#define FRAME_HEAD_LEN_MAX 11

static const size_t in_len_max[STREAM_KINDS] = {
	[STREAM_NEW] = FRAME_CONTROL_LEN_MAX + FRAME_HEAD_LEN_MAX,
	[STREAM_REQUEST] = FRAME_LEN_MAX + FRAME_HEAD_LEN_MAX,
	[STREAM_RESPONSE] = FRAME_LEN_MAX + FRAME_HEAD_LEN_MAX,
};

static struct stream *
stream_new(struct conn *c, int64_t id, enum stream_kind kind, bool local)
{
	struct stream *s = mem_new(MEM_STREAM, sizeof *s);

	s->conn = c;
	s->id = id;
	s->kind = kind;
	s->local = local;
	buf_init(&s->in, in_len_max[kind]);
	TAILQ_INSERT_TAIL(&c->streams, s, by_age);
	c->endpoint->streams_count++;
	return s;
}

struct stream *
stream_accept(struct conn *c, int64_t id)
{
	bool bidi = ngtcp2_is_bidi_stream(id);
	struct stream *s = stream_new(c, id, bidi ? STREAM_REQUEST : STREAM_NEW, false);

	stream_progress(s);
	if (c->alpn == ALPN_GOSSIP) {
		if (bidi)
			stream_abort(s, CLOSE_PROTOCOL);
		else
			s->kind = STREAM_GOSSIP;	/* no first byte there */
	}
	return s;
}

int
stream_open(struct conn *c, enum stream_kind kind, bool bidi, struct stream **s)
{
	int64_t id;

	if (bidi ? ngtcp2_conn_open_bidi_stream(c->quic, &id, NULL)
		 : ngtcp2_conn_open_uni_stream(c->quic, &id, NULL))
		return ERR_LIMIT;
	*s = stream_new(c, id, kind, true);
	ngtcp2_conn_set_stream_user_data(c->quic, id, *s);
	return ERR_OK;
}

void
stream_free(struct stream *s)
{
	struct conn *c = s->conn;

	stream_unready(s);
	heap_cancel(&c->endpoint->stream_timers, &s->timer);
	if (c->control_out == s)
		c->control_out = NULL;
	if (c->control_in == s)
		c->control_in = NULL;
	c->queued_len -= s->out.end - s->out.acked;
	c->endpoint->queued_len -= s->out.end - s->out.acked;
	sendbuf_fini(&s->out);
	buf_fini(&s->in);
	TAILQ_REMOVE(&c->streams, s, by_age);
	c->endpoint->streams_count--;
	mem_free(MEM_STREAM, s);
}

struct stream *
stream_find(const struct conn *c, int64_t id)
{
	struct stream *s;

	TAILQ_FOREACH(s, &c->streams, by_age)
		if (s->id == id)
			return s;
	return NULL;
}

struct stream *
stream_find_gossip(const struct conn *c, const struct peer_id *topic)
{
	struct stream *s;

	TAILQ_FOREACH(s, &c->streams, by_age)
		if (s->kind == STREAM_GOSSIP && s->local && !s->fin &&
			id_equal(&s->topic, topic))
			return s;
	return NULL;
}

int
stream_put(struct stream *s, const void *bytes, size_t len)
{
	struct conn *c = s->conn;

	if (s->out.end - s->out.acked + len > QUIC_STREAM_SEND_LEN_MAX ||
		c->queued_len + len > QUIC_CONN_SEND_LEN_MAX)
		return ERR_LIMIT;
	sendbuf_put(&s->out, bytes, len);
	c->queued_len += len;
	c->endpoint->queued_len += len;
	stream_ready(s);
	c->calm = false;
	conn_mark(c);
	return ERR_OK;
}

int
stream_put_calm(struct stream *s, const void *bytes, size_t len, uint64_t now_ns)
{
	struct conn *c = s->conn;
	bool alone = !c->dirty && (TAILQ_EMPTY(&c->ready) || c->calm);
	uint64_t moment_ns = endpoint_moment(now_ns);
	int err = stream_put(s, bytes, len);

	if (err || !alone)
		return err;
	conn_unmark(c);
	c->calm = true;
	if (c->held_ns <= now_ns || c->held_ns > moment_ns)
		c->held_ns = moment_ns;
	conn_schedule(c);
	return ERR_OK;
}

void
stream_put_fin(struct stream *s)
{
	s->fin = true;
	stream_ready(s);
	s->conn->calm = false;
	conn_mark(s->conn);
}

void
stream_ready(struct stream *s)
{
	if (s->turn != STREAM_IDLE || s->kind == STREAM_DEAD)
		return;
	if (s->out.sent == s->out.end && (!s->fin || s->fin_sent))
		return;
	s->turn = STREAM_READY;
	TAILQ_INSERT_TAIL(&s->conn->ready, s, by_turn);
}

void
stream_unready(struct stream *s)
{
	if (s->turn == STREAM_READY)
		TAILQ_REMOVE(&s->conn->ready, s, by_turn);
	else if (s->turn == STREAM_BLOCKED)
		TAILQ_REMOVE(&s->conn->blocked, s, by_turn);
	s->turn = STREAM_IDLE;
}

void
stream_block(struct stream *s)
{
	stream_unready(s);
	s->turn = STREAM_BLOCKED;
	TAILQ_INSERT_TAIL(&s->conn->blocked, s, by_turn);
}

void
stream_acked(struct stream *s, uint64_t offset)
{
	uint64_t before = s->out.acked;

	sendbuf_acked(&s->out, offset);
	s->conn->queued_len -= s->out.acked - before;
	s->conn->endpoint->queued_len -= s->out.acked - before;
}

void
stream_progress(struct stream *s)
{
	struct endpoint *e = s->conn->endpoint;

	heap_arm(&e->stream_timers, &s->timer, e->now_ns + REQUEST_DEADLINE);
}

void
stream_progress_soon(struct stream *s)
{
	s->deadline_wanted = s->conn->deadlines_wanted = true;
	conn_mark(s->conn);
}

void
stream_start_deadlines(struct conn *c)
{
	struct stream *s;

	c->deadlines_wanted = false;
	TAILQ_FOREACH(s, &c->streams, by_age) {
		if (s->deadline_wanted && s->kind != STREAM_DEAD)
			stream_progress(s);
		s->deadline_wanted = false;
	}
}

void
stream_over(struct stream *s)
{
	if (!COMPAT_REMOTE_UNI_STAYS || s->local || ngtcp2_is_bidi_stream(s->id))
		return;
	s->over = s->conn->reap_wanted = true;
}

void
stream_reap(struct conn *c)
{
	struct stream *s, *next;

	c->reap_wanted = false;
	for (s = TAILQ_FIRST(&c->streams); s; s = next) {
		next = TAILQ_NEXT(s, by_age);
		if (!s->over)
			continue;
		ngtcp2_conn_set_stream_user_data(c->quic, s->id, NULL);
		stream_closed(s, false);
		if (++c->ended_uni > QUIC_ENDED_STREAMS_MAX)
			conn_want_close(c, CLOSE_LIMIT, "too many streams");
		else
			ngtcp2_conn_extend_max_streams_uni(c->quic, 1);
	}
}

void
stream_tell_end(struct stream *s, bool clean)
{
	struct conn *c = s->conn;
	struct quic_event ev;

	if (!s->told)
		return;
	s->told = false;
	ev = conn_event(c, s->kind == STREAM_GOSSIP ? QUIC_GOSSIP_END : QUIC_STREAM_END);
	ev.stream = s->id;
	ev.topic = s->topic;
	ev.clean = clean;
	events_push(c->endpoint, &ev);
}

void
stream_abort(struct stream *s, enum quic_close_code code)
{
	struct conn *c = s->conn;
	bool bidi = ngtcp2_is_bidi_stream(s->id);

	if (s->kind == STREAM_DEAD)
		return;
	stream_tell_end(s, false);
	stream_unready(s);
	heap_cancel(&c->endpoint->stream_timers, &s->timer);
	s->kind = STREAM_DEAD;
	if (bidi || !s->local)
		ngtcp2_conn_shutdown_stream_read(c->quic, 0, s->id, code);
	if (bidi || s->local)
		ngtcp2_conn_shutdown_stream_write(c->quic, 0, s->id, code);
	stream_over(s);
	conn_mark(c);
}

void
stream_expire(struct stream *s)
{
	if (!s->local)
		s->conn->endpoint->stats.streams_stalled++;
	stream_abort(s, CLOSE_STALLED);
}

void
stream_credit(struct stream *s, size_t len)
{
	if (len == 0)
		return;
	s->uncredited_len -= len;
	ngtcp2_conn_extend_max_stream_offset(s->conn->quic, s->id, len);
	ngtcp2_conn_extend_max_offset(s->conn->quic, len);
}

/* Only the connection's: the stream itself takes no more. */
void
stream_credit_all(struct stream *s)
{
	ngtcp2_conn_extend_max_offset(s->conn->quic, s->uncredited_len);
	s->uncredited_len = 0;
}

void
stream_closed(struct stream *s, bool clean)
{
	stream_tell_end(s, clean);
	stream_credit_all(s);
	stream_free(s);
}

void
stream_peer_reset(struct stream *s)
{
	if (s->kind == STREAM_CONTROL) {
		conn_want_close(s->conn, CLOSE_PROTOCOL, "control stream was reset");
		return;
	}
	if (s->kind == STREAM_REQUEST || s->kind == STREAM_RESPONSE)
		stream_abort(s, CLOSE_GOING_AWAY); /* our half is of no use any more */
	else
		stream_tell_end(s, false);
	stream_over(s);
}

/* ngtcp2 answers with a reset of its own; ours to do is to send no more. */
void
stream_peer_stop(struct stream *s)
{
	struct conn *c = s->conn;

	if (s == c->control_out) {
		conn_want_close(c, CLOSE_PROTOCOL, "control stream was refused");
		return;
	}
	stream_tell_end(s, false);
	stream_unready(s);
	s->kind = STREAM_DEAD;	/* a later gossip body opens a new one */
}
