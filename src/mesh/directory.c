/* SPDX-License-Identifier: MIT */
#include "mesh/directory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hex.h"
#include "base/mem.h"
#include "mesh/directory_table.h"
#include "mesh/liveness.h"

enum { NAME_BYTES_SHORT = 3, NAME_BYTES_LONG = 6 };

static void
count_refusal(struct directory *d, int err)
{
	switch (err) {
	case ERR_OK:
		break;
	case ERR_STALE:
		d->stats.stale++;
		break;
	case ERR_SIGNATURE:
		d->stats.bad_signature++;
		break;
	case ERR_FOREIGN:
		d->stats.foreign++;
		break;
	case ERR_LIMIT:
		d->stats.full++;
		break;
	default:
		d->stats.malformed++;
		break;
	}
}

static void
keep_payload(struct directory_slot *s, struct view payload)
{
	free(s->payload);
	s->payload = mem_copy(payload.data, payload.len);
	s->entry.payload.data = s->payload;
	s->entry.payload.len = payload.len;
}

/* The paths of neighbors may be new, their times of flight are at each time. */
static bool
same_neighbors(const struct digest *a, const struct digest *b)
{
	if (a->neighbor_count != b->neighbor_count)
		return false;
	for (size_t i = 0; i < a->neighbor_count; i++)
		if (memcmp(a->neighbors[i].id_prefix, b->neighbors[i].id_prefix,
			sizeof a->neighbors[i].id_prefix) != 0 ||
			a->neighbors[i].path_kind != b->neighbors[i].path_kind)
			return false;
	return true;
}

static bool
same_addresses(const struct digest *a, const struct digest *b)
{
	if (a->address_count != b->address_count)
		return false;
	for (size_t i = 0; i < a->address_count; i++)
		if (!address_equal(&a->addresses[i], &b->addresses[i]))
			return false;
	return true;
}

/* Whether it says that its sender goes on, as what is known does, and nothing else. */
static bool
says_the_same(const struct digest *g, const struct digest *known)
{
	return g->incarnation == known->incarnation && g->flags == known->flags &&
	       same_neighbors(g, known) && same_addresses(g, known);
}

static int
apply_known(struct directory *d, struct directory_slot *s, const struct digest *g,
	struct view payload, uint64_t now_ns)
{
	const struct digest *old = &s->entry.digest;
	enum liveness_news news = g->incarnation > old->incarnation ? LIVENESS_RESTARTED :
		g->seq == old->seq + 1 && says_the_same(g, old) ? LIVENESS_ROUTINE :
		LIVENESS_AGAIN;

	if (!directory_table_older(old->incarnation, old->seq, g->incarnation, g->seq))
		return ERR_STALE;
	directory_table_uncount(d, s);
	directory_table_set(d, s, g);
	directory_table_heard(d, s, now_ns);
	keep_payload(s, payload);
	liveness_heard(d, s, news, now_ns);
	return ERR_OK;
}

static int
apply_digest(struct directory *d, struct view payload, const char *mesh, bool own,
	uint64_t now_ns)
{
	const struct directory_departed *departed;
	struct directory_slot *s = NULL;
	struct peer_id id;
	struct digest g;
	int err = digest_peek(&id, payload);

	if (!err)
		s = directory_table_find(d, &id);
	if (own)
		err = digest_read(&g, payload);
	else if (s)
		err = digest_verify_known(
			&g, payload, &d->config.topic, &s->entry.digest);
	else
		err = digest_verify(&g, payload, &d->config.topic);
	if (err == ERR_LIMIT)
		return ERR_MALFORMED;	/* a field beyond its bound: not our table's */
	if (err)
		return err;
	if (strcmp(g.mesh, mesh) != 0)
		return ERR_FOREIGN;
	if (s)
		return apply_known(d, s, &g, payload, now_ns);
	departed = idmap_find(d->departed, &g.id);
	if (departed && !directory_table_older(departed->incarnation, departed->seq,
	    g.incarnation, g.seq))
		return ERR_STALE;
	if (directory_table_full(d) && !id_equal(&g.id, &d->config.self)) {
		struct directory_slot *out = directory_table_dispensable(d);

		if (!out)
			return ERR_LIMIT;
		d->stats.crowded += out->entry.liveness < LIVENESS_GONE;
		liveness_drop(d, out, now_ns);
	}
	s = directory_table_add(d, &g, now_ns);
	keep_payload(s, payload);
	liveness_heard(d, s, LIVENESS_NEW, now_ns);
	return ERR_OK;
}

static int
apply_accusation(struct directory *d, struct view payload, uint64_t now_ns)
{
	struct accusation a;
	int err = accusation_verify(&a, payload, &d->config.topic);

	if (!err)
		err = liveness_accuse(d, &a, now_ns);
	if (err)
		d->stats.accusations_refused++;
	else
		d->stats.accusations++;
	return err;
}

bool
directory_is_node(const struct directory_entry *en)
{
	return (en->digest.flags & DIGEST_OBSERVER) == 0;
}

