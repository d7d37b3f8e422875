/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/blake3.h"
#include "mesh/backbone.h"
#include "wire/varint.h"

static bool
heard_lately(const struct backbone_mesh *m, const struct peer_id *id, uint64_t now_ns)
{
	for (size_t i = 0; m && i < m->speaker_count; i++)
		if (id_equal(&m->speakers[i].id, id))
			return now_ns < m->speakers[i].heard_ns + BACKBONE_TAKEOVER;
	return false;
}

bool
backbone_must_speak(const struct backbone *b, const char *mesh,
	const struct peer_id *before, size_t count, uint64_t listening_ns,
	uint64_t now_ns)
{
	const struct backbone_mesh *m = backbone_find(b, mesh);
	bool early = now_ns < listening_ns + BACKBONE_TAKEOVER;
	size_t speak = 0;

	for (size_t i = 0; i < count; i++)
		speak += early || heard_lately(m, &before[i], now_ns);
	return speak < 2;
}

static void
count_node(struct summary *s, const struct digest *g, enum liveness l)
{
	struct summary_counts *n = NULL;

	for (size_t i = 0; i < s->type_count && n == NULL; i++)
		if (strcmp(s->types[i].type, g->type) == 0)
			n = &s->types[i].nodes;
	if (n == NULL && s->type_count < SUMMARY_TYPES_MAX) {
		memcpy(s->types[s->type_count].type, g->type, sizeof g->type);
		n = &s->types[s->type_count++].nodes;
	}
	if (n == NULL)
		n = &s->others;
	n->live += l == LIVENESS_LIVE;
	n->suspect += l == LIVENESS_SUSPECT;
	n->gone += l == LIVENESS_GONE;
}

static void
add_gateway(struct summary *s, const struct digest *g)
{
	struct summary_gateway *to;

	if (!(g->flags & DIGEST_GATEWAY) || s->gateway_count == SUMMARY_GATEWAYS_MAX)
		return;
	to = &s->gateways[s->gateway_count++];
	to->id = g->id;
	memcpy(to->addresses, g->addresses, sizeof to->addresses);
	to->address_count = g->address_count;
}

void
backbone_summarize(struct summary *s, const char *mesh, const struct directory *d)
{
	uint8_t hash[32];
	struct buf b;

	memset(s, 0, sizeof *s);
	snprintf(s->mesh, sizeof s->mesh, "%s", mesh);
	buf_init(&b, (size_t)DIRECTORY_ENTRIES_MAX * 48);
	/* In order of (type, id): so equal beliefs have equal bytes. */
	for (size_t i = 0; i < directory_count(d); i++) {
		const struct directory_entry *e = directory_at(d, i);

		if (!directory_is_node(e) || e->liveness == LIVENESS_LEFT)
			continue;
		count_node(s, &e->digest, e->liveness);
		if (e->liveness == LIVENESS_LIVE)
			add_gateway(s, &e->digest);
		buf_put(&b, e->digest.id.bytes, sizeof e->digest.id.bytes);
		varint_put(&b, e->digest.incarnation);
		buf_put_u8(&b, (uint8_t)e->liveness);
	}
	blake3(hash, b.data, b.len);
	memcpy(s->hash, hash, sizeof s->hash);
	buf_fini(&b);
}
