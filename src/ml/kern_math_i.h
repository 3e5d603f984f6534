/* kern_math_i.h - functions that are not exact by IEEE 754, made of operations
 * that are: libm's would differ from machine to machine.  Part of
 * kern_body_i.h. */

#if VB == 64
INLINE vr vmin(vr a, vr b) { return (vr)_mm512_min_ps((__m512)a, (__m512)b); }
INLINE vr vmax(vr a, vr b) { return (vr)_mm512_max_ps((__m512)a, (__m512)b); }
INLINE vr vsqrt(vr a) { return (vr)_mm512_sqrt_ps((__m512)a); }
#elif VB == 32
INLINE vr vmin(vr a, vr b) { return (vr)_mm256_min_ps((__m256)a, (__m256)b); }
INLINE vr vmax(vr a, vr b) { return (vr)_mm256_max_ps((__m256)a, (__m256)b); }
INLINE vr vsqrt(vr a) { return (vr)_mm256_sqrt_ps((__m256)a); }
#elif defined(__SSE2__) && !defined(ML_REAL_DOUBLE)
INLINE vr vmin(vr a, vr b) { return (vr)_mm_min_ps((__m128)a, (__m128)b); }
INLINE vr vmax(vr a, vr b) { return (vr)_mm_max_ps((__m128)a, (__m128)b); }
INLINE vr vsqrt(vr a) { return (vr)_mm_sqrt_ps((__m128)a); }
#else
# define LANES(expr)							\
	do {								\
		for (size_t i = 0; i < VL; i++)				\
			a[i] = (real)(expr);				\
		return a;						\
	} while (0)
# ifndef ML_REAL_DOUBLE
INLINE vr vmin(vr a, vr b) { LANES(a[i] < b[i] ? a[i] : b[i]); }
INLINE vr vmax(vr a, vr b) { LANES(a[i] > b[i] ? a[i] : b[i]); }
# endif
INLINE vr vsqrt(vr a) { LANES(sqrt(a[i])); }
#endif

/* Gates come in two parts: 1 / (1 + exp(-x)) and, with e = exp(2x), tanh is
 * (e - 1) / (e + 1).  Who multiplies gates divides once. */
#ifdef ML_REAL_DOUBLE
INLINE vr exp_minus(vr a) { LANES(exp(fmin(-a[i], 300))); }
INLINE vr exp_twice(vr a) { LANES(exp(fmin(2 * a[i], 300))); }
INLINE vr vtanh(vr a) { LANES(tanh(a[i])); }
INLINE vr vexp(vr a) { LANES(exp(a[i])); }
#else

/* 2^t for -60 <= t <= 60, and the value there beyond: a product of two is
 * finite.  Relative error < 2e-7 (the rounding of t aside). */
INLINE vr pow2(vr t)
{
	vr whole, p;

	t = vmax(vmin(t, SP(60.0f)), SP(-60.0f));
	/* Adding 1.5 * 2^23 leaves no room for a fraction; the whole part is
	 * then in the low bits. */
	whole = t + 12582912.0f;
	t = t - (whole - 12582912.0f);
	p = SP(1.326459111e-3f);
	p = p * t + 9.671619162e-3f;
	p = p * t + 5.550735071e-2f;
	p = p * t + 2.402224094e-1f;
	p = p * t + 6.931470037e-1f;
	p = p * t + 1.0f;
	return (vr)((vi)p + ((vi)whole << 23));
}

INLINE vr exp_minus(vr x) { return pow2(x * -1.44269504088896341f); }
INLINE vr exp_twice(vr x) { return pow2(x * 2.88539008177792681f); }

/* |error| < 2e-7 */
INLINE vr vtanh(vr x)
{
	vr e = exp_twice(x);

	return (e - 1) / (e + 1);
}

/* 2^k e^r, |r| <= ln 2 / 2; relative error < 2e-7 for -87 <= x <= 88, the
 * value at these bounds beyond them. */
INLINE vr vexp(vr x)
{
	vr k, r, p;

	x = vmax(vmin(x, SP(88.0f)), SP(-87.0f));
	/* Adding 1.5 * 2^23 leaves no room for a fraction. */
	k = (x * 1.44269504088896341f + 12582912.0f) - 12582912.0f;
	r = x - k * 0.693359375f;
	r = r + k * 2.12194440e-4f;
	p = SP(1.9875691500e-4f);
	p = p * r + 1.3981999507e-3f;
	p = p * r + 8.3334519073e-3f;
	p = p * r + 4.1665795894e-2f;
	p = p * r + 1.6666665459e-1f;
	p = p * r + 5.0000001201e-1f;
	p = p * (r * r) + r + 1.0f;
	return (vr)((vi)p + (__builtin_convertvector(k, vi) << 23));
}
#endif

