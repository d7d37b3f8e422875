/* SPDX-License-Identifier: MIT */
/*
 * A linked peer that lies about others, repeats what was true once, or says far too much.
 * Each test runs twice, and the second time with its guard taken out (--wrap, or another
 * limit), when it has to fail.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "mesh/directory.h"
#include "unit/bad_peer.h"
#include "unit/guards_gossip.h"

#define NODES 4
#define VICTIM 1
#define MESH "mesh1"
/* Longer than a message is remembered: what comes again then is no duplicate. */
#define FORGOTTEN SECONDS(100)

static struct world w;
static struct bad_peer bad;
static uint64_t
count(enum node_count what)
{
	return world_status(&w, 0).counts[what];
}

static const struct directory *
directory_of(size_t i)
{
	static struct mesh_row row;

	assert_int_equal(node_meshes(w.nodes[i].node, &row, 1), 1);
	return row.directory;
}

static const struct directory_entry *
entry_of(size_t i, size_t j)
{
	return directory_find(directory_of(i), &w.nodes[j].config.identity.id);
}

/* Four nodes that have known each other for a while, and somebody among them. */
static void
begin(size_t directory_max)
{
	world_init(&w, 5);
	for (size_t i = 0; i < NODES; i++) {
		world_add(&w, MESH, "broker", -1, NULL);
		world_kill(&w, i);
		w.nodes[i].config.directory_max = directory_max;
		if (i > 0) {
			struct node_config *c = &w.nodes[i].config;

			c->seeds[0].id = w.nodes[0].config.identity.id;
			c->seeds[0].address = w.nodes[0].config.bound[0];
			c->seed_count = 1;
		}
		world_restart(&w, i);
	}
	assert_true(world_run(&w, SECONDS(10), world_converged));
	world_run(&w, SECONDS(10), NULL);
	bad_peer_init(&bad, &w);
	bad_peer_meet(&bad, 0, MESH);
	bad_peer_join(&bad, MESH);
}

static void
end(void)
{
	guard_out = NONE;
	bad_peer_fini(&bad);
	world_fini(&w);
}

static struct accusation
accusation_of(const struct identity *by, size_t subject)
{
	const struct directory_entry *e = entry_of(0, subject);

	return (struct accusation){ .accuser = by->id, .subject = e->digest.id,
		.incarnation = e->digest.incarnation, .seq = e->digest.seq };
}

/* Somebody of ours enters the directory as a node, which anybody admitted can. */
static void
enter(const struct identity *who, uint64_t seq)
{
	struct digest d;

	bad_peer_digest(&d, who, MESH, 1, seq);
	bad_peer_say_digest(&bad, &d, MESH, who);
	world_run(&w, MILLISECONDS(20), NULL);
}

static bool
forged_is_refused(enum guard without)
{
	uint64_t before;
	bool good;

	begin(0);
	before = count(NODE_COUNT_DIGESTS_FORGED);
	guard_out = without;
	guard_digest = entry_of(0, VICTIM)->digest;
	guard_digest.seq += 1000;
	guard_digest.flags = DIGEST_LEFT;
	bad_peer_say_digest(&bad, &guard_digest, MESH, &bad.identity);
	world_run(&w, MILLISECONDS(20), NULL);
	good = count(NODE_COUNT_DIGESTS_FORGED) == before + 1 && world_converged(&w);
	end();
	return good;
}

/* A digest in another's name changes nothing. */
static void
forged_digests(void **state)
{
	(void)state;
	assert_true(forged_is_refused(NONE));
	assert_false(forged_is_refused(SIGNATURE));
}

static bool
foreign_is_refused(const char *topic, const char *mesh, enum node_count what,
	enum guard without)
{
	struct digest d;
	bool good;

	begin(0);
	guard_out = without;
	bad_peer_digest(&d, &bad.identity, mesh, 1, 1);
	guard_digest = d;
	memcpy(guard_digest.mesh, MESH, sizeof MESH);
	bad_peer_say_digest(&bad, &d, topic, &bad.identity);
	world_run(&w, MILLISECONDS(20), NULL);
	good = count(what) == 1 && directory_count(directory_of(0)) == NODES;
	end();
	return good;
}

