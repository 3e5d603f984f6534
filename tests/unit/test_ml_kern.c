/* The kernels: every path against the portable one, bit for bit, and the
 * portable one against libm and a product written down plainly. */
#include "config.h"

#include <float.h>
#include <math.h>
#include <string.h>
#ifdef __SSE2__
# include <xmmintrin.h>
#endif

#include "test.h"
#include "core/arena.h"
#include "core/rand.h"
#include "ml/kern_i.h"

#define N	4096
#define GUARD	12345.0f

static float a[N], b[N], c[N], d[N];
static float got[6][N], want[6][N];

static void fill(uint64_t seed)
{
	struct rng r;

	rng_seed(&r, seed);
	for (size_t i = 0; i < N; i++) {
		a[i] = (float)rng_gauss(&r);
		b[i] = (float)rng_gauss(&r);
		c[i] = (float)rng_gauss(&r);
		d[i] = (float)rng_unit(&r);
	}
	a[3] = -0.0f;
	b[5] = 0;
}

/* Every kernel on lanes that do and do not fill a vector; out[] as it was
 * behind them. */
static void all_kernels(const struct ml_kern *k, float out[6][N], size_t n)
{
	const struct adam o = { 0.01f, 0.9f, 0.999f, 1e-8f, 0.999f };

	for (size_t i = 0; i < 6; i++)
		for (size_t j = 0; j < N; j++)
			out[i][j] = GUARD;
	for (enum ml_act f = ACT_LINEAR; f <= ACT_GELU; f++) {
		k->act(f, n, a, out[0] + f * 2 * n);
		k->act_back(f, n, a, out[0] + f * 2 * n, b,
			    out[0] + f * 2 * n + n);
	}
	k->exp(n, a, 1.5f, out[1]);
	k->dropout(n, 99, 0.3, a, out[1] + n);
	memcpy(out[2], a, n * sizeof(float));
	memcpy(out[2] + n, b, n * sizeof(float));
	memcpy(out[2] + 2 * n, d, n * sizeof(float));
	k->adam(n, &o, c, out[2], out[2] + 2 * n, out[2] + n);
	memcpy(out[2] + 3 * n, a, 2 * n * sizeof(float));
	k->sgd(n, 0.1f, 0.9f, 0.99f, c, out[2] + 3 * n, out[2] + 4 * n);
	k->gate(3, n, a, out[3], out[3] + 6 * n);
	k->gate_back(3, n, out[3], b, out[3] + 9 * n);
	k->lstm(n, 2, a, out[4], b, out[4] + 8 * n, out[4] + 10 * n,
		out[4] + 12 * n);
	memcpy(out[4] + 14 * n, c, 2 * n * sizeof(float));
	k->lstm_back(n, 2, out[4], b, out[4] + 10 * n, d, out[4] + 14 * n,
		     out[4] + 16 * n);
	k->lstm(n, 2, a, NULL, b, out[4] + 24 * n, NULL, out[4] + 26 * n);
	k->gru(n, 2, a, c, d, b, out[5], out[5] + 6 * n, out[5] + 8 * n);
	k->gru_back(n, 2, out[5], out[5] + 6 * n, b, d, out[5] + 10 * n,
		    out[5] + 16 * n, out[5] + 22 * n);
	k->gru(n, 2, a, c, d, b, NULL, NULL, out[5] + 24 * n);
}

static const char *const paths[] = { "avx512", "avx2", "portable" };

