/* SPDX-License-Identifier: MIT */
#include <sodium.h>
#include <string.h>

#include "app/check_mode.h"
#include "app/doc_mode.h"
#include "app/node_mode.h"
#include "app/observe_mode.h"
#include "app/options_help.h"
#include "app/query_mode.h"
#include "app/run_mode.h"
#include "base/text.h"

static int
run(const struct options *o)
{
	switch (o->mode) {
	case MODE_NODE:
		return node_mode(o);
	case MODE_LIST:
	case MODE_STATUS:
	case MODE_HEALTH:
		return query_mode(o);
	case MODE_MAKE_KEY:
	case MODE_HELP:
	case MODE_VERSION:
		return doc_mode(o);
	case MODE_OBSERVE:
		return observe_mode(o);
	case MODE_RUN:
		return run_mode(o);
	case MODE_CHECK:
		return check_mode(o);
	case MODE_NONE:
	case MODE_COUNT:
		break;
	}
	return EXIT_INTERNAL;
}

int
main(int argc, char **argv)
{
	char why[OPTIONS_WHY_CAP], shown[OPTIONS_WHY_CAP];
	struct options o;
	int status;

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
	return run(&o);
}
