#include "config.h"

#include <math.h>
#include <string.h>

#include "ml/hist_i.h"

/* A random forest: each tree grows on samples drawn with replacement, each
 * split looks at a few features drawn anew; a leaf holds the shares of the
 * classes (or the mean), and the answer is the mean over the trees. */

enum { TREES, DEPTH, MIN_LEAF, FEATURES, BINS };
static const struct ml_param params[] = {
	[TREES] = { "trees", 200, 1, 5000, true, "trees" },
	[DEPTH] = { "depth", 8, 1, 16, true, "questions one after the other at most" },
	[MIN_LEAF] = { "min_leaf", 10, 1, 1e6, true, "drawn samples a leaf must have" },
	[FEATURES] = { "features", 0, 0, 1, false, "share of the features each split looks at; 0: their square root" },
	[BINS] = { "bins", 255, 2, 255, true, "bins a feature is cut into" },
};

struct forest {
	unsigned magic;
#define FOREST_MAGIC 0xf02e5700u
	struct ml_spec spec;
	struct trees t;
	struct arena *mem;
	double goal;		/* trees of a fit that goes on; 0: none does */
};

static int forest_new(struct arena *out, const struct ml_spec *s,
		      struct forest **ret, struct err *err)
{
	double nodes = ldexp(s->param[TREES], (int)s->param[DEPTH] + 1);
	struct forest *f;

	if (nodes > TREES_NODES_MAX / 2)
		return FAIL(err, E_INVAL, "forest: %.0f trees of depth %.0f could be %.0f nodes; the most is %u",
			    s->param[TREES], s->param[DEPTH], nodes, TREES_NODES_MAX / 2);
	f = NEW(out, struct forest);
	f->magic = FOREST_MAGIC;
	f->spec = *s;
	f->mem = out;
	trees_init(&f->t, out, s->shape.window * s->shape.features,
		   s->shape.outputs, s->shape.outputs);
	*ret = f;
	return 0;
}

static int forest_make(struct arena *out, const struct ml_spec *s, void **ret,
		       struct err *err)
{
	struct forest *f;
	int rc = forest_new(out, s, &f, err);

	if (rc == 0) {
		trees_prepare(&f->t);
		*ret = f;
	}
	return rc;
}

/* ---- training ----------------------------------------------------------- */

struct planting {
	struct forest *f;
	const struct ml_set *s, *valid;
	struct binned bins;
	/* by row */
	float *drawn;			/* times drawn x weight of the sample */
	uint32_t *times, *sample;
	float *grad;			/* of a return */
	uint64_t *words;
	float *valid_sum;
	struct grow grow;
	struct rng rng;
};

static void draw_samples(struct planting *w)
{
	const struct ml_set *s = w->s;
	struct grow *g = &w->grow;

	memset(w->times, 0, w->bins.rows * sizeof(*w->times));
	for (size_t i = 0; i < s->n; i++)
		w->times[w->bins.row[rng_below(&w->rng, s->n)]]++;
	g->n = 0;
	for (size_t i = 0; i < s->n; i++) {
		uint32_t r = w->bins.row[i];
		float c = s->weight != NULL ? s->weight[i] : 1;

		w->drawn[r] = (float)w->times[r] * c;
		if (w->drawn[r] > 0)
			g->idx[g->n++] = r;
	}
}

static void pack_classes(struct planting *w)
{
	struct grow *g = &w->grow;
	double all = 0;
	float to;

	for (uint32_t i = 0; i < g->n; i++)
		all += (double)w->drawn[g->idx[i]];
	g->g_unit = all > 0 ? all / ((1 << 30) - (double)g->n) : 1;
	g->h_unit = 1;
	to = (float)(1 / g->g_unit);
	for (uint32_t i = 0; i < g->n; i++) {
		uint32_t r = g->idx[i];
		uint64_t v = (uint64_t)(w->drawn[r] * to + 0.5F);
		unsigned c = w->s->cls[w->sample[r]];

		w->words[2 * (size_t)r] = c == 0 ? v << 32 : c == 1 ? v : 0;
		w->words[2 * (size_t)r + 1] = (c == 2 ? v << 32 : 0) + w->times[r];
	}
	g->sums = w->words;
}

