/* SPDX-License-Identifier: MIT */
#ifndef WIRE_LETTER_H
#define WIRE_LETTER_H

#include "wire/delivery.h"

/*
 * An order to send, down a lifeline, and how it went, up. Postcard, fields in order. What
 * is sent is `len` bytes that mean nothing.
 */
struct letter_order {
	uint64_t number;	/* comes back with the report; not 0 */
	char destination[NAME_LEN_MAX + 1];
	char kind[LABEL_LEN_MAX + 1];
	uint32_t len;		/* at most MESSAGE_BODY_LEN_MAX */
	uint64_t count, every_us;
};

struct letter_report {
	uint64_t number;
	uint64_t count, acked, failed, retries;
	enum delivery status;
	char why[DELIVERY_WHY_CAP];
	char receiver[NAME_LEN_MAX + 1];
	uint64_t rtt_min_us, rtt_max_us, rtt_mean_us, took_us;
	uint8_t trace[16];
};

void letter_put_order(struct buf *b, const struct letter_order *o);
/* ERR_TRUNCATED, ERR_LIMIT, ERR_MALFORMED: also out of its ranges. */
int letter_read_order(struct view *v, struct letter_order *o);
void letter_put_report(struct buf *b, const struct letter_report *r);
int letter_read_report(struct view *v, struct letter_report *r);

#endif
