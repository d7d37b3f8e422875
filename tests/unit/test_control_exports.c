/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "control/exports.h"

static const struct exporter_stats stats = { .taken = 15, .sent = 1, .rejected = 2,
	.failed = 3, .dropped = 4, .posts = 6, .retries = 7, .queued = 5,
	.last_error = "HTTP 503" };

/* The status with these exports, and how a person reads it. */
static json_t *
status(const struct control_exports *e, struct buf *shown)
{
	json_t *o = json_object();

	control_exports_put(o, e);
	buf_init(shown, 4096);
	control_exports_print(shown, o);
	buf_put_u8(shown, '\0');
	return o;
}

/* Each count is told under its own name; what is not exported is null, and no line. */
static void
counts_are_told(void **state)
{
	static const struct {
		const char *key;
		int count;
	} want[] = { { "taken", 15 }, { "sent", 1 }, { "rejected", 2 }, { "failed", 3 },
		{ "dropped", 4 }, { "posts", 6 }, { "retries", 7 }, { "queued", 5 } };
	const struct control_exports e = { .stats[OTLP_TRACES] = &stats };
	struct buf shown;
	json_t *o = status(&e, &shown), *traces;

	(void)state;
	traces = json_object_get(json_object_get(o, "otlp"), "traces");
	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
		assert_int_equal(
			json_integer_value(json_object_get(traces, want[i].key)),
			want[i].count);
	assert_string_equal(
		json_string_value(json_object_get(traces, "last_error")), "HTTP 503");
	assert_true(json_is_null(
		json_object_get(json_object_get(o, "otlp"), "metrics")));
	assert_string_equal((const char *)shown.data,
		"otlp traces       1 sent, 5 queued, 2 rejected, 3 refused, 4 dropped\n"
		"                  HTTP 503\n");
	buf_fini(&shown);
	json_decref(o);
}

/* Who exports nothing has no line about it. */
static void
nothing_is_not_shown(void **state)
{
	struct buf shown;
	json_t *o = status(NULL, &shown);

	(void)state;
	assert_true(json_is_null(
		json_object_get(json_object_get(o, "otlp"), "traces")));
	assert_string_equal((const char *)shown.data, "");
	buf_fini(&shown);
	json_decref(o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_told),
		cmocka_unit_test(nothing_is_not_shown),
	};

	return cmocka_run_group_tests_name("control_exports", tests, NULL, NULL);
}
