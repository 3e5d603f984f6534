/* Q-learning: a small world whose best policy value iteration knows, and
 * markets in which it is plain what to do. */
#include "config.h"

#include "test.h"

#include "ml/q_i.h"
#include "t_samples.h"

static struct arena *mem;

static int setup(void **state)
{
	(void)state;
	mem = arena_new("t", (size_t)1 << 28);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(&mem);
	return 0;
}

/* ---- a field of 4 x 4 ---------------------------------------------------- */

/* Two corners end it: one with 10, one with 3.  A step costs 1 and one in five
 * goes where it wants.  Walls send back. */
enum { SIDE = 4, CELLS = SIDE * SIDE, MOVES = 4 };
#define SLIP 0.2
#define GAMMA 0.9

static bool ends(unsigned s)
{
	return s == 0 || s == CELLS - 1;
}

static unsigned moved(unsigned s, unsigned move)
{
	int x = (int)(s % SIDE) + (move == 0) - (move == 1);
	int y = (int)(s / SIDE) + (move == 2) - (move == 3);

	if (x < 0 || x >= SIDE || y < 0 || y >= SIDE)
		return s;
	return (unsigned)(y * SIDE + x);
}

static double gain(unsigned to)
{
	return to == 0 ? 10 - 1 : to == CELLS - 1 ? 3 - 1 : -1;
}

static double value_of(const double *v, unsigned s, unsigned move)
{
	double sum = 0;

	for (unsigned m = 0; m < MOVES; m++) {
		unsigned to = moved(s, m);

		sum += (SLIP / MOVES + (m == move ? 1 - SLIP : 0)) *
		       (gain(to) + (ends(to) ? 0 : GAMMA * v[to]));
	}
	return sum;
}

static void finds_the_best_policy(void **state)
{
	double v[CELLS] = { 0 }, q[CELLS][MOVES] = { { 0 } };
	double visits[CELLS * MOVES] = { 0 };
	struct q_table t = { CELLS, MOVES, q[0], visits };
	struct rng r;
	unsigned s = 5;

	(void)state;
	for (int turn = 0; turn < 300; turn++)
		for (unsigned c = 0; c < CELLS; c++) {
			double best = -1e9;

			for (unsigned m = 0; m < MOVES; m++)
				best = fmax(best, value_of(v, c, m));
			v[c] = ends(c) ? 0 : best;
		}
	rng_seed(&r, 1);
	for (int step = 0; step < 400000; step++) {
		unsigned a = q_choose(&t, s, 0.3, &r);
		unsigned m = rng_unit(&r) < SLIP ? (unsigned)rng_below(&r, MOVES) : a;
		unsigned to = moved(s, m);

		q_learn(&t, s, a, gain(to), ends(to) ? Q_END : to, 0.5, 20, GAMMA);
		s = ends(to) ? 1 + (unsigned)rng_below(&r, CELLS - 2) : to;
	}
	for (unsigned c = 1; c < CELLS - 1; c++) {
		uint32_t a;
		double learned = q_best(&t, c, &a);

		assert_true(fabs(learned - v[c]) < 0.25);
		/* What it would do is (but for equals) the best. */
		assert_true(value_of(v, c, a) > v[c] - 0.1);
	}
}

static void first_of_equals_and_rates(void **state)
{
	double q[2] = { 1, 1 }, visits[2] = { 0 };
	struct q_table t = { 1, 2, q, visits };
	uint32_t a;

	(void)state;
	assert_true(q_best(&t, 0, &a) >= 1 && a == 0);
	assert_true(fabs(q_learn(&t, 0, 1, 3, Q_END, 0.5, 1, 0.9) - 2) < 1e-12);
	assert_true(fabs(q[1] - 2) < 1e-12);
	q_learn(&t, 0, 1, 3, Q_END, 0.5, 1, 0.9);	/* seen once: half the rate */
	assert_true(fabs(q[1] - 2.25) < 1e-12);
	t.visits = NULL;
	q_learn(&t, 0, 1, 0, 0, 0.5, 1, 0.8);	/* aims at 0.8 x 2.25 */
	assert_true(fabs(q[1] - (2.25 + 1.8) / 2) < 1e-12);
}

