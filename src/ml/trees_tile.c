#include "config.h"

#include "ml/cpu_i.h"
#include "ml/fast_i.h"

#ifdef ML_X86
#include <immintrin.h>
#include <string.h>

/* The scratch of a tile. */
struct tile {
	uint8_t *rank;			/* [n_used + 1][FAST_STRIDE] */
	float *column;			/* [FAST_STRIDE] */
	float *sum;			/* [outputs][FAST_STRIDE] */
};

static struct tile divide(const struct trees *t, void *work)
{
	struct tile s = { .rank = work };

	s.column = (float *)(void *)(s.rank + ((size_t)t->fast->n_used + 1) * FAST_STRIDE);
	s.sum = s.column + FAST_STRIDE;
	return s;
}

/* The values of one feature; those beyond n are the last again. */
static bool take_column(const float *const *x, size_t n, size_t tile, uint32_t input,
			float *column)
{
	bool numbers = true;

	for (size_t r = 0; r < tile; r++) {
		float v = x[r < n ? r : n - 1][input];

		numbers &= v == v;
		column[r] = v;
	}
	return numbers;
}

static void begin(const struct trees *t, const struct tile *s)
{
	for (uint32_t k = 0; k < t->outputs; k++)
		for (size_t r = 0; r < FAST_STRIDE; r++)
			s->sum[k * FAST_STRIDE + r] = t->base[k];
}

static void finish(const struct trees *t, const struct tile *s, size_t n, float *ret)
{
	for (size_t r = 0; r < n; r++)
		for (uint32_t k = 0; k < t->outputs; k++)
			ret[r * t->outputs + k] = s->sum[k * FAST_STRIDE + r];
}

/* All nodes of a level are asked; which of the answers counts is selected by
 * those of the levels above, the nearest first.  Written out, because nothing
 * less makes every compiler unroll it. */
#define PICK1(k, c)		MUX(NODE(k), NODE((k) + 1), c)
#define PICK2(k, b, c)		MUX(PICK1(k, c), PICK1((k) + 2, c), b)
#define PICK3(k, a, b, c)	MUX(PICK2(k, b, c), PICK2((k) + 4, b, c), a)
#define PICK4(k, z, a, b, c)	MUX(PICK3(k, a, b, c), PICK3((k) + 8, a, b, c), z)
#define PICK5(k, y, z, a, b, c)	\
	MUX(PICK4(k, z, a, b, c), PICK4((k) + 16, z, a, b, c), y)
#define LEVELS(bit)								\
	(bit)[0] = NODE(0);							\
	(bit)[1] = PICK1(1, (bit)[0]);						\
	(bit)[2] = PICK2(3, (bit)[0], (bit)[1]);				\
	(bit)[3] = PICK3(7, (bit)[0], (bit)[1], (bit)[2]);			\
	if (depth > 4) {							\
		(bit)[4] = PICK4(15, (bit)[0], (bit)[1], (bit)[2], (bit)[3]);	\
		(bit)[5] = PICK5(31, (bit)[0], (bit)[1], (bit)[2], (bit)[3],	\
				 (bit)[4]);					\
	}

static inline uint64_t mux(uint64_t a, uint64_t b, uint64_t c)
{
	return ((a ^ b) & c) ^ a;
}

/* ---- 64 samples, AVX-512 ------------------------------------------------ */

/* How many of 255 ascending cuts are not above each of 16 values: first which
 * sixteen of them, from a register, then where in it. */
ML_AVX512 static __m512i ranks16(const float *cut, const float *v)
{
	__m512 x = _mm512_loadu_ps(v), coarse = _mm512_loadu_ps(cut + 256);
	__m512i at = _mm512_setzero_si512(), step;

#pragma GCC unroll 4
	for (int s = 8; s > 0; s /= 2) {
		step = _mm512_set1_epi32(s);
		at = _mm512_mask_add_epi32(at, _mm512_cmp_ps_mask(x,
			_mm512_permutexvar_ps(_mm512_add_epi32(at,
				_mm512_set1_epi32(s - 1)), coarse), _CMP_GE_OQ), at, step);
	}
	at = _mm512_slli_epi32(at, 4);
#pragma GCC unroll 4
	for (int s = 8; s > 0; s /= 2) {
		step = _mm512_set1_epi32(s);
		at = _mm512_mask_add_epi32(at, _mm512_cmp_ps_mask(x,
			_mm512_i32gather_ps(_mm512_add_epi32(at,
				_mm512_set1_epi32(s - 1)), cut, 4), _CMP_GE_OQ), at, step);
	}
	return at;
}

