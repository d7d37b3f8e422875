/* SPDX-License-Identifier: MIT */
#ifndef APP_TERMINAL_GUARD_H
#define APP_TERMINAL_GUARD_H

#include <signal.h>

/*
 * A terminal that takes nothing (a line that hangs, a stopped emulator) holds whoever
 * writes to it, and the loop that would hear a signal with it. Between begin and end
 * SIGTERM, SIGINT and SIGHUP give the writing TERMINAL_GRACE_S more seconds; then the
 * terminal gets its modes back and the process ends with EXIT_IO. When the writing ends
 * in time, the loop gets a SIGTERM.
 */
#define TERMINAL_GRACE_S 2

struct terminal_guard {
	struct sigaction before[4];
};

void terminal_guard_begin(struct terminal_guard *g);
void terminal_guard_end(struct terminal_guard *g);
/* The same without a signal: what is written last may take no longer. */
void terminal_guard_last(struct terminal_guard *g);

/*
 * From now on a crash gives the terminal back before the process ends by its signal, also
 * when it is the stack that is full. One thread's: that which calls.
 */
void terminal_guard_crashes(void);

#endif
