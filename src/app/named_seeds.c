/* SPDX-License-Identifier: MIT */
#include "app/named_seeds.h"

#include <stdio.h>

#include "base/err.h"
#include "io/loop.h"

static void
on_found(void *ctx, const struct seed *seed)
{
	struct named_seeds *s = ctx;

	if (node_add_seed(s->node, seed, "", loop_now_ns()) != ERR_OK)
		s->say(s->ctx, "too many seeds to remember");
}

static void
on_failed(void *ctx, const struct seed_named *seed, const char *why)
{
	struct named_seeds *s = ctx;
	char text[SEED_HOST_CAP + 120];

	snprintf(text, sizeof text, "seed %s: cannot look it up: %.60s; trying on",
		seed->host, why);
	s->say(s->ctx, text);
}

static bool
is_alone(void *ctx)
{
	struct named_seeds *s = ctx;
	struct node_status status;

	node_status(s->node, &status, loop_now_ns());
	return status.neighbors == 0;
}

void
named_seeds_begin(struct named_seeds *s, uv_loop_t *loop, struct node *node,
	const struct options *o, void (*say)(void *ctx, const char *text), void *ctx)
{
	const struct seed_names_hooks hooks = { on_found, on_failed, is_alone, s };
	bool ipv4 = false, ipv6 = false;

	*s = (struct named_seeds){ .node = node, .say = say, .ctx = ctx };
	for (size_t i = 0; i < o->bind_count; i++) {
		ipv4 |= o->bind[i].family == 4;
		ipv6 |= o->bind[i].family == 6;
	}
	s->names = seed_names_new(
		loop, o->named_seeds, o->named_seed_count, ipv4, ipv6, &hooks);
}

void
named_seeds_end(struct named_seeds *s)
{
	seed_names_close(s->names);
	s->names = NULL;
}

bool
named_seeds_has(const struct options *o, const struct peer_id *id)
{
	for (size_t i = 0; i < o->seed_count; i++)
		if (id_equal(&o->seeds[i].id, id))
			return true;
	for (size_t i = 0; i < o->named_seed_count; i++)
		if (id_equal(&o->named_seeds[i].id, id))
			return true;
	return false;
}
