/* SPDX-License-Identifier: MIT */
#ifndef TUI_SLOTS_H
#define TUI_SLOTS_H

#include "tui/model.h"

/*
 * A place for each node of a mesh that it keeps for as long as the directory knows it, so
 * that a picture stays still when others come and go. A newcomer gets the first free
 * slot.
 */
struct slots {
	char mesh[LABEL_LEN_MAX + 1];
	struct peer_id *ids;	/* owned; zero: free */
	size_t *index;		/* owned; directory index of each slot, SIZE_MAX: free */
	size_t count, cap;
	struct idmap *known;
};

void slots_init(struct slots *s, const char *mesh);
void slots_fini(struct slots *s);
void slots_follow(struct slots *s, const struct directory *d);

#endif
