#include "config.h"
#include "test.h"
#include <math.h>
#include <string.h>
#include "core/hash.h"
#include "core/rand.h"

/* The authors' own outputs: splitmix64 from 1234567, xoshiro256** from the
 * state 1, 2, 3, 4. */
static void the_generators_give_the_published_sequences(void **state)
{
	static const uint64_t seeded[] = { UINT64_C(6457827717110365317),
		UINT64_C(3203168211198807973), UINT64_C(9817491932198370423),
		UINT64_C(4593380528125082431) };
	static const uint64_t next[] = { 11520, 0, 1509978240,
		UINT64_C(1215971899390074240), UINT64_C(1216172134540287360),
		UINT64_C(607988272756665600), UINT64_C(16172922978634559625),
		UINT64_C(8476171486693032832), UINT64_C(10595114339597558777),
		UINT64_C(2904607092377533576) };
	struct rng r;

	(void)state;
	rng_seed(&r, 1234567);
	assert_memory_equal(r.s, seeded, sizeof(seeded));
	for (int i = 0; i < 4; i++)
		r.s[i] = (uint64_t)i + 1;
	for (size_t i = 0; i < ARRAY_LEN(next); i++)
		assert_int_equal(rng_u64(&r), next[i]);
}

static void numbers_below_n_are_even_and_below_n(void **state)
{
	unsigned count[7] = { 0 };
	struct rng r;

	(void)state;
	rng_seed(&r, 7);
	for (int i = 0; i < 70000; i++)
		count[rng_below(&r, 7)]++;
	for (size_t i = 0; i < 7; i++)
		assert_true(count[i] > 9500 && count[i] < 10500);
	assert_int_equal(rng_below(&r, 1), 0);
	for (int i = 0; i < 1000; i++)
		assert_true(rng_below(&r, UINT64_MAX) < UINT64_MAX);
}

static void distributions_have_their_moments(void **state)
{
	enum { N = 200000 };
	double u = 0, g = 0, g2 = 0, e = 0;
	struct rng r;

	(void)state;
	rng_seed(&r, 8);
	for (int i = 0; i < N; i++) {
		double x = rng_unit(&r);

		assert_true(x >= 0 && x < 1);
		u += x;
		x = rng_gauss(&r);
		g += x;
		g2 += x * x;
		x = rng_exp(&r);
		assert_true(x >= 0 && isfinite(x));
		e += x;
	}
	assert_true(fabs(u / N - 0.5) < 0.005);
	assert_true(fabs(g / N) < 0.01);
	assert_true(fabs(g2 / N - 1) < 0.02);
	assert_true(fabs(e / N - 1) < 0.01);
}

static void one_seed_gives_one_sequence(void **state)
{
	struct rng a, b;

	(void)state;
	rng_seed(&a, 9);
	rng_seed(&b, 9);
	for (int i = 0; i < 100; i++) {
		assert_true(rng_gauss(&a) == rng_gauss(&b));
		assert_int_equal(rng_u64(&a), rng_u64(&b));
	}
	rng_seed(&b, 10);
	assert_int_not_equal(rng_u64(&a), rng_u64(&b));
}

static void secrets_differ_and_jitter_stays_in_its_range(void **state)
{
	unsigned char a[64] = { 0 }, b[64] = { 0 };
	bool more_than_one = false;

	(void)state;
	rand_secret(a, sizeof(a));
	rand_secret(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	rand_secret(a, 0);
	for (int i = 0; i < 200; i++) {
		int64_t j = rand_jitter_ms(10);

		assert_true(j >= 0 && j <= 10);
		more_than_one = more_than_one || j != 0;
	}
	assert_true(more_than_one);
	assert_int_equal(rand_jitter_ms(0), 0);
	assert_int_equal(rand_jitter_ms(-5), 0);
}

/* SipHash-2-4: the authors' vectors for key 00..0f and inputs 00, 00 01, ...;
 * SipHash-1-3: the same inputs in the tests of Rust's standard library. */
static void siphash_gives_the_published_values(void **state)
{
	static const struct { size_t n; uint64_t h13, h24; } t[] = {
		{ 0, UINT64_C(0xabac0158050fc4dc), UINT64_C(0x726fdb47dd0e0e31) },
		{ 1, UINT64_C(0xc9f49bf37d57ca93), UINT64_C(0x74f839c593dc67fd) },
		{ 7, UINT64_C(0xd3927d989bb11140), UINT64_C(0xab0200f58b01d137) },
		{ 8, UINT64_C(0x369095118d299a8e), UINT64_C(0x93f5f5799a932462) },
		{ 15, UINT64_C(0xd320d86d2a519956), UINT64_C(0xa129ca6149be45e5) },
		{ 63, UINT64_C(0x9d199062b7bbb3a8), UINT64_C(0x958a324ceb064572) },
	};
	unsigned char in[64];
	struct hash_key key;

	(void)state;
	for (unsigned i = 0; i < sizeof(in); i++)
		in[i] = (unsigned char)i;
	memcpy(&key, in, sizeof(key));
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		assert_int_equal(siphash24(key, in, t[i].n), t[i].h24);
		assert_int_equal(siphash13(key, in, t[i].n), t[i].h13);
	}
	key = hash_process_key();
	assert_memory_equal(&key, &(struct hash_key[]){ hash_process_key() },
			    sizeof(key));
	assert_true(key.k[0] != 0 || key.k[1] != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_generators_give_the_published_sequences),
		cmocka_unit_test(numbers_below_n_are_even_and_below_n),
		cmocka_unit_test(distributions_have_their_moments),
		cmocka_unit_test(one_seed_gives_one_sequence),
		cmocka_unit_test(secrets_differ_and_jitter_stays_in_its_range),
		cmocka_unit_test(siphash_gives_the_published_values),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
