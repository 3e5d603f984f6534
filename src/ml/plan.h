#ifndef ML_PLAN_H
#define ML_PLAN_H
/* plan.h - a plan of a training as JSON: what the API takes and what is stored
 * with a model.
 *
 *	{"features": ["rsi_14", ...], "window": 50,
 *	 "label": {"kind": "next", "threshold": 0.005, "bars": 1, "weights": false},
 *	 "params": {"rate": 0.001}, "layout": "dense 64 relu, dense 3", "seed": 1,
 *	 "scale": "standard", "calibration": "platt", "embargo": 0,
 *	 "fee": 0.001, "search": {"trials": 8, "layouts": [...], "rates": [...]}}
 *
 * What is absent has its usual value; kind, timeframe and ranges stand beside
 * it.  Written whole, so that a stored plan does not change when usual values
 * do. */
#include "json/json.h"
#include "ml/trainer.h"

/* -E_INVAL: *ret_field (may be NULL) then names the member that is wrong.
 * Texts live in `out`. */
MUST_CHECK int ml_plan_read(struct arena *out, const struct json *j,
			    const char *kind, enum tf tf, struct ml_plan *ret,
			    const char **ret_field, struct err *err);
/* Names the features that are meant by naming none: the usual ones and what
 * the kind needs. */
void ml_plan_complete(struct arena *out, struct ml_plan *p);
/* Makes the model of a complete plan, and those of the layouts it searches,
 * once, and throws them away: -E_INVAL with the sentence of what cannot be. */
MUST_CHECK int ml_plan_try(const struct ml_plan *p, struct err *err);
/* The plan behind a model file, as far as it tells it; its ranges are in
 * order.  Shares the model's memory. */
struct ml_model;
void ml_plan_of(const struct ml_model *m, struct ml_plan *ret);
void ml_plan_write(struct jw *w, const struct ml_plan *p);

#endif /* ML_PLAN_H */
