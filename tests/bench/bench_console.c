/* SPDX-License-Identifier: MIT */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "tests/unit/tui_world.h"
#include "tui/console.h"
#include "tui/screen.h"

/*
 * What a frame of the console costs: made-up meshes in which all nodes speak every 2 s of
 * their time, ten frames a second of it, drawn and sent to the terminal that is standard
 * output. Everything else is outside of the clock. Writes a JSON array, CPU us of each
 * frame:
 *
 *	bench_console MESHES PER_MESH FRAMES FILE
 */
#define FRAMES_EACH_BEAT 20
#define FIRST_NS SECONDS(1000)

static uint64_t
cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

int
main(int argc, char **argv)
{
	char why[SCREEN_WHY_CAP];
	struct console *console;
	struct canvas *canvas;
	struct screen *screen;
	struct world *w;
	int width, height;
	size_t frames;
	FILE *to;

	if (argc != 5 || sodium_init() < 0)
		return 64;
	frames = strtoul(argv[3], NULL, 10);
	to = fopen(argv[4], "w");
	if (to == NULL || screen_open(&screen, why) != ERR_OK)
		return 69;
	w = world_new(strtoul(argv[1], NULL, 10), strtoul(argv[2], NULL, 10),
		FIRST_NS - SECONDS(10));
	screen_size(screen, &width, &height);
	canvas = canvas_new(width, height, screen_ascii(screen));
	console = console_new();
	for (size_t i = 0; i < frames; i++) {
		uint64_t now_ns = FIRST_NS + i * CONSOLE_FRAME_NS, before_ns;

		if (i % FRAMES_EACH_BEAT == 0)
			world_beat(w, now_ns);
		world_tick(w, now_ns);
		before_ns = cpu_ns();
		console_draw(console, &w->model, canvas);
		screen_show(screen, canvas);
		fprintf(to, "%s%.1f", i == 0 ? "[" : ", ",
			(double)(cpu_ns() - before_ns) / 1e3);
	}
	fputs("]\n", to);
	screen_close(screen);
	console_free(console);
	canvas_free(canvas);
	world_free(w);
	return fclose(to) == 0 ? 0 : 74;
}
