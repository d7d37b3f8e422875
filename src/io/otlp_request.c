/* SPDX-License-Identifier: MIT */
#include "io/otlp_request.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/limits.h"

#define GZIP_WINDOW_BITS (15 + 16)	/* zlib.h: 16 more mean a gzip header */
#define GZIP_MEM_LEVEL 8

static bool
pack(const struct curl_lib *lib, struct buf *b)
{
	z_stream z = { 0 };
	uint8_t piece[16 * 1024];
	struct buf packed;
	int status;

	if (lib->deflate_init(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW_BITS,
		    GZIP_MEM_LEVEL, Z_DEFAULT_STRATEGY, ZLIB_VERSION, sizeof z) != Z_OK)
		return false;
	buf_init(&packed, OTLP_BODY_LEN_MAX);
	z.next_in = b->data;
	z.avail_in = (uInt)b->len;
	do {
		z.next_out = piece;
		z.avail_out = sizeof piece;
		status = lib->deflate(&z, Z_FINISH);
		buf_put(&packed, piece, sizeof piece - z.avail_out);
	} while (status == Z_OK);
	lib->deflate_end(&z);
	if (status != Z_STREAM_END || packed.failed) {
		buf_fini(&packed);
		return false;
	}
	buf_fini(b);
	*b = packed;
	return true;
}

/* More than this is no answer of a collector; what came so far is. */
static size_t
on_body(char *bytes, size_t size, size_t count, void *ctx)
{
	struct otlp_request *r = ctx;

	buf_put(&r->answer, bytes, size * count);
	return r->answer.failed ? 0 : size * count;
}

static curl_socket_t
on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
	(void)ctx;
	(void)purpose;
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static void
add_header(struct otlp_request *r, const struct curl_lib *lib, const char *text)
{
	struct curl_slist *longer = lib->slist_append(r->headers, text);

	if (longer != NULL)
		r->headers = longer;
}

static void
set_headers(struct otlp_request *r, const struct curl_lib *lib,
	const struct otlp_target *to, bool packed)
{
	add_header(r, lib, "Content-Type: application/x-protobuf");
	/* A body of some kilobytes does not wait for leave to be sent. */
	add_header(r, lib, "Expect:");
	if (packed)
		add_header(r, lib, "Content-Encoding: gzip");
	for (size_t i = 0; i < to->headers.count; i++) {
		struct buf line;

		buf_init(&line, OTLP_BODY_LEN_MAX);
		buf_format(&line, "%s: %s", to->headers.at[i].key,
			to->headers.at[i].value);
		buf_put_u8(&line, '\0');
		add_header(r, lib, (const char *)line.data);
		buf_fini(&line);
	}
	lib->easy_setopt(r->easy, CURLOPT_HTTPHEADER, r->headers);
}

static void
set_options(struct otlp_request *r, const struct curl_lib *lib,
	const struct otlp_target *to, const char *user_agent)
{
	CURL *h = r->easy;

	lib->easy_setopt(h, CURLOPT_URL, to->url);
	lib->easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
	lib->easy_setopt(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	lib->easy_setopt(h, CURLOPT_USERAGENT, user_agent);
	lib->easy_setopt(h, CURLOPT_ERRORBUFFER, r->error);
	lib->easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	/* A lookup that does not end is left to its thread, not waited for. */
	lib->easy_setopt(h, CURLOPT_QUICK_EXIT, 1L);
	lib->easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)to->timeout_ms);
	lib->easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	lib->easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body);
	lib->easy_setopt(h, CURLOPT_WRITEDATA, r);
	if (to->ca_path[0] != '\0')
		lib->easy_setopt(h, CURLOPT_CAINFO, to->ca_path);
	lib->easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len);
	lib->easy_setopt(h, CURLOPT_POSTFIELDS, (char *)r->body.data);
}

bool
otlp_request_begin(struct otlp_request *r, const struct curl_lib *lib, CURLM *multi,
	const struct otlp_target *to, const char *user_agent, struct buf *body)
{
	bool packed;

	r->body = *body;
	buf_init(body, 0);
	buf_fini(&r->answer);
	buf_init(&r->answer, OTLP_ANSWER_LEN_MAX);
	r->error[0] = '\0';
	packed = to->gzip && pack(lib, &r->body);
	r->easy = lib->easy_init();
	if (r->easy == NULL)
		return false;
	set_headers(r, lib, to, packed);
	set_options(r, lib, to, user_agent);
	return lib->multi_add_handle(multi, r->easy) == CURLM_OK;
}

/* What a collector that is restarted or far away causes; nothing else will get better. */
static bool
is_lost(CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
		return true;
	default:
		return false;
	}
}

static void
release(struct otlp_request *r, const struct curl_lib *lib, CURLM *multi)
{
	if (r->easy != NULL) {
		lib->multi_remove_handle(multi, r->easy);
		lib->easy_cleanup(r->easy);
	}
	if (r->headers != NULL)
		lib->slist_free_all(r->headers);
	r->easy = NULL;
	r->headers = NULL;
	buf_fini(&r->body);
}

void
otlp_request_end(struct otlp_request *r, const struct curl_lib *lib, CURLM *multi,
	CURLcode code, struct exporter_answer *a)
{
	curl_off_t after_s = 0;
	long status = 0;

	*a = (struct exporter_answer){ .fate = EXPORTER_IMPOSSIBLE };
	lib->easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
	lib->easy_getinfo(r->easy, CURLINFO_RETRY_AFTER, &after_s);
	if (status > 0 && (code == CURLE_OK || r->answer.failed)) {
		a->fate = EXPORTER_ANSWERED;
		a->status = (unsigned)status;
		a->body = (struct view){ r->answer.data, r->answer.len };
		if (after_s > 0)
			a->retry_after_ns = after_s < 86400 ? SECONDS(after_s)
							    : SECONDS(86400);
	} else {
		if (is_lost(code))
			a->fate = EXPORTER_LOST;
		snprintf(a->why, sizeof a->why, "%.190s",
			r->error[0] != '\0' ? r->error : lib->easy_strerror(code));
	}
	release(r, lib, multi);
}

void
otlp_request_fini(struct otlp_request *r, const struct curl_lib *lib, CURLM *multi)
{
	release(r, lib, multi);
	buf_fini(&r->answer);
}
