/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>

#include "control/answer.h"
#include "control/discover.h"
#include "control/print.h"
#include "control/request.h"
#include "mesh_fixture.h"

/*
 * Two nodes and an observer; the second node is accused, and names a peer nobody knows.
 */
struct world {
	struct actor a[3];
	struct directory *directory;
	struct node_status status;
	struct mesh_row mesh;
	struct link_row link;
	struct control_view view;
};

static void
world_init(struct world *w)
{
	struct actor stranger;

	memset(w, 0, sizeof *w);
	w->directory = fixture_directory();
	actor_init(&stranger, 100, "broker");
	actor_init(&w->a[0], 1, "broker");
	actor_init(&w->a[1], 2, "gateway");
	actor_init(&w->a[2], 3, "observer");
	w->a[0].digest.cpu_used_mc = 1500;
	w->a[0].digest.memory_used_kib = 5000;
	w->a[0].digest.address_count = 1;
	assert_int_equal(address_parse(&w->a[0].digest.addresses[0], "127.0.0.1:4000"),
		0);
	actor_neighbor(&w->a[0], &w->a[1], 3);
	actor_neighbor(&w->a[0], &stranger, 3);
	w->a[2].digest.flags = DIGEST_OBSERVER;
	for (int i = 0; i < 3; i++)
		assert_int_equal(actor_say(&w->a[i], w->directory, SECONDS(1)), 0);
	assert_int_equal(accuse(&w->a[0], &w->a[1], w->directory, SECONDS(2)), 0);
	strcpy(w->mesh.mesh, FIXTURE_MESH);
	w->mesh.directory = w->directory;
	w->status.id = w->a[0].digest.id;
	strcpy(w->status.name, "mesh1.broker.8a88e3");
	strcpy(w->status.type, "broker");
	w->status.ready = true;
	w->status.addresses[0] = w->a[0].digest.addresses[0];
	w->status.address_count = 1;
	w->status.incarnation = UINT64_MAX;
	w->status.boot_ns = MILLISECONDS(2);
	w->link.peer = w->a[1].digest.id;
	w->link.overlay = true;
	w->link.dialed = true;
	w->link.rtt_ns = 1234567;
	w->link.since_ns = SECONDS(1);
	w->link.remote = w->status.addresses[0];
	w->view = (struct control_view){
		.status = &w->status, .meshes = &w->mesh, .mesh_count = 1, .links =
			&w->link,
		.link_count = 1, .now_ns = SECONDS(3), .loop_turned_ns = SECONDS(3),
	};
}

static void
world_fini(struct world *w)
{
	directory_free(w->directory);
}

/* The parsed answer; it must be one line of JSON with version 1. */
static json_t *
ask_text(const struct world *w, const char *request, size_t len)
{
	char *text = control_answer(&w->view, request, len);
	json_t *o;

	assert_non_null(text);
	assert_null(strchr(text, '\n'));
	o = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(o);
	assert_int_equal(json_integer_value(json_object_get(o, "version")), 1);
	free(text);
	return o;
}

static json_t *
ask(const struct world *w, enum control_verb verb)
{
	const char *line = control_request_line(verb);

	return ask_text(w, line, strlen(line));
}

static void
assert_keys(const json_t *o, const char *const *keys, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!json_object_get(o, keys[i]))
			fail_msg("no key %s", keys[i]);
	}
}
#define ASSERT_KEYS(o, keys) assert_keys(o, keys, sizeof keys / sizeof *keys)

