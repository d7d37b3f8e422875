/* SPDX-License-Identifier: MIT */
/*
 * A peer with a good key that says the wrong things, or nothing. Each row runs twice, and
 * the second time with its guard taken out (--wrap), when it has to fail.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "base/err.h"
#include "quic/conn.h"
#include "unit/bad_peer.h"
#include "unit/guards_frames.h"
#include "wire/frame.h"

static struct world w;
static struct bad_peer bad;

static uint64_t
count(enum node_count what)
{
	return world_status(&w, 0).counts[what];
}

/* Two nodes that know each other, and somebody else who is connected to the first. */
static void
begin(size_t greeting_max, size_t links_max)
{
	world_init(&w, 3);
	world_add(&w, "mesh1", "broker", -1, NULL);
	world_kill(&w, 0);
	w.nodes[0].config.greeting_max = greeting_max;
	w.nodes[0].config.links_max = links_max;
	world_restart(&w, 0);
	world_add(&w, "mesh1", "broker", 0, NULL);
	assert_true(world_run(&w, SECONDS(5), world_converged));
	bad_peer_init(&bad, &w);
	guard_now_ns = &w.now_ns;
}

static void
end(void)
{
	guard_out = NONE;
	bad_peer_fini(&bad);
	world_fini(&w);
}

struct row {
	const char *name;
	enum { GREETING, CONTROL, SECOND_CONTROL, UNI, REQUEST, TOPIC_BODY, BODY } where;
	const char *bytes;
	size_t len;
	bool fin;
	enum { CLOSED, STREAM_ENDED, COUNTED } effect;
	enum quic_close_code code;
	enum node_count what;
	enum guard guard;
};

#define BYTES(s) s, sizeof(s) - 1
#define ZEROS8 "\0\0\0\0\0\0\0\0"
#define ONES32 "\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11" \
	"\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11"
#define NO_TRACE ZEROS8 ZEROS8 ZEROS8 "\0"
#define CLOSES(code) CLOSED, code, NODE_COUNT_PROTOCOL_ENDS, CLOSE
#define REFUSES CLOSED, CLOSE_NOT_ADMITTED, NODE_COUNT_GREETINGS, CLOSE
#define ENDS STREAM_ENDED, 0, NODE_COUNT_STREAMS_BROKEN, ABORT
/* HELLO: version, mesh, type, role, incarnation, build, addresses, proof. */
#define HELLO(body) GREETING, "\x01" body, sizeof(body) - 1 + 1

