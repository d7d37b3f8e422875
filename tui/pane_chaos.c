/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "tui/ask_loop.h"
#include "tui/pane.h"
#include "tui/words.h"

/*
 * What can be done to nodes of this console, and what came of it. One list to go through:
 * the primitives, then the faults that were ordered, the newest first.
 */
struct pane_chaos {
	size_t primitive;
	unsigned number;	/* of the chosen fault; 0: the primitive is chosen */
	size_t top, fault_top;	/* first rows that are drawn */
};

#define LIST_WIDTH 19
/* Narrower, and there is only the list. */
#define WIDE_MIN 60
#define FAULTS_SHOWN_MIN 3
#define STATE_WIDTH 20
#define TIME_WIDTH 8

static void *
pane_chaos_new(void)
{
	return mem_new(MEM_PANE, sizeof(struct pane_chaos));
}

static void
pane_chaos_free(void *pane)
{
	mem_free(MEM_PANE, pane);
}

static const struct model_fault *
chosen(const struct pane_chaos *p, const struct model *m, size_t *row)
{
	for (size_t i = 0; p->number != 0 && i < m->fault_count; i++)
		if (m->faults[i]->number == p->number) {
			if (row)
				*row = i;
			return m->faults[i];
		}
	return NULL;
}

static uint16_t
style_of(const struct model_fault *f)
{
	switch (f->result.verdict) {
	case JUDGE_PASS:
		return STYLE_LIVE;
	case JUDGE_FAIL:
		return STYLE_ERROR;
	case JUDGE_UNPROVEN:
		return STYLE_WARN;
	case JUDGE_OPEN:
		break;
	}
	return STYLE_STRONG;
}

/* "injected, 12s left": the lease is the node's own, and ends without us. */
static char *
state_text(char *to, size_t cap, const struct model_fault *f, uint64_t now_ns)
{
	char left[16];

	if (f->over_ns != 0)
		snprintf(to, cap, "%s", judge_verdict_text(f->result.verdict));
	else if (f->phase == TRIAL_PREPARING)
		snprintf(to, cap, "looks before it");
	else if (f->phase == TRIAL_INJECTED)
		snprintf(to, cap, "injected, %s left", words_age(left, sizeof(left),
			f->ends_ns > now_ns ? f->ends_ns - now_ns : 0));
	else
		snprintf(to, cap, "over, recovering");
	return to;
}

static const char *
between(char *to, size_t cap, uint64_t from_ns, uint64_t to_ns, bool ascii)
{
	if (from_ns == 0 || to_ns == 0 || to_ns < from_ns)
		return theme_glyph(GLYPH_UNKNOWN, ascii);
	return text_duration(to, cap, to_ns - from_ns);
}

static void
draw_primitives(struct pane_chaos *p, struct canvas *c, int y, int rows)
{
	canvas_text(c, 1, y, STYLE_DIM, "WHAT CAN BE DONE");
	if (p->primitive < p->top)
		p->top = p->primitive;
	if (p->primitive >= p->top + (size_t)rows)
		p->top = p->primitive - (size_t)rows + 1;
	if (p->top + (size_t)rows > PRIMITIVES)
		p->top = PRIMITIVES > rows ? PRIMITIVES - (size_t)rows : 0;
	for (int i = 0; i < rows && p->top + (size_t)i < PRIMITIVES; i++) {
		size_t n = p->top + (size_t)i;
		const struct catalog_entry *e = catalog_at((enum primitive)n);

		canvas_cut(c, 1, y + 1 + i, LIST_WIDTH - 2,
			e->severe ? STYLE_WARN : STYLE_TEXT, e->name);
		if (n == p->primitive && p->number == 0)
			canvas_flag(c, 0, y + 1 + i, LIST_WIDTH - 1, 1, THEME_SELECTED);
	}
}

static int
labeled(struct canvas *c, int y, const char *label, const char *text)
{
	canvas_text(c, LIST_WIDTH + 1, y, STYLE_DIM, label);
	return y + canvas_wrap(c, LIST_WIDTH + 11, y, c->width - LIST_WIDTH - 12,
			STYLE_TEXT, text);
}

