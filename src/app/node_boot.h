/* SPDX-License-Identifier: MIT */
#ifndef APP_NODE_BOOT_H
#define APP_NODE_BOOT_H

#include "app/options.h"
#include "io/files.h"
#include "io/udp.h"
#include "node/without.h"
#include "node/boot.h"
#include "node/node.h"
#include "trace/tracer.h"

/*
 * The boot chain of --node up to the accept loop: identity, endpoint, ALPN, gossip. Each
 * step does the real work between its begin and its end. What it made is taken down by
 * node_boot_fini.
 */
#define NODE_BOOT_WHY_CAP FILES_WHY_CAP

/*
 * For tests: "STEP=MS" makes a step take so much longer, "STEP=fail" makes it fail. A
 * step is the end of its span's name: endpoint_created=200.
 */
#define NODE_BOOT_TEST_ENV "MESHTUI_TEST_BOOT"
/* For a bench: "off" measures nothing and records no spans of requests. */
#define NODE_BOOT_TELEMETRY_ENV "MESHTUI_TEST_TELEMETRY"
/* For controls of tests: features to be without, node/without.def. */
#define NODE_BOOT_WITHOUT_ENV "MESHTUI_TEST_WITHOUT"
unsigned node_boot_without(void);

struct node_boot {
	struct boot boot;
	struct files_dir dir;
	struct udp *udp;
	struct node *node;
	char name[NAME_LEN_MAX + 1];
	struct peer_id id;
	struct address advertised[ADDRESSES_MAX];
	size_t advertised_count;
	bool minted;
	uint64_t incarnation;
	bool store;	/* the incarnation is not on disk yet */
	char why[NODE_BOOT_WHY_CAP]; /* a text for a person when it failed */
	struct tracer *tracer;
	/* Numbers of the tracer's; span: the step under way; -1: not begun. */
	int root, span, joined, stopping;
	uint8_t trace_flags;	/* of W3C trace context: whether anybody records it */
	int tell_fd;		/* the lifeline, to say how far it is; -1: nobody asks */
};

/* 0, or an exit status with the reason in b->why. */
int node_boot_run(struct node_boot *b, const struct options *o);
void node_boot_fini(struct node_boot *b);

/*
 * The last step is the caller's. Begin: ERR_OK, or an error that a test ordered. End
 * gives err back; with the last step, or a failed one, the boot ends.
 */
int node_boot_begin(struct node_boot *b, enum boot_step step);
int node_boot_end(struct node_boot *b, enum boot_step step, int err);
/* The first neighbor. True when that is news: once. */
bool node_boot_joined(struct node_boot *b, const char *peer);

/* Stores, after ready, what boot did not wait for; NULL when all is stored. */
struct file_later;
struct file_later *node_boot_store(struct node_boot *b, uv_loop_t *loop);

/* What telemetry has to say to a person: a line of the log. */
void node_boot_say(void *ctx, const char *text);

/* "identity 0.4ms, endpoint 0.2ms, ...": how long each step took. */
char *node_boot_spans(const struct node_boot *b, char *to, size_t cap);

#endif
