/* SPDX-License-Identifier: MIT */
#include "tests/unit/tui_world.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct world_actor {
	uint8_t secret_key[64];
	struct digest digest;
	size_t mesh;
	bool silent;
};

static struct peer_id
topic_of(size_t mesh)
{
	struct peer_id topic;

	memset(topic.bytes, (int)mesh + 1, sizeof(topic.bytes));
	return topic;
}

static void
speak(struct world *w, struct world_actor *a, uint64_t now_ns)
{
	struct peer_id topic = topic_of(a->mesh);
	struct buf b;

	buf_init(&b, 1024);
	digest_sign(&b, &a->digest, &topic, a->secret_key);
	directory_apply(w->directories[a->mesh], (struct view){ b.data, b.len },
		w->names[a->mesh], now_ns);
	buf_fini(&b);
}

static void
name_neighbor(struct world_actor *a, const struct world_actor *b)
{
	struct digest_neighbor *n = &a->digest.neighbors[a->digest.neighbor_count++];

	memcpy(n->id_prefix, b->digest.id.bytes, sizeof(n->id_prefix));
	n->rtt_100us =
		(uint16_t)(2 + (a->digest.id.bytes[0] ^ b->digest.id.bytes[0]) % 9);
}

/*
 * Everyone knows the next and the one three further on; the first names one that does
 * not.
 */
static void
connect_all(struct world *w, size_t mesh)
{
	struct world_actor *of = &w->actors[mesh * w->per_mesh];
	size_t n = w->per_mesh;

	for (size_t i = 0; i < n; i++) {
		name_neighbor(&of[i], &of[(i + 1) % n]);
		name_neighbor(&of[(i + 1) % n], &of[i]);
		name_neighbor(&of[i], &of[(i + 3) % n]);
		name_neighbor(&of[(i + 3) % n], &of[i]);
	}
	name_neighbor(&of[0], &of[4]);
}

static void
actor_init(struct world *w, size_t number)
{
	static const char *const types[] = {
		"broker",
		"compute",
		"gateway",
		"broker",
		"compute",
		"registry",
		"compute",
		"broker",
		"gateway",
	};
	struct world_actor *a = &w->actors[number];
	struct digest *g = &a->digest;
	uint8_t seed[32] = { 0 };

	memcpy(seed, &number, sizeof(number));
	crypto_sign_seed_keypair(g->id.bytes, a->secret_key, seed);
	a->mesh = number / w->per_mesh;
	snprintf(g->mesh, sizeof(g->mesh), "%s", w->names[a->mesh]);
	snprintf(g->type, sizeof(g->type), "%s", types[number % w->per_mesh % 9]);
	snprintf(g->build, sizeof(g->build), "0.1.0");
	g->address_count = 1 + number % 2;
	g->addresses[0] =
		(struct address){ 4, { 127, 0, 0, 1 }, (uint16_t)(40000 + number) };
	g->addresses[1] = (struct address){ 6, { [15] = 1 }, (uint16_t)(40000 + number) };
	g->incarnation = UINT64_C(1760000000000) + number;
	g->cpu_budget_mc = 500;
	g->memory_budget_kib = 16384;
	g->cpu_used_mc = (uint32_t)(5 + number * 37 % 60);
	g->memory_used_kib = (uint32_t)(5200 + number * 331 % 900);
	g->loop_lag_ms = 1;
}

static void
beat(struct world_actor *a, uint64_t now_ns)
{
	struct digest *g = &a->digest;

	g->seq++;
	g->uptime_s = (uint32_t)(now_ns / NS_PER_S);
	g->frames_sent += 40 + g->id.bytes[1] % 17;
	g->frames_received += 38 + g->id.bytes[2] % 17;
	g->cpu_used_mc = g->cpu_used_mc > 80 ? g->cpu_used_mc : (g->cpu_used_mc + 7) % 80;
}

static void
meshes_init(struct world *w, size_t meshes)
{
	for (size_t i = 0; i < meshes; i++) {
		struct directory_config c;

		directory_config_default(&c);
		c.topic = topic_of(i);
		w->directories[i] = directory_new(&c);
		snprintf(w->names[i], sizeof(w->names[i]), "mesh%zu", i + 1);
		w->meshes[i] = (struct model_mesh){ w->names[i], w->directories[i],
			&w->topologies[i] };
	}
}

