#include "config.h"

#include <math.h>
#include <string.h>

#include "ml/hist_i.h"

/* Ascending order of floats as unsigned numbers, and back. */
static uint32_t key_of(float f)
{
	uint32_t u;

	memcpy(&u, &f, sizeof(u));
	return u & 0x80000000u ? ~u : u | 0x80000000u;
}

static float of_key(uint32_t u)
{
	float f;

	u = u & 0x80000000u ? u & 0x7fffffffu : ~u;
	memcpy(&f, &u, sizeof(f));
	return f;
}

/* Eleven bits at a time. */
static void sort_keys(uint32_t *k, uint32_t *spare, size_t n)
{
	for (unsigned shift = 0; shift < 32; shift += 11) {
		size_t at[2048] = { 0 }, sum = 0, c;
		uint32_t *t;

		for (size_t i = 0; i < n; i++)
			at[k[i] >> shift & 2047]++;
		for (size_t i = 0; i < ARRAY_LEN(at); i++) {
			c = at[i];
			at[i] = sum;
			sum += c;
		}
		for (size_t i = 0; i < n; i++)
			spare[at[k[i] >> shift & 2047]++] = k[i];
		t = k;
		k = spare;
		spare = t;
	}
	/* Three turns: the result stands in what was the spare. */
	memcpy(spare, k, n * sizeof(*k));
}

static size_t distinct(const uint32_t *k, size_t n, size_t most)
{
	size_t d = n > 0;

	for (size_t i = 1; i < n && d <= most; i++)
		d += k[i] != k[i - 1];
	return d;
}

/* Cuts between the sorted values: each distinct one, or quantiles. */
static uint16_t choose_cuts(const uint32_t *k, size_t n, unsigned bins, float *cut)
{
	bool all = distinct(k, n, bins) <= bins;
	uint16_t m = 0;

	if (n == 0)
		return 0;
	for (size_t b = 1; b < (all ? n : bins); b++) {
		float v = of_key(k[all ? b : b * n / bins]);

		if (v > (m > 0 ? cut[m - 1] : of_key(k[0])))
			cut[m++] = v;
	}
	return m;
}

static uint8_t bin_of(const float *cut, uint16_t n_cuts, float v)
{
	unsigned at = 0;

	if (v != v)
		return HIST_MISSING;
	for (unsigned step = 128; step > 0; step /= 2)
		at += v >= cut[at + step - 1] ? step : 0;
	return (uint8_t)(at < n_cuts ? at : n_cuts);
}

static void bin_column(struct binned *b, const struct ml_set *s, uint32_t f,
		       const uint8_t *used, unsigned bins, uint32_t *keys,
		       uint32_t *spare)
{
	float *cut = b->cut + (size_t)f * HIST_BINS;
	size_t n = 0;

	for (uint32_t r = 0; r < b->rows; r++) {
		float v = s->x[(size_t)r * b->features + f];

		if (used[r] != 0 && v == v)
			keys[n++] = key_of(v);
	}
	sort_keys(keys, spare, n);
	for (unsigned i = 0; i < HIST_BINS; i++)
		cut[i] = INFINITY;
	b->n_cuts[f] = choose_cuts(keys, n, bins, cut);
	for (uint32_t r = 0; r < b->rows; r++) {
		uint8_t v = bin_of(cut, b->n_cuts[f],
				   s->x[(size_t)r * b->features + f]);

		b->by_column[(size_t)f * b->rows + r] = v;
		b->by_row[(size_t)r * b->features + f] = v;
	}
}

int ml_trees_set_check(const struct ml_shape *shape, const struct ml_set *s,
		       struct err *err)
{
	if (s->shape.window != shape->window || s->shape.features != shape->features ||
	    s->shape.outputs != shape->outputs)
		return FAIL(err, E_INVAL, "the samples are %u x %u -> %u, the model is %u x %u -> %u",
			    s->shape.window, s->shape.features, s->shape.outputs,
			    shape->window, shape->features, shape->outputs);
	if (s->n < 2 || s->n > 1u << 28)
		return FAIL(err, E_INVAL, "%zu samples are not enough to learn from", s->n);
	if (shape->outputs > 1 ? s->cls == NULL : s->target == NULL)
		return FAIL(err, E_INVAL, "the samples have no labels");
	for (size_t i = 0; i < s->n; i++) {
		if (s->end[i] + 1 < shape->window || (i > 0 && s->end[i] <= s->end[i - 1]))
			return FAIL(err, E_INVAL, "sample %zu is not behind the one before", i);
		if (shape->outputs > 1 && s->cls[i] >= ML_ACTIONS)
			return FAIL(err, E_INVAL, "sample %zu has class %u", i, s->cls[i]);
	}
	return 0;
}

void binned_make(struct arena *out, const struct ml_set *s, unsigned bins,
		 struct binned *ret)
{
	struct binned b = {
		.rows = s->end[s->n - 1] + 1, .features = s->shape.features,
		.window = s->shape.window, .n = (uint32_t)s->n,
		.inputs = s->shape.window * s->shape.features,
	};

	b.by_row = arena_alloc_n(out, b.rows, b.features);
	b.by_column = arena_alloc_n(out, b.rows, b.features);
	b.cut = NEW_N(out, float, (size_t)b.features * HIST_BINS);
	b.n_cuts = NEW_N(out, uint16_t, b.features);
	b.row = NEW_N(out, uint32_t, s->n);
	SCOPE(tmp, out) {
		uint8_t *used = NEW_N(tmp, uint8_t, b.rows);
		uint32_t *keys = NEW_N(tmp, uint32_t, b.rows);
		uint32_t *spare = NEW_N(tmp, uint32_t, b.rows);

		for (size_t i = 0; i < s->n; i++) {
			b.row[i] = s->end[i] + 1 - b.window;
			memset(used + b.row[i], 1, b.window);
		}
		for (uint32_t f = 0; f < b.features; f++)
			bin_column(&b, s, f, used, bins, keys, spare);
	}
	*ret = b;
}
