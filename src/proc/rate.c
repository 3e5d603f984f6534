#include "config.h"

#include <arpa/inet.h>
#include <string.h>

#include "proc/board_i.h"

/* A bucket is one word: 22 bits of the key's hash and, in 42 bits, the time at
 * which the bucket will be full again, in 1/16 ms since the board was made
 * (8.7 years).  "Full at T" says it all: tokens = burst - (T - now) x rate. */
#define TAG_BITS	22
#define TIME_BITS	42
#define TIME_MASK	((UINT64_C(1) << TIME_BITS) - 1)
#define UNIT_NS		62500
#define UNITS_PER_MIN	960000u

/* Keyed with the board's secret: nobody outside can choose addresses that
 * meet in one bucket, and all processes agree. */
static uint64_t keyed_hash(const struct board *b, uint64_t kind, uint64_t id)
{
	const uint64_t in[2] = { kind, id };

	return siphash24(b->secret, in, sizeof(in));
}

uint64_t rate_key_user(const struct board *b, enum rate_scope s, uint64_t user)
{
	return b != NULL ? keyed_hash(b, (uint64_t)s << 8, user) : 0;
}

uint64_t rate_key_address(const struct board *b, enum rate_scope s,
			  const char *address)
{
	unsigned char a[16];
	uint64_t id = 0, kind = 2;

	if (b == NULL)
		return 0;
	if (inet_pton(AF_INET, address, a) == 1) {
		for (int i = 0; i < 4; i++)
			id = id << 8 | a[i];
	} else if (inet_pton(AF_INET6, address, a) == 1) {
		static const unsigned char mapped[12] = {
			0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
		bool v4 = memcmp(a, mapped, sizeof(mapped)) == 0;

		kind = v4 ? 2 : 3;
		for (int i = v4 ? 12 : 0; i < (v4 ? 16 : 8); i++)
			id = id << 8 | a[i];
	} else {
		kind = 4;	/* no address: all of these share a bucket */
	}
	return keyed_hash(b, (uint64_t)s << 8 | kind, id);
}

/* The word of this key, or the one to put it in the place of: the one that is
 * full again soonest knows least. */
static acount *find_way(acount *set, uint64_t tag, uint64_t *ret_old)
{
	acount *best = NULL;
	uint64_t best_time = UINT64_MAX;

	for (unsigned i = 0; i < RATE_WAYS; i++) {
		uint64_t w = atomic_load_explicit(&set[i], memory_order_relaxed);

		if (w != 0 && w >> TIME_BITS == tag) {
			*ret_old = w;
			return &set[i];
		}
		if ((w & TIME_MASK) < best_time) {
			best_time = w & TIME_MASK;
			best = &set[i];
			*ret_old = w;
		}
	}
	return best;
}

static int64_t units_to_ms(uint64_t units)
{
	return (int64_t)((units + 15) / 16);
}

void rate_take(struct board *b, uint64_t key, unsigned per_minute,
	       unsigned burst, int64_t now_ns, struct rate_verdict *ret)
{
	uint64_t step, span, now, tag = key >> (64 - TAG_BITS);
	acount *set, *way;

	*ret = (struct rate_verdict){ .allowed = true, .limit = burst,
				      .remaining = burst };
	if (b == NULL || per_minute == 0 || burst == 0)
		return;
	step = UNITS_PER_MIN / per_minute;
	step = step > 0 ? step : 1;
	span = step * burst;
	now = (uint64_t)(now_ns - b->start_ns) / UNIT_NS + 1;
	set = b->rate[key & (RATE_SETS - 1)];
	for (;;) {
		uint64_t old, full, next;

		way = find_way(set, tag, &old);
		full = old >> TIME_BITS == tag ? old & TIME_MASK : 0;
		/* A time that no bucket of this size can have is another
		 * size's, or nonsense. */
		if (full < now || full > now + span)
			full = full > now + span ? now + span : now;
		next = full + step;
		if (next - now > span) {
			ret->allowed = false;
			ret->remaining = 0;
			ret->reset_ms = units_to_ms(full - now);
			ret->retry_ms = units_to_ms(next - now - span);
			return;
		}
		if (atomic_compare_exchange_weak_explicit(way, &old,
				tag << TIME_BITS | (next & TIME_MASK),
				memory_order_relaxed, memory_order_relaxed)) {
			ret->remaining = (unsigned)((span - (next - now)) / step);
			ret->reset_ms = units_to_ms(next - now);
			ret->retry_ms = ret->remaining > 0 ? 0 :
				units_to_ms(next + step - now - span);
			return;
		}
	}
}
