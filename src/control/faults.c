/* SPDX-License-Identifier: MIT */
#include "control/faults.h"

#include <assert.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"

static json_t *
json_printable(const char *text)
{
	char shown[FAULT_WHY_CAP];

	text_printable(shown, sizeof(shown), text, strlen(text));
	return json_string(shown);
}

static json_t *
json_fault(const struct fault_state *f)
{
	char hex[FAULT_ID_HEX_CAP];
	json_t *o = json_object();

	json_object_set_new(o, "id", json_string(fault_id_hex(hex, &f->id)));
	json_object_set_new(o, "kind", json_string(fault_kind_text(f->kind)));
	json_object_set_new(o, "primitive", json_printable(f->primitive));
	json_object_set_new(o, "by", json_string(fault_status_origin(f->origin)));
	json_object_set_new(o, "state", json_string(fault_status_end(f->end)));
	json_object_set_new(o, "age_ms", json_integer(f->age_ms));
	if (f->end == FAULT_ACTIVE)
		json_object_set_new(o, "lease_left_ms", json_integer(f->lease_left_ms));
	else
		json_object_set_new(o, "ended_ms", json_integer(f->ended_ms));
	json_object_set_new(o, "matched", json_integer((json_int_t)f->matched));
	json_object_set_new(o, "dropped", json_integer((json_int_t)f->dropped));
	json_object_set_new(o, "delayed", json_integer((json_int_t)f->delayed));
	json_object_set_new(o, "reordered", json_integer((json_int_t)f->reordered));
	json_object_set_new(o, "duplicated", json_integer((json_int_t)f->duplicated));
	return o;
}

void
control_faults_put(json_t *to, const struct fault_status *s)
{
	json_t *chaos = json_object(), *active = json_array(), *ended = json_array();

	for (size_t i = 0; i < s->count; i++)
		json_array_append_new(
			s->faults[i].end == FAULT_ACTIVE ? active : ended,
			json_fault(&s->faults[i]));
	json_object_set_new(chaos, "halted", json_boolean(s->halted));
	json_object_set_new(chaos, "injected", json_integer((json_int_t)s->injected));
	json_object_set_new(chaos, "reverted", json_integer((json_int_t)s->reverted));
	json_object_set_new(chaos, "refused", json_integer((json_int_t)s->refused));
	json_object_set_new(to, "chaos", chaos);
	json_object_set_new(to, "faults", active);
	json_object_set_new(to, "faults_ended", ended);
}

char *
control_faults_line(
	const char *name, const struct peer_id *id, const struct fault_status *s)
{
	json_t *o = json_object();
	char hex[ID_HEX_CAP], *text;

	json_object_set_new(o, "version", json_integer(1));
	json_object_set_new(o, "name", json_printable(name));
	json_object_set_new(o, "id", json_string(id_hex(hex, id)));
	json_object_set_new(o, "result", json_string(err_name(s->result)));
	json_object_set_new(o, "why", json_printable(s->why));
	control_faults_put(o, s);
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	assert(text);
	return text;
}
