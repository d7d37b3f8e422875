/* SPDX-License-Identifier: MIT */
#include "tests/sim/trees.h"

#include "base/rng.h"
#include "tests/sim/check.h"

#define SETTLE_LATENCIES 20
#define ROUND_LIMIT SECONDS(5)

/*
 * iroh-gossip 0.101's state machine in its own simulator, release build, 64 seeds. That
 * machine mended of the entries that stay pending, and leave it views of 4.18, is known
 * for one row. The rows "views of 4.2" are ours with as many neighbors as the defect
 * leaves the reference: what a first flood costs is the size of a view less two.
 */
const struct trees_scenario trees_scenarios[] = {
	{"one sender", TREES_ONE, 20, 30, {0.151, 2.84, 89}, {2.78, 4, 199}},
	{"one sender", TREES_ONE, 100, 30, {0.088, 5.86, 169}, {2.19, 8, 316}},
	{"one sender", TREES_ONE, 1000, 30, {0.074, 13.75, 370}, {2.22, 18, 483}},
	{"random senders", TREES_RANDOM, 20, 30, {0.442, 5.08, 169}, {3.28, 9, 427}},
	{"random senders", TREES_RANDOM, 100, 30, {0.472, 10.36, 311}, {2.19, 17, 514}},
	{"random senders", TREES_RANDOM, 1000, 30, {0.469, 20.96, 613}, {2.22, 32, 884}},
	{"random, mended", TREES_RANDOM, 1000, 30, {0.57, 18.7, 518}, {0, 0, 0}},
	{"all at once", TREES_ALL, 20, 30, {1.418, 5.48, 447}, {1.85, 10, 709}},
	{"all at once", TREES_ALL, 100, 5, {1.051, 10.36, 729}, {1.18, 14, 1083}},
	{"one, views of 4.2", TREES_ONE, 20, 30, {0.151, 2.84, 89}, {2.78, 4, 199}, 82},
	{"one, views of 4.2", TREES_ONE, 100, 30, {0.088, 5.86, 169}, {2.19, 8, 316}, 82},
	{"one, views of 4.2", TREES_ONE, 1000, 30, {0.074, 13.75, 370}, {2.22, 18, 483},
		82},
};
const size_t trees_scenario_count = sizeof(trees_scenarios) / sizeof(*trees_scenarios);

static void
keep_larger(double *largest, double value)
{
	if (value > *largest)
		*largest = value;
}

static void
run_round(const struct trees_scenario *s, struct net *n, struct rng *rng,
	struct trees_result *r)
{
	size_t sent = s->senders == TREES_ALL ? s->nodes : 1;
	uint64_t expected = sent * (s->nodes - 1), start_ns = net_now(n), came;
	struct net_stats before, now;
	struct trees_figures f;

	net_reset_hops(n);
	net_stats(n, &before);
	for (size_t i = 0; i < sent; i++)
		net_broadcast(n, s->senders == TREES_ALL   ? i
				 : s->senders == TREES_ONE ? 0
							   : rng_below(rng, s->nodes));
	do {
		net_stats(n, &now);
		came = now.deliveries - before.deliveries;
	} while (came < expected && net_step(n, start_ns + ROUND_LIMIT));
	f.rmr = (double)(now.payloads_received - before.payloads_received) /
			((double)came - 1) -
		1;
	f.ldh = now.hops_max > 0 ? now.hops_max - 1 : 0;
	f.ms = (double)(net_now(n) - start_ns) / 1e6;
	r->missed += (unsigned)(expected - came);
	r->messages += now.messages - before.messages;
	r->rounds++;
	r->mean.rmr += f.rmr;
	r->mean.ldh += f.ldh;
	r->mean.ms += f.ms;
	keep_larger(&r->worst.rmr, f.rmr);
	keep_larger(&r->worst.ldh, f.ldh);
	keep_larger(&r->worst.ms, f.ms);
}

void
trees_run(const struct trees_scenario *s, uint64_t seed,
	void (*change)(struct net_config *), struct trees_result *r)
{
	struct net_config c;
	struct rng rng;
	struct net *n;

	net_config_default(&c, seed);
	c.nodes_max = s->nodes;
	c.broadcasts_max = s->rounds * (s->senders == TREES_ALL ? s->nodes : 1);
	c.heal_ns = 0;
	c.smaller_percent = s->smaller_percent;
	if (change)
		change(&c);
	n = net_new(&c);
	rng_init_u64(&rng, seed);
	for (size_t i = 0; i < s->nodes; i++)
		net_add(n, false);
	for (size_t i = 1; i < s->nodes; i++)
		net_join(n, i, 0);
	net_run(n, SETTLE_LATENCIES * c.latency_max_ns);
	for (unsigned i = 0; i < s->rounds; i++)
		run_round(s, n, &rng, r);
	r->view += check_mean_degree(n) / 1000.0;
	net_free(n);
}

void
trees_finish(struct trees_result *r, unsigned seeds)
{
	r->mean.rmr /= r->rounds;
	r->mean.ldh /= r->rounds;
	r->mean.ms /= r->rounds;
	r->view /= seeds;
}
