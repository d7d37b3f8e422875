/* SPDX-License-Identifier: MIT */
#include "app/node_mode.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "app/alarms.h"
#include "app/chronicle.h"
#include "app/errands.h"
#include "app/named_seeds.h"
#include "app/node_boot.h"
#include "app/node_faults.h"
#include "app/node_export.h"
#include "app/node_view.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "io/control_socket.h"
#include "io/file_later.h"
#include "io/lifeline_end.h"
#include "io/loop.h"
#include "io/node_driver.h"
#include "io/paths.h"
#include "node/shown.h"
#include "node/telling.h"

/* The node is done with its goodbyes after 200 ms; a parent waits 300 ms for us. */
#define LEAVE_MS 250
#define PEERS_SAVE_INTERVAL SECONDS(5)
/* A call site says at most 5 lines in 10 s, so this is far from a full log. */
#define LOG_LOOK_INTERVAL SECONDS(30)

struct running {
	uv_loop_t loop;
	struct loop_signals signals;
	uv_timer_t leave_timer;
	struct node_boot boot;
	struct node_driver *driver;
	struct control_socket *control;
	struct errands *errands;
	struct lifeline_end *lifeline;
	struct watchdog *watchdog;
	bool leaving, peers_changed;
	uint64_t peers_saved_ns, log_looked_ns;
	struct telemetry *telemetry;
	struct chronicle chronicle;
	struct alarms alarms;
	struct named_seeds named_seeds;
	struct file_later *store;
};

static void
stop(struct running *r)
{
	uv_stop(&r->loop);
}

static void
on_leave_timer(uv_timer_t *h)
{
	stop(h->data);
}

static void
leave(struct running *r, const char *reason)
{
	if (r->leaving) {
		stop(r);
		return;
	}
	r->leaving = true;
	log_info("leaving: %s", reason);
	chronicle_own(&r->chronicle, TIMELINE_NODE_LEFT, "leaving: %.100s", reason);
	if (r->lifeline != NULL)
		lifeline_end_stopping(r->lifeline, reason);
	node_leave(r->boot.node, loop_now_ns());
	node_export_leaving(r->telemetry, &r->boot, reason);
	uv_timer_start(&r->leave_timer, on_leave_timer, LEAVE_MS, 0);
}

static void
on_signal(void *ctx, int signum)
{
	leave(ctx, strsignal(signum));
}

static void
save_peers(struct running *r, uint64_t now_ns)
{
	struct seed *peers = mem_array(REMEMBERED_PEERS_MAX, sizeof *peers);
	char why[FILES_WHY_CAP];
	size_t count = node_remembered(r->boot.node, peers, REMEMBERED_PEERS_MAX);
	uint64_t refused = r->boot.dir.refused;

	r->peers_changed = files_peers_save(&r->boot.dir, peers, count, why) != ERR_OK;
	node_degraded(r->boot.node, r->peers_changed, now_ns);
	if (r->peers_changed)
		log_warn("%s", why); /* and tried again, when there may be room */
	node_writes_refused(r->boot.node, r->boot.dir.refused - refused);
	r->peers_saved_ns = now_ns;
	free(peers);
}

static const char *
peer_text(const struct node_event *ev, char to[static NAME_LEN_MAX + 1])
{
	char hex[ID_HEX_CAP];

	if (ev->peer_name[0] != '\0')
		text_printable(
			to, NAME_LEN_MAX + 1, ev->peer_name, strlen(ev->peer_name));
	else
		snprintf(to, NAME_LEN_MAX + 1, "%.12s", id_hex(hex, &ev->peer));
	return to;
}

static void
log_liveness(const struct node_event *ev, const char *peer)
{
	const struct directory_change *c = &ev->change;
	char accuser[ID_HEX_CAP];

	if (c->removed)
		log_debug("%s is forgotten", peer);
	else if (c->appeared)
		log_info("%s appeared", peer);
	else if (!id_is_zero(&c->accuser))
		log_info("%s is %s, was %s (accused by %.12s)", peer,
			liveness_text(c->to), liveness_text(c->from),
			id_hex(accuser, &c->accuser));
	else
		log_info("%s is %s, was %s", peer, liveness_text(c->to),
			liveness_text(c->from));
}

static void
on_effect(void *ctx, const struct fault_effect *e)
{
	struct running *r = ctx;

	if (node_faults_apply(e, &r->boot.dir, r->driver)) {
		r->peers_changed = true;
		r->peers_saved_ns = 0;
	}
}

