/* SPDX-License-Identifier: MIT */
#include "app/order_mode.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "app/local_nodes.h"
#include "app/order_words.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "config.h"
#include "control/faults.h"
#include "io/files.h"
#include "io/loop.h"
#include "io/node_driver.h"
#include "node/command.h"
#include "node/requests.h"

/* A mesh is looked at for so long, then all that it named were told. */
#define LOOK_MS 2000
#define TARGETS_MAX 1024

struct target {
	struct peer_id id;
	struct address at;	/* family 0: the node knows */
	char name[NAME_LEN_MAX + 1];
	bool asked, done;
};

struct ordering {
	const struct options *options;
	struct fault_order order;
	uv_loop_t loop;
	uv_timer_t look;
	struct node *node;
	struct udp *udp;
	struct node_driver *driver;
	struct target *targets;
	size_t count, done;
	bool looking, failed;
};

static bool
is_meant(const struct ordering *w, const char *name)
{
	return w->options->of == NULL || strstr(name, w->options->of) != NULL;
}

static void
add_target(struct ordering *w, const struct peer_id *id, const struct address *at,
	const char *name)
{
	struct target *t;

	for (size_t i = 0; i < w->count; i++)
		if (id_equal(&w->targets[i].id, id))
			return;
	if (w->count == TARGETS_MAX)
		return;
	t = &w->targets[w->count++];
	t->id = *id;
	if (at != NULL)
		t->at = *at;
	snprintf(t->name, sizeof(t->name), "%s", name);
}

static void
end_target(struct ordering *w, struct target *t, const struct fault_status *s)
{
	char hex[ID_HEX_CAP], why[FAULT_WHY_CAP];

	if (t->done)
		return;
	t->done = true;
	w->done++;
	w->failed = w->failed || s->result != ERR_OK;
	if (w->options->json) {
		char *line = control_faults_line(t->name, &t->id, s);

		puts(line);
		free(line);
		fflush(stdout);
		return;
	}
	text_printable(why, sizeof(why), s->why, strlen(s->why));
	printf("%s: %s%s%s\n", t->name[0] != '\0' ? t->name : id_hex(hex, &t->id),
		s->result == ERR_OK ? "done" : err_text(s->result),
		why[0] != '\0' ? ": " : "", why);
	fflush(stdout);
}

static void
fail_target(struct ordering *w, struct target *t, int err, const char *why)
{
	struct fault_status s = { .result = err };

	snprintf(s.why, sizeof(s.why), "%s", why);
	end_target(w, t, &s);
}

static void
ask_all(struct ordering *w, uint64_t now_ns)
{
	for (size_t i = 0; i < w->count; i++) {
		struct target *t = &w->targets[i];
		uint64_t number;
		int err;

		if (t->asked)
			continue;
		t->asked = true;
		err = command_ask(w->node, &t->id, t->at.family != 0 ? &t->at : NULL,
			&w->order, i, now_ns, &number);
		if (err != ERR_OK)
			fail_target(w, t, err, "");
	}
}

/* Who is in the meshes that were named. */
static void
add_members(struct ordering *w)
{
	struct mesh_row rows[MESHES_MAX];
	size_t count = node_meshes(w->node, rows, MESHES_MAX);

	for (size_t m = 0; w->options->mesh_count > 0 && m < count; m++)
		for (size_t i = 0; i < directory_count(rows[m].directory); i++) {
			const struct directory_entry *en =
				directory_at(rows[m].directory, i);
			char name[NAME_LEN_MAX + 1];

			if (directory_is_node(en) && en->liveness <= LIVENESS_SUSPECT &&
				is_meant(w, directory_name(en, name)))
				add_target(w, &en->digest.id, NULL, name);
		}
}

static void
take_answers(struct ordering *w)
{
	struct fault_status s;
	struct request_answer a;

	while (requests_next(w->node, &a)) {
		struct target *t = &w->targets[a.cookie];

		if (a.end != REQUEST_GOES_ON)
			fail_target(w, t, ERR_TIMEOUT, requests_end_text(a.end));
		else if (command_result(a.bytes, &s) == ERR_OK)
			end_target(w, t, &s);
		else
			fail_target(w, t, ERR_MALFORMED, "the answer can't be read");
	}
}

static void
on_event(void *ctx, const struct node_event *ev)
{
	(void)ctx;
	(void)ev;
}

static void
on_turned(void *ctx, uint64_t now_ns)
{
	struct ordering *w = ctx;

	add_members(w);
	ask_all(w, now_ns);
	take_answers(w);
	if (w->done == w->count && !w->looking)
		uv_stop(&w->loop);
}

static void
on_look(uv_timer_t *h)
{
	struct ordering *w = h->data;

	w->looking = false;
	if (w->done == w->count)
		uv_stop(&w->loop);
}

/* The nodes of this machine say themselves where they are. */
static void
add_neighbors(struct ordering *w)
{
	struct local_node *found = mem_array(TARGETS_MAX, sizeof(*found));
	size_t count = local_nodes(w->options->of, found, TARGETS_MAX);

	for (size_t i = 0; i < count; i++)
		add_target(w, &found[i].id, &found[i].at, found[i].name);
	free(found);
}

