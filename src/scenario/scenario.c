/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "scenario/check.h"
#include "scenario/steps.h"

#define RATE_MIN 600	/* bytes a second: as wire/fault.h has it */
#define DELAY_MAX SECONDS(60)

static void
check_group(struct check *c, const char *mesh, const struct tree_item *item)
{
	struct scenario_group g = { 0 };
	uint64_t count = 0;

	snprintf(g.mesh, sizeof(g.mesh), "%s", mesh);
	check_label(c, item->line, item->column, item->key, "node type", g.type);
	if (!check_kind(c, item->value, TREE_SCALAR, "the number of nodes"))
		return;
	if (text_u64(item->value->text, UINT64_MAX, &count) != ERR_OK) {
		CHECK_AT(c, item->value, RULE_NUMBER, "'%.40s' is no number of nodes",
			item->value->text);
		return;
	}
	if (count > c->nodes_max || c->s->node_count + count > c->nodes_max) {
		if (!c->over)
			CHECK_AT(c, item->value, RULE_LIMIT, "more than %zu nodes in all",
				c->nodes_max);
		c->over = true;
		return;
	}
	if (c->s->group_count == SCENARIO_GROUPS_MAX) {
		CHECK_AT(c, item, RULE_LIMIT, "more than %d node types in all",
			SCENARIO_GROUPS_MAX);
		return;
	}
	g.count = (unsigned)count;
	c->s->node_count += count;
	c->s->groups[c->s->group_count++] = g;
}

static void
check_meshes(struct check *c, const struct tree_node *n)
{
	if (!check_kind(c, n, TREE_MAPPING, "'meshes'"))
		return;
	if (!n->count)
		CHECK_AT(c, n, RULE_EMPTY, "'meshes' names no mesh");
	c->s->groups = mem_array(SCENARIO_GROUPS_MAX, sizeof(*c->s->groups));
	for (size_t i = 0; i < n->count; i++) {
		const struct tree_item *item = &n->items[i];
		char mesh[LABEL_LEN_MAX + 1] = "";

		if (i == MESHES_MAX) {
			CHECK_AT(c, item, RULE_LIMIT, "more than %d meshes", MESHES_MAX);
			return;
		}
		check_label(c, item->line, item->column, item->key, "mesh", mesh);
		if (!check_kind(c, item->value, TREE_MAPPING, "a mesh"))
			continue;
		if (!item->value->count)
			CHECK_AT(c, item->value, RULE_EMPTY,
				"mesh '%s' names no node type", mesh);
		c->s->mesh_count++;
		for (size_t k = 0; k < item->value->count; k++)
			check_group(c, mesh, &item->value->items[k]);
	}
}

static void
check_node(struct check *c, const struct tree_node *n)
{
	static const char *const starts[] = { "at-once", "later" };
	const struct tree_node *found[KEYS];
	struct selectors match = { .count = 0 }, *later = &c->s->selects[0];
	bool wait = false;

	if (!check_keys(c, n, PLACE_NODE, found))
		return;
	check_select(c, found[KEY_NODE_MATCH], "'match'", &match);
	if (found[KEY_NODE_START])
		wait = check_word(c, found[KEY_NODE_START], "time to start", starts, 2) ==
		       1;
	if (wait && c->s->attach) {
		CHECK_AT(c, found[KEY_NODE_START], RULE_ATTACH,
			"'start: later' is for nodes that are started here, and attach "
			"starts none");
		return;
	}
	for (size_t i = 0; wait && i < match.count; i++) {
		if (later->count == SELECTORS_MAX) {
			CHECK_AT(c, n, RULE_LIMIT,
				"more than %d selectors to start later", SELECTORS_MAX);
			return;
		}
		later->at[later->count++] = match.at[i];
	}
}

/* "64kB", "1.5MB", "900B": bytes a second. */
static void
check_rate(struct check *c, const struct tree_node *n, uint64_t *to)
{
	static const struct {
		const char *text;
		double factor;
	} units[] = { { "B", 1 }, { "kB", 1e3 }, { "MB", 1e6 } };
	double value;
	char *end;

	if (!n || !check_kind(c, n, TREE_SCALAR, "'rate'"))
		return;
	value = strtod(n->text, &end);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].text) != 0 ||
			strspn(n->text, "0123456789.") != (size_t)(end - n->text))
			continue;
		if (value * units[i].factor < RATE_MIN ||
			value * units[i].factor > 1e12) {
			CHECK_AT(c, n, RULE_RANGE, "'rate' is %dB a second at the least",
				RATE_MIN);
			return;
		}
		*to = (uint64_t)(value * units[i].factor);
		return;
	}
	CHECK_AT(c, n, RULE_UNIT, "'rate' '%.40s' has no unit: write 900B, 64kB or 1.5MB",
		n->text);
}

