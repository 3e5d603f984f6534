#include "config.h"

#include "bt/quick_i.h"

void stretch_value(const struct stretch *s, const double *price, size_t n, double *ret)
{
	for (size_t i = 0; i < n; i++)
		ret[i] = stretch_at(s, price[i]);
}

void stretch_span(const double *h, const double *l, size_t n, double *high, double *low)
{
	double a = *high, b = *low;

	for (size_t i = 0; i < n; i++) {
		a = h[i] > a ? h[i] : a;
		b = l[i] < b ? l[i] : b;
	}
	*high = a;
	*low = b;
}
