/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "control/answer.h"
#include "control/print.h"
#include "control/request.h"
#include "control/spans.h"

static struct node_status status = { .id = { { 5 } }, .name = "mesh1.broker.050000" };

static void
fill(struct span_set *s)
{
	*s = (struct span_set){ .wall_us = UINT64_C(1795178096789123), .count = 2 };
	s->spans = calloc(2, sizeof(*s->spans));
	s->trace[0] = 0xfe;
	s->spans[0].id[7] = 1;
	strcpy(s->spans[0].name, "mesh.node.ready");
	s->spans[0].state = SPAN_FAILED;
	s->spans[0].duration_us = 300;
	strcpy(s->spans[0].why, "a \"reason\"");
	s->spans[1].id[7] = 2;
	s->spans[1].parent[7] = 1;
	strcpy(s->spans[1].name, "mesh.boot.joined");
	s->spans[1].begin_us = 300;
	s->spans[1].attr_count = 1;
	strcpy(s->spans[1].attrs[0].key, "seed");
	strcpy(s->spans[1].attrs[0].value, "mesh1.gateway.abcdef");
}

static char *
ask(const struct span_set *s)
{
	const struct control_view v = { .status = &status, .spans = s, .now_ns = 1 };
	const char *line = control_request_line(CONTROL_LIST_SPANS);

	return control_answer(&v, line, strlen(line));
}

/* What a node answers is what a console reads. */
static void
there_and_back(void **state)
{
	struct control_spans back;
	struct span_set s;
	char *text;

	(void)state;
	fill(&s);
	text = ask(&s);
	assert_non_null(strstr(text, "\"at\":\"2026-11-20T12:34:56.789Z\""));
	assert_int_equal(control_spans_parse(&back, text, strlen(text)), ERR_OK);
	assert_true(id_equal(&back.id, &status.id));
	assert_string_equal(back.name, status.name);
	assert_true(back.set.wall_us == s.wall_us);
	assert_int_equal(back.set.count, 2);
	assert_memory_equal(back.set.trace, s.trace, sizeof(s.trace));
	assert_memory_equal(back.set.spans, s.spans, 2 * sizeof(*s.spans));
	span_set_fini(&back.set);
	span_set_fini(&s);
	free(text);
	/* Who has none has an empty set. */
	text = ask(NULL);
	assert_int_equal(control_spans_parse(&back, text, strlen(text)), ERR_OK);
	assert_int_equal(back.set.count, 0);
	span_set_fini(&back.set);
	free(text);
}

/* An answer with any part missing, of another type or too large is refused whole. */
static void
bad_answers_are_refused(void **state)
{
	static const struct {
		const char *what, *with;
	} spoil[] = {
		{ "\"node_id\":\"05", "\"node_id\":\"0g" },
		{ "\"trace_id\":\"fe", "\"trace_id\":\"xe" },
		{ "\"span_id\":\"00", "\"span_id\":\"xx" },
		{ "\"state\":\"failed\"", "\"state\":\"faulty\"" },
		{ "\"duration_us\":300", "\"duration_us\":-30" },
		{ "\"begin_us\":300", "\"begin_us\":1.0" },
		{ "\"seed\":\"mesh1.g", "\"seed\":12,\"x\":\"" },
		{ "\"name\":\"mesh.n", "\"nome\":\"mesh.n" },
		{ "\"spans\":[", "\"spane\":[" },
		{ "{\"version\"", "[\"version\"" },
	};
	struct control_spans back;
	struct span_set s;
	char *text;

	(void)state;
	fill(&s);
	for (size_t i = 0; i < sizeof(spoil) / sizeof(spoil[0]); i++) {
		char *at;

		text = ask(&s);
		at = strstr(text, spoil[i].what);
		assert_non_null(at);
		memcpy(at, spoil[i].with, strlen(spoil[i].with));
		assert_int_not_equal(
			control_spans_parse(&back, text, strlen(text)), ERR_OK);
		assert_null(back.set.spans);
		free(text);
	}
	text = ask(&s);
	for (size_t n = 0; n < strlen(text); n++)
		assert_int_equal(control_spans_parse(&back, text, n), ERR_MALFORMED);
	free(text);
	span_set_fini(&s);
	assert_int_equal(
		control_spans_parse(&back, "{\"version\":1,\"error\":{}}", 24),
		ERR_REFUSED);
}

/* People get a table: an open one says so, a failed one says why. */
static void
spans_are_printed(void **state)
{
	struct span_set s;
	struct buf to;
	char *text;

	(void)state;
	fill(&s);
	text = ask(&s);
	buf_init(&to, 10000);
	assert_int_equal(control_print(&to, text, strlen(text)), 0);
	buf_put_u8(&to, '\0');
	assert_non_null(strstr((char *)to.data, "a \"reason\""));
	assert_non_null(strstr((char *)to.data, "+300us"));
	assert_non_null(strstr((char *)to.data, "open  open    seed=mesh1.gateway"));
	buf_fini(&to);
	free(text);
	span_set_fini(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(bad_answers_are_refused),
		cmocka_unit_test(spans_are_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
