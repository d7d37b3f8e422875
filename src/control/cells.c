/* SPDX-License-Identifier: MIT */
#include "control/cells.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"

void
cells_text(char to[static CELLS_CAP], const char *text)
{
	if (!text || text[0] == '\0')
		text = "-";
	text_printable(to, CELLS_CAP, text, strlen(text));
}

void
cells_field(char to[static CELLS_CAP], const json_t *row, const char *key)
{
	cells_text(to, json_string_value(json_object_get(row, key)));
}

uint64_t
cells_number(const json_t *row, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(row, key));

	return n > 0 ? (uint64_t)n : 0;
}

void
cells_duration(char to[static CELLS_CAP], const json_t *row, const char *key)
{
	uint64_t ms = cells_number(row, key);

	text_duration(to, CELLS_CAP, ms > UINT64_MAX / NS_PER_MS ? UINT64_MAX
		: ms * NS_PER_MS);
}

static void
cell_name(char to[static CELLS_CAP], const json_t *row)
{
	cells_field(to, row, "name");
}

static void
cell_liveness(char to[static CELLS_CAP], const json_t *row)
{
	cells_field(to, row, "liveness");
}

static void
cell_age(char to[static CELLS_CAP], const json_t *row)
{
	cells_duration(to, row, "age_ms");
}

static void
cell_peers(char to[static CELLS_CAP], const json_t *row)
{
	snprintf(to, CELLS_CAP, "%zu",
		json_array_size(json_object_get(row, "neighbors")));
}

void
cells_cpu(char to[static CELLS_CAP], const json_t *row)
{
	snprintf(to, CELLS_CAP, "%.3f",
		json_number_value(json_object_get(row, "cpu_cores")));
}

void
cells_memory(char to[static CELLS_CAP], const json_t *row)
{
	text_bytes(to, CELLS_CAP, cells_number(row, "memory_bytes"));
}

static void
cell_first_address(char to[static CELLS_CAP], const json_t *row)
{
	cells_text(to, json_string_value(json_array_get(json_object_get(row, "addresses"),
		0)));
}

static void
cell_build(char to[static CELLS_CAP], const json_t *row)
{
	cells_field(to, row, "build");
}

/* "mesh1.gateway.77ab01: no answer" of the first accuser, and how many more. */
static void
cell_accused(char to[static CELLS_CAP], const json_t *row)
{
	const json_t *list = json_object_get(row, "accused_by");
	const json_t *first = json_array_get(list, 0);
	size_t count = json_array_size(list);
	char name[CELLS_CAP], reason[CELLS_CAP];

	if (count == 0) {
		cells_text(to, NULL);
		return;
	}
	cells_field(name, first, "name");
	cells_field(reason, first, "reason");
	if (count == 1)
		snprintf(to, CELLS_CAP, "%.100s: %.40s", name, reason);
	else
		snprintf(to, CELLS_CAP, "%.100s: %.30s +%zu", name, reason, count - 1);
}

static void
cell_peer(char to[static CELLS_CAP], const json_t *row)
{
	const char *name = json_string_value(json_object_get(row, "peer"));

	if (name && name[0] != '\0')
		cells_text(to, name);
	else
		cells_field(to, row, "peer_id");
}

static void
cell_direction(char to[static CELLS_CAP], const json_t *row)
{
	cells_field(to, row, "direction");
}

static void
cell_path(char to[static CELLS_CAP], const json_t *row)
{
	cells_field(to, row, "path");
}

static void
cell_role(char to[static CELLS_CAP], const json_t *row)
{
	const char *role = "-";

	if (json_is_true(json_object_get(row, "overlay")))
		role = "overlay";
	if (json_is_true(json_object_get(row, "observer")))
		role = "observer";
	cells_text(to, role);
}

static void
cell_address(char to[static CELLS_CAP], const json_t *row)
{
	cells_field(to, row, "address");
}

static void
cell_rtt(char to[static CELLS_CAP], const json_t *row)
{
	snprintf(to, CELLS_CAP, "%.2fms",
		json_number_value(json_object_get(row, "rtt_ms")));
}

static void
cell_since(char to[static CELLS_CAP], const json_t *row)
{
	cells_duration(to, row, "since_ms");
}

static void
cell_sent(char to[static CELLS_CAP], const json_t *row)
{
	text_bytes(to, CELLS_CAP, cells_number(row, "bytes_sent"));
}

static void
cell_received(char to[static CELLS_CAP], const json_t *row)
{
	text_bytes(to, CELLS_CAP, cells_number(row, "bytes_received"));
}

/* The time of day in the reader's day: 2026-11-20T12:00:00.123Z -> 12:00:00.123. */
void
cells_time(char to[static CELLS_CAP], const json_t *row)
{
	const char *at = json_string_value(json_object_get(row, "at"));
	const char *time = at ? strchr(at, 'T') : NULL;

	cells_text(to, time ? time + 1 : at);
	to[strcspn(to, "Z")] = '\0';
}

static void
cell_kind(char to[static CELLS_CAP], const json_t *row)
{
	cells_field(to, row, "kind");
}

static void
cell_node(char to[static CELLS_CAP], const json_t *row)
{
	cells_field(to, row, "node");
}

static void
cell_source(char to[static CELLS_CAP], const json_t *row)
{
	cells_field(to, row, "source");
}

static void
cell_text(char to[static CELLS_CAP], const json_t *row)
{
	cells_field(to, row, "text");
}

static const struct cells_column event_columns[] = {
	{ "UTC", cells_time, false }, { "AGE", cell_age, true },
	{ "KIND", cell_kind, false }, { "NODE", cell_node, false },
	{ "SEEN BY", cell_source, false }, { "TEXT", cell_text, false },
};

