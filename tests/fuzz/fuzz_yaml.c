/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "scenario/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/*
 * Any bytes as a scenario file: either a scenario within its bounds or errors with places
 * in the file, never both, and what is printed of it moves no cursor.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct view source = { bytes, len };
	struct problems p;
	struct scenario *s;
	struct buf text;

	problems_init(&p);
	s = scenario_parse(source, CHILDREN_MAX, &p);
	assert(!s == (p.count > 0));
	if (s) {
		char step[SCENARIO_STEP_TEXT_CAP];

		assert(s->node_count <= CHILDREN_MAX && s->mesh_count <= MESHES_MAX);
		assert(s->name[0] && s->step_count > 0);
		for (size_t i = 0; i < s->step_count; i++)
			assert(scenario_step_text(s, &s->steps[i], step)[0]);
	}
	for (size_t i = 0; i < p.count; i++)
		assert(p.at[i].line > 0 && p.at[i].column > 0 && p.at[i].text[0]);
	buf_init(&text, 1 << 20);
	problems_print(&p, "f", source, &text);
	assert(!text.failed);
	assert(!text.len || !memchr(text.data, '\033', text.len));
	buf_fini(&text);
	scenario_free(s);
	problems_fini(&p);
	assert(mem_live(MEM_TREE_NODE) == 0 && mem_live(MEM_SCENARIO) == 0);
	return 0;
}
