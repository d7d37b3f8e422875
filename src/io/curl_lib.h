/* SPDX-License-Identifier: MIT */
#ifndef IO_CURL_LIB_H
#define IO_CURL_LIB_H

#include <curl/curl.h>
#include <zlib.h>

/*
 * libcurl (its GnuTLS build) and zlib, opened when something is to be exported and not
 * before: with the twenty libraries they need they cost 4.7 MB of resident memory and
 * 3.5 ms, which a node that exports nothing does not spend. Never closed again.
 */
struct curl_lib {
	CURLcode (*global_init)(long flags);
	CURL *(*easy_init)(void);
	CURLcode (*easy_setopt)(CURL *h, CURLoption o, ...);
	CURLcode (*easy_getinfo)(CURL *h, CURLINFO i, ...);
	const char *(*easy_strerror)(CURLcode code);
	void (*easy_cleanup)(CURL *h);
	struct curl_slist *(*slist_append)(struct curl_slist *l, const char *text);
	void (*slist_free_all)(struct curl_slist *l);
	CURLM *(*multi_init)(void);
	CURLMcode (*multi_add_handle)(CURLM *m, CURL *h);
	CURLMcode (*multi_remove_handle)(CURLM *m, CURL *h);
	CURLMcode (*multi_perform)(CURLM *m, int *running);
	CURLMcode (*multi_poll)(CURLM *m, struct curl_waitfd *extra, unsigned count,
		int timeout_ms, int *ready);
	CURLMsg *(*multi_info_read)(CURLM *m, int *left);
	CURLMcode (*multi_cleanup)(CURLM *m);
	int (*deflate_init)(z_streamp z, int level, int method, int window_bits,
		int mem_level, int strategy, const char *version, int stream_size);
	int (*deflate)(z_streamp z, int flush);
	int (*deflate_end)(z_streamp z);
};

/* ERR_UNKNOWN, and a text for a person: it is not installed, or too old. */
#define CURL_LIB_WHY_CAP 200
int curl_lib_load(struct curl_lib *lib, char why[static CURL_LIB_WHY_CAP]);

#endif
