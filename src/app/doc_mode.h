/* SPDX-License-Identifier: MIT */
#ifndef APP_DOC_MODE_H
#define APP_DOC_MODE_H

#include <stddef.h>

struct options;

/*
 * --help, --version, --make-key. The exit status: 74 when standard output cannot be
 * written.
 */
int doc_mode(const struct options *o);
/* The names that --print knows beside test:NAME; NULL: there are no more than `i`. */
const char *doc_mode_document(size_t i);

#endif
