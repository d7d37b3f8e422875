/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/mem.h"
#include "unit/bad_peer.h"

#define MUTUAL_DIALS 500
#define RESTARTS 1000
#define ABANDONED 1000
#define CLEAN 1000
#define AT_ONCE 64

static struct world w;

static uint64_t
count_of(size_t i, enum node_count what)
{
	return world_status(&w, i).counts[what];
}

/* The control of the mutual dials: both ends take themselves for the smaller one. */
static bool both_are_smaller;

int __real_id_compare(const struct peer_id *a, const struct peer_id *b);
int __wrap_id_compare(const struct peer_id *a, const struct peer_id *b);

int
__wrap_id_compare(const struct peer_id *a, const struct peer_id *b)
{
	return both_are_smaller ? -1 : __real_id_compare(a, b);
}

/* Two nodes dial each other, the second up to 6 ms later: is one connection left? */
static bool
one_is_left(uint64_t seed, unsigned *doubles)
{
	struct seed to[2];
	bool good = true;

	world_init(&w, seed);
	for (size_t i = 0; i < 2; i++) {
		world_add(&w, "mesh1", "broker", -1, NULL);
		to[i].id = w.nodes[i].config.identity.id;
		to[i].address = w.nodes[i].config.bound[0];
	}
	node_add_seed(w.nodes[0].node, &to[1], "", w.now_ns);
	node_tick(w.nodes[0].node, w.now_ns, w.now_ns / NS_PER_MS);
	world_run(&w, rng_below(&w.rng, 6000) * 1000, NULL);
	node_add_seed(w.nodes[1].node, &to[0], "", w.now_ns);
	node_tick(w.nodes[1].node, w.now_ns, w.now_ns / NS_PER_MS);
	world_run(&w, SECONDS(3), NULL);
	for (size_t i = 0; i < 2; i++)
		good = good && count_of(i, NODE_COUNT_CONNECTIONS) == 1 &&
			count_of(i, NODE_COUNT_LINKS) == 1 &&
			count_of(i, NODE_COUNT_CONTACTS) == 1 &&
			count_of(i, NODE_COUNT_NEIGHBORS) == 1 &&
			count_of(i, NODE_COUNT_TOMBSTONES) == 0 &&
			count_of(i, NODE_COUNT_HANDSHAKES) == 0;
	*doubles += world_status(&w, 0).handshakes > 1;
	world_fini(&w);
	return good;
}

/* Whoever dials whom, and however close together: one connection for each pair. */
static void
mutual_dials(void **state)
{
	unsigned doubles = 0, bad = 0;

	(void)state;
	for (uint64_t i = 0; i < MUTUAL_DIALS; i++)
		bad += !one_is_left(i, &doubles);
	print_message("# %u of %u pairs were connected twice, %u stayed so\n", doubles,
		MUTUAL_DIALS, bad);
	assert_int_equal(bad, 0);
	assert_true(doubles > MUTUAL_DIALS / 3);
	both_are_smaller = true;
	doubles = bad = 0;
	for (uint64_t i = 0; i < 20; i++)
		bad += !one_is_left(i, &doubles);
	both_are_smaller = false;
	assert_true(bad > 0);
}

/* What has to be the same before and after; what breathes by itself is left out. */
static const enum node_count tables[] = { NODE_COUNT_CONNECTIONS, NODE_COUNT_HANDSHAKES,
	NODE_COUNT_STREAMS, NODE_COUNT_CIDS, NODE_COUNT_RESET_TOKENS,
	NODE_COUNT_TOMBSTONES, NODE_COUNT_LINKS, NODE_COUNT_CONTACTS, NODE_COUNT_GREETING,
	NODE_COUNT_NEIGHBORS, NODE_COUNT_PASSIVE, NODE_COUNT_PENDING,
	NODE_COUNT_PEER_DATA, NODE_COUNT_JOINING, NODE_COUNT_MISSING,
	NODE_COUNT_DIRECTORY, NODE_COUNT_DEPARTED };
