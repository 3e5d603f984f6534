#ifndef ML_XGB_H
#define ML_XGB_H
/* xgb.h - models of gradient boosting in xgboost's JSON format.
 *
 * Read are models of the booster gbtree with the objectives reg:squarederror,
 * binary:logistic (the positive class is buy, the other sell) and
 * multi:softprob or multi:softmax of three classes (buy, hold, sell), without
 * categorical features, as xgboost 1.x to 3.x write them.  Written is what
 * they all read; where the sums begin (base) is put into the leaves of the
 * first round, because its form has changed between versions. */
#include "core/sbuf.h"
#include "ml/model.h"

/* The text is input.  window: what the features are folded into (1: a bar).
 * The model is one of the kind boosting, its spec fits it. */
MUST_CHECK int ml_xgb_import(struct arena *out, const char *text, size_t n,
			     uint32_t window, struct ml_spec *ret_spec,
			     void **ret_model, struct err *err);
/* Of a model of the kind boosting with at least one round. */
MUST_CHECK int ml_xgb_export(const void *model, struct sbuf *to, struct err *err);

#endif /* ML_XGB_H */
