/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "supervisor/child.h"

/* What an order needs until it is fetched; the rest is looked up then. */
struct pending {
	enum supervisor_order_kind kind;
	unsigned child;
	enum lifeline_tag tag;
	uint64_t ask;
	struct peer_id *probes;	   /* of tag ASK; freed when fetched */
	size_t probe_count;
	int signal;
	struct fault_order *fault; /* of tag FAULT; freed when fetched */
	struct letter_order *send; /* of tag SEND; freed when fetched */
};

struct supervisor {
	size_t limit;
	uint64_t patience_ns;
	unsigned last_id;
	struct child **children;	/* in order of starting */
	size_t count;
	struct pending *orders;		/* first..count are not fetched yet */
	size_t order_first, order_count, order_cap;
};

static void
drop_pending(const struct pending *p)
{
	free(p->fault);
	free(p->send);
	free(p->probes);
}

static void
order_put(struct supervisor *s, struct pending p)
{
	if (s->order_first == s->order_count)
		s->order_first = s->order_count = 0;
	if (s->order_count == s->order_cap) {
		/*
		 * Each child owes at most a spawn, a quit and two signals, and questions
		 * come from a caller that drains after each of its turns: only a bug gets
		 * here.
		 */
		assert(s->order_count - s->order_first < CHILD_ORDERS_MAX);
		s->order_cap = s->order_cap ? s->order_cap * 2 : 64;
		s->orders = mem_resize(s->orders, s->order_cap, sizeof(*s->orders));
	}
	s->orders[s->order_count++] = p;
}

static void
order_acts(struct supervisor *s, const struct child *c, unsigned acts)
{
	unsigned id = c->row.id;

	if (acts & CHILD_ACT_QUIT)
		order_put(s, (struct pending){ .kind = ORDER_SEND, .child = id,
			.tag = LIFELINE_QUIT });
	if (acts & CHILD_ACT_TERM)
		order_put(s, (struct pending){ .kind = ORDER_SIGNAL, .child = id,
			.signal = SIGTERM });
	if (acts & CHILD_ACT_KILL)
		order_put(s, (struct pending){ .kind = ORDER_SIGNAL, .child = id,
			.signal = SIGKILL });
}

static struct child *
child_of(const struct supervisor *s, unsigned id)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->children[i]->row.id == id)
			return s->children[i];
	return NULL;
}

static void
remove_at(struct supervisor *s, size_t i)
{
	child_free(s->children[i]);
	memmove(&s->children[i], &s->children[i + 1],
		(s->count - i - 1) * sizeof(*s->children));
	s->count--;
}

struct supervisor *
supervisor_new(size_t limit)
{
	struct supervisor *s = mem_new(MEM_SUPERVISOR, sizeof(*s));

	s->limit = limit < CHILDREN_ROWS_MAX ? limit : CHILDREN_ROWS_MAX;
	s->patience_ns = NEVER;
	s->children = mem_array(CHILDREN_ROWS_MAX, sizeof(*s->children));
	return s;
}

void
supervisor_free(struct supervisor *s)
{
	if (!s)
		return;
	while (s->count)
		remove_at(s, s->count - 1);
	for (size_t i = s->order_first; i < s->order_count; i++)
		drop_pending(&s->orders[i]);
	free(s->children);
	free(s->orders);
	mem_free(MEM_SUPERVISOR, s);
}

void
supervisor_count_from(struct supervisor *s, unsigned id)
{
	assert(s->count == 0);
	s->last_id = id;
}

static void
make_room(struct supervisor *s)
{
	for (size_t i = 0; s->count >= CHILDREN_ROWS_MAX && i < s->count; i++) {
		if (s->children[i]->row.state == CHILD_ENDED) {
			remove_at(s, i);
			return;
		}
	}
}

