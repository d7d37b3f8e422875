/* SPDX-License-Identifier: MIT */
/*
 * Every run of runs.c and world_runs.c with its first seeds, each twice, and every seed
 * that failed once. SIM_SEEDS: so many seeds of the run that has most, and of the others
 * in proportion (make check-long: 1,000).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/world_runs.h"

/* Sanitizers make it five times slower and look at memory, not at chance. */
#ifdef __SANITIZE_ADDRESS__
#define SHARE 5
#else
#define SHARE 1
#endif

static bool
twice(const struct run *r, uint64_t seed)
{
	char why[RUNS_WHY_CAP] = "";
	uint64_t first = r->run(seed, why), second = first ? r->run(seed, why) : 0;

	if (first && first == second)
		return true;
	printf("# %s %llu: %s\n", r->name, (unsigned long long)seed,
		first ? "two runs, two histories" : why);
	return false;
}

static bool
many(const struct run *r, unsigned seeds)
{
	unsigned failed = 0;

	for (uint64_t seed = 1; seed <= seeds; seed++)
		failed += !twice(r, seed);
	return failed == 0;
}

static bool
kept(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[512], name[32];
	unsigned long long seed;
	bool good = f != NULL;

	while (f && fgets(line, sizeof(line), f)) {
		if (line[0] == '#' || sscanf(line, "%31s %llu", name, &seed) != 2)
			continue;
		if (!strcmp(name, "soak"))
			continue; /* test_soaks has these */
		good = world_runs_find(name) &&
		       twice(world_runs_find(name), seed) && good;
	}
	if (f)
		fclose(f);
	return good;
}

static bool
all_of(const struct run *list, size_t count, unsigned all, size_t *number)
{
	bool good = true;

	for (size_t i = 0; i < count; i++) {
		unsigned seeds = all ? all * list[i].seeds / RUNS_SEEDS_MAX
				     : (list[i].seeds + SHARE - 1) / SHARE;
		bool ok = many(&list[i], seeds);

		printf("%s %zu - %s: %u seeds, each twice\n", ok ? "ok" : "not ok",
			++*number, list[i].name, seeds);
		fflush(stdout);
		good = good && ok;
	}
	return good;
}

int
main(void)
{
	const char *many_seeds = getenv("SIM_SEEDS"), *dir = getenv("SRCDIR");
	unsigned all = many_seeds ? (unsigned)strtoul(many_seeds, NULL, 10) : 0;
	size_t number = 0;
	char path[4096];
	bool good;

	printf("1..%zu\n", runs_count + world_runs_count + 1);
	good = all_of(runs, runs_count, all, &number);
	good = all_of(world_runs, world_runs_count, all, &number) && good;
	snprintf(path, sizeof(path), "%s/tests/sim/seeds.txt", dir ? dir : ".");
	good = kept(path) && good;
	printf("%s %zu - seeds that failed once\n", good ? "ok" : "not ok", number + 1);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
