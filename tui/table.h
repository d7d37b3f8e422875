/* SPDX-License-Identifier: MIT */
#ifndef TUI_TABLE_H
#define TUI_TABLE_H

#include "tui/pane.h"
#include "tui/rows.h"

/*
 * A table of nodes: columns chosen by the width there is, sorted by one of them,
 * filtered, with a cursor that follows the selected node and not its row. Panes give
 * columns and cells.
 */
struct table_column {
	const char *title;
	int width;		/* what it needs, in columns */
	int width_max;		/* what it makes use of where there is room */
	int rank; /* 0 is always shown; then the lowest first while there is room */
	bool right;		/* title and figures to the right */
	int width_good;		/* taken before columns of rank 1 and more, or 0 */
};

#define TABLE_COLUMNS_MAX 16

struct table_ops {
	const struct table_column *columns;
	size_t column_count;
	rows_compare_fn *compare;
	/* Draws one cell; the canvas is exactly the cell. */
	void (*cell)(const struct row *row, const struct model *m, size_t column,
		struct canvas *c);
};

struct table {
	const struct table_ops *ops;
	size_t sort;		/* a column */
	bool reverse;
	size_t cursor, top;	/* row numbers of the last frame */
	int page, width;	/* rows and columns of the last frame */
};

struct table *table_new(const struct table_ops *ops);
void table_free(struct table *t);
void table_draw(struct table *t, const struct pane_context *x, struct canvas *c);
bool table_act(struct table *t, const struct pane_context *x, enum action a);

/*
 * Which columns fit into `width` with one space between, or two if there is room; x[i]
 * and w[i] for each, w[i] 0 when it is left out. What is over goes to the columns in
 * turn, up to width_max.
 */
void table_layout(const struct table_ops *ops, int width, int x[static TABLE_COLUMNS_MAX],
	int w[static TABLE_COLUMNS_MAX]);

/* The line about the selected node below a table or a graph. */
void table_about(struct canvas *c, int y, const struct row *row, const struct model *m);

#endif
