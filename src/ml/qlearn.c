#include "config.h"

#include <math.h>
#include <string.h>

#include "ml/hist_i.h"
#include "ml/mem.h"
#include "ml/q_i.h"

/* Two kinds of Q-learning in the market of q_i.h: a table over 243 kinds of
 * bars, and weights of the features for each position and action. */

enum { EPISODES, RATE, GAMMA, EPSILON, DECAY, FLOOR, COOL, FEE, REWARD, RISK, SHORTS,
       PATIENCE, COMMON,
       /* of the table only */
       DIRECTION = COMMON, RSI_LOW, RSI_HIGH, VOLUME_LOW, VOLUME_HIGH,
       VOLATILITY_LOW, VOLATILITY_HIGH, TREND, ALL };

#define COMMON_PARAMS(rate)							\
	[EPISODES] = { "episodes", 300, 1, 20000, true, "walks through the samples at most" }, \
	[RATE] = { "rate", (rate), 1e-5, 1, false, "learning rate at first" },	\
	[GAMMA] = { "gamma", 0.95, 0, 0.9999, false, "what the next state's worth counts" }, \
	[EPSILON] = { "epsilon", 1, 0, 1, false, "chance of trying any action, in the first walk" }, \
	[DECAY] = { "decay", 0.98, 0.5, 1, false, "of epsilon with every walk" },	\
	[FLOOR] = { "floor", 0.01, 0, 1, false, "epsilon is never less" },	\
	[COOL] = { "cool", 100, 0, 1e6, false, "after so many visits (or walks) the rate is half; 0: it stays" }, \
	[FEE] = { "fee", 0.001, 0, 0.1, false, "share of the value each change of position costs" }, \
	[REWARD] = { "reward", 0, 0, 2, true, "0 net return, 1 its logarithm, 2 net return less risk times its square" }, \
	[RISK] = { "risk", 1, 0, 1000, false, "of reward 2" },			\
	[SHORTS] = { "shorts", 0, 0, 1, true, "1: selling may open a short position" }, \
	[PATIENCE] = { "patience", 0, 0, 20000, true, "walks without a better result on the validation samples before it stops; 0: never" }

static const struct ml_param table_params[] = {
	COMMON_PARAMS(0.1),
	[DIRECTION] = { "direction", 0.005, 0, 1, false, "a bar's return beyond this is up, or down" },
	[RSI_LOW] = { "rsi_low", 30, 0, 100, false, "RSI below is oversold" },
	[RSI_HIGH] = { "rsi_high", 70, 0, 100, false, "RSI above is overbought" },
	[VOLUME_LOW] = { "volume_low", 0.5, 0, 100, false, "volume below this part of its mean is low" },
	[VOLUME_HIGH] = { "volume_high", 1.5, 0, 100, false, "and above this high" },
	[VOLATILITY_LOW] = { "volatility_low", 0.005, 0, 1, false, "volatility of 20 bars below is low" },
	[VOLATILITY_HIGH] = { "volatility_high", 0.02, 0, 1, false, "and above high" },
	[TREND] = { "trend", 0.005, 0, 1, false, "SMA10 / SMA20 - 1 beyond this is a trend, up or down" },
};
static const struct ml_param linear_params[] = { COMMON_PARAMS(0.05) };
static const char *const needs[] = { "return_1", "rsi_14", "volume_ratio",
				     "volatility_20", "trend_10_20", NULL };
#define DIGITS 5
#define INPUTS_MAX 4096
#define WEIGHTS (Q_POSITIONS * Q_ACTIONS)

enum { EPISODE, NOW_EPSILON, BEST, BEST_AT, STATE };

struct qmodel {
	unsigned magic;
#define QMODEL_MAGIC 0x0aca7e57u
	struct ml_spec spec;
	struct arena *mem;
	bool linear;
	uint32_t inputs;
	int column[DIGITS];
	double offset[DIGITS], scale[DIGITS];
	/* The table (market state x position) x action, or weights of
	 * (position, action) x (inputs + 1), the constant last. */
	size_t len;
	double *value;
	double *visits;		/* of the table; of weights: one, of walks */
	size_t n_visits;
	double *unit;		/* what a gain is measured in */
	/* of a fit that goes on */
	double *best;
	double state[STATE];		/* EPISODE 0: none does */
	struct rng rng;
};

