/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/observe.h"
#include "node/shown.h"
#include "trace/span_store.h"

/* How long the first look for nodes may take before we say that there are none. */
#define LOOKING MILLISECONDS(1500)
#define NOTICE_SHOWN SECONDS(20)

void
observe_notice(struct observe *o, enum model_notice_level level, const char *format, ...)
{
	struct model_notice *n;
	va_list args;

	if (o->notice_count == MODEL_NOTICES_MAX) {
		memmove(&o->notices[0], &o->notices[1],
			(MODEL_NOTICES_MAX - 1) * sizeof(o->notices[0]));
		o->notice_count--;
	}
	n = &o->notices[o->notice_count++];
	n->level = level;
	n->at_ns = loop_now_ns();
	va_start(args, format);
	vsnprintf(n->text, sizeof(n->text), format, args);
	va_end(args);
}

static void
drop_old_notices(struct observe *o, uint64_t now_ns)
{
	while (o->notice_count > 0 && o->notices[0].at_ns + NOTICE_SHOWN < now_ns) {
		memmove(&o->notices[0], &o->notices[1],
			(o->notice_count - 1) * sizeof(o->notices[0]));
		o->notice_count--;
	}
}

void
observe_model_fini(struct observe *o)
{
	for (size_t i = 0; i < o->mesh_count; i++)
		topology_fini(&o->topologies[i]);
	o->mesh_count = 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(
		((const struct mesh_row *)a)->mesh, ((const struct mesh_row *)b)->mesh);
}

static void
fill_meshes(struct observe *o)
{
	observe_model_fini(o);
	o->model.heard_ns = 0;
	o->mesh_count = node_meshes(o->node, o->rows, MESHES_MAX);
	qsort(o->rows, o->mesh_count, sizeof(o->rows[0]), by_name);
	for (size_t i = 0; i < o->mesh_count; i++) {
		const struct directory *d = o->rows[i].directory;

		topology_build(&o->topologies[i], d);
		o->meshes[i] = (struct model_mesh){o->rows[i].mesh, d, &o->topologies[i]};
		for (size_t k = 0; k < directory_count(d); k++)
			if (directory_at(d, k)->received_ns > o->model.heard_ns)
				o->model.heard_ns = directory_at(d, k)->received_ns;
	}
}

static void
fill_children(struct observe *o)
{
	const struct supervisor *s = fleet_supervisor(o->fleet);
	size_t count = supervisor_count(s);

	if (count > sizeof(o->children) / sizeof(o->children[0]))
		count = sizeof(o->children) / sizeof(o->children[0]);
	for (size_t i = 0; i < count; i++)
		o->children[i] = supervisor_at(s, i);
	o->model.children = o->children;
	o->model.child_count = count;
	if (o->others == NULL)
		return;
	s = bystanders_supervisor(o->others);
	o->model.others = o->other_rows;
	o->model.other_count = 0;
	for (size_t i = 0; i < supervisor_count(s) && i < ATTACHED_NODES_MAX; i++)
		o->other_rows[o->model.other_count++] = supervisor_at(s, i);
}

static void
fill_watched(struct observe *o)
{
	struct traces *t = watching_traces(o->watching);

	o->model.outlooks = o->outlooks;
	o->model.outlook_count =
		watching_outlooks(o->watching, o->outlooks, WATCHED_NODES_MAX);
	o->model.left_out = watching_left_out(o->watching);
	o->model.traces = t;
	o->model.trace_rows = traces_rows(t, &o->model.trace_count);
}

void
observe_model(struct observe *o, uint64_t now_ns)
{
	time_t now = (time_t)(loop_wall_ms() / 1000);
	struct tm tm;

	o->model.now_ns = now_ns;
	o->model.wall_us = span_store_wall_at(node_spans(o->node), now_ns);
	if (localtime_r(&now, &tm) != NULL)
		strftime(o->model.clock, sizeof(o->model.clock), "%H:%M:%S", &tm);
	node_status(o->node, &o->status, now_ns);
	o->model.self = &o->status;
	fill_meshes(o);
	fill_children(o);
	drop_old_notices(o, now_ns);
	crossings_follow(&o->crossings, o->chronicle.timeline);
	o->model.crossings = &o->crossings;
	o->model.backbone = node_backbone(o->node);
	o->model.timeline = o->chronicle.timeline;
	o->model.alerts = o->alarms.alerts;
	o->model.series = o->alarms.series;
	o->model.boots = boots_rows(o->boots, &o->model.boot_count);
	fill_watched(o);
	o->model.meshes = o->meshes;
	o->model.mesh_count = o->mesh_count;
	o->model.faults = trials_rows(o->trials, &o->model.fault_count);
	o->model.loop = &o->fault_loop.shown;
	o->model.tests = test_runs_rows(o->tests);
	o->model.test_count = registry_count();
	o->model.notices = o->notices;
	o->model.notice_count = o->notice_count;
	o->model.searching = now_ns < o->began_ns + LOOKING ||
			     fleet_alive(o->fleet) > 0 || o->options->seed_count > 0 ||
			     o->options->named_seed_count > 0;
	o->model.looked_in = o->runtime_dir;
}
