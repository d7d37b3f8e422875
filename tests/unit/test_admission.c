/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <sodium.h>

#include "base/blake3.h"
#include "identity/admission.h"
#include "tests/unit/wire_bytes.h"

static int
parse(struct view v)
{
	struct fabric_key k;

	return fabric_key_parse(&k, v);
}

static struct fabric_key
key(uint8_t byte)
{
	struct fabric_key k = {.present = true};

	memset(k.bytes, byte, sizeof k.bytes);
	return k;
}

/* A proof holds for its key, its connection and its side, and for nothing else. */
static void
proofs(void **state)
{
	struct fabric_key right = key(1), wrong = key(2), none = {.present = false};
	uint8_t exporter[32] = {3}, other[32] = {4}, proof[ADMISSION_PROOF_LEN];

	(void)state;
	for (uint8_t role = 0; role < 2; role++) {
		admission_proof(proof, &right, exporter, role);
		assert_true(admission_check(proof, &right, exporter, role));
		assert_false(admission_check(proof, &wrong, exporter, role));
		assert_false(admission_check(proof, &right, other, role));
		assert_false(admission_check(proof, &right, exporter, !role));
		assert_false(admission_check(proof, &none, exporter, role));
		for (size_t i = 0; i < sizeof proof; i++) {
			proof[i] ^= 0x80;
			assert_false(admission_check(proof, &right, exporter, role));
			proof[i] ^= 0x80;
		}
	}
}

/* The bytes of PROTOCOL.md 5, put together by hand. */
static void
proof_and_topic_as_written(void **state)
{
	struct fabric_key k = key(9);
	uint8_t exporter[32], want[32], proof[32];
	uint8_t text[19 + 32 + 1];
	struct peer_id topic;

	(void)state;
	memset(exporter, 0x55, sizeof exporter);
	memcpy(text, "meshtui admission 1", 19);
	memcpy(text + 19, exporter, 32);
	text[51] = 1;
	crypto_generichash(want, 32, text, sizeof text, k.bytes, 32);
	admission_proof(proof, &k, exporter, 1);
	assert_memory_equal(proof, want, 32);

	crypto_generichash(
		want, 32, (const uint8_t *)"meshtui topic 1mesh1", 20, k.bytes, 32);
	topic_of_mesh(&topic, &k, "mesh1");
	assert_memory_equal(topic.bytes, want, 32);
	k.present = false;
	blake3(want, "mesh1", 5);
	topic_of_mesh(&topic, &k, "mesh1");
	assert_memory_equal(topic.bytes, want, 32);
}

/* Meshes and keys have topics of their own; without a key it is BLAKE3 of the name. */
static void
topics(void **state)
{
	struct fabric_key a = key(1), b = key(2), none = {.present = false};
	struct peer_id one, two, hello;

	(void)state;
	topic_of_mesh(&one, &a, "mesh1");
	topic_of_mesh(&two, &a, "mesh1");
	assert_true(id_equal(&one, &two));
	topic_of_mesh(&two, &a, "mesh2");
	assert_false(id_equal(&one, &two));
	topic_of_mesh(&two, &b, "mesh1");
	assert_false(id_equal(&one, &two));
	topic_of_mesh(&two, &none, "mesh1");
	assert_false(id_equal(&one, &two));
	topic_of_mesh(&two, &none, "hello");
	assert_int_equal(id_parse(&hello, "ea8f163db38682925e4491c5e58d4bb3506ef8c14eb78a"
					  "86e908c5624a67200f"),
		ERR_OK);
	assert_true(id_equal(&two, &hello));
}

/* A key is printed and read back; minted keys differ; a wiped one is gone. */
static void
key_files(void **state)
{
	struct fabric_key k, other, back = {0};
	char line[FABRIC_KEY_FILE_LEN + 1];

	(void)state;
	fabric_key_mint(&k);
	fabric_key_mint(&other);
	assert_true(k.present);
	assert_memory_not_equal(k.bytes, other.bytes, sizeof k.bytes);
	fabric_key_print(&k, line);
	assert_int_equal(strlen(line), FABRIC_KEY_FILE_LEN);
	assert_memory_equal(line, "meshtui-key-1:", 14);
	assert_int_equal(
		fabric_key_parse(&back, (struct view){(uint8_t *)line, strlen(line)}),
		ERR_OK);
	assert_true(back.present);
	assert_memory_equal(back.bytes, k.bytes, sizeof k.bytes);
	bytes_decode(line, FABRIC_KEY_FILE_LEN - 1, parse);
	fabric_key_wipe(&k);
	assert_false(k.present);
	assert_true(sodium_is_zero(k.bytes, sizeof k.bytes));
}

/* A fabric has one backbone, keyed as its meshes are, and no mesh's topic is that. */
static void
backbones(void **state)
{
	struct fabric_key a, none = {0};
	struct peer_id one, two;

	(void)state;
	fabric_key_mint(&a);
	topic_of_backbone(&one, &a);
	topic_of_backbone(&two, &a);
	assert_true(id_equal(&one, &two));
	topic_of_backbone(&two, &none);
	assert_false(id_equal(&one, &two));
	topic_of_mesh(&two, &a, "meshtui backbone 1");
	assert_false(id_equal(&one, &two));
	topic_of_mesh(&two, &a, "");
	assert_false(id_equal(&one, &two));
}

/* Whatever is not exactly one such line is no key. */
static void
bad_key_files(void **state)
{
#define HEX "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
	static const char *const bad[] = {
		"",
		HEX,
		HEX "\n",
		"meshtui-key-1:",
		"meshtui-key-2:" HEX "\n",
		"Meshtui-key-1:" HEX "\n",
		"meshtui-key-1:" HEX "\n\n",
		"meshtui-key-1:" HEX "\r\n",
		"meshtui-key-1:" HEX "0",
		"meshtui-key-1: " HEX,
		" meshtui-key-1:" HEX,
		"meshtui-key-1:x" HEX,
		"meshtui-key-1:"
		"xd61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (bytes_decode(bad[i], strlen(bad[i]), parse) != ERR_MALFORMED)
			fail_msg("accepted: %s", bad[i]);
	assert_int_equal(bytes_decode("meshtui-key-1:" HEX "\n", 79, parse), ERR_OK);
	assert_int_equal(bytes_decode("meshtui-key-1:" HEX, 78, parse), ERR_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proofs),
		cmocka_unit_test(proof_and_topic_as_written),
		cmocka_unit_test(topics),
		cmocka_unit_test(backbones),
		cmocka_unit_test(key_files),
		cmocka_unit_test(bad_key_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
