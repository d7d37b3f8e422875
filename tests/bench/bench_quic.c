/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "tests/bench/quic_side.h"
#include "wire/frame.h"

/*
 * What QUIC costs: two endpoints in two processes over loopback UDP, each with its own
 * clock of CPU time. Prints one JSON object with arrays of one value for each run:
 *
 *	bench_quic HANDSHAKES ECHO_MS CONNECTIONS RUNS
 */
#define ECHO_STREAMS 32
#define ECHO_LEN 1024
#define RUNS_MAX 50
#define AT_ONCE 64	/* below the threshold at which strangers are asked to retry */

struct bench {
	struct side client;
	struct peer_id server;
	struct path path;
	int pipe;		/* to the server's process */
	unsigned up, down, echoes, streams;
	bool closing, echoing;
	uint64_t conn;
};

struct cost {
	uint64_t ns, rss_anon_kib;
};

static struct cost
cost_here(void)
{
	return (struct cost){ side_cpu_ns(), side_rss_anon_kib() };
}

/* The server's figures; it answers between two turns. */
static struct cost
cost_there(struct bench *b)
{
	struct cost c = { 0 };

	if (write(b->pipe, "?", 1) != 1 || read(b->pipe, &c, sizeof(c)) != sizeof(c))
		abort();
	return c;
}

static void
serve(struct side *s, int pipe)
{
	struct cost c;
	char ask;

	while (side_turn(s, pipe, 1000)) {
		struct quic_event ev;

		while (endpoint_next_event(s->endpoint, &ev))
			if (ev.kind == QUIC_REQUEST)
				(void)endpoint_respond(s->endpoint, ev.conn, ev.stream,
					ev.tag, ev.bytes.data, ev.bytes.len, true);
			else if (ev.kind == QUIC_CONTROL)
				(void)endpoint_control(s->endpoint, ev.conn, ev.tag,
					ev.bytes.data, ev.bytes.len);
		if (!s->asked)
			continue;
		if (read(pipe, &ask, 1) != 1)
			return;
		c = cost_here();
		if (write(pipe, &c, sizeof(c)) != sizeof(c))
			return;
	}
}

static void
ask_echo(struct bench *b)
{
	static const uint8_t bytes[ECHO_LEN];
	int64_t stream;

	if (endpoint_request(b->client.endpoint, b->conn, FRAME_ECHO, bytes, ECHO_LEN,
		    &stream) == ERR_OK)
		b->streams++;
}

static void
on_event(struct bench *b, const struct quic_event *ev)
{
	switch (ev->kind) {
	case QUIC_UP:
		b->up++;
		b->conn = ev->conn;
		if (b->closing)
			endpoint_close(b->client.endpoint, ev->conn, CLOSE_GOING_AWAY, "",
				side_now_ns());
		break;
	case QUIC_DOWN:
		b->down++;
		break;
	case QUIC_CONTROL:
		b->echoes++;
		break;
	case QUIC_STREAM_END:
		b->streams--;
		b->echoes++;
		if (b->echoing)
			ask_echo(b);
		break;
	default:
		break;
	}
}

static void
turn(struct bench *b)
{
	struct quic_event ev;

	if (!side_turn(&b->client, -1, 1000)) {
		fprintf(stderr, "bench_quic: nothing happens any more\n");
		exit(1);
	}
	while (endpoint_next_event(b->client.endpoint, &ev))
		on_event(b, &ev);
}

static void
dial(struct bench *b)
{
	uint64_t conn;
	int err = endpoint_dial(
		b->client.endpoint, &b->server, &b->path, side_now_ns(), &conn);

	if (err != ERR_OK) {
		fprintf(stderr, "bench_quic: dial: %s\n", err_text(err));
		exit(1);
	}
}

/* One after the other: dial, confirm, close, free. */
static void
run_handshakes(struct bench *b, unsigned count, double us[static 2])
{
	struct cost here = cost_here(), there = cost_there(b);

	b->closing = true;
	b->up = b->down = 0;
	while (b->down < count) {
		unsigned before = b->down;

		dial(b);
		while (b->down == before)
			turn(b);
	}
	b->closing = false;
	if (b->up != count) {
		fprintf(stderr, "bench_quic: %u of %u handshakes\n", b->up, count);
		exit(1);
	}
	us[0] = (double)(cost_here().ns - here.ns) / 1e3 / count;
	us[1] = (double)(cost_there(b).ns - there.ns) / 1e3 / count;
}

