/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/mem.h"
#include "io/loop.h"
#include "io/seed_names.h"

/*
 * "localhost" is this machine (RFC 6761 6.3), ".invalid" never exists (6.4): with a name
 * server or without.
 */
struct heard {
	uv_loop_t *loop;
	size_t found, failed, until_found, until_failed;
	struct seed last;
	bool alone, late;
};

static void
look(struct heard *h)
{
	if (h->found >= h->until_found && h->failed >= h->until_failed)
		uv_stop(h->loop);
}

static void
on_found(void *ctx, const struct seed *s)
{
	struct heard *h = ctx;

	h->found++;
	h->last = *s;
	look(h);
}

static void
on_failed(void *ctx, const struct seed_named *s, const char *why)
{
	struct heard *h = ctx;

	assert_string_equal(s->host, "nobody.invalid");
	assert_true(strlen(why) > 0);
	h->failed++;
	look(h);
}

static bool
is_alone(void *ctx)
{
	struct heard *h = ctx;

	return h->alone;
}

static void
on_late(uv_timer_t *t)
{
	struct heard *h = t->data;

	h->late = true;
	uv_stop(h->loop);
}

/* Runs until as much was heard as is wanted. */
static void
hear(struct heard *h, const struct seed_named *names, size_t count, bool ipv4, bool ipv6)
{
	const struct seed_names_hooks hooks = { on_found, on_failed, is_alone, h };
	struct seed_names *s;
	uv_loop_t loop;
	uv_timer_t late;

	uv_loop_init(&loop);
	h->loop = &loop;
	uv_timer_init(&loop, &late);
	late.data = h;
	uv_timer_start(&late, on_late, 60000, 0);
	s = seed_names_new(&loop, names, count, ipv4, ipv6, &hooks);
	uv_run(&loop, h->until_found + h->until_failed > 0 ? UV_RUN_DEFAULT
							   : UV_RUN_NOWAIT);
	seed_names_close(s);
	uv_close((uv_handle_t *)&late, NULL);
	assert_int_equal(loop_drain(&loop), 0);
	assert_false(h->late);
	assert_int_equal(mem_live(MEM_SEED_NAMES), 0);
}

/* A name becomes a seed with an address of the family that the sockets have. */
static void
a_name_becomes_a_seed(void **state)
{
	const struct seed_named local = { { { 7 } }, "localhost", 4000 };
	struct heard h = { .until_found = 1 };

	(void)state;
	hear(&h, &local, 1, true, false);
	assert_int_equal(h.last.id.bytes[0], 7);
	assert_int_equal(h.last.address.family, 4);
	assert_true(address_is_loopback(&h.last.address));
	assert_int_equal(h.last.address.port, 4000);
}

/*
 * A name that nobody knows is told once, and tried again: the other one is found twice
 * meanwhile.
 */
static void
an_unknown_name_is_told_once(void **state)
{
	const struct seed_named names[] = { { { { 7 } }, "localhost", 1 },
		{ { { 8 } }, "nobody.invalid", 1 } };
	struct heard h = { .until_found = 2, .until_failed = 1 };

	(void)state;
	hear(&h, names, 2, true, true);
	assert_int_equal(h.failed, 1);
	assert_int_equal(h.found, 2);
}

/* Nobody waits for a lookup that is under way. */
static void
closing_does_not_wait(void **state)
{
	const struct seed_named nobody = { { { 8 } }, "nobody.invalid", 1 };
	struct heard h = { 0 };

	(void)state;
	for (int i = 0; i < 50; i++)
		hear(&h, &nobody, 1, true, false);
	hear(&h, NULL, 0, true, false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_becomes_a_seed),
		cmocka_unit_test(an_unknown_name_is_told_once),
		cmocka_unit_test(closing_does_not_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
