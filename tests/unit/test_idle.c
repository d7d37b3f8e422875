/* SPDX-License-Identifier: MIT */
/*
 * What an idle mesh says: nothing. INFO is for changes of state, and there are none
 * (PROTOCOL.md 8). What a node tells a person are its events and its spans.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "node/shown.h"
#include "trace/span_store.h"
#include "unit/node_world.h"

#define NODES 18
/* Links of the boot that serve nobody are closed in this time, views settle. */
#define SETTLE SECONDS(180)
#define IDLE SECONDS(300)

static struct world w;

struct said {
	uint64_t events, spans;
};

static struct said
said(void)
{
	struct said s = { 0 };

	for (size_t i = 0; i < w.count; i++) {
		const struct journal *j;

		s.events += w.nodes[i].told;
		if (w.nodes[i].node == NULL)
			continue;
		j = span_store_journal(node_spans(w.nodes[i].node));
		s.spans += j->next_seq - 1;
	}
	return s;
}

static void
begin(size_t nodes)
{
	world_init(&w, 11);
	for (size_t i = 0; i < nodes; i++)
		world_add(&w, "mesh1", "broker", i > 0 ? 0 : -1, NULL);
	assert_true(world_run(&w, SECONDS(30), world_converged));
	world_run(&w, SETTLE, NULL);
}

static void
show(const struct said *before)
{
	struct said now = said();

	print_message("# %llu events, %llu spans of %zu nodes\n",
		(unsigned long long)(now.events - before->events),
		(unsigned long long)(now.spans - before->spans), w.count);
	for (size_t i = 0; now.events > before->events && i < w.count; i++)
		print_message("# node %zu: %s\n", i, w.nodes[i].told_last);
}

/*
 * Eighteen nodes that have nothing to do for five minutes tell nothing and trace nothing.
 */
static void
an_idle_mesh_is_silent(void **state)
{
	struct said before, after;

	(void)state;
	begin(NODES);
	before = said();
	assert_true(before.events > 0);	/* of the beginning: they are counted */
	world_run(&w, IDLE, NULL);
	show(&before);
	after = said();
	assert_int_equal(after.events, before.events);
	assert_int_equal(after.spans, before.spans);
	assert_true(world_converged(&w));
	world_fini(&w);
}

/* The control: one that is killed is news, at every other node. */
static void
a_death_is_news(void **state)
{
	struct said before, after;

	(void)state;
	begin(5);
	world_kill(&w, 4);
	before = said();
	world_run(&w, SECONDS(60), NULL);
	show(&before);
	after = said();
	assert_true(after.events >= before.events + 4);
	assert_true(after.spans >= before.spans + 4);
	world_fini(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_idle_mesh_is_silent),
		cmocka_unit_test(a_death_is_news),
	};

	return cmocka_run_group_tests_name("idle", tests, NULL, NULL);
}
