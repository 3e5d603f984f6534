#include "config.h"
#include <string.h>
#include "test.h"
#include "core/rand.h"
#include "market/market_i.h"

#define N BLOCK_CANDLES

static struct arena *root;
static struct block_room *room;

static int setup(void **st)
{
	(void)st;
	root = arena_new("test", 256u << 20);
	room = block_room(root);
	return 0;
}

static int teardown(void **st)
{
	(void)st;
	arena_free(&root);
	return 0;
}

/* A walk of n candles with prices of 2 places and volumes of 5. */
static struct xcandle *walk(struct arena *a, size_t n, uint64_t seed)
{
	struct xcandle *x = NEW_N(a, struct xcandle, n);
	struct rng r;
	int64_t p = 3000000;

	rng_seed(&r, seed);
	for (size_t i = 0; i < n; i++) {
		int64_t o = p, c = p + (int64_t)rng_below(&r, 4001) - 2000;
		int64_t h = (o > c ? o : c) + (int64_t)rng_below(&r, 500);
		int64_t l = (o < c ? o : c) - (int64_t)rng_below(&r, 500);

		x[i] = (struct xcandle){
			.t = 1577836800000 + 60000 * (int64_t)i,
			.m = { o, h, l, c, (int64_t)rng_below(&r, 100000000) },
			.d = { 2, 2, 2, 2, 5 },
		};
		p = c;
	}
	return x;
}

/* Encode, decode in both ways, compare with what went in. */
static struct str round_trip(const struct xcandle *x, size_t n)
{
	struct str b = block_encode(root, x, n);
	struct xcandle *back = NEW_N(root, struct xcandle, n);
	struct candles cs;
	struct err err;

	assert_int_equal(block_decode_exact(room, b, n, back, &err), 0);
	candles_alloc(root, &cs, n + 2);
	assert_int_equal(block_decode(room, b, n, &cs, 1, &err), 0);
	for (size_t i = 0; i < n; i++) {
		struct candle want = xcandle_double(&x[i]);
		struct candle got = candles_at(&cs, i + 1);

		assert_true(xcandle_same(&x[i], &back[i]));
		assert_memory_equal(&want, &got, sizeof(want));
	}
	assert_int_equal(cs.t[0], 0);		/* its neighbours are as they */
	assert_int_equal(cs.t[n + 1], 0);	/* were */
	return b;
}

static void a_walk_comes_back_and_is_small(void **st)
{
	struct str b = round_trip(walk(root, N, 1), N);

	(void)st;
	assert_true(b.n < 14 * N);	/* 48 bytes as plain columns */
}

static void blocks_of_every_small_size_come_back(void **st)
{
	struct xcandle *x = walk(root, 40, 2);

	(void)st;
	for (size_t n = 1; n <= 40; n++)
		round_trip(x, n);
}

static void extremes_and_gaps_come_back(void **st)
{
	struct xcandle x[4] = {
		{ .t = INT64_MIN, .m = { INT64_MAX, INT64_MAX, INT64_MIN, 0, 1 } },
		{ .t = -5, .m = { -1, INT64_MAX, INT64_MIN, INT64_MIN, INT64_MAX } },
		{ .t = 0, .m = { INT64_MIN, 7, 9, INT64_MAX, INT64_MIN } },
		{ .t = INT64_MAX, .m = { 0, 0, 0, 0, 0 } },
	};

	(void)st;
	round_trip(x, 4);
}

static void what_fits_no_common_unit_is_still_exact(void **st)
{
	struct xcandle *x = walk(root, N, 3);
	struct str b;

	(void)st;
	for (size_t i = 0; i < N; i += 3) {	/* 589e12 coins, 8 places */
		x[i].m[X_V] = 589000000000000 + (int64_t)i;
		x[i].d[X_V] = 0;
		x[i + (i + 1 < N)].m[X_V] = 123456789;
		x[i + (i + 1 < N)].d[X_V] = 8;
	}
	b = round_trip(x, N);
	assert_true(b.p[0] == 'w' || b.p[0] == 'W');
}

static void both_plain_and_compressed_blocks_are_written(void **st)
{
	struct xcandle *x = walk(root, N, 4);

	(void)st;
	assert_int_equal(round_trip(x, 1).p[0], 'd');
	for (size_t i = 0; i < N; i++)		/* a market asleep */
		memcpy(x[i].m, x[0].m, sizeof(x[i].m));
	assert_int_equal(round_trip(x, N).p[0], 'D');
}

/* Whatever is cut or flipped: an error or other numbers, never a crash; and a
 * cut is always an error. */
static void damage_is_refused(void **st)
{
	struct xcandle *x = walk(root, 64, 5);
	struct xcandle back[64];
	struct str b = block_encode(root, x, 64);
	char *copy = str_dup(root, b);
	struct err err;

	(void)st;
	for (size_t cut = 0; cut < b.n; cut++)
		assert_int_equal(block_decode_exact(room, str_n(b.p, cut), 64,
						    back, &err), -E_BUG);
	assert_int_equal(block_decode_exact(room, b, 63, back, &err), -E_BUG);
	assert_int_equal(block_decode_exact(room, b, 65, back, &err), -E_BUG);
	assert_int_equal(block_decode_exact(room, b, 0, back, &err), -E_BUG);
	assert_int_equal(block_decode_exact(room, b, N + 1, back, &err),
			 -E_BUG);
	for (size_t i = 0; i < b.n; i++) {
		for (int bit = 0; bit < 8; bit++) {
			int rc;

			copy[i] = (char)(b.p[i] ^ (1 << bit));
			rc = block_decode_exact(room, str_n(copy, b.n), 64,
						back, &err);
			assert_true(rc == 0 || rc == -E_BUG);
			copy[i] = b.p[i];
		}
	}
}

static void times_that_do_not_rise_are_refused(void **st)
{
	struct xcandle *x = walk(root, 3, 6), back[3];
	struct str b;
	struct err err;

	(void)st;
	x[2].t = x[1].t;
	b = block_encode(root, x, 3);
	assert_int_equal(block_decode_exact(room, b, 3, back, &err), -E_BUG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_walk_comes_back_and_is_small),
		cmocka_unit_test(blocks_of_every_small_size_come_back),
		cmocka_unit_test(extremes_and_gaps_come_back),
		cmocka_unit_test(what_fits_no_common_unit_is_still_exact),
		cmocka_unit_test(both_plain_and_compressed_blocks_are_written),
		cmocka_unit_test(damage_is_refused),
		cmocka_unit_test(times_that_do_not_rise_are_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
