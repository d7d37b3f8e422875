/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "chaos/guards.h"

#define GATEWAY "gateway"

void
guards_init(struct guards *g)
{
	memset(g, 0, sizeof(*g));
	g->share = GUARDS_SHARE_STANDARD;
}

static int __attribute__((format(printf, 2, 3)))
refuse(char why[static GUARDS_WHY_CAP], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, GUARDS_WHY_CAP, format, args);
	va_end(args);
	return ERR_REFUSED;
}

static bool
among(size_t i, const size_t *targets, size_t count)
{
	for (size_t k = 0; k < count; k++)
		if (targets[k] == i)
			return true;
	return false;
}

/* Nodes of this mesh and type (NULL: any) that are there now, and that would be left. */
static void
left_of(const struct guards_node *nodes, size_t count, const char *mesh, const char *type,
	const size_t *targets, size_t target_count, size_t *now, size_t *left)
{
	*now = *left = 0;
	for (size_t i = 0; i < count; i++) {
		const struct guards_node *n = &nodes[i];

		if (strcmp(n->mesh, mesh) != 0 || (type && strcmp(n->type, type) != 0) ||
			!n->up || n->removed)
			continue;
		++*now;
		*left += !among(i, targets, target_count);
	}
}

static int
check_removal(const struct guards *g, const struct guards_node *nodes, size_t count,
	const size_t *targets, size_t target_count, const struct guards_node *t,
	char why[static GUARDS_WHY_CAP])
{
	size_t now, left;

	left_of(nodes, count, t->mesh, NULL, targets, target_count, &now, &left);
	if (left == 0)
		return refuse(why, "it would leave no node of %s", t->mesh);
	if (t->seed && !g->seed)
		return refuse(why, "%s is the seed of %s (guards: allow: [seed])",
			t->name, t->mesh);
	left_of(nodes, count, t->mesh, GATEWAY, targets, target_count, &now, &left);
	if (!g->last_gateway && strcmp(t->type, GATEWAY) == 0 && left == 0)
		return refuse(why,
			"%s is the last gateway of %s (guards: allow: [last-gateway])",
			t->name, t->mesh);
	for (size_t i = 0; i < g->keep_count; i++) {
		if (strcmp(g->keep[i].type, t->type) != 0)
			continue;
		left_of(nodes, count, t->mesh, t->type, targets, target_count, &now,
			&left);
		if (left < g->keep[i].count)
			return refuse(why,
				"it would leave %zu %s of %s, %u are kept alive", left,
				t->type, t->mesh, g->keep[i].count);
	}
	return ERR_OK;
}

int
guards_check(const struct guards *g, const struct guards_node *nodes, size_t count,
	enum primitive p, const size_t *targets, size_t target_count,
	struct guards_margin *m, char why[static GUARDS_WHY_CAP])
{
	why[0] = '\0';
	m->faulted = target_count;
	m->allowed = count * g->share / 100;
	for (size_t i = 0; i < count; i++)
		m->faulted += nodes[i].faulted && !among(i, targets, target_count);
	for (size_t k = 0; k < target_count; k++) {
		const struct guards_node *t = &nodes[targets[k]];

		if (t->faulted)
			return refuse(why, "%s has a fault already", t->name);
		if (!t->up)
			return refuse(why, "%s is not there", t->name);
	}
	if (m->faulted > m->allowed)
		return refuse(why, "%zu of %zu nodes at once, %u %% are allowed: %zu",
			m->faulted, count, g->share, m->allowed);
	for (size_t k = 0; catalog_removes(p) && k < target_count; k++) {
		int err = check_removal(g, nodes, count, targets, target_count,
			&nodes[targets[k]], why);

		if (err)
			return err;
	}
	return ERR_OK;
}

int
guards_during(const struct guards *g, const struct guards_node *nodes, size_t count,
	char why[static GUARDS_WHY_CAP])
{
	size_t bad = 0, allowed = count * g->share / 100;

	why[0] = '\0';
	for (size_t i = 0; i < count; i++)
		bad += nodes[i].faulted || !nodes[i].up;
	if (bad > allowed)
		return refuse(why, "%zu of %zu nodes are faulted or not there, %zu are "
				   "allowed",
			bad, count, allowed);
	return ERR_OK;
}
