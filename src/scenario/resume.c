/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/err.h"
#include "scenario/resume.h"

json_t *
resume_json(const struct report_soak *s)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "step",
		(json_int_t)s->step, "next", (json_int_t)s->next, "begun",
		(json_int_t)s->begun, "passed", (json_int_t)s->passed, "timeouts",
		(json_int_t)s->timeouts, "assertions", (json_int_t)s->assertions,
		"unproven", (json_int_t)s->unproven, "skipped", (json_int_t)s->skipped,
		"looks", (json_int_t)s->looks);
}

static bool
take(json_t *o, const char *key, size_t *to)
{
	json_t *v = json_object_get(o, key);

	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return false;
	*to = (size_t)json_integer_value(v);
	return true;
}

int
resume_read(struct view document, const struct plan *p, struct report_soak *to,
	char why[static RESUME_WHY_CAP])
{
	json_t *o = json_loadb((const char *)document.data, document.len, 0, NULL);
	json_t *soak = json_object_get(o, "soak");
	const char *plan = json_string_value(json_object_get(o, "plan"));
	int err = ERR_OK;

	memset(to, 0, sizeof(*to));
	if (!plan || !take(soak, "step", &to->step) || !take(soak, "next", &to->next) ||
		!take(soak, "begun", &to->begun) || !take(soak, "passed", &to->passed) ||
		!take(soak, "timeouts", &to->timeouts) ||
		!take(soak, "assertions", &to->assertions) ||
		!take(soak, "unproven", &to->unproven) ||
		!take(soak, "skipped", &to->skipped) ||
		!take(soak, "looks", &to->looks)) {
		snprintf(why, RESUME_WHY_CAP, "this is no report of a soak");
		err = ERR_MALFORMED;
	} else if (strcmp(plan, p->hash) != 0) {
		snprintf(why, RESUME_WHY_CAP,
			"this is of another plan (%.16s, not %.16s): the file or the "
			"seed "
			"differs",
			plan, p->hash);
		err = ERR_FOREIGN;
	} else if (to->step >= p->scenario->step_count ||
		   p->scenario->steps[to->step].kind != STEP_SOAK ||
		   to->next > p->count[to->step]) {
		snprintf(why, RESUME_WHY_CAP, "what it says does not fit its plan");
		err = ERR_MALFORMED;
	}
	to->any = err == ERR_OK;
	json_decref(o);
	return err;
}
