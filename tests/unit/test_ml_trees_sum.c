/* Every way through the trees gives the same bits: one sample and many, with
 * and without wide vectors, of any depth, with what is missing or infinite. */
#include "config.h"

#include "test.h"

#include "ml/boost_i.h"
#include "ml/fast_i.h"
#include "t_samples.h"

enum { N = 131, F = 9 };

static struct arena *mem;
static struct rng r;

static int setup(void **state)
{
	(void)state;
	mem = arena_new("t", (size_t)1 << 28);
	rng_seed(&r, 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(&mem);
	return 0;
}

static void grow(struct trees *t, int32_t node, uint32_t depth, bool coarse)
{
	int32_t l;

	/* Some branches end early. */
	if (depth == 0 || rng_below(&r, 8) == 0) {
		for (uint32_t k = 0; k < t->width; k++)
			t->value[trees_at(t, t->n - 1, node) * t->width + k] =
				(float)rng_gauss(&r);
		return;
	}
	l = trees_children(t, node, (int32_t)rng_below(&r, F),
			   coarse ? (float)rng_below(&r, 7) / 2 - 2 : (float)rng_gauss(&r),
			   rng_u64(&r) & 1);
	grow(t, l, depth - 1, coarse);
	grow(t, l + 1, depth - 1, coarse);
}

static struct trees forest(uint32_t n, uint32_t depth, uint32_t outputs,
			   uint32_t width, bool coarse)
{
	struct trees t;
	struct err err = { 0 };

	trees_init(&t, mem, F, outputs, width);
	for (uint32_t k = 0; k < outputs; k++)
		t.base[k] = (float)rng_gauss(&r);
	for (uint32_t i = 0; i < n; i++) {
		trees_begin(&t);
		grow(&t, 0, depth, coarse);
	}
	if (trees_check(&t, &err) < 0)
		fail_msg("%s", err.msg);
	trees_prepare(&t);
	return t;
}

static const float **samples(bool coarse, bool odd)
{
	const float **x = NEW_N(mem, const float *, N);

	for (size_t i = 0; i < N; i++) {
		float *v = NEW_N(mem, float, F);

		for (size_t f = 0; f < F; f++) {
			/* The coarse ones hit the splits. */
			v[f] = coarse ? (float)rng_below(&r, 9) / 2 - 2 : (float)rng_gauss(&r);
			if (odd && rng_below(&r, 40) == 0)
				v[f] = (const float[]){ NAN, INFINITY, -INFINITY, -0.0F }
					[rng_below(&r, 4)];
		}
		x[i] = v;
	}
	return x;
}

static void compare(const struct trees *t, const float *const *x)
{
	static const size_t parts[] = { 1, 7, 12, 31, 32, 63, 64, 65, 128, N };
	float *want = NEW_N(mem, float, N * 3), *got = NEW_N(mem, float, N * 3);
	uintptr_t work = ((uintptr_t)arena_alloc(mem, trees_work(t) + 64) + 63) / 64 * 64;

	for (size_t i = 0; i < N; i++) {
		memcpy(want + i * t->outputs, t->base, t->outputs * sizeof(float));
		trees_add(t, 0, t->n, x[i], want + i * t->outputs);
	}
	for (unsigned path = TREES_PORTABLE; path <= trees_path_best(); path++)
		for (size_t p = 0; p < ARRAY_LEN(parts); p++) {
			size_t n = parts[p];

			memset(got, 0, N * 3 * sizeof(float));
			for (size_t i = 0; i < N; i += n)
				trees_sum(t, (enum trees_path)path, (void *)work, x + i,
					  N - i < n ? N - i : n, got + i * t->outputs);
			if (memcmp(want, got, N * t->outputs * sizeof(float)) != 0)
				fail_msg("path %u in parts of %zu: other sums", path, n);
		}
}

static void all_ways_are_equal(void **state)
{
	static const struct {
		uint32_t n, depth, outputs, width;
		bool ranked;
	} all[] = {
		{ 1, 1, 1, 1, true }, { 21, 3, 1, 1, true }, { 30, 4, 3, 1, true },
		{ 23, 5, 3, 3, true }, { 40, 6, 1, 1, true }, { 39, 6, 3, 1, true },
		{ 17, 7, 3, 3, false }, { 9, 8, 1, 1, false }, { 5, 10, 1, 1, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		for (unsigned k = 0; k < 4; k++) {
			struct trees t = forest(all[i].n, all[i].depth, all[i].outputs,
						all[i].width, k & 1);

			if (all[i].ranked)
				assert_true(t.fast != NULL && t.fast->rank != NULL);
			compare(&t, samples(k & 1, k & 2));
		}
}

/* More than 255 splits of a feature: no ranks, the same sums. */
static void many_splits(void **state)
{
	struct trees t = forest(120, 6, 1, 1, false);

	(void)state;
	assert_true(t.fast != NULL && t.fast->rank == NULL);
	compare(&t, samples(false, true));
}

static void no_trees(void **state)
{
	struct trees t = forest(0, 6, 3, 1, false);

	(void)state;
	compare(&t, samples(false, false));
	t = forest(20, 0, 1, 1, false);		/* leaves only */
	compare(&t, samples(false, true));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_ways_are_equal),
		TEST(many_splits),
		TEST(no_trees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
