/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "app/options_help.h"
#include "app/query_mode.h"
#include "base/err.h"

#define ID "8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394"
#define ARGS_MAX 40

/* Words of a command line, split at spaces; texts in o point into *line. */
static int
parse(struct options *o, char *line, const char *text, char why[static OPTIONS_WHY_CAP])
{
	char *argv[ARGS_MAX + 1] = { (char *)(uintptr_t) "meshtui" }, *save = NULL;
	int argc = 1;

	snprintf(line, 400, "%s", text);
	for (char *word = strtok_r(line, " ", &save); word != NULL;
		word = strtok_r(NULL, " ", &save)) {
		assert_in_range(argc, 1, ARGS_MAX - 1);
		argv[argc++] = word;
	}
	return options_parse(o, argc, argv, why);
}

/* Each mode's ordinary line is understood. */
static void
modes_are_understood(void **state)
{
	static const struct {
		const char *line;
		enum options_mode mode;
	} rows[] = {
		{ "--node broker --mesh mesh2", MODE_NODE },
		{ "--observe", MODE_OBSERVE },
		{ "--observe --mesh a --mesh b --bootstrap", MODE_OBSERVE },
		{ "--run file --report json:out", MODE_RUN },
		{ "--check file", MODE_CHECK },
		{ "--list nodes --json --of x", MODE_LIST },
		{ "--list links", MODE_LIST },
		{ "--list events --follow --json", MODE_LIST },
		{ "--status --json", MODE_STATUS },
		{ "--health", MODE_HEALTH },
		{ "--make-key", MODE_MAKE_KEY },
		{ "--help", MODE_HELP },
		{ "--node broker --help --nonsense", MODE_HELP },
		{ "--version", MODE_VERSION },
	};
	char line[400], why[OPTIONS_WHY_CAP];
	struct options o;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (parse(&o, line, rows[i].line, why) != 0)
			fail_msg("%s: %s", rows[i].line, why);
		assert_int_equal(o.mode, rows[i].mode);
	}
}

/* Values arrive where they belong, and what is not given has its default. */
static void
values_are_taken(void **state)
{
	char line[400], why[OPTIONS_WHY_CAP], text[ADDRESS_TEXT_CAP];
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, line, "--node broker --mesh mesh2", why), 0);
	assert_string_equal(o.type, "broker");
	assert_string_equal(o.meshes[0], "mesh2");
	assert_int_equal(o.bind_count, 1);
	assert_string_equal(address_format(text, &o.bind[0]), "127.0.0.1:0");
	assert_int_equal(o.lifeline_fd, -1);
	assert_int_equal(o.log_level, LOG_INFO);
	assert_int_equal(parse(&o, line,
				 "--node b --mesh m --bind 127.0.0.1:4000 --bind "
				 "[::1]:4001 --seed " ID "@127.0.0.1:9 --seed " ID
				 "@[::1]:8 --data-dir d --lifeline 3 --log-level "
				 "debug --log-format json --key k",
				 why),
		0);
	assert_int_equal(o.bind_count, 2);
	assert_string_equal(address_format(text, &o.bind[1]), "[::1]:4001");
	assert_int_equal(o.seed_count, 2);
	assert_int_equal(o.seeds[1].address.port, 8);
	assert_string_equal(o.data_dir, "d");
	assert_string_equal(o.key_path, "k");
	assert_int_equal(o.lifeline_fd, 3);
	assert_int_equal(o.log_level, LOG_DEBUG);
	assert_int_equal(o.log_format, LOG_JSON);
	assert_int_equal(parse(&o, line, "--run f --report json:a/b", why), 0);
	assert_string_equal(o.file, "f");
	assert_int_equal(o.report_count, 1);
	assert_string_equal(o.reports[0], "json:a/b");
}

