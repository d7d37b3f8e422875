/* SPDX-License-Identifier: MIT */
#include "wire/lifeline.h"
#include "wire/lifeline_use.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "wire/postcard.h"

/*
 * id, liveness, age: no node of a view is shorter, so a count can be held against the
 * bytes.
 */
#define VIEW_NODE_LEN_MIN (32 + 1 + 1 + 1 + 1 + 1)
#define VIEW_PEER_LEN_MIN (32 + 8)

static int
read_ready(struct view *v, struct lifeline_record *r)
{
	struct lifeline_ready *y = &r->ready;
	int err;

	if ((err = postcard_id(v, &y->id)) ||
		(err = postcard_text(v, y->name, sizeof y->name)) ||
		(err = postcard_addresses(
			 v, y->addresses, ADDRESSES_MAX, &y->address_count)))
		return err;
	return varint_u64(v, &y->boot_us);
}

static void
put_ready(struct buf *b, const struct lifeline_record *r)
{
	const struct lifeline_ready *y = &r->ready;

	postcard_put_id(b, &y->id);
	postcard_put_text(b, y->name);
	postcard_put_addresses(b, y->addresses, y->address_count);
	varint_put(b, y->boot_us);
}

static int
read_heartbeat(struct view *v, struct lifeline_record *r)
{
	int err = varint_u64(v, &r->heartbeat.seq);

	return err ? err : varint_u32(v, &r->heartbeat.loop_lag_ms);
}

static void
put_heartbeat(struct buf *b, const struct lifeline_record *r)
{
	varint_put(b, r->heartbeat.seq);
	varint_put(b, r->heartbeat.loop_lag_ms);
}

static int
read_failed(struct view *v, struct lifeline_record *r)
{
	uint8_t status;
	int err = postcard_u8(v, &status); /* an exit status has 8 bits */

	if (err)
		return err;
	r->failed.status = status;
	return postcard_text(v, r->failed.text, sizeof r->failed.text);
}

static void
put_failed(struct buf *b, const struct lifeline_record *r)
{
	buf_put_u8(b, (uint8_t)r->failed.status);
	postcard_put_text(b, r->failed.text);
}

static int
read_neighbors(struct view *v, struct lifeline_view_node *to)
{
	uint64_t n;
	int err = postcard_bool(v, &to->neighbors_told);

	if (err || !to->neighbors_told)
		return err;
	err = varint_u64(v, &n);
	if (err)
		return err;
	if (n > DIGEST_NEIGHBORS_MAX)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++) {
		struct digest_neighbor *at = &to->neighbors[i];

		if ((err = postcard_fixed(v, at->id_prefix, sizeof at->id_prefix)) ||
			(err = postcard_u8(v, &at->path_kind)) ||
			(err = varint_u16(v, &at->rtt_100us)))
			return err;
	}
	to->neighbor_count = (size_t)n;
	return ERR_OK;
}

static void
put_neighbors(struct buf *b, const struct lifeline_view_node *n)
{
	postcard_put_bool(b, n->neighbors_told);
	if (!n->neighbors_told)
		return;
	varint_put(b, n->neighbor_count);
	for (size_t i = 0; i < n->neighbor_count; i++) {
		buf_put(b, n->neighbors[i].id_prefix, sizeof n->neighbors[i].id_prefix);
		buf_put_u8(b, n->neighbors[i].path_kind);
		varint_put(b, n->neighbors[i].rtt_100us);
	}
}

static int
read_nodes(struct view *v, struct lifeline_view *w)
{
	uint64_t n;
	int err = varint_u64(v, &n);

	if (err)
		return err;
	if (n > LIFELINE_VIEW_NODES_MAX)
		return ERR_LIMIT;
	if (n > v->len / VIEW_NODE_LEN_MIN)
		return ERR_TRUNCATED;
	w->nodes = n ? mem_array((size_t)n, sizeof *w->nodes) : NULL;
	w->node_count = (size_t)n;
	for (size_t i = 0; i < n; i++) {
		struct lifeline_view_node *at = &w->nodes[i];

		if ((err = postcard_id(v, &at->id)) ||
			(err = postcard_u8(v, &at->liveness)) ||
			(err = varint_u32(v, &at->age_ms)) ||
			(err = varint_u64(v, &at->incarnation)) ||
			(err = varint_u16(v, &at->flags)) ||
			(err = read_neighbors(v, at)))
			return err;
	}
	return ERR_OK;
}

static int
read_links(struct view *v, struct lifeline_view *w)
{
	uint64_t n;
	int err = varint_u64(v, &n);

	if (err)
		return err;
	if (n > LINKS_MAX)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++) {
		err = postcard_id(v, &w->links[i]);
		if (err)
			return err;
	}
	w->link_count = (size_t)n;
	return ERR_OK;
}

