/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tui/pane.h"
#include "tui/words.h"

/*
 * What is or was too high or wrong: what is active first, the newest first. A chosen
 * alert stays chosen while others come and when it ends.
 */
struct pane_alerts {
	uint64_t chosen;	/* a seq; 0: the first row */
	size_t top;
	int page;		/* rows of the last frame */
};

#define AGE_WIDTH 4
#define KIND_WIDTH 14
#define NODE_WIDTH 22
#define NODE_WIDTH_GOOD 34
#define FIGURE_WIDTH 10
/* From here on there is room for the peak, how long it lasted, and what it means. */
#define WIDE 120
#define FILTER_WORD_CAP 64

static void *
pane_alerts_new(void)
{
	return mem_new(MEM_PANE, sizeof(struct pane_alerts));
}

static void
pane_alerts_free(void *pane)
{
	mem_free(MEM_PANE, pane);
}

static const char *
about(const struct alert *al)
{
	return al->text[0] != '\0' ? al->text : alerts_kind_meaning(al->kind);
}

static bool
matches(const struct alert *al, const char *filter)
{
	char text[2 * NAME_LEN_MAX + ALERTS_TEXT_CAP + 40], word[FILTER_WORD_CAP];

	snprintf(text, sizeof(text), "%s %s %s %s %s", alerts_kind_text(al->kind),
		al->subject.name, al->subject.mesh, al->cleared_ns ? "over" : "active",
		about(al));
	while (*(filter += strspn(filter, " ")) != '\0') {
		size_t len = strcspn(filter, " ");

		snprintf(word, sizeof(word), "%.*s", (int)len, filter);
		if (!strcasestr(text, word))
			return false;
		filter += len;
	}
	return true;
}

/* Those that match, in order; valid as long as the model is. */
struct rows_shown {
	const struct alert *at[ALERTS_ACTIVE_MAX + ALERTS_HISTORY_MAX];
	size_t count;
};

static void
gather(struct rows_shown *r, const struct pane_context *x)
{
	const struct alerts *a = x->model->alerts;
	size_t room = sizeof(r->at) / sizeof(r->at[0]);

	r->count = 0;
	for (size_t i = 0; a && i < alerts_count(a) && r->count < room; i++)
		if (matches(alerts_at(a, i), x->filter))
			r->at[r->count++] = alerts_at(a, i);
}

/* The row of what is chosen; the first, when that is not there (any more). */
static size_t
cursor_of(const struct pane_alerts *p, const struct rows_shown *r)
{
	for (size_t row = 0; p->chosen != 0 && row < r->count; row++)
		if (r->at[row]->seq == p->chosen)
			return row;
	return 0;
}

static uint64_t
since(uint64_t then_ns, uint64_t now_ns)
{
	return now_ns > then_ns ? now_ns - then_ns : 0;
}

static uint16_t
style_of(const struct alert *al)
{
	if (al->cleared_ns != 0)
		return al->acknowledged ? STYLE_DIM : STYLE_TEXT;
	return al->acknowledged ? STYLE_WARN : STYLE_ERROR;
}

static int
draw_figure(struct canvas *c, int x, int y, uint16_t style, enum alert_kind kind,
	uint64_t value)
{
	char text[ALERTS_FIGURE_CAP];

	alerts_figure(text, kind, value);
	canvas_right(c, x, y, FIGURE_WIDTH, style, text[0] != '\0' ? text
		: theme_glyph(GLYPH_UNKNOWN, c->ascii));
	return x + FIGURE_WIDTH + 1;
}

static void
draw_row(struct canvas *c, int y, const struct alert *al, uint64_t now_ns)
{
	bool wide = c->width >= WIDE, over = al->cleared_ns != 0;
	int node = wide ? NODE_WIDTH_GOOD : NODE_WIDTH, x = 0;
	uint16_t style = style_of(al);
	char age[16];

	canvas_text(c, x, y, style, over ? theme_glyph(GLYPH_LEFT, c->ascii)
		: theme_glyph(GLYPH_UP, c->ascii));
	x += 2;
	canvas_right(c, x, y, AGE_WIDTH, STYLE_DIM,
		words_age(age, sizeof(age), since(al->raised_ns, now_ns)));
	x += AGE_WIDTH + 1;
	canvas_cut(c, x, y, KIND_WIDTH, style, alerts_kind_text(al->kind));
	x += KIND_WIDTH + 1;
	canvas_cut(c, x, y, node, STYLE_TEXT, al->subject.name);
	x += node + 1;
	x = draw_figure(c, x, y, style, al->kind, over ? al->worst : al->value);
	x = draw_figure(c, x, y, STYLE_DIM, al->kind, alerts_threshold(al->kind));
	if (wide) {
		x = draw_figure(c, x, y, STYLE_DIM, al->kind, al->worst);
		canvas_right(c, x, y, AGE_WIDTH + 2, STYLE_DIM, words_age(age,
			sizeof(age), since(al->raised_ns, over ? al->cleared_ns
				: now_ns)));
		x += AGE_WIDTH + 3;
	}
	canvas_text(c, x, y, al->acknowledged ? STYLE_DIM : style,
		al->acknowledged ? "seen" : over ? "new" : "NEW");
	x += 5;
	if (c->width > x + 10)
		canvas_cut(c, x, y, c->width - x, STYLE_DIM, about(al));
}

