/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "app/check_mode.h"
#include "app/options.h"
#include "app/scenario_file.h"
#include "base/err.h"
#include "scenario/events.h"
#include "scenario/plan.h"

#define PLAN_LEN_MAX (256u << 20)
#define VERDICTS_LEN_MAX (64u << 20)
#define REPORT_LEN_MAX (256u << 20)

static int
plan_file(const struct options *o, const struct scenario *s)
{
	char why[PLAN_WHY_CAP];
	struct plan *p = plan_make(s, o->run_seeded ? o->run_seed : s->seed, why);
	struct buf b;

	if (p == NULL) {
		fprintf(stderr, "meshtui: %s: %s\n", o->file, why);
		return EXIT_DATA;
	}
	buf_init(&b, PLAN_LEN_MAX);
	plan_print(p, &b);
	fwrite(b.data, 1, b.len, stdout);
	buf_fini(&b);
	plan_free(p);
	return 0;
}

static int
verify_file(const struct options *o)
{
	uint8_t *bytes;
	struct buf said;
	size_t len;
	int err, status = scenario_file_read(o->file, REPORT_LEN_MAX, &bytes, &len);

	if (status != 0)
		return status;
	buf_init(&said, VERDICTS_LEN_MAX);
	err = events_verify((struct view){ bytes, len },
		o->operator_count > 0 ? &o->operators[0] : NULL, &said);
	if (err == ERR_OK || err == ERR_SIGNATURE) {
		fwrite(said.data, 1, said.len, stdout);
		printf("%s: %s\n", o->file,
			err == ERR_OK ? "every verdict follows from its evidence"
				      : "this does not hold");
	} else {
		fprintf(stderr, "meshtui: %s: %.*s", o->file, (int)said.len,
			(const char *)said.data);
	}
	buf_fini(&said);
	free(bytes);
	return err == ERR_OK ? EXIT_PASS : err == ERR_SIGNATURE ? EXIT_FAIL : EXIT_DATA;
}

int
check_mode(const struct options *o)
{
	struct scenario *s;
	int status;

	if (o->mode == MODE_VERIFY)
		return verify_file(o);
	status = scenario_file_load(o->file, o->pool, &s);
	if (status == 0 && o->mode == MODE_PLAN)
		status = plan_file(o, s);
	else if (status == 0)
		printf("%s: %s is right: %zu %s in %zu %s, %zu %s\n", o->file, s->name,
			s->node_count, s->node_count == 1 ? "node" : "nodes",
			s->mesh_count, s->mesh_count == 1 ? "mesh" : "meshes",
			s->step_count, s->step_count == 1 ? "step" : "steps");
	scenario_free(s);
	return status;
}
