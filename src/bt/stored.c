#include "config.h"

#include <string.h>

#include "bt/stored.h"

/* More than these are no list that anybody reads, and memory is not endless. */
#define TRADES_MAX	500000

struct run {
	struct arena *a;
	const struct backtest *b;
	const struct bt_hooks *h;
	struct bt_plots plots;
};

static int parse(struct arena *a, const char *text, const struct json **ret,
		 struct err *err)
{
	*ret = NULL;
	return text == NULL ? 0 : json_parse(a, text, strlen(text), ret, err);
}

static int prepare(struct run *r, struct db *db, struct bt_setup *s,
		   struct err *err)
{
	const struct backtest *b = r->b;
	struct market *m = NEW(r->a, struct market);
	const struct json *inputs, *options;
	struct diags diags;
	int rc = market_by_id(db, b->market_id, m, err);

	if (rc == 0)
		rc = parse(r->a, b->inputs, &inputs, err);
	if (rc == 0)
		rc = parse(r->a, b->options, &options, err);
	if (rc == 0)
		rc = bt_setup_script(r->a, b->source, inputs, options, s, &diags,
				     err);
	if (rc < 0)
		return rc;
	bt_setup_market(r->a, m, b->tf, s);
	if (b->rules_set != BT_RULES_FREQTRADE)
		s->opt.rules_set = b->rules_set;
	s->opt.progress = r->h->alive;
	s->opt.ctx = r->h->ctx;
	return bt_setup_candles(r->a, db, b->market_id, b->tf, b->from, b->to, s,
				err);
}

static int keepable(size_t trades, struct err *err)
{
	return trades <= TRADES_MAX ? 0 :
		FAIL(err, E_UNPROCESSABLE, "it made %zu trades, %d can be kept: "
		     "choose a shorter range", trades, TRADES_MAX);
}

static int draw_bar(void *ctx, size_t i, const struct script_vm *vm)
{
	struct run *r = ctx;

	(void)bt_plots_bar(&r->plots, i, vm);
	if (i + 1 == r->plots.bars)
		bt_plots_end(&r->plots, vm);
	return i % 64 != 0 || r->h->draw == NULL ? 0 :
		r->h->draw(r->h->ctx, i, 2 * r->plots.bars);
}

static int freqtrade(struct run *r, const struct bt_setup *s,
		     struct bt_record *ret, struct err *err)
{
	struct ft_result *res = NEW(r->a, struct ft_result);
	struct ft_rules rules;
	const struct json *j;
	int rc = parse(r->a, r->b->rules, &j, err);

	if (rc == 0)
		rc = bt_setup_freqtrade(j, r->b->tf, s, &rules, err);
	if (rc < 0)
		return rc;
	r->plots.t = s->bars.t;
	rc = bt_plots_run(r->a, s->prog, s->binding, &s->market, &s->bars,
			  draw_bar, r, err);
	if (rc == 0 && r->h->silent != NULL)
		rc = r->h->silent(r->h->ctx);
	if (rc == 0)
		rc = bt_run_freqtrade(r->a, s, &rules, res, err);
	if (rc == 0)
		rc = keepable(res->n_trades, err);
	if (rc == 0)
		rc = bt_record_freqtrade(r->a, res, &r->plots, ret, err);
	if (rc == 0)
		ret->title = script_properties(s->prog)->title;
	return rc;
}

static int chart(struct run *r, struct bt_setup *s, struct bt_record *ret,
		 struct err *err)
{
	struct bt_result *res = NEW(r->a, struct bt_result);
	int rc;

	if (r->plots.n > 0)
		s->opt.each_bar = bt_plots_bar;
	s->opt.at_end = bt_plots_end;
	s->opt.bar_ctx = s->opt.end_ctx = &r->plots;
	rc = bt_run(r->a, s->prog, s->binding, &s->market, &s->bars, &s->opt, res,
		    err);
	if (rc == 0)
		rc = keepable(res->n_trades, err);
	return rc != 0 ? rc : bt_record_chart(r->a, res, s->market.symbol,
					      &r->plots, ret, err);
}

/* What is plotted is of one market, so of several nothing is kept. */
static int markets(struct run *r, const struct bt_setup *s,
		   struct bt_record *ret, struct err *err)
{
	struct bt_portfolio *res = NEW(r->a, struct bt_portfolio);
	int rc = bt_run_markets(r->a, s, res, err);

	if (rc == 0)
		rc = keepable(res->all.n_trades, err);
	return rc != 0 ? rc : bt_record_chart(r->a, &res->all, s->market.symbol,
					      NULL, ret, err);
}

int bt_stored_run(struct arena *a, struct db *db, struct ml_shelf *shelf,
		  const struct backtest *b, const struct bt_hooks *h,
		  struct bt_record *ret, struct err *err)
{
	struct bt_setup *s = NEW(a, struct bt_setup);
	struct run r = { .a = a, .b = b, .h = h };
	int rc = prepare(&r, db, s, err);

	if (rc == 0)
		rc = bt_setup_models(a, shelf, db, b->user_id, b->market_id, b->tf,
				     s, err);
	if (rc < 0)
		return rc;
	if (s->bars.n == 0)
		return FAIL(err, E_UNPROCESSABLE, "there are no candles");
	bt_plots_init(a, s->prog, s->bars.n, BT_PLOT_VALUES, &r.plots);
	switch (b->rules_set) {
	case BT_RULES_FREQTRADE:
		return freqtrade(&r, s, ret, err);
	case BT_RULES_CHART:
	case BT_RULES_STRICT:
		break;
	}
	return s->n_sides > 0 ? markets(&r, s, ret, err) :
		chart(&r, s, ret, err);
}
