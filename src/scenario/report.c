/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "scenario/outcome.h"
#include "scenario/report.h"

static const char *const verdicts[] = {
	[VERDICT_PASS] = "pass", [VERDICT_FAIL] = "fail", [VERDICT_UNPROVEN] = "unproven",
};

const char *
report_verdict_text(enum verdict v)
{
	return verdicts[v];
}

void
report_init(struct report *r, const struct scenario *s, const char *file)
{
	memset(r, 0, sizeof(*r));
	snprintf(r->scenario, sizeof(r->scenario), "%s", s->name);
	text_printable(r->file, sizeof(r->file), file, strlen(file));
	r->mesh_count = s->mesh_count;
	r->step_count = s->step_count;
	r->steps = mem_array(s->step_count + 1, sizeof(*r->steps));
	for (size_t i = 0; i < s->step_count; i++) {
		scenario_step_text(s, &s->steps[i], r->steps[i].what);
		r->steps[i].line = s->steps[i].line;
		r->steps[i].verdict = VERDICT_UNPROVEN;
		snprintf(r->steps[i].reason, sizeof(r->steps[i].reason), "not reached");
	}
	r->node_count = s->node_count;
	r->nodes = mem_array(s->node_count + 1, sizeof(*r->nodes));
}

void
report_fini(struct report *r)
{
	for (size_t i = 0; i < r->step_count; i++)
		free(r->steps[i].notes);
	for (size_t i = 0; i < r->fault_count; i++)
		outcome_fini(&r->faults[i]);
	free(r->faults);
	free(r->edges);
	free(r->steps);
	free(r->nodes);
	memset(r, 0, sizeof(*r));
}

void
report_note(struct report_step *st, uint64_t at_ns, const char *format, ...)
{
	va_list args;

	if (st->note_count == REPORT_NOTES_MAX) {
		st->notes_dropped++;
		return;
	}
	if (!st->notes)
		st->notes = mem_array(REPORT_NOTES_MAX, sizeof(*st->notes));
	st->notes[st->note_count].at_ns = at_ns;
	va_start(args, format);
	vsnprintf(st->notes[st->note_count].text, REPORT_TEXT_CAP, format, args);
	va_end(args);
	st->note_count++;
}

void
report_figure(struct report_step *st, const char *name, uint64_t value)
{
	if (st->figure_count < REPORT_FIGURES_MAX)
		st->figures[st->figure_count++] = (struct report_figure){ name, value };
}

void
report_verdict(
	struct report_step *st, enum verdict v, uint64_t now_ns, const char *format, ...)
{
	va_list args;

	st->verdict = v;
	st->ended_ns = now_ns;
	va_start(args, format);
	vsnprintf(st->reason, sizeof(st->reason), format, args);
	va_end(args);
}

void
report_judge(struct report *r)
{
	bool proven = r->step_count > 0 && r->node_count > 0;
	enum primitive zero = outcome_zero_series(r);

	if (zero != PRIMITIVES) {
		/* Detectors that take no time have asked nobody. */
		r->verdict = VERDICT_FAIL;
		return;
	}
	for (size_t i = 0; i < r->step_count; i++) {
		if (r->steps[i].verdict == VERDICT_FAIL) {
			r->verdict = VERDICT_FAIL;
			return;
		}
		proven = proven && r->steps[i].verdict == VERDICT_PASS;
	}
	r->verdict = proven ? VERDICT_PASS : VERDICT_UNPROVEN;
}

char *
report_seconds(char to[static REPORT_SECONDS_CAP], uint64_t ns)
{
	uint64_t ms = (ns + NS_PER_MS / 2) / NS_PER_MS;

	snprintf(to, REPORT_SECONDS_CAP, "%" PRIu64 ".%03us", ms / 1000,
		(unsigned)(ms % 1000));
	return to;
}

static uint64_t
since(const struct report *r, uint64_t at_ns)
{
	return at_ns > r->began_ns ? at_ns - r->began_ns : 0;
}

