/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "base/mem.h"
#include "mesh/alerts.h"
#include "mesh_fixture.h"

static const struct alert_subject subject = { .id = { { 9 } },
	.name = "mesh1.broker.090000", .mesh = "mesh1" };

struct counted {
	unsigned raised, cleared;
	struct alert last;
};

static void
drain(struct alerts *a, struct counted *c)
{
	struct alert al;

	while (alerts_next_change(a, &al)) {
		c->raised += al.cleared_ns == 0;
		c->cleared += al.cleared_ns != 0;
		c->last = al;
	}
}

/* One figure a second, in order. */
static struct counted
figures(struct alerts *a, enum alert_kind kind, const uint64_t *values, size_t count)
{
	struct counted c = { 0 };

	for (size_t i = 0; i < count; i++) {
		alerts_observe(a, kind, &subject, values[i], SECONDS(100 + i), 1000 * i);
		drain(a, &c);
	}
	return c;
}

#define FIGURES(a, kind, values) \
	figures(a, kind, values, sizeof(values) / sizeof(values[0]))

/* Below the threshold nothing is raised, and nothing is kept. */
static void
low_figures_raise_nothing(void **state)
{
	static const uint64_t low[] = { 0, 50, 89, 89, 89, 89, 89, 89, 10, 89 };
	struct alerts *a = alerts_new(4, 4);
	struct counted c = FIGURES(a, ALERT_CPU_BUDGET, low);

	(void)state;
	assert_int_equal(c.raised + c.cleared, 0);
	assert_int_equal(alerts_count(a), 0);
	assert_int_equal(mem_live(MEM_ALERT_TRACK), 0);
	alerts_free(a);
	alerts_free(NULL);
	assert_int_equal(mem_live(MEM_ALERTS), 0);
}

/* An excursion is raised once after its time, and cleared once after its time. */
static void
an_excursion_is_told_once(void **state)
{
	uint64_t values[60];
	struct alerts *a = alerts_new(4, 4);
	struct counted c;
	const struct alert *al;

	(void)state;
	for (size_t i = 0; i < 60; i++)
		values[i] = i < 5 || i >= 30 ? 20 : 90 + i;
	c = FIGURES(a, ALERT_CPU_BUDGET, values);
	assert_int_equal(c.raised, 1);
	assert_int_equal(c.cleared, 1);
	assert_int_equal(alerts_active(a), 0);
	assert_int_equal(alerts_count(a), 1);
	al = alerts_at(a, 0);
	assert_int_equal(al->raised_ns, SECONDS(100 + 5 + 3));
	assert_int_equal(al->cleared_ns, SECONDS(100 + 30 + 10));
	assert_int_equal(al->worst, 90 + 29);
	assert_int_equal(al->value, 20);
	assert_string_equal(al->subject.name, subject.name);
	assert_int_equal(mem_live(MEM_ALERT_TRACK), 0);
	alerts_free(a);
}

/* What flaps around the threshold, or far around it, raises once. */
static void
flapping_raises_once(void **state)
{
	uint64_t near[200], far[200];
	struct alerts *a = alerts_new(4, 4);
	struct counted c;

	(void)state;
	for (size_t i = 0; i < 200; i++) {
		near[i] = i < 10 || i % 2 == 0 ? 91 : 89;
		far[i] = i < 10 || i % 8 < 4 ? 300 : 0;
	}
	c = FIGURES(a, ALERT_CPU_BUDGET, near);
	assert_int_equal(c.raised, 1);
	assert_int_equal(c.cleared, 0);
	c = FIGURES(a, ALERT_LOOP_LAG, far);
	assert_int_equal(c.raised, 1);
	assert_int_equal(c.cleared, 0);
	assert_int_equal(alerts_active(a), 2);
	alerts_free(a);
}

/* A short peak of the CPU is none, one of the loop's lag is. */
static void
peaks_count_where_they_do_harm(void **state)
{
	static const uint64_t cpu[] = { 0, 400, 0, 0, 0, 0 };
	static const uint64_t lag[] = { 0, 400, 0, 0, 0, 0 };
	struct alerts *a = alerts_new(4, 4);

	(void)state;
	assert_int_equal(FIGURES(a, ALERT_CPU_BUDGET, cpu).raised, 0);
	assert_int_equal(FIGURES(a, ALERT_LOOP_LAG, lag).raised, 1);
	alerts_free(a);
}

