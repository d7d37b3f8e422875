/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "base/mem.h"
#include "quic/cidmap.h"
#include "quic/event.h"
#include "quic/path.h"
#include "quic/sendbuf.h"

/* Ids are found, and only their owner can take them away. */
static void
cids(void **state)
{
	struct cidmap *m = cidmap_new();
	struct cidmap_owner a = { 0 }, b = { 0 };
	uint8_t key[CIDMAP_KEY_LEN_MAX + 1] = { 1 };
	unsigned i;

	(void)state;
	cidmap_put(m, &a, key, 8);
	cidmap_put(m, &b, key, 8);	/* taken */
	cidmap_put(m, &b, key, 9);	/* another length is another id */
	assert_ptr_equal(cidmap_find(m, key, 8), &a);
	assert_ptr_equal(cidmap_find(m, key, 9), &b);
	assert_null(cidmap_find(m, key, 7));
	cidmap_remove(m, &b, key, 8);
	assert_ptr_equal(cidmap_find(m, key, 8), &a);
	cidmap_remove(m, &a, key, 8);
	assert_null(cidmap_find(m, key, 8));
	cidmap_put(m, &a, key, sizeof key);	/* too long: not taken */
	assert_int_equal(cidmap_count(m), 1);
	for (i = 0; i < 1000; i++) {
		memcpy(key, &i, sizeof i);
		cidmap_put(m, i % 2 ? &a : &b, key, 16);
	}
	cidmap_move(&a, &b);
	cidmap_clear(m, &a);
	for (i = 0; i < 1000; i++) {
		memcpy(key, &i, sizeof i);
		assert_ptr_equal(cidmap_find(m, key, 16), &b);
	}
	cidmap_clear(m, &b);
	assert_int_equal(cidmap_count(m), 0);
	cidmap_free(m);
}

/* Bytes handed out stay where they are until they are acknowledged. */
static void
bytes_do_not_move(void **state)
{
	struct sendbuf b = { 0 };
	uint8_t body[5000];
	ngtcp2_vec v[64];
	size_t i, count;
	uint8_t *at;
	bool whole;

	(void)state;
	memset(body, 'a', sizeof body);
	sendbuf_put(&b, "first", 5);
	count = sendbuf_pieces(&b, v, 64, &whole);
	assert_int_equal(count, 1);
	assert_true(whole);
	at = v[0].base;
	sendbuf_sent(&b, 3);
	for (i = 0; i < 100; i++)
		sendbuf_put(&b, body, i * 50);
	assert_memory_equal(at, "first", 5);
	count = sendbuf_pieces(&b, v, 1, &whole);
	assert_int_equal(count, 1);
	assert_false(whole);
	assert_ptr_equal(v[0].base, at + 3);
	count = sendbuf_pieces(&b, v, 2, &whole);
	assert_int_equal(count, 2);
	sendbuf_sent(&b, v[0].len + 10);
	sendbuf_acked(&b, 5);
	assert_memory_equal(at, "first", 5);	/* its chunk has unacknowledged bytes */
	sendbuf_sent(&b, (size_t)(b.end - b.sent));
	assert_int_equal(sendbuf_pieces(&b, v, 64, &whole), 0);
	assert_true(whole);
	sendbuf_acked(&b, b.end - 1);
	assert_int_equal(mem_live(MEM_CHUNK), 1);
	sendbuf_acked(&b, b.end);
	assert_int_equal(mem_live(MEM_CHUNK), 0);
	sendbuf_put(&b, "again", 5);
	count = sendbuf_pieces(&b, v, 64, &whole);
	assert_int_equal(count, 1);
	assert_memory_equal(v[0].base, "again", 5);
	sendbuf_fini(&b);
	assert_int_equal(mem_live(MEM_CHUNK), 0);
}

static void
assert_net(const char *a, const char *b, bool same)
{
	uint8_t na[PATH_NET_LEN], nb[PATH_NET_LEN];
	struct address x, y;

	assert_int_equal(address_parse(&x, a), 0);
	assert_int_equal(address_parse(&y, b), 0);
	path_net(na, &x);
	path_net(nb, &y);
	assert_int_equal(memcmp(na, nb, PATH_NET_LEN) == 0, same);
}

/* Strangers are counted by /24 and /64. */
static void
nets(void **state)
{
	(void)state;
	assert_net("1.2.3.4:1", "1.2.3.99:2", true);
	assert_net("1.2.3.4:1", "1.2.4.4:1", false);
	assert_net("[2001:db8:1:2::1]:1", "[2001:db8:1:2:ffff::9]:1", true);
	assert_net("[2001:db8:1:2::1]:1", "[2001:db8:1:3::1]:1", false);
	assert_net("127.0.0.1:1", "127.9.9.9:1", true);
	assert_net("127.0.0.1:1", "[::1]:1", true);
	assert_net("127.0.0.1:1", "1.2.3.4:1", false);
}

/* Paths come back from ngtcp2 as they went in; a missing local address is unspecified. */
static void
paths(void **state)
{
	struct path path = { 0 }, back;
	struct path_sockaddrs addrs;

	(void)state;
	assert_false(path_usable(&path));
	assert_int_equal(address_parse(&path.remote, "[2001:db8::1]:443"), 0);
	assert_true(path_usable(&path));
	path_to_ngtcp2(&addrs, &path);
	path_from_ngtcp2(&back, &addrs.path);
	assert_true(address_equal(&back.remote, &path.remote));
	assert_true(address_is_any(&back.local));
	assert_int_equal(address_parse(&path.local, "10.0.0.1:4000"), 0);
	assert_false(path_usable(&path));	/* two families */
	assert_int_equal(address_parse(&path.remote, "10.0.0.2:443"), 0);
	assert_true(path_usable(&path));
	path_to_ngtcp2(&addrs, &path);
	path_from_ngtcp2(&back, &addrs.path);
	assert_true(address_equal(&back.local, &path.local));
	assert_true(address_equal(&back.remote, &path.remote));
}

/* Every reason and protocol has its own text. */
static void
texts(void **state)
{
	int i, k;

	(void)state;
	for (i = 0; i < END_REASONS; i++)
		for (k = 0; k < i; k++)
			assert_string_not_equal(quic_end_text((enum quic_end)i),
				quic_end_text((enum quic_end)k));
	assert_string_equal(quic_end_text(END_REASONS), "unknown");
	assert_string_equal(quic_alpn_text(ALPN_MESHTUI), "meshtui/1");
	assert_string_equal(quic_alpn_text(ALPN_COUNT), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cids),
		cmocka_unit_test(bytes_do_not_move),
		cmocka_unit_test(nets),
		cmocka_unit_test(paths),
		cmocka_unit_test(texts),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
