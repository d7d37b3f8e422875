/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "quic/accept.h"
#include "quic/conn_end.h"
#include "quic/conn_io.h"
#include "quic/path.h"
#include "quic/replies.h"

/* Pieces of one stream that are offered for one packet. */
#define PIECES_MAX 8
/*
 * Packets of queued data that go out before a close; a Disconnect or GOODBYE is in the
 * first.
 */
#define LAST_PACKETS_MAX 8

/* After MAX_DATA ngtcp2 calls nothing: look whether those that waited can go on. */
static void
unblock(struct conn *c)
{
	struct stream *s, *next;

	if (TAILQ_EMPTY(&c->blocked) || ngtcp2_conn_get_max_data_left(c->quic) == 0)
		return;
	for (s = TAILQ_FIRST(&c->blocked); s; s = next) {
		next = TAILQ_NEXT(s, by_turn);
		if (ngtcp2_conn_get_max_stream_data_left(c->quic, s->id) > 0) {
			stream_unready(s);
			stream_ready(s);
		}
	}
}

/* Grants what callbacks wished for; false when the connection is gone. */
static bool
settle(struct conn *c)
{
	if (c->reap_wanted)
		stream_reap(c);
	if (c->close_wanted) {
		conn_io_close(c, c->close_code, c->close_text);
		return false;
	}
	if (c->tls_done && c->tls) {
		ngtcp2_conn_set_tls_native_handle(c->quic, NULL);
		gnutls_deinit(c->tls);
		c->tls = NULL;
	}
	return true;
}

/*
 * A socket bound to the unspecified address learns its own address from the first packet
 * that comes back; ngtcp2 would discard packets on a path it does not know.
 */
static void
adopt_local(struct conn *c, const struct path *path)
{
	struct path_sockaddrs addrs;

	if (!c->dialed || path->local.family == 0 ||
		!address_equal(&path->remote, &c->path.remote) ||
		address_equal(&path->local, &c->path.local))
		return;
	if (c->path.local.family != 0 && !address_is_any(&c->path.local))
		return;
	path_to_ngtcp2(&addrs, path);
	ngtcp2_conn_set_local_addr(c->quic, &addrs.path.local);
	c->path.local = path->local;
}

/* At the last moment within QUIC_ACK_HOLD, if that is not too soon for a next packet. */
static uint64_t
ack_due(const struct endpoint *e)
{
	uint64_t due_ns = e->now_ns + QUIC_ACK_HOLD;
	uint64_t moment_ns = endpoint_moment(due_ns - QUIC_MOMENTS);

	return moment_ns >= e->now_ns + QUIC_ACK_HOLD / 2 ? moment_ns : due_ns;
}

/*
 * A round trip is known as well as ngtcp2 can take our delay out of it, which it does
 * only when what is left is no shorter than the shortest it has seen (RFC 9002, 5.3).
 * Those of a handshake are long, because both sides compute in them: with every later
 * acknowledgment delayed, a round trip of 0.3 ms was told as 130. So some go at once: the
 * first ones, and then one after 1 s, 2 s, 4 s and so on, because on a machine that is
 * busy with many boots the first ones are long, too.
 */
static bool
hurries(struct conn *c, uint64_t now_ns)
{
	if (now_ns < c->hurry_ns)
		return false;
	if (c->hurried < QUIC_ACK_FIRST) {
		c->hurried++;
		return true;
	}
	c->hurry_wait_ns = c->hurry_wait_ns == 0 ? QUIC_ACK_HURRY_FIRST
						  : 2 * c->hurry_wait_ns;
	if (c->hurry_wait_ns > QUIC_ACK_HURRY)
		c->hurry_wait_ns = QUIC_ACK_HURRY;
	c->hurry_ns = now_ns + c->hurry_wait_ns;
	return true;
}

/*
 * Whether nothing has to be said to the packet that was just read: it brought a little
 * stream data or acknowledged ours, and nothing else. Its acknowledgment rides on the
 * next gossip, or leaves when the peer speaks again, or after QUIC_ACK_HOLD. ngtcp2 0.12
 * would send it after an eighth of the round trip, whatever max_ack_delay says: a packet
 * of its own for each that comes in, and a wake-up for it at the other end; 40 % of what
 * an idle mesh sent was that. Behind a large packet more are waiting for room in the
 * window. Where many requests have ended, the other side waits for our word that more
 * streams may be opened: without it 1,000 requests at once took 5 s, a hundred at a time.
 */
