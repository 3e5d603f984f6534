#include "config.h"

#include <math.h>
#include <string.h>

#include "bt/opt_i.h"

/* The two searches that look at scores. */

#define STARTUP		16	/* trials at random before there is a model */
#define CANDIDATES	24

/* --- Tree-structured Parzen estimator ------------------------------------------
 * Bergstra, Bardenet, Bengio, Kegl: "Algorithms for hyper-parameter
 * optimization", NIPS 2011.  The trials so far are parted into good ones and
 * others; each input has a density of both; of candidates drawn from the good
 * one's the one is taken where good is likeliest against other. */

struct density {
	const double *u;	/* n places of 0..1 on a number's axis */
	size_t n, levels;	/* levels > 0: a list, u are its indices */
	double width, *share;
	double *scale;		/* of each bell, cut off at 0 and 1 */
};

static double bell_sum(double z) { return 0.5 * erfc(-z / M_SQRT2); }

static void density_make(struct arena *tmp, struct density *d,
			 const struct opt_search *s, size_t axis,
			 const size_t *who, size_t n)
{
	const struct opt_axis *a = AXIS(s, axis);
	double *u = NEW_N(tmp, double, n + 1), m = 0, v = 0, least;

	*d = (struct density){ .u = u, .n = n, .levels = a->listed ? a->n : 0 };
	if (a->listed) {
		d->share = NEW_N(tmp, double, a->n);
		for (size_t k = 0; k < a->n; k++)
			d->share[k] = 1;
		for (size_t i = 0; i < n; i++)
			d->share[(size_t)opt_pt(s, who[i])[axis]] += 1;
		for (size_t k = 0; k < a->n; k++)
			d->share[k] /= (double)(n + a->n);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		u[i] = opt_to_unit(a, opt_pt(s, who[i])[axis]);
		m += u[i] / (double)n;
	}
	for (size_t i = 0; i < n; i++)
		v += (u[i] - m) * (u[i] - m) / (double)n;
	least = 1 / (double)(n < 98 ? n + 2 : 100);
	if (a->n > 0)
		least = fmax(least, 0.5 / (double)a->n);
	d->width = fmin(fmax(1.06 * sqrt(v) * pow((double)n, -0.2), least), 0.5);
	d->scale = NEW_N(tmp, double, n + 1);
	for (size_t i = 0; i < n; i++)
		d->scale[i] = 1 / (sqrt(2 * M_PI) * d->width *
				   (bell_sum((1 - u[i]) / d->width) -
				    bell_sum(-u[i] / d->width)));
}

/* The uniform part keeps every place possible. */
static double density_at(const struct density *d, double u)
{
	double p = 1;

	if (d->levels > 0)
		return d->share[(size_t)u];
	for (size_t i = 0; i < d->n; i++) {
		double z = (u - d->u[i]) / d->width;

		p += exp(-0.5 * z * z) * d->scale[i];
	}
	return p / (double)(d->n + 1);
}

static double density_draw(const struct density *d, struct rng *r)
{
	size_t k;

	if (d->levels > 0) {
		double x = rng_unit(r);

		for (k = 0; k + 1 < d->levels && x >= d->share[k]; k++)
			x -= d->share[k];
		return (double)k;
	}
	k = rng_below(r, d->n + 1);
	for (size_t i = 0; k < d->n && i < 20; i++) {
		double u = d->u[k] + d->width * rng_gauss(r);

		if (u >= 0 && u < 1)
			return u;
	}
	return rng_unit(r);
}

struct model { struct density *good, *other; };

/* Best first, equal ones in their order; only what is new is put in. */
static const size_t *rank_trials(struct opt_search *s, size_t known)
{
	for (; s->ranked < known; s->ranked++) {
		size_t lo = 0, hi = s->ranked;

		while (lo < hi) {
			size_t mid = (lo + hi) / 2;

			if (s->score[s->rank[mid]] >= s->score[s->ranked])
				lo = mid + 1;
			else
				hi = mid;
		}
		memmove(&s->rank[lo + 1], &s->rank[lo],
			(s->ranked - lo) * sizeof(*s->rank));
		s->rank[lo] = s->ranked;
	}
	return s->rank;
}

static void model_make(struct arena *tmp, struct opt_search *s, size_t known,
		       struct model *ret)
{
	const size_t *v = rank_trials(s, known);
	size_t n_good = (size_t)ceil(0.15 * (double)known), any = 0;

	while (any < known && !isinf(s->score[v[any]]))
		any++;
	if (n_good > 25)
		n_good = 25;
	if (n_good > any)
		n_good = any;
	ret->good = NEW_N(tmp, struct density, s->d);
	ret->other = NEW_N(tmp, struct density, s->d);
	for (size_t k = 0; k < s->d; k++) {
		density_make(tmp, &ret->good[k], s, k, v, n_good);
		density_make(tmp, &ret->other[k], s, k, v + n_good, known - n_good);
	}
}

