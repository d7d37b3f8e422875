/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "tui/pane.h"
#include "tui/rows.h"
#include "tui/spark.h"
#include "tui/told.h"
#include "tui/words.h"

/* Everything known of one node, and by whom. */
struct pane_detail {
	struct peer_id id;	/* of the last frame; another one begins at the top */
	int top, lines, page;
};

#define LABEL_WIDTH 13
#define LINKS_SHOWN 32
/* Objects take some twenty lines in 40 columns. */
#define LINES_MAX \
	(60 + DIGEST_NEIGHBORS_MAX + ACCUSERS_MAX + ADDRESSES_MAX + LINKS_SHOWN)
/* Where the lines of small bars stand, behind the longest of figures. */
#define SPARK_X 63
#define SPARK_WIDTH_MIN 8

static void *
pane_detail_new(void)
{
	return mem_new(MEM_PANE, sizeof(struct pane_detail));
}

static void
pane_detail_free(void *pane)
{
	mem_free(MEM_PANE, pane);
}

static int fact(struct canvas *c, int y, uint16_t style, const char *label,
	const char *format, ...) __attribute__((format(printf, 5, 6)));

static int
fact(struct canvas *c, int y, uint16_t style, const char *label, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	canvas_text(c, 1, y, STYLE_DIM, label);
	canvas_cut(c, 1 + LABEL_WIDTH, y, c->width - 1 - LABEL_WIDTH, style, text);
	return y + 1;
}

static uint64_t
since(const struct model *m, uint64_t then_ns)
{
	return m->now_ns > then_ns ? m->now_ns - then_ns : 0;
}

/* Load and neighbors of a node that is gone or has left are of the past. */
static bool
is_current(const struct directory_entry *en)
{
	return en->liveness == LIVENESS_LIVE || en->liveness == LIVENESS_SUSPECT;
}

static int
draw_state(struct canvas *c, int y, const struct row *row, const struct model *m)
{
	const struct directory_entry *en = row->entry;
	const struct directory *d = row->mesh->directory;
	const struct model_fault *told = told_find(m, &en->digest.id);
	char age[16], why[NAME_LEN_MAX + 80], name[NAME_LEN_MAX + 1];
	uint16_t style = theme_liveness(en->liveness);

	words_source(why, sizeof(why), d, en, m->now_ns);
	y = fact(c, y, style, "state", "%s %s for %s%s%s",
		theme_liveness_glyph(en->liveness, c->ascii), liveness_text(en->liveness),
		words_age_long(age, sizeof(age), since(m, en->since_ns)),
		why[0] ? "; " : "", why);
	y = fact(c, y, STYLE_TEXT, "heard",
		"%s ago: seq %llu of incarnation %llu, %zu bytes",
		words_age_long(age, sizeof(age), since(m, en->received_ns)),
		(unsigned long long)en->digest.seq,
		(unsigned long long)en->digest.incarnation, en->payload.len);
	for (size_t i = 0; i < en->accuser_count; i++)
		y = fact(c, y, STYLE_SUSPECT, i == 0 ? "accused" : "", "%s ago by %s: %s",
			words_age_long(age, sizeof(age), since(m, en->accusers[i].at_ns)),
			words_name(name, d, &en->accusers[i].id),
			accusation_reason_text(en->accusers[i].reason));
	if (told)
		y = fact(c, y, STYLE_TOLD, "told to", "%s; an order of this console",
			told_text(why, sizeof(why), told, m->now_ns));
	return y;
}

/*
 * How a figure was in the last minutes, at the right of the line that has it. `least` is
 * what a scale begins with.
 */
static void
draw_spark(struct canvas *c, int y, const struct digest *g, const struct model *m,
	enum series_figure figure, uint32_t least)
{
	int room = c->width - 1 - SPARK_X;
	int width = room < SERIES_LEN ? room : SERIES_LEN;
	uint32_t values[SERIES_LEN];
	size_t count;

	if (!m->series || width < SPARK_WIDTH_MIN)
		return;
	count = series_of(m->series, &g->id, figure, values, SERIES_LEN);
	spark_draw(c, SPARK_X, y, width, STYLE_TITLE, values, count, least);
}

