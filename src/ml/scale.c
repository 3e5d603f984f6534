#include "config.h"

#include <math.h>
#include <stdlib.h>

#include "ml/scale.h"

const char *ml_scale_name(enum ml_scale_kind k)
{
	switch (k) {
#define X(id, name) case ML_SCALE_##id: return name;
	ML_SCALES(X)
#undef X
	}
	assert(false);
	return NULL;
}

bool ml_scale_parse(struct str name, enum ml_scale_kind *ret)
{
#define X(id, text)							\
	if (str_eqc(name, text)) {					\
		*ret = ML_SCALE_##id;					\
		return true;						\
	}
	ML_SCALES(X)
#undef X
	return false;
}

bool ml_row_known(const float *row, size_t features)
{
	for (size_t j = 0; j < features; j++)
		if (isnan(row[j]))
			return false;
	return true;
}

static int by_value(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

/* Of sorted values, as numpy's default: linear between neighbours. */
static double quantile(const float *v, size_t n, double q)
{
	double at = q * (double)(n - 1), frac = at - floor(at);
	size_t i = (size_t)at;

	return i + 1 < n ? (double)v[i] + frac * ((double)v[i + 1] - (double)v[i]) :
	       (double)v[i];
}

struct centre { double offset, scale; };

static struct centre standard(const float *v, size_t n)
{
	double sum = 0, sq = 0, mean;

	for (size_t i = 0; i < n; i++)
		sum += (double)v[i];
	mean = sum / (double)n;
	for (size_t i = 0; i < n; i++)
		sq += ((double)v[i] - mean) * ((double)v[i] - mean);
	return (struct centre){ mean, sqrt(sq / (double)n) };
}

static struct centre robust(float *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
	return (struct centre){ quantile(v, n, 0.5),
		(quantile(v, n, 0.75) - quantile(v, n, 0.25)) / 1.349 };
}

void ml_scaler_fit(struct arena *out, enum ml_scale_kind k, const float *raw,
		   size_t features, size_t from, size_t to, struct ml_scaler *ret)
{
	float *offset = NEW_N(out, float, features), *scale = NEW_N(out, float, features);

	for (size_t j = 0; j < features; j++) {
		scale[j] = 1;
		if (k == ML_SCALE_NONE)
			continue;
		SCOPE(tmp, out) {
			float *v = NEW_N(tmp, float, to - from + 1);
			struct centre c = { 0, 0 };
			size_t n = 0;

			for (size_t i = from; i < to; i++)
				if (ml_row_known(raw + i * features, features))
					v[n++] = raw[i * features + j];
			if (n > 0)
				c = k == ML_SCALE_ROBUST ? robust(v, n) : standard(v, n);
			offset[j] = (float)c.offset;
			/* What varies less than its own rounding does not vary. */
			if (c.scale > 1e-7 * fabs(c.offset) && (float)c.scale > 0)
				scale[j] = (float)c.scale;
		}
	}
	*ret = (struct ml_scaler){ (uint32_t)features,
		k == ML_SCALE_NONE ? 0 : (float)ML_CLIP, offset, scale };
}

void ml_scale(const struct ml_scaler *s, const float *raw, size_t rows, float *x)
{
	for (size_t i = 0; i < rows; i++)
		for (size_t j = 0; j < s->features; j++) {
			size_t at = i * s->features + j;
			float v = (raw[at] - s->offset[j]) / s->scale[j];

			if (s->clip > 0)
				v = v > s->clip ? s->clip : v < -s->clip ? -s->clip : v;
			x[at] = v;
		}
}
