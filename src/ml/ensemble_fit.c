#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ml/ensemble_i.h"
#include "ml/folds.h"
#include "ml/hist_i.h"

/* Of a regime seen so seldom, the accuracy is drawn towards that of all. */
#define PRIOR 50

/* What a member sees of the samples. */
static struct ml_set seen_by(const struct member *m, const struct ml_set *s)
{
	struct ml_set v = *s;

	v.shape.window = m->spec.shape.window;
	return v;
}

struct telling {
	const struct ml_fit *f;
	unsigned job, jobs;
};

/* A hundred steps for each job: the members' epochs are of different length. */
static int tell(void *ctx, const struct ml_progress *p)
{
	struct telling *t = ctx;
	struct ml_progress q = *p;

	if (t->f->progress == NULL)
		return 0;
	q.epochs = 100 * t->jobs;
	q.epoch = 100 * t->job + (p->epochs > 0 ? 100 * p->epoch / p->epochs : 100);
	if (q.epoch > q.epochs)
		q.epoch = q.epochs;
	return t->f->progress(t->f->ctx, &q);
}

static int train(const struct member *m, void *model, const struct ml_set *s,
		 const struct ml_set *valid, struct telling *t, struct err *err)
{
	struct ml_set a = seen_by(m, s), b;
	struct ml_fit f = { .train = &a, .progress = tell, .ctx = t };
	int rc;

	if (valid != NULL && valid->n > 0) {
		b = seen_by(m, valid);
		f.valid = &b;
	}
	rc = m->kind->fit(model, &f, err);
	if (rc < 0)
		err_wrap(err, "%s", m->kind->name);
	return rc;
}

/* The last part of what a fold is trained on ends its members' training: what
 * is predicted plays no part in it. */
static int train_fold(struct ensemble *e, struct member *m, const struct ml_set *s,
		      struct telling *t, struct err *err)
{
	size_t cut = s->n * 85 / 100, n = ml_purge(s, cut, cut, 0);
	struct ml_set a = ml_set_slice(s, 0, n), b = ml_set_slice(s, cut, s->n);
	int rc = 0;

	if (e->run == NULL) {
		e->run_mem = arena_push(e->mem, "fold");
		rc = m->kind->make(e->run_mem, &m->spec, &e->run, err);
	}
	if (rc == 0)
		rc = train(m, e->run, &a, &b, t, err);
	return rc;
}

static void predict_fold(struct ensemble *e, size_t member, const struct ml_set *s,
			 const struct ml_fold *f)
{
	const struct member *m = &e->member[member];

	SCOPE(tmp, e->mem) {
		uintptr_t work = (uintptr_t)arena_alloc(tmp, m->kind->work(e->run, 1) + 64);

		work = (work + 63) / 64 * 64;
		for (size_t i = f->test_from; i < f->test_to; i++) {
			const float *x = ml_sample(s, i) + m->skip;

			m->kind->forward(e->run, (void *)work, &x, 1, e->oof +
					 (i * e->n + member) * ML_ACTIONS);
		}
	}
	e->run = NULL;
	arena_free(&e->run_mem);
}

/* ---- how much the members count ----------------------------------------- */

static bool is_right(const float *p, unsigned cls)
{
	unsigned best = ML_HOLD;

	for (unsigned k = 0; k < ML_ACTIONS; k++)
		if (p[k] > p[best])
			best = k;
	return best == cls;
}

