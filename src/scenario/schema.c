/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "scenario/check.h"
#include "scenario/schema.h"

#define DRAFT "https://json-schema.org/draft/2020-12/schema"
#define LABEL "^[a-z0-9][a-z0-9-]{0,62}$"
#define DURATION "^[0-9]+(\\.[0-9]+)?(us|ms|s|m|h|d)$"
#define OFFSET "^-?[0-9]+(\\.[0-9]+)?(us|ms|s|m|h|d)$"
#define SHARE "^[0-9]+(\\.[0-9]{1,2})?%$"
#define SELECTOR "^(all|[a-z0-9*-]+(\\.[a-z0-9*-]+(#[1-9][0-9]*)?)?)$"
#define SEED "^[0-9a-f]{64}@.+:[0-9]+$"
#define RATE "^[0-9]+(\\.[0-9]+)?(B|kB|MB)$"

static json_t *
pattern(const char *text)
{
	return json_pack("{s:s, s:s}", "type", "string", "pattern", text);
}

/* One of them, or a list of them. */
static json_t *
one_or_more(json_t *one)
{
	return json_pack("{s:[O, {s:s, s:i, s:o}]}", "anyOf", one, "type", "array",
		"minItems", 1, "items", one);
}

static json_t *
list_of(json_t *item)
{
	return json_pack(
		"{s:s, s:i, s:o}", "type", "array", "minItems", 1, "items", item);
}

static json_t *
map_of(const char *keys, json_t *value)
{
	return json_pack("{s:s, s:{s:s}, s:o}", "type", "object", "propertyNames",
		"pattern", keys, "additionalProperties", value);
}

static json_t *
words(const char *const *list, size_t count)
{
	json_t *all = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(all, json_string(list[i]));
	return json_pack("{s:o}", "enum", all);
}

static json_t *
primitives(void)
{
	const char *names[PRIMITIVES];

	for (size_t i = 0; i < PRIMITIVES; i++)
		names[i] = catalog_at((enum primitive)i)->name;
	return words(names, PRIMITIVES);
}

static json_t *
ref(const char *place)
{
	char path[64];

	snprintf(path, sizeof(path), "#/$defs/%s", place);
	return json_pack("{s:s}", "$ref", path);
}

static json_t *
count(void)
{
	return json_pack("{s:s, s:i}", "type", "integer", "minimum", 0);
}

static json_t *
param(const struct check_key *k)
{
	for (size_t i = 0; i < PARAMS; i++) {
		const struct catalog_param *p = catalog_param_at((enum param)i);

		if (strcmp(p->key, k->key) == 0)
			return pattern(p->unit == UNIT_SHARE	? SHARE
				       : p->unit == UNIT_OFFSET ? OFFSET
								: DURATION);
	}
	abort();	/* each key of this shape comes from that table */
}

static json_t *
select_one(void)
{
	return one_or_more(pattern(SELECTOR));
}

static json_t *
claims(void)
{
	return one_or_more(json_pack("{s:s}", "type", "string"));
}

static const char *const starts[] = { "at-once", "later" };
static const char *const allows[] = { "seed", "last-gateway" };

/* Shapes that are a place with keys of its own. */
static const char *const places_of[] = { [SHAPE_GUARDS] = "GUARDS",
	[SHAPE_REPORT] = "REPORT", [SHAPE_WAIT] = "WAIT", [SHAPE_FAULT] = "FAULT",
	[SHAPE_REPEAT] = "REPEAT", [SHAPE_SOAK] = "SOAK", [SHAPE_SEND] = "SEND",
	[SHAPE_BUDGET] = "BUDGET", [SHAPE_ECHO] = "ECHO",
	[SHAPE_GOSSIP] = "GOSSIP" };

