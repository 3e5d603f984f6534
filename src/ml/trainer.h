#ifndef ML_TRAINER_H
#define ML_TRAINER_H
/* trainer.h - bars in, model file out.
 *
 *	features -> labels -> split by time, purged -> scaler of the training
 *	part -> fit -> calibration on the validation part -> judged on the test
 *	part -> model file
 *
 * The same bars, plan and seed give the same file, byte for byte; cancelled
 * and gone on from its checkpoint as well. */
#include "ml/calib.h"
#include "ml/eval.h"
#include "ml/feature.h"
#include "ml/label.h"
#include "ml/scale.h"

#define ML_TRIALS_MAX 64

struct ml_plan {
	/* kind, layout, param, seed and shape.window are read (window 0: the
	 * kind's); features, outputs and columns follow from what is below. */
	struct ml_spec spec;
	const char *name;		/* of the model; may be NULL */
	const char *market;		/* "binance:BTC/USDT"; may be NULL */
	enum tf tf;
	/* NULL: the usual ones, and what the kind needs. */
	const char *const *features;
	size_t n_features;
	struct ml_label label;
	enum ml_scale_kind scale;
	enum ml_calib_kind calib;	/* of classes; a return takes NORMAL */
	/* Opening times: training [train_from, train_to), validation up to
	 * valid_to, test up to test_to.  train_to 0: 60, 20 and 20 % of what lies
	 * in train_from .. test_to (0: of all). */
	int64_t train_from, train_to, valid_to, test_to;
	uint32_t embargo;		/* bars */
	double fee;
	/* Successive halving, when trials > 0: that many drawn from layouts x
	 * rates (empty: the kind's own); the best half goes on, twice as long. */
	struct {
		uint32_t trials;
		const char *const *layouts;
		size_t n_layouts;
		const double *rates;
		size_t n_rates;
	} search;
};
/* Usual values: label next, standard scaling, platt, fee 0.1 %. */
void ml_plan_init(struct ml_plan *ret, const struct ml_kind *k, enum tf tf);
MUST_CHECK int ml_plan_check(const struct ml_plan *p, struct err *err);

#define ML_PHASES(X) X(FEATURES, "features") X(SEARCH, "search")	\
	X(FIT, "fit") X(EVALUATE, "evaluate") X(DONE, "done")
enum ml_phase {
#define X(id, name) ML_PHASE_##id,
	ML_PHASES(X)
#undef X
};
const char *ml_phase_name(enum ml_phase p);

struct ml_step {
	enum ml_phase phase;
	double done;			/* 0..1 of everything */
	struct ml_progress epoch;	/* of phase FIT and SEARCH */
	uint32_t trial;			/* of phase SEARCH, from 0 */
};
struct ml_hooks {			/* all may be NULL */
	/* After each epoch and between phases; other than 0 (a negative error
	 * code) ends the training, and is returned with a sentence. */
	int (*step)(void *ctx, const struct ml_step *s);
	/* After every `every` epochs of phase FIT, before step(): all that is
	 * needed to go on.  Other than 0 ends the training. */
	int (*checkpoint)(void *ctx, const void *bytes, size_t n);
	uint32_t every;			/* 0: 1 */
	void *ctx;
};

struct ml_epoch_row { float train_loss, valid_loss, valid_accuracy, rate; };
struct ml_trial {			/* a candidate of the search */
	const char *layout;		/* NULL: the kind has none */
	double rate;			/* NaN: the kind has none */
	uint32_t round;			/* halvings it lived through */
	double loss;			/* of the validation part, at its end */
	bool chosen;
};
struct ml_trained {
	const void *file;		/* the model file: ml_file_save() */
	size_t size;
	char sum[ML_HASH_HEX + 1];	/* hex SHA-256 of the whole file */
	char feature_hash[ML_HASH_HEX + 1];
	const char *const *features;
	size_t n_features;
	uint32_t window;
	const char *layout;		/* may be NULL */
	/* As they became: opening times of the first sample and behind the last
	 * of each part. */
	int64_t train_from, train_to, valid_to, test_to;
	size_t n_train, n_valid, n_test;
	double valid_loss;		/* log loss there, calibrated */
	struct ml_eval eval;		/* of the test part */
	size_t n_curve;
	struct ml_epoch_row *curve;
	size_t n_trials;
	struct ml_trial *trial;
};
/* b: closed candles of plan->tf, ascending; book as in feature.h or NULL.
 * resume: what checkpoint() was last given for this plan, these bars; or NULL.
 * -E_INVAL the plan; -E_UNPROCESSABLE too few samples, or a feature that needs
 * what is not known; whatever a hook returned. */
MUST_CHECK int ml_train(struct arena *out, const struct ml_plan *plan,
			const struct bars *b, const double *book,
			const void *resume, size_t n_resume,
			const struct ml_hooks *h, struct ml_trained *ret,
			struct err *err);
/* Walk forward: the second half of the samples cut into `folds` tests, one after
 * the other, each judged by a model trained on all before it (the last fifth of
 * that to validate), purged and with the plan's embargo.  ret is of all tests
 * together.  Steps and errors as of ml_train; the plan's ranges but train_from
 * and test_to do not count. */
#define ML_FOLDS_MAX 50
MUST_CHECK int ml_walk_forward(struct arena *out, const struct ml_plan *plan,
			       const struct bars *b, const double *book,
			       uint32_t folds, const struct ml_hooks *h,
			       struct ml_eval *ret, struct err *err);

#endif /* ML_TRAINER_H */
