/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "mesh/pattern.h"
#include "mesh_fixture.h"

static bool
matches(const char *text, const char *mesh, const char *type, const struct peer_id *id)
{
	char why[PATTERN_WHY_CAP];
	struct pattern p;

	assert_int_equal(pattern_parse(&p, text, why), ERR_OK);
	return pattern_matches(&p, mesh, type, id);
}

/* What each form of a name means, and what it does not. */
static void
names_and_patterns(void **state)
{
	struct peer_id id = { .bytes = { 0x23, 0x9d, 0xc9, 0x01 } };

	(void)state;
	assert_true(matches("mesh2.broker", "mesh2", "broker", &id));
	assert_true(matches("mesh2.broker.*", "mesh2", "broker", &id));
	assert_true(matches("mesh2.broker.239dc9", "mesh2", "broker", &id));
	assert_true(matches("mesh2.broker.239dc901", "mesh2", "broker", &id));
	assert_true(matches("*.broker", "mesh9", "broker", &id));
	assert_true(matches("mesh2.*", "mesh2", "compute", &id));
	assert_true(matches("*.*.239dc9", "m", "x", &id));
	assert_false(matches("mesh2.broker", "mesh1", "broker", &id));
	assert_false(matches("mesh2.broker", "mesh2", "compute", &id));
	assert_false(matches("mesh2.broker.239dc8", "mesh2", "broker", &id));
	assert_false(matches("*.registry", "mesh2", "broker", &id));
}

/* Everything else is refused, with the way to write it and nothing that harms. */
static void
bad_names(void **state)
{
	static const char *const bad[] = { "", ".", "..", "mesh2", "mesh2.", ".broker",
		"mesh2.broker.", "mesh2.broker.239", "mesh2.broker.239DC9",
		"mesh2.broker.*.x", "Mesh2.broker", "mesh2.brok*", "*", "a..b",
		"\033[31m.x", "mesh2.broker.239dc9.more",
		"0123456789012345678901234567890123456789012345678901234567890123.x" };
	char why[PATTERN_WHY_CAP];
	struct pattern p;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (pattern_parse(&p, bad[i], why) != ERR_MALFORMED)
			fail_msg("accepted: '%s'", bad[i]);
		assert_non_null(strstr(why, "for example mesh2.broker"));
		assert_null(strchr(why, '\033'));
	}
}

/* Live nodes are found before suspect ones, and those that are gone are only counted. */
static void
the_living_first(void **state)
{
	struct directory *d = fixture_directory();
	const struct directory_entry *found[8];
	char why[PATTERN_WHY_CAP];
	struct actor a[4];
	struct pattern p;
	size_t gone;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		actor_init(&a[i], i + 1, i == 3 ? "compute" : "broker");
		assert_int_equal(actor_say(&a[i], d, 0), ERR_OK);
	}
	assert_int_equal(pattern_parse(&p, FIXTURE_MESH ".broker", why), ERR_OK);
	assert_int_equal(pattern_find(&p, d, found, 8, &gone), 3);
	assert_int_equal(gone, 0);
	assert_int_equal(pattern_find(&p, d, found, 2, &gone), 2);
	actor_beat(&a[0], d, SECONDS(8));
	let_pass(d, SECONDS(10));
	assert_int_equal(pattern_find(&p, d, found, 8, &gone), 1);
	assert_true(id_equal(&found[0]->digest.id, &a[0].digest.id));
	let_pass(d, SECONDS(17));
	assert_int_equal(pattern_find(&p, d, found, 8, &gone), 3);
	let_pass(d, SECONDS(39));
	assert_int_equal(pattern_find(&p, d, found, 8, &gone), 0);
	assert_int_equal(gone, 3);
	directory_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_patterns),
		cmocka_unit_test(bad_names),
		cmocka_unit_test(the_living_first),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
