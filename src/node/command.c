/* SPDX-License-Identifier: MIT */
#include "node/command.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "node/faulting.h"
#include "node/requests.h"
#include "node/state.h"
#include "wire/postcard.h"

bool
command_is_operator(const struct node *n, const struct peer_id *peer)
{
	for (size_t i = 0; i < n->config.operator_count; i++)
		if (id_equal(&n->config.operators[i], peer))
			return true;
	return false;
}

/* An event for each stranger, not for each of its tries. */
static void
tell_refused(struct node *n, const struct peer_id *peer)
{
	struct node_event *ev;

	n->commands_refused++;
	for (size_t i = 0; i < OPERATORS_MAX; i++)
		if (id_equal(&n->strangers[i], peer))
			return;
	n->strangers[n->stranger_next++ % OPERATORS_MAX] = *peer;
	ev = node_push(n, NODE_EVENT_REFUSED, peer);
	snprintf(ev->text, sizeof(ev->text),
		"COMMAND refused: who asks is not an operator of this node");
}

static void
answer(struct node *n, struct serving *s, const struct fault_status *status,
	uint64_t now_ns)
{
	struct buf b;

	buf_init(&b, COMMAND_LEN_MAX);
	buf_put_u8(&b, (uint8_t)-status->result);
	postcard_put_text(&b, status->why);
	fault_status_put(&b, status);
	if (b.failed || serve_answer(n, s, b.data, b.len, true, now_ns) != ERR_OK)
		serve_refuse(n, s, "slow to read", now_ns);
	buf_fini(&b);
}

void
command_serve(struct node *n, struct serving *s, struct view body, uint64_t now_ns)
{
	struct fault_status *status = mem_array(1, sizeof(*status));
	struct fault_order *o = mem_array(1, sizeof(*o));
	int err;

	if (!command_is_operator(n, &s->peer)) {
		char id[ID_HEX_CAP];

		tell_refused(n, &s->peer);
		status->result = ERR_PERMISSION;
		snprintf(status->why, sizeof(status->why),
			"not an operator here; start the node with --operator %s",
			id_hex(id, &s->peer));
	} else if ((err = fault_order_read(&body, o)) != ERR_OK) {
		n->commands_refused++;
		status->result = err;
		snprintf(status->why, sizeof(status->why), "%s",
			err == ERR_UNKNOWN ? "this node knows no such order"
					   : "the order can't be read");
	} else {
		node_fault(n, o, FAULT_BY_COMMAND, now_ns, status);
	}
	answer(n, s, status, now_ns);
	free(o);
	free(status);
}

int
command_ask(struct node *n, const struct peer_id *peer, const struct address *at,
	const struct fault_order *o, uint64_t cookie, uint64_t now_ns, uint64_t *number)
{
	struct request_spec spec = { .peer = *peer, .tag = FRAME_COMMAND,
		.cookie = cookie };
	struct buf b;
	int err;

	if (at != NULL && book_find(&n->book, peer) == NULL)
		book_learn(&n->book, peer, at, 1);
	buf_init(&b, COMMAND_LEN_MAX);
	fault_order_put(&b, o);
	spec.payload = b.data;
	spec.len = b.len;
	err = b.failed ? b.failed : requests_ask(n, &spec, now_ns, number);
	buf_fini(&b);
	return err;
}

int
command_result(struct view bytes, struct fault_status *s)
{
	char why[FAULT_WHY_CAP];
	uint8_t result;
	int err = postcard_u8(&bytes, &result);

	if (err == ERR_OK)
		err = postcard_text(&bytes, why, sizeof(why));
	if (err == ERR_OK)
		err = fault_status_read(&bytes, s);
	return err != ERR_OK || s->result != -(int)result ? ERR_MALFORMED : ERR_OK;
}
