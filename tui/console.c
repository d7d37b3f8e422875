/* SPDX-License-Identifier: MIT */
#include "tui/console.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tui/asks.h"
#include "tui/border.h"
#include "tui/change.h"
#include "tui/fabric.h"
#include "tui/pane.h"
#include "tui/rows.h"

enum {
	TOPOLOGY, NODES, DIRECTORY, TIMELINE, BOOT, MESSAGES, ALERTS, CHAOS, TESTS, HELP,
	PANES
};

/* In the order of their keys; help is the last. */
static const struct {
	const struct pane_ops *ops;
	enum action action;	/* that shows it */
	const char *brief;	/* its title where there is little room */
} panes[PANES] = {
	[TOPOLOGY] = { &pane_topology_ops, ACTION_PANE_TOPOLOGY, "topo" },
	[NODES] = { &pane_nodes_ops, ACTION_PANE_NODES, "nodes" },
	[DIRECTORY] = { &pane_directory_ops, ACTION_PANE_DIRECTORY, "dir" },
	[TIMELINE] = { &pane_timeline_ops, ACTION_PANE_TIMELINE, "time" },
	[BOOT] = { &pane_boot_ops, ACTION_PANE_BOOT, "boot" },
	[MESSAGES] = { &pane_messages_ops, ACTION_PANE_MESSAGES, "msg" },
	[ALERTS] = { &pane_alerts_ops, ACTION_PANE_ALERTS, "alerts" },
	[CHAOS] = { &pane_chaos_ops, ACTION_PANE_CHAOS, "chaos" },
	[TESTS] = { &pane_tests_ops, ACTION_PANE_TESTS, "tests" },
	[HELP] = { &pane_help_ops, ACTION_PANE_HELP, "help" },
};

struct console {
	void *panes[PANES];
	void *detail;
	size_t current, before_help;
	bool detail_open;
	struct peer_id selected;
	uint64_t alert;
	/* One for the tables of nodes, one for the timeline, one for alerts. */
	char filters[3][PROMPT_TEXT_CAP], filter_before[PROMPT_TEXT_CAP];
	struct asks asks;
	struct pane_fault fault;
	size_t test;
	size_t meshes;		/* of the last frame */
	struct border_said said;
	/* What the last frame showed, so that the next is drawn only for a reason. */
	bool touched;
	uint64_t drawn_ns, drawn_hash;
};

struct console *
console_new(void)
{
	struct console *c = mem_new(MEM_PANE, sizeof(*c));

	for (size_t i = 0; i < PANES; i++)
		c->panes[i] = panes[i].ops->new();
	c->detail = pane_detail_ops.new();
	c->touched = true;
	return c;
}

void
console_free(struct console *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < PANES; i++)
		panes[i].ops->free(c->panes[i]);
	pane_detail_ops.free(c->detail);
	mem_free(MEM_PANE, c);
}