static const struct row rows[] = {
	{ "another frame than HELLO", HELLO("\x03\x02\x01\x01"), false,
		CLOSES(CLOSE_PROTOCOL) },
	{ "an empty HELLO", HELLO("\x01\x00"), false, CLOSES(CLOSE_PROTOCOL) },
	{ "a HELLO that ends in the middle", HELLO("\x01\x04\x01\x05me"), false,
		CLOSES(CLOSE_PROTOCOL) },
	{ "a HELLO of 2000 bytes", HELLO("\x01\xd0\x0f"), false, CLOSES(CLOSE_PROTOCOL) },
	{ "a length of eleven bytes",
		HELLO("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), false,
		CLOSES(CLOSE_PROTOCOL) },
	{ "a mesh with an escape", HELLO("\x01\x0b\x01\x02\x1b[\x01x\0\1\0\0\0"), false,
		CLOSES(CLOSE_PROTOCOL) },
	{ "a role that is none", HELLO("\x01\x0e\x01\x05mesh1\x01x\x07\1\0\0\0"), false,
		CLOSES(CLOSE_PROTOCOL) },
	{ "a later version", HELLO("\x01\x0e\x02\x05mesh1\x01x\0\1\0\0\0"), false,
		REFUSES },
	{ "another mesh", HELLO("\x01\x0e\x01\x05mesh2\x01x\0\1\0\0\0"), false, REFUSES },
	{ "a proof where there is no key",
		HELLO("\x01\x2e\x01\x05mesh1\x01x\0\1\0\0\x20" ONES32), false, REFUSES },
	{ "a HELLO and the end of the stream",
		HELLO("\x01\x0e\x01\x05mesh1\x01x\0\1\0\0\0"), true,
		CLOSES(CLOSE_PROTOCOL) },
	{ "HELLO again", CONTROL, BYTES("\x01\x0e\x01\x05mesh1\x01x\0\1\0\0\0"), false,
		CLOSES(CLOSE_PROTOCOL) },
	{ "a broken PING", CONTROL, BYTES("\x03\x01\x80"), false,
		CLOSES(CLOSE_PROTOCOL) },
	{ "a PING of 4 KiB", CONTROL, BYTES("\x03\x80\x20"), false,
		CLOSES(CLOSE_PROTOCOL) },
	{ "a second control stream", SECOND_CONTROL, BYTES("\x01\x03\x02\x01\x01"), false,
		CLOSES(CLOSE_PROTOCOL) },
	{ "an unknown control frame", CONTROL, BYTES("\x0e\x02\x01\x01"), false, COUNTED,
		0, NODE_COUNT_FRAMES_UNKNOWN, UPKEEP },
	{ "an unknown kind of stream", UNI, BYTES("\x09what"), false, ENDS },
	{ "a stream without a byte", UNI, BYTES(""), true, COUNTED, 0,
		NODE_COUNT_STREAMS_BROKEN, FIN },
	{ "a topic of 31 bytes", UNI, BYTES("\x02\0\0\0\x1f"), false, ENDS },
	{ "a gossip message of 5000 bytes", UNI,
		BYTES("\x02\0\0\0\x20" ONES32 "\0\0\x13\x88"), false, ENDS },
	{ "a gossip message of 4 GiB", UNI,
		BYTES("\x02\0\0\0\x20" ONES32 "\xff\xff\xff\xff"), false, ENDS },
	{ "gossip that ends in the middle", UNI, BYTES("\x02\0\0\0\x20" ONES32 "\0\0"),
		true, COUNTED, 0, NODE_COUNT_STREAMS_BROKEN, FIN },
	{ "a request that ends in the middle", REQUEST, BYTES("\x10\x05xx"), true, ENDS },
	{ "a request without a byte", REQUEST, BYTES(""), true, ENDS },
	{ "a request of 1 MiB", REQUEST, BYTES("\x10\x80\x80\x40"), false, ENDS },
	{ "a request and something behind it", REQUEST, BYTES("\x10\x01xyz"), false,
		ENDS },
	{ "an unknown request", REQUEST, BYTES("\x7f\x01x"), true, STREAM_ENDED, 0,
		NODE_COUNT_REQUESTS, RESET },
	{ "a control frame as a request", REQUEST, BYTES("\x03\x02\x01\x01"), true,
		STREAM_ENDED, 0, NODE_COUNT_REQUESTS, RESET },
	{ "SYNC of another mesh", REQUEST, BYTES("\x13\x1f" NO_TRACE "\x05mesh2"), true,
		STREAM_ENDED, 0, NODE_COUNT_SYNCS, RESET },
	{ "SYNC without a trace", REQUEST, BYTES("\x13\x02\x01\x01"), true, STREAM_ENDED,
		0, NODE_COUNT_REQUESTS, RESET },
	{ "gossip of another topic", TOPIC_BODY, BYTES("\x01\x01"), false, COUNTED, 0,
		NODE_COUNT_GOSSIP_FOREIGN, TOPIC },
	{ "an unknown message", BODY, BYTES("\x02\x00"), false, COUNTED, 0,
		NODE_COUNT_GOSSIP_MALFORMED, DECODE },
	{ "a message of no bytes", BODY, BYTES(""), false, COUNTED, 0,
		NODE_COUNT_GOSSIP_MALFORMED, DECODE },
	{ "a Join that ends in the middle", BODY, BYTES("\0\0\1\x0a\0"), false, COUNTED,
		0, NODE_COUNT_GOSSIP_MALFORMED, DECODE },
	{ "a Shuffle of 4 billion nodes", BODY,
		BYTES("\0\2" ONES32 "\xff\xff\xff\xff\x0f"), false, COUNTED, 0,
		NODE_COUNT_GOSSIP_MALFORMED, DECODE },
	{ "an IHave of 200 ids", BODY, BYTES("\1\3\xc8\x01" ONES32), false, COUNTED, 0,
		NODE_COUNT_GOSSIP_MALFORMED, DECODE },
	{ "a content that has another hash", BODY, BYTES("\1\0" ONES32 "\5hello\0\0"),
		false, COUNTED, 0, NODE_COUNT_GOSSIP_HASH, HASH },
	{ "a content that is no digest", BODY,
		BYTES("\1\0\xea\x8f\x16\x3d\xb3\x86\x82\x92\x5e\x44\x91\xc5\xe5\x8d\x4b"
		"\xb3\x50\x6e\xf8\xc1\x4e\xb7\x8a\x86\xe9\x08\xc5\x62\x4a\x67\x20\x0f"
		"\5hello\0\0"), false, COUNTED, 0, NODE_COUNT_DIGESTS_MALFORMED, APPLY },
};

static struct stream *
raw_stream(bool bidi)
{
	struct conn *c = conn_find(bad.e, bad.conn);
	struct stream *s;

	assert_non_null(c);
	assert_int_equal(stream_open(c, STREAM_GOSSIP, bidi, &s), ERR_OK);
	conn_mark(c);
	return s;
}

/* Says it; the id of the stream it went over, or -1. */
static int64_t
say(const struct row *r)
{
	struct conn *c = conn_find(bad.e, bad.conn);
	struct peer_id topic = bad_peer_topic(r->where == BODY ? "mesh1" : "mesh2");
	struct stream *s;

	switch (r->where) {
	case TOPIC_BODY:
	case BODY:
		(void)endpoint_gossip(bad.e, bad.conn, &topic, r->bytes, r->len);
		return -1;
	case CONTROL:
		s = c->control_out;
		break;
	default:
		s = raw_stream(r->where == REQUEST);
		break;
	}
	(void)stream_put(s, r->bytes, r->len);
	if (r->fin)
		stream_put_fin(s);
	return s->id;
}

static bool
stream_ended(int64_t id)
{
	struct conn *c = conn_find(bad.e, bad.conn);
	struct stream *s = c ? stream_find(c, id) : NULL;

	return c && (s == NULL || s->kind == STREAM_DEAD);
}

/* Whether the row had its effect, was counted, and harmed nobody else. */
static bool
refused(const struct row *r, enum guard without)
{
	uint64_t before;
	int64_t stream;
	bool good;

	begin(0, 0);
	if (r->where == GREETING) {
		bad_peer_dial(&bad, 0);
		world_run(&w, MILLISECONDS(20), NULL);
	} else {
		bad_peer_meet(&bad, 0, "mesh1");
	}
	before = count(r->what);
	guard_out = without;
	stream = say(r);
	world_run(&w, MILLISECONDS(30), NULL);
	good = count(r->what) == before + 1;
	if (r->effect == CLOSED)
		good = good && bad.downs == 1 && bad.down.by_peer &&
			bad.down.code == r->code;
	else
		good = good && bad.downs == 0 &&
			(r->effect == COUNTED || stream_ended(stream));
	good = good && world_converged(&w) && count(NODE_COUNT_NEIGHBORS) == 1;
	end();
	return good;
}

static void
broken_frames(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (!refused(&rows[i], NONE))
			fail_msg("%s: not refused as it should be", rows[i].name);
		if (refused(&rows[i], rows[i].guard))
			fail_msg("%s: refused without its guard", rows[i].name);
	}
}

