#include "config.h"

#include <math.h>
#include <string.h>

#include "ml/boost_i.h"

enum { ROUNDS, RATE, DEPTH, LEAVES, BINS, LAMBDA, GAMMA, MIN_CHILD, ROWS, COLUMNS,
       PATIENCE, OBJECTIVE };
static const struct ml_param params[] = {
	[ROUNDS] = { "rounds", 300, 1, 5000, true, "trees (three each with three classes) at most" },
	[RATE] = { "rate", 0.1, 1e-4, 1, false, "share of each tree that is added" },
	[DEPTH] = { "depth", 4, 1, 16, true, "questions one after the other at most" },
	[LEAVES] = { "leaves", 0, 0, 1024, true, "leaves of a tree at most, the best first; 0: as many as the depth gives" },
	[BINS] = { "bins", 255, 2, 255, true, "bins a feature is cut into" },
	[LAMBDA] = { "lambda", 1, 0, 1e6, false, "L2 on the values of leaves" },
	[GAMMA] = { "gamma", 0, 0, 1e6, false, "gain a split must bring" },
	[MIN_CHILD] = { "min_child", 1, 0, 1e9, false, "weight (second derivative) a leaf must have" },
	[ROWS] = { "rows", 1, 0.05, 1, false, "share of the samples drawn for each tree" },
	[COLUMNS] = { "columns", 1, 0.01, 1, false, "share of the features drawn for each tree" },
	[PATIENCE] = { "patience", 20, 0, 1000, true, "rounds without a better loss on the validation samples before it stops; 0: never" },
	[OBJECTIVE] = { "objective", 0, 0, 1, true, "of classes: 0 softmax of three, 1 logistic of buy against sell (hold is not learned)" },
};

int boost_new(struct arena *out, const struct ml_spec *s, struct boost **ret,
	      struct err *err)
{
	uint32_t inputs = s->shape.window * s->shape.features, sums;
	double nodes = s->param[LEAVES] > 0 ? 2 * s->param[LEAVES] :
		       ldexp(1, (int)s->param[DEPTH] + 1);
	struct boost *b;

	if (s->param[OBJECTIVE] > 0 && s->shape.outputs != ML_ACTIONS)
		return FAIL(err, E_INVAL, "boosting: a logistic objective is of classes, not of a return");
	b = NEW(out, struct boost);
	b->magic = BOOST_MAGIC;
	b->spec = *s;
	b->objective = s->shape.outputs == 1 ? BOOST_SQUARED :
		       s->param[OBJECTIVE] > 0 ? BOOST_LOGISTIC : BOOST_SOFTMAX;
	sums = b->objective == BOOST_SOFTMAX ? ML_ACTIONS : 1;
	if (nodes * s->param[ROUNDS] * sums > TREES_NODES_MAX / 2)
		return FAIL(err, E_INVAL, "boosting: %.0f rounds of depth %.0f could be %.0f nodes; the most is %u",
			    s->param[ROUNDS], s->param[DEPTH],
			    nodes * s->param[ROUNDS] * sums, TREES_NODES_MAX / 2);
	b->mem = out;
	trees_init(&b->t, out, inputs, sums, 1);
	*ret = b;
	return 0;
}

static int boost_make(struct arena *out, const struct ml_spec *s, void **ret,
		      struct err *err)
{
	struct boost *b;
	int rc = boost_new(out, s, &b, err);

	if (rc == 0) {
		trees_prepare(&b->t);
		*ret = b;
	}
	return rc;
}

void boost_answer(enum boost_objective o, const float *sum, float *ret)
{
	double e[ML_ACTIONS], p, top;

	switch (o) {
	case BOOST_SQUARED:
		ret[0] = sum[0];
		return;
	case BOOST_LOGISTIC:
		p = 1 / (1 + exp(-(double)sum[0]));
		ret[ML_BUY] = (float)p;
		ret[ML_HOLD] = 0;
		ret[ML_SELL] = (float)(1 - p);
		return;
	case BOOST_SOFTMAX:
		top = (double)fmaxf(sum[0], fmaxf(sum[1], sum[2]));
		for (unsigned k = 0; k < ML_ACTIONS; k++)
			e[k] = exp((double)sum[k] - top);
		p = e[0] + e[1] + e[2];
		for (unsigned k = 0; k < ML_ACTIONS; k++)
			ret[k] = (float)(e[k] / p);
		return;
	}
}

/* ---- training ----------------------------------------------------------- */

