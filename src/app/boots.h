/* SPDX-License-Identifier: MIT */
#ifndef APP_BOOTS_H
#define APP_BOOTS_H

#include "supervisor/supervisor.h"
#include "tui/model.h"

/*
 * The boots that a console knows: of its children, kept when they are gone, and of other
 * nodes of this machine once they were asked. At most BOOTS_MAX; then the oldest that is
 * no living child makes room.
 */
struct boots;

struct boots *boots_new(void);	/* never NULL */
void boots_free(struct boots *b);	/* accepts NULL */

/* A child's row may have changed. */
void boots_child(struct boots *b, const struct child_row *row);
/* A node of this machine answers at `path`. */
void boots_found(struct boots *b, const char *path, const struct peer_id *id,
	const char *name);
void boots_lost(struct boots *b, const char *path);
/* Its answer to `list spans`; any other is no news. */
void boots_answered(struct boots *b, const char *path, const char *answer, size_t len,
	uint64_t now_ns);

/*
 * The next path to ask for a boot whose spans are not known: it counts as asked then.
 * NULL: nobody has to be asked.
 */
const char *boots_to_ask(struct boots *b);

const struct model_boot *boots_rows(const struct boots *b, size_t *count);

#endif
