/* SPDX-License-Identifier: MIT */
#ifndef APP_ATTACHED_H
#define APP_ATTACHED_H

#include <uv.h>

#include "app/options.h"
#include "scenario/report.h"
#include "supervisor/supervisor.h"

/*
 * A run on nodes of others. It joins their meshes as an observer, takes who is there for
 * the roster of the scenario, and carries out a supervisor's orders over the network: a
 * start is to find the node, a question is VIEW, a fault is COMMAND, and to stop is to
 * see that nothing of the run is left on it. No process is started, and none is ended but
 * by a fault.
 */
struct attached;

struct attached_hooks {
	/* A fact about this child of the supervisor is new; 0: the phase changed. */
	void (*changed)(void *ctx, unsigned child);
	void *ctx;
};

/*
 * Never NULL; *status is 0, or an exit status after a line that says why: then it is only
 * to be closed and freed. Scenario and supervisor outlive it; the roster is put into the
 * scenario.
 */
struct attached *attached_open(uv_loop_t *loop, const struct options *o,
	struct scenario *s, struct supervisor *supervisor,
	const struct attached_hooks *hooks, int *status);
/* Before the loop is drained, and after. Both accept NULL. */
void attached_close(struct attached *a);
void attached_free(struct attached *a);

/*
 * GATHERS until all that the file wants was heard, its members did not change for a
 * moment, and they said whether they obey. FAILED after a line that says why.
 */
enum attached_phase { ATTACHED_GATHERS, ATTACHED_ASKS, ATTACHED_READY, ATTACHED_FAILED };
enum attached_phase attached_phase(const struct attached *a);
int attached_status(const struct attached *a);

/* Fetches orders; after any call of the supervisor. */
void attached_run(struct attached *a);

/* What is left on the nodes, for runner_aftermath; false: nothing was ordered. */
bool attached_aftermath(
	const struct attached *a, enum verdict *v, char text[static REPORT_TEXT_CAP]);

#endif
