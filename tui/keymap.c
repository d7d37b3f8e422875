/* SPDX-License-Identifier: MIT */
#include "tui/keymap.h"

#include <string.h>

static const struct keymap_action actions[ACTION_COUNT] = {
#define ACTION(name, contexts, keys, footer, help) \
	[ACTION_##name] = { #name, contexts, keys, footer, help },
#include "tui/actions.def"
#undef ACTION
};

static const struct {
	const char *name;
	uint32_t key;
} names[] = {
	{ "Ctrl-C", K_CTRL_C },
	{ "Ctrl-L", K_CTRL_L },
	{ "Ctrl-U", K_CTRL_U },
	{ "Tab", K_TAB },
	{ "Shift-Tab", K_BACKTAB },
	{ "Enter", K_ENTER },
	{ "Esc", K_ESC },
	{ "Space", K_SPACE },
	{ "Up", K_UP },
	{ "Down", K_DOWN },
	{ "Left", K_LEFT },
	{ "Right", K_RIGHT },
	{ "PgUp", K_PAGE_UP },
	{ "PgDn", K_PAGE_DOWN },
	{ "Home", K_HOME },
	{ "End", K_END },
	{ "Backspace", K_BACKSPACE },
	{ "Delete", K_DELETE },
	{ "F1", K_F1 },
};

const struct keymap_action *
keymap_action(enum action a)
{
	return &actions[a];
}

uint32_t
keymap_parse(const char *name, size_t len)
{
	if (len == 1)
		return (uint8_t)name[0];
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i].name) == len && memcmp(names[i].name, name, len) == 0)
			return names[i].key;
	return K_NONE;
}

const char *
keymap_key_at(const struct keymap_action *a, size_t i, size_t *len)
{
	const char *at = a->keys;

	for (;;) {
		*len = strcspn(at, " ");
		if (*len == 0)
			return NULL;
		if (i-- == 0)
			return at;
		at += *len;
		at += *at == ' ';
	}
}

enum action
keymap_find(enum keymap_context context, uint32_t key)
{
	for (int a = ACTION_NONE + 1; a < ACTION_COUNT; a++) {
		const char *name;
		size_t len;

		if (!(actions[a].contexts & context))
			continue;
		for (size_t i = 0; (name = keymap_key_at(&actions[a], i, &len)); i++)
			if (keymap_parse(name, len) == key)
				return (enum action)a;
	}
	return ACTION_NONE;
}

size_t
keymap_moved(enum action a, size_t at, size_t last, int page)
{
	/* A page on, the last line of this one is still there. */
	size_t by = page > 1 ? (size_t)page - 1 : 1;

	switch (a) {
	case ACTION_SELECT_UP:
		return at - (at > 0);
	case ACTION_SELECT_DOWN:
		return at + (at < last);
	case ACTION_PAGE_UP:
		return at - (at < by ? at : by);
	case ACTION_PAGE_DOWN:
		return last - at < by ? last : at + by;
	case ACTION_FIRST:
		return 0;
	case ACTION_LAST:
		return last;
	default:
		return SIZE_MAX;
	}
}
