/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mesh/directory.h"
#include "scenario/measure.h"

/* Digests come every 2 s +-10 %: after this one has certainly been missed. */
#define FRESH_MS 5000

struct figures {
	const struct claim *claim;
	struct members *m;
	const struct expect_node *nodes;
	size_t count;
	struct measure *to;
};

static bool
meant(const struct claim *c, const char *mesh, const char *type, unsigned number)
{
	return selector_any_matches(&c->about, mesh, type, number);
}

static bool
node_meant(const struct figures *f, size_t i)
{
	return meant(f->claim, f->nodes[i].mesh, f->nodes[i].type, f->nodes[i].number);
}

static bool
same_mesh(const struct figures *f, size_t a, size_t b)
{
	return strcmp(f->nodes[a].mesh, f->nodes[b].mesh) == 0;
}

static const struct lifeline_view_node *
entry_of(const struct lifeline_view *v, const struct peer_id *id)
{
	for (size_t i = 0; i < v->node_count; i++)
		if (id_equal(&v->nodes[i].id, id))
			return &v->nodes[i];
	return NULL;
}

/* All that exist have answered. */
static bool
heard_all(struct figures *f)
{
	for (size_t i = 0; i < f->count; i++) {
		if (f->nodes[i].view)
			continue;
		snprintf(f->to->why, sizeof(f->to->why),
			"no answer yet from %s since the last change", f->nodes[i].name);
		return false;
	}
	return true;
}

static void
set(struct figures *f, int64_t have, int64_t of)
{
	f->to->known = true;
	f->to->have = have;
	f->to->of = of;
}

static void
take_converged(struct figures *f)
{
	struct expect_node *some = mem_array(f->count + 1, sizeof(*some));
	struct expect_result r;
	size_t wanted = 0, count = 0;

	for (size_t i = 0; i < f->count; i++)
		if (node_meant(f, i))
			some[count++] = f->nodes[i];
	for (size_t i = 0; i < f->m->count; i++) {
		const struct member *one = &f->m->at[i];

		wanted += members_wanted(f->m, i) &&
			meant(f->claim, one->group->mesh, one->group->type, one->number);
	}
	expect_converged(some, count, &r);
	if (count < wanted)
		snprintf(f->to->why, sizeof(f->to->why), "%zu of %zu nodes are ready",
			count, wanted);
	else
		memcpy(f->to->why, r.why, sizeof(f->to->why));
	set(f, r.met && count == wanted, 1);
	free(some);
}

static void
take_ready(struct figures *f)
{
	int64_t have = 0, of = 0;

	for (size_t i = 0; i < f->m->count; i++) {
		const struct member *one = &f->m->at[i];

		if (!meant(f->claim, one->group->mesh, one->group->type, one->number))
			continue;
		of++;
		have += one->state == MEMBER_READY;
	}
	set(f, have * 1000, of);
}

static void
take_live(struct figures *f)
{
	int64_t have = 0, of = 0;

	if (!heard_all(f))
		return;
	for (size_t i = 0; i < f->m->count; i++) {
		const struct member *one = &f->m->at[i];

		of += meant(f->claim, one->group->mesh, one->group->type, one->number);
	}
	for (size_t i = 0; i < f->count; i++) {
		bool live = true;

		if (!node_meant(f, i))
			continue;
		for (size_t w = 0; w < f->count && live; w++) {
			const struct lifeline_view_node *en;

			if (w == i || !same_mesh(f, w, i))
				continue;
			en = entry_of(f->nodes[w].view, &f->nodes[i].id);
			live = en && en->liveness == LIVENESS_LIVE;
			if (!live)
				snprintf(f->to->why, sizeof(f->to->why),
					"%s does not see %s live", f->nodes[w].name,
					f->nodes[i].name);
		}
		have += live;
	}
	set(f, have * 1000, of);
}

static void
take_lost(struct figures *f)
{
	int64_t have = 0, of = 0;

	if (!heard_all(f))
		return;
	for (size_t i = 0; i < f->m->count; i++) {
		const struct member *one = &f->m->at[i];
		bool lost = false;

		if (!meant(f->claim, one->group->mesh, one->group->type, one->number) ||
			!one->row || !one->row->ready_ns)
			continue;
		of++;
		for (size_t w = 0; w < f->count && !lost; w++) {
			const struct lifeline_view_node *en;

			if (f->m->index[w] == i ||
				strcmp(f->nodes[w].mesh, one->group->mesh) != 0)
				continue;
			en = entry_of(f->nodes[w].view, &one->row->ready.id);
			lost = !en || en->liveness != LIVENESS_LIVE;
		}
		have += lost;
	}
	set(f, have * 1000, of);
}

