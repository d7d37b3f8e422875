/* SPDX-License-Identifier: MIT */
#include "app/watching.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "io/loop.h"
#include "node/node.h"
#include "node/shown.h"
#include "trace/span_store.h"

/* A node tells something every 2 s, and at once when it is asked. */
#define PATIENCE SECONDS(7)
/* What is not looked at any more is watched a little longer: people go back and forth. */
#define LINGER SECONDS(5)
#define RETRY_FIRST SECONDS(1)
#define RETRY_MAX SECONDS(30)

/* A place: a node that is or was watched. */
struct gaze {
	bool taken, there;	/* there: in a directory, live, at this turn */
	struct outlook o;
	uint64_t number;	/* of the question under way; 0 none */
	uint32_t topics;	/* of that question */
	bool answered;		/* it was answered once */
	uint64_t wanted_ns;	/* when something was last wanted of it */
	uint64_t retry_ns;
	unsigned failures;
	uint64_t incarnation;	/* as its digests say */
	bool anew;		/* it was started again: it counts from 1 again */
};

struct watching {
	struct node *node;
	struct chronicle *chronicle;
	struct boots *boots;
	struct traces *traces;
	struct gaze gazes[WATCHED_NODES_MAX];
	size_t left_out;
	uint64_t boots_told;
};

struct watching *
watching_new(struct node *n, struct chronicle *chronicle, struct boots *boots)
{
	struct watching *w = mem_new(MEM_WATCHING, sizeof *w);

	w->node = n;
	w->chronicle = chronicle;
	w->boots = boots;
	w->traces = traces_new();
	return w;
}

static void
let_go(struct watching *w, struct gaze *s, uint64_t now_ns)
{
	if (s->number != 0)
		requests_cancel(w->node, s->number, now_ns);
	s->number = 0;
	s->topics = 0;
}

void
watching_free(struct watching *w)
{
	if (w == NULL)
		return;
	for (size_t i = 0; i < WATCHED_NODES_MAX; i++)
		if (w->gazes[i].taken)
			outlook_fini(&w->gazes[i].o);
	traces_free(w->traces);
	mem_free(MEM_WATCHING, w);
}

static struct gaze *
find(struct watching *w, const struct peer_id *id)
{
	for (size_t i = 0; i < WATCHED_NODES_MAX; i++)
		if (w->gazes[i].taken && id_equal(&w->gazes[i].o.id, id))
			return &w->gazes[i];
	return NULL;
}

/* A place for one more; the selected node gets one in any case. */
static struct gaze *
place(struct watching *w, const struct peer_id *id, const char *name, bool must,
	uint64_t now_ns)
{
	struct gaze *s = NULL, *at;

	for (size_t i = 0; i < WATCHED_NODES_MAX; i++) {
		at = &w->gazes[i];
		if (!at->taken) {
			s = at;
			break;
		}
		if (s == NULL || at->wanted_ns < s->wanted_ns)
			s = at;
	}
	if (s->taken && s->there && !must)
		return NULL;
	if (s->taken) {
		let_go(w, s, now_ns);
		outlook_fini(&s->o);
	}
	*s = (struct gaze){ .taken = true };
	outlook_init(&s->o, id, name);
	return s;
}

/*
 * Events are those to come from the first time on: an older one is news to nobody, unless
 * the node was started again since. Of spans the node tells what it kept.
 */
static void
ask(struct watching *w, struct gaze *s, uint32_t topics, uint64_t now_ns)
{
	struct watched_ask a = { .topics = topics, .since_spans = s->o.last_span,
		.since_events = s->o.last_event > 0 || s->anew ? s->o.last_event
							       : NEVER };
	struct request_spec spec = { .peer = s->o.id, .tag = FRAME_WATCH,
		.streaming = true, .patience_ns = PATIENCE,
		.cookie = (uint64_t)(s - w->gazes) };
	struct buf b;

	let_go(w, s, now_ns);
	buf_init(&b, 64);
	watched_ask_put(&b, &a);
	spec.payload = b.data;
	spec.len = b.len;
	if (requests_ask(w->node, &spec, now_ns, &s->number) == ERR_OK) {
		s->topics = topics;
		s->answered = false;
	} else {
		s->number = 0;
		s->retry_ns = now_ns + RETRY_FIRST;
	}
	buf_fini(&b);
}

