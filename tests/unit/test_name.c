/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>

#include "identity/name.h"
#include "tests/unit/wire_bytes.h"

#define ID "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"

/* The longest name there can be fits, with 12 digits. */
static void
longest_name(void **state)
{
	char label[LABEL_LEN_MAX + 1] = {0}, name[NAME_LEN_MAX + 1];
	struct peer_id id;

	(void)state;
	memset(label, 'x', LABEL_LEN_MAX);
	assert_int_equal(id_parse(&id, ID), ERR_OK);
	name_format(name, label, label, &id, NAME_HEX_LONG);
	assert_int_equal(strlen(name), NAME_LEN_MAX);
	assert_string_equal(name + NAME_LEN_MAX - 13, ".8a88e3dd7409");
	name_format(name, "mesh1", "broker", &id, NAME_HEX_SHORT);
	assert_string_equal(name, "mesh1.broker.8a88e3");
}

/* Seeds of both families. */
static void
good_seeds(void **state)
{
	char why[NAME_WHY_CAP], text[ADDRESS_TEXT_CAP], hex[ID_HEX_CAP];
	struct seed s;

	(void)state;
	assert_int_equal(seed_parse(&s, ID "@127.0.0.1:4000", why), ERR_OK);
	assert_string_equal(address_format(text, &s.address), "127.0.0.1:4000");
	assert_string_equal(id_hex(hex, &s.id), ID);
	assert_int_equal(seed_parse(&s, ID "@[2001:db8::7]:65535", why), ERR_OK);
	assert_string_equal(address_format(text, &s.address), "[2001:db8::7]:65535");
	assert_int_equal(seed_parse(&s, ID "@10.0.0.1:1", why), ERR_OK);
	assert_int_equal(s.address.port, 1);
}

/* Hosts by name; a numeric one is none, and a label has its limits. */
static void
named_seeds(void **state)
{
	static const char *const bad[] = { "127.0.0.1", "a..b", ".a", "a.", "-a", "a-",
		"a b", "a/b", "1.2.3", "a.9", "b\xc3\xbcro",
		"a123456789012345678901234567890123456789012345678901234567890123" };
	char why[NAME_WHY_CAP], text[ID_HEX_CAP + 80];
	struct seed_named s;

	(void)state;
	assert_int_equal(seed_parse_named(&s, ID "@example.org:4000", why), ERR_OK);
	assert_string_equal(s.host, "example.org");
	assert_int_equal(s.port, 4000);
	assert_int_equal(seed_parse_named(&s, ID "@_mesh._udp.3com.x-9:1", why), ERR_OK);
	for (size_t i = 0; i < COUNT(bad); i++) {
		snprintf(text, sizeof text, ID "@%s:4000", bad[i]);
		if (seed_parse_named(&s, text, why) != ERR_MALFORMED)
			fail_msg("accepted: %s", text);
		assert_non_null(strstr(why, "host"));
	}
}

/*
 * A malformed seed is refused, nothing is written, and the text says which part is wrong.
 */
static void
bad_seeds(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{"", "'@'"},
		{"127.0.0.1:4000", "'@'"},
		{ID, "'@'"},
		{"@127.0.0.1:4000", "id"},
		{"8a88e3@127.0.0.1:4000", "6 characters"},
		{ID "00@127.0.0.1:4000", "66 characters"},
		{"zz88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c@127.0."
		 "0.1:4000",
			"hex"},
		{"0200000000000000000000000000000000000000000000000000000000000000@127.0."
		 "0.1:4000",
			"public key"},
		{ID "@", "port"},
		{ID "@127.0.0.1", "port"},
		{ID "@[::1]", "port"},
		{ID "@127.0.0.1:", "port"},
		{ID "@127.0.0.1:0", "port"},
		{ID "@127.0.0.1:65536", "port"},
		{ID "@127.0.0.1:-1", "port"},
		{ID "@127.0.0.1:+1", "port"},
		{ID "@127.0.0.1:40x", "port"},
		{ID "@127.0.0.1:4000 ", "port"},
		{ID "@127.0.0.1:\033[31m", "port"},
		{ID "@:4000", "host"},
		{ID "@example.org:4000", "host"},
		{ID "@127.0.0:4000", "host"},
		{ID "@127.0.0.256:4000", "host"},
		{ID "@ 127.0.0.1:4000", "host"},
		{ID "@::1:4000", "host"},
		{ID "@[::1:4000", "host"},
		{ID "@[127.0.0.1]:4000", "host"},
		{ID "@[fe80::1%eth0]:4000", "host"},
		{ID "@" ID "@127.0.0.1:4000", "host"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct seed s = {.address.port = 7};
		struct seed_named named;
		char why[NAME_WHY_CAP] = "";

		if (seed_parse(&s, bad[i].text, why) != ERR_MALFORMED)
			fail_msg("accepted: %s", bad[i].text);
		if (!strstr(bad[i].text, "example.org") &&
			seed_parse_named(&named, bad[i].text, why) != ERR_MALFORMED)
			fail_msg("accepted as a name: %s", bad[i].text);
		if (!strstr(why, bad[i].says))
			fail_msg("%s: '%s' does not say %s", bad[i].text, why,
				bad[i].says);
		assert_null(strchr(why, '\033'));
		assert_int_equal(s.address.port, 7);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(longest_name),
		cmocka_unit_test(good_seeds),
		cmocka_unit_test(named_seeds),
		cmocka_unit_test(bad_seeds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
