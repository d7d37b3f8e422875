/* SPDX-License-Identifier: MIT */
#include "control/meshes.h"

#include <string.h>

#include "base/hex.h"

static json_t *
json_count(uint64_t n)
{
	return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

static json_t *
json_id(const struct peer_id *id)
{
	char hex[ID_HEX_CAP];

	return json_string(id_hex(hex, id));
}

static json_t *
json_types(const struct summary *s)
{
	json_t *o = json_object();

	for (size_t i = 0; i < s->type_count; i++)
		json_object_set_new(
			o, s->types[i].type, json_count(s->types[i].nodes.live));
	if (s->others.live > 0)
		json_object_set_new(o, "others", json_count(s->others.live));
	return o;
}

static json_t *
json_gateways(const struct summary *s)
{
	json_t *list = json_array();
	char text[ADDRESS_TEXT_CAP];

	for (size_t i = 0; i < s->gateway_count; i++) {
		const struct summary_gateway *g = &s->gateways[i];
		json_t *o = json_object(), *addresses = json_array();

		for (size_t k = 0; k < g->address_count; k++)
			json_array_append_new(addresses,
				json_string(address_format(text, &g->addresses[k])));
		json_object_set_new(o, "id", json_id(&g->id));
		json_object_set_new(o, "addresses", addresses);
		json_array_append_new(list, o);
	}
	return list;
}

/* Labels are checked where they come in, so all texts here are printable. */
static json_t *
json_mesh(const struct summary *s, const char *state, uint64_t age_ns, const char *text)
{
	struct summary_counts all = summary_total(s);
	char hash[2 * SUMMARY_HASH_LEN + 1];
	json_t *o = json_object();

	json_object_set_new(o, "mesh", json_string(s->mesh));
	json_object_set_new(o, "state", json_string(state));
	json_object_set_new(o, "age_ms", json_count(age_ns / NS_PER_MS));
	json_object_set_new(o, "live", json_count(all.live));
	json_object_set_new(o, "suspect", json_count(all.suspect));
	json_object_set_new(o, "gone", json_count(all.gone));
	json_object_set_new(o, "types", json_types(s));
	json_object_set_new(o, "gateways", json_gateways(s));
	json_object_set_new(o, "directory_hash",
		json_string(hex_encode(hash, s->hash, SUMMARY_HASH_LEN)));
	json_object_set_new(o, "text", json_string(text));
	return o;
}

static bool
is_own(const struct control_view *v, const char *mesh)
{
	for (size_t i = 0; i < v->mesh_count; i++)
		if (strcmp(v->meshes[i].mesh, mesh) == 0)
			return true;
	return false;
}

static json_t *
json_other(const struct control_view *v, const struct backbone_mesh *m)
{
	json_t *speakers = json_array(), *o;
	char why[BACKBONE_WHY_CAP];

	o = json_mesh(&m->summary, backbone_state_text(m->state),
		v->now_ns - m->received_ns,
		m->state == BACKBONE_HEARD ? ""
			: backbone_why(v->backbone, m->summary.mesh, v->now_ns, why));
	for (size_t i = 0; i < m->speaker_count; i++)
		if (v->now_ns < m->speakers[i].heard_ns + BACKBONE_TAKEOVER)
			json_array_append_new(speakers, json_id(&m->speakers[i].id));
	json_object_set_new(o, "speakers", speakers);
	json_object_set_new(o, "disputed",
		json_boolean(backbone_rival(m, 0, v->now_ns) != NULL));
	return o;
}

void
control_meshes_put(json_t *to, const struct control_view *v)
{
	json_t *list = json_array();
	struct summary s;

	for (size_t i = 0; i < v->mesh_count; i++) {
		backbone_summarize(&s, v->meshes[i].mesh, v->meshes[i].directory);
		json_array_append_new(list, json_mesh(&s, "own", 0,
			s.gateway_count > 0 ? ""
				: "no gateway: it is unreachable from outside"));
	}
	for (size_t i = 0; v->backbone && i < backbone_count(v->backbone); i++) {
		const struct backbone_mesh *m = backbone_at(v->backbone, i);

		if (!is_own(v, m->summary.mesh))
			json_array_append_new(list, json_other(v, m));
	}
	json_object_set_new(to, "backbone", json_boolean(v->backbone != NULL));
	json_object_set_new(to, "fabric", list);
}
