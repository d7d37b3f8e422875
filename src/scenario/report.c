/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

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
	buf_format(to, "  %4s  %4s  %-36s %9s %9s  %s\n", "step", "line", "what", "began",
		"took", "verdict");
	for (size_t i = 0; i < r->step_count; i++)
		text_step(r, i, to);
	for (size_t i = 0; i < r->node_count; i++) {
		const struct report_node *n = &r->nodes[i];
		bool clean = n->end.expected && !n->end.forced && !n->end.signal &&
			     !n->end.status;

		if (!n->ended || clean)
			continue;
		buf_format(to, "\n  %s %s at %s%s%s%s\n", n->name,
			child_end_text(&n->end, end, sizeof(end)),
			report_seconds(took, since(r, n->end.at_ns)),
			n->failure[0] ? ": \"" : "", n->failure,
			n->failure[0] ? "\"" : "");
	}
}

/*
 * Strings in a report were made printable where they came in, but one that was too long
 * may end within a character, and jansson refuses that.
 */
static json_t *
json_text(const char *text)
{
	char shown[LIFELINE_TEXT_CAP];

	text_printable(shown, sizeof(shown), text, strlen(text));
	return json_string(shown);
}

static json_t *
json_ms(uint64_t ns)
{
	return json_integer((json_int_t)((ns + NS_PER_MS / 2) / NS_PER_MS));
}

static json_t *
json_step(const struct report *r, size_t i)
{
	const struct report_step *st = &r->steps[i];
	json_t *o = json_object(), *figures = json_object(), *evidence = json_array();

	json_object_set_new(o, "step", json_integer((json_int_t)i + 1));
	json_object_set_new(o, "line", json_integer(st->line));
	json_object_set_new(o, "what", json_text(st->what));
	json_object_set_new(o, "verdict", json_string(report_verdict_text(st->verdict)));
	json_object_set_new(o, "reason", json_text(st->reason));
	json_object_set_new(o, "reached", json_boolean(st->reached));
	json_object_set_new(o, "began_ms",
		st->reached ? json_ms(since(r, st->began_ns)) : json_null());
	json_object_set_new(o, "took_ms",
		st->reached ? json_ms(st->ended_ns - st->began_ns) : json_null());
	for (size_t k = 0; k < st->figure_count; k++)
		json_object_set_new(figures, st->figures[k].name,
			json_integer((json_int_t)st->figures[k].value));
	json_object_set_new(o, "figures", figures);
	for (size_t k = 0; k < st->note_count; k++) {
		json_t *note = json_object();

		json_object_set_new(note, "at_ms", json_ms(since(r, st->notes[k].at_ns)));
		json_object_set_new(note, "text", json_text(st->notes[k].text));
		json_array_append_new(evidence, note);
	}
	json_object_set_new(o, "evidence", evidence);
	json_object_set_new(
		o, "evidence_dropped", json_integer((json_int_t)st->notes_dropped));
	return o;
}

static json_t *
json_node(const struct report *r, const struct report_node *n)
{
	json_t *o = json_object();
	char hex[ID_HEX_CAP], end[CHILD_END_TEXT_CAP];

	json_object_set_new(o, "name", json_text(n->name));
	json_object_set_new(
		o, "id", n->ready ? json_string(id_hex(hex, &n->id)) : json_null());
	json_object_set_new(o, "mesh", json_string(n->mesh));
	json_object_set_new(o, "type", json_string(n->type));
	json_object_set_new(o, "started_ms",
		n->started ? json_ms(since(r, n->started_ns)) : json_null());
	json_object_set_new(o, "ready_ms",
		n->ready ? json_ms(since(r, n->ready_ns)) : json_null());
	json_object_set_new(o, "boot_us",
		n->ready ? json_integer((json_int_t)n->boot_us) : json_null());
	json_object_set_new(o, "ended_ms",
		n->ended ? json_ms(since(r, n->end.at_ns)) : json_null());
	json_object_set_new(o, "end",
		n->ended ? json_string(child_end_text(&n->end, end, sizeof(end)))
			 : json_null());
	json_object_set_new(o, "end_expected",
		n->ended ? json_boolean(n->end.expected) : json_null());
	json_object_set_new(o, "failure", json_text(n->failure));
	return o;
}

void
report_json(const struct report *r, struct buf *to)
{
	json_t *o = json_object(), *steps = json_array(), *nodes = json_array();
	char *text;

	json_object_set_new(o, "version", json_integer(1));
	json_object_set_new(o, "scenario", json_string(r->scenario));
	json_object_set_new(o, "file", json_text(r->file));
	json_object_set_new(o, "verdict", json_string(report_verdict_text(r->verdict)));
	/* 0 pass, 1 fail, 2 unproven: the numbers of the enum are the exit statuses. */
	json_object_set_new(o, "exit_status", json_integer(r->verdict));
	json_object_set_new(o, "started_at_ms", json_integer((json_int_t)r->wall_ms));
	json_object_set_new(o, "took_ms", json_ms(r->ended_ns - r->began_ns));
	for (size_t i = 0; i < r->step_count; i++)
		json_array_append_new(steps, json_step(r, i));
	json_object_set_new(o, "steps", steps);
	for (size_t i = 0; i < r->node_count; i++)
		json_array_append_new(nodes, json_node(r, &r->nodes[i]));
	json_object_set_new(o, "nodes", nodes);
	text = json_dumps(o, JSON_INDENT(2));
	json_decref(o);
	if (!text)
		abort();	/* out of memory: every value above is a valid one */
	buf_put(to, text, strlen(text));
	buf_put_u8(to, '\n');
	free(text);
}
