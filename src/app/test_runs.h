/* SPDX-License-Identifier: MIT */
#ifndef APP_TEST_RUNS_H
#define APP_TEST_RUNS_H

#include <uv.h>

#include "tui/model_test.h"

/*
 * Named tests that a person runs from the console. Each has nodes, a directory and a
 * runtime directory of its own, so that neither the meshes of the console nor another
 * test see anything of it.
 */
#define TEST_RUNS_AT_ONCE 4
#define TEST_RUNS_WHY_CAP PLAN_WHY_CAP

struct test_runs;

struct test_runs_hooks {
	/* A test began, or ended. */
	void (*changed)(void *ctx, const struct model_test *t);
	void *ctx;
};

struct test_runs *test_runs_new(uv_loop_t *loop, const struct test_runs_hooks *hooks);
/*
 * What still runs is killed and its directories are removed; the loop has to run once
 * more. Accepts NULL.
 */
void test_runs_close(struct test_runs *t);

/* ERR_LIMIT: as many as can run at once; ERR_STATE: it runs; others with `why`. */
int test_runs_begin(struct test_runs *t, size_t index, uint64_t seed,
	char why[static TEST_RUNS_WHY_CAP]);
/* Ends it; its verdict says that it was cut short. ERR_STATE: it does not run. */
int test_runs_cancel(struct test_runs *t, size_t index);

/* One for each test, in the order of the registry. */
const struct model_test *test_runs_rows(struct test_runs *t);

#endif
