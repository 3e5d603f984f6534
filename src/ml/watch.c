#include "config.h"

#include <math.h>

#include "ml/eval.h"
#include "ml/ml.h"

/* A model against the market of today, and against the one before it. */

int ml_model_drift(const struct ml_model *m, const struct bars *b, const double *book,
		   double *ret_psi, size_t *ret_worst, struct err *err)
{
	struct arena *a CLEANUP(arena_free) = arena_new("drift", (size_t)4 << 30);
	size_t n = m->spec.shape.features, warm;
	struct ml_features *f;
	float *raw;
	int rc, worst;

	if (m->drift.features == 0)
		return FAIL(err, E_UNPROCESSABLE, "the model's file does not say what its "
			    "features looked like in training");
	rc = ml_features_new(a, m->tf, m->features, n, book != NULL ? ML_KNOWN_BOOK : 0,
			     &f, err);
	if (rc < 0)
		return rc;
	raw = arena_alloc_n(a, b->n * n + 1, sizeof(float));
	ml_features_run(f, b, book, raw);
	warm = ml_features_history(f);		/* averages that know their past */
	warm = warm < b->n ? warm : b->n;
	worst = ml_drift_psi(&m->drift, raw + warm * n, b->n - warm, ret_psi);
	if (worst < 0)
		return FAIL(err, E_UNPROCESSABLE, "%zu bars are too few to look for drift: "
			    "%zu of warm-up and %d more are wanted", b->n,
			    ml_features_history(f), ML_PSI_LEAST);
	*ret_worst = (size_t)worst;
	return 0;
}

/* What both say, and the losses of it where both and the label are known. */
int ml_duel(const struct ml_model *m, const struct ml_model *old, const struct bars *b,
	    const double *book, int64_t from, int64_t to, struct ml_value *ret,
	    size_t *ret_n, struct err *err)
{
	struct arena *a CLEANUP(arena_free) = arena_new("duel", (size_t)4 << 30);
	const struct ml_model *who[2] = { m, old };
	float *said[2], *target = NEW_N(a, float, b->n + 1);
	double *loss[2];
	uint8_t *cls = NEW_N(a, uint8_t, b->n + 1);
	int64_t *t_end = NEW_N(a, int64_t, b->n + 1);
	size_t n = 0;
	int rc;

	for (size_t k = 0; k < 2; k++) {
		struct ml_eye *e;

		if (who[k]->tf != m->tf)
			return FAIL(err, E_CONFLICT, "the models are of different timeframes");
		rc = ml_eye_new(a, who[k], book != NULL ? ML_KNOWN_BOOK : 0, &e, err);
		if (rc < 0)
			return rc;
		said[k] = NEW_N(a, float, b->n * ML_SAID + 1);
		loss[k] = NEW_N(a, double, b->n + 1);
		ml_eye_run(e, b, book, said[k]);
	}
	ml_labels(&m->label, m->tf, b, cls, target, t_end);
	for (size_t i = 0; i < b->n; i++) {
		const float *x = said[0] + i * ML_SAID, *y = said[1] + i * ML_SAID;
		uint8_t came = m->label.kind == ML_LABEL_RETURN ?
			ml_class_of((double)target[i], m->label.threshold) : cls[i];

		if (b->t[i] < from || b->t[i] >= to || isnan(target[i]) ||
		    isnan(x[0]) || isnan(y[0]))
			continue;
		loss[0][n] = ml_log_loss(x, came);
		loss[1][n++] = ml_log_loss(y, came);
	}
	if (n < 30)
		return FAIL(err, E_UNPROCESSABLE, "%zu bars are too few to compare models", n);
	*ret = ml_paired(loss[1], loss[0], n, 0, 0, 1);
	*ret_n = n;
	return 0;
}

/* ---- review ------------------------------------------------------------------- */

struct counts { double n[ML_ACTIONS]; };

static void shares(const struct counts *c, float *ret)
{
	double sum = c->n[0] + c->n[1] + c->n[2];

	for (size_t k = 0; k < ML_ACTIONS; k++)
		ret[k] = (float)(c->n[k] / sum);
}