static int q_new(struct arena *out, const struct ml_spec *s, struct qmodel **ret,
		 struct err *err)
{
	size_t inputs = (size_t)s->shape.window * s->shape.features;
	struct qmodel *q;

	if (s->shape.outputs != ML_ACTIONS)
		return FAIL(err, E_INVAL, "%s chooses between actions; it predicts no return", s->kind);
	q = NEW(out, struct qmodel);
	q->magic = QMODEL_MAGIC;
	q->spec = *s;
	q->mem = out;
	q->linear = strcmp(s->kind, "qlinear") == 0;
	q->inputs = (uint32_t)inputs;
	if (q->linear && inputs > INPUTS_MAX)
		return FAIL(err, E_INVAL, "qlinear: %zu inputs (window x features); the most is %d",
			    inputs, INPUTS_MAX);
	for (size_t i = 0; !q->linear && i < DIGITS; i++) {
		q->column[i] = ml_spec_column(s, needs[i]);
		if (q->column[i] < 0)
			return FAIL(err, E_INVAL, "qlearn needs the feature \"%s\"", needs[i]);
		q->offset[i] = s->columns[q->column[i]].offset;
		q->scale[i] = s->columns[q->column[i]].scale;
	}
	if (!q->linear && (s->param[RSI_LOW] > s->param[RSI_HIGH] ||
			   s->param[VOLUME_LOW] > s->param[VOLUME_HIGH] ||
			   s->param[VOLATILITY_LOW] > s->param[VOLATILITY_HIGH]))
		return FAIL(err, E_INVAL, "qlearn: a low threshold is above the high one");
	q->len = q->linear ? WEIGHTS * (inputs + 1) :
		 (size_t)Q_STATES * Q_POSITIONS * Q_ACTIONS;
	q->n_visits = q->linear ? 1 : q->len;
	ml_mem_count(out, (q->len + q->n_visits + 1) * sizeof(double), 3);
	*ret = q;
	return 0;
}

static int q_make(struct arena *out, const struct ml_spec *s, void **ret,
		  struct err *err)
{
	struct qmodel *q;
	int rc = q_new(out, s, &q, err);

	if (rc < 0)
		return rc;
	q->value = NEW_N(out, double, q->len);
	q->visits = NEW_N(out, double, q->n_visits);
	q->unit = NEW(out, double);
	*q->unit = 1;
	*ret = q;
	return 0;
}

/* ---- what a bar is ------------------------------------------------------ */

static unsigned third(double v, double low, double high)
{
	return v < low ? 0 : v > high ? 2 : 1;
}

/* The newest bar's digits, each 0 to 2. */
static void digits_of(const struct qmodel *q, const float *x, unsigned d[DIGITS])
{
	const double *p = q->spec.param;
	double raw[DIGITS];

	x += (size_t)(q->spec.shape.window - 1) * q->spec.shape.features;
	for (size_t i = 0; i < DIGITS; i++)
		raw[i] = (double)x[q->column[i]] * q->scale[i] + q->offset[i];
	d[0] = third(raw[0], -p[DIRECTION], p[DIRECTION]);
	d[1] = third(100 * raw[1], p[RSI_LOW], p[RSI_HIGH]);
	d[2] = third(raw[2], p[VOLUME_LOW], p[VOLUME_HIGH]);
	d[3] = third(raw[3], p[VOLATILITY_LOW], p[VOLATILITY_HIGH]);
	d[4] = third(raw[4], -p[TREND], p[TREND]);
}

static uint32_t state_of(const unsigned d[DIGITS])
{
	uint32_t s = 0;

	for (size_t i = 0; i < DIGITS; i++)
		s = s * 3 + d[i];
	return s;
}

static uint32_t market_state(const struct qmodel *q, const float *x)
{
	unsigned d[DIGITS];

	digits_of(q, x, d);
	return state_of(d);
}

static double weighted(const struct qmodel *q, const double *value, unsigned row,
		       const float *x)
{
	const double *w = value + row * ((size_t)q->inputs + 1);
	double sum = w[q->inputs];

	for (uint32_t j = 0; j < q->inputs; j++)
		sum += w[j] * (double)x[j];
	return sum;
}

