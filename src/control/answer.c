/* SPDX-License-Identifier: MIT */
#include "control/answer.h"

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/text.h"
#include "control/alerts.h"
#include "control/events.h"
#include "control/letters.h"
#include "control/meshes.h"
#include "control/metrics.h"
#include "control/faults.h"
#include "control/exports.h"
#include "control/request.h"
#include "control/spans.h"

#define TEXT_CAP 256
#define PREFIX_LEN 8
/* A loop that made no progress for this long does not work, whatever else is well. */
#define LOOP_STALLED SECONDS(2)
/* Digits of a fraction: microseconds of a round trip, millionths of a core. */
#define REAL_DIGITS 6

/* Values from peers are made printable here already: JSON is also read on terminals. */
static json_t *
json_text(const char *text)
{
	char shown[TEXT_CAP];

	text_printable(shown, sizeof shown, text, strlen(text));
	return json_string(shown);
}

static json_t *
json_count(uint64_t n)
{
	return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

static uint64_t
age_ms(uint64_t now_ns, uint64_t at_ns)
{
	return now_ns > at_ns ? (now_ns - at_ns) / NS_PER_MS : 0;
}

static json_t *
json_id(const struct peer_id *id)
{
	char hex[ID_HEX_CAP];

	return json_string(id_hex(hex, id));
}

static json_t *
json_addresses(const struct address *a, size_t count)
{
	json_t *list = json_array();
	char text[ADDRESS_TEXT_CAP];

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(address_format(text, &a[i])));
	return list;
}

static json_t *
json_neighbors(const struct directory *d, const struct digest *g)
{
	json_t *list = json_array();
	char name[NAME_LEN_MAX + 1], hex[2 * PREFIX_LEN + 1];

	for (size_t i = 0; i < g->neighbor_count; i++) {
		const uint8_t *prefix = g->neighbors[i].id_prefix;
		const struct directory_entry *en = directory_find_prefix(d, prefix);

		json_array_append_new(list, json_string(en ? directory_name(en, name)
			: hex_encode(hex, prefix, PREFIX_LEN)));
	}
	return list;
}

