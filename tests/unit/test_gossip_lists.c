/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/rng.h"
#include "tests/unit/wire_bytes.h"
#include "wire/gossip_msg.h"

#define DATA "0001007f000001afe702"

static int
decode(struct view v)
{
	struct gossip_msg m;

	return gossip_msg_decode(&m, v);
}

static void
assert_encodes_as(const struct gossip_msg *m, const void *bytes, size_t len)
{
	struct buf b;

	buf_init(&b, WIRE_BYTES_MAX);
	gossip_msg_encode(&b, m);
	assert_int_equal(b.failed, 0);
	assert_int_equal(b.len, len);
	assert_memory_equal(b.data, bytes, len);
	buf_fini(&b);
}

static int
decode_addr_info(struct view v)
{
	struct address out[2];
	size_t count;

	return gossip_addr_info_decode(v, out, 2, &count);
}

/*
 * AddrInfo: sorted when sent, read in any order, the relay skipped, empty means nothing.
 */
static void
addr_infos(void **state)
{
	static const struct bad_bytes bad[] = {
		{"relay only", "00", ERR_TRUNCATED},
		{"relay 2", "0200", ERR_MALFORMED},
		{"relay cut", "010568", ERR_TRUNCATED},
		{"family 2", "0001027f000001afe702", ERR_MALFORMED},
		{"fewer than said", "0002007f000001afe702", ERR_TRUNCATED},
		{"2^64-1 of them", "00ffffffffffffffffff01", ERR_TRUNCATED},
	};
	struct address in[3], out[3], two[2];
	struct bytes b;
	struct buf encoded;
	size_t count;

	(void)state;
	assert_int_equal(address_parse(&in[0], "[::1]:1"), ERR_OK);
	assert_int_equal(address_parse(&in[1], "127.0.0.1:46000"), ERR_OK);
	assert_int_equal(address_parse(&in[2], "127.0.0.1:45999"), ERR_OK);
	buf_init(&encoded, 200);
	gossip_addr_info_encode(&encoded, &in[2], 1);
	bytes_from(&b, DATA);
	assert_int_equal(encoded.len, b.len);
	assert_memory_equal(encoded.data, b.data, b.len);

	buf_clear(&encoded);
	gossip_addr_info_encode(&encoded, in, 3);
	assert_int_equal(gossip_addr_info_decode((struct view){encoded.data, encoded.len},
				 out, 3, &count),
		ERR_OK);
	assert_int_equal(count, 3);
	assert_true(address_equal(&out[0], &in[2]) && address_equal(&out[1], &in[1]) &&
		    address_equal(&out[2], &in[0]));
	assert_int_equal(gossip_addr_info_decode((struct view){encoded.data, encoded.len},
				 two, 2, &count),
		ERR_OK);
	assert_int_equal(count, 2);
	assert_int_equal(
		gossip_addr_info_decode((struct view){NULL, 0}, out, 3, &count), ERR_OK);
	assert_int_equal(count, 0);
	bytes_from(&b, "0103613a62 01 007f000001afe702");
	assert_int_equal(gossip_addr_info_decode(bytes_view(&b), out, 3, &count), ERR_OK);
	assert_int_equal(count, 1);
	bytes_refuse(bad, COUNT(bad), decode_addr_info);
	buf_fini(&encoded);
}

/*
 * The largest own data: 6 addresses of IPv6 stay within the 200 bytes, more are left out.
 */
static void
own_data_is_bounded(void **state)
{
	struct address in[8];
	struct buf b;

	(void)state;
	for (size_t i = 0; i < COUNT(in); i++) {
		assert_int_equal(address_parse(&in[i], "[2001:db8::1]:65535"), ERR_OK);
		in[i].ip[15] = (uint8_t)i;
	}
	buf_init(&b, GOSSIP_PEER_DATA_LEN_MAX);
	gossip_addr_info_encode(&b, in, COUNT(in));
	assert_int_equal(b.failed, 0);
	assert_int_equal(b.data[1], GOSSIP_PEER_ADDRESSES_MAX);
	buf_fini(&b);
}

/*
 * The stream's frame: length big endian, then the body; the header is a frame like
 * others.
 */
