#include "config.h"

#include "bt/ft_i.h"

/* Steps of price and quantity.  freqtrade rounds the decimal text of a number,
 * not the double: a step is whole / 10^places, so that the multiple k of it is
 * k x whole / 10^places, the double nearest to the decimal, and comparing
 * doubles compares the decimals. */

struct step { double whole, ten; };

static struct step step_of(double size)
{
	struct step s = { size, 1 };

	for (int i = 0; i < 15; i++) {
		if (fabs(s.whole - nearbyint(s.whole)) <= 1e-9 * s.whole)
			break;
		s.ten *= 10;
		s.whole = size * s.ten;
	}
	s.whole = nearbyint(s.whole);
	return s.whole >= 1 ? s : (struct step){ size, 1 };
}

static double multiple(struct step s, double k)
{
	return k * s.whole / s.ten;
}

/* The largest whole k whose multiple is at most x; x >= 0. */
static double whole_below(double x, double size, struct step s)
{
	double k = floor(x / size);

	while (k > 0 && multiple(s, k) > x)
		k--;
	while (multiple(s, k + 1) <= x)
		k++;
	return k;
}

double ft_cut(double amount, double lot)
{
	struct step s;

	if (!(lot > 0) || !(amount > 0) || !isfinite(amount))
		return amount;
	s = step_of(lot);
	return multiple(s, whole_below(amount, lot, s));
}

double ft_nearest(double price, double tick)
{
	struct step s;
	double k;

	if (!(tick > 0) || !(price > 0) || !isfinite(price))
		return price;
	s = step_of(tick);
	k = whole_below(price, tick, s);
	if (price >= (2 * k + 1) * s.whole / (2 * s.ten))
		k++;
	return multiple(s, k);
}

double ft_toward(double price, double tick, bool up)
{
	struct step s;
	double k;

	if (!(tick > 0) || !(price > 0) || !isfinite(price))
		return price;
	s = step_of(tick);
	k = whole_below(price, tick, s);
	if (multiple(s, k) < price && up)
		k++;
	return multiple(s, k);
}

/* --- sums of money, once a trade ------------------------------------------ */

/* Wide enough that a product of decimals is rounded once, at its end. */
#ifdef __SIZEOF_FLOAT128__
__extension__ typedef __float128 wide;
#else
typedef long double wide;	/* 128 bits where there is no __float128 */
#endif

/* The decimal that a double prints as, which is what freqtrade multiplies. */
static wide decimal(double x)
{
	char text[F64_TEXT_MAX];
	size_t n = f64_format(text, x), i = 0;
	bool minus = n > 0 && text[0] == '-', point = false;
	wide v = 0, scale = 1;
	int exponent = 0;

	for (i = minus; i < n && text[i] != 'e' && text[i] != 'E'; i++) {
		if (text[i] == '.') {
			point = true;
			continue;
		}
		v = v * 10 + (text[i] - '0');
		if (point)
			scale *= 10;
	}
	if (i < n) {
		bool below = text[++i] == '-';

		for (i += text[i] == '-' || text[i] == '+'; i < n; i++)
			exponent = exponent * 10 + (text[i] - '0');
		for (int k = 0; k < exponent; k++)
			*(below ? &scale : &v) *= 10;
	}
	v /= scale;
	return minus ? -v : v;
}

double ft_product(double amount, double rate)
{
	return (double)(decimal(amount) * decimal(rate));
}

double ft_with_fee(double amount, double rate, double fee)
{
	wide v = decimal(amount) * decimal(rate);

	return (double)(v + v * decimal(fee));
}

double ft_round8(double x)
{
	wide v = (wide)x * 100000000, half = v < 0 ? -0.5 : 0.5;

	if (!(fabs(x) < 1e10))
		return x;
	return (double)((wide)(int64_t)(v + half) / 100000000);
}
