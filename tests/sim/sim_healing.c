/* SPDX-License-Identifier: MIT */
/*
 * `make sim-healing`: how a mesh that was cut grows together again, as a table and as
 * JSON (SIM_JSON). SIM_NODES, SIM_CUTS: lists like "20 100" and "1 60 600" (seconds), to
 * run less than everything. SIM_ANNOUNCE_S: another interval of digests at up to 250
 * nodes. SIM_IDLE_S: that in the middle of a cut of more than an hour (1800), and of all
 * more than five minutes at more than 200 nodes; 0: none. SIM_MINUTES of watching
 * afterwards (5). SIM_SEED. A mesh is formed once for all of its cuts.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/healing.h"

#define LIST_MAX 8
#define LONG SECONDS(3600)

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

/* In a process of its own, so that the formed mesh is there for the next cut. */
static void
apart_from_us(struct healing *h, struct world *formed)
{
	int ends[2];
	pid_t child;

	if (pipe(ends) || (child = fork()) < 0) {
		perror("sim_healing");
		exit(EXIT_FAILURE);
	}
	if (child == 0) {
		clock_t start = clock();

		healing_cut(h, formed);
		h->cpu_s = (double)(clock() - start) / CLOCKS_PER_SEC;
		_exit(write(ends[1], h, sizeof(*h)) == sizeof(*h) ? 0 : 1);
	}
	close(ends[1]);
	if (read(ends[0], h, sizeof(*h)) != sizeof(*h)) {
		fprintf(stderr, "sim_healing: a run ended without a result\n");
		exit(EXIT_FAILURE);
	}
	close(ends[0]);
	waitpid(child, NULL, 0);
}

static json_t *
measure(struct healing *h, struct world *formed)
{
	apart_from_us(h, formed);
	printf("%6llu s %5zu %s %7.0f s",
		(unsigned long long)(h->cut_ns / NS_PER_S), h->nodes,
		h->apart == 1 ? "one alone" : "halves   ",
		(double)h->announce_ns / NS_PER_S *
			(h->nodes > 250 ? (double)h->nodes / 250 : 1));
	seconds(h->overlay_ns);
	seconds(h->directory_ns);
	printf(" %9.1f %9.1f %6.0f s %s %s\n", h->evictions_a_minute, h->changes_a_minute,
		h->cpu_s,
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
	uint64_t nodes[LIST_MAX], cuts[LIST_MAX], announce[LIST_MAX], seed[LIST_MAX],
		idle[LIST_MAX], minutes[LIST_MAX];
	size_t node_count = list("SIM_NODES", "20 100", nodes);
	size_t cut_count = list("SIM_CUTS", "1 60 600 172800", cuts);
	const char *path = getenv("SIM_JSON");
	json_t *all = json_array();
	bool good = true;
	int err = 0;

	list("SIM_ANNOUNCE_S", "2", announce);
	list("SIM_IDLE_S", "1800", idle);
	list("SIM_MINUTES", "5", minutes);
	list("SIM_SEED", "1", seed);
	printf("%8s %5s %9s %9s %9s %9s %9s %9s %8s\n", "cut", "nodes", "sides", "digest",
		"overlay", "directory", "evict/min", "chang/min", "CPU");
	for (size_t i = 0; i < node_count; i++) {
		struct healing h = {.seed = seed[0],
			.nodes = nodes[i],
			.announce_ns = SECONDS(announce[0]),
			.idle_ns = nodes[i] > 200 ? SECONDS(idle[0]) : 0,
			.churn_minutes = (unsigned)minutes[0]};
		struct world *formed = healing_form(&h);

		for (size_t k = 0; k < 2 * cut_count; k++) {
			struct healing one = h;

			one.cut_ns = SECONDS(cuts[k / 2]);
			one.apart = k % 2 ? 1 : nodes[i] / 2;
			if (one.cut_ns > LONG)
				one.idle_ns = SECONDS(idle[0]);
			json_array_append_new(all, measure(&one, formed));
			good = good && healing_good(&one);
		}
		world_free(formed);
	}
	if (path)
		err = json_dump_file(all, path, JSON_INDENT(1));
	json_decref(all);
	return err || !good ? EXIT_FAILURE : EXIT_SUCCESS;
}
