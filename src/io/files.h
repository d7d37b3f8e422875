/* SPDX-License-Identifier: MIT */
#ifndef IO_FILES_H
#define IO_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "identity/admission.h"
#include "identity/identity.h"
#include "identity/name.h"

/*
 * Every read and write of the data directory. It belongs to one user and one process:
 * mode 0700, locked while open. Files are replaced whole (temporary file, fsync, rename,
 * fsync of the directory), so a crash leaves the old one or the new one. `why` is a text
 * for a person: what, where, what to do.
 */
#define FILES_WHY_CAP 640

struct files_dir {
	int fd; /* the directory; -1 when closed */
	int lock_fd;
	bool full;	/* FAULT_DISK_FULL: every write fails as if it were */
	uint64_t refused;	/* writes that failed for that */
	char path[256];
};

/*
 * Makes the directory (and its parents, 0700) when it is not there. ERR_PERMISSION: not
 * ours or others can access it; ERR_BUSY: another process uses it; ERR_SYSTEM; ERR_LIMIT:
 * path too long.
 */
int files_open(struct files_dir *d, const char *path, char why[static FILES_WHY_CAP]);
void files_close(struct files_dir *d);

/* `identity`, 0600: loads it, or mints one. ERR_PERMISSION, ERR_MALFORMED, ERR_SYSTEM. */
int files_identity(struct files_dir *d, struct identity *i, bool *minted,
	char why[static FILES_WHY_CAP]);

/*
 * `incarnation`: a new number, larger than the stored one and at least wall_ms. Where the
 * clock is ahead of the stored number, the clock alone makes the next one larger, too, so
 * the number may be stored later (*later; files_incarnation_later): two fsyncs are most
 * of a boot. Where it is not (it was set back), the number is stored before it is
 * returned. A clock that is set back in just the time between, with a crash before the
 * number is on disk, is not covered. ERR_MALFORMED, ERR_SYSTEM.
 */
int files_incarnation(struct files_dir *d, uint64_t wall_ms, uint64_t *incarnation,
	bool *later, char why[static FILES_WHY_CAP]);
/* `done` gets 0 or an errno value. NULL when nothing can be begun. Close it before d. */
struct file_later;
struct file_later *files_incarnation_later(struct files_dir *d, uv_loop_t *loop,
	uint64_t incarnation, void (*done)(void *ctx, int error), void *ctx);

/*
 * `peers`: one ID@HOST:PORT on each line. Broken lines are skipped and counted; a missing
 * file is no error. At most `cap` are read.
 */
int files_peers_load(struct files_dir *d, struct seed *to, size_t cap, size_t *count,
	size_t *broken, char why[static FILES_WHY_CAP]);
int files_peers_save(struct files_dir *d, const struct seed *peers, size_t count,
	char why[static FILES_WHY_CAP]);

/*
 * An operator's identity, a file anywhere: made, 0600, when there is none.
 * ERR_PERMISSION, ERR_MALFORMED, ERR_SYSTEM.
 */
int files_operator(const char *path, struct identity *i, char why[static FILES_WHY_CAP]);

/* node.log, when it is longer: see io/log_file.h. */
int files_log_turn(struct files_dir *d, size_t len_max);

/* A fabric key file anywhere: ours, and readable by nobody else. ERR_PERMISSION,
 * ERR_MALFORMED. */
int files_key(const char *path, struct fabric_key *k, char why[static FILES_WHY_CAP]);

#endif
