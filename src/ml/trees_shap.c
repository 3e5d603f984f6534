#include "config.h"

#include <string.h>

#include "ml/trees_i.h"

/* A feature met on the way from the root: the share of the training samples
 * that would go this way without knowing it, whether the sample does, and the
 * weight of all orderings in which so many features are known. */
struct step {
	int32_t feature;
	double zero, one, weight;
};

struct walk {
	const struct trees *t;
	const float *x;
	uint32_t tree, output;
	float *ret;
};

static void extend(struct step *p, uint32_t n, double zero, double one,
		   int32_t feature)
{
	p[n] = (struct step){ feature, zero, one, n == 0 ? 1 : 0 };
	for (uint32_t i = n; i-- > 0;) {
		p[i + 1].weight += one * p[i].weight * (i + 1) / (n + 1);
		p[i].weight = zero * p[i].weight * (n - i) / (n + 1);
	}
}

/* Takes step k out of the n + 1 steps again. */
static void unwind(struct step *p, uint32_t n, uint32_t k)
{
	double one = p[k].one, zero = p[k].zero, next = p[n].weight;

	for (uint32_t i = n; i-- > 0;) {
		double w = p[i].weight;

		if (one > 0) {
			p[i].weight = next * (n + 1) / ((i + 1) * one);
			next = w - p[i].weight * zero * (n - i) / (n + 1);
		} else {
			p[i].weight = w * (n + 1) / (zero * (n - i));
		}
	}
	for (uint32_t i = k; i < n; i++) {
		p[i].feature = p[i + 1].feature;
		p[i].zero = p[i + 1].zero;
		p[i].one = p[i + 1].one;
	}
}

/* The sum of the weights as if step k were taken out. */
static double unwound(const struct step *p, uint32_t n, uint32_t k)
{
	double one = p[k].one, zero = p[k].zero, next = p[n].weight, sum = 0;

	for (uint32_t i = n; i-- > 0;) {
		if (one > 0) {
			double w = next * (n + 1) / ((i + 1) * one);

			sum += w;
			next = p[i].weight - w * zero * (n - i) / (n + 1);
		} else if (zero > 0) {
			sum += p[i].weight * (n + 1) / (zero * (n - i));
		}
	}
	return sum;
}

/* As deep as the tree, which trees_check() bounds.  The steps so far (n) stand
 * at `path`; behind them is room for the copies of the deeper ones. */
static void walk(const struct walk *w, int32_t node, struct step *path,
		 uint32_t n, double zero, double one, int32_t feature)
{
	const struct trees *t = w->t;
	size_t at = trees_at(t, w->tree, node);
	int32_t l = t->left[at], f = t->feature[at];
	double z = 1, o = 1, share;
	struct step *mine = path + n;
	bool right;

	if (zero <= 0 && one <= 0)
		return;		/* nobody came here, nor does the sample */
	memcpy(mine, path, n * sizeof(*path));
	extend(mine, n, zero, one, feature);
	if (l == 0) {
		double v = (double)trees_value(t, at, w->output);

		for (uint32_t i = 1; i <= n; i++)
			w->ret[mine[i].feature] += (float)(unwound(mine, n, i) *
				(mine[i].one - mine[i].zero) * v);
		return;
	}
	for (uint32_t i = 1; i <= n; i++) {
		if (mine[i].feature != f)
			continue;
		z = mine[i].zero;
		o = mine[i].one;
		unwind(mine, n--, i);
		break;
	}
	right = trees_right(t, at, w->x[f]);
	share = trees_share(t, w->tree, l);
	walk(w, l, mine, n + 1, z * share, right ? 0 : o, f);
	walk(w, l + 1, mine, n + 1, z * (1 - share), right ? o : 0, f);
}

size_t trees_shap_work(const struct trees *t)
{
	size_t d = t->depth + 3;

	return d * (d + 1) / 2 * sizeof(struct step);
}

void trees_shap(const struct trees *t, void *work, const float *x,
		uint32_t output, float *ret)
{
	struct walk w = { t, x, 0, output, ret };

	for (; w.tree < t->n; w.tree++)
		if (t->width > 1 || w.tree % t->outputs == output)
			walk(&w, 0, work, 0, 1, 1, -1);
}
