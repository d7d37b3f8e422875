/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <sodium.h>

#include "base/rng.h"
#include "tests/unit/wire_bytes.h"
#include "wire/digest.h"
#include "wire/postcard.h"

static const struct peer_id topic = {.bytes = {1, 2, 3}};
static const struct peer_id other_topic = {.bytes = {1, 2, 4}};

struct signer {
	struct peer_id id;
	uint8_t secret_key[64];
};

static struct signer
signer(uint8_t number)
{
	struct signer s;
	uint8_t seed[32];

	memset(seed, number, sizeof seed);
	crypto_sign_seed_keypair(s.id.bytes, s.secret_key, seed);
	return s;
}

static struct digest
ordinary(const struct signer *s)
{
	struct digest d = {.id = s->id,
		.incarnation = UINT64_C(1795000000000),
		.seq = 100000,
		.mesh = "mesh1",
		.type = "broker",
		.address_count = 2,
		.build = "0.1.0-abcdef",
		.uptime_s = 1000000,
		.neighbor_count = DIGEST_NEIGHBORS_MAX,
		.frames_sent = UINT64_C(5000000000),
		.frames_received = UINT64_C(5000000000),
		.cpu_used_mc = 1500,
		.cpu_budget_mc = 64000,
		.memory_used_kib = 300000,
		.memory_budget_kib = 33554432,
		.loop_lag_ms = 500,
		.flags = DIGEST_GATEWAY | DIGEST_DEGRADED};

	assert_int_equal(address_parse(&d.addresses[0], "192.0.2.7:45999"), ERR_OK);
	assert_int_equal(address_parse(&d.addresses[1], "[2001:db8::1]:65535"), ERR_OK);
	for (size_t i = 0; i < d.neighbor_count; i++) {
		memset(d.neighbors[i].id_prefix, (int)(0x80 + i), 8);
		d.neighbors[i].path_kind = i & 1;
		d.neighbors[i].rtt_100us = (uint16_t)(UINT16_MAX - i);
	}
	return d;
}

static void
assert_same(const struct digest *a, const struct digest *b)
{
	assert_true(id_equal(&a->id, &b->id));
	assert_true(a->incarnation == b->incarnation && a->seq == b->seq);
	assert_string_equal(a->mesh, b->mesh);
	assert_string_equal(a->type, b->type);
	assert_string_equal(a->build, b->build);
	assert_int_equal(a->uptime_s, b->uptime_s);
	assert_true(a->frames_sent == b->frames_sent);
	assert_true(a->frames_received == b->frames_received);
	assert_int_equal(a->cpu_used_mc, b->cpu_used_mc);
	assert_int_equal(a->cpu_budget_mc, b->cpu_budget_mc);
	assert_int_equal(a->memory_used_kib, b->memory_used_kib);
	assert_int_equal(a->memory_budget_kib, b->memory_budget_kib);
	assert_int_equal(a->loop_lag_ms, b->loop_lag_ms);
	assert_int_equal(a->flags, b->flags);
}

static void
assert_same_lists(const struct digest *a, const struct digest *b)
{
	assert_int_equal(a->address_count, b->address_count);
	for (size_t i = 0; i < a->address_count; i++)
		assert_true(address_equal(&a->addresses[i], &b->addresses[i]));
	assert_int_equal(a->neighbor_count, b->neighbor_count);
	for (size_t i = 0; i < a->neighbor_count; i++) {
		assert_memory_equal(
			a->neighbors[i].id_prefix, b->neighbors[i].id_prefix, 8);
		assert_int_equal(a->neighbors[i].path_kind, b->neighbors[i].path_kind);
		assert_int_equal(a->neighbors[i].rtt_100us, b->neighbors[i].rtt_100us);
	}
}

static int
verify(struct view v)
{
	struct digest d;

	return digest_verify(&d, v, &topic);
}

static int
verify_accusation(struct view v)
{
	struct accusation a;

	return accusation_verify(&a, v, &topic);
}

/*
 * With ordinary names 8 neighbors and addresses of both families fit, and all comes back.
 */
static void
ordinary_digest_is_whole(void **state)
{
	struct signer s = signer(1);
	struct digest d = ordinary(&s), back;
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	digest_sign(&b, &d, &topic, s.secret_key);
	assert_true(b.len <= DIGEST_LEN_MAX);
	assert_int_equal(payload_kind((struct view){b.data, b.len}), PAYLOAD_DIGEST);
	assert_int_equal(
		digest_verify(&back, (struct view){b.data, b.len}, &topic), ERR_OK);
	assert_same(&d, &back);
	assert_same_lists(&d, &back);
	bytes_refuse_cuts(b.data, b.len, verify);
	buf_fini(&b);
}

