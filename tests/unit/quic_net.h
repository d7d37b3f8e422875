/* SPDX-License-Identifier: MIT */
#ifndef TESTS_QUIC_NET_H
#define TESTS_QUIC_NET_H

#include "base/rng.h"
#include "quic/endpoint.h"

/*
 * A tiny network of endpoints in virtual time: each packet arrives after a delay, or is
 * lost. Events of each endpoint are kept as they come, with their bytes.
 */
#define NET_ENDPOINTS_MAX 4

struct net_event {
	struct quic_event ev;
	uint8_t *bytes;
};

struct net_endpoint {
	struct endpoint *e;
	struct peer_id id;
	struct address address;
	struct address seen_as;	/* family not 0: a NAT in front of it shows this one */
	struct net_event *events;
	size_t events_count, events_cap;
};

struct net {
	struct net_endpoint at[NET_ENDPOINTS_MAX];
	size_t count;
	uint64_t now_ns, delay_ns;
	struct rng rng;
	unsigned loss_percent, mutate_percent;
	bool reflect_events;	/* requests are answered with their own bytes at once */
	struct net_packet *first;	/* in order of arrival */
	uint64_t delivered, lost;
};

void net_init(struct net *n, uint64_t seed);
void net_fini(struct net *n);
/* Endpoint `i` gets the seed bytes {i + 1, ...}; config's seed is overwritten. */
void net_add(struct net *n, const struct endpoint_config *config);
/* Throws the endpoint away, without a word to its peers, and makes it anew. */
void net_restart(struct net *n, size_t i, const struct endpoint_config *config);
struct path net_path(const struct net *n, size_t from, size_t to);
uint64_t net_dial(struct net *n, size_t from, size_t to);
/* Lets everything happen until `until_ns` of virtual time. */
void net_run(struct net *n, uint64_t for_ns);
/* Packets come out of endpoint i and are thrown away. */
void net_mute(struct net *n, size_t i);
/*
 * Setup and teardown for cmocka: the latter fails when anything of src/quic is still
 * alive.
 */
int net_setup(void **state);
int net_teardown(void **state);
/* Two endpoints, 0 connected to 1. */
void net_pair(struct net *n, uint64_t *dialed, uint64_t *accepted);
/* The events of a kind at endpoint i; the first one from `skip` on, or NULL. */
size_t net_count(const struct net *n, size_t i, enum quic_event_kind kind);
const struct net_event *net_find(const struct net *n, size_t i, enum quic_event_kind kind,
	size_t skip);
void net_forget(struct net *n, size_t i);
struct endpoint_stats net_stats(const struct net *n, size_t i);

#endif
