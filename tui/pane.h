/* SPDX-License-Identifier: MIT */
#ifndef TUI_PANE_H
#define TUI_PANE_H

#include "tui/canvas.h"
#include "tui/keymap.h"
#include "tui/model.h"

/*
 * A pane draws a part of the model and acts on keys. It sees neither curses nor the loop,
 * and changes nothing but itself and the selection. The selection is one node for all
 * panes: who is chosen in the topology is chosen in the table.
 */
struct pane_context {
	const struct model *model;
	struct peer_id *selected;	/* zero: none */
	const char *filter;		/* what tables show, "" for all */
	uint64_t *alert;		/* the one that is acted on; its seq */
	struct pane_fault {
		enum primitive primitive;	/* of INJECT */
		unsigned number;		/* of REVERT; 0: the newest */
	} *fault;
	size_t *test;			/* the one that is acted on */
};

struct pane_ops {
	const char *title;
	enum keymap_context context;
	void *(*new)(void);
	void (*free)(void *pane);
	void (*draw)(void *pane, const struct pane_context *x, struct canvas *c);
	/* True when the action meant something here. */
	bool (*act)(void *pane, const struct pane_context *x, enum action a);
};

extern const struct pane_ops pane_topology_ops, pane_nodes_ops, pane_directory_ops,
	pane_alerts_ops, pane_timeline_ops, pane_boot_ops, pane_messages_ops,
	pane_chaos_ops, pane_tests_ops, pane_help_ops, pane_detail_ops;

#endif
