/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "chaos/hearing.h"
#include "chaos/trial_state.h"
#include "mesh/directory.h"

/* How often the judge is told what has not changed. */
#define RETELL MILLISECONDS(500)
#define LINKS_CLOSE SECONDS(25)
/* A mesh that heals makes links of its own accord: whoever has none may get one. */
#define LINKS_QUIET SECONDS(3)
#define WITNESSES_COME SECONDS(13)

/* What is not kept is not told either, so that a replay ends where this ended. */
static void
tell(struct trial *t, const struct trial_evidence *e)
{
	if (judge_result(t->judge)->verdict != JUDGE_OPEN)
		return;
	if (t->evidence_count == TRIAL_EVIDENCE_MAX && e->kind < EVIDENCE_INJECTED) {
		t->evidence_dropped++;
		return;
	}
	if (t->evidence_count >= t->evidence_cap) {
		t->evidence_cap = t->evidence_cap ? t->evidence_cap * 2 : 64;
		t->evidence = mem_resize(
			t->evidence, t->evidence_cap, sizeof(*t->evidence));
	}
	t->evidence[t->evidence_count++] = *e;
	trial_replay(t->judge, e);
}

void
hearing_time(struct trial *t, enum trial_evidence_kind kind, uint64_t now_ns)
{
	tell(t, &(struct trial_evidence){ .kind = kind, .at_ns = now_ns });
}

bool
hearing_of_links(enum primitive p)
{
	return catalog_at(p)->reach == REACH_LINKS || p == PRIMITIVE_WEDGE ||
		p == PRIMITIVE_SHAM;
}

static bool
linked(const struct trial_node *w, const struct peer_id *id)
{
	for (size_t i = 0; i < w->view->peer_count; i++)
		if (id_equal(&w->view->peers[i].id, id))
			return true;
	return false;
}

static bool
is_firewall(const struct trial *t)
{
	return t->spec.primitive == PRIMITIVE_FIREWALL_INBOUND;
}

/* Behind a firewall only those who have no link yet can see that they get none. */
static bool
may_watch(const struct trial *t, const struct trial_node *nodes, size_t i)
{
	if (!is_firewall(t))
		return true;
	for (size_t k = 0; k < t->spec.target_count; k++)
		if (linked(&nodes[i], &nodes[t->spec.targets[k]].id))
			return false;
	return true;
}

/*
 * Links that an earlier fault was watched over close when they are not used for 10 s;
 * until then there may be too few who have none.
 */
static bool
links_may_close(const struct trial *t, const struct trial_node *nodes, uint64_t now_ns)
{
	const char *mesh = nodes[t->spec.targets[0]].mesh;
	size_t free = 0;

	if (!is_firewall(t) || now_ns >= t->began_ns + LINKS_CLOSE)
		return false;
	for (size_t i = 0; i < t->count; i++)
		free += strcmp(nodes[i].mesh, mesh) == 0 && nodes[i].ready &&
			!nodes[i].busy && !trial_is_target(t, i) &&
			may_watch(t, nodes, i);
	return free < JUDGE_NEEDED;
}

/*
 * Nodes that came lately, or that another fault acts on, are no witnesses; in a mesh that
 * was just started nobody would be. It is worth to wait for them, if there are too few.
 */
static bool
others_may_come(const struct trial *t, const struct trial_node *nodes, uint64_t now_ns)
{
	const char *mesh = nodes[t->spec.targets[0]].mesh;
	size_t free = 0, busy = 0;

	/* The ends of a pair are witnesses of each other. */
	if (now_ns >= t->began_ns + WITNESSES_COME ||
		catalog_at(t->spec.primitive)->reach == REACH_PAIR)
		return false;
	for (size_t i = 0; i < t->count; i++) {
		if (strcmp(nodes[i].mesh, mesh) != 0 || !nodes[i].ready ||
			trial_is_target(t, i))
			continue;
		free += !nodes[i].busy;
		busy += nodes[i].busy;
	}
	return busy > 0 && free < JUDGE_NEEDED;
}

