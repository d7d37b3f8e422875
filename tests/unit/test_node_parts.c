/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "node/backlog.h"
#include "node/book.h"
#include "node/boot.h"
#include "node/budget.h"
#include "node/greet.h"
#include "node/seeds.h"
#include "node/watch.h"

static const uint8_t no_seed[32];

static bool
anyone(const void *ctx, const struct seed_entry *e)
{
	(void)ctx;
	(void)e;
	return true;
}

static struct seed
seed_at(uint8_t id, uint16_t port)
{
	struct seed s = { .id = { { id } },
		.address = { .family = 4, .ip = { 127, 0, 0, 1 }, .port = port } };

	return s;
}

/*
 * Back-off is 1, 2, 4, 8, 16, 30, 30 ... s within 20 %, giving up is said once, and it
 * goes on.
 */
static void
backoff_follows_the_series(void **state)
{
	static const unsigned series[] = { 1, 2, 4, 8, 16, 30, 30, 30, 30, 30, 30, 30 };
	struct seed s = seed_at(1, 4000);
	struct seeds seeds;
	uint64_t now = SECONDS(1);
	unsigned said = 0;

	(void)state;
	seeds_init(&seeds, no_seed);
	assert_int_equal(seeds_add(&seeds, &s, "", true, now), ERR_OK);
	for (size_t i = 0; i < sizeof(series) / sizeof(series[0]); i++) {
		uint64_t due;

		assert_non_null(seeds_next(&seeds, now, anyone, NULL));
		assert_null(seeds_next(&seeds, now, anyone, NULL));	/* pending */
		said += seeds_result(&seeds, &s.id, false, now);
		due = seeds_due(&seeds, anyone, NULL);
		assert_in_range(due - now, SECONDS(series[i]) * 8 / 10,
			SECONDS(series[i]) * 12 / 10);
		assert_null(seeds_next(&seeds, due - 1, anyone, NULL));
		now = due;
	}
	assert_int_equal(said, 1);
}

/* A seed that moved is tried at its new place at once; the table is bounded. */
static void
seeds_move_and_are_bounded(void **state)
{
	struct seed s = seed_at(1, 4000);
	struct seeds seeds;

	(void)state;
	seeds_init(&seeds, no_seed);
	assert_int_equal(seeds_add(&seeds, &s, "", true, 0), ERR_OK);
	assert_int_equal(seeds_add(&seeds, &s, "", true, 0), ERR_EXISTS);
	s.address.port++;
	assert_int_equal(seeds_add(&seeds, &s, "", true, 5), ERR_OK);
	assert_int_equal(seeds.count, 1);
	for (unsigned i = 0; i < SEEDS_TABLE_MAX - 1; i++) {
		struct seed more = seed_at(2, 1);

		memcpy(more.id.bytes + 4, &i, sizeof(i));
		assert_int_equal(seeds_add(&seeds, &more, "", false, 0), ERR_OK);
	}
	s = seed_at(9, 9);
	assert_int_equal(seeds_add(&seeds, &s, "", false, 0), ERR_LIMIT);
}

static enum watch_verdict
check(struct watch *w, uint64_t heard_ns, uint64_t now_ns, uint64_t *due_ns)
{
	return watch_check(w, WATCH_SILENCE, heard_ns, now_ns, due_ns);
}

/* Silence of 3 s is probed every 500 ms, and 2 s without an answer decide. */
static void
silence_is_probed_then_decided(void **state)
{
	struct watch watch = { 0 };
	uint64_t due, now = SECONDS(3);
	unsigned pings = 0;

	(void)state;
	assert_int_equal(check(&watch, 0, SECONDS(3) - 1, &due), WATCH_WAIT);
	assert_int_equal(due, SECONDS(3));
	for (;;) {
		enum watch_verdict v = check(&watch, 0, now, &due);

		if (v == WATCH_DEAD)
			break;
		pings += v == WATCH_PING;
		now = due;
	}
	assert_int_equal(now, SECONDS(5));
	assert_int_equal(pings, 4);
}

