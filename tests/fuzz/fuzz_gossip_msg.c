/* SPDX-License-Identifier: MIT */
/* A gossip message, and the same bytes as an AddrInfo. What decodes survives a round
 * trip. */
#include <assert.h>
#include <string.h>

#include "wire/gossip_msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
addr_info(struct view in)
{
	struct address list[GOSSIP_PEER_ADDRESSES_MAX], back[GOSSIP_PEER_ADDRESSES_MAX];
	size_t count, again;
	struct buf b;

	if (gossip_addr_info_decode(in, list, GOSSIP_PEER_ADDRESSES_MAX, &count) < 0) {
		assert(count == 0);
		return;
	}
	assert(count <= GOSSIP_PEER_ADDRESSES_MAX);
	buf_init(&b, GOSSIP_PEER_DATA_LEN_MAX);
	gossip_addr_info_encode(&b, list, count);
	assert(!b.failed);
	assert(gossip_addr_info_decode((struct view){b.data, b.len}, back,
		       GOSSIP_PEER_ADDRESSES_MAX, &again) == 0);
	assert(again == count);
	for (size_t i = 1; i < again; i++)
		assert(address_compare(&back[i - 1], &back[i]) <= 0);
	buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct gossip_msg m, again;
	struct buf once, twice;

	addr_info((struct view){bytes, len});
	if (len > GOSSIP_MESSAGE_LEN ||
		gossip_msg_decode(&m, (struct view){bytes, len}) < 0)
		return 0;
	buf_init(&once, GOSSIP_MESSAGE_LEN);
	buf_init(&twice, GOSSIP_MESSAGE_LEN);
	gossip_msg_encode(&once, &m);
	assert(!once.failed && once.len <= len);
	assert(gossip_msg_decode(&again, (struct view){once.data, once.len}) == 0);
	assert(again.kind == m.kind);
	gossip_msg_encode(&twice, &again);
	assert(twice.len == once.len && memcmp(twice.data, once.data, once.len) == 0);
	buf_fini(&once);
	buf_fini(&twice);
	return 0;
}
