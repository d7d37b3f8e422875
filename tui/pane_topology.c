/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/fabric.h"
#include "tui/overlay.h"
#include "tui/pane.h"
#include "tui/table.h"
#include "tui/told.h"
#include "tui/words.h"

/* Who is connected with whom: a lane for each mesh. */
struct pane_topology {
	struct slots *lanes;	/* owned; one for each mesh of the last frame */
	size_t lane_count;
	struct places places;	/* of the last frame */
	enum overlay_form wanted;
	enum overlay_form
		shows[OVERLAY_FORMS]; /* what each wish gave in the last frame */
	size_t first;		/* the first mesh shown, when not all fit */
};

/* A lane narrower or lower than this shows nothing useful. */
#define LANE_WIDTH_MIN 36
#define LANE_HEIGHT_MIN 4
#define LANE_BOXED_HEIGHT 8
#define LEGEND_HEIGHT_MIN 13
#define TYPES_SHOWN 12

static void *
pane_topology_new(void)
{
	return mem_new(MEM_PANE, sizeof(struct pane_topology));
}

static void
pane_topology_free(void *pane)
{
	struct pane_topology *p = pane;

	for (size_t i = 0; i < p->lane_count; i++)
		slots_fini(&p->lanes[i]);
	free(p->lanes);
	free(p->places.at);
	mem_free(MEM_PANE, p);
}

/*
 * Lanes by mesh name, in the model's order; lanes of meshes that are no more are dropped.
 */
static void
follow(struct pane_topology *p, const struct model *m)
{
	struct slots *lanes = mem_array(m->mesh_count + 1, sizeof(*lanes));

	for (size_t i = 0; i < m->mesh_count; i++) {
		size_t k = 0;

		while (k < p->lane_count &&
			strcmp(p->lanes[k].mesh, m->meshes[i].name) != 0)
			k++;
		if (k < p->lane_count) {
			lanes[i] = p->lanes[k];
			p->lanes[k] = p->lanes[--p->lane_count];
		} else {
			slots_init(&lanes[i], m->meshes[i].name);
		}
		slots_follow(&lanes[i], m->meshes[i].directory);
	}
	for (size_t k = 0; k < p->lane_count; k++)
		slots_fini(&p->lanes[k]);
	free(p->lanes);
	p->lanes = lanes;
	p->lane_count = m->mesh_count;
}

/*
 * "mesh1  9 of 9 live  20 edges, 2 half-reported  degree 4.4  whole", as far as it fits.
 */
static void
draw_title(struct canvas *c, int x, const struct model_mesh *mesh)
{
	const struct topology *t = mesh->topology;
	size_t census[LIVENESS_COUNT], nodes = rows_census(mesh->directory, census);
	uint16_t style = t && t->components > 1 ? STYLE_GONE : STYLE_DIM;
	char part[80];

	x = canvas_printf(c, x, 0, STYLE_TITLE, " %s ", mesh->name);
	x = canvas_printf(c, x, 0,
		census[LIVENESS_LIVE] == nodes ? STYLE_LIVE : STYLE_SUSPECT,
		"%zu of %zu live ", census[LIVENESS_LIVE], nodes);
	if (!t) {
		canvas_text(c, x, 0, STYLE_DIM, "edges unknown ");
		return;
	}
	x = canvas_printf(c, x, 0, STYLE_DIM, "%zu edges ", t->edge_count);
	snprintf(part, sizeof(part), "%zu half ", t->half_count);
	if (c->width > 70)
		snprintf(part, sizeof(part), "%zu half-reported ", t->half_count);
	if (t->half_count > 0 && x + (int)strlen(part) < c->width)
		x = canvas_text(c, x, 0, STYLE_WARN, part);
	snprintf(part, sizeof(part), "%zu silent ", t->silent_count);
	if (t->silent_count > 0 && x + (int)strlen(part) < c->width)
		x = canvas_text(c, x, 0, STYLE_WARN, part);
	if (t->components > 1)
		snprintf(part, sizeof(part), "%zu parts ", t->components);
	else
		snprintf(part, sizeof(part), "degree %.1f ", t->mean_degree);
	if (x + (int)strlen(part) < c->width)
		canvas_text(c, x, 0, style, part);
}