static void every_path_gives_the_same_bits(void **state)
{
	size_t met = 0;

	(void)state;
	fill(1);
	for (size_t p = 0; p < ARRAY_LEN(paths); p++) {
		if (!ml_kern_force(paths[p]))
			continue;
		assert_string_equal(ml_kern_name(), paths[p]);
		met++;
		for (size_t n = 1; n <= 50; n++) {
			all_kernels(&ml_kern_portable, want, n);
			all_kernels(ml_kern(), got, n);
			for (size_t i = 0; i < 6; i++)
				if (memcmp(got[i], want[i], sizeof(got[i])) != 0)
					fail_msg("%s, n = %zu, group %zu", paths[p],
						 n, i);
			assert_true(got[0][10 * n] == GUARD);
			assert_true(got[4][28 * n] == GUARD);
			assert_true(got[5][26 * n] == GUARD);
		}
	}
	assert_true(met >= 1);
	assert_false(ml_kern_force("abacus"));
	assert_true(ml_kern_force(NULL));
}

static void plain_product(size_t m, size_t n, size_t k, const float *x, size_t xr,
			  size_t xc, const float *y, const float *z, size_t zr,
			  float *to)
{
	for (size_t i = 0; i < m; i++) {
		for (size_t j = 0; j < n; j++) {
			float sum = z != NULL ? z[i * zr + j] : 0;

			for (size_t p = 0; p < k; p++) {
				float part = x[i * xr + p * xc] * y[p * n + j];

				sum += part;
			}
			to[i * n + j] = sum;
		}
	}
}

static void a_product_is_summed_in_order(void **state)
{
	static const size_t sizes[][3] = { { 1, 1, 1 }, { 1, 200, 50 }, { 1, 3, 25 },
		{ 8, 50, 9 }, { 9, 49, 3 }, { 3, 130, 7 }, { 17, 33, 16 },
		{ 4, 4, 700 }, { 8, 5, 300 }, { 13, 16, 1 }, { 32, 25, 50 } };

	(void)state;
	fill(2);
	for (size_t p = 0; p < ARRAY_LEN(paths); p++) {
		if (!ml_kern_force(paths[p]))
			continue;
		for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
			size_t m = sizes[i][0], n = sizes[i][1], k = sizes[i][2];
			const float *z[] = { NULL, c, c };
			size_t zr[] = { 0, 0, n };

			if (m * k > N || k * n > N)
				continue;
			for (size_t q = 0; q < 3; q++) {
				size_t all = sizeof(float) * m * n;

				plain_product(m, n, k, a, k, 1, b, z[q], zr[q], want[0]);
				ml_kern()->gemm(m, n, k, a, k, 1, b, n, z[q], zr[q],
						got[0], n);
				assert_memory_equal(got[0], want[0], all);
				plain_product(m, n, k, a, 1, m, b, z[q], zr[q], want[0]);
				ml_kern()->gemm(m, n, k, a, 1, m, b, n, z[q], zr[q],
						got[0], n);
				assert_memory_equal(got[0], want[0], all);
			}
			plain_product(1, n, k, a, k, 1, b, c, 0, want[0]);
			for (int right = 0; right < 2; right++) {
				ml_kern()->vecmat(n, k, a, b, c, got[0], right);
				assert_memory_equal(got[0], want[0], sizeof(float) * n);
			}
			plain_product(m, n, k, a, 1, m, b, c, n, want[0]);
			ml_kern()->gemm(m, n, k, a, 1, m, b, n, c, n, got[0], n);
			/* onto what is there */
			plain_product(m, n, k, a, k, 1, b, want[0], n, want[1]);
			ml_kern()->gemm(m, n, k, a, k, 1, b, n, got[0], n, got[0], n);
			assert_memory_equal(got[0], want[1], sizeof(float) * m * n);
		}
	}
	ml_kern_force(NULL);
}

