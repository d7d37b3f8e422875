/* SPDX-License-Identifier: MIT */
#ifndef IO_PROCFS_H
#define IO_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What this process uses: the kernel's clock of its CPU time, and /proc/self. Memory is
 * read once in PROCFS_MEMORY_INTERVAL and repeated between.
 */
struct procfs {
	uint64_t cpu_ns; /* user + system at the last sample */
	uint64_t at_ns, memory_at_ns;
	uint32_t memory_kib, cpu_mc;
	bool cpu_known;
};

struct procfs_usage {
	/*
	 * Thousandths of a core since the last sample or init; repeated when that was
	 * less than PROCFS_CPU_INTERVAL ago, and not known in the first such time.
	 */
	uint32_t cpu_used_mc;
	bool cpu_known;
	uint32_t memory_used_kib; /* PSS where the kernel tells it, else RSS */
};

/* Reads the clock of the CPU, so that the first sample has something to count from. */
void procfs_init(struct procfs *p, uint64_t now_ns);
/* ERR_SYSTEM or ERR_MALFORMED: *u keeps what could be measured, else 0. */
int procfs_sample(struct procfs *p, uint64_t now_ns, struct procfs_usage *u);

/* Resident memory now, with what is shared; 0 where the kernel does not tell. */
uint32_t procfs_resident_kib(void);

/* "Pss:  1234 kB" of smaps_rollup, "VmRSS:" of status: the number after `key`.
 * ERR_UNKNOWN. */
int procfs_parse_kib(const char *text, size_t len, const char *key, uint64_t *kib);

#endif
