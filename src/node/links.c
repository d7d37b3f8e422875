/* SPDX-License-Identifier: MIT */
#include "node/links.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "node/backlog.h"
#include "wire/frame.h"

#define EVENTS_CAP 4096

struct contact {
	struct peer_id peer;
	struct link *up;
	struct link *dialing;
	size_t address_next;	/* of the book entry: which one this dial tries */
	struct buf backlog;	/* gossip that waits for the link */
};

/* The map is keyed by 32-byte ids; a connection number is one with zeros behind it. */
static struct peer_id
conn_key(uint64_t conn)
{
	struct peer_id key = { { 0 } };

	memcpy(key.bytes, &conn, sizeof(conn));
	return key;
}

static struct link_event *
push(struct links *l, enum link_event_kind kind, const struct peer_id *peer)
{
	struct link_event *ev = ring_push(&l->events);

	ev->kind = kind;
	ev->peer = *peer;
	return ev;
}

static struct contact *
contact_of(struct links *l, const struct peer_id *peer)
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

static struct link *
link_new(struct links *l, uint64_t conn, const struct peer_id *peer, bool dialed,
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
		c->dialing = link_new(l, conn, &c->peer, true, now_ns);
		c->dialing->path = path;
		return ERR_OK;
	}
	return err;
}

int
links_contact(struct links *l, const struct peer_id *peer, uint64_t now_ns)
{
	struct contact *c = contact_of(l, peer);
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
	const void *body, size_t len, uint64_t now_ns)
{
	struct contact *c;
	int err = links_contact(l, peer, now_ns);

	if (err != ERR_OK)
		return err;
	c = idmap_find(l->contacts, peer);
	if (c->up == NULL) {
		if (!backlog_put(&c->backlog, topic, body, len)) {
			l->dropped_backlog++;
			return ERR_LIMIT;
		}
		return ERR_OK;
	}
	c->up->used_ns = now_ns;
	l->frames_sent++;
	return endpoint_gossip(l->endpoint, c->up->conn, topic, body, len);
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
	return endpoint_control(l->endpoint, k->conn, tag, payload, len);
}

void
links_close(struct links *l, struct link *k, enum quic_close_code code, const char *text,
	uint64_t now_ns)
{
	endpoint_close(l->endpoint, k->conn, code, text, now_ns);
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
	struct contact *c = contact_of(l, &k->peer);
	struct link *old = c->up;
	struct view waiting, body;
	struct peer_id topic;

	k->state = LINK_UP;
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
	if (k->hello.role == HELLO_MEMBER)
		book_met(l->book, &k->peer);
	if (old == NULL)
		push(l, LINK_EVENT_UP, &k->peer);
	waiting = (struct view){ c->backlog.data, c->backlog.len };
	while (backlog_next(&waiting, &topic, &body)) {
		l->frames_sent++;
		(void)endpoint_gossip(l->endpoint, k->conn, &topic, body.data, body.len);
	}
	buf_clear(&c->backlog);
	waiting = (struct view){ k->early.data, k->early.len };
	while (backlog_next(&waiting, &topic, &body)) {
		struct link_event *ev = push(l, LINK_EVENT_GOSSIP, &k->peer);

		ev->topic = topic;
		ev->bytes = body;	/* lives as long as the link */
	}
}

static void
on_hello(struct links *l, struct link *k, struct view payload, uint64_t now_ns)
{
	struct endpoint_conn_info info;
	char why[GREET_WHY_CAP];

	if (k->state != LINK_GREETING || hello_decode(&k->hello, payload) != ERR_OK) {
		links_close(l, k, CLOSE_PROTOCOL, "broken or repeated HELLO", now_ns);
		return;
	}
	if (endpoint_conn_info(l->endpoint, k->conn, &info) != ERR_OK)
		return;
	if (greet_check(&l->greeter, &k->hello, info.exporter, k->dialed, why) !=
		ERR_OK) {
		struct link_event *ev = push(l, LINK_EVENT_FAILED, &k->peer);

		l->refused++;
		k->refused = ev->refused = true;
		ev->end = END_NOT_ADMITTED;
		memcpy(ev->text, why, sizeof(ev->text));
		links_close(l, k, CLOSE_NOT_ADMITTED, why, now_ns);
		return;
	}
	link_up(l, k, now_ns);
}

static void
on_up(struct links *l, const struct quic_event *ev, uint64_t now_ns)
{
	struct link *k = links_of_conn(l, ev->conn);
	struct endpoint_conn_info info;
	struct hello h;
	struct buf b;

	if (k == NULL)
		k = link_new(l, ev->conn, &ev->peer, ev->dialed, now_ns);
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
	greet_make(&l->greeter, info.exporter, k->dialed, &h);
	buf_init(&b, FRAME_CONTROL_LEN_MAX);
	hello_encode(&b, &h);
	assert(!b.failed);
	(void)links_frame(l, k, FRAME_HELLO, b.data, b.len);
	buf_fini(&b);
	heap_arm(&l->timers, &k->timer, now_ns + HELLO_DEADLINE);
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
	out = push(l, was_up ? LINK_EVENT_LOST : LINK_EVENT_FAILED, &k->peer);
	out->end = ev->end;
	out->by_peer = ev->by_peer;
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
	c = contact_of(l, &k->peer);
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
	out = push(l, LINK_EVENT_GOSSIP, &k->peer);
	out->topic = ev->topic;
	out->bytes = ev->bytes;
}

void
links_quic(struct links *l, const struct quic_event *ev, uint64_t now_ns)
{
	struct link *k = links_of_conn(l, ev->conn);
	struct link_event *out;

	if (ev->kind == QUIC_UP)
		on_up(l, ev, now_ns);
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
			on_hello(l, k, ev->bytes, now_ns);
		} else if (k->state == LINK_UP) {
			out = push(l, LINK_EVENT_FRAME, &k->peer);
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
		links_close(l, k, CLOSE_PROTOCOL, "no HELLO in time", now_ns);
	}
	return NULL;
}