int
supervisor_start(struct supervisor *s, const struct child_spec *spec, uint64_t now_ns,
	unsigned *child)
{
	if (supervisor_alive(s) >= s->limit)
		return ERR_LIMIT;
	assert(spec->seed_count <= CHILD_SEEDS_MAX);
	make_room(s);

	struct child *c = child_new(++s->last_id, spec, now_ns);

	s->children[s->count++] = c;
	*child = c->row.id;
	order_put(s, (struct pending){ .kind = ORDER_SPAWN, .child = c->row.id });
	return ERR_OK;
}

int
supervisor_stop(struct supervisor *s, unsigned child, uint64_t now_ns)
{
	struct child *c = child_of(s, child);
	unsigned acts = 0;

	if (!c)
		return ERR_UNKNOWN;

	int err = child_stop(c, now_ns, &acts);

	order_acts(s, c, acts);
	return err;
}

void
supervisor_stop_all(struct supervisor *s, uint64_t now_ns)
{
	for (size_t i = 0; i < s->count; i++) {
		unsigned acts = 0;

		/* ERR_STATE: it is leaving or has left, which is what was wanted. */
		if (child_stop(s->children[i], now_ns, &acts) == ERR_OK)
			order_acts(s, s->children[i], acts);
	}
}

int
supervisor_ask(struct supervisor *s, unsigned child, uint64_t now_ns, uint64_t *ask)
{
	return supervisor_ask_about(s, child, NULL, 0, now_ns, ask);
}

int
supervisor_ask_about(struct supervisor *s, unsigned child, const struct peer_id *probes,
	size_t count, uint64_t now_ns, uint64_t *ask)
{
	struct child *c = child_of(s, child);

	if (!c)
		return ERR_UNKNOWN;

	int err = child_ask(c, now_ns, ask);

	assert(count <= LIFELINE_PROBES_MAX);
	if (err == ERR_OK)
		order_put(s, (struct pending){ .kind = ORDER_SEND, .child = child,
			.tag = LIFELINE_ASK, .ask = *ask,
			.probes = mem_copy(probes, count * sizeof(*probes)),
			.probe_count = count });
	return err;
}

int
supervisor_fault(struct supervisor *s, unsigned child, const struct fault_order *o)
{
	struct child *c = child_of(s, child);

	if (!c)
		return ERR_UNKNOWN;
	if (!child_hears(c))
		return ERR_STATE;
	order_put(s, (struct pending){ .kind = ORDER_SEND, .child = child,
		.tag = LIFELINE_FAULT, .fault = mem_copy(o, sizeof(*o)) });
	return ERR_OK;
}

int
supervisor_send(struct supervisor *s, unsigned child, const struct letter_order *o)
{
	struct child *c = child_of(s, child);

	if (!c)
		return ERR_UNKNOWN;
	if (!child_hears(c))
		return ERR_STATE;
	order_put(s, (struct pending){ .kind = ORDER_SEND, .child = child,
		.tag = LIFELINE_SEND, .send = mem_copy(o, sizeof(*o)) });
	return ERR_OK;
}

const struct letter_report *
supervisor_sent(const struct child_row *r, uint64_t number)
{
	for (size_t i = 0; r->sent && i < CHILD_SENT_MAX; i++)
		if (r->sent[i].number == number)
			return &r->sent[i];
	return NULL;
}

int
supervisor_kill(struct supervisor *s, unsigned child)
{
	struct child *c = child_of(s, child);

	if (!c)
		return ERR_UNKNOWN;
	if (c->row.state == CHILD_ENDED || c->row.pid == 0)
		return ERR_STATE;
	order_put(s, (struct pending){ .kind = ORDER_SIGNAL, .child = child,
		.signal = SIGKILL });
	return ERR_OK;
}

void
supervisor_spawned(struct supervisor *s, unsigned child, int pid, uint64_t now_ns)
{
	struct child *c = child_of(s, child);

	if (c)
		child_spawned(c, pid, now_ns);
}

void
supervisor_spawn_failed(struct supervisor *s, unsigned child, const char *why,
	uint64_t now_ns)
{
	struct child *c = child_of(s, child);

	if (c)
		child_fail(c, why, now_ns);
}

