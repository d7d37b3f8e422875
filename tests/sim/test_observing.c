/* SPDX-License-Identifier: MIT */
/* Observers in whole meshes: they get everything and change nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/rng.h"
#include "tests/sim/runs.h"

/* Sanitizers make it five times slower and look at memory, not at chance. */
#ifdef __SANITIZE_ADDRESS__
#define SEEDS 4
#else
#define SEEDS 20
#endif

#define CHECK(call)                                                                      \
	do {                                                                             \
		char why[CHECK_WHY_CAP] = "";                                            \
		if (!(call))                                                             \
			fail_msg("seed %llu, n=%zu: %s: %s", (unsigned long long)seed,   \
				net_count(n), #call, why);                               \
	} while (0)

/* Members alone, or the same members with observers that come, listen and go. */
static uint64_t
views_after(uint64_t seed, size_t observers, uint64_t *history)
{
	struct net *n = runs_grown(seed, 18, NULL);
	uint64_t hash;

	for (size_t i = 0; i < observers; i++)
		net_join(n, net_add(n, true), i % 18);
	net_run(n, SECONDS(2));
	for (int i = 0; i < RUNS_BROADCASTS; i++) {
		net_broadcast(n, (size_t)(i * 7) % 18);
		net_run(n, MILLISECONDS(30));
	}
	net_run(n, SECONDS(2));
	CHECK(check_delivered(n, 0, net_broadcasts(n), why));
	CHECK(check_symmetric(n, why));
	for (size_t i = 0; i < observers; i++) {
		const struct topic *t = net_topic(n, 18 + i);

		assert_in_range(topic_active(t, NULL, 0), 1, GOSSIP_OBSERVED_MAX);
		if (i % 2)
			net_crash(n, 18 + i);
		else
			net_leave(n, 18 + i);
	}
	net_run(n, SECONDS(2));
	for (size_t i = 0; i < 18; i++)
		assert_int_equal(topic_observers(net_topic(n, i), NULL, 0), 0);
	CHECK(runs_settled(n, 3, why));
	if (history)
		*history = net_history(n);
	hash = check_views_hash(n);
	net_free(n);
	return hash;
}

static uint64_t
run_observers(uint64_t seed)
{
	uint64_t history;
	uint64_t with = views_after(seed, 3, &history);

	/* Not only the same before and after: the same as if nobody had ever looked. */
	assert_int_equal(with, views_after(seed, 0, NULL));
	return history;
}

/* Observers get everything once; their coming and going changes no active view. */
static void
observers_change_nothing(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		assert_int_equal(run_observers(seed), run_observers(seed));
}

/* Control: three members more do change the views, so the comparison can fail. */
static void
members_change_views(void **state)
{
	struct net *a = runs_grown(1, 18, NULL), *b = runs_grown(1, 18, NULL);
	uint64_t before = check_views_hash(b);

	(void)state;
	assert_int_equal(check_views_hash(a), before);
	for (size_t i = 0; i < 3; i++)
		net_join(b, net_add(b, false), i);
	net_run(b, SECONDS(2));
	for (size_t i = 18; i < 21; i++)
		net_crash(b, i);
	net_run(b, SECONDS(2));
	assert_int_not_equal(check_views_hash(b), before);
	net_free(a);
	net_free(b);
}

/* An observer whose neighbors are lost finds others, and goes on to get everything once.
 */
static void
observer_finds_others(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct net *n = runs_grown(seed, 18, NULL);
		size_t observer = net_add(n, true), first;
		struct peer_id view[GOSSIP_OBSERVED_MAX];
		size_t count;

		net_join(n, observer, 0);
		net_run(n, SECONDS(2));
		count = topic_active(net_topic(n, observer), view, GOSSIP_OBSERVED_MAX);
		assert_int_equal(count, GOSSIP_OBSERVED_MAX);
		for (size_t i = 0; i < count; i++)
			net_crash(n, net_find(n, &view[i]));
		net_run(n, SECONDS(10));
		assert_in_range(topic_active(net_topic(n, observer), NULL, 0), 1,
			GOSSIP_OBSERVED_MAX);
		first = net_broadcasts(n);
		runs_send_many(n, seed, 20);
		CHECK(check_delivered(n, first, net_broadcasts(n), why));
		net_free(n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(observers_change_nothing),
		cmocka_unit_test(members_change_views),
		cmocka_unit_test(observer_finds_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