/* "12.3/s, 4711 in all" */
static int
draw_frames(struct canvas *c, int y, const struct digest *g, const struct model *m,
	enum series_figure figure, uint64_t total)
{
	const char *label = figure == SERIES_SENT ? "frames sent" : "frames rec.";
	uint32_t rate = SERIES_GAP;

	if (!m->series || series_of(m->series, &g->id, figure, &rate, 1) == 0 ||
		rate == SERIES_GAP)
		return fact(c, y, STYLE_TEXT, label, "%llu in all",
			(unsigned long long)total);
	draw_spark(c, y, g, m, figure, 100);
	return fact(c, y, STYLE_TEXT, label, "%u.%u/s, %llu in all", rate / 100,
		rate % 100 / 10, (unsigned long long)total);
}

static int
draw_load(struct canvas *c, int y, const struct digest *g, const struct model *m)
{
	char figure[16], budget[16];
	int bar = c->width > 72 ? 24 : 10, x = 1 + LABEL_WIDTH;

	draw_spark(c, y, g, m, SERIES_CPU, 20);
	draw_spark(c, y + 1, g, m, SERIES_MEMORY, 1024);
	canvas_text(c, 1, y, STYLE_DIM, "cpu");
	if (g->cpu_budget_mc > 0) {
		canvas_bar(c, x, y, bar, g->cpu_used_mc, g->cpu_budget_mc);
		canvas_printf(c, x + bar + 1, y,
			theme_fill(g->cpu_used_mc, g->cpu_budget_mc),
			c->width < 60 ? "%s of %u mcores" : "%s of %u millicores",
			words_percent(
				figure, sizeof(figure), g->cpu_used_mc, g->cpu_budget_mc),
			g->cpu_budget_mc);
	} else {
		canvas_printf(c, x, y, STYLE_TEXT, "%u millicores, budget unknown",
			g->cpu_used_mc);
	}
	y++;
	canvas_text(c, 1, y, STYLE_DIM, "memory");
	words_kib(figure, sizeof(figure), g->memory_used_kib);
	if (g->memory_budget_kib > 0) {
		canvas_bar(c, x, y, bar, g->memory_used_kib, g->memory_budget_kib);
		canvas_printf(c, x + bar + 1, y,
			theme_fill(g->memory_used_kib, g->memory_budget_kib), "%s of %s",
			figure, words_kib(budget, sizeof(budget), g->memory_budget_kib));
	} else {
		canvas_printf(c, x, y, STYLE_TEXT, "%s, budget unknown", figure);
	}
	return y + 1;
}

static int
draw_digest(struct canvas *c, int y, const struct row *row, const struct model *m)
{
	const struct digest *g = &row->entry->digest;
	char text[ID_HEX_CAP], build[BUILD_LEN_MAX + 1], age[16];

	for (size_t i = 0; i < g->address_count; i++)
		y = fact(c, y, STYLE_TEXT, i == 0 ? "addresses" : "", "%s",
			address_format(text, &g->addresses[i]));
	if (g->address_count == 0)
		y = fact(c, y, STYLE_DIM, "addresses", "not told");
	text_printable(build, sizeof(build), g->build, strlen(g->build));
	y = fact(c, y, STYLE_TEXT, "build", "%s, up %s when it last spoke",
		build[0] ? build : "not told",
		words_age_long(age, sizeof(age), SECONDS(g->uptime_s)));
	if (g->flags & ~DIGEST_LEFT)
		y = fact(c, y, STYLE_TEXT, "flags", "%s%s%s%s",
			g->flags & DIGEST_OBSERVER ? "observer " : "",
			g->flags & DIGEST_GATEWAY ? "gateway " : "",
			g->flags & DIGEST_DRAINING ? "draining " : "",
			g->flags & DIGEST_DEGRADED ? "degraded" : "");
	if (is_current(row->entry))
		y = draw_load(c, y, g, m);
	else
		y = fact(c, y, STYLE_DIM, "cpu, memory", "unknown: %s",
			liveness_text(row->entry->liveness));
	if (is_current(row->entry)) {
		draw_spark(c, y, g, m, SERIES_LAG, 20);
		y = fact(c, y, STYLE_TEXT, "loop lag", "%u ms", g->loop_lag_ms);
		y = draw_frames(c, y, g, m, SERIES_SENT, g->frames_sent);
		y = draw_frames(c, y, g, m, SERIES_RECEIVED, g->frames_received);
	} else {
		y = fact(c, y, STYLE_TEXT, "loop lag", "%u ms when it last spoke",
			g->loop_lag_ms);
		y = fact(c, y, STYLE_TEXT, "frames",
			"%llu sent, %llu received when it last spoke",
			(unsigned long long)g->frames_sent,
			(unsigned long long)g->frames_received);
	}
	if (!row->child)
		return fact(c, y, STYLE_DIM, "started", "not by this console");
	if (row->child->state == CHILD_ENDED)
		return fact(c, y, STYLE_DIM, "started", "here, and ended %s ago",
			words_age_long(
				age, sizeof(age), since(m, row->child->end.at_ns)));
	return fact(c, y, STYLE_TEXT, "started", "here %s ago, pid %d",
		words_age_long(age, sizeof(age), since(m, row->child->started_ns)),
		row->child->pid);
}

