/* SPDX-License-Identifier: MIT */
#ifndef QUIC_CONN_END_H
#define QUIC_CONN_END_H

#include "quic/conn.h"

/*
 * The end of a connection: one reason, one QUIC_DOWN if the layer above knows it, a close
 * packet and a tombstone where there is something to say. All free the connection.
 */
void conn_end_app(struct conn *c, enum quic_close_code code, const char *text);
/* What ngtcp2_conn_read_pkt returned. */
void conn_end_read(struct conn *c, int err);
/* What writing or handle_expiry returned. */
void conn_end_local(struct conn *c, int err);
/* Without a packet; its ids are free at once. */
void conn_end_silent(struct conn *c, enum quic_end end);

#endif
