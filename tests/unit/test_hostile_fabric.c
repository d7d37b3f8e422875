/* SPDX-License-Identifier: MIT */
/*
 * Peers of other meshes, and gateways, that do what they should not. Each claim runs
 * twice: as it is, and with its guard taken out (--wrap), and then it has to fail.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "node/meshes.h"
#include "node/resolve.h"
#include "node/state.h"
#include "unit/bad_peer.h"
#include "wire/frame.h"
#include "wire/postcard.h"

static struct world w;
static struct bad_peer bad;
static enum { NO_GUARD_OUT, PASS, VERIFY, RIVALS } guard_out;
static struct resolved resolved;
static bool answered;

bool __real_meshes_may_pass(
	const struct node *n, const struct membership *m, const struct peer_id *peer);
bool __wrap_meshes_may_pass(
	const struct node *n, const struct membership *m, const struct peer_id *peer);
int __real_digest_verify(
	struct digest *d, struct view payload, const struct peer_id *topic);
int __wrap_digest_verify(
	struct digest *d, struct view payload, const struct peer_id *topic);

bool
__wrap_meshes_may_pass(
	const struct node *n, const struct membership *m, const struct peer_id *peer)
{
	return guard_out == PASS || __real_meshes_may_pass(n, m, peer);
}

const struct backbone_speaker *__real_backbone_rival(
	const struct backbone_mesh *m, size_t at, uint64_t now_ns);
const struct backbone_speaker *__wrap_backbone_rival(
	const struct backbone_mesh *m, size_t at, uint64_t now_ns);

const struct backbone_speaker *
__wrap_backbone_rival(const struct backbone_mesh *m, size_t at, uint64_t now_ns)
{
	return guard_out == RIVALS ? NULL : __real_backbone_rival(m, at, now_ns);
}

int
__wrap_digest_verify(struct digest *d, struct view payload, const struct peer_id *topic)
{
	int err = __real_digest_verify(d, payload, topic);

	return guard_out == VERIFY && err == ERR_SIGNATURE ? ERR_OK : err;
}

static int
set_up(void **state)
{
	(void)state;
	world_init(&w, 21);
	world_add(&w, "mesh1", "broker", -1, NULL);
	world_add(&w, "mesh1", "compute", 0, NULL);
	assert_true(world_run(&w, SECONDS(10), world_converged));
	bad_peer_init(&bad, &w);
	guard_out = NO_GUARD_OUT;
	answered = false;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	bad_peer_fini(&bad);
	world_fini(&w);
	for (int c = 0; c < MEM_CLASSES; c++)
		assert_int_equal(mem_live((enum mem_class)c), 0);
	return 0;
}

/* A HELLO with a role and a type; bad_peer_hello has neither. */
static void
meet_as(const char *mesh, const char *type, enum hello_role role)
{
	struct hello h = { .version = HELLO_VERSION, .role = role, .incarnation = 1 };
	struct buf b;

	bad_peer_dial(&bad, 0);
	world_run(&w, MILLISECONDS(20), NULL);
	snprintf(h.mesh, sizeof h.mesh, "%s", mesh);
	snprintf(h.type, sizeof h.type, "%s", type);
	buf_init(&b, FRAME_CONTROL_LEN_MAX);
	hello_encode(&b, &h);
	(void)endpoint_control(bad.e, bad.conn, FRAME_HELLO, b.data, b.len);
	buf_fini(&b);
	world_run(&w, MILLISECONDS(20), NULL);
}

/* Whether node 0 has the bad peer in its directory after it gossiped itself into it. */
static bool
gossips_itself_in(void)
{
	struct mesh_row row;
	struct digest d;

	meet_as("mesh2", "broker", HELLO_VISITOR);
	assert_int_equal(bad.downs, 0);	/* a visitor is let in */
	bad_peer_join(&bad, "mesh1");
	bad_peer_digest(&d, &bad.identity, "mesh1", 1, 1);
	bad_peer_say_digest(&bad, &d, "mesh1", &bad.identity);
	world_run(&w, MILLISECONDS(50), NULL);
	node_meshes(w.nodes[0].node, &row, 1);
	return directory_find(row.directory, &bad.identity.id) != NULL;
}

