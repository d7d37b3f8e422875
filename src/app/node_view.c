/* SPDX-License-Identifier: MIT */
#include "app/node_view.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "control/answer.h"
#include "io/procfs.h"
#include "node/faulting.h"
#include "node/measure.h"
#include "node/shown.h"
#include "node/telling.h"

char *
node_view_answer(struct node *n, const char *line, size_t len,
	const struct node_view_own *own)
{
	struct link_row *links = mem_array(LINKS_MAX, sizeof *links);
	struct mesh_row meshes[MESHES_MAX];
	struct fault_status *faults = mem_array(1, sizeof *faults);
	struct node_status status;
	struct control_view v = { .status = &status,
		.meshes = meshes,
		.links = links,
		.timeline = own->timeline,
		.alerts = own->alerts,
		.spans = own->spans,
		.recent = node_spans(n),
		.faults = faults,
		.exports = own->exports,
		.now_ns = own->now_ns,
		.loop_turned_ns = own->turned_ns };
	char *answer;

	measure_now(n);
	v.meter = node_meter(n);
	v.backbone = node_backbone(n);
	node_status(n, &status, own->now_ns);
	node_faults(n, faults, own->now_ns);
	status.boot_ns = own->boot_ns;
	v.mesh_count = node_meshes(n, meshes, MESHES_MAX);
	v.link_count = node_links(n, links, LINKS_MAX);
	answer = control_answer(&v, line, len);
	free(links);
	free(faults);
	return answer;
}

void
node_view_tell(struct node *n, struct lifeline_view *v, uint64_t ask, uint64_t now_ns)
{
	struct timespec cpu = { 0 };

	telling_view(n, v, ask, now_ns);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	v->cpu_us = (uint64_t)cpu.tv_sec * 1000000 + (uint64_t)cpu.tv_nsec / 1000;
	v->memory_kib = procfs_resident_kib();
}

void
node_view_show(struct node *n, const struct timeline *t, const struct alerts *a)
{
	node_show_timeline(n, t);
	node_show_alerts(n, a);
}