static json_t *
json_accusers(const struct directory *d, const struct directory_entry *en,
	uint64_t now_ns)
{
	json_t *list = json_array();

	for (size_t i = 0; i < en->accuser_count; i++) {
		const struct directory_accuser *by = &en->accusers[i];
		const struct directory_entry *who = directory_find(d, &by->id);
		char name[NAME_LEN_MAX + 1] = "";
		json_t *o = json_object();

		if (who)
			directory_name(who, name);
		json_object_set_new(o, "name", json_text(name));
		json_object_set_new(o, "id", json_id(&by->id));
		json_object_set_new(o, "reason",
			json_string(accusation_reason_text(by->reason)));
		json_object_set_new(o, "age_ms", json_count(age_ms(now_ns, by->at_ns)));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *
json_node(const struct directory *d, const struct directory_entry *en, uint64_t now_ns)
{
	const struct digest *g = &en->digest;
	char name[NAME_LEN_MAX + 1];
	json_t *o = json_object();

	json_object_set_new(o, "name", json_text(directory_name(en, name)));
	json_object_set_new(o, "id", json_id(&g->id));
	json_object_set_new(o, "mesh", json_text(g->mesh));
	json_object_set_new(o, "type", json_text(g->type));
	json_object_set_new(o, "self", json_boolean(en->self));
	json_object_set_new(o, "liveness", json_string(liveness_text(en->liveness)));
	json_object_set_new(o, "since_ms", json_count(age_ms(now_ns, en->since_ns)));
	json_object_set_new(o, "age_ms", json_count(age_ms(now_ns, en->received_ns)));
	json_object_set_new(o, "addresses",
		json_addresses(g->addresses, g->address_count));
	json_object_set_new(o, "neighbors", json_neighbors(d, g));
	json_object_set_new(o, "incarnation", json_count(g->incarnation));
	json_object_set_new(o, "uptime_ms", json_count(UINT64_C(1000) * g->uptime_s));
	json_object_set_new(o, "cpu_cores", json_real(g->cpu_used_mc / 1000.0));
	json_object_set_new(o, "cpu_budget_cores", json_real(g->cpu_budget_mc / 1000.0));
	json_object_set_new(o, "memory_bytes",
		json_count(UINT64_C(1024) * g->memory_used_kib));
	json_object_set_new(o, "memory_budget_bytes",
		json_count(UINT64_C(1024) * g->memory_budget_kib));
	json_object_set_new(o, "frames_sent", json_count(g->frames_sent));
	json_object_set_new(o, "frames_received", json_count(g->frames_received));
	json_object_set_new(o, "loop_lag_ms", json_count(g->loop_lag_ms));
	json_object_set_new(o, "build", json_text(g->build));
	json_object_set_new(o, "degraded",
		json_boolean(g->flags & DIGEST_DEGRADED));
	json_object_set_new(o, "accused_by", json_accusers(d, en, now_ns));
	return o;
}

/*
 * Observers are no nodes: they are counted apart, so that the length of nodes[] is the
 * truth.
 */
static void
answer_list_nodes(json_t *to, const struct control_view *v)
{
	json_t *list = json_array();
	uint64_t observers = 0;

	for (size_t m = 0; m < v->mesh_count; m++) {
		const struct directory *d = v->meshes[m].directory;

		for (size_t i = 0; i < directory_count(d); i++) {
			const struct directory_entry *en = directory_at(d, i);

			if (directory_is_node(en))
				json_array_append_new(list, json_node(d, en, v->now_ns));
			else
				observers++;
		}
	}
	json_object_set_new(to, "nodes", list);
	json_object_set_new(to, "observers", json_count(observers));
}

static void
answer_list_links(json_t *to, const struct control_view *v)
{
	json_t *list = json_array();
	char text[ADDRESS_TEXT_CAP];

	for (size_t i = 0; i < v->link_count; i++) {
		const struct link_row *l = &v->links[i];
		json_t *o = json_object();

		json_object_set_new(o, "peer", json_text(l->peer_name));
		json_object_set_new(o, "peer_id", json_id(&l->peer));
		json_object_set_new(o, "direction",
			json_string(l->dialed ? "out" : "in"));
		json_object_set_new(o, "path", json_string("direct"));
		json_object_set_new(o, "address",
			json_string(address_format(text, &l->remote)));
		json_object_set_new(o, "overlay", json_boolean(l->overlay));
		json_object_set_new(o, "observer", json_boolean(l->observer));
		json_object_set_new(o, "rtt_ms",
			json_real((double)l->rtt_ns / NS_PER_MS));
		json_object_set_new(o, "since_ms",
			json_count(age_ms(v->now_ns, l->since_ns)));
		json_object_set_new(o, "clock_ahead_ms", l->clocked
			? json_integer((json_int_t)l->skew_ms) : json_null());
		json_object_set_new(o, "bytes_sent", json_count(l->bytes_sent));
		json_object_set_new(o, "bytes_received", json_count(l->bytes_received));
		json_array_append_new(list, o);
	}
	json_object_set_new(to, "links", list);
}

static json_t *
json_mesh(const struct mesh_row *row)
{
	json_t *o = json_object(), *nodes = json_object(), *payloads = json_object();
	struct directory_stats s;

	directory_stats(row->directory, &s);
	for (int l = 0; l < LIVENESS_COUNT; l++)
		json_object_set_new(nodes, liveness_text((enum liveness)l),
			json_count(s.by_liveness[l]));
	json_object_set_new(payloads, "applied", json_count(s.applied));
	json_object_set_new(payloads, "stale", json_count(s.stale));
	json_object_set_new(payloads, "bad_signature", json_count(s.bad_signature));
	json_object_set_new(payloads, "foreign", json_count(s.foreign));
	json_object_set_new(payloads, "malformed", json_count(s.malformed));
	json_object_set_new(payloads, "full", json_count(s.full));
	json_object_set_new(payloads, "accusations", json_count(s.accusations));
	json_object_set_new(payloads, "accusations_refused",
		json_count(s.accusations_refused));
	json_object_set_new(o, "mesh", json_text(row->mesh));
	json_object_set_new(o, "nodes", nodes);
	json_object_set_new(o, "observers", json_count(s.observers));
	json_object_set_new(o, "liveness_changes", json_count(s.liveness_changes));
	json_object_set_new(o, "frames_sent", json_count(row->frames_sent));
	json_object_set_new(o, "frames_received", json_count(row->frames_received));
	json_object_set_new(o, "payloads", payloads);
	return o;
}

static json_t *
json_objects(void)
{
	json_t *all = json_object();

	for (int i = 0; i < MEM_CLASSES; i++) {
		struct mem_count n = mem_count((enum mem_class)i);
		json_t *o = json_object();

		json_object_set_new(o, "live", json_count(n.made - n.destroyed));
		json_object_set_new(o, "made", json_count(n.made));
		json_object_set_new(o, "destroyed", json_count(n.destroyed));
		json_object_set_new(all, mem_class_name((enum mem_class)i), o);
	}
	return all;
}

enum count_group { COUNT_REFUSED, COUNT_DROPPED, COUNT_TABLE };

static const struct {
	enum count_group group;
	const char *text;
} node_counts[NODE_COUNTS] = {
#define COUNT(name, group, text) { COUNT_##group, text },
#include "mesh/counts.def"
#undef COUNT
};

static json_t *
json_counts(const struct node_status *s, enum count_group group)
{
	json_t *o = json_object();

	for (int i = 0; i < NODE_COUNTS; i++)
		if (node_counts[i].group == group)
			json_object_set_new(o, node_counts[i].text,
				json_count(s->counts[i]));
	return o;
}

static json_t *
json_messages(const struct node_status *s)
{
	json_t *o = json_object();

	json_object_set_new(o, "acked", json_count(s->messages_acked));
	json_object_set_new(o, "failed", json_count(s->messages_failed));
	json_object_set_new(o, "retried", json_count(s->messages_retried));
	json_object_set_new(o, "received", json_count(s->messages_received));
	json_object_set_new(o, "duplicate", json_count(s->messages_duplicate));
	json_object_set_new(o, "disordered", json_count(s->messages_disordered));
	return o;
}

static void
answer_status(json_t *to, const struct control_view *v)
{
	const struct node_status *s = v->status;
	json_t *meshes = json_array();

	for (size_t m = 0; m < v->mesh_count; m++)
		json_array_append_new(meshes, json_mesh(&v->meshes[m]));
	json_object_set_new(to, "name", json_text(s->name));
	json_object_set_new(to, "id", json_id(&s->id));
	json_object_set_new(to, "type", json_text(s->type));
	json_object_set_new(to, "observer", json_boolean(s->observer));
	json_object_set_new(to, "ready", json_boolean(s->ready));
	json_object_set_new(to, "meshes", meshes);
	json_object_set_new(to, "addresses",
		json_addresses(s->addresses, s->address_count));
	json_object_set_new(to, "incarnation", json_count(s->incarnation));
	json_object_set_new(to, "uptime_ms", json_count(s->uptime_ns / NS_PER_MS));
	json_object_set_new(to, "boot_ms", json_real((double)s->boot_ns / NS_PER_MS));
	json_object_set_new(to, "loop_lag_ms", json_count(s->loop_lag_ms));
	json_object_set_new(to, "cpu_cores", json_real(s->cpu_used_mc / 1000.0));
	json_object_set_new(to, "memory_bytes",
		json_count(UINT64_C(1024) * s->memory_used_kib));
	json_object_set_new(to, "handshakes", json_count(s->handshakes));
	json_object_set_new(to, "liveness_changes", json_count(s->liveness_changes));
	json_object_set_new(to, "links", json_count(s->links));
	json_object_set_new(to, "neighbors", json_count(s->neighbors));
	json_object_set_new(to, "objects", json_objects());
	json_object_set_new(to, "messages", json_messages(s));
	json_object_set_new(to, "hellos", json_count(s->hellos));
	json_object_set_new(to, "refused", json_counts(s, COUNT_REFUSED));
	json_object_set_new(to, "dropped", json_counts(s, COUNT_DROPPED));
	json_object_set_new(to, "tables", json_counts(s, COUNT_TABLE));
	control_metrics_put(to, v->meter, v->now_ns);
	if (v->faults != NULL)
		control_faults_put(to, v->faults);
	control_exports_put(to, v->exports);
}

/*
 * Progress and readiness only: a node without peers is healthy, and restarting it helps
 * nobody.
 */
static void
answer_health(json_t *to, const struct control_view *v)
{
	uint64_t turned_ms = age_ms(v->now_ns, v->loop_turned_ns);
	bool turns = turned_ms <= LOOP_STALLED / NS_PER_MS;
	char reason[TEXT_CAP];

	if (!turns)
		snprintf(reason, sizeof reason,
			"the loop made no progress for %" PRIu64 " ms",
			turned_ms);
	else
		snprintf(reason, sizeof reason, "%s", v->status->ready
			? "ready, and the loop turns" : "not ready yet");
	json_object_set_new(to, "healthy", json_boolean(turns && v->status->ready));
	json_object_set_new(to, "reason", json_string(reason));
	json_object_set_new(to, "ready", json_boolean(v->status->ready));
	json_object_set_new(to, "loop_turned_ms", json_count(turned_ms));
}

static void
answer_error(json_t *to, int err, const char *why)
{
	json_t *o = json_object();

	json_object_set_new(o, "name", json_string(err_name(err)));
	json_object_set_new(o, "text", json_text(why));
	json_object_set_new(to, "error", o);
}

static void
answer_list_spans(json_t *to, const struct control_view *v)
{
	json_object_set_new(to, "node", json_text(v->status->name));
	json_object_set_new(to, "node_id", json_id(&v->status->id));
	control_spans_put(to, v->spans);
	control_spans_put_recent(to, v->recent);
}

static void
answer_list_alerts(json_t *to, const struct control_view *v)
{
	control_alerts_put(to, v->alerts, v->now_ns);
}

static void (*const answers[CONTROL_VERBS])(json_t *to, const struct control_view *v) = {
	[CONTROL_LIST_NODES] = answer_list_nodes,
	[CONTROL_LIST_LINKS] = answer_list_links,
	[CONTROL_LIST_SPANS] = answer_list_spans,
	[CONTROL_LIST_ALERTS] = answer_list_alerts,
	[CONTROL_LIST_MESHES] = control_meshes_put,
	[CONTROL_STATUS] = answer_status,
	[CONTROL_HEALTH] = answer_health,
};

char *
control_answer(const struct control_view *v, const char *request, size_t len)
{
	char why[CONTROL_WHY_CAP], *text;
	enum control_verb verb;
	json_t *to;
	int err = control_request_parse(&verb, request, len, why);

	if (err == ERR_OK && verb == CONTROL_LIST_EVENTS)
		return control_events_answer(v->timeline, v->now_ns);
	/* Whoever can stream takes it before it comes here. */
	if (err == ERR_OK && verb == CONTROL_FOLLOW_EVENTS) {
		err = ERR_LIMIT;
		snprintf(why, sizeof why, "too many follow already; 'list events' works");
	}
	/* Where these work they are answered later, and do not come here. */
	if (err == ERR_OK && (verb == CONTROL_SEND || verb == CONTROL_RESOLVE ||
				     verb == CONTROL_ECHO)) {
		err = ERR_STATE;
		snprintf(why, sizeof why, "this process sends nothing; ask a node");
	}
	to = json_object();
	json_object_set_new(to, "version", json_integer(CONTROL_VERSION));
	if (err)
		answer_error(to, err, why);
	else
		answers[verb](to, v);
	text = json_dumps(to, JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS));
	json_decref(to);
	assert(text);	/* all texts were made printable, so nothing cannot be written */
	return text;
}
