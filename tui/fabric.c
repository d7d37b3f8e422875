/* SPDX-License-Identifier: MIT */
#include "tui/fabric.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tui/theme.h"
#include "tui/words.h"

#define BOXED_HEIGHT 6
#define DASHES 2
#define DASHES_WIDE 4
#define WIDE 110

static bool
is_joined(const struct model *m, const char *mesh)
{
	for (size_t i = 0; i < m->mesh_count; i++)
		if (strcmp(m->meshes[i].name, mesh) == 0)
			return true;
	return false;
}

const struct backbone_mesh *
fabric_other(const struct model *m, size_t i)
{
	for (size_t k = 0; m->backbone && k < backbone_count(m->backbone); k++) {
		const struct backbone_mesh *b = backbone_at(m->backbone, k);

		if (!is_joined(m, b->summary.mesh) && i-- == 0)
			return b;
	}
	return NULL;
}

size_t
fabric_others(const struct model *m)
{
	size_t count = 0;

	while (fabric_other(m, count))
		count++;
	return count;
}

static void
draw_title(struct canvas *c, int x, const struct model *m, const struct backbone_mesh *b)
{
	struct summary_counts all = summary_total(&b->summary);
	uint64_t nodes = (uint64_t)all.live + all.suspect + all.gone;
	char age[24];

	x = canvas_printf(c, x, 0, STYLE_TITLE, " %s ", b->summary.mesh);
	if (b->state == BACKBONE_NAMED) {
		canvas_text(c, x, 0, STYLE_WARN, "unreachable ");
		return;
	}
	x = canvas_printf(c, x, 0, all.live == nodes ? STYLE_LIVE : STYLE_SUSPECT,
		"%u of %" PRIu64 " live ", all.live, nodes);
	words_age(age, sizeof(age), m->now_ns - b->received_ns);
	if (b->state == BACKBONE_HEARD)
		canvas_printf(c, x, 0, STYLE_DIM, "summary %s ago ", age);
	else
		canvas_printf(c, x, 0, STYLE_WARN, "silent for %s ", age);
}

static int
draw_reason(struct canvas *c, int y, const struct model *m, const struct backbone_mesh *b)
{
	char why[BACKBONE_WHY_CAP];
	const char *text = backbone_why(m->backbone, b->summary.mesh, m->now_ns, why);
	const char *reason = strstr(text, ": ");

	if (b->state == BACKBONE_HEARD)
		return y;
	reason = reason ? reason + 2 : text;
	/* At a space, where it does not fit one line. */
	while (*reason != '\0' && y < c->height) {
		size_t len = strlen(reason);
		char part[BACKBONE_WHY_CAP];

		if (len > (size_t)c->width) {
			len = (size_t)c->width;
			while (len > 0 && reason[len] != ' ')
				len--;
			len = len > 0 ? len : (size_t)c->width;
		}
		snprintf(part, sizeof(part), "%.*s", (int)len, reason);
		canvas_text(c, 0, y++, STYLE_WARN, part);
		reason += len + (reason[len] == ' ');
	}
	return y;
}

static int
draw_types(struct canvas *c, int y, const struct summary *s)
{
	int x = 0;

	for (size_t i = 0; i < s->type_count && y < c->height; i++) {
		const struct summary_type *t = &s->types[i];
		char text[LABEL_LEN_MAX + 32];

		snprintf(text, sizeof(text), "%u %s", t->nodes.live, t->type);
		if (x > 0 && x + (int)strlen(text) > c->width) {
			x = 0;
			y++;
		}
		if (y < c->height)
			x = canvas_text(c, x, y, theme_type(t->type), text) + 2;
	}
	return x > 0 ? y + 1 : y;
}

