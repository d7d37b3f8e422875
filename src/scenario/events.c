/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/blake3.h"
#include "base/err.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/text.h"
#include "scenario/events.h"
#include "scenario/outcome.h"
#include "scenario/seal.h"

/* Times of evidence begin here, because 0 means never. */
#define BASE_NS SECONDS(1)
#define HASH_CAP 65

static json_int_t
rel_ns(const struct report *r, uint64_t at_ns)
{
	return at_ns ? (json_int_t)(at_ns - r->began_ns + BASE_NS) : 0;
}

static json_t *
json_at(const struct report *r, uint64_t at_ns)
{
	return at_ns ? json_integer((json_int_t)((at_ns - r->began_ns) / NS_PER_MS)) :
		       json_null();
}

static json_t *
sight_json(const struct sight *s)
{
	return json_pack("[b, i, b, I, b, b, b, b, i, i, i, I, I, b, I, b, I, I]",
		s->listed, s->liveness, s->degraded, (json_int_t)s->incarnation,
		s->edge_known, s->edge, s->linked, s->dialed, s->port,
		(int)s->rtt_100us, (int)s->silent_ms, (json_int_t)s->sent,
		(json_int_t)s->received, s->clocked, (json_int_t)s->skew_ms, s->counted,
		(json_int_t)s->their_sent, (json_int_t)s->their_received);
}

static bool
sight_read(json_t *o, struct sight *s)
{
	json_int_t incarnation, sent, received, skew, their_sent, their_received;
	int listed, degraded, known, edge, linked, dialed, clocked, counted;
	int liveness, port, rtt, silent;

	if (json_unpack(o, "[b, i, b, I, b, b, b, b, i, i, i, I, I, b, I, b, I, I!]",
		    &listed, &liveness, &degraded, &incarnation, &known, &edge, &linked,
		    &dialed, &port, &rtt, &silent, &sent, &received, &clocked, &skew,
		    &counted, &their_sent, &their_received) != 0)
		return false;
	*s = (struct sight){ .listed = listed, .liveness = (uint8_t)liveness,
		.degraded = degraded, .incarnation = (uint64_t)incarnation,
		.edge_known = known, .edge = edge, .linked = linked, .dialed = dialed,
		.port = (uint16_t)port, .rtt_100us = (uint32_t)rtt,
		.silent_ms = (uint32_t)silent, .sent = (uint64_t)sent,
		.received = (uint64_t)received, .clocked = clocked, .skew_ms = skew,
		.counted = counted, .their_sent = (uint64_t)their_sent,
		.their_received = (uint64_t)their_received };
	return true;
}

static json_t *
evidence_json(const struct report *r, const struct report_fault *f)
{
	json_t *o = json_object(), *nodes = json_array(), *inputs = json_array();
	json_t *params = json_array(), *targets = json_array();

	for (size_t i = 0; i < f->node_count; i++) {
		char name[NAME_LEN_MAX + 1];

		text_printable(name, sizeof(name), f->nodes[i].name,
			strlen(f->nodes[i].name));
		json_array_append_new(nodes, json_pack("[s, i, I]", name,
			(int)f->nodes[i].role, (json_int_t)f->nodes[i].target));
	}
	for (size_t i = 0; i < PARAMS; i++)
		json_array_append_new(params, json_integer(f->spec.params[i]));
	for (size_t i = 0; i < f->spec.target_count; i++)
		json_array_append_new(
			targets, json_integer((json_int_t)f->spec.targets[i]));
	for (size_t i = 0; i < f->evidence_count; i++) {
		const struct trial_evidence *e = &f->evidence[i];
		json_t *one = json_pack("[i, I, i, i, i]", (int)e->kind,
			rel_ns(r, e->at_ns), (int)e->witness, (int)e->target,
			(int)e->value);

		if (e->kind == EVIDENCE_SIGHT)
			json_array_append_new(one, sight_json(&e->sight));
		json_array_append_new(inputs, one);
	}
	json_object_set_new(o, "params", params);
	json_object_set_new(o, "targets", targets);
	json_object_set_new(o, "nodes", nodes);
	json_object_set_new(o, "inputs", inputs);
	json_object_set_new(
		o, "dropped", json_integer((json_int_t)f->evidence_dropped));
	return o;
}

