/* SPDX-License-Identifier: MIT */
#include "app/trials_loop.h"

#include <assert.h>
#include <stdio.h>

#include "base/err.h"
#include "tui/wish.h"

void
trials_loop_start(
	struct trials_loop *l, const struct model_loop_wish *w, uint64_t now_ns)
{
	assert(w->cadence_ns >= MODEL_LOOP_CADENCE_MIN && w->primitives != 0);
	*l = (struct trials_loop){ .shown = { .on = true, .wish = *w,
		.due_ns = now_ns } };
	rng_init_u64(&l->rng, w->seed);
}

bool
trials_loop_stop(struct trials_loop *l)
{
	bool was_on = l->shown.on;

	l->shown.on = false;
	return was_on;
}

uint64_t
trials_loop_deadline(const struct trials_loop *l)
{
	return l->shown.on ? l->shown.due_ns : NEVER;
}

static enum primitive
choose(struct trials_loop *l)
{
	enum primitive chosen = PRIMITIVES;
	uint64_t seen = 0;

	for (unsigned i = 0; i < PRIMITIVES; i++)
		if ((l->shown.wish.primitives & UINT32_C(1) << i) &&
			rng_below(&l->rng, ++seen) == 0)
			chosen = (enum primitive)i;
	return chosen;
}

bool
trials_loop_next(struct trials_loop *l, const struct child_row *const *rows,
	size_t row_count, uint64_t now_ns, struct model_wish *w)
{
	char why[WISH_WHY_CAP];
	enum primitive p;
	int err;

	if (!l->shown.on || now_ns < l->shown.due_ns)
		return false;
	l->shown.due_ns += l->shown.wish.cadence_ns;
	if (l->shown.due_ns <= now_ns)
		l->shown.due_ns = now_ns + l->shown.wish.cadence_ns;
	p = choose(l);
	err = wish_random(w, p, rows, row_count, rng_u64(&l->rng), why);
	if (err != ERR_OK)
		trials_loop_count(l, err, why);
	return err == ERR_OK;
}

void
trials_loop_count(struct trials_loop *l, int err, const char *why)
{
	if (err == ERR_OK) {
		l->shown.begun++;
		return;
	}
	l->shown.refused++;
	snprintf(l->shown.why, sizeof(l->shown.why), "%.*s",
		(int)sizeof(l->shown.why) - 1, why);
}
