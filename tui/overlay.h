/* SPDX-License-Identifier: MIT */
#ifndef TUI_OVERLAY_H
#define TUI_OVERLAY_H

#include "tui/canvas.h"
#include "tui/slots.h"

/*
 * The overlay of one mesh in a rectangle, in one of three forms: a ring with lines where
 * there is room, a matrix of who is connected with whom, or tiles alone (with the
 * neighbors of the selected node marked). Only edges that both ends report are drawn.
 */
enum overlay_form {
	OVERLAY_BEST,
	OVERLAY_RING,
	OVERLAY_MATRIX,
	OVERLAY_TILES,
	OVERLAY_FORMS
};
const char *overlay_form_name(enum overlay_form f);

/* Where each node was drawn, for moving the selection and for nothing else. */
struct place {
	struct peer_id id;
	int x, y;	/* its middle, in the pane */
};
struct places {
	struct place *at;	/* owned */
	size_t count, cap;
};

struct overlay {
	const struct model *model;	/* for what was ordered here */
	const struct model_mesh *mesh;
	const struct slots *slots;	/* followed for this frame */
	const struct peer_id *selected;
	struct places *places;
	int x, y;			/* of the canvas in the pane */
};

/* The wanted form if it fits into width x height, else the best that does. */
enum overlay_form overlay_fit(
	const struct overlay *o, enum overlay_form wanted, int width, int height);
void overlay_draw(const struct overlay *o, enum overlay_form form, struct canvas *c);

#endif
