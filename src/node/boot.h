/* SPDX-License-Identifier: MIT */
#ifndef NODE_BOOT_H
#define NODE_BOOT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The boot chain: each step is begun, does the real work, and is ended with its result. A
 * step cannot be skipped or repeated (asserted), and a failed one stays visible as
 * failed. Ready means that all steps ended well: subscribed and accepting. Joining is not
 * part of it: the first node of a mesh is ready alone.
 */
enum boot_step {
#define STEP(name, span) BOOT_##name,
#include "node/boot_steps.def"
#undef STEP
	BOOT_STEPS
};

struct boot {
	struct boot_span {
		uint64_t begun_ns, ended_ns;	/* ended 0 while open */
		int err;
	} spans[BOOT_STEPS];
	unsigned begun;		/* steps begun */
	uint64_t started_ns;
};

void boot_start(struct boot *b, uint64_t now_ns);
void boot_begin(struct boot *b, enum boot_step step, uint64_t now_ns);
/* err 0 or an ERR_*. Returns err, so that a caller can write `return boot_end(...)`. */
int boot_end(struct boot *b, enum boot_step step, int err, uint64_t now_ns);
bool boot_ready(const struct boot *b);
uint64_t boot_took_ns(const struct boot *b); /* start to the last end; 0 unless ready */
const char *boot_span_name(enum boot_step step);

#endif
