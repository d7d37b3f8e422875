/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "chaos/judge.h"

/* An effect that ended with the lease may still be told by answers on their way. */
#define EFFECT_GRACE SECONDS(2)
/* A witness that is asked five times a second and silent for so long is not there. */
#define HEARD_LATELY SECONDS(5)

struct seen {
	bool has_before, has_now, has_mark;
	struct sight before, now, mark;
	uint64_t now_ns;
	uint64_t linked_ns;	/* when it last had a link, since the fault was ordered */
};

struct judge {
	struct judge_config c;
	struct seen *seen;	/* [node * target_count + target] */
	uint64_t *saw_ns, *back_ns;	/* by node */
	unsigned *others;	/* by node: lost ones it sees */
	uint64_t *others_ns;
	bool connected;
	uint64_t overlay_ns;
	struct judge_result r;
};

const char *
judge_verdict_text(enum judge_verdict v)
{
	static const char *const texts[] = { "open", "pass", "fail", "unproven" };

	return texts[v];
}

const char *
judge_class_text(enum judge_class c)
{
	static const char *const texts[] = { "none", "timeout", "assertion",
		"no-effect" };

	return texts[c];
}

struct judge *
judge_new(const struct judge_config *c)
{
	struct judge *j = mem_new(MEM_JUDGE, sizeof(*j));

	j->c = *c;
	j->c.roles = mem_copy(c->roles, c->node_count * sizeof(*c->roles));
	j->c.target_of = mem_copy(c->target_of, c->node_count * sizeof(*c->target_of));
	j->seen = mem_array(c->node_count * c->target_count + 1, sizeof(*j->seen));
	j->saw_ns = mem_array(c->node_count + 1, sizeof(*j->saw_ns));
	j->back_ns = mem_array(c->node_count + 1, sizeof(*j->back_ns));
	j->others = mem_array(c->node_count + 1, sizeof(*j->others));
	j->others_ns = mem_array(c->node_count + 1, sizeof(*j->others_ns));
	return j;
}

void
judge_free(struct judge *j)
{
	if (!j)
		return;
	free((void *)j->c.roles);
	free((void *)j->c.target_of);
	free(j->seen);
	free(j->saw_ns);
	free(j->back_ns);
	free(j->others);
	free(j->others_ns);
	mem_free(MEM_JUDGE, j);
}

static struct seen *
seen_of(const struct judge *j, size_t node, size_t target)
{
	return &j->seen[node * j->c.target_count + target];
}

/* Nobody is a witness of himself. */
static bool
concerns(const struct judge *j, size_t node, size_t target)
{
	return j->c.target_of[node] != target;
}

static struct detect_terms
terms_of(const struct judge *j, size_t node)
{
	struct detect_terms t = j->c.terms;

	t.end = j->c.roles[node] == ROLE_END;
	return t;
}

static bool
can_witness(const struct judge *j, size_t node)
{
	struct detect_terms t = terms_of(j, node);
	enum judge_role role = j->c.roles[node];

	if (role != ROLE_WITNESS && role != ROLE_END)
		return false;
	for (size_t i = 0; i < j->c.target_count; i++) {
		const struct seen *s = seen_of(j, node, i);

		if (concerns(j, node, i) &&
			(!s->has_before || !detect_usable(&t, &s->before)))
			return false;
	}
	return true;
}

size_t
judge_candidates(const struct judge *j)
{
	size_t count = 0;

	for (size_t i = 0; i < j->c.node_count; i++)
		count += can_witness(j, i);
	return count;
}

size_t
judge_needed(const struct judge *j)
{
	size_t candidates = judge_candidates(j);

	return candidates < JUDGE_NEEDED ? candidates : JUDGE_NEEDED;
}

static void __attribute__((format(printf, 4, 5)))
decide(struct judge *j, enum judge_verdict v, enum judge_class class, const char *format,
	...)
{
	va_list args;

	if (j->r.verdict != JUDGE_OPEN)
		return;
	j->r.verdict = v;
	j->r.class = class;
	va_start(args, format);
	vsnprintf(j->r.reason, sizeof(j->r.reason), format, args);
	va_end(args);
}

static void
look_for_effect(struct judge *j, size_t node, uint64_t at_ns)
{
	struct detect_terms t = terms_of(j, node);

	if (j->saw_ns[node] || !can_witness(j, node))
		return;
	for (size_t i = 0; i < j->c.target_count; i++) {
		const struct seen *s = seen_of(j, node, i);

		if (concerns(j, node, i) &&
			(!s->has_now || !detect_effect(&t, &s->before, &s->now,
						at_ns - s->linked_ns)))
			return;
	}
	j->saw_ns[node] = at_ns;
	j->r.witness_count++;
}

