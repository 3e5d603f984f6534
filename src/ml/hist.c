#include "config.h"

#include <string.h>

#include "ml/cpu_i.h"
#include "ml/hist_i.h"

/* Eight bins at a time in the compiler's own vectors: one source for every
 * instruction set, the same operations in each, so the same bits. */
typedef uint64_t u64x8 __attribute__((__vector_size__(64)));
typedef int32_t i32x8 __attribute__((__vector_size__(32)));
typedef float f32x8 __attribute__((__vector_size__(32)));

struct best8 { f32x8 gain; i32x8 bin; };

/* Where ok and gain is more, gain and bin are the best.  Vectors go by address:
 * by value they would depend on how the caller was compiled. */
static inline __attribute__((__always_inline__))
void better(struct best8 *best, const f32x8 *gain, const i32x8 *ok,
	    const i32x8 *bin)
{
	i32x8 more = *ok & (*gain > best->gain);

	best->gain = (f32x8)((more & (i32x8)*gain) | (~more & (i32x8)best->gain));
	best->bin = (more & *bin) | (~more & best->bin);
}

static inline __attribute__((__always_inline__))
struct hist_cut lowest_of(const struct best8 *b)
{
	struct hist_cut c = { -1, 0, true };

	for (int i = 0; i < 8; i++)
		if (b->gain[i] > c.gain || (b->gain[i] >= c.gain &&
					    (uint32_t)b->bin[i] < c.bin)) {
			c.gain = b->gain[i];
			c.bin = (uint32_t)b->bin[i];
		}
	return c;
}

#define HIGH(v) __builtin_convertvector((v) >> 32, i32x8)
#define LOW(v) __builtin_convertvector((v) & 0xffffffffu, i32x8)
#define FLOATS(v) __builtin_convertvector((v), f32x8)

/* G^2 / (H + lambda) of both sides with one division. */
static inline __attribute__((__always_inline__))
struct hist_cut scan_gradient(const uint64_t *h, unsigned n_cuts, uint64_t first,
			      const struct hist_best *k)
{
	uint64_t left[HIST_BINS] __attribute__((__aligned__(64)));
	struct best8 best = { { 0 }, { 0 } };
	i32x8 bin = { 0, 1, 2, 3, 4, 5, 6, 7 };
	uint64_t sum = first;

	best.gain -= 1;
	for (unsigned b = 0; b < n_cuts; b++)
		left[b] = sum += h[b];
	for (unsigned b = n_cuts; b % 8 != 0; b++)
		left[b] = 0;		/* an empty side never counts */
	for (unsigned b = 0; b < n_cuts; b += 8) {
		const u64x8 l = *(const u64x8 *)(left + b), r = k->total[0] - l;
		i32x8 hli = LOW(l), hri = LOW(r);
		f32x8 gl = FLOATS(HIGH(l)) * k->g_unit;
		f32x8 gr = FLOATS(HIGH(r)) * k->g_unit;
		f32x8 hl = FLOATS(hli) * k->h_unit;
		f32x8 hr = FLOATS(hri) * k->h_unit;
		f32x8 a = hl + k->lambda, c = hr + k->lambda;
		i32x8 ok = (hli > 0) & (hri > 0) & (hl >= k->min_child) &
			   (hr >= k->min_child);

		f32x8 gain = (gl * gl * c + gr * gr * a) / (a * c);

		better(&best, &gain, &ok, &bin);
		bin += 8;
	}
	return lowest_of(&best);
}

