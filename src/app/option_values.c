/* SPDX-License-Identifier: MIT */
#include "app/option_values.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits_fabric.h"
#include "base/text.h"
#include "control/request.h"
#include "identity/identity.h"
#include "mesh/pattern.h"

static int
add_mesh(struct options *o, const char *text, char why[static OPTIONS_WHY_CAP])
{
	if (!text_is_label(text))
		return option_values_refuse(why, EXIT_USAGE,
			"--mesh %.80s: a mesh is named by 1 to %d of a-z, 0-9 "
			"and -, beginning with a letter or digit",
			text, LABEL_LEN_MAX);
	if (o->mesh_count == MESHES_MAX)
		return option_values_refuse(
			why, EXIT_USAGE, "at most %d times --mesh", MESHES_MAX);
	o->meshes[o->mesh_count++] = text;
	return 0;
}

static int
add_seed(struct options *o, const char *text, char why[static OPTIONS_WHY_CAP])
{
	char part[NAME_WHY_CAP];

	/* A run has a seed of another kind: the number that its choices follow from. */
	if (text_u64(text, UINT64_MAX, &o->run_seed) == ERR_OK) {
		if (o->run_seeded)
			return option_values_refuse(
				why, EXIT_USAGE, "--seed was given twice");
		o->run_seeded = true;
		return 0;
	}
	if (strchr(text, '@') == NULL)
		return option_values_refuse(why, EXIT_USAGE,
			"--seed %.80s: neither ID@HOST:PORT nor, for a run, a plan or a "
			"test, a number",
			text);
	if (o->seed_count + o->named_seed_count == SEEDS_MAX)
		return option_values_refuse(
			why, EXIT_USAGE, "at most %d times --seed", SEEDS_MAX);
	if (seed_parse(&o->seeds[o->seed_count], text, part) == ERR_OK)
		o->seed_count++;
	else if (seed_parse_named(
			 &o->named_seeds[o->named_seed_count], text, part) == ERR_OK)
		o->named_seed_count++;
	else
		return option_values_refuse(
			why, EXIT_USAGE, "--seed %.100s: %s", text, part);
	return 0;
}

static int
add_bind(struct options *o, const char *text, char why[static OPTIONS_WHY_CAP])
{
	struct address a;

	if (address_parse(&a, text) != ERR_OK)
		return option_values_refuse(why, EXIT_USAGE,
			"--bind %.80s: not a numeric ADDR:PORT such as "
			"127.0.0.1:4000 or [::1]:0",
			text);
	if (o->bind_count == 2 || (o->bind_count == 1 && o->bind[0].family == a.family))
		return option_values_refuse(why, EXIT_USAGE,
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
		return option_values_refuse(why, EXIT_USAGE,
			"--log-level %.40s: not error, warn, info, debug or "
			"trace",
			text);
	}
	if (strcmp(text, "text") != 0 && strcmp(text, "json") != 0)
		return option_values_refuse(
			why, EXIT_USAGE, "--log-format %.40s: not text or json", text);
	o->log_format = text[0] == 'j' ? LOG_JSON : LOG_TEXT;
	return 0;
}

static int
set_type(struct options *o, const char *text, char why[static OPTIONS_WHY_CAP])
{
	if (!text_is_label(text))
		return option_values_refuse(why, EXIT_USAGE,
			"--node %.80s: a type is named by 1 to %d of a-z, 0-9 "
			"and -, beginning with a letter or digit",
			text, LABEL_LEN_MAX);
	o->type = text;
	return 0;
}

static int
set_what(struct options *o, const char *text, char why[static OPTIONS_WHY_CAP])
{
	const char *const words[] = {"list", text};
	char part[CONTROL_WHY_CAP];
	enum control_verb verb;

	o->what = text;
	if (strcmp(text, "tests") == 0)
		return 0;	/* nobody has to be asked for those */
	if (control_request_words(&verb, words, 2, part) != ERR_OK)
		return option_values_refuse(why, EXIT_USAGE,
			"--list %.40s: not nodes, links, events, spans, alerts, meshes "
			"or tests",
			text);
	return 0;
}

static int
set_report(struct options *o, const char *text, char why[static OPTIONS_WHY_CAP])
{
	size_t len = strcspn(text, ":");

	if (text[len] != ':' || text[len + 1] == '\0' ||
		!((len == 4 && strncmp(text, "json", 4) == 0) ||
			(len == 3 && strncmp(text, "tap", 3) == 0) ||
			(len == 5 && strncmp(text, "junit", 5) == 0)))
		return option_values_refuse(why, EXIT_USAGE,
			"--report %.80s: not json:PATH, tap:PATH or junit:PATH", text);
	for (size_t i = 0; i < o->report_count; i++)
		if (strncmp(o->reports[i], text, len + 1) == 0)
			return option_values_refuse(why, EXIT_USAGE,
				"--report %.*s was given twice", (int)len, text);
	o->reports[o->report_count++] = text;
	return 0;
}

static int
set_repeat(struct options *o, const char *text, char why[static OPTIONS_WHY_CAP])
{
	uint64_t times;

	if (text_u64(text, 1000, &times) != ERR_OK || times == 0)
		return option_values_refuse(why, EXIT_USAGE,
			"--repeat %.20s: not a number from 1 to 1000", text);
	o->repeat = (unsigned)times;
	return 0;
}

static int
set_pool(struct options *o, const char *text, char why[static OPTIONS_WHY_CAP])
{
	uint64_t pool;

	if (text_u64(text, CHILDREN_POOL_MAX, &pool) != ERR_OK || pool == 0)
		return option_values_refuse(why, EXIT_USAGE,
			"--pool %.20s: not a number from 1 to %d", text,
			CHILDREN_POOL_MAX);
	o->pool = pool;
	return 0;
}

