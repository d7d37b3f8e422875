/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "mesh/directory.h"
#include "scenario_world.h"

#define STEP MILLISECONDS(5)
#define READY_AFTER MILLISECONDS(30)
#define QUIT_AFTER MILLISECONDS(20)

void
world_init(struct world *w, const char *yaml)
{
	struct problems p;
	char why[PLAN_WHY_CAP];
	struct runner_config c = { .file = "test.yaml", .data_root = "/nowhere" };

	memset(w, 0, sizeof(*w));
	w->killed = w->mute = w->deaf = w->never_ready = w->liar = w->leaver =
		WORLD_NODES_MAX;
	w->notice_ns = SECONDS(2);
	w->now_ns = SECONDS(1000);
	problems_init(&p);
	w->scenario = scenario_parse(
		(struct view){ (const uint8_t *)yaml, strlen(yaml) }, 50, &p);
	assert_non_null(w->scenario);
	problems_fini(&p);
	w->supervisor = supervisor_new(CHILDREN_MAX);
	w->plan = plan_make(w->scenario, 1, why);
	assert_non_null(w->plan);
	c.plan = w->plan;
	w->runner = runner_new(&c, w->supervisor, w->now_ns);
}

void
world_fini(struct world *w)
{
	runner_free(w->runner);
	supervisor_free(w->supervisor);
	plan_free(w->plan);
	scenario_free(w->scenario);
	assert_int_equal(mem_live(MEM_RUNNER), 0);
	assert_int_equal(mem_live(MEM_SCENARIO), 0);
	assert_int_equal(mem_live(MEM_CHILD), 0);
}

static struct world_node *
node_of(struct world *w, unsigned child)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->nodes[i].child == child)
			return &w->nodes[i];
	fail_msg("no node %u", child);
	return NULL;
}

static struct world_node *
by_label(struct world *w, size_t label)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->nodes[i].spec.label == label)
			return &w->nodes[i];
	return NULL;
}

/* How `n` sees `other`: LIVENESS_COUNT when it does not list it. */
static uint8_t
sees(struct world *w, const struct world_node *n, const struct world_node *other)
{
	uint64_t dead_ns = other->end_ns ? w->now_ns - other->end_ns : 0;
	bool liar = n->spec.label == w->liar && w->now_ns >= w->liar_ns;

	if (strcmp(n->spec.mesh, other->spec.mesh) != 0)
		return liar && w->other_mesh ? LIVENESS_LIVE : LIVENESS_COUNT;
	if (!other->ready)
		return LIVENESS_COUNT;
	if (liar && w->suspects && other->spec.label == 0)
		return LIVENESS_SUSPECT;
	if (liar && w->forgets && other->spec.label == 0)
		return LIVENESS_COUNT;
	if (other->gone && dead_ns >= w->notice_ns)
		return LIVENESS_GONE;
	if (other->gone && dead_ns >= w->notice_ns / 2)
		return LIVENESS_SUSPECT;
	return LIVENESS_LIVE;
}

static void
add_casts(struct world *w, const struct world_node *n, struct lifeline_view *v)
{
	struct cast_count *c = &v->casts[0];

	v->cpu_us = (w->now_ns - n->spawn_ns) / 1000000;
	v->memory_kib = 9000;
	for (size_t i = 0; i < w->count; i++)
		if (&w->nodes[i] != n && w->nodes[i].cast_run &&
			strcmp(w->nodes[i].spec.mesh, n->spec.mesh) == 0) {
			c->run = w->nodes[i].cast_run;
			c->delivered += w->nodes[i].cast;
			v->cast_count = 1;
		}
	if (n->spec.label == 0 && v->cast_count) {
		c->delivered -= w->cast_lost;
		c->duplicates = w->cast_twice;
		v->casts_dropped = w->cast_lost;
	}
	for (uint64_t i = 0; i < c->delivered; i++)
		spread_add(&c->took, 1000);
}

static void
answer(struct world *w, struct world_node *n, uint64_t ask)
{
	struct lifeline_record r = { .tag = LIFELINE_VIEW, .view = { .ask = ask } };
	struct lifeline_view *v = &r.view;
	bool liar = n->spec.label == w->liar && w->now_ns >= w->liar_ns;

	v->nodes = mem_array(WORLD_NODES_MAX + 1, sizeof(*v->nodes));
	for (size_t i = 0; i < w->count; i++) {
		uint8_t liveness = sees(w, n, &w->nodes[i]);

		if (liveness == LIVENESS_COUNT)
			continue;
		v->nodes[v->node_count++] = (struct lifeline_view_node){
			.id = w->nodes[i].id, .liveness = liveness, .age_ms = 7
		};
		/* A star around the first of each mesh is enough to be connected. */
		if (liveness == LIVENESS_LIVE && &w->nodes[i] != n &&
			!(liar && w->half_links))
			v->links[v->link_count++] = w->nodes[i].id;
	}
	if (liar && w->foreign) {
		v->nodes[v->node_count] =
			(struct lifeline_view_node){ .liveness = LIVENESS_LIVE };
		memset(&v->nodes[v->node_count++].id, 0xee, sizeof(struct peer_id));
	}
	add_casts(w, n, v);
	v->handshakes = 5 + ask * w->handshakes_each_ask;
	supervisor_record(w->supervisor, n->child, &r, w->now_ns);
}

