/* SPDX-License-Identifier: MIT */
#include "app/node_boot.h"
#include "app/root_span.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/wall.h"
#include "base/text.h"
#include "config.h"
#include "io/cgroup.h"
#include "io/lifeline_end.h"
#include "io/loop.h"
#include "io/paths.h"
#include "node/budget.h"
#include "node/faulting.h"
#include "node/without.h"
#include "quic/event.h"
#include "trace/traceparent.h"

#define TEST_DELAY_MS_MAX 60000

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
	if (err == ERR_OK && o->key_path != NULL &&
		files_key(o->key_path, &c->key, b->why) != ERR_OK)
		return ERR_ARGUMENT;	/* as what is wrong with an option, all of it */
	if (err == ERR_OK)
		err = files_incarnation(&b->dir, loop_wall_ms(), &c->incarnation,
			&b->store, b->why);
	if (err != ERR_OK)
		return err;
	b->id = c->identity.id;
	b->incarnation = c->incarnation;
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

/* What its type may use, and never more than its control group allows. */
static void
fill_budget(struct node_config *c)
{
	const struct budget *b = budget_of(c->type);
	struct cgroup_limits l;

	cgroup_read(&l, CGROUP_ROOT, CGROUP_SELF);
	c->cpu_budget_mc = b->cpu_mc;
	c->memory_budget_kib = b->memory_kib;
	if (l.cpu_mc > 0 && l.cpu_mc < c->cpu_budget_mc)
		c->cpu_budget_mc = l.cpu_mc;
	if (l.memory_kib > 0 && l.memory_kib < c->memory_budget_kib)
		c->memory_budget_kib = l.memory_kib;
}

unsigned
node_boot_without(void)
{
	return without_parse(getenv(NODE_BOOT_WITHOUT_ENV));
}

static int
make_node(struct node_boot *b, const struct options *o, struct node_config *c)
{
	const char *telemetry = getenv(NODE_BOOT_TELEMETRY_ENV);
	int err;

	c->without = node_boot_without();
	if (c->without & WITHOUT_LIFELINE)
		(void)prctl(PR_SET_PDEATHSIG, 0);
	if (c->without & WITHOUT_ACCEPT)
		c->handshakes_max = c->greeting_max = 1;
	c->unmetered = telemetry != NULL && strcmp(telemetry, "off") == 0;
	snprintf(c->mesh, sizeof c->mesh, "%s", o->meshes[0]);
	snprintf(c->type, sizeof c->type, "%s", o->type);
	snprintf(c->build, sizeof c->build, "%s", PACKAGE_VERSION);
	memcpy(c->seeds, o->seeds, sizeof c->seeds);
	c->seed_count = o->seed_count;
	memcpy(c->operators, o->operators, sizeof c->operators);
	c->operator_count = o->operator_count;
	c->subscribe_later = true;
	fill_budget(c);
	randombytes_buf(c->random_seed, sizeof c->random_seed);
	c->wall_us = wall_us();
	b->node = node_new(c, loop_now_ns(), loop_wall_ms(), &err);
	if (b->node == NULL)
		snprintf(b->why, sizeof b->why, "cannot make the node's endpoint: %s",
			err_text(err));
	return b->node != NULL ? ERR_OK : err;
}

/* "endpoint_created": "mesh.boot." says nothing to a person. */
static const char *
step_name(enum boot_step step)
{
	return strrchr(boot_span_name(step), '.') + 1;
}

/* What is ordered for this step, behind the '='; NULL: nothing is. */
static const char *
test_order(enum boot_step step)
{
	const char *order = getenv(NODE_BOOT_TEST_ENV);
	size_t len = strlen(step_name(step));

	if (order == NULL || strncmp(order, step_name(step), len) != 0 ||
		order[len] != '=')
		return NULL;
	return order + len + 1;
}

/* An order that would be passed over in silence makes a test one of nothing. */
static int
check_test(struct node_boot *b)
{
	const char *order = NULL;
	uint64_t ms;
	size_t at;

	if (getenv(NODE_BOOT_TEST_ENV) == NULL || *getenv(NODE_BOOT_TEST_ENV) == '\0')
		return ERR_OK;
	for (enum boot_step i = 0; i < BOOT_STEPS && order == NULL; i++)
		order = test_order(i);
	if (order != NULL && (strcmp(order, "fail") == 0 ||
				     text_u64(order, TEST_DELAY_MS_MAX, &ms) == ERR_OK))
		return ERR_OK;
	at = (size_t)snprintf(b->why, sizeof b->why,
		"%s=%.60s: not STEP=fail or STEP=MS, at most %d ms, where STEP is one of",
		NODE_BOOT_TEST_ENV, getenv(NODE_BOOT_TEST_ENV), TEST_DELAY_MS_MAX);
	for (enum boot_step i = 0; i < BOOT_STEPS && at < sizeof b->why; i++)
		at += (size_t)snprintf(b->why + at, sizeof b->why - at, " %s",
			step_name(i));
	return ERR_ARGUMENT;
}

