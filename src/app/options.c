/* SPDX-License-Identifier: MIT */
#include "app/options.h"

#include <assert.h>
#include <getopt.h>
#include <stdarg.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "control/request.h"

#define IN(mode) (1u << MODE_##mode)
enum { MODE = 1, REPEAT = 2, HIDDEN = 4 };

enum option_id {
#define OPTION(id, name, argument, modes, flags, help) OPTION_##id,
#include "app/options.def"
#undef OPTION
	OPTION_COUNT
};

static const struct option_row rows[] = {
#define OPTION(id, name, argument, modes, flags, help) \
	{ name, argument, help, modes, ((flags) & HIDDEN) != 0, ((flags) & REPEAT) != 0, \
		((flags) & MODE) != 0 },
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
	[MODE_LIST] = "--list",
	[MODE_STATUS] = "--status",
	[MODE_HEALTH] = "--health",
	[MODE_MAKE_KEY] = "--make-key",
	[MODE_HELP] = "--help",
	[MODE_VERSION] = "--version",
};

static int __attribute__((format(printf, 3, 4)))
refuse(char why[static OPTIONS_WHY_CAP], int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, OPTIONS_WHY_CAP, format, args);
	va_end(args);
	return status;
}

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
		return refuse(why, EXIT_USAGE, "%s and %s cannot be used together",
			mode_texts[o->mode], mode_texts[mode]);
	o->mode = mode;
	return 0;
}

static int
add_mesh(struct options *o, const char *text, char why[static OPTIONS_WHY_CAP])
{
	if (!text_is_label(text))
		return refuse(why, EXIT_USAGE,
			"--mesh %.80s: a mesh is named by 1 to %d of a-z, 0-9 "
			"and -, beginning with a letter or digit",
			text, LABEL_LEN_MAX);
	if (o->mesh_count == MESHES_MAX)
		return refuse(why, EXIT_USAGE, "at most %d times --mesh", MESHES_MAX);
	o->meshes[o->mesh_count++] = text;
	return 0;
}

static int
add_seed(struct options *o, const char *text, char why[static OPTIONS_WHY_CAP])
{
	char part[NAME_WHY_CAP];

	if (o->seed_count == SEEDS_MAX)
		return refuse(why, EXIT_USAGE, "at most %d times --seed", SEEDS_MAX);
	if (seed_parse(&o->seeds[o->seed_count], text, part) != ERR_OK)
		return refuse(why, EXIT_USAGE, "--seed %.100s: %s", text, part);
	o->seed_count++;
	return 0;
}

static int
add_bind(struct options *o, const char *text, char why[static OPTIONS_WHY_CAP])
{
	struct address a;

	if (address_parse(&a, text) != ERR_OK)
		return refuse(why, EXIT_USAGE,
			"--bind %.80s: not a numeric ADDR:PORT such as "
			"127.0.0.1:4000 or [::1]:0",
			text);
	if (o->bind_count == 2 || (o->bind_count == 1 && o->bind[0].family == a.family))
		return refuse(why, EXIT_USAGE,
			"--bind %.80s: one address for each of IPv4 and IPv6", text);
	o->bind[o->bind_count++] = a;
	return 0;
}

static int
set_log(struct options *o, enum option_id id, const char *text,
	char why[static OPTIONS_WHY_CAP])
{
	if (id == OPTION_LOG_LEVEL) {
		if (log_level_parse(text, &o->log_level) == ERR_OK)
			return 0;
		return refuse(why, EXIT_USAGE,
			"--log-level %.40s: not error, warn, info, debug or "
			"trace",
			text);
	}
	if (strcmp(text, "text") != 0 && strcmp(text, "json") != 0)
		return refuse(
			why, EXIT_USAGE, "--log-format %.40s: not text or json", text);
	o->log_format = text[0] == 'j' ? LOG_JSON : LOG_TEXT;
	return 0;
}

