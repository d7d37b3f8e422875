/* SPDX-License-Identifier: MIT */
#ifndef IO_NODE_DRIVER_H
#define IO_NODE_DRIVER_H

#include <stdint.h>
#include <uv.h>

#include "io/udp.h"
#include "io/watchdog.h"
#include "node/faulting.h"
#include "node/node.h"

/*
 * Turns a struct node on a loop: datagrams in, ticks, datagrams and events out. It
 * decides nothing. Everything happens in one place, just before the loop sleeps: tick
 * when due, drain packets, drain events, re-arm one timer. So whatever touched the node
 * during a turn (a control request, a timer) needs no call here.
 */
struct node_driver;

struct node_driver_hooks {
	void (*event)(void *ctx, const struct node_event *ev);
	/* After each turn in which the node was given packets, ticks or events. May be
	 * NULL. */
	void (*turned)(void *ctx, uint64_t now_ns);
	/*
	 * A fault that needs the process; after what was to be sent was sent, so the
	 * answer to who ordered it is out. May take long, and may be NULL.
	 */
	void (*effect)(void *ctx, const struct fault_effect *e);
	void *ctx;
};

/* node and udp stay the caller's and outlive the driver. */
struct node_driver *node_driver_new(uv_loop_t *loop, struct node *node, struct udp *udp,
	const struct node_driver_hooks *hooks, int *err);
/* Who sees whether it turns, from now on; NULL: nobody. */
void node_driver_watch(struct node_driver *d, struct watchdog *w);
/* Stops at once; the memory goes with the loop's next turn (loop_drain). Accepts NULL. */
void node_driver_close(struct node_driver *d);

/*
 * FAULT_REBIND: to another port, see node/moving.h. From within an effect. ERR_SYSTEM
 * with a text for a person: then the port is the old one, and only connections that were
 * accepted are new.
 */
int node_driver_rebind(struct node_driver *d, char why[static UDP_WHY_CAP]);

/* When the loop last passed here; for health. */
uint64_t node_driver_turned_ns(const struct node_driver *d);

/*
 * How late the loop was, the largest since the last sample (about 2 s), and what the
 * process uses. Sampled from /proc/self on turns that happen anyway, and given to the
 * node.
 */
const struct node_load *node_driver_load(const struct node_driver *d);

#endif
