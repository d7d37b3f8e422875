/* SPDX-License-Identifier: MIT */
#ifndef TUI_SCREEN_H
#define TUI_SCREEN_H

#include "tui/canvas.h"
#include "tui/keymap.h"
#include "tui/theme.h"

/*
 * The terminal, and the only file that knows curses. One at a time. screen_open sets
 * LC_CTYPE from the environment, saves the terminal's state and takes it over;
 * screen_close gives it back. File descriptors 0 and 1 must be the terminal. SIGWINCH,
 * SIGTERM and SIGINT belong to the caller's loop: it installs its handlers before or
 * after screen_open, calls screen_size on SIGWINCH, and screen_close on every way out. It
 * opens the screen before it watches descriptor 0, which makes that non-blocking, so that
 * screen_close can put the old flags back: the shell shares the open file.
 */
struct screen;

/*
 * ERR_STATE: no terminal, or one that cannot place its cursor (TERM unknown, dumb); `why`
 * has a sentence for a person that says what to do instead. NO_COLOR and TERM decide the
 * theme level; a locale that is not UTF-8, or the Linux text console, means ASCII only.
 */
#define SCREEN_WHY_CAP 200
int screen_open(struct screen **s, char why[static SCREEN_WHY_CAP]);
void screen_close(struct screen *s);	/* accepts NULL */

bool screen_ascii(const struct screen *s);

/* Asks the terminal, and follows when it was resized. At least 1x1. */
void screen_size(struct screen *s, int *width, int *height);

/* Shows the canvas; only cells that differ from the last one shown are sent. */
void screen_show(struct screen *s, const struct canvas *c);
/*
 * The next screen_show paints everything (Ctrl-L, or after another program wrote here).
 */
void screen_repaint(struct screen *s);

/* The next key if there is one. Never waits. False: no key now. */
bool screen_read_key(struct screen *s, uint32_t *key);

/*
 * For handlers of SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL: only write(2), fcntl(2) and
 * tcsetattr(3). Does nothing when no screen is open.
 */
void screen_crash_restore(void);

/* "6.4.20221231": the ncurses it runs on, for --version. */
const char *screen_library_version(void);

#endif
