/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "base/err.h"
#include "io/loop.h"
#include "io/udp.h"

#define SEEN_MAX (2 * UDP_SEND_BATCH)

struct seen {
	size_t count, bytes;
	size_t lens[SEEN_MAX];
	uint8_t firsts[SEEN_MAX];
	struct path path; /* of the last */
	size_t unreachable;
	struct address refused;
};

static void
on_packet(void *ctx, const struct path *path, const uint8_t *bytes, size_t len,
	uint8_t ecn)
{
	struct seen *s = ctx;

	assert_int_equal(ecn, 0);
	assert_in_range(s->count, 0, SEEN_MAX - 1);
	s->lens[s->count] = len;
	s->firsts[s->count++] = bytes[0];
	s->bytes += len;
	s->path = *path;
}

static void
on_unreachable(void *ctx, const struct address *remote)
{
	struct seen *s = ctx;

	s->unreachable++;
	s->refused = *remote;
}

static struct address
address(const char *text)
{
	struct address a;

	assert_int_equal(address_parse(&a, text), ERR_OK);
	return a;
}

static struct udp *
open_at(const char *text)
{
	struct address a = address(text);
	char why[UDP_WHY_CAP];
	struct udp *u;
	int err;

	u = udp_open(&a, 1, &err, why);
	assert_non_null(u);
	return u;
}

/* Reads until `count` packets or refusals came; false after 10 s without them. */
static bool
receive(struct udp *u, struct seen *s, size_t count)
{
	const struct udp_handler h = { on_packet, on_unreachable, s };
	uint64_t until_ns = loop_now_ns() + SECONDS(10);

	while (s->count + s->unreachable < count) {
		struct pollfd p = { .fd = udp_fd(u, 0), .events = POLLIN };
		uint64_t ms = loop_ms_until(until_ns, loop_now_ns());

		if (ms == 0)
			return false;
		poll(&p, 1, (int)ms);
		if (p.revents & POLLERR)
			udp_read_errors(u, 0, &h);
		udp_read(u, 0, &h);
	}
	return true;
}

static void
put(struct udp *u, const struct path *path, uint8_t first, size_t len)
{
	uint8_t *room = udp_room(u);

	assert_non_null(room);
	memset(room, first, len);
	udp_put(u, path, len);
}

static void
flush(struct udp *u)
{
	size_t blocked;

	assert_int_equal(udp_flush(u, &blocked), ERR_OK);
	assert_false(udp_pending(u));
}

/* Datagrams of any mixture of sizes arrive whole, in order, from where they left. */
static void
batch_arrives(void **state)
{
	static const size_t lens[] = { 1200, 1200, 1200, 40, 1452, 1452, 1, 1452, 700,
		701 };
	struct udp *a = open_at("127.0.0.1:0"), *b = open_at("127.0.0.1:0");
	struct path path = { *udp_bound(a, 0), *udp_bound(b, 0) };
	struct udp_stats stats;
	struct seen s = { 0 };
	size_t n = sizeof lens / sizeof *lens;

	(void)state;
	assert_int_not_equal(path.local.port, 0);
	for (uint8_t i = 0; i < n; i++)
		put(a, &path, i, lens[i]);
	flush(a);
	assert_true(receive(b, &s, n));
	for (uint8_t i = 0; i < n; i++) {
		assert_int_equal(s.lens[i], lens[i]);
		assert_int_equal(s.firsts[i], i);
	}
	assert_true(address_equal(&s.path.remote, udp_bound(a, 0)));
	assert_true(address_equal(&s.path.local, udp_bound(b, 0)));
	udp_stats(a, &stats);
	assert_int_equal(stats.packets_sent, n);
	assert_int_equal(stats.dropped_send, 0);
	udp_stats(b, &stats);
	assert_int_equal(stats.packets_received, n);
	assert_int_equal(stats.bytes_received, s.bytes);
	udp_close(a);
	udp_close(b);
}

/* A full batch says so; one size crosses in few system calls where the kernel can. */
static void
batch_is_bounded(void **state)
{
	struct udp *a = open_at("127.0.0.1:0"), *b = open_at("127.0.0.1:0");
	struct path path = { *udp_bound(a, 0), *udp_bound(b, 0) };
	struct udp_stats stats;
	struct seen s = { 0 };

	(void)state;
	for (size_t i = 0; i < UDP_SEND_BATCH; i++)
		put(a, &path, (uint8_t)i, 1200);
	assert_null(udp_room(a));
	flush(a);
	assert_non_null(udp_room(a));
	assert_true(receive(b, &s, UDP_SEND_BATCH));
	for (size_t i = 0; i < UDP_SEND_BATCH; i++)
		assert_int_equal(s.firsts[i], (uint8_t)i);
	udp_stats(a, &stats);
	if (stats.gso)
		assert_in_range(stats.writes, 1, 4);
	udp_close(a);
	udp_close(b);
}

/* Packets to several peers are not glued together. */
static void
peers_are_kept_apart(void **state)
{
	struct udp *a = open_at("127.0.0.1:0");
	struct udp *to[2] = { open_at("127.0.0.1:0"), open_at("127.0.0.1:0") };
	struct seen s[2] = { 0 };

	(void)state;
	for (uint8_t i = 0; i < 20; i++) {
		struct path path = { *udp_bound(a, 0), *udp_bound(to[i % 2], 0) };

		put(a, &path, i, 500);
	}
	flush(a);
	for (size_t k = 0; k < 2; k++) {
		assert_true(receive(to[k], &s[k], 10));
		for (uint8_t i = 0; i < 10; i++)
			assert_int_equal(s[k].firsts[i], 2 * i + k);
		udp_close(to[k]);
	}
	udp_close(a);
}

