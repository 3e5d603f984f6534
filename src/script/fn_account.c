/* What a script may ask of its account, and odds and ends. */
#include "config.h"

#include "script/lib_i.h"

#define FN(name) int fn_##name(struct script_vm *vm, double *ret, const double *a, size_t n)

static double ratio(double a, double b) { return b > 0 ? a / b : NAN; }

FN(account)
{
	static const struct strat_account none = { .position_avg_price = NAN };
	const struct strat_account *k = vm->acct != NULL ? vm->acct : &none;
	double start = vm->acct != NULL ? k->initial_capital : vm->p->props.initial_capital;

	(void)a;
	(void)n;
	switch (vm->call->data) {
	case AC_POSITION: *ret = k->position_size; break;
	case AC_AVG_PRICE: *ret = k->position_size != 0 ? k->position_avg_price : NAN; break;
	case AC_EQUITY: *ret = vm->acct != NULL ? k->equity : start; break;
	case AC_NET: *ret = k->net_profit; break;
	case AC_OPEN: *ret = k->open_profit; break;
	case AC_GROSS_PROFIT: *ret = k->gross_profit; break;
	case AC_GROSS_LOSS: *ret = k->gross_loss; break;
	case AC_INITIAL: *ret = start; break;
	case AC_OPENTRADES: *ret = (double)k->n_open; break;
	case AC_CLOSEDTRADES: *ret = (double)k->n_closed; break;
	case AC_WINS: *ret = (double)k->win_trades; break;
	case AC_LOSSES: *ret = (double)k->loss_trades; break;
	case AC_EVENS: *ret = (double)k->even_trades; break;
	default: return fn_account_more(vm, ret, k, start);
	}
	return 0;
}

static int account_percent(struct script_vm *vm, double *ret,
			   const struct strat_account *k, double start)
{
	const struct strat_properties *p = &vm->p->props;
	double wins = (double)k->win_trades, losses = (double)k->loss_trades;

	switch (vm->call->data) {
	case AC_MAX_LONG: *ret = k->max_long; break;
	case AC_MAX_SHORT: *ret = k->max_short; break;
	case AC_GROSS_PROFIT_PERCENT: *ret = 100 * ratio(k->gross_profit, start); break;
	case AC_GROSS_LOSS_PERCENT: *ret = 100 * ratio(k->gross_loss, start); break;
	case AC_MAX_DRAWDOWN_PERCENT: *ret = k->max_drawdown_percent; break;
	case AC_MAX_RUNUP_PERCENT: *ret = k->max_runup_percent; break;
	case AC_AVG_TRADE_PERCENT:
		*ret = ratio(k->win_percents + k->loss_percents, (double)k->n_closed);
		break;
	case AC_AVG_WIN_PERCENT: *ret = ratio(k->win_percents, wins); break;
	case AC_AVG_LOSS_PERCENT: *ret = -ratio(k->loss_percents, losses); break;
	case AC_CAPITAL_HELD:
		*ret = fabs(k->position_size) * vm->cols[COL_CLOSE].b[vm->at] *
		       vm->m.pointvalue / 100 *
		       (k->position_size < 0 ? p->margin_short : p->margin_long);
		break;
	case AC_FIRST: *ret = (double)k->closed_first; break;
	default: break;
	}
	return 0;
}

int fn_account_more(struct script_vm *vm, double *ret, const struct strat_account *k,
		    double start)
{
	const char *s = k->position_entry_name;

	switch (vm->call->data) {
	case AC_MAX_DRAWDOWN: *ret = k->max_drawdown; break;
	case AC_MAX_RUNUP: *ret = k->max_runup; break;
	case AC_MAX_CONTRACTS: *ret = k->max_contracts; break;
	case AC_LIQUIDATION: *ret = k->margin_liquidation_price; break;
	case AC_ENTRY_NAME:
		*ret = s != NULL ? vm_str_new(vm, s, strlen(s)) : vm_str_new(vm, "", 0);
		break;
	case AC_NET_PERCENT: *ret = 100 * ratio(k->net_profit, start); break;
	case AC_OPEN_PERCENT: *ret = 100 * ratio(k->open_profit, start + k->net_profit); break;
	case AC_AVG_TRADE: *ret = ratio(k->net_profit, (double)k->n_closed); break;
	case AC_AVG_WIN: *ret = ratio(k->gross_profit, (double)k->win_trades); break;
	case AC_AVG_LOSS: *ret = ratio(k->gross_loss, (double)k->loss_trades); break;
	default: return account_percent(vm, ret, k, start);
	}
	return 0;
}

