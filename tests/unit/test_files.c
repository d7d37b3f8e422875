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

/* The directory is made with its parents, for its owner alone. */
static void
directory_is_made(void **state)
{
	struct files_dir d;
	char path[300], why[FILES_WHY_CAP];
	struct stat st;

	io_fixture_path(state, "a/b/c", path);
	assert_int_equal(files_open(&d, path, why), ERR_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_string_equal(why, "");
	files_close(&d);
}

/* A directory that others can enter is refused with the chmod that mends it. */
static void
open_directory_is_refused(void **state)
{
	struct files_dir d;
	char path[300], mend[400], why[FILES_WHY_CAP];

	io_fixture_path(state, "wide", path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chmod(path, 0750), 0);
	assert_int_equal(files_open(&d, path, why), ERR_PERMISSION);
	snprintf(mend, sizeof mend, "chmod 700 %s", path);
	expect(why, mend);
	assert_int_equal(d.fd, -1);
	assert_int_equal(chmod(path, 0700), 0);
	assert_int_equal(files_open(&d, path, why), ERR_OK);
	files_close(&d);
}

/* A second opener is told that the directory is in use, and gets in when it is not. */
static void
directory_is_locked(void **state)
{
	struct files_dir one, two;
	char path[300], why[FILES_WHY_CAP];

	open_data(state, &one);
	io_fixture_path(state, "data", path);
	assert_int_equal(files_open(&two, path, why), ERR_BUSY);
	expect(why, "another process uses");
	expect(why, "--data-dir");
	files_close(&one);
	assert_int_equal(files_open(&two, path, why), ERR_OK);
	files_close(&two);
}

/* A file in the way, a file as parent, a path that is too long: all said. */
static void
impossible_directories_are_refused(void **state)
{
	struct files_dir d;
	char path[300], longer[400], why[FILES_WHY_CAP];

	io_fixture_write(io_fixture_path(state, "file", path), "x", 0600);
	assert_int_equal(files_open(&d, path, why), ERR_SYSTEM);
	expect(why, "Not a directory");
	io_fixture_path(state, "file/below", path);
	assert_int_equal(files_open(&d, path, why), ERR_SYSTEM);
	expect(why, "--data-dir");
	memset(longer, 'x', sizeof longer);
	longer[sizeof longer - 1] = '\0';
	assert_int_equal(files_open(&d, longer, why), ERR_LIMIT);
	assert_int_equal(files_open(&d, "", why), ERR_LIMIT);
}

/* The first start mints a key, 0600; the next one has the same. */
static void
identity_is_kept(void **state)
{
	struct files_dir d;
	struct identity first, second;
	char path[300], why[FILES_WHY_CAP];
	struct stat st;
	bool minted;

	open_data(state, &d);
	assert_int_equal(files_identity(&d, &first, &minted, why), ERR_OK);
	assert_true(minted);
	assert_int_equal(stat(io_fixture_path(state, "data/identity", path), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(files_identity(&d, &second, &minted, why), ERR_OK);
	assert_false(minted);
	assert_true(id_equal(&first.id, &second.id));
	files_close(&d);
}

/* A key that others can read is refused with the chmod that mends it. */
static void
readable_key_is_refused(void **state)
{
	struct files_dir d;
	struct identity i;
	char path[300], why[FILES_WHY_CAP];
	bool minted;

	open_data(state, &d);
	assert_int_equal(files_identity(&d, &i, &minted, why), ERR_OK);
	io_fixture_path(state, "data/identity", path);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(files_identity(&d, &i, &minted, why), ERR_PERMISSION);
	expect(why, "chmod 600 ");
	expect(why, path);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(files_identity(&d, &i, &minted, why), ERR_OK);
	files_close(&d);
}

/* What is no key is never replaced silently: a lost identity must be noticed. */
static void
broken_key_is_refused(void **state)
{
	static const char *const texts[] = { "", "abc\n", "\n",
		"zz11111111111111111111111111111111111111111111111111111111111111\n",
		"111111111111111111111111111111111111111111111111111111111111111111\n" };
	struct files_dir d;
	struct identity i;
	char path[300], why[FILES_WHY_CAP];
	bool minted;

	open_data(state, &d);
	io_fixture_path(state, "data/identity", path);
	for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
		io_fixture_write(path, texts[k], 0600);
		assert_int_equal(files_identity(&d, &i, &minted, why), ERR_MALFORMED);
		expect(why, "is not a key");
	}
	/* A link could point anywhere; a pipe would hang us. */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("elsewhere", path), 0);
	assert_int_equal(files_identity(&d, &i, &minted, why), ERR_PERMISSION);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(files_identity(&d, &i, &minted, why), ERR_PERMISSION);
	expect(why, "not a plain file");
	files_close(&d);
}

/* Mints and forgets for ever, and says when each round begins. */
static _Noreturn void
mint_for_ever(const char *path, int tell)
{
	char why[FILES_WHY_CAP];
	struct files_dir d;
	struct identity i;
	bool minted;

	if (files_open(&d, path, why) != ERR_OK)
		_exit(1);
	for (;;) {
		unlinkat(d.fd, "identity", 0);
		if (write(tell, "x", 1) != 1 ||
			files_identity(&d, &i, &minted, why) != ERR_OK)
			_exit(1);
	}
}

/* Killed at any moment of minting, a node leaves no half key: the next start works. */
static void
killed_while_minting(void **state)
{
	char path[300], why[FILES_WHY_CAP], byte;
	struct files_dir d;
	struct identity i;
	bool minted;

	io_fixture_path(state, "data", path);
	for (int round = 0; round < 20; round++) {
		int told[2];
		pid_t pid;

		assert_int_equal(pipe(told), 0);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			mint_for_ever(path, told[1]);
		/* After a few rounds of it, at whatever step it then is. */
		for (int k = 0; k <= round; k++)
			assert_int_equal(read(told[0], &byte, 1), 1);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		close(told[0]);
		close(told[1]);
		assert_int_equal(files_open(&d, path, why), ERR_OK);
		assert_int_equal(files_identity(&d, &i, &minted, why), ERR_OK);
		files_close(&d);
	}
}

/* A number that cannot be read is not taken for 0. */
static void
broken_incarnation_is_refused(void **state)
{
	static const char *const texts[] = { "", "x\n", "12 34\n", "-1\n",
		"18446744073709551615\n", "99999999999999999999999999\n" };
	char path[300], why[FILES_WHY_CAP];
	struct files_dir d;
	uint64_t n;
	bool later;

	open_data(state, &d);
	io_fixture_path(state, "data/incarnation", path);
	for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
		io_fixture_write(path, texts[k], 0600);
		assert_int_equal(files_incarnation(&d, 7, &n, &later, why),
			ERR_MALFORMED);
		expect(why, "is not a number");
	}
	files_close(&d);
}

