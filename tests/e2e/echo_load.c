/* SPDX-License-Identifier: MIT */
/*
 * A load of known rate on a real node, over a real socket:
 *
 *	echo_load ID@HOST:PORT MESH RATE LEN [traced]
 *
 * One peer that says HELLO and then asks RATE times a second for the ECHO of LEN bytes;
 * RATE 0: sixteen at a time, as fast as they are answered. It keeps to its timetable:
 * what was late is made up for. Traced: each question is of a sampled trace, so the node
 * makes spans of it. Ends when its standard input does, and prints what it did
 * as JSON.
 */
#include <inttypes.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "identity/name.h"
#include "tests/bench/quic_side.h"
#include "wire/frame.h"
#include "wire/hello.h"

#define AT_ONCE 16
/* Fewer than a connection may have open: QUIC_STREAMS_MAX. */
#define OPEN_MAX 80
#define PATIENCE SECONDS(20)

struct load {
	struct side side;
	const char *mesh;
	uint64_t conn, began_ns, requests, answers, open;
	unsigned rate;
	size_t len;
	uint8_t payload[FRAME_LEN_MAX];	/* a trace context, and zeros */
	bool greeted, down;
};

static void
hello(struct load *l)
{
	struct hello h = { .version = HELLO_VERSION, .role = HELLO_MEMBER,
		.incarnation = 1, .address_count = 1 };
	struct buf b;

	snprintf(h.mesh, sizeof h.mesh, "%s", l->mesh);
	snprintf(h.type, sizeof h.type, "load");
	h.addresses[0] = l->side.bound;
	buf_init(&b, FRAME_CONTROL_LEN_MAX);
	hello_encode(&b, &h);
	(void)endpoint_control(l->side.endpoint, l->conn, FRAME_HELLO, b.data, b.len);
	buf_fini(&b);
}

static void
take_events(struct load *l)
{
	struct quic_event ev;

	while (endpoint_next_event(l->side.endpoint, &ev)) {
		if (ev.kind == QUIC_UP)
			hello(l);
		if (ev.kind == QUIC_CONTROL && ev.tag == FRAME_HELLO)
			l->greeted = true;
		if (ev.kind == QUIC_RESPONSE && ev.tag == FRAME_ECHO &&
			ev.bytes.len == l->len)
			l->answers++;
		if (ev.kind == QUIC_STREAM_END)
			l->open--;
		if (ev.kind == QUIC_DOWN)
			l->down = true;
	}
}

static bool
is_due(const struct load *l)
{
	if (l->rate == 0)
		return l->open < AT_ONCE;
	return l->open < OPEN_MAX &&
	       side_now_ns() >= l->began_ns + l->requests * NS_PER_S / l->rate;
}

static void
ask(struct load *l)
{
	int64_t stream;

	while (is_due(l)) {
		if (endpoint_request(l->side.endpoint, l->conn, FRAME_ECHO,
			    l->payload, l->len, &stream) != ERR_OK)
			return;
		l->requests++;
		l->open++;
	}
}

static bool
has_ended(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char byte;

	return poll(&p, 1, 0) > 0 && read(fd, &byte, 1) <= 0;
}

static int
run(struct load *l)
{
	struct endpoint_conn_info info = { 0 };
	struct endpoint_stats stats;
	double seconds;

	l->began_ns = side_now_ns();
	while (!l->greeted && !l->down && side_now_ns() < l->began_ns + PATIENCE) {
		side_turn(&l->side, STDIN_FILENO, 100);
		take_events(l);
	}
	if (!l->greeted)
		return 1;
	l->began_ns = side_now_ns();
	while (!l->down && !has_ended(STDIN_FILENO)) {
		ask(l);
		side_turn(&l->side, STDIN_FILENO, 1);
		take_events(l);
	}
	seconds = (double)(side_now_ns() - l->began_ns) / NS_PER_S;
	/* All that was asked is to be answered, so that totals can be compared. */
	l->began_ns = side_now_ns();
	while (!l->down && (l->answers < l->requests || !info.idle) &&
		side_now_ns() < l->began_ns + PATIENCE) {
		side_turn(&l->side, -1, 20);
		take_events(l);
		if (endpoint_conn_info(l->side.endpoint, l->conn, &info) != ERR_OK)
			break;
	}
	endpoint_stats(l->side.endpoint, &stats);
	printf("{\"requests\":%" PRIu64 ",\"answers\":%" PRIu64 ",\"seconds\":%.6f,"
		"\"bytes_sent\":%" PRIu64 ",\"bytes_received\":%" PRIu64 "}\n",
		l->requests, l->answers, seconds, stats.bytes_sent, stats.bytes_received);
	return l->answers < l->requests;
}

int
main(int argc, char **argv)
{
	static const struct trace_context traced = { { 1 }, { 1 }, 1 };
	struct load l = { 0 };
	struct buf b;
	char why[NAME_WHY_CAP];
	struct path path;
	struct seed to;
	int status;

	if ((argc != 5 && argc != 6) || sodium_init() < 0 ||
		seed_parse(&to, argv[1], why) != ERR_OK) {
		fprintf(stderr, "usage: echo_load ID@HOST:PORT MESH RATE LEN [traced]\n");
		return 2;
	}
	l.mesh = argv[2];
	l.rate = (unsigned)strtoul(argv[3], NULL, 10);
	l.len = strtoul(argv[4], NULL, 10);
	if (l.len < TRACE_CONTEXT_LEN || l.len > FRAME_LEN_MAX - TRACE_CONTEXT_LEN ||
		!side_open(&l.side))
		return 2;
	if (argc == 6) {
		buf_init(&b, TRACE_CONTEXT_LEN);
		trace_context_encode(&b, &traced);
		memcpy(l.payload, b.data, b.len);
		buf_fini(&b);
	}
	path = (struct path){ l.side.bound, to.address };
	status = endpoint_dial(l.side.endpoint, &to.id, &path, side_now_ns(), &l.conn);
	if (status == ERR_OK)
		status = run(&l);
	side_close(&l.side);
	return status != 0;
}
