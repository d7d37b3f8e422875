/* SPDX-License-Identifier: MIT */
#include "app/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "io/loop.h"

#define SEEDS_GIVEN 2

struct wanted {
	char mesh[LABEL_LEN_MAX + 1], type[LABEL_LEN_MAX + 1];
};

struct fleet {
	struct supervisor *supervisor;
	struct child_driver *driver;
	struct rundir dir;
	struct fleet_hooks hooks;
	char key_path[CHILD_KEY_PATH_CAP];
	struct wanted wanted[CHILDREN_POOL_MAX];
	size_t wanted_count;
	size_t pool;
	unsigned next_label;
};

static void start_waiting(struct fleet *f);

static void
on_changed(void *ctx, unsigned child)
{
	struct fleet *f = ctx;

	start_waiting(f);	/* the driver fetches the orders when we return */
	f->hooks.changed(f->hooks.ctx, child);
}

struct fleet *
fleet_new(uv_loop_t *loop, const char *key_path, size_t pool,
	const struct fleet_hooks *hooks)
{
	struct fleet *f = mem_array(1, sizeof(*f));
	const struct child_driver_hooks driver_hooks = { on_changed, f };

	f->hooks = *hooks;
	f->pool = pool;
	f->dir.lock_fd = -1;
	snprintf(
		f->key_path, sizeof(f->key_path), "%s", key_path != NULL ? key_path : "");
	f->supervisor = supervisor_new(pool);
	supervisor_set_patience(f->supervisor, CHILD_STALLED_MAX);
	f->driver = child_driver_open(loop, f->supervisor, &driver_hooks);
	return f;
}

void
fleet_close(struct fleet *f)
{
	if (f == NULL)
		return;
	child_driver_close(f->driver);
	supervisor_free(f->supervisor);
	rundir_close(&f->dir);
	free(f);
}

int
fleet_want(struct fleet *f, const char *mesh, const char *type,
	char why[static FLEET_WHY_CAP])
{
	struct wanted *w;

	if (f->dir.lock_fd < 0) {
		char dir_why[RUNDIR_WHY_CAP];
		int err = rundir_open(&f->dir, dir_why);

		if (err != ERR_OK) {
			snprintf(why, FLEET_WHY_CAP, "%.*s", FLEET_WHY_CAP - 1, dir_why);
			return err;
		}
	}
	if (fleet_alive(f) >= f->pool) {
		snprintf(why, FLEET_WHY_CAP, "no more than %zu nodes at once (--pool)",
			f->pool);
		return ERR_LIMIT;
	}
	w = &f->wanted[f->wanted_count++];
	snprintf(w->mesh, sizeof(w->mesh), "%s", mesh);
	snprintf(w->type, sizeof(w->type), "%s", type);
	return ERR_OK;
}

int
fleet_bootstrap(struct fleet *f, char why[static FLEET_WHY_CAP])
{
	static const char *const meshes[] = { "mesh1", "mesh2" };
	static const char *const types[] = {"gateway", "gateway", "broker", "broker",
		"compute", "compute", "compute", "registry", "registry"};

	for (size_t m = 0; m < sizeof(meshes) / sizeof(meshes[0]); m++)
		for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
			int err = fleet_want(f, meshes[m], types[t], why);

			if (err != ERR_OK)
				return err;
		}
	return ERR_OK;
}

static void
put_seed(const struct fleet *f, const struct child_row *r, char to[static CHILD_SEED_CAP])
{
	char id[ID_HEX_CAP], text[ADDRESS_TEXT_CAP];
	struct address address;

	if (!f->hooks.where(f->hooks.ctx, &r->ready.id, &address))
		address = r->ready.addresses[0];
	snprintf(to, CHILD_SEED_CAP, "%s@%s", id_hex(id, &r->ready.id),
		address_format(text, &address));
}

/* Our own READY children of the mesh are the nearest seeds. */
static size_t
own_seeds(const struct fleet *f, const char *mesh, char to[][CHILD_SEED_CAP], size_t cap,
	bool *starting)
{
	size_t count = 0;

	*starting = false;
	for (size_t i = 0; i < supervisor_count(f->supervisor); i++) {
		const struct child_row *r = supervisor_at(f->supervisor, i);

		if (strcmp(r->spec.mesh, mesh) != 0)
			continue;
		*starting |= r->state == CHILD_STARTING;
		if (r->state != CHILD_READY || r->ready.address_count == 0 ||
			count == cap)
			continue;
		put_seed(f, r, to[count++]);
	}
	return count;
}

