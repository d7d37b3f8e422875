/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "io/paths.h"
#include "io/rundir.h"

/* Held only while a directory and its lock are made or old ones are swept. */
#define BASE_LOCK "runs.lock"
#define RUN_PREFIX "run-"
#define RUN_LOCK "lock"

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	/* What cannot be removed stays and is tried again by the next run's sweep. */
	remove(path);
	return 0;
}

static void
remove_tree(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static int
lock_file(const char *path, int how)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd >= 0 && flock(fd, how) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/*
 * Under the base lock, so a directory without a locked lock belongs to a run that is
 * dead.
 */
static void
sweep(const char *base)
{
	DIR *dir = opendir(base);
	const struct dirent *en;

	if (!dir)
		return;
	while ((en = readdir(dir))) {
		char path[512], lock[sizeof(path) + sizeof(RUN_LOCK) + 1];
		struct stat st;
		int fd;

		if (strncmp(en->d_name, RUN_PREFIX, strlen(RUN_PREFIX)) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", base, en->d_name);
		if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode) ||
			st.st_uid != geteuid())
			continue;
		snprintf(lock, sizeof(lock), "%s/%s", path, RUN_LOCK);
		fd = lock_file(lock, LOCK_EX | LOCK_NB);
		if (fd < 0)
			continue;
		remove_tree(path);
		close(fd);
	}
	closedir(dir);
}

static int
make(struct rundir *r, const char *base, char why[static RUNDIR_WHY_CAP])
{
	char lock[sizeof(r->path) + sizeof(RUN_LOCK) + 1];
	int len = snprintf(r->path, sizeof(r->path), "%s/%sXXXXXX", base, RUN_PREFIX);

	if (len < 0 || (size_t)len >= sizeof(r->path)) {
		snprintf(why, RUNDIR_WHY_CAP, "%s: path too long", base);
		return ERR_LIMIT;
	}
	if (!mkdtemp(r->path)) {	/* 0700 by definition */
		snprintf(why, RUNDIR_WHY_CAP, "%s: %s", base, strerror(errno));
		return ERR_SYSTEM;
	}
	snprintf(lock, sizeof(lock), "%s/%s", r->path, RUN_LOCK);
	r->lock_fd = lock_file(lock, LOCK_EX | LOCK_NB);
	if (r->lock_fd < 0) {
		snprintf(why, RUNDIR_WHY_CAP, "%s: %s", lock, strerror(errno));
		remove_tree(r->path);
		return ERR_SYSTEM;
	}
	return ERR_OK;
}

int
rundir_open(struct rundir *r, char why[static RUNDIR_WHY_CAP])
{
	char base[160], lock[sizeof(base) + sizeof(BASE_LOCK) + 1];
	char paths_why[PATHS_WHY_CAP] = "";
	int err, fd;

	r->lock_fd = -1;
	err = paths_runtime_dir(base, sizeof(base), paths_why);
	if (err != ERR_OK) {
		snprintf(why, RUNDIR_WHY_CAP, "%s", paths_why);
		return err;
	}
	snprintf(lock, sizeof(lock), "%s/%s", base, BASE_LOCK);
	fd = lock_file(lock, LOCK_EX);
	if (fd < 0) {
		snprintf(why, RUNDIR_WHY_CAP, "%s: %s", lock, strerror(errno));
		return ERR_SYSTEM;
	}
	sweep(base);
	err = make(r, base, why);
	close(fd);
	return err;
}

void
rundir_close(struct rundir *r)
{
	if (r->lock_fd < 0)
		return;
	remove_tree(r->path);
	close(r->lock_fd);
	r->lock_fd = -1;
}
