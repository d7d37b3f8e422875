/* SPDX-License-Identifier: MIT */
/*
 * `make sim-healing`: how a mesh that was cut grows together again, as a table and as
 * JSON (SIM_JSON). SIM_NODES, SIM_CUTS: lists like "20 100" and "1 60 600" (seconds), to
 * run less than everything. SIM_ANNOUNCE_S: another interval of digests. SIM_SEED.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/sim/healing.h"

#define LIST_MAX 8

static size_t
list(const char *name, const char *otherwise, uint64_t to[static LIST_MAX])
{
	const char *text = getenv(name) ? getenv(name) : otherwise;
	size_t count = 0;
	char *end;

	for (; count < LIST_MAX; text = end, count++) {
		to[count] = strtoull(text, &end, 10);
		if (end == text)
			break;
	}
	return count;
}

static void
seconds(uint64_t ns)
{
	if (ns == NEVER)
		printf(" %9s", "never");
	else
		printf(" %7.1f s", (double)ns / NS_PER_S);
}

static double
json_seconds(uint64_t ns)
{
	return ns == NEVER ? -1 : (double)ns / NS_PER_S;
}

static json_t *
measure(struct healing *h)
{
	clock_t start = clock();

	healing_run(h);
	printf("%6llu s %5zu %s %7.0f s",
		(unsigned long long)(h->cut_ns / NS_PER_S), h->nodes,
		h->apart == 1 ? "one alone" : "halves   ",
		(double)(h->announce_ns ? h->announce_ns : SECONDS(2)) / NS_PER_S);
	seconds(h->overlay_ns);
	seconds(h->directory_ns);
	printf(" %9.1f %9.1f %6.0f s %s %s\n", h->evictions_a_minute, h->changes_a_minute,
		(double)(clock() - start) / CLOCKS_PER_SEC,
		healing_good(h) ? "good" : "NOT GOOD", healing_good(h) ? "" : h->why);
	fflush(stdout);
	return json_pack("{s:f,s:i,s:i,s:f,s:f,s:f,s:f,s:b}", "cut_s",
		json_seconds(h->cut_ns), "nodes", (int)h->nodes, "apart", (int)h->apart,
		"overlay_s", json_seconds(h->overlay_ns), "directory_s",
		json_seconds(h->directory_ns), "evictions_a_minute",
		h->evictions_a_minute, "changes_a_minute", h->changes_a_minute, "good",
		healing_good(h));
}

int
main(void)
{
	uint64_t nodes[LIST_MAX], cuts[LIST_MAX], announce[LIST_MAX], seed[LIST_MAX];
	size_t node_count = list("SIM_NODES", "20 100", nodes);
	size_t cut_count = list("SIM_CUTS", "1 60 600 172800", cuts);
	const char *path = getenv("SIM_JSON");
	json_t *all = json_array();
	bool good = true;
	int err = 0;

	list("SIM_ANNOUNCE_S", "0", announce);
	list("SIM_SEED", "1", seed);
	printf("%8s %5s %9s %9s %9s %9s %9s %9s %8s\n", "cut", "nodes", "sides", "digest",
		"overlay", "directory", "evict/min", "chang/min", "CPU");
	for (size_t k = 0; k < cut_count; k++) {
		for (size_t i = 0; i < 2 * node_count; i++) {
			struct healing h = {.seed = seed[0],
				.nodes = nodes[i / 2],
				.apart = i % 2 ? 1 : nodes[i / 2] / 2,
				.cut_ns = SECONDS(cuts[k]),
				.announce_ns = SECONDS(announce[0])};

			json_array_append_new(all, measure(&h));
			good = good && healing_good(&h);
		}
	}
	if (path)
		err = json_dump_file(all, path, JSON_INDENT(1));
	json_decref(all);
	return err || !good ? EXIT_FAILURE : EXIT_SUCCESS;
}
