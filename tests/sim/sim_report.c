/* SPDX-License-Identifier: MIT */
/*
 * `make sim-report`: the broadcast trees beside the reference's figures, as a table and
 * as JSON. Environment: SIM_SEEDS (64), SIM_SECONDS for one row (0: no limit; a row that
 * stops early says how many seeds it had), SIM_JSON (a file), SIM_ROWS (a bit each).
 * Other settings than the defaults: SIM_GRAFT_MS, SIM_HOPS, SIM_ACTIVE.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/sim/trees.h"

static uint64_t
setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

static void
try_settings(struct net_config *c)
{
	struct gossip_config *g = &c->gossip;
	uint64_t graft_ms = setting("SIM_GRAFT_MS", g->graft_first_ns / NS_PER_MS);

	g->graft_first_ns = MILLISECONDS(graft_ms);
	g->optimization_hops = (unsigned)setting("SIM_HOPS", g->optimization_hops);
	g->active_max = (unsigned)setting("SIM_ACTIVE", g->active_max);
}

static void
print_figures(const struct trees_figures *f)
{
	printf("| %5.3f %6.2f %5.0f ", f->rmr, f->ldh, f->ms);
}

static json_t *
figures_json(const struct trees_figures *f)
{
	return json_pack("{s:f,s:f,s:f}", "rmr", f->rmr, "ldh", f->ldh, "ms", f->ms);
}

static json_t *
measure(const struct trees_scenario *s, unsigned seeds, uint64_t seconds)
{
	struct trees_result r = {0};
	time_t end = time(NULL) + (time_t)seconds;
	unsigned done = 0;

	while (done < seeds && (done == 0 || seconds == 0 || time(NULL) < end))
		trees_run(s, ++done, try_settings, &r);
	trees_finish(&r, done);
	printf("%-17s %5zu %5u ", s->name, s->nodes, done);
	print_figures(&r.mean);
	print_figures(&s->reference);
	print_figures(&r.worst);
	print_figures(&s->reference_worst);
	printf("| %4.2f %6u\n", r.view, r.missed);
	fflush(stdout);
	return json_pack("{s:s,s:i,s:i,s:i,s:o,s:o,s:o,s:o,s:f,s:i}", "senders", s->name,
		"nodes", (int)s->nodes, "rounds", (int)s->rounds, "seeds", (int)done,
		"mean", figures_json(&r.mean), "reference", figures_json(&s->reference),
		"worst", figures_json(&r.worst), "reference_worst",
		figures_json(&s->reference_worst), "view", r.view, "missed",
		(int)r.missed);
}

int
main(void)
{
	unsigned seeds = (unsigned)setting("SIM_SEEDS", 64);
	uint64_t seconds = setting("SIM_SECONDS", 0), rows = setting("SIM_ROWS", 4095);
	const char *path = getenv("SIM_JSON");
	json_t *all = json_array();
	int err = 0;

	printf("%-17s %5s %5s | %-19s | %-19s | %-19s | %-19s | %4s %6s\n", "senders",
		"n", "seeds", "ours", "reference", "our worst round",
		"its worst round", "view", "missed");
	printf("%-29s", "");
	for (int i = 0; i < 4; i++)
		printf(" | %5s %6s %5s", "RMR", "LDH", "ms");
	printf(" |\n");
	for (size_t i = 0; i < trees_scenario_count; i++) {
		if (rows >> i & 1)
			json_array_append_new(
				all, measure(&trees_scenarios[i], seeds, seconds));
	}
	if (path)
		err = json_dump_file(all, path, JSON_INDENT(1));
	json_decref(all);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
