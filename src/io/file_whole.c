/* SPDX-License-Identifier: MIT */
#include "io/file_whole.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"

static int
read_all(int fd, char *to, size_t cap, size_t *len)
{
	*len = 0;
	for (;;) {
		char beyond;
		ssize_t got = *len < cap ? read(fd, to + *len, cap - *len)
					 : read(fd, &beyond, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return ERR_SYSTEM;
		if (got == 0)
			return ERR_OK;
		if (*len == cap)
			return ERR_LIMIT;
		*len += (size_t)got;
	}
}

int
file_whole_read(
	int dir, const char *name, void *to, size_t cap, size_t *len, mode_t *mode)
{
	/* O_NONBLOCK: a pipe in the place of the file must not hang us. */
	int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY |
		    (dir >= 0 ? O_NOFOLLOW : 0);
	int fd = openat(dir >= 0 ? dir : AT_FDCWD, name, flags);
	struct stat st;
	int err = ERR_OK, error;

	*len = 0;
	*mode = 0;
	if (fd < 0)
		return errno == ENOENT	? ERR_UNKNOWN
		       : errno == ELOOP ? ERR_PERMISSION
					: ERR_SYSTEM;
	if (fstat(fd, &st) != 0)
		err = ERR_SYSTEM;
	/*
	 * root may read what root or the caller's sudo user owns; others only their own.
	 */
	else if (!S_ISREG(st.st_mode) || (st.st_uid != geteuid() && geteuid() != 0))
		err = ERR_PERMISSION;
	if (err == ERR_OK) {
		*mode = st.st_mode & 07777;
		err = read_all(fd, to, cap, len);
	}
	error = errno;
	close(fd);
	errno = error;
	return err;
}

static int
write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t put = write(fd, bytes, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return ERR_SYSTEM;
		bytes += put;
		len -= (size_t)put;
	}
	return fsync(fd) == 0 ? ERR_OK : ERR_SYSTEM;
}

int
file_whole_write(int dir, const char *name, const void *bytes, size_t len)
{
	char temporary[64];
	int fd, err, error;

	/* One writer (the directory is locked), so one name: a crash leaves at most one
	 * of these. */
	if ((size_t)snprintf(temporary, sizeof temporary, ".%s.new", name) >=
		sizeof temporary) {
		errno = ENAMETOOLONG;
		return ERR_SYSTEM;
	}
	if (unlinkat(dir, temporary, 0) != 0 && errno != ENOENT)
		return ERR_SYSTEM;
	fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		0600);
	if (fd < 0)
		return ERR_SYSTEM;
	err = write_all(fd, bytes, len);
	error = errno;
	if (close(fd) != 0 && err == ERR_OK) {
		err = ERR_SYSTEM;
		error = errno;
	}
	if (err == ERR_OK && renameat(dir, temporary, dir, name) != 0) {
		err = ERR_SYSTEM;
		error = errno;
	}
	if (err != ERR_OK) {
		unlinkat(dir, temporary, 0);
		errno = error;
		return err;
	}
	/* Without this a power cut may bring the old name back, or none. */
	return fsync(dir) == 0 || errno == EINVAL ? ERR_OK : ERR_SYSTEM;
}
