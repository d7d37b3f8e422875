/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tui/matches.h"
#include "tui/pane.h"
#include "tui/words.h"

/*
 * What this console saw happen, the newest first. A chosen event stays where it is while
 * others come; the first row follows the newest.
 */
struct pane_timeline {
	struct matches matches;
	unsigned group;
	char mesh[LABEL_LEN_MAX + 1];
	struct peer_id node;	/* whose events are shown; zero: all */
	char node_name[NAME_LEN_MAX + 1];
	uint64_t chosen;	/* a seq; 0: the newest, whichever that is */
	uint64_t paused;	/* nothing newer than this seq is shown; 0: all is */
	int line, page;		/* where the chosen one is, and rows, of the last frame */
};

#define AGE_WIDTH 4
#define KIND_WIDTH 17
#define NODE_WIDTH 22
#define NODE_WIDTH_GOOD 34
#define SOURCE_WIDTH 28
/* From here on there is room for who saw it. */
#define WIDE 120

static const uint16_t styles[TIMELINE_KINDS] = {
	[TIMELINE_NODE_SPAWN] = STYLE_TEXT,
	[TIMELINE_NODE_READY] = STYLE_LIVE,
	[TIMELINE_NODE_LIVE] = STYLE_LIVE,
	[TIMELINE_NODE_SUSPECT] = STYLE_SUSPECT,
	[TIMELINE_NODE_GONE] = STYLE_GONE,
	[TIMELINE_NODE_LEFT] = STYLE_LEFT,
	[TIMELINE_NODE_CRASHED] = STYLE_ERROR,
	[TIMELINE_NODE_FORGOTTEN] = STYLE_DIM,
	[TIMELINE_PEER_CONNECTED] = STYLE_TEXT,
	[TIMELINE_PEER_DISCONNECTED] = STYLE_TEXT,
	[TIMELINE_PEER_REFUSED] = STYLE_WARN,
	[TIMELINE_PEER_ACCUSED] = STYLE_SUSPECT,
	[TIMELINE_SEED_RETRY] = STYLE_WARN,
	[TIMELINE_SEED_GIVEUP] = STYLE_ERROR,
	[TIMELINE_VIEW_UP] = STYLE_DIM,
	[TIMELINE_VIEW_DOWN] = STYLE_DIM,
	[TIMELINE_CHAOS_INJECTED] = STYLE_WARN,
	[TIMELINE_CHAOS_REVERTED] = STYLE_WARN,
	[TIMELINE_TEST_STARTED] = STYLE_STRONG,
	[TIMELINE_TEST_ENDED] = STYLE_STRONG,
	[TIMELINE_ALERT_RAISED] = STYLE_ERROR,
	[TIMELINE_ALERT_CLEARED] = STYLE_LIVE,
};

static void *
pane_timeline_new(void)
{
	struct pane_timeline *p = mem_new(MEM_PANE, sizeof(*p));

	matches_init(&p->matches);
	return p;
}

static void
pane_timeline_free(void *pane)
{
	struct pane_timeline *p = pane;

	matches_fini(&p->matches);
	mem_free(MEM_PANE, p);
}

/* How many rows there are, after a look at what is new. */
static size_t
follow(struct pane_timeline *p, const struct pane_context *x)
{
	const struct timeline *t = x->model->timeline;

	if (!t)
		return 0;
	matches_follow(&p->matches, t, x->filter, p->group, p->mesh, &p->node);
	return p->paused ? matches_upto(&p->matches, p->paused) : p->matches.count;
}

/* Row 0 is the newest; what is chosen and no longer there gives way to an older one. */
static size_t
cursor_of(const struct pane_timeline *p, size_t rows)
{
	size_t older;

	if (p->chosen == 0 || rows == 0)
		return 0;
	older = matches_upto(&p->matches, p->chosen);
	if (older > rows)
		older = rows;
	return older > 0 ? rows - older : rows - 1;
}

static const struct timeline_event *
event_at(const struct pane_timeline *p, const struct timeline *t, size_t rows, size_t row)
{
	return timeline_find(t, p->matches.seqs[rows - 1 - row]);
}

/* "broker" of "mesh1.broker.3b6a27": it has the color that it has everywhere. */
static uint16_t
style_of_node(const struct timeline_event *e)
{
	const char *type = strchr(e->node, '.');
	char label[LABEL_LEN_MAX + 1];

	if (!type)
		return STYLE_TEXT;
	snprintf(label, sizeof(label), "%.*s", (int)strcspn(type + 1, "."), type + 1);
	return theme_type(label);
}