/* What each action is worth in each position. */
static void worth(const struct qmodel *q, const double *value, const float *x,
		  uint32_t state, double ret[Q_POSITIONS][Q_ACTIONS])
{
	for (unsigned p = 0; p < Q_POSITIONS; p++)
		for (unsigned a = 0; a < Q_ACTIONS; a++)
			ret[p][a] = q->linear ?
				weighted(q, value, p * Q_ACTIONS + a, x) :
				value[((size_t)state * Q_POSITIONS + p) * Q_ACTIONS + a];
}

static double seen(const struct qmodel *q, uint32_t state)
{
	double n = 0;

	if (q->linear)
		return q->visits[0];
	for (unsigned i = 0; i < WEIGHTS; i++)
		n += q->visits[(size_t)state * WEIGHTS + i];
	return n;
}

/* ---- training ----------------------------------------------------------- */

struct walking {
	struct qmodel *q;
	const struct ml_set *s, *valid;
	uint32_t *state, *next;		/* of the training samples */
	uint32_t *valid_next;
};

/* The first sample that begins when the label of this one is known. */
static uint32_t *next_samples(struct arena *mem, const struct ml_set *s)
{
	uint32_t *next = NEW_N(mem, uint32_t, s->n);
	size_t j = 1;

	for (size_t i = 0; i < s->n; i++) {
		j = j > i ? j : i + 1;
		while (s->t != NULL && s->t_end != NULL && j < s->n &&
		       s->t[j] < s->t_end[i])
			j++;
		next[i] = j < s->n ? (uint32_t)j : Q_END;
	}
	return next;
}

static double earned(const struct qmodel *q, const struct ml_set *s, size_t i,
		     enum q_position was, enum q_position is)
{
	const double *p = q->spec.param;

	return q_reward((enum q_reward)p[REWARD], was, is, (double)s->target[i],
			p[FEE], p[RISK]);
}

/* A step of the table. */
static double step_table(struct walking *w, uint32_t i, enum q_position *position)
{
	struct qmodel *q = w->q;
	const double *p = q->spec.param;
	struct q_table t = { Q_STATES * Q_POSITIONS, Q_ACTIONS, q->value, q->visits };
	uint32_t at = w->state[i] * Q_POSITIONS + *position, to = Q_END;
	uint32_t a = q_choose(&t, at, q->state[NOW_EPSILON], &q->rng);
	enum q_position is = q_after(*position, (enum q_action)a, p[SHORTS] > 0);
	double reward = earned(q, w->s, i, *position, is);

	if (w->next[i] != Q_END)
		to = w->state[w->next[i]] * Q_POSITIONS + is;
	*position = is;
	return q_learn(&t, at, a, reward, to, p[RATE], p[COOL], p[GAMMA]);
}

static double best_of(const struct qmodel *q, const float *x, enum q_position p,
		      uint32_t *ret_action)
{
	double v[Q_ACTIONS];
	struct q_table t = { 1, Q_ACTIONS, v, NULL };

	for (unsigned a = 0; a < Q_ACTIONS; a++)
		v[a] = weighted(q, q->value, (unsigned)p * Q_ACTIONS + a, x);
	return q_best(&t, 0, ret_action);
}

/* A step of the weights: along the features, by their length (so no sample,
 * however far out, throws them off). */
static double step_linear(struct walking *w, uint32_t i, enum q_position *position)
{
	struct qmodel *q = w->q;
	const double *p = q->spec.param;
	const float *x = ml_sample(w->s, i);
	double rate = p[COOL] > 0 ? p[RATE] / (1 + q->visits[0] / p[COOL]) : p[RATE];
	double aim, wrong, norm = 1, *v;
	enum q_position is;
	uint32_t a;

	if (rng_unit(&q->rng) < q->state[NOW_EPSILON])
		a = (uint32_t)rng_below(&q->rng, Q_ACTIONS);
	else
		best_of(q, x, *position, &a);
	is = q_after(*position, (enum q_action)a, p[SHORTS] > 0);
	aim = earned(q, w->s, i, *position, is);
	if (w->next[i] != Q_END)
		aim += p[GAMMA] * best_of(q, ml_sample(w->s, w->next[i]), is, NULL);
	wrong = aim - weighted(q, q->value, (unsigned)*position * Q_ACTIONS + a, x);
	for (uint32_t j = 0; j < q->inputs; j++)
		norm += (double)x[j] * (double)x[j];
	v = q->value + ((unsigned)*position * Q_ACTIONS + a) * ((size_t)q->inputs + 1);
	for (uint32_t j = 0; j < q->inputs; j++)
		v[j] += rate * wrong * (double)x[j] / norm;
	v[q->inputs] += rate * wrong / norm;
	*position = is;
	return wrong;
}

