#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json/json.h"
#include "ml/eval.h"
#include "prog/ctl_ml.h"

/* orchctl ml: training, judging, comparing. */

struct train_opts {
	struct ctl_bars bars;
	const char *kind, *out, *features, *label, *layout, *scale, *calib, *name;
	const char *json, *checkpoint, *kinds;
	struct ctl_texts set, layouts, files;
	const char *rates;
	int64_t window, seed, trials, embargo;
	int64_t train_to, valid_to, test_to;
	double fee;
};

/* ---- a plan from the options --------------------------------------------------------- */

/* "NAME=VALUE", or "KIND.NAME=VALUE" for that kind only.  `strict`: the kind
 * must know it. */
static int set_one(struct ml_spec *s, const char *text, bool strict, struct err *err)
{
	struct str rest = str_c(text), key, kind;
	double v;

	str_split(&rest, '=', &key);
	if (rest.p == NULL || !str_double(rest, &v))
		return FAIL(err, E_INVAL, "--set %s: must be NAME=NUMBER", text);
	if (str_contains(key, ".")) {
		struct str name = key;

		str_split(&name, '.', &kind);
		return str_eqc(kind, s->kind) ? ml_spec_set(s, name, v, err) : 0;
	}
	if (!strict) {
		const struct ml_kind *k = ml_kind_find(s->kind);
		size_t i = 0;

		while (i < k->n_params && !str_eqc(key, k->params[i].name))
			i++;
		if (i == k->n_params)
			return 0;
	}
	return ml_spec_set(s, key, v, err);
}

static int searched(struct ctl *c, const struct train_opts *o, struct ml_plan *p,
		    struct err *err)
{
	const char *const *text;
	double *rate;
	size_t n;

	p->search.trials = (uint32_t)o->trials;
	p->search.layouts = o->layouts.v;
	p->search.n_layouts = o->layouts.n;
	if (o->rates == NULL)
		return 0;
	n = ctl_ml_list(c->arena, o->rates, &text);
	rate = NEW_N(c->arena, double, n + 1);
	for (size_t i = 0; i < n; i++)
		if (!str_double(str_c(text[i]), &rate[i]) || !(rate[i] > 0))
			return FAIL(err, E_INVAL, "--rates: \"%s\" is no rate", text[i]);
	p->search.rates = rate;
	p->search.n_rates = n;
	return 0;
}

static int plan_of(struct ctl *c, const struct train_opts *o, const struct ml_kind *k,
		   const struct ml_candles *m, bool strict, struct ml_plan *ret,
		   struct err *err)
{
	struct ml_plan p;
	int rc = 0;

	ml_plan_init(&p, k, m->tf);
	p.market = m->market;
	p.name = o->name;
	p.fee = o->fee;
	p.embargo = (uint32_t)o->embargo;
	p.spec.seed = (uint64_t)o->seed;
	p.spec.shape.window = o->window > 0 ? (uint32_t)o->window : k->window;
	p.train_to = o->train_to;
	p.valid_to = o->valid_to;
	p.test_to = o->test_to;
	if (p.train_to != 0 && p.test_to == 0 && m->bars.n > 0)
		p.test_to = m->bars.t[m->bars.n - 1] + 1;
	if (o->layout != NULL)
		p.spec.layout = o->layout;
	if (o->features != NULL)
		p.n_features = ctl_ml_list(c->arena, o->features, &p.features);
	if (o->label != NULL)
		rc = ctl_ml_label(o->label, &p.label, err);
	if (rc == 0 && o->scale != NULL && !ml_scale_parse(str_c(o->scale), &p.scale))
		rc = FAIL(err, E_INVAL, "--scale is standard, robust or none");
	if (rc == 0 && o->calib != NULL && !ml_calib_parse(str_c(o->calib), &p.calib))
		rc = FAIL(err, E_INVAL, "--calibration is platt, temperature, isotonic or none");
	for (size_t i = 0; rc == 0 && i < o->set.n; i++)
		rc = set_one(&p.spec, o->set.v[i], strict, err);
	if (rc == 0)
		rc = searched(c, o, &p, err);
	if (rc == 0)
		*ret = p;
	return rc;
}

/* ---- train ---------------------------------------------------------------------------- */

struct watch {
	struct ctl *c;
	struct ctl_progress bar;
	const char *checkpoint;
	struct err err;
};

static int step(void *ctx, const struct ml_step *s)
{
	struct watch *w = ctx;

	ctl_progress_at(&w->bar, (uint64_t)(1000 * s->done));
	return 0;
}

