#include "config.h"

#include <math.h>
#include <string.h>

#include "bt/ft.h"
#include "core/array.h"
#include "script/script.h"

/* A script as the source of signals.  It runs bar by bar beside the rules and
 * sees its own pair's position, so that what asks strategy.position_size
 * means the same here. */

struct entered { const char *id; int side; };

struct feed {
	const struct ft_job *job;
	struct script_vm *vm;
	bool *enter_long, *exit_long, *enter_short, *exit_short;
	const char **enter_tag, **exit_tag;
	ARRAY(struct entered) ids;	/* which side an id enters */
	ARRAY(struct strat_trade) open, closed;
	size_t seen;			/* closed trades of the account */
	struct strat_account a;
	bool allow_long, allow_short;
};

struct feeds { struct arena *arena; struct feed *v; size_t ignored; };

static void enter(struct arena *out, struct feed *f, size_t row,
		  const struct strat_cmd *c)
{
	size_t i = 0;

	while (i < f->ids.n && strcmp(f->ids.v[i].id, c->id) != 0)
		i++;
	if (i == f->ids.n)
		*array_push(out, &f->ids) = (struct entered){
			arena_strdup(out, c->id), 0 };
	f->ids.v[i].side = c->dir;
	/* An entry turns the position: it leaves the other side too. */
	if (c->dir > 0) {
		f->enter_long[row] |= f->allow_long;
		f->exit_short[row] = true;
	} else {
		f->enter_short[row] |= f->allow_short;
		f->exit_long[row] = true;
	}
	if (f->enter_tag[row] == NULL)
		f->enter_tag[row] = f->ids.v[i].id;
}

static void leave(struct arena *out, struct feed *f, size_t row,
		  const struct strat_cmd *c, int side)
{
	f->exit_long[row] |= side >= 0;
	f->exit_short[row] |= side <= 0;
	if (c->comment != NULL && *c->comment != '\0')
		f->exit_tag[row] = arena_strdup(out, c->comment);
}

static int side_of(const struct feed *f, const char *id, int *ret)
{
	for (size_t i = 0; i < f->ids.n; i++)
		if (id != NULL && strcmp(f->ids.v[i].id, id) == 0) {
			*ret = f->ids.v[i].side;
			return 0;
		}
	return -E_NOTFOUND;
}

static int take(struct feeds *fs, struct feed *f, size_t row,
		const struct strat_cmd *c, struct err *err)
{
	int side = 0;

	switch (c->kind) {
	case STRAT_ENTRY:
	case STRAT_ORDER:
		if (!isnan(c->limit) || !isnan(c->stop))
			return FAIL(err, E_UNPROCESSABLE, "line %d: an entry "
				    "that waits for a price is no signal; the "
				    "freqtrade rules enter at the next open",
				    c->line);
		enter(fs->arena, f, row, c);
		break;
	case STRAT_CLOSE:
		if (side_of(f, c->id, &side) == 0)
			leave(fs->arena, f, row, c, side);
		break;
	case STRAT_CLOSE_ALL:
		leave(fs->arena, f, row, c, 0);
		break;
	case STRAT_EXIT:
		fs->ignored++;
		break;
	case STRAT_RISK_ALLOW_ENTRY:
		f->allow_long = c->dir >= 0;
		f->allow_short = c->dir <= 0;
		break;
	case STRAT_CANCEL: case STRAT_CANCEL_ALL:
	case STRAT_RISK_MAX_CONS_LOSS_DAYS: case STRAT_RISK_MAX_DRAWDOWN:
	case STRAT_RISK_MAX_INTRADAY_ORDERS: case STRAT_RISK_MAX_INTRADAY_LOSS:
	case STRAT_RISK_MAX_POSITION:
		break;			/* protections are the rules' own */
	}
	return 0;
}

/* The bar of this time, or the last one before it. */
static int64_t bar_at(const struct bars *b, int64_t t)
{
	size_t lo = 0, hi = b->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (b->t[mid] <= t)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (int64_t)lo - 1;
}

static struct strat_trade shown(const struct feed *f, const struct ft_trade *t)
{
	double size = t->is_short ? -t->amount : t->amount;
	const struct bars *b = &f->job->bars;
	struct strat_trade s = {
		.entry_id = t->enter_tag, .exit_id = t->exit_reason,
		.size = size, .entry_price = t->open_rate,
		.exit_price = t->close_ms != 0 ? t->close_rate : NAN,
		.profit = t->profit_abs,
		.commission = t->amount * (t->open_rate * t->fee_open +
					   t->close_rate * t->fee_close),
		.max_runup = (t->is_short ? t->open_rate - t->min_rate :
			      t->max_rate - t->open_rate) * t->amount,
		.max_drawdown = (t->is_short ? t->max_rate - t->open_rate :
				 t->open_rate - t->min_rate) * t->amount,
		.entry_time = t->open_ms, .exit_time = t->close_ms,
		.entry_bar = bar_at(b, t->open_ms),
		.exit_bar = t->close_ms != 0 ?
			bar_at(b, t->close_ms) : -1,
	};

