/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "node/requests.h"
#include "node/resolve.h"
#include "node/state.h"

static bool
was_tried(const struct resolution *q, const struct peer_id *id)
{
	for (size_t i = 0; i < q->tried_count; i++)
		if (id_equal(&q->tried[i], id))
			return true;
	return false;
}

/* Somebody's answer, each node of it checked: signed for its mesh, and what was asked. */
static void
take_nodes(struct node *n, struct resolution *q, const struct resolve_answer *a)
{
	for (size_t i = 0; i < a->count; i++) {
		const struct resolve_node *from = &a->nodes[i];
		char mesh[LABEL_LEN_MAX + 1] = "";
		struct peer_id topic;
		struct digest g;

		if (digest_peek_mesh(mesh, from->payload) == ERR_OK)
			topic_of_mesh(&topic, &n->config.key, mesh);
		if (mesh[0] == '\0' ||
			digest_verify(&g, from->payload, &topic) != ERR_OK ||
			!pattern_matches(&q->p, g.mesh, g.type, &g.id)) {
			n->resolve.forged++;
			continue;
		}
		(void)resolve_add(&q->r, &g, from->payload, from->age_ms);
		book_learn(&n->book, &g.id, g.addresses, g.address_count);
		if (links_find(&n->links, &g.id) == NULL)
			book_foreign(&n->book, &g.id,
				!n->config.observer && meshes_named(n, g.mesh) == NULL);
	}
}

static void
on_frame(struct node *n, struct resolution *q, struct view bytes)
{
	struct resolve_answer a;

	if (q->answered || delivery_read_resolved(&a, bytes) != ERR_OK)
		return;
	q->answered = true;
	take_nodes(n, q, &a);
	q->r.status = a.status;
	memcpy(q->r.why, a.why, sizeof(q->r.why));
	if (a.status == DELIVERY_DONE && q->r.count == 0) {
		q->r.status = DELIVERY_REFUSED;
		snprintf(q->r.why, sizeof(q->r.why), "the answer does not hold");
	}
}

/* Those that one summary names as gateways of its mesh. */
struct line {
	const struct summary_gateway *gateways;
	size_t count;
};

/* The summary that is shown comes first, then its rivals; false: there are no more. */
static bool
line_at(const struct backbone_mesh *m, size_t i, struct line *to, uint64_t now_ns)
{
	const struct backbone_speaker *s;

	if (i == 0) {
		*to = (struct line){ m->summary.gateways, m->summary.gateway_count };
		return true;
	}
	s = backbone_rival(m, i - 1, now_ns);
	if (s == NULL)
		return false;
	*to = (struct line){ s->gateways, s->gateway_count };
	return true;
}

static bool
was_line_tried(const struct resolution *q, const struct line *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (was_tried(q, &l->gateways[i].id))
			return true;
	return l->count == 0;
}

/* Whether others say that they are gateways of the mesh which denied it. */
static bool
is_disputed(const struct node *n, const struct resolution *q, uint64_t now_ns)
{
	const struct backbone_mesh *m;
	struct line l;

	m = n->fabric != NULL ? backbone_find(n->fabric->backbone, q->mesh) : NULL;
	for (size_t i = 0; m != NULL && line_at(m, i, &l, now_ns); i++)
		if (!was_line_tried(q, &l))
			return true;
	return false;
}

/* Whether another gateway may know better than this answer. */
static bool
another_may_know(const struct node *n, const struct resolution *q, uint64_t now_ns)
{
	switch (q->r.status) {
	case DELIVERY_TIMEOUT:
	case DELIVERY_UNREACHABLE:
	case DELIVERY_REFUSED:
	case DELIVERY_NO_MESH:
		return true;
	case DELIVERY_NO_NODE:
	case DELIVERY_GONE:
		return is_disputed(n, q, now_ns);
	default:
		return false;
	}
}

/* The last one asked was silent: so the answer is, if nobody said anything before. */
static void
note_silence(struct node *n, struct resolution *q, enum request_end end)
{
	if (q->r.status == DELIVERY_NO_NODE || q->r.status == DELIVERY_GONE)
		return;
	q->r.status = DELIVERY_TIMEOUT;
	snprintf(q->r.why, sizeof(q->r.why), "%s: %s",
		q->mesh[0] != '\0' ? q->mesh : n->config.mesh, requests_end_text(end));
}

