/* SPDX-License-Identifier: MIT */
#include "tui/theme.h"

#include <string.h>

static const struct {
	const char *name;
	struct theme_look c256, c8, mono;
} styles[STYLE_COUNT] = {
#define STYLE(name, fg256, attr256, fg8, attr8, attrmono) \
	[STYLE_##name] = { #name, { fg256, -1, attr256 }, { fg8, -1, attr8 }, \
		{ -1, -1, attrmono } },
#include "tui/styles.def"
#undef STYLE
};

static const struct {
	const char *utf8, *ascii;
} glyphs[GLYPH_COUNT] = {
#define GLYPH(name, utf8, ascii) [GLYPH_##name] = { utf8, ascii },
#include "tui/glyphs.def"
#undef GLYPH
};

/* Backgrounds of flagged cells; dark gray under middle tones reads on every theme. */
enum { BAR_BG = 235, SELECTED_BG = 238, FLAG_FG = 252, FAINT_FG = 240 };

struct theme_look
theme_look(enum theme_level level, uint16_t style)
{
	unsigned i = style & THEME_STYLE_MASK;
	struct theme_look look;

	if (i >= STYLE_COUNT)
		i = STYLE_TEXT;
	if (level != THEME_256) {
		look = level == THEME_8 ? styles[i].c8 : styles[i].mono;
		/* One block: eight colors reversed are a patchwork. */
		if (style & THEME_SELECTED)
			look = (struct theme_look){ -1, -1, THEME_REVERSE };
		else if ((style & THEME_FAINT) && level == THEME_8) {
			look.fg = -1;
			look.attrs = THEME_DIM;
		}
		return look;
	}
	look = styles[i].c256;
	if (style & THEME_FAINT) {
		look.fg = FAINT_FG;
		look.attrs = 0;
	}
	if (style & (THEME_BAR | THEME_SELECTED)) {
		look.bg = style & THEME_SELECTED ? SELECTED_BG : BAR_BG;
		if (look.fg < 0)
			look.fg = FLAG_FG;
		if (style & THEME_SELECTED)
			look.attrs |= THEME_BOLD;
	}
	return look;
}

const char *
theme_style_name(enum theme_style style)
{
	return styles[style].name;
}

enum theme_style
theme_type(const char *type)
{
	static const struct {
		const char *type;
		enum theme_style style;
	} known[] = {
		{ "broker", STYLE_BROKER },
		{ "gateway", STYLE_GATEWAY },
		{ "compute", STYLE_COMPUTE },
		{ "registry", STYLE_REGISTRY },
	};
	uint32_t hash = 2166136261u;	/* FNV-1a */

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].type, type) == 0)
			return known[i].style;
	for (; *type; type++)
		hash = (hash ^ (uint8_t)*type) * 16777619u;
	return (enum theme_style)(STYLE_TYPE_A + (hash >> 16) % 4);
}

char
theme_type_letter(const char *type)
{
	char c = type[0];

	if (c >= 'a' && c <= 'z')
		return (char)(c - 'a' + 'A');
	return c >= '0' && c <= '9' ? c : '?';
}

enum theme_style
theme_liveness(enum liveness l)
{
	switch (l) {
	case LIVENESS_LIVE:
		return STYLE_LIVE;
	case LIVENESS_SUSPECT:
		return STYLE_SUSPECT;
	case LIVENESS_GONE:
		return STYLE_GONE;
	default:
		return STYLE_LEFT;
	}
}

const char *
theme_liveness_glyph(enum liveness l, bool ascii)
{
	switch (l) {
	case LIVENESS_LIVE:
		return theme_glyph(GLYPH_LIVE, ascii);
	case LIVENESS_SUSPECT:
		return theme_glyph(GLYPH_SUSPECT, ascii);
	case LIVENESS_GONE:
		return theme_glyph(GLYPH_GONE, ascii);
	default:
		return theme_glyph(GLYPH_LEFT, ascii);
	}
}

enum theme_style
theme_fill(uint64_t part, uint64_t whole)
{
	if (part >= whole || part * 100 >= whole * 80)
		return STYLE_FILL_HIGH;
	return part * 100 >= whole * 50 ? STYLE_FILL_MIDDLE : STYLE_FILL_LOW;
}

const char *
theme_glyph(enum theme_glyph g, bool ascii)
{
	return ascii ? glyphs[g].ascii : glyphs[g].utf8;
}
