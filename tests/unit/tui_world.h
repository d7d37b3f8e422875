/* SPDX-License-Identifier: MIT */
#ifndef TESTS_TUI_WORLD_H
#define TESTS_TUI_WORLD_H

#include "tui/model.h"

/*
 * Meshes of made-up nodes for tests of the console and for looking at it: real signed
 * digests in real directories, always the same ids. Each beat is one digest of every node
 * that speaks.
 */
#define WORLD_MESHES_MAX 12
#define WORLD_BOOTS_MAX 20

struct world_actor;

struct world {
	struct directory *directories[WORLD_MESHES_MAX];
	struct topology topologies[WORLD_MESHES_MAX];
	struct model_mesh meshes[WORLD_MESHES_MAX];
	char names[WORLD_MESHES_MAX][32];
	struct world_actor *actors;
	size_t actor_count, per_mesh;
	struct node_status self;
	struct child_row child;
	const struct child_row *children[1];
	struct model_notice notices[MODEL_NOTICES_MAX];
	struct timeline *timeline;
	struct alerts *alerts;
	struct series *series;
	struct model_boot boots[WORLD_BOOTS_MAX];
	struct span_set spans[WORLD_BOOTS_MAX];
	struct model model;
};

/* per_mesh > 5. Everybody has spoken once at now_ns. */
struct world *world_new(size_t meshes, size_t per_mesh, uint64_t now_ns);
void world_free(struct world *w);

/*
 * All that are not silent speak; then time passes in the directories and overlays are
 * built.
 */
void world_beat(struct world *w, uint64_t now_ns);
void world_tick(struct world *w, uint64_t now_ns);
/* Actors are numbered through all meshes. */
void world_silence(struct world *w, size_t actor, bool silent);
void world_leave(struct world *w, size_t actor, uint64_t now_ns);
void world_accuse(struct world *w, size_t by, size_t of, uint64_t now_ns);
/* `by` says in its next digest that its neighbor `of` does not answer. */
void world_unanswered(struct world *w, size_t by, size_t of);
const struct peer_id *world_id(const struct world *w, size_t actor);
/* The model's only child is this actor, started at now_ns. */
void world_adopt(struct world *w, size_t actor, uint64_t now_ns);
/* Something that the observer saw of this actor. */
void world_event(struct world *w, size_t actor, enum timeline_kind kind, uint64_t at_ns,
	const char *text);
/* A figure of this actor as it is at at_ns. */
void world_figure(struct world *w, size_t actor, enum alert_kind kind, uint64_t value,
	uint64_t at_ns);
/*
 * How an actor booted: identity took identity_us, the other steps 100 us each. With a
 * reason endpoint_created failed; `open` leaves it unfinished. Heard at now.
 */
void world_boot(struct world *w, size_t actor, uint64_t identity_us, const char *failed,
	bool open);
/* One that was found and has not been asked. */
void world_boot_unknown(struct world *w, size_t actor);
/* Sets the build text of a node, whatever bytes that holds. */
void world_build(struct world *w, size_t actor, const char *build);
void world_notice(struct world *w, enum model_notice_level level, uint64_t now_ns,
	const char *text);

#endif
