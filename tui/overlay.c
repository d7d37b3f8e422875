/* SPDX-License-Identifier: MIT */
#include "tui/overlay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/mem.h"
#include "tui/graph.h"
#include "tui/told.h"
#include "tui/words.h"

/* Above this a ring or a matrix says nothing to an eye. */
#define RING_MAX 32
#define MATRIX_MAX 64

#define MATRIX_NAME_WIDE 20	/* "a ● registry 239dc9 " */
#define MATRIX_NAME_NARROW 12	/* "a ●B 239dc9 " */
#define TILE_WIDTH 12		/* "●B 239dc9 5 " */

/* The tiles of a ring, the largest first. */
static const struct tile {
	int width, height;
} ring_tiles[] = { { 18, 4 }, { 17, 1 }, { 9, 1 } };

enum { RING_TILES = sizeof(ring_tiles) / sizeof(ring_tiles[0]) };

const char *
overlay_form_name(enum overlay_form f)
{
	static const char *const names[OVERLAY_FORMS] = {
		"best fit", "ring", "matrix", "tiles",
	};

	return names[f];
}

/* Rings grow in steps, so that a newcomer rarely moves the others. */
static size_t
ring_size(size_t slots)
{
	static const size_t steps[] = { 3, 6, 9, 12, 16, 20, 24, 28, RING_MAX };

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (slots <= steps[i])
			return steps[i];
	return 0;
}

static bool
fit_ring(const struct overlay *o, int width, int height, struct graph_spot *spots,
	const struct tile **tile)
{
	size_t size = ring_size(o->slots->count);

	for (int i = 0; size > 0 && i < RING_TILES; i++) {
		*tile = &ring_tiles[i];
		if (graph_ring(spots, size, width, height, (*tile)->width,
			(*tile)->height))
			return true;
	}
	return false;
}

struct matrix {
	int name;	/* columns before the first cell */
	int step;	/* columns for each cell, 0: it does not fit */
};

static struct matrix
fit_matrix(const struct overlay *o, int width, int height)
{
	int count = (int)o->slots->count;

	if (count > MATRIX_MAX || count + 1 > height)
		return (struct matrix){ 0 };
	if (MATRIX_NAME_WIDE + 2 * count - 1 <= width)
		return (struct matrix){ MATRIX_NAME_WIDE, 2 };
	if (MATRIX_NAME_NARROW + 2 * count - 1 <= width)
		return (struct matrix){ MATRIX_NAME_NARROW, 2 };
	return (struct matrix){ MATRIX_NAME_NARROW,
		MATRIX_NAME_NARROW + count <= width ? 1 : 0 };
}

enum overlay_form
overlay_fit(const struct overlay *o, enum overlay_form wanted, int width, int height)
{
	struct graph_spot spots[RING_MAX];
	const struct tile *tile;
	bool ring = fit_ring(o, width, height, spots, &tile);
	bool matrix = fit_matrix(o, width, height).step > 0;

	if (wanted == OVERLAY_TILES || (wanted == OVERLAY_RING && ring) ||
	    (wanted == OVERLAY_MATRIX && matrix))
		return wanted;
	/* Short names on a small ring are harder to read than the matrix. */
	if (ring && (tile != &ring_tiles[RING_TILES - 1] || !matrix))
		return OVERLAY_RING;
	return matrix ? OVERLAY_MATRIX : OVERLAY_TILES;
}

static bool
has_edges(const struct overlay *o)
{
	return o->mesh->topology &&
		o->mesh->topology->node_count == directory_count(o->mesh->directory);
}

static bool
touches(const struct topology_edge *e, size_t index)
{
	return e->a == index || e->b == index;
}

/* The directory index of the selected node, if it is in this mesh. */
static size_t
selected_index(const struct overlay *o)
{
	for (size_t i = 0; !id_is_zero(o->selected) && i < o->slots->count; i++)
		if (o->slots->index[i] != SIZE_MAX &&
			id_equal(&o->slots->ids[i], o->selected))
			return o->slots->index[i];
	return SIZE_MAX;
}

