/* SPDX-License-Identifier: MIT */
#include "trace/meter.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/traffic.h"

/* One more than fit into the window: the oldest is at least as old as it is long. */
#define MARKS (METER_WINDOW / METER_MARK_EVERY + 2)

enum by { BY_NOTHING, BY_KIND, BY_CLASS, BY_QUEUE };

static const struct {
	const char *name, *unit, *meaning;
	enum meter_kind kind;
	enum by by;
} metrics[METRICS] = {
#define METRIC(id, name_, unit_, kind_, by_, meaning_) \
	{ name_, unit_, meaning_, METER_##kind_, BY_##by_ },
#include "trace/metrics.def"
#undef METRIC
};

static const char *const attributes[] = { NULL, "kind", "class", "queue" };

static const double bounds_ms[METER_BOUNDS] = { 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100,
	200, 500, 1000, 2000, 5000 };

/*
 * All that counts is one row of numbers, and a mark is a copy of it. A histogram is
 * METER_BUCKETS of them and the sum in nanoseconds.
 */
struct meter {
	const char *const *queues;
	size_t queue_count;
	uint64_t began_ns;
	size_t first[METRICS];	/* in counts, or in gauges */
	size_t count_count, gauge_count;
	uint64_t *counts, *marks;	/* MARKS rows */
	double *gauges;			/* NAN: no value yet */
	uint64_t mark_ns[MARKS];
	size_t marked;		/* marks ever set */
};

static size_t
labels(const struct meter *m, enum metric id)
{
	switch (metrics[id].by) {
	case BY_KIND:
		return TRAFFIC_KINDS;
	case BY_CLASS:
		return MEM_CLASSES;
	case BY_QUEUE:
		return m->queue_count;
	case BY_NOTHING:
		break;
	}
	return 1;
}

static const char *
label_text(const struct meter *m, enum metric id, size_t label)
{
	switch (metrics[id].by) {
	case BY_KIND:
		return traffic_text((enum traffic)label);
	case BY_CLASS:
		return mem_class_name((enum mem_class)label);
	case BY_QUEUE:
		return m->queues[label];
	case BY_NOTHING:
		break;
	}
	return NULL;
}

/* Where in a row; `id` must be of that kind. */
static size_t
place(const struct meter *m, enum metric id, enum meter_kind kind, size_t label)
{
	assert(id < METRICS && metrics[id].kind == kind && label < labels(m, id));
	return m->first[id] + label;
}

struct meter *
meter_new(const char *const *queues, size_t queue_count, uint64_t now_ns)
{
	struct meter *m = mem_new(MEM_METER, sizeof *m);

	m->queues = queues;
	m->queue_count = queue_count;
	m->began_ns = now_ns;
	for (int id = 0; id < METRICS; id++) {
		size_t count = labels(m, (enum metric)id);

		if (metrics[id].kind == METER_GAUGE) {
			m->first[id] = m->gauge_count;
			m->gauge_count += count;
			continue;
		}
		if (metrics[id].kind == METER_HISTOGRAM)
			count = METER_BUCKETS + 1;
		m->first[id] = m->count_count;
		m->count_count += count;
	}
	m->counts = mem_array((MARKS + 1) * m->count_count, sizeof *m->counts);
	m->marks = m->counts + m->count_count;
	m->gauges = mem_array(m->gauge_count, sizeof *m->gauges);
	for (size_t i = 0; i < m->gauge_count; i++)
		m->gauges[i] = NAN;
	meter_mark(m, now_ns);
	return m;
}

void
meter_free(struct meter *m)
{
	if (m == NULL)
		return;
	free(m->counts);
	free(m->gauges);
	mem_free(MEM_METER, m);
}

void
meter_add(struct meter *m, enum metric id, size_t label, uint64_t count)
{
	if (m != NULL)
		m->counts[place(m, id, METER_COUNTER, label)] += count;
}

void
meter_total(struct meter *m, enum metric id, size_t label, uint64_t total)
{
	uint64_t *to;

	if (m == NULL)
		return;
	to = &m->counts[place(m, id, METER_COUNTER, label)];
	/* What is summed over tables shrinks when one of them goes. */
	if (total > *to)
		*to = total;
}

void
meter_gauge(struct meter *m, enum metric id, size_t label, double value)
{
	if (m != NULL)
		m->gauges[place(m, id, METER_GAUGE, label)] = value;
}

void
meter_record(struct meter *m, enum metric id, uint64_t ns)
{
	double ms = (double)ns / NS_PER_MS;
	size_t bucket = 0;
	uint64_t *to;

	if (m == NULL)
		return;
	to = &m->counts[place(m, id, METER_HISTOGRAM, 0)];
	while (bucket < METER_BOUNDS && ms > bounds_ms[bucket])
		bucket++;
	to[bucket]++;
	to[METER_BUCKETS] += ns;
}

bool
meter_due(const struct meter *m, uint64_t now_ns)
{
	return m != NULL &&
	       now_ns >= m->mark_ns[(m->marked - 1) % MARKS] + METER_MARK_EVERY;
}

void
meter_mark(struct meter *m, uint64_t now_ns)
{
	size_t row;

	if (m == NULL)
		return;
	row = m->marked++ % MARKS;
	m->mark_ns[row] = now_ns;
	memcpy(m->marks + row * m->count_count, m->counts,
		m->count_count * sizeof *m->counts);
}

/* The newest mark that is as old as the window is long, else the oldest there is. */
static size_t
window_mark(const struct meter *m, uint64_t now_ns)
{
	size_t kept = m->marked < MARKS ? m->marked : MARKS, row = 0;

	for (size_t i = 1; i <= kept; i++) {
		row = (m->marked - i) % MARKS;
		if (m->mark_ns[row] + METER_WINDOW <= now_ns)
			break;
	}
	return row;
}

uint64_t
meter_began_ns(const struct meter *m)
{
	return m != NULL ? m->began_ns : 0;
}

uint64_t
meter_window_ns(const struct meter *m, uint64_t now_ns)
{
	uint64_t mark_ns = m != NULL ? m->mark_ns[window_mark(m, now_ns)] : now_ns;

	return now_ns > mark_ns ? now_ns - mark_ns : 0;
}

uint64_t
meter_moved(const struct meter *m, enum metric id, size_t label, uint64_t now_ns)
{
	size_t at;

	if (m == NULL)
		return 0;
	at = place(m, id, METER_COUNTER, label);
	return m->counts[at] - m->marks[window_mark(m, now_ns) * m->count_count + at];
}

static void
fill_histogram(const uint64_t *now, const uint64_t *then, struct meter_point *p)
{
	p->buckets = now;
	for (size_t i = 0; i < METER_BUCKETS; i++) {
		p->moved_buckets[i] = now[i] - then[i];
		p->total += now[i];
		p->moved += p->moved_buckets[i];
	}
	p->sum = (double)now[METER_BUCKETS] / NS_PER_MS;
	p->moved_sum = (double)(now[METER_BUCKETS] - then[METER_BUCKETS]) / NS_PER_MS;
}

/* False: it has nothing to say. */
static bool
fill(const struct meter *m, enum metric id, size_t label, uint64_t now_ns,
	struct meter_point *p)
{
	const uint64_t *then = m->marks + window_mark(m, now_ns) * m->count_count;
	size_t at = m->first[id] + label;

	*p = (struct meter_point){ .metric = id, .kind = metrics[id].kind,
		.name = metrics[id].name, .unit = metrics[id].unit,
		.meaning = metrics[id].meaning,
		.attribute = attributes[metrics[id].by],
		.label = label_text(m, id, label) };
	switch (p->kind) {
	case METER_GAUGE:
		p->value = m->gauges[at];
		return !isnan(p->value);
	case METER_HISTOGRAM:
		fill_histogram(m->counts + at, then + at, p);
		return true;
	case METER_COUNTER:
		p->total = m->counts[at];
		p->moved = p->total - then[at];
		break;
	}
	return p->total > 0 || p->label == NULL;
}

bool
meter_next(const struct meter *m, size_t *cursor, uint64_t now_ns, struct meter_point *p)
{
	size_t before = 0;

	if (m == NULL)
		return false;
	for (int id = 0; id < METRICS; id++) {
		size_t count = labels(m, (enum metric)id);

		for (; *cursor < before + count; ) {
			size_t label = (*cursor)++ - before;

			if (fill(m, (enum metric)id, label, now_ns, p))
				return true;
		}
		before += count;
	}
	return false;
}

double
meter_bound_ms(size_t bucket)
{
	assert(bucket < METER_BOUNDS);
	return bounds_ms[bucket];
}

double
meter_quantile(const uint64_t buckets[static METER_BUCKETS], double q)
{
	uint64_t all = 0, below = 0;
	double rank;

	for (size_t i = 0; i < METER_BUCKETS; i++)
		all += buckets[i];
	rank = q * (double)all;
	for (size_t i = 0; all > 0 && i < METER_BOUNDS; i++) {
		double low = i > 0 ? bounds_ms[i - 1] : 0;

		if (buckets[i] > 0 && rank <= (double)(below + buckets[i]))
			return low + (bounds_ms[i] - low) * (rank - (double)below) /
				(double)buckets[i];
		below += buckets[i];
	}
	return all > 0 ? bounds_ms[METER_BOUNDS - 1] : 0;
}
