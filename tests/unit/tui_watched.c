/* SPDX-License-Identifier: MIT */
#include "tests/unit/tui_watched.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"

#define WALL UINT64_C(1700000000000000)

static void
tell(struct tui_watched *x, enum watched_topic topic, uint64_t lost, struct buf *body)
{
	const struct outlook_sink sink = { .ctx = NULL };
	struct buf frame;

	buf_init(&frame, WATCH_FRAME_LEN_MAX);
	watched_head_put(&frame, WALL);
	watched_item_put(&frame, topic, lost, body);
	outlook_take(&x->outlooks[0], (struct view){ frame.data, frame.len },
		x->world->model.now_ns, &sink);
	buf_fini(&frame);
	buf_fini(body);
}

void
tui_watched_message(struct tui_watched *x, bool sent, const char *kind, uint32_t bytes,
	const char *summary, uint64_t age_ms, uint64_t lost)
{
	struct watched_message m = { .seq = x->outlooks[0].messages_seq + 1,
		.wall_us = WALL - age_ms * 1000, .sent = sent,
		.peer = x->outlooks[1].id, .bytes = bytes };
	struct buf body;

	snprintf(m.kind, sizeof m.kind, "%s", kind);
	snprintf(m.summary, sizeof m.summary, "%s", summary);
	buf_init(&body, 1024);
	watched_message_put(&body, &m);
	tell(x, WATCHED_MESSAGES, lost, &body);
}

static void
tell_links(struct tui_watched *x)
{
	struct watched_link k = { .peer = x->outlooks[1].id, .dialed = true,
		.overlay = true, .remote = { .family = 4 }, .rtt_ns = 1234567,
		.cwnd_bytes = 14720, .age_ms = 61000,
		.bytes_sent = 51200, .bytes_received = 40960 };
	struct watched_part p = { 0, 2 };
	struct buf body;

	buf_init(&body, 4096);
	watched_part_put(&body, &p);
	snprintf(k.name, sizeof k.name, "%s", x->outlooks[1].name);
	watched_link_put(&body, &k);
	snprintf(k.name, sizeof k.name, "observer.console.0b5e7e");
	k.overlay = k.dialed = false;
	k.observer = true;
	watched_link_put(&body, &k);
	tell(x, WATCHED_LINKS, 0, &body);
	p.total = 3;
	buf_init(&body, 4096);
	watched_part_put(&body, &p);
	watched_object_put(&body, &(struct watched_object){ "connection", false, 9, 6 });
	watched_object_put(&body, &(struct watched_object){ "stream", false, 40, 31 });
	watched_object_put(&body, &(struct watched_object){ "topic", false, 1, 1 });
	tell(x, WATCHED_OBJECTS, 0, &body);
}

/* An event, before which 17 had no room in the node. */
static void
tell_event(struct tui_watched *x)
{
	struct watched_event e = { .seq = 18, .wall_us = WALL, .kind = "view.up" };
	struct buf body;

	buf_init(&body, 1024);
	watched_event_put(&body, &e);
	tell(x, WATCHED_EVENTS, 17, &body);
}

static void
add_span(struct tui_watched *x, size_t node, uint8_t id, uint8_t parent, const char *name,
	uint64_t begin_us, uint64_t took_us, const char *why)
{
	static const uint8_t trace[SPAN_TRACE_LEN] = "an echo";
	struct traces_from from = { .node = x->outlooks[node].id,
		.name = x->outlooks[node].name, .wall_us = (int64_t)WALL - 2000000,
		.bound_us = node == 0 ? 180 : 240 };
	struct span s = { .id = { id }, .parent = { parent }, .begin_us = begin_us,
		.duration_us = took_us, .state = why != NULL ? SPAN_FAILED : SPAN_OK,
		.attr_count = 1, .attrs = { { "kind", "echo" } } };
	uint8_t other[SPAN_TRACE_LEN];

	memcpy(other, trace, sizeof other);
	other[15] = why != NULL;
	snprintf(s.name, sizeof s.name, "%s", name);
	snprintf(s.why, sizeof s.why, "%s", why != NULL ? why : "");
	traces_add(x->traces, &from, other, &s);
}

void
tui_watched_init(struct tui_watched *x, struct world *w, size_t first, size_t second)
{
	const size_t actors[2] = { first, second };
	struct model *m = &w->model;
	char name[NAME_LEN_MAX + 1];

	memset(x, 0, sizeof *x);
	x->world = w;
	x->traces = traces_new();
	for (size_t i = 0; i < 2; i++) {
		const struct peer_id *id = world_id(w, actors[i]);

		for (size_t k = 0; k < m->mesh_count; k++)
			if (directory_find(m->meshes[k].directory, id) != NULL)
				directory_name(directory_find(
					m->meshes[k].directory, id), name);
		outlook_init(&x->outlooks[i], id, name);
		x->at[i] = &x->outlooks[i];
	}
	tell_links(x);
	tell_event(x);
	tui_watched_message(x, true, "shuffle", 124, "2 nodes, ttl 5", 4300, 0);
	tui_watched_message(x, false, "ihave", 36, "1 messages", 2100, 17);
	tui_watched_message(x, false, "payload", 208, "digest of 5e811e, seq 5", 900, 0);
	tui_watched_message(x, true, "payload", 208, "digest of 031f0d, seq 6", 200, 0);
	add_span(x, 0, 1, 0, "mesh.request", 0, 2200, NULL);
	add_span(x, 0, 2, 1, "mesh.request.exchange", 90, 2050, NULL);
	add_span(x, 1, 3, 2, "mesh.serve", 1010, 160, NULL);
	add_span(x, 1, 4, 3, "mesh.serve.handle", 1030, 100, NULL);
	add_span(x, 0, 5, 9, "mesh.request", 500000, 1000000, "no answer in time");
	m->wall_us = WALL;
	m->outlooks = x->at;
	m->outlook_count = 2;
	m->traces = x->traces;
	m->trace_rows = traces_rows(x->traces, &m->trace_count);
}

void
tui_watched_fini(struct tui_watched *x)
{
	x->world->model.outlook_count = x->world->model.trace_count = 0;
	x->world->model.traces = NULL;
	outlook_fini(&x->outlooks[0]);
	outlook_fini(&x->outlooks[1]);
	traces_free(x->traces);
}
