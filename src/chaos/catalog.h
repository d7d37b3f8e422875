/* SPDX-License-Identifier: MIT */
#ifndef CHAOS_CATALOG_H
#define CHAOS_CATALOG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/limits.h"

/*
 * The catalog of primitives: what can be done to a mesh, what the mesh has to show for
 * it, and within which time. Made from primitive.def and param.def, like the manual.
 */
enum primitive {
#define PRIMITIVE(name, ...) PRIMITIVE_##name,
#include "chaos/primitive.def"
#undef PRIMITIVE
	PRIMITIVES
};

enum param {
#define PARAM(primitive, name, ...) PARAM_##name,
#include "chaos/param.def"
#undef PARAM
	PARAMS
};

enum param_unit { UNIT_TIME, UNIT_OFFSET, UNIT_SHARE, UNIT_COUNT };

struct catalog_param {
	enum primitive primitive;
	const char *key, *text;
	enum param_unit unit;
	int64_t min, max, standard;	/* OFFSET: of its amount */
};

enum reach { REACH_NODE, REACH_PAIR, REACH_SIDE, REACH_LINKS };

struct catalog_entry {
	const char *name;
	enum reach reach;
	bool severe;
	uint64_t lease_ns, effect_ns, recovery_ns;
	const char *does, *during, *after, *blind;
};

const struct catalog_entry *catalog_at(enum primitive p);
const struct catalog_param *catalog_param_at(enum param p);
/* PRIMITIVES when there is none of that name. */
enum primitive catalog_find(const char *name);
/* Whether the target is out of its mesh meanwhile: guards count those more strictly. */
bool catalog_removes(enum primitive p);
/* Processes end: kill, restart, burst-kill. */
bool catalog_kills(enum primitive p);

/* "100ms", "-60s", "10%", "3". */
#define CATALOG_VALUE_CAP 32
char *catalog_value(char to[static CATALOG_VALUE_CAP], enum param p, int64_t value);

/* The other way; ERR_MALFORMED, ERR_LIMIT, with a text for a person. */
int catalog_parse(
	enum param p, const char *text, int64_t *value, char *why, size_t why_cap);

/* The page of the manual, meshtui-chaos(7), in mdoc(7). */
void catalog_manual(struct buf *to);

#endif
