#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "json/json.h"
#include "ml/model.h"
#include "prog/ctl_ml.h"

/* orchctl ml: features, kinds, lists, predictions. */

int ctl_ml_candles(struct ctl *c, const struct ctl_bars *o, struct ml_candles *ret,
		   struct err *err)
{
	const char *wrong = ctl_bars_wrong(o);
	struct script_market m;
	int rc;

	if (wrong != NULL)
		return FAIL(err, E_INVAL, "%s", wrong);
	rc = ctl_bars_load(c, o, &ret->bars, &m, err);
	if (rc < 0)
		return rc;
	if (!tf_parse(str_c(bars_timeframe(&ret->bars)), &ret->tf))
		return FAIL(err, E_INVAL, "the candles are of no timeframe known");
	ret->market = arena_printf(c->arena, "%s:%s", m.exchange, m.symbol);
	return 0;
}

size_t ctl_ml_list(struct arena *out, const char *text, const char *const **ret)
{
	const char **names;
	struct str rest = str_c(text), part;
	size_t n = 1;

	for (const char *p = text; *p != '\0'; p++)
		n += *p == ',';
	names = NEW_N(out, const char *, n);
	n = 0;
	while (str_split(&rest, ',', &part))
		if (str_trim(part).n > 0)
			names[n++] = str_dup(out, str_trim(part));
	*ret = names;
	return n;
}

int ctl_ml_label(const char *text, struct ml_label *ret, struct err *err)
{
	struct str rest = str_c(text), part;
	enum ml_label_kind kind = ML_LABEL_NEXT;
	struct ml_label l;
	uint64_t bars;

	str_split(&rest, ':', &part);
	if (!ml_label_parse(part, &kind))
		return FAIL(err, E_INVAL, "--label is next, bars, triple or return, with "
			    ":BARS and :THRESHOLD if wanted, not \"%s\"", text);
	l = ml_label_usual(kind);
	if (str_split(&rest, ':', &part)) {
		if (!str_u64(part, &bars) || bars > ML_LABEL_BARS_MAX)
			return FAIL(err, E_INVAL, "--label %s: bars are a whole number", text);
		l.bars = (uint32_t)bars;
	}
	if (str_split(&rest, ':', &part) && !str_double(part, &l.threshold))
		return FAIL(err, E_INVAL, "--label %s: the threshold is a fraction", text);
	*ret = l;
	return ml_label_check(&l, err);
}

/* ---- features ------------------------------------------------------------------------ */

static int list_features(struct ctl *c)
{
	struct sbuf b;

	sbuf_init(&b, c->arena, 1 << 20);
	for (size_t i = 0; i < ml_feature_table_n; i++) {
		const struct ml_feature *f = &ml_feature_table[i];

		sbuf_addf(&b, "%s - %s\n  %s; %u bars of warm-up; %g to %g; %s%s\n",
			  f->name, f->title, f->formula, f->warm_up, f->min, f->max,
			  f->group, f->usual ? "" : "; only when named");
	}
	sbuf_addf(&b, "NAME[3]: three bars ago. NAME@4h: of the last closed bar of 4 hours.\n");
	return ctl_print(c, &b);
}

static int print_features(struct ctl *c, const char *list, const struct ml_candles *m)
{
	char num[F64_TEXT_MAX], hash[ML_HASH_HEX + 1];
	const char *const *names;
	struct ml_features *f;
	struct sbuf b;
	struct err err;
	size_t n = list != NULL ? ctl_ml_list(c->arena, list, &names) :
		   ml_features_usual(c->arena, &names);
	float *x;

	if (ml_features_new(c->arena, m->tf, names, n, 0, &f, &err) < 0 ||
	    ml_features_hash(names, n, hash, &err) < 0)
		return ctl_fail(c, &err);
	x = NEW_N(c->arena, float, m->bars.n * n + 1);
	ml_features_run(f, &m->bars, NULL, x);
	sbuf_init(&b, c->arena, (size_t)1 << 30);
	sbuf_addf(&b, "timestamp_ms");
	for (size_t j = 0; j < n; j++)
		sbuf_addf(&b, ",%s", names[j]);
	sbuf_addf(&b, "\n");
	for (size_t i = 0; i < m->bars.n; i++) {
		sbuf_add_i64(&b, m->bars.t[i]);
		for (size_t j = 0; j < n; j++) {
			sbuf_add_c(&b, ',');
			if (!isnan(x[i * n + j]))
				sbuf_add(&b, num, f64_format(num, (double)x[i * n + j]));
		}
		sbuf_add_c(&b, '\n');
	}
	ctl_say(c, "%zu features, %zu bars of warm-up, hash %s", n, ml_features_warm_up(f),
		hash);
	return ctl_print(c, &b);
}

