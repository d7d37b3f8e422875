/* SPDX-License-Identifier: MIT */
#include "node/casts.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "node/state.h"
#include "node/without.h"

/* Longer than anything waits here: `sent` is of another clock. */
#define TOOK_US_MAX UINT64_C(600000000)
#define BEHIND_US_MAX 1000000
/* Of so many one is not delivered, where a test wants gossip to lose some. */
#define LOST_EVERY 50

struct speaker {
	struct peer_id key;
	uint64_t last_ns;
	uint64_t newest;	/* the largest number so far */
	uint64_t bits[CAST_WINDOW / 64]; /* of the CAST_WINDOW up to it */
};

void
casts_init(struct casts *c)
{
	*c = (struct casts){ .speakers = idmap_new(), .idle_ns = NEVER };
}

static void
forget(struct casts *c, struct speaker *s)
{
	idmap_remove(c->speakers, &s->key);
	mem_free(MEM_CAST_SPEAKER, s);
}

void
casts_fini(struct casts *c)
{
	while (idmap_first(c->speakers) != NULL)
		forget(c, idmap_value(idmap_first(c->speakers)));
	idmap_free(c->speakers);
}

static struct speaker *
speaker_of(struct casts *c, const struct cast *it)
{
	struct peer_id key = it->speaker;
	struct speaker *s;

	for (size_t i = 0; i < 8; i++)
		key.bytes[24 + i] ^= (uint8_t)(it->run >> 8 * i);
	s = idmap_find(c->speakers, &key);
	if (s != NULL)
		return s;
	if (idmap_count(c->speakers) >= CAST_SPEAKERS_MAX)
		forget(c, idmap_value(idmap_first(c->speakers)));
	s = mem_new(MEM_CAST_SPEAKER, sizeof(*s));
	s->key = key;
	idmap_put(c->speakers, &key, s);
	return s;
}

static struct cast_count *
run_of(struct casts *c, uint64_t run)
{
	struct cast_count *to;

	for (size_t i = 0; i < c->run_count; i++)
		if (c->runs[i].run == run)
			return &c->runs[i];
	to = &c->runs[c->run_next++ % CAST_RUNS_MAX];
	if (c->run_count < CAST_RUNS_MAX)
		c->run_count++;
	*to = (struct cast_count){ .run = run };
	return to;
}

static bool
bit(const struct speaker *s, uint64_t number)
{
	return s->bits[number % CAST_WINDOW / 64] >> number % 64 & 1;
}

/* Numbers between the newest and this one are open again: their places were others'. */
static void
move_on(struct speaker *s, uint64_t number)
{
	if (number - s->newest >= CAST_WINDOW)
		memset(s->bits, 0, sizeof(s->bits));
	else
		for (uint64_t i = s->newest + 1; i <= number; i++)
			s->bits[i % CAST_WINDOW / 64] &= ~(UINT64_C(1) << i % 64);
	s->newest = number;
}

static void
count_time(struct cast_count *r, const struct cast *it, uint64_t now_us)
{
	/* A loop takes the time once in a turn, so ours may be a little behind. */
	uint64_t took_us = now_us > it->sent_us ? now_us - it->sent_us : 0;

	if (took_us > TOOK_US_MAX || it->sent_us > now_us + BEHIND_US_MAX)
		r->untimed++;
	else
		spread_add(&r->took, took_us);
}

size_t
casts_counts(const struct casts *c, struct cast_count *to, size_t cap)
{
	size_t count = c->run_count < cap ? c->run_count : cap;

	memcpy(to, c->runs, count * sizeof(*to));
	return count;
}

void
casts_take(struct node *n, const struct membership *m, struct view payload,
	uint64_t now_ns)
{
	struct casts *c = &n->casts;
	struct cast_count *r;
	struct speaker *s;
	struct cast it;

	if (cast_read(&it, payload) != ERR_OK) {
		c->malformed++;
		return;
	}
	/* A member's key was found sound when its first digest came. */
	if (cast_check(&it, payload, &m->topic_id,
		    directory_find(m->directory, &it.speaker) != NULL) != ERR_OK) {
		c->forged++;
		return;
	}
	if (id_equal(&it.speaker, &n->config.identity.id))
		return;
	if ((n->config.without & WITHOUT_GOSSIP) && it.number % LOST_EVERY == 0)
		return;
	r = run_of(c, it.run);
	s = speaker_of(c, &it);
	s->last_ns = now_ns;
	c->idle_ns = now_ns + CAST_IDLE;
	if (it.number + CAST_WINDOW <= s->newest) {
		r->late++;
		return;
	}
	if (it.number > s->newest) {
		move_on(s, it.number);
	} else if (bit(s, it.number)) {
		r->duplicates++;
		c->duplicates++;
		return;
	}
	s->bits[it.number % CAST_WINDOW / 64] |= UINT64_C(1) << it.number % 64;
	r->delivered++;
	c->delivered++;
	count_time(r, &it, now_ns / 1000);
	receive_tell(n, &it.speaker, it.kind, it.body, now_ns);
}

void
casts_tick(struct casts *c, uint64_t now_ns)
{
	if (now_ns < c->idle_ns)
		return;
	while (idmap_first(c->speakers) != NULL)
		forget(c, idmap_value(idmap_first(c->speakers)));
	c->idle_ns = NEVER;
}
