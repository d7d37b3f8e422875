/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/blake3.h"
#include "tests/unit/wire_bytes.h"
#include "wire/gossip_msg.h"

/* The ids and data of the vectors of PROTOCOL.md 3. */
#define A "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"
#define B "8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394"
#define HELLO "ea8f163db38682925e4491c5e58d4bb3506ef8c14eb78a86e908c5624a67200f"
#define EMPTY "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
#define DATA "0001007f000001afe702"

static struct peer_id
id(const char *hex)
{
	struct peer_id out;

	assert_int_equal(id_parse(&out, hex), ERR_OK);
	return out;
}

static const uint8_t data_bytes[] = {0, 1, 0, 127, 0, 0, 1, 0xaf, 0xe7, 2};

static struct gossip_peer_data
data(void)
{
	return (struct gossip_peer_data){
		.present = true, .bytes = {data_bytes, sizeof data_bytes}};
}

static void
make_join_none(struct gossip_msg *m)
{
	m->kind = GOSSIP_JOIN;
}

static void
make_join_empty(struct gossip_msg *m)
{
	m->kind = GOSSIP_JOIN;
	m->join.data.present = true;
}

static void
make_join(struct gossip_msg *m)
{
	m->kind = GOSSIP_JOIN;
	m->join.data = data();
}

static void
make_forward_join(struct gossip_msg *m)
{
	m->kind = GOSSIP_FORWARD_JOIN;
	m->forward_join.peer = (struct gossip_peer_info){.id = id(B), .data = data()};
	m->forward_join.ttl = 6;
}

static void
make_shuffle(struct gossip_msg *m)
{
	m->kind = GOSSIP_SHUFFLE;
	m->shuffle.origin = id(A);
	m->shuffle.count = 2;
	m->shuffle.nodes[0].id = id(B);
	m->shuffle.nodes[1] = (struct gossip_peer_info){.id = id(A), .data = data()};
	m->shuffle.ttl = 6;
}

static void
make_reply_empty(struct gossip_msg *m)
{
	m->kind = GOSSIP_SHUFFLE_REPLY;
}

static void
make_reply(struct gossip_msg *m)
{
	m->kind = GOSSIP_SHUFFLE_REPLY;
	m->shuffle_reply.count = 1;
	m->shuffle_reply.nodes[0].id = id(B);
}

static void
make_neighbor_high(struct gossip_msg *m)
{
	m->kind = GOSSIP_NEIGHBOR;
	m->neighbor.priority = GOSSIP_PRIORITY_HIGH;
}

static void
make_neighbor_low(struct gossip_msg *m)
{
	m->kind = GOSSIP_NEIGHBOR;
	m->neighbor.priority = GOSSIP_PRIORITY_LOW;
	m->neighbor.data.present = true;
}

static void
make_disconnect_alive(struct gossip_msg *m)
{
	m->kind = GOSSIP_DISCONNECT;
	m->disconnect.alive = true;
}

static void
make_disconnect(struct gossip_msg *m)
{
	m->kind = GOSSIP_DISCONNECT;
}

static void
make_payload(struct gossip_msg *m)
{
	m->kind = GOSSIP_PAYLOAD;
	m->payload.id = id(HELLO);
	m->payload.content = (struct view){(const uint8_t *)"hello", 5};
}

static void
make_payload_300(struct gossip_msg *m)
{
	make_payload(m);
	m->payload.round = 300;
}

static void
make_payload_neighbors(struct gossip_msg *m)
{
	make_payload(m);
	m->payload.neighbors_only = true;
}

static void
make_prune(struct gossip_msg *m)
{
	m->kind = GOSSIP_PRUNE;
}

static void
make_graft(struct gossip_msg *m)
{
	m->kind = GOSSIP_GRAFT;
	m->graft.has_id = true;
	m->graft.id = id(HELLO);
	m->graft.round = 3;
}

static void
make_graft_none(struct gossip_msg *m)
{
	m->kind = GOSSIP_GRAFT;
}

static void
make_ihave_empty(struct gossip_msg *m)
{
	m->kind = GOSSIP_IHAVE;
}

static void
make_ihave(struct gossip_msg *m)
{
	m->kind = GOSSIP_IHAVE;
	m->ihave.count = 2;
	m->ihave.items[0] = (struct gossip_ihave){.id = id(HELLO), .round = 1};
	m->ihave.items[1] = (struct gossip_ihave){.id = id(EMPTY), .round = 200};
}

static const struct {
	const char *hex;
	void (*make)(struct gossip_msg *m);
} vectors[] = {
	{"000000", make_join_none},
	{"00000100", make_join_empty},
	{"0000010a" DATA, make_join},
	{"0001" B "010a" DATA "06", make_forward_join},
	{"0002" A "02" B "00" A "010a" DATA "06", make_shuffle},
	{"000300", make_reply_empty},
	{"000301" B "00", make_reply},
	{"00040000", make_neighbor_high},
	{"0004010100", make_neighbor_low},
	{"00050100", make_disconnect_alive},
	{"00050000", make_disconnect},
	{"0100" HELLO "0568656c6c6f0000", make_payload},
	{"0100" HELLO "0568656c6c6f00ac02", make_payload_300},
	{"0100" HELLO "0568656c6c6f01", make_payload_neighbors},
	{"0101", make_prune},
	{"010201" HELLO "03", make_graft},
	{"01020000", make_graft_none},
	{"010300", make_ihave_empty},
	{"010302" HELLO "01" EMPTY "c801", make_ihave},
};

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

