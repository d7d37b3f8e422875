/* SPDX-License-Identifier: MIT */
#include "quic/event.h"

static const char *const alpn_texts[ALPN_COUNT] = {
	[ALPN_MESHTUI] = "meshtui/1",
	[ALPN_GOSSIP] = "/iroh-gossip/1",
};

static const char *const end_texts[END_REASONS] = {
	[END_GRACEFUL] = "graceful",
	[END_IDLE] = "idle",
	[END_REFUSED] = "refused",
	[END_RESET] = "reset",
	[END_SUPERSEDED] = "superseded",
	[END_PROTOCOL] = "protocol",
	[END_LIMIT] = "limit",
	[END_HANDSHAKE_TIMEOUT] = "handshake-timeout",
	[END_KEY_MISMATCH] = "key-mismatch",
	[END_NOT_ADMITTED] = "not-admitted",
	[END_STALLED] = "stalled",
};

const char *
quic_alpn_text(enum quic_alpn alpn)
{
	return (unsigned)alpn < ALPN_COUNT ? alpn_texts[alpn] : "unknown";
}

const char *
quic_end_text(enum quic_end end)
{
	return (unsigned)end < END_REASONS ? end_texts[end] : "unknown";
}
