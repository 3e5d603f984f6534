/* kern_body_i.h - the kernels once; each kern_NAME.c includes it with the width
 * of its vectors (VB bytes) and its block of the matrix product (MR rows, NV
 * vectors).  Every element of a result is computed by the same operations in
 * the same order whatever the width, so all builds give the same bits.  No
 * include guard: it is a body. */
#include <math.h>
#include <string.h>
#ifdef __SSE2__
# include <immintrin.h>
#endif

#include "ml/kern_i.h"

/* The blocks are loops over registers: without unrolling they are loops over
 * the stack. */
#if defined(__OPTIMIZE__) && !defined(__clang__)
# pragma GCC optimize("O3")
#endif

#define VL	(VB / sizeof(real))
#define INLINE	static inline __attribute__((__always_inline__))

typedef real vr __attribute__((vector_size(VB), aligned(sizeof(real)), may_alias));
#ifdef ML_REAL_DOUBLE
typedef int64_t vi __attribute__((vector_size(VB)));
#else
typedef int32_t vi __attribute__((vector_size(VB)));
#endif

/* x in every lane; taking zero away changes no bit and costs nothing. */
#define SP(x)	((x) - (vr){ 0 })

INLINE vr ld(const real *p) { return *(const vr *)p; }
INLINE void st(real *p, vr v) { *(vr *)p = v; }

/* The first n < VL lanes, the others 0 and never touched in memory. */
#if VB == 64
INLINE vr ld_n(const real *p, size_t n)
{
	return (vr)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
}

INLINE void st_n(real *p, vr v, size_t n)
{
	_mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)v);
}
#elif VB == 32
INLINE __m256i lanes(size_t n)
{
	static const int32_t on[16] = { -1, -1, -1, -1, -1, -1, -1, -1 };

	return _mm256_loadu_si256((const __m256i *)(on + 8 - n));
}

INLINE vr ld_n(const real *p, size_t n)
{
	return (vr)_mm256_maskload_ps(p, lanes(n));
}

INLINE void st_n(real *p, vr v, size_t n)
{
	_mm256_maskstore_ps(p, lanes(n), (__m256)v);
}
#else
INLINE vr ld_n(const real *p, size_t n)
{
	vr v = { 0 };

	for (size_t i = 0; i < n; i++)
		v[i] = p[i];
	return v;
}

INLINE void st_n(real *p, vr v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = v[i];
}
#endif

/* n lanes, 1 .. VL; with a constant VL nothing is left of the question. */
INLINE vr get(const real *p, size_t n) { return n == VL ? ld(p) : ld_n(p, n); }
INLINE void put(real *p, vr v, size_t n)
{
	if (n == VL)
		st(p, v);
	else
		st_n(p, v, n);
}

/* part(..., j, lanes) for all of n: whole vectors, then what is left. */
#define EACH(n, part, ...)						\
	do {								\
		size_t j_ = 0, n_ = (n);				\
		for (; j_ + VL <= n_; j_ += VL)				\
			part(__VA_ARGS__, j_, VL);			\
		if (j_ < n_)						\
			part(__VA_ARGS__, j_, n_ - j_);			\
	} while (0)

#include "ml/kern_math_i.h"
#include "ml/kern_gemm_i.h"
#include "ml/kern_cell_i.h"

#define CAT_(a, b)	a##b
#define CAT(a, b)	CAT_(a, b)

const struct ml_kern CAT(ml_kern_, KERN) = {
	.name = KERN_NAME,
	.gemm = gemm, .vecmat = vecmat, .act = act, .act_back = act_back,
	.gate = gate, .gate_back = gate_back, .exp = exps,
	.lstm = lstm, .lstm_back = lstm_back,
	.gru = gru, .gru_back = gru_back,
	.dropout = dropout, .adam = adam, .sgd = sgd,
};