/* Any packet ends the probing; without one the same neighbor is dead: the control. */
static void
a_packet_ends_the_probing(void **state)
{
	struct watch watch = { 0 };
	uint64_t due;

	(void)state;
	assert_int_equal(check(&watch, 0, SECONDS(3), &due), WATCH_PING);
	assert_int_equal(check(&watch, SECONDS(4), SECONDS(5), &due), WATCH_WAIT);
	assert_int_equal(due, SECONDS(7));
	assert_false(watch.probing);
}

/* An ICMP hint starts three probes 100 ms apart at once; it is no proof. */
static void
a_hint_is_checked_quickly(void **state)
{
	struct watch watch = { 0 };
	uint64_t due, now = SECONDS(10), heard = SECONDS(10) - 1;
	unsigned pings = 0;

	(void)state;
	watch_hint(&watch, now);
	for (;;) {
		enum watch_verdict v = check(&watch, heard, now, &due);

		if (v == WATCH_DEAD)
			break;
		pings += v == WATCH_PING;
		watch_hint(&watch, now);	/* each probe brings another hint */
		now = due;
	}
	assert_int_equal(pings, 3);
	assert_int_equal(now, SECONDS(10) + MILLISECONDS(300));
	watch = (struct watch){ 0 };
	watch_hint(&watch, now);
	assert_int_equal(check(&watch, now + 1, now + 2, &due), WATCH_WAIT);
}

/* The book forgets those it never met first, and never grows past its bound. */
static void
the_book_is_bounded(void **state)
{
	struct seed friend = seed_at(200, 1);
	struct book b;

	(void)state;
	book_init(&b);
	book_learn(&b, &friend.id, &friend.address, 1);
	book_met(&b, &friend.id);
	for (unsigned i = 0; i < BOOK_ENTRIES_MAX + 10; i++) {
		struct seed s = seed_at(1, 4000);

		memcpy(s.id.bytes + 4, &i, sizeof(i));
		book_learn(&b, &s.id, &s.address, 1);
	}
	assert_int_equal(idmap_count(b.entries), BOOK_ENTRIES_MAX);
	assert_non_null(book_find(&b, &friend.id));
	assert_int_equal(b.forgotten, 11);
	book_fini(&b);
	assert_int_equal(mem_live(MEM_BOOK_ENTRY), 0);
}

/* Addresses that nobody can dial are not learned. */
static void
useless_addresses_are_left_out(void **state)
{
	struct peer_id id = { { 1 } };
	struct address bad[] = {
		{ .family = 4, .port = 5 },			/* 0.0.0.0 */
		{ .family = 4, .ip = { 127, 0, 0, 1 } },	/* port 0 */
		{ .family = 0 },
	};
	struct book b;

	(void)state;
	book_init(&b);
	book_learn(&b, &id, bad, 3);
	assert_null(book_find(&b, &id));
	book_fini(&b);
}

/* Records come back as they were put, and a full backlog says so and changes nothing. */
static void
backlog_round_trip(void **state)
{
	struct peer_id topic = { { 7 } }, t;
	struct view v, body;
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	assert_true(backlog_put(&b, &topic, "hello", 5));
	assert_true(backlog_put(&b, &topic, "", 0));
	assert_false(backlog_put(&b, &topic, "0123456789012345678901234567", 28));
	v = (struct view){ b.data, b.len };
	assert_true(backlog_next(&v, &t, &body));
	assert_int_equal(body.len, 5);
	assert_memory_equal(body.data, "hello", 5);
	assert_memory_equal(&t, &topic, sizeof(t));
	assert_true(backlog_next(&v, &t, &body));
	assert_int_equal(body.len, 0);
	assert_false(backlog_next(&v, &t, &body));
	buf_fini(&b);
}