static void
cell_begin(char to[static CELLS_CAP], const json_t *row)
{
	snprintf(to, CELLS_CAP, "+%" PRIu64 "us", cells_number(row, "begin_us"));
}

static void
cell_took(char to[static CELLS_CAP], const json_t *row)
{
	const char *state = json_string_value(json_object_get(row, "state"));

	if (state && strcmp(state, "open") == 0)
		cells_text(to, "open");
	else
		snprintf(to, CELLS_CAP, "%" PRIu64 "us",
			cells_number(row, "duration_us"));
}

static void
cell_state(char to[static CELLS_CAP], const json_t *row)
{
	cells_field(to, row, "state");
}

/* Why it failed, else its attributes. */
static void
cell_about(char to[static CELLS_CAP], const json_t *row)
{
	const char *why = json_string_value(json_object_get(row, "why")), *key;
	char text[2 * CELLS_CAP] = "";
	json_t *value;

	json_object_foreach(json_object_get(row, "attributes"), key, value) {
		size_t at = strlen(text);

		snprintf(text + at, sizeof text - at, "%s%.24s=%.100s",
			at > 0 ? " " : "", key, json_string_value(value)
				? json_string_value(value) : "");
	}
	cells_text(to, why && why[0] != '\0' ? why : text);
}

static const struct cells_column span_columns[] = {
	{ "SPAN", cell_name, false }, { "BEGIN", cell_begin, true },
	{ "TOOK", cell_took, true }, { "STATE", cell_state, false },
	{ "ABOUT", cell_about, false },
};

static void
cell_figure(char to[static CELLS_CAP], const json_t *row)
{
	cells_field(to, row, "figure");
}

static void
cell_limit(char to[static CELLS_CAP], const json_t *row)
{
	cells_field(to, row, "limit");
}

static void
cell_peak(char to[static CELLS_CAP], const json_t *row)
{
	cells_field(to, row, "peak");
}

static void
cell_lasted(char to[static CELLS_CAP], const json_t *row)
{
	cells_duration(to, row, "lasted_ms");
}

static void
cell_seen(char to[static CELLS_CAP], const json_t *row)
{
	cells_text(to, json_is_true(json_object_get(row, "acknowledged")) ? "yes" : "no");
}

static const struct cells_column alert_columns[] = {
	{ "STATE", cell_state, false }, { "KIND", cell_kind, false },
	{ "NODE", cell_node, false }, { "NOW", cell_figure, true },
	{ "LIMIT", cell_limit, true }, { "PEAK", cell_peak, true },
	{ "AGE", cell_age, true }, { "LASTED", cell_lasted, true },
	{ "SEEN", cell_seen, false }, { "WHAT", cell_text, false },
};

static const struct cells_column node_columns[] = {
	{ "NAME", cell_name, false }, { "LIVENESS", cell_liveness, false },
	{ "AGE", cell_age, true }, { "PEERS", cell_peers, true },
	{ "CPU", cells_cpu, true }, { "MEMORY", cells_memory, true },
	{ "ADDRESS", cell_first_address, false },
	{ "BUILD", cell_build, false }, { "ACCUSED BY", cell_accused, false },
};

static const struct cells_column link_columns[] = {
	{ "PEER", cell_peer, false }, { "DIR", cell_direction, false },
	{ "PATH", cell_path, false }, { "ROLE", cell_role, false },
	{ "ADDRESS", cell_address, false }, { "RTT", cell_rtt, true },
	{ "SINCE", cell_since, true }, { "SENT", cell_sent, true },
	{ "RECEIVED", cell_received, true },
};

static void
cell_mesh(char to[static CELLS_CAP], const json_t *row)
{
	cells_field(to, row, "mesh");
}

static void
cell_count(char to[static CELLS_CAP], const json_t *row, const char *key)
{
	snprintf(to, CELLS_CAP, "%" PRIu64, cells_number(row, key));
}

static void
cell_live(char to[static CELLS_CAP], const json_t *row)
{
	cell_count(to, row, "live");
}

static void
cell_suspect(char to[static CELLS_CAP], const json_t *row)
{
	cell_count(to, row, "suspect");
}

static void
cell_gone(char to[static CELLS_CAP], const json_t *row)
{
	cell_count(to, row, "gone");
}

static void
cell_gateways(char to[static CELLS_CAP], const json_t *row)
{
	snprintf(to, CELLS_CAP, "%zu",
		json_array_size(json_object_get(row, "gateways")));
}

static const struct cells_column mesh_columns[] = {
	{ "MESH", cell_mesh, false }, { "STATE", cell_state, false },
	{ "AGE", cell_age, true }, { "LIVE", cell_live, true },
	{ "SUSPECT", cell_suspect, true }, { "GONE", cell_gone, true },
	{ "GATEWAYS", cell_gateways, true }, { "WHAT", cell_text, false },
};

static const struct {
	const char *key;
	const struct cells_column *columns;
	size_t count;
} tables[] = {
#define TABLE(key, columns) { key, columns, sizeof columns / sizeof *columns }
	TABLE("nodes", node_columns),
	TABLE("links", link_columns),	/* of a status it is a number */
	TABLE("events", event_columns),
	TABLE("spans", span_columns),
	TABLE("alerts", alert_columns),
	TABLE("fabric", mesh_columns),
#undef TABLE
};

const struct cells_column *
cells_columns(const json_t *answer, const json_t **rows, size_t *count)
{
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		*rows = json_object_get(answer, tables[i].key);
		*count = tables[i].count;
		if (json_is_array(*rows))
			return tables[i].columns;
	}
	return NULL;
}
