/* SPDX-License-Identifier: MIT */
/* The steps that make nodes talk: send, echo and gossip. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "mesh/pattern.h"
#include "scenario/steps.h"

#define WITHIN SECONDS(30)
#define RATE_MAX 1000000
#define STREAMS_MAX 1000

static size_t
new_select(struct scenario *s)
{
	s->selects = mem_resize(s->selects, s->select_count + 1, sizeof(*s->selects));
	memset(&s->selects[s->select_count], 0, sizeof(*s->selects));
	return s->select_count++;
}

static size_t
put_letter(struct scenario *s, const struct letter_order *o)
{
	s->letters = mem_resize(s->letters, s->letter_count + 1, sizeof(*s->letters));
	s->letters[s->letter_count] = *o;
	return s->letter_count++;
}

static void
check_destination(struct check *c, const struct tree_node *n, struct letter_order *o)
{
	char why[PATTERN_WHY_CAP];
	struct pattern p;

	if (!n || !check_kind(c, n, TREE_SCALAR, "'to'"))
		return;
	if (pattern_parse(&p, n->text, why) != ERR_OK)
		CHECK_AT(c, n, RULE_VALUE, "'to': %s", why);
	else
		snprintf(o->destination, sizeof(o->destination), "%s", n->text);
}

static void
check_rate(struct check *c, const struct tree_node *n, struct letter_order *o)
{
	uint64_t rate = 0;

	check_count(c, n, "'rate'", 1, RATE_MAX, &rate);
	o->every_us = rate > 0 ? 1000000 / rate : 0;
}

/* What the rate or the duration needs, and something more. */
static void
check_within(struct check *c, const struct tree_node *n, const struct letter_order *o,
	struct scenario_step *st)
{
	uint64_t needs_us = o->for_us ? o->for_us : o->count * o->every_us;
	uint64_t wanted_ns = needs_us * 1000 + WITHIN;

	st->within_ns = wanted_ns < SCENARIO_TIME_MAX ? wanted_ns : SCENARIO_TIME_MAX;
	check_duration(c, n, "'within'", &st->within_ns);
}

static void
check_label_of(struct check *c, const struct tree_node *n, struct letter_order *o)
{
	if (n && check_kind(c, n, TREE_SCALAR, "'kind'"))
		check_label(c, n->line, n->column, n->text, "a kind", o->kind);
}

void
steps_letters_send(struct check *c, const struct tree_node *n, struct scenario_step *st)
{
	struct letter_order o = { .kind = "scenario", .len = 64, .count = 1 };
	const struct tree_node *found[KEYS];
	uint64_t len = o.len;

	if (!check_keys(c, n, PLACE_SEND, found))
		return;
	st->select = new_select(c->s);
	check_select(c, found[KEY_SEND_FROM], "'from'", &c->s->selects[st->select]);
	check_destination(c, found[KEY_SEND_TO], &o);
	check_count(c, found[KEY_SEND_COUNT], "'count'", 1, SENDING_COUNT_MAX, &o.count);
	check_rate(c, found[KEY_SEND_RATE], &o);
	check_count(c, found[KEY_SEND_BYTES], "'bytes'", 0, MESSAGE_BODY_LEN_MAX, &len);
	check_label_of(c, found[KEY_SEND_KIND], &o);
	o.len = (uint32_t)len;
	check_within(c, found[KEY_SEND_WITHIN], &o, st);
	st->letter = put_letter(c->s, &o);
}

void
steps_letters_echo(struct check *c, const struct tree_node *n, struct scenario_step *st)
{
	struct letter_order o = { .way = LETTER_ECHO, .kind = "echo", .len = 64,
		.count = 1 };
	const struct tree_node *found[KEYS];
	uint64_t len = o.len, streams = 0, for_ns = 0;

	if (!check_keys(c, n, PLACE_ECHO, found))
		return;
	st->select = new_select(c->s);
	check_select(c, found[KEY_ECHO_FROM], "'from'", &c->s->selects[st->select]);
	check_destination(c, found[KEY_ECHO_TO], &o);
	check_count(c, found[KEY_ECHO_COUNT], "'count'", 1, ECHO_COUNT_MAX, &o.count);
	check_duration(c, found[KEY_ECHO_FOR], "'for'", &for_ns);
	check_rate(c, found[KEY_ECHO_RATE], &o);
	check_count(c, found[KEY_ECHO_STREAMS], "'streams'", 1, STREAMS_MAX, &streams);
	check_count(c, found[KEY_ECHO_BYTES], "'bytes'", 0, ECHO_LEN_MAX, &len);
	check_count(c, found[KEY_ECHO_LEAST], "'least'", 1, RATE_MAX, &st->least);
	if (found[KEY_ECHO_FOR] && found[KEY_ECHO_COUNT])
		CHECK_AT(c, found[KEY_ECHO_FOR], RULE_VALUE,
			"'for' or 'count': one says how many, the other how long");
	if (found[KEY_ECHO_FOR])
		o.count = ECHO_COUNT_MAX;
	o.len = (uint32_t)len;
	o.window = (uint32_t)streams;
	o.for_us = for_ns / 1000;
	check_within(c, found[KEY_ECHO_WITHIN], &o, st);
	st->letter = put_letter(c->s, &o);
}

void
steps_letters_gossip(struct check *c, const struct tree_node *n, struct scenario_step *st)
{
	struct letter_order o = { .way = LETTER_GOSSIP, .kind = "scenario", .len = 64,
		.count = 1 };
	const struct tree_node *found[KEYS];
	uint64_t len = o.len;

	if (!check_keys(c, n, PLACE_GOSSIP, found))
		return;
	st->select = new_select(c->s);
	st->delivered = 10000;
	check_select(c, found[KEY_GOSSIP_FROM], "'from'", &c->s->selects[st->select]);
	st->hearers = new_select(c->s);
	check_select(c, found[KEY_GOSSIP_TO], "'to'", &c->s->selects[st->hearers]);
	check_count(c, found[KEY_GOSSIP_COUNT], "'count'", 1, CAST_COUNT_MAX, &o.count);
	check_rate(c, found[KEY_GOSSIP_RATE], &o);
	check_count(c, found[KEY_GOSSIP_BYTES], "'bytes'", 0, CAST_BODY_LEN_MAX, &len);
	check_label_of(c, found[KEY_GOSSIP_KIND], &o);
	check_share(c, found[KEY_GOSSIP_DELIVERED], "'delivered'", 0, 10000,
		&st->delivered);
	check_duration(c, found[KEY_GOSSIP_P99], "'p99'", &st->p99_ns);
	check_duration(c, found[KEY_GOSSIP_SILENCE], "'silence'", &st->silence_ns);
	o.len = (uint32_t)len;
	check_within(c, found[KEY_GOSSIP_WITHIN], &o, st);
	st->letter = put_letter(c->s, &o);
}
