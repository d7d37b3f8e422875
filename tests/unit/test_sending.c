/* SPDX-License-Identifier: MIT */
/* Resolving names and sending to them, inside of a mesh and across, over real QUIC. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "node/resolve.h"
#include "node/receive.h"
#include "node/sending.h"
#include "unit/node_world.h"

/* The sender is a broker of mesh1; the receivers are of mesh2. */
enum { GATEWAY1, GATEWAY1B, SENDER, GATEWAY2, GATEWAY2B, BROKER2, BROKER2B };

static struct world w;
static struct sending_report report;
static bool reported;
static struct resolved resolved;

static int
set_up(void **state)
{
	(void)state;
	world_init(&w, 11);
	memset(&resolved, 0, sizeof(resolved));
	reported = false;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	world_fini(&w);
	for (int c = 0; c < MEM_CLASSES; c++)
		assert_int_equal(mem_live((enum mem_class)c), 0);
	return 0;
}

static bool
backbone_works(struct world *world)
{
	static const size_t gateways[] = { GATEWAY1, GATEWAY1B, GATEWAY2, GATEWAY2B };

	for (size_t i = 0; i < 4; i++) {
		const struct backbone *b =
			node_backbone(world->nodes[gateways[i]].node);
		const char *const meshes[] = { "mesh1", "mesh2" };

		for (size_t m = 0; m < 2; m++) {
			const struct backbone_mesh *one = backbone_find(b, meshes[m]);

			if (one == NULL || one->summary.gateway_count != 2)
				return false;
		}
	}
	return world_converged(world);
}

/* Two meshes with two gateways each; mesh2 is seeded with mesh1 unless told not to. */
static void
two_meshes(bool linked)
{
	struct seed s;

	for (int i = 0; i < 3; i++)
		world_add(&w, "mesh1", i < 2 ? "gateway" : "broker", i == 0 ? -1 : 0,
			NULL);
	for (int i = 0; i < 4; i++)
		world_add(&w, "mesh2", i < 2 ? "gateway" : "broker",
			i == 0 ? -1 : GATEWAY2, NULL);
	s = (struct seed){ w.nodes[GATEWAY1].config.identity.id,
		w.nodes[GATEWAY1].config.bound[0] };
	if (linked)
		assert_int_equal(
			node_add_seed(w.nodes[GATEWAY2].node, &s, "", w.now_ns), 0);
	assert_int_equal(world_run(&w, SECONDS(30), backbone_works), linked);
}

static bool
is_over(struct world *world)
{
	for (size_t i = 0; i < world->count && !reported; i++)
		if (world->nodes[i].node != NULL)
			reported = sending_next(world->nodes[i].node, &report);
	return reported;
}

static void
begin(size_t from, const char *to, uint64_t count, uint64_t every_ns)
{
	struct sending_spec s = { .kind = "test", .body = { (const uint8_t *)"hello", 5 },
		.count = count, .every_ns = every_ns };
	char why[DELIVERY_WHY_CAP];
	uint64_t number;

	reported = false;
	strcpy(s.destination, to);
	assert_int_equal(
		sending_begin(w.nodes[from].node, &s, w.now_ns, &number, why), 0);
}

static enum delivery
send_to(size_t from, const char *to)
{
	begin(from, to, 1, 0);
	assert_true(world_run(&w, SECONDS(20), is_over));
	assert_int_equal(report.acked + report.failed, 1);
	return report.status;
}

static void
on_resolved(struct node *n, uint64_t cookie, const struct resolved *r, uint64_t now_ns)
{
	(void)n;
	(void)cookie;
	(void)now_ns;
	resolved = *r;
	reported = true;
}

static bool
is_resolved(struct world *world)
{
	(void)world;
	return reported;
}

static enum delivery
resolve(size_t from, const char *pattern, size_t most)
{
	struct resolve_spec s = { .pattern = pattern, .most = most,
		.take = on_resolved };

	reported = false;
	resolve_ask(w.nodes[from].node, &s, w.now_ns);
	assert_true(world_run(&w, SECONDS(20), is_resolved));
	return resolved.status;
}

static char *
name_of(size_t i)
{
	static char name[NAME_LEN_MAX + 1];
	const struct node_config *c = &w.nodes[i].config;

	return name_format(name, c->mesh, c->type, &c->identity.id, NAME_HEX_SHORT);
}

