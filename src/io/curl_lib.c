/* SPDX-License-Identifier: MIT */
#include "io/curl_lib.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

#define CURL_SONAME "libcurl-gnutls.so.4"
#define ZLIB_SONAME "libz.so.1"

#define FROM_CURL(member, name) { offsetof(struct curl_lib, member), name, false }
#define FROM_ZLIB(member, name) { offsetof(struct curl_lib, member), name, true }
static const struct {
	size_t offset;
	const char *name;
	bool zlib;
} symbols[] = {
	FROM_CURL(global_init, "curl_global_init"),
	FROM_CURL(easy_init, "curl_easy_init"),
	FROM_CURL(easy_setopt, "curl_easy_setopt"),
	FROM_CURL(easy_getinfo, "curl_easy_getinfo"),
	FROM_CURL(easy_strerror, "curl_easy_strerror"),
	FROM_CURL(easy_cleanup, "curl_easy_cleanup"),
	FROM_CURL(slist_append, "curl_slist_append"),
	FROM_CURL(slist_free_all, "curl_slist_free_all"),
	FROM_CURL(multi_init, "curl_multi_init"),
	FROM_CURL(multi_add_handle, "curl_multi_add_handle"),
	FROM_CURL(multi_remove_handle, "curl_multi_remove_handle"),
	FROM_CURL(multi_perform, "curl_multi_perform"),
	FROM_CURL(multi_poll, "curl_multi_poll"),
	FROM_CURL(multi_info_read, "curl_multi_info_read"),
	FROM_CURL(multi_cleanup, "curl_multi_cleanup"),
	FROM_ZLIB(deflate_init, "deflateInit2_"),
	FROM_ZLIB(deflate, "deflate"),
	FROM_ZLIB(deflate_end, "deflateEnd"),
};

static void *
open_library(const char *soname, char why[static CURL_LIB_WHY_CAP])
{
	void *handle = dlopen(soname, RTLD_NOW | RTLD_LOCAL);

	if (handle == NULL)
		snprintf(why, CURL_LIB_WHY_CAP,
			"cannot open %s (Debian: libcurl3-gnutls, zlib1g)", soname);
	return handle;
}

int
curl_lib_load(struct curl_lib *lib, char why[static CURL_LIB_WHY_CAP])
{
	void *curl = open_library(CURL_SONAME, why), *zlib;

	if (curl == NULL)
		return ERR_UNKNOWN;
	zlib = open_library(ZLIB_SONAME, why);
	if (zlib == NULL)
		return ERR_UNKNOWN;
	for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
		void *at = dlsym(symbols[i].zlib ? zlib : curl, symbols[i].name);

		if (at == NULL) {
			snprintf(why, CURL_LIB_WHY_CAP, "%s has no %s: it is too old",
				symbols[i].zlib ? ZLIB_SONAME : CURL_SONAME,
				symbols[i].name);
			return ERR_UNKNOWN;
		}
		memcpy((char *)lib + symbols[i].offset, &at, sizeof at);
	}
	if (lib->global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
		return ERR_OK;
	snprintf(why, CURL_LIB_WHY_CAP, "%s does not start", CURL_SONAME);
	return ERR_UNKNOWN;
}
