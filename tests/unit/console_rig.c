/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/console_rig.h"

void
console_rig_init(struct console_rig *r, struct model *m, int width, int height)
{
	*r = (struct console_rig){ .model = m };
	r->canvas = canvas_new(width, height, false);
	r->console = console_new();
}

void
console_rig_fini(struct console_rig *r)
{
	console_free(r->console);
	canvas_free(r->canvas);
}

bool
console_rig_press(struct console_rig *r, uint32_t key)
{
	bool commanded = console_key(r->console, r->model, key, &r->command);

	console_draw(r->console, r->model, r->canvas);
	return commanded;
}

void
console_rig_type(struct console_rig *r, const char *keys)
{
	for (; *keys; keys++)
		assert_false(console_rig_press(r, (uint8_t)*keys));
}

bool
console_rig_shows(const struct console_rig *r, const char *text)
{
	char *dump = canvas_dump(r->canvas);
	bool found = strstr(dump, text) != NULL;

	free(dump);
	return found;
}

void
console_rig_resize(struct console_rig *r, int width, int height)
{
	canvas_free(r->canvas);
	r->canvas = canvas_new(width, height, false);
	console_draw(r->console, r->model, r->canvas);
}

static void
write_golden(const char *path, const char *dump)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(dump, f);
	fclose(f);
}

void
console_rig_golden(const char *name, const struct canvas *c)
{
	const char *source = getenv("SRCDIR");
	char path[512], *dump = canvas_dump(c), *want;
	size_t len = strlen(dump), got;
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/unit/golden/%s-%dx%d.txt",
		source ? source : ".", name, c->width, c->height);
	if (getenv("UPDATE_GOLDEN")) {
		write_golden(path, dump);
		free(dump);
		return;
	}
	f = fopen(path, "r");
	if (!f)
		fail_msg("%s is missing", path);
	want = calloc(1, len + 4096);
	got = fread(want, 1, len + 4095, f);
	fclose(f);
	if (got != len || strcmp(want, dump) != 0)
		fail_msg("%s differs from what was drawn:\n%s", path, dump);
	free(want);
	free(dump);
}