/* Neither a digest of another topic nor one that names another mesh is let in. */
static void
foreign_digests(void **state)
{
	(void)state;
	assert_true(foreign_is_refused("mesh2", MESH, NODE_COUNT_DIGESTS_FORGED, NONE));
	assert_false(
		foreign_is_refused("mesh2", MESH, NODE_COUNT_DIGESTS_FORGED, SIGNATURE));
	assert_true(foreign_is_refused(MESH, "mesh2", NODE_COUNT_DIGESTS_FOREIGN, NONE));
	assert_false(
		foreign_is_refused(MESH, "mesh2", NODE_COUNT_DIGESTS_FOREIGN, MESH_NAME));
}

static bool
replay_is_refused(enum guard without)
{
	uint8_t payload[DIGEST_LEN_MAX];
	const struct directory_entry *e;
	size_t len;
	uint64_t seq;
	bool good;

	begin(0);
	e = entry_of(0, VICTIM);
	len = e->payload.len;
	seq = e->digest.seq;
	memcpy(payload, e->payload.data, len);
	world_run(&w, FORGOTTEN, NULL);
	assert_int_equal(count(NODE_COUNT_DIGESTS_STALE), 0);
	guard_out = without;
	bad_peer_broadcast(&bad, MESH, (struct view){ payload, len });
	world_run(&w, MILLISECONDS(20), NULL);
	good = count(NODE_COUNT_DIGESTS_STALE) == 1 &&
		entry_of(0, VICTIM)->digest.seq > seq + 10;
	end();
	return good;
}

/* What a node said long ago is stale, however good its signature. */
static void
replayed_digests(void **state)
{
	(void)state;
	assert_true(replay_is_refused(NONE));
	assert_false(replay_is_refused(NEWER));
}

static bool
accusation_is_refused(const char *topic, enum guard without)
{
	bool good;

	begin(0);
	guard_out = without;
	guard_accusation = accusation_of(&w.nodes[2].config.identity, VICTIM);
	bad_peer_say_accusation(&bad, &guard_accusation, topic, &bad.identity);
	world_run(&w, MILLISECONDS(4), NULL);
	good = count(NODE_COUNT_ACCUSATIONS) == 1 && world_converged(&w);
	end();
	return good;
}

static bool
stranger_is_refused(bool known)
{
	struct accusation a;
	bool good;

	begin(0);
	if (known)
		enter(&bad.identity, 1);
	a = accusation_of(&bad.identity, VICTIM);
	bad_peer_say_accusation(&bad, &a, MESH, &bad.identity);
	world_run(&w, MILLISECONDS(2), NULL);
	good = count(NODE_COUNT_ACCUSATIONS) == 1 &&
		world_sees(&w, 0, VICTIM) == LIVENESS_LIVE;
	/* One accuser is not enough in any case, and the accused answers. */
	world_run(&w, SECONDS(5), NULL);
	assert_int_equal(world_sees(&w, 0, VICTIM), LIVENESS_LIVE);
	end();
	return good;
}

static bool
old_accusation_is_refused(enum guard without)
{
	struct accusation a;
	bool good;

	begin(0);
	a = accusation_of(&bad.identity, VICTIM);
	world_run(&w, FORGOTTEN, NULL);
	enter(&bad.identity, 1);
	guard_out = without;
	bad_peer_say_accusation(&bad, &a, MESH, &bad.identity);
	world_run(&w, MILLISECONDS(2), NULL);
	good = count(NODE_COUNT_ACCUSATIONS) == 1 &&
		world_sees(&w, 0, VICTIM) == LIVENESS_LIVE;
	end();
	return good;
}

/* Forged, foreign, old, or by somebody nobody knows: no accusation of these is heard. */
static void
accusations(void **state)
{
	(void)state;
	assert_true(accusation_is_refused(MESH, NONE));
	assert_false(accusation_is_refused(MESH, SIGNATURE));
	assert_true(accusation_is_refused("mesh2", NONE));
	assert_false(accusation_is_refused("mesh2", SIGNATURE));
	assert_true(stranger_is_refused(false));
	assert_false(stranger_is_refused(true));
	assert_true(old_accusation_is_refused(NONE));
	assert_false(old_accusation_is_refused(STALE_ACCUSATION));
}

