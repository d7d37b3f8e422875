/* SPDX-License-Identifier: MIT */
#ifndef APP_RUN_REPORT_H
#define APP_RUN_REPORT_H

#include "app/options.h"
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
 * Before a run that may take hours: whether the files can be made. `s` may be NULL. 0, or
 * EXIT_IO after a line that says why not.
 */
int run_report_check(const struct options *o, const struct scenario *s);
/* 0, or EXIT_IO after a line. A file is replaced whole; a pipe is written to. */
int run_report_file(const char *path, const struct buf *b);
int run_report_status(enum verdict v);	/* 0, 1, 2 */

#endif
