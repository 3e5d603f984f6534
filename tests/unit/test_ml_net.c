/* Networks as models: what they learn, that they are reproducible, that they
 * are kept and come back, and which layouts are refused. */
#include "config.h"

#include "test.h"
#include "t_net.h"
#include "ml/kern.h"
#include "ml/mem.h"

static struct arena *a;

static int begin(void **state)
{
	(void)state;
	a = arena_new("test", (size_t)256 << 20);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_free(&a);
	assert_int_equal(ml_arena_bytes(), 0);
	assert_int_equal(ml_tensors_live(), 0);
	return 0;
}

/* ---- learning ------------------------------------------------------------ */

static void xor_is_learned(void **state)
{
	struct ml_set *s = t_net_set(a, 1, 2, 3, 64);
	struct ml_spec sp;
	void *m;

	(void)state;
	for (size_t i = 0; i < s->n; i++) {
		float *x = t_net_at(s, i);

		x[0] = i & 1 ? 1 : -1;
		x[1] = i & 2 ? 1 : -1;
		t_net_class(s, i, (i & 1) ^ (i >> 1 & 1) ? ML_BUY : ML_SELL);
	}
	t_net_spec(&sp, "dense", "dense 8 tanh, dense out", s);
	t_net_param(&sp, "rate", 0.02);
	t_net_param(&sp, "epochs", 100);
	m = t_net_make(a, &sp);
	assert_true(t_net_accuracy(a, &sp, m, s) < 0.9);
	t_net_fit(&sp, m, s, NULL);
	assert_true(t_net_accuracy(a, &sp, m, s) == 1);
}

/* With every optimiser; the last lines of an optimum seen once are the floor. */
static void two_moons_are_learned(void **state)
{
	static const double rate[] = { 0.01, 0.01, 0.05 };
	struct ml_set *t = t_net_moons(a, 300, 1), *v = t_net_moons(a, 200, 2);

	(void)state;
	for (int o = 0; o < 3; o++) {
		struct ml_spec sp;
		double acc;
		void *m;

		t_net_spec(&sp, "dense", "dense 16 relu, dense 16 gelu, dense out", t);
		t_net_param(&sp, "optimiser", o);
		t_net_param(&sp, "rate", rate[o]);
		t_net_param(&sp, "decay", 0.0001);
		t_net_param(&sp, "schedule", o + 1);
		t_net_param(&sp, "epochs", 60);
		m = t_net_make(a, &sp);
		t_net_fit(&sp, m, t, v);
		acc = t_net_accuracy(a, &sp, m, v);
		print_message("# optimiser %d: %.3f\n", o, acc);
		assert_true(acc >= 0.97);
	}
}

static double rmse(const struct ml_spec *sp, const void *m, const struct ml_set *v)
{
	const float *y = t_net_ask(a, sp, m, v, 16);
	double sum = 0;

	for (size_t i = 0; i < v->n; i++)
		sum += pow((double)y[i] - (double)v->target[i], 2);
	return sqrt(sum / (double)v->n);
}

/* The noise alone is 0.1; nothing learned would be 0.71. */
static void a_noisy_sine_is_learned(void **state)
{
	static const char *const nets[][2] = {
		{ "gru", "gru 8 last, dense out" },
		{ "lstm", "lstm 8 last, dense out" },
		{ "dense", "dense 16 tanh, dense out" },
	};
	struct ml_set *t = t_net_sine(a, 12, 400, 1), *v = t_net_sine(a, 12, 200, 2);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(nets); i++) {
		struct ml_spec sp;
		double e;
		void *m;

		t_net_spec(&sp, nets[i][0], nets[i][1], t);
		t_net_param(&sp, "rate", 0.02);
		t_net_param(&sp, "epochs", 25);
		t_net_param(&sp, "schedule", 2);
		t_net_param(&sp, "huber", i == 2 ? 0.5 : 0);
		m = t_net_make(a, &sp);
		assert_true(rmse(&sp, m, v) > 0.4);
		t_net_fit(&sp, m, t, v);
		e = rmse(&sp, m, v);
		print_message("# %s: %.4f\n", nets[i][0], e);
		assert_true(e < 0.13);
	}
}

