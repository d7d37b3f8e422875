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
#include "control/cells.h"
#include "control/echoes.h"
#include "control/letters.h"
#include "control/exports.h"
#include "control/metrics.h"

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
print_table(struct buf *to, const json_t *rows, const struct cells_column *columns,
	size_t count)
{
	size_t width[CELLS_COLUMNS_MAX] = { 0 }, row_count = json_array_size(rows);
	char cell[CELLS_CAP];

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
	char time[CELLS_CAP], kind[CELLS_CAP], node[CELLS_CAP], text[CELLS_CAP];

	cells_time(time, o);
	cells_field(kind, o, "kind");
	cells_field(node, o, "node");
	cells_field(text, o, "text");
	buf_format(to, "%s  %-17s  %s  %s\n", time, kind, node, text);
}

static void
print_line(struct buf *to, const char *key, const char *value)
{
	char shown[CELLS_CAP];

	cells_text(shown, value);
	buf_format(to, "%-16s  %s\n", key, shown);
}

static void
print_mesh(struct buf *to, const json_t *mesh)
{
	const json_t *nodes = json_object_get(mesh, "nodes");
	char name[CELLS_CAP], text[2 * CELLS_CAP];

	cells_field(name, mesh, "mesh");
	snprintf(text, sizeof text, "%s: %" PRIu64 " live, %" PRIu64 " suspect, %" PRIu64
		" gone, %" PRIu64 " left, %" PRIu64 " observing", name,
		cells_number(nodes, "live"), cells_number(nodes, "suspect"),
		cells_number(nodes, "gone"), cells_number(nodes, "left"),
		cells_number(mesh, "observers"));
	print_line(to, "mesh", text);
}

/* What another node is given to join through this one. An observer is nobody's seed. */
static void
print_seed(struct buf *to, const json_t *o)
{
	const json_t *first = json_array_get(json_object_get(o, "addresses"), 0);
	char id[CELLS_CAP], address[CELLS_CAP], text[2 * CELLS_CAP];

	if (first == NULL || json_is_true(json_object_get(o, "observer")))
		return;
	cells_field(id, o, "id");
	cells_text(address, json_string_value(first));
	snprintf(text, sizeof text, "%s@%s", id, address);
	print_line(to, "seed", text);
}

static void
print_status(struct buf *to, const json_t *o)
{
	static const char *const texts[] = { "name", "id", "type" };
	static const char *const counts[] = {
		"neighbors", "links", "handshakes", "liveness_changes", "incarnation",
	};
	char text[CELLS_CAP];
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
	print_seed(to, o);
	cells_duration(text, o, "uptime_ms");
	print_line(to, "uptime", text);
	snprintf(text, sizeof text, "%.1fms",
		json_number_value(json_object_get(o, "boot_ms")));
	print_line(to, "boot", text);
	cells_duration(text, o, "loop_lag_ms");
	print_line(to, "loop lag", text);
	cells_cpu(text, o);
	print_line(to, "cpu (cores)", text);
	cells_memory(text, o);
	print_line(to, "memory", text);
	for (i = 0; i < sizeof counts / sizeof *counts; i++) {
		snprintf(text, sizeof text, "%" PRIu64, cells_number(o, counts[i]));
		print_line(to, counts[i], text);
	}
	control_metrics_print(to, o);
	control_exports_print(to, o);
}

static int
print(struct buf *to, const json_t *o)
{
	const json_t *error = json_object_get(o, "error"), *rows, *healthy;
	const struct cells_column *columns;
	size_t count;
	char text[CELLS_CAP];
	int status;

	if (error) {
		cells_field(text, error, "text");
		buf_format(to, "error: %s\n", text);
		return ERR_OK;
	}
	if (control_letters_print(to, o, &status) ||
		control_echoes_print(to, o, &status))
		return ERR_OK;
	columns = cells_columns(o, &rows, &count);
	if (columns) {
		print_table(to, rows, columns, count);
		return ERR_OK;
	}
	if (json_object_get(o, "lost")) {
		buf_format(to, "(%" PRIu64 " lost)\n", cells_number(o, "lost"));
		return ERR_OK;
	}
	if (json_object_get(o, "kind")) {	/* one event of those that are followed */
		print_event(to, o);
		return ERR_OK;
	}
	healthy = json_object_get(o, "healthy");
	if (healthy) {
		cells_field(text, o, "reason");
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
	struct buf text;
	int status;

	healthy = json_object_get(o, "healthy");
	if (healthy && !json_is_true(healthy))
		good = false;
	buf_init(&text, CONTROL_ANSWER_LEN_MAX);
	if (!good || (!control_letters_print(&text, o, &status) &&
			     !control_echoes_print(&text, o, &status)))
		status = good ? 0 : 1;
	buf_fini(&text);
	json_decref(o);
	return status;
}

const char *
control_print_library_version(void)
{
	return jansson_version_str();
}
