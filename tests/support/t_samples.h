#ifndef TESTS_T_SAMPLES_H
#define TESTS_T_SAMPLES_H
/* t_samples.h - small sets of samples for the tests of models. */
#include <math.h>
#include <string.h>

#include "core/rand.h"
#include "ml/model.h"

/* n samples of one bar: rows x features, classes and targets to be filled. */
static inline struct ml_set *t_set(struct arena *a, size_t n, uint32_t features,
				   uint32_t outputs)
{
	struct ml_set *s = NEW(a, struct ml_set);
	uint32_t *end = NEW_N(a, uint32_t, n);
	int64_t *t = NEW_N(a, int64_t, n), *t_end = NEW_N(a, int64_t, n);

	for (size_t i = 0; i < n; i++) {
		end[i] = (uint32_t)i;
		t[i] = (int64_t)i * 60000;
		t_end[i] = t[i] + 60000;
	}
	*s = (struct ml_set){
		.shape = { 1, features, outputs }, .n = n, .end = end, .t = t,
		.t_end = t_end, .x = NEW_N(a, float, n * features),
		.cls = outputs == 3 ? NEW_N(a, uint8_t, n) : NULL,
		.target = NEW_N(a, float, n),
	};
	return s;
}
#define T_X(s, i)	((float *)(uintptr_t)(s)->x + (i) * (s)->shape.features)
#define T_CLS(s)	((uint8_t *)(uintptr_t)(s)->cls)
#define T_TARGET(s)	((float *)(uintptr_t)(s)->target)

static inline struct ml_set *t_xor(struct arena *a, size_t n, uint64_t seed)
{
	struct ml_set *s = t_set(a, n, 2, 3);
	struct rng r;

	rng_seed(&r, seed);
	for (size_t i = 0; i < n; i++) {
		T_X(s, i)[0] = (float)rng_gauss(&r);
		T_X(s, i)[1] = (float)rng_gauss(&r);
		T_CLS(s)[i] = (T_X(s, i)[0] > 0) != (T_X(s, i)[1] > 0) ? ML_BUY : ML_SELL;
		T_TARGET(s)[i] = T_CLS(s)[i] == ML_BUY ? 0.01F : -0.01F;
	}
	return s;
}

static inline struct ml_set *t_moons(struct arena *a, size_t n, uint64_t seed)
{
	struct ml_set *s = t_set(a, n, 2, 3);
	struct rng r;

	rng_seed(&r, seed);
	for (size_t i = 0; i < n; i++) {
		double at = 3.14159265358979 * rng_unit(&r);
		bool upper = rng_u64(&r) & 1;

		T_X(s, i)[0] = (float)((upper ? cos(at) : 1 - cos(at)) + 0.1 * rng_gauss(&r));
		T_X(s, i)[1] = (float)((upper ? sin(at) : 0.5 - sin(at)) + 0.1 * rng_gauss(&r));
		T_CLS(s)[i] = upper ? ML_BUY : ML_SELL;
		T_TARGET(s)[i] = upper ? 0.01F : -0.01F;
	}
	return s;
}

/* Noise in `features` columns; three classes hidden in the first two of them. */
static inline struct ml_set *t_planted(struct arena *a, size_t n, uint32_t features,
				       uint32_t outputs, uint64_t seed)
{
	struct ml_set *s = t_set(a, n, features, outputs);
	struct rng r;

	rng_seed(&r, seed);
	for (size_t i = 0; i < n; i++) {
		double z;

		for (uint32_t f = 0; f < features; f++)
			T_X(s, i)[f] = (float)rng_gauss(&r);
		z = (double)T_X(s, i)[0] + 0.5 * (double)T_X(s, i)[1] + 0.3 * rng_gauss(&r);
		T_TARGET(s)[i] = (float)(0.01 * z);
		if (outputs == 3)
			T_CLS(s)[i] = z > 0.4 ? ML_BUY : z < -0.4 ? ML_SELL : ML_HOLD;
	}
	return s;
}

static inline void *t_work(struct arena *a, const struct ml_kind *k, const void *m,
			   size_t batch)
{
	uintptr_t p = (uintptr_t)arena_alloc(a, k->work(m, batch) + 64);

	return (void *)((p + 63) / 64 * 64);
}

/* All answers, one sample at a time. */
static inline float *t_ask(struct arena *a, const struct ml_kind *k, const void *m,
			   const struct ml_set *s)
{
	float *p = NEW_N(a, float, s->n * s->shape.outputs);
	void *work = t_work(a, k, m, 1);

	for (size_t i = 0; i < s->n; i++) {
		const float *x = ml_sample(s, i);

		k->forward(m, work, &x, 1, p + i * s->shape.outputs);
	}
	return p;
}

