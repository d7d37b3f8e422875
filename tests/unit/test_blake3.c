/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "base/blake3.h"
#include "base/hex.h"

static void
expect(const void *bytes, size_t len, const char *hex)
{
	uint8_t out[32];
	char text[65];

	blake3(out, bytes, len);
	assert_string_equal(hex_encode(text, out, sizeof out), hex);
}

/* The protocol's own vectors: message ids of "" and "hello", and bytes (i * 7) & 255. */
static void
vectors_of_the_protocol(void **state)
{
	uint8_t bytes[3000];

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 7);
	expect("", 0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
	expect("hello", 5,
		"ea8f163db38682925e4491c5e58d4bb3506ef8c14eb78a86e908c5624a67200f");
	expect(bytes, 1024,
		"080603c00d033a571a2e0ab1430930974f3dd6018404166292b448b397f4f732");
	expect(bytes, 1025,
		"d640176fa1f04b203747e9132636ecf738a7a485c0a4d56ff4dbce44ebc55a09");
	expect(bytes, 3000,
		"c4d23a52703507448673086d28b768ced91b37e739641acbdbd2ee8745df68cb");
}

/*
 * The BLAKE3 team's test_vectors.json, whose input is i % 251: lengths on both sides of a
 * chunk and of the shapes of the tree.
 */
static void
vectors_of_the_authors(void **state)
{
	static const struct {
		size_t len;
		const char *hex;
	} vectors[] = {
		{0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"},
		{1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"},
		{1023, "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd1"
		       "1"},
		{1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af"
		       "7"},
		{1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b844"
		       "4"},
		{2048, "e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24"
		       "a"},
		{2049, "5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b687952256303"
		       "0"},
		{3072, "b98cb0ff3623be03326b373de6b9095218513e64f1ee2edd2525c7ad1e5cffd"
		       "2"},
		{3073, "7124b49501012f81cc7f11ca069ec9226cecb8a2c850cfe644e327d22d3e1cd"
		       "3"},
		{4096, "015094013f57a5277b59d8475c0501042c0b642e531b0a1c8f58d2163229e96"
		       "9"},
		{4097, "9b4052b38f1c5fc8b1f9ff7ac7b27cd242487b3d890d15c96a1c25b8aa0fb99"
		       "5"},
		{5120, "9cadc15fed8b5d854562b26a9536d9707cadeda9b143978f319ab3423053583"
		       "3"},
		{5121, "628bd2cb2004694adaab7bbd778a25df25c47b9d4155a55f8fbd79f2fe154cf"
		       "f"},
		{8192, "aae792484c8efe4f19e2ca7d371d8c467ffb10748d8a5a1ae579948f718a2a6"
		       "3"},
		{31744, "62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c4"
			"7"},
		{102400, "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e08"
			 "5"},
	};
	static uint8_t bytes[102400];

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i % 251);
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
		expect(bytes, vectors[i].len, vectors[i].hex);
}

/* Every byte counts: also the last of each length up to two chunks. */
static void
every_byte_counts(void **state)
{
	uint8_t bytes[2050] = {0}, one[32], other[32];

	(void)state;
	for (size_t len = 1; len <= sizeof bytes; len++) {
		blake3(one, bytes, len);
		bytes[len - 1] = 1;
		blake3(other, bytes, len);
		bytes[len - 1] = 0;
		assert_memory_not_equal(one, other, sizeof one);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_of_the_protocol),
		cmocka_unit_test(vectors_of_the_authors),
		cmocka_unit_test(every_byte_counts),
	};

	return cmocka_run_group_tests_name("blake3", tests, NULL, NULL);
}