static int
read_peer(struct view *v, struct lifeline_peer *p)
{
	uint64_t skew;
	int err;

	if ((err = postcard_id(v, &p->id)) || (err = postcard_bool(v, &p->dialed)) ||
		(err = postcard_bool(v, &p->clocked)) ||
		(err = varint_u16(v, &p->port)) || (err = varint_u32(v, &p->rtt_100us)) ||
		(err = varint_u32(v, &p->silent_ms)) ||
		(err = varint_u64(v, &p->sent)) || (err = varint_u64(v, &p->received)) ||
		(err = varint_u64(v, &skew)))
		return err;
	p->skew_ms = (int64_t)(skew >> 1) ^ -(int64_t)(skew & 1);
	return ERR_OK;
}

static void
put_peer(struct buf *b, const struct lifeline_peer *p)
{
	postcard_put_id(b, &p->id);
	postcard_put_bool(b, p->dialed);
	postcard_put_bool(b, p->clocked);
	varint_put(b, p->port);
	varint_put(b, p->rtt_100us);
	varint_put(b, p->silent_ms);
	varint_put(b, p->sent);
	varint_put(b, p->received);
	varint_put(b, ((uint64_t)p->skew_ms << 1) ^ (uint64_t)(p->skew_ms >> 63));
}

static int
read_peers(struct view *v, struct lifeline_view *w)
{
	uint64_t n;
	int err = varint_u64(v, &n);

	if (err)
		return err;
	if (n > LINKS_MAX)
		return ERR_LIMIT;
	if (n > v->len / VIEW_PEER_LEN_MIN)
		return ERR_TRUNCATED;
	for (size_t i = 0; i < n; i++)
		if ((err = read_peer(v, &w->peers[i])))
			return err;
	w->peer_count = (size_t)n;
	return ERR_OK;
}

static int
read_view(struct view *v, struct lifeline_record *r)
{
	struct lifeline_view *w = &r->view;
	int err;

	if ((err = varint_u64(v, &w->ask)) || (err = read_nodes(v, w)) ||
		(err = read_links(v, w)) || (err = read_peers(v, w)) ||
		(err = varint_u64(v, &w->handshakes)) ||
		(err = varint_u64(v, &w->liveness_changes)) ||
		(err = varint_u32(v, &w->memory_kib)) ||
		(err = varint_u32(v, &w->descriptors)) ||
		(err = varint_u32(v, &w->objects)))
		return err;
	return lifeline_use_read(v, w);
}

static void
put_view(struct buf *b, const struct lifeline_record *r)
{
	const struct lifeline_view *w = &r->view;

	assert(w->node_count <= LIFELINE_VIEW_NODES_MAX && w->link_count <= LINKS_MAX);
	varint_put(b, w->ask);
	varint_put(b, w->node_count);
	for (size_t i = 0; i < w->node_count; i++) {
		postcard_put_id(b, &w->nodes[i].id);
		buf_put_u8(b, w->nodes[i].liveness);
		varint_put(b, w->nodes[i].age_ms);
		varint_put(b, w->nodes[i].incarnation);
		varint_put(b, w->nodes[i].flags);
		put_neighbors(b, &w->nodes[i]);
	}
	varint_put(b, w->link_count);
	for (size_t i = 0; i < w->link_count; i++)
		postcard_put_id(b, &w->links[i]);
	varint_put(b, w->peer_count);
	for (size_t i = 0; i < w->peer_count; i++)
		put_peer(b, &w->peers[i]);
	varint_put(b, w->handshakes);
	varint_put(b, w->liveness_changes);
	varint_put(b, w->memory_kib);
	varint_put(b, w->descriptors);
	varint_put(b, w->objects);
	lifeline_use_put(b, w);
}

static int
read_spans(struct view *v, struct lifeline_record *r)
{
	return span_set_read(v, &r->spans);
}

static void
put_spans(struct buf *b, const struct lifeline_record *r)
{
	span_set_put(b, &r->spans);
}

static int
read_stopping(struct view *v, struct lifeline_record *r)
{
	return postcard_text(v, r->stopping.reason, sizeof r->stopping.reason);
}

static void
put_stopping(struct buf *b, const struct lifeline_record *r)
{
	postcard_put_text(b, r->stopping.reason);
}

static int
read_ask(struct view *v, struct lifeline_record *r)
{
	uint64_t n;
	int err;

	if ((err = varint_u64(v, &r->ask.ask)) || (err = varint_u64(v, &n)))
		return err;
	if (n > LIFELINE_PROBES_MAX)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++)
		if ((err = postcard_id(v, &r->ask.probes[i])))
			return err;
	r->ask.probe_count = (size_t)n;
	return ERR_OK;
}

