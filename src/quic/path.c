/* SPDX-License-Identifier: MIT */
#include <netinet/in.h>
#include <string.h>

#include "quic/path.h"

void
path_to_ngtcp2(struct path_sockaddrs *to, const struct path *path)
{
	struct address local = path->local;

	if (local.family == 0)
		local.family = path->remote.family;
	memset(to, 0, sizeof *to);
	to->path.local.addrlen = address_to_sockaddr(&local, &to->local);
	to->path.local.addr = (struct sockaddr *)&to->local;
	to->path.remote.addrlen = address_to_sockaddr(&path->remote, &to->remote);
	to->path.remote.addr = (struct sockaddr *)&to->remote;
}

void
path_from_ngtcp2(struct path *to, const ngtcp2_path *path)
{
	memset(to, 0, sizeof *to);
	if (path->local.addrlen > 0)
		address_from_sockaddr(&to->local, path->local.addr);
	if (path->remote.addrlen > 0)
		address_from_sockaddr(&to->remote, path->remote.addr);
}

bool
path_usable(const struct path *path)
{
	const struct address *remote = &path->remote;

	if (remote->family != 4 && remote->family != 6)
		return false;
	if (path->local.family != 0 && path->local.family != remote->family)
		return false;
	return remote->port != 0 && !address_is_any(remote);
}

void
path_net(uint8_t to[static PATH_NET_LEN], const struct address *a)
{
	memset(to, 0, PATH_NET_LEN);
	if (address_is_loopback(a))
		return;
	to[0] = a->family;
	memcpy(to + 1, a->ip, a->family == 4 ? 3 : 8);
}
