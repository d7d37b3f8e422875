/* SPDX-License-Identifier: MIT */
#include "tests/sim/world_check.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "node/seeds.h"

#define VIEW_CAP 64

static size_t
living(const struct world *w)
{
	size_t count = 0;

	for (size_t i = 0; i < w->count; i++)
		count += world_alive(w, i);
	return count;
}

static bool
mutual(const struct world *w, size_t i, size_t j)
{
	size_t back[VIEW_CAP], count = world_neighbors(w, j, back, VIEW_CAP);

	for (size_t k = 0; k < count; k++) {
		if (back[k] == i)
			return true;
	}
	return false;
}

/* How many are reached from `start`; 0 with the reason when a link is amiss. */
static size_t
walk(const struct world *w, size_t start, bool *seen, size_t *queue, char *why)
{
	size_t head = 0, tail = 0;

	queue[tail++] = start;
	seen[start] = true;
	while (head < tail) {
		size_t view[VIEW_CAP], node = queue[head++];
		size_t count = world_neighbors(w, node, view, VIEW_CAP);

		for (size_t i = 0; i < count; i++) {
			if (!world_alive(w, view[i]) || !mutual(w, node, view[i])) {
				snprintf(why, WORLD_WHY_CAP,
					"%zu is a neighbor of %zu, but %s", view[i], node,
					world_alive(w, view[i]) ? "not back" : "dead");
				return 0;
			}
			if (seen[view[i]])
				continue;
			seen[view[i]] = true;
			queue[tail++] = view[i];
		}
	}
	return tail;
}

bool
world_check_overlay(const struct world *w, char *why)
{
	bool *seen = mem_array(w->count, sizeof(*seen));
	size_t *queue = mem_array(w->count, sizeof(*queue));
	size_t start = 0, reached;

	while (start < w->count && !world_alive(w, start))
		start++;
	reached = start < w->count ? walk(w, start, seen, queue, why) : 0;
	if (reached > 0 && reached != living(w))
		snprintf(why, WORLD_WHY_CAP, "%zu of %zu nodes reached from node %zu",
			reached, living(w), start);
	free(seen);
	free(queue);
	return reached == living(w);
}

bool
world_check_degrees(const struct world *w, size_t min, char *why)
{
	size_t others = living(w) - 1;

	for (size_t i = 0; i < w->count; i++) {
		size_t view[VIEW_CAP], count;

		if (!world_alive(w, i))
			continue;
		count = world_neighbors(w, i, view, VIEW_CAP);
		if (count <= GOSSIP_ACTIVE_VIEW && count >= (min < others ? min : others))
			continue;
		snprintf(why, WORLD_WHY_CAP, "node %zu has %zu neighbors", i, count);
		return false;
	}
	return true;
}

bool
world_check_directory(const struct world *w, char *why)
{
	for (size_t i = 0; i < w->count; i++) {
		if (!world_alive(w, i))
			continue;
		for (size_t j = 0; j < w->count; j++) {
			int sees = world_sees(w, i, j);

			if (world_alive(w, j) == (sees == LIVENESS_LIVE))
				continue;
			snprintf(why, WORLD_WHY_CAP,
				"node %zu sees node %zu, which is %s, as %s", i, j,
				world_alive(w, j) ? "alive" : "dead",
				sees < 0 ? "unknown"
					 : liveness_text((enum liveness)sees));
			return false;
		}
	}
	return true;
}

/* Table, bound, both of counts.def and limits.h. */
static const struct {
	enum node_count table;
	size_t max;
} bounds[] = {
	{NODE_COUNT_CONNECTIONS, QUIC_CONNECTIONS_MAX},
	{NODE_COUNT_HANDSHAKES, QUIC_HANDSHAKES_MAX},
	{NODE_COUNT_LINKS, QUIC_CONNECTIONS_MAX},
	{NODE_COUNT_NEIGHBORS, GOSSIP_ACTIVE_VIEW},
	{NODE_COUNT_OBSERVERS, GOSSIP_OBSERVERS_MAX},
	{NODE_COUNT_PASSIVE, GOSSIP_PASSIVE_VIEW},
	{NODE_COUNT_PENDING, GOSSIP_PENDING_MAX},
	{NODE_COUNT_JOINING, GOSSIP_JOINS_MAX},
	{NODE_COUNT_SEEN, GOSSIP_SEEN_MAX},
	{NODE_COUNT_MISSING, GOSSIP_MISSING_MAX},
	{NODE_COUNT_LAZY, GOSSIP_LAZY_QUEUE_MAX * GOSSIP_ACTIVE_VIEW},
	{NODE_COUNT_PEER_DATA, GOSSIP_ACTIVE_VIEW + GOSSIP_PASSIVE_VIEW +
				       GOSSIP_PENDING_MAX + GOSSIP_JOINS_MAX},
	{NODE_COUNT_DIRECTORY, DIRECTORY_ENTRIES_MAX},
	{NODE_COUNT_DEPARTED, DIRECTORY_DEPARTED_MAX},
	{NODE_COUNT_BOOK, BOOK_ENTRIES_MAX},
	{NODE_COUNT_SEEDS, SEEDS_TABLE_MAX},
};

bool
world_check_bounds(const struct world *w, char *why)
{
	for (size_t i = 0; i < w->count; i++) {
		struct node_status s;

		if (!world_alive(w, i))
			continue;
		world_status(w, i, &s);
		for (size_t k = 0; k < sizeof(bounds) / sizeof(*bounds); k++) {
			if (s.counts[bounds[k].table] <= bounds[k].max)
				continue;
			snprintf(why, WORLD_WHY_CAP,
				"table %d of node %zu holds %llu, its bound is %zu",
				(int)bounds[k].table, i,
				(unsigned long long)s.counts[bounds[k].table],
				bounds[k].max);
			return false;
		}
	}
	return true;
}

bool
world_check_node_quiet(const struct world *w, size_t i, char *why)
{
	struct node_status s;

	world_status(w, i, &s);
	if (s.counts[NODE_COUNT_PENDING] == 0 && s.counts[NODE_COUNT_JOINING] == 0 &&
		s.counts[NODE_COUNT_MISSING] == 0 &&
		s.counts[NODE_COUNT_HANDSHAKES] == 0 &&
		node_deadline(w->members[i].node) != NEVER)
		return true;
	snprintf(why, WORLD_WHY_CAP,
		"node %zu waits: %llu pending, %llu joins, %llu missing, %llu "
		"handshakes",
		i, (unsigned long long)s.counts[NODE_COUNT_PENDING],
		(unsigned long long)s.counts[NODE_COUNT_JOINING],
		(unsigned long long)s.counts[NODE_COUNT_MISSING],
		(unsigned long long)s.counts[NODE_COUNT_HANDSHAKES]);
	return false;
}

bool
world_check_quiet(const struct world *w, char *why)
{
	for (size_t i = 0; i < w->count; i++)
		if (world_alive(w, i) && !w->members[i].frozen &&
			!world_check_node_quiet(w, i, why))
			return false;
	return true;
}
