#include "config.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_matrix.h>
#include <gsl/gsl_vector.h>
#include <math.h>
#include <string.h>

#include "ml/hist_i.h"
#include "ml/mem.h"

/* Two linear models on standardised features, with an L2 penalty on all but
 * the constant: ridge regression of the return (normal equations, Cholesky) and
 * softmax regression of the classes (Newton steps, each solved by conjugate
 * gradients).  The standardisation is folded into what is kept. */

#define INPUTS_MAX 2048		/* of ridge: its matrix is inputs x inputs */

enum { L2, STEPS };
static const struct ml_param ridge_params[] = {
	[L2] = { "l2", 1, 0, 1e9, false, "penalty on the squares of the standardised weights" },
};
static const struct ml_param logistic_params[] = {
	[L2] = { "l2", 1, 0, 1e9, false, "half of it is the penalty on the squares of the standardised weights" },
	[STEPS] = { "steps", 100, 1, 1000, true, "Newton steps at most" },
};

struct linear {
	unsigned magic;
#define LINEAR_MAGIC 0x11ea2700u
	struct ml_spec spec;
	struct arena *mem;
	uint32_t outputs, inputs;
	float *coef;			/* outputs x inputs */
	float *bias;			/* [outputs] */
	float *mean;		/* [inputs] of the training samples */
	/* of a fit that goes on: outputs x (inputs + 1), standardised, the
	 * constant last; steps done, 0: none goes on */
	double *weights, steps;
};

static int linear_new(struct arena *out, const struct ml_spec *s,
		      struct linear **ret, struct err *err)
{
	struct linear *l;
	size_t inputs = (size_t)s->shape.window * s->shape.features;
	bool ridge = strcmp(s->kind, "ridge") == 0;

	if (ridge && s->shape.outputs != 1)
		return FAIL(err, E_INVAL, "ridge predicts a return, not classes; for classes there is logistic");
	if (!ridge && s->shape.outputs != ML_ACTIONS)
		return FAIL(err, E_INVAL, "logistic predicts classes, not a return; for a return there is ridge");
	if (inputs > INPUTS_MAX)
		return FAIL(err, E_INVAL, "%s: %zu inputs (window x features); the most is %d",
			    s->kind, inputs, INPUTS_MAX);
	l = NEW(out, struct linear);
	l->magic = LINEAR_MAGIC;
	l->spec = *s;
	l->mem = out;
	l->outputs = s->shape.outputs;
	l->inputs = (uint32_t)inputs;
	l->weights = NEW_N(out, double, l->outputs * (inputs + 1));
	ml_mem_count(out, (inputs + 1) * l->outputs * 12 + inputs * 4, 3);
	*ret = l;
	return 0;
}

static int linear_make(struct arena *out, const struct ml_spec *s, void **ret,
		       struct err *err)
{
	struct linear *l;
	int rc = linear_new(out, s, &l, err);

	if (rc < 0)
		return rc;
	l->coef = NEW_N(out, float, (size_t)l->outputs * l->inputs);
	l->bias = NEW_N(out, float, l->outputs);
	l->mean = NEW_N(out, float, l->inputs);
	*ret = l;
	return 0;
}

/* ---- training ----------------------------------------------------------- */

struct fitting {
	struct linear *l;
	const struct ml_set *s, *valid;
	size_t k, p;			/* outputs, inputs */
	double *mean, *dev;		/* [p]; dev 0: constant, left alone */
	double all;			/* sum of weights */
	struct arena *mem;
};

static double weight_of(const struct ml_set *s, size_t i)
{
	return s->weight != NULL ? (double)s->weight[i] : 1;
}

static void standardise(struct fitting *w)
{
	w->mean = NEW_N(w->mem, double, w->p);
	w->dev = NEW_N(w->mem, double, w->p);
	for (size_t i = 0; i < w->s->n; i++) {
		const float *x = ml_sample(w->s, i);
		double c = weight_of(w->s, i);

		w->all += c;
		for (size_t j = 0; j < w->p; j++)
			w->mean[j] += c * (double)x[j];
	}
	for (size_t j = 0; j < w->p; j++)
		w->mean[j] /= w->all;
	for (size_t i = 0; i < w->s->n; i++) {
		const float *x = ml_sample(w->s, i);
		double c = weight_of(w->s, i);

		for (size_t j = 0; j < w->p; j++)
			w->dev[j] += c * ((double)x[j] - w->mean[j]) *
				     ((double)x[j] - w->mean[j]);
	}
	for (size_t j = 0; j < w->p; j++) {
		w->dev[j] = sqrt(w->dev[j] / w->all);
		if (w->dev[j] < 1e-12 * (1 + fabs(w->mean[j])))
			w->dev[j] = 0;
	}
}

