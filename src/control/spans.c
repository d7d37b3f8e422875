/* SPDX-License-Identifier: MIT */
#include "control/spans.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/text.h"

static json_t *
json_hex(const uint8_t *bytes, size_t len)
{
	char hex[2 * SPAN_TRACE_LEN + 1];

	return json_string(hex_encode(hex, bytes, len));
}

static json_t *
json_number(uint64_t n)
{
	return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

static json_t *
json_printable(const char *text)
{
	char shown[SPAN_WHY_CAP];

	text_printable(shown, sizeof shown, text, strlen(text));
	return json_string(shown);
}

static json_t *
json_span(const struct span *s)
{
	json_t *o = json_object(), *attrs = json_object();

	json_object_set_new(o, "span_id", json_hex(s->id, sizeof s->id));
	json_object_set_new(o, "parent_id", span_has_parent(s)
		? json_hex(s->parent, sizeof s->parent) : json_string(""));
	json_object_set_new(o, "name", json_printable(s->name));
	json_object_set_new(o, "begin_us", json_number(s->begin_us));
	json_object_set_new(o, "duration_us", json_number(s->duration_us));
	json_object_set_new(o, "state", json_string(span_state_text(s->state)));
	json_object_set_new(o, "why", json_printable(s->why));
	for (size_t i = 0; i < s->attr_count; i++)
		json_object_set_new(
			attrs, s->attrs[i].key, json_printable(s->attrs[i].value));
	json_object_set_new(o, "attributes", attrs);
	return o;
}

void
control_spans_put(json_t *to, const struct span_set *s)
{
	static const struct span_set none;
	json_t *list = json_array();
	time_t seconds;
	char at[64] = "";
	struct tm tm;

	s = s != NULL ? s : &none;
	seconds = (time_t)(s->wall_us / 1000000);
	if (gmtime_r(&seconds, &tm) != NULL)
		strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(at + strlen(at), sizeof at - strlen(at), ".%03uZ",
		(unsigned)(s->wall_us / 1000 % 1000));
	json_object_set_new(to, "trace_id", json_hex(s->trace, sizeof s->trace));
	json_object_set_new(to, "at", json_string(at));
	json_object_set_new(to, "wall_us", json_number(s->wall_us));
	json_object_set_new(to, "lost", json_number(s->lost));
	for (size_t i = 0; i < s->count; i++)
		json_array_append_new(list, json_span(&s->spans[i]));
	json_object_set_new(to, "spans", list);
}

void
control_spans_put_recent(json_t *to, const struct span_store *s)
{
	struct span_record *r = mem_array(1, sizeof *r);
	struct journal_cursor c = { .seq = 1 };
	json_t *list = json_array(), *o;
	uint64_t lost = 0;

	while (s != NULL && span_store_next(s, &c, r, &lost)) {
		o = json_span(&r->span);
		json_object_set_new(o, "trace_id", json_hex(r->trace, sizeof r->trace));
		json_object_set_new(o, "begin_us",
			json_number(span_store_wall_us(s) + r->span.begin_us));
		json_array_append_new(list, o);
	}
	json_object_set_new(to, "recent", list);
	json_object_set_new(to, "recent_dropped", json_number(lost));
	free(r);
}

static int
take_text(const json_t *o, const char *key, char *to, size_t cap)
{
	const json_t *value = json_object_get(o, key);

	if (!json_is_string(value))
		return ERR_MALFORMED;
	if (json_string_length(value) >= cap)
		return ERR_LIMIT;
	text_printable(to, cap, json_string_value(value), json_string_length(value));
	return ERR_OK;
}

static int
take_number(const json_t *o, const char *key, uint64_t *to)
{
	const json_t *value = json_object_get(o, key);

	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return ERR_MALFORMED;
	*to = (uint64_t)json_integer_value(value);
	return ERR_OK;
}

static int
take_hex(const json_t *o, const char *key, uint8_t *to, size_t len)
{
	const char *text = json_string_value(json_object_get(o, key));

	/* hex_decode wants exactly as many digits. */
	if (text == NULL || hex_decode(to, len, text) != ERR_OK)
		return ERR_MALFORMED;
	return ERR_OK;
}

static int
take_attrs(const json_t *o, struct span *to)
{
	json_t *attrs = json_object_get(o, "attributes"), *value;
	const char *key;

	if (!json_is_object(attrs))
		return ERR_MALFORMED;
	json_object_foreach(attrs, key, value) {
		struct span_attr *at = &to->attrs[to->attr_count];

		if (to->attr_count == SPAN_ATTRS_MAX || strlen(key) >= sizeof at->key)
			return ERR_LIMIT;
		text_printable(at->key, sizeof at->key, key, strlen(key));
		if (take_text(attrs, key, at->value, sizeof at->value) != ERR_OK)
			return ERR_MALFORMED;
		to->attr_count++;
	}
	return ERR_OK;
}

static int
take_span(const json_t *o, struct span *to)
{
	const char *parent = json_string_value(json_object_get(o, "parent_id"));
	char state[16];
	int err;

	if (parent == NULL)
		return ERR_MALFORMED;
	if ((err = take_hex(o, "span_id", to->id, sizeof to->id)) ||
		(parent[0] != '\0' &&
			(err = take_hex(o, "parent_id", to->parent,
				 sizeof to->parent))) ||
		(err = take_text(o, "name", to->name, sizeof to->name)) ||
		(err = take_number(o, "begin_us", &to->begin_us)) ||
		(err = take_number(o, "duration_us", &to->duration_us)) ||
		(err = take_text(o, "why", to->why, sizeof to->why)) ||
		(err = take_text(o, "state", state, sizeof state)))
		return err;
	for (unsigned s = 0; s < SPAN_STATES; s++)
		if (strcmp(state, span_state_text((enum span_state)s)) == 0) {
			to->state = (enum span_state)s;
			return take_attrs(o, to);
		}
	return ERR_MALFORMED;
}

static int
take_answer(const json_t *o, struct control_spans *to)
{
	const json_t *list = json_object_get(o, "spans");
	const char *id = json_string_value(json_object_get(o, "node_id"));
	size_t count = json_array_size(list);
	int err;

	if (json_object_get(o, "error"))
		return ERR_REFUSED;
	if (!json_is_array(list) || id == NULL || id_parse(&to->id, id) != ERR_OK)
		return ERR_MALFORMED;
	if (count > SPANS_MAX)
		return ERR_LIMIT;
	if ((err = take_text(o, "node", to->name, sizeof to->name)) ||
		(err = take_hex(o, "trace_id", to->set.trace, SPAN_TRACE_LEN)) ||
		(err = take_number(o, "wall_us", &to->set.wall_us)) ||
		(err = take_number(o, "lost", &to->set.lost)))
		return err;
	if (count > 0)
		to->set.spans = mem_array(count, sizeof *to->set.spans);
	to->set.count = count;
	for (size_t i = 0; i < count && !err; i++)
		err = take_span(json_array_get(list, i), &to->set.spans[i]);
	return err;
}

int
control_spans_parse(struct control_spans *to, const char *answer, size_t len)
{
	json_t *o = json_loadb(answer, len, JSON_REJECT_DUPLICATES, NULL);
	int err;

	memset(to, 0, sizeof *to);
	err = json_is_object(o) ? take_answer(o, to) : ERR_MALFORMED;
	json_decref(o);
	if (err)
		span_set_fini(&to->set);
	return err;
}
