/* SPDX-License-Identifier: MIT */
#ifndef APP_NODE_FAULTS_H
#define APP_NODE_FAULTS_H

#include "io/files.h"
#include "io/node_driver.h"

/*
 * What a node's faults do to its process: the wall clock, the disk, the loop, the port,
 * the process itself. Returns whether something has to be tried at once, for the disk has
 * changed.
 */
bool node_faults_apply(const struct fault_effect *e, struct files_dir *dir,
	struct node_driver *driver);

#endif