static void
on_fault(void *ctx, const struct fault_order *o)
{
	struct running *r = ctx;

	node_faults_order(r->boot.node, r->lifeline, o);
}

static void
on_event(void *ctx, const struct node_event *ev)
{
	struct running *r = ctx;
	char peer[NAME_LEN_MAX + 1], text[sizeof ev->text], took[24];

	chronicle_node_event(&r->chronicle, r->boot.node, ev);
	peer_text(ev, peer);
	text_printable(text, sizeof text, ev->text, strnlen(ev->text, sizeof ev->text));
	switch (ev->kind) {
	case NODE_EVENT_NEIGHBOR:
		if (ev->up && node_boot_joined(&r->boot, peer)) {
			node_show_boot(r->boot.node, tracer_spans(r->boot.tracer));
			if (r->lifeline != NULL)
				lifeline_end_spans(
					r->lifeline, tracer_spans(r->boot.tracer));
			node_export_boot(r->telemetry, &r->boot);
			log_info("joined through %s after %s", peer,
				text_duration(took, sizeof took,
					loop_now_ns() - r->boot.boot.started_ns));
		}
		log_debug("neighbor %s: %s", peer, text);
		break;
	case NODE_EVENT_LIVENESS:
		if (!id_equal(&ev->peer, &r->boot.id))
			log_liveness(ev, peer);
		break;
	case NODE_EVENT_PEERS:
		r->peers_changed = true;
		break;
	case NODE_EVENT_SEED:
		log_info("seed %s: %s", peer, text);
		break;
	case NODE_EVENT_REFUSED:
		log_warn("%s: %s", peer, text);
		break;
	case NODE_EVENT_FAULT:
		log_warn("fault %s: %s", ev->up ? "injected" : "reverted", text);
		if (!ev->up && r->lifeline != NULL)
			node_faults_tell(r->boot.node, r->lifeline);
		break;
	case NODE_EVENT_MESH:
		log_info("mesh %s: %s", ev->mesh, text);
		break;
	case NODE_EVENT_MESSAGE:
		log_debug("message from %s: %s", peer, text);
		break;
	case NODE_EVENT_CROSS:
		log_info("%s: across meshes: %s", peer, text);
		break;
	case NODE_EVENT_LINK:
	case NODE_EVENT_ADDRESS:
		log_debug("%s: %s", peer, text);
		break;
	}
}

/* The log of a child is kept by us; that of others by who started them. */
static void
look_after_log(struct running *r, uint64_t now_ns)
{
	if (r->lifeline == NULL || now_ns - r->log_looked_ns < LOG_LOOK_INTERVAL)
		return;
	r->log_looked_ns = now_ns;
	if (files_log_turn(&r->boot.dir, CHILD_LOG_LEN_MAX) != ERR_OK)
		log_warn("%s/node.log is longer than %u bytes and cannot be put aside",
			r->boot.dir.path, CHILD_LOG_LEN_MAX);
}

static void
on_turned(void *ctx, uint64_t now_ns)
{
	struct running *r = ctx;

	if (r->lifeline != NULL)
		lifeline_end_lag(r->lifeline, node_driver_load(r->driver)->loop_lag_ms);
	look_after_log(r, now_ns);
	alarms_turn(&r->alarms, &r->chronicle, r->boot.node, &r->boot.id, NULL, now_ns);
	errands_turned(r->errands);
	telemetry_store(r->telemetry, node_spans(r->boot.node));
	if (r->leaving && node_left(r->boot.node))
		stop(r);
	else if (r->peers_changed &&
		 (r->peers_saved_ns == 0 ||
			 now_ns - r->peers_saved_ns >= PEERS_SAVE_INTERVAL))
		save_peers(r, now_ns);
}

static char *
on_request(void *ctx, const char *line, size_t len)
{
	struct running *r = ctx;
	struct control_exports exports;
	const struct node_view_own own = { .timeline = r->chronicle.timeline,
		.alerts = r->alarms.alerts,
		.spans = tracer_spans(r->boot.tracer),
		.exports = &exports,
		.now_ns = loop_now_ns(),
		.turned_ns = node_driver_turned_ns(r->driver),
		.boot_ns = boot_took_ns(&r->boot.boot) };

	telemetry_exports(r->telemetry, &exports);
	return node_view_answer(r->boot.node, line, len, &own);
}