/* Two excursions are two alerts. */
static void
each_excursion_is_its_own(void **state)
{
	uint64_t values[120];
	struct alerts *a = alerts_new(4, 4);
	struct counted c;

	(void)state;
	for (size_t i = 0; i < 120; i++)
		values[i] = i % 40 < 15 ? 99 : 5;
	c = FIGURES(a, ALERT_MEMORY_BUDGET, values);
	assert_int_equal(c.raised, 3);
	assert_int_equal(c.cleared, 3);
	alerts_free(a);
}

/* Digests of nodes are looked at whole, and who is gone has no figures. */
static void
directories_are_looked_at(void **state)
{
	struct directory_config dc;
	struct directory *d;
	struct mesh_row row = { .mesh = FIXTURE_MESH };
	struct alerts *a = alerts_new(8, 8);
	struct actor busy, idle;
	struct counted c = { 0 };
	struct directory_change change[8];
	uint64_t now = SECONDS(1);

	(void)state;
	directory_config_default(&dc);
	dc.topic = fixture_topic();
	row.directory = d = directory_new(&dc);
	actor_init(&busy, 1, "broker");
	actor_init(&idle, 2, "broker");
	for (int i = 0; i < 5; i++, now += SECONDS(2)) {
		busy.digest.cpu_used_mc = 990;
		busy.digest.cpu_budget_mc = 4000;
		busy.digest.memory_used_kib = 950;
		busy.digest.memory_budget_kib = 1000;
		idle.digest.cpu_budget_mc = idle.digest.memory_budget_kib = 0;
		assert_int_equal(actor_beat(&busy, d, now), ERR_OK);
		assert_int_equal(actor_beat(&idle, d, now), ERR_OK);
		alerts_look(a, &row, 1, NULL, now, 0);
		drain(a, &c);
	}
	assert_int_equal(c.raised, 2);	/* a core, and memory of its budget */
	assert_int_equal(c.cleared, 0);
	assert_int_equal(alerts_active(a), 2);
	assert_true(id_equal(&alerts_at(a, 0)->subject.id, &busy.digest.id));
	/* One node alone: the other's figures are nobody's business. */
	alerts_look(a, &row, 1, &idle.digest.id, now, 0);
	drain(a, &c);
	assert_int_equal(c.cleared, 2);
	alerts_look(a, &row, 1, NULL, now, 0);
	alerts_look(a, &row, 1, NULL, now + SECONDS(4), 0);
	drain(a, &c);
	assert_int_equal(c.raised, 4);
	now += SECONDS(60);
	assert_true(directory_tick(d, now, change, 8) > 0);
	alerts_look(a, &row, 1, NULL, now, 0);
	drain(a, &c);
	assert_int_equal(c.cleared, 4);
	assert_string_equal(c.last.text, "it is no longer live");
	assert_int_equal(alerts_active(a), 0);
	assert_int_equal(mem_live(MEM_ALERT_TRACK), 0);
	directory_free(d);
	alerts_free(a);
}

/* Two live ids with one name are an alert each, until one of them has left. */
static void
name_collisions_are_raised(void **state)
{
	/* Their ids begin with the same six hex digits: test_directory. */
	enum { SEED_OF_ONE = 543, SEED_OF_OTHER = 8360 };
	struct mesh_row row = { .mesh = FIXTURE_MESH };
	struct directory *d = fixture_directory();
	struct alerts *a = alerts_new(8, 8);
	struct counted c = { 0 };
	struct actor one, other;

	(void)state;
	row.directory = d;
	actor_init(&one, SEED_OF_ONE, "broker");
	actor_init(&other, SEED_OF_OTHER, "broker");
	assert_int_equal(actor_say(&one, d, 0), ERR_OK);
	alerts_look(a, &row, 1, NULL, 0, 0);
	drain(a, &c);
	assert_int_equal(c.raised, 0);
	assert_int_equal(actor_say(&other, d, 0), ERR_OK);
	alerts_look(a, &row, 1, NULL, SECONDS(1), 0);
	alerts_look(a, &row, 1, NULL, SECONDS(2), 0);
	drain(a, &c);
	assert_int_equal(c.raised, 2);
	assert_int_equal(c.last.kind, ALERT_NAME_COLLISION);
	other.digest.flags = DIGEST_LEFT;
	assert_int_equal(actor_beat(&other, d, SECONDS(3)), ERR_OK);
	alerts_look(a, &row, 1, NULL, SECONDS(3), 0);
	drain(a, &c);
	assert_int_equal(c.cleared, 2);
	directory_free(d);
	alerts_free(a);
}

