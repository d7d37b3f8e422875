/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/mem.h"
#include "mesh/directory.h"
#include "scenario/expect.h"

static size_t
index_of(const struct expect_node *nodes, size_t count, const struct peer_id *id)
{
	size_t i = 0;

	while (i < count && !id_equal(&nodes[i].id, id))
		i++;
	return i;
}

static const struct lifeline_view_node *
entry_of(const struct lifeline_view *v, const struct peer_id *id)
{
	for (size_t i = 0; i < v->node_count; i++)
		if (id_equal(&v->nodes[i].id, id))
			return &v->nodes[i];
	return NULL;
}

void
expect_check_view(const struct expect_node *nodes, size_t count, size_t witness,
	struct expect_complaint *c)
{
	const struct lifeline_view *v = nodes[witness].view;

	*c = (struct expect_complaint){ .kind = COMPLAINT_NONE, .subject = count };
	for (size_t i = 0; i < count; i++) {
		const struct lifeline_view_node *en;

		if (strcmp(nodes[i].mesh, nodes[witness].mesh) != 0)
			continue;
		en = entry_of(v, &nodes[i].id);
		if (en && en->liveness == LIVENESS_LIVE)
			continue;
		c->kind = en ? COMPLAINT_NOT_LIVE : COMPLAINT_MISSING;
		c->subject = i;
		c->id = nodes[i].id;
		c->liveness = en ? en->liveness : 0;
		c->age_ms = en ? en->age_ms : 0;
		return;
	}
	for (size_t i = 0; i < v->node_count; i++) {
		const struct lifeline_view_node *en = &v->nodes[i];
		size_t k = index_of(nodes, count, &en->id);

		if (k < count && strcmp(nodes[k].mesh, nodes[witness].mesh) == 0)
			continue;
		if (en->liveness == LIVENESS_GONE || en->liveness == LIVENESS_LEFT)
			continue;
		c->kind = COMPLAINT_FOREIGN;
		c->subject = k;
		c->id = en->id;
		c->liveness = en->liveness;
		c->age_ms = en->age_ms;
		return;
	}
}

static const char *
liveness_word(uint8_t l)
{
	return l < LIVENESS_COUNT ? liveness_text((enum liveness)l) : "unknown";
}

char *
expect_complaint_text(const struct expect_node *nodes, size_t count,
	const struct expect_complaint *c, char to[static EXPECT_TEXT_CAP])
{
	char stranger[13];
	const char *who = c->subject < count ? nodes[c->subject].name :
		hex_encode(stranger, c->id.bytes, 6);

	switch (c->kind) {
	case COMPLAINT_NONE:
		to[0] = '\0';
		break;
	case COMPLAINT_NOT_LIVE:
		snprintf(to, EXPECT_TEXT_CAP, "sees %s as %s, last word %.3fs old", who,
			liveness_word(c->liveness), c->age_ms / 1000.0);
		break;
	case COMPLAINT_MISSING:
		snprintf(to, EXPECT_TEXT_CAP, "does not list %s", who);
		break;
	case COMPLAINT_FOREIGN:
		snprintf(to, EXPECT_TEXT_CAP, "lists %s, which is %s, as %s", who,
			c->subject < count ? "of another mesh" : "no node of this run",
			liveness_word(c->liveness));
		break;
	}
	return to;
}

static bool
links_to(const struct expect_node *n, const struct peer_id *id)
{
	for (size_t i = 0; i < n->view->link_count; i++)
		if (id_equal(&n->view->links[i], id))
			return true;
	return false;
}

static size_t
root_of(const size_t *parent, size_t i)
{
	while (parent[i] != i)
		i = parent[i];
	return i;
}

/* Every node has a view here. */
static void
check_overlay(const struct expect_node *nodes, size_t count, struct expect_result *r)
{
	size_t *parent = mem_array(count, sizeof(*parent));

	for (size_t i = 0; i < count; i++)
		parent[i] = i;
	r->components = count;
	for (size_t i = 0; i < count; i++) {
		for (size_t k = i + 1; k < count; k++) {
			int ends = links_to(&nodes[i], &nodes[k].id) +
				links_to(&nodes[k], &nodes[i].id);

			r->edges += ends == 2;
			r->half_edges += ends == 1;
			if (ends < 2 || strcmp(nodes[i].mesh, nodes[k].mesh) != 0)
				continue;

			size_t a = root_of(parent, i), b = root_of(parent, k);

			r->components -= a != b;
			parent[a] = b;
		}
	}
	/*
	 * One that is not joined to the first of its mesh says that the overlay is in
	 * pieces.
	 */
	for (size_t i = 0; i < count && !r->why[0]; i++) {
		size_t first = 0;

		while (strcmp(nodes[first].mesh, nodes[i].mesh) != 0)
			first++;
		if (root_of(parent, i) != root_of(parent, first))
			snprintf(r->why, sizeof(r->why),
				"no way from %.*s to %.*s over links that "
				"both ends report",
				NAME_LEN_MAX / 2, nodes[first].name, NAME_LEN_MAX / 2,
				nodes[i].name);
	}
	free(parent);
}

void
expect_converged(const struct expect_node *nodes, size_t count, struct expect_result *r)
{
	memset(r, 0, sizeof(*r));
	if (!count)
		snprintf(r->why, sizeof(r->why), "no node exists");
	for (size_t i = 0; i < count; i++) {
		struct expect_complaint c;
		char text[EXPECT_TEXT_CAP];

		if (!nodes[i].view) {
			if (!r->why[0])
				snprintf(r->why, sizeof(r->why),
					"no answer yet from %s since the last change",
					nodes[i].name);
			continue;
		}
		r->answered++;
		expect_check_view(nodes, count, i, &c);
		if (c.kind == COMPLAINT_NONE)
			r->agree++;
		else if (!r->why[0])
			snprintf(r->why, sizeof(r->why), "%.90s %.140s", nodes[i].name,
				expect_complaint_text(nodes, count, &c, text));
	}
	if (count && r->answered == count)
		check_overlay(nodes, count, r);
	r->met = count && r->agree == count && !r->why[0];
}
