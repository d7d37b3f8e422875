/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "control/letters.h"
#include "control/print.h"

static int
parse(struct control_letters *l, const char *line, char why[static CONTROL_WHY_CAP])
{
	return control_letters_parse(l, line, strlen(line), why);
}

/* What the command line writes the node reads, whatever bytes are sent. */
static void
lines_round_trip(void **state)
{
	struct control_letters l = { .verb = CONTROL_SEND, .name = "mesh2.broker",
		.kind = "order", .count = 1000, .every_us = 20000 }, got;
	char why[CONTROL_WHY_CAP], *line;

	(void)state;
	buf_init(&l.data, MESSAGE_BODY_LEN_MAX);
	for (unsigned i = 0; i < MESSAGE_BODY_LEN_MAX; i++)
		buf_put_u8(&l.data, (uint8_t)i);
	line = control_letters_line(&l);
	assert_true(strlen(line) <= CONTROL_REQUEST_LEN_MAX);
	assert_int_equal(parse(&got, line, why), ERR_OK);
	assert_string_equal(got.name, l.name);
	assert_string_equal(got.kind, l.kind);
	assert_int_equal(got.count, 1000);
	assert_int_equal(got.every_us, 20000);
	assert_int_equal(got.data.len, l.data.len);
	assert_memory_equal(got.data.data, l.data.data, l.data.len);
	control_letters_fini(&got);
	free(line);
	l.verb = CONTROL_RESOLVE;
	l.all = true;
	line = control_letters_line(&l);
	assert_int_equal(parse(&got, line, why), ERR_OK);
	assert_int_equal(got.verb, CONTROL_RESOLVE);
	assert_true(got.all);
	control_letters_fini(&got);
	control_letters_fini(&l);
	free(line);
}

/* Bad arguments are refused with what was expected; other verbs are not ours. */
static void
bad_arguments(void **state)
{
	static const struct {
		const char *line, *words;
	} bad[] = {
		{ "{\"version\":1,\"verb\":\"send\"}", "expected \"name\"" },
		{ "{\"version\":1,\"verb\":\"send\",\"name\":7}", "expected \"name\"" },
		{ "{\"version\":1,\"verb\":\"send\",\"name\":\"a.b\",\"count\":0}",
			"from 1 to 1000000" },
		{ "{\"version\":1,\"verb\":\"send\",\"name\":\"a.b\",\"data\":\"abc\"}",
			"in hex" },
		{ "{\"version\":1,\"verb\":\"send\",\"name\":\"a.b\",\"data\":\"zz\"}",
			"in hex" },
		{ "{\"version\":1,\"verb\":\"send\",\"name\":\"a.b\",\"data\":7}",
			"in hex" },
		{ "{\"version\":1,\"verb\":\"send\",\"name\":\"a.b\",\"every_us\":-1}",
			"expected \"every_us\"" },
		{ "{\"version\":1,\"verb\":\"resolve\",\"name\":\"a\\u0000b\"}",
			"expected \"name\"" },
	};
	struct control_letters l;
	char why[CONTROL_WHY_CAP];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		int err = parse(&l, bad[i].line, why);

		if (err == ERR_UNKNOWN)
			continue;	/* no JSON of ours at all: said elsewhere */
		assert_int_equal(err, ERR_ARGUMENT);
		assert_non_null(strstr(why, bad[i].words));
	}
	assert_int_equal(
		parse(&l, "{\"version\":1,\"verb\":\"status\"}", why), ERR_UNKNOWN);
	assert_int_equal(parse(&l, "nonsense", why), ERR_UNKNOWN);
	assert_int_equal(parse(&l,
				 "{\"version\":1,\"verb\":\"status\",\"name\":\"a.b\"}",
				 why),
		ERR_UNKNOWN);
	assert_non_null(strstr(why, "unknown key"));
}

/* Each end has its exit status, and people are told who, what and why. */
static void
ends_have_a_status(void **state)
{
	struct sending_report r = { .count = 3, .acked = 2, .failed = 1,
		.status = DELIVERY_GONE, .why = "it is gone \033[31m",
		.destination = "mesh2.broker", .receiver = "mesh2.broker.239dc9",
		.rtt_min_ns = NS_PER_MS, .rtt_max_ns = 3 * NS_PER_MS,
		.rtt_sum_ns = 4 * NS_PER_MS, .took_ns = SECONDS(2) };
	struct resolved none = { .status = DELIVERY_NO_MESH, .why = "nobody spoke" };
	struct buf text;
	char *answer;

	(void)state;
	buf_init(&text, 4096);
	answer = control_letters_sent(&r);
	assert_int_equal(control_print_status(answer, strlen(answer)), 6);
	assert_int_equal(control_print(&text, answer, strlen(answer)), ERR_OK);
	buf_put_u8(&text, '\0');
	assert_non_null(strstr((char *)text.data,
		"2 of 3 acknowledged by mesh2.broker.239dc9 in 2.0s (each 1.0 to 3.0 ms, "
		"mean 2.0)"));
	assert_non_null(strstr((char *)text.data,
		"1 failed, the last one: mesh2.broker: the node is gone: it is gone"));
	assert_null(strchr((char *)text.data, '\033'));
	free(answer);
	buf_clear(&text);
	answer = control_letters_resolved("mesh7.broker", &none, NS_PER_MS);
	assert_int_equal(control_print_status(answer, strlen(answer)), 3);
	assert_int_equal(control_print(&text, answer, strlen(answer)), ERR_OK);
	buf_put_u8(&text, '\0');
	assert_string_equal(
		(char *)text.data, "mesh7.broker: no such mesh: nobody spoke\n");
	free(answer);
	buf_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_round_trip),
		cmocka_unit_test(bad_arguments),
		cmocka_unit_test(ends_have_a_status),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