static void rewards(void **state)
{
	(void)state;
	/* The whole way of a long position that loses: bought, held, sold. */
	assert_true(fabs(q_reward(Q_NET, Q_FLAT, Q_LONG, -0.02, 0.001, 0) + 0.021) < 1e-12);
	assert_true(fabs(q_reward(Q_NET, Q_LONG, Q_LONG, -0.02, 0.001, 0) + 0.02) < 1e-12);
	assert_true(fabs(q_reward(Q_NET, Q_LONG, Q_FLAT, -0.02, 0.001, 0) + 0.001) < 1e-12);
	assert_true(fabs(q_reward(Q_NET, Q_LONG, Q_SHORT, -0.02, 0.001, 0) - 0.018) < 1e-12);
	assert_true(fabs(q_reward(Q_LOG, Q_FLAT, Q_LONG, 0.02, 0, 0) - log(1.02)) < 1e-12);
	assert_true(fabs(q_reward(Q_RISK, Q_FLAT, Q_LONG, 0.02, 0, 5) - 0.018) < 1e-12);
	assert_true(fabs(q_reward(Q_NET, Q_FLAT, Q_FLAT, 0.5, 0.001, 0)) < 1e-12);
	assert_int_equal(q_after(Q_LONG, Q_HOLD, false), Q_LONG);
	assert_int_equal(q_after(Q_LONG, Q_WAIT, true), Q_FLAT);
	assert_int_equal(q_after(Q_FLAT, Q_SELL, false), Q_FLAT);
	assert_int_equal(q_after(Q_FLAT, Q_SELL, true), Q_SHORT);
}

/* ---- markets ------------------------------------------------------------ */

static const struct ml_column columns[] = {
	/* Scaled as a trainer would: what is learned is of the raw values. */
	{ "volume_ratio", 1, 0.5 }, { "return_1", 0, 0.01 }, { "rsi_14", 0.5, 0.2 },
	{ "trend_10_20", 0, 0.01 }, { "volatility_20", 0.01, 0.005 },
};

/* Ten bars up, ten down, with a little noise; RSI tells which of them. */
static struct ml_set *cyclic(size_t n, double size, uint64_t seed)
{
	struct ml_set *s = t_set(mem, n, ARRAY_LEN(columns), 3);
	struct rng r;

	rng_seed(&r, seed);
	for (size_t i = 0; i < n; i++) {
		bool up = i / 10 % 2 == 0;
		double raw[] = { 1, 0.001 * rng_gauss(&r), up ? 0.2 : 0.8,
				 0.001 * rng_gauss(&r), 0.01 };

		for (size_t f = 0; f < ARRAY_LEN(columns); f++)
			T_X(s, i)[f] = (float)((raw[f] - columns[f].offset) /
					       columns[f].scale);
		T_TARGET(s)[i] = (float)((up ? size : -size) + 0.2 * size * rng_gauss(&r));
		T_CLS(s)[i] = up ? ML_BUY : ML_SELL;
	}
	return s;
}

static struct ml_spec q_spec(const char *kind, const struct ml_set *s)
{
	struct ml_spec spec = t_spec(kind, s);

	spec.columns = columns;
	t_param(&spec, "episodes", 60);
	t_param(&spec, "decay", 0.9);
	return spec;
}

static void knows_a_cycle(const char *kind)
{
	struct ml_set *train = cyclic(2000, 0.004, 1), *test = cyclic(1000, 0.004, 2);
	const struct ml_kind *k = ml_kind_find(kind);
	struct ml_spec spec = q_spec(kind, train);
	const float *p;

	assert_true(t_accuracy(mem, k, t_train(mem, &spec, train, NULL), test) > 0.99);
	t_param(&spec, "shorts", 1);
	assert_true(t_accuracy(mem, k, t_train(mem, &spec, train, test), test) > 0.99);
	/* Five such bars do not pay for the way in and out: it leaves it be. */
	t_param(&spec, "fee", 0.05);
	p = t_ask(mem, k, t_train(mem, &spec, train, NULL), test);
	for (size_t i = 0; i < test->n; i++)
		assert_true(p[3 * i + 1] > p[3 * i] && p[3 * i + 1] > p[3 * i + 2]);
}

static void table_knows_a_cycle(void **state)
{
	(void)state;
	knows_a_cycle("qlearn");
}

static void weights_know_a_cycle(void **state)
{
	(void)state;
	knows_a_cycle("qlinear");
}

/* What was never seen is not acted on. */
static void unseen_holds(void **state)
{
	struct ml_set *s = cyclic(500, 0.004, 1);
	struct ml_spec spec = q_spec("qlearn", s);
	const struct ml_kind *k = ml_kind_find("qlearn");
	void *m = t_train(mem, &spec, s, NULL), *work = t_work(mem, k, m, 1);
	float x[] = { 10, 3, 0, 3, 10 }, p[3];
	const float *at = x;

	(void)state;
	k->forward(m, work, &at, 1, p);
	assert_true(p[ML_HOLD] > p[ML_BUY] && p[ML_HOLD] > p[ML_SELL]);
}

