/* SPDX-License-Identifier: MIT */
#include "trace/span_store.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/text.h"
#include "wire/postcard.h"

struct span_store {
	struct rng rng;
	uint64_t anchor_ns, wall_us;
	struct journal journal;
	bool muted;
};

struct span_store *
span_store_new(const uint8_t seed[static 32], uint64_t now_ns, uint64_t wall_us)
{
	struct span_store *s = mem_new(MEM_SPAN_STORE, sizeof *s);

	rng_init(&s->rng, seed);
	s->anchor_ns = now_ns;
	s->wall_us = wall_us;
	journal_init(&s->journal, SPAN_STORE_LEN_MAX);
	return s;
}

void
span_store_free(struct span_store *s)
{
	if (s == NULL)
		return;
	journal_fini(&s->journal);
	mem_free(MEM_SPAN_STORE, s);
}

uint64_t
span_store_wall_us(const struct span_store *s)
{
	return s->wall_us;
}

/* All zeros are no id: W3C trace context. */
static void
make_id(struct rng *r, uint8_t *to, size_t len)
{
	rng_bytes(r, to, len);
	to[len - 1] |= 1;
}

struct trace_context
span_store_root(struct span_store *s)
{
	struct trace_context c = { .flags = TRACE_SAMPLED };

	make_id(&s->rng, c.trace_id, sizeof c.trace_id);
	return c;
}

void
span_store_mute(struct span_store *s)
{
	s->muted = true;
}

void
span_store_begin(struct span_store *s, struct span_mark *m, enum trace_span kind,
	const struct trace_context *above, uint64_t now_ns)
{
	*m = (struct span_mark){ .context = *above, .begin_ns = now_ns, .kind = kind };
	if (s->muted)
		m->context.flags = 0;
	if (!(m->context.flags & TRACE_SAMPLED))
		return;
	memcpy(m->parent, above->span_id, sizeof m->parent);
	make_id(&s->rng, m->context.span_id, sizeof m->context.span_id);
}

static void
keep(struct span_store *s, const uint8_t *trace, const struct span *span)
{
	struct buf b;

	buf_init(&b, SPAN_RECORD_LEN_MAX);
	buf_put(&b, trace, SPAN_TRACE_LEN);
	span_put(&b, span);
	assert(!b.failed);
	(void)journal_put(&s->journal, b.data, b.len);
	buf_fini(&b);
}

static uint64_t
since_us(const struct span_store *s, uint64_t at_ns)
{
	return at_ns > s->anchor_ns ? (at_ns - s->anchor_ns) / 1000 : 0;
}

uint64_t
span_store_wall_at(const struct span_store *s, uint64_t at_ns)
{
	return s->wall_us + since_us(s, at_ns);
}

void
span_store_end(struct span_store *s, const struct span_mark *m, const char *why,
	const struct span_note *notes, size_t count, uint64_t now_ns)
{
	struct span span = { .state = why == NULL ? SPAN_OK : SPAN_FAILED };

	if (!(m->context.flags & TRACE_SAMPLED))
		return;
	memcpy(span.id, m->context.span_id, sizeof span.id);
	memcpy(span.parent, m->parent, sizeof span.parent);
	snprintf(span.name, sizeof span.name, "%s", tracer_span_name(m->kind));
	span.begin_us = since_us(s, m->begin_ns);
	span.duration_us = since_us(s, now_ns) - span.begin_us;
	if (why != NULL)
		text_printable(span.why, sizeof span.why, why, strlen(why));
	for (size_t i = 0; i < count; i++) {
		struct span_attr *a = &span.attrs[span.attr_count++];

		assert(span.attr_count <= SPAN_ATTRS_MAX);
		assert(tracer_allows(m->kind, notes[i].attr));
		snprintf(a->key, sizeof a->key, "%s", tracer_attr_key(notes[i].attr));
		text_printable(a->value, sizeof a->value, notes[i].text,
			strlen(notes[i].text));
	}
	keep(s, m->context.trace_id, &span);
}

void
span_store_put(struct span_store *s, const uint8_t trace[static SPAN_TRACE_LEN],
	uint64_t wall_us, const struct span *span)
{
	struct span own = *span;
	uint64_t begin_us = wall_us + span->begin_us;

	own.begin_us = begin_us > s->wall_us ? begin_us - s->wall_us : 0;
	keep(s, trace, &own);
}

const struct journal *
span_store_journal(const struct span_store *s)
{
	return &s->journal;
}

int
span_store_read(struct view v, struct span_record *to)
{
	int err;

	*to = (struct span_record){ .seq = 0 };
	err = postcard_fixed(&v, to->trace, sizeof to->trace);
	return err ? err : span_read(&v, &to->span);
}

bool
span_store_next(const struct span_store *s, struct journal_cursor *c,
	struct span_record *to, uint64_t *lost)
{
	struct view v;
	uint64_t seq;

	while (journal_next(&s->journal, c, &v, &seq, lost))
		if (span_store_read(v, to) == ERR_OK) {
			to->seq = seq;
			return true;
		}
	return false;
}
