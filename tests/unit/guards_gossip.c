/* SPDX-License-Identifier: MIT */
#include "unit/guards_gossip.h"

#include <string.h>

#include "base/err.h"
#include "base/idmap.h"
#include "mesh/directory_table.h"
#include "node/announce.h"

enum guard guard_out;
struct digest guard_digest;
struct accusation guard_accusation;

int __real_digest_verify(struct digest *d, struct view payload, const struct peer_id *t);
int __wrap_digest_verify(struct digest *d, struct view payload, const struct peer_id *t);

int
__wrap_digest_verify(struct digest *d, struct view payload, const struct peer_id *t)
{
	int err = __real_digest_verify(d, payload, t);

	if (err == ERR_SIGNATURE && guard_out == SIGNATURE) {
		*d = guard_digest;
		return ERR_OK;
	}
	if (guard_out == MESH_NAME)
		memcpy(d->mesh, "mesh1", sizeof "mesh1");
	return err;
}

int __real_digest_verify_known(struct digest *d, struct view payload,
	const struct peer_id *t, const struct digest *known);
int __wrap_digest_verify_known(struct digest *d, struct view payload,
	const struct peer_id *t, const struct digest *known);

int
__wrap_digest_verify_known(struct digest *d, struct view payload, const struct peer_id *t,
	const struct digest *known)
{
	int err = __real_digest_verify_known(d, payload, t, known);

	if (err == ERR_SIGNATURE && guard_out == SIGNATURE) {
		*d = guard_digest;
		return ERR_OK;
	}
	return err;
}

int __real_accusation_verify(struct accusation *a, struct view payload,
	const struct peer_id *t);
int __wrap_accusation_verify(struct accusation *a, struct view payload,
	const struct peer_id *t);

int
__wrap_accusation_verify(struct accusation *a, struct view payload,
	const struct peer_id *t)
{
	int err = __real_accusation_verify(a, payload, t);

	if (err == ERR_SIGNATURE && guard_out == SIGNATURE) {
		*a = guard_accusation;
		return ERR_OK;
	}
	return err;
}

bool __real_directory_table_older(uint64_t ai, uint64_t as, uint64_t bi, uint64_t bs);
bool __wrap_directory_table_older(uint64_t ai, uint64_t as, uint64_t bi, uint64_t bs);

bool
__wrap_directory_table_older(uint64_t ai, uint64_t as, uint64_t bi, uint64_t bs)
{
	if (guard_out == NEWER || guard_out == STALE_ACCUSATION)
		return guard_out == NEWER;
	return __real_directory_table_older(ai, as, bi, bs);
}

/* The first that comes to hand makes room, whoever it is. */
struct directory_slot *__real_directory_table_dispensable(const struct directory *d);
struct directory_slot *__wrap_directory_table_dispensable(const struct directory *d);

struct directory_slot *
__wrap_directory_table_dispensable(const struct directory *d)
{
	if (guard_out != ROOM)
		return __real_directory_table_dispensable(d);
	return d->order[0]->entry.self ? d->order[1] : d->order[0];
}

/* At once, each time, and with whatever digest is next. */
void __real_announce_answer(const struct node *n, struct membership *m,
	const struct accusation *by, uint64_t now_ns);
void __wrap_announce_answer(const struct node *n, struct membership *m,
	const struct accusation *by, uint64_t now_ns);

void
__wrap_announce_answer(const struct node *n, struct membership *m,
	const struct accusation *by, uint64_t now_ns)
{
	if (guard_out != ANSWER)
		__real_announce_answer(n, m, by, now_ns);
	else
		m->announce_ns = now_ns;
}

size_t __real_idmap_count(const struct idmap *m);
size_t __wrap_idmap_count(const struct idmap *m);

size_t
__wrap_idmap_count(const struct idmap *m)
{
	return guard_out == BOUND ? 0 : __real_idmap_count(m);
}
