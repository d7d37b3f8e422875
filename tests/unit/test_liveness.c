/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "mesh_fixture.h"

#define ACTORS 6

/* A directory that heard `count` nodes at 0. */
static struct directory *
directory_of(struct actor *actors, unsigned count)
{
	struct directory *d = fixture_directory();

	for (unsigned i = 0; i < count; i++) {
		actor_init(&actors[i], i + 1, "broker");
		assert_int_equal(actor_say(&actors[i], d, 0), ERR_OK);
	}
	let_pass(d, 0);
	return d;
}

static void
all_beat(struct actor *actors, unsigned first, unsigned count, struct directory *d,
	uint64_t now_ns)
{
	for (unsigned i = first; i < count; i++)
		assert_int_equal(actor_beat(&actors[i], d, now_ns), ERR_OK);
}

/*
 * A node that falls silent is suspect, then gone, then forgotten, and each is told once.
 */
static void
silence_is_noticed(void **state)
{
	struct directory *d = fixture_directory();
	struct directory_change change[4];
	struct actor a;

	(void)state;
	actor_init(&a, 1, "broker");
	assert_int_equal(actor_say(&a, d, 0), ERR_OK);
	assert_int_equal(directory_tick(d, SECONDS(8) - 1, change, 4), 1);
	assert_true(change[0].appeared);
	assert_int_equal(directory_deadline(d), SECONDS(8));
	assert_int_equal(directory_tick(d, SECONDS(8), change, 4), 1);
	assert_int_equal(change[0].to, LIVENESS_SUSPECT);
	assert_true(id_is_zero(&change[0].accuser));
	assert_int_equal(directory_tick(d, SECONDS(9), change, 4), 0);
	assert_int_equal(directory_tick(d, SECONDS(30) - 1, change, 4), 0);
	assert_int_equal(directory_tick(d, SECONDS(30), change, 4), 1);
	assert_int_equal(change[0].from, LIVENESS_SUSPECT);
	assert_int_equal(change[0].to, LIVENESS_GONE);
	assert_int_equal(directory_tick(d, SECONDS(90) - 1, change, 4), 0);
	assert_int_equal(directory_tick(d, SECONDS(90), change, 4), 1);
	assert_true(change[0].removed);
	assert_int_equal(directory_count(d), 0);
	assert_int_equal(directory_deadline(d), NEVER);
	directory_free(d);
}

/*
 * The control: who speaks every 2 s and is accused by nobody is never anything but live.
 */
static void
regular_digests_change_nothing(void **state)
{
	struct directory_change change[4];
	struct actor actors[ACTORS];
	struct directory *d = directory_of(actors, ACTORS);
	struct directory_stats s;

	(void)state;
	for (unsigned t = 1; t <= 60; t++) {
		all_beat(actors, 0, ACTORS, d, SECONDS(2) * t);
		assert_int_equal(directory_tick(d, SECONDS(2) * t, change, 4), 0);
	}
	directory_stats(d, &s);
	assert_int_equal(s.liveness_changes, 0);
	assert_int_equal(s.by_liveness[LIVENESS_LIVE], ACTORS);
	directory_free(d);
}

/* A digest after silence makes a node live again, from suspect and from gone. */
static void
a_word_brings_back(void **state)
{
	struct directory_change change[4];
	struct actor actors[1];
	struct directory *d = directory_of(actors, 1);

	(void)state;
	let_pass(d, SECONDS(8));
	all_beat(actors, 0, 1, d, SECONDS(9));
	assert_int_equal(directory_tick(d, SECONDS(9), change, 4), 1);
	assert_int_equal(change[0].from, LIVENESS_SUSPECT);
	assert_int_equal(change[0].to, LIVENESS_LIVE);
	assert_false(change[0].appeared);
	let_pass(d, SECONDS(40));
	assert_int_equal(liveness_of(d, &actors[0]), LIVENESS_GONE);
	all_beat(actors, 0, 1, d, SECONDS(41));
	assert_int_equal(liveness_of(d, &actors[0]), LIVENESS_LIVE);
	directory_free(d);
}

/*
 * With many others live, one accuser makes suspect and no more; silence decides at 30 s.
 */
