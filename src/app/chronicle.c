/* SPDX-License-Identifier: MIT */
#include "app/chronicle.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/text.h"
#include "control/events.h"
#include "control/request.h"
#include "io/loop.h"

#define LINE_LEN_MAX 4096
#define SUPERVISOR "supervisor"
#define TESTER "runner"

void
chronicle_init(struct chronicle *c, size_t cap)
{
	memset(c, 0, sizeof *c);
	c->timeline = timeline_new(cap);
}

void
chronicle_close(struct chronicle *c)
{
	append_file_close(c->file);
	c->file = NULL;
	c->control = NULL;
}

void
chronicle_fini(struct chronicle *c)
{
	timeline_free(c->timeline);
	c->timeline = NULL;
}

int
chronicle_to_file(struct chronicle *c, uv_loop_t *loop, const char *path,
	const struct append_file_hooks *hooks, char why[static APPEND_FILE_WHY_CAP])
{
	c->file = append_file_open(loop, path, hooks, why);
	return c->file != NULL ? ERR_OK : ERR_SYSTEM;
}

static bool
stream_begins(void *ctx, const char *line, size_t len, uint64_t *cursor)
{
	const struct chronicle *c = ctx;
	char why[CONTROL_WHY_CAP];
	enum control_verb verb;

	if (control_request_parse(&verb, line, len, why) != ERR_OK ||
		verb != CONTROL_FOLLOW_EVENTS)
		return false;
	*cursor = timeline_first(c->timeline) - 1;
	return true;
}

static char *
stream_next(void *ctx, uint64_t *cursor)
{
	const struct chronicle *c = ctx;

	return control_events_after(c->timeline, cursor, loop_now_ns());
}

void
chronicle_to_socket(struct chronicle *c, struct control_socket *s)
{
	const struct control_socket_stream stream = { stream_begins, stream_next, c };

	c->control = s;
	control_socket_set_stream(s, &stream);
}

void
chronicle_self(struct chronicle *c, const char *name, const struct peer_id *id,
	const char *mesh)
{
	snprintf(c->source, sizeof c->source, "%s", name);
	snprintf(c->mesh, sizeof c->mesh, "%s", mesh);
	c->id = *id;
}

static void
append(struct chronicle *c, const struct timeline_event *e)
{
	struct buf b;

	buf_init(&b, LINE_LEN_MAX);
	c->untold += append_file_take_lost(c->file);
	if (c->untold > 0) {
		control_events_lost(&b, c->untold);
		if (append_file_line(c->file, b.data, b.len))
			c->untold = 0;
		buf_clear(&b);
	}
	control_events_line(&b, e, e->at_ns);
	if (c->untold > 0 || !append_file_line(c->file, b.data, b.len))
		c->untold++;
	buf_fini(&b);
}

static void
keep(struct chronicle *c, const struct timeline_event *e)
{
	const struct timeline_event *kept = timeline_add(c->timeline, e);

	if (c->file != NULL)
		append(c, kept);
	control_socket_poke(c->control);
}

static void
add(struct chronicle *c, struct timeline_event *e)
{
	e->at_ns = loop_now_ns();
	e->wall_ms = loop_wall_ms();
	keep(c, e);
}

void
chronicle_own(struct chronicle *c, enum timeline_kind kind, const char *format, ...)
{
	struct timeline_event e = { .kind = kind, .id = c->id };
	va_list args;

	snprintf(e.source, sizeof e.source, "%s", c->source);
	snprintf(e.node, sizeof e.node, "%s", c->source);
	snprintf(e.mesh, sizeof e.mesh, "%s", c->mesh);
	va_start(args, format);
	vsnprintf(e.text, sizeof e.text, format, args);
	va_end(args);
	add(c, &e);
}

/* Who and where, from a node's event. */
static void
about(const struct chronicle *c, struct timeline_event *e, const struct node_event *ev)
{
	char hex[ID_HEX_CAP];

	e->id = ev->peer;
	snprintf(e->source, sizeof e->source, "%s", c->source);
	if (ev->peer_name[0] != '\0')
		snprintf(e->node, sizeof e->node, "%s", ev->peer_name);
	else
		snprintf(e->node, sizeof e->node, "%.12s", id_hex(hex, &ev->peer));
	snprintf(e->mesh, sizeof e->mesh, "%s",
		ev->mesh[0] != '\0' ? ev->mesh : c->mesh);
	/* An observer has links into many meshes: the name begins with the right one. */
	if (e->mesh[0] == '\0' && ev->peer_name[0] != '\0')
		snprintf(e->mesh, sizeof e->mesh, "%.*s",
			(int)strcspn(ev->peer_name, "."), ev->peer_name);
}

