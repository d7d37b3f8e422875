/* SPDX-License-Identifier: MIT */
#include "trace/tracer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/text.h"

#define A(id) (UINT64_C(1) << TRACE_ATTR_##id)

static const struct {
	const char *name;
	uint64_t attrs;
} names[TRACE_SPANS] = {
#define SPAN(id, name_, attrs_) [TRACE_##id] = { name_, attrs_ },
#include "trace/names.def"
#undef SPAN
};

static const struct {
	const char *key, *unit;
} keys[TRACE_ATTRS] = {
#define ATTR(id, key_, unit_) [TRACE_ATTR_##id] = { key_, unit_ },
#include "trace/names.def"
#undef ATTR
};

struct tracer {
	struct rng rng;
	uint64_t anchor_ns;
	uint8_t above[SPAN_ID_LEN];	/* parent of those that have none here, or zero */
	struct span_set set;
	enum trace_span kinds[SPANS_MAX];	/* of set.spans */
};

const char *
tracer_span_name(enum trace_span s)
{
	assert(s < TRACE_SPANS);
	return names[s].name;
}

const char *
tracer_attr_key(enum trace_attr a)
{
	assert(a < TRACE_ATTRS);
	return keys[a].key;
}

const char *
tracer_attr_unit(enum trace_attr a)
{
	assert(a < TRACE_ATTRS);
	return keys[a].unit;
}

bool
tracer_allows(enum trace_span s, enum trace_attr a)
{
	assert(s < TRACE_SPANS && a < TRACE_ATTRS);
	return (names[s].attrs & UINT64_C(1) << a) != 0;
}

/* All zeros are no id: W3C trace context. */
static void
make_id(struct rng *r, uint8_t *to, size_t len)
{
	rng_bytes(r, to, len);
	to[len - 1] |= 1;
}

struct tracer *
tracer_new(const uint8_t seed[static 32], uint64_t now_ns, uint64_t wall_us)
{
	struct tracer *t = mem_new(MEM_TRACER, sizeof *t);

	rng_init(&t->rng, seed);
	t->anchor_ns = now_ns;
	t->set.wall_us = wall_us;
	t->set.spans = mem_array(SPANS_MAX, sizeof *t->set.spans);
	make_id(&t->rng, t->set.trace, sizeof t->set.trace);
	return t;
}

void
tracer_free(struct tracer *t)
{
	if (t == NULL)
		return;
	span_set_fini(&t->set);
	mem_free(MEM_TRACER, t);
}

void
tracer_adopt(struct tracer *t, const struct trace_context *c)
{
	assert(t->set.count == 0);
	memcpy(t->set.trace, c->trace_id, sizeof t->set.trace);
	memcpy(t->above, c->span_id, sizeof t->above);
}

struct trace_context
tracer_context(const struct tracer *t, int span, uint8_t flags)
{
	struct trace_context c = { .flags = flags };

	assert(span >= 0 && span < (int)t->set.count);
	memcpy(c.trace_id, t->set.trace, sizeof c.trace_id);
	memcpy(c.span_id, t->set.spans[span].id, sizeof c.span_id);
	return c;
}

static uint64_t
since_us(const struct tracer *t, uint64_t now_ns)
{
	return now_ns > t->anchor_ns ? (now_ns - t->anchor_ns) / 1000 : 0;
}

static struct span *
at(struct tracer *t, int span)
{
	assert(span < (int)t->set.count);
	return span < 0 ? NULL : &t->set.spans[span];
}

int
tracer_begin(struct tracer *t, enum trace_span s, int parent, uint64_t now_ns)
{
	const struct span *above = at(t, parent);
	struct span *to;

	if (t->set.count == SPANS_MAX) {
		t->set.lost++;
		return -1;
	}
	t->kinds[t->set.count] = s;
	to = &t->set.spans[t->set.count++];
	make_id(&t->rng, to->id, sizeof to->id);
	memcpy(to->parent, above != NULL ? above->id : t->above, sizeof to->parent);
	snprintf(to->name, sizeof to->name, "%s", tracer_span_name(s));
	to->begin_us = since_us(t, now_ns);
	to->state = SPAN_OPEN;
	return (int)t->set.count - 1;
}

void
tracer_rename(struct tracer *t, int span, enum trace_span s)
{
	struct span *to = at(t, span);

	if (to == NULL)
		return;
	t->kinds[span] = s;
	snprintf(to->name, sizeof to->name, "%s", tracer_span_name(s));
}

void
tracer_set(struct tracer *t, int span, enum trace_attr a, const char *format, ...)
{
	struct span *to = at(t, span);
	struct span_attr *attr;
	char text[SPAN_VALUE_CAP];
	va_list args;

	if (to == NULL)
		return;
	assert(tracer_allows(t->kinds[span], a) && to->attr_count < SPAN_ATTRS_MAX);
	attr = &to->attrs[to->attr_count++];
	snprintf(attr->key, sizeof attr->key, "%s", tracer_attr_key(a));
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	text_printable(attr->value, sizeof attr->value, text, strlen(text));
}

void
tracer_end(struct tracer *t, int span, const char *why, uint64_t now_ns)
{
	struct span *to = at(t, span);
	uint64_t now_us = since_us(t, now_ns);

	if (to == NULL)
		return;
	assert(to->state == SPAN_OPEN);
	to->state = why == NULL ? SPAN_OK : SPAN_FAILED;
	to->duration_us = now_us > to->begin_us ? now_us - to->begin_us : 0;
	if (why != NULL)
		text_printable(to->why, sizeof to->why, why, strlen(why));
}

bool
tracer_is_open(const struct tracer *t, int span)
{
	assert(span < (int)t->set.count);
	return span >= 0 && t->set.spans[span].state == SPAN_OPEN;
}

const struct span_set *
tracer_spans(const struct tracer *t)
{
	return &t->set;
}
