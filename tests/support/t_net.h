#ifndef TESTS_T_NET_H
#define TESTS_T_NET_H
/* t_net.h - small sets of samples for tests of networks. */
#include <math.h>
#include <string.h>

#include "core/rand.h"
#include "ml/model.h"

/* n samples of their own rows; a value is set with t_net_at(). */
static inline struct ml_set *t_net_set(struct arena *a, uint32_t window,
				       uint32_t features, uint32_t outputs, size_t n)
{
	struct ml_set *s = NEW(a, struct ml_set);
	uint32_t *end = NEW_N(a, uint32_t, n);
	int64_t *t = NEW_N(a, int64_t, n);

	for (size_t i = 0; i < n; i++) {
		end[i] = (uint32_t)(i + 1) * window - 1;
		t[i] = (int64_t)i;
	}
	*s = (struct ml_set){
		.shape = { window, features, outputs }, .n = n, .end = end,
		.x = NEW_N(a, float, n * window * features),
		.cls = outputs > 1 ? NEW_N(a, uint8_t, n) : NULL,
		.target = NEW_N(a, float, n), .t = t, .t_end = t,
	};
	return s;
}

static inline float *t_net_at(struct ml_set *s, size_t i)
{
	return (float *)(uintptr_t)ml_sample(s, i);
}

static inline void t_net_class(struct ml_set *s, size_t i, unsigned c)
{
	((uint8_t *)(uintptr_t)s->cls)[i] = (uint8_t)c;
}

static inline void t_net_target(struct ml_set *s, size_t i, double v)
{
	((float *)(uintptr_t)s->target)[i] = (float)v;
}

/* Two half circles in each other. */
static inline struct ml_set *t_net_moons(struct arena *a, size_t n, uint64_t seed)
{
	struct ml_set *s = t_net_set(a, 1, 2, 3, n);
	struct rng r;

	rng_seed(&r, seed);
	for (size_t i = 0; i < n; i++) {
		double at = 3.14159265358979 * rng_unit(&r);
		bool second = i % 2;
		float *x = t_net_at(s, i);

		x[0] = (float)((second ? 1 - cos(at) : cos(at)) + 0.1 * rng_gauss(&r));
		x[1] = (float)((second ? 0.5 - sin(at) : sin(at)) + 0.1 * rng_gauss(&r));
		t_net_class(s, i, second ? ML_SELL : ML_BUY);
	}
	return s;
}

/* The class was decided at the window's third step, by the first feature. */
static inline struct ml_set *t_net_memory(struct arena *a, uint32_t window,
					  size_t n, uint64_t seed)
{
	struct ml_set *s = t_net_set(a, window, 3, 3, n);
	struct rng r;

	rng_seed(&r, seed);
	for (size_t i = 0; i < n; i++) {
		float *x = t_net_at(s, i);

		for (uint32_t j = 0; j < window * 3; j++)
			x[j] = (float)rng_gauss(&r);
		t_net_class(s, i, x[6] > 0.4f ? ML_BUY : x[6] < -0.4f ? ML_SELL : ML_HOLD);
		t_net_target(s, i, (double)x[6]);
	}
	return s;
}

/* What comes after `window` values of a sine with noise of deviation 0.1. */
static inline struct ml_set *t_net_sine(struct arena *a, uint32_t window, size_t n,
					uint64_t seed)
{
	struct ml_set *s = t_net_set(a, window, 1, 1, n);
	struct rng r;

	rng_seed(&r, seed);
	for (size_t i = 0; i < n; i++) {
		double at = 6.28318530717959 * rng_unit(&r);
		float *x = t_net_at(s, i);

		for (uint32_t j = 0; j < window; j++)
			x[j] = (float)(sin(at + 0.4 * j) + 0.1 * rng_gauss(&r));
		t_net_target(s, i, sin(at + 0.4 * window) + 0.1 * rng_gauss(&r));
	}
	return s;
}

static inline void t_net_spec(struct ml_spec *s, const char *kind, const char *layout,
			      const struct ml_set *set)
{
	ml_spec_init(s, ml_kind_find(kind), set->shape.outputs);
	s->shape = set->shape;
	s->layout = layout != NULL ? layout : s->layout;
}

static inline void t_net_param(struct ml_spec *s, const char *name, double v)
{
	struct err err;

	if (ml_spec_set(s, str_c(name), v, &err) < 0)
		fail_msg("%s", err.msg);
}

static inline void *t_net_make(struct arena *a, const struct ml_spec *s)
{
	struct err err;
	void *m = NULL;

	if (ml_kind_find(s->kind)->make(a, s, &m, &err) < 0)
		fail_msg("%s: %s", s->layout, err.msg);
	return m;
}

static inline void t_net_fit(const struct ml_spec *s, void *m, const struct ml_set *t,
			     const struct ml_set *v)
{
	struct ml_fit f = { .train = t, .valid = v };
	struct err err;

	if (ml_kind_find(s->kind)->fit(m, &f, &err) < 0)
		fail_msg("%s: %s", s->layout, err.msg);
}

static inline void *t_net_work(struct arena *a, const struct ml_spec *s,
			       const void *m, size_t batch)
{
	unsigned char *p = arena_alloc_raw(a, ml_kind_find(s->kind)->work(m, batch) + 64);

	return p + (64 - (uintptr_t)p % 64) % 64;
}

/* All outputs of a set, asked for `batch` at a time. */
static inline float *t_net_ask(struct arena *a, const struct ml_spec *s, const void *m,
			       const struct ml_set *set, size_t batch)
{
	size_t outs = set->shape.outputs;
	float *y = NEW_N(a, float, set->n * outs);
	const float *x[64];
	void *work = t_net_work(a, s, m, batch);

	assert_true(batch <= ARRAY_LEN(x));
	for (size_t at = 0; at < set->n; at += batch) {
		size_t b = set->n - at < batch ? set->n - at : batch;

		for (size_t i = 0; i < b; i++)
			x[i] = ml_sample(set, at + i);
		ml_kind_find(s->kind)->forward(m, work, x, b, y + at * outs);
	}
	return y;
}

static inline double t_net_accuracy(struct arena *a, const struct ml_spec *s,
				    const void *m, const struct ml_set *set)
{
	const float *y = t_net_ask(a, s, m, set, 32);
	size_t right = 0;

	for (size_t i = 0; i < set->n; i++, y += 3)
		right += y[set->cls[i]] >= y[0] && y[set->cls[i]] >= y[1] &&
			 y[set->cls[i]] >= y[2];
	return (double)right / (double)set->n;
}

/* Every byte that would be kept. */
static inline void t_net_same(struct arena *a, const struct ml_spec *s, void *m1,
			      void *m2, bool state)
{
	const struct ml_kind *k = ml_kind_find(s->kind);
	const struct ml_tensor *t1, *t2;
	size_t n1 = k->tensors(a, m1, state, &t1), n2 = k->tensors(a, m2, state, &t2);

	assert_int_equal(n1, n2);
	for (size_t i = 0; i < n1; i++) {
		assert_string_equal(t1[i].name, t2[i].name);
		if (memcmp(t1[i].data, t2[i].data,
			   ml_tensor_len(&t1[i]) * ml_dtype_size(t1[i].dtype)) != 0)
			fail_msg("%s: %s differs", s->layout, t1[i].name);
	}
}

#endif /* TESTS_T_NET_H */