static int features(struct ctl *c)
{
	struct ctl_bars o = CTL_BARS_NONE;
	const char *list = NULL;
	bool table = false;
	const struct ctl_opt opts[] = {
		{ "list", 'l', CTL_FLAG, &table, NULL, "names, formulas, ranges", 0, 0 },
		{ "features", 'f', CTL_TEXT, &list, "NAME,...", "which; the usual ones", 0, 0 },
		CTL_ML_CANDLES(&o),
		{ 0 },
	};
	struct ml_candles m;
	struct err err;
	int status;

	if (!ctl_parse(c, opts, NULL, 0, 0, &status))
		return status;
	if (table)
		return list_features(c);
	if (ctl_ml_candles(c, &o, &m, &err) < 0)
		return ctl_fail(c, &err);
	return print_features(c, list, &m);
}

/* ---- kinds ---------------------------------------------------------------------------- */

static int kinds(struct ctl *c)
{
	const struct ctl_opt opts[] = { { 0 } };
	struct sbuf b;
	int status;

	if (!ctl_parse(c, opts, NULL, 0, 0, &status))
		return status;
	sbuf_init(&b, c->arena, 1 << 20);
	for (const struct ml_kind *const *k = ml_kinds; *k != NULL; k++) {
		sbuf_addf(&b, "%s - %s (%s), %u bar%s\n", (*k)->name, (*k)->title,
			  (*k)->group, (*k)->window, (*k)->window > 1 ? "s" : "");
		if ((*k)->layout != NULL)
			sbuf_addf(&b, "  layout: %s\n", (*k)->layout);
		for (const char *const *f = (*k)->needs; f != NULL && *f != NULL; f++)
			sbuf_addf(&b, "  needs %s\n", *f);
		for (size_t i = 0; i < (*k)->n_params; i++) {
			const struct ml_param *p = &(*k)->params[i];

			sbuf_addf(&b, "  %s = %g (%g to %g): %s\n", p->name, p->def, p->min,
				  p->max, p->doc);
		}
	}
	return ctl_print(c, &b);
}

/* ---- models on disk ---------------------------------------------------------------------- */

static void day(char ret[TIME_TEXT_MAX], int64_t t)
{
	(void)time_format(ret, t);
	ret[10] = '\0';
}

static void list_one(struct sbuf *b, const char *path, const struct ml_model *m)
{
	char from[TIME_TEXT_MAX], to[TIME_TEXT_MAX], valid[TIME_TEXT_MAX];

	day(from, m->train_from);
	day(to, m->train_to);
	day(valid, m->valid_to);
	sbuf_addf(b, "%s\n  %s%s%s, %s %s, %u features x %u bars, label %s over %u bar%s "
		  "(%g)\n  trained %s to %s, validated to %s; features %.12s, sum %.12s\n",
		  path, m->kind->name, m->name[0] != '\0' ? " " : "", m->name,
		  m->market[0] != '\0' ? m->market : "no market named", tf_name(m->tf),
		  m->spec.shape.features, m->spec.shape.window, ml_label_name(m->label.kind),
		  m->label.bars, m->label.bars > 1 ? "s" : "", m->label.threshold, from, to,
		  valid, m->feature_hash, m->sum);
	if (m->verdict[0] != '\0')
		sbuf_addf(b, "  %s\n", m->verdict);
}

static int list(struct ctl *c)
{
	const struct ctl_opt opts[] = { { 0 } };
	struct sbuf b;
	int status, worst = 0;

	if (!ctl_parse(c, opts, "FILE...", 1, CTL_MANY, &status))
		return status;
	sbuf_init(&b, c->arena, (size_t)64 << 20);
	for (int i = 0; i < c->argc; i++) SCOPE(tmp, c->arena) {
		struct ml_model *m;
		struct err err;

		if (ml_model_open(tmp, c->argv[i], &m, &err) < 0) {
			err_wrap(&err, "%s", c->argv[i]);
			worst = ctl_fail(c, &err);
		} else {
			list_one(&b, c->argv[i], m);
		}
	}
	status = ctl_print(c, &b);
	return status != 0 ? status : worst;
}

