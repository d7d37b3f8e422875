/* SPDX-License-Identifier: MIT */
#include "io/files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "io/file_later.h"
#include "io/file_whole.h"
#include "io/log_file.h"

#define WHY FILES_WHY_CAP
/* A line is at most 64 hex digits, '@', an address and a newline. */
#define PEER_LINE_CAP (64 + 1 + ADDRESS_TEXT_CAP + 1)
#define PEERS_FILE_LEN_MAX ((size_t)REMEMBERED_PEERS_MAX * PEER_LINE_CAP)
#define NUMBER_FILE_LEN_MAX 24

static int __attribute__((format(printf, 3, 4)))
explain(char why[static WHY], int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, WHY, format, args);
	va_end(args);
	return err;
}

static int
explain_errno(char why[static WHY], const char *verb, const struct files_dir *d,
	const char *name)
{
	int error = errno;

	return explain(why, ERR_SYSTEM, "cannot %s %s/%s: %s%s", verb, d->path, name,
		strerror(error),
		error == ENOSPC || error == EDQUOT ? "; free some space"
		: error == EROFS ? "; name another with --data-dir"
		: error == EACCES || error == EPERM
			? "; the directory must belong to the user that runs the node"
			: "");
}

/* The one way to write here; errno tells more, as of file_whole_write. */
static int
write_whole(struct files_dir *d, const char *name, const void *bytes, size_t len)
{
	if (!d->full)
		return file_whole_write(d->fd, name, bytes, len);
	d->refused++;
	errno = ENOSPC;
	return ERR_SYSTEM;
}

/* Makes `path` and what is missing above it. */
static int
make_path(const char *path)
{
	char part[sizeof((struct files_dir *)0)->path];
	size_t len = strlen(path);

	memcpy(part, path, len + 1);
	for (size_t k = 1; k <= len; k++) {
		if (part[k] != '/' && part[k] != '\0')
			continue;
		part[k] = '\0';
		if (mkdir(part, 0700) != 0 && errno != EEXIST)
			return ERR_SYSTEM;
		part[k] = path[k];
	}
	return ERR_OK;
}

static int
check_dir(const struct files_dir *d, char why[static WHY])
{
	struct stat st;

	if (fstat(d->fd, &st) != 0)
		return explain(why, ERR_SYSTEM,
			"cannot look at the data directory %s: %s", d->path,
			strerror(errno));
	if (st.st_uid != geteuid())
		return explain(why, ERR_PERMISSION,
			"the data directory %s belongs to user %u, "
			"this is user %u; run: chown %u %s",
			d->path, (unsigned)st.st_uid, (unsigned)geteuid(),
			(unsigned)geteuid(), d->path);
	if (st.st_mode & 077)
		return explain(why, ERR_PERMISSION,
			"others can enter the data directory %s "
			"(mode %04o) and the node's key is in it; run: chmod 700 %s",
			d->path, (unsigned)st.st_mode & 07777, d->path);
	return ERR_OK;
}

