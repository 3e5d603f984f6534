#ifndef ML_ENSEMBLE_I_H
#define ML_ENSEMBLE_I_H
/* ensemble_i.h - several models that answer as one.
 *
 * The layout names the members, "KIND [name=value ...] [: LAYOUT]" separated
 * by semicolons: "boosting rounds=100; logistic; lstm window=24: lstm 16,
 * dense out".  window=N of a member: it looks at the last N bars only.
 *
 * How much a member counts is decided on samples it was not trained on: the
 * training samples are walked through in `folds` steps, each predicted by
 * members trained on what came before it (its labels purged).  Then the members
 * are trained on all.
 *
 *	vote	members count as much as they were right
 *	regime	the same, apart for ranges, trends and volatile times
 *	stack	softmax regression on the logarithms of their probabilities */
#include "ml/model.h"

#define MEMBERS_MAX 8
#define REGIMES 3		/* range, trend, volatile */

enum ensemble_how { ENSEMBLE_VOTE, ENSEMBLE_STACK, ENSEMBLE_REGIME };

struct member {
	const struct ml_kind *kind;
	struct ml_spec spec;
	size_t skip;		/* values at the start of a sample it does not see */
	void *model;
	bool trained;
};

struct ensemble {
	unsigned magic;
#define ENSEMBLE_MAGIC 0xe25e3b1eu
	struct ml_spec spec;
	struct arena *mem;
	enum ensemble_how how;
	size_t n;
	struct member member[MEMBERS_MAX];
	struct member meta;		/* of a stack */
	const float *meta_coef;		/* 3 x (members x 3) */
	double *weight;			/* regimes (or 1) x members */
	double *cut;			/* [1] volatility from which it is volatile */
	int adx, volatility;		/* columns */
	/* A fit that goes on. */
	double state[2];
#define ENSEMBLE_RUNNING 0
#define ENSEMBLE_JOB 1
	float *oof;			/* samples x members x classes */
	size_t n_oof;			/* samples */
	void *run;			/* the model of a fold, being trained */
	struct arena *run_mem;
};

int ensemble_members(struct arena *out, const struct ml_spec *s,
		     struct member *ret, size_t *ret_n, struct err *err);
int ensemble_fit(void *m, const struct ml_fit *f, struct err *err);
void ensemble_meta_known(struct ensemble *e);	/* after it was trained, loaded */
unsigned ensemble_regime(const struct ensemble *e, const float *x);
/* Sums of the members' probabilities (n members x 3) to one answer. */
void ensemble_combine(const struct ensemble *e, const float *x, const float *p,
		      float *ret);
/* What the meta model sees of the members' probabilities. */
void ensemble_meta_input(const float *p, size_t n_members, float *ret);

#endif /* ML_ENSEMBLE_I_H */