/* Bit r of bit[d]: sample r goes right on level d. */
ML_AVX512 static inline __attribute__((__always_inline__))
void select64(const struct fast_node *node, const uint8_t *rank, uint32_t depth,
	      uint64_t *bit)
{
#define NODE(k) _mm512_cmpge_epu8_mask(						\
		_mm512_load_si512(rank + node[k].at),				\
		_mm512_set1_epi32((int)node[k].rank))
#define MUX(a, b, c) mux(a, b, c)
	LEVELS(bit)
#undef NODE
#undef MUX
}

ML_AVX512 static inline __attribute__((__always_inline__))
__m512 leaves16(const float *leaf, uint32_t depth, __m512i at)
{
	__m512 lo, hi;

	if (depth == 4)
		return _mm512_permutexvar_ps(at, _mm512_loadu_ps(leaf));
	lo = _mm512_permutex2var_ps(_mm512_loadu_ps(leaf), at, _mm512_loadu_ps(leaf + 16));
	hi = _mm512_permutex2var_ps(_mm512_loadu_ps(leaf + 32), at,
				    _mm512_loadu_ps(leaf + 48));
	return _mm512_mask_blend_ps(_mm512_test_epi32_mask(at, _mm512_set1_epi32(32)),
				    lo, hi);
}

ML_AVX512 static inline __attribute__((__always_inline__))
void trees64(const struct trees *t, const struct tile *s, uint32_t depth)
{
	const struct trees_fast *f = t->fast;
	uint32_t leaves = 1u << depth, output = 0;
	uint8_t number[64] __attribute__((__aligned__(64)));

	for (uint32_t i = 0; i < t->n; i++) {
		const float *leaf = f->leaf + (size_t)i * t->width * leaves;
		uint64_t bit[FAST_RANKED];
		__m512i all;

		select64(f->rank + (size_t)i * leaves, s->rank, depth, bit);
		all = _mm512_setzero_si512();
#pragma GCC unroll 6
		for (uint32_t d = 0; d < depth; d++)
			all = _mm512_mask_add_epi8(all, bit[d], all,
				_mm512_set1_epi8((char)(1 << (depth - 1 - d))));
		_mm512_store_si512(number, all);
#pragma GCC unroll 4
		for (uint32_t g = 0; g < 4; g++) {
			__m512i at = _mm512_cvtepu8_epi32(_mm_load_si128(
				(const __m128i *)(const void *)(number + 16 * g)));
			float *sum = s->sum + output * FAST_STRIDE + 16 * g;

			for (uint32_t k = 0; k < t->width; k++, sum += FAST_STRIDE)
				_mm512_storeu_ps(sum, _mm512_add_ps(_mm512_loadu_ps(sum),
					leaves16(leaf + k * leaves, depth, at)));
		}
		if (t->width == 1)
			output = output + 1 < t->outputs ? output + 1 : 0;
	}
}

ML_AVX512 bool fast_tile_avx512(const struct trees *t, void *work,
				const float *const *x, size_t n, float *ret)
{
	const struct trees_fast *f = t->fast;
	struct tile s = divide(t, work);

	for (uint32_t u = 0; u < f->n_used; u++) {
		if (!take_column(x, n, 64, f->used[u], s.column))
			return false;
		for (size_t r = 0; r < 64; r += 16)
			_mm_storeu_si128((__m128i *)(void *)(s.rank + u * FAST_STRIDE + r),
				_mm512_cvtepi32_epi8(ranks16(f->cut + (size_t)u * FAST_CUTS,
							     s.column + r)));
	}
	begin(t, &s);
	if (f->depth == 4)
		trees64(t, &s, 4);
	else
		trees64(t, &s, 6);
	finish(t, &s, n, ret);
	return true;
}

