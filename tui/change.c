/* SPDX-License-Identifier: MIT */
#include "tui/change.h"

static void
mix(uint64_t *hash, uint64_t value)
{
	for (int i = 0; i < 8; i++)
		*hash = (*hash ^ (value >> (8 * i) & 0xff)) * UINT64_C(1099511628211);
}

uint64_t
change_hash(const struct model *m, unsigned parts)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	mix(&hash, m->now_ns / NS_PER_S);
	mix(&hash, (uint64_t)m->searching << 1 | (m->self != NULL));
	mix(&hash, m->notice_count > 0 ? m->notices[m->notice_count - 1].at_ns : 0);
	if ((parts & CHANGE_TIMELINE) && m->timeline)
		mix(&hash, timeline_last(m->timeline));
	if (m->alerts)
		mix(&hash, (parts & CHANGE_ALERTS) ? alerts_version(m->alerts)
			: alerts_unacknowledged(m->alerts));
	for (size_t i = 0; (parts & CHANGE_BOOTS) && i < m->boot_count; i++)
		mix(&hash, m->boots[i].key ^ m->boots[i].heard_ns);
	for (size_t i = 0; (parts & CHANGE_WATCHED) && i < m->outlook_count; i++) {
		mix(&hash, m->outlooks[i]->messages_seq);
		mix(&hash, m->outlooks[i]->links_ns);
	}
	if ((parts & CHANGE_BOOTS) && m->traces)
		mix(&hash, traces_changes(m->traces));
	for (size_t i = 0; i < m->mesh_count; i++) {
		const struct directory *d = m->meshes[i].directory;
		const struct topology *t = m->meshes[i].topology;

		mix(&hash, directory_count(d));
		for (size_t k = 0; k < directory_count(d); k++) {
			const struct directory_entry *en = directory_at(d, k);

			mix(&hash, en->since_ns ^ (uint64_t)en->liveness << 60);
		}
		for (size_t k = 0; t && k < t->edge_count; k++)
			mix(&hash, (uint64_t)t->edges[k].a << 32 | t->edges[k].b);
		mix(&hash, t ? t->half_count : 0);
		mix(&hash, t ? t->silent_count : 0);
	}
	for (size_t i = 0; m->backbone && i < backbone_count(m->backbone); i++)
		mix(&hash, backbone_at(m->backbone, i)->since_ns);
	mix(&hash, m->crossings ? m->crossings->count : 0);
	for (size_t i = 0; (parts & CHANGE_FAULTS) && i < m->fault_count; i++)
		mix(&hash, (uint64_t)m->faults[i]->number << 8 | m->faults[i]->phase);
	if ((parts & CHANGE_FAULTS) && m->loop)
		mix(&hash, (uint64_t)m->loop->begun << 32 | m->loop->refused << 1 |
				m->loop->on);
	for (size_t i = 0; (parts & CHANGE_TESTS) && i < m->test_count; i++)
		mix(&hash, m->tests[i].ended_ns ^ m->tests[i].state);
	for (size_t i = 0; i < m->child_count; i++)
		mix(&hash, (uint64_t)m->children[i]->id << 8 | m->children[i]->state);
	return hash;
}
