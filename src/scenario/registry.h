/* SPDX-License-Identifier: MIT */
#ifndef SCENARIO_REGISTRY_H
#define SCENARIO_REGISTRY_H

#include "scenario/plan.h"
#include "scenario/runner.h"

/*
 * The named tests: each a scenario with nodes of its own, or a check in the process
 * itself. The command line and the console read this list and run tests by it.
 */
struct registry_test {
	const char *name, *kind, *text, *thresholds;
	enum verdict expected;	/* sham has to be unproven */
	const char *yaml;	/* without the line `name:`; NULL: a check */
	/* A check: true, or why not. The seed decides what is left to chance. */
	bool (*check)(uint64_t seed, char why[static REPORT_TEXT_CAP]);
	bool probe;	/* it needs processes: who runs it does, and settles it */
};
size_t registry_count(void);
const struct registry_test *registry_at(size_t i);
const struct registry_test *registry_find(const char *name);	/* or NULL */
/* "all", or a pattern in which '*' stands for any letters. */
bool registry_matches(const struct registry_test *t, const char *pattern);
/* The whole scenario, as a file would have it; from malloc, or NULL for a check. */
char *registry_scenario(const struct registry_test *t);

/*
 * One test under way. Its supervisor and its directory are the caller's and belong to
 * this test alone, so several can run at once. A check is done at once. NULL: `why`.
 */
struct registry_run;
struct registry_run *registry_start(const struct registry_test *t, uint64_t seed,
	struct supervisor *s, const char *data_root, uint64_t wall_ms, uint64_t now_ns,
	char why[static PLAN_WHY_CAP]);
/* Ends a probe. `text` says why not, or what was seen; figures as in a step's report. */
void registry_settle(struct registry_run *r, bool good, const char *text,
	const struct report_figure *figures, size_t count, uint64_t now_ns);
void registry_free(struct registry_run *r);	/* accepts NULL */
void registry_tick(struct registry_run *r, uint64_t now_ns);
uint64_t registry_deadline(const struct registry_run *r);
void registry_cancel(struct registry_run *r, const char *why, uint64_t now_ns);
bool registry_done(const struct registry_run *r);
void registry_progress(struct registry_run *r, char *to, size_t cap);
/* Whole once it is done; lives as long as the run. */
const struct report *registry_report(const struct registry_run *r);
/* The runner, for its hooks; NULL for a check. */
struct runner *registry_runner(struct registry_run *r);

/* All tests, with kinds and thresholds: for people, and as JSON. */
void registry_list(struct buf *to, bool json);

/* What came of one run of one test, for the report of several. */
struct registry_result {
	const struct registry_test *test;
	uint64_t seed;
	enum verdict verdict;
	bool as_expected;
	uint64_t took_ms;
	char reason[REPORT_TEXT_CAP];
	char *report;		/* JSON, owned */
};
void registry_result(struct registry_result *to, const struct registry_test *t,
	uint64_t seed, const struct report *r);
void registry_results_fini(struct registry_result *all, size_t count);
/* Signed with secret_key, unless that is NULL. */
void registry_results_json(const struct registry_result *all, size_t count,
	const uint8_t *secret_key, struct buf *to);
void registry_results_tap(
	const struct registry_result *all, size_t count, struct buf *to);
void registry_results_junit(
	const struct registry_result *all, size_t count, struct buf *to);

/* The checks of registry.def. */
#define TEST(...)
#define PROBE(...)
#define CHECK(name, kind, text, thresholds, function) \
	bool function(uint64_t seed, char why[static REPORT_TEXT_CAP]);
#include "scenario/registry.def"
#undef CHECK
#undef PROBE
#undef TEST

#endif
