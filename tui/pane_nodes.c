/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tui/table.h"
#include "tui/told.h"
#include "tui/words.h"

/* Every node of every mesh: is it alive, who is it connected with, what does it use. */

enum {
	NAME,
	TYPE,
	MESH,
	STATE,
	HEARD,
	PEERS,
	CPU,
	MEMORY,
	SENT,
	RECEIVED,
	ADDRESS,
	BUILD,
	UPTIME,
	WHY,
	COLUMNS
};

/*
 * Ranks: up to RX it is 78 wide, so that 80 columns have all that changes; without the
 * uptime it is 160 wide.
 */
static const struct table_column columns[COLUMNS] = {
	[NAME] = { "  NODE", 22, 40, 0, false, 23 },
	[TYPE] = { "TYPE", 8, 12, 8, false },
	[MESH] = { "MESH", 5, 16, 7, false },
	[STATE] = { "STATE", 11, 11, 0, false },
	[HEARD] = { "HEARD", 5, 5, 2, true },
	[PEERS] = { "PEERS", 5, 5, 0, true },
	[CPU] = { "CPU", 9, 15, 1, true },
	[MEMORY] = { "MEM", 9, 16, 1, true },
	[SENT] = { "TX", 5, 6, 3, true },
	[RECEIVED] = { "RX", 5, 6, 3, true },
	[ADDRESS] = { " ADDRESS", 19, 27, 4, false },
	[BUILD] = { "BUILD", 7, 12, 5, false },
	[UPTIME] = { "UPTIME", 7, 7, 9, true },
	[WHY] = { "WHY", 37, 60, 6, false },
};

/* What a node that is gone or has left last said of its load is no measurement of now. */
static bool
is_current(const struct directory_entry *en)
{
	return en->liveness == LIVENESS_LIVE || en->liveness == LIVENESS_SUSPECT;
}

static void
unknown(struct canvas *c)
{
	canvas_right(c, 0, 0, c->width, STYLE_DIM, theme_glyph(GLYPH_UNKNOWN, c->ascii));
}

static void
draw_name(
	const struct directory_entry *en, const struct model *m, struct canvas *c)
{
	char name[NAME_LEN_MAX + 1];

	canvas_text(c, 0, 0, theme_liveness(en->liveness),
		theme_liveness_glyph(en->liveness, c->ascii));
	told_mark(c, 1, 0, m, &en->digest.id);
	canvas_cut(c, 2, 0, c->width - 2, theme_type(en->digest.type),
		directory_name(en, name));
}

/*
 * A bar and beside it the figure; the figure alone when there is no budget to compare
 * with.
 */
static void
draw_load(struct canvas *c, uint64_t used, uint64_t budget, const char *figure)
{
	int bar = c->width - 6;

	if (budget > 0 && bar > 0)
		canvas_bar(c, 0, 0, bar, used, budget);
	canvas_right(c, 0, 0, c->width,
		budget > 0 ? theme_fill(used, budget) : STYLE_TEXT, figure);
}

static void
draw_cpu(const struct digest *g, struct canvas *c)
{
	char figure[16];

	if (g->cpu_budget_mc > 0)
		words_percent(figure, sizeof(figure), g->cpu_used_mc, g->cpu_budget_mc);
	else
		words_count(figure, sizeof(figure), g->cpu_used_mc);
	draw_load(c, g->cpu_used_mc, g->cpu_budget_mc, figure);
}

static void
draw_figure(const struct row *row, const struct model *m, size_t column, struct canvas *c)
{
	const struct digest *g = &row->entry->digest;
	uint64_t age_ns = m->now_ns > row->entry->received_ns
		? m->now_ns - row->entry->received_ns : 0;
	char text[32];

	switch (column) {
	case HEARD:
		words_heard(text, sizeof(text), age_ns);
		break;
	case PEERS:
		if (!row->degree_known) {
			unknown(c);
			return;
		}
		words_count(text, sizeof(text), row->degree);
		break;
	case SENT:
		words_count(text, sizeof(text), g->frames_sent);
		break;
	case RECEIVED:
		words_count(text, sizeof(text), g->frames_received);
		break;
	default:
		words_age_long(text, sizeof(text), SECONDS(g->uptime_s) + age_ns);
		break;
	}
	canvas_right(c, 0, 0, c->width, column == HEARD ? STYLE_DIM : STYLE_TEXT, text);
}

/* How long the loop of this node has been standing still; 0: it turns, or is not ours. */
static uint32_t
stalled_ms_of(const struct model *m, const struct peer_id *id)
{
	for (size_t i = 0; i < m->child_count; i++)
		if (m->children[i]->state == CHILD_READY &&
			id_equal(&m->children[i]->ready.id, id) &&
			m->children[i]->stalled_ms != 0)
			return m->now_ns > m->children[i]->heartbeat_ns
				? (uint32_t)((m->now_ns -
						     m->children[i]->heartbeat_ns) /
					  NS_PER_MS)
				: 1;
	return 0;
}