/* What decides came two steps before the last. */
static void what_was_before_is_remembered(void **state)
{
	static const char *const nets[][2] = {
		{ "lstm", "lstm 12 last, dense out" },
		{ "gru", "gru 12 last, dense out" },
		{ "conv", "conv 12 gated, conv 12 dilation 2 gated residual, "
			  "conv 12 dilation 4 gated residual, conv 12 dilation 8 "
			  "gated residual, last, dense out" },
		{ "transformer", "dense 12, position, attention 2, feedforward 16, "
				 "layernorm, pool, dense out" },
		{ "dense_deep", "dense 32 relu, batchnorm, dropout 0.1, dense out" },
	};
	struct ml_set *t = t_net_memory(a, 5, 700, 1), *v = t_net_memory(a, 5, 200, 2);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(nets); i++) {
		struct ml_spec sp;
		double acc;
		void *m;

		t_net_spec(&sp, nets[i][0], nets[i][1], t);
		t_net_param(&sp, "rate", 0.01);
		t_net_param(&sp, "epochs", 40);
		t_net_param(&sp, "patience", 0);
		t_net_param(&sp, "warm_up", 1);
		m = t_net_make(a, &sp);
		t_net_fit(&sp, m, t, v);
		acc = t_net_accuracy(a, &sp, m, v);
		print_message("# %s: %.3f\n", nets[i][0], acc);
		assert_true(acc >= 0.85);
	}
}

/* A class that weighs nothing is not learned. */
static void weights_of_samples_count(void **state)
{
	struct ml_set *t = t_net_moons(a, 200, 1);
	float *w = NEW_N(a, float, t->n);
	struct ml_spec sp;
	const float *y;
	void *m;

	(void)state;
	for (size_t i = 0; i < t->n; i++)
		w[i] = t->cls[i] == ML_BUY ? 1 : 0;
	t->weight = w;
	t_net_spec(&sp, "dense", "dense 8 relu, dense out", t);
	t_net_param(&sp, "rate", 0.02);
	t_net_param(&sp, "epochs", 60);
	m = t_net_make(a, &sp);
	t_net_fit(&sp, m, t, NULL);
	y = t_net_ask(a, &sp, m, t, 32);
	for (size_t i = 0; i < t->n; i++)
		assert_true(y[3 * i] > 0.8f);
}

/* ---- the same bits ------------------------------------------------------- */

static const char *const all[][2] = {
	{ "dense", "dense 20 relu, dropout 0.2, dense 9 gelu, dense out" },
	{ "dense_deep", "dense 20 relu, batchnorm, dropout 0.2, dense 9 tanh, dense out" },
	{ "lstm", "lstm 9, dropout 0.2, lstm 5 last, dense 7 sigmoid, dense out" },
	{ "gru", "gru 9, dropout 0.2, gru 5 last, dense 7 relu, dense out" },
	{ "conv", "conv 8 gated, conv 8 dilation 2 gated residual, batchnorm, maxpool, dense out" },
	{ "transformer", "dense 8, position, attention 2, feedforward 9, layernorm, pool, dense out" },
};

static void spec_of(struct ml_spec *sp, size_t i, const struct ml_set *t)
{
	t_net_spec(sp, all[i][0], all[i][1], t);
	t_net_param(sp, "epochs", 4);
	t_net_param(sp, "batch", 20);
	t_net_param(sp, "rate", 0.01);
	t_net_param(sp, "schedule", (double)(i % 4));
	t_net_param(sp, "step", 1);
}

