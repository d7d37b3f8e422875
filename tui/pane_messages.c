/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/pane.h"
#include "tui/rows.h"
#include "tui/words.h"

/*
 * The frames of the selected node as it tells them, the newest first: while this pane is
 * looked at and no longer, because recording them costs the node something.
 */
struct pane_messages {
	char kind[WATCHED_KIND_CAP];	/* "": all */
	struct peer_id of;		/* the node of the last frame */
	uint64_t paused;		/* nothing newer than this seq; 0: all */
	uint64_t chosen;		/* a seq; 0: the newest */
	int line, page;
};

#define AGE_WIDTH 5
#define WAY_WIDTH 2
#define KIND_WIDTH 13
#define PEER_WIDTH 22
#define PEER_WIDTH_GOOD 34
#define BYTES_WIDTH 6
#define WIDE 120

static void *
pane_messages_new(void)
{
	return mem_new(MEM_PANE, sizeof(struct pane_messages));
}

static void
pane_messages_free(void *pane)
{
	mem_free(MEM_PANE, pane);
}

static const struct outlook *
outlook_of(const struct pane_context *x)
{
	for (size_t i = 0; i < x->model->outlook_count; i++)
		if (id_equal(&x->model->outlooks[i]->id, x->selected))
			return x->model->outlooks[i];
	return NULL;
}

static const struct outlook_message *
message_at(const struct outlook *o, size_t i)
{
	return ring_at(&o->messages, i);
}

static bool
is_shown(const struct pane_messages *p, const struct outlook_message *at)
{
	return (p->paused == 0 || at->m.seq <= p->paused) &&
		(p->kind[0] == '\0' || strcmp(at->m.kind, p->kind) == 0);
}

/* Places in the ring of what is shown, the newest first; to be freed. */
static size_t *
rows_of(const struct pane_messages *p, const struct outlook *o, size_t *count)
{
	size_t *rows = mem_array(o->messages.count + 1, sizeof(*rows));

	*count = 0;
	for (size_t i = o->messages.count; i-- > 0;)
		if (is_shown(p, message_at(o, i)))
			rows[(*count)++] = i;
	return rows;
}

/* Seqs fall from row to row: what is chosen and gone gives way to the next older one. */
static size_t
cursor_of(const struct pane_messages *p, const struct outlook *o, const size_t *rows,
	size_t count)
{
	size_t i = 0;

	if (p->chosen == 0 || count == 0)
		return 0;
	while (i + 1 < count && message_at(o, rows[i])->m.seq > p->chosen)
		i++;
	return i;
}

static void
name_of(const struct model *m, const struct peer_id *id, char to[static NAME_LEN_MAX + 1],
	uint16_t *style)
{
	*style = STYLE_TEXT;
	for (size_t i = 0; i < m->mesh_count; i++) {
		const struct directory_entry *e =
			directory_find(m->meshes[i].directory, id);

		if (e != NULL) {
			*style = theme_type(e->digest.type);
			directory_name(e, to);
			return;
		}
	}
	if (m->self != NULL && id_equal(&m->self->id, id))
		snprintf(to, NAME_LEN_MAX + 1, "this console");
	else
		snprintf(to, NAME_LEN_MAX + 1, "?%02x%02x%02x", id->bytes[0],
			id->bytes[1], id->bytes[2]);
}

/* Tenths, while they say something. */
static void
age_text(char *to, size_t cap, uint64_t ns)
{
	if (ns < SECONDS(100))
		snprintf(to, cap, "%" PRIu64 ".%" PRIu64 "s", ns / NS_PER_S,
			ns % NS_PER_S / (NS_PER_S / 10));
	else
		words_age(to, cap, ns);
}

static void
draw_row(struct canvas *c, int y, const struct outlook_message *at, const struct model *m)
{
	int peer = c->width >= WIDE ? PEER_WIDTH_GOOD : PEER_WIDTH, x = AGE_WIDTH + 1;
	char text[NAME_LEN_MAX + 1];
	uint16_t style;

	age_text(text, sizeof(text), m->now_ns > at->at_ns ? m->now_ns - at->at_ns : 0);
	canvas_right(c, 0, y, AGE_WIDTH, STYLE_DIM, text);
	canvas_text(c, x, y, at->m.sent ? STYLE_WARN : STYLE_LIVE,
		at->m.sent ? "TX" : "RX");
	x += WAY_WIDTH + 1;
	canvas_cut(c, x, y, KIND_WIDTH, STYLE_STRONG, at->m.kind);
	x += KIND_WIDTH + 1;
	name_of(m, &at->m.peer, text, &style);
	canvas_cut(c, x, y, peer, style, text);
	x += peer + 1;
	words_count(text, sizeof(text), at->m.bytes);
	canvas_right(c, x, y, BYTES_WIDTH, STYLE_TEXT, text);
	x += BYTES_WIDTH + 2;
	if (x < c->width)
		canvas_cut(c, x, y, c->width - x, STYLE_TEXT, at->m.summary);
}

static void
draw_titles(struct canvas *c)
{
	int x = AGE_WIDTH + 1;

	canvas_right(c, 0, 0, AGE_WIDTH, STYLE_DIM, "AGE");
	x += WAY_WIDTH + 1;
	canvas_text(c, x, 0, STYLE_DIM, "KIND");
	x += KIND_WIDTH + 1;
	canvas_text(c, x, 0, STYLE_DIM, "PEER");
	x += (c->width >= WIDE ? PEER_WIDTH_GOOD : PEER_WIDTH) + 1;
	canvas_right(c, x, 0, BYTES_WIDTH, STYLE_DIM, "BYTES");
	canvas_text(c, x + BYTES_WIDTH + 2, 0, STYLE_DIM, "WHAT");
}

