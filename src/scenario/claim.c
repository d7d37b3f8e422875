/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "scenario/claim.h"

#define WORDS_MAX 4
#define WORD_CAP (SELECTOR_LEN_MAX + 2)

static const struct {
	const char *name, *help;
	enum claim_unit unit;
} metrics[CLAIM_METRICS] = {
#define METRIC(id, text, unit, help) [CLAIM_##id] = { text, help, CLAIM_##unit },
#include "scenario/metrics.def"
#undef METRIC
};

static const char *const compares[] = { "=", "!=", "<", "<=", ">", ">=" };

enum claim_unit
claim_unit(enum claim_metric m)
{
	return metrics[m].unit;
}

struct word {
	char text[WORD_CAP];
	size_t at;
};

/* How many words there are; WORDS_MAX + 1 when too many, 0 when one is too long. */
static size_t
split(struct word words[WORDS_MAX], const char *text)
{
	size_t count = 0;

	for (const char *c = text; *c;) {
		size_t len = strcspn(c, " \t\n");

		if (len == 0) {
			c++;
			continue;
		}
		if (count == WORDS_MAX)
			return WORDS_MAX + 1;
		if (len >= WORD_CAP)
			return 0;
		memcpy(words[count].text, c, len);
		words[count].text[len] = '\0';
		words[count++].at = (size_t)(c - text);
		c += len;
	}
	return count;
}

/* "12", "1.5": thousandths; the rest of the text behind it. */
static bool
number(const char *text, int64_t *thousandths, const char **rest)
{
	char *end;
	size_t len = strspn(text, "0123456789.");
	double value = strtod(text, &end);

	if (len == 0 || end != text + len || value > 1e12)
		return false;
	*thousandths = (int64_t)(value * 1000 + 0.5);
	*rest = end;
	return true;
}

static enum claim_error
parse_value(struct claim *c, const char *text, char why[static CLAIM_WHY_CAP])
{
	static const struct {
		const char *text;
		int64_t factor;
	} bytes[] = { { "B", 1 }, { "kB", 1000 }, { "MB", 1000000 }, { "KiB", 1024 },
		{ "MiB", 1048576 }, { "GiB", 1073741824 } };
	enum claim_unit unit = metrics[c->metric].unit;
	const char *name = metrics[c->metric].name, *rest = "";
	int64_t thousandths;
	uint64_t ns;

	if (unit == CLAIM_TIME) {
		c->value = 0;
		if (text_parse_duration(text, &ns) != ERR_OK) {
			snprintf(why, CLAIM_WHY_CAP,
				"'%.40s' is no time: %s is in 50ms or 2s", text, name);
			return CLAIM_BAD_UNIT;
		}
		c->value = (int64_t)ns;
		return CLAIM_OK;
	}
	if (!number(text, &thousandths, &rest)) {
		snprintf(why, CLAIM_WHY_CAP, "'%.40s' is no number", text);
		return CLAIM_BAD_UNIT;
	}
	c->percent = strcmp(rest, "%") == 0;
	if (unit == CLAIM_COUNT && (c->percent || !*rest)) {
		c->value = thousandths;
		return CLAIM_OK;
	}
	if (unit == CLAIM_SHARE && c->percent) {
		c->value = thousandths / 10;
		return CLAIM_OK;
	}
	for (size_t i = 0; unit == CLAIM_BYTES && i < sizeof(bytes) / sizeof(bytes[0]);
		i++) {
		if (strcmp(rest, bytes[i].text) != 0)
			continue;
		c->value = thousandths * bytes[i].factor / 1000;
		return CLAIM_OK;
	}
	snprintf(why, CLAIM_WHY_CAP, "'%.40s' has the wrong unit: %s is in %s", text,
		name,
		unit == CLAIM_COUNT   ? "3 or 50%"
		: unit == CLAIM_SHARE ? "99%"
				      : "kB, MiB and so on");
	return CLAIM_BAD_UNIT;
}

static enum claim_error
bad_metric(const struct word *w, char why[static CLAIM_WHY_CAP])
{
	const char *words[CLAIM_METRICS], *near;

	for (size_t i = 0; i < CLAIM_METRICS; i++)
		words[i] = metrics[i].name;
	near = text_closest(w->text, words, CLAIM_METRICS);
	snprintf(why, CLAIM_WHY_CAP, "'%.60s' is nothing to wait for, %s'%s'%s", w->text,
		near ? "did you mean " : "there is ", near ? near : words[0],
		near ? "?" : "");
	return CLAIM_BAD_METRIC;
}