static void one_sample_or_many_give_the_same_bits(void **state)
{
	struct ml_set *t = t_net_memory(a, 9, 67, 1);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct ml_spec sp;
		const float *y1;
		void *m;

		spec_of(&sp, i, t);
		m = t_net_make(a, &sp);
		t_net_fit(&sp, m, t, NULL);
		y1 = t_net_ask(a, &sp, m, t, 1);
		for (size_t b = 2; b <= 64; b = 2 * b - 1)
			assert_memory_equal(y1, t_net_ask(a, &sp, m, t, b),
					    sizeof(float) * 3 * t->n);
		for (size_t k = 0; k < t->n; k++)
			assert_true(fabsf(y1[3 * k] + y1[3 * k + 1] + y1[3 * k + 2] -
					  1) < 1e-6f);
	}
}

static void every_path_trains_to_the_same_bits(void **state)
{
	static const char *const paths[] = { "avx512", "avx2" };
	struct ml_set *t = t_net_memory(a, 9, 67, 1), *v = t_net_memory(a, 9, 30, 2);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct ml_spec sp;
		void *m[2];

		spec_of(&sp, i, t);
		assert_true(ml_kern_force("portable"));
		m[0] = t_net_make(a, &sp);
		t_net_fit(&sp, m[0], t, v);
		for (size_t p = 0; p < ARRAY_LEN(paths); p++) {
			if (!ml_kern_force(paths[p]))
				continue;
			m[1] = t_net_make(a, &sp);
			t_net_fit(&sp, m[1], t, v);
			t_net_same(a, &sp, m[0], m[1], true);
		}
		/* and the same path again; another seed is another net */
		m[1] = t_net_make(a, &sp);
		t_net_fit(&sp, m[1], t, v);
		t_net_same(a, &sp, m[0], m[1], true);
		sp.seed = 2;
		m[1] = t_net_make(a, &sp);
		assert_memory_not_equal(t_net_ask(a, &sp, m[0], t, 8),
					t_net_ask(a, &sp, m[1], t, 8), 64);
		ml_kern_force(NULL);
	}
}

struct stop {
	const struct ml_kind *k;
	void *m;
	unsigned after;
	size_t n;
	struct ml_tensor *kept;
};

/* A checkpoint after some epochs, then the end. */
static int stop_after(void *ctx, const struct ml_progress *p)
{
	struct stop *s = ctx;
	const struct ml_tensor *t;

	if (p->epoch < s->after)
		return 0;
	s->n = s->k->tensors(a, s->m, true, &t);
	s->kept = NEW_N(a, struct ml_tensor, s->n);
	for (size_t i = 0; i < s->n; i++) {
		size_t size = ml_tensor_len(&t[i]) * ml_dtype_size(t[i].dtype);

		s->kept[i] = t[i];
		s->kept[i].data = memcpy(arena_alloc(a, size), t[i].data, size);
	}
	return -E_BUSY;
}

static void going_on_gives_the_bits_of_one_run(void **state)
{
	struct ml_set *t = t_net_memory(a, 9, 67, 1), *v = t_net_memory(a, 9, 30, 2);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		for (unsigned after = 1; after <= 4; after += 3) {
			struct stop st = { .after = after };
			struct ml_fit f = { t, v, stop_after, &st };
			struct ml_spec sp;
			struct err err;
			void *whole, *part, *rest;

			spec_of(&sp, i, t);
			st.k = ml_kind_find(sp.kind);
			whole = t_net_make(a, &sp);
			t_net_fit(&sp, whole, t, v);
			st.m = part = t_net_make(a, &sp);
			assert_int_equal(st.k->fit(part, &f, &err), -E_BUSY);
			assert_int_equal(st.k->load(a, &sp, st.kept, st.n, &rest, &err), 0);
			t_net_fit(&sp, rest, t, v);
			t_net_same(a, &sp, whole, rest, true);
		}
	}
}

/* ---- kept and loaded ----------------------------------------------------- */

