/* SPDX-License-Identifier: MIT */
#ifndef TUI_TRACES_VIEW_H
#define TUI_TRACES_VIEW_H

#include "tui/pane.h"

/*
 * The traces that watched nodes told of: the chosen one as a waterfall over all its
 * nodes, above the list of all, the latest first. A part of the boot pane.
 */
struct traces_view {
	uint8_t chosen[SPAN_TRACE_LEN];	/* zero: the latest */
	struct peer_id of;		/* only those that it had a part in; zero: all */
	size_t top;
	int page;
};

void traces_view_draw(
	struct traces_view *v, const struct pane_context *x, struct canvas *c);
bool traces_view_act(
	struct traces_view *v, const struct pane_context *x, enum action a);

#endif