void
fabric_lane(struct canvas *c, const struct model *m, const struct backbone_mesh *b)
{
	bool boxed = c->height >= BOXED_HEIGHT;
	struct canvas inner = boxed ? canvas_window(c, 2, 1, c->width - 3, c->height - 2)
				    : canvas_window(c, 0, 1, c->width, c->height - 1);
	const struct backbone_speaker *rival;
	char hex[ID_HEX_CAP], address[ADDRESS_TEXT_CAP];
	int y;

	if (boxed)
		canvas_box(c, 0, 0, c->width, c->height, STYLE_FRAME);
	else
		canvas_hline(c, 0, 0, c->width, STYLE_FRAME);
	draw_title(c, boxed ? 2 : 0, m, b);
	y = draw_reason(&inner, 0, m, b);
	y = draw_types(&inner, y, &b->summary);
	for (size_t i = 0; i < b->summary.gateway_count && y < inner.height - 1; i++) {
		const struct summary_gateway *g = &b->summary.gateways[i];
		char text[ADDRESS_TEXT_CAP + 40];

		snprintf(text, sizeof(text), "gateway %.6s  %s", id_hex(hex, &g->id),
			g->address_count > 0 ? address_format(address, &g->addresses[0])
					     : "");
		canvas_cut(&inner, 0, y++, inner.width, STYLE_GATEWAY, text);
	}
	rival = backbone_rival(b, 0, m->now_ns);
	if (rival != NULL && y < inner.height) {
		char text[80];

		snprintf(text, sizeof(text), "disputed: %.6s also speaks for it",
			id_hex(hex, &rival->id));
		canvas_cut(&inner, 0, inner.height - 1, inner.width, STYLE_WARN, text);
	} else if (b->state == BACKBONE_HEARD && y < inner.height)
		canvas_cut(&inner, 0, inner.height - 1, inner.width, STYLE_DIM,
			"a summary; w shows its nodes");
}

int
fabric_crossing_lines(const struct model *m, int most)
{
	size_t count = m->crossings ? m->crossings->count : 0;

	return count < (size_t)most ? (int)count : most;
}

static const char *
grouped(char to[static 32], uint64_t n)
{
	char digits[24];
	size_t len = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, n), at = 0;

	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			to[at++] = ',';
		to[at++] = digits[i];
	}
	to[at] = '\0';
	return to;
}

/* Dashed where it crosses from a mesh to another one. */
static int
draw_arrow(struct canvas *c, int x, int y, const struct crossing *t, bool moves)
{
	uint16_t style = moves ? STYLE_EDGE_CHOSEN : STYLE_EDGE;
	int dashes = c->width >= WIDE ? DASHES_WIDE : DASHES;

	x++;
	for (int i = 0; i < dashes; i++)
		x = canvas_text(c, x, y, style,
			theme_glyph(t->across ? GLYPH_DASH : GLYPH_HLINE, c->ascii));
	return canvas_text(c, x, y, style, theme_glyph(GLYPH_POINTER, c->ascii)) + 1;
}

void
fabric_crossings(struct canvas *c, const struct model *m)
{
	for (int y = 0; y < c->height; y++) {
		const struct crossing *t = crossings_latest(m->crossings, (size_t)y);
		char rate[32], total[32], age[24], text[160];
		double each;
		int x = 1;

		if (!t)
			return;
		each = crossings_rate(t, m->now_ns);
		snprintf(rate, sizeof(rate), each >= 10 ? "%.0f/s" : "%.1f/s", each);
		words_age(age, sizeof(age), m->now_ns - t->last_ns);
		snprintf(text, sizeof(text), "%s  %s in all  %s ago", rate,
			grouped(total, t->total), age);
		x = canvas_text(c, x, y, STYLE_TEXT, t->from);
		x = draw_arrow(c, x, y, t, each > 0);
		x = canvas_text(c, x, y, STYLE_TEXT, t->to);
		if (x + 2 + (int)strlen(text) <= c->width)
			canvas_text(c, x + 2, y, each > 0 ? STYLE_STRONG : STYLE_DIM,
				text);
		else
			canvas_right(c, x + 1, y, c->width - x - 1,
				each > 0 ? STYLE_STRONG : STYLE_DIM, rate);
	}
}
