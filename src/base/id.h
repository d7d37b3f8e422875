/* SPDX-License-Identifier: MIT */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* 32 bytes that name something: a node (its Ed25519 public key), a topic, a message. */
struct peer_id {
	uint8_t bytes[32];
};

bool id_equal(const struct peer_id *a, const struct peer_id *b);
int id_compare(const struct peer_id *a, const struct peer_id *b);	/* as memcmp */
bool id_is_zero(const struct peer_id *a);
#define ID_HEX_CAP 65
char *id_hex(char to[static ID_HEX_CAP], const struct peer_id *id);
int id_parse(struct peer_id *id, const char *hex);	/* 64 hex digits; ERR_MALFORMED */

/*
 * A UDP address. family 0 means none; ip holds 4 or 16 bytes in network order, port is
 * host order.
 */
struct address {
	uint8_t family;		/* 0, 4 or 6 */
	uint8_t ip[16];
	uint16_t port;
};

bool address_equal(const struct address *a, const struct address *b);
int address_compare(
	const struct address *a, const struct address *b); /* 4 before 6, ip, port */
bool address_is_loopback(const struct address *a);	/* 127.0.0.0/8, ::1 */
bool address_is_any(const struct address *a);		/* 0.0.0.0, :: */
/* "127.0.0.1:4000" or "[::1]:4000". Numeric only, port 0 to 65535. ERR_MALFORMED. */
int address_parse(struct address *a, const char *text);
#define ADDRESS_TEXT_CAP 56
char *address_format(char to[static ADDRESS_TEXT_CAP], const struct address *a);

socklen_t address_to_sockaddr(const struct address *a, struct sockaddr_storage *out);
/* ERR_ARGUMENT for another family. IPv4-mapped IPv6 becomes IPv4. */
int address_from_sockaddr(struct address *a, const struct sockaddr *in);

/* Where a packet comes from and goes to: two addresses (a relay and an id, later). */
struct path {
	struct address local, remote;
};

#endif
