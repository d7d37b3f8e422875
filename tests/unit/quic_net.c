/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "quic_net.h"

struct net_packet {
	struct net_packet *next;
	uint64_t due_ns;
	struct path path;	/* as the sender sees it */
	size_t len;
	uint8_t bytes[];
};

void
net_init(struct net *n, uint64_t seed)
{
	memset(n, 0, sizeof *n);
	n->now_ns = SECONDS(1000);
	n->delay_ns = MILLISECONDS(5);
	rng_init_u64(&n->rng, seed);
}

static void
make(struct net *n, size_t i, const struct endpoint_config *config)
{
	struct endpoint_config c = { 0 };
	uint8_t secret[crypto_sign_SECRETKEYBYTES];
	int err;

	if (config)
		c = *config;
	memset(c.seed, (int)i + 1, sizeof c.seed);
	crypto_sign_seed_keypair(n->at[i].id.bytes, secret, c.seed);
	n->at[i].e = endpoint_new(&c, &err);
	assert_non_null(n->at[i].e);
	n->at[i].address = (struct address){
		.family = 4, .ip = { 10, 0, 0, (uint8_t)(i + 1) }, .port = 4000
	};
}

void
net_add(struct net *n, const struct endpoint_config *config)
{
	assert_true(n->count < NET_ENDPOINTS_MAX);
	make(n, n->count++, config);
}

void
net_restart(struct net *n, size_t i, const struct endpoint_config *config)
{
	endpoint_free(n->at[i].e);
	net_forget(n, i);
	make(n, i, config);
}

void
net_forget(struct net *n, size_t i)
{
	struct net_endpoint *at = &n->at[i];
	size_t k;

	for (k = 0; k < at->events_count; k++)
		free(at->events[k].bytes);
	at->events_count = 0;
}

void
net_fini(struct net *n)
{
	struct net_packet *p;
	size_t i;

	for (i = 0; i < n->count; i++) {
		endpoint_free(n->at[i].e);
		net_forget(n, i);
		free(n->at[i].events);
	}
	while ((p = n->first) != NULL) {
		n->first = p->next;
		free(p);
	}
}

struct path
net_path(const struct net *n, size_t from, size_t to)
{
	return (struct path){ n->at[from].address, n->at[to].address };
}

uint64_t
net_dial(struct net *n, size_t from, size_t to)
{
	struct path path = net_path(n, from, to);
	uint64_t conn = 0;

	assert_int_equal(
		endpoint_dial(n->at[from].e, &n->at[to].id, &path, n->now_ns, &conn), 0);
	return conn;
}

static void
put(struct net *n, const struct path *path, const uint8_t *bytes, size_t len)
{
	struct net_packet *p, **at = &n->first;
	size_t i;

	if (n->loss_percent && rng_below(&n->rng, 100) < n->loss_percent) {
		n->lost++;
		return;
	}
	p = calloc(1, sizeof *p + len);
	p->due_ns = n->now_ns + n->delay_ns;
	p->path = *path;
	for (i = 0; i < n->count; i++)
		if (n->at[i].seen_as.family &&
			address_equal(&path->local, &n->at[i].address))
			p->path.local = n->at[i].seen_as;
	p->len = len;
	memcpy(p->bytes, bytes, len);
	if (n->mutate_percent && rng_below(&n->rng, 100) < n->mutate_percent)
		p->bytes[rng_below(&n->rng, len)] ^=
			(uint8_t)(1 + rng_below(&n->rng, 255));
	while (*at && (*at)->due_ns <= p->due_ns)
		at = &(*at)->next;
	p->next = *at;
	*at = p;
}

static void
keep_event(struct net *n, size_t i, const struct quic_event *ev)
{
	struct net_endpoint *at = &n->at[i];
	struct net_event *to;

	if (n->reflect_events && ev->kind == QUIC_REQUEST)
		assert_int_equal(endpoint_respond(at->e, ev->conn, ev->stream, ev->tag,
			ev->bytes.data, ev->bytes.len, true), 0);
	if (at->events_count == at->events_cap) {
		at->events_cap = at->events_cap ? at->events_cap * 2 : 16;
		at->events = realloc(at->events, at->events_cap * sizeof *at->events);
	}
	to = &at->events[at->events_count++];
	to->ev = *ev;
	to->bytes = malloc(ev->bytes.len + 1);
	if (ev->bytes.len)
		memcpy(to->bytes, ev->bytes.data, ev->bytes.len);
	to->ev.bytes.data = to->bytes;
}

