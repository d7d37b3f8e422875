/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/mem.h"
#include "mesh_fixture.h"

/*
 * What is not signed by the id inside, or is cut anywhere, changes nothing and is
 * counted.
 */
static void
forgeries_are_refused(void **state)
{
	struct directory *d = fixture_directory();
	struct peer_id topic = fixture_topic();
	struct actor a, thief;
	struct directory_stats s;
	struct view v;
	struct buf b;

	(void)state;
	actor_init(&a, 1, "broker");
	actor_init(&thief, 2, "broker");
	memcpy(a.secret_key, thief.secret_key, sizeof a.secret_key);
	assert_int_equal(actor_say(&a, d, 0), ERR_SIGNATURE);

	actor_init(&a, 1, "broker");
	buf_init(&b, 1024);
	digest_sign(&b, &a.digest, &topic, a.secret_key);
	v.data = b.data;
	for (v.len = 0; v.len < b.len; v.len++)
		assert_int_not_equal(directory_apply(d, v, FIXTURE_MESH, 0), ERR_OK);
	for (size_t i = 0; i < b.len; i++) {
		b.data[i] ^= 0x40;
		assert_int_not_equal(directory_apply(d, v, FIXTURE_MESH, 0), ERR_OK);
		b.data[i] ^= 0x40;
	}
	assert_int_equal(directory_count(d), 0);
	directory_stats(d, &s);
	assert_int_equal(s.applied, 0);
	assert_int_equal(s.bad_signature + s.malformed, 1 + 2 * b.len);
	assert_int_equal(directory_apply(d, v, FIXTURE_MESH, 0),
		ERR_OK);	/* the control */
	buf_fini(&b);
	directory_free(d);
}

/* Another topic does not verify; another mesh's name under our topic is foreign. */
static void
foreign_meshes_stay_out(void **state)
{
	struct directory *d = fixture_directory();
	struct peer_id topic = { { 1 } };
	struct directory_stats s;
	struct actor a;

	(void)state;
	actor_init(&a, 1, "broker");
	assert_int_equal(actor_say_topic(&a, d, &topic, 0), ERR_SIGNATURE);
	strcpy(a.digest.mesh, "mesh2");
	assert_int_equal(actor_say(&a, d, 0), ERR_FOREIGN);
	assert_int_equal(directory_count(d), 0);
	directory_stats(d, &s);
	assert_int_equal(s.bad_signature, 1);
	assert_int_equal(s.foreign, 1);
	directory_free(d);
}

/* In whatever order digests come, and come again, the newest stays. */
static void
reordered_deliveries_never_regress(void **state)
{
	static const struct {
		uint64_t incarnation, seq;
		int err;
	} table[] = {
		{ 5, 3, ERR_OK }, { 5, 3, ERR_STALE }, { 5, 2, ERR_STALE }, { 4, 9,
			ERR_STALE },
		{ 5, 10, ERR_OK }, { 5, 9, ERR_STALE }, { 6, 1, ERR_OK }, { 5, 11,
			ERR_STALE },
		{ 6, 2, ERR_OK },
	};
	struct directory *d = fixture_directory();
	uint64_t incarnation = 0, seq = 0;
	struct directory_stats s;
	struct actor a;

	(void)state;
	actor_init(&a, 1, "broker");
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const struct directory_entry *en;

		a.digest.incarnation = table[i].incarnation;
		a.digest.seq = table[i].seq;
		assert_int_equal(actor_say(&a, d, i), table[i].err);
		if (!table[i].err) {
			incarnation = table[i].incarnation;
			seq = table[i].seq;
		}
		en = directory_find(d, &a.digest.id);
		assert_int_equal(en->digest.incarnation, incarnation);
		assert_int_equal(en->digest.seq, seq);
	}
	directory_stats(d, &s);
	assert_int_equal(s.applied, 4);
	assert_int_equal(s.stale, 5);
	directory_free(d);
}