static int keep(void *ctx, const void *bytes, size_t n)
{
	struct watch *w = ctx;

	return ml_file_save(w->checkpoint, bytes, n, &w->err);
}

static int run(struct ctl *c, struct arena *out, const struct train_opts *o,
	       const struct ml_plan *p, const struct bars *b, const char *what,
	       struct ml_trained *ret, struct err *err)
{
	struct watch w = { .c = c, .checkpoint = o->checkpoint };
	struct ml_hooks h = { .step = step, .ctx = &w,
			      .checkpoint = o->checkpoint != NULL ? keep : NULL };
	const char *resume = NULL;
	size_t n = 0;
	int rc = 0;

	if (o->checkpoint != NULL && access(o->checkpoint, F_OK) == 0) {
		rc = ctl_ml_bytes(out, o->checkpoint, &resume, &n, err);
		if (rc == 0)
			ctl_say(c, "going on from %s", o->checkpoint);
	}
	if (rc < 0)
		return rc;
	ctl_progress_start(&w.bar, c, what, 1000);
	rc = ml_train(out, p, b, NULL, resume, n, &h, ret, err);
	ctl_progress_end(&w.bar);
	if (rc == 0 && o->checkpoint != NULL)
		(void)unlink(o->checkpoint);
	return rc;
}

static void trials_text(struct sbuf *b, const struct ml_trained *t)
{
	for (size_t i = 0; i < t->n_trials; i++) {
		const struct ml_trial *r = &t->trial[i];

		sbuf_addf(b, "%s rate %-10.4g loss %.5f, %u rounds  %s\n",
			  r->chosen ? "*" : " ", r->rate, r->loss, r->round,
			  r->layout != NULL ? r->layout : "");
	}
}

static int write_eval(struct ctl *c, const char *path, const struct ml_eval *e)
{
	struct sbuf b;
	struct jw w;

	sbuf_init(&b, c->arena, (size_t)64 << 20);
	jw_init(&w, &b);
	ml_eval_json(&w, e);
	sbuf_add_c(&b, '\n');
	return ctl_save(c, path, &b);
}

#define TRAIN_OPTS(o)							\
	{ "features", 'f', CTL_TEXT, &(o)->features, "NAME,...", "which; the usual ones", 0, 0 }, \
	{ "window", 'w', CTL_INT, &(o)->window, "N", "bars of a sample", 1, ML_WINDOW_MAX }, \
	{ "label", 'L', CTL_TEXT, &(o)->label, "KIND[:BARS[:THRESHOLD]]",	\
	  "next, bars, triple or return", 0, 0 },				\
	{ "set", 's', CTL_LIST, &(o)->set, "NAME=VALUE", "a parameter; repeatable", 0, 0 }, \
	{ "seed", 0, CTL_INT, &(o)->seed, "N", "of all that is drawn", 0, INT32_MAX }, \
	{ "scale", 0, CTL_TEXT, &(o)->scale, "KIND", "standard, robust, none", 0, 0 }, \
	{ "calibration", 0, CTL_TEXT, &(o)->calib, "KIND",		\
	  "platt, temperature, isotonic, none", 0, 0 },			\
	{ "fee", 0, CTL_NUM, &(o)->fee, "SHARE", "of each trade", 0, 0 },	\
	{ "embargo", 0, CTL_INT, &(o)->embargo, "N", "bars between the parts", 0, 100000 }, \
	{ "train-to", 0, CTL_TIME, &(o)->train_to, "TIME", "end of training", 0, 0 }, \
	{ "valid-to", 0, CTL_TIME, &(o)->valid_to, "TIME", "end of validation", 0, 0 }, \
	{ "test-to", 0, CTL_TIME, &(o)->test_to, "TIME", "end of the test", 0, 0 }

#define TRAIN_NONE { .bars = CTL_BARS_NONE, .seed = 1, .fee = 0.001 }

static int trained(struct ctl *c, const struct train_opts *o, const struct ml_trained *t)
{
	struct sbuf b;
	struct err err;
	int status = 0;

	if (ml_file_save(o->out, t->file, t->size, &err) < 0)
		return ctl_fail(c, &err);
	if (o->json != NULL)
		status = write_eval(c, o->json, &t->eval);
	if (status != 0)
		return status;
	sbuf_init(&b, c->arena, 1 << 20);
	trials_text(&b, t);
	sbuf_addf(&b, "%zu samples to train, %zu to validate, %zu to test; %zu epochs\n",
		  t->n_train, t->n_valid, t->n_test, t->n_curve);
	ml_eval_text(&b, &t->eval);
	sbuf_addf(&b, "%s: %zu bytes, sha256 %s\n", o->out, t->size, t->sum);
	return ctl_print(c, &b);
}

