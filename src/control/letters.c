/* SPDX-License-Identifier: MIT */
#include "control/letters.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/hex.h"
#include "base/text.h"
#include "control/cells.h"

#define REAL_DIGITS 6

static const char *const resolve_keys[] = { "name", "all" };
static const char *const send_keys[] = { "name", "kind", "data", "count", "every_us" };

bool
control_letters_is_key(const char *verb, const char *key)
{
	bool sends = verb != NULL &&
		(strcmp(verb, "send") == 0 || strcmp(verb, "echo") == 0);
	size_t count = sends ? sizeof send_keys / sizeof *send_keys : 2;

	if (!sends && (verb == NULL || strcmp(verb, "resolve") != 0))
		return false;
	for (size_t i = 0; i < count; i++)
		if (strcmp(key, sends ? send_keys[i] : resolve_keys[i]) == 0)
			return true;
	return false;
}

void
control_letters_fini(struct control_letters *l)
{
	buf_fini(&l->data);
}

static char *
dump(json_t *o)
{
	char *text = json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS));

	json_decref(o);
	assert(text);	/* all texts were made printable */
	return text;
}

static json_t *
json_printable(const char *text)
{
	char shown[512];

	text_printable(shown, sizeof shown, text, strlen(text));
	return json_string(shown);
}

