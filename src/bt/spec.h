#ifndef BT_SPEC_H
#define BT_SPEC_H
/* spec.h - what somebody asked for, made into what bt_run takes.
 *
 *	bt_setup_script	source, inputs and options (JSON) -> program, binding
 *	bt_setup_market	a market and a timeframe -> what the script may know
 *	bt_setup_candles	the stored candles of a range
 *
 * The API, the jobs and whoever runs one program many times (with bindings of
 * their own) all begin here, so that they mean the same. */
#include "bt/bt.h"
#include "bt/ft.h"
#include "bt/models.h"
#include "market/market.h"

/* A further market on the same account. */
struct bt_side {
	uint64_t market_id;
	const char *pair;
	struct script_market market;
	struct bars bars, detail;
	struct bt_funding funding;
};

struct bt_setup {
	const struct script_prog *prog;
	struct script_binding *binding;
	struct script_market market;
	struct bt_options opt;
	struct bars bars;
	double mintick, lot;		/* NaN: the market's */
	enum tf detail;			/* finer candles to load; 0: none */
	const struct json *data;	/* other series to load, or NULL */
	bool in_sample;			/* models may be asked what they know */
	struct bt_models models;
	const struct json *markets;	/* to trade beside the one, or NULL */
	struct bt_side *sides;		/* they, once their candles are there */
	size_t n_sides;
	double max_open;		/* of them held at once; NaN, 0: all */
	bool funding;			/* load the stored rates */
	/* After a failure of bt_setup_script: "source", "inputs", "options". */
	const char *fault;
};

/* {initial_capital, fee, slippage, ...} by the names of orchctl backtest; and
 * of what is stored: "detail", a finer timeframe for the way inside a bar,
 * "data", a list of "binance:ETH/USDT:1h" for request.security(), "markets", a
 * list of "binance:ETH/USDT" to trade on the same account, and "funding", the
 * stored rates of perpetual futures; "in_sample", for models.  Unknown names,
 * wrong types and values out of range: -E_INVAL by name.  NULL stands for an
 * empty object. */
MUST_CHECK int bt_options_read(const struct json *j, struct bt_setup *ret,
			       struct script_options *ret_script, struct err *err);
/* inputs and options may be NULL.  *ret_diags is filled in any case. */
MUST_CHECK int bt_setup_script(struct arena *out, struct str source,
			       const struct json *inputs,
			       const struct json *options, struct bt_setup *ret,
			       struct diags *ret_diags, struct err *err);
/* *m must live as long as the setup. */
void bt_setup_market(struct arena *out, const struct market *m, enum tf tf,
		     struct bt_setup *s);
#define BT_DATA_MAX 8
#define BT_MARKETS_MAX 20
/* Of all markets of a run together: more would not fit into a worker. */
#define BT_CANDLES_MAX ((size_t)6000000)
/* Candles whose open lies in [from, to), those of detail and data, the other
 * markets and the funding; after bt_setup_market.  -E_UNPROCESSABLE when one of
 * these is not there, or the markets have no quote in common. */
MUST_CHECK int bt_setup_candles(struct arena *out, struct db *db,
				uint64_t market_id, enum tf tf, int64_t from,
				int64_t to, struct bt_setup *s, struct err *err);

/* What the models say that the script asks, of bars that are there; after
 * bt_setup_candles.  Of `user`, from the shelf. */
MUST_CHECK int bt_setup_models(struct arena *out, struct ml_shelf *shelf,
			       struct db *db, uint64_t user, uint64_t market_id,
			       enum tf tf, struct bt_setup *s, struct err *err);
/* The second half of it, for who has the bars already. */
MUST_CHECK int bt_setup_extras(struct arena *out, struct db *db,
			       uint64_t market_id, enum tf tf, int64_t from,
			       int64_t to, struct bt_setup *s, struct err *err);

/* freqtrade's rules for a run on bars of `tf`: what `rules` (JSON, its own key
 * names) says, then initial_capital and fee of the options. */
MUST_CHECK int bt_setup_freqtrade(const struct json *rules, enum tf tf,
				  const struct bt_setup *s,
				  struct ft_rules *ret, struct err *err);
/* -E_UNPROCESSABLE when it asks for more than one market: what tries many
 * settings of one. */
MUST_CHECK int bt_setup_single(const struct bt_setup *s, struct err *err);
/* The market, or markets, under these rules. */
MUST_CHECK int bt_run_freqtrade(struct arena *out, const struct bt_setup *s,
				const struct ft_rules *rules,
				struct ft_result *ret, struct err *err);

/* Several markets on one account under chart or strict rules. */
MUST_CHECK int bt_run_markets(struct arena *out, const struct bt_setup *s,
			      struct bt_portfolio *ret, struct err *err);

#endif /* BT_SPEC_H */