static bool
victim_is_gone(struct world *world)
{
	return world_sees(world, 0, VICTIM) == LIVENESS_GONE;
}

static bool
conspiracy_fails(enum guard without)
{
	struct identity two[2];
	bool good = true;

	begin(0);
	guard_out = without;
	for (size_t i = 0; i < 2; i++) {
		identity_from_seed(&two[i], (const uint8_t[32]){ (uint8_t)(77 + i) });
		enter(&two[i], 1);
	}
	for (unsigned round = 0; round < 6 && good; round++) {
		uint64_t seq = entry_of(0, VICTIM)->digest.seq;

		for (size_t i = 0; i < 2; i++)
			enter(&two[i], 2 + round);
		/* Just after a digest of the victim: the next is 2 s away. */
		while (entry_of(0, VICTIM)->digest.seq == seq)
			world_run(&w, MILLISECONDS(5), NULL);
		for (size_t i = 0; i < 2; i++) {
			struct accusation a = accusation_of(&two[i], VICTIM);

			a.seq++;
			bad_peer_say_accusation(&bad, &a, MESH, &two[i]);
		}
		good = !world_run(&w, SECONDS(3), victim_is_gone);
	}
	good = good && world_sees(&w, 0, VICTIM) == LIVENESS_LIVE;
	end();
	return good;
}

/* Two liars that name the digest to come: the answer is newer, and the node stays. */
static void
conspiracies(void **state)
{
	(void)state;
	assert_true(conspiracy_fails(NONE));
	assert_false(conspiracy_fails(ANSWER));
}

static bool
answers_are_few(enum guard without)
{
	struct accusation a;
	uint64_t before;
	bool good;

	begin(0);
	guard_out = without;
	enter(&bad.identity, 1);
	before = entry_of(0, 0)->digest.seq;
	for (unsigned i = 0; i < 1000; i++) {
		a = accusation_of(&bad.identity, 0);
		a.seq = UINT64_MAX - 2000 + i;
		bad_peer_say_accusation(&bad, &a, MESH, &bad.identity);
		world_run(&w, MILLISECONDS(2), NULL);
	}
	/* Each answer leaves out a number. */
	good = entry_of(0, 0)->digest.seq - before <= 100;
	assert_true(entry_of(0, 0)->digest.seq > before);
	end();
	return good;
}

/* A thousand accusations in 2 s are answered by some forty digests, not a thousand. */
static void
floods_of_accusations(void **state)
{
	(void)state;
	assert_true(answers_are_few(NONE));
	assert_false(answers_are_few(ANSWER));
}

static bool
ihaves_are_bounded(enum guard without)
{
	struct gossip_msg m = { .kind = GOSSIP_IHAVE };
	size_t most = 0;
	bool good;

	begin(0);
	guard_out = without;
	for (unsigned i = 0; i < 200; i++) {
		m.ihave.count = 100;
		for (size_t k = 0; k < 100; k++)
			rng_bytes(&w.rng, m.ihave.items[k].id.bytes, 32);
		bad_peer_gossip(&bad, MESH, &m);
	}
	for (unsigned i = 0; i < 100; i++) {
		world_run(&w, MILLISECONDS(1), NULL);
		if (mem_live(MEM_MISSING) > most)
			most = mem_live(MEM_MISSING);
	}
	good = most == GOSSIP_MISSING_MAX && count(NODE_COUNT_GOSSIP_MISSING) == 10000;
	world_run(&w, SECONDS(2), NULL);
	good = good && mem_live(MEM_MISSING) == 0 && world_converged(&w);
	end();
	return good;
}

/* Twenty thousand messages that there are not: half are noted, and forgotten again. */
static void
floods_of_ihave(void **state)
{
	(void)state;
	assert_true(ihaves_are_bounded(NONE));
	assert_false(ihaves_are_bounded(BOUND));
}