static bool
reports(const struct expect_node *a, const struct expect_node *b)
{
	for (size_t i = 0; i < a->view->link_count; i++)
		if (id_equal(&a->view->links[i], &b->id))
			return true;
	return false;
}

static bool
linked(const struct figures *f, size_t a, size_t b)
{
	return reports(&f->nodes[a], &f->nodes[b]) && reports(&f->nodes[b], &f->nodes[a]);
}

static void
take_components(struct figures *f)
{
	int64_t have = 0, of = 0;
	size_t *piece;
	bool more = true;

	if (!heard_all(f))
		return;
	piece = mem_array(f->count + 1, sizeof(*piece));
	for (size_t i = 0; i < f->count; i++)
		piece[i] = i;
	while (more) {
		more = false;
		for (size_t i = 0; i < f->count; i++)
			for (size_t k = 0; k < f->count; k++) {
				if (piece[k] <= piece[i] || !node_meant(f, i) ||
					!node_meant(f, k) || !linked(f, i, k))
					continue;
				piece[k] = piece[i];
				more = true;
			}
	}
	for (size_t i = 0; i < f->count; i++) {
		if (!node_meant(f, i))
			continue;
		of++;
		have += piece[i] == i;
	}
	free(piece);
	set(f, have * 1000, of);
}

static void
take_degree(struct figures *f)
{
	int64_t min = INT64_MAX, max = 0, sum = 0, of = 0;

	if (!heard_all(f))
		return;
	for (size_t i = 0; i < f->count; i++) {
		int64_t degree = 0;

		if (!node_meant(f, i))
			continue;
		for (size_t k = 0; k < f->count; k++)
			degree += k != i && linked(f, i, k);
		of++;
		sum += degree;
		min = degree < min ? degree : min;
		max = degree > max ? degree : max;
	}
	if (!of)
		return;
	set(f, f->claim->metric == CLAIM_DEGREE_MIN ? min * 1000 :
			f->claim->metric == CLAIM_DEGREE_MAX ? max * 1000 :
			sum * 1000 / of,
		of);
}

static void
take_directories(struct figures *f)
{
	int64_t have = 0, of = 0;

	if (!heard_all(f))
		return;
	for (size_t i = 0; i < f->count; i++) {
		struct expect_complaint c;
		char text[EXPECT_TEXT_CAP];

		if (!node_meant(f, i))
			continue;
		of++;
		expect_check_view(f->nodes, f->count, i, &c);
		have += c.kind == COMPLAINT_NONE;
		if (c.kind != COMPLAINT_NONE)
			snprintf(f->to->why, sizeof(f->to->why), "%.90s %.140s",
				f->nodes[i].name,
				expect_complaint_text(f->nodes, f->count, &c, text));
	}
	if (of)
		set(f, have * 10000 / of, of);
}

static void
take_delivery(struct figures *f)
{
	int64_t have = 0, of = 0;

	if (!heard_all(f))
		return;
	for (size_t w = 0; w < f->count; w++) {
		for (size_t i = 0; node_meant(f, w) && i < f->count; i++) {
			const struct lifeline_view_node *en;

			if (i == w || !same_mesh(f, w, i))
				continue;
			en = entry_of(f->nodes[w].view, &f->nodes[i].id);
			of++;
			have += en && en->age_ms <= FRESH_MS;
		}
	}
	if (of)
		set(f, have * 10000 / of, of);
}

static int
by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void
take_latency(struct figures *f)
{
	unsigned percent = f->claim->metric == CLAIM_LATENCY_P50 ? 50 :
		f->claim->metric == CLAIM_LATENCY_P95 ? 95 : 99;
	uint32_t *rtts;
	size_t count = 0, cap = 0;

	if (!heard_all(f))
		return;
	for (size_t i = 0; i < f->count; i++)
		cap += f->nodes[i].view->peer_count;
	rtts = mem_array(cap + 1, sizeof(*rtts));
	for (size_t i = 0; i < f->count; i++)
		for (size_t k = 0; node_meant(f, i) && k < f->nodes[i].view->peer_count;
			k++)
			rtts[count++] = f->nodes[i].view->peers[k].rtt_100us;
	qsort(rtts, count, sizeof(*rtts), by_size);
	if (count)
		set(f, (int64_t)rtts[(count - 1) * percent / 100] *
				(int64_t)(NS_PER_MS / 10),
			(int64_t)count);
	free(rtts);
}

