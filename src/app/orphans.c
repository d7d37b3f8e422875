/* SPDX-License-Identifier: MIT */
#include "app/orphans.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/rng.h"
#include "io/loop.h"
#include "io/rundir.h"

#define ROUNDS 20
/* When the runner is killed: from before the first node to the middle of its hold. */
#define KILL_MS_MAX 600
/* Who is still there after this is an orphan. */
#define GONE_WITHIN SECONDS(2)
#define LOOK_MS 5
#define TOKEN_CAP 64
#define ENVIRON_LEN_MAX (256u * 1024)
#define ENTRIES_MAX 512

/* It is over after some seconds, also when we are not there to kill it. */
static const char scenario[] = "name: orphans\n"
			       "meshes:\n"
			       "  mesh1: { gateway: 2, broker: 2, compute: 12 }\n"
			       "steps:\n"
			       "  - wait: { until: converged, within: 10s }\n"
			       "  - hold: 5s\n";

struct round {
	struct rundir dir;
	char token[TOKEN_CAP], file[256], runtime[256];
	pid_t runner;
};

/* Whether a process that runs has this token; its own memory is not counted as ours. */
static bool
has_token(const char *pid, const char *token, char *room)
{
	char path[64];
	ssize_t len;
	int fd;

	snprintf(path, sizeof path, "/proc/%.20s/environ", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, room, ENVIRON_LEN_MAX);
	close(fd);
	/* A process that has ended and is not collected has no environment. */
	for (ssize_t at = 0; at < len; at += (ssize_t)strnlen(room + at,
			(size_t)(len - at)) + 1)
		if (strncmp(room + at, token, (size_t)(len - at)) == 0)
			return true;
	return false;
}

/* How many there are; with `signal` they get it, too. */
static unsigned
with_token(const char *token, int signal)
{
	char *room = malloc(ENVIRON_LEN_MAX);
	DIR *d = opendir("/proc");
	unsigned count = 0;
	struct dirent *e;

	while (room != NULL && d != NULL && (e = readdir(d)) != NULL) {
		if (!isdigit((unsigned char)e->d_name[0]) ||
			!has_token(e->d_name, token, room))
			continue;
		count++;
		if (signal != 0)
			kill((pid_t)strtol(e->d_name, NULL, 10), signal);
	}
	if (d != NULL)
		closedir(d);
	free(room);
	return count;
}

static bool
write_scenario(const char *path)
{
	FILE *f = fopen(path, "we");
	bool good = f != NULL && fputs(scenario, f) >= 0;

	return f != NULL && fclose(f) == 0 && good;
}

/* Our environment with a token and a runtime directory in the place of ours. */
static bool
start(struct round *r)
{
	extern char **environ;
	char *env[ENTRIES_MAX], runtime[300];
	char *argv[] = { (char *)"meshtui", (char *)"--run", r->file, NULL };
	posix_spawn_file_actions_t files;
	size_t count = 0;
	int err;

	snprintf(runtime, sizeof runtime, "XDG_RUNTIME_DIR=%s", r->runtime);
	for (size_t i = 0; environ[i] != NULL && count < ENTRIES_MAX - 3; i++)
		if (strncmp(environ[i], "XDG_RUNTIME_DIR=", 16) != 0 &&
			strncmp(environ[i], "RUNTIME_DIRECTORY=", 18) != 0)
			env[count++] = environ[i];
	env[count++] = r->token;
	env[count++] = runtime;
	env[count] = NULL;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
	err = posix_spawn(&r->runner, "/proc/self/exe", &files, NULL, argv, env);
	posix_spawn_file_actions_destroy(&files);
	return err == 0;
}

static bool
open_round(struct round *r, unsigned number, struct rng *rng, char *why)
{
	char dir_why[RUNDIR_WHY_CAP];

	memset(r, 0, sizeof *r);
	r->dir.lock_fd = -1;
	if (rundir_open(&r->dir, dir_why) != ERR_OK) {
		snprintf(why, REPORT_TEXT_CAP, "%.300s", dir_why);
		return false;
	}
	snprintf(r->token, sizeof r->token, "MESHTUI_ORPHANS=%d-%u-%016" PRIx64,
		(int)getpid(), number, rng_u64(rng));
	snprintf(r->file, sizeof r->file, "%s/orphans.yaml", r->dir.path);
	snprintf(r->runtime, sizeof r->runtime, "%s", r->dir.path);
	if (write_scenario(r->file) && start(r))
		return true;
	snprintf(why, REPORT_TEXT_CAP, "cannot start a run in %.200s: %s", r->dir.path,
		strerror(errno));
	rundir_close(&r->dir);
	return false;
}

/* Kills the runner and nobody else; how many of its processes outlive it. */
static void
close_round(struct round *r, struct orphans_result *to)
{
	unsigned nodes = with_token(r->token, 0), left;
	uint64_t killed_ns, took_ns;

	kill(r->runner, SIGKILL);
	waitpid(r->runner, NULL, 0);
	killed_ns = loop_now_ns();
	while ((left = with_token(r->token, 0)) > 0 &&
		loop_now_ns() < killed_ns + GONE_WITHIN)
		(void)poll(NULL, 0, LOOK_MS);
	took_ns = loop_now_ns() - killed_ns;
	/* Without the runner itself. */
	if (nodes > to->most_nodes + 1)
		to->most_nodes = nodes - 1;
	if (took_ns / NS_PER_MS > to->slowest_ms)
		to->slowest_ms = took_ns / NS_PER_MS;
	to->left += left;
	if (left > 0)
		(void)with_token(r->token, SIGKILL);
	rundir_close(&r->dir);
}

void
orphans_run(uint64_t seed, const atomic_bool *stop, struct orphans_result *r)
{
	struct round round;
	struct rng rng;

	memset(r, 0, sizeof *r);
	rng_init_u64(&rng, seed);
	while (r->rounds < ROUNDS && !atomic_load(stop)) {
		if (!open_round(&round, r->rounds, &rng, r->why))
			return;
		(void)poll(NULL, 0, (int)rng_below(&rng, KILL_MS_MAX));
		close_round(&round, r);
		r->rounds++;
	}
	if (r->rounds < ROUNDS)
		snprintf(r->why, sizeof r->why, "ended after %u of %u runs", r->rounds,
			ROUNDS);
	else if (r->left > 0)
		snprintf(r->why, sizeof r->why,
			"%u processes were still there 2 s after their runner was killed",
			r->left);
	else if (r->most_nodes == 0)
		snprintf(r->why, sizeof r->why, "no run had a node when it was killed");
	r->good = r->why[0] == '\0';
}

void
orphans_settle(
	const struct orphans_result *r, struct registry_run *test, uint64_t now_ns)
{
	const struct report_figure figures[] = { { "runs", r->rounds },
		{ "most_nodes", r->most_nodes }, { "left", r->left },
		{ "slowest_ms", r->slowest_ms } };
	char text[REPORT_TEXT_CAP];

	snprintf(text, sizeof text,
		"%u runs with up to %u nodes were killed, the last was gone after "
		"%" PRIu64 " ms",
		r->rounds, r->most_nodes, r->slowest_ms);
	registry_settle(test, r->good, r->good ? text : r->why, figures,
		sizeof figures / sizeof figures[0], now_ns);
}
