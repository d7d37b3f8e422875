/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "io/child_spawn.h"

#define LIFELINE_FD 3
/*
 * Program, --node T, --mesh M, --data-dir D, --lifeline 3, --bind A, --key K, seeds,
 * NULL.
 */
#define ARGS_MAX (13 + 2 * CHILD_SEEDS_MAX + 1)

void
child_spawn_seal(void)
{
	/*
	 * Linux 5.11 and later; before that the child itself finds what leaked and
	 * refuses to start, so a failure here is seen there and not passed over.
	 */
	(void)!syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC);
}

static void
fill_args(char *args[static ARGS_MAX], const struct child_spec *spec)
{
	size_t n = 0;
	const char *const fixed[] = { "meshtui", "--node", spec->type, "--mesh",
		spec->mesh, "--data-dir", spec->data_dir, "--lifeline", "3", "--bind",
		"127.0.0.1:0" };

	/* posix_spawn takes char *const[] for historical reasons and changes nothing. */
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		args[n++] = (char *)(uintptr_t)fixed[i];
	for (size_t i = 0; i < spec->seed_count && i < CHILD_SEEDS_MAX; i++) {
		args[n++] = (char *)(uintptr_t)"--seed";
		args[n++] = (char *)(uintptr_t)spec->seeds[i];
	}
	if (spec->key_path[0] != '\0') {
		args[n++] = (char *)(uintptr_t)"--key";
		args[n++] = (char *)(uintptr_t)spec->key_path;
	}
	args[n] = NULL;
}

/* Ours, with one variable in place of what it was; the list is the caller's. */
static char **
environment(char *to, size_t cap, const char *runtime_dir)
{
	static const char name[] = "RUNTIME_DIRECTORY=";
	size_t count = 0, kept = 0;
	char **env;

	while (environ[count] != NULL)
		count++;
	env = mem_array(count + 2, sizeof(*env));
	for (size_t i = 0; i < count; i++)
		if (runtime_dir == NULL ||
			strncmp(environ[i], name, sizeof(name) - 1) != 0)
			env[kept++] = environ[i];
	if (runtime_dir != NULL) {
		snprintf(to, cap, "%s%s", name, runtime_dir);
		env[kept++] = to;
	}
	return env;
}

static int
spawn(const struct child_spec *spec, int end, const char *log, char *const *env,
	int *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	char *args[ARGS_MAX];
	int err;

	sigemptyset(&none);
	sigfillset(&all);
	fill_args(args, spec);
	if (posix_spawn_file_actions_init(&files) != 0)
		return ENOMEM;
	if (posix_spawnattr_init(&attr) != 0) {
		posix_spawn_file_actions_destroy(&files);
		return ENOMEM;
	}
	/* First: `end` could be one of 0, 1, 2 when we were started without them. */
	err = posix_spawn_file_actions_adddup2(&files, end, LIFELINE_FD);
	err |= posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	err |= posix_spawn_file_actions_addopen(&files, 1, log,
		O_WRONLY | O_CREAT | O_APPEND, 0600);
	err |= posix_spawn_file_actions_adddup2(&files, 1, 2);
	/*
	 * Ignored signals and masks are inherited over exec; a node starts with neither.
	 */
	err |= posix_spawnattr_setsigmask(&attr, &none);
	err |= posix_spawnattr_setsigdefault(&attr, &all);
	/*
	 * A group of its own: Ctrl-C in the terminal is for the parent, which stops all
	 * in order.
	 */
	err |= posix_spawnattr_setpgroup(&attr, 0);
	err |= posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
		POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	if (err)
		err = ENOMEM;	/* nothing else can be wrong with these arguments */
	else
		err = posix_spawn(pid, "/proc/self/exe", &files, &attr, args, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return err;
}

int
child_spawn(const struct child_spec *spec, const char *runtime_dir, int *pid,
	int *lifeline, int *pidfd, char why[static CHILD_SPAWN_WHY_CAP])
{
	char log[sizeof(spec->data_dir) + 16], variable[256];
	int pair[2], err;
	char **env;

	if (mkdir(spec->data_dir, 0700) < 0 && errno != EEXIST) {
		snprintf(why, CHILD_SPAWN_WHY_CAP, "%s: %s", spec->data_dir,
			strerror(errno));
		return ERR_SYSTEM;
	}
	snprintf(log, sizeof(log), "%s/node.log", spec->data_dir);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) <
		0) {
		snprintf(why, CHILD_SPAWN_WHY_CAP, "socketpair: %s", strerror(errno));
		return ERR_SYSTEM;
	}
	env = environment(variable, sizeof(variable), runtime_dir);
	err = spawn(spec, pair[1], log, env, pid);
	free(env);
	close(pair[1]);
	if (err) {
		close(pair[0]);
		snprintf(why, CHILD_SPAWN_WHY_CAP, "could not start %s of %s: %s%s",
			spec->type, spec->mesh, strerror(err),
			access("/proc/self/exe", X_OK) != 0
				? "; /proc has to be mounted and readable"
				: "");
		return ERR_SYSTEM;
	}
	*pidfd = (int)syscall(SYS_pidfd_open, *pid, 0u); /* close-on-exec by itself */
	if (*pidfd < 0) {
		snprintf(why, CHILD_SPAWN_WHY_CAP, "pidfd_open: %s", strerror(errno));
		kill(*pid, SIGKILL);
		waitpid(*pid, NULL, 0);
		close(pair[0]);
		return ERR_SYSTEM;
	}
	*lifeline = pair[0];
	return ERR_OK;
}
