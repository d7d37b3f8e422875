/* SPDX-License-Identifier: MIT */
#include "node/faults.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

#define CHANGES_CAP 64
#define EFFECTS_CAP (2 * FAULT_KINDS)

void
faults_init(struct faults *f)
{
	memset(f, 0, sizeof(*f));
	ring_init(&f->ended, sizeof(struct fault_slot), FAULTS_ENDED_MAX);
	ring_init(&f->nonces, FAULT_NONCE_LEN, FAULT_NONCES_MAX);
	ring_init(&f->effects, sizeof(struct fault_effect), EFFECTS_CAP);
	ring_init(&f->changes, sizeof(struct fault_change), CHANGES_CAP);
}

void
faults_fini(struct faults *f)
{
	impair_free(f->impair);
	ring_fini(&f->ended);
	ring_fini(&f->nonces);
	ring_fini(&f->effects);
	ring_fini(&f->changes);
}

static uint32_t
ms_between(uint64_t from_ns, uint64_t to_ns)
{
	uint64_t ms = to_ns > from_ns ? (to_ns - from_ns) / NS_PER_MS : 0;

	return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

static struct fault_slot *
slot_of(struct faults *f, const struct fault_id *id)
{
	for (size_t i = 0; i < f->count; i++)
		if (fault_id_equal(&f->active[i].state.id, id))
			return &f->active[i];
	return NULL;
}

/* Effects of which the process has one: a clock, a disk. */
static bool
is_single(enum fault_kind k)
{
	return k == FAULT_SKEW || k == FAULT_DISK_FULL || k == FAULT_WEDGE ||
	       k == FAULT_PAUSE;
}

/*
 * Of a kind the last two are kept: who orders faster than they are carried out loses what
 * was overtaken, never that something is to be taken off.
 */
static struct fault_effect *
place_effect(struct faults *f, enum fault_kind kind)
{
	struct fault_effect *last = NULL;
	size_t queued = 0;

	for (size_t i = 0; i < f->effects.count; i++) {
		struct fault_effect *e = ring_at(&f->effects, i);

		if (e->kind == kind) {
			last = e;
			queued++;
		}
	}
	return queued < 2 ? ring_push(&f->effects) : last;
}

static void
put_effect(struct faults *f, const struct fault_slot *s, bool on,
	const struct fault_figures *figures, uint64_t now_ns)
{
	struct fault_effect *e;

	/* Links are ours, a sham does nothing, and the rest is over by itself. */
	if (fault_kind_is_link(s->state.kind) || s->state.kind == FAULT_SHAM ||
		(!on && s->state.kind != FAULT_SKEW && s->state.kind != FAULT_DISK_FULL))
		return;
	e = place_effect(f, s->state.kind);
	*e = (struct fault_effect){ .kind = s->state.kind };
	e->on = on;
	e->skew_ms = on ? figures->skew_ms : 0;
	if (on)
		e->ms = e->kind == FAULT_WEDGE ? figures->stall_ms
					       : ms_between(now_ns, s->until_ns);
}

static void
put_change(struct faults *f, const struct fault_slot *s)
{
	struct fault_change *c = ring_push(&f->changes);

	c->state = s->state;
	c->lease_ms = ms_between(s->began_ns, s->until_ns);
}

/* The impair goes when its last rule has, and what it held was sent on. */
static void
release_impair(struct faults *f)
{
	if (f->impair == NULL || !impair_idle(f->impair))
		return;
	f->overflowed += impair_overflowed(f->impair);
	impair_free(f->impair);
	f->impair = NULL;
}

static void
end(struct faults *f, struct fault_slot *s, enum fault_end why, uint64_t now_ns)
{
	struct fault_slot gone = *s;

	if (fault_kind_is_link(gone.state.kind)) {
		impair_count(f->impair, &gone.state);
		f->impaired += gone.state.dropped;
		impair_remove(f->impair, &gone.state.id, now_ns);
	}
	gone.state.end = why;
	gone.ended_ns = now_ns;
	f->reverted++;
	put_effect(f, &gone, false, NULL, now_ns);
	put_change(f, &gone);
	*(struct fault_slot *)ring_push(&f->ended) = gone;
	memmove(s, s + 1, (size_t)(&f->active[--f->count] - s) * sizeof(*s));
	release_impair(f);
}

static int __attribute__((format(printf, 4, 5)))
refuse(struct faults *f, struct fault_status *to, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(to->why, sizeof(to->why), format, args);
	va_end(args);
	f->refused++;
	return err;
}

static int
inject(struct faults *f, const struct fault_order *o, enum fault_origin by,
	uint64_t now_ns, struct fault_status *to)
{
	struct fault_slot *s;
	char why[FAULT_WHY_CAP];
	int err = fault_order_check(o, why);

	if (err != ERR_OK)
		return refuse(f, to, err, "%s", why);
	if (f->halted)
		return refuse(f, to, ERR_STATE, "halted; faults are refused until it is "
			"disarmed");
	if (slot_of(f, &o->id) != NULL)
		return refuse(f, to, ERR_EXISTS, "a fault with this id is active");
	for (size_t i = 0; is_single(o->kind) && i < f->count; i++)
		if (f->active[i].state.kind == o->kind)
			return refuse(f, to, ERR_EXISTS, "%s is active already",
				fault_kind_text(o->kind));
	if (f->count == FAULTS_MAX)
		return refuse(f, to, ERR_LIMIT, "%d faults are active, more are refused",
			FAULTS_MAX);
	s = &f->active[f->count++];
	*s = (struct fault_slot){ .began_ns = now_ns,
		.until_ns = now_ns + MILLISECONDS(o->lease_ms),
		.state = { .id = o->id, .kind = o->kind, .origin = by } };
	memcpy(s->state.primitive, o->primitive, sizeof(s->state.primitive));
	if (o->kind == FAULT_WEDGE)
		s->until_ns = now_ns + MILLISECONDS(o->figures.stall_ms);
	f->injected++;
	if (fault_kind_is_link(o->kind)) {
		if (f->impair == NULL)
			f->impair = impair_new();
		impair_add(f->impair, o, now_ns);
	}
	put_effect(f, s, true, &o->figures, now_ns);
	put_change(f, s);
	if (o->kind == FAULT_REBIND)
		end(f, s, FAULT_END_DONE, now_ns);
	return ERR_OK;
}

static int
revert(struct faults *f, const struct fault_order *o, enum fault_origin by,
	uint64_t now_ns, struct fault_status *to)
{
	struct fault_slot *s = slot_of(f, &o->id);

	(void)by;
	if (s == NULL)
		return refuse(f, to, ERR_UNKNOWN, "no fault with this id is active");
	end(f, s, FAULT_END_ORDER, now_ns);
	return ERR_OK;
}

static int
halt(struct faults *f, const struct fault_order *o, enum fault_origin by, uint64_t now_ns,
	struct fault_status *to)
{
	(void)o;
	(void)by;
	(void)to;
	while (f->count > 0)
		end(f, &f->active[0], FAULT_END_HALT, now_ns);
	f->halted = true;
	return ERR_OK;
}

static int
disarm(struct faults *f, const struct fault_order *o, enum fault_origin by,
	uint64_t now_ns, struct fault_status *to)
{
	(void)o;
	(void)by;
	(void)now_ns;
	(void)to;
	f->halted = false;
	return ERR_OK;
}

static int
report(struct faults *f, const struct fault_order *o, enum fault_origin by,
	uint64_t now_ns, struct fault_status *to)
{
	(void)f;
	(void)o;
	(void)by;
	(void)now_ns;
	(void)to;
	return ERR_OK;
}

/* To ask twice does no harm; all else counts once. */
static bool
is_repeated(struct faults *f, const struct fault_order *o)
{
	if (o->verb == FAULT_REPORT)
		return false;
	for (size_t i = 0; i < f->nonces.count; i++)
		if (memcmp(ring_at(&f->nonces, i), o->nonce, FAULT_NONCE_LEN) == 0)
			return true;
	memcpy(ring_push(&f->nonces), o->nonce, FAULT_NONCE_LEN);
	return false;
}

void
faults_order(struct faults *f, const struct fault_order *o, enum fault_origin by,
	uint64_t now_ns, struct fault_status *answer)
{
	static int (*const obey[FAULT_VERBS])(struct faults *, const struct fault_order *,
		enum fault_origin, uint64_t, struct fault_status *) = {
		[FAULT_INJECT] = inject,
		[FAULT_REVERT] = revert,
		[FAULT_HALT] = halt,
		[FAULT_DISARM] = disarm,
		[FAULT_REPORT] = report,
	};
	struct fault_status said = { .why = "" };

	if (is_repeated(f, o))
		said.result = refuse(f, &said, ERR_STALE,
			"this order was carried out before: its nonce is known");
	else
		said.result = obey[o->verb](f, o, by, now_ns, &said);
	faults_status(f, answer, now_ns);
	answer->result = said.result;
	memcpy(answer->why, said.why, sizeof(said.why));
	memcpy(answer->nonce, o->nonce, sizeof(o->nonce));
}

uint64_t
faults_deadline(const struct faults *f)
{
	uint64_t due = f->impair != NULL ? impair_deadline(f->impair) : NEVER;

	for (size_t i = 0; i < f->count; i++)
		if (f->active[i].until_ns < due)
			due = f->active[i].until_ns;
	return due;
}

void
faults_tick(struct faults *f, uint64_t now_ns)
{
	for (size_t i = 0; i < f->count;) {
		struct fault_slot *s = &f->active[i];

		if (s->until_ns <= now_ns)
			end(f, s, s->state.kind == FAULT_WEDGE ? FAULT_END_DONE
							       : FAULT_END_LEASE,
				now_ns);
		else
			i++;
	}
	release_impair(f);
}

void
faults_status(const struct faults *f, struct fault_status *to, uint64_t now_ns)
{
	memset(to, 0, sizeof(*to));
	to->halted = f->halted;
	to->injected = f->injected;
	to->reverted = f->reverted;
	to->refused = f->refused;
	for (size_t i = 0; i < f->count; i++) {
		const struct fault_slot *s = &f->active[i];
		struct fault_state *at = &to->faults[to->count++];

		*at = s->state;
		at->age_ms = ms_between(s->began_ns, now_ns);
		at->lease_left_ms = ms_between(now_ns, s->until_ns);
		if (fault_kind_is_link(at->kind))
			impair_count(f->impair, at);
	}
	for (size_t i = f->ended.count; i-- > 0;) {
		const struct fault_slot *s = ring_at(&f->ended, i);
		struct fault_state *at = &to->faults[to->count++];

		*at = s->state;
		at->age_ms = ms_between(s->began_ns, now_ns);
		at->ended_ms = ms_between(s->ended_ns, now_ns);
	}
}

void
faults_note_writes(struct faults *f, uint64_t count)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->active[i].state.kind == FAULT_DISK_FULL)
			f->active[i].state.matched += count;
}

uint64_t
faults_dropped(const struct faults *f)
{
	struct fault_state s;
	uint64_t sum = f->impaired;

	for (size_t i = 0; i < f->count; i++) {
		s = f->active[i].state;
		if (fault_kind_is_link(s.kind))
			impair_count(f->impair, &s);
		sum += s.dropped;
	}
	return sum;
}

bool
faults_next_effect(struct faults *f, struct fault_effect *e)
{
	if (f->effects.count == 0)
		return false;
	*e = *(struct fault_effect *)ring_at(&f->effects, 0);
	ring_pop(&f->effects);
	return true;
}

bool
faults_next_change(struct faults *f, struct fault_change *c)
{
	if (f->changes.count == 0)
		return false;
	*c = *(struct fault_change *)ring_at(&f->changes, 0);
	ring_pop(&f->changes);
	return true;
}
