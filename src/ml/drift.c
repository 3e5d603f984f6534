#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ml/drift.h"
#include "ml/scale.h"

#define SHARE_LEAST 0.0001

const char *ml_drift_name(enum ml_drift_state s)
{
	switch (s) {
#define X(id, name) case ML_DRIFT_##id: return name;
	ML_DRIFTS(X)
#undef X
	}
	assert(false);
	return NULL;
}

enum ml_drift_state ml_drift_state(double psi)
{
	return psi >= ML_PSI_DRIFTED ? ML_DRIFT_DRIFTED :
	       psi >= ML_PSI_MODERATE ? ML_DRIFT_MODERATE : ML_DRIFT_STABLE;
}

static int by_value(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

/* The bin of a value: how many edges lie below it. */
static size_t bin_of(const float *edge, float v)
{
	size_t k = 0;

	while (k < ML_PSI_BINS - 1 && v > edge[k])
		k++;
	return k;
}

/* Known rows of one column; how many. */
static size_t column(const float *raw, size_t features, size_t rows, size_t j,
		     float *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < rows; i++)
		if (ml_row_known(raw + i * features, features))
			ret[n++] = raw[i * features + j];
	return n;
}

static void shares(const float *edge, const float *v, size_t n, double *ret)
{
	memset(ret, 0, ML_PSI_BINS * sizeof(*ret));
	for (size_t i = 0; i < n; i++)
		ret[bin_of(edge, v[i])] += 1 / (double)n;
}

void ml_drift_fit(struct arena *out, const float *raw, size_t features, size_t from,
		  size_t to, struct ml_drift *ret)
{
	float *edge = NEW_N(out, float, features * (ML_PSI_BINS - 1));
	float *share = NEW_N(out, float, features * ML_PSI_BINS);

	for (size_t j = 0; j < features; j++) SCOPE(tmp, out) {
		float *e = edge + j * (ML_PSI_BINS - 1), *v = NEW_N(tmp, float, to - from + 1);
		size_t n = column(raw + from * features, features, to - from, j, v);
		double s[ML_PSI_BINS];

		if (n == 0)
			break;
		qsort(v, n, sizeof(*v), by_value);
		for (size_t k = 0; k + 1 < ML_PSI_BINS; k++)
			e[k] = v[(k + 1) * n / ML_PSI_BINS];
		shares(e, v, n, s);
		for (size_t k = 0; k < ML_PSI_BINS; k++)
			share[j * ML_PSI_BINS + k] = (float)s[k];
	}
	*ret = (struct ml_drift){ (uint32_t)features, edge, share };
}

int ml_drift_psi(const struct ml_drift *d, const float *raw, size_t rows,
		 double *ret_psi)
{
	int worst = 0;

	for (size_t j = 0; j < d->features; j++) {
		const float *edge = d->edge + j * (ML_PSI_BINS - 1);
		double now[ML_PSI_BINS] = { 0 }, psi = 0;
		size_t n = 0;

		for (size_t i = 0; i < rows; i++)
			if (ml_row_known(raw + i * d->features, d->features)) {
				now[bin_of(edge, raw[i * d->features + j])]++;
				n++;
			}
		if (n < ML_PSI_LEAST)
			return -1;
		for (size_t k = 0; k < ML_PSI_BINS; k++) {
			double a = fmax((double)d->share[j * ML_PSI_BINS + k], SHARE_LEAST);
			double b = fmax(now[k] / (double)n, SHARE_LEAST);

			psi += (b - a) * log(b / a);
		}
		ret_psi[j] = psi;
		if (psi > ret_psi[worst])
			worst = (int)j;
	}
	return worst;
}
