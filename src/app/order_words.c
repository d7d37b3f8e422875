/* SPDX-License-Identifier: MIT */
#include "app/order_words.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"

#define WHY ORDER_WORDS_WHY_CAP

static int __attribute__((format(printf, 2, 3)))
refuse(char why[static WHY], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, WHY, format, args);
	va_end(args);
	return ERR_ARGUMENT;
}

/* "-60s" too. */
static int
parse_ms(const char *text, int64_t *ms)
{
	bool minus = text[0] == '-';
	uint64_t ns;
	int err = text_parse_duration(text + (minus || text[0] == '+'), &ns);

	if (err != ERR_OK)
		return err;
	*ms = (int64_t)(ns / NS_PER_MS) * (minus ? -1 : 1);
	return ERR_OK;
}

static int
parse_u32(const char *text, uint64_t unit_ns, uint32_t *to)
{
	uint64_t ns;

	if (text_parse_duration(text, &ns) != ERR_OK || ns / unit_ns > UINT32_MAX)
		return ERR_MALFORMED;
	*to = (uint32_t)(ns / unit_ns);
	return ERR_OK;
}

/* "5%", "0.25%" */
static int
parse_share(const char *text, uint16_t *to)
{
	char *end;
	double percent = strtod(text, &end);

	if (end == text || strcmp(end, "%") != 0 || !(percent >= 0 && percent <= 100))
		return ERR_MALFORMED;
	*to = (uint16_t)(percent * 100 + 0.5);
	return ERR_OK;
}

static int
add_target(struct fault_order *o, const char *text, bool by_address)
{
	struct fault_target *t = &o->targets[o->target_count];

	if (o->target_count == FAULT_TARGETS_MAX)
		return ERR_LIMIT;
	t->by_address = by_address;
	if (by_address ? address_parse(&t->address, text) : id_parse(&t->peer, text))
		return ERR_MALFORMED;
	o->target_count++;
	return ERR_OK;
}

static int
take_name(struct fault_order *o, const char *text)
{
	if (!text_is_label(text) || strlen(text) >= sizeof(o->primitive))
		return ERR_MALFORMED;
	memcpy(o->primitive, text, strlen(text) + 1);
	return ERR_OK;
}

enum key { FOR, PEER, ADDRESS, LOSS, REORDER, DUPLICATE, DELAY, JITTER, RATE, PERIOD,
	ACTIVE, SKEW, STALL, SEED, ID, NAME, KEYS };
static const char *const keys[KEYS] = { "for", "peer", "address", "loss", "reorder",
	"duplicate", "delay", "jitter", "rate", "period", "active", "skew", "stall",
	"seed", "id", "name" };

static int
take_value(struct fault_order *o, enum key key, const char *text)
{
	struct fault_figures *f = &o->figures;

	switch (key) {
	case FOR:
		return parse_u32(text, NS_PER_MS, &o->lease_ms);
	case PEER:
		return add_target(o, text, false);
	case ADDRESS:
		return add_target(o, text, true);
	case LOSS:
		return parse_share(text, &f->loss);
	case REORDER:
		return parse_share(text, &f->reorder);
	case DUPLICATE:
		return parse_share(text, &f->duplicate);
	case DELAY:
		return parse_u32(text, 1000, &f->delay_us);
	case JITTER:
		return parse_u32(text, 1000, &f->jitter_us);
	case RATE:
		return text_u64(text, UINT64_MAX, &f->rate);
	case PERIOD:
		return parse_u32(text, NS_PER_MS, &f->period_ms);
	case ACTIVE:
		return parse_u32(text, NS_PER_MS, &f->active_ms);
	case SKEW:
		return parse_ms(text, &f->skew_ms);
	case STALL:
		return parse_u32(text, NS_PER_MS, &f->stall_ms);
	case SEED:
		return text_u64(text, UINT64_MAX, &o->seed);
	case ID:
		return fault_id_parse(&o->id, text);
	case NAME:
		return take_name(o, text);
	case KEYS:
		break;
	}
	return ERR_UNKNOWN;
}

