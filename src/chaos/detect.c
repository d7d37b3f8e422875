/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "chaos/detect.h"
#include "mesh/directory.h"

/*
 * A link that is pinged five times a second and silent for so long says that the other
 * end does not turn: ten times the distance of two answers.
 */
#define SILENT_MS 1000
/* A dial on one machine takes some milliseconds; a refused one never ends well. */
#define DIAL_PATIENCE SECONDS(4)
/* Ends of a pair ask each other five times a second for a link. */
#define LINK_GONE SECONDS(2)
/* Packets before a share of them is believed, and how many answers may be under way. */
#define LOSS_PACKETS 120
#define LOSS_PACKETS_AFTER 100

static const struct lifeline_view_node *
entry_of(const struct lifeline_view *v, const struct peer_id *id)
{
	for (size_t i = 0; i < v->node_count; i++)
		if (id_equal(&v->nodes[i].id, id))
			return &v->nodes[i];
	return NULL;
}

static const struct lifeline_peer *
peer_of(const struct lifeline_view *v, const struct peer_id *id)
{
	for (size_t i = 0; i < v->peer_count; i++)
		if (id_equal(&v->peers[i].id, id))
			return &v->peers[i];
	return NULL;
}

static void
see_entry(struct sight *s, const struct lifeline_view_node *en,
	const struct peer_id *other)
{
	s->listed = true;
	s->liveness = en->liveness;
	s->incarnation = en->incarnation;
	s->degraded = en->flags & DIGEST_DEGRADED;
	if (!other || !en->neighbors_told)
		return;
	s->edge_known = true;
	for (size_t i = 0; i < en->neighbor_count; i++)
		s->edge |= memcmp(en->neighbors[i].id_prefix, other->bytes,
				   sizeof(en->neighbors[i].id_prefix)) == 0;
}

void
detect_sight(struct sight *s, const struct lifeline_view *witness,
	const struct peer_id *witness_id, const struct peer_id *target,
	const struct peer_id *other, const struct lifeline_view *theirs)
{
	const struct lifeline_view_node *en = entry_of(witness, target);
	const struct lifeline_peer *p = peer_of(witness, target);

	memset(s, 0, sizeof(*s));
	if (en)
		see_entry(s, en, other);
	if (!p)
		return;
	s->linked = true;
	s->dialed = p->dialed;
	s->port = p->port;
	s->rtt_100us = p->rtt_100us;
	s->silent_ms = p->silent_ms;
	s->sent = p->sent;
	s->received = p->received;
	s->clocked = p->clocked;
	s->skew_ms = p->skew_ms;
	p = theirs ? peer_of(theirs, witness_id) : NULL;
	if (!p)
		return;
	s->counted = true;
	s->their_sent = p->sent;
	s->their_received = p->received;
}

static bool
live(const struct sight *s)
{
	return s->listed && s->liveness == LIVENESS_LIVE;
}

/* Lost packets of one direction; answers that overtake each other make it negative. */
static int64_t
missing(uint64_t sent_from, uint64_t sent_to, uint64_t got_from, uint64_t got_to)
{
	return (int64_t)(sent_to - sent_from) - (int64_t)(got_to - got_from);
}

int
detect_loss(const struct sight *from, const struct sight *to, uint64_t packets_min)
{
	int64_t lost;
	uint64_t sent;

	if (!from->counted || !to->counted || to->sent < from->sent ||
		to->their_sent < from->their_sent)
		return -1;	/* a new connection counts from zero */
	sent = to->sent - from->sent + to->their_sent - from->their_sent;
	if (sent < packets_min)
		return -1;
	lost = missing(from->sent, to->sent, from->their_received, to->their_received) +
		missing(from->their_sent, to->their_sent, from->received, to->received);
	return lost < 0 ? 0 : (int)(lost * 10000 / (int64_t)sent);
}

/*
 * A link that was made since then counts from zero, at both ends: all that it carried
 * came later. Without that a witness whose link was replaced would never be content.
 */
static bool
is_new_link(const struct sight *then, const struct sight *now)
{
	return then->counted && now->counted &&
		(now->sent < then->sent || now->their_sent < then->their_sent);
}

bool
detect_usable(const struct detect_terms *t, const struct sight *before)
{
	if (!live(before))
		return false;
	switch (t->primitive) {
	case PRIMITIVE_PARTITION_PAIR:
	case PRIMITIVE_FLAP_LINK:
		return t->end ? before->linked : before->edge_known && before->edge;
	case PRIMITIVE_FIREWALL_INBOUND:
		return !before->linked;
	case PRIMITIVE_CLOCK_SKEW:
		return before->linked && before->clocked;
	case PRIMITIVE_LOSSY_LINK:
		return before->linked && before->counted;
	case PRIMITIVE_SLOW_LINK:
		/* Ten packets have told how far it is; on one machine 0.0 ms. */
		return before->linked && before->received >= 10;
	case PRIMITIVE_WEDGE:
	case PRIMITIVE_NAT_SHIFT:
	case PRIMITIVE_SHAM:
		return before->linked && before->silent_ms < SILENT_MS;
	default:
		return true;
	}
}

static bool
silent(const struct sight *s)
{
	return s->linked && s->silent_ms >= SILENT_MS;
}

static bool
slower(const struct detect_terms *t, const struct sight *before, const struct sight *now)
{
	uint64_t half_100us =
		(uint64_t)t->params[PARAM_DELAY] / 2 / (NS_PER_MS / 10);

	return now->linked && now->rtt_100us >= before->rtt_100us + half_100us;
}

