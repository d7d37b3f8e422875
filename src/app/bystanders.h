/* SPDX-License-Identifier: MIT */
#ifndef APP_BYSTANDERS_H
#define APP_BYSTANDERS_H

#include "node/requests.h"
#include "supervisor/supervisor.h"

/*
 * The nodes that a console did not start and that obey its identity: rows of a supervisor
 * like its own children, so that a trial takes both. Each node of the directories is
 * asked once for each of its lives whether it obeys; who does not is no row.
 */
struct bystanders;
struct node;

/* Ids of their rows are above it; own children never come so far. */
#define BYSTANDERS_FIRST 1000000u

/* Never NULL. `changed`: a fact about a row is new. Freed before the node. */
struct bystanders *bystanders_new(
	struct node *n, void (*changed)(void *ctx), void *ctx);
void bystanders_free(struct bystanders *b);	/* accepts NULL */

/*
 * Looks who came and who is gone; `ours`: whose children are none. quiet: no trial is
 * under way, so whoever came back may be taken for a new row. As often as one likes.
 */
void bystanders_turn(struct bystanders *b, const struct supervisor *ours, bool quiet,
	uint64_t now_ns);
/* True when the answer was for us. */
bool bystanders_answer(struct bystanders *b, const struct request_answer *a);
struct supervisor *bystanders_supervisor(struct bystanders *b);
/* Fetches what was ordered at that supervisor. */
void bystanders_run(struct bystanders *b);
/* Orders that were not answered yet. */
size_t bystanders_owed(const struct bystanders *b);

#endif
