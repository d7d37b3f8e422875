/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/mem.h"
#include "mesh/backbone.h"
#include "mesh_fixture.h"

/* Gateway `number` says on the backbone that `mesh` has `live` nodes. */
static int
say(struct backbone *b, const char *mesh, unsigned number, uint64_t seq, uint32_t live,
	uint64_t now_ns)
{
	struct summary s = { .incarnation = 1, .seq = seq, .type_count = 1 };
	struct peer_id topic = fixture_topic();
	struct actor a;
	struct buf bytes;
	int err;

	actor_init(&a, number, "gateway");
	s.speaker = a.digest.id;
	snprintf(s.mesh, sizeof s.mesh, "%s", mesh);
	s.types[0] = (struct summary_type){ "broker", { live, 0, 0 } };
	buf_init(&bytes, 4096);
	summary_sign(&bytes, &s, &topic, a.secret_key);
	err = backbone_apply(b, (struct view){ bytes.data, bytes.len }, now_ns);
	buf_fini(&bytes);
	return err;
}

/* The same of mesh2, and it names these gateways. */
static int
say_with(struct backbone *b, unsigned number, uint64_t seq, uint32_t live,
	const unsigned *names, size_t count, uint64_t now_ns)
{
	struct summary s = { .mesh = "mesh2", .incarnation = 1, .seq = seq,
		.type_count = 1, .types = { { "broker", { live, 0, 0 } } } };
	struct peer_id topic = fixture_topic();
	struct actor a, named;
	struct buf bytes;
	int err;

	actor_init(&a, number, "gateway");
	s.speaker = a.digest.id;
	for (size_t i = 0; i < count; i++) {
		actor_init(&named, names[i], "gateway");
		s.gateways[s.gateway_count++].id = named.digest.id;
	}
	buf_init(&bytes, 4096);
	summary_sign(&bytes, &s, &topic, a.secret_key);
	err = backbone_apply(b, (struct view){ bytes.data, bytes.len }, now_ns);
	buf_fini(&bytes);
	return err;
}

static uint32_t
shown(const struct backbone *b)
{
	return summary_total(&backbone_find(b, "mesh2")->summary).live;
}

static struct backbone *
fixture(void)
{
	struct peer_id topic = fixture_topic();

	return backbone_new(&topic);
}

/* The only change there is now. */
static struct backbone_change
one_change(struct backbone *b, uint64_t now_ns)
{
	struct backbone_change c[4];

	assert_int_equal(backbone_tick(b, now_ns, c, 4), 1);
	return c[0];
}

/* A mesh appears with its first summary, falls silent, is unreachable, and comes back. */
static void
a_mesh_comes_and_goes(void **state)
{
	struct backbone *b = fixture();
	char why[BACKBONE_WHY_CAP];

	(void)state;
	assert_int_equal(say(b, "mesh2", 1, 1, 9, SECONDS(1)), ERR_OK);
	assert_true(one_change(b, SECONDS(1)).appeared);
	assert_int_equal(
		summary_total(&backbone_find(b, "mesh2")->summary).live, 9);
	assert_int_equal(backbone_deadline(b), SECONDS(16));
	assert_int_equal(backbone_tick(b, SECONDS(16) - 1, NULL, 0), 0);
	assert_int_equal(backbone_find(b, "mesh2")->state, BACKBONE_HEARD);
	assert_int_equal(one_change(b, SECONDS(16)).to, BACKBONE_UNREACHABLE);
	backbone_why(b, "mesh2", SECONDS(31), why);
	assert_string_equal(
		why, "mesh2 is unreachable: its gateways are silent for 30.0s");
	assert_int_equal(say(b, "mesh2", 1, 2, 8, SECONDS(40)), ERR_OK);
	assert_int_equal(one_change(b, SECONDS(40)).to, BACKBONE_HEARD);
	backbone_free(b);
}

/* Who goes on speaking is not unreachable: the control of the one above. */
static void
who_speaks_is_heard(void **state)
{
	struct backbone *b = fixture();
	struct backbone_change c[4];

	(void)state;
	for (uint64_t i = 1; i < 40; i++) {
		assert_int_equal(say(b, "mesh2", 1, i, 9, i * BACKBONE_EVERY), ERR_OK);
		assert_int_equal(
			backbone_tick(b, i * BACKBONE_EVERY, c, 4), i == 1 ? 1 : 0);
	}
	backbone_free(b);
}