static int by_value(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

/* Above it a share of the training samples lies. */
static void find_cut(struct ensemble *e, const struct ml_set *s)
{
	SCOPE(tmp, e->mem) {
		float *v = NEW_N(tmp, float, s->n);
		size_t last = (size_t)(s->shape.window - 1) * s->shape.features;

		for (size_t i = 0; i < s->n; i++)
			v[i] = ml_sample(s, i)[last + (size_t)e->volatility];
		qsort(v, s->n, sizeof(*v), by_value);
		*e->cut = (double)v[(size_t)((double)(s->n - 1) *
				    ml_spec_param(&e->spec, "volatile") / 100)];
	}
}

static void weigh(struct ensemble *e, const struct ml_set *s, size_t from)
{
	size_t rows = e->how == ENSEMBLE_REGIME ? REGIMES : 1;
	double power = ml_spec_param(&e->spec, "power");

	for (size_t m = 0; m < e->n; m++) {
		double right[REGIMES] = { 0 }, n[REGIMES] = { 0 }, all;

		for (size_t i = from; i < s->n; i++) {
			unsigned r = rows > 1 ? ensemble_regime(e, ml_sample(s, i)) : 0;

			right[r] += is_right(e->oof + (i * e->n + m) * ML_ACTIONS,
					     s->cls[i]);
			n[r]++;
		}
		all = (right[0] + right[1] + right[2]) / (n[0] + n[1] + n[2]);
		for (size_t r = 0; r < rows; r++)
			e->weight[r * e->n + m] =
				pow((right[r] + PRIOR * all) / (n[r] + PRIOR), power);
	}
	for (size_t r = 0; r < rows; r++) {
		double sum = 0;

		for (size_t m = 0; m < e->n; m++)
			sum += e->weight[r * e->n + m];
		for (size_t m = 0; m < e->n; m++)
			e->weight[r * e->n + m] = sum > 0 ? e->weight[r * e->n + m] / sum :
						  1 / (double)e->n;
	}
}

static int stack(struct ensemble *e, const struct ml_set *s, size_t from,
		 struct err *err)
{
	uint32_t inputs = (uint32_t)e->n * ML_ACTIONS;
	size_t n = s->n - from;
	int rc = 0;

	SCOPE(tmp, e->mem) {
		float *x = NEW_N(tmp, float, n * inputs);
		uint32_t *end = NEW_N(tmp, uint32_t, n);
		struct ml_set set = ml_set_slice(s, from, s->n);
		struct ml_fit f = { .train = &set };

		for (size_t i = 0; i < n; i++) {
			end[i] = (uint32_t)i;
			ensemble_meta_input(e->oof + (from + i) * inputs, e->n,
					    x + i * inputs);
		}
		set.shape = e->meta.spec.shape;
		set.x = x;
		set.end = end;
		rc = e->meta.kind->fit(e->meta.model, &f, err);
	}
	ensemble_meta_known(e);
	return rc;
}

static int combine(struct ensemble *e, const struct ml_set *s, size_t from,
		   struct err *err)
{
	switch (e->how) {
	case ENSEMBLE_STACK:
		return stack(e, s, from, err);
	case ENSEMBLE_REGIME:
		find_cut(e, s);
		weigh(e, s, from);
		return 0;
	case ENSEMBLE_VOTE:
		weigh(e, s, from);
		return 0;
	}
	return 0;
}

/* ---- jobs --------------------------------------------------------------- */

static int one_job(struct ensemble *e, const struct ml_fit *f,
		   const struct ml_fold *fold, size_t folds, struct err *err)
{
	size_t job = (size_t)e->state[ENSEMBLE_JOB];
	struct member *m = &e->member[job % e->n];
	struct telling t = { f, (unsigned)job, (unsigned)((folds + 1) * e->n) };
	int rc;

	if (job < folds * e->n) {
		const struct ml_fold *d = &fold[job / e->n];
		struct ml_set s = ml_set_slice(f->train, d->train_from, d->train_to);

		rc = train_fold(e, m, &s, &t, err);
		if (rc == 0)
			predict_fold(e, job % e->n, f->train, d);
		return rc;
	}
	m->trained = true;
	return train(m, m->model, f->train, f->valid, &t, err);
}

int ensemble_fit(void *p, const struct ml_fit *f, struct err *err)
{
	struct ensemble *e = OBJ_CAST(struct ensemble, p, ENSEMBLE_MAGIC);
	size_t folds = (size_t)ml_spec_param(&e->spec, "folds");
	struct ml_fold fold[16];
	int rc = ml_trees_set_check(&e->spec.shape, f->train, err);

	assert(folds <= ARRAY_LEN(fold));
	if (rc == 0)
		rc = ml_walk(f->train, folds, f->train->n / 2, 0, 0, fold, err);
	if (rc < 0)
		return rc;
	if (e->state[ENSEMBLE_RUNNING] <= 0) {
		e->state[ENSEMBLE_RUNNING] = 1;
		e->state[ENSEMBLE_JOB] = 0;
		e->n_oof = f->train->n;
		e->oof = NEW_N(e->mem, float, e->n_oof * e->n * ML_ACTIONS);
	}
	if (e->n_oof != f->train->n)
		return FAIL(err, E_INVAL, "%s: the checkpoint is of %zu samples, not of %zu",
			    e->spec.kind, e->n_oof, f->train->n);
	while (e->state[ENSEMBLE_JOB] < (double)((folds + 1) * e->n)) {
		rc = one_job(e, f, fold, folds, err);
		if (rc != 0)
			return rc;
		e->state[ENSEMBLE_JOB]++;
	}
	rc = combine(e, f->train, fold[0].test_from, err);
	if (rc == 0)
		e->state[ENSEMBLE_RUNNING] = 0;
	return rc;
}
