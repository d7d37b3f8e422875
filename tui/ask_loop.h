/* SPDX-License-Identifier: MIT */
#ifndef TUI_ASK_LOOP_H
#define TUI_ASK_LOOP_H

#include "tui/model.h"
#include "tui/prompt.h"

/*
 * Asks for a loop of faults in two steps: how often, with which seed and what; then what
 * that means. With a severe primitive in it "loop" has to be typed; else a yes will do.
 */
#define ASK_LOOP_CADENCE_NS SECONDS(30)	/* that the form begins with */

void ask_loop_open(struct prompt *p, unsigned purpose, const struct model *m);
/* The form was filled in: it is open again with what is wrong, or the question is. */
void ask_loop_form(struct model_loop_wish *w, struct prompt *p, unsigned sure);
/* The question was answered. True: it is to begin. */
bool ask_loop_sure(struct prompt *p);

/*
 * Names with spaces or commas between, "all" or "mild": those that are not severe. The
 * sham, which does nothing, is in neither and can be named. ERR_MALFORMED and why.
 */
int ask_loop_primitives(uint32_t *to, const char *text, char *why, size_t why_cap);

/* "loop: every 30s, seed 42, next in 12s, 5 begun, 1 refused". Returns `to`; cap > 0. */
char *ask_loop_text(char *to, size_t cap, const struct model_loop *l, uint64_t now_ns);

#endif
