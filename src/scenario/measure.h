/* SPDX-License-Identifier: MIT */
#ifndef SCENARIO_MEASURE_H
#define SCENARIO_MEASURE_H

#include "scenario/members.h"

/*
 * What claims are held against: figures of the mesh, each from the answers of the nodes
 * themselves. A figure that needs an answer which has not come yet is not known.
 */
struct measure {
	bool known;
	int64_t have;		/* in the unit of the claim's value */
	int64_t of;		/* nodes that are meant */
	char why[EXPECT_TEXT_CAP];	/* what is missing, where that is known */
};
void measure_take(const struct claim *c, struct members *m, struct measure *to);

/* All of them hold. If not, `why` says the first that does not, and what it is instead.
 */
#define MEASURE_WHY_CAP 300
bool measure_claims(const struct scenario_claims *claims, struct members *m,
	char why[static MEASURE_WHY_CAP]);

/* "memory.grown < 4MiB: it is 1.2 MiB", of a claim with a figure; "" of others. */
char *measure_text(
	const struct claim *c, struct members *m, char to[static MEASURE_WHY_CAP]);

#endif