static uint64_t
received(size_t i)
{
	return world_status(&w, i).messages_received;
}

/* A message to a name or a pattern of the own mesh arrives, and its receiver says so. */
static void
inside_of_a_mesh(void **state)
{
	(void)state;
	two_meshes(true);
	assert_int_equal(send_to(GATEWAY1, "mesh1.broker"), DELIVERY_DONE);
	assert_string_equal(report.receiver, name_of(SENDER));
	assert_int_equal(send_to(GATEWAY1, name_of(SENDER)), DELIVERY_DONE);
	assert_int_equal(received(SENDER), 2);
	assert_int_equal(received(BROKER2) + received(BROKER2B), 0);
}

/* And across meshes, from a node that is on no backbone. */
static void
across_meshes(void **state)
{
	struct node_status s;

	(void)state;
	two_meshes(true);
	assert_int_equal(send_to(SENDER, name_of(BROKER2)), DELIVERY_DONE);
	assert_string_equal(report.receiver, name_of(BROKER2));
	assert_int_equal(received(BROKER2), 1);
	assert_int_equal(send_to(SENDER, "*.compute"), DELIVERY_NO_NODE);
	world_add(&w, "mesh2", "registry", GATEWAY2, NULL);
	world_run(&w, SECONDS(10), NULL);
	assert_int_equal(send_to(SENDER, "*.registry"), DELIVERY_DONE);
	/* Direct: it is the sender's own link, and no third node carried anything. */
	s = world_status(&w, BROKER2);
	assert_int_equal(s.counts[NODE_COUNT_CROSSED], 1);
	for (size_t i = 0; i < w.count; i++) {
		s = world_status(&w, i);
		assert_int_equal(s.counts[NODE_COUNT_DIGESTS_FOREIGN], 0);
		assert_int_equal(s.counts[NODE_COUNT_GOSSIP_FOREIGN], 0);
		assert_int_equal(world_sees(&w, SENDER, BROKER2), -1);
	}
}

/* Without a backbone nobody finds the other mesh: the test above can fail. */
static void
without_a_backbone_nothing_arrives(void **state)
{
	(void)state;
	two_meshes(false);
	assert_int_equal(send_to(SENDER, "mesh2.broker"), DELIVERY_NO_MESH);
	assert_non_null(strstr(report.why, "no mesh called mesh2"));
	assert_int_equal(received(BROKER2) + received(BROKER2B), 0);
}

/* Each way to fail has its own word, and a reason that names what is missing. */
static void
each_failure_has_its_word(void **state)
{
	char gone[NAME_LEN_MAX + 1];

	(void)state;
	two_meshes(true);
	strcpy(gone, name_of(BROKER2B));
	assert_int_equal(send_to(SENDER, "mesh7.broker"), DELIVERY_NO_MESH);
	assert_int_equal(send_to(SENDER, "mesh2.compute"), DELIVERY_NO_NODE);
	assert_int_equal(send_to(SENDER, "mesh1.compute"), DELIVERY_NO_NODE);
	world_kill(&w, BROKER2B);
	world_run(&w, SECONDS(5), NULL);
	assert_int_equal(send_to(SENDER, gone), DELIVERY_GONE);
	assert_non_null(strstr(report.why, gone));
	world_kill(&w, GATEWAY2);
	world_kill(&w, GATEWAY2B);
	world_run(&w, SECONDS(20), NULL);
	assert_int_equal(send_to(SENDER, "mesh2.broker"), DELIVERY_UNREACHABLE);
	assert_non_null(strstr(report.why, "its gateways are silent for"));
	world_kill(&w, GATEWAY1);
	world_kill(&w, GATEWAY1B);
	world_run(&w, SECONDS(5), NULL);
	assert_int_equal(send_to(SENDER, "mesh2.broker"), DELIVERY_UNREACHABLE);
	assert_non_null(strstr(report.why, "mesh1 has no gateway"));
	assert_int_equal(resolve(SENDER, "mesh2", 1), DELIVERY_BAD_NAME);
	assert_int_equal(resolve(SENDER, "mesh2.*.zzzzzz", 1), DELIVERY_BAD_NAME);
	assert_int_equal(resolve(SENDER, "\033[31m.x", 1), DELIVERY_BAD_NAME);
	assert_null(strchr(resolved.why, '\033'));
}