/* Verdicts are raised with a reason, once, and end with whoever acknowledges them. */
static void
verdicts_are_raised(void **state)
{
	const struct alert_subject test = { .name = "quickstart" };
	struct alerts *a = alerts_new(4, 4);
	struct counted c = { 0 };

	(void)state;
	alerts_raise(a, ALERT_VERDICT_FAILED, &test, "nobody\033 saw it", 5, 6);
	alerts_raise(a, ALERT_VERDICT_FAILED, &test, "again", 7, 8);
	drain(a, &c);
	assert_int_equal(c.raised, 1);
	assert_string_equal(c.last.text, "nobody? saw it");
	assert_int_equal(alerts_unacknowledged(a), 1);
	assert_true(alerts_acknowledge(a, c.last.seq, 9));
	assert_false(alerts_acknowledge(a, 99, 9));
	drain(a, &c);
	assert_int_equal(c.cleared, 1);
	assert_int_equal(alerts_active(a), 0);
	assert_int_equal(alerts_unacknowledged(a), 0);
	alerts_raise(a, ALERT_VERDICT_FAILED, &test, "once more", 10, 11);
	alerts_lower(a, ALERT_VERDICT_FAILED, &test, 12);
	alerts_lower(a, ALERT_VERDICT_FAILED, &test, 13);
	drain(a, &c);
	assert_int_equal(c.raised, 2);
	assert_int_equal(c.cleared, 2);
	assert_int_equal(alerts_unacknowledged(a), 1);
	alerts_acknowledge_all(a, 14);
	assert_int_equal(alerts_unacknowledged(a), 0);
	alerts_free(a);
}

/* More than there is room for is counted, in what is active and in what is over. */
static void
room_is_bounded(void **state)
{
	struct alert_subject s = { .name = "x" };
	struct alerts *a = alerts_new(3, 2);
	struct counted c = { 0 };

	(void)state;
	for (uint8_t i = 0; i < 5; i++) {
		s.id.bytes[0] = i;
		alerts_raise(a, ALERT_VERDICT_FAILED, &s, "", i, 0);
	}
	assert_int_equal(alerts_active(a), 3);
	assert_int_equal(alerts_dropped(a), 2);
	alerts_acknowledge_all(a, 9);
	drain(a, &c);
	assert_int_equal(c.raised, 3);
	assert_int_equal(c.cleared, 3);
	assert_int_equal(alerts_count(a), 2);
	assert_int_equal(alerts_dropped(a), 3);
	alerts_free(a);
}

/* Figures are told in their units; each kind has a name and a meaning of its own. */
static void
figures_have_units(void **state)
{
	char to[ALERTS_FIGURE_CAP];

	(void)state;
	assert_string_equal(alerts_figure(to, ALERT_CPU_CORES, 973), "0.97 cores");
	assert_string_equal(alerts_figure(to, ALERT_CPU_BUDGET, 93), "93 %");
	assert_string_equal(alerts_figure(to, ALERT_MEMORY_BYTES, 1048576), "1.0 GiB");
	assert_string_equal(alerts_figure(to, ALERT_LOOP_LAG, 340), "340 ms");
	assert_string_equal(alerts_figure(to, ALERT_NAME_COLLISION, 1), "");
	for (int i = 0; i < ALERT_KINDS; i++) {
		assert_true(alerts_kind_meaning((enum alert_kind)i)[0] != '\0');
		for (int k = 0; k < i; k++)
			assert_string_not_equal(alerts_kind_text((enum alert_kind)i),
				alerts_kind_text((enum alert_kind)k));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(low_figures_raise_nothing),
		cmocka_unit_test(an_excursion_is_told_once),
		cmocka_unit_test(flapping_raises_once),
		cmocka_unit_test(peaks_count_where_they_do_harm),
		cmocka_unit_test(each_excursion_is_its_own),
		cmocka_unit_test(directories_are_looked_at),
		cmocka_unit_test(name_collisions_are_raised),
		cmocka_unit_test(verdicts_are_raised),
		cmocka_unit_test(room_is_bounded),
		cmocka_unit_test(figures_have_units),
	};

	return cmocka_run_group_tests_name("alerts", tests, NULL, NULL);
}
