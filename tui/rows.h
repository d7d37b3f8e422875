/* SPDX-License-Identifier: MIT */
#ifndef TUI_ROWS_H
#define TUI_ROWS_H

#include "tui/model.h"

/*
 * The nodes of all meshes as one list of rows, for tables. Rows point into the model, so
 * they are made anew for each key and each frame (20,000 nodes: a few milliseconds).
 */
struct row {
	const struct model_mesh *mesh;
	const struct directory_entry *entry;
	size_t index;			/* in its directory */
	bool degree_known;
	unsigned degree;		/* edges that both ends report */
	const struct child_row *child;	/* when this console started it, else NULL */
};

struct rows {
	struct row *at;		/* owned */
	size_t count;
	size_t total;		/* without the filter */
};

/* Nodes of a directory in all and by liveness. Observers are no nodes. */
size_t rows_census(const struct directory *d, size_t by_liveness[static LIVENESS_COUNT]);

/*
 * filter: words that must all occur in the row's texts (case does not matter); "" for
 * all.
 */
void rows_build(struct rows *r, const struct model *m, const char *filter);
void rows_fini(struct rows *r);
/* Negative, zero, positive; ties are broken by (mesh, type, id). */
typedef int rows_compare_fn(const struct row *a, const struct row *b, size_t column);
void rows_sort(struct rows *r, rows_compare_fn *compare, size_t column, bool reverse);
/* SIZE_MAX when absent. */
size_t rows_find(const struct rows *r, const struct peer_id *id);

bool rows_match(const struct directory_entry *en, const char *filter);
/* One node anywhere in the model. False when absent. */
bool rows_one(struct row *row, const struct model *m, const struct peer_id *id);

#endif
