/* SPDX-License-Identifier: MIT */
#include "tui/spark.h"

#include "mesh/series.h"
#include "tui/theme.h"

#define LEVELS 8

static const enum theme_glyph glyphs[LEVELS] = {
	GLYPH_SPARK_1, GLYPH_SPARK_2, GLYPH_SPARK_3, GLYPH_SPARK_4,
	GLYPH_SPARK_5, GLYPH_SPARK_6, GLYPH_SPARK_7, GLYPH_SPARK_8,
};

void
spark_draw(struct canvas *c, int x, int y, int width, uint16_t style,
	const uint32_t *values, size_t count, uint32_t least)
{
	uint32_t top = least > 0 ? least : 1;
	size_t skip;

	if (width <= 0)
		return;
	skip = count > (size_t)width ? count - (size_t)width : 0;
	for (size_t i = skip; i < count; i++)
		if (values[i] != SERIES_GAP && values[i] > top)
			top = values[i];
	for (size_t i = skip; i < count; i++, x++) {
		uint64_t level;

		if (values[i] == SERIES_GAP)
			continue;
		/* Only nothing at all is the lowest bar. */
		level = ((uint64_t)values[i] * (LEVELS - 1) + top - 1) / top;
		canvas_text(c, x, y, style, theme_glyph(glyphs[level], c->ascii));
	}
}