static void same_seed_same_bytes(void **state)
{
	static const char *const kinds[] = { "qlearn", "qlinear" };
	struct ml_set *train = cyclic(300, 0.004, 1), *valid = cyclic(200, 0.004, 2);
	const unsigned at[] = { 1, 9, 30 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct ml_spec spec = q_spec(kinds[i], train);

		t_same(mem, ml_kind_find(kinds[i]), t_train(mem, &spec, train, NULL),
		       t_train(mem, &spec, train, NULL));
		t_param(&spec, "episodes", 30);
		t_resumes(mem, &spec, train, valid, at, ARRAY_LEN(at));
		t_param(&spec, "patience", 5);
		t_param(&spec, "episodes", 60);
		t_resumes(mem, &spec, train, valid, at, 1);
	}
}

/* Labels of three bars: the returns overlap, the walk does not. */
static void longer_labels(void **state)
{
	struct ml_set *s = cyclic(1500, 0.004, 1);
	struct ml_spec spec = q_spec("qlearn", s);

	(void)state;
	for (size_t i = 0; i < s->n; i++)
		((int64_t *)(uintptr_t)s->t_end)[i] = s->t[i] + 3 * 60000;
	assert_true(t_accuracy(mem, ml_kind_find("qlearn"),
			       t_train(mem, &spec, s, NULL), s) > 0.99);
}

/* Contributions name RSI: nothing else tells the bars apart. */
static void contributions(void **state)
{
	struct ml_set *s = cyclic(1000, 0.004, 1);
	struct ml_spec spec = q_spec("qlearn", s);
	const struct ml_kind *k = ml_kind_find("qlearn");
	void *m = t_train(mem, &spec, s, NULL), *work = t_work(mem, k, m, 1);
	float up[5], down[5];

	(void)state;
	k->explain(m, work, ml_sample(s, 0), ML_BUY, up);
	k->explain(m, work, ml_sample(s, 15), ML_BUY, down);
	for (size_t f = 0; f < 5; f++)
		if (f != 2)
			assert_true(fabsf(up[f]) < 0.01F * up[2]);
	assert_true(up[2] > 0 && down[2] < 0);
	k = ml_kind_find("qlinear");
	spec = q_spec("qlinear", s);
	m = t_train(mem, &spec, s, NULL);
	k->explain(m, work, ml_sample(s, 0), ML_BUY, up);
	k->explain(m, work, ml_sample(s, 15), ML_SELL, down);
	assert_true(up[2] > 0 && down[2] > 0);
}

static void refusals(void **state)
{
	struct ml_set *s = cyclic(200, 0.004, 1);
	const struct ml_kind *k = ml_kind_find("qlearn");
	struct ml_spec spec = q_spec("qlearn", s);
	const struct ml_tensor *t;
	struct err err = { 0 };
	void *m, *again;
	size_t n;

	(void)state;
	t_param(&spec, "episodes", 2);
	m = t_train(mem, &spec, s, NULL);
	n = k->tensors(mem, m, true, &t);
	assert_int_equal(k->load(mem, &spec, t, n, &again, &err), 0);
	for (size_t i = 0; i < n; i++) {
		struct ml_tensor *c = t_copied(mem, t, n);

		c[i].dim[0]--;
		assert_int_equal(k->load(mem, &spec, c, n, &again, &err), -E_INVAL);
		c[i].dim[0]++;
		if (c[i].dtype != ML_F64)
			continue;
		((double *)c[i].data)[0] = NAN;
		assert_int_equal(k->load(mem, &spec, c, n, &again, &err), -E_INVAL);
	}
	T_TARGET(s)[0] = 0;
	s->target = NULL;
	assert_int_equal(k->fit(m, &(struct ml_fit){ .train = s }, &err), -E_INVAL);
	t_param(&spec, "rsi_low", 80);
	assert_int_equal(k->make(mem, &spec, &m, &err), -E_INVAL);
	spec.columns = NULL;
	assert_int_equal(k->make(mem, &spec, &m, &err), -E_INVAL);
	spec.shape.outputs = 1;
	assert_int_equal(k->make(mem, &spec, &m, &err), -E_INVAL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(finds_the_best_policy),
		TEST(first_of_equals_and_rates),
		TEST(rewards),
		TEST(table_knows_a_cycle),
		TEST(weights_know_a_cycle),
		TEST(unseen_holds),
		TEST(same_seed_same_bytes),
		TEST(longer_labels),
		TEST(contributions),
		TEST(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
