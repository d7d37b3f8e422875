/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/unit/wire_bytes.h"
#include "wire/lifeline.h"
#include "wire/varint.h"

static int
decode(struct view v)
{
	struct lifeline_record r;
	int err = lifeline_decode(&v, &r);

	lifeline_fini(&r);
	return err;
}

/* Encodes, refuses every cut, and gives the record read back; it owns what it has. */
static void
there_and_back(const struct lifeline_record *r, struct lifeline_record *back)
{
	struct view v;
	struct buf b;

	buf_init(&b, LIFELINE_RECORD_LEN_MAX + 16);
	lifeline_encode(&b, r);
	assert_int_equal(b.failed, 0);
	for (size_t n = 0; n<b.len; n += b.len> 1000 ? 97 : 1)
		assert_int_equal(bytes_decode(b.data, n, decode), ERR_TRUNCATED);
	v = (struct view){b.data, b.len};
	assert_int_equal(lifeline_decode(&v, back), ERR_OK);
	assert_int_equal(v.len, 0);
	assert_int_equal(back->tag, r->tag);
	buf_fini(&b);
}

/* Each record without owned memory comes back as it was. */
static void
plain_records(void **state)
{
	static struct lifeline_record r, back;

	(void)state;
	r = (struct lifeline_record){.tag = LIFELINE_READY};
	memset(r.ready.id.bytes, 7, 32);
	strcpy(r.ready.name, "mesh1.broker.070707");
	r.ready.address_count = 1;
	assert_int_equal(address_parse(&r.ready.addresses[0], "[::1]:4000"), ERR_OK);
	r.ready.boot_us = 1234567;
	there_and_back(&r, &back);
	assert_true(id_equal(&r.ready.id, &back.ready.id));
	assert_string_equal(back.ready.name, "mesh1.broker.070707");
	assert_int_equal(back.ready.address_count, 1);
	assert_true(address_equal(&r.ready.addresses[0], &back.ready.addresses[0]));
	assert_int_equal(back.ready.boot_us, 1234567);

	r = (struct lifeline_record){.tag = LIFELINE_HEARTBEAT};
	r.heartbeat.seq = 300;
	r.heartbeat.loop_lag_ms = 70000;
	there_and_back(&r, &back);
	assert_int_equal(back.heartbeat.seq, 300);
	assert_int_equal(back.heartbeat.loop_lag_ms, 70000);

	r = (struct lifeline_record){.tag = LIFELINE_FAILED};
	r.failed.status = 78;
	memset(r.failed.text, 'x', LIFELINE_TEXT_CAP - 1);
	there_and_back(&r, &back);
	assert_int_equal(back.failed.status, 78);
	assert_int_equal(strlen(back.failed.text), LIFELINE_TEXT_CAP - 1);

	r = (struct lifeline_record){.tag = LIFELINE_STOPPING};
	strcpy(r.stopping.reason, "SIGTERM");
	there_and_back(&r, &back);
	assert_string_equal(back.stopping.reason, "SIGTERM");

	r = (struct lifeline_record){.tag = LIFELINE_ASK};
	r.ask.ask = UINT64_MAX;
	r.ask.probe_count = 2;
	memset(r.ask.probes, 5, sizeof r.ask.probes);
	there_and_back(&r, &back);
	assert_int_equal(back.ask.probe_count, 2);
	assert_memory_equal(back.ask.probes, r.ask.probes, 64);
	assert_true(back.ask.ask == UINT64_MAX);

	r = (struct lifeline_record){.tag = LIFELINE_QUIT};
	there_and_back(&r, &back);
}

/*
 * The largest view there can be fits a record and comes back whole; its memory is given
 * back.
 */
