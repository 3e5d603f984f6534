#include "config.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

#include "bt/overfit.h"

#define EULER_GAMMA 0.57721566490153286061

void returns_of(struct returns *ret, const double *r, size_t n)
{
	size_t len = n / OVERFIT_SLICES, at = n - len * OVERFIT_SLICES;
	double m2 = 0, m3 = 0, m4 = 0, sum = 0;

	*ret = (struct returns){ .n = (double)n, .slice_n = (double)len };
	for (size_t i = 0; i < n; i++)
		sum += r[i];
	ret->mean = n > 0 ? sum / (double)n : 0;
	for (size_t i = 0; i < n; i++) {
		double d = r[i] - ret->mean;

		m2 += d * d;
		m3 += d * d * d;
		m4 += d * d * d * d;
	}
	ret->sd = n > 1 ? sqrt(m2 / (double)(n - 1)) : 0;
	ret->kurtosis = 3;
	if (m2 > 0) {
		m2 /= (double)n;
		ret->skew = m3 / (double)n / (m2 * sqrt(m2));
		ret->kurtosis = m4 / (double)n / (m2 * m2);
	}
	for (size_t k = 0; k < OVERFIT_SLICES; k++)
		for (size_t i = 0; i < len; i++, at++) {
			ret->slice[k].sum += r[at];
			ret->slice[k].sum2 += r[at] * r[at];
		}
}

static double sharpe_of(double n, double sum, double sum2)
{
	double var = (sum2 - sum * sum / n) / (n - 1);

	/* What is left of equal numbers by rounding is no variance. */
	return var > 1e-14 * sum2 ? sum / n / sqrt(var) : 0;
}

double returns_sharpe(const struct returns *r)
{
	return r->sd > 0 ? r->mean / r->sd : 0;
}

/* --- CSCV ----------------------------------------------------------------- */

struct way { size_t best; double in, out, rank; };

/* One way: bit k of `mask` puts slice k in sample. */
static void try_way(const struct returns *const *v, size_t n, size_t n_slices,
		    unsigned mask, double *out, struct way *ret)
{
	double half = v[0]->slice_n * (double)n_slices / 2;
	size_t below = 0, equal = 0;

	*ret = (struct way){ .in = -INFINITY };
	for (size_t i = 0; i < n; i++) {
		struct slice s[2] = { { 0, 0 }, { 0, 0 } };
		double in;

		for (size_t k = 0; k < n_slices; k++) {
			struct slice *to = &s[mask >> k & 1];

			to->sum += v[i]->slice[k].sum;
			to->sum2 += v[i]->slice[k].sum2;
		}
		in = sharpe_of(half, s[1].sum, s[1].sum2);
		out[i] = sharpe_of(half, s[0].sum, s[0].sum2);
		if (in > ret->in) {
			ret->in = in;
			ret->best = i;
		}
	}
	ret->out = out[ret->best];
	for (size_t i = 0; i < n; i++) {
		below += out[i] < ret->out;
		equal += out[i] == ret->out;
	}
	/* Equal ones share the mean of their ranks. */
	ret->rank = (double)below + ((double)equal + 1) / 2;
}

static void fit_line(struct pbo *p)
{
	double n = (double)p->ways, mx = 0, my = 0, xx = 0, xy = 0, yy = 0;

	for (size_t i = 0; i < p->ways; i++) {
		mx += p->in[i] / n;
		my += p->out[i] / n;
	}
	for (size_t i = 0; i < p->ways; i++) {
		double dx = p->in[i] - mx, dy = p->out[i] - my;

		xx += dx * dx;
		xy += dx * dy;
		yy += dy * dy;
	}
	p->slope = xx > 0 ? xy / xx : NAN;
	p->intercept = my - p->slope * mx;
	p->r2 = xx > 0 && yy > 0 ? xy * xy / (xx * yy) : NAN;
}

