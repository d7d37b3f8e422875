/* SPDX-License-Identifier: MIT */
#include "node/counts.h"

#include <string.h>

#include "node/state.h"

#define SET(name, value) to[NODE_COUNT_##name] = (value)
#define ADD(name, value) to[NODE_COUNT_##name] += (value)

static void
of_endpoint(const struct node *n, uint64_t *to)
{
	struct endpoint_stats s;

	endpoint_stats(n->endpoint, &s);
	SET(HANDSHAKES_FULL, s.refused_limit);
	SET(HANDSHAKES_FAILED, s.handshakes_failed);
	SET(KEY_MISMATCH, s.ended[END_KEY_MISMATCH]);
	SET(RETRIES, s.retries_sent);
	SET(PROTOCOL_ENDS, s.ended[END_PROTOCOL]);
	SET(LIMIT_ENDS, s.ended[END_LIMIT]);
	SET(PACKETS_MALFORMED, s.dropped_malformed);
	SET(PACKETS_UNKNOWN, s.dropped_unknown);
	SET(REPLIES, s.dropped_replies);
	SET(QUIC_EVENTS, s.dropped_events);
	SET(STREAMS_BROKEN, s.streams_broken);
	SET(STREAMS_STALLED, s.streams_stalled);
	SET(CONNECTIONS, s.connections);
	SET(HANDSHAKES, s.handshakes);
	SET(STREAMS, s.streams);
	SET(CIDS, s.cids);
	SET(RESET_TOKENS, s.reset_tokens);
	SET(TOMBSTONES, s.tombstones);
}

static void
of_links(const struct node *n, uint64_t *to)
{
	const struct links *l = &n->links;
	struct link *up[LINKS_MAX];

	SET(GREETINGS, l->refused);
	SET(GREETINGS_LATE, l->greetings_late);
	SET(GREETINGS_FULL, l->greetings_full);
	SET(LINKS_FULL, n->links_full);
	SET(FRAMES_UNKNOWN, l->frames_unknown);
	SET(BACKLOG, l->dropped_backlog);
	SET(LINK_EVENTS, l->events.dropped);
	SET(LINKS, links_up(l, up, LINKS_MAX));
	SET(CONTACTS, idmap_count(l->contacts));
	SET(GREETING, l->greeting_count);
}

static void
of_topic(const struct topic *t, uint64_t *to)
{
	struct topic_stats s;

	topic_stats(t, &s);
	ADD(GOSSIP_MALFORMED, s.malformed);
	ADD(GOSSIP_HASH, s.bad_hash);
	ADD(GOSSIP_MISSING, s.dropped_missing);
	ADD(GOSSIP_LAZY, s.dropped_lazy);
	ADD(GOSSIP_SEEN, s.dropped_seen);
	ADD(GOSSIP_CACHE, s.dropped_cache);
	ADD(GOSSIP_SLOW, s.dropped_slow);
	ADD(NEIGHBORS, topic_active(t, NULL, 0));
	ADD(OBSERVERS, topic_observers(t, NULL, 0));
	ADD(PASSIVE, topic_passive(t, NULL, 0));
	ADD(PENDING, topic_pending(t, NULL, 0));
	ADD(PEER_DATA, s.peer_data);
	ADD(JOINING, s.joining);
	ADD(SEEN, s.seen);
	ADD(CACHED, s.cached);
	ADD(MISSING, s.missing);
	ADD(LAZY, s.lazy_queued);
}

static void
of_directory(const struct directory *d, uint64_t *to)
{
	struct directory_stats s;

	directory_stats(d, &s);
	ADD(ACCUSATIONS, s.accusations_refused);
	ADD(DIGESTS_STALE, s.stale);
	ADD(DIGESTS_FORGED, s.bad_signature);
	ADD(DIGESTS_FOREIGN, s.foreign);
	ADD(DIGESTS_MALFORMED, s.malformed);
	ADD(DIRECTORY_FULL, s.full);
	ADD(DIRECTORY_CROWDED, s.crowded);
	ADD(DIRECTORY_CHANGES, s.dropped_changes);
	ADD(DIRECTORY, directory_count(d));
	ADD(DEPARTED, s.departed);
}

