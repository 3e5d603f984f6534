#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/rand.h"
#include "ml/trainer_i.h"

/* Successive halving: all candidates train a little; the better half goes on,
 * again and again.  Each keeps what it has learned (a warm start). */

int ml_param_at(const struct ml_kind *k, const char *name)
{
	for (size_t i = 0; i < k->n_params; i++)
		if (strcmp(k->params[i].name, name) == 0)
			return (int)i;
	return -1;
}

/* What says how long it trains. */
static int budget_at(const struct ml_kind *k)
{
	static const char *const names[] = { "epochs", "rounds", "episodes" };
	int at = -1;

	for (size_t i = 0; at < 0 && i < ARRAY_LEN(names); i++)
		at = ml_param_at(k, names[i]);
	return at;
}

struct candidate {
	struct ml_trial *t;
	struct ml_spec spec;
	void *m;
	double order;			/* drawn */
};

static int by_order(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return (x->order > y->order) - (x->order < y->order);
}

/* Lowest loss first; a model that is no number comes last. */
static int by_loss(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	double p = isfinite(x->t->loss) ? x->t->loss : INFINITY;
	double q = isfinite(y->t->loss) ? y->t->loss : INFINITY;

	return p != q ? (p > q) - (p < q) : (x->t > y->t) - (x->t < y->t);
}

/* Every layout with every rate, in an order drawn from the seed. */
static size_t draw(struct arena *a, struct ml_run *r, struct candidate **ret)
{
	const struct ml_plan *p = r->d->plan;
	int rate_at = ml_param_at(r->kind, "rate");
	double own = rate_at >= 0 ? p->spec.param[rate_at] : NAN;
	const double three[] = { own / 3, own, own * 3 };
	size_t layouts = p->search.n_layouts > 0 ? p->search.n_layouts : 1;
	size_t rates = p->search.n_rates > 0 ? p->search.n_rates : rate_at >= 0 ? 3 : 1;
	struct candidate *c = NEW_N(a, struct candidate, layouts * rates);
	size_t n = 0;
	struct rng rng;

	rng_seed(&rng, p->spec.seed);
	r->trial = NEW_N(r->out, struct ml_trial, layouts * rates);
	for (size_t i = 0; i < layouts; i++)
		for (size_t j = 0; j < rates; j++) {
			const char *layout = p->search.n_layouts > 0 ?
					     p->search.layouts[i] : p->spec.layout;
			double rate = p->search.n_rates > 0 ? p->search.rates[j] : three[j];

			c[n] = (struct candidate){ .spec = r->d->spec,
						   .order = rng_unit(&rng) };
			c[n].spec.layout = layout;
			if (rate_at >= 0)
				c[n].spec.param[rate_at] = fmin(fmax(rate,
					r->kind->params[rate_at].min),
					r->kind->params[rate_at].max);
			n++;
		}
	qsort(c, n, sizeof(*c), by_order);
	n = n < p->search.trials ? n : p->search.trials;
	for (size_t i = 0; i < n; i++) {
		c[i].t = &r->trial[i];
		*c[i].t = (struct ml_trial){ .layout = c[i].spec.layout, .loss = NAN,
			.rate = rate_at >= 0 ? c[i].spec.param[rate_at] : NAN };
	}
	r->n_trials = n;
	*ret = c;
	return n;
}

/* Mean loss of the validation part. */
static double loss_of(struct arena *a, const struct ml_run *r, const void *m)
{
	const struct ml_set *v = &r->d->valid;
	double sum = 0;

	SCOPE(tmp, a) {
		float *y = NEW_N(tmp, float, v->n * v->shape.outputs);

		ml_outputs(tmp, r->kind, m, v, y);
		for (size_t i = 0; i < v->n; i++) {
			double d = (double)y[i] - (double)v->target[i];

			sum += v->shape.outputs == 1 ? d * d :
			       ml_log_loss(y + i * ML_ACTIONS, v->cls[i]);
		}
	}
	return sum / (double)v->n;
}

static int round_of(struct arena *a, struct ml_run *r, struct candidate *c, size_t n,
		    unsigned times, size_t done, size_t total)
{
	struct ml_fit fit = { &r->d->train, &r->d->valid, ml_on_epoch, r };
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		if (c[i].m == NULL)
			rc = r->kind->make(a, &c[i].spec, &c[i].m, r->err);
		r->now = (uint32_t)(c[i].t - r->trial);
		r->from = 0.05 + 0.45 * (double)(done + i) / (double)total;
		r->to = 0.05 + 0.45 * (double)(done + i + 1) / (double)total;
		for (unsigned k = 0; k < times && rc == 0; k++)
			rc = r->kind->fit(c[i].m, &fit, r->err);
		if (rc == 0) {
			c[i].t->loss = loss_of(a, r, c[i].m);
			c[i].t->round++;
		}
	}
	return rc;
}

int ml_search(struct ml_run *r)
{
	struct arena *a CLEANUP(arena_free) = arena_new("search", (size_t)8 << 30);
	int budget = budget_at(r->kind), rate_at = ml_param_at(r->kind, "rate"), rc = 0;
	struct candidate *c;
	size_t n = draw(a, r, &c), total = 0, done = 0;
	unsigned times = 1, rounds = 1;

	for (size_t k = n; k > 1; k = (k + 1) / 2)
		rounds++;
	for (size_t k = n, i = 0; i < rounds; i++, k = (k + 1) / 2)
		total += k;
	for (size_t i = 0; i < n && budget >= 0; i++) {
		double *p = &c[i].spec.param[budget];

		*p = fmax(floor(*p / (double)(1u << rounds)), r->kind->params[budget].min);
	}
	r->phase = ML_PHASE_SEARCH;
	for (size_t k = n; k > 0 && rc == 0; times *= 2) {
		rc = round_of(a, r, c, k, times, done, total);
		done += k;
		qsort(c, k, sizeof(*c), by_loss);
		if (k == 1)
			break;
		k = (k + 1) / 2;
	}
	if (rc != 0)
		return rc;
	c[0].t->chosen = true;
	r->layout = c[0].t->layout;
	if (rate_at >= 0)
		r->rate = c[0].t->rate;
	return 0;
}
