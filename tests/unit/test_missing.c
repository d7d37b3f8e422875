/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "gossip/missing.h"

struct fixture {
	struct gossip_config config;
	struct heap timers;
	struct gossip_ctx x;
	struct missing missing;
};

static void
begin(struct fixture *f)
{
	gossip_config_default(&f->config);
	heap_init(&f->timers);
	f->x = (struct gossip_ctx){
		.config = &f->config, .timers = &f->timers, .now_ns = SECONDS(1)};
	missing_init(&f->missing);
}

static void
end(struct fixture *f)
{
	missing_fini(&f->missing, &f->timers);
	assert_int_equal(heap_deadline(&f->timers), NEVER);
	assert_int_equal(mem_live(MEM_MISSING), 0);
	heap_fini(&f->timers);
}

static struct peer_id
id(unsigned number)
{
	return (struct peer_id){{(uint8_t)number, (uint8_t)(number >> 8)}};
}

static void
add(struct fixture *f, unsigned message, unsigned peer, uint16_t round)
{
	struct peer_id m = id(message), p = id(peer);

	missing_add(&f->missing, &f->x, &m, &p, round);
}

/* The first announcement arms the timer; sources come back in order, each peer once. */
static void
sources_in_order(void **state)
{
	struct peer_id one = id(1), two = id(2), message = id(7);
	struct missing_source s;
	struct missing_entry *e;
	struct fixture f;

	(void)state;
	begin(&f);
	add(&f, 7, 1, 4);
	assert_int_equal(heap_deadline(&f.timers), SECONDS(1) + f.config.graft_first_ns);
	f.x.now_ns += MILLISECONDS(50);
	add(&f, 7, 2, 3);
	add(&f, 7, 1, 9);
	assert_int_equal(heap_deadline(&f.timers), SECONDS(1) + f.config.graft_first_ns);
	e = missing_find(&f.missing, &message);
	assert_true(missing_pop(e, &s));
	assert_true(id_equal(&s.peer, &one));
	assert_int_equal(s.round, 4);
	assert_true(missing_pop(e, &s));
	assert_true(id_equal(&s.peer, &two));
	assert_false(missing_pop(e, &s));
	end(&f);
}

/* A peer that is gone brings nothing; what nobody brings is forgotten, with its timer. */
static void
peers_go(void **state)
{
	struct peer_id one = id(1), message = id(8);
	struct fixture f;

	(void)state;
	begin(&f);
	add(&f, 7, 1, 0);
	add(&f, 8, 1, 0);
	add(&f, 8, 2, 0);
	missing_remove_peer(&f.missing, &f.timers, &one);
	assert_int_equal(missing_count(&f.missing), 1);
	assert_int_equal(missing_find(&f.missing, &message)->count, 1);
	assert_int_equal(f.timers.count, 1);
	end(&f);
}

/* Full is full, and counted; what is known still gets sources. */
static void
bound(void **state)
{
	struct peer_id first = id(0);
	struct fixture f;

	(void)state;
	begin(&f);
	for (unsigned i = 0; i < GOSSIP_MISSING_MAX + 3; i++)
		add(&f, i, 1, 0);
	assert_int_equal(missing_count(&f.missing), GOSSIP_MISSING_MAX);
	assert_int_equal(f.missing.dropped, 3);
	add(&f, 0, 2, 0);
	assert_int_equal(missing_find(&f.missing, &first)->count, 2);
	end(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sources_in_order),
		cmocka_unit_test(peers_go),
		cmocka_unit_test(bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