static void loaded_is_used_where_it_lies(void **state)
{
	struct ml_set *t = t_net_memory(a, 9, 67, 1);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		const struct ml_kind *k = ml_kind_find(all[i][0]);
		const struct ml_tensor *ts, *back;
		struct ml_tensor odd[64];
		void *m, *l = NULL, *o = NULL;
		struct ml_spec sp;
		struct err err;
		size_t n, live;

		spec_of(&sp, i, t);
		m = t_net_make(a, &sp);
		t_net_fit(&sp, m, t, NULL);
		n = k->tensors(a, m, false, &ts);
		live = ml_tensors_live();
		assert_int_equal(k->load(a, &sp, ts, n, &l, &err), 0);
		assert_int_equal(ml_tensors_live(), live + n);
		assert_int_equal(k->tensors(a, l, true, &back), n);
		for (size_t j = 0; j < n; j++)
			assert_ptr_equal(back[j].data, ts[j].data);
		assert_memory_equal(t_net_ask(a, &sp, m, t, 8),
				    t_net_ask(a, &sp, l, t, 8), sizeof(float) * 3 * t->n);
		/* where it cannot be read in place it is copied */
		for (size_t j = 0; j < n; j++) {
			size_t size = ml_tensor_len(&ts[j]) * sizeof(float);
			char *p = arena_alloc(a, size + 1);

			odd[j] = ts[j];
			odd[j].data = memcpy(p + 1, ts[j].data, size);
		}
		assert_int_equal(k->load(a, &sp, odd, n, &o, &err), 0);
		assert_memory_equal(t_net_ask(a, &sp, m, t, 8),
				    t_net_ask(a, &sp, o, t, 8), sizeof(float) * 3 * t->n);
		/* trained further, what it was loaded from stays as it was */
		memcpy(odd[0].data, ts[0].data, ml_tensor_len(&ts[0]) * sizeof(float));
		t_net_fit(&sp, l, t, NULL);
		assert_memory_equal(odd[0].data, ts[0].data,
				    ml_tensor_len(&ts[0]) * sizeof(float));
		/* one is missing, one has another shape */
		assert_int_equal(k->load(a, &sp, ts, n - 1, &o, &err), -E_INVAL);
		odd[0] = ts[0];
		odd[0].dim[0]++;
		for (size_t j = 1; j < n; j++)
			odd[j] = ts[j];
		assert_int_equal(k->load(a, &sp, odd, n, &o, &err), -E_INVAL);
	}
}

static void a_checkpoint_of_nonsense_is_refused(void **state)
{
	struct ml_set *t = t_net_moons(a, 40, 1);
	const struct ml_kind *k = ml_kind_find("dense");
	struct stop st = { .k = k, .after = 1 };
	struct ml_fit f = { t, NULL, stop_after, &st };
	struct ml_spec sp;
	struct err err;
	void *m;

	(void)state;
	t_net_spec(&sp, "dense", "dense 4, dense out", t);
	st.m = m = t_net_make(a, &sp);
	assert_int_equal(k->fit(m, &f, &err), -E_BUSY);
	assert_string_equal(st.kept[st.n - 1].name, "state.at");
	assert_int_equal(k->load(a, &sp, st.kept, st.n, &m, &err), 0);
	((double *)st.kept[st.n - 1].data)[0] = NAN;
	assert_int_equal(k->load(a, &sp, st.kept, st.n, &m, &err), -E_INVAL);
	((double *)st.kept[st.n - 1].data)[0] = -1;
	assert_int_equal(k->load(a, &sp, st.kept, st.n, &m, &err), -E_INVAL);
	((double *)st.kept[st.n - 1].data)[0] = 1;
	st.kept[st.n - 2].name = "state.worst";
	assert_int_equal(k->load(a, &sp, st.kept, st.n, &m, &err), -E_INVAL);
}

/* ---- explaining ---------------------------------------------------------- */

/* The contributions add up to what the output moved from a sample of zeros,
 * as far as 32 stretches of the way are exact. */