static bool
hold(struct conn *c, size_t len)
{
	uint64_t now_ns = c->endpoint->now_ns;

	if (!c->up || (!c->took_data && !c->took_ack) ||
		c->ended_requests >= QUIC_STREAMS_MAX / 4)
		return false;
	/* Calm gossip waits for the same moment. */
	if (!TAILQ_EMPTY(&c->ready) && !c->calm)
		return false;
	if (!c->took_data)
		return true;
	if (hurries(c, now_ns))
		return false;
	if (len > QUIC_ACK_HOLD_LEN || ++c->held_packets > QUIC_ACK_PACKETS)
		c->held_packets = QUIC_ACK_PACKETS;
	if (c->held_packets == QUIC_ACK_PACKETS) {
		c->held_ns = 0;
		return false;
	}
	if (c->held_packets == 1)
		c->held_since_ns = now_ns;
	if (c->held_ns == 0)
		c->held_ns = ack_due(c->endpoint);
	return now_ns < c->held_ns &&
	       (c->calm || now_ns < c->held_since_ns + QUIC_ACK_APART);
}

void
conn_io_recv(struct conn *c, const struct path *path, const uint8_t *bytes, size_t len,
	uint8_t ecn)
{
	struct endpoint *e = c->endpoint;
	ngtcp2_pkt_info info = { .ecn = ecn };
	struct path_sockaddrs addrs;
	ngtcp2_conn_info stat;
	int err;

	if (c->handshake && !c->dialed &&
		!address_equal(&path->remote, &c->path.remote)) {
		/*
		 * The same Initial by another way: the connection exists, nothing is new.
		 */
		e->stats.dropped_unknown++;
		return;
	}
	adopt_local(c, path);
	path_to_ngtcp2(&addrs, path);
	if (path->local.family == 0)
		path_to_ngtcp2(&addrs, &(struct path){ c->path.local, path->remote });
	c->bytes_received += len;
	c->packets_received++;
	c->took_data = c->took_ack = false;
	err = ngtcp2_conn_read_pkt(c->quic, &addrs.path, &info, bytes, len, e->now_ns);
	if (err == NGTCP2_ERR_RETRY) {
		accept_retry(e, path, bytes, len);
		conn_end_silent(c, END_REFUSED);
		return;
	}
	if (err) {
		conn_end_read(c, err);
		return;
	}
	c->last_received_ns = e->now_ns;
	if (c->took_ack) {
		ngtcp2_conn_get_conn_info(c->quic, &stat);
		rtt_take(&c->rtt, stat.smoothed_rtt);
	}
	if (!settle(c))
		return;
	unblock(c);
	if (!hold(c, len))
		conn_mark(c);
	conn_schedule(c);
}

/*
 * One packet of as many streams as fit. A negative result is ngtcp2's and ends the
 * connection.
 */
static ngtcp2_ssize
write_packet(struct conn *c, uint8_t *to, size_t cap, ngtcp2_path_storage *ps)
{
	uint64_t now_ns = c->endpoint->now_ns + c->ahead_ns;
	size_t max = ngtcp2_conn_get_max_tx_udp_payload_size(c->quic);
	ngtcp2_vec pieces[PIECES_MAX];
	ngtcp2_pkt_info info;

	ngtcp2_path_storage_zero(ps);
	if (max > cap)
		max = cap;
	for (;;) {
		struct stream *s = c->completed ? TAILQ_FIRST(&c->ready) : NULL;
		uint32_t flags = NGTCP2_WRITE_STREAM_FLAG_NONE;
		ngtcp2_ssize n, taken = -1;
		size_t count = 0;
		bool whole = false;

		if (s) {
			flags = NGTCP2_WRITE_STREAM_FLAG_MORE;
			count = sendbuf_pieces(&s->out, pieces, PIECES_MAX, &whole);
			if (whole && s->fin)
				flags |= NGTCP2_WRITE_STREAM_FLAG_FIN;
		}
		n = ngtcp2_conn_writev_stream(c->quic, &ps->path, &info, to, max, &taken,
			flags, s ? s->id : -1, pieces, count, now_ns);
		if (s && taken >= 0) {
			sendbuf_sent(&s->out, (size_t)taken);
			if ((flags & NGTCP2_WRITE_STREAM_FLAG_FIN) &&
				s->out.sent == s->out.end)
				s->fin_sent = true;
			stream_unready(s); /* to the end of the turn if there is more */
			stream_ready(s);
		}
		if (n == NGTCP2_ERR_STREAM_DATA_BLOCKED && s)
			stream_block(s);
		else if ((n == NGTCP2_ERR_STREAM_SHUT_WR ||
				 n == NGTCP2_ERR_STREAM_NOT_FOUND) &&
			 s)
			stream_unready(s);
		else if (n != NGTCP2_ERR_WRITE_MORE)
			return n;
	}
}

