#ifndef ML_FEATURE_I_H
#define ML_FEATURE_I_H
/* feature_i.h - how a row of the feature table is computed. */
#include "ml/feature.h"

/* What is there of each bar before any indicator.  The last four compare with
 * the bar before: NaN at the first. */
enum ml_col { C_OPEN, C_HIGH, C_LOW, C_CLOSE, C_VOLUME,
	      C_RET, C_RET2, C_FLOW, C__N };

#define CALC_PARTS 3
#define CALC_INPUTS 4
#define CALC_PARAMS 3
/* An output of an indicator; ind NULL: the column in[0] itself. */
struct ml_part {
	const char *ind;
	enum ml_col in[CALC_INPUTS];
	double p[CALC_PARAMS];		/* the first ones; 0: as they are */
	uint8_t out;
};

struct ml_calc {
	struct ml_part part[CALC_PARTS];
	uint8_t n;
	bool book;			/* v[0] is the order book's imbalance */
	/* v: the parts.  What divides by nothing gives NaN. */
	double (*f)(const double *v, const struct bar *b);
};

#endif /* ML_FEATURE_I_H */
