/* SPDX-License-Identifier: MIT */
/*
 * Prints how good the broadcast trees are: RMR (payloads received for each one needed,
 * less one), LDH (the largest number of hops in a round) and the time of a round. The
 * model is that of iroh-gossip's simulator, to compare with its figures: one latency of
 * 10 to 50 ms for each pair, all join node 0 at once, 20 times the largest latency of
 * settling; a round ends with its last delivery. Its hops count from 0, ours from 1;
 * printed are its. A measurement, no test.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "tests/sim/check.h"

enum senders { ONE, RANDOM, ALL };

static bool
round_is_over(const struct net *n, size_t first, uint16_t *hops, uint64_t *last_ns)
{
	*hops = 0;
	*last_ns = 0;
	for (size_t b = first; b < net_broadcasts(n); b++) {
		for (size_t i = 0; i < net_count(n); i++) {
			const struct net_delivery *d = net_delivery(n, i, b);

			if (i == net_broadcast_sender(n, b))
				continue;
			if (d->count == 0)
				return false;
			if (d->hops > *hops)
				*hops = d->hops;
			if (d->at_ns > *last_ns)
				*last_ns = d->at_ns;
		}
	}
	return true;
}

static void
measure(uint64_t seed, enum senders senders, size_t count, int rounds)
{
	static const char *const names[] = {
		"one sender", "random senders", "all at once"};
	double rmr_sum = 0, ldh_sum = 0, ms_sum = 0;
	struct net_stats before, after;
	struct net_config c;
	struct rng rng;
	struct net *n;

	net_config_default(&c, seed);
	c.nodes_max = count;
	c.broadcasts_max = (size_t)rounds * count;
	c.heal_ns = 0;
	n = net_new(&c);
	rng_init_u64(&rng, seed);
	for (size_t i = 0; i < count; i++)
		net_add(n, false);
	for (size_t i = 1; i < count; i++)
		net_join(n, i, 0);
	net_run(n, 20 * c.latency_max_ns);
	for (int r = 0; r < rounds; r++) {
		size_t first = net_broadcasts(n), sent = senders == ALL ? count : 1;
		uint64_t start_ns = net_now(n), last_ns;
		uint16_t hops;

		net_stats(n, &before);
		for (size_t i = 0; i < sent; i++)
			net_broadcast(n, senders == ALL	  ? i
					 : senders == ONE ? 0
							  : rng_below(&rng, count));
		while (!round_is_over(n, first, &hops, &last_ns))
			net_run(n, MILLISECONDS(1));
		net_stats(n, &after);
		rmr_sum += (double)(after.payloads - before.payloads) /
				   (double)(sent * (count - 1)) -
			   1;
		ldh_sum += hops - 1;
		ms_sum += (double)(last_ns - start_ns) / 1e6;
	}
	printf("%-15s n=%-4zu rounds %-3d RMR %.3f  LDH %.2f  %.0f ms  mean view %.2f\n",
		names[senders], count, rounds, rmr_sum / rounds, ldh_sum / rounds,
		ms_sum / rounds, check_mean_degree(n) / 1000.0);
	net_free(n);
}

int
main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;

	measure(seed, ONE, 20, 30);
	measure(seed, ONE, 100, 30);
	measure(seed, RANDOM, 20, 30);
	measure(seed, RANDOM, 100, 30);
	measure(seed, ALL, 20, 5);
	measure(seed, ALL, 100, 5);
	return 0;
}
