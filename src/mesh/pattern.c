/* SPDX-License-Identifier: MIT */
#include "mesh/pattern.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/hex.h"
#include "base/text.h"

#define HEX_LEN_MIN 6
#define SHOWN_CAP 80

/* The part up to a dot or the end; moves behind the dot. False: longer than a label. */
static bool
next_part(const char **text, char *to, size_t cap)
{
	size_t len = strcspn(*text, ".");

	if (len >= cap)
		return false;
	memcpy(to, *text, len);
	to[len] = '\0';
	*text += len + ((*text)[len] == '.');
	return true;
}

static bool
is_any(const char *part)
{
	return strcmp(part, "*") == 0;
}

static bool
is_hex(const char *part)
{
	size_t len = strlen(part);

	return len >= HEX_LEN_MIN && len <= 64 &&
	       strspn(part, "0123456789abcdef") == len;
}

static int
check(struct pattern *p, bool has_type, bool has_hex)
{
	if (!has_type)
		return ERR_MALFORMED;
	if (is_any(p->mesh))
		p->mesh[0] = '\0';
	else if (!text_is_label(p->mesh))
		return ERR_MALFORMED;
	if (is_any(p->type))
		p->type[0] = '\0';
	else if (!text_is_label(p->type))
		return ERR_MALFORMED;
	if (!has_hex || is_any(p->hex))
		p->hex[0] = '\0';
	else if (!is_hex(p->hex))
		return ERR_MALFORMED;
	return ERR_OK;
}

int
pattern_parse(struct pattern *p, const char *text, char why[static PATTERN_WHY_CAP])
{
	const char *at = text;
	bool has_type, has_hex;
	char shown[SHOWN_CAP];

	memset(p, 0, sizeof *p);
	why[0] = '\0';
	if (next_part(&at, p->mesh, sizeof p->mesh)) {
		has_type = *at != '\0';
		if (next_part(&at, p->type, sizeof p->type)) {
			has_hex = *at != '\0';
			if (next_part(&at, p->hex, sizeof p->hex) && *at == '\0' &&
				(text[0] == '\0' || text[strlen(text) - 1] != '.') &&
				check(p, has_type, has_hex) == ERR_OK)
				return ERR_OK;
		}
	}
	text_printable(shown, sizeof shown, text, strlen(text));
	snprintf(why, PATTERN_WHY_CAP,
		"'%s' is no name: expected MESH.TYPE.HEX or MESH.TYPE, with '*' for any "
		"of them, for example mesh2.broker",
		shown);
	return ERR_MALFORMED;
}

bool
pattern_matches(const struct pattern *p, const char *mesh, const char *type,
	const struct peer_id *id)
{
	char hex[ID_HEX_CAP];

	if (p->mesh[0] != '\0' && strcmp(p->mesh, mesh) != 0)
		return false;
	if (p->type[0] != '\0' && strcmp(p->type, type) != 0)
		return false;
	return p->hex[0] == '\0' ||
	       strncmp(id_hex(hex, id), p->hex, strlen(p->hex)) == 0;
}

size_t
pattern_find(const struct pattern *p, const struct directory *d,
	const struct directory_entry **to, size_t cap, size_t *gone)
{
	static const enum liveness ranks[] = { LIVENESS_LIVE, LIVENESS_SUSPECT };
	size_t count = 0;

	*gone = 0;
	for (size_t r = 0; r < 2 && count == 0; r++)
		for (size_t i = 0; i < directory_count(d); i++) {
			const struct directory_entry *e = directory_at(d, i);

			if (!directory_is_node(e) ||
				!pattern_matches(p, e->digest.mesh, e->digest.type,
					&e->digest.id))
				continue;
			*gone += r == 0 && e->liveness >= LIVENESS_GONE;
			if (e->liveness == ranks[r] && count < cap)
				to[count++] = e;
		}
	return count;
}