static json_t *
json_count(uint64_t n)
{
	return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

char *
control_letters_line(const struct control_letters *l)
{
	json_t *o = json_object();
	struct buf hex;

	json_object_set_new(o, "version", json_integer(CONTROL_VERSION));
	json_object_set_new(o, "verb", json_string(control_request_verb(l->verb)));
	json_object_set_new(o, "name", json_printable(l->name));
	if (l->verb == CONTROL_RESOLVE) {
		json_object_set_new(o, "all", json_boolean(l->all));
		return dump(o);
	}
	buf_init(&hex, 2 * MESSAGE_BODY_LEN_MAX + 1);
	for (size_t i = 0; i < l->data.len; i++)
		buf_format(&hex, "%02x", l->data.data[i]);
	json_object_set_new(o, "kind", json_printable(l->kind));
	json_object_set_new(o, "data", json_stringn((const char *)hex.data, hex.len));
	json_object_set_new(o, "count", json_count(l->count));
	json_object_set_new(o, "every_us", json_count(l->every_us));
	buf_fini(&hex);
	return dump(o);
}

static bool
read_number(const json_t *o, const char *key, uint64_t least, uint64_t most, uint64_t *to,
	char why[static CONTROL_WHY_CAP])
{
	const json_t *value = json_object_get(o, key);

	if (value == NULL)
		return true;
	if (json_is_integer(value) && json_integer_value(value) >= (json_int_t)least &&
		(uint64_t)json_integer_value(value) <= most) {
		*to = (uint64_t)json_integer_value(value);
		return true;
	}
	snprintf(why, CONTROL_WHY_CAP,
		"expected \"%s\" with a number from %" PRIu64 " to %" PRIu64, key, least,
		most);
	return false;
}

static bool
read_text(const json_t *o, const char *key, char *to, size_t cap,
	char why[static CONTROL_WHY_CAP])
{
	const json_t *value = json_object_get(o, key);

	if (value == NULL)
		return true;
	if (json_is_string(value) && json_string_length(value) < cap &&
		strlen(json_string_value(value)) == json_string_length(value)) {
		snprintf(to, cap, "%s", json_string_value(value));
		return true;
	}
	snprintf(why, CONTROL_WHY_CAP, "expected \"%s\" with a text of at most %zu bytes",
		key, cap - 1);
	return false;
}

static bool
read_data(const json_t *o, struct buf *to, char why[static CONTROL_WHY_CAP])
{
	const json_t *value = json_object_get(o, "data");
	const char *hex = value ? json_string_value(value) : "";
	size_t len = hex ? strlen(hex) : 1;

	for (size_t i = 0; len % 2 == 0 && i < len; i += 2) {
		uint8_t byte;

		if (hex_decode(&byte, 1, (const char[]){ hex[i], hex[i + 1], '\0' }))
			len = 1;
		else
			buf_put_u8(to, byte);
	}
	if (len % 2 == 0 && !to->failed)
		return true;
	snprintf(why, CONTROL_WHY_CAP, "expected \"data\" with at most %u bytes in hex",
		MESSAGE_BODY_LEN_MAX);
	return false;
}

static int
read_arguments(
	struct control_letters *l, const json_t *o, char why[static CONTROL_WHY_CAP])
{
	l->all = json_is_true(json_object_get(o, "all"));
	if (!read_text(o, "name", l->name, sizeof l->name, why) ||
		!read_text(o, "kind", l->kind, sizeof l->kind, why) ||
		!read_number(o, "count", 1, SENDING_COUNT_MAX, &l->count, why) ||
		!read_number(o, "every_us", 0, UINT64_C(3600000000), &l->every_us, why) ||
		!read_data(o, &l->data, why))
		return ERR_ARGUMENT;
	if (l->name[0] != '\0')
		return ERR_OK;
	snprintf(why, CONTROL_WHY_CAP, "expected \"name\" with whom it is about");
	return ERR_ARGUMENT;
}

int
control_letters_parse(struct control_letters *l, const char *line, size_t len,
	char why[static CONTROL_WHY_CAP])
{
	enum control_verb verb;
	json_t *o;
	int err;

	memset(l, 0, sizeof *l);
	/* A whole parse of what is no such request would be done twice. */
	if (control_request_parse(&verb, line, len, why) != ERR_OK ||
		(verb != CONTROL_SEND && verb != CONTROL_RESOLVE && verb != CONTROL_ECHO))
		return ERR_UNKNOWN;
	l->verb = verb;
	l->count = 1;
	snprintf(l->kind, sizeof l->kind, "message");
	buf_init(&l->data, MESSAGE_BODY_LEN_MAX);
	o = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	err = read_arguments(l, o, why);
	json_decref(o);
	if (err)
		control_letters_fini(l);
	return err;
}

static json_t *
answer_object(void)
{
	json_t *o = json_object();

	json_object_set_new(o, "version", json_integer(CONTROL_VERSION));
	return o;
}

static void
put_status(json_t *o, const char *name, enum delivery status, const char *why)
{
	json_object_set_new(o, "name", json_printable(name));
	json_object_set_new(o, "status", json_string(delivery_name(status)));
	json_object_set_new(o, "text", json_string(delivery_text(status)));
	json_object_set_new(o, "why", json_printable(why));
}

static json_t *
json_ms(uint64_t ns)
{
	return json_real((double)ns / NS_PER_MS);
}

static json_t *
json_node(const struct resolved_node *n)
{
	json_t *o = json_object(), *list = json_array();
	char name[NAME_LEN_MAX + 1], text[ADDRESS_TEXT_CAP], hex[ID_HEX_CAP];
	const struct digest *g = &n->digest;

	for (size_t i = 0; i < g->address_count; i++)
		json_array_append_new(
			list, json_string(address_format(text, &g->addresses[i])));
	snprintf(name, sizeof name, "%s.%s.%.6s", g->mesh, g->type, id_hex(hex, &g->id));
	json_object_set_new(o, "name", json_printable(name));
	json_object_set_new(o, "id", json_string(hex));
	json_object_set_new(o, "mesh", json_printable(g->mesh));
	json_object_set_new(o, "type", json_printable(g->type));
	json_object_set_new(o, "addresses", list);
	json_object_set_new(o, "age_ms", json_count(n->age_ms));
	return o;
}

char *
control_letters_resolved(const char *name, const struct resolved *r, uint64_t took_ns)
{
	json_t *to = answer_object(), *o = json_object(), *list = json_array();

	put_status(o, name, r->status, r->why);
	json_object_set_new(o, "took_ms", json_ms(took_ns));
	for (size_t i = 0; i < r->count; i++)
		json_array_append_new(list, json_node(&r->nodes[i]));
	json_object_set_new(o, "nodes", list);
	json_object_set_new(to, "resolved", o);
	return dump(to);
}

char *
control_letters_sent(const struct sending_report *r)
{
	json_t *to = answer_object(), *o = json_object(), *rtt = json_object();
	char trace[2 * sizeof r->trace + 1];

	put_status(o, r->destination, r->status, r->why);
	json_object_set_new(o, "count", json_count(r->count));
	json_object_set_new(o, "acked", json_count(r->acked));
	json_object_set_new(o, "failed", json_count(r->failed));
	json_object_set_new(o, "retries", json_count(r->retries));
	json_object_set_new(o, "receiver", json_printable(r->receiver));
	json_object_set_new(rtt, "min", json_ms(r->rtt_min_ns));
	json_object_set_new(
		rtt, "mean", json_ms(r->acked ? r->rtt_sum_ns / r->acked : 0));
	json_object_set_new(rtt, "max", json_ms(r->rtt_max_ns));
	json_object_set_new(o, "rtt_ms", rtt);
	json_object_set_new(o, "took_ms", json_ms(r->took_ns));
	json_object_set_new(o, "trace_id",
		json_string(hex_encode(trace, r->trace, sizeof r->trace)));
	json_object_set_new(to, "sent", o);
	return dump(to);
}

char *
control_letters_error(const char *why)
{
	json_t *to = answer_object(), *o = json_object();

	json_object_set_new(o, "name", json_string(err_name(ERR_ARGUMENT)));
	json_object_set_new(o, "text", json_printable(why));
	json_object_set_new(to, "error", o);
	return dump(to);
}

int
control_letters_exit(const json_t *o)
{
	const char *status = json_string_value(json_object_get(o, "status"));

	for (int i = 0; status && i < DELIVERY_COUNT; i++)
		if (strcmp(status, delivery_name((enum delivery)i)) == 0)
			return delivery_exit((enum delivery)i);
	return 1;
}

static void
print_failure(struct buf *to, const json_t *o)
{
	char name[CELLS_CAP], text[CELLS_CAP], why[CELLS_CAP];

	cells_field(name, o, "name");
	cells_field(text, o, "text");
	cells_field(why, o, "why");
	buf_format(to, "%s: %s: %s\n", name, text, why);
}

static void
print_nodes(struct buf *to, const json_t *o)
{
	char name[CELLS_CAP], address[CELLS_CAP], age[CELLS_CAP];
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(o, "nodes"), i, row) {
		cells_field(name, row, "name");
		cells_text(address, json_string_value(
			json_array_get(json_object_get(row, "addresses"), 0)));
		cells_duration(age, row, "age_ms");
		buf_format(to, "%s  %s  heard %s ago\n", name, address, age);
	}
}

