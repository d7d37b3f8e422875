/* SPDX-License-Identifier: MIT */
#include "app/observe.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/wall.h"
#include "config.h"
#include "control/answer.h"
#include "io/files.h"
#include "io/paths.h"
#include "node/shown.h"
#include "node/measure.h"

static char *
answer(void *ctx, const char *line, size_t len)
{
	struct observe *o = ctx;
	struct link_row *links = mem_array(LINKS_MAX, sizeof(*links));
	struct control_view v = { .status = &o->status,
		.meshes = o->rows,
		.links = links,
		.timeline = o->chronicle.timeline,
		.alerts = o->alarms.alerts };
	struct control_exports exports;
	char *text;

	v.now_ns = loop_now_ns();
	observe_model(o, v.now_ns);
	measure_now(o->node);
	v.meter = node_meter(o->node);
	telemetry_exports(o->telemetry, &exports);
	v.exports = &exports;
	v.mesh_count = o->mesh_count;
	v.link_count = node_links(o->node, links, LINKS_MAX);
	v.loop_turned_ns = v.now_ns;
	text = control_answer(&v, line, len);
	free(links);
	return text;
}

int
observe_fail(int status, const char *what)
{
	fprintf(stderr, "meshtui: %s\n", what);
	return status;
}

static void
say_seed(void *ctx, const char *text)
{
	observe_notice(ctx, MODEL_NOTICE_WARN, "%s", text);
}

/*
 * The observer as a node: an identity for this session only, sockets, the meshes asked
 * for.
 */
int
observe_open_node(struct observe *o)
{
	const struct options *opt = o->options;
	struct node_config c = { .observer = true, .type = "console" };
	struct node_driver_hooks hooks = { observe_on_event, observe_on_turned, NULL, o };
	char why[FILES_WHY_CAP], udp_why[UDP_WHY_CAP];
	int err;

	if (opt->key_path != NULL && strlen(opt->key_path) >= CHILD_KEY_PATH_CAP)
		return observe_fail(EXIT_CONFIG, "the path of the key file is too long");
	if (opt->key_path != NULL && files_key(opt->key_path, &c.key, why) != ERR_OK)
		return observe_fail(EXIT_CONFIG, why);
	o->udp = udp_open(opt->bind, opt->bind_count, &err, udp_why);
	if (o->udp == NULL)
		return observe_fail(err == ERR_PERMISSION ? EXIT_PERMISSION
							  : EXIT_UNAVAILABLE,
			udp_why);
	identity_mint(&c.identity);
	if (opt->identity_path != NULL &&
		files_operator(opt->identity_path, &c.identity, why) != ERR_OK)
		return observe_fail(EXIT_CONFIG, why);
	snprintf(c.build, sizeof(c.build), "%s", PACKAGE_VERSION);
	c.incarnation = loop_wall_ms();
	for (size_t i = 0; i < udp_count(o->udp); i++) {
		c.bound[i] = *udp_bound(o->udp, i);
		c.advertised_count +=
			paths_advertised(&c.bound[i], c.advertised + c.advertised_count,
				ADDRESSES_MAX - c.advertised_count);
	}
	memcpy(c.seeds, opt->seeds, sizeof(c.seeds));
	c.seed_count = opt->seed_count;
	randombytes_buf(c.random_seed, sizeof(c.random_seed));
	c.wall_us = wall_us();
	o->node = node_new(&c, loop_now_ns(), loop_wall_ms(), &err);
	identity_wipe(&c.identity);
	fabric_key_wipe(&c.key);
	if (o->node == NULL)
		return observe_fail(EXIT_INTERNAL, err_text(err));
	for (size_t i = 0; i < opt->mesh_count; i++)
		(void)node_watch_mesh(o->node, opt->meshes[i], loop_now_ns());
	named_seeds_begin(&o->named_seeds, &o->loop, o->node, opt, say_seed, o);
	o->watching = watching_new(o->node, &o->chronicle, o->boots);
	o->driver = node_driver_new(&o->loop, o->node, o->udp, &hooks, &err);
	return o->driver != NULL ? 0 : observe_fail(EXIT_IO, err_text(err));
}

/* On the terminal as long as it is not the console's. */
static void
say(void *ctx, const char *text)
{
	struct observe *o = ctx;

	if (o->screen == NULL)
		fprintf(stderr, "meshtui: %s\n", text);
	else
		observe_notice(o, MODEL_NOTICE_WARN, "%s", text);
}

void
observe_begin_trace(struct observe *o)
{
	const struct telemetry_say to = { say, o };

	root_span_begin(&o->root, TRACE_OBSERVE, &to);
}

void
observe_open_telemetry(struct observe *o)
{
	const struct telemetry_say to = { say, o };
	char hex[ID_HEX_CAP];

	o->telemetry = telemetry_open(&o->loop, &to);
	id_hex(hex, &o->status.id);
	telemetry_self(o->telemetry, o->status.type, hex, NULL, o->status.type);
	tracer_set(o->root.tracer, o->root.span, TRACE_ATTR_NODE_ID, "%s", hex);
	tracer_set(o->root.tracer, o->root.span, TRACE_ATTR_VERSION, "%s",
		PACKAGE_VERSION);
	root_span_end(&o->root, NULL, o->telemetry);
	telemetry_flush(o->telemetry);
	telemetry_meter(o->telemetry, node_meter(o->node));
}

static void
on_events_failed(void *ctx, const char *why)
{
	observe_notice(ctx, MODEL_NOTICE_ERROR, "--events: %s", why);
}

int
observe_open_chronicle(struct observe *o)
{
	const struct append_file_hooks hooks = { on_events_failed, o };
	char why[APPEND_FILE_WHY_CAP];

	node_status(o->node, &o->status, loop_now_ns());
	chronicle_self(&o->chronicle, o->status.name, &o->status.id, "");
	node_show_timeline(o->node, o->chronicle.timeline);
	if (o->options->events_path != NULL &&
		chronicle_to_file(&o->chronicle, &o->loop, o->options->events_path,
			&hooks, why) != ERR_OK)
		return observe_fail(EXIT_IO, why);
	return 0;
}

/*
 * Where nodes of this machine are, and our own entry there. Who named seeds can do
 * without.
 */
int
observe_open_control(struct observe *o)
{
	const struct fleet_hooks fleet_hooks = { observe_on_child, observe_seeds,
		observe_where, o };
	const struct test_runs_hooks test_hooks = { observe_on_test, o };
	bool seeded = o->options->seed_count + o->options->named_seed_count > 0;
	char why[PATHS_WHY_CAP];
	int err = paths_runtime_dir(o->runtime_dir, sizeof(o->runtime_dir), why);

	if (err != ERR_OK && !seeded)
		return observe_fail(EXIT_CONFIG, why);
	o->fleet = fleet_new(
		&o->loop, o->options->key_path, o->options->pool, &fleet_hooks);
	if (o->options->identity_path != NULL)
		o->others = bystanders_new(o->node, observe_on_other, o);
	o->trials = trials_new(o->fleet, o->others);
	o->tests = test_runs_new(&o->loop, &test_hooks);
	if (err == ERR_OK)
		o->control = control_socket_open(
			&o->loop, o->runtime_dir, o->status.name, answer, o, &err, why);
	if (o->control == NULL && !seeded)
		return observe_fail(EXIT_IO, why);
	if (o->control == NULL) {
		observe_notice(o, MODEL_NOTICE_WARN,
			"nodes of this machine are not looked for: %s", why);
		return 0;
	}
	chronicle_to_socket(&o->chronicle, o->control);
	observe_find(o);
	return 0;
}
