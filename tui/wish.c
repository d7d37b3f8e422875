/* SPDX-License-Identifier: MIT */
#include "tui/wish.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/text.h"

enum { FIELD_TARGETS, FIELD_LEASE, FIELD_SEED, FIELDS };

/* Who can be told: those that were started here, and those that obey us. */
static size_t
row_count(const struct model *m)
{
	return m->child_count + m->other_count;
}

static const struct child_row *
row_at(const struct model *m, size_t i)
{
	return i < m->child_count ? m->children[i] : m->others[i - m->child_count];
}

static const struct child_row *
child_of(const struct model *m, const struct peer_id *id)
{
	for (size_t i = 0; i < row_count(m); i++)
		if (row_at(m, i)->state == CHILD_READY &&
			id_equal(&row_at(m, i)->ready.id, id))
			return row_at(m, i);
	return NULL;
}

static unsigned
targets_wanted(enum primitive p)
{
	if (p == PRIMITIVE_BURST_KILL)
		return 3;
	return catalog_at(p)->reach == REACH_PAIR ? 2 : 1;
}

void
wish_form(struct prompt *p, unsigned purpose, enum primitive primitive,
	const struct model *m, const struct peer_id *selected)
{
	const struct catalog_entry *c = catalog_at(primitive);
	const struct child_row *r = child_of(m, selected);
	unsigned more = targets_wanted(primitive) - (r != NULL);
	char text[PROMPT_TEXT_CAP] = "";

	prompt_form(p, purpose, "");
	snprintf(p->question, sizeof(p->question), "%s. %s", c->name, c->does);
	if (r)
		snprintf(text, sizeof(text), "%.50s", r->ready.name);
	if (more > 0)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%srandom:%u",
			r ? " " : "", more);
	prompt_field(p, "targets", text);
	snprintf(text, sizeof(text), "%us", (unsigned)(c->lease_ns / SECONDS(1)));
	prompt_field(p, "for", text);
	/* Another one each time, and the same again when somebody types it. */
	snprintf(text, sizeof(text), "%u",
		(unsigned)(m->now_ns / MILLISECONDS(1) % 100000));
	prompt_field(p, "seed", text);
	for (size_t i = 0; i < PARAMS; i++) {
		const struct catalog_param *q = catalog_param_at((enum param)i);
		char value[CATALOG_VALUE_CAP];

		if (q->primitive == primitive)
			prompt_field(p, q->key,
				catalog_value(value, (enum param)i, q->standard));
	}
}

static bool
is_in(const struct model_wish *w, unsigned child)
{
	for (size_t i = 0; i < w->child_count; i++)
		if (w->children[i] == child)
			return true;
	return false;
}

static int
add(struct model_wish *w, const struct child_row *r, const char **mesh,
	char why[static WISH_WHY_CAP])
{
	if (is_in(w, r->id))
		return ERR_OK;
	if (*mesh && strcmp(*mesh, r->spec.mesh) != 0) {
		snprintf(why, WISH_WHY_CAP,
			"targets are of one mesh; these are of %.60s and %.60s", *mesh,
			r->spec.mesh);
		return ERR_MALFORMED;
	}
	if (w->child_count == TRIAL_TARGETS_MAX) {
		snprintf(why, WISH_WHY_CAP, "at most %d targets", TRIAL_TARGETS_MAX);
		return ERR_MALFORMED;
	}
	*mesh = r->spec.mesh;
	w->children[w->child_count++] = r->id;
	return ERR_OK;
}

static int
add_named(struct model_wish *w, const struct model *m, const char *word,
	const char **mesh, char why[static WISH_WHY_CAP])
{
	size_t before = w->child_count;
	int err = ERR_OK;

	for (size_t i = 0; i < row_count(m) && err == ERR_OK; i++) {
		const struct child_row *r = row_at(m, i);

		if (r->state == CHILD_READY &&
			(strcmp(word, "*") == 0 || strstr(r->ready.name, word)))
			err = add(w, r, mesh, why);
	}
	if (err == ERR_OK && w->child_count == before) {
		snprintf(why, WISH_WHY_CAP, "no node that %s has '%.60s'",
			m->other_count > 0 ? "obeys us" : "was started here", word);
		err = ERR_MALFORMED;
	}
	return err;
}

