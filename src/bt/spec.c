#include "config.h"

#include <math.h>
#include <string.h>

#include "bt/spec.h"
#include "market/funding.h"

const char *bt_rules_name(enum bt_rules r)
{
	switch (r) {
#define X(id, name, letter) case BT_RULES_##id: return name;
	BT_RULES_LIST(X)
#undef X
	}
	return "?";
}

char bt_rules_letter(enum bt_rules r)
{
	switch (r) {
#define X(id, name, letter) case BT_RULES_##id: return letter;
	BT_RULES_LIST(X)
#undef X
	}
	return '?';
}

bool bt_rules_parse(struct str s, enum bt_rules *ret)
{
#define X(id, name, letter)						\
	if (str_eqc(s, name)) {						\
		*ret = BT_RULES_##id;					\
		return true;						\
	}
	BT_RULES_LIST(X)
#undef X
	return false;
}

bool bt_rules_of(char c, enum bt_rules *ret)
{
#define X(id, name, letter)						\
	if (c == (letter)) {						\
		*ret = BT_RULES_##id;					\
		return true;						\
	}
	BT_RULES_LIST(X)
#undef X
	return false;
}

/* ---- options ------------------------------------------------------------- */

struct num_opt { const char *name; size_t at; double lo, hi; };
#define NUM(key, member, lo, hi) { key, offsetof(struct bt_setup, member), lo, hi }
static const struct num_opt num_opts[] = {
	NUM("initial_capital", opt.initial_capital, 1e-8, 1e12),
	NUM("fee", opt.fee_percent, 0, 50),
	NUM("slippage", opt.slippage_ticks, 0, 1e6),
	NUM("spread", opt.spread_ticks, 0, 1e6),
	NUM("latency", opt.latency_ms, 0, 1e9),
	NUM("volume_share", opt.volume_percent, 0, 100),
	NUM("mintick", mintick, 1e-12, 1e9),
	NUM("lot", lot, 0, 1e9),
	NUM("interest", opt.interest_percent, 0, 1000),
	NUM("max_open_trades", max_open, 0, 10000),
};

/* "binance:ETH/USDT:1h" apart; without a timeframe *ret_tf is 0. */
static bool read_series(struct str s, struct market *ret, enum tf *ret_tf)
{
	size_t at = s.n;

	*ret_tf = (enum tf)0;
	while (at > 0 && s.p[at - 1] != ':')
		at--;
	if (at > 0 && tf_parse(str_n(s.p + at, s.n - at), ret_tf))
		s.n = at - 1;
	return market_ref_parse(s, ret);
}

static int read_data(const struct json *v, struct bt_setup *s, struct err *err)
{
	if (json_type(v) == JSON_NULL)
		return 0;
	if (json_type(v) != JSON_ARR || json_len(v) > BT_DATA_MAX)
		return FAIL(err, E_INVAL, "data: must be a list of at most %d series",
			    BT_DATA_MAX);
	for (size_t i = 0; i < json_len(v); i++) {
		struct market m;
		struct str text;
		enum tf tf;

		if (!json_str(json_at(v, i), &text) || !read_series(text, &m, &tf))
			return FAIL(err, E_INVAL, "data: must be like "
				    "\"binance:ETH/USDT:1h\"");
	}
	s->data = v;
	return 0;
}

static int read_markets(const struct json *v, struct bt_setup *s, struct err *err)
{
	struct market m;
	struct str text;

	if (json_type(v) == JSON_NULL)
		return 0;
	if (json_type(v) != JSON_ARR || json_len(v) > BT_MARKETS_MAX)
		return FAIL(err, E_INVAL, "markets: must be a list of at most %d",
			    BT_MARKETS_MAX);
	for (size_t i = 0; i < json_len(v); i++)
		if (!json_str(json_at(v, i), &text) || !market_ref_parse(text, &m))
			return FAIL(err, E_INVAL, "markets: must be like "
				    "\"binance:ETH/USDT\"");
	s->markets = json_len(v) > 0 ? v : NULL;
	return 0;
}

