#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/rand.h"
#include "ml/trainer_i.h"

#define IMPORTANCE_SAMPLES 1000
#define IMPORTANCE_TURNS 3
#define BATCH 32

static uint8_t *classes_of(const struct ml_data *d, const struct ml_set *s)
{
	return d->cls + (s->end - d->all.end);
}

double ml_calibrate(struct arena *out, const struct ml_data *d, const void *m,
		    struct ml_calib *ret)
{
	const struct ml_set *v = &d->valid;
	double loss = 0;

	SCOPE(tmp, out) {
		float *y = NEW_N(tmp, float, v->n * v->shape.outputs);

		ml_outputs(tmp, d->kind, m, v, y);
		if (v->shape.outputs == 1)
			ml_calib_fit_normal(y, v->target, v->n, d->plan->label.threshold, ret);
		else
			ml_calib_fit(out, d->plan->calib, y, v->cls, v->n, ret);
		for (size_t i = 0; i < v->n; i++) {
			float p[ML_ACTIONS];

			ml_calib_apply(ret, y + i * v->shape.outputs, p);
			loss += ml_log_loss(p, classes_of(d, v)[i]) / (double)v->n;
		}
	}
	return loss;
}

static float *calibrated(struct arena *out, const struct ml_kind *k, const void *m,
			 const struct ml_set *s, const struct ml_calib *c)
{
	float *p = NEW_N(out, float, s->n * ML_ACTIONS);

	SCOPE(tmp, out) {
		float *y = NEW_N(tmp, float, s->n * s->shape.outputs);

		ml_outputs(tmp, k, m, s, y);
		for (size_t i = 0; i < s->n; i++)
			ml_calib_apply(c, y + i * s->shape.outputs, p + i * ML_ACTIONS);
	}
	return p;
}

/* ---- baselines ------------------------------------------------------------------ */

/* How often each class came after what, in training and validation. */
struct counts { double n[ML_ACTIONS]; };

static void shares(const struct counts *c, float *ret)
{
	double sum = 0;

	for (size_t k = 0; k < ML_ACTIONS; k++)
		sum += c->n[k];
	for (size_t k = 0; k < ML_ACTIONS; k++)
		ret[k] = (float)(c->n[k] / sum);
}

/* Class of the last bar's own return. */
static uint8_t last_class(const struct ml_data *d, uint32_t row)
{
	const double *c = d->bars->c;

	return row == 0 ? ML_HOLD : ml_class_of(c[row] / c[row - 1] - 1,
						d->plan->label.threshold);
}

/* Always the frequencies known before the test; and those after such a bar. */
static void frequencies(struct arena *out, const struct ml_data *d, struct ml_eval_in *in)
{
	const struct ml_set *parts[] = { &d->train, &d->valid }, *t = &d->test;
	struct counts all = { { 1, 1, 1 } }, after[ML_ACTIONS] = { all, all, all };
	float *majority = NEW_N(out, float, t->n * ML_ACTIONS);
	float *last = NEW_N(out, float, t->n * ML_ACTIONS);

	for (size_t k = 0; k < ARRAY_LEN(parts); k++)
		for (size_t i = 0; i < parts[k]->n; i++) {
			uint8_t cls = classes_of(d, parts[k])[i];

			all.n[cls]++;
			after[last_class(d, parts[k]->end[i])].n[cls]++;
		}
	for (size_t i = 0; i < t->n; i++) {
		shares(&all, majority + i * ML_ACTIONS);
		shares(&after[last_class(d, t->end[i])], last + i * ML_ACTIONS);
	}
	in->baseline[in->n_baselines++] = (struct ml_guess){ "majority", majority };
	in->baseline[in->n_baselines++] = (struct ml_guess){ "last_return", last };
}

/* Logistic regression of the newest bar's features. */
static int logistic(struct arena *out, const struct ml_data *d, struct ml_eval_in *in,
		    struct err *err)
{
	const struct ml_kind *k = ml_kind_find("logistic");
	struct ml_set part[3] = { d->train, d->valid, d->test };
	struct ml_fit fit = { &part[0], &part[1], NULL, NULL };
	struct ml_spec spec;
	struct ml_calib c;
	float *y;
	void *m;
	int rc;

	if (k == NULL || k == d->kind)
		return 0;
	ml_spec_init(&spec, k, ML_ACTIONS);
	spec.shape = (struct ml_shape){ 1, d->features, ML_ACTIONS };
	spec.columns = d->spec.columns;
	for (size_t i = 0; i < ARRAY_LEN(part); i++) {
		part[i].shape = spec.shape;
		part[i].cls = classes_of(d, &part[i]);
		part[i].weight = NULL;
	}
	rc = k->make(out, &spec, &m, err);
	if (rc == 0)
		rc = k->fit(m, &fit, err);
	if (rc < 0)
		return rc;
	y = NEW_N(out, float, part[1].n * ML_ACTIONS);
	ml_outputs(out, k, m, &part[1], y);
	ml_calib_fit(out, ML_CALIB_PLATT, y, part[1].cls, part[1].n, &c);
	in->baseline[in->n_baselines++] = (struct ml_guess){ "logistic",
		calibrated(out, k, m, &part[2], &c) };
	return 0;
}

/* ---- importance ------------------------------------------------------------------- */