static void
stream_frames(void **state)
{
	uint8_t topic[32];
	struct bytes body, want;
	struct buf b;

	(void)state;
	memset(topic, 0x11, sizeof topic);
	buf_init(&b, 100);
	gossip_frame_put(&b, topic, sizeof topic);
	bytes_from(&want, "00000020");
	assert_int_equal(b.len, 36);
	assert_memory_equal(b.data, want.data, 4);
	assert_memory_equal(b.data + 4, topic, 32);
	buf_clear(&b);
	bytes_from(&body, "0000010a" DATA);
	bytes_from(&want, "0000000e 0000010a" DATA);
	gossip_frame_put(&b, body.data, body.len);
	assert_int_equal(b.len, want.len);
	assert_memory_equal(b.data, want.data, want.len);
	buf_fini(&b);
}

static void
random_peer(struct rng *rng, struct gossip_peer_info *p, const uint8_t *pool)
{
	rng_bytes(rng, p->id.bytes, sizeof p->id.bytes);
	p->data.present = rng_below(rng, 2);
	if (p->data.present)
		p->data.bytes = (struct view){pool, rng_below(rng, 40)};
}

static void
random_msg(struct rng *rng, struct gossip_msg *m, const uint8_t *pool)
{
	memset(m, 0, sizeof *m);
	m->kind = (enum gossip_msg_kind)rng_below(rng, GOSSIP_MSG_KINDS);
	switch (m->kind) {
	case GOSSIP_FORWARD_JOIN:
		random_peer(rng, &m->forward_join.peer, pool);
		m->forward_join.ttl = (uint16_t)rng_u64(rng);
		break;
	case GOSSIP_SHUFFLE:
		m->shuffle.count = rng_below(rng, 9);
		m->shuffle.ttl = (uint16_t)rng_u64(rng);
		for (size_t i = 0; i < m->shuffle.count; i++)
			random_peer(rng, &m->shuffle.nodes[i], pool);
		break;
	case GOSSIP_NEIGHBOR:
		m->neighbor.priority = (enum gossip_priority)rng_below(rng, 2);
		break;
	case GOSSIP_PAYLOAD:
		m->payload.content = (struct view){pool, rng_below(rng, 400)};
		m->payload.neighbors_only = rng_below(rng, 2);
		if (!m->payload.neighbors_only)
			m->payload.round = (uint16_t)rng_u64(rng);
		break;
	case GOSSIP_GRAFT:
		m->graft.has_id = rng_below(rng, 2);
		m->graft.round = (uint16_t)rng_u64(rng);
		break;
	case GOSSIP_IHAVE:
		m->ihave.count = rng_below(rng, 5);
		for (size_t i = 0; i < m->ihave.count; i++)
			m->ihave.items[i].round = (uint16_t)rng_u64(rng);
		break;
	default:
		break;
	}
}

/*
 * 10,000 random messages: encoded, decoded and encoded again they are the same; no cut
 * decodes.
 */
static void
messages_round_trip(void **state)
{
	static struct gossip_msg m, back;
	uint8_t pool[400];
	struct rng rng;
	struct buf b;

	(void)state;
	rng_init_u64(&rng, 4);
	rng_bytes(&rng, pool, sizeof pool);
	buf_init(&b, WIRE_BYTES_MAX);
	for (int i = 0; i < 10000; i++) {
		random_msg(&rng, &m, pool);
		buf_clear(&b);
		gossip_msg_encode(&b, &m);
		assert_int_equal(
			gossip_msg_decode(&back, (struct view){b.data, b.len}), ERR_OK);
		assert_encodes_as(&back, b.data, b.len);
		if (i % 10 == 0)
			bytes_refuse_cuts(b.data, b.len, decode);
	}
	buf_fini(&b);
}

/* The largest lists that are sent stay below the limit of a message. */
static void
full_ihave_fits(void **state)
{
	static struct gossip_msg m;
	struct buf b;

	(void)state;
	memset(&m, 0, sizeof m);
	m.kind = GOSSIP_IHAVE;
	m.ihave.count = GOSSIP_IHAVE_MAX;
	for (size_t i = 0; i < m.ihave.count; i++)
		m.ihave.items[i].round = UINT16_MAX;
	buf_init(&b, GOSSIP_MESSAGE_LEN - 1);
	gossip_msg_encode(&b, &m);
	assert_int_equal(b.failed, 0);
	assert_int_equal(bytes_decode(b.data, b.len, decode), ERR_OK);
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addr_infos),
		cmocka_unit_test(own_data_is_bounded),
		cmocka_unit_test(stream_frames),
		cmocka_unit_test(messages_round_trip),
		cmocka_unit_test(full_ihave_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
