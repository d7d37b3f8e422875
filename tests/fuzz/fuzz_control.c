/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "control/answer.h"
#include "control/discover.h"
#include "control/print.h"
#include "control/spans.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* The same bytes as a request to a node, and as an answer from one. */
int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct node_status status = { .ready = true };
	struct control_view v = { .status = &status };
	struct control_discover found;
	struct control_spans spans;
	struct buf text;
	char *answer;

	answer = control_answer(&v, (const char *)bytes, len);
	assert(answer[0] == '{' && !strchr(answer, '\n') && !strchr(answer, '\033'));
	buf_init(&text, 1 << 20);
	assert(control_print(&text, answer, strlen(answer)) == 0);
	free(answer);
	buf_clear(&text);
	control_print(&text, (const char *)bytes, len);
	assert(text.len == 0 || !memchr(text.data, '\033', text.len));
	control_print_status((const char *)bytes, len);
	control_discover_parse(&found, (const char *)bytes, len);
	if (control_spans_parse(&spans, (const char *)bytes, len) == 0)
		span_set_fini(&spans.set);
	buf_fini(&text);
	return 0;
}
