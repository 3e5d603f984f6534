#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "bt/opt.h"
#include "bt/out.h"
#include "core/clock.h"

/* A finished search as JSON, as a table, as CSV. */

static void interval_write(struct jw *w, const char *key, const struct interval *v)
{
	jw_key(w, key);
	jw_obj(w);
	jw_kf64(w, "p05", v->p05);
	jw_kf64(w, "p50", v->p50);
	jw_kf64(w, "p95", v->p95);
	jw_obj_end(w);
}

static void luck_write(struct jw *w, const struct opt_luck *l)
{
	jw_kf64(w, "pbo", l->pbo);
	jw_kf64(w, "deflated_sharpe", l->deflated);
	jw_kf64(w, "plateau", l->plateau);
	jw_kf64(w, "luck_sharpe", l->benchmark);
	jw_kf64(w, "loss_out_of_sample", l->loss);
	jw_ku64(w, "trials", l->trials);
	jw_ku64(w, "splits", l->ways);
}

void opt_statistics_write(struct jw *w, const struct opt_result *r)
{
	const struct monte_carlo *m = &r->chance;

	jw_obj(w);
	luck_write(w, &r->luck);
	jw_key(w, "monte_carlo");
	jw_obj(w);
	jw_ku64(w, "runs", m->runs);
	jw_kstr(w, "of", r->walked ? "out_of_sample" : "best");
	jw_key(w, "trade_order");
	jw_obj(w);
	interval_write(w, "max_drawdown_ratio", &m->trades_drawdown);
	jw_obj_end(w);
	jw_key(w, "returns");
	jw_obj(w);
	jw_kf64(w, "block", m->block);
	interval_write(w, "total_return", &m->total_return);
	interval_write(w, "sharpe", &m->sharpe);
	interval_write(w, "max_drawdown_ratio", &m->drawdown);
	jw_kf64(w, "loss_probability", m->loss);
	jw_obj_end(w);
	jw_obj_end(w);
	jw_obj_end(w);
}

static int64_t time_at(const struct opt_result *r, size_t bar)
{
	return bar == r->folds[r->n_folds - 1].f.test_end ? r->end : r->t[bar];
}

static void fold_write(struct jw *w, const struct opt_result *r, size_t i)
{
	const struct opt_fold_result *f = &r->folds[i];

	jw_obj(w);
	jw_ku64(w, "number", i);
	jw_ki64(w, "train_from", time_at(r, f->f.train));
	jw_ki64(w, "train_to", time_at(r, f->f.train_end));
	jw_ki64(w, "test_from", time_at(r, f->f.train_end));
	jw_ki64(w, "test_to", time_at(r, f->f.test_end));
	jw_key(w, "inputs");
	if (f->best != NULL)
		jw_raw(w, f->best->inputs, strlen(f->best->inputs));
	else
		jw_null(w);
	jw_key(w, "train");
	if (f->best != NULL)
		opt_metrics_write(w, &f->best->stats);
	else
		jw_null(w);
	jw_key(w, "test");
	opt_metrics_write(w, &f->test);
	jw_key(w, "statistics");
	jw_obj(w);
	luck_write(w, &f->luck);
	jw_obj_end(w);
	jw_obj_end(w);
}

void opt_folds_write(struct jw *w, const struct opt_result *r)
{
	jw_arr(w);
	for (size_t i = 0; i < r->n_folds; i++)
		fold_write(w, r, i);
	jw_arr_end(w);
}

