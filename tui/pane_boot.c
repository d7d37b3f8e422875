/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/pane.h"
#include "tui/spans_view.h"
#include "tui/traces_view.h"

/*
 * How nodes booted: the chosen one as a waterfall above the list of all, or all of them
 * over each other on one scale. What failed is first, then what took longest: so that the
 * one that is different stands out. Other traces are shown in the same way.
 */
struct pane_boot {
	uint64_t chosen;	/* a boot's key; 0: the first row */
	bool all;		/* the list has the whole pane */
	bool others;		/* traces that are no boots */
	struct traces_view traces;
	int page;
	size_t top;
};

#define TIME_WIDTH 10
#define NAME_WIDTH 24
#define LIST_LINES_MIN 4

/* A boot and what its spans come to. */
struct boot_row {
	const struct model_boot *boot;
	uint64_t took_us;
	bool failed, open;
};

static void *
pane_boot_new(void)
{
	return mem_new(MEM_PANE, sizeof(struct pane_boot));
}

static void
pane_boot_free(void *pane)
{
	mem_free(MEM_PANE, pane);
}

/*
 * How late it is in a boot's own time, as far as we know. An ended process has no time.
 */
static uint64_t
now_of(const struct model_boot *b, uint64_t now_ns)
{
	uint64_t last_us = 0, end_us;

	for (size_t i = 0; i < b->spans->count; i++) {
		end_us = b->spans->spans[i].begin_us + b->spans->spans[i].duration_us;
		last_us = end_us > last_us ? end_us : last_us;
	}
	if (!b->over && now_ns > b->heard_ns)
		last_us += (now_ns - b->heard_ns) / 1000;
	return last_us;
}

static int
by_interest(const void *va, const void *vb)
{
	const struct boot_row *a = va, *b = vb;
	int known = (b->boot->spans != NULL) - (a->boot->spans != NULL);

	if (known != 0)
		return known;
	if (a->failed != b->failed)
		return a->failed ? -1 : 1;
	if (a->open != b->open)
		return a->open ? -1 : 1;
	if (a->took_us != b->took_us)
		return a->took_us > b->took_us ? -1 : 1;
	return (a->boot->key > b->boot->key) - (a->boot->key < b->boot->key);
}

/* All rows in order; to be freed. */
static struct boot_row *
rows_of(const struct model *m)
{
	struct boot_row *rows = mem_array(m->boot_count + 1, sizeof(*rows));
	struct waterfall w;

	for (size_t i = 0; i < m->boot_count; i++) {
		rows[i].boot = &m->boots[i];
		if (!rows[i].boot->spans)
			continue;
		waterfall_build(&w, rows[i].boot->spans,
			now_of(rows[i].boot, m->now_ns));
		rows[i].took_us = w.to_us - w.from_us;
		rows[i].failed = w.failed > 0;
		rows[i].open = w.count > 0 && w.rows[0].span->state == SPAN_OPEN;
	}
	qsort(rows, m->boot_count, sizeof(*rows), by_interest);
	return rows;
}

static size_t
cursor_of(const struct pane_boot *p, const struct boot_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].boot->key == p->chosen)
			return i;
	return 0;
}

/* Why it failed, else what its spans say of themselves. */
static void
draw_about(struct canvas *c, int y, const struct span_set *s)
{
	int x = 1;

	for (size_t i = s->count; i-- > 0;)
		if (s->spans[i].state == SPAN_FAILED) {
			canvas_cut(c, 1, y, c->width - 1, STYLE_ERROR, s->spans[i].why);
			return;
		}
	for (size_t i = 0; i < s->count; i++)
		for (size_t k = 0; k < s->spans[i].attr_count; k++) {
			const struct span_attr *a = &s->spans[i].attrs[k];

			/* Names are in the title; ids are long. */
			if (strncmp(a->key, "node_", 5) == 0 ||
				strcmp(a->key, "topic") == 0 ||
				strcmp(a->key, "mesh_id") == 0 ||
				(i == 0 && strcmp(a->key, "bind_addr") == 0))
				continue;
			x = canvas_cut(c, x, y, c->width - x, STYLE_DIM, a->key) + 1;
			x = canvas_cut(c, x, y, c->width - x, STYLE_TEXT, a->value) + 2;
		}
}