/* What the rounds work on; arrays are by row of the matrix, sums times. */
struct rounds {
	struct boost *b;
	const struct ml_set *s, *valid;
	struct binned bins;
	float *sum, *grad, *hess;	/* [outputs][rows] */
	float *valid_sum;		/* [n][outputs] */
	uint64_t *words;
	uint32_t *all;			/* rows that count */
	uint32_t n_all;
	uint32_t *columns;		/* drawn for a tree */
	struct grow grow;
	struct rng rng;
};

static float weight_of(const struct boost *b, const struct ml_set *s, size_t i)
{
	float w = s->weight != NULL ? s->weight[i] : 1;

	return b->objective == BOOST_LOGISTIC && s->cls[i] == ML_HOLD ? 0 : w;
}

/* Where the sums begin: the mean, or the logits of the shares. */
static void set_base(struct boost *b, const struct ml_set *s)
{
	double sum[ML_ACTIONS] = { 0 }, all = 0;

	for (size_t i = 0; i < s->n; i++) {
		double w = (double)weight_of(b, s, i);

		all += w;
		sum[b->objective == BOOST_SQUARED ? 0 : s->cls[i]] +=
			b->objective == BOOST_SQUARED ? w * (double)s->target[i] : w;
	}
	switch (b->objective) {
	case BOOST_SQUARED:
		b->t.base[0] = (float)(all > 0 ? sum[0] / all : 0);
		return;
	case BOOST_LOGISTIC:
		b->t.base[0] = (float)log((sum[ML_BUY] + 1) / (sum[ML_SELL] + 1));
		return;
	case BOOST_SOFTMAX:
		for (unsigned k = 0; k < ML_ACTIONS; k++)
			b->t.base[k] = (float)log((sum[k] + 1) / (all + 3));
		return;
	}
}

static void derive(struct rounds *w)
{
	const struct ml_set *s = w->s;
	size_t rows = w->bins.rows;

	for (size_t i = 0; i < s->n; i++) {
		uint32_t r = w->bins.row[i];
		float c = weight_of(w->b, s, i), p[ML_ACTIONS], top, all = 0;

		switch (w->b->objective) {
		case BOOST_SQUARED:
			w->grad[r] = c * (w->sum[r] - s->target[i]);
			w->hess[r] = c;
			break;
		case BOOST_LOGISTIC:
			p[0] = 1 / (1 + expf(-w->sum[r]));
			w->grad[r] = c * (p[0] - (s->cls[i] == ML_BUY ? 1.0F : 0.0F));
			w->hess[r] = c * fmaxf(p[0] * (1 - p[0]), 1e-16F);
			break;
		case BOOST_SOFTMAX:
			top = fmaxf(w->sum[r], fmaxf(w->sum[rows + r],
						     w->sum[2 * rows + r]));
			for (unsigned k = 0; k < ML_ACTIONS; k++)
				all += p[k] = expf(w->sum[k * rows + r] - top);
			for (unsigned k = 0; k < ML_ACTIONS; k++) {
				p[k] /= all;
				w->grad[k * rows + r] = c *
					(p[k] - (s->cls[i] == k ? 1.0F : 0.0F));
				w->hess[k * rows + r] = c *
					fmaxf(2 * p[k] * (1 - p[k]), 1e-16F);
			}
			break;
		}
	}
}

/* The rows and columns of one tree. */
static void draw(struct rounds *w)
{
	const struct ml_spec *s = &w->b->spec;
	struct grow *g = &w->grow;

	if (s->param[ROWS] < 1) {
		g->n = 0;
		for (uint32_t i = 0; i < w->n_all; i++)
			if (rng_unit(&w->rng) < s->param[ROWS])
				g->idx[g->n++] = w->all[i];
	} else {
		g->n = w->n_all;
		memcpy(g->idx, w->all, w->n_all * sizeof(*g->idx));
	}
	if (g->columns != NULL)
		draw_columns(&w->rng, w->bins.inputs, g->n_columns, w->columns);
}

/* Values of the last tree's leaves, from the exact derivatives. */
static void set_leaves(struct rounds *w, const float *grad, const float *hess,
		       float *sum)
{
	struct grow *g = &w->grow;
	struct trees *t = &w->b->t;
	const double *p = w->b->spec.param;

	for (uint32_t l = 0; l < g->n_leaves; l++) {
		const struct grow_leaf *f = &g->leaf[l];
		double a = 0, b = 0;
		float v;

		for (uint32_t i = f->from; i < f->to; i++) {
			a += (double)grad[g->idx[i]];
			b += (double)hess[g->idx[i]];
		}
		v = b + p[LAMBDA] > 0 ? (float)(-a / (b + p[LAMBDA]) * p[RATE]) : 0;
		t->value[trees_at(t, t->n - 1, f->node)] = v;
		if (p[ROWS] >= 1)
			for (uint32_t i = f->from; i < f->to; i++)
				sum[g->idx[i]] += v;
	}
	if (p[ROWS] < 1)
		for (uint32_t i = 0; i < w->n_all; i++) {
			uint32_t r = w->all[i];

			sum[r] += t->value[trees_leaf(t, t->n - 1, w->s->x +
						      (size_t)r * w->bins.features)];
		}
}