/* A visitor of another mesh is let in, and what it gossips is dropped and counted. */
static void
visitors_do_not_gossip(void **state)
{
	struct node_status s;

	(void)state;
	assert_false(gossips_itself_in());
	s = world_status(&w, 0);
	assert_true(s.counts[NODE_COUNT_GOSSIP_FOREIGN] >= 2);
	assert_int_equal(world_sees(&w, 1, 0), LIVENESS_LIVE);
}

/* Without that guard it is in: the claim above can fail. */
static void
without_the_guard_they_do(void **state)
{
	(void)state;
	guard_out = PASS;
	assert_true(gossips_itself_in());
}

/* Somebody of another mesh who is neither gateway nor visitor is not let in at all. */
static void
others_stay_outside(void **state)
{
	(void)state;
	meet_as("mesh2", "broker", HELLO_MEMBER);
	world_run(&w, MILLISECONDS(50), NULL);
	assert_int_equal(bad.downs, 1);
	assert_non_null(strstr(w.nodes[0].refused, "another mesh"));
}

static void
on_resolved(struct node *n, uint64_t cookie, const struct resolved *r, uint64_t now_ns)
{
	(void)n;
	(void)cookie;
	(void)now_ns;
	resolved = *r;
	answered = true;
}

/*
 * The bad peer says that it is a gateway of mesh1, is asked for mesh2.broker, and names
 * a broker of mesh2: signed by that broker, or by itself. Returns what is made of it.
 */
static enum delivery
answers_with(bool forged)
{
	struct resolve_spec spec = { .pattern = "mesh2.broker", .most = 1,
		.take = on_resolved };
	struct resolve_answer a = { .count = 1 };
	struct peer_id topic = bad_peer_topic("mesh2");
	struct identity victim;
	uint8_t seed[32] = { 77 };
	struct digest d;
	struct buf digest, b;

	identity_from_seed(&victim, seed);
	bad_peer_meet(&bad, 0, "mesh1");
	bad_peer_join(&bad, "mesh1");
	bad_peer_digest(&d, &bad.identity, "mesh1", 1, 1);
	d.flags = DIGEST_GATEWAY;
	bad_peer_say_digest(&bad, &d, "mesh1", &bad.identity);
	world_run(&w, MILLISECONDS(50), NULL);
	resolve_ask(w.nodes[0].node, &spec, w.now_ns);
	world_run(&w, MILLISECONDS(20), NULL);
	assert_int_equal(bad.request.tag, FRAME_RESOLVE);
	bad_peer_digest(&d, &victim, "mesh2", 1, 1);
	snprintf(d.type, sizeof d.type, "broker");
	buf_init(&digest, DIGEST_LEN_MAX);
	digest_sign(&digest, &d, &topic,
		forged ? bad.identity.secret_key : victim.secret_key);
	a.nodes[0].payload = (struct view){ digest.data, digest.len };
	buf_init(&b, 4096);
	delivery_put_resolved(&b, &a);
	assert_int_equal(endpoint_respond(bad.e, bad.request.conn, bad.request.stream,
				 FRAME_RESOLVE, b.data, b.len, true),
		ERR_OK);
	buf_fini(&b);
	buf_fini(&digest);
	world_run(&w, MILLISECONDS(100), NULL);
	assert_true(answered);
	return resolved.status;
}

/* A gateway that names a node which did not sign that is not believed, and is counted. */
static void
forged_answers_are_refused(void **state)
{
	struct node_status s;

	(void)state;
	assert_int_equal(answers_with(true), DELIVERY_REFUSED);
	assert_int_equal(resolved.count, 0);
	s = world_status(&w, 0);
	assert_int_equal(s.counts[NODE_COUNT_RESOLVED_FORGED], 1);
}