/* A restart with the same id is told as an appearance, and is one entry. */
static void
a_restart_is_told(void **state)
{
	struct directory *d = fixture_directory();
	struct directory_change change[4];
	struct directory_stats s;
	struct actor a;

	(void)state;
	actor_init(&a, 1, "broker");
	assert_int_equal(actor_say(&a, d, 0), ERR_OK);
	assert_int_equal(directory_tick(d, 0, change, 4), 1);
	assert_int_equal(actor_beat(&a, d, 1), ERR_OK);
	assert_int_equal(directory_tick(d, 1, change, 4), 0);
	a.digest.incarnation++;
	a.digest.seq = 0;
	assert_int_equal(actor_say(&a, d, 2), ERR_OK);
	assert_int_equal(directory_tick(d, 2, change, 4), 1);
	assert_true(change[0].appeared);
	assert_int_equal(change[0].to, LIVENESS_LIVE);
	assert_int_equal(directory_count(d), 1);
	directory_stats(d, &s);
	assert_int_equal(s.liveness_changes, 0);
	directory_free(d);
}

/* A last word is left at once, forgotten after 60 s, and no old digest brings it back. */
static void
a_node_that_left_is_forgotten(void **state)
{
	struct directory *d = fixture_directory();
	struct directory_change change[4];
	struct actor a;

	(void)state;
	actor_init(&a, 1, "broker");
	assert_int_equal(actor_say(&a, d, 0), ERR_OK);
	a.digest.flags = DIGEST_LEFT;
	assert_int_equal(actor_beat(&a, d, SECONDS(1)), ERR_OK);
	assert_int_equal(directory_tick(d, SECONDS(1), change, 4), 2);
	assert_int_equal(change[1].from, LIVENESS_LIVE);
	assert_int_equal(change[1].to, LIVENESS_LEFT);
	assert_int_equal(directory_tick(d, SECONDS(61) - 1, change, 4), 0);
	assert_int_equal(directory_tick(d, SECONDS(61), change, 4), 1);
	assert_true(change[0].removed);
	assert_int_equal(directory_count(d), 0);
	a.digest.flags = 0;
	a.digest.seq = 1;
	assert_int_equal(actor_say(&a, d, SECONDS(62)), ERR_STALE);
	a.digest.incarnation++;
	assert_int_equal(actor_say(&a, d, SECONDS(62)), ERR_OK);
	assert_int_equal(liveness_of(d, &a), LIVENESS_LIVE);
	directory_free(d);
}

/* A last word that overtakes all others leaves no ghost behind. */
static void
a_late_digest_after_the_last_word_is_stale(void **state)
{
	struct directory *d = fixture_directory();
	struct actor a;

	(void)state;
	actor_init(&a, 1, "broker");
	a.digest.flags = DIGEST_LEFT;
	a.digest.seq = 9;
	assert_int_equal(actor_say(&a, d, 0), ERR_OK);
	assert_int_equal(liveness_of(d, &a), LIVENESS_LEFT);
	a.digest.flags = 0;
	a.digest.seq = 8;
	assert_int_equal(actor_say(&a, d, 1), ERR_STALE);
	assert_int_equal(liveness_of(d, &a), LIVENESS_LEFT);
	directory_free(d);
}

/*
 * Ages are of our receive time: incarnation and uptime of a skewed clock change nothing.
 */
static void
the_senders_clock_does_not_matter(void **state)
{
	static const uint64_t clocks[] = { 1, 1700000000000, UINT64_MAX / 2 };

	(void)state;
	for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
		struct directory *d = fixture_directory();
		struct actor a;

		actor_init(&a, 1, "broker");
		a.digest.incarnation = clocks[i];
		a.digest.uptime_s = UINT32_MAX;
		assert_int_equal(actor_say(&a, d, SECONDS(100)), ERR_OK);
		assert_int_equal(directory_find(d, &a.digest.id)->received_ns,
			SECONDS(100));
		let_pass(d, SECONDS(108) - 1);
		assert_int_equal(liveness_of(d, &a), LIVENESS_LIVE);
		let_pass(d, SECONDS(108));
		assert_int_equal(liveness_of(d, &a), LIVENESS_SUSPECT);
		directory_free(d);
	}
}

/*
 * Entries are in order of type and id, also when a type changes; the index is the place.
 */