/*
 * The types of a mesh with their counts, as a legend at the foot of a lane. Returns the
 * lines it took from the bottom.
 */
static int
draw_types(struct canvas *c, const struct directory *d)
{
	char text[TYPES_SHOWN][LABEL_LEN_MAX + 32];
	const char *types[TYPES_SHOWN];
	size_t shown = 0;
	int width = -2, x = 0, y;

	/* Entries are in order of type. */
	for (size_t i = 0; i < directory_count(d) && shown < TYPES_SHOWN;) {
		const char *type = directory_at(d, i)->digest.type;
		size_t count = 0;

		for (; i < directory_count(d); i++) {
			if (strcmp(directory_at(d, i)->digest.type, type) != 0)
				break;
			count += directory_is_node(directory_at(d, i));
		}
		if (count == 0)
			continue;
		types[shown] = type;
		snprintf(text[shown], sizeof(text[0]), "%zu %s", count, type);
		width += (int)strlen(text[shown++]) + 2;
	}
	y = c->height - (width > c->width ? 2 : 1);
	for (size_t i = 0; i < shown; i++) {
		if (x > 0 && x + (int)strlen(text[i]) > c->width) {
			x = 0;
			y++;
		}
		x = canvas_text(c, x, y, theme_type(types[i]), text[i]) + 2;
	}
	return width > c->width ? 3 : 2;
}

static void
draw_lane(struct pane_topology *p, const struct pane_context *x, size_t lane,
	struct canvas *c, int left, int top)
{
	const struct model_mesh *mesh = &x->model->meshes[lane];
	bool boxed = c->height >= LANE_BOXED_HEIGHT;
	struct canvas inner = boxed ? canvas_window(c, 2, 1, c->width - 3, c->height - 2)
		: canvas_window(c, 0, 1, c->width, c->height - 1);
	struct canvas picture = inner;
	enum overlay_form form;
	struct overlay o = {
		x->model,
		mesh,
		&p->lanes[lane],
		x->selected,
		&p->places,
		left + (boxed ? 2 : 0),
		top + 1,
	};

	if (boxed)
		canvas_box(c, 0, 0, c->width, c->height, STYLE_FRAME);
	else
		canvas_hline(c, 0, 0, c->width, STYLE_FRAME);
	draw_title(c, boxed ? 2 : 0, mesh);
	if (p->lanes[lane].count == 0) {
		canvas_text(
			&inner, 1, inner.height / 2, STYLE_DIM, "no node heard of yet");
		return;
	}
	if (inner.height >= LEGEND_HEIGHT_MIN)
		picture.height -= draw_types(&inner, mesh->directory);
	form = overlay_fit(&o, p->wanted, picture.width, picture.height);
	for (int f = OVERLAY_BEST; f < OVERLAY_FORMS; f++)
		p->shows[f] = overlay_fit(&o, (enum overlay_form)f, picture.width,
			picture.height);
	overlay_draw(&o, form, &picture);
}

/* How many lanes beside and below each other; all of them if they fit. */
static void
grid(size_t lanes, int width, int height, size_t *columns, size_t *rows)
{
	size_t columns_max = (size_t)width / LANE_WIDTH_MIN,
	       rows_max = (size_t)height / LANE_HEIGHT_MIN;

	columns_max = columns_max > 0 ? columns_max : 1;
	rows_max = rows_max > 0 ? rows_max : 1;
	*columns = lanes < columns_max ? lanes : columns_max;
	*rows = (lanes + *columns - 1) / *columns;
	if (*rows > rows_max)
		*rows = rows_max;
}

static size_t
lane_of(const struct model *m, const struct peer_id *id)
{
	for (size_t i = 0; !id_is_zero(id) && i < m->mesh_count; i++)
		if (directory_find(m->meshes[i].directory, id))
			return i;
	return SIZE_MAX;
}

