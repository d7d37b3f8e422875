/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "base/err.h"
#include "supervisor/supervisor.h"

/* Rows of nodes that are no children of ours: numbered apart, lost or let go. */
static const struct child_spec broker = { .mesh = "mesh1", .type = "broker" };

static unsigned
found(struct supervisor *s)
{
	struct lifeline_record r = { .tag = LIFELINE_READY };
	unsigned child;

	assert_int_equal(supervisor_start(s, &broker, 1, &child), ERR_OK);
	supervisor_record(s, child, &r, 2);
	assert_int_equal(supervisor_find(s, child)->state, CHILD_READY);
	return child;
}

static void
says(const struct child_row *r, const char *text)
{
	char end[CHILD_END_TEXT_CAP];

	assert_string_equal(child_end_text(&r->end, end, sizeof(end)), text);
}

/* Who is gone by the word of others has no exit status, and was not expected to go. */
static void
the_lost_are_gone(void **state)
{
	struct supervisor *s = supervisor_new(10);
	unsigned child = found(s);
	const struct child_row *r;

	(void)state;
	supervisor_lost(s, child, "it said\x1b that it leaves", 9);
	supervisor_lost(s, child, "twice", 10);
	r = supervisor_find(s, child);
	assert_int_equal(r->state, CHILD_ENDED);
	assert_int_equal(r->end.at_ns, 9);
	assert_false(r->end.expected);
	assert_null(strchr(r->failure, '\x1b'));
	says(r, "is gone, by the word of its mesh");
	supervisor_lost(s, child + 1, "nobody", 11);
	supervisor_free(s);
}

/* Who is let go when a run stops goes on, and its end is as it should be. */
static void
who_is_let_go_goes_on(void **state)
{
	struct supervisor *s = supervisor_new(10);
	unsigned child = found(s);
	const struct child_row *r;

	(void)state;
	supervisor_stop_all(s, 5);
	supervisor_lost(s, child, NULL, 9);
	r = supervisor_find(s, child);
	assert_int_equal(r->state, CHILD_ENDED);
	assert_true(r->end.expected);
	assert_true(r->end.released);
	assert_string_equal(r->failure, "");
	says(r, "goes on without us");
	assert_int_equal(supervisor_alive(s), 0);
	supervisor_free(s);
}

/* Two supervisors whose rows stand in one list do not give a number twice. */
static void
numbers_can_begin_elsewhere(void **state)
{
	struct supervisor *s = supervisor_new(10), *other = supervisor_new(10);

	(void)state;
	supervisor_count_from(other, 1000);
	assert_int_equal(found(s), 1);
	assert_int_equal(found(other), 1001);
	assert_null(supervisor_find(s, 1001));
	assert_null(supervisor_find(other, 1));
	supervisor_free(s);
	supervisor_free(other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lost_are_gone),
		cmocka_unit_test(who_is_let_go_goes_on),
		cmocka_unit_test(numbers_can_begin_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
