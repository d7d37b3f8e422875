/* SPDX-License-Identifier: MIT */
#ifndef WIRE_LIFELINE_USE_H
#define WIRE_LIFELINE_USE_H

#include "wire/lifeline.h"

/* Of a view, what its process uses and what came to it by gossip: its last fields. */
void lifeline_use_put(struct buf *b, const struct lifeline_view *w);
/* ERR_TRUNCATED, ERR_MALFORMED, ERR_LIMIT. */
int lifeline_use_read(struct view *v, struct lifeline_view *w);

#endif
