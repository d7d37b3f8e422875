/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "supervisor/child.h"

struct child *
child_new(unsigned id, const struct child_spec *spec, uint64_t now_ns)
{
	struct child *c = mem_new(MEM_CHILD, sizeof(*c));

	c->row.id = id;
	c->row.spec = *spec;
	c->row.state = CHILD_STARTING;
	c->row.started_ns = now_ns;
	c->press_ns = c->silent_ns = c->stall_ns = NEVER;
	c->lifeline_open = true;
	return c;
}

static void
drop_view(struct child *c)
{
	if (!c->row.view)
		return;

	struct lifeline_record r = { .tag = LIFELINE_VIEW, .view = c->view };

	lifeline_fini(&r);
	c->row.view = NULL;
}

void
child_free(struct child *c)
{
	if (!c)
		return;
	drop_view(c);
	span_set_fini(&c->spans);
	free(c->faults);
	free(c->row.sent);
	mem_free(MEM_CHILD, c);
}

int
child_stop(struct child *c, uint64_t now_ns, unsigned *acts)
{
	if (c->row.state == CHILD_ENDED || c->stop_asked)
		return ERR_STATE;
	c->stop_asked = true;
	c->row.state = CHILD_STOPPING;
	c->silent_ns = c->stall_ns = NEVER; /* from here on it is pressed */
	if (c->lifeline_open) {
		*acts |= CHILD_ACT_QUIT;
		c->press_ns = now_ns;
	} else {
		/* Deaf since earlier: what is left of the 2 s would only be lost. */
		if (!c->termed)
			*acts |= CHILD_ACT_TERM;
		c->termed = true;
		if (c->press_ns > now_ns)
			c->press_ns = now_ns;
	}
	return ERR_OK;
}

bool
child_hears(const struct child *c)
{
	return c->row.state == CHILD_READY && c->lifeline_open;
}

int
child_ask(struct child *c, uint64_t now_ns, uint64_t *ask)
{
	if (!child_hears(c))
		return ERR_STATE;
	c->row.asked_ns = now_ns;
	*ask = ++c->asks;
	return ERR_OK;
}

static void
take_ready(struct child *c, const struct lifeline_ready *ready, uint64_t now_ns)
{
	if (c->row.state != CHILD_STARTING)
		return;
	c->row.ready = *ready;
	c->row.ready_ns = now_ns;
	c->row.heartbeat_ns = now_ns;
	c->silent_ns = now_ns + CHILD_SILENT;
	c->row.state = CHILD_READY;
}

static void
take_text(struct child *c, const char *text)
{
	text_printable(c->row.failure, sizeof(c->row.failure), text,
		strnlen(text, LIFELINE_TEXT_CAP));
}

static void
take_faults(struct child *c, const struct fault_status *s, uint64_t now_ns)
{
	if (!c->faults)
		c->faults = mem_array(1, sizeof(*c->faults));
	*c->faults = *s;
	text_printable(c->faults->why, sizeof(c->faults->why), s->why, strlen(s->why));
	c->row.faults = c->faults;
	c->row.faults_ns = now_ns;
}

static void
take_sent(struct child *c, const struct letter_report *s)
{
	struct letter_report *to;

	if (!c->row.sent)
		c->row.sent = mem_array(CHILD_SENT_MAX, sizeof(*c->row.sent));
	to = &c->row.sent[c->row.sent_next++ % CHILD_SENT_MAX];
	*to = *s;
	text_printable(to->why, sizeof(to->why), s->why, strlen(s->why));
	text_printable(to->receiver, sizeof(to->receiver), s->receiver,
		strlen(s->receiver));
}

static void
take_stalled(struct child *c, uint32_t for_ms, uint64_t now_ns)
{
	c->row.stalled_ms = for_ms;
	if (for_ms == 0 || c->row.state != CHILD_READY)
		c->stall_ns = NEVER;
	else if (c->stall_ns == NEVER)
		c->stall_ns = now_ns - MILLISECONDS(for_ms);
}

void
child_record(struct child *c, struct lifeline_record *r, uint64_t now_ns)
{
	if (c->row.state == CHILD_ENDED) {
		lifeline_fini(r);
		return;
	}
	switch (r->tag) {
	case LIFELINE_READY:
		take_ready(c, &r->ready, now_ns);
		break;
	case LIFELINE_HEARTBEAT:
		c->row.heartbeat_ns = now_ns;
		c->row.stalled_ms = 0;
		c->stall_ns = NEVER;
		c->silent_ns = now_ns + CHILD_SILENT;
		c->row.loop_lag_ms = r->heartbeat.loop_lag_ms;
		break;
	case LIFELINE_FAILED:
		take_text(c, r->failed.text);
		break;
	case LIFELINE_VIEW:
		drop_view(c);
		c->view = r->view;
		c->row.view = &c->view;
		c->row.view_ns = now_ns;
		return;
	case LIFELINE_SPANS:
		span_set_fini(&c->spans);
		c->spans = r->spans;
		c->row.spans = &c->spans;
		c->row.spans_ns = now_ns;
		return;
	case LIFELINE_STOPPING:
		/* By itself, not because we asked: the end is not expected. */
		if (c->row.state != CHILD_STOPPING && r->stopping.reason[0])
			take_text(c, r->stopping.reason);
		c->row.state = CHILD_STOPPING;
		break;
	case LIFELINE_FAULT_STATUS:
		take_faults(c, &r->fault_status, now_ns);
		break;
	case LIFELINE_SENT:
		take_sent(c, &r->sent);
		break;
	case LIFELINE_STALLED:
		take_stalled(c, r->stalled.for_ms, now_ns);
		break;
	case LIFELINE_ASK:
	case LIFELINE_QUIT:
	case LIFELINE_FAULT:
	case LIFELINE_SEND:
		break;	/* these go down only; said upwards they mean nothing */
	}
	lifeline_fini(r);
}

