/* SPDX-License-Identifier: MIT */
#include "node/upkeep.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "node/announce.h"
#include "node/state.h"
#include "wire/frame.h"

#define CONNS_AT_ONE_ADDRESS 8
/* So long after a probe a link is watched like that with a neighbor. */
#define PROBED SECONDS(3)

static void
send_ping(struct node *n, struct link *k, uint64_t now_ns)
{
	struct frame_ping p = { .nonce = k->watch.pings,
		.clock_ms = n->wall_offset_ms + now_ns / NS_PER_MS };
	struct buf b;

	buf_init(&b, FRAME_CONTROL_LEN_MAX);
	frame_ping_encode(&b, &p);
	(void)links_frame(&n->links, k, FRAME_PING, b.data, b.len);
	buf_fini(&b);
}

static void
check_watch(struct node *n, struct link *k, uint64_t heard_ns, uint64_t now_ns)
{
	bool hinted = k->watch.hinted;
	uint64_t due;

	switch (watch_check(&k->watch, announce_scaled(n, WATCH_SILENCE), heard_ns,
		now_ns, &due)) {
	case WATCH_PING:
		if (k->alpn == ALPN_MESHTUI)
			send_ping(n, k, now_ns);
		break;
	case WATCH_DEAD: {
		struct peer_id peer = k->peer;
		uint64_t incarnation = k->hello.incarnation;
		bool neighbor = meshes_have_neighbor(n, &peer);

		links_close(&n->links, k, CLOSE_STALLED, "no answer", now_ns);
		if (!neighbor)
			return;		/* who only looked at it accuses nobody */
		announce_accusation(n, &peer, incarnation,
			hinted ? ACCUSED_REFUSED : ACCUSED_NO_ANSWER, now_ns);
		return;
	}
	case WATCH_WAIT:
		break;
	}
	heap_arm(&n->links.timers, &k->timer, due);
}

static void
check_link(struct node *n, struct link *k, uint64_t now_ns)
{
	struct endpoint_conn_info info;

	if (endpoint_conn_info(n->endpoint, k->conn, &info) != ERR_OK)
		return;		/* closing: its QUIC_DOWN removes it */
	if (k != links_find(&n->links, &k->peer))
		return;		/* superseded */
	if (k->watch.probing || meshes_have_neighbor(n, &k->peer) ||
		(k->probed_ns != 0 && now_ns < k->probed_ns + PROBED)) {
		check_watch(n, k, info.last_received_ns, now_ns);
		return;
	}
	if (!meshes_need(n, &k->peer) && now_ns >= k->used_ns + UPKEEP_UNUSED) {
		links_close(&n->links, k, CLOSE_IDLE, "not in use", now_ns);
		return;
	}
	heap_arm(&n->links.timers, &k->timer,
		now_ns + announce_scaled(n, WATCH_SILENCE));
}

/* The link that serves no topic and was used least lately, or NULL. */
static struct link *
dispensable(struct node *n, const struct link *but, struct link **up, size_t count)
{
	struct link *least = NULL;

	for (size_t i = 0; i < count; i++) {
		if (up[i] == but || meshes_need(n, &up[i]->peer))
			continue;
		if (least == NULL || up[i]->used_ns < least->used_ns)
			least = up[i];
	}
	return least;
}

void
upkeep_make_room(struct node *n, struct link *k, uint64_t now_ns)
{
	struct link *up[LINKS_MAX + 1], *out;
	size_t count;

	if (idmap_count(n->links.contacts) <= n->links_max)
		return;
	count = links_up(&n->links, up, LINKS_MAX + 1);
	if (count <= n->links_max)
		return;
	out = dispensable(n, k, up, count);
	n->links_full++;
	links_close(&n->links, out != NULL ? out : k, CLOSE_LIMIT, "too many links",
		now_ns);
}

void
upkeep_tick(struct node *n, uint64_t now_ns)
{
	struct link *up[LINKS_MAX], *k;
	size_t count;

	if (heap_deadline(&n->links.timers) > now_ns)
		return;
	while ((k = links_next_due(&n->links, now_ns)) != NULL)
		check_link(n, k, now_ns);
	/*
	 * The others have been heard since their timers were set: look now, so that five
	 * neighbors that talk are one wake-up in 3 s and not five.
	 */
	count = links_up(&n->links, up, LINKS_MAX);
	for (size_t i = 0; i < count; i++)
		if (!up[i]->watch.probing && heap_armed(&up[i]->timer))
			check_link(n, up[i], now_ns);
}

