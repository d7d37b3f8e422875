/* SPDX-License-Identifier: MIT */
#include "app/observe_mode.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/observe.h"
#include "app/terminal_guard.h"
#include "base/err.h"
#include "base/mem.h"
#include "node/shown.h"

/* How long children have to leave, and the observer to say goodbye. */
#define CHILDREN_LEAVE SECONDS(5)
#define LEAVE_LINGER MILLISECONDS(250)

static void
on_frame(uv_timer_t *t)
{
	observe_look(t->data);
}

/* The end: children first, then our own goodbye, then the loop has nothing left to do. */
static void
go_on_quitting(struct observe *o, uint64_t now_ns)
{
	if (fleet_alive(o->fleet) > 0 && now_ns < o->quit_ns + CHILDREN_LEAVE)
		return;
	if (o->others != NULL && bystanders_owed(o->others) > 0 &&
		now_ns < o->quit_ns + LEAVE_LINGER)
		return;
	node_leave(o->node, now_ns);
	if (node_left(o->node) || now_ns > o->quit_ns + CHILDREN_LEAVE + LEAVE_LINGER)
		uv_stop(&o->loop);
}

static void
quit(struct observe *o)
{
	if (o->quitting)
		return;
	o->quitting = true;
	o->quit_ns = loop_now_ns();
	if (fleet_alive(o->fleet) > 0)
		observe_notice(o, MODEL_NOTICE_INFO, "stopping %zu nodes...",
			fleet_alive(o->fleet));
	fleet_stop_all(o->fleet);
	/* Nodes that are not ours go on without us, and without our faults. */
	(void)trials_halt(o->trials, o->quit_ns);
}

static void
show(struct observe *o)
{
	struct terminal_guard guard;

	console_draw(o->console, &o->model, o->canvas);
	terminal_guard_begin(&guard);
	screen_show(o->screen, o->canvas);
	terminal_guard_end(&guard);
}

/*
 * Shows what changed, at most ten times a second, and sets the timer for the next look.
 * Called after everything that may have changed something; an idle mesh costs one look a
 * second.
 */
void
observe_look(struct observe *o)
{
	uint64_t now_ns = loop_now_ns(), due_ns;

	if (o->quitting)
		go_on_quitting(o, now_ns);
	due_ns = o->drawn_ns + CONSOLE_FRAME_NS;
	if (now_ns >= due_ns) {
		o->drawn_ns = now_ns;
		observe_watch(o, now_ns);
		observe_model(o, now_ns);
		if (console_due(o->console, &o->model))
			show(o);
		due_ns = console_deadline(o->console, &o->model);
		if (o->quitting || due_ns < now_ns + CONSOLE_FRAME_NS)
			due_ns = now_ns + CONSOLE_FRAME_NS;
	}
	uv_timer_start(&o->frame, on_frame, loop_ms_until(due_ns, now_ns), 0);
}

static void
obey(struct observe *o, const struct console_command *c)
{
	char why[FLEET_WHY_CAP] = "";
	int err = ERR_OK;

	switch (c->kind) {
	case CONSOLE_QUIT:
		quit(o);
		break;
	case CONSOLE_BOOTSTRAP:
		err = fleet_bootstrap(o->fleet, why);
		fleet_run(o->fleet);
		break;
	case CONSOLE_SPAWN:
		err = fleet_want(o->fleet, c->mesh, c->type, why);
		fleet_run(o->fleet);
		break;
	case CONSOLE_STOP:
		if (fleet_stop(o->fleet, c->child) != ERR_OK)
			observe_notice(o, MODEL_NOTICE_WARN, "it has ended already");
		break;
	case CONSOLE_ACKNOWLEDGE:
		alarms_acknowledge(&o->alarms, c->alert, loop_now_ns());
		break;
	case CONSOLE_SEND:
		observe_send(o, c);
		break;
	case CONSOLE_WATCH_MESH:
		observe_watch_mesh(o, c->mesh);
		break;
	case CONSOLE_INJECT:
	case CONSOLE_REVERT:
	case CONSOLE_HALT:
	case CONSOLE_LOOP:
	case CONSOLE_LOOP_STOP:
		observe_obey_fault(o, c);
		break;
	case CONSOLE_RUN_TEST:
	case CONSOLE_CANCEL_TEST:
		observe_obey_test(o, c);
		break;
	case CONSOLE_REDRAW:
		screen_repaint(o->screen);
		break;
	case CONSOLE_NOTHING:
		break;
	}
	if (err != ERR_OK)
		observe_notice(o, MODEL_NOTICE_ERROR, "%s", why);
}

