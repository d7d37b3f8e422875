/* SPDX-License-Identifier: MIT */
#include "scenario/use.h"

#include <string.h>

#define THOUSANDTHS 1000
#define FIRST_OBJECTS CLAIM_OBJECTS_BUFFER
#define FIRST_GROWN CLAIM_GROWN_BUFFER
#define FIRST_ALERT CLAIM_ALERT_CPU_CORES
_Static_assert(FIRST_OBJECTS + MEM_CLASSES == (int)FIRST_GROWN &&
	FIRST_GROWN + MEM_CLASSES == (int)CLAIM_METRICS, "metrics of classes come last");

void
use_take_baseline(struct use_baseline *b, const struct lifeline_view *v)
{
	b->known = true;
	b->memory_kib = v->memory_kib;
	b->descriptors = v->descriptors;
	memcpy(b->live, v->live, sizeof(b->live));
}

bool
use_is(enum claim_metric m)
{
	return m == CLAIM_MEMORY || m == CLAIM_DESCRIPTORS || m >= CLAIM_MEMORY_GROWN;
}

bool
use_is_sum(enum claim_metric m)
{
	return m == CLAIM_REFUSED || (m >= CLAIM_ALERTS && m < FIRST_OBJECTS);
}

static int64_t
grown(uint32_t was, uint32_t is)
{
	return (int64_t)is - (int64_t)was;
}

bool
use_value(enum claim_metric m, const struct use_baseline *b,
	const struct lifeline_view *v, uint32_t lag_ms, int64_t *value)
{
	bool baseline = true;

	if (m >= FIRST_GROWN) {
		size_t class = (size_t)(m - FIRST_GROWN);

		*value = grown(b->live[class], v->live[class]) * THOUSANDTHS;
		return b->known;
	}
	if (m >= FIRST_OBJECTS) {
		*value = (int64_t)v->live[m - FIRST_OBJECTS] * THOUSANDTHS;
		return true;
	}
	if (m >= FIRST_ALERT) {
		*value = (int64_t)(v->alerts_active >> (m - FIRST_ALERT) & 1) *
			THOUSANDTHS;
		return true;
	}
	switch (m) {
	case CLAIM_MEMORY:
		*value = (int64_t)v->memory_kib * 1024;
		break;
	case CLAIM_DESCRIPTORS:
		*value = (int64_t)v->descriptors * THOUSANDTHS;
		break;
	case CLAIM_MEMORY_GROWN:
		*value = grown(b->memory_kib, v->memory_kib) * 1024;
		baseline = b->known;
		break;
	case CLAIM_DESCRIPTORS_GROWN:
		*value = grown(b->descriptors, v->descriptors) * THOUSANDTHS;
		baseline = b->known;
		break;
	case CLAIM_LAG:
		*value = (int64_t)MILLISECONDS(lag_ms);
		break;
	case CLAIM_REFUSED:
		*value = (int64_t)v->refused * THOUSANDTHS;
		break;
	case CLAIM_STRANGERS:
		*value = (int64_t)v->unlinked * THOUSANDTHS;
		break;
	case CLAIM_ALERTS:
		*value = v->alerts_active != 0 ? THOUSANDTHS : 0;
		break;
	case CLAIM_ALERTS_RAISED:
		*value = (int64_t)v->alerts_raised * THOUSANDTHS;
		break;
	default:
		return false;
	}
	return baseline;
}
