/* SPDX-License-Identifier: MIT */
#include "io/procfs.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"

#define TEXT_CAP 4096

/* 0: the kernel does not tell. */
static uint64_t
cpu_clock(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) != 0)
		return 0;
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

void
procfs_init(struct procfs *p, uint64_t now_ns)
{
	memset(p, 0, sizeof *p);
	p->cpu_ns = cpu_clock();
	p->at_ns = now_ns;
}

/*
 * A number at `text`, and where it ends; ERR_MALFORMED without digits or beyond 64 bits.
 */
static int
number(const char *text, size_t len, uint64_t *out, size_t *used)
{
	uint64_t value = 0;
	size_t n = 0;

	for (; n < len && text[n] >= '0' && text[n] <= '9'; n++)
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, (uint64_t)(text[n] - '0'), &value))
			return ERR_MALFORMED;
	if (n == 0)
		return ERR_MALFORMED;
	*out = value;
	*used = n;
	return ERR_OK;
}

int
procfs_parse_kib(const char *text, size_t len, const char *key, uint64_t *kib)
{
	size_t key_len = strlen(key), used;

	for (const char *line = text, *end = text + len; line < end;) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		const char *at = line + key_len;

		if (stop == NULL)
			stop = end;
		if ((size_t)(stop - line) > key_len && memcmp(line, key, key_len) == 0) {
			while (at < stop && (*at == ' ' || *at == '\t'))
				at++;
			if (number(at, (size_t)(stop - at), kib, &used) != ERR_OK ||
				(size_t)(stop - at) != used + 3 ||
				memcmp(at + used, " kB", 3) != 0)
				return ERR_MALFORMED;
			return ERR_OK;
		}
		line = stop + 1;
	}
	return ERR_UNKNOWN;
}

static int
slurp(const char *path, char to[static TEXT_CAP], size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;

	if (fd < 0)
		return ERR_SYSTEM;
	while (n < TEXT_CAP) {
		ssize_t got = read(fd, to + n, TEXT_CAP - n);

		if (got <= 0)
			break;
		n += (size_t)got;
	}
	close(fd);
	*len = n;
	return n > 0 ? ERR_OK : ERR_SYSTEM;
}

static uint32_t
clamp(uint64_t value)
{
	return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

/*
 * PSS counts pages shared by 18 nodes once in all, but the kernel walks the page tables
 * for it: 60 us in a small process here, so it is read less often than the clock.
 */
static void
sample_memory(struct procfs *p, uint64_t now_ns)
{
	char text[TEXT_CAP];
	uint64_t kib;
	size_t len;

	if (p->memory_kib > 0 && now_ns - p->memory_at_ns < PROCFS_MEMORY_INTERVAL)
		return;
	/* Kernels before 4.14 lack the first file. */
	if ((slurp("/proc/self/smaps_rollup", text, &len) == ERR_OK &&
		    procfs_parse_kib(text, len, "Pss:", &kib) == ERR_OK) ||
		(slurp("/proc/self/status", text, &len) == ERR_OK &&
			procfs_parse_kib(text, len, "VmRSS:", &kib) == ERR_OK))
		p->memory_kib = clamp(kib);
	p->memory_at_ns = now_ns;
}

uint32_t
procfs_resident_kib(void)
{
	char text[TEXT_CAP];
	uint64_t pages;
	const char *at;
	size_t len, used;

	/* Pages of the whole, of what is resident, and more. */
	if (slurp("/proc/self/statm", text, &len) != ERR_OK ||
		(at = memchr(text, ' ', len)) == NULL ||
		number(at + 1, len - (size_t)(at + 1 - text), &pages, &used) != ERR_OK)
		return 0;
	return clamp(pages * ((uint64_t)sysconf(_SC_PAGESIZE) / 1024));
}

int
procfs_sample(struct procfs *p, uint64_t now_ns, struct procfs_usage *u)
{
	uint64_t cpu_ns = cpu_clock();

	memset(u, 0, sizeof *u);
	sample_memory(p, now_ns);
	u->memory_used_kib = p->memory_kib;
	if (cpu_ns == 0)
		return ERR_SYSTEM;
	if (now_ns >= p->at_ns + PROCFS_CPU_INTERVAL && cpu_ns >= p->cpu_ns) {
		p->cpu_mc = clamp((cpu_ns - p->cpu_ns) * 1000 / (now_ns - p->at_ns));
		p->cpu_known = true;
		p->cpu_ns = cpu_ns;
		p->at_ns = now_ns;
	}
	u->cpu_used_mc = p->cpu_mc;
	u->cpu_known = p->cpu_known;
	return u->memory_used_kib > 0 ? ERR_OK : ERR_SYSTEM;
}
