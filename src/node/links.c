/* SPDX-License-Identifier: MIT */
#include "node/links.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "node/backlog.h"
#include "node/links_state.h"
#include "node/messages.h"
#include "wire/frame.h"

#define EVENTS_CAP 4096

/* The map is keyed by 32-byte ids; a connection number is one with zeros behind it. */
static struct peer_id
conn_key(uint64_t conn)
{
	struct peer_id key = { { 0 } };

	memcpy(key.bytes, &conn, sizeof(conn));
	return key;
}

struct link_event *
links_state_push(struct links *l, enum link_event_kind kind, const struct peer_id *peer)
{
	struct link_event *ev = ring_push(&l->events);

	ev->kind = kind;
	ev->peer = *peer;
	return ev;
}

struct contact *
links_state_contact(struct links *l, const struct peer_id *peer)
{
	struct contact *c = idmap_find(l->contacts, peer);

	if (c == NULL) {
		c = mem_new(MEM_LINK, sizeof(*c));
		c->peer = *peer;
		buf_init(&c->backlog, LINK_QUEUE_LEN_MAX);
		idmap_put(l->contacts, peer, c);
	}
	return c;
}

/* A contact lives as long as something refers to it. */
static void
contact_release(struct links *l, struct contact *c)
{
	if (c->up != NULL || c->dialing != NULL)
		return;
	idmap_remove(l->contacts, &c->peer);
	buf_fini(&c->backlog);
	mem_free(MEM_LINK, c);
}

struct link *
links_state_link(struct links *l, uint64_t conn, const struct peer_id *peer, bool dialed,
	uint64_t now_ns)
{
	struct link *k = mem_new(MEM_LINK, sizeof(*k));
	struct peer_id key = conn_key(conn);

	k->conn = conn;
	k->peer = *peer;
	k->dialed = dialed;
	k->began_ns = now_ns;
	k->state = LINK_DIALING;
	buf_init(&k->early, LINK_QUEUE_LEN_MAX);
	idmap_put(l->by_conn, &key, k);
	return k;
}

static void
link_free(struct links *l, struct link *k)
{
	struct peer_id key = conn_key(k->conn);

	links_greet_end(l, k);
	heap_cancel(&l->timers, &k->timer);
	idmap_remove(l->by_conn, &key);
	buf_fini(&k->early);
	mem_free(MEM_LINK, k);
}

void
links_init(struct links *l, struct endpoint *e, struct book *b)
{
	memset(l, 0, sizeof(*l));
	l->endpoint = e;
	l->book = b;
	l->by_conn = idmap_new();
	l->contacts = idmap_new();
	TAILQ_INIT(&l->greeting);
	l->greeting_max = LINKS_GREETING_MAX;
	heap_init(&l->timers);
	ring_init(&l->events, sizeof(struct link_event), EVENTS_CAP);
}

void
links_fini(struct links *l)
{
	struct idmap_item *it;

	while ((it = idmap_first(l->by_conn)) != NULL)
		link_free(l, idmap_value(it));
	while ((it = idmap_first(l->contacts)) != NULL) {
		struct contact *c = idmap_value(it);

		c->up = c->dialing = NULL;
		contact_release(l, c);
	}
	idmap_free(l->by_conn);
	idmap_free(l->contacts);
	heap_fini(&l->timers);
	ring_fini(&l->events);
}