static bool
silence_is_ended(enum guard without)
{
	bool good;

	begin(0, 0);
	guard_out = without;
	bad_peer_dial(&bad, 0);
	world_run(&w, SECONDS(5) - MILLISECONDS(50), NULL);
	good = bad.ups == 1 && bad.downs == 0 && count(NODE_COUNT_GREETING) == 1;
	world_run(&w, MILLISECONDS(100), NULL);
	good = good && bad.downs == 1 && bad.down.code == CLOSE_PROTOCOL &&
		count(NODE_COUNT_GREETINGS_LATE) == 1 && count(NODE_COUNT_GREETING) == 0;
	end();
	return good;
}

/* A connection without a HELLO is closed at its deadline, not before and not after. */
static void
no_hello(void **state)
{
	(void)state;
	assert_true(silence_is_ended(NONE));
	assert_false(silence_is_ended(DEADLINE));
}

#define LEFT 50

static bool
left_streams_end(enum guard without)
{
	static const uint8_t echo[] = "123456789012345678901234567890";
	uint64_t streams;
	int64_t id;
	bool good;

	begin(0, 0);
	bad_peer_meet(&bad, 0, "mesh1");
	world_run(&w, SECONDS(1), NULL);
	streams = count(NODE_COUNT_STREAMS);
	guard_out = without;
	for (int i = 0; i < LEFT; i++) {
		(void)stream_put(raw_stream(false), "\x02\0", 2);
		(void)stream_put(raw_stream(true), "\x10\x20x", 3);
	}
	world_run(&w, MILLISECONDS(50), NULL);
	good = count(NODE_COUNT_STREAMS) == streams + 2 * LEFT;
	assert_int_equal(endpoint_request(bad.e, bad.conn, FRAME_ECHO, echo, sizeof echo,
		&id), ERR_OK);
	world_run(&w, MILLISECONDS(50), NULL);
	good = good && bad.responses == 1 && count(NODE_COUNT_STREAMS_STALLED) == 0;
	/* The peer has some 200 ms to acknowledge that they are over. */
	world_run(&w, SECONDS(6), NULL);
	good = good && count(NODE_COUNT_STREAMS_STALLED) == 2 * LEFT &&
		count(NODE_COUNT_STREAMS) == streams;
	end();
	return good;
}

