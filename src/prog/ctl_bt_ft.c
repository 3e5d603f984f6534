#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bt/ft.h"
#include "bt/record.h"
#include "prog/ctl_bt.h"
#include "prog/ctl_named.h"

/* orchctl backtest under freqtrade's rules: signals of files, or of a script. */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static int read_bars(struct ctl *c, const char *path, struct table *ret_t,
		     struct bars *ret, struct err *err)
{
	struct bars_cols cols;
	int rc = table_read(c->arena, path, ret_t, err);

	if (rc == 0)
		rc = table_bars(c->arena, ret_t, &cols, err);
	if (rc == 0)
		bars_of(ret, &cols);
	return rc;
}

static int number_column(struct ctl *c, const struct table *t, const char *name,
			 const double **ret, struct err *err)
{
	const char *const names[] = { name, NULL };
	long col = table_find(t, names);
	double *v;
	int rc;

	if (col < 0)
		return 0;
	rc = table_numbers(c->arena, t, (size_t)col, &v, err);
	if (rc == 0)
		*ret = v;
	return rc;
}

static int signal_columns(struct ctl *c, const struct table *t,
			  struct ft_pair *p, struct err *err)
{
	static const char *const el[] = { "enter_long", "buy", NULL };
	static const char *const xl[] = { "exit_long", "sell", NULL };
	static const char *const es[] = { "enter_short", NULL };
	static const char *const xs[] = { "exit_short", NULL };
	static const char *const et[] = { "enter_tag", "buy_tag", NULL };
	static const char *const xt[] = { "exit_tag", NULL };
	const struct { const char *const *names; const bool **to; } flags[] = {
		{ el, &p->enter_long }, { xl, &p->exit_long },
		{ es, &p->enter_short }, { xs, &p->exit_short } };
	long col;

	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		bool *v;
		int rc;

		col = table_find(t, flags[i].names);
		if (col < 0)
			continue;
		rc = table_flags(c->arena, t, (size_t)col, &v, err);
		if (rc < 0)
			return rc;
		*flags[i].to = v;
	}
	if (p->enter_long == NULL && p->enter_short == NULL)
		return FAIL(err, E_INVAL, "%s: has neither a column enter_long "
			    "nor enter_short", t->name);
	col = table_find(t, et);
	if (col >= 0)
		p->enter_tag = table_texts(c->arena, t, (size_t)col);
	col = table_find(t, xt);
	if (col >= 0)
		p->exit_tag = table_texts(c->arena, t, (size_t)col);
	if (number_column(c, t, "entry_price", &p->entry_price, err) < 0)
		return -(int)err->code;
	return number_column(c, t, "exit_price", &p->exit_price, err);
}