/*
 * The layout of the envelope: version, length, body that begins with the id, signature.
 */
static void
envelope(void **state)
{
	struct signer s = signer(1);
	struct digest d = ordinary(&s);
	struct buf b;
	size_t body_len;

	(void)state;
	buf_init(&b, 4096);
	digest_sign(&b, &d, &topic, s.secret_key);
	assert_int_equal(b.data[0], 1);
	body_len = (size_t)(b.data[1] & 0x7f) | (size_t)b.data[2] << 7;
	assert_int_equal(b.len, 1 + 2 + body_len + 64);
	assert_memory_equal(b.data + 3, s.id.bytes, 32);
	/* incarnation 1795000000000, seq 100000, "mesh1" */
	assert_memory_equal(b.data + 35,
		"\x80\xbc\xd9\xf2\x9e\x34\xa0\x8d\x06\x05mesh1", 15);
	buf_fini(&b);
}

/*
 * The worst digest there can be never passes the bound: neighbors are kept first, then
 * addresses, and what is left is a valid digest.
 */
static void
longest_digest_is_cut(void **state)
{
	struct signer s = signer(2);
	struct digest d = ordinary(&s), back;
	struct buf b;

	(void)state;
	memset(d.mesh, 'm', LABEL_LEN_MAX);
	memset(d.type, 't', LABEL_LEN_MAX);
	d.mesh[LABEL_LEN_MAX] = d.type[LABEL_LEN_MAX] = 0;
	buf_init(&b, 4096);
	digest_sign(&b, &d, &topic, s.secret_key);
	assert_int_equal(
		digest_verify(&back, (struct view){b.data, b.len}, &topic), ERR_OK);
	assert_same(&d, &back);
	assert_true(back.neighbor_count >= 2);
	assert_true(back.neighbor_count < DIGEST_NEIGHBORS_MAX);
	assert_memory_equal(
		back.neighbors, d.neighbors, back.neighbor_count * sizeof *d.neighbors);

	memset(d.build, 'b', BUILD_LEN_MAX);
	d.incarnation = d.seq = d.frames_sent = d.frames_received = UINT64_MAX;
	d.uptime_s = d.cpu_used_mc = d.cpu_budget_mc = UINT32_MAX;
	d.memory_used_kib = d.memory_budget_kib = UINT32_MAX;
	d.loop_lag_ms = d.flags = UINT16_MAX;
	buf_clear(&b);
	digest_sign(&b, &d, &topic, s.secret_key);
	assert_true(b.len <= DIGEST_LEN_MAX);
	assert_int_equal(
		b.len, 314); /* nothing but the fixed fields: a neighbor needs 12 */
	assert_int_equal(
		digest_verify(&back, (struct view){b.data, b.len}, &topic), ERR_OK);
	assert_same(&d, &back);
	assert_int_equal(back.neighbor_count, 0);
	assert_int_equal(back.address_count, 0);
	buf_fini(&b);
}

/*
 * A changed byte anywhere, another topic or another signer is refused; unchanged it
 * passes.
 */
static void
forgeries_are_refused(void **state)
{
	struct signer s = signer(3), other = signer(4);
	struct digest d = ordinary(&s), known = d, back;
	struct peer_id id;
	struct view v;
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	digest_sign(&b, &d, &topic, s.secret_key);
	v = (struct view){b.data, b.len};
	assert_int_equal(digest_verify(&back, v, &other_topic), ERR_SIGNATURE);
	for (size_t i = 0; i < b.len; i++) {
		b.data[i] ^= 0x40;
		assert_true(digest_verify(&back, v, &topic) < 0);
		b.data[i] ^= 0x40;
	}
	b.data[b.len - 1] ^= 1;
	assert_int_equal(digest_verify(&back, v, &topic), ERR_SIGNATURE);
	b.data[b.len - 1] ^= 1;
	assert_int_equal(digest_verify(&back, v, &topic), ERR_OK);
	assert_int_equal(digest_verify_known(&back, v, &topic, &d), ERR_OK);
	assert_int_equal(digest_verify_known(&back, v, &other_topic, &d), ERR_SIGNATURE);
	assert_int_equal(digest_peek(&id, v), ERR_OK);
	assert_true(id_equal(&id, &s.id));
	assert_int_equal(digest_peek(&id, (struct view){b.data, 20}), ERR_TRUNCATED);
	known.id = other.id;
	assert_int_equal(digest_verify_known(&back, v, &topic, &known), ERR_ARGUMENT);
	buf_clear(&b);
	digest_sign(&b, &d, &topic, other.secret_key);
	assert_int_equal(digest_verify(&back, (struct view){b.data, b.len}, &topic),
		ERR_SIGNATURE);
	assert_int_equal(
		digest_verify_known(&back, (struct view){b.data, b.len}, &topic, &d),
		ERR_SIGNATURE);
	buf_fini(&b);
}

