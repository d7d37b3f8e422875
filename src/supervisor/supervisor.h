/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_SUPERVISOR_H
#define SUPERVISOR_SUPERVISOR_H

#include "supervisor/spec.h"
#include "wire/lifeline.h"

/*
 * Children: what was asked for, what state each is in, orders out and facts in. It starts
 * no process itself; io/child_driver does what the orders say and reports what happened.
 */
struct supervisor;

enum child_state {
	CHILD_STARTING,		/* spawned, not READY yet */
	CHILD_READY,
	CHILD_STOPPING,		/* told to quit */
	CHILD_ENDED,
};

struct child_end {
	bool heard, released;	/* others said that it is gone; it goes on without us */
	bool expected;		/* we asked it to leave */
	bool forced;		/* it did not leave in time and was killed by us */
	int status, signal;	/* the exit status, or the signal that ended it and 0 */
	uint64_t at_ns;
};

struct child_row {
	unsigned id;
	struct child_spec spec;
	enum child_state state;
	int pid; /* 0 while not spawned and after its end was collected */
	uint64_t started_ns, ready_ns, heartbeat_ns;
	struct lifeline_ready ready;	/* once READY */
	char failure[LIFELINE_TEXT_CAP];	/* its last FAILED text, or "" */
	uint32_t loop_lag_ms;
	struct child_end end;		/* once ENDED */
	/* Its last answer to ASK, or NULL; owned here. */
	const struct lifeline_view *view;
	uint64_t view_ns;		/* when that answer came */
	const struct span_set *spans;	/* its boot so far, or NULL; owned here */
	uint64_t spans_ns;		/* when they came */
	uint64_t asked_ns;		/* when the last question went out; 0 never */
	/* Its last words on what it was told to send; number 0: none. supervisor_sent. */
	struct letter_report *sent;
	size_t sent_next;
	const struct fault_status *faults; /* its last word on faults, or NULL; ours */
	uint64_t faults_ns;		/* when that came */
	/*
	 * How long its loop had been standing still when its watchdog last spoke, or
	 * CHILD_SILENT when nothing at all comes from it (SIGSTOP); 0: it turns.
	 */
	uint32_t stalled_ms;
};

struct supervisor_order {
	enum supervisor_order_kind { ORDER_SPAWN, ORDER_SEND, ORDER_SIGNAL } kind;
	unsigned child;
	struct child_spec spec;		/* SPAWN */
	struct lifeline_record record;	/* SEND */
	int signal;			/* SIGNAL */
};

/*
 * limit: children alive at once, CHILDREN_MAX unless told. supervisor_free accepts NULL
 * and gives no orders: the driver ends what still runs.
 */
struct supervisor *supervisor_new(size_t limit);
void supervisor_free(struct supervisor *s);
void supervisor_count_from(struct supervisor *s, unsigned id); /* ids are above it */

/* ERR_LIMIT: the pool is full. *child is its number for all that follows, from 1 up. */
int supervisor_start(struct supervisor *s, const struct child_spec *spec, uint64_t now_ns,
	unsigned *child);
/*
 * QUIT over the lifeline, SIGTERM after 2 s, SIGKILL after 4 s; without a lifeline
 * SIGTERM at once. ERR_UNKNOWN; ERR_STATE when it is stopping already or has ended.
 */
int supervisor_stop(struct supervisor *s, unsigned child, uint64_t now_ns);
void supervisor_stop_all(struct supervisor *s, uint64_t now_ns);
/*
 * Asks for a VIEW; the number of the question is in the answer. Questions to one child
 * count 1, 2, 3. ERR_UNKNOWN; ERR_STATE unless it is READY.
 */
int supervisor_ask(struct supervisor *s, unsigned child, uint64_t now_ns, uint64_t *ask);
/* The same of a child that is to look after these peers, LIFELINE_PROBES_MAX at most. */
int supervisor_ask_about(struct supervisor *s, unsigned child,
	const struct peer_id *probes, size_t count, uint64_t now_ns, uint64_t *ask);

/*
 * A fault order (wire/fault.h); the answer is a fault_status with its nonce in the row.
 * The order is copied. ERR_UNKNOWN; ERR_STATE unless it is READY.
 */
int supervisor_fault(struct supervisor *s, unsigned child, const struct fault_order *o);
/* SIGKILL, as from outside: its end is not expected. ERR_UNKNOWN, ERR_STATE. */
int supervisor_kill(struct supervisor *s, unsigned child);

/*
 * Messages; several orders may be under way, each with its own number. ERR_UNKNOWN;
 * ERR_STATE.
 */
int supervisor_send(struct supervisor *s, unsigned child, const struct letter_order *o);
/* What came of it: of the last CHILD_SENT_MAX of a child, or NULL. */
const struct letter_report *supervisor_sent(const struct child_row *r, uint64_t number);

/*
 * A child whose loop stands still for so long is ended by SIGKILL and started anew with
 * the same specification. NEVER, the default: they are left alone.
 */
void supervisor_set_patience(struct supervisor *s, uint64_t patience_ns);

/* Facts from the driver. */
void supervisor_spawned(struct supervisor *s, unsigned child, int pid, uint64_t now_ns);
void supervisor_spawn_failed(struct supervisor *s, unsigned child, const char *why,
	uint64_t now_ns);
/* Takes over what the record owns. */
void supervisor_record(struct supervisor *s, unsigned child, struct lifeline_record *r,
	uint64_t now_ns);
/*
 * No word can come any more and none can be sent: a child that has not ended by itself 2
 * s later gets SIGTERM, then SIGKILL, for nobody else would end it.
 */
void supervisor_lifeline_closed(struct supervisor *s, unsigned child, uint64_t now_ns);
void supervisor_exited(struct supervisor *s, unsigned child, int status, int signal,
	uint64_t now_ns);
/* One that we did not start is gone, others say; `why` NULL: it is let go and stays. */
void supervisor_lost(
	struct supervisor *s, unsigned child, const char *why, uint64_t now_ns);

uint64_t supervisor_deadline(const struct supervisor *s);
void supervisor_tick(struct supervisor *s, uint64_t now_ns);
bool supervisor_next_order(struct supervisor *s, struct supervisor_order *o);

/*
 * Rows in order of starting; ended children stay until supervisor_forget, or until
 * CHILDREN_ROWS_MAX rows are kept, when the oldest ended one makes room. Pointers live
 * until the next start or forget.
 */
size_t supervisor_count(const struct supervisor *s);
size_t supervisor_alive(const struct supervisor *s);
const struct child_row *supervisor_at(const struct supervisor *s, size_t i);
const struct child_row *supervisor_find(const struct supervisor *s, unsigned child);
void supervisor_forget(struct supervisor *s, unsigned child);	/* ENDED ones only */

/* "exited with status 70", "ended by signal 9 (SIGKILL)"; ", forced" by our kill. */
#define CHILD_END_TEXT_CAP 64
char *child_end_text(const struct child_end *e, char *to, size_t cap);

#endif
