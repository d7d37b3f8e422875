/* SPDX-License-Identifier: MIT */
#include "tui/prompt.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
prompt_confirm(struct prompt *p, unsigned purpose, const char *format, ...)
{
	va_list args;

	*p = (struct prompt){ .kind = PROMPT_CONFIRM, .purpose = purpose };
	va_start(args, format);
	vsnprintf(p->question, sizeof(p->question), format, args);
	va_end(args);
}

void
prompt_form(struct prompt *p, unsigned purpose, const char *question)
{
	*p = (struct prompt){ .kind = PROMPT_FORM, .purpose = purpose };
	snprintf(p->question, sizeof(p->question), "%s", question);
}

void
prompt_field(struct prompt *p, const char *label, const char *text)
{
	struct prompt_field *f = &p->fields[p->field_count];

	assert(p->field_count < sizeof(p->fields) / sizeof(p->fields[0]));
	f->label = label;
	snprintf(f->text, sizeof(f->text), "%s", text);
	f->preset = p->kind == PROMPT_FORM && text[0] != '\0';
	p->field_count++;
}

void
prompt_line(struct prompt *p, unsigned purpose, const char *label, const char *text)
{
	*p = (struct prompt){ .kind = PROMPT_LINE, .purpose = purpose };
	prompt_field(p, label, text);
}

void
prompt_close(struct prompt *p)
{
	p->kind = PROMPT_NONE;
}

void
prompt_again(struct prompt *p, size_t field, const char *error)
{
	p->kind = PROMPT_FORM;
	p->at = field;
	snprintf(p->error, sizeof(p->error), "%s", error);
}

static enum prompt_result
end(struct prompt *p, enum prompt_result result)
{
	prompt_close(p);
	return result;
}

static enum prompt_result
confirm_key(struct prompt *p, uint32_t key)
{
	/* Enter is no yes: it may be left over from what was typed before. */
	if (key == 'y' || key == 'Y')
		return end(p, PROMPT_DONE);
	if (key == 'n' || key == 'N' || key == 'q' || key == K_ESC || key == K_CTRL_C)
		return end(p, PROMPT_CANCELED);
	return PROMPT_OPEN;
}

static void
edit(struct prompt_field *f, uint32_t key)
{
	size_t len = strlen(f->text);

	if (key == K_CTRL_U)
		f->text[0] = '\0';
	else if (key == K_BACKSPACE && len > 0)
		f->text[len - 1] = '\0';
	else if (key >= 0x20 && key < 0x7f && (f->preset || len + 1 < sizeof(f->text))) {
		if (f->preset)
			len = 0;
		f->text[len] = (char)key;
		f->text[len + 1] = '\0';
	}
	f->preset = false;
}

/* The first field that is wrong gets the cursor and its reason. */
static bool
is_complete(struct prompt *p)
{
	for (size_t i = 0; p->check && i < p->field_count; i++) {
		const char *wrong = p->check(p->fields[i].text);

		if (wrong) {
			p->at = i;
			snprintf(p->error, sizeof(p->error), "%s: %s", p->fields[i].label,
				wrong);
			return false;
		}
	}
	return true;
}

enum prompt_result
prompt_key(struct prompt *p, uint32_t key)
{
	if (p->kind == PROMPT_CONFIRM)
		return confirm_key(p, key);
	switch (key) {
	case K_ESC:
	case K_CTRL_C:
		return end(p, PROMPT_CANCELED);
	case K_ENTER:
		return is_complete(p) ? end(p, PROMPT_DONE) : PROMPT_OPEN;
	case K_TAB:
	case K_DOWN:
		p->at = (p->at + 1) % p->field_count;
		return PROMPT_OPEN;
	case K_UP:
	case K_BACKTAB:
		p->at = (p->at + p->field_count - 1) % p->field_count;
		return PROMPT_OPEN;
	default:
		p->error[0] = '\0';
		edit(&p->fields[p->at], key);
		return PROMPT_OPEN;
	}
}

static void
draw_field(const struct prompt *p, size_t i, struct canvas *c, int x, int y, int width)
{
	const struct prompt_field *f = &p->fields[i];
	int label =
		canvas_text(c, x, y, i == p->at ? STYLE_TITLE : STYLE_DIM, f->label) + 1;
	int room = x + width - label - 1;
	size_t len = strlen(f->text);
	/* The end of a text that is too long, because that is where one types. */
	const char *shown =
		room > 0 && len > (size_t)room ? f->text + len - (size_t)room : f->text;
	int end_x = canvas_text(c, label, y, STYLE_STRONG, shown);

	if (i == p->at)
		canvas_put(c, end_x, y, ' ', STYLE_CURSOR);
}

/* What of a form is shown; on a low screen not all of it. */
struct box {
	int height, lines, gap;		/* of the question; before the fields */
	int first, fields;		/* the field that has the cursor is among them */
};

static struct box
fit(const struct prompt *p, int lines, int height_max)
{
	int fields = (int)p->field_count, over;
	struct box b = { .lines = lines, .gap = fields > 0, .fields = fields };

	/* Two borders, a line for what is wrong and one for the keys. */
	over = lines + fields + b.gap + 4 - height_max;
	if (over > 0 && b.gap > 0)
		over -= b.gap--;
	if (over > 0 && lines > 1) {
		b.lines = lines - over > 1 ? lines - over : 1;
		over -= lines - b.lines;
	}
	if (over > 0 && fields > 1) {
		b.fields = fields - over > 1 ? fields - over : 1;
		b.first = (int)p->at >= b.fields ? (int)p->at - b.fields + 1 : 0;
	}
	b.height = b.lines + b.gap + b.fields + 4;
	return b;
}

void
prompt_draw(const struct prompt *p, struct canvas *c)
{
	static const char *const hints[] = {
		[PROMPT_CONFIRM] = "y yes   n no",
		[PROMPT_FORM] = "Enter go on   Tab next   Esc cancel",
	};
	int width = c->width - 4 < 56 ? c->width - 4 : 56;
	struct canvas question;
	struct box box;
	int x, y;

	if (p->kind == PROMPT_LINE) {
		canvas_fill(c, 0, 0, c->width, 1, ' ', STYLE_TEXT);
		draw_field(p, 0, c, 1, 0, c->width - 2);
		return;
	}
	box = fit(p, canvas_wrap(NULL, 0, 0, width - 4, STYLE_STRONG, p->question),
		c->height);
	x = (c->width - width) / 2;
	y = (c->height - box.height) / 2;
	canvas_fill(c, x, y, width, box.height, ' ', STYLE_TEXT);
	canvas_box(c, x, y, width, box.height, STYLE_TITLE);
	question = canvas_window(c, x + 2, y + 1, width - 4, box.lines);
	canvas_wrap(&question, 0, 0, width - 4, STYLE_STRONG, p->question);
	y += 1 + box.lines + box.gap;
	for (int i = 0; i < box.fields; i++)
		draw_field(p, (size_t)(box.first + i), c, x + 2, y++, width - 4);
	if (p->error[0] != '\0')
		canvas_cut(c, x + 2, y, width - 4, STYLE_ERROR, p->error);
	canvas_cut(c, x + 2, y + 1, width - 4, STYLE_DIM, hints[p->kind]);
}