/* Signed as it should be it is taken: the answer itself was right. */
static void
true_answers_are_taken(void **state)
{
	(void)state;
	assert_int_equal(answers_with(false), DELIVERY_DONE);
	assert_int_equal(resolved.count, 1);
}

/* And without the check of signatures the forged one is taken as well. */
static void
without_the_check_all_are(void **state)
{
	(void)state;
	guard_out = VERIFY;
	assert_int_equal(answers_with(true), DELIVERY_DONE);
}

/* A summary of mesh2 with gateways that nobody has heard of before. */
static void
say_gateways(struct node *gateway, uint8_t seq)
{
	struct summary s = { .mesh = "mesh2", .speaker = bad.identity.id,
		.incarnation = 1, .seq = seq, .gateway_count = SUMMARY_GATEWAYS_MAX };
	struct peer_id topic;
	struct buf b;

	for (size_t i = 0; i < SUMMARY_GATEWAYS_MAX; i++) {
		uint8_t seed[32] = { 99, seq, (uint8_t)i };
		struct identity one;

		identity_from_seed(&one, seed);
		s.gateways[i].id = one.id;
		s.gateways[i].addresses[0] = world_address(999);
		s.gateways[i].address_count = 1;
	}
	topic_of_backbone(&topic, &gateway->config.key);
	buf_init(&b, SUMMARY_LEN_MAX);
	summary_sign(&b, &s, &topic, bad.identity.secret_key);
	assert_int_equal(backbone_apply(gateway->fabric->backbone,
				 (struct view){ b.data, b.len }, w.now_ns),
		ERR_OK);
	buf_fini(&b);
}

/*
 * A mesh names other gateways each time that one of them has refused: a question asks so
 * many of them and no more.
 */
static void
gateways_without_end(void **state)
{
	struct resolve_spec spec = { .pattern = "mesh2.broker", .most = 1,
		.take = on_resolved };
	size_t place = world_add(&w, "mesh1", "gateway", 0, NULL);
	struct node *n = w.nodes[place].node;

	(void)state;
	say_gateways(n, 1);
	resolve_ask(n, &spec, w.now_ns);
	for (uint8_t i = 2; i < 3 * RESOLVED_MAX && !answered; i++) {
		struct resolution *q = TAILQ_FIRST(&n->resolve.all);

		assert_true(q->tried_count <= RESOLVED_MAX);
		assert_int_equal(q->tried_count, i - 1);
		say_gateways(n, i);
		resolve_away_next(n, q, w.now_ns);
	}
	assert_true(answered);
	assert_int_not_equal(resolved.status, DELIVERY_DONE);
}

static bool
mesh2_is_whole(struct world *world)
{
	const struct backbone *b = node_backbone(world->nodes[2].node);
	const struct backbone_mesh *m = backbone_find(b, "mesh2");

	/* Both of it, as its own gateway tells them. */
	for (size_t i = 0; m != NULL && i < m->speaker_count; i++)
		if (id_equal(&m->speakers[i].id, &world->nodes[3].config.identity.id))
			return world_sees(world, 3, 4) == LIVENESS_LIVE;
	return false;
}

static bool
was_answered(struct world *world)
{
	(void)world;
	return answered;
}

/*
 * The bad peer was the first to speak for mesh2 and goes on: it names gateways that do
 * not exist. A gateway of mesh1 is asked for a broker of mesh2, which is there.
 */
static enum delivery
asked_beside_a_liar(void)
{
	struct resolve_spec spec = { .pattern = "mesh2.broker", .most = 1,
		.take = on_resolved };
	size_t place = world_add(&w, "mesh1", "gateway", 0, NULL);
	struct node *n = w.nodes[place].node;
	uint8_t seq = 1;

	say_gateways(n, seq++);
	world_add(&w, "mesh2", "gateway", (int)place, NULL);
	world_add(&w, "mesh2", "broker", 3, NULL);
	for (; seq < 30 && !mesh2_is_whole(&w); seq++) {
		world_run(&w, SECONDS(1), mesh2_is_whole);
		say_gateways(n, seq);
	}
	assert_true(mesh2_is_whole(&w));
	resolve_ask(n, &spec, w.now_ns);
	assert_true(world_run(&w, RESOLVE_DEADLINE, was_answered));
	return resolved.status;
}

