/* SPDX-License-Identifier: MIT */
#include "app/boots.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

/* Beside each row what it is found by again, and what it owns. */
struct source {
	struct span_set set;
	unsigned child;			/* valid while `living` */
	bool living;
};

struct boots {
	struct model_boot rows[BOOTS_MAX];
	struct source sources[BOOTS_MAX];
	size_t count;
	uint64_t keys;
};

struct boots *
boots_new(void)
{
	return mem_new(MEM_BOOTS, sizeof(struct boots));
}

void
boots_free(struct boots *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; i < b->count; i++)
		span_set_fini(&b->sources[i].set);
	mem_free(MEM_BOOTS, b);
}

/* Rows point into their sources, which have moved. */
static void
point(struct boots *b)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->rows[i].spans != NULL)
			b->rows[i].spans = &b->sources[i].set;
}

static void
drop(struct boots *b, size_t i)
{
	size_t after = b->count - i - 1;

	span_set_fini(&b->sources[i].set);
	memmove(&b->rows[i], &b->rows[i + 1], after * sizeof b->rows[0]);
	memmove(&b->sources[i], &b->sources[i + 1], after * sizeof b->sources[0]);
	b->count--;
	point(b);
}

static size_t
add(struct boots *b)
{
	size_t oldest = 0, i;

	while (oldest < b->count && b->sources[oldest].living)
		oldest++;
	if (b->count == BOOTS_MAX)
		drop(b, oldest < b->count ? oldest : 0);
	i = b->count++;
	b->rows[i] = (struct model_boot){ .key = ++b->keys };
	b->sources[i] = (struct source){ 0 };
	return i;
}

static void
take(struct boots *b, size_t i, const struct span_set *set, uint64_t now_ns)
{
	span_set_fini(&b->sources[i].set);
	span_set_copy(&b->sources[i].set, set);
	b->rows[i].spans = &b->sources[i].set;
	b->rows[i].heard_ns = now_ns;
}

void
boots_child(struct boots *b, const struct child_row *row)
{
	size_t i = 0;

	while (i < b->count && !(b->sources[i].living && b->sources[i].child == row->id))
		i++;
	if (i == b->count) {
		if (row->pid == 0 && row->spans == NULL)
			return;
		i = add(b);
		b->sources[i].child = row->id;
		b->sources[i].living = true;
		b->rows[i].child = true;
	}
	b->rows[i].id = row->ready.id;
	if (row->ready.name[0] != '\0')
		text_printable(b->rows[i].name, sizeof b->rows[i].name, row->ready.name,
			strlen(row->ready.name));
	else
		snprintf(b->rows[i].name, sizeof b->rows[i].name, "%s.%s", row->spec.mesh,
			row->spec.type);
	if (row->spans != NULL && row->spans_ns != b->rows[i].heard_ns)
		take(b, i, row->spans, row->spans_ns);
	if (row->state == CHILD_ENDED) {
		b->sources[i].living = false;
		b->rows[i].over = true;
	}
	/* Known by its digests before it said READY. */
	for (size_t k = 0; row->ready_ns != 0 && k < b->count; k++)
		if (!b->rows[k].child && id_equal(&b->rows[k].id, &row->ready.id)) {
			drop(b, k);
			return;
		}
}

static size_t
find(const struct boots *b, const struct peer_id *id)
{
	size_t i = 0;

	while (i < b->count && !(id_equal(&b->rows[i].id, id) && !b->rows[i].over))
		i++;
	return i;
}

void
boots_node(struct boots *b, const struct peer_id *id, const char *name)
{
	size_t i = find(b, id);

	if (i < b->count)
		return;
	i = add(b);
	b->rows[i].id = *id;
	text_printable(b->rows[i].name, sizeof b->rows[i].name, name, strlen(name));
}

void
boots_told(struct boots *b, const struct peer_id *id, const char *name,
	const struct span_set *set, uint64_t now_ns)
{
	size_t i;

	boots_node(b, id, name);
	i = find(b, id);
	/* Our own children tell more by their lifelines. */
	if (!b->rows[i].child)
		take(b, i, set, now_ns);
}

void
boots_gone(struct boots *b, const struct peer_id *id)
{
	size_t i = find(b, id);

	if (i == b->count || b->rows[i].child)
		return;
	b->rows[i].over = true;
	if (b->rows[i].spans == NULL)
		drop(b, i);
}

const struct model_boot *
boots_rows(const struct boots *b, size_t *count)
{
	*count = b->count;
	return b->rows;
}
