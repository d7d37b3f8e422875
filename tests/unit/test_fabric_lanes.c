/* SPDX-License-Identifier: MIT */
/* The other meshes of a fabric in the console, and who sends to whom. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <locale.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mesh/crossings.h"
#include "tests/unit/tui_world.h"
#include "tui/console.h"
#include "tui/fabric.h"
#include "tui/keymap.h"

#define START SECONDS(1000)

static const struct peer_id topic = { .bytes = { 5 } };

/* A gateway of `mesh` says on the backbone how it is there. */
static void
say(struct backbone *b, const char *mesh, uint32_t brokers, uint32_t gone, uint64_t now)
{
	struct summary s = { .incarnation = 1, .seq = now, .type_count = 2,
		.gateway_count = 1 };
	uint8_t seed[32] = { 9 }, secret[64];
	struct buf bytes;

	crypto_sign_seed_keypair(s.speaker.bytes, secret, seed);
	snprintf(s.mesh, sizeof s.mesh, "%s", mesh);
	s.types[0] = (struct summary_type){ "broker", { brokers, 0, gone } };
	s.types[1] = (struct summary_type){ "gateway", { 2, 0, 0 } };
	s.gateways[0].id = s.speaker;
	s.gateways[0].addresses[0] = (struct address){
		.family = 4, .ip = { 127, 0, 0, 1 }, .port = 4001 };
	s.gateways[0].address_count = 1;
	buf_init(&bytes, 2048);
	summary_sign(&bytes, &s, &topic, secret);
	assert_int_equal(
		backbone_apply(b, (struct view){ bytes.data, bytes.len }, now), 0);
	buf_fini(&bytes);
}

static void
message(struct timeline *t, const char *from, const char *to, uint64_t at_ns)
{
	struct timeline_event e = { .kind = TIMELINE_MESSAGE_RECEIVED, .at_ns = at_ns };

	snprintf(e.source, sizeof e.source, "%s", to);
	snprintf(e.node, sizeof e.node, "%s", from);
	timeline_add(t, &e);
}

static char *
drawn(const struct model *m, int width, int height)
{
	struct canvas *c = canvas_new(width, height, false);
	struct console *console = console_new();
	char *dump;

	console_draw(console, m, c);
	dump = canvas_dump(c);
	console_free(console);
	canvas_free(c);
	return dump;
}

static void
shows(const char *dump, const char *words)
{
	if (!strstr(dump, words))
		fail_msg("'%s' is not in:\n%s", words, dump);
}

static void
hides(const char *dump, const char *words)
{
	if (strstr(dump, words))
		fail_msg("'%s' is in:\n%s", words, dump);
}

/* Meshes that are not shown node by node are lanes, each with its state and an age. */
static void
others_are_lanes(void **state)
{
	struct world *w = world_new(1, 9, START);
	struct backbone *b = backbone_new(&topic);
	struct backbone_change changes[8];
	char *dump;

	(void)state;
	dump = drawn(&w->model, 160, 48);
	hides(dump, "mesh3");
	free(dump);
	say(b, "mesh1", 7, 0, START);
	say(b, "mesh4", 3, 0, START);
	say(b, "mesh3", 6, 2, START + SECONDS(20));
	backbone_mention(b, "mesh9", START);
	backbone_tick(b, START + SECONDS(24), changes, 8);
	w->model.backbone = b;
	w->model.now_ns = START + SECONDS(24);
	assert_int_equal(fabric_others(&w->model), 3);
	dump = drawn(&w->model, 160, 48);
	shows(dump, "mesh3 8 of 10 live summary 4s ago");
	shows(dump, "6 broker  2 gateway");
	shows(dump, "127.0.0.1:4001");
	shows(dump, "mesh4 5 of 5 live silent for 24s");
	shows(dump, "its gateways are silent for 24.0s");
	shows(dump, "mesh9 unreachable");
	shows(dump, "it has nodes, but no gateway");
	free(dump);
	/* The lane of mesh1 is a picture, not a summary. */
	assert_string_equal(fabric_other(&w->model, 0)->summary.mesh, "mesh3");
	for (int width = 40; width <= 120; width += 7)
		for (int height = 12; height <= 40; height += 5)
			free(drawn(&w->model, width, height));
	backbone_free(b);
	world_free(w);
}

