/* SPDX-License-Identifier: MIT */
#include "node/fabric.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "node/state.h"
#include "node/sync.h"

/* How often who does not speak asks itself whether it has to. */
#define LOOK_EVERY SECONDS(1)
/* Between two summaries: a new neighbor makes us speak at once. */
#define SPEAK_GAP SECONDS(1)
#define BEFORE_MAX 16
#define CHANGES_MAX 32

bool
fabric_is_for(const struct node_config *c)
{
	return c->observer || strcmp(c->type, "gateway") == 0;
}

bool
fabric_owns(const struct node *n, const struct membership *m)
{
	return n->fabric != NULL && m == &n->fabric->m;
}

void
fabric_start(struct node *n, uint64_t now_ns)
{
	struct fabric *f = mem_new(MEM_FABRIC, sizeof(*f));
	uint8_t random_seed[32];

	topic_of_backbone(&f->m.topic_id, &n->config.key);
	f->backbone = backbone_new(&f->m.topic_id);
	rng_bytes(&n->rng, random_seed, sizeof(random_seed));
	seeds_init(&f->places, random_seed);
	f->speak_ns = n->config.observer ? NEVER : now_ns;
	f->m.announce_ns = NEVER;
	n->fabric = f;
	n->links.backbone_topic = f->m.topic_id;
	meshes_open_topic(n, &f->m, now_ns);
	for (size_t i = 0; i < n->seeds.count; i++)
		(void)seeds_add(&f->places, &n->seeds.entries[i].seed, "",
			n->seeds.entries[i].configured, now_ns);
}

void
fabric_fini(struct node *n)
{
	if (n->fabric == NULL)
		return;
	topic_free(n->fabric->m.topic);
	backbone_free(n->fabric->backbone);
	mem_free(MEM_FABRIC, n->fabric);
	n->fabric = NULL;
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t
fabric_deadline(const struct node *n)
{
	if (n->fabric == NULL || n->leave_ns != 0)
		return NEVER;
	return earlier(earlier(n->fabric->speak_ns, fabric_places_deadline(n)),
		backbone_deadline(n->fabric->backbone));
}

/* The live gateways of our mesh with smaller ids than ours. */
static size_t
before_us(const struct node *n, const struct directory *d, struct peer_id *to)
{
	size_t count = 0;

	for (size_t i = 0; i < directory_count(d) && count < BEFORE_MAX; i++) {
		const struct directory_entry *e = directory_at(d, i);

		if (directory_is_node(e) && e->liveness == LIVENESS_LIVE &&
			(e->digest.flags & DIGEST_GATEWAY) &&
			id_compare(&e->digest.id, &n->config.identity.id) < 0)
			to[count++] = e->digest.id;
	}
	return count;
}

static void
speak(struct node *n, const struct membership *own, uint64_t now_ns)
{
	struct fabric *f = n->fabric;
	struct gossip_in in = { .kind = GOSSIP_IN_BROADCAST };
	struct summary s;
	struct buf b;

	backbone_summarize(&s, own->mesh, own->directory);
	s.speaker = n->config.identity.id;
	s.incarnation = n->config.incarnation;
	s.seq = ++f->seq;
	buf_init(&b, SUMMARY_LEN_MAX);
	summary_sign(&b, &s, &f->m.topic_id, n->config.identity.secret_key);
	in.bytes = (struct view){ b.data, b.len };
	f->spoke_ns = now_ns;
	f->spoken++;
	f->spoken_bytes += b.len;
	/* Our own table has our own mesh, too: as others see it. */
	(void)backbone_apply(f->backbone, in.bytes, now_ns);
	meshes_handle(n, &f->m, &in, now_ns);
	buf_fini(&b);
}

static void
speak_if_needed(struct node *n, uint64_t now_ns)
{
	struct fabric *f = n->fabric;
	struct peer_id before[BEFORE_MAX];
	struct membership *own;
	size_t count;

	if (f->speak_ns > now_ns || n->mesh_count == 0)
		return;
	own = n->meshes[0];
	count = before_us(n, own->directory, before);
	if (backbone_must_speak(f->backbone, own->mesh, before, count, f->listening_ns,
		    now_ns)) {
		speak(n, own, now_ns);
		f->speak_ns = now_ns + rng_jitter(&n->rng, BACKBONE_EVERY, 10);
	} else {
		f->speak_ns = now_ns + rng_jitter(&n->rng, LOOK_EVERY, 10);
	}
}

static void
tell_changes(struct node *n, uint64_t now_ns)
{
	struct backbone_change changes[CHANGES_MAX];
	struct backbone *b = n->fabric->backbone;
	size_t count;

	if (backbone_deadline(b) > now_ns)
		return;
	do {
		count = backbone_tick(b, now_ns, changes, CHANGES_MAX);
		for (size_t i = 0; i < count; i++) {
			const struct backbone_change *c = &changes[i];
			struct node_event *ev;
			char why[BACKBONE_WHY_CAP];

			if (!n->config.observer && strcmp(c->mesh, n->config.mesh) == 0)
				continue;	/* we know it better than any summary */
			ev = node_push(n, NODE_EVENT_MESH, &n->config.identity.id);
			memcpy(ev->mesh, c->mesh, sizeof(ev->mesh));
			ev->up = !c->removed && c->to == BACKBONE_HEARD;
			if (c->removed)
				snprintf(ev->text, sizeof(ev->text),
					"forgotten: no gateway of it spoke for long");
			else
				snprintf(ev->text, sizeof(ev->text), "%s",
					backbone_why(b, c->mesh, now_ns, why));
		}
	} while (count == CHANGES_MAX);
}

void
fabric_tick(struct node *n, uint64_t now_ns)
{
	if (n->fabric == NULL || n->leave_ns != 0)
		return;
	speak_if_needed(n, now_ns);
	tell_changes(n, now_ns);
	fabric_places_tick(n, now_ns);
}

void
fabric_neighbor(struct node *n, const struct gossip_out *o, uint64_t now_ns)
{
	struct fabric *f = n->fabric;
	uint64_t due = f->spoke_ns + SPEAK_GAP;

	if (o->change != NEIGHBOR_UP)
		return;
	if (f->listening_ns == 0)
		f->listening_ns = now_ns;
	sync_ask(n, &f->m, &o->peer, now_ns);
	if (n->config.observer || f->spoke_ns == 0)
		return;
	/* Who spoke already says it to whoever is new. */
	if (due < now_ns)
		due = now_ns;
	if (due < f->speak_ns)
		f->speak_ns = due;
}

void
fabric_deliver(struct node *n, struct view payload, uint64_t now_ns)
{
	struct fabric *f = n->fabric;

	if (backbone_apply(f->backbone, payload, now_ns) == ERR_OK)
		fabric_places_summary(n, backbone_newest(f->backbone), now_ns);
	tell_changes(n, now_ns);
}