/* Its clock was read half a round trip ago, as far as anybody knows. */
static void
take_clock(struct node *n, struct link *k, const struct frame_pong *p, uint64_t now_ns)
{
	uint64_t now_ms = n->wall_offset_ms + now_ns / NS_PER_MS;

	if (p->ping_clock_ms > now_ms)
		return;		/* our own clock went back meanwhile */
	k->skew_ms = (int64_t)(p->clock_ms - (p->ping_clock_ms +
				       (now_ms - p->ping_clock_ms) / 2));
	k->clocked = true;
}

void
upkeep_ask(struct node *n, struct link *k, uint64_t now_ns)
{
	if (k->alpn == ALPN_MESHTUI)
		send_ping(n, k, now_ns);
}

void
upkeep_probe(struct node *n, const struct peer_id *peer, uint64_t now_ns)
{
	struct link *k = links_find(&n->links, peer);

	if (n->leave_ns != 0)
		return;
	if (k == NULL) {
		if (!links_trying(&n->links, peer))
			(void)links_contact(&n->links, peer, now_ns);
		return;
	}
	k->used_ns = now_ns;
	if (k->probed_ns == 0)
		heap_arm(&n->links.timers, &k->timer, now_ns + WATCH_SILENCE);
	k->probed_ns = now_ns;
	if (k->alpn == ALPN_MESHTUI)
		send_ping(n, k, now_ns);
}

void
upkeep_frame(
	struct node *n, struct link *k, uint8_t tag, struct view payload, uint64_t now_ns)
{
	struct frame_ping ping;
	struct frame_pong pong;
	struct buf b;

	if (tag != FRAME_PING) {
		/* To the watch a PONG did its work when its packet came. */
		if (tag == FRAME_PONG && frame_pong_decode(payload, &pong) == ERR_OK)
			take_clock(n, k, &pong, now_ns);
		if (tag > FRAME_GOODBYE)
			n->links.frames_unknown++;
		return;
	}
	if (frame_ping_decode(payload, &ping) != ERR_OK) {
		links_close(&n->links, k, CLOSE_PROTOCOL, "broken PING", now_ns);
		return;
	}
	k->used_ns = now_ns;	/* the peer wants it */
	pong = (struct frame_pong){ .nonce = ping.nonce, .ping_clock_ms = ping.clock_ms,
		.clock_ms = n->wall_offset_ms + now_ns / NS_PER_MS };
	buf_init(&b, FRAME_CONTROL_LEN_MAX);
	frame_pong_encode(&b, &pong);
	(void)links_frame(&n->links, k, FRAME_PONG, b.data, b.len);
	buf_fini(&b);
}

void
upkeep_hint(struct node *n, const struct address *remote, uint64_t now_ns)
{
	uint64_t conns[CONNS_AT_ONE_ADDRESS];
	size_t count =
		endpoint_conns_to(n->endpoint, remote, conns, CONNS_AT_ONE_ADDRESS);

	if (count > CONNS_AT_ONE_ADDRESS)
		count = CONNS_AT_ONE_ADDRESS;
	for (size_t i = 0; i < count; i++) {
		struct link *k = links_of_conn(&n->links, conns[i]);

		if (k == NULL)
			continue;
		if (k->state == LINK_DIALING) {
			endpoint_close(n->endpoint, k->conn, CLOSE_GOING_AWAY, "refused",
				now_ns);
			continue; /* a dial has no one to be wrong about: the next address
				   */
		}
		if (k->state != LINK_UP)
			continue;
		watch_hint(&k->watch, now_ns);
		heap_arm(&n->links.timers, &k->timer, now_ns);
	}
}

void
upkeep_doubt(struct node *n, const struct peer_id *peer, uint64_t now_ns)
{
	struct link *k = links_find(&n->links, peer);

	if (k == NULL || k->state != LINK_UP || k->watch.probing ||
		!meshes_have_neighbor(n, peer))
		return;
	k->watch = (struct watch){ .probing = true, .began_ns = now_ns };
	heap_arm(&n->links.timers, &k->timer, now_ns);
}

void
upkeep_lost(struct node *n, const struct link_event *ev, uint64_t now_ns)
{
	struct node_event *out = node_push(n, NODE_EVENT_LINK, &ev->peer);

	snprintf(out->text, sizeof(out->text), "down: %s%s%s%s", quic_end_text(ev->end),
		ev->by_peer ? ", by the peer" : "", ev->text[0] != '\0' ? ": " : "",
		ev->text);
	if (ev->end == END_IDLE && meshes_have_neighbor(n, &ev->peer))
		announce_accusation(n, &ev->peer, ev->incarnation, ACCUSED_NO_ANSWER,
			now_ns);
	meshes_tell_all(n, GOSSIP_IN_LOST, &ev->peer, now_ns);
}
