/* SPDX-License-Identifier: MIT */
/*
 * Each checker and each claim of test_world, test_gossip and healing is seen to fail
 * where the code that it guards is taken out, and to hold with it in. The linker puts
 * these calls in the place of the real ones (--wrap).
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "gossip/hyparview.h"
#include "mesh/directory_table.h"
#include "node/announce.h"
#include "node/seeding.h"
#include "tests/sim/runs.h"
#include "tests/sim/world_check.h"

enum mutant {
	NONE,
	NO_SEEDING,
	NO_ACCUSATIONS,
	NO_LAG,
	NO_EXCUSE,
	WIDE_VIEWS,
	NO_TIMEOUTS,
	NO_AGING,
	NO_DISCONNECT,
	TWICE,
};
/* Which one is in; tests are one thread. */
static enum mutant in;

#define WRAP_VOID(mutant, name, params, args)                                            \
	void __wrap_##name params;                                                       \
	void __real_##name params;                                                       \
	void __wrap_##name params                                                        \
	{                                                                                \
		if (!(mutant))                                                           \
			__real_##name args;                                              \
	}

/* A deadline of what does nothing would be due for ever. */
#define WRAP_DEADLINE(mutant, name, type)                                                \
	uint64_t __wrap_##name(const type *of);                                          \
	uint64_t __real_##name(const type *of);                                          \
	uint64_t __wrap_##name(const type *of)                                           \
	{                                                                                \
		return in == (mutant) ? NEVER : __real_##name(of);                       \
	}

WRAP_DEADLINE(NO_SEEDING, seeding_deadline, struct node)
WRAP_DEADLINE(NO_AGING, directory_deadline, struct directory)
WRAP_VOID(in == NO_SEEDING, seeding_tick, (struct node * n, uint64_t now_ns), (n, now_ns))
WRAP_VOID(in == NO_ACCUSATIONS || in == NO_AGING, announce_accusation,
	(struct node * n, const struct peer_id *p, uint64_t incarnation,
		enum accusation_reason reason, uint64_t now_ns),
	(n, p, incarnation, reason, now_ns))
WRAP_VOID(in == NO_LAG, node_set_load, (struct node * n, const struct node_load *load),
	(n, load))
WRAP_VOID(in == NO_EXCUSE, node_late, (struct node * n, uint64_t gap_ns), (n, gap_ns))
WRAP_VOID(in == NO_TIMEOUTS, hyparview_timer,
	(struct hyparview * h, struct gossip_ctx *x, struct gossip_timer *t), (h, x, t))
WRAP_VOID(in == NO_TIMEOUTS, hyparview_lost,
	(struct hyparview * h, struct gossip_ctx *x, const struct peer_id *p), (h, x, p))
WRAP_VOID(in == NO_AGING, liveness_advance, (struct directory * d, uint64_t now_ns),
	(d, now_ns))
WRAP_VOID(in == NO_DISCONNECT, outbox_send_disconnect,
	(struct outbox * o, const struct peer_id *to, bool alive), (o, to, alive))

void __wrap_gossip_config_default(struct gossip_config *c);
void __real_gossip_config_default(struct gossip_config *c);
void __wrap_outbox_deliver(struct outbox *o, const struct peer_id *from,
	struct view content, uint16_t round);
void __real_outbox_deliver(struct outbox *o, const struct peer_id *from,
	struct view content, uint16_t round);

void
__wrap_gossip_config_default(struct gossip_config *c)
{
	__real_gossip_config_default(c);
	if (in != WIDE_VIEWS)
		return;
	c->active_max = 2 * GOSSIP_ACTIVE_VIEW;
	c->passive_max = 2 * GOSSIP_PASSIVE_VIEW;
}

void
__wrap_outbox_deliver(struct outbox *o, const struct peer_id *from, struct view content,
	uint16_t round)
{
	__real_outbox_deliver(o, from, content, round);
	if (in == TWICE)
		__real_outbox_deliver(o, from, content, round);
}

static struct world *
mesh_of(size_t nodes)
{
	struct world_config c;
	struct world *w;

	world_config_default(&c, 1);
	c.nodes_max = nodes;
	w = world_new(&c);
	for (size_t i = 0; i < nodes; i++)
		world_add(w, i == 0 ? SIZE_MAX : 0);
	world_run(w, SECONDS(12));
	return w;
}

static bool
settled(struct world *w, bool (*check)(const struct world *w, char *why))
{
	char why[WORLD_WHY_CAP];

	for (int i = 0; i < 160 && !check(w, why); i++)
		world_run(w, MILLISECONDS(250));
	return check(w, why);
}

/*
 * Two halves that never met, because they were cut from the start, and know each other
 * only as places to look. (Once met, shuffled views alone bring 20 nodes together.)
 */
