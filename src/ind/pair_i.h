#ifndef IND_PAIR_I_H
#define IND_PAIR_I_H
/* pair_i.h - two doubles at a time.
 *
 * For work that is the same for every bar and needs no bar before it.  Each
 * half is rounded as it would be alone, so pairs and single values give the
 * same bits on every machine; the compiler makes single ones of them where
 * there are no registers for pairs. */
#include <math.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

typedef double v2 __attribute__((__vector_size__(16)));
typedef long long v2i __attribute__((__vector_size__(16)));

static inline v2 v2_load(const double *p)
{
	v2 v;

	memcpy(&v, p, sizeof(v));
	return v;
}
static inline void v2_store(double *p, v2 v) { memcpy(p, &v, sizeof(v)); }
static inline v2 v2_of(double x) { return (v2){ x, x }; }
/* x where the mask (of a comparison) is set, else y. */
static inline v2 v2_pick(v2i mask, v2 x, v2 y)
{
	return (v2)((mask & (v2i)x) | (~mask & (v2i)y));
}
static inline v2 v2_abs(v2 x)
{
	return (v2)((v2i)x & (v2i){ 0x7fffffffffffffff, 0x7fffffffffffffff });
}
/* The first halves of both, and the second ones. */
static inline v2 v2_firsts(v2 a, v2 b)
{
#ifdef __SSE2__
	return (v2)_mm_unpacklo_pd((__m128d)a, (__m128d)b);
#else
	return (v2){ a[0], b[0] };
#endif
}
static inline v2 v2_seconds(v2 a, v2 b)
{
#ifdef __SSE2__
	return (v2)_mm_unpackhi_pd((__m128d)a, (__m128d)b);
#else
	return (v2){ a[1], b[1] };
#endif
}
static inline v2 v2_sqrt(v2 x)
{
#ifdef __SSE2__
	return (v2)_mm_sqrt_pd((__m128d)x);
#else
	return (v2){ sqrt(x[0]), sqrt(x[1]) };
#endif
}

#endif /* IND_PAIR_I_H */
