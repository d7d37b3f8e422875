/* SPDX-License-Identifier: MIT */
/*
 * Puts a corpus through a fuzz entry without a fuzzer: every file, and every beginning of
 * it, because most of what is wrong in decoders shows when the input ends early. Each
 * input is a heap block of just its length, so that a sanitizer build sees a read past
 * the end.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_LEN_MAX (1u << 20)
#define PREFIXES_MAX 512

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
feed(const uint8_t *bytes, size_t len)
{
	uint8_t *exact = malloc(len > 0 ? len : 1);

	if (!exact)
		abort();
	if (len > 0)
		memcpy(exact, bytes, len);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
}

static int
replay(const char *path)
{
	uint8_t *bytes = malloc(FILE_LEN_MAX);
	FILE *file = fopen(path, "rb");
	size_t len;
	int err = -1;

	if (!bytes || !file)
		goto out;
	len = fread(bytes, 1, FILE_LEN_MAX, file);
	if (ferror(file))
		goto out;
	/* Said before it runs: after a crash the last line names the input. */
	printf("# %s\n", path);
	fflush(stdout);
	for (size_t n = 0; n < len && n < PREFIXES_MAX; n++)
		feed(bytes, n);
	feed(bytes, len);
	err = 0;
out:
	if (file)
		fclose(file);
	free(bytes);
	return err;
}

static int
is_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int
replay_folder(const char *folder)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_file, alphasort), bad = 0;
	char *path;

	for (int i = 0; i < count; i++) {
		if (asprintf(&path, "%s/%s", folder, entries[i]->d_name) < 0)
			abort();
		if (replay(path) < 0) {
			printf("# %s: cannot be read\n", path);
			bad++;
		}
		free(path);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return count > 0 && bad == 0 ? count : -1;
}

int
main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/'), *srcdir = getenv("SRCDIR");
	const char *program = slash ? slash + 1 : argv[0];
	char folder[4096];
	int count;

	if (strncmp(program, "fuzz_", 5) != 0) {
		printf("Bail out! %s is not named fuzz_<name>\n", program);
		return 1;
	}
	snprintf(folder, sizeof folder, "%s/tests/fuzz/corpus/%s", srcdir ? srcdir : ".",
		program + 5);
	printf("1..1\n");
	count = replay_folder(argc > 1 ? argv[1] : folder);
	if (count < 0)
		printf("not ok 1 - %s: no readable corpus in %s\n", program, folder);
	else
		printf("ok 1 - %s: %d corpus files, whole and cut\n", program, count);
	return count < 0;
}