static void
one_accuser_of_many_is_not_enough(void **state)
{
	struct directory_change change[4];
	struct actor a[ACTORS];
	struct directory *d = directory_of(a, ACTORS);

	(void)state;
	assert_int_equal(accuse(&a[1], &a[0], d, SECONDS(1)), ERR_OK);
	assert_int_equal(directory_tick(d, SECONDS(1), change, 4), 1);
	assert_int_equal(change[0].to, LIVENESS_SUSPECT);
	assert_true(id_equal(&change[0].accuser, &a[1].digest.id));
	for (unsigned t = 2; t < 30; t++) {
		all_beat(a, 1, ACTORS, d, SECONDS(t));
		assert_int_equal(directory_tick(d, SECONDS(t), change, 4), 0);
	}
	assert_int_equal(directory_tick(d, SECONDS(30), change, 4), 1);
	assert_int_equal(change[0].to, LIVENESS_GONE);
	assert_true(id_is_zero(&change[0].accuser));
	directory_free(d);
}

/*
 * Two distinct accusers and 2 s without an answer make gone; the first accuser is named.
 */
static void
two_accusers_decide(void **state)
{
	struct directory_change change[4];
	struct actor a[ACTORS];
	struct directory *d = directory_of(a, ACTORS);

	(void)state;
	assert_int_equal(accuse(&a[1], &a[0], d, SECONDS(1)), ERR_OK);
	let_pass(d, SECONDS(1));
	assert_int_equal(accuse(&a[2], &a[0], d, MILLISECONDS(1500)), ERR_OK);
	assert_int_equal(directory_deadline(d), SECONDS(3));
	assert_int_equal(directory_tick(d, SECONDS(3) - 1, change, 4), 0);
	assert_int_equal(directory_tick(d, SECONDS(3), change, 4), 1);
	assert_int_equal(change[0].to, LIVENESS_GONE);
	assert_true(id_equal(&change[0].accuser, &a[1].digest.id));
	assert_int_equal(directory_find(d, &a[0].digest.id)->accuser_count, 2);
	for (unsigned i = 1; i < ACTORS; i++)
		assert_int_equal(liveness_of(d, &a[i]), LIVENESS_LIVE);
	directory_free(d);
}

/* The same accuser twice is one accuser. */
static void
an_accuser_counts_once(void **state)
{
	struct actor a[ACTORS];
	struct directory *d = directory_of(a, ACTORS);

	(void)state;
	assert_int_equal(accuse(&a[1], &a[0], d, SECONDS(1)), ERR_OK);
	assert_int_equal(accuse(&a[1], &a[0], d, SECONDS(2)), ERR_STALE);
	let_pass(d, SECONDS(5));
	assert_int_equal(liveness_of(d, &a[0]), LIVENESS_SUSPECT);
	directory_free(d);
}

