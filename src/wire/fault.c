/* SPDX-License-Identifier: MIT */
#include "wire/fault.h"

#include <assert.h>
#include <string.h>

#include "base/err.h"
#include "base/hex.h"
#include "wire/postcard.h"

#define VERB_CAP 16
#define ARGUMENTS_LEN_MAX (16u * 1024)

static const char *const verbs[FAULT_VERBS] = { "inject", "revert", "halt", "disarm",
	"report" };
static const char *const directions[FAULT_DIRECTIONS] = { "both", "in", "out" };

static const struct {
	const char *text, *help;
	bool link;
} kinds[FAULT_KINDS] = {
#define FAULT(name, value, text, link, help) [value] = { text, help, link },
#include "wire/faults.def"
#undef FAULT
};

const char *
fault_kind_text(enum fault_kind k)
{
	return kinds[k].text;
}

const char *
fault_kind_help(enum fault_kind k)
{
	return kinds[k].help;
}

bool
fault_kind_is_link(enum fault_kind k)
{
	return kinds[k].link;
}

const char *
fault_verb_text(enum fault_verb v)
{
	return verbs[v];
}

const char *
fault_direction_text(enum fault_direction d)
{
	return directions[d];
}

bool
fault_id_equal(const struct fault_id *a, const struct fault_id *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

char *
fault_id_hex(char to[static FAULT_ID_HEX_CAP], const struct fault_id *id)
{
	return hex_encode(to, id->bytes, sizeof(id->bytes));
}

int
fault_id_parse(struct fault_id *id, const char *hex)
{
	return hex_decode(id->bytes, sizeof(id->bytes), hex);
}

static int
read_i64(struct view *v, int64_t *out)
{
	uint64_t zigzag;
	int err = varint_u64(v, &zigzag);

	*out = err ? 0 : (int64_t)(zigzag >> 1) ^ -(int64_t)(zigzag & 1);
	return err;
}

static void
put_i64(struct buf *b, int64_t value)
{
	varint_put(b, ((uint64_t)value << 1) ^ (uint64_t)(value >> 63));
}

static int
read_figures(struct view *v, struct fault_figures *f)
{
	int err;

	if ((err = varint_u16(v, &f->loss)) || (err = varint_u16(v, &f->reorder)) ||
		(err = varint_u16(v, &f->duplicate)) ||
		(err = varint_u32(v, &f->delay_us)) ||
		(err = varint_u32(v, &f->jitter_us)) || (err = varint_u64(v, &f->rate)) ||
		(err = varint_u32(v, &f->period_ms)) ||
		(err = varint_u32(v, &f->active_ms)) || (err = read_i64(v, &f->skew_ms)))
		return err;
	return varint_u32(v, &f->stall_ms);
}

static void
put_figures(struct buf *b, const struct fault_figures *f)
{
	varint_put(b, f->loss);
	varint_put(b, f->reorder);
	varint_put(b, f->duplicate);
	varint_put(b, f->delay_us);
	varint_put(b, f->jitter_us);
	varint_put(b, f->rate);
	varint_put(b, f->period_ms);
	varint_put(b, f->active_ms);
	put_i64(b, f->skew_ms);
	varint_put(b, f->stall_ms);
}

static int
read_targets(struct view *v, struct fault_order *o)
{
	uint64_t n;
	int err;

	if ((err = postcard_bool(v, &o->all)) || (err = varint_u64(v, &n)))
		return err;
	if (n > FAULT_TARGETS_MAX)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++) {
		struct fault_target *t = &o->targets[i];

		err = postcard_bool(v, &t->by_address);
		if (err == ERR_OK)
			err = t->by_address ? postcard_address(v, &t->address)
					    : postcard_id(v, &t->peer);
		if (err)
			return err;
	}
	o->target_count = (size_t)n;
	return ERR_OK;
}

static void
put_targets(struct buf *b, const struct fault_order *o)
{
	assert(o->target_count <= FAULT_TARGETS_MAX);
	postcard_put_bool(b, o->all);
	varint_put(b, o->target_count);
	for (size_t i = 0; i < o->target_count; i++) {
		const struct fault_target *t = &o->targets[i];

		postcard_put_bool(b, t->by_address);
		if (t->by_address)
			postcard_put_address(b, &t->address);
		else
			postcard_put_id(b, &t->peer);
	}
}

static int
read_injection(struct view *v, struct fault_order *o)
{
	unsigned kind, direction;
	int err;

	if ((err = postcard_enum(v, FAULT_KINDS, &kind)) ||
		(err = postcard_text(v, o->primitive, sizeof(o->primitive))) ||
		(err = postcard_enum(v, FAULT_DIRECTIONS, &direction)) ||
		(err = varint_u64(v, &o->seed)) || (err = read_figures(v, &o->figures)))
		return err;
	o->kind = (enum fault_kind)kind;
	o->direction = (enum fault_direction)direction;
	return read_targets(v, o);
}

static void
put_arguments(struct buf *b, const struct fault_order *o)
{
	if (o->verb == FAULT_INJECT || o->verb == FAULT_REVERT)
		buf_put(b, o->id.bytes, sizeof(o->id.bytes));
	if (o->verb != FAULT_INJECT)
		return;
	buf_put_u8(b, (uint8_t)o->kind);
	postcard_put_text(b, o->primitive);
	buf_put_u8(b, (uint8_t)o->direction);
	varint_put(b, o->seed);
	put_figures(b, &o->figures);
	put_targets(b, o);
}

int
fault_order_read(struct view *v, struct fault_order *o)
{
	struct view arguments;
	char verb[VERB_CAP];
	int err;

	memset(o, 0, sizeof(*o));
	if ((err = postcard_text(v, verb, sizeof(verb))) ||
		(err = postcard_bytes(v, ARGUMENTS_LEN_MAX, &arguments)) ||
		(err = varint_u32(v, &o->lease_ms)) ||
		(err = postcard_fixed(v, o->nonce, sizeof(o->nonce))))
		return err;
	while (o->verb < FAULT_VERBS && strcmp(verb, verbs[o->verb]) != 0)
		o->verb++;
	if (o->verb == FAULT_VERBS)
		return ERR_UNKNOWN;
	if (o->verb == FAULT_INJECT || o->verb == FAULT_REVERT)
		err = postcard_fixed(&arguments, o->id.bytes, sizeof(o->id.bytes));
	if (err == ERR_OK && o->verb == FAULT_INJECT)
		err = read_injection(&arguments, o);
	/* The arguments are whole: nothing that may still come can mend them. */
	return err == ERR_TRUNCATED ? ERR_MALFORMED : err;
}

void
fault_order_put(struct buf *b, const struct fault_order *o)
{
	struct buf arguments;

	buf_init(&arguments, ARGUMENTS_LEN_MAX);
	put_arguments(&arguments, o);
	assert(!arguments.failed);
	postcard_put_text(b, verbs[o->verb]);
	postcard_put_bytes(b, arguments.data, arguments.len);
	varint_put(b, o->lease_ms);
	buf_put(b, o->nonce, sizeof(o->nonce));
	buf_fini(&arguments);
}