static int
draw_lanes(struct pane_topology *p, const struct pane_context *x, struct canvas *c)
{
	size_t lanes = p->lane_count + fabric_others(x->model), columns, rows;
	size_t chosen = lane_of(x->model, x->selected);

	grid(lanes, c->width, c->height, &columns, &rows);
	if (chosen != SIZE_MAX &&
		(chosen < p->first || chosen >= p->first + columns * rows))
		p->first = chosen - chosen % (columns * rows);
	if (p->first >= lanes || columns * rows >= lanes)
		p->first = 0;
	for (size_t i = p->first; i < lanes && i < p->first + columns * rows; i++) {
		size_t column = (i - p->first) % columns, row = (i - p->first) / columns;
		int left = (int)column * c->width / (int)columns;
		int right = (int)(column + 1) * c->width / (int)columns;
		int top = (int)row * c->height / (int)rows;
		int bottom = (int)(row + 1) * c->height / (int)rows;
		struct canvas w;

		right -=
			column + 1 < columns && c->height / (int)rows < LANE_BOXED_HEIGHT;
		w = canvas_window(c, left, top, right - left, bottom - top);
		if (i < p->lane_count)
			draw_lane(p, x, i, &w, left, top);
		else
			fabric_lane(&w, x->model,
				fabric_other(x->model, i - p->lane_count));
	}
	return (int)(lanes > columns * rows ? lanes - columns * rows : 0);
}

/* The neighbors of the selected node by name, as both ends report them. */
static void
draw_neighbors(struct canvas *c, int y, const struct row *row)
{
	const struct topology *t = row->mesh->topology;
	unsigned left = row->degree;
	int x = 2;

	if (!row->degree_known) {
		canvas_text(c, x, y, STYLE_DIM, "neighbors unknown");
		return;
	}
	x = canvas_printf(c, x, y, STYLE_TEXT, "%u neighbor%s", row->degree,
		row->degree == 1 ? "" : "s");
	for (size_t i = 0; i < t->edge_count; i++) {
		const struct topology_edge *e = &t->edges[i];
		const struct directory_entry *other;
		char name[NAME_LEN_MAX + 1], rtt[24];

		if (e->a != row->index && e->b != row->index)
			continue;
		other = directory_at(
			row->mesh->directory, e->a == row->index ? e->b : e->a);
		words_short(name, other);
		snprintf(rtt, sizeof(rtt), "%u.%ums", e->rtt_100us / 10,
			e->rtt_100us % 10);
		if (x + 3 + (int)strlen(name) + (int)strlen(rtt) + (left > 1 ? 4 : 0) >
			c->width) {
			canvas_printf(c, x + 1, y, STYLE_DIM, "+%u", left);
			return;
		}
		left--;
		x = canvas_text(c, x + 2, y, theme_type(other->digest.type), name);
		x = canvas_text(c, x + 1, y, STYLE_DIM, rtt);
	}
}

/* "◆ told to fail: 2 nodes  ✗ told apart  edges are what nodes report" */
static void
draw_told(struct canvas *c, const struct model *m, size_t told)
{
	int x = canvas_printf(c, 1, 1, STYLE_TOLD, "%s told to fail: %zu node%s  ",
		theme_glyph(GLYPH_TOLD, c->ascii), told, told == 1 ? "" : "s");

	if (told_cuts(m))
		x = canvas_printf(c, x, 1, STYLE_TOLD, "%s told apart  ",
			theme_glyph(GLYPH_CUT_EDGE, c->ascii));
	canvas_cut(c, x, 1, c->width - x, STYLE_DIM, "edges are what nodes report");
}

static void
draw_about(struct pane_topology *p, const struct pane_context *x, struct canvas *c,
	int hidden)
{
	size_t told = told_count(x->model);
	struct row row;

	if (rows_one(&row, x->model, x->selected)) {
		table_about(c, 0, &row, x->model);
		if (c->height > 1)
			draw_neighbors(c, 1, &row);
		return;
	}
	canvas_text(c, 1, 0, STYLE_DIM, "arrows select a node");
	if (p->wanted != OVERLAY_BEST)
		canvas_printf(
			c, 24, 0, STYLE_DIM, "view: %s", overlay_form_name(p->wanted));
	if (c->height == 1)
		return;
	if (hidden > 0)
		canvas_printf(c, 1, 1, STYLE_WARN, "%d more mesh%s not shown; m goes on",
			hidden, hidden == 1 ? "" : "es");
	else if (told > 0)
		draw_told(c, x->model, told);
	else
		canvas_cut(c, 1, 1, c->width - 1, STYLE_DIM,
			"an edge is what both ends report; half: only one does; "
			"silent: not answered");
}

