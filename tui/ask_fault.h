/* SPDX-License-Identifier: MIT */
#ifndef TUI_ASK_FAULT_H
#define TUI_ASK_FAULT_H

#include "tui/wish.h"

/*
 * Asks for a fault in two steps: a form, then what would be done and what the guards say
 * of it. What is severe wants its name typed; the rest a yes.
 */
struct ask_fault {
	enum primitive primitive;
	struct model_wish wish;
};

void ask_fault_open(struct ask_fault *a, struct prompt *p, unsigned purpose,
	enum primitive primitive, const struct model *m, const struct peer_id *selected);
/* The form was filled in: it is open again with what is wrong, or the question is. */
void ask_fault_form(
	struct ask_fault *a, struct prompt *p, unsigned sure, const struct model *m);
/* The question was answered. True: a->wish is to be done. */
bool ask_fault_sure(struct ask_fault *a, struct prompt *p);

#endif