void
directory_config_default(struct directory_config *c)
{
	memset(c, 0, sizeof *c);
	c->suspect_ns = SECONDS(8);
	c->gone_ns = SECONDS(30);
	c->forget_ns = SECONDS(60);
	c->accused_gone_ns = SECONDS(2);
	c->entries_max = DIRECTORY_ENTRIES_MAX;
}

struct directory *
directory_new(const struct directory_config *c)
{
	struct directory *d = mem_array(1, sizeof *d);

	d->config = *c;
	d->by_id = idmap_new();
	d->by_prefix = idmap_new();
	d->departed = idmap_new();
	TAILQ_INIT(&d->newcomers);
	heap_init(&d->timers);
	ring_init(&d->changes, sizeof(struct directory_change), DIRECTORY_CHANGES_MAX);
	return d;
}

void
directory_free(struct directory *d)
{
	if (!d)
		return;
	directory_table_clear(d);
	idmap_free(d->by_id);
	idmap_free(d->by_prefix);
	idmap_free(d->departed);
	heap_fini(&d->timers);
	ring_fini(&d->changes);
	free(d);
}

static int
apply_counted(struct directory *d, struct view payload, const char *mesh, bool own,
	uint64_t now_ns)
{
	int err = apply_digest(d, payload, mesh, own, now_ns);

	count_refusal(d, err);
	if (!err)
		d->stats.applied++;
	return err;
}

int
directory_apply_own(struct directory *d, struct view payload, const char *mesh,
	uint64_t now_ns)
{
	return apply_counted(d, payload, mesh, true, now_ns);
}

int
directory_apply(struct directory *d, struct view payload, const char *mesh,
	uint64_t now_ns)
{
	switch (payload_kind(payload)) {
	case PAYLOAD_DIGEST:
		return apply_counted(d, payload, mesh, false, now_ns);
	case PAYLOAD_ACCUSATION:
		return apply_accusation(d, payload, now_ns);
	default:
		d->stats.malformed++;
		return ERR_MALFORMED;
	}
}

bool
directory_is_brisk(const struct peer_id *id, uint64_t seq)
{
	return (seq + id->bytes[0]) % DIRECTORY_BRISK == 0;
}

enum directory_pace
directory_pace(const struct directory *d, struct view payload)
{
	const struct directory_slot *s;
	struct digest g;

	if (payload_kind(payload) != PAYLOAD_DIGEST || digest_read(&g, payload))
		return PACE_NEWS;
	s = directory_table_find(d, &g.id);
	if (s == NULL || s->entry.liveness != LIVENESS_LIVE ||
		s->entry.accuser_count > 0 || !says_the_same(&g, &s->entry.digest))
		return PACE_NEWS;
	return directory_is_brisk(&g.id, g.seq) ? PACE_BRISK : PACE_CALM;
}

size_t
directory_tick(struct directory *d, uint64_t now_ns, struct directory_change *to,
	size_t cap)
{
	size_t count = 0;

	liveness_advance(d, now_ns);
	while (count < cap && d->changes.count > 0) {
		to[count++] = *(struct directory_change *)ring_at(&d->changes, 0);
		ring_pop(&d->changes);
	}
	return count;
}

void
directory_excuse(struct directory *d, uint64_t gap_ns)
{
	liveness_excuse(d, gap_ns);
}

uint64_t
directory_deadline(const struct directory *d)
{
	if (d->changes.count > 0)
		return ((const struct directory_change *)ring_at(&d->changes, 0))->at_ns;
	return heap_deadline(&d->timers);
}

bool
directory_take_accused(struct directory *d, struct accusation *by)
{
	bool taken = d->self_accused;

	if (taken)
		*by = d->self_accusation;
	d->self_accused = false;
	return taken;
}

size_t
directory_count(const struct directory *d)
{
	return d->count;
}

const struct directory_entry *
directory_at(const struct directory *d, size_t i)
{
	return i < d->count ? &d->order[i]->entry : NULL;
}

size_t
directory_index(const struct directory *d, const struct directory_entry *en)
{
	return directory_table_place(d, en->digest.type, &en->digest.id);
}

const struct directory_entry *
directory_find(const struct directory *d, const struct peer_id *id)
{
	const struct directory_slot *s = directory_table_find(d, id);

	return s ? &s->entry : NULL;
}

const struct directory_entry *
directory_find_prefix(const struct directory *d, const uint8_t prefix[static 8])
{
	struct peer_id key = { { 0 } };
	const struct directory_slot *s;

	memcpy(key.bytes, prefix, 8);
	s = idmap_find(d->by_prefix, &key);
	return s && !s->same_prefix ? &s->entry : NULL;
}

char *
directory_name(const struct directory_entry *en, char to[static NAME_LEN_MAX + 1])
{
	char digits[2 * NAME_BYTES_LONG + 1];

	hex_encode(digits, en->digest.id.bytes,
		en->name_collides ? NAME_BYTES_LONG : NAME_BYTES_SHORT);
	snprintf(to, NAME_LEN_MAX + 1, "%s.%s.%s", en->digest.mesh, en->digest.type,
		digits);
	return to;
}

void
directory_stats(const struct directory *d, struct directory_stats *s)
{
	*s = d->stats;
	s->dropped_changes = d->changes.dropped;
	s->departed = idmap_count(d->departed);
}
