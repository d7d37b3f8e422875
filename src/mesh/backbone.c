/* SPDX-License-Identifier: MIT */
#include "mesh/backbone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/ring.h"
#include "base/text.h"

#define CHANGES_MAX 512

struct slot {
	struct backbone_mesh mesh;	/* first: a public entry is a slot */
	uint8_t *payload;		/* what mesh.payload views */
	uint64_t heard_ns;		/* whoever spoke last, and what was excused */
	uint64_t shown_ns;		/* the same, of those whose summary is shown */
	struct peer_id answered;	/* its next summary is shown; zero: nobody's */
};

struct backbone {
	struct peer_id topic;
	struct slot *slots[BACKBONE_MESHES_MAX];	/* by name */
	size_t count;
	struct summary newest;		/* no speaker: none yet */
	struct ring changes;
	struct backbone_stats stats;
};

const char *
backbone_state_text(enum backbone_state s)
{
	static const char *const texts[BACKBONE_STATES] = {
		[BACKBONE_HEARD] = "heard",
		[BACKBONE_UNREACHABLE] = "unreachable",
		[BACKBONE_NAMED] = "never heard",
	};

	return texts[s];
}

struct backbone *
backbone_new(const struct peer_id *topic)
{
	struct backbone *b = mem_new(MEM_BACKBONE, sizeof *b);

	b->topic = *topic;
	ring_init(&b->changes, sizeof(struct backbone_change), CHANGES_MAX);
	return b;
}

static void
slot_free(struct slot *s)
{
	free(s->payload);
	mem_free(MEM_BACKBONE_MESH, s);
}

void
backbone_free(struct backbone *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->count; i++)
		slot_free(b->slots[i]);
	ring_fini(&b->changes);
	mem_free(MEM_BACKBONE, b);
}

