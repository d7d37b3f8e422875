/* SPDX-License-Identifier: MIT */
#include "base/id.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/hex.h"
#include "base/text.h"

static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};
static const uint8_t loopback6[16] = {[15] = 1};
static const uint8_t any[16];

bool
id_equal(const struct peer_id *a, const struct peer_id *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

int
id_compare(const struct peer_id *a, const struct peer_id *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

bool
id_is_zero(const struct peer_id *a)
{
	static const struct peer_id zero;

	return id_equal(a, &zero);
}

char *
id_hex(char to[static ID_HEX_CAP], const struct peer_id *id)
{
	return hex_encode(to, id->bytes, sizeof id->bytes);
}

int
id_parse(struct peer_id *id, const char *hex)
{
	struct peer_id parsed;
	int err = hex_decode(parsed.bytes, sizeof parsed.bytes, hex);

	if (!err)
		*id = parsed;
	return err;
}

static size_t
ip_len(const struct address *a)
{
	return a->family == 4 ? 4 : a->family == 6 ? 16 : 0;
}

int
address_compare(const struct address *a, const struct address *b)
{
	int order;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	order = memcmp(a->ip, b->ip, ip_len(a));
	if (order != 0)
		return order;
	return (a->port > b->port) - (a->port < b->port);
}

bool
address_equal(const struct address *a, const struct address *b)
{
	return address_compare(a, b) == 0;
}

bool
address_is_loopback(const struct address *a)
{
	if (a->family == 4)
		return a->ip[0] == 127;
	return a->family == 6 && memcmp(a->ip, loopback6, sizeof loopback6) == 0;
}

bool
address_is_any(const struct address *a)
{
	return a->family != 0 && memcmp(a->ip, any, ip_len(a)) == 0;
}

/* One address has one form here: ::ffff:a.b.c.d is a.b.c.d (RFC 4291, 2.5.5.2). */
static void
set_ip6(struct address *a, const uint8_t ip[static 16])
{
	*a = (struct address){.family = 6, .port = a->port};
	if (memcmp(ip, mapped_prefix, sizeof mapped_prefix) == 0) {
		a->family = 4;
		memcpy(a->ip, ip + sizeof mapped_prefix, 4);
	} else {
		memcpy(a->ip, ip, 16);
	}
}

int
address_parse(struct address *a, const char *text)
{
	struct address parsed = {0};
	char host[INET6_ADDRSTRLEN];
	bool six = text[0] == '[';
	const char *begin = text + six;
	const char *end = strrchr(text, ':');
	uint8_t ip[16];
	uint64_t port;

	if (!end || (six && (end == begin || end[-1] != ']')))
		return ERR_MALFORMED;
	if (end - begin < six || (size_t)(end - begin) - six >= sizeof host)
		return ERR_MALFORMED;
	/* No leading zeros: one text for each address. */
	if (text_u64(end + 1, UINT16_MAX, &port) < 0 || (end[1] == '0' && end[2] != '\0'))
		return ERR_MALFORMED;
	memcpy(host, begin, (size_t)(end - begin) - six);
	host[(size_t)(end - begin) - six] = '\0';
	if (inet_pton(six ? AF_INET6 : AF_INET, host, ip) != 1)
		return ERR_MALFORMED;
	if (six) {
		set_ip6(&parsed, ip);
	} else {
		parsed.family = 4;
		memcpy(parsed.ip, ip, 4);
	}
	parsed.port = (uint16_t)port;
	*a = parsed;
	return 0;
}

char *
address_format(char to[static ADDRESS_TEXT_CAP], const struct address *a)
{
	char host[INET6_ADDRSTRLEN];

	if (a->family == 0) {
		snprintf(to, ADDRESS_TEXT_CAP, "none");
		return to;
	}
	inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->ip, host, sizeof host);
	snprintf(to, ADDRESS_TEXT_CAP, a->family == 4 ? "%s:%u" : "[%s]:%u", host,
		a->port);
	return to;
}

socklen_t
address_to_sockaddr(const struct address *a, struct sockaddr_storage *out)
{
	struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = htons(a->port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(a->port)};

	memset(out, 0, sizeof *out);
	if (a->family == 4) {
		memcpy(&in4.sin_addr, a->ip, 4);
		memcpy(out, &in4, sizeof in4);
		return sizeof in4;
	}
	if (a->family == 6) {
		memcpy(&in6.sin6_addr, a->ip, 16);
		memcpy(out, &in6, sizeof in6);
		return sizeof in6;
	}
	return 0;
}

int
address_from_sockaddr(struct address *a, const struct sockaddr *in)
{
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;

	if (in->sa_family == AF_INET) {
		memcpy(&in4, in, sizeof in4);
		*a = (struct address){.family = 4, .port = ntohs(in4.sin_port)};
		memcpy(a->ip, &in4.sin_addr, 4);
		return 0;
	}
	if (in->sa_family == AF_INET6) {
		memcpy(&in6, in, sizeof in6);
		a->port = ntohs(in6.sin6_port);
		set_ip6(a, in6.sin6_addr.s6_addr);
		return 0;
	}
	return ERR_ARGUMENT;
}
