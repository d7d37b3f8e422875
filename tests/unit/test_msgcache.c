/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "gossip/msgcache.h"

static struct peer_id
id(uint8_t number)
{
	return (struct peer_id){{number}};
}

static void
put(struct msgcache *c, uint8_t number, size_t len, uint64_t now_ns)
{
	static const uint8_t bytes[64];
	struct peer_id i = id(number);

	msgcache_put(c, &i, (struct view){bytes, len}, number, now_ns);
}

static bool
cached(const struct msgcache *c, uint8_t number)
{
	struct peer_id i = id(number);
	struct view content;
	uint16_t round;

	return msgcache_find(c, &i, &content, &round);
}

static bool
seen(const struct msgcache *c, uint8_t number)
{
	struct peer_id i = id(number);

	return msgcache_seen(c, &i);
}

/* What was put is found with its round; what was only noted is seen and not found. */
static void
put_and_find(void **state)
{
	struct peer_id one = id(1), two = id(2);
	struct view content;
	struct msgcache c;
	uint16_t round;

	(void)state;
	msgcache_init(&c, SECONDS(90), SECONDS(30), 10, 100);
	msgcache_put(&c, &one, (struct view){(const uint8_t *)"abc", 3}, 7, 0);
	msgcache_note(&c, &two, 0);
	assert_true(msgcache_find(&c, &one, &content, &round));
	assert_int_equal(content.len, 3);
	assert_memory_equal(content.data, "abc", 3);
	assert_int_equal(round, 7);
	assert_true(seen(&c, 2));
	assert_false(cached(&c, 2));
	assert_false(seen(&c, 3));
	msgcache_fini(&c);
}

/* Contents go after 30 s, ids after 90 s. */
static void
expiry(void **state)
{
	struct msgcache c;

	(void)state;
	msgcache_init(&c, SECONDS(90), SECONDS(30), 10, 100);
	put(&c, 1, 10, 0);
	put(&c, 2, 10, SECONDS(10));
	msgcache_expire(&c, SECONDS(30) - 1);
	assert_true(cached(&c, 1));
	msgcache_expire(&c, SECONDS(30));
	assert_false(cached(&c, 1));
	assert_true(seen(&c, 1));
	assert_true(cached(&c, 2));
	msgcache_expire(&c, SECONDS(90));
	assert_false(seen(&c, 1));
	assert_true(seen(&c, 2));
	msgcache_expire(&c, SECONDS(100));
	assert_int_equal(c.seen_count, 0);
	assert_int_equal(c.cached_bytes, 0);
	assert_int_equal(c.dropped_seen + c.dropped_cache, 0);
	msgcache_fini(&c);
}

/* Past a bound the oldest go, and are counted. */
static void
bounds(void **state)
{
	struct msgcache c;

	(void)state;
	msgcache_init(&c, SECONDS(90), SECONDS(30), 4, 25);
	for (uint8_t i = 1; i <= 3; i++)
		put(&c, i, 10, 0);
	assert_false(cached(&c, 1));
	assert_true(cached(&c, 3));
	assert_int_equal(c.cached_bytes, 20);
	assert_int_equal(c.dropped_cache, 1);
	put(&c, 4, 26, 0);
	assert_false(cached(&c, 4));
	assert_true(cached(&c, 3));
	put(&c, 5, 0, 0);
	assert_true(cached(&c, 5));
	assert_int_equal(c.seen_count, 4);
	assert_false(seen(&c, 1));
	assert_int_equal(c.dropped_seen, 1);
	msgcache_fini(&c);
}

/* Every entry is given back. */
static void
nothing_is_left(void **state)
{
	struct msgcache c;

	(void)state;
	msgcache_init(&c, SECONDS(90), SECONDS(30), 100, 1000);
	for (uint8_t i = 1; i < 100; i++)
		put(&c, i, i % 50, i);
	assert_int_equal(mem_live(MEM_MESSAGE), 99);
	msgcache_fini(&c);
	assert_int_equal(mem_live(MEM_MESSAGE), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(put_and_find),
		cmocka_unit_test(expiry),
		cmocka_unit_test(bounds),
		cmocka_unit_test(nothing_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
