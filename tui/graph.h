/* SPDX-License-Identifier: MIT */
#ifndef TUI_GRAPH_H
#define TUI_GRAPH_H

#include "tui/canvas.h"

/*
 * Straight dotted lines between points, with three heights in a cell: top, middle,
 * bottom. Few fonts of terminals have braille, all have these dots. A later line wins
 * where it crosses.
 */
struct graph {
	int width, height;	/* cells */
	bool ascii;
	uint8_t *dots;		/* owned; which of the three dots of a cell */
	uint16_t *styles;	/* owned */
};

void graph_init(struct graph *g, int width, int height, bool ascii);
void graph_fini(struct graph *g);
/* From the middle of one cell to the middle of another. */
void graph_line(struct graph *g, int x0, int y0, int x1, int y1, uint16_t style);
/* The same with gaps: a third of it is there. */
void graph_dashes(struct graph *g, int x0, int y0, int x1, int y1, uint16_t style);
void graph_draw(const struct graph *g, struct canvas *c);

/*
 * Places on a ring, clockwise from the top: tiles outside, anchors for the lines at their
 * inner side, so that no line between two anchors runs under a third tile. False when the
 * tiles would overlap or leave no room for lines.
 */
struct graph_spot {
	int x, y;			/* upper left of the tile */
	int anchor_x, anchor_y;
};
bool graph_ring(struct graph_spot *to, size_t count, int width, int height,
	int tile_width, int tile_height);

#endif