static void
draw_word(const struct row *row, const struct model *m, size_t column, struct canvas *c)
{
	const struct directory_entry *en = row->entry;
	char text[NAME_LEN_MAX + 80];
	uint16_t style = STYLE_TEXT;
	uint32_t stalled_ms;

	switch (column) {
	case TYPE:
		style = theme_type(en->digest.type);
		text_printable(
			text, sizeof(text), en->digest.type, strlen(en->digest.type));
		break;
	case MESH:
		text_printable(
			text, sizeof(text), row->mesh->name, strlen(row->mesh->name));
		break;
	case STATE:
		style = theme_liveness(en->liveness);
		words_state(text, sizeof(text), en, m->now_ns);
		if ((stalled_ms = stalled_ms_of(m, &en->digest.id)) > 0) {
			style = STYLE_WARN;
			snprintf(text, sizeof(text), "STALLED %us", stalled_ms / 1000);
		}
		break;
	case ADDRESS:
		words_address(text, sizeof(text), en);
		break;
	case BUILD:
		style = STYLE_DIM;
		text_printable(
			text, sizeof(text), en->digest.build, strlen(en->digest.build));
		break;
	default:
		words_reason(text, sizeof(text), row->mesh->directory, en);
		break;
	}
	/* After a column of figures a word needs one more space. */
	canvas_cut(c, column == ADDRESS, 0, c->width - (column == ADDRESS), style, text);
}

static void
draw_cell(const struct row *row, const struct model *m, size_t column, struct canvas *c)
{
	const struct digest *g = &row->entry->digest;
	char figure[16];

	switch (column) {
	case NAME:
		draw_name(row->entry, m, c);
		break;
	case HEARD:
		draw_figure(row, m, column, c);
		break;
	case TYPE:
	case MESH:
	case STATE:
	case ADDRESS:
	case BUILD:
	case WHY:
		draw_word(row, m, column, c);
		break;
	case CPU:
	case MEMORY:
		if (!is_current(row->entry))
			unknown(c);
		else if (column == CPU)
			draw_cpu(g, c);
		else
			draw_load(c, g->memory_used_kib, g->memory_budget_kib,
				words_kib(figure, sizeof(figure), g->memory_used_kib));
		break;
	default:
		if (is_current(row->entry))
			draw_figure(row, m, column, c);
		else
			unknown(c);
		break;
	}
}

static int
by_size(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b);	/* the largest first */
}

/* The worst first. */
static int
state_rank(enum liveness l)
{
	static const int rank[LIVENESS_COUNT] = {
		[LIVENESS_GONE] = 0,
		[LIVENESS_SUSPECT] = 1,
		[LIVENESS_LEFT] = 2,
		[LIVENESS_LIVE] = 3,
	};

	return rank[l];
}

static uint64_t
share(uint64_t used, uint64_t budget)
{
	return budget > 0 ? used * 1000000 / budget : 0;
}

static int
compare_figures(const struct digest *a, const struct digest *b, size_t column)
{
	switch (column) {
	case CPU:
		return by_size(share(a->cpu_used_mc, a->cpu_budget_mc),
			share(b->cpu_used_mc, b->cpu_budget_mc));
	case MEMORY:
		return by_size(a->memory_used_kib, b->memory_used_kib);
	case SENT:
		return by_size(a->frames_sent, b->frames_sent);
	case RECEIVED:
		return by_size(a->frames_received, b->frames_received);
	default:
		return by_size(a->uptime_s, b->uptime_s);
	}
}

static int
compare(const struct row *a, const struct row *b, size_t column)
{
	const struct directory_entry *ea = a->entry, *eb = b->entry;

	switch (column) {
	case NAME:
	case MESH:
		return 0;	/* the tie-break's order */
	case TYPE:
		return strcmp(ea->digest.type, eb->digest.type);
	case STATE:
	case WHY:
		return state_rank(ea->liveness) - state_rank(eb->liveness);
	case HEARD:
		return -by_size(
			ea->received_ns, eb->received_ns); /* the oldest news first */
	case PEERS:
		return by_size(a->degree, b->degree);
	case ADDRESS:
		return address_compare(
			&ea->digest.addresses[0], &eb->digest.addresses[0]);
	case BUILD:
		return strcmp(ea->digest.build, eb->digest.build);
	default:
		return compare_figures(&ea->digest, &eb->digest, column);
	}
}

static const struct table_ops table = { columns, COLUMNS, compare, draw_cell };

static void *
pane_nodes_new(void)
{
	return table_new(&table);
}

static void
pane_nodes_free(void *pane)
{
	table_free(pane);
}

static void
pane_nodes_draw(void *pane, const struct pane_context *x, struct canvas *c)
{
	table_draw(pane, x, c);
}

static bool
pane_nodes_act(void *pane, const struct pane_context *x, enum action a)
{
	return table_act(pane, x, a);
}

const struct pane_ops pane_nodes_ops = {
	"nodes",
	IN_NODES,
	pane_nodes_new,
	pane_nodes_free,
	pane_nodes_draw,
	pane_nodes_act,
};
