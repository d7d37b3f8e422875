/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/err.h"
#include "base/text.h"
#include "wire/fault.h"

#define SHARE_MAX 10000
#define DELAY_US_MAX 60000000u
/* A year: beyond it timestamps of other programs overflow before ours do. */
#define SKEW_MS_MAX (INT64_C(366) * 24 * 3600 * 1000)
/* One packet in two seconds; below that a node is cut, and cutting says so. */
#define RATE_MIN 600

static int __attribute__((format(printf, 2, 3)))
refuse(char why[static FAULT_WHY_CAP], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, FAULT_WHY_CAP, format, args);
	va_end(args);
	return ERR_ARGUMENT;
}

static int
check_link(const struct fault_order *o, char why[static FAULT_WHY_CAP])
{
	const struct fault_figures *f = &o->figures;

	if (!o->all && o->target_count == 0)
		return refuse(why, "%s needs targets: peers, addresses or all",
			fault_kind_text(o->kind));
	for (size_t i = 0; i < o->target_count; i++) {
		const struct fault_target *t = &o->targets[i];

		if (t->by_address ? t->address.family == 0 : id_is_zero(&t->peer))
			return refuse(why, "target %zu is empty", i + 1);
	}
	if ((f->period_ms == 0) != (f->active_ms == 0) || f->active_ms > f->period_ms)
		return refuse(why,
			"active for %" PRIu32 " of every %" PRIu32
			" ms: give both, the first not above the second",
			f->active_ms, f->period_ms);
	return ERR_OK;
}

static int
check_impair(const struct fault_order *o, char why[static FAULT_WHY_CAP])
{
	const struct fault_figures *f = &o->figures;

	if (f->loss > SHARE_MAX || f->reorder > SHARE_MAX || f->duplicate > SHARE_MAX)
		return refuse(why, "a share of datagrams is at most %d (of %d)",
			SHARE_MAX, SHARE_MAX);
	if (f->delay_us > DELAY_US_MAX || f->jitter_us > f->delay_us)
		return refuse(why,
			"a delay is at most 60 s, and its jitter at most the delay");
	if (f->rate != 0 && f->rate < RATE_MIN)
		return refuse(why, "a rate is at least %d bytes a second", RATE_MIN);
	if (f->reorder != 0 && f->delay_us == 0)
		return refuse(why,
			"reorder needs a delay: what is held back comes that much later");
	if (f->loss + f->duplicate + f->delay_us == 0 && f->rate == 0)
		return refuse(why, "impair without a figure does nothing");
	return ERR_OK;
}

static int
check_injection(const struct fault_order *o, char why[static FAULT_WHY_CAP])
{
	const struct fault_figures *f = &o->figures;

	if (o->lease_ms == 0 || o->lease_ms > FAULT_LEASE_MS_MAX)
		return refuse(why, "a lease is 1 to %u ms, not %" PRIu32,
			FAULT_LEASE_MS_MAX, o->lease_ms);
	if (o->primitive[0] != '\0' && !text_is_label(o->primitive))
		return refuse(why, "the primitive's name is not a label");
	if (fault_kind_is_link(o->kind)) {
		int err = check_link(o, why);

		if (err == ERR_OK && o->kind == FAULT_IMPAIR)
			err = check_impair(o, why);
		return err;
	}
	if (o->kind == FAULT_SKEW &&
		(f->skew_ms == 0 || f->skew_ms > SKEW_MS_MAX ||
			f->skew_ms < -SKEW_MS_MAX))
		return refuse(why, "a skew is not 0 and at most a year");
	if (o->kind == FAULT_WEDGE && (f->stall_ms == 0 || f->stall_ms > o->lease_ms))
		return refuse(why,
			"a wedge lasts 1 ms or more, and not longer than its lease");
	return ERR_OK;
}

int
fault_order_check(const struct fault_order *o, char why[static FAULT_WHY_CAP])
{
	why[0] = '\0';
	return o->verb == FAULT_INJECT ? check_injection(o, why) : ERR_OK;
}
