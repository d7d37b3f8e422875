/* SPDX-License-Identifier: MIT */
#include "tui/screen.h"

/* Before curses, whose ERR would be undone by the list of errors. */
#include "base/err.h"
#include "base/mem.h"

#include <curses.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

/* Color pairs in use; a theme has fewer combinations than this. */
#define PAIRS_MAX 256
#define RUN_MAX 256

struct screen {
	SCREEN *curses;
	enum theme_level level;
	bool ascii;
	struct canvas *shown;	/* what curses was last told; NULL: paint everything */
	struct { short fg, bg; } pairs[PAIRS_MAX];
	int pair_count;
};

/*
 * What a crash handler needs. A signal handler has no parameter to carry it, so this is
 * the one writable static of the folder; it is set before the terminal is changed and
 * only read after.
 */
static struct {
	volatile sig_atomic_t open;
	struct termios saved;
	int flags[2]; /* of descriptors 0 and 1: an event loop makes them non-blocking */
} crash;

/* Mouse off, colors and attributes off, cursor on, keypad off, main screen. */
static const char crash_bytes[] =
	"\033[?1000l\033[?1002l\033[?1003l\033[?1006l\033[0m\033[39;49m\033[?25h"
	"\033[?1l\033>\033[?1049l\r\n";

static bool
is_no_color(void)
{
	const char *no = getenv("NO_COLOR");

	return no && no[0] != '\0';
}

/* The Linux text console has neither half circles nor braille in its font. */
static bool
wants_ascii(const char *term)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") != 0 || strcmp(term, "linux") == 0;
}

static int
refuse(char why[static SCREEN_WHY_CAP], const char *reason)
{
	snprintf(why, SCREEN_WHY_CAP,
		"%s; the console needs one. For plain text: meshtui --list nodes",
		reason);
	return ERR_STATE;
}

int
screen_open(struct screen **out, char why[static SCREEN_WHY_CAP])
{
	const char *term = getenv("TERM");
	struct screen *s;
	char *cup;
	bool places;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
	    tcgetattr(STDIN_FILENO, &crash.saved) != 0)
		return refuse(why, "standard input and output are not a terminal");
	if (!term || term[0] == '\0')
		return refuse(
			why, "TERM is not set, so this is no terminal with a cursor");
	/*
	 * setupterm first: newterm would change the terminal before we know whether it
	 * can.
	 */
	int known = 0;

	if (setupterm(term, STDOUT_FILENO, &known) != OK)
		return refuse(why, "this TERM is not in the terminal database");
	cup = tigetstr("cup");
	places = cup != NULL && cup != (char *)-1;
	/* newterm reads its own and would forget this one. */
	del_curterm(cur_term);
	if (!places)
		return refuse(why, "this TERM cannot place its cursor");
	setlocale(LC_CTYPE, "");
	set_escdelay(25);
	s = mem_new(MEM_SCREEN, sizeof(*s));
	s->ascii = wants_ascii(term);
	for (int fd = 0; fd < 2; fd++)
		crash.flags[fd] = fcntl(fd, F_GETFL);
	crash.open = 1;
	s->curses = newterm(term, stdout, stdin);
	if (!s->curses) {
		crash.open = 0;
		mem_free(MEM_SCREEN, s);
		return refuse(why, "this terminal could not be opened");
	}
	raw();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
	s->level = THEME_MONO;
	if (has_colors() && !is_no_color()) {
		start_color();
		use_default_colors();
		s->level = COLORS >= 256 ? THEME_256 : THEME_8;
	}
	*out = s;
	return ERR_OK;
}

/* The shell shares the open files: what is left non-blocking fails its next program. */
static void
restore_flags(void)
{
	for (int fd = 0; fd < 2; fd++)
		if (crash.flags[fd] >= 0)
			fcntl(fd, F_SETFL, crash.flags[fd]);
}

void
screen_close(struct screen *s)
{
	if (!s)
		return;
	endwin();
	crash.open = 0;
	restore_flags();
	delscreen(s->curses);
	canvas_free(s->shown);
	mem_free(MEM_SCREEN, s);
}

bool
screen_ascii(const struct screen *s)
{
	return s->ascii;
}

void
screen_size(struct screen *s, int *width, int *height)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 &&
		size.ws_row > 0 && (size.ws_col != COLS || size.ws_row != LINES)) {
		resizeterm(size.ws_row, size.ws_col);
		screen_repaint(s);
	}
	*width = COLS > 0 ? COLS : 1;
	*height = LINES > 0 ? LINES : 1;
}

void
screen_repaint(struct screen *s)
{
	canvas_free(s->shown);
	s->shown = NULL;
	clearok(stdscr, TRUE);
}

