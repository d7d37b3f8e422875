/* SPDX-License-Identifier: MIT */
#include "app/fault_spans.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "chaos/catalog.h"
#include "trace/traceparent.h"

static void
put_targets(char *to, size_t cap, const struct report_fault *f)
{
	size_t len = 0;

	to[0] = '\0';
	for (size_t i = 0; i < f->target_count && len < cap; i++)
		len += (size_t)snprintf(
			to + len, cap - len, "%s%s", i > 0 ? " " : "", f->targets[i]);
}

/* A part of a fault; end_ns 0: it did not come to that. */
static void
put_part(struct span_store *s, const struct trace_context *above, enum trace_span kind,
	uint64_t begin_ns, uint64_t end_ns, const struct report_fault *f)
{
	struct span_mark m;

	if (begin_ns == 0)
		return;
	span_store_begin(s, &m, kind, above, begin_ns);
	span_store_end(s, &m, end_ns == 0 ? f->reason : NULL, NULL, 0,
		end_ns == 0 ? f->ended_ns : end_ns);
}

static void
put_fault(struct span_store *s, const struct trace_context *above,
	const struct report_fault *f)
{
	const char *verdict = judge_verdict_text(f->verdict);
	char targets[SPAN_VALUE_CAP], lease_ms[24];
	const struct span_note notes[] = {
		{ TRACE_ATTR_PRIMITIVE, catalog_at(f->spec.primitive)->name },
		{ TRACE_ATTR_TARGETS, targets },
		{ TRACE_ATTR_LEASE_MS, lease_ms },
		{ TRACE_ATTR_VERDICT, verdict },
	};
	uint64_t effect_ns = f->witnessed_ns != 0 ? f->witnessed_ns : f->injected_ns;
	struct span_mark m;

	put_targets(targets, sizeof targets, f);
	snprintf(lease_ms, sizeof lease_ms, "%" PRIu64, f->spec.lease_ns / NS_PER_MS);
	span_store_begin(s, &m, TRACE_CHAOS_FAULT, above, f->began_ns);
	put_part(s, &m.context, TRACE_CHAOS_INJECTED, f->began_ns, f->injected_ns, f);
	put_part(s, &m.context, TRACE_CHAOS_WITNESSED, f->injected_ns, f->witnessed_ns,
		f);
	if (f->reverted_ns != 0)
		put_part(s, &m.context, TRACE_CHAOS_REVERTED, effect_ns, f->reverted_ns,
			f);
	span_store_end(s, &m, f->verdict == JUDGE_PASS ? NULL : f->reason, notes,
		sizeof notes / sizeof notes[0], f->ended_ns);
}

void
fault_spans_put(const struct root_span *run, const struct report *report,
	struct telemetry *t)
{
	const struct trace_context above =
		tracer_context(run->tracer, run->span, run->flags);

	for (size_t i = 0; i < report->fault_count; i++) {
		const struct report_fault *f = &report->faults[i];

		if (f->skipped || f->began_ns == 0)
			continue;
		put_fault(run->spans, &above, f);
		telemetry_store(t, run->spans);
	}
}
