/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "trace/exporter.h"

static const uint8_t seed[32] = { 3 };
static const struct exporter_limits limits = { 8, 4, SECONDS(5) };

static struct exporter *
filled(size_t count, uint64_t now_ns)
{
	struct exporter *x = exporter_new(&limits, seed);

	for (size_t i = 0; i < count; i++)
		(void)exporter_add(x, &(uint8_t){ (uint8_t)i }, 1, now_ns);
	return x;
}

/* Takes and answers once; how many were in the batch. */
static size_t
post(struct exporter *x, const struct exporter_answer *a, uint64_t now_ns)
{
	const struct view *items;
	size_t count = exporter_take(x, now_ns, &items);

	if (count > 0)
		exporter_answer(x, a, now_ns);
	return count;
}

static const struct exporter_answer taken = { EXPORTER_ANSWERED, 200 };

/* taken = sent + rejected + failed + dropped + queued, whatever happens. */
static void
adds_up(const struct exporter *x)
{
	const struct exporter_stats *s = exporter_stats(x);

	assert_int_equal(s->taken,
		s->sent + s->rejected + s->failed + s->dropped + s->queued);
}

static void
ends(struct exporter *x)
{
	adds_up(x);
	exporter_free(x);
	assert_int_equal(mem_live(MEM_EXPORTER), 0);
	assert_int_equal(mem_live(MEM_EXPORTED), 0);
}

/* An item waits for company as long as the delay, and no longer. */
static void
a_batch_waits_its_delay(void **state)
{
	struct exporter *x = filled(2, SECONDS(10));
	const struct view *items;

	(void)state;
	assert_true(exporter_deadline(x) == SECONDS(15));
	assert_int_equal(exporter_take(x, SECONDS(15) - 1, &items), 0);
	assert_int_equal(exporter_take(x, SECONDS(15), &items), 2);
	assert_int_equal(items[1].data[0], 1);
	assert_true(exporter_deadline(x) == NEVER);
	assert_int_equal(exporter_take(x, SECONDS(99), &items), 0);
	exporter_answer(x, &taken, SECONDS(16));
	assert_int_equal(exporter_stats(x)->sent, 2);
	assert_int_equal(exporter_stats(x)->queued, 0);
	assert_true(exporter_deadline(x) == NEVER);
	assert_null(exporter_complaint(x));
	ends(x);
	exporter_free(NULL);
}

/* A full batch goes at once, one short of it does not. */
static void
a_full_batch_does_not_wait(void **state)
{
	struct exporter *x = filled(3, SECONDS(10));

	(void)state;
	assert_int_equal(post(x, &taken, SECONDS(10)), 0);
	exporter_add(x, "x", 1, SECONDS(10));
	exporter_add(x, "x", 1, SECONDS(11));
	assert_int_equal(post(x, &taken, SECONDS(10)), 4);
	assert_int_equal(post(x, &taken, SECONDS(10)), 0);
	assert_true(exporter_deadline(x) == SECONDS(16));
	ends(x);
}

/* A flush sends what was there then, in batches, and not what came after it. */
static void
a_flush_does_not_wait(void **state)
{
	struct exporter *x = filled(6, SECONDS(10));

	(void)state;
	exporter_flush(x);
	assert_int_equal(post(x, &taken, SECONDS(10)), 4);
	assert_int_equal(post(x, &taken, SECONDS(10)), 2);
	exporter_add(x, "x", 1, SECONDS(10));
	assert_int_equal(post(x, &taken, SECONDS(10)), 0);
	ends(x);
}

/* When the queue is full, what comes is dropped and counted, what is there stays. */
static void
a_full_queue_drops_what_comes(void **state)
{
	struct exporter *x = filled(11, SECONDS(10));
	const struct view *items;

	(void)state;
	assert_int_equal(exporter_stats(x)->taken, 11);
	assert_int_equal(exporter_stats(x)->dropped, 3);
	assert_int_equal(exporter_stats(x)->queued, 8);
	assert_false(exporter_add(x, "x", 1, SECONDS(10)));
	assert_int_equal(exporter_take(x, SECONDS(10), &items), 4);
	assert_int_equal(items[0].data[0], 0);
	/* Those under way have their place still. */
	assert_false(exporter_add(x, "x", 1, SECONDS(10)));
	exporter_answer(x, &taken, SECONDS(10));
	assert_true(exporter_add(x, "x", 1, SECONDS(10)));
	exporter_missed(x, 5);
	assert_int_equal(exporter_stats(x)->dropped, 10);
	ends(x);
}

