#include "config.h"

#include <string.h>

#include "bt/ft_i.h"

/* A rules file: freqtrade's own key names.  A key that is not known is
 * refused: a rule that is silently not in force would cost money. */

struct ft_rules ft_defaults(void)
{
	return (struct ft_rules){
		.timeframe_ms = 0, .stoploss = -1,
		.trailing_positive = NAN, .use_exit_signal = true,
		.max_open_trades = 1, .stake_amount = 100, .wallet = 1000,
		.tradable_ratio = 0.99, .fee = 0.001, .leverage = 1,
		.last_stake_min_ratio = 0.5, .version = FT_2025,
		.entry_timeout = 10, .exit_timeout = 30,
		.interest_rate = 0.0005, .maintenance_ratio = 0.005,
		.liquidation_buffer = 0.05,
	};
}

static int bad(struct err *err, const char *key, const char *want)
{
	return FAIL(err, E_INVAL, "%s: must be %s", key, want);
}

static int read_num(const struct json *j, const char *key, double lo, double hi,
		    double *ret, struct err *err)
{
	double v;

	if (!json_f64(j, &v) || v < lo || v > hi)
		return FAIL(err, E_INVAL, "%s: must be a number from %g to %g",
			    key, lo, hi);
	*ret = v;
	return 0;
}

static int read_int(const struct json *j, const char *key, int64_t lo,
		    int64_t hi, int64_t *ret, struct err *err)
{
	int64_t v;

	if (!json_i64(j, &v) || v < lo || v > hi)
		return FAIL(err, E_INVAL, "%s: must be a whole number from %lld "
			    "to %lld", key, (long long)lo, (long long)hi);
	*ret = v;
	return 0;
}

static int read_flag(const struct json *j, const char *key, bool *ret,
		     struct err *err)
{
	return json_bool(j, ret) ? 0 : bad(err, key, "true or false");
}

static int read_timeframe(const struct json *j, const char *key, int64_t *ret,
			  struct err *err)
{
	static const struct { char unit; int64_t ms; } units[] = {
		{ 'm', 60000 }, { 'h', 3600000 }, { 'd', 86400000 },
		{ 'w', 604800000 } };
	struct str s;
	int64_t n;

	if (!json_str(j, &s) || s.n < 2 ||
	    !str_i64(str_n(s.p, s.n - 1), &n) || n < 1 || n > 100)
		return bad(err, key, "like \"5m\", \"1h\", \"1d\"");
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (units[i].unit == s.p[s.n - 1]) {
			*ret = n * units[i].ms;
			return 0;
		}
	return bad(err, key, "like \"5m\", \"1h\", \"1d\"");
}

static int read_roi(const struct json *j, struct ft_rules *r, struct err *err)
{
	const struct json *v;
	struct str key;

	if (json_type(j) != JSON_OBJ || json_len(j) > FT_ROI_MAX)
		return FAIL(err, E_INVAL, "minimal_roi: must be an object of "
			    "minutes and ratios, %d at most", FT_ROI_MAX);
	r->n_roi = 0;
	for (size_t i = 0; json_member(j, i, &key, &v); i++) {
		int64_t minutes;
		double ratio;
		size_t k = r->n_roi;

		if (!str_i64(key, &minutes) || minutes < 0 ||
		    !json_f64(v, &ratio))
			return FAIL(err, E_INVAL, "minimal_roi: \"%.*s\" is not "
				    "minutes and a ratio", STR_ARG(key));
		for (; k > 0 && r->roi[k - 1].minutes > minutes; k--)
			r->roi[k] = r->roi[k - 1];
		r->roi[k].minutes = minutes;
		r->roi[k].ratio = ratio;
		r->n_roi++;
	}
	return 0;
}

static int read_stake(const struct json *j, struct ft_rules *r, struct err *err)
{
	struct str s;

	if (json_str(j, &s)) {
		if (!str_eqc(s, "unlimited"))
			return bad(err, "stake_amount", "a number or \"unlimited\"");
		r->stake_amount = NAN;
		return 0;
	}
	return read_num(j, "stake_amount", 1e-8, 1e15, &r->stake_amount, err);
}