/* Sum of squares over the sum, of both sides. */
static inline __attribute__((__always_inline__))
struct hist_cut scan_classes(const uint64_t *h, unsigned n_cuts, uint64_t first0,
			     uint64_t first1, const struct hist_best *k)
{
	uint64_t left[2][HIST_BINS] __attribute__((__aligned__(64)));
	struct best8 best = { { 0 }, { 0 } };
	i32x8 bin = { 0, 1, 2, 3, 4, 5, 6, 7 };
	uint64_t s0 = first0, s1 = first1;

	best.gain -= 1;
	for (unsigned b = 0; b < n_cuts; b++) {
		left[0][b] = s0 += h[2 * b];
		left[1][b] = s1 += h[2 * b + 1];
	}
	for (unsigned b = n_cuts; b % 8 != 0; b++)
		left[0][b] = left[1][b] = 0;
	for (unsigned b = 0; b < n_cuts; b += 8) {
		const u64x8 l0 = *(const u64x8 *)(left[0] + b), r0 = k->total[0] - l0;
		const u64x8 l1 = *(const u64x8 *)(left[1] + b), r1 = k->total[1] - l1;
		i32x8 nl = LOW(l1), nr = LOW(r1);
		f32x8 a0 = FLOATS(HIGH(l0)) * k->g_unit;
		f32x8 a1 = FLOATS(LOW(l0)) * k->g_unit;
		f32x8 a2 = FLOATS(HIGH(l1)) * k->g_unit;
		f32x8 b0 = FLOATS(HIGH(r0)) * k->g_unit;
		f32x8 b1 = FLOATS(LOW(r0)) * k->g_unit;
		f32x8 b2 = FLOATS(HIGH(r1)) * k->g_unit;
		f32x8 wl = a0 + a1 + a2, wr = b0 + b1 + b2;
		i32x8 ok = (FLOATS(nl) >= k->min_child) &
			   (FLOATS(nr) >= k->min_child) &
			   (wl > 0) & (wr > 0);

		f32x8 gain = ((a0 * a0 + a1 * a1 + a2 * a2) * wr +
			      (b0 * b0 + b1 * b1 + b2 * b2) * wl) / (wl * wr);

		better(&best, &gain, &ok, &bin);
		bin += 8;
	}
	return lowest_of(&best);
}

/* Missing values go right, or if there are any, left if that is better. */
static inline __attribute__((__always_inline__))
struct hist_cut cut_gradient(const uint64_t *h, unsigned n_cuts,
			     const struct hist_best *k)
{
	struct hist_cut right = scan_gradient(h, n_cuts, 0, k), left;

	if (h[HIST_MISSING] == 0)
		return right;
	left = scan_gradient(h, n_cuts, h[HIST_MISSING], k);
	left.missing_right = false;
	return left.gain > right.gain ? left : right;
}

static inline __attribute__((__always_inline__))
struct hist_cut cut_classes(const uint64_t *h, unsigned n_cuts,
			    const struct hist_best *k)
{
	const uint64_t *missing = h + 2 * (size_t)HIST_MISSING;
	struct hist_cut right = scan_classes(h, n_cuts, 0, 0, k), left;

	if (missing[0] == 0 && missing[1] == 0)
		return right;
	left = scan_classes(h, n_cuts, missing[0], missing[1], k);
	left.missing_right = false;
	return left.gain > right.gain ? left : right;
}

#define ARGS const uint64_t *h, unsigned n_cuts, const struct hist_best *k

#ifdef ML_X86
ML_AVX512 static struct hist_cut gradient_avx512(ARGS) { return cut_gradient(h, n_cuts, k); }
ML_AVX512 static struct hist_cut classes_avx512(ARGS) { return cut_classes(h, n_cuts, k); }
ML_AVX2 static struct hist_cut gradient_avx2(ARGS) { return cut_gradient(h, n_cuts, k); }
ML_AVX2 static struct hist_cut classes_avx2(ARGS) { return cut_classes(h, n_cuts, k); }
#endif

struct hist_cut hist_cut_gradient(ARGS)
{
#ifdef ML_X86
	if (__builtin_cpu_supports("avx512bw"))
		return gradient_avx512(h, n_cuts, k);
	if (__builtin_cpu_supports("avx2"))
		return gradient_avx2(h, n_cuts, k);
#endif
	return cut_gradient(h, n_cuts, k);
}

struct hist_cut hist_cut_classes(ARGS)
{
#ifdef ML_X86
	if (__builtin_cpu_supports("avx512bw"))
		return classes_avx512(h, n_cuts, k);
	if (__builtin_cpu_supports("avx2"))
		return classes_avx2(h, n_cuts, k);
#endif
	return cut_classes(h, n_cuts, k);
}

typedef uint64_t u64x8u __attribute__((__vector_size__(64), __aligned__(8)));

/* Histograms are of 256 words a column. */
static inline __attribute__((__always_inline__))
void subtract(uint64_t *from, const uint64_t *what, size_t n)
{
	for (size_t i = 0; i < n; i += 8)
		*(u64x8u *)(from + i) -= *(const u64x8u *)(what + i);
}

#ifdef ML_X86
ML_AVX2 static void subtract_avx2(uint64_t *from, const uint64_t *what, size_t n)
{
	subtract(from, what, n);
}
#endif

void hist_subtract(uint64_t *from, const uint64_t *what, size_t n)
{
#ifdef ML_X86
	if (__builtin_cpu_supports("avx2")) {
		subtract_avx2(from, what, n);
		return;
	}
#endif
	subtract(from, what, n);
}
