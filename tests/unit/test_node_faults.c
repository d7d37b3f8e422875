/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "node/answers.h"
#include "node/faulting.h"
#include "node/state.h"
#include "unit/node_world.h"

#define NODES 5

static struct world w;
static uint8_t nonce;

static int
setup(void **state)
{
	(void)state;
	world_init(&w, 11);
	for (int i = 0; i < NODES; i++)
		world_add(&w, "mesh1", "broker", i == 0 ? -1 : 0, NULL);
	assert_true(world_run(&w, SECONDS(20), world_converged));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	world_fini(&w);
	assert_int_equal(mem_live(MEM_IMPAIR), 0);
	assert_int_equal(mem_live(MEM_HELD), 0);
	return 0;
}

static const struct peer_id *
id_of(size_t i)
{
	return &w.nodes[i].config.identity.id;
}

/* An order for node i about node j. */
static struct fault_order
order(enum fault_kind kind, size_t j)
{
	struct fault_order o = { .verb = FAULT_INJECT, .lease_ms = 20000, .kind = kind,
		.seed = 5, .target_count = 1 };

	o.nonce[0] = ++nonce;
	o.id.bytes[0] = nonce;
	o.targets[0].peer = *id_of(j);
	return o;
}

static struct fault_status
give(size_t i, const struct fault_order *o)
{
	struct fault_status s;

	node_fault(w.nodes[i].node, o, FAULT_BY_LIFELINE, w.now_ns, &s);
	assert_int_equal(s.result, ERR_OK);
	return s;
}

static struct link_row
link_between(size_t i, size_t j)
{
	static struct link_row rows[LINKS_MAX];
	size_t count = node_links(w.nodes[i].node, rows, LINKS_MAX);

	for (size_t k = 0; k < count; k++)
		if (id_equal(&rows[k].peer, id_of(j)))
			return rows[k];
	return (struct link_row){ .rtt_ns = 0 };
}

static bool
linked(size_t i, size_t j)
{
	struct link_row row = link_between(i, j);

	return id_equal(&row.peer, id_of(j));
}

static bool
pair_is_apart(struct world *x)
{
	(void)x;
	return !linked(0, 1) && !linked(1, 0);
}

static bool
pair_is_linked(struct world *x)
{
	(void)x;
	return linked(0, 1) && linked(1, 0);
}

/*
 * A cut pair loses its link and gets none while the cut lasts, whoever dials; both stay
 * live for all. After the lease the node is clean. Without the order the link stays.
 */
static void
a_pair_is_cut(void **state)
{
	struct fault_order o = order(FAULT_CUT, 1);
	struct fault_status s;

	(void)state;
	assert_true(world_run(&w, SECONDS(60), pair_is_linked));
	assert_false(world_run(&w, SECONDS(20), pair_is_apart));
	(void)give(0, &o);
	assert_true(world_run(&w, SECONDS(10), pair_is_apart));
	assert_false(world_run(&w, SECONDS(8), pair_is_linked));
	assert_true(world_converged(&w));
	assert_true(world_run(&w, SECONDS(12), NULL));
	node_faults(w.nodes[0].node, &s, w.now_ns);
	assert_int_equal(s.count, 1);
	assert_int_equal(s.faults[0].end, FAULT_END_LEASE);
	assert_true(s.faults[0].dropped > 0);
	assert_int_equal(world_status(&w, 0).counts[NODE_COUNT_FAULTS], 0);
	assert_int_equal(world_status(&w, 0).counts[NODE_COUNT_IMPAIRED],
		s.faults[0].dropped);
	assert_true(world_run(&w, SECONDS(120), pair_is_linked));
}

static bool
zero_is_alone(struct world *x)
{
	for (size_t i = 1; i < NODES; i++)
		if (world_sees(x, i, 0) == LIVENESS_LIVE ||
			world_sees(x, 0, i) == LIVENESS_LIVE)
			return false;
	return true;
}

