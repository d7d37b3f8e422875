/* SPDX-License-Identifier: MIT */
#include "app/option_words.h"

#include <string.h>

#include "app/doc_mode.h"
#include "scenario/registry.h"

static void
put(struct buf *to, const char *word)
{
	buf_format(to, "%s%s", to->len > 0 ? " " : "", word);
}

/* What of verbs.def is listed, and what nobody has to be asked for. */
static void
put_lists(struct buf *to)
{
	static const struct {
		const char *verb, *what;
	} verbs[] = {
#define VERB(name, verb, what, help) { verb, what },
#include "control/verbs.def"
#undef VERB
	};

	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		if (strcmp(verbs[i].verb, "list") == 0)
			put(to, verbs[i].what);
	put(to, "tests");
}

static void
put_documents(struct buf *to)
{
	for (size_t i = 0; doc_mode_document(i) != NULL; i++)
		put(to, doc_mode_document(i));
	for (size_t i = 0; i < registry_count(); i++)
		buf_format(to, " test:%s", registry_at(i)->name);
}

static void
put_tests(struct buf *to)
{
	put(to, "all");
	for (size_t i = 0; i < registry_count(); i++)
		put(to, registry_at(i)->name);
}

static void
put_levels(struct buf *to)
{
	static const char *const levels[] = { "error", "warn", "info", "debug", "trace" };
	enum log_level level;

	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
		if (log_level_parse(levels[i], &level) == 0)
			put(to, levels[i]);
}

static void
put_formats(struct buf *to)
{
	put(to, "text");
	put(to, "json");
}

/* Types that the console and the examples use; any label is one. */
static void
put_types(struct buf *to)
{
	put(to, "gateway");
	put(to, "broker");
	put(to, "compute");
}

enum option_words_kind
option_words(const struct option_row *r, struct buf *to)
{
	static const struct {
		const char *option;
		void (*put)(struct buf *to);
	} lists[] = {
		{ "list", put_lists },
		{ "print", put_documents },
		{ "test", put_tests },
		{ "log-level", put_levels },
		{ "log-format", put_formats },
		{ "node", put_types },
	};

	if (r->argument == NULL)
		return OPTION_WORDS_NONE;
	if (strcmp(r->argument, "FILE") == 0)
		return OPTION_WORDS_FILE;
	if (strcmp(r->argument, "DIR") == 0)
		return OPTION_WORDS_DIR;
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		if (strcmp(r->name, lists[i].option) == 0) {
			lists[i].put(to);
			return OPTION_WORDS_LIST;
		}
	return OPTION_WORDS_NONE;
}