static int
add_random(struct model_wish *w, const struct model *m, unsigned count, struct rng *rng,
	const char **mesh, char why[static WISH_WHY_CAP])
{
	for (; count > 0; count--) {
		const struct child_row *chosen = NULL;
		uint32_t seen = 0;

		for (size_t i = 0; i < row_count(m); i++) {
			const struct child_row *r = row_at(m, i);

			if (r->state != CHILD_READY || is_in(w, r->id) ||
				(*mesh && strcmp(*mesh, r->spec.mesh) != 0))
				continue;
			if (rng_below(rng, ++seen) == 0)
				chosen = r;
		}
		if (!chosen) {
			snprintf(why, WISH_WHY_CAP,
				"there are not so many nodes%s",
				m->other_count > 0 ? " that obey us" : " started here");
			return ERR_MALFORMED;
		}
		if (add(w, chosen, mesh, why) != ERR_OK)
			return ERR_MALFORMED;
	}
	return ERR_OK;
}

static int
read_targets(struct model_wish *w, const char *text, const struct model *m,
	char why[static WISH_WHY_CAP])
{
	char words[PROMPT_TEXT_CAP], *at = words, *word;
	const char *mesh = NULL;
	struct rng rng;
	int err = ERR_OK;

	rng_init_u64(&rng, w->seed);
	snprintf(words, sizeof(words), "%s", text);
	while (err == ERR_OK && (word = strsep(&at, " ,")) != NULL) {
		uint64_t count = 1;

		if (word[0] == '\0')
			continue;
		if (strncmp(word, "random", 6) != 0 || (word[6] && word[6] != ':'))
			err = add_named(w, m, word, &mesh, why);
		else if (word[6] == ':' &&
			text_u64(word + 7, TRIAL_TARGETS_MAX, &count) != ERR_OK)
			err = ERR_MALFORMED;
		else
			err = add_random(w, m, (unsigned)count, &rng, &mesh, why);
		if (err != ERR_OK && why[0] == '\0')
			snprintf(why, WISH_WHY_CAP,
				"'%.40s': random:N has a number to %d",
				word, TRIAL_TARGETS_MAX);
	}
	if (err == ERR_OK && catalog_at(w->primitive)->reach == REACH_PAIR &&
		w->child_count != 2) {
		snprintf(why, WISH_WHY_CAP, "a pair is two nodes, not %zu",
			w->child_count);
		err = ERR_MALFORMED;
	} else if (err == ERR_OK && w->child_count == 0) {
		snprintf(why, WISH_WHY_CAP, "no target is named");
		err = ERR_MALFORMED;
	}
	return err;
}

static int
read_params(struct model_wish *w, const struct prompt *p, size_t *field,
	char why[static WISH_WHY_CAP])
{
	*field = FIELDS;
	for (size_t i = 0; i < PARAMS; i++) {
		if (catalog_param_at((enum param)i)->primitive != w->primitive)
			continue;
		if (catalog_parse((enum param)i, p->fields[*field].text, &w->params[i],
			    why, WISH_WHY_CAP) != ERR_OK)
			return ERR_MALFORMED;
		++*field;
	}
	return ERR_OK;
}

int
wish_read(struct model_wish *w, const struct prompt *p, enum primitive primitive,
	const struct model *m, size_t *field, char why[static WISH_WHY_CAP])
{
	why[0] = '\0';
	*w = (struct model_wish){ .primitive = primitive };
	*field = FIELD_SEED;
	if (text_u64(p->fields[FIELD_SEED].text, UINT64_MAX, &w->seed) != ERR_OK) {
		snprintf(why, WISH_WHY_CAP, "a seed is a number");
		return ERR_MALFORMED;
	}
	*field = FIELD_LEASE;
	if (text_parse_duration(p->fields[FIELD_LEASE].text, &w->lease_ns) != ERR_OK ||
		w->lease_ns < SECONDS(1) || w->lease_ns > SECONDS(3600)) {
		snprintf(why, WISH_WHY_CAP, "a time from 1s to 1h, such as 15s");
		return ERR_MALFORMED;
	}
	*field = FIELD_TARGETS;
	if (read_targets(w, p->fields[FIELD_TARGETS].text, m, why) != ERR_OK)
		return ERR_MALFORMED;
	return read_params(w, p, field, why);
}

