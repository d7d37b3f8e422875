/* SPDX-License-Identifier: MIT */
#include "mesh/liveness.h"

#include <stddef.h>
#include <string.h>

#include "base/err.h"

/*
 * Above this many entries digests come less often, and silence is judged as much later.
 */
#define SCALE_NODES 250

static uint64_t
scaled(const struct directory *d, uint64_t limit_ns)
{
	return d->count <= SCALE_NODES ? limit_ns : limit_ns * d->count / SCALE_NODES;
}

static bool
can_accuse(const struct directory_slot *s)
{
	return s && s->entry.liveness < LIVENESS_GONE && directory_is_node(&s->entry);
}

/* The one neighbor that the subject named in its last digest: no other can witness. */
static bool
is_only_neighbor(const struct directory_slot *s, const struct peer_id *accuser)
{
	const struct digest *g = &s->entry.digest;

	return g->neighbor_count == 1 && memcmp(g->neighbors[0].id_prefix, accuser->bytes,
		sizeof(g->neighbors[0].id_prefix)) == 0;
}

/*
 * When the accusers of a suspect are enough to call it gone, or NEVER; *first is the one
 * whose word came first. Two are needed, because one may have lost only its own link.
 * One is enough where a second word might never come: when it is the subject's only
 * neighbor, or when at most two nodes besides the subject are live, for then the accuser
 * has at most one other to ask, which need not be linked to the subject at all. Every
 * node counts the same way, so all come to one verdict. The subject's own answer clears
 * it in either case.
 */
static uint64_t
accused_due(const struct directory *d, const struct directory_slot *s, size_t *first)
{
	size_t live = d->stats.by_liveness[LIVENESS_LIVE], count = 0;
	uint64_t first_ns = NEVER;
	bool alone = false;

	if (s->entry.liveness == LIVENESS_LIVE && directory_is_node(&s->entry))
		live--;
	for (size_t i = 0; i < s->entry.accuser_count; i++) {
		if (!can_accuse(directory_table_find(d, &s->entry.accusers[i].id)))
			continue;
		count++;
		alone |= is_only_neighbor(s, &s->entry.accusers[i].id);
		if (s->entry.accusers[i].at_ns < first_ns) {
			first_ns = s->entry.accusers[i].at_ns;
			*first = i;
		}
	}
	return count >= (alone || live <= 2 ? 1 : 2) ?
		first_ns + d->config.accused_gone_ns : NEVER;
}

static void
arm(struct directory *d, struct directory_slot *s)
{
	uint64_t due_ns, accused_ns;
	size_t first;

	if (s->entry.self) {
		heap_cancel(&d->timers, &s->timer);	/* our own silence says nothing */
		return;
	}
	switch (s->entry.liveness) {
	case LIVENESS_LIVE:
		due_ns = s->heard_ns + scaled(d, d->config.suspect_ns);
		break;
	case LIVENESS_SUSPECT:
		due_ns = s->heard_ns + scaled(d, d->config.gone_ns);
		accused_ns = accused_due(d, s, &first);
		if (accused_ns < due_ns)
			due_ns = accused_ns;
		break;
	default:
		due_ns = s->entry.since_ns + d->config.forget_ns;
		break;
	}
	heap_arm(&d->timers, &s->timer, due_ns);
}

static void
note(struct directory *d, const struct directory_slot *s, enum liveness from,
	bool appeared,
	bool removed, const struct directory_accuser *by, uint64_t now_ns)
{
	struct directory_change *c = ring_push(&d->changes);

	c->id = s->entry.digest.id;
	c->appeared = appeared;
	c->removed = removed;
	c->observer = !directory_is_node(&s->entry);
	c->from = from;
	c->to = s->entry.liveness;
	c->at_ns = now_ns;
	if (by) {
		c->accuser = by->id;
		c->reason = by->reason;
	}
}

/*
 * The number of live nodes decides how many accusers are enough: look again at the
 * accused.
 */
static void
rearm_accused(struct directory *d)
{
	size_t left = d->accused_count;

	for (size_t i = 0; left > 0 && i < d->count; i++) {
		if (d->order[i]->entry.accuser_count == 0)
			continue;
		left--;
		arm(d, d->order[i]);
	}
}

