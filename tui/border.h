/* SPDX-License-Identifier: MIT */
#ifndef TUI_BORDER_H
#define TUI_BORDER_H

#include "tui/canvas.h"
#include "tui/keymap.h"
#include "tui/model.h"

/*
 * What is around the panes: facts above, news and keys below. Every figure is measured.
 */
struct border_facts {
	size_t nodes, by_liveness[LIVENESS_COUNT];
	bool overlay_known;		/* every mesh has its topology */
	double mean_degree;		/* over the live nodes of all meshes */
	size_t meshes_parted; /* meshes whose live nodes are not one component */
};
void border_facts(struct border_facts *f, const struct model *m);

/* Two lines, or one where the console is low. */
struct border_tab {
	const char *title, *brief;	/* brief: where titles do not fit */
	enum action action;		/* whose first key stands before it */
};
int border_header_lines(int height);
void border_header(struct canvas *c, const struct model *m, const struct border_tab *tabs,
	size_t tab_count, size_t current);

/*
 * The status line: `said` if it is not NULL (the console's own words), else the newest
 * notice.
 */
struct border_said {
	enum model_notice_level level;
	uint64_t at_ns;
	char text[MODEL_NOTICE_CAP];
};
void border_status(
	struct canvas *c, const struct model *m, const struct border_said *said);
void border_footer(struct canvas *c, enum keymap_context context);

/* In the middle of the body, when no node is known. */
void border_empty(struct canvas *c, const struct model *m);

#endif
