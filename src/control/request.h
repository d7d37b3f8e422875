/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_REQUEST_H
#define CONTROL_REQUEST_H

#include <stddef.h>

/*
 * One request: {"version":1,"verb":"list","what":"nodes"} on one line. The verbs are in
 * verbs.def.
 */
enum control_verb {
#define VERB(name, verb, what, help) CONTROL_##name,
#include "control/verbs.def"
#undef VERB
	CONTROL_VERBS
};

#define CONTROL_VERSION 1
#define CONTROL_WHY_CAP 200

const char *control_request_verb(enum control_verb verb);	/* "list" */
const char *control_request_what(enum control_verb verb);	/* "nodes", or "" */
const char *control_request_help(enum control_verb verb);

/* The line of a verb, without newline; static. */
const char *control_request_line(enum control_verb verb);

/*
 * From the words of a command line, "list nodes" or "status". ERR_UNKNOWN, ERR_ARGUMENT;
 * `why` is a text for a person, printable whatever the words were.
 */
int control_request_words(enum control_verb *verb, const char *const *words, size_t count,
	char why[static CONTROL_WHY_CAP]);
/* From a line. Also ERR_MALFORMED (no such JSON) and ERR_LIMIT (too long). */
int control_request_parse(enum control_verb *verb, const char *line, size_t len,
	char why[static CONTROL_WHY_CAP]);

#endif