static int read_clock(const struct json *j, int *ret, struct err *err)
{
	struct str s, part;
	uint64_t h, m;

	if (json_str(j, &s) && str_split(&s, ':', &part) && str_u64(part, &h) &&
	    str_u64(s, &m) && h < 24 && m < 60) {
		*ret = (int)(h * 60 + m);
		return 0;
	}
	return bad(err, "unlock_at", "like \"08:30\"");
}

static int protection_kind(const struct json *j, struct ft_protection *p,
			   struct err *err)
{
	static const struct { const char *name; enum ft_protection_kind kind; }
	names[] = {
		{ "CooldownPeriod", FT_COOLDOWN },
		{ "StoplossGuard", FT_STOPLOSS_GUARD },
		{ "MaxDrawdown", FT_MAX_DRAWDOWN },
		{ "LowProfitPairs", FT_LOW_PROFIT } };
	struct str s;

	if (json_str(json_get(j, "method"), &s))
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			if (str_eqc(s, names[i].name)) {
				p->kind = names[i].kind;
				p->trade_limit = p->kind == FT_STOPLOSS_GUARD ? 10 : 1;
				return 0;
			}
	return bad(err, "protections.method", "CooldownPeriod, StoplossGuard, "
		   "MaxDrawdown or LowProfitPairs");
}

static int protection_key(struct str k, const struct json *v, double tf_min,
			  struct ft_protection *p, struct err *err)
{
	double n = 0;
	int rc;

	if (str_eqc(k, "method"))
		return 0;
	if (str_eqc(k, "lookback_period_candles") ||
	    str_eqc(k, "stop_duration_candles")) {
		rc = read_num(v, "protections", 0, 1e6, &n, err);
		if (rc == 0)
			*(str_starts(k, "look") ? &p->lookback : &p->stop) =
				floor(n) * tf_min;
		return rc;
	}
	if (str_eqc(k, "lookback_period"))
		return read_num(v, "lookback_period", 0, 1e8, &p->lookback, err);
	if (str_eqc(k, "stop_duration"))
		return read_num(v, "stop_duration", 0, 1e8, &p->stop, err);
	if (str_eqc(k, "unlock_at"))
		return read_clock(v, &p->unlock_minute, err);
	if (str_eqc(k, "trade_limit"))
		return read_int(v, "trade_limit", 1, 1000000, &p->trade_limit, err);
	if (str_eqc(k, "only_per_pair"))
		return read_flag(v, "only_per_pair", &p->only_per_pair, err);
	if (str_eqc(k, "only_per_side"))
		return read_flag(v, "only_per_side", &p->only_per_side, err);
	if (str_eqc(k, "required_profit"))
		return read_num(v, "required_profit", -10, 10, &p->required_profit, err);
	if (str_eqc(k, "calculation_mode")) {
		struct str s;

		if (!json_str(v, &s) ||
		    (!str_eqc(s, "ratios") && !str_eqc(s, "equity")))
			return bad(err, "calculation_mode",
				   "\"ratios\" or \"equity\"");
		p->of_equity = str_eqc(s, "equity");
		return 0;
	}
	if (str_eqc(k, "max_allowed_drawdown"))
		return read_num(v, "max_allowed_drawdown", 0, 10, &p->max_drawdown, err);
	return FAIL(err, E_INVAL, "protections: \"%.*s\" is not known", STR_ARG(k));
}

static int read_protections(const struct json *j, struct ft_rules *r,
			    struct err *err)
{
	double tf_min = (double)r->timeframe_ms / 60000;

	if (json_type(j) != JSON_ARR || json_len(j) > FT_PROTECTIONS_MAX)
		return FAIL(err, E_INVAL, "protections: must be a list of at "
			    "most %d", FT_PROTECTIONS_MAX);
	for (size_t i = 0; i < json_len(j); i++) {
		struct ft_protection p = {
			.lookback = 60, .stop = 60, .unlock_minute = -1 };
		const struct json *o = json_at(j, i), *v;
		struct str k;
		int rc = protection_kind(o, &p, err);

		for (size_t m = 0; rc == 0 && json_member(o, m, &k, &v); m++)
			rc = protection_key(k, v, tf_min, &p, err);
		if (rc < 0)
			return rc;
		r->protections[r->n_protections++] = p;
	}
	return 0;
}

