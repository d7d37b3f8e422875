/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/mem.h"
#include "mesh/series.h"
#include "mesh_fixture.h"

struct fixture {
	struct series *series;
	struct directory *d;
	struct mesh_row row;
	struct actor actor;
	uint64_t now_ns;
};

static void
begin(struct fixture *f)
{
	memset(f, 0, sizeof *f);
	f->series = series_new();
	f->d = fixture_directory();
	f->row.directory = f->d;
	f->now_ns = SECONDS(10);
	actor_init(&f->actor, 1, "broker");
}

static void
end(struct fixture *f)
{
	directory_free(f->d);
	series_free(f->series);
	series_free(NULL);
	assert_int_equal(mem_live(MEM_SERIES), 0);
}

/* A digest after so long; then a look, and one more that finds nothing new. */
static void
say(struct fixture *f, uint64_t after_ns, uint32_t cpu_mc, uint64_t frames)
{
	f->now_ns += after_ns;
	f->actor.digest.cpu_used_mc = cpu_mc;
	f->actor.digest.frames_sent += frames;
	assert_int_equal(actor_beat(&f->actor, f->d, f->now_ns), ERR_OK);
	series_look(f->series, &f->row, 1);
	series_look(f->series, &f->row, 1);
}

static size_t
get(struct fixture *f, enum series_figure figure, uint32_t *to)
{
	return series_of(f->series, &f->actor.digest.id, figure, to, SERIES_LEN);
}

/* Figures are kept in order, rates are those between digests. */
static void
figures_are_kept(void **state)
{
	uint32_t v[SERIES_LEN];
	struct fixture f;

	(void)state;
	begin(&f);
	assert_int_equal(get(&f, SERIES_CPU, v), 0);
	say(&f, 0, 5, 0);
	say(&f, SECONDS(2), 7, 20);
	say(&f, MILLISECONDS(500), 9, 1);
	assert_int_equal(get(&f, SERIES_CPU, v), 3);
	assert_int_equal(v[0], 5);
	assert_int_equal(v[2], 9);
	assert_int_equal(get(&f, SERIES_SENT, v), 3);
	assert_true(v[0] == SERIES_GAP);
	assert_int_equal(v[1], 1000);
	assert_int_equal(v[2], 200);
	assert_int_equal(series_of(f.series, &f.actor.digest.id, SERIES_CPU, v, 1), 1);
	assert_int_equal(v[0], 9);
	end(&f);
}

/* Silence and a restart leave a gap, and no rate over it. */
static void
gaps_are_seen(void **state)
{
	uint32_t v[SERIES_LEN];
	struct fixture f;

	(void)state;
	begin(&f);
	say(&f, 0, 5, 0);
	say(&f, SECONDS(20), 6, 40);
	assert_int_equal(get(&f, SERIES_CPU, v), 3);
	assert_true(v[1] == SERIES_GAP);
	f.actor.digest.incarnation++;
	f.actor.digest.frames_sent = 0;
	say(&f, SECONDS(1), 7, 0);
	assert_int_equal(get(&f, SERIES_SENT, v), 5);
	assert_true(v[3] == SERIES_GAP && v[4] == SERIES_GAP);
	end(&f);
}

/* A series is no longer than it may be, and goes with its node. */
static void
series_are_bounded(void **state)
{
	struct directory_change change[4];
	uint32_t v[SERIES_LEN];
	struct fixture f;

	(void)state;
	begin(&f);
	for (uint32_t i = 0; i < 3 * SERIES_LEN; i++)
		say(&f, SECONDS(2), i, 1);
	assert_int_equal(get(&f, SERIES_CPU, v), SERIES_LEN);
	assert_int_equal(v[SERIES_LEN - 1], 3 * SERIES_LEN - 1);
	assert_int_equal(v[0], 2 * SERIES_LEN);
	assert_int_equal(series_count(f.series), 1);
	for (int i = 0; i < 4; i++) {	/* suspect, gone, forgotten */
		f.now_ns += SECONDS(61);
		while (directory_tick(f.d, f.now_ns, change, 4) > 0)
			;
	}
	assert_int_equal(directory_count(f.d), 0);
	series_look(f.series, &f.row, 1);
	assert_int_equal(series_count(f.series), 0);
	assert_int_equal(series_dropped(f.series), 0);
	end(&f);
}

/* More nodes than there is room for are counted. */
static void
nodes_are_bounded(void **state)
{
	struct actor a;
	struct fixture f;

	(void)state;
	begin(&f);
	for (unsigned i = 0; i < SERIES_NODES_MAX + 3; i++) {
		actor_init(&a, 100 + i, "broker");
		assert_int_equal(actor_say(&a, f.d, f.now_ns), ERR_OK);
	}
	series_look(f.series, &f.row, 1);
	assert_int_equal(series_count(f.series), SERIES_NODES_MAX);
	assert_int_equal(series_dropped(f.series), 3);
	end(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures_are_kept),
		cmocka_unit_test(gaps_are_seen),
		cmocka_unit_test(series_are_bounded),
		cmocka_unit_test(nodes_are_bounded),
	};

	return cmocka_run_group_tests_name("series", tests, NULL, NULL);
}
