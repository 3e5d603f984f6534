#include "config.h"

#include <math.h>
#include <string.h>

#include "ml/trainer_i.h"

/* Walking forward: what each fold says is put behind what the ones before said,
 * and judged together. */

struct pool {
	struct ml_eval_in in;
	size_t room;
	float *p, *next, *base[ML_BASELINES_MAX];
	uint8_t *cls;
	int64_t *t;
};

static void pool_make(struct arena *out, struct pool *p, size_t room)
{
	*p = (struct pool){ .room = room, .p = NEW_N(out, float, room * ML_ACTIONS),
		.next = NEW_N(out, float, room), .cls = NEW_N(out, uint8_t, room),
		.t = NEW_N(out, int64_t, room) };
	for (size_t k = 0; k < ML_BASELINES_MAX; k++)
		p->base[k] = NEW_N(out, float, room * ML_ACTIONS);
}

static void pool_add(struct pool *p, const struct ml_eval_in *in)
{
	size_t at = p->in.n, n = in->n;

	assert(n <= p->room - at);
	memcpy(p->p + at * ML_ACTIONS, in->p, n * ML_ACTIONS * sizeof(float));
	memcpy(p->next + at, in->next, n * sizeof(float));
	memcpy(p->cls + at, in->cls, n);
	memcpy(p->t + at, in->t, n * sizeof(*p->t));
	for (size_t k = 0; k < in->n_baselines; k++)
		memcpy(p->base[k] + at * ML_ACTIONS, in->baseline[k].p,
		       n * ML_ACTIONS * sizeof(float));
	p->in = *in;
	p->in.n = at + n;
	p->in.p = p->p;
	p->in.next = p->next;
	p->in.cls = p->cls;
	p->in.t = p->t;
	for (size_t k = 0; k < in->n_baselines; k++)
		p->in.baseline[k].p = p->base[k];
}

static int one_fold(struct arena *tmp, const struct ml_plan *plan, const struct bars *b,
		    const double *book, const struct ml_hooks *h, double from, double to,
		    struct pool *pool, struct err *err)
{
	struct ml_eval_in in;
	struct ml_calib c;
	struct ml_data d;
	struct ml_run r = { .d = &d, .h = h, .err = err, .out = tmp,
			    .layout = plan->spec.layout, .rate = NAN, .from = from,
			    .to = to };
	int rc = ml_data_make(tmp, plan, b, book, &d, err);

	if (rc < 0)
		return rc;
	r.kind = d.kind;
	rc = ml_learn(&r, NULL, 0);
	if (rc == 0) {
		(void)ml_calibrate(tmp, &d, r.m, &c);
		rc = ml_guesses(tmp, &d, r.m, &c, &in, err);
	}
	if (rc == 0)
		pool_add(pool, &in);
	return rc;
}

/* Where the tests lie, of all samples. */
static int cut(struct arena *tmp, const struct ml_plan *plan, const struct bars *b,
	       const double *book, uint32_t folds, struct ml_data *ret,
	       struct ml_fold *f, struct err *err)
{
	struct ml_plan whole = *plan;
	int rc;

	whole.train_to = whole.valid_to = 0;
	rc = ml_data_make(tmp, &whole, b, book, ret, err);
	return rc < 0 ? rc : ml_walk(&ret->all, folds, ret->all.n / 2, 0, plan->embargo, f,
				     err);
}

int ml_walk_forward(struct arena *out, const struct ml_plan *plan, const struct bars *b,
		    const double *book, uint32_t folds, const struct ml_hooks *h,
		    struct ml_eval *ret, struct err *err)
{
	struct ml_hooks steps = h != NULL ? *h : (struct ml_hooks){ 0 };
	struct ml_fold f[ML_FOLDS_MAX];
	int rc = 0;

	if (folds < 1 || folds > ML_FOLDS_MAX)
		return FAIL(err, E_INVAL, "%u folds; there are 1 to %d", folds, ML_FOLDS_MAX);
	if (plan->search.trials > 0)
		return FAIL(err, E_INVAL, "walking forward, nothing is searched");
	steps.checkpoint = NULL;
	SCOPE(tmp, out) {
		struct ml_data d;
		struct pool pool;

		rc = cut(tmp, plan, b, book, folds, &d, f, err);
		if (rc < 0)
			break;
		pool_make(tmp, &pool, d.all.n);
		for (uint32_t i = 0; i < folds && rc == 0; i++) SCOPE(turn, tmp) {
			struct ml_plan p = *plan;
			int64_t begin = d.all.t[0], test = d.all.t[f[i].test_from];

			p.train_from = begin;
			p.valid_to = test;
			p.train_to = begin + (test - begin) / 5 * 4;
			p.test_to = d.all.t[f[i].test_to - 1] + 1;
			rc = one_fold(turn, &p, b, book, &steps, (double)i / folds,
				      (i + 1.0) / folds, &pool, err);
		}
		if (rc == 0)
			rc = ml_evaluate(out, &pool.in, ret, err);
	}
	return rc;
}
