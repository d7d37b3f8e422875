/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/text.h"
#include "scenario/events.h"
#include "scenario/report.h"
#include "scenario/resume.h"

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

static uint64_t
since(const struct report *r, uint64_t at_ns)
{
	return at_ns > r->began_ns ? at_ns - r->began_ns : 0;
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
		n->ready && n->boot_us ? json_integer((json_int_t)n->boot_us)
				       : json_null());	/* nobody measured it */
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
	report_json_signed(r, NULL, to);
}

void
report_json_signed(const struct report *r, const uint8_t *secret_key, struct buf *to)
{
	json_t *o = json_object(), *steps = json_array(), *nodes = json_array();
	json_t *edges = json_array();
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
	for (size_t i = 0; i < r->edge_count; i++)
		json_array_append_new(edges, json_pack("[s, s]",
			r->nodes[r->edges[i].a].name, r->nodes[r->edges[i].b].name));
	json_object_set_new(o, "topology", edges);
	if (r->soak.any)
		json_object_set_new(o, "soak", resume_json(&r->soak));
	if (r->aftermath[0])
		json_object_set_new(o, "aftermath", json_text(r->aftermath));
	events_put(r, o);
	text = events_seal(o, secret_key);
	json_decref(o);
	buf_put(to, text, strlen(text));
	buf_put_u8(to, '\n');
	free(text);
}