static const char *
text_at(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

/*
 * The nodes are listed with the names that scripts rely on; observers are only counted.
 */
static void
nodes_are_listed(void **state)
{
	static const char *const keys[] = {
		"name", "id", "mesh", "type", "liveness", "age_ms", "addresses",
			"neighbors",
		"cpu_cores", "memory_bytes", "build", "accused_by",
	};
	char hex[17], id[ID_HEX_CAP];
	json_t *o, *nodes, *one, *two, *by;
	struct actor stranger;
	struct world w;

	(void)state;
	world_init(&w);
	o = ask(&w, CONTROL_LIST_NODES);
	nodes = json_object_get(o, "nodes");
	assert_int_equal(json_array_size(nodes), 2);
	assert_int_equal(json_integer_value(json_object_get(o, "observers")), 1);
	one = json_array_get(nodes, 0);
	two = json_array_get(nodes, 1);
	ASSERT_KEYS(one, keys);
	assert_string_equal(text_at(one, "liveness"), "live");
	assert_string_equal(text_at(one, "id"), id_hex(id, &w.a[0].digest.id));
	assert_int_equal(json_integer_value(json_object_get(one, "age_ms")), 2000);
	assert_true(json_real_value(json_object_get(one, "cpu_cores")) == 1.5);
	assert_int_equal(json_integer_value(json_object_get(one, "memory_bytes")),
		5120000);
	assert_string_equal(json_string_value(json_array_get(
		json_object_get(one, "addresses"), 0)), "127.0.0.1:4000");
	assert_string_equal(json_string_value(json_array_get(
		json_object_get(one, "neighbors"), 0)), text_at(two, "name"));
	actor_init(&stranger, 100, "broker");
	snprintf(hex, sizeof hex, "%s", id_hex(id, &stranger.digest.id));
	assert_string_equal(json_string_value(json_array_get(
		json_object_get(one, "neighbors"), 1)), hex);
	assert_int_equal(json_array_size(json_object_get(one, "accused_by")), 0);
	assert_string_equal(text_at(two, "liveness"), "suspect");
	by = json_array_get(json_object_get(two, "accused_by"), 0);
	assert_string_equal(text_at(by, "name"), text_at(one, "name"));
	assert_string_equal(text_at(by, "reason"), "no answer");
	assert_int_equal(json_integer_value(json_object_get(by, "age_ms")), 1000);
	json_decref(o);
	world_fini(&w);
}

/* The links are listed with direction, path, round trip and bytes. */
static void
links_are_listed(void **state)
{
	static const char *const keys[] = {
		"peer", "peer_id", "direction", "path", "rtt_ms", "since_ms",
			"bytes_sent",
		"bytes_received", "overlay",
	};
	struct world w;
	json_t *o, *l;

	(void)state;
	world_init(&w);
	o = ask(&w, CONTROL_LIST_LINKS);
	assert_int_equal(json_array_size(json_object_get(o, "links")), 1);
	l = json_array_get(json_object_get(o, "links"), 0);
	ASSERT_KEYS(l, keys);
	assert_string_equal(text_at(l, "direction"), "out");
	assert_string_equal(text_at(l, "path"), "direct");
	assert_true(json_real_value(json_object_get(l, "rtt_ms")) == 1.23457);
	assert_int_equal(json_integer_value(json_object_get(l, "since_ms")), 2000);
	json_decref(o);
	w.link.dialed = false;
	o = ask(&w, CONTROL_LIST_LINKS);
	l = json_array_get(json_object_get(o, "links"), 0);
	assert_string_equal(text_at(l, "direction"), "in");
	json_decref(o);
	world_fini(&w);
}

/*
 * A status tells what the node is and counts objects by class; discovery reads it back.
 */
static void
a_status_is_discovered(void **state)
{
	static const char *const keys[] = {
		"name", "id", "type", "meshes", "observer", "ready", "addresses",
			"incarnation",
		"uptime_ms", "boot_ms", "loop_lag_ms", "cpu_cores", "memory_bytes",
			"handshakes",
		"liveness_changes", "links", "neighbors", "objects", "hellos",
		"refused", "dropped", "tables",
	};
	const char *line = control_request_line(CONTROL_STATUS);
	struct control_discover d;
	struct world w;
	char *text;
	json_t *o;

	(void)state;
	world_init(&w);
	o = ask(&w, CONTROL_STATUS);
	ASSERT_KEYS(o, keys);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(
		json_object_get(o, "objects"), "directory-entry"), "live")), 3);
	json_decref(o);
	text = control_answer(&w.view, line, strlen(line));
	assert_int_equal(control_discover_parse(&d, text, strlen(text)), 0);
	free(text);
	assert_true(id_equal(&d.id, &w.status.id));
	assert_string_equal(d.name, w.status.name);
	assert_string_equal(d.type, "broker");
	assert_true(d.ready && !d.observer);
	assert_int_equal(d.mesh_count, 1);
	assert_string_equal(d.meshes[0], FIXTURE_MESH);
	assert_int_equal(d.address_count, 1);
	assert_true(address_equal(&d.addresses[0], &w.status.addresses[0]));
	world_fini(&w);
}