struct review {
	const struct ml_model *m;
	const struct bars *b;
	uint8_t *cls;			/* of each bar; ML_NO_CLASS: not known */
	int64_t *t_end;
	float *said;
	int64_t from, to;
};

static uint8_t last_class(const struct review *r, size_t i)
{
	return i == 0 ? ML_HOLD : ml_class_of(r->b->c[i] / r->b->c[i - 1] - 1,
					      r->m->label.threshold);
}

static bool judged(const struct review *r, size_t i)
{
	return r->b->t[i] >= r->from && r->b->t[i] < r->to &&
	       r->cls[i] != ML_NO_CLASS && !isnan(r->said[i * ML_SAID]);
}

/* Frequencies of what was known when `from` came; false: nothing was. */
static bool before(const struct review *r, struct counts *all,
		   struct counts after[ML_ACTIONS])
{
	size_t n = 0;

	for (size_t k = 0; k < ML_ACTIONS; k++)
		all->n[k] = after[0].n[k] = after[1].n[k] = after[2].n[k] = 1;
	for (size_t i = 0; i < r->b->n && r->b->t[i] < r->from; i++) {
		if (r->cls[i] == ML_NO_CLASS || r->t_end[i] > r->from)
			continue;
		all->n[r->cls[i]]++;
		after[last_class(r, i)].n[r->cls[i]]++;
		n++;
	}
	return n >= 100;
}

static int evaluate(struct arena *out, struct arena *a, const struct review *r,
		    double fee, struct ml_eval *ret, struct err *err)
{
	size_t n = 0, most = r->b->n + 1;
	float *p = NEW_N(a, float, most * ML_ACTIONS), *next = NEW_N(a, float, most);
	float *majority = NEW_N(a, float, most * ML_ACTIONS);
	float *last = NEW_N(a, float, most * ML_ACTIONS);
	uint8_t *cls = NEW_N(a, uint8_t, most);
	int64_t *t = NEW_N(a, int64_t, most);
	struct ml_eval_in in = { .p = p, .cls = cls, .t = t, .next = next, .fee = fee,
		.reach = r->m->label.bars, .seed = r->m->spec.seed };
	struct counts all, after[ML_ACTIONS];

	if (before(r, &all, after)) {
		in.baseline[in.n_baselines++] = (struct ml_guess){ "majority", majority };
		in.baseline[in.n_baselines++] = (struct ml_guess){ "last_return", last };
	}
	for (size_t i = 0; i < r->b->n; i++) {
		if (!judged(r, i))
			continue;
		for (size_t k = 0; k < ML_ACTIONS; k++)
			p[n * ML_ACTIONS + k] = r->said[i * ML_SAID + k];
		shares(&all, majority + n * ML_ACTIONS);
		shares(&after[last_class(r, i)], last + n * ML_ACTIONS);
		cls[n] = r->cls[i];
		t[n] = r->b->t[i];
		next[n++] = i + 1 < r->b->n ? (float)(r->b->c[i + 1] / r->b->c[i] - 1) : 0;
	}
	in.n = n;
	return ml_evaluate(out, &in, ret, err);
}

int ml_review(struct arena *out, const struct ml_model *m, const struct bars *b,
	      const double *book, int64_t from, int64_t to, double fee,
	      struct ml_eval *ret, struct err *err)
{
	struct arena *a CLEANUP(arena_free) = arena_new("review", (size_t)4 << 30);
	float *target = NEW_N(a, float, b->n + 1);
	struct review r = { m, b, NEW_N(a, uint8_t, b->n + 1), NEW_N(a, int64_t, b->n + 1),
			    NEW_N(a, float, b->n * ML_SAID + 1), from, to };
	struct ml_eye *e;
	int rc = ml_eye_new(a, m, book != NULL ? ML_KNOWN_BOOK : 0, &e, err);

	if (rc < 0)
		return rc;
	ml_eye_run(e, b, book, r.said);
	ml_labels(&m->label, m->tf, b, r.cls, target, r.t_end);
	if (m->label.kind == ML_LABEL_RETURN)
		for (size_t i = 0; i < b->n; i++)
			r.cls[i] = isnan(target[i]) ? ML_NO_CLASS :
				   ml_class_of((double)target[i], m->label.threshold);
	return evaluate(out, a, &r, fee, ret, err);
}