static int read_detail(const struct json *v, struct bt_setup *s, struct err *err)
{
	struct str text;

	if (json_type(v) == JSON_NULL)
		return 0;
	return json_str(v, &text) && tf_parse(text, &s->detail) ? 0 :
		FAIL(err, E_INVAL, "detail: must be a timeframe like \"1m\"");
}

static int read_option(struct str key, const struct json *v, struct bt_setup *s,
		       struct script_options *so, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(num_opts); i++) {
		const struct num_opt *o = &num_opts[i];
		double x;

		if (!str_eqc(key, o->name))
			continue;
		if (json_type(v) == JSON_NULL)
			return 0;
		if (!json_f64(v, &x) || x < o->lo || x > o->hi)
			return FAIL(err, E_INVAL, "%s: must be a number from %g "
				    "to %g", o->name, o->lo, o->hi);
		*(double *)((char *)s + o->at) = x;
		return 0;
	}
	if (str_eqc(key, "new_defaults"))
		return json_bool(v, &so->new_defaults) ? 0 :
			FAIL(err, E_INVAL, "new_defaults: must be true or false");
	if (str_eqc(key, "in_sample"))
		return json_bool(v, &s->in_sample) ? 0 :
			FAIL(err, E_INVAL, "in_sample: must be true or false");
	if (str_eqc(key, "detail"))
		return read_detail(v, s, err);
	if (str_eqc(key, "data"))
		return read_data(v, s, err);
	if (str_eqc(key, "markets"))
		return read_markets(v, s, err);
	if (str_eqc(key, "funding"))
		return json_bool(v, &s->funding) ? 0 :
			FAIL(err, E_INVAL, "funding: must be true or false");
	return FAIL(err, E_INVAL, "\"%.*s\" is not an option that is known",
		    (int)(key.n < 60 ? key.n : 60), key.p);
}

int bt_options_read(const struct json *j, struct bt_setup *ret,
		    struct script_options *ret_script, struct err *err)
{
	struct bt_setup s = *ret;
	struct script_options so = { 0 };
	const struct json *v;
	struct str key;

	s.opt = bt_defaults();
	s.mintick = s.lot = s.max_open = NAN;
	if (j != NULL && json_type(j) != JSON_OBJ)
		return FAIL(err, E_INVAL, "the options must be an object");
	for (size_t i = 0; j != NULL && json_member(j, i, &key, &v); i++) {
		int rc = read_option(key, v, &s, &so, err);

		if (rc < 0)
			return rc;
	}
	*ret = s;
	*ret_script = so;
	return 0;
}

/* ---- a run ------------------------------------------------------------------ */

int bt_setup_script(struct arena *out, struct str source,
		    const struct json *inputs, const struct json *options,
		    struct bt_setup *ret, struct diags *ret_diags,
		    struct err *err)
{
	struct bt_setup s = { 0 };
	struct script_options so;
	int rc;

	*ret_diags = (struct diags){ 0 };
	ret->fault = "options";
	rc = bt_options_read(options, &s, &so, err);
	if (rc < 0)
		return rc;
	ret->fault = "source";
	rc = script_compile(out, source.p, source.n, &so, &s.prog, ret_diags, err);
	if (rc < 0)
		return rc;
	ret->fault = "inputs";
	s.binding = script_bind(out, s.prog);
	if (inputs != NULL)
		rc = script_bind_json(s.binding, inputs, err);
	if (rc < 0)
		return rc;
	*ret = s;
	return 0;
}

static struct script_market known(struct arena *out, const struct market *m,
				  enum tf tf, const struct bt_setup *s)
{
	return (struct script_market){
		.exchange = m->exchange, .symbol = m->symbol, .base = m->base,
		.quote = m->quote, .pointvalue = 1,
		.timeframe = script_timeframe(out, tf_name(tf)),
		.mintick = isnan(s->mintick) ? price_to_double(m->tick) :
			s->mintick,
		.lot = isnan(s->lot) ? qty_to_double(m->lot) : s->lot,
		.last_bar_index = -1,
	};
}

void bt_setup_market(struct arena *out, const struct market *m, enum tf tf,
		     struct bt_setup *s)
{
	s->market = known(out, m, tf, s);
}

/* ---- what is stored -------------------------------------------------------- */

struct range { struct db *db; enum tf tf; int64_t from, to; };

