/* Networks: questions of one and of 32 samples, an epoch of training.
 *
 *	W1	LSTM 50, dropout 0.2, LSTM 50, dense 25 ReLU, dense 3; 60 x 16
 *	W4	the same with GRU (reset after)
 *	W2	dense 20-128-64-32-3
 *
 * Questions: microseconds, least and median of many calls (on a machine that
 * has other work the least says more).  Training: 5,000 windows,
 * batch 32, Adam, processor seconds of an epoch, best of three.
 *
 *	bench_ml [--kern avx512|avx2|portable] [W1|W2|W4] */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/rand.h"
#include "ml/kern.h"
#include "ml/model.h"

#define SAMPLES	5000
#define EPOCHS	3

struct work {
	const char *name, *kind, *layout;
	uint32_t window, features;
	size_t calls;
};

static const struct work works[] = {
	{ "W1", "lstm", "lstm 50, dropout 0.2, lstm 50 last, dense 25 relu, dense 3",
	  60, 16, 4000 },
	{ "W4", "gru", "gru 50, dropout 0.2, gru 50 last, dense 25 relu, dense 3",
	  60, 16, 4000 },
	{ "W2", "dense", "dense 128 relu, dense 64 relu, dense 32 relu, dense 3",
	  1, 20, 100000 },
};

static double now(clockid_t c)
{
	struct timespec t;

	clock_gettime(c, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static struct ml_set samples(struct arena *a, const struct work *w)
{
	size_t values = (size_t)SAMPLES * w->window * w->features;
	float *x = NEW_N(a, float, values);
	uint32_t *end = NEW_N(a, uint32_t, SAMPLES);
	uint8_t *cls = NEW_N(a, uint8_t, SAMPLES);
	struct rng r;

	rng_seed(&r, 1);
	for (size_t i = 0; i < values; i++)
		x[i] = (float)(2 * rng_unit(&r) - 1);
	for (size_t i = 0; i < SAMPLES; i++) {
		end[i] = (uint32_t)(i + 1) * w->window - 1;
		cls[i] = (uint8_t)(i % 3);
	}
	return (struct ml_set){ .shape = { w->window, w->features, 3 }, .n = SAMPLES,
				.x = x, .end = end, .cls = cls };
}

static void ask(struct arena *a, const struct work *w, const struct ml_kind *k,
		const void *m, const struct ml_set *s, size_t b)
{
	size_t calls = b > 1 ? w->calls / 8 : w->calls;
	char *work = arena_alloc(a, k->work(m, b) + 64);
	double *took = NEW_N(a, double, calls), sum = 0;
	const float *x[32];
	float y[96];

	work += (64 - (uintptr_t)work % 64) % 64;
	for (size_t i = 0; i < calls; i++) {
		double t;

		for (size_t j = 0; j < b; j++)
			x[j] = ml_sample(s, (i * b + j) % s->n);
		t = now(CLOCK_MONOTONIC);
		k->forward(m, work, x, b, y);
		took[i] = now(CLOCK_MONOTONIC) - t;
		sum += (double)y[0];
	}
	qsort(took, calls, sizeof(*took), ascending);
	printf("{\"bench\":\"ml\",\"work\":\"%s\",\"what\":\"B%zu\",\"kern\":\"%s\",\"us_min\":%.2f,\"us_p50\":%.2f,\"sum\":%.6g}\n",
	       w->name, b, ml_kern_name(), took[0] * 1e6,
	       took[calls / 2] * 1e6, sum);
	fflush(stdout);
}

struct watch { double from, best; };

static int epoch(void *ctx, const struct ml_progress *p)
{
	struct watch *w = ctx;
	double t = now(CLOCK_PROCESS_CPUTIME_ID);

	(void)p;
	if (w->best == 0 || t - w->from < w->best)
		w->best = t - w->from;
	w->from = t;
	return 0;
}

static void run(const struct work *w)
{
	struct arena *a = arena_new("bench", (size_t)1 << 30);
	const struct ml_kind *k = ml_kind_find(w->kind);
	struct ml_set s = samples(a, w);
	struct watch t = { 0 };
	struct ml_fit f = { .train = &s, .progress = epoch, .ctx = &t };
	struct ml_spec sp;
	struct err err;
	void *m;

	ml_spec_init(&sp, k, 3);
	sp.shape = s.shape;
	sp.layout = w->layout;
	if (ml_spec_set(&sp, STR("epochs"), EPOCHS, &err) < 0 ||
	    ml_spec_set(&sp, STR("clip"), 0, &err) < 0 ||
	    k->make(a, &sp, &m, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		exit(1);
	}
	ask(a, w, k, m, &s, 1);
	ask(a, w, k, m, &s, 32);
	t.from = now(CLOCK_PROCESS_CPUTIME_ID);
	if (k->fit(m, &f, &err) < 0)
		exit(1);
	printf("{\"bench\":\"ml\",\"work\":\"%s\",\"what\":\"epoch\",\"kern\":\"%s\",\"s\":%.4f}\n",
	       w->name, ml_kern_name(), t.best);
	fflush(stdout);
	arena_free(&a);
}

int main(int argc, char **argv)
{
	const char *only = NULL;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--kern") == 0 && i + 1 < argc) {
			if (!ml_kern_force(argv[++i])) {
				fprintf(stderr, "this processor has no %s\n", argv[i]);
				return 1;
			}
		} else {
			only = argv[i];
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(works); i++)
		if (only == NULL || strcmp(only, works[i].name) == 0)
			run(&works[i]);
	return 0;
}
