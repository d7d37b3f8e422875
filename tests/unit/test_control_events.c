/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/answer.h"
#include "control/events.h"
#include "control/print.h"
#include "control/request.h"

/* 2026-11-20T12:34:56.789Z */
#define WALL_MS UINT64_C(1795178096789)

static void
add(struct timeline *t, const char *text)
{
	struct timeline_event e = { .kind = TIMELINE_NODE_READY,
		.at_ns = SECONDS(10),
		.wall_ms = WALL_MS,
		.source = "observer",
		.node = "mesh1.broker.ab12cd",
		.mesh = "mesh1" };

	snprintf(e.text, sizeof(e.text), "%s", text);
	timeline_add(t, &e);
}

static json_t *
parse(const char *text, size_t len)
{
	json_error_t error;
	json_t *o = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);

	if (!o)
		fail_msg("%s: %.200s", error.text, text);
	assert_int_equal(json_integer_value(json_object_get(o, "version")), 1);
	return o;
}

static const char *
text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

/* An answer is JSON whatever the texts were, with times for people and programs. */
static void
answers_are_json(void **state)
{
	struct timeline *t = timeline_new(5);
	struct control_view v = { .timeline = t, .now_ns = SECONDS(12) };
	const char *request = control_request_line(CONTROL_LIST_EVENTS);
	char *text;
	json_t *o, *e;

	(void)state;
	add(t, "a \"quote\", a \\ and an \xc3\xa4");
	add(t, "");
	text = control_answer(&v, request, strlen(request));
	o = parse(text, strlen(text));
	assert_int_equal(json_array_size(json_object_get(o, "events")), 2);
	assert_int_equal(json_integer_value(json_object_get(o, "dropped")), 0);
	e = json_array_get(json_object_get(o, "events"), 0);
	assert_int_equal(json_integer_value(json_object_get(e, "seq")), 1);
	assert_int_equal(json_integer_value(json_object_get(e, "age_ms")), 2000);
	assert_string_equal(text_of(e, "at"), "2026-11-20T12:34:56.789Z");
	assert_string_equal(text_of(e, "kind"), "node.ready");
	assert_string_equal(text_of(e, "source"), "observer");
	assert_string_equal(text_of(e, "node"), "mesh1.broker.ab12cd");
	assert_string_equal(text_of(e, "mesh"), "mesh1");
	assert_string_equal(text_of(e, "text"), "a \"quote\", a \\ and an \xc3\xa4");
	json_decref(o);
	free(text);
	timeline_free(t);
	/* Who keeps no timeline has an empty one. */
	v.timeline = NULL;
	text = control_answer(&v, request, strlen(request));
	o = parse(text, strlen(text));
	assert_int_equal(json_array_size(json_object_get(o, "events")), 0);
	json_decref(o);
	free(text);
}

/* The worst text there is does not break an answer of a full timeline. */
static void
the_worst_texts_fit(void **state)
{
	struct timeline *t = timeline_new(1000);
	char worst[TIMELINE_TEXT_CAP], *text;
	uint64_t cursor = 0;
	json_t *o;

	(void)state;
	memset(worst, '"', sizeof(worst) - 1);
	worst[sizeof(worst) - 1] = '\0';
	for (int i = 0; i < 1000; i++)
		add(t, worst);
	text = control_events_answer(t, SECONDS(11));
	o = parse(text, strlen(text));
	assert_int_equal(json_array_size(json_object_get(o, "events")), 1000);
	json_decref(o);
	free(text);
	while ((text = control_events_after(t, &cursor, SECONDS(11))))
		free(text);
	assert_int_equal(cursor, 1000);
	timeline_free(t);
}

/* A follower gets each event once, in pieces, and hears how many it missed. */
static void
followers_get_every_event_once(void **state)
{
	struct timeline *t = timeline_new(600);
	uint64_t cursor = 0, expected = 101, lost = 0;
	char *text;

	(void)state;
	assert_null(control_events_after(t, &cursor, SECONDS(11)));
	for (int i = 0; i < 700; i++)
		add(t, "x");
	while ((text = control_events_after(t, &cursor, SECONDS(11)))) {
		size_t lines = 0;

		for (char *save, *line = strtok_r(text, "\n", &save); line;
			line = strtok_r(NULL, "\n", &save)) {
			json_t *o = parse(line, strlen(line));

			lines++;
			if (json_object_get(o, "lost"))
				lost = (uint64_t)json_integer_value(
					json_object_get(o, "lost"));
			else
				assert_int_equal(json_integer_value(json_object_get(
							 o, "seq")),
					expected++);
			json_decref(o);
		}
		assert_true(lines <= CONTROL_EVENTS_BATCH + 1);
		free(text);
	}
	assert_int_equal(lost, 100);
	assert_int_equal(expected, 701);
	assert_null(control_events_after(t, &cursor, SECONDS(11)));
	timeline_free(t);
}

/* Who cannot stream says so instead of going silent. */
static void
following_without_a_stream_is_refused(void **state)
{
	const char *request = control_request_line(CONTROL_FOLLOW_EVENTS);
	struct control_view v = { .now_ns = 1 };
	char *text = control_answer(&v, request, strlen(request));
	json_t *o = parse(text, strlen(text));

	(void)state;
	assert_string_equal(text_of(json_object_get(o, "error"), "name"), "LIMIT");
	json_decref(o);
	free(text);
}

/* People get a table of a list, and a line of what is followed. */
static void
events_are_printed(void **state)
{
	struct timeline *t = timeline_new(5);
	struct buf to, line;
	char *text;

	(void)state;
	add(t, "booted in 3ms");
	text = control_events_answer(t, SECONDS(11));
	buf_init(&to, 10000);
	buf_init(&line, 10000);
	assert_int_equal(control_print(&to, text, strlen(text)), 0);
	buf_put_u8(&to, '\0');
	assert_non_null(strstr((char *)to.data, "12:34:56.789"));
	assert_non_null(strstr((char *)to.data, "SEEN BY"));
	buf_clear(&to);
	control_events_line(&line, timeline_at(t, 0), SECONDS(10));
	assert_int_equal(control_print(&to, (char *)line.data, line.len), 0);
	buf_put_u8(&to, '\0');
	assert_string_equal((char *)to.data,
		"12:34:56.789  node.ready         mesh1.broker.ab12cd  booted in 3ms\n");
	buf_clear(&to);
	buf_clear(&line);
	control_events_lost(&line, 17);
	assert_int_equal(control_print(&to, (char *)line.data, line.len), 0);
	assert_memory_equal(to.data, "(17 lost)\n", 10);
	buf_fini(&line);
	buf_fini(&to);
	free(text);
	timeline_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_json),
		cmocka_unit_test(the_worst_texts_fit),
		cmocka_unit_test(followers_get_every_event_once),
		cmocka_unit_test(following_without_a_stream_is_refused),
		cmocka_unit_test(events_are_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