/* What a node's tile looks like beside the selected one. */
static uint16_t
flags_of(const struct overlay *o, size_t index, size_t chosen)
{
	if (index == chosen)
		return THEME_SELECTED;
	/* Beside a node without edges, such as one that is gone, nobody else fades. */
	if (chosen == SIZE_MAX || !has_edges(o) || o->mesh->topology->degree[chosen] == 0)
		return 0;
	for (size_t i = 0; i < o->mesh->topology->edge_count; i++) {
		const struct topology_edge *e = &o->mesh->topology->edges[i];

		if (touches(e, index) && touches(e, chosen))
			return 0;
	}
	return THEME_FAINT;
}

static void
remember(const struct overlay *o, size_t slot, int x, int y)
{
	struct places *p = o->places;

	if (p->count == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 64;
		p->at = mem_resize(p->at, p->cap, sizeof(*p->at));
	}
	p->at[p->count++] = (struct place){ o->slots->ids[slot], o->x + x, o->y + y };
}

static void
short_hex(const struct directory_entry *en, char to[static 13])
{
	hex_encode(to, en->digest.id.bytes, 3);
}

static void
draw_box_tile(const struct overlay *o, const struct directory_entry *en, size_t index,
	struct canvas *c)
{
	uint16_t type = theme_type(en->digest.type), live = theme_liveness(en->liveness);
	char hex[13], degree[16];

	short_hex(en, hex);
	canvas_fill(c, 0, 0, c->width, c->height, ' ', STYLE_TEXT);
	canvas_box(c, 0, 0, c->width, c->height,
		en->liveness == LIVENESS_LIVE ? type : live);
	canvas_text(c, 2, 1, live, theme_liveness_glyph(en->liveness, c->ascii));
	canvas_cut(c, 4, 1, c->width - 8, type, en->digest.type);
	told_mark(c, c->width - 3, 1, o->model, &en->digest.id);
	canvas_text(c, 2, 2, STYLE_TEXT, hex);
	if (en->liveness != LIVENESS_LIVE) {
		canvas_cut(c, 9, 2, c->width - 10, live, liveness_text(en->liveness));
	} else if (has_edges(o)) {
		snprintf(degree, sizeof(degree), "%u", o->mesh->topology->degree[index]);
		canvas_right(c, 9, 2, c->width - 11, STYLE_DIM, degree);
	}
}

static void
draw_line_tile(const struct overlay *o, const struct directory_entry *en,
	struct canvas *c)
{
	uint16_t type = theme_type(en->digest.type);
	char hex[13], letter[2] = { theme_type_letter(en->digest.type), '\0' };

	short_hex(en, hex);
	canvas_fill(c, 0, 0, c->width, 1, ' ', STYLE_TEXT);
	canvas_text(c, 0, 0, theme_liveness(en->liveness),
		theme_liveness_glyph(en->liveness, c->ascii));
	/* In the space that is there, so that what stands beside it stays in line. */
	told_mark(c, c->width < 16 ? 2 : 1, 0, o->model, &en->digest.id);
	if (c->width < 16) {
		canvas_text(c, 1, 0, type, letter);
		canvas_text(c, 3, 0, type, hex);
		return;
	}
	canvas_text(c, canvas_cut(c, 2, 0, c->width - 9, type, en->digest.type) + 1, 0,
		type, hex);
}

/* Which slot shows what: by directory index. */
static void
slots_by_index(const struct overlay *o, size_t *slot_of, size_t cap)
{
	for (size_t i = 0; i < o->slots->count; i++)
		if (o->slots->index[i] < cap)
			slot_of[o->slots->index[i]] = i;
}

static void
draw_reported(const struct overlay *o, const struct graph_spot *spots, size_t chosen,
	const size_t *slot_of, struct graph *g)
{
	const struct topology *t = o->mesh->topology;

	for (size_t i = 0; i < t->silent_count; i++) {
		const struct graph_spot *a = &spots[slot_of[t->silent[i].a]];
		const struct graph_spot *b = &spots[slot_of[t->silent[i].b]];

		graph_dashes(g, a->anchor_x, a->anchor_y, b->anchor_x, b->anchor_y,
			STYLE_WARN);
	}
	/* The chosen node's edges last, on top. */
	for (int on_top = 0; on_top < 2; on_top++)
		for (size_t i = 0; i < t->edge_count; i++) {
			const struct topology_edge *e = &t->edges[i];
			const struct graph_spot *a = &spots[slot_of[e->a]];
			const struct graph_spot *b = &spots[slot_of[e->b]];
			bool mine = touches(e, chosen);

			if (mine == on_top)
				graph_line(g, a->anchor_x, a->anchor_y, b->anchor_x,
					b->anchor_y,
					mine ? STYLE_EDGE_CHOSEN : STYLE_EDGE);
		}
}

