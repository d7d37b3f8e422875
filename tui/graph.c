/* SPDX-License-Identifier: MIT */
#include "tui/graph.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

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

static void
braille_dot(struct graph *g, int x, int y, uint16_t style)
{
	/* Bits of U+2800 by column and row of the dot. */
	static const uint8_t bit[2][4] = { { 0x01, 0x02, 0x04, 0x40 }, { 0x08, 0x10, 0x20, 0x80 } };
	int at = y / 4 * g->width + x / 2;

	if (x < 0 || y < 0 || x / 2 >= g->width || y / 4 >= g->height)
		return;
	g->dots[at] |= bit[x % 2][y % 4];
	g->styles[at] = style;
}

static void
ascii_dot(struct graph *g, int x, int y, char ch, uint16_t style)
{
	int at = y * g->width + x;

	if (x < 0 || y < 0 || x >= g->width || y >= g->height)
		return;
	g->dots[at] = (uint8_t)ch;
	g->styles[at] = style;
}

static char
slope(int dx, int dy)
{
	if (abs(dx) > 3 * abs(dy))
		return '-';
	if (abs(dy) > 2 * abs(dx))
		return '|';
	return (dx > 0) == (dy > 0) ? '\\' : '/';
}

/* Bresenham's line, in dots or in cells. */
void
graph_line(struct graph *g, int x0, int y0, int x1, int y1, uint16_t style)
{
	char ch = slope(x1 - x0, y1 - y0);
	int dx, dy, error;

	if (!g->ascii) {
		x0 = x0 * 2 + 1;
		x1 = x1 * 2 + 1;
		y0 = y0 * 4 + 2;
		y1 = y1 * 4 + 2;
	}
	dx = abs(x1 - x0);
	dy = -abs(y1 - y0);
	error = dx + dy;
	for (;;) {
		int twice = 2 * error;

		if (g->ascii)
			ascii_dot(g, x0, y0, ch, style);
		else
			braille_dot(g, x0, y0, style);
		if (x0 == x1 && y0 == y1)
			break;
		if (twice >= dy) {
			error += dy;
			x0 += x0 < x1 ? 1 : -1;
		}
		if (twice <= dx) {
			error += dx;
			y0 += y0 < y1 ? 1 : -1;
		}
	}
}

void
graph_draw(const struct graph *g, struct canvas *c)
{
	for (int y = 0; y < g->height; y++)
		for (int x = 0; x < g->width; x++) {
			uint8_t dots = g->dots[y * g->width + x];

			if (dots != 0)
				canvas_put(c, x, y, g->ascii ? dots : 0x2800u + dots,
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
		double angle = 2 * M_PI * (double)i / (double)count - M_PI / 2;
		double x = cos(angle), y = sin(angle);
		double tile_x = middle_x + x * (radius_x + 1 + tile_width / 2.0);
		double tile_y = middle_y + y * (radius_y + 0.5 + tile_height / 2.0);

		to[i].anchor_x = (int)lround(middle_x + x * radius_x);
		to[i].anchor_y = (int)lround(middle_y + y * radius_y);
		to[i].x = (int)lround(tile_x - (tile_width - 1) / 2.0);
		to[i].y = (int)lround(tile_y - (tile_height - 1) / 2.0);
		for (size_t k = 0; k < i; k++)
			if (overlaps(&to[i], &to[k], tile_width, tile_height))
				return false;
	}
	return true;
}
