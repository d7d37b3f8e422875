/* SPDX-License-Identifier: MIT */
#ifndef IO_PAUSE_H
#define IO_PAUSE_H

#include <stdint.h>

/*
 * Stops this process by SIGSTOP for `ms`. A process that is stopped can't wake itself, so
 * it leaves two others behind that do and then end; they end with this one too, and hold
 * none of its descriptors. When one of the two ends early, the other one wakes this
 * process at once: it is not to stay stopped. Returns when it goes on. ERR_SYSTEM: the
 * two could not be left behind, and it was not stopped.
 */
int pause_process(uint32_t ms);

#endif
