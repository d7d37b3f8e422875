/* SPDX-License-Identifier: MIT */
#ifndef APP_NODE_EXPORT_H
#define APP_NODE_EXPORT_H

#include "app/node_boot.h"
#include "app/telemetry.h"

/* What a node exports of its own life: its boot and its end. NULL telemetry: nothing. */
struct telemetry *node_export_open(
	uv_loop_t *loop, const struct node_boot *b, const struct options *o);
/* Those spans of the boot that are finished now. */
void node_export_boot(struct telemetry *t, const struct node_boot *b);
/* The goodbyes begin. */
void node_export_leaving(struct telemetry *t, struct node_boot *b, const char *reason);
/* The last of it; posts what is left, at most OTLP_CLOSE_MAX. */
void node_export_close(struct telemetry *t, struct node_boot *b);
/* A boot that ended before there was a loop. */
void node_export_failed(const struct node_boot *b, const struct options *o);

#endif
