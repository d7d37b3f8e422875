/* SPDX-License-Identifier: MIT */
#include "control/print.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"

#define CELL_CAP 160
#define COLUMNS_MAX 10

struct column {
	const char *title;
	void (*cell)(char to[static CELL_CAP], const json_t *row);
	bool right;	/* numbers stand at the right */
};

static void
copy_text(char to[static CELL_CAP], const char *text)
{
	if (!text || text[0] == '\0')
		text = "-";
	text_printable(to, CELL_CAP, text, strlen(text));
}

static void
put_field(char to[static CELL_CAP], const json_t *row, const char *key)
{
	copy_text(to, json_string_value(json_object_get(row, key)));
}

static uint64_t
number(const json_t *row, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(row, key));

	return n > 0 ? (uint64_t)n : 0;
}

static void
put_duration(char to[static CELL_CAP], const json_t *row, const char *key)
{
	uint64_t ms = number(row, key);

	text_duration(to, CELL_CAP, ms > UINT64_MAX / NS_PER_MS ? UINT64_MAX
		: ms * NS_PER_MS);
}

static void
cell_name(char to[static CELL_CAP], const json_t *row)
{
	put_field(to, row, "name");
}

static void
cell_liveness(char to[static CELL_CAP], const json_t *row)
{
	put_field(to, row, "liveness");
}

static void
cell_age(char to[static CELL_CAP], const json_t *row)
{
	put_duration(to, row, "age_ms");
}

static void
cell_peers(char to[static CELL_CAP], const json_t *row)
{
	snprintf(to, CELL_CAP, "%zu", json_array_size(json_object_get(row, "neighbors")));
}

static void
cell_cpu(char to[static CELL_CAP], const json_t *row)
{
	snprintf(to, CELL_CAP, "%.3f",
		json_number_value(json_object_get(row, "cpu_cores")));
}

static void
cell_memory(char to[static CELL_CAP], const json_t *row)
{
	text_bytes(to, CELL_CAP, number(row, "memory_bytes"));
}

static void
cell_first_address(char to[static CELL_CAP], const json_t *row)
{
	copy_text(to, json_string_value(json_array_get(json_object_get(row, "addresses"),
		0)));
}

static void
cell_build(char to[static CELL_CAP], const json_t *row)
{
	put_field(to, row, "build");
}

/* "mesh1.gateway.77ab01: no answer" of the first accuser, and how many more. */
static void
cell_accused(char to[static CELL_CAP], const json_t *row)
{
	const json_t *list = json_object_get(row, "accused_by");
	const json_t *first = json_array_get(list, 0);
	size_t count = json_array_size(list);
	char name[CELL_CAP], reason[CELL_CAP];

	if (count == 0) {
		copy_text(to, NULL);
		return;
	}
	put_field(name, first, "name");
	put_field(reason, first, "reason");
	if (count == 1)
		snprintf(to, CELL_CAP, "%.100s: %.40s", name, reason);
	else
		snprintf(to, CELL_CAP, "%.100s: %.30s +%zu", name, reason, count - 1);
}

static void
cell_peer(char to[static CELL_CAP], const json_t *row)
{
	const char *name = json_string_value(json_object_get(row, "peer"));

	if (name && name[0] != '\0')
		copy_text(to, name);
	else
		put_field(to, row, "peer_id");
}

static void
cell_direction(char to[static CELL_CAP], const json_t *row)
{
	put_field(to, row, "direction");
}

static void
cell_path(char to[static CELL_CAP], const json_t *row)
{
	put_field(to, row, "path");
}

static void
cell_role(char to[static CELL_CAP], const json_t *row)
{
	const char *role = "-";

	if (json_is_true(json_object_get(row, "overlay")))
		role = "overlay";
	if (json_is_true(json_object_get(row, "observer")))
		role = "observer";
	copy_text(to, role);
}

static void
cell_address(char to[static CELL_CAP], const json_t *row)
{
	put_field(to, row, "address");
}

static void
cell_rtt(char to[static CELL_CAP], const json_t *row)
{
	snprintf(to, CELL_CAP, "%.2fms",
		json_number_value(json_object_get(row, "rtt_ms")));
}

static void
cell_since(char to[static CELL_CAP], const json_t *row)
{
	put_duration(to, row, "since_ms");
}

static void
cell_sent(char to[static CELL_CAP], const json_t *row)
{
	text_bytes(to, CELL_CAP, number(row, "bytes_sent"));
}

