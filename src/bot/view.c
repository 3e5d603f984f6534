#include "config.h"

#include <math.h>

#include "bot/bot_i.h"

/* The account as the script sees it.  Built from struct acct alone, so that a
 * restart shows the same account for the same bar. */

void view_init(struct bot *b)
{
	b->open_view = NEW_N(b->arena, struct strat_trade, ACCT_LOTS_MAX);
	b->closed_view = NEW_N(b->arena, struct strat_trade, ACCT_CLOSED_KEPT);
	b->view = (struct strat_account){
		.initial_capital = quote_to_double(b->row.initial),
		.margin_liquidation_price = NAN,
		.open = b->open_view, .closed = b->closed_view,
	};
	b->closed_seen = 0;
}

static void trade_view(const struct acct_trade *t, double close,
		       struct strat_trade *v)
{
	double size = qty_to_double(t->qty) * t->direction;

	*v = (struct strat_trade){
		.entry_id = t->entry_signal, .entry_comment = t->entry_comment,
		.size = size, .entry_price = price_to_double(acct_entry_price(t)),
		.exit_price = NAN,
		.commission = quote_to_double(t->entry_fee) +
			quote_to_double(t->exit_fee),
		.max_runup = t->max_runup, .max_drawdown = t->max_drawdown,
		.entry_time = t->entry_ms, .entry_bar = t->entry_bar,
	};
	if (t->open) {
		v->profit = (close - v->entry_price) * size - v->commission;
		return;
	}
	v->exit_id = t->exit_signal;
	v->exit_comment = t->exit_comment;
	v->exit_price = price_to_double(acct_exit_price(t));
	v->exit_time = t->exit_ms;
	v->exit_bar = t->exit_bar;
	v->profit = quote_to_double(t->profit);
}

/* Closed trades never change but for the newest few, whose parts may still be
 * joined by further fills of the same exit. */
static void closed_view(struct bot *b)
{
	const struct acct *a = &b->acct;
	size_t end = a->closed_first + a->n_closed, from = 0;

	if (b->view.closed_first == a->closed_first && b->closed_seen > a->closed_first) {
		from = b->closed_seen - a->closed_first;
		from = from > 2 ? from - 2 : 0;
	}
	for (size_t i = from; i < a->n_closed; i++)
		trade_view(&a->closed[i], NAN, &b->closed_view[i]);
	b->closed_seen = end;
	b->view.closed_first = a->closed_first;
	b->view.n_closed = end;
}

void view_update(struct bot *b, struct price close)
{
	const struct acct *a = &b->acct;
	struct strat_account *v = &b->view;
	struct quote q;

	v->equity = acct_equity(a, close, &q) ? quote_to_double(q) : NAN;
	v->open_profit = acct_open_profit(a, close, &q) ? quote_to_double(q) : NAN;
	v->net_profit = quote_to_double(a->net_profit);
	v->gross_profit = quote_to_double(a->gross_profit);
	v->gross_loss = quote_to_double(a->gross_loss);
	v->max_drawdown = quote_to_double(a->max_drawdown);
	v->max_runup = quote_to_double(a->max_runup);
	v->position_size = qty_to_double(a->base);
	v->position_avg_price = a->n_lots > 0 ?
		price_to_double(acct_avg_price(a)) : NAN;
	v->max_contracts = a->max_contracts;
	v->position_entry_name = a->n_lots > 0 ? a->lots[0].entry_signal : NULL;
	v->win_trades = (int64_t)a->wins;
	v->loss_trades = (int64_t)a->losses;
	v->even_trades = (int64_t)a->evens;
	v->n_open = a->n_lots;
	for (size_t i = 0; i < a->n_lots; i++)
		trade_view(&a->lots[i], price_to_double(close), &b->open_view[i]);
	closed_view(b);
}