/* One gateway was asked, of ours or of theirs. */
static void
take(struct node *n, const struct request_answer *a, uint64_t now_ns)
{
	struct resolution *q = resolve_find(n, a->cookie);
	bool abroad = n->fabric != NULL;

	if (q == NULL)
		return;
	if (a->end == REQUEST_GOES_ON) {
		on_frame(n, q, a->bytes);
		return;
	}
	if (!q->answered)
		note_silence(n, q, a->end);
	if (!q->answered || another_may_know(n, q, now_ns)) {
		resolve_away_next(n, q, now_ns);
		return;
	}
	if (abroad && q->r.status == DELIVERY_DONE)
		backbone_answered(n->fabric->backbone, q->mesh,
			&q->tried[q->tried_count - 1]);
	/* Of any mesh: the others may have more. */
	if (abroad && q->p.mesh[0] == '\0' && q->r.count < q->most) {
		q->mesh_done = true;
		resolve_away_next(n, q, now_ns);
		return;
	}
	if (abroad)
		resolve_kept_put(n, q->text, &q->r, now_ns);
	resolve_finish(n, q, now_ns);
}

static bool
ask(struct node *n, struct resolution *q, const struct peer_id *peer, size_t most,
	uint64_t now_ns)
{
	struct resolve_ask a = { .most = (uint8_t)most, .fresh = q->fresh };
	uint64_t most_ns = n->fabric != NULL ? RESOLVE_ABROAD : RESOLVE_PATIENCE;
	uint64_t left_ns = q->deadline_ns - now_ns, number;
	struct request_spec spec = { .peer = *peer, .tag = FRAME_RESOLVE, .take = take,
		.trace = &q->span.context, .cookie = q->number,
		.patience_ns = left_ns < most_ns ? left_ns : most_ns };
	struct buf b;
	int err;

	memcpy(a.pattern, q->text, sizeof(a.pattern));
	q->tried[q->tried_count++] = *peer;
	q->answered = false;
	buf_init(&b, frame_limit(FRAME_RESOLVE));
	delivery_put_resolve(&b, &a);
	spec.payload = b.data;
	spec.len = b.len;
	err = requests_ask(n, &spec, now_ns, &number);
	buf_fini(&b);
	return err == ERR_OK;
}

/*
 * One of these gateways that was not asked yet; who has a link to us first, because that
 * is the quickest, and any other by chance. NULL: all were asked.
 */
struct choice {
	const struct peer_id *id;
	const struct summary_gateway *gateway;	/* of another mesh */
	size_t seen;
	bool linked;
};

static void
consider(struct node *n, const struct resolution *q, struct choice *c,
	const struct peer_id *id)
{
	bool linked = links_find(&n->links, id) != NULL;

	if (was_tried(q, id) || id_equal(id, &n->config.identity.id) ||
		(c->linked && !linked))
		return;
	if (linked && !c->linked)
		c->seen = 0;
	c->linked |= linked;
	if (rng_below(&n->rng, ++c->seen) == 0)
		c->id = id;
}

static void
consider_line(struct node *n, const struct resolution *q, struct choice *c,
	const struct line *l)
{
	for (size_t i = 0; i < l->count; i++) {
		consider(n, q, c, &l->gateways[i].id);
		if (c->id == &l->gateways[i].id)
			c->gateway = &l->gateways[i];
	}
}

/*
 * Of each line one, then the others: so whoever speaks for a mesh that is not its own
 * costs one question in vain, however many gateways it names. Summaries may name others
 * each time that we come back here.
 */
static void
choose_abroad(struct node *n, const struct resolution *q, const struct backbone_mesh *m,
	struct choice *c, uint64_t now_ns)
{
	struct line l;

	if (q->tried_count >= RESOLVED_MAX)
		return;
	for (size_t i = 0; c->id == NULL && line_at(m, i, &l, now_ns); i++)
		if (!was_line_tried(q, &l))
			consider_line(n, q, c, &l);
	for (size_t i = 0; c->id == NULL && line_at(m, i, &l, now_ns); i++)
		consider_line(n, q, c, &l);
}

/* What a gateway says of its own place counts more than what others say of it. */
static void
learn_place(struct node *n, const struct backbone_mesh *m,
	const struct summary_gateway *g)
{
	for (size_t i = 0; i < m->speaker_count; i++) {
		const struct backbone_speaker *s = &m->speakers[i];

		for (size_t k = 0; id_equal(&s->id, &g->id) && k < s->gateway_count; k++)
			if (id_equal(&s->gateways[k].id, &g->id))
				g = &s->gateways[k];
	}
	book_learn(&n->book, &g->id, g->addresses, g->address_count);
}