static void
draw_row(struct canvas *c, int y, const struct timeline_event *e, uint64_t now_ns)
{
	bool wide = c->width >= WIDE;
	int node = wide ? NODE_WIDTH_GOOD : NODE_WIDTH, x = AGE_WIDTH + 1, end = c->width;
	char age[16];

	words_age(age, sizeof(age), now_ns > e->at_ns ? now_ns - e->at_ns : 0);
	canvas_right(c, 0, y, AGE_WIDTH, STYLE_DIM, age);
	canvas_cut(c, x, y, KIND_WIDTH, styles[e->kind], timeline_kind_text(e->kind));
	x += KIND_WIDTH + 1;
	canvas_cut(c, x, y, node, style_of_node(e), e->node);
	x += node + 1;
	if (wide) {
		end -= SOURCE_WIDTH + 1;
		canvas_cut(c, end + 1, y, SOURCE_WIDTH, STYLE_DIM, e->source);
	}
	if (end > x)
		canvas_cut(c, x, y, end - x, STYLE_TEXT, e->text);
}

static void
draw_titles(struct canvas *c)
{
	bool wide = c->width >= WIDE;
	int x = AGE_WIDTH + 1;

	canvas_right(c, 0, 0, AGE_WIDTH, STYLE_DIM, "AGE");
	canvas_text(c, x, 0, STYLE_DIM, "KIND");
	x += KIND_WIDTH + 1;
	canvas_text(c, x, 0, STYLE_DIM, "NODE");
	canvas_text(c, x + (wide ? NODE_WIDTH_GOOD : NODE_WIDTH) + 1, 0, STYLE_DIM,
		"WHAT");
	if (wide)
		canvas_text(c, c->width - SOURCE_WIDTH, 0, STYLE_DIM, "SEEN BY");
}

/* What narrows the view, and what is not shown; "" when nothing does. */
static void
describe(const struct pane_timeline *p, const struct pane_context *x, size_t rows,
	char *to, size_t cap)
{
	const struct timeline *t = x->model->timeline;
	uint64_t dropped = timeline_dropped(t), lost = 0;
	char group[MATCHES_GROUP_CAP] = "";
	size_t at = 0;

	/* What watched nodes had no more when we came to it. */
	for (size_t i = 0; i < x->model->outlook_count; i++)
		lost += x->model->outlooks[i]->lost[WATCHED_EVENTS];
	if (p->group)
		matches_group(p->group, group);
	if (!id_is_zero(&p->node))
		at += (size_t)snprintf(to, cap, " of %.60s", p->node_name);
	if (group[0] || p->mesh[0] || x->filter[0])
		at += (size_t)snprintf(to + at, cap - at, " %s%s%s%s%s%s%s", group,
			group[0] ? ".* " : "", p->mesh, p->mesh[0] ? " " : "",
			x->filter[0] ? "\"" : "", x->filter,
			x->filter[0] ? "\" " : "");
	if (at > 0 && (!group[0] && !p->mesh[0] && !x->filter[0]))
		to[at++] = ' ';
	if (at > 0)
		at += (size_t)snprintf(to + at, cap - at, "%zu of %zu", rows,
			timeline_count(t));
	else
		at += (size_t)snprintf(to, cap, " %zu events", rows);
	if (dropped > 0)
		at += (size_t)snprintf(to + at, cap - at, ", %llu dropped",
			(unsigned long long)dropped);
	if (lost > 0)
		at += (size_t)snprintf(to + at, cap - at, ", %llu lost",
			(unsigned long long)lost);
	if (x->model->left_out > 0)
		at += (size_t)snprintf(to + at, cap - at, ", %zu nodes not watched",
			x->model->left_out);
	if (p->paused)
		snprintf(to + at, cap - at, ", PAUSED, %llu newer",
			(unsigned long long)(timeline_last(t) - p->paused));
}

/* The chosen event in full, as far as it goes, and the counts at the right. */
static void
draw_foot(const struct pane_timeline *p, const struct pane_context *x, struct canvas *c,
	size_t rows, const struct timeline_event *e)
{
	int y = c->height - 1, width;
	char text[MATCHES_FILTER_CAP + LABEL_LEN_MAX + 160];

	describe(p, x, rows, text, sizeof(text));
	width = canvas_measure(c, text);
	if (width > c->width)
		width = c->width;
	canvas_cut(c, c->width - width, y, width, p->paused ? STYLE_WARN : STYLE_DIM,
		text);
	if (!e)
		return;
	snprintf(text, sizeof(text), "seen by %.120s: %.120s", e->source, e->text);
	canvas_cut(c, 0, y, c->width - width - 1, STYLE_TEXT, text);
}

