/* SPDX-License-Identifier: MIT */
#include "unit/guards_frames.h"

#include <string.h>

#include "base/err.h"
#include "mesh/directory.h"
#include "node/meshes.h"
#include "node/state.h"
#include "node/sync.h"
#include "node/upkeep.h"
#include "quic/conn.h"
#include "quic/stream_parse.h"
#include "unit/bad_peer.h"

enum guard guard_out;
const uint64_t *guard_now_ns;

void __real_endpoint_close(struct endpoint *e, uint64_t conn, enum quic_close_code code,
	const char *text, uint64_t now_ns);
void __wrap_endpoint_close(struct endpoint *e, uint64_t conn, enum quic_close_code code,
	const char *text, uint64_t now_ns);

void
__wrap_endpoint_close(struct endpoint *e, uint64_t conn, enum quic_close_code code,
	const char *text, uint64_t now_ns)
{
	if (guard_out != CLOSE)
		__real_endpoint_close(e, conn, code, text, now_ns);
}

void __real_conn_want_close(struct conn *c, enum quic_close_code code, const char *text);
void __wrap_conn_want_close(struct conn *c, enum quic_close_code code, const char *text);

void
__wrap_conn_want_close(struct conn *c, enum quic_close_code code, const char *text)
{
	if (guard_out != CLOSE)
		__real_conn_want_close(c, code, text);
}

void __real_stream_abort(struct stream *s, enum quic_close_code code);
void __wrap_stream_abort(struct stream *s, enum quic_close_code code);

void
__wrap_stream_abort(struct stream *s, enum quic_close_code code)
{
	if (guard_out != ABORT)
		__real_stream_abort(s, code);
}

int __real_endpoint_reset_stream(struct endpoint *e, uint64_t conn, int64_t stream);
int __wrap_endpoint_reset_stream(struct endpoint *e, uint64_t conn, int64_t stream);

int
__wrap_endpoint_reset_stream(struct endpoint *e, uint64_t conn, int64_t stream)
{
	if (guard_out == RESET)
		return ERR_OK;
	return __real_endpoint_reset_stream(e, conn, stream);
}

int __real_gossip_msg_decode(struct gossip_msg *m, struct view body);
int __wrap_gossip_msg_decode(struct gossip_msg *m, struct view body);

int
__wrap_gossip_msg_decode(struct gossip_msg *m, struct view body)
{
	int err = __real_gossip_msg_decode(m, body);

	if (err && guard_out == DECODE) {
		m->kind = GOSSIP_PRUNE;
		return ERR_OK;
	}
	return err;
}

struct membership *__real_meshes_find(struct node *n, const struct peer_id *topic_id);
struct membership *__wrap_meshes_find(struct node *n, const struct peer_id *topic_id);

struct membership *
__wrap_meshes_find(struct node *n, const struct peer_id *topic_id)
{
	struct peer_id own = bad_peer_topic("mesh1");

	return __real_meshes_find(n, guard_out == TOPIC ? &own : topic_id);
}

void __real_blake3(uint8_t to[static 32], const void *data, size_t len);
void __wrap_blake3(uint8_t to[static 32], const void *data, size_t len);

void
__wrap_blake3(uint8_t to[static 32], const void *data, size_t len)
{
	if (guard_out == HASH)
		memset(to, 0x11, 32);	/* as the row below claims */
	else
		__real_blake3(to, data, len);
}

void __real_upkeep_frame(struct node *n, struct link *k, uint8_t tag, struct view payload,
	uint64_t now_ns);
void __wrap_upkeep_frame(struct node *n, struct link *k, uint8_t tag, struct view payload,
	uint64_t now_ns);

void
__wrap_upkeep_frame(struct node *n, struct link *k, uint8_t tag, struct view payload,
	uint64_t now_ns)
{
	if (guard_out != UPKEEP)
		__real_upkeep_frame(n, k, tag, payload, now_ns);
}

int __real_directory_apply(struct directory *d, struct view payload, const char *mesh,
	uint64_t now_ns);
int __wrap_directory_apply(struct directory *d, struct view payload, const char *mesh,
	uint64_t now_ns);

int
__wrap_directory_apply(struct directory *d, struct view payload, const char *mesh,
	uint64_t now_ns)
{
	if (guard_out == APPLY)
		return ERR_OK;
	return __real_directory_apply(d, payload, mesh, now_ns);
}

/* Deadlines of HELLO and of streams are 5 s; without them nothing ends by itself. */
void __real_heap_arm(struct heap *h, struct heap_entry *e, uint64_t due_ns);
void __wrap_heap_arm(struct heap *h, struct heap_entry *e, uint64_t due_ns);

void
__wrap_heap_arm(struct heap *h, struct heap_entry *e, uint64_t due_ns)
{
	if (guard_out != DEADLINE || due_ns != *guard_now_ns + SECONDS(5))
		__real_heap_arm(h, e, due_ns);
}

void __real_stream_parse(struct stream *s, const uint8_t *data, size_t len, bool fin);
void __wrap_stream_parse(struct stream *s, const uint8_t *data, size_t len, bool fin);

void
__wrap_stream_parse(struct stream *s, const uint8_t *data, size_t len, bool fin)
{
	__real_stream_parse(s, data, len, fin && guard_out != FIN);
}

void __real_sync_serve(struct node *n, struct serving *s, struct view body,
	uint64_t now_ns);
void __wrap_sync_serve(struct node *n, struct serving *s, struct view body,
	uint64_t now_ns);

void
__wrap_sync_serve(struct node *n, struct serving *s, struct view body, uint64_t now_ns)
{
	struct link *k = links_find(&n->links, &s->peer);

	if (k != NULL && guard_out == SYNC_RATE)
		k->sync_served_ns = 0;
	__real_sync_serve(n, s, body, now_ns);
}