/* One walk through the samples from one of the first; the mean squared error. */
static double one_walk(struct walking *w)
{
	struct qmodel *q = w->q;
	uint32_t first = w->next[0] != Q_END ? w->next[0] : 1, i;
	enum q_position position = Q_FLAT;
	double sum = 0, n = 0;

	for (i = (uint32_t)rng_below(&q->rng, first); i != Q_END; i = w->next[i]) {
		double wrong = q->linear ? step_linear(w, i, &position) :
					   step_table(w, i, &position);

		sum += wrong * wrong;
		n++;
	}
	if (q->linear)
		q->visits[0]++;
	return sum / n;
}

/* The class a sample's gains speak for: hold unless acting is better. */
static enum ml_action class_of(double buy, double sell)
{
	return buy > 0 && buy >= sell ? ML_BUY : sell > 0 ? ML_SELL : ML_HOLD;
}

/* Mean reward of following what was learned; share of right classes. */
static double result_of(const struct qmodel *q, const struct ml_set *s,
			const uint32_t *next, double *ret_right)
{
	enum q_position position = Q_FLAT;
	double sum = 0, n = 0, right = 0, v[Q_POSITIONS][Q_ACTIONS], buy, sell;

	for (uint32_t i = 0; i != Q_END; i = next[i]) {
		const float *x = ml_sample(s, i);
		struct q_table t = { Q_POSITIONS, Q_ACTIONS, v[0], NULL };
		enum q_position is;
		uint32_t a;

		worth(q, q->value, x, q->linear ? 0 : market_state(q, x), v);
		q_gains((const double (*)[Q_ACTIONS])v, q->spec.param[SHORTS] > 0,
			&buy, &sell);
		right += class_of(buy, sell) == s->cls[i];
		q_best(&t, position, &a);
		is = q_after(position, (enum q_action)a, q->spec.param[SHORTS] > 0);
		sum += earned(q, s, i, position, is);
		position = is;
		n++;
	}
	*ret_right = right / n;
	return sum / n;
}

/* What a gain is measured in: their mean size over the samples. */
static void measure(struct walking *w)
{
	struct qmodel *q = w->q;
	double sum = 0, v[Q_POSITIONS][Q_ACTIONS], buy, sell;

	for (size_t i = 0; i < w->s->n; i++) {
		worth(q, q->value, ml_sample(w->s, i), q->linear ? 0 : w->state[i], v);
		q_gains((const double (*)[Q_ACTIONS])v, q->spec.param[SHORTS] > 0,
			&buy, &sell);
		sum += fmax(fabs(buy), fabs(sell));
	}
	sum /= (double)w->s->n;
	*q->unit = sum > 1e-12 && isfinite(sum) ? sum : 1;
}

static bool note_result(struct qmodel *q, double result)
{
	double patience = q->spec.param[PATIENCE];

	if (q->state[BEST_AT] <= 0 || result > q->state[BEST]) {
		q->state[BEST] = result;
		q->state[BEST_AT] = q->state[EPISODE];
		memcpy(q->best, q->value, q->len * sizeof(double));
	}
	return q->state[EPISODE] - q->state[BEST_AT] >= patience;
}

static int run_walks(struct walking *w, const struct ml_fit *f)
{
	struct qmodel *q = w->q;
	const double *p = q->spec.param;
	bool watch = w->valid != NULL && p[PATIENCE] > 0, stop;
	int rc = 0;

	stop = watch && q->state[BEST_AT] > 0 &&
	       q->state[EPISODE] - q->state[BEST_AT] >= p[PATIENCE];
	while (rc == 0 && !stop && q->state[EPISODE] < p[EPISODES]) {
		struct ml_progress s = {
			.epochs = (unsigned)p[EPISODES], .valid_loss = NAN,
			.valid_accuracy = NAN, .rate = q->state[NOW_EPSILON],
		};

		s.train_loss = one_walk(w);
		q->state[EPISODE]++;
		q->state[NOW_EPSILON] = fmax(p[FLOOR], q->state[NOW_EPSILON] * p[DECAY]);
		if (w->valid != NULL && (watch || f->progress != NULL))
			s.valid_loss = -result_of(q, w->valid, w->valid_next,
						  &s.valid_accuracy);
		if (watch)
			stop = note_result(q, -s.valid_loss);
		s.epoch = (unsigned)q->state[EPISODE];
		if (f->progress != NULL)
			rc = f->progress(f->ctx, &s);
	}
	if (rc != 0)
		return rc;
	if (watch && q->state[BEST_AT] > 0)
		memcpy(q->value, q->best, q->len * sizeof(double));
	q->state[EPISODE] = 0;
	return 0;
}

