/* SPDX-License-Identifier: MIT */
#ifndef APP_ORDER_WORDS_H
#define APP_ORDER_WORDS_H

#include "wire/fault.h"

/*
 * A fault order in words, as --order takes it:
 *
 *	id | halt | disarm | report | revert ID
 *	KIND for=20s [all] [peer=ID]... [address=ADDR:PORT]... [in | out] [loss=5%] ...
 *
 * KIND is one of wire/faults.def. Shares are in percent, times have units, a rate is in
 * bytes a second. An id that is not given is made from `random`, as the nonce is.
 */
#define ORDER_WORDS_LEN_MAX 4096
#define ORDER_WORDS_WHY_CAP 300

/* ERR_ARGUMENT with a text for a person. *own_id: only "id" was asked for. */
int order_words_parse(struct fault_order *o, bool *own_id, const char *text,
	const uint8_t random[static FAULT_ID_LEN], char why[static ORDER_WORDS_WHY_CAP]);

#endif
