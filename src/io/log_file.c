/* SPDX-License-Identifier: MIT */
#include "io/log_file.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"

#define NAME "node.log"
#define OLD_NAME "node.log.1"

static bool
is_it(int fd, const struct stat *file)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_dev == file->st_dev &&
	       st.st_ino == file->st_ino;
}

int
log_file_turn(int dir_fd, size_t len_max)
{
	struct stat file;
	int fd;

	if (fstatat(dir_fd, NAME, &file, AT_SYMLINK_NOFOLLOW) != 0 ||
		!S_ISREG(file.st_mode) || (size_t)file.st_size <= len_max ||
		!is_it(STDERR_FILENO, &file))
		return ERR_OK;
	if (renameat(dir_fd, NAME, dir_fd, OLD_NAME) != 0)
		return ERR_SYSTEM;
	fd = openat(dir_fd, NAME,
		O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return ERR_SYSTEM;
	for (int old = STDOUT_FILENO; old <= STDERR_FILENO; old++)
		if (is_it(old, &file))
			dup2(fd, old);
	close(fd);
	return ERR_OK;
}
