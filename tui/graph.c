/* SPDX-License-Identifier: MIT */
#include "tui/graph.h"

#include <stdlib.h>

#include "base/mem.h"

/*
 * The three functions of libm that a drawing needs, for cells of a terminal: every node
 * would have 0.3 MB more with that library.
 */
#define QUARTER_TURN 1.57079632679489661923

static int
below(double v)
{
	int whole = (int)v;

	return whole - (v < whole);
}

/* Halves go away from zero. */
static int
nearest(double v)
{
	return v < 0 ? -below(0.5 - v) : below(v + 0.5);
}

/* The sine of 0 to a quarter turn: the series, to the last digit of a double. */
static double
sine(double angle)
{
	double term = angle, sum = angle;

	for (int k = 2; k <= 20; k += 2) {
		term *= -angle * angle / (k * (k + 1));
		sum += term;
	}
	return sum;
}

/* Where on a circle of radius 1 a part of a turn ends that begins at the top. */
static void
turn(double part, double *x, double *y)
{
	int quarter = below(4 * part);
	double angle = (4 * part - quarter) * QUARTER_TURN;
	double far = sine(angle), near = sine(QUARTER_TURN - angle);
	const double xs[] = { far, near, -far, -near };
	const double ys[] = { -near, far, near, -far };

	*x = xs[quarter & 3];
	*y = ys[quarter & 3];
}

void
graph_init(struct graph *g, int width, int height, bool ascii)
{
	size_t cells;

	g->width = width > 0 ? width : 1;
	g->height = height > 0 ? height : 1;
	g->ascii = ascii;
	cells = (size_t)g->width * (size_t)g->height;
	g->dots = mem_array(cells, sizeof(*g->dots));
	g->styles = mem_array(cells, sizeof(*g->styles));
}

void
graph_fini(struct graph *g)
{
	free(g->dots);
	free(g->styles);
}

/* Dots of a cell, from above: bits of graph.dots. */
enum { DOT_TOP = 1, DOT_MIDDLE = 2, DOT_BOTTOM = 4 };

static void
dot(struct graph *g, int x, int y, uint8_t dots, uint16_t style)
{
	int at = y * g->width + x;

	if (x < 0 || y < 0 || x >= g->width || y >= g->height)
		return;
	/* A line on top of another keeps its own course readable. */
	g->dots[at] = g->styles[at] == style ? g->dots[at] | dots : dots;
	g->styles[at] = style;
}

/* Of each three pairs of steps all are there, or the first. */
static void
draw_line(struct graph *g, int x0, int y0, int x1, int y1, bool dashed, uint16_t style)
{
	int dx = x1 - x0, dy = y1 - y0;
	int count = abs(dx) > abs(dy) ? abs(dx) : abs(dy);
	/*
	 * A cell is about twice as high as wide, so this is where a line has 45 degrees.
	 */
	bool steep = 2 * abs(dy) > abs(dx);

	if (steep)
		count = 2 * abs(dy);
	for (int i = 0; i <= count; i++) {
		double along = count > 0 ? (double)i / count : 0;
		double y = y0 + 0.5 + along * dy;
		int row = below(y), column = nearest(x0 + along * dx);
		int third = (int)((y - row) * 3);

		if (dashed && i / 2 % 3 != 0)
			continue;
		/* Two dots a row for a steep line, one a column for a flat one. */
		if (steep && (i == 0 || i == count))
			dot(g, column, row, DOT_TOP | DOT_BOTTOM, style);
		else if (steep)
			dot(g, column, row, y - row < 0.5 ? DOT_TOP : DOT_BOTTOM, style);
		else
			dot(g, column, row, (uint8_t)(1 << third), style);
	}
}

void
graph_line(struct graph *g, int x0, int y0, int x1, int y1, uint16_t style)
{
	draw_line(g, x0, y0, x1, y1, false, style);
}

void
graph_dashes(struct graph *g, int x0, int y0, int x1, int y1, uint16_t style)
{
	draw_line(g, x0, y0, x1, y1, true, style);
}

void
graph_draw(const struct graph *g, struct canvas *c)
{
	/* By the dots of a cell; two or three in one cell are a colon. */
	static const uint32_t utf8[8] = { 0, 0x2d9, 0xb7, ':', '.', ':', ':', ':' };
	static const uint32_t ascii[8] = { 0, '\'', '-', ':', '.', ':', ':', ':' };

	for (int y = 0; y < g->height; y++)
		for (int x = 0; x < g->width; x++) {
			uint8_t dots = g->dots[y * g->width + x];

			if (dots != 0)
				canvas_put(c, x, y, g->ascii ? ascii[dots] : utf8[dots],
					g->styles[y * g->width + x]);
		}
}

static bool
overlaps(const struct graph_spot *a, const struct graph_spot *b, int width, int height)
{
	return abs(a->x - b->x) < width + 1 && abs(a->y - b->y) < height;
}

bool
graph_ring(struct graph_spot *to, size_t count, int width, int height, int tile_width,
	int tile_height)
{
	double middle_x = (width - 1) / 2.0, middle_y = (height - 1) / 2.0;
	double radius_x = middle_x - tile_width - 1, radius_y = middle_y - tile_height;

	if (radius_x < 6 || radius_y < 3)
		return false;
	for (size_t i = 0; i < count; i++) {
		double x, y, tile_x, tile_y;

		turn((double)i / (double)count, &x, &y);
		tile_x = middle_x + x * (radius_x + 1 + tile_width / 2.0);
		tile_y = middle_y + y * (radius_y + 0.5 + tile_height / 2.0);
		to[i].anchor_x = nearest(middle_x + x * radius_x);
		to[i].anchor_y = nearest(middle_y + y * radius_y);
		to[i].x = nearest(tile_x - (tile_width - 1) / 2.0);
		to[i].y = nearest(tile_y - (tile_height - 1) / 2.0);
		for (size_t k = 0; k < i; k++)
			if (overlaps(&to[i], &to[k], tile_width, tile_height))
				return false;
	}
	return true;
}