static bool
find_compare(const char *text, enum claim_compare *to)
{
	for (size_t i = 0; i < sizeof(compares) / sizeof(compares[0]); i++) {
		if (strcmp(text, compares[i]) == 0 ||
			(i == 0 && strcmp(text, "==") == 0)) {
			*to = (enum claim_compare)i;
			return true;
		}
	}
	return false;
}

enum claim_error
claim_parse(struct claim *c, const char *text, char why[static CLAIM_WHY_CAP], size_t *at)
{
	struct word words[WORDS_MAX];
	size_t count = split(words, text), next = 1;

	memset(c, 0, sizeof(*c));
	*at = 0;
	if (count == 0 || count > WORDS_MAX) {
		snprintf(why, CLAIM_WHY_CAP,
			"a claim is a metric, whom it is about, a comparison and a "
			"value");
		return CLAIM_BAD_SHAPE;
	}
	*at = words[0].at;
	while (c->metric < CLAIM_METRICS &&
		strcmp(words[0].text, metrics[c->metric].name) != 0)
		c->metric++;
	if (c->metric == CLAIM_METRICS)
		return bad_metric(&words[0], why);
	if (next < count && !find_compare(words[next].text, &c->compare)) {
		*at = words[next].at;
		if (!selector_parse(&c->about.at[0], words[next].text, why))
			return CLAIM_BAD_SHAPE;
		c->about.count = 1;
		next++;
	}
	if (metrics[c->metric].unit == CLAIM_TRUTH) {
		if (next == count)
			return CLAIM_OK;
		*at = words[next].at;
		snprintf(why, CLAIM_WHY_CAP,
			"'%.60s' is true or not: it takes no comparison", words[0].text);
		return CLAIM_BAD_SHAPE;
	}
	if (count - next != 2 || !find_compare(words[next].text, &c->compare)) {
		*at = next < count ? words[next].at : words[count - 1].at;
		snprintf(why, CLAIM_WHY_CAP,
			"'%.40s' needs a comparison and a value: %.40s >= 1, with =, !=, "
			"<, <=, > "
			"or >=",
			words[0].text, words[0].text);
		return CLAIM_BAD_SHAPE;
	}
	*at = words[next + 1].at;
	return parse_value(c, words[next + 1].text, why);
}

bool
claim_holds(const struct claim *c, int64_t have, int64_t of)
{
	int64_t want = c->value;

	if (c->percent && metrics[c->metric].unit == CLAIM_COUNT) {
		/* Both in thousandths of a percent of the nodes meant. */
		have = of > 0 ? have * 100 / of : 0;
	}
	switch (c->compare) {
	case CLAIM_EQ:
		return have == want;
	case CLAIM_NE:
		return have != want;
	case CLAIM_LT:
		return have < want;
	case CLAIM_LE:
		return have <= want;
	case CLAIM_GT:
		return have > want;
	case CLAIM_GE:
		break;
	}
	return have >= want;
}

char *
claim_value(char to[static CLAIM_VALUE_CAP], enum claim_unit unit, int64_t value)
{
	uint64_t amount = (uint64_t)(value < 0 ? -value : value);

	to[0] = '-';
	switch (unit) {
	case CLAIM_TIME:
		text_duration(to + (value < 0), CLAIM_VALUE_CAP - 1, amount);
		break;
	case CLAIM_BYTES:
		text_bytes(to + (value < 0), CLAIM_VALUE_CAP - 1, amount);
		break;
	case CLAIM_SHARE:
		snprintf(to, CLAIM_VALUE_CAP, "%g%%", (double)value / 100);
		break;
	default:
		snprintf(to, CLAIM_VALUE_CAP, "%g", (double)value / 1000);
		break;
	}
	return to;
}

char *
claim_text(const struct claim *c, char to[static CLAIM_TEXT_CAP])
{
	char about[SELECTOR_LEN_MAX + 4] = "", value[CLAIM_VALUE_CAP];
	enum claim_unit unit = metrics[c->metric].unit;

	if (c->about.count)
		selector_text(&c->about, about, sizeof(about));
	if (unit == CLAIM_TRUTH)
		snprintf(to, CLAIM_TEXT_CAP, "%s%s%s", metrics[c->metric].name,
			about[0] ? " " : "", about);
	else
		snprintf(to, CLAIM_TEXT_CAP, "%s%s%s %s %s%s", metrics[c->metric].name,
			about[0] ? " " : "", about, compares[c->compare],
			claim_value(value, unit, c->value),
			c->percent && unit == CLAIM_COUNT ? "%" : "");
	return to;
}
