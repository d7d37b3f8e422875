/* SPDX-License-Identifier: MIT */
#include "tui/told.h"

#include <stdio.h>

#include "tui/words.h"

/* Its orders are out and its lease is not over. */
static bool
is_on(const struct model_fault *f)
{
	return f->over_ns == 0 && f->phase == TRIAL_INJECTED;
}

const struct model_fault *
told_find(const struct model *m, const struct peer_id *id)
{
	for (size_t i = 0; i < m->fault_count; i++)
		for (size_t k = 0; is_on(m->faults[i]) && k < m->faults[i]->target_count;
			k++)
			if (id_equal(&m->faults[i]->ids[k], id))
				return m->faults[i];
	return NULL;
}

static bool
hits(const struct model_fault *f, const struct peer_id *id)
{
	for (size_t k = 0; k < f->target_count; k++)
		if (id_equal(&f->ids[k], id))
			return true;
	return false;
}

bool
told_cut_pair(const struct model *m, const struct peer_id *a, const struct peer_id *b)
{
	for (size_t i = 0; i < m->fault_count; i++) {
		const struct model_fault *f = m->faults[i];

		if (is_on(f) && catalog_at(f->primitive)->reach == REACH_PAIR &&
			hits(f, a) && hits(f, b))
			return true;
	}
	return false;
}

bool
told_cut(const struct model *m, const struct peer_id *a, const struct peer_id *b)
{
	for (size_t i = 0; i < m->fault_count; i++) {
		const struct model_fault *f = m->faults[i];

		if (is_on(f) && catalog_at(f->primitive)->reach == REACH_SIDE &&
			hits(f, a) != hits(f, b))
			return true;
	}
	return told_cut_pair(m, a, b);
}

bool
told_cuts(const struct model *m)
{
	for (size_t i = 0; i < m->fault_count; i++) {
		enum reach reach = catalog_at(m->faults[i]->primitive)->reach;

		if (is_on(m->faults[i]) && (reach == REACH_PAIR || reach == REACH_SIDE))
			return true;
	}
	return false;
}

/* Guards let no two faults on one node. */
size_t
told_count(const struct model *m)
{
	size_t count = 0;

	for (size_t i = 0; i < m->fault_count; i++)
		count += is_on(m->faults[i]) ? m->faults[i]->target_count : 0;
	return count;
}

char *
told_text(char *to, size_t cap, const struct model_fault *f, uint64_t now_ns)
{
	char left[16];

	snprintf(to, cap, "%s, %s left", catalog_at(f->primitive)->name,
		words_age(left, sizeof(left),
			f->ends_ns > now_ns ? f->ends_ns - now_ns : 0));
	return to;
}

void
told_mark(struct canvas *c, int x, int y, const struct model *m, const struct peer_id *id)
{
	if (told_find(m, id))
		canvas_text(c, x, y, STYLE_TOLD, theme_glyph(GLYPH_TOLD, c->ascii));
}
