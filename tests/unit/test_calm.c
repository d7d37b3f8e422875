/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/blake3.h"
#include "tests/unit/gossip_rig.h"
#include "tests/unit/mesh_fixture.h"
#include "tests/unit/quic_net.h"

static struct view
signed_digest(struct buf *b, const struct actor *a)
{
	struct peer_id topic = fixture_topic();

	buf_clear(b);
	digest_sign(b, &a->digest, &topic, a->secret_key);
	return (struct view){ b->data, b->len };
}

/* The next number of this node that is not one of those that travel at once. */
static void
next_calm(struct actor *a)
{
	do
		a->digest.seq++;
	while ((a->digest.seq + a->digest.id.bytes[0]) % DIRECTORY_BRISK == 0);
}

/* A digest that only says that a node goes on is calm; one with news is not. */
static void
only_news_hurries(void **state)
{
	struct directory *d = fixture_directory();
	struct actor a, other;
	struct buf b;

	(void)state;
	buf_init(&b, 1024);
	actor_init(&a, 1, "broker");
	actor_init(&other, 2, "broker");
	assert_int_equal(directory_pace(d, signed_digest(&b, &a)),
		PACE_NEWS);	/* unknown */
	assert_int_equal(actor_say(&a, d, 0), ERR_OK);
	assert_int_equal(actor_say(&other, d, 0), ERR_OK);
	next_calm(&a);
	a.digest.frames_sent = 77;
	assert_int_equal(directory_pace(d, signed_digest(&b, &a)), PACE_CALM);
	actor_neighbor(&a, &other, 5);
	assert_int_equal(directory_pace(d, signed_digest(&b, &a)), PACE_NEWS);
	assert_int_equal(actor_say(&a, d, 0), ERR_OK);
	next_calm(&a);
	a.digest.neighbors[0].rtt_100us = 9;
	assert_int_equal(directory_pace(d, signed_digest(&b, &a)), PACE_CALM);
	a.digest.flags = DIGEST_DRAINING;
	assert_int_equal(directory_pace(d, signed_digest(&b, &a)), PACE_NEWS);
	a.digest.flags = 0;
	a.digest.incarnation++;
	assert_int_equal(directory_pace(d, signed_digest(&b, &a)), PACE_NEWS);
	a.digest.incarnation--;
	assert_int_equal(accuse(&other, &a, d, 0), ERR_OK);
	assert_int_equal(directory_pace(d, signed_digest(&b, &a)),
		PACE_NEWS);	/* an answer */
	buf_fini(&b);
	directory_free(d);
}

/* One digest in DIRECTORY_BRISK is not calm, whatever it says. */
static void
some_digests_are_brisk(void **state)
{
	struct directory *d = fixture_directory();
	struct actor a;
	struct buf b;
	int brisk = 0;

	(void)state;
	buf_init(&b, 1024);
	actor_init(&a, 1, "broker");
	assert_int_equal(actor_say(&a, d, 0), ERR_OK);
	for (int i = 0; i < 3 * DIRECTORY_BRISK; i++) {
		a.digest.seq++;
		brisk += directory_pace(d, signed_digest(&b, &a)) == PACE_BRISK;
	}
	assert_int_equal(brisk, 3);
	buf_fini(&b);
	directory_free(d);
}

static void
calm_lazies(struct gossip_config *c)
{
	c->lazy_calm_ns = SECONDS(4);
}

/* How many payloads of the last input may wait on their way. */
static size_t
calm_sends(const struct rig *r)
{
	size_t count = 0;

	for (size_t i = 0; i < outbox_count(r->out); i++)
		count += outbox_at(r->out, i)->kind == GOSSIP_OUT_SEND &&
			 outbox_at(r->out, i)->calm;
	return count;
}

