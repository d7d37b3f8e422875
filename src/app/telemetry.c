/* SPDX-License-Identifier: MIT */
#include "app/telemetry.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/wall.h"
#include "config.h"
#include "io/loop.h"
#include "io/otlp_post.h"
#include "trace/otlp.h"
#include "trace/otlp_metrics.h"
#include "trace/traceparent.h"

#define SPAN_BYTES_MAX (8u * 1024)	/* a span with its longest texts */
#define METRIC_BYTES_MAX (64u * 1024)	/* a metric with all its points */
#define SAY_CAP 400

_Static_assert(SPANS_MAX <= 64, "the spans of a set are bits");

struct telemetry {
	uv_loop_t *loop;
	uv_timer_t timer, bound;	/* the next post; the end of the end */
	unsigned handles;		/* that are not closed yet */
	bool late;			/* the end has taken as long as it may */
	struct telemetry_say say;
	struct otlp_config config;
	struct otlp_post *post;
	struct exporter *exporters[OTLP_SIGNALS];	/* NULL: not this signal */
	struct otlp_resource resource;
	char *service, *instance, *mesh, *type;
	uint64_t taken;	/* spans of the set: bits */
	struct journal_cursor read;
	uint64_t missed;	/* spans that the store dropped before we came */
	const struct meter *meter;	/* NULL: no metrics */
	uint64_t meter_start_wall_us, measured_ns;
};

static const char *
get(void *ctx, const char *name)
{
	(void)ctx;
	return getenv(name);
}

static void
warn(void *ctx, const char *text)
{
	const struct telemetry *t = ctx;

	t->say.call(t->say.ctx, text);
}

static void
post(struct telemetry *t, enum otlp_signal s, const struct view *items, size_t count,
	uint64_t now_ns)
{
	struct exporter_answer impossible = { .fate = EXPORTER_IMPOSSIBLE };
	struct buf body;

	buf_init(&body, OTLP_BODY_LEN_MAX);
	otlp_put_request(&body, s, &t->resource, items, count);
	if (!body.failed) {
		otlp_post_send(t->post, s, &body);
		return;
	}
	buf_fini(&body);
	snprintf(impossible.why, sizeof impossible.why, "a batch of more than %u bytes",
		OTLP_BODY_LEN_MAX);
	exporter_answer(t->exporters[s], &impossible, now_ns);
}

/* A snapshot of the meter into the queue. */
static void
measure(struct telemetry *t, uint64_t now_ns)
{
	struct otlp_metrics m = { .meter = t->meter,
		.start_wall_us = t->meter_start_wall_us,
		.wall_us = wall_us(),
		.now_ns = now_ns };
	struct buf b;

	t->measured_ns = now_ns;
	buf_init(&b, METRIC_BYTES_MAX);
	for (; otlp_metrics_next(&m, &b); buf_clear(&b))
		if (b.failed)
			exporter_missed(t->exporters[OTLP_METRICS], 1);
		else
			(void)exporter_add(
				t->exporters[OTLP_METRICS], b.data, b.len, now_ns);
	buf_fini(&b);
}

static void on_timer(uv_timer_t *h);

/* Posts what is due, and sets the timer for what is not yet. */
static void
pump(struct telemetry *t)
{
	uint64_t now_ns = loop_now_ns(), due_ns = NEVER;

	if (t->meter != NULL) {
		if (now_ns >= t->measured_ns + METER_WINDOW)
			measure(t, now_ns);
		due_ns = t->measured_ns + METER_WINDOW;
	}
	for (int s = 0; s < OTLP_SIGNALS; s++) {
		struct exporter *x = t->exporters[s];
		const struct view *items;
		size_t count = x != NULL ? exporter_take(x, now_ns, &items) : 0;

		if (count > 0)
			post(t, (enum otlp_signal)s, items, count, now_ns);
		if (x != NULL && exporter_deadline(x) < due_ns)
			due_ns = exporter_deadline(x);
	}
	uv_update_time(t->loop);
	if (due_ns == NEVER)
		uv_timer_stop(&t->timer);
	else
		uv_timer_start(&t->timer, on_timer, loop_ms_again(due_ns, now_ns), 0);
}

static void
on_timer(uv_timer_t *h)
{
	pump(h->data);
}

