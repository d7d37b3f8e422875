/* SPDX-License-Identifier: MIT */
#ifndef APP_CHRONICLE_H
#define APP_CHRONICLE_H

#include "io/append_file.h"
#include "io/control_socket.h"
#include "mesh/alerts.h"
#include "mesh/timeline.h"
#include "node/node.h"
#include "supervisor/supervisor.h"
#include "wire/watched.h"

/*
 * What a process sees happen, kept in a timeline, appended to a file (--events) and told
 * to those who follow on the control socket. Two witnesses, and each event says which:
 * our own node, by its name, and "supervisor", for the processes that we started.
 */
struct chronicle {
	struct timeline *timeline;
	struct append_file *file;	 /* or NULL */
	struct control_socket *control;	 /* or NULL */
	uint64_t untold;		 /* events that are not in the file */
	char source[NAME_LEN_MAX + 1];	 /* our own node */
	struct peer_id id;
	char mesh[LABEL_LEN_MAX + 1];	 /* of a member; "" for an observer */
	struct chronicle_child {
		unsigned id;
		bool spawned, ready, stalled;
	} children[CHILDREN_ROWS_MAX];	 /* not ended yet */
	size_t child_count;
};

/* cap: events that are kept. */
void chronicle_init(struct chronicle *c, size_t cap);
/* The file goes with the loop's next turns; `c` has to be there until then. */
void chronicle_close(struct chronicle *c);
void chronicle_fini(struct chronicle *c);

/* ERR_SYSTEM: the file cannot be opened, `why` says more. */
int chronicle_to_file(struct chronicle *c, uv_loop_t *loop, const char *path,
	const struct append_file_hooks *hooks, char why[static APPEND_FILE_WHY_CAP]);
/* Lets clients of this socket follow. The socket is closed before `c`. */
void chronicle_to_socket(struct chronicle *c, struct control_socket *s);

/* Who we are; before the first event of our node. */
void chronicle_self(struct chronicle *c, const char *name, const struct peer_id *id,
	const char *mesh);
/* Something about ourselves: ready, or leaving. */
void chronicle_own(struct chronicle *c, enum timeline_kind kind, const char *format,
	...) __attribute__((format(printf, 3, 4)));
/* What our node noticed; events that are no news for people add nothing. */
void chronicle_node_event(
	struct chronicle *c, const struct node *n, const struct node_event *ev);
/* A scenario began or ended; `name` is the scenario. */
void chronicle_test(struct chronicle *c, enum timeline_kind kind, const char *name,
	const char *text);
/* An alert was raised, or cleared. */
void chronicle_alert(struct chronicle *c, const struct alert *al);
/*
 * What a watched node saw happen. What every node sees of every other (that it is live,
 * suspect, gone) is left out: our own node sees it, too, and says it once. So is what
 * no node sees: processes that were started, and scenarios.
 */
void chronicle_remote(
	struct chronicle *c, const struct watched_event *e, uint64_t at_ns);
/* A child's row may have changed. */
void chronicle_child_changed(struct chronicle *c, const struct child_row *row);
/* After the driver was closed: what it ended without a word has its event, too. */
void chronicle_children_ended(struct chronicle *c, const struct supervisor *s);

#endif
