/* SPDX-License-Identifier: MIT */
#ifndef IO_OTLP_REQUEST_H
#define IO_OTLP_REQUEST_H

#include "base/buf.h"
#include "io/curl_lib.h"
#include "trace/exporter.h"
#include "trace/otlp_config.h"

/*
 * One request to a collector, for the thread of otlp_post: nothing here is shared with
 * the loop, and nothing is counted or logged.
 */
struct otlp_request {
	CURL *easy;		/* NULL: none under way */
	struct curl_slist *headers;
	struct buf body, answer;
	char error[CURL_ERROR_SIZE];
};

/*
 * Takes the content of the body; packs it when the target wants that. False: it cannot be
 * made.
 */
bool otlp_request_begin(struct otlp_request *r, const struct curl_lib *lib, CURLM *multi,
	const struct otlp_target *to, const char *user_agent, struct buf *body);
/* a->body aliases r->answer, until the next begin or fini. */
void otlp_request_end(struct otlp_request *r, const struct curl_lib *lib, CURLM *multi,
	CURLcode code, struct exporter_answer *a);
void otlp_request_fini(struct otlp_request *r, const struct curl_lib *lib, CURLM *multi);

#endif
