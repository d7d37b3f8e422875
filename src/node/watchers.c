/* SPDX-License-Identifier: MIT */
#include "node/watchers.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "node/counts.h"
#include "node/messages.h"
#include "node/state.h"
#include "wire/varint.h"
#include "wire/watched.h"

/* Rows in one item: so that an item is well below a frame. */
#define LINKS_AT_ONCE 48
#define ITEM_LEN_MAX (WATCH_FRAME_LEN_MAX - 64)

struct watcher {
	TAILQ_ENTRY(watcher) by_age;
	struct serving *serving;
	uint32_t topics;
	struct journal_cursor spans, messages;
	uint64_t event;			/* the last one told */
	uint64_t boot_changes;		/* as they were told */
	uint64_t told_ns, snapshot_ns;	/* when last; 0 never */
	bool full;			/* it does not read as fast as we tell */
};

static bool
wants(const struct watcher *w, enum watched_topic t)
{
	return (w->topics & 1u << t) != 0;
}

void
watchers_init(struct watchers *w)
{
	*w = (struct watchers){ .count = 0 };
	TAILQ_INIT(&w->all);
}

static void
watcher_free(struct node *n, struct watcher *w)
{
	struct watchers *all = &n->watchers;
	struct watcher *other;

	TAILQ_REMOVE(&all->all, w, by_age);
	all->count--;
	mem_free(MEM_WATCHER, w);
	TAILQ_FOREACH(other, &all->all, by_age)
		if (wants(other, WATCHED_MESSAGES))
			return;
	messages_free(all->messages);
	all->messages = n->links.messages = NULL;
}

void
watchers_fini(struct node *n)
{
	struct watcher *w;

	while ((w = TAILQ_FIRST(&n->watchers.all)) != NULL)
		watcher_free(n, w);
}

static void
on_over(struct node *n, struct serving *s, uint64_t now_ns)
{
	(void)now_ns;
	watcher_free(n, s->state);
}

/* Numbers from another life of this node are no numbers of ours. */
static struct journal_cursor
cursor_after(const struct journal *j, uint64_t since)
{
	if (since == NEVER)
		return journal_end(j);
	if (since == 0 || since >= j->next_seq)
		return (struct journal_cursor){ .seq = 0 };
	return journal_seek(j, since + 1);
}

/* One that asks again and again leaves room for others. */
static bool
has_room(const struct watchers *all, const struct peer_id *peer)
{
	const struct watcher *w;
	size_t of_peer = 0;

	TAILQ_FOREACH(w, &all->all, by_age)
		of_peer += id_equal(&w->serving->peer, peer);
	return all->count < WATCHERS_MAX && of_peer < WATCHERS_PEER_MAX;
}

void
watchers_serve(struct node *n, struct serving *s, struct view body, uint64_t now_ns)
{
	struct watchers *all = &n->watchers;
	struct watched_ask ask;
	struct watcher *w;
	bool room = has_room(all, &s->peer);

	if (watched_ask_read(&body, &ask) != ERR_OK ||
		(ask.topics & WATCHED_ALL) == 0 || !room) {
		n->serve.full += !room;
		serve_refuse(n, s, "too many watch, or nothing is watched", now_ns);
		return;
	}
	w = mem_new(MEM_WATCHER, sizeof(*w));
	w->serving = s;
	w->topics = ask.topics & WATCHED_ALL;
	w->spans = cursor_after(span_store_journal(n->spans), ask.since_spans);
	w->event = ask.since_events;
	if (all->timeline != NULL && w->event > timeline_last(all->timeline))
		w->event = w->event == NEVER ? timeline_last(all->timeline) : 0;
	if (wants(w, WATCHED_MESSAGES)) {
		if (all->messages == NULL)
			all->messages = messages_new(n->spans);
		n->links.messages = all->messages;
		messages_at(all->messages, now_ns);
		w->messages = journal_end(messages_journal(all->messages));
	}
	s->state = w;
	s->over = on_over;
	TAILQ_INSERT_TAIL(&all->all, w, by_age);
	all->count++;
}

static bool
behind(const struct node *n, const struct watcher *w)
{
	const struct watchers *all = &n->watchers;

	if (wants(w, WATCHED_BOOT) && all->boot != NULL &&
		w->boot_changes != all->boot_changes)
		return true;
	if (wants(w, WATCHED_SPANS) &&
		w->spans.seq < span_store_journal(n->spans)->next_seq &&
		journal_count(span_store_journal(n->spans)) > 0)
		return true;
	if (wants(w, WATCHED_EVENTS) && all->timeline != NULL &&
		w->event < timeline_last(all->timeline))
		return true;
	return wants(w, WATCHED_MESSAGES) &&
		w->messages.seq < messages_journal(all->messages)->next_seq;
}

