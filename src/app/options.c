/* SPDX-License-Identifier: MIT */
#include "app/options.h"

#include <assert.h>
#include <getopt.h>
#include <string.h>

#include "app/option_values.h"
#include "base/text.h"

#define IN(mode) (1u << MODE_##mode)
enum { MODE = 1, REPEAT = 2, HIDDEN = 4 };

static const struct option_row rows[] = {
#define OPTION(id, name, argument, modes, flags, help)                                   \
	{name, argument, help, modes, ((flags)&HIDDEN) != 0, ((flags)&REPEAT) != 0,      \
		((flags)&MODE) != 0},
#include "app/options.def"
#undef OPTION
};

/* Where getopt's values begin: above every character. */
#define VALUE_BASE 256

static const char *const mode_texts[MODE_COUNT] = {
	[MODE_NODE] = "--node",
	[MODE_OBSERVE] = "--observe",
	[MODE_RUN] = "--run",
	[MODE_CHECK] = "--check",
	[MODE_PLAN] = "--plan",
	[MODE_TEST] = "--test",
	[MODE_VERIFY] = "--verify",
	[MODE_PRINT] = "--print",
	[MODE_LIST] = "--list",
	[MODE_SEND] = "--send",
	[MODE_RESOLVE] = "--resolve",
	[MODE_ECHO] = "--echo",
	[MODE_STATUS] = "--status",
	[MODE_HEALTH] = "--health",
	[MODE_ORDER] = "--order",
	[MODE_MAKE_KEY] = "--make-key",
	[MODE_HELP] = "--help",
	[MODE_VERSION] = "--version",
};

size_t
options_count(void)
{
	return OPTION_COUNT;
}

const struct option_row *
options_at(size_t i)
{
	assert(i < OPTION_COUNT);
	return &rows[i];
}

const char *
options_mode_text(enum options_mode m)
{
	return m < MODE_COUNT && mode_texts[m] != NULL ? mode_texts[m] : "";
}

static int
set_mode(struct options *o, enum options_mode mode, char why[static OPTIONS_WHY_CAP])
{
	/*
	 * Help wins over everything, so that it can be asked for in the middle of a line.
	 */
	if (o->mode == MODE_HELP || mode == MODE_HELP) {
		o->mode = MODE_HELP;
		return 0;
	}
	if (o->mode != MODE_NONE && o->mode != mode)
		return option_values_refuse(why, EXIT_USAGE,
			"%s and %s cannot be used together", mode_texts[o->mode],
			mode_texts[mode]);
	o->mode = mode;
	return 0;
}

static int
explain_unknown(const char *given, char why[static OPTIONS_WHY_CAP])
{
	const char *names[OPTION_COUNT], *closest;
	char word[64];
	size_t count = 0;

	if (given == NULL || strncmp(given, "--", 2) != 0)
		return option_values_refuse(why, EXIT_USAGE,
			"unknown option %.60s; all options are long, see "
			"--help",
			given != NULL ? given : "");
	snprintf(word, sizeof word, "%.*s", (int)strcspn(given + 2, "="), given + 2);
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (!rows[i].hidden)
			names[count++] = rows[i].name;
	closest = text_closest(word, names, count);
	if (closest == NULL)
		return option_values_refuse(
			why, EXIT_USAGE, "unknown option --%s; see --help", word);
	return option_values_refuse(why, EXIT_USAGE,
		"unknown option --%s, did you mean --%s?", word, closest);
}

/* What getopt complains about. `value` is '?' or ':'. */
static int
explain_getopt(int value, char **argv, char why[static OPTIONS_WHY_CAP])
{
	if (optopt >= VALUE_BASE && optopt < VALUE_BASE + OPTION_COUNT) {
		const struct option_row *r = &rows[optopt - VALUE_BASE];

		if (value == ':')
			return option_values_refuse(why, EXIT_USAGE,
				"--%s needs an argument: --%s %s", r->name, r->name,
				r->argument);
		return option_values_refuse(
			why, EXIT_USAGE, "--%s takes no argument", r->name);
	}
	return explain_unknown(argv[optind - 1], why);
}

static int
check_given(struct options *o, const unsigned given[static OPTION_COUNT],
	char why[static OPTIONS_WHY_CAP])
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (given[i] == 0)
			continue;
		/* A mode said twice is one mode; of two arguments one would be lost. */
		if (given[i] > 1 && !rows[i].repeatable &&
			(!rows[i].mode || rows[i].argument != NULL))
			return option_values_refuse(
				why, EXIT_USAGE, "--%s was given twice", rows[i].name);
		if (!(rows[i].modes & (1u << o->mode)))
			return option_values_refuse(why, EXIT_USAGE,
				"--%s means nothing with %s", rows[i].name,
				mode_texts[o->mode]);
	}
	return 0;
}

