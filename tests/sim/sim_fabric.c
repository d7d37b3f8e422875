/* SPDX-License-Identifier: MIT */
/*
 * `make sim-fabric`: what more meshes cost. Fabrics of 2 to 64 meshes of 20 nodes, two of
 * them gateways: bytes a second that a gateway has on the backbone, and what a node that
 * is no gateway sends inside of its mesh. SIM_MESHES: a list like "2 4 8"; SIM_NODES 20;
 * SIM_SECONDS of measuring (60); SIM_SEED; SIM_JSON: a file for the same as JSON.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/sim/fabric_runs.h"

static uint64_t
number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

int
main(void)
{
	const char *text = getenv("SIM_MESHES");
	size_t nodes = number("SIM_NODES", 20);
	uint64_t for_ns = SECONDS(number("SIM_SECONDS", 60));
	json_t *rows = json_array();
	int status = EXIT_SUCCESS;
	char *end;

	printf("%8s %8s %16s %16s %14s %14s %8s\n", "meshes", "nodes", "backbone B/s",
		"for each mesh", "busiest B/s", "inner B/s", "CPU s");
	for (text = text ? text : "2 4 8 16 64";; text = end) {
		size_t meshes = strtoull(text, &end, 10);
		struct fabric_traffic t;
		clock_t start = clock();
		struct fabric_run r;
		char why[128] = "";
		bool good;

		if (end == text)
			break;
		r = fabric_runs_new(number("SIM_SEED", 1), meshes, nodes, 2);
		good = fabric_runs_settle(&r, SECONDS(120));
		world_run(r.world, SECONDS(60));	/* the beginning is over */
		t = fabric_runs_traffic(&r, for_ns);
		good = good && fabric_runs_is_whole(&r, why, sizeof(why)) &&
		       fabric_runs_nothing_crossed(&r, why, sizeof(why));
		printf("%8zu %8zu %16.0f %16.1f %14.0f %14.0f %8.0f %s\n", meshes,
			meshes * nodes, t.backbone, t.backbone / (double)meshes,
			t.backbone_max, t.inner,
			(double)(clock() - start) / CLOCKS_PER_SEC,
			good ? "" : why[0] != '\0' ? why : "NOT WHOLE");
		fflush(stdout);
		json_array_append_new(rows,
			json_pack("{s:i,s:i,s:f,s:f,s:f,s:b}", "meshes", (int)meshes,
				"nodes", (int)(meshes * nodes), "backbone_bytes_s",
				t.backbone, "backbone_max_bytes_s", t.backbone_max,
				"inner_bytes_s", t.inner, "good", good));
		if (!good)
			status = EXIT_FAILURE;
		world_free(r.world);
	}
	if (getenv("SIM_JSON") && json_dump_file(rows, getenv("SIM_JSON"),
					  JSON_INDENT(1) | JSON_REAL_PRECISION(6)))
		status = EXIT_FAILURE;
	json_decref(rows);
	return status;
}