/* "2024.10", "2025.3": the releases between which something changed. */
static int read_version(const struct json *j, struct ft_rules *r, struct err *err)
{
	struct str s, year;
	uint64_t y, m;

	if (json_str(j, &s) && str_split(&s, '.', &year) && str_u64(year, &y) &&
	    str_u64(str_n(s.p, s.n > 2 ? 2 : s.n), &m) && y >= 2024 && y < 2100) {
		r->version = y == 2024 ? FT_2024 : y == 2025 ? FT_2025 : FT_2026;
		r->late_2025 = y > 2025 || (y == 2025 && m >= 12);
		return 0;
	}
	return bad(err, "freqtrade_version", "like \"2024.10\" or \"2025.12\"");
}

static int read_mode(const struct json *j, struct ft_rules *r, struct err *err)
{
	static const char *const names[] = { "spot", "margin", "futures" };
	struct str s;

	if (json_str(j, &s))
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			if (str_eqc(s, names[i])) {
				r->mode = (enum ft_mode)i;
				return 0;
			}
	return bad(err, "trading_mode", "\"spot\", \"margin\" or \"futures\"");
}

static int read_timeouts(const struct json *j, struct ft_rules *r, struct err *err)
{
	const struct json *u = json_get(j, "unit"), *v;
	double unit = 1;
	struct str k, s;
	int rc = 0;

	if (u != NULL) {
		if (!json_str(u, &s) || (!str_eqc(s, "minutes") && !str_eqc(s, "seconds")))
			return bad(err, "unfilledtimeout.unit", "minutes or seconds");
		unit = str_eqc(s, "seconds") ? 1.0 / 60 : 1;
	}
	if (json_type(j) != JSON_OBJ)
		return bad(err, "unfilledtimeout", "an object");
	for (size_t i = 0; rc == 0 && json_member(j, i, &k, &v); i++) {
		bool entry = str_eqc(k, "entry") || str_eqc(k, "buy");
		double *to = entry ? &r->entry_timeout : &r->exit_timeout;

		if (str_eqc(k, "unit") || str_eqc(k, "exit_timeout_count"))
			continue;
		if (!entry && !str_eqc(k, "exit") && !str_eqc(k, "sell"))
			return FAIL(err, E_INVAL, "unfilledtimeout: \"%.*s\" is "
				    "not known", STR_ARG(k));
		rc = read_num(v, "unfilledtimeout", 0, 1e7, to, err);
		*to *= unit;
	}
	return rc;
}

/* Who lends, in margin mode; what else a configuration says of its exchange
 * does not matter here. */
static int read_exchange(const struct json *j, struct ft_rules *r, struct err *err)
{
	const struct json *name = json_type(j) == JSON_OBJ ? json_get(j, "name") : j;
	struct str s;

	if (!json_str(name, &s))
		return bad(err, "exchange", "a name, or an object with one");
	r->lender = str_eqc(s, "kraken") ? FT_LENDER_KRAKEN : FT_LENDER_BINANCE;
	return 0;
}

/* What would need code of the strategy: fine as long as it is off. */
static int read_off(const struct json *j, struct str key, struct err *err)
{
	bool on;

	if (json_bool(j, &on) && !on)
		return 0;
	return FAIL(err, E_INVAL, "%.*s: needs code of the strategy, which a "
		    "rules file does not have; set it to false", STR_ARG(key));
}

