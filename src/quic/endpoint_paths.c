/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "quic/conn.h"
#include "quic/endpoint.h"
#include "quic/path.h"

int
endpoint_migrate(
	struct endpoint *e, uint64_t conn, const struct address *local, uint64_t now_ns)
{
	struct conn *c = conn_find(e, conn);
	struct path to = { .local = *local };
	struct path_sockaddrs addrs;

	e->now_ns = now_ns;
	if (c == NULL)
		return ERR_UNKNOWN;
	to.remote = c->path.remote;
	path_to_ngtcp2(&addrs, &to);
	/*
	 * At once: the old port is gone, so nothing is won by waiting for the new one to
	 * be validated. ngtcp2 refuses a server, one that is not confirmed, and one whose
	 * peer gave it no spare connection id.
	 */
	if (!c->dialed ||
		ngtcp2_conn_initiate_immediate_migration(c->quic, &addrs.path, now_ns))
		return ERR_STATE;
	c->path = to;
	conn_mark(c);
	conn_schedule(c);
	return ERR_OK;
}