static void
cell_received(char to[static CELL_CAP], const json_t *row)
{
	text_bytes(to, CELL_CAP, number(row, "bytes_received"));
}

/* The time of day in the reader's day: 2026-11-20T12:00:00.123Z -> 12:00:00.123. */
static void
cell_time(char to[static CELL_CAP], const json_t *row)
{
	const char *at = json_string_value(json_object_get(row, "at"));
	const char *time = at ? strchr(at, 'T') : NULL;

	copy_text(to, time ? time + 1 : at);
	to[strcspn(to, "Z")] = '\0';
}

static void
cell_kind(char to[static CELL_CAP], const json_t *row)
{
	put_field(to, row, "kind");
}

static void
cell_node(char to[static CELL_CAP], const json_t *row)
{
	put_field(to, row, "node");
}

static void
cell_source(char to[static CELL_CAP], const json_t *row)
{
	put_field(to, row, "source");
}

static void
cell_text(char to[static CELL_CAP], const json_t *row)
{
	put_field(to, row, "text");
}

static const struct column event_columns[] = {
	{ "UTC", cell_time, false }, { "AGE", cell_age, true },
	{ "KIND", cell_kind, false }, { "NODE", cell_node, false },
	{ "SEEN BY", cell_source, false }, { "TEXT", cell_text, false },
};

static const struct column node_columns[] = {
	{ "NAME", cell_name, false }, { "LIVENESS", cell_liveness, false },
	{ "AGE", cell_age, true }, { "PEERS", cell_peers, true },
	{ "CPU", cell_cpu, true }, { "MEMORY", cell_memory, true },
	{ "ADDRESS", cell_first_address, false },
	{ "BUILD", cell_build, false }, { "ACCUSED BY", cell_accused, false },
};

static const struct column link_columns[] = {
	{ "PEER", cell_peer, false }, { "DIR", cell_direction, false },
	{ "PATH", cell_path, false }, { "ROLE", cell_role, false },
	{ "ADDRESS", cell_address, false }, { "RTT", cell_rtt, true },
	{ "SINCE", cell_since, true }, { "SENT", cell_sent, true },
	{ "RECEIVED", cell_received, true },
};

