/* SPDX-License-Identifier: MIT */
#ifndef APP_OBSERVE_H
#define APP_OBSERVE_H

#include <uv.h>

#include "app/alarms.h"
#include "app/boots.h"
#include "app/chronicle.h"
#include "app/fleet.h"
#include "app/named_seeds.h"
#include "app/options.h"
#include "app/test_runs.h"
#include "app/trials.h"
#include "app/trials_loop.h"
#include "app/root_span.h"
#include "app/watching.h"
#include "control/discover.h"
#include "io/control_socket.h"
#include "io/discovery.h"
#include "io/loop.h"
#include "io/node_driver.h"
#include "tui/console.h"
#include "tui/screen.h"

/*
 * The state of `meshtui --observe`, shared by observe_mode.c (start, end, what happens),
 * observe_open.c (its node, record and control socket), observe_found.c (nodes that are
 * there) and observe_model.c (what the console is shown).
 * The console is a node of role observer that looks for nodes of this machine by their
 * control sockets and for others by --seed.
 */
struct observe {
	const struct options *options;
	uv_loop_t loop;
	struct udp *udp;
	struct node *node;
	struct node_driver *driver;
	struct discovery *discovery;
	struct control_socket *control;
	struct fleet *fleet;
	struct trials *trials;
	struct bystanders *others;	/* NULL without an identity */
	struct trials_loop fault_loop;
	struct test_runs *tests;
	uv_timer_t trial;
	bool ticking;
	struct named_seeds named_seeds;
	struct chronicle chronicle;
	struct root_span root;	/* what the boots of its nodes hang below */
	struct telemetry *telemetry;
	struct alarms alarms;
	struct boots *boots;
	struct watching *watching;
	struct crossings crossings;
	struct loop_signals signals;
	uv_signal_t resized;
	uv_poll_t keys;
	uv_timer_t frame;
	char runtime_dir[200];
	struct screen *screen;
	struct canvas *canvas;
	struct console *console;
	uint64_t began_ns, drawn_ns;
	bool quitting;
	uint64_t quit_ns;	/* when quitting began */

	/* The model and what it points into; rebuilt before each look. */
	struct model model;
	struct node_status status;
	struct mesh_row rows[MESHES_MAX];
	struct model_mesh meshes[MESHES_MAX];
	struct topology topologies[MESHES_MAX];
	size_t mesh_count;
	const struct child_row *children[CHILDREN_ROWS_MAX];
	const struct child_row *other_rows[ATTACHED_NODES_MAX];
	const struct outlook *outlooks[WATCHED_NODES_MAX];
	struct model_notice notices[MODEL_NOTICES_MAX];
	size_t notice_count;
};

/* Shows what changed, soon; after everything that may have changed something. */
void observe_look(struct observe *o);
/* Adds a notice for the footer; the oldest goes when there are too many. */
void observe_notice(struct observe *o, enum model_notice_level level, const char *format,
	...) __attribute__((format(printf, 3, 4)));
/* Fills o->model with how things are now. */
void observe_model(struct observe *o, uint64_t now_ns);
void observe_model_fini(struct observe *o);

/*
 * The span of this console, for those that it starts; and what it exports of itself, once
 * it has a node.
 */
void observe_begin_trace(struct observe *o);
void observe_open_telemetry(struct observe *o);
/*
 * Meshes that are heard of on the backbone: shown, as long as they are few and no --mesh
 * says otherwise; the others by their summaries, until a person asks for one.
 */
#define OBSERVE_MESHES_SHOWN 8
void observe_fabric(struct observe *o, uint64_t now_ns);
void observe_watch_mesh(struct observe *o, const char *mesh);
/* Sends for a person; how it went becomes a notice. */
void observe_send(struct observe *o, const struct console_command *c);
void observe_sent(struct observe *o);
/* Begins to look for nodes of this machine. */
void observe_find(struct observe *o);
/* Watches what is being looked at; the answers come by themselves. */
void observe_watch(struct observe *o, uint64_t now_ns);
/* A hook with the struct as ctx: seeds for a child. */
size_t observe_seeds(void *ctx, const char *mesh, char to[][CHILD_SEED_CAP], size_t cap);
/* Where a node is, by its newest digest; for the fleet. */
bool observe_where(void *ctx, const struct peer_id *id, struct address *to);

/* Faults of this console: what a person wants, and that time passes. */
void observe_obey_fault(struct observe *o, const struct console_command *c);
void observe_tick_trials(struct observe *o);
/* Named tests: the same, and the hook of test_runs with the struct as ctx. */
void observe_obey_test(struct observe *o, const struct console_command *c);
void observe_on_test(void *ctx, const struct model_test *t);

/* What happens: hooks of the node's driver and of the fleet, with the struct as ctx. */
void observe_on_event(void *ctx, const struct node_event *ev);
void observe_on_turned(void *ctx, uint64_t now_ns);
void observe_on_child(void *ctx, unsigned child);
void observe_on_other(void *ctx);

/* In this order; 0, or the exit status, and the reason is on standard error. */
int observe_open_node(struct observe *o);
int observe_open_chronicle(struct observe *o);
int observe_open_control(struct observe *o);
int observe_fail(int status, const char *what);

#endif
