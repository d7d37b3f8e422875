/* SPDX-License-Identifier: MIT */
#include "io/node_driver.h"

#include <assert.h>
#include <malloc.h>

#include "base/err.h"
#include "base/mem.h"
#include "io/loop.h"
#include "io/procfs.h"
#include "node/moving.h"
#include "node/measure.h"

struct node_driver {
	struct node *node;
	struct udp *udp;
	struct node_driver_hooks hooks;
	uv_poll_t polls[2];
	uv_timer_t timer;
	uv_prepare_t prepare;
	uv_check_t check;
	unsigned handles; /* not closed yet */
	bool touched;	  /* something happened in this turn */
	bool more;	  /* a bound of this turn was hit: come back at once */
	bool closing;
	size_t blocked;	   /* index of the socket we wait for; none: count */
	uint64_t armed_ns; /* what the timer stands for; NEVER when stopped */
	uint64_t woke_ns;  /* first work after the sleep; 0 before it */
	uint64_t read_ns;  /* when the packets at hand were read */
	uint64_t turned_ns;
	struct watchdog *watchdog;
	struct procfs procfs;
	uint64_t sample_ns;	/* when the next one is due */
	uint64_t trimmed_ns;
	uint64_t trimmed_count;	/* connections made and destroyed until then */
	struct node_load load;
	uint32_t lag_ms; /* largest since the last sample */
	uint64_t lag_shown_ns; /* since when the load says what it says of it */
};

static void
on_packet(
	void *ctx, const struct path *path, const uint8_t *bytes, size_t len, uint8_t ecn)
{
	struct node_driver *d = ctx;

	node_recv(d->node, path, bytes, len, ecn, d->read_ns);
}

static void
on_unreachable(void *ctx, const struct address *remote)
{
	struct node_driver *d = ctx;

	node_unreachable(d->node, remote, d->read_ns);
}

static void on_poll(uv_poll_t *h, int status, int events);

static void
watch(struct node_driver *d, size_t i)
{
	int events = UV_READABLE | (d->blocked == i ? UV_WRITABLE : 0);

	uv_poll_start(&d->polls[i], events, on_poll);
}

static void
on_timer(uv_timer_t *h)
{
	/* All work is in on_prepare; the shot only ends the sleep. */
	struct node_driver *d = h->data;

	d->armed_ns = NEVER;
}

/*
 * A figure stays until it is surpassed or old, so that who stood still and was called
 * gone for it says so in the digests with which it comes back.
 */
static void
show_lag(struct node_driver *d, uint64_t now_ns)
{
	if (d->lag_ms >= d->load.loop_lag_ms ||
		now_ns - d->lag_shown_ns >= DRIVER_LAG_SHOWN) {
		d->load.loop_lag_ms = d->lag_ms;
		d->lag_shown_ns = now_ns;
	}
	d->lag_ms = 0;
}

static void
note_lag(struct node_driver *d, uint64_t lag_ns, uint64_t now_ns)
{
	uint32_t ms = lag_ns / NS_PER_MS > UINT16_MAX ? UINT16_MAX
						      : (uint32_t)(lag_ns / NS_PER_MS);

	meter_record(node_meter(d->node), METRIC_LOOP_LAG, lag_ns);
	if (ms > d->lag_ms)
		d->lag_ms = ms;
	if (lag_ns < LOOP_LAG_ALARM)
		return;
	/* At once, before the node draws conclusions from a silence that was ours. */
	d->load.lag_500ms_at_ns = now_ns;
	show_lag(d, now_ns);
	node_set_load(d->node, &d->load);
	node_late(d->node, lag_ns);
}

/*
 * Lag is how long the loop was away: the time from waking to sleeping again, or how far a
 * shot of the timer is behind its due time (a stopped process, a starved one). Two
 * readings of the clock in each turn.
 */
static void
wake(struct node_driver *d, uint64_t now_ns)
{
	if (d->woke_ns != 0)
		return;
	d->woke_ns = now_ns;
	/* Timers have whole milliseconds, rounded up. */
	if (d->armed_ns != NEVER && now_ns > d->armed_ns + NS_PER_MS)
		note_lag(d, now_ns - d->armed_ns - NS_PER_MS, now_ns);
}

