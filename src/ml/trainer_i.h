#ifndef ML_TRAINER_I_H
#define ML_TRAINER_I_H
/* trainer_i.h - what the steps of a training hand on. */
#include "ml/folds.h"
#include "ml/model_i.h"
#include "ml/trainer.h"

/* Candles made into samples, cut by time.  Lives until the training ends. */
struct ml_data {
	struct arena *a;
	const struct ml_kind *kind;
	const struct ml_plan *plan;
	const struct bars *bars;
	const char *const *names;
	uint32_t features, window;
	float *raw, *x;			/* bars x features */
	struct ml_scaler scaler;
	struct ml_drift drift;
	struct ml_spec spec;		/* whole */
	struct ml_set all, train, valid, test;
	uint8_t *cls;			/* of every sample; a return's too */
	size_t row_from, row_to;	/* rows that were learned from */
	int64_t train_from, train_to, valid_to, test_to;
};
MUST_CHECK int ml_data_make(struct arena *a, const struct ml_plan *plan,
			    const struct bars *b, const double *book,
			    struct ml_data *ret, struct err *err);
/* Outputs of a set's samples: n x outputs. */
void ml_outputs(struct arena *out, const struct ml_kind *k, const void *m,
		const struct ml_set *s, float *ret);

/* A training under way, for its hooks. */
struct ml_run {
	const struct ml_data *d;
	const struct ml_hooks *h;
	struct err *err;
	struct arena *out;		/* what is returned lives here */
	void *m;
	const struct ml_kind *kind;
	char key[ML_HASH_HEX + 1];	/* of plan and bars */
	const char *layout;		/* as searched */
	double rate;			/* NaN: the kind has none */
	struct ml_trial *trial;
	size_t n_trials;
	uint32_t now;			/* trial */
	struct ml_epoch_row *curve;
	size_t n_curve, size_curve;
	double from, to;		/* done of everything in this phase */
	enum ml_phase phase;
};
/* Makes and fits r->m: from a checkpoint, after a search, or plainly. */
MUST_CHECK int ml_learn(struct ml_run *r, const void *resume, size_t n_resume);
int ml_tell(const struct ml_run *r, enum ml_phase phase, double done,
	    const struct ml_progress *p);
/* The progress() of a fit; ctx is the run. */
int ml_on_epoch(void *ctx, const struct ml_progress *p);

/* Layout and rate by successive halving. */
MUST_CHECK int ml_search(struct ml_run *r);
/* The index of a parameter of the kind; -1. */
int ml_param_at(const struct ml_kind *k, const char *name);

/* All that is needed to go on, and going on: *ret is the kind's model. */
void ml_checkpoint_write(struct arena *out, struct ml_run *r, const void **ret,
			 size_t *ret_n);
MUST_CHECK int ml_checkpoint_read(struct ml_run *r, struct ml_spec *s,
				  const void *bytes, size_t n, void **ret);

/* Calibration of the validation part; the mean log loss there. */
double ml_calibrate(struct arena *out, const struct ml_data *d, const void *m,
		  struct ml_calib *ret);
/* What the model and the baselines say of the test part. */
MUST_CHECK int ml_guesses(struct arena *out, const struct ml_data *d, const void *m,
			  const struct ml_calib *c, struct ml_eval_in *ret,
			  struct err *err);
/* Of the test part, against the baselines. */
MUST_CHECK int ml_judge_test(struct arena *out, const struct ml_data *d, const void *m,
			     const struct ml_calib *c, struct ml_eval *ret,
			     struct err *err);

#endif /* ML_TRAINER_I_H */