/* 429, 502, 503, 504 and a lost connection: the same batch again. Nothing else is. */
static void
only_some_failures_are_tried_again(void **state)
{
	static const struct {
		struct exporter_answer answer;
		bool again;
	} rows[] = {
		{ { EXPORTER_ANSWERED, 429 }, true },
		{ { EXPORTER_ANSWERED, 502 }, true },
		{ { EXPORTER_ANSWERED, 503 }, true },
		{ { EXPORTER_ANSWERED, 504 }, true },
		{ { EXPORTER_LOST, .why = "refused" }, true },
		{ { EXPORTER_IMPOSSIBLE, .why = "no such certificate" }, false },
		{ { EXPORTER_ANSWERED, 301 }, false },
		{ { EXPORTER_ANSWERED, 400 }, false },
		{ { EXPORTER_ANSWERED, 404 }, false },
		{ { EXPORTER_ANSWERED, 413 }, false },
		{ { EXPORTER_ANSWERED, 500 }, false },
		{ { EXPORTER_ANSWERED, 501 }, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct exporter *x = filled(2, 0);
		const struct exporter_stats *s = exporter_stats(x);
		const struct view *items;

		assert_int_equal(post(x, &rows[i].answer, SECONDS(5)), 2);
		assert_non_null(exporter_complaint(x));
		assert_null(exporter_complaint(x));
		assert_int_equal(s->failed, rows[i].again ? 0 : 2);
		assert_int_equal(s->queued, rows[i].again ? 2 : 0);
		exporter_add(x, "x", 1, SECONDS(6));
		if (rows[i].again) {
			assert_int_equal(exporter_take(x, SECONDS(50), &items), 2);
			assert_int_equal(items[0].data[0], 0);
			exporter_answer(x, &taken, SECONDS(50));
			assert_int_equal(s->sent, 2);
		}
		assert_int_equal(s->retries, rows[i].again ? 1 : 0);
		ends(x);
	}
}

/* From one failure to the next the wait doubles, up to a bound, give or take a half. */
static void
waits_grow(void **state)
{
	static const unsigned want_s[] = { 1, 2, 4, 8, 16, 30, 30, 30 };
	struct exporter *x = filled(1, 0);
	const struct exporter_answer lost = { EXPORTER_LOST, .why = "gone" };
	uint64_t now_ns = SECONDS(5);
	bool varied = false;

	(void)state;
	for (size_t i = 0; i < sizeof want_s / sizeof want_s[0]; i++) {
		uint64_t wait_ns;

		assert_int_equal(post(x, &lost, now_ns), 1);
		wait_ns = exporter_deadline(x) - now_ns;
		assert_in_range(wait_ns, SECONDS(want_s[i]) / 2,
			SECONDS(want_s[i]) * 3 / 2);
		varied |= wait_ns != SECONDS(want_s[i]);
		/* A flush does not hurry it. */
		exporter_flush(x);
		assert_int_equal(post(x, &taken, now_ns + wait_ns - 1), 0);
		now_ns += wait_ns;
	}
	assert_true(varied);
	assert_int_equal(post(x, &taken, now_ns), 1);
	exporter_add(x, "x", 1, now_ns);
	assert_int_equal(post(x, &lost, now_ns + SECONDS(5)), 1);
	/* The next batch begins with a short wait. */
	assert_in_range(exporter_deadline(x) - now_ns - SECONDS(5), SECONDS(1) / 2,
		SECONDS(3) / 2);
	ends(x);
}

/* What the collector says about the wait holds, not what we would have done. */
static void
retry_after_is_honored(void **state)
{
	const struct exporter_answer busy = { EXPORTER_ANSWERED, 503,
		.retry_after_ns = SECONDS(40) };
	const struct exporter_answer forever = { EXPORTER_ANSWERED, 503,
		.retry_after_ns = SECONDS(86400) };
	struct exporter *x = filled(1, 0);

	(void)state;
	assert_int_equal(post(x, &busy, SECONDS(5)), 1);
	assert_in_range(exporter_deadline(x), SECONDS(45), SECONDS(49));
	exporter_flush(x);
	assert_int_equal(post(x, &busy, SECONDS(45) - 1), 0);
	assert_int_equal(post(x, &forever, SECONDS(50)), 1);
	assert_in_range(exporter_deadline(x), SECONDS(50) + OTLP_RETRY_AFTER_MAX,
		SECONDS(50) + OTLP_RETRY_AFTER_MAX * 11 / 10);
	ends(x);
}

/* ExportTraceServiceResponse { partial_success { rejected 3, "too long" } } */
static const uint8_t partial[] = { 0x0a, 0x0c, 0x08, 3, 0x12, 8, 't', 'o', 'o', ' ', 'l',
	'o', 'n', 'g' };

/* A partial success is an answer: what was rejected is counted, and never sent again. */
static void
partial_success_is_not_tried_again(void **state)
{
	const struct exporter_answer some = { EXPORTER_ANSWERED, 200,
		.body = { partial, sizeof partial } };
	struct exporter *x = filled(4, 0);

	(void)state;
	assert_int_equal(post(x, &some, SECONDS(5)), 4);
	assert_int_equal(exporter_stats(x)->rejected, 3);
	assert_int_equal(exporter_stats(x)->sent, 1);
	assert_true(exporter_deadline(x) == NEVER);
	assert_string_equal(
		exporter_complaint(x), "the collector rejected 3 of 4: too long");
	/* A collector that rejects more than there is does not make numbers wrong. */
	exporter_add(x, "x", 1, SECONDS(6));
	assert_int_equal(post(x, &some, SECONDS(11)), 1);
	assert_int_equal(exporter_stats(x)->rejected, 4);
	ends(x);
}

/* 200 with something that is no OTLP is no receipt. */
static void
garbage_is_no_receipt(void **state)
{
	const struct exporter_answer page = { EXPORTER_ANSWERED, 200,
		.body = { (const uint8_t *)"<html>\x1b", 7 } };
	struct exporter *x = filled(2, 0);

	(void)state;
	assert_int_equal(post(x, &page, SECONDS(5)), 2);
	assert_int_equal(exporter_stats(x)->failed, 2);
	assert_int_equal(exporter_stats(x)->queued, 0);
	assert_non_null(strstr(exporter_complaint(x), "not OTLP"));
	ends(x);
}

/* google.rpc.Status { code 3, message "bad \x1b span" } */
static const uint8_t status[] = { 0x08, 3, 0x12, 10, 'b', 'a', 'd', ' ', 0x1b, ' ', 's',
	'p', 'a', 'n' };

/* What the collector says of an error is kept, printable. */
static void
an_error_is_told(void **state)
{
	const struct exporter_answer bad = { EXPORTER_ANSWERED, 400,
		.body = { status, sizeof status } };
	struct exporter *x = filled(2, 0);

	(void)state;
	assert_int_equal(post(x, &bad, SECONDS(5)), 2);
	assert_string_equal(exporter_stats(x)->last_error, "HTTP 400: bad ? span");
	ends(x);
}

/* What is left at the end is dropped and counted, under way or not. */
static void
the_end_is_counted(void **state)
{
	struct exporter *x = filled(6, 0);
	const struct view *items;

	(void)state;
	assert_int_equal(exporter_take(x, SECONDS(5), &items), 4);
	exporter_abandon(x);
	assert_int_equal(exporter_stats(x)->dropped, 6);
	assert_true(exporter_deadline(x) == NEVER);
	ends(x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_batch_waits_its_delay),
		cmocka_unit_test(a_full_batch_does_not_wait),
		cmocka_unit_test(a_flush_does_not_wait),
		cmocka_unit_test(a_full_queue_drops_what_comes),
		cmocka_unit_test(only_some_failures_are_tried_again),
		cmocka_unit_test(waits_grow),
		cmocka_unit_test(retry_after_is_honored),
		cmocka_unit_test(partial_success_is_not_tried_again),
		cmocka_unit_test(garbage_is_no_receipt),
		cmocka_unit_test(an_error_is_told),
		cmocka_unit_test(the_end_is_counted),
	};

	return cmocka_run_group_tests_name("exporter", tests, NULL, NULL);
}