/* Streams that are opened and left end at their deadline and hold up no other. */
static void
streams_opened_and_left(void **state)
{
	(void)state;
	assert_true(left_streams_end(NONE));
	assert_false(left_streams_end(DEADLINE));
}

#define CROWD 40

static bool
crowd_is_bounded(size_t max, bool with_hello)
{
	struct bad_peer crowd[CROWD];
	bool good = true;

	begin(with_hello ? 0 : max, with_hello ? max : 0);
	for (size_t i = 0; i < CROWD; i++) {
		bad_peer_init(&crowd[i], &w);
		bad_peer_dial(&crowd[i], 0);
		world_run(&w, MILLISECONDS(5), NULL);
		if (with_hello)
			bad_peer_hello(&crowd[i], "mesh1");
		world_run(&w, MILLISECONDS(5), NULL);
		good = good && count(NODE_COUNT_GREETING) <= 8 &&
			count(NODE_COUNT_LINKS) <= 8;
	}
	/* Somebody who means it gets in all the same, and the mesh is as it was. */
	bad_peer_meet(&bad, 0, "mesh1");
	good = good && count(NODE_COUNT_NEIGHBORS) == 1 &&
		count(with_hello ? NODE_COUNT_LINKS_FULL : NODE_COUNT_GREETINGS_FULL) >=
			CROWD - 8;
	for (size_t i = 0; i < CROWD; i++)
		bad_peer_fini(&crowd[i]);
	end();
	return good;
}

/* Many who are connected and say nothing, or say HELLO and nothing else, are few. */
static void
crowds(void **state)
{
	(void)state;
	assert_true(crowd_is_bounded(8, false));
	assert_false(crowd_is_bounded(0, false));
	assert_true(crowd_is_bounded(8, true));
	assert_false(crowd_is_bounded(0, true));
}

