/* SPDX-License-Identifier: MIT */
#include "app/doc_mode.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "app/completion.h"
#include "app/options_help.h"
#include "config.h"
#include "control/print.h"
#include "identity/admission.h"
#include "chaos/catalog.h"
#include "quic/endpoint.h"
#include "scenario/registry.h"
#include "scenario/schema.h"
#include "scenario/tree.h"
#include "tui/screen.h"

#define DOCUMENT_LEN_MAX (1u << 20)

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

static void
print_test(struct buf *to, const struct registry_test *t)
{
	char *text = registry_scenario(t);

	if (text != NULL)
		buf_put(to, text, strlen(text));
	else
		buf_format(to, "# %s runs in the process itself: %s.\n", t->name,
			t->thresholds);
	free(text);
}

static const struct {
	const char *name;
	void (*put)(struct buf *to);
} documents[] = {
	{ "scenario-schema", schema_scenario },
	{ "report-schema", schema_report },
	{ "chaos-manual", catalog_manual },
	{ "completion-bash", completion_bash },
	{ "completion-zsh", completion_zsh },
	{ "completion-fish", completion_fish },
};

const char *
doc_mode_document(size_t i)
{
	return i < sizeof documents / sizeof documents[0] ? documents[i].name : NULL;
}

static int
print_document(const char *what)
{
	const struct registry_test *t =
		strncmp(what, "test:", 5) == 0 ? registry_find(what + 5) : NULL;
	bool known = t != NULL;
	struct buf b;

	buf_init(&b, DOCUMENT_LEN_MAX);
	if (t != NULL)
		print_test(&b, t);
	for (size_t i = 0; doc_mode_document(i) != NULL; i++)
		if (strcmp(what, documents[i].name) == 0) {
			documents[i].put(&b);
			known = true;
		}
	if (known) {
		fwrite(b.data, 1, b.len, stdout);
	} else {
		fprintf(stderr, "meshtui: --print %.60s: not ", what);
		for (size_t i = 0; doc_mode_document(i) != NULL; i++)
			fprintf(stderr, "%s, ", documents[i].name);
		fputs("or test:NAME; --list tests has the names\n", stderr);
	}
	buf_fini(&b);
	return known ? 0 : EXIT_USAGE;
}

int
doc_mode(const struct options *o)
{
	if (o->mode == MODE_PRINT)
		return print_document(o->what);
	if (o->mode == MODE_HELP)
		options_help_print(stdout);
	else if (o->mode == MODE_VERSION)
		print_version();
	else
		print_key();
	return 0;
}