static bool
sees_recovery(const struct judge *j, size_t node)
{
	struct detect_terms t = terms_of(j, node);

	for (size_t i = 0; i < j->c.target_count; i++) {
		const struct seen *s = seen_of(j, node, i);

		if (!concerns(j, node, i))
			continue;
		if (!s->has_now || s->now_ns <= j->r.reverted_ns)
			return false;
		if (!detect_recovered(&t, &s->before, s->has_mark ? &s->mark : &s->before,
			    &s->now, s->now_ns - j->r.reverted_ns))
			return false;
	}
	return true;
}

void
judge_sight(struct judge *j, size_t witness, size_t target, const struct sight *s,
	uint64_t at_ns)
{
	struct seen *to = seen_of(j, witness, target);
	struct detect_terms t = terms_of(j, witness);

	assert(witness < j->c.node_count && target < j->c.target_count);
	if (j->r.verdict != JUDGE_OPEN || !concerns(j, witness, target))
		return;
	if (!j->r.injected_ns) {
		to->before = *s;
		to->has_before = true;
		return;
	}
	if (s->linked || !to->has_now)
		to->linked_ns = s->linked ? at_ns : j->r.injected_ns;
	to->now = *s;
	to->has_now = true;
	to->now_ns = at_ns;
	if (j->r.reverted_ns && !to->has_mark) {
		to->mark = *s;
		to->has_mark = true;
	}
	if (j->c.roles[witness] != ROLE_TARGET && detect_lost(&t, s) &&
		to->has_before && to->before.listed)
		decide(j, JUDGE_FAIL, CLASS_ASSERTION,
			"%s does not see its target as live any more, which this fault "
			"should not do",
			j->c.names[witness]);
	look_for_effect(j, witness, at_ns);
}

void
judge_others(struct judge *j, size_t witness, unsigned lost, uint64_t at_ns)
{
	j->others[witness] = lost;
	j->others_ns[witness] = at_ns;
}

void
judge_overlay(struct judge *j, bool connected, uint64_t at_ns)
{
	j->connected = connected;
	j->overlay_ns = at_ns;
}

void
judge_injected(struct judge *j, uint64_t at_ns)
{
	if (!j->r.injected_ns)
		j->r.injected_ns = at_ns;
}

void
judge_reverted(struct judge *j, uint64_t at_ns)
{
	if (!j->r.reverted_ns)
		j->r.reverted_ns = at_ns;
}

/* Both ends of a pair have to say so, and two others where two others can. */
static bool
enough_saw(const struct judge *j)
{
	size_t ends = 0, ends_saw = 0;

	for (size_t i = 0; i < j->c.node_count; i++) {
		ends += j->c.roles[i] == ROLE_END;
		ends_saw += j->c.roles[i] == ROLE_END && j->saw_ns[i];
	}
	if (ends_saw < ends)
		return false;

	size_t others = judge_candidates(j);
	size_t saw = j->r.witness_count;

	if (ends) {
		others = others > ends ? others - ends : 0;
		saw -= ends_saw;
		return saw >= (others < JUDGE_NEEDED ? others : JUDGE_NEEDED);
	}
	return others && saw >= (others < JUDGE_NEEDED ? others : JUDGE_NEEDED);
}

bool
judge_witnessed(const struct judge *j)
{
	return j->r.witnessed_ns != 0;
}

static bool
heard_lately(const struct judge *j, size_t node, uint64_t at_ns)
{
	for (size_t i = 0; i < j->c.target_count; i++) {
		const struct seen *s = seen_of(j, node, i);

		if (s->has_now && at_ns < s->now_ns + HEARD_LATELY)
			return true;
	}
	return false;
}

/* Everybody of the mesh hears everybody, and enough saw what this fault leaves. */
static bool
whole(struct judge *j, char why[static JUDGE_TEXT_CAP], uint64_t at_ns)
{
	size_t back = 0, ends = 0, ends_back = 0, there = 0;

	for (size_t i = 0; i < j->c.node_count; i++) {
		bool end = j->c.roles[i] == ROLE_END;

		if (j->c.roles[i] != ROLE_WITNESS && j->c.roles[i] != ROLE_BYSTANDER &&
			!end)
			continue;
		if (j->others_ns[i] > j->r.reverted_ns && j->others[i]) {
			snprintf(why, JUDGE_TEXT_CAP, "%s misses %u others",
				j->c.names[i], j->others[i]);
			return false;
		}
		ends += end;
		if (!can_witness(j, i))
			continue;
		there += heard_lately(j, i, at_ns);
		if (sees_recovery(j, i)) {
			back++;
			ends_back += end;
			if (!j->back_ns[i])
				j->back_ns[i] = at_ns;
		} else {
			j->back_ns[i] = 0;
			snprintf(why, JUDGE_TEXT_CAP, "%s does not see its end",
				j->c.names[i]);
		}
	}
	/* Witnesses may be lost to other faults meanwhile; one at least has to be there.
	 */
	if (back == 0 || back < (there < JUDGE_NEEDED ? there : JUDGE_NEEDED) ||
		ends_back < ends)
		return false;
	if (j->overlay_ns <= j->r.reverted_ns || !j->connected) {
		snprintf(why, JUDGE_TEXT_CAP, "the overlay is not connected");
		return false;
	}
	return true;
}