static void contributions_add_up(void **state)
{
	struct ml_set *t = t_net_memory(a, 9, 100, 1);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		const struct ml_kind *k = ml_kind_find(all[i][0]);
		float zero[27] = { 0 }, c[27], y[3], y0[3];
		const float *x = ml_sample(t, 3), *z = zero;
		struct ml_spec sp;
		void *m, *work;

		spec_of(&sp, i, t);
		m = t_net_make(a, &sp);
		t_net_fit(&sp, m, t, NULL);
		work = t_net_work(a, &sp, m, 1);
		k->forward(m, work, &x, 1, y);
		k->forward(m, work, &z, 1, y0);
		for (unsigned o = 0; o < 3; o++) {
			double sum = 0;

			k->explain(m, work, x, o, c);
			for (size_t j = 0; j < 27; j++)
				sum += (double)c[j];
			assert_true(fabs(sum - (double)(y[o] - y0[o])) < 0.02);
		}
	}
}

/* ---- ends of training ---------------------------------------------------- */

struct seen { unsigned epochs; double best, first, last, rate[64]; };

static int look(void *ctx, const struct ml_progress *p)
{
	struct seen *s = ctx;

	s->rate[p->epoch % 64] = p->rate;
	s->epochs = p->epoch;
	if (p->epoch == 1)
		s->best = s->first = p->valid_loss;
	s->best = fmin(s->best, p->valid_loss);
	s->last = p->valid_loss;
	return 0;
}

/* Labels by chance: learned by heart, and the validation part sees it. */
static void it_ends_early_and_gives_the_best(void **state)
{
	struct ml_set *t = t_net_moons(a, 60, 1), *v = t_net_moons(a, 60, 2);
	struct seen s = { 0 };
	struct ml_fit f = { t, v, look, &s };
	const float *y;
	double loss = 0;
	struct ml_spec sp;
	struct rng r;
	struct err err;
	void *m;

	(void)state;
	rng_seed(&r, 3);
	for (size_t i = 0; i < t->n; i++)
		t_net_class(t, i, (unsigned)rng_below(&r, 3));
	t_net_spec(&sp, "dense", "dense 64 relu, dense 64 relu, dense out", t);
	t_net_param(&sp, "rate", 0.02);
	t_net_param(&sp, "epochs", 500);
	t_net_param(&sp, "patience", 5);
	m = t_net_make(a, &sp);
	assert_int_equal(ml_kind_find("dense")->fit(m, &f, &err), 0);
	assert_in_range(s.epochs, 6, 100);
	y = t_net_ask(a, &sp, m, v, 32);
	for (size_t i = 0; i < v->n; i++)
		loss -= log((double)y[3 * i + v->cls[i]]) / (double)v->n;
	assert_true(s.last > s.best);
	assert_true(fabs(loss - s.best) < 1e-6);
}

static void rates_follow_their_schedule(void **state)
{
	struct ml_set *t = t_net_moons(a, 40, 1);
	struct err err;

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct seen s = { 0 };
		struct ml_fit f = { t, t, look, &s };
		struct ml_spec sp;
		void *m;

		t_net_spec(&sp, "dense", "dense out", t);
		t_net_param(&sp, "epochs", 8);
		t_net_param(&sp, "step", 3);
		t_net_param(&sp, "schedule", i);
		t_net_param(&sp, "warm_up", i == 0 ? 4 : 0);
		t_net_param(&sp, "rate", i == 3 ? 1e-7 : 0.001);
		t_net_param(&sp, "factor", 0.5);
		t_net_param(&sp, "patience", 0);
		m = t_net_make(a, &sp);
		assert_int_equal(ml_kind_find("dense")->fit(m, &f, &err), 0);
		assert_int_equal(s.epochs, 8);
		if (i == 0) {		/* 2 steps an epoch, 8 to warm up */
			assert_true(fabs(s.rate[1] - 0.00025) < 1e-12);
			assert_true(fabs(s.rate[3] - 0.00075) < 1e-12);
			assert_true(s.rate[4] == 0.001 && s.rate[8] == 0.001);
		} else if (i == 1) {
			assert_true(s.rate[3] == 0.001 && s.rate[4] == 0.0005 &&
				    s.rate[7] == 0.00025);
		} else if (i == 2) {	/* the last step of 16 */
			assert_true(fabs(s.rate[8] - 0.0005 *
					 (1 + cos(3.14159265358979 * 15 / 16))) < 1e-9);
		}
	}
}

