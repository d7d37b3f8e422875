/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/text.h"
#include "tui/table.h"
#include "tui/words.h"

/*
 * What the observer's directories hold, entry by entry: who is where, and how old is the
 * news.
 */

enum { ID, NAME, MESH, STATE, HEARD, WHERE, SEQ, SIZE, INCARNATION, COLUMNS };

static const struct table_column columns[COLUMNS] = {
	[ID] = { "ID", 12, 16, 1, false },
	[NAME] = { "  NAME", 22, 34, 0, false, 23 },
	[MESH] = { "MESH", 6, 16, 5, false },
	[STATE] = { "STATE", 11, 11, 4, false },
	[HEARD] = { "HEARD", 6, 8, 0, true },
	[WHERE] = { " WHERE", 19, 73, 2, false },
	[SEQ] = { "SEQ", 6, 8, 3, true },
	[SIZE] = { "SIZE", 6, 7, 3, true },
	[INCARNATION] = { "INCARNATION", 13, 13, 6, true },
};

/* All addresses, or the first and how many more. */
static void
draw_where(const struct directory_entry *en, struct canvas *c)
{
	const struct digest *g = &en->digest;
	char text[ADDRESSES_MAX * (ADDRESS_TEXT_CAP + 2)] = "", one[ADDRESS_TEXT_CAP];
	size_t len = 0;

	for (size_t i = 0; i < g->address_count; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
			i > 0 ? ", " : "", address_format(one, &g->addresses[i]));
	if ((int)len > c->width - 1)
		words_address(text, sizeof(text), en);
	if (g->address_count == 0)
		canvas_text(c, 1, 0, STYLE_DIM, "not told");
	else
		canvas_cut(c, 1, 0, c->width - 1, STYLE_TEXT, text);
}

static void
draw_name(const struct directory_entry *en, struct canvas *c)
{
	char name[NAME_LEN_MAX + 1];

	canvas_text(c, 0, 0, theme_liveness(en->liveness),
		theme_liveness_glyph(en->liveness, c->ascii));
	canvas_cut(c, 2, 0, c->width - 2, theme_type(en->digest.type),
		directory_name(en, name));
}

static void
draw_cell(const struct row *row, const struct model *m, size_t column, struct canvas *c)
{
	const struct directory_entry *en = row->entry;
	char text[80];

	switch (column) {
	case ID:
		hex_encode(text, en->digest.id.bytes, c->width >= 16 ? 8 : 6);
		canvas_text(c, 0, 0, STYLE_DIM, text);
		return;
	case NAME:
		draw_name(en, c);
		return;
	case MESH:
		text_printable(
			text, sizeof(text), row->mesh->name, strlen(row->mesh->name));
		canvas_cut(c, 0, 0, c->width, STYLE_TEXT, text);
		return;
	case STATE:
		canvas_cut(c, 0, 0, c->width, theme_liveness(en->liveness),
			words_state(text, sizeof(text), en, m->now_ns));
		return;
	case WHERE:
		draw_where(en, c);
		return;
	case HEARD:
		words_age_long(text, sizeof(text),
			m->now_ns > en->received_ns ? m->now_ns - en->received_ns : 0);
		break;
	case SEQ:
		words_count(text, sizeof(text), en->digest.seq);
		break;
	case SIZE:
		snprintf(text, sizeof(text), "%zu B", en->payload.len);
		break;
	default:
		snprintf(text, sizeof(text), "%llu",
			(unsigned long long)en->digest.incarnation);
		break;
	}
	canvas_right(c, 0, 0, c->width, column == HEARD ? STYLE_TEXT : STYLE_DIM, text);
}

static int
by_size(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b);
}

static int
compare(const struct row *a, const struct row *b, size_t column)
{
	const struct directory_entry *ea = a->entry, *eb = b->entry;

	switch (column) {
	case ID:
		return id_compare(&ea->digest.id, &eb->digest.id);
	case STATE:
		return (int)eb->liveness - (int)ea->liveness;
	case HEARD:
		return -by_size(
			ea->received_ns, eb->received_ns); /* the oldest news first */
	case WHERE:
		return address_compare(
			&ea->digest.addresses[0], &eb->digest.addresses[0]);
	case SEQ:
		return by_size(ea->digest.seq, eb->digest.seq);
	case SIZE:
		return by_size(ea->payload.len, eb->payload.len);
	case INCARNATION:
		return by_size(ea->digest.incarnation, eb->digest.incarnation);
	default:
		return 0;	/* by name: the tie-break's order */
	}
}

static const struct table_ops table = { columns, COLUMNS, compare, draw_cell };

static void *
pane_directory_new(void)
{
	struct table *t = table_new(&table);

	t->sort = NAME;
	return t;
}

static void
pane_directory_free(void *pane)
{
	table_free(pane);
}

static void
pane_directory_draw(void *pane, const struct pane_context *x, struct canvas *c)
{
	table_draw(pane, x, c);
}

static bool
pane_directory_act(void *pane, const struct pane_context *x, enum action a)
{
	return table_act(pane, x, a);
}

const struct pane_ops pane_directory_ops = {
	"directory",
	IN_DIRECTORY,
	pane_directory_new,
	pane_directory_free,
	pane_directory_draw,
	pane_directory_act,
};
