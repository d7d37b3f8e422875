/* SPDX-License-Identifier: MIT */
#include "app/completion.h"

#include <string.h>

#include "app/option_words.h"

#define WORDS_LEN_MAX 8192

static bool
is_with(const struct option_row *r, enum options_mode m)
{
	return !r->hidden && !r->mode && (r->modes & (1u << m)) != 0;
}

/* Modes of the table alone: MODE_NONE has no text. */
static bool
is_mode(const struct option_row *r)
{
	return r->mode && !r->hidden;
}

/* With these letters behind a backslash. */
static void
put_escaped(struct buf *to, const char *text, const char *letters)
{
	for (; *text != '\0'; text++) {
		if (strchr(letters, *text) != NULL)
			buf_put_u8(to, '\\');
		buf_put_u8(to, (uint8_t)*text);
	}
}

static void
put_names(struct buf *to, bool modes, enum options_mode m)
{
	for (size_t i = 0; i < options_count(); i++) {
		const struct option_row *r = options_at(i);

		if (modes ? is_mode(r) : is_with(r, m))
			buf_format(to, " --%s", r->name);
	}
}

static void
bash_argument(struct buf *to, const struct option_row *r)
{
	struct buf words;

	if (r->hidden || r->argument == NULL)
		return;
	buf_init(&words, WORDS_LEN_MAX);
	buf_format(to, "\t--%s)\n", r->name);
	switch (option_words(r, &words)) {
	case OPTION_WORDS_LIST:
		buf_format(to, "\t\tCOMPREPLY=($(compgen -W \"%.*s\" -- \"$cur\"))\n",
			(int)words.len, (const char *)words.data);
		break;
	case OPTION_WORDS_FILE:
		buf_format(to, "\t\tcompopt -o filenames 2>/dev/null\n"
			       "\t\tCOMPREPLY=($(compgen -f -- \"$cur\"))\n");
		break;
	case OPTION_WORDS_DIR:
		buf_format(to, "\t\tcompopt -o filenames 2>/dev/null\n"
			       "\t\tCOMPREPLY=($(compgen -d -- \"$cur\"))\n");
		break;
	case OPTION_WORDS_NONE:
		break;
	}
	buf_format(to, "\t\treturn ;;\n");
	buf_fini(&words);
}

void
completion_bash(struct buf *to)
{
	buf_format(to, "# meshtui --print completion-bash\n"
		       "_meshtui()\n{\n"
		       "\tlocal cur=${COMP_WORDS[COMP_CWORD]} words mode word\n"
		       "\tlocal IFS=$' \\t\\n'\n\tCOMPREPLY=()\n"
		       "\tcase ${COMP_WORDS[COMP_CWORD-1]} in\n");
	for (size_t i = 0; i < options_count(); i++)
		bash_argument(to, options_at(i));
	buf_format(to, "\tesac\n\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
		       "\t\tcase $word in\n");
	for (enum options_mode m = 1; m < MODE_COUNT; m++) {
		buf_format(to, "\t\t%s)\n\t\t\tmode=1 words=\"", options_mode_text(m));
		put_names(to, false, m);
		buf_format(to, "\" ;;\n");
	}
	buf_format(to, "\t\tesac\n\tdone\n\t[ -n \"$mode\" ] || words=\"");
	put_names(to, true, MODE_NONE);
	buf_format(to, "\"\n\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n"
		       "complete -F _meshtui meshtui\n");
}

static void
zsh_row(struct buf *to, const struct option_row *r)
{
	struct buf words;

	buf_init(&words, WORDS_LEN_MAX);
	buf_format(to, "\t\t\t%s'--%s[", r->repeatable ? "'*'" : "", r->name);
	/* In single quotes: one of its own ends them, is said, and begins them again. */
	for (const char *at = r->help; *at != '\0'; at++)
		if (*at == '\'')
			buf_format(to, "'\\''");
		else
			put_escaped(to, (const char[]){ *at, '\0' }, "[]:\\");
	buf_format(to, "]");
	if (r->argument != NULL) {
		buf_format(to, ":");
		put_escaped(to, r->argument, ":\\");
		switch (option_words(r, &words)) {
		case OPTION_WORDS_LIST:
			buf_format(to, ":(");
			buf_put_u8(&words, '\0');
			put_escaped(to, (const char *)words.data, ":");
			buf_format(to, ")");
			break;
		case OPTION_WORDS_FILE:
			buf_format(to, ":_files");
			break;
		case OPTION_WORDS_DIR:
			buf_format(to, ":_files -/");
			break;
		case OPTION_WORDS_NONE:
			buf_format(to, ": ");
			break;
		}
	}
	buf_format(to, "'\n");
	buf_fini(&words);
}

void
completion_zsh(struct buf *to)
{
	buf_format(to, "#compdef meshtui\n# meshtui --print completion-zsh\n_meshtui()\n"
		       "{\n\tlocal word\n\tlocal -a specs\n"
		       "\tfor word in ${words[2,-1]}; do\n\t\tcase $word in\n");
	for (enum options_mode m = 1; m < MODE_COUNT; m++) {
		buf_format(to, "\t\t(%s)\n\t\t\tspecs=(\n", options_mode_text(m));
		for (size_t i = 0; i < options_count(); i++) {
			const struct option_row *r = options_at(i);

			if (is_with(r, m) || (is_mode(r) && (r->modes & (1u << m))))
				zsh_row(to, r);
		}
		buf_format(to, "\t\t\t) ;;\n");
	}
	buf_format(to, "\t\tesac\n\tdone\n\t(( $#specs )) || specs=(\n");
	for (size_t i = 0; i < options_count(); i++)
		if (is_mode(options_at(i)))
			zsh_row(to, options_at(i));
	buf_format(to, "\t\t\t)\n\t_arguments $specs\n}\n_meshtui \"$@\"\n");
}

static void
fish_row(struct buf *to, const struct option_row *r)
{
	struct buf words;

	if (r->hidden)
		return;
	buf_init(&words, WORDS_LEN_MAX);
	buf_format(to, "complete -c meshtui -n '%s__fish_contains_opt",
		r->mode ? "not " : "");
	for (size_t i = 0; i < options_count(); i++) {
		const struct option_row *mode = options_at(i);

		if (is_mode(mode) && (r->mode || (mode->modes & r->modes) != 0))
			buf_format(to, " %s", mode->name);
	}
	buf_format(to, "' -l %s", r->name);
	switch (option_words(r, &words)) {
	case OPTION_WORDS_LIST:
		buf_format(to, " -x -a '%.*s'", (int)words.len, (const char *)words.data);
		break;
	case OPTION_WORDS_FILE:
		buf_format(to, " -r -F");
		break;
	case OPTION_WORDS_DIR:
		buf_format(to, " -x -a '(__fish_complete_directories)'");
		break;
	case OPTION_WORDS_NONE:
		buf_format(to, "%s", r->argument != NULL ? " -x" : "");
		break;
	}
	buf_format(to, " -d '");
	put_escaped(to, r->help, "'\\");
	buf_format(to, "'\n");
	buf_fini(&words);
}

void
completion_fish(struct buf *to)
{
	buf_format(to, "# meshtui --print completion-fish\ncomplete -c meshtui -f\n");
	for (size_t i = 0; i < options_count(); i++)
		fish_row(to, options_at(i));
}
