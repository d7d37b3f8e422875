/* SPDX-License-Identifier: MIT */
#ifndef TESTS_WATCH_TOLD_H
#define TESTS_WATCH_TOLD_H

#include "wire/watched.h"

#define KINDS_MAX 32

/* What a watcher was told. */
struct told {
	unsigned frames, items[WATCHED_TOPICS], ended;
	int end;			/* enum request_end */
	uint64_t lost[WATCHED_TOPICS];
	uint64_t first_seq[WATCHED_TOPICS], last_seq[WATCHED_TOPICS];
	struct span_set boot;
	struct watched_link links[8];
	size_t links_count;
	uint64_t connections;		/* of the class of objects */
	struct {
		char kind[WATCHED_KIND_CAP];
		unsigned sent, received;
	} kinds[KINDS_MAX];
	struct peer_id only;		/* of messages: those with this peer */
	char summary[WATCHED_SUMMARY_CAP];	/* of the last digest */
};

/* Reads one EVENT frame, and asserts that it is sound. */
void watch_told(struct told *t, struct view v);

#endif
