/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "scenario/report.h"

/* TAP: what would be read as a directive or a comment is kept from it. */
static void
put_plain(struct buf *to, const char *text)
{
	char shown[REPORT_TEXT_CAP];

	text_printable(shown, sizeof(shown), text, strlen(text));
	for (const char *c = shown; *c; c++) {
		if (*c == '#' || *c == '\\')
			buf_put_u8(to, '\\');
		buf_put_u8(to, (uint8_t)*c);
	}
}

void
report_tap(const struct report *r, struct buf *to)
{
	buf_format(to, "TAP version 14\n1..%zu\n", r->step_count);
	for (size_t i = 0; i < r->step_count; i++) {
		const struct report_step *st = &r->steps[i];
		bool pass = st->verdict == VERDICT_PASS;

		buf_format(to, "%s %zu - ", pass ? "ok" : "not ok", i + 1);
		put_plain(to, st->what);
		buf_format(to,
			"\n  ---\n  verdict: %s\n  line: %u\n  took_ms: %" PRIu64
			"\n  reason: '",
			report_verdict_text(st->verdict), st->line,
			st->reached ? (st->ended_ns - st->began_ns) / NS_PER_MS : 0);
		for (const char *c = st->reason; *c; c++) {
			/* YAML: a quote is written twice. */
			if (*c == '\'')
				buf_put_u8(to, '\'');
			buf_put_u8(to, (uint8_t)*c < 0x20 ? ' ' : (uint8_t)*c);
		}
		buf_format(to, "'\n  ...\n");
	}
}

void
report_xml(struct buf *to, const char *text)
{
	char shown[REPORT_TEXT_CAP];

	text_printable(shown, sizeof(shown), text, strlen(text));
	for (const char *c = shown; *c; c++) {
		switch (*c) {
		case '&':
			buf_format(to, "&amp;");
			break;
		case '<':
			buf_format(to, "&lt;");
			break;
		case '>':
			buf_format(to, "&gt;");
			break;
		case '"':
			buf_format(to, "&quot;");
			break;
		default:
			buf_put_u8(to, (uint8_t)*c);
			break;
		}
	}
}

void
report_junit(const struct report *r, struct buf *to)
{
	size_t failures = 0, errors = 0;

	for (size_t i = 0; i < r->step_count; i++) {
		failures += r->steps[i].verdict == VERDICT_FAIL;
		errors += r->steps[i].verdict == VERDICT_UNPROVEN;
	}
	buf_format(to, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"");
	report_xml(to, r->scenario);
	buf_format(to,
		"\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" time=\"%.3f\">\n",
		r->step_count, failures, errors,
		(double)(r->ended_ns - r->began_ns) / NS_PER_S);
	for (size_t i = 0; i < r->step_count; i++) {
		const struct report_step *st = &r->steps[i];
		const char *kind = st->verdict == VERDICT_FAIL ? "failure" : "error";

		buf_format(to, "  <testcase classname=\"");
		report_xml(to, r->scenario);
		buf_format(to, "\" name=\"%zu ", i + 1);
		report_xml(to, st->what);
		buf_format(to, "\" time=\"%.3f\"",
			st->reached ? (double)(st->ended_ns - st->began_ns) / NS_PER_S
				    : 0);
		if (st->verdict == VERDICT_PASS) {
			buf_format(to, "/>\n");
			continue;
		}
		buf_format(to, ">\n    <%s message=\"", kind);
		report_xml(to, st->reason);
		buf_format(to, "\"/>\n  </testcase>\n");
	}
	buf_format(to, "</testsuite>\n");
}
