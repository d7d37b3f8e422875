/* SPDX-License-Identifier: MIT */
/* Claims about what nodes use: objects of each class, what has grown, alerts. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "mesh/alerts.h"
#include "scenario/use.h"

static struct claim
claim(const char *text)
{
	char why[CLAIM_WHY_CAP];
	struct claim c;
	size_t at;

	if (claim_parse(&c, text, why, &at) != CLAIM_OK)
		fail_msg("%s: %s", text, why);
	return c;
}

static bool
holds(const char *text, const struct use_baseline *b, const struct lifeline_view *v)
{
	struct claim c = claim(text);
	int64_t value;

	assert_true(use_is(c.metric));
	return use_value(c.metric, b, v, 340, &value) && claim_holds(&c, value, 1);
}

/* Each class of objects can be claimed about, by the name that people are shown. */
static void
every_class_has_its_claims(void **state)
{
	struct use_baseline b = { .known = true };
	struct lifeline_view v = { .ask = 0 };
	char text[100];

	(void)state;
	for (size_t i = 0; i < MEM_CLASSES; i++) {
		v.live[i] = (uint32_t)i + 5;
		b.live[i] = 3;
	}
	for (size_t i = 0; i < MEM_CLASSES; i++) {
		snprintf(text, sizeof(text), "objects.%s = %zu",
			mem_class_name((enum mem_class)i), i + 5);
		assert_true(holds(text, &b, &v));
		snprintf(text, sizeof(text), "objects.%s.grown = %zu",
			mem_class_name((enum mem_class)i), i + 2);
		assert_true(holds(text, &b, &v));
		snprintf(text, sizeof(text), "objects.%s < %zu",
			mem_class_name((enum mem_class)i), i + 5);
		assert_false(holds(text, &b, &v));
	}
}

/* And each kind of alert; one that is active is no other. */
static void
every_alert_has_its_claim(void **state)
{
	struct use_baseline b = { .known = true };
	struct lifeline_view v = { .ask = 0 };
	char text[100];

	(void)state;
	assert_true(holds("alerts = 0", &b, &v));
	for (size_t i = 0; i < ALERT_KINDS; i++) {
		v.alerts_active = UINT64_C(1) << i;
		for (size_t k = 0; k < ALERT_KINDS; k++) {
			snprintf(text, sizeof(text), "alerts.%s = %d",
				alerts_kind_text((enum alert_kind)k), i == k);
			assert_true(holds(text, &b, &v));
		}
		assert_true(holds("alerts = 1", &b, &v));
	}
	v.alerts_raised = 7;
	assert_true(holds("alerts.raised = 7", &b, &v));
	assert_true(use_is_sum(CLAIM_ALERTS) && use_is_sum(CLAIM_ALERT_LOOP_LAG) &&
		use_is_sum(CLAIM_ALERTS_RAISED) && use_is_sum(CLAIM_REFUSED));
	assert_false(use_is_sum(CLAIM_OBJECTS_LINK) || use_is_sum(CLAIM_MEMORY));
}

/* What has grown is unknown without a baseline, and less than it is no growth. */
static void
growth_needs_a_baseline(void **state)
{
	struct use_baseline b = { .known = false };
	struct lifeline_view v = { .memory_kib = 9000, .descriptors = 12 };

	(void)state;
	assert_false(holds("memory.grown < 4MiB", &b, &v));
	assert_false(holds("objects.link.grown < 100", &b, &v));
	use_take_baseline(&b, &v);
	assert_true(holds("memory.grown = 0B", &b, &v));
	v.memory_kib += 4096;
	v.descriptors -= 2;
	assert_true(holds("memory.grown >= 4MiB", &b, &v));
	assert_false(holds("memory.grown < 4MiB", &b, &v));
	assert_true(holds("descriptors.grown < 0", &b, &v) ||
		holds("descriptors.grown <= 0", &b, &v));
	assert_true(holds("lag = 340ms", &b, &v));
	v.unlinked = 2;
	assert_true(holds("strangers = 2", &b, &v));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_class_has_its_claims),
		cmocka_unit_test(every_alert_has_its_claim),
		cmocka_unit_test(growth_needs_a_baseline),
	};

	return cmocka_run_group_tests_name("use", tests, NULL, NULL);
}
