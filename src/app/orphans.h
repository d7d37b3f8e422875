/* SPDX-License-Identifier: MIT */
#ifndef APP_ORPHANS_H
#define APP_ORPHANS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "scenario/registry.h"

/*
 * The named test no-orphans: runs of this program with nodes of their own, nested one
 * level, each killed by SIGKILL at a moment by chance, and then every process is looked
 * for that has the run's token in its environment. It blocks for up to a minute and uses
 * nothing that belongs to a loop or is counted, so it may run in a thread.
 */
struct orphans_result {
	bool good;
	char why[REPORT_TEXT_CAP];
	unsigned rounds, most_nodes, left;
	uint64_t slowest_ms;	/* from the kill to the end of the last */
};

/* *stop: not to begin another round; then it is no good. */
void orphans_run(uint64_t seed, const atomic_bool *stop, struct orphans_result *r);
/* Into the report of the test; on the thread that the test belongs to. */
void orphans_settle(
	const struct orphans_result *r, struct registry_run *test, uint64_t now_ns);

#endif
