/* SPDX-License-Identifier: MIT */
#include "node/impair.h"

#include <assert.h>
#include <string.h>
#include <sys/queue.h>

#include "base/heap.h"
#include "base/mem.h"
#include "node/impair_rule.h"

/* A datagram that waits for its time. */
struct held {
	struct heap_entry due;
	TAILQ_ENTRY(held) link;
	struct fault_id rule;	/* the last one that held it back */
	struct path path;
	uint8_t ecn;
	bool inbound;
	size_t len;
	uint8_t bytes[];
};

struct impair {
	struct impair_rule rules[FAULTS_MAX];
	size_t count;
	struct heap due[2];	/* out, in */
	TAILQ_HEAD(, held) held;
	size_t held_count, held_len;
	uint64_t overflowed;
	struct address spared[IMPAIR_SPARED_MAX];
	size_t spared_count;
};

struct impair *
impair_new(void)
{
	struct impair *im = mem_new(MEM_IMPAIR, sizeof(*im));

	TAILQ_INIT(&im->held);
	heap_init(&im->due[0]);
	heap_init(&im->due[1]);
	return im;
}

static void
release(struct impair *im, struct held *h)
{
	heap_cancel(&im->due[h->inbound], &h->due);
	TAILQ_REMOVE(&im->held, h, link);
	im->held_count--;
	im->held_len -= h->len;
	mem_free(MEM_HELD, h);
}

void
impair_free(struct impair *im)
{
	if (im == NULL)
		return;
	while (!TAILQ_EMPTY(&im->held))
		release(im, TAILQ_FIRST(&im->held));
	for (size_t i = 0; i < im->count; i++)
		impair_rule_fini(&im->rules[i]);
	heap_fini(&im->due[0]);
	heap_fini(&im->due[1]);
	mem_free(MEM_IMPAIR, im);
}

void
impair_add(struct impair *im, const struct fault_order *o, uint64_t now_ns)
{
	assert(im->count < FAULTS_MAX && fault_kind_is_link(o->kind));
	impair_rule_init(&im->rules[im->count++], o, now_ns);
}

static struct impair_rule *
rule_of(const struct impair *im, const struct fault_id *id)
{
	for (size_t i = 0; i < im->count; i++)
		if (fault_id_equal(&im->rules[i].id, id))
			return (struct impair_rule *)&im->rules[i];
	return NULL;
}

void
impair_remove(struct impair *im, const struct fault_id *id, uint64_t now_ns)
{
	struct impair_rule *r = rule_of(im, id);
	struct held *h;

	if (r == NULL)
		return;
	impair_rule_fini(r);
	memmove(r, r + 1, (size_t)(&im->rules[--im->count] - r) * sizeof(*r));
	TAILQ_FOREACH(h, &im->held, link)
		if (fault_id_equal(&h->rule, id) && h->due.due_ns > now_ns)
			heap_arm(&im->due[h->inbound], &h->due, now_ns);
}

bool
impair_idle(const struct impair *im)
{
	return im->count == 0 && im->held_count == 0;
}

void
impair_count(const struct impair *im, struct fault_state *to)
{
	const struct impair_rule *r = rule_of(im, &to->id);

	if (r == NULL)
		return;
	to->matched = r->matched;
	to->dropped = r->dropped;
	to->delayed = r->delayed;
	to->reordered = r->reordered;
	to->duplicated = r->duplicated;
}

size_t
impair_held(const struct impair *im)
{
	return im->held_count;
}

uint64_t
impair_overflowed(const struct impair *im)
{
	return im->overflowed;
}

void
impair_refresh(struct impair *im, impair_resolve *resolve, void *ctx)
{
	for (size_t i = 0; i < im->count; i++)
		impair_rule_refresh(&im->rules[i], resolve, ctx);
}

void
impair_spare(struct impair *im, const struct address *remotes, size_t count)
{
	assert(count <= IMPAIR_SPARED_MAX);
	memcpy(im->spared, remotes, count * sizeof(*remotes));
	im->spared_count = count;
}

