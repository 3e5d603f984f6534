/* The way back of every layer against central differences.  This program
 * compiles the networks' sources with double in place of float (see
 * local.mk): what is compared is the mathematics, not the rounding. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "test.h"
#include "core/rand.h"
#include "ml/net_i.h"

#define B	5
#define T	7
#define F	6
#define STEP	1e-5
#define TOL	1e-6
/* Gradients smaller than this are compared as if they were this large: the
 * rounding of the sum is seen in their differences. */
#define SMALL	1e-3

struct fix {
	struct arena *a;
	struct net *n;
	struct net_pass p;
	double coef[B * 3];
	double *input;
	bool train;
};

static double value(struct fix *f)
{
	const double *z;
	double sum = 0;

	memcpy(f->p.act[0], f->input, sizeof(double) * layer_in(&f->n->layer[0], B));
	z = net_forward(f->n, &f->p, f->train, 77);
	for (size_t i = 0; i < (size_t)B * f->n->shape.outputs; i++)
		sum += f->coef[i] * z[i];
	return sum;
}

static void compare(struct fix *f, double *at, double got, const char *what,
		    size_t i, double *worst)
{
	double keep = *at, up, down, want, err, big;

	*at = keep + STEP;
	up = value(f);
	*at = keep - STEP;
	down = value(f);
	*at = keep;
	want = (up - down) / (2 * STEP);
	big = fmax(SMALL, fmax(fabs(got), fabs(want)));
	err = fabs(got - want) / big;
	*worst = fmax(*worst, err);
	if (!(err <= TOL))
		fail_msg("%s[%zu]: %.12g, by differences %.12g", what, i, got, want);
}

static void check(const char *kind, const char *layout, unsigned outputs, bool train)
{
	struct arena *a = arena_new("test", (size_t)64 << 20);
	struct fix f = { .a = a, .train = train };
	struct ml_spec s;
	struct err err;
	struct rng rng;
	double *g, *gp[NET_TENSORS], worst = 0;
	const double *gx;
	size_t inputs;
	void *m = NULL;

	ml_spec_init(&s, ml_kind_find(kind), outputs);
	s.shape = (struct ml_shape){ T, F, outputs };
	s.layout = layout;
	s.seed = 5;
	if (ml_kind_find(kind)->make(a, &s, &m, &err) < 0)
		fail_msg("%s: %s", layout, err.msg);
	f.n = m;
	rng_seed(&rng, 9);
	/* Also what begins as 0 or 1 shall stand somewhere. */
	for (size_t i = 0; i < f.n->n_tensors; i++)
		for (size_t j = 0; j < f.n->tensor[i].len; j++)
			f.n->flat[f.n->tensor[i].off + j] += 0.2 * rng_unit(&rng);
	net_pass_init(f.n, B, NULL, &f.p);
	net_pass_init(f.n, B, NEW_N(a, double, f.p.size), &f.p);
	inputs = layer_in(&f.n->layer[0], B);
	f.input = NEW_N(a, double, inputs);
	for (size_t i = 0; i < inputs; i++)
		f.input[i] = rng_gauss(&rng);
	for (size_t i = 0; i < ARRAY_LEN(f.coef); i++)
		f.coef[i] = rng_gauss(&rng);

	g = NEW_N(a, double, f.n->n_flat);
	for (size_t i = 0; i < f.n->n_tensors; i++)
		gp[i] = g + f.n->tensor[i].off;
	value(&f);
	memcpy(f.p.d[0], f.coef, sizeof(double) * B * outputs);
	gx = net_backward(f.n, &f.p, train, 77, gp, true);
	gx = memcpy(NEW_N(a, double, inputs), gx, sizeof(double) * inputs);
	for (size_t i = 0; i < f.n->n_tensors; i++) {
		const struct net_tensor *t = &f.n->tensor[i];
		size_t by = t->len / 97 + 1;

		for (size_t j = 0; t->learned && j < t->len; j += by)
			compare(&f, f.n->flat + t->off + j, gp[i][j], t->name, j,
				&worst);
	}
	for (size_t i = 0; i < inputs; i += inputs / 53 + 1)
		compare(&f, f.input + i, gx[i], "input", i, &worst);
	print_message("# %.1e %s\n", worst, layout);
	assert_true(worst > 0);		/* something was compared */
	arena_free(&a);
}

static void dense_layers(void **state)
{
	(void)state;
	check("dense", "dense 9 tanh, dense out", 3, true);
	check("dense", "dense 9 sigmoid, dense 11 gelu, dense out", 3, true);
	check("dense", "dense 17 relu, dense 8 linear, dense 1", 1, true);
	check("lstm", "dense 5 gelu, last, dense out", 3, true);
}

static void normalisation(void **state)
{
	(void)state;
	check("dense", "dense 9 tanh, batchnorm, dense out", 3, true);
	check("dense", "dense 9 tanh, batchnorm, dense out", 3, false);
	check("conv", "batchnorm, dense 4 tanh, flatten, dense out", 3, true);
	check("dense", "dense 9 tanh, layernorm, dense out", 3, true);
	check("lstm", "layernorm, dense 20 tanh, layernorm, pool, dense out", 3, true);
}

static void dropping(void **state)
{
	(void)state;
	check("dense", "dense 30 tanh, dropout 0.4, dense out", 3, true);
	check("dense", "dense 30 tanh, dropout 0.4, dense out", 3, false);
	check("lstm", "dropout 0.3, lstm 5, dropout 0.2, lstm 4 last, dense out",
	      3, true);
}

static void recurrent(void **state)
{
	(void)state;
	check("lstm", "lstm 5 last, dense out", 3, true);
	check("lstm", "lstm 9, lstm 4 last, dense 6 relu, dense out", 3, true);
	check("lstm", "lstm 3, flatten, dense out", 1, false);
	check("gru", "gru 5 last, dense out", 3, true);
	check("gru", "gru 9, gru 4 last, dense 6 tanh, dense out", 3, true);
	check("gru", "gru 3, pool, dense out", 1, false);
}

static void convolution(void **state)
{
	(void)state;
	check("conv", "conv 5 kernel 3 tanh, last, dense out", 3, true);
	check("conv", "conv 4 gated, conv 4 dilation 2 gated residual, last, dense out",
	      3, true);
	check("conv", "conv 6 kernel 2 dilation 3 gelu residual, flatten, dense out",
	      3, true);
	/* taps that never meet a bar */
	check("conv", "conv 6 kernel 3 dilation 5 sigmoid, pool, dense out", 1, true);
}

static void attention(void **state)
{
	(void)state;
	check("transformer", "attention 2, last, dense out", 3, true);
	check("transformer", "dense 8, position, attention 4, feedforward 5, pool, dense out",
	      3, true);
	check("transformer", "attention 1, feedforward 9 relu, attention 3, layernorm, flatten, dense out",
	      1, true);
}

static void pooling(void **state)
{
	(void)state;
	check("lstm", "dense 4 tanh, pool, dense out", 3, true);
	check("lstm", "dense 4 tanh, maxpool, dense out", 3, true);
	check("lstm", "dense 4 tanh, position, last, dense out", 3, true);
	check("lstm", "position, dense 4 tanh, flatten, dense out", 3, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dense_layers),
		cmocka_unit_test(normalisation),
		cmocka_unit_test(dropping),
		cmocka_unit_test(recurrent),
		cmocka_unit_test(convolution),
		cmocka_unit_test(attention),
		cmocka_unit_test(pooling),
	};

	assert_int_equal(sizeof(real), sizeof(double));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
