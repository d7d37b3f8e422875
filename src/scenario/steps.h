/* SPDX-License-Identifier: MIT */
#ifndef SCENARIO_STEPS_H
#define SCENARIO_STEPS_H

#include "scenario/check.h"

/* Checks the list of steps and adds them to the scenario, repeats written out. */
void steps_check(struct check *c, const struct tree_node *n);

/* Room for one more in the scenario's lists: its index. Lists are bounded by the steps.
 */
size_t steps_new_claims(struct scenario *s);

/* steps_letters.c: the value of a step that makes nodes talk. */
void steps_letters_send(
	struct check *c, const struct tree_node *n, struct scenario_step *st);
void steps_letters_echo(
	struct check *c, const struct tree_node *n, struct scenario_step *st);
void steps_letters_gossip(
	struct check *c, const struct tree_node *n, struct scenario_step *st);

#endif
