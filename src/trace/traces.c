/* SPDX-License-Identifier: MIT */
#include "trace/traces.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/mem.h"

struct traced {
	TAILQ_ENTRY(traced) by_age;
	uint8_t trace[SPAN_TRACE_LEN];
	struct peer_id node;
	char name[NAME_LEN_MAX + 1];
	int64_t begin_us;
	uint64_t bound_us;
	struct span span;
};

struct traces {
	TAILQ_HEAD(, traced) all;	/* oldest first */
	size_t count;
	uint64_t changes, made, dropped;
	struct traces_row *rows;	/* of the change `made` */
	size_t row_count;
};

struct traces *
traces_new(void)
{
	struct traces *t = mem_new(MEM_TRACES, sizeof *t);

	TAILQ_INIT(&t->all);
	return t;
}

static void
drop(struct traces *t, struct traced *d)
{
	TAILQ_REMOVE(&t->all, d, by_age);
	t->count--;
	mem_free(MEM_TRACED, d);
}

void
traces_free(struct traces *t)
{
	if (t == NULL)
		return;
	while (!TAILQ_EMPTY(&t->all))
		drop(t, TAILQ_FIRST(&t->all));
	free(t->rows);
	mem_free(MEM_TRACES, t);
}

void
traces_add(struct traces *t, const struct traces_from *from,
	const uint8_t trace[static SPAN_TRACE_LEN], const struct span *span)
{
	struct traced *d;

	TAILQ_FOREACH(d, &t->all, by_age)
		if (memcmp(d->span.id, span->id, SPAN_ID_LEN) == 0 &&
			memcmp(d->trace, trace, SPAN_TRACE_LEN) == 0)
			return;
	if (t->count == TRACES_SPANS_MAX) {
		drop(t, TAILQ_FIRST(&t->all));
		t->dropped++;
	}
	d = mem_new(MEM_TRACED, sizeof *d);
	memcpy(d->trace, trace, SPAN_TRACE_LEN);
	d->node = from->node;
	snprintf(d->name, sizeof d->name, "%s", from->name);
	d->begin_us = from->wall_us + (int64_t)span->begin_us;
	d->bound_us = from->bound_us;
	d->span = *span;
	TAILQ_INSERT_TAIL(&t->all, d, by_age);
	t->count++;
	t->changes++;
}

uint64_t
traces_changes(const struct traces *t)
{
	return t->changes;
}

uint64_t
traces_dropped(const struct traces *t)
{
	return t->dropped;
}

static bool
is_of(const struct traced *d, const uint8_t *trace)
{
	return memcmp(d->trace, trace, SPAN_TRACE_LEN) == 0;
}

bool
traces_touches(const struct traces *t, const uint8_t trace[static SPAN_TRACE_LEN],
	const struct peer_id *node)
{
	const struct traced *d;

	TAILQ_FOREACH(d, &t->all, by_age)
		if (is_of(d, trace) && id_equal(&d->node, node))
			return true;
	return false;
}

/* Whether an earlier span of the same trace was on the same node. */
static bool
node_is_known(const struct traces *t, const struct traced *d)
{
	const struct traced *e;

	for (e = TAILQ_FIRST(&t->all); e != d; e = TAILQ_NEXT(e, by_age))
		if (is_of(e, d->trace) && id_equal(&e->node, &d->node))
			return true;
	return false;
}

static void
count_in(const struct traces *t, struct traces_row *r, const struct traced *d)
{
	int64_t end_us = d->begin_us + (int64_t)d->span.duration_us;
	int64_t row_end_us = r->begin_us + (int64_t)r->took_us;
	bool first = r->spans == 0;

	if (first || !span_has_parent(&d->span)) {
		memcpy(r->name, d->span.name, sizeof r->name);
		memcpy(r->node, d->name, sizeof r->node);
	}
	if (first || d->begin_us < r->begin_us)
		r->begin_us = d->begin_us;
	if (first || end_us > row_end_us)
		row_end_us = end_us;
	r->took_us = (uint64_t)(row_end_us - r->begin_us);
	r->spans++;
	r->nodes += !node_is_known(t, d);
	r->failed += d->span.state == SPAN_FAILED;
	if (d->bound_us > r->bound_us)
		r->bound_us = d->bound_us;
}

static int
latest_first(const void *va, const void *vb)
{
	const struct traces_row *a = va, *b = vb;

	if (a->begin_us != b->begin_us)
		return a->begin_us > b->begin_us ? -1 : 1;
	return memcmp(a->trace, b->trace, SPAN_TRACE_LEN);
}

const struct traces_row *
traces_rows(struct traces *t, size_t *count)
{
	const struct traced *d;

	if (t->made != t->changes) {
		free(t->rows);
		t->rows = mem_array(t->count, sizeof *t->rows);
		t->row_count = 0;
		TAILQ_FOREACH(d, &t->all, by_age) {
			size_t i = 0;

			while (i < t->row_count && !is_of(d, t->rows[i].trace))
				i++;
			if (i == t->row_count) {
				t->row_count++;
				memcpy(t->rows[i].trace, d->trace, SPAN_TRACE_LEN);
			}
			count_in(t, &t->rows[i], d);
		}
		qsort(t->rows, t->row_count, sizeof *t->rows, latest_first);
		t->made = t->changes;
	}
	*count = t->row_count;
	return t->rows;
}

bool
traces_spans(const struct traces *t, const uint8_t trace[static SPAN_TRACE_LEN],
	struct traces_spans *to)
{
	const struct traced *d;
	int64_t begin_us = INT64_MAX;
	size_t count = 0;

	*to = (struct traces_spans){ .nodes = NULL };
	TAILQ_FOREACH(d, &t->all, by_age)
		if (is_of(d, trace)) {
			count++;
			begin_us = d->begin_us < begin_us ? d->begin_us : begin_us;
		}
	if (count == 0)
		return false;
	to->set.lost = count > WATERFALL_ROWS_MAX ? count - WATERFALL_ROWS_MAX : 0;
	memcpy(to->set.trace, trace, SPAN_TRACE_LEN);
	to->set.wall_us = (uint64_t)begin_us;
	to->set.spans = mem_array(count, sizeof *to->set.spans);
	to->nodes = mem_array(count, sizeof *to->nodes);
	TAILQ_FOREACH(d, &t->all, by_age) {
		size_t i = to->set.count;

		if (!is_of(d, trace) || i == WATERFALL_ROWS_MAX)
			continue;
		to->set.spans[i] = d->span;
		to->set.spans[i].begin_us = (uint64_t)(d->begin_us - begin_us);
		memcpy(to->nodes[i], d->name, sizeof to->nodes[i]);
		to->set.count++;
	}
	return true;
}

void
traces_spans_fini(struct traces_spans *s)
{
	span_set_fini(&s->set);
	free(s->nodes);
	s->nodes = NULL;
}
