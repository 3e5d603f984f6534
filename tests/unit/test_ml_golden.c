/* Networks against another implementation: tests/golden/make_networks.py, in
 * float64.  Outputs, the loss of four steps of training, and every tensor
 * afterwards, to 1e-5. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "test.h"
#include "t_net.h"

#define B	5
#define T	7
#define F	4
#define TOL	1e-5

struct golden {
	struct arena *a;
	struct ml_spec sp;
	struct ml_set *set;
	void *m;
	char name[16], layout[200];
	double loss[4];
	size_t steps, at, values;
	double worst;
};

static void same(struct golden *g, double got, double want, const char *what)
{
	double err = fabs(got - want) / fmax(1, fabs(want));

	g->worst = fmax(g->worst, err);
	g->values++;
	if (!(err <= TOL))
		fail_msg("%s, %s: %.9g, golden %.9g", g->name, what, got, want);
}

static int steps(void *ctx, const struct ml_progress *p)
{
	struct golden *g = ctx;

	assert_in_range(p->epoch, 1, 4);
	g->loss[g->steps++] = p->train_loss;
	return 0;
}

static void make(struct golden *g, const char *kind, const char *opt, unsigned outputs,
		 double clip, double huber)
{
	static const uint8_t cls[B] = { 0, 2, 1, 1, 0 };
	static const float weight[B] = { 1, 0.5f, 2, 1, 1.5f };
	const struct ml_tensor *t;
	size_t n;

	g->set = t_net_set(g->a, T, F, outputs, B);
	for (size_t k = 0; k < B * T * F; k++)
		t_net_at(g->set, 0)[k] = (float)(sin(0.37 * (double)k) +
						 0.5 * cos(1.1 * (double)k));
	g->set->weight = weight;
	for (size_t i = 0; i < B; i++) {
		if (outputs > 1)
			t_net_class(g->set, i, cls[i]);
		t_net_target(g->set, i, 0.3 * sin((double)i));
	}
	t_net_spec(&g->sp, kind, g->layout, g->set);
	t_net_param(&g->sp, "epochs", 4);
	t_net_param(&g->sp, "batch", B);
	t_net_param(&g->sp, "rate", 0.02);
	t_net_param(&g->sp, "decay", 0.01);
	t_net_param(&g->sp, "clip", clip);
	t_net_param(&g->sp, "huber", huber);
	t_net_param(&g->sp, "optimiser", strcmp(opt, "adam") == 0 ? 0 :
		    strcmp(opt, "adamw") == 0 ? 1 : 2);
	g->m = t_net_make(g->a, &g->sp);
	n = ml_kind_find(kind)->tensors(g->a, g->m, false, &t);
	for (size_t i = 0; i < n; i++) {
		const char *last = strrchr(t[i].name, '.');
		double base = strcmp(last, ".gamma") == 0 || strcmp(last, ".var") == 0;
		double scale = t[i].dims > 1 ? 0.5 / sqrt(t[i].dim[0]) : 0.1;

		for (size_t k = 0; k < ml_tensor_len(&t[i]); k++)
			((float *)t[i].data)[k] = (float)(base + scale *
				sin(1.7 * (double)i + 0.3 * (double)k));
	}
	g->steps = g->at = 0;
}

static void outputs(struct golden *g, char *p)
{
	size_t n = B * g->set->shape.outputs;
	const float *y = t_net_ask(g->a, &g->sp, g->m, g->set, 3);

	for (size_t i = 0; i < n; i++)
		same(g, (double)y[i], strtod(p, &p), "output");
}

static void train(struct golden *g, char *p)
{
	struct ml_fit f = { g->set, NULL, steps, g };
	struct err err;

	if (ml_kind_find(g->sp.kind)->fit(g->m, &f, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(g->steps, 4);
	for (size_t i = 0; i < 4; i++)
		same(g, g->loss[i], strtod(p, &p), "loss");
}

static void tensor(struct golden *g, const char *name, char *p)
{
	const struct ml_tensor *t;
	size_t n = ml_kind_find(g->sp.kind)->tensors(g->a, g->m, false, &t), len;
	const float *w;
	double sum = 0, square = 0;

	assert_true(g->at < n);
	t += g->at++;
	assert_string_equal(t->name, name);
	w = t->data;
	len = ml_tensor_len(t);
	for (size_t i = 0; i < len; i++) {
		sum += (double)w[i];
		square += (double)w[i] * (double)w[i];
	}
	same(g, sum, strtod(p, &p), name);
	same(g, square, strtod(p, &p), name);
	for (size_t i = 0; i < 4 && i < len; i++)
		same(g, (double)w[i], strtod(p, &p), name);
}

static void networks_agree_with_numpy(void **state)
{
	struct golden g = { .a = arena_new("test", (size_t)64 << 20) };
	const char *top = getenv("top_srcdir");
	char path[300], line[2000], kind[16], opt[16], name[32];
	size_t nets = 0, values = 0;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/tests/golden/networks.txt",
		 top != NULL ? top : ".");
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		unsigned outs;
		double clip, huber;
		int at = 0;

		if (sscanf(line, "net %15s %15s %15s %u %lf %lf | %199[^\n]", g.name,
			   kind, opt, &outs, &clip, &huber, g.layout) == 7) {
			make(&g, kind, opt, outs, clip, huber);
			nets++;
		} else if (strncmp(line, "y ", 2) == 0) {
			outputs(&g, line + 2);
		} else if (strncmp(line, "loss ", 5) == 0) {
			train(&g, line + 5);
		} else if (sscanf(line, "w %31s %n", name, &at) == 1 && at > 0) {
			tensor(&g, name, line + at);
			values++;
		}
	}
	fclose(f);
	print_message("# worst %.1e of %zu values\n", g.worst, g.values);
	assert_int_equal(nets, 10);
	assert_int_equal(values, 100);
	arena_free(&g.a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(networks_agree_with_numpy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