/* A line that is gone stays readable for ever, and gives nothing. */
static bool
is_hung_up(void)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR | POLLNVAL));
}

static void
on_keys(uv_poll_t *h, int status, int events)
{
	struct observe *o = h->data;
	struct console_command command;
	uint32_t key;
	bool any = false;

	(void)events;
	while (screen_read_key(o->screen, &key)) {
		if (!any)
			observe_model(o, loop_now_ns());
		any = true;
		if (console_key(o->console, &o->model, key, &command))
			obey(o, &command);
	}
	if (any)
		o->drawn_ns = 0;	/* a key is answered at once */
	else if (status < 0 || is_hung_up()) {
		uv_poll_stop(h);
		quit(o);
	}
	observe_look(o);
}

static void
on_resize(uv_signal_t *h, int signum)
{
	struct observe *o = h->data;
	int width, height;

	(void)signum;
	screen_size(o->screen, &width, &height);
	canvas_free(o->canvas);
	o->canvas = canvas_new(width, height, screen_ascii(o->screen));
	screen_repaint(o->screen);
	o->drawn_ns = 0;
	observe_model(o, loop_now_ns());
	show(o);
}

static void
on_signal(void *ctx, int signum)
{
	struct observe *o = ctx;

	(void)signum;
	quit(o);
	observe_look(o);
}

/* A boot is a row as soon as its node is known, so that one that is silent is seen. */
static void
note_node(struct observe *o, const struct node_event *ev)
{
	const struct directory_change *c = &ev->change;

	if (c->observer)
		return;
	if (c->to == LIVENESS_LIVE && !c->removed) {
		boots_node(o->boots, &ev->peer, ev->peer_name);
		observe_watch(o, loop_now_ns());
	} else if (c->removed || c->to == LIVENESS_GONE || c->to == LIVENESS_LEFT)
		boots_gone(o->boots, &ev->peer);
}

/* Seeds that a person named are worth a word; others come and go like nodes. */
void
observe_on_event(void *ctx, const struct node_event *ev)
{
	struct observe *o = ctx;
	const char *who = ev->peer_name[0] != '\0' ? ev->peer_name : "a peer";

	chronicle_node_event(&o->chronicle, o->node, ev);
	if (ev->kind == NODE_EVENT_LIVENESS)
		note_node(o, ev);
	if (ev->kind == NODE_EVENT_REFUSED)
		observe_notice(o, MODEL_NOTICE_WARN, "%s: %s", who, ev->text);
	else if (ev->kind == NODE_EVENT_SEED && named_seeds_has(o->options, &ev->peer))
		observe_notice(o, MODEL_NOTICE_INFO, "seed %s: %s", who, ev->text);
}

void
observe_on_turned(void *ctx, uint64_t now_ns)
{
	struct observe *o = ctx;
	struct request_answer a;
	uint64_t boots = watching_boots(o->watching);

	while (requests_next(o->node, &a))
		if (!watching_answer(o->watching, &a) && o->others != NULL)
			(void)bystanders_answer(o->others, &a);
	if (o->others != NULL)
		bystanders_turn(o->others, fleet_supervisor(o->fleet),
			trials_quiet(o->trials), now_ns);
	if (boots != watching_boots(o->watching))
		o->drawn_ns = 0;	/* a boot is shown as soon as it is known */
	observe_fabric(o, now_ns);
	observe_sent(o);
	alarms_turn(&o->alarms, &o->chronicle, o->node, NULL,
		fleet_supervisor(o->fleet), now_ns);
	telemetry_store(o->telemetry, node_spans(o->node));
	observe_look(o);
}

void
observe_on_child(void *ctx, unsigned child)
{
	struct observe *o = ctx;
	const struct child_row *r = supervisor_find(fleet_supervisor(o->fleet), child);
	char end[128];

	if (r != NULL) {
		chronicle_child_changed(&o->chronicle, r);
		boots_child(o->boots, r);
	}
	if (r != NULL && r->state == CHILD_ENDED) {
		const char *name =
			r->ready.name[0] != '\0' ? r->ready.name : r->spec.type;

		if ((!r->end.expected || r->end.forced) &&
			!trials_meant(o->trials, child))
			observe_notice(o, MODEL_NOTICE_ERROR, "%s: %s%s%s", name,
				child_end_text(&r->end, end, sizeof(end)),
				r->failure[0] != '\0' ? ": " : "", r->failure);
		fleet_forget(o->fleet, child);
	}
	observe_tick_trials(o);
	observe_look(o);
}

