/* SPDX-License-Identifier: MIT */
#include "tui/traces_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/spans_view.h"
#include "tui/words.h"

#define LIST_LINES_MIN 5
#define AGE_WIDTH 5
#define NAME_WIDTH 20
#define NODE_WIDTH 22
#define TIME_WIDTH 9

/* What is shown of all traces, in their order; to be freed. */
static const struct traces_row **
rows_of(const struct traces_view *v, const struct model *m, size_t *count)
{
	const struct traces_row **rows = mem_array(m->trace_count + 1, sizeof(*rows));

	*count = 0;
	for (size_t i = 0; i < m->trace_count; i++)
		if (id_is_zero(&v->of) ||
			traces_touches(m->traces, m->trace_rows[i].trace, &v->of))
			rows[(*count)++] = &m->trace_rows[i];
	return rows;
}

static size_t
cursor_of(const struct traces_view *v, const struct traces_row **rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (memcmp(rows[i]->trace, v->chosen, SPAN_TRACE_LEN) == 0)
			return i;
	return 0;
}

/* Spans that no watched node could keep, whatever trace they were of. */
static uint64_t
lost_by_nodes(const struct model *m)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < m->outlook_count; i++)
		lost += m->outlooks[i]->lost[WATCHED_SPANS];
	return lost;
}

static void
draw_title(struct canvas *c, const struct traces_row *r, const struct waterfall *w,
	const struct model *m)
{
	char text[200];
	int x = canvas_cut(c, 1, 0, c->width - 1, STYLE_STRONG, r->name) + 1;
	size_t at = (size_t)snprintf(text, sizeof(text), "%" PRIu64 " us, %zu span%s, "
		"%zu node%s", r->took_us, r->spans, r->spans == 1 ? "" : "s", r->nodes,
		r->nodes == 1 ? "" : "s");

	/* How far their clocks may be apart; one node has one clock. */
	if (r->nodes > 1)
		snprintf(text + at, sizeof(text) - at, " +-%" PRIu64 " us", r->bound_us);
	x = canvas_cut(c, x, 0, c->width - x, r->failed > 0 ? STYLE_ERROR : STYLE_TEXT,
		text);
	snprintf(text, sizeof(text), ", %zu orphans, %" PRIu64 " lost", w->orphans,
		w->lost + lost_by_nodes(m));
	canvas_cut(c, x, 0, c->width - x,
		w->orphans > 0 || w->lost + lost_by_nodes(m) > 0 ? STYLE_WARN : STYLE_DIM,
		text);
}

/* Whether an earlier span says the same. */
static bool
is_said(const struct span_set *s, size_t span, const struct span_attr *a)
{
	for (size_t i = 0; i < span; i++)
		for (size_t k = 0; k < s->spans[i].attr_count; k++)
			if (strcmp(s->spans[i].attrs[k].key, a->key) == 0 &&
				strcmp(s->spans[i].attrs[k].value, a->value) == 0)
				return true;
	return false;
}

/* Why it failed, else what its spans say of themselves. */
static void
draw_about(struct canvas *c, int y, const struct span_set *s)
{
	int x = 1;

	for (size_t i = 0; i < s->count; i++)
		if (s->spans[i].state == SPAN_FAILED) {
			canvas_cut(c, 1, y, c->width - 1, STYLE_ERROR, s->spans[i].why);
			return;
		}
	for (size_t i = 0; i < s->count && x < c->width; i++)
		for (size_t k = 0; k < s->spans[i].attr_count; k++) {
			const struct span_attr *a = &s->spans[i].attrs[k];

			/* An id is long, and the row has the name. */
			if (strcmp(a->key, "peer_id") == 0 || is_said(s, i, a))
				continue;
			x = canvas_cut(c, x, y, c->width - x, STYLE_DIM, a->key) + 1;
			x = canvas_cut(c, x, y, c->width - x, STYLE_TEXT, a->value) + 2;
		}
}

/* Returns the lines that it took. */
static int
draw_waterfall(struct canvas *c, const struct traces_row *r, const struct model *m)
{
	struct traces_spans s;
	struct waterfall w;
	int y = 1;

	if (!traces_spans(m->traces, r->trace, &s))
		return 0;
	waterfall_build(&w, &s.set, 0);
	draw_title(c, r, &w, m);
	for (size_t i = 0; i < w.count && y < c->height; i++)
		spans_view_row(c, y++, &w, &w.rows[i],
			s.nodes[w.rows[i].span - s.set.spans]);
	if (y < c->height)
		draw_about(c, y++, &s.set);
	traces_spans_fini(&s);
	return y;
}

