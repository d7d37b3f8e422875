/* SPDX-License-Identifier: MIT */
#include "node/receive.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "mesh/crossings.h"
#include "node/state.h"

/* Of a body, as much as a person is shown in an event. */
#define SHOWN_LEN 64

struct seen {
	struct peer_id key;
	uint64_t number;
};

void
receive_init(struct receive *r)
{
	memset(r, 0, sizeof(*r));
	r->seen = idmap_new();
	r->order = idmap_new();
}

static void
forget_first(struct idmap *m)
{
	struct seen *s = idmap_value(idmap_first(m));

	idmap_remove(m, &s->key);
	mem_free(MEM_MESSAGE_SEEN, s);
}

void
receive_fini(struct receive *r)
{
	while (idmap_first(r->seen) != NULL)
		forget_first(r->seen);
	while (idmap_first(r->order) != NULL)
		forget_first(r->order);
	idmap_free(r->seen);
	idmap_free(r->order);
}

/* Half of a sender's id is enough to tell it from others, and the rest is the id's. */
static struct peer_id
key_of(const struct peer_id *sender, const uint8_t *id, size_t len)
{
	struct peer_id key = { { 0 } };

	memcpy(key.bytes, sender->bytes, 16);
	memcpy(key.bytes + 16, id, len);
	return key;
}

static struct seen *
keep(struct idmap *m, const struct peer_id *key, size_t max)
{
	struct seen *s = mem_new(MEM_MESSAGE_SEEN, sizeof(*s));

	if (idmap_count(m) >= max)
		forget_first(m);
	s->key = *key;
	idmap_put(m, key, s);
	return s;
}

static void
check_order(struct receive *r, const struct peer_id *sender, const struct message *m)
{
	struct peer_id key = key_of(sender, m->id, MESSAGE_ID_LEN / 2);
	uint64_t number = delivery_message_number(m);
	struct seen *s = idmap_find(r->order, &key);

	if (s == NULL)
		s = keep(r->order, &key, MESSAGES_ORDER_MAX);
	else
		r->disordered += number <= s->number;
	s->number = number;
}

static void
tell_untold(struct node *n, const struct receive_run *run)
{
	struct node_event *ev;

	if (run->untold == 0)
		return;
	ev = node_push(n, NODE_EVENT_MESSAGE, &run->from);
	snprintf(ev->text, sizeof(ev->text), "%" PRIu64 CROSSINGS_MORE, run->untold);
}

/* The second is over: what was not told one by one is told now. */
static void
end_second(struct node *n, uint64_t second)
{
	struct receive *r = &n->receive;

	if (second == r->second)
		return;
	for (size_t i = 0; i < r->run_count; i++)
		tell_untold(n, &r->runs[i]);
	tell_untold(n, &r->others);
	r->others = (struct receive_run){ .told = 0 };
	r->run_count = 0;
	r->second = second;
}

uint64_t
receive_deadline(const struct node *n)
{
	const struct receive *r = &n->receive;

	for (size_t i = 0; i < r->run_count; i++)
		if (r->runs[i].untold > 0)
			return (r->second + 1) * NS_PER_S;
	return r->others.untold > 0 ? (r->second + 1) * NS_PER_S : NEVER;
}

void
receive_tick(struct node *n, uint64_t now_ns)
{
	if (receive_deadline(n) <= now_ns)
		end_second(n, now_ns / NS_PER_S);
}

/* Whether one more of this sender is told in this second. */
static bool
is_told(struct receive *r, const struct peer_id *from)
{
	struct receive_run *run = r->runs;

	while (run < r->runs + r->run_count && !id_equal(&run->from, from))
		run++;
	if (run == r->runs + RECEIVE_RUNS)
		run = &r->others;
	else if (run == r->runs + r->run_count)
		r->runs[r->run_count++] = (struct receive_run){ .from = *from };
	if (run->told < RECEIVE_TOLD_MAX)
		run->told++;
	else
		run->untold++;
	return run->untold == 0;
}

void
receive_tell(struct node *n, const struct peer_id *from, const char *kind,
	struct view body, uint64_t now_ns)
{
	struct node_event *ev;
	size_t len = body.len < SHOWN_LEN ? body.len : SHOWN_LEN;
	char shown[SHOWN_LEN + 1];

	end_second(n, now_ns / NS_PER_S);
	if (!is_told(&n->receive, from))
		return;
	ev = node_push(n, NODE_EVENT_MESSAGE, from);
	text_printable(shown, sizeof(shown), body.data, len);
	snprintf(ev->text, sizeof(ev->text), "%s, %zu bytes: %s%s", kind, body.len,
		shown, body.len > SHOWN_LEN ? "..." : "");
}

static enum delivery
take(struct node *n, const struct serving *s, const struct message *m, uint64_t now_ns)
{
	struct peer_id key = key_of(&s->peer, m->id, MESSAGE_ID_LEN);
	struct receive *r = &n->receive;

	if (idmap_find(r->seen, &key) != NULL) {
		r->duplicates++;
		return DELIVERY_DONE;
	}
	if (n->leave_ns != 0 || n->config.observer) {
		r->refused++;
		return DELIVERY_REFUSED;
	}
	(void)keep(r->seen, &key, MESSAGES_SEEN_MAX);
	check_order(r, &s->peer, m);
	r->delivered++;
	r->bytes += m->body.len;
	receive_tell(n, &s->peer, m->kind, m->body, now_ns);
	return DELIVERY_DONE;
}

/* Whether we are whom it is for. */
static bool
is_for_us(const struct node *n, const struct message *m)
{
	char why[PATTERN_WHY_CAP];
	struct pattern p;

	return pattern_parse(&p, m->destination, why) == ERR_OK &&
	       pattern_matches(&p, n->config.mesh, n->config.type,
		       &n->config.identity.id);
}

void
receive_serve(struct node *n, struct serving *s, struct view body, uint64_t now_ns)
{
	char peer[ID_HEX_CAP], bytes[24];
	struct message_ack ack = { .status = DELIVERY_NO_NODE };
	struct span_mark span;
	struct message m;
	struct buf b;

	if (delivery_read_message(&m, body) != ERR_OK) {
		serve_refuse(n, s, "broken message", now_ns);
		return;
	}
	span_store_begin(n->spans, &span, TRACE_DELIVER, &s->trace, now_ns);
	if (is_for_us(n, &m))
		ack.status = take(n, s, &m, now_ns);
	id_hex(peer, &s->peer);
	snprintf(bytes, sizeof(bytes), "%zu", m.body.len);
	span_store_end(n->spans, &span,
		ack.status == DELIVERY_DONE ? NULL : delivery_text(ack.status),
		(const struct span_note[]){ { TRACE_ATTR_PEER_ID, peer },
			{ TRACE_ATTR_KIND, m.kind }, { TRACE_ATTR_BYTES, bytes } },
		3, now_ns);
	name_format(ack.name, n->config.observer ? "observer" : n->config.mesh,
		n->config.type, &n->config.identity.id, NAME_HEX_SHORT);
	buf_init(&b, FRAME_CONTROL_LEN_MAX);
	delivery_put_ack(&b, &ack);
	if (serve_answer(n, s, b.data, b.len, true, now_ns) != ERR_OK)
		serve_refuse(n, s, "slow to read", now_ns);
	buf_fini(&b);
}
