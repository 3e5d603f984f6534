#ifndef ML_SCALE_H
#define ML_SCALE_H
/* scale.h - features to numbers of one size, learned from training rows only.
 *
 * x = clamp((raw - offset) / scale, -clip, clip).  A column that never changes
 * gets scale 1. */
#include "core/arena.h"
#include "core/str.h"

#define ML_SCALES(X) X(STANDARD, "standard") /* mean, deviation */	\
	X(ROBUST, "robust")	/* median, quartile distance / 1.349 */	\
	X(NONE, "none")
enum ml_scale_kind {
#define X(id, name) ML_SCALE_##id,
	ML_SCALES(X)
#undef X
};
const char *ml_scale_name(enum ml_scale_kind k);
MUST_CHECK bool ml_scale_parse(struct str name, enum ml_scale_kind *ret);

#define ML_CLIP 5.0
struct ml_scaler {
	uint32_t features;
	float clip;			/* 0: not clipped */
	const float *offset, *scale;	/* [features], scale > 0 */
};
/* Of rows x features raw values, of which rows from..to-1 are learned from;
 * rows with a NaN are not. */
void ml_scaler_fit(struct arena *out, enum ml_scale_kind k, const float *raw,
		   size_t features, size_t from, size_t to,
		   struct ml_scaler *ret);
/* rows x features; x may be raw.  NaN stays NaN. */
void ml_scale(const struct ml_scaler *s, const float *raw, size_t rows, float *x);
bool ml_row_known(const float *row, size_t features);	/* no NaN */

#endif /* ML_SCALE_H */