static void
say_ready(struct world *w, struct world_node *n)
{
	struct lifeline_record r = { .tag = LIFELINE_READY };

	n->ready = true;
	r.ready.id = n->id;
	r.ready.address_count = 1;
	address_parse(&r.ready.addresses[0], "127.0.0.1:4000");
	snprintf(r.ready.name, sizeof(r.ready.name), "%.20s.%.20s.%02x%02x%02x",
		n->spec.mesh, n->spec.type, n->id.bytes[0], n->id.bytes[1],
		n->id.bytes[2]);
	supervisor_record(w->supervisor, n->child, &r, w->now_ns);
}

static void
end(struct world *w, struct world_node *n, int signal)
{
	n->gone = true;
	n->end_ns = w->now_ns;
	supervisor_exited(w->supervisor, n->child, 0, signal, w->now_ns);
}

static void
send_letters(struct world *w, struct world_node *n, const struct letter_order *o)
{
	struct lifeline_record r = { .tag = LIFELINE_SENT,
		.sent = { .number = o->number, .count = o->count,
			.acked = o->count - w->lost_messages,
			.failed = w->lost_messages, .different = w->different,
			.took_us = 5000 } };

	w->sent[w->sends++ % 8] = *o;
	if (o->way == LETTER_GOSSIP) {
		n->cast_run = o->run;
		n->cast = r.sent.acked;
	}
	if (w->lost_messages > 0) {
		r.sent.status = DELIVERY_GONE;
		snprintf(r.sent.why, sizeof(r.sent.why), "%s is gone", o->destination);
	}
	if (!w->never_sent)
		supervisor_record(w->supervisor, n->child, &r, w->now_ns);
}

static void
carry_out(struct world *w, const struct supervisor_order *o)
{
	struct world_node *n;

	if (o->kind == ORDER_SPAWN) {
		n = &w->nodes[w->count++];
		n->child = o->child;
		n->spec = o->spec;
		n->id.bytes[0] = 0xa0;
		n->id.bytes[1] = (uint8_t)o->spec.label;
		/* A new node in the place of an old one is somebody else. */
		for (size_t i = 0; i + 1 < w->count; i++)
			n->id.bytes[2] += w->nodes[i].spec.label == o->spec.label;
		n->spawn_ns = w->now_ns;
		supervisor_spawned(
			w->supervisor, o->child, 100 + (int)o->child, w->now_ns);
		return;
	}
	n = node_of(w, o->child);
	if (n->gone)
		return;
	if (o->kind == ORDER_SIGNAL) {
		if (o->signal == SIGKILL || n->spec.label != w->deaf)
			end(w, n, o->signal);
		return;
	}
	if (o->record.tag == LIFELINE_QUIT) {
		n->quit_ns = w->now_ns;
		return;
	}
	if (o->record.tag == LIFELINE_SEND) {
		send_letters(w, n, &o->record.send);
		return;
	}
	if (o->record.tag == LIFELINE_FAULT) {
		w->orders++;
		if (w->obeys && o->record.fault.kind == FAULT_DIE)
			end(w, n, SIGKILL);
		return;
	}
	w->asks++;
	if (w->all_mute_in_hold && runner_report(w->runner)->steps[1].reached)
		return;
	if (w->all_mute || (n->spec.label == w->mute && w->now_ns >= w->mute_ns))
		return;
	answer(w, n, o->record.ask.ask);
}

static void
nodes_tick(struct world *w)
{
	for (size_t i = 0; i < w->count; i++) {
		struct world_node *n = &w->nodes[i];

		if (n->gone)
			continue;
		if (!n->ready && n->spec.label != w->never_ready &&
		    w->now_ns >= n->spawn_ns + READY_AFTER)
			say_ready(w, n);
		if (n->quit_ns && n->spec.label != w->deaf &&
			w->now_ns >= n->quit_ns + QUIT_AFTER)
			end(w, n, 0);
	}
	if (w->killed_ns && w->now_ns >= w->killed_ns) {
		w->killed_ns = 0;
		end(w, by_label(w, w->killed), SIGKILL);
	}
	if (w->leaver_ns && w->now_ns >= w->leaver_ns) {
		struct lifeline_record r = { .tag = LIFELINE_STOPPING,
			.stopping = { .reason = "SIGTERM" } };

		w->leaver_ns = 0;
		supervisor_record(
			w->supervisor, by_label(w, w->leaver)->child, &r, w->now_ns);
	}
}

void
world_resume(struct world *w, const struct report_soak *from)
{
	struct runner_config c = { .file = "test.yaml", .data_root = "/nowhere",
		.plan = w->plan, .resume = from };

	runner_free(w->runner);
	w->runner = runner_new(&c, w->supervisor, w->now_ns);
}

const struct report *
world_run(struct world *w)
{
	uint64_t end_ns = w->now_ns + SECONDS(100);
	struct supervisor_order o;

	while (!runner_done(w->runner)) {
		assert_true(w->now_ns < end_ns);
		nodes_tick(w);
		supervisor_tick(w->supervisor, w->now_ns);
		if (w->pause_at_ns && w->now_ns >= w->pause_at_ns) {
			w->now_ns += w->pause_ns;
			w->pause_at_ns = 0;
		}
		runner_tick(w->runner, w->now_ns);
		if (w->cancel_ns && w->now_ns >= w->cancel_ns)
			runner_cancel(w->runner, "told to", w->now_ns);
		while (supervisor_next_order(w->supervisor, &o))
			carry_out(w, &o);
		if (!runner_done(w->runner)) {
			uint64_t due_ns = runner_deadline(w->runner);

			assert_true(due_ns > w->now_ns);
			if (due_ns - w->now_ns > w->longest_wait_ns)
				w->longest_wait_ns = due_ns - w->now_ns;
		}
		w->now_ns += STEP;
	}
	return runner_report(w->runner);
}