static struct bars view(const struct candles *c)
{
	return (struct bars){ c->n, c->t, c->o, c->h, c->l, c->c, c->v };
}

static int load_detail(struct arena *out, const struct range *x,
		       uint64_t market_id, const struct bt_setup *s,
		       struct bars *ret, struct err *err)
{
	enum tf tf = x->tf;
	struct candles cs;
	int rc;

	if (s->detail == tf || !tf_divides(s->detail, tf))
		return FAIL(err, E_UNPROCESSABLE, "detail: bars of %s are not made "
			    "of bars of %s", tf_name(tf), tf_name(s->detail));
	rc = candles_load(out, x->db, market_id, s->detail, x->from, x->to, &cs,
			  err);
	if (rc == 0 && cs.n == 0)
		return FAIL(err, E_UNPROCESSABLE, "detail: there are no candles of "
			    "%s in the range", tf_name(s->detail));
	if (rc == 0)
		*ret = view(&cs);
	return rc;
}

/* Where no mark is known, the open of the candle that it falls in. */
static int load_funding(struct arena *out, const struct range *x,
			uint64_t market_id, const struct bars *b,
			struct bt_funding *ret, struct err *err)
{
	struct funding f;
	int rc = funding_load(out, x->db, market_id, x->from, x->to, &f, err);

	if (rc == 0 && f.n == 0)
		return FAIL(err, E_UNPROCESSABLE, "funding: no rates are stored "
			    "for the range (orchctl candles funding)");
	if (rc < 0)
		return rc;
	for (size_t i = 0, k = 0; i < f.n; i++) {
		while (k + 1 < b->n && b->t[k + 1] <= f.t[i])
			k++;
		if (isnan(f.mark[i]))
			f.mark[i] = b->n > 0 ? b->o[k] : 0;
	}
	*ret = (struct bt_funding){ f.n, f.t, f.rate, f.mark };
	return 0;
}

static int load_side(struct arena *out, const struct range *x, struct str text,
		     const struct bt_setup *s, struct bt_side *ret,
		     struct err *err)
{
	struct market *m = NEW(out, struct market);
	struct candles cs;
	int rc = market_ref_parse(text, m) ? 0 :
		FAIL(err, E_BUG, "markets were read before");

	if (rc == 0)
		rc = market_find(x->db, m->exchange, m->symbol, m, err);
	if (rc == 0)
		rc = candles_load(out, x->db, m->id, x->tf, x->from, x->to, &cs,
				  err);
	if (rc == -E_NOTFOUND || (rc == 0 && cs.n == 0))
		return FAIL(err, E_UNPROCESSABLE, "markets: there are no candles of "
			    "%.*s in the range", STR_ARG(text));
	if (rc < 0)
		return rc;
	if (strcmp(m->quote, s->market.quote) != 0)
		return FAIL(err, E_UNPROCESSABLE, "markets: %.*s is not paid in %s "
			    "as %s is: one account has one currency",
			    STR_ARG(text), s->market.quote, s->market.symbol);
	ret->market_id = m->id;
	ret->market = known(out, m, x->tf, s);
	ret->market.series = s->market.series;
	ret->market.n_series = s->market.n_series;
	ret->pair = strcmp(m->exchange, s->market.exchange) == 0 ? m->symbol :
		arena_printf(out, "%s:%s", m->exchange, m->symbol);
	if (strcmp(ret->pair, s->market.symbol) == 0)
		return FAIL(err, E_UNPROCESSABLE, "markets: %.*s is the market of "
			    "the run itself", STR_ARG(text));
	ret->bars = view(&cs);
	if (s->detail != (enum tf)0)
		rc = load_detail(out, x, m->id, s, &ret->detail, err);
	if (rc == 0 && s->funding)
		rc = load_funding(out, x, m->id, &ret->bars, &ret->funding, err);
	return rc;
}

static int load_sides(struct arena *out, const struct range *x,
		      struct bt_setup *s, struct err *err)
{
	size_t n = s->markets != NULL ? json_len(s->markets) : 0;
	size_t rows = s->bars.n + s->opt.detail.n;