/* Who had no turn on a machine that is too slow saw nothing, and that is said. */
static void
decide_unproven(struct judge *j, uint64_t at_ns)
{
	char mute[80] = "";
	size_t count = 0;

	for (size_t i = 0; i < j->c.node_count; i++)
		count += can_witness(j, i) && !j->saw_ns[i] &&
			!heard_lately(j, i, at_ns);
	if (count > 0)
		snprintf(mute, sizeof(mute),
			"; %zu of the others did not answer for 5 s", count);
	decide(j, JUDGE_UNPROVEN, CLASS_NO_EFFECT,
		"%zu of %zu who could have seen an effect saw one, %zu are needed%s",
		j->r.witness_count, judge_candidates(j), judge_needed(j), mute);
}

static void
judge_effect(struct judge *j, uint64_t at_ns)
{
	const struct catalog_entry *e = catalog_at(j->c.terms.primitive);
	uint64_t due_ns = j->r.injected_ns + e->effect_ns;
	bool lasting = catalog_kills(j->c.terms.primitive);

	if (enough_saw(j)) {
		j->r.witnessed_ns = at_ns;
		return;
	}
	if (j->r.reverted_ns && !lasting && j->r.reverted_ns + EFFECT_GRACE < due_ns)
		due_ns = j->r.reverted_ns + EFFECT_GRACE;
	if (at_ns < due_ns)
		return;
	decide_unproven(j, at_ns);
}

static void
judge_end(struct judge *j, uint64_t at_ns)
{
	const struct catalog_entry *e = catalog_at(j->c.terms.primitive);
	char why[JUDGE_TEXT_CAP] = "nobody was heard";

	if (whole(j, why, at_ns)) {
		j->r.recovered_ns = at_ns;
		decide(j, JUDGE_PASS, CLASS_NONE,
			"%zu saw it after %" PRIu64 " ms, all was well %" PRIu64
			" ms after its end",
			j->r.witness_count,
			(j->r.witnessed_ns - j->r.injected_ns) / NS_PER_MS,
			(at_ns - j->r.reverted_ns) / NS_PER_MS);
	} else if (at_ns >= j->r.reverted_ns + e->recovery_ns) {
		decide(j, JUDGE_FAIL, CLASS_TIMEOUT,
			"%" PRIu64 " ms after its end: %.200s",
			(at_ns - j->r.reverted_ns) / NS_PER_MS, why);
	}
}

void
judge_tick(struct judge *j, uint64_t at_ns)
{
	bool sham = j->c.terms.primitive == PRIMITIVE_SHAM;

	if (j->r.verdict != JUDGE_OPEN || !j->r.injected_ns)
		return;
	if (!j->r.witnessed_ns)
		judge_effect(j, at_ns);
	if (sham && j->r.witnessed_ns)
		decide(j, JUDGE_FAIL, CLASS_ASSERTION,
			"%zu saw an effect, though nothing was done",
			j->r.witness_count);
	if (j->r.witnessed_ns && j->r.reverted_ns && at_ns > j->r.reverted_ns)
		judge_end(j, at_ns);
}

const struct judge_result *
judge_result(const struct judge *j)
{
	return &j->r;
}

uint64_t
judge_saw(const struct judge *j, size_t i)
{
	return j->saw_ns[i];
}

uint64_t
judge_recovered(const struct judge *j, size_t i)
{
	return j->back_ns[i];
}

uint64_t
judge_deadline(const struct judge *j)
{
	const struct catalog_entry *e = catalog_at(j->c.terms.primitive);

	if (j->r.verdict != JUDGE_OPEN || !j->r.injected_ns)
		return NEVER;
	if (j->r.witnessed_ns && j->r.reverted_ns)
		return j->r.reverted_ns + e->recovery_ns;
	return j->r.injected_ns + e->effect_ns;
}