/* Who speaks for a mesh that is not its own costs one question in vain. */
static void
a_liar_denies_nothing(void **state)
{
	struct node *n;

	(void)state;
	assert_int_equal(asked_beside_a_liar(), DELIVERY_DONE);
	assert_true(id_equal(&resolved.nodes[0].digest.id,
		&w.nodes[4].config.identity.id));
	/* And the summary of who answered is shown from then on. */
	n = w.nodes[2].node;
	world_run(&w, 2 * BACKBONE_EVERY, NULL);
	assert_int_equal(summary_total(&backbone_find(node_backbone(n), "mesh2")->summary)
				 .live,
		2);
	say_gateways(n, 200);
	assert_int_equal(summary_total(&backbone_find(node_backbone(n), "mesh2")->summary)
				 .live,
		2);
}

/* Without rivals it denies the whole mesh. */
static void
without_rivals_it_does(void **state)
{
	(void)state;
	guard_out = RIVALS;
	assert_int_not_equal(asked_beside_a_liar(), DELIVERY_DONE);
}

/* The same message, or another one, as a question of its own. */
static void
send_message(uint8_t number)
{
	struct message m = { .destination = "mesh1.broker", .kind = "x",
		.id = { 5, [MESSAGE_ID_LEN - 1] = number } };
	struct trace_context none = { 0 };
	int64_t stream;
	struct buf b;

	buf_init(&b, 4096);
	trace_context_encode(&b, &none);
	delivery_put_message(&b, &m);
	assert_int_equal(endpoint_request(bad.e, bad.conn, FRAME_SEND, b.data, b.len,
				 &stream),
		ERR_OK);
	buf_fini(&b);
	world_run(&w, MILLISECONDS(20), NULL);
}

/* A repeated message is acknowledged again and delivered once; another one is another. */
static void
repetitions_are_known(void **state)
{
	struct node_status s;

	(void)state;
	meet_as("mesh2", "broker", HELLO_VISITOR);
	for (int i = 0; i < 5; i++)
		send_message(1);
	s = world_status(&w, 0);
	assert_int_equal(s.messages_received, 1);
	assert_int_equal(s.messages_duplicate, 4);
	assert_int_equal(bad.responses, 5);
	send_message(2);
	send_message(3);
	s = world_status(&w, 0);
	assert_int_equal(s.messages_received, 3);
	assert_int_equal(s.messages_disordered, 0);
}

/* Who is of another mesh is not told whom we know. */
static void
visitors_get_no_directory(void **state)
{
	struct trace_context none = { 0 };
	uint64_t refused = world_status(&w, 0).counts[NODE_COUNT_SYNCS];
	int64_t stream;
	struct buf b;

	(void)state;
	meet_as("mesh2", "broker", HELLO_VISITOR);
	buf_init(&b, 256);
	trace_context_encode(&b, &none);
	postcard_put_text(&b, "mesh1");
	assert_int_equal(endpoint_request(bad.e, bad.conn, FRAME_SYNC, b.data, b.len,
				 &stream),
		ERR_OK);
	buf_fini(&b);
	world_run(&w, MILLISECONDS(50), NULL);
	assert_int_equal(bad.responses, 0);
	assert_int_equal(world_status(&w, 0).counts[NODE_COUNT_SYNCS], refused + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		TEST(visitors_do_not_gossip),
		TEST(without_the_guard_they_do),
		TEST(others_stay_outside),
		TEST(forged_answers_are_refused),
		TEST(true_answers_are_taken),
		TEST(without_the_check_all_are),
		TEST(gateways_without_end),
		TEST(a_liar_denies_nothing),
		TEST(without_rivals_it_does),
		TEST(repetitions_are_known),
		TEST(visitors_get_no_directory),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
