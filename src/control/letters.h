/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_LETTERS_H
#define CONTROL_LETTERS_H

#include <jansson.h>

#include "control/request.h"
#include "mesh/letters.h"

/*
 * The verbs with arguments, which are answered when it is over:
 * {"version":1,"verb":"resolve","name":"mesh2.broker","all":true} and
 * {"version":1,"verb":"send","name":"mesh2.broker","kind":"order","data":"68656c6c6f",
 * "count":10,"every_us":20000}; data is hex. Only the name is needed. echo takes what
 * send does, but for the kind (control/echoes.h has its answer).
 */
struct control_letters {
	enum control_verb verb;	/* CONTROL_RESOLVE, CONTROL_SEND or CONTROL_ECHO */
	char name[NAME_LEN_MAX + 1];
	char kind[LABEL_LEN_MAX + 1];	/* "message" unless told */
	bool all;
	struct buf data;		/* owned */
	uint64_t count, every_us;
};
void control_letters_fini(struct control_letters *l);

/* Whether a request with this verb may have this key. */
bool control_letters_is_key(const char *verb, const char *key);
/* The line, without newline, from malloc. */
char *control_letters_line(const struct control_letters *l);
/*
 * ERR_UNKNOWN: it is another verb, or no request at all. ERR_ARGUMENT: it is one of
 * these, and `why` says what is wrong with it. Else *l is to be freed with fini.
 */
int control_letters_parse(struct control_letters *l, const char *line, size_t len,
	char why[static CONTROL_WHY_CAP]);

/*
 * Answers, from malloc. {"version":1,"resolved":{"name":"...","status":"done","text":
 * "...","why":"","took_ms":1.2,"nodes":[{"name":..,"id":..,"mesh":..,"type":..,
 * "addresses":[..],"age_ms":..}]}} and {"version":1,"sent":{"name":..,"status":..,
 * "text":..,"why":..,"count":..,"acked":..,"failed":..,"retries":..,"receiver":..,
 * "rtt_ms":{"min":..,"mean":..,"max":..},"took_ms":..,"trace_id":".."}}. The statuses are
 * those of wire/delivery.def.
 */
char *control_letters_resolved(
	const char *name, const struct resolved *r, uint64_t took_ns);
char *control_letters_sent(const struct sending_report *r);
char *control_letters_error(const char *why);

/* As text for people; false: it is neither. *status: the exit status. */
bool control_letters_print(struct buf *to, const json_t *answer, int *status);
/* The exit status of what has a delivery's name as "status"; 1 when that is unknown. */
int control_letters_exit(const json_t *o);

#endif
