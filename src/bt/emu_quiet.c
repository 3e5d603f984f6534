#include "config.h"

#include "bt/emu_price_i.h"

/* Bars on which nothing waits and nothing is said: the account is only
 * valued.  What emu_bar does for each is done here in one loop, to the same
 * bits; a bar on which a rule might act is left to emu_bar. */

static bool rules_silent(const struct emu *e)
{
	return !e->work && e->pool == NULL &&
	       (e->open.n == 0 || (!emu_carries(&e->r) && e->r.rate.n == 0)) && e->open.n <= 1 && !e->risk.on &&
	       isinf(e->risk.max_drawdown) &&
	       e->a.n_closed == e->closed.n &&
	       (e->open.n == 1) == (e->a.position_size != 0);
}

struct span { double high, low; };	/* prices the position has seen */

/* Values the bars of an open position; returns how many it could. */
static size_t value(struct emu *e, const struct bars *b, size_t n, double *equity,
		    struct span *seen)
{
	const double pos = e->position, cost = e->cost, pv = e->r.pointvalue;
	const double fee = e->open_fee.v[0];
	const double base = e->r.initial_capital + e->a.net_profit;
	const double m = (pos > 0 ? e->r.margin_long : e->r.margin_short) / 100;
	const double tied = m > 0 ? fabs(pos) * pv * m : 0;
	/* well before emu_margin_check would act */
	const double least = m > 0 ? -0.5e-9 * e->r.initial_capital : -INFINITY;
	double peak = e->peak, trough = e->trough;
	double down = e->a.max_drawdown, up = e->a.max_runup;
	double high = -INFINITY, low = INFINITY;
	size_t i;

	for (i = 0; i < n; i++) {
		double h = b->h[i], l = b->l[i];
		double at_h = base + ((pos * h - cost) * pv - fee);
		double at_l = base + ((pos * l - cost) * pv - fee);
		double q = base + ((pos * b->c[i] - cost) * pv - fee);
		double hi = at_h > at_l ? at_h : at_l;
		double lo = at_h > at_l ? at_l : at_h;

		/* Funds are linear in the price: the ends decide. */
		if (at_h - tied * h < least || at_l - tied * l < least)
			break;
		high = h > high ? h : high;
		low = l < low ? l : low;
		hi = q > hi ? q : hi;
		lo = q < lo ? q : lo;
		down = peak - lo > down ? peak - lo : down;
		up = hi - trough > up ? hi - trough : up;
		peak = hi > peak ? hi : peak;
		trough = lo < trough ? lo : trough;
		equity[i] = q;
	}
	e->peak = peak;
	e->trough = trough;
	e->a.max_drawdown = down;
	e->a.max_runup = up;
	*seen = (struct span){ high, low };
	return i;
}

size_t emu_quiet(struct emu *e, const struct bars *b, size_t n, double *equity,
		 double *position)
{
	double before = e->a.equity;
	struct span seen;

	if (!rules_silent(e) || n == 0)
		return 0;
	if (e->open.n == 0) {
		for (size_t i = 0; i < n; i++)
			equity[i] = before;
	} else {
		n = value(e, b, n, equity, &seen);
		if (n == 0)
			return 0;
		emu_touch(e, &e->open.v[0], seen.high);
		emu_touch(e, &e->open.v[0], seen.low);
	}
	for (size_t i = 0; i < n; i++)
		position[i] = e->a.position_size;
	/* Nobody asks for its open and volume any more; to read them here would
	 * be a miss of the cache each time. */
	e->bar.t = b->t[n - 1];
	e->bar.h = b->h[n - 1];
	e->bar.l = b->l[n - 1];
	e->bar.c = b->c[n - 1];
	e->index += (int64_t)n;
	e->a.equity = before;
	if (e->open.n > 0)
		emu_value(e);
	return n;
}