static void
on_ask(void *ctx, uint64_t ask, const struct peer_id *probes, size_t count)
{
	struct running *r = ctx;
	struct lifeline_view *v = mem_array(1, sizeof *v);

	for (size_t i = 0; i < count; i++)
		node_probe(r->boot.node, &probes[i], loop_now_ns());
	node_view_tell(r->boot.node, v, ask, loop_now_ns());
	lifeline_end_view(r->lifeline, v);
	free(v->nodes);
	free(v);
}

static void
on_quit(void *ctx)
{
	leave(ctx, "asked to by the parent");
}

static void
on_send(void *ctx, const struct letter_order *o)
{
	struct running *r = ctx;

	errands_send(r->errands, o, r->lifeline);
}

static void
on_gone(void *ctx)
{
	struct running *r = ctx;

	if (node_boot_without() & WITHOUT_LIFELINE)
		return;
	/* Nobody waits for us, and what would be said may block: only the file. */
	if (r->control != NULL)
		unlink(control_socket_path(r->control));
	_exit(EXIT_UNAVAILABLE);
}

/* Being asked is not what a node is for: without a socket it runs, and says so. */
static void
open_control(struct running *r)
{
	char dir[256], why[CONTROL_SOCKET_WHY_CAP];
	int err;

	_Static_assert(PATHS_WHY_CAP <= CONTROL_SOCKET_WHY_CAP, "texts fit");
	err = paths_runtime_dir(dir, sizeof dir, why);
	if (err == ERR_OK)
		r->control = control_socket_open(
			&r->loop, dir, r->boot.name, on_request, r, &err, why);
	r->errands = errands_open(r->boot.node, r->control);
	if (err == ERR_OK)
		chronicle_to_socket(&r->chronicle, r->control);
	else
		log_warn("no control socket, --list and the console will not find this "
			 "node: %s",
			why);
}

static void
tell_ready(struct running *r)
{
	const struct node_boot *b = &r->boot;
	char took[24], address[ADDRESS_TEXT_CAP], spans[300];

	if (r->lifeline != NULL) {
		struct lifeline_ready ready = { .id = b->id,
			.address_count = b->advertised_count,
			.boot_us = boot_took_ns(&b->boot) / 1000 };

		memcpy(ready.name, b->name, sizeof ready.name);
		memcpy(ready.addresses, b->advertised, sizeof ready.addresses);
		lifeline_end_spans(r->lifeline, tracer_spans(b->tracer));
		lifeline_end_ready(r->lifeline, &ready);
	}
	node_show_boot(b->node, tracer_spans(b->tracer));
	chronicle_own(&r->chronicle, TIMELINE_NODE_READY, "booted in %s",
		text_duration(took, sizeof took, boot_took_ns(&b->boot)));
	log_info("ready on %s after %s (%s)%s",
		address_format(address, udp_bound(b->udp, 0)),
		text_duration(took, sizeof took, boot_took_ns(&b->boot)),
		node_boot_spans(b, spans, sizeof spans),
		b->minted ? ", new identity" : "");
}

static void
on_events_failed(void *ctx, const char *why)
{
	(void)ctx;
	log_error("--events: %s", why);
}

static void
say_seed(void *ctx, const char *text)
{
	(void)ctx;
	log_warn("%s", text);
}

static int
open_chronicle(struct running *r, const struct options *o)
{
	const struct append_file_hooks hooks = { on_events_failed, r };
	char why[APPEND_FILE_WHY_CAP];

	chronicle_init(&r->chronicle, TIMELINE_NODE_EVENTS_MAX);
	alarms_init(&r->alarms, ALERTS_NODE_ACTIVE_MAX, ALERTS_NODE_HISTORY_MAX);
	chronicle_self(&r->chronicle, r->boot.name, &r->boot.id, o->meshes[0]);
	node_view_show(r->boot.node, r->chronicle.timeline, r->alarms.alerts);
	if (o->events_path == NULL ||
		chronicle_to_file(&r->chronicle, &r->loop, o->events_path, &hooks, why) ==
			ERR_OK)
		return ERR_OK;
	snprintf(r->boot.why, sizeof r->boot.why, "--events: %s", why);
	return ERR_SYSTEM;
}