static void one_round(struct rounds *w, uint32_t round)
{
	struct boost *b = w->b;
	size_t rows = w->bins.rows;

	derive(w);
	/* Of seed and round alone, so that a checkpoint need not keep it. */
	rng_seed(&w->rng, b->spec.seed * 0x9e3779b97f4a7c15u + round);
	for (uint32_t k = 0; k < b->t.outputs; k++) {
		draw(w);
		grow_pack(&w->grow, w->grad + k * rows, w->hess + k * rows, w->words);
		grow_tree(&w->grow);
		set_leaves(w, w->grad + k * rows, w->hess + k * rows,
			   w->sum + k * rows);
		if (w->valid != NULL)
			for (size_t i = 0; i < w->valid->n; i++)
				trees_add(&b->t, b->t.n - 1, 1,
					  ml_sample(w->valid, i),
					  w->valid_sum + i * b->t.outputs);
	}
}

/* Mean loss and share of right answers. */
static double loss_of(const struct boost *b, const struct ml_set *s, size_t i,
		      const float *sum, double *right)
{
	float p[ML_ACTIONS];
	double d;
	unsigned best = 0;

	boost_answer(b->objective, sum, p);
	if (b->objective == BOOST_SQUARED) {
		d = (double)p[0] - (double)s->target[i];
		*right += (p[0] > 0) == (s->target[i] > 0);
		return d * d;
	}
	for (unsigned k = 1; k < ML_ACTIONS; k++)
		if (p[k] > p[best])
			best = k;
	*right += best == s->cls[i];
	return -log(fmax((double)p[s->cls[i]], 1e-15));
}

static double valid_loss(const struct rounds *w, double *ret_right)
{
	double loss = 0, all = 0, right = 0, n = 0;

	for (size_t i = 0; i < w->valid->n; i++) {
		double c = (double)weight_of(w->b, w->valid, i);

		if (c <= 0)
			continue;
		loss += c * loss_of(w->b, w->valid, i,
				    w->valid_sum + i * w->b->t.outputs, &right);
		all += c;
		n++;
	}
	*ret_right = n > 0 ? right / n : NAN;
	return all > 0 ? loss / all : NAN;
}

static double train_loss(const struct rounds *w)
{
	double loss = 0, all = 0, right = 0;

	for (size_t i = 0; i < w->s->n; i++) {
		double c = (double)weight_of(w->b, w->s, i);
		float sum[ML_ACTIONS];

		for (uint32_t k = 0; k < w->b->t.outputs; k++)
			sum[k] = w->sum[k * (size_t)w->bins.rows + w->bins.row[i]];
		if (c <= 0)
			continue;
		loss += c * loss_of(w->b, w->s, i, sum, &right);
		all += c;
	}
	return all > 0 ? loss / all : NAN;
}