/* What is wrong is refused with its exit status and the words that help. */
static void
mistakes_are_explained(void **state)
{
	static const struct {
		const char *line;
		int status;
		const char *part;
	} rows[] = {
		{ "", 64, "--node" },
		{ "--node broker", 64, "--mesh" },
		{ "--node", 64, "needs an argument: --node TYPE" },
		{ "--node Broker --mesh m", 64, "a-z" },
		{ "--node b --mesh -m", 64, "a-z" },
		{ "--node b --mesh m --mesh n", 64, "one mesh" },
		{ "--nod b --msh m", 64, "did you mean --mesh" },
		{ "--observ3", 64, "did you mean --observe" },
		{ "--zzzzzzzz", 64, "see --help" },
		{ "-n", 64, "all options are long" },
		{ "--observe=1", 64, "takes no argument" },
		{ "--observe stray", 64, "stray is not an option" },
		{ "--observe --node b --mesh m", 64, "cannot be used together" },
		{ "--health --mesh m", 64, "--mesh means nothing with --health" },
		{ "--observe --data-dir x", 64, "means nothing with --observe" },
		{ "--node b --mesh m --key a --key b", 64, "--key was given twice" },
		{ "--run a --run b", 64, "--run was given twice" },
		{ "--node b --node c --mesh m", 64, "--node was given twice" },
		{ "--list peers", 64, "alerts, meshes or tests" },
		{ "--list nodes --follow", 64, "--follow means nothing" },
		{ "--status --events f", 64, "--events means nothing" },
		{ "--run f --report xml:p", 64, "json:PATH" },
		{ "--run f --report json:p --report json:q", 64, "given twice" },
		{ "--run f --seed 1 --seed 2", 64, "given twice" },
		{ "--plan f --seed " ID "@127.0.0.1:1", 64, "is a number" },
		{ "--node b --mesh m --seed 7", 64, "not a number" },
		{ "--run f --seed x", 64, "a test, a number" },
		{ "--node b --mesh m --seed x", 64, "neither ID@HOST:PORT" },
		{ "--test sham --repeat 0", 64, "1 to 1000" },
		{ "--plan f --repeat 2", 64, "means nothing with --plan" },
		{ "--observe --log-level loud", 64, "--log-level loud" },
		{ "--observe --log-format xml", 64, "--log-format xml" },
		{ "--node b --mesh m --lifeline 2", 64, "--lifeline" },
		{ "--node b --mesh m --bind localhost:1", 64, "numeric" },
		{ "--node b --mesh m --bind 127.0.0.1:1 --bind 127.0.0.1:2", 64,
			"one address for each" },
		{ "--node b --mesh m --seed abc@127.0.0.1:1", 64, "--seed abc@" },
		{ "--node b --mesh m --seed " ID, 64, "--seed" },
		{ "--node b --mesh m --seed " ID "@127.0.0.1", 64, "--seed" },
		{ "--node b --mesh m --bind 0.0.0.0:0", 78, "--key" },
		{ "--node b --mesh m --bind [::]:0", 78, "--open" },
		{ "--observe --bind 192.0.2.1:0", 78, "192.0.2.1:0" },
	};
	char line[400], why[OPTIONS_WHY_CAP];
	struct options o;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int status = parse(&o, line, rows[i].line, why);

		if (status != rows[i].status || strstr(why, rows[i].part) == NULL)
			fail_msg("%s: %d, %s", rows[i].line, status, why);
	}
}

/* Control: the same addresses are taken with a key, or when it is wanted open. */
static void
reachable_addresses_need_a_word(void **state)
{
	static const char *const lines[] = {
		"--node b --mesh m --bind 0.0.0.0:0 --key k",
		"--node b --mesh m --bind 0.0.0.0:0 --open",
		"--node b --mesh m --bind [::]:0 --bind 0.0.0.0:0 --open",
		"--node b --mesh m --bind 127.0.0.2:0",
	};
	char line[400], why[OPTIONS_WHY_CAP];
	struct options o;

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		assert_int_equal(parse(&o, line, lines[i], why), 0);
}

static char *
help_text(void)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	options_help_print(f);
	fclose(f);
	return text;
}

/* The summary, which is all that a wrong command line shows, has every mode. */
static void
usage_has_every_mode(void **state)
{
	char text[2000] = "", wanted[100];
	FILE *f = fmemopen(text, sizeof text, "w");

	(void)state;
	assert_non_null(f);
	options_help_usage(f);
	fclose(f);
	for (size_t i = 0; i < options_count(); i++) {
		const struct option_row *r = options_at(i);

		snprintf(wanted, sizeof wanted, " --%s", r->name);
		if (r->mode && strstr(text, wanted) == NULL)
			fail_msg("the usage and --%s", r->name);
	}
}