/* A node that is cut from all is gone for the others, and back after a revert. */
static void
a_node_is_cut_off(void **state)
{
	struct fault_order o = order(FAULT_CUT, 1);

	(void)state;
	o.all = true;
	o.target_count = 0;
	o.lease_ms = 600000;
	(void)give(0, &o);
	assert_true(world_run(&w, SECONDS(60), zero_is_alone));
	o.verb = FAULT_REVERT;
	o.nonce[1] = 1;
	(void)give(0, &o);
	assert_true(world_run(&w, SECONDS(120), world_converged));
}

static bool
near_100ms(uint64_t rtt_ns)
{
	return rtt_ns > MILLISECONDS(85) && rtt_ns < MILLISECONDS(125);
}

static bool
is_slow(struct world *x)
{
	(void)x;
	return near_100ms(link_between(0, 1).rtt_ns) &&
	       near_100ms(link_between(1, 0).rtt_ns);
}

/*
 * 50 ms each way are 100 ms of round trip by the peer's own figure, and nobody is
 * suspected. Without the order the round trip stays what it was.
 */
static void
a_link_is_slow(void **state)
{
	struct fault_order o = order(FAULT_IMPAIR, 1);
	uint64_t changes;

	(void)state;
	assert_true(world_run(&w, SECONDS(60), pair_is_linked));
	assert_false(world_run(&w, SECONDS(20), is_slow));
	changes = world_status(&w, 2).liveness_changes;
	o.figures.delay_us = 50000;
	o.lease_ms = 200000;
	(void)give(0, &o);
	assert_true(world_run(&w, SECONDS(180), is_slow));
	assert_int_equal(world_status(&w, 2).liveness_changes, changes);
	assert_int_equal(world_status(&w, 0).counts[NODE_COUNT_LINKS],
		world_status(&w, 0).links);
}

/* A lossy link loses its share and nothing of what is said over it. */
static void
a_link_is_lossy(void **state)
{
	struct fault_order o = order(FAULT_IMPAIR, 1);
	uint64_t changes = world_status(&w, 2).liveness_changes;
	const struct fault_state *f;
	struct fault_status s;

	(void)state;
	o.all = true;
	o.figures.loss = 2000;
	o.lease_ms = 200000;
	(void)give(0, &o);
	assert_true(world_run(&w, SECONDS(180), NULL));
	node_faults(w.nodes[0].node, &s, w.now_ns);
	f = &s.faults[0];
	assert_true(f->matched > 200);
	assert_in_range(f->dropped * 100 / f->matched, 12, 28);
	assert_true(world_converged(&w));
	assert_int_equal(world_status(&w, 2).liveness_changes, changes);
}

static bool
newcomer_is_linked(struct world *x)
{
	(void)x;
	return linked(NODES, 0);
}

/*
 * Behind a firewall a node keeps its links and dials whom it wants; a newcomer can't dial
 * it, while one at a node without a firewall can.
 */
static void
a_firewall_refuses_newcomers(void **state)
{
	struct fault_order o = order(FAULT_FIREWALL, 1);
	uint64_t links = world_status(&w, 0).links;

	(void)state;
	o.all = true;
	(void)give(0, &o);
	assert_true(world_run(&w, SECONDS(10), NULL));
	assert_int_equal(world_status(&w, 0).links, links);
	assert_true(world_converged(&w));
	/* It knows nobody but the node behind the firewall. */
	world_add(&w, "mesh1", "broker", 0, NULL);
	assert_false(world_run(&w, SECONDS(8), newcomer_is_linked));
	assert_int_equal(world_sees(&w, 1, NODES), -1);
	assert_true(world_run(&w, SECONDS(60), world_converged));
}

/* The firewall's control: nobody in the way, and the newcomer is there at once. */
static void
no_firewall_no_refusal(void **state)
{
	(void)state;
	world_add(&w, "mesh1", "broker", 0, NULL);
	assert_true(world_run(&w, SECONDS(8), newcomer_is_linked));
}