/* Standardised weights (k x (p + 1)) as weights of the raw values. */
static void unstandardise(const struct fitting *w, const double *from, double *to)
{
	for (size_t k = 0; k < w->k; k++) {
		const double *f = from + k * (w->p + 1);
		double *t = to + k * (w->p + 1);

		t[w->p] = f[w->p];
		for (size_t j = 0; j < w->p; j++) {
			t[j] = w->dev[j] > 0 ? f[j] / w->dev[j] : 0;
			t[w->p] -= t[j] * w->mean[j];
		}
	}
}

/* ret[n x k] = weights (raw) times samples. */
static void apply(const struct fitting *w, const struct ml_set *s,
		  const double *raw, double *ret)
{
	for (size_t i = 0; i < s->n; i++) {
		const float *x = ml_sample(s, i);

		for (size_t k = 0; k < w->k; k++) {
			const double *c = raw + k * (w->p + 1);
			double sum = c[w->p];

			for (size_t j = 0; j < w->p; j++)
				sum += c[j] * (double)x[j];
			ret[i * w->k + k] = sum;
		}
	}
}

/* ret[k x (p + 1)] = sum over samples of r[i][k] times the standardised values. */
static void collect(const struct fitting *w, const double *r, double *ret)
{
	memset(ret, 0, w->k * (w->p + 1) * sizeof(*ret));
	for (size_t i = 0; i < w->s->n; i++) {
		const float *x = ml_sample(w->s, i);

		for (size_t k = 0; k < w->k; k++) {
			double c = r[i * w->k + k], *to = ret + k * (w->p + 1);

			to[w->p] += c;
			for (size_t j = 0; j < w->p; j++)
				to[j] += c * (double)x[j];
		}
	}
	for (size_t k = 0; k < w->k; k++) {
		double *to = ret + k * (w->p + 1);

		for (size_t j = 0; j < w->p; j++)
			to[j] = w->dev[j] > 0 ?
				(to[j] - w->mean[j] * to[w->p]) / w->dev[j] : 0;
	}
}

static void keep(const struct fitting *w, const double *weights)
{
	struct linear *l = w->l;
	double *raw = NEW_N(w->mem, double, w->k * (w->p + 1));

	unstandardise(w, weights, raw);
	for (size_t k = 0; k < w->k; k++) {
		for (size_t j = 0; j < w->p; j++)
			l->coef[k * w->p + j] = (float)raw[k * (w->p + 1) + j];
		l->bias[k] = (float)raw[k * (w->p + 1) + w->p];
	}
	for (size_t j = 0; j < w->p; j++)
		l->mean[j] = (float)w->mean[j];
}

/* ---- ridge -------------------------------------------------------------- */

static void defer_matrix(void *m)
{
	gsl_matrix_free(m);
}

static void defer_vector(void *v)
{
	gsl_vector_free(v);
}

/* Upper half of Z'Z and Z'y of the standardised samples, filled row by row. */
static void normal_equations(const struct fitting *w, gsl_matrix *a, gsl_vector *b,
			     double *ret_y)
{
	double *z = NEW_N(w->mem, double, w->p), y = 0;

	for (size_t i = 0; i < w->s->n; i++)
		y += weight_of(w->s, i) * (double)w->s->target[i];
	y /= w->all;
	for (size_t i = 0; i < w->s->n; i++) {
		const float *x = ml_sample(w->s, i);
		double c = weight_of(w->s, i), d = (double)w->s->target[i] - y;

		for (size_t j = 0; j < w->p; j++)
			z[j] = w->dev[j] > 0 ? ((double)x[j] - w->mean[j]) / w->dev[j] : 0;
		for (size_t j = 0; j < w->p; j++) {
			double cz = c * z[j], *row = gsl_matrix_ptr(a, j, 0);

			*gsl_vector_ptr(b, j) += cz * d;
			for (size_t m = 0; m <= j; m++)
				row[m] += cz * z[m];
		}
	}
	*ret_y = y;
}

