/* SPDX-License-Identifier: MIT */
#ifndef WIRE_DELIVERY_H
#define WIRE_DELIVERY_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/id.h"
#include "base/limits_fabric.h"

/*
 * RESOLVE and SEND (PROTOCOL.md 5, tags 12 and 11), without the trace context, which
 * serve.c and requests.c take and give. PROTOCOL.md names fields but not all bytes; so:
 *
 * RESOLVE = pattern string, most u8 (how many nodes are wanted), fresh bool (no answer
 * that was kept). RESOLVED = sequence of (signed digest bytes, age ms u32), then status
 * u8 and a reason for people, string.
 * SEND = destination string, kind string, body bytes, id[16]. ACK = status u8, the
 * receiver's name string. The id is eight random bytes of one sending, then the number of
 * the message in it, big endian: so a repeated question is known for what it is, and
 * order can be checked.
 */
enum delivery {
#define DELIVERY(id, value, exit_status, name, text) DELIVERY_##id = value,
#include "wire/delivery.def"
#undef DELIVERY
	DELIVERY_COUNT
};
const char *delivery_name(enum delivery d);	/* "no-mesh" */
const char *delivery_text(enum delivery d);	/* "no such mesh" */
int delivery_exit(enum delivery d);

struct resolve_ask {
	char pattern[NAME_LEN_MAX + 1];
	uint8_t most;
	bool fresh;
};
void delivery_put_resolve(struct buf *b, const struct resolve_ask *a);
int delivery_read_resolve(struct resolve_ask *a, struct view v);

struct resolve_node {
	struct view payload;	/* a signed digest; aliases what was read */
	uint32_t age_ms;
};
struct resolve_answer {
	struct resolve_node nodes[RESOLVED_MAX];
	size_t count;
	enum delivery status;
	char why[DELIVERY_WHY_CAP];
};
void delivery_put_resolved(struct buf *b, const struct resolve_answer *a);
int delivery_read_resolved(struct resolve_answer *a, struct view v);

#define MESSAGE_ID_LEN 16
struct message {
	char destination[NAME_LEN_MAX + 1];
	char kind[LABEL_LEN_MAX + 1];
	struct view body;	/* at most MESSAGE_BODY_LEN_MAX; aliases what was read */
	uint8_t id[MESSAGE_ID_LEN];
};
void delivery_put_message(struct buf *b, const struct message *m);
/* Readers: also ERR_MALFORMED for a kind that is no label, an unknown status. */
int delivery_read_message(struct message *m, struct view v);
uint64_t delivery_message_number(const struct message *m);

struct message_ack {
	enum delivery status;
	char name[NAME_LEN_MAX + 1];
};
void delivery_put_ack(struct buf *b, const struct message_ack *a);
int delivery_read_ack(struct message_ack *a, struct view v);

#endif
