#include "config.h"

#include <math.h>

#include "bt/record.h"

void bt_record_ft_trade(const struct ft_trade *x, struct bt_trade *t)
{
	double best = x->is_short ? x->open_rate - x->min_rate :
		x->max_rate - x->open_rate;
	double worst = x->is_short ? x->max_rate - x->open_rate :
		x->open_rate - x->min_rate;

	t->pair = x->pair;
	t->entry_signal = t->tag = x->enter_tag;
	t->exit_reason = t->exit_signal = x->exit_reason;
	t->is_short = x->is_short;
	t->open_at_end = x->open_at_end;
	t->entry_ms = x->open_ms;
	t->exit_ms = x->close_ms;
	t->bars = x->candles;
	t->entry_price = x->open_rate;
	t->exit_price = x->close_rate;
	t->qty = x->amount;
	t->profit = x->profit_abs;
	t->profit_ratio = x->profit_ratio;
	t->fees = x->amount * (x->open_rate * x->fee_open +
			       x->close_rate * x->fee_close);
	t->mfe = best * x->amount;
	t->mae = worst * x->amount;
}

/* The signal of a candle is acted on at the open of the next one. */
static const double *seen_before(struct arena *out, const struct bt_plots *p,
				 int64_t entry_ms)
{
	size_t lo = 0, hi = p->bars;
	double *v;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (p->t[mid] < entry_ms)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0 || p->n == 0)
		return NULL;
	v = NEW_N(out, double, p->n);
	for (size_t k = 0; k < p->n; k++)
		v[k] = p->values[k * p->bars + lo - 1];
	return v;
}

int bt_record_freqtrade(struct arena *out, const struct ft_result *r,
			const struct bt_plots *plots, struct bt_record *ret,
			struct err *err)
{
	size_t n = r->n_equity;
	double *none = NEW_N(out, double, n + 1), *close = NEW_N(out, double, n + 1);
	struct bt_record rec = {
		.title = "freqtrade rules", .initial_capital = r->rules.wallet,
		.n = n, .t = r->equity_t, .equity = r->equity, .position = none,
		.close = close, .n_trades = r->n_trades,
		.trades = NEW_N(out, struct bt_trade, r->n_trades + 1),
	};
	struct ft_stats stats;
	struct sbuf b;
	struct jw w;

	/* Of several pairs: no one close, no one position. */
	for (size_t i = 0; i < n; i++)
		none[i] = close[i] = NAN;
	for (size_t i = 0; i < r->n_trades; i++) {
		rec.trades[i].number = i + 1;
		bt_record_ft_trade(&r->trades[i], &rec.trades[i]);
		if (plots != NULL)
			rec.trades[i].seen = seen_before(out, plots,
							 r->trades[i].open_ms);
	}
	if (plots != NULL) {
		rec.plots = *plots;
		rec.drawings = plots->drawings;
	}
	ft_stats(&stats, r);
	sbuf_init(&b, out, 1 << 20);
	jw_init(&w, &b);
	ft_properties_json(&w, &r->rules);
	rec.properties = sbuf_finish(&b);
	sbuf_init(&b, out, 1 << 20);
	jw_init(&w, &b);
	ft_metrics_json(&w, r, &stats);
	rec.metrics = sbuf_finish(&b);
	if (rec.properties == NULL || rec.metrics == NULL)
		return FAIL(err, E_TOOBIG, "the properties are too long");
	*ret = rec;
	return 0;
}
