/* SPDX-License-Identifier: MIT */
#include "app/attached.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/attached_state.h"
#include "app/local_nodes.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "config.h"
#include "io/files.h"
#include "io/loop.h"

#define TICK_MS 100
/* Nodes answer at once; who does not within this time does not obey. */
#define ASKS_MAX SECONDS(8)
#define NAMED 3		/* so many nodes by name in a sentence */

void
attached_tell(struct attached *a, unsigned child)
{
	a->hooks.changed(a->hooks.ctx, child);
}

void
attached_fail(struct attached *a, int status, const char *format, ...)
{
	va_list args;

	fputs("meshtui: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	a->phase = ATTACHED_FAILED;
	a->status = status;
	attached_tell(a, 0);
}

static void
tell_strangers(struct attached *a, size_t strangers)
{
	char hex[ID_HEX_CAP], named[NAMED * (NAME_LEN_MAX + 3)] = "";
	const struct attached_slot *first = NULL;
	size_t len = 0, shown = 0;

	for (size_t i = 0; i < a->slot_count && shown < NAMED; i++) {
		const struct attached_slot *s = &a->slots[i];

		if (s->obeys == OBEYS_YES)
			continue;
		if (first == NULL)
			first = s;
		len += (size_t)snprintf(named + len, sizeof(named) - len, "%s%s",
			shown++ > 0 ? ", " : "", s->place->name);
	}
	if (first == NULL)
		return;
	if (strangers == a->slot_count) {
		attached_fail(a, EXIT_PERMISSION,
			"no fault was ordered: none of the %zu nodes obeys operator "
			"%s%s; %s says: %s", a->slot_count, id_hex(hex, &a->operator),
			a->options.identity_path == NULL ?
				" (a new one: no --identity was given)" : "",
			first->place->name, first->why);
		return;
	}
	fprintf(stderr, "meshtui: %zu of %zu nodes do not obey operator %s: %s%s\n",
		strangers, a->slot_count, id_hex(hex, &a->operator), named,
		strangers > shown ? " and others" : "");
}

void
attached_judge(struct attached *a, uint64_t now_ns)
{
	size_t unknown = 0, strangers = 0;

	if (a->phase != ATTACHED_ASKS)
		return;
	for (size_t i = 0; i < a->slot_count; i++) {
		unknown += a->slots[i].obeys == OBEYS_UNKNOWN;
		strangers += a->slots[i].obeys != OBEYS_YES;
	}
	if (unknown > 0 && now_ns < a->began_ns + ASKS_MAX)
		return;
	for (size_t i = 0; i < a->slot_count; i++)
		if (a->slots[i].obeys == OBEYS_UNKNOWN) {
			a->slots[i].obeys = OBEYS_NO;
			snprintf(a->slots[i].why, sizeof(a->slots[i].why), "nothing");
		}
	tell_strangers(a, strangers);
	if (a->phase == ATTACHED_FAILED)
		return;
	a->phase = ATTACHED_READY;
	attached_tell(a, 0);
}

static void
turn(struct attached *a, uint64_t now_ns)
{
	struct request_answer answer;

	while (requests_next(a->node, &answer))
		attached_orders_answer(a, &answer, now_ns);
	if (a->phase == ATTACHED_GATHERS)
		attached_roster_gather(a, now_ns);
	else if (a->phase == ATTACHED_ASKS)
		attached_judge(a, now_ns);
	else if (a->phase == ATTACHED_READY)
		attached_roster_turn(a, now_ns);
	attached_orders_turn(a, now_ns);
}

static void
on_turned(void *ctx, uint64_t now_ns)
{
	turn(ctx, now_ns);
}

static void
on_timer(uv_timer_t *t)
{
	turn(t->data, loop_now_ns());
}

static void
on_event(void *ctx, const struct node_event *ev)
{
	(void)ctx;
	(void)ev;
}

static void
say_seed(void *ctx, const char *text)
{
	(void)ctx;
	fprintf(stderr, "meshtui: %s\n", text);
}

static int
say(int status, const char *why)
{
	char shown[FILES_WHY_CAP];

	text_printable(shown, sizeof(shown), why, strlen(why));
	fprintf(stderr, "meshtui: %s\n", shown);
	return status;
}

/* Those of the file, besides those of the command line; else who is on this machine. */
static int
take_seeds(struct attached *a)
{
	struct options *o = &a->options;
	char text[NAME_WHY_CAP + 400], why[NAME_WHY_CAP];

	for (size_t i = 0; i < a->scenario->seed_count; i++) {
		const char *seed = a->scenario->seeds[i];

		if (o->seed_count + o->named_seed_count == SEEDS_MAX)
			return say(EXIT_USAGE, "too many seeds, of --seed and the file "
				"together");
		if (seed_parse(&o->seeds[o->seed_count], seed, why) == ERR_OK) {
			o->seed_count++;
		} else if (seed_parse_named(&o->named_seeds[o->named_seed_count], seed,
				   why) == ERR_OK) {
			o->named_seed_count++;
		} else {
			snprintf(text, sizeof(text), "%s: seed %.300s: %s", o->file, seed,
				why);
			return say(EXIT_DATA, text);
		}
	}
	return 0;
}

static int
add_local(struct attached *a)
{
	struct local_node *found = mem_array(SEEDS_MAX, sizeof(*found));
	size_t count = local_nodes(NULL, found, SEEDS_MAX);

	for (size_t i = 0; i < count; i++) {
		const struct seed s = { found[i].id, found[i].at };

		(void)node_add_seed(a->node, &s, "", loop_now_ns());
	}
	free(found);
	if (count > 0)
		return 0;
	return say(EXIT_UNAVAILABLE, "nobody to join through: no node runs on this "
		"machine; name others with --seed or with 'seeds' in the file");
}

static int
open_node(struct attached *a, struct node_config *c)
{
	static const struct address loopback = { .family = 4, .ip = { 127, 0, 0, 1 } };
	const struct node_driver_hooks hooks = { on_event, on_turned, NULL, a };
	struct options *o = &a->options;
	char why[FILES_WHY_CAP];
	int err, status = take_seeds(a);

	if (status != 0)
		return status;
	if (o->bind_count == 0)
		o->bind[o->bind_count++] = loopback;
	identity_mint(&c->identity);
	if (o->identity_path != NULL &&
		files_operator(o->identity_path, &c->identity, why) != ERR_OK)
		return say(EXIT_CONFIG, why);
	if (o->key_path != NULL && files_key(o->key_path, &c->key, why) != ERR_OK)
		return say(EXIT_CONFIG, why);
	a->operator = c->identity.id;
	a->udp = udp_open(o->bind, o->bind_count, &err, why);
	if (a->udp == NULL)
		return say(EXIT_UNAVAILABLE, why);
	snprintf(c->type, sizeof(c->type), "operator");
	snprintf(c->build, sizeof(c->build), "%s", PACKAGE_VERSION);
	c->observer = true;
	c->incarnation = loop_wall_ms();
	for (size_t i = 0; i < udp_count(a->udp); i++)
		c->bound[i] = *udp_bound(a->udp, i);
	memcpy(c->seeds, o->seeds, sizeof(c->seeds));
	c->seed_count = o->seed_count;
	randombytes_buf(c->random_seed, sizeof(c->random_seed));
	a->node = node_new(c, loop_now_ns(), loop_wall_ms(), &err);
	if (a->node == NULL)
		return say(EXIT_INTERNAL, err_text(err));
	for (size_t g = 0; g < a->scenario->group_count; g++)
		(void)node_watch_mesh(	/* ERR_EXISTS for each further type */
			a->node, a->scenario->groups[g].mesh, loop_now_ns());
	if (o->seed_count + o->named_seed_count == 0 && (status = add_local(a)) != 0)
		return status;
	a->driver = node_driver_new(a->loop, a->node, a->udp, &hooks, &err);
	if (a->driver == NULL)
		return say(EXIT_IO, err_text(err));
	named_seeds_begin(&a->names, a->loop, a->node, o, say_seed, a);
	return 0;
}

struct attached *
attached_open(uv_loop_t *loop, const struct options *o, struct scenario *s,
	struct supervisor *supervisor, const struct attached_hooks *hooks, int *status)
{
	struct attached *a = mem_array(1, sizeof(*a));
	struct node_config *c = mem_array(1, sizeof(*c));

	a->loop = loop;
	a->options = *o;
	a->scenario = s;
	a->supervisor = supervisor;
	a->hooks = *hooks;
	a->began_ns = a->changed_ns = loop_now_ns();
	a->seen = mem_array(ATTACHED_NODES_MAX, sizeof(*a->seen));
	a->commands = mem_array(ATTACHED_COMMANDS_MAX, sizeof(*a->commands));
	rng_init_u64(&a->rng, loop_wall_ms() ^ loop_now_ns());
	uv_timer_init(loop, &a->timer);
	a->timer.data = a;
	*status = open_node(a, c);
	identity_wipe(&c->identity);
	fabric_key_wipe(&c->key);
	free(c);
	if (*status != 0)
		return a;
	uv_timer_start(&a->timer, on_timer, TICK_MS, TICK_MS);
	return a;
}

void
attached_close(struct attached *a)
{
	if (a == NULL)
		return;
	named_seeds_end(&a->names);
	node_driver_close(a->driver);
	uv_close((uv_handle_t *)&a->timer, NULL);
}

void
attached_free(struct attached *a)
{
	if (a == NULL)
		return;
	node_free(a->node);
	udp_close(a->udp);
	for (size_t i = 0; i < a->slot_count; i++)
		buf_fini(&a->slots[i].pieces);
	for (size_t i = 0; i < a->command_count; i++)
		free(a->commands[i].order);
	free(a->slots);
	free(a->seen);
	free(a->commands);
	free(a);
}

enum attached_phase
attached_phase(const struct attached *a)
{
	return a->phase;
}

int
attached_status(const struct attached *a)
{
	return a->status;
}

bool
attached_aftermath(
	const struct attached *a, enum verdict *v, char text[static REPORT_TEXT_CAP])
{
	const struct attached_slot *left = NULL, *unheard = NULL;
	size_t ordered = 0, clean = 0, ended = 0;

	for (size_t i = 0; i < a->slot_count; i++) {
		const struct attached_slot *s = &a->slots[i];

		ordered += s->ordered;
		clean += s->let == LET_CLEAN;
		ended += s->ordered && s->let != LET_CLEAN && s->our_count == 0;
		if (s->let == LET_LEFT)
			left = s;
		else if (s->ordered && s->let != LET_CLEAN && s->our_count > 0)
			unheard = s;
	}
	*v = VERDICT_PASS;
	if (ordered == 0)
		return false;
	if (left != NULL) {
		*v = VERDICT_FAIL;
		snprintf(text, REPORT_TEXT_CAP, "%s still has %zu fault%s of this run, "
			"by its own word, though it was told to end %s; the lease will",
			left->place->name, left->left, left->left == 1 ? "" : "s",
			left->left == 1 ? "it" : "them");
	} else if (unheard != NULL) {
		*v = VERDICT_UNPROVEN;
		snprintf(text, REPORT_TEXT_CAP,
			"%s did not say at the end that no fault of this run is left on "
			"it; its lease ends what may be", unheard->place->name);
	} else {
		size_t len = (size_t)snprintf(text, REPORT_TEXT_CAP,
			"faults that nodes took: %zu; all of them are over", a->injected);

		if (clean > 0)
			len += (size_t)snprintf(text + len, REPORT_TEXT_CAP - len,
				", by the word of %zu node%s", clean,
				clean == 1 ? "" : "s");
		if (ended > 0)
			snprintf(text + len, REPORT_TEXT_CAP - len,
				", and %zu node%s ended by one", ended,
				ended == 1 ? "" : "s");
	}
	return true;
}