static void
check_link(struct check *c, const struct tree_node *n)
{
	const struct tree_node *found[KEYS];
	struct scenario_link l = { .cut = false };

	if (!check_keys(c, n, PLACE_LINK, found))
		return;
	check_select(c, found[KEY_LINK_FROM], "'from'", &l.from);
	check_select(c, found[KEY_LINK_TO], "'to'", &l.to);
	check_duration(c, found[KEY_LINK_DELAY], "'delay'", &l.delay_ns);
	check_duration(c, found[KEY_LINK_JITTER], "'jitter'", &l.jitter_ns);
	check_share(c, found[KEY_LINK_LOSS], "'loss'", 1, 10000, &l.loss);
	check_rate(c, found[KEY_LINK_RATE], &l.rate);
	check_bool(c, found[KEY_LINK_CUT], "'cut'", &l.cut);
	if (l.delay_ns > DELAY_MAX)
		CHECK_AT(c, found[KEY_LINK_DELAY], RULE_RANGE, "'delay' is at most 60s");
	if (l.jitter_ns > l.delay_ns)
		CHECK_AT(c, found[KEY_LINK_JITTER], RULE_RANGE,
			"'jitter' is at most the delay");
	if (!found[KEY_LINK_DELAY] && !found[KEY_LINK_LOSS] && !found[KEY_LINK_RATE] &&
		!found[KEY_LINK_CUT])
		CHECK_AT(c, n, RULE_EMPTY,
			"a link without delay, loss, rate or cut is as it is anyway");
	c->s->links[c->s->link_count++] = l;
}

static void
check_items(struct check *c, const struct tree_node *n, const char *what, size_t max,
	void (*one)(struct check *, const struct tree_node *))
{
	if (!n || !check_kind(c, n, TREE_SEQUENCE, what))
		return;
	if (!n->count)
		CHECK_AT(c, n, RULE_EMPTY, "%s is an empty list", what);
	for (size_t i = 0; i < n->count; i++) {
		if (i == max) {
			CHECK_AT(c, n->items[i].value, RULE_LIMIT, "more than %zu in %s",
				max, what);
			return;
		}
		one(c, n->items[i].value);
	}
}

static void
check_allow(struct check *c, const struct tree_node *n)
{
	static const char *const words[] = { "seed", "last-gateway" };
	size_t i = check_word(c, n, "thing to allow", words, 2);

	c->s->guards.seed |= i == 0;
	c->s->guards.last_gateway |= i == 1;
}

static void
check_keep(struct check *c, const struct tree_node *n)
{
	struct guards *g = &c->s->guards;

	if (!check_kind(c, n, TREE_MAPPING, "'keep-alive'"))
		return;
	for (size_t i = 0; i < n->count; i++) {
		const struct tree_item *item = &n->items[i];
		bool there = false;
		uint64_t count = 0;

		if (g->keep_count == GUARDS_KEEP_MAX) {
			CHECK_AT(c, item, RULE_LIMIT,
				"more than %d types in 'keep-alive'", GUARDS_KEEP_MAX);
			return;
		}
		for (size_t k = 0; k < c->s->group_count; k++)
			there |= strcmp(c->s->groups[k].type, item->key) == 0;
		if (!there)
			CHECK_AT(c, item, RULE_GUARD, "no mesh has nodes of type '%.60s'",
				item->key);
		check_count(c, item->value, "the number to keep", 0, CHILDREN_POOL_MAX,
			&count);
		snprintf(g->keep[g->keep_count].type, LABEL_LEN_MAX + 1, "%.63s",
			item->key);
		g->keep[g->keep_count++].count = (unsigned)count;
	}
}

static void
check_guards(struct check *c, const struct tree_node *n)
{
	const struct tree_node *found[KEYS];
	unsigned share = GUARDS_SHARE_STANDARD * 100;

	if (!n || !check_keys(c, n, PLACE_GUARDS, found))
		return;
	check_share(c, found[KEY_GUARDS_SHARE], "'share'", 100, 10000, &share);
	c->s->guards.share = share / 100;
	check_items(c, found[KEY_GUARDS_ALLOW], "'allow'", 2, check_allow);
	if (found[KEY_GUARDS_KEEP])
		check_keep(c, found[KEY_GUARDS_KEEP]);
}