static void what_comes_apart_is_said(void **state)
{
	struct ml_set *t = t_net_sine(a, 4, 40, 1);
	struct ml_fit f = { .train = t };
	struct ml_set *none = t_net_sine(a, 4, 1, 1);
	struct ml_spec sp;
	struct err err;
	void *m;

	(void)state;
	t_net_spec(&sp, "dense", "dense 8, dense 8, dense out", t);
	t_net_param(&sp, "optimiser", 2);
	t_net_param(&sp, "clip", 0);
	t_net_param(&sp, "rate", 10);
	m = t_net_make(a, &sp);
	assert_int_equal(ml_kind_find("dense")->fit(m, &f, &err), -E_UNPROCESSABLE);
	assert_non_null(strstr(err.msg, "lower rate"));
	none->n = 0;
	f.train = none;
	assert_int_equal(ml_kind_find("dense")->fit(m, &f, &err), -E_UNPROCESSABLE);
	f.train = t_net_moons(a, 4, 1);
	assert_int_equal(ml_kind_find("dense")->fit(m, &f, &err), -E_INVAL);
	t = t_net_moons(a, 4, 1);
	t_net_class(t, 2, 3);
	f.train = t;
	t_net_spec(&sp, "dense", NULL, t);
	m = t_net_make(a, &sp);
	assert_int_equal(ml_kind_find("dense")->fit(m, &f, &err), -E_INVAL);
}

/* ---- layouts ------------------------------------------------------------- */

static void layouts_say_what_is_wrong(void **state)
{
	static const struct { const char *layout, *says; } bad_ones[] = {
		{ "", "no such layer" }, { "dense", "from 1 to 1024" },
		{ "dense 0", "from 1 to 1024" }, { "dense 1025", "from 1 to 1024" },
		{ "dense -3", "from 1 to 1024" }, { "dense 3 soft", "none of relu" },
		{ "dense 3 relu relu", "means nothing" },
		{ "dense 3 relu", "without a function" },
		{ "dense 8 relu, ", "part 2" }, { "lstm 8 last", "dense out" },
		{ "lstm 8 first, dense 3", "\"last\"" }, { "lstm 8, dense 3", "9 steps" },
		{ "dense 4", "last, pool" }, { "last, dense 4", "4 values come out, 3" },
		{ "attention 4, last, dense 3", "do not share out" },
		{ "conv 4 kernel 0, last, dense 3", "from 1 to 64" },
		{ "conv 4 dilation 1000, last, dense 3", "from 1 to 512" },
		{ "conv 4 residual, last, dense 3", "residual needs" },
		{ "conv 4 gated relu, last, dense 3", "its own functions" },
		{ "conv 4 wide, last, dense 3", "no word of" },
		{ "dropout 1, last, dense 3", "0 to 0.9" },
		{ "dropout nan, last, dense 3", "0 to 0.9" },
		{ "last 3, dense 3", "means nothing" },
		{ "perceptron 3", "there is no such layer" },
		{ "dense 1024, dense 1024, dense 1024, dense 1024, dense 1024, dense 1024, last, dense 3",
		  "weights" },
		{ "last, dense 3, dropout 0.5", "dense out" },
	};
	struct ml_set *t = t_net_memory(a, 9, 4, 1);
	char text[600], *p = text;
	struct ml_spec sp;
	struct err err;
	void *m;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad_ones); i++) {
		t_net_spec(&sp, "lstm", bad_ones[i].layout, t);
		assert_int_equal(ml_kind_find("lstm")->make(a, &sp, &m, &err), -E_INVAL);
		if (strstr(err.msg, bad_ones[i].says) == NULL)
			fail_msg("\"%s\": %s", bad_ones[i].layout, err.msg);
	}
	for (int i = 0; i < 40; i++, p += 7)
		memcpy(p, "last,  ", 8);
	t_net_spec(&sp, "lstm", text, t);
	assert_int_equal(ml_kind_find("lstm")->make(a, &sp, &m, &err), -E_INVAL);
	assert_non_null(strstr(err.msg, "more than 32 layers"));
	memset(text, ' ', sizeof(text));
	text[599] = '\0';
	assert_int_equal(ml_kind_find("lstm")->make(a, &sp, &m, &err), -E_INVAL);
	assert_non_null(strstr(err.msg, "longer than"));
}