static void
draw_rows(struct pane_timeline *p, const struct pane_context *x, struct canvas *c,
	size_t rows)
{
	const struct timeline *t = x->model->timeline;
	size_t cursor = cursor_of(p, rows), page = (size_t)p->page, top;

	top = cursor > (size_t)p->line ? cursor - (size_t)p->line : 0;
	if (top + page > rows)
		top = rows > page ? rows - page : 0;
	p->line = (int)(cursor - top);
	for (size_t y = 0; y < page && top + y < rows; y++)
		draw_row(c, (int)y + 1, event_at(p, t, rows, top + y), x->model->now_ns);
	canvas_flag(c, 0, p->line + 1, c->width, 1, THEME_SELECTED);
}

static void
pane_timeline_draw(void *pane, const struct pane_context *x, struct canvas *c)
{
	const struct timeline *t = x->model->timeline;
	struct pane_timeline *p = pane;
	size_t rows = follow(p, x);
	bool foot = c->height >= 4;

	p->page = c->height - 1 - foot > 0 ? c->height - 1 - foot : 1;
	if (p->line >= p->page)
		p->line = p->page - 1;
	draw_titles(c);
	if (rows > 0)
		draw_rows(p, x, c, rows);
	else
		canvas_text(c, 2, 2, STYLE_DIM, t && timeline_count(t) > 0
			? "no event matches; Esc shows all"
			: "nothing has happened yet");
	if (foot && t)
		draw_foot(p, x, c, rows, rows > 0
			? event_at(p, t, rows, cursor_of(p, rows)) : NULL);
}

static bool
move(struct pane_timeline *p, const struct pane_context *x, enum action a)
{
	size_t rows = follow(p, x), from, to;
	const struct timeline_event *e;
	long line;

	if (rows == 0)
		return false;
	from = cursor_of(p, rows);
	to = keymap_moved(a, from, rows - 1, p->page);
	if (to == SIZE_MAX)
		return false;
	line = p->line + (long)to - (long)from;
	p->line = line < 0 ? 0 : line >= p->page ? p->page - 1 : (int)line;
	e = event_at(p, x->model->timeline, rows, to);
	p->chosen = to > 0 ? e->seq : 0;
	if (!id_is_zero(&e->id))
		*x->selected = e->id;
	return true;
}

static bool
jump(struct pane_timeline *p, const struct pane_context *x)
{
	size_t rows = follow(p, x);

	if (rows == 0)
		return false;
	*x->selected = event_at(p, x->model->timeline, rows, cursor_of(p, rows))->id;
	return true;
}

/* The events of the chosen one's node; or of all again. The chosen one stays so. */
static bool
only_node(struct pane_timeline *p, const struct pane_context *x)
{
	size_t rows = follow(p, x);
	const struct timeline_event *e;

	if (!id_is_zero(&p->node)) {
		p->node = (struct peer_id){ 0 };
		return true;
	}
	if (rows == 0)
		return false;
	e = event_at(p, x->model->timeline, rows, cursor_of(p, rows));
	p->node = e->id;
	snprintf(p->node_name, sizeof(p->node_name), "%s", e->node);
	p->chosen = id_is_zero(&e->id) ? p->chosen : e->seq;
	return !id_is_zero(&e->id);
}

static bool
pane_timeline_act(void *pane, const struct pane_context *x, enum action a)
{
	const struct timeline *t = x->model->timeline;
	struct pane_timeline *p = pane;
	char group[MATCHES_GROUP_CAP];

	if (!t)
		return false;
	switch (a) {
	case ACTION_JUMP:
		return jump(p, x);
	case ACTION_PAUSE:
		p->paused = p->paused ? 0 : timeline_last(t);
		return true;
	case ACTION_KIND:
		p->group = matches_group(p->group + 1, group) ? p->group + 1 : 0;
		return true;
	case ACTION_OF_MESH:
		matches_next_mesh(t, p->mesh);
		return true;
	case ACTION_OF_NODE:
		return only_node(p, x);
	case ACTION_CLEAR:
		p->node = (struct peer_id){ 0 };
		p->group = 0;
		p->mesh[0] = '\0';
		p->chosen = p->paused = 0;
		return true;
	default:
		return move(p, x, a);
	}
}

const struct pane_ops pane_timeline_ops = {
	"timeline",
	IN_TIMELINE,
	pane_timeline_new,
	pane_timeline_free,
	pane_timeline_draw,
	pane_timeline_act,
};
