/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_PRINT_H
#define CONTROL_PRINT_H

#include "base/buf.h"

/*
 * An answer as aligned text for people: what a query prints without --json. Everything
 * in it is made printable again, because an answer comes from another process.
 */

/* Appends lines. ERR_MALFORMED when it is no answer of ours; then one line says so. */
int control_print(struct buf *to, const char *answer, size_t len);

/*
 * The exit status of a query with this answer: 0, or 1 for an error document or ill
 * health; of what was resolved or sent that of wire/delivery.def.
 */
int control_print_status(const char *answer, size_t len);

/* "2.14": the jansson it runs on, for --version. */
const char *control_print_library_version(void);

#endif
