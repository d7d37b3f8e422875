/* SPDX-License-Identifier: MIT */
#ifndef APP_RUN_MODE_H
#define APP_RUN_MODE_H

#include "app/options.h"
#include "scenario/runner.h"

/* What a run is about: a file, or a named test. */
struct run_subject {
	/* The runner, owned by the subject; NULL after a line that says why. */
	struct runner *(*make)(void *ctx, struct supervisor *s, const char *data_root);
	int (*done)(void *ctx, const struct report *r);	/* gives the exit status */
	/* Every hour, with the report as far as it goes; may be NULL. */
	void (*snapshot)(void *ctx, const struct report *r);
	void (*free)(void *ctx);	/* the runner, before its supervisor goes */
	void *ctx;
	size_t pool;
	struct scenario *attach;	/* its nodes are of others; NULL: our own */
	const char *name;		/* for the trace */
	bool *interrupted;		/* set when a signal ended it; may be NULL */
};
/* With a loop, a supervisor and a directory of its own, until it is over. */
int run_mode_with(const struct options *o, const struct run_subject *subject);

#endif
