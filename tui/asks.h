/* SPDX-License-Identifier: MIT */
#ifndef TUI_ASKS_H
#define TUI_ASKS_H

#include "tui/ask_fault.h"
#include "tui/ask_loop.h"
#include "tui/console.h"

/* What the console asks a person before it wants something done, and the answers. */
enum asks_purpose {
	ASK_QUIT, ASK_BOOTSTRAP, ASK_SPAWN, ASK_STOP, ASK_SEND, ASK_FAULT, ASK_FAULT_SURE,
	ASK_LOOP, ASK_LOOP_SURE, ASK_FILTER,
};

struct asks {
	struct prompt prompt;
	unsigned stop_child;
	char send_to[NAME_LEN_MAX + 1];
	struct ask_fault fault;
	struct model_loop_wish loop;
};

#define ASKS_WHY_CAP (NAME_LEN_MAX + 40)

/* True: there is nothing to ask, *out is the command. */
bool asks_quit(struct asks *a, const struct model *m, struct console_command *out);
void asks_spawn(struct asks *a, const struct model *m, const struct peer_id *selected);
/* False, with the reason: there is nothing that could be stopped, or sent to. */
bool asks_stop(struct asks *a, const struct model *m, const struct peer_id *selected,
	char why[static ASKS_WHY_CAP]);
bool asks_send(struct asks *a, const struct model *m, const struct peer_id *selected,
	char why[static ASKS_WHY_CAP]);
/* The prompt is DONE. True: *out is what the person wants; else there is more to ask. */
bool asks_answer(struct asks *a, const struct model *m, struct console_command *out);

#endif
