/* SPDX-License-Identifier: MIT */
#include "app/doc_mode.h"

#include <sodium.h>
#include <string.h>
#include <uv.h>

#include "app/options_help.h"
#include "config.h"
#include "control/print.h"
#include "identity/admission.h"
#include "quic/endpoint.h"
#include "scenario/tree.h"
#include "tui/screen.h"

static void
print_version(void)
{
	printf("meshtui %s\n%s, sodium %s, uv %s,\nncurses %s, yaml %s, jansson %s\n",
		PACKAGE_VERSION, endpoint_library_versions(), sodium_version_string(),
		uv_version_string(), screen_library_version(), tree_library_version(),
		control_print_library_version());
}

static void
print_key(void)
{
	char text[FABRIC_KEY_FILE_LEN + 1];
	struct fabric_key k;

	fabric_key_mint(&k);
	fabric_key_print(&k, text);
	fputs(text, stdout);
	sodium_memzero(text, sizeof text);
	fabric_key_wipe(&k);
}

int
doc_mode(const struct options *o)
{
	if (o->mode == MODE_HELP)
		options_help_print(stdout);
	else if (o->mode == MODE_VERSION)
		print_version();
	else
		print_key();
	return 0;
}