static void
on_answered(void *ctx, enum otlp_signal s, const struct exporter_answer *a)
{
	struct telemetry *t = ctx;
	const char *complaint;
	char text[SAY_CAP];

	exporter_answer(t->exporters[s], a, loop_now_ns());
	complaint = exporter_complaint(t->exporters[s]);
	if (complaint != NULL) {
		snprintf(text, sizeof text,
			"OTLP: %s do not arrive as they should: %s (said once; "
			"--status has the counts)",
			otlp_signal_text(s), complaint);
		t->say.call(t->say.ctx, text);
	}
	pump(t);
}

static void
make_exporters(struct telemetry *t)
{
	const struct exporter_limits limits[OTLP_SIGNALS] = {
		[OTLP_TRACES] = { OTLP_QUEUE_MAX, OTLP_BATCH_MAX, OTLP_DELAY },
		[OTLP_METRICS] = { OTLP_METRICS_QUEUE_MAX, OTLP_METRICS_BATCH_MAX, 0 },
	};
	uint8_t seed[32];

	for (int s = 0; s < OTLP_SIGNALS; s++) {
		randombytes_buf(seed, sizeof seed);
		if (t->config.to[s].url[0] != '\0')
			t->exporters[s] = exporter_new(&limits[s], seed);
	}
}

static void
discard(struct telemetry *t)
{
	for (int s = 0; s < OTLP_SIGNALS; s++)
		exporter_free(t->exporters[s]);
	otlp_config_fini(&t->config);
	free(t->service);
	free(t->instance);
	free(t->mesh);
	free(t->type);
	mem_free(MEM_TELEMETRY, t);
}

struct telemetry *
telemetry_open(uv_loop_t *loop, const struct telemetry_say *say)
{
	struct telemetry *t = mem_new(MEM_TELEMETRY, sizeof *t);
	const struct otlp_environment environment = { get, warn, t };
	const struct otlp_post_hooks hooks = { on_answered, t };
	char why[OTLP_POST_WHY_CAP], text[SAY_CAP];

	t->loop = loop;
	t->say = *say;
	otlp_config_read(&t->config, &environment);
	if (!otlp_config_exports(&t->config)) {
		discard(t);
		return NULL;
	}
	t->post = otlp_post_open(
		loop, &t->config, "meshtui/" PACKAGE_VERSION, &hooks, why);
	if (t->post == NULL) {
		snprintf(text, sizeof text, "OTLP: nothing is exported: %s", why);
		t->say.call(t->say.ctx, text);
		discard(t);
		return NULL;
	}
	make_exporters(t);
	uv_timer_init(loop, &t->timer);
	uv_timer_init(loop, &t->bound);
	t->timer.data = t->bound.data = t;
	t->handles = 2;
	uv_unref((uv_handle_t *)&t->timer);
	return t;
}

static void
replace(char **at, const char *text)
{
	free(*at);
	*at = text != NULL ? mem_text(text) : NULL;
}

void
telemetry_self(struct telemetry *t, const char *service, const char *instance,
	const char *mesh, const char *type)
{
	if (t == NULL)
		return;
	replace(&t->service,
		t->config.service_name != NULL ? t->config.service_name : service);
	replace(&t->instance, instance);
	replace(&t->mesh, mesh);
	replace(&t->type, type);
	t->resource = (struct otlp_resource){ .service_name = t->service,
		.service_version = PACKAGE_VERSION,
		.instance_id = t->instance,
		.mesh = t->mesh,
		.type = t->type,
		.more = &t->config.resource };
}

static void
take_span(struct telemetry *t, const uint8_t *trace, uint64_t wall_us,
	const struct span *s)
{
	struct buf b;

	buf_init(&b, SPAN_BYTES_MAX);
	otlp_put_span(&b, trace, wall_us, s, TRACEPARENT_SAMPLED);
	if (!b.failed)
		exporter_add(t->exporters[OTLP_TRACES], b.data, b.len, loop_now_ns());
	buf_fini(&b);
}

void
telemetry_set(struct telemetry *t, const struct span_set *s)
{
	bool any = false;

	if (t == NULL || t->exporters[OTLP_TRACES] == NULL)
		return;
	for (size_t i = 0; i < s->count; i++) {
		if (s->spans[i].state == SPAN_OPEN || (t->taken & UINT64_C(1) << i) != 0)
			continue;
		t->taken |= UINT64_C(1) << i;
		take_span(t, s->trace, s->wall_us, &s->spans[i]);
		any = true;
	}
	if (any)
		pump(t);
}

