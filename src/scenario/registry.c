/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "scenario/registry.h"

static const struct registry_test tests[] = {
#define TEST(name, kind, expected, text, thresholds, yaml) \
	{ name, kind, text, thresholds, expected, yaml, NULL, false },
#define PROBE(name, kind, text, thresholds) \
	{ name, kind, text, thresholds, VERDICT_PASS, NULL, NULL, true },
#define CHECK(name, kind, text, thresholds, function) \
	{ name, kind, text, thresholds, VERDICT_PASS, NULL, function, false },
#include "scenario/registry.def"
#undef CHECK
#undef PROBE
#undef TEST
};

struct registry_run {
	const struct registry_test *test;
	struct scenario *scenario;
	struct plan *plan;
	struct runner *runner;
	struct report report;	/* of a check or probe */
	bool open;		/* a probe that is not settled */
};

size_t
registry_count(void)
{
	return sizeof(tests) / sizeof(tests[0]);
}

const struct registry_test *
registry_at(size_t i)
{
	assert(i < registry_count());
	return &tests[i];
}

const struct registry_test *
registry_find(const char *name)
{
	for (size_t i = 0; i < registry_count(); i++)
		if (strcmp(tests[i].name, name) == 0)
			return &tests[i];
	return NULL;
}

bool
registry_matches(const struct registry_test *t, const char *pattern)
{
	return strcmp(pattern, "all") == 0 || selector_glob(pattern, t->name);
}

char *
registry_scenario(const struct registry_test *t)
{
	struct buf b;

	if (!t->yaml)
		return NULL;
	buf_init(&b, SCENARIO_FILE_LEN_MAX);
	buf_format(&b, "# %s.\n# Passes when: %s.\nname: %s\n%s", t->text, t->thresholds,
		t->name, t->yaml);
	buf_put_u8(&b, 0);
	assert(!b.failed);
	return (char *)b.data;
}

/* The report of what has no nodes of its own: one step. */
static void
begin_report(struct registry_run *r, uint64_t seed, uint64_t wall_ms, uint64_t now_ns)
{
	struct report *to = &r->report;

	snprintf(to->scenario, sizeof(to->scenario), "%s", r->test->name);
	snprintf(to->file, sizeof(to->file), "%s", r->test->name);
	to->wall_ms = wall_ms;
	to->began_ns = to->ended_ns = now_ns;
	to->seed = seed;
	to->step_count = 1;
	to->steps = mem_array(1, sizeof(*to->steps));
	snprintf(to->steps[0].what, sizeof(to->steps[0].what), "%s", r->test->text);
	to->steps[0].reached = true;
	to->steps[0].began_ns = now_ns;
	to->verdict = VERDICT_UNPROVEN;
	report_verdict(&to->steps[0], to->verdict, now_ns, "it runs");
}

void
registry_settle(struct registry_run *r, bool good, const char *text,
	const struct report_figure *figures, size_t count, uint64_t now_ns)
{
	struct report *to = &r->report;

	r->open = false;
	to->ended_ns = now_ns;
	to->verdict = good ? VERDICT_PASS : VERDICT_FAIL;
	report_verdict(&to->steps[0], to->verdict, now_ns, "%s", text);
	for (size_t i = 0; i < count; i++)
		report_figure(&to->steps[0], figures[i].name, figures[i].value);
}

static void
run_check(struct registry_run *r, uint64_t seed, uint64_t wall_ms, uint64_t now_ns)
{
	char why[REPORT_TEXT_CAP] = "";
	bool good;

	begin_report(r, seed, wall_ms, now_ns);
	r->open = r->test->probe;
	if (r->open)
		return;
	good = r->test->check(seed, why);
	registry_settle(r, good, good ? r->test->thresholds : why, NULL, 0, now_ns);
}

struct registry_run *
registry_start(const struct registry_test *t, uint64_t seed, struct supervisor *s,
	const char *data_root, uint64_t wall_ms, uint64_t now_ns,
	char why[static PLAN_WHY_CAP])
{
	struct registry_run *r = mem_new(MEM_REGISTRY_RUN, sizeof(*r));
	char *yaml = registry_scenario(t);
	struct runner_config c = { .file = t->name, .data_root = data_root,
		.wall_ms = wall_ms };
	struct problems p;

	r->test = t;
	if (!yaml) {
		run_check(r, seed, wall_ms, now_ns);
		return r;
	}
	problems_init(&p);
	r->scenario = scenario_parse((struct view){ (const uint8_t *)yaml, strlen(yaml) },
		CHILDREN_POOL_MAX, &p);
	/* They are all read and planned by a test: only a bug gets here. */
	assert(r->scenario);
	problems_fini(&p);
	free(yaml);
	r->plan = plan_make(r->scenario, seed, why);
	if (!r->plan) {
		registry_free(r);
		return NULL;
	}
	c.plan = r->plan;
	r->runner = runner_new(&c, s, now_ns);
	return r;
}

void
registry_free(struct registry_run *r)
{
	if (!r)
		return;
	runner_free(r->runner);
	plan_free(r->plan);
	scenario_free(r->scenario);
	report_fini(&r->report);
	mem_free(MEM_REGISTRY_RUN, r);
}

void
registry_tick(struct registry_run *r, uint64_t now_ns)
{
	if (r->runner)
		runner_tick(r->runner, now_ns);
}

uint64_t
registry_deadline(const struct registry_run *r)
{
	return r->runner ? runner_deadline(r->runner) : NEVER;
}

void
registry_cancel(struct registry_run *r, const char *why, uint64_t now_ns)
{
	if (r->runner)
		runner_cancel(r->runner, why, now_ns);
}

bool
registry_done(const struct registry_run *r)
{
	return r->runner ? runner_done(r->runner) : !r->open;
}

void
registry_progress(struct registry_run *r, char *to, size_t cap)
{
	if (r->runner)
		runner_progress(r->runner, to, cap);
	else
		snprintf(to, cap, r->open ? "its processes are watched" : "done");
}

const struct report *
registry_report(const struct registry_run *r)
{
	return r->runner ? runner_report(r->runner) : &r->report;
}

struct runner *
registry_runner(struct registry_run *r)
{
	return r->runner;
}
