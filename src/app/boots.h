/* SPDX-License-Identifier: MIT */
#ifndef APP_BOOTS_H
#define APP_BOOTS_H

#include "supervisor/supervisor.h"
#include "tui/model.h"

/*
 * The boots that a console knows: of its children, kept when they are gone, and of other
 * nodes as they tell it (app/watching). At most BOOTS_MAX; then the oldest that is
 * no living child makes room.
 */
struct boots;

struct boots *boots_new(void);	/* never NULL */
void boots_free(struct boots *b);	/* accepts NULL */

/* A child's row may have changed. */
void boots_child(struct boots *b, const struct child_row *row);
/* A node that is in a directory: a row, unless there is one. */
void boots_node(struct boots *b, const struct peer_id *id, const char *name);
/* What it tells of its boot; again when that has changed. */
void boots_told(struct boots *b, const struct peer_id *id, const char *name,
	const struct span_set *set, uint64_t now_ns);
/* It left, or is gone. */
void boots_gone(struct boots *b, const struct peer_id *id);

const struct model_boot *boots_rows(const struct boots *b, size_t *count);

#endif