/* Who is silent for long is forgotten, at last. */
static void
silence_is_forgotten(void **state)
{
	struct backbone *b = fixture();
	struct backbone_change c[4];

	(void)state;
	say(b, "mesh2", 1, 1, 9, 0);
	assert_int_equal(backbone_tick(b, BACKBONE_SILENT, c, 4), 2);
	assert_true(one_change(b, BACKBONE_FORGET).removed);
	assert_int_equal(backbone_count(b), 0);
	assert_int_equal(backbone_deadline(b), NEVER);
	backbone_free(b);
}

/* A name alone is a mesh that cannot be reached, and the reason says so. */
static void
a_name_is_not_a_word(void **state)
{
	struct backbone *b = fixture();
	char why[BACKBONE_WHY_CAP];

	(void)state;
	backbone_mention(b, "mesh3", SECONDS(1));
	assert_int_equal(one_change(b, SECONDS(1)).to, BACKBONE_NAMED);
	backbone_mention(b, "mesh3", SECONDS(2));
	assert_int_equal(backbone_tick(b, SECONDS(2), NULL, 0), 0);
	backbone_why(b, "mesh3", SECONDS(9), why);
	assert_string_equal(why, "mesh3 is unreachable: it has nodes, but no gateway "
				 "that speaks for it");
	backbone_why(b, "mesh4", SECONDS(9), why);
	assert_string_equal(why,
		"no mesh called mesh4: nobody in this fabric has spoken of it");
	assert_int_equal(say(b, "mesh3", 1, 1, 1, SECONDS(10)), ERR_OK);
	assert_int_equal(one_change(b, SECONDS(10)).to, BACKBONE_HEARD);
	backbone_free(b);
}

/* Old news of a speaker is refused; of another speaker of the mesh it is news. */
static void
old_news_is_refused(void **state)
{
	struct backbone *b = fixture();
	struct backbone_stats s;

	(void)state;
	assert_int_equal(say(b, "mesh2", 1, 5, 9, 0), ERR_OK);
	assert_int_equal(say(b, "mesh2", 1, 5, 9, 1), ERR_STALE);
	assert_int_equal(say(b, "mesh2", 1, 4, 9, 1), ERR_STALE);
	assert_int_equal(say(b, "mesh2", 2, 1, 9, 1), ERR_OK);
	assert_int_equal(backbone_find(b, "mesh2")->speaker_count, 2);
	backbone_stats(b, &s);
	assert_int_equal(s.stale, 2);
	assert_int_equal(s.applied, 2);
	backbone_free(b);
}

/* A digest on the backbone is counted as what it is, and changes nothing. */
static void
digests_do_not_come_here(void **state)
{
	struct backbone *b = fixture();
	struct peer_id topic = fixture_topic();
	struct backbone_stats s;
	struct actor a;
	struct buf bytes;

	(void)state;
	actor_init(&a, 1, "broker");
	buf_init(&bytes, 4096);
	digest_sign(&bytes, &a.digest, &topic, a.secret_key);
	assert_int_equal(
		backbone_apply(b, (struct view){ bytes.data, bytes.len }, 0),
		ERR_FOREIGN);
	backbone_stats(b, &s);
	assert_int_equal(s.foreign, 1);
	assert_int_equal(backbone_count(b), 0);
	buf_fini(&bytes);
	backbone_free(b);
}

/* The table is bounded: whoever is silent makes room, and who is heard does not. */
static void
the_table_is_bounded(void **state)
{
	struct backbone *b = fixture();
	struct backbone_change c[16];
	struct backbone_stats s;
	char name[16];

	(void)state;
	backbone_mention(b, "silent", 0);
	for (unsigned i = 1; i < BACKBONE_MESHES_MAX; i++) {
		snprintf(name, sizeof name, "m%u", i);
		assert_int_equal(say(b, name, i, 1, 1, 1), ERR_OK);
	}
	assert_int_equal(say(b, "late", 7, 1, 1, 2), ERR_OK);
	assert_null(backbone_find(b, "silent"));
	assert_int_equal(say(b, "later", 7, 1, 1, 2), ERR_LIMIT);
	assert_int_equal(backbone_count(b), BACKBONE_MESHES_MAX);
	backbone_stats(b, &s);
	assert_int_equal(s.full, 1);
	for (size_t i = 1; i < backbone_count(b); i++)
		assert_true(strcmp(backbone_at(b, i - 1)->summary.mesh,
				    backbone_at(b, i)->summary.mesh) < 0);
	while (backbone_tick(b, 2, c, 16) > 0)
		;
	backbone_free(b);
}