static inline double t_accuracy(struct arena *a, const struct ml_kind *k,
				const void *m, const struct ml_set *s)
{
	const float *p = t_ask(a, k, m, s);
	size_t right = 0;

	for (size_t i = 0; i < s->n; i++, p += 3) {
		unsigned best = p[1] > p[0] ? 1 : 0;

		best = p[2] > p[best] ? 2 : best;
		right += best == s->cls[i];
	}
	return (double)right / (double)s->n;
}

static inline struct ml_spec t_spec(const char *kind, const struct ml_set *s)
{
	struct ml_spec spec;

	ml_spec_init(&spec, ml_kind_find(kind), s->shape.outputs);
	spec.shape = s->shape;
	return spec;
}

static inline void t_param(struct ml_spec *s, const char *name, double v)
{
	struct err err = { 0 };

	if (ml_spec_set(s, str_c(name), v, &err) < 0)
		fail_msg("%s", err.msg);
}

/* Made and trained. */
static inline void *t_train(struct arena *a, const struct ml_spec *spec,
			    const struct ml_set *train, const struct ml_set *valid)
{
	const struct ml_kind *k = ml_kind_find(spec->kind);
	struct ml_fit f = { .train = train, .valid = valid };
	struct err err = { 0 };
	void *m = NULL;

	if (ml_spec_check(spec, &err) < 0 || k->make(a, spec, &m, &err) < 0 ||
	    k->fit(m, &f, &err) != 0)
		fail_msg("%s: %s", spec->kind, err.msg);
	return m;
}

/* Copies of tensors in memory that ends where they end: as a file's would. */
static inline struct ml_tensor *t_copied(struct arena *a, const struct ml_tensor *t,
					 size_t n)
{
	struct ml_tensor *c = NEW_N(a, struct ml_tensor, n);

	for (size_t i = 0; i < n; i++) {
		size_t size = ml_tensor_len(&t[i]) * ml_dtype_size(t[i].dtype);

		c[i] = t[i];
		c[i].data = memcpy(arena_alloc(a, size > 0 ? size : 1), t[i].data, size);
		c[i].name = arena_strdup(a, t[i].name);
	}
	return c;
}

/* The tensors of both models are the same bytes. */
static inline void t_same(struct arena *a, const struct ml_kind *k, void *m, void *o)
{
	const struct ml_tensor *p, *q;
	size_t n = k->tensors(a, m, false, &p);

	assert_int_equal(k->tensors(a, o, false, &q), n);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(p[i].name, q[i].name);
		assert_int_equal(ml_tensor_len(&p[i]), ml_tensor_len(&q[i]));
		if (memcmp(p[i].data, q[i].data, ml_tensor_len(&p[i]) *
			   ml_dtype_size(p[i].dtype)) != 0)
			fail_msg("%s differs", p[i].name);
	}
}

/* Stops at an epoch, with a checkpoint. */
struct t_stop {
	const struct ml_kind *kind;
	void *model;
	struct arena *arena;
	unsigned at, seen;		/* at 0: never */
	struct ml_tensor *t;
	size_t n;
};
static inline int t_stop_here(void *ctx, const struct ml_progress *p)
{
	struct t_stop *s = ctx;
	const struct ml_tensor *t;

	(void)p;
	if (++s->seen != s->at)
		return 0;
	s->n = s->kind->tensors(s->arena, s->model, true, &t);
	s->t = t_copied(s->arena, t, s->n);
	return 7;
}

/* Interrupted after each of the epochs given and resumed from the checkpoint,
 * it becomes what it would have become uninterrupted. */
static inline void t_resumes(struct arena *a, const struct ml_spec *spec,
			     const struct ml_set *train, const struct ml_set *valid,
			     const unsigned *at, size_t n)
{
	const struct ml_kind *k = ml_kind_find(spec->kind);
	struct t_stop never = { .kind = k };
	struct ml_fit whole = { train, valid, t_stop_here, &never };
	struct err err = { 0 };
	void *m, *again;

	assert_int_equal(k->make(a, spec, &m, &err), 0);
	assert_int_equal(k->fit(m, &whole, &err), 0);
	for (size_t i = 0; i < n; i++) {
		struct t_stop stop = { .kind = k, .arena = a, .at = at[i] };
		struct ml_fit f = { train, valid, t_stop_here, &stop };

		assert_true(at[i] <= never.seen);
		assert_int_equal(k->make(a, spec, &stop.model, &err), 0);
		assert_int_equal(k->fit(stop.model, &f, &err), 7);
		if (k->load(a, spec, stop.t, stop.n, &again, &err) < 0)
			fail_msg("%s", err.msg);
		f.progress = NULL;
		assert_int_equal(k->fit(again, &f, &err), 0);
		t_same(a, k, m, again);
	}
}

#endif /* TESTS_T_SAMPLES_H */