static void
put_ask(struct buf *b, const struct lifeline_record *r)
{
	varint_put(b, r->ask.ask);
	varint_put(b, r->ask.probe_count);
	for (size_t i = 0; i < r->ask.probe_count; i++)
		postcard_put_id(b, &r->ask.probes[i]);
}

static int
read_quit(struct view *v, struct lifeline_record *r)
{
	(void)v;
	(void)r;
	return ERR_OK;
}

static void
put_quit(struct buf *b, const struct lifeline_record *r)
{
	(void)b;
	(void)r;
}

static int
read_fault_status(struct view *v, struct lifeline_record *r)
{
	int err = fault_status_read(v, &r->fault_status);

	return err == ERR_UNKNOWN ? ERR_MALFORMED : err;
}

static void
put_fault_status(struct buf *b, const struct lifeline_record *r)
{
	fault_status_put(b, &r->fault_status);
}

static int
read_fault(struct view *v, struct lifeline_record *r)
{
	int err = fault_order_read(v, &r->fault);

	/* ERR_UNKNOWN is for tags, and a parent knows what its children know. */
	return err == ERR_UNKNOWN ? ERR_MALFORMED : err;
}

static void
put_fault(struct buf *b, const struct lifeline_record *r)
{
	fault_order_put(b, &r->fault);
}

static int
read_stalled(struct view *v, struct lifeline_record *r)
{
	return varint_u32(v, &r->stalled.for_ms);
}

static void
put_stalled(struct buf *b, const struct lifeline_record *r)
{
	varint_put(b, r->stalled.for_ms);
}

static int
read_send(struct view *v, struct lifeline_record *r)
{
	return letter_read_order(v, &r->send);
}

static void
put_send(struct buf *b, const struct lifeline_record *r)
{
	letter_put_order(b, &r->send);
}

static int
read_sent(struct view *v, struct lifeline_record *r)
{
	return letter_read_report(v, &r->sent);
}

static void
put_sent(struct buf *b, const struct lifeline_record *r)
{
	letter_put_report(b, &r->sent);
}

static const struct {
	int (*read)(struct view *v, struct lifeline_record *r);
	void (*put)(struct buf *b, const struct lifeline_record *r);
} records[UINT8_MAX + 1] = {
	[LIFELINE_READY] = {read_ready, put_ready},
	[LIFELINE_HEARTBEAT] = {read_heartbeat, put_heartbeat},
	[LIFELINE_FAILED] = {read_failed, put_failed},
	[LIFELINE_VIEW] = {read_view, put_view},
	[LIFELINE_SPANS] = {read_spans, put_spans},
	[LIFELINE_STOPPING] = {read_stopping, put_stopping},
	[LIFELINE_FAULT_STATUS] = {read_fault_status, put_fault_status},
	[LIFELINE_STALLED] = {read_stalled, put_stalled},
	[LIFELINE_FAULT] = {read_fault, put_fault},
	[LIFELINE_SEND] = {read_send, put_send},
	[LIFELINE_SENT] = {read_sent, put_sent},
	[LIFELINE_ASK] = {read_ask, put_ask},
	[LIFELINE_QUIT] = {read_quit, put_quit},
};

int
lifeline_decode(struct view *v, struct lifeline_record *r)
{
	struct view w = *v, payload;
	uint8_t tag;
	int err = postcard_u8(&w, &tag);

	memset(r, 0, sizeof *r);
	if (!err)
		err = postcard_bytes(&w, LIFELINE_RECORD_LEN_MAX, &payload);
	if (err)
		return err;
	r->tag = (enum lifeline_tag)tag;
	if (!records[tag].read) {
		*v = w;
		return ERR_UNKNOWN;
	}
	err = records[tag].read(&payload, r);
	if (err) {
		lifeline_fini(r);
		/* The record is whole, so nothing that may still come can mend it. */
		return err == ERR_TRUNCATED ? ERR_MALFORMED : err;
	}
	*v = w;
	return ERR_OK;
}

void
lifeline_fini(struct lifeline_record *r)
{
	if (r->tag == LIFELINE_SPANS)
		span_set_fini(&r->spans);
	if (r->tag != LIFELINE_VIEW)
		return;
	free(r->view.nodes);
	r->view.nodes = NULL;
	r->view.node_count = 0;
}

void
lifeline_encode(struct buf *b, const struct lifeline_record *r)
{
	struct buf payload;

	assert((unsigned)r->tag <= UINT8_MAX && records[r->tag].put);
	buf_init(&payload, LIFELINE_RECORD_LEN_MAX);
	records[r->tag].put(&payload, r);
	if (payload.failed) {
		b->failed = payload.failed;
	} else {
		buf_put_u8(b, (uint8_t)r->tag);
		postcard_put_bytes(b, payload.data, payload.len);
	}
	buf_fini(&payload);
}
