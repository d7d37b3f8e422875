/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_ANSWER_H
#define CONTROL_ANSWER_H

#include "mesh/alerts.h"
#include "mesh/backbone.h"
#include "mesh/facts.h"
#include "mesh/timeline.h"
#include "trace/meter.h"
#include "wire/fault_status.h"
#include "trace/exporter.h"
#include "trace/otlp_config.h"
#include "wire/span.h"

/*
 * Answers to the verbs of verbs.def as JSON, the same for socket, command line and
 * console. A request is one line, {"version":1,"verb":"list","what":"nodes"}; an answer
 * is one line, {"version":1,...}, or
 * {"version":1,"error":{"name":"UNKNOWN","text":"..."}}.
 */
/* What became of the telemetry of a process; NULL: this signal is not exported. */
struct control_exports {
	const struct exporter_stats *stats[OTLP_SIGNALS];
};

struct control_view {
	const struct node_status *status;
	const struct mesh_row *meshes;
	size_t mesh_count;
	const struct link_row *links;
	size_t link_count;
	const struct timeline *timeline;	/* NULL: it keeps none */
	const struct span_set *spans;		/* of its boot; NULL: none */
	const struct span_store *recent;	/* finished ones; NULL: none */
	const struct alerts *alerts;		/* NULL: it has none */
	const struct meter *meter;		/* NULL: it measures nothing */
	const struct fault_status *faults;	/* on the node itself; NULL: none */
	const struct backbone *backbone;	/* NULL: it is not on the backbone */
	const struct control_exports *exports;	/* NULL: nothing is exported */
	uint64_t now_ns;
	uint64_t loop_turned_ns;	/* when the loop last made progress; for health */
};

/* Text of one line without newline, from malloc; the caller frees. Never NULL. */
char *control_answer(const struct control_view *v, const char *request, size_t len);

#endif