/* Puts the item and empties the body; false when the frame is full now. */
static bool
put_item(struct node *n, struct buf *frame, enum watched_topic t, uint64_t lost,
	struct buf *body)
{
	n->watchers.lost += lost;
	watched_item_put(frame, t, lost, body);
	buf_clear(body);
	return frame->len < WATCHER_FRAME_LEN;
}

static bool
tell_boot(struct node *n, struct watcher *w, struct buf *frame, struct buf *body)
{
	const struct watchers *all = &n->watchers;

	if (!wants(w, WATCHED_BOOT) || all->boot == NULL ||
		w->boot_changes == all->boot_changes)
		return true;
	w->boot_changes = all->boot_changes;
	span_set_put(body, all->boot);
	return put_item(n, frame, WATCHED_BOOT, 0, body);
}

static bool
tell_spans(struct node *n, struct watcher *w, struct buf *frame, struct buf *body)
{
	uint64_t seq, lost = 0;
	struct view v;

	while (wants(w, WATCHED_SPANS) &&
		journal_next(span_store_journal(n->spans), &w->spans, &v, &seq, &lost)) {
		varint_put(body, seq);
		varint_put(body, span_store_wall_us(n->spans));
		buf_put(body, v.data, v.len);
		if (!put_item(n, frame, WATCHED_SPANS, lost, body))
			return false;
		lost = 0;
	}
	return true;
}

static bool
tell_messages(struct node *n, struct watcher *w, struct buf *frame, struct buf *body)
{
	uint64_t seq, lost = 0;
	struct view v;

	while (wants(w, WATCHED_MESSAGES) &&
		journal_next(messages_journal(n->watchers.messages), &w->messages, &v,
			&seq, &lost)) {
		buf_put(body, v.data, v.len);
		if (!put_item(n, frame, WATCHED_MESSAGES, lost, body))
			return false;
		lost = 0;
	}
	return true;
}

static void
put_event(struct node *n, const struct timeline_event *e, struct buf *body)
{
	struct watched_event w = { .seq = e->seq,
		.wall_us = span_store_wall_at(n->spans, e->at_ns), .id = e->id };

	snprintf(w.kind, sizeof(w.kind), "%s", timeline_kind_text(e->kind));
	snprintf(w.source, sizeof(w.source), "%s", e->source);
	snprintf(w.node, sizeof(w.node), "%s", e->node);
	snprintf(w.mesh, sizeof(w.mesh), "%s", e->mesh);
	snprintf(w.text, sizeof(w.text), "%s", e->text);
	watched_event_put(body, &w);
}

static bool
tell_events(struct node *n, struct watcher *w, struct buf *frame, struct buf *body)
{
	const struct timeline *t = n->watchers.timeline;

	if (!wants(w, WATCHED_EVENTS) || t == NULL)
		return true;
	while (w->event < timeline_last(t)) {
		uint64_t seq = w->event + 1, lost = 0;

		if (seq < timeline_first(t)) {
			/* Who asked for all that is kept has missed nothing. */
			lost = w->event == 0 && w->told_ns == 0
				? 0 : timeline_first(t) - seq;
			seq = timeline_first(t);
		}
		put_event(n, timeline_find(t, seq), body);
		w->event = seq;
		if (!put_item(n, frame, WATCHED_EVENTS, lost, body))
			return false;
	}
	return true;
}

static void
put_link(struct node *n, const struct link_row *row, uint64_t now_ns, struct buf *body)
{
	struct watched_link k = { .peer = row->peer, .dialed = row->dialed,
		.overlay = row->overlay, .observer = row->observer,
		.remote = row->remote, .rtt_ns = row->rtt_ns,
		.age_ms = (now_ns - row->since_ns) / NS_PER_MS,
		.bytes_sent = row->bytes_sent, .bytes_received = row->bytes_received };
	struct endpoint_conn_info info;
	struct link *at = links_find(&n->links, &row->peer);

	snprintf(k.name, sizeof(k.name), "%s", row->peer_name);
	if (at != NULL && endpoint_conn_info(n->endpoint, at->conn, &info) == ERR_OK) {
		k.cwnd_bytes = info.cwnd_bytes;
		k.packets_sent = info.packets_sent;
		k.packets_received = info.packets_received;
		k.packets_lost = info.packets_lost;
	}
	watched_link_put(body, &k);
}

