/* SPDX-License-Identifier: MIT */
/*
 * sim_hunt [RUN SEED]...: looks for seeds that fail. Without arguments it goes on until
 * SIM_SECONDS have passed (0 or unset: for ever), from SIM_SEED on (unset: from the wall
 * clock), with every run of runs.c and world_runs.c in turn, and prints each that fails
 * as a line for seeds.txt. With arguments it replays these. The exit status is 1 when one
 * failed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/sim/world_runs.h"

static uint64_t
setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

/* Twice, and both alike. */
static bool
try(const struct run *r, uint64_t seed)
{
	char why[RUNS_WHY_CAP] = "";
	uint64_t first = r->run(seed, why), second = first ? r->run(seed, why) : 0;

	if (first && first == second)
		return true;
	printf("%s %llu\t# %s\n", r->name, (unsigned long long)seed,
		first ? "two runs, two histories" : why);
	fflush(stdout);
	return false;
}

int
main(int argc, char **argv)
{
	uint64_t seconds = setting("SIM_SECONDS", 0), tried = 0, failed = 0;
	uint64_t seed = setting("SIM_SEED", (uint64_t)time(NULL) * 1000);
	time_t end = time(NULL) + (time_t)seconds;

	for (int i = 1; i + 1 < argc; i += 2, tried++) {
		const struct run *r = world_runs_find(argv[i]);

		if (!r) {
			fprintf(stderr, "sim_hunt: no run is called %s\n", argv[i]);
			return 2;
		}
		failed += !try(r, strtoull(argv[i + 1], NULL, 10));
	}
	for (; argc < 3 && (seconds == 0 || time(NULL) < end); seed++) {
		for (size_t i = 0; i < runs_count; i++, tried++)
			failed += !try(&runs[i], seed);
		for (size_t i = 0; i < world_runs_count; i++, tried++)
			failed += !try(&world_runs[i], seed);
	}
	printf("# %llu runs, %llu failed\n", (unsigned long long)tried,
		(unsigned long long)failed);
	return failed > 0;
}