/* Off by half of the offset or more, to the right side. */
static bool
skewed(const struct detect_terms *t, const struct sight *before, const struct sight *now)
{
	int64_t half_ms = t->params[PARAM_OFFSET] / 2 / (int64_t)NS_PER_MS;
	int64_t off_ms = now->skew_ms - before->skew_ms;

	return half_ms > 0 ? off_ms >= half_ms : off_ms <= half_ms;
}

bool
detect_effect(const struct detect_terms *t, const struct sight *before,
	const struct sight *now, uint64_t for_ns)
{
	int loss;

	switch (t->primitive) {
	case PRIMITIVE_KILL:
	case PRIMITIVE_BURST_KILL:
	case PRIMITIVE_PARTITION_SUBSET:
		return !live(now);
	case PRIMITIVE_RESTART:
		return !live(now) || now->incarnation > before->incarnation;
	case PRIMITIVE_WEDGE:
		return !live(now) || silent(now);
	case PRIMITIVE_DISK_FULL:
		return live(now) && now->degraded && !before->degraded;
	case PRIMITIVE_PARTITION_PAIR:
	case PRIMITIVE_FLAP_LINK:
		return t->end ? !now->linked && for_ns >= LINK_GONE
			      : live(now) && now->edge_known && !now->edge;
	case PRIMITIVE_FIREWALL_INBOUND:
		return live(now) && !now->linked && for_ns >= DIAL_PATIENCE;
	case PRIMITIVE_CLOCK_SKEW:
		return live(now) && now->clocked && skewed(t, before, now);
	case PRIMITIVE_NAT_SHIFT:
		return live(now) && now->linked && now->port != before->port;
	case PRIMITIVE_SLOW_LINK:
		return live(now) && slower(t, before, now);
	case PRIMITIVE_LOSSY_LINK:
		loss = detect_loss(before, now, LOSS_PACKETS);
		return live(now) && loss * 2 >= t->params[PARAM_LOSS] &&
			loss <= t->params[PARAM_LOSS] * 2;
	case PRIMITIVE_SHAM:
		/* A link that is no longer there was let go: young overlays do so. */
		return !live(now) || silent(now) ||
			(now->linked && now->port != before->port) ||
			now->incarnation != before->incarnation;
	case PRIMITIVES:
		break;
	}
	return false;
}

bool
detect_recovered(const struct detect_terms *t, const struct sight *before,
	const struct sight *mark, const struct sight *now, uint64_t for_ns)
{
	static const struct sight fresh = { .counted = true };
	int loss;

	(void)for_ns;
	switch (t->primitive) {
	case PRIMITIVE_KILL:
	case PRIMITIVE_BURST_KILL:
		return !now->listed || now->liveness == LIVENESS_GONE ||
			now->liveness == LIVENESS_LEFT;
	case PRIMITIVE_RESTART:
		return live(now) && now->incarnation > before->incarnation;
	case PRIMITIVE_DISK_FULL:
		return live(now) && !now->degraded;
	case PRIMITIVE_PARTITION_PAIR:
	case PRIMITIVE_FLAP_LINK:
		return live(now) && (!t->end || (now->linked && !silent(now)));
	case PRIMITIVE_CLOCK_SKEW:
		return live(now) && now->clocked && !skewed(t, before, now);
	case PRIMITIVE_SLOW_LINK:
		return live(now) && now->linked && !slower(t, before, now);
	case PRIMITIVE_LOSSY_LINK:
		loss = detect_loss(is_new_link(mark, now) ? &fresh : mark, now,
			LOSS_PACKETS_AFTER);
		return live(now) && loss >= 0 && loss * 3 < t->params[PARAM_LOSS];
	case PRIMITIVE_WEDGE:
	case PRIMITIVE_NAT_SHIFT:
	case PRIMITIVE_FIREWALL_INBOUND:
		return live(now) && now->linked && !silent(now);
	default:
		return live(now);
	}
}

bool
detect_lost(const struct detect_terms *t, const struct sight *now)
{
	bool gone = !now->listed || now->liveness == LIVENESS_GONE ||
		    now->liveness == LIVENESS_LEFT;

	return gone && !catalog_removes(t->primitive);
}

char *
detect_text(const struct sight *s, char to[static DETECT_TEXT_CAP])
{
	int n = snprintf(to, DETECT_TEXT_CAP, "%s",
		!s->listed ? "not listed" :
			     s->liveness < LIVENESS_COUNT ?
			     liveness_text((enum liveness)s->liveness) : "unknown");

	if (s->degraded)
		n += snprintf(to + n, DETECT_TEXT_CAP - (size_t)n, ", degraded");
	if (s->edge_known)
		n += snprintf(to + n, DETECT_TEXT_CAP - (size_t)n, ", %s the other",
			s->edge ? "names" : "does not name");
	if (s->linked)
		snprintf(to + n, DETECT_TEXT_CAP - (size_t)n,
			", linked at port %u, %.1fms, silent %" PRIu32
			"ms, clock %+" PRId64 "ms",
			s->port, s->rtt_100us / 10.0, s->silent_ms,
			s->clocked ? s->skew_ms : 0);
	else
		snprintf(to + n, DETECT_TEXT_CAP - (size_t)n, ", no link");
	return to;
}
