/* SPDX-License-Identifier: MIT */
#include "tui/canvas.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/limits.h"
#include "base/mem.h"

/* A canvas side; far above any terminal, so that width * height cannot overflow. */
#define CANVAS_SIDE_MAX 4096

struct canvas *
canvas_new(int width, int height, bool ascii)
{
	struct canvas *c = mem_new(MEM_CANVAS, sizeof(*c));

	c->width = width < 1 ? 1 : width > CANVAS_SIDE_MAX ? CANVAS_SIDE_MAX : width;
	c->height = height < 1 ? 1 : height > CANVAS_SIDE_MAX ? CANVAS_SIDE_MAX : height;
	c->stride = c->width;
	c->ascii = ascii;
	c->cells = mem_array((size_t)c->width * (size_t)c->height, sizeof(*c->cells));
	canvas_clear(c);
	return c;
}

void
canvas_free(struct canvas *c)
{
	if (!c)
		return;
	free(c->cells);
	mem_free(MEM_CANVAS, c);
}

void
canvas_clear(struct canvas *c)
{
	canvas_fill(c, 0, 0, c->width, c->height, ' ', STYLE_TEXT);
}

struct canvas
canvas_window(const struct canvas *c, int x, int y, int width, int height)
{
	struct canvas w = *c;

	if (x < 0) {
		width += x;
		x = 0;
	}
	if (y < 0) {
		height += y;
		y = 0;
	}
	if (width > c->width - x)
		width = c->width - x;
	if (height > c->height - y)
		height = c->height - y;
	w.width = width < 0 ? 0 : width;
	w.height = height < 0 ? 0 : height;
	if (w.width > 0 && w.height > 0)
		w.cells += y * c->stride + x;
	return w;
}

static struct canvas_cell *
cell_at(const struct canvas *c, int x, int y)
{
	if (x < 0 || y < 0 || x >= c->width || y >= c->height)
		return NULL;
	return &c->cells[y * c->stride + x];
}

/* Writing over one half of a wide character leaves no half behind. */
static void
part_wide(struct canvas *c, int x, int y)
{
	struct canvas_cell *cell = cell_at(c, x, y), *other;

	if (cell->ch == 0 && (other = cell_at(c, x - 1, y)))
		other->ch = ' ', other->mark = 0;
	if ((other = cell_at(c, x + 1, y)) && other->ch == 0)
		other->ch = ' ';
}

static bool
is_bidi(uint32_t ch)
{
	return (ch >= 0x202a && ch <= 0x202e) || (ch >= 0x2066 && ch <= 0x2069) ||
		ch == 0x200e || ch == 0x200f || ch == 0x61c;
}

/* Columns of a code point: 0 for a combining mark, -1 when it may not be shown. */
static int
columns_of(const struct canvas *c, uint32_t ch)
{
	if (ch < 0x20 || (ch >= 0x7f && ch < 0xa0) || is_bidi(ch))
		return -1;
	if (ch < 0x7f)
		return 1;
	return c->ascii ? -1 : wcwidth((wchar_t)ch);
}

/* Returns the columns taken. */
static int
put(struct canvas *c, int x, int y, uint32_t ch, uint16_t style)
{
	int width = columns_of(c, ch);
	struct canvas_cell *cell;

	if (width < 0) {
		ch = '?';
		width = 1;
	}
	if (width == 0) {
		cell = cell_at(c, x - 1, y);
		if (cell && cell->ch == 0)
			cell = cell_at(c, x - 2, y);
		if (cell && cell->mark == 0)
			cell->mark = ch;
		return 0;
	}
	cell = cell_at(c, x, y);
	if (!cell)
		return width;
	part_wide(c, x, y);
	if (width == 2) {
		if (!cell_at(c, x + 1, y)) {
			*cell = (struct canvas_cell){ ' ', 0, style };
			return 2;
		}
		part_wide(c, x + 1, y);
		c->cells[y * c->stride + x + 1] = (struct canvas_cell){ 0, 0, style };
	}
	*cell = (struct canvas_cell){ ch, 0, style };
	return width;
}