/* Who sent to whom, the latest first: dashed across meshes, a line inside of one. */
static void
senders_are_shown(void **state)
{
	struct world *w = world_new(2, 9, START);
	struct timeline *t = timeline_new(5000);
	struct crossings c;
	char *dump;

	(void)state;
	crossings_init(&c);
	for (unsigned i = 0; i < 250; i++)
		message(t, "mesh1.gateway.aaaaaa", "mesh2.broker.bbbbbb",
			START + i * MILLISECONDS(20));
	for (unsigned i = 0; i < 1200; i++)
		message(t, "mesh1.broker.cccccc", "mesh1.broker.dddddd",
			START - SECONDS(90));
	crossings_follow(&c, t);
	crossings_follow(&c, t);	/* nothing is counted twice */
	w->model.crossings = &c;
	w->model.now_ns = START + SECONDS(5);
	dump = drawn(&w->model, 160, 48);
	shows(dump, "mesh1.gateway.aaaaaa ╌╌╌╌▸ mesh2.broker.bbbbbb  50/s  250 in all  "
		    "0s ago");
	shows(dump, "mesh1.broker.cccccc ────▸ mesh1.broker.dddddd  0.0/s  1,200 in all  "
		    "1m ago");
	free(dump);
	/* When nobody sends any more the rate is nothing, and the total stays. */
	w->model.now_ns = START + SECONDS(30);
	dump = drawn(&w->model, 160, 48);
	shows(dump, "0.0/s  250 in all");
	free(dump);
	crossings_fini(&c);
	timeline_free(t);
	world_free(w);
}

/* The table of pairs is bounded: who is silent longest goes, and is counted. */
static void
pairs_are_bounded(void **state)
{
	struct timeline *t = timeline_new(2000);
	struct crossings c;
	char name[40];

	(void)state;
	crossings_init(&c);
	for (unsigned i = 0; i < CROSSINGS_MAX + 10; i++) {
		snprintf(name, sizeof name, "mesh1.broker.%06x", i);
		message(t, name, "mesh2.broker.bbbbbb", START + i);
	}
	crossings_follow(&c, t);
	assert_int_equal(c.count, CROSSINGS_MAX);
	assert_int_equal(c.forgotten, 10);
	assert_string_equal(crossings_latest(&c, 0)->from, name);
	assert_null(crossings_latest(&c, CROSSINGS_MAX));
	crossings_fini(&c);
	timeline_free(t);
}

/* An event that stands for many counts as many; a text that only looks so is one. */
static void
many_in_one(void **state)
{
	static const char *const texts[] = { "40 more messages", "message, 2 bytes: hi",
		"7 more messages!", "99999999999 more messages" };
	struct timeline *t = timeline_new(100);
	struct crossings c;

	(void)state;
	crossings_init(&c);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct timeline_event e = { .kind = TIMELINE_MESSAGE_RECEIVED,
			.at_ns = START, .source = "mesh2.b.1", .node = "mesh1.b.2" };

		snprintf(e.text, sizeof e.text, "%s", texts[i]);
		timeline_add(t, &e);
	}
	crossings_follow(&c, t);
	assert_int_equal(crossings_latest(&c, 0)->total, 40 + 1 + 1 + 1);
	crossings_fini(&c);
	timeline_free(t);
}

/* s sends to the selected node after its form; w asks for the first mesh in summary. */
static void
keys_command(void **state)
{
	struct world *w = world_new(1, 9, START);
	struct backbone *b = backbone_new(&topic);
	struct console *console = console_new();
	struct console_command out;
	char hex[ID_HEX_CAP];

	(void)state;
	say(b, "mesh3", 6, 0, START);
	w->model.backbone = b;
	/* Nobody is chosen yet. */
	assert_false(console_key(console, &w->model, 's', &out));
	assert_false(console_key(console, &w->model, 'm', &out));
	assert_false(console_key(console, &w->model, 's', &out));
	assert_false(console_key(console, &w->model, K_TAB, &out));
	assert_false(console_key(console, &w->model, 'y', &out));
	assert_true(console_key(console, &w->model, K_ENTER, &out));
	assert_int_equal(out.kind, CONSOLE_SEND);
	assert_string_equal(out.type, "message");
	assert_string_equal(out.text, "y");
	assert_int_equal(strncmp(out.to, "mesh1.", 6), 0);
	assert_non_null(strstr(out.to, ".3b6a27"));
	id_hex(hex, world_id(w, 0));
	assert_true(console_key(console, &w->model, 'w', &out));
	assert_int_equal(out.kind, CONSOLE_WATCH_MESH);
	assert_string_equal(out.mesh, "mesh3");
	w->model.backbone = NULL;
	assert_false(console_key(console, &w->model, 'w', &out));
	console_free(console);
	backbone_free(b);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_are_lanes),
		cmocka_unit_test(senders_are_shown),
		cmocka_unit_test(pairs_are_bounded),
		cmocka_unit_test(many_in_one),
		cmocka_unit_test(keys_command),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	assert_non_null(setlocale(LC_ALL, "C.UTF-8"));
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
