#include "config.h"

#include <math.h>
#include <string.h>

#include "bt/opt_i.h"
#include "core/hash.h"

/* Which parameters next.  Grid, random and Sobol do not look at scores; the
 * others make a batch of points from the scores of all batches before it. */

#define TRIES 200
#define ORDER_MAX ((size_t)1 << 20)

double opt_from_unit(const struct opt_axis *a, double u)
{
	double k;

	if (a->n == 0)
		return a->min + u * (a->max - a->min);
	k = floor(u * (double)a->n);
	return k < 0 ? 0 : k >= (double)a->n ? (double)(a->n - 1) : k;
}

double opt_to_unit(const struct opt_axis *a, double x)
{
	if (a->n > 0)
		return (x + 0.5) / (double)a->n;
	return a->max > a->min ? (x - a->min) / (a->max - a->min) : 0.5;
}

static uint64_t mix(uint64_t seed, uint64_t a, uint64_t b)
{
	const uint64_t v[] = { seed, a, b };
	static const struct hash_key key = { { 0x6f7074u, 0x7365656bu } };

	return siphash24(key, v, sizeof(v));
}

void opt_rng(const struct opt_search *s, size_t number, struct rng *ret)
{
	rng_seed(ret, mix(s->seed, 1, number));
}

/* --- points already made ------------------------------------------------------ */

static size_t slot_of(const struct opt_search *s, const double *p)
{
	static const struct hash_key key = { { 1, 2 } };
	size_t i = (size_t)siphash13(key, p, s->d * sizeof(*p)) & (s->n_slots - 1);

	while (s->slots[i] != 0 &&
	       memcmp(opt_pt(s, s->slots[i] - 1), p, s->d * sizeof(*p)) != 0)
		i = (i + 1) & (s->n_slots - 1);
	return i;
}

bool opt_seen(const struct opt_search *s, const double *p)
{
	return s->slots[slot_of(s, p)] != 0;
}

static void keep(struct opt_search *s, const double *p)
{
	size_t at = slot_of(s, p);

	memcpy(opt_pt(s, s->made++), p, s->d * sizeof(*p));
	if (s->slots[at] == 0)
		s->slots[at] = s->made;
}

/* --- points ------------------------------------------------------------------- */

static void grid_point(const struct opt_search *s, size_t number, double *ret)
{
	for (size_t k = s->d; k-- > 0; ) {
		size_t n = AXIS(s, k)->n;

		ret[k] = (double)(number % n);
		number /= n;
	}
}

void opt_random(const struct opt_search *s, struct rng *r, double *ret)
{
	for (size_t k = 0; k < s->d; k++)
		ret[k] = opt_from_unit(AXIS(s, k), rng_unit(r));
}

void opt_fresh(const struct opt_search *s, struct rng *r, double *ret)
{
	for (size_t i = 0; i < TRIES; i++) {
		opt_random(s, r, ret);
		if (!opt_seen(s, ret))
			return;
	}
	if (s->size == 0)
		return;
	/* Nearly all are used up: the next that is free, from any place. */
	for (size_t i = 0, from = rng_below(r, s->size); i < s->size; i++) {
		grid_point(s, (from + i) % s->size, ret);
		if (!opt_seen(s, ret))
			return;
	}
}

static void random_point(struct opt_search *s, size_t number, double *ret)
{
	if (s->order != NULL)
		grid_point(s, s->order[number], ret);
	else
		opt_fresh(s, &s->rng, ret);
}

static void sobol_point(struct opt_search *s, double *ret)
{
	double u[OPT_AXES_MAX];

	for (size_t i = 0; i < TRIES; i++) {
		gsl_qrng_get(s->sobol, u);
		for (size_t k = 0; k < s->d; k++) {
			double v = u[k] + s->shift[k];

			ret[k] = opt_from_unit(AXIS(s, k), v - floor(v));
		}
		if (!opt_seen(s, ret))
			return;
	}
	opt_fresh(s, &s->rng, ret);
}

