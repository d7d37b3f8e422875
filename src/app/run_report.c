/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/run_report.h"
#include "base/err.h"
#include "base/mem.h"
#include "io/files.h"

#define REPORT_LEN_MAX (256u << 20)

static int
write_to(const char *path, const struct buf *b)
{
	FILE *f = fopen(path, "we");
	bool whole = f && fwrite(b->data, 1, b->len, f) == b->len;

	if (f)
		whole = fclose(f) == 0 && whole;
	return whole ? ERR_OK : ERR_SYSTEM;
}

/*
 * By temporary file and rename, so nobody reads half a report. Keeps errno of what
 * failed.
 */
static int
replace_file(const char *path, const struct buf *b)
{
	size_t len = strlen(path), cap = len + sizeof(".XXXXXX");
	char *temporary = mem_array(cap, 1);
	mode_t mask = umask(0);
	struct stat st;
	int fd, err = ERR_SYSTEM;

	umask(mask);
	snprintf(temporary, cap, "%s.XXXXXX", path);
	/* A pipe or a device is written to; a rename would take its place. */
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		err = write_to(path, b);
		free(temporary);
		return err;
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd >= 0) {
		FILE *f = fdopen(fd, "w");

		if (f && fwrite(b->data, 1, b->len, f) == b->len && fflush(f) == 0 &&
		    fchmod(fd, 0666 & ~mask) == 0 && fsync(fd) == 0 &&
		    rename(temporary, path) == 0)
			err = ERR_OK;

		int error = errno;

		if (f)
			fclose(f);
		else
			close(fd);
		if (err != ERR_OK)
			unlink(temporary);
		errno = error;
	}
	free(temporary);
	return err;
}

int
run_report_file(const char *path, const struct buf *b)
{
	if (!b->failed && replace_file(path, b) == ERR_OK)
		return 0;
	fprintf(stderr, "meshtui: %s: %s\n", path,
		b->failed ? "the report is too large" : strerror(errno));
	return EXIT_IO;
}

static int
write_one(const struct report *r, const char *path,
	void (*print)(const struct report *, struct buf *))
{
	struct buf b;
	int status;

	buf_init(&b, REPORT_LEN_MAX);
	print(r, &b);
	status = run_report_file(path, &b);
	buf_fini(&b);
	return status;
}

int
run_report_identity(const struct options *o, struct identity *i)
{
	char why[FILES_WHY_CAP];

	if (o->identity_path == NULL ||
		files_operator(o->identity_path, i, why) == ERR_OK)
		return 0;
	fprintf(stderr, "meshtui: %s\n", why);
	return EXIT_CONFIG;
}

/* Signed, where an identity is given. */
static int
write_json(const struct report *r, const char *path, const struct options *o)
{
	struct identity identity;
	int status = run_report_identity(o, &identity);
	struct buf b;

	if (status != 0)
		return status;
	buf_init(&b, REPORT_LEN_MAX);
	report_json_signed(
		r, o->identity_path != NULL ? identity.secret_key : NULL, &b);
	if (o->identity_path != NULL)
		identity_wipe(&identity);
	status = run_report_file(path, &b);
	buf_fini(&b);
	return status;
}

/* A file is made beside the one that it replaces, so the directory has to be writable. */
static int
check_one(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
	char *dir = mem_array(len + 2, 1);
	struct stat st;
	int err;

	memcpy(dir, len > 0 ? path : ".", len > 0 ? len : 1);
	errno = 0;
	if (stat(path, &st) != 0 || S_ISREG(st.st_mode))
		err = access(dir, W_OK | X_OK);
	else if (S_ISDIR(st.st_mode))
		err = errno = EISDIR;
	else
		err = access(path, W_OK);
	if (err != 0)
		fprintf(stderr, "meshtui: the report %s cannot be written: %s\n", path,
			strerror(errno));
	free(dir);
	return err != 0 ? EXIT_IO : 0;
}

int
run_report_check(const struct options *o, const struct scenario *s)
{
	struct identity identity;
	int bad = run_report_identity(o, &identity);

	if (o->identity_path != NULL && bad == 0)
		identity_wipe(&identity);
	for (size_t i = 0; i < o->report_count && bad == 0; i++)
		bad |= check_one(strchr(o->reports[i], ':') + 1);
	if (s && s->json[0])
		bad |= check_one(s->json);
	if (s && s->tap[0])
		bad |= check_one(s->tap);
	if (s && s->junit[0])
		bad |= check_one(s->junit);
	return bad;
}

int
run_report_status(enum verdict v)
{
	return v == VERDICT_PASS   ? EXIT_PASS
	       : v == VERDICT_FAIL ? EXIT_FAIL
				   : EXIT_UNPROVEN;
}

void
run_report_print(const struct report *r)
{
	struct buf b;

	buf_init(&b, REPORT_LEN_MAX);
	report_text(r, &b);
	fwrite(b.data, 1, b.len, stdout);
	fflush(stdout);	/* before what else may go there; main looks at its errors */
	buf_fini(&b);
}

int
run_report_write(
	const struct report *r, const struct options *o, const struct scenario *s)
{
	const char *json = s->json[0] ? s->json : NULL;
	const char *tap = s->tap[0] ? s->tap : NULL;
	const char *junit = s->junit[0] ? s->junit : NULL;
	int status = run_report_status(r->verdict), bad = 0;

	/* What was said last, on the command line, counts. */
	for (size_t i = 0; i < o->report_count; i++) {
		const char *path = strchr(o->reports[i], ':') + 1;

		if (o->reports[i][0] == 't')
			tap = path;
		else if (strncmp(o->reports[i], "js", 2) == 0)
			json = path;
		else
			junit = path;
	}
	if (json)
		bad |= write_json(r, json, o);
	if (tap)
		bad |= write_one(r, tap, report_tap);
	if (junit)
		bad |= write_one(r, junit, report_junit);
	return bad ? EXIT_IO : status;
}

void
run_report_snapshot(const struct report *r, const struct options *o)
{
	for (size_t i = 0; i < o->report_count; i++) {
		size_t len = strlen(o->reports[i]) + sizeof(".snapshot");
		char *path;

		if (strncmp(o->reports[i], "json:", 5) != 0)
			continue;
		path = mem_array(len, 1);
		snprintf(path, len, "%s.snapshot", o->reports[i] + 5);
		(void)write_json(r, path, o);
		free(path);
	}
}
