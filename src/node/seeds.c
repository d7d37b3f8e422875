/* SPDX-License-Identifier: MIT */
#include "node/seeds.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"

static const unsigned char backoff_s[] = { 1, 2, 4, 8, 16, 30 };

void
seeds_init(struct seeds *s, const uint8_t random_seed[static 32])
{
	memset(s, 0, sizeof(*s));
	rng_init(&s->rng, random_seed);
}

struct seed_entry *
seeds_find(struct seeds *s, const struct peer_id *id)
{
	for (size_t i = 0; i < s->count; i++)
		if (id_equal(&s->entries[i].seed.id, id))
			return &s->entries[i];
	return NULL;
}

void
seeds_remove(struct seeds *s, const struct peer_id *id)
{
	struct seed_entry *e = seeds_find(s, id);

	if (e != NULL)
		*e = s->entries[--s->count];
}

/* Of a full table: what nobody configured and nobody reached for longest, or NULL. */
static struct seed_entry *
hopeless(struct seeds *s)
{
	struct seed_entry *worst = NULL;

	for (size_t i = 0; i < s->count; i++) {
		struct seed_entry *e = &s->entries[i];

		if (e->configured || e->pending || e->attempts < SEEDS_GIVE_UP)
			continue;
		if (worst == NULL || e->attempts > worst->attempts)
			worst = e;
	}
	return worst;
}

int
seeds_add(struct seeds *s, const struct seed *seed, const char *mesh, bool configured,
	uint64_t now_ns)
{
	struct seed_entry *e = seeds_find(s, &seed->id);

	if (e != NULL) {
		if (e->mesh[0] == '\0')
			snprintf(e->mesh, sizeof(e->mesh), "%s", mesh);
		e->configured |= configured;
		if (address_equal(&e->seed.address, &seed->address))
			return ERR_EXISTS;
		e->seed = *seed;	/* it moved: try the new place at once */
		e->due_ns = now_ns;
		e->attempts = 0;
		return ERR_OK;
	}
	e = s->count < SEEDS_TABLE_MAX ? &s->entries[s->count++] : hopeless(s);
	if (e == NULL)
		return ERR_LIMIT;
	*e = (struct seed_entry){
		.seed = *seed, .configured = configured, .due_ns = now_ns };
	snprintf(e->mesh, sizeof(e->mesh), "%s", mesh);
	return ERR_OK;
}

struct seed_entry *
seeds_next(struct seeds *s, uint64_t now_ns, seeds_wanted *wanted, const void *ctx)
{
	struct seed_entry *best = NULL;

	for (size_t i = 0; i < s->count; i++) {
		struct seed_entry *e = &s->entries[i];

		if (e->pending || e->due_ns > now_ns || !wanted(ctx, e))
			continue;
		if (best == NULL || e->attempts < best->attempts)
			best = e;
	}
	if (best != NULL)
		best->pending = true;
	return best;
}

uint64_t
seeds_due(const struct seeds *s, seeds_wanted *wanted, const void *ctx)
{
	uint64_t due = NEVER;

	for (size_t i = 0; i < s->count; i++) {
		const struct seed_entry *e = &s->entries[i];

		if (!e->pending && e->due_ns < due && wanted(ctx, e))
			due = e->due_ns;
	}
	return due;
}

bool
seeds_result(struct seeds *s, const struct peer_id *id, bool reached, uint64_t now_ns)
{
	struct seed_entry *e = seeds_find(s, id);
	size_t step;

	if (e == NULL)
		return false;
	if (reached) {
		e->pending = false;
		e->attempts = 0;
		e->due_ns = now_ns + SECONDS(1);
		return false;
	}
	if (!e->pending)
		return false;
	e->pending = false;
	step = e->attempts < sizeof(backoff_s) ? e->attempts : sizeof(backoff_s) - 1;
	e->due_ns = now_ns + rng_jitter(&s->rng, SECONDS(backoff_s[step]), 20);
	e->attempts++;
	return e->attempts == SEEDS_GIVE_UP;
}
