/* SPDX-License-Identifier: MIT */
#ifndef TUI_MODEL_H
#define TUI_MODEL_H

#include "mesh/alerts.h"
#include "mesh/backbone.h"
#include "mesh/crossings.h"
#include "mesh/facts.h"
#include "mesh/outlook.h"
#include "mesh/series.h"
#include "mesh/timeline.h"
#include "mesh/topology.h"
#include "supervisor/supervisor.h"
#include "trace/traces.h"
#include "tui/model_fault.h"
#include "tui/model_test.h"

/*
 * Everything the console may show, as const pointers into what others own. Whoever runs
 * the loop fills it before each console_key and console_draw; nothing is kept by the
 * console after the call but copies. A fact that was not measured is NULL, 0 or "" as
 * each field says, and is shown as unknown.
 */
#define MODEL_NOTICE_CAP 200
#define MODEL_NOTICES_MAX 8

enum model_notice_level { MODEL_NOTICE_INFO, MODEL_NOTICE_WARN, MODEL_NOTICE_ERROR };

struct model_notice {
	enum model_notice_level level;
	uint64_t at_ns;
	char text[MODEL_NOTICE_CAP];
};

struct model_mesh {
	const char *name;
	const struct directory *directory;
	const struct topology *topology; /* of that directory as it is now; or NULL */
};

/*
 * A boot: of a node of this console, as its lifeline tells it, or of another node, as it
 * tells who watches it.
 */
struct model_boot {
	uint64_t key;			/* its own as long as this console lives */
	struct peer_id id;		/* zero: it never had one */
	char name[NAME_LEN_MAX + 1];	/* "mesh1.broker" while not more is known */
	bool child;			/* started by this console */
	bool over;			/* its process has ended */
	const struct span_set *spans;	/* NULL: not known */
	uint64_t heard_ns;		/* when they came */
};

struct model {
	uint64_t now_ns;			/* monotonic, as in the directories */
	char clock[24];				/* wall time for people, or "" */
	uint64_t wall_us;			/* the same, as in traces; 0 unknown */
	const struct node_status *self; /* the observer; NULL while it has not joined */
	const struct model_mesh *meshes;	/* in order of name */
	size_t mesh_count;
	const struct backbone *backbone;	/* all meshes, by summaries; or NULL */
	const struct crossings *crossings;	/* who sends to whom; or NULL */
	uint64_t heard_ns;			/* when the newest digest came; 0 never */
	const struct child_row *const *children;	/* every row of the supervisor */
	size_t child_count;
	const struct child_row *const *others;	/* not started here, and they obey us */
	size_t other_count;
	const struct model_fault *const *faults; /* ordered here, newest first */
	size_t fault_count;
	const struct model_loop *loop;	/* of faults ordered here; or NULL */
	const struct model_test *tests;	/* all of the registry */
	size_t test_count;
	const struct model_notice *notices; /* oldest first, at most MODEL_NOTICES_MAX */
	size_t notice_count;
	const struct timeline *timeline; /* what this console saw happen; or NULL */
	const struct series *series;	/* of all nodes; or NULL */
	const struct alerts *alerts;	/* of all nodes; or NULL */
	const struct model_boot *boots;	/* in order of becoming known */
	size_t boot_count;
	const struct outlook *const *outlooks; /* nodes that are or were watched */
	size_t outlook_count;
	size_t left_out;	/* nodes that there is no place to watch for */
	const struct traces *traces;	/* spans of watched nodes; or NULL */
	const struct traces_row *trace_rows;	/* the latest first */
	size_t trace_count;
	bool searching;	       /* still looking; false and no mesh: none found */
	const char *looked_in; /* "/run/user/1000/meshtui", for the empty screen */
};

/* Children that are not ENDED. */
static inline size_t
model_children_alive(const struct model *m)
{
	size_t alive = 0;

	for (size_t i = 0; i < m->child_count; i++)
		alive += m->children[i]->state != CHILD_ENDED;
	return alive;
}

#endif
