/* SPDX-License-Identifier: MIT */
#ifndef TUI_PROMPT_H
#define TUI_PROMPT_H

#include "tui/canvas.h"
#include "tui/keymap.h"

#include "base/limits.h"

/*
 * A question to the person: yes or no, or some lines to fill in. One is open at a
 * time.
 */
#define PROMPT_TEXT_CAP (LABEL_LEN_MAX + 1)
#define PROMPT_QUESTION_CAP 400
#define PROMPT_FIELDS_MAX 5

enum prompt_kind { PROMPT_NONE, PROMPT_CONFIRM, PROMPT_FORM, PROMPT_LINE };

struct prompt_field {
	const char *label;
	char text[PROMPT_TEXT_CAP];
	bool preset;	/* not touched yet: what is typed replaces it */
};

struct prompt {
	enum prompt_kind kind;
	unsigned purpose;		/* the opener's word for what it asks */
	char question[PROMPT_QUESTION_CAP];
	struct prompt_field fields[PROMPT_FIELDS_MAX];
	size_t field_count, at;
	char error[80];			/* why the last Enter was not taken, or "" */
	/* NULL, or says what is wrong with a field's text; NULL when it is fine. */
	const char *(*check)(const char *text);
};

enum prompt_result { PROMPT_OPEN, PROMPT_DONE, PROMPT_CANCELED };

void prompt_confirm(struct prompt *p, unsigned purpose, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* A box with fields; first the question, then prompt_field for each. */
void prompt_form(struct prompt *p, unsigned purpose, const char *question);
void prompt_field(struct prompt *p, const char *label, const char *text);
/* One field in the status line, for a filter that acts while it is typed. */
void prompt_line(struct prompt *p, unsigned purpose, const char *label, const char *text);
void prompt_close(struct prompt *p);
/* A form that was DONE is open again, with what is wrong with this field. */
void prompt_again(struct prompt *p, size_t field, const char *error);

/*
 * DONE and CANCELED leave the fields as they are, for the opener to read, and close it.
 */
enum prompt_result prompt_key(struct prompt *p, uint32_t key);

/* A box in the middle of the canvas; PROMPT_LINE draws into line 0 of it. */
void prompt_draw(const struct prompt *p, struct canvas *c);

#endif
