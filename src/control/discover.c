/* SPDX-License-Identifier: MIT */
#include "control/discover.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "control/request.h"

/* A text of the object that fits, or NULL. */
static const char *
text_of(const json_t *object, const char *key, size_t cap)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && strlen(text) < cap ? text : NULL;
}

static int
parse_meshes(struct control_discover *d, const json_t *list)
{
	size_t i;
	json_t *o;

	if (!json_is_array(list))
		return ERR_MALFORMED;
	json_array_foreach(list, i, o) {
		const char *mesh = text_of(o, "mesh", sizeof d->meshes[0]);

		if (!mesh || !text_is_label(mesh))
			return ERR_MALFORMED;
		if (d->mesh_count < MESHES_MAX)
			memcpy(d->meshes[d->mesh_count++], mesh, strlen(mesh) + 1);
	}
	return ERR_OK;
}

static int
parse_addresses(struct control_discover *d, const json_t *list)
{
	size_t i;
	json_t *o;

	if (!json_is_array(list))
		return ERR_MALFORMED;
	json_array_foreach(list, i, o) {
		const char *text = json_string_value(o);
		struct address a;

		if (!text || address_parse(&a, text))
			return ERR_MALFORMED;
		if (d->address_count < ADDRESSES_MAX)
			d->addresses[d->address_count++] = a;
	}
	return ERR_OK;
}

static int
parse(struct control_discover *d, const json_t *o)
{
	const char *name = text_of(o, "name", sizeof d->name);
	const char *id = text_of(o, "id", ID_HEX_CAP);
	const char *type = text_of(o, "type", sizeof d->type);
	const json_t *observer = json_object_get(o, "observer");
	int err;

	if (json_integer_value(json_object_get(o, "version")) != CONTROL_VERSION)
		return ERR_MALFORMED;
	if (json_object_get(o, "error"))
		return ERR_REFUSED;
	if (!name || !id || !type || !json_is_boolean(observer))
		return ERR_MALFORMED;
	if (id_parse(&d->id, id) || !text_is_label(type))
		return ERR_MALFORMED;
	text_printable(d->name, sizeof d->name, name, strlen(name));
	memcpy(d->type, type, strlen(type) + 1);
	d->observer = json_is_true(observer);
	d->ready = json_is_true(json_object_get(o, "ready"));
	err = parse_meshes(d, json_object_get(o, "meshes"));
	return err ? err : parse_addresses(d, json_object_get(o, "addresses"));
}

int
control_discover_parse(struct control_discover *d, const char *answer, size_t len)
{
	json_t *o = json_loadb(answer, len, JSON_REJECT_DUPLICATES, NULL);
	int err;

	memset(d, 0, sizeof *d);
	if (!o)
		return ERR_MALFORMED;
	err = parse(d, o);
	json_decref(o);
	return err;
}
