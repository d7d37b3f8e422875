/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "io/file_later.h"
#include "io/files.h"
#include "tests/unit/io_fixture.h"

static void
open_data(void **state, struct files_dir *d)
{
	char path[300], why[FILES_WHY_CAP];

	assert_int_equal(files_open(d, io_fixture_path(state, "data", path), why), 0);
}

static void
expect(const char *why, const char *part)
{
	if (strstr(why, part) == NULL)
		fail_msg("\"%s\" is not in: %s", part, why);
}

/* On a full disk nothing is minted and nothing left behind; what there is stays. */
static void
full_disk(void **state)
{
	struct seed peer = { .address = { .family = 4, .port = 1 } };
	struct files_dir d;
	struct identity i;
	uint64_t first, second;
	char path[300], why[FILES_WHY_CAP];
	struct stat st;
	bool minted, later;

	open_data(state, &d);
	d.full = true;
	assert_int_equal(files_identity(&d, &i, &minted, why), ERR_SYSTEM);
	expect(why, "No space left on device");
	expect(why, "identity");
	assert_int_equal(stat(io_fixture_path(state, "data/identity", path), &st), -1);
	io_fixture_path(state, "data/.identity.new", path);
	assert_int_equal(stat(path, &st), -1);
	assert_int_equal(d.refused, 1);
	d.full = false;
	assert_int_equal(files_identity(&d, &i, &minted, why), ERR_OK);
	assert_true(minted);
	io_fixture_write(io_fixture_path(state, "data/incarnation", path), "7\n", 0600);
	assert_int_equal(files_incarnation(&d, 5, &first, &later, why), ERR_OK);
	assert_false(later);
	d.full = true;
	assert_int_equal(files_identity(&d, &i, &minted, why), ERR_OK);
	assert_int_equal(files_incarnation(&d, 5, &second, &later, why), ERR_SYSTEM);
	assert_int_equal(files_peers_save(&d, &peer, 1, why), ERR_SYSTEM);
	d.full = false;
	assert_int_equal(files_incarnation(&d, 5, &second, &later, why), ERR_OK);
	assert_int_equal(second, first + 1);
	files_close(&d);
}

/* An operator's identity is made once, is his alone, and what is none is left alone. */
static void
operators_are_made(void **state)
{
	struct identity first, second;
	char path[300], why[FILES_WHY_CAP];
	struct stat st;

	io_fixture_path(state, "op", path);
	assert_int_equal(files_operator(path, &first, why), ERR_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(files_operator(path, &second, why), ERR_OK);
	assert_true(id_equal(&first.id, &second.id));
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(files_operator(path, &second, why), ERR_PERMISSION);
	expect(why, "chmod 600");
	assert_int_equal(chmod(path, 0600), 0);
	io_fixture_write(path, "no key\n", 0600);
	assert_int_equal(files_operator(path, &second, why), ERR_MALFORMED);
	io_fixture_path(state, "nowhere/op", path);
	assert_int_equal(files_operator(path, &second, why), ERR_SYSTEM);
	expect(why, "No such file");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, io_fixture_begin, io_fixture_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(full_disk),
		TEST(operators_are_made),
	};

	return cmocka_run_group_tests_name("files_full", tests, NULL, NULL);
}
