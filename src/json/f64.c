#include "config.h"

#include <math.h>
#include <string.h>

#include "json/f64_i.h"
#include "json/json.h"

/* Shortest digits by Raffaello Giulietti's "The Schubfach way to render
 * doubles" (2020): all decimals that read back as v lie between the middles
 * to its neighbours.  Scale that interval by a power of ten so that it is 2 to
 * 20 wide; then at most one multiple of ten lies in it, and that is the
 * shortest, or the nearer one of two whole numbers is. */

__extension__ typedef unsigned __int128 wide;

struct decimal { uint64_t digits; int exp; };	/* digits x 10^exp */

#define MANTISSA_BITS 52
#define BIAS 1075		/* of the exponent, the mantissa taken as whole */

static int floor_log10_pow2(int e, bool three_quarters)
{
	/* floor(log10(2^e)) or floor(log10(3/4 x 2^e)), exact for all e here */
	return (e * 1262611 - (three_quarters ? 524031 : 0)) >> 22;
}

static int floor_log2_pow10(int e)
{
	return (e * 1741647) >> 19;
}

/* g x c / 2^128; a lost fraction is kept in the lowest bit, where it can be
 * told from a whole result without changing any comparison. */
static uint64_t mul_odd(struct pow10 g, uint64_t c)
{
	wide lo = (wide)g.lo * c, hi = (wide)g.hi * c + (uint64_t)(lo >> 64);

	return (uint64_t)(hi >> 64) | ((uint64_t)hi > 1);
}

static struct decimal shortest(uint64_t mantissa, int biased)
{
	uint64_t c = biased != 0 ? mantissa | UINT64_C(1) << MANTISSA_BITS :
				   mantissa;
	int q = (biased != 0 ? biased : 1) - BIAS;
	/* Below a power of two the neighbour is only half as far. */
	bool closer = mantissa == 0 && biased > 1;
	int k = floor_log10_pow2(q, closer);
	int h = q + floor_log2_pow10(-k) + 1;
	struct pow10 g = f64_pow10[-k - F64_POW10_MIN];
	uint64_t lower = mul_odd(g, (4 * c - 2 + closer) << h) + (c & 1);
	uint64_t here = mul_odd(g, (4 * c) << h);
	uint64_t upper = mul_odd(g, (4 * c + 2) << h) - (c & 1);
	uint64_t s = here / 4, t;
	bool down, up;

	if (s >= 10) {
		t = s / 10;
		down = lower <= 40 * t;
		up = 40 * t + 40 <= upper;
		if (down != up)
			return (struct decimal){ t + up, k + 1 };
	}
	down = lower <= 4 * s;
	up = 4 * s + 4 <= upper;
	if (down != up)
		return (struct decimal){ s + up, k };
	t = 4 * s + 2;		/* the middle between s and s + 1 */
	return (struct decimal){ s + (here > t || (here == t && s & 1)), k };
}

/* Whole numbers up to 2^53, and numbers with up to eight decimals such as
 * prices are: when r / 10^8 is v and r has at most 15 digits, then r holds the
 * shortest digits, since no two decimals of 15 digits are the same double. */
static bool short_decimal(double v, struct decimal *ret)
{
	static const struct { double ten; int exp; } tries[] = {
		{ 1, 0 }, { 1e2, -2 }, { 1e8, -8 } };

	for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
		double r = v * tries[i].ten;
		int64_t n;

		if (r >= 1e15)
			return false;
		n = (int64_t)(r + 0.5);
		if ((double)n / tries[i].ten == v) {
			*ret = (struct decimal){ (uint64_t)n, tries[i].exp };
			return true;
		}
	}
	return false;
}

/* Digits of d without trailing zeros, right-aligned before end. */
static char *put_digits(char *end, struct decimal *d)
{
	uint64_t v = d->digits;

	while (v >= 100000000 && v % 100000000 == 0) {
		v /= 100000000;
		d->exp += 8;
	}
	while (v % 10 == 0) {
		v /= 10;
		d->exp++;
	}
	do {
		*--end = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0);
	return end;
}

static char *put_exponent(char *p, int e)
{
	*p++ = 'e';
	if (e < 0) {
		*p++ = '-';
		e = -e;
	}
	if (e >= 100)
		*p++ = (char)('0' + e / 100);
	if (e >= 10)
		*p++ = (char)('0' + e / 10 % 10);
	*p++ = (char)('0' + e % 10);
	return p;
}

/* n digits, the point after the first `point` of them: as ECMAScript writes
 * numbers, so plain from 1e-6 to below 1e21. */
static char *put_number(char *p, const char *digits, int n, int point)
{
	if (point > 21 || point < -5) {
		*p++ = digits[0];
		if (n > 1) {
			*p++ = '.';
			memcpy(p, digits + 1, (size_t)n - 1);
			p += n - 1;
		}
		return put_exponent(p, point - 1);
	}
	if (point <= 0) {
		memcpy(p, "0.00000", (size_t)(2 - point));
		memcpy(p + 2 - point, digits, (size_t)n);
		return p + 2 - point + n;
	}
	if (point < n) {
		memcpy(p, digits, (size_t)point);
		p[point] = '.';
		memcpy(p + point + 1, digits + point, (size_t)(n - point));
		return p + n + 1;
	}
	memcpy(p, digits, (size_t)n);
	memset(p + n, '0', (size_t)(point - n));
	return p + point;
}

size_t f64_format(char buf[static F64_TEXT_MAX], double v)
{
	char tmp[20], *end = tmp + sizeof(tmp), *start, *p = buf;
	struct decimal d;
	uint64_t bits;

	if (!isfinite(v)) {
		memcpy(buf, "null", 5);
		return 4;
	}
	memcpy(&bits, &v, sizeof(bits));
	if (bits >> 63 != 0) {
		*p++ = '-';
		v = -v;
	}
	if (v == 0) {
		*p++ = '0';
	} else {
		if (!short_decimal(v, &d))
			d = shortest(bits & ((UINT64_C(1) << MANTISSA_BITS) - 1),
				     (int)(bits >> MANTISSA_BITS & 0x7ff));
		start = put_digits(end, &d);
		p = put_number(p, start, (int)(end - start),
			       (int)(end - start) + d.exp);
	}
	*p = '\0';
	return (size_t)(p - buf);
}
