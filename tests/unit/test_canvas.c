/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "tui/canvas.h"
#include "tui/graph.h"

static void
assert_lines(const struct canvas *c, const char *lines)
{
	char *dump = canvas_dump(c);

	assert_string_equal(dump, lines);
	free(dump);
}

/* What is drawn beyond an edge is cut there and harms nothing. */
static void
everything_is_clipped(void **state)
{
	struct canvas *c = canvas_new(4, 2, false);

	(void)state;
	canvas_text(c, -2, 0, STYLE_TEXT, "abcdefgh");
	canvas_text(c, 0, 2, STYLE_TEXT, "below");
	canvas_text(c, 0, -1, STYLE_TEXT, "above");
	canvas_fill(c, 3, 1, 100, 100, '#', STYLE_TEXT);
	canvas_box(c, -5, -5, 100, 100, STYLE_TEXT);
	assert_lines(c, "cdef\n   #\n");
	canvas_free(c);
}

/* A window shares the cells of its canvas and is clipped to it. */
static void
a_window_is_a_part(void **state)
{
	struct canvas *c = canvas_new(6, 3, false);
	struct canvas w = canvas_window(c, 4, 1, 10, 10),
		      none = canvas_window(c, 9, 9, 2, 2);

	(void)state;
	assert_int_equal(w.width, 2);
	assert_int_equal(w.height, 2);
	canvas_text(&w, 0, 0, STYLE_TEXT, "xyz");
	canvas_text(&none, 0, 0, STYLE_TEXT, "never");
	assert_lines(c, "\n    xy\n\n");
	canvas_free(c);
}

/* Wide characters take two cells; writing over one half leaves no half behind. */
static void
wide_characters_stay_whole(void **state)
{
	struct canvas *c = canvas_new(5, 1, false);

	(void)state;
	assert_int_equal(canvas_text(c, 0, 0, STYLE_TEXT, "漢字"), 4);
	assert_lines(c, "漢字\n");
	canvas_put(c, 1, 0, 'x', STYLE_TEXT);
	assert_lines(c, " x字\n");
	canvas_put(c, 2, 0, 'y', STYLE_TEXT);
	assert_lines(c, " xy\n");
	/* No room for the second half: a space, not half a character. */
	canvas_text(c, 4, 0, STYLE_TEXT, "漢");
	assert_lines(c, " xy\n");
	canvas_free(c);
}

/* A combining mark stays with the character before it. */
static void
marks_join_their_letter(void **state)
{
	struct canvas *c = canvas_new(5, 1, false);

	(void)state;
	assert_int_equal(canvas_text(c, 0, 0, STYLE_TEXT, "e\xcc\x81!"), 2);
	assert_lines(c, "e\xcc\x81!\n");
	canvas_free(c);
}

/* Escapes, bidi overrides and broken bytes become '?' and reach no terminal. */
static void
hostile_text_is_tamed(void **state)
{
	struct canvas *c = canvas_new(20, 1, false);

	(void)state;
	canvas_text(c, 0, 0, STYLE_TEXT, "a\033[31m\x7f\xe2\x80\xae\xff\xc0\x80z");
	assert_lines(c, "a?[31m?????z\n");
	canvas_free(c);
}

/* An ASCII canvas holds no byte above 0x7e, whatever is drawn. */
static void
ascii_is_ascii(void **state)
{
	struct canvas *c = canvas_new(12, 4, true);
	char *dump;

	(void)state;
	canvas_box(c, 0, 0, 12, 4, STYLE_FRAME);
	canvas_text(c, 1, 1, STYLE_TEXT, "é漢●");
	canvas_cut(c, 5, 1, 4, STYLE_TEXT, "longer");
	canvas_bar(c, 1, 2, 6, 1, 4);
	dump = canvas_dump(c);
	for (const char *p = dump; *p; p++)
		assert_true(*p == '\n' || (*p >= 0x20 && *p <= 0x7e));
	free(dump);
	canvas_free(c);
}

/* Text that is cut says so; text that fits is whole. */
static void
a_cut_is_seen(void **state)
{
	struct canvas *c = canvas_new(8, 2, false);

	(void)state;
	canvas_cut(c, 0, 0, 5, STYLE_TEXT, "abcdef");
	canvas_right(c, 0, 1, 8, STYLE_TEXT, "12");
	assert_lines(c, "abcd…\n      12\n");
	canvas_cut(c, 0, 0, 6, STYLE_TEXT, "abcdef");
	assert_lines(c, "abcdef\n      12\n");
	canvas_free(c);
}