static void
make_peers(struct seed peers[static 3])
{
	struct identity i;

	for (unsigned k = 0; k < 3; k++) {
		identity_mint(&i);
		peers[k].id = i.id;
		assert_int_equal(address_parse(&peers[k].address,
					 k == 2 ? "[::1]:4002" : "127.0.0.1:4000"),
			ERR_OK);
	}
}

static size_t
load(struct files_dir *d, struct seed *to, size_t cap, size_t *broken)
{
	char why[FILES_WHY_CAP];
	size_t count;

	assert_int_equal(files_peers_load(d, to, cap, &count, broken, why), ERR_OK);
	assert_int_equal(why[0] != '\0', *broken > 0);
	return count;
}

/* Remembered peers come back in order; no file is nobody; nobody is an empty file. */
static void
peers_are_remembered(void **state)
{
	struct seed peers[3], back[4];
	char why[FILES_WHY_CAP];
	struct files_dir d;
	size_t broken;

	open_data(state, &d);
	assert_int_equal(load(&d, back, 4, &broken), 0);
	make_peers(peers);
	assert_int_equal(files_peers_save(&d, peers, 3, why), ERR_OK);
	assert_int_equal(load(&d, back, 4, &broken), 3);
	assert_int_equal(broken, 0);
	for (unsigned k = 0; k < 3; k++) {
		assert_true(id_equal(&back[k].id, &peers[k].id));
		assert_true(address_equal(&back[k].address, &peers[k].address));
	}
	assert_int_equal(files_peers_save(&d, peers, 0, why), ERR_OK);
	assert_int_equal(load(&d, back, 4, &broken), 0);
	files_close(&d);
}

/* Broken lines are skipped and counted; no more are read than there is room for. */
static void
broken_peers_are_skipped(void **state)
{
	struct seed peers[3], back[4];
	char path[300], why[FILES_WHY_CAP];
	struct files_dir d;
	size_t broken;
	FILE *f;

	open_data(state, &d);
	make_peers(peers);
	assert_int_equal(files_peers_save(&d, peers, 3, why), ERR_OK);
	f = fopen(io_fixture_path(state, "data/peers", path), "a");
	assert_non_null(f);
	fputs("nonsense\nabc@127.0.0.1:1\n", f);
	fclose(f);
	assert_int_equal(load(&d, back, 4, &broken), 3);
	assert_int_equal(broken, 2);
	assert_int_equal(load(&d, back, 2, &broken), 2);
	files_close(&d);
}

/* A fabric key: missing, readable by others, good, malformed, a directory. */
static void
key_file_is_checked(void **state)
{
	char path[300], text[FABRIC_KEY_FILE_LEN + 1], why[FILES_WHY_CAP];
	struct fabric_key k, made;

	io_fixture_path(state, "key", path);
	assert_int_equal(files_key(path, &k, why), ERR_UNKNOWN);
	expect(why, "--make-key");
	fabric_key_mint(&made);
	fabric_key_print(&made, text);
	io_fixture_write(path, text, 0644);
	assert_int_equal(files_key(path, &k, why), ERR_PERMISSION);
	expect(why, "chmod 600 ");
	assert_int_equal(chmod(path, 0400), 0);
	assert_int_equal(files_key(path, &k, why), ERR_OK);
	assert_true(k.present);
	assert_memory_equal(k.bytes, made.bytes, FABRIC_KEY_LEN);
	assert_int_equal(chmod(path, 0600), 0);
	io_fixture_write(path, "meshtui-key-1:abc\n", 0600);
	assert_int_equal(files_key(path, &k, why), ERR_MALFORMED);
	expect(why, "is not a key file");
	assert_int_equal(files_key(*state, &k, why), ERR_PERMISSION);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, io_fixture_begin, io_fixture_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(directory_is_made),
		TEST(open_directory_is_refused),
		TEST(directory_is_locked),
		TEST(impossible_directories_are_refused),
		TEST(identity_is_kept),
		TEST(readable_key_is_refused),
		TEST(broken_key_is_refused),
		TEST(killed_while_minting),
		TEST(broken_incarnation_is_refused),
		TEST(peers_are_remembered),
		TEST(broken_peers_are_skipped),
		TEST(key_file_is_checked),
	};

	return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