/* Dials the next address of the contact that our sockets can reach. */
static int
dial(struct links *l, struct contact *c, uint64_t now_ns)
{
	const struct book_entry *e = book_find(l->book, &c->peer);
	int err = ERR_UNKNOWN;

	for (; e != NULL && c->address_next < e->address_count; c->address_next++) {
		const struct address *a = &e->addresses[c->address_next];
		struct path path = { .remote = *a };
		uint64_t conn;

		for (size_t i = 0; i < 2; i++)
			if (l->bound[i].family == a->family)
				path.local = l->bound[i];
		if (path.local.family == 0)
			continue;
		err = endpoint_dial(l->endpoint, &c->peer, &path, now_ns, &conn);
		if (err != ERR_OK)
			continue;
		c->address_next++;
		c->dialing = links_state_link(l, conn, &c->peer, true, now_ns);
		c->dialing->path = path;
		/* Gateways are at home on the backbone. */
		c->dialing->visit = e->foreign &&
				    strcmp(l->greeter.own.type, "gateway") != 0;
		return ERR_OK;
	}
	return err;
}

int
links_contact(struct links *l, const struct peer_id *peer, uint64_t now_ns)
{
	struct contact *c = links_state_contact(l, peer);
	int err;

	if (c->up != NULL || c->dialing != NULL)
		return ERR_OK;
	c->address_next = 0;
	err = dial(l, c, now_ns);
	if (err != ERR_OK)
		contact_release(l, c);
	return err;
}

struct link *
links_find(const struct links *l, const struct peer_id *peer)
{
	struct contact *c = idmap_find(l->contacts, peer);

	return c != NULL ? c->up : NULL;
}

struct link *
links_of_conn(const struct links *l, uint64_t conn)
{
	struct peer_id key = conn_key(conn);

	return idmap_find(l->by_conn, &key);
}

bool
links_trying(const struct links *l, const struct peer_id *peer)
{
	return idmap_find(l->contacts, peer) != NULL;
}

int
links_gossip(struct links *l, const struct peer_id *peer, const struct peer_id *topic,
	struct view body, bool calm, uint64_t now_ns)
{
	struct contact *c;
	int err = links_contact(l, peer, now_ns);

	if (err != ERR_OK)
		return err;
	c = idmap_find(l->contacts, peer);
	if (c->up == NULL) {
		if (!backlog_put(&c->backlog, topic, body.data, body.len)) {
			l->dropped_backlog++;
			return ERR_LIMIT;
		}
		return ERR_OK;
	}
	c->up->used_ns = now_ns;
	l->frames_sent++;
	messages_gossip(l->messages, true, peer, body.data, body.len);
	if (calm)
		return endpoint_gossip_calm(l->endpoint, c->up->conn, topic, body.data,
			body.len, now_ns);
	return endpoint_gossip(l->endpoint, c->up->conn, topic, body.data, body.len);
}

void
links_gossip_finish(
	struct links *l, const struct peer_id *peer, const struct peer_id *topic)
{
	struct link *k = links_find(l, peer);

	if (k != NULL)
		(void)endpoint_gossip_finish(l->endpoint, k->conn, topic);
}

int
links_frame(struct links *l, struct link *k, uint8_t tag, const void *payload, size_t len)
{
	l->frames_sent++;
	messages_frame(l->messages, true, &k->peer, tag, payload, len);
	return endpoint_control(l->endpoint, k->conn, tag, payload, len);
}

void
links_restarted(struct links *l, const struct peer_id *peer, uint64_t incarnation,
	uint64_t now_ns)
{
	struct link *k = links_find(l, peer);

	if (k != NULL && k->alpn == ALPN_MESHTUI && k->hello.incarnation < incarnation)
		links_close(l, k, CLOSE_SUPERSEDED, "of an earlier start", now_ns);
}

void
links_close(struct links *l, struct link *k, enum quic_close_code code, const char *text,
	uint64_t now_ns)
{
	endpoint_close(l->endpoint, k->conn, code, text, now_ns);
}