static void start(struct rounds *w, struct arena *tmp)
{
	struct boost *b = w->b;
	const double *p = b->spec.param;
	size_t rows, k = b->t.outputs;
	uint32_t most = (uint32_t)fmax(p[DEPTH], p[LEAVES]) + 4;

	binned_make(tmp, w->s, (unsigned)p[BINS], &w->bins);
	rows = w->bins.rows;
	w->sum = NEW_N(tmp, float, rows * k);
	w->grad = NEW_N(tmp, float, rows * k);
	w->hess = NEW_N(tmp, float, rows * k);
	w->words = NEW_N(tmp, uint64_t, rows);
	w->all = NEW_N(tmp, uint32_t, w->s->n);
	for (size_t i = 0; i < w->s->n; i++) {
		uint32_t r = w->bins.row[i];
		float sum[ML_ACTIONS];

		if (weight_of(b, w->s, i) > 0)
			w->all[w->n_all++] = r;
		memcpy(sum, b->t.base, k * sizeof(*sum));
		trees_add(&b->t, 0, b->t.n, ml_sample(w->s, i), sum);
		for (uint32_t c = 0; c < k; c++)
			w->sum[c * rows + r] = sum[c];
	}
	w->grow = (struct grow){
		.rule = { .depth = (uint32_t)p[DEPTH], .leaves = (uint32_t)p[LEAVES],
			  .lambda = p[LAMBDA], .gamma = p[GAMMA],
			  .min_child = p[MIN_CHILD] },
		.b = &w->bins, .to = &b->t, .mem = tmp,
		.idx = NEW_N(tmp, uint32_t, w->s->n),
		.spare = NEW_N(tmp, uint32_t, w->s->n),
		.n_columns = (uint32_t)ceil(p[COLUMNS] * w->bins.inputs),
		.free_hist = NEW_N(tmp, uint64_t *, most),
	};
	if (w->grow.n_columns < w->bins.inputs)
		w->grow.columns = w->columns = NEW_N(tmp, uint32_t, w->bins.inputs);
	if (w->valid == NULL)
		return;
	w->valid_sum = NEW_N(tmp, float, w->valid->n * k);
	for (size_t i = 0; i < w->valid->n; i++) {
		memcpy(w->valid_sum + i * k, b->t.base, k * sizeof(float));
		trees_add(&b->t, 0, b->t.n, ml_sample(w->valid, i),
			  w->valid_sum + i * k);
	}
}

/* True: there was no better loss for so long that it ends. */
static bool note_loss(struct boost *b, uint32_t round, double loss)
{
	double patience = b->spec.param[PATIENCE];

	if (loss < b->state[BOOST_BEST_LOSS]) {
		b->state[BOOST_BEST_LOSS] = loss;
		b->state[BOOST_BEST] = round;
	}
	return patience > 0 && round - b->state[BOOST_BEST] >= patience;
}

static int run_rounds(struct rounds *w, const struct ml_fit *f)
{
	struct boost *b = w->b;
	uint32_t round = b->t.n / b->t.outputs;
	bool stop = w->valid != NULL && b->spec.param[PATIENCE] > 0 &&
		    round - b->state[BOOST_BEST] >= b->spec.param[PATIENCE];
	double right;
	int rc = 0;

	/* No round may be better than the best, either. */
	if (w->valid != NULL && b->state[BOOST_BEST_LOSS] > 1e300)
		b->state[BOOST_BEST_LOSS] = valid_loss(w, &right);
	while (rc == 0 && !stop && round < b->state[BOOST_GOAL]) {
		struct ml_progress p = {
			.epochs = (unsigned)b->state[BOOST_GOAL],
			.train_loss = NAN, .valid_loss = NAN, .valid_accuracy = NAN,
			.rate = b->spec.param[RATE],
		};

		one_round(w, round++);
		if (w->valid != NULL) {
			p.valid_loss = valid_loss(w, &p.valid_accuracy);
			stop = note_loss(b, round, p.valid_loss);
		}
		if (f->progress == NULL)
			continue;
		p.epoch = round;
		p.train_loss = train_loss(w);
		rc = f->progress(f->ctx, &p);
	}
	if (rc != 0)
		return rc;
	b->state[BOOST_RUNNING] = 0;
	if (w->valid != NULL && b->spec.param[PATIENCE] > 0)
		trees_cut(&b->t, (uint32_t)b->state[BOOST_BEST] * b->t.outputs);
	return 0;
}

static int boost_fit(void *m, const struct ml_fit *f, struct err *err)
{
	struct boost *b = OBJ_CAST(struct boost, m, BOOST_MAGIC);
	struct rounds w = { .b = b, .s = f->train, .valid = f->valid };
	uint32_t have = b->t.n / b->t.outputs;
	int rc = ml_trees_set_check(&b->spec.shape, f->train, err);

	if (rc == 0 && f->valid != NULL && f->valid->n == 0)
		w.valid = NULL;
	else if (rc == 0 && f->valid != NULL)
		rc = ml_trees_set_check(&b->spec.shape, f->valid, err);
	if (rc < 0)
		return rc;
	if (b->state[BOOST_RUNNING] <= 0) {
		b->state[BOOST_RUNNING] = 1;
		b->state[BOOST_GOAL] = have + b->spec.param[ROUNDS];
		b->state[BOOST_BEST] = have;
		b->state[BOOST_BEST_LOSS] = INFINITY;
		if (have == 0)
			set_base(b, f->train);
	}
	if (b->state[BOOST_GOAL] * b->t.outputs > TREES_NODES_MAX / 2 ||
	    b->t.n_nodes > TREES_NODES_MAX / 2)
		return FAIL(err, E_TOOBIG, "boosting: there are %u trees already", b->t.n);
	SCOPE(tmp, b->mem) {
		start(&w, tmp);
		rc = run_rounds(&w, f);
	}
	trees_prepare(&b->t);
	return rc;
}

