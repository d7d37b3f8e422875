/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <sodium.h>

#include "identity/identity.h"
#include "identity/name.h"
#include "tests/unit/wire_bytes.h"

static int
parse(struct view v)
{
	struct identity i;

	return identity_parse(&i, v);
}

/* RFC 8032, section 7.1, test 1: this seed has this public key. */
static void
known_key(void **state)
{
	struct identity i;
	struct bytes seed;
	struct peer_id want;
	char line[IDENTITY_FILE_LEN + 1];

	(void)state;
	bytes_from(&seed,
		"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
	assert_int_equal(id_parse(&want, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa6232"
					 "5af021a68f707511a"),
		ERR_OK);
	identity_from_seed(&i, seed.data);
	assert_true(id_equal(&i.id, &want));
	identity_print(&i, line);
	assert_string_equal(line,
		"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60\n");
	identity_wipe(&i);
	assert_true(id_is_zero(&i.id));
	assert_true(sodium_is_zero(i.secret_key, sizeof i.secret_key));
	assert_true(sodium_is_zero(i.seed, sizeof i.seed));
}

/* 1000 minted identities: valid, different, the same after a file, named by their key. */
static void
minted_identities(void **state)
{
	struct identity previous = {0};

	(void)state;
	for (int n = 0; n < 1000; n++) {
		struct identity i, back;
		char line[IDENTITY_FILE_LEN + 1], hex[ID_HEX_CAP], want[64];
		char name[NAME_LEN_MAX + 1];

		identity_mint(&i);
		assert_true(identity_is_valid_id(&i.id));
		assert_false(id_equal(&i.id, &previous.id));
		identity_print(&i, line);
		assert_int_equal(strlen(line), IDENTITY_FILE_LEN);
		assert_int_equal(
			identity_parse(&back, (struct view){(uint8_t *)line, 65}),
			ERR_OK);
		assert_memory_equal(&back, &i, sizeof i);
		id_hex(hex, &i.id);
		name_format(name, "mesh1", "broker", &i.id, NAME_HEX_SHORT);
		snprintf(want, sizeof want, "mesh1.broker.%.6s", hex);
		assert_string_equal(name, want);
		name_format(name, "mesh1", "broker", &i.id, NAME_HEX_LONG);
		snprintf(want, sizeof want, "mesh1.broker.%.12s", hex);
		assert_string_equal(name, want);
		previous = i;
	}
}

/*
 * A key file is exactly one line of 64 digits; its newline may be missing, nothing else.
 */
static void
bad_key_files(void **state)
{
#define KEY "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
	static const char *const bad[] = {
		"",
		"\n",
		"9d61",
		KEY "\n\n",
		KEY "\r\n",
		KEY " ",
		" " KEY,
		KEY "0",
		KEY "00",
		"-----BEGIN PRIVATE KEY-----\n",
		"zd61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60\n",
		"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f6\n",
		"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f6\n\n",
	};
	char nul[64];

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (bytes_decode(bad[i], strlen(bad[i]), parse) != ERR_MALFORMED)
			fail_msg("accepted: %s", bad[i]);
	memcpy(nul, KEY, sizeof nul);
	nul[30] = 0;
	assert_int_equal(bytes_decode(nul, sizeof nul, parse), ERR_MALFORMED);
	/* The control: with and without its newline. */
	assert_int_equal(bytes_decode(KEY "\n", 65, parse), ERR_OK);
	assert_int_equal(bytes_decode(KEY, 64, parse), ERR_OK);
}

/* Ids that are no points, or points of small order, are no ids. */
static void
invalid_ids(void **state)
{
	static const char *const bad[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"0200000000000000000000000000000000000000000000000000000000000000",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	};
	struct peer_id id;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_int_equal(id_parse(&id, bad[i]), ERR_OK);
		if (identity_is_valid_id(&id))
			fail_msg("valid: %s", bad[i]);
	}
	assert_int_equal(id_parse(&id, "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf"
				       "3748801b40f6f5c"),
		ERR_OK);
	assert_true(identity_is_valid_id(&id));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_key),
		cmocka_unit_test(minted_identities),
		cmocka_unit_test(bad_key_files),
		cmocka_unit_test(invalid_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
