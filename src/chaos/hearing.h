/* SPDX-License-Identifier: MIT */
#ifndef CHAOS_HEARING_H
#define CHAOS_HEARING_H

#include "chaos/trial.h"

/* How a trial's judge hears what the nodes answered: who is asked, and what is passed on.
 */

/* Who is what in it. False as long as somebody of the mesh has not said anything yet. */
bool hearing_cast(
	struct trial *t, const struct trial_node *nodes, uint64_t now_ns);
/*
 * Meanwhile too many of them have links with what is to be behind a firewall, and others
 * may be without.
 */
bool hearing_stale(const struct trial *t, size_t candidates, uint64_t now_ns);
/* Of a trial that found nobody who could see an effect: why. */
void hearing_why(const struct trial *t, const struct trial_node *nodes,
	char why[static JUDGE_TEXT_CAP]);
/* What they see has been so for a while, where that matters. */
bool hearing_settled(const struct trial *t, uint64_t now_ns);
/* Witnesses look after the links they have with the targets. */
bool hearing_of_links(enum primitive p);
/* Passes on all answers that are new. */
void hearing_take(struct trial *t, const struct trial_node *nodes, uint64_t now_ns);
void hearing_time(struct trial *t, enum trial_evidence_kind kind, uint64_t now_ns);

#endif
