/* SPDX-License-Identifier: MIT */
#include "tui/table.h"

#include <assert.h>
#include <stdio.h>

#include "base/mem.h"
#include "tui/told.h"
#include "tui/words.h"

struct table *
table_new(const struct table_ops *ops)
{
	struct table *t = mem_new(MEM_PANE, sizeof(*t));

	assert(ops->column_count <= TABLE_COLUMNS_MAX);
	t->ops = ops;
	return t;
}

void
table_free(struct table *t)
{
	mem_free(MEM_PANE, t);
}

void
table_layout(const struct table_ops *ops, int width, int x[static TABLE_COLUMNS_MAX],
	int w[static TABLE_COLUMNS_MAX])
{
	int used = -1, rank_max = 0, at = 0, shown = 0, gap = 1;

	for (size_t i = 0; i < ops->column_count; i++) {
		w[i] = 0;
		if (ops->columns[i].rank > rank_max)
			rank_max = ops->columns[i].rank;
	}
	for (int rank = 0; rank <= rank_max; rank++) {
		for (size_t i = 0; i < ops->column_count; i++) {
			const struct table_column *column = &ops->columns[i];

			if (column->rank != rank ||
				(rank > 0 && used + 1 + column->width > width))
				continue;
			w[i] = column->width;
			used += 1 + column->width;
		}
		for (size_t i = 0; rank == 0 && i < ops->column_count; i++)
			while (w[i] > 0 && w[i] < ops->columns[i].width_good &&
				used < width) {
				w[i]++;
				used++;
			}
	}
	/* Two spaces between read better than wider columns. */
	for (size_t i = 0; i < ops->column_count; i++)
		shown += w[i] > 0;
	if (shown > 1 && used + shown - 1 <= width) {
		used += shown - 1;
		gap = 2;
	}
	for (bool grew = true; grew && used < width;) {
		grew = false;
		for (size_t i = 0; i < ops->column_count && used < width; i++)
			if (w[i] > 0 && w[i] < ops->columns[i].width_max) {
				w[i]++;
				used++;
				grew = true;
			}
	}
	for (size_t i = 0; i < ops->column_count; i++) {
		x[i] = at;
		at += w[i] > 0 ? w[i] + gap : 0;
	}
}

static void
draw_titles(const struct table *t, struct canvas *c, const int *x, const int *w)
{
	for (size_t i = 0; i < t->ops->column_count; i++) {
		const struct table_column *column = &t->ops->columns[i];
		bool sorted = i == t->sort;
		uint16_t style = sorted ? STYLE_TITLE : STYLE_DIM;
		char title[32];

		if (w[i] == 0)
			continue;
		snprintf(title, sizeof(title), "%s%s", column->title, !sorted ? ""
			: theme_glyph(t->reverse ? GLYPH_DOWN : GLYPH_UP, c->ascii));
		if (column->right)
			canvas_right(c, x[i], 0, w[i], style, title);
		else
			canvas_cut(c, x[i], 0, w[i], style, title);
	}
}

/*
 * The cursor follows the selected node; when that is gone the row stays and its node
 * changes.
 */
static void
follow(struct table *t, const struct rows *r, const struct pane_context *x)
{
	size_t found = rows_find(r, x->selected);
	size_t page = t->page > 0 ? (size_t)t->page : 1;

	if (found != SIZE_MAX)
		t->cursor = found;
	else if (t->cursor >= r->count)
		t->cursor = r->count > 0 ? r->count - 1 : 0;
	if (r->count > 0)
		*x->selected = r->at[t->cursor].entry->digest.id;
	if (t->cursor < t->top)
		t->top = t->cursor;
	if (t->cursor >= t->top + page)
		t->top = t->cursor - page + 1;
	if (t->top + page > r->count)
		t->top = r->count > page ? r->count - page : 0;
}

/* The text if there is room for it, and a space behind it. */
static int
whole(struct canvas *c, int x, int y, uint16_t style, const char *text)
{
	if (x + canvas_measure(c, text) > c->width)
		return x;
	return canvas_text(c, x, y, style, text) + 1;
}

void
table_about(struct canvas *c, int y, const struct row *row, const struct model *m)
{
	const struct directory_entry *en = row->entry;
	const struct model_fault *told = told_find(m, &en->digest.id);
	uint16_t style = theme_liveness(en->liveness);
	char name[NAME_LEN_MAX + 1], text[NAME_LEN_MAX + 80], age[16];
	uint64_t heard_ns = m->now_ns > en->received_ns ? m->now_ns - en->received_ns : 0;
	int x = canvas_text(
			c, 0, y, style, theme_liveness_glyph(en->liveness, c->ascii)) +
		1;

	x = canvas_cut(c, x, y, c->width - x, STYLE_STRONG, directory_name(en, name)) + 1;
	x = whole(c, x, y, style, words_state(text, sizeof(text), en, m->now_ns));
	if (told) {
		told_text(text, sizeof(text), told, m->now_ns);
		x = canvas_cut(c, x, y, c->width - x, STYLE_TOLD, "told to:") + 1;
		x = canvas_cut(c, x, y, c->width - x, STYLE_TOLD, text) + 2;
	}
	words_source(text, sizeof(text), row->mesh->directory, en, m->now_ns);
	if (text[0] != '\0') {
		canvas_cut(c, x, y, c->width - x, STYLE_TEXT, text);
		return;
	}
	snprintf(text, sizeof(text), "heard %s ago",
		words_heard(age, sizeof(age), heard_ns));
	x = whole(c, x, y, STYLE_DIM, text);
	if (row->child && row->child->state != CHILD_ENDED) {
		snprintf(text, sizeof(text), "started here, pid %d", row->child->pid);
		whole(c, x + 1, y, STYLE_DIM, text);
	}
}

