#ifndef ML_NET_I_H
#define ML_NET_I_H
/* net_i.h - a network: layers one after the other, their tensors, and what
 * training remembers from one epoch to the next. */
#include "ml/layer_i.h"
#include "ml/model.h"

#define NET_LAYERS	32
#define NET_TENSORS	128
#define NET_CHUNK	32		/* samples at once, most */
#define NET_EXPLAIN	4		/* the same for explain() */
#define NET_WEIGHTS	((size_t)4 << 20)	/* most weights */
#define NET_ROOM	((size_t)64 << 20)	/* most reals of a training step */
#define NET_WORK	((size_t)8 << 20)	/* most reals of a question */

#define NET_PARAMS(X)							\
	X(EPOCHS, "epochs", 50, 1, 10000, true, "most passes over the training samples") \
	X(BATCH, "batch", 32, 1, 1024, true, "samples of a step")	\
	X(RATE, "rate", 0.001, 1e-7, 10, false, "learning rate")	\
	X(OPTIMISER, "optimiser", 0, 0, 2, true, "0 Adam, 1 AdamW, 2 SGD with momentum") \
	X(MOMENTUM, "momentum", 0.9, 0, 0.9999, false, "of SGD; the first beta of Adam") \
	X(BETA2, "beta2", 0.999, 0, 0.999999, false, "the second beta of Adam") \
	X(DECAY, "decay", 0.01, 0, 1, false, "weight decay of AdamW and SGD; biases keep theirs") \
	X(CLIP, "clip", 1, 0, 1e6, false, "longest gradient; 0: any length") \
	X(SCHEDULE, "schedule", 0, 0, 3, true, "of the rate: 0 constant, 1 steps, 2 cosine, 3 plateau") \
	X(WARM_UP, "warm_up", 0, 0, 100, false, "epochs in which the rate grows from 0") \
	X(STEP, "step", 10, 1, 10000, true, "epochs of a step; without progress, of a plateau") \
	X(FACTOR, "factor", 0.5, 0.001, 1, false, "of the rate at a step or plateau") \
	X(PATIENCE, "patience", 10, 0, 10000, true, "epochs without a better validation loss before the end; 0: no end") \
	X(MIN_DELTA, "min_delta", 0, 0, 1, false, "by how much better is better") \
	X(HUBER, "huber", 0, 0, 1000, false, "returns: errors beyond this count linearly; 0: squares only")

enum net_param {
#define X(id, name, def, min, max, whole, doc) NET_##id,
	NET_PARAMS(X)
#undef X
	NET__PARAMS
};

enum net_init { INIT_ZERO, INIT_ONE, INIT_HE, INIT_GLOROT, INIT_RECUR, INIT_FORGET };

struct net_tensor {
	const char *name;		/* "0.lstm.wx" */
	uint32_t rows, cols;		/* rows 0: one dimension */
	enum net_init init;
	bool learned;			/* by the gradient */
	size_t off, len;		/* within the flat weights */
};

/* What a checkpoint keeps besides m, v and best; all exact as doubles. */
enum net_at {
	AT_EPOCH, AT_STEP, AT_BEST_LOSS, AT_HAS_BEST, AT_BAD, AT_FACTOR,
	AT_PLATEAU, AT_PLATEAU_LOSS, AT_DONE, AT__N
};

struct net_state {
	real *m, *v, *best;		/* [n_flat] */
	double at[AT__N];
	bool resume;			/* loaded: fit() goes on */
};

struct net {
	unsigned magic;
#define NET_MAGIC 0x6e657421u
	struct arena *home;
	struct ml_shape shape;
	uint64_t seed;
	double param[NET__PARAMS];
	bool flat_in;			/* the window as one row */
	bool whole_batch;
	size_t chunk;			/* samples at once when asked */
	size_t n_layers, n_tensors, n_flat;
	struct layer layer[NET_LAYERS];
	struct net_tensor tensor[NET_TENSORS];
	const real *w[NET_TENSORS];	/* in flat, or in a mapping */
	real *flat;			/* NULL: nothing of its own */
	struct net_state *state;	/* NULL: never trained */
};

/* Where things are in one block of reals, for b samples. */
struct net_pass {
	size_t b;
	real *act[NET_LAYERS + 1];	/* act[0]: input; then each layer's */
	real *cache[NET_LAYERS];
	real *tmp, *d[2];		/* d: gradients, from layer to layer */
	size_t size;			/* reals */
};

/* net_layout.c */
MUST_CHECK int net_layout(struct arena *out, struct net *n, const char *text,
			  struct err *err);

/* net_run.c: sizes in reals; base may be NULL, to ask for the size. */
size_t net_ask_size(const struct net *n, size_t b);
void net_pass_init(const struct net *n, size_t b, real *base, struct net_pass *ret);
/* m samples to the places from `at` on, of b. */
void net_gather(const struct net *n, size_t b, size_t at, size_t m,
		const float *const *x, real *to);
/* From act[0] to the result: sums before softmax. */
const real *net_forward(const struct net *n, const struct net_pass *p, bool train,
			uint64_t key);
/* d[0]: gradient of the result.  g, own: by tensor, NULL: no training.
 * want_input: that of act[0] is returned. */
const real *net_backward(const struct net *n, const struct net_pass *p, bool train,
			 uint64_t key, real *const *g, bool want_input);
void net_softmax(const struct ml_kern *k, size_t rows, size_t n, const real *z,
		 real *p);

size_t net_work(const void *m, size_t batch);
void net_ask(const void *m, void *work, const float *const *x, size_t n, float *ret);
void net_explain(const void *m, void *work, const float *x, unsigned output,
		 float *ret);

/* net_fit.c */
int net_fit(void *m, const struct ml_fit *f, struct err *err);
void net_own_weights(struct net *n);	/* copies them out of a mapping */
void net_state_make(struct net *n);

/* optim.c */
double net_rate(const struct net *n, const double *at, double per_epoch);
/* One step: g becomes shorter when it is too long.  at[AT_STEP] counts it. */
void net_step(struct net *n, double rate, real *g);
/* After an epoch: the plateau's rate. */
void net_plateau(const struct net *n, double *at, double loss);

#endif /* ML_NET_I_H */