static json_t *
of_shape(const struct check_key *k)
{
	switch (k->shape) {
	case SHAPE_LABEL:
		return pattern(LABEL);
	case SHAPE_COUNT:
		return count();
	case SHAPE_SHARE:
		return pattern(SHARE);
	case SHAPE_DURATION:
		return pattern(DURATION);
	case SHAPE_RATE:
		return pattern(RATE);
	case SHAPE_BOOL:
		return json_pack("{s:s}", "type", "boolean");
	case SHAPE_PATH: case SHAPE_NAME:
		return json_pack("{s:s, s:i}", "type", "string", "minLength", 1);
	case SHAPE_SELECT:
		return select_one();
	case SHAPE_SEEDS:
		return one_or_more(pattern(SEED));
	case SHAPE_CLAIMS:
		return claims();
	case SHAPE_PICK:
		return json_pack("{s:[s, s]}", "type", "string", "integer");
	case SHAPE_PRIMITIVE:
		return primitives();
	case SHAPE_START:
		return words(starts, 2);
	case SHAPE_ALLOW:
		return list_of(words(allows, 2));
	case SHAPE_KEEP:
		return map_of(LABEL, count());
	case SHAPE_WEIGHTS:
		return json_pack("{s:[o, o]}", "anyOf", list_of(primitives()),
			map_of(LABEL, count()));
	case SHAPE_MESHES:
		return map_of(LABEL, map_of(LABEL, count()));
	case SHAPE_NODES:
		return list_of(ref("NODE"));
	case SHAPE_LINKS:
		return list_of(ref("LINK"));
	case SHAPE_STEPS:
		return list_of(json_pack(
			"{s:[{s:s}, o]}", "anyOf", "const", "stop", ref("STEP")));
	case SHAPE_STOP:
		return json_pack("{s:[{s:s}, o, {s:s, s:i}]}", "anyOf", "type", "null",
			select_one(), "type", "object", "maxProperties", 0);
	case SHAPE_EXPECT:
		return json_pack("{s:[o, o]}", "anyOf", claims(), ref("EXPECT"));
	case SHAPE_GUARDS:
	case SHAPE_REPORT:
	case SHAPE_WAIT:
	case SHAPE_FAULT:
	case SHAPE_REPEAT: case SHAPE_SOAK: case SHAPE_BUDGET:
	case SHAPE_SEND:
	case SHAPE_ECHO: case SHAPE_GOSSIP:
		return ref(places_of[k->shape]);
	case SHAPE_PARAM:
		return param(k);
	}
	abort();	/* every shape is above */
}

static json_t *
of_place(enum place p)
{
	json_t *properties = json_object(), *required = json_array(), *o;

	for (size_t k = 0; k < KEYS; k++) {
		const struct check_key *key = check_key_at((enum key)k);
		json_t *value;

		if (key->place != p)
			continue;
		value = of_shape(key);
		json_object_set_new(value, "description", json_string(key->text));
		json_object_set_new(properties, key->key, value);
		if (key->required)
			json_array_append_new(required, json_string(key->key));
	}
	o = json_pack("{s:s, s:b, s:o, s:o}", "type", "object", "additionalProperties", 0,
		"properties", properties, "required", required);
	if (p == PLACE_STEP) {
		json_object_set_new(o, "minProperties", json_integer(1));
		json_object_set_new(o, "maxProperties", json_integer(1));
	}
	return o;
}

static void
put(json_t *o, struct buf *to)
{
	char *text = json_dumps(o, JSON_INDENT(1));

	json_decref(o);
	if (!text)
		abort();	/* out of memory: every value above is a valid one */
	buf_put(to, text, strlen(text));
	buf_put_u8(to, '\n');
	free(text);
}

void
schema_scenario(struct buf *to)
{
	static const char *const names[PLACES] = {
#define PLACE(name, text) [PLACE_##name] = #name,
#include "scenario/places.def"
#undef PLACE
	};
	json_t *o = of_place(PLACE_ROOT), *defs = json_object();

	for (size_t p = 0; p < PLACES; p++)
		if (p != PLACE_ROOT)
			json_object_set_new(defs, names[p], of_place((enum place)p));
	json_object_set_new(o, "$schema", json_string(DRAFT));
	json_object_set_new(o, "title", json_string("a scenario of meshtui"));
	json_object_set_new(o, "$defs", defs);
	put(o, to);
}

static json_t *
type(const char *name)
{
	return json_pack("{s:s}", "type", name);
}

static json_t *
maybe(const char *name)
{
	return json_pack("{s:[s, s]}", "type", name, "null");
}