/* Health is progress of the loop and readiness, and never the number of peers. */
static void
health_is_progress(void **state)
{
	static const struct {
		bool ready;
		uint64_t turned_ns;
		bool healthy;
	} table[] = {
		{ true, SECONDS(100), true }, { true, SECONDS(98), true },
		{ true, SECONDS(97), false }, { false, SECONDS(100), false },
		{ true, SECONDS(101), true },
	};
	struct world w;

	(void)state;
	world_init(&w);
	w.view.now_ns = SECONDS(100);
	w.view.mesh_count = w.view.link_count = 0;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		json_t *o;
		char *text;

		w.status.ready = table[i].ready;
		w.view.loop_turned_ns = table[i].turned_ns;
		o = ask(&w, CONTROL_HEALTH);
		assert_int_equal(json_is_true(json_object_get(o, "healthy")),
			table[i].healthy);
		assert_true(strlen(text_at(o, "reason")) > 0);
		text = json_dumps(o, 0);
		assert_int_equal(control_print_status(text, strlen(text)),
			!table[i].healthy);
		free(text);
		json_decref(o);
	}
	world_fini(&w);
}

/* A bad request of any kind gets one error document with a name and a text. */
static void
bad_requests_are_answered(void **state)
{
	static const struct {
		const char *request, *name, *text;
	} table[] = {
		{ "", "MALFORMED", NULL },
		{ "x", "MALFORMED", NULL },
		{ "{", "MALFORMED", NULL },
		{ "[]", "MALFORMED", NULL },
		{ "\"list\"", "MALFORMED", NULL },
		{ "{\"version\":1,\"verb\":\"\xff\"}", "MALFORMED", NULL },
		{ "{\"version\":1,\"verb\":\"a\\u0000b\"}", "MALFORMED", NULL },
		{ "{\"version\":1,\"version\":1,\"verb\":\"status\"}", "MALFORMED",
			NULL },
		{ "{\"version\":1,\"verb\":\"status\"} {}", "MALFORMED", NULL },
		{ "{}", "ARGUMENT", "version" },
		{ "{\"version\":2,\"verb\":\"status\"}", "ARGUMENT", "version" },
		{ "{\"version\":\"1\",\"verb\":\"status\"}", "ARGUMENT", "version" },
		{ "{\"version\":1}", "ARGUMENT", "verb" },
		{ "{\"version\":1,\"verb\":[]}", "ARGUMENT", "verb" },
		{ "{\"version\":1,\"verb\":\"list\"}", "ARGUMENT", "list nodes" },
		{ "{\"version\":1,\"verb\":\"list\",\"what\":1}", "ARGUMENT", "what" },
		{ "{\"version\":1,\"verb\":\"status\",\"what\":\"x\"}", "ARGUMENT",
			"takes no argument" },
		{ "{\"version\":1,\"verb\":\"statsu\"}", "UNKNOWN", "'status'" },
		{ "{\"version\":1,\"verb\":\"list\",\"what\":\"node\"}", "UNKNOWN",
			"'nodes'" },
		{ "{\"version\":1,\"verb\":\"status\",\"vreb\":1}", "UNKNOWN", "'verb'" },
		{ "{\"version\":1,\"verb\":\"\\u001b[2J\\u202e\"}", "UNKNOWN", "?" },
	};
	struct world w;

	(void)state;
	world_init(&w);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		json_t *o = ask_text(&w, table[i].request, strlen(table[i].request));
		json_t *error = json_object_get(o, "error");

		assert_int_equal(json_object_size(o), 2);
		assert_non_null(error);
		assert_string_equal(text_at(error, "name"), table[i].name);
		assert_null(strchr(text_at(error, "text"), '\033'));
		if (table[i].text && !strstr(text_at(error, "text"), table[i].text))
			fail_msg("%s: %s", table[i].request, text_at(error, "text"));
		json_decref(o);
	}
	world_fini(&w);
}

