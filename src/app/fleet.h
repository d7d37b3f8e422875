/* SPDX-License-Identifier: MIT */
#ifndef APP_FLEET_H
#define APP_FLEET_H

#include <uv.h>

#include "io/child_driver.h"
#include "io/rundir.h"

/*
 * The nodes that a console started: wanted ones wait until their mesh has somebody to be
 * seeded with. They live in a run directory of ours and end with us (their lifelines).
 */
#define FLEET_WHY_CAP 400

struct fleet;

struct fleet_hooks {
	/* A child changed; its row is in fleet_supervisor. */
	void (*changed)(void *ctx, unsigned child);
	/*
	 * Up to `cap` places of this mesh that are known to live, as ID@HOST:PORT;
	 * returns how many.
	 */
	size_t (*seeds)(
		void *ctx, const char *mesh, char to[][CHILD_SEED_CAP], size_t cap);
	/*
	 * Where a node is by its newest word, if it is known to live: it may have moved
	 * since it was READY.
	 */
	bool (*where)(void *ctx, const struct peer_id *id, struct address *to);
	void *ctx;
};

/*
 * key_path: the fabric key file that children are given, or NULL; pool: how many may live
 * at once. Never NULL.
 */
struct fleet *fleet_new(uv_loop_t *loop, const char *key_path, size_t pool,
	const struct fleet_hooks *hooks);
/* What still runs is killed and collected; the loop frees the rest. Accepts NULL. */
void fleet_close(struct fleet *f);

/* ERR_LIMIT: the pool is full; ERR_SYSTEM: no run directory; `why` is for a person. */
int fleet_want(struct fleet *f, const char *mesh, const char *type,
	char why[static FLEET_WHY_CAP]);
/*
 * Two meshes of 2 gateways, 2 brokers, 3 computes and 2 registries each. Errors of
 * fleet_want.
 */
int fleet_bootstrap(struct fleet *f, char why[static FLEET_WHY_CAP]);
/* ERR_UNKNOWN, ERR_STATE. */
int fleet_stop(struct fleet *f, unsigned child);
void fleet_stop_all(struct fleet *f);
/* As supervisor.h has them; what is ordered goes out with the next fleet_run. */
int fleet_ask(
	struct fleet *f, unsigned child, const struct peer_id *about, size_t count);
int fleet_fault(struct fleet *f, unsigned child, const struct fault_order *o);
/* A node that has ended, once more, in its directory. *child is its new number. */
int fleet_again(struct fleet *f, const struct child_spec *spec, unsigned *child);
/* Starts what can be started now: after a change of a child or of what is known. */
void fleet_run(struct fleet *f);

const struct supervisor *fleet_supervisor(const struct fleet *f);
/* Drops the row of a child that has ended. */
void fleet_forget(struct fleet *f, unsigned child);
/* Not ended, and wanted but not started yet. */
size_t fleet_alive(const struct fleet *f);

#endif
