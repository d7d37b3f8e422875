/* SPDX-License-Identifier: MIT */
#include "trace/otlp.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "trace/otlp_pack.h"

/* opentelemetry-proto, trace.proto. */
#define KIND_INTERNAL 1
#define STATUS_ERROR 2
#define SCOPE_NAME "meshtui"
#define FIXED_ATTRIBUTES 5

static ProtobufCBinaryData
bytes_of(const void *data, size_t len)
{
	return (ProtobufCBinaryData){ len, (uint8_t *)(uintptr_t)data };
}

void
otlp_put_span(struct buf *to, const uint8_t trace[static SPAN_TRACE_LEN],
	uint64_t wall_us, const struct span *s, uint8_t flags)
{
	struct otlp_attribute attributes[SPAN_ATTRS_MAX];
	Otlp__KeyValue *pairs[SPAN_ATTRS_MAX];
	Otlp__Span span = OTLP__SPAN__INIT;
	Otlp__Status status = OTLP__STATUS__INIT;

	span.trace_id = bytes_of(trace, SPAN_TRACE_LEN);
	span.span_id = bytes_of(s->id, sizeof s->id);
	if (span_has_parent(s))
		span.parent_span_id = bytes_of(s->parent, sizeof s->parent);
	span.name = otlp_pack_text(s->name);
	span.kind = KIND_INTERNAL;
	span.start_time_unix_nano = (wall_us + s->begin_us) * 1000;
	span.end_time_unix_nano = span.start_time_unix_nano + s->duration_us * 1000;
	for (size_t i = 0; i < s->attr_count; i++)
		pairs[i] = otlp_pack_attribute(
			&attributes[i], s->attrs[i].key, s->attrs[i].value);
	span.n_attributes = s->attr_count;
	span.attributes = pairs;
	span.flags = flags;
	/* "OK" is for who overrules an instrumentation; what went well is unset. */
	if (s->state == SPAN_FAILED) {
		status.code = STATUS_ERROR;
		status.message = otlp_pack_text(s->why);
		span.status = &status;
	}
	otlp_pack_message(to, &span.base);
}

/* What we know of ourselves is not for the environment of many nodes to say. */
static size_t
fill_resource(struct otlp_attribute *attributes, Otlp__KeyValue **pairs,
	const struct otlp_resource *r)
{
	const struct {
		const char *key, *value;
	} own[FIXED_ATTRIBUTES] = {
		{ "service.name", r->service_name },
		{ "service.version", r->service_version },
		{ "service.instance.id", r->instance_id },
		{ "mesh.id", r->mesh },
		{ "node.type", r->type },
	};
	size_t n = 0;

	for (size_t i = 0; i < FIXED_ATTRIBUTES; i++)
		if (own[i].value != NULL && own[i].value[0] != '\0') {
			pairs[n] = otlp_pack_attribute(
				&attributes[n], own[i].key, own[i].value);
			n++;
		}
	for (size_t k = 0; r->more != NULL && k < r->more->count; k++) {
		const struct otlp_pair *p = &r->more->at[k];
		bool known = false;

		for (size_t i = 0; i < n && !known; i++)
			known = strcmp(pairs[i]->key, p->key) == 0;
		if (known)
			continue;
		pairs[n] = otlp_pack_attribute(&attributes[n], p->key, p->value);
		n++;
	}
	return n;
}

static void
put_traces(struct buf *to, Otlp__Resource *resource, Otlp__InstrumentationScope *scope,
	ProtobufCBinaryData *items, size_t count)
{
	Otlp__ScopeSpans spans = OTLP__SCOPE_SPANS__INIT, *spans_at = &spans;
	Otlp__ResourceSpans of = OTLP__RESOURCE_SPANS__INIT, *of_at = &of;
	Otlp__ExportTraceServiceRequest request =
		OTLP__EXPORT_TRACE_SERVICE_REQUEST__INIT;

	spans.scope = scope;
	spans.spans = items;
	spans.n_spans = count;
	of.resource = resource;
	of.scope_spans = &spans_at;
	of.n_scope_spans = 1;
	request.resource_spans = &of_at;
	request.n_resource_spans = 1;
	otlp_pack_message(to, &request.base);
}

static void
put_metrics(struct buf *to, Otlp__Resource *resource, Otlp__InstrumentationScope *scope,
	ProtobufCBinaryData *items, size_t count)
{
	Otlp__ScopeMetrics metrics = OTLP__SCOPE_METRICS__INIT, *metrics_at = &metrics;
	Otlp__ResourceMetrics of = OTLP__RESOURCE_METRICS__INIT, *of_at = &of;
	Otlp__ExportMetricsServiceRequest request =
		OTLP__EXPORT_METRICS_SERVICE_REQUEST__INIT;

	metrics.scope = scope;
	metrics.metrics = items;
	metrics.n_metrics = count;
	of.resource = resource;
	of.scope_metrics = &metrics_at;
	of.n_scope_metrics = 1;
	request.resource_metrics = &of_at;
	request.n_resource_metrics = 1;
	otlp_pack_message(to, &request.base);
}

void
otlp_put_request(struct buf *to, enum otlp_signal s, const struct otlp_resource *r,
	const struct view *items, size_t count)
{
	struct otlp_attribute *attributes =
		mem_array(FIXED_ATTRIBUTES + OTLP_PAIRS_MAX, sizeof *attributes);
	Otlp__KeyValue *pairs[FIXED_ATTRIBUTES + OTLP_PAIRS_MAX];
	ProtobufCBinaryData *packed = mem_array(count + 1, sizeof *packed);
	Otlp__Resource resource = OTLP__RESOURCE__INIT;
	Otlp__InstrumentationScope scope = OTLP__INSTRUMENTATION_SCOPE__INIT;

	resource.n_attributes = fill_resource(attributes, pairs, r);
	resource.attributes = pairs;
	scope.name = otlp_pack_text(SCOPE_NAME);
	scope.version = otlp_pack_text(r->service_version);
	for (size_t i = 0; i < count; i++)
		packed[i] = bytes_of(items[i].data, items[i].len);
	if (s == OTLP_TRACES)
		put_traces(to, &resource, &scope, packed, count);
	else
		put_metrics(to, &resource, &scope, packed, count);
	free(packed);
	free(attributes);
}

int
otlp_read_answer(struct view v, struct otlp_answer *a)
{
	Otlp__ExportServiceResponse *r =
		otlp__export_service_response__unpack(NULL, v.len, v.data);

	memset(a, 0, sizeof *a);
	if (r == NULL)
		return ERR_MALFORMED;
	if (r->partial_success != NULL) {
		const Otlp__PartialSuccess *p = r->partial_success;

		a->rejected = p->rejected > 0 ? (uint64_t)p->rejected : 0;
		text_printable(a->message, sizeof a->message, p->error_message,
			strlen(p->error_message));
	}
	otlp__export_service_response__free_unpacked(r, NULL);
	return ERR_OK;
}

void
otlp_read_status(struct view v, char *to, size_t cap)
{
	Otlp__RpcStatus *s = otlp__rpc_status__unpack(NULL, v.len, v.data);

	to[0] = '\0';
	if (s == NULL)
		return;
	text_printable(to, cap, s->message, strlen(s->message));
	otlp__rpc_status__free_unpacked(s, NULL);
}