static void
draw_title(struct canvas *c, const struct boot_row *row, const struct waterfall *w)
{
	const struct model_boot *b = row->boot;
	char text[160];
	int x = canvas_cut(c, 1, 0, c->width - 1, STYLE_STRONG, b->name) + 1;

	if (!b->spans) {
		canvas_cut(c, x, 0, c->width - x, STYLE_DIM,
			"has not told of its boot yet");
		return;
	}
	snprintf(text, sizeof(text), "%s %" PRIu64 " us, %zu spans",
		row->failed ? "failed after"
		: row->open ? b->over ? "ended after" : "boots since" : "booted in",
		row->took_us, w->count);
	x = canvas_cut(c, x, 0, c->width - x,
		row->failed ? STYLE_ERROR : row->open ? STYLE_WARN : STYLE_TEXT, text);
	if (w->orphans > 0 || w->lost > 0) {
		snprintf(text, sizeof(text), ", %zu orphans, %" PRIu64 " lost",
			w->orphans, w->lost);
		canvas_cut(c, x, 0, c->width - x, STYLE_WARN, text);
	}
}

/* The chosen boot; returns the lines that it took. */
static int
draw_waterfall(struct canvas *c, const struct boot_row *row, const struct model *m)
{
	struct waterfall w = { .count = 0 };
	int y = 1, end = c->height;

	if (row->boot->spans)
		waterfall_build(&w, row->boot->spans, now_of(row->boot, m->now_ns));
	draw_title(c, row, &w);
	for (size_t i = 0; i < w.count && y < end; i++)
		spans_view_row(c, y++, &w, &w.rows[i], NULL);
	if (w.count > 0 && y < end)
		draw_about(c, y++, row->boot->spans);
	return y;
}

static void
draw_legend(struct canvas *c, int y)
{
	int x = canvas_text(c, 2, y, STYLE_DIM, "NODE");

	canvas_right(c, NAME_WIDTH + 2, y, TIME_WIDTH, STYLE_DIM, "US");
	x = NAME_WIDTH + TIME_WIDTH + 4;
	for (size_t i = 1; i < SPANS_VIEW_STEPS; i++) {
		const struct spans_view_step *step = &spans_view_steps[i];

		/* The letter alone, where the word does not begin with it. */
		if (step->word[0] != step->letter) {
			canvas_put(c, x, y, (uint32_t)step->letter, step->style);
			x += 2;
		}
		if (x + (int)strlen(step->word) >= c->width)
			return;
		x = canvas_text(c, x, y, step->style, step->word) + 1;
	}
}

/* Every step of one boot on a scale that all share, each with its letter. */
static void
draw_steps(struct canvas *c, int x, int y, int width, const struct boot_row *row,
	uint64_t scale_us, uint64_t now_ns)
{
	struct waterfall w;

	waterfall_build(&w, row->boot->spans, now_of(row->boot, now_ns));
	w.to_us = w.from_us + scale_us;
	for (size_t i = 1; i < w.count; i++) {
		const struct span *s = w.rows[i].span;
		struct waterfall_bar bar = waterfall_bar(&w, &w.rows[i], width);

		for (size_t k = 0; k < SPANS_VIEW_STEPS; k++)
			if (strcmp(s->name, spans_view_steps[k].name) == 0)
				canvas_fill(c, x + bar.from, y, bar.len, 1,
					(uint32_t)spans_view_steps[k].letter,
					spans_view_style(s));
	}
}

