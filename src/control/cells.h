/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_CELLS_H
#define CONTROL_CELLS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What stands in the tables of print.c: one function for each column, from a row of an
 * answer to printable text. Everything missing or of another type is "-" or 0.
 */
#define CELLS_CAP 160
#define CELLS_COLUMNS_MAX 10

struct cells_column {
	const char *title;
	void (*cell)(char to[static CELLS_CAP], const json_t *row);
	bool right;	/* numbers stand at the right */
};

/* The columns of the table that this answer holds, and its rows; NULL: it holds none. */
const struct cells_column *cells_columns(
	const json_t *answer, const json_t **rows, size_t *count);

void cells_text(char to[static CELLS_CAP], const char *text);	/* NULL, "": "-" */
void cells_field(char to[static CELLS_CAP], const json_t *row, const char *key);
uint64_t cells_number(const json_t *row, const char *key);
void cells_duration(char to[static CELLS_CAP], const json_t *row, const char *key);
void cells_cpu(char to[static CELLS_CAP], const json_t *row);
void cells_memory(char to[static CELLS_CAP], const json_t *row);
void cells_time(char to[static CELLS_CAP], const json_t *row);

#endif