/*
 * A burst is paced by the one before it, and only when there is a next one: told right
 * after the burst, ngtcp2 names a moment some microseconds later, which wakes us for
 * nothing. Not before the handshake is through: ngtcp2 0.12 would pace our Finished by
 * the initial RTT, 22 ms of 50 (STACK.md 2.4-B). 1.x is told right after the burst.
 */
static int
pace(struct conn *c)
{
	uint64_t now_ns = c->endpoint->now_ns;

	if (!c->completed || c->burst_ns == 0)
		return 0;
	ngtcp2_conn_update_pkt_tx_time(c->quic, c->burst_ns);
	c->burst_ns = 0;
	/* A moment that is past would go on being named. */
	if (ngtcp2_conn_get_expiry(c->quic) <= now_ns)
		return ngtcp2_conn_handle_expiry(c->quic, now_ns);
	return 0;
}

size_t
conn_io_send(struct conn *c, uint8_t *to, size_t cap, struct path *path)
{
	struct endpoint *e = c->endpoint;
	ngtcp2_path_storage ps;
	ngtcp2_ssize n;
	bool turn_over;

	if (c->deadlines_wanted)
		stream_start_deadlines(c);
	n = pace(c);
	if (n == 0)
		n = write_packet(c, to, cap, &ps);
	if (n < 0) {
		conn_end_local(c, (int)n);
		return 0;
	}
	if (!settle(c))
		return 0;
	if (n > 0) {
		path_from_ngtcp2(path, &ps.path);
		c->burst_len += (size_t)n;
		c->bytes_sent += (size_t)n;
		c->packets_sent++;
		c->ended_requests = 0;
	}
	if (n > 0 || (c->held_ns != 0 && e->now_ns >= c->held_ns)) {
		c->held_ns = c->held_packets = 0;
		c->calm = false;
	}
	turn_over = n == 0 || c->burst_len >= ngtcp2_conn_get_send_quantum(c->quic);
	if (!turn_over)
		return (size_t)n;
	if (c->burst_len > 0 && COMPAT_PACES_LATER)
		c->burst_ns = e->now_ns;
	else if (c->burst_len > 0 && c->completed)
		ngtcp2_conn_update_pkt_tx_time(c->quic, e->now_ns);
	c->burst_len = 0;
	conn_unmark(c);
	if (n > 0)
		conn_mark(c);	/* again, behind the others */
	conn_schedule(c);
	return (size_t)n;
}

void
conn_io_expire(struct conn *c)
{
	struct endpoint *e = c->endpoint;
	int err;

	if (c->handshake && e->now_ns >= c->handshake->deadline_ns) {
		conn_end_local(c, NGTCP2_ERR_HANDSHAKE_TIMEOUT);
		return;
	}
	if (ngtcp2_conn_get_expiry(c->quic) <= e->now_ns) {
		err = ngtcp2_conn_handle_expiry(c->quic, e->now_ns);
		if (err) {
			conn_end_local(c, err);
			return;
		}
		/* Armed after sending: until then ngtcp2 may name this moment again. */
		conn_mark(c);
		return;
	}
	if (c->calm && c->held_ns <= e->now_ns)
		conn_mark(c);
	else
		conn_schedule(c);
}

void
conn_io_close(struct conn *c, enum quic_close_code code, const char *text)
{
	uint8_t packet[QUIC_PACKET_LEN_MAX];
	ngtcp2_path_storage ps;
	struct path path;
	ngtcp2_ssize n;
	int count;

	/*
	 * A burst is paced over less than a round trip. There is no later here, and so no
	 * waiting; the window still holds, and LAST_PACKETS_MAX.
	 */
	c->ahead_ns = ngtcp2_conn_get_pto(c->quic);
	for (count = 0; c->up && count < LAST_PACKETS_MAX; count++) {
		n = write_packet(c, packet, sizeof packet, &ps);
		if (n <= 0)
			break;
		path_from_ngtcp2(&path, &ps.path);
		replies_push(c->endpoint, &path, packet, (size_t)n);
	}
	conn_end_app(c, code, text);
}