/* As kern_math_i.h says. */
static void functions_are_as_exact_as_they_say(void **state)
{
	double t = 0, s = 0, e = 0;

	(void)state;
	for (int i = -1200000; i <= 1200000; i += N) {
		for (int j = 0; j < N; j++)
			a[j] = (float)(i + j) * 1e-5f;
		ml_kern()->act(ACT_TANH, N, a, b);
		ml_kern()->act(ACT_SIGMOID, N, a, c);
		ml_kern()->exp(N, a, 0, d);
		for (int j = 0; j < N; j++) {
			double x = (double)a[j];

			t = fmax(t, fabs((double)b[j] - tanh(x)));
			s = fmax(s, fabs((double)c[j] - 1 / (1 + exp(-x))));
			e = fmax(e, fabs((double)d[j] / exp(x) - 1));
		}
	}
	print_message("# tanh %.2e sigmoid %.2e exp %.2e\n", t, s, e);
	assert_true(t < 2e-7 && s < 1.5e-7 && e < 2e-7);
	a[0] = -1e30f;
	a[1] = 1e30f;
	a[2] = -300;
	ml_kern()->exp(3, a, 0, b);
	assert_true(b[0] > 0 && b[0] < 1e-37f && b[1] > 1e38f && b[1] <= FLT_MAX);
	ml_kern()->act(ACT_TANH, 3, a, b);
	assert_true(fabsf(b[0] + 1) < 4e-7f && fabsf(b[1] - 1) < 4e-7f);
}

/* What is kept for the way back and what is not differ by rounding only, also
 * where the gates are shut or wide open. */
static void cells_agree_with_themselves(void **state)
{
	const struct ml_kern *k = ml_kern();
	enum { H = 500 };

	(void)state;
	fill(3);
	for (int scale = 1; scale <= 1000; scale *= 10) {
		for (size_t i = 0; i < 4 * H; i++)
			d[i] = a[i] * (float)scale;
		for (size_t i = 0; i < H; i++)
			b[i] = tanhf(b[i]);
		k->lstm(H, 1, d, got[0], b, got[1], got[2], got[3]);
		k->lstm(H, 1, d, NULL, b, want[1], NULL, want[3]);
		k->gru(H, 1, d, c, c + 1500, b, got[0], got[2], got[4]);
		k->gru(H, 1, d, c, c + 1500, b, NULL, NULL, want[4]);
		for (size_t i = 0; i < H; i++) {
			assert_true(fabsf(got[1][i] - want[1][i]) < 1e-6f);
			assert_true(fabsf(got[3][i] - want[3][i]) < 1e-6f);
			assert_true(fabsf(got[4][i] - want[4][i]) < 1e-6f);
		}
	}
}

static void what_is_dropped_has_its_share(void **state)
{
	size_t zero = 0;

	(void)state;
	for (size_t i = 0; i < N; i++)
		a[i] = 1;
	ml_kern()->dropout(N, 7, 0.25, a, b);
	ml_kern()->dropout(N, 8, 0.25, a, c);
	for (size_t i = 0; i < N; i++) {
		zero += b[i] == 0;
		assert_true(b[i] == 0 || fabsf(b[i] - 4.0f / 3) < 1e-6f);
	}
	assert_in_range(zero, N / 4 - 150, N / 4 + 150);
	assert_memory_not_equal(b, c, sizeof(b));
	ml_kern()->dropout(N, 7, 0, a, c);
	assert_memory_equal(a, c, sizeof(a));
}

/* Denormals are zero within, and the caller's mode is as it was. */
static void the_mode_is_given_back(void **state)
{
#ifdef __SSE2__
	volatile float tiny = FLT_MIN;
	unsigned before = _mm_getcsr(), kept;

	(void)state;
	kept = kern_enter();
	assert_int_equal(kept, before);
	assert_true(tiny * 0.5f == 0);
	kern_leave(kept);
	assert_int_equal(_mm_getcsr() & ~0x3fu, before & ~0x3fu);
	assert_true(tiny * 0.5f > 0);
#else
	(void)state;
	kern_leave(kern_enter());
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_path_gives_the_same_bits),
		cmocka_unit_test(a_product_is_summed_in_order),
		cmocka_unit_test(functions_are_as_exact_as_they_say),
		cmocka_unit_test(cells_agree_with_themselves),
		cmocka_unit_test(what_is_dropped_has_its_share),
		cmocka_unit_test(the_mode_is_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
