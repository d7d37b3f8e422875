/* SPDX-License-Identifier: MIT */
#include "trace/exporter.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/text.h"
#include "trace/otlp.h"

/* Nodes that a collector refused together do not come back together. */
#define RETRY_JITTER_PERCENT 50
#define RETRY_AFTER_SPREAD_PERCENT 10

struct item {
	uint8_t *bytes;
	size_t len;
	uint64_t due_ns;
};

struct exporter {
	struct exporter_limits limits;
	struct rng rng;
	struct item *items;	/* a ring of limits.queue_max */
	size_t first, count;
	struct view *batch;	/* limits.batch_max, for exporter_take */
	size_t under_way;	/* items of the batch, at the front; 0: none */
	bool posted;		/* else it waits for retry_ns */
	uint64_t retry_ns;
	unsigned tries;		/* of this batch */
	size_t flush;		/* items at the front that do not wait */
	bool complained;
	struct exporter_stats stats;
};

struct exporter *
exporter_new(const struct exporter_limits *l, const uint8_t seed[static 32])
{
	struct exporter *x = mem_new(MEM_EXPORTER, sizeof *x);

	assert(l->queue_max > 0 && l->batch_max > 0 && l->batch_max <= l->queue_max);
	x->limits = *l;
	rng_init(&x->rng, seed);
	x->items = mem_array(l->queue_max, sizeof *x->items);
	x->batch = mem_array(l->batch_max, sizeof *x->batch);
	return x;
}

static struct item *
at(const struct exporter *x, size_t i)
{
	return &x->items[(x->first + i) % x->limits.queue_max];
}

static void
remove_front(struct exporter *x, size_t n)
{
	assert(n <= x->count);
	for (; n > 0; n--) {
		free(at(x, 0)->bytes);
		mem_destroyed(MEM_EXPORTED);
		x->first = (x->first + 1) % x->limits.queue_max;
		x->count--;
		if (x->flush > 0)
			x->flush--;
	}
	x->stats.queued = x->count;
}

void
exporter_free(struct exporter *x)
{
	if (x == NULL)
		return;
	remove_front(x, x->count);
	free(x->items);
	free(x->batch);
	mem_free(MEM_EXPORTER, x);
}

static void __attribute__((format(printf, 2, 3)))
note(struct exporter *x, const char *format, ...)
{
	char text[sizeof x->stats.last_error];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	text_printable(
		x->stats.last_error, sizeof x->stats.last_error, text, strlen(text));
}

bool
exporter_add(struct exporter *x, const void *bytes, size_t len, uint64_t now_ns)
{
	struct item *to;

	x->stats.taken++;
	if (x->count == x->limits.queue_max) {
		x->stats.dropped++;
		return false;
	}
	to = at(x, x->count);
	to->bytes = mem_copy(bytes, len);
	to->len = len;
	to->due_ns = now_ns + x->limits.delay_ns;
	mem_made(MEM_EXPORTED);
	x->stats.queued = ++x->count;
	return true;
}

void
exporter_missed(struct exporter *x, uint64_t count)
{
	x->stats.taken += count;
	x->stats.dropped += count;
}

void
exporter_flush(struct exporter *x)
{
	x->flush = x->count;
}

uint64_t
exporter_deadline(const struct exporter *x)
{
	if (x->posted || x->count == 0)
		return NEVER;
	if (x->under_way > 0)
		return x->retry_ns;
	if (x->flush > 0 || x->count >= x->limits.batch_max)
		return 0;
	return at(x, 0)->due_ns;
}

size_t
exporter_take(struct exporter *x, uint64_t now_ns, const struct view **items)
{
	if (exporter_deadline(x) > now_ns)
		return 0;
	if (x->under_way > 0) {
		x->stats.retries++;
	} else {
		x->under_way = x->count < x->limits.batch_max ? x->count
							      : x->limits.batch_max;
		x->tries = 0;
	}
	for (size_t i = 0; i < x->under_way; i++)
		x->batch[i] = (struct view){ at(x, i)->bytes, at(x, i)->len };
	x->posted = true;
	x->stats.posts++;
	*items = x->batch;
	return x->under_way;
}

static void
finish(struct exporter *x)
{
	remove_front(x, x->under_way);
	x->under_way = 0;
}

static void
retry(struct exporter *x, uint64_t after_ns, uint64_t now_ns)
{
	unsigned doublings = x->tries < 10 ? x->tries : 10;
	uint64_t wait_ns = OTLP_RETRY_FIRST << doublings;

	x->tries++;
	if (wait_ns > OTLP_RETRY_MAX)
		wait_ns = OTLP_RETRY_MAX;
	wait_ns = rng_jitter(&x->rng, wait_ns, RETRY_JITTER_PERCENT);
	if (after_ns > 0) {
		wait_ns = after_ns < OTLP_RETRY_AFTER_MAX ? after_ns
							  : OTLP_RETRY_AFTER_MAX;
		wait_ns += rng_below(
			&x->rng, wait_ns * RETRY_AFTER_SPREAD_PERCENT / 100 + 1);
	}
	x->retry_ns = now_ns + wait_ns;
}

static bool
is_retryable(unsigned status)
{
	return status == 429 || status == 502 || status == 503 || status == 504;
}

/* It took the request; perhaps not all of it. */
static void
take_success(struct exporter *x, const struct exporter_answer *a)
{
	struct otlp_answer said;
	uint64_t rejected;

	if (otlp_read_answer(a->body, &said) != ERR_OK) {
		/* Whoever this is, it did not say that it took them. */
		x->stats.failed += x->under_way;
		note(x, "HTTP %u, but the answer is not OTLP: is this a collector?",
			a->status);
		return;
	}
	rejected = said.rejected < x->under_way ? said.rejected : x->under_way;
	x->stats.rejected += rejected;
	x->stats.sent += x->under_way - rejected;
	if (rejected > 0)
		note(x, "the collector rejected %llu of %zu: %s",
			(unsigned long long)rejected, x->under_way,
			said.message[0] != '\0' ? said.message : "it does not say why");
	else if (said.message[0] != '\0')
		note(x, "the collector says: %s", said.message);
}

static void
note_status(struct exporter *x, const struct exporter_answer *a)
{
	char said[160];

	otlp_read_status(a->body, said, sizeof said);
	note(x, "HTTP %u%s%s", a->status, said[0] != '\0' ? ": " : "", said);
}

void
exporter_answer(struct exporter *x, const struct exporter_answer *a, uint64_t now_ns)
{
	assert(x->posted);
	x->posted = false;
	if (a->fate == EXPORTER_LOST) {
		note(x, "%s", a->why);
		retry(x, 0, now_ns);
		return;
	}
	if (a->fate == EXPORTER_ANSWERED && is_retryable(a->status)) {
		note_status(x, a);
		retry(x, a->retry_after_ns, now_ns);
		return;
	}
	if (a->fate == EXPORTER_IMPOSSIBLE) {
		x->stats.failed += x->under_way;
		note(x, "%s", a->why);
	} else if (a->status >= 200 && a->status < 300) {
		take_success(x, a);
	} else {
		x->stats.failed += x->under_way;
		note_status(x, a);
	}
	finish(x);
}

void
exporter_abandon(struct exporter *x)
{
	x->stats.dropped += x->count;
	remove_front(x, x->count);
	x->under_way = 0;
	x->posted = false;
}

const struct exporter_stats *
exporter_stats(const struct exporter *x)
{
	return &x->stats;
}

const char *
exporter_complaint(struct exporter *x)
{
	if (x->complained || x->stats.last_error[0] == '\0')
		return NULL;
	x->complained = true;
	return x->stats.last_error;
}