/* Who is admitted: the table of keys, meshes, roles and versions. */
static void
admission_table(void **state)
{
	static const uint8_t exporter[32] = { 1 };
	struct greeter a = { .own = { .mesh = "mesh1", .type = "broker" } }, b = a;
	char why[GREET_WHY_CAP];
	struct hello h;

	(void)state;
	greet_make(&a, exporter, true, false, &h);
	assert_int_equal(greet_check(&b, &h, exporter, false, false, why), ERR_OK);
	fabric_key_mint(&b.key);
	assert_int_equal(greet_check(&b, &h, exporter, false, false, why), ERR_REFUSED);
	a.key = b.key;
	greet_make(&a, exporter, true, false, &h);
	assert_int_equal(greet_check(&b, &h, exporter, false, false, why), ERR_OK);
	/* reflected */
	assert_int_equal(greet_check(&b, &h, exporter, true, false, why), ERR_REFUSED);
	fabric_key_mint(&b.key);
	assert_int_equal(greet_check(&b, &h, exporter, false, false, why), ERR_REFUSED);
	b.key = a.key;
	memcpy(b.own.mesh, "mesh2", 6);
	assert_int_equal(greet_check(&b, &h, exporter, false, false, why), ERR_REFUSED);
	assert_string_equal(why, "another mesh (mesh2 and mesh1)");
	assert_true(greet_foreign(&b, &h));
	/* A visitor may come, and who dials as one; not who was dialed. */
	greet_make(&a, exporter, true, true, &h);
	assert_int_equal(h.role, HELLO_VISITOR);
	assert_int_equal(greet_check(&b, &h, exporter, false, false, why), ERR_OK);
	greet_make(&b, exporter, false, false, &h);
	assert_int_equal(greet_check(&a, &h, exporter, true, true, why), ERR_OK);
	assert_int_equal(greet_check(&a, &h, exporter, true, false, why), ERR_REFUSED);
	/* A gateway may call; that the other one is a gateway is no reason. */
	memcpy(a.own.type, "gateway", 8);
	assert_int_equal(greet_check(&a, &h, exporter, true, false, why), ERR_OK);
	greet_make(&a, exporter, true, false, &h);
	assert_int_equal(greet_check(&b, &h, exporter, false, false, why), ERR_OK);
	greet_make(&b, exporter, true, false, &h);
	assert_int_equal(greet_check(&a, &h, exporter, false, false, why), ERR_REFUSED);
	greet_make(&a, exporter, true, false, &h);
	b.own.role = HELLO_OBSERVER;
	assert_int_equal(greet_check(&b, &h, exporter, false, false, why), ERR_OK);
	assert_false(greet_foreign(&b, &h));
	h.version = 2;
	assert_int_equal(greet_check(&b, &h, exporter, false, false, why), ERR_REFUSED);
}

/* Ready needs every step; a failed step stays visible and is never ready. */
static void
boot_needs_every_step(void **state)
{
	struct boot b;

	(void)state;
	boot_start(&b, 5);
	for (unsigned i = 0; i < BOOT_STEPS; i++) {
		assert_false(boot_ready(&b));
		boot_begin(&b, (enum boot_step)i, 10 * i + 5);
		boot_end(&b, (enum boot_step)i, ERR_OK, 10 * i + 9);
	}
	assert_true(boot_ready(&b));
	assert_int_equal(boot_took_ns(&b), 10 * (BOOT_STEPS - 1) + 4);
	b.spans[1].err = ERR_SYSTEM;
	assert_false(boot_ready(&b));
}

/* The four known types have budgets of their own, any other the common one. */
static void
budgets_are_by_type(void **state)
{
	(void)state;
	assert_int_equal(budget_of("broker")->cpu_mc, 4000);
	assert_int_equal(budget_of("compute")->memory_kib, 512 * 1024);
	assert_int_equal(budget_of("brokers")->cpu_mc, 1000);
	assert_int_equal(budget_of("")->cpu_mc, 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(backoff_follows_the_series),
		cmocka_unit_test(seeds_move_and_are_bounded),
		cmocka_unit_test(silence_is_probed_then_decided),
		cmocka_unit_test(a_packet_ends_the_probing),
		cmocka_unit_test(a_hint_is_checked_quickly),
		cmocka_unit_test(the_book_is_bounded),
		cmocka_unit_test(useless_addresses_are_left_out),
		cmocka_unit_test(backlog_round_trip),
		cmocka_unit_test(admission_table),
		cmocka_unit_test(boot_needs_every_step),
		cmocka_unit_test(budgets_are_by_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
