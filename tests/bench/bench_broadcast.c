/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "io/loop.h"
#include "io/node_driver.h"

/*
 * How long a broadcast takes: whole nodes, one process each, over loopback UDP. What is
 * measured are their own digests, signed payloads of about 200 bytes: from before the
 * sender signs it until after a receiver has verified it, put it into its directory and
 * sent on what is to be sent on. Only those count that do not wait for company on their
 * way (directory_pace), one in DIRECTORY_BRISK. All clocks are CLOCK_MONOTONIC of one
 * machine. Prints one JSON object with one value for each window:
 *
 *	bench_broadcast NODES SETTLE_S WINDOW_S WINDOWS
 */
#define NODES_MAX 40
#define SEQS 512	/* digests of one node */
/* What is younger at the end may still be on its way. */
#define STRAGGLE SECONDS(3)

struct shared {
	struct seed seeds[NODES_MAX];
	atomic_bool ready[NODES_MAX];
	atomic_size_t complete;	/* nodes whose directory holds all */
	atomic_uint digest_len;
	uint64_t sent[NODES_MAX][SEQS];
	uint64_t got[NODES_MAX][NODES_MAX][SEQS];	/* receiver, sender */
};

struct member {
	struct shared *shared;
	size_t self, count;
	struct node *node;
	struct node_driver *driver;
	bool complete;
};

static size_t
number_of(const struct member *m, const struct peer_id *id)
{
	size_t i = 0;

	while (i < m->count && !id_equal(&m->shared->seeds[i].id, id))
		i++;
	return i;
}

static void
on_turned(void *ctx, uint64_t now_ns)
{
	struct member *m = ctx;
	struct mesh_row row;

	now_ns = loop_now_ns();
	if (node_meshes(m->node, &row, 1) != 1)
		return;
	for (size_t i = 0; i < directory_count(row.directory); i++) {
		const struct directory_entry *e = directory_at(row.directory, i);
		size_t who = number_of(m, &e->digest.id);
		uint64_t *at;

		if (who == m->count || e->digest.seq >= SEQS)
			continue;
		if (!directory_is_brisk(&e->digest.id, e->digest.seq))
			continue;
		at = &m->shared->got[m->self][who][e->digest.seq];
		if (e->self)
			m->shared->sent[who][e->digest.seq] = e->received_ns;
		else if (*at == 0)
			*at = now_ns;
		if (e->self)
			atomic_store(
				&m->shared->digest_len, (unsigned)e->payload.len);
	}
	if (!m->complete && directory_count(row.directory) == m->count) {
		m->complete = true;
		atomic_fetch_add(&m->shared->complete, 1);
	}
}

static void
on_event(void *ctx, const struct node_event *ev)
{
	(void)ctx;
	(void)ev;
}

static int
live(struct member *m)
{
	const struct node_driver_hooks hooks = { on_event, on_turned, NULL, m };
	struct address bind = { .family = 4, .ip = { 127, 0, 0, 1 } };
	struct node_config c = { .mesh = "bench", .type = "broker", .incarnation = 1 };
	char why[UDP_WHY_CAP];
	struct udp *udp;
	uv_loop_t loop;
	int err;

	udp = udp_open(&bind, 1, &err, why);
	if (udp == NULL)
		return 1;
	identity_mint(&c.identity);
	c.bound[0] = c.advertised[0] = *udp_bound(udp, 0);
	c.advertised_count = 1;
	snprintf(c.build, sizeof(c.build), "bench");
	if (m->self > 0) {
		c.seeds[0] = m->shared->seeds[0];
		c.seed_count = 1;
	}
	randombytes_buf(c.random_seed, sizeof(c.random_seed));
	m->node = node_new(&c, loop_now_ns(), loop_wall_ms(), &err);
	if (m->node == NULL)
		return 1;
	m->shared->seeds[m->self].id = c.identity.id;
	m->shared->seeds[m->self].address = c.bound[0];
	uv_loop_init(&loop);
	m->driver = node_driver_new(&loop, m->node, udp, &hooks, &err);
	if (m->driver == NULL)
		return 1;
	atomic_store(&m->shared->ready[m->self], true);
	uv_run(&loop, UV_RUN_DEFAULT);
	return 0;
}