static int
lock(struct files_dir *d, char why[static WHY])
{
	d->lock_fd =
		openat(d->fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (d->lock_fd < 0)
		return explain_errno(why, "open", d, "lock");
	if (flock(d->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return ERR_OK;
	if (errno == EWOULDBLOCK)
		return explain(why, ERR_BUSY,
			"another process uses the data directory %s; two "
			"nodes with one identity would take each other's connections. "
			"Give this "
			"one its own with --data-dir",
			d->path);
	return explain_errno(why, "lock", d, "lock");
}

int
files_open(struct files_dir *d, const char *path, char why[static WHY])
{
	int err;

	why[0] = '\0';
	d->fd = d->lock_fd = -1;
	d->full = false;
	d->refused = 0;
	if (path[0] == '\0' || strlen(path) >= sizeof d->path)
		return explain(why, ERR_LIMIT,
			"the path of the data directory must have 1 to %zu "
			"bytes",
			sizeof d->path - 1);
	memcpy(d->path, path, strlen(path) + 1);
	if (make_path(path) != ERR_OK)
		return explain(why, ERR_SYSTEM,
			"cannot make the data directory %s: %s; name "
			"another with --data-dir",
			path, strerror(errno));
	d->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->fd < 0)
		return explain(why, ERR_SYSTEM, "cannot open the data directory %s: %s",
			path, strerror(errno));
	mem_made(MEM_DESCRIPTOR);
	err = check_dir(d, why);
	if (err == ERR_OK)
		err = lock(d, why);
	if (err != ERR_OK)
		files_close(d);
	return err;
}

void
files_close(struct files_dir *d)
{
	if (d->lock_fd >= 0)
		close(d->lock_fd);
	if (d->fd >= 0) {
		close(d->fd);
		mem_destroyed(MEM_DESCRIPTOR);
	}
	d->fd = d->lock_fd = -1;
}

int
files_identity(
	struct files_dir *d, struct identity *i, bool *minted, char why[static WHY])
{
	char text[IDENTITY_FILE_LEN + 2];
	size_t len;
	mode_t mode;
	int err;

	why[0] = '\0';
	*minted = false;
	err = file_whole_read(d->fd, "identity", text, sizeof text, &len, &mode);
	if (err == ERR_UNKNOWN) {
		identity_mint(i);
		identity_print(i, text);
		err = write_whole(d, "identity", text, IDENTITY_FILE_LEN);
		sodium_memzero(text, sizeof text);
		if (err != ERR_OK) {
			identity_wipe(i);
			return explain_errno(why, "write", d, "identity");
		}
		*minted = true;
		return ERR_OK;
	}
	if (err == ERR_SYSTEM)
		return explain_errno(why, "read", d, "identity");
	if (err == ERR_OK && (mode & 077))
		err = explain(why, ERR_PERMISSION,
			"others can read the node's key %s/identity "
			"(mode %04o); run: chmod 600 %s/identity",
			d->path, (unsigned)mode & 07777, d->path);
	else if (err == ERR_PERMISSION)
		explain(why, err,
			"%s/identity is not a plain file of the user that runs the "
			"node; put the key back or move the file away",
			d->path);
	else if (err == ERR_LIMIT ||
		 identity_parse(i, (struct view){ (uint8_t *)text, len }))
		err = explain(why, ERR_MALFORMED,
			"%s/identity is not a key (one line of 64 hex "
			"digits); restore it from a backup, or move it away and the node "
			"gets a "
			"new identity",
			d->path);
	sodium_memzero(text, sizeof text);
	return err;
}

int
files_incarnation(struct files_dir *d, uint64_t wall_ms, uint64_t *incarnation,
	bool *later, char why[static WHY])
{
	char text[NUMBER_FILE_LEN_MAX + 1];
	uint64_t stored = 0;
	size_t len;
	mode_t mode;
	int err;

	why[0] = '\0';
	err = file_whole_read(
		d->fd, "incarnation", text, NUMBER_FILE_LEN_MAX, &len, &mode);
	if (err == ERR_SYSTEM)
		return explain_errno(why, "read", d, "incarnation");
	if (err == ERR_OK) {
		while (len > 0 && text[len - 1] == '\n')
			len--;
		text[len] = '\0';
		if (memchr(text, '\0', len) ||
			text_u64(text, UINT64_MAX - 1, &stored) != ERR_OK)
			err = ERR_MALFORMED;
	}
	if (err != ERR_OK && err != ERR_UNKNOWN)
		return explain(why, ERR_MALFORMED,
			"%s/incarnation is not a number; with a smaller "
			"one than before, peers would take this node for an old copy. "
			"Remove the "
			"file when the clock of this machine is right",
			d->path);
	*later = wall_ms > stored;
	*incarnation = *later ? wall_ms : stored + 1;
	if (*later)
		return ERR_OK;
	snprintf(text, sizeof text, "%" PRIu64 "\n", *incarnation);
	if (write_whole(d, "incarnation", text, strlen(text)) != ERR_OK)
		return explain_errno(why, "write", d, "incarnation");
	return ERR_OK;
}

struct file_later *
files_incarnation_later(struct files_dir *d, uv_loop_t *loop, uint64_t incarnation,
	void (*done)(void *ctx, int error), void *ctx)
{
	char text[NUMBER_FILE_LEN_MAX + 1];

	snprintf(text, sizeof text, "%" PRIu64 "\n", incarnation);
	return file_later_begin(
		loop, d->fd, "incarnation", text, strlen(text), done, ctx);
}

int
files_peers_load(struct files_dir *d, struct seed *to, size_t cap, size_t *count,
	size_t *broken, char why[static WHY])
{
	char *text = mem_array(1, PEERS_FILE_LEN_MAX + 1), *save = NULL;
	char ignored[NAME_WHY_CAP];
	size_t len = 0;
	mode_t mode;
	int err;

	why[0] = '\0';
	*count = *broken = 0;
	err = file_whole_read(d->fd, "peers", text, PEERS_FILE_LEN_MAX, &len, &mode);
	if (err == ERR_UNKNOWN) {
		free(text);
		return ERR_OK;
	}
	if (err == ERR_SYSTEM)
		explain_errno(why, "read", d, "peers");
	else if (err == ERR_LIMIT)
		explain(why, err,
			"%s/peers is longer than %zu bytes and was not read; the node "
			"writes a new one",
			d->path, PEERS_FILE_LEN_MAX);
	else if (err == ERR_PERMISSION)
		explain(why, err,
			"%s/peers is not a plain file of the user that runs the node",
			d->path);
	if (err != ERR_OK) {
		free(text);
		return err;
	}
	/* A NUL would hide the lines behind it. */
	for (size_t k = 0; k < len; k++)
		if (text[k] == '\0')
			text[k] = '?';
	for (char *line = strtok_r(text, "\n", &save); line != NULL;
		line = strtok_r(NULL, "\n", &save)) {
		if (*count == cap || seed_parse(&to[*count], line, ignored) != ERR_OK)
			++*broken;
		else
			++*count;
	}
	if (*broken > 0)
		explain(why, ERR_OK,
			"%zu lines of %s/peers are no ID@HOST:PORT and were skipped",
			*broken, d->path);
	free(text);
	return ERR_OK;
}

int
files_peers_save(
	struct files_dir *d, const struct seed *peers, size_t count, char why[static WHY])
{
	struct buf b;
	int err;

	why[0] = '\0';
	buf_init(&b, PEERS_FILE_LEN_MAX);
	for (size_t k = 0; k < count && k < REMEMBERED_PEERS_MAX; k++) {
		char id[ID_HEX_CAP], address[ADDRESS_TEXT_CAP];

		buf_format(&b, "%s@%s\n", id_hex(id, &peers[k].id),
			address_format(address, &peers[k].address));
	}
	err = b.failed;
	if (err == ERR_OK && write_whole(d, "peers", b.data, b.len) != ERR_OK)
		err = explain_errno(why, "write", d, "peers");
	buf_fini(&b);
	return err;
}

int
files_key(const char *path, struct fabric_key *k, char why[static WHY])
{
	char text[FABRIC_KEY_FILE_LEN + 2];
	size_t len;
	mode_t mode;
	int err, error;

	why[0] = '\0';
	memset(k, 0, sizeof *k);
	err = file_whole_read(-1, path, text, sizeof text, &len, &mode);
	error = errno;
	if (err == ERR_UNKNOWN)
		return explain(why, err,
			"there is no key file %.200s; make one with: (umask 077; "
			"meshtui --make-key > %.200s)",
			path, path);
	if (err == ERR_SYSTEM)
		return explain(why, err, "cannot read the key file %.300s: %s", path,
			strerror(error));
	if (err == ERR_PERMISSION)
		return explain(why, err,
			"the key file %.300s is not a plain file of the user that "
			"runs the node",
			path);
	if (err == ERR_OK && (mode & 077))
		err = explain(why, ERR_PERMISSION,
			"others can read the key file %.200s "
			"(mode %04o); run: chmod 600 %.200s",
			path, (unsigned)mode & 07777, path);
	else if (err == ERR_LIMIT ||
		 fabric_key_parse(k, (struct view){ (uint8_t *)text, len }) != ERR_OK)
		err = explain(why, ERR_MALFORMED,
			"%.300s is not a key file (one line, "
			"meshtui-key-1: and 64 hex digits); make one with: meshtui "
			"--make-key",
			path);
	sodium_memzero(text, sizeof text);
	return err;
}

int
files_log_turn(struct files_dir *d, size_t len_max)
{
	if (!d->full)
		return log_file_turn(d->fd, len_max);
	d->refused++;
	return ERR_SYSTEM;
}

/* Never in the place of a file that is there. */
static int
mint_operator(const char *path, struct identity *i)
{
	char text[IDENTITY_FILE_LEN + 1];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool whole;

	if (fd < 0)
		return ERR_SYSTEM;
	identity_mint(i);
	identity_print(i, text);
	whole = write(fd, text, IDENTITY_FILE_LEN) == IDENTITY_FILE_LEN && fsync(fd) == 0;
	sodium_memzero(text, sizeof text);
	if (close(fd) == 0 && whole)
		return ERR_OK;
	unlink(path);
	return ERR_SYSTEM;
}

int
files_operator(const char *path, struct identity *i, char why[static WHY])
{
	char text[IDENTITY_FILE_LEN + 2];
	size_t len;
	mode_t mode;
	int err;

	why[0] = '\0';
	err = file_whole_read(-1, path, text, sizeof text, &len, &mode);
	if (err == ERR_UNKNOWN)
		err = mint_operator(path, i);
	else if (err == ERR_OK && (mode & 077))
		err = explain(why, ERR_PERMISSION,
			"others can read the identity %.200s (mode %04o); run: "
			"chmod 600 %.200s",
			path, (unsigned)mode & 07777, path);
	else if (err == ERR_PERMISSION)
		explain(why, err, "the identity %.300s is not a plain file of this user",
			path);
	else if (err == ERR_LIMIT ||
		 (err == ERR_OK &&
			 identity_parse(i, (struct view){ (uint8_t *)text, len })))
		err = explain(why, ERR_MALFORMED,
			"%.300s is not an identity (one line of 64 hex digits); name "
			"another file, and a new one is made",
			path);
	if (err == ERR_SYSTEM)
		explain(why, err, "cannot use the identity %.300s: %s", path,
			strerror(errno));
	sodium_memzero(text, sizeof text);
	return err;
}
