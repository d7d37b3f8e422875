/* SPDX-License-Identifier: MIT */
#include "app/send_mode.h"

#include <errno.h>
#include <string.h>

#include "app/option_values.h"
#include "control/letters.h"

/* For what a node does before it gives up: RESOLVE_DEADLINE, SEND_PATIENCE, and more. */
#define WAIT SECONDS(15)

static int
read_all(FILE *f, const char *name, struct buf *to, char why[static OPTIONS_WHY_CAP])
{
	uint8_t part[4096];
	size_t got;

	while ((got = fread(part, 1, sizeof part, f)) > 0)
		buf_put(to, part, got);
	if (ferror(f))
		return option_values_refuse(
			why, EXIT_IO, "cannot read %.100s: %s", name, strerror(errno));
	if (to->failed)
		return option_values_refuse(why, EXIT_DATA,
			"%.100s is longer than a message may be (%u bytes)", name,
			MESSAGE_BODY_LEN_MAX);
	return 0;
}

/* TEXT, @FILE, or - for what comes in. */
static int
read_data(const char *arg, struct buf *to, char why[static OPTIONS_WHY_CAP])
{
	int status;
	FILE *f;

	if (arg == NULL)
		return 0;
	if (strcmp(arg, "-") == 0)
		return read_all(stdin, "standard input", to, why);
	if (arg[0] != '@') {
		buf_put(to, arg, strlen(arg));
		return to->failed ? option_values_refuse(why, EXIT_DATA,
					    "--data is longer than a message may be (%u "
					    "bytes)",
					    MESSAGE_BODY_LEN_MAX)
				  : 0;
	}
	f = fopen(arg + 1, "re");
	if (f == NULL)
		return option_values_refuse(why, EXIT_NO_INPUT, "cannot open %.100s: %s",
			arg + 1, strerror(errno));
	status = read_all(f, arg + 1, to, why);
	fclose(f);
	return status;
}

char *
send_mode_line(const struct options *o, uint64_t *wait_ns, int *status,
	char why[static OPTIONS_WHY_CAP])
{
	struct control_letters l = { .count = o->count };
	char *line = NULL;

	l.verb = o->mode == MODE_SEND	? CONTROL_SEND
		 : o->mode == MODE_ECHO ? CONTROL_ECHO
					: CONTROL_RESOLVE;
	l.all = o->all;
	l.every_us = o->rate > 0 ? (uint64_t)(1e6 / o->rate) : 0;
	buf_init(&l.data, MESSAGE_BODY_LEN_MAX);
	snprintf(l.name, sizeof l.name, "%s", o->name);
	snprintf(l.kind, sizeof l.kind, "%s", o->kind != NULL ? o->kind : "message");
	/* Each message may take its patience; nobody waits longer than a day. */
	*wait_ns = WAIT + l.count * (l.every_us * 1000 + SEND_PATIENCE);
	if (*wait_ns > SECONDS(86400))
		*wait_ns = SECONDS(86400);
	*status = read_data(o->data, &l.data, why);
	if (*status == 0)
		line = control_letters_line(&l);
	control_letters_fini(&l);
	return line;
}