static void
print_sent(struct buf *to, const json_t *o)
{
	const json_t *rtt = json_object_get(o, "rtt_ms");
	char who[CELLS_CAP], took[CELLS_CAP];

	cells_field(who, o, "receiver");
	text_duration(took, sizeof took, (uint64_t)(NS_PER_MS *
		json_number_value(json_object_get(o, "took_ms"))));
	if (cells_number(o, "acked") > 0)
		buf_format(to,
			"%" PRIu64 " of %" PRIu64 " acknowledged by %s in %s "
			"(each %.1f to %.1f ms, mean %.1f), %" PRIu64 " tried again\n",
			cells_number(o, "acked"), cells_number(o, "count"), who, took,
			json_number_value(json_object_get(rtt, "min")),
			json_number_value(json_object_get(rtt, "max")),
			json_number_value(json_object_get(rtt, "mean")),
			cells_number(o, "retries"));
	if (cells_number(o, "failed") > 0) {
		buf_format(to, "%" PRIu64 " failed, the last one: ",
			cells_number(o, "failed"));
		print_failure(to, o);
	}
}

bool
control_letters_print(struct buf *to, const json_t *answer, int *status)
{
	const json_t *resolved = json_object_get(answer, "resolved");
	const json_t *sent = json_object_get(answer, "sent");

	if (!resolved && !sent)
		return false;
	*status = control_letters_exit(resolved ? resolved : sent);
	if (sent)
		print_sent(to, sent);
	else if (*status == 0)
		print_nodes(to, resolved);
	else
		print_failure(to, resolved);
	return true;
}