static bool
concerns(const struct impair *im, const struct impair_rule *r,
	const struct address *remote, bool inbound, uint64_t now_ns)
{
	for (size_t i = 0; r->all && i < im->spared_count; i++)
		if (address_equal(&im->spared[i], remote))
			return false;
	return impair_rule_concerns(r, remote, inbound, now_ns);
}

void
impair_flow(struct impair *im, const struct address *remote, uint64_t now_ns)
{
	for (size_t i = 0; i < im->count; i++)
		impair_rule_flow(&im->rules[i], remote, now_ns);
}

/* False: there is no room. */
static bool
hold(struct impair *im, const struct held *as, const uint8_t *bytes, uint64_t due_ns)
{
	struct held *h;

	if (im->held_count >= IMPAIR_HELD_MAX ||
		im->held_len + as->len > IMPAIR_HELD_LEN_MAX) {
		im->overflowed++;
		return false;
	}
	h = mem_new(MEM_HELD, sizeof(*h) + as->len);
	*h = *as;
	memcpy(h->bytes, bytes, as->len);
	TAILQ_INSERT_TAIL(&im->held, h, link);
	im->held_count++;
	im->held_len += h->len;
	heap_arm(&im->due[h->inbound], &h->due, due_ns);
	return true;
}

/* Whether it passes now. */
static bool
judge(struct impair *im, struct held *as, const uint8_t *bytes, uint64_t now_ns)
{
	struct impair_fate fate = { 0 };
	struct impair_rule *by = NULL;

	for (size_t i = 0; i < im->count && !fate.drop; i++) {
		struct impair_rule *r = &im->rules[i];

		if (!concerns(im, r, &as->path.remote, as->inbound, now_ns))
			continue;
		impair_rule_judge(
			r, &as->path.remote, as->len, as->inbound, now_ns, &fate);
		by = r;
	}
	if (by == NULL)
		return true;
	if (fate.drop)
		return false;
	as->rule = by->id;
	if (fate.copy)
		(void)hold(im, as, bytes, fate.due_ns > now_ns ? fate.due_ns : now_ns);
	if (fate.due_ns <= now_ns)
		return true;
	if (!hold(im, as, bytes, fate.due_ns))
		by->dropped++;
	return false;
}

bool
impair_in(struct impair *im, const struct path *path, const uint8_t *bytes, size_t len,
	uint8_t ecn, uint64_t now_ns)
{
	struct held as = { .path = *path, .ecn = ecn, .inbound = true, .len = len };

	return judge(im, &as, bytes, now_ns);
}

bool
impair_out(struct impair *im, const struct path *path, const uint8_t *bytes, size_t len,
	uint64_t now_ns)
{
	struct held as = { .path = *path, .len = len };

	return judge(im, &as, bytes, now_ns);
}

bool
impair_hears(struct impair *im, const struct address *remote, uint64_t now_ns)
{
	for (size_t i = 0; i < im->count; i++)
		if (im->rules[i].kind == FAULT_CUT &&
			concerns(im, &im->rules[i], remote, true, now_ns))
			return false;
	return true;
}

static size_t
next(struct impair *im, bool inbound, uint8_t *to, size_t cap, struct path *path,
	uint8_t *ecn, uint64_t now_ns)
{
	struct heap_entry *e = heap_next_due(&im->due[inbound], now_ns);
	struct held *h = (struct held *)e;	/* its first member */
	size_t len;

	if (h == NULL)
		return 0;
	assert(h->len <= cap);
	len = h->len;
	memcpy(to, h->bytes, len);
	*path = h->path;
	*ecn = h->ecn;
	release(im, h);
	return len;
}

size_t
impair_next_in(struct impair *im, uint8_t *to, size_t cap, struct path *path,
	uint8_t *ecn, uint64_t now_ns)
{
	return next(im, true, to, cap, path, ecn, now_ns);
}

size_t
impair_next_out(
	struct impair *im, uint8_t *to, size_t cap, struct path *path, uint64_t now_ns)
{
	uint8_t ecn;

	return next(im, false, to, cap, path, &ecn, now_ns);
}

uint64_t
impair_deadline(const struct impair *im)
{
	uint64_t out = heap_deadline(&im->due[0]), in = heap_deadline(&im->due[1]);

	return out < in ? out : in;
}