static void what_would_not_fit_is_refused(void **state)
{
	struct ml_set *t = t_net_set(a, 512, 8, 3, 1);
	struct ml_spec sp;
	struct err err;
	void *m;

	(void)state;
	t_net_spec(&sp, "lstm", "lstm 1000, lstm 8 last, dense 3", t);
	assert_int_equal(ml_kind_find("lstm")->make(a, &sp, &m, &err), -E_INVAL);
	assert_non_null(strstr(err.msg, "a prediction needs"));
	t_net_spec(&sp, "conv", "conv 64, batchnorm, last, dense 3", t);
	t_net_param(&sp, "batch", 1024);
	assert_int_equal(ml_kind_find("conv")->make(a, &sp, &m, &err), -E_INVAL);
	assert_non_null(strstr(err.msg, "a step of training"));
	sp.shape.window = 0;
	assert_int_equal(ml_kind_find("conv")->make(a, &sp, &m, &err), -E_INVAL);
}

/* Batches longer than what is done at once, with layers that see the batch. */
static void a_whole_batch_is_one(void **state)
{
	struct ml_set *t = t_net_memory(a, 9, 150, 1);
	struct ml_spec sp;
	void *m;

	(void)state;
	t_net_spec(&sp, "conv", "conv 8 relu, batchnorm, last, dense 3", t);
	t_net_param(&sp, "batch", 70);
	t_net_param(&sp, "epochs", 40);
	t_net_param(&sp, "rate", 0.02);
	m = t_net_make(a, &sp);
	t_net_fit(&sp, m, t, NULL);
	t_net_spec(&sp, "conv", "conv 8 kernel 9 relu, batchnorm, last, dense 3", t);
	t_net_param(&sp, "batch", 70);
	t_net_param(&sp, "epochs", 40);
	t_net_param(&sp, "rate", 0.02);
	m = t_net_make(a, &sp);
	t_net_fit(&sp, m, t, NULL);
	assert_true(t_net_accuracy(a, &sp, m, t) > 0.85);
}

static void the_usual_layouts_are_possible(void **state)
{
	size_t met = 0;

	(void)state;
	for (size_t i = 0; i < ml_kinds_n(); i++) {
		const struct ml_kind *k = ml_kinds[i];

		if (strcmp(k->group, "network") != 0)
			continue;
		for (uint32_t outs = 1; outs <= 3; outs += 2, met++) {
			struct ml_set *t = t_net_set(a, k->window, 20, outs, 3);
			struct ml_spec sp;
			const float *y;
			void *m;

			t_net_spec(&sp, k->name, NULL, t);
			m = t_net_make(a, &sp);
			y = t_net_ask(a, &sp, m, t, 2);
			for (size_t j = 0; j < outs * t->n; j++)
				assert_true(isfinite(y[j]));
		}
	}
	assert_int_equal(met, 12);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(xor_is_learned), TEST(two_moons_are_learned),
		TEST(a_noisy_sine_is_learned), TEST(what_was_before_is_remembered),
		TEST(weights_of_samples_count),
		TEST(one_sample_or_many_give_the_same_bits),
		TEST(every_path_trains_to_the_same_bits),
		TEST(going_on_gives_the_bits_of_one_run),
		TEST(loaded_is_used_where_it_lies),
		TEST(a_checkpoint_of_nonsense_is_refused),
		TEST(contributions_add_up),
		TEST(it_ends_early_and_gives_the_best),
		TEST(rates_follow_their_schedule), TEST(what_comes_apart_is_said),
		TEST(layouts_say_what_is_wrong), TEST(what_would_not_fit_is_refused),
		TEST(a_whole_batch_is_one), TEST(the_usual_layouts_are_possible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