/* --help has every option but the hidden ones, within 80 columns. */
static void
help_is_complete(void **state)
{
	char *text = help_text(), wanted[100];
	size_t column = 0;

	(void)state;
	for (size_t i = 0; i < options_count(); i++) {
		const struct option_row *r = options_at(i);

		snprintf(wanted, sizeof wanted, "\n  --%s%s%s", r->name,
			r->argument != NULL ? " " : "",
			r->argument != NULL ? r->argument : "");
		if ((strstr(text, wanted) == NULL) != r->hidden)
			fail_msg("--help and --%s", r->name);
	}
	for (const char *c = text; *c != '\0'; c++) {
		column = *c == '\n' ? 0 : column + 1;
		assert_in_range(column, 0, 80);
	}
	free(text);
}

static char *
manual_text(void)
{
	const char *dir = getenv("SRCDIR");
	char path[600], *text = calloc(1, 1 << 16);
	FILE *f;

	snprintf(path, sizeof path, "%s/man/meshtui.1", dir != NULL ? dir : ".");
	f = fopen(path, "r");
	if (f == NULL)
		fail_msg("cannot read %s", path);
	assert_in_range(fread(text, 1, (1 << 16) - 1, f), 1000, (1 << 16) - 2);
	fclose(f);
	return text;
}

/* The manual describes every option with its argument, but the hidden ones. */
static void
manual_has_every_option(void **state)
{
	char *text = manual_text(), wanted[100];

	(void)state;
	for (size_t i = 0; i < options_count(); i++) {
		const struct option_row *r = options_at(i);

		snprintf(wanted, sizeof wanted, "\n.It Fl -%s%s%s\n", r->name,
			r->argument != NULL ? " Ar " : "",
			r->argument != NULL ? r->argument : "");
		if ((strstr(text, wanted) == NULL) != r->hidden)
			fail_msg("manual and --%s", r->name);
	}
	free(text);
}

/* The manual names no option that there is not. */
static void
manual_has_no_other_option(void **state)
{
	char *text = manual_text(), name[64];

	(void)state;
	for (char *at = text; (at = strstr(at, "Fl -")) != NULL;) {
		size_t len;
		bool known = false;

		at += 4;
		len = strcspn(at, " \n");
		snprintf(name, sizeof name, "%.*s", (int)len, at);
		for (size_t i = 0; i < options_count(); i++)
			known |= strcmp(options_at(i)->name, name) == 0;
		if (!known)
			fail_msg("the manual has --%s", name);
	}
	free(text);
}

/* A node is found by its whole name, or by a part that only it has. */
static void
nodes_are_picked(void **state)
{
	static const char *const names[] = { "m.broker.111111", "m.broker.222222",
		"m.sensor.333333", "sensor" };

	(void)state;
	assert_int_equal(query_mode_pick(names, 4, "m.broker.222222"), 1);
	assert_int_equal(query_mode_pick(names, 4, "3333"), 2);
	assert_int_equal(query_mode_pick(names, 4, "sensor"), 3);
	assert_int_equal(query_mode_pick(names, 4, "broker"), ERR_ARGUMENT);
	assert_int_equal(query_mode_pick(names, 4, "gateway"), ERR_UNKNOWN);
	assert_int_equal(query_mode_pick(names, 4, NULL), ERR_ARGUMENT);
	assert_int_equal(query_mode_pick(names, 1, NULL), 0);
	assert_int_equal(query_mode_pick(names, 0, NULL), ERR_UNKNOWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modes_are_understood),
		cmocka_unit_test(values_are_taken),
		cmocka_unit_test(mistakes_are_explained),
		cmocka_unit_test(reachable_addresses_need_a_word),
		cmocka_unit_test(usage_has_every_mode),
		cmocka_unit_test(help_is_complete),
		cmocka_unit_test(manual_has_every_option),
		cmocka_unit_test(manual_has_no_other_option),
		cmocka_unit_test(nodes_are_picked),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
