/* SPDX-License-Identifier: MIT */
#ifndef APP_OPTIONS_H
#define APP_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "base/log.h"
#include "identity/name.h"

/* The command line, checked as far as it can be without touching the system. */
enum options_mode {
	MODE_NONE,
	MODE_NODE,
	MODE_OBSERVE,
	MODE_RUN,
	MODE_CHECK,
	MODE_PLAN,
	MODE_TEST,
	MODE_VERIFY,
	MODE_PRINT,
	MODE_LIST,
	MODE_SEND,
	MODE_RESOLVE,
	MODE_ECHO,
	MODE_STATUS,
	MODE_HEALTH,
	MODE_ORDER,
	MODE_MAKE_KEY,
	MODE_HELP,
	MODE_VERSION,
	MODE_COUNT
};

/* Exit statuses: sysexits.h, and 0 1 2 for pass, fail, unproven. */
enum options_exit {
	EXIT_PASS = 0,
	EXIT_FAIL = 1,
	EXIT_UNPROVEN = 2,
	EXIT_USAGE = 64,
	EXIT_DATA = 65, EXIT_NO_INPUT = 66,
	EXIT_UNAVAILABLE = 69,
	EXIT_INTERNAL = 70,
	EXIT_IO = 74,
	EXIT_PERMISSION = 77,
	EXIT_CONFIG = 78,
};

#define OPTIONS_REPORTS_MAX 3

/* Texts point into argv. */
struct options {
	enum options_mode mode;
	const char *type; /* --node */
	const char *meshes[MESHES_MAX];
	size_t mesh_count;
	bool bootstrap;
	const char *file;	 /* --run, --check */
	size_t pool;		/* --pool: children alive at once */
	/* --report: "json:PATH", "tap:PATH", "junit:PATH" */
	const char *reports[OPTIONS_REPORTS_MAX];
	size_t report_count;
	/* --list: "nodes", "links", ...; --test: which; --print */
	const char *what;
	const char *resume_path;	/* --resume, or NULL */
	uint64_t run_seed;	/* --seed with a number; of the choices of a run */
	bool run_seeded;
	unsigned repeat;	/* --repeat: 1 unless told */
	const char *of;		 /* --of, or NULL */
	bool json, follow;
	const char *name;	/* --send, --resolve */
	const char *kind, *data;	/* --kind, --data, or NULL */
	uint64_t count;		/* --count */
	double rate;		/* --rate; 0: as fast as they are acknowledged */
	bool all;		/* --all */
	const char *events_path; /* --events, or NULL */
	struct seed seeds[SEEDS_MAX];
	size_t seed_count;
	struct seed_named named_seeds[SEEDS_MAX];	/* hosts to be looked up */
	size_t named_seed_count;
	struct address bind[2]; /* default 127.0.0.1:0 */
	size_t bind_count;
	const char *key_path; /* or NULL */
	bool open;
	const char *data_dir; /* or NULL */
	const char *order;		/* --order */
	const char *identity_path;	/* --identity, or NULL */
	struct peer_id operators[OPERATORS_MAX];
	size_t operator_count;
	int lifeline_fd;      /* -1 when not given */
	enum log_level log_level;
	enum log_format log_format;
};

#define OPTIONS_WHY_CAP 400

/* 0, or the exit status with a text for a person in `why`. */
int options_parse(
	struct options *o, int argc, char **argv, char why[static OPTIONS_WHY_CAP]);

/* The table: help is made from it, tests hold the manual against it. */
struct option_row {
	const char *name, *argument; /* argument NULL: takes none */
	const char *help;
	unsigned modes;		       /* bits of enum options_mode */
	bool hidden, repeatable, mode; /* mode: it starts one */
};
size_t options_count(void);
const struct option_row *options_at(size_t i);
const char *options_mode_text(enum options_mode m); /* "--node" */

#endif
