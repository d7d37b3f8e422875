/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/orphans.h"
#include "app/run_mode.h"
#include "app/run_report.h"
#include "app/test_mode.h"
#include "base/mem.h"
#include "io/loop.h"
#include "scenario/registry.h"

#define TESTS_LEN_MAX (1u << 20)
#define RESULTS_LEN_MAX (512u << 20)

struct testing {
	const struct registry_test *test;
	uint64_t seed;
	struct registry_run *run;
	struct registry_result *result;
	bool alone;		/* one test, once: its whole report is printed */
};

static struct runner *
make_test(void *ctx, struct supervisor *s, const char *data_root)
{
	struct testing *t = ctx;
	char why[PLAN_WHY_CAP] = "";

	t->run = registry_start(t->test, t->seed, s, data_root, loop_wall_ms(),
		loop_now_ns(), why);
	if (t->run == NULL) {
		fprintf(stderr, "meshtui: %s: %s\n", t->test->name, why);
		return NULL;
	}
	return registry_runner(t->run);
}

static int
test_done(void *ctx, const struct report *r)
{
	struct testing *t = ctx;

	registry_result(t->result, t->test, t->seed, r);
	if (t->alone || !t->result->as_expected)
		run_report_print(r);
	return run_report_status(r->verdict);
}

static void
free_test(void *ctx)
{
	struct testing *t = ctx;

	registry_free(t->run);
	t->run = NULL;
}

static void
run_probe(struct testing *t)
{
	static const atomic_bool never;
	struct orphans_result r;

	orphans_run(t->seed, &never, &r);
	orphans_settle(&r, t->run, loop_now_ns());
}

/* A check needs no nodes, and so no loop. */
static int
run_check(struct testing *t)
{
	int status;

	(void)make_test(t, NULL, "");
	if (t->test->probe)
		run_probe(t);
	status = test_done(t, registry_report(t->run));
	free_test(t);
	return status;
}

static int
write_results(const struct options *o, const struct registry_result *all, size_t count)
{
	struct identity identity;
	int bad = run_report_identity(o, &identity);

	for (size_t i = 0; i < o->report_count && bad == 0; i++) {
		struct buf b;

		buf_init(&b, RESULTS_LEN_MAX);
		if (o->reports[i][0] == 't')
			registry_results_tap(all, count, &b);
		else if (strncmp(o->reports[i], "js", 2) == 0)
			registry_results_json(all, count,
				o->identity_path != NULL ? identity.secret_key : NULL,
				&b);
		else
			registry_results_junit(all, count, &b);
		bad |= run_report_file(strchr(o->reports[i], ':') + 1, &b);
		buf_fini(&b);
	}
	if (o->identity_path != NULL)
		identity_wipe(&identity);
	return bad ? EXIT_IO : 0;
}

/* The worst of all: a failure, else something unproven that should not be. */
static int
status_of(const struct registry_result *all, size_t count)
{
	int status = EXIT_PASS;

	for (size_t i = 0; i < count; i++) {
		if (all[i].as_expected)
			continue;
		if (all[i].verdict != VERDICT_UNPROVEN)
			return EXIT_FAIL;
		status = EXIT_UNPROVEN;
	}
	return status;
}

static void
print_line(const struct registry_result *x)
{
	printf("%-25s %-8s seed %" PRIu64 "  %7.1fs  %s%s\n", x->test->name,
		report_verdict_text(x->verdict), x->seed, (double)x->took_ms / 1000,
		x->reason, x->as_expected ? x->verdict == VERDICT_PASS ? "" :
		" (as it has to be)" : "");
	fflush(stdout);
}

/* The named tests are part of the program: nobody has to be asked. */
int
test_mode_list(const struct options *o)
{
	struct buf b;

	buf_init(&b, TESTS_LEN_MAX);
	registry_list(&b, o->json);
	fwrite(b.data, 1, b.len, stdout);
	buf_fini(&b);
	return 0;
}

int
test_mode(const struct options *o)
{
	struct registry_result *all = NULL;
	size_t count = 0, matching = 0;
	bool interrupted = false;
	int status, written;

	for (size_t i = 0; i < registry_count(); i++)
		matching += registry_matches(registry_at(i), o->what);
	if (matching == 0) {
		fprintf(stderr, "meshtui: --test %.60s: there is no such test; see "
				"--list tests\n", o->what);
		return EXIT_USAGE;
	}
	status = run_report_check(o, NULL);
	if (status != 0)
		return status;
	all = mem_array(matching * o->repeat, sizeof(*all));
	for (size_t i = 0; i < registry_count() && !interrupted; i++) {
		if (!registry_matches(registry_at(i), o->what))
			continue;
		for (unsigned k = 0; k < o->repeat && !interrupted; k++) {
			struct testing t = { .test = registry_at(i),
				.seed = (o->run_seeded ? o->run_seed : 1) + k,
				.result = &all[count],
				.alone = matching == 1 && o->repeat == 1 };
			const struct run_subject subject = { .make = make_test,
				.done = test_done, .free = free_test, .ctx = &t,
				.pool = CHILDREN_POOL_MAX, .name = t.test->name,
				 .interrupted = &interrupted };

			status =
				t.test->yaml ? run_mode_with(o, &subject) : run_check(&t);
			if (t.result->test == NULL) {
				registry_results_fini(all, count);
				free(all);
				return status;
			}
			print_line(&all[count++]);
		}
	}
	status = status_of(all, count);
	written = write_results(o, all, count);
	registry_results_fini(all, count);
	free(all);
	return written ? written : interrupted ? EXIT_UNPROVEN : status;
}
