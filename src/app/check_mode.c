/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "app/check_mode.h"
#include "app/options.h"
#include "app/scenario_file.h"

int
check_mode(const struct options *o)
{
	struct scenario *s;
	int status = scenario_file_load(o->file, o->pool, &s);

	if (status == 0)
		printf("%s: %s is right: %zu %s in %zu %s, %zu %s\n", o->file, s->name,
			s->node_count, s->node_count == 1 ? "node" : "nodes",
			s->mesh_count, s->mesh_count == 1 ? "mesh" : "meshes",
			s->step_count, s->step_count == 1 ? "step" : "steps");
	scenario_free(s);
	return status;
}
