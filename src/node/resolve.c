/* SPDX-License-Identifier: MIT */
#include "node/resolve.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "node/state.h"

#define FOUND_MAX 64

void
resolve_init(struct resolve *r)
{
	memset(r, 0, sizeof(*r));
	TAILQ_INIT(&r->all);
	r->kept = idmap_new();
}

void
resolve_fini(struct node *n)
{
	struct resolve *r = &n->resolve;
	struct resolution *q;

	while ((q = TAILQ_FIRST(&r->all)) != NULL) {
		TAILQ_REMOVE(&r->all, q, entry);
		mem_free(MEM_RESOLUTION, q);
	}
	resolve_kept_fini(r);
}

struct resolution *
resolve_find(struct node *n, uint64_t number)
{
	struct resolution *q;

	TAILQ_FOREACH(q, &n->resolve.all, entry)
		if (q->number == number)
			return q;
	return NULL;
}

bool
resolve_add(struct resolved *r, const struct digest *g, struct view payload,
	uint32_t age_ms)
{
	struct resolved_node *to = &r->nodes[r->count];

	if (r->count == RESOLVED_MAX || payload.len > DIGEST_LEN_MAX)
		return false;
	for (size_t i = 0; i < r->count; i++)
		if (id_equal(&r->nodes[i].digest.id, &g->id))
			return false;
	to->digest = *g;
	memcpy(to->payload, payload.data, payload.len);
	to->payload_len = payload.len;
	to->age_ms = age_ms;
	r->count++;
	return true;
}

/* As many as are wanted, any of them: so that many askers do not all take the first. */
static void
choose(struct node *n, struct resolution *q)
{
	struct resolved *r = &q->r;

	for (size_t i = 0; i < r->count && i < q->most && r->count > q->most; i++) {
		size_t k = i + rng_below(&n->rng, r->count - i);
		struct resolved_node swap = r->nodes[i];

		r->nodes[i] = r->nodes[k];
		r->nodes[k] = swap;
	}
	if (r->count > q->most)
		r->count = q->most;
}

static void
answer(struct node *n, const struct resolution *q, uint64_t now_ns)
{
	struct resolve_answer a = { .count = q->r.count, .status = q->r.status };
	struct buf b;

	for (size_t i = 0; i < a.count; i++)
		a.nodes[i] = (struct resolve_node){
			{ q->r.nodes[i].payload, q->r.nodes[i].payload_len },
			q->r.nodes[i].age_ms
		};
	memcpy(a.why, q->r.why, sizeof(a.why));
	buf_init(&b, frame_limit(FRAME_RESOLVE));
	delivery_put_resolved(&b, &a);
	q->serving->over = NULL;
	if (b.failed || serve_answer(n, q->serving, b.data, b.len, true, now_ns) != 0)
		serve_refuse(n, q->serving, "slow to read", now_ns);
	buf_fini(&b);
}

void
resolve_finish(struct node *n, struct resolution *q, uint64_t now_ns)
{
	struct resolve *r = &n->resolve;
	bool done = q->r.status == DELIVERY_DONE;
	const struct span_note notes[] = { { TRACE_ATTR_DESTINATION, q->text } };

	TAILQ_REMOVE(&r->all, q, entry);
	r->count--;
	r->answered += done;
	r->failed += !done;
	choose(n, q);
	span_store_end(n->spans, &q->span, done ? NULL : q->r.why, notes, 1, now_ns);
	if (q->take != NULL)
		q->take(n, q->cookie, &q->r, now_ns);
	else if (q->serving != NULL)
		answer(n, q, now_ns);
	mem_free(MEM_RESOLUTION, q);
}

void
resolve_fail(struct node *n, struct resolution *q, enum delivery status, uint64_t now_ns,
	const char *format, ...)
{
	va_list args;

	q->r.status = status;
	q->r.count = 0;
	va_start(args, format);
	vsnprintf(q->r.why, sizeof(q->r.why), format, args);
	va_end(args);
	resolve_finish(n, q, now_ns);
}

/* What the directory of one of our meshes says. */
static void
look_into(struct resolution *q, const struct membership *m, size_t *gone, uint64_t now_ns)
{
	const struct directory_entry *found[FOUND_MAX];
	size_t departed, count;

	count = pattern_find(&q->p, m->directory, found, FOUND_MAX, &departed);
	*gone += departed;
	for (size_t i = 0; i < count; i++)
		(void)resolve_add(&q->r, &found[i]->digest, found[i]->payload,
			(uint32_t)((now_ns - found[i]->received_ns) / NS_PER_MS));
}