/* The size of an entry without one at this price, as the broker cuts it. */
FN(default_qty)
{
	const struct strat_properties *p = &vm->p->props;
	double unit = a[0] * vm->m.pointvalue, money = p->default_qty_value, k;

	(void)n;
	*ret = money;
	if (p->default_qty_type == STRAT_QTY_FIXED)
		return 0;
	if (p->default_qty_type == STRAT_QTY_PERCENT)
		money *= (vm->acct != NULL ? vm->acct->equity : p->initial_capital) / 100;
	switch (p->commission_type) {
	case STRAT_FEE_PERCENT: unit *= 1 + p->commission_value / 100; break;
	case STRAT_FEE_PER_CONTRACT: unit += p->commission_value; break;
	case STRAT_FEE_PER_ORDER: money -= p->commission_value; break;
	}
	*ret = isnan(unit) ? NAN : 0;
	if (!(unit > 0 && money > 0))
		return 0;
	*ret = money / unit;
	if (!(vm->m.lot > 0))
		return 0;
	k = *ret / vm->m.lot;
	k = fabs(k - nearbyint(k)) < 1e-9 * fmax(1, k) ? nearbyint(k) : floor(k);
	*ret = k * vm->m.lot;
	return 0;
}

static const struct strat_trade *trade_at(const struct script_vm *vm, double i, bool open)
{
	const struct strat_account *k = vm->acct;
	size_t first = k != NULL && !open ? k->closed_first : 0;

	if (k == NULL || !(i >= (double)first) ||
	    i >= (double)(open ? k->n_open : k->n_closed))
		return NULL;
	return open ? &k->open[(size_t)i] : &k->closed[(size_t)i - first];
}

static double trade_text(struct script_vm *vm, const char *s)
{
	return s != NULL ? vm_str_new(vm, s, strlen(s)) : NAN;
}

/* Texts of a trade, all of what is left. */
static double trade_words(struct script_vm *vm, const struct strat_trade *t, bool open)
{
	switch (vm->call->data % TR_OPEN) {
	case TR_ENTRY_ID: return trade_text(vm, t->entry_id);
	case TR_ENTRY_COMMENT: return trade_text(vm, t->entry_comment);
	case TR_EXIT_ID: return open ? NAN : trade_text(vm, t->exit_id);
	default: return open ? NAN : trade_text(vm, t->exit_comment);
	}
}

FN(trade)
{
	bool open = vm->call->data >= TR_OPEN;
	const struct strat_trade *t = trade_at(vm, a[0], open);

	(void)n;
	*ret = NAN;
	if (t == NULL)
		return 0;
	switch (vm->call->data % TR_OPEN) {
	case TR_ENTRY_PRICE: *ret = t->entry_price; break;
	case TR_EXIT_PRICE: *ret = open ? NAN : t->exit_price; break;
	case TR_SIZE: *ret = t->size; break;
	case TR_PROFIT: *ret = t->profit; break;
	case TR_PROFIT_PERCENT:
		*ret = 100 * ratio(t->profit, fabs(t->size) * t->entry_price);
		break;
	case TR_RUNUP_PERCENT:
		*ret = 100 * ratio(t->max_runup, fabs(t->size) * t->entry_price);
		break;
	case TR_DRAWDOWN_PERCENT:
		*ret = 100 * ratio(t->max_drawdown, fabs(t->size) * t->entry_price);
		break;
	case TR_COMMISSION: *ret = t->commission; break;
	case TR_ENTRY_TIME: *ret = (double)t->entry_time; break;
	case TR_EXIT_TIME: *ret = open ? NAN : (double)t->exit_time; break;
	case TR_ENTRY_BAR: *ret = (double)t->entry_bar; break;
	case TR_EXIT_BAR: *ret = open ? NAN : (double)t->exit_bar; break;
	case TR_MAX_RUNUP: *ret = t->max_runup; break;
	case TR_MAX_DRAWDOWN: *ret = t->max_drawdown; break;
	default: *ret = trade_words(vm, t, open); break;
	}
	return 0;
}

/* Seeded by the program: the same run gives the same numbers. */
FN(random)
{
	uint64_t z;

	(void)n;
	vm->seed += 0x9e3779b97f4a7c15u;
	z = (vm->seed ^ vm->seed >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	*ret = a[0] + (double)((z ^ z >> 31) >> 11) / 9007199254740992.0 * (a[1] - a[0]);
	return 0;
}

FN(gradient)
{
	double f = (a[0] - a[1]) / (a[2] - a[1]), v = 0;
	uint32_t lo = f_color(a[3]), hi = f_color(a[4]);

	(void)vm;
	(void)n;
	*ret = NAN;
	if (isnan(f))
		return 0;
	f = f < 0 ? 0 : f > 1 ? 1 : f;
	for (int shift = 24; shift >= 0; shift -= 8) {
		double x = lo >> shift & 255, y = hi >> shift & 255;

		v = v * 256 + floor(x + f * (y - x) + 0.5);
	}
	*ret = v;
	return 0;
}