static void set_leaves(struct planting *w)
{
	struct grow *g = &w->grow;
	struct trees *t = &w->f->t;

	for (uint32_t l = 0; l < g->n_leaves; l++) {
		const struct grow_leaf *f = &g->leaf[l];
		double sum[ML_ACTIONS] = { 0 }, all = 0;

		for (uint32_t i = f->from; i < f->to; i++) {
			uint32_t r = g->idx[i];
			double c = (double)w->drawn[r];

			all += c;
			if (t->width > 1)
				sum[w->s->cls[w->sample[r]]] += c;
			else
				sum[0] += c * (double)w->s->target[w->sample[r]];
		}
		for (uint32_t k = 0; k < t->width; k++)
			t->value[trees_at(t, t->n - 1, f->node) * t->width + k] =
				(float)(all > 0 ? sum[k] / all : 0);
	}
}

static void one_tree(struct planting *w)
{
	struct trees *t = &w->f->t;
	struct grow *g = &w->grow;

	rng_seed(&w->rng, w->f->spec.seed * 0x9e3779b97f4a7c15u + t->n);
	draw_samples(w);
	if (t->width > 1) {
		pack_classes(w);
	} else {
		for (uint32_t i = 0; i < g->n; i++) {
			uint32_t r = g->idx[i];

			w->grad[r] = -w->drawn[r] * w->s->target[w->sample[r]];
		}
		grow_pack(g, w->grad, w->drawn, w->words);
	}
	grow_tree(g);
	set_leaves(w);
	for (size_t i = 0; w->valid != NULL && i < w->valid->n; i++)
		trees_add(t, t->n - 1, 1, ml_sample(w->valid, i),
			  w->valid_sum + i * t->outputs);
}

static void start(struct planting *w, struct arena *tmp)
{
	const double *p = w->f->spec.param;
	struct trees *t = &w->f->t;
	double share = p[FEATURES];
	size_t rows;
	uint32_t inputs;

	binned_make(tmp, w->s, (unsigned)p[BINS], &w->bins);
	rows = w->bins.rows;
	inputs = w->bins.inputs;
	w->drawn = NEW_N(tmp, float, rows);
	w->grad = NEW_N(tmp, float, rows);
	w->times = NEW_N(tmp, uint32_t, rows);
	w->sample = NEW_N(tmp, uint32_t, rows);
	w->words = NEW_N(tmp, uint64_t, 2 * rows);
	for (size_t i = 0; i < w->s->n; i++)
		w->sample[w->bins.row[i]] = (uint32_t)i;
	w->grow = (struct grow){
		.rule = { .depth = (uint32_t)p[DEPTH], .min_child = p[MIN_LEAF],
			  .classes = t->width > 1,
			  .node_columns = (uint32_t)ceil(share > 0 ? share * inputs :
							 sqrt(inputs)) },
		.b = &w->bins, .to = t, .mem = tmp, .rng = &w->rng,
		.idx = NEW_N(tmp, uint32_t, w->s->n),
		.spare = NEW_N(tmp, uint32_t, w->s->n), .n_columns = inputs,
	};
	if (w->valid == NULL)
		return;
	w->valid_sum = NEW_N(tmp, float, w->valid->n * t->outputs);
	for (size_t i = 0; i < w->valid->n; i++)
		trees_add(t, 0, t->n, ml_sample(w->valid, i),
			  w->valid_sum + i * t->outputs);
}

static void judge(const struct planting *w, struct ml_progress *p)
{
	const struct ml_set *v = w->valid;
	double loss = 0, right = 0;
	float n = (float)w->f->t.n;

	for (size_t i = 0; i < v->n; i++) {
		const float *s = w->valid_sum + i * w->f->t.outputs;
		unsigned best = 0;

		if (v->shape.outputs == 1) {
			loss += pow((double)(s[0] / n) - (double)v->target[i], 2);
			right += (s[0] > 0) == (v->target[i] > 0);
			continue;
		}
		for (unsigned k = 1; k < ML_ACTIONS; k++)
			if (s[k] > s[best])
				best = k;
		loss -= log(fmax((double)(s[v->cls[i]] / n), 1e-15));
		right += best == v->cls[i];
	}
	p->valid_loss = loss / (double)v->n;
	p->valid_accuracy = right / (double)v->n;
}