/* What the node itself says; beside it whether the other end says the same. */
static int
draw_neighbors(struct canvas *c, int y, const struct row *row)
{
	const struct directory *d = row->mesh->directory;
	const struct digest *g = &row->entry->digest;

	y = fact(c, y + 1, STYLE_TITLE, "neighbors", "%zu reported by it%s",
		g->neighbor_count, is_current(row->entry) ? "" : " when it last spoke");
	for (size_t i = 0; i < g->neighbor_count; i++) {
		const struct digest_neighbor *nb = &g->neighbors[i];
		const struct directory_entry *other =
			directory_find_prefix(d, nb->id_prefix);
		char name[NAME_LEN_MAX + 1];
		bool both = false;
		int x = 1 + LABEL_WIDTH;

		if (!other) {
			canvas_text(c, x, y++, STYLE_DIM, "not in the directory");
			continue;
		}
		for (size_t k = 0; k < other->digest.neighbor_count; k++)
			both |= memcmp(other->digest.neighbors[k].id_prefix, g->id.bytes,
					8) == 0;
		x = canvas_text(c, x, y, theme_liveness(other->liveness),
			theme_liveness_glyph(other->liveness, c->ascii)) + 1;
		x = canvas_text(c, x, y, theme_type(other->digest.type),
			directory_name(other, name)) + 1;
		x = x < 40 ? 40 : x;
		x = canvas_printf(c, x, y, STYLE_TEXT, "%u.%u ms", nb->rtt_100us / 10,
			nb->rtt_100us % 10) + 2;
		if (!is_current(row->entry) || !is_current(other))
			canvas_printf(c, x, y, STYLE_DIM, "no edge: %s",
				liveness_text(is_current(other) ? row->entry->liveness
								: other->liveness));
		else
			canvas_printf(c, x, y, both ? STYLE_DIM : STYLE_WARN, "%s%s",
				nb->path_kind & 1 ? "by relay, " : "",
				both ? "both ends report it"
				     : "reported by this end only");
		y++;
	}
	return y;
}

static const struct outlook *
outlook_of(const struct pane_context *x)
{
	for (size_t i = 0; i < x->model->outlook_count; i++)
		if (id_equal(&x->model->outlooks[i]->id, x->selected))
			return x->model->outlooks[i];
	return NULL;
}

/*
 * One link as the node itself measures it. How many packets were lost is unknown as long
 * as ngtcp2 does not tell.
 */
static int
draw_link(struct canvas *c, int y, const struct watched_link *k)
{
	char cwnd[16], sent[16], received[16], lost[16], text[96];
	int x = 1 + LABEL_WIDTH;

	if (k->packets_lost > 0)
		words_count(lost, sizeof(lost), k->packets_lost);
	else
		snprintf(lost, sizeof(lost), "?");
	canvas_cut(c, x, y, 25, k->observer ? STYLE_DIM : STYLE_TEXT,
		k->name[0] ? k->name : "?");
	x += 26;
	snprintf(text, sizeof(text), "%3u.%u ms %5s %5s %5s %4s  %s%s",
		(unsigned)(k->rtt_ns / NS_PER_MS),
		(unsigned)(k->rtt_ns % NS_PER_MS / (NS_PER_MS / 10)),
		words_kib(cwnd, sizeof(cwnd), k->cwnd_bytes / 1024),
		words_kib(sent, sizeof(sent), k->bytes_sent / 1024),
		words_kib(received, sizeof(received), k->bytes_received / 1024), lost,
		k->dialed ? "dialed" : "accepted", k->overlay ? ", neighbor" : "");
	canvas_cut(c, x, y, c->width - x, STYLE_TEXT, text);
	return y + 1;
}