/* Whether the answer is here: a mesh of ours was meant, or one of any mesh was found. */
static bool
resolve_here(struct node *n, struct resolution *q, bool only, uint64_t now_ns)
{
	const char *mesh = q->p.mesh;
	size_t gone = 0;

	for (size_t i = 0; i < n->mesh_count; i++)
		if (mesh[0] == '\0' || strcmp(n->meshes[i]->mesh, mesh) == 0)
			look_into(q, n->meshes[i], &gone, now_ns);
	if (mesh[0] == '\0' && !only && q->r.count < q->most)
		return false;
	if (mesh[0] != '\0' && meshes_named(n, mesh) == NULL) {
		if (!only)
			return false;
		resolve_fail(n, q, DELIVERY_NO_MESH, now_ns,
			"%s is not a mesh of this node", mesh);
	} else if (q->r.count > 0) {
		resolve_finish(n, q, now_ns);
	} else if (gone > 0) {
		resolve_fail(n, q, DELIVERY_GONE, now_ns, "%s is gone", q->text);
	} else {
		resolve_fail(n, q, DELIVERY_NO_NODE, now_ns, "no node called %s",
			q->text);
	}
	return true;
}

/* `only`: nothing but what is here. */
static void
begin(struct node *n, const struct resolve_spec *spec, struct serving *serving, bool only,
	uint64_t now_ns)
{
	static const struct trace_context none;
	struct resolution *q = mem_new(MEM_RESOLUTION, sizeof(*q));
	char why[PATTERN_WHY_CAP];

	q->number = ++n->resolve.last_number;
	q->cookie = spec->cookie;
	q->take = spec->take;
	q->serving = serving;
	q->most = spec->most;
	q->fresh = spec->fresh;
	q->deadline_ns =
		now_ns + (serving != NULL ? RESOLVE_SERVE_DEADLINE : RESOLVE_DEADLINE);
	snprintf(q->text, sizeof(q->text), "%s", spec->pattern);
	span_store_begin(n->spans, &q->span, TRACE_RESOLVE,
		spec->trace != NULL ? spec->trace : &none, now_ns);
	TAILQ_INSERT_TAIL(&n->resolve.all, q, entry);
	n->resolve.count++;
	n->resolve.asked++;
	if (strlen(spec->pattern) > NAME_LEN_MAX ||
		pattern_parse(&q->p, spec->pattern, why) != ERR_OK)
		resolve_fail(n, q, DELIVERY_BAD_NAME, now_ns, "%s",
			strlen(spec->pattern) > NAME_LEN_MAX ? "too long a name" : why);
	else if (n->resolve.count > RESOLUTIONS_MAX)
		resolve_fail(n, q, DELIVERY_REFUSED, now_ns,
			"too many questions at once");
	else if (!resolve_here(n, q, only, now_ns))
		resolve_away_next(n, q, now_ns);
}

void
resolve_ask(struct node *n, const struct resolve_spec *spec, uint64_t now_ns)
{
	begin(n, spec, NULL, false, now_ns);
}

/* The asker left, or was not answered in time: its resolution goes on for nobody. */
static void
on_over(struct node *n, struct serving *s, uint64_t now_ns)
{
	struct resolution *q = s->state;

	(void)n;
	(void)now_ns;
	q->serving = NULL;
}

void
resolve_serve(struct node *n, struct serving *s, struct view body, uint64_t now_ns)
{
	const struct link *k = links_of_conn(&n->links, s->conn);
	struct resolve_spec spec = { .trace = &s->trace };
	struct resolve_ask ask;
	struct resolution *q;

	if (k == NULL || delivery_read_resolve(&ask, body) != ERR_OK || ask.most == 0 ||
		ask.most > RESOLVED_MAX) {
		serve_refuse(n, s, "broken question", now_ns);
		return;
	}
	n->resolve.served++;
	spec.pattern = ask.pattern;
	spec.most = ask.most;
	spec.fresh = ask.fresh;
	/* Who is no gateway asks nobody for others, or questions would go round. */
	begin(n, &spec, s, k->foreign || n->fabric == NULL, now_ns);
	q = TAILQ_LAST(&n->resolve.all, resolution_queue);
	if (q != NULL && q->serving == s) {
		s->state = q;
		s->over = on_over;
	}
}
