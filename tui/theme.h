/* SPDX-License-Identifier: MIT */
#ifndef TUI_THEME_H
#define TUI_THEME_H

#include <stdbool.h>
#include <stdint.h>

#include "mesh/directory.h"

/* Styles by meaning. What a terminal makes of each is in styles.def, at three levels. */
enum theme_style {
#define STYLE(name, ...) STYLE_##name,
#include "tui/styles.def"
#undef STYLE
	STYLE_COUNT
};

/* Flags on a style, in the same 16 bits. */
#define THEME_SELECTED 0x100	/* the row under the cursor */
#define THEME_BAR 0x200		/* header and footer lines */
#define THEME_FAINT 0x400	/* not what is being looked at now */
#define THEME_STYLE_MASK 0xff

enum theme_level { THEME_MONO, THEME_8, THEME_256 };

enum { THEME_BOLD = 1, THEME_REVERSE = 2, THEME_UNDERLINE = 4, THEME_DIM = 8 };

struct theme_look {
	short fg, bg;		/* color number, or -1: the terminal's own */
	uint8_t attrs;		/* THEME_BOLD | ... */
};

struct theme_look theme_look(enum theme_level level, uint16_t style);
const char *theme_style_name(enum theme_style style);

/*
 * The four known types have their own; any other gets one of four by its name, always the
 * same.
 */
enum theme_style theme_type(const char *type);
char theme_type_letter(const char *type);	/* 'B' for broker */

/* Liveness is always glyph, word and color together. */
enum theme_style theme_liveness(enum liveness l);
const char *theme_liveness_glyph(enum liveness l, bool ascii);

/* How full something is: under 50 %, under 80 %, more. */
enum theme_style theme_fill(uint64_t part, uint64_t whole);

enum theme_glyph {
#define GLYPH(name, utf8, ascii) GLYPH_##name,
#include "tui/glyphs.def"
#undef GLYPH
	GLYPH_COUNT
};
const char *theme_glyph(enum theme_glyph g, bool ascii);

#endif