void
canvas_put(struct canvas *c, int x, int y, uint32_t ch, uint16_t style)
{
	put(c, x, y, ch, style);
}

/*
 * One code point of UTF-8; a broken byte alone gives '?'. Not at the end of the text.
 */
static uint32_t
next_code(const char **text)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const uint8_t *p = (const uint8_t *)*text;
	uint32_t ch = p[0];
	size_t len = ch < 0x80 ? 1 : ch >= 0xf0 && ch < 0xf8 ? 4 : ch >= 0xe0 ? 3 : 2;

	*text += 1;
	if (len == 1)
		return ch;
	if (ch < 0xc2 || ch >= 0xf5)
		return '?';
	ch &= 0xffu >> (len + 1);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return '?';
		ch = ch << 6 | (p[i] & 0x3f);
	}
	if (ch < least[len] || ch > 0x10ffff || (ch >= 0xd800 && ch < 0xe000))
		return '?';
	*text += len - 1;
	return ch;
}

int
canvas_measure(const struct canvas *c, const char *text)
{
	int columns = 0;

	while (*text) {
		int width = columns_of(c, next_code(&text));

		columns += width < 0 ? 1 : width;
	}
	return columns;
}

int
canvas_text(struct canvas *c, int x, int y, uint16_t style, const char *text)
{
	while (*text)
		x += put(c, x, y, next_code(&text), style);
	return x;
}

int
canvas_cut(struct canvas *c, int x, int y, int width, uint16_t style, const char *text)
{
	int end = x + width;

	if (width <= 0)
		return x;
	if (canvas_measure(c, text) <= width)
		return canvas_text(c, x, y, style, text);
	while (*text) {
		uint32_t ch = next_code(&text);
		int columns = columns_of(c, ch);

		if (x + (columns < 0 ? 1 : columns) > end - 1)
			break;
		x += put(c, x, y, ch, style);
	}
	return canvas_text(c, x, y, style, theme_glyph(GLYPH_ELLIPSIS, c->ascii));
}

int
canvas_wrap(struct canvas *c, int x, int y, int width, uint16_t style, const char *text)
{
	int line = 0;

	while (*text && width > 0) {
		size_t len = strlen(text);
		char part[256];

		if (len > (size_t)width) {
			len = (size_t)width;
			while (len > 0 && text[len] != ' ')
				len--;
			if (len == 0)
				len = (size_t)width;
		}
		snprintf(part, sizeof(part), "%.*s", (int)len, text);
		if (c)
			canvas_text(c, x, y + line, style, part);
		line++;
		text += len;
		text += *text == ' ';
	}
	return line;
}

void
canvas_right(struct canvas *c, int x, int y, int width, uint16_t style, const char *text)
{
	int columns = canvas_measure(c, text);

	if (columns < width)
		x += width - columns;
	canvas_cut(c, x, y, columns < width ? columns : width, style, text);
}

int
canvas_printf(struct canvas *c, int x, int y, uint16_t style, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return canvas_text(c, x, y, style, text);
}

void
canvas_fill(struct canvas *c, int x, int y, int width, int height, uint32_t ch,
	uint16_t style)
{
	struct canvas w = canvas_window(c, x, y, width, height);

	for (int row = 0; row < w.height; row++)
		for (int column = 0; column < w.width; column++)
			w.cells[row * w.stride + column] =
				(struct canvas_cell){ ch, 0, style };
}

void
canvas_flag(struct canvas *c, int x, int y, int width, int height, uint16_t flags)
{
	struct canvas w = canvas_window(c, x, y, width, height);

	for (int row = 0; row < w.height; row++)
		for (int column = 0; column < w.width; column++)
			w.cells[row * w.stride + column].style |= flags;
}

static void
glyph(struct canvas *c, int x, int y, uint16_t style, enum theme_glyph g)
{
	canvas_text(c, x, y, style, theme_glyph(g, c->ascii));
}

