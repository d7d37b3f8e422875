/* SPDX-License-Identifier: MIT */
#include "node/echo.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "node/resolve.h"
#include "node/state.h"

struct echo {
	TAILQ_ENTRY(echo) by_age;
	struct echo_report r;
	struct peer_id peer;
	struct buf data;
	uint64_t asked, every_ns, next_ns, began_ns;
	uint64_t window, for_ns, last_ns;	/* last_ns: none is asked after it */
	uint64_t matched;	/* answers that were the same bytes */
	bool found, over;
};

void
echo_init(struct echoes *e)
{
	*e = (struct echoes){ .count = 0 };
	TAILQ_INIT(&e->all);
}

static void
echo_free(struct node *n, struct echo *x)
{
	TAILQ_REMOVE(&n->echoes.all, x, by_age);
	n->echoes.count--;
	buf_fini(&x->data);
	mem_free(MEM_ECHO, x);
}

void
echo_fini(struct node *n)
{
	while (!TAILQ_EMPTY(&n->echoes.all))
		echo_free(n, TAILQ_FIRST(&n->echoes.all));
}

static struct echo *
find(struct node *n, uint64_t number)
{
	struct echo *x;

	TAILQ_FOREACH(x, &n->echoes.all, by_age)
		if (x->r.number == number)
			return x;
	return NULL;
}

static void
look_whether_over(struct echo *x, uint64_t now_ns)
{
	if (x->over || x->r.answered + x->r.failed < x->r.count)
		return;
	x->over = true;
	x->r.took_ns = now_ns - x->began_ns;
}

static void
fail(struct echo *x, uint64_t count, enum delivery status, const char *why)
{
	x->r.failed += count;
	x->r.status = status;
	snprintf(x->r.why, sizeof(x->r.why), "%s", why);
}

/* As --send has it: who can't be linked with any more is gone. */
static enum delivery
status_of(enum request_end end)
{
	return end == REQUEST_TIMEOUT ? DELIVERY_TIMEOUT :
		end == REQUEST_LOST || end == REQUEST_UNREACHABLE ? DELIVERY_GONE :
		DELIVERY_REFUSED;
}

static void
count_rtt(struct echo_report *r, uint64_t rtt_ns)
{
	if (r->answered == 0 || rtt_ns < r->rtt_min_ns)
		r->rtt_min_ns = rtt_ns;
	if (rtt_ns > r->rtt_max_ns)
		r->rtt_max_ns = rtt_ns;
	r->rtt_sum_ns += rtt_ns;
	spread_add(&r->rtt, rtt_ns / 1000);
	r->answered++;
}

/*
 * Where no way leads the others need not be tried one by one: a million that fail at once
 * would be done in one turn of the loop.
 */
static void
ask_no_more(struct echo *x, enum delivery status, const char *why)
{
	uint64_t rest = x->every_ns == 0 ? x->r.count - x->asked : 0;

	if (x->for_ns != 0) {
		x->r.count = x->asked;	/* nobody knows how many it would have been */
		return;
	}
	x->asked += rest;
	if (rest > 0)
		fail(x, rest, status, why);
}

static void ask_more(struct node *n, struct echo *x, uint64_t now_ns);

/*
 * The answer is one frame, and then the end. `matched` counts frames that were right and
 * whose end has not come: which one of them ends makes no difference to the sums.
 */
static void
take(struct node *n, const struct request_answer *a, uint64_t now_ns)
{
	struct echo *x = find(n, a->cookie);

	if (x == NULL)
		return;
	if (a->end == REQUEST_GOES_ON) {
		if (a->bytes.len == TRACE_CONTEXT_LEN + x->data.len &&
			(x->data.len == 0 || memcmp(a->bytes.data + TRACE_CONTEXT_LEN,
				x->data.data, x->data.len) == 0))
			x->matched++;
		return;
	}
	if (a->end != REQUEST_ANSWERED) {
		fail(x, 1, status_of(a->end), requests_end_text(a->end));
		if (a->end == REQUEST_UNREACHABLE)
			ask_no_more(x, DELIVERY_GONE, requests_end_text(a->end));
	} else if (x->matched > 0) {
		x->matched--;
		count_rtt(&x->r, a->at_ns - a->sent_ns);
	} else {
		x->r.different++;
		fail(x, 1, DELIVERY_REFUSED, "other bytes came back");
	}
	if (x->every_ns == 0)
		ask_more(n, x, now_ns);
	look_whether_over(x, now_ns);
}

static bool
ask_one(struct node *n, struct echo *x, uint64_t now_ns)
{
	struct trace_context root = span_store_root(n->spans);
	struct request_spec spec = { .peer = x->peer, .tag = FRAME_ECHO,
		.payload = x->data.data, .len = x->data.len, .trace = &root,
		.cookie = x->r.number, .take = take };
	uint64_t number;
	int err = requests_ask(n, &spec, now_ns, &number);
	const char *why = err == ERR_ARGUMENT ? "that is this node itself"
					      : err_text(err);
	enum delivery status = err == ERR_ARGUMENT ? DELIVERY_NO_NODE : DELIVERY_REFUSED;

	memcpy(x->r.trace, root.trace_id, sizeof(x->r.trace));
	x->asked++;
	if (err != ERR_OK) {
		fail(x, 1, status, why);
		ask_no_more(x, status, why);
	}
	return err == ERR_OK;
}