/*
 * A gateway is given one of another mesh, so that their meshes hear of each other. False:
 * there will be one, as soon as it is ready.
 */
static bool
seeds_across(const struct fleet *f, const struct wanted *w, struct child_spec *spec)
{
	bool starting = false;
	size_t given = 0;

	if (strcmp(w->type, "gateway") != 0)
		return true;
	for (size_t i = 0; i < supervisor_count(f->supervisor); i++) {
		const struct child_row *r = supervisor_at(f->supervisor, i);

		if (strcmp(r->spec.mesh, w->mesh) == 0 ||
			strcmp(r->spec.type, "gateway") != 0)
			continue;
		starting |= r->state == CHILD_STARTING;
		if (r->state != CHILD_READY || r->ready.address_count == 0 ||
			given == SEEDS_GIVEN || spec->seed_count == CHILD_SEEDS_MAX)
			continue;
		put_seed(f, r, spec->seeds[spec->seed_count++]);
		given++;
	}
	return given > 0 || !starting;
}

/*
 * Starts one wanted node; false when it waits for another one to be ready, which it is to
 * be seeded with.
 */
static bool
start(struct fleet *f, const struct wanted *w)
{
	struct child_spec spec = { .label = f->next_label };
	bool starting;
	unsigned child;

	spec.seed_count = own_seeds(f, w->mesh, spec.seeds, SEEDS_GIVEN, &starting);
	if (spec.seed_count == 0)
		spec.seed_count =
			f->hooks.seeds(f->hooks.ctx, w->mesh, spec.seeds, SEEDS_GIVEN);
	if ((spec.seed_count == 0 && starting) || !seeds_across(f, w, &spec))
		return false;
	snprintf(spec.mesh, sizeof(spec.mesh), "%s", w->mesh);
	snprintf(spec.type, sizeof(spec.type), "%s", w->type);
	snprintf(spec.key_path, sizeof(spec.key_path), "%s", f->key_path);
	snprintf(spec.data_dir, sizeof(spec.data_dir), "%s/node-%u", f->dir.path,
		f->next_label);
	f->next_label++;
	(void)supervisor_start(f->supervisor, &spec, loop_now_ns(), &child);
	return true;
}

static void
start_waiting(struct fleet *f)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->wanted_count; i++) {
		struct wanted w = f->wanted[i];

		if (!start(f, &w))
			f->wanted[kept++] = w;
	}
	f->wanted_count = kept;
}

void
fleet_run(struct fleet *f)
{
	start_waiting(f);
	child_driver_run(f->driver);
}

int
fleet_ask(struct fleet *f, unsigned child, const struct peer_id *about, size_t count)
{
	uint64_t number;

	return supervisor_ask_about(
		f->supervisor, child, about, count, loop_now_ns(), &number);
}

int
fleet_fault(struct fleet *f, unsigned child, const struct fault_order *o)
{
	return supervisor_fault(f->supervisor, child, o);
}

int
fleet_again(struct fleet *f, const struct child_spec *spec, unsigned *child)
{
	return supervisor_start(f->supervisor, spec, loop_now_ns(), child);
}

int
fleet_stop(struct fleet *f, unsigned child)
{
	int err = supervisor_stop(f->supervisor, child, loop_now_ns());

	child_driver_run(f->driver);
	return err;
}

void
fleet_stop_all(struct fleet *f)
{
	f->wanted_count = 0;
	supervisor_stop_all(f->supervisor, loop_now_ns());
	child_driver_run(f->driver);
}

const struct supervisor *
fleet_supervisor(const struct fleet *f)
{
	return f->supervisor;
}

void
fleet_forget(struct fleet *f, unsigned child)
{
	supervisor_forget(f->supervisor, child);
}

size_t
fleet_alive(const struct fleet *f)
{
	return supervisor_alive(f->supervisor) + f->wanted_count;
}
