/* SPDX-License-Identifier: MIT */
#include "tests/sim/runs.h"

#include <stdio.h>
#include <string.h>

#include "base/rng.h"

struct net *
runs_grown(uint64_t seed, size_t count, void (*change)(struct net_config *))
{
	struct net_config c;
	struct rng rng;
	struct net *n;

	net_config_default(&c, seed);
	if (change)
		change(&c);
	n = net_new(&c);
	rng_init_u64(&rng, seed ^ 0x9042);
	for (size_t i = 0; i < count; i++) {
		net_add(n, false);
		if (i > 0)
			net_join(n, i, rng_below(&rng, i));
		net_run(n, MILLISECONDS(20));
	}
	net_run(n, SECONDS(5));
	return n;
}

/* SIZE_MAX when no member lives. */
static size_t
random_member(const struct net *n, struct rng *rng)
{
	size_t start = rng_below(rng, net_count(n));

	for (size_t i = 0; i < net_count(n); i++) {
		size_t node = (start + i) % net_count(n);

		if (net_alive(n, node) && !net_is_observer(n, node))
			return node;
	}
	return SIZE_MAX;
}

void
runs_send_many(struct net *n, uint64_t seed, size_t count)
{
	struct rng rng;

	rng_init_u64(&rng, seed ^ 0xb40adca5);
	for (size_t done = 0; done < count; done++) {
		net_broadcast(n, random_member(n, &rng));
		net_run(n, MILLISECONDS(30));
	}
	net_run(n, SECONDS(5));
}

void
runs_stop_some(struct net *n, uint64_t seed, void (*stop)(struct net *, size_t))
{
	struct rng rng;

	rng_init_u64(&rng, seed ^ 0xc4a5);
	for (size_t done = 0; done < net_count(n) / 5; done++)
		stop(n, random_member(n, &rng));
}

bool
runs_settled(struct net *n, size_t min_degree, char *why)
{
	/* Shuffles go on for ever, but whatever waits has a timer: there are moments
	 * without. */
	for (int i = 0; i < 40 && !check_quiet(n, why); i++)
		net_run(n, MILLISECONDS(250));
	return check_connected(n, why) && check_symmetric(n, why) &&
	       check_degrees(n, min_degree, why) && check_bounds(n, why) &&
	       check_quiet(n, why);
}

/* Frees the network; its history, or 0 with the reason. */
static uint64_t
finish(struct net *n, bool good, uint64_t seed, char *why)
{
	uint64_t history = net_history(n);
	char reason[CHECK_WHY_CAP];

	if (!good) {
		snprintf(reason, sizeof(reason), "%s", why);
		snprintf(why, RUNS_WHY_CAP, "seed %llu, n=%zu, at %.3f s: %s",
			(unsigned long long)seed, net_count(n),
			(double)net_now(n) / NS_PER_S, reason);
	}
	net_free(n);
	return good ? history : 0;
}

static uint64_t
join_and_broadcast(uint64_t seed, size_t count, char *why)
{
	struct net *n = runs_grown(seed, count, NULL);
	bool good = runs_settled(n, 3, why);

	if (good) {
		runs_send_many(n, seed, RUNS_BROADCASTS);
		good = check_delivered(n, 0, net_broadcasts(n), why) &&
		       runs_settled(n, 3, why);
	}
	return finish(n, good, seed, why);
}

static uint64_t
join_9(uint64_t seed, char *why)
{
	return join_and_broadcast(seed, 9, why);
}

static uint64_t
join_18(uint64_t seed, char *why)
{
	return join_and_broadcast(seed, 18, why);
}

static uint64_t
join_50(uint64_t seed, char *why)
{
	return join_and_broadcast(seed, 50, why);
}

static uint64_t
join_200(uint64_t seed, char *why)
{
	return join_and_broadcast(seed, 200, why);
}