/* What a test ordered for this step; see node_boot.h. */
static int
obey_test(struct node_boot *b, enum boot_step step)
{
	const char *order = test_order(step);
	uint64_t ms;

	if (step == BOOT_IDENTITY && check_test(b) != ERR_OK)
		return ERR_ARGUMENT;
	if (order == NULL)
		return ERR_OK;
	if (strcmp(order, "fail") == 0) {
		snprintf(b->why, sizeof b->why, "%s was told to fail by %s",
			step_name(step), NODE_BOOT_TEST_ENV);
		return ERR_SYSTEM;
	}
	if (text_u64(order, TEST_DELAY_MS_MAX, &ms) == ERR_OK)
		(void)poll(NULL, 0, (int)ms);
	return ERR_OK;
}

/* A parent sees how far we are, above all when a step takes long. */
static void
tell(struct node_boot *b)
{
	if (b->tell_fd >= 0 &&
		!lifeline_end_tell_spans(b->tell_fd, tracer_spans(b->tracer)))
		b->tell_fd = -1;
}

int
node_boot_begin(struct node_boot *b, enum boot_step step)
{
	static const enum trace_span spans[BOOT_STEPS] = {
		[BOOT_IDENTITY] = TRACE_IDENTITY_LOADED,
		[BOOT_ENDPOINT] = TRACE_ENDPOINT_CREATED,
		[BOOT_ALPN] = TRACE_ALPN_REGISTERED,
		[BOOT_GOSSIP] = TRACE_GOSSIP_STARTED,
		[BOOT_ACCEPT] = TRACE_ACCEPT_LOOP_STARTED,
	};
	uint64_t now_ns = loop_now_ns();

	boot_begin(&b->boot, step, now_ns);
	b->span = tracer_begin(b->tracer, spans[step], b->root, now_ns);
	tell(b);
	return obey_test(b, step);
}

int
node_boot_end(struct node_boot *b, enum boot_step step, int err)
{
	const char *why = b->why[0] != '\0' ? b->why : err_text(err);
	uint64_t now_ns = loop_now_ns();

	if (err == ERR_OK)
		why = NULL;
	boot_end(&b->boot, step, err, now_ns);
	tracer_end(b->tracer, b->span, why, now_ns);
	if (err != ERR_OK || step == BOOT_ACCEPT)
		tracer_end(b->tracer, b->root, why, now_ns);
	if (err != ERR_OK)
		tell(b);
	else if (step == BOOT_ACCEPT)
		b->joined = tracer_begin(b->tracer, TRACE_JOINED, b->root, now_ns);
	return err;
}

bool
node_boot_joined(struct node_boot *b, const char *peer)
{
	struct node_status status;
	uint64_t now_ns = loop_now_ns();

	if (!tracer_is_open(b->tracer, b->joined))
		return false;
	node_status(b->node, &status, now_ns);
	tracer_set(b->tracer, b->joined, TRACE_ATTR_SEED, "%s", peer);
	tracer_set(b->tracer, b->joined, TRACE_ATTR_NEIGHBORS, "%zu", status.neighbors);
	tracer_end(b->tracer, b->joined, NULL, now_ns);
	return true;
}

static void
set_addresses(struct node_boot *b, int span, const struct address *a, size_t count)
{
	char one[ADDRESS_TEXT_CAP], text[2 * ADDRESS_TEXT_CAP] = "";

	for (size_t i = 0; i < count && i < 2; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s",
			i > 0 ? " " : "", address_format(one, &a[i]));
	tracer_set(b->tracer, span, TRACE_ATTR_BIND_ADDR, "%s", text);
}

static int
step_identity(struct node_boot *b, const struct options *o, struct node_config *c)
{
	char hex[ID_HEX_CAP];
	int err = node_boot_begin(b, BOOT_IDENTITY);

	if (err == ERR_OK)
		err = load_identity(b, o, c);
	if (b->minted)
		tracer_rename(b->tracer, b->span, TRACE_IDENTITY_MINTED);
	if (b->dir.path[0] != '\0')
		tracer_set(b->tracer, b->span, TRACE_ATTR_PATH, "%.140s", b->dir.path);
	if (err == ERR_OK) {
		tracer_set(b->tracer, b->root, TRACE_ATTR_NODE_ID, "%s",
			id_hex(hex, &b->id));
		tracer_set(b->tracer, b->root, TRACE_ATTR_NODE_NAME, "%s", b->name);
	}
	return node_boot_end(b, BOOT_IDENTITY, err);
}