int ctl_ml_train(struct ctl *c)
{
	struct train_opts o = TRAIN_NONE;
	const struct ctl_opt opts[] = {
		{ "kind", 'k', CTL_TEXT, &o.kind, "KIND", "see \"orchctl ml kinds\"", 0, 0 },
		{ "out", 'o', CTL_TEXT, &o.out, "FILE", "the model file to write", 0, 0 },
		{ "name", 'n', CTL_TEXT, &o.name, "TEXT", "of the model", 0, 0 },
		{ "layout", 'l', CTL_TEXT, &o.layout, "TEXT", "of a network", 0, 0 },
		{ "json", 'j', CTL_TEXT, &o.json, "FILE", "the evaluation", 0, 0 },
		{ "checkpoint", 0, CTL_TEXT, &o.checkpoint, "FILE",
		  "kept while it trains; goes on from it", 0, 0 },
		{ "search", 0, CTL_INT, &o.trials, "N", "layouts and rates tried", 1,
		  ML_TRIALS_MAX },
		{ "layouts", 0, CTL_LIST, &o.layouts, "TEXT", "to search; repeatable", 0, 0 },
		{ "rates", 0, CTL_TEXT, &o.rates, "X,...", "to search", 0, 0 },
		TRAIN_OPTS(&o),
		CTL_ML_CANDLES(&o.bars),
		{ 0 },
	};
	const struct ml_kind *k;
	struct ml_candles m;
	struct ml_trained t;
	struct ml_plan p;
	struct err err;
	int status;

	if (!ctl_parse(c, opts, NULL, 0, 0, &status))
		return status;
	if (o.kind == NULL || o.out == NULL)
		return ctl_usage(c, "--kind and --out are wanted");
	k = ml_kind_find(o.kind);
	if (k == NULL)
		return ctl_usage(c, "there is no kind \"%s\" (\"orchctl ml kinds\" shows all)",
				 o.kind);
	if (ctl_ml_candles(c, &o.bars, &m, &err) < 0 ||
	    plan_of(c, &o, k, &m, true, &p, &err) < 0 ||
	    run(c, c->arena, &o, &p, &m.bars, k->name, &t, &err) < 0)
		return ctl_fail(c, &err);
	return trained(c, &o, &t);
}

/* ---- walk ----------------------------------------------------------------------------- */

int ctl_ml_walk(struct ctl *c)
{
	struct train_opts o = TRAIN_NONE;
	int64_t folds = 5;
	const struct ctl_opt opts[] = {
		{ "kind", 'k', CTL_TEXT, &o.kind, "KIND", "see \"orchctl ml kinds\"", 0, 0 },
		{ "folds", 'n', CTL_INT, &folds, "N", "tests, one after the other", 1,
		  ML_FOLDS_MAX },
		{ "layout", 'l', CTL_TEXT, &o.layout, "TEXT", "of a network", 0, 0 },
		{ "json", 'j', CTL_TEXT, &o.json, "FILE", "the evaluation", 0, 0 },
		TRAIN_OPTS(&o),
		CTL_ML_CANDLES(&o.bars),
		{ 0 },
	};
	struct watch w = { .c = c };
	struct ml_hooks h = { .step = step, .ctx = &w };
	const struct ml_kind *k;
	struct ml_candles m;
	struct ml_eval e;
	struct ml_plan p;
	struct sbuf b;
	struct err err;
	int status, rc;

	if (!ctl_parse(c, opts, NULL, 0, 0, &status))
		return status;
	k = o.kind != NULL ? ml_kind_find(o.kind) : NULL;
	if (k == NULL)
		return ctl_usage(c, "which kind? (\"orchctl ml kinds\" shows all)");
	if (ctl_ml_candles(c, &o.bars, &m, &err) < 0 ||
	    plan_of(c, &o, k, &m, true, &p, &err) < 0)
		return ctl_fail(c, &err);
	ctl_progress_start(&w.bar, c, k->name, 1000);
	rc = ml_walk_forward(c->arena, &p, &m.bars, NULL, (uint32_t)folds, &h, &e, &err);
	ctl_progress_end(&w.bar);
	if (rc < 0)
		return ctl_fail(c, &err);
	status = o.json != NULL ? write_eval(c, o.json, &e) : 0;
	if (status != 0)
		return status;
	sbuf_init(&b, c->arena, 1 << 20);
	ml_eval_text(&b, &e);
	return ctl_print(c, &b);
}

/* ---- evaluate ---------------------------------------------------------------------------- */

