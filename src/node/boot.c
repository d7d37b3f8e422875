/* SPDX-License-Identifier: MIT */
#include "node/boot.h"

#include <assert.h>
#include <string.h>

static const char *const span_names[] = {
#define STEP(name, span) span,
#include "node/boot_steps.def"
#undef STEP
};

void
boot_start(struct boot *b, uint64_t now_ns)
{
	memset(b, 0, sizeof(*b));
	b->started_ns = now_ns;
}

void
boot_begin(struct boot *b, enum boot_step step, uint64_t now_ns)
{
	assert(b->begun == (unsigned)step);
	assert(step == 0 || b->spans[step - 1].ended_ns != 0);
	b->begun++;
	b->spans[step].begun_ns = now_ns;
}

int
boot_end(struct boot *b, enum boot_step step, int err, uint64_t now_ns)
{
	assert(b->begun == (unsigned)step + 1 && b->spans[step].ended_ns == 0);
	b->spans[step].ended_ns = now_ns;
	b->spans[step].err = err;
	return err;
}

bool
boot_ready(const struct boot *b)
{
	for (unsigned i = 0; i < BOOT_STEPS; i++)
		if (b->spans[i].ended_ns == 0 || b->spans[i].err != 0)
			return false;
	return true;
}

uint64_t
boot_took_ns(const struct boot *b)
{
	return boot_ready(b) ? b->spans[BOOT_STEPS - 1].ended_ns - b->started_ns : 0;
}

const char *
boot_span_name(enum boot_step step)
{
	assert(step < BOOT_STEPS);
	return span_names[step];
}
