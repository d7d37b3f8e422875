/* SPDX-License-Identifier: MIT */
#include "io/cgroup.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/text.h"

#define TEXT_CAP 4096
#define PATH_CAP 1024
#define MILLICORES 1000
/* Version 1 says "no limit" with the largest number of pages. */
#define NO_LIMIT_BYTES (UINT64_C(1) << 60)

/* The first line of a small file, or all of it; false when it cannot be read. */
static bool
slurp(const char *path, char to[static TEXT_CAP])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return false;
	got = read(fd, to, TEXT_CAP - 1);
	close(fd);
	if (got < 0)
		return false;
	to[got] = '\0';
	return true;
}

static void
tighten(uint32_t *limit, uint64_t value)
{
	uint32_t v = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;

	/* A limit of nothing would be no limit here; nobody runs in one. */
	if (v > 0 && (*limit == 0 || v < *limit))
		*limit = v;
}

/* A number at the beginning of a file; false when there is none ("max", "-1"). */
static bool
number_in(const char *dir, const char *file, uint64_t *to)
{
	char path[PATH_CAP + 64], text[TEXT_CAP];

	snprintf(path, sizeof path, "%s/%s", dir, file);
	if (!slurp(path, text))
		return false;
	text[strcspn(text, " \n")] = '\0';
	return text_u64(text, UINT64_MAX, to) == ERR_OK;
}

/* "50000 100000": so many microseconds in each period of so many. */
static void
take_cpu_max(struct cgroup_limits *l, const char *dir)
{
	char path[PATH_CAP + 64], text[TEXT_CAP], *space;
	uint64_t quota, period;

	snprintf(path, sizeof path, "%s/cpu.max", dir);
	if (!slurp(path, text) || (space = strchr(text, ' ')) == NULL)
		return;
	*space++ = '\0';
	space[strcspn(space, "\n")] = '\0';
	if (text_u64(text, UINT32_MAX, &quota) == ERR_OK &&
		text_u64(space, UINT32_MAX, &period) == ERR_OK && period > 0)
		tighten(&l->cpu_mc, quota * MILLICORES / period);
}

static void
take_cpu(struct cgroup_limits *l, const char *dir)
{
	uint64_t quota, period;

	take_cpu_max(l, dir);
	if (number_in(dir, "cpu.cfs_quota_us", &quota) && quota <= UINT32_MAX &&
		number_in(dir, "cpu.cfs_period_us", &period) && period > 0)
		tighten(&l->cpu_mc, quota * MILLICORES / period);
}

static void
take_memory(struct cgroup_limits *l, const char *dir)
{
	uint64_t bytes;

	if (number_in(dir, "memory.max", &bytes) && bytes < NO_LIMIT_BYTES)
		tighten(&l->memory_kib, bytes / 1024);
	if (number_in(dir, "memory.limit_in_bytes", &bytes) && bytes < NO_LIMIT_BYTES)
		tighten(&l->memory_kib, bytes / 1024);
}

/* From the group of this process up to the mount itself. */
static void
climb(struct cgroup_limits *l, const char *mount, const char *group)
{
	size_t bare = strlen(mount);
	char dir[PATH_CAP];

	if (snprintf(dir, sizeof dir, "%s%s", mount, group) >= (int)sizeof dir)
		return;
	for (;;) {
		char *slash;

		take_memory(l, dir);
		take_cpu(l, dir);
		slash = strrchr(dir, '/');
		if (slash == NULL || (size_t)(slash - dir) < bare)
			return;
		*slash = '\0';
	}
}

/* Whether a name is in a list with commas between. */
static bool
has(const char *list, size_t len, const char *name)
{
	size_t name_len = strlen(name);

	for (const char *at = list, *end = list + len; at < end;) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		size_t n = (size_t)((comma != NULL ? comma : end) - at);

		if (n == name_len && memcmp(at, name, n) == 0)
			return true;
		at += n + 1;
	}
	return false;
}

/* "4:memory:/group" of version 1, "0::/group" of version 2. */
static void
take_line(struct cgroup_limits *l, const char *root, const char *line)
{
	static const char *const controllers[] = { "memory", "cpu" };
	const char *list = strchr(line, ':'), *group;
	char mount[PATH_CAP];

	group = list != NULL ? strchr(list + 1, ':') : NULL;
	if (group == NULL || group[1] != '/')
		return;
	list++;
	if (group == list) {
		climb(l, root, group + 1);
		snprintf(mount, sizeof mount, "%s/unified", root);
		climb(l, mount, group + 1);
	}
	for (size_t i = 0; i < sizeof controllers / sizeof *controllers; i++)
		if (has(list, (size_t)(group - list), controllers[i])) {
			snprintf(mount, sizeof mount, "%s/%s", root, controllers[i]);
			climb(l, mount, group + 1);
		}
}

void
cgroup_read(struct cgroup_limits *l, const char *root, const char *self)
{
	char text[TEXT_CAP], *save = NULL;

	*l = (struct cgroup_limits){ 0 };
	if (!slurp(self, text))
		return;
	for (char *line = strtok_r(text, "\n", &save); line != NULL;
		line = strtok_r(NULL, "\n", &save))
		take_line(l, root, line);
}