/*
 * A request may be cut anywhere, be too long or nest deeply: always an error, never an
 * answer.
 */
static void
broken_requests_are_errors(void **state)
{
	const char *line = control_request_line(CONTROL_LIST_NODES);
	size_t long_len = CONTROL_REQUEST_LEN_MAX + 1;
	char *text = malloc(long_len);
	struct world w;
	json_t *o;

	(void)state;
	world_init(&w);
	for (size_t len = 0; len < strlen(line); len++) {
		o = ask_text(&w, line, len);
		assert_non_null(json_object_get(o, "error"));
		json_decref(o);
	}
	memset(text, ' ', long_len);
	memcpy(text, line, strlen(line));
	o = ask_text(&w, text, long_len);
	assert_string_equal(text_at(json_object_get(o, "error"), "name"), "LIMIT");
	json_decref(o);
	o = ask_text(&w, text, long_len - 1);	/* the control: blanks are no error */
	assert_null(json_object_get(o, "error"));
	json_decref(o);
	memset(text, '[', long_len);
	o = ask_text(&w, text, long_len - 1);
	assert_string_equal(text_at(json_object_get(o, "error"), "name"), "MALFORMED");
	json_decref(o);
	free(text);
	world_fini(&w);
}

/* Each verb is reached by its words and by its line; wrong words are explained. */
static void
words_make_requests(void **state)
{
	static const char *const wrong[][2] = {
		{ "lits", "nodes" }, { "list", "nodse" }, { "list", NULL }, { "health",
			"now" },
		{ "\033[2J", NULL },
	};
	char why[CONTROL_WHY_CAP];
	enum control_verb verb;

	(void)state;
	for (int i = 0; i < CONTROL_VERBS; i++) {
		enum control_verb v = (enum control_verb)i;
		const char *words[2] = { control_request_verb(v),
			control_request_what(v) };
		const char *line = control_request_line(v);

		assert_int_equal(control_request_words(&verb, words, words[1][0] ? 2 : 1,
			why),
			0);
		assert_int_equal(verb, v);
		assert_int_equal(control_request_parse(&verb, line, strlen(line), why),
			0);
		assert_int_equal(verb, v);
		assert_true(strlen(control_request_help(v)) > 0);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		why[0] = '\0';
		assert_int_not_equal(control_request_words(&verb, wrong[i], wrong[i][1]
			? 2 : 1,
			why), 0);
		assert_true(strlen(why) > 0);
		assert_null(strchr(why, '\033'));
	}
	assert_int_not_equal(control_request_words(&verb, NULL, 0, why), 0);
}

/* Every answer of ours can be printed, and only errors and ill health end with 1. */
static void
own_answers_are_printable(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	for (int i = 0; i < CONTROL_VERBS; i++) {
		const char *line = control_request_line((enum control_verb)i);
		char *answer = control_answer(&w.view, line, strlen(line));
		struct buf b;

		buf_init(&b, 1 << 16);
		assert_int_equal(control_print(&b, answer, strlen(answer)), 0);
		assert_true(b.len > 0 && b.data[b.len - 1] == '\n');
		/* A stream, and what is answered later, is for those who can. */
		assert_int_equal(control_print_status(answer, strlen(answer)),
			i == CONTROL_FOLLOW_EVENTS || i == CONTROL_SEND ||
				i == CONTROL_RESOLVE || i == CONTROL_ECHO);
		buf_fini(&b);
		free(answer);
	}
	assert_int_equal(control_print_status("{\"version\":1,\"error\":{}}", 24), 1);
	assert_int_equal(control_print_status("x", 1), 1);
	world_fini(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes_are_listed),
		cmocka_unit_test(links_are_listed),
		cmocka_unit_test(a_status_is_discovered),
		cmocka_unit_test(health_is_progress),
		cmocka_unit_test(bad_requests_are_answered),
		cmocka_unit_test(broken_requests_are_errors),
		cmocka_unit_test(words_make_requests),
		cmocka_unit_test(own_answers_are_printable),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