	return s;
}

static void look(struct arena *out, struct feed *f, const struct ft_account *a,
		 double close)
{
	double size = 0, cost = 0, open = 0;

	for (; f->seen < a->n_closed; f->seen++) {
		const struct ft_trade *t = &a->closed[f->seen];

		if (strcmp(t->pair, f->job->pair) != 0)
			continue;
		*array_push(out, &f->closed) = shown(f, t);
		f->a.win_trades += t->profit_abs > 0;
		f->a.loss_trades += t->profit_abs < 0;
		f->a.even_trades += t->profit_abs == 0;
		*(t->profit_abs > 0 ? &f->a.gross_profit : &f->a.gross_loss) +=
			fabs(t->profit_abs);
	}
	f->open.n = 0;
	for (size_t i = 0; i < a->n_open; i++) {
		const struct ft_trade *t = &a->open[i];
		struct strat_trade s;

		if (strcmp(t->pair, f->job->pair) != 0)
			continue;
		s = shown(f, t);
		s.profit = (close - s.entry_price) * s.size;
		size += s.size;
		cost += s.size * s.entry_price;
		open += s.profit;
		*array_push(out, &f->open) = s;
	}
	f->a.equity = a->equity;
	f->a.net_profit = a->balance - f->a.initial_capital;
	f->a.open_profit = open;
	f->a.position_size = size;
	f->a.position_avg_price = size != 0 ? cost / size : NAN;
	f->a.position_entry_name = f->open.n > 0 ? f->open.v[0].entry_id : NULL;
	f->a.max_contracts = fmax(f->a.max_contracts, fabs(size));
	f->a.open = f->open.v;
	f->a.n_open = f->open.n;
	f->a.closed = f->closed.v;
	f->a.n_closed = f->closed.n;
}

static int on_candle(void *ctx, size_t pair, size_t row,
		     const struct ft_account *a, struct err *err)
{
	struct feeds *fs = ctx;
	struct feed *f = &fs->v[pair];
	struct bar b = bars_at(&f->job->bars, row);
	struct strat_cmds cmds;
	int rc;

	look(fs->arena, f, a, b.c);
	rc = script_on_bar(f->vm, &b, &f->a, &cmds, err);
	for (size_t i = 0; rc == 0 && i < cmds.n; i++)
		rc = take(fs, f, row, &cmds.v[i], err);
	return rc;
}

static int feed_new(struct arena *out, struct feed *f, const struct ft_job *j,
		    double wallet, struct ft_pair *ret, struct err *err)
{
	struct script_market *m = NEW(out, struct script_market);
	size_t n = j->bars.n;
	int rc;

	*m = *j->market;
	if (!script_properties(j->prog)->is_strategy)
		return FAIL(err, E_UNPROCESSABLE, "the script is an indicator: "
			    "only a strategy can be tested");
	if (n == 0)
		return FAIL(err, E_UNPROCESSABLE, "there are no candles");
	m->last_bar_index = (int64_t)n - 1;
	m->last_bar_time = j->bars.t[n - 1];
	m->ahead = &j->bars;
	*f = (struct feed){
		.job = j, .allow_long = true, .allow_short = true,
		.enter_long = NEW_N(out, bool, n),
		.exit_long = NEW_N(out, bool, n),
		.enter_short = NEW_N(out, bool, n),
		.exit_short = NEW_N(out, bool, n),
		.enter_tag = NEW_N(out, const char *, n),
		.exit_tag = NEW_N(out, const char *, n),
		.a = { .initial_capital = wallet, .equity = wallet,
		       .position_avg_price = NAN,
		       .margin_liquidation_price = NAN },
	};
	rc = script_vm_new(out, j->prog, j->binding, m, NULL, &f->vm, err);
	if (rc < 0)
		return rc;
	*ret = (struct ft_pair){
		.name = j->pair, .bars = j->bars,
		.enter_long = f->enter_long, .exit_long = f->exit_long,
		.enter_short = f->enter_short, .exit_short = f->exit_short,
		.enter_tag = f->enter_tag, .exit_tag = f->exit_tag,
		.tick = j->tick, .lot = j->lot,
		.detail = j->detail, .funding = j->funding,
	};
	return 0;
}

int ft_run_script(struct arena *out, const struct ft_job *jobs, size_t n_jobs,
		  const struct ft_rules *r, struct ft_result *ret,
		  struct err *err)
{
	struct feeds fs = { .arena = out, .v = NEW_N(out, struct feed, n_jobs) };
	struct ft_pair *pairs = NEW_N(out, struct ft_pair, n_jobs);
	int rc = 0;

	for (size_t i = 0; i < n_jobs; i++) {
		rc = feed_new(out, &fs.v[i], &jobs[i], r->wallet, &pairs[i], err);
		if (rc == 0)
			continue;
		err_wrap(err, "%s", jobs[i].pair);
		return rc;
	}
	rc = ft_run_with(out, r, pairs, n_jobs, on_candle, &fs, ret, err);
	if (rc == 0)
		ret->ignored_exits = fs.ignored;
	return rc;
}