static void
draw_entry(struct canvas *c, enum primitive p)
{
	const struct catalog_entry *e = catalog_at(p);
	char text[160], value[CATALOG_VALUE_CAP];
	int y = 0;

	canvas_text(c, LIST_WIDTH + 1, y++, STYLE_TITLE, e->name);
	y = labeled(c, y, "does", e->does);
	y = labeled(c, y, "shows", e->during);
	y = labeled(c, y, "then", e->after);
	y = labeled(c, y, "not shown", e->blind);
	snprintf(text, sizeof(text),
		"seen within %us, gone again within %us, lasts %us%s",
		(unsigned)(e->effect_ns / SECONDS(1)),
		(unsigned)(e->recovery_ns / SECONDS(1)),
		(unsigned)(e->lease_ns / SECONDS(1)),
		e->severe ? "; severe: wants its name typed" : "");
	y = labeled(c, y, "times", text);
	for (size_t i = 0; i < PARAMS; i++) {
		const struct catalog_param *q = catalog_param_at((enum param)i);

		if (q->primitive != p)
			continue;
		snprintf(text, sizeof(text), "%s (%s)", q->text,
			catalog_value(value, (enum param)i, q->standard));
		y = labeled(c, y, q->key, text);
	}
}

static void
draw_outcome(struct canvas *c, const struct model_fault *f, uint64_t now_ns)
{
	char text[MODEL_FAULT_TEXT_CAP + 40], one[24], two[24];
	int y = 0;

	snprintf(text, sizeof(text), "#%u %s: %s", f->number,
		catalog_at(f->primitive)->name, state_text(one, sizeof(one), f, now_ns));
	canvas_cut(c, LIST_WIDTH + 1, y++, c->width - LIST_WIDTH - 2, style_of(f), text);
	y = labeled(c, y, "on", f->targets);
	if (f->result.reason[0] != '\0')
		y = labeled(c, y, "because", f->result.reason);
	snprintf(text, sizeof(text), "effect after %s by %zu nodes, recovery after %s",
		between(one, sizeof(one), f->result.injected_ns, f->result.witnessed_ns,
			c->ascii),
		f->result.witness_count,
		between(two, sizeof(two), f->result.reverted_ns, f->result.recovered_ns,
			c->ascii));
	y = labeled(c, y, "seen", text);
	if (f->witnesses[0] != '\0')
		(void)labeled(c, y, "by", f->witnesses);
}

static void
draw_fault(struct canvas *c, int y, const struct model_fault *f, uint64_t now_ns)
{
	char text[64];
	int x = 1;

	canvas_printf(c, x, y, STYLE_DIM, "#%u", f->number);
	x += 4;
	canvas_cut(c, x, y, LIST_WIDTH - 2, STYLE_TEXT, catalog_at(f->primitive)->name);
	x += LIST_WIDTH - 1;
	canvas_cut(c, x, y, STATE_WIDTH, style_of(f),
		state_text(text, sizeof(text), f, now_ns));
	x += STATE_WIDTH + 1;
	if (c->width >= WIDE_MIN) {
		canvas_right(c, x, y, TIME_WIDTH, STYLE_TEXT,
			between(text, sizeof(text), f->result.injected_ns,
				f->result.witnessed_ns, c->ascii));
		x += TIME_WIDTH + 1;
		canvas_right(c, x, y, TIME_WIDTH, STYLE_TEXT,
			between(text, sizeof(text), f->result.reverted_ns,
				f->result.recovered_ns, c->ascii));
		x += TIME_WIDTH + 2;
	}
	if (c->width > x)
		canvas_cut(c, x, y, c->width - x, STYLE_DIM, f->targets);
}

static void
draw_nothing(struct canvas *c, int y, const struct model *m)
{
	char text[120];

	if (m->other_count > 0)
		snprintf(text, sizeof(text), "nothing yet; Enter puts the fault "
			"on nodes of yours, or on %zu that obey you", m->other_count);
	else
		snprintf(text, sizeof(text),
			"nothing yet; Enter puts the selected fault on nodes of yours");
	canvas_cut(c, 1, y, c->width - 1, STYLE_DIM, text);
}