/* What is calm is relayed as calm, announced late, and shapes no tree. */
static void
calm_is_relayed(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, calm_lazies);
	rig_fill(&r, 1, 4);
	rig_simple(&r, 4, GOSSIP_PRUNE);
	r.calm = true;
	rig_payload(&r, 1, "calm", 0);
	assert_int_equal(rig_sent_any(&r, GOSSIP_PAYLOAD), 2);
	assert_int_equal(calm_sends(&r), 2);
	rig_payload(&r, 2, "calm", 0);	/* by another way, too */
	assert_int_equal(rig_sent_any(&r, GOSSIP_PRUNE), 0);
	assert_true(rig_is_eager(&r, 2));
	rig_advance(&r, SECONDS(4) - 1);
	assert_int_equal(rig_sent(&r, 4, GOSSIP_IHAVE, NULL), 0);
	rig_advance(&r, 1);
	assert_int_equal(rig_sent(&r, 4, GOSSIP_IHAVE, NULL), 1);
	assert_int_equal(calm_sends(&r), 1);
	/* The control: the same without calm. */
	r.calm = false;
	rig_payload(&r, 1, "news", 0);
	assert_int_equal(rig_sent_any(&r, GOSSIP_PAYLOAD), 2);
	assert_int_equal(calm_sends(&r), 0);
	rig_payload(&r, 2, "news", 0);
	assert_int_equal(rig_sent(&r, 2, GOSSIP_PRUNE, NULL), 1);
	rig_advance(&r, MILLISECONDS(5));
	assert_int_equal(rig_sent(&r, 4, GOSSIP_IHAVE, NULL), 1);
	rig_fini(&r);
}

/* Late, or many hops away, nothing waits any more; the controls wait. */
static void
late_calm_hurries(void **state)
{
	struct peer_id id;
	struct rig r;

	(void)state;
	rig_init(&r, calm_lazies);
	rig_fill(&r, 1, 4);
	rig_simple(&r, 4, GOSSIP_PRUNE);
	r.calm = true;
	id = rig_payload(&r, 1, "twice", 0);
	rig_ihave(&r, 2, &id, 1);	/* the control: announced after it came */
	rig_payload(&r, 1, "control", GOSSIP_CALM_HOPS - 1);
	assert_int_equal(rig_sent_any(&r, GOSSIP_PAYLOAD), 2);
	assert_int_equal(calm_sends(&r), 2);
	rig_payload(&r, 1, "far", GOSSIP_CALM_HOPS);
	assert_int_equal(rig_sent_any(&r, GOSSIP_PAYLOAD), 2);
	assert_int_equal(calm_sends(&r), 0);
	blake3(id.bytes, "late", 4);
	rig_ihave(&r, 2, &id, 1);
	rig_payload(&r, 2, "late", 1);
	assert_int_equal(rig_sent_any(&r, GOSSIP_PAYLOAD), 2);
	assert_int_equal(calm_sends(&r), 0);
	rig_advance(&r, MILLISECONDS(5));
	assert_int_equal(rig_sent(&r, 4, GOSSIP_IHAVE, NULL), 1);
	rig_payload(&r, 3, "late", 1);	/* it still shapes no tree */
	assert_int_equal(rig_sent_any(&r, GOSSIP_PRUNE), 0);
	rig_fini(&r);
}

/* What is brisk is relayed at once and prunes; it is announced as late as calm ones. */
static void
brisk_is_announced_late(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, calm_lazies);
	rig_fill(&r, 1, 4);
	rig_simple(&r, 4, GOSSIP_PRUNE);
	r.brisk = true;
	rig_payload(&r, 1, "brisk", 0);
	assert_int_equal(rig_sent_any(&r, GOSSIP_PAYLOAD), 2);
	assert_int_equal(calm_sends(&r), 0);
	rig_payload(&r, 2, "brisk", 0);
	assert_int_equal(rig_sent(&r, 2, GOSSIP_PRUNE, NULL), 1);
	rig_advance(&r, SECONDS(4) - 1);
	assert_int_equal(rig_sent(&r, 4, GOSSIP_IHAVE, NULL), 0);
	rig_advance(&r, 1);
	assert_int_equal(rig_sent(&r, 4, GOSSIP_IHAVE, NULL), 1);
	rig_fini(&r);
}

/* News does not drag along announcements of what is calm and young. */
static void
young_calm_stays(void **state)
{
	struct gossip_msg m;
	struct rig r;

	(void)state;
	rig_init(&r, calm_lazies);
	rig_fill(&r, 1, 4);
	rig_simple(&r, 4, GOSSIP_PRUNE);
	r.calm = true;
	rig_payload(&r, 1, "calm", 0);
	r.calm = false;
	rig_payload(&r, 1, "news", 0);
	rig_advance(&r, SECONDS(1));
	assert_int_equal(rig_sent(&r, 4, GOSSIP_IHAVE, &m), 1);
	assert_int_equal(m.ihave.count, 1);
	rig_simple(&r, 1, GOSSIP_PRUNE);
	rig_advance(&r, SECONDS(4));
	assert_int_equal(rig_sent(&r, 4, GOSSIP_IHAVE, &m), 1);
	assert_int_equal(m.ihave.count, 1);
	rig_fini(&r);
}

