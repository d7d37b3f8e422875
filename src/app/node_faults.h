/* SPDX-License-Identifier: MIT */
#ifndef APP_NODE_FAULTS_H
#define APP_NODE_FAULTS_H

#include "io/files.h"
#include "io/lifeline_end.h"
#include "io/node_driver.h"

/*
 * What a node's faults do to its process: the wall clock, the disk, the loop, the port,
 * the process itself. Returns whether something has to be tried at once, for the disk has
 * changed.
 */
bool node_faults_apply(const struct fault_effect *e, struct files_dir *dir,
	struct node_driver *driver);

/* An order that came down the lifeline, and what is said to it. */
void node_faults_order(
	struct node *n, struct lifeline_end *parent, const struct fault_order *o);
/* Unasked: who ordered a fault learns that it is over. */
void node_faults_tell(const struct node *n, struct lifeline_end *parent);

#endif
