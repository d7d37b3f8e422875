/* SPDX-License-Identifier: MIT */
#ifndef SCENARIO_REPORT_H
#define SCENARIO_REPORT_H

#include <stdbool.h>

#include "base/buf.h"
#include "chaos/trial.h"
#include "scenario/scenario.h"
#include "supervisor/supervisor.h"

/*
 * What a run found out. The runner fills it; times are nanoseconds of the monotonic
 * clock, and people and files get them relative to the beginning of the run.
 */
enum verdict { VERDICT_PASS, VERDICT_FAIL, VERDICT_UNPROVEN };
const char *report_verdict_text(enum verdict v);	/* "pass", "fail", "unproven" */

#define REPORT_TEXT_CAP 320
#define REPORT_NOTES_MAX 128	/* pieces of evidence for a step; more are counted */
#define REPORT_FIGURES_MAX 24

struct report_note {
	uint64_t at_ns;
	char text[REPORT_TEXT_CAP];
};

struct report_figure {
	/* Static; ends in its unit where it has one: "slowest_answer_ms". */
	const char *name;
	uint64_t value;
};

struct report_step {
	char what[SCENARIO_STEP_TEXT_CAP];
	unsigned line;
	enum verdict verdict;
	bool reached;
	uint64_t began_ns, ended_ns;
	char reason[REPORT_TEXT_CAP];	/* why it is not a pass, or what was seen */
	struct report_note *notes;
	size_t note_count, notes_dropped;
	struct report_figure figures[REPORT_FIGURES_MAX];
	size_t figure_count;
};

/* A node as the trial of a fault had it, by its place in the scenario. */
struct report_fault_node {
	enum judge_role role;
	size_t target;		/* which one it is, or target_count */
	char name[NAME_LEN_MAX + 1];
	uint64_t saw_ns;	/* the effect; 0 never */
};

struct report_fault {
	size_t step;
	struct trial_spec spec;
	bool skipped;		/* the guards did not let it begin */
	enum judge_verdict verdict;
	enum judge_class class;
	char reason[JUDGE_TEXT_CAP];
	uint64_t began_ns, ended_ns;
	/* 0: it did not come to that. From the answers of the witnesses. */
	uint64_t injected_ns, witnessed_ns, reverted_ns, recovered_ns;
	char (*targets)[NAME_LEN_MAX + 1];
	size_t target_count, witness_count;
	struct report_fault_node *nodes;	/* NULL when it did not begin */
	size_t node_count;
	struct trial_evidence *evidence;	/* all that was judged by, in order */
	size_t evidence_count, evidence_dropped;
};

struct report_node {
	char mesh[LABEL_LEN_MAX + 1];
	char type[LABEL_LEN_MAX + 1];
	char name[NAME_LEN_MAX + 1];
	struct peer_id id;
	bool started, ready, ended;
	bool killed;	/* a fault of the run ended a process of it by SIGKILL */
	uint64_t started_ns, ready_ns, boot_us;
	struct child_end end;
	char failure[LIFELINE_TEXT_CAP];
};

/* How far a soak is: what it takes to go on with it in another run. */
struct report_soak {
	bool any;		/* there was one */
	size_t step;		/* its index */
	size_t next;		/* the fault of its schedule that is next */
	size_t begun, passed, timeouts, assertions, unproven, skipped, looks;
};

struct report {
	char scenario[LABEL_LEN_MAX + 1];
	char file[256];
	uint64_t wall_ms;		/* wall clock at the beginning */
	uint64_t began_ns, ended_ns;
	enum verdict verdict;
	struct report_step *steps;
	size_t step_count;
	struct report_node *nodes;
	size_t node_count, mesh_count;
	/* Links that both ends reported when the steps were over, between nodes. */
	struct report_edge {
		size_t a, b;
	} *edges;
	size_t edge_count;
	struct report_soak soak;	/* the last one */
	char aftermath[REPORT_TEXT_CAP];	/* of nodes of others; or "" */
	uint64_t seed;
	char plan_hash[65];
	struct report_fault *faults;
	size_t fault_count;
};

/* wall_ms and began_ns are the caller's to set; steps are made as not reached. */
void report_init(struct report *r, const struct scenario *s, const char *file);
void report_fini(struct report *r);

void report_note(struct report_step *st, uint64_t at_ns, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void report_figure(struct report_step *st, const char *name, uint64_t value);
void report_verdict(struct report_step *st, enum verdict v, uint64_t now_ns,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
/*
 * Fail when a step failed, else unproven when one is, else pass; unproven without steps
 * or nodes.
 */
void report_judge(struct report *r);

/* "3.214s", for columns and sentences. */
#define REPORT_SECONDS_CAP 24
char *report_seconds(char to[static REPORT_SECONDS_CAP], uint64_t ns);

/* For people, and one JSON document with a newline at its end. */
void report_text(const struct report *r, struct buf *to);
void report_json(const struct report *r, struct buf *to);
/* The same, signed with this key (events.h). */
void report_json_signed(
	const struct report *r, const uint8_t *secret_key, struct buf *to);
/* TAP version 14, a test for each step; JUnit XML, where unproven is an error. */
void report_tap(const struct report *r, struct buf *to);
void report_junit(const struct report *r, struct buf *to);
/* Text as XML has it in attributes, made printable. */
void report_xml(struct buf *to, const char *text);

#endif