/* result: round trips a second, CPU us of the client and of the server for each. */
static void
run_echo(struct bench *b, uint64_t for_ns, double result[static 3])
{
	struct cost here, there;
	uint64_t begin;

	b->up = 0;
	dial(b);
	while (b->up == 0)
		turn(b);
	here = cost_here();
	there = cost_there(b);
	begin = side_now_ns();
	b->echoes = b->streams = 0;
	b->echoing = true;
	for (int i = 0; i < ECHO_STREAMS; i++)
		ask_echo(b);
	while (side_now_ns() < begin + for_ns)
		turn(b);
	b->echoing = false;
	while (b->streams > 0)
		turn(b);
	result[0] = b->echoes / ((double)(side_now_ns() - begin) / 1e9);
	result[1] = (double)(cost_here().ns - here.ns) / 1e3 / b->echoes;
	result[2] = (double)(cost_there(b).ns - there.ns) / 1e3 / b->echoes;
	endpoint_close(b->client.endpoint, b->conn, CLOSE_GOING_AWAY, "", side_now_ns());
	for (b->down = 0; b->down == 0;)
		turn(b);
}

static void
open_connections(struct bench *b, unsigned count)
{
	uint64_t conns[1024];
	size_t n;

	b->up = b->echoes = 0;
	for (unsigned begun = 0; b->up < count;) {
		while (begun < count && begun - b->up < AT_ONCE) {
			dial(b);
			begun++;
		}
		turn(b);
	}
	/* Each says one word, as two nodes do: its control stream is a part of it. */
	n = endpoint_conns_to(b->client.endpoint, &b->path.remote, conns, 1024);
	for (size_t i = n - count; i < n; i++)
		(void)endpoint_control(
			b->client.endpoint, conns[i], FRAME_PONG, "0123456789abcdef", 16);
	while (b->echoes < count)
		turn(b);
}

/* result: KiB of one idle connection at the dialer and at the acceptor. */
static void
run_memory(struct bench *b, unsigned count, double result[static 2])
{
	struct cost here, there;

	open_connections(b, count / 10);	/* tables and pools have grown */
	here = cost_here();
	there = cost_there(b);
	open_connections(b, count - count / 10);
	count -= count / 10;
	result[0] = (double)(cost_here().rss_anon_kib - here.rss_anon_kib) / count;
	result[1] = (double)(cost_there(b).rss_anon_kib - there.rss_anon_kib) / count;
}

/* How fast this machine is: CPU us of one signature checked by libsodium. */
static double
yardstick(void)
{
	uint8_t id[32], secret[64], signature[64], text[256] = { 0 };
	uint64_t begin;
	int bad = 0;

	crypto_sign_keypair(id, secret);
	crypto_sign_detached(signature, NULL, text, sizeof(text), secret);
	begin = side_cpu_ns();
	for (int i = 0; i < 1000; i++)
		bad += crypto_sign_verify_detached(signature, text, sizeof(text), id);
	return bad == 0 ? (double)(side_cpu_ns() - begin) / 1e3 / 1000 : -1;
}

static void
print(const char *name, const double *values, size_t step, size_t runs, const char *end)
{
	printf("\"%s\": [", name);
	for (size_t i = 0; i < runs; i++)
		printf("%s%.3f", i > 0 ? ", " : "", values[i * step]);
	printf("]%s", end);
}

int
main(int argc, char **argv)
{
	static struct bench b;
	static double hands[RUNS_MAX][2], echo[RUNS_MAX][3];
	double memory[2] = { 0, 0 };
	unsigned handshakes = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 400;
	uint64_t echo_ns = (argc > 2 ? strtoul(argv[2], NULL, 10) : 2000) * NS_PER_MS;
	unsigned conns = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 1000;
	size_t runs = argc > 4 ? strtoul(argv[4], NULL, 10) : 5;
	struct side server;
	int pair[2];
	pid_t child;

	if (sodium_init() < 0 || runs > RUNS_MAX || !side_open(&server) ||
		!side_open(&b.client) ||
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return 1;
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(pair[0]);
		side_close(&b.client);
		serve(&server, pair[1]);
		_exit(0);
	}
	close(pair[1]);
	b.pipe = pair[0];
	b.server = server.id;
	b.path = (struct path){ b.client.bound, server.bound };
	side_close(&server);
	if (handshakes > 0) {
		run_handshakes(&b, handshakes, hands[0]);	/* warms up */
		for (size_t i = 0; i < runs; i++)
			run_handshakes(&b, handshakes, hands[i]);
	}
	for (size_t i = 0; i < runs && echo_ns > 0; i++)
		run_echo(&b, echo_ns, echo[i]);
	if (conns > 0)
		run_memory(&b, conns, memory);
	printf("{\"library\": \"%s\", \"ed25519_verify_us\": %.1f, ",
		endpoint_library_versions(), yardstick());
	print("handshake_dialer_us", &hands[0][0], 2, runs, ", ");
	print("handshake_acceptor_us", &hands[0][1], 2, runs, ", ");
	print("echo_per_s", &echo[0][0], 3, runs, ", ");
	print("echo_asker_us", &echo[0][1], 3, runs, ", ");
	print("echo_answerer_us", &echo[0][2], 3, runs, ", ");
	print("connection_dialer_kib", &memory[0], 1, 1, ", ");
	print("connection_acceptor_kib", &memory[1], 1, 1, "}\n");
	close(b.pipe);
	waitpid(child, NULL, 0);
	side_close(&b.client);
	return 0;
}