static int
order(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
percentile(const double *sorted, size_t count, unsigned percent)
{
	return count == 0 ? -1 : sorted[(count - 1) * percent / 100];
}

struct result {
	double p50, p99, max, last_p50, last_p99;
	size_t broadcasts, missed;
};

static void
evaluate(const struct shared *s, size_t count, uint64_t from_ns, uint64_t to_ns,
	struct result *r)
{
	double *each = malloc(sizeof(double) * NODES_MAX * NODES_MAX * SEQS);
	double *last = malloc(sizeof(double) * NODES_MAX * SEQS);
	size_t n = 0;

	memset(r, 0, sizeof(*r));
	for (size_t i = 0; i < count; i++)
		for (size_t q = 0; q < SEQS; q++) {
			uint64_t sent = s->sent[i][q], latest = 0;

			if (sent < from_ns || sent >= to_ns)
				continue;
			for (size_t k = 0; k < count; k++) {
				uint64_t got = s->got[k][i][q];

				if (k == i)
					continue;
				if (got == 0) {
					r->missed++;
					continue;
				}
				each[n++] = (double)(got - sent) / 1e6;
				if (got > latest)
					latest = got;
			}
			last[r->broadcasts++] = (double)(latest - sent) / 1e6;
		}
	qsort(each, n, sizeof(*each), order);
	qsort(last, r->broadcasts, sizeof(*last), order);
	r->p50 = percentile(each, n, 50);
	r->p99 = percentile(each, n, 99);
	r->max = percentile(each, n, 100);
	r->last_p50 = percentile(last, r->broadcasts, 50);
	r->last_p99 = percentile(last, r->broadcasts, 99);
	free(each);
	free(last);
}

static void
wait_until(uint64_t due_ns)
{
	uint64_t now_ns;

	while ((now_ns = loop_now_ns()) < due_ns)
		(void)poll(NULL, 0, (int)loop_ms_until(due_ns, now_ns));
}

static pid_t
start(struct shared *s, size_t self, size_t count)
{
	struct member m = { .shared = s, .self = self, .count = count };
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(live(&m));
	}
	while (!atomic_load(&s->ready[self]) && waitpid(child, NULL, WNOHANG) == 0)
		(void)poll(NULL, 0, 1);
	return child;
}

static void
measure(struct shared *s, size_t count, uint64_t settle_ns, uint64_t window_ns,
	size_t windows)
{
	uint64_t from_ns = loop_now_ns() + settle_ns;

	wait_until(from_ns + windows * window_ns + STRAGGLE);
	printf("{\"nodes\": %zu, \"complete\": %zu, \"digest_bytes\": %u, \"windows\": [",
		count, (size_t)atomic_load(&s->complete), atomic_load(&s->digest_len));
	for (size_t i = 0; i < windows; i++) {
		struct result r;

		evaluate(s, count, from_ns + i * window_ns, from_ns + (i + 1) * window_ns,
			&r);
		printf("%s{\"broadcasts\": %zu, \"missed\": %zu, \"p50_ms\": %.3f, "
		       "\"p99_ms\": %.3f, \"max_ms\": %.3f, \"last_p50_ms\": %.3f, "
		       "\"last_p99_ms\": %.3f}",
			i > 0 ? ", " : "", r.broadcasts, r.missed, r.p50, r.p99, r.max,
			r.last_p50, r.last_p99);
	}
	printf("]}\n");
}

int
main(int argc, char **argv)
{
	size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 18;
	uint64_t settle_ns = SECONDS(argc > 2 ? strtoul(argv[2], NULL, 10) : 15);
	uint64_t window_ns = SECONDS(argc > 3 ? strtoul(argv[3], NULL, 10) : 20);
	size_t windows = argc > 4 ? strtoul(argv[4], NULL, 10) : 3;
	pid_t children[NODES_MAX];
	struct shared *s;

	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		0);
	if (s == MAP_FAILED || sodium_init() < 0 || count < 2 || count > NODES_MAX)
		return 64;
	for (size_t i = 0; i < count; i++)
		children[i] = start(s, i, count);
	measure(s, count, settle_ns, window_ns, windows);
	for (size_t i = 0; i < count; i++) {
		kill(children[i], SIGKILL);
		waitpid(children[i], NULL, 0);
	}
	return 0;
}
