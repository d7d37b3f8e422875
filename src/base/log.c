/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/wall.h"

#define MESSAGE_CAP 1024
#define LINE_LEN_MAX 4096 /* see has_room; JSON doubles a message at most */

static const char *const levels[] = {"error", "warn", "info", "debug", "trace"};

/* Before log_open only what is wrong is said, on standard error and as text. */
static struct {
	int fd;
	enum log_level level;
	enum log_format format;
	uint64_t (*clock)(void);
	char name[NAME_LEN_MAX + 1];
	uint64_t lost; /* lines that the reader had no room for */
} sink = {.fd = STDERR_FILENO, .level = LOG_WARN};

void
log_open(int fd, enum log_level level, enum log_format format, uint64_t (*clock)(void))
{
	sink.fd = fd;
	sink.level = level;
	sink.format = format;
	sink.clock = clock;
	sink.lost = 0;
}

void
log_name(const char *name)
{
	text_printable(
		sink.name, sizeof sink.name, name ? name : "", name ? strlen(name) : 0);
}

int
log_level_parse(const char *text, enum log_level *level)
{
	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
		if (strcmp(text, levels[i]) == 0) {
			*level = (enum log_level)i;
			return 0;
		}
	}
	return ERR_UNKNOWN;
}

/* Whether the line may pass; then *held is what was kept back since the last one. */
static int
passes(struct log_site *site, uint64_t *held)
{
	uint64_t now_ns;

	*held = 0;
	if (!site || !sink.clock)
		return 1;
	now_ns = sink.clock();
	if (site->count == 0 || now_ns - site->window_ns >= LOG_WINDOW) {
		site->window_ns = now_ns;
		site->count = 0;
	}
	if (site->count >= LOG_BURST) {
		site->suppressed++;
		return 0;
	}
	site->count++;
	*held = site->suppressed;
	site->suppressed = 0;
	return 1;
}

/* RFC 8259, 7. The text is printable already, so only these two need an escape. */
static void
put_json_text(struct buf *b, const char *text)
{
	buf_put_u8(b, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_put_u8(b, '\\');
		buf_put_u8(b, (uint8_t)*text);
	}
	buf_put_u8(b, '"');
}

/* The wall clock is for people and decides nothing here. */
static void
put_time(struct buf *b)
{
	uint64_t now_ms = wall_ms();
	time_t now = (time_t)(now_ms / 1000);
	struct tm tm;
	char text[32];

	gmtime_r(&now, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
	buf_format(b, "%s.%03uZ", text, (unsigned)(now_ms % 1000));
}

/*
 * A pipe that is writable takes 4096 bytes (PIPE_BUF) without waiting, and no line is
 * longer, so a reader that stands still loses lines and does not hold the node, which the
 * others would then accuse. An error is for write to find out.
 */
static bool
has_room(void)
{
	struct pollfd p = { .fd = sink.fd, .events = POLLOUT };

	return poll(&p, 1, 0) != 0;
}

static void
put_text(struct buf *b, enum log_level level, const char *message, uint64_t held)
{
	put_time(b);
	buf_format(b, " %s ", levels[level]);
	if (sink.name[0])
		buf_format(b, "%s: ", sink.name);
	buf_format(b, "%s", message);
	if (held > 0)
		buf_format(b, " (suppressed %" PRIu64 ")", held);
	if (sink.lost > 0)
		buf_format(b, " (lost %" PRIu64 ")", sink.lost);
	buf_put_u8(b, '\n');
}

static void
put_json(struct buf *b, enum log_level level, const char *message, uint64_t held)
{
	buf_format(b, "{\"time\":\"");
	put_time(b);
	buf_format(b, "\",\"level\":\"%s\"", levels[level]);
	if (sink.name[0]) {
		buf_format(b, ",\"name\":");
		put_json_text(b, sink.name);
	}
	buf_format(b, ",\"message\":");
	put_json_text(b, message);
	if (held > 0)
		buf_format(b, ",\"suppressed\":%" PRIu64, held);
	if (sink.lost > 0)
		buf_format(b, ",\"lost\":%" PRIu64, sink.lost);
	buf_format(b, "}\n");
}

void
log_write(struct log_site *site, enum log_level level, const char *format, ...)
{
	char raw[MESSAGE_CAP], message[MESSAGE_CAP];
	struct buf line;
	va_list args;
	uint64_t held;

	if (level > sink.level || sink.fd < 0 || !passes(site, &held))
		return;
	if (!has_room()) {
		sink.lost += 1 + held;
		return;
	}
	va_start(args, format);
	vsnprintf(raw, sizeof raw, format, args);
	va_end(args);
	/* A message may quote a peer; nothing of that reaches a terminal unfiltered. */
	text_printable(message, sizeof message, raw, strlen(raw));
	buf_init(&line, LINE_LEN_MAX);
	if (sink.format == LOG_JSON)
		put_json(&line, level, message, held);
	else
		put_text(&line, level, message, held);
	/* One write for each line; a reader who went away must not stop a node. */
	if (!line.failed && write(sink.fd, line.data, line.len) < 0) {
		/* Nowhere is left to say so. */
	}
	sink.lost = 0;
	buf_fini(&line);
}