/* The name of an accuser, else the beginning of its id. */
static const char *
accuser(const struct node *n, const struct node_event *ev,
	char to[static NAME_LEN_MAX + 1])
{
	const struct peer_id *id = &ev->change.accuser;
	struct mesh_row rows[MESHES_MAX];
	size_t count = node_meshes(n, rows, MESHES_MAX);
	char hex[ID_HEX_CAP];

	for (size_t i = 0; i < count; i++) {
		const struct directory_entry *en = directory_find(rows[i].directory, id);

		if (en != NULL && strcmp(rows[i].mesh, ev->mesh) == 0)
			return directory_name(en, to);
	}
	snprintf(to, NAME_LEN_MAX + 1, "%.12s", id_hex(hex, id));
	return to;
}

static void
add_liveness(struct chronicle *c, struct timeline_event *e, const struct node *n,
	const struct node_event *ev)
{
	static const enum timeline_kind kinds[LIVENESS_COUNT] = {
		[LIVENESS_LIVE] = TIMELINE_NODE_LIVE,
		[LIVENESS_SUSPECT] = TIMELINE_NODE_SUSPECT,
		[LIVENESS_GONE] = TIMELINE_NODE_GONE,
		[LIVENESS_LEFT] = TIMELINE_NODE_LEFT,
	};
	const struct directory_change *change = &ev->change;
	char name[NAME_LEN_MAX + 1], by[140] = "";

	/* An accusation of ourselves has a text and no change. */
	if (ev->text[0] != '\0') {
		e->kind = TIMELINE_PEER_ACCUSED;
		snprintf(e->text, sizeof e->text, "it %.150s", ev->text);
		add(c, e);
		return;
	}
	if (change->observer || id_equal(&ev->peer, &c->id))
		return;
	if (!id_is_zero(&change->accuser)) {
		snprintf(by, sizeof by, "by %.110s: %s", accuser(n, ev, name),
			accusation_reason_text(change->reason));
		/* What makes it gone is no new accusation. */
		if (change->to == LIVENESS_SUSPECT) {
			e->kind = TIMELINE_PEER_ACCUSED;
			snprintf(e->text, sizeof e->text, "%s", by);
			add(c, e);
		}
	}
	if (change->removed) {
		e->kind = TIMELINE_NODE_FORGOTTEN;
		snprintf(e->text, sizeof e->text, "after a minute of being %s",
			liveness_text(change->from));
	} else {
		e->kind = kinds[change->to];
		if (change->appeared)
			snprintf(e->text, sizeof e->text, "appeared");
		else
			snprintf(e->text, sizeof e->text, "was %s%s%s",
				liveness_text(change->from),
				by[0] != '\0' ? "; accused " : "", by);
	}
	add(c, e);
}

/* "down: idle timeout" -> "idle timeout"; the kind says the rest. */
static const char *
behind_colon(const char *text)
{
	const char *colon = strstr(text, ": ");

	return colon != NULL ? colon + 2 : text;
}

void
chronicle_node_event(
	struct chronicle *c, const struct node *n, const struct node_event *ev)
{
	struct timeline_event e = { 0 };
	const char *text = ev->text;