/* Characters, not bytes: continuation bytes of UTF-8 take no place. */
static size_t
width_of(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static void
put_cell(struct buf *to, const char *text, size_t width, bool right, bool last)
{
	size_t pad = width - width_of(text);

	if (right)
		buf_format(to, "%*s", (int)pad, "");
	buf_put(to, text, strlen(text));
	if (!right && !last)
		buf_format(to, "%*s", (int)pad, "");
	buf_put(to, last ? "\n" : "  ", last ? 1 : 2);
}

static void
print_table(struct buf *to, const json_t *rows, const struct column *columns,
	size_t count)
{
	size_t width[COLUMNS_MAX] = { 0 }, row_count = json_array_size(rows);
	char cell[CELL_CAP];

	for (size_t c = 0; c < count; c++) {
		width[c] = strlen(columns[c].title);
		for (size_t r = 0; r < row_count; r++) {
			columns[c].cell(cell, json_array_get(rows, r));
			if (width_of(cell) > width[c])
				width[c] = width_of(cell);
		}
	}
	for (size_t c = 0; c < count; c++)
		put_cell(to, columns[c].title, width[c], columns[c].right,
			c + 1 == count);
	for (size_t r = 0; r < row_count; r++) {
		for (size_t c = 0; c < count; c++) {
			columns[c].cell(cell, json_array_get(rows, r));
			put_cell(to, cell, width[c], columns[c].right, c + 1 == count);
		}
	}
}

static void
print_event(struct buf *to, const json_t *o)
{
	char time[CELL_CAP], kind[CELL_CAP], node[CELL_CAP], text[CELL_CAP];

	cell_time(time, o);
	cell_kind(kind, o);
	cell_node(node, o);
	cell_text(text, o);
	buf_format(to, "%s  %-17s  %s  %s\n", time, kind, node, text);
}

static void
print_line(struct buf *to, const char *key, const char *value)
{
	char shown[CELL_CAP];

	copy_text(shown, value);
	buf_format(to, "%-16s  %s\n", key, shown);
}

static void
print_mesh(struct buf *to, const json_t *mesh)
{
	const json_t *nodes = json_object_get(mesh, "nodes");
	char name[CELL_CAP], text[2 * CELL_CAP];

	put_field(name, mesh, "mesh");
	snprintf(text, sizeof text, "%s: %" PRIu64 " live, %" PRIu64 " suspect, %" PRIu64
		" gone, %" PRIu64 " left, %" PRIu64 " observing", name,
		number(nodes, "live"), number(nodes, "suspect"), number(nodes, "gone"),
		number(nodes, "left"), number(mesh, "observers"));
	print_line(to, "mesh", text);
}

static void
print_status(struct buf *to, const json_t *o)
{
	static const char *const texts[] = { "name", "id", "type" };
	static const char *const counts[] = {
		"neighbors", "links", "handshakes", "liveness_changes", "incarnation",
	};
	char text[CELL_CAP];
	json_t *item;
	size_t i;

	for (i = 0; i < sizeof texts / sizeof *texts; i++)
		print_line(to, texts[i], json_string_value(json_object_get(o, texts[i])));
	print_line(to, "role", json_is_true(json_object_get(o, "observer")) ? "observer"
		: "member");
	print_line(to, "ready", json_is_true(json_object_get(o, "ready")) ? "yes" : "no");
	json_array_foreach(json_object_get(o, "meshes"), i, item)
		print_mesh(to, item);
	json_array_foreach(json_object_get(o, "addresses"), i, item)
		print_line(to, "address", json_string_value(item));
	put_duration(text, o, "uptime_ms");
	print_line(to, "uptime", text);
	snprintf(text, sizeof text, "%.1fms",
		json_number_value(json_object_get(o, "boot_ms")));
	print_line(to, "boot", text);
	put_duration(text, o, "loop_lag_ms");
	print_line(to, "loop lag", text);
	cell_cpu(text, o);
	print_line(to, "cpu (cores)", text);
	cell_memory(text, o);
	print_line(to, "memory", text);
	for (i = 0; i < sizeof counts / sizeof *counts; i++) {
		snprintf(text, sizeof text, "%" PRIu64, number(o, counts[i]));
		print_line(to, counts[i], text);
	}
}

static int
print(struct buf *to, const json_t *o)
{
	const json_t *error = json_object_get(o, "error"), *rows, *healthy;
	char text[CELL_CAP];

	if (error) {
		put_field(text, error, "text");
		buf_format(to, "error: %s\n", text);
		return ERR_OK;
	}
	rows = json_object_get(o, "nodes");
	if (json_is_array(rows)) {
		print_table(to, rows, node_columns,
			sizeof node_columns / sizeof *node_columns);
		return ERR_OK;
	}
	rows = json_object_get(o, "links");	/* of a status it is a number */
	if (json_is_array(rows)) {
		print_table(to, rows, link_columns,
			sizeof link_columns / sizeof *link_columns);
		return ERR_OK;
	}
	rows = json_object_get(o, "events");
	if (json_is_array(rows)) {
		print_table(to, rows, event_columns,
			sizeof event_columns / sizeof *event_columns);
		return ERR_OK;
	}
	if (json_object_get(o, "lost")) {
		buf_format(to, "(%" PRIu64 " lost)\n", number(o, "lost"));
		return ERR_OK;
	}
	if (json_object_get(o, "kind")) {	/* one event of those that are followed */
		print_event(to, o);
		return ERR_OK;
	}
	healthy = json_object_get(o, "healthy");
	if (healthy) {
		put_field(text, o, "reason");
		buf_format(to, "%s: %s\n",
			json_is_true(healthy) ? "healthy" : "not healthy", text);
		return ERR_OK;
	}
	if (!json_object_get(o, "uptime_ms"))
		return ERR_MALFORMED;
	print_status(to, o);
	return ERR_OK;
}

int
control_print(struct buf *to, const char *answer, size_t len)
{
	json_t *o = json_loadb(answer, len, 0, NULL);
	int err = o ? print(to, o) : ERR_MALFORMED;

	json_decref(o);
	if (err)
		buf_format(to, "error: the answer cannot be read\n");
	return err;
}

int
control_print_status(const char *answer, size_t len)
{
	json_t *o = json_loadb(answer, len, 0, NULL), *healthy;
	bool good = json_is_object(o) && !json_object_get(o, "error");

	healthy = json_object_get(o, "healthy");
	if (healthy && !json_is_true(healthy))
		good = false;
	json_decref(o);
	return good ? 0 : 1;
}

const char *
control_print_library_version(void)
{
	return jansson_version_str();
}