static int forest_fit(void *m, const struct ml_fit *fit, struct err *err)
{
	struct forest *f = OBJ_CAST(struct forest, m, FOREST_MAGIC);
	struct planting w = { .f = f, .s = fit->train };
	int rc = ml_trees_set_check(&f->spec.shape, fit->train, err);

	if (rc == 0 && fit->valid != NULL && fit->valid->n > 0) {
		w.valid = fit->valid;
		rc = ml_trees_set_check(&f->spec.shape, fit->valid, err);
	}
	if (rc < 0)
		return rc;
	if (f->goal <= 0)
		f->goal = f->t.n + f->spec.param[TREES];
	if (f->t.n_nodes > TREES_NODES_MAX / 2)
		return FAIL(err, E_TOOBIG, "forest: there are %u trees already", f->t.n);
	SCOPE(tmp, f->mem) {
		start(&w, tmp);
		while (rc == 0 && f->t.n < f->goal) {
			struct ml_progress p = {
				.epochs = (unsigned)f->goal, .train_loss = NAN,
				.valid_loss = NAN, .valid_accuracy = NAN, .rate = 1,
			};

			one_tree(&w);
			p.epoch = f->t.n;
			if (w.valid != NULL && fit->progress != NULL)
				judge(&w, &p);
			if (fit->progress != NULL)
				rc = fit->progress(fit->ctx, &p);
		}
	}
	if (rc == 0)
		f->goal = 0;
	trees_prepare(&f->t);
	return rc;
}

/* ---- asking ------------------------------------------------------------- */

static size_t forest_work(const void *m, size_t batch)
{
	const struct forest *f = m;
	size_t sum = trees_work(&f->t), shap = trees_shap_work(&f->t);

	(void)batch;
	return sum > shap ? sum : shap;
}

static void forest_forward(const void *m, void *work, const float *const *x,
			   size_t n, float *ret)
{
	const struct forest *f = m;
	size_t values = n * f->t.outputs;

	trees_sum(&f->t, trees_path_best(), work, x, n, ret);
	for (size_t i = 0; i < values; i++)
		ret[i] = f->t.n > 0 ? ret[i] / (float)f->t.n :
			 1 / (float)f->t.outputs;
}

static void forest_explain(const void *m, void *work, const float *x,
			   unsigned output, float *ret)
{
	const struct forest *f = m;

	memset(ret, 0, f->t.inputs * sizeof(*ret));
	trees_shap(&f->t, work, x, output, ret);
	for (uint32_t i = 0; i < f->t.inputs && f->t.n > 0; i++)
		ret[i] /= (float)f->t.n;
}

static size_t forest_tensors(struct arena *out, void *m, bool state,
			     const struct ml_tensor **ret)
{
	struct forest *f = OBJ_CAST(struct forest, m, FOREST_MAGIC);
	struct ml_tensor *t = NEW_N(out, struct ml_tensor, TREES_TENSORS + 1);
	size_t n = trees_tensors(&f->t, t);

	if (state)
		t[n++] = (struct ml_tensor){ "state.goal", ML_F64, 1, { 1 }, &f->goal };
	*ret = t;
	return n;
}

static int forest_load(struct arena *out, const struct ml_spec *s,
		       const struct ml_tensor *t, size_t n, void **ret,
		       struct err *err)
{
	const struct ml_tensor *g;
	struct forest *f;
	int rc = forest_new(out, s, &f, err);

	if (rc == 0)
		rc = trees_load(out, t, n, f->t.inputs, f->t.outputs, f->t.width,
				&f->t, err);
	for (size_t i = 0; rc == 0 && f->t.width > 1 &&
	     i < (size_t)f->t.n_nodes * f->t.width; i++)
		if (!(f->t.value[i] >= 0 && f->t.value[i] <= 1))
			rc = FAIL(err, E_INVAL, "forest: node %zu has a share of %g",
				  i / f->t.width, (double)f->t.value[i]);
	for (uint32_t k = 0; rc == 0 && k < f->t.outputs; k++)
		if (f->t.base[k] < 0 || f->t.base[k] > 0)
			rc = FAIL(err, E_INVAL, "forest: it begins with %g", (double)f->t.base[k]);
	if (rc == 0 && ml_tensor_find(t, n, "state.goal") != NULL) {
		rc = ml_tensor_need(t, n, "state.goal", ML_F64, 1, 0, &g, err);
		if (rc == 0)
			memcpy(&f->goal, g->data, sizeof(f->goal));
		if (rc == 0 && !(f->goal >= 0 && f->goal <= 1e6))
			rc = FAIL(err, E_INVAL, "forest: the checkpoint goes to %g trees", f->goal);
	}
	if (rc < 0)
		return rc;
	trees_prepare(&f->t);
	*ret = f;
	return 0;
}

const struct ml_kind ml_kind_forest = {
	.name = "forest", .title = "Random forest", .group = "trees",
	.params = params, .n_params = ARRAY_LEN(params), .window = 1,
	.make = forest_make, .fit = forest_fit, .work = forest_work,
	.forward = forest_forward, .explain = forest_explain,
	.tensors = forest_tensors, .load = forest_load,
};