struct shuffled {
	const struct ml_data *d;
	const void *m;
	const struct ml_calib *c;
	size_t n, size;			/* samples; floats of one */
	const uint32_t *at;		/* which of the test */
	float *room;			/* BATCH samples */
	float *y;
	void *work;
};

/* Losses with feature j of sample i taken from sample from[i]; j < 0: as is. */
static void losses(struct shuffled *s, long j, const uint32_t *from, double *ret)
{
	const struct ml_set *t = &s->d->test;
	uint32_t f = s->d->features, outputs = t->shape.outputs;
	const float *x[BATCH];

	for (size_t i = 0; i < s->n; i += BATCH) {
		size_t n = s->n - i < BATCH ? s->n - i : BATCH;

		for (size_t b = 0; b < n; b++) {
			float *to = s->room + b * s->size;

			memcpy(to, ml_sample(t, s->at[i + b]), s->size * sizeof(*to));
			x[b] = to;
			for (size_t k = 0; j >= 0 && k < s->size; k += f)
				to[k + (size_t)j] =
					ml_sample(t, s->at[from[i + b]])[k + (size_t)j];
		}
		s->d->kind->forward(s->m, s->work, x, n, s->y);
		for (size_t b = 0; b < n; b++) {
			float p[ML_ACTIONS];

			ml_calib_apply(s->c, s->y + b * outputs, p);
			ret[i + b] += ml_log_loss(p, classes_of(s->d, t)[s->at[i + b]]);
		}
	}
}

static int by_size(const void *a, const void *b)
{
	const struct ml_importance *x = a, *y = b;

	return x->loss.value != y->loss.value ?
	       (x->loss.value < y->loss.value) - (x->loss.value > y->loss.value) :
	       strcmp(x->feature, y->feature);
}

static void shuffle(struct rng *r, uint32_t *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		v[i] = (uint32_t)i;
	for (size_t i = n; i > 1; i--) {
		size_t k = (size_t)rng_below(r, i);
		uint32_t swap = v[i - 1];

		v[i - 1] = v[k];
		v[k] = swap;
	}
}

/* How much the loss of the test part grows when a feature's values are dealt
 * out anew among its samples (whole windows of it). */
static void importance(struct arena *out, const struct ml_data *d, const void *m,
		       const struct ml_calib *c, struct ml_eval *e)
{
	struct ml_importance *v = NEW_N(out, struct ml_importance, d->features);

	SCOPE(tmp, out) {
		size_t n = d->test.n < IMPORTANCE_SAMPLES ? d->test.n : IMPORTANCE_SAMPLES;
		size_t size = (size_t)d->window * d->features;
		uint32_t *at = NEW_N(tmp, uint32_t, n), *from = NEW_N(tmp, uint32_t, n);
		double *base = NEW_N(tmp, double, n);
		uintptr_t room = (uintptr_t)arena_alloc(tmp, d->kind->work(m, BATCH) + 64);
		struct shuffled s = { d, m, c, n, size, at, NEW_N(tmp, float, BATCH * size),
			NEW_N(tmp, float, BATCH * ML_ACTIONS), (void *)((room + 63) / 64 * 64) };
		struct rng r;

		rng_seed(&r, d->spec.seed);
		for (size_t i = 0; i < n; i++)
			at[i] = (uint32_t)(i * d->test.n / n);
		losses(&s, -1, NULL, base);
		for (uint32_t j = 0; j < d->features; j++) SCOPE(turn, tmp) {
			double *with = NEW_N(turn, double, n);

			for (int k = 0; k < IMPORTANCE_TURNS; k++) {
				shuffle(&r, from, n);
				losses(&s, (long)j, from, with);
			}
			for (size_t i = 0; i < n; i++)
				with[i] /= IMPORTANCE_TURNS;
			v[j] = (struct ml_importance){ d->names[j],
				ml_paired(with, base, n, 0, 200, d->spec.seed) };
		}
	}
	qsort(v, d->features, sizeof(*v), by_size);
	e->importance = v;
	e->n_importance = d->features;
}

int ml_guesses(struct arena *out, const struct ml_data *d, const void *m,
	       const struct ml_calib *c, struct ml_eval_in *ret, struct err *err)
{
	const struct ml_set *t = &d->test;
	struct ml_eval_in in = { .n = t->n, .cls = classes_of(d, t), .t = t->t,
		.fee = d->plan->fee, .reach = d->plan->label.bars, .seed = d->spec.seed };
	float *next = NEW_N(out, float, t->n);
	int rc;

	for (size_t i = 0; i < t->n; i++) {
		uint32_t row = t->end[i];

		next[i] = row + 1 < d->bars->n ? (float)(d->bars->c[row + 1] /
			  d->bars->c[row] - 1) : 0;
	}
	in.next = next;
	in.p = calibrated(out, d->kind, m, t, c);
	frequencies(out, d, &in);
	rc = logistic(out, d, &in, err);
	if (rc == 0)
		*ret = in;
	return rc;
}

int ml_judge_test(struct arena *out, const struct ml_data *d, const void *m,
		  const struct ml_calib *c, struct ml_eval *ret, struct err *err)
{
	struct ml_eval_in in;
	int rc = 0;

	SCOPE(tmp, out) {
		rc = ml_guesses(tmp, d, m, c, &in, err);
		if (rc == 0)
			rc = ml_evaluate(out, &in, ret, err);
		if (rc == 0)
			importance(out, d, m, c, ret);
	}
	return rc;
}