/* What came from a file is read only: it is copied before it changes. */
static void make_ours(struct qmodel *q)
{
	q->value = memcpy(NEW_N(q->mem, double, q->len), q->value,
			  q->len * sizeof(double));
	q->visits = memcpy(NEW_N(q->mem, double, q->n_visits), q->visits,
			   q->n_visits * sizeof(double));
	q->unit = memcpy(NEW(q->mem, double), q->unit, sizeof(double));
	if (q->best == NULL)
		q->best = NEW_N(q->mem, double, q->len);
}

static int q_fit(void *m, const struct ml_fit *f, struct err *err)
{
	struct qmodel *q = OBJ_CAST(struct qmodel, m, QMODEL_MAGIC);
	struct walking w = { .q = q, .s = f->train };
	int rc = ml_trees_set_check(&q->spec.shape, f->train, err);

	if (rc == 0 && f->valid != NULL && f->valid->n > 0) {
		w.valid = f->valid;
		rc = ml_trees_set_check(&q->spec.shape, f->valid, err);
	}
	if (rc < 0)
		return rc;
	if (f->train->target == NULL || (w.valid != NULL && w.valid->target == NULL))
		return FAIL(err, E_INVAL, "%s: the samples have no returns to earn", q->spec.kind);
	make_ours(q);
	if (q->state[EPISODE] <= 0) {
		q->state[NOW_EPSILON] = q->spec.param[EPSILON];
		q->state[BEST_AT] = 0;
		rng_seed(&q->rng, q->spec.seed);
	}
	SCOPE(tmp, q->mem) {
		w.next = next_samples(tmp, w.s);
		if (w.valid != NULL)
			w.valid_next = next_samples(tmp, w.valid);
		w.state = NEW_N(tmp, uint32_t, w.s->n);
		for (size_t i = 0; !q->linear && i < w.s->n; i++)
			w.state[i] = market_state(q, ml_sample(w.s, i));
		rc = run_walks(&w, f);
		measure(&w);
	}
	return rc;
}

/* ---- asking ------------------------------------------------------------- */

static size_t q_work(const void *m, size_t batch)
{
	(void)m;
	(void)batch;
	return 64;
}

static void q_forward(const void *m, void *work, const float *const *x, size_t n,
		      float *ret)
{
	const struct qmodel *q = m;

	(void)work;
	for (size_t i = 0; i < n; i++, ret += ML_ACTIONS) {
		uint32_t state = q->linear ? 0 : market_state(q, x[i]);
		double v[Q_POSITIONS][Q_ACTIONS], buy, sell, e[ML_ACTIONS], top, sum;

		worth(q, q->value, x[i], state, v);
		q_gains((const double (*)[Q_ACTIONS])v, q->spec.param[SHORTS] > 0,
			&buy, &sell);
		/* What was never seen is not acted on. */
		if (seen(q, state) <= 0)
			buy = sell = -*q->unit;
		e[ML_BUY] = buy / *q->unit;
		e[ML_HOLD] = 1e-6;	/* of equals hold wins */
		e[ML_SELL] = sell / *q->unit;
		top = fmax(e[0], fmax(e[1], e[2]));
		sum = 0;
		for (unsigned k = 0; k < ML_ACTIONS; k++)
			sum += e[k] = exp(e[k] - top);
		for (unsigned k = 0; k < ML_ACTIONS; k++)
			ret[k] = (float)(e[k] / sum);
	}
}

static double gain_for(const struct qmodel *q, const float *x, uint32_t state,
		       unsigned output)
{
	double v[Q_POSITIONS][Q_ACTIONS], buy, sell;

	worth(q, q->value, x, state, v);
	q_gains((const double (*)[Q_ACTIONS])v, q->spec.param[SHORTS] > 0, &buy, &sell);
	return (output == ML_BUY ? buy : output == ML_SELL ? sell : -fmax(buy, sell)) /
	       *q->unit;
}

