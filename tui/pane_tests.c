/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "tui/pane.h"
#include "tui/words.h"

/* The named tests: what each is, how its last run went, and the report of that. */
struct pane_tests {
	size_t row, top;
	bool reading;		/* the report of the row, from this line */
	size_t line;
	int page;		/* rows of the last frame */
};

#define NAME_WIDTH 25
#define KIND_WIDTH 8
#define VERDICT_WIDTH 10
#define TOOK_WIDTH 7

static void *
pane_tests_new(void)
{
	return mem_new(MEM_PANE, sizeof(struct pane_tests));
}

static void
pane_tests_free(void *pane)
{
	mem_free(MEM_PANE, pane);
}

static uint16_t
style_of(const struct model_test *t)
{
	if (t->state == MODEL_TEST_RUNS)
		return STYLE_STRONG;
	if (t->state == MODEL_TEST_NEVER)
		return STYLE_DIM;
	if (t->as_expected)
		return STYLE_LIVE;
	return t->verdict == VERDICT_FAIL ? STYLE_ERROR : STYLE_WARN;
}

static const char *
verdict_of(const struct model_test *t, bool ascii)
{
	if (t->state == MODEL_TEST_RUNS)
		return "runs";
	return t->state == MODEL_TEST_NEVER ? theme_glyph(GLYPH_UNKNOWN, ascii)
					    : report_verdict_text(t->verdict);
}

/* What it is; what it is at; or what came of it. */
static const char *
about(const struct model_test *t)
{
	if (t->state == MODEL_TEST_RUNS)
		return t->progress;
	if (t->state == MODEL_TEST_ENDED && t->reason[0] != '\0')
		return t->reason;
	return t->test->text;
}

static void
draw_row(struct canvas *c, int y, const struct model_test *t, uint64_t now_ns)
{
	char took[16] = "";
	int x = 1;

	canvas_cut(c, x, y, NAME_WIDTH, STYLE_TEXT, t->test->name);
	x += NAME_WIDTH + 1;
	if (c->width >= 60) {
		canvas_cut(c, x, y, KIND_WIDTH, STYLE_DIM, t->test->kind);
		x += KIND_WIDTH + 1;
	}
	canvas_cut(c, x, y, VERDICT_WIDTH, style_of(t), verdict_of(t, c->ascii));
	x += VERDICT_WIDTH + 1;
	if (t->state == MODEL_TEST_RUNS)
		words_age(took, sizeof(took), now_ns - t->began_ns);
	else if (t->state == MODEL_TEST_ENDED)
		text_duration(took, sizeof(took), t->ended_ns - t->began_ns);
	if (c->width < 60)
		return;
	canvas_right(c, x, y, TOOK_WIDTH, STYLE_TEXT, took);
	x += TOOK_WIDTH + 2;
	canvas_cut(c, x, y, c->width - x, t->state == MODEL_TEST_NEVER ? STYLE_DIM
		: STYLE_TEXT, about(t));
}

static void
draw_titles(struct canvas *c)
{
	int x = 1;

	canvas_text(c, x, 0, STYLE_DIM, "TEST");
	x += NAME_WIDTH + 1;
	if (c->width >= 60) {
		canvas_text(c, x, 0, STYLE_DIM, "KIND");
		x += KIND_WIDTH + 1;
	}
	canvas_text(c, x, 0, STYLE_DIM, "VERDICT");
	x += VERDICT_WIDTH + 1;
	if (c->width < 60)
		return;
	canvas_right(c, x, 0, TOOK_WIDTH, STYLE_DIM, "TOOK");
	canvas_text(c, x + TOOK_WIDTH + 2, 0, STYLE_DIM, "WHAT IT SHOWS");
}

/* The chosen test in words, and what it demands. */
static void
draw_foot(struct canvas *c, const struct model_test *t)
{
	char text[REPORT_TEXT_CAP + 80];

	canvas_hline(c, 0, c->height - 3, c->width, STYLE_FRAME);
	canvas_cut(c, 1, c->height - 2, c->width - 2, STYLE_TEXT, about(t));
	if (t->state == MODEL_TEST_ENDED)
		snprintf(text, sizeof(text), "seed %llu; %s%s",
			(unsigned long long)t->seed, t->test->thresholds,
			t->test->expected == VERDICT_UNPROVEN && t->as_expected
				? "; unproven, as it has to be" : "");
	else
		snprintf(text, sizeof(text), "demands: %s", t->test->thresholds);
	canvas_cut(c, 1, c->height - 1, c->width - 2, STYLE_DIM, text);
}

static void
draw_list(struct pane_tests *p, const struct model *m, struct canvas *c)
{
	size_t page;

	p->page = c->height - 4 > 1 ? c->height - 4 : 1;
	page = (size_t)p->page;
	if (p->row < p->top)
		p->top = p->row;
	if (p->row >= p->top + page)
		p->top = p->row - page + 1;
	draw_titles(c);
	for (size_t y = 0; y < page && p->top + y < m->test_count; y++)
		draw_row(c, (int)y + 1, &m->tests[p->top + y], m->now_ns);
	canvas_flag(c, 0, (int)(p->row - p->top) + 1, c->width, 1, THEME_SELECTED);
	if (c->height >= 6)
		draw_foot(c, &m->tests[p->row]);
}

static size_t
lines_of(const char *text)
{
	size_t lines = 0;

	for (; (text = strchr(text, '\n')) != NULL; text++)
		lines++;
	return lines;
}

static void
draw_report(struct pane_tests *p, const struct model_test *t, struct canvas *c)
{
	const char *at = t->report;
	size_t lines = lines_of(at), page = (size_t)c->height;

	p->page = c->height;
	if (p->line + page > lines)
		p->line = lines > page ? lines - page : 0;
	for (size_t i = 0; i < p->line; i++)
		at = strchr(at, '\n') + 1;
	for (int y = 0; y < c->height && *at; y++) {
		size_t len = strcspn(at, "\n");
		char text[512];

		snprintf(text, sizeof(text), "%.*s", (int)len, at);
		canvas_cut(c, 0, y, c->width, STYLE_TEXT, text);
		at += len + (at[len] == '\n');
	}
}

static void
pane_tests_draw(void *pane, const struct pane_context *x, struct canvas *c)
{
	struct pane_tests *p = pane;
	const struct model *m = x->model;

	if (m->test_count == 0)
		return;
	if (p->row >= m->test_count)
		p->row = m->test_count - 1;
	if (p->reading && m->tests[p->row].report)
		draw_report(p, &m->tests[p->row], c);
	else
		draw_list(p, m, c);
}

static bool
pane_tests_act(void *pane, const struct pane_context *x, enum action a)
{
	struct pane_tests *p = pane;
	const struct model *m = x->model;
	size_t to;

	if (m->test_count == 0)
		return false;
	if (p->reading && m->tests[p->row].report) {
		to = keymap_moved(
			a, p->line, lines_of(m->tests[p->row].report), p->page);
		if (to != SIZE_MAX)
			p->line = to;
		else if (a == ACTION_CLOSE_REPORT || a == ACTION_REPORT)
			p->reading = false;
		return to != SIZE_MAX;
	}
	to = keymap_moved(a, p->row, m->test_count - 1, p->page);
	if (to != SIZE_MAX)
		p->row = to;
	if (a == ACTION_REPORT) {
		p->reading = m->tests[p->row].report != NULL;
		p->line = 0;
	}
	*x->test = p->row;
	return true;
}

const struct pane_ops pane_tests_ops = {
	"tests",
	IN_TESTS,
	pane_tests_new,
	pane_tests_free,
	pane_tests_draw,
	pane_tests_act,
};
