/* SPDX-License-Identifier: MIT */
#include "app/node_boot.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "config.h"
#include "io/loop.h"
#include "io/paths.h"
#include "node/budget.h"

/*
 * sysexits.h says what an init system can do about it: 78 do not retry, 69 and 74 later.
 * Files that others can read are of the first kind, until somebody runs the chmod.
 */
static int
status_of(int err)
{
	switch (err) {
	case ERR_BUSY:
		return EXIT_UNAVAILABLE;
	case ERR_SYSTEM:
		return EXIT_IO;
	case ERR_CRYPTO:
		return EXIT_INTERNAL;
	default:
		return EXIT_CONFIG;
	}
}

static int
load_identity(struct node_boot *b, const struct options *o, struct node_config *c)
{
	char path[sizeof b->dir.path];
	size_t broken;
	int err;

	static_assert(PATHS_WHY_CAP <= NODE_BOOT_WHY_CAP, "texts fit");
	err = paths_data_dir(
		path, sizeof path, o->data_dir, o->meshes[0], o->type, b->why);
	if (err == ERR_OK)
		err = files_open(&b->dir, path, b->why);
	if (err == ERR_OK)
		err = files_identity(&b->dir, &c->identity, &b->minted, b->why);
	if (err == ERR_OK && o->key_path != NULL)
		err = files_key(o->key_path, &c->key, b->why);
	if (err == ERR_OK)
		err = files_incarnation(&b->dir, loop_wall_ms(), &c->incarnation, b->why);
	if (err != ERR_OK)
		return err;
	b->id = c->identity.id;
	name_format(b->name, o->meshes[0], o->type, &b->id, NAME_HEX_SHORT);
	log_name(b->name);
	/* Lost peers cost a slower start, not the start. */
	err = files_peers_load(&b->dir, c->remembered, REMEMBERED_PEERS_MAX,
		&c->remembered_count, &broken, b->why);
	if (b->why[0] != '\0')
		log_warn("%s", b->why);
	b->why[0] = '\0';
	return ERR_OK;
}

static int
open_endpoint(struct node_boot *b, const struct options *o, struct node_config *c)
{
	int err;

	static_assert(UDP_WHY_CAP <= NODE_BOOT_WHY_CAP, "texts fit");
	b->udp = udp_open(o->bind, o->bind_count, &err, b->why);
	if (b->udp == NULL)
		return err;
	for (size_t i = 0; i < udp_count(b->udp); i++) {
		size_t left = udp_count(b->udp) - i;

		c->bound[i] = *udp_bound(b->udp, i);
		b->advertised_count += paths_advertised(&c->bound[i],
			b->advertised + b->advertised_count,
			(ADDRESSES_MAX - b->advertised_count) / left);
	}
	memcpy(c->advertised, b->advertised, sizeof c->advertised);
	c->advertised_count = b->advertised_count;
	return ERR_OK;
}

static int
make_node(struct node_boot *b, const struct options *o, struct node_config *c)
{
	int err;

	snprintf(c->mesh, sizeof c->mesh, "%s", o->meshes[0]);
	snprintf(c->type, sizeof c->type, "%s", o->type);
	snprintf(c->build, sizeof c->build, "%s", PACKAGE_VERSION);
	memcpy(c->seeds, o->seeds, sizeof c->seeds);
	c->seed_count = o->seed_count;
	c->cpu_budget_mc = budget_of(o->type)->cpu_mc;
	c->memory_budget_kib = budget_of(o->type)->memory_kib;
	randombytes_buf(c->random_seed, sizeof c->random_seed);
	b->node = node_new(c, loop_now_ns(), loop_wall_ms(), &err);
	if (b->node == NULL)
		snprintf(b->why, sizeof b->why, "cannot make the node's endpoint: %s",
			err_text(err));
	return b->node != NULL ? ERR_OK : err;
}

static int
run_steps(struct node_boot *b, const struct options *o, struct node_config *c)
{
	int err;

	boot_begin(&b->boot, BOOT_IDENTITY, loop_now_ns());
	err = load_identity(b, o, c);
	boot_end(&b->boot, BOOT_IDENTITY, err, loop_now_ns());
	if (err != ERR_OK)
		return status_of(err);
	boot_begin(&b->boot, BOOT_ENDPOINT, loop_now_ns());
	err = open_endpoint(b, o, c);
	boot_end(&b->boot, BOOT_ENDPOINT, err, loop_now_ns());
	if (err != ERR_OK)
		return err == ERR_PERMISSION ? EXIT_PERMISSION : EXIT_UNAVAILABLE;
	/*
	 * node_new makes the credentials and registers both ALPNs before anything comes
	 * in.
	 */
	boot_begin(&b->boot, BOOT_ALPN, loop_now_ns());
	err = make_node(b, o, c);
	boot_end(&b->boot, BOOT_ALPN, err, loop_now_ns());
	if (err != ERR_OK)
		return status_of(err);
	/* The first tick sets the topic's timers and dials the first seeds. */
	boot_begin(&b->boot, BOOT_GOSSIP, loop_now_ns());
	node_tick(b->node, loop_now_ns(), loop_wall_ms());
	boot_end(&b->boot, BOOT_GOSSIP, ERR_OK, loop_now_ns());
	return 0;
}

int
node_boot_run(struct node_boot *b, const struct options *o)
{
	struct node_config *c = mem_array(1, sizeof *c);
	int status;

	memset(b, 0, sizeof *b);
	b->dir.fd = b->dir.lock_fd = -1;
	boot_start(&b->boot, loop_now_ns());
	status = run_steps(b, o, c);
	identity_wipe(&c->identity);
	fabric_key_wipe(&c->key);
	free(c);
	return status;
}

void
node_boot_fini(struct node_boot *b)
{
	node_free(b->node);
	udp_close(b->udp);
	files_close(&b->dir);
	b->node = NULL;
	b->udp = NULL;
}

char *
node_boot_spans(const struct node_boot *b, char *to, size_t cap)
{
	size_t at = 0;

	to[0] = '\0';
	for (unsigned i = 0; i < b->boot.begun && at < cap; i++) {
		const struct boot_span *s = &b->boot.spans[i];
		const char *name = boot_span_name((enum boot_step)i);
		char took[24];

		text_duration(took, sizeof took, s->ended_ns - s->begun_ns);
		/* "mesh.boot." says nothing to a person. */
		at += (size_t)snprintf(to + at, cap - at, "%s%s %s", i > 0 ? ", " : "",
			strncmp(name, "mesh.boot.", 10) == 0 ? name + 10 : name, took);
	}
	return to;
}
