/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "tui/prompt.h"

static void
type(struct prompt *p, const char *text)
{
	for (; *text; text++)
		prompt_key(p, (uint8_t)*text);
}

/* Only y is a yes. Enter, which may be left over, is no answer. */
static void
only_y_is_yes(void **state)
{
	struct prompt p;

	(void)state;
	prompt_confirm(&p, 3, "Stop %s?", "it");
	assert_string_equal(p.question, "Stop it?");
	assert_int_equal(prompt_key(&p, K_ENTER), PROMPT_OPEN);
	assert_int_equal(prompt_key(&p, 'x'), PROMPT_OPEN);
	assert_int_equal(prompt_key(&p, 'n'), PROMPT_CANCELED);
	assert_int_equal(p.kind, PROMPT_NONE);
	prompt_confirm(&p, 3, "again?");
	assert_int_equal(prompt_key(&p, 'y'), PROMPT_DONE);
}

/* Fields are edited, kept within their room, and Tab goes from one to the other. */
static void
fields_are_edited(void **state)
{
	struct prompt p;

	(void)state;
	prompt_form(&p, 1, "new");
	prompt_field(&p, "type", "broker");
	prompt_field(&p, "mesh", "mesh1");
	prompt_key(&p, K_BACKSPACE);
	type(&p, "n");
	prompt_key(&p, K_TAB);
	prompt_key(&p, K_CTRL_U);
	type(&p, "m2");
	for (int i = 0; i < 200; i++)
		type(&p, "0");
	assert_string_equal(p.fields[0].text, "broken");
	assert_int_equal(strlen(p.fields[1].text), LABEL_LEN_MAX);
	assert_int_equal(prompt_key(&p, K_ENTER), PROMPT_DONE);
}

/* A preset text gives way to the first letter typed; after any edit letters are added. */
static void
a_preset_gives_way(void **state)
{
	struct prompt p;

	(void)state;
	prompt_form(&p, 1, "new");
	prompt_field(&p, "type", "broker");
	type(&p, "relay");
	assert_string_equal(p.fields[0].text, "relay");
	prompt_line(&p, 1, "filter:", "bro");
	type(&p, "k");
	assert_string_equal(p.fields[0].text, "brok");
}

static const char *
refuse_empty(const char *text)
{
	return text[0] ? NULL : "must not be empty";
}

/* What the check refuses is not taken; the reason is shown until something is typed. */
static void
a_wrong_field_says_why(void **state)
{
	struct canvas *c = canvas_new(60, 12, false);
	struct prompt p;
	char *dump;

	(void)state;
	prompt_form(&p, 1, "new");
	prompt_field(&p, "type", "");
	p.check = refuse_empty;
	assert_int_equal(prompt_key(&p, K_ENTER), PROMPT_OPEN);
	prompt_draw(&p, c);
	dump = canvas_dump(c);
	assert_non_null(strstr(dump, "type: must not be empty"));
	free(dump);
	type(&p, "a");
	assert_string_equal(p.error, "");
	assert_int_equal(prompt_key(&p, K_ENTER), PROMPT_DONE);
	canvas_free(c);
}

/* Control keys and everything above ASCII stay out of a field. */
static void
fields_hold_plain_text(void **state)
{
	struct prompt p;

	(void)state;
	prompt_line(&p, 1, "filter:", "");
	prompt_key(&p, 0x1b5b);
	prompt_key(&p, 7);
	prompt_key(&p, K_LEFT);
	type(&p, "ok");
	assert_string_equal(p.fields[0].text, "ok");
	assert_int_equal(prompt_key(&p, K_ESC), PROMPT_CANCELED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_y_is_yes),
		cmocka_unit_test(fields_are_edited),
		cmocka_unit_test(a_wrong_field_says_why),
		cmocka_unit_test(a_preset_gives_way),
		cmocka_unit_test(fields_hold_plain_text),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
