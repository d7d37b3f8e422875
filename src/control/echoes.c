/* SPDX-License-Identifier: MIT */
#include "control/echoes.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/hex.h"
#include "base/text.h"
#include "control/cells.h"
#include "control/letters.h"
#include "control/request.h"

#define REAL_DIGITS 6

static json_t *
json_ms(uint64_t ns)
{
	return json_real((double)ns / NS_PER_MS);
}

static json_t *
json_printable(const char *text)
{
	char shown[ECHO_WHY_CAP];

	text_printable(shown, sizeof shown, text, strlen(text));
	return json_string(shown);
}

char *
control_echoes_answer(const struct echo_report *r)
{
	json_t *to = json_object(), *o = json_object(), *rtt = json_object();
	char trace[2 * sizeof r->trace + 1], *text;
	const struct {
		const char *key;
		uint64_t value;
	} counts[] = { { "count", r->count }, { "answered", r->answered },
		{ "failed", r->failed }, { "different", r->different },
		{ "bytes", r->bytes } };

	json_object_set_new(to, "version", json_integer(CONTROL_VERSION));
	json_object_set_new(o, "name", json_printable(r->destination));
	json_object_set_new(o, "receiver", json_printable(r->receiver));
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		json_object_set_new(
			o, counts[i].key, json_integer((json_int_t)counts[i].value));
	json_object_set_new(o, "status", json_string(delivery_name(r->status)));
	json_object_set_new(o, "why", json_printable(r->why));
	json_object_set_new(rtt, "min", json_ms(r->rtt_min_ns));
	json_object_set_new(rtt, "mean",
		json_ms(r->answered > 0 ? r->rtt_sum_ns / r->answered : 0));
	json_object_set_new(rtt, "max", json_ms(r->rtt_max_ns));
	json_object_set_new(o, "rtt_ms", rtt);
	json_object_set_new(o, "took_ms", json_ms(r->took_ns));
	json_object_set_new(o, "trace_id",
		json_string(hex_encode(trace, r->trace, sizeof r->trace)));
	json_object_set_new(to, "echoed", o);
	text = json_dumps(to, JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS));
	json_decref(to);
	assert(text);	/* all texts were made printable */
	return text;
}

bool
control_echoes_print(struct buf *to, const json_t *answer, int *status)
{
	const json_t *o = json_object_get(answer, "echoed");
	const json_t *rtt = json_object_get(o, "rtt_ms");
	char who[CELLS_CAP], why[CELLS_CAP], trace[CELLS_CAP];

	if (!o)
		return false;
	*status = control_letters_exit(o);
	if (*status == 0 && cells_number(o, "answered") == 0)
		*status = 1;
	cells_field(who, o, "receiver");
	cells_field(why, o, "why");
	cells_field(trace, o, "trace_id");
	if (cells_number(o, "answered") > 0)
		buf_format(to,
			"%" PRIu64 " of %" PRIu64 " came back from %s, %" PRIu64
			" bytes each, after %.2f to %.2f ms, mean %.2f; the last is "
			"trace %s\n",
			cells_number(o, "answered"), cells_number(o, "count"), who,
			cells_number(o, "bytes"),
			json_number_value(json_object_get(rtt, "min")),
			json_number_value(json_object_get(rtt, "max")),
			json_number_value(json_object_get(rtt, "mean")), trace);
	if (cells_number(o, "failed") > 0)
		buf_format(to, "%" PRIu64 " failed, the last one: %s\n",
			cells_number(o, "failed"), why);
	return true;
}
