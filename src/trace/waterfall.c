/* SPDX-License-Identifier: MIT */
#include "trace/waterfall.h"

#include <string.h>

#include "trace/tracer.h"

static const struct span *
find(const struct span_set *s, const uint8_t id[static SPAN_ID_LEN])
{
	for (size_t i = 0; i < s->count; i++)
		if (memcmp(s->spans[i].id, id, SPAN_ID_LEN) == 0)
			return &s->spans[i];
	return NULL;
}

/*
 * What begins a process has its parent in another one (TRACEPARENT), which is never in
 * the set: nothing is missing then.
 */
static bool
is_orphan(const struct span *s)
{
	static const enum trace_span first[] = { TRACE_NODE_READY, TRACE_RUN,
		TRACE_OBSERVE };

	for (size_t i = 0; i < sizeof first / sizeof first[0]; i++)
		if (strcmp(s->name, tracer_span_name(first[i])) == 0)
			return false;
	return span_has_parent(s);
}

static bool
is_top(const struct span_set *s, const struct span *at)
{
	return !span_has_parent(at) || find(s, at->parent) == NULL;
}

static uint64_t
end_of(const struct span *s, uint64_t now_us)
{
	uint64_t end_us = s->begin_us + s->duration_us;

	return s->state == SPAN_OPEN && now_us > end_us ? now_us : end_us;
}

/*
 * The spans below `above` that are not in `taken` yet, the earliest first. What refers to
 * itself in a circle is below nobody and comes as an orphan at the end.
 */
static void
add_below(struct waterfall *w, const struct span_set *s, const struct span *above,
	unsigned depth, bool taken[static WATERFALL_ROWS_MAX], uint64_t now_us)
{
	for (;;) {
		const struct span *next = NULL;

		for (size_t i = 0; i < s->count; i++) {
			const struct span *at = &s->spans[i];
			bool here = above != NULL
				? memcmp(at->parent, above->id, SPAN_ID_LEN) == 0
				: is_top(s, at);

			if (!taken[i] && here && (!next || at->begin_us < next->begin_us))
				next = at;
		}
		if (next == NULL)
			return;
		taken[next - s->spans] = true;
		w->rows[w->count++] = (struct waterfall_row){ .span = next,
			.depth = depth,
			.begin_us = next->begin_us,
			.end_us = end_of(next, now_us),
			.orphan = above == NULL && is_orphan(next) };
		/* As deep as there are spans: each is taken once. */
		add_below(w, s, next, depth + 1, taken, now_us);
	}
}

static void
add_circles(struct waterfall *w, const struct span_set *s, const bool *taken,
	uint64_t now_us)
{
	for (size_t i = 0; i < s->count; i++)
		if (!taken[i])
			w->rows[w->count++] = (struct waterfall_row){
				.span = &s->spans[i],
				.begin_us = s->spans[i].begin_us,
				.end_us = end_of(&s->spans[i], now_us),
				.orphan = true };
}

static bool
has_other_top(const struct waterfall *w)
{
	for (size_t i = 1; i < w->count; i++)
		if (w->rows[i].depth == 0 && !w->rows[i].orphan)
			return true;
	return false;
}

static void
set_scale(struct waterfall *w)
{
	const struct waterfall_row *first = &w->rows[0];

	if (w->count == 0)
		return;
	w->from_us = first->begin_us;
	w->to_us = first->end_us;
	/* Several processes below one span elsewhere are as long as all of them. */
	if (first->span->state != SPAN_OPEN && !first->orphan &&
		(!span_has_parent(first->span) || !has_other_top(w)))
		return;
	for (size_t i = 1; i < w->count; i++) {
		if (w->rows[i].begin_us < w->from_us)
			w->from_us = w->rows[i].begin_us;
		if (w->rows[i].end_us > w->to_us)
			w->to_us = w->rows[i].end_us;
	}
}

void
waterfall_build(struct waterfall *w, const struct span_set *s, uint64_t now_us)
{
	bool taken[WATERFALL_ROWS_MAX] = { false };

	*w = (struct waterfall){ .lost = s->lost };
	add_below(w, s, NULL, 0, taken, now_us);
	add_circles(w, s, taken, now_us);
	for (size_t i = 0; i < w->count; i++) {
		w->open += w->rows[i].span->state == SPAN_OPEN;
		w->failed += w->rows[i].span->state == SPAN_FAILED;
		w->orphans += w->rows[i].orphan;
	}
	set_scale(w);
}

/* The cell of a time; `width` for the end of the scale. */
static int
cell(const struct waterfall *w, uint64_t us, int width)
{
	uint64_t length = w->to_us - w->from_us, offset;

	if (us <= w->from_us || length == 0)
		return 0;
	offset = us - w->from_us;
	if (offset >= length)
		return width;
	/* Hours in microseconds times a wide screen are far below 2^64. */
	return (int)((double)offset / (double)length * width);
}

struct waterfall_bar
waterfall_bar(const struct waterfall *w, const struct waterfall_row *row, int width)
{
	struct waterfall_bar bar = { .from = cell(w, row->begin_us, width) };
	int to = cell(w, row->end_us, width);

	bar.beyond = row->end_us > w->to_us;
	if (bar.from >= width)
		bar.from = width - 1;
	bar.len = to > bar.from ? to - bar.from : 1;
	return bar;
}
