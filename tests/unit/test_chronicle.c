/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "app/chronicle.h"
#include "base/mem.h"

static int
set_up(void **state)
{
	struct chronicle *c = calloc(1, sizeof *c);
	const struct peer_id id = { { 1 } };

	chronicle_init(c, 100);
	chronicle_self(c, "mesh1.broker.010000", &id, "mesh1");
	*state = c;
	return 0;
}

static int
tear_down(void **state)
{
	struct chronicle *c = *state;

	chronicle_close(c);
	chronicle_fini(c);
	free(c);
	return mem_live(MEM_TIMELINE) == 0 ? 0 : -1;
}

/* The newest event, which has to be of this kind, about this node, with this text. */
static void
newest(const struct chronicle *c, enum timeline_kind kind, const char *node,
	const char *text)
{
	const struct timeline *t = c->timeline;
	const struct timeline_event *e = timeline_find(t, timeline_last(t));

	assert_non_null(e);
	assert_string_equal(timeline_kind_text(e->kind), timeline_kind_text(kind));
	assert_string_equal(e->node, node);
	assert_string_equal(e->text, text);
	assert_string_equal(e->mesh, "mesh1");
}

static struct node_event
event(enum node_event_kind kind, bool up, const char *text)
{
	struct node_event ev = { .kind = kind, .peer = { { 2 } }, .up = up };

	strcpy(ev.peer_name, "mesh1.compute.020000");
	snprintf(ev.text, sizeof ev.text, "%s", text);
	return ev;
}

/* Each kind of a node's events becomes its kind here; what is no news adds nothing. */
static void
node_events_become_events(void **state)
{
	static const struct {
		enum node_event_kind from;
		bool up;
		const char *said;
		enum timeline_kind to;
		const char *text;
	} rows[] = {
		{ NODE_EVENT_LINK, true, "up: dialed", TIMELINE_PEER_CONNECTED,
			"dialed" },
		{ NODE_EVENT_LINK, false, "down: idle: x: y",
			TIMELINE_PEER_DISCONNECTED, "idle: x: y" },
		{ NODE_EVENT_NEIGHBOR, true, "up", TIMELINE_VIEW_UP, "a neighbor" },
		{ NODE_EVENT_NEIGHBOR, false, "evicted", TIMELINE_VIEW_DOWN, "evicted" },
		{ NODE_EVENT_REFUSED, false, "refused: no key", TIMELINE_PEER_REFUSED,
			"refused: no key" },
		{ NODE_EVENT_SEED, false, "retry 1 in 1.0 s", TIMELINE_SEED_RETRY,
			"retry 1 in 1.0 s" },
		{ NODE_EVENT_LIVENESS, false, "accused us of: no answer",
			TIMELINE_PEER_ACCUSED, "it accused us of: no answer" },
	};
	struct chronicle *c = *state;
	struct node_event ev;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ev = event(rows[i].from, rows[i].up, rows[i].said);
		chronicle_node_event(c, NULL, &ev);
		newest(c, rows[i].to, "mesh1.compute.020000", rows[i].text);
		assert_int_equal(timeline_last(c->timeline), i + 1);
	}
	ev = event(NODE_EVENT_SEED, false, "giveup");
	ev.gave_up = true;
	chronicle_node_event(c, NULL, &ev);
	newest(c, TIMELINE_SEED_GIVEUP, "mesh1.compute.020000", "giveup");
	ev = event(NODE_EVENT_PEERS, false, "");
	chronicle_node_event(c, NULL, &ev);
	ev = event(NODE_EVENT_ADDRESS, false, "x");
	chronicle_node_event(c, NULL, &ev);
	assert_int_equal(timeline_last(c->timeline), 8);
}

