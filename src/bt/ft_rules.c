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
		.last_stake_min_ratio = 0.5,
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

static int read_timeframe(const struct json *j, struct ft_rules *r,
			  struct err *err)
{
	static const struct { char unit; int64_t ms; } units[] = {
		{ 'm', 60000 }, { 'h', 3600000 }, { 'd', 86400000 },
		{ 'w', 604800000 } };
	struct str s;
	int64_t n;

	if (!json_str(j, &s) || s.n < 2 ||
	    !str_i64(str_n(s.p, s.n - 1), &n) || n < 1 || n > 100)
		return bad(err, "timeframe", "like \"5m\", \"1h\", \"1d\"");
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (units[i].unit == s.p[s.n - 1]) {
			r->timeframe_ms = n * units[i].ms;
			return 0;
		}
	return bad(err, "timeframe", "like \"5m\", \"1h\", \"1d\"");
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
	if (str_eqc(key, "minimal_roi"))
		return read_roi(v, r, err);
	if (str_eqc(key, "stake_amount"))
		return read_stake(v, r, err);
	if (str_eqc(key, "max_open_trades"))
		return read_int(v, "max_open_trades", -1, 100000, &r->max_open_trades, err);
	if (str_eqc(key, "startup_candle_count"))
		return read_int(v, "startup_candle_count", 0, 1000000, &r->startup, err);
	if (str_eqc(key, "trailing_stop_positive"))
		return json_type(v) == JSON_NULL ? 0 :
			read_num(v, "trailing_stop_positive", 0, 1,
				 &r->trailing_positive, err);
	if (str_eqc(key, "timeframe") || str_eqc(key, "protections"))
		return 0;			/* read first, and last */
	return FAIL(err, E_INVAL, "\"%.*s\" is not a rule that is known",
		    STR_ARG(key));
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
		rc = read_timeframe(json_get(j, "timeframe"), &r, err);
	for (size_t i = 0; rc == 0 && json_member(j, i, &key, &v); i++)
		rc = read_key(key, v, &r, err);
	if (rc == 0 && json_get(j, "protections") != NULL) {
		if (r.timeframe_ms == 0)
			return FAIL(err, E_INVAL, "protections need \"timeframe\"");
		rc = read_protections(json_get(j, "protections"), &r, err);
	}
	if (rc == 0 && r.only_offset && !(r.trailing_offset > 0))
		rc = FAIL(err, E_INVAL, "trailing_only_offset_is_reached needs "
			  "trailing_stop_positive_offset above 0");
	if (rc == 0)
		*ret = r;
	return rc;
}