static void
draw_row(struct canvas *c, int y, const struct boot_row *row, uint64_t scale_us,
	uint64_t now_ns)
{
	const struct model_boot *b = row->boot;
	int x = NAME_WIDTH + TIME_WIDTH + 4;
	enum theme_glyph glyph = !b->spans ? GLYPH_UNKNOWN
		: row->failed	       ? GLYPH_GONE
		: row->open	       ? GLYPH_SUSPECT
				       : GLYPH_LIVE;
	uint16_t style = !b->spans ? STYLE_DIM
		: row->failed      ? STYLE_ERROR
		: row->open	       ? STYLE_WARN
				       : STYLE_LIVE;
	char text[32];

	canvas_text(c, 0, y, style, theme_glyph(glyph, c->ascii));
	canvas_cut(c, 2, y, NAME_WIDTH - 1, STYLE_TEXT, b->name);
	if (!b->spans)
		return;
	snprintf(text, sizeof(text), "%" PRIu64, row->took_us);
	canvas_right(c, NAME_WIDTH + 2, y, TIME_WIDTH, style, text);
	if (c->width > x + 4)
		draw_steps(c, x, y, c->width - x - 1, row, scale_us, now_ns);
}

static void
draw_list(struct pane_boot *p, struct canvas *c, const struct boot_row *rows,
	const struct model *m)
{
	size_t cursor = cursor_of(p, rows, m->boot_count), page;
	uint64_t scale_us = 1;

	for (size_t i = 0; i < m->boot_count; i++)
		if (rows[i].took_us > scale_us)
			scale_us = rows[i].took_us;
	p->page = c->height - 1 > 0 ? c->height - 1 : 1;
	page = (size_t)p->page;
	if (cursor < p->top)
		p->top = cursor;
	if (cursor >= p->top + page)
		p->top = cursor - page + 1;
	if (p->top + page > m->boot_count)
		p->top = m->boot_count > page ? m->boot_count - page : 0;
	draw_legend(c, 0);
	for (size_t i = 0; i < page && p->top + i < m->boot_count; i++)
		draw_row(c, (int)i + 1, &rows[p->top + i], scale_us, m->now_ns);
	canvas_flag(c, 0, (int)(cursor - p->top) + 1, c->width, 1, THEME_SELECTED);
}

static void
pane_boot_draw(void *pane, const struct pane_context *x, struct canvas *c)
{
	const struct model *m = x->model;
	struct pane_boot *p = pane;
	struct boot_row *rows;
	struct canvas part;
	int y = 0;

	if (p->others) {
		traces_view_draw(&p->traces, x, c);
		return;
	}
	if (m->boot_count == 0) {
		canvas_cut(c, 2, 2, c->width - 2, STYLE_DIM,
			"no boot is known: n and b start nodes here");
		return;
	}
	rows = rows_of(m);
	if (!p->all && c->height > LIST_LINES_MIN + 2) {
		part = canvas_window(c, 0, 0, c->width, c->height - LIST_LINES_MIN);
		y = draw_waterfall(
			&part, &rows[cursor_of(p, rows, m->boot_count)], m);
		if (y + LIST_LINES_MIN + 4 < c->height)
			y++;
	}
	part = canvas_window(c, 0, y, c->width, c->height - y);
	draw_list(p, &part, rows, m);
	free(rows);
}

static bool
pane_boot_act(void *pane, const struct pane_context *x, enum action a)
{
	const struct model *m = x->model;
	struct pane_boot *p = pane;
	struct boot_row *rows;
	size_t cursor, to;

	if (a == ACTION_TRACES) {
		p->others = !p->others;
		return true;
	}
	if (p->others)
		return traces_view_act(&p->traces, x, a);
	if (a == ACTION_BOOT_VIEW) {
		p->all = !p->all;
		return true;
	}
	if (m->boot_count == 0)
		return false;
	rows = rows_of(m);
	cursor = cursor_of(p, rows, m->boot_count);
	to = a == ACTION_JUMP ? cursor
		: keymap_moved(a, cursor, m->boot_count - 1, p->page);
	if (to != SIZE_MAX) {
		p->chosen = rows[to].boot->key;
		if (a == ACTION_JUMP || !id_is_zero(&rows[to].boot->id))
			*x->selected = rows[to].boot->id;
	}
	free(rows);
	return to != SIZE_MAX;
}

const struct pane_ops pane_boot_ops = {
	"boot",
	IN_BOOT,
	pane_boot_new,
	pane_boot_free,
	pane_boot_draw,
	pane_boot_act,
};
