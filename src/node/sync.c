/* SPDX-License-Identifier: MIT */
#include "node/sync.h"

#include <string.h>

#include "base/err.h"
#include "node/state.h"
#include "wire/frame.h"
#include "wire/postcard.h"

/* The cookie of what was asked for the backbone; others are those of meshes. */
#define OF_BACKBONE MESHES_MAX

static void
take(struct node *n, const struct request_answer *a, uint64_t now_ns)
{
	struct membership *m = a->cookie == OF_BACKBONE ? &n->fabric->m
						      : n->meshes[a->cookie];
	struct view v = a->bytes, payload;
	uint32_t count;

	if (a->end != REQUEST_GOES_ON || varint_u32(&v, &count) != ERR_OK)
		return;
	for (; count > 0; count--) {
		if (postcard_bytes(&v, SUMMARY_LEN_MAX, &payload) != ERR_OK)
			return;
		if (fabric_owns(n, m))
			fabric_deliver(n, payload, now_ns);
		else
			meshes_apply(n, m, payload, now_ns);
	}
	m->synced = true;
}

void
sync_ask(
	struct node *n, struct membership *m, const struct peer_id *peer, uint64_t now_ns)
{
	struct request_spec spec = { .peer = *peer, .tag = FRAME_SYNC, .take = take };
	struct link *k = links_find(&n->links, peer);
	uint64_t number;
	struct buf b;

	if (k == NULL || k->alpn != ALPN_MESHTUI)
		return;
	if (m->synced_ns != 0 && now_ns < m->synced_ns + SYNC_RETRY)
		return;
	if (fabric_owns(n, m))
		spec.cookie = OF_BACKBONE;
	else
		while (n->meshes[spec.cookie] != m)
			spec.cookie++;
	buf_init(&b, LABEL_LEN_MAX + 1);
	postcard_put_text(&b, m->mesh);
	spec.payload = b.data;
	spec.len = b.len;
	if (requests_ask(n, &spec, now_ns, &number) == ERR_OK)
		m->synced_ns = now_ns;
	buf_fini(&b);
}

/* The frame's payload: a sequence of signed digests. Ends the question at an error. */
static int
send_part(struct node *n, struct serving *s, const struct buf *digests, size_t count,
	bool last, uint64_t now_ns)
{
	struct buf b;
	int err;

	buf_init(&b, SYNC_FRAME_LEN_MAX + 16);
	varint_put(&b, count);
	buf_put(&b, digests->data, digests->len);
	err = serve_answer(n, s, b.data, b.len, last, now_ns);
	buf_fini(&b);
	if (err) {
		n->sync_refused++;
		serve_refuse(n, s, "slow to read", now_ns);
	}
	return err;
}

/*
 * All live nodes, or as many of a large mesh as fit one stream, from a random one on:
 * the rest comes by gossip.
 */
static void
send_live(struct node *n, const struct membership *m, struct serving *s, uint64_t now_ns)
{
	size_t all = directory_count(m->directory), count = 0, sent = 0;
	size_t first = all > 0 ? rng_below(&n->rng, all) : 0;
	size_t most = n->config.sync_len_max ? n->config.sync_len_max
					     : SYNC_ANSWER_LEN_MAX;
	struct buf part;

	buf_init(&part, SYNC_FRAME_LEN_MAX);
	for (size_t i = 0; i < all && sent < most; i++) {
		const struct directory_entry *e =
			directory_at(m->directory, (first + i) % all);

		if (e->liveness != LIVENESS_LIVE)
			continue; /* an old digest would look fresh to the receiver */
		if (part.len + e->payload.len + 4 > SYNC_FRAME_LEN_MAX) {
			if (send_part(n, s, &part, count, false, now_ns) != ERR_OK)
				goto out;
			sent += part.len;
			buf_clear(&part);
			count = 0;
		}
		postcard_put_bytes(&part, e->payload.data, e->payload.len);
		count++;
	}
	(void)send_part(n, s, &part, count, true, now_ns);
out:
	buf_fini(&part);
}

/* The newest summary of each mesh that is heard: an old one would look fresh. */
static void
send_summaries(struct node *n, struct serving *s, uint64_t now_ns)
{
	const struct backbone *b = n->fabric->backbone;
	size_t count = 0;
	struct buf part;

	buf_init(&part, SYNC_FRAME_LEN_MAX);
	for (size_t i = 0; i < backbone_count(b); i++) {
		const struct backbone_mesh *m = backbone_at(b, i);

		if (m->state != BACKBONE_HEARD)
			continue;
		if (part.len + m->payload.len + 4 > SYNC_FRAME_LEN_MAX) {
			if (send_part(n, s, &part, count, false, now_ns) != ERR_OK)
				goto out;
			buf_clear(&part);
			count = 0;
		}
		postcard_put_bytes(&part, m->payload.data, m->payload.len);
		count++;
	}
	(void)send_part(n, s, &part, count, true, now_ns);
out:
	buf_fini(&part);
}

/* Once a second for each link; the backbone apart from a mesh. */
static bool
may_serve(uint64_t *served_ns, uint64_t now_ns)
{
	if (*served_ns != 0 && now_ns < *served_ns + SYNC_SERVE_EVERY)
		return false;
	*served_ns = now_ns;
	return true;
}

void
sync_serve(struct node *n, struct serving *s, struct view body, uint64_t now_ns)
{
	struct link *k = links_find(&n->links, &s->peer);
	char mesh[LABEL_LEN_MAX + 1];
	struct membership *m = NULL;
	bool summaries = false;

	if (k != NULL && k->conn == s->conn &&
		postcard_text(&body, mesh, sizeof(mesh)) == ERR_OK) {
		summaries = mesh[0] == '\0' && n->fabric != NULL;
		/* Who is of another mesh has no business with our digests. */
		m = k->foreign ? NULL : meshes_named(n, mesh);
	}
	if (m == NULL && !summaries) {
		n->sync_refused++;
		serve_refuse(n, s, "not a mesh of ours", now_ns);
		return;
	}
	if (!may_serve(summaries ? &k->summaries_served_ns : &k->sync_served_ns,
		    now_ns)) {
		n->sync_refused++;
		serve_refuse(n, s, "asked too often", now_ns);
		return;
	}
	n->sync_served++;
	if (summaries)
		send_summaries(n, s, now_ns);
	else
		send_live(n, m, s, now_ns);
}