static int ridge_solve(struct fitting *w, struct err *err)
{
	gsl_error_handler_t *old = gsl_set_error_handler_off();
	gsl_matrix *a = gsl_matrix_calloc(w->p, w->p);
	gsl_vector *b = gsl_vector_calloc(w->p);
	double l2 = w->l->spec.param[L2], y = 0;
	int rc = GSL_ENOMEM;

	gsl_set_error_handler(old);
	if (a != NULL)
		arena_defer(w->mem, defer_matrix, a);
	if (b != NULL)
		arena_defer(w->mem, defer_vector, b);
	if (a == NULL || b == NULL)
		return FAIL(err, E_TOOBIG, "ridge: no memory for %zu inputs", w->p);
	normal_equations(w, a, b, &y);
	for (size_t j = 0; j < w->p; j++)
		/* A constant column, or one that is a sum of others, gets no
		 * weight instead of no solution. */
		*gsl_matrix_ptr(a, j, j) += w->dev[j] > 0 ? l2 + 1e-10 * w->all : 1;
	old = gsl_set_error_handler_off();
	rc = gsl_linalg_cholesky_decomp1(a);
	if (rc == GSL_SUCCESS)
		rc = gsl_linalg_cholesky_svx(a, b);
	gsl_set_error_handler(old);
	if (rc != GSL_SUCCESS)
		return FAIL(err, E_UNPROCESSABLE, "ridge: the features depend on each other; give a penalty l2");
	for (size_t j = 0; j < w->p; j++)
		w->l->weights[j] = gsl_vector_get(b, j);
	w->l->weights[w->p] = y;
	return 0;
}

static double mean_square(const struct fitting *w, const struct ml_set *s,
			  double *ret_right)
{
	double *y = NEW_N(w->mem, double, s->n);
	double *raw = NEW_N(w->mem, double, w->p + 1), sum = 0, all = 0;

	unstandardise(w, w->l->weights, raw);
	apply(w, s, raw, y);
	*ret_right = 0;
	for (size_t i = 0; i < s->n; i++) {
		double d = y[i] - (double)s->target[i], c = weight_of(s, i);

		sum += c * d * d;
		all += c;
		*ret_right += (y[i] > 0) == (s->target[i] > 0);
	}
	*ret_right /= (double)s->n;
	return sum / all;
}

static int ridge_run(struct fitting *w, const struct ml_fit *f, struct err *err)
{
	int rc = ridge_solve(w, err);
	struct ml_progress p = { 1, 1, NAN, NAN, NAN, 1 };
	double right;

	if (rc < 0)
		return rc;
	keep(w, w->l->weights);
	if (f->progress == NULL)
		return 0;
	p.train_loss = mean_square(w, w->s, &right);
	if (w->valid != NULL)
		p.valid_loss = mean_square(w, w->valid, &p.valid_accuracy);
	return f->progress(f->ctx, &p);
}

/* ---- softmax ------------------------------------------------------------ */

/* Logits in p become probabilities; the summed loss is returned. */
static double softmax_loss(const struct ml_set *s, double *p, double *ret_right)
{
	double loss = 0, right = 0;

	for (size_t i = 0; i < s->n; i++) {
		double *q = p + i * ML_ACTIONS, top = fmax(q[0], fmax(q[1], q[2]));
		double own = q[s->cls[i]], sum = 0;

		right += own >= top;
		for (unsigned k = 0; k < ML_ACTIONS; k++)
			sum += q[k] = exp(q[k] - top);
		loss += weight_of(s, i) * (log(sum) + top - own);
		for (unsigned k = 0; k < ML_ACTIONS; k++)
			q[k] /= sum;
	}
	if (ret_right != NULL)
		*ret_right = right / (double)s->n;
	return loss;
}

struct newton {
	struct fitting *f;
	size_t len;			/* of a vector of weights */
	double *p, *r;			/* [n x k] */
	double *grad, *step, *raw;
	double *cg_r, *cg_p, *cg_h;
};

