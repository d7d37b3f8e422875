/* SPDX-License-Identifier: MIT */
#include "app/options_help.h"

#include <string.h>

/* Help starts at this column and wraps before the last. */
#define HELP_COLUMN 26
#define WIDTH 80

static void
print_wrapped(FILE *to, const char *text)
{
	int column = HELP_COLUMN;

	while (*text != '\0') {
		int len = (int)strcspn(text, " ");

		if (column > HELP_COLUMN && column + 1 + len > WIDTH) {
			fprintf(to, "\n%*s", HELP_COLUMN, "");
			column = HELP_COLUMN;
		} else if (column > HELP_COLUMN) {
			fputc(' ', to);
			column++;
		}
		fprintf(to, "%.*s", len, text);
		column += len;
		text += len + (text[len] == ' ');
	}
	fputc('\n', to);
}

static void
print_row(FILE *to, const struct option_row *r)
{
	char left[64];
	int len = snprintf(left, sizeof left, "  --%s%s%s", r->name,
		r->argument ? " " : "", r->argument ? r->argument : "");

	if (len >= HELP_COLUMN - 1)
		fprintf(to, "%s\n%*s", left, HELP_COLUMN, "");
	else
		fprintf(to, "%-*s", HELP_COLUMN, left);
	print_wrapped(to, r->help);
}

void
options_help_usage(FILE *to)
{
	fputs("usage: meshtui --node TYPE --mesh MESH [--seed ID@HOST:PORT]...\n"
	      "       meshtui --observe [--bootstrap]\n"
	      "       meshtui --run FILE | --check FILE | --plan FILE [--seed N]\n"
	      "       meshtui --test WHAT [--seed N] | --verify FILE | --print WHAT\n"
	      "       meshtui --list nodes|links|meshes|events|spans|alerts|tests\n"
	      "               [--of NAME] [--follow]\n"
	      "       meshtui --send NAME [--data TEXT] | --resolve NAME | --echo NAME\n"
	      "               [--of NAME]\n"
	      "       meshtui --status | --health [--of NAME]\n"
	      "       meshtui --order ORDER [--identity FILE]\n"
	      "       meshtui --make-key | --help | --version\n",
		to);
}

static void
print_modes(FILE *to, const struct option_row *r)
{
	const char *separator = "(with ";
	char text[300] = "";
	size_t at = 0;

	if (r->mode)
		return;
	for (unsigned m = 1; m < MODE_COUNT && at < sizeof text; m++) {
		if (!(r->modes & (1u << m)))
			continue;
		at += (size_t)snprintf(text + at, sizeof text - at, "%s%s", separator,
			options_mode_text((enum options_mode)m));
		separator = ", ";
	}
	if (at < sizeof text - 1)
		memcpy(text + at, ")", 2);
	fprintf(to, "%*s", HELP_COLUMN, "");
	print_wrapped(to, text);
}

void
options_help_print(FILE *to)
{
	options_help_usage(to);
	for (int mode = 1; mode >= 0; mode--) {
		fputs(mode ? "\nmodes:\n" : "\noptions:\n", to);
		for (size_t i = 0; i < options_count(); i++) {
			const struct option_row *r = options_at(i);

			if (r->hidden || r->mode != (mode == 1))
				continue;
			print_row(to, r);
			print_modes(to, r);
		}
	}
	fputs("\nExit status: 0 well (pass, healthy), 1 fail, 2 unproven, 3 to 8 not "
	      "delivered,\n"
	      "64 wrong command line, 65 bad file, 66 no such file, 69 unavailable,\n"
	      "70 internal error, 74 input or output failed, 77 not permitted,\n"
	      "78 wrong configuration. More in meshtui(1).\n",
		to);
}