static void
of_requests(const struct node *n, uint64_t *to)
{
	const struct requests *r = &n->requests;

	SET(REQUESTS_FULL, n->serve.full);
	SET(REQUESTS_LATE, n->serve.late);
	SET(ANSWERS, r->answers_dropped);
	SET(ASKED_TIMEOUT, r->ended[REQUEST_TIMEOUT]);
	SET(ASKED_LOST, r->ended[REQUEST_LOST] + r->ended[REQUEST_UNREACHABLE]);
	SET(ASKED_REFUSED, r->ended[REQUEST_REFUSED]);
	SET(ASKED, r->count);
	SET(SERVING, n->serve.count);
	SET(WATCHED_LOST, n->watchers.lost);
	SET(WATCHERS, n->watchers.count);
}

void
counts_fill(const struct node *n, uint64_t to[static NODE_COUNTS])
{
	memset(to, 0, NODE_COUNTS * sizeof(*to));
	of_endpoint(n, to);
	of_links(n, to);
	for (size_t i = 0; i < n->mesh_count; i++) {
		of_topic(n->meshes[i]->topic, to);
		of_directory(n->meshes[i]->directory, to);
	}
	if (n->fabric != NULL) {
		struct backbone_stats b;

		backbone_stats(n->fabric->backbone, &b);
		of_topic(n->fabric->m.topic, to);
		SET(SUMMARIES_STALE, b.stale);
		SET(SUMMARIES_FORGED, b.bad_signature);
		SET(SUMMARIES_MALFORMED, b.malformed);
		SET(BACKBONE_FULL, b.full);
		SET(BACKBONE_FOREIGN, b.foreign);
		SET(MESHES, backbone_count(n->fabric->backbone));
	}
	ADD(GOSSIP_SLOW, n->castings.unsent);
	SET(CASTS_FORGED, n->casts.forged);
	SET(CASTS_MALFORMED, n->casts.malformed);
	SET(CASTS_REPEATED, n->casts.duplicates);
	SET(CASTINGS, n->castings.count);
	SET(CAST_SPEAKERS, idmap_count(n->casts.speakers));
	SET(SLOW, n->castings.slow_count);
	SET(RESOLVED_FORGED, n->resolve.forged);
	SET(RESOLVED_KEPT_FULL, n->resolve.kept_full);
	SET(MESSAGES, n->receive.refused);
	SET(RESOLUTIONS, n->resolve.count);
	SET(RESOLVED_KEPT, idmap_count(n->resolve.kept));
	SET(SENDINGS, n->sendings.count);
	SET(MESSAGES_SEEN, idmap_count(n->receive.seen));
	SET(CROSSED, idmap_count(n->crossed));
	SET(REQUESTS, n->requests_refused);
	SET(SYNCS, n->sync_refused);
	of_requests(n, to);
	SET(GOSSIP_FOREIGN, n->gossip_foreign);
	SET(NODE_EVENTS, n->events.dropped);
	SET(BOOK, idmap_count(n->book.entries));
	SET(BOOK_FORGOTTEN, n->book.forgotten);
	SET(SEEDS, n->seeds.count);
	SET(COMMANDS, n->commands_refused);
	SET(FAULTS_REFUSED, n->faults.refused);
	SET(IMPAIRED, faults_dropped(&n->faults));
	SET(IMPAIR_HELD, n->faults.overflowed +
		(n->faults.impair != NULL ? impair_overflowed(n->faults.impair) : 0));
	SET(FAULTS, n->faults.count);
	SET(HELD, n->faults.impair != NULL ? impair_held(n->faults.impair) : 0);
}