static void
entries_are_ordered(void **state)
{
	static const char *const types[] = { "relay", "broker", "sensor", "gateway" };
	struct directory *d = fixture_directory();
	struct actor a[40];

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		actor_init(&a[i], i, types[i % 4]);
		assert_int_equal(actor_say(&a[i], d, 0), ERR_OK);
	}
	strcpy(a[3].digest.type, "zebra");
	assert_int_equal(actor_beat(&a[3], d, 0), ERR_OK);
	assert_int_equal(directory_count(d), 40);
	for (size_t i = 0; i < 40; i++) {
		const struct directory_entry *en = directory_at(d, i), *next;

		assert_int_equal(directory_index(d, en), i);
		assert_ptr_equal(directory_find(d, &en->digest.id), en);
		assert_ptr_equal(directory_find_prefix(d, en->digest.id.bytes), en);
		next = directory_at(d, i + 1);
		if (next)
			assert_true(strcmp(en->digest.type, next->digest.type) < 0
				|| (strcmp(en->digest.type, next->digest.type) == 0
				&& id_compare(&en->digest.id, &next->digest.id) < 0));
	}
	assert_string_equal(directory_at(d, 39)->digest.type, "zebra");
	assert_null(directory_at(d, 40));
	directory_free(d);
}

/*
 * The first pair of seeds whose ids begin with the same six hex digits, found by search.
 */
enum { SEED_OF_ONE = 543, SEED_OF_OTHER = 8360 };

/* Two live ids with one name are both shown with 12 digits, as long as both are up. */
static void
name_collisions_are_flagged(void **state)
{
	struct directory *d = fixture_directory();
	char one[NAME_LEN_MAX + 1], other[NAME_LEN_MAX + 1];
	struct actor a, b;

	(void)state;
	actor_init(&a, SEED_OF_ONE, "broker");
	actor_init(&b, SEED_OF_OTHER, "broker");
	assert_memory_equal(a.digest.id.bytes, b.digest.id.bytes, 3);
	assert_int_equal(actor_say(&a, d, 0), ERR_OK);
	assert_false(directory_find(d, &a.digest.id)->name_collides);
	directory_name(directory_find(d, &a.digest.id), one);
	assert_int_equal(strlen(one), strlen("mesh1.broker.") + 6);
	assert_int_equal(actor_say(&b, d, 0), ERR_OK);
	assert_true(directory_find(d, &a.digest.id)->name_collides);
	assert_true(directory_find(d, &b.digest.id)->name_collides);
	directory_name(directory_find(d, &a.digest.id), one);
	directory_name(directory_find(d, &b.digest.id), other);
	assert_int_equal(strlen(one), strlen("mesh1.broker.") + 12);
	assert_string_not_equal(one, other);
	b.digest.flags = DIGEST_LEFT;
	assert_int_equal(actor_beat(&b, d, SECONDS(1)), ERR_OK);
	assert_false(directory_find(d, &a.digest.id)->name_collides);
	assert_true(directory_find(d, &b.digest.id)->name_collides);
	b.digest.flags = 0;
	strcpy(b.digest.type, "relay");
	assert_int_equal(actor_beat(&b, d, SECONDS(2)), ERR_OK);
	assert_false(directory_find(d, &a.digest.id)->name_collides);
	assert_false(directory_find(d, &b.digest.id)->name_collides);
	directory_free(d);
}

/*
 * An observer has an entry, but is in no count of nodes and its going changes no
 * liveness.
 */
static void
observers_are_not_nodes(void **state)
{
	struct directory *d = fixture_directory();
	struct directory_change change[4];
	struct directory_stats s;
	struct actor a, o;

	(void)state;
	actor_init(&a, 1, "broker");
	actor_init(&o, 2, "observer");
	o.digest.flags = DIGEST_OBSERVER;
	assert_int_equal(actor_say(&a, d, 0), ERR_OK);
	assert_int_equal(actor_say(&o, d, 0), ERR_OK);
	assert_int_equal(directory_tick(d, 0, change, 4), 2);
	assert_false(change[0].observer);
	assert_true(change[1].observer);
	assert_false(directory_is_node(directory_find(d, &o.digest.id)));
	assert_true(directory_is_node(directory_find(d, &a.digest.id)));
	for (unsigned t = 1; t < 20; t++)
		assert_int_equal(actor_beat(&a, d, SECONDS(2 * t)), ERR_OK);
	let_pass(d, SECONDS(38));
	assert_int_equal(liveness_of(d, &o), LIVENESS_GONE);
	directory_stats(d, &s);
	assert_int_equal(s.by_liveness[LIVENESS_LIVE], 1);
	assert_int_equal(s.by_liveness[LIVENESS_GONE], 0);
	assert_int_equal(s.observers, 1);
	assert_int_equal(s.liveness_changes, 0);
	directory_free(d);
}