static void
draw_titles(struct canvas *c)
{
	bool wide = c->width >= WIDE;
	int x = 2;

	canvas_right(c, x, 0, AGE_WIDTH, STYLE_DIM, "AGE");
	x += AGE_WIDTH + 1;
	canvas_text(c, x, 0, STYLE_DIM, "WHAT");
	x += KIND_WIDTH + 1;
	canvas_text(c, x, 0, STYLE_DIM, "NODE");
	x += (wide ? NODE_WIDTH_GOOD : NODE_WIDTH) + 1;
	canvas_right(c, x, 0, FIGURE_WIDTH, STYLE_DIM, "FIGURE");
	x += FIGURE_WIDTH + 1;
	canvas_right(c, x, 0, FIGURE_WIDTH, STYLE_DIM, "LIMIT");
	x += FIGURE_WIDTH + 1;
	if (!wide)
		return;
	canvas_right(c, x, 0, FIGURE_WIDTH, STYLE_DIM, "PEAK");
	x += FIGURE_WIDTH + 1;
	canvas_right(c, x, 0, AGE_WIDTH + 2, STYLE_DIM, "LASTED");
	canvas_text(c, x + AGE_WIDTH + 8, 0, STYLE_DIM, "MEANING");
}

/* The chosen alert in words, and how many there are at the right. */
static void
draw_foot(const struct pane_context *x, struct canvas *c, const struct alert *al)
{
	const struct alerts *a = x->model->alerts;
	char text[NAME_LEN_MAX + ALERTS_TEXT_CAP + 80], took[16];
	int y = c->height - 1, width;

	snprintf(text, sizeof(text), " %zu active, %zu over, %zu new%s",
		alerts_active(a), alerts_count(a) - alerts_active(a),
		alerts_unacknowledged(a), alerts_dropped(a) > 0 ? ", some dropped" : "");
	width = canvas_measure(c, text);
	if (width > c->width)
		width = c->width;
	canvas_cut(c, c->width - width, y, width, STYLE_DIM, text);
	if (!al)
		return;
	if (al->cleared_ns != 0)
		snprintf(text, sizeof(text), "lasted %s: %s",
			words_age_long(took, sizeof(took),
				al->cleared_ns - al->raised_ns), about(al));
	else
		snprintf(text, sizeof(text), "%s", about(al));
	canvas_cut(c, 0, y, c->width - width - 1, STYLE_TEXT, text);
}

static void
pane_alerts_draw(void *pane, const struct pane_context *x, struct canvas *c)
{
	const struct alerts *a = x->model->alerts;
	struct pane_alerts *p = pane;
	struct rows_shown r;
	size_t cursor, page;
	bool foot = c->height >= 4;

	p->page = c->height - 1 - foot > 0 ? c->height - 1 - foot : 1;
	page = (size_t)p->page;
	gather(&r, x);
	draw_titles(c);
	if (r.count == 0) {
		canvas_text(c, 2, 2, STYLE_DIM, a && alerts_count(a) > 0
			? "no alert matches; Esc shows all"
			: "nothing is or was too high");
		return;
	}
	cursor = cursor_of(p, &r);
	if (cursor < p->top)
		p->top = cursor;
	if (cursor >= p->top + page)
		p->top = cursor - page + 1;
	if (p->top + page > r.count)
		p->top = r.count > page ? r.count - page : 0;
	for (size_t y = 0; y < page && p->top + y < r.count; y++)
		draw_row(c, (int)y + 1, r.at[p->top + y], x->model->now_ns);
	canvas_flag(c, 0, (int)(cursor - p->top) + 1, c->width, 1, THEME_SELECTED);
	if (foot)
		draw_foot(x, c, r.at[cursor]);
}

static bool
pane_alerts_act(void *pane, const struct pane_context *x, enum action a)
{
	struct pane_alerts *p = pane;
	struct rows_shown r;
	size_t to;

	if (a == ACTION_CLEAR) {
		p->chosen = 0;
		return true;
	}
	gather(&r, x);
	if (r.count == 0)
		return false;
	to = keymap_moved(a, cursor_of(p, &r), r.count - 1, p->page);
	if (to == SIZE_MAX)
		to = cursor_of(p, &r);
	/* What is acted on stays chosen when it moves. */
	p->chosen = *x->alert = r.at[to]->seq;
	*x->selected = r.at[to]->subject.id;
	return true;
}

const struct pane_ops pane_alerts_ops = {
	"alerts",
	IN_ALERTS,
	pane_alerts_new,
	pane_alerts_free,
	pane_alerts_draw,
	pane_alerts_act,
};