static int
open_screen(struct observe *o)
{
	char why[SCREEN_WHY_CAP];
	int width, height;

	if (screen_open(&o->screen, why) != ERR_OK)
		return observe_fail(EXIT_UNAVAILABLE, why);
	terminal_guard_crashes();
	screen_size(o->screen, &width, &height);
	o->canvas = canvas_new(width, height, screen_ascii(o->screen));
	o->console = console_new();
	if (uv_poll_init(&o->loop, &o->keys, STDIN_FILENO) != 0)
		abort();	/* a terminal can be polled, or the loop is broken */
	/*
	 * libuv made the open file non-blocking, and with it the output: curses would
	 * spin as long as the terminal is full. Polling does not need it.
	 */
	fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) & ~O_NONBLOCK);
	o->keys.data = o;
	uv_poll_start(&o->keys, UV_READABLE, on_keys);
	uv_signal_init(&o->loop, &o->resized);
	o->resized.data = o;
	uv_signal_start(&o->resized, on_resize, SIGWINCH);
	return 0;
}

static void
close_all(struct observe *o)
{
	struct terminal_guard guard;

	if (o->screen != NULL) {
		uv_close((uv_handle_t *)&o->keys, NULL);
		uv_close((uv_handle_t *)&o->resized, NULL);
	}
	uv_close((uv_handle_t *)&o->frame, NULL);
	uv_close((uv_handle_t *)&o->trial, NULL);
	loop_signals_end(&o->signals);
	named_seeds_end(&o->named_seeds);
	discovery_close(o->discovery);
	control_socket_close(o->control);
	trials_free(o->trials);
	bystanders_free(o->others);
	test_runs_close(o->tests);
	fleet_close(o->fleet);
	chronicle_close(&o->chronicle);
	node_driver_close(o->driver);
	observe_model_fini(o);
	console_free(o->console);
	canvas_free(o->canvas);
	terminal_guard_last(&guard);
	screen_close(o->screen);
	alarm(0);
	terminal_guard_end(&guard);
	o->screen = NULL;
	telemetry_close(o->telemetry);	/* the terminal is its owner's again by now */
	root_span_fini(&o->root);
	(void)loop_drain(&o->loop);
	if (o->node != NULL)
		node_show_timeline(o->node, NULL);
	chronicle_fini(&o->chronicle);
	alarms_fini(&o->alarms);
	crossings_fini(&o->crossings);
	watching_free(o->watching);
	boots_free(o->boots);
	node_free(o->node);
	udp_close(o->udp);
}

int
observe_mode(const struct options *opt)
{
	struct observe *o = mem_array(1, sizeof(*o));
	char why[LOOP_WHY_CAP];
	int quiet, status = 0;

	o->options = opt;
	o->began_ns = loop_now_ns();
	if (loop_begin(&o->loop, why) != ERR_OK) {
		free(o);
		return observe_fail(EXIT_UNAVAILABLE, why);
	}
	uv_timer_init(&o->loop, &o->frame);
	uv_timer_init(&o->loop, &o->trial);
	o->frame.data = o->trial.data = o;
	chronicle_init(&o->chronicle, TIMELINE_EVENTS_MAX);
	alarms_init(&o->alarms, ALERTS_ACTIVE_MAX, ALERTS_HISTORY_MAX);
	o->alarms.series = series_new();
	o->boots = boots_new();
	observe_begin_trace(o);
	if (loop_signals_begin(&o->signals, &o->loop, on_signal, o) != ERR_OK)
		status = observe_fail(EXIT_UNAVAILABLE, LOOP_NO_SIGNALS);
	if (status == 0)
		status = observe_open_node(o);
	if (status == 0)
		status = observe_open_chronicle(o);
	if (status == 0)
		status = observe_open_control(o);
	if (status == 0)
		status = open_screen(o);
	quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
	log_open(quiet, LOG_ERROR, LOG_TEXT, NULL); /* the terminal is the console's */
	if (status == 0) {
		observe_open_telemetry(o);
		if (opt->bootstrap)
			obey(o, &(struct console_command){ .kind = CONSOLE_BOOTSTRAP });
		observe_look(o);
		uv_run(&o->loop, UV_RUN_DEFAULT);
	}
	close_all(o);
	log_open(STDERR_FILENO, opt->log_level, opt->log_format, loop_now_ns);
	if (quiet >= 0)
		close(quiet);
	free(o);
	return status;
}
