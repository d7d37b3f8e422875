/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "trace/otlp_config.h"

#define E "OTEL_EXPORTER_OTLP_"

/* "NAME=value" texts, NULL at the end, and what was said about them. */
struct environment {
	const char *const *variables;
	char said[2000];
	size_t warnings;
};

static const char *
get(void *ctx, const char *name)
{
	const struct environment *e = ctx;
	size_t len = strlen(name);

	for (size_t i = 0; e->variables[i] != NULL; i++)
		if (strncmp(e->variables[i], name, len) == 0 &&
			e->variables[i][len] == '=')
			return e->variables[i] + len + 1;
	return NULL;
}

static void
warn(void *ctx, const char *text)
{
	struct environment *e = ctx;
	size_t len = strlen(e->said);

	snprintf(e->said + len, sizeof e->said - len, "%s\n", text);
	e->warnings++;
}

static struct environment
read_in(struct otlp_config *c, const char *const *variables)
{
	struct environment e = { .variables = variables };
	const struct otlp_environment environment = { get, warn, &e };

	otlp_config_read(c, &environment);
	return e;
}

#define READ(c, ...) read_in(&(c), (const char *const[]){ __VA_ARGS__, NULL })

/* Without an endpoint nothing is exported, and nothing else is looked at. */
static void
nothing_without_an_endpoint(void **state)
{
	struct otlp_config c;
	struct environment e = READ(c, E "HEADERS=%%%", E "TIMEOUT=x", E "ENDPOINT=",
		"OTEL_SERVICE_NAME=a");

	(void)state;
	assert_false(otlp_config_exports(&c));
	assert_int_equal(e.warnings, 0);
	assert_null(c.service_name);
	otlp_config_fini(&c);
}

/* The path is appended to a base, and to nothing else. */
static void
a_base_gets_a_path(void **state)
{
	static const char *const bases[] = { "http://h:4318", "http://h:4318/",
		"http://h/x", "https://[::1]:1/", NULL };
	static const char *const traces[] = { "http://h:4318/v1/traces",
		"http://h:4318/v1/traces", "http://h/x/v1/traces",
		"https://[::1]:1/v1/traces" };
	struct otlp_config c;
	char variable[100];

	(void)state;
	for (size_t i = 0; bases[i] != NULL; i++) {
		snprintf(variable, sizeof variable, E "ENDPOINT=%s", bases[i]);
		READ(c, variable);
		assert_string_equal(c.to[OTLP_TRACES].url, traces[i]);
		otlp_config_fini(&c);
	}
	READ(c, E "TRACES_ENDPOINT=http://h:4318/own?x=1");
	assert_string_equal(c.to[OTLP_TRACES].url, "http://h:4318/own?x=1");
	assert_string_equal(c.to[OTLP_METRICS].url, "");
	otlp_config_fini(&c);
	READ(c, E "METRICS_ENDPOINT=HTTP://m", E "ENDPOINT=http://all");
	assert_string_equal(c.to[OTLP_TRACES].url, "http://all/v1/traces");
	assert_string_equal(c.to[OTLP_METRICS].url, "HTTP://m");
	otlp_config_fini(&c);
}

/* A variable of a signal goes before that of both. */
static void
a_signal_has_its_own(void **state)
{
	struct otlp_config c;
	struct environment e = READ(c, E "ENDPOINT=http://h", E "TIMEOUT=100",
		E "TRACES_TIMEOUT=7", E "COMPRESSION=gzip", E "METRICS_COMPRESSION=none",
		E "CERTIFICATE=/a.pem", E "HEADERS= a = 1%2C2 ,b=%E2%82%AC,, ",
		E "METRICS_HEADERS=c=d=e", E "PROTOCOL=http/protobuf");
	const struct otlp_target *t = &c.to[OTLP_TRACES], *m = &c.to[OTLP_METRICS];

	(void)state;
	assert_int_equal(e.warnings, 0);
	assert_int_equal(t->timeout_ms, 7);
	assert_int_equal(m->timeout_ms, 100);
	assert_true(t->gzip);
	assert_false(m->gzip);
	assert_string_equal(t->ca_path, "/a.pem");
	assert_int_equal(t->headers.count, 2);
	assert_string_equal(t->headers.at[0].key, "a");
	assert_string_equal(t->headers.at[0].value, "1,2");
	assert_string_equal(t->headers.at[1].value, "\xe2\x82\xac");
	assert_int_equal(m->headers.count, 1);
	assert_string_equal(m->headers.at[0].value, "d=e");
	otlp_config_fini(&c);
	READ(c, E "ENDPOINT=http://h");
	assert_int_equal(c.to[OTLP_TRACES].timeout_ms, 10000);
	assert_false(c.to[OTLP_TRACES].gzip);
	otlp_config_fini(&c);
}

/* What cannot be used is said once, with the variable's name, and is as if not set. */
static void
bad_values_are_said_and_ignored(void **state)
{
	static const char *const bad[] = { E "TIMEOUT=x", E "TIMEOUT=0", E "TIMEOUT=-1",
		E "TIMEOUT=9999999", E "COMPRESSION=zstd", E "PROTOCOL=grpc",
		E "HEADERS=token", E "HEADERS==x", E "HEADERS=a=%4",
		E "HEADERS=a=%0d%0ab", E "HEADERS=a=%ff",
		E "HEADERS=a b=c", E "HEADERS=a=%00",
		"OTEL_TRACES_EXPORTER=jaeger", "OTEL_SDK_DISABLED=yes",
		"OTEL_RESOURCE_ATTRIBUTES=a", "OTEL_RESOURCE_ATTRIBUTES=a=b,=c" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct otlp_config c;
		struct environment e = READ(c, E "ENDPOINT=http://h", bad[i]);
		const struct otlp_target *t = &c.to[OTLP_TRACES];

		assert_int_equal(e.warnings, 1);
		assert_memory_equal(e.said, bad[i], strcspn(bad[i], "="));
		assert_non_null(strstr(e.said, "it is ignored"));
		assert_true(otlp_config_exports(&c));
		assert_int_equal(t->timeout_ms, OTLP_TIMEOUT_DEFAULT_MS);
		assert_false(t->gzip);
		assert_int_equal(t->headers.count, 0);
		assert_int_equal(c.resource.count, 0);
		otlp_config_fini(&c);
	}
}

