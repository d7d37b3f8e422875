/* SPDX-License-Identifier: MIT */
#include "io/paths.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"

static const char *
environment(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] == '/' ? value : NULL;
}

/* systemd gives several directories as a:b; the first is ours. */
static int
first_of_list(char *to, size_t cap, const char *list)
{
	size_t len = strcspn(list, ":");

	if (len >= cap)
		return ERR_LIMIT;
	memcpy(to, list, len);
	to[len] = '\0';
	return ERR_OK;
}

int
paths_runtime_dir(char *to, size_t cap, char why[static PATHS_WHY_CAP])
{
	const char *listed = environment("RUNTIME_DIRECTORY");
	const char *xdg = environment("XDG_RUNTIME_DIR");
	struct stat st;
	int len;

	why[0] = '\0';
	if (listed != NULL)
		len = first_of_list(to, cap, listed) == ERR_OK ? 0 : (int)cap;
	else if (xdg != NULL)
		len = snprintf(to, cap, "%s/meshtui", xdg);
	else
		len = snprintf(to, cap, "/tmp/meshtui-%u", (unsigned)getuid());
	if (len < 0 || (size_t)len >= cap) {
		snprintf(why, PATHS_WHY_CAP,
			"the path of the runtime directory is too long; set "
			"RUNTIME_DIRECTORY to a short one");
		return ERR_LIMIT;
	}
	if (mkdir(to, 0700) != 0 && errno != EEXIST) {
		snprintf(why, PATHS_WHY_CAP,
			"cannot make the runtime directory %.200s: %s; set "
			"RUNTIME_DIRECTORY to a directory of your own",
			to, strerror(errno));
		return ERR_SYSTEM;
	}
	/* lstat: in /tmp another user could have put a link there first. */
	if (lstat(to, &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != getuid()) {
		snprintf(why, PATHS_WHY_CAP,
			"the runtime directory %.200s is not a directory of "
			"yours; set RUNTIME_DIRECTORY to one",
			to);
		return ERR_PERMISSION;
	}
	if (st.st_mode & 022) {
		snprintf(why, PATHS_WHY_CAP,
			"others can write to the runtime directory %.120s; "
			"run: chmod 700 %.120s",
			to, to);
		return ERR_PERMISSION;
	}
	return ERR_OK;
}

static const char *
home(void)
{
	const char *value = environment("HOME");
	const struct passwd *pw;

	if (value != NULL)
		return value;
	pw = getpwuid(getuid());
	return pw != NULL && pw->pw_dir != NULL && pw->pw_dir[0] == '/' ? pw->pw_dir
									: NULL;
}

int
paths_data_dir(char *to, size_t cap, const char *given, const char *mesh,
	const char *type, char why[static PATHS_WHY_CAP])
{
	const char *listed = environment("STATE_DIRECTORY");
	const char *xdg = environment("XDG_STATE_HOME");
	int len;

	why[0] = '\0';
	if (given != NULL)
		len = snprintf(to, cap, "%s", given);
	else if (listed != NULL)
		len = first_of_list(to, cap, listed) == ERR_OK ? 0 : (int)cap;
	else if (xdg != NULL)
		len = snprintf(to, cap, "%s/meshtui/%s.%s", xdg, mesh, type);
	else if (home() != NULL)
		len = snprintf(
			to, cap, "%s/.local/state/meshtui/%s.%s", home(), mesh, type);
	else {
		snprintf(why, PATHS_WHY_CAP,
			"no home directory to keep the node's key in; name "
			"a directory with --data-dir");
		return ERR_UNKNOWN;
	}
	if (len < 0 || (size_t)len >= cap) {
		snprintf(why, PATHS_WHY_CAP,
			"the path of the data directory is longer than %zu "
			"bytes; name a shorter one with --data-dir",
			cap - 1);
		return ERR_LIMIT;
	}
	return ERR_OK;
}

/* Order of advertising: what others can reach before what only this machine can. */
static int
rank(const struct address *a)
{
	return address_is_loopback(a) ? 1 : 0;
}

static bool
is_usable(const struct ifaddrs *i, const struct address *bound, struct address *a)
{
	if (i->ifa_addr == NULL || !(i->ifa_flags & IFF_UP) ||
		address_from_sockaddr(a, i->ifa_addr) != ERR_OK ||
		a->family != bound->family)
		return false;
	a->port = bound->port;
	/* Link-local addresses mean nothing without the interface they belong to. */
	if (a->family == 6 && a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0x80)
		return false;
	return !(a->family == 4 && a->ip[0] == 169 && a->ip[1] == 254);
}

size_t
paths_advertised(const struct address *bound, struct address *to, size_t cap)
{
	struct ifaddrs *list;
	size_t count = 0;

	if (cap == 0 || bound->family == 0)
		return 0;
	if (!address_is_any(bound)) {
		to[0] = *bound;
		return 1;
	}
	if (getifaddrs(&list) != 0)
		return 0;
	for (int r = 0; r <= 1; r++) {
		for (const struct ifaddrs *i = list; i != NULL; i = i->ifa_next) {
			struct address a;

			if (!is_usable(i, bound, &a) || rank(&a) != r)
				continue;
			/* Loopback always gets a place: peers on this machine may know no
			 * other. */
			if (r == 1 && count == cap)
				count--;
			if (count < cap)
				to[count++] = a;
		}
	}
	freeifaddrs(list);
	return count;
}
