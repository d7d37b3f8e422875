/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/options.h"
#include "app/scenario_file.h"
#include "base/mem.h"
#include "base/text.h"

#define ERRORS_LEN_MAX (1u << 20)

static void
explain(const char *path)
{
	char shown[256];
	const char *why = strerror(errno);

	text_printable(shown, sizeof shown, path, strlen(path));
	fprintf(stderr, "meshtui: %s: %s\n", shown, why);
}

int
scenario_file_read(const char *path, size_t cap, uint8_t **bytes, size_t *len)
{
	FILE *f = fopen(path, "re");
	size_t room = 0, got = 1;

	*bytes = NULL;
	*len = 0;
	if (!f) {
		explain(path);
		return EXIT_NO_INPUT;
	}
	while (got > 0 && *len < cap) {
		if (*len == room) {
			room = room ? room * 2 : 65536;
			if (room > cap)
				room = cap;
			*bytes = mem_resize(*bytes, room, 1);
		}
		got = fread(*bytes + *len, 1, room - *len, f);
		*len += got;
	}
	if (ferror(f)) {
		explain(path);
		fclose(f);
		free(*bytes);
		*bytes = NULL;
		return EXIT_NO_INPUT;
	}
	fclose(f);
	return 0;
}

/* 0 and a scenario, or an exit status after the errors were printed. */
int
scenario_file_load(const char *path, size_t pool, struct scenario **s)
{
	struct problems problems;
	uint8_t *bytes;
	size_t len;
	/* One byte more than is allowed, so that a larger file shows as such. */
	int status = scenario_file_read(path, SCENARIO_FILE_LEN_MAX + 1, &bytes, &len);

	*s = NULL;
	if (status != 0)
		return status;
	problems_init(&problems);
	*s = scenario_parse((struct view){ bytes, len }, pool, &problems);
	if (!*s) {
		struct buf b;

		buf_init(&b, ERRORS_LEN_MAX);
		problems_print(&problems, path, (struct view){ bytes, len }, &b);
		fwrite(b.data, 1, b.len, stderr);
		fprintf(stderr, "%zu %s\n", problems.count + problems.dropped,
			problems.count == 1 ? "error" : "errors");
		buf_fini(&b);
		status = EXIT_DATA;
	}
	problems_fini(&problems);
	free(bytes);
	return status;
}
