/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <string.h>

#include "base/err.h"
#include "node/backlog.h"
#include "node/links_state.h"
#include "node/messages.h"
#include "wire/frame.h"

void
links_greet_end(struct links *l, struct link *k)
{
	if (!k->greeting)
		return;
	TAILQ_REMOVE(&l->greeting, k, by_greeting);
	l->greeting_count--;
	k->greeting = false;
}

/* Of two links between the same peers, does the new one stay? Both ends answer alike. */
static bool
new_one_stays(const struct links *l, const struct link *old, const struct link *new)
{
	bool we_are_smaller = id_compare(&l->greeter.own_id, &new->peer) < 0;

	if (old->hello.incarnation != new->hello.incarnation)
		return new->hello.incarnation > old->hello.incarnation;
	if (old->dialed == new->dialed)
		return true;
	return new->dialed == we_are_smaller;
}

/*
 * The link is greeted: it takes its contact over, or gives way to the one that is there.
 */
static void
link_up(struct links *l, struct link *k, uint64_t now_ns)
{
	struct contact *c = links_state_contact(l, &k->peer);
	struct link *old = c->up;
	struct view waiting, body;
	struct peer_id topic;

	links_greet_end(l, k);
	k->state = LINK_UP;
	/* Also of one that gives way at once: what came with its HELLO asks for it. */
	k->foreign = k->alpn == ALPN_MESHTUI && greet_foreign(&l->greeter, &k->hello);
	k->since_ns = k->used_ns = now_ns;
	heap_arm(&l->timers, &k->timer, now_ns + WATCH_SILENCE);
	if (c->dialing == k)
		c->dialing = NULL;
	if (old != NULL && !new_one_stays(l, old, k)) {
		l->superseded++;
		links_close(
			l, k, CLOSE_SUPERSEDED, "there is another connection", now_ns);
		return;
	}
	c->up = k;
	if (old != NULL) {
		l->superseded++;
		links_close(l, old, CLOSE_SUPERSEDED, "a newer connection", now_ns);
	}
	book_learn(l->book, &k->peer, k->hello.addresses, k->hello.address_count);
	book_foreign(l->book, &k->peer, k->foreign);
	/* Of other meshes only gateways are worth remembering: they are the way there. */
	if (k->hello.role == HELLO_MEMBER &&
		(!k->foreign || strcmp(k->hello.type, "gateway") == 0))
		book_met(l->book, &k->peer);
	if (old == NULL)
		links_state_push(l, LINK_EVENT_UP, &k->peer);
	waiting = (struct view){ c->backlog.data, c->backlog.len };
	while (backlog_next(&waiting, &topic, &body)) {
		/* It was meant for a node of our mesh, and this is none. */
		if (k->foreign && !id_equal(&topic, &l->backbone_topic))
			continue;
		l->frames_sent++;
		messages_gossip(l->messages, true, &k->peer, body.data, body.len);
		(void)endpoint_gossip(l->endpoint, k->conn, &topic, body.data, body.len);
	}
	buf_clear(&c->backlog);
	waiting = (struct view){ k->early.data, k->early.len };
	while (backlog_next(&waiting, &topic, &body)) {
		struct link_event *ev = links_state_push(l, LINK_EVENT_GOSSIP, &k->peer);

		ev->topic = topic;
		ev->bytes = body;	/* lives as long as the link */
	}
}

void
links_greet_hello(struct links *l, struct link *k, struct view payload, uint64_t now_ns)
{
	struct endpoint_conn_info info;
	char why[GREET_WHY_CAP];

	if (k->state != LINK_GREETING || hello_decode(&k->hello, payload) != ERR_OK) {
		links_close(l, k, CLOSE_PROTOCOL, "broken or repeated HELLO", now_ns);
		return;
	}
	if (endpoint_conn_info(l->endpoint, k->conn, &info) != ERR_OK)
		return;
	if (greet_check(&l->greeter, &k->hello, info.exporter, k->dialed, k->visit,
		    why) != ERR_OK) {
		struct link_event *ev = links_state_push(l, LINK_EVENT_FAILED, &k->peer);

		if (greet_foreign(&l->greeter, &k->hello))
			memcpy(l->stranger, k->hello.mesh, sizeof(l->stranger));
		l->refused++;
		k->refused = ev->refused = true;
		ev->end = END_NOT_ADMITTED;
		memcpy(ev->text, why, sizeof(ev->text));
		links_close(l, k, CLOSE_NOT_ADMITTED, why, now_ns);
		return;
	}
	l->hellos++;
	link_up(l, k, now_ns);
}

/*
 * Strangers that are connected and have not said HELLO yet are few: the oldest gives way.
 * Whoever means it is through within a round trip.
 */
static void
wait_for_hello(struct links *l, struct link *k, uint64_t now_ns)
{
	struct link *first;

	heap_arm(&l->timers, &k->timer, now_ns + HELLO_DEADLINE);
	if (k->dialed)
		return;
	first = l->greeting_count >= l->greeting_max ? TAILQ_FIRST(&l->greeting) : NULL;
	TAILQ_INSERT_TAIL(&l->greeting, k, by_greeting);
	l->greeting_count++;
	k->greeting = true;
	if (first != NULL) {
		l->greetings_full++;
		links_greet_end(l, first);
		links_close(l, first, CLOSE_LIMIT, "too many without a HELLO", now_ns);
	}
}

void
links_greet(struct links *l, const struct quic_event *ev, uint64_t now_ns)
{
	struct link *k = links_of_conn(l, ev->conn);
	struct endpoint_conn_info info;
	struct hello h;
	struct buf b;

	if (k == NULL)
		k = links_state_link(l, ev->conn, &ev->peer, ev->dialed, now_ns);
	k->path = ev->path;
	k->alpn = ev->alpn;
	k->state = LINK_GREETING;
	if (id_equal(&ev->peer, &l->greeter.own_id)) {
		links_close(l, k, CLOSE_PROTOCOL, "that is my own identity", now_ns);
		return;
	}
	if (ev->alpn == ALPN_GOSSIP) {	/* other programs say no HELLO */
		if (l->greeter.key.present) {
			links_close(l, k, CLOSE_NOT_ADMITTED, "a fabric key is required",
				now_ns);
			return;
		}
		link_up(l, k, now_ns);
		return;
	}
	if (endpoint_conn_info(l->endpoint, ev->conn, &info) != ERR_OK)
		return;
	greet_make(&l->greeter, info.exporter, k->dialed, k->visit, &h);
	buf_init(&b, FRAME_CONTROL_LEN_MAX);
	hello_encode(&b, &h);
	assert(!b.failed);
	(void)links_frame(l, k, FRAME_HELLO, b.data, b.len);
	buf_fini(&b);
	wait_for_hello(l, k, now_ns);
}