/*
 * A full table refuses strangers, keeps the living, and gives way only what is gone or
 * left.
 */
static void
a_full_table_is_bounded(void **state)
{
	struct directory_config c;
	struct directory_change change[8];
	struct directory_stats s;
	struct actor a[5];
	struct directory *d;
	uint64_t now_ns;

	(void)state;
	directory_config_default(&c);
	c.topic = fixture_topic();
	c.entries_max = 3;
	for (unsigned i = 0; i < 5; i++)
		actor_init(&a[i], i + 1, "broker");
	c.self = a[4].digest.id;
	d = directory_new(&c);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(actor_say(&a[i], d, 0), ERR_OK);
	/* Who is heard for 5 s stays; a newcomer makes room for the next one. */
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(actor_beat(&a[i], d, DIRECTORY_ESTABLISHED), ERR_OK);
	assert_int_equal(actor_beat(&a[2], d, DIRECTORY_ESTABLISHED - 1), ERR_OK);
	assert_int_equal(actor_say(&a[3], d, DIRECTORY_ESTABLISHED), ERR_OK);
	assert_int_equal(liveness_of(d, &a[2]), LIVENESS_COUNT);
	assert_int_equal(actor_beat(&a[2], d, DIRECTORY_ESTABLISHED), ERR_OK);
	assert_int_equal(liveness_of(d, &a[3]), LIVENESS_COUNT);
	assert_int_equal(actor_beat(&a[2], d, 2 * DIRECTORY_ESTABLISHED), ERR_OK);
	assert_int_equal(actor_beat(&a[3], d, 2 * DIRECTORY_ESTABLISHED), ERR_LIMIT);
	let_pass(d, 2 * DIRECTORY_ESTABLISHED);
	a[1].digest.flags = DIGEST_LEFT;
	now_ns = 2 * DIRECTORY_ESTABLISHED + 1;
	assert_int_equal(actor_beat(&a[1], d, now_ns), ERR_OK);
	assert_int_equal(actor_beat(&a[3], d, now_ns), ERR_OK);
	assert_int_equal(directory_tick(d, now_ns, change, 8), 3);
	assert_true(change[1].removed && id_equal(&change[1].id, &a[1].digest.id));
	assert_int_equal(liveness_of(d, &a[1]), LIVENESS_COUNT);
	assert_int_equal(directory_count(d), 3);
	/* Ourselves: always. */
	assert_int_equal(actor_say(&a[4], d, now_ns), ERR_OK);
	directory_stats(d, &s);
	assert_int_equal(s.full, 1);
	assert_int_equal(s.crowded, 2);
	directory_free(d);
}

/*
 * The payload is kept as it came, so that it can be handed on; all memory is given back.
 */
static void
payloads_are_kept(void **state)
{
	struct directory *d = fixture_directory();
	struct peer_id topic = fixture_topic();
	const struct directory_entry *en;
	struct digest again;
	struct actor a;

	(void)state;
	actor_init(&a, 1, "broker");
	assert_int_equal(actor_say(&a, d, 0), ERR_OK);
	assert_int_equal(actor_beat(&a, d, 0), ERR_OK);
	en = directory_find(d, &a.digest.id);
	assert_int_equal(digest_verify(&again, en->payload, &topic), ERR_OK);
	assert_int_equal(again.seq, 2);
	let_pass(d, SECONDS(8));
	let_pass(d, SECONDS(40));
	let_pass(d, SECONDS(101));
	assert_int_equal(directory_count(d), 0);
	directory_free(d);
	directory_free(NULL);
	assert_int_equal(mem_live(MEM_DIRECTORY_ENTRY), 0);
	assert_int_equal(mem_live(MEM_DEPARTED), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forgeries_are_refused),
		cmocka_unit_test(foreign_meshes_stay_out),
		cmocka_unit_test(reordered_deliveries_never_regress),
		cmocka_unit_test(a_restart_is_told),
		cmocka_unit_test(a_node_that_left_is_forgotten),
		cmocka_unit_test(a_late_digest_after_the_last_word_is_stale),
		cmocka_unit_test(the_senders_clock_does_not_matter),
		cmocka_unit_test(entries_are_ordered),
		cmocka_unit_test(name_collisions_are_flagged),
		cmocka_unit_test(observers_are_not_nodes),
		cmocka_unit_test(a_full_table_is_bounded),
		cmocka_unit_test(payloads_are_kept),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
