/* SPDX-License-Identifier: MIT */
#include "tests/sim/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define VIEW_CAP 64
#define FNV_OFFSET UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

static bool
is_member(const struct net *n, size_t node)
{
	return net_alive(n, node) && !net_is_observer(n, node);
}

static size_t
members(const struct net *n)
{
	size_t count = 0;

	for (size_t i = 0; i < net_count(n); i++)
		count += is_member(n, i);
	return count;
}

static bool
has(const struct peer_id *ids, size_t count, const struct peer_id *id)
{
	for (size_t i = 0; i < count; i++) {
		if (id_equal(&ids[i], id))
			return true;
	}
	return false;
}

static size_t
reach(const struct net *n, size_t start, bool *seen, char *why)
{
	size_t *queue = mem_array(net_count(n), sizeof(*queue));
	size_t head = 0, tail = 0;

	queue[tail++] = start;
	seen[start] = true;
	while (head < tail) {
		struct peer_id view[VIEW_CAP];
		size_t node = queue[head++];
		size_t count = topic_active(net_topic(n, node), view, VIEW_CAP);

		for (size_t i = 0; i < count; i++) {
			size_t peer = net_find(n, &view[i]);

			if (!is_member(n, peer)) {
				snprintf(why, CHECK_WHY_CAP,
					"node %zu has %zu active, which is no living "
					"member",
					node, peer);
				free(queue);
				return 0;
			}
			if (seen[peer])
				continue;
			seen[peer] = true;
			queue[tail++] = peer;
		}
	}
	free(queue);
	return tail;
}

bool
check_connected(const struct net *n, char *why)
{
	bool *seen = mem_array(net_count(n) + 1, sizeof(*seen));
	size_t start = 0, total = members(n), reached;

	while (start < net_count(n) && !is_member(n, start))
		start++;
	if (start == net_count(n)) {
		free(seen);
		return true;
	}
	reached = reach(n, start, seen, why);
	free(seen);
	if (reached == total)
		return true;
	if (reached > 0)
		snprintf(why, CHECK_WHY_CAP, "%zu of %zu members reached from node %zu",
			reached, total, start);
	return false;
}

bool
check_symmetric(const struct net *n, char *why)
{
	for (size_t i = 0; i < net_count(n); i++) {
		struct peer_id view[VIEW_CAP], back[VIEW_CAP];
		size_t count;

		if (!is_member(n, i))
			continue;
		count = topic_active(net_topic(n, i), view, VIEW_CAP);
		for (size_t k = 0; k < count; k++) {
			size_t peer = net_find(n, &view[k]);
			size_t back_count =
				topic_active(net_topic(n, peer), back, VIEW_CAP);

			if (is_member(n, peer) && has(back, back_count, net_id(n, i)))
				continue;
			snprintf(why, CHECK_WHY_CAP, "%zu is active at %zu, but not back",
				peer, i);
			return false;
		}
		count = topic_passive(net_topic(n, i), view, VIEW_CAP);
		for (size_t k = 0; k < count && k < VIEW_CAP; k++) {
			if (!net_is_observer(n, net_find(n, &view[k])))
				continue;
			snprintf(why, CHECK_WHY_CAP, "node %zu has an observer passive",
				i);
			return false;
		}
	}
	return true;
}

bool
check_degrees(const struct net *n, size_t min, char *why)
{
	size_t others = members(n) - 1;

	for (size_t i = 0; i < net_count(n); i++) {
		size_t count;

		if (!is_member(n, i))
			continue;
		count = topic_active(net_topic(n, i), NULL, 0);
		if (count <= GOSSIP_ACTIVE_VIEW && count >= (min < others ? min : others))
			continue;
		snprintf(why, CHECK_WHY_CAP, "node %zu has %zu neighbors", i, count);
		return false;
	}
	return true;
}

bool
check_delivered(const struct net *n, size_t first, size_t last, char *why)
{
	for (size_t b = first; b < last; b++) {
		for (size_t i = 0; i < net_count(n); i++) {
			const struct net_delivery *d = net_delivery(n, i, b);
			unsigned expected = i != net_broadcast_sender(n, b);

			if (!net_alive(n, i))
				continue;
			if (d->count == expected && !d->corrupt)
				continue;
			snprintf(why, CHECK_WHY_CAP,
				"broadcast %zu of node %zu came %u times to %s %zu%s",
				b, net_broadcast_sender(n, b), d->count,
				net_is_observer(n, i) ? "observer" : "node", i,
				d->corrupt ? ", corrupt" : "");
			return false;
		}
	}
	return true;
}

bool
check_bounds(const struct net *n, char *why)
{
	for (size_t i = 0; i < net_count(n); i++) {
		const struct topic *t = net_topic(n, i);
		size_t active = topic_active(t, NULL, 0),
		       passive = topic_passive(t, NULL, 0);
		size_t pending = topic_pending(t, NULL, 0);
		struct topic_stats s;

		topic_stats(t, &s);
		if (active <= GOSSIP_ACTIVE_VIEW && passive <= GOSSIP_PASSIVE_VIEW &&
			pending <= GOSSIP_PENDING_MAX && s.joining <= GOSSIP_JOINS_MAX &&
			topic_observers(t, NULL, 0) <= GOSSIP_OBSERVERS_MAX &&
			topic_eager(t, NULL, 0) <= active + topic_observers(t, NULL, 0) &&
			s.seen <= GOSSIP_SEEN_MAX &&
			s.cached_bytes <= GOSSIP_CACHE_BYTES_MAX &&
			s.missing <= GOSSIP_MISSING_MAX &&
			s.lazy_queued <=
				GOSSIP_LAZY_QUEUE_MAX *
					(GOSSIP_ACTIVE_VIEW + GOSSIP_OBSERVERS_MAX) &&
			s.peer_data <= active + passive + pending + s.joining)
			continue;
		snprintf(why, CHECK_WHY_CAP, "a table of node %zu is above its bound", i);
		return false;
	}
	return true;
}

bool
check_quiet(const struct net *n, char *why)
{
	for (size_t i = 0; i < net_count(n); i++) {
		const struct topic *t = net_topic(n, i);
		struct topic_stats s;

		if (!net_alive(n, i))
			continue;
		topic_stats(t, &s);
		if (topic_pending(t, NULL, 0) == 0 && s.joining == 0 && s.missing == 0 &&
			s.lazy_queued == 0)
			continue;
		snprintf(why, CHECK_WHY_CAP,
			"node %zu still waits: %zu pending, %zu joins, %zu missing, %zu "
			"queued",
			i, topic_pending(t, NULL, 0), s.joining, s.missing,
			s.lazy_queued);
		return false;
	}
	return true;
}

uint64_t
check_views_hash(const struct net *n)
{
	uint64_t h = FNV_OFFSET;

	for (size_t i = 0; i < net_count(n); i++) {
		struct peer_id view[VIEW_CAP];
		size_t count;

		if (!is_member(n, i))
			continue;
		count = topic_active(net_topic(n, i), view, VIEW_CAP);
		h = (h ^ i) * FNV_PRIME;
		for (size_t k = 0; k < count; k++)
			h = (h ^ net_find(n, &view[k])) * FNV_PRIME;
	}
	return h;
}

unsigned
check_mean_degree(const struct net *n)
{
	size_t sum = 0, count = members(n);

	for (size_t i = 0; i < net_count(n); i++) {
		if (is_member(n, i))
			sum += topic_active(net_topic(n, i), NULL, 0);
	}
	return count ? (unsigned)(1000 * sum / count) : 0;
}