/*
 * Every vector: the value gives the bytes, the bytes give the value, a cut gives nothing.
 */
static void
vectors_both_ways(void **state)
{
	static struct gossip_msg made, read;

	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		struct bytes b;

		bytes_from(&b, vectors[i].hex);
		memset(&made, 0, sizeof made);
		vectors[i].make(&made);
		assert_encodes_as(&made, b.data, b.len);
		assert_int_equal(gossip_msg_decode(&read, bytes_view(&b)), ERR_OK);
		assert_int_equal(read.kind, made.kind);
		assert_encodes_as(&read, b.data, b.len);
		bytes_refuse_cuts(b.data, b.len, decode);
	}
}

/* The fields of what was read, not only its bytes written again. */
static void
fields_are_read(void **state)
{
	static struct gossip_msg m;
	struct bytes b;
	struct peer_id a = id(A), c = id(B);

	(void)state;
	bytes_from(&b, "0002" A "02" B "00" A "010a" DATA "06");
	assert_int_equal(gossip_msg_decode(&m, bytes_view(&b)), ERR_OK);
	assert_int_equal(m.kind, GOSSIP_SHUFFLE);
	assert_true(id_equal(&m.shuffle.origin, &a));
	assert_int_equal(m.shuffle.count, 2);
	assert_true(id_equal(&m.shuffle.nodes[0].id, &c));
	assert_false(m.shuffle.nodes[0].data.present);
	assert_true(m.shuffle.nodes[1].data.present);
	assert_int_equal(m.shuffle.nodes[1].data.bytes.len, 10);
	assert_int_equal(m.shuffle.ttl, 6);
	bytes_from(&b, "0100" HELLO "0568656c6c6f00ac02");
	assert_int_equal(gossip_msg_decode(&m, bytes_view(&b)), ERR_OK);
	assert_int_equal(m.payload.round, 300);
	assert_false(m.payload.neighbors_only);
	assert_memory_equal(m.payload.content.data, "hello", 5);
	bytes_from(&b, "00050100");
	assert_int_equal(gossip_msg_decode(&m, bytes_view(&b)), ERR_OK);
	assert_true(m.disconnect.alive && !m.disconnect.respond);
	bytes_from(&b, "0004010100");
	assert_int_equal(gossip_msg_decode(&m, bytes_view(&b)), ERR_OK);
	assert_int_equal(m.neighbor.priority, GOSSIP_PRIORITY_LOW);
}

/* The id of a message is BLAKE3-256 of its content, as the vectors have it. */
static void
message_ids(void **state)
{
	struct peer_id hash, want;

	(void)state;
	blake3(hash.bytes, "hello", 5);
	want = id(HELLO);
	assert_true(id_equal(&hash, &want));
	blake3(hash.bytes, "", 0);
	want = id(EMPTY);
	assert_true(id_equal(&hash, &want));
}

/* What is no message is refused, whatever it announces. */
static void
bad_messages(void **state)
{
	static const struct bad_bytes bad[] = {
		{"nothing", "", ERR_TRUNCATED},
		{"protocol only", "00", ERR_TRUNCATED},
		{"protocol 2", "0200", ERR_MALFORMED},
		{"swarm 6", "0006", ERR_MALFORMED},
		{"gossip 4", "0104", ERR_MALFORMED},
		{"discriminant of 2^32", "00 8080808010", ERR_MALFORMED},
		{"discriminant without end", "00 ffffffffffff", ERR_MALFORMED},
		{"option 2", "000002", ERR_MALFORMED},
		{"priority 2", "00040200", ERR_MALFORMED},
		{"alive 2", "00050200", ERR_MALFORMED},
		{"scope 2", "0100" HELLO "0002", ERR_MALFORMED},
		{"round 65536", "0100" HELLO "0000808004", ERR_MALFORMED},
		{"ttl 65536", "0001" B "00 808004", ERR_MALFORMED},
		{"graft option 2", "01020200", ERR_MALFORMED},
		{"65 nodes", "000341", ERR_LIMIT},
		{"2^64-1 nodes", "0003ffffffffffffffffff01", ERR_LIMIT},
		{"nodes without end", "0003ffffffffffffffffffff", ERR_MALFORMED},
		{"117 ids", "010375", ERR_LIMIT},
		{"content of 4097", "0100" HELLO "8120", ERR_LIMIT},
		{"content longer than the body", "0100" HELLO "0668656c6c6f",
			ERR_TRUNCATED},
	};

	(void)state;
	bytes_refuse(bad, COUNT(bad), decode);
}

/* Over-long varints within the type, and bytes after the value, are accepted. */
static void
tolerated_forms(void **state)
{
	static struct gossip_msg m;
	struct bytes b;

	(void)state;
	bytes_from(&b, "8000 8580808000 0100 deadbeef");
	assert_int_equal(gossip_msg_decode(&m, bytes_view(&b)), ERR_OK);
	assert_int_equal(m.kind, GOSSIP_DISCONNECT);
	bytes_from(&b, "010200 808000");
	assert_int_equal(gossip_msg_decode(&m, bytes_view(&b)), ERR_OK);
	assert_int_equal(m.graft.round, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_both_ways),
		cmocka_unit_test(fields_are_read),
		cmocka_unit_test(message_ids),
		cmocka_unit_test(bad_messages),
		cmocka_unit_test(tolerated_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