/* What is told of an end: a link that was lost, a dial that failed, or nothing at all. */
static void
tell_end(struct links *l, struct contact *c, struct link *k, const struct quic_event *ev,
	uint64_t now_ns)
{
	bool was_up = c->up == k, was_dial = c->dialing == k;
	struct link_event *out;

	if (was_up)
		c->up = NULL;
	if (was_dial)
		c->dialing = NULL;
	if (was_dial && c->up == NULL && !k->refused && ev->end != END_NOT_ADMITTED &&
		dial(l, c, now_ns) == ERR_OK)
		return;
	if (c->up != NULL || c->dialing != NULL || k->refused)
		return;
	if (!was_up && !was_dial && ev->end != END_NOT_ADMITTED)
		return;
	buf_clear(&c->backlog);
	out = links_state_push(l, was_up ? LINK_EVENT_LOST : LINK_EVENT_FAILED, &k->peer);
	out->end = ev->end;
	out->by_peer = ev->by_peer;
	out->incarnation = k->hello.incarnation;
	out->refused = ev->end == END_NOT_ADMITTED;
	text_printable(out->text, sizeof(out->text), ev->bytes.data, ev->bytes.len);
}

static void
on_down(struct links *l, const struct quic_event *ev, uint64_t now_ns)
{
	struct link *k = links_of_conn(l, ev->conn);
	struct contact *c;

	if (k == NULL)
		return;
	c = links_state_contact(l, &k->peer);
	tell_end(l, c, k, ev, now_ns);
	link_free(l, k);
	contact_release(l, c);
}

static void
on_gossip(struct links *l, struct link *k, const struct quic_event *ev, uint64_t now_ns)
{
	struct link_event *out;

	l->frames_received++;
	k->used_ns = now_ns;
	if (k->state != LINK_UP) {
		if (!backlog_put(&k->early, &ev->topic, ev->bytes.data, ev->bytes.len))
			l->dropped_backlog++;
		return;
	}
	out = links_state_push(l, LINK_EVENT_GOSSIP, &k->peer);
	out->topic = ev->topic;
	out->bytes = ev->bytes;
}

void
links_quic(struct links *l, const struct quic_event *ev, uint64_t now_ns)
{
	struct link *k = links_of_conn(l, ev->conn);
	struct link_event *out;

	if (ev->kind == QUIC_UP)
		links_greet(l, ev, now_ns);
	else if (ev->kind == QUIC_DOWN)
		on_down(l, ev, now_ns);
	if (k == NULL)
		return;
	switch (ev->kind) {
	case QUIC_GOSSIP:
		on_gossip(l, k, ev, now_ns);
		break;
	case QUIC_CONTROL:
		l->frames_received++;
		if (ev->tag == FRAME_HELLO) {
			links_greet_hello(l, k, ev->bytes, now_ns);
		} else if (k->state == LINK_UP) {
			out = links_state_push(l, LINK_EVENT_FRAME, &k->peer);
			out->tag = ev->tag;
			out->bytes = ev->bytes;
		} else {
			links_close(l, k, CLOSE_PROTOCOL, "the first frame must be HELLO",
				now_ns);
		}
		break;
	case QUIC_PATH:
		k->path = ev->path;
		break;
	default:
		break;
	}
}

bool
links_next_event(struct links *l, struct link_event *ev)
{
	if (l->events.count == 0)
		return false;
	*ev = *(struct link_event *)ring_at(&l->events, 0);
	ring_pop(&l->events);
	return true;
}

size_t
links_up(const struct links *l, struct link **to, size_t cap)
{
	size_t n = 0;

	for (struct idmap_item *it = idmap_first(l->contacts); it && n < cap;
		it = idmap_next(it)) {
		struct contact *c = idmap_value(it);

		if (c->up != NULL)
			to[n++] = c->up;
	}
	return n;
}

struct link *
links_next_due(struct links *l, uint64_t now_ns)
{
	struct heap_entry *e;

	while ((e = heap_next_due(&l->timers, now_ns)) != NULL) {
		struct link *k =
			(struct link *)((char *)e - offsetof(struct link, timer));

		if (k->state == LINK_UP)
			return k;
		l->greetings_late++;
		links_close(l, k, CLOSE_PROTOCOL, "no HELLO in time", now_ns);
	}
	return NULL;
}
