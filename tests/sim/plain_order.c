/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/sim/plain_state.h"

/* The stream of a connection in order again, of parts that come in any. */

struct plain_early {
	TAILQ_ENTRY(plain_early) link;
	uint64_t offset;
	size_t len;
	uint8_t bytes[];
};

static void
keep(struct plain_conn *c, uint64_t offset, struct view part)
{
	struct plain_early *e;

	TAILQ_FOREACH(e, &c->early, link)
		if (e->offset == offset && e->len >= part.len)
			return;
	if (c->early_count == PLAIN_EARLY_MAX)
		return;
	e = mem_array(1, sizeof(*e) + part.len);
	e->offset = offset;
	e->len = part.len;
	memcpy(e->bytes, part.data, part.len);
	TAILQ_INSERT_TAIL(&c->early, e, link);
	c->early_count++;
}

/* What of it is new, if nothing before it is missing. */
static bool
append(struct plain_conn *c, uint64_t offset, const uint8_t *bytes, size_t len)
{
	uint64_t known = c->received - offset;

	if (offset > c->received || known >= len)
		return false;
	buf_put(&c->in, bytes + known, len - known);
	c->received += len - known;
	return true;
}

static void
forget(struct plain_conn *c, struct plain_early *e)
{
	TAILQ_REMOVE(&c->early, e, link);
	c->early_count--;
	free(e);
}

bool
plain_order(struct plain_conn *c, uint64_t offset, struct view part)
{
	struct plain_early *e, *next;
	bool further = true;

	if (part.len > 0 && offset > c->received)
		keep(c, offset, part);
	if (!append(c, offset, part.data, part.len))
		return false;
	while (further) {
		further = false;
		for (e = TAILQ_FIRST(&c->early); e != NULL; e = next) {
			next = TAILQ_NEXT(e, link);
			if (e->offset > c->received)
				continue;
			further = append(c, e->offset, e->bytes, e->len) || further;
			forget(c, e);
		}
	}
	return true;
}

void
plain_order_fini(struct plain_conn *c)
{
	while (!TAILQ_EMPTY(&c->early))
		forget(c, TAILQ_FIRST(&c->early));
}
