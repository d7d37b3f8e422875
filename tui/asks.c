/* SPDX-License-Identifier: MIT */
#include "tui/asks.h"

#include <stdio.h>

#include "base/text.h"
#include "tui/rows.h"

static const char *
check_label(const char *text)
{
	return text_is_label(text) ? NULL : "a to z, 0 to 9 and -, not first a -";
}

bool
asks_quit(struct asks *a, const struct model *m, struct console_command *out)
{
	size_t alive = model_children_alive(m);

	if (alive == 0) {
		out->kind = CONSOLE_QUIT;
		return true;
	}
	prompt_confirm(&a->prompt, ASK_QUIT,
		"%zu node%s started here will end with it. Quit?", alive,
		alive == 1 ? "" : "s");
	return false;
}

void
asks_spawn(struct asks *a, const struct model *m, const struct peer_id *selected)
{
	const char *mesh = m->mesh_count > 0 ? m->meshes[0].name : "mesh1";
	struct row row;

	if (rows_one(&row, m, selected))
		mesh = row.mesh->name;
	prompt_form(&a->prompt, ASK_SPAWN, "Start a node of your own");
	prompt_field(&a->prompt, "type", "broker");
	prompt_field(&a->prompt, "mesh", mesh);
	a->prompt.check = check_label;
}

bool
asks_stop(struct asks *a, const struct model *m, const struct peer_id *selected,
	char why[static ASKS_WHY_CAP])
{
	char name[NAME_LEN_MAX + 1];
	struct row row;

	if (!rows_one(&row, m, selected)) {
		snprintf(why, ASKS_WHY_CAP, "select a node first");
		return false;
	}
	directory_name(row.entry, name);
	if (!row.child || row.child->state == CHILD_ENDED) {
		snprintf(why, ASKS_WHY_CAP, "%s %s", name,
			row.child ? "has ended already" : "was not started here");
		return false;
	}
	a->stop_child = row.child->id;
	prompt_confirm(&a->prompt, ASK_STOP, "Stop %s (pid %d)?", name, row.child->pid);
	return true;
}

bool
asks_send(struct asks *a, const struct model *m, const struct peer_id *selected,
	char why[static ASKS_WHY_CAP])
{
	char short_name[NAME_LEN_MAX + 1], hex[ID_HEX_CAP];
	const struct digest *g;
	struct row row;

	if (!rows_one(&row, m, selected)) {
		snprintf(why, ASKS_WHY_CAP, "select a node first");
		return false;
	}
	g = &row.entry->digest;
	/* So many digits are of one node, however many there are. */
	snprintf(a->send_to, sizeof(a->send_to), "%s.%s.%.12s", g->mesh, g->type,
		id_hex(hex, &g->id));
	prompt_form(&a->prompt, ASK_SEND, "");
	snprintf(a->prompt.question, sizeof(a->prompt.question), "Send a message to %s",
		directory_name(row.entry, short_name));
	prompt_field(&a->prompt, "kind", "message");
	prompt_field(&a->prompt, "text", "hello");
	return true;
}

bool
asks_answer(struct asks *a, const struct model *m, struct console_command *out)
{
	switch ((enum asks_purpose)a->prompt.purpose) {
	case ASK_QUIT:
		out->kind = CONSOLE_QUIT;
		return true;
	case ASK_BOOTSTRAP:
		out->kind = CONSOLE_BOOTSTRAP;
		return true;
	case ASK_SPAWN:
		out->kind = CONSOLE_SPAWN;
		snprintf(out->type, sizeof(out->type), "%s", a->prompt.fields[0].text);
		snprintf(out->mesh, sizeof(out->mesh), "%s", a->prompt.fields[1].text);
		return true;
	case ASK_SEND:
		out->kind = CONSOLE_SEND;
		snprintf(out->to, sizeof(out->to), "%s", a->send_to);
		snprintf(out->type, sizeof(out->type), "%s", a->prompt.fields[0].text);
		snprintf(out->text, sizeof(out->text), "%s", a->prompt.fields[1].text);
		return true;
	case ASK_STOP:
		out->kind = CONSOLE_STOP;
		out->child = a->stop_child;
		return true;
	case ASK_FAULT:
		ask_fault_form(&a->fault, &a->prompt, ASK_FAULT_SURE, m);
		return false;
	case ASK_FAULT_SURE:
		if (!ask_fault_sure(&a->fault, &a->prompt))
			return false;
		out->kind = CONSOLE_INJECT;
		out->wish = &a->fault.wish;
		return true;
	case ASK_LOOP:
		ask_loop_form(&a->loop, &a->prompt, ASK_LOOP_SURE);
		return false;
	case ASK_LOOP_SURE:
		if (!ask_loop_sure(&a->prompt))
			return false;
		out->kind = CONSOLE_LOOP;
		out->loop = &a->loop;
		return true;
	case ASK_FILTER:
		return false;
	}
	return false;
}
