#include "config.h"

#include <math.h>

#include "ml/net_i.h"

enum { OPT_ADAM, OPT_ADAMW, OPT_SGD };
enum { RATE_CONSTANT, RATE_STEPS, RATE_COSINE, RATE_PLATEAU };

#define ADAM_EPS	1e-8
#define PI		3.14159265358979323846

/* Of the step to come. */
double net_rate(const struct net *n, const double *at, double per_epoch)
{
	double epoch = at[AT_EPOCH], warm = n->param[NET_WARM_UP] * per_epoch;
	double rate = n->param[NET_RATE], past = at[AT_STEP];

	switch ((int)n->param[NET_SCHEDULE]) {
	case RATE_STEPS:
		rate *= pow(n->param[NET_FACTOR], floor(epoch / n->param[NET_STEP]));
		break;
	case RATE_COSINE:
		rate *= 0.5 * (1 + cos(PI * past / per_epoch /
				       n->param[NET_EPOCHS]));
		break;
	case RATE_PLATEAU:
		rate *= at[AT_FACTOR];
		break;
	}
	if (past + 1 < warm)
		rate *= (past + 1) / warm;
	return rate;
}

void net_plateau(const struct net *n, double *at, double loss)
{
	if (at[AT_EPOCH] <= 1 || loss < at[AT_PLATEAU_LOSS]) {
		at[AT_PLATEAU_LOSS] = loss;
		at[AT_PLATEAU] = 0;
		return;
	}
	if (++at[AT_PLATEAU] >= n->param[NET_STEP]) {
		at[AT_FACTOR] *= n->param[NET_FACTOR];
		at[AT_PLATEAU] = 0;
	}
}

/* Sixteen sums side by side: one order, and quick. */
static double square(const struct net *n, const real *g)
{
	double s[16] = { 0 };

	for (size_t i = 0; i < n->n_flat; i += 16)	/* lengths are padded */
		for (size_t j = 0; j < 16; j++)
			s[j] += (double)g[i + j] * (double)g[i + j];
	for (size_t j = 1; j < 16; j++)
		s[0] += s[j];
	return s[0];
}

static void clip(const struct net *n, real *g)
{
	double most = n->param[NET_CLIP], norm;

	if (most == 0)
		return;
	norm = sqrt(square(n, g));
	if (!(norm > most))
		return;
	for (size_t i = 0; i < n->n_flat; i++)
		g[i] *= (real)(most / norm);
}

void net_step(struct net *n, double rate, real *g)
{
	const struct ml_kern *k = ml_kern();
	struct net_state *s = n->state;
	double t = ++s->at[AT_STEP], b1 = n->param[NET_MOMENTUM];
	double b2 = n->param[NET_BETA2], c2 = sqrt(1 - pow(b2, t));
	int opt = (int)n->param[NET_OPTIMISER];
	struct adam a = {
		.rate = (real)(rate * c2 / (1 - pow(b1, t))),
		.beta1 = (real)b1, .beta2 = (real)b2, .eps = (real)(ADAM_EPS * c2),
	};
	real keep = (real)(1 - rate * n->param[NET_DECAY]);

	clip(n, g);
	for (size_t i = 0; i < n->n_tensors; i++) {
		const struct net_tensor *w = &n->tensor[i];
		size_t o = w->off;

		if (!w->learned)
			continue;
		a.keep = w->rows > 0 && opt == OPT_ADAMW ? keep : 1;
		if (opt == OPT_SGD)
			k->sgd(w->len, (real)rate, (real)b1, w->rows > 0 ? keep : 1,
			       g + o, s->m + o, n->flat + o);
		else
			k->adam(w->len, &a, g + o, s->m + o, s->v + o, n->flat + o);
	}
}
