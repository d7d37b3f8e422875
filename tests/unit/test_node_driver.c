/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "io/loop.h"
#include "io/node_driver.h"

/* A node on real sockets; several share the loop of the test. */
struct party {
	struct node *node;
	struct udp *udp;
	struct node_driver *driver;
	struct peer_id id;
	size_t neighbors, turns;
	uint64_t busy_ns;	/* how long its next turn takes */
};

static void
on_event(void *ctx, const struct node_event *ev)
{
	struct party *p = ctx;

	if (ev->kind == NODE_EVENT_NEIGHBOR && strcmp(ev->text, "up") == 0)
		p->neighbors++;
}

static void
on_turned(void *ctx, uint64_t now_ns)
{
	struct party *p = ctx;

	assert_true(now_ns > 0);
	p->turns++;
	while (loop_now_ns() < now_ns + p->busy_ns)
		continue;	/* no sleep: the clock is watched */
	p->busy_ns = 0;
}

static void
begin(struct party *p, uv_loop_t *loop, const char *bind_to, const struct party *seed)
{
	const struct node_driver_hooks hooks = { on_event, on_turned, NULL, p };
	struct node_config *c = calloc(1, sizeof *c);
	char why[UDP_WHY_CAP];
	struct address a;
	int err;

	memset(p, 0, sizeof *p);
	assert_int_equal(address_parse(&a, bind_to), ERR_OK);
	p->udp = udp_open(&a, 1, &err, why);
	assert_non_null(p->udp);
	identity_mint(&c->identity);
	p->id = c->identity.id;
	snprintf(c->mesh, sizeof c->mesh, "mesh1");
	snprintf(c->type, sizeof c->type, "broker");
	c->incarnation = loop_wall_ms();
	c->bound[0] = c->advertised[0] = *udp_bound(p->udp, 0);
	c->advertised_count = 1;
	memcpy(c->random_seed, p->id.bytes, sizeof c->random_seed);
	if (seed != NULL) {
		c->seeds[0].id = seed->id;
		c->seeds[0].address = *udp_bound(seed->udp, 0);
		c->seed_count = 1;
	}
	p->node = node_new(c, loop_now_ns(), loop_wall_ms(), &err);
	assert_non_null(p->node);
	free(c);
	p->driver = node_driver_new(loop, p->node, p->udp, &hooks, &err);
	assert_non_null(p->driver);
}

static void
end(struct party *p)
{
	node_free(p->node);
	udp_close(p->udp);
}

static void
close_all(uv_loop_t *loop, struct party *parties, size_t count)
{
	for (size_t i = 0; i < count; i++)
		node_driver_close(parties[i].driver);
	assert_int_equal(loop_drain(loop), ERR_OK);
	for (size_t i = 0; i < count; i++)
		end(&parties[i]);
	assert_int_equal(mem_live(MEM_NODE_DRIVER), 0);
	assert_int_equal(mem_live(MEM_UDP), 0);
}

static void
nodes_meet_at(const char *bind_to)
{
	uint64_t until_ns = loop_now_ns() + SECONDS(20);
	struct party p[2];
	uv_loop_t loop;

	assert_int_equal(uv_loop_init(&loop), 0);
	begin(&p[0], &loop, bind_to, NULL);
	begin(&p[1], &loop, bind_to, &p[0]);
	while ((p[0].neighbors == 0 || p[1].neighbors == 0) && loop_now_ns() < until_ns)
		uv_run(&loop, UV_RUN_ONCE);
	assert_int_equal(p[0].neighbors, 1);
	assert_int_equal(p[1].neighbors, 1);
	assert_true(p[0].turns > 0 && p[1].turns > 0);
	assert_true(node_driver_load(p[0].driver)->memory_used_kib > 0);
	close_all(&loop, p, 2);
}

/* Two nodes on real sockets become neighbors, by nothing but the loop. */
static void
nodes_meet(void **state)
{
	(void)state;
	nodes_meet_at("127.0.0.1:0");
}

/* The same over IPv6. */
static void
nodes_meet_over_ipv6(void **state)
{
	(void)state;
	nodes_meet_at("[::1]:0");
}

/* Works, as a handler would that takes too long; no sleep: the clock is watched. */
static void
on_busy(uv_timer_t *t)
{
	uint64_t until_ns = loop_now_ns() + MILLISECONDS(600);

	(void)t;
	while (loop_now_ns() < until_ns)
		continue;
}

static void
turn_for(uv_loop_t *loop, const struct party *p, size_t turns)
{
	uint64_t until_ns = loop_now_ns() + SECONDS(20);
	size_t wanted = p->turns + turns;

	while (p->turns < wanted && loop_now_ns() < until_ns)
		uv_run(loop, UV_RUN_ONCE);
	assert_true(p->turns >= wanted);
}

/* A handler that holds up the loop for 600 ms is noticed in the turn that it held up. */
static void
lag_is_noticed(void **state)
{
	struct party p;
	uv_loop_t loop;
	uv_timer_t busy;
	uint64_t began_ns;

	(void)state;
	assert_int_equal(uv_loop_init(&loop), 0);
	begin(&p, &loop, "127.0.0.1:0", NULL);
	turn_for(&loop, &p, 2);
	began_ns = loop_now_ns();
	uv_timer_init(&loop, &busy);
	uv_timer_start(&busy, on_busy, 0, 0);
	while (loop_now_ns() < began_ns + MILLISECONDS(600))
		uv_run(&loop, UV_RUN_ONCE);
	turn_for(&loop, &p, 1);
	assert_true(node_driver_load(p.driver)->lag_500ms_at_ns >= began_ns);
	assert_true(node_driver_load(p.driver)->loop_lag_ms >= 500);
	/* The next sample says so still: one digest alone may be lost. */
	while (loop_now_ns() < began_ns + MILLISECONDS(600) + 2 * DRIVER_SAMPLE_INTERVAL)
		turn_for(&loop, &p, 1);
	assert_true(node_driver_load(p.driver)->loop_lag_ms >= 500);
	uv_close((uv_handle_t *)&busy, NULL);
	close_all(&loop, &p, 1);
}

/*
 * A turn that is held up after its timers were looked at (a process stopped there): what
 * was due meanwhile, a digest at the latest after 2.2 s, says so, before the node thinks.
 */
static void
lag_within_a_turn_is_noticed(void **state)
{
	struct party p;
	uv_loop_t loop;
	uint64_t began_ns;

	(void)state;
	assert_int_equal(uv_loop_init(&loop), 0);
	begin(&p, &loop, "127.0.0.1:0", NULL);
	turn_for(&loop, &p, 2);
	began_ns = loop_now_ns();
	p.busy_ns = SECONDS(3);
	turn_for(&loop, &p, 2);
	assert_true(node_driver_load(p.driver)->lag_500ms_at_ns >= began_ns);
	close_all(&loop, &p, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes_meet),
		cmocka_unit_test(nodes_meet_over_ipv6),
		cmocka_unit_test(lag_is_noticed),
		cmocka_unit_test(lag_within_a_turn_is_noticed),
	};

	return cmocka_run_group_tests_name("node_driver", tests, NULL, NULL);
}