static void
want(struct watching *w, const struct directory_entry *e, const struct console_wants *x,
	uint64_t now_ns)
{
	const struct peer_id *id = &e->digest.id;
	bool selected = id_equal(id, &x->selected);
	uint32_t topics = x->all | (selected ? x->of_selected : 0);
	struct gaze *s = find(w, id);
	char name[NAME_LEN_MAX + 1];

	if (s != NULL)
		s->there = true;
	if (topics == 0)
		return;
	if (s == NULL)
		s = place(w, id, directory_name(e, name), selected, now_ns);
	if (s == NULL) {
		w->left_out++;
		return;
	}
	if (s->incarnation != 0 && s->incarnation != e->digest.incarnation) {
		s->o.last_span = s->o.last_event = 0;
		s->anew = true;
	}
	s->incarnation = e->digest.incarnation;
	s->there = true;
	s->wanted_ns = now_ns;
	if ((s->number == 0 && now_ns >= s->retry_ns) ||
		(s->number != 0 && (topics & ~s->topics) != 0))
		ask(w, s, topics, now_ns);
}

void
watching_turn(struct watching *w, const struct console_wants *x, uint64_t now_ns)
{
	struct mesh_row rows[MESHES_MAX];
	size_t count = node_meshes(w->node, rows, MESHES_MAX);

	w->left_out = 0;
	for (size_t i = 0; i < WATCHED_NODES_MAX; i++)
		w->gazes[i].there = false;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < directory_count(rows[i].directory); k++) {
			const struct directory_entry *e =
				directory_at(rows[i].directory, k);

			if (directory_is_node(e) && e->liveness == LIVENESS_LIVE)
				want(w, e, x, now_ns);
		}
	for (size_t i = 0; i < WATCHED_NODES_MAX; i++) {
		struct gaze *s = &w->gazes[i];

		if (s->number != 0 && now_ns >= s->wanted_ns + LINGER)
			let_go(w, s, now_ns);
	}
}

static uint64_t
our_wall_us(const struct watching *w, uint64_t at_ns)
{
	return span_store_wall_at(node_spans(w->node), at_ns);
}

static void
on_span(void *ctx, const struct outlook *o, const struct watched_span *s)
{
	struct watching *w = ctx;
	struct traces_from from = { .node = o->id, .name = o->name,
		.wall_us = (int64_t)s->wall_us - o->ahead_us, .bound_us = o->bound_us };

	traces_add(w->traces, &from, s->trace, &s->span);
}

static void
on_watched_event(void *ctx, const struct outlook *o, const struct watched_event *e,
	uint64_t at_ns)
{
	struct watching *w = ctx;

	(void)o;
	chronicle_remote(w->chronicle, e, at_ns);
}

static void
ended(struct watching *w, struct gaze *s, uint64_t now_ns)
{
	uint64_t wait_ns = RETRY_FIRST << (s->failures < 5 ? s->failures : 5);

	(void)w;
	s->number = 0;
	s->failures++;
	s->retry_ns = now_ns + (wait_ns < RETRY_MAX ? wait_ns : RETRY_MAX);
}

bool
watching_answer(struct watching *w, const struct request_answer *a)
{
	const struct outlook_sink sink = { on_span, on_watched_event, w };
	struct gaze *s;

	if (a->tag != FRAME_WATCH || a->cookie >= WATCHED_NODES_MAX)
		return false;
	s = &w->gazes[a->cookie];
	if (!s->taken || s->number != a->number)
		return true;	/* of a question that was given up */
	if (a->end != REQUEST_GOES_ON) {
		ended(w, s, a->at_ns);
		return true;
	}
	if (!s->answered)
		outlook_clock(&s->o, a->bytes, our_wall_us(w, a->sent_ns),
			our_wall_us(w, a->at_ns));
	s->answered = true;
	s->failures = 0;
	outlook_take(&s->o, a->bytes, a->at_ns, &sink);
	if (s->o.boot_ns == a->at_ns) {
		boots_told(w->boots, &s->o.id, s->o.name, &s->o.boot, a->at_ns);
		w->boots_told++;
	}
	return true;
}

uint64_t
watching_boots(const struct watching *w)
{
	return w->boots_told;
}

size_t
watching_outlooks(const struct watching *w, const struct outlook **to, size_t cap)
{
	size_t count = 0;

	for (size_t i = 0; i < WATCHED_NODES_MAX && count < cap; i++)
		if (w->gazes[i].taken && w->gazes[i].o.heard_ns != 0)
			to[count++] = &w->gazes[i].o;
	return count;
}

struct traces *
watching_traces(struct watching *w)
{
	return w->traces;
}

size_t
watching_left_out(const struct watching *w)
{
	return w->left_out;
}