static bool
shuffles_are_bounded(enum guard without)
{
	struct address at = world_address(WORLD_NOWHERE_PORT_BASE);
	struct gossip_msg m = { .kind = GOSSIP_SHUFFLE_REPLY };
	uint64_t dials = 0;
	struct buf data;
	bool good;

	begin(0);
	guard_out = without;
	buf_init(&data, GOSSIP_PEER_DATA_LEN_MAX);
	gossip_addr_info_encode(&data, &at, 1);
	for (unsigned i = 0; i < 100; i++) {
		m.shuffle_reply.count = 50;
		for (size_t k = 0; k < 50; k++) {
			struct gossip_peer_info *p = &m.shuffle_reply.nodes[k];

			rng_bytes(&w.rng, p->id.bytes, 32);
			p->data.present = true;
			p->data.bytes = (struct view){ data.data, data.len };
		}
		bad_peer_gossip(&bad, MESH, &m);
		world_run(&w, MILLISECONDS(2), NULL);
		if (count(NODE_COUNT_HANDSHAKES) > dials)
			dials = count(NODE_COUNT_HANDSHAKES);
	}
	world_run(&w, MILLISECONDS(100), NULL);
	print_message("# %u in the book, %u passive, %u dials at once\n",
		(unsigned)mem_live(MEM_BOOK_ENTRY), (unsigned)count(NODE_COUNT_PASSIVE),
		(unsigned)dials);
	good = mem_live(MEM_BOOK_ENTRY) <= BOOK_ENTRIES_MAX + NODES * NODES &&
		count(NODE_COUNT_PASSIVE) <= GOSSIP_PASSIVE_VIEW &&
		count(NODE_COUNT_BOOK_FORGOTTEN) > 0 && dials <= GOSSIP_PENDING_MAX;
	for (size_t i = 1; i < NODES; i++)
		good = good && world_sees(&w, 0, i) == LIVENESS_LIVE;
	good = good && count(NODE_COUNT_NEIGHBORS) >= NODES - 1;
	buf_fini(&data);
	end();
	return good;
}

/* Five thousand peers that there are not: views and the book are bounded, the real
 * neighbors stay. */
static void
floods_of_shuffles(void **state)
{
	(void)state;
	assert_true(shuffles_are_bounded(NONE));
	assert_false(shuffles_are_bounded(BOUND));
}

#define TABLE 64
#define FLOOD 1000

static bool
real_nodes_are_kept(size_t directory_max, enum guard without)
{
	struct identity who;
	bool good = true;

	begin(directory_max);
	guard_out = without;
	for (unsigned i = 0; i < FLOOD; i++) {
		uint8_t seed[32] = { 0 };
		struct digest d;

		memcpy(seed, &i, sizeof i);
		seed[31] = 1;
		identity_from_seed(&who, seed);
		bad_peer_digest(&d, &who, MESH, 1, 1);
		bad_peer_say_digest(&bad, &d, MESH, &who);
		if (i % 10 == 0)
			world_run(&w, MILLISECONDS(10), NULL);
		good = good && count(NODE_COUNT_DIRECTORY) <= TABLE;
		for (size_t k = 1; k < NODES; k++)
			good = good && world_sees(&w, 0, k) == LIVENESS_LIVE;
	}
	good = good && count(NODE_COUNT_DIRECTORY) == TABLE &&
		count(NODE_COUNT_DIRECTORY_CROWDED) > FLOOD - 2 * TABLE;
	/* Without the liar the mesh is itself again. */
	world_run(&w, SECONDS(120), NULL);
	if (without == NONE)
		assert_true(world_converged(&w));
	end();
	return good;
}

/* A thousand fresh identities with good signatures crowd out each other and no node. */
static void
floods_of_digests(void **state)
{
	(void)state;
	assert_true(real_nodes_are_kept(TABLE, NONE));
	assert_false(real_nodes_are_kept(0, NONE));
	assert_false(real_nodes_are_kept(TABLE, ROOM));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forged_digests),
		cmocka_unit_test(foreign_digests),
		cmocka_unit_test(replayed_digests),
		cmocka_unit_test(accusations),
		cmocka_unit_test(conspiracies),
		cmocka_unit_test(floods_of_accusations),
		cmocka_unit_test(floods_of_ihave),
		cmocka_unit_test(floods_of_shuffles),
		cmocka_unit_test(floods_of_digests),
	};

	return sodium_init() < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