/*
 * Pairs that were cut by our order, whether the cut shows or not: a cross in the middle
 * of where their edge would be.
 */
static void
draw_cuts(const struct overlay *o, const struct graph_spot *spots, struct graph *g,
	struct canvas *c)
{
	const struct slots *s = o->slots;

	for (int crosses = 0; crosses < 2; crosses++) {
		for (size_t i = 0; i < s->count; i++)
			for (size_t k = 0; k < i; k++) {
				const struct graph_spot *a = &spots[i], *b = &spots[k];

				if (s->index[i] == SIZE_MAX || s->index[k] == SIZE_MAX ||
					!told_cut_pair(o->model, &s->ids[i], &s->ids[k]))
					continue;
				if (crosses)
					canvas_text(c, (a->anchor_x + b->anchor_x) / 2,
						(a->anchor_y + b->anchor_y) / 2,
						STYLE_TOLD, theme_glyph(GLYPH_CUT_EDGE,
							c->ascii));
				else
					graph_dashes(g, a->anchor_x, a->anchor_y,
						b->anchor_x, b->anchor_y, STYLE_TOLD);
			}
		if (!crosses)
			graph_draw(g, c);
	}
}

static void
draw_ring_edges(const struct overlay *o, const struct graph_spot *spots, size_t chosen,
	struct canvas *c)
{
	size_t slot_of[RING_MAX] = { 0 };
	struct graph g;

	graph_init(&g, c->width, c->height, c->ascii);
	slots_by_index(o, slot_of, RING_MAX);
	draw_reported(o, spots, chosen, slot_of, &g);
	draw_cuts(o, spots, &g, c);
	graph_fini(&g);
}

static void
draw_ring(const struct overlay *o, struct canvas *c)
{
	struct graph_spot spots[RING_MAX];
	size_t chosen = selected_index(o);
	const struct tile *tile;

	if (!fit_ring(o, c->width, c->height, spots, &tile))
		return;
	if (has_edges(o))
		draw_ring_edges(o, spots, chosen, c);
	for (size_t i = 0; i < o->slots->count; i++) {
		struct canvas w = canvas_window(
			c, spots[i].x, spots[i].y, tile->width, tile->height);
		size_t index = o->slots->index[i];
		const struct directory_entry *en;

		if (index == SIZE_MAX)
			continue;
		en = directory_at(o->mesh->directory, index);
		if (tile->height > 1)
			draw_box_tile(o, en, index, &w);
		else
			draw_line_tile(o, en, &w);
		canvas_flag(&w, 0, 0, w.width, w.height, flags_of(o, index, chosen));
		remember(o, i, spots[i].x + tile->width / 2,
			spots[i].y + tile->height / 2);
	}
}

/* Row and column names of the matrix. */
static char
matrix_letter(size_t slot)
{
	static const char letters[MATRIX_MAX + 1] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/";

	return letters[slot];
}

enum cell { CELL_EMPTY, CELL_EDGE, CELL_SILENT };

static void
draw_cell(enum cell cell, bool cut, bool faint, bool mine, struct canvas *c, int x)
{
	static const enum theme_glyph glyphs[] = { GLYPH_NO_EDGE, GLYPH_EDGE,
		GLYPH_SILENT_EDGE };
	uint16_t style = cell == CELL_EMPTY ? STYLE_FRAME : STYLE_WARN;

	if (cell == CELL_EDGE)
		style = mine ? STYLE_EDGE_CHOSEN : faint ? STYLE_DIM : STYLE_TITLE;
	canvas_text(c, x, 0, cut ? STYLE_TOLD : style,
		theme_glyph(cut && cell == CELL_EMPTY ? GLYPH_CUT_EDGE : glyphs[cell],
			c->ascii));
}

static void
draw_matrix_row(const struct overlay *o, const uint8_t *cells, size_t slot,
	struct matrix fit, struct canvas *c)
{
	const struct slots *s = o->slots;
	size_t index = s->index[slot], chosen = selected_index(o);
	const struct directory_entry *en = directory_at(o->mesh->directory, index);
	struct canvas name = canvas_window(c, 2, 0, fit.name - 3, 1);
	uint16_t flags = flags_of(o, index, chosen);