void opt_result_json(struct jw *w, const struct opt_spec *s,
		     const struct opt_result *r, const struct opt_trial *v, size_t n)
{
	jw_obj(w);
	jw_key(w, "spec");
	opt_spec_write(w, s);
	jw_key(w, "best");
	if (r->best == NULL) {
		jw_null(w);
	} else {
		jw_obj(w);
		jw_ku64(w, "fold", r->best->fold);
		jw_ku64(w, "number", r->best->number);
		jw_kbool(w, "in_sample", true);
		jw_key(w, "inputs");
		jw_raw(w, r->best->inputs, strlen(r->best->inputs));
		jw_kf64(w, "score", r->best->score);
		jw_key(w, "metrics");
		opt_metrics_write(w, &r->best->stats);
		jw_obj_end(w);
	}
	jw_key(w, "statistics");
	opt_statistics_write(w, r);
	jw_key(w, "folds");
	if (r->walked)
		opt_folds_write(w, r);
	else
		jw_null(w);
	jw_key(w, "out_of_sample");
	if (r->walked)
		opt_metrics_write(w, &r->out_of_sample);
	else
		jw_null(w);
	jw_key(w, "trials");
	jw_arr(w);
	for (size_t i = 0; i < n; i++)
		opt_trial_write(w, &v[i]);
	jw_arr_end(w);
	jw_obj_end(w);
}

/* --- CSV -------------------------------------------------------------------------- */

static const char *input_text(struct arena *tmp, const struct opt_trial *t,
			      const char *name)
{
	const struct json *j, *v;
	struct err err;
	bool flag;

	if (json_parse(tmp, t->inputs, strlen(t->inputs), &j, &err) < 0)
		return "";
	v = json_get(j, name);
	if (json_bool(v, &flag))
		return flag ? "true" : "false";
	return v != NULL ? json_text(v).p : "";
}

void opt_trials_csv(struct sbuf *b, const struct opt_spec *s,
		    const struct opt_trial *v, size_t n)
{
	sbuf_add_cstr(b, "fold,number");
	for (size_t k = 0; k < s->n_axes; k++)
		sbuf_addf(b, ",%s", s->axes[k].name);
	sbuf_add_cstr(b, ",score,kept,error");
#define X(m) sbuf_add_cstr(b, "," #m);
	BT_STATS(X)
#undef X
	sbuf_add_c(b, '\n');
	for (size_t i = 0; i < n; i++) {
		SCOPE(tmp, b->arena) {
			sbuf_addf(b, "%zu,%zu", v[i].fold, v[i].number);
			for (size_t k = 0; k < s->n_axes; k++)
				out_text(b, input_text(tmp, &v[i], s->axes[k].name));
			out_num(b, v[i].score);
			sbuf_addf(b, ",%d", v[i].kept);
			out_text(b, v[i].error);
#define X(m) out_num(b, v[i].stats.m);
			BT_STATS(X)
#undef X
			sbuf_add_c(b, '\n');
		}
	}
}

/* --- text --------------------------------------------------------------------------- */

#define BEST_SHOWN 10

static void num_text(struct sbuf *b, double v, int digits, int width)
{
	if (isnan(v))
		sbuf_addf(b, " %*s", width, "-");
	else
		sbuf_addf(b, " %*.*f", width, digits, v);
}

static void percent_text(struct sbuf *b, double v, int digits, int width)
{
	num_text(b, 100 * v, digits, width - 1);
	sbuf_add_c(b, isnan(v) ? ' ' : '%');
}

static void row(struct sbuf *b, const struct opt_spec *s, const struct opt_trial *t)
{
	sbuf_addf(b, "%7zu", t->number);
	num_text(b, bt_stat(&t->stats, s->objective), 4, 12);
	percent_text(b, t->stats.total_return, 2, 10);
	percent_text(b, t->stats.max_drawdown_ratio, 2, 9);
	num_text(b, t->stats.trades, 0, 7);
	sbuf_addf(b, "  %s\n", t->inputs);
}

static void best_table(struct sbuf *b, const struct opt_spec *s,
		       const struct opt_trial *v, size_t n, size_t fold)
{
	const struct opt_trial *last = NULL;

	sbuf_addf(b, "%7s %12.12s %10s %9s %7s  inputs (in sample)\n", "trial",
		  s->objective, "return", "drawdown", "trades");
	/* Each time the best of those that are worse than the last shown. */
	for (size_t k = 0; k < BEST_SHOWN; k++) {
		const struct opt_trial *best = NULL;

		for (size_t i = 0; i < n; i++)
			if (v[i].fold == fold && !isnan(v[i].score) &&
			    (last == NULL || opt_better(&v[i], last)) &&
			    (best == NULL || opt_better(best, &v[i])))
				best = &v[i];
		if (best == NULL)
			break;
		row(b, s, best);
		last = best;
	}
}

