/* SPDX-License-Identifier: MIT */
#ifndef IO_PAUSE_H
#define IO_PAUSE_H

#include <stdint.h>

/*
 * Stops this process by SIGSTOP for `ms`. A process that is stopped can't wake itself, so
 * it leaves another behind that does and then ends; that one ends with this one too, and
 * holds none of its descriptors. Returns when it goes on. ERR_SYSTEM: nobody could be
 * left behind, and it was not stopped.
 */
int pause_process(uint32_t ms);

#endif
