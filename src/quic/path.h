/* SPDX-License-Identifier: MIT */
#ifndef QUIC_PATH_H
#define QUIC_PATH_H

#include "base/id.h"
#include "quic/ngtcp2_compat.h"

/* Paths as ngtcp2 wants them, and back. */

struct path_sockaddrs {
	struct sockaddr_storage local, remote;
	ngtcp2_path path;	/* points into this struct: do not copy it */
};

/*
 * A local address of family 0 becomes the unspecified address of the remote's family:
 * ngtcp2 aborts on other families. The remote's family is 4 or 6 (path_usable).
 */
void path_to_ngtcp2(struct path_sockaddrs *to, const struct path *path);
void path_from_ngtcp2(struct path *to, const ngtcp2_path *path);

/*
 * The remote can be sent to: a family, an address and a port; the local one fits to it.
 */
bool path_usable(const struct path *path);

/*
 * The /24 or /64 of an address, in which strangers are counted; all loopback is one net.
 */
#define PATH_NET_LEN 9
void path_net(uint8_t to[static PATH_NET_LEN], const struct address *a);

#endif
