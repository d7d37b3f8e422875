/* SPDX-License-Identifier: MIT */
#include "app/query_mode.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/options.h"
#include "app/send_mode.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "control/print.h"
#include "control/request.h"
#include "io/control_client.h"
#include "io/control_socket.h"
#include "io/loop.h"
#include "io/paths.h"

#define ANSWER_WAIT SECONDS(2)
/* Names said in a message before "and N more". */
#define NAMES_SHOWN 20

int
query_mode_pick(const char *const *names, size_t count, const char *of)
{
	int found = ERR_UNKNOWN;

	for (size_t i = 0; i < count; i++) {
		if (of != NULL && strcmp(names[i], of) == 0)
			return (int)i;
		if (of != NULL && strstr(names[i], of) == NULL)
			continue;
		found = found == ERR_UNKNOWN ? (int)i : ERR_ARGUMENT;
	}
	return found;
}

static enum control_verb
verb_of(const struct options *o)
{
	switch (o->mode) {
	case MODE_STATUS:
		return CONTROL_STATUS;
	case MODE_HEALTH:
		return CONTROL_HEALTH;
	default:
		break;
	}
	const char *const words[] = { o->follow ? "follow" : "list", o->what };
	char why[CONTROL_WHY_CAP];
	enum control_verb verb = CONTROL_LIST_NODES;

	/* The words were checked with the command line. */
	(void)control_request_words(&verb, words, 2, why);
	return verb;
}

static int
print_answer(const struct options *o, const char *answer)
{
	size_t len = strlen(answer);
	struct buf text;
	char *line;

	if (o->json) {
		line = mem_array(len + 1, 1);
		text_printable(line, len + 1, answer, len);
		puts(line);
		free(line);
	} else {
		buf_init(&text, CONTROL_ANSWER_LEN_MAX);
		control_print(&text, answer, len);
		/* What did not arrive is said where errors are said. */
		fwrite(text.data, 1, text.len,
			control_print_status(answer, len) != 0 ? stderr : stdout);
		buf_fini(&text);
	}
	return control_print_status(answer, len);
}