	s->sides = NEW_N(out, struct bt_side, n + 1);
	s->n_sides = n;
	for (size_t i = 0; i < n; i++) {
		struct bt_side *d = &s->sides[i];
		int rc = load_side(out, x, json_text(json_at(s->markets, i)), s,
				   d, err);

		if (rc < 0)
			return rc;
		for (size_t k = 0; k < i; k++)
			if (strcmp(s->sides[k].pair, d->pair) == 0)
				return FAIL(err, E_UNPROCESSABLE, "markets: %s "
					    "stands there twice", d->pair);
		rows += d->bars.n + d->detail.n;
		if (rows > BT_CANDLES_MAX)
			return FAIL(err, E_UNPROCESSABLE, "markets: more than %zu "
				    "candles in all: choose a shorter range",
				    BT_CANDLES_MAX);
	}
	return 0;
}

static int load_series(struct arena *out, struct db *db, struct str text,
		       enum tf tf, int64_t from, int64_t to,
		       struct script_series *ret, struct err *err)
{
	struct market m;
	struct candles cs;
	enum tf own;
	int rc;

	if (!read_series(text, &m, &own))
		return FAIL(err, E_BUG, "data was read before");
	if (own == (enum tf)0)
		own = tf;
	rc = market_find(db, m.exchange, m.symbol, &m, err);
	if (rc == 0)
		rc = candles_load(out, db, m.id, own, from, to, &cs, err);
	if (rc == -E_NOTFOUND || (rc == 0 && cs.n == 0))
		return FAIL(err, E_UNPROCESSABLE, "data: there are no candles of "
			    "%.*s in the range", STR_ARG(text));
	if (rc < 0)
		return rc;
	ret->symbol = arena_printf(out, "%s:%s", m.exchange, m.symbol);
	ret->timeframe = script_timeframe(out, tf_name(own));
	ret->bars = (struct bars){ cs.n, cs.t, cs.o, cs.h, cs.l, cs.c, cs.v };
	return 0;
}

int bt_setup_extras(struct arena *out, struct db *db, uint64_t market_id,
		    enum tf tf, int64_t from, int64_t to, struct bt_setup *s,
		    struct err *err)
{
	size_t n = s->data != NULL ? json_len(s->data) : 0;
	struct script_series *v = NEW_N(out, struct script_series, n + 1);
	const struct range x = { db, tf, from, to };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = load_series(out, db, json_text(json_at(s->data, i)), tf, from,
				 to, &v[i], err);
	if (rc == 0 && s->detail != (enum tf)0)
		rc = load_detail(out, &x, market_id, s, &s->opt.detail, err);
	if (rc == 0 && s->funding)
		rc = load_funding(out, &x, market_id, &s->bars, &s->opt.funding,
				  err);
	if (rc < 0)
		return rc;
	s->market.series = v;
	s->market.n_series = n;
	return load_sides(out, &x, s, err);
}

int bt_setup_candles(struct arena *out, struct db *db, uint64_t market_id,
		     enum tf tf, int64_t from, int64_t to, struct bt_setup *s,
		     struct err *err)
{
	struct candles cs;
	int rc = candles_load(out, db, market_id, tf, from, to, &cs, err);

	if (rc < 0)
		return rc;
	s->bars = (struct bars){ cs.n, cs.t, cs.o, cs.h, cs.l, cs.c, cs.v };
	return bt_setup_extras(out, db, market_id, tf, from, to, s, err);
}

/* The same models of another market's bars. */
static int side_models(struct arena *out, struct db *db, enum tf tf,
		       struct bt_setup *s, struct bt_side *d, struct err *err)
{
	struct bt_models k = s->models;
	int rc;

	k.v = NEW_N(out, struct bt_model, k.n + 1);
	for (size_t i = 0; i < k.n; i++)
		k.v[i] = s->models.v[i];
	rc = bt_models_warm(out, db, d->market_id, tf, d->bars.t[0], &k, err);
	if (rc == 0)
		rc = bt_models_run(out, &k, &d->bars, s->opt.trade_from,
				   &d->market, err);
	s->models.seen |= k.seen;
	return rc;
}

