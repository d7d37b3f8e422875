/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "app/observe.h"
#include "base/err.h"

size_t
observe_seeds(void *ctx, const char *mesh, char to[][CHILD_SEED_CAP], size_t cap)
{
	struct observe *o = ctx;
	struct mesh_row rows[MESHES_MAX];
	size_t meshes = node_meshes(o->node, rows, MESHES_MAX), count = 0;

	for (size_t i = 0; i < meshes; i++) {
		if (strcmp(rows[i].mesh, mesh) != 0)
			continue;
		for (size_t k = 0; k < directory_count(rows[i].directory) && count < cap;
			k++) {
			const struct directory_entry *e =
				directory_at(rows[i].directory, k);
			char id[ID_HEX_CAP], address[ADDRESS_TEXT_CAP];

			if (e->liveness != LIVENESS_LIVE || e->digest.address_count == 0)
				continue;
			snprintf(to[count++], CHILD_SEED_CAP, "%s@%s",
				id_hex(id, &e->digest.id),
				address_format(address, &e->digest.addresses[0]));
		}
	}
	return count;
}

bool
observe_where(void *ctx, const struct peer_id *id, struct address *to)
{
	struct observe *o = ctx;
	struct mesh_row rows[MESHES_MAX];
	size_t meshes = node_meshes(o->node, rows, MESHES_MAX);

	for (size_t i = 0; i < meshes; i++) {
		const struct directory_entry *e = directory_find(rows[i].directory, id);

		if (e == NULL || e->liveness != LIVENESS_LIVE ||
			e->digest.address_count == 0)
			continue;
		*to = e->digest.addresses[0];
		return true;
	}
	return false;
}

static bool
shown(const struct options *o, const char *mesh)
{
	for (size_t i = 0; i < o->mesh_count; i++)
		if (strcmp(o->meshes[i], mesh) == 0)
			return true;
	return o->mesh_count == 0;
}

static void
on_found(void *ctx, const char *path, const char *answer, size_t len)
{
	struct observe *o = ctx;
	struct control_discover d;

	(void)path;
	if (control_discover_parse(&d, answer, len) != ERR_OK || d.observer ||
		d.address_count == 0)
		return;
	for (size_t i = 0; i < d.mesh_count; i++) {
		struct seed s = { d.id, d.addresses[0] };

		if (!shown(o->options, d.meshes[i]))
			continue;
		(void)node_watch_mesh(o->node, d.meshes[i], loop_now_ns());
		if (node_add_seed(o->node, &s, d.meshes[i], loop_now_ns()) != ERR_OK)
			observe_notice(
				o, MODEL_NOTICE_WARN, "too many seeds to remember");
	}
}

void
observe_find(struct observe *o)
{
	const struct discovery_hooks hooks = {
		.found = on_found, .ctx = o
	};

	o->discovery = discovery_new(
		&o->loop, o->runtime_dir, control_socket_path(o->control), &hooks);
}

void
observe_watch(struct observe *o, uint64_t now_ns)
{
	struct console_wants wants;

	console_wants(o->console, &wants);
	if (!o->quitting)
		watching_turn(o->watching, &wants, now_ns);
}