/* Patterns: one of several, or all of them; what comes back is signed by the node. */
static void
patterns_resolve(void **state)
{
	(void)state;
	two_meshes(true);
	assert_int_equal(resolve(SENDER, "mesh2.broker.*", 1), DELIVERY_DONE);
	assert_int_equal(resolved.count, 1);
	assert_string_equal(resolved.nodes[0].digest.type, "broker");
	assert_int_equal(resolve(SENDER, "mesh2.broker", RESOLVED_MAX), DELIVERY_DONE);
	assert_int_equal(resolved.count, 2);
	assert_int_equal(resolve(SENDER, "*.gateway", RESOLVED_MAX), DELIVERY_DONE);
	assert_int_equal(resolved.count, 4);
	assert_int_equal(resolve(SENDER, "mesh2.*", RESOLVED_MAX), DELIVERY_DONE);
	assert_int_equal(resolved.count, 4);
	assert_int_equal(resolve(GATEWAY1, name_of(BROKER2), 1), DELIVERY_DONE);
	assert_true(id_equal(
		&resolved.nodes[0].digest.id, &w.nodes[BROKER2].config.identity.id));
	assert_true(resolved.nodes[0].age_ms < 5000);
}

/* Both kinds of answers are kept for 30 s: until then nobody is asked again. */
static void
answers_are_kept(void **state)
{
	(void)state;
	two_meshes(true);
	world_kill(&w, GATEWAY1B);
	world_run(&w, SECONDS(5), NULL);
	assert_int_equal(resolve(SENDER, "mesh2.broker", 1), DELIVERY_DONE);
	assert_int_equal(resolve(SENDER, "mesh2.compute", 1), DELIVERY_NO_NODE);
	world_kill(&w, GATEWAY2);
	world_kill(&w, GATEWAY2B);
	world_run(&w, SECONDS(20), NULL);
	assert_int_equal(resolve(SENDER, "mesh2.broker", 1), DELIVERY_DONE);
	assert_true(resolved.nodes[0].age_ms > 20000);
	assert_int_equal(resolve(SENDER, "mesh2.compute", 1), DELIVERY_NO_NODE);
	assert_int_equal(resolve(SENDER, "mesh2.gateway", 1), DELIVERY_UNREACHABLE);
	world_run(&w, SECONDS(10), NULL);
	assert_int_equal(resolve(SENDER, "mesh2.broker", 1), DELIVERY_UNREACHABLE);
	assert_int_equal(resolve(SENDER, "mesh2.compute", 1), DELIVERY_UNREACHABLE);
}

static uint64_t
sum_received(void)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < w.count; i++)
		if (w.nodes[i].node != NULL) {
			struct node_status s = world_status(&w, i);

			sum += s.messages_received;
			assert_int_equal(s.messages_disordered, 0);
		}
	return sum;
}

/* A thousand of a thousand, each once and in order, while gateways of both meshes die. */
static void
gateways_die_midway(void **state)
{
	(void)state;
	two_meshes(true);
	begin(SENDER, "mesh2.broker", 1000, MILLISECONDS(50));
	assert_false(world_run(&w, SECONDS(15), is_over));
	world_kill(&w, GATEWAY1);
	assert_false(world_run(&w, SECONDS(10), is_over));
	world_kill(&w, GATEWAY2);
	assert_true(world_run(&w, SECONDS(60), is_over));
	assert_int_equal(report.acked, 1000);
	assert_int_equal(report.failed, 0);
	assert_int_equal(sum_received(), 1000);
}

/* With loss, answers are repeated and messages are not. */
static void
loss_makes_no_duplicates(void **state)
{
	(void)state;
	two_meshes(true);
	w.loss_percent = 20;
	begin(SENDER, "mesh2.broker", 300, 0);
	assert_true(world_run(&w, SECONDS(600), is_over));
	assert_int_equal(report.acked, 300);
	assert_int_equal(sum_received(), 300);
}

