/* SPDX-License-Identifier: MIT */
#include "control/alerts.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

static json_t *
json_count(uint64_t n)
{
	return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

static json_t *
json_printable(const char *text)
{
	char shown[ALERTS_TEXT_CAP > NAME_LEN_MAX ? ALERTS_TEXT_CAP : NAME_LEN_MAX + 1];

	text_printable(shown, sizeof shown, text, strlen(text));
	return json_string(shown);
}

static json_t *
json_time(uint64_t wall_ms)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	char text[64] = "";
	struct tm tm;

	if (gmtime_r(&seconds, &tm) != NULL)
		strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + strlen(text), sizeof text - strlen(text), ".%03uZ",
		(unsigned)(wall_ms % 1000));
	return json_string(text);
}

static json_t *
json_figure(enum alert_kind kind, uint64_t value)
{
	char text[ALERTS_FIGURE_CAP];

	return json_string(alerts_figure(text, kind, value));
}

static json_t *
json_alert(const struct alert *al, uint64_t now_ns)
{
	uint64_t end_ns = al->cleared_ns != 0 ? al->cleared_ns : now_ns;
	uint64_t threshold = alerts_threshold(al->kind);
	char hex[ID_HEX_CAP];
	json_t *o = json_object();

	json_object_set_new(o, "seq", json_count(al->seq));
	json_object_set_new(o, "kind", json_string(alerts_kind_text(al->kind)));
	json_object_set_new(o, "state", json_string(al->cleared_ns ? "over" : "active"));
	json_object_set_new(o, "node", json_printable(al->subject.name));
	json_object_set_new(o, "node_id", json_string(id_hex(hex, &al->subject.id)));
	json_object_set_new(o, "mesh", json_printable(al->subject.mesh));
	json_object_set_new(o, "raised_at", json_time(al->raised_wall_ms));
	json_object_set_new(o, "age_ms", json_count(now_ns > al->raised_ns
		? (now_ns - al->raised_ns) / NS_PER_MS : 0));
	json_object_set_new(o, "lasted_ms", json_count(end_ns > al->raised_ns
		? (end_ns - al->raised_ns) / NS_PER_MS : 0));
	json_object_set_new(o, "value", json_count(al->value));
	json_object_set_new(o, "threshold", json_count(threshold));
	json_object_set_new(o, "worst", json_count(al->worst));
	json_object_set_new(o, "figure", json_figure(al->kind, al->value));
	json_object_set_new(o, "limit", json_figure(al->kind, threshold));
	json_object_set_new(o, "peak", json_figure(al->kind, al->worst));
	json_object_set_new(o, "acknowledged", json_boolean(al->acknowledged));
	json_object_set_new(o, "text", json_printable(
		al->text[0] != '\0' ? al->text : alerts_kind_meaning(al->kind)));
	return o;
}

void
control_alerts_put(json_t *to, const struct alerts *a, uint64_t now_ns)
{
	size_t count = a != NULL ? alerts_count(a) : 0;
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_alert(alerts_at(a, i), now_ns));
	json_object_set_new(to, "alerts", list);
	json_object_set_new(to, "active", json_count(a ? alerts_active(a) : 0));
	json_object_set_new(to, "unacknowledged",
		json_count(a ? alerts_unacknowledged(a) : 0));
	json_object_set_new(to, "dropped", json_count(a ? alerts_dropped(a) : 0));
}
