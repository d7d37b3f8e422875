/* SPDX-License-Identifier: MIT */
#ifndef TUI_SPANS_VIEW_H
#define TUI_SPANS_VIEW_H

#include "trace/waterfall.h"
#include "tui/canvas.h"

/* Spans as lines of a waterfall: name, offset, duration in microseconds, and a bar. */

/* A step of a boot, as it is drawn in overlaid bars. */
struct spans_view_step {
	const char *name;
	char letter;
	const char *word;
	uint16_t style;
};
#define SPANS_VIEW_STEPS 6
extern const struct spans_view_step spans_view_steps[SPANS_VIEW_STEPS];

/* Open and failed ones have their colors, steps of a boot theirs. */
uint16_t spans_view_style(const struct span *s);
/* "endpoint_created": the words before are those of every boot. */
const char *spans_view_name(const char *name);
/* One line. node: where it was; NULL: the same for all, not said. */
void spans_view_row(struct canvas *c, int y, const struct waterfall *w,
	const struct waterfall_row *row, const char *node);

#endif
