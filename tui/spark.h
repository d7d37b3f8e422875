/* SPDX-License-Identifier: MIT */
#ifndef TUI_SPARK_H
#define TUI_SPARK_H

#include "tui/canvas.h"

/*
 * Values as a line of small bars, the newest the last, scaled from 0 to the highest of
 * them but at least to `least`, so that a node at rest looks at rest. A gap
 * (SERIES_GAP) is an empty cell. The style is of what is drawn; without color and in a C
 * locale the bars are characters of growing weight.
 */
void spark_draw(struct canvas *c, int x, int y, int width, uint16_t style,
	const uint32_t *values, size_t count, uint32_t least);

#endif