static const enum mem_class classes[] = { MEM_ENDPOINT, MEM_CONNECTION, MEM_HANDSHAKE,
	MEM_STREAM, MEM_TOMBSTONE, MEM_QUIC_EVENT, MEM_TOPIC, MEM_PEER, MEM_MISSING,
	MEM_DIRECTORY_ENTRY, MEM_NODE, MEM_LINK, MEM_MEMBERSHIP, MEM_DEPARTED,
	MEM_REPLY };
#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

struct baseline {
	uint64_t tables[3][COUNT_OF(tables)];
	size_t live[COUNT_OF(classes)];
};

static void
measure(struct baseline *b)
{
	memset(b, 0, sizeof(*b));
	for (size_t i = 0; i < w.count && i < 3; i++) {
		struct node_status s = world_status(&w, i);

		for (size_t k = 0; k < COUNT_OF(tables); k++)
			b->tables[i][k] = s.counts[tables[k]];
	}
	for (size_t k = 0; k < COUNT_OF(classes); k++)
		b->live[k] = mem_live(classes[k]);
}

static void
expect_same(const struct baseline *a, const struct baseline *b)
{
	static const char *const texts[] = {
#define COUNT(name, group, text) text,
#include "mesh/counts.def"
#undef COUNT
	};

	for (size_t i = 0; i < w.count && i < 3; i++)
		for (size_t k = 0; k < COUNT_OF(tables); k++)
			if (a->tables[i][k] != b->tables[i][k])
				fail_msg("node %zu: %s: %u, then %u", i, texts[tables[k]],
					(unsigned)a->tables[i][k],
					(unsigned)b->tables[i][k]);
	for (size_t k = 0; k < COUNT_OF(classes); k++)
		if (a->live[k] != b->live[k])
			fail_msg("%s: %zu, then %zu", mem_class_name(classes[k]),
				a->live[k], b->live[k]);
}

/* No table is larger than what lives: one entry for each connection that there is. */
static void
expect_only_live(size_t nodes)
{
	for (size_t i = 0; i < nodes; i++) {
		struct node_status s = world_status(&w, i);

		assert_int_equal(s.counts[NODE_COUNT_CONNECTIONS], nodes - 1);
		assert_int_equal(s.counts[NODE_COUNT_LINKS], nodes - 1);
		assert_int_equal(s.counts[NODE_COUNT_CONTACTS], nodes - 1);
		assert_int_equal(s.counts[NODE_COUNT_NEIGHBORS], nodes - 1);
		assert_int_equal(s.counts[NODE_COUNT_DIRECTORY], nodes);
		assert_int_equal(s.counts[NODE_COUNT_HANDSHAKES], 0);
		assert_int_equal(s.counts[NODE_COUNT_TOMBSTONES], 0);
		assert_int_equal(s.counts[NODE_COUNT_GREETING], 0);
		assert_int_equal(s.counts[NODE_COUNT_PENDING], 0);
		assert_int_equal(s.counts[NODE_COUNT_JOINING], 0);
		/* A control and a gossip stream each way, on each connection. */
		assert_in_range(s.counts[NODE_COUNT_STREAMS], 2 * (nodes - 1),
			4 * (nodes - 1));
	}
}

static void
mesh_of_three(void)
{
	world_init(&w, 7);
	world_add(&w, "mesh1", "broker", -1, NULL);
	world_add(&w, "mesh1", "broker", 0, NULL);
	world_add(&w, "mesh1", "broker", 0, NULL);
	assert_true(world_run(&w, SECONDS(10), world_converged));
	/* Longer than anything is remembered: messages 90 s, the departed and the gone
	 * 60. */
	world_run(&w, SECONDS(200), NULL);
}

/* A peer that dies and returns a thousand times leaves nothing behind. */
static void
restarts(void **state)
{
	struct baseline before, after;

	(void)state;
	mesh_of_three();
	expect_only_live(3);
	measure(&before);
	for (unsigned i = 0; i < RESTARTS; i++) {
		world_kill(&w, 2);
		world_run(&w, MILLISECONDS(1 + rng_below(&w.rng, 5)), NULL);
		world_restart(&w, 2);
		world_run(&w, MILLISECONDS(1) + rng_below(&w.rng, 30000) * 1000, NULL);
	}
	assert_true(world_run(&w, SECONDS(10), world_converged));
	world_run(&w, SECONDS(200), NULL);
	expect_only_live(3);
	measure(&after);
	expect_same(&before, &after);
	world_fini(&w);
}