static void
text_step(const struct report *r, size_t i, struct buf *to)
{
	const struct report_step *st = &r->steps[i];
	char began[REPORT_SECONDS_CAP] = "-", took[REPORT_SECONDS_CAP] = "-";

	if (st->reached) {
		report_seconds(began, since(r, st->began_ns));
		report_seconds(took, st->ended_ns - st->began_ns);
	}
	buf_format(to, "  %4zu  %4u  %-36s %9s %9s  %s\n", i + 1, st->line, st->what,
		began, took, report_verdict_text(st->verdict));
	if (st->reason[0])
		buf_format(to, "              %s\n", st->reason);
	if (st->figure_count) {
		buf_format(to, "              ");
		for (size_t k = 0; k < st->figure_count; k++) {
			char name[40];

			snprintf(name, sizeof(name), "%s", st->figures[k].name);
			for (char *c = name; *c; c++)
				*c = *c == '_' ? ' ' : *c;
			buf_format(to, "%s%s %" PRIu64, k ? ", " : "", name,
				st->figures[k].value);
		}
		buf_format(to, "\n");
	}
	for (size_t k = 0; k < st->note_count; k++)
		buf_format(to, "              %9s  %s\n",
			report_seconds(began, since(r, st->notes[k].at_ns)),
			st->notes[k].text);
	if (st->notes_dropped)
		buf_format(to, "              and %zu more\n", st->notes_dropped);
}

static const char *
plural(size_t n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}

/* How soon faults were noticed, and how soon all was well after them. */
static void
text_series(const struct report *r, struct buf *to)
{
	bool any = false;

	for (size_t p = 0; p < PRIMITIVES; p++) {
		struct outcome_series seen, well;

		outcome_series(r, (enum primitive)p, false, &seen);
		outcome_series(r, (enum primitive)p, true, &well);
		if (!seen.count)
			continue;
		if (!any)
			buf_format(to, "\n  %-18s %6s  %26s  %26s\n", "primitive",
				"passed", "seen after ms p50/p95/max",
				"well after ms p50/p95/max");
		any = true;
		buf_format(to,
			"  %-18s %6zu  %8" PRIu64 " %8" PRIu64 " %8" PRIu64 "  %8" PRIu64
			" %8" PRIu64 " %8" PRIu64 "\n",
			catalog_at((enum primitive)p)->name, seen.count,
			seen.p50_ns / NS_PER_MS, seen.p95_ns / NS_PER_MS,
			seen.max_ns / NS_PER_MS, well.p50_ns / NS_PER_MS,
			well.p95_ns / NS_PER_MS, well.max_ns / NS_PER_MS);
	}
}

void
report_text(const struct report *r, struct buf *to)
{
	char took[REPORT_SECONDS_CAP], end[CHILD_END_TEXT_CAP];
	size_t ready = 0;

	for (size_t i = 0; i < r->node_count; i++)
		ready += r->nodes[i].ready;
	buf_format(to, "%s: %s  (%s, %zu %s in %zu %s, %zu got ready, %s)\n\n",
		r->scenario, report_verdict_text(r->verdict), r->file, r->node_count,
		plural(r->node_count, "node", "nodes"), r->mesh_count,
		plural(r->mesh_count, "mesh", "meshes"), ready,
		report_seconds(took, r->ended_ns - r->began_ns));
	if (r->fault_count)
		buf_format(to, "  seed %" PRIu64 ", plan %.16s\n", r->seed, r->plan_hash);
	buf_format(to, "  %4s  %4s  %-36s %9s %9s  %s\n", "step", "line", "what", "began",
		"took", "verdict");
	for (size_t i = 0; i < r->step_count; i++)
		text_step(r, i, to);
	text_series(r, to);
	if (r->aftermath[0])
		buf_format(to, "\n  %s\n", r->aftermath);
	for (size_t i = 0; i < r->node_count; i++) {
		const struct report_node *n = &r->nodes[i];
		bool clean = n->end.expected && !n->end.forced && !n->end.signal &&
			     !n->end.status;

		if (!n->ended || clean || (n->killed && n->end.signal == SIGKILL))
			continue;
		buf_format(to, "\n  %s %s at %s%s%s%s\n", n->name,
			child_end_text(&n->end, end, sizeof(end)),
			report_seconds(took, since(r, n->end.at_ns)),
			n->failure[0] ? ": \"" : "", n->failure,
			n->failure[0] ? "\"" : "");
	}
}