static int
take_word(struct fault_order *o, char *word, char why[static WHY])
{
	char *value = strchr(word, '=');

	if (value == NULL && strcmp(word, "all") == 0) {
		o->all = true;
		return ERR_OK;
	}
	for (int d = FAULT_IN; value == NULL && d < FAULT_DIRECTIONS; d++)
		if (strcmp(word, fault_direction_text((enum fault_direction)d)) == 0) {
			o->direction = (enum fault_direction)d;
			return ERR_OK;
		}
	if (value != NULL)
		*value++ = '\0';
	for (int k = 0; value != NULL && k < KEYS; k++) {
		if (strcmp(word, keys[k]) != 0)
			continue;
		if (take_value(o, (enum key)k, value) == ERR_OK)
			return ERR_OK;
		return refuse(why, "%.20s=%.70s can't be read, see --order in meshtui(1)",
			word, value);
	}
	const char *close = text_closest(word, keys, KEYS);

	return refuse(why, "unknown word '%.40s'%s%s%s", word,
		close != NULL ? ", did you mean '" : "", close != NULL ? close : "",
		close != NULL ? "='?" : "");
}

static int
take_first(struct fault_order *o, bool *own_id, const char *word, char **rest,
	char why[static WHY])
{
	const char *words[FAULT_VERBS + FAULT_KINDS];
	size_t count = 0;
	const char *close;

	if (strcmp(word, "id") == 0) {
		*own_id = true;
		o->verb = FAULT_REPORT;
		return ERR_OK;
	}
	for (int v = FAULT_REVERT; v < FAULT_VERBS; v++) {
		words[count++] = fault_verb_text((enum fault_verb)v);
		if (strcmp(word, words[count - 1]) != 0)
			continue;
		o->verb = (enum fault_verb)v;
		if (v != FAULT_REVERT)
			return ERR_OK;
		word = strtok_r(NULL, " ", rest);
		if (word != NULL && fault_id_parse(&o->id, word) == ERR_OK)
			return ERR_OK;
		return refuse(why, "revert needs the fault's id, 32 hex digits");
	}
	for (int k = 0; k < FAULT_KINDS; k++) {
		words[count++] = fault_kind_text((enum fault_kind)k);
		if (strcmp(word, words[count - 1]) != 0)
			continue;
		o->kind = (enum fault_kind)k;
		return ERR_OK;
	}
	close = text_closest(word, words, count);
	return refuse(why,
		"'%.40s' is neither halt, disarm, report, revert, id nor a fault%s%s%s",
		word, close != NULL ? ", did you mean '" : "",
		close != NULL ? close : "", close != NULL ? "'?" : "");
}

int
order_words_parse(struct fault_order *o, bool *own_id, const char *text,
	const uint8_t random[static FAULT_ID_LEN], char why[static ORDER_WORDS_WHY_CAP])
{
	char copy[ORDER_WORDS_LEN_MAX], *rest = NULL, *word;
	int err;

	memset(o, 0, sizeof(*o));
	*own_id = false;
	if (strlen(text) >= sizeof(copy))
		return refuse(why, "an order has at most %zu characters",
			sizeof(copy) - 1);
	memcpy(copy, text, strlen(text) + 1);
	memcpy(o->id.bytes, random, sizeof(o->id.bytes));
	memcpy(o->nonce, random, sizeof(o->nonce));
	word = strtok_r(copy, " ", &rest);
	if (word == NULL)
		return refuse(why, "the order is empty");
	err = take_first(o, own_id, word, &rest, why);
	while (err == ERR_OK && (word = strtok_r(NULL, " ", &rest)) != NULL)
		err = o->verb == FAULT_INJECT
			? take_word(o, word, why)
			: refuse(why, "nothing follows after '%s', not '%.40s'",
				  fault_verb_text(o->verb), word);
	if (err != ERR_OK || o->verb != FAULT_INJECT)
		return err;
	if (o->lease_ms == 0)
		return refuse(why, "how long? Say for=20s");
	return fault_order_check(o, why);
}
