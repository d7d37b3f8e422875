/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "app/check_mode.h"
#include "app/doc_mode.h"
#include "app/node_mode.h"
#include "app/observe_mode.h"
#include "app/options_help.h"
#include "app/order_mode.h"
#include "app/query_mode.h"
#include "app/file_run.h"
#include "app/test_mode.h"
#include "base/text.h"

static int
run(const struct options *o)
{
	switch (o->mode) {
	case MODE_NODE:
		return node_mode(o);
	case MODE_LIST:
		/* The named tests are part of the program: nobody has to be asked. */
		return strcmp(o->what, "tests") == 0 ? test_mode_list(o) : query_mode(o);
	case MODE_STATUS:
	case MODE_SEND:
	case MODE_RESOLVE:
	case MODE_ECHO:
	case MODE_HEALTH:
		return query_mode(o);
	case MODE_ORDER:
		return order_mode(o);
	case MODE_MAKE_KEY:
	case MODE_HELP:
	case MODE_VERSION:
	case MODE_PRINT:
		return doc_mode(o);
	case MODE_OBSERVE:
		return observe_mode(o);
	case MODE_RUN:
		return file_run(o);
	case MODE_CHECK:
	case MODE_PLAN:
	case MODE_VERIFY:
		return check_mode(o);
	case MODE_TEST:
		return test_mode(o);
	case MODE_NONE:
	case MODE_COUNT:
		break;
	}
	return EXIT_INTERNAL;
}

/*
 * Started without 0, 1 or 2, the next file would get the number, and the log would be
 * written into a socket or the lock of a data directory. What stands there instead takes
 * and gives nothing, so that output that is lost is still an error. False: no descriptor
 * is free.
 */
static bool
hold_standard_descriptors(void)
{
	int fd;

	do {
		fd = open("/", O_PATH | O_DIRECTORY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Text that did not reach its file is a failure, whatever else went well. */
static int
end(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fputs("meshtui: cannot write to standard output\n", stderr);
	return EXIT_IO;
}

int
main(int argc, char **argv)
{
	char why[OPTIONS_WHY_CAP], shown[OPTIONS_WHY_CAP];
	struct options o;
	int status;

	if (!hold_standard_descriptors()) {
		fputs("meshtui: no descriptor is free; raise the limit (ulimit -n)\n",
			stderr);
		return EXIT_UNAVAILABLE;
	}
	status = options_parse(&o, argc, argv, why);
	if (status != 0) {
		/* It quotes the arguments, and those may come from elsewhere. */
		text_printable(shown, sizeof shown, why, strlen(why));
		fprintf(stderr, "meshtui: %s\n", shown);
		if (argc < 2)
			options_help_usage(stderr);
		return status;
	}
	if (sodium_init() < 0) {
		fputs("meshtui: libsodium cannot start\n", stderr);
		return EXIT_INTERNAL;
	}
	/* What runs on outlives who reads its log; `--list | head` may end by it. */
	if (o.mode == MODE_NODE || o.mode == MODE_OBSERVE || o.mode == MODE_RUN ||
		o.mode == MODE_TEST)
		signal(SIGPIPE, SIG_IGN);
	return end(run(&o));
}
