/* SPDX-License-Identifier: MIT */
#include "node/answers.h"

#include "base/err.h"
#include "node/announce.h"
#include "node/state.h"
#include "node/upkeep.h"

static uint64_t
later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Whether it is silent from now on; *due_ns: when it would be. */
static bool
falls_silent(
	struct node *n, struct link *k, uint64_t now_ns, uint64_t *due_ns)
{
	struct endpoint_conn_info info;
	uint64_t since_ns;

	*due_ns = NEVER;
	if (endpoint_conn_info(n->endpoint, k->conn, &info) != ERR_OK)
		return false;
	if (info.in_flight_bytes == 0 || info.last_received_ns > k->owing_ns)
		k->silent = false;
	if (info.in_flight_bytes == 0) {
		k->owing_ns = 0;
		return false;
	}
	if (k->owing_ns == 0)
		k->owing_ns = now_ns;
	/* While our own loop was away nobody could be heard. */
	since_ns = later(later(k->owing_ns, info.last_received_ns),
		n->load.lag_500ms_at_ns);
	if (k->silent)
		return false;
	if (now_ns >= since_ns + ANSWERS_LATE) {
		k->owing_ns = now_ns;	/* a packet after this ends it */
		return k->silent = true;
	}
	if (now_ns >= since_ns + ANSWERS_ASK && k->reminded_ns < since_ns) {
		k->reminded_ns = now_ns;
		upkeep_ask(n, k, now_ns);
	}
	*due_ns = since_ns +
		(k->reminded_ns < since_ns ? ANSWERS_ASK : ANSWERS_LATE);
	return false;
}

/*
 * Where one is cut off there may be more: who was not spoken to is asked. Only neighbors,
 * because a link that is asked counts as used, and others have to end some day.
 */
static void
ask_others(struct node *n, struct link **up, size_t count, uint64_t now_ns)
{
	for (size_t i = 0; i < count; i++)
		if (up[i]->owing_ns == 0 && meshes_have_neighbor(n, &up[i]->peer))
			upkeep_ask(n, up[i], now_ns);
}

uint64_t
answers_deadline(const struct node *n)
{
	return n->answers_due_ns != 0 ? n->answers_due_ns : NEVER;
}

void
answers_look(struct node *n, uint64_t now_ns)
{
	struct link *up[LINKS_MAX];
	bool news = false;
	size_t count;

	if (now_ns < n->answers_looked_ns + ANSWERS_LOOK &&
		now_ns < answers_deadline(n))
		return;
	n->answers_looked_ns = now_ns;
	n->answers_due_ns = 0;
	count = links_up(&n->links, up, LINKS_MAX);
	for (size_t i = 0; i < count; i++) {
		uint64_t due_ns;

		if (!meshes_have_neighbor(n, &up[i]->peer)) {
			up[i]->owing_ns = up[i]->silent = 0;
			continue;
		}
		news |= falls_silent(n, up[i], now_ns, &due_ns);
		if (due_ns < answers_deadline(n))
			n->answers_due_ns = due_ns;
	}
	if (!news)
		return;
	ask_others(n, up, count, now_ns);
	for (size_t i = 0; i < n->mesh_count; i++)
		announce_soon(n, n->meshes[i], now_ns);
}