static int
say(int status, const char *why)
{
	char shown[FILES_WHY_CAP];

	text_printable(shown, sizeof(shown), why, strlen(why));
	fprintf(stderr, "meshtui: %s\n", shown);
	return status;
}

static int
open_node(struct ordering *w, struct node_config *c)
{
	const struct options *o = w->options;
	const struct node_driver_hooks hooks = { on_event, on_turned, NULL, w };
	char why[FILES_WHY_CAP];
	int err;

	if (o->key_path != NULL && files_key(o->key_path, &c->key, why) != ERR_OK)
		return say(EXIT_CONFIG, why);
	w->udp = udp_open(o->bind, o->bind_count, &err, why);
	if (w->udp == NULL)
		return say(EXIT_UNAVAILABLE, why);
	snprintf(c->type, sizeof(c->type), "operator");
	snprintf(c->build, sizeof(c->build), "%s", PACKAGE_VERSION);
	c->observer = true;
	c->incarnation = loop_wall_ms();
	for (size_t i = 0; i < udp_count(w->udp); i++)
		c->bound[i] = *udp_bound(w->udp, i);
	memcpy(c->seeds, o->seeds, sizeof(c->seeds));
	c->seed_count = o->mesh_count > 0 ? o->seed_count : 0;
	randombytes_buf(c->random_seed, sizeof(c->random_seed));
	w->node = node_new(c, loop_now_ns(), loop_wall_ms(), &err);
	if (w->node == NULL)
		return say(EXIT_INTERNAL, err_text(err));
	for (size_t i = 0; i < o->mesh_count; i++)
		(void)node_watch_mesh(w->node, o->meshes[i], loop_now_ns());
	w->driver = node_driver_new(&w->loop, w->node, w->udp, &hooks, &err);
	return w->driver != NULL ? 0 : say(EXIT_IO, err_text(err));
}

static int
run(struct ordering *w, struct node_config *c)
{
	const struct options *o = w->options;
	int status = open_node(w, c);

	if (status != 0)
		return status;
	for (size_t i = 0; i < o->seed_count; i++)
		add_target(w, &o->seeds[i].id, &o->seeds[i].address, "");
	if (o->seed_count == 0)
		add_neighbors(w);
	if (w->count == 0)
		return say(EXIT_UNAVAILABLE, o->of != NULL ?
			"no node of this machine has the name that --of gives; see "
			"--list nodes" :
			"no node to order anything at: none runs on this machine; name "
			"others with --seed");
	/* Whoever is on this machine is a way into its meshes. */
	for (size_t i = 0; o->mesh_count > 0 && i < w->count && i < SEEDS_MAX; i++) {
		const struct seed s = { w->targets[i].id, w->targets[i].at };

		(void)node_add_seed(w->node, &s, "", loop_now_ns());
	}
	w->looking = o->mesh_count > 0;
	if (w->looking)
		uv_timer_start(&w->look, on_look, LOOK_MS, 0);
	ask_all(w, loop_now_ns());
	if (w->done < w->count || w->looking)
		uv_run(&w->loop, UV_RUN_DEFAULT);
	return w->failed ? EXIT_FAIL : EXIT_PASS;
}

static void
close_all(struct ordering *w)
{
	node_driver_close(w->driver);
	uv_close((uv_handle_t *)&w->look, NULL);
	(void)loop_drain(&w->loop);
	node_free(w->node);
	udp_close(w->udp);
	free(w->targets);
}

int
order_mode(const struct options *o)
{
	struct node_config *c = mem_array(1, sizeof(*c));
	struct ordering *w = mem_array(1, sizeof(*w));
	char why[FILES_WHY_CAP], hex[ID_HEX_CAP];
	uint8_t random[FAULT_ID_LEN];
	bool own_id;
	int status = EXIT_PASS;

	w->options = o;
	randombytes_buf(random, sizeof(random));
	identity_mint(&c->identity);
	if (order_words_parse(&w->order, &own_id, o->order, random, why) != ERR_OK)
		status = say(EXIT_USAGE, why);
	else if (o->identity_path != NULL &&
		 files_operator(o->identity_path, &c->identity, why) != ERR_OK)
		status = say(EXIT_CONFIG, why);
	else if (own_id)
		puts(id_hex(hex, &c->identity.id));
	if (status == EXIT_PASS && !own_id && loop_begin(&w->loop, why) != ERR_OK) {
		status = say(EXIT_UNAVAILABLE, why);
	} else if (status == EXIT_PASS && !own_id) {
		uv_timer_init(&w->loop, &w->look);
		w->look.data = w;
		w->targets = mem_array(TARGETS_MAX, sizeof(*w->targets));
		status = run(w, c);
		close_all(w);
	}
	identity_wipe(&c->identity);
	fabric_key_wipe(&c->key);
	free(c);
	free(w);
	return status;
}