static json_t *
event_json(const struct report *r, const struct report_fault *f)
{
	json_t *o = json_object(), *targets = json_array(), *witnesses = json_array();
	char reason[JUDGE_TEXT_CAP], name[NAME_LEN_MAX + 1];

	for (size_t i = 0; i < f->target_count; i++) {
		text_printable(name, sizeof(name), f->targets[i], strlen(f->targets[i]));
		json_array_append_new(targets, json_string(name));
	}
	for (size_t i = 0; i < f->node_count; i++) {
		if (!f->nodes[i].saw_ns)
			continue;
		text_printable(
			name, sizeof(name), f->nodes[i].name, strlen(f->nodes[i].name));
		json_array_append_new(witnesses, json_pack("{s:s, s:I}", "name", name,
			"saw_ms", (json_int_t)((f->nodes[i].saw_ns - f->injected_ns) /
					      NS_PER_MS)));
	}
	text_printable(reason, sizeof(reason), f->reason, strlen(f->reason));
	json_object_set_new(o, "timestamp_ms",
		json_integer((json_int_t)(r->wall_ms +
			(f->began_ns - r->began_ns) / NS_PER_MS)));
	json_object_set_new(o, "step", json_integer((json_int_t)f->step + 1));
	json_object_set_new(
		o, "primitive", json_string(catalog_at(f->spec.primitive)->name));
	json_object_set_new(o, "targets", targets);
	json_object_set_new(o, "lease_ms",
		json_integer((json_int_t)(f->spec.lease_ns / NS_PER_MS)));
	json_object_set_new(o, "skipped", json_boolean(f->skipped));
	json_object_set_new(o, "verdict", json_string(judge_verdict_text(f->verdict)));
	json_object_set_new(o, "class", json_string(judge_class_text(f->class)));
	json_object_set_new(o, "reason", json_string(reason));
	json_object_set_new(o, "injected_ms", json_at(r, f->injected_ns));
	json_object_set_new(o, "witnessed_ms", json_at(r, f->witnessed_ns));
	json_object_set_new(o, "reverted_ms", json_at(r, f->reverted_ns));
	json_object_set_new(o, "recovered_ms", json_at(r, f->recovered_ns));
	json_object_set_new(o, "witnesses", witnesses);
	json_object_set_new(o, "evidence", evidence_json(r, f));
	return o;
}

/* BLAKE3 over the hash before it and the value, keys sorted, without its own "hash". */
static void
hash_of(json_t *o, const char *before, char to[static HASH_CAP])
{
	json_t *copy = json_copy(o);
	uint8_t digest[32];
	char *text;
	struct buf b;

	json_object_del(copy, "hash");
	json_object_del(copy, "signature");
	text = json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(copy);
	if (!text)
		abort();	/* out of memory */
	buf_init(&b, SIZE_MAX);
	buf_put(&b, before, strlen(before));
	buf_put(&b, text, strlen(text));
	blake3(digest, b.data, b.len);
	hex_encode(to, digest, sizeof(digest));
	buf_fini(&b);
	free(text);
}

static json_t *
series_json(const struct report *r, enum primitive p, bool recovery)
{
	struct outcome_series s;

	outcome_series(r, p, recovery, &s);
	return json_pack("{s:I, s:I, s:I}", "p50_ms", (json_int_t)(s.p50_ns / NS_PER_MS),
		"p95_ms", (json_int_t)(s.p95_ns / NS_PER_MS), "max_ms",
		(json_int_t)(s.max_ns / NS_PER_MS));
}

static json_t *
latencies_json(const struct report *r)
{
	json_t *all = json_object();

	for (size_t p = 0; p < PRIMITIVES; p++) {
		struct outcome_series s;

		outcome_series(r, (enum primitive)p, false, &s);
		if (s.count)
			json_object_set_new(all, catalog_at((enum primitive)p)->name,
				json_pack("{s:I, s:o, s:o}", "passed",
					(json_int_t)s.count, "seen",
					series_json(r, (enum primitive)p, false), "well",
					series_json(r, (enum primitive)p, true)));
	}
	return all;
}

static void
put_counts(const struct report *r, json_t *o)
{
	json_int_t passed = 0, timeouts = 0, assertions = 0, unproven = 0, skipped = 0;

	for (size_t i = 0; i < r->fault_count; i++) {
		const struct report_fault *f = &r->faults[i];

		skipped += f->skipped;
		passed += f->verdict == JUDGE_PASS;
		timeouts += f->verdict == JUDGE_FAIL && f->class == CLASS_TIMEOUT;
		assertions += f->verdict == JUDGE_FAIL && f->class != CLASS_TIMEOUT;
		unproven += f->verdict == JUDGE_UNPROVEN && !f->skipped;
	}
	json_object_set_new(o, "event_count", json_integer((json_int_t)r->fault_count));
	json_object_set_new(o, "passed", json_integer(passed));
	json_object_set_new(o, "failed_timeout", json_integer(timeouts));
	json_object_set_new(o, "failed_assertion", json_integer(assertions));
	json_object_set_new(o, "unproven", json_integer(unproven));
	json_object_set_new(o, "skipped", json_integer(skipped));
}

