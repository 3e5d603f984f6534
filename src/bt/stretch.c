#include "config.h"

#include "bt/quick_i.h"
#include "core/wide.h"

WIDE_BODY void value_body(const struct stretch *s, const double *price, size_t n,
			  double *ret)
{
	wide base = WIDE_ALL(s->base), pos = WIDE_ALL(s->pos), cost = WIDE_ALL(s->cost);
	wide pv = WIDE_ALL(s->pv), fee = WIDE_ALL(s->fee), p;
	size_t i = 0;

	for (; i + WIDE <= n; i += WIDE) {
		WIDE_LOAD(p, price + i);
		p = base + ((pos * p - cost) * pv - fee);
		WIDE_STORE(ret + i, p);
	}
	for (; i < n; i++)
		ret[i] = stretch_at(s, price[i]);
}
WIDE_FN(stretch_value, value_body,
	(const struct stretch *s, const double *price, size_t n, double *ret),
	(s, price, n, ret))

WIDE_BODY void fill_body(double x, size_t n, double *ret)
{
	wide v = WIDE_ALL(x);
	size_t i = 0;

	for (; i + WIDE <= n; i += WIDE)
		WIDE_STORE(ret + i, v);
	for (; i < n; i++)
		ret[i] = x;
}
WIDE_FN(stretch_fill, fill_body, (double x, size_t n, double *ret), (x, n, ret))

WIDE_BODY void span_body(const double *h, const double *l, size_t n, double *high,
			 double *low)
{
	double a = *high, b = *low;
	size_t i = 0;

	if (n >= WIDE) {
		wide x, y, top = WIDE_ALL(a), end = WIDE_ALL(b);

		for (; i + WIDE <= n; i += WIDE) {
			WIDE_LOAD(x, h + i);
			WIDE_LOAD(y, l + i);
			top = WIDE_PICK(x > top, x, top);
			end = WIDE_PICK(y < end, y, end);
		}
		for (size_t k = 0; k < WIDE; k++) {
			a = top[k] > a ? top[k] : a;
			b = end[k] < b ? end[k] : b;
		}
	}
	for (; i < n; i++) {
		a = h[i] > a ? h[i] : a;
		b = l[i] < b ? l[i] : b;
	}
	*high = a;
	*low = b;
}
WIDE_FN(stretch_span, span_body,
	(const double *h, const double *l, size_t n, double *high, double *low),
	(h, l, n, high, low))
