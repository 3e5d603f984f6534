#include "config.h"
#include <math.h>
#include "xchg/det.h"

/* ln 2 in two parts: the first has few enough bits that k x LN2_HI is exact
 * for every exponent k. */
#define LN2_HI 0x1.62e42fefa3800p-1
#define LN2_LO 0x1.ef35793c76730p-45
#define SQRT_HALF 0x1.6a09e667f3bcdp-1

static const double odd[] = {
	1.0 / 23, 1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13, 1.0 / 11,
	1.0 / 9, 1.0 / 7, 1.0 / 5, 1.0 / 3
};
static const double inv_fact[] = {	/* 1/14! ... 1/0! */
	1.0 / 87178291200, 1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800,
	1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720,
	1.0 / 120, 1.0 / 24, 1.0 / 6, 1.0 / 2, 1, 1
};

double det_log(double x)
{
	int e;
	double m, s, q, sum = 0;

	assert(x > 0 && isfinite(x));
	m = frexp(x, &e);		/* exact; 0.5 <= m < 1 */
	if (m < SQRT_HALF) {
		m *= 2;
		e--;
	}
	/* ln m = 2 artanh s = 2 (s + s^3/3 + s^5/5 ...), |s| < 0.172 */
	s = (m - 1) / (m + 1);
	q = s * s;
	for (size_t k = 0; k < ARRAY_LEN(odd); k++)
		sum = (sum + odd[k]) * q;
	return (double)e * LN2_HI + (2 * s + (2 * s * sum + (double)e * LN2_LO));
}

double det_exp(double x)
{
	double k, r, sum = 0;

	assert(x >= -700 && x <= 700);
	k = (double)(int64_t)(x / (LN2_HI + LN2_LO) + (x < 0 ? -0.5 : 0.5));
	r = (x - k * LN2_HI) - k * LN2_LO;	/* |r| < 0.35 */
	for (size_t i = 0; i < ARRAY_LEN(inv_fact); i++)
		sum = sum * r + inv_fact[i];
	return ldexp(sum, (int)k);		/* exact */
}

double det_gauss(struct rng *r)
{
	double x, y, q;

	if (r->has_spare) {
		r->has_spare = false;
		return r->spare;
	}
	do {			/* polar method: a point within the circle */
		x = 2 * rng_unit(r) - 1;
		y = 2 * rng_unit(r) - 1;
		q = x * x + y * y;
	} while (q >= 1 || q == 0);
	q = sqrt(-2 * det_log(q) / q);
	r->spare = y * q;
	r->has_spare = true;
	return x * q;
}

double det_fat(struct rng *r)
{
	/* 6/7 x 0.7^2 + 1/7 x 2.0137^2 = 1: deviation 1, kurtosis 7.7 */
	double scale = rng_unit(r) < 1.0 / 7 ? 2.0137 : 0.7;

	return scale * det_gauss(r);
}

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

uint64_t det_seed(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	uint64_t h = mix(a + 0x9e3779b97f4a7c15u);

	h = mix(h ^ (b + 0x9e3779b97f4a7c15u));
	h = mix(h ^ (c + 0x9e3779b97f4a7c15u));
	return mix(h ^ (d + 0x9e3779b97f4a7c15u));
}