static void
draw_row(struct canvas *c, int y, const struct traces_row *r, const struct model *m)
{
	int64_t now_us = (int64_t)(m->wall_us);
	char text[32];
	int x = AGE_WIDTH + 1;

	words_age(text, sizeof(text),
		now_us > r->begin_us ? (uint64_t)(now_us - r->begin_us) * 1000 : 0);
	canvas_right(c, 0, y, AGE_WIDTH, STYLE_DIM, text);
	canvas_cut(c, x, y, NAME_WIDTH, r->failed > 0 ? STYLE_ERROR : STYLE_LIVE,
		r->name);
	x += NAME_WIDTH + 1;
	canvas_cut(c, x, y, NODE_WIDTH, STYLE_TEXT, r->node);
	x += NODE_WIDTH + 1;
	snprintf(text, sizeof(text), "%" PRIu64, r->took_us);
	canvas_right(c, x, y, TIME_WIDTH, STYLE_TEXT, text);
	x += TIME_WIDTH + 2;
	snprintf(text, sizeof(text), "%zu of %zu%s", r->spans, r->nodes,
		r->failed > 0 ? ", failed" : "");
	if (x < c->width)
		canvas_cut(c, x, y, c->width - x, STYLE_DIM, text);
}

static void
draw_list(struct traces_view *v, struct canvas *c, const struct traces_row **rows,
	size_t count, const struct model *m)
{
	size_t cursor = cursor_of(v, rows, count), page;
	int x = AGE_WIDTH + 1;

	v->page = c->height - 1 > 0 ? c->height - 1 : 1;
	page = (size_t)v->page;
	if (cursor < v->top)
		v->top = cursor;
	if (cursor >= v->top + page)
		v->top = cursor - page + 1;
	if (v->top + page > count)
		v->top = count > page ? count - page : 0;
	canvas_right(c, 0, 0, AGE_WIDTH, STYLE_DIM, "AGE");
	canvas_text(c, x, 0, STYLE_DIM, "TRACE");
	canvas_text(c, x + NAME_WIDTH + 1, 0, STYLE_DIM, "BEGAN ON");
	x += NAME_WIDTH + NODE_WIDTH + 2;
	canvas_right(c, x, 0, TIME_WIDTH, STYLE_DIM, "US");
	canvas_cut(c, x + TIME_WIDTH + 2, 0, c->width - x, STYLE_DIM,
		id_is_zero(&v->of) ? "SPANS OF NODES" : "OF THIS NODE");
	for (size_t i = 0; i < page && v->top + i < count; i++)
		draw_row(c, (int)i + 1, rows[v->top + i], m);
	canvas_flag(c, 0, (int)(cursor - v->top) + 1, c->width, 1, THEME_SELECTED);
}

void
traces_view_draw(struct traces_view *v, const struct pane_context *x, struct canvas *c)
{
	const struct model *m = x->model;
	struct canvas part;
	size_t count;
	const struct traces_row **rows = rows_of(v, m, &count);
	int y = 0;

	if (count == 0) {
		canvas_cut(c, 2, 2, c->width - 2, STYLE_DIM, m->trace_count > 0
			? "the selected node had no part in any trace; o shows all"
			: "no trace is known: requests that are traced come here, "
			  "such as meshtui --echo");
		free(rows);
		return;
	}
	if (c->height > LIST_LINES_MIN + 2) {
		part = canvas_window(c, 0, 0, c->width, c->height - LIST_LINES_MIN);
		y = draw_waterfall(&part, rows[cursor_of(v, rows, count)], m);
		if (y + LIST_LINES_MIN + 4 < c->height)
			y++;
	}
	part = canvas_window(c, 0, y, c->width, c->height - y);
	draw_list(v, &part, rows, count, m);
	free(rows);
}

bool
traces_view_act(struct traces_view *v, const struct pane_context *x, enum action a)
{
	static const struct peer_id all;
	const struct traces_row **rows;
	size_t count, to = SIZE_MAX;

	if (a == ACTION_TRACES_OF) {
		v->of = id_is_zero(&v->of) ? *x->selected : all;
		return true;
	}
	rows = rows_of(v, x->model, &count);
	if (count > 0)
		to = keymap_moved(a, cursor_of(v, rows, count), count - 1, v->page);
	if (to != SIZE_MAX)
		memcpy(v->chosen, rows[to]->trace, SPAN_TRACE_LEN);
	free(rows);
	return to != SIZE_MAX;
}
