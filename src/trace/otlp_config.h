/* SPDX-License-Identifier: MIT */
#ifndef TRACE_OTLP_CONFIG_H
#define TRACE_OTLP_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/otlp_keys.h"

/*
 * What is exported where, as the environment says it: the variables of OpenTelemetry's
 * specification of environment variables and of its OTLP exporter, those that PROTOCOL.md
 * 8 lists. A value that cannot be used is said and then ignored, as if the variable were
 * not set: a node does not stay away because its telemetry is wrong. Nothing is exported
 * unless an endpoint is set, and then no other variable is looked at.
 */
enum otlp_signal { OTLP_TRACES, OTLP_METRICS, OTLP_SIGNALS };
const char *otlp_signal_text(enum otlp_signal s);	/* "traces", "metrics" */

#define OTLP_URL_CAP 1024
#define OTLP_PATH_CAP 1024
#define OTLP_TIMEOUT_DEFAULT_MS 10000
#define OTLP_TIMEOUT_MAX_MS 600000

struct otlp_target {
	char url[OTLP_URL_CAP];		/* "": nothing is exported */
	struct otlp_pairs headers;
	uint64_t timeout_ms;
	bool gzip;
	char ca_path[OTLP_PATH_CAP];	/* PEM; "": the system's */
};

struct otlp_config {
	struct otlp_target to[OTLP_SIGNALS];
	struct otlp_pairs resource;	/* OTEL_RESOURCE_ATTRIBUTES */
	char *service_name;		/* or NULL */
};

#define OTLP_WARNING_CAP 400

struct otlp_environment {
	const char *(*get)(void *ctx, const char *name);	/* NULL: not set */
	void (*warn)(void *ctx, const char *text);		/* for a person */
	void *ctx;
};

/* Owned by the caller. */
void otlp_config_read(struct otlp_config *c, const struct otlp_environment *e);
void otlp_config_fini(struct otlp_config *c);
bool otlp_config_exports(const struct otlp_config *c);

#endif
