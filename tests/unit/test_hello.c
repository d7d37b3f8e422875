/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "tests/unit/wire_bytes.h"
#include "wire/frame.h"
#include "wire/hello.h"

static int
decode(struct view v)
{
	struct hello h;

	return hello_decode(&h, v);
}

static struct hello
member(void)
{
	struct hello h = {.version = HELLO_VERSION,
		.mesh = "mesh1",
		.type = "broker",
		.incarnation = 300,
		.build = "0.1.0",
		.address_count = 1,
		.has_proof = true};

	assert_int_equal(address_parse(&h.addresses[0], "127.0.0.1:45999"), ERR_OK);
	memset(h.proof, 0xaa, sizeof h.proof);
	return h;
}

static int
encoded_decodes(const struct hello *h)
{
	struct buf b;
	int err;

	buf_init(&b, 4096);
	hello_encode(&b, h);
	assert_int_equal(b.failed, 0);
	err = bytes_decode(b.data, b.len, decode);
	buf_fini(&b);
	return err;
}

/* The order and the bytes of PROTOCOL.md 5. */
static void
known_hello(void **state)
{
	struct hello h = member(), back;
	struct bytes want;
	struct buf b;

	(void)state;
	bytes_from(&want, "01 056d65736831 0662726f6b6572 00 ac02 05302e312e30 "
			  "01 007f000001afe702 20 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	buf_init(&b, 4096);
	hello_encode(&b, &h);
	assert_int_equal(b.len, want.len);
	assert_memory_equal(b.data, want.data, want.len);
	assert_int_equal(hello_decode(&back, (struct view){b.data, b.len}), ERR_OK);
	assert_int_equal(back.version, 1);
	assert_string_equal(back.mesh, "mesh1");
	assert_string_equal(back.type, "broker");
	assert_int_equal(back.role, HELLO_MEMBER);
	assert_int_equal(back.incarnation, 300);
	assert_string_equal(back.build, "0.1.0");
	assert_int_equal(back.address_count, 1);
	assert_true(address_equal(&back.addresses[0], &h.addresses[0]));
	assert_true(back.has_proof);
	assert_memory_equal(back.proof, h.proof, sizeof h.proof);
	bytes_refuse_cuts(b.data, b.len, decode);
	buf_fini(&b);
}

/* Only an observer may come without a mesh; its type is a label like any other. */
static void
observers_may_have_no_mesh(void **state)
{
	struct hello h = member();

	(void)state;
	h.mesh[0] = 0;
	assert_int_equal(encoded_decodes(&h), ERR_MALFORMED);
	h.role = HELLO_OBSERVER;
	assert_int_equal(encoded_decodes(&h), ERR_OK);
	h.has_proof = false;
	assert_int_equal(encoded_decodes(&h), ERR_OK);
	h.type[0] = 0;
	assert_int_equal(encoded_decodes(&h), ERR_MALFORMED);
}

/* Names that are no labels do not get in, nor does a name cut to fit. */
static void
bad_labels(void **state)
{
	static const char *const bad[] = {
		"Mesh", "-mesh", "me.sh", "me sh", "m\033[2J", "m\xc3\xa9"};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct hello h = member();

		strcpy(h.mesh, bad[i]);
		assert_int_equal(encoded_decodes(&h), ERR_MALFORMED);
		h = member();
		strcpy(h.type, bad[i]);
		assert_int_equal(encoded_decodes(&h), ERR_MALFORMED);
	}
}

/* Bytes that are no hello. */
static void
bad_hellos(void **state)
{
	static const struct bad_bytes bad[] = {
		{"nothing", "", ERR_TRUNCATED},
		{"version 0", "00 016d 0174 00 01 00 00 00", ERR_MALFORMED},
		{"version 65536", "808004 016d 0174 00 01 00 00 00", ERR_MALFORMED},
		{"NUL in the mesh", "01 026d00 0174 00 01 00 00 00", ERR_MALFORMED},
		{"role 3", "01 016d 0174 03 01 00 00 00", ERR_MALFORMED},
		{"mesh of 64", "01 40", ERR_LIMIT},
		{"build of 13", "01 016d 0174 00 01 0d", ERR_LIMIT},
		{"five addresses", "01 016d 0174 00 01 00 05", ERR_LIMIT},
		{"family 2", "01 016d 0174 00 01 00 01 02 7f000001 01 00", ERR_MALFORMED},
		{"proof of 1", "01 016d 0174 00 01 00 00 01aa", ERR_MALFORMED},
		{"proof of 33", "01 016d 0174 00 01 00 00 21", ERR_LIMIT},
	};
	struct bytes good;

	(void)state;
	bytes_refuse(bad, COUNT(bad), decode);
	/*
	 * The control: the same bytes without a fault, and with fields of a later
	 * version.
	 */
	bytes_from(&good, "01 016d 0174 00 01 00 00 00");
	assert_int_equal(decode(bytes_view(&good)), ERR_OK);
	bytes_from(&good, "02 016d 0174 00 01 00 00 00 cafe");
	assert_int_equal(decode(bytes_view(&good)), ERR_OK);
}

/* The largest hello stays within its frame. */
static void
largest_hello_fits(void **state)
{
	struct hello h = member();
	struct buf b;

	(void)state;
	h.version = UINT16_MAX;
	h.incarnation = UINT64_MAX;
	memset(h.mesh, 'm', LABEL_LEN_MAX);
	memset(h.type, 't', LABEL_LEN_MAX);
	memset(h.build, 'b', BUILD_LEN_MAX);
	h.address_count = ADDRESSES_MAX;
	for (size_t i = 0; i < ADDRESSES_MAX; i++)
		assert_int_equal(
			address_parse(&h.addresses[i], "[2001:db8::1]:65535"), ERR_OK);
	buf_init(&b, frame_limit(FRAME_HELLO));
	hello_encode(&b, &h);
	assert_int_equal(b.failed, 0);
	bytes_refuse_cuts(b.data, b.len, decode);
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_hello),
		cmocka_unit_test(observers_may_have_no_mesh),
		cmocka_unit_test(bad_labels),
		cmocka_unit_test(bad_hellos),
		cmocka_unit_test(largest_hello_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
