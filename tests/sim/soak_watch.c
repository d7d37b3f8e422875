/* SPDX-License-Identifier: MIT */
#include "tests/sim/soak_watch.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gossip/gossip.h"
#include "tests/sim/world_check.h"

/* Whose outboxes these are is known by who turns; a soak is one thread. */
static struct soak_watch *watching;

void __wrap_outbox_clear(struct outbox *o);
void __real_outbox_clear(struct outbox *o);

static bool __attribute__((format(printf, 2, 3)))
amiss(struct soak_watch *s, const char *format, ...)
{
	va_list args;

	if (s->why[0] == '\0') {
		va_start(args, format);
		vsnprintf(s->why, sizeof(s->why), format, args);
		va_end(args);
	}
	return false;
}

static bool __attribute__((format(printf, 2, 3)))
no(char *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, WORLD_WHY_CAP, format, args);
	va_end(args);
	return false;
}

static struct soak_message *
message_of(struct soak_watch *s, uint64_t hash)
{
	struct soak_message *m;

	for (size_t i = s->count; i > 0 && s->count - i < SOAK_MESSAGES_MAX; i--) {
		m = &s->messages[(i - 1) % SOAK_MESSAGES_MAX];
		if (s->world->now_ns - m->first_ns >= SOAK_MESSAGE_AGE)
			break;
		if (m->hash == hash)
			return m;
	}
	m = &s->messages[s->count++ % SOAK_MESSAGES_MAX];
	memset(m, 0, sizeof(*m));
	m->hash = hash;
	m->first_ns = s->world->now_ns;
	return m;
}

static void
delivered(struct soak_watch *s, const struct gossip_out *o)
{
	static const uint8_t key[crypto_shorthash_KEYBYTES];
	size_t to = s->world->turning;
	struct soak_message *m;
	uint64_t hash;

	crypto_shorthash((uint8_t *)&hash, o->bytes, o->bytes_len, key);
	m = message_of(s, hash);
	s->deliveries++;
	if (m->had_ns[to] < s->world->members[to].began_ns)
		m->had[to] = 0;
	m->had_ns[to] = s->world->now_ns;
	if (++m->had[to] > 1)
		amiss(s, "node %zu had a message twice", to);
}

void
__wrap_outbox_clear(struct outbox *o)
{
	for (size_t i = 0; watching != NULL && i < outbox_count(o); i++)
		if (outbox_at(o, i)->kind == GOSSIP_OUT_DELIVER)
			delivered(watching, outbox_at(o, i));
	__real_outbox_clear(o);
}

static void
on_liveness(void *ctx, size_t i, const struct directory_change *c)
{
	struct soak_watch *s = ctx;
	const struct world *w = s->world;
	size_t subject = world_find(w, &c->id);

	s->suspected += c->to == LIVENESS_SUSPECT;
	s->gone += c->to == LIVENESS_GONE;
	if (c->to != LIVENESS_GONE || !world_alive(w, subject) ||
		w->now_ns < s->excused_ns[subject] || w->now_ns < s->excused_ns[i])
		return;
	amiss(s, "node %zu calls node %zu gone, which lives", i, subject);
}

void
soak_watch_init(struct soak_watch *s)
{
	memset(s, 0, sizeof(*s));
	for (size_t i = 0; i < MEM_CLASSES; i++)
		s->live_then[i] = mem_live((enum mem_class)i);
	s->messages = mem_array(SOAK_MESSAGES_MAX, sizeof(*s->messages));
}

void
soak_watch_begin(struct soak_watch *s, struct world *w)
{
	s->world = w;
	w->on_liveness = on_liveness;
	w->on_liveness_ctx = s;
	watching = s;
}

