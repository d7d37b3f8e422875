/* SPDX-License-Identifier: MIT */
#ifndef IO_CONTROL_CLIENT_H
#define IO_CONTROL_CLIENT_H

#include <stddef.h>
#include <stdint.h>

/* The other end of a control socket, for the command line: one request, one answer, a
 * deadline. */

/*
 * *answer is one line without newline, from malloc. `request` has no newline.
 * ERR_REFUSED: nobody listens there; ERR_TIMEOUT: no answer within wait_ns; ERR_CLOSED,
 * ERR_LIMIT, ERR_SYSTEM.
 */
int control_client_request(
	const char *path, const char *request, uint64_t wait_ns, char **answer);

/* Whether somebody listens there: ERR_OK, ERR_REFUSED, or as above. Asks nothing. */
int control_client_probe(const char *path);

/* Names (without ".sock") of the sockets in the runtime directory, sorted. */
struct control_client_list {
	char **names;
	size_t count;
};
int control_client_list(struct control_client_list *l, const char *runtime_dir);
void control_client_list_fini(struct control_client_list *l);

#endif