static void say(struct console *c, const struct model *m, enum model_notice_level level,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

static void
say(struct console *c, const struct model *m, enum model_notice_level level,
	const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(c->said.text, sizeof(c->said.text), format, args);
	va_end(args);
	c->said.level = level;
	c->said.at_ns = m->now_ns;
}

static enum keymap_context
context_of(const struct console *c)
{
	return c->detail_open ? IN_DETAIL : panes[c->current].ops->context;
}

static char *
filter_of(struct console *c)
{
	return c->filters[c->current == TIMELINE ? 1 : c->current == ALERTS ? 2 : 0];
}

static bool
prompt_step(struct console *c, const struct model *m, uint32_t key,
	struct console_command *out)
{
	bool filtering = c->asks.prompt.kind == PROMPT_LINE;
	enum prompt_result result = prompt_key(&c->asks.prompt, key);

	if (filtering)
		snprintf(filter_of(c), PROMPT_TEXT_CAP, "%s", result == PROMPT_CANCELED
			? c->filter_before : c->asks.prompt.fields[0].text);
	return result == PROMPT_DONE && asks_answer(&c->asks, m, out);
}

static void
go_to(struct console *c, size_t pane)
{
	if (pane == HELP && c->current != HELP)
		c->before_help = c->current;
	c->current = pane;
	c->detail_open = false;
}

static void
go_back(struct console *c)
{
	if (c->detail_open)
		c->detail_open = false;
	else if (c->current == HELP)
		c->current = c->before_help;
}

/* Clears what narrows the view. */
static void
clear(struct console *c)
{
	if (c->current == TOPOLOGY)
		c->selected = (struct peer_id){ 0 };
	else
		filter_of(c)[0] = '\0';
}

/* To the node that the timeline has just selected. */
static void
jump(struct console *c, const struct model *m)
{
	struct row row;

	if (!rows_one(&row, m, &c->selected)) {
		say(c, m, MODEL_NOTICE_WARN, "that node is in no directory");
		return;
	}
	go_to(c, NODES);
	filter_of(c)[0] = '\0';	/* or it may not be seen there */
}

/* What the console does itself; false when the pane is to act. */
static bool
act_here(struct console *c, const struct model *m, enum action a)
{
	char why[ASKS_WHY_CAP];
	struct row row;

	for (size_t i = 0; i < PANES; i++)
		if (panes[i].action == a) {
			go_to(c, i);
			return true;
		}
	switch (a) {
	case ACTION_NEXT_PANE:
		go_to(c, (c->current + 1) % PANES);
		return true;
	case ACTION_PREVIOUS_PANE:
		go_to(c, (c->current + PANES - 1) % PANES);
		return true;
	case ACTION_BACK:
		go_back(c);
		return true;
	case ACTION_OPEN:
		c->detail_open = rows_one(&row, m, &c->selected);
		return true;
	case ACTION_CLEAR:
		clear(c);
		/* These have more to clear. */
		return c->current != TIMELINE && c->current != ALERTS;
	case ACTION_FILTER:
		snprintf(c->filter_before, PROMPT_TEXT_CAP, "%s", filter_of(c));
		prompt_line(&c->asks.prompt, ASK_FILTER, "filter:", filter_of(c));
		return true;
	case ACTION_SPAWN:
		asks_spawn(&c->asks, m, &c->selected);
		return true;
	case ACTION_STOP:
		if (!asks_stop(&c->asks, m, &c->selected, why))
			say(c, m, MODEL_NOTICE_WARN, "%s", why);
		return true;
	case ACTION_SEND:
		if (!asks_send(&c->asks, m, &c->selected, why))
			say(c, m, MODEL_NOTICE_WARN, "%s", why);
		return true;
	case ACTION_BOOTSTRAP:
		prompt_confirm(&c->asks.prompt, ASK_BOOTSTRAP,
			"Start 18 nodes in two meshes on this "
			"machine? They end with this console.");
		return true;
	default:
		return false;
	}
}

/* The first mesh that is heard and has no picture yet. */
static bool
watch_mesh(struct console *c, const struct model *m, struct console_command *out)
{
	const struct backbone_mesh *b;

	for (size_t i = 0; (b = fabric_other(m, i)) != NULL; i++) {
		if (b->state != BACKBONE_HEARD)
			continue;
		out->kind = CONSOLE_WATCH_MESH;
		memcpy(out->mesh, b->summary.mesh, sizeof(out->mesh));
		return true;
	}
	say(c, m, MODEL_NOTICE_INFO, "every mesh that is heard is shown already");
	return false;
}

/* What the pane has chosen is to be done. */
static bool
command_of(struct console *c, const struct model *m, enum action a,
	struct console_command *out)
{
	switch (a) {
	case ACTION_ACKNOWLEDGE:
	case ACTION_ACKNOWLEDGE_ALL:
		out->kind = CONSOLE_ACKNOWLEDGE;
		out->alert = a == ACTION_ACKNOWLEDGE ? c->alert : 0;
		return true;
	case ACTION_INJECT:
		ask_fault_open(&c->asks.fault, &c->asks.prompt, ASK_FAULT,
			c->fault.primitive, m, &c->selected);
		return false;
	case ACTION_REVERT:
		out->kind = CONSOLE_REVERT;
		out->fault = c->fault.number;
		return true;
	case ACTION_RUN_TEST:
	case ACTION_CANCEL_TEST:
		out->kind = a == ACTION_RUN_TEST ? CONSOLE_RUN_TEST
						 : CONSOLE_CANCEL_TEST;
		out->test = c->test;
		return true;
	case ACTION_LOOP:
		out->kind = CONSOLE_LOOP_STOP;
		if (m->loop && m->loop->on)
			return true;
		out->kind = CONSOLE_NOTHING;
		ask_loop_open(&c->asks.prompt, ASK_LOOP, m);
		return false;
	case ACTION_HALT:
		out->kind = CONSOLE_HALT;
		return true;
	default:
		return false;
	}
}

bool
console_key(struct console *c, const struct model *m, uint32_t key,
	struct console_command *out)
{
	struct pane_context x = { m, &c->selected, filter_of(c), &c->alert,
		&c->fault, &c->test };
	enum action a;

	*out = (struct console_command){ .kind = CONSOLE_NOTHING };
	c->touched = true;
	if (c->asks.prompt.kind != PROMPT_NONE)
		return prompt_step(c, m, key, out);
	a = keymap_find(context_of(c), key);
	if (a == ACTION_QUIT)
		return asks_quit(&c->asks, m, out);
	if (a == ACTION_REDRAW) {
		out->kind = CONSOLE_REDRAW;
		return true;
	}
	if (a == ACTION_WATCH_MESH)
		return watch_mesh(c, m, out);
	if (a == ACTION_NONE || act_here(c, m, a))
		return false;
	if (c->detail_open) {
		pane_detail_ops.act(c->detail, &x, a);
		return false;
	}
	if (!panes[c->current].ops->act(c->panes[c->current], &x, a))
		return false;
	if (a == ACTION_JUMP)
		jump(c, m);
	return command_of(c, m, a, out);
}

static uint64_t
showing(const struct console *c, const struct model *m)
{
	unsigned parts = 0;

	if (c->current == TIMELINE)
		parts |= CHANGE_TIMELINE;
	if (c->current == BOOT)
		parts |= CHANGE_BOOTS;
	if (c->current == ALERTS)
		parts |= CHANGE_ALERTS;
	if (c->current <= DIRECTORY || c->current == CHAOS || c->detail_open)
		parts |= CHANGE_FAULTS;
	if (c->current == TESTS)
		parts |= CHANGE_TESTS;
	if (c->current == MESSAGES || c->detail_open)
		parts |= CHANGE_WATCHED;
	return change_hash(m, parts);
}

bool
console_due(const struct console *c, const struct model *m)
{
	if (c->drawn_ns != 0 && m->now_ns < c->drawn_ns + CONSOLE_FRAME_NS)
		return false;
	return c->touched || showing(c, m) != c->drawn_hash;
}

uint64_t
console_deadline(const struct console *c, const struct model *m)
{
	uint64_t second_ns = (m->now_ns / NS_PER_S + 1) * NS_PER_S;
	bool changed = c->touched || showing(c, m) != c->drawn_hash;

	return changed ? c->drawn_ns + CONSOLE_FRAME_NS : second_ns;
}

void
console_wants(const struct console *c, struct console_wants *to)
{
	*to = (struct console_wants){ .selected = c->selected };
	if (c->detail_open)
		to->of_selected |= 1u << WATCHED_LINKS | 1u << WATCHED_OBJECTS;
	/* Who sends to whom across meshes; of one mesh the timeline shows it. */
	else if (c->current == TOPOLOGY && c->meshes > 1)
		to->all = 1u << WATCHED_EVENTS;
	else if (c->current == TIMELINE)
		to->all = 1u << WATCHED_EVENTS;
	else if (c->current == BOOT)
		to->all = 1u << WATCHED_BOOT | 1u << WATCHED_SPANS;
	else if (c->current == MESSAGES)
		to->of_selected = 1u << WATCHED_MESSAGES;
}

static void
draw_body(struct console *c, const struct model *m, struct canvas *body)
{
	struct pane_context x = { m, &c->selected, filter_of(c), &c->alert,
		&c->fault, &c->test };
	struct border_facts f;

	border_facts(&f, m);
	if (f.nodes == 0 && c->current != HELP && c->current != TIMELINE &&
		c->current != BOOT && c->current != ALERTS && c->current != CHAOS &&
		c->current != TESTS)
		border_empty(body, m);
	else if (c->detail_open)
		pane_detail_ops.draw(c->detail, &x, body);
	else
		panes[c->current].ops->draw(c->panes[c->current], &x, body);
}

static void
draw_too_small(struct canvas *canvas)
{
	char text[80];

	snprintf(text, sizeof(text), "terminal too small: %dx%d, need %dx%d",
		canvas->width, canvas->height, CONSOLE_WIDTH_MIN, CONSOLE_HEIGHT_MIN);
	canvas_cut(canvas, 0, 0, canvas->width, STYLE_WARN, text);
}

void
console_draw(struct console *c, const struct model *m, struct canvas *canvas)
{
	int head = border_header_lines(canvas->height);
	struct canvas header = canvas_window(canvas, 0, 0, canvas->width, head);
	struct canvas body =
		canvas_window(canvas, 0, head, canvas->width, canvas->height - head - 2);
	struct canvas status =
		canvas_window(canvas, 0, canvas->height - 2, canvas->width, 1);
	struct canvas footer =
		canvas_window(canvas, 0, canvas->height - 1, canvas->width, 1);
	struct border_tab tabs[PANES];

	c->touched = false;
	c->meshes = m->mesh_count + fabric_others(m);
	c->drawn_ns = m->now_ns;
	c->drawn_hash = showing(c, m);
	canvas_clear(canvas);
	if (canvas->width < CONSOLE_WIDTH_MIN || canvas->height < CONSOLE_HEIGHT_MIN) {
		draw_too_small(canvas);
		return;
	}
	for (size_t i = 0; i < PANES; i++)
		tabs[i] = (struct border_tab){ panes[i].ops->title, panes[i].brief,
			panes[i].action };
	border_header(&header, m, tabs, PANES, c->current);
	draw_body(c, m, &body);
	if (c->asks.prompt.kind == PROMPT_LINE)
		prompt_draw(&c->asks.prompt, &status);
	else
		border_status(&status, m, c->said.at_ns != 0 ? &c->said : NULL);
	border_footer(&footer, context_of(c));
	if (c->asks.prompt.kind == PROMPT_CONFIRM || c->asks.prompt.kind == PROMPT_FORM)
		prompt_draw(&c->asks.prompt, &body);
}
