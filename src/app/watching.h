/* SPDX-License-Identifier: MIT */
#ifndef APP_WATCHING_H
#define APP_WATCHING_H

#include "app/boots.h"
#include "app/chronicle.h"
#include "mesh/outlook.h"
#include "node/requests.h"
#include "trace/traces.h"
#include "tui/console.h"

/*
 * The nodes that a console watches: those of its directories, up to WATCHED_NODES_MAX,
 * for what is being looked at and no longer. Boots go to `boots`, what they saw happen to
 * the chronicle, spans to the traces; the rest stays in an outlook for each.
 */
struct watching;

struct watching *watching_new(
	struct node *n, struct chronicle *chronicle, struct boots *boots);
void watching_free(struct watching *w);	/* accepts NULL; before the node */

/* Asks those who have to be asked, and lets go of others. As often as one likes. */
void watching_turn(
	struct watching *w, const struct console_wants *wants, uint64_t now_ns);
/* True when the answer was for us. */
bool watching_answer(struct watching *w, const struct request_answer *a);

/* Those that were heard, in no order; valid until the next call of this module. */
size_t watching_outlooks(
	const struct watching *w, const struct outlook **to, size_t cap);
struct traces *watching_traces(struct watching *w);
/* How often a boot was told: somebody waits for it, when this has grown. */
uint64_t watching_boots(const struct watching *w);
/* Nodes that there was no place for at the last turn. */
size_t watching_left_out(const struct watching *w);

#endif