/* Mean gain of all states that share the known digits, by their visits. */
static void means(const struct qmodel *q, const unsigned d[DIGITS], unsigned output,
		  double mean[1 << DIGITS])
{
	double n[1 << DIGITS] = { 0 }, sum[1 << DIGITS] = { 0 };

	for (uint32_t s = 0; s < Q_STATES; s++) {
		double c = seen(q, s) + 1e-9, g = gain_for(q, NULL, s, output);
		unsigned same = 0;
		uint32_t rest = s;

		for (size_t i = DIGITS; i-- > 0; rest /= 3)
			same |= rest % 3 == d[i] ? 1u << i : 0;
		for (unsigned known = 0; known < 1u << DIGITS; known++)
			if ((known & ~same) == 0) {
				n[known] += c;
				sum[known] += c * g;
			}
	}
	for (unsigned known = 0; known < 1u << DIGITS; known++)
		mean[known] = sum[known] / n[known];
}

/* The better of two actions in one position. */
static unsigned better(const double v[Q_ACTIONS], unsigned a, unsigned b)
{
	return v[b] > v[a] ? b : a;
}

/* Weights are linear between two actions: which two a gain is between. */
static void explain_linear(const struct qmodel *q, const float *x, unsigned output,
			   float *ret)
{
	bool shorts = q->spec.param[SHORTS] > 0;
	double v[Q_POSITIONS][Q_ACTIONS], sign = 1 / *q->unit, buy, sell;
	unsigned from = Q_FLAT, act = Q_BUY, stay;
	const double *a, *b;

	worth(q, q->value, x, 0, v);
	if (output == ML_HOLD) {
		q_gains((const double (*)[Q_ACTIONS])v, shorts, &buy, &sell);
		output = buy >= sell ? ML_BUY : ML_SELL;
		sign = -sign;
	}
	stay = better(v[Q_FLAT], Q_HOLD, Q_WAIT);
	if (output == ML_BUY && !shorts) {
		stay = better(v[Q_FLAT], stay, Q_SELL);
	} else if (output == ML_SELL && shorts) {
		act = Q_SELL;
	} else if (output == ML_SELL) {
		from = Q_LONG;
		act = better(v[Q_LONG], Q_SELL, Q_WAIT);
		stay = better(v[Q_LONG], Q_HOLD, Q_BUY);
	}
	a = q->value + (from * Q_ACTIONS + act) * ((size_t)q->inputs + 1);
	b = q->value + (from * Q_ACTIONS + stay) * ((size_t)q->inputs + 1);
	for (uint32_t j = 0; j < q->inputs; j++)
		ret[j] = (float)(sign * (a[j] - b[j]) * (double)x[j]);
}

/* Of the table: Shapley values of the five digits. */
static void q_explain(const void *m, void *work, const float *x, unsigned output,
		      float *ret)
{
	/* Of the orderings, those in which so many others are known before. */
	static const double share[DIGITS] = { 1 / 5.0, 1 / 20.0, 1 / 30.0, 1 / 20.0,
					      1 / 5.0 };
	const struct qmodel *q = m;
	double mean[1 << DIGITS];
	unsigned d[DIGITS];
	size_t last = (size_t)(q->spec.shape.window - 1) * q->spec.shape.features;

	(void)work;
	memset(ret, 0, q->inputs * sizeof(*ret));
	if (q->linear) {
		explain_linear(q, x, output, ret);
		return;
	}
	digits_of(q, x, d);
	means(q, d, output, mean);
	for (unsigned i = 0; i < DIGITS; i++) {
		double sum = 0;

		for (unsigned known = 0; known < 1u << DIGITS; known++)
			if (!(known >> i & 1))
				sum += share[__builtin_popcount(known)] *
				       (mean[known | 1u << i] - mean[known]);
		ret[last + (size_t)q->column[i]] += (float)sum;
	}
}

