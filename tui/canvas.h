/* SPDX-License-Identifier: MIT */
#ifndef TUI_CANVAS_H
#define TUI_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tui/theme.h"

/*
 * A grid of cells in memory. Everything is clipped to it. A style is an enum theme_style
 * with THEME_* flags. A window is a part of a canvas that shares its cells.
 */
struct canvas_cell {
	uint32_t ch;		/* code point; 0 is the right half of a wide character */
	uint32_t mark;		/* one combining mark, or 0 */
	uint16_t style;
};

struct canvas {
	struct canvas_cell *cells;	/* the cell at 0, 0 */
	int stride, width, height;
	bool ascii;			/* nothing above 0x7e may be drawn */
};

/*
 * Owned by the caller: a blank canvas of width x height, both at least 1. Accepts NULL.
 */
struct canvas *canvas_new(int width, int height, bool ascii);
void canvas_free(struct canvas *c);
void canvas_clear(struct canvas *c);

/* The part at x, y; clipped, so it may be empty. Lives as long as `c`. */
struct canvas canvas_window(const struct canvas *c, int x, int y, int width, int height);

/* One code point; an unprintable one becomes '?'. */
void canvas_put(struct canvas *c, int x, int y, uint32_t ch, uint16_t style);
/*
 * UTF-8 text; control characters, bidi overrides and broken bytes become '?'. Returns the
 * column after the text. `width` cuts it (with an ellipsis when something is lost),
 * negative: no limit.
 */
int canvas_text(struct canvas *c, int x, int y, uint16_t style, const char *text);
int canvas_cut(
	struct canvas *c, int x, int y, int width, uint16_t style, const char *text);
/* Right-aligned in width; cut as canvas_cut. */
void canvas_right(
	struct canvas *c, int x, int y, int width, uint16_t style, const char *text);
int canvas_printf(struct canvas *c, int x, int y, uint16_t style, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* Breaks ASCII text at spaces and returns the lines; with NULL it only counts them. */
int canvas_wrap(
	struct canvas *c, int x, int y, int width, uint16_t style, const char *text);
/* Columns that canvas_text would take. */
int canvas_measure(const struct canvas *c, const char *text);

void canvas_fill(struct canvas *c, int x, int y, int width, int height, uint32_t ch,
	uint16_t style);
/* Adds THEME_* flags to the cells of a rectangle; their text and style stay. */
void canvas_flag(struct canvas *c, int x, int y, int width, int height, uint16_t flags);
void canvas_hline(struct canvas *c, int x, int y, int width, uint16_t style);
void canvas_box(struct canvas *c, int x, int y, int width, int height, uint16_t style);
/* A bar of `width` cells filled to part/whole, in half cells; style by the part. */
void canvas_bar(struct canvas *c, int x, int y, int width, uint64_t part, uint64_t whole);

/*
 * For tests and dumps: lines of UTF-8 with spaces at the end removed, or the same grid
 * with one letter for each style (flags as upper case). The caller frees with free().
 */
char *canvas_dump(const struct canvas *c);
char *canvas_dump_styles(const struct canvas *c);

#endif
