/* SPDX-License-Identifier: MIT */
#include "mesh/crossings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define SLOTS (CROSSINGS_WINDOW + 1)

void
crossings_init(struct crossings *c)
{
	memset(c, 0, sizeof *c);
}

void
crossings_fini(struct crossings *c)
{
	free(c->at);
	memset(c, 0, sizeof *c);
}

/* "mesh1.broker.a1b2c3" begins with its mesh. */
static bool
is_across(const char *from, const char *to)
{
	size_t len = strcspn(from, ".");

	return strncmp(from, to, len) != 0 || to[len] != '.';
}

static struct crossing *
pair(struct crossings *c, const struct timeline_event *e)
{
	struct crossing *oldest = NULL, *x;

	for (size_t i = 0; i < c->count; i++) {
		x = &c->at[i];
		if (strcmp(x->from, e->node) == 0 && strcmp(x->to, e->source) == 0)
			return x;
		if (!oldest || x->last_ns < oldest->last_ns)
			oldest = x;
	}
	if (c->count < CROSSINGS_MAX) {
		if (c->count == c->cap) {
			c->cap = c->cap ? 2 * c->cap : 16;
			c->at = mem_resize(c->at, c->cap, sizeof *c->at);
		}
		x = &c->at[c->count++];
	} else {
		x = oldest;
		c->forgotten++;
	}
	memset(x, 0, sizeof *x);
	snprintf(x->from, sizeof x->from, "%s", e->node);
	snprintf(x->to, sizeof x->to, "%s", e->source);
	x->across = is_across(x->from, x->to);
	x->first_ns = e->at_ns;
	x->second = e->at_ns / NS_PER_S;
	return x;
}

/* Seconds that passed since the newest one are empty. */
static void
move_on(struct crossing *x, uint64_t second)
{
	for (uint64_t s = x->second + 1; s <= second && s <= x->second + SLOTS; s++)
		x->seconds[s % SLOTS] = 0;
	if (second > x->second)
		x->second = second;
}

/* How many an event stands for; a node that lies about it lies to the eye alone. */
static uint32_t
many(const struct timeline_event *e)
{
	char *end;
	unsigned long long n = strtoull(e->text, &end, 10);

	return end != e->text && strcmp(end, CROSSINGS_MORE) == 0 && n < 1000000
		       ? (uint32_t)n
		       : 1;
}

static void
count(struct crossings *c, const struct timeline_event *e)
{
	struct crossing *x = pair(c, e);
	uint32_t n = many(e);

	move_on(x, e->at_ns / NS_PER_S);
	/* One that is told late is not put into a second that is over for long. */
	if (e->at_ns / NS_PER_S + CROSSINGS_WINDOW >= x->second)
		x->seconds[e->at_ns / NS_PER_S % SLOTS] += n;
	x->total += n;
	if (e->at_ns > x->last_ns)
		x->last_ns = e->at_ns;
}

void
crossings_follow(struct crossings *c, const struct timeline *t)
{
	uint64_t first = timeline_first(t), last = timeline_last(t);

	if (c->seq + 1 < first) {
		c->missed += first - c->seq - 1;
		c->seq = first - 1;
	}
	while (c->seq < last) {
		const struct timeline_event *e = timeline_find(t, ++c->seq);

		if (e && e->kind == TIMELINE_MESSAGE_RECEIVED)
			count(c, e);
	}
}

double
crossings_rate(const struct crossing *x, uint64_t now_ns)
{
	uint64_t second = now_ns / NS_PER_S, sum = 0;

	/* The second that runs is not over. */
	for (uint64_t s = 1; s <= CROSSINGS_WINDOW; s++)
		if (second >= s && second - s <= x->second &&
			x->second - (second - s) < SLOTS)
			sum += x->seconds[(second - s) % SLOTS];
	return (double)sum / CROSSINGS_WINDOW;
}

const struct crossing *
crossings_latest(const struct crossings *c, size_t i)
{
	for (size_t k = 0; k < c->count; k++) {
		size_t later = 0;

		for (size_t j = 0; j < c->count; j++)
			later += c->at[j].last_ns > c->at[k].last_ns ||
				 (c->at[j].last_ns == c->at[k].last_ns && j < k);
		if (later == i)
			return &c->at[k];
	}
	return NULL;
}
