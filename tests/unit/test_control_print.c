/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "control/discover.h"
#include "control/print.h"

static char *
printed(const char *answer)
{
	struct buf b;
	char *text;

	buf_init(&b, 1 << 16);
	control_print(&b, answer, strlen(answer));
	buf_put_u8(&b, 0);
	text = strdup((const char *)b.data);
	buf_fini(&b);
	return text;
}

static const char nodes[] = "{\"version\":1,\"nodes\":["
	"{\"name\":\"mesh1.broker.8a88e3\",\"liveness\":\"live\",\"age_ms\":1200,"
	"\"neighbors\":[\"x\",\"y\"],\"cpu_cores\":0.25,\"memory_bytes\":5242880,"
	"\"addresses\":[\"127.0.0.1:1\"],\"build\":\"\\u001b[31m\",\"accused_by\":[]},"
	"{\"name\":\"a.b.c\",\"liveness\":\"suspect\",\"age_ms\":4000,"
	"\"neighbors\":[],\"build\":\"0.1.0\","
	"\"accused_by\":[{\"name\":\"n\",\"reason\":\"no answer\"},{}]}]}";

/* Tables stand in columns, and what a peer wrote cannot drive a terminal. */
static void
nodes_are_printed(void **state)
{
	char *text = printed(nodes), *line, *rest;
	size_t column;

	(void)state;
	assert_null(strchr(text, '\033'));
	line = strtok_r(text, "\n", &rest);
	assert_true(strncmp(line, "NAME", 4) == 0);
	column = (size_t)(strstr(line, "LIVENESS") - line);
	line = strtok_r(NULL, "\n", &rest);
	assert_true(strncmp(line + column, "live", 4) == 0);
	assert_non_null(strstr(line, "5.0 MiB"));
	line = strtok_r(NULL, "\n", &rest);
	assert_true(strncmp(line + column, "suspect", 7) == 0);
	assert_non_null(strstr(line, "n: no answer +1"));
	assert_null(strtok_r(NULL, "\n", &rest));
	free(text);
}

/* A status has what another node is given as --seed; that of an observer has not. */
static void
status_has_a_seed(void **state)
{
	static const char *const roles[] = { "false", "true" };

	(void)state;
	for (int observer = 0; observer < 2; observer++) {
		char answer[400], *text;

		snprintf(answer, sizeof answer, "{\"version\":1,\"name\":\"a.b.8a88e3\","
			"\"id\":\"8a88e3\",\"observer\":%s,\"uptime_ms\":1,"
			"\"addresses\":[\"127.0.0.1:7\",\"[::1]:7\"]}", roles[observer]);
		text = printed(answer);
		assert_non_null(strstr(text, "127.0.0.1:7\n"));
		assert_int_equal(strstr(text, " 8a88e3@127.0.0.1:7\n") == NULL, observer);
		free(text);
	}
}

/* Errors and health are one line; what is no answer is said to be none. */
static void
short_answers_are_printed(void **state)
{
	static const char *const table[][2] = {
		{ "{\"version\":1,\"error\":{\"name\":\"UNKNOWN\",\"text\":\"no\"}}",
			"error: no\n" },
		{ "{\"version\":1,\"healthy\":false,\"reason\":\"not ready yet\"}",
			"not healthy: not ready yet\n" },
		{ "nonsense", "error: the answer cannot be read\n" },
		{ "{\"version\":1}", "error: the answer cannot be read\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		char *text = printed(table[i][0]);

		assert_string_equal(text, table[i][1]);
		free(text);
	}
}

#define ID "\"8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c\""
#define HEAD "{\"version\":1,\"name\":\"n\",\"observer\":false,"
#define REST "\"meshes\":[{\"mesh\":\"mesh1\"}],\"addresses\":[\"127.0.0.1:1\"]}"

/* What is no status, or has a bad id, label or address, is not discovered. */
static void
bad_answers_are_not_discovered(void **state)
{
	static const struct {
		const char *answer;
		int err;
	} table[] = {
		{ HEAD "\"id\":" ID ",\"type\":\"t\"," REST, ERR_OK },
		{ HEAD "\"id\":\"12\",\"type\":\"t\"," REST, ERR_MALFORMED },
		{ HEAD "\"id\":" ID ",\"type\":\"T!\"," REST, ERR_MALFORMED },
		{ HEAD "\"id\":" ID ",\"type\":1," REST, ERR_MALFORMED },
		{ HEAD "\"id\":" ID ",\"type\":\"t\",\"meshes\":[{\"mesh\":\"..\"}],"
			"\"addresses\":[]}", ERR_MALFORMED },
		{ HEAD "\"id\":" ID ",\"type\":\"t\",\"meshes\":[],"
			"\"addresses\":[\"localhost:1\"]}", ERR_MALFORMED },
		{ HEAD "\"id\":" ID ",\"type\":\"t\",\"meshes\":[]}", ERR_MALFORMED },
		{ "{\"version\":2,\"name\":\"n\"}", ERR_MALFORMED },
		{ "{\"version\":1,\"error\":{}}", ERR_REFUSED },
		{ "[]", ERR_MALFORMED },
		{ "", ERR_MALFORMED },
	};
	struct control_discover d;

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		assert_int_equal(control_discover_parse(&d, table[i].answer,
			strlen(table[i].answer)), table[i].err);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_has_a_seed),
		cmocka_unit_test(nodes_are_printed),
		cmocka_unit_test(short_answers_are_printed),
		cmocka_unit_test(bad_answers_are_not_discovered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
