#include "config.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "script/bits_i.h"

/* 64 bars: a <= b and a >= b; neither: they cannot be compared. */
struct cmp { uint64_t le, ge; };
typedef struct cmp cmp_fn(const double *a, const double *b);
typedef uint64_t true_fn(const double *x);

static struct cmp cmp_some(const double *a, const double *b, size_t n)
{
	struct cmp r = { 0, 0 };

	for (size_t i = 0; i < n; i++) {
		r.le |= (uint64_t)(a[i] <= b[i]) << i;
		r.ge |= (uint64_t)(a[i] >= b[i]) << i;
	}
	return r;
}

static uint64_t true_some(const double *x, size_t n)
{
	uint64_t r = 0;

	for (size_t i = 0; i < n; i++)
		r |= (uint64_t)(x[i] < 0 || x[i] > 0) << i;
	return r;
}

#ifdef __x86_64__
#define WITH(isa) __attribute__((__target__(isa)))

WITH("avx512f") static struct cmp cmp_avx512(const double *a, const double *b)
{
	struct cmp r = { 0, 0 };

	for (unsigned i = 0; i < 64; i += 8) {
		__m512d x = _mm512_loadu_pd(a + i), y = _mm512_loadu_pd(b + i);

		r.le |= (uint64_t)_mm512_cmp_pd_mask(x, y, _CMP_LE_OQ) << i;
		r.ge |= (uint64_t)_mm512_cmp_pd_mask(x, y, _CMP_GE_OQ) << i;
	}
	return r;
}

WITH("avx512f") static uint64_t true_avx512(const double *a)
{
	uint64_t r = 0;

	for (unsigned i = 0; i < 64; i += 8)
		r |= (uint64_t)_mm512_cmp_pd_mask(_mm512_loadu_pd(a + i),
			_mm512_setzero_pd(), _CMP_NEQ_OQ) << i;
	return r;
}

WITH("avx2") static struct cmp cmp_avx2(const double *a, const double *b)
{
	struct cmp r = { 0, 0 };

	for (unsigned i = 0; i < 64; i += 4) {
		__m256d x = _mm256_loadu_pd(a + i), y = _mm256_loadu_pd(b + i);

		r.le |= (uint64_t)_mm256_movemask_pd(_mm256_cmp_pd(x, y, _CMP_LE_OQ)) << i;
		r.ge |= (uint64_t)_mm256_movemask_pd(_mm256_cmp_pd(x, y, _CMP_GE_OQ)) << i;
	}
	return r;
}

WITH("avx2") static uint64_t true_avx2(const double *a)
{
	uint64_t r = 0;

	for (unsigned i = 0; i < 64; i += 4)
		r |= (uint64_t)_mm256_movemask_pd(_mm256_cmp_pd(_mm256_loadu_pd(a + i),
			_mm256_setzero_pd(), _CMP_NEQ_OQ)) << i;
	return r;
}

static struct cmp cmp_64(const double *a, const double *b)
{
	struct cmp r = { 0, 0 };

	for (unsigned i = 0; i < 64; i += 2) {
		__m128d x = _mm_loadu_pd(a + i), y = _mm_loadu_pd(b + i);

		r.le |= (uint64_t)_mm_movemask_pd(_mm_cmple_pd(x, y)) << i;
		r.ge |= (uint64_t)_mm_movemask_pd(_mm_cmpge_pd(x, y)) << i;
	}
	return r;
}

static cmp_fn *cmp_best(void)
{
	return __builtin_cpu_supports("avx512f") ? cmp_avx512 :
		__builtin_cpu_supports("avx2") ? cmp_avx2 : cmp_64;
}

static true_fn *true_best(void)
{
	return __builtin_cpu_supports("avx512f") ? true_avx512 :
		__builtin_cpu_supports("avx2") ? true_avx2 : NULL;
}
#else
static struct cmp cmp_64(const double *a, const double *b)
{
	return cmp_some(a, b, 64);
}
static cmp_fn *cmp_best(void) { return cmp_64; }
static true_fn *true_best(void) { return NULL; }
#endif

void bits_crossings(const double *a, const double *b, size_t n,
		    struct bits_last *last, uint64_t *over, uint64_t *under)
{
	cmp_fn *cmp = cmp_best();

	for (size_t i = 0; i < n; i += 64) {
		size_t m = n - i < 64 ? n - i : 64;
		struct cmp c = m == 64 ? cmp(a + i, b + i) : cmp_some(a + i, b + i, m);

		over[i / 64] = c.ge & ~c.le & (c.le << 1 | last->le);
		under[i / 64] = c.le & ~c.ge & (c.ge << 1 | last->ge);
		last->le = c.le >> (m - 1) & 1;
		last->ge = c.ge >> (m - 1) & 1;
	}
}

void bits_true(const double *x, size_t n, uint64_t *ret)
{
	true_fn *wide = true_best();

	for (size_t i = 0; i < n; i += 64) {
		size_t m = n - i < 64 ? n - i : 64;

		ret[i / 64] = m == 64 && wide != NULL ? wide(x + i) :
			true_some(x + i, m);
	}
}