static bool
is_stream(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

struct follower {
	const struct options *options;
	const char *name;
	int status;	/* once it has had enough */
};

/* One line of a stream, printed at once: whoever reads it may wait for just this one. */
static bool
print_line(void *ctx, const char *text, size_t len)
{
	struct follower *f = ctx;
	struct buf b;

	buf_init(&b, CONTROL_REQUEST_LEN_MAX);
	if (f->options->json) {
		char *line = mem_array(len + 1, 1);

		buf_put(&b, line, text_printable(line, len + 1, text, len));
		buf_put_u8(&b, '\n');
		free(line);
	} else {
		control_print(&b, text, len);
	}
	fwrite(b.data, 1, b.len, stdout);
	buf_fini(&b);
	if (fflush(stdout) != 0) {
		/* Nobody reads: what is left is for nobody, and main finds no failure. */
		if (errno == EPIPE)
			(void)!freopen("/dev/null", "w", stdout);
		return false;
	}
	/* An error document is all that comes. */
	if (f->status == 0)
		f->status = control_print_status(text, len);
	return f->status == 0;
}

static void
say_silent(void *ctx)
{
	const struct follower *f = ctx;

	fprintf(stderr, "meshtui: %s has not said anything yet: stopped, busy, or "
		"without events; waiting on\n", f->name);
}

/*
 * Ends well by a signal, or when nobody reads what is printed; a node that ended is said.
 */
static int
follow(const struct options *o, const char *path, const char *name)
{
	struct follower f = { .options = o, .name = name };
	int stops[2], err;
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	stops[0] = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	/* Only a pipe or socket tells that its reader went; a file would be ready. */
	stops[1] = is_stream(STDOUT_FILENO) ? STDOUT_FILENO : -1;

	const struct control_client_stream s = { print_line, say_silent, &f, stops, 2 };

	err = control_client_follow(
		path, control_request_line(verb_of(o)), ANSWER_WAIT, &s);
	close(stops[0]);
	if (err == ERR_OK)
		return f.status;
	fprintf(stderr, "meshtui: %s %s\n", name,
		err == ERR_CLOSED ? "has ended" : err_text(err));
	return EXIT_UNAVAILABLE;
}

static bool
sends(const struct options *o)
{
	return o->mode == MODE_SEND || o->mode == MODE_RESOLVE || o->mode == MODE_ECHO;
}

static int
ask(const struct options *o, const char *dir, const char *name)
{
	char path[256], why[OPTIONS_WHY_CAP], *answer, *line;
	uint64_t wait_ns = ANSWER_WAIT;
	int err, status;

	snprintf(path, sizeof path, "%s/%s.sock", dir, name);
	if (o->follow)
		return follow(o, path, name);
	line = sends(o) ? send_mode_line(o, &wait_ns, &status, why)
			: mem_text(control_request_line(verb_of(o)));
	if (line == NULL) {
		fprintf(stderr, "meshtui: %s\n", why);
		return status;
	}
	err = control_client_request(path, line, wait_ns, &answer);
	free(line);
	if (err != ERR_OK) {
		fprintf(stderr, "meshtui: %s does not answer: %s\n", name,
			err == ERR_REFUSED || err == ERR_CLOSED ? "its process has ended"
								: err_text(err));
		return o->mode == MODE_HEALTH ? EXIT_FAIL : EXIT_UNAVAILABLE;
	}
	status = print_answer(o, answer);
	free(answer);
	return status;
}

/* Sockets that killed processes left behind are no nodes. */
static size_t
drop_dead(const char *dir, const struct control_client_list *l, const char **names)
{
	size_t count = 0;
	char path[256];

	for (size_t i = 0; i < l->count; i++) {
		snprintf(path, sizeof path, "%s/%s.sock", dir, l->names[i]);
		if (control_client_probe(path) != ERR_REFUSED)
			names[count++] = l->names[i];
		else
			control_client_remove_stale(path);
	}
	return count;
}

static int
say_none(const struct options *o, const char *dir)
{
	char of[NAME_LEN_MAX + 1] = "";

	/* It may have been copied from anywhere. */
	if (o->of != NULL)
		text_printable(of, sizeof of, o->of, strlen(o->of));
	fprintf(stderr,
		"meshtui: no node%s%s on this machine (looked in %s); start one with "
		"--node TYPE --mesh MESH\n",
		o->of != NULL ? " called " : "", of, dir);
	return o->mode == MODE_HEALTH ? EXIT_FAIL : EXIT_UNAVAILABLE;
}

static int
say_which(const struct options *o, const char *const *names, size_t count)
{
	size_t shown = 0;

	fputs("meshtui: which one? Name it, or a part that only it has, with --of:\n",
		stderr);
	for (size_t i = 0; i < count && shown < NAMES_SHOWN; i++)
		if (o->of == NULL || strstr(names[i], o->of) != NULL) {
			fprintf(stderr, "  %s\n", names[i]);
			shown++;
		}
	if (count > NAMES_SHOWN)
		fprintf(stderr, "  (%zu in all)\n", count);
	return EXIT_USAGE;
}

int
query_mode(const struct options *o)
{
	char dir[128], why[PATHS_WHY_CAP];
	struct control_client_list list;
	const char **names;
	size_t count;
	int picked, status;

	if (paths_runtime_dir(dir, sizeof dir, why) != ERR_OK) {
		fprintf(stderr, "meshtui: %s\n", why);
		return o->mode == MODE_HEALTH ? EXIT_FAIL : EXIT_UNAVAILABLE;
	}
	control_client_list(&list, dir);
	names = mem_array(list.count, sizeof *names);
	count = drop_dead(dir, &list, names);
	picked = query_mode_pick(names, count, o->of);
	if (picked >= 0)
		status = ask(o, dir, names[picked]);
	else
		status = picked == ERR_ARGUMENT ? say_which(o, names, count)
						: say_none(o, dir);
	free(names);
	control_client_list_fini(&list);
	return status;
}