static void
tell_links(struct node *n, uint64_t now_ns, struct buf *frame, struct buf *body)
{
	struct link_row *rows = mem_array(LINKS_MAX, sizeof(*rows));
	struct watched_part p = { 0, (uint32_t)node_links(n, rows, LINKS_MAX) };

	do {
		watched_part_put(body, &p);
		for (uint32_t i = 0; i < LINKS_AT_ONCE && p.first < p.total; i++)
			put_link(n, &rows[p.first++], now_ns, body);
		(void)put_item(n, frame, WATCHED_LINKS, 0, body);
	} while (p.first < p.total && frame->len < WATCHER_FRAME_LEN);
	free(rows);
}

static void
tell_objects(struct node *n, struct buf *frame, struct buf *body)
{
	static const char *const names[NODE_COUNTS] = {
#define COUNT(name, group, text) [NODE_COUNT_##name] = text,
#include "mesh/counts.def"
#undef COUNT
	};
	uint64_t counts[NODE_COUNTS];
	struct watched_part p = { 0, MEM_CLASSES + NODE_COUNTS };

	counts_fill(n, counts);
	watched_part_put(body, &p);
	for (int i = 0; i < MEM_CLASSES; i++) {
		struct mem_count c = mem_count((enum mem_class)i);
		struct watched_object o = { .made = c.made, .destroyed = c.destroyed };

		snprintf(o.name, sizeof(o.name), "%s", mem_class_name((enum mem_class)i));
		watched_object_put(body, &o);
	}
	for (int i = 0; i < NODE_COUNTS; i++) {
		struct watched_object o = { .count = true, .made = counts[i] };

		snprintf(o.name, sizeof(o.name), "%s", names[i]);
		watched_object_put(body, &o);
	}
	(void)put_item(n, frame, WATCHED_OBJECTS, 0, body);
}

static bool
snapshot_due(const struct watcher *w, uint64_t now_ns)
{
	return (wants(w, WATCHED_LINKS) || wants(w, WATCHED_OBJECTS)) &&
		(w->snapshot_ns == 0 || now_ns >= w->snapshot_ns + WATCHER_SNAPSHOT);
}

/* One frame of what there is; false when nothing is left to say. */
static bool
fill(struct node *n, struct watcher *w, struct buf *frame, uint64_t now_ns)
{
	struct buf body;
	bool more;

	buf_init(&body, ITEM_LEN_MAX);
	watched_head_put(frame, span_store_wall_at(n->spans, now_ns));
	if (snapshot_due(w, now_ns)) {
		w->snapshot_ns = now_ns;
		if (wants(w, WATCHED_LINKS))
			tell_links(n, now_ns, frame, &body);
		if (wants(w, WATCHED_OBJECTS))
			tell_objects(n, frame, &body);
	}
	more = !tell_boot(n, w, frame, &body) || !tell_events(n, w, frame, &body) ||
		!tell_spans(n, w, frame, &body) || !tell_messages(n, w, frame, &body);
	buf_fini(&body);
	return more;
}

/* A frame that has no room is lost with what it told: the stream is at its end then. */
static void
tell(struct node *n, struct watcher *w, uint64_t now_ns)
{
	struct buf frame;
	bool more = true;

	buf_init(&frame, WATCH_FRAME_LEN_MAX);
	w->full = false;
	while (more) {
		w->full = serve_queued(n, w->serving) >= WATCHER_QUEUE_LEN_MAX;
		if (w->full)
			break;
		buf_clear(&frame);
		more = fill(n, w, &frame, now_ns);
		if (serve_answer(n, w->serving, frame.data, frame.len, false, now_ns) !=
			ERR_OK)
			break;
		serve_extend(n, w->serving, WATCHER_PATIENCE, now_ns);
	}
	w->told_ns = now_ns;
	buf_fini(&frame);
}

static uint64_t
due_of(const struct node *n, const struct watcher *w)
{
	uint64_t due = w->told_ns + WATCHER_BEAT;

	if (w->told_ns == 0)
		return 0;
	if (wants(w, WATCHED_LINKS) || wants(w, WATCHED_OBJECTS))
		due = w->snapshot_ns + WATCHER_SNAPSHOT;
	if (w->full)
		return w->told_ns + 2 * WATCHER_EVERY;
	return behind(n, w) ? w->told_ns + WATCHER_EVERY : due;
}

void
watchers_turn(struct node *n, uint64_t now_ns)
{
	struct watcher *w;

	messages_at(n->watchers.messages, now_ns);
	TAILQ_FOREACH(w, &n->watchers.all, by_age)
		if (now_ns >= due_of(n, w))
			tell(n, w, now_ns);
}

uint64_t
watchers_deadline(const struct node *n)
{
	uint64_t due = NEVER, at;
	const struct watcher *w;

	TAILQ_FOREACH(w, &n->watchers.all, by_age)
		if ((at = due_of(n, w)) < due)
			due = at;
	return due;
}