void
canvas_hline(struct canvas *c, int x, int y, int width, uint16_t style)
{
	for (int i = 0; i < width; i++)
		glyph(c, x + i, y, style, GLYPH_HLINE);
}

void
canvas_box(struct canvas *c, int x, int y, int width, int height, uint16_t style)
{
	int right = x + width - 1, bottom = y + height - 1;

	if (width < 2 || height < 2)
		return;
	canvas_hline(c, x + 1, y, width - 2, style);
	canvas_hline(c, x + 1, bottom, width - 2, style);
	for (int row = y + 1; row < bottom; row++) {
		glyph(c, x, row, style, GLYPH_VLINE);
		glyph(c, right, row, style, GLYPH_VLINE);
	}
	glyph(c, x, y, style, GLYPH_TOP_LEFT);
	glyph(c, right, y, style, GLYPH_TOP_RIGHT);
	glyph(c, x, bottom, style, GLYPH_BOTTOM_LEFT);
	glyph(c, right, bottom, style, GLYPH_BOTTOM_RIGHT);
}

void
canvas_bar(struct canvas *c, int x, int y, int width, uint64_t part, uint64_t whole)
{
	enum theme_style style = theme_fill(part, whole);
	/* Half cells; anything above zero shows at least one. */
	uint64_t halves = whole == 0 || part >= whole ? (uint64_t)width * 2
		: (part * (uint64_t)width * 2 + whole - 1) / whole;

	for (int i = 0; i < width; i++) {
		uint64_t here = halves > (uint64_t)i * 2 ? halves - (uint64_t)i * 2 : 0;

		if (here == 0)
			glyph(c, x + i, y, STYLE_FRAME, GLYPH_BAR_EMPTY);
		else
			glyph(c, x + i, y, style,
				here == 1 ? GLYPH_BAR_HALF : GLYPH_BAR_FULL);
	}
}

static size_t
encode(char *to, uint32_t ch)
{
	if (ch < 0x80) {
		to[0] = (char)ch;
		return 1;
	}
	if (ch < 0x800) {
		to[0] = (char)(0xc0 | ch >> 6);
		to[1] = (char)(0x80 | (ch & 0x3f));
		return 2;
	}
	if (ch < 0x10000) {
		to[0] = (char)(0xe0 | ch >> 12);
		to[1] = (char)(0x80 | (ch >> 6 & 0x3f));
		to[2] = (char)(0x80 | (ch & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | ch >> 18);
	to[1] = (char)(0x80 | (ch >> 12 & 0x3f));
	to[2] = (char)(0x80 | (ch >> 6 & 0x3f));
	to[3] = (char)(0x80 | (ch & 0x3f));
	return 4;
}

char *
canvas_dump(const struct canvas *c)
{
	char *text = mem_array((size_t)c->height * ((size_t)c->width * 8 + 1) + 1, 1);
	size_t len = 0;

	for (int y = 0; y < c->height; y++) {
		size_t kept = len;

		for (int x = 0; x < c->width; x++) {
			const struct canvas_cell *cell = cell_at(c, x, y);

			if (cell->ch != 0)
				len += encode(text + len, cell->ch);
			if (cell->mark != 0)
				len += encode(text + len, cell->mark);
			if (cell->ch != ' ')
				kept = len;
		}
		len = kept;
		text[len++] = '\n';
	}
	text[len] = '\0';
	return text;
}

char *
canvas_dump_styles(const struct canvas *c)
{
	char *text = mem_array((size_t)c->height * ((size_t)c->width + 1) + 1, 1);
	size_t len = 0;

	_Static_assert(STYLE_COUNT <= 30, "a letter for each style, two cases");
	for (int y = 0; y < c->height; y++) {
		for (int x = 0; x < c->width; x++) {
			uint16_t style = cell_at(c, x, y)->style;
			char flagged = style & ~THEME_STYLE_MASK ? '@' : '`';

			text[len++] = style == STYLE_TEXT ? '.'
				: (char)(flagged + (style & THEME_STYLE_MASK));
		}
		text[len++] = '\n';
	}
	text[len] = '\0';
	return text;
}
