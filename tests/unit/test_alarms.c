/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "app/alarms.h"

static struct model_fault
fault(unsigned number, enum judge_verdict verdict, uint64_t over_ns)
{
	struct model_fault f = { .number = number, .mesh = "mesh1", .over_ns = over_ns };

	f.result.verdict = verdict;
	snprintf(f.result.reason, sizeof f.result.reason, "nobody saw it");
	return f;
}

/* A fault that failed is an alert once, also after it was acknowledged; others are none.
 */
static void
failed_faults_are_alerts(void **state)
{
	struct model_fault open = fault(1, JUDGE_OPEN, 0), pass = fault(2, JUDGE_PASS, 5);
	struct model_fault fail = fault(3, JUDGE_FAIL, 5), next = fault(4, JUDGE_FAIL, 5);
	struct alarms a = { 0 };

	(void)state;
	alarms_init(&a, 4, 4);
	alarms_fault(&a, &open, 10);
	alarms_fault(&a, &pass, 10);
	assert_int_equal(alerts_count(a.alerts), 0);
	for (int i = 0; i < 3; i++)
		alarms_fault(&a, &fail, 10);
	assert_int_equal(alerts_active(a.alerts), 1);
	assert_string_equal(alerts_at(a.alerts, 0)->text, "nobody saw it");
	assert_non_null(strstr(alerts_at(a.alerts, 0)->subject.name, "fault 3, "));
	alarms_acknowledge(&a, alerts_at(a.alerts, 0)->seq, 11);
	alarms_fault(&a, &fail, 12);
	assert_int_equal(alerts_active(a.alerts), 0);
	alarms_fault(&a, &next, 13);
	assert_int_equal(alerts_active(a.alerts), 1);
	alarms_acknowledge(&a, 0, 14);
	assert_int_equal(alerts_unacknowledged(a.alerts), 0);
	alarms_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failed_faults_are_alerts),
	};

	return cmocka_run_group_tests_name("alarms", tests, NULL, NULL);
}
