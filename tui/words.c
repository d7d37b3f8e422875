/* SPDX-License-Identifier: MIT */
#include "tui/words.h"

#include <stdio.h>

#include "base/hex.h"

char *
words_age(char *to, size_t cap, uint64_t ns)
{
	unsigned long long s = ns / NS_PER_S;

	if (s < 60)
		snprintf(to, cap, "%llus", s);
	else if (s < 3600)
		snprintf(to, cap, "%llum", s / 60);
	else if (s < 86400)
		snprintf(to, cap, "%lluh", s / 3600);
	else
		snprintf(to, cap, "%llud", s / 86400);
	return to;
}

char *
words_heard(char *to, size_t cap, uint64_t ns)
{
	if (ns >= SECONDS(3))
		return words_age(to, cap, ns);
	snprintf(to, cap, "<3s");
	return to;
}

char *
words_age_long(char *to, size_t cap, uint64_t ns)
{
	unsigned long long s = ns / NS_PER_S;

	if (s < 60)
		snprintf(to, cap, "%llus", s);
	else if (s < 3600)
		snprintf(to, cap, "%llum%02llus", s / 60, s % 60);
	else if (s < 86400)
		snprintf(to, cap, "%lluh%02llum", s / 3600, s / 60 % 60);
	else
		snprintf(to, cap, "%llud%02lluh", s / 86400, s / 3600 % 24);
	return to;
}

char *
words_count(char *to, size_t cap, uint64_t count)
{
	static const char units[] = "kMGTPE";
	double value = (double)count;
	int unit = -1;

	if (count < 10000) {
		snprintf(to, cap, "%llu", (unsigned long long)count);
		return to;
	}
	while (value >= 999.5 && units[unit + 1]) {
		value /= 1000;
		unit++;
	}
	snprintf(to, cap, value < 99.95 ? "%.1f%c" : "%.0f%c", value, units[unit]);
	return to;
}

char *
words_kib(char *to, size_t cap, uint64_t kib)
{
	static const char units[] = "KMGTPEZY";
	double value = (double)kib;
	int unit = 0;

	while (value >= 999.5 && units[unit + 1]) {
		value /= 1024;
		unit++;
	}
	snprintf(to, cap, unit > 0 && value < 99.95 ? "%.1f%c" : "%.0f%c", value,
		units[unit]);
	return to;
}

char *
words_percent(char *to, size_t cap, uint64_t part, uint64_t whole)
{
	double percent = 100.0 * (double)part / (double)whole;

	if (part > 0 && percent < 0.5)
		snprintf(to, cap, "<1%%");
	else
		snprintf(to, cap, "%.0f%%", percent > 999 ? 999.0 : percent);
	return to;
}

static uint64_t
since(uint64_t now_ns, uint64_t then_ns)
{
	return now_ns > then_ns ? now_ns - then_ns : 0;
}

char *
words_state(char *to, size_t cap, const struct directory_entry *en, uint64_t now_ns)
{
	char age[16];

	snprintf(to, cap, "%s %s", liveness_text(en->liveness),
		words_age(age, sizeof(age), since(now_ns, en->since_ns)));
	return to;
}

char *
words_source(char *to, size_t cap, const struct directory *d,
	const struct directory_entry *en, uint64_t now_ns)
{
	char age[16], name[NAME_LEN_MAX + 1];

	if (en->liveness == LIVENESS_LEFT) {
		snprintf(to, cap, "it said goodbye");
	} else if (en->accuser_count > 0) {
		const struct directory_accuser *by = &en->accusers[en->accuser_count - 1];
		char more[40] = "";

		if (en->accuser_count > 1)
			snprintf(more, sizeof(more), " (and %zu more)",
				en->accuser_count - 1);
		snprintf(to, cap, "by %s%s, %s ago: %s", words_name(name, d, &by->id),
			more, words_age(age, sizeof(age), since(now_ns, by->at_ns)),
			accusation_reason_text(by->reason));
	} else if (en->liveness != LIVENESS_LIVE) {
		snprintf(to, cap, "no digest for %s",
			words_age_long(age, sizeof(age), since(now_ns, en->received_ns)));
	} else {
		to[0] = '\0';
	}
	return to;
}

char *
words_reason(
	char *to, size_t cap, const struct directory *d, const struct directory_entry *en)
{
	char name[NAME_LEN_MAX + 1];

	if (en->liveness == LIVENESS_LEFT)
		snprintf(to, cap, "said goodbye");
	else if (en->accuser_count > 0)
		snprintf(to, cap, "%s, says %s",
			accusation_reason_text(
				en->accusers[en->accuser_count - 1].reason),
			words_name(name, d, &en->accusers[en->accuser_count - 1].id));
	else
		snprintf(to, cap, "%s", en->liveness == LIVENESS_LIVE ? "" : "silent");
	return to;
}

char *
words_name(char to[static NAME_LEN_MAX + 1], const struct directory *d,
	const struct peer_id *id)
{
	const struct directory_entry *en = directory_find(d, id);

	if (en)
		return directory_name(en, to);
	to[0] = '?';
	hex_encode(to + 1, id->bytes, 3);
	return to;
}

char *
words_short(char to[static NAME_LEN_MAX + 1], const struct directory_entry *en)
{
	char hex[13];

	hex_encode(hex, en->digest.id.bytes, en->name_collides ? 6 : 3);
	snprintf(to, NAME_LEN_MAX + 1, "%s %s", en->digest.type, hex);
	return to;
}

char *
words_address(char *to, size_t cap, const struct directory_entry *en)
{
	char address[ADDRESS_TEXT_CAP];

	to[0] = '\0';
	if (en->digest.address_count == 1)
		snprintf(
			to, cap, "%s", address_format(address, &en->digest.addresses[0]));
	else if (en->digest.address_count > 1)
		snprintf(to, cap, "%s +%zu",
			address_format(address, &en->digest.addresses[0]),
			en->digest.address_count - 1);
	return to;
}