static void
pane_topology_draw(void *pane, const struct pane_context *x, struct canvas *c)
{
	struct pane_topology *p = pane;
	int about_lines = c->height >= 14 ? 2 : 1, hidden;
	/* A tenth of the height, and at least a line, for who sends to whom. */
	int sends = fabric_crossing_lines(x->model, 1 + c->height / 10);
	int lanes_height = c->height - about_lines - sends;
	struct canvas lanes = canvas_window(c, 0, 0, c->width, lanes_height);
	struct canvas crossings = canvas_window(c, 0, lanes_height, c->width, sends);
	struct canvas about =
		canvas_window(c, 0, c->height - about_lines, c->width, about_lines);

	p->places.count = 0;
	follow(p, x->model);
	if (p->lane_count + fabric_others(x->model) == 0)
		return;
	if (sends > 0)
		fabric_crossings(&crossings, x->model);
	hidden = draw_lanes(p, x, &lanes);
	draw_about(p, x, &about, hidden);
}

/*
 * The nearest node in a direction; across it counts double, and a cell is twice as high.
 */
static void
step(const struct pane_topology *p, struct peer_id *selected, int dx, int dy)
{
	const struct place *from = NULL, *best = NULL;
	long best_cost = 0;

	for (size_t i = 0; i < p->places.count; i++)
		if (id_equal(&p->places.at[i].id, selected))
			from = &p->places.at[i];
	for (size_t i = 0; from && i < p->places.count; i++) {
		const struct place *to = &p->places.at[i];
		long x = to->x - from->x, y = 2 * (to->y - from->y);
		long along = x * dx + y * dy, across = labs(x * dy) + labs(y * dx);
		long cost = along + 2 * across;

		if (along > 0 && (!best || cost < best_cost)) {
			best = to;
			best_cost = cost;
		}
	}
	if (!from && p->places.count > 0)
		best = &p->places.at[0];
	if (best)
		*selected = best->id;
}

static void
next_mesh(const struct pane_context *x)
{
	const struct model *m = x->model;
	size_t lane = lane_of(m, x->selected);

	for (size_t i = 1; i <= m->mesh_count; i++) {
		const struct directory *d =
			m->meshes[(lane == SIZE_MAX ? i - 1 : lane + i) % m->mesh_count]
				.directory;
		size_t k = 0;

		while (k < directory_count(d) && !directory_is_node(directory_at(d, k)))
			k++;
		if (k < directory_count(d)) {
			*x->selected = directory_at(d, k)->digest.id;
			return;
		}
	}
}

/* The next form that is there and differs from what is shown; else back to the best. */
static void
next_form(struct pane_topology *p)
{
	do
		p->wanted = (p->wanted + 1) % OVERLAY_FORMS;
	while (p->wanted != OVERLAY_BEST && (p->shows[p->wanted] != p->wanted ||
		p->shows[OVERLAY_BEST] == p->wanted));
}

static bool
pane_topology_act(void *pane, const struct pane_context *x, enum action a)
{
	struct pane_topology *p = pane;

	switch (a) {
	case ACTION_SELECT_UP:
		step(p, x->selected, 0, -1);
		return true;
	case ACTION_SELECT_DOWN:
		step(p, x->selected, 0, 1);
		return true;
	case ACTION_SELECT_LEFT:
		step(p, x->selected, -1, 0);
		return true;
	case ACTION_SELECT_RIGHT:
		step(p, x->selected, 1, 0);
		return true;
	case ACTION_NEXT_MESH:
		next_mesh(x);
		return true;
	case ACTION_LAYOUT:
		next_form(p);
		return true;
	default:
		return false;
	}
}

const struct pane_ops pane_topology_ops = {
	"topology",
	IN_TOPOLOGY,
	pane_topology_new,
	pane_topology_free,
	pane_topology_draw,
	pane_topology_act,
};