static bool steered(const struct opt_spec *s)
{
	return s->method == OPT_ANNEAL || s->method == OPT_TPE;
}

size_t opt_batch(const struct opt_spec *s, size_t number, size_t *ret_end)
{
	size_t total = opt_trials(s), from = number - number % OPT_BATCH;

	if (!steered(s)) {
		*ret_end = total;
		return 0;
	}
	*ret_end = from + OPT_BATCH < total ? from + OPT_BATCH : total;
	return from;
}

static void make(struct opt_search *s, size_t number)
{
	double p[OPT_AXES_MAX] = { 0 };
	size_t end;

	switch (s->spec->method) {
	case OPT_GRID:
		grid_point(s, number, p);
		break;
	case OPT_RANDOM:
		random_point(s, number, p);
		break;
	case OPT_SOBOL:
		sobol_point(s, p);
		break;
	case OPT_ANNEAL:
		opt_anneal(s, number, p);
		break;
	case OPT_TPE:
		opt_tpe(s, number, opt_batch(s->spec, number, &end), p);
		break;
	}
	keep(s, p);
}

const double *opt_ask(struct opt_search *s, size_t number)
{
	size_t end;

	assert(number < s->total);
	while (s->made <= number) {
		if (steered(s->spec) &&
		    s->told < opt_batch(s->spec, s->made, &end))
			return NULL;
		make(s, s->made);
	}
	return opt_pt(s, number);
}

void opt_tell(struct opt_search *s, size_t number, double score)
{
	assert(number < s->made);
	s->score[number] = isnan(score) ? -INFINITY : score;
	s->have[number] = true;
	while (s->told < s->total && s->have[s->told])
		s->told++;
}

/* --- making one ------------------------------------------------------------------ */

static void free_sobol(void *q) { gsl_qrng_free(q); }

static void begin_sobol(struct arena *out, struct opt_search *s)
{
	s->sobol = gsl_qrng_alloc(gsl_qrng_sobol, (unsigned)s->d);
	arena_defer(out, free_sobol, s->sobol);
	/* A shift round the circle keeps the evenness and takes a seed. */
	s->shift = NEW_N(out, double, s->d);
	for (size_t k = 0; k < s->d; k++)
		s->shift[k] = rng_unit(&s->rng);
}

static void begin_random(struct arena *out, struct opt_search *s)
{
	if (s->size == 0 || s->size > ORDER_MAX || s->size / 8 > s->total)
		return;
	s->order = NEW_N(out, size_t, s->size);
	for (size_t i = 0; i < s->size; i++) {
		size_t k = rng_below(&s->rng, i + 1);

		s->order[i] = s->order[k];
		s->order[k] = i;
	}
}

struct opt_search *opt_search_new(struct arena *out, const struct opt_spec *spec,
				  size_t fold)
{
	struct opt_search *s = NEW(out, struct opt_search);

	s->spec = spec;
	s->d = spec->n_axes;
	s->total = opt_trials(spec);
	s->size = opt_space_size(spec);
	if (s->size > OPT_TRIALS_MAX)
		s->size = 0;		/* so many that they need no counting */
	s->seed = mix(spec->seed, 0, fold);
	s->pt = NEW_N(out, double, s->total * s->d);
	s->score = NEW_N(out, double, s->total);
	s->have = NEW_N(out, bool, s->total);
	s->rank = NEW_N(out, size_t, s->total);
	for (s->n_slots = 64; s->n_slots < 2 * s->total; s->n_slots *= 2)
		;
	s->slots = NEW_N(out, size_t, s->n_slots);
	rng_seed(&s->rng, s->seed);
	if (spec->method == OPT_SOBOL)
		begin_sobol(out, s);
	if (spec->method == OPT_RANDOM)
		begin_random(out, s);
	s->at = NEW_N(out, double, s->d * OPT_BATCH);
	s->at_score = NEW_N(out, double, OPT_BATCH);
	return s;
}
