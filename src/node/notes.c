/* SPDX-License-Identifier: MIT */
#include "node/notes.h"

#include <inttypes.h>
#include <stdio.h>

#include "node/state.h"

#define NUMBER_CAP 24

static void
put(struct node *n, enum trace_span kind, const struct span_note *notes, size_t count,
	uint64_t began_ns, uint64_t now_ns)
{
	struct trace_context root = span_store_root(n->spans);
	struct span_mark span;

	span_store_begin(n->spans, &span, kind, &root, began_ns);
	span_store_end(n->spans, &span, NULL, notes, count, now_ns);
}

static const char *
number(char to[static NUMBER_CAP], uint64_t value)
{
	snprintf(to, NUMBER_CAP, "%" PRIu64, value);
	return to;
}

void
notes_connected(struct node *n, const struct link *k, uint64_t now_ns)
{
	char peer[ID_HEX_CAP], path[ADDRESS_TEXT_CAP];
	const struct span_note notes[] = { { TRACE_ATTR_PEER_ID, id_hex(peer, &k->peer) },
		{ TRACE_ATTR_DIRECTION, k->dialed ? "dialed" : "accepted" },
		{ TRACE_ATTR_PATH, address_format(path, &k->path.remote) } };

	put(n, TRACE_PEER_CONNECTED, notes, 3, now_ns, now_ns);
}

void
notes_disconnected(struct node *n, const struct link_event *ev, uint64_t now_ns)
{
	char id[ID_HEX_CAP];
	const struct span_note notes[] = { { TRACE_ATTR_PEER_ID, id_hex(id, &ev->peer) },
		{ TRACE_ATTR_REASON, quic_end_text(ev->end) } };

	put(n, TRACE_PEER_DISCONNECTED, notes, 2, now_ns, now_ns);
}

void
notes_seed(struct node *n, const struct peer_id *peer, uint64_t attempts,
	uint64_t delay_ns, uint64_t now_ns)
{
	char id[ID_HEX_CAP], count[NUMBER_CAP], delay[NUMBER_CAP];
	const struct span_note notes[] = { { TRACE_ATTR_PEER_ID, id_hex(id, peer) },
		{ TRACE_ATTR_ATTEMPTS, number(count, attempts) },
		{ TRACE_ATTR_DELAY_MS, number(delay, delay_ns / NS_PER_MS) } };

	if (delay_ns == 0)
		put(n, TRACE_SEED_GIVEUP, notes, 2, now_ns, now_ns);
	else
		put(n, TRACE_SEED_RETRY, notes, 3, now_ns, now_ns);
}

static void
accused(struct node *n, const struct directory_change *c, uint64_t now_ns)
{
	char peer[ID_HEX_CAP], by[ID_HEX_CAP];
	const struct span_note notes[] = { { TRACE_ATTR_PEER_ID, id_hex(peer, &c->id) },
		{ TRACE_ATTR_ACCUSER, id_hex(by, &c->accuser) },
		{ TRACE_ATTR_REASON, accusation_reason_text(c->reason) } };

	put(n, TRACE_PEER_ACCUSED, notes, 3, now_ns, now_ns);
}

void
notes_directory(struct node *n, const struct directory_change *changes, size_t count,
	uint64_t now_ns)
{
	char text[NUMBER_CAP];
	size_t removed = 0;

	for (size_t i = 0; i < count; i++) {
		if (changes[i].observer)
			continue;
		removed += changes[i].removed;
		/* What makes it gone is no new accusation. */
		if (changes[i].to == LIVENESS_SUSPECT && !id_is_zero(&changes[i].accuser))
			accused(n, &changes[i], now_ns);
	}
	if (removed > 0)
		put(n, TRACE_STALENESS_PRUNED,
			&(const struct span_note){ TRACE_ATTR_REMOVED,
				number(text, removed) }, 1, now_ns, now_ns);
}

void
notes_stalled(struct node *n, uint64_t gap_ns, uint64_t now_ns)
{
	char text[NUMBER_CAP];

	put(n, TRACE_LOOP_STALLED,
		&(const struct span_note){ TRACE_ATTR_MS,
			number(text, gap_ns / NS_PER_MS) }, 1,
		now_ns > gap_ns ? now_ns - gap_ns : 0, now_ns);
}