/* So many questions in a row; how many were answered, and the most streams there were. */
static unsigned
ask(uint8_t tag, const char *bytes, size_t len, unsigned asked, uint64_t every_ns,
	uint64_t *streams)
{
	unsigned before = bad.responses;
	int64_t id;

	for (unsigned i = 0; i < asked; i++) {
		(void)endpoint_request(bad.e, bad.conn, tag, bytes, len, &id);
		world_run(&w, every_ns, NULL);
		if (count(NODE_COUNT_STREAMS) > *streams)
			*streams = count(NODE_COUNT_STREAMS);
	}
	world_run(&w, MILLISECONDS(50), NULL);
	return bad.responses - before;
}

/*
 * A flood of questions: ECHO gives what it got, one link gets one SYNC a second, and
 * streams stay within their bound. Who asks at that pace is answered each time.
 */
static void
floods_of_requests(void **state)
{
	static const char body[] = NO_TRACE "\x05mesh1", large[60000];
	struct bad_peer honest;
	uint64_t most = 0, none = 0;
	int64_t id;

	(void)state;
	begin(0, 0);
	bad_peer_init(&honest, &w);
	bad_peer_meet(&honest, 0, "mesh1");
	bad_peer_meet(&bad, 0, "mesh1");
	assert_int_equal(ask(FRAME_SYNC, body, sizeof body - 1, 2000, 20000, &most), 1);
	assert_true(count(NODE_COUNT_SYNCS) > 100);
	assert_true(most <= 2 * QUIC_STREAMS_MAX);
	guard_out = SYNC_RATE;
	assert_true(ask(FRAME_SYNC, body, sizeof body - 1, 50, 20000, &none) > 10);
	guard_out = NONE;
	world_run(&w, SECONDS(1), NULL);
	for (int i = 0; i < 2000; i++)
		(void)endpoint_request(bad.e, bad.conn, FRAME_ECHO, large,
			sizeof large, &id);
	assert_int_equal(endpoint_request(honest.e, honest.conn, FRAME_ECHO, body,
		sizeof body - 1, &id), ERR_OK);
	world_run(&w, MILLISECONDS(50), NULL);
	assert_int_equal(honest.responses, 1);
	assert_int_equal(ask(FRAME_SYNC, body, sizeof body - 1, 10, SECONDS(1), &none),
		10);
	assert_true(world_converged(&w));
	bad_peer_fini(&honest);
	end();
}

#define STRANGERS 400

/* How many frames of at most 16 KiB the answer to one SYNC has. */
static unsigned
sync_frames(size_t sync_len_max)
{
	static const char body[] = NO_TRACE "\x05mesh1";
	struct identity who;
	struct digest d;
	uint64_t none = 0;
	unsigned frames;

	begin(0, 0);
	world_kill(&w, 0);
	w.nodes[0].config.sync_len_max = sync_len_max;
	world_restart(&w, 0);
	assert_true(world_run(&w, SECONDS(5), world_converged));
	bad_peer_meet(&bad, 0, "mesh1");
	for (unsigned i = 0; i < STRANGERS; i++) {
		uint8_t seed[32] = { 1 };

		memcpy(seed + 1, &i, sizeof i);
		identity_from_seed(&who, seed);
		bad_peer_digest(&d, &who, "mesh1", 1, 1);
		bad_peer_say_digest(&bad, &d, "mesh1", &who);
		if (i % 50 == 0)
			world_run(&w, MILLISECONDS(10), NULL);
	}
	world_run(&w, MILLISECONDS(100), NULL);
	assert_int_equal(count(NODE_COUNT_DIRECTORY), STRANGERS + 2);
	frames = ask(FRAME_SYNC, body, sizeof body - 1, 1, MILLISECONDS(200), &none);
	end();
	return frames;
}

/* An answer to SYNC ends at its bound, not at the last node of a large mesh. */
static void
answers_to_sync_are_cut(void **state)
{
	(void)state;
	assert_int_equal(sync_frames(16000), 2);
	assert_in_range(sync_frames(0), 4, 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(broken_frames),
		cmocka_unit_test(no_hello),
		cmocka_unit_test(streams_opened_and_left),
		cmocka_unit_test(crowds),
		cmocka_unit_test(floods_of_requests),
		cmocka_unit_test(answers_to_sync_are_cut),
	};

	return sodium_init() < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
