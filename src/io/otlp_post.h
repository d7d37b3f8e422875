/* SPDX-License-Identifier: MIT */
#ifndef IO_OTLP_POST_H
#define IO_OTLP_POST_H

#include <uv.h>

#include "base/buf.h"
#include "trace/exporter.h"
#include "trace/otlp_config.h"

/*
 * Posts bodies to collectors: libcurl in a thread of its own, so that no name lookup, no
 * reading of 144 certificates (8.5 ms) and no handshake is ever in the way of the loop.
 * The thread has its own table of descriptors: what libcurl opens is not there for
 * children to inherit. It decides nothing: one request of each signal at a time, and how
 * it ended.
 */
struct otlp_post;

struct otlp_post_hooks {
	void (*answered)(
		void *ctx, enum otlp_signal s, const struct exporter_answer *a);
	void *ctx;
};

/*
 * The config outlives it. NULL: no thread, or no descriptors; `why` is for a person. That
 * a library is missing is the answer to the first post.
 */
#define OTLP_POST_WHY_CAP 200
struct otlp_post *otlp_post_open(uv_loop_t *loop, const struct otlp_config *c,
	const char *user_agent, const struct otlp_post_hooks *hooks,
	char why[static OTLP_POST_WHY_CAP]);
/* Takes the content of the body. Not before the last one of this signal is answered. */
void otlp_post_send(struct otlp_post *p, enum otlp_signal s, struct buf *body);
/*
 * What is under way is given up. Waits for the thread, at most OTLP_JOIN_MAX_MS; the
 * handle is closed by the loop's next turns. Accepts NULL.
 */
void otlp_post_close(struct otlp_post *p);

#endif
