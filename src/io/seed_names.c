/* SPDX-License-Identifier: MIT */
#include "io/seed_names.h"

#include <assert.h>
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

#define ADDRESSES_OF_NAME 8
#define SETTLED_MS 30000
static const unsigned backoff_s[] = { 1, 2, 4, 8, 16, 30 };

/*
 * All names, looked up once. Made by the loop and given to a thread, which hands it back
 * by `done`, or frees it when the loop wants it no more (`done` is NULL).
 */
struct lookup {
	pthread_mutex_t lock;
	uv_async_t *done;
	bool sent; /* the loop frees it */
	int family;
	size_t count;
	struct {
		char host[SEED_HOST_CAP];
		int status; /* of getaddrinfo */
		struct address addresses[ADDRESSES_OF_NAME];
		size_t address_count;
	} names[];
};

struct seed_names {
	struct seed_names_hooks hooks;
	uv_timer_t timer;
	uv_async_t done;
	unsigned handles;
	int family;
	struct lookup *lookup; /* under way, or NULL */
	unsigned attempts;     /* since all names were found */
	size_t turn;	       /* which address of each name */
	int said[SEEDS_MAX];   /* the failure that was told; 0 none */
	size_t count;
	struct seed_named names[];
};

static void
lookup_free(struct lookup *l)
{
	pthread_mutex_destroy(&l->lock);
	free(l);
}

static size_t
take_addresses(struct address to[static ADDRESSES_OF_NAME], const struct addrinfo *list)
{
	size_t n = 0;

	for (; list != NULL && n < ADDRESSES_OF_NAME; list = list->ai_next)
		if (address_from_sockaddr(&to[n], list->ai_addr) == 0)
			n++;
	return n;
}

/* RFC 6761 6.3: it is this machine, whatever name servers and /etc/hosts say. */
static size_t
take_loopback(struct address to[static ADDRESSES_OF_NAME], int family)
{
	size_t n = 0;

	if (family != AF_INET6)
		(void)address_parse(&to[n++], "127.0.0.1:0");
	if (family != AF_INET)
		(void)address_parse(&to[n++], "[::1]:0");
	return n;
}

static void *
look_up(void *arg)
{
	struct lookup *l = arg;
	bool mine;

	for (size_t i = 0; i < l->count; i++) {
		const struct addrinfo hints = { .ai_family = l->family,
			.ai_socktype = SOCK_DGRAM };
		struct addrinfo *list = NULL;
		size_t *n = &l->names[i].address_count;

		if (strcasecmp(l->names[i].host, "localhost") == 0) {
			*n = take_loopback(l->names[i].addresses, l->family);
			continue;
		}
		l->names[i].status = getaddrinfo(l->names[i].host, NULL, &hints, &list);
		*n = take_addresses(l->names[i].addresses, list);
		if (list != NULL)
			freeaddrinfo(list);
		if (l->names[i].status == 0 && *n == 0)
			l->names[i].status = EAI_NONAME;
	}
	pthread_mutex_lock(&l->lock);
	l->sent = l->done != NULL;
	if (l->sent)
		uv_async_send(l->done);
	mine = !l->sent;
	pthread_mutex_unlock(&l->lock);
	if (mine)
		lookup_free(l);
	return NULL;
}

static void
retry(struct seed_names *s, void (*again)(uv_timer_t *), bool found)
{
	size_t last = sizeof backoff_s / sizeof backoff_s[0] - 1;
	uint64_t ms = SETTLED_MS;

	if (found)
		s->attempts = 0;
	else
		ms = 1000ul * backoff_s[s->attempts < last ? s->attempts++ : last];
	uv_timer_start(&s->timer, again, ms, 0);
}

static void
on_timer(uv_timer_t *h)
{
	struct seed_names *s = h->data;
	struct lookup *l;
	pthread_attr_t attr;
	pthread_t thread;

	/* Found, and in use: nothing to ask. */
	if (s->attempts == 0 && s->turn > 0 && !s->hooks.is_alone(s->hooks.ctx)) {
		uv_timer_start(&s->timer, on_timer, SETTLED_MS, 0);
		return;
	}
	l = mem_array(1, sizeof *l + s->count * sizeof l->names[0]);
	pthread_mutex_init(&l->lock, NULL);
	l->done = &s->done;
	l->family = s->family;
	l->count = s->count;
	for (size_t i = 0; i < s->count; i++)
		memcpy(l->names[i].host, s->names[i].host, SEED_HOST_CAP);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attr, look_up, l) == 0) {
		s->lookup = l;
	} else {
		lookup_free(l);
		retry(s, on_timer, false);
	}
	pthread_attr_destroy(&attr);
}

static void
on_done(uv_async_t *h)
{
	struct seed_names *s = h->data;
	struct lookup *l = s->lookup;
	bool all = true;

	if (l == NULL)
		return;
	s->lookup = NULL;
	for (size_t i = 0; i < l->count; i++) {
		size_t n = l->names[i].address_count;
		int status = l->names[i].status;
		struct seed seed = { .id = s->names[i].id };

		if (status != 0) {
			all = false;
			if (s->said[i] != status)
				s->hooks.failed(s->hooks.ctx, &s->names[i],
					gai_strerror(status));
			s->said[i] = status;
			continue;
		}
		s->said[i] = 0;
		seed.address = l->names[i].addresses[s->turn % n];
		seed.address.port = s->names[i].port;
		s->hooks.found(s->hooks.ctx, &seed);
	}
	s->turn++;
	/* The thread has sent, and may not have let go yet. */
	pthread_mutex_lock(&l->lock);
	pthread_mutex_unlock(&l->lock);
	lookup_free(l);
	retry(s, on_timer, all);
}

struct seed_names *
seed_names_new(uv_loop_t *loop, const struct seed_named *names, size_t count, bool ipv4,
	bool ipv6, const struct seed_names_hooks *hooks)
{
	struct seed_names *s;

	assert(count <= SEEDS_MAX);
	if (count == 0)
		return NULL;
	s = mem_new(MEM_SEED_NAMES, sizeof *s + count * sizeof names[0]);
	s->hooks = *hooks;
	s->family = ipv4 && ipv6 ? AF_UNSPEC : ipv6 ? AF_INET6 : AF_INET;
	s->count = count;
	memcpy(s->names, names, count * sizeof names[0]);
	uv_timer_init(loop, &s->timer);
	/* A descriptor is made by the loop's first handle of this kind; it has others. */
	if (uv_async_init(loop, &s->done, on_done) != 0)
		abort();
	s->timer.data = s->done.data = s;
	s->handles = 2;
	uv_timer_start(&s->timer, on_timer, 0, 0);
	return s;
}

static void
on_closed(uv_handle_t *h)
{
	struct seed_names *s = h->data;

	if (--s->handles == 0)
		mem_free(MEM_SEED_NAMES, s);
}

static void
abandon(struct lookup *l)
{
	bool sent;

	pthread_mutex_lock(&l->lock);
	sent = l->sent;
	l->done = NULL;
	pthread_mutex_unlock(&l->lock);
	if (sent)
		lookup_free(l);
}

void
seed_names_close(struct seed_names *s)
{
	if (s == NULL)
		return;
	if (s->lookup != NULL)
		abandon(s->lookup);
	uv_close((uv_handle_t *)&s->timer, on_closed);
	uv_close((uv_handle_t *)&s->done, on_closed);
}
