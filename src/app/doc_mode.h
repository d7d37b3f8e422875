/* SPDX-License-Identifier: MIT */
#ifndef APP_DOC_MODE_H
#define APP_DOC_MODE_H

struct options;

/*
 * --help, --version, --make-key. The exit status: 74 when standard output cannot be
 * written.
 */
int doc_mode(const struct options *o);

#endif