static int
check_modes(struct options *o, char why[static OPTIONS_WHY_CAP])
{
	if (o->mode == MODE_NODE && o->mesh_count == 0)
		return option_values_refuse(why, EXIT_USAGE,
			"--node %s: which mesh? Name it with --mesh", o->type);
	if (o->mode == MODE_NODE && o->mesh_count > 1)
		return option_values_refuse(why, EXIT_USAGE,
			"a node is in one mesh; --mesh was given %zu times",
			o->mesh_count);
	if (o->run_seeded && (o->mode == MODE_NODE || o->mode == MODE_OBSERVE))
		return option_values_refuse(why, EXIT_USAGE,
			"--seed with %s is ID@HOST:PORT, not a number",
			mode_texts[o->mode]);
	if (o->seed_count + o->named_seed_count > 0 &&
		(o->mode == MODE_PLAN || o->mode == MODE_TEST))
		return option_values_refuse(why, EXIT_USAGE,
			"--seed with %s is a number, the seed of its choices",
			mode_texts[o->mode]);
	if (o->mode == MODE_LIST && o->of != NULL && strcmp(o->what, "tests") == 0)
		return option_values_refuse(why, EXIT_USAGE,
			"--of means nothing with --list tests");
	if (o->follow && strcmp(o->what, "events") != 0)
		return option_values_refuse(why, EXIT_USAGE,
			"--follow means nothing with --list %s", o->what);
	if (o->mode != MODE_NODE && o->mode != MODE_OBSERVE && o->mode != MODE_ORDER &&
		o->mode != MODE_RUN)
		return 0;
	/* A run has an address of its own only where its file says attach. */
	if (o->bind_count == 0 && o->mode != MODE_RUN) {
		o->bind_count = 1;
		address_parse(&o->bind[0], "127.0.0.1:0");
	}
	for (size_t i = 0; i < o->bind_count; i++) {
		char text[ADDRESS_TEXT_CAP];

		if (address_is_loopback(&o->bind[i]) || o->key_path != NULL || o->open)
			continue;
		return option_values_refuse(why, EXIT_CONFIG,
			"--bind %s can be reached from other machines, and "
			"without a fabric key anybody there could join; give --key FILE "
			"(make "
			"one with --make-key), or --open if that is what you want",
			address_format(text, &o->bind[i]));
	}
	return 0;
}

int
options_parse(struct options *o, int argc, char **argv, char why[static OPTIONS_WHY_CAP])
{
	struct option longs[OPTION_COUNT + 1];
	unsigned given[OPTION_COUNT] = {0};
	int value, status = 0;

	memset(o, 0, sizeof *o);
	memset(longs, 0, sizeof longs);
	why[0] = '\0';
	o->lifeline_fd = -1;
	o->pool = CHILDREN_MAX;
	o->count = 1;
	o->repeat = 1;
	o->log_level = LOG_INFO;
	for (int i = 0; i < OPTION_COUNT; i++)
		longs[i] = (struct option){rows[i].name,
			rows[i].argument != NULL ? required_argument : no_argument, NULL,
			VALUE_BASE + i};
	opterr = 0;
	optind = 0; /* glibc: begin anew, also for a second call */
	while (status == 0 && (value = getopt_long(argc, argv, ":", longs, NULL)) != -1) {
		int id = value - VALUE_BASE;

		if (id < 0)
			return o->mode == MODE_HELP ? 0
						    : explain_getopt(value, argv, why);
		given[id]++;
		for (unsigned m = 1; m < MODE_COUNT && rows[id].mode && status == 0; m++)
			if (rows[id].modes == 1u << m)
				status = set_mode(o, (enum options_mode)m, why);
		if (status == 0)
			status = option_values_take(o, (enum option_id)id, optarg, why);
	}
	if (o->mode == MODE_HELP)
		return 0;
	if (status == 0 && optind < argc)
		status = option_values_refuse(why, EXIT_USAGE,
			"%.80s is not an option; see --help", argv[optind]);
	if (status == 0 && o->mode == MODE_NONE)
		status = option_values_refuse(why, EXIT_USAGE,
			"what shall it do? Give --node, --observe, --run or "
			"another mode");
	if (status == 0)
		status = check_given(o, given, why);
	return status == 0 ? check_modes(o, why) : status;
}