/* Signs any body, to reach what an honest encoder never writes. */
static int
verify_body(const struct signer *s, const struct buf *body)
{
	static const char context[] = "meshtui digest 1";
	uint8_t signature[64];
	struct buf text, b;
	int err;

	buf_init(&text, 4096);
	buf_put(&text, context, strlen(context));
	postcard_put_id(&text, &topic);
	buf_put(&text, body->data, body->len);
	crypto_sign_detached(signature, NULL, text.data, text.len, s->secret_key);
	buf_init(&b, 4096);
	buf_put_u8(&b, PAYLOAD_DIGEST);
	postcard_put_bytes(&b, body->data, body->len);
	buf_put(&b, signature, sizeof signature);
	err = bytes_decode(b.data, b.len, verify);
	buf_fini(&text);
	buf_fini(&b);
	return err;
}

/* id, then a body given as hex; signed correctly, so only its content can be wrong. */
static int
verify_signed(const struct signer *s, const struct peer_id *id, const char *hex)
{
	struct bytes rest;
	struct buf body;
	int err;

	bytes_from(&rest, hex);
	buf_init(&body, 4096);
	postcard_put_id(&body, id);
	buf_put(&body, rest.data, rest.len);
	err = verify_body(s, &body);
	buf_fini(&body);
	return err;
}

/*
 * A signature does not make a bad body good, and unknown extensions do not make it bad.
 */
static void
signed_bodies(void **state)
{
	static const struct bad_bytes bad[] = {
		{"plain", "01 01 016d 0174 00 00 00 00 000000000000 00 00 00", ERR_OK},
		{"extension", "01 01 016d 0174 00 00 00 00 000000000000 00 00 03aabbcc",
			ERR_OK},
		{"later fields", "01 01 016d 0174 00 00 00 00 000000000000 00 00 00 aabb",
			ERR_OK},
		{"no extension", "01 01 016d 0174 00 00 00 00 000000000000 00 00",
			ERR_TRUNCATED},
		{"mesh in capitals", "01 01 014d 0174 00 00 00 00 000000000000 00 00 00",
			ERR_MALFORMED},
		{"no mesh", "01 01 00 0174 00 00 00 00 000000000000 00 00 00",
			ERR_MALFORMED},
		{"type with a dot",
			"01 01 016d 03612e62 00 00 00 00 000000000000 00 00 00",
			ERR_MALFORMED},
		{"mesh of 64", "01 01 40", ERR_LIMIT},
		{"5 addresses", "01 01 016d 0174 05", ERR_LIMIT},
		{"family 9", "01 01 016d 0174 01 09 7f000001 01", ERR_MALFORMED},
		{"build of 13", "01 01 016d 0174 00 0d", ERR_LIMIT},
		{"9 neighbors", "01 01 016d 0174 00 00 00 09", ERR_LIMIT},
		{"lag 65536", "01 01 016d 0174 00 00 00 00 000000000000 808004 00 00",
			ERR_MALFORMED},
	};
	struct signer s = signer(5);
	struct peer_id zero = {.bytes = {0}};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		int err = verify_signed(&s, &s.id, bad[i].hex);

		if (err != bad[i].err)
			fail_msg("%s: %s", bad[i].what, err_name(err));
	}
	assert_int_equal(verify_signed(&s, &zero, bad[0].hex), ERR_MALFORMED);
}

/* Envelopes that are none. */
static void
bad_envelopes(void **state)
{
	static const struct bad_bytes bad[] = {
		{"nothing", "", ERR_TRUNCATED},
		{"version 0", "00 00", ERR_MALFORMED},
		{"version 4", "04 00", ERR_MALFORMED},
		{"body cut", "01 05 00", ERR_TRUNCATED},
		{"length without end", "01 ffffffffffffffffffff", ERR_MALFORMED},
		{"length of 4097", "01 8120", ERR_LIMIT},
	};
	uint8_t large[DIGEST_LEN_MAX + 1] = {PAYLOAD_DIGEST};
	struct signer s = signer(6);
	struct digest d = ordinary(&s);
	struct buf b;

	(void)state;
	bytes_refuse(bad, COUNT(bad), verify);
	assert_int_equal(bytes_decode(large, sizeof large, verify), ERR_LIMIT);
	assert_int_equal(payload_kind((struct view){NULL, 0}), PAYLOAD_UNKNOWN);
	assert_int_equal(
		payload_kind((struct view){(const uint8_t *)"\5", 1}), PAYLOAD_UNKNOWN);
	/* Bytes after the signature are signed by nobody. */
	d.neighbor_count = 0;
	buf_init(&b, 4096);
	digest_sign(&b, &d, &topic, s.secret_key);
	buf_put_u8(&b, 0);
	assert_int_equal(bytes_decode(b.data, b.len, verify), ERR_MALFORMED);
	b.len--;
	assert_int_equal(bytes_decode(b.data, b.len, verify), ERR_OK);
	buf_fini(&b);
}