static json_t *
object(json_t *properties)
{
	json_t *required = json_array(), *value;
	const char *key;

	json_object_foreach(properties, key, value)
		json_array_append_new(required, json_string(key));
	return json_pack("{s:s, s:o, s:o}", "type", "object", "properties", properties,
		"required", required);
}

static json_t *
array(json_t *items)
{
	return json_pack("{s:s, s:o}", "type", "array", "items", items);
}

static json_t *
verdicts(void)
{
	static const char *const list[] = { "pass", "fail", "unproven" };

	return words(list, 3);
}

static json_t *
event(void)
{
	static const char *const classes[] = { "none", "timeout", "assertion",
		"no-effect" };

	return object(json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
				"s:o, s:o, s:o, s:o, s:o}",
		"timestamp_ms", type("integer"), "step", type("integer"), "primitive",
		primitives(), "targets", array(type("string")), "lease_ms",
		type("integer"), "skipped", type("boolean"), "verdict", verdicts(),
		"class", words(classes, 4), "reason", type("string"), "injected_ms",
		maybe("integer"), "witnessed_ms", maybe("integer"), "reverted_ms",
		maybe("integer"), "recovered_ms", maybe("integer"), "witnesses",
		array(object(json_pack("{s:o, s:o}", "name", type("string"), "saw_ms",
			type("integer")))),
		"evidence",
		object(json_pack("{s:o, s:o, s:o, s:o, s:o}", "params",
			array(type("integer")), "targets", array(type("integer")),
			"nodes", array(type("array")), "inputs", array(type("array")),
			"dropped", type("integer"))),
		"hash", pattern("^[0-9a-f]{64}$")));
}

static json_t *
step(void)
{
	return object(json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
		"step", type("integer"), "line", type("integer"), "what", type("string"),
		"verdict", verdicts(), "reason", type("string"), "reached",
		type("boolean"), "began_ms", maybe("integer"), "took_ms",
		maybe("integer"), "figures",
		json_pack("{s:s, s:o}", "type", "object", "additionalProperties",
			type("integer")),
		"evidence",
		array(object(json_pack(
			"{s:o, s:o}", "at_ms", type("integer"), "text", type("string")))),
		"evidence_dropped", type("integer")));
}

static json_t *
node(void)
{
	return object(json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
		"name", type("string"), "id", maybe("string"), "mesh", type("string"),
		"type", type("string"), "started_ms", maybe("integer"), "ready_ms",
		maybe("integer"), "boot_us", maybe("integer"), "ended_ms",
		maybe("integer"), "end", maybe("string"), "end_expected",
		maybe("boolean"), "failure", type("string")));
}

void
schema_report(struct buf *to)
{
	json_t *o = object(json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
				     "s:o, s:o, s:o, s:o, s:o, "
				     "s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
		"version", json_pack("{s:i}", "const", 1), "scenario", pattern(LABEL),
		"file", type("string"), "verdict", verdicts(), "exit_status",
		type("integer"), "started_at_ms", type("integer"), "took_ms",
		type("integer"), "seed", type("integer"), "plan", type("string"),
		"started_ms", type("integer"), "ended_ms", type("integer"), "event_count",
		type("integer"), "passed", type("integer"), "failed_timeout",
		type("integer"), "failed_assertion", type("integer"), "unproven",
		type("integer"), "skipped", type("integer"), "latencies", type("object"),
		"events", array(event()), "steps", array(step()), "nodes", array(node()),
		"topology", array(type("array")), "hash", pattern("^[0-9a-f]{64}$")));

	json_object_set_new(json_object_get(o, "properties"), "soak", type("object"));
	json_object_set_new(json_object_get(o, "properties"), "signer",
		pattern("^[0-9a-f]{64}$"));
	json_object_set_new(json_object_get(o, "properties"), "signature",
		pattern("^[0-9a-f]{128}$"));
	json_object_set_new(
		json_object_get(o, "properties"), "aftermath", type("string"));
	json_object_set_new(o, "$schema", json_string(DRAFT));
	json_object_set_new(o, "title", json_string("the report of a run of meshtui"));
	put(o, to);
}