bool overfit_pbo(struct arena *out, const struct returns *const *v, size_t n,
		 size_t n_slices, struct pbo *ret)
{
	struct pbo p = { 0 };
	size_t room = 1, low = 0, lost = 0;

	if (n < 2 || n_slices < 2 || n_slices > OVERFIT_SLICES ||
	    n_slices % 2 != 0 || v[0]->slice_n < 2)
		return false;
	for (size_t k = 0; k < n_slices / 2; k++)
		room = room * (n_slices - k) / (k + 1);
	p.in = NEW_N(out, double, room);
	p.out = NEW_N(out, double, room);
	SCOPE(tmp, out) {
		double *oos = NEW_N(tmp, double, n);

		for (unsigned mask = 0; mask < 1u << n_slices; mask++) {
			struct way w;

			if ((size_t)__builtin_popcount(mask) != n_slices / 2)
				continue;
			try_way(v, n, n_slices, mask, oos, &w);
			p.in[p.ways] = w.in;
			p.out[p.ways++] = w.out;
			low += 2 * w.rank <= (double)n + 1;
			lost += w.out < 0;
		}
	}
	p.pbo = (double)low / (double)p.ways;
	p.loss = (double)lost / (double)p.ways;
	fit_line(&p);
	*ret = p;
	return true;
}

/* --- Deflated Sharpe ratio -------------------------------------------------- */

double sharpe_expected_max(double variance, double n)
{
	if (!(n > 1))
		return 0;
	return sqrt(variance) *
		((1 - EULER_GAMMA) * gsl_cdf_ugaussian_Pinv(1 - 1 / n) +
		 EULER_GAMMA * gsl_cdf_ugaussian_Pinv(1 - 1 / (n * M_E)));
}

double sharpe_probability(double sr, double benchmark, double n, double skew,
			  double kurtosis)
{
	double v = 1 - skew * sr + (kurtosis - 1) / 4 * sr * sr;

	return n > 1 && v > 0 ?
		gsl_cdf_ugaussian_P((sr - benchmark) * sqrt(n - 1) / sqrt(v)) : NAN;
}

double sharpe_deflated(const double *sharpes, size_t n,
		       const struct returns *best, double *ret_benchmark)
{
	double m = 0, v = 0;

	for (size_t i = 0; i < n; i++)
		m += sharpes[i] / (double)n;
	for (size_t i = 0; i < n; i++)
		v += (sharpes[i] - m) * (sharpes[i] - m);
	*ret_benchmark = sharpe_expected_max(n > 1 ? v / (double)(n - 1) : 0,
					     (double)n);
	if (!(best->sd > 0))
		return NAN;
	return sharpe_probability(returns_sharpe(best), *ret_benchmark, best->n,
				  best->skew, best->kurtosis);
}

/* --- Plateau ---------------------------------------------------------------- */

static bool near(const double *a, const double *b, size_t dims)
{
	for (size_t k = 0; k < dims; k++)
		if (!(fabs(a[k] - b[k]) <= 1 + 1e-9))
			return false;
	return true;
}

static double good(double score, double median, double best)
{
	double g = (score - median) / (best - median);

	return !(g > 0) ? 0 : g > 1 ? 1 : g;	/* NaN: 0 */
}

void plateau_scores(const double *coord, size_t dims, const double *score,
		    size_t n, double *ret)
{
	struct arena *tmp CLEANUP(arena_free) = arena_new("plateau", (size_t)1 << 32);
	double *have = NEW_N(tmp, double, n + 1), best = -INFINITY, median;
	size_t n_have = 0;

	for (size_t i = 0; i < n; i++)
		if (!isnan(score[i])) {
			have[n_have++] = score[i];
			best = fmax(best, score[i]);
		}
	median = n_have > 0 ? quantile(have, n_have, 0.5) : NAN;
	for (size_t i = 0; i < n; i++) {
		double sum = 0;
		size_t k = 0;

		for (size_t j = 0; j < n; j++)
			if (j != i && near(&coord[i * dims], &coord[j * dims], dims)) {
				sum += best > median ?
					good(score[j], median, best) :
					score[j] == best;
				k++;
			}
		ret[i] = k > 0 ? sum / (double)k : NAN;
	}
}
