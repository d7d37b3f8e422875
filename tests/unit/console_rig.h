/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CONSOLE_RIG_H
#define TESTS_CONSOLE_RIG_H

#include "tui/console.h"

/*
 * A console that a test drives by keys and reads from its screen, and screens against the
 * files in tests/unit/golden. With UPDATE_GOLDEN in the environment the files are written
 * instead; look at what changed before it is committed.
 */
struct console_rig {
	struct model *model;	/* the test's */
	struct canvas *canvas;
	struct console *console;
	struct console_command command;	/* of the last key that gave one */
};

void console_rig_init(struct console_rig *r, struct model *m, int width, int height);
void console_rig_fini(struct console_rig *r);
/* Presses and draws, as a person would see it. True: there is a command. */
bool console_rig_press(struct console_rig *r, uint32_t key);
/* Every key of the text; none of them may give a command. */
void console_rig_type(struct console_rig *r, const char *keys);
bool console_rig_shows(const struct console_rig *r, const char *text);
void console_rig_resize(struct console_rig *r, int width, int height);

/* The canvas is as tests/unit/golden/NAME-WIDTHxHEIGHT.txt, or the test fails. */
void console_rig_golden(const char *name, const struct canvas *c);

#endif