static short
pair_of(struct screen *s, struct theme_look look)
{
	if (s->level == THEME_MONO || (look.fg < 0 && look.bg < 0))
		return 0;
	for (int i = 0; i < s->pair_count; i++)
		if (s->pairs[i].fg == look.fg && s->pairs[i].bg == look.bg)
			return (short)(i + 1);
	if (s->pair_count == PAIRS_MAX || s->pair_count + 1 >= COLOR_PAIRS)
		return 0;
	s->pairs[s->pair_count].fg = look.fg;
	s->pairs[s->pair_count].bg = look.bg;
	init_pair((short)++s->pair_count, look.fg, look.bg);
	return (short)s->pair_count;
}

static attr_t
attributes_of(struct theme_look look)
{
	attr_t a = A_NORMAL;

	if (look.attrs & THEME_BOLD)
		a |= A_BOLD;
	if (look.attrs & THEME_REVERSE)
		a |= A_REVERSE;
	if (look.attrs & THEME_UNDERLINE)
		a |= A_UNDERLINE;
	if (look.attrs & THEME_DIM)
		a |= A_DIM;
	return a;
}

static bool
cell_equal(const struct canvas_cell *a, const struct canvas_cell *b)
{
	return a->ch == b->ch && a->mark == b->mark && a->style == b->style;
}

/* Writes the changed cells of a line; curses finds the cheapest moves between them. */
static void
show_line(struct screen *s, const struct canvas_cell *line, const struct canvas_cell *old,
	int width, int y)
{
	for (int x = 0; x < width; x++) {
		const struct canvas_cell *cell = &line[x];
		struct theme_look look;
		wchar_t text[3] = { 0 };
		cchar_t out;

		if (cell->ch == 0 || (old && cell_equal(cell, &old[x]) &&
		    (x + 1 == width || line[x + 1].ch != 0 || old[x + 1].ch == 0)))
			continue;
		look = theme_look(s->level, cell->style);
		text[0] = (wchar_t)cell->ch;
		text[1] = (wchar_t)cell->mark;
		setcchar(&out, text, attributes_of(look), pair_of(s, look), NULL);
		mvadd_wch(y, x, &out);
	}
}

void
screen_show(struct screen *s, const struct canvas *c)
{
	int width = c->width < COLS ? c->width : COLS;
	int height = c->height < LINES ? c->height : LINES;

	if (s->shown && (s->shown->width != c->width || s->shown->height != c->height))
		screen_repaint(s);
	if (!s->shown)
		erase();
	for (int y = 0; y < height; y++)
		show_line(s, &c->cells[y * c->stride],
			s->shown ? &s->shown->cells[y * s->shown->stride] : NULL, width,
			y);
	refresh();
	if (!s->shown)
		s->shown = canvas_new(c->width, c->height, c->ascii);
	for (int y = 0; y < c->height; y++)
		memcpy(&s->shown->cells[y * s->shown->stride], &c->cells[y * c->stride],
			(size_t)c->width * sizeof(*c->cells));
}

static uint32_t
decode_special(wint_t code)
{
	static const struct {
		wint_t code;
		uint32_t key;
	} keys[] = {
		{ KEY_UP, K_UP },
		{ KEY_DOWN, K_DOWN },
		{ KEY_LEFT, K_LEFT },
		{ KEY_RIGHT, K_RIGHT },
		{ KEY_PPAGE, K_PAGE_UP },
		{ KEY_NPAGE, K_PAGE_DOWN },
		{ KEY_HOME, K_HOME },
		{ KEY_END, K_END },
		{ KEY_BTAB, K_BACKTAB },
		{ KEY_BACKSPACE, K_BACKSPACE },
		{ KEY_DC, K_DELETE },
		{ KEY_F(1), K_F1 },
		{ KEY_ENTER, K_ENTER },
		{ KEY_RESIZE, K_RESIZE },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].code == code)
			return keys[i].key;
	return K_NONE;
}

bool
screen_read_key(struct screen *s, uint32_t *key)
{
	wint_t code;

	(void)s;
	for (;;) {
		int kind = get_wch(&code);

		if (kind == ERR)
			return false;
		if (kind == KEY_CODE_YES)
			*key = decode_special(code);
		else if (code == '\r' || code == '\n')
			*key = K_ENTER;
		else if (code == 8 || code == 127)
			*key = K_BACKSPACE;
		else
			*key = (uint32_t)code;
		if (*key != K_NONE)
			return true;
	}
}

void
screen_crash_restore(void)
{
	ssize_t written;

	if (!crash.open)
		return;
	crash.open = 0;
	written = write(STDOUT_FILENO, crash_bytes, sizeof(crash_bytes) - 1);
	(void)written;
	tcsetattr(STDIN_FILENO, TCSANOW, &crash.saved);
	restore_flags();
}

const char *
screen_library_version(void)
{
	const char *text = curses_version(), *digits = strpbrk(text, "0123456789");

	return digits ? digits : text;
}
