/* SPDX-License-Identifier: MIT */
#ifndef APP_OPTION_WORDS_H
#define APP_OPTION_WORDS_H

#include "app/options.h"
#include "base/buf.h"

/* What can be said in the place of an option's argument, for a shell to complete. */
enum option_words_kind {
	OPTION_WORDS_NONE,	/* it takes no argument, or nobody can know */
	OPTION_WORDS_LIST,	/* one of a few words */
	OPTION_WORDS_FILE,
	OPTION_WORDS_DIR,
};

/* Appends the words of a LIST to `to`, with a space between two. */
enum option_words_kind option_words(const struct option_row *r, struct buf *to);

#endif
