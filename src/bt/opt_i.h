#ifndef BT_OPT_I_H
#define BT_OPT_I_H
/* opt_i.h - inside the search. */
#include <gsl/gsl_qrng.h>

#include "bt/opt.h"
#include "core/rand.h"

struct opt_search {
	const struct opt_spec *spec;
	size_t d, total, size;		/* axes, trials, points (0: no end) */
	size_t made, told;		/* points made; told without a gap */
	uint64_t seed;
	double *pt;			/* d a point */
	double *score;			/* -INFINITY: none */
	bool *have;
	size_t *rank, ranked;		/* of TPE: trials, best first */
	size_t *slots, n_slots;		/* points made, by hash: index + 1 */
	struct rng rng;			/* of what does not look at scores */
	size_t *order;			/* a shuffled small space, or NULL */
	gsl_qrng *sobol;
	double *shift;
	double *at, *at_score;		/* annealing: where each chain stands */
	size_t steps;			/* of it that are in `at` */
	double heat;
};

#define AXIS(s, k) (&(s)->spec->axes[k])
static inline double *opt_pt(const struct opt_search *s, size_t i)
{
	return s->pt + i * s->d;
}
/* A number of 0..1 on an axis, and back. */
double opt_from_unit(const struct opt_axis *a, double u);
double opt_to_unit(const struct opt_axis *a, double x);
bool opt_seen(const struct opt_search *s, const double *p);
/* A point not seen yet, at random. */
void opt_fresh(const struct opt_search *s, struct rng *r, double *ret);
void opt_random(const struct opt_search *s, struct rng *r, double *ret);
/* The generator of one trial. */
void opt_rng(const struct opt_search *s, size_t number, struct rng *ret);
void opt_tpe(struct opt_search *s, size_t number, size_t known, double *ret);
void opt_anneal(struct opt_search *s, size_t number, double *ret);

#endif /* BT_OPT_I_H */