	about(c, &e, ev);
	switch (ev->kind) {
	case NODE_EVENT_LIVENESS:
		add_liveness(c, &e, n, ev);
		return;
	case NODE_EVENT_NEIGHBOR:
		e.kind = ev->up ? TIMELINE_VIEW_UP : TIMELINE_VIEW_DOWN;
		text = ev->up ? "a neighbor" : ev->text;
		break;
	case NODE_EVENT_LINK:
		e.kind = ev->up ? TIMELINE_PEER_CONNECTED : TIMELINE_PEER_DISCONNECTED;
		text = behind_colon(ev->text);
		break;
	case NODE_EVENT_SEED:
		e.kind = ev->gave_up ? TIMELINE_SEED_GIVEUP : TIMELINE_SEED_RETRY;
		break;
	case NODE_EVENT_REFUSED:
		e.kind = TIMELINE_PEER_REFUSED;
		break;
	case NODE_EVENT_FAULT:
		e.kind = ev->up ? TIMELINE_CHAOS_INJECTED : TIMELINE_CHAOS_REVERTED;
		break;
	case NODE_EVENT_MESH:
		e.kind = ev->up ? TIMELINE_MESH_HEARD : TIMELINE_MESH_UNREACHABLE;
		snprintf(e.node, sizeof e.node, "%s", ev->mesh);
		e.id = (struct peer_id){ { 0 } };
		break;
	case NODE_EVENT_MESSAGE:
		e.kind = TIMELINE_MESSAGE_RECEIVED;
		break;
	case NODE_EVENT_CROSS:
		e.kind = TIMELINE_CROSS_CONNECTED;
		break;
	case NODE_EVENT_PEERS:
	case NODE_EVENT_ADDRESS:
		return;
	}
	snprintf(e.text, sizeof e.text, "%.*s", TIMELINE_TEXT_CAP - 1, text);
	add(c, &e);
}

void
chronicle_test(
	struct chronicle *c, enum timeline_kind kind, const char *name, const char *text)
{
	struct timeline_event e = { .kind = kind };

	snprintf(e.source, sizeof e.source, "%s", TESTER);
	snprintf(e.node, sizeof e.node, "%s", name);
	snprintf(e.text, sizeof e.text, "%s", text);
	add(c, &e);
}

void
chronicle_alert(struct chronicle *c, const struct alert *al)
{
	bool over = al->cleared_ns != 0;
	struct timeline_event e = { .id = al->subject.id,
		.kind = over ? TIMELINE_ALERT_CLEARED : TIMELINE_ALERT_RAISED };
	char figure[ALERTS_FIGURE_CAP], limit[ALERTS_FIGURE_CAP], took[24];
	const char *why = al->text[0] != '\0' ? al->text : alerts_kind_meaning(al->kind);

	/* A run has no node of its own. */
	snprintf(e.source, sizeof e.source, "%s",
		c->source[0] != '\0' ? c->source : TESTER);
	snprintf(e.node, sizeof e.node, "%s", al->subject.name);
	snprintf(e.mesh, sizeof e.mesh, "%s", al->subject.mesh);
	alerts_figure(figure, al->kind, over ? al->worst : al->value);
	alerts_figure(limit, al->kind, alerts_threshold(al->kind));
	if (over)
		snprintf(e.text, sizeof e.text, "%.30s after %s%s%s%s%.50s",
			alerts_kind_text(al->kind), text_duration(took, sizeof took,
				al->cleared_ns - al->raised_ns),
			figure[0] != '\0' ? ", at most " : "", figure,
			al->text[0] != '\0' ? ": " : "", al->text);
	else
		snprintf(e.text, sizeof e.text, "%.30s%s%s%s%s: %.50s",
			alerts_kind_text(al->kind), figure[0] != '\0' ? " " : "", figure,
			figure[0] != '\0' ? ", threshold " : "", limit, why);
	if (over)
		log_info("alert over: %s: %s", e.node, e.text);
	else
		log_warn("alert: %s: %s", e.node, e.text);
	add(c, &e);
}

static struct chronicle_child *
child_of(struct chronicle *c, unsigned id)
{
	struct chronicle_child *new;

	for (size_t i = 0; i < c->child_count; i++)
		if (c->children[i].id == id)
			return &c->children[i];
	/* The supervisor keeps no more rows than this, and ended ones are not in here. */
	if (c->child_count == CHILDREN_ROWS_MAX)
		return NULL;
	new = &c->children[c->child_count++];
	*new = (struct chronicle_child){ .id = id };
	return new;
}

static void
add_child(struct chronicle *c, const struct child_row *row, enum timeline_kind kind,
	const char *text)
{
	struct timeline_event e = { .kind = kind, .id = row->ready.id };

	snprintf(e.source, sizeof e.source, SUPERVISOR);
	snprintf(e.mesh, sizeof e.mesh, "%s", row->spec.mesh);
	if (row->ready.name[0] != '\0')
		snprintf(e.node, sizeof e.node, "%s", row->ready.name);
	else
		snprintf(e.node, sizeof e.node, "%s.%s", row->spec.mesh, row->spec.type);
	snprintf(e.text, sizeof e.text, "%.*s", TIMELINE_TEXT_CAP - 1, text);
	add(c, &e);
}

