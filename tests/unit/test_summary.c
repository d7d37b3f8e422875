/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "wire/digest.h"
#include "wire/summary.h"

struct signer {
	uint8_t secret_key[64];
	struct peer_id id, topic;
};

static struct signer
signer(void)
{
	uint8_t seed[32] = { 3 };
	struct signer s = { .topic = { .bytes = { 9 } } };

	crypto_sign_seed_keypair(s.id.bytes, s.secret_key, seed);
	return s;
}

static struct summary
some_summary(const struct signer *by)
{
	struct summary s = { .speaker = by->id, .incarnation = 77, .seq = 5,
		.mesh = "mesh2", .type_count = 2, .gateway_count = 1 };

	s.types[0] = (struct summary_type){ "broker", { 3, 1, 0 } };
	s.types[1] = (struct summary_type){ "gateway", { 2, 0, 4 } };
	s.gateways[0].id = by->id;
	s.gateways[0].addresses[0] = (struct address){
		.family = 4, .ip = { 127, 0, 0, 1 }, .port = 4001 };
	s.gateways[0].address_count = 1;
	memset(s.hash, 0xab, sizeof s.hash);
	return s;
}

static int
there_and_back(const struct summary *s, const struct signer *by, struct summary *out)
{
	struct buf b;
	int err;

	buf_init(&b, 4096);
	summary_sign(&b, s, &by->topic, by->secret_key);
	assert_false(b.failed);
	assert_true(b.len <= SUMMARY_LEN_MAX);
	assert_int_equal(
		payload_kind((struct view){ b.data, b.len }), PAYLOAD_SUMMARY);
	err = summary_verify(out, (struct view){ b.data, b.len }, &by->topic);
	buf_fini(&b);
	return err;
}

/* All fields arrive. */
static void
all_fields_arrive(void **state)
{
	struct signer by = signer();
	struct summary s = some_summary(&by), got;

	(void)state;
	assert_int_equal(there_and_back(&s, &by, &got), ERR_OK);
	assert_memory_equal(&s, &got, sizeof s);
	assert_int_equal(summary_total(&got).live, 5);
	assert_int_equal(summary_total(&got).suspect, 1);
	assert_int_equal(summary_total(&got).gone, 4);
}

/* What does not fit is counted among the others, and no gateway is left out. */
static void
nothing_is_lost_but_names(void **state)
{
	struct signer by = signer();
	struct summary s = some_summary(&by), got;

	(void)state;
	memset(s.mesh, 'm', LABEL_LEN_MAX);
	s.type_count = SUMMARY_TYPES_MAX;
	s.gateway_count = SUMMARY_GATEWAYS_MAX;
	for (size_t i = 0; i < SUMMARY_TYPES_MAX; i++) {
		memset(s.types[i].type, 'a' + (int)i, LABEL_LEN_MAX);
		s.types[i].nodes = (struct summary_counts){ UINT32_MAX / 64, 1, 2 };
	}
	for (size_t i = 0; i < SUMMARY_GATEWAYS_MAX; i++) {
		s.gateways[i].address_count = ADDRESSES_MAX;
		for (size_t k = 0; k < ADDRESSES_MAX; k++)
			s.gateways[i].addresses[k] = (struct address){
				.family = 6, .ip = { 0xfe }, .port = 65535 };
	}
	s.incarnation = s.seq = UINT64_MAX;
	assert_int_equal(there_and_back(&s, &by, &got), ERR_OK);
	assert_true(got.type_count < SUMMARY_TYPES_MAX);
	assert_int_equal(got.gateway_count, SUMMARY_GATEWAYS_MAX);
	assert_int_equal(summary_total(&got).live, summary_total(&s).live);
	assert_int_equal(summary_total(&got).suspect, summary_total(&s).suspect);
}

/* Each byte is under the signature, and so is the topic. */
static void
every_byte_counts(void **state)
{
	struct signer by = signer();
	struct summary s = some_summary(&by), got;
	struct peer_id other = { .bytes = { 8 } };
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	summary_sign(&b, &s, &by.topic, by.secret_key);
	for (size_t i = 0; i < b.len; i++) {
		b.data[i] ^= 1;
		assert_int_not_equal(summary_verify(&got,
					     (struct view){ b.data, b.len }, &by.topic),
			ERR_OK);
		b.data[i] ^= 1;
	}
	for (size_t len = 0; len < b.len; len++)
		assert_int_not_equal(summary_verify(&got, (struct view){ b.data, len },
					     &by.topic),
			ERR_OK);
	assert_int_equal(summary_verify(&got, (struct view){ b.data, b.len }, &other),
		ERR_SIGNATURE);
	assert_int_equal(
		summary_verify(&got, (struct view){ b.data, b.len }, &by.topic), ERR_OK);
	buf_fini(&b);
}

/* A summary is no digest, and a digest is no summary, whatever the topic. */
static void
kinds_are_not_confused(void **state)
{
	struct signer by = signer();
	struct digest d = { .id = by.id, .mesh = "mesh2", .type = "gateway" }, d_got;
	struct summary s = some_summary(&by), s_got;
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	digest_sign(&b, &d, &by.topic, by.secret_key);
	assert_int_not_equal(
		summary_verify(&s_got, (struct view){ b.data, b.len }, &by.topic),
		ERR_OK);
	b.data[0] = PAYLOAD_SUMMARY;
	assert_int_not_equal(
		summary_verify(&s_got, (struct view){ b.data, b.len }, &by.topic),
		ERR_OK);
	buf_clear(&b);
	summary_sign(&b, &s, &by.topic, by.secret_key);
	b.data[0] = PAYLOAD_DIGEST;
	assert_int_not_equal(
		digest_verify(&d_got, (struct view){ b.data, b.len }, &by.topic), ERR_OK);
	buf_fini(&b);
}

/* A mesh or type that is no label is refused though it is signed. */
static void
labels_are_checked(void **state)
{
	struct signer by = signer();
	struct summary s = some_summary(&by), got;

	(void)state;
	s.mesh[0] = '\033';
	assert_int_equal(there_and_back(&s, &by, &got), ERR_MALFORMED);
	s = some_summary(&by);
	s.types[1].type[0] = 'X';
	assert_int_equal(there_and_back(&s, &by, &got), ERR_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_fields_arrive),
		cmocka_unit_test(nothing_is_lost_but_names),
		cmocka_unit_test(every_byte_counts),
		cmocka_unit_test(kinds_are_not_confused),
		cmocka_unit_test(labels_are_checked),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