static double draw(const struct opt_search *s, const struct model *m, struct rng *r,
		   double *ret)
{
	double gain = 0;

	for (size_t k = 0; k < s->d; k++) {
		const struct opt_axis *a = AXIS(s, k);
		double u = density_draw(&m->good[k], r);

		ret[k] = a->listed ? u : opt_from_unit(a, u);
		if (!a->listed)
			u = opt_to_unit(a, ret[k]);
		gain += log(density_at(&m->good[k], u)) -
			log(density_at(&m->other[k], u));
	}
	return gain;
}

void opt_tpe(struct opt_search *s, size_t number, size_t known, double *ret)
{
	struct arena *tmp CLEANUP(arena_free) = arena_new("tpe", (size_t)1 << 30);
	double best = -INFINITY, p[OPT_AXES_MAX];
	struct model m;
	struct rng r;

	opt_rng(s, number, &r);
	if (known < STARTUP) {
		opt_fresh(s, &r, ret);
		return;
	}
	model_make(tmp, s, known, &m);
	for (size_t i = 0; i < CANDIDATES; i++) {
		double gain = draw(s, &m, &r, p);

		if (gain > best && !opt_seen(s, p)) {
			best = gain;
			memcpy(ret, p, s->d * sizeof(*p));
		}
	}
	if (isinf(best))
		opt_fresh(s, &r, ret);
}

/* --- Simulated annealing ---------------------------------------------------------
 * Kirkpatrick, Gelatt, Vecchi: "Optimization by simulated annealing", Science
 * 220, 1983.  OPT_BATCH chains side by side, each a step a batch; the heat
 * falls from a quarter of the spread of the first scores to a thousandth of that. */

static double spread(const double *v, size_t n)
{
	double m = 0, q = 0;
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (!isinf(v[i])) {
			m += v[i];
			k++;
		}
	m = k > 0 ? m / (double)k : 0;
	for (size_t i = 0; i < n; i++)
		q += isinf(v[i]) ? 0 : (v[i] - m) * (v[i] - m);
	return k > 1 && q > 0 ? sqrt(q / (double)k) : 1;
}

/* Lets every chain decide about the step that was told last. */
static void settle(struct opt_search *s, size_t step)
{
	double done = (double)step / fmax(1, (double)(s->total / OPT_BATCH));
	double heat;

	if (step == 0)
		s->heat = spread(s->score, OPT_BATCH) / 4;
	heat = s->heat * pow(1000, -done);
	for (size_t c = 0; c < OPT_BATCH; c++) {
		size_t i = step * OPT_BATCH + c;
		double gain = s->score[i] - s->at_score[c];
		struct rng r;

		rng_seed(&r, s->seed ^ (0x9e3779b97f4a7c15u * (i + 1)));
		if (step > 0 && !(gain >= 0) && !(rng_unit(&r) < exp(gain / heat)))
			continue;
		memcpy(s->at + c * s->d, opt_pt(s, i), s->d * sizeof(double));
		s->at_score[c] = s->score[i];
	}
}

static void move(const struct opt_search *s, const double *from, double width,
		 struct rng *r, double *ret)
{
	size_t must = rng_below(r, s->d);

	for (size_t k = 0; k < s->d; k++) {
		const struct opt_axis *a = AXIS(s, k);
		double u;

		ret[k] = from[k];
		if (k != must && rng_unit(r) < 0.5)
			continue;
		if (a->listed) {
			ret[k] = (double)rng_below(r, a->n);
			continue;
		}
		u = width;
		if (a->n > 0)
			u = fmax(u, 1 / (double)a->n);
		u = opt_to_unit(a, from[k]) + u * rng_gauss(r);
		u = u < 0 ? -u : u;		/* off the walls */
		u = u > 1 ? 2 - u : u;
		ret[k] = opt_from_unit(a, u < 0 || u >= 1 ? rng_unit(r) : u);
	}
}

void opt_anneal(struct opt_search *s, size_t number, double *ret)
{
	size_t step = number / OPT_BATCH, c = number % OPT_BATCH;
	double done = (double)number / (double)s->total;
	struct rng r;

	opt_rng(s, number, &r);
	if (step == 0) {
		opt_fresh(s, &r, ret);
		return;
	}
	while (s->steps < step)
		settle(s, s->steps++);
	for (size_t i = 0; i < 32; i++) {
		/* Wider when all near by is known. */
		move(s, s->at + c * s->d, 0.25 * (1 - done) * (1 - done) * (1 - done) +
		     0.01 * (double)i, &r, ret);
		if (!opt_seen(s, ret))
			return;
	}
	opt_fresh(s, &r, ret);
}
