/* SPDX-License-Identifier: MIT */
#include "node/sync.h"

#include <string.h>

#include "base/err.h"
#include "node/state.h"
#include "wire/frame.h"
#include "wire/postcard.h"

void
sync_ask(
	struct node *n, struct membership *m, const struct peer_id *peer, uint64_t now_ns)
{
	struct trace_context none = { 0 };
	struct link *k = links_find(&n->links, peer);
	int64_t stream;
	struct buf b;

	if (k == NULL || k->alpn != ALPN_MESHTUI)
		return;
	if (m->synced_ns != 0 && now_ns < m->synced_ns + SYNC_RETRY)
		return;
	buf_init(&b, FRAME_CONTROL_LEN_MAX);
	trace_context_encode(&b, &none);
	postcard_put_text(&b, m->mesh);
	if (endpoint_request(n->endpoint, k->conn, FRAME_SYNC, b.data, b.len, &stream) ==
		ERR_OK) {
		m->synced_ns = now_ns;
		m->sync_conn = k->conn;
		m->sync_stream = stream;
		k->used_ns = now_ns;
	}
	buf_fini(&b);
}

/* The frame's payload: a sequence of signed digests. False: it has no room. */
static bool
send_part(struct node *n, const struct quic_event *ev, const struct buf *digests,
	size_t count, bool last)
{
	struct buf b;
	int err;

	buf_init(&b, SYNC_FRAME_LEN_MAX + 16);
	varint_put(&b, count);
	buf_put(&b, digests->data, digests->len);
	err = endpoint_respond(
		n->endpoint, ev->conn, ev->stream, FRAME_SYNC, b.data, b.len, last);
	buf_fini(&b);
	if (err) {
		n->sync_refused++;
		(void)endpoint_reset_stream(n->endpoint, ev->conn, ev->stream);
	}
	return err == ERR_OK;
}

/*
 * All live nodes, or as many of a large mesh as fit one stream, from a random one on:
 * the rest comes by gossip.
 */
static void
send_live(struct node *n, const struct membership *m, const struct quic_event *ev)
{
	size_t all = directory_count(m->directory), count = 0, sent = 0;
	size_t first = all > 0 ? rng_below(&n->rng, all) : 0;
	struct buf part;

	buf_init(&part, SYNC_FRAME_LEN_MAX);
	for (size_t i = 0; i < all && sent < SYNC_ANSWER_LEN_MAX; i++) {
		const struct directory_entry *e =
			directory_at(m->directory, (first + i) % all);

		if (e->liveness != LIVENESS_LIVE)
			continue; /* an old digest would look fresh to the receiver */
		if (part.len + e->payload.len + 4 > SYNC_FRAME_LEN_MAX) {
			if (!send_part(n, ev, &part, count, false))
				goto out;
			sent += part.len;
			buf_clear(&part);
			count = 0;
		}
		postcard_put_bytes(&part, e->payload.data, e->payload.len);
		count++;
	}
	(void)send_part(n, ev, &part, count, true);
out:
	buf_fini(&part);
}

void
sync_serve(struct node *n, const struct quic_event *ev, uint64_t now_ns)
{
	struct link *k = links_find(&n->links, &ev->peer);
	struct view v = ev->bytes;
	struct trace_context trace;
	char mesh[LABEL_LEN_MAX + 1];
	struct membership *m;

	if (k == NULL || k->conn != ev->conn ||
		trace_context_decode(&v, &trace) != ERR_OK ||
		postcard_text(&v, mesh, sizeof(mesh)) != ERR_OK ||
		(m = meshes_named(n, mesh)) == NULL) {
		n->sync_refused++;
		(void)endpoint_reset_stream(n->endpoint, ev->conn, ev->stream);
		return;
	}
	if (k->sync_served_ns != 0 && now_ns < k->sync_served_ns + SYNC_SERVE_EVERY) {
		n->sync_refused++;
		(void)endpoint_reset_stream(n->endpoint, ev->conn, ev->stream);
		return;
	}
	k->sync_served_ns = k->used_ns = now_ns;
	n->sync_served++;
	send_live(n, m, ev);
}

void
sync_take(struct node *n, const struct quic_event *ev, uint64_t now_ns)
{
	struct view v = ev->bytes, payload;
	struct membership *m = NULL;
	uint32_t count;

	for (size_t i = 0; i < n->mesh_count; i++)
		if (n->meshes[i]->synced_ns != 0 && n->meshes[i]->sync_conn == ev->conn &&
			n->meshes[i]->sync_stream == ev->stream)
			m = n->meshes[i];
	if (m == NULL || varint_u32(&v, &count) != ERR_OK)
		return;
	for (; count > 0; count--) {
		if (postcard_bytes(&v, DIGEST_LEN_MAX, &payload) != ERR_OK)
			return;
		meshes_apply(n, m, payload, now_ns);
	}
	m->synced = true;
}