/* Whose frames, how many of them, and what is not shown. */
static void
draw_foot(const struct pane_messages *p, const struct outlook *o, struct canvas *c,
	size_t shown)
{
	char text[NAME_LEN_MAX + 160];
	size_t sent = 0, at = 0, cap = sizeof(text);

	for (size_t i = 0; i < o->messages.count; i++)
		sent += message_at(o, i)->m.sent;
	at += (size_t)snprintf(text, cap, "%s: %zu sent, %zu received", o->name, sent,
		o->messages.count - sent);
	if (p->kind[0] != '\0')
		at += (size_t)snprintf(text + at, cap - at, "; %s: %zu", p->kind, shown);
	if (o->lost[WATCHED_MESSAGES] > 0)
		at += (size_t)snprintf(text + at, cap - at, "; %" PRIu64 " lost",
			o->lost[WATCHED_MESSAGES]);
	if (o->messages.dropped > 0)
		at += (size_t)snprintf(text + at, cap - at, "; %" PRIu64 " older dropped",
			o->messages.dropped);
	if (p->paused != 0)
		snprintf(text + at, cap - at, "; PAUSED, %" PRIu64 " newer",
			message_at(o, o->messages.count - 1)->m.seq - p->paused);
	canvas_cut(c, 0, c->height - 1, c->width, p->paused != 0 ? STYLE_WARN : STYLE_DIM,
		text);
}

static void
draw_rows(struct pane_messages *p, const struct pane_context *x, struct canvas *c,
	const struct outlook *o)
{
	size_t count, top, page, cursor, *rows = rows_of(p, o, &count);

	p->page = c->height - 2 > 0 ? c->height - 2 : 1;
	if (p->line >= p->page)
		p->line = p->page - 1;
	page = (size_t)p->page;
	cursor = cursor_of(p, o, rows, count);
	top = cursor > (size_t)p->line ? cursor - (size_t)p->line : 0;
	if (top + page > count)
		top = count > page ? count - page : 0;
	p->line = (int)(cursor - top);
	for (size_t y = 0; y < page && top + y < count; y++)
		draw_row(c, (int)y + 1, message_at(o, rows[top + y]), x->model);
	if (count > 0)
		canvas_flag(c, 0, p->line + 1, c->width, 1, THEME_SELECTED);
	else
		canvas_text(c, 2, 2, STYLE_DIM, "no frame of this kind; Esc shows all");
	draw_foot(p, o, c, count);
	free(rows);
}

static void
pane_messages_draw(void *pane, const struct pane_context *x, struct canvas *c)
{
	const struct outlook *o = outlook_of(x);
	struct pane_messages *p = pane;
	char text[NAME_LEN_MAX + 60], name[NAME_LEN_MAX + 1];
	uint16_t style;

	if (!id_equal(&p->of, x->selected)) {
		*p = (struct pane_messages){ .of = *x->selected };
		p->page = c->height - 2;
	}
	if (id_is_zero(x->selected)) {
		canvas_cut(c, 2, 2, c->width - 2, STYLE_DIM,
			"no node is selected: choose one in the panes 1 to 3");
		return;
	}
	if (o == NULL || o->messages.count == 0) {
		name_of(x->model, x->selected, name, &style);
		snprintf(text, sizeof(text), "%s has told of no frame yet", name);
		canvas_cut(c, 2, 2, c->width - 2, STYLE_DIM, text);
		return;
	}
	draw_titles(c);
	draw_rows(p, x, c, o);
}

/* The next kind in order of the alphabet that there is; after the last, all. */
static void
next_kind(struct pane_messages *p, const struct outlook *o)
{
	const char *next = NULL;

	for (size_t i = 0; i < o->messages.count; i++) {
		const char *kind = message_at(o, i)->m.kind;

		if (strcmp(kind, p->kind) > 0 && (!next || strcmp(kind, next) < 0))
			next = kind;
	}
	snprintf(p->kind, sizeof(p->kind), "%s", next != NULL ? next : "");
	p->chosen = 0;
}

static bool
move(struct pane_messages *p, const struct outlook *o, enum action a)
{
	size_t count, from, to = SIZE_MAX, *rows = rows_of(p, o, &count);

	if (count > 0) {
		from = cursor_of(p, o, rows, count);
		to = keymap_moved(a, from, count - 1, p->page);
	}
	if (to != SIZE_MAX) {
		long line = p->line + (long)to - (long)from;

		p->line = line < 0 ? 0 : line >= p->page ? p->page - 1 : (int)line;
		p->chosen = to > 0 ? message_at(o, rows[to])->m.seq : 0;
	}
	free(rows);
	return to != SIZE_MAX;
}

static bool
pane_messages_act(void *pane, const struct pane_context *x, enum action a)
{
	const struct outlook *o = outlook_of(x);
	struct pane_messages *p = pane;

	if (o == NULL || o->messages.count == 0)
		return false;
	switch (a) {
	case ACTION_PAUSE_FRAMES:
		p->paused = p->paused != 0 ? 0
			: message_at(o, o->messages.count - 1)->m.seq;
		return true;
	case ACTION_FRAME_KIND:
		next_kind(p, o);
		return true;
	case ACTION_ALL_FRAMES:
		p->kind[0] = '\0';
		p->chosen = p->paused = 0;
		return true;
	default:
		return move(p, o, a);
	}
}

const struct pane_ops pane_messages_ops = {
	"messages",
	IN_MESSAGES,
	pane_messages_new,
	pane_messages_free,
	pane_messages_draw,
	pane_messages_act,
};
