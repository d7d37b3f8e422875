/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/mem.h"
#include "base/text.h"
#include "scenario/events.h"
#include "scenario/registry.h"

#define REPORT_LEN_MAX (64u << 20)

static json_t *
test_json(const struct registry_test *t)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", t->name, "kind", t->kind,
		"description", t->text, "thresholds", t->thresholds, "expected",
		report_verdict_text(t->expected));
}

static void
put_json(json_t *o, struct buf *to)
{
	char *text = json_dumps(o, JSON_INDENT(1));

	json_decref(o);
	if (!text)
		abort();	/* out of memory */
	buf_put(to, text, strlen(text));
	buf_put_u8(to, '\n');
	free(text);
}

void
registry_list(struct buf *to, bool json)
{
	json_t *all = json_array();

	for (size_t i = 0; i < registry_count(); i++) {
		const struct registry_test *t = registry_at(i);

		if (json)
			json_array_append_new(all, test_json(t));
		else
			buf_format(to, "%-25s %-8s %s\n", t->name, t->kind, t->text);
	}
	if (json)
		put_json(json_pack("{s:i, s:o}", "version", 1, "tests", all), to);
	else
		json_decref(all);
}

void
registry_result(struct registry_result *to, const struct registry_test *t, uint64_t seed,
	const struct report *r)
{
	struct buf b;

	memset(to, 0, sizeof(*to));
	to->test = t;
	to->seed = seed;
	to->verdict = r->verdict;
	to->as_expected = r->verdict == t->expected;
	to->took_ms = (r->ended_ns - r->began_ns) / NS_PER_MS;
	/* The step that decided, or the last before `stop` when all passed. */
	for (size_t i = 0; i < r->step_count; i++) {
		const struct report_step *st = &r->steps[i];

		if (r->verdict == VERDICT_PASS && i > 0 && i + 1 == r->step_count)
			break;
		if (st->verdict == r->verdict)
			memcpy(to->reason, st->reason, sizeof(to->reason));
		if (r->verdict != VERDICT_PASS && st->verdict == r->verdict)
			break;
	}
	buf_init(&b, REPORT_LEN_MAX);
	report_json(r, &b);
	buf_put_u8(&b, 0);
	to->report = b.failed ? NULL : mem_text((char *)b.data);
	buf_fini(&b);
}

void
registry_results_fini(struct registry_result *all, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(all[i].report);
}

static json_t *
result_json(const struct registry_result *x)
{
	json_t *o = test_json(x->test);
	json_t *report = x->report ? json_loads(x->report, 0, NULL) : NULL;
	char reason[REPORT_TEXT_CAP];

	text_printable(reason, sizeof(reason), x->reason, strlen(x->reason));
	json_object_set_new(o, "seed", json_integer((json_int_t)x->seed));
	json_object_set_new(o, "verdict", json_string(report_verdict_text(x->verdict)));
	json_object_set_new(o, "as_expected", json_boolean(x->as_expected));
	json_object_set_new(o, "took_ms", json_integer((json_int_t)x->took_ms));
	json_object_set_new(o, "reason", json_string(reason));
	json_object_set_new(o, "report", report ? report : json_null());
	return o;
}

void
registry_results_json(const struct registry_result *all, size_t count,
	const uint8_t *secret_key, struct buf *to)
{
	json_t *list = json_array();
	json_int_t good = 0;

	for (size_t i = 0; i < count; i++) {
		json_array_append_new(list, result_json(&all[i]));
		good += all[i].as_expected;
	}
	json_t *o = json_pack("{s:i, s:I, s:I, s:o}", "version", 1, "count",
		(json_int_t)count, "as_expected", good, "tests", list);
	char *text = events_seal(o, secret_key);

	buf_put(to, text, strlen(text));
	buf_put_u8(to, '\n');
	free(text);
	json_decref(o);
}

void
registry_results_tap(const struct registry_result *all, size_t count, struct buf *to)
{
	buf_format(to, "TAP version 14\n1..%zu\n", count);
	for (size_t i = 0; i < count; i++) {
		char reason[REPORT_TEXT_CAP];

		text_printable(reason, sizeof(reason), all[i].reason,
			strlen(all[i].reason));
		buf_format(to, "%s %zu - %s: %s\n", all[i].as_expected ? "ok" : "not ok",
			i + 1, all[i].test->name, report_verdict_text(all[i].verdict));
		if (!all[i].as_expected)
			buf_format(to, "# %s\n", reason);
	}
}

void
registry_results_junit(const struct registry_result *all, size_t count, struct buf *to)
{
	size_t failures = 0, errors = 0;

	for (size_t i = 0; i < count; i++) {
		bool bad = !all[i].as_expected;

		failures += bad && all[i].verdict != VERDICT_UNPROVEN;
		errors += bad && all[i].verdict == VERDICT_UNPROVEN;
	}
	buf_format(to, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		       "<testsuite name=\"meshtui\" tests=\"%zu\" failures=\"%zu\" "
		       "errors=\"%zu\">\n", count, failures, errors);
	for (size_t i = 0; i < count; i++) {
		const struct registry_result *x = &all[i];

		buf_format(to, "  <testcase classname=\"%s\" name=\"%s\" time=\"%.3f\"",
			x->test->kind, x->test->name, (double)x->took_ms / 1000);
		if (x->as_expected) {
			buf_format(to, "/>\n");
			continue;
		}
		buf_format(to, ">\n    <%s message=\"",
			x->verdict == VERDICT_UNPROVEN ? "error" : "failure");
		report_xml(to, x->reason);
		buf_format(to, "\"/>\n  </testcase>\n");
	}
	buf_format(to, "</testsuite>\n");
}