/* A thousand strangers go silent at any point of a handshake: all counts come back. */
static void
abandoned(void **state)
{
	struct baseline before, between, after;
	struct bad_peer peers[40];
	struct node_status s;
	uint64_t completed = 0, most = 0;

	(void)state;
	mesh_of_three();
	measure(&before);
	for (unsigned i = 0; i < ABANDONED; i += COUNT_OF(peers)) {
		for (size_t k = 0; k < COUNT_OF(peers); k++) {
			bad_peer_init(&peers[k], &w);
			bad_peer_dial(&peers[k], 0);
		}
		for (size_t k = 0; k < COUNT_OF(peers); k++) {
			world_run(&w, rng_below(&w.rng, 500) * 1000, NULL);
			completed += peers[k].ups;
			bad_peer_fini(&peers[k]);
		}
		measure(&between);
		if (between.live[1] > most)
			most = between.live[1];
		world_run(&w, MILLISECONDS(500), NULL);
	}
	print_message("# %u of %u were connected, none said HELLO; %u objects at most\n",
		(unsigned)completed, ABANDONED, (unsigned)most);
	assert_true(completed > ABANDONED / 10 && completed < ABANDONED * 9 / 10);
	assert_true(most > before.live[1] + COUNT_OF(peers) / 2);
	world_run(&w, SECONDS(200), NULL);
	measure(&after);
	expect_same(&before, &after);
	expect_only_live(3);
	s = world_status(&w, 0);
	assert_int_equal(s.hellos, 2);	/* those of the mesh */
	assert_int_equal(s.counts[NODE_COUNT_GREETINGS_LATE] +
		s.counts[NODE_COUNT_GREETINGS_FULL], s.handshakes - 2);
	world_fini(&w);
}

/* A thousand peers come, 64 at once, say HELLO, are greeted and go: none is lost. */
static void
clean_handshakes(void **state)
{
	struct bad_peer peers[AT_ONCE];
	unsigned begun = 0, greeted = 0, done = 0;
	uint64_t hellos;

	(void)state;
	mesh_of_three();
	hellos = world_status(&w, 0).hellos;
	memset(peers, 0, sizeof(peers));
	while (done < CLEAN) {
		for (size_t k = 0; k < AT_ONCE; k++) {
			struct bad_peer *b = &peers[k];

			if (b->e == NULL && begun < CLEAN) {
				bad_peer_init(b, &w);
				bad_peer_dial(b, 0);
				begun++;
			} else if (b->hellos > 0 && b->incarnation == 2) {
				greeted += b->hellos;
				done++;
				endpoint_close(b->e, b->conn, CLOSE_GOING_AWAY, "",
					w.now_ns);
				world_run(&w, 0, NULL);
				bad_peer_fini(b);
			} else if (b->ups > 0 && b->incarnation == 1) {
				b->incarnation = 2;
				bad_peer_hello(b, "mesh1");
			}
			if (b->e != NULL)
				assert_int_equal(b->downs, 0);
		}
		world_run(&w, MILLISECONDS(1), NULL);
	}
	world_run(&w, MILLISECONDS(20), NULL);
	assert_int_equal(greeted, CLEAN);
	assert_int_equal(world_status(&w, 0).hellos, hellos + CLEAN);
	assert_int_equal(count_of(0, NODE_COUNT_HANDSHAKES_FULL), 0);
	assert_int_equal(count_of(0, NODE_COUNT_RETRIES), 0);
	world_run(&w, SECONDS(60), NULL);
	expect_only_live(3);
	world_fini(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mutual_dials),
		cmocka_unit_test(restarts),
		cmocka_unit_test(abandoned),
		cmocka_unit_test(clean_handshakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
