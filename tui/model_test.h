/* SPDX-License-Identifier: MIT */
#ifndef TUI_MODEL_TEST_H
#define TUI_MODEL_TEST_H

#include "scenario/registry.h"

/* A named test as this console knows it: one for each of the registry, in its order. */
#define MODEL_TEST_PROGRESS_CAP 120

struct model_test {
	const struct registry_test *test;
	enum model_test_state {
		MODEL_TEST_NEVER, MODEL_TEST_RUNS, MODEL_TEST_ENDED
	} state;
	uint64_t began_ns, ended_ns;
	uint64_t seed;
	char progress[MODEL_TEST_PROGRESS_CAP];	/* while it runs */
	/* Once it ended. */
	enum verdict verdict;
	bool as_expected;
	char reason[REPORT_TEXT_CAP];
	const char *report;	/* all of it, lines; or NULL */
};

#endif
