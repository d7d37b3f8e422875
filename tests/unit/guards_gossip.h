/* SPDX-License-Identifier: MIT */
#ifndef TESTS_GUARDS_GOSSIP_H
#define TESTS_GUARDS_GOSSIP_H

#include "wire/digest.h"

/*
 * The guards against lies and floods that can be taken out. They are put in place of the
 * product's functions by --wrap.
 */
extern enum guard {
	NONE, SIGNATURE, MESH_NAME, NEWER, STALE_ACCUSATION, ANSWER, BOUND, ROOM
} guard_out;
/* What is believed in place of a bad signature when nobody checks it. */
extern struct digest guard_digest;
extern struct accusation guard_accusation;

#endif
