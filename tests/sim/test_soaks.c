/* SPDX-License-Identifier: MIT */
/*
 * The simulated soak (soak.h) over the first seeds, SIM_SEEDS of them (make check-long:
 * 1,000), and every seed of it that failed once. Its checks are seen to fail where what
 * they guard is taken out; the linker puts these calls in the place of the real ones.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chaos/catalog.h"
#include "gossip/outbox.h"
#include "mesh/directory.h"
#include "node/faults.h"
#include "tests/sim/soak.h"

/* Sanitizers make it five times slower and look at memory, not at chance. */
#ifdef __SANITIZE_ADDRESS__
#define SEEDS 2
#else
#define SEEDS 6
#endif
/* Every so many is run twice, and has to have the same history. */
#define TWICE_EVERY 10

enum mutant { NONE, NO_LEASES, TWICE, LOST, HASTY, LEAK };
static enum mutant in;
static uint64_t delivered;
static struct impair *leaked[64];
static size_t leaked_count;

void __wrap_faults_tick(struct faults *f, uint64_t now_ns);
void __real_faults_tick(struct faults *f, uint64_t now_ns);
uint64_t __wrap_faults_deadline(const struct faults *f);
uint64_t __real_faults_deadline(const struct faults *f);
void __wrap_impair_free(struct impair *im);
void __real_impair_free(struct impair *im);
void __wrap_directory_config_default(struct directory_config *c);
void __real_directory_config_default(struct directory_config *c);
void __wrap_outbox_deliver(struct outbox *o, const struct peer_id *from,
	struct view content, uint16_t hops);
void __real_outbox_deliver(struct outbox *o, const struct peer_id *from,
	struct view content, uint16_t hops);

void
__wrap_faults_tick(struct faults *f, uint64_t now_ns)
{
	if (in != NO_LEASES)
		__real_faults_tick(f, now_ns);
}

uint64_t
__wrap_faults_deadline(const struct faults *f)
{
	return in != NO_LEASES ? __real_faults_deadline(f) : NEVER;
}

void
__wrap_impair_free(struct impair *im)
{
	if (in == LEAK && leaked_count < sizeof(leaked) / sizeof(*leaked))
		leaked[leaked_count++] = im;
	else
		__real_impair_free(im);
}

void
__wrap_directory_config_default(struct directory_config *c)
{
	__real_directory_config_default(c);
	if (in == HASTY)
		c->gone_ns = c->suspect_ns = SECONDS(3);
}

void
__wrap_outbox_deliver(struct outbox *o, const struct peer_id *from, struct view content,
	uint16_t hops)
{
	if (in != LOST || ++delivered % 50 != 0)
		__real_outbox_deliver(o, from, content, hops);
	if (in == TWICE)
		__real_outbox_deliver(o, from, content, hops);
}

static bool
holds(uint64_t seed, struct soak_figures *f, bool twice)
{
	char why[RUNS_WHY_CAP] = "";
	uint64_t first = soak_run_with(seed, f, why);
	bool good = first && (!twice || soak_run(seed, why) == first);

	if (!good) {
		print_message("# soak %llu\t# %s\n", (unsigned long long)seed,
			first ? "two runs, two histories" : why);
		fflush(stdout);
	}
	return good;
}

static void
say(const struct soak_figures *f, unsigned seeds, clock_t start)
{
	print_message("# %u seeds, %.1f CPU s:", seeds,
		(double)(clock() - start) / CLOCKS_PER_SEC);
	for (size_t p = 0; p < PRIMITIVE_SHAM; p++)
		print_message("%s %s %llu", p ? "," : "",
			catalog_at((enum primitive)p)->name,
			(unsigned long long)f->faults[p]);
	print_message("\n# %llu skipped; %llu checks, order after %.1f s at most; %llu "
		      "deliveries; suspect %llu, gone %llu; %llu neighbors lost, %llu "
		      "datagrams impaired\n",
		(unsigned long long)f->skipped, (unsigned long long)f->checks,
		(double)f->quiet_max_ns / NS_PER_S, (unsigned long long)f->deliveries,
		(unsigned long long)f->suspected, (unsigned long long)f->gone,
		(unsigned long long)f->neighbors_lost, (unsigned long long)f->impaired);
}

/* Ten minutes of faults from any seed leave a mesh in which all is in order. */
static void
soaks_hold(void **state)
{
	const char *text = getenv("SIM_SEEDS"), *first = getenv("SIM_SEED");
	unsigned seeds = text ? (unsigned)strtoul(text, NULL, 10) : SEEDS, bad = 0;
	uint64_t from = first ? strtoull(first, NULL, 10) : 1, sum = 0;
	struct soak_figures f = {{0}};
	clock_t start = clock();

	(void)state;
	for (uint64_t seed = from; seed < from + seeds; seed++)
		bad += !holds(seed, &f, seed % TWICE_EVERY == 1);
	say(&f, seeds, start);
	for (size_t p = 0; p < PRIMITIVES; p++)
		sum += f.faults[p];
	assert_true(sum > 0 && f.suspected > 0 && f.neighbors_lost > 0 && f.impaired > 0);
	assert_int_equal(bad, 0);
}

/* Seeds that failed once. */
static void
seeds_that_failed_hold(void **state)
{
	const char *dir = getenv("SRCDIR");
	char path[4096], line[512];
	unsigned long long seed;
	unsigned bad = 0;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/tests/sim/seeds.txt", dir ? dir : ".");
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "soak %llu", &seed) == 1)
			bad += !holds(seed, NULL, false);
	fclose(f);
	assert_int_equal(bad, 0);
}

static bool
sees(enum mutant m, const char *word)
{
	char why[RUNS_WHY_CAP] = "";
	bool good;

	in = m;
	good = soak_run(1, why) != 0;
	in = NONE;
	if (good || !strstr(why, word))
		print_message("# mutant %d: %s\n", m, good ? "nothing" : why);
	return !good && strstr(why, word) != NULL;
}

/* A fault whose lease does not end it. */
static void
sees_what_is_not_reverted(void **state)
{
	(void)state;
	assert_true(sees(NO_LEASES, ""));
}

/* A broadcast that comes twice, and one that does not come everywhere. */
static void
sees_wrong_deliveries(void **state)
{
	(void)state;
	assert_true(sees(TWICE, "twice"));
	assert_true(sees(LOST, "a message came to"));
}

/* A node that lives and is called gone, because silence is borne for 3 s only. */
static void
sees_who_is_called_gone(void **state)
{
	(void)state;
	assert_true(sees(HASTY, "gone, which lives"));
}

/* Objects of faults that are over. */
static void
sees_what_is_left_over(void **state)
{
	(void)state;
	assert_true(sees(LEAK, "objects of class impair"));
	while (leaked_count > 0)
		__real_impair_free(leaked[--leaked_count]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(soaks_hold),
		cmocka_unit_test(seeds_that_failed_hold),
		cmocka_unit_test(sees_what_is_not_reverted),
		cmocka_unit_test(sees_wrong_deliveries),
		cmocka_unit_test(sees_who_is_called_gone),
		cmocka_unit_test(sees_what_is_left_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