bool
hearing_cast(struct trial *t, const struct trial_node *nodes, uint64_t now_ns)
{
	const char *mesh = nodes[t->spec.targets[0]].mesh;
	bool pair = catalog_at(t->spec.primitive)->reach == REACH_PAIR;
	size_t most = is_firewall(t) ? t->count : TRIAL_WATCHERS;
	size_t watchers = 0, first = t->spec.targets[0];

	for (size_t i = 0; i < t->count; i++)
		if (strcmp(nodes[i].mesh, mesh) == 0 && nodes[i].ready && !nodes[i].view)
			return false;
	if (links_may_close(t, nodes, now_ns) || others_may_come(t, nodes, now_ns))
		return false;
	for (size_t n = 0; n < t->count; n++) {
		size_t i = (first + n) % t->count;

		snprintf(t->name_texts[i], sizeof(t->name_texts[i]), "%s", nodes[i].name);
		t->names[i] = t->name_texts[i];
		t->cast[i] = nodes[i].id;
		t->target_of[i] = t->spec.target_count;
		t->roles[i] = ROLE_NONE;
		if (strcmp(nodes[i].mesh, mesh) != 0 || !nodes[i].ready)
			continue;
		if (nodes[i].busy && !trial_is_target(t, i))
			continue;
		if (trial_is_target(t, i))
			t->roles[i] = pair ? ROLE_END : ROLE_TARGET;
		else if (!hearing_of_links(t->spec.primitive))
			t->roles[i] = ROLE_WITNESS;
		else if (watchers < most && may_watch(t, nodes, i) &&
			 ++watchers)
			t->roles[i] = ROLE_WITNESS;
		else
			t->roles[i] = ROLE_BYSTANDER;
	}
	for (size_t k = 0; k < t->spec.target_count; k++)
		t->target_of[t->spec.targets[k]] = k;
	return true;
}

static bool
same(const struct sight *a, const struct sight *b)
{
	return a->listed == b->listed && a->liveness == b->liveness &&
		a->degraded == b->degraded && a->incarnation == b->incarnation &&
		a->edge_known == b->edge_known && a->edge == b->edge &&
		a->linked == b->linked && a->dialed == b->dialed && a->port == b->port &&
		a->clocked == b->clocked && a->counted == b->counted &&
		a->silent_ms / 1000 == b->silent_ms / 1000 &&
		a->skew_ms / 500 == b->skew_ms / 500;
}

void
hearing_why(const struct trial *t, const struct trial_node *nodes,
	char why[static JUDGE_TEXT_CAP])
{
	const char *mesh = nodes[t->spec.targets[0]].mesh;
	size_t others = 0, busy = 0, barred = 0;

	for (size_t i = 0; i < t->count; i++) {
		if (strcmp(nodes[i].mesh, mesh) != 0 || trial_is_target(t, i) ||
			!nodes[i].ready)
			continue;
		others++;
		busy += nodes[i].busy;
		barred += !nodes[i].busy && nodes[i].view && !may_watch(t, nodes, i);
	}
	snprintf(why, JUDGE_TEXT_CAP,
		"nobody could be a witness, see meshtui-chaos(7) for who can: of %zu "
		"others of its mesh %zu have another fault or have only come, %zu have a "
		"link with it already",
		others, busy, barred);
}

bool
hearing_stale(const struct trial *t, size_t candidates, uint64_t now_ns)
{
	return is_firewall(t) && candidates < JUDGE_NEEDED &&
		now_ns < t->began_ns + LINKS_CLOSE &&
		now_ns >= t->cast_ns + LINKS_QUIET;
}

bool
hearing_settled(const struct trial *t, uint64_t now_ns)
{
	return !is_firewall(t) || now_ns >= t->cast_ns + LINKS_QUIET;
}

static void
tell_sights(struct trial *t, const struct trial_node *nodes, size_t i, uint64_t now_ns)
{
	for (size_t k = 0; k < t->spec.target_count; k++) {
		const struct trial_node *target = &nodes[t->spec.targets[k]];
		const struct trial_node *other =
			t->spec.target_count == 2 ? &nodes[t->spec.targets[1 - k]] : NULL;
		struct told *told = &t->told[i * t->spec.target_count + k];
		struct trial_evidence e = { .kind = EVIDENCE_SIGHT, .at_ns = now_ns,
			.witness = (uint16_t)i, .target = (uint16_t)k };

		if (t->spec.targets[k] == i)
			continue;
		detect_sight(&e.sight, nodes[i].view, &nodes[i].id, &target->id,
			other ? &other->id : NULL, target->ready ? target->view : NULL);
		if (told->at_ns && now_ns < told->at_ns + RETELL &&
			same(&told->sight, &e.sight))
			continue;
		told->sight = e.sight;
		told->at_ns = now_ns;
		tell(t, &e);
	}
}