struct world *
world_new(size_t meshes, size_t per_mesh, uint64_t now_ns)
{
	struct world *w = mem_array(1, sizeof(*w));

	w->per_mesh = per_mesh;
	w->actor_count = meshes * per_mesh;
	w->actors = mem_array(w->actor_count + 1, sizeof(*w->actors));
	meshes_init(w, meshes);
	for (size_t i = 0; i < w->actor_count; i++)
		actor_init(w, i);
	for (size_t i = 0; i < meshes; i++)
		connect_all(w, i);
	/* Two that are busy, so that not every bar is green. */
	if (w->actor_count > 7) {
		w->actors[4].digest.cpu_used_mc = 430;
		w->actors[7].digest.memory_used_kib = 9800;
	}
	snprintf(w->self.name, sizeof(w->self.name), "mesh1.observer.0b5e7e");
	w->model = (struct model){
		.now_ns = now_ns,
		.self = &w->self,
		.meshes = w->meshes,
		.mesh_count = meshes,
		.children = w->children,
		.notices = w->notices,
		.looked_in = "/run/user/0/meshtui",
	};
	w->timeline = timeline_new(TIMELINE_EVENTS_MAX);
	w->model.timeline = w->timeline;
	w->alerts = alerts_new(ALERTS_ACTIVE_MAX, ALERTS_HISTORY_MAX);
	w->model.alerts = w->alerts;
	w->series = series_new();
	w->model.series = w->series;
	w->model.boots = w->boots;
	world_beat(w, now_ns);
	return w;
}

void
world_free(struct world *w)
{
	for (size_t i = 0; i < WORLD_MESHES_MAX; i++) {
		directory_free(w->directories[i]);
		topology_fini(&w->topologies[i]);
	}
	timeline_free(w->timeline);
	alerts_free(w->alerts);
	series_free(w->series);
	for (size_t i = 0; i < w->model.boot_count; i++)
		span_set_fini(&w->spans[i]);
	free(w->actors);
	free(w);
}

void
world_tick(struct world *w, uint64_t now_ns)
{
	struct directory_change change[16];
	struct model *m = &w->model;

	m->now_ns = now_ns;
	for (size_t i = 0; i < m->mesh_count; i++) {
		while (directory_tick(w->directories[i], now_ns, change, 16) == 16)
			;
		topology_fini(&w->topologies[i]);
		topology_build(&w->topologies[i], w->directories[i]);
	}
	snprintf(m->clock, sizeof(m->clock), "12:%02u:%02u",
		(unsigned)(now_ns / NS_PER_S / 60 % 60),
		(unsigned)(now_ns / NS_PER_S % 60));
}

void
world_beat(struct world *w, uint64_t now_ns)
{
	struct mesh_row rows[WORLD_MESHES_MAX] = { 0 };
	size_t count = w->model.mesh_count;

	for (size_t i = 0; i < w->actor_count; i++)
		if (!w->actors[i].silent) {
			beat(&w->actors[i], now_ns);
			speak(w, &w->actors[i], now_ns);
			w->model.heard_ns = now_ns;
		}
	for (size_t i = 0; i < count; i++)
		rows[i].directory = w->directories[i];
	series_look(w->series, rows, count);
	world_tick(w, now_ns);
}

void
world_silence(struct world *w, size_t actor, bool silent)
{
	w->actors[actor].silent = silent;
}

void
world_leave(struct world *w, size_t actor, uint64_t now_ns)
{
	struct world_actor *a = &w->actors[actor];

	a->silent = true;
	a->digest.seq++;
	a->digest.flags |= DIGEST_LEFT;
	speak(w, a, now_ns);
	world_tick(w, now_ns);
}

void
world_accuse(struct world *w, size_t by, size_t of, uint64_t now_ns)
{
	const struct world_actor *subject = &w->actors[of];
	struct peer_id topic = topic_of(subject->mesh);
	struct accusation a = {
		w->actors[by].digest.id, subject->digest.id, subject->digest.incarnation,
		subject->digest.seq, ACCUSED_NO_ANSWER,
	};
	struct buf b;

	buf_init(&b, 1024);
	accusation_sign(&b, &a, &topic, w->actors[by].secret_key);
	directory_apply(w->directories[subject->mesh], (struct view){ b.data, b.len },
		w->names[subject->mesh], now_ns);
	buf_fini(&b);
	world_tick(w, now_ns);
}

void
world_unanswered(struct world *w, size_t by, size_t of)
{
	struct digest *d = &w->actors[by].digest;

	for (size_t i = 0; i < d->neighbor_count; i++)
		if (memcmp(d->neighbors[i].id_prefix, w->actors[of].digest.id.bytes,
			sizeof(d->neighbors[i].id_prefix)) == 0)
			d->neighbors[i].path_kind |= DIGEST_PATH_SILENT;
}

const struct peer_id *
world_id(const struct world *w, size_t actor)
{
	return &w->actors[actor].digest.id;
}

