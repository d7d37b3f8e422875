/* SPDX-License-Identifier: MIT */
#include "tui/spans_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tui/theme.h"

#define LABEL_WIDTH 22
#define LABEL_WIDTH_NARROW 16	/* so that both times are there in 40 columns */
#define NARROW 60
#define NODE_WIDTH 22
#define WIDE 110		/* where the node's name has room beside the bar */
#define TIME_WIDTH 10

const struct spans_view_step spans_view_steps[SPANS_VIEW_STEPS] = {
	{ "mesh.boot.identity_loaded", 'i', "identity", STYLE_GATEWAY },
	{ "mesh.boot.identity_minted", 'i', "identity", STYLE_GATEWAY },
	{ "mesh.boot.endpoint_created", 'e', "endpoint", STYLE_BROKER },
	{ "mesh.boot.alpn_registered", 'a', "alpn", STYLE_REGISTRY },
	{ "mesh.boot.gossip_started", 'g', "gossip", STYLE_COMPUTE },
	{ "mesh.boot.accept_loop_started", 'c', "accept", STYLE_TYPE_A },
};

const char *
spans_view_name(const char *name)
{
	if (strncmp(name, "mesh.boot.", 10) == 0)
		return name + 10;
	return strncmp(name, "mesh.node.", 10) == 0 ? name + 10 : name;
}

uint16_t
spans_view_style(const struct span *s)
{
	if (s->state == SPAN_FAILED)
		return STYLE_ERROR;
	if (s->state == SPAN_OPEN)
		return STYLE_WARN;
	for (size_t i = 0; i < SPANS_VIEW_STEPS; i++)
		if (strcmp(s->name, spans_view_steps[i].name) == 0)
			return spans_view_steps[i].style;
	return STYLE_LIVE;
}

static void
draw_bar(struct canvas *c, int x, int y, int width, const struct waterfall *w,
	const struct waterfall_row *row)
{
	struct waterfall_bar bar = waterfall_bar(w, row, width);
	uint16_t style = spans_view_style(row->span);
	enum theme_glyph glyph = row->span->state == SPAN_OPEN ? GLYPH_BAR_HALF
							       : GLYPH_BAR_FULL;

	for (int i = 0; i < bar.len; i++)
		canvas_text(c, x + bar.from + i, y, style, theme_glyph(glyph, c->ascii));
	if (bar.beyond)
		canvas_text(c, x + width - 1, y, style,
			theme_glyph(GLYPH_POINTER, c->ascii));
	if (row->span->state == SPAN_FAILED)
		canvas_text(c, x + bar.from + bar.len - 1, y, style,
			theme_glyph(GLYPH_GONE, c->ascii));
}

/* "mesh1.broker.3b6a27" has the color that it has everywhere. */
static uint16_t
style_of_node(const char *name)
{
	const char *type = strchr(name, '.');
	char label[LABEL_LEN_MAX + 1];

	if (!type)
		return STYLE_TEXT;
	snprintf(label, sizeof(label), "%.*s", (int)strcspn(type + 1, "."), type + 1);
	return theme_type(label);
}

void
spans_view_row(struct canvas *c, int y, const struct waterfall *w,
	const struct waterfall_row *row, const char *node)
{
	const struct span *s = row->span;
	int label = c->width < NARROW ? LABEL_WIDTH_NARROW : LABEL_WIDTH;
	int x = 1 + (int)row->depth, bar = 1 + label + 2 * (TIME_WIDTH + 1) + 1;
	char text[32];

	canvas_cut(c, x, y, 1 + label - x, spans_view_style(s), spans_view_name(s->name));
	snprintf(text, sizeof(text), "+%" PRIu64, s->begin_us);
	canvas_right(c, 1 + label, y, TIME_WIDTH, STYLE_DIM, text);
	snprintf(text, sizeof(text), "%" PRIu64, s->duration_us);
	canvas_right(c, 1 + label + TIME_WIDTH + 1, y, TIME_WIDTH,
		s->state == SPAN_OPEN ? STYLE_WARN : STYLE_TEXT,
		s->state == SPAN_OPEN ? "open" : text);
	if (node != NULL && c->width >= WIDE) {
		canvas_cut(c, bar, y, NODE_WIDTH, style_of_node(node), node);
		bar += NODE_WIDTH + 1;
	} else if (node != NULL && c->width >= NARROW) {
		/* The end of a name tells nodes apart. */
		const char *end = strrchr(node, '.');

		canvas_cut(c, bar, y, 7, style_of_node(node), end ? end + 1 : node);
		bar += 7;
	}
	if (c->width > bar + 4)
		draw_bar(c, bar, y, c->width - bar - 1, w, row);
}
