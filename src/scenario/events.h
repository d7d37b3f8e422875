/* SPDX-License-Identifier: MIT */
#ifndef SCENARIO_EVENTS_H
#define SCENARIO_EVENTS_H

#include "base/buf.h"
#include "scenario/report.h"

/*
 * The faults of a report as events of its JSON, with the evidence that they were judged
 * by, and the way back: the verdicts once more, offline. The hash of each event goes into
 * that of the next and the last into that of the document, so that a byte that is changed
 * or a line that is dropped shows.
 */
struct json_t;

/* Adds seed, plan, counts, events and latencies to a report's document. */
void events_put(const struct report *r, struct json_t *document);
/*
 * The document with its hash, and a signature unless secret_key is NULL; indented, from
 * malloc. Out of memory ends the program.
 */
char *events_seal(struct json_t *document, const uint8_t *secret_key);

/*
 * A report that was written by report_json, or several by registry_results_json: hashes,
 * then each verdict from its evidence.
 * One line each into `to`. 0; ERR_MALFORMED: it is none; ERR_SIGNATURE: a hash does not
 * or the signature does not fit, a verdict does not follow from the evidence, or `by`
 * (NULL: whoever) did not sign it.
 */
int events_verify(struct view document, const struct peer_id *by, struct buf *to);

#endif