int bt_funding_for(struct ctl *c, const struct run_opts *o, const char *pair,
		   const struct bars *b, struct bt_funding *ret, struct err *err)
{
	const char *path = pair_file_for(c->arena, &o->funding, pair);
	struct funding f;
	int rc;

	if (path == NULL)
		return 0;
	rc = ctl_funding_file(c->arena, path, &f, err);
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

static int extras(struct ctl *c, const struct run_opts *o, const char *pair,
		  const struct bars *bars, struct bars *ret_detail,
		  struct bt_funding *ret_funding, struct err *err)
{
	const char *detail = pair_file_for(c->arena, &o->detail, pair);
	struct table t;
	int rc = 0;

	if (detail != NULL)
		rc = read_bars(c, detail, &t, ret_detail, err);
	return rc < 0 ? rc : bt_funding_for(c, o, pair, bars, ret_funding, err);
}

static int rules_file(struct ctl *c, const struct run_opts *o,
		      struct ft_rules *ret, struct err *err)
{
	const char *text = NULL;
	const struct json *j;
	size_t n = 0;
	int rc;

	*ret = ft_defaults();
	if (o->rules == NULL)
		return FAIL(err, E_INVAL, "--signals needs --rules FILE.json");
	rc = ctl_read_text(c->arena, o->rules, &text, &n, err);
	if (rc == 0)
		rc = json_parse(c->arena, text, n, &j, err);
	if (rc == 0)
		rc = ft_rules_read(j, ret, err);
	if (rc < 0)
		err_wrap(err, "%s", o->rules);
	if (!isnan(o->fee))
		ret->fee = o->fee / 100;
	if (!isnan(o->capital))
		ret->wallet = o->capital;
	return rc;
}

/* What the rules do not say, the candles do. */
static int settle_times(struct ft_rules *r, const struct bars *b,
			const struct bars *detail, struct err *err)
{
	int64_t step = INT64_MAX;
	enum tf tf;

	if (b->n == 0)
		return FAIL(err, E_UNPROCESSABLE, "there are no candles");
	if (r->timeframe_ms == 0) {
		if (b->n < 2 || !tf_parse(str_c(bars_timeframe(b)), &tf))
			return FAIL(err, E_INVAL, "the rules need \"timeframe\"");
		r->timeframe_ms = tf_ms(tf);
	}
	for (size_t i = 1; i < b->n; i++)
		if (b->t[i] - b->t[i - 1] < step)
			step = b->t[i] - b->t[i - 1];
	if (b->n > 2 && step != r->timeframe_ms)
		return FAIL(err, E_INVAL, "the candles are %lld minutes apart, "
			    "the rules' timeframe is %lld",
			    (long long)step / 60000,
			    (long long)r->timeframe_ms / 60000);
	if (detail->n > 1 && r->detail_ms == 0) {
		if (!tf_parse(str_c(bars_timeframe(detail)), &tf))
			return FAIL(err, E_INVAL, "the rules need "
				    "\"timeframe_detail\"");
		r->detail_ms = tf_ms(tf);
	}
	if (detail->n == 0)
		r->detail_ms = 0;
	return 0;
}

static int save(struct ctl *c, const char *path, const struct ft_result *r,
		const struct ft_stats *s, int what)
{
	struct sbuf b;

	if (path == NULL)
		return 0;
	sbuf_init(&b, c->arena, (size_t)1 << 31);
	if (what == 'j')
		ft_json(&b, r, s);
	else if (what == 't')
		ft_trades_csv(&b, r);
	else
		ft_equity_csv(&b, r);
	return ctl_save(c, path, &b);
}

static int write_result(struct ctl *c, const struct run_opts *o,
			const struct ft_result *r)
{
	struct ft_stats s;
	struct sbuf b;
	int status;

	ft_stats(&s, r);
	status = save(c, o->json, r, &s, 'j');
	if (status == 0)
		status = save(c, o->trades, r, &s, 't');
	if (status == 0)
		status = save(c, o->equity, r, &s, 'e');
	if (status == 0 && o->html != NULL) {
		struct bt_record rec;
		struct err err;

		if (bt_record_freqtrade(c->arena, r, NULL, &rec, &err) < 0)
			return ctl_fail(c, &err);
		status = bt_write_page(c, o->html, &rec, NULL);
	}
	if (status == 0 && !c->quiet) {
		sbuf_init(&b, c->arena, 1 << 16);
		ft_text(&b, r, &s);
		status = ctl_print(c, &b);
	}
	return status;
}

/* Candles and their columns alike. */
static void cut(struct ft_pair *p, int64_t from, int64_t to)
{
	size_t k = 0;

	while (k < p->bars.n && p->bars.t[k] < from)
		k++;
	p->bars = bars_slice(&p->bars, k, p->bars.n - k);
	bars_cut(&p->bars, INT64_MIN, to);
#define SHIFT(m) if (p->m != NULL) p->m += k
	SHIFT(enter_long);
	SHIFT(exit_long);
	SHIFT(enter_short);
	SHIFT(exit_short);
	SHIFT(enter_tag);
	SHIFT(exit_tag);
	SHIFT(entry_price);
	SHIFT(exit_price);
#undef SHIFT
}

int bt_freqtrade_signals(struct ctl *c, const struct run_opts *o)
{
	struct ft_pair *pairs = NEW_N(c->arena, struct ft_pair, o->signals.n);
	struct ft_rules rules;
	struct ft_result res;
	struct err err;

	if (rules_file(c, o, &rules, &err) < 0)
		return ctl_fail(c, &err);
	for (size_t i = 0; i < o->signals.n; i++) {
		struct pair_file f = pair_file_of(c->arena, o->signals.v[i]);
		struct ft_pair *p = &pairs[i];
		struct table t;

		p->name = f.pair != NULL ? f.pair : base_name(f.path);
		if (read_bars(c, f.path, &t, &p->bars, &err) < 0 ||
		    signal_columns(c, &t, p, &err) < 0 ||
		    extras(c, o, p->name, &p->bars, &p->detail, &p->funding,
			   &err) < 0)
			return ctl_fail(c, &err);
		cut(p, o->bars.from, o->bars.to);
		p->tick = isnan(o->bars.tick) ? 0 : o->bars.tick;
		p->lot = isnan(o->bars.lot) ? 0 : o->bars.lot;
	}
	if (settle_times(&rules, &pairs[0].bars, &pairs[0].detail, &err) < 0 ||
	    ft_run(c->arena, &rules, pairs, o->signals.n, &res, &err) < 0)
		return ctl_fail(c, &err);
	return write_result(c, o, &res);
}

static int script_job(struct ctl *c, const struct run_opts *o,
		      const struct script_prog *prog, size_t i,
		      struct ft_job *j, struct err *err)
{
	struct script_market *m = NEW(c->arena, struct script_market);
	struct script_binding *binding;
	struct ctl_bars from = o->bars;
	const struct bt_models *models;
	int rc;

	if (o->candles.n > 0) {
		struct pair_file f = pair_file_of(c->arena, o->candles.v[i]);

		from.candles = f.path;
		from.symbol = f.pair != NULL ? f.pair :
			o->bars.symbol != NULL ? o->bars.symbol : base_name(f.path);
	}
	rc = ctl_bind(c, prog, &o->set, &binding, err);
	if (rc == 0)
		rc = ctl_bars_load(c, &from, &j->bars, m, err);
	if (rc < 0)
		return rc;
	j->pair = m->symbol;
	j->prog = prog;
	j->binding = binding;
	j->market = m;
	j->tick = isnan(o->bars.tick) ? 0 : o->bars.tick;
	j->lot = isnan(o->bars.lot) ? 0 : o->bars.lot;
	rc = ctl_models(c, &o->bars, prog, &j->bars, m, &models, err);
	return rc < 0 ? rc :
		extras(c, o, j->pair, &j->bars, &j->detail, &j->funding, err);
}

int bt_freqtrade_script(struct ctl *c, const struct run_opts *o)
{
	size_t n = o->candles.n > 0 ? o->candles.n : 1;
	struct ft_job *jobs = NEW_N(c->arena, struct ft_job, n);
	struct script_options so = { .new_defaults = o->new_defaults };
	const struct script_prog *prog;
	struct ft_rules rules;
	struct ft_result res;
	struct err err;

	if (rules_file(c, o, &rules, &err) < 0 ||
	    ctl_compile(c, c->argv[0], &so, &prog, &err) < 0)
		return ctl_fail(c, &err);
	for (size_t i = 0; i < n; i++)
		if (script_job(c, o, prog, i, &jobs[i], &err) < 0)
			return ctl_fail(c, &err);
	if (settle_times(&rules, &jobs[0].bars, &jobs[0].detail, &err) < 0 ||
	    ft_run_script(c->arena, jobs, n, &rules, &res, &err) < 0)
		return ctl_fail(c, &err);
	if (res.ignored_exits > 0)
		ctl_say(c, "strategy.exit was said %zu times and not obeyed: "
			"stops and targets are those of %s", res.ignored_exits,
			o->rules);
	return write_result(c, o, &res);
}
