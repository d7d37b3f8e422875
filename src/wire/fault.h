/* SPDX-License-Identifier: MIT */
#ifndef WIRE_FAULT_H
#define WIRE_FAULT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/id.h"
#include "base/limits.h"

/*
 * Orders to put a fault on a node and to take it off again; wire/fault_status.h has what
 * the node says of them. The same bytes go down the lifeline and, in COMMAND, to any node
 * that has the sender in its list of operators (PROTOCOL.md 5):
 *
 *	verb text, arguments bytes, lease ms u32, nonce[16]
 *
 * A fault acts on the node that gets the order and on nobody else: to cut a pair, tell
 * one of the two (or both). Each has a lease, after which the node takes it off by
 * itself.
 */
enum fault_kind {
#define FAULT(name, value, text, link, help) FAULT_##name = value,
#include "wire/faults.def"
#undef FAULT
};
#define FAULT_KINDS 10

const char *fault_kind_text(enum fault_kind k); /* "cut" */
const char *fault_kind_help(enum fault_kind k);
bool fault_kind_is_link(enum fault_kind k); /* acts on datagrams */

/* What is ordered. Texts of the wire: "inject", "revert", "halt", "disarm", "report". */
enum fault_verb {
	FAULT_INJECT,
	FAULT_REVERT, /* the fault of this id; ERR_UNKNOWN when there is none */
	FAULT_HALT,   /* reverts all and refuses new ones, until: */
	FAULT_DISARM, /* ends a halt */
	FAULT_REPORT, /* changes nothing */
	FAULT_VERBS,
};
const char *fault_verb_text(enum fault_verb v);

/* Seen from the node that has the fault: what it receives, what it sends. */
enum fault_direction { FAULT_BOTH, FAULT_IN, FAULT_OUT, FAULT_DIRECTIONS };
const char *fault_direction_text(enum fault_direction d); /* "both", "in", "out" */

/*
 * A peer stands for its connections and for every address it is known to have; an
 * address with port 0 stands for all ports.
 */
struct fault_target {
	bool by_address;
	union {
		struct peer_id peer;
		struct address address;
	};
};

/* Figures; 0 is "not this". Shares are in 1/10000: 10000 is each datagram. */
struct fault_figures {
	uint16_t loss, reorder, duplicate; /* IMPAIR; reorder: share that is held back */
	uint32_t delay_us, jitter_us;	   /* IMPAIR; uniform in delay +- jitter */
	uint64_t rate;			   /* IMPAIR: bytes a second, in each direction */
	/*
	 * CUT, IMPAIR, FIREWALL: acts in the first active_ms of each period_ms, from the
	 * moment it was put on; 0: always. A flapping link.
	 */
	uint32_t period_ms, active_ms;
	int64_t skew_ms;   /* SKEW: added to the wall clock */
	uint32_t stall_ms; /* WEDGE: at most the lease */
};

#define FAULT_ID_LEN 16
#define FAULT_NONCE_LEN 16
#define FAULT_PRIMITIVE_CAP 32
#define FAULT_WHY_CAP 200

struct fault_id {
	uint8_t bytes[FAULT_ID_LEN]; /* chosen at random by who orders */
};
bool fault_id_equal(const struct fault_id *a, const struct fault_id *b);
#define FAULT_ID_HEX_CAP (2 * FAULT_ID_LEN + 1)
char *fault_id_hex(char to[static FAULT_ID_HEX_CAP], const struct fault_id *id);
int fault_id_parse(struct fault_id *id, const char *hex); /* ERR_MALFORMED */

/* A plain value. FAULT_TARGETS_MAX makes it 5 KB: not for deep stacks. */
struct fault_order {
	enum fault_verb verb;
	uint8_t nonce[FAULT_NONCE_LEN]; /* never twice: a repeated one is refused */
	struct fault_id id;		/* INJECT, REVERT */
	/* INJECT only, from here on. */
	uint32_t lease_ms; /* 1 to FAULT_LEASE_MS_MAX */
	enum fault_kind kind;
	char primitive[FAULT_PRIMITIVE_CAP]; /* a label for timelines, "" allowed */
	enum fault_direction direction;
	uint64_t seed; /* of the choices it makes, so that they replay */
	struct fault_figures figures;
	bool all; /* every peer; else targets. Ignored unless fault_kind_is_link. */
	struct fault_target targets[FAULT_TARGETS_MAX];
	size_t target_count;
};

/*
 * Whether an order makes sense: ranges, a lease, targets, figures that do something.
 * ERR_ARGUMENT, with a text for a person. A receiver asks this as well.
 */
int fault_order_check(const struct fault_order *o, char why[static FAULT_WHY_CAP]);

/* Postcard. ERR_TRUNCATED, ERR_MALFORMED, ERR_LIMIT, ERR_UNKNOWN (verb or kind). */
int fault_order_read(struct view *v, struct fault_order *o);
void fault_order_put(struct buf *b, const struct fault_order *o);

#endif