int
wish_random(struct model_wish *w, enum primitive primitive,
	const struct child_row *const *rows, size_t row_count, uint64_t seed,
	char why[static WISH_WHY_CAP])
{
	struct model m = { .children = rows, .child_count = row_count };
	const char *mesh = NULL;
	struct rng rng;

	*w = (struct model_wish){ .primitive = primitive, .seed = seed,
		.lease_ns = catalog_at(primitive)->lease_ns };
	for (size_t i = 0; i < PARAMS; i++)
		if (catalog_param_at((enum param)i)->primitive == primitive)
			w->params[i] = catalog_param_at((enum param)i)->standard;
	rng_init_u64(&rng, seed);
	return add_random(w, &m, targets_wanted(primitive), &rng, &mesh, why);
}

/* The fault under way that has this node as a target, or NULL. */
static const struct model_fault *
fault_on(const struct model_fault *const *faults, size_t count, const struct peer_id *id)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; faults[i]->over_ns == 0 && k < faults[i]->target_count;
			k++)
			if (id_equal(&faults[i]->ids[k], id))
				return faults[i];
	return NULL;
}

int
wish_check(const struct model_wish *w, const struct child_row *const *rows,
	size_t row_count, const struct model_fault *const *faults, size_t fault_count,
	struct guards_margin *margin, char why[static WISH_WHY_CAP])
{
	struct guards_node *nodes = mem_array(row_count + 1, sizeof(*nodes));
	size_t targets[TRIAL_TARGETS_MAX], found = 0, count = 0;
	struct guards g;
	int err;

	guards_init(&g);
	for (size_t i = 0; i < row_count; i++) {
		const struct child_row *r = rows[i];
		const struct model_fault *f =
			fault_on(faults, fault_count, &r->ready.id);

		if (r->state != CHILD_READY)
			continue;
		nodes[count] = (struct guards_node){ .mesh = r->spec.mesh,
			.type = r->spec.type, .name = r->ready.name, .up = true,
			.faulted = f != NULL,
			.removed = f != NULL && catalog_removes(f->primitive) };
		if (is_in(w, r->id))
			targets[found++] = count;
		count++;
	}
	if (found < w->child_count) {
		snprintf(why, WISH_WHY_CAP, "a target is not there any more");
		err = ERR_STATE;
	} else {
		err = guards_check(
			&g, nodes, count, w->primitive, targets, found, margin, why);
	}
	free(nodes);
	return err;
}

int
wish_allowed(const struct model_wish *w, const struct model *m,
	struct guards_margin *margin, char why[static WISH_WHY_CAP])
{
	const struct child_row **rows = mem_array(row_count(m) + 1, sizeof(*rows));
	int err;

	for (size_t i = 0; i < row_count(m); i++)
		rows[i] = row_at(m, i);
	err = wish_check(
		w, rows, row_count(m), m->faults, m->fault_count, margin, why);
	free(rows);
	return err;
}

char *
wish_text(char *to, size_t cap, const struct model_wish *w, const struct model *m,
	const struct guards_margin *margin)
{
	char took[24], value[CATALOG_VALUE_CAP];
	size_t at;

	at = (size_t)snprintf(to, cap, "%s on", catalog_at(w->primitive)->name);
	for (size_t i = 0; i < row_count(m); i++)
		if (is_in(w, row_at(m, i)->id) && at < cap) {
			if (w->child_count > 2 && at > cap / 3) {
				at += (size_t)snprintf(to + at, cap - at,
					" ... (%zu nodes)", w->child_count);
				break;
			}
			at += (size_t)snprintf(
				to + at, cap - at, " %s", row_at(m, i)->ready.name);
		}
	if (at < cap)
		at += (size_t)snprintf(to + at, cap - at, " for %s",
			text_duration(took, sizeof(took), w->lease_ns));
	for (size_t i = 0; i < PARAMS && at < cap; i++)
		if (catalog_param_at((enum param)i)->primitive == w->primitive)
			at += (size_t)snprintf(to + at, cap - at, ", %s %s",
				catalog_param_at((enum param)i)->key,
				catalog_value(value, (enum param)i, w->params[i]));
	if (at < cap)
		snprintf(to + at, cap - at, ". Guards: %zu of %zu that may be faulted.",
			margin->faulted, margin->allowed);
	return to;
}
