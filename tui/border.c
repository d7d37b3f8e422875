/* SPDX-License-Identifier: MIT */
#include "tui/border.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tui/rows.h"
#include "tui/words.h"

#define SEGMENTS_MAX 12
/* "overlay whole"; titles of panes may push it into the first line, and not off. */
#define OVERLAY_WIDTH 16

/* Pieces of a line; when there is no room those with the highest rank go first. */
struct segments {
	int gap;	/* columns between two of them */
	struct { char text[96]; uint16_t style; int rank; } at[SEGMENTS_MAX];
	size_t count;
};

static void add(struct segments *s, int rank, uint16_t style, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static void
add(struct segments *s, int rank, uint16_t style, const char *format, ...)
{
	va_list args;

	if (s->count == SEGMENTS_MAX)
		return;
	va_start(args, format);
	vsnprintf(s->at[s->count].text, sizeof(s->at[0].text), format, args);
	va_end(args);
	s->at[s->count].style = style;
	s->at[s->count++].rank = rank;
}

static int
segments_width(const struct segments *s, const struct canvas *c)
{
	int width = 0;

	for (size_t i = 0; i < s->count; i++)
		width += canvas_measure(c, s->at[i].text) + (i > 0 ? s->gap : 0);
	return width;
}

static void
drop_one(struct segments *s)
{
	size_t worst = 0;

	for (size_t i = 0; i < s->count; i++)
		if (s->at[i].rank >= s->at[worst].rank)
			worst = i;
	s->count--;
	memmove(&s->at[worst], &s->at[worst + 1], (s->count - worst) * sizeof(s->at[0]));
}

/* From x, or so that it ends at the right edge. Returns the column after it. */
static int
draw_segments(struct segments *s, struct canvas *c, int x, int y, bool right)
{
	while (s->count > 0 && segments_width(s, c) > c->width - 1 - x)
		drop_one(s);
	if (right)
		x = c->width - 1 - segments_width(s, c);
	for (size_t i = 0; i < s->count; i++)
		x = canvas_text(
			c, x + (i > 0 ? s->gap : 0), y, s->at[i].style, s->at[i].text);
	return x;
}

void
border_facts(struct border_facts *f, const struct model *m)
{
	size_t live = 0, census[LIVENESS_COUNT];
	double ends = 0;

	*f = (struct border_facts){ .overlay_known = m->mesh_count > 0 };
	for (size_t i = 0; i < m->mesh_count; i++) {
		const struct topology *t = m->meshes[i].topology;
		const struct directory *d = m->meshes[i].directory;

		f->nodes += rows_census(d, census);
		for (int l = 0; l < LIVENESS_COUNT; l++)
			f->by_liveness[l] += census[l];
		if (!t) {
			f->overlay_known = false;
			continue;
		}
		ends += t->mean_degree * (double)t->live_count;
		live += t->live_count;
		f->meshes_parted += t->components > 1;
	}
	f->mean_degree = live > 0 ? ends / (double)live : 0;
}

static void
add_liveness(struct segments *s, const struct border_facts *f, bool ascii)
{
	static const int rank[LIVENESS_COUNT] = { [LIVENESS_LEFT] = 2 };

	for (int l = 0; l < LIVENESS_COUNT; l++)
		if (f->by_liveness[l] > 0 || l == LIVENESS_LIVE)
			add(s, rank[l], theme_liveness((enum liveness)l), "%s %zu %s",
				theme_liveness_glyph((enum liveness)l, ascii),
				f->by_liveness[l], liveness_text((enum liveness)l));
}

static void
add_overlay(struct segments *s, const struct border_facts *f, const struct model *m)
{
	if (f->overlay_known && f->nodes > 0 && f->meshes_parted == 0)
		add(s, 1, STYLE_TEXT, "overlay whole");
	else if (f->overlay_known && f->nodes > 0)
		add(s, 0, STYLE_GONE, "overlay parted in %zu of %zu", f->meshes_parted,
			m->mesh_count);
}

static void
add_figures(struct segments *s, const struct border_facts *f, const struct model *m)
{
	char age[16];

	if (!f->overlay_known || f->nodes == 0)
		add(s, 2, STYLE_DIM, "degree unknown");
	else
		add(s, 2, STYLE_TEXT, "degree %.1f", f->mean_degree);
	if (m->heard_ns == 0)
		add(s, 3, STYLE_DIM, "nothing heard");
	else
		add(s, 3, m->now_ns - m->heard_ns > SECONDS(8) ? STYLE_WARN : STYLE_DIM,
			"heard %s ago", words_heard(age, sizeof(age),
			m->now_ns > m->heard_ns ? m->now_ns - m->heard_ns : 0));
	if (m->clock[0] != '\0')
		add(s, 4, STYLE_DIM, "%s", m->clock);
}

/* Who looks: the end of its name says it all, the rest of it is always alike. */
static void
add_self(struct segments *s, const struct model *m)
{
	const char *name = m->self ? m->self->name : NULL;
	const char *hex = name ? strrchr(name, '.') : NULL;

	if (!name)
		add(s, 0, STYLE_WARN, "not joined");
	else
		add(s, 2, STYLE_DIM, "observer %s", hex ? hex + 1 : name);
}

int
border_header_lines(int height)
{
	return height < 16 ? 1 : 2;
}

/* Returns the column after them. Brief ones have one space between and no more. */
static int
draw_tabs(struct canvas *c, const struct border_tab *tabs, size_t count, size_t current,
	bool brief)
{
	int x = 0;

	for (size_t i = 0; i < count; i++) {
		const char *key = keymap_key_at(keymap_action(tabs[i].action), 0,
			&(size_t){ 0 });
		char tab[40];

		snprintf(tab, sizeof(tab), brief ? "%c %s" : " %c %s ", key[0],
			brief ? tabs[i].brief : tabs[i].title);
		x = canvas_text(c, x + brief, 1,
			i == current ? STYLE_TAB_ACTIVE : STYLE_TAB, tab);
	}
	return x;
}

static int
tabs_width(const struct border_tab *tabs, size_t count)
{
	int width = 0;

	for (size_t i = 0; i < count; i++)
		width += (int)strlen(tabs[i].title) + 4;
	return width;
}

static void
add_alerts(struct segments *s, const struct model *m, bool ascii)
{
	size_t new = m->alerts ? alerts_unacknowledged(m->alerts) : 0;

	if (new > 0)
		add(s, 0, alerts_active(m->alerts) > 0 ? STYLE_ERROR : STYLE_WARN,
			"%s %zu alert%s", theme_glyph(GLYPH_UP, ascii), new,
			new == 1 ? "" : "s");
}

void
border_header(struct canvas *c, const struct model *m, const struct border_tab *tabs,
	size_t tab_count, size_t current)
{
	struct segments left = { .gap = 2 }, right = { .gap = 2 };
	struct border_facts f;
	bool low = c->height < 2, crowded;
	int x, tabs_end = 0;

	border_facts(&f, m);
	if (low && c->width < 60)
		left.gap = 1;
	add(&left, low ? 3 : 0, STYLE_BRAND, "meshtui");
	if (low)
		add(&left, 1, STYLE_STRONG, "%s", tabs[current].title);
	add(&left, 4, STYLE_TEXT, "%zu mesh%s", m->mesh_count,
		m->mesh_count == 1 ? "" : "es");
	add_liveness(&left, &f, c->ascii);
	add_alerts(&left, m, c->ascii);
	x = draw_segments(&left, c, 1, 0, false);
	if (!low)
		tabs_end = draw_tabs(c, tabs, tab_count, current,
			tabs_width(tabs, tab_count) + OVERLAY_WIDTH > c->width);
	crowded = low || tabs_end + OVERLAY_WIDTH > c->width;
	if (crowded && !low)
		add_overlay(&right, &f, m);
	add_self(&right, m);
	draw_segments(&right, c, x + 2, 0, true);
	canvas_flag(c, 0, 0, c->width, 1, THEME_BAR);
	if (low)
		return;
	right.count = 0;
	if (!crowded)
		add_overlay(&right, &f, m);
	add_figures(&right, &f, m);
	draw_segments(&right, c, tabs_end + 1, 1, true);
}

/* How long news stays: long enough to be read, and bad news longer. */
static uint64_t
shown_for(enum model_notice_level level)
{
	return level == MODEL_NOTICE_INFO ? SECONDS(10) : SECONDS(60);
}

static void
draw_children(struct canvas *c, const struct model *m)
{
	size_t starting = 0, alive = model_children_alive(m);

	for (size_t i = 0; i < m->child_count; i++)
		starting += m->children[i]->state == CHILD_STARTING;
	if (alive == 0)
		return;
	if (starting > 0)
		canvas_printf(c, 1, 0, STYLE_TEXT,
			"%zu started here, %zu of them starting", alive, starting);
	else
		canvas_printf(c, 1, 0, STYLE_DIM, "%zu node%s started here", alive,
			alive == 1 ? "" : "s");
}

void
border_status(struct canvas *c, const struct model *m, const struct border_said *said)
{
	static const uint16_t styles[] = {
		[MODEL_NOTICE_INFO] = STYLE_TEXT, [MODEL_NOTICE_WARN] = STYLE_WARN,
		[MODEL_NOTICE_ERROR] = STYLE_ERROR,
	};
	enum model_notice_level level = said ? said->level : MODEL_NOTICE_INFO;
	uint64_t at_ns = said ? said->at_ns : 0, age_ns;
	const char *text = said ? said->text : NULL;
	char age[16];
	int x;

	if (m->notice_count > 0 && m->notices[m->notice_count - 1].at_ns >= at_ns) {
		const struct model_notice *n = &m->notices[m->notice_count - 1];

		level = n->level;
		at_ns = n->at_ns;
		text = n->text;
	}
	age_ns = m->now_ns > at_ns ? m->now_ns - at_ns : 0;
	if (!text || text[0] == '\0' || age_ns >= shown_for(level)) {
		draw_children(c, m);
		return;
	}
	x = canvas_cut(c, 1, 0, c->width - 12, styles[level], text);
	if (age_ns >= SECONDS(2))
		canvas_printf(c, x + 1, 0, STYLE_DIM, "%s ago",
			words_age(age, sizeof(age), age_ns));
}

static int
draw_key(struct canvas *c, int x, const struct keymap_action *a)
{
	size_t len;
	const char *key = keymap_key_at(a, 0, &len);

	x = canvas_printf(c, x, 0, STYLE_KEY, "%.*s", (int)len, key);
	return canvas_text(c, x + 1, 0, STYLE_DIM, a->footer) + 2;
}

static int
key_width(const struct keymap_action *a)
{
	size_t len;

	keymap_key_at(a, 0, &len);
	return (int)len + 1 + (int)strlen(a->footer) + 2;
}

void
border_footer(struct canvas *c, enum keymap_context context)
{
	/* Help and quit are always there; the others as far as they fit. */
	const struct keymap_action *help = keymap_action(ACTION_PANE_HELP);
	const struct keymap_action *quit = keymap_action(ACTION_QUIT);
	int room = c->width - 1 - key_width(help) - key_width(quit), x = 1;

	for (int i = ACTION_NONE + 1; i < ACTION_COUNT; i++) {
		const struct keymap_action *a = keymap_action((enum action)i);

		if (!(a->contexts & context) || a->footer[0] == '\0' || a == help ||
			a == quit)
			continue;
		if (x + key_width(a) <= room + 1)
			x = draw_key(c, x, a);
	}
	x = draw_key(c, x, help);
	draw_key(c, x, quit);
}

static void
centered(struct canvas *c, int y, uint16_t style, const char *text)
{
	int width = canvas_measure(c, text);

	canvas_cut(c, width < c->width ? (c->width - width) / 2 : 0, y, c->width, style,
		text);
}

void
border_empty(struct canvas *c, const struct model *m)
{
	size_t alive = model_children_alive(m);
	const char *where = m->looked_in ? m->looked_in : "";
	int y = c->height / 2 - 3;
	char text[400];

	y = y < 0 ? 0 : y;
	if (alive > 0) {
		snprintf(text, sizeof(text), "%zu node%s starting", alive,
			alive == 1 ? "" : "s");
		centered(c, y + 2, STYLE_STRONG, text);
		return;
	}
	if (m->searching) {
		snprintf(text, sizeof(text), "Looking for nodes in %s", where);
		centered(c, y + 2, STYLE_STRONG, text);
		return;
	}
	centered(c, y, STYLE_STRONG, "No nodes found on this machine");
	snprintf(text, sizeof(text), "(looked in %s)", where);
	if (where[0] != '\0')
		centered(c, y + 1, STYLE_DIM, text);
	centered(c, y + 3, STYLE_TEXT, "b bootstraps 18 nodes in two meshes");
	centered(c, y + 4, STYLE_TEXT, "n starts one node");
	centered(c, y + 6, STYLE_DIM, c->width < 56 ? "or start one in another terminal:"
		: "or start one in another terminal: meshtui --node broker --mesh mesh1");
	if (c->width < 56)
		centered(c, y + 7, STYLE_DIM, "meshtui --node broker --mesh mesh1");
}