void
telemetry_store(struct telemetry *t, const struct span_store *s)
{
	struct span_record *r;
	bool any = false;

	if (t == NULL || t->exporters[OTLP_TRACES] == NULL ||
		t->read.seq == span_store_journal(s)->next_seq)
		return;
	r = mem_array(1, sizeof *r);
	while (span_store_next(s, &t->read, r, &t->missed)) {
		take_span(t, r->trace, span_store_wall_us(s), &r->span);
		any = true;
	}
	free(r);
	exporter_missed(t->exporters[OTLP_TRACES], t->missed);
	t->missed = 0;
	if (any)
		pump(t);
}

void
telemetry_meter(struct telemetry *t, const struct meter *m)
{
	uint64_t now_ns = loop_now_ns();

	if (t == NULL || m == NULL || t->exporters[OTLP_METRICS] == NULL)
		return;
	t->meter = m;
	/* Once: a series whose beginning moves is a new one each time. */
	t->meter_start_wall_us =
		wall_us() - (now_ns - meter_began_ns(m)) / 1000;
	measure(t, now_ns);
	pump(t);
}

void
telemetry_flush(struct telemetry *t)
{
	if (t == NULL)
		return;
	for (int s = 0; s < OTLP_SIGNALS; s++)
		if (t->exporters[s] != NULL)
			exporter_flush(t->exporters[s]);
	pump(t);
}

void
telemetry_exports(const struct telemetry *t, struct control_exports *to)
{
	memset(to, 0, sizeof *to);
	for (int s = 0; t != NULL && s < OTLP_SIGNALS; s++)
		if (t->exporters[s] != NULL)
			to->stats[s] = exporter_stats(t->exporters[s]);
}

/* Whether something is on its way, or goes before `due_ns`. */
static bool
is_busy(const struct telemetry *t, uint64_t due_ns)
{
	for (int s = 0; s < OTLP_SIGNALS; s++) {
		const struct exporter *x = t->exporters[s];

		if (x == NULL || exporter_stats(x)->queued == 0)
			continue;
		if (exporter_deadline(x) == NEVER || exporter_deadline(x) < due_ns)
			return true;
	}
	return false;
}

static void
on_bound(uv_timer_t *h)
{
	struct telemetry *t = h->data;

	t->late = true;
}

/* The last turns: everything else of the process may go on meanwhile. */
static void
drain(struct telemetry *t)
{
	uint64_t due_ns = loop_now_ns() + OTLP_CLOSE_MAX;

	uv_update_time(t->loop);
	uv_timer_start(&t->bound, on_bound, OTLP_CLOSE_MAX / NS_PER_MS, 0);
	/*
	 * The timer says when it is enough, not our clock: libuv's milliseconds end up to
	 * one earlier, and nobody would wake the loop after that.
	 */
	while (is_busy(t, due_ns) && !t->late)
		uv_run(t->loop, UV_RUN_ONCE);
}

static void
give_up(struct telemetry *t, enum otlp_signal s)
{
	const struct exporter_stats *stats = exporter_stats(t->exporters[s]);
	char text[SAY_CAP];

	exporter_abandon(t->exporters[s]);
	if (stats->sent == stats->taken)
		return;
	snprintf(text, sizeof text,
		"OTLP: of %llu %s %llu arrived; %llu were rejected, %llu refused, %llu "
		"dropped",
		(unsigned long long)stats->taken, otlp_signal_text(s),
		(unsigned long long)stats->sent, (unsigned long long)stats->rejected,
		(unsigned long long)stats->failed, (unsigned long long)stats->dropped);
	t->say.call(t->say.ctx, text);
}

static void
on_closed(uv_handle_t *h)
{
	struct telemetry *t = h->data;

	if (--t->handles == 0)
		discard(t);
}

void
telemetry_close(struct telemetry *t)
{
	if (t == NULL)
		return;
	if (t->meter != NULL)
		measure(t, loop_now_ns());
	telemetry_flush(t);
	drain(t);
	for (int s = 0; s < OTLP_SIGNALS; s++)
		if (t->exporters[s] != NULL)
			give_up(t, (enum otlp_signal)s);
	otlp_post_close(t->post);
	uv_close((uv_handle_t *)&t->timer, on_closed);
	uv_close((uv_handle_t *)&t->bound, on_closed);
}

void
telemetry_once(const struct telemetry_say *say, const struct span_set *s,
	const char *mesh, const char *type)
{
	char why[LOOP_WHY_CAP];
	struct telemetry *t;
	uv_loop_t loop;

	if (loop_begin(&loop, why) != ERR_OK)
		return;
	t = telemetry_open(&loop, say);
	telemetry_self(t, type, NULL, mesh, type);
	telemetry_set(t, s);
	telemetry_close(t);
	(void)loop_drain(&loop);
}
