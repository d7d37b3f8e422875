/* SPDX-License-Identifier: MIT */
#ifndef TESTS_MESH_FIXTURE_H
#define TESTS_MESH_FIXTURE_H

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "mesh/directory.h"

/* Signed digests and accusations of made-up nodes, for the unit tests above wire. */
#define FIXTURE_MESH "mesh1"

struct actor {
	uint8_t secret_key[64];
	struct digest digest;
};

static inline struct peer_id
fixture_topic(void)
{
	struct peer_id topic;

	memset(topic.bytes, 7, sizeof topic.bytes);
	return topic;
}

/* Actor `number` has always the same key; its first digest is (incarnation 1, seq 1). */
static inline void
actor_init(struct actor *a, unsigned number, const char *type)
{
	uint8_t seed[32] = { 0 };

	memset(a, 0, sizeof *a);
	memcpy(seed, &number, sizeof number);
	crypto_sign_seed_keypair(a->digest.id.bytes, a->secret_key, seed);
	snprintf(a->digest.mesh, sizeof a->digest.mesh, "%s", FIXTURE_MESH);
	snprintf(a->digest.type, sizeof a->digest.type, "%s", type);
	snprintf(a->digest.build, sizeof a->digest.build, "%s", "0.1.0");
	a->digest.incarnation = 1;
	a->digest.seq = 1;
}

static inline int
actor_say_topic(const struct actor *a, struct directory *d, const struct peer_id *topic,
	uint64_t now_ns)
{
	struct view v;
	struct buf b;
	int err;

	buf_init(&b, 1024);
	digest_sign(&b, &a->digest, topic, a->secret_key);
	v.data = b.data;
	v.len = b.len;
	err = directory_apply(d, v, FIXTURE_MESH, now_ns);
	buf_fini(&b);
	return err;
}

/* Applies the actor's digest as it stands. */
static inline int
actor_say(const struct actor *a, struct directory *d, uint64_t now_ns)
{
	struct peer_id topic = fixture_topic();

	return actor_say_topic(a, d, &topic, now_ns);
}

/* The next digest of the actor. */
static inline int
actor_beat(struct actor *a, struct directory *d, uint64_t now_ns)
{
	a->digest.seq++;
	return actor_say(a, d, now_ns);
}

static inline int
accuse_state(const struct actor *by, const struct actor *of, uint64_t incarnation,
	uint64_t seq,
	struct directory *d, uint64_t now_ns)
{
	struct peer_id topic = fixture_topic();
	struct accusation a = {
		.accuser = by->digest.id, .subject = of->digest.id,
		.incarnation = incarnation, .seq = seq, .reason = ACCUSED_NO_ANSWER,
	};
	struct view v;
	struct buf b;
	int err;

	buf_init(&b, 1024);
	accusation_sign(&b, &a, &topic, by->secret_key);
	v.data = b.data;
	v.len = b.len;
	err = directory_apply(d, v, FIXTURE_MESH, now_ns);
	buf_fini(&b);
	return err;
}

/* `by` accuses `of` in its present state. */
static inline int
accuse(const struct actor *by, const struct actor *of, struct directory *d,
	uint64_t now_ns)
{
	return accuse_state(by, of, of->digest.incarnation, of->digest.seq, d, now_ns);
}

static inline void
actor_neighbor(struct actor *a, const struct actor *of, uint16_t rtt_100us)
{
	struct digest_neighbor *n = &a->digest.neighbors[a->digest.neighbor_count++];

	memcpy(n->id_prefix, of->digest.id.bytes, sizeof n->id_prefix);
	n->rtt_100us = rtt_100us;
}

/* A directory that is nobody's own, as an observer has it. */
static inline struct directory *
fixture_directory(void)
{
	struct directory_config c;

	directory_config_default(&c);
	c.topic = fixture_topic();
	return directory_new(&c);
}

static inline enum liveness
liveness_of(const struct directory *d, const struct actor *a)
{
	const struct directory_entry *en = directory_find(d, &a->digest.id);

	return en ? en->liveness : LIVENESS_COUNT;
}

/* Ticks and forgets the changes. */
static inline void
let_pass(struct directory *d, uint64_t now_ns)
{
	struct directory_change change[16];

	while (directory_tick(d, now_ns, change, 16) == 16)
		;
}

#endif