static void
on_poll(uv_poll_t *h, int status, int events)
{
	struct node_driver *d = h->data;
	size_t i = (size_t)(h - d->polls);
	const struct udp_handler handler = { on_packet, on_unreachable, d };

	d->read_ns = loop_now_ns();
	wake(d, d->read_ns);
	d->touched = true;
	if (status < 0) {
		/*
		 * libuv stops a handle whose socket has an error pending: the ICMP queue.
		 */
		udp_read_errors(d->udp, i, &handler);
		watch(d, i);
	}
	if (status < 0 || (events & UV_READABLE))
		udp_read(d->udp, i, &handler);
	if ((events & UV_WRITABLE) && d->blocked == i) {
		d->blocked = udp_count(d->udp);
		watch(d, i);
	}
}

static void
on_check(uv_check_t *h)
{
	struct node_driver *d = h->data;

	wake(d, loop_now_ns());
	watchdog_awake(d->watchdog, d->woke_ns);
}

static void
sample(struct node_driver *d, uint64_t now_ns)
{
	struct procfs_usage usage;
	struct mem_count c;
	uint64_t moved;

	if (now_ns < d->sample_ns)
		return;
	d->sample_ns = now_ns +
		(d->load.cpu_known ? DRIVER_SAMPLE_INTERVAL : DRIVER_SAMPLE_FIRST);
	/*
	 * What a burst of handshakes has left: 260 KB in a mesh of 18; of 10,000 gossip
	 * messages 6 MB. Without one it is 40 system calls for pages of which the next
	 * turn touches half again.
	 */
	c = mem_count(MEM_CONNECTION);
	moved = c.made + c.destroyed + mem_count(MEM_MESSAGE).destroyed / 1000;
	if (now_ns - d->trimmed_ns >= (moved != d->trimmed_count ?
		DRIVER_TRIM_INTERVAL : DRIVER_TRIM_IDLE_INTERVAL)) {
		d->trimmed_ns = now_ns;
		d->trimmed_count = moved;
		malloc_trim(0);
	}
	procfs_sample(&d->procfs, now_ns, &usage);
	d->load.cpu_used_mc = usage.cpu_used_mc;
	d->load.cpu_known = usage.cpu_known;
	d->load.memory_used_kib = usage.memory_used_kib;
	d->load.resident_kib = procfs_resident_kib();
	d->load.cpu_us = d->procfs.cpu_ns / 1000;
	show_lag(d, now_ns);
	node_set_load(d->node, &d->load);
}

static void
send_packets(struct node_driver *d, uint64_t now_ns)
{
	size_t count = 0;

	while (d->blocked == udp_count(d->udp)) {
		struct path path;
		uint8_t *room = udp_room(d->udp);
		size_t len = 0;

		if (room != NULL && count < DRIVER_PACKETS_PER_TURN) {
			len = node_send(
				d->node, room, QUIC_PACKET_LEN_MAX, &path, now_ns);
			if (len > 0) {
				udp_put(d->udp, &path, len);
				count++;
				continue;
			}
		}
		if (udp_pending(d->udp) && udp_flush(d->udp, &d->blocked) == ERR_BUSY)
			watch(d, d->blocked);
		if (count >= DRIVER_PACKETS_PER_TURN)
			d->more = true;
		/* A full batch is not the end: go on unless the socket blocks. */
		if (room != NULL)
			return;
	}
}

static void
drain_events(struct node_driver *d)
{
	struct node_event ev;

	while (!d->closing && node_next_event(d->node, &ev))
		if (d->hooks.event != NULL)
			d->hooks.event(d->hooks.ctx, &ev);
}

static void
drain_effects(struct node_driver *d)
{
	struct fault_effect e;

	while (!d->closing && node_next_effect(d->node, &e)) {
		uint64_t before_ns = loop_now_ns(), now_ns;

		if (d->hooks.effect != NULL)
			d->hooks.effect(d->hooks.ctx, &e);
		/* Whoever stood still draws no conclusions from what it missed. */
		now_ns = loop_now_ns();
		note_lag(d, now_ns - before_ns, now_ns);
	}
}

static void
arm(struct node_driver *d)
{
	uint64_t due_ns = d->more ? 0 : node_deadline(d->node);
	uint64_t now_ns;

	if (due_ns == NEVER) {
		if (d->armed_ns != NEVER)
			uv_timer_stop(&d->timer);
		d->armed_ns = NEVER;
		return;
	}
	/*
	 * A shot that comes too early is moved as well: that costs a step in a small heap
	 * here, and a wake-up for nothing there (each packet that is acknowledged leaves
	 * one).
	 */
	if (d->armed_ns == due_ns)
		return;
	/* libuv counts from its cached time, which is older than ours. */
	uv_update_time(d->timer.loop);
	now_ns = loop_now_ns();
	/*
	 * In the past when it was due since this turn began: whoever was stopped in the
	 * middle of a turn is late, and `wake` sees it.
	 */
	d->armed_ns = due_ns < d->turned_ns ? d->turned_ns : due_ns;
	uv_timer_start(&d->timer, on_timer, loop_ms_until(due_ns, now_ns), 0);
}