static uint64_t
lose_a_fifth(uint64_t seed, void (*stop)(struct net *, size_t), char *why)
{
	struct net *n = runs_grown(seed, 50, NULL);
	size_t before;
	bool good;

	runs_send_many(n, seed, 10);
	runs_stop_some(n, seed, stop);
	net_run(n, SECONDS(10));
	good = runs_settled(n, 3, why);
	before = net_broadcasts(n);
	runs_send_many(n, seed, 30);
	good = good && check_delivered(n, before, net_broadcasts(n), why) &&
	       runs_settled(n, 3, why);
	return finish(n, good, seed, why);
}

static uint64_t
crash_fifth(uint64_t seed, char *why)
{
	return lose_a_fifth(seed, net_crash, why);
}

static uint64_t
leave_fifth(uint64_t seed, char *why)
{
	return lose_a_fifth(seed, net_leave, why);
}

static uint64_t
cut_for_a_while(uint64_t seed, void (*change)(struct net_config *), char *why)
{
	struct net *n = runs_grown(seed, 30, change);
	struct rng rng;

	rng_init_u64(&rng, seed ^ 0xc07);
	for (int i = 0; i < 2000; i++) {
		net_cut(n, rng_below(&rng, net_count(n)), rng_below(&rng, net_count(n)));
		net_run(n, MILLISECONDS(5));
	}
	net_run(n, SECONDS(30));
	runs_send_many(n, seed, 20);
	return finish(n,
		check_delivered(n, 0, net_broadcasts(n), why) && runs_settled(n, 3, why),
		seed, why);
}

static uint64_t
lost_links(uint64_t seed, char *why)
{
	return cut_for_a_while(seed, NULL, why);
}

static void
with_silent_takeover(struct net_config *c)
{
	c->silent_takeover = true;
}

static uint64_t
silent_losses(uint64_t seed, char *why)
{
	return cut_for_a_while(seed, with_silent_takeover, why);
}

static void
with_slow_links(struct net_config *c)
{
	c->latency_min_ns = MILLISECONDS(1);
	c->latency_max_ns = MILLISECONDS(1 + c->seed % 120);
}

static void
anything(struct net *n, struct rng *rng)
{
	size_t node = random_member(n, rng), other = random_member(n, rng);
	size_t dice = rng_below(rng, 100);

	if (dice < 15 && net_count(n) < 100)
		net_join(n, net_add(n, rng_below(rng, 10) == 0), node);
	else if (dice < 20 && node != 0 && node != other)
		net_crash(n, node);
	else if (dice < 25 && node != 0 && node != other)
		net_leave(n, node);
	else if (dice < 70)
		net_cut(n, node, rng_below(rng, net_count(n)));
	else
		net_broadcast(n, node);
}

/*
 * Whatever can happen, in any order; then nothing more, and all has to come right. Node
 * 0, which everyone is seeded with, stays.
 */
static uint64_t
everything(uint64_t seed, char *why)
{
	struct net *n = runs_grown(seed, 3 + seed % 30, with_slow_links);
	struct rng rng;
	size_t before;

	rng_init_u64(&rng, seed ^ 0xa11);
	for (int i = 0; i < 150; i++) {
		anything(n, &rng);
		net_run(n, rng_below(&rng, MILLISECONDS(200)));
	}
	net_run(n, SECONDS(60));
	before = net_broadcasts(n);
	runs_send_many(n, seed, 20);
	return finish(n,
		check_delivered(n, before, net_broadcasts(n), why) &&
			runs_settled(n, 1, why),
		seed, why);
}

const struct run runs[] = {
	{"join-9", join_9, 20},
	{"join-18", join_18, 20},
	{"join-50", join_50, 10},
	{"join-200", join_200, 2},
	{"crash-fifth", crash_fifth, 20},
	{"leave-fifth", leave_fifth, 20},
	{"lost-links", lost_links, 20},
	{"silent-losses", silent_losses, 5},
	{"everything", everything, RUNS_SEEDS_MAX},
};
const size_t runs_count = sizeof(runs) / sizeof(*runs);

const struct run *
runs_find(const char *name)
{
	for (size_t i = 0; i < runs_count; i++) {
		if (!strcmp(runs[i].name, name))
			return &runs[i];
	}
	return NULL;
}
