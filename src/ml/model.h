#ifndef ML_MODEL_H
#define ML_MODEL_H
/* model.h - what every kind of model is: samples in, outputs out.
 *
 * A kind (a network, trees, a table of Q-values ...) is a row: how a model of
 * it is made, trained, asked, explained, kept and loaded.  Trainer, evaluation,
 * model file, registry and strategies know only this.
 *
 * A sample is a window of rows, oldest bar first; a row is the scaled features
 * of one closed bar.  Values are finite: rows that are not known yet are left
 * out before.  Outputs are three probabilities that sum to 1 (in the order of
 * enum ml_action), or one return.
 *
 * Same spec, same samples, same seed: the same bytes.  forward() of 1 sample
 * and of 32 give the same bits, and allocate nothing. */
#include "core/arena.h"
#include "core/err.h"
#include "core/str.h"

enum ml_action { ML_BUY, ML_HOLD, ML_SELL, ML_ACTIONS };
const char *ml_action_name(enum ml_action a);	/* "buy" */

#define ML_PARAMS_MAX	24
#define ML_FEATURES_MAX	256
#define ML_WINDOW_MAX	512
#define ML_LAYOUT_MAX	512		/* characters */
#define ML_TENSORS_MAX	4096

struct ml_shape {
	uint32_t window, features;
	uint32_t outputs;		/* 3: classes, 1: a return */
};

/* ---- samples ---------------------------------------------------------- */

/* Samples share the rows of one matrix: sample i is the rows
 * end[i] - window + 1 .. end[i] of x, contiguous. */
struct ml_set {
	struct ml_shape shape;
	size_t n;			/* samples, in order of time */
	const float *x;			/* rows x features */
	const uint32_t *end;		/* [n]: window - 1 or more, ascending */
	const uint8_t *cls;		/* [n] ml_action; NULL: outputs == 1 */
	/* [n] the return to be predicted; of classes the one behind the label
	 * (a fraction: 0.01 is one per cent). */
	const float *target;
	const float *weight;		/* [n] of the sample, or NULL: 1 */
	/* [n] opening time of the sample's last bar; when its label was known */
	const int64_t *t, *t_end;
};

static inline const float *ml_sample(const struct ml_set *s, size_t i)
{
	assert(i < s->n && s->end[i] + 1 >= s->shape.window);
	return s->x + ((size_t)s->end[i] + 1 - s->shape.window) * s->shape.features;
}

/* ---- what to make ------------------------------------------------------ */

struct ml_param {
	const char *name;
	double def, min, max;
	bool integer;
	const char *doc;		/* one line */
};

/* Which feature a column is and how it was scaled: raw = x * scale + offset.
 * (x is clipped, so a raw value far out is not come back to.) */
struct ml_column { const char *name; double offset, scale; };

struct ml_spec {
	const char *kind;
	struct ml_shape shape;
	double param[ML_PARAMS_MAX];	/* in the order of the kind's params */
	/* Networks only: "dense 128 relu, batchnorm, dropout 0.3, dense 3". */
	const char *layout;		/* NULL: the kind's own */
	uint64_t seed;
	/* [features]; NULL: no names, nothing scaled.  A kind with `needs` finds
	 * its columns here. */
	const struct ml_column *columns;
};

/* ---- tensors ----------------------------------------------------------- */

enum ml_dtype { ML_F32, ML_F64, ML_I32, ML_U8 };
size_t ml_dtype_size(enum ml_dtype t);

/* Row-major.  What only a checkpoint holds (moments of the optimiser, the
 * generator, the epoch) is named "state. ..."; no other tensor is. */
struct ml_tensor {
	const char *name;
	enum ml_dtype dtype;
	uint8_t dims;			/* 0..4; 0: one value */
	uint32_t dim[4];
	void *data;
};
size_t ml_tensor_len(const struct ml_tensor *t);	/* values */
/* NULL when there is none of this name. */
const struct ml_tensor *ml_tensor_find(const struct ml_tensor *t, size_t n,
				       const char *name);
/* One that must be there with exactly this type and these dimensions
 * (d1 == 0: one dimension).  -E_INVAL with a sentence that names it. */