void
supervisor_record(struct supervisor *s, unsigned child, struct lifeline_record *r,
	uint64_t now_ns)
{
	struct child *c = child_of(s, child);

	if (c)
		child_record(c, r, now_ns);
	else
		lifeline_fini(r);
}

void
supervisor_lifeline_closed(struct supervisor *s, unsigned child, uint64_t now_ns)
{
	struct child *c = child_of(s, child);

	if (c)
		child_lifeline_closed(c, now_ns);
}

void
supervisor_exited(struct supervisor *s, unsigned child, int status, int signal,
	uint64_t now_ns)
{
	struct child *c = child_of(s, child);

	if (!c)
		return;
	child_exited(c, status, signal, now_ns);
	if (c->revive) {
		struct child_spec again = c->row.spec;
		unsigned anew;

		c->revive = false;
		/* It has just made room. */
		(void)supervisor_start(s, &again, now_ns, &anew);
	}
}

void
supervisor_lost(struct supervisor *s, unsigned child, const char *why, uint64_t now_ns)
{
	struct child *c = child_of(s, child);

	if (c)
		child_lost(c, why, now_ns);
}

void
supervisor_set_patience(struct supervisor *s, uint64_t patience_ns)
{
	s->patience_ns = patience_ns;
}

uint64_t
supervisor_deadline(const struct supervisor *s)
{
	uint64_t first = NEVER;

	for (size_t i = 0; i < s->count; i++) {
		uint64_t due = child_deadline(s->children[i], s->patience_ns);

		if (due < first)
			first = due;
	}
	return first;
}

void
supervisor_tick(struct supervisor *s, uint64_t now_ns)
{
	for (size_t i = 0; i < s->count; i++)
		order_acts(s, s->children[i],
			child_tick(s->children[i], s->patience_ns, now_ns));
}

static void
fill_record(struct lifeline_record *r, const struct pending *p)
{
	r->tag = p->tag;
	if (p->tag == LIFELINE_ASK) {
		r->ask.ask = p->ask;
		r->ask.probe_count = p->probe_count;
		if (p->probe_count)
			memcpy(r->ask.probes, p->probes,
				p->probe_count * sizeof(*p->probes));
	}
	if (p->tag == LIFELINE_FAULT)
		r->fault = *p->fault;
	if (p->tag == LIFELINE_SEND)
		r->send = *p->send;
}

bool
supervisor_next_order(struct supervisor *s, struct supervisor_order *o)
{
	while (s->order_first < s->order_count) {
		const struct pending *p = &s->orders[s->order_first++];
		const struct child *c = child_of(s, p->child);

		/*
		 * Ended or forgotten meanwhile: there is nobody to spawn, tell or signal.
		 */
		if (!c || c->row.state == CHILD_ENDED) {
			drop_pending(p);
			continue;
		}
		memset(o, 0, sizeof(*o));
		o->kind = p->kind;
		o->child = p->child;
		o->signal = p->signal;
		if (p->kind == ORDER_SPAWN)
			o->spec = c->row.spec;
		if (p->kind == ORDER_SEND)
			fill_record(&o->record, p);
		drop_pending(p);
		return true;
	}
	return false;
}

size_t
supervisor_count(const struct supervisor *s)
{
	return s->count;
}

size_t
supervisor_alive(const struct supervisor *s)
{
	size_t alive = 0;

	for (size_t i = 0; i < s->count; i++)
		alive += s->children[i]->row.state != CHILD_ENDED;
	return alive;
}

const struct child_row *
supervisor_at(const struct supervisor *s, size_t i)
{
	assert(i < s->count);
	return &s->children[i]->row;
}

const struct child_row *
supervisor_find(const struct supervisor *s, unsigned child)
{
	const struct child *c = child_of(s, child);

	return c ? &c->row : NULL;
}

void
supervisor_forget(struct supervisor *s, unsigned child)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->children[i]->row.id != child)
			continue;
		if (s->children[i]->row.state == CHILD_ENDED)
			remove_at(s, i);
		return;
	}
}
