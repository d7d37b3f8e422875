/* SPDX-License-Identifier: MIT */
#include "node/measure.h"

#include "base/err.h"
#include "base/mem.h"
#include "node/counts.h"
#include "node/state.h"

/* Of counts.def those that say what was dropped. */
#define REFUSED(x)
#define DROPPED(x) x,
#define TABLE(x)

static const enum node_count drops[] = {
#define COUNT(name, group, text) group(NODE_COUNT_##name)
#include "mesh/counts.def"
#undef COUNT
};

static const char *const queues[] = {
#define COUNT(name, group, text) group(text)
#include "mesh/counts.def"
#undef COUNT
};

#define QUEUES (sizeof queues / sizeof *queues)

struct meter *
measure_new(uint64_t now_ns)
{
	return meter_new(queues, QUEUES, now_ns);
}

struct meter *
node_meter(const struct node *n)
{
	return n->meter;
}

static void
of_endpoint(const struct node *n, struct meter *m)
{
	struct endpoint_stats s;

	endpoint_stats(n->endpoint, &s);
	meter_total(m, METRIC_BYTES_SENT, 0, s.bytes_sent);
	meter_total(m, METRIC_BYTES_RECEIVED, 0, s.bytes_received);
	for (size_t i = 0; i < TRAFFIC_KINDS; i++) {
		meter_total(m, METRIC_FRAMES_SENT, i, s.frames_sent[i]);
		meter_total(m, METRIC_FRAMES_RECEIVED, i, s.frames_received[i]);
	}
}

static void
of_counts(const struct node *n, struct meter *m)
{
	uint64_t now[NODE_COUNTS];

	counts_fill(n, now);
	for (size_t i = 0; i < QUEUES; i++)
		meter_total(m, METRIC_DROPPED, i, now[drops[i]]);
	meter_total(m, METRIC_DECODE_ERRORS, 0,
		now[NODE_COUNT_STREAMS_BROKEN] + now[NODE_COUNT_GOSSIP_MALFORMED] +
			now[NODE_COUNT_DIGESTS_MALFORMED]);
}

static void
of_gossip(const struct node *n, struct meter *m)
{
	uint64_t delivered = 0, duplicates = 0;

	for (size_t i = 0; i < n->mesh_count; i++) {
		struct topic_stats s;

		topic_stats(n->meshes[i]->topic, &s);
		delivered += s.delivered;
		duplicates += s.duplicates;
	}
	meter_total(m, METRIC_GOSSIP_DELIVERED, 0, delivered);
	meter_total(m, METRIC_GOSSIP_DUPLICATES, 0, duplicates);
}

static void
of_process(const struct node *n, struct meter *m)
{
	const struct node_config *c = &n->config;

	if (n->load.cpu_known)
		meter_gauge(m, METRIC_CPU_USED, 0, n->load.cpu_used_mc / 1000.0);
	if (n->load.memory_used_kib > 0)
		meter_gauge(m, METRIC_MEMORY_USED, 0, n->load.memory_used_kib * 1024.0);
	meter_gauge(m, METRIC_CPU_BUDGET, 0, c->cpu_budget_mc / 1000.0);
	meter_gauge(m, METRIC_MEMORY_BUDGET, 0, c->memory_budget_kib * 1024.0);
	for (int i = 0; i < MEM_CLASSES; i++)
		meter_gauge(m, METRIC_OBJECTS_LIVE, (size_t)i,
			(double)mem_live((enum mem_class)i));
}

static void
of_window(struct meter *m, uint64_t now_ns)
{
	uint64_t new = meter_moved(m, METRIC_GOSSIP_DELIVERED, 0, now_ns);
	uint64_t again = meter_moved(m, METRIC_GOSSIP_DUPLICATES, 0, now_ns);

	if (new > 0)
		meter_gauge(m, METRIC_GOSSIP_REDUNDANCY, 0, (double)again / (double)new);
}

static void
of_links(const struct node *n, struct meter *m)
{
	struct link *up[LINKS_MAX];
	size_t count = links_up(&n->links, up, LINKS_MAX);
	struct endpoint_conn_info info;

	for (size_t i = 0; i < count; i++)
		if (endpoint_conn_info(n->endpoint, up[i]->conn, &info) == ERR_OK)
			meter_record(m, METRIC_PEER_RTT, info.rtt_ns);
}

void
measure_now(struct node *n)
{
	if (n->meter == NULL)
		return;
	of_endpoint(n, n->meter);
	of_counts(n, n->meter);
	of_gossip(n, n->meter);
	of_process(n, n->meter);
}

void
measure(struct node *n, uint64_t now_ns)
{
	if (!meter_due(n->meter, now_ns))
		return;
	measure_now(n);
	of_links(n, n->meter);
	of_window(n->meter, now_ns);
	meter_mark(n->meter, now_ns);
}
