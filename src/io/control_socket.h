/* SPDX-License-Identifier: MIT */
#ifndef IO_CONTROL_SOCKET_H
#define IO_CONTROL_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

/*
 * The control socket of a running node or console: `<runtime dir>/<name>.sock`, 0600, for
 * the same user and root (SO_PEERCRED). One request on a line, one answer on a line. A
 * client has one request under way; when there are too many clients the one that was
 * silent longest is hung up.
 *
 * A request may begin a stream instead: lines come as there are any, until either side
 * closes. A follower has one piece under way and no queue: what it is slow to read stays
 * where it comes from, and what is dropped there the next piece says.
 */
struct control_socket;

#define CONTROL_SOCKET_WHY_CAP 400

/* The text of one answer without newline, from malloc; never NULL. */
typedef char *control_socket_answer(void *ctx, const char *line, size_t len);

/*
 * A stale socket of that name is replaced. NULL: *err is ERR_BUSY (somebody answers
 * there), ERR_LIMIT (path too long), ERR_SYSTEM, and `why` says more.
 */
struct control_socket *control_socket_open(uv_loop_t *loop, const char *runtime_dir,
	const char *name, control_socket_answer *answer, void *ctx, int *err,
	char why[static CONTROL_SOCKET_WHY_CAP]);
/*
 * Removes the socket at once; the memory goes with the loop's next turns. Accepts NULL.
 */
void control_socket_close(struct control_socket *s);

struct control_socket_stream {
	/* Whether this request begins a stream, and from where. */
	bool (*begins)(void *ctx, const char *line, size_t len, uint64_t *cursor);
	/* Lines after the cursor, no newline at the end, from malloc; NULL: none. */
	char *(*next)(void *ctx, uint64_t *cursor);
	void *ctx;
};
/* At most CONTROL_STREAMS_MAX at once; further ones are answered as requests are. */
void control_socket_set_stream(
	struct control_socket *s, const struct control_socket_stream *stream);
/* There may be something new to tell. Accepts NULL. */
void control_socket_poke(struct control_socket *s);

/*
 * Requests that are answered later: `begins` says that it took this one. An answer may
 * come before it returns. `gone`: nobody waits for the answer any more.
 */
struct control_socket_later {
	bool (*begins)(void *ctx, const char *line, size_t len, uint64_t ticket);
	void (*gone)(void *ctx, uint64_t ticket);
	void *ctx;
};
void control_socket_set_later(
	struct control_socket *s, const struct control_socket_later *later);
/* Takes the text over; nobody waits for this ticket: it is freed. Accepts NULL. */
void control_socket_later_answer(struct control_socket *s, uint64_t ticket, char *text);

/* What it listens at; the socket's own. */
int control_socket_fd(const struct control_socket *s);
const char *control_socket_path(const struct control_socket *s);

struct control_socket_stats {
	uint64_t accepted, answered, refused_user, refused_long, evicted;
	size_t clients, streams; /* now */
};
void control_socket_stats(
	const struct control_socket *s, struct control_socket_stats *out);

/* `<runtime dir>/<name>.sock`, the name cut where sun_path is too short. ERR_LIMIT. */
int control_socket_path_of(
	char *to, size_t cap, const char *runtime_dir, const char *name);

#endif
