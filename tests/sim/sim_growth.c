/* SPDX-License-Identifier: MIT */
/*
 * `make sim-growth`: what a node of an idle mesh costs on the wire as the mesh grows,
 * with digests at their own interval (2 s, above 250 nodes so much more that a node's
 * cost stays flat). SIM_NODES: a list, "20 100 250 500"; 1,000 want 4 GB and ten minutes.
 * SIM_CALM_S: how long the trees have to settle (60), SIM_SECONDS: how long is measured
 * (16). SIM_SEED.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/healing.h"
#include "tests/sim/world_check.h"

static uint64_t
setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

static void
sums(const struct world *w, uint64_t *frames, uint64_t *delivered)
{
	*frames = *delivered = 0;
	for (size_t i = 0; i < w->count; i++) {
		struct directory_stats d;
		struct mesh_row row;

		node_meshes(w->members[i].node, &row, 1);
		directory_stats(row.directory, &d);
		*frames += row.frames_sent;
		*delivered += d.applied;
	}
}

static bool
measure(size_t nodes, uint64_t seed)
{
	struct healing h = {.seed = seed,
		.nodes = nodes,
		.announce_ns = SECONDS(2),
		.idle_ns = nodes > 200 ? SECONDS(1800) : 0};
	uint64_t seconds = setting("SIM_SECONDS", 16);
	double each = (double)nodes * (double)seconds;
	uint64_t packets, bytes, frames, delivered, frames_then, delivered_then;
	struct world *w = healing_form(&h);
	char why[WORLD_WHY_CAP] = "";
	bool whole;

	world_run(w, SECONDS(setting("SIM_CALM_S", 60)));
	whole = world_check_directory(w, why);
	packets = w->packets_sent;
	bytes = w->bytes_sent;
	sums(w, &frames_then, &delivered_then);
	world_run(w, SECONDS(seconds));
	sums(w, &frames, &delivered);
	printf("%6zu %7.1f s %9.2f %9.2f %9.1f %9.1f  %s\n", nodes,
		nodes > 250 ? 2.0 * (double)nodes / 250 : 2.0,
		(double)(w->bytes_sent - bytes) / 1000 / each,
		(double)(w->packets_sent - packets) / each,
		(double)(frames - frames_then) / each,
		(double)(delivered - delivered_then) / each,
		whole ? "every directory complete" : why);
	fflush(stdout);
	world_free(w);
	return whole;
}

int
main(void)
{
	const char *text = getenv("SIM_NODES") ? getenv("SIM_NODES") : "20 100 250 500";
	bool whole = true;
	char *end;

	printf("%6s %9s %9s %9s %9s %9s  (a node and second)\n", "nodes", "digest",
		"kB out", "packets", "frames", "digests");
	fflush(stdout);
	for (;; text = end) {
		size_t nodes = strtoull(text, &end, 10);

		if (end == text)
			break;
		whole = measure(nodes, setting("SIM_SEED", 1)) && whole;
	}
	return whole ? EXIT_SUCCESS : EXIT_FAILURE;
}