static void
largest_view(void **state)
{
	static struct lifeline_record r, back;

	(void)state;
	r = (struct lifeline_record){.tag = LIFELINE_VIEW};
	r.view.ask = 9;
	r.view.node_count = LIFELINE_VIEW_NODES_MAX;
	r.view.nodes = mem_array(LIFELINE_VIEW_NODES_MAX, sizeof *r.view.nodes);
	for (size_t i = 0; i < r.view.node_count; i++) {
		memset(r.view.nodes[i].id.bytes, (int)i, 32);
		r.view.nodes[i].liveness = (uint8_t)i;
		r.view.nodes[i].age_ms = UINT32_MAX - (uint32_t)i;
		r.view.nodes[i].incarnation = UINT64_MAX;
		r.view.nodes[i].flags = UINT16_MAX;
		r.view.nodes[i].neighbors_told = i < LIFELINE_TOLD_MAX;
		r.view.nodes[i].neighbor_count = i < LIFELINE_TOLD_MAX ? 8 : 0;
		memset(r.view.nodes[i].neighbors, 0, sizeof r.view.nodes[i].neighbors);
		r.view.nodes[i].neighbors[7].rtt_100us = UINT16_MAX * (i < 300);
	}
	for (size_t i = 0; i < LINKS_MAX; i++) {
		memset(&r.view.peers[i], 0, sizeof r.view.peers[i]);
		r.view.peers[i].sent = r.view.peers[i].received = UINT64_MAX;
		r.view.peers[i].skew_ms = -(int64_t)i;
		r.view.peers[i].silent_ms = UINT32_MAX;
		r.view.peers[i].port = 65535;
	}
	r.view.peer_count = LINKS_MAX;
	r.view.objects = 77;
	r.view.link_count = LINKS_MAX;
	for (size_t i = 0; i < LINKS_MAX; i++)
		memset(r.view.links[i].bytes, (int)i, 32);
	r.view.handshakes = UINT64_MAX;
	r.view.liveness_changes = 4;
	there_and_back(&r, &back);
	assert_int_equal(back.view.ask, 9);
	assert_int_equal(back.view.node_count, r.view.node_count);
	for (size_t i = 0; i < r.view.node_count; i++) {
		assert_true(id_equal(&back.view.nodes[i].id, &r.view.nodes[i].id));
		assert_int_equal(back.view.nodes[i].liveness, r.view.nodes[i].liveness);
		assert_int_equal(back.view.nodes[i].age_ms, r.view.nodes[i].age_ms);
	}
	assert_int_equal(back.view.nodes[299].neighbor_count, 8);
	assert_int_equal(back.view.nodes[299].neighbors[7].rtt_100us, UINT16_MAX);
	assert_true(back.view.nodes[1023].incarnation == UINT64_MAX);
	assert_false(back.view.nodes[1023].neighbors_told);
	assert_int_equal(back.view.peer_count, LINKS_MAX);
	assert_int_equal(back.view.peers[9].skew_ms, -9);
	assert_int_equal(back.view.peers[9].port, 65535);
	assert_int_equal(back.view.objects, 77);
	assert_int_equal(back.view.link_count, LINKS_MAX);
	assert_memory_equal(back.view.links, r.view.links, sizeof r.view.links);
	assert_true(back.view.handshakes == UINT64_MAX);
	assert_int_equal(back.view.liveness_changes, 4);
	lifeline_fini(&back);
	assert_null(back.view.nodes);
	lifeline_fini(&back);
	lifeline_fini(&r);
}

/* A record of a newer program is skipped, and the next one is read. */
static void
unknown_tags_are_skipped(void **state)
{
	static struct lifeline_record r;
	struct bytes b;
	struct view v;

	(void)state;
	bytes_from(&b, "7f 02 aabb 42 00");
	v = bytes_view(&b);
	assert_int_equal(lifeline_decode(&v, &r), ERR_UNKNOWN);
	assert_int_equal(v.len, 2);
	assert_int_equal(lifeline_decode(&v, &r), ERR_OK);
	assert_int_equal(r.tag, LIFELINE_QUIT);
	assert_int_equal(v.len, 0);
}

/* Whole records that say nonsense are never "need more": waiting would not mend them. */
static void
bad_records(void **state)
{
	static const struct bad_bytes bad[] = {
		{"nothing", "", ERR_TRUNCATED},
		{"tag only", "02", ERR_TRUNCATED},
		{"record of 128 KiB + 1", "02 818008", ERR_LIMIT},
		{"length without end", "02 ffffffffffffffffffff", ERR_MALFORMED},
		{"empty heartbeat", "02 00", ERR_MALFORMED},
		{"half a heartbeat", "02 01 05", ERR_MALFORMED},
		{"text with a NUL", "05 02 0100", ERR_MALFORMED},
		{"text longer than the record", "05 02 0561", ERR_MALFORMED},
		{"text of 512", "05 02 8004", ERR_LIMIT},
		{"view of 1025 nodes", "04 03 01 8108", ERR_LIMIT},
		{"view of 1024 nodes without them", "04 03 01 8008", ERR_MALFORMED},
		{"view cut in a node", "04 03 01 01 00", ERR_MALFORMED},
		{"257 links", "04 04 01 00 8102", ERR_LIMIT},
		{"257 peers", "04 05 01 00 00 8102", ERR_LIMIT},
		{"empty ask", "41 00", ERR_MALFORMED},
		{"ask about 5", "41 02 01 05", ERR_LIMIT},
	};

	(void)state;
	bytes_refuse(bad, COUNT(bad), decode);
}

/*
 * A view that breaks off after its nodes gives their memory back (the sanitizer looks).
 */
static void
broken_view_leaks_nothing(void **state)
{
	static struct lifeline_record r;
	struct view v;
	struct buf b, cut;

	(void)state;
	r = (struct lifeline_record){.tag = LIFELINE_VIEW};
	r.view.node_count = 2;
	r.view.nodes = mem_array(2, sizeof *r.view.nodes);
	buf_init(&b, 1024);
	lifeline_encode(&b, &r);
	lifeline_fini(&r);
	/* The tag, two bytes of length, and the rest. */
	assert_int_equal((b.data[1] & 0x7f) + (b.data[2] << 7), b.len - 3);
	for (size_t n = 0; n < b.len - 3; n++) {
		buf_init(&cut, 1024);
		buf_put_u8(&cut, LIFELINE_VIEW);
		varint_put(&cut, n);
		buf_put(&cut, b.data + 3, n);
		v = (struct view){cut.data, cut.len};
		assert_int_equal(lifeline_decode(&v, &r), ERR_MALFORMED);
		assert_int_equal(v.len, cut.len);
		buf_fini(&cut);
	}
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_records),
		cmocka_unit_test(largest_view),
		cmocka_unit_test(unknown_tags_are_skipped),
		cmocka_unit_test(bad_records),
		cmocka_unit_test(broken_view_leaks_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
