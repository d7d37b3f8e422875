/* SPDX-License-Identifier: MIT */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdint.h>

/*
 * Log lines on standard error, as text or JSON. Each call site is limited to LOG_BURST
 * lines in LOG_WINDOW; what is held back is said with the next line that passes:
 * "(suppressed 41)". A reader that does not read loses lines instead of holding us; the
 * next line says how many: "(lost 12)". Nothing is logged for each packet. The sink is
 * one of two allowed writable globals.
 */
enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_TRACE };
enum log_format { LOG_TEXT, LOG_JSON };

#define LOG_BURST 5
#define LOG_WINDOW SECONDS(10)

/* One for each call site, static inside the macros below. */
struct log_site {
	uint64_t window_ns;
	unsigned count;
	uint64_t suppressed;
};

/*
 * fd is not owned. clock gives monotonic ns and may be NULL (then lines have no limit).
 */
void log_open(
	int fd, enum log_level level, enum log_format format, uint64_t (*clock)(void));
/* Prefix for each line, the node's name; copied; NULL for none. */
void log_name(const char *name);
int log_level_parse(const char *text, enum log_level *level);	/* ERR_UNKNOWN */

void log_write(struct log_site *site, enum log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define LOG_AT(level, ...) \
	do { \
		static struct log_site log_site_; \
		log_write(&log_site_, level, __VA_ARGS__); \
	} while (0)
#define log_error(...) LOG_AT(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) LOG_AT(LOG_WARN, __VA_ARGS__)
#define log_info(...) LOG_AT(LOG_INFO, __VA_ARGS__)
#define log_debug(...) LOG_AT(LOG_DEBUG, __VA_ARGS__)

#endif
