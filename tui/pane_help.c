/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/mem.h"
#include "tui/pane.h"

/* What a text may wrap to at 40 columns, the narrowest screen. */
#define LINES_EACH_MAX 4

/* Keys and signs, made from actions.def and the theme. */
struct pane_help {
	int top, lines, page;
};

static void *
pane_help_new(void)
{
	return mem_new(MEM_PANE, sizeof(struct pane_help));
}

static void
pane_help_free(void *pane)
{
	mem_free(MEM_PANE, pane);
}

static int
draw_keys(struct canvas *c, int y, const struct keymap_action *a)
{
	int x = 2, margin = c->width < 60 ? 12 : 18;
	const char *key;
	size_t len;

	for (size_t i = 0; (key = keymap_key_at(a, i, &len)); i++) {
		if (i > 0)
			x = canvas_text(c, x, y, STYLE_DIM, " ");
		x = canvas_printf(c, x, y, STYLE_KEY, "%.*s", (int)len, key);
	}
	x = x < margin ? margin : x + 1;
	return y + canvas_wrap(c, x, y, c->width - x, STYLE_TEXT, a->help);
}

/* Actions of exactly these contexts, under a title; each action is in one section. */
static int
draw_section(
	struct canvas *c, int y, const char *title, bool (*belongs)(unsigned contexts))
{
	canvas_text(c, 0, y++, STYLE_TITLE, title);
	for (int a = ACTION_NONE + 1; a < ACTION_COUNT; a++) {
		const struct keymap_action *action = keymap_action((enum action)a);

		if (belongs(action->contexts))
			y = draw_keys(c, y, action);
	}
	return y + 1;
}

static bool
is_everywhere(unsigned contexts)
{
	return contexts == IN_ALL;
}

static bool
is_for_nodes(unsigned contexts)
{
	return !is_everywhere(contexts) && (contexts & (IN_TOPOLOGY | IN_TABLES));
}

static bool
is_for_timeline(unsigned contexts)
{
	return (contexts & ~(unsigned)(IN_TIMELINE | IN_BOOT | IN_ALERTS | IN_MESSAGES))
		== 0;
}

static bool
is_for_pages(unsigned contexts)
{
	return !is_everywhere(contexts) && !is_for_nodes(contexts) &&
		!is_for_timeline(contexts);
}

static int
draw_signs(struct canvas *c, int y)
{
	static const char *const types[] = { "broker", "gateway", "compute", "registry" };
	static const char *const meanings[LIVENESS_COUNT] = {
		"its digests come",
		"silent for 8s, or accused by another node",
		"silent for 30s, or accused by two and without an answer",
		"it said goodbye",
	};
	static const char *const notes[] = {
		"An edge is a connection that both ends report; half: one end does.",
		"STATE says how long a node has been so, HEARD how old its last word",
		"is, both by this console's own clock.",
	};
	int x = 2;

	canvas_text(c, 0, y++, STYLE_TITLE, "Signs");
	for (int l = 0; l < LIVENESS_COUNT; l++) {
		uint16_t style = theme_liveness((enum liveness)l);

		canvas_text(
			c, 2, y, style, theme_liveness_glyph((enum liveness)l, c->ascii));
		canvas_text(c, 4, y, style, liveness_text((enum liveness)l));
		y += canvas_wrap(c, 12, y, c->width - 12, STYLE_TEXT, meanings[l]);
	}
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		enum theme_style style = theme_type(types[i]);

		canvas_put(c, x, y, (uint32_t)theme_type_letter(types[i]), style);
		x = canvas_text(c, x + 2, y, style, types[i]) + 3;
	}
	y++;
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++)
		y += canvas_wrap(c, 2, y, c->width - 2, STYLE_TEXT, notes[i]);
	return y;
}

static void
pane_help_draw(void *pane, const struct pane_context *x, struct canvas *c)
{
	struct pane_help *h = pane;
	struct canvas *page = canvas_new(
		c->width, LINES_EACH_MAX * (ACTION_COUNT + 24), c->ascii);
	int y = 0;

	(void)x;
	y = draw_section(page, y, "Everywhere", is_everywhere);
	y = draw_section(page, y, "Nodes: topology, tables, detail", is_for_nodes);
	y = draw_section(page, y, "Timeline, boot and alerts", is_for_timeline);
	y = draw_section(page, y, "Help and detail", is_for_pages);
	h->lines = draw_signs(page, y);
	h->page = c->height;
	if (h->top > h->lines - h->page)
		h->top = h->lines - h->page;
	if (h->top < 0)
		h->top = 0;
	for (y = 0; y < c->height && h->top + y < page->height; y++)
		memcpy(&c->cells[y * c->stride],
			&page->cells[(h->top + y) * page->stride],
			(size_t)c->width * sizeof(*c->cells));
	if (h->top + h->page < h->lines)
		canvas_right(c, 0, c->height - 1, c->width, STYLE_KEY,
			theme_glyph(GLYPH_DOWN, c->ascii));
	canvas_free(page);
}

static bool
pane_help_act(void *pane, const struct pane_context *x, enum action a)
{
	struct pane_help *h = pane;
	int step = h->page > 4 ? h->page / 2 : 1;

	(void)x;
	if (a != ACTION_SCROLL_UP && a != ACTION_SCROLL_DOWN)
		return false;
	h->top += a == ACTION_SCROLL_UP ? -step : step;
	return true;
}

const struct pane_ops pane_help_ops = {
	"help", IN_HELP, pane_help_new, pane_help_free, pane_help_draw, pane_help_act,
};