/* The host is whoever looks it up to judge. */
static void
check_seed(struct check *c, const struct tree_node *n)
{
	char hex[ID_HEX_CAP];
	struct peer_id id;
	const char *at, *port;
	uint64_t number;

	if (!check_kind(c, n, TREE_SCALAR, "a seed"))
		return;
	at = strchr(n->text, '@');
	port = strrchr(n->text, ':');
	snprintf(hex, sizeof(hex), "%.*s", at ? (int)(at - n->text) : 0, n->text);
	if (!at || at - n->text != ID_HEX_CAP - 1 || id_parse(&id, hex) != ERR_OK ||
		!port || port < at + 2 ||
		text_u64(port + 1, UINT16_MAX, &number) != ERR_OK || number == 0 ||
		strlen(n->text) >= SCENARIO_SEED_CAP) {
		CHECK_AT(c, n, RULE_VALUE,
			"'%.80s' is no seed: write ID@HOST:PORT, the id with 64 hex "
			"digits", n->text);
		return;
	}
	snprintf(c->s->seeds[c->s->seed_count++], SCENARIO_SEED_CAP, "%s", n->text);
}

static void
check_attach(struct check *c, const struct tree_node *const *found)
{
	const struct tree_node *seeds = found[KEY_ROOT_SEEDS];

	check_bool(c, found[KEY_ROOT_ATTACH], "'attach'", &c->s->attach);
	if (c->s->attach && found[KEY_ROOT_LINKS])
		CHECK_AT(c, found[KEY_ROOT_LINKS], RULE_ATTACH,
			"'links' stand for the whole run, and nothing may stand on nodes "
			"of others without a lease: with attach use faults, slow-link or "
			"lossy-link");
	if (seeds && !c->s->attach) {
		CHECK_AT(c, seeds, RULE_ATTACH,
			"'seeds' are for attach: true; nodes that are started here know "
			"each other");
		return;
	}
	if (!seeds)
		return;
	c->s->seeds = mem_array(SEEDS_MAX, sizeof(*c->s->seeds));
	if (seeds->kind == TREE_SEQUENCE)
		check_items(c, seeds, "'seeds'", SEEDS_MAX, check_seed);
	else
		check_seed(c, seeds);
}

static void
check_report(struct check *c, const struct tree_node *n)
{
	const struct tree_node *found[KEYS];

	if (!n || !check_keys(c, n, PLACE_REPORT, found))
		return;
	check_path(c, found[KEY_REPORT_JSON], "'json'", c->s->json);
	check_path(c, found[KEY_REPORT_TAP], "'tap'", c->s->tap);
	check_path(c, found[KEY_REPORT_JUNIT], "'junit'", c->s->junit);
}

static void
check_root(struct check *c, const struct tree_node *n)
{
	const struct tree_node *found[KEYS], *name;

	if (!check_keys(c, n, PLACE_ROOT, found))
		return;
	name = found[KEY_ROOT_NAME];
	if (name && check_kind(c, name, TREE_SCALAR, "'name'"))
		check_label(c, name->line, name->column, name->text, "name", c->s->name);
	check_count(c, found[KEY_ROOT_SEED], "'seed'", 0, UINT64_MAX, &c->s->seed);
	if (found[KEY_ROOT_MESHES])
		check_meshes(c, found[KEY_ROOT_MESHES]);
	check_attach(c, found);
	check_items(c, found[KEY_ROOT_NODES], "'nodes'", SELECTORS_MAX, check_node);
	check_items(c, found[KEY_ROOT_LINKS], "'links'", SCENARIO_LINKS_MAX, check_link);
	check_guards(c, found[KEY_ROOT_GUARDS]);
	check_claims(c, found[KEY_ROOT_STEADY], "'steady_state'", &c->s->claims[0]);
	if (found[KEY_ROOT_STEPS])
		steps_check(c, found[KEY_ROOT_STEPS]);
	check_report(c, found[KEY_ROOT_REPORT]);
}

