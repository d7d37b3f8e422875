/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <string.h>

#include "base/err.h"
#include "base/id.h"

/* Ids are compared as bytes and written as 64 lower case digits. */
static void
ids(void **state)
{
	struct peer_id a = {{0}}, b = {{0}};
	char text[ID_HEX_CAP];

	(void)state;
	assert_true(id_is_zero(&a));
	b.bytes[31] = 1;
	assert_false(id_is_zero(&b));
	assert_false(id_equal(&a, &b));
	assert_true(id_compare(&a, &b) < 0);
	a.bytes[0] = 0xab;
	assert_true(id_compare(&a, &b) > 0);
	id_hex(text, &a);
	assert_int_equal(strlen(text), 64);
	assert_memory_equal(text, "ab00", 4);
	assert_int_equal(id_parse(&b, text), 0);
	assert_true(id_equal(&a, &b));
	text[63] = '\0';
	assert_int_equal(id_parse(&a, text), ERR_MALFORMED);
	assert_true(id_equal(&a, &b));
}

/* Addresses are read and written in one form. */
static void
addresses_there_and_back(void **state)
{
	static const struct {
		const char *text, *form;
	} good[] = {
		{"127.0.0.1:4000", "127.0.0.1:4000"},
		{"0.0.0.0:0", "0.0.0.0:0"},
		{"255.255.255.255:65535", "255.255.255.255:65535"},
		{"[::1]:4000", "[::1]:4000"},
		{"[::]:0", "[::]:0"},
		{"[2001:DB8:0:0::1]:1", "[2001:db8::1]:1"},
		{"[::ffff:10.1.2.3]:9", "10.1.2.3:9"},
		{"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
			"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
	};
	struct address a, b;
	struct sockaddr_storage ss;
	char text[ADDRESS_TEXT_CAP];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_int_equal(address_parse(&a, good[i].text), 0);
		assert_string_equal(address_format(text, &a), good[i].form);
		assert_true(address_to_sockaddr(&a, &ss) > 0);
		assert_int_equal(address_from_sockaddr(&b, (struct sockaddr *)&ss), 0);
		assert_true(address_equal(&a, &b));
	}
	memset(&a, 0, sizeof a);
	assert_string_equal(address_format(text, &a), "none");
	assert_int_equal(address_to_sockaddr(&a, &ss), 0);
}

/* What is no numeric address with a port is refused, and the result stays untouched. */
static void
bad_addresses(void **state)
{
	static const char *const bad[] = {
		"",
		":",
		":1",
		"127.0.0.1",
		"127.0.0.1:",
		"127.0.0.1:65536",
		"127.0.0.1:-1",
		"127.0.0.1:+1",
		"127.0.0.1: 1",
		"127.0.0.1:1 ",
		"127.0.0.1:01",
		"127.0.0.1:x",
		"127.0.0.1:99999999999999999999",
		"127.0.0:1",
		"127.0.0.256:1",
		"127.0.0.01:1",
		"127.0.0.1.1:1",
		" 127.0.0.1:1",
		"localhost:1",
		"::1:4000",
		"[::1]",
		"[::1]:",
		"[::1]4000",
		"[::1:4000",
		"::1]:4000",
		"[]:1",
		"[:1",
		"[",
		"]",
		"[]",
		"[:]:1",
		"[::1%lo]:1",
		"[::g]:1",
		"[127.0.0.1]:1",
		"[1:2:3:4:5:6:7:8:9]:1",
		"[[::1]]:1",
		"[fffff::]:1",
		"[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255:0:0:0:0]:1",
	};
	struct address a, before;

	(void)state;
	memset(&a, 0x5a, sizeof a);
	before = a;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (address_parse(&a, bad[i]) != ERR_MALFORMED)
			fail_msg("'%s' was read", bad[i]);
		assert_memory_equal(&a, &before, sizeof a);
	}
}

static struct address
address(const char *text)
{
	struct address a;

	assert_int_equal(address_parse(&a, text), 0);
	return a;
}

/* Order: IPv4 before IPv6, then the address, then the port. */
static void
addresses_have_an_order(void **state)
{
	static const char *const order[] = {"1.2.3.4:5", "1.2.3.4:300", "1.2.3.5:1",
		"200.0.0.1:1", "[::1]:1", "[::1]:2", "[2001::]:1"};
	size_t count = sizeof order / sizeof order[0];

	(void)state;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < count; j++) {
			struct address a = address(order[i]), b = address(order[j]);
			int sign = (i > j) - (i < j), got = address_compare(&a, &b);

			assert_int_equal((got > 0) - (got < 0), sign);
			assert_int_equal(address_equal(&a, &b), i == j);
		}
	}
}

/* Bytes behind the four of IPv4 belong to nobody and are not compared. */
static void
unused_bytes_do_not_count(void **state)
{
	struct address a = address("10.0.0.1:7"), b = a;

	(void)state;
	b.ip[9] = 1;
	assert_true(address_equal(&a, &b));
}

/* Loopback is all of 127/8 and ::1; any is 0.0.0.0 and ::; the control is neither. */
static void
special_addresses(void **state)
{
	struct address a;

	(void)state;
	a = address("127.255.0.9:1");
	assert_true(address_is_loopback(&a) && !address_is_any(&a));
	a = address("[::1]:1");
	assert_true(address_is_loopback(&a) && !address_is_any(&a));
	a = address("0.0.0.0:1");
	assert_true(address_is_any(&a) && !address_is_loopback(&a));
	a = address("[::]:1");
	assert_true(address_is_any(&a) && !address_is_loopback(&a));
	a = address("128.0.0.1:1");
	assert_false(address_is_any(&a) || address_is_loopback(&a));
	a = address("[::2]:1");
	assert_false(address_is_any(&a) || address_is_loopback(&a));
	a = (struct address){0};
	assert_false(address_is_any(&a) || address_is_loopback(&a));
}

/* The kernel's forms: other families are refused, mapped addresses are IPv4. */
static void
from_the_kernel(void **state)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(4000)};
	struct sockaddr local = {.sa_family = AF_UNIX};
	struct address a, four = address("10.1.2.3:4000");

	(void)state;
	in6.sin6_addr.s6_addr[10] = in6.sin6_addr.s6_addr[11] = 0xff;
	memcpy(in6.sin6_addr.s6_addr + 12, four.ip, 4);
	assert_int_equal(address_from_sockaddr(&a, (struct sockaddr *)&in6), 0);
	assert_true(address_equal(&a, &four));
	assert_int_equal(address_from_sockaddr(&a, &local), ERR_ARGUMENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids),
		cmocka_unit_test(addresses_there_and_back),
		cmocka_unit_test(bad_addresses),
		cmocka_unit_test(addresses_have_an_order),
		cmocka_unit_test(unused_bytes_do_not_count),
		cmocka_unit_test(special_addresses),
		cmocka_unit_test(from_the_kernel),
	};

	return cmocka_run_group_tests_name("id", tests, NULL, NULL);
}