static int
add_operator(struct options *o, const char *text, char why[static OPTIONS_WHY_CAP])
{
	struct peer_id id;

	if (id_parse(&id, text) != ERR_OK || !identity_is_valid_id(&id))
		return option_values_refuse(why, EXIT_USAGE,
			"--operator %.80s: not a node id (64 hex digits); the operator "
			"sees its own with: meshtui --order id --identity FILE",
			text);
	if (o->operator_count == OPERATORS_MAX)
		return option_values_refuse(
			why, EXIT_USAGE, "at most %d times --operator", OPERATORS_MAX);
	o->operators[o->operator_count++] = id;
	return 0;
}

static int
set_name(struct options *o, const char *text, char why[static OPTIONS_WHY_CAP])
{
	char part[PATTERN_WHY_CAP];
	struct pattern p;

	if (pattern_parse(&p, text, part) != ERR_OK)
		return option_values_refuse(why, EXIT_USAGE, "%s", part);
	o->name = text;
	return 0;
}

static int
set_kind(struct options *o, const char *text, char why[static OPTIONS_WHY_CAP])
{
	if (!text_is_label(text))
		return option_values_refuse(why, EXIT_USAGE,
			"--kind %.80s: a kind is 1 to %d of a-z, 0-9 and -", text,
			LABEL_LEN_MAX);
	o->kind = text;
	return 0;
}

static int
set_count(struct options *o, const char *text, char why[static OPTIONS_WHY_CAP])
{
	if (text_u64(text, SENDING_COUNT_MAX, &o->count) == ERR_OK && o->count > 0)
		return 0;
	return option_values_refuse(why, EXIT_USAGE,
		"--count %.20s: not a number from 1 to %d", text, SENDING_COUNT_MAX);
}

static int
set_rate(struct options *o, const char *text, char why[static OPTIONS_WHY_CAP])
{
	char *end;

	o->rate = strtod(text, &end);
	if (end != text && *end == '\0' && o->rate >= 0.001 && o->rate <= 1e6)
		return 0;
	return option_values_refuse(why, EXIT_USAGE,
		"--rate %.20s: not a number of messages a second, 0.001 to 1000000",
		text);
}

static int
set_lifeline(struct options *o, const char *text, char why[static OPTIONS_WHY_CAP])
{
	uint64_t fd;

	if (text_u64(text, 1023, &fd) != ERR_OK || fd < 3)
		return option_values_refuse(why, EXIT_USAGE,
			"--lifeline %.20s: not a descriptor above 2", text);
	o->lifeline_fd = (int)fd;
	return 0;
}

int
option_values_refuse(
	char why[static OPTIONS_WHY_CAP], int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, OPTIONS_WHY_CAP, format, args);
	va_end(args);
	return status;
}

/* Those of --send and --resolve. */
static int
take_letters(struct options *o, enum option_id id, const char *arg,
	char why[static OPTIONS_WHY_CAP])
{
	switch (id) {
	case OPTION_SEND:
	case OPTION_RESOLVE:
	case OPTION_ECHO:
		return set_name(o, arg, why);
	case OPTION_KIND:
		return set_kind(o, arg, why);
	case OPTION_DATA:
		o->data = arg;
		return 0;
	case OPTION_TIMES:
		return set_count(o, arg, why);
	case OPTION_RATE:
		return set_rate(o, arg, why);
	case OPTION_ALL:
		o->all = true;
		return 0;
	default:
		return 0;
	}
}

/* Options whose text is taken as it is. */
static bool
take_text(struct options *o, enum option_id id, const char *arg)
{
	switch (id) {
	case OPTION_TEST:
	case OPTION_PRINT:
		o->what = arg;
		return true;
	case OPTION_RESUME:
		o->resume_path = arg;
		return true;
	case OPTION_RUN:
	case OPTION_CHECK:
	case OPTION_PLAN:
	case OPTION_VERIFY:
		o->file = arg;
		return true;
	case OPTION_KEY:
		o->key_path = arg;
		return true;
	case OPTION_DATA_DIR:
		o->data_dir = arg;
		return true;
	case OPTION_OF:
		o->of = arg;
		return true;
	case OPTION_EVENTS:
		o->events_path = arg;
		return true;
	default:
		return false;
	}
}

int
option_values_take(struct options *o, enum option_id id, const char *arg,
	char why[static OPTIONS_WHY_CAP])
{
	if (take_text(o, id, arg))
		return 0;
	switch (id) {
	case OPTION_NODE:
		return set_type(o, arg, why);
	case OPTION_REPEAT:
		return set_repeat(o, arg, why);
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
	case OPTION_OPEN:
		o->open = true;
		return 0;
	case OPTION_POOL:
		return set_pool(o, arg, why);
	case OPTION_REPORT:
		return set_report(o, arg, why);
	case OPTION_FOLLOW:
		o->follow = true;
		return 0;
	case OPTION_JSON:
		o->json = true;
		return 0;
	case OPTION_LOG_LEVEL:
	case OPTION_LOG_FORMAT:
		return set_log(o, id, arg, why);
	case OPTION_OPERATOR:
		return add_operator(o, arg, why);
	case OPTION_ORDER:
	case OPTION_IDENTITY:
		*(id == OPTION_ORDER ? &o->order : &o->identity_path) = arg;
		return 0;
	case OPTION_LIFELINE:
		return set_lifeline(o, arg, why);
	default:	/* modes without an argument are known by their mode */
		return take_letters(o, id, arg, why);
	}
}