static bool
strangers_become_one(void)
{
	enum mutant then = in;
	char why[WORLD_WHY_CAP];
	struct world_config c;
	struct world *w;
	bool good = false;

	in = NONE; /* they have to find their own half first */
	world_config_default(&c, 1);
	w = world_new(&c);
	for (size_t i = 0; i < 20; i++) {
		struct seed s = {0};

		world_add(w, i == 0 || i == 10 ? SIZE_MAX : i / 10 * 10);
		w->members[i].group = i / 10;
		s.id = w->members[0].config.identity.id;
		s.address = w->members[0].config.bound[0];
		if (i >= 10)
			(void)node_add_seed(w->members[i].node, &s, "", w->now_ns);
	}
	world_run(w, SECONDS(60));
	in = then;
	world_run(w, SECONDS(10)); /* dials that were begun end */
	for (size_t i = 0; i < 20; i++)
		w->members[i].group = 0;
	for (int i = 0; i < 120 && !good; i++) {
		world_run(w, SECONDS(1));
		good = world_check_overlay(w, why) && world_check_directory(w, why);
	}
	world_free(w);
	return good;
}

static bool
kill_is_seen_in_time(void)
{
	struct world *w = mesh_of(18);
	bool seen = true;

	world_kill(w, 5);
	world_run(w, SECONDS(3));
	for (size_t i = 0; i < 18; i++)
		seen = seen && (i == 5 || world_sees(w, i, 5) == LIVENESS_GONE);
	world_free(w);
	return seen;
}

static bool
late_loop_is_silent(void)
{
	struct world *w = mesh_of(18);
	uint64_t accusers = 0;

	world_freeze(w, 5);
	for (int i = 0; i < 70; i++) {
		for (size_t k = 0; k < 18; k++)
			world_late(w, k, MILLISECONDS(600));
		world_run(w, MILLISECONDS(100));
	}
	for (size_t i = 0; i < 18; i++) {
		const struct directory_entry *e = directory_find(
			world_directory(w, i), &w->members[5].config.identity.id);

		accusers += i != 5 && e ? e->accuser_count : 0;
	}
	world_free(w);
	return accusers == 0;
}

static bool
resumed_blames_nobody(void)
{
	struct world *w = mesh_of(18);
	uint64_t suspected;

	world_freeze(w, 5);
	world_run(w, SECONDS(40));
	world_resume(w, 5);
	world_run(w, SECONDS(10));
	suspected = w->members[5].suspected;
	world_free(w);
	return suspected == 0;
}

static bool
degrees_are_bounded(void)
{
	struct world *w = mesh_of(40);
	char why[WORLD_WHY_CAP];
	bool good = world_check_degrees(w, 3, why);

	world_free(w);
	return good;
}

static bool
tables_are_bounded(void)
{
	struct world *w = mesh_of(60);
	char why[WORLD_WHY_CAP];
	bool good;

	world_run(w, SECONDS(120));
	good = world_check_bounds(w, why);
	world_free(w);
	return good;
}

/* Half of a mesh dies without a word: whom it still had asked must not stay pending. */
static bool
nothing_waits_for_ever(void)
{
	struct world *w = mesh_of(30);
	bool good;

	w->config.hints = false;
	for (size_t i = 10; i < 30; i++)
		world_kill(w, i);
	world_run(w, SECONDS(90));
	good = settled(w, world_check_quiet);
	world_free(w);
	return good;
}

static bool
directory_is_true(void)
{
	struct world *w = mesh_of(18);
	bool good;

	world_kill(w, 5);
	world_run(w, SECONDS(60));
	good = settled(w, world_check_directory);
	world_free(w);
	return good;
}

static bool
overlay_is_mutual(void)
{
	struct world *w = mesh_of(40);
	char why[WORLD_WHY_CAP];
	bool good = world_check_overlay(w, why);

	world_free(w);
	return good;
}

static bool
delivered_once(void)
{
	char why[CHECK_WHY_CAP];
	struct net *n = runs_grown(1, 9, NULL);
	bool good;

	net_broadcast(n, 0);
	net_run(n, SECONDS(2));
	good = check_delivered(n, 0, 1, why);
	net_free(n);
	return good;
}

static const struct {
	enum mutant mutant;
	bool (*holds)(void);
} claims[] = {
	{NO_SEEDING, strangers_become_one},
	{NO_ACCUSATIONS, kill_is_seen_in_time},
	{NO_LAG, late_loop_is_silent},
	{NO_EXCUSE, resumed_blames_nobody},
	{WIDE_VIEWS, degrees_are_bounded},
	{WIDE_VIEWS, tables_are_bounded},
	{NO_TIMEOUTS, nothing_waits_for_ever},
	{NO_AGING, directory_is_true},
	{NO_DISCONNECT, overlay_is_mutual},
	{TWICE, delivered_once},
};

/* With everything in place each claim holds. */
static void
whole_code_passes(void **state)
{
	(void)state;
	in = NONE;
	for (size_t i = 0; i < sizeof(claims) / sizeof(*claims); i++) {
		if (!claims[i].holds())
			fail_msg("claim %zu does not hold", i);
	}
}

/* With its guard taken out each is seen to fail. */
static void
mutants_are_caught(void **state)
{
	size_t survived = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(claims) / sizeof(*claims); i++) {
		in = claims[i].mutant;
		if (claims[i].holds()) {
			print_message("# mutant %d survives claim %zu\n", (int)in, i);
			survived++;
		}
	}
	in = NONE;
	assert_int_equal(survived, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_code_passes),
		cmocka_unit_test(mutants_are_caught),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