	canvas_put(c, 0, 0, (uint32_t)matrix_letter(slot), STYLE_DIM);
	draw_line_tile(o, en, &name);
	for (size_t k = 0; k < s->count; k++) {
		int x = fit.name + (int)k * fit.step;

		if (s->index[k] == SIZE_MAX)
			continue;
		if (k == slot)
			canvas_text(c, x, 0, STYLE_FRAME,
				theme_glyph(GLYPH_DIAGONAL, c->ascii));
		else
			draw_cell(cells[k],
				told_cut(o->model, &s->ids[slot], &s->ids[k]),
				chosen != SIZE_MAX,
				index == chosen || s->index[k] == chosen, c, x);
	}
	canvas_flag(c, 0, 0, flags == THEME_SELECTED ? c->width : fit.name - 1, 1, flags);
}

static void
fill_cells(const struct overlay *o, uint8_t *cells)
{
	const struct topology *t = o->mesh->topology;
	size_t slot_of[MATRIX_MAX] = { 0 }, count = o->slots->count;

	slots_by_index(o, slot_of, MATRIX_MAX);
	for (size_t i = 0; i < t->edge_count + t->silent_count; i++) {
		bool silent = i >= t->edge_count;
		const struct topology_edge *e =
			silent ? &t->silent[i - t->edge_count] : &t->edges[i];
		size_t a = slot_of[e->a], b = slot_of[e->b];

		cells[a * count + b] = cells[b * count + a] =
			silent ? CELL_SILENT : CELL_EDGE;
	}
}

static void
draw_matrix(const struct overlay *o, struct canvas *c)
{
	size_t count = o->slots->count;
	struct matrix fit = fit_matrix(o, c->width, c->height);
	uint8_t *cells = mem_array(count * count + 1, sizeof(*cells));

	if (has_edges(o))
		fill_cells(o, cells);
	for (size_t i = 0; i < count; i++) {
		struct canvas row = canvas_window(c, 0, (int)i + 1, c->width, 1);

		if (o->slots->index[i] == SIZE_MAX)
			continue;
		canvas_put(c, fit.name + (int)i * fit.step, 0, (uint32_t)matrix_letter(i),
			STYLE_DIM);
		draw_matrix_row(o, cells + i * count, i, fit, &row);
		remember(o, i, fit.name / 2, (int)i + 1);
	}
	free(cells);
}

/* As many as there is room for, with the selected node among them. */
static void
draw_tiles(const struct overlay *o, struct canvas *c)
{
	size_t columns = c->width >= TILE_WIDTH ? (size_t)(c->width + 1) / TILE_WIDTH : 1;
	size_t rows = (o->slots->count + columns - 1) / columns, top = 0;
	size_t chosen = selected_index(o), shown = (size_t)c->height;

	if (rows > shown && shown > 1) {
		size_t at = 0;

		shown--;
		while (chosen != SIZE_MAX && o->slots->index[at] != chosen)
			at++;
		top = at / columns >= shown ? at / columns - shown + 1 : 0;
	}
	for (size_t i = top * columns; i < o->slots->count && i < (top + shown) * columns;
		i++) {
		int x = (int)(i % columns) * TILE_WIDTH, y = (int)(i / columns - top);
		struct canvas w = canvas_window(c, x, y, TILE_WIDTH - 1, 1);
		size_t index = o->slots->index[i];

		if (index == SIZE_MAX)
			continue;
		draw_line_tile(o, directory_at(o->mesh->directory, index), &w);
		if (has_edges(o))
			canvas_printf(&w, 10, 0, STYLE_DIM, "%u",
				o->mesh->topology->degree[index]);
		canvas_flag(&w, 0, 0, w.width, 1, flags_of(o, index, chosen));
		remember(o, i, x + TILE_WIDTH / 2, y);
	}
	if (rows > shown)
		canvas_printf(c, 0, c->height - 1, STYLE_DIM, "rows %zu to %zu of %zu",
			top + 1, top + shown, rows);
}

void
overlay_draw(const struct overlay *o, enum overlay_form form, struct canvas *c)
{
	if (form == OVERLAY_RING)
		draw_ring(o, c);
	else if (form == OVERLAY_MATRIX)
		draw_matrix(o, c);
	else
		draw_tiles(o, c);
}