/* An endpoint that is none is said, and what may be a password in it is not. */
static void
bad_endpoints_are_said(void **state)
{
	static const char *const bad[] = { "localhost:4318", "ftp://h", "http://",
		"http://:4318", "http:///x", "http://h x", "http://h\n", "http://h?x=1",
		"http://h/#a", "//h" };
	char variable[1200], filler[1100];
	struct environment e;
	struct otlp_config c;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		snprintf(variable, sizeof variable, E "ENDPOINT=%s", bad[i]);
		e = READ(c, variable);
		assert_false(otlp_config_exports(&c));
		assert_int_equal(e.warnings, 1);
		assert_memory_equal(e.said, E "ENDPOINT: ", strlen(E "ENDPOINT: "));
		otlp_config_fini(&c);
	}
	e = READ(c, E "ENDPOINT=me:secret@h");
	assert_int_equal(e.warnings, 1);
	assert_null(strstr(e.said, "secret"));
	otlp_config_fini(&c);
	memset(filler, 'a', sizeof filler - 1);
	filler[sizeof filler - 1] = '\0';
	snprintf(variable, sizeof variable, E "ENDPOINT=http://%s", filler);
	e = READ(c, variable);
	assert_false(otlp_config_exports(&c));
	assert_int_equal(e.warnings, 1);
	otlp_config_fini(&c);
	/* A bad one of a signal leaves that of both. */
	e = READ(c, E "TRACES_ENDPOINT=x", E "ENDPOINT=http://h");
	assert_string_equal(c.to[OTLP_TRACES].url, "http://h/v1/traces");
	assert_int_equal(e.warnings, 1);
	otlp_config_fini(&c);
	/* Headers are not shown either. */
	e = READ(c, E "ENDPOINT=http://h", E "HEADERS=Bearer secret");
	assert_null(strstr(e.said, "secret"));
	otlp_config_fini(&c);
}

/* Off is off; one signal can be, too. */
static void
it_can_be_switched_off(void **state)
{
	struct otlp_config c;

	(void)state;
	READ(c, E "ENDPOINT=http://h", "OTEL_SDK_DISABLED=TRUE");
	assert_false(otlp_config_exports(&c));
	otlp_config_fini(&c);
	READ(c, E "ENDPOINT=http://h", "OTEL_SDK_DISABLED=false");
	assert_true(otlp_config_exports(&c));
	otlp_config_fini(&c);
	READ(c, E "ENDPOINT=http://h", "OTEL_METRICS_EXPORTER=none",
		"OTEL_TRACES_EXPORTER=otlp");
	assert_string_equal(c.to[OTLP_METRICS].url, "");
	assert_string_equal(c.to[OTLP_TRACES].url, "http://h/v1/traces");
	otlp_config_fini(&c);
}

/* OTEL_SERVICE_NAME goes before service.name among the attributes. */
static void
the_service_has_a_name(void **state)
{
	struct otlp_config c;

	(void)state;
	READ(c, E "ENDPOINT=http://h",
		"OTEL_RESOURCE_ATTRIBUTES=service.name=one,deployment=a%20b");
	assert_string_equal(c.service_name, "one");
	assert_string_equal(otlp_keys_find(&c.resource, "deployment"), "a b");
	assert_null(otlp_keys_find(&c.resource, "other"));
	otlp_config_fini(&c);
	READ(c, E "ENDPOINT=http://h", "OTEL_RESOURCE_ATTRIBUTES=service.name=one",
		"OTEL_SERVICE_NAME=two");
	assert_string_equal(c.service_name, "two");
	otlp_config_fini(&c);
}

/* A list has a bound, and is read whole or not at all. */
static void
lists_are_bounded(void **state)
{
	struct otlp_config c;
	char variable[2000] = E "HEADERS=";
	size_t len = strlen(variable);

	(void)state;
	for (int i = 0; i < OTLP_PAIRS_MAX; i++)
		len += (size_t)snprintf(
			variable + len, sizeof variable - len, "h%d=v,", i);
	assert_int_equal(READ(c, E "ENDPOINT=http://h", variable).warnings, 0);
	assert_int_equal(c.to[OTLP_TRACES].headers.count, OTLP_PAIRS_MAX);
	otlp_config_fini(&c);
	snprintf(variable + len, sizeof variable - len, "more=v");
	assert_int_equal(READ(c, E "ENDPOINT=http://h", variable).warnings, 1);
	assert_int_equal(c.to[OTLP_TRACES].headers.count, 0);
	otlp_config_fini(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_without_an_endpoint),
		cmocka_unit_test(a_base_gets_a_path),
		cmocka_unit_test(a_signal_has_its_own),
		cmocka_unit_test(bad_values_are_said_and_ignored),
		cmocka_unit_test(bad_endpoints_are_said),
		cmocka_unit_test(it_can_be_switched_off),
		cmocka_unit_test(the_service_has_a_name),
		cmocka_unit_test(lists_are_bounded),
	};

	return cmocka_run_group_tests_name("otlp_config", tests, NULL, NULL);
}
