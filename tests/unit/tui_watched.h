/* SPDX-License-Identifier: MIT */
#ifndef TESTS_TUI_WATCHED_H
#define TESTS_TUI_WATCHED_H

#include "tests/unit/tui_world.h"

/*
 * What two nodes of a made-up world tell who watches them, through the bytes of WATCH:
 * links, objects and frames of the first, and a trace of both. The model shows it until
 * tui_watched_fini.
 */
struct tui_watched {
	struct world *world;
	struct outlook outlooks[2];
	const struct outlook *at[2];
	struct traces *traces;
};

void tui_watched_init(
	struct tui_watched *x, struct world *w, size_t first, size_t second);
void tui_watched_fini(struct tui_watched *x);
/* One more frame of the first, `age_ms` old. */
void tui_watched_message(struct tui_watched *x, bool sent, const char *kind,
	uint32_t bytes, const char *summary, uint64_t age_ms, uint64_t lost);

#endif
