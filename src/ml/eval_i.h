#ifndef ML_EVAL_I_H
#define ML_EVAL_I_H
/* eval_i.h - what the bootstrap draws, and metrics of samples that count as
 * often as they were drawn. */
#include "core/rand.h"
#include "ml/eval.h"

/* A guess made ready: everything that does not depend on the draw. */
struct ml_judged {
	size_t n;
	const uint8_t *cls;
	uint8_t *said;
	float *p_said;
	double *loss, *brier;
	uint32_t *order[ML_ACTIONS];	/* samples by rising p of the class */
	const float *p;
	double *net;			/* growth of each bar's position, ln; or NULL */
	double *ret;			/* its return after fees */
};
void ml_judge(struct arena *out, const struct ml_eval_in *in, const float *p,
	      struct ml_judged *ret);
/* w: how often each counts. */
void ml_measure(const struct ml_judged *j, const uint16_t *w,
		double ret[static ML_METRICS_N]);
/* Growth of each bar: long after "buy", nothing after "sell", unchanged after
 * "hold", less the fee of each change. */
void ml_signal(const uint8_t *said, const float *next, size_t n, double fee,
	       double *ret);

struct ml_draws { size_t n; uint32_t block, draws; struct rng r; };
void ml_draws_init(struct ml_draws *d, size_t n, uint32_t block, uint32_t reach,
		   uint32_t draws, uint64_t seed);
/* The next one: how often each sample counts. */
void ml_draw(struct ml_draws *d, uint16_t *ret_w);
/* 95 % of values; sorts them.  NaN are left out. */
void ml_interval(double *v, size_t n, struct ml_value *ret);

uint8_t ml_said(const float p[static ML_ACTIONS]);

#endif /* ML_EVAL_I_H */
