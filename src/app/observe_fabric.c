/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "app/observe.h"
#include "base/err.h"
#include "base/text.h"
#include "node/sending.h"

static bool
is_shown(const struct observe *o, const char *mesh, size_t *shown)
{
	struct mesh_row rows[MESHES_MAX];

	*shown = node_meshes(o->node, rows, MESHES_MAX);
	for (size_t i = 0; i < *shown; i++)
		if (strcmp(rows[i].mesh, mesh) == 0)
			return true;
	return false;
}

/* Joins its topic; the gateways of its summary are where to begin. */
static int
join(struct observe *o, const struct summary *s, uint64_t now_ns)
{
	int err = node_watch_mesh(o->node, s->mesh, now_ns);

	for (size_t i = 0; err == ERR_OK && i < s->gateway_count; i++) {
		const struct summary_gateway *g = &s->gateways[i];
		const struct seed seed = { g->id, g->addresses[0] };

		if (g->address_count > 0)
			(void)node_add_seed(o->node, &seed, s->mesh, now_ns);
	}
	return err;
}

void
observe_fabric(struct observe *o, uint64_t now_ns)
{
	const struct backbone *b = node_backbone(o->node);
	size_t shown;

	/* Who named meshes wants to see those. */
	if (b == NULL || o->options->mesh_count > 0)
		return;
	for (size_t i = 0; i < backbone_count(b); i++) {
		const struct backbone_mesh *m = backbone_at(b, i);

		if (m->state == BACKBONE_HEARD &&
			!is_shown(o, m->summary.mesh, &shown) &&
			shown < OBSERVE_MESHES_SHOWN)
			(void)join(o, &m->summary, now_ns);
	}
}

void
observe_watch_mesh(struct observe *o, const char *mesh)
{
	const struct backbone *b = node_backbone(o->node);
	const struct backbone_mesh *m = b != NULL ? backbone_find(b, mesh) : NULL;

	if (m == NULL)
		return;
	if (join(o, &m->summary, loop_now_ns()) == ERR_LIMIT)
		observe_notice(o, MODEL_NOTICE_WARN,
			"no more than %d meshes can be shown", MESHES_MAX);
}

void
observe_send(struct observe *o, const struct console_command *c)
{
	struct sending_spec spec = { .count = 1,
		.body = { (const uint8_t *)c->text, strlen(c->text) } };
	char why[DELIVERY_WHY_CAP];
	uint64_t number;

	memcpy(spec.destination, c->to, sizeof spec.destination);
	memcpy(spec.kind, c->type, sizeof spec.kind);
	if (sending_begin(o->node, &spec, loop_now_ns(), &number, why) != ERR_OK)
		observe_notice(o, MODEL_NOTICE_WARN, "not sent: %s", why);
}

void
observe_sent(struct observe *o)
{
	struct sending_report r;
	char took[24];

	while (sending_next(o->node, &r)) {
		if (r.acked > 0)
			observe_notice(o, MODEL_NOTICE_INFO, "%s took it after %s",
				r.receiver,
				text_duration(took, sizeof took, r.rtt_max_ns));
		else
			observe_notice(o, MODEL_NOTICE_WARN, "%s: %s: %.100s",
				r.destination, delivery_text(r.status), r.why);
	}
}