struct scenario *
scenario_parse(struct view source, size_t nodes_max, struct problems *p)
{
	struct check c = { .problems = p, .nodes_max = nodes_max };
	struct tree *t = tree_parse(source, p);

	if (t) {
		c.s = mem_new(MEM_SCENARIO, sizeof(*c.s));
		c.s->seed = 1;
		guards_init(&c.s->guards);
		c.s->links = mem_array(SCENARIO_LINKS_MAX, sizeof(*c.s->links));
		c.s->selects = mem_array(1, sizeof(*c.s->selects));
		c.s->select_count = 1;
		(void)steps_new_claims(c.s);
		check_root(&c, tree_root(t));
	}
	tree_free(t);
	problems_sort(p);
	if (p->count) {
		scenario_free(c.s);
		return NULL;
	}
	assert(c.s);
	return c.s;
}

void
scenario_free(struct scenario *s)
{
	if (!s)
		return;
	free(s->groups);
	free(s->steps);
	free(s->claims);
	free(s->faults);
	free(s->soaks);
	free(s->selects);
	free(s->links);
	free(s->letters);
	free(s->roster);
	free(s->seeds);
	mem_free(MEM_SCENARIO, s);
}

static void
claims_text(const struct scenario_claims *claims, char *to, size_t cap)
{
	char one[CLAIM_TEXT_CAP];
	size_t len = 0;

	to[0] = '\0';
	for (size_t i = 0; i < claims->count && len < cap; i++)
		len += (size_t)snprintf(to + len, cap - len, "%s%s", i ? ", " : "",
			claim_text(&claims->at[i], one));
}

/* "send 100 from mesh1.broker to mesh2", "echo for 10s from ...". */
static void
letter_text(const struct scenario *s, const struct scenario_step *st,
	char to[static SCENARIO_STEP_TEXT_CAP])
{
	const struct letter_order *o = &s->letters[st->letter];
	char more[100], amount[32], time[24];

	selector_text(&s->selects[st->select], more, sizeof(more));
	if (o->for_us > 0)
		snprintf(amount, sizeof(amount), "for %s",
			text_duration(time, sizeof(time), o->for_us * 1000));
	else
		snprintf(amount, sizeof(amount), "%" PRIu64, o->count);
	if (st->kind == STEP_GOSSIP) {
		snprintf(to, SCENARIO_STEP_TEXT_CAP, "gossip %s each from %.90s", amount,
			more);
		return;
	}
	snprintf(to, SCENARIO_STEP_TEXT_CAP, "%s %s from %.50s to %.60s",
		st->kind == STEP_ECHO ? "echo" : "send", amount, more, o->destination);
}

char *
scenario_step_text(const struct scenario *s, const struct scenario_step *st,
	char to[static SCENARIO_STEP_TEXT_CAP])
{
	char time[24], more[100], every[24];

	switch (st->kind) {
	case STEP_WAIT:
	case STEP_EXPECT:
		claims_text(&s->claims[st->claims], more, sizeof(more));
		snprintf(to, SCENARIO_STEP_TEXT_CAP, "%s %s within %s",
			st->kind == STEP_WAIT ? "wait until" : "expect", more,
			text_duration(time, sizeof(time), st->within_ns));
		break;
	case STEP_HOLD:
		snprintf(to, SCENARIO_STEP_TEXT_CAP, "hold %s",
			text_duration(time, sizeof(time), st->hold_ns));
		break;
	case STEP_FAULT:
		selector_text(&s->faults[st->fault].targets, more, sizeof(more));
		snprintf(to, SCENARIO_STEP_TEXT_CAP, "fault %s on %s for %s",
			catalog_at(s->faults[st->fault].primitive)->name, more,
			text_duration(time, sizeof(time), s->faults[st->fault].lease_ns));
		break;
	case STEP_SOAK:
		snprintf(to, SCENARIO_STEP_TEXT_CAP, "soak %s, a fault every %s",
			text_duration(time, sizeof(time), s->soaks[st->soak].duration_ns),
			text_duration(
				every, sizeof(every), s->soaks[st->soak].cadence_ns));
		break;
	case STEP_SEND:
	case STEP_ECHO:
	case STEP_GOSSIP:
		letter_text(s, st, to);
		break;
	case STEP_SPAWN:
	case STEP_STOP:
	case STEP_BASELINE:
		selector_text(&s->selects[st->select], more, sizeof(more));
		snprintf(to, SCENARIO_STEP_TEXT_CAP, "%s%s%s",
			st->kind == STEP_STOP	 ? "stop"
			: st->kind == STEP_SPAWN ? "spawn" : "baseline",
			s->selects[st->select].count ? " " : "",
			s->selects[st->select].count ? more : "");
		break;
	}
	return to;
}
