/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "app/file_run.h"
#include "app/run_mode.h"
#include "app/run_report.h"
#include "app/scenario_file.h"
#include "base/err.h"
#include "base/limits.h"
#include "io/loop.h"
#include "scenario/resume.h"

#define RESUME_LEN_MAX (256u << 20)

struct one_run {
	const struct options *o;
	struct scenario *scenario;
	struct plan *plan;
	struct report_soak resume;
	struct runner *runner;
};

/* 0, or an exit status after a line that says why. */
static int
read_resume(struct one_run *one)
{
	char why[RESUME_WHY_CAP];
	uint8_t *bytes;
	size_t len;
	int status = scenario_file_read(
		one->o->resume_path, RESUME_LEN_MAX, &bytes, &len);

	if (status != 0)
		return status;
	if (resume_read((struct view){ bytes, len }, one->plan, &one->resume, why) !=
		ERR_OK) {
		fprintf(stderr, "meshtui: %s: %s\n", one->o->resume_path, why);
		status = EXIT_DATA;
	}
	free(bytes);
	return status;
}

static int
make_plan(struct one_run *one)
{
	const struct options *o = one->o;
	char why[PLAN_WHY_CAP];

	one->plan = plan_make(
		one->scenario, o->run_seeded ? o->run_seed : one->scenario->seed, why);
	if (one->plan)
		return o->resume_path ? read_resume(one) : 0;
	fprintf(stderr, "meshtui: %s: %s\n", o->file, why);
	return EXIT_DATA;
}

static struct runner *
make_run(void *ctx, struct supervisor *s, const char *data_root)
{
	struct one_run *one = ctx;
	struct runner_config c = { .plan = one->plan, .file = one->o->file,
		.data_root = data_root, .wall_ms = loop_wall_ms(),
		.resume = &one->resume };

	/* With attach there is only now somebody to plan with. */
	if (one->plan == NULL && make_plan(one) != 0)
		return NULL;
	c.plan = one->plan;
	one->runner = runner_new(&c, s, loop_now_ns());
	return one->runner;
}

static int
run_done(void *ctx, const struct report *r)
{
	struct one_run *one = ctx;

	run_report_print(r);
	return run_report_write(r, one->o, one->scenario);
}

static void
run_snapshot(void *ctx, const struct report *r)
{
	struct one_run *one = ctx;

	run_report_snapshot(r, one->o);
}

static void
free_run(void *ctx)
{
	struct one_run *one = ctx;

	runner_free(one->runner);
}

/* What is for nodes of others means nothing where they are our own. */
static int
check_attach(const struct options *o, const struct scenario *s)
{
	size_t seeds = o->seed_count + o->named_seed_count;
	const char *given = seeds > 0	       ? "--seed ID@HOST:PORT"
			    : o->key_path      ? "--key"
			    : o->bind_count    ? "--bind"
			    : o->open	       ? "--open"
					       : NULL;

	if (s->attach || given == NULL)
		return 0;
	fprintf(stderr, "meshtui: %s: %s is for a file with attach: true; this one "
		"starts its own nodes\n", o->file, given);
	return EXIT_USAGE;
}

int
file_run(const struct options *o)
{
	struct one_run one = { .o = o };
	struct run_subject subject = {.make = make_run,
		.done = run_done,
		.snapshot = run_snapshot,
		.free = free_run,
		.ctx = &one,
		.pool = o->pool,
		.name = o->file};
	int status = scenario_file_load(o->file, o->pool, &one.scenario);

	if (status != 0)
		return status;
	status = check_attach(o, one.scenario);
	if (one.scenario->attach) {
		subject.attach = one.scenario;
		subject.pool = ATTACHED_NODES_MAX;
	} else if (status == 0) {
		status = make_plan(&one);
	}
	if (status == 0)
		status = run_report_check(o, one.scenario);
	if (status == 0)
		status = run_mode_with(o, &subject);
	plan_free(one.plan);
	scenario_free(one.scenario);
	return status;
}
