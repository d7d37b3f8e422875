/* SPDX-License-Identifier: MIT */
#ifndef TESTS_GUARDS_QUIC_H
#define TESTS_GUARDS_QUIC_H

#include "base/id.h"

/*
 * The guards at the door that can be taken out, and the kinds of client there can be.
 * They are put in place of the product's functions by --wrap.
 */
extern enum guard {
	NONE, KEY, ALPN, CERTIFICATE, X509, CID, NET, RESET,
	LENGTH,	/* of a first datagram */
	CREDIT,	/* of who has not proven his address: three times what came */
} guard_out;
extern enum client { HONEST, NO_CERTIFICATE, WITH_X509, OTHER_ALPN } guard_client;
/* Whose key is taken for any other, when KEY is out. */
extern struct peer_id guard_stranger;

void guards_quic_fini(void);

#endif