/* The receiver dies: another broker takes over, and nothing is delivered twice. */
static void
the_receiver_dies(void **state)
{
	size_t first;

	(void)state;
	two_meshes(true);
	begin(SENDER, "mesh2.broker", 200, MILLISECONDS(50));
	assert_false(world_run(&w, SECONDS(5), is_over));
	first = received(BROKER2) > 0 ? BROKER2 : BROKER2B;
	assert_true(received(first) > 90);
	world_kill(&w, first);
	assert_true(world_run(&w, SECONDS(120), is_over));
	/* One may have been under way: then nobody knows, and it is not sent again. */
	assert_true(report.acked >= 199);
	assert_true(received(first == BROKER2 ? BROKER2B : BROKER2) >= 95);
}

/* Of a burst some are told one by one and the others as a number: all are told. */
static void
a_burst_is_few_events(void **state)
{
	(void)state;
	two_meshes(true);
	begin(SENDER, name_of(BROKER2), 500, 0);
	assert_true(world_run(&w, SECONDS(20), is_over));
	(void)world_run(&w, SECONDS(3), NULL);
	assert_int_equal(w.nodes[BROKER2].messages_told, 500);
	assert_true(w.nodes[BROKER2].message_events < 100);
	/* The control: messages that come one in a while are told one by one. */
	w.nodes[BROKER2].message_events = 0;
	begin(SENDER, name_of(BROKER2), 20, MILLISECONDS(500));
	assert_true(world_run(&w, SECONDS(20), is_over));
	(void)world_run(&w, SECONDS(3), NULL);
	assert_int_equal(w.nodes[BROKER2].message_events, 20);
}

/* However many send in one second: what is told of it has a bound, and counts all. */
static void
many_senders_are_few_events(void **state)
{
	uint64_t told = 0, events = 0;
	struct node_event ev;

	(void)state;
	world_add(&w, "mesh1", "broker", -1, NULL);
	w.now_ns += NS_PER_S - w.now_ns % NS_PER_S;
	while (node_next_event(w.nodes[0].node, &ev))
		;
	for (unsigned i = 0; i < 100 * 12; i++) {
		struct peer_id from = { { (uint8_t)(i % 100), 7 } };

		receive_tell(w.nodes[0].node, &from, "x", (struct view){ NULL, 0 },
			w.now_ns);
		while (node_next_event(w.nodes[0].node, &ev))
			events++, told++;
	}
	assert_in_range(events, RECEIVE_RUNS * RECEIVE_TOLD_MAX,
		(RECEIVE_RUNS + 1) * RECEIVE_TOLD_MAX);
	assert_int_equal(receive_deadline(w.nodes[0].node), w.now_ns + NS_PER_S);
	receive_tick(w.nodes[0].node, w.now_ns + NS_PER_S);
	while (node_next_event(w.nodes[0].node, &ev)) {
		events++;
		told += strtoull(ev.text, NULL, 10);
	}
	assert_int_equal(told, 100 * 12);
	assert_true(events <= (RECEIVE_RUNS + 1) * (RECEIVE_TOLD_MAX + 1));
}

/* Nobody sends to himself, and an observer takes no messages. */
static void
not_to_oneself(void **state)
{
	(void)state;
	two_meshes(true);
	assert_int_equal(send_to(SENDER, "mesh1.broker"), DELIVERY_NO_NODE);
	assert_non_null(strstr(report.why, "this node itself"));
}

/* A gateway finds the other mesh though its only seed there is a broker. */
static void
a_broker_shows_the_way(void **state)
{
	struct seed s;

	(void)state;
	two_meshes(false);
	s = (struct seed){ w.nodes[BROKER2].config.identity.id,
		w.nodes[BROKER2].config.bound[0] };
	assert_int_equal(node_add_seed(w.nodes[GATEWAY1].node, &s, "", w.now_ns), 0);
	assert_true(world_run(&w, SECONDS(60), backbone_works));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		TEST(inside_of_a_mesh),
		TEST(across_meshes),
		TEST(without_a_backbone_nothing_arrives),
		TEST(each_failure_has_its_word),
		TEST(patterns_resolve),
		TEST(answers_are_kept),
		TEST(gateways_die_midway),
		TEST(loss_makes_no_duplicates),
		TEST(the_receiver_dies),
		TEST(a_burst_is_few_events),
		TEST(many_senders_are_few_events),
		TEST(not_to_oneself),
		TEST(a_broker_shows_the_way),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