void
events_put(const struct report *r, struct json_t *o)
{
	json_t *events = json_array();
	char hash[HASH_CAP] = "";

	json_object_set_new(o, "seed", json_integer((json_int_t)r->seed));
	json_object_set_new(o, "plan", json_string(r->plan_hash));
	json_object_set_new(o, "started_ms", json_integer((json_int_t)r->wall_ms));
	json_object_set_new(o, "ended_ms",
		json_integer((json_int_t)(r->wall_ms +
			(r->ended_ns - r->began_ns) / NS_PER_MS)));
	put_counts(r, o);
	json_object_set_new(o, "latencies", latencies_json(r));
	for (size_t i = 0; i < r->fault_count; i++) {
		json_t *one = event_json(r, &r->faults[i]);

		hash_of(one, hash, hash);
		json_object_set_new(one, "hash", json_string(hash));
		json_array_append_new(events, one);
	}
	json_object_set_new(o, "events", events);
}

char *
events_seal(struct json_t *o, const uint8_t *secret_key)
{
	char hash[HASH_CAP];
	char *text;

	seal_name(o, secret_key);
	hash_of(o, "", hash);
	json_object_set_new(o, "hash", json_string(hash));
	seal_sign(o, hash, secret_key);
	text = json_dumps(o, JSON_INDENT(1));
	if (!text)
		abort();	/* out of memory: every value above is a valid one */
	return text;
}

static bool
read_nodes(json_t *nodes, struct report_fault *f)
{
	json_t *one;
	size_t i;

	f->node_count = json_array_size(nodes);
	f->nodes = mem_array(f->node_count + 1, sizeof(*f->nodes));
	json_array_foreach(nodes, i, one) {
		const char *name;
		json_int_t target;
		int role;

		if (json_unpack(one, "[s, i, I!]", &name, &role, &target) != 0 ||
			role < ROLE_NONE || role > ROLE_BYSTANDER || target < 0)
			return false;
		snprintf(f->nodes[i].name, sizeof(f->nodes[i].name), "%s", name);
		f->nodes[i].role = (enum judge_role)role;
		f->nodes[i].target = (size_t)target;
	}
	return true;
}

static bool
read_inputs(json_t *inputs, struct report_fault *f)
{
	json_t *one;
	size_t i;

	f->evidence_count = json_array_size(inputs);
	f->evidence = mem_array(f->evidence_count + 1, sizeof(*f->evidence));
	json_array_foreach(inputs, i, one) {
		struct trial_evidence *e = &f->evidence[i];
		int kind, witness, target, value;
		json_int_t at_ns;
		json_t *sight = NULL;

		if (json_unpack(one, "[i, I, i, i, i, o]", &kind, &at_ns, &witness,
			    &target, &value, &sight) != 0 &&
			json_unpack(one, "[i, I, i, i, i!]", &kind, &at_ns, &witness,
				&target, &value) != 0)
			return false;
		if (kind < EVIDENCE_SIGHT || kind > EVIDENCE_TICK || at_ns <= 0 ||
			witness < 0 || (size_t)witness >= f->node_count || target < 0 ||
			(kind == EVIDENCE_SIGHT && (!sight ||
				(size_t)target >= f->spec.target_count ||
				!sight_read(sight, &e->sight))))
			return false;
		e->kind = (enum trial_evidence_kind)kind;
		e->at_ns = (uint64_t)at_ns;
		e->witness = (uint16_t)witness;
		e->target = (uint16_t)target;
		e->value = (unsigned)value;
	}
	return true;
}

static bool
read_event(json_t *o, struct report_fault *f)
{
	json_t *evidence = json_object_get(o, "evidence");
	json_t *params = json_object_get(evidence, "params");
	const char *primitive = json_string_value(json_object_get(o, "primitive"));

	memset(f, 0, sizeof(*f));
	f->spec.primitive = primitive ? catalog_find(primitive) : PRIMITIVES;
	f->spec.target_count = json_array_size(json_object_get(evidence, "targets"));
	if (f->spec.primitive == PRIMITIVES || json_array_size(params) != PARAMS ||
		f->spec.target_count > TRIAL_TARGETS_MAX)
		return false;
	for (size_t i = 0; i < PARAMS; i++)
		f->spec.params[i] = json_integer_value(json_array_get(params, i));
	return read_nodes(json_object_get(evidence, "nodes"), f) &&
		read_inputs(json_object_get(evidence, "inputs"), f);
}

/* What no judge decided (guards, steady state, an order that was refused) has no replay.
 */