/* A sham is in the table with its lease and does nothing. */
static void
a_sham_does_nothing(void **state)
{
	struct fault_order o = order(FAULT_SHAM, 1);
	uint64_t changes = world_status(&w, 2).liveness_changes;
	struct fault_effect e;
	struct fault_status s = give(0, &o);

	(void)state;
	assert_int_equal(s.faults[0].lease_left_ms, 20000);
	assert_false(node_next_effect(w.nodes[0].node, &e));
	assert_int_equal(mem_live(MEM_IMPAIR), 0);
	assert_true(world_run(&w, SECONDS(21), NULL));
	assert_true(world_converged(&w));
	assert_int_equal(world_status(&w, 2).liveness_changes, changes);
}

/* How many of the others would dial node 4 at this port. */
static size_t
dial_at(uint16_t port)
{
	struct seed known[NODES];
	size_t count = 0;

	for (size_t i = 0; i < 4; i++) {
		size_t n = node_remembered(w.nodes[i].node, known, NODES);

		for (size_t k = 0; k < n; k++)
			count += id_equal(&known[k].id, id_of(4)) &&
				known[k].address.port == port;
	}
	return count;
}

static bool
all_dial_at_4711(struct world *x)
{
	(void)x;
	return dial_at(4711) == 4;
}

/*
 * A node that says that it is at another port is looked for there, also by those that are
 * no neighbors of it: its digest says so.
 */
static void
who_moves_is_found(void **state)
{
	struct node *n = w.nodes[4].node;

	(void)state;
	assert_int_equal(dial_at(WORLD_PORT_BASE + 4), 4);
	n->config.advertised[0].port = 4711;
	assert_true(world_run(&w, SECONDS(5), all_dial_at_4711));
}

/* How many say, in what node `by` has of them, that somebody does not answer. */
static size_t
silences(size_t by)
{
	const struct directory *d = w.nodes[by].node->meshes[0]->directory;
	size_t count = 0;

	for (size_t i = 0; i < directory_count(d); i++) {
		const struct digest *g = &directory_at(d, i)->digest;
		bool some = false;

		for (size_t k = 0; k < g->neighbor_count; k++)
			some |= g->neighbors[k].path_kind & DIGEST_PATH_SILENT;
		count += some;
	}
	return count;
}

static void
all_look(struct world *x)
{
	for (size_t i = 0; i < NODES; i++)
		answers_look(x->nodes[i].node, x->now_ns);
}

static bool
none_is_silent(struct world *x)
{
	all_look(x);
	return silences(1) == 0;
}

static bool
some_are_silent(struct world *x)
{
	return !none_is_silent(x);
}

static bool
two_are_silent(struct world *x)
{
	all_look(x);
	return silences(1) > 1;
}

/*
 * Long before a link that is cut is given up its ends say that it is not answered, and
 * when it is again they say that too: it was never lost.
 */
static void
a_cut_shows_before_the_link_goes(void **state)
{
	struct fault_order o = order(FAULT_CUT, 1);
	uint64_t links = world_status(&w, 0).links;

	(void)state;
	o.all = true;
	o.target_count = 0;
	o.lease_ms = 2600;
	(void)give(0, &o);
	assert_true(world_run(&w, SECONDS(2) + MILLISECONDS(500), two_are_silent));
	assert_int_equal(world_status(&w, 0).links, links);
	assert_true(world_run(&w, SECONDS(10), none_is_silent));
	assert_int_equal(world_status(&w, 0).links, links);
	assert_true(world_converged(&w));
}

/* Its control: where all is well nobody is ever said to be silent. */
static void
nobody_is_silent_by_itself(void **state)
{
	(void)state;
	assert_false(world_run(&w, SECONDS(60), some_are_silent));
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_pair_is_cut),
		T(a_node_is_cut_off),
		T(a_link_is_slow),
		T(a_link_is_lossy),
		T(a_firewall_refuses_newcomers),
		T(no_firewall_no_refusal),
		T(a_sham_does_nothing),
		T(who_moves_is_found),
		T(a_cut_shows_before_the_link_goes),
		T(nobody_is_silent_by_itself),
	};

	return cmocka_run_group_tests_name("node_faults", tests, NULL, NULL);
}