/* |error| < 1.5e-7 */
INLINE vr vsigmoid(vr x)
{
	return 1 / (1 + exp_minus(x));
}

#define GELU_A	REAL(0.79788456080286535588)	/* sqrt(2 / pi) */
#define GELU_B	REAL(0.044715)

INLINE vr relu(vr x, vr of)
{
	return (vr)((vi)x & (vi)(of > (vr){ 0 }));
}

INLINE void act_part(enum ml_act f, const real *x, real *y, size_t j, size_t n)
{
	vr v = get(x + j, n);

	switch (f) {
	case ACT_LINEAR:
		break;
	case ACT_RELU:
		v = relu(v, v);
		break;
	case ACT_TANH:
		v = vtanh(v);
		break;
	case ACT_SIGMOID:
		v = vsigmoid(v);
		break;
	case ACT_GELU:
		v = REAL(0.5) * v *
		    (1 + vtanh(GELU_A * (v + GELU_B * (v * v * v))));
		break;
	}
	put(y + j, v, n);
}

INLINE void act_back_part(enum ml_act f, const real *x, const real *y,
			  const real *dy, real *dx, size_t j, size_t n)
{
	vr d = get(dy + j, n), v, t;

	switch (f) {
	case ACT_LINEAR:
		break;
	case ACT_RELU:
		d = relu(d, get(y + j, n));
		break;
	case ACT_TANH:
		v = get(y + j, n);
		d = d * (1 - v * v);
		break;
	case ACT_SIGMOID:
		v = get(y + j, n);
		d = d * (v * (1 - v));
		break;
	case ACT_GELU:
		v = get(x + j, n);
		t = vtanh(GELU_A * (v + GELU_B * (v * v * v)));
		d = d * (REAL(0.5) * (1 + t) + REAL(0.5) * v * (1 - t * t) *
			 (GELU_A * (1 + 3 * GELU_B * (v * v))));
		break;
	}
	put(dx + j, d, n);
}

/* A loop for each function, none of them asks within it. */
static void act(enum ml_act f, size_t n, const real *x, real *y)
{
	switch (f) {
#define X(name, text) case ACT_##name: EACH(n, act_part, ACT_##name, x, y); break;
	ML_ACTS(X)
#undef X
	}
}

static void act_back(enum ml_act f, size_t n, const real *x, const real *y,
		     const real *dy, real *dx)
{
	switch (f) {
#define X(name, text) case ACT_##name:					\
		EACH(n, act_back_part, ACT_##name, x, y, dy, dx); break;
	ML_ACTS(X)
#undef X
	}
}

INLINE void exp_part(const real *x, real max, real *y, size_t j, size_t n)
{
	put(y + j, vexp(get(x + j, n) - max), n);
}

static void exps(size_t n, const real *x, real max, real *y)
{
	EACH(n, exp_part, x, max, y);
}

static void dropout(size_t n, uint32_t key, double p, const real *x, real *y)
{
	uint32_t below = (uint32_t)(p * 4294967296.0);
	real scale = (real)(1 / (1 - p));

	for (size_t i = 0; i < n; i++) {	/* MurmurHash3's finish */
		uint32_t h = (uint32_t)i * 0x9e3779b9u ^ key;

		h = (h ^ h >> 16) * 0x85ebca6bu;
		h = (h ^ h >> 13) * 0xc2b2ae35u;
		h ^= h >> 16;
		y[i] = h >= below ? x[i] * scale : 0;
	}
}

INLINE void adam_part(const struct adam *o, const real *g, real *m, real *v,
		      real *w, size_t j, size_t n)
{
	vr q = get(g + j, n);
	vr m1 = o->beta1 * get(m + j, n) + (1 - o->beta1) * q;
	vr v1 = o->beta2 * get(v + j, n) + (1 - o->beta2) * (q * q);

	put(m + j, m1, n);
	put(v + j, v1, n);
	put(w + j, get(w + j, n) * o->keep -
		   o->rate * (m1 / (vsqrt(v1) + o->eps)), n);
}

static void adam(size_t n, const struct adam *o, const real *g, real *m, real *v,
		 real *w)
{
	EACH(n, adam_part, o, g, m, v, w);
}

INLINE void sgd_part(real rate, real momentum, real keep, const real *g, real *m,
		     real *w, size_t j, size_t n)
{
	vr m1 = momentum * get(m + j, n) + get(g + j, n);

	put(m + j, m1, n);
	put(w + j, get(w + j, n) * keep - rate * m1, n);
}

static void sgd(size_t n, real rate, real momentum, real keep, const real *g,
		real *m, real *w)
{
	EACH(n, sgd_part, rate, momentum, keep, g, m, w);
}
