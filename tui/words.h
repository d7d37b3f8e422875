/* SPDX-License-Identifier: MIT */
#ifndef TUI_WORDS_H
#define TUI_WORDS_H

#include "mesh/directory.h"

/* Figures and facts as short texts. All return `to`; cap is > 0. */

/* Whole units, so that a screen of ages stays still: "4s", "3m", "2h", "5d". */
char *words_age(char *to, size_t cap, uint64_t ns);
/*
 * The age of a node's last word: "<3s", then as words_age. Digests come every 2 s, so
 * less says nothing, and 18 rows that count 0, 1, 0, 1 cost half a kilobyte a second.
 */
char *words_heard(char *to, size_t cap, uint64_t ns);
/* Two units: "4s", "3m07s", "2h05m", "3d04h". */
char *words_age_long(char *to, size_t cap, uint64_t ns);
/* At most five columns: "9999", "12.4k", "3.1M". */
char *words_count(char *to, size_t cap, uint64_t count);
/* At most five columns: "512K", "5.1M", "64M", "1.5G". */
char *words_kib(char *to, size_t cap, uint64_t kib);
/* "7%", "<1%" for a little, at most "999%". whole > 0. */
char *words_percent(char *to, size_t cap, uint64_t part, uint64_t whole);

/* How long the entry has been in its state: "live 3m". */
char *words_state(
	char *to, size_t cap, const struct directory_entry *en, uint64_t now_ns);
/*
 * Why it is in that state and who says so: "by mesh1.broker.ab12cd, 4s ago: no answer",
 * "no digest for 9s", "it said goodbye"; "" when live and unaccused.
 */
char *words_source(char *to, size_t cap, const struct directory *d,
	const struct directory_entry *en, uint64_t now_ns);
/* The same in short, the reason first: "no answer, says mesh1.broker.ab12cd". */
char *words_reason(char *to, size_t cap, const struct directory *d,
	const struct directory_entry *en);

/* The name of a node in the directory, else "?ab12cd" from its id. */
char *words_name(char to[static NAME_LEN_MAX + 1], const struct directory *d,
	const struct peer_id *id);
/* "broker 239dc9": without the mesh. */
char *words_short(char to[static NAME_LEN_MAX + 1], const struct directory_entry *en);
/* "127.0.0.1:4000 +2", or "" when it has told none. */
char *words_address(char *to, size_t cap, const struct directory_entry *en);

#endif
