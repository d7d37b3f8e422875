/* SPDX-License-Identifier: MIT */
#include "control/request.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/text.h"
#include "control/letters.h"

#define WORD_CAP 64	/* of a wrong word, as it is repeated to the person */

static const struct {
	const char *verb, *what, *help, *line;
} verbs[CONTROL_VERBS] = {
#define VERB(name, verb_, what_, help_) [CONTROL_##name] = { \
	.verb = verb_, .what = what_, .help = help_, \
	.line = sizeof what_ > 1 \
		? "{\"version\":1,\"verb\":\"" verb_ "\",\"what\":\"" what_ "\"}" \
		: "{\"version\":1,\"verb\":\"" verb_ "\"}" },
#include "control/verbs.def"
#undef VERB
};

const char *
control_request_verb(enum control_verb verb)
{
	return verbs[verb].verb;
}

const char *
control_request_what(enum control_verb verb)
{
	return verbs[verb].what;
}

const char *
control_request_help(enum control_verb verb)
{
	return verbs[verb].help;
}

const char *
control_request_line(enum control_verb verb)
{
	return verbs[verb].line;
}

/* "unknown verb 'lst', did you mean 'list'?" */
static int
unknown(const char *kind, const char *word, const char *const *known, size_t count,
	char why[static CONTROL_WHY_CAP])
{
	const char *closest = text_closest(word, known, count);
	char shown[WORD_CAP];

	text_printable(shown, sizeof shown, word, strlen(word));
	if (closest)
		snprintf(why, CONTROL_WHY_CAP, "unknown %s '%s', did you mean '%s'?",
			kind, shown, closest);
	else
		snprintf(why, CONTROL_WHY_CAP, "unknown %s '%s'", kind, shown);
	return ERR_UNKNOWN;
}

static int
find(enum control_verb *found, const char *verb, const char *what,
	char why[static CONTROL_WHY_CAP])
{
	const char *known[CONTROL_VERBS], *whats[CONTROL_VERBS];
	size_t what_count = 0;
	bool is_verb = false;

	for (size_t i = 0; i < CONTROL_VERBS; i++) {
		known[i] = verbs[i].verb;
		if (strcmp(verbs[i].verb, verb) != 0)
			continue;
		is_verb = true;
		if (verbs[i].what[0] != '\0')
			whats[what_count++] = verbs[i].what;
		if (strcmp(verbs[i].what, what) == 0) {
			*found = (enum control_verb)i;
			return ERR_OK;
		}
	}
	if (!is_verb)
		return unknown("verb", verb, known, CONTROL_VERBS, why);
	if (what_count == 0) {
		snprintf(why, CONTROL_WHY_CAP, "'%s' takes no argument", verb);
		return ERR_ARGUMENT;
	}
	if (what[0] == '\0') {
		snprintf(why, CONTROL_WHY_CAP,
			"'%s' needs an argument, for example '%s %s'",
			verb, verb, whats[0]);
		return ERR_ARGUMENT;
	}
	return unknown("argument", what, whats, what_count, why);
}

int
control_request_words(enum control_verb *verb, const char *const *words, size_t count,
	char why[static CONTROL_WHY_CAP])
{
	if (count == 0 || count > 2) {
		snprintf(why, CONTROL_WHY_CAP,
			"expected a verb and at most one argument");
		return ERR_ARGUMENT;
	}
	return find(verb, words[0], count > 1 ? words[1] : "", why);
}

static int
parse_object(enum control_verb *verb, json_t *object, char why[static CONTROL_WHY_CAP])
{
	static const char *const keys[] = { "version", "verb", "what" };
	json_t *version = json_object_get(object, "version");
	json_t *name = json_object_get(object, "verb");
	json_t *what = json_object_get(object, "what"), *value;
	const char *key;

	if (!json_is_object(object)) {
		snprintf(why, CONTROL_WHY_CAP, "a request is a JSON object");
		return ERR_MALFORMED;
	}
	if (!json_is_integer(version) || json_integer_value(version) != CONTROL_VERSION) {
		snprintf(why, CONTROL_WHY_CAP, "expected \"version\": %d",
			CONTROL_VERSION);
		return ERR_ARGUMENT;
	}
	json_object_foreach(object, key, value) {
		if (control_letters_is_key(json_string_value(name), key))
			continue;	/* and read there */
		if (strcmp(key, keys[0]) != 0 && strcmp(key, keys[1]) != 0
		    && strcmp(key, keys[2]) != 0)
			return unknown("key", key, keys, sizeof keys / sizeof *keys, why);
	}
	if (!json_is_string(name)) {
		snprintf(why, CONTROL_WHY_CAP, "expected \"verb\" with a text");
		return ERR_ARGUMENT;
	}
	if (what && !json_is_string(what)) {
		snprintf(why, CONTROL_WHY_CAP, "expected \"what\" with a text");
		return ERR_ARGUMENT;
	}
	return find(verb, json_string_value(name), what ? json_string_value(what) : "",
		why);
}

int
control_request_parse(enum control_verb *verb, const char *line, size_t len,
	char why[static CONTROL_WHY_CAP])
{
	char shown[WORD_CAP];
	json_error_t error;
	json_t *object;
	int err;

	if (len > CONTROL_REQUEST_LEN_MAX) {
		snprintf(why, CONTROL_WHY_CAP, "a request has at most %u bytes",
			CONTROL_REQUEST_LEN_MAX);
		return ERR_LIMIT;
	}
	object = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	if (!object) {
		text_printable(shown, sizeof shown, error.text, strlen(error.text));
		snprintf(why, CONTROL_WHY_CAP, "not JSON at byte %d: %s", error.position,
			shown);
		return ERR_MALFORMED;
	}
	err = parse_object(verb, object, why);
	json_decref(object);
	return err;
}