static void
draw_faults(struct pane_chaos *p, const struct model *m, struct canvas *c, int y)
{
	size_t rows = c->height - y - 1 > 0 ? (size_t)(c->height - y - 1) : 0, at = 0;

	canvas_hline(c, 0, y, c->width, STYLE_FRAME);
	canvas_text(c, 1, y, STYLE_DIM, " WHAT WAS DONE ");
	if (c->width >= WIDE_MIN) {
		canvas_text(c, 5 + LIST_WIDTH - 2, y, STYLE_DIM, " STATE ");
		canvas_text(c, 7 + LIST_WIDTH + STATE_WIDTH, y, STYLE_DIM, "EFFECT ");
		canvas_text(c, 13 + LIST_WIDTH + STATE_WIDTH, y, STYLE_DIM,
			" RECOVERY  ON ");
	}
	if (m->fault_count == 0)
		draw_nothing(c, y + 1, m);
	if (chosen(p, m, &at)) {
		if (at < p->fault_top)
			p->fault_top = at;
		if (at >= p->fault_top + rows)
			p->fault_top = at - rows + 1;
	} else {
		p->fault_top = 0;
	}
	for (size_t i = 0; i < rows && p->fault_top + i < m->fault_count; i++) {
		const struct model_fault *f = m->faults[p->fault_top + i];

		draw_fault(c, y + 1 + (int)i, f, m->now_ns);
		if (f->number == p->number)
			canvas_flag(c, 0, y + 1 + (int)i, c->width, 1, THEME_SELECTED);
	}
}

/* The last line while a loop is on; why its last refusal was one, if there is room. */
static int
draw_loop(struct canvas *c, const struct model *m)
{
	char text[120];
	int x;

	if (!m->loop || !m->loop->on)
		return 0;
	x = canvas_cut(c, 1, c->height - 1, c->width - 1, STYLE_TOLD,
		ask_loop_text(text, sizeof(text), m->loop, m->now_ns));
	if (m->loop->refused > 0 && x + 3 < c->width) {
		x = canvas_text(c, x, c->height - 1, STYLE_DIM, ": ");
		canvas_cut(c, x, c->height - 1, c->width - x, STYLE_DIM, m->loop->why);
	}
	return 1;
}

static void
pane_chaos_draw(void *pane, const struct pane_context *x, struct canvas *whole)
{
	struct pane_chaos *p = pane;
	const struct model_fault *f = chosen(p, x->model, NULL);
	struct canvas above = canvas_window(whole, 0, 0, whole->width,
		whole->height - draw_loop(whole, x->model));
	struct canvas *c = &above, upper;
	int rows = c->height - 2 - FAULTS_SHOWN_MIN;

	if (rows > PRIMITIVES)
		rows = PRIMITIVES;
	if (rows < 1)
		rows = 1;
	upper = canvas_window(c, 0, 0, c->width, rows + 1);
	draw_primitives(p, &upper, 0, rows);
	if (c->width >= WIDE_MIN && f)
		draw_outcome(&upper, f, x->model->now_ns);
	else if (c->width >= WIDE_MIN)
		draw_entry(&upper, (enum primitive)p->primitive);
	draw_faults(p, x->model, c, rows + 1);
}

/* The place in the one list. */
static size_t
place_of(const struct pane_chaos *p, const struct model *m)
{
	size_t row = 0;

	return chosen(p, m, &row) ? PRIMITIVES + row : p->primitive;
}

static void
go_to(struct pane_chaos *p, const struct model *m, size_t place)
{
	if (place < PRIMITIVES) {
		p->primitive = place;
		p->number = 0;
	} else {
		p->number = m->faults[place - PRIMITIVES]->number;
	}
}

static bool
pane_chaos_act(void *pane, const struct pane_context *x, enum action a)
{
	struct pane_chaos *p = pane;
	size_t last = PRIMITIVES - 1 + x->model->fault_count;
	size_t at = place_of(p, x->model);

	switch (a) {
	case ACTION_SELECT_UP:
		go_to(p, x->model, at - (at > 0));
		return true;
	case ACTION_SELECT_DOWN:
		go_to(p, x->model, at + (at < last));
		return true;
	case ACTION_PAGE_UP:
	case ACTION_FIRST:
		go_to(p, x->model, a == ACTION_FIRST || at < PRIMITIVES
			? 0 : PRIMITIVES - 1);
		return true;
	case ACTION_PAGE_DOWN:
	case ACTION_LAST:
		go_to(p, x->model, a == ACTION_PAGE_DOWN && at < PRIMITIVES &&
			last >= PRIMITIVES ? PRIMITIVES : last);
		return true;
	case ACTION_INJECT:
		x->fault->primitive = at < PRIMITIVES ? (enum primitive)at
			: x->model->faults[at - PRIMITIVES]->primitive;
		return true;
	case ACTION_REVERT:
		x->fault->number = at < PRIMITIVES ? 0 : p->number;
		return true;
	default:
		return a == ACTION_HALT || a == ACTION_LOOP;
	}
}

const struct pane_ops pane_chaos_ops = {
	"chaos",
	IN_CHAOS,
	pane_chaos_new,
	pane_chaos_free,
	pane_chaos_draw,
	pane_chaos_act,
};