static void
set(struct directory *d, struct directory_slot *s, enum liveness to,
	const struct directory_accuser *by, uint64_t now_ns)
{
	enum liveness from = s->entry.liveness;

	directory_table_uncount(d, s);
	s->entry.liveness = to;
	s->entry.since_ns = now_ns;
	directory_table_count(d, s);
	if (directory_is_node(&s->entry))
		d->stats.liveness_changes++;
	directory_table_collisions(d, s);
	note(d, s, from, false, false, by, now_ns);
	arm(d, s);
	rearm_accused(d);
}

/* A digest answers accusations, but not one that was made knowing this very digest. */
static void
drop_answered(struct directory *d, struct directory_slot *s)
{
	const struct digest *g = &s->entry.digest;
	size_t kept = 0;

	if (s->entry.accuser_count == 0)
		return;
	for (size_t i = 0; i < s->entry.accuser_count; i++) {
		if (s->about[i].incarnation != g->incarnation || s->about[i].seq !=
			g->seq)
			continue;
		s->entry.accusers[kept] = s->entry.accusers[i];
		s->about[kept++] = s->about[i];
	}
	s->entry.accuser_count = kept;
	if (kept == 0)
		d->accused_count--;
}

const char *
liveness_text(enum liveness l)
{
	static const char *const texts[LIVENESS_COUNT] = {
		[LIVENESS_LIVE] = "live",
		[LIVENESS_SUSPECT] = "suspect",
		[LIVENESS_GONE] = "gone",
		[LIVENESS_LEFT] = "left",
	};

	return (unsigned)l < LIVENESS_COUNT ? texts[l] : "unknown";
}

/* Whether it was accused so lately that what comes now may have been sent before. */
static bool
is_accused_now(const struct directory_slot *s, uint64_t now_ns)
{
	for (size_t i = 0; i < s->entry.accuser_count; i++)
		if (now_ns < s->entry.accusers[i].at_ns + DIRECTORY_UNDERWAY)
			return true;
	return false;
}

void
liveness_heard(struct directory *d, struct directory_slot *s, enum liveness_news news,
	uint64_t now_ns)
{
	enum liveness from = s->entry.liveness, to = LIVENESS_LIVE;
	bool changed;

	if (news != LIVENESS_ROUTINE)
		s->told_seq = s->entry.digest.seq;
	if (news == LIVENESS_ROUTINE && is_accused_now(s, now_ns)) {
		to = from;
	} else {
		drop_answered(d, s);
		if (s->entry.digest.flags & DIGEST_LEFT)
			to = LIVENESS_LEFT;
		else if (s->entry.accuser_count > 0)
			to = LIVENESS_SUSPECT;
	}
	if (news == LIVENESS_ROUTINE)
		news = LIVENESS_AGAIN;
	if (news == LIVENESS_NEW)
		from = to;	/* to appear is no change of liveness */
	changed = from != to;
	s->entry.received_ns = s->heard_ns = now_ns;
	s->entry.liveness = to;
	if (changed || news == LIVENESS_NEW)
		s->entry.since_ns = now_ns;
	directory_table_count(d, s);
	directory_table_collisions(d, s);
	if (changed && directory_is_node(&s->entry))
		d->stats.liveness_changes++;
	if (changed || news != LIVENESS_AGAIN)
		note(d, s, from, news != LIVENESS_AGAIN, false, NULL, now_ns);
	arm(d, s);
	if (changed || news == LIVENESS_NEW)
		rearm_accused(d);
}

static int
accuse_self(struct directory *d, const struct accusation *a,
	const struct directory_slot *s)
{
	if (s->entry.liveness == LIVENESS_LEFT)
		return ERR_STATE;
	d->self_accused = true;
	d->self_accusation = *a;
	return ERR_OK;
}