bool
soak_watch_end(struct soak_watch *s)
{
	watching = NULL;
	free(s->messages);
	for (size_t i = 0; i < MEM_CLASSES; i++) {
		uint64_t live = mem_live((enum mem_class)i);

		if (live != s->live_then[i])
			amiss(s, "%llu objects of class %s are left over",
				(unsigned long long)(live - s->live_then[i]),
				mem_class_name((enum mem_class)i));
	}
	return s->why[0] == '\0';
}

void
soak_watch_excuse(struct soak_watch *s, size_t i, uint64_t until_ns)
{
	if (s->excused_ns[i] < until_ns)
		s->excused_ns[i] = until_ns;
}

static size_t
living(const struct world *w)
{
	size_t count = 0;

	for (size_t i = 0; i < w->count; i++)
		count += world_alive(w, i);
	return count;
}

bool
soak_watch_delivered(struct soak_watch *s, uint64_t since_ns, uint64_t before_ns)
{
	const struct world *w = s->world;
	size_t members = living(w), messages = 0;

	for (size_t i = s->count; i > 0 && s->count - i < SOAK_MESSAGES_MAX; i--) {
		const struct soak_message *m = &s->messages[(i - 1) % SOAK_MESSAGES_MAX];
		size_t had = 0;

		if (m->first_ns < since_ns)
			break;
		if (m->first_ns >= before_ns)
			continue;
		for (size_t k = 0; k < w->count; k++)
			had += world_alive(w, k) && m->had_ns[k] > 0;
		if (had != members - 1)
			return amiss(s, "a message came to %zu of %zu nodes", had,
				members - 1);
		messages++;
	}
	/* Everybody sends a digest every 2.2 s at least. */
	if (messages < members)
		return amiss(s, "%zu messages of %zu nodes", messages, members);
	return true;
}

/* Of which a node has one. */
static const enum mem_class constant[] = {MEM_NODE, MEM_ENDPOINT, MEM_TOPIC,
	MEM_MEMBERSHIP, MEM_METER};
/* Of which nobody has any. */
static const enum mem_class fleeting[] = {MEM_IMPAIR, MEM_HELD, MEM_REQUEST, MEM_SERVING,
	MEM_SENDING, MEM_ERRAND, MEM_RESOLUTION, MEM_WATCHER, MEM_ECHO, MEM_MISSING,
	MEM_QUIC_EVENT, MEM_OUTBOX_ENTRY};

bool
soak_watch_objects(const struct soak_watch *s, char *why)
{
	const struct world *w = s->world;
	uint64_t members = 0, links = 0, conns = 0;

	for (size_t i = 0; i < w->count; i++) {
		struct node_status n;

		if (w->members[i].node == NULL)
			continue;
		world_status(w, i, &n);
		members++;
		links += n.counts[NODE_COUNT_LINKS];
		conns += n.counts[NODE_COUNT_CONNECTIONS];
		if (n.counts[NODE_COUNT_FAULTS] > 0)
			return no(why, "node %zu still has %llu faults", i,
				(unsigned long long)n.counts[NODE_COUNT_FAULTS]);
	}
	for (size_t i = 0; i < sizeof(constant) / sizeof(*constant); i++) {
		uint64_t live = mem_live(constant[i]) - s->live_then[constant[i]];

		if (live != members)
			return no(why, "%llu objects of class %s for %llu nodes",
				(unsigned long long)live, mem_class_name(constant[i]),
				(unsigned long long)members);
	}
	for (size_t i = 0; i < sizeof(fleeting) / sizeof(*fleeting); i++) {
		uint64_t live = mem_live(fleeting[i]) - s->live_then[fleeting[i]];

		if (live > 0)
			return no(why, "%llu objects of class %s",
				(unsigned long long)live, mem_class_name(fleeting[i]));
	}
	/* Nobody has two with the same one, for longer than it takes to choose. */
	if (links > members * (members - 1) || conns > members * (members - 1))
		return no(why, "%llu links and %llu connections of %llu nodes",
			(unsigned long long)links, (unsigned long long)conns,
			(unsigned long long)members);
	return true;
}