static size_t q_tensors(struct arena *out, void *m, bool state,
			const struct ml_tensor **ret)
{
	struct qmodel *q = OBJ_CAST(struct qmodel, m, QMODEL_MAGIC);
	const struct ml_tensor all[] = {
		{ "q.value", ML_F64, 1, { (uint32_t)q->len }, q->value },
		{ "q.visits", ML_F64, 1, { (uint32_t)q->n_visits }, q->visits },
		{ "q.unit", ML_F64, 1, { 1 }, q->unit },
		{ "state.q", ML_F64, 1, { STATE }, q->state },
		{ "state.rng", ML_U8, 1, { sizeof(q->rng.s) }, q->rng.s },
		{ "state.best", ML_F64, 1, { (uint32_t)q->len },
		  q->best != NULL ? q->best : q->value },
	};

	*ret = memcpy(NEW_N(out, struct ml_tensor, ARRAY_LEN(all)), all, sizeof(all));
	return state ? ARRAY_LEN(all) : 3;
}

static int need_doubles(struct qmodel *q, const struct ml_tensor *t, size_t n,
			const char *name, size_t len, double **ret, struct err *err)
{
	const struct ml_tensor *f;
	int rc = ml_tensor_need(t, n, name, ML_F64, (uint32_t)len, 0, &f, err);
	double *v;

	if (rc < 0)
		return rc;
	v = f->data;
	if ((uintptr_t)v % _Alignof(double) != 0)
		v = memcpy(NEW_N(q->mem, double, len), f->data, len * sizeof(*v));
	for (size_t i = 0; i < len; i++)
		if (!(fabs(v[i]) <= 1e30))
			return FAIL(err, E_INVAL, "%s: value %zu is no sensible number", name, i);
	*ret = v;
	return 0;
}

static int load_state(struct qmodel *q, const struct ml_tensor *t, size_t n,
		      struct err *err)
{
	const struct ml_tensor *r;
	double *state, *best;
	int rc;

	if (ml_tensor_find(t, n, "state.q") == NULL)
		return 0;
	if ((rc = need_doubles(q, t, n, "state.q", STATE, &state, err)) < 0 ||
	    (rc = need_doubles(q, t, n, "state.best", q->len, &best, err)) < 0 ||
	    (rc = ml_tensor_need(t, n, "state.rng", ML_U8, sizeof(q->rng.s), 0, &r,
				 err)) < 0)
		return rc;
	memcpy(q->state, state, sizeof(q->state));
	memcpy(q->rng.s, r->data, sizeof(q->rng.s));
	q->best = memcpy(NEW_N(q->mem, double, q->len), best, q->len * sizeof(double));
	if (!(q->state[EPISODE] >= 0 && q->state[EPISODE] <= 1e6))
		return FAIL(err, E_INVAL, "%s: the checkpoint is of walk %g", q->spec.kind,
			    q->state[EPISODE]);
	return 0;
}

static int q_load(struct arena *out, const struct ml_spec *s,
		  const struct ml_tensor *t, size_t n, void **ret, struct err *err)
{
	struct qmodel *q;
	int rc = q_new(out, s, &q, err);

	if (rc < 0)
		return rc;
	if ((rc = need_doubles(q, t, n, "q.value", q->len, &q->value, err)) < 0 ||
	    (rc = need_doubles(q, t, n, "q.visits", q->n_visits, &q->visits, err)) < 0 ||
	    (rc = need_doubles(q, t, n, "q.unit", 1, &q->unit, err)) < 0 ||
	    (rc = load_state(q, t, n, err)) < 0)
		return rc;
	if (!(*q->unit >= 1e-12))
		return FAIL(err, E_INVAL, "%s: gains are measured in %g", s->kind, *q->unit);
	for (size_t i = 0; i < q->n_visits; i++)
		if (q->visits[i] < 0)
			return FAIL(err, E_INVAL, "%s: state %zu was seen less than never", s->kind, i);
	*ret = q;
	return 0;
}

const struct ml_kind ml_kind_qlearn = {
	.name = "qlearn", .title = "Q-learning, 243 states", .group = "q",
	.params = table_params, .n_params = ARRAY_LEN(table_params), .window = 1,
	.needs = needs,
	.make = q_make, .fit = q_fit, .work = q_work, .forward = q_forward,
	.explain = q_explain, .tensors = q_tensors, .load = q_load,
};

const struct ml_kind ml_kind_qlinear = {
	.name = "qlinear", .title = "Q-learning, linear", .group = "q",
	.params = linear_params, .n_params = ARRAY_LEN(linear_params), .window = 1,
	.make = q_make, .fit = q_fit, .work = q_work, .forward = q_forward,
	.explain = q_explain, .tensors = q_tensors, .load = q_load,
};