/* Bars turn amber at half and red at 80 %, and anything above zero can be seen. */
static void
bars_have_levels(void **state)
{
	struct canvas *c = canvas_new(4, 4, false);

	(void)state;
	canvas_bar(c, 0, 0, 4, 0, 100);
	canvas_bar(c, 0, 1, 4, 1, 100);
	canvas_bar(c, 0, 2, 4, 50, 100);
	canvas_bar(c, 0, 3, 4, 300, 100);
	assert_lines(c, "────\n╸───\n━━──\n━━━━\n");
	assert_int_equal(c->cells[0].style, STYLE_FRAME);
	assert_int_equal(c->cells[4].style, STYLE_FILL_LOW);
	assert_int_equal(c->cells[8].style, STYLE_FILL_MIDDLE);
	assert_int_equal(c->cells[12].style, STYLE_FILL_HIGH);
	canvas_free(c);
}

/* Without color nothing is told by color: only attributes are left, and they differ. */
static void
mono_has_attributes_only(void **state)
{
	(void)state;
	for (int i = 0; i < STYLE_COUNT; i++) {
		struct theme_look look = theme_look(THEME_MONO, (uint16_t)i);

		assert_int_equal(look.fg, -1);
		assert_int_equal(look.bg, -1);
		look = theme_look(THEME_8, (uint16_t)i);
		assert_true(look.fg >= -1 && look.fg < 8 && look.bg == -1);
	}
	assert_true(theme_look(THEME_MONO, STYLE_TEXT | THEME_SELECTED).attrs &
		    THEME_REVERSE);
	assert_int_not_equal(theme_look(THEME_MONO, STYLE_GONE).attrs,
		theme_look(THEME_MONO, STYLE_LIVE).attrs);
}

/*
 * Liveness has its own glyph for each state, in both alphabets; types keep their style.
 */
static void
glyphs_tell_states_apart(void **state)
{
	(void)state;
	for (int ascii = 0; ascii < 2; ascii++)
		for (int a = 0; a < LIVENESS_COUNT; a++)
			for (int b = 0; b < a; b++)
				assert_string_not_equal(theme_liveness_glyph(a, ascii),
					theme_liveness_glyph(b, ascii));
	assert_int_equal(theme_type("broker"), STYLE_BROKER);
	assert_int_equal(theme_type("sensor"), theme_type("sensor"));
	assert_true(theme_type("sensor") >= STYLE_TYPE_A &&
		    theme_type("sensor") <= STYLE_TYPE_D);
	assert_int_equal(theme_type_letter("broker"), 'B');
}

/* A line goes from one middle to the other, and never leaves its graph. */
static void
lines_end_where_they_should(void **state)
{
	struct canvas *c = canvas_new(7, 3, false);
	struct graph g;

	(void)state;
	graph_init(&g, 7, 3, false);
	graph_line(&g, 0, 1, 6, 1, STYLE_EDGE);
	graph_line(&g, -50, -50, 90, 70, STYLE_EDGE);
	graph_draw(&g, c);
	assert_int_equal(c->cells[7].ch, 0xb7);
	assert_int_equal(c->cells[13].ch, 0xb7);
	graph_fini(&g);
	canvas_free(c);
}

/*
 * Tiles on a ring do not overlap and stay inside; where they would not fit, it says so.
 */
static void
rings_have_room(void **state)
{
	struct graph_spot at[32];

	(void)state;
	for (size_t n = 3; n <= 12; n++) {
		assert_true(graph_ring(at, n, 100, 60, 14, 4));
		for (size_t i = 0; i < n; i++) {
			assert_in_range(at[i].x, 0, 100 - 14);
			assert_in_range(at[i].y, 0, 60 - 4);
			for (size_t k = 0; k < i; k++)
				assert_true(abs(at[i].x - at[k].x) >= 14 ||
					abs(at[i].y - at[k].y) >= 4);
		}
	}
	assert_false(graph_ring(at, 12, 40, 10, 14, 4));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_clipped),
		cmocka_unit_test(a_window_is_a_part),
		cmocka_unit_test(wide_characters_stay_whole),
		cmocka_unit_test(marks_join_their_letter),
		cmocka_unit_test(hostile_text_is_tamed),
		cmocka_unit_test(ascii_is_ascii),
		cmocka_unit_test(a_cut_is_seen),
		cmocka_unit_test(bars_have_levels),
		cmocka_unit_test(mono_has_attributes_only),
		cmocka_unit_test(glyphs_tell_states_apart),
		cmocka_unit_test(lines_end_where_they_should),
		cmocka_unit_test(rings_have_room),
	};

	/* wcwidth needs a UTF-8 locale; C.UTF-8 is part of every Debian. */
	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
