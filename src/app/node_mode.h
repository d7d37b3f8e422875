/* SPDX-License-Identifier: MIT */
#ifndef APP_NODE_MODE_H
#define APP_NODE_MODE_H

struct options;

/* --node: runs until a signal, QUIT or the end of its parent. The exit status. */
int node_mode(const struct options *o);

#endif