/* How many uninvolved nodes of its mesh it takes for gone. */
static unsigned
lost_ones(const struct trial *t, const struct trial_node *nodes, size_t w)
{
	const struct lifeline_view *v = nodes[w].view;
	unsigned lost = 0;

	for (size_t i = 0; i < t->count; i++) {
		bool there = false;

		if (i == w || t->roles[i] == ROLE_NONE || t->roles[i] == ROLE_TARGET ||
			!nodes[i].ready || nodes[i].busy)
			continue;
		for (size_t k = 0; k < v->node_count && !there; k++)
			there = id_equal(&v->nodes[k].id, &nodes[i].id) &&
				(v->nodes[k].liveness == LIVENESS_LIVE ||
					v->nodes[k].liveness == LIVENESS_SUSPECT);
		lost += !there;
	}
	return lost;
}

static bool
reports(const struct trial_node *a, const struct trial_node *b)
{
	for (size_t i = 0; i < a->view->link_count; i++)
		if (id_equal(&a->view->links[i], &b->id))
			return true;
	return false;
}

static bool
counts(const struct trial_node *n)
{
	return n->ready && n->view && !n->busy;
}

/*
 * Over links that both ends report, from the first of the mesh to all others. Those that
 * had no part when the trial began (they had only just come) need not be reached, but the
 * way may lead over them.
 */
static bool
connected(const struct trial *t, const struct trial_node *nodes)
{
	bool *reached = mem_array(t->count + 1, sizeof(*reached));
	size_t all = 0, found = 0, first = t->count;
	bool more = true;

	for (size_t i = 0; i < t->count; i++) {
		if (t->roles[i] == ROLE_NONE || !counts(&nodes[i]))
			continue;
		if (all++ > 0)
			continue;
		reached[i] = true;
		first = i;
	}
	while (more) {
		more = false;
		for (size_t i = 0; i < t->count; i++)
			for (size_t k = 0; reached[i] && k < t->count; k++) {
				if (reached[k] || !nodes[k].ready ||
					!nodes[k].view ||
					strcmp(nodes[k].mesh, nodes[first].mesh) != 0 ||
					!reports(&nodes[i], &nodes[k]) ||
					!reports(&nodes[k], &nodes[i]))
					continue;
				reached[k] = more = true;
			}
	}
	for (size_t i = 0; i < t->count; i++)
		found += reached[i] && t->roles[i] != ROLE_NONE && counts(&nodes[i]);
	free(reached);
	return all > 0 && found == all;
}

static void
tell_others(struct trial *t, size_t i, unsigned lost, uint64_t now_ns)
{
	t->others[i] = lost;
	t->others_ns[i] = now_ns;
	tell(t, &(struct trial_evidence){ .kind = EVIDENCE_OTHERS,
		.at_ns = now_ns,
		.witness = (uint16_t)i,
		.value = lost });
}

void
hearing_take(struct trial *t, const struct trial_node *nodes, uint64_t now_ns)
{
	for (size_t i = 0; i < t->count; i++) {
		if (t->roles[i] == ROLE_NONE || !nodes[i].ready || !nodes[i].view ||
			nodes[i].view_ns <= t->view_ns[i])
			continue;
		/*
		 * Another fault acts on it, or another node has taken its place: what it
		 * missed last is nobody's loss.
		 */
		if (!trial_is_target(t, i) &&
			(nodes[i].busy || !id_equal(&nodes[i].id, &t->cast[i]))) {
			if (t->others[i])
				tell_others(t, i, 0, now_ns);
			continue;
		}
		tell_sights(t, nodes, i, now_ns);
		if (now_ns >= t->others_ns[i] + RETELL)
			tell_others(t, i, lost_ones(t, nodes, i), now_ns);
	}
	if (t->phase == TRIAL_REVERTED && now_ns >= t->overlay_ns + RETELL) {
		t->overlay_ns = now_ns;
		tell(t, &(struct trial_evidence){ .kind = EVIDENCE_OVERLAY,
			.at_ns = now_ns, .value = connected(t, nodes) });
	}
}