static int
set_type(struct options *o, const char *text, char why[static OPTIONS_WHY_CAP])
{
	if (!text_is_label(text))
		return refuse(why, EXIT_USAGE,
			"--node %.80s: a type is named by 1 to %d of a-z, 0-9 "
			"and -, beginning with a letter or digit",
			text, LABEL_LEN_MAX);
	o->type = text;
	return 0;
}

static int
set_what(struct options *o, const char *text, char why[static OPTIONS_WHY_CAP])
{
	const char *const words[] = { "list", text };
	char part[CONTROL_WHY_CAP];
	enum control_verb verb;

	if (control_request_words(&verb, words, 2, part) != ERR_OK)
		return refuse(why, EXIT_USAGE,
			"--list %.40s: not nodes, links, events or spans", text);
	o->what = text;
	return 0;
}

static int
set_report(struct options *o, const char *text, char why[static OPTIONS_WHY_CAP])
{
	if (strncmp(text, "json:", 5) != 0 || text[5] == '\0')
		return refuse(why, EXIT_USAGE, "--report %.80s: not json:PATH", text);
	o->report_path = text + 5;
	return 0;
}

static int
set_pool(struct options *o, const char *text, char why[static OPTIONS_WHY_CAP])
{
	uint64_t pool;

	if (text_u64(text, CHILDREN_POOL_MAX, &pool) != ERR_OK || pool == 0)
		return refuse(why, EXIT_USAGE, "--pool %.20s: not a number from 1 to %d",
			text, CHILDREN_POOL_MAX);
	o->pool = pool;
	return 0;
}

static int
set_lifeline(struct options *o, const char *text, char why[static OPTIONS_WHY_CAP])
{
	uint64_t fd;

	if (text_u64(text, 1023, &fd) != ERR_OK || fd < 3)
		return refuse(why, EXIT_USAGE,
			"--lifeline %.20s: not a descriptor above 2", text);
	o->lifeline_fd = (int)fd;
	return 0;
}

static int
take(struct options *o, enum option_id id, const char *arg,
	char why[static OPTIONS_WHY_CAP])
{
	switch (id) {
	case OPTION_NODE:
		return set_type(o, arg, why);
	case OPTION_RUN:
	case OPTION_CHECK:
		o->file = arg;
		return 0;
	case OPTION_LIST:
		return set_what(o, arg, why);
	case OPTION_MESH:
		return add_mesh(o, arg, why);
	case OPTION_BOOTSTRAP:
		o->bootstrap = true;
		return 0;
	case OPTION_SEED:
		return add_seed(o, arg, why);
	case OPTION_BIND:
		return add_bind(o, arg, why);
	case OPTION_KEY:
		o->key_path = arg;
		return 0;
	case OPTION_OPEN:
		o->open = true;
		return 0;
	case OPTION_DATA_DIR:
		o->data_dir = arg;
		return 0;
	case OPTION_POOL:
		return set_pool(o, arg, why);
	case OPTION_REPORT:
		return set_report(o, arg, why);
	case OPTION_OF:
		o->of = arg;
		return 0;
	case OPTION_FOLLOW:
		o->follow = true;
		return 0;
	case OPTION_EVENTS:
		o->events_path = arg;
		return 0;
	case OPTION_JSON:
		o->json = true;
		return 0;
	case OPTION_LOG_LEVEL:
	case OPTION_LOG_FORMAT:
		return set_log(o, id, arg, why);
	case OPTION_LIFELINE:
		return set_lifeline(o, arg, why);
	case OPTION_OBSERVE:
	case OPTION_STATUS:
	case OPTION_HEALTH:
	case OPTION_MAKE_KEY:
	case OPTION_HELP:
	case OPTION_VERSION:
	case OPTION_COUNT:
		break;
	}
	return 0;
}