static void folds_table(struct sbuf *b, const struct opt_spec *s,
			const struct opt_result *r)
{
	sbuf_addf(b, "\n%4s %-10s %-10s %10s %10s  %s: train and OUT OF SAMPLE\n",
		  "fold", "test from", "to", "train", "test", s->objective);
	for (size_t i = 0; i < r->n_folds; i++) {
		const struct opt_fold_result *f = &r->folds[i];
		char from[TIME_TEXT_MAX], to[TIME_TEXT_MAX];

		time_format(from, time_at(r, f->f.train_end));
		time_format(to, time_at(r, f->f.test_end));
		sbuf_addf(b, "%4zu %.10s %.10s", i, from, to);
		num_text(b, f->best == NULL ? NAN :
			 bt_stat(&f->best->stats, s->objective), 4, 10);
		num_text(b, bt_stat(&f->test, s->objective), 4, 10);
		sbuf_addf(b, "  %s\n", f->best != NULL ? f->best->inputs :
			  "no trial met the constraints");
	}
	sbuf_add_cstr(b, "\nOut of sample, all folds:");
	num_text(b, bt_stat(&r->out_of_sample, s->objective), 4, 1);
	sbuf_addf(b, " %s,", s->objective);
	percent_text(b, r->out_of_sample.total_return, 2, 1);
	sbuf_add_cstr(b, " return,");
	percent_text(b, r->out_of_sample.max_drawdown_ratio, 2, 1);
	sbuf_add_cstr(b, " drawdown,");
	num_text(b, r->out_of_sample.trades, 0, 1);
	sbuf_add_cstr(b, " trades\n");
}

static void line(struct sbuf *b, const char *what, double v, const char *meaning)
{
	sbuf_addf(b, "  %-34s", what);
	num_text(b, v, 3, 8);
	sbuf_addf(b, "  %s\n", meaning);
}

static void interval_text(struct sbuf *b, const char *what, const struct interval *v,
			  bool percent)
{
	void (*put)(struct sbuf *, double, int, int) = percent ? percent_text : num_text;

	sbuf_addf(b, "  %-34s", what);
	put(b, v->p50, 2, 8);
	sbuf_add_cstr(b, "  (");
	put(b, v->p05, 2, 1);
	sbuf_add_cstr(b, " ..");
	put(b, v->p95, 2, 1);
	sbuf_add_cstr(b, " )\n");
}

void opt_result_text(struct sbuf *b, const struct opt_spec *s,
		     const struct opt_result *r, const struct opt_trial *v, size_t n)
{
	const struct monte_carlo *m = &r->chance;

	sbuf_addf(b, "%s, %s of %s, %zu trials\n\n", opt_method_name(s->method),
		  s->minimise ? "least" : "most", s->objective, n);
	if (r->best == NULL)
		sbuf_add_cstr(b, "No trial met the constraints.\n");
	else
		best_table(b, s, v, n, r->best->fold);
	if (r->walked)
		folds_table(b, s, r);
	sbuf_addf(b, "\nIs it luck?%s\n", r->n_folds > 1 ? " (medians of the folds)" : "");
	line(b, "probability of overfitting", r->luck.pbo,
	     "0.5 and more: the best tells nothing of the future");
	line(b, "deflated Sharpe ratio", r->luck.deflated,
	     "chance that it is more than the best of so many by luck");
	line(b, "parameter plateau", r->luck.plateau,
	     "1: the neighbours are as good; 0: a lonely peak");
	sbuf_addf(b, "\nMonte Carlo, %zu runs of %s: median (5 %% .. 95 %%)\n", m->runs,
		  r->walked ? "the result out of sample" : "the best, in sample");
	interval_text(b, "drawdown, trades in other orders", &m->trades_drawdown, true);
	interval_text(b, "return, blocks of returns redrawn", &m->total_return, true);
	interval_text(b, "drawdown of those", &m->drawdown, true);
	interval_text(b, "Sharpe ratio of those", &m->sharpe, false);
	line(b, "share of those with a loss", m->loss, "");
}
