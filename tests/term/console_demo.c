/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/terminal_guard.h"
#include "base/err.h"
#include "tests/unit/tui_world.h"
#include "tui/console.h"
#include "tui/screen.h"

/*
 * The real console on the real terminal, over meshes that only exist here. For tests of
 * the terminal, and for looking at the console while it is worked on:
 *
 *	console_demo [MESHES [PER_MESH [calm|trouble|child|empty]]]
 *
 * SIGUSR1 fills its stack.
 */
static volatile sig_atomic_t ended_by, overflows;

static void
on_end(int number)
{
	ended_by = number;
}

static void
on_overflow(int number)
{
	(void)number;
	overflows = 1;
}

/* Until the stack is full. */
static int __attribute__((noinline))
overflow(int depth)
{
	volatile char taken[4096];

	taken[depth % 4096] = (char)depth;
	return depth < 0 ? 0 : overflow(depth + 1) + taken[(depth + 1) % 4096];
}

static void
on_resize(int number)
{
	(void)number;
}

static uint64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static void
listen_to_signals(void)
{
	static const int ends[] = { SIGTERM, SIGHUP, SIGINT };
	struct sigaction a = { .sa_handler = on_end };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		sigaction(ends[i], &a, NULL);
	terminal_guard_crashes();
	a.sa_handler = on_resize;
	sigaction(SIGWINCH, &a, NULL);
	a.sa_handler = on_overflow;
	sigaction(SIGUSR1, &a, NULL);
}

/* There is nobody to obey, so a command is only told. False to quit. */
static bool
obey(struct screen *s, struct world *w, const struct console_command *c)
{
	char text[MODEL_NOTICE_CAP];

	if (c->kind == CONSOLE_QUIT)
		return false;
	if (c->kind == CONSOLE_REDRAW) {
		screen_repaint(s);
		return true;
	}
	snprintf(text, sizeof(text), "command %d: type %s, mesh %s, child %u",
		(int)c->kind, c->type, c->mesh, c->child);
	world_notice(w, MODEL_NOTICE_INFO, w->model.now_ns, text);
	return true;
}

static void
set_mood(struct world *w, const char *mood, uint64_t at_ns)
{
	if (strcmp(mood, "child") == 0)
		world_adopt(w, 0, at_ns);
	if (strcmp(mood, "trouble") != 0)
		return;
	world_leave(w, 8, at_ns);
	world_silence(w, 3, true);
	world_silence(w, 12, true);
	world_accuse(w, 0, 3, at_ns);
	world_accuse(w, 9, 12, at_ns);
	world_accuse(w, 10, 12, at_ns);
}

static void
run(struct screen *s, struct world *w, uint64_t beat_ns)
{
	struct console *console = console_new();
	struct canvas *canvas = NULL;
	struct console_command command;
	uint32_t key;
	bool on = true;

	while (on && ended_by == 0) {
		struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
		int width, height;

		if (now() >= beat_ns && w->actor_count > 0) {
			world_beat(w, now());
			beat_ns += SECONDS(2);
		}
		if (overflows)
			(void)overflow(0);
		world_tick(w, now());
		screen_size(s, &width, &height);
		if (!canvas || canvas->width != width || canvas->height != height) {
			canvas_free(canvas);
			canvas = canvas_new(width, height, screen_ascii(s));
			console_key(console, &w->model, K_RESIZE, &command);
		}
		while (on && screen_read_key(s, &key))
			if (console_key(console, &w->model, key, &command))
				on = obey(s, w, &command);
		if (console_due(console, &w->model)) {
			console_draw(console, &w->model, canvas);
			screen_show(s, canvas);
		}
		if (on && poll(&in, 1, 50) > 0 && (in.revents & (POLLHUP | POLLERR)))
			on = false;
	}
	canvas_free(canvas);
	console_free(console);
}

int
main(int argc, char **argv)
{
	size_t meshes = argc > 1 ? strtoul(argv[1], NULL, 10) : 2;
	size_t per_mesh = argc > 2 ? strtoul(argv[2], NULL, 10) : 9;
	const char *mood = argc > 3 ? argv[3] : "calm";
	char why[SCREEN_WHY_CAP];
	struct screen *screen;
	struct world *w;
	uint64_t start_ns = now();

	if (sodium_init() < 0 || meshes > WORLD_MESHES_MAX)
		return 1;
	w = world_new(strcmp(mood, "empty") == 0 ? 0 : meshes, per_mesh,
		start_ns - SECONDS(100));
	if (w->actor_count > 0)
		world_beat(w, start_ns - SECONDS(4));
	set_mood(w, mood, start_ns - SECONDS(3));
	if (screen_open(&screen, why) != ERR_OK) {
		fprintf(stderr, "console_demo: %s\n", why);
		world_free(w);
		return 69;
	}
	listen_to_signals();
	run(screen, w, start_ns);
	screen_close(screen);
	world_free(w);
	return ended_by == 0 ? 0 : 128 + ended_by;
}