static void
add_end(struct chronicle *c, const struct child_row *row)
{
	const struct child_end *end = &row->end;
	bool well = end->status == 0 && end->signal == 0;
	char how[CHILD_END_TEXT_CAP], text[CHILD_END_TEXT_CAP + LIFELINE_TEXT_CAP + 2];

	if (well && end->expected) {
		add_child(c, row, TIMELINE_NODE_LEFT, "its process ended as asked");
		return;
	}
	snprintf(text, sizeof text, "%s%s%s", child_end_text(end, how, sizeof how),
		row->failure[0] != '\0' ? ": " : "", row->failure);
	add_child(c, row, well ? TIMELINE_NODE_LEFT : TIMELINE_NODE_CRASHED, text);
}

void
chronicle_child_changed(struct chronicle *c, const struct child_row *row)
{
	struct chronicle_child *known = child_of(c, row->id);
	char text[64], took[24];

	if (known == NULL)
		return;
	if (!known->spawned && row->pid != 0) {
		known->spawned = true;
		snprintf(text, sizeof text, "pid %d", row->pid);
		add_child(c, row, TIMELINE_NODE_SPAWN, text);
	}
	if (!known->ready && row->ready_ns != 0) {
		known->ready = true;
		snprintf(text, sizeof text, "booted in %s",
			text_duration(took, sizeof took, row->ready.boot_us * 1000));
		add_child(c, row, TIMELINE_NODE_READY, text);
	}
	if (row->state != CHILD_ENDED && known->stalled != (row->stalled_ms != 0)) {
		known->stalled = row->stalled_ms != 0;
		snprintf(text, sizeof text, "for %s by now",
			text_duration(took, sizeof took, MILLISECONDS(row->stalled_ms)));
		add_child(c, row, known->stalled ? TIMELINE_LOOP_STALLED
						 : TIMELINE_LOOP_TURNS,
			known->stalled ? text : "");
	}
	if (row->state == CHILD_ENDED) {
		add_end(c, row);
		*known = c->children[--c->child_count];
	}
}

void
chronicle_children_ended(struct chronicle *c, const struct supervisor *s)
{
	for (size_t i = c->child_count; i-- > 0;) {
		const struct child_row *row = supervisor_find(s, c->children[i].id);

		if (row != NULL)
			chronicle_child_changed(c, row);
	}
}

static enum timeline_kind
kind_of(const char *text)
{
	enum timeline_kind kind = 0;

	while (kind < TIMELINE_KINDS && strcmp(timeline_kind_text(kind), text) != 0)
		kind++;
	return kind;
}

/* A kind of a later version is none that we could show. */
static bool
is_for_remotes(enum timeline_kind kind)
{
	switch (kind) {
	case TIMELINE_KINDS:
	case TIMELINE_NODE_LIVE:
	case TIMELINE_NODE_SUSPECT:
	case TIMELINE_NODE_GONE:
	case TIMELINE_NODE_FORGOTTEN:
	case TIMELINE_NODE_SPAWN:
	case TIMELINE_NODE_CRASHED:
	case TIMELINE_TEST_STARTED:
	case TIMELINE_TEST_ENDED:
		return false;
	default:
		return true;
	}
}

void
chronicle_remote(struct chronicle *c, const struct watched_event *e, uint64_t at_ns)
{
	struct timeline_event to = { .kind = kind_of(e->kind), .id = e->id };
	uint64_t now_ns = loop_now_ns();

	if (!is_for_remotes(to.kind))
		return;
	snprintf(to.source, sizeof to.source, "%s", e->source);
	snprintf(to.node, sizeof to.node, "%s", e->node);
	snprintf(to.mesh, sizeof to.mesh, "%s", e->mesh);
	snprintf(to.text, sizeof to.text, "%s", e->text);
	to.at_ns = at_ns < now_ns ? at_ns : now_ns;
	to.wall_ms = loop_wall_ms() - (now_ns - to.at_ns) / NS_PER_MS;
	keep(c, &to);
}
