#ifndef ML_DRIFT_H
#define ML_DRIFT_H
/* drift.h - has the market left what the model learned from?
 *
 * Population stability index of a feature: the training rows are cut at their
 * deciles; with a the share of training rows in a bin and b that of the rows
 * now, PSI = sum (b - a) ln(b / a), shares at least 0.0001.  Below 0.1 stable,
 * from 0.1 moderate, from 0.25 drifted. */
#include "core/arena.h"

#define ML_PSI_BINS	10
#define ML_PSI_MODERATE	0.1
#define ML_PSI_DRIFTED	0.25
#define ML_PSI_LEAST	200		/* rows; with fewer there is no answer */

#define ML_DRIFTS(X) X(STABLE, "stable") X(MODERATE, "moderate")	\
	X(DRIFTED, "drifted")
enum ml_drift_state {
#define X(id, name) ML_DRIFT_##id,
	ML_DRIFTS(X)
#undef X
};
const char *ml_drift_name(enum ml_drift_state s);
enum ml_drift_state ml_drift_state(double psi);

struct ml_drift {			/* what the model file keeps */
	uint32_t features;
	const float *edge;		/* features x (ML_PSI_BINS - 1) */
	const float *share;		/* features x ML_PSI_BINS */
};
void ml_drift_fit(struct arena *out, const float *raw, size_t features,
		  size_t from, size_t to, struct ml_drift *ret);
/* psi: [features].  Returns the index of the largest, or -1: fewer than
 * ML_PSI_LEAST rows are known. */
int ml_drift_psi(const struct ml_drift *d, const float *raw, size_t rows,
		 double *ret_psi);

#endif /* ML_DRIFT_H */
