/* SPDX-License-Identifier: MIT */
#ifndef IO_WATCHDOG_H
#define IO_WATCHDOG_H

#include <stdint.h>

#include "io/control_socket.h"
#include "io/lifeline_end.h"

/*
 * A thread that sees whether the loop turns. A loop that sleeps is well however long it
 * does; one that woke up and has not gone to sleep again for WATCHDOG_LIMIT stands still.
 * Then the parent is told over the lifeline, and who asks at the control socket is
 * answered here: slow is not dead. A process that was stopped as a whole (SIGSTOP) or
 * starved is not judged: the thread was away as well.
 *
 * It wakes up once in WATCHDOG_LOOK, which is measured to cost 30 us of CPU.
 */
struct watchdog;

/*
 * `control` and `lifeline` may be NULL; both outlive it. NULL: no thread could be made,
 * and nothing is watched.
 */
struct watchdog *watchdog_new(const char *name, struct control_socket *control,
	struct lifeline_end *lifeline);
/* Waits for the thread, which does not wait for anything. Accepts NULL. */
void watchdog_free(struct watchdog *w);

/* By the loop: it woke up, it is going to sleep. Accept NULL. */
void watchdog_awake(struct watchdog *w, uint64_t now_ns);
void watchdog_asleep(struct watchdog *w);

#endif
