/* SPDX-License-Identifier: MIT */
#include "app/node_faults.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/wall.h"
#include "io/loop.h"
#include "io/pause.h"

/* The loop that called this turns no further meanwhile; signals do not end it early. */
static void
wedge(uint32_t ms)
{
	uint64_t due = loop_now_ns() + MILLISECONDS(ms), now;

	while ((now = loop_now_ns()) < due)
		(void)poll(NULL, 0, (int)loop_ms_until(due, now));
}

static void
rebind(struct node_driver *driver)
{
	char why[UDP_WHY_CAP] = "";

	if (node_driver_rebind(driver, why) == ERR_OK)
		log_warn("fault: the node moved to another port");
	else
		log_error("fault: the node stays at its port: %s", why);
}

bool
node_faults_apply(const struct fault_effect *e, struct files_dir *dir,
	struct node_driver *driver)
{
	switch (e->kind) {
	case FAULT_SKEW:
		wall_skew(e->skew_ms);
		log_warn("fault: the wall clock is set off by %" PRId64 " ms",
			e->skew_ms);
		break;
	case FAULT_DISK_FULL:
		dir->full = e->on;
		log_warn("fault: the data directory is %s", e->on ? "full" : "writable");
		return true;
	case FAULT_WEDGE:
		log_warn("fault: the loop stands still for %" PRIu32 " ms", e->ms);
		wedge(e->ms);
		break;
	case FAULT_PAUSE:
		log_warn("fault: the process is stopped for %" PRIu32 " ms", e->ms);
		if (pause_process(e->ms) != ERR_OK)
			log_error("fault: cannot leave a process behind that would end "
				  "the pause, so there is none");
		break;
	case FAULT_DIE:
		log_warn("fault: the process is ended");
		kill(getpid(), SIGKILL);
		break;
	case FAULT_REBIND:
		rebind(driver);
		break;
	case FAULT_SHAM:
	case FAULT_CUT:
	case FAULT_IMPAIR:
	case FAULT_FIREWALL:
		break;	/* these happen elsewhere */
	}
	return false;
}

void
node_faults_order(
	struct node *n, struct lifeline_end *parent, const struct fault_order *o)
{
	struct fault_status *s = mem_array(1, sizeof *s);
	struct fault_order *given = mem_copy(o, sizeof *o);
	const char *test = getenv("MESHTUI_TEST_FAULTS");

	/* The control of every detector: orders are taken, and nothing is done. */
	if (test != NULL && strcmp(test, "ignore") == 0)
		given->verb = FAULT_REPORT;
	node_fault(n, given, FAULT_BY_LIFELINE, loop_now_ns(), s);
	free(given);
	if (s->result != ERR_OK)
		log_warn("fault refused: %s", s->why);
	lifeline_end_faults(parent, s);
	free(s);
}

void
node_faults_tell(const struct node *n, struct lifeline_end *parent)
{
	struct fault_status *s = mem_array(1, sizeof *s);

	node_faults(n, s, loop_now_ns());
	lifeline_end_faults(parent, s);
	free(s);
}
