/* SPDX-License-Identifier: MIT */
#ifndef IO_CONTROL_CLIENT_H
#define IO_CONTROL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The other end of a control socket, for the command line: one request and one answer
 * with a deadline, or a stream of lines. */

/*
 * *answer is one line without newline, from malloc. `request` has no newline.
 * ERR_REFUSED: nobody listens there; ERR_TIMEOUT: no answer within wait_ns; ERR_CLOSED,
 * ERR_LIMIT, ERR_SYSTEM.
 */
int control_client_request(
	const char *path, const char *request, uint64_t wait_ns, char **answer);

/*
 * Sends a request that begins a stream and gives each line to `line`, until it returns
 * false (ERR_OK), `stop` becomes readable or broken (ERR_OK), or the other side closes
 * (ERR_CLOSED). `stops` are up to 4 descriptors; -1 is none. ERR_LIMIT: a line that is
 * too long. Errors of control_client_request as well.
 */
struct control_client_stream {
	bool (*line)(void *ctx, const char *text, size_t len);
	/* Nothing came in wait_ns; told once, and it is waited on. May be NULL. */
	void (*silent)(void *ctx);
	void *ctx;
	const int *stops;
	size_t stop_count;
};
int control_client_follow(const char *path, const char *request, uint64_t wait_ns,
	const struct control_client_stream *stream);

/* Whether somebody listens there: ERR_OK, ERR_REFUSED, or as above. Asks nothing. */
int control_client_probe(const char *path);

/*
 * Removes the socket file that a killed process left behind, when nobody listens there.
 * Not a young one: between its bind and its listen a node refuses too.
 */
void control_client_remove_stale(const char *path);

/*
 * Names (without ".sock") of the sockets in the runtime directory, sorted; at most
 * CONTROL_SOCKETS_MAX, and when there are more, only those where somebody listens.
 */
struct control_client_list {
	char **names;
	size_t count;
};
int control_client_list(struct control_client_list *l, const char *runtime_dir);
void control_client_list_fini(struct control_client_list *l);

#endif
