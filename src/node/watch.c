/* SPDX-License-Identifier: MIT */
#include "node/watch.h"

void
watch_hint(struct watch *w, uint64_t now_ns)
{
	if (w->probing && w->hinted)
		return;	/* each probe to a closed port brings another hint */
	*w = (struct watch){ .probing = true, .hinted = true, .began_ns = now_ns };
}

enum watch_verdict
watch_check(struct watch *w, uint64_t silence_ns, uint64_t heard_ns, uint64_t now_ns,
	uint64_t *due_ns)
{
	uint64_t every = w->hinted ? WATCH_HINT_EVERY : WATCH_PING_EVERY;
	uint64_t patience =
		w->hinted ? WATCH_HINT_EVERY * WATCH_HINT_PROBES : WATCH_PATIENCE;

	if (w->probing && heard_ns > w->began_ns)
		*w = (struct watch){ 0 };
	if (!w->probing) {
		if (now_ns < heard_ns + silence_ns) {
			*due_ns = heard_ns + silence_ns;
			return WATCH_WAIT;
		}
		*w = (struct watch){ .probing = true, .began_ns = now_ns };
		every = WATCH_PING_EVERY;
		patience = WATCH_PATIENCE;
	}
	if (now_ns >= w->began_ns + patience) {
		*due_ns = NEVER;
		return WATCH_DEAD;
	}
	if (now_ns < w->began_ns + w->pings * every) {
		*due_ns = w->began_ns + w->pings * every;
		return WATCH_WAIT;
	}
	w->pings++;
	*due_ns = w->began_ns + w->pings * every;
	if (*due_ns > w->began_ns + patience)
		*due_ns = w->began_ns + patience;
	return WATCH_PING;
}
