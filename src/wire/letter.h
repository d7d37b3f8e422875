/* SPDX-License-Identifier: MIT */
#ifndef WIRE_LETTER_H
#define WIRE_LETTER_H

#include "base/spread.h"
#include "wire/delivery.h"

/*
 * An order to send, down a lifeline, and how it went, up. Postcard, fields in order. What
 * is sent is `len` bytes that mean nothing.
 */
enum letter_way {
	LETTER_SEND,	/* messages to a name, each acknowledged before the next */
	LETTER_ECHO,	/* ECHOs to a name, `window` at once, each on its own stream */
	LETTER_GOSSIP,	/* to the whole mesh of who sends; nobody acknowledges */
	LETTER_WAYS
};

struct letter_order {
	uint64_t number;	/* comes back with the report; not 0 */
	enum letter_way way;
	char destination[NAME_LEN_MAX + 1];
	char kind[LABEL_LEN_MAX + 1];
	uint32_t len;		/* at most MESSAGE_BODY_LEN_MAX */
	uint64_t count, every_us;
	uint32_t window;	/* ECHO: under way at once; 0: as many as may be */
	uint64_t for_us;	/* ECHO: none is begun later than that; 0: no such end */
	uint64_t run;		/* GOSSIP: what receivers count it under */
};

struct letter_report {
	uint64_t number;
	uint64_t count, acked, failed, retries;
	uint64_t different;	/* ECHO, of the failed: other bytes came back */
	enum delivery status;
	char why[DELIVERY_WHY_CAP];
	char receiver[NAME_LEN_MAX + 1];
	uint64_t rtt_min_us, rtt_max_us, rtt_mean_us, took_us;
	uint8_t trace[16];
	struct spread rtt;	/* of those that were acknowledged */
};

void letter_put_order(struct buf *b, const struct letter_order *o);
/* ERR_TRUNCATED, ERR_LIMIT, ERR_MALFORMED: also out of its ranges. */
int letter_read_order(struct view *v, struct letter_order *o);
void letter_put_report(struct buf *b, const struct letter_report *r);
int letter_read_report(struct view *v, struct letter_report *r);

/* Of a spread the classes that are not empty. Reading: ERR_MALFORMED, ERR_TRUNCATED. */
void letter_put_spread(struct buf *b, const struct spread *s);
int letter_read_spread(struct view *v, struct spread *s);

#endif