static int
accept_loop(struct running *r)
{
	const struct node_driver_hooks hooks = { on_event, on_turned, on_effect, r };
	int err = node_boot_begin(&r->boot, BOOT_ACCEPT);

	if (err == ERR_OK)
		r->driver = node_driver_new(
			&r->loop, r->boot.node, r->boot.udp, &hooks, &err);
	if (r->driver == NULL && r->boot.why[0] == '\0')
		snprintf(r->boot.why, sizeof r->boot.why, "cannot watch the sockets: %s",
			err_text(err));
	if (r->driver != NULL)
		open_control(r);
	return node_boot_end(&r->boot, BOOT_ACCEPT, err);
}

static void
open_watchdog(struct running *r)
{
	r->watchdog = watchdog_new(r->boot.name, r->control, r->lifeline);
	if (r->watchdog == NULL)
		log_warn("no thread for the watchdog: a loop that stands still will look "
			 "like a dead one");
	node_driver_watch(r->driver, r->watchdog);
}

static void
take_down(struct running *r)
{
	if (r->driver != NULL)
		node_driver_watch(r->driver, NULL);
	watchdog_free(r->watchdog);
	node_export_close(r->telemetry, &r->boot);
	named_seeds_end(&r->named_seeds);
	file_later_close(r->store);
	errands_close(r->errands);
	control_socket_close(r->control);
	chronicle_close(&r->chronicle);
	lifeline_end_close(r->lifeline);
	node_driver_close(r->driver);
	loop_signals_end(&r->signals);
	uv_close((uv_handle_t *)&r->leave_timer, NULL);
	if (loop_drain(&r->loop) != ERR_OK)
		log_error("a handle of the loop was left open");
	node_view_show(r->boot.node, NULL, NULL);
	chronicle_fini(&r->chronicle);
	alarms_fini(&r->alarms);
	node_boot_fini(&r->boot);
}

static int
fail(const struct options *o, int status, const char *why)
{
	log_error("%s", why);
	if (o->lifeline_fd >= 0)
		lifeline_end_fail(o->lifeline_fd, status, why);
	return status;
}

int
node_mode(const struct options *o)
{
	struct running *r;
	char why[LIFELINE_END_WHY_CAP];
	int status;

	_Static_assert(LOOP_WHY_CAP <= LIFELINE_END_WHY_CAP, "texts fit");

	log_open(STDERR_FILENO, o->log_level, o->log_format, loop_now_ns);
	/* Before anything opens a descriptor. */
	if (o->lifeline_fd >= 0 && lifeline_end_take(o->lifeline_fd, why) != ERR_OK) {
		log_error("%s", why);
		return EXIT_UNAVAILABLE;
	}
	r = mem_array(1, sizeof *r);
	status = node_boot_run(&r->boot, o);
	if (status != 0) {
		status = fail(o, status, r->boot.why);
		node_export_failed(&r->boot, o);
		node_boot_fini(&r->boot);
		free(r);
		return status;
	}
	if (loop_begin(&r->loop, why) != ERR_OK) {
		status = fail(o, EXIT_UNAVAILABLE, why);
		node_boot_fini(&r->boot);
		free(r);
		return status;
	}
	uv_timer_init(&r->loop, &r->leave_timer);
	r->leave_timer.data = r;
	if (loop_signals_begin(&r->signals, &r->loop, on_signal, r) != ERR_OK) {
		status = fail(o, EXIT_UNAVAILABLE, LOOP_NO_SIGNALS);
	} else if (open_chronicle(r, o) != ERR_OK) {
		status = fail(o, EXIT_IO, r->boot.why);
	} else if (accept_loop(r) != ERR_OK) {
		status = fail(o, EXIT_INTERNAL, r->boot.why);
		r->telemetry = node_export_open(&r->loop, &r->boot, o);
	} else {
		const struct lifeline_end_hooks hooks = { on_ask, on_quit, on_fault,
			on_send, on_gone, r };

		if (o->lifeline_fd >= 0)
			r->lifeline = lifeline_end_open(&r->loop, o->lifeline_fd, &hooks);
		open_watchdog(r);
		tell_ready(r);
		r->store = node_boot_store(&r->boot, &r->loop);
		r->telemetry = node_export_open(&r->loop, &r->boot, o);
		named_seeds_begin(
			&r->named_seeds, &r->loop, r->boot.node, o, say_seed, r);
		uv_run(&r->loop, UV_RUN_DEFAULT);
		if (r->peers_changed)
			save_peers(r, loop_now_ns());
	}
	take_down(r);
	free(r);
	return status;
}