static void
pump(struct net *n, size_t i)
{
	uint8_t packet[QUIC_PACKET_LEN_MAX];
	struct quic_event ev;
	struct path path;
	size_t len;

	while (endpoint_next_event(n->at[i].e, &ev))
		keep_event(n, i, &ev);
	while ((len = endpoint_send(
			n->at[i].e, packet, sizeof packet, &path, n->now_ns)) > 0) {
		assert_true(len <= sizeof packet);
		put(n, &path, packet, len);
	}
	while (endpoint_next_event(n->at[i].e, &ev))
		keep_event(n, i, &ev);
}

void
net_mute(struct net *n, size_t i)
{
	uint8_t packet[QUIC_PACKET_LEN_MAX];
	struct path path;

	while (endpoint_send(n->at[i].e, packet, sizeof packet, &path, n->now_ns) > 0)
		;
}

static void
deliver(struct net *n)
{
	struct net_packet *p = n->first;
	struct path path = { p->path.remote, p->path.local };
	size_t i;

	n->first = p->next;
	for (i = 0; i < n->count; i++) {
		if (n->at[i].seen_as.family &&
			address_equal(&path.local, &n->at[i].seen_as))
			path.local = n->at[i].address;
		if (!address_equal(&path.local, &n->at[i].address))
			continue;
		n->delivered++;
		endpoint_recv(n->at[i].e, &path, p->bytes, p->len, 0, n->now_ns);
		pump(n, i);
	}
	free(p);
}

void
net_run(struct net *n, uint64_t for_ns)
{
	uint64_t until_ns = n->now_ns + for_ns, next_ns;
	size_t i;

	for (;;) {
		for (i = 0; i < n->count; i++)
			pump(n, i);
		next_ns = n->first ? n->first->due_ns : NEVER;
		for (i = 0; i < n->count; i++)
			if (endpoint_deadline(n->at[i].e) < next_ns)
				next_ns = endpoint_deadline(n->at[i].e);
		if (next_ns > until_ns)
			break;
		if (next_ns > n->now_ns)
			n->now_ns = next_ns;
		if (n->first && n->first->due_ns <= n->now_ns)
			deliver(n);
		for (i = 0; i < n->count; i++)
			if (endpoint_deadline(n->at[i].e) <= n->now_ns)
				endpoint_tick(n->at[i].e, n->now_ns);
	}
	n->now_ns = until_ns;
}

const struct net_event *
net_find(const struct net *n, size_t i, enum quic_event_kind kind, size_t skip)
{
	size_t k;

	for (k = 0; k < n->at[i].events_count; k++)
		if (n->at[i].events[k].ev.kind == kind && skip-- == 0)
			return &n->at[i].events[k];
	return NULL;
}

size_t
net_count(const struct net *n, size_t i, enum quic_event_kind kind)
{
	size_t count = 0;

	while (net_find(n, i, kind, count))
		count++;
	return count;
}

int
net_setup(void **state)
{
	struct net *n = calloc(1, sizeof *n);

	net_init(n, 1);
	*state = n;
	return sodium_init() < 0;
}

int
net_teardown(void **state)
{
	static const enum mem_class classes[] = { MEM_ENDPOINT, MEM_CONNECTION,
		MEM_HANDSHAKE, MEM_STREAM, MEM_CHUNK, MEM_TOMBSTONE, MEM_QUIC_EVENT,
		MEM_REPLY };
	size_t i;

	net_fini(*state);
	free(*state);
	for (i = 0; i < sizeof classes / sizeof classes[0]; i++)
		if (mem_live(classes[i]) != 0)
			return -1;
	return 0;
}

void
net_pair(struct net *n, uint64_t *dialed, uint64_t *accepted)
{
	net_add(n, NULL);
	net_add(n, NULL);
	*dialed = net_dial(n, 0, 1);
	net_run(n, MILLISECONDS(200));
	assert_int_equal(net_count(n, 0, QUIC_UP), 1);
	assert_int_equal(net_count(n, 1, QUIC_UP), 1);
	*accepted = net_find(n, 1, QUIC_UP, 0)->ev.conn;
	net_forget(n, 0);
	net_forget(n, 1);
}

struct endpoint_stats
net_stats(const struct net *n, size_t i)
{
	struct endpoint_stats s;

	endpoint_stats(n->at[i].e, &s);
	return s;
}