/* No announcement waits longer than its time, however many younger ones there are. */
static void
no_calm_waits_for_ever(void **state)
{
	struct gossip_msg m;
	struct rig r;

	(void)state;
	rig_init(&r, calm_lazies);
	rig_fill(&r, 1, 4);
	rig_simple(&r, 4, GOSSIP_PRUNE);
	r.calm = true;
	rig_payload(&r, 1, "first", 0);
	rig_advance(&r, MILLISECONDS(2500));
	rig_payload(&r, 1, "second", 0);
	rig_advance(&r, MILLISECONDS(1400));
	rig_payload(&r, 1, "third", 0);
	rig_advance(&r, MILLISECONDS(100));
	assert_int_equal(rig_sent(&r, 4, GOSSIP_IHAVE, &m), 1);
	assert_int_equal(m.ihave.count, 1);
	rig_advance(&r, MILLISECONDS(2500) - 1);
	assert_int_equal(rig_sent(&r, 4, GOSSIP_IHAVE, NULL), 0);
	rig_advance(&r, 1);
	assert_int_equal(rig_sent(&r, 4, GOSSIP_IHAVE, &m), 1);
	assert_int_equal(m.ihave.count, 2);
	rig_fini(&r);
}

/* A calm body waits for the common moment, or goes with the first that does not wait. */
static void
calm_waits_for_company(void **state)
{
	struct net *n = *state;
	struct peer_id topic = { { 7 } };
	uint64_t a, b, sent, moment_ns;

	net_pair(n, &a, &b);
	assert_int_equal(endpoint_gossip(n->at[0].e, a, &topic, "first", 5), ERR_OK);
	net_run(n, SECONDS(2));
	sent = net_stats(n, 0).packets_sent;
	moment_ns = endpoint_moment(n->now_ns);
	assert_true(moment_ns > n->now_ns && moment_ns <= n->now_ns + QUIC_MOMENTS);
	for (int i = 0; i < 5; i++)
		assert_int_equal(endpoint_gossip_calm(n->at[0].e, a, &topic, "calm", 4,
			n->now_ns), ERR_OK);
	net_run(n, moment_ns - n->now_ns - 1);
	assert_int_equal(net_stats(n, 0).packets_sent, sent);
	net_run(n, n->delay_ns + MILLISECONDS(2));
	assert_int_equal(net_stats(n, 0).packets_sent, sent + 1);
	assert_int_equal(net_count(n, 1, QUIC_GOSSIP), 6);
	net_run(n, SECONDS(1));
	sent = net_stats(n, 0).packets_sent;
	assert_int_equal(endpoint_gossip_calm(n->at[0].e, a, &topic, "calm", 4,
		n->now_ns), ERR_OK);
	assert_int_equal(endpoint_gossip(n->at[0].e, a, &topic, "news", 4), ERR_OK);
	net_run(n, n->delay_ns + MILLISECONDS(1));
	assert_int_equal(net_stats(n, 0).packets_sent, sent + 1);
	assert_int_equal(net_count(n, 1, QUIC_GOSSIP), 8);
}

/* What waits when a connection is closed still leaves before the close. */
static void
calm_is_not_lost(void **state)
{
	struct net *n = *state;
	struct peer_id topic = { { 7 } };
	uint64_t a, b;

	net_pair(n, &a, &b);
	assert_int_equal(endpoint_gossip(n->at[0].e, a, &topic, "first", 5), ERR_OK);
	net_run(n, SECONDS(2));
	assert_int_equal(endpoint_gossip_calm(n->at[0].e, a, &topic, "calm", 4,
		n->now_ns), ERR_OK);
	endpoint_close(n->at[0].e, a, CLOSE_GOING_AWAY, "bye", n->now_ns);
	net_run(n, SECONDS(1));
	assert_int_equal(net_count(n, 1, QUIC_GOSSIP), 2);
	assert_int_equal(net_count(n, 1, QUIC_DOWN), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_news_hurries),
		cmocka_unit_test(some_digests_are_brisk),
		cmocka_unit_test(calm_is_relayed),
		cmocka_unit_test(late_calm_hurries),
		cmocka_unit_test(brisk_is_announced_late),
		cmocka_unit_test(young_calm_stays),
		cmocka_unit_test(no_calm_waits_for_ever),
		cmocka_unit_test_setup_teardown(
			calm_waits_for_company, net_setup, net_teardown),
		cmocka_unit_test_setup_teardown(
			calm_is_not_lost, net_setup, net_teardown),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
