#include "config.h"
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "market/market_i.h"

#define DEC_PLACES 18

const int64_t dec_pow10[DEC_PLACES + 1] = {
	1LL, 10LL, 100LL, 1000LL, 10000LL, 100000LL, 1000000LL, 10000000LL,
	100000000LL, 1000000000LL, 10000000000LL, 100000000000LL,
	1000000000000LL, 10000000000000LL, 100000000000000LL,
	1000000000000000LL, 10000000000000000LL, 100000000000000000LL,
	1000000000000000000LL
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The exponent in s[i..n), capped: 1e999999999 costs as much as 1e99. */
static bool scan_exp(const char *s, size_t i, size_t n, int *ret)
{
	bool neg = false;
	int e = 0;

	if (i < n && (s[i] == '+' || s[i] == '-'))
		neg = s[i++] == '-';
	if (i == n)
		return false;
	for (; i < n; i++) {
		if (!is_digit(s[i]))
			return false;
		if (e < 10000)
			e = e * 10 + (s[i] - '0');
	}
	*ret = neg ? -e : e;
	return true;
}

/* m x 10^-d for any d into the range 0..18 of a struct dec. */
static enum dec_rc dec_fit(struct dec *ret, int64_t m, int d)
{
	if (m == 0)
		d = 0;
	for (; d > 0 && m % 10 == 0; d--)
		m /= 10;
	for (; d < 0; d++)
		if (__builtin_mul_overflow(m, 10, &m))
			return DEC_DIGITS;
	if (d > DEC_PLACES)
		return DEC_DIGITS;
	*ret = (struct dec){ m, (uint8_t)d };
	return DEC_OK;
}

/* The mantissa of a number being read.  Zeros are held back until a digit
 * follows them: "0.10000000000000000000000000" is 0.1. */
struct scan {
	int64_t m;
	int places, zeros;	/* after the point; zeros held back */
	bool any, point, over;
};

static void scan_digit(struct scan *sc, int digit)
{
	sc->any = true;
	sc->places += sc->point;
	if (digit == 0) {
		sc->zeros += sc->zeros < 1000;
		return;
	}
	for (; sc->zeros > 0; sc->zeros--)
		sc->over |= __builtin_mul_overflow(sc->m, 10, &sc->m);
	sc->over |= __builtin_mul_overflow(sc->m, 10, &sc->m) ||
		__builtin_add_overflow(sc->m, digit, &sc->m);
	if (sc->over)
		sc->m = 1;	/* not 0: the answer is "too many digits" */
}

enum dec_rc dec_parse(struct dec *ret, const char *s, size_t n)
{
	struct scan sc = { 0 };
	bool neg = false;
	size_t i = 0;
	int e = 0;

	if (n > 0 && (s[0] == '+' || s[0] == '-'))
		neg = s[i++] == '-';
	for (; i < n; i++) {
		if (is_digit(s[i]))
			scan_digit(&sc, s[i] - '0');
		else if (s[i] == '.' && !sc.point)
			sc.point = true;
		else
			break;
	}
	if (!sc.any)
		return DEC_SYNTAX;
	if (i < n && ((s[i] != 'e' && s[i] != 'E') ||
		      !scan_exp(s, i + 1, n, &e)))
		return DEC_SYNTAX;
	if (sc.over || n > 4096)
		return DEC_DIGITS;
	return dec_fit(ret, neg ? -sc.m : sc.m, sc.places - sc.zeros - e);
}

/* ---- numbers with more places than are kept ---- */

#define DIGITS_MAX 64		/* what follows only tells above from half */

struct digits {			/* 0.d1d2d3... x 10^point */
	uint8_t v[DIGITS_MAX];
	int n, point;
	bool more;		/* a digit that is not 0 did not fit */
};

static void push_digit(struct digits *g, uint8_t d, bool after_point)
{
	if (g->n == 0 && d == 0) {
		g->point -= after_point;	/* a leading zero */
		return;
	}
	g->point += !after_point;
	if (g->n < DIGITS_MAX)
		g->v[g->n++] = d;
	else
		g->more |= d != 0;
}

/* s is known to be a number. */
static void read_digits(const char *s, size_t n, struct digits *ret, bool *neg)
{
	bool after_point = false;
	int e = 0;

	*ret = (struct digits){ .n = 0 };
	*neg = s[0] == '-';
	for (size_t i = s[0] == '-' || s[0] == '+'; i < n; i++) {
		if (s[i] == 'e' || s[i] == 'E') {
			if (scan_exp(s, i + 1, n, &e))
				ret->point += e;
			return;
		}
		if (s[i] == '.')
			after_point = true;
		else
			push_digit(ret, (uint8_t)(s[i] - '0'), after_point);
	}
}

static bool round_up(const struct digits *g, int keep, int64_t m)
{
	bool rest = g->more;

	if (keep < 0 || keep >= g->n)
		return false;
	for (int i = keep + 1; i < g->n; i++)
		rest |= g->v[i] != 0;
	return g->v[keep] > 5 || (g->v[keep] == 5 && (rest || m % 2 != 0));
}

enum dec_rc dec_parse_round(struct dec *ret, const char *s, size_t n,
			    bool *ret_rounded)
{
	enum dec_rc rc = dec_parse(ret, s, n);
	struct digits g;
	int64_t m = 0;
	int keep;
	bool neg;

	*ret_rounded = false;
	if (rc != DEC_DIGITS || n > 4096)
		return rc;
	read_digits(s, n, &g, &neg);
	keep = g.point + DEC_PLACES;	/* so many digits down to 10^-18 */
	if (keep >= g.n && !g.more)
		return DEC_DIGITS;	/* its places are few: it is too large */
	for (int i = 0; i < keep; i++)
		if (__builtin_mul_overflow(m, 10, &m) ||
		    __builtin_add_overflow(m, i < g.n ? g.v[i] : 0, &m))
			return DEC_DIGITS;
	if (round_up(&g, keep, m) && __builtin_add_overflow(m, 1, &m))
		return DEC_DIGITS;
	*ret_rounded = true;
	return dec_fit(ret, neg ? -m : m, DEC_PLACES);
}

size_t dec_format(char buf[static DEC_TEXT_MAX], struct dec d)
{
	uint64_t u = d.m < 0 ? 0 - (uint64_t)d.m : (uint64_t)d.m;
	uint64_t p = (uint64_t)dec_pow10[d.d];
	const char *sign = d.m < 0 ? "-" : "";
	int k;

	if (d.d == 0)
		k = snprintf(buf, DEC_TEXT_MAX, "%s%" PRIu64, sign, u);
	else
		k = snprintf(buf, DEC_TEXT_MAX, "%s%" PRIu64 ".%0*" PRIu64,
			     sign, u / p, (int)d.d, u % p);
	assert(k > 0 && k < DEC_TEXT_MAX);
	return (size_t)k;
}

double dec_to_double(struct dec d)
{
	char buf[DEC_TEXT_MAX];

	/* Both exact as doubles: one rounding, the correct one. */
	if (d.m <= DEC_EXACT_MAX && d.m >= -DEC_EXACT_MAX)
		return (double)d.m / (double)dec_pow10[d.d];
	dec_format(buf, d);
	return strtod(buf, NULL);
}

bool dec_from_double(struct dec *ret, double x)
{
	char buf[40];

	if (!isfinite(x))
		return false;
	for (int prec = DBL_DIG; ; prec++) {
		int k = snprintf(buf, sizeof(buf), "%.*g", prec, x);

		assert(k > 0 && (size_t)k < sizeof(buf));
		if (prec == DBL_DECIMAL_DIG || strtod(buf, NULL) == x)
			return dec_parse(ret, buf, (size_t)k) == DEC_OK;
	}
}

/* m x 10^(to - d): the same number with more places. */
bool dec_rescale(int64_t m, unsigned d, unsigned to, int64_t *ret)
{
	assert(d <= to && to <= DEC_PLACES);
	return !__builtin_mul_overflow(m, dec_pow10[to - d], ret);
}

int dec_cmp(struct dec a, struct dec b)
{
	unsigned d = a.d > b.d ? a.d : b.d;
	money_raw x = (money_raw)a.m * dec_pow10[d - a.d];
	money_raw y = (money_raw)b.m * dec_pow10[d - b.d];

	return (x > y) - (x < y);
}