/* "3 of 18 match" at the right end of the line below the table; returns its columns. */
static int
draw_counts(
	const struct rows *r, const struct pane_context *x, struct canvas *c, int page)
{
	char text[160];
	int width;

	if (x->filter[0] != '\0')
		snprintf(text, sizeof(text), " %zu of %zu match \"%s\"", r->count,
			r->total, x->filter);
	else if (r->count > (size_t)page)
		snprintf(text, sizeof(text), " %zu nodes", r->total);
	else
		return 0;
	width = canvas_measure(c, text);
	canvas_text(c, c->width - width, 0, STYLE_DIM, text);
	return width;
}

/* The line below the rows: the selected node, and how many there are. */
static void
draw_foot(const struct table *t, const struct rows *r, const struct pane_context *x,
	struct canvas *c)
{
	struct canvas line = canvas_window(c, 0, c->height - 1, c->width, 1);

	line.width -= draw_counts(r, x, &line, t->page);
	if (r->count > 0 && line.width > 0)
		table_about(&line, 0, &r->at[t->cursor], x->model);
}

void
table_draw(struct table *t, const struct pane_context *x, struct canvas *c)
{
	int at[TABLE_COLUMNS_MAX], w[TABLE_COLUMNS_MAX];
	bool about = c->height >= 6;
	struct rows r;

	t->page = c->height - 1 - about;
	t->width = c->width;
	table_layout(t->ops, c->width, at, w);
	rows_build(&r, x->model, x->filter);
	rows_sort(&r, t->ops->compare, t->sort, t->reverse);
	follow(t, &r, x);
	draw_titles(t, c, at, w);
	for (int y = 0; y < t->page && t->top + (size_t)y < r.count; y++) {
		const struct row *row = &r.at[t->top + (size_t)y];

		for (size_t i = 0; i < t->ops->column_count; i++) {
			struct canvas cell = canvas_window(c, at[i], y + 1, w[i], 1);

			if (cell.width > 0)
				t->ops->cell(row, x->model, i, &cell);
		}
		if (t->top + (size_t)y == t->cursor)
			canvas_flag(c, 0, y + 1, c->width, 1, THEME_SELECTED);
	}
	if (r.count == 0)
		canvas_text(c, 2, 2, STYLE_DIM,
			x->filter[0] != '\0' ? "no node matches the filter; Esc clears it"
					     : "no node heard of yet");
	if (about)
		draw_foot(t, &r, x, c);
	rows_fini(&r);
}

static bool
move(struct table *t, enum action a, size_t count)
{
	size_t page = t->page > 1 ? (size_t)t->page - 1 : 1;
	size_t last = count > 0 ? count - 1 : 0;

	switch (a) {
	case ACTION_SELECT_UP:
		t->cursor -= t->cursor > 0;
		break;
	case ACTION_SELECT_DOWN:
		t->cursor += t->cursor < last;
		break;
	case ACTION_PAGE_UP:
		t->cursor -= t->cursor < page ? t->cursor : page;
		break;
	case ACTION_PAGE_DOWN:
	case ACTION_PAGE_ON:
		t->cursor = last - t->cursor < page ? last : t->cursor + page;
		break;
	case ACTION_FIRST:
		t->cursor = 0;
		break;
	case ACTION_LAST:
		t->cursor = last;
		break;
	default:
		return false;
	}
	return true;
}

bool
table_act(struct table *t, const struct pane_context *x, enum action a)
{
	struct rows r;
	bool moved;

	if (a == ACTION_SORT) {
		int at[TABLE_COLUMNS_MAX], w[TABLE_COLUMNS_MAX];

		/* Only by what is on the screen, so that the order can be seen. */
		table_layout(t->ops, t->width, at, w);
		do
			t->sort = (t->sort + 1) % t->ops->column_count;
		while (w[t->sort] == 0);
		t->reverse = false;
		return true;
	}
	if (a == ACTION_REVERSE) {
		t->reverse = !t->reverse;
		return true;
	}
	rows_build(&r, x->model, x->filter);
	rows_sort(&r, t->ops->compare, t->sort, t->reverse);
	follow(t, &r, x);
	moved = move(t, a, r.count);
	if (moved && r.count > 0)
		*x->selected = r.at[t->cursor].entry->digest.id;
	rows_fini(&r);
	return moved;
}
