#ifndef ML_EVAL_H
#define ML_EVAL_H
/* eval.h - how good a model is, how sure that is, and whether it is better
 * than what anybody can have for nothing.  Definitions: doc/ml.md.
 *
 * All numbers are of samples the model never saw.  Intervals are 95 %, by
 * circular block bootstrap: neighbouring bars are alike, so blocks of them are
 * drawn.  "Better" is said only when the mean log loss is lower than that of
 * every baseline and the interval of each difference excludes zero. */
#include "core/arena.h"
#include "core/err.h"
#include "json/json.h"
#include "ml/model.h"

#define ML_METRICS(X)							\
	X(ACCURACY, "accuracy", true)					\
	X(BALANCED, "balanced_accuracy", true)				\
	X(PRECISION, "precision", true)	/* mean over classes */		\
	X(RECALL, "recall", true)					\
	X(F1, "f1", true)						\
	X(MCC, "mcc", true)						\
	X(LOG_LOSS, "log_loss", false)					\
	X(BRIER, "brier", false)					\
	X(ECE, "ece", false)						\
	X(AUC, "auc", true)	/* one against the rest, mean */	\
	X(PROFIT, "profit", true)	/* of the signal, after fees */	\
	X(SHARPE, "sharpe", true)	/* of the same, per bar */
enum ml_metric {
#define X(id, name, up) ML_M_##id,
	ML_METRICS(X)
#undef X
	ML_METRICS_N
};
const char *ml_metric_name(enum ml_metric m);
bool ml_metric_up(enum ml_metric m);		/* more is better */

struct ml_value { double value, low, high; };	/* NaN: not defined */

#define ML_BINS		10
#define ML_BASELINES_MAX 4
#define ML_ROC_POINTS	101
#define ML_PROFIT_POINTS 500

struct ml_class_row { double precision, recall, f1; size_t support; };
struct ml_bin { double from, to, mean_p, observed; size_t n; };
struct ml_roc { double auc; size_t n; float fpr[ML_ROC_POINTS], tpr[ML_ROC_POINTS]; };
struct ml_baseline {
	const char *name;		/* "majority" */
	struct ml_value metric[ML_METRICS_N];
	struct ml_value gain;		/* its log loss less the model's */
};
struct ml_importance { const char *feature; struct ml_value loss; };

struct ml_eval {
	size_t samples;
	struct ml_value metric[ML_METRICS_N];
	struct ml_class_row row[ML_ACTIONS];
	size_t confusion[ML_ACTIONS][ML_ACTIONS];	/* [actual][said] */
	struct ml_bin bin[ML_BINS];	/* of the probability of what was said */
	struct ml_roc roc[ML_ACTIONS];
	size_t n_baselines;
	struct ml_baseline baseline[ML_BASELINES_MAX];
	size_t n_importance;
	struct ml_importance *importance;	/* largest first */
	struct {			/* growth of 1, thinned */
		size_t n;
		int64_t *t;
		double *model, *buy_hold;
	} profit;
	bool better;
	const char *verdict;		/* a sentence */
};

struct ml_guess { const char *name; const float *p; };	/* a baseline: n x 3 */

struct ml_eval_in {
	size_t n;
	const float *p;			/* n x 3, calibrated */
	const uint8_t *cls;		/* what came */
	const int64_t *t;
	const float *next;	/* return of the bar after each sample; NULL: no profit */
	double fee;			/* of each trade: 0.001 */
	size_t n_baselines;
	struct ml_guess baseline[ML_BASELINES_MAX];
	uint32_t block;			/* bars a block, 0: by n and `reach` */
	uint32_t reach;			/* bars a label looks ahead */
	uint32_t draws;			/* 0: 500 */
	uint64_t seed;
};
/* -E_UNPROCESSABLE when there are fewer than 30 samples. */
MUST_CHECK int ml_evaluate(struct arena *out, const struct ml_eval_in *in,
			   struct ml_eval *ret, struct err *err);

/* Mean of a less b and its interval, by the same bootstrap: a model against
 * the one it may replace.  Positive: b's losses are lower. */
struct ml_value ml_paired(const double *a, const double *b, size_t n,
			  uint32_t block, uint32_t draws, uint64_t seed);
/* -ln of the probability given to what came. */
double ml_log_loss(const float p[static ML_ACTIONS], uint8_t cls);

/* The object of GET /models/{id}/evaluation, without `search`. */
void ml_eval_json(struct jw *w, const struct ml_eval *e);
/* {name:{value,low,high}} */
void ml_metrics_json(struct jw *w, const struct ml_value m[static ML_METRICS_N]);
void ml_eval_text(struct sbuf *b, const struct ml_eval *e);

#endif /* ML_EVAL_H */