void
child_lifeline_closed(struct child *c, uint64_t now_ns)
{
	c->lifeline_open = false;
	if (c->row.state != CHILD_ENDED && c->press_ns == NEVER)
		c->press_ns = now_ns;
}

void
child_spawned(struct child *c, int pid, uint64_t now_ns)
{
	if (c->row.state == CHILD_ENDED)
		return;
	c->row.pid = pid;
	c->row.started_ns = now_ns;
}

void
child_fail(struct child *c, const char *why, uint64_t now_ns)
{
	if (c->row.state == CHILD_ENDED)
		return;
	take_text(c, why);
	/* 127: as a shell says "could not be started". */
	child_exited(c, 127, 0, now_ns);
	c->row.end.expected = false;
}

void
child_lost(struct child *c, const char *why, uint64_t now_ns)
{
	if (c->row.state == CHILD_ENDED)
		return;
	if (why)
		take_text(c, why);
	child_exited(c, 0, 0, now_ns);
	c->row.end.heard = why != NULL;
	c->row.end.released = why == NULL;
}

void
child_exited(struct child *c, int status, int signal, uint64_t now_ns)
{
	if (c->row.state == CHILD_ENDED)
		return;
	c->row.state = CHILD_ENDED;
	c->row.pid = 0;
	c->row.end = (struct child_end){
		.expected = c->stop_asked,
		.forced = c->killed && signal == SIGKILL,
		.status = signal ? 0 : status,
		.signal = signal,
		.at_ns = now_ns,
	};
	c->press_ns = c->silent_ns = c->stall_ns = NEVER;
	c->lifeline_open = false;
}

uint64_t
child_deadline(const struct child *c, uint64_t patience_ns)
{
	uint64_t due = NEVER;

	if (c->press_ns != NEVER && !c->killed)
		due = c->press_ns + (c->termed ? CHILD_KILL_AFTER : CHILD_TERM_AFTER);
	if (c->silent_ns < due)
		due = c->silent_ns;
	if (patience_ns != NEVER && c->stall_ns != NEVER && !c->killed &&
		c->stall_ns + patience_ns < due)
		due = c->stall_ns + patience_ns;
	return due;
}

/*
 * Beats come every second, so whoever is silent for CHILD_SILENT stands still, its
 * watchdog as well: it was stopped. When we are late ourselves its beats wait to be read.
 */
static void
look_for_stall(struct child *c, uint64_t now_ns)
{
	if (now_ns < c->silent_ns)
		return;
	if (now_ns - c->silent_ns > SECONDS(1)) {
		c->silent_ns = now_ns + SECONDS(1);
		return;
	}
	if (c->stall_ns == NEVER)
		take_stalled(c, CHILD_SILENT / NS_PER_MS, now_ns);
	c->silent_ns = NEVER;
}

/* Whoever stands still for so long does not come back by itself. */
static unsigned
end_stalled(struct child *c, uint64_t patience_ns, uint64_t now_ns)
{
	char took[24];

	if (patience_ns == NEVER || c->stall_ns == NEVER || c->killed ||
		now_ns < c->stall_ns + patience_ns)
		return 0;
	snprintf(c->row.failure, sizeof(c->row.failure),
		"its loop stood still for %s, so it is started anew",
		text_duration(took, sizeof(took), now_ns - c->stall_ns));
	c->killed = c->revive = true;
	return CHILD_ACT_KILL;
}

unsigned
child_tick(struct child *c, uint64_t patience_ns, uint64_t now_ns)
{
	unsigned acts;

	look_for_stall(c, now_ns);
	acts = end_stalled(c, patience_ns, now_ns);
	if (c->press_ns == NEVER)
		return acts;
	if (!c->termed && now_ns >= c->press_ns + CHILD_TERM_AFTER) {
		c->termed = true;
		acts |= CHILD_ACT_TERM;
	}
	if (!c->killed && now_ns >= c->press_ns + CHILD_KILL_AFTER) {
		c->killed = true;
		acts |= CHILD_ACT_KILL;
	}
	return acts;
}

char *
child_end_text(const struct child_end *e, char *to, size_t cap)
{
	const char *forced = e->forced ? ", forced" : "";
	const char *name = e->signal ? sigabbrev_np(e->signal) : NULL;

	if (e->heard)
		snprintf(to, cap, "is gone, by the word of its mesh");
	else if (e->released)
		snprintf(to, cap, "goes on without us");
	else if (e->signal && name)
		snprintf(
			to, cap, "ended by signal %d (SIG%s)%s", e->signal, name, forced);
	else if (e->signal)
		snprintf(to, cap, "ended by signal %d%s", e->signal, forced);
	else
		snprintf(to, cap, "exited with status %d%s", e->status, forced);
	return to;
}