/* What the node tells while it is watched: its links, and how many objects it has. */
static int
draw_watched(struct canvas *c, int y, const struct outlook *o, const struct model *m)
{
	int x = 1 + LABEL_WIDTH;
	char age[16];

	if (o == NULL || o->links_ns == 0)
		return fact(c, y + 1, STYLE_DIM, "links", "not told yet");
	y = fact(c, y + 1, STYLE_TITLE, "links",
		"%zu, told %s ago: round trip, window, sent, received, lost",
		o->link_count,
		words_age(age, sizeof(age), since(m, o->links_ns)));
	for (size_t i = 0; i < o->link_count && i < LINKS_SHOWN; i++)
		y = draw_link(c, y, &o->links[i]);
	if (o->link_count > LINKS_SHOWN)
		y = fact(c, y, STYLE_DIM, "", "and %zu more",
			o->link_count - LINKS_SHOWN);
	canvas_text(c, 1, ++y, STYLE_DIM, "objects");
	for (size_t i = 0; i < o->object_count; i++) {
		const struct watched_object *b = &o->objects[i];
		char text[WATCHED_NAME_CAP + 24];
		int width;

		if (b->count || b->made == b->destroyed)
			continue;
		snprintf(text, sizeof(text), "%s %llu", b->name,
			(unsigned long long)(b->made - b->destroyed));
		width = canvas_measure(c, text);
		if (x + width > c->width && y < c->height - 1) {
			x = 1 + LABEL_WIDTH;
			y++;
		}
		x = canvas_cut(c, x, y, c->width - x, STYLE_TEXT, text) + 2;
	}
	return y + 1;
}

static void
pane_detail_draw(void *pane, const struct pane_context *x, struct canvas *c)
{
	struct pane_detail *p = pane;
	struct canvas *page = canvas_new(c->width, LINES_MAX, c->ascii);
	char text[ID_HEX_CAP > NAME_LEN_MAX + 1 ? ID_HEX_CAP : NAME_LEN_MAX + 1];
	struct row row;
	int y = 0;

	if (!id_equal(&p->id, x->selected)) {
		p->id = *x->selected;
		p->top = 0;
	}
	if (rows_one(&row, x->model, x->selected)) {
		const struct digest *g = &row.entry->digest;

		canvas_text(
			page, 1, y, theme_type(g->type), directory_name(row.entry, text));
		canvas_flag(page, 0, y, page->width, 1, THEME_BAR);
		y += 1 + (c->height > 16);
		y = fact(page, y, STYLE_TEXT, "id", "%s", id_hex(text, &g->id));
		y = draw_state(page, y, &row, x->model);
		y = draw_digest(page, y, &row, x->model);
		y = draw_neighbors(page, y, &row);
		y = draw_watched(page, y, outlook_of(x), x->model);
	} else {
		canvas_text(page, 1, y++, STYLE_DIM,
			"This node is no longer in any directory.");
	}
	p->lines = y;
	p->page = c->height;
	if (p->top > p->lines - p->page)
		p->top = p->lines - p->page;
	if (p->top < 0)
		p->top = 0;
	for (y = 0; y < c->height && p->top + y < page->height; y++)
		memcpy(&c->cells[y * c->stride],
			&page->cells[(p->top + y) * page->stride],
			(size_t)c->width * sizeof(*c->cells));
	if (p->top + p->page < p->lines)
		canvas_right(c, 0, c->height - 1, c->width, STYLE_KEY,
			theme_glyph(GLYPH_DOWN, c->ascii));
	canvas_free(page);
}

static bool
pane_detail_act(void *pane, const struct pane_context *x, enum action a)
{
	struct pane_detail *p = pane;
	int step = p->page > 4 ? p->page / 2 : 1;

	(void)x;
	if (a != ACTION_SCROLL_UP && a != ACTION_SCROLL_DOWN)
		return false;
	p->top += a == ACTION_SCROLL_UP ? -step : step;
	return true;
}

const struct pane_ops pane_detail_ops = {
	"detail",
	IN_DETAIL,
	pane_detail_new,
	pane_detail_free,
	pane_detail_draw,
	pane_detail_act,
};