int ctl_ml_evaluate(struct ctl *c)
{
	struct ctl_bars bars = CTL_BARS_NONE;
	const char *path = NULL, *json = NULL;
	bool in_sample = false;
	double fee = 0.001;
	int64_t start = INT64_MIN;
	const struct ctl_opt opts[] = {
		{ "model", 'M', CTL_TEXT, &path, "FILE", "the model", 0, 0 },
		{ "start", 0, CTL_TIME, &start, "TIME",
		  "first candle judged; the end of its validation", 0, 0 },
		{ "in-sample", 0, CTL_FLAG, &in_sample, NULL,
		  "judge what it has learned from, too", 0, 0 },
		{ "fee", 0, CTL_NUM, &fee, "SHARE", "of each trade", 0, 0 },
		{ "json", 'j', CTL_TEXT, &json, "FILE", "as JSON", 0, 0 },
		CTL_ML_CANDLES(&bars),
		{ 0 },
	};
	struct ml_candles k;
	struct ml_model *m;
	struct ml_eval e;
	struct sbuf b;
	struct err err;
	int status;

	if (!ctl_parse(c, opts, NULL, 0, 0, &status))
		return status;
	if (path == NULL)
		return ctl_usage(c, "which model? (--model FILE)");
	if (ml_model_open(c->arena, path, &m, &err) < 0 ||
	    ctl_ml_candles(c, &bars, &k, &err) < 0)
		return ctl_fail(c, &err);
	if (k.tf != m->tf)
		return ctl_usage(c, "the model is for candles of %s, these are of %s",
				 tf_name(m->tf), tf_name(k.tf));
	if (start == INT64_MIN && !in_sample)
		start = m->valid_to;
	if (start < m->valid_to && !in_sample)
		return ctl_usage(c, "the model has learned from candles behind --start; "
				 "--in-sample judges them all the same");
	if (ml_review(c->arena, m, &k.bars, NULL, start, INT64_MAX, fee, &e, &err) < 0)
		return ctl_fail(c, &err);
	status = json != NULL ? write_eval(c, json, &e) : 0;
	if (status != 0)
		return status;
	sbuf_init(&b, c->arena, 1 << 20);
	if (in_sample && start < m->valid_to)
		sbuf_addf(&b, "IN SAMPLE: the model has seen some of these candles.\n");
	ml_eval_text(&b, &e);
	return ctl_print(c, &b);
}

/* ---- compare ------------------------------------------------------------------------------ */

struct row {
	const char *kind;
	double valid_loss;
	struct ml_value metric[ML_METRICS_N], gain;	/* over the hardest baseline */
	const char *against, *verdict, *failed;
	bool better;
};

static const enum ml_metric shown[] = { ML_M_LOG_LOSS, ML_M_BALANCED, ML_M_MCC, ML_M_AUC,
					ML_M_PROFIT };

static void table_head(struct sbuf *b, const char *file, size_t samples)
{
	sbuf_addf(b, "%s: %zu bars out of sample\n%-16s %10s", file, samples, "kind",
		  "validation");
	for (size_t i = 0; i < ARRAY_LEN(shown); i++)
		sbuf_addf(b, " %26s", ml_metric_name(shown[i]));
	sbuf_addf(b, " %27s\n", "gain over hardest baseline");
}

static void table_value(struct sbuf *b, const struct ml_value *v)
{
	sbuf_addf(b, " %8.4f [%7.4f,%7.4f]", v->value, v->low, v->high);
}

static void table_row(struct sbuf *b, const struct row *r, bool chosen)
{
	if (r->failed != NULL) {
		sbuf_addf(b, "  %-14s %s\n", r->kind, r->failed);
		return;
	}
	sbuf_addf(b, "%s %-14s %10.5f", chosen ? "*" : " ", r->kind, r->valid_loss);
	for (size_t i = 0; i < ARRAY_LEN(shown); i++)
		table_value(b, &r->metric[shown[i]]);
	table_value(b, &r->gain);
	sbuf_addf(b, " %s\n", r->better ? "better" : "not better");
}

static void row_of(struct arena *out, const struct ml_trained *t, struct row *r)
{
	const struct ml_eval *e = &t->eval;
	const struct ml_baseline *hard = NULL;

	r->valid_loss = t->valid_loss;
	r->better = e->better;
	r->verdict = arena_strdup(out, e->verdict);
	memcpy(r->metric, e->metric, sizeof(r->metric));
	for (size_t i = 0; i < e->n_baselines; i++)
		if (hard == NULL || e->baseline[i].gain.low < hard->gain.low)
			hard = &e->baseline[i];
	if (hard != NULL) {
		r->gain = hard->gain;
		r->against = hard->name;
	}
}

