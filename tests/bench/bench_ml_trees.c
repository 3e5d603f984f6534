/* W3: gradient boosting over 50,000 x 20, 200 trees, depth 6, rate 0.1,
 * lambda 1, logistic; one JSON line a figure, processor time.  `--dump FILE`
 * writes the samples (float32, row-major, then the 0/1 labels) for
 * peers_trees.py; `--model OBJECTIVE MODEL ANSWERS` trains 20 rounds of logistic,
 * softmax or squared and writes them in xgboost's format, and what they answer,
 * for the same script. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/rand.h"
#include "ml/boost_i.h"
#include "ml/xgb.h"

enum { N = 50000, F = 20, SINGLES = 2000 };

static float x[(size_t)N * F], y[N], ret[N * 3];
static uint32_t end[N];
static uint8_t cls[N];
static const float *at[N];

static void samples(void)
{
	struct rng r;

	rng_seed(&r, 1);
	for (size_t i = 0; i < N; i++) {
		float *v = x + i * F;
		double z;

		for (size_t f = 0; f < F; f++)
			v[f] = (float)rng_gauss(&r);
		z = (double)(v[0] * v[1]) + sin(2 * (double)v[2]) +
		    0.5 * (double)(v[3] * v[3]) - 0.5 * (double)v[4] +
		    (v[6] > 0 ? (double)v[5] : 0);
		y[i] = rng_unit(&r) < 1 / (1 + exp(-1.5 * z)) ? 1 : 0;
		cls[i] = y[i] > 0 ? ML_BUY : ML_SELL;
		end[i] = (uint32_t)i;
		at[i] = v;
	}
}

static double seconds(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
	double p = *(const double *)a, q = *(const double *)b;

	return p < q ? -1 : p > q;
}

static struct boost *train(struct arena *a, int runs)
{
	struct ml_set s = { .shape = { 1, F, 3 }, .n = N, .x = x, .end = end,
			    .cls = cls, .target = y };
	struct ml_fit f = { .train = &s };
	struct ml_spec spec;
	struct boost *b = NULL;
	double best = 1e9, t;
	struct err err;

	ml_spec_init(&spec, &ml_kind_boosting, 3);
	spec.shape.features = F;
	if (ml_spec_set(&spec, STR("rounds"), 200, &err) < 0 ||
	    ml_spec_set(&spec, STR("depth"), 6, &err) < 0 ||
	    ml_spec_set(&spec, STR("objective"), 1, &err) < 0)
		abort();
	for (int k = 0; k < runs; k++) {
		if (boost_new(a, &spec, &b, &err) < 0)
			abort();
		t = seconds(CLOCK_PROCESS_CPUTIME_ID);
		if (ml_kind_boosting.fit(b, &f, &err) != 0)
			abort();
		best = fmin(best, seconds(CLOCK_PROCESS_CPUTIME_ID) - t);
	}
	printf("{\"bench\":\"trees\",\"work\":\"W3\",\"what\":\"train\",\"seconds\":%.3f}\n", best);
	return b;
}

static void batch(const struct boost *b, struct arena *a, enum trees_path path,
		  const char *name)
{
	void *work = NEW_N(a, char, trees_work(&b->t) + 128);
	double best = 1e9, t, loss = 0;

	work = (void *)(((uintptr_t)work + 63) / 64 * 64);
	for (int k = 0; k < 25; k++) {
		t = seconds(CLOCK_PROCESS_CPUTIME_ID);
		trees_sum(&b->t, path, work, at, N, ret);
		best = fmin(best, seconds(CLOCK_PROCESS_CPUTIME_ID) - t);
	}
	for (size_t i = 0; i < N; i++) {
		double p = 1 / (1 + exp(-(double)ret[i]));

		loss -= log(y[i] > 0 ? p : 1 - p);
	}
	printf("{\"bench\":\"trees\",\"work\":\"W3\",\"what\":\"batch\",\"path\":\"%s\","
	       "\"ns_per_row\":%.1f,\"log_loss\":%.4f}\n", name, best / N * 1e9, loss / N);
}

static void single(const struct boost *b, struct arena *a)
{
	void *work = NEW_N(a, char, ml_kind_boosting.work(b, 1) + 128);
	static double took[SINGLES];
	float p[3];

	work = (void *)(((uintptr_t)work + 63) / 64 * 64);
	for (size_t i = 0; i < SINGLES; i++) {
		double t = seconds(CLOCK_MONOTONIC);

		ml_kind_boosting.forward(b, work, at + i, 1, p);
		took[i] = seconds(CLOCK_MONOTONIC) - t;
	}
	qsort(took, SINGLES, sizeof(*took), ascending);
	printf("{\"bench\":\"trees\",\"work\":\"W3\",\"what\":\"single\",\"us_p50\":%.2f,"
	       "\"us_p99\":%.2f}\n", took[SINGLES / 2] * 1e6, took[SINGLES * 99 / 100] * 1e6);
}

static void put(const char *name, const void *data, size_t n)
{
	FILE *f = fopen(name, "wb");

	if (f == NULL || fwrite(data, n, 1, f) != 1 || fclose(f) != 0) {
		perror(name);
		exit(1);
	}
}

static void write_model(struct arena *a, const char *objective, const char *model,
			const char *answers)
{
	unsigned outputs = strcmp(objective, "squared") == 0 ? 1 : 3;
	struct ml_set s = { .shape = { 1, F, outputs }, .n = N, .x = x, .end = end,
			    .cls = cls, .target = y };
	struct ml_fit f = { .train = &s };
	struct ml_spec spec;
	struct sbuf text;
	struct err err;
	void *m, *work;

	for (size_t i = 0; i < N && strcmp(objective, "softmax") == 0; i++)
		cls[i] = i % 7 == 0 ? ML_HOLD : cls[i];
	ml_spec_init(&spec, &ml_kind_boosting, outputs);
	spec.shape.features = F;
	sbuf_init(&text, a, (size_t)1 << 28);
	if (ml_spec_set(&spec, STR("rounds"), 20, &err) < 0 ||
	    ml_spec_set(&spec, STR("objective"), strcmp(objective, "logistic") == 0, &err) < 0 ||
	    ml_kind_boosting.make(a, &spec, &m, &err) < 0 ||
	    ml_kind_boosting.fit(m, &f, &err) != 0 || ml_xgb_export(m, &text, &err) < 0) {
		fprintf(stderr, "%s: %s\n", objective, err.msg);
		exit(1);
	}
	work = NEW_N(a, char, ml_kind_boosting.work(m, N) + 64);
	work = (void *)(((uintptr_t)work + 63) / 64 * 64);
	ml_kind_boosting.forward(m, work, at, N, ret);
	put(model, text.buf, text.len);
	put(answers, ret, (size_t)N * outputs * sizeof(float));
}

int main(int argc, char **argv)
{
	struct arena *a = arena_new("bench", (size_t)1 << 30);
	struct boost *b;

	samples();
	if (argc == 5 && strcmp(argv[1], "--model") == 0) {
		write_model(a, argv[2], argv[3], argv[4]);
		return 0;
	}
	if (argc == 3 && strcmp(argv[1], "--dump") == 0) {
		float *both = NEW_N(a, float, (size_t)N * (F + 1));

		memcpy(both, x, sizeof(x));
		memcpy(both + (size_t)N * F, y, sizeof(y));
		put(argv[2], both, sizeof(x) + sizeof(y));
		return 0;
	}
	b = train(a, 3);
	batch(b, a, TREES_PORTABLE, "portable");
	if (trees_path_best() >= TREES_AVX2)
		batch(b, a, TREES_AVX2, "avx2");
	if (trees_path_best() >= TREES_AVX512)
		batch(b, a, TREES_AVX512, "avx512");
	single(b, a);
	arena_free(&a);
	return 0;
}
