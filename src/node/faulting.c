/* SPDX-License-Identifier: MIT */
#include "node/faulting.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "node/announce.h"
#include "node/state.h"

static size_t
add(struct address *to, size_t count, size_t cap, const struct address *a)
{
	for (size_t i = 0; i < count; i++)
		if (address_equal(&to[i], a))
			return count;
	if (count < cap && a->family != 0)
		to[count++] = *a;
	return count;
}

/*
 * Where a peer is or may be: its connections of now, the addresses of its digest, and
 * where a dial would try it.
 */
static size_t
addresses_of(void *ctx, const struct peer_id *peer, struct address *to, size_t cap)
{
	const struct node *n = ctx;
	const struct book_entry *known = book_find(&n->book, peer);
	size_t count = 0;

	for (struct idmap_item *it = idmap_first(n->links.by_conn); it != NULL;
		it = idmap_next(it)) {
		const struct link *k = idmap_value(it);

		if (id_equal(&k->peer, peer))
			count = add(to, count, cap, &k->path.remote);
	}
	for (size_t m = 0; m < n->mesh_count; m++) {
		const struct directory_entry *e =
			directory_find(n->meshes[m]->directory, peer);

		for (size_t i = 0; e != NULL && i < e->digest.address_count; i++)
			count = add(to, count, cap, &e->digest.addresses[i]);
	}
	for (size_t i = 0; known != NULL && i < known->address_count; i++)
		count = add(to, count, cap, &known->addresses[i]);
	for (size_t i = 0; i < n->seeds.count; i++)
		if (id_equal(&n->seeds.entries[i].seed.id, peer))
			count = add(to, count, cap, &n->seeds.entries[i].seed.address);
	return count;
}

static void
spare_operators(struct node *n)
{
	struct address spared[IMPAIR_SPARED_MAX];
	size_t count = 0;

	for (struct idmap_item *it = idmap_first(n->links.by_conn);
		it != NULL && n->config.operator_count > 0; it = idmap_next(it)) {
		const struct link *k = idmap_value(it);

		for (size_t i = 0; i < n->config.operator_count; i++)
			if (id_equal(&k->peer, &n->config.operators[i]))
				count = add(spared, count, IMPAIR_SPARED_MAX,
					&k->path.remote);
	}
	impair_spare(n->faults.impair, spared, count);
}

static void
refresh(struct node *n, uint64_t now_ns)
{
	impair_refresh(n->faults.impair, addresses_of, n);
	spare_operators(n);
	n->refresh_ns = now_ns + IMPAIR_REFRESH;
}

bool
faulting_recv(struct node *n, const struct path *path, const uint8_t *bytes, size_t len,
	uint8_t ecn, uint64_t now_ns)
{
	struct impair *im = n->faults.impair;

	return im == NULL || impair_in(im, path, bytes, len, ecn, now_ns);
}

size_t
faulting_send(
	struct node *n, uint8_t *to, size_t cap, struct path *path, uint64_t now_ns)
{
	struct impair *im = n->faults.impair;
	size_t len;

	if (im == NULL)
		return endpoint_send(n->endpoint, to, cap, path, now_ns);
	len = impair_next_out(im, to, cap, path, now_ns);
	if (len > 0)
		return len;
	while ((len = endpoint_send(n->endpoint, to, cap, path, now_ns)) > 0)
		if (impair_out(im, path, to, len, now_ns))
			return len;
	/* Copies, which are due at once. */
	return impair_next_out(im, to, cap, path, now_ns);
}

bool
faulting_hears(struct node *n, const struct address *remote, uint64_t now_ns)
{
	struct impair *im = n->faults.impair;

	return im == NULL || impair_hears(im, remote, now_ns);
}

void
faulting_moved(struct node *n)
{
	if (n->faults.impair != NULL)
		n->refresh_ns = 0;
}

uint64_t
faulting_deadline(const struct node *n)
{
	uint64_t due = faults_deadline(&n->faults);

	if (n->faults.impair != NULL && n->refresh_ns < due)
		due = n->refresh_ns;
	return due;
}

static void
tell_changes(struct node *n)
{
	struct fault_change c;

	while (faults_next_change(&n->faults, &c)) {
		struct node_event *ev =
			node_push(n, NODE_EVENT_FAULT, &n->config.identity.id);
		char hex[FAULT_ID_HEX_CAP], lease[24];
		const char *primitive = c.state.primitive[0] != '\0' ? c.state.primitive
							: fault_kind_text(c.state.kind);

		fault_id_hex(hex, &c.state.id);
		ev->up = c.state.end == FAULT_ACTIVE;
		if (ev->up)
			snprintf(ev->text, sizeof(ev->text),
				"%s (%s, id %.12s) for %s, ordered by %s", primitive,
				fault_kind_text(c.state.kind), hex,
				text_duration(lease, sizeof(lease),
					MILLISECONDS(c.lease_ms)),
				fault_status_origin(c.state.origin));
		else
			snprintf(ev->text, sizeof(ev->text), "%s (%s, id %.12s): %s",
				primitive, fault_kind_text(c.state.kind), hex,
				fault_status_end(c.state.end));
	}
}

void
faulting_tick(struct node *n, uint64_t now_ns)
{
	uint8_t bytes[UINT16_MAX];
	struct path path;
	uint8_t ecn;
	size_t len;

	if (n->faults.count == 0 && n->faults.impair == NULL)
		return;
	faults_tick(&n->faults, now_ns);
	tell_changes(n);
	if (n->faults.impair != NULL && n->refresh_ns <= now_ns)
		refresh(n, now_ns);
	while (n->faults.impair != NULL &&
		(len = impair_next_in(n->faults.impair, bytes, sizeof(bytes), &path, &ecn,
			 now_ns)) > 0)
		node_take(n, &path, bytes, len, ecn, now_ns);
	faults_tick(&n->faults, now_ns);
}

void
node_fault(struct node *n, const struct fault_order *o, enum fault_origin by,
	uint64_t now_ns, struct fault_status *answer)
{
	faults_order(&n->faults, o, by, now_ns, answer);
	if (n->faults.impair != NULL) {
		refresh(n, now_ns);
		/* What is up now was up before the firewall. */
		for (struct idmap_item *it = idmap_first(n->links.by_conn);
			o->kind == FAULT_FIREWALL && it != NULL; it = idmap_next(it)) {
			const struct link *k = idmap_value(it);

			impair_flow(n->faults.impair, &k->path.remote, now_ns);
		}
	}
	tell_changes(n);
}

void
node_faults(const struct node *n, struct fault_status *to, uint64_t now_ns)
{
	faults_status(&n->faults, to, now_ns);
}

bool
node_next_effect(struct node *n, struct fault_effect *e)
{
	return faults_next_effect(&n->faults, e);
}

void
node_writes_refused(struct node *n, uint64_t count)
{
	faults_note_writes(&n->faults, count);
}
