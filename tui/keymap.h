/* SPDX-License-Identifier: MIT */
#ifndef TUI_KEYMAP_H
#define TUI_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A key is the code point it types, or one of these. */
enum keymap_key {
	K_NONE = 0,
	K_CTRL_C = 3,
	K_TAB = 9,
	K_ENTER = 10,
	K_CTRL_L = 12,
	K_CTRL_U = 21,
	K_ESC = 27,
	K_SPACE = 32,
	K_UP = 0x110000,
	K_DOWN,
	K_LEFT,
	K_RIGHT,
	K_PAGE_UP,
	K_PAGE_DOWN,
	K_HOME,
	K_END,
	K_BACKTAB,
	K_BACKSPACE,
	K_DELETE,
	K_F1,
	K_RESIZE,
};

/* Where a key means something. */
enum keymap_context {
	IN_TOPOLOGY = 1,
	IN_NODES = 2,
	IN_DIRECTORY = 4,
	IN_HELP = 8,
	IN_DETAIL = 16,
	IN_TIMELINE = 32,
	IN_BOOT = 64,
	IN_ALERTS = 256,
	IN_MESSAGES = 512,
	IN_CHAOS = 1024,
	IN_TESTS = 2048,
	IN_TABLES = IN_NODES | IN_DIRECTORY,
	IN_FILTERED = IN_TABLES | IN_TIMELINE | IN_ALERTS,
	IN_LISTS = IN_FILTERED | IN_BOOT | IN_MESSAGES | IN_CHAOS | IN_TESTS,
	IN_PANES = IN_TOPOLOGY | IN_LISTS | IN_HELP,
	IN_ALL = IN_PANES | IN_DETAIL,
};

enum action {
	ACTION_NONE,
#define ACTION(name, contexts, keys, footer, help) ACTION_##name,
#include "tui/actions.def"
#undef ACTION
	ACTION_COUNT
};

struct keymap_action {
	const char *name;	/* "QUIT" */
	unsigned contexts;
	const char *keys;	/* names with spaces between: "Down j" */
	const char *footer;	/* one word for the footer, or "": not shown there */
	const char *help;	/* a line for the help pane */
};
const struct keymap_action *keymap_action(enum action a);	/* not ACTION_NONE */

enum action keymap_find(enum keymap_context context, uint32_t key);

/*
 * The row of a list that an action leads to, of rows up to `last` with `page` of them
 * shown; SIZE_MAX when the action is no movement.
 */
size_t keymap_moved(enum action a, size_t at, size_t last, int page);

/* "Up", "Ctrl-C", "Space", "a". K_NONE when it is no key's name. */
uint32_t keymap_parse(const char *name, size_t len);
/* The i-th key of an action, and its name's length; NULL after the last. */
const char *keymap_key_at(const struct keymap_action *a, size_t i, size_t *len);

#endif