static int
step_endpoint(struct node_boot *b, const struct options *o, struct node_config *c)
{
	int err = node_boot_begin(b, BOOT_ENDPOINT);

	if (err == ERR_OK)
		err = open_endpoint(b, o, c);
	if (err == ERR_OK)
		set_addresses(b, b->root, c->bound, udp_count(b->udp));
	/* What was asked for, when it could not be had. */
	set_addresses(b, b->span, err == ERR_OK ? c->bound : o->bind,
		err == ERR_OK ? udp_count(b->udp) : o->bind_count);
	return node_boot_end(b, BOOT_ENDPOINT, err);
}

/* node_new makes the credentials and registers both ALPNs before anything comes in. */
static int
step_alpn(struct node_boot *b, const struct options *o, struct node_config *c)
{
	int err = node_boot_begin(b, BOOT_ALPN);

	tracer_set(b->tracer, b->span, TRACE_ATTR_ALPN, "%s %s",
		quic_alpn_text(ALPN_MESHTUI), quic_alpn_text(ALPN_GOSSIP));
	if (err == ERR_OK)
		err = make_node(b, o, c);
	return node_boot_end(b, BOOT_ALPN, err);
}

/* Topic and directory; the first tick sets the topic's timers and dials the seeds. */
static int
step_gossip(struct node_boot *b, const struct node_config *c)
{
	struct peer_id topic;
	char hex[ID_HEX_CAP];
	int err = node_boot_begin(b, BOOT_GOSSIP);

	topic_of_mesh(&topic, &c->key, c->mesh);
	tracer_set(b->tracer, b->span, TRACE_ATTR_TOPIC, "%s", id_hex(hex, &topic));
	if (err == ERR_OK) {
		node_subscribe(b->node, loop_now_ns());
		node_tick(b->node, loop_now_ns(), loop_wall_ms());
	}
	return node_boot_end(b, BOOT_GOSSIP, err);
}

static int
run_steps(struct node_boot *b, const struct options *o, struct node_config *c)
{
	int err = step_identity(b, o, c);

	if (err != ERR_OK)
		return status_of(err);
	err = step_endpoint(b, o, c);
	if (err != ERR_OK)
		return err == ERR_PERMISSION ? EXIT_PERMISSION : EXIT_UNAVAILABLE;
	err = step_alpn(b, o, c);
	if (err == ERR_OK)
		err = step_gossip(b, c);
	return err == ERR_OK ? 0 : status_of(err);
}

void
node_boot_say(void *ctx, const char *text)
{
	(void)ctx;
	log_warn("%s", text);
}

static void
start_trace(struct node_boot *b, const struct options *o)
{
	const struct telemetry_say say = { node_boot_say, NULL };
	struct trace_context above;
	uint8_t seed[32];

	randombytes_buf(seed, sizeof seed);
	b->tracer = tracer_new(seed, b->boot.started_ns, wall_us());
	b->trace_flags = TRACEPARENT_SAMPLED;
	if (root_span_above(&above, &say)) {
		tracer_adopt(b->tracer, &above);
		b->trace_flags = above.flags;
	}
	b->root = tracer_begin(b->tracer, TRACE_NODE_READY, -1, b->boot.started_ns);
	b->joined = b->stopping = -1;
	b->tell_fd = o->lifeline_fd;
	tracer_set(b->tracer, b->root, TRACE_ATTR_NODE_TYPE, "%s", o->type);
	tracer_set(b->tracer, b->root, TRACE_ATTR_MESH_ID, "%s", o->meshes[0]);
	tracer_set(b->tracer, b->root, TRACE_ATTR_VERSION, "%s", PACKAGE_VERSION);
}

int
node_boot_run(struct node_boot *b, const struct options *o)
{
	struct node_config *c = mem_array(1, sizeof *c);
	int status;

	memset(b, 0, sizeof *b);
	b->dir.fd = b->dir.lock_fd = -1;
	boot_start(&b->boot, loop_now_ns());
	start_trace(b, o);
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
	tracer_free(b->tracer);
	b->tracer = NULL;
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
		const char *name = step_name((enum boot_step)i);
		char took[24];

		if (i == BOOT_IDENTITY && b->minted)
			name = "identity_minted";

		text_duration(took, sizeof took, s->ended_ns - s->begun_ns);
		at += (size_t)snprintf(to + at, cap - at, "%s%s %s", i > 0 ? ", " : "",
			name, took);
	}
	return to;
}

static void
on_stored(void *ctx, int error)
{
	struct node_boot *b = ctx;

	if (error == 0)
		return;
	node_degraded(b->node, true, loop_now_ns());
	log_error("cannot write %s/incarnation: %s; free space or mend the disk: if "
		  "the clock goes back, peers would take the next start for an old one",
		b->dir.path, strerror(error));
}

struct file_later *
node_boot_store(struct node_boot *b, uv_loop_t *loop)
{
	struct file_later *f = NULL;

	if (!b->store)
		return NULL;
	b->store = false;
	f = files_incarnation_later(&b->dir, loop, b->incarnation, on_stored, b);
	if (f == NULL)
		on_stored(b, EMFILE);
	return f;
}
