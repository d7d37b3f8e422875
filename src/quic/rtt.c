/* SPDX-License-Identifier: MIT */
#include "quic/rtt.h"

void
rtt_take(struct rtt *r, uint64_t smoothed_ns)
{
	uint64_t before_ns = r->smoothed_ns, sample_ns;

	r->smoothed_ns = smoothed_ns;
	if (smoothed_ns == before_ns)
		return;
	/* The first one is the smoothed round trip itself. */
	sample_ns = smoothed_ns;
	if (before_ns != 0)
		sample_ns = 8 * smoothed_ns > 7 * before_ns
			? 8 * smoothed_ns - 7 * before_ns
			: 0;
	r->samples_ns[r->count++ % RTT_SAMPLES] = sample_ns;
}

uint64_t
rtt_median(const struct rtt *r)
{
	uint64_t sorted[RTT_SAMPLES];
	size_t count = r->count < RTT_SAMPLES ? r->count : RTT_SAMPLES;

	for (size_t i = 0; i < count; i++) {
		size_t at = i;

		for (; at > 0 && sorted[at - 1] > r->samples_ns[i]; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = r->samples_ns[i];
	}
	return count > 0 ? sorted[(count - 1) / 2] : 0;
}
