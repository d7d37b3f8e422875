/* SPDX-License-Identifier: MIT */
#ifndef TUI_CHANGE_H
#define TUI_CHANGE_H

#include <stdint.h>

#include "tui/model.h"

/* What only some panes show. */
enum { CHANGE_TIMELINE = 1, CHANGE_BOOTS = 2, CHANGE_ALERTS = 256, CHANGE_WATCHED = 512,
	CHANGE_FAULTS = 1024, CHANGE_TESTS = 2048 };

/*
 * A number that differs when something differs that a person must see at once; figures
 * that only count on wait for the second, which is in it.
 */
uint64_t change_hash(const struct model *m, unsigned parts);

#endif