static void
ask_own_gateway(struct node *n, struct resolution *q, uint64_t now_ns)
{
	const struct directory *d = n->meshes[0]->directory;

	for (;;) {
		struct choice c = { .id = NULL };

		for (size_t i = 0; i < directory_count(d); i++) {
			const struct directory_entry *e = directory_at(d, i);

			if (e->liveness <= LIVENESS_SUSPECT &&
				(e->digest.flags & DIGEST_GATEWAY))
				consider(n, q, &c, &e->digest.id);
		}
		if (c.id == NULL || q->tried_count == RESOLVED_MAX ||
			now_ns >= q->deadline_ns)
			break;
		if (ask(n, q, c.id, q->most, now_ns))
			return;
	}
	if (q->tried_count == 0)
		resolve_fail(n, q, DELIVERY_UNREACHABLE, now_ns,
			"%s has no gateway: nothing outside of it can be reached",
			n->config.mesh);
	else
		resolve_finish(n, q, now_ns);	/* with the last answer */
}

/* The next mesh by name that may have what is asked for; false: there is none. */
static bool
next_mesh(struct node *n, struct resolution *q, uint64_t now_ns)
{
	const struct backbone *b = n->fabric->backbone;

	for (size_t i = 0; i < backbone_count(b); i++) {
		const struct backbone_mesh *m = backbone_at(b, i);
		bool has = q->p.type[0] == '\0' || m->summary.others.live > 0;

		/* Who is contradicted may have left it out. */
		has |= backbone_rival(m, 0, now_ns) != NULL;
		for (size_t k = 0; k < m->summary.type_count; k++)
			has |= strcmp(m->summary.types[k].type, q->p.type) == 0;
		if (!has || m->state != BACKBONE_HEARD ||
			strcmp(m->summary.mesh, q->mesh) <= 0 ||
			meshes_named(n, m->summary.mesh) != NULL)
			continue;
		memcpy(q->mesh, m->summary.mesh, sizeof(q->mesh));
		q->tried_count = 0;
		q->mesh_done = false;
		return true;
	}
	return false;
}

/* Nobody is left to ask: what was found so far, or why nothing was. */
static void
no_more(struct node *n, struct resolution *q, uint64_t now_ns)
{
	if (q->r.count > 0) {
		q->r.status = DELIVERY_DONE;
		resolve_finish(n, q, now_ns);
	} else if (q->r.status != DELIVERY_DONE) {
		resolve_finish(n, q, now_ns);	/* with the last answer */
	} else {
		resolve_fail(n, q, DELIVERY_NO_NODE, now_ns,
			"no node called %s in any mesh", q->text);
	}
}

static void
ask_abroad(struct node *n, struct resolution *q, uint64_t now_ns)
{
	const struct backbone *b = n->fabric->backbone;
	bool any = q->p.mesh[0] == '\0';
	char why[BACKBONE_WHY_CAP];

	if (!any)
		memcpy(q->mesh, q->p.mesh, sizeof(q->mesh));
	else if ((q->mesh[0] == '\0' || q->mesh_done) && !next_mesh(n, q, now_ns)) {
		no_more(n, q, now_ns);
		return;
	}
	for (;;) {
		const struct backbone_mesh *m = backbone_find(b, q->mesh);
		struct choice c = { .id = NULL };

		if (m == NULL || (m->state != BACKBONE_HEARD && q->tried_count == 0)) {
			resolve_fail(n, q,
				m == NULL ? DELIVERY_NO_MESH : DELIVERY_UNREACHABLE,
				now_ns, "%s", backbone_why(b, q->mesh, now_ns, why));
			return;
		}
		choose_abroad(n, q, m, &c, now_ns);
		if (now_ns >= q->deadline_ns ||
			(c.id == NULL && !(any && next_mesh(n, q, now_ns)))) {
			no_more(n, q, now_ns);
			return;
		}
		if (c.id == NULL)
			continue;
		learn_place(n, m, c.gateway);
		if (ask(n, q, c.id, RESOLVED_MAX, now_ns))
			return;
		q->r.status = DELIVERY_TIMEOUT;
		snprintf(q->r.why, sizeof(q->r.why), "no gateway of %s answers", q->mesh);
	}
}

void
resolve_away_next(struct node *n, struct resolution *q, uint64_t now_ns)
{
	if (n->fabric == NULL) {
		ask_own_gateway(n, q, now_ns);
		return;
	}
	if (q->tried_count == 0 && q->mesh[0] == '\0' && !q->fresh &&
		resolve_kept_find(n, q->text, &q->r, now_ns)) {
		resolve_finish(n, q, now_ns);
		return;
	}
	ask_abroad(n, q, now_ns);
}