struct num_key { const char *name; size_t at; double lo, hi; };
#define NUM(key, member, lo, hi) { key, offsetof(struct ft_rules, member), lo, hi }
static const struct num_key num_keys[] = {
	NUM("stoploss", stoploss, -1, -1e-9),
	NUM("trailing_stop_positive_offset", trailing_offset, 0, 100),
	NUM("exit_profit_offset", exit_profit_offset, -100, 100),
	NUM("tradable_balance_ratio", tradable_ratio, 0.01, 1),
	NUM("dry_run_wallet", wallet, 1e-8, 1e15),
	NUM("fee", fee, 0, 0.5),
	NUM("leverage", leverage, 1, 200),
	NUM("last_stake_amount_min_ratio", last_stake_min_ratio, 0, 1),
	NUM("minimum_stake", minimum_stake, 0, 1e15),
	NUM("interest_rate", interest_rate, 0, 1),
	NUM("maintenance_ratio", maintenance_ratio, 0, 0.9),
	NUM("maintenance_amount", maintenance_amount, 0, 1e15),
	NUM("liquidation_buffer", liquidation_buffer, 0, 0.99),
	NUM("sell_profit_offset", exit_profit_offset, -100, 100),
};
struct flag_key { const char *name; size_t at; };
#define FLAG(key, member) { key, offsetof(struct ft_rules, member) }
static const struct flag_key flag_keys[] = {
	FLAG("trailing_stop", trailing_stop),
	FLAG("trailing_only_offset_is_reached", only_offset),
	FLAG("use_exit_signal", use_exit_signal),
	FLAG("exit_profit_only", exit_profit_only),
	FLAG("ignore_roi_if_entry_signal", ignore_roi_if_entry),
	FLAG("can_short", can_short),
	FLAG("position_stacking", position_stacking),
	FLAG("amend_last_stake_amount", amend_last_stake),
	/* as they were called before 2022 */
	FLAG("use_sell_signal", use_exit_signal),
	FLAG("sell_profit_only", exit_profit_only),
	FLAG("ignore_roi_if_buy_signal", ignore_roi_if_entry),
};
/* Of a configuration, and of no effect in a backtest. */
static const char *const inert_keys[] = {
	"stake_currency", "fiat_display_currency", "dry_run", "strategy",
	"process_only_new_candles", "order_types", "order_time_in_force",
	"entry_pricing", "exit_pricing", "pairlists", "bot_name",
	"strategy_name", "INTERFACE_VERSION", "enable_protections",
};
static const char *const off_keys[] = {
	"use_custom_stoploss", "use_custom_roi", "position_adjustment_enable",
};

static int read_trades(const struct json *j, struct ft_rules *r, struct err *err)
{
	return read_int(j, "max_open_trades", -1, 100000, &r->max_open_trades, err);
}

static int read_startup(const struct json *j, struct ft_rules *r, struct err *err)
{
	return read_int(j, "startup_candle_count", 0, 1000000, &r->startup, err);
}

static int read_positive(const struct json *j, struct ft_rules *r, struct err *err)
{
	return json_type(j) == JSON_NULL ? 0 :
		read_num(j, "trailing_stop_positive", 0, 1,
			 &r->trailing_positive, err);
}

static int read_detail(const struct json *j, struct ft_rules *r, struct err *err)
{
	return read_timeframe(j, "timeframe_detail", &r->detail_ms, err);
}

static int read_margin(const struct json *j, struct ft_rules *r, struct err *err)
{
	struct str s;

	(void)r;
	return json_str(j, &s) && !str_eqc(s, "cross") ? 0 :
		bad(err, "margin_mode", "\"isolated\"");
}

/* Read first, or when all others are known. */
static int read_later(const struct json *j, struct ft_rules *r, struct err *err)
{
	(void)j;
	(void)r;
	(void)err;
	return 0;
}

static const struct own_key {
	const char *name;
	int (*read)(const struct json *j, struct ft_rules *r, struct err *err);
} own_keys[] = {
	{ "minimal_roi", read_roi }, { "stake_amount", read_stake },
	{ "max_open_trades", read_trades },
	{ "startup_candle_count", read_startup },
	{ "trailing_stop_positive", read_positive },
	{ "freqtrade_version", read_version },
	{ "unfilledtimeout", read_timeouts }, { "exchange", read_exchange },
	{ "timeframe_detail", read_detail }, { "margin_mode", read_margin },
	{ "timeframe", read_later }, { "protections", read_later },
	{ "trading_mode", read_later },
};