/* Where this mesh is, or belongs. */
static size_t
place(const struct backbone *b, const char *mesh)
{
	size_t low = 0, high = b->count;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (strcmp(b->slots[mid]->mesh.summary.mesh, mesh) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct slot *
find(const struct backbone *b, const char *mesh)
{
	size_t i = place(b, mesh);

	if (i < b->count && strcmp(b->slots[i]->mesh.summary.mesh, mesh) == 0)
		return b->slots[i];
	return NULL;
}

static struct backbone_change *
tell(struct backbone *b, const struct slot *s, uint64_t now_ns)
{
	struct backbone_change *c = ring_push(&b->changes);

	memcpy(c->mesh, s->mesh.summary.mesh, sizeof c->mesh);
	c->to = s->mesh.state;
	c->at_ns = now_ns;
	return c;
}

static void
set_state(struct backbone *b, struct slot *s, enum backbone_state state, uint64_t now_ns)
{
	if (s->mesh.state == state)
		return;
	s->mesh.state = state;
	s->mesh.since_ns = now_ns;
	tell(b, s, now_ns);
}

static void
remove_at(struct backbone *b, size_t i, uint64_t now_ns)
{
	struct slot *s = b->slots[i];

	tell(b, s, now_ns)->removed = true;
	memmove(&b->slots[i], &b->slots[i + 1], (b->count - i - 1) * sizeof *b->slots);
	b->count--;
	slot_free(s);
}

/* Makes room by the one that is silent for longest; false when all are heard. */
static bool
make_room(struct backbone *b, uint64_t now_ns)
{
	size_t worst = b->count;

	for (size_t i = 0; i < b->count; i++)
		if (b->slots[i]->mesh.state != BACKBONE_HEARD &&
			(worst == b->count ||
				b->slots[i]->heard_ns < b->slots[worst]->heard_ns))
			worst = i;
	if (worst == b->count)
		return false;
	remove_at(b, worst, now_ns);
	return true;
}

static struct slot *
add(struct backbone *b, const char *mesh, enum backbone_state state, uint64_t now_ns)
{
	struct slot *s;
	size_t i;

	if (b->count == BACKBONE_MESHES_MAX && !make_room(b, now_ns))
		return NULL;
	s = mem_new(MEM_BACKBONE_MESH, sizeof *s);
	snprintf(s->mesh.summary.mesh, sizeof s->mesh.summary.mesh, "%s", mesh);
	s->mesh.state = state;
	s->mesh.since_ns = s->mesh.received_ns = s->heard_ns = now_ns;
	i = place(b, mesh);
	memmove(&b->slots[i + 1], &b->slots[i], (b->count - i) * sizeof *b->slots);
	b->slots[i] = s;
	b->count++;
	tell(b, s, now_ns)->appeared = true;
	return s;
}

static bool
names(const struct summary *s, const struct peer_id *id)
{
	for (size_t i = 0; i < s->gateway_count; i++)
		if (id_equal(&s->gateways[i].id, id))
			return true;
	return id_equal(&s->speaker, id);
}

/*
 * The speaker's place, made by forgetting the longest silent, and rather one whom the
 * summary that is shown does not name. NULL: it said that before.
 */
static struct backbone_speaker *
speaker_of(struct backbone_mesh *m, const struct summary *g)
{
	struct backbone_speaker *oldest = &m->speakers[0];
	bool oldest_named = true;

	for (size_t i = 0; i < m->speaker_count; i++) {
		struct backbone_speaker *s = &m->speakers[i];
		bool named = names(&m->summary, &s->id);

		if (i == 0 || named < oldest_named ||
			(named == oldest_named && s->heard_ns < oldest->heard_ns)) {
			oldest = s;
			oldest_named = named;
		}
		if (!id_equal(&s->id, &g->speaker))
			continue;
		if (g->incarnation < s->incarnation ||
			(g->incarnation == s->incarnation && g->seq <= s->seq))
			return NULL;
		return s;
	}
	if (m->speaker_count < BACKBONE_SPEAKERS_MAX)
		return &m->speakers[m->speaker_count++];
	return oldest;
}

/* Whether this summary takes the place of the one that is shown; see backbone.h. */
static bool
is_shown(const struct slot *s, const struct summary *g, uint64_t now_ns)
{
	return s->mesh.summaries == 0 || s->mesh.state != BACKBONE_HEARD ||
	       names(&s->mesh.summary, &g->speaker) ||
	       id_equal(&s->answered, &g->speaker) ||
	       now_ns >= s->shown_ns + BACKBONE_TAKEOVER;
}

static void
show(struct slot *s, const struct summary *g, struct view payload, uint64_t now_ns)
{
	s->mesh.summary = *g;
	free(s->payload);
	s->payload = mem_copy(payload.data, payload.len);
	s->mesh.payload = (struct view){ s->payload, payload.len };
	s->mesh.received_ns = s->shown_ns = now_ns;
	if (id_equal(&s->answered, &g->speaker))
		s->answered = (struct peer_id){ 0 };
}

static int
apply(struct backbone *b, struct view payload, uint64_t now_ns)
{
	struct backbone_speaker *speaker;
	struct summary g;
	struct slot *s;
	int err = summary_verify(&g, payload, &b->topic);

	if (err)
		return err == ERR_LIMIT ? ERR_MALFORMED : err;
	s = find(b, g.mesh);
	if (!s)
		s = add(b, g.mesh, BACKBONE_HEARD, now_ns);
	if (!s)
		return ERR_LIMIT;
	speaker = speaker_of(&s->mesh, &g);
	if (!speaker)
		return ERR_STALE;
	*speaker = (struct backbone_speaker){ .id = g.speaker,
		.incarnation = g.incarnation, .seq = g.seq, .heard_ns = now_ns,
		.gateway_count = g.gateway_count };
	memcpy(speaker->gateways, g.gateways, sizeof speaker->gateways);
	if (is_shown(s, &g, now_ns))
		show(s, &g, payload, now_ns);
	else
		b->stats.disputed++;
	s->heard_ns = now_ns;
	s->mesh.summaries++;
	b->stats.bytes += payload.len;
	b->newest = g;
	set_state(b, s, BACKBONE_HEARD, now_ns);
	return ERR_OK;
}

int
backbone_apply(struct backbone *b, struct view payload, uint64_t now_ns)
{
	int err = ERR_MALFORMED;

	switch (payload_kind(payload)) {
	case PAYLOAD_SUMMARY:
		err = apply(b, payload, now_ns);
		break;
	case PAYLOAD_DIGEST:
	case PAYLOAD_ACCUSATION:
	case PAYLOAD_CAST:
		err = ERR_FOREIGN;
		break;
	case PAYLOAD_UNKNOWN:
		break;
	}
	b->stats.applied += err == ERR_OK;
	b->stats.stale += err == ERR_STALE;
	b->stats.bad_signature += err == ERR_SIGNATURE;
	b->stats.full += err == ERR_LIMIT;
	b->stats.foreign += err == ERR_FOREIGN;
	b->stats.malformed += err == ERR_MALFORMED || err == ERR_TRUNCATED;
	return err;
}

const struct summary *
backbone_newest(const struct backbone *b)
{
	return b->newest.mesh[0] != '\0' ? &b->newest : NULL;
}

const struct backbone_speaker *
backbone_rival(const struct backbone_mesh *m, size_t at, uint64_t now_ns)
{
	for (size_t i = 0; i < m->speaker_count; i++)
		if (!names(&m->summary, &m->speakers[i].id) &&
			now_ns < m->speakers[i].heard_ns + BACKBONE_SILENT && at-- == 0)
			return &m->speakers[i];
	return NULL;
}

void
backbone_answered(struct backbone *b, const char *mesh, const struct peer_id *gateway)
{
	struct slot *s = find(b, mesh);

	if (!s || names(&s->mesh.summary, gateway))
		return;
	for (size_t i = 0; i < s->mesh.speaker_count; i++) {
		const struct backbone_speaker *by = &s->mesh.speakers[i];

		for (size_t k = 0; k < by->gateway_count; k++)
			if (id_equal(&by->gateways[k].id, gateway))
				s->answered = by->id;
	}
}

void
backbone_mention(struct backbone *b, const char *mesh, uint64_t now_ns)
{
	if (!find(b, mesh) && !add(b, mesh, BACKBONE_NAMED, now_ns))
		b->stats.full++;
}

static uint64_t
due_of(const struct slot *s)
{
	return s->heard_ns + (s->mesh.state == BACKBONE_HEARD ? BACKBONE_SILENT
							       : BACKBONE_FORGET);
}

size_t
backbone_tick(
	struct backbone *b, uint64_t now_ns, struct backbone_change *to, size_t cap)
{
	size_t count = 0;

	for (size_t i = 0; i < b->count;) {
		struct slot *s = b->slots[i];

		if (due_of(s) > now_ns)
			i++;
		else if (s->mesh.state == BACKBONE_HEARD)
			set_state(b, s, BACKBONE_UNREACHABLE, now_ns);
		else
			remove_at(b, i, now_ns);
	}
	while (count < cap && b->changes.count > 0) {
		to[count++] = *(struct backbone_change *)ring_at(&b->changes, 0);
		ring_pop(&b->changes);
	}
	return count;
}

uint64_t
backbone_deadline(const struct backbone *b)
{
	uint64_t due = NEVER;

	if (b->changes.count > 0)
		return ((const struct backbone_change *)ring_at(&b->changes, 0))->at_ns;
	for (size_t i = 0; i < b->count; i++)
		if (due_of(b->slots[i]) < due)
			due = due_of(b->slots[i]);
	return due;
}

void
backbone_excuse(struct backbone *b, uint64_t gap_ns)
{
	for (size_t i = 0; i < b->count; i++)
		b->slots[i]->heard_ns += gap_ns, b->slots[i]->shown_ns += gap_ns;
}

size_t
backbone_count(const struct backbone *b)
{
	return b->count;
}

const struct backbone_mesh *
backbone_at(const struct backbone *b, size_t i)
{
	return i < b->count ? &b->slots[i]->mesh : NULL;
}

const struct backbone_mesh *
backbone_find(const struct backbone *b, const char *mesh)
{
	const struct slot *s = find(b, mesh);

	return s ? &s->mesh : NULL;
}

char *
backbone_why(const struct backbone *b, const char *mesh, uint64_t now_ns,
	char to[static BACKBONE_WHY_CAP])
{
	const struct backbone_mesh *m = backbone_find(b, mesh);
	char age[24];

	if (!m)
		snprintf(to, BACKBONE_WHY_CAP,
			"no mesh called %s: nobody in this fabric has spoken of it",
			mesh);
	else if (m->state == BACKBONE_NAMED)
		snprintf(to, BACKBONE_WHY_CAP,
			"%s is unreachable: it has nodes, but no gateway that speaks "
			"for it",
			mesh);
	else if (m->state == BACKBONE_UNREACHABLE)
		snprintf(to, BACKBONE_WHY_CAP,
			"%s is unreachable: its gateways are silent for %s", mesh,
			text_duration(age, sizeof age, now_ns - m->received_ns));
	else
		snprintf(to, BACKBONE_WHY_CAP, "%s was heard %s ago", mesh,
			text_duration(age, sizeof age, now_ns - m->received_ns));
	return to;
}

void
backbone_stats(const struct backbone *b, struct backbone_stats *s)
{
	*s = b->stats;
}