static double dot(const double *a, const double *b, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

/* The penalty is on all but the constants. */
static double penalty(const struct newton *w, const double *v)
{
	double sum = 0;

	for (size_t i = 0; i < w->len; i++)
		if (i % (w->f->p + 1) != w->f->p)
			sum += v[i] * v[i];
	return 0.5 * w->f->l->spec.param[L2] * sum;
}

static double objective(struct newton *w, const double *v)
{
	unstandardise(w->f, v, w->raw);
	apply(w->f, w->f->s, w->raw, w->p);
	return softmax_loss(w->f->s, w->p, NULL) + penalty(w, v);
}

static void add_penalty(const struct newton *w, const double *v, double *to)
{
	for (size_t i = 0; i < w->len; i++)
		if (i % (w->f->p + 1) != w->f->p)
			to[i] += w->f->l->spec.param[L2] * v[i];
}

static void gradient(struct newton *w, const double *v)
{
	const struct ml_set *s = w->f->s;

	for (size_t i = 0; i < s->n; i++)
		for (unsigned k = 0; k < ML_ACTIONS; k++)
			w->r[i * ML_ACTIONS + k] = weight_of(s, i) *
				(w->p[i * ML_ACTIONS + k] - (s->cls[i] == k));
	collect(w->f, w->r, w->grad);
	add_penalty(w, v, w->grad);
}

/* ret = Hessian times v. */
static void hessian(struct newton *w, const double *v, double *ret)
{
	const struct ml_set *s = w->f->s;

	unstandardise(w->f, v, w->raw);
	apply(w->f, s, w->raw, w->r);
	for (size_t i = 0; i < s->n; i++) {
		double *u = w->r + i * ML_ACTIONS, *p = w->p + i * ML_ACTIONS;
		double mean = dot(u, p, ML_ACTIONS);

		for (unsigned k = 0; k < ML_ACTIONS; k++)
			u[k] = weight_of(s, i) * p[k] * (u[k] - mean);
	}
	collect(w->f, w->r, ret);
	add_penalty(w, v, ret);
}

/* step = - inverse Hessian times gradient, nearly. */
static void solve(struct newton *w)
{
	double rr, least, alpha, next;

	memset(w->step, 0, w->len * sizeof(double));
	for (size_t i = 0; i < w->len; i++)
		w->cg_p[i] = w->cg_r[i] = -w->grad[i];
	rr = dot(w->cg_r, w->cg_r, w->len);
	/* Ever more exact the nearer the end, so that it converges quickly. */
	least = fmin(0.25, sqrt(sqrt(rr) / w->f->all));
	least = rr * least * least;
	for (unsigned k = 0; k < 250 && rr > least && rr > 0; k++) {
		hessian(w, w->cg_p, w->cg_h);
		next = dot(w->cg_p, w->cg_h, w->len);
		if (!(next > 1e-14 * rr))
			break;	/* flat: all constants moved by the same */
		alpha = rr / next;
		for (size_t i = 0; i < w->len; i++) {
			w->step[i] += alpha * w->cg_p[i];
			w->cg_r[i] -= alpha * w->cg_h[i];
		}
		next = dot(w->cg_r, w->cg_r, w->len);
		for (size_t i = 0; i < w->len; i++)
			w->cg_p[i] = w->cg_r[i] + next / rr * w->cg_p[i];
		rr = next;
	}
}

/* One Newton step; false: there is nothing to gain any more. */
static bool newton_step(struct newton *w, double *v, double *ret_value)
{
	double value = objective(w, v), slope, t = 1;
	double *next = w->cg_h;

	*ret_value = value;
	gradient(w, v);
	if (sqrt(dot(w->grad, w->grad, w->len)) <= 1e-8 * w->f->all)
		return false;
	solve(w);
	slope = dot(w->grad, w->step, w->len);
	for (unsigned k = 0; k < 30 && slope < 0; k++, t /= 2) {
		double got;

		for (size_t i = 0; i < w->len; i++)
			next[i] = v[i] + t * w->step[i];
		got = objective(w, next);
		if (got <= value + 1e-4 * t * slope) {
			memcpy(v, next, w->len * sizeof(*v));
			*ret_value = got;
			return true;
		}
	}
	return false;
}

static int logistic_tell(struct newton *w, const struct ml_fit *f, double value)
{
	struct fitting *g = w->f;
	struct linear *l = g->l;
	struct ml_progress p = {
		.epoch = (unsigned)l->steps, .epochs = (unsigned)l->spec.param[STEPS],
		.train_loss = (value - penalty(w, l->weights)) / g->all,
		.valid_loss = NAN, .valid_accuracy = NAN, .rate = 1,
	};

	if (f->progress == NULL)
		return 0;
	SCOPE(tmp, g->mem) {
		double all = 0, *q;

		if (g->valid == NULL)
			break;
		q = NEW_N(tmp, double, g->valid->n * ML_ACTIONS);
		unstandardise(g, l->weights, w->raw);
		apply(g, g->valid, w->raw, q);
		for (size_t i = 0; i < g->valid->n; i++)
			all += weight_of(g->valid, i);
		p.valid_loss = softmax_loss(g->valid, q, &p.valid_accuracy) / all;
	}
	return f->progress(f->ctx, &p);
}

static int logistic_run(struct fitting *g, const struct ml_fit *f)
{
	struct linear *l = g->l;
	size_t len = g->k * (g->p + 1), n = g->s->n * g->k;
	struct arena *mem = g->mem;
	struct newton w = {
		g, len, NEW_N(mem, double, n), NEW_N(mem, double, n),
		NEW_N(mem, double, len), NEW_N(mem, double, len),
		NEW_N(mem, double, len), NEW_N(mem, double, len),
		NEW_N(mem, double, len), NEW_N(mem, double, len),
	};
	double value;
	int rc = 0;

	while (rc == 0 && l->steps < l->spec.param[STEPS]) {
		bool more = newton_step(&w, l->weights, &value);

		l->steps++;
		keep(g, l->weights);
		rc = logistic_tell(&w, f, value);
		if (!more)
			break;
	}
	if (rc == 0)
		l->steps = 0;
	return rc;
}

/* From what the model has (a warm start). */
static void standardised(const struct fitting *w)
{
	struct linear *l = w->l;

	for (size_t k = 0; k < w->k; k++) {
		double *t = l->weights + k * (w->p + 1);

		t[w->p] = (double)l->bias[k];
		for (size_t j = 0; j < w->p; j++) {
			double c = (double)l->coef[k * w->p + j];

			t[j] = c * w->dev[j];
			t[w->p] += c * w->mean[j];
		}
	}
}

/* What came from a file is read only: it is copied before it changes. */
static void make_ours(struct linear *l)
{
	size_t n = (size_t)l->outputs * l->inputs;

	l->coef = memcpy(NEW_N(l->mem, float, n), l->coef, n * sizeof(float));
	l->bias = memcpy(NEW_N(l->mem, float, l->outputs), l->bias,
			 l->outputs * sizeof(float));
	l->mean = memcpy(NEW_N(l->mem, float, l->inputs), l->mean,
			 l->inputs * sizeof(float));
}

static int linear_fit(void *m, const struct ml_fit *f, struct err *err)
{
	struct linear *l = OBJ_CAST(struct linear, m, LINEAR_MAGIC);
	int rc = ml_trees_set_check(&l->spec.shape, f->train, err);
	struct fitting w = { .l = l, .s = f->train, .k = l->outputs, .p = l->inputs };

	if (rc == 0 && f->valid != NULL && f->valid->n > 0) {
		w.valid = f->valid;
		rc = ml_trees_set_check(&l->spec.shape, f->valid, err);
	}
	if (rc < 0)
		return rc;
	make_ours(l);
	SCOPE(tmp, l->mem) {
		w.mem = tmp;
		standardise(&w);
		if (!(w.all > 0))
			return FAIL(err, E_INVAL, "%s: all samples have weight 0", l->spec.kind);
		if (l->steps <= 0)
			standardised(&w);
		rc = l->outputs == 1 ? ridge_run(&w, f, err) : logistic_run(&w, f);
	}
	return rc;
}

/* ---- asking ------------------------------------------------------------- */

static size_t linear_work(const void *m, size_t batch)
{
	(void)m;
	(void)batch;
	return 64;
}

static void linear_forward(const void *m, void *work, const float *const *x,
			   size_t n, float *ret)
{
	const struct linear *l = m;

	(void)work;
	for (size_t i = 0; i < n; i++, ret += l->outputs) {
		double v[ML_ACTIONS], sum = 0, top;

		for (uint32_t k = 0; k < l->outputs; k++) {
			const float *c = l->coef + (size_t)k * l->inputs;

			v[k] = (double)l->bias[k];
			for (uint32_t j = 0; j < l->inputs; j++)
				v[k] += (double)c[j] * (double)x[i][j];
		}
		if (l->outputs == 1) {
			ret[0] = (float)v[0];
			continue;
		}
		top = fmax(v[0], fmax(v[1], v[2]));
		for (uint32_t k = 0; k < ML_ACTIONS; k++)
			sum += v[k] = exp(v[k] - top);
		for (uint32_t k = 0; k < ML_ACTIONS; k++)
			ret[k] = (float)(v[k] / sum);
	}
}

/* Of the logit: how far each value is from its mean, times its weight. */
static void linear_explain(const void *m, void *work, const float *x,
			   unsigned output, float *ret)
{
	const struct linear *l = m;
	const float *c = l->coef + (size_t)output * l->inputs;

	(void)work;
	for (uint32_t j = 0; j < l->inputs; j++)
		ret[j] = c[j] * (x[j] - l->mean[j]);
}

static size_t linear_tensors(struct arena *out, void *m, bool state,
			     const struct ml_tensor **ret)
{
	struct linear *l = OBJ_CAST(struct linear, m, LINEAR_MAGIC);
	const struct ml_tensor all[] = {
		{ "linear.coef", ML_F32, 2, { l->outputs, l->inputs }, l->coef },
		{ "linear.bias", ML_F32, 1, { l->outputs }, l->bias },
		{ "linear.mean", ML_F32, 1, { l->inputs }, l->mean },
		{ "state.weights", ML_F64, 2, { l->outputs, l->inputs + 1 }, l->weights },
		{ "state.steps", ML_F64, 1, { 1 }, &l->steps },
	};

	*ret = memcpy(NEW_N(out, struct ml_tensor, ARRAY_LEN(all)), all, sizeof(all));
	return state ? ARRAY_LEN(all) : 3;
}

static int finite_floats(const struct ml_tensor *t, float **ret, struct linear *l,
			 struct err *err)
{
	size_t n = ml_tensor_len(t);
	float *v = t->data;

	if ((uintptr_t)v % _Alignof(float) != 0)
		v = memcpy(NEW_N(l->mem, float, n), t->data, n * sizeof(*v));
	for (size_t i = 0; i < n; i++)
		if (!(fabsf(v[i]) <= 1e30F))
			return FAIL(err, E_INVAL, "%s: value %zu is no sensible number", t->name, i);
	*ret = v;
	return 0;
}

static int load_state(struct linear *l, const struct ml_tensor *t, size_t n,
		      struct err *err)
{
	const struct ml_tensor *a, *b;
	int rc;

	if (ml_tensor_find(t, n, "state.steps") == NULL)
		return 0;
	if ((rc = ml_tensor_need(t, n, "state.steps", ML_F64, 1, 0, &a, err)) < 0 ||
	    (rc = ml_tensor_need(t, n, "state.weights", ML_F64, l->outputs,
				 l->inputs + 1, &b, err)) < 0)
		return rc;
	memcpy(&l->steps, a->data, sizeof(l->steps));
	memcpy(l->weights, b->data, ml_tensor_len(b) * sizeof(double));
	if (!(l->steps >= 0 && l->steps <= 1e6))
		return FAIL(err, E_INVAL, "%s: the checkpoint is of step %g", l->spec.kind, l->steps);
	for (size_t i = 0; i < ml_tensor_len(b); i++)
		if (!isfinite(l->weights[i]))
			return FAIL(err, E_INVAL, "%s: the checkpoint's weights are no numbers", l->spec.kind);
	return 0;
}

static int linear_load(struct arena *out, const struct ml_spec *s,
		       const struct ml_tensor *t, size_t n, void **ret,
		       struct err *err)
{
	const struct ml_tensor *coef, *bias, *mean;
	struct linear *l;
	int rc = linear_new(out, s, &l, err);

	if (rc < 0)
		return rc;
	if ((rc = ml_tensor_need(t, n, "linear.coef", ML_F32, l->outputs, l->inputs,
				 &coef, err)) < 0 ||
	    (rc = ml_tensor_need(t, n, "linear.bias", ML_F32, l->outputs, 0, &bias,
				 err)) < 0 ||
	    (rc = ml_tensor_need(t, n, "linear.mean", ML_F32, l->inputs, 0, &mean,
				 err)) < 0 ||
	    (rc = finite_floats(coef, &l->coef, l, err)) < 0 ||
	    (rc = finite_floats(bias, &l->bias, l, err)) < 0 ||
	    (rc = finite_floats(mean, &l->mean, l, err)) < 0 ||
	    (rc = load_state(l, t, n, err)) < 0)
		return rc;
	*ret = l;
	return 0;
}

const struct ml_kind ml_kind_logistic = {
	.name = "logistic", .title = "Logistic regression", .group = "linear",
	.params = logistic_params, .n_params = ARRAY_LEN(logistic_params), .window = 1,
	.make = linear_make, .fit = linear_fit, .work = linear_work,
	.forward = linear_forward, .explain = linear_explain,
	.tensors = linear_tensors, .load = linear_load,
};

const struct ml_kind ml_kind_ridge = {
	.name = "ridge", .title = "Ridge regression", .group = "linear",
	.params = ridge_params, .n_params = ARRAY_LEN(ridge_params), .window = 1,
	.make = linear_make, .fit = linear_fit, .work = linear_work,
	.forward = linear_forward, .explain = linear_explain,
	.tensors = linear_tensors, .load = linear_load,
};
