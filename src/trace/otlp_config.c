/* SPDX-License-Identifier: MIT */
#include "trace/otlp_config.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"

#define PREFIX "OTEL_EXPORTER_OTLP_"
#define NAME_CAP 64
#define SAID_MAX 16

static const struct {
	const char *text, *infix, *path, *switch_name;
} signals[OTLP_SIGNALS] = {
	[OTLP_TRACES] = { "traces", "TRACES_", "v1/traces", "OTEL_TRACES_EXPORTER" },
	[OTLP_METRICS] = { "metrics", "METRICS_", "v1/metrics", "OTEL_METRICS_EXPORTER" },
};

const char *
otlp_signal_text(enum otlp_signal s)
{
	assert(s < OTLP_SIGNALS);
	return signals[s].text;
}

/* An empty value is the same as none. */
static const char *
value_of(const struct otlp_environment *e, const char *name)
{
	const char *value = e->get(e->ctx, name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

static void __attribute__((format(printf, 3, 4)))
warn(const struct otlp_environment *e, const char *name, const char *format, ...)
{
	char text[OTLP_WARNING_CAP], shown[OTLP_WARNING_CAP];
	va_list args;
	int len = snprintf(text, sizeof text, "%s: ", name);

	va_start(args, format);
	vsnprintf(text + len, sizeof text - (size_t)len, format, args);
	va_end(args);
	text_printable(shown, sizeof shown, text, strlen(text));
	e->warn(e->ctx, shown);
}

/* Scheme, a host, and nothing that has no place in a line of HTTP. */
static bool
is_url(const char *url)
{
	const char *host;

	if (strncasecmp(url, "http://", 7) == 0)
		host = url + 7;
	else if (strncasecmp(url, "https://", 8) == 0)
		host = url + 8;
	else
		return false;
	for (const char *c = url; *c != '\0'; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			return false;
	return host[strcspn(host, "@")] != '\0' || strcspn(host, "/:?#") > 0;
}

static bool
read_url(struct otlp_target *t, const struct otlp_environment *e, const char *name,
	const char *path)
{
	const char *value = value_of(e, name);
	/* Credentials may stand before an '@'. */
	bool secret = value != NULL && strchr(value, '@') != NULL;
	size_t len;

	if (value == NULL)
		return false;
	len = strlen(value);
	if (!is_url(value)) {
		warn(e, name, "'%.100s' is no URL; write http://HOST:PORT or https://... "
			"(it is ignored)",
			secret ? "what it says" : value);
		return false;
	}
	if (len + strlen("/v1/metrics") >= sizeof t->url) {
		warn(e, name, "longer than %d characters (it is ignored)", OTLP_URL_CAP);
		return false;
	}
	if (path != NULL && strpbrk(value, "?#") != NULL) {
		warn(e, name, "a path is appended to it, so it may not have a '?' or "
			"'#'; set the variables of the signals instead (it is ignored)");
		return false;
	}
	snprintf(t->url, sizeof t->url, "%s%s%s", value,
		path != NULL && value[len - 1] != '/' ? "/" : "",
		path != NULL ? path : "");
	return true;
}

static bool
is_switched_off(const struct otlp_environment *e, enum otlp_signal s)
{
	const char *name = signals[s].switch_name, *value = value_of(e, name);

	if (value == NULL || strcmp(value, "otlp") == 0)
		return false;
	if (strcmp(value, "none") == 0)
		return true;
	warn(e, name, "'%.60s' is not known here; otlp or none (it is ignored)", value);
	return false;
}

static bool
read_endpoint(
	struct otlp_target *t, const struct otlp_environment *e, enum otlp_signal s)
{
	char name[NAME_CAP];

	snprintf(name, sizeof name, PREFIX "%sENDPOINT", signals[s].infix);
	return read_url(t, e, name, NULL) ||
	       read_url(t, e, PREFIX "ENDPOINT", signals[s].path);
}

static bool
take_headers(struct otlp_target *t, const struct otlp_environment *e, const char *name,
	const char *value)
{
	int err = otlp_keys_read(&t->headers, value);
	bool sound = err == ERR_OK;

	/* RFC 9110, 5.6.2: a name is a token. */
	for (size_t i = 0; sound && i < t->headers.count; i++)
		sound = t->headers.at[i].key[strcspn(t->headers.at[i].key,
				"()<>@,;:\\\"/[]?={} \t")] == '\0';
	if (sound)
		return true;
	otlp_keys_fini(&t->headers);
	/* Its value is not shown: there are tokens in it. */
	warn(e, name, "%s (it is ignored)",
		err == ERR_LIMIT
			? "too many headers"
			: "no list name1=value1,name2=value2 with %-escapes in values");
	return false;
}

static bool
take_timeout(struct otlp_target *t, const struct otlp_environment *e, const char *name,
	const char *value)
{
	uint64_t ms;

	if (text_u64(value, OTLP_TIMEOUT_MAX_MS, &ms) != ERR_OK || ms == 0) {
		warn(e, name, "'%.60s' is no number of milliseconds from 1 to %d (it is "
			"ignored)",
			value, OTLP_TIMEOUT_MAX_MS);
		return false;
	}
	t->timeout_ms = ms;
	return true;
}

static bool
take_compression(struct otlp_target *t, const struct otlp_environment *e,
	const char *name, const char *value)
{
	t->gzip = strcmp(value, "gzip") == 0;
	if (t->gzip || strcmp(value, "none") == 0)
		return true;
	warn(e, name, "'%.60s' is not known here; gzip or none (it is ignored)", value);
	return false;
}

static bool
take_certificate(struct otlp_target *t, const struct otlp_environment *e,
	const char *name, const char *value)
{
	if (strlen(value) < sizeof t->ca_path) {
		snprintf(t->ca_path, sizeof t->ca_path, "%s", value);
		return true;
	}
	warn(e, name, "a path of more than %d characters (it is ignored)", OTLP_PATH_CAP);
	return false;
}

static bool
take_protocol(struct otlp_target *t, const struct otlp_environment *e, const char *name,
	const char *value)
{
	(void)t;
	if (strcmp(value, "http/protobuf") == 0)
		return true;
	warn(e, name, "'%.60s' is not spoken here, only http/protobuf (it is ignored)",
		value);
	return false;
}

/* The variables of a target, each with the name of its signal in it, or without. */
static const struct {
	const char *name;
	bool (*take)(struct otlp_target *t, const struct otlp_environment *e,
		const char *name, const char *value);
} settings[] = {
	{ "HEADERS", take_headers },
	{ "TIMEOUT", take_timeout },
	{ "COMPRESSION", take_compression },
	{ "CERTIFICATE", take_certificate },
	{ "PROTOCOL", take_protocol },
};

static void
read_settings(
	struct otlp_target *t, const struct otlp_environment *e, enum otlp_signal s)
{
	const char *const infixes[] = { signals[s].infix, "" };
	char name[NAME_CAP];

	t->timeout_ms = OTLP_TIMEOUT_DEFAULT_MS;
	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
		for (size_t k = 0; k < 2; k++) {
			const char *value;

			snprintf(name, sizeof name, PREFIX "%s%s", infixes[k],
				settings[i].name);
			value = value_of(e, name);
			if (value != NULL && settings[i].take(t, e, name, value))
				break;
		}
}

static bool
is_disabled(const struct otlp_environment *e)
{
	const char *value = value_of(e, "OTEL_SDK_DISABLED");

	if (value == NULL || strcasecmp(value, "false") == 0)
		return false;
	if (strcasecmp(value, "true") == 0)
		return true;
	warn(e, "OTEL_SDK_DISABLED", "'%.60s' is neither true nor false (it is ignored)",
		value);
	return false;
}

static void
read_resource(struct otlp_config *c, const struct otlp_environment *e)
{
	const char *value = value_of(e, "OTEL_RESOURCE_ATTRIBUTES"), *name;

	/* "The entire environment variable value SHOULD be discarded": Resource SDK. */
	if (value != NULL && otlp_keys_read(&c->resource, value) != ERR_OK)
		warn(e, "OTEL_RESOURCE_ATTRIBUTES",
			"no list key1=value1,key2=value2 with %%-escapes in values (it "
			"is ignored)");
	name = value_of(e, "OTEL_SERVICE_NAME");
	if (name == NULL)
		name = otlp_keys_find(&c->resource, "service.name");
	if (name != NULL && name[0] != '\0') {
		size_t cap = strlen(name) + 1;

		c->service_name = mem_array(1, cap);
		text_printable(c->service_name, cap, name, cap - 1);
	}
}

/* Both signals read the same variables; what is wrong with one is said once. */
struct reading {
	const struct otlp_environment *outer;
	char said[SAID_MAX][OTLP_WARNING_CAP];
	size_t count;
};

static const char *
get_outer(void *ctx, const char *name)
{
	struct reading *r = ctx;

	return r->outer->get(r->outer->ctx, name);
}

static void
warn_once(void *ctx, const char *text)
{
	struct reading *r = ctx;

	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->said[i], text) == 0)
			return;
	if (r->count < SAID_MAX)
		snprintf(r->said[r->count++], OTLP_WARNING_CAP, "%s", text);
	r->outer->warn(r->outer->ctx, text);
}

static void
read_all(struct otlp_config *c, const struct otlp_environment *e)
{
	bool any = false;

	if (is_disabled(e))
		return;
	for (int s = 0; s < OTLP_SIGNALS; s++) {
		if (!read_endpoint(&c->to[s], e, (enum otlp_signal)s))
			continue;
		if (is_switched_off(e, (enum otlp_signal)s)) {
			c->to[s].url[0] = '\0';
			continue;
		}
		read_settings(&c->to[s], e, (enum otlp_signal)s);
		any = true;
	}
	if (any)
		read_resource(c, e);
}

void
otlp_config_read(struct otlp_config *c, const struct otlp_environment *e)
{
	struct reading *r = mem_array(1, sizeof *r);
	const struct otlp_environment once = { get_outer, warn_once, r };

	memset(c, 0, sizeof *c);
	r->outer = e;
	read_all(c, &once);
	free(r);
}

void
otlp_config_fini(struct otlp_config *c)
{
	for (int s = 0; s < OTLP_SIGNALS; s++)
		otlp_keys_fini(&c->to[s].headers);
	otlp_keys_fini(&c->resource);
	free(c->service_name);
	memset(c, 0, sizeof *c);
}

bool
otlp_config_exports(const struct otlp_config *c)
{
	for (int s = 0; s < OTLP_SIGNALS; s++)
		if (c->to[s].url[0] != '\0')
			return true;
	return false;
}
