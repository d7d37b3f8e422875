/* SPDX-License-Identifier: MIT */
#include "tui/ask_fault.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"

void
ask_fault_open(struct ask_fault *a, struct prompt *p, unsigned purpose,
	enum primitive primitive, const struct model *m, const struct peer_id *selected)
{
	a->primitive = primitive;
	wish_form(p, purpose, primitive, m, selected);
}

void
ask_fault_form(struct ask_fault *a, struct prompt *p, unsigned sure,
	const struct model *m)
{
	char why[WISH_WHY_CAP], text[PROMPT_QUESTION_CAP - 60];
	struct guards_margin margin = { 0 };
	size_t field;

	if (wish_read(&a->wish, p, a->primitive, m, &field, why) != ERR_OK) {
		prompt_again(p, field, why);
		return;
	}
	if (wish_allowed(&a->wish, m, &margin, why) != ERR_OK) {
		prompt_again(p, 0, why);
		return;
	}
	wish_text(text, sizeof(text), &a->wish, m, &margin);
	if (!catalog_at(a->primitive)->severe) {
		prompt_confirm(p, sure, "%s Begin?", text);
		return;
	}
	prompt_form(p, sure, "");
	snprintf(p->question, sizeof(p->question), "%s Type %s to go on.", text,
		catalog_at(a->primitive)->name);
	prompt_field(p, "name", "");
}

bool
ask_fault_sure(struct ask_fault *a, struct prompt *p)
{
	if (p->field_count == 0 ||
		strcmp(p->fields[0].text, catalog_at(a->primitive)->name) == 0)
		return true;
	prompt_again(p, 0, "that is not its name; Esc cancels");
	return false;
}
