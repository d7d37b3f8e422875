/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "chaos/catalog.h"

static const struct catalog_entry entries[PRIMITIVES] = {
#define PRIMITIVE(id, text, reach, severe, lease, effect, recovery, ...) \
	[PRIMITIVE_##id] = { text, REACH_##reach, severe, SECONDS(lease), \
		SECONDS(effect), SECONDS(recovery), __VA_ARGS__ },
#include "chaos/primitive.def"
#undef PRIMITIVE
};

static const struct catalog_param params[PARAMS] = {
#define PARAM(of, id, key, unit, min, max, standard, text) \
	[PARAM_##id] = { PRIMITIVE_##of, key, text, UNIT_##unit, (int64_t)(min), \
		(int64_t)(max), (int64_t)(standard) },
#include "chaos/param.def"
#undef PARAM
};

const struct catalog_entry *
catalog_at(enum primitive p)
{
	return &entries[p];
}

const struct catalog_param *
catalog_param_at(enum param p)
{
	return &params[p];
}

enum primitive
catalog_find(const char *name)
{
	for (size_t i = 0; i < PRIMITIVES; i++)
		if (strcmp(entries[i].name, name) == 0)
			return (enum primitive)i;
	return PRIMITIVES;
}

bool
catalog_kills(enum primitive p)
{
	return p == PRIMITIVE_KILL || p == PRIMITIVE_RESTART || p == PRIMITIVE_BURST_KILL;
}

bool
catalog_removes(enum primitive p)
{
	return catalog_kills(p) || p == PRIMITIVE_WEDGE ||
		p == PRIMITIVE_PARTITION_SUBSET;
}

char *
catalog_value(char to[static CATALOG_VALUE_CAP], enum param p, int64_t value)
{
	switch (params[p].unit) {
	case UNIT_OFFSET:
	case UNIT_TIME:
		to[0] = '-';
		text_duration(to + (value < 0), CATALOG_VALUE_CAP - 1,
			(uint64_t)(value < 0 ? -value : value));
		break;
	case UNIT_SHARE:
		snprintf(to, CATALOG_VALUE_CAP, "%g%%", (double)value / 100);
		break;
	case UNIT_COUNT:
		snprintf(to, CATALOG_VALUE_CAP, "%" PRId64, value);
		break;
	}
	return to;
}

/* "10%", "2.5%" in 1/10000. */
static int
parse_share(const char *text, int64_t *value)
{
	char *end;
	double percent = strtod(text, &end);

	if (end == text || strcmp(end, "%") != 0 || !(percent >= 0 && percent <= 100))
		return ERR_MALFORMED;
	*value = (int64_t)(percent * 100 + 0.5);
	return ERR_OK;
}

int
catalog_parse(enum param p, const char *text, int64_t *value, char *why, size_t why_cap)
{
	const struct catalog_param *c = &params[p];
	bool minus = c->unit == UNIT_OFFSET && text[0] == '-';
	char least[CATALOG_VALUE_CAP], most[CATALOG_VALUE_CAP];
	uint64_t number = 0;
	int64_t amount = 0;
	int err;

	if (c->unit == UNIT_SHARE)
		err = parse_share(text, &amount);
	else if (c->unit == UNIT_COUNT)
		err = text_u64(text, INT64_MAX, &number);
	else
		err = text_parse_duration(text + minus, &number);
	if (err == ERR_OK && c->unit != UNIT_SHARE && number > INT64_MAX)
		err = ERR_LIMIT;
	if (err == ERR_OK && c->unit != UNIT_SHARE)
		amount = (int64_t)number;
	if (err == ERR_OK && (amount < c->min || amount > c->max))
		err = ERR_LIMIT;
	if (err != ERR_OK) {
		snprintf(why, why_cap, "%s: from %s to %s", c->key,
			catalog_value(least, p, c->min), catalog_value(most, p, c->max));
		return err;
	}
	*value = minus ? -amount : amount;
	return ERR_OK;
}

/* A sentence on a line of its own; what mdoc would take for a request is kept from it. */
static void
sentences(struct buf *to, const char *title, const char *text)
{
	buf_format(to, ".Pp\n%s: ", title);
	for (const char *c = text; *c; c++) {
		buf_put_u8(to, (uint8_t)*c);
		if ((*c == '.' || *c == ':') && c[1] == ' ') {
			buf_put_u8(to, '\n');
			c++;
		}
	}
	buf_put_u8(to, '\n');
}

static void
manual_entry(struct buf *to, enum primitive p)
{
	static const char *const witnesses[] = {
		[REACH_NODE] =
			"other nodes of its mesh, two at least where there are two",
		[REACH_PAIR] =
			"the two ends; where they were neighbors, also two others that "
			"hold their digests",
		[REACH_SIDE] = "two nodes of the other side, where there are two",
		[REACH_LINKS] = "two nodes that hold a link to it, where there are two",
	};
	const struct catalog_entry *e = &entries[p];
	char a[24], b[24], c[24], value[CATALOG_VALUE_CAP];
	bool any = false;

	buf_format(to, ".Ss %s\n%s", e->name, e->does);
	buf_format(to, "%s\n",
		e->severe ? "\nIt is severe: guards and the console ask." : "");
	sentences(to, "While it lasts", e->during);
	sentences(to, "After it", e->after);
	sentences(to, "Witnesses", witnesses[e->reach]);
	sentences(to, "It cannot show", e->blind);
	buf_format(to,
		".Pp\nIt lasts %s unless told; its effect has to be seen within %s, "
		"and its end within %s.\n",
		text_duration(a, sizeof(a), e->lease_ns),
		text_duration(b, sizeof(b), e->effect_ns),
		text_duration(c, sizeof(c), e->recovery_ns));
	for (size_t i = 0; i < PARAMS; i++) {
		if (params[i].primitive != p)
			continue;
		if (!any)
			buf_format(to, ".Bl -tag -width period\n");
		any = true;
		buf_format(to, ".It Cm %s\n%s (%s", params[i].key, params[i].text,
			catalog_value(value, (enum param)i, params[i].min));
		buf_format(to, " to %s,",
			catalog_value(value, (enum param)i, params[i].max));
		buf_format(to, " %s unless told)\n",
			catalog_value(value, (enum param)i, params[i].standard));
	}
	if (any)
		buf_format(to, ".El\n");
}

void
catalog_manual(struct buf *to)
{
	buf_format(to,
		".\\\" SPDX-License-Identifier: MIT\n"
		".\\\" Made from src/chaos/primitive.def by meshtui --print "
		"chaos-manual.\n"
		".Dd November 20, 2026\n.Dt MESHTUI-CHAOS 7\n.Os\n.Sh NAME\n"
		".Nm meshtui-chaos\n.Nd faults that a mesh has to notice\n"
		".Sh DESCRIPTION\n"
		"A fault is put on nodes by their parent and judged by what other nodes "
		"report\n"
		"about the mesh.\nEach is pass, fail or unproven.\n"
		"Pass: at least two nodes that had no part in it (or as many as there "
		"are) saw\n"
		"its effect and its end, each in time, and nobody else was lost.\n"
		"Fail: the effect was seen and the end was not, or others were lost.\n"
		"Unproven: nobody saw an effect, so nothing is known.\n"
		".Pp\nEvery fault has a lease, after which the node takes it off by "
		"itself.\n"
		"None needs root, and none touches the host.\n"
		".Sh PRIMITIVES\n");
	for (size_t i = 0; i < PRIMITIVES; i++)
		manual_entry(to, (enum primitive)i);
	buf_format(to, ".Sh SEE ALSO\n.Xr meshtui 1\n");
}