/* ---- asking ------------------------------------------------------------- */

static size_t sums_size(const struct boost *b, size_t batch)
{
	return (batch * b->t.outputs * sizeof(float) + 63) / 64 * 64;
}

static size_t boost_work(const void *m, size_t batch)
{
	const struct boost *b = m;
	size_t sums = sums_size(b, batch) + trees_work(&b->t);
	size_t shap = trees_shap_work(&b->t);

	return sums > shap ? sums : shap;
}

static void boost_forward(const void *m, void *work, const float *const *x,
			  size_t n, float *ret)
{
	const struct boost *b = m;
	float *sum = work;

	trees_sum(&b->t, trees_path_best(), (char *)work + sums_size(b, n), x, n,
		  sum);
	for (size_t i = 0; i < n; i++)
		boost_answer(b->objective, sum + i * b->t.outputs,
			     ret + i * b->spec.shape.outputs);
}

static void boost_explain(const void *m, void *work, const float *x,
			  unsigned output, float *ret)
{
	const struct boost *b = m;

	memset(ret, 0, b->t.inputs * sizeof(*ret));
	if (b->objective == BOOST_LOGISTIC) {
		if (output == ML_HOLD)
			return;
		trees_shap(&b->t, work, x, 0, ret);
		for (uint32_t i = 0; output == ML_SELL && i < b->t.inputs; i++)
			ret[i] = -ret[i];
		return;
	}
	trees_shap(&b->t, work, x, output, ret);
}

static size_t boost_tensors(struct arena *out, void *m, bool state,
			    const struct ml_tensor **ret)
{
	struct boost *b = OBJ_CAST(struct boost, m, BOOST_MAGIC);
	struct ml_tensor *t = NEW_N(out, struct ml_tensor, TREES_TENSORS + 1);
	size_t n = trees_tensors(&b->t, t);

	if (state)
		t[n++] = (struct ml_tensor){ "state.boost", ML_F64, 1,
					     { ARRAY_LEN(b->state) }, b->state };
	*ret = t;
	return n;
}

static int load_state(struct boost *b, const struct ml_tensor *t, size_t n,
		      struct err *err)
{
	const struct ml_tensor *f;
	int rc;

	if (ml_tensor_find(t, n, "state.boost") == NULL)
		return 0;
	rc = ml_tensor_need(t, n, "state.boost", ML_F64, ARRAY_LEN(b->state), 0,
			    &f, err);
	if (rc < 0)
		return rc;
	memcpy(b->state, f->data, sizeof(b->state));
	if (!(b->state[BOOST_RUNNING] >= 0 && b->state[BOOST_RUNNING] <= 1 &&
	      !isnan(b->state[BOOST_BEST_LOSS]) && b->state[BOOST_GOAL] >= 0 &&
	      b->state[BOOST_GOAL] <= 1e6 && b->state[BOOST_BEST] >= 0 &&
	      b->state[BOOST_BEST] <= b->t.n / b->t.outputs))
		return FAIL(err, E_INVAL, "boosting: the checkpoint has %g of %g rounds",
			    b->state[BOOST_BEST], b->state[BOOST_GOAL]);
	return 0;
}

static int boost_load(struct arena *out, const struct ml_spec *s,
		      const struct ml_tensor *t, size_t n, void **ret,
		      struct err *err)
{
	struct boost *b;
	int rc = boost_new(out, s, &b, err);

	if (rc == 0)
		rc = trees_load(out, t, n, b->t.inputs, b->t.outputs, 1, &b->t, err);
	if (rc == 0 && b->t.n % b->t.outputs != 0)
		rc = FAIL(err, E_INVAL, "boosting: %u trees are not a whole number of rounds",
			  b->t.n);
	if (rc == 0)
		rc = load_state(b, t, n, err);
	if (rc < 0)
		return rc;
	trees_prepare(&b->t);
	*ret = b;
	return 0;
}

const struct ml_kind ml_kind_boosting = {
	.name = "boosting", .title = "Gradient boosting", .group = "trees",
	.params = params, .n_params = ARRAY_LEN(params), .window = 1,
	.make = boost_make, .fit = boost_fit, .work = boost_work,
	.forward = boost_forward, .explain = boost_explain,
	.tensors = boost_tensors, .load = boost_load,
};