void
world_adopt(struct world *w, size_t actor, uint64_t now_ns)
{
	struct child_row *c = &w->child;

	*c = (struct child_row){
		.id = 7, .state = CHILD_READY, .pid = 4711, .started_ns = now_ns,
		.ready_ns = now_ns,
	};
	c->ready.id = *world_id(w, actor);
	w->children[0] = c;
	w->model.child_count = 1;
}

void
world_event(struct world *w, size_t actor, enum timeline_kind kind, uint64_t at_ns,
	const char *text)
{
	const struct world_actor *a = &w->actors[actor];
	const struct directory_entry *en =
		directory_find(w->directories[a->mesh], &a->digest.id);
	struct timeline_event e = { .at_ns = at_ns, .kind = kind, .id = a->digest.id };

	if (en)
		directory_name(en, e.node);
	snprintf(e.mesh, sizeof(e.mesh), "%s", w->names[a->mesh]);
	snprintf(e.source, sizeof(e.source), "%s", w->self.name);
	snprintf(e.text, sizeof(e.text), "%s", text);
	timeline_add(w->timeline, &e);
}

void
world_figure(struct world *w, size_t actor, enum alert_kind kind, uint64_t value,
	uint64_t at_ns)
{
	const struct world_actor *a = &w->actors[actor];
	const struct directory_entry *en =
		directory_find(w->directories[a->mesh], &a->digest.id);
	struct alert_subject s = { .id = a->digest.id };

	directory_name(en, s.name);
	snprintf(s.mesh, sizeof(s.mesh), "%s", w->names[a->mesh]);
	alerts_observe(w->alerts, kind, &s, value, at_ns, at_ns / NS_PER_MS);
}

void
world_boot_unknown(struct world *w, size_t actor)
{
	const struct world_actor *a = &w->actors[actor];
	const struct directory_entry *en =
		directory_find(w->directories[a->mesh], &a->digest.id);
	struct model_boot *b = &w->boots[w->model.boot_count++];

	*b = (struct model_boot){ .key = w->model.boot_count, .id = a->digest.id };
	directory_name(en, b->name);
}

static struct span *
add_span(struct span_set *s, const char *name, uint64_t begin_us, uint64_t duration_us)
{
	struct span *at = &s->spans[s->count++];

	at->id[0] = (uint8_t)s->count;
	at->parent[0] = s->count > 1;
	snprintf(at->name, sizeof(at->name), "%s", name);
	at->begin_us = begin_us;
	at->duration_us = duration_us;
	at->state = SPAN_OK;
	return at;
}

void
world_boot(struct world *w, size_t actor, uint64_t identity_us, const char *failed,
	bool open)
{
	static const char *const later[] = { "mesh.boot.alpn_registered",
		"mesh.boot.gossip_started", "mesh.boot.accept_loop_started" };
	struct span_set *s = &w->spans[w->model.boot_count];
	struct model_boot *b = &w->boots[w->model.boot_count];
	uint64_t at_us = 30 + identity_us;
	struct span *root, *endpoint;

	world_boot_unknown(w, actor);
	s->spans = mem_array(SPANS_MAX, sizeof(*s->spans));
	b->spans = s;
	b->heard_ns = w->model.now_ns;
	root = add_span(s, "mesh.node.ready", 0, at_us + 400);
	root->attr_count = 1;
	snprintf(root->attrs[0].key, SPAN_KEY_CAP, "version");
	snprintf(root->attrs[0].value, SPAN_VALUE_CAP, "0.1.0");
	add_span(s, "mesh.boot.identity_loaded", 30, identity_us);
	endpoint = add_span(s, "mesh.boot.endpoint_created", at_us, 100);
	if (failed != NULL || open) {
		root->state = endpoint->state = open ? SPAN_OPEN : SPAN_FAILED;
		root->duration_us = open ? 0 : at_us + 100;
		endpoint->duration_us = open ? 0 : 100;
		snprintf(endpoint->why, SPAN_WHY_CAP, "%s", failed ? failed : "");
		return;
	}
	for (size_t i = 0; i < 3; i++)
		add_span(s, later[i], at_us + 100 * (i + 1), 100);
	add_span(s, "mesh.boot.joined", at_us + 400, 25000);
}

void
world_build(struct world *w, size_t actor, const char *build)
{
	struct digest *g = &w->actors[actor].digest;

	snprintf(g->build, sizeof(g->build), "%s", build);
}

void
world_notice(
	struct world *w, enum model_notice_level level, uint64_t now_ns, const char *text)
{
	struct model_notice *n = &w->notices[0];

	n->level = level;
	n->at_ns = now_ns;
	snprintf(n->text, sizeof(n->text), "%s", text);
	w->model.notice_count = 1;
}