/* Accusations round-trip, are bound to topic and accuser, and are no digests. */
static void
accusations(void **state)
{
	struct signer s = signer(7), other = signer(8);
	struct accusation a = {.accuser = s.id,
				  .subject = other.id,
				  .incarnation = 77,
				  .seq = 5,
				  .reason = ACCUSED_RESET},
			  back;
	struct digest d;
	struct view v;
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	accusation_sign(&b, &a, &topic, s.secret_key);
	v = (struct view){b.data, b.len};
	assert_int_equal(payload_kind(v), PAYLOAD_ACCUSATION);
	assert_int_equal(accusation_verify(&back, v, &topic), ERR_OK);
	assert_true(id_equal(&back.accuser, &s.id) && id_equal(&back.subject, &other.id));
	assert_int_equal(back.incarnation, 77);
	assert_int_equal(back.seq, 5);
	assert_int_equal(back.reason, ACCUSED_RESET);
	bytes_refuse_cuts(b.data, b.len, verify_accusation);
	assert_int_equal(accusation_verify(&back, v, &other_topic), ERR_SIGNATURE);
	assert_int_equal(digest_verify(&d, v, &topic), ERR_MALFORMED);
	for (size_t i = 0; i < b.len; i++) {
		b.data[i] ^= 1;
		assert_true(accusation_verify(&back, v, &topic) < 0);
		b.data[i] ^= 1;
	}
	buf_clear(&b);
	accusation_sign(&b, &a, &topic, other.secret_key);
	assert_int_equal(accusation_verify(&back, (struct view){b.data, b.len}, &topic),
		ERR_SIGNATURE);
	buf_clear(&b);
	a.reason = (enum accusation_reason)3;
	accusation_sign(&b, &a, &topic, s.secret_key);
	assert_int_equal(accusation_verify(&back, (struct view){b.data, b.len}, &topic),
		ERR_MALFORMED);
	assert_string_equal(accusation_reason_text(ACCUSED_NO_ANSWER), "no answer");
	assert_string_equal(accusation_reason_text((enum accusation_reason)3), "unknown");
	buf_fini(&b);
}

/*
 * 1,000 random digests of any shape are valid, within the bound, and say what was signed.
 */
static void
digests_round_trip(void **state)
{
	struct signer s = signer(9);
	struct rng rng;
	struct buf b;

	(void)state;
	rng_init_u64(&rng, 5);
	buf_init(&b, DIGEST_LEN_MAX);
	for (int i = 0; i < 1000; i++) {
		struct digest d = ordinary(&s), back;

		d.seq = rng_u64(&rng) >> rng_below(&rng, 64);
		d.frames_sent = rng_u64(&rng) >> rng_below(&rng, 64);
		d.cpu_used_mc = (uint32_t)(rng_u64(&rng) >> (32 + rng_below(&rng, 32)));
		d.neighbor_count = rng_below(&rng, DIGEST_NEIGHBORS_MAX + 1);
		d.address_count = rng_below(&rng, 3);
		memset(d.mesh, 0, sizeof d.mesh);
		memset(d.mesh, 'a', 1 + rng_below(&rng, LABEL_LEN_MAX));
		buf_clear(&b);
		digest_sign(&b, &d, &topic, s.secret_key);
		assert_int_equal(b.failed, 0);
		assert_int_equal(
			digest_verify(&back, (struct view){b.data, b.len}, &topic),
			ERR_OK);
		assert_same(&d, &back);
		if (strlen(d.mesh) < 16)
			assert_same_lists(&d, &back);
	}
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary_digest_is_whole),
		cmocka_unit_test(envelope),
		cmocka_unit_test(longest_digest_is_cut),
		cmocka_unit_test(forgeries_are_refused),
		cmocka_unit_test(signed_bodies),
		cmocka_unit_test(bad_envelopes),
		cmocka_unit_test(accusations),
		cmocka_unit_test(digests_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
