/* SPDX-License-Identifier: MIT */
#ifndef TUI_CONSOLE_H
#define TUI_CONSOLE_H

#include "tui/canvas.h"
#include "tui/model.h"

/*
 * The console: header, panes, prompts, footer. It does no IO and knows no curses: keys
 * and a model in, a canvas and commands out. What it asks for has been confirmed by the
 * person already.
 *
 *	while (screen_read_key(screen, &key))
 *		if (console_key(console, &model, key, &command))
 *			obey(&command);
 *	if (console_due(console, &model)) {
 *		console_draw(console, &model, canvas);
 *		screen_show(screen, canvas);
 *	}
 */
struct console;

struct console_command {
	enum console_command_kind {
		CONSOLE_NOTHING,
		CONSOLE_QUIT,
		CONSOLE_BOOTSTRAP,	/* 18 nodes in two meshes */
		CONSOLE_SPAWN,		/* type, mesh: both are labels */
		CONSOLE_STOP,		/* child: a child_row id of ours */
		CONSOLE_ACKNOWLEDGE,	/* alert: a seq; 0: all of them */
		CONSOLE_SEND,		/* to, type (of the message), text */
		CONSOLE_WATCH_MESH,	/* mesh: show its nodes, too */
		CONSOLE_INJECT,		/* wish: a fault on nodes of ours */
		CONSOLE_REVERT,		/* fault: its number; 0: the newest */
		CONSOLE_HALT,		/* all faults of this console, and its loop */
		CONSOLE_LOOP,		/* loop: of faults, begins anew */
		CONSOLE_LOOP_STOP,
		CONSOLE_RUN_TEST,	/* test: its index in the registry */
		CONSOLE_CANCEL_TEST,
		CONSOLE_REDRAW,		/* screen_repaint, then draw */
	} kind;
	char type[LABEL_LEN_MAX + 1], mesh[LABEL_LEN_MAX + 1];
	char to[NAME_LEN_MAX + 1], text[LABEL_LEN_MAX + 1];
	unsigned child;
	uint64_t alert;
	unsigned fault;
	size_t test;
	const struct model_wish *wish;	/* until the next key */
	const struct model_loop_wish *loop;	/* the same */
};

/* The smallest terminal; below it only a sentence that says so is drawn. */
#define CONSOLE_WIDTH_MIN 40
#define CONSOLE_HEIGHT_MIN 12

/* At most one frame in this time. */
#define CONSOLE_FRAME_NS MILLISECONDS(100)

/* Owned by the caller; console_free accepts NULL. */
struct console *console_new(void);
void console_free(struct console *c);

/*
 * `key` as keymap.h has it; K_RESIZE (also after SIGWINCH) makes the next console_due
 * true. True when *out holds a command.
 */
bool console_key(struct console *c, const struct model *m, uint32_t key,
	struct console_command *out);

/*
 * Something a person can see has changed (a key, a node's liveness, an edge, a child, a
 * notice, the size; or the second hand moved, since ages are whole seconds), and the last
 * frame is at least CONSOLE_FRAME_NS old. console_deadline says when to ask again at the
 * latest.
 */
bool console_due(const struct console *c, const struct model *m);
uint64_t console_deadline(const struct console *c, const struct model *m);

/* What is being looked at, as topics of WATCH (wire/watched.h). */
struct console_wants {
	uint32_t all;		/* of every node */
	uint32_t of_selected;	/* and these of one */
	struct peer_id selected;
};
void console_wants(const struct console *c, struct console_wants *to);

/* Draws everything; the canvas's size is the console's size. */
void console_draw(struct console *c, const struct model *m, struct canvas *canvas);

#endif
