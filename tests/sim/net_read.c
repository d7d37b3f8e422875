/* SPDX-License-Identifier: MIT */
#include "tests/sim/net_state.h"

#include <stdlib.h>

#include "base/mem.h"

uint64_t
net_now(const struct net *n)
{
	return n->now_ns;
}

size_t
net_count(const struct net *n)
{
	return n->count;
}

bool
net_alive(const struct net *n, size_t node)
{
	return n->members[node].alive;
}

bool
net_is_observer(const struct net *n, size_t node)
{
	return n->members[node].observer;
}

const struct peer_id *
net_id(const struct net *n, size_t node)
{
	return &n->members[node].id;
}

size_t
net_find(const struct net *n, const struct peer_id *id)
{
	const struct net_member *m = idmap_find(n->by_id, id);

	return m ? (size_t)(m - n->members) : SIZE_MAX;
}

bool
net_reaches(const struct net *n, size_t from, size_t to)
{
	bool *seen = mem_array(n->count, sizeof(*seen));
	size_t *queue = mem_array(n->count, sizeof(*queue)), head = 0, tail = 0;
	bool found;

	queue[tail++] = from;
	seen[from] = true;
	while (head < tail && !seen[to]) {
		struct peer_id view[GOSSIP_ACTIVE_VIEW_MAX];
		size_t count = topic_active(n->members[queue[head++]].topic, view,
			GOSSIP_ACTIVE_VIEW_MAX);

		for (size_t i = 0; i < count; i++) {
			size_t peer = net_find(n, &view[i]);

			if (seen[peer] || !n->members[peer].alive)
				continue;
			seen[peer] = true;
			queue[tail++] = peer;
		}
	}
	found = seen[to];
	free(seen);
	free(queue);
	return found;
}

const struct topic *
net_topic(const struct net *n, size_t node)
{
	return n->members[node].topic;
}

size_t
net_broadcasts(const struct net *n)
{
	return n->broadcast_count;
}

size_t
net_broadcast_sender(const struct net *n, size_t broadcast)
{
	return n->broadcasts[broadcast].sender;
}

uint64_t
net_broadcast_ns(const struct net *n, size_t broadcast)
{
	return n->broadcasts[broadcast].at_ns;
}

const struct net_delivery *
net_delivery(const struct net *n, size_t node, size_t broadcast)
{
	return &n->members[node].deliveries[broadcast];
}

void
net_stats(const struct net *n, struct net_stats *s)
{
	*s = n->stats;
}

uint64_t
net_history(const struct net *n)
{
	return n->history;
}