int bt_setup_models(struct arena *out, struct ml_shelf *shelf, struct db *db,
		    uint64_t user, uint64_t market_id, enum tf tf,
		    struct bt_setup *s, struct err *err)
{
	int rc = bt_models_find(out, shelf, db, user, s->prog, &s->models, err);

	s->models.in_sample = s->in_sample;
	if (rc == 0 && s->bars.n > 0)
		rc = bt_models_warm(out, db, market_id, tf, s->bars.t[0],
				    &s->models, err);
	if (rc == 0)
		rc = bt_models_run(out, &s->models, &s->bars, s->opt.trade_from,
				   &s->market, err);
	for (size_t i = 0; rc == 0 && i < s->n_sides; i++)
		rc = side_models(out, db, tf, s, &s->sides[i], err);
	if (rc == 0)
		s->opt.models = &s->models;
	return rc;
}

/* ---- freqtrade ------------------------------------------------------------- */

int bt_setup_freqtrade(const struct json *rules, enum tf tf,
		       const struct bt_setup *s, struct ft_rules *ret,
		       struct err *err)
{
	struct ft_rules r = ft_defaults();
	int rc;

	if (rules == NULL || json_type(rules) != JSON_OBJ)
		return FAIL(err, E_INVAL, "the rules of freqtrade must be an "
			    "object of its own keys");
	rc = ft_rules_read(rules, &r, err);
	if (rc < 0)
		return rc;
	if (r.timeframe_ms != 0 && r.timeframe_ms != tf_ms(tf))
		return FAIL(err, E_INVAL, "timeframe: the run is on bars of %s",
			    tf_name(tf));
	r.timeframe_ms = tf_ms(tf);
	r.detail_ms = 0;
	if (!isnan(s->opt.initial_capital))
		r.wallet = s->opt.initial_capital;
	if (!isnan(s->opt.fee_percent))
		r.fee = s->opt.fee_percent / 100;
	*ret = r;
	return 0;
}

int bt_run_freqtrade(struct arena *out, const struct bt_setup *s,
		     const struct ft_rules *rules, struct ft_result *ret,
		     struct err *err)
{
	struct ft_job *jobs = NEW_N(out, struct ft_job, s->n_sides + 1);
	struct ft_rules r = *rules;

	jobs[0] = (struct ft_job){
		.pair = s->market.symbol, .prog = s->prog,
		.binding = s->binding, .market = &s->market, .bars = s->bars,
		.tick = s->market.mintick, .lot = s->market.lot,
		.detail = s->opt.detail, .funding = s->opt.funding,
	};
	for (size_t i = 0; i < s->n_sides; i++) {
		const struct bt_side *d = &s->sides[i];

		jobs[i + 1] = (struct ft_job){
			.pair = d->pair, .prog = s->prog, .binding = s->binding,
			.market = &d->market, .bars = d->bars,
			.tick = d->market.mintick, .lot = d->market.lot,
			.detail = d->detail, .funding = d->funding,
		};
	}
	if (s->opt.detail.n > 0)
		r.detail_ms = tf_ms(s->detail);
	return ft_run_script(out, jobs, s->n_sides + 1, &r, ret, err);
}

int bt_run_markets(struct arena *out, const struct bt_setup *s,
		   struct bt_portfolio *ret, struct err *err)
{
	struct bt_job *jobs = NEW_N(out, struct bt_job, s->n_sides + 1);
	double most = isnan(s->max_open) ? 0 : s->max_open;

	jobs[0] = (struct bt_job){ s->market.symbol, s->prog, s->binding,
		&s->market, s->bars, s->opt.detail, s->opt.funding };
	for (size_t i = 0; i < s->n_sides; i++) {
		const struct bt_side *d = &s->sides[i];

		jobs[i + 1] = (struct bt_job){ d->pair, s->prog, s->binding,
			&d->market, d->bars, d->detail, d->funding };
	}
	return bt_run_portfolio(out, jobs, s->n_sides + 1, &s->opt, (size_t)most,
				ret, err);
}

int bt_setup_single(const struct bt_setup *s, struct err *err)
{
	return s->markets == NULL ? 0 :
		FAIL(err, E_UNPROCESSABLE, "markets: a search tries its settings on "
		     "one market");
}