static int read_key(struct str key, const struct json *v, struct ft_rules *r,
		    struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(num_keys); i++)
		if (str_eqc(key, num_keys[i].name))
			return read_num(v, num_keys[i].name, num_keys[i].lo,
					num_keys[i].hi, (double *)
					((char *)r + num_keys[i].at), err);
	for (size_t i = 0; i < ARRAY_LEN(flag_keys); i++)
		if (str_eqc(key, flag_keys[i].name))
			return read_flag(v, flag_keys[i].name, (bool *)
					 ((char *)r + flag_keys[i].at), err);
	for (size_t i = 0; i < ARRAY_LEN(own_keys); i++)
		if (str_eqc(key, own_keys[i].name))
			return own_keys[i].read(v, r, err);
	for (size_t i = 0; i < ARRAY_LEN(off_keys); i++)
		if (str_eqc(key, off_keys[i]))
			return read_off(v, key, err);
	for (size_t i = 0; i < ARRAY_LEN(inert_keys); i++)
		if (str_eqc(key, inert_keys[i]))
			return 0;
	return FAIL(err, E_INVAL, "\"%.*s\" is not a rule that is known",
		    STR_ARG(key));
}

static int settle_protections(const struct json *j, struct ft_rules *r,
			      struct err *err)
{
	const struct json *p = json_get(j, "protections");
	const struct json *enable = json_get(j, "enable_protections");
	bool on = true;
	int rc = 0;

	if (enable != NULL && !json_bool(enable, &on))
		return bad(err, "enable_protections", "true or false");
	if (p != NULL && r->timeframe_ms == 0)
		return FAIL(err, E_INVAL, "protections need \"timeframe\"");
	if (p != NULL)
		rc = read_protections(p, r, err);
	if (!on)
		r->n_protections = 0;
	return rc;
}

static int settle_mode(const struct json *j, struct ft_rules *r, struct err *err)
{
	const struct json *mode = json_get(j, "trading_mode");
	int rc = 0;

	r->mode = r->can_short || r->leverage != 1 ? FT_FUTURES : FT_SPOT;
	if (mode != NULL)
		rc = read_mode(mode, r, err);
	if (rc < 0)
		return rc;
	if (r->mode == FT_SPOT && r->can_short)
		return FAIL(err, E_INVAL, "can_short: needs trading_mode "
			    "\"futures\" or \"margin\"");
	if (r->mode == FT_SPOT && r->leverage != 1)
		return FAIL(err, E_INVAL, "leverage: needs trading_mode "
			    "\"futures\" or \"margin\"");
	return 0;
}

/* What follows from several keys. */
static int settle(const struct json *j, struct ft_rules *r, struct err *err)
{
	int rc = settle_protections(j, r, err);

	if (rc == 0)
		rc = settle_mode(j, r, err);
	if (rc < 0)
		return rc;
	if (r->only_offset && !(r->trailing_offset > 0))
		return FAIL(err, E_INVAL, "trailing_only_offset_is_reached needs "
			    "trailing_stop_positive_offset above 0");
	if (isnan(r->stake_amount) && r->max_open_trades <= 0)
		return FAIL(err, E_INVAL, "stake_amount \"unlimited\" needs "
			    "max_open_trades above 0");
	if (r->detail_ms != 0 && r->timeframe_ms != 0 &&
	    (r->detail_ms >= r->timeframe_ms || r->timeframe_ms % r->detail_ms))
		return FAIL(err, E_INVAL, "timeframe_detail: must divide the "
			    "timeframe");
	return 0;
}

int ft_rules_read(const struct json *j, struct ft_rules *ret, struct err *err)
{
	struct ft_rules r = *ret;
	const struct json *v;
	struct str key;
	int rc = 0;

	if (json_type(j) != JSON_OBJ)
		return FAIL(err, E_INVAL, "the rules must be an object");
	if (json_get(j, "timeframe") != NULL)
		rc = read_timeframe(json_get(j, "timeframe"), "timeframe",
				    &r.timeframe_ms, err);
	for (size_t i = 0; rc == 0 && json_member(j, i, &key, &v); i++)
		rc = read_key(key, v, &r, err);
	if (rc == 0)
		rc = settle(j, &r, err);
	if (rc == 0)
		*ret = r;
	return rc;
}