/* ---- 32 samples, AVX2 --------------------------------------------------- */

ML_AVX2 static __m256i ranks8(const float *cut, const float *v)
{
	__m256 x = _mm256_loadu_ps(v);
	__m256i at = _mm256_setzero_si256();

	for (int s = 128; s > 0; s /= 2) {
		__m256 c = _mm256_i32gather_ps(cut, _mm256_add_epi32(at,
						_mm256_set1_epi32(s - 1)), 4);

		at = _mm256_add_epi32(at, _mm256_and_si256(_mm256_set1_epi32(s),
			_mm256_castps_si256(_mm256_cmp_ps(x, c, _CMP_GE_OQ))));
	}
	return at;
}

ML_AVX2 static inline __attribute__((__always_inline__))
__m256i node32(const struct fast_node *node, const uint8_t *rank)
{
	__m256i v = _mm256_load_si256((const __m256i *)(const void *)(rank + node->at));

	return _mm256_cmpeq_epi8(v, _mm256_max_epu8(v,
					_mm256_set1_epi32((int)node->rank)));
}

/* The leaf's number of each sample. */
ML_AVX2 static inline __attribute__((__always_inline__))
void select32(const struct fast_node *node, const uint8_t *rank, uint32_t depth,
	      uint8_t *ret)
{
	__m256i bit[FAST_RANKED], at = _mm256_setzero_si256();

#define NODE(k) node32(node + (k), rank)
#define MUX(a, b, c) _mm256_blendv_epi8(a, b, c)
	LEVELS(bit)
#undef NODE
#undef MUX
#pragma GCC unroll 6
	for (uint32_t d = 0; d < depth; d++)
		at = _mm256_or_si256(at, _mm256_and_si256(bit[d],
			_mm256_set1_epi8((char)(1 << (depth - 1 - d)))));
	_mm256_storeu_si256((__m256i *)(void *)ret, at);
}

ML_AVX2 static inline __attribute__((__always_inline__))
void trees32(const struct trees *t, const struct tile *s, uint32_t depth)
{
	const struct trees_fast *f = t->fast;
	uint32_t leaves = 1u << depth, output = 0;

	for (uint32_t i = 0; i < t->n; i++) {
		const float *leaf = f->leaf + (size_t)i * t->width * leaves;
		uint8_t at[32];

		select32(f->rank + (size_t)i * leaves, s->rank, depth, at);
		for (uint32_t k = 0; k < t->width; k++) {
			float *sum = s->sum + (output + k) * FAST_STRIDE;

#pragma GCC unroll 32
			for (size_t r = 0; r < 32; r++)
				sum[r] += leaf[k * leaves + at[r]];
		}
		if (t->width == 1)
			output = output + 1 < t->outputs ? output + 1 : 0;
	}
}

ML_AVX2 bool fast_tile_avx2(const struct trees *t, void *work,
			    const float *const *x, size_t n, float *ret)
{
	const struct trees_fast *f = t->fast;
	struct tile s = divide(t, work);

	for (uint32_t u = 0; u < f->n_used; u++) {
		if (!take_column(x, n, 32, f->used[u], s.column))
			return false;
		for (size_t r = 0; r < 32; r += 8) {
			int32_t at[8];

			_mm256_storeu_si256((__m256i *)(void *)at,
					    ranks8(f->cut + (size_t)u * FAST_CUTS, s.column + r));
			for (size_t k = 0; k < 8; k++)
				s.rank[u * FAST_STRIDE + r + k] = (uint8_t)at[k];
		}
	}
	begin(t, &s);
	if (f->depth == 4)
		trees32(t, &s, 4);
	else
		trees32(t, &s, 6);
	finish(t, &s, n, ret);
	return true;
}
#endif
