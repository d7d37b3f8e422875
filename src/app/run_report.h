/* SPDX-License-Identifier: MIT */
#ifndef APP_RUN_REPORT_H
#define APP_RUN_REPORT_H

#include "app/options.h"
#include "identity/identity.h"
#include "scenario/report.h"

/* Where the report of a run goes: standard output and files. */
void run_report_print(const struct report *r);
/*
 * The files that the options and the scenario name. The exit status of the run, or
 * EXIT_IO after a line that says why.
 */
int run_report_write(
	const struct report *r, const struct options *o, const struct scenario *s);
/*
 * Of a run that goes on: beside the JSON report, as PATH.snapshot; nothing when there is
 * no such report.
 */
void run_report_snapshot(const struct report *r, const struct options *o);
/*
 * Before a run that may take hours: whether the files can be made. `s` may be NULL. And
 * that the identity can be read. 0, or EXIT_IO or EXIT_CONFIG after a line.
 */
int run_report_check(const struct options *o, const struct scenario *s);
/*
 * With whom reports are signed: *i is filled, and the caller's to wipe, when an identity
 * is named. 0, or EXIT_CONFIG after a line.
 */
int run_report_identity(const struct options *o, struct identity *i);
/* 0, or EXIT_IO after a line. A file is replaced whole; a pipe is written to. */
int run_report_file(const char *path, const struct buf *b);
int run_report_status(enum verdict v);	/* 0, 1, 2 */

#endif