static void said_text(struct sbuf *b, const struct ml_model *m,
		      const struct ml_prediction *p)
{
	char at[TIME_TEXT_MAX];

	(void)time_format(at, p->t);
	sbuf_addf(b, "%s at the close of the bar of %s, confidence %.1f %%, strength %+.3f\n"
		  "buy %.4f, hold %.4f, sell %.4f\n", ml_action_name(p->action), at,
		  100 * (double)p->confidence, (double)p->strength, (double)p->p[ML_BUY],
		  (double)p->p[ML_HOLD], (double)p->p[ML_SELL]);
	if (!isnan(p->predicted))
		sbuf_addf(b, "predicted return %+.6f\n", (double)p->predicted);
	for (size_t i = 0; i < p->n_reasons; i++)
		sbuf_addf(b, "  %s (%+.4f)\n", p->reason[i].sentence,
			  (double)p->reason[i].contribution);
	if (m->market[0] != '\0')
		sbuf_addf(b, "model %s%s%s, made for %s\n", m->kind->name,
			  m->name[0] != '\0' ? " " : "", m->name, m->market);
}

static int predict(struct ctl *c)
{
	struct ctl_bars o = CTL_BARS_NONE;
	const char *path = NULL;
	bool json = false;
	const struct ctl_opt opts[] = {
		{ "model", 'M', CTL_TEXT, &path, "FILE", "the model", 0, 0 },
		{ "json", 'j', CTL_FLAG, &json, NULL, "as JSON", 0, 0 },
		CTL_ML_CANDLES(&o),
		{ 0 },
	};
	struct ml_prediction p;
	struct ml_candles k;
	struct ml_model *m;
	struct ml_eye *e;
	struct err err;
	struct sbuf b;
	struct jw w;
	int status;

	if (!ctl_parse(c, opts, NULL, 0, 0, &status))
		return status;
	if (path == NULL)
		return ctl_usage(c, "which model? (--model FILE)");
	if (ml_model_open(c->arena, path, &m, &err) < 0 ||
	    ctl_ml_candles(c, &o, &k, &err) < 0)
		return ctl_fail(c, &err);
	if (k.tf != m->tf)
		return ctl_usage(c, "the model is for candles of %s, these are of %s",
				 tf_name(m->tf), tf_name(k.tf));
	if (ml_eye_new(c->arena, m, 0, &e, &err) < 0)
		return ctl_fail(c, &err);
	ml_eye_push(e, &k.bars, NULL);
	if (ml_eye_ask(e, true, &p, &err) < 0)
		return ctl_fail(c, &err);
	sbuf_init(&b, c->arena, 1 << 20);
	if (json) {
		jw_init(&w, &b);
		jw_obj(&w);
		ml_prediction_json(&w, m, &p);
		jw_obj_end(&w);
		sbuf_add_c(&b, '\n');
	} else {
		said_text(&b, m, &p);
	}
	return ctl_print(c, &b);
}

/* Files when there are some, else the database. */
static int list_any(struct ctl *c)
{
	for (int i = 0; i < c->argc; i++)
		if (c->argv[i][0] != '-' && (i == 0 || strcmp(c->argv[i - 1], "-u") != 0) &&
		    (i == 0 || strcmp(c->argv[i - 1], "--user") != 0))
			return list(c);
	return ctl_ml_models(c);
}

int ctl_ml(struct ctl *c)
{
	static const struct ctl_sub subs[] = {
		{ "features", features, NULL, "list features, or compute them" },
		{ "kinds", kinds, NULL, "kinds of models and their parameters" },
		{ "train", ctl_ml_train, NULL, "train a model on candles" },
		{ "walk", ctl_ml_walk, NULL, "train and test again and again, walking on" },
		{ "compare", ctl_ml_compare, NULL, "train every kind, one table" },
		{ "evaluate", ctl_ml_evaluate, NULL, "judge a model on other candles" },
		{ "predict", predict, NULL, "what a model says of the newest candle" },
		{ "list", list_any, "[FILE...]", "models in the database, or what "
		  "files hold" },
		{ "promote", ctl_ml_promote, "MODEL", "put a model to use" },
		{ "retire", ctl_ml_retire, "MODEL", "take it out of use" },
		{ "keep", ctl_ml_keep, "FILE", "take a model file into the database" },
		{ "export", ctl_ml_export, NULL, "weights as JSON, or for xgboost" },
		{ "import", ctl_ml_import, "FILE", "a model file from weights" },
		{ "forward", ctl_ml_forward, NULL, "outputs for given inputs" },
		{ "bench", ctl_ml_bench, NULL, "how long a prediction takes" },
		{ 0 } };

	return ctl_dispatch(c, subs);
}