/* Changes of liveness say from what; our own and those of observers are no news. */
static void
liveness_is_told(void **state)
{
	struct chronicle *c = *state;
	struct node_event ev = event(NODE_EVENT_LIVENESS, false, "");

	ev.change.to = LIVENESS_LIVE;
	ev.change.appeared = true;
	chronicle_node_event(c, NULL, &ev);
	newest(c, TIMELINE_NODE_LIVE, "mesh1.compute.020000", "appeared");
	ev.change.appeared = false;
	ev.change.to = LIVENESS_SUSPECT;
	chronicle_node_event(c, NULL, &ev);
	newest(c, TIMELINE_NODE_SUSPECT, "mesh1.compute.020000", "was live");
	ev.change.from = LIVENESS_SUSPECT;
	ev.change.to = LIVENESS_GONE;
	chronicle_node_event(c, NULL, &ev);
	newest(c, TIMELINE_NODE_GONE, "mesh1.compute.020000", "was suspect");
	ev.change.from = LIVENESS_GONE;
	ev.change.removed = true;
	chronicle_node_event(c, NULL, &ev);
	newest(c, TIMELINE_NODE_FORGOTTEN, "mesh1.compute.020000",
		"after a minute of being gone");
	ev.change.observer = true;
	chronicle_node_event(c, NULL, &ev);
	ev.change.observer = false;
	ev.peer = c->id;
	chronicle_node_event(c, NULL, &ev);
	assert_int_equal(timeline_last(c->timeline), 4);
}

static struct child_row
row_of(unsigned id)
{
	struct child_row row = { .id = id };

	strcpy(row.spec.mesh, "mesh1");
	strcpy(row.spec.type, "broker");
	return row;
}

/* A child's life is told once, however often its row is looked at. */
static void
a_child_lives(void **state)
{
	struct chronicle *c = *state;
	struct child_row row = row_of(3);

	chronicle_child_changed(c, &row);
	assert_int_equal(timeline_last(c->timeline), 0);
	row.pid = 4711;
	chronicle_child_changed(c, &row);
	newest(c, TIMELINE_NODE_SPAWN, "mesh1.broker", "pid 4711");
	row.ready_ns = 1;
	row.state = CHILD_READY;
	row.ready.boot_us = 3000;
	strcpy(row.ready.name, "mesh1.broker.abcdef");
	chronicle_child_changed(c, &row);
	newest(c, TIMELINE_NODE_READY, "mesh1.broker.abcdef", "booted in 3ms");
	chronicle_child_changed(c, &row);
	assert_int_equal(timeline_last(c->timeline), 2);
	row.state = CHILD_ENDED;
	row.pid = 0;
	row.end.expected = true;
	chronicle_child_changed(c, &row);
	newest(c, TIMELINE_NODE_LEFT, "mesh1.broker.abcdef",
		"its process ended as asked");
	assert_string_equal(timeline_find(c->timeline, 3)->source, "supervisor");
	assert_int_equal(c->child_count, 0);
}

/* Its loop stands still, and turns again: each is told once. */
static void
a_child_stalls(void **state)
{
	struct chronicle *c = *state;
	struct child_row row = row_of(5);

	row.pid = 4711;
	row.state = CHILD_READY;
	chronicle_child_changed(c, &row);
	row.stalled_ms = 1300;
	chronicle_child_changed(c, &row);
	newest(c, TIMELINE_LOOP_STALLED, "mesh1.broker", "for 1.3s by now");
	row.stalled_ms = 1800;
	chronicle_child_changed(c, &row);
	assert_int_equal(timeline_last(c->timeline), 2);
	row.stalled_ms = 0;
	chronicle_child_changed(c, &row);
	newest(c, TIMELINE_LOOP_TURNS, "mesh1.broker", "");
	chronicle_child_changed(c, &row);
	assert_int_equal(timeline_last(c->timeline), 3);
}

/* Any other end is a crash with its reason; by itself but in order is leaving. */
static void
a_child_crashes(void **state)
{
	struct chronicle *c = *state;
	struct child_row row = row_of(1);

	row.state = CHILD_ENDED;
	row.end.status = 69;
	strcpy(row.failure, "port in use");
	chronicle_child_changed(c, &row);
	newest(c, TIMELINE_NODE_CRASHED, "mesh1.broker",
		"exited with status 69: port in use");
	row = row_of(2);
	row.state = CHILD_ENDED;
	row.end.signal = SIGKILL;
	row.end.expected = row.end.forced = true;
	chronicle_child_changed(c, &row);
	newest(c, TIMELINE_NODE_CRASHED, "mesh1.broker",
		"ended by signal 9 (SIGKILL), forced");
	row = row_of(4);
	row.state = CHILD_ENDED;
	strcpy(row.failure, "Terminated");
	chronicle_child_changed(c, &row);
	newest(c, TIMELINE_NODE_LEFT, "mesh1.broker",
		"exited with status 0: Terminated");
	assert_int_equal(c->child_count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			node_events_become_events, set_up, tear_down),
		cmocka_unit_test_setup_teardown(liveness_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_child_lives, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_child_stalls, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_child_crashes, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
