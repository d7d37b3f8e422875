/* SPDX-License-Identifier: MIT */
#include "tui/ask_loop.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "tui/words.h"

enum { FIELD_CADENCE, FIELD_SEED, FIELD_PRIMITIVES };

#define WHY_CAP 80	/* as much as a prompt shows */
#define SURE "loop"

_Static_assert(PRIMITIVES <= 32, "a bit for each in model_loop_wish.primitives");

void
ask_loop_open(struct prompt *p, unsigned purpose, const struct model *m)
{
	char text[PROMPT_TEXT_CAP];

	prompt_form(p, purpose,
		"A loop of faults: one after each cadence, on nodes of yours that the "
		"seed chooses. What the guards refuse is left out. What: names, \"mild\" "
		"or \"all\".");
	snprintf(text, sizeof(text), "%us",
		(unsigned)(ASK_LOOP_CADENCE_NS / SECONDS(1)));
	prompt_field(p, "cadence", text);
	/* Another one each time, and the same again when somebody types it. */
	snprintf(text, sizeof(text), "%u",
		(unsigned)(m->now_ns / MILLISECONDS(1) % 100000));
	prompt_field(p, "seed", text);
	prompt_field(p, "what", "mild");
}

static uint32_t
all_of(bool severe)
{
	uint32_t set = 0;

	for (unsigned i = 0; i < PRIMITIVES; i++)
		if (i != PRIMITIVE_SHAM &&
			(severe || !catalog_at((enum primitive)i)->severe))
			set |= UINT32_C(1) << i;
	return set;
}

int
ask_loop_primitives(uint32_t *to, const char *text, char *why, size_t why_cap)
{
	char words[PROMPT_TEXT_CAP], *at = words, *word;

	*to = 0;
	snprintf(words, sizeof(words), "%s", text);
	while ((word = strsep(&at, " ,")) != NULL) {
		enum primitive p = catalog_find(word);

		if (word[0] == '\0')
			continue;
		if (strcmp(word, "all") == 0 || strcmp(word, "mild") == 0) {
			*to |= all_of(word[0] == 'a');
		} else if (p == PRIMITIVES) {
			snprintf(why, why_cap, "no fault is called '%.40s'", word);
			return ERR_MALFORMED;
		} else {
			*to |= UINT32_C(1) << p;
		}
	}
	if (*to == 0) {
		snprintf(why, why_cap, "names of faults, mild or all");
		return ERR_MALFORMED;
	}
	return ERR_OK;
}

static int
read_form(struct model_loop_wish *w, const struct prompt *p, size_t *field,
	char why[static WHY_CAP])
{
	*field = FIELD_CADENCE;
	if (text_parse_duration(p->fields[FIELD_CADENCE].text, &w->cadence_ns) !=
			ERR_OK || w->cadence_ns < MODEL_LOOP_CADENCE_MIN ||
		w->cadence_ns > SECONDS(3600)) {
		snprintf(why, WHY_CAP, "a time from 1s to 1h, such as 30s");
		return ERR_MALFORMED;
	}
	*field = FIELD_SEED;
	if (text_u64(p->fields[FIELD_SEED].text, UINT64_MAX, &w->seed) != ERR_OK) {
		snprintf(why, WHY_CAP, "a seed is a number");
		return ERR_MALFORMED;
	}
	*field = FIELD_PRIMITIVES;
	return ask_loop_primitives(
		&w->primitives, p->fields[FIELD_PRIMITIVES].text, why, WHY_CAP);
}

/* Whole seconds in whole units: "30s", "1m30s"; the rest as it is. */
static char *
cadence_text(char *to, size_t cap, uint64_t ns)
{
	return ns % NS_PER_S == 0 ? words_age_long(to, cap, ns)
				  : text_duration(to, cap, ns);
}

void
ask_loop_form(struct model_loop_wish *w, struct prompt *p, unsigned sure)
{
	char why[WHY_CAP], names[PROMPT_QUESTION_CAP - 120] = "", cadence[24];
	unsigned severe = 0;
	size_t field, len;

	if (read_form(w, p, &field, why) != ERR_OK) {
		prompt_again(p, field, why);
		return;
	}
	for (unsigned i = 0; i < PRIMITIVES; i++) {
		if (!(w->primitives & UINT32_C(1) << i))
			continue;
		len = strlen(names);
		snprintf(names + len, sizeof(names) - len, "%s%s", len > 0 ? ", " : "",
			catalog_at((enum primitive)i)->name);
		severe += catalog_at((enum primitive)i)->severe;
	}
	cadence_text(cadence, sizeof(cadence), w->cadence_ns);
	if (severe == 0) {
		prompt_confirm(p, sure, "Every %s one of %s, with seed %llu. Begin?",
			cadence, names, (unsigned long long)w->seed);
		return;
	}
	prompt_form(p, sure, "");
	snprintf(p->question, sizeof(p->question),
		"Every %s one of %s, with seed %llu. %u of them severe. "
		"Type %s to go on.",
		cadence, names, (unsigned long long)w->seed, severe, SURE);
	prompt_field(p, "word", "");
}

bool
ask_loop_sure(struct prompt *p)
{
	if (p->field_count == 0 || strcmp(p->fields[0].text, SURE) == 0)
		return true;
	prompt_again(p, 0, "that is not the word; Esc cancels");
	return false;
}

char *
ask_loop_text(char *to, size_t cap, const struct model_loop *l, uint64_t now_ns)
{
	char cadence[24], next[16];

	snprintf(to, cap, "loop: every %s, seed %llu, next in %s, %u begun, %u refused",
		cadence_text(cadence, sizeof(cadence), l->wish.cadence_ns),
		(unsigned long long)l->wish.seed,
		words_age(next, sizeof(next),
			l->due_ns > now_ns ? l->due_ns - now_ns : 0),
		l->begun, l->refused);
	return to;
}
