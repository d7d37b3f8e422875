/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "chaos_world.h"

static struct world w;

static void
said(enum primitive p, const struct judge_result *r)
{
	print_message("# %s: %s (%s), %s\n", catalog_at(p)->name,
		judge_verdict_text(r->verdict), judge_class_text(r->class), r->reason);
}

/* The way from one to another may lead over those that have no part in a trial. */
static void
newcomers_connect_the_others(void **state)
{
	const struct judge_result *r;

	(void)state;
	world_init(&w, PRIMITIVE_DISK_FULL);
	w.newcomers = true;
	r = world_run(&w);
	said(PRIMITIVE_DISK_FULL, r);
	assert_int_equal(r->verdict, JUDGE_PASS);
	world_fini(&w);
}

/* Each of the thirteen passes where it has its effect, witnessed after a time. */
static void
each_passes_with_its_effect(void **state)
{
	(void)state;
	for (size_t p = 0; p < PRIMITIVES; p++) {
		const struct judge_result *r;

		if (p == PRIMITIVE_SHAM)
			continue;
		world_init(&w, (enum primitive)p);
		r = world_run(&w);
		said((enum primitive)p, r);
		assert_int_equal(r->verdict, JUDGE_PASS);
		assert_true(r->witness_count >= 2);
		assert_true(r->witnessed_ns > r->injected_ns);
		assert_true(r->recovered_ns > r->reverted_ns);
		assert_true(w.orders > 0);
		world_fini(&w);
	}
}

/* The control: with orders that are taken and not obeyed, none of the thirteen passes. */
static void
none_passes_without_its_effect(void **state)
{
	size_t not = 0;

	(void)state;
	for (size_t p = 0; p < PRIMITIVES; p++) {
		const struct judge_result *r;

		world_init(&w, (enum primitive)p);
		w.stub = true;
		r = world_run(&w);
		said((enum primitive)p, r);
		assert_int_equal(r->verdict, JUDGE_UNPROVEN);
		assert_int_equal(r->class, CLASS_NO_EFFECT);
		assert_true(w.orders > 0);
		not += p != PRIMITIVE_SHAM;
		world_fini(&w);
	}
	assert_int_equal(not, 13);
}

/* Links that are closed and made again at once are no effect of a fault on links. */
static void
links_that_blink_prove_nothing(void **state)
{
	(void)state;
	for (size_t p = 0; p < PRIMITIVES; p++) {
		enum reach reach = catalog_at((enum primitive)p)->reach;
		const struct judge_result *r;

		if (reach != REACH_PAIR && reach != REACH_LINKS)
			continue;
		world_init(&w, (enum primitive)p);
		w.stub = w.blinks = true;
		r = world_run(&w);
		said((enum primitive)p, r);
		assert_int_not_equal(r->verdict, JUDGE_PASS);
		world_fini(&w);
	}
}

/* A sham is unproven also where orders are obeyed. */
static void
a_sham_is_unproven(void **state)
{
	const struct judge_result *r;

	(void)state;
	world_init(&w, PRIMITIVE_SHAM);
	r = world_run(&w);
	assert_int_equal(r->verdict, JUDGE_UNPROVEN);
	world_fini(&w);
}

/* A fault that does not end fails, but for those that end by themselves. */
static void
a_fault_that_stays_fails(void **state)
{
	static const enum primitive lasting[] = { PRIMITIVE_WEDGE, PRIMITIVE_DISK_FULL,
		PRIMITIVE_PARTITION_SUBSET, PRIMITIVE_CLOCK_SKEW, PRIMITIVE_SLOW_LINK,
		PRIMITIVE_LOSSY_LINK, PRIMITIVE_PARTITION_PAIR };

	(void)state;
	for (size_t i = 0; i < sizeof(lasting) / sizeof(lasting[0]); i++) {
		const struct judge_result *r;

		world_init(&w, lasting[i]);
		w.sticks = true;
		r = world_run(&w);
		said(lasting[i], r);
		assert_int_equal(r->verdict, JUDGE_FAIL);
		assert_int_equal(r->class, CLASS_TIMEOUT);
		world_fini(&w);
	}
}

/* Who loses a node that has nothing to do with it has failed. */
static void
a_bystander_that_is_lost_fails_it(void **state)
{
	const struct judge_result *r;

	(void)state;
	world_init(&w, PRIMITIVE_KILL);
	w.lost = 7;
	r = world_run(&w);
	said(PRIMITIVE_KILL, r);
	assert_int_equal(r->verdict, JUDGE_FAIL);
	world_fini(&w);
}