/* A closed port is reported with its address and does not disturb packets to others. */
static void
refusal_is_reported(void **state)
{
	struct udp *a = open_at("127.0.0.1:0"), *b = open_at("127.0.0.1:0");
	struct udp *closed = open_at("127.0.0.1:0");
	struct address nobody = *udp_bound(closed, 0);
	struct path path = { *udp_bound(a, 0), nobody };
	struct seen s = { 0 }, at_b = { 0 };

	(void)state;
	udp_close(closed);
	put(a, &path, 1, 100);
	flush(a);
	path.remote = *udp_bound(b, 0);
	put(a, &path, 2, 100);
	flush(a);
	assert_true(receive(a, &s, 1));
	assert_int_equal(s.unreachable, 1);
	assert_true(address_equal(&s.refused, &nobody));
	assert_true(receive(b, &at_b, 1));
	assert_int_equal(at_b.firsts[0], 2);
	/* Control: who sent to nobody hears of no refusal. */
	assert_int_equal(at_b.unreachable, 0);
	udp_close(a);
	udp_close(b);
}

/* A wildcard socket says which address a packet came to, and answers from there. */
static void
wildcard_answers_from_where_it_was_asked(void **state)
{
	struct udp *a = open_at("127.0.0.1:0"), *any = open_at("0.0.0.0:0");
	struct path path = { *udp_bound(a, 0), address("127.0.0.77:0") };
	struct seen at_any = { 0 }, at_a = { 0 };
	struct address other;

	(void)state;
	path.remote.port = udp_bound(any, 0)->port;
	other = path.remote;
	put(a, &path, 1, 10);
	flush(a);
	assert_true(receive(any, &at_any, 1));
	assert_true(address_equal(&at_any.path.local, &other));
	put(any, &at_any.path, 2, 10);
	flush(any);
	assert_true(receive(a, &at_a, 1));
	assert_true(address_equal(&at_a.path.remote, &other));
	/* Control: without a local address the kernel chooses, and chooses another. */
	at_a = (struct seen){ 0 };
	path = (struct path){ *udp_bound(any, 0), *udp_bound(a, 0) };
	put(any, &path, 3, 10);
	flush(any);
	assert_true(receive(a, &at_a, 1));
	assert_false(address_equal(&at_a.path.remote, &other));
	udp_close(a);
	udp_close(any);
}

/* One socket for each family; packets leave by the one of their destination. */
static void
both_families_work(void **state)
{
	struct address bind_to[2] = { address("127.0.0.1:0"), address("[::1]:0") };
	char why[UDP_WHY_CAP];
	struct udp *u, *six;
	struct seen s = { 0 };
	struct path path;
	int err;

	(void)state;
	u = udp_open(bind_to, 2, &err, why);
	assert_non_null(u);
	six = open_at("[::1]:0");
	assert_int_equal(udp_count(u), 2);
	path = (struct path){ *udp_bound(u, 1), *udp_bound(six, 0) };
	put(u, &path, 6, 99);
	flush(u);
	assert_true(receive(six, &s, 1));
	assert_true(address_equal(&s.path.remote, udp_bound(u, 1)));
	udp_close(six);
	udp_close(u);
}

/* A packet of a family without a socket is counted and does not stay in the way. */
static void
missing_family_is_counted(void **state)
{
	struct udp *u = open_at("127.0.0.1:0");
	struct path path = { *udp_bound(u, 0), address("[::1]:9") };
	struct udp_stats stats;

	(void)state;
	put(u, &path, 1, 10);
	flush(u);
	udp_stats(u, &stats);
	assert_int_equal(stats.dropped_send, 1);
	assert_int_equal(stats.packets_sent, 0);
	udp_close(u);
}

/* What cannot be bound is said with address and cause. */
static void
bad_binds_are_refused(void **state)
{
	struct address two[2] = { address("127.0.0.1:0"), address("127.0.0.1:0") }, a;
	char why[UDP_WHY_CAP];
	struct udp *u;
	int err;

	(void)state;
	assert_null(udp_open(two, 2, &err, why));
	assert_int_equal(err, ERR_ARGUMENT);
	assert_null(udp_open(two, 0, &err, why));
	u = open_at("127.0.0.1:0");
	a = *udp_bound(u, 0);
	assert_null(udp_open(&a, 1, &err, why));
	assert_int_equal(err, ERR_BUSY);
	assert_non_null(strstr(why, "another program has that port"));
	udp_close(u);
	a = address("192.0.2.1:0");
	assert_null(udp_open(&a, 1, &err, why));
	assert_int_equal(err, ERR_SYSTEM);
	assert_non_null(strstr(why, "192.0.2.1:0"));
}

/* No child inherits a socket. */
static void
sockets_close_on_exec(void **state)
{
	struct udp *u = open_at("127.0.0.1:0");

	(void)state;
	assert_true(fcntl(udp_fd(u, 0), F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(udp_fd(u, 0), F_GETFL) & O_NONBLOCK);
	udp_close(u);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(batch_arrives),
		cmocka_unit_test(batch_is_bounded),
		cmocka_unit_test(peers_are_kept_apart),
		cmocka_unit_test(refusal_is_reported),
		cmocka_unit_test(wildcard_answers_from_where_it_was_asked),
		cmocka_unit_test(both_families_work),
		cmocka_unit_test(missing_family_is_counted),
		cmocka_unit_test(bad_binds_are_refused),
		cmocka_unit_test(sockets_close_on_exec),
	};

	return cmocka_run_group_tests_name("udp", tests, NULL, NULL);
}