static int
explain_unknown(const char *given, char why[static OPTIONS_WHY_CAP])
{
	const char *names[OPTION_COUNT], *closest;
	char word[64];
	size_t count = 0;

	if (given == NULL || strncmp(given, "--", 2) != 0)
		return refuse(why, EXIT_USAGE,
			"unknown option %.60s; all options are long, see "
			"--help",
			given != NULL ? given : "");
	snprintf(word, sizeof word, "%.*s", (int)strcspn(given + 2, "="), given + 2);
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (!rows[i].hidden)
			names[count++] = rows[i].name;
	closest = text_closest(word, names, count);
	if (closest == NULL)
		return refuse(why, EXIT_USAGE, "unknown option --%s; see --help", word);
	return refuse(why, EXIT_USAGE, "unknown option --%s, did you mean --%s?", word,
		closest);
}

/* What getopt complains about. `value` is '?' or ':'. */
static int
explain_getopt(int value, char **argv, char why[static OPTIONS_WHY_CAP])
{
	if (optopt >= VALUE_BASE && optopt < VALUE_BASE + OPTION_COUNT) {
		const struct option_row *r = &rows[optopt - VALUE_BASE];

		if (value == ':')
			return refuse(why, EXIT_USAGE, "--%s needs an argument: --%s %s",
				r->name, r->name, r->argument);
		return refuse(why, EXIT_USAGE, "--%s takes no argument", r->name);
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
			return refuse(
				why, EXIT_USAGE, "--%s was given twice", rows[i].name);
		if (!(rows[i].modes & (1u << o->mode)))
			return refuse(why, EXIT_USAGE, "--%s means nothing with %s",
				rows[i].name, mode_texts[o->mode]);
	}
	return 0;
}

static int
check_modes(struct options *o, char why[static OPTIONS_WHY_CAP])
{
	if (o->mode == MODE_NODE && o->mesh_count == 0)
		return refuse(why, EXIT_USAGE,
			"--node %s: which mesh? Name it with --mesh", o->type);
	if (o->mode == MODE_NODE && o->mesh_count > 1)
		return refuse(why, EXIT_USAGE,
			"a node is in one mesh; --mesh was given %zu times",
			o->mesh_count);
	if (o->follow && strcmp(o->what, "events") != 0)
		return refuse(why, EXIT_USAGE, "--follow means nothing with --list %s",
			o->what);
	if (o->mode != MODE_NODE && o->mode != MODE_OBSERVE)
		return 0;
	if (o->bind_count == 0) {
		o->bind_count = 1;
		address_parse(&o->bind[0], "127.0.0.1:0");
	}
	for (size_t i = 0; i < o->bind_count; i++) {
		char text[ADDRESS_TEXT_CAP];

		if (address_is_loopback(&o->bind[i]) || o->key_path != NULL || o->open)
			continue;
		return refuse(why, EXIT_CONFIG,
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
	unsigned given[OPTION_COUNT] = { 0 };
	int value, status = 0;

	memset(o, 0, sizeof *o);
	memset(longs, 0, sizeof longs);
	why[0] = '\0';
	o->lifeline_fd = -1;
	o->pool = CHILDREN_MAX;
	o->log_level = LOG_INFO;
	for (int i = 0; i < OPTION_COUNT; i++)
		longs[i] = (struct option){ rows[i].name,
			rows[i].argument != NULL ? required_argument : no_argument, NULL,
			VALUE_BASE + i };
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
			status = take(o, (enum option_id)id, optarg, why);
	}
	if (o->mode == MODE_HELP)
		return 0;
	if (status == 0 && optind < argc)
		status = refuse(why, EXIT_USAGE, "%.80s is not an option; see --help",
			argv[optind]);
	if (status == 0 && o->mode == MODE_NONE)
		status = refuse(why, EXIT_USAGE,
			"what shall it do? Give --node, --observe, --run or "
			"another mode");
	if (status == 0)
		status = check_given(o, given, why);
	return status == 0 ? check_modes(o, why) : status;
}