/* A target that is lost by a fault which should leave it live fails that fault. */
static void
a_target_that_is_lost_fails_it(void **state)
{
	const struct judge_result *r;

	(void)state;
	world_init(&w, PRIMITIVE_SLOW_LINK);
	w.lost = 2;
	r = world_run(&w);
	said(PRIMITIVE_SLOW_LINK, r);
	assert_int_equal(r->verdict, JUDGE_FAIL);
	assert_int_equal(r->class, CLASS_ASSERTION);
	world_fini(&w);
}

/* With a node that says nothing at all there is no baseline, and nothing is ordered. */
static void
without_answers_nothing_is_ordered(void **state)
{
	const struct judge_result *r;

	(void)state;
	world_init(&w, PRIMITIVE_KILL);
	w.deaf = 5;
	r = world_run(&w);
	assert_int_equal(r->verdict, JUDGE_UNPROVEN);
	assert_int_equal(w.orders, 0);
	world_fini(&w);
}

/* What was heard, heard once more offline, gives the same verdict at the same times. */
static void
evidence_replays(void **state)
{
	(void)state;
	for (size_t p = 0; p < PRIMITIVES; p++) {
		const enum judge_role *roles;
		const char *names[WORLD_NODES];
		size_t target_of[WORLD_NODES];
		struct judge_config c = { .terms = { .primitive = (enum primitive)p },
			.node_count = WORLD_NODES, .names = names,
			.target_of = target_of };
		const struct judge_result *was, *again;
		struct judge *j;

		world_init(&w, (enum primitive)p);
		w.noise_100us = 40;
		was = world_run(&w);
		roles = trial_roles(w.trial);
		c.roles = roles;
		c.target_count = trial_spec(w.trial)->target_count;
		memcpy(c.terms.params, trial_spec(w.trial)->params,
			sizeof(c.terms.params));
		for (size_t i = 0; i < WORLD_NODES; i++) {
			names[i] = w.nodes[i].name;
			target_of[i] = c.target_count;
		}
		for (size_t k = 0; k < c.target_count; k++)
			target_of[trial_spec(w.trial)->targets[k]] = k;
		j = judge_new(&c);
		for (size_t i = 0; i < trial_evidence_count(w.trial); i++)
			trial_replay(j, trial_evidence_at(w.trial, i));
		again = judge_result(j);
		assert_int_equal(trial_evidence_dropped(w.trial), 0);
		assert_int_equal(again->verdict, was->verdict);
		assert_string_equal(again->reason, was->reason);
		assert_true(again->witnessed_ns == was->witnessed_ns);
		assert_true(again->recovered_ns == was->recovered_ns);
		judge_free(j);
		world_fini(&w);
	}
}

/* A refusal when others took the order already: it is taken off those, and at once. */
static void
a_refusal_takes_off_the_rest(void **state)
{
	static const enum primitive some[] = { PRIMITIVE_CLOCK_SKEW,
		PRIMITIVE_PARTITION_SUBSET, PRIMITIVE_KILL };

	(void)state;
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		const struct judge_result *r;

		world_init(&w, some[i]);
		w.refuses = true;
		r = world_run(&w);
		assert_int_equal(r->verdict, JUDGE_UNPROVEN);
		assert_string_equal(r->reason, "no");
		/* From whom was killed nothing can be taken off: the control. */
		assert_int_equal(w.reverts, some[i] == PRIMITIVE_KILL ? 0 : w.orders / 2);
		world_fini(&w);
	}
}

/* An order that is refused ends the trial, unproven. */
static void
a_refusal_is_unproven(void **state)
{
	(void)state;
	world_init(&w, PRIMITIVE_KILL);
	trial_refused(w.trial, "no", w.now_ns);
	assert_int_equal(trial_phase(w.trial), TRIAL_DONE);
	assert_int_equal(trial_result(w.trial)->verdict, JUDGE_UNPROVEN);
	assert_string_equal(trial_result(w.trial)->reason, "no");
	world_fini(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(newcomers_connect_the_others),
		cmocka_unit_test(each_passes_with_its_effect),
		cmocka_unit_test(none_passes_without_its_effect),
		cmocka_unit_test(links_that_blink_prove_nothing),
		cmocka_unit_test(a_sham_is_unproven),
		cmocka_unit_test(a_fault_that_stays_fails),
		cmocka_unit_test(a_bystander_that_is_lost_fails_it),
		cmocka_unit_test(a_target_that_is_lost_fails_it),
		cmocka_unit_test(without_answers_nothing_is_ordered),
		cmocka_unit_test(evidence_replays),
		cmocka_unit_test(a_refusal_is_unproven),
		cmocka_unit_test(a_refusal_takes_off_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
