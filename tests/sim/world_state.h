/* SPDX-License-Identifier: MIT */
#ifndef SIM_WORLD_STATE_H
#define SIM_WORLD_STATE_H

#include "tests/sim/world.h"

/* What the files of the world share. */

/* What the clocks of a member show: the monotonic one at that time, the wall now. */
uint64_t world_local(const struct member *m, uint64_t at_ns);
uint64_t world_wall_ms(const struct world *w, const struct member *m);

/* All that the node has to say, and when it wants to be called again. */
void world_flush(struct world *w, size_t i);
void world_flush_packets(struct world *w, size_t i); /* that alone, of one that lives */

/* What a fault on node i asks of its process; false: it died, or stands still now. */
bool world_faults_carry_out(struct world *w, size_t i);

#endif
