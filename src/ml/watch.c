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