/* How many accusers are needed, by how many nodes there are in all. */
static void
small_meshes_need_one_accuser(void **state)
{
	static const struct {
		unsigned nodes;
		enum liveness after;
	} table[] = {
		{ 2, LIVENESS_GONE }, { 3, LIVENESS_GONE }, { 4, LIVENESS_SUSPECT },
		{ 5, LIVENESS_SUSPECT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct actor a[ACTORS];
		struct directory *d = directory_of(a, table[i].nodes);

		assert_int_equal(accuse(&a[1], &a[0], d, SECONDS(1)), ERR_OK);
		let_pass(d, SECONDS(3) - 1);
		assert_int_equal(liveness_of(d, &a[0]), LIVENESS_SUSPECT);
		let_pass(d, SECONDS(3));
		assert_int_equal(liveness_of(d, &a[0]), table[i].after);
		directory_free(d);
	}
}

/* The word of an only neighbor is enough; that of anybody else is not: the control. */
static void
an_only_neighbor_is_enough(void **state)
{
	(void)state;
	for (unsigned accuser = 1; accuser <= 2; accuser++) {
		struct actor a[ACTORS];
		struct directory *d = directory_of(a, ACTORS);

		actor_neighbor(&a[0], &a[1], 5);
		all_beat(a, 0, 1, d, SECONDS(1));
		assert_int_equal(accuse(&a[accuser], &a[0], d, SECONDS(2)), ERR_OK);
		let_pass(d, SECONDS(5));
		assert_int_equal(liveness_of(d, &a[0]),
			accuser == 1 ? LIVENESS_GONE : LIVENESS_SUSPECT);
		directory_free(d);
	}
}

/* When so many have died that a second accuser can't come, one becomes enough. */
static void
need_falls_with_the_living(void **state)
{
	struct actor a[4];
	struct directory *d = directory_of(a, 4);

	(void)state;
	assert_int_equal(accuse(&a[1], &a[0], d, SECONDS(1)), ERR_OK);
	let_pass(d, SECONDS(4));
	assert_int_equal(liveness_of(d, &a[0]), LIVENESS_SUSPECT);
	assert_int_equal(accuse(&a[1], &a[2], d, SECONDS(5)), ERR_OK);
	let_pass(d, SECONDS(5));
	assert_int_equal(liveness_of(d, &a[0]), LIVENESS_GONE);
	assert_int_equal(liveness_of(d, &a[2]), LIVENESS_SUSPECT);
	let_pass(d, SECONDS(7));
	assert_int_equal(liveness_of(d, &a[2]), LIVENESS_GONE);
	directory_free(d);
}

/* An answer within 2 s clears all accusations. */
static void
an_answer_clears(void **state)
{
	struct actor a[ACTORS];
	struct directory *d = directory_of(a, ACTORS);

	(void)state;
	assert_int_equal(accuse(&a[1], &a[0], d, SECONDS(1)), ERR_OK);
	assert_int_equal(accuse(&a[2], &a[0], d, SECONDS(1)), ERR_OK);
	a[0].digest.seq++;
	all_beat(a, 0, 1, d, SECONDS(2));
	assert_int_equal(liveness_of(d, &a[0]), LIVENESS_LIVE);
	assert_int_equal(directory_find(d, &a[0].digest.id)->accuser_count, 0);
	let_pass(d, SECONDS(7));
	assert_int_equal(liveness_of(d, &a[0]), LIVENESS_LIVE);
	directory_free(d);
}

/*
 * What an accusation overtook on its way is no answer, before it is gone and after; the
 * next one is, because nothing is so long under way. The control: one with news is.
 */
static void
what_was_overtaken_is_no_answer(void **state)
{
	struct actor a[ACTORS];
	struct directory *d = directory_of(a, ACTORS);

	(void)state;
	assert_int_equal(accuse(&a[1], &a[0], d, SECONDS(1)), ERR_OK);
	assert_int_equal(accuse(&a[2], &a[0], d, SECONDS(1)), ERR_OK);
	all_beat(a, 0, 1, d, SECONDS(2));
	assert_int_equal(liveness_of(d, &a[0]), LIVENESS_SUSPECT);
	let_pass(d, SECONDS(3));
	assert_int_equal(liveness_of(d, &a[0]), LIVENESS_GONE);
	all_beat(a, 0, 1, d, SECONDS(1) + DIRECTORY_UNDERWAY - 1);
	assert_int_equal(liveness_of(d, &a[0]), LIVENESS_GONE);
	all_beat(a, 0, 1, d, SECONDS(1) + DIRECTORY_UNDERWAY);
	assert_int_equal(liveness_of(d, &a[0]), LIVENESS_LIVE);
	assert_int_equal(accuse(&a[1], &a[3], d, SECONDS(5)), ERR_OK);
	a[3].digest.flags ^= DIGEST_DEGRADED;
	all_beat(a, 3, 4, d, SECONDS(5));
	assert_int_equal(liveness_of(d, &a[3]), LIVENESS_LIVE);
	directory_free(d);
}

/* Who accuses may not have heard yet what was said just before, but no more than that. */
static void
who_accuses_may_be_behind(void **state)
{
	struct actor a[ACTORS];
	struct directory *d = directory_of(a, ACTORS);

	(void)state;
	all_beat(a, 0, 1, d, SECONDS(1));	/* seq 2 */
	assert_int_equal(accuse_state(&a[1], &a[0], 1, 1, d,
		SECONDS(1) + DIRECTORY_UNDERWAY), ERR_STALE);
	all_beat(a, 0, 1, d, SECONDS(5));
	all_beat(a, 0, 1, d, SECONDS(5));	/* seq 4 */
	assert_int_equal(accuse_state(&a[1], &a[0], 1, 1, d, SECONDS(5)), ERR_STALE);
	assert_int_equal(accuse_state(&a[1], &a[0], 1, 2, d, SECONDS(5)), ERR_OK);
	assert_int_equal(liveness_of(d, &a[0]), LIVENESS_SUSPECT);
	a[0].digest.seq++;
	all_beat(a, 0, 1, d, SECONDS(6));	/* the answer is no routine */
	assert_int_equal(liveness_of(d, &a[0]), LIVENESS_LIVE);
	assert_int_equal(accuse_state(&a[2], &a[0], 1, 4, d, SECONDS(6)), ERR_STALE);
	directory_free(d);
}

/*
 * An accusation about an older state is stale; one that overtook the digest it speaks of
 * holds.
 */
static void
the_state_accused_matters(void **state)
{
	struct actor a[ACTORS];
	struct directory *d = directory_of(a, ACTORS);
	struct directory_stats s;

	(void)state;
	a[0].digest.flags ^= DIGEST_DEGRADED;
	all_beat(a, 0, 1, d, SECONDS(1));
	assert_int_equal(accuse_state(&a[1], &a[0], 1, 1, d, SECONDS(1)), ERR_STALE);
	assert_int_equal(liveness_of(d, &a[0]), LIVENESS_LIVE);
	assert_int_equal(accuse_state(&a[1], &a[0], 1, 3, d, SECONDS(1)), ERR_OK);
	assert_int_equal(accuse_state(&a[2], &a[0], 1, 3, d, SECONDS(1)), ERR_OK);
	all_beat(a, 0, 1, d, SECONDS(2));	/* seq 3,
		which both had when they accused */
	assert_int_equal(liveness_of(d, &a[0]), LIVENESS_SUSPECT);
	a[0].digest.seq++;
	all_beat(a, 0, 1, d, SECONDS(2));
	assert_int_equal(liveness_of(d, &a[0]), LIVENESS_LIVE);
	directory_stats(d, &s);
	assert_int_equal(s.accusations, 2);
	assert_int_equal(s.accusations_refused, 1);
	directory_free(d);
}

/* Who is gone, left, unknown, an observer or the accused itself accuses nobody. */
static void
who_may_not_accuse(void **state)
{
	struct actor a[ACTORS], stranger, observer;
	struct directory *d = directory_of(a, ACTORS);

	(void)state;
	actor_init(&stranger, 100, "broker");
	actor_init(&observer, 101, "observer");
	observer.digest.flags = DIGEST_OBSERVER;
	assert_int_equal(actor_say(&observer, d, 0), ERR_OK);
	assert_int_equal(accuse(&stranger, &a[0], d, 0), ERR_UNKNOWN);
	assert_int_equal(accuse(&a[0], &stranger, d, 0), ERR_UNKNOWN);
	assert_int_equal(accuse(&observer, &a[0], d, 0), ERR_PERMISSION);
	assert_int_equal(accuse(&a[0], &a[0], d, 0), ERR_ARGUMENT);
	a[1].digest.flags = DIGEST_LEFT;
	all_beat(a, 1, 2, d, SECONDS(1));
	assert_int_equal(accuse(&a[1], &a[0], d, SECONDS(1)), ERR_STATE);
	assert_int_equal(liveness_of(d, &a[0]), LIVENESS_LIVE);
	directory_free(d);
}

/* The word of an accuser that then goes itself does not count any more. */
static void
a_gone_accuser_does_not_count(void **state)
{
	struct actor a[ACTORS];
	struct directory *d = directory_of(a, ACTORS);

	(void)state;
	assert_int_equal(accuse(&a[1], &a[0], d, SECONDS(1)), ERR_OK);
	assert_int_equal(accuse(&a[2], &a[0], d, SECONDS(1)), ERR_OK);
	a[1].digest.flags = DIGEST_LEFT;
	all_beat(a, 1, 2, d, SECONDS(2));
	let_pass(d, SECONDS(4));
	assert_int_equal(liveness_of(d, &a[0]), LIVENESS_SUSPECT);
	assert_int_equal(accuse(&a[3], &a[0], d, SECONDS(4)), ERR_OK);
	let_pass(d, SECONDS(4));
	assert_int_equal(liveness_of(d, &a[0]), LIVENESS_GONE);
	directory_free(d);
}

/* Our own entry never ages; an accusation of us is handed over once, for an answer. */
static void
we_answer_for_ourselves(void **state)
{
	struct actor us, other;
	struct directory_config c;
	struct accusation by;
	struct directory *d;

	(void)state;
	actor_init(&us, 1, "broker");
	actor_init(&other, 2, "broker");
	directory_config_default(&c);
	c.topic = fixture_topic();
	c.self = us.digest.id;
	d = directory_new(&c);
	assert_int_equal(actor_say(&us, d, 0), ERR_OK);
	assert_true(directory_find(d, &us.digest.id)->self);
	let_pass(d, SECONDS(1000));
	assert_int_equal(liveness_of(d, &us), LIVENESS_LIVE);
	assert_int_equal(actor_say(&other, d, SECONDS(1000)), ERR_OK);
	assert_false(directory_take_accused(d, &by));
	assert_int_equal(accuse_state(&other, &us, 1, 0, d, SECONDS(1000)), ERR_STALE);
	assert_false(directory_take_accused(d, &by));
	assert_int_equal(accuse(&other, &us, d, SECONDS(1000)), ERR_OK);
	assert_int_equal(liveness_of(d, &us), LIVENESS_LIVE);
	assert_true(directory_take_accused(d, &by));
	assert_true(id_equal(&by.accuser, &other.digest.id));
	assert_false(directory_take_accused(d, &by));
	directory_free(d);
}

/* Silence while we did not listen ourselves is held against nobody. */
static void
our_own_absence_is_excused(void **state)
{
	struct actor a[2];
	struct directory *d = directory_of(a, 2);

	(void)state;
	directory_excuse(d, SECONDS(100));
	let_pass(d, SECONDS(107));
	assert_int_equal(liveness_of(d, &a[0]), LIVENESS_LIVE);
	let_pass(d, SECONDS(108));
	assert_int_equal(liveness_of(d, &a[0]), LIVENESS_SUSPECT);
	directory_free(d);
}

/* Above 250 entries the limits of silence grow with the number of entries. */
static void
limits_grow_with_the_mesh(void **state)
{
	static struct actor a[500];
	struct directory *d = directory_of(a, 500);

	(void)state;
	let_pass(d, SECONDS(16) - 1);
	assert_int_equal(liveness_of(d, &a[0]), LIVENESS_LIVE);
	assert_int_equal(liveness_of(d, &a[499]), LIVENESS_LIVE);
	let_pass(d, SECONDS(16));
	assert_int_equal(liveness_of(d, &a[0]), LIVENESS_SUSPECT);
	let_pass(d, SECONDS(60) - 1);
	assert_int_equal(liveness_of(d, &a[0]), LIVENESS_SUSPECT);
	let_pass(d, SECONDS(60));
	assert_int_equal(liveness_of(d, &a[0]), LIVENESS_GONE);
	directory_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silence_is_noticed),
		cmocka_unit_test(regular_digests_change_nothing),
		cmocka_unit_test(a_word_brings_back),
		cmocka_unit_test(one_accuser_of_many_is_not_enough),
		cmocka_unit_test(two_accusers_decide),
		cmocka_unit_test(an_accuser_counts_once),
		cmocka_unit_test(small_meshes_need_one_accuser),
		cmocka_unit_test(an_only_neighbor_is_enough),
		cmocka_unit_test(need_falls_with_the_living),
		cmocka_unit_test(an_answer_clears),
		cmocka_unit_test(what_was_overtaken_is_no_answer),
		cmocka_unit_test(who_accuses_may_be_behind),
		cmocka_unit_test(the_state_accused_matters),
		cmocka_unit_test(who_may_not_accuse),
		cmocka_unit_test(a_gone_accuser_does_not_count),
		cmocka_unit_test(we_answer_for_ourselves),
		cmocka_unit_test(our_own_absence_is_excused),
		cmocka_unit_test(limits_grow_with_the_mesh),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