static int
put_accuser(struct directory *d, struct directory_slot *s, const struct accusation *a,
	uint64_t now_ns)
{
	struct directory_accuser *by;
	size_t i;

	for (i = 0; i < s->entry.accuser_count; i++) {
		if (id_equal(&s->entry.accusers[i].id, &a->accuser))
			break;
	}
	if (i < s->entry.accuser_count) {
		if (!directory_table_older(s->about[i].incarnation, s->about[i].seq,
		    a->incarnation, a->seq))
			return ERR_STALE;
		/* It has answered since: what is said now is a new accusation. */
		if (s->entry.received_ns > s->entry.accusers[i].at_ns)
			s->entry.accusers[i].at_ns = now_ns;
	} else if (i == ACCUSERS_MAX) {
		return ERR_LIMIT;	/* more than enough have spoken */
	} else {
		if (s->entry.accuser_count++ == 0)
			d->accused_count++;
		s->entry.accusers[i].id = a->accuser;
		s->entry.accusers[i].at_ns = now_ns;
	}
	by = &s->entry.accusers[i];
	by->reason = a->reason;
	s->about[i].incarnation = a->incarnation;
	s->about[i].seq = a->seq;
	if (s->entry.liveness == LIVENESS_LIVE)
		set(d, s, LIVENESS_SUSPECT, by, now_ns);
	else
		arm(d, s);
	return ERR_OK;
}

/* Not about the newest digest, but about one that some may still think the newest. */
static bool
is_of_now(const struct directory_slot *s, const struct accusation *a, uint64_t now_ns)
{
	const struct digest *g = &s->entry.digest;

	return a->incarnation == g->incarnation && a->seq >= s->told_seq &&
	       g->seq - a->seq <= DIRECTORY_UNDERWAY_MAX &&
	       now_ns < s->entry.received_ns + DIRECTORY_UNDERWAY;
}

int
liveness_accuse(struct directory *d, const struct accusation *a, uint64_t now_ns)
{
	struct directory_slot *s = directory_table_find(d, &a->subject);
	const struct directory_slot *accuser = directory_table_find(d, &a->accuser);

	if (id_equal(&a->accuser, &a->subject))
		return ERR_ARGUMENT;
	if (!s || !accuser)
		return ERR_UNKNOWN;
	if (!directory_is_node(&accuser->entry))
		return ERR_PERMISSION;
	if (!can_accuse(accuser))
		return ERR_STATE;
	if (directory_table_older(a->incarnation, a->seq, s->entry.digest.incarnation,
	    s->entry.digest.seq) && !is_of_now(s, a, now_ns))
		return ERR_STALE;
	if (s->entry.self)
		return accuse_self(d, a, s);
	if (s->entry.liveness >= LIVENESS_GONE)
		return ERR_STALE;	/* it is known already */
	return put_accuser(d, s, a, now_ns);
}

void
liveness_drop(struct directory *d, struct directory_slot *s, uint64_t now_ns)
{
	note(d, s, s->entry.liveness, false, true, NULL, now_ns);
	directory_table_remove(d, s);
	rearm_accused(d);
}

static void
due(struct directory *d, struct directory_slot *s, uint64_t now_ns)
{
	uint64_t accused_ns;
	size_t first = 0;

	switch (s->entry.liveness) {
	case LIVENESS_LIVE:
		if (now_ns >= s->heard_ns + scaled(d, d->config.suspect_ns))
			set(d, s, LIVENESS_SUSPECT, NULL, now_ns);
		else
			arm(d, s);	/* the limits have grown since it was armed */
		break;
	case LIVENESS_SUSPECT:
		accused_ns = accused_due(d, s, &first);
		if (now_ns >= accused_ns)
			set(d, s, LIVENESS_GONE, &s->entry.accusers[first], now_ns);
		else if (now_ns >= s->heard_ns + scaled(d, d->config.gone_ns))
			set(d, s, LIVENESS_GONE, NULL, now_ns);
		else
			arm(d, s);
		break;
	default:
		liveness_drop(d, s, now_ns);
		break;
	}
}

void
liveness_advance(struct directory *d, uint64_t now_ns)
{
	struct heap_entry *e;

	while ((e = heap_next_due(&d->timers, now_ns)))
		due(d, (struct directory_slot *)(void *)((char *)e
			- offsetof(struct directory_slot, timer)), now_ns);
}

void
liveness_excuse(struct directory *d, uint64_t gap_ns)
{
	for (size_t i = 0; i < d->count; i++) {
		struct directory_slot *s = d->order[i];

		s->heard_ns += gap_ns;
		for (size_t k = 0; k < s->entry.accuser_count; k++)
			s->entry.accusers[k].at_ns += gap_ns;
		arm(d, s);
	}
}