MUST_CHECK int ml_tensor_need(const struct ml_tensor *t, size_t n,
			      const char *name, enum ml_dtype dtype, uint32_t d0,
			      uint32_t d1, const struct ml_tensor **ret,
			      struct err *err);

/* ---- training ---------------------------------------------------------- */

/* For trees an epoch is a round, for Q-learning an episode. */
struct ml_progress {
	unsigned epoch, epochs;		/* done, and at most */
	double train_loss, valid_loss, valid_accuracy;	/* NaN: not known */
	double rate;			/* learning rate of this epoch */
};

struct ml_fit {
	const struct ml_set *train;
	const struct ml_set *valid;	/* NULL: no early stopping */
	/* After each epoch; other than 0 ends the fit and is returned by it
	 * (cancel).  tensors(state = true) may be called in it: a checkpoint. */
	int (*progress)(void *ctx, const struct ml_progress *p);
	void *ctx;
};

/* ---- kinds ------------------------------------------------------------- */

struct ml_kind {
	const char *name;		/* "lstm" */
	const char *title;		/* "LSTM network" */
	const char *group;	/* "network" "trees" "linear" "q" "ensemble" */
	const struct ml_param *params;
	size_t n_params;
	uint32_t window;		/* usual window; 1: one bar */
	const char *layout;		/* usual layout, or NULL */
	/* Features without which it makes no sense, NULL-ended; or NULL. */
	const char *const *needs;

	/* Untrained, weights drawn from the seed.  The model lives in `out`
	 * and takes its scratch for fit() from SCOPEs of it.  -E_INVAL with a
	 * sentence that names what is wrong with the spec. */
	int (*make)(struct arena *out, const struct ml_spec *s, void **ret,
		    struct err *err);
	/* Trains; may be called again on what it trained (a warm start).  Goes
	 * on from a checkpoint when the state's tensors were loaded: the bits
	 * are those of a run that was never interrupted. */
	int (*fit)(void *m, const struct ml_fit *f, struct err *err);
	/* Bytes of scratch for forward() and explain(), 64-byte aligned. */
	size_t (*work)(const void *m, size_t batch);
	/* x[i]: sample i, window x features.  ret: n x outputs. */
	void (*forward)(const void *m, void *work, const float *const *x,
			size_t n, float *ret);
	/* How much each value of one sample moved this output away from what a
	 * sample of zeros (trees: the mean) gives: window x features numbers.
	 * `work` is of batch 1. */
	void (*explain)(const void *m, void *work, const float *x,
			unsigned output, float *ret);
	/* What is to be kept; `state`: the optimiser's too.  The data may be the
	 * model's own: write it before the next fit().  Returns how many. */
	size_t (*tensors)(struct arena *out, void *m, bool state,
			  const struct ml_tensor **ret);
	/* From a file's tensors: data may point into a read-only mapping that
	 * outlives the model and is used in place where it is aligned.  The
	 * tensors are input: whatever they hold, this returns. */
	int (*load)(struct arena *out, const struct ml_spec *s,
		    const struct ml_tensor *t, size_t n, void **ret,
		    struct err *err);
};

extern const struct ml_kind *const ml_kinds[];	/* NULL-ended, in their order */
size_t ml_kinds_n(void);
const struct ml_kind *ml_kind_find(const char *name);	/* NULL: no such kind */

/* The kind's defaults: parameters, layout, window; seed 1, no features. */
void ml_spec_init(struct ml_spec *ret, const struct ml_kind *k,
		  uint32_t outputs);
/* "rate=0.001": -E_INVAL names the parameter, its range, or what there is. */
MUST_CHECK int ml_spec_set(struct ml_spec *s, struct str name, double v,
			   struct err *err);
/* Kind, shape, parameters, needs; make() checks what only it knows. */
MUST_CHECK int ml_spec_check(const struct ml_spec *s, struct err *err);
/* Of the spec's kind; asserts that there is such a parameter. */
double ml_spec_param(const struct ml_spec *s, const char *name);
/* The column of a feature; -1: not among them. */
int ml_spec_column(const struct ml_spec *s, const char *feature);

#endif /* ML_MODEL_H */