/* The two smallest speak; a third only when one of them falls silent. */
static void
two_speak(void **state)
{
	struct backbone *b = fixture();
	struct peer_id before[2];
	struct actor a;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		actor_init(&a, i + 1, "gateway");
		before[i] = a.digest.id;
	}
	/* Listening since 0: nobody can have been heard, so the directory decides. */
	assert_true(backbone_must_speak(b, "mesh1", before, 0, 0, SECONDS(1)));
	assert_true(backbone_must_speak(b, "mesh1", before, 1, 0, SECONDS(1)));
	assert_false(backbone_must_speak(b, "mesh1", before, 2, 0, SECONDS(1)));
	say(b, "mesh1", 1, 1, 1, SECONDS(10));
	say(b, "mesh1", 2, 1, 1, SECONDS(10));
	assert_false(backbone_must_speak(b, "mesh1", before, 2, 0, SECONDS(20)));
	/* One goes on, the other does not. */
	say(b, "mesh1", 1, 2, 1, SECONDS(20));
	assert_false(backbone_must_speak(b, "mesh1", before, 2, 0, SECONDS(22) - 1));
	assert_true(backbone_must_speak(b, "mesh1", before, 2, 0, SECONDS(22)));
	/* And when it speaks again, the third one stops. */
	say(b, "mesh1", 2, 2, 1, SECONDS(24));
	assert_false(backbone_must_speak(b, "mesh1", before, 2, 0, SECONDS(25)));
	backbone_free(b);
}

/*
 * Whom the summary that is shown names may follow it; anybody else is a rival, and is
 * shown once those are silent.
 */
static void
strangers_do_not_follow(void **state)
{
	static const unsigned ours[] = { 1, 2 }, theirs[] = { 9 };
	struct backbone *b = fixture();
	const struct backbone_mesh *m;
	struct backbone_stats s;

	(void)state;
	assert_int_equal(say_with(b, 1, 1, 5, ours, 2, SECONDS(1)), ERR_OK);
	m = backbone_find(b, "mesh2");
	assert_int_equal(say_with(b, 9, 1, 0, theirs, 1, SECONDS(2)), ERR_OK);
	assert_int_equal(shown(b), 5);
	assert_non_null(backbone_rival(m, 0, SECONDS(2)));
	assert_null(backbone_rival(m, 1, SECONDS(2)));
	assert_int_equal(say_with(b, 2, 1, 6, ours, 2, SECONDS(3)), ERR_OK);
	assert_int_equal(shown(b), 6);
	backbone_stats(b, &s);
	assert_int_equal(s.disputed, 1);
	/* The mesh is silent, and the other goes on. */
	assert_int_equal(say_with(b, 9, 2, 0, theirs, 1, SECONDS(15) - 1), ERR_OK);
	assert_int_equal(shown(b), 6);
	assert_int_equal(say_with(b, 9, 3, 0, theirs, 1, SECONDS(15)), ERR_OK);
	assert_int_equal(shown(b), 0);
	backbone_free(b);
}

/* Who was first is not right for ever: whose gateway had an answer is shown next. */
static void
who_answers_is_shown(void **state)
{
	static const unsigned ours[] = { 1, 2 }, theirs[] = { 9 };
	struct backbone *b = fixture();
	struct actor a;

	(void)state;
	assert_int_equal(say_with(b, 9, 1, 0, theirs, 1, SECONDS(1)), ERR_OK);
	assert_int_equal(say_with(b, 1, 1, 5, ours, 2, SECONDS(2)), ERR_OK);
	assert_int_equal(shown(b), 0);
	actor_init(&a, 2, "gateway");
	backbone_answered(b, "mesh2", &a.digest.id);
	assert_int_equal(say_with(b, 1, 2, 5, ours, 2, SECONDS(3)), ERR_OK);
	assert_int_equal(shown(b), 5);
	assert_int_equal(say_with(b, 9, 2, 0, theirs, 1, SECONDS(4)), ERR_OK);
	assert_int_equal(shown(b), 5);
	backbone_free(b);
}

