/* SPDX-License-Identifier: MIT */
#include "control/exports.h"

#include <inttypes.h>

#include "control/cells.h"

static json_t *
json_stats(const struct exporter_stats *s)
{
	const struct {
		const char *key;
		uint64_t count;
	} rows[] = {
		{ "queued", s->queued },
		{ "taken", s->taken },
		{ "sent", s->sent },
		{ "rejected", s->rejected },
		{ "failed", s->failed },
		{ "dropped", s->dropped },
		{ "posts", s->posts },
		{ "retries", s->retries },
	};
	json_t *o = json_object();

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		json_object_set_new(
			o, rows[i].key, json_integer((json_int_t)rows[i].count));
	json_object_set_new(o, "last_error", json_string(s->last_error));
	return o;
}

void
control_exports_put(json_t *to, const struct control_exports *exports)
{
	json_t *o = json_object();

	for (int s = 0; s < OTLP_SIGNALS; s++) {
		const struct exporter_stats *at =
			exports != NULL ? exports->stats[s] : NULL;

		json_object_set_new(o, otlp_signal_text((enum otlp_signal)s),
			at != NULL ? json_stats(at) : json_null());
	}
	json_object_set_new(to, "otlp", o);
}

void
control_exports_print(struct buf *to, const json_t *status)
{
	const json_t *all = json_object_get(status, "otlp");

	for (int s = 0; s < OTLP_SIGNALS; s++) {
		const char *what = otlp_signal_text((enum otlp_signal)s);
		const json_t *o = json_object_get(all, what);
		char error[CELLS_CAP];

		if (!json_is_object(o))
			continue;
		buf_format(to, "otlp %-11s  %" PRIu64 " sent, %" PRIu64
			" queued, %" PRIu64 " rejected, %" PRIu64 " refused, %" PRIu64
			" dropped\n", what, cells_number(o, "sent"),
			cells_number(o, "queued"), cells_number(o, "rejected"),
			cells_number(o, "failed"), cells_number(o, "dropped"));
		cells_field(error, o, "last_error");
		if (json_string_length(json_object_get(o, "last_error")) > 0)
			buf_format(to, "%-16s  %s\n", "", error);
	}
}