/* Runs just before the loop sleeps, whatever woke it. */
static void
on_prepare(uv_prepare_t *h)
{
	struct node_driver *d = h->data;
	uint64_t now_ns = loop_now_ns();

	d->more = false;
	if (d->woke_ns != 0)
		note_lag(d, now_ns - d->woke_ns, now_ns);
	d->woke_ns = 0;
	d->turned_ns = now_ns;
	sample(d, now_ns);
	measure(d->node, now_ns);
	if (node_deadline(d->node) <= now_ns) {
		node_tick(d->node, now_ns, loop_wall_ms());
		d->touched = true;
	}
	send_packets(d, now_ns);
	node_settle(d->node, now_ns);
	send_packets(d, now_ns);
	drain_events(d);
	drain_effects(d);
	if (d->touched && !d->closing && d->hooks.turned != NULL)
		d->hooks.turned(d->hooks.ctx, now_ns);
	d->touched = false;
	if (!d->closing)
		arm(d);
	watchdog_asleep(d->watchdog);
}

struct node_driver *
node_driver_new(uv_loop_t *loop, struct node *node, struct udp *udp,
	const struct node_driver_hooks *hooks, int *err)
{
	struct node_driver *d = mem_new(MEM_NODE_DRIVER, sizeof *d);

	*err = ERR_OK;
	d->node = node;
	d->udp = udp;
	d->hooks = *hooks;
	d->blocked = udp_count(udp);
	d->armed_ns = NEVER;
	d->turned_ns = loop_now_ns();
	procfs_init(&d->procfs, d->turned_ns);
	for (size_t i = 0; i < udp_count(udp); i++) {
		if (uv_poll_init(loop, &d->polls[i], udp_fd(udp, i)) != 0) {
			*err = ERR_SYSTEM;
			break;
		}
		d->polls[i].data = d;
		d->handles++;
		watch(d, i);
	}
	uv_timer_init(loop, &d->timer);
	uv_prepare_init(loop, &d->prepare);
	uv_check_init(loop, &d->check);
	d->timer.data = d->prepare.data = d->check.data = d;
	uv_prepare_start(&d->prepare, on_prepare);
	uv_check_start(&d->check, on_check);
	if (*err != ERR_OK) {
		node_driver_close(d);
		return NULL;
	}
	return d;
}

static void
on_closed(uv_handle_t *h)
{
	struct node_driver *d = h->data;

	assert(d->handles > 0);
	if (--d->handles == 0)
		mem_free(MEM_NODE_DRIVER, d);
}

void
node_driver_close(struct node_driver *d)
{
	unsigned polls;

	if (d == NULL || d->closing)
		return;
	d->closing = true;
	polls = d->handles;
	d->handles += 3;
	for (unsigned i = 0; i < polls; i++)
		uv_close((uv_handle_t *)&d->polls[i], on_closed);
	uv_close((uv_handle_t *)&d->timer, on_closed);
	uv_close((uv_handle_t *)&d->prepare, on_closed);
	uv_close((uv_handle_t *)&d->check, on_closed);
}

int
node_driver_rebind(struct node_driver *d, char why[static UDP_WHY_CAP])
{
	uint64_t now_ns = loop_now_ns();
	struct moving *m = moving_begin(d->node, now_ns);
	struct address bound[2] = { { 0 } };
	int err;

	send_packets(d, now_ns);
	for (size_t i = 0; i < udp_count(d->udp); i++)
		uv_poll_stop(&d->polls[i]);
	err = udp_rebind(d->udp, why);
	d->blocked = udp_count(d->udp);
	for (size_t i = 0; i < udp_count(d->udp); i++) {
		bound[i] = *udp_bound(d->udp, i);
		watch(d, i);
	}
	moving_end(m, d->node, bound, now_ns);
	d->more = true;
	return err;
}

void
node_driver_watch(struct node_driver *d, struct watchdog *w)
{
	d->watchdog = w;
}

uint64_t
node_driver_turned_ns(const struct node_driver *d)
{
	return d->turned_ns;
}

const struct node_load *
node_driver_load(const struct node_driver *d)
{
	return &d->load;
}