/* The steepest of those that are known. */
static void
take_slope(struct figures *f)
{
	double most = 0;
	int64_t of = 0;

	for (size_t i = 0; i < f->count; i++) {
		const struct member *one = &f->m->at[f->m->index[i]];
		double value = 0;

		if (!node_meant(f, i) ||
			!members_slope(f->claim->metric == CLAIM_MEMORY_SLOPE ?
				&one->memory : &one->descriptors, &value))
			continue;
		if (!of++ || value > most)
			most = value;
	}
	if (of)
		set(f, (int64_t)(most * (claim_unit(f->claim->metric) == CLAIM_BYTES ?
						1024 : 1000)),
			of);
	else
		snprintf(f->to->why, sizeof(f->to->why), "too few samples so far");
}

/* The sum or the most of all that are meant, each of which is known. */
static void
take_use(struct figures *f)
{
	bool sum = use_is_sum(f->claim->metric);
	int64_t have = 0, of = 0, value;

	for (size_t i = 0; i < f->count; i++) {
		const struct member *one = &f->m->at[f->m->index[i]];

		if (!node_meant(f, i))
			continue;
		if (!f->nodes[i].view ||
			!use_value(f->claim->metric, &one->baseline, f->nodes[i].view,
				one->lag_ms, &value)) {
			snprintf(f->to->why, sizeof(f->to->why), "%s %s",
				f->nodes[i].name, f->nodes[i].view ?
				"has no baseline yet" : "has not answered yet");
			return;
		}
		if (sum || !of || value > have) {
			have = sum ? have + value : value;
			if (value > 0)
				snprintf(f->to->why, sizeof(f->to->why), "of %s",
					f->nodes[i].name);
		}
		of++;
	}
	if (of)
		set(f, have, of);
}

void
measure_take(const struct claim *c, struct members *m, struct measure *to)
{
	static void (*const takes[CLAIM_METRICS])(struct figures *) = {
		[CLAIM_CONVERGED] = take_converged, [CLAIM_READY] = take_ready,
		[CLAIM_LIVE] = take_live, [CLAIM_LOST] = take_lost,
		[CLAIM_COMPONENTS] = take_components, [CLAIM_DEGREE_MIN] = take_degree,
		[CLAIM_DEGREE_MEAN] = take_degree, [CLAIM_DEGREE_MAX] = take_degree,
		[CLAIM_DIRECTORIES] = take_directories, [CLAIM_DELIVERY] = take_delivery,
		[CLAIM_LATENCY_P50] = take_latency, [CLAIM_LATENCY_P95] = take_latency,
		[CLAIM_LATENCY_P99] = take_latency, [CLAIM_MEMORY_SLOPE] = take_slope,
		[CLAIM_DESCRIPTORS_SLOPE] = take_slope,
	};
	struct figures f = { .claim = c, .m = m, .count = members_expect(m), .to = to };

	f.nodes = m->nodes;
	memset(to, 0, sizeof(*to));
	(use_is(c->metric) ? take_use : takes[c->metric])(&f);
}

bool
measure_claims(const struct scenario_claims *claims, struct members *m,
	char why[static MEASURE_WHY_CAP])
{
	why[0] = '\0';
	for (size_t i = 0; i < claims->count; i++) {
		const struct claim *c = &claims->at[i];
		char text[CLAIM_TEXT_CAP], value[CLAIM_VALUE_CAP];
		enum claim_unit unit = claim_unit(c->metric);
		struct measure x;

		measure_take(c, m, &x);
		if (unit == CLAIM_TRUTH ? x.have != 0 :
					  x.known && claim_holds(c, x.have, x.of))
			continue;
		if (unit == CLAIM_TRUTH || !x.known)
			snprintf(why, MEASURE_WHY_CAP, "%.100s: %.180s",
				claim_text(c, text), x.why);
		else
			snprintf(why, MEASURE_WHY_CAP, "%.100s: it is %s%s%.120s",
				claim_text(c, text), claim_value(value, unit, x.have),
				x.why[0] ? ", " : "", x.why);
		return false;
	}
	return true;
}

char *
measure_text(const struct claim *c, struct members *m, char to[static MEASURE_WHY_CAP])
{
	char text[CLAIM_TEXT_CAP], value[CLAIM_VALUE_CAP], of[32] = "";
	enum claim_unit unit = claim_unit(c->metric);
	struct measure x;

	to[0] = '\0';
	measure_take(c, m, &x);
	if (unit == CLAIM_TRUTH || !x.known)
		return to;
	if (unit == CLAIM_COUNT && c->percent)
		snprintf(of, sizeof(of), " of %" PRId64, x.of);
	snprintf(to, MEASURE_WHY_CAP, "%.200s: it is %s%s", claim_text(c, text),
		claim_value(value, unit, x.have), of);
	return to;
}
