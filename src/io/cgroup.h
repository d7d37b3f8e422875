/* SPDX-License-Identifier: MIT */
#ifndef IO_CGROUP_H
#define IO_CGROUP_H

#include <stdint.h>

/*
 * What the control groups of this process let it use: cgroups(7), version 2 (memory.max,
 * cpu.max) and version 1 (memory.limit_in_bytes, cpu.cfs_quota_us), whichever are there.
 * A group is bounded by those above it too, so the tightest on the way up counts; in a
 * container the way begins somewhere that is not mounted, and only the end of it is seen.
 */
#define CGROUP_ROOT "/sys/fs/cgroup"
#define CGROUP_SELF "/proc/self/cgroup"

struct cgroup_limits {
	uint32_t cpu_mc, memory_kib;	/* 0: no limit, or none that can be read */
};

/* root and self are those above; others in tests. */
void cgroup_read(struct cgroup_limits *l, const char *root, const char *self);

#endif