static int
verify_event(json_t *o, size_t number, struct buf *to)
{
	const char *verdict = json_string_value(json_object_get(o, "verdict"));
	const char *primitive = json_string_value(json_object_get(o, "primitive"));
	struct judge_result r;
	struct report_fault f;
	int err = ERR_OK;

	if (!verdict || !primitive || !read_event(o, &f)) {
		buf_format(to, "event %zu: no evidence that can be read\n", number);
		err = ERR_MALFORMED;
	} else if (f.evidence_count == 0) {
		buf_format(
			to, "event %zu: %s %s, not begun\n", number, primitive, verdict);
		err = strcmp(verdict, "pass") == 0 ? ERR_SIGNATURE : ERR_OK;
	} else {
		outcome_replay(&f, &r);
		/* What was added afterwards can only make it worse. */
		if (strcmp(verdict, "pass") == 0 && r.verdict != JUDGE_PASS)
			err = ERR_SIGNATURE;
		if (r.verdict == JUDGE_FAIL && strcmp(verdict, "fail") != 0)
			err = ERR_SIGNATURE;
		buf_format(to, "event %zu: %s %s, from its evidence %s%s\n", number,
			primitive, verdict, judge_verdict_text(r.verdict),
			err ? ": this does not follow" : "");
	}
	if (verdict && primitive)
		outcome_fini(&f);
	return err;
}

static int
verify_hash(json_t *o, struct buf *to)
{
	const char *said = json_string_value(json_object_get(o, "hash"));
	char hash[HASH_CAP];

	hash_of(o, "", hash);
	if (said && strcmp(hash, said) == 0)
		return ERR_OK;
	buf_format(to, "the hash of the document does not fit: it was changed\n");
	return ERR_SIGNATURE;
}

static bool
is_report(const json_t *o)
{
	return json_is_array(json_object_get(o, "events")) &&
		json_is_string(json_object_get(o, "hash"));
}

static int
verify_report(json_t *o, struct buf *to)
{
	json_t *one;
	char hash[HASH_CAP], before[HASH_CAP] = "";
	int err = verify_hash(o, to);
	size_t i;

	json_array_foreach(json_object_get(o, "events"), i, one) {
		const char *said = json_string_value(json_object_get(one, "hash"));
		int bad = verify_event(one, i + 1, to);

		hash_of(one, before, hash);
		if (!said || strcmp(hash, said) != 0) {
			buf_format(to, "event %zu: its hash does not fit\n", i + 1);
			bad = ERR_SIGNATURE;
		}
		memcpy(before, hash, sizeof(before));
		if (bad && !err)
			err = bad;
	}
	return err;
}

/* Named tests: each has the report of its run in it, and can't say better of it. */
static int
verify_tests(json_t *o, json_t *tests, struct buf *to)
{
	int err = verify_hash(o, to);
	json_t *one;
	size_t i;

	json_array_foreach(tests, i, one) {
		json_t *report = json_object_get(one, "report");
		const char *verdict = json_string_value(json_object_get(one, "verdict"));
		const char *name = json_string_value(json_object_get(one, "name"));
		const char *own = json_string_value(json_object_get(report, "verdict"));
		char shown[64];
		int bad = ERR_MALFORMED;

		text_printable(shown, sizeof(shown), name ? name : "",
			name ? strlen(name) : 0);
		buf_format(to, "test %zu: %s\n", i + 1, shown);
		if (is_report(report))
			bad = verify_report(report, to);
		else
			buf_format(to, "it has no report of its run\n");
		if (bad == ERR_OK && (!verdict || !own || strcmp(verdict, own) != 0)) {
			buf_format(to, "its verdict is not that of its run\n");
			bad = ERR_SIGNATURE;
		}
		if (bad && !err)
			err = bad;
	}
	return err;
}

int
events_verify(struct view document, const struct peer_id *by, struct buf *to)
{
	json_error_t why;
	json_t *o = json_loadb((const char *)document.data, document.len,
		JSON_REJECT_DUPLICATES, &why);
	json_t *tests = json_object_get(o, "tests");
	int err = ERR_MALFORMED;

	if (is_report(o)) {
		err = verify_report(o, to);
	} else if (json_array_size(tests) > 0 && json_object_get(o, "hash")) {
		err = verify_tests(o, tests, to);
	} else {
		buf_format(to, "this is no JSON report of a run, or not a whole one");
		if (!o)
			buf_format(to, ": line %d: %s", why.line, why.text);
		buf_format(to, "\n");
	}
	if (err == ERR_OK || err == ERR_SIGNATURE) {
		int bad = seal_check(o, by, to);

		err = err == ERR_OK ? bad : err;
	}
	json_decref(o);
	return err;
}