/* As many as are due; with no pace as many as may be under way at once. */
static void
ask_more(struct node *n, struct echo *x, uint64_t now_ns)
{
	while (x->asked < x->r.count) {
		if (now_ns >= x->last_ns) {
			x->r.count = x->asked;
			return;
		}
		if (x->every_ns == 0 &&
			x->asked - x->r.answered - x->r.failed >= x->window)
			return;
		if (x->every_ns != 0 && now_ns < x->next_ns)
			return;
		x->next_ns += x->every_ns;
		(void)ask_one(n, x, now_ns);
	}
}

static void
on_found(struct node *n, uint64_t cookie, const struct resolved *r, uint64_t now_ns)
{
	struct echo *x = find(n, cookie);
	const struct digest *d = &r->nodes[0].digest;

	if (x == NULL || x->over)
		return;
	if (r->status != DELIVERY_DONE || r->count == 0) {
		fail(x, x->r.count - x->r.failed,
			r->status != DELIVERY_DONE ? r->status : DELIVERY_NO_NODE,
			r->why[0] != '\0' ? r->why : delivery_text(r->status));
		look_whether_over(x, now_ns);
		return;
	}
	x->found = true;
	x->peer = d->id;
	name_format(x->r.receiver, d->mesh, d->type, &d->id, NAME_HEX_SHORT);
	book_learn(&n->book, &d->id, d->addresses, d->address_count);
	x->next_ns = now_ns;
	if (x->for_ns != 0)
		x->last_ns = now_ns + x->for_ns;
	ask_more(n, x, now_ns);
	look_whether_over(x, now_ns);
}

int
echo_begin(struct node *n, const struct echo_spec *spec, uint64_t now_ns,
	uint64_t *number, char why[static ECHO_WHY_CAP])
{
	struct resolve_spec where = { .pattern = spec->destination, .most = 1,
		.take = on_found };
	struct echo *x;

	if (spec->count == 0 || spec->count > ECHO_COUNT_MAX ||
		spec->data.len > ECHO_LEN_MAX) {
		snprintf(why, ECHO_WHY_CAP, "1 to %u times, and at most %u bytes",
			ECHO_COUNT_MAX, ECHO_LEN_MAX);
		return ERR_ARGUMENT;
	}
	if (n->echoes.count == ECHOES_MAX) {
		snprintf(why, ECHO_WHY_CAP, "%u others are under way", ECHOES_MAX);
		return ERR_LIMIT;
	}
	x = mem_new(MEM_ECHO, sizeof(*x));
	x->r.number = *number = ++n->echoes.last_number;
	x->r.count = spec->count;
	x->r.bytes = spec->data.len;
	snprintf(x->r.destination, sizeof(x->r.destination), "%s", spec->destination);
	x->every_ns = spec->every_ns;
	x->window = spec->window > 0 && spec->window < ECHO_WINDOW ? spec->window
								   : ECHO_WINDOW;
	x->for_ns = spec->for_ns;
	x->last_ns = NEVER;
	x->began_ns = now_ns;
	buf_init(&x->data, ECHO_LEN_MAX);
	buf_put(&x->data, spec->data.data, spec->data.len);
	TAILQ_INSERT_TAIL(&n->echoes.all, x, by_age);
	n->echoes.count++;
	where.cookie = x->r.number;
	resolve_ask(n, &where, now_ns);
	return ERR_OK;
}

void
echo_stop(struct node *n, uint64_t number, uint64_t now_ns)
{
	struct echo *x = find(n, number);

	if (x == NULL || x->over)
		return;
	x->r.count = x->found ? x->asked : 0;
	look_whether_over(x, now_ns);
}

bool
echo_next(struct node *n, struct echo_report *r)
{
	struct echo *x;

	TAILQ_FOREACH(x, &n->echoes.all, by_age)
		if (x->over) {
			*r = x->r;
			echo_free(n, x);
			return true;
		}
	return false;
}

static uint64_t
due_of(const struct echo *x)
{
	return x->found && !x->over && x->every_ns != 0 && x->asked < x->r.count
		? x->next_ns : NEVER;
}

void
echo_tick(struct node *n, uint64_t now_ns)
{
	struct echo *x;

	TAILQ_FOREACH(x, &n->echoes.all, by_age)
		if (due_of(x) <= now_ns) {
			ask_more(n, x, now_ns);
			look_whether_over(x, now_ns);
		}
}

uint64_t
echo_deadline(const struct node *n)
{
	uint64_t due = NEVER;
	const struct echo *x;

	TAILQ_FOREACH(x, &n->echoes.all, by_age)
		if (due_of(x) < due)
			due = due_of(x);
	return due;
}
