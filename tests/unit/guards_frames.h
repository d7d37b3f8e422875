/* SPDX-License-Identifier: MIT */
#ifndef TESTS_GUARDS_FRAMES_H
#define TESTS_GUARDS_FRAMES_H

#include <stdint.h>

/*
 * The guards against what a linked peer may say that can be taken out. They are put in
 * place of the product's functions by --wrap.
 */
extern enum guard {
	NONE, CLOSE, ABORT, RESET, DECODE, TOPIC, HASH, UPKEEP, APPLY, DEADLINE, FIN,
	SYNC_RATE
} guard_out;
extern const uint64_t *guard_now_ns;	/* for DEADLINE */

#endif