static bool wanted(const struct train_opts *o, struct ctl *c, const char *kind)
{
	const char *const *names;
	size_t n;

	if (o->kinds == NULL)
		return true;
	n = ctl_ml_list(c->arena, o->kinds, &names);
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], kind) == 0)
			return true;
	return false;
}

/* Baselines stand below, from the first model that was judged. */
static void table_baselines(struct sbuf *b, const struct ml_eval *e)
{
	for (size_t i = 0; i < e->n_baselines; i++) {
		sbuf_addf(b, "  (%-12s) %10s", e->baseline[i].name, "");
		for (size_t k = 0; k < ARRAY_LEN(shown); k++)
			table_value(b, &e->baseline[i].metric[shown[k]]);
		sbuf_addf(b, "\n");
	}
}

static int compare_file(struct ctl *c, const struct train_opts *o,
			const struct ml_candles *m, const char *file, struct sbuf *b,
			struct err *err)
{
	struct row *row = NEW_N(c->arena, struct row, ml_kinds_n());
	struct sbuf base;
	size_t n = 0, samples = 0, best = SIZE_MAX;

	sbuf_init(&base, c->arena, 1 << 16);
	for (const struct ml_kind *const *k = ml_kinds; *k != NULL; k++) SCOPE(tmp, c->arena) {
		struct row *r = &row[n];
		struct ml_trained t;
		struct ml_plan p;
		int rc;

		if (!wanted(o, c, (*k)->name))
			break;
		n++;
		r->kind = (*k)->name;
		rc = plan_of(c, o, *k, m, false, &p, err);
		if (rc < 0)
			return rc;
		ctl_say(c, "%s: %s", file, r->kind);
		rc = run(c, tmp, o, &p, &m->bars, r->kind, &t, err);
		/* A kind that only predicts returns is judged by the same classes. */
		if (rc == -E_INVAL && (p.label.kind == ML_LABEL_NEXT ||
				       p.label.kind == ML_LABEL_BARS)) {
			p.label.kind = ML_LABEL_RETURN;
			rc = run(c, tmp, o, &p, &m->bars, r->kind, &t, err);
		}
		if (rc < 0) {
			r->failed = arena_strdup(c->arena, err->msg);
			break;
		}
		row_of(c->arena, &t, r);
		ctl_say(c, "%s: %s", r->kind, r->verdict);
		if (samples == 0)
			table_baselines(&base, &t.eval);
		samples = t.n_test;
		if (best == SIZE_MAX || r->valid_loss < row[best].valid_loss)
			best = n - 1;
	}
	if (n == 0)
		return FAIL(err, E_INVAL, "--kinds names none that there is");
	table_head(b, file, samples);
	for (size_t i = 0; i < n; i++)
		table_row(b, &row[i], i == best);
	sbuf_add(b, base.buf, base.len);
	if (best != SIZE_MAX)
		sbuf_addf(b, "* chosen on the validation part: %s. %s\n\n", row[best].kind,
			  row[best].verdict);
	return 0;
}

int ctl_ml_compare(struct ctl *c)
{
	struct train_opts o = TRAIN_NONE;
	const struct ctl_opt opts[] = {
		{ "candles", 0, CTL_LIST, &o.files, "FILE", "CSV with a header; repeatable",
		  0, 0 },
		{ "market", 0, CTL_TEXT, &o.bars.market, "EX:PAIR:TF", "candles of the store",
		  0, 0 },
		{ "from", 0, CTL_TIME, &o.bars.from, "TIME", "first candle", 0, 0 },
		{ "kinds", 'k', CTL_TEXT, &o.kinds, "KIND,...", "which; all", 0, 0 },
		TRAIN_OPTS(&o),
		{ 0 },
	};
	struct sbuf b;
	struct err err;
	int status;

	if (!ctl_parse(c, opts, NULL, 0, 0, &status))
		return status;
	if (o.files.n == 0 && o.bars.market == NULL)
		return ctl_usage(c, "--candles or --market is wanted");
	sbuf_init(&b, c->arena, 1 << 20);
	for (size_t i = 0; i < o.files.n || (i == 0 && o.files.n == 0); i++) {
		struct ml_candles m;

		o.bars.candles = o.files.n > 0 ? o.files.v[i] : NULL;
		if (ctl_ml_candles(c, &o.bars, &m, &err) < 0 ||
		    compare_file(c, &o, &m, o.files.n > 0 ? o.files.v[i] : m.market, &b,
				 &err) < 0)
			return ctl_fail(c, &err);
	}
	return ctl_print(c, &b);
}
