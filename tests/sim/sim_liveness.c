/* SPDX-License-Identifier: MIT */
/*
 * `make sim-liveness`: how soon all survivors agree about a node that was killed, frozen,
 * resumed, left or restarted, over SIM_SEEDS meshes (20), and how many false alarms 5 %
 * loss and a starved CPU bring in SIM_HOURS (1) of simulated time. SIM_NODES: one size,
 * 18.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/world.h"

#define TIMES_MAX 1000
#define LIMIT SECONDS(60)

static uint64_t
setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

static struct world *
mesh_of(uint64_t seed, size_t nodes, unsigned loss_percent)
{
	struct world_config c;
	struct world *w;

	world_config_default(&c, seed);
	c.nodes_max = nodes;
	c.loss_percent = loss_percent;
	w = world_new(&c);
	for (size_t i = 0; i < nodes; i++)
		world_add(w, i == 0 ? SIZE_MAX : 0);
	/* Not all at the same moment of their beat. */
	world_run(w, SECONDS(12) + MILLISECONDS(seed * 130));
	return w;
}

static bool
all_see(const struct world *w, size_t subject, enum liveness least, enum liveness most)
{
	for (size_t i = 0; i < w->count; i++) {
		int sees;

		if (i == subject || !world_alive(w, i))
			continue;
		sees = world_sees(w, i, subject);
		if (sees < (int)least || sees > (int)most)
			return false;
	}
	return true;
}

/* Seconds until all see it so, or the limit. */
static double
until(struct world *w, size_t subject, enum liveness least, enum liveness most)
{
	uint64_t start_ns = w->now_ns;

	while (!all_see(w, subject, least, most) && w->now_ns < start_ns + LIMIT)
		world_run(w, MILLISECONDS(10));
	return (double)(w->now_ns - start_ns) / NS_PER_S;
}

static bool
others_changed(const struct world *w, size_t subject)
{
	for (size_t j = 0; j < w->count; j++) {
		if (j != subject && world_alive(w, j) &&
			!all_see(w, j, LIVENESS_LIVE, LIVENESS_LIVE))
			return true;
	}
	return false;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
print_times(const char *what, double *times, size_t count)
{
	qsort(times, count, sizeof(*times), compare);
	printf("%-24s median %5.2f s   p95 %5.2f s   largest %5.2f s\n", what,
		times[count / 2], times[count * 95 / 100], times[count - 1]);
	fflush(stdout);
}

static void
measure(size_t nodes, size_t seeds)
{
	static const char *const names[] = {"killed: suspect", "killed: gone",
		"frozen: suspect", "frozen: gone", "resumed: live", "leaves: left",
		"restarted: live"};
	double times[7][TIMES_MAX];
	unsigned others = 0;

	for (size_t k = 0; k < seeds; k++) {
		struct world *w = mesh_of(k + 1, nodes, 0);
		size_t a = k % nodes, b = (k + 1) % nodes, c = (k + 2) % nodes;

		world_kill(w, a);
		times[0][k] = until(w, a, LIVENESS_SUSPECT, LIVENESS_GONE);
		times[1][k] = times[0][k] + until(w, a, LIVENESS_GONE, LIVENESS_GONE);
		others += others_changed(w, a);
		world_run(w, SECONDS(5));
		world_restart(w, a);
		times[6][k] = until(w, a, LIVENESS_LIVE, LIVENESS_LIVE);
		world_run(w, SECONDS(10));
		world_freeze(w, b);
		times[2][k] = until(w, b, LIVENESS_SUSPECT, LIVENESS_GONE);
		times[3][k] = times[2][k] + until(w, b, LIVENESS_GONE, LIVENESS_GONE);
		others += others_changed(w, b);
		world_run(w, SECONDS(5));
		world_resume(w, b);
		times[4][k] = until(w, b, LIVENESS_LIVE, LIVENESS_LIVE);
		world_run(w, SECONDS(10));
		world_leave(w, c);
		times[5][k] = until(w, c, LIVENESS_LEFT, LIVENESS_LEFT);
		others += others_changed(w, c);
		world_free(w);
	}
	printf("%zu nodes, %zu meshes\n", nodes, seeds);
	for (size_t i = 0; i < 7; i++)
		print_times(names[i], times[i], seeds);
	printf("%-24s %u\n", "somebody else changed", others);
}

/*
 * Who gets no CPU, again and again: each node is stalled every 3.6 s (of 18), for up to
 * 1.5 s, a fifth of all time.
 */
static void
starve(struct world *w, uint64_t for_ns)
{
	uint64_t end_ns = w->now_ns + for_ns;

	while (w->now_ns < end_ns) {
		size_t i = rng_below(&w->rng, w->count);

		if (!w->members[i].frozen)
			world_stall(w, i, rng_below(&w->rng, MILLISECONDS(1500)));
		world_run(w, rng_below(&w->rng, MILLISECONDS(400)));
	}
}

static void
false_alarms(size_t nodes, uint64_t hours, unsigned loss_percent)
{
	struct world *w = mesh_of(1, nodes, loss_percent);
	double node_hours = (double)(hours * nodes);
	uint64_t suspected = 0, gone = 0, lost = 0;

	if (hours > 0 && loss_percent == 0)
		starve(w, SECONDS(hours * 3600));
	else
		world_run(w, SECONDS(hours * 3600));
	for (size_t i = 0; i < nodes; i++) {
		suspected += w->members[i].suspected;
		gone += w->members[i].called_gone;
		lost += w->members[i].lost;
	}
	printf("%s, %llu h: %.3f suspicions, %.3f called gone, %.3f links lost, per node "
	       "and hour\n",
		loss_percent ? "5 % loss" : "starved", (unsigned long long)hours,
		(double)suspected / node_hours,
		(double)gone / node_hours, (double)lost / node_hours);
	world_free(w);
}

int
main(void)
{
	size_t nodes = setting("SIM_NODES", 18), seeds = setting("SIM_SEEDS", 20);

	measure(nodes, seeds < TIMES_MAX ? seeds : TIMES_MAX);
	if (setting("SIM_HOURS", 1) > 0) {
		false_alarms(nodes, setting("SIM_HOURS", 1), 5);
		false_alarms(nodes, setting("SIM_HOURS", 1), 0);
	}
	return 0;
}
