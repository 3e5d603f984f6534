#ifndef ML_BOOST_I_H
#define ML_BOOST_I_H
/* boost_i.h - gradient boosting, as xgb.c and the tests see it. */
#include "ml/hist_i.h"

enum boost_objective {
	BOOST_SQUARED,		/* one output: a return */
	BOOST_SOFTMAX,		/* three outputs, a tree each a round */
	BOOST_LOGISTIC,		/* one sum: buy against sell, hold never */
};

struct boost {
	unsigned magic;
#define BOOST_MAGIC 0x6b00571cu
	struct ml_spec spec;
	enum boost_objective objective;
	struct trees t;
	struct arena *mem;
	/* A fit that goes on: the rounds it goes to, the best so far. */
	double state[4];
#define BOOST_RUNNING	0
#define BOOST_GOAL	1
#define BOOST_BEST	2	/* rounds */
#define BOOST_BEST_LOSS	3
};

extern const struct ml_kind ml_kind_boosting;

/* Sums of the trees to what forward() answers. */
void boost_answer(enum boost_objective o, const float *sum, float *ret);
int boost_new(struct arena *out, const struct ml_spec *s, struct boost **ret,
	      struct err *err);

#endif /* ML_BOOST_I_H */