/* However many ids a liar has, the speakers that are named keep their places. */
static void
rivals_push_nobody_out(void **state)
{
	static const unsigned ours[] = { 1, 2 };
	struct backbone *b = fixture();

	(void)state;
	say_with(b, 1, 1, 5, ours, 2, SECONDS(1));
	say_with(b, 2, 1, 5, ours, 2, SECONDS(1));
	for (unsigned i = 10; i < 30; i++)
		assert_int_equal(say_with(b, i, 1, 0, &i, 1, SECONDS(2)), ERR_OK);
	assert_int_equal(
		backbone_find(b, "mesh2")->speaker_count, BACKBONE_SPEAKERS_MAX);
	for (unsigned i = 1; i <= 2; i++)
		assert_int_equal(say_with(b, i, 1, 5, ours, 2, SECONDS(3)), ERR_STALE);
	assert_int_equal(shown(b), 5);
	backbone_free(b);
}

/* Our own absence makes nobody unreachable. */
static void
our_absence_is_excused(void **state)
{
	struct backbone *b = fixture();
	struct backbone_change c[4];

	(void)state;
	say(b, "mesh2", 1, 1, 9, 0);
	assert_int_equal(backbone_tick(b, 0, c, 4), 1);
	backbone_excuse(b, SECONDS(60));
	assert_int_equal(backbone_tick(b, SECONDS(60), c, 4), 0);
	assert_int_equal(backbone_tick(b, SECONDS(60) + BACKBONE_SILENT, c, 4), 1);
	backbone_free(b);
}

/* Two gateways that believe the same say the same; a restart changes the hash. */
static void
equal_beliefs_equal_words(void **state)
{
	struct directory *d = fixture_directory(), *e = fixture_directory();
	struct summary one, two;
	struct actor a[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		actor_init(&a[i], i + 1, i == 0 ? "gateway" : "broker");
		a[i].digest.flags = i == 0 ? DIGEST_GATEWAY : 0;
		assert_int_equal(actor_say(&a[i], d, i), ERR_OK);
	}
	for (unsigned i = 3; i-- > 0;)
		assert_int_equal(actor_say(&a[i], e, 9), ERR_OK);
	backbone_summarize(&one, "mesh1", d);
	backbone_summarize(&two, "mesh1", e);
	assert_memory_equal(&one, &two, sizeof one);
	assert_int_equal(one.gateway_count, 1);
	assert_true(id_equal(&one.gateways[0].id, &a[0].digest.id));
	assert_int_equal(one.type_count, 2);
	assert_string_equal(one.types[0].type, "broker");
	assert_int_equal(one.types[0].nodes.live, 2);
	a[1].digest.incarnation++;
	assert_int_equal(actor_say(&a[1], e, 10), ERR_OK);
	backbone_summarize(&two, "mesh1", e);
	assert_memory_not_equal(one.hash, two.hash, sizeof one.hash);
	directory_free(d);
	directory_free(e);
}

static int
nothing_lives(void **state)
{
	(void)state;
	return mem_live(MEM_BACKBONE) || mem_live(MEM_BACKBONE_MESH);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mesh_comes_and_goes),
		cmocka_unit_test(who_speaks_is_heard),
		cmocka_unit_test(silence_is_forgotten),
		cmocka_unit_test(a_name_is_not_a_word),
		cmocka_unit_test(old_news_is_refused),
		cmocka_unit_test(digests_do_not_come_here),
		cmocka_unit_test(the_table_is_bounded),
		cmocka_unit_test(two_speak),
		cmocka_unit_test(strangers_do_not_follow),
		cmocka_unit_test(who_answers_is_shown),
		cmocka_unit_test(rivals_push_nobody_out),
		cmocka_unit_test(our_absence_is_excused),
		cmocka_unit_test(equal_beliefs_equal_words),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, nothing_lives);
}
