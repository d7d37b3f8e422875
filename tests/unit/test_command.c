/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/err.h"
#include "node/command.h"
#include "node/faulting.h"
#include "node/requests.h"
#include "unit/node_world.h"

/* Node 0 is ordered at; node 1 is its operator, node 2 is not. */
static struct world w;
static uint8_t nonce;

static int
setup(void **state)
{
	struct world_node *n;
	int err;

	(void)state;
	world_init(&w, 3);
	for (int i = 0; i < 3; i++)
		world_add(&w, "mesh1", "broker", i == 0 ? -1 : 0, NULL);
	n = &w.nodes[0];
	n->config.operators[n->config.operator_count++] = w.nodes[1].config.identity.id;
	node_free(n->node);
	n->node = node_new(&n->config, w.now_ns, w.now_ns / NS_PER_MS, &err);
	assert_int_equal(err, ERR_OK);
	assert_true(world_run(&w, SECONDS(30), world_converged));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	world_fini(&w);
	return 0;
}

static struct fault_order
order(enum fault_verb verb, enum fault_kind kind)
{
	struct fault_order o = { .verb = verb, .lease_ms = 20000, .kind = kind,
		.all = true };

	o.nonce[0] = ++nonce;
	o.id.bytes[0] = 1;
	return o;
}

static struct request_answer answer;
static struct fault_status status;
static size_t asker;

static bool
answered(struct world *x)
{
	while (requests_next(x->nodes[asker].node, &answer)) {
		if (answer.end != REQUEST_GOES_ON)
			return true;
		assert_int_equal(command_result(answer.bytes, &status), ERR_OK);
	}
	return false;
}

/* What node i is told by node 0. */
static int
give(size_t i, const struct fault_order *o)
{
	uint64_t number;

	memset(&status, 0xff, sizeof(status));
	asker = i;
	assert_int_equal(command_ask(w.nodes[i].node, &w.nodes[0].config.identity.id,
		NULL, o, 5, w.now_ns, &number), ERR_OK);
	assert_true(world_run(&w, SECONDS(10), answered));
	assert_int_equal(answer.end, REQUEST_ANSWERED);
	assert_int_equal(answer.cookie, 5);
	return status.result;
}

/* An operator orders, is answered, and takes the fault off again. */
static void
operators_are_obeyed(void **state)
{
	struct fault_order o = order(FAULT_INJECT, FAULT_SKEW);
	struct fault_effect e;

	(void)state;
	o.figures.skew_ms = 60000;
	assert_int_equal(give(1, &o), ERR_OK);
	assert_memory_equal(status.nonce, o.nonce, FAULT_NONCE_LEN);
	assert_int_equal(status.count, 1);
	assert_int_equal(status.faults[0].origin, FAULT_BY_COMMAND);
	assert_true(node_next_effect(w.nodes[0].node, &e));
	assert_int_equal(e.skew_ms, 60000);
	assert_int_equal(give(1, &o), ERR_STALE);
	o = order(FAULT_REVERT, FAULT_SKEW);
	assert_int_equal(give(1, &o), ERR_OK);
	assert_int_equal(status.faults[0].end, FAULT_END_ORDER);
}

/* Others are refused whatever they ask for, counted each time, an event once. */
static void
strangers_are_refused(void **state)
{
	struct fault_order o = order(FAULT_INJECT, FAULT_DIE);
	struct fault_effect e;

	(void)state;
	assert_int_equal(give(2, &o), ERR_PERMISSION);
	assert_int_equal(status.count, 0);
	o = order(FAULT_HALT, FAULT_DIE);
	assert_int_equal(give(2, &o), ERR_PERMISSION);
	o = order(FAULT_REPORT, FAULT_DIE);
	assert_int_equal(give(2, &o), ERR_PERMISSION);
	assert_false(node_next_effect(w.nodes[0].node, &e));
	assert_int_equal(world_status(&w, 0).counts[NODE_COUNT_COMMANDS], 3);
	assert_int_equal(world_status(&w, 0).counts[NODE_COUNT_FAULTS], 0);
	assert_non_null(strstr(w.nodes[0].refused, "not an operator"));
	w.nodes[0].refused[0] = '\0';
	assert_int_equal(give(2, &o), ERR_PERMISSION);
	assert_string_equal(w.nodes[0].refused, "");
	/* The control: the same order by the operator. */
	o.nonce[1] = 1;
	assert_int_equal(give(1, &o), ERR_OK);
}

/* Bytes that are no order are refused, from an operator too. */
static void
nonsense_is_refused(void **state)
{
	struct request_spec spec = { .peer = w.nodes[0].config.identity.id,
		.tag = FRAME_COMMAND, .payload = "\3moo", .len = 4 };
	uint64_t number;

	(void)state;
	asker = 1;
	assert_int_equal(
		requests_ask(w.nodes[1].node, &spec, w.now_ns, &number), ERR_OK);
	assert_true(world_run(&w, SECONDS(10), answered));
	assert_int_equal(status.result, ERR_TRUNCATED);
	assert_int_equal(world_status(&w, 0).counts[NODE_COUNT_COMMANDS], 1);
}

/* Cut from all, a node still hears who may end it. */
static void
a_halt_gets_through(void **state)
{
	struct fault_order o = order(FAULT_INJECT, FAULT_CUT);

	(void)state;
	o.lease_ms = 3600 * 1000;
	assert_int_equal(give(1, &o), ERR_OK);
	assert_true(world_run(&w, SECONDS(60), NULL));
	o = order(FAULT_HALT, FAULT_CUT);
	assert_int_equal(give(1, &o), ERR_OK);
	assert_true(status.halted);
	assert_int_equal(status.faults[0].end, FAULT_END_HALT);
	assert_true(status.faults[0].dropped > 0);
	o = order(FAULT_INJECT, FAULT_SHAM);
	assert_int_equal(give(1, &o), ERR_STATE);
	o = order(FAULT_DISARM, FAULT_SHAM);
	assert_int_equal(give(1, &o), ERR_OK);
	assert_true(world_run(&w, SECONDS(90), world_converged));
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(operators_are_obeyed),
		T(strangers_are_refused),
		T(nonsense_is_refused),
		T(a_halt_gets_through),
	};

	return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
