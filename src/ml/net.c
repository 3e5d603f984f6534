#include "config.h"

#include <math.h>
#include <string.h>

#include "core/rand.h"
#include "ml/mem.h"
#include "ml/net_i.h"

/* Bytes that every kernel may count on. */
#define ALIGN	64

/* What one kind of network has beside its layout; they differ in nothing
 * else. */
struct net_kind { const char *name, *layout; bool flat_in; };

#define NET_KINDS(X)							\
	X(dense, "Dense network", 10, true,				\
	  "dense 128 relu, dense 64 relu, dropout 0.2, "		\
	  "dense 32 relu, dropout 0.2, dense out")			\
	X(dense_deep, "Deep dense network", 50, true,			\
	  "dense 128 relu, dropout 0.3, dense 256 relu, batchnorm, "	\
	  "dropout 0.3, dense 128 relu, batchnorm, dropout 0.2, "	\
	  "dense 64 relu, dropout 0.2, dense out")			\
	X(lstm, "LSTM network", 60, false,				\
	  "lstm 50, dropout 0.2, lstm 50 last, dense 25 relu, dense out") \
	X(gru, "GRU network", 60, false,				\
	  "gru 50, dropout 0.2, gru 50 last, dense 25 relu, dense out")	\
	X(conv, "Causal convolution (WaveNet-like)", 32, false,		\
	  "conv 32 gated, conv 32 dilation 2 gated residual, "		\
	  "conv 32 dilation 4 gated residual, "				\
	  "conv 32 dilation 8 gated residual, "				\
	  "conv 32 dilation 16 gated residual, last, dropout 0.2, "	\
	  "dense 32 relu, dense out")					\
	X(transformer, "Transformer encoder", 32, false,		\
	  "dense 32, position, attention 4, feedforward 64, "		\
	  "attention 4, feedforward 64, layernorm, pool, dropout 0.1, "	\
	  "dense out")

static const struct net_kind net_kinds[] = {
#define X(id, title, window, flat, layout) { #id, layout, flat },
	NET_KINDS(X)
#undef X
};

static const struct net_kind *kind_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(net_kinds); i++)
		if (strcmp(net_kinds[i].name, name) == 0)
			return &net_kinds[i];
	return NULL;
}

/* ---- making -------------------------------------------------------------- */

static real *reals(struct arena *out, size_t n)
{
	unsigned char *p = arena_alloc(out, n * sizeof(real) + ALIGN);

	return (real *)(p + (ALIGN - (uintptr_t)p % ALIGN) % ALIGN);
}

static size_t step_samples(const struct net *n)
{
	size_t batch = (size_t)n->param[NET_BATCH];

	return n->whole_batch || batch < n->chunk ? batch : n->chunk;
}

/* Inputs are bounded here, so that nothing meets an arena's limit later. */
static int room(const struct net *n, struct err *err)
{
	struct net_pass p;

	net_pass_init(n, step_samples(n), NULL, &p);
	if (p.size > NET_ROOM)
		return FAIL(err, E_INVAL, "layout: a step of training needs %zu MiB, more than %zu",
			    p.size * sizeof(real) >> 20, NET_ROOM * sizeof(real) >> 20);
	net_pass_init(n, NET_EXPLAIN, NULL, &p);
	if (p.size > NET_WORK || net_ask_size(n, n->chunk) > NET_WORK)
		return FAIL(err, E_INVAL, "layout: a prediction needs more than %zu MiB",
			    NET_WORK * sizeof(real) >> 20);
	return 0;
}

/* Layers and sizes; no weights yet. */
static int outline(struct arena *out, const struct ml_spec *s, struct net **ret,
		   struct err *err)
{
	const struct net_kind *k = kind_of(s->kind);
	struct net *n = NEW(out, struct net);
	int rc;

	if (k == NULL)
		return FAIL(err, E_INVAL, "%.40s is no network", s->kind);
	if (s->shape.window == 0 || s->shape.window > ML_WINDOW_MAX ||
	    s->shape.features == 0 || s->shape.features > ML_FEATURES_MAX ||
	    (s->shape.outputs != 1 && s->shape.outputs != ML_ACTIONS))
		return FAIL(err, E_INVAL, "a sample of %u x %u values, %u outputs: not possible",
			    s->shape.window, s->shape.features, s->shape.outputs);
	n->magic = NET_MAGIC;
	n->home = arena_push(out, "ml.net");
	n->shape = s->shape;
	n->seed = s->seed;
	memcpy(n->param, s->param, sizeof(n->param));
	n->flat_in = k->flat_in;
	rc = net_layout(n->home, n, s->layout != NULL ? s->layout : k->layout, err);
	if (rc < 0)
		return rc;
	/* Few at once where each brings steps: what they pass on to the next
	 * step stays in the first caches. */
	n->chunk = NET_CHUNK;
	for (size_t i = 0; i < n->n_layers; i++)
		if (n->layer[i].t > 1)
			n->chunk = 8;
	rc = room(n, err);
	if (rc == 0)
		*ret = n;
	return rc;
}

static void draw(const struct net *n, const struct net_tensor *t, struct rng *rng)
{
	real *w = n->flat + t->off;
	double in = t->rows, out = t->cols, limit = 0;

	switch (t->init) {
	case INIT_ZERO:
		return;
	case INIT_ONE:
		for (size_t i = 0; i < t->len; i++)
			w[i] = 1;
		return;
	case INIT_FORGET:		/* remember, to begin with */
		for (size_t i = t->len / 4; i < t->len / 2; i++)
			w[i] = 1;
		return;
	case INIT_HE:
		limit = sqrt(6 / in);
		break;
	case INIT_GLOROT:
		limit = sqrt(6 / (in + out));
		break;
	case INIT_RECUR:
		limit = sqrt(1 / in);
		break;
	}
	for (size_t i = 0; i < t->len; i++)
		w[i] = (real)(limit * (2 * rng_unit(rng) - 1));
}

static void own(struct net *n)
{
	n->flat = reals(n->home, n->n_flat);
	for (size_t i = 0; i < n->n_tensors; i++)
		n->w[i] = n->flat + n->tensor[i].off;
	ml_mem_count(n->home, n->n_flat * sizeof(real), n->n_tensors);
}

static int net_make(struct arena *out, const struct ml_spec *s, void **ret,
		    struct err *err)
{
	struct net *n = NULL;
	struct rng rng;
	int rc = outline(out, s, &n, err);

	if (rc < 0)
		return rc;
	own(n);
	rng_seed(&rng, s->seed);
	for (size_t i = 0; i < n->n_tensors; i++)
		draw(n, &n->tensor[i], &rng);
	*ret = n;
	return 0;
}

void net_own_weights(struct net *n)
{
	const real *from[NET_TENSORS];

	if (n->flat != NULL)
		return;
	memcpy(from, n->w, sizeof(from));
	own(n);
	for (size_t i = 0; i < n->n_tensors; i++)
		memcpy(n->flat + n->tensor[i].off, from[i],
		       n->tensor[i].len * sizeof(real));
}

void net_state_make(struct net *n)
{
	if (n->state != NULL)
		return;
	n->state = NEW(n->home, struct net_state);
	n->state->m = reals(n->home, n->n_flat);
	n->state->v = reals(n->home, n->n_flat);
	n->state->best = reals(n->home, n->n_flat);
	ml_mem_count(n->home, 3 * n->n_flat * sizeof(real), 3);
}

/* ---- keeping ------------------------------------------------------------- */

static void dims(struct ml_tensor *t, uint32_t rows, uint32_t cols)
{
	t->dims = rows > 0 ? 2 : 1;
	t->dim[0] = rows > 0 ? rows : cols;
	t->dim[1] = rows > 0 ? cols : 0;
}

static size_t net_tensors(struct arena *out, void *m, bool state,
			  const struct ml_tensor **ret)
{
	struct net *n = m;
	struct ml_tensor *t = NEW_N(out, struct ml_tensor, n->n_tensors + 4);
	size_t count = n->n_tensors;

	assert(n->magic == NET_MAGIC);
	for (size_t i = 0; i < count; i++) {
		t[i].name = n->tensor[i].name;
		t[i].dtype = ML_REAL;
		dims(&t[i], n->tensor[i].rows, n->tensor[i].cols);
		t[i].data = (void *)(uintptr_t)n->w[i];	/* read, never written */
	}
	if (state && n->state != NULL) {
		struct net_state *s = n->state;
		const struct { const char *name; void *data; } flat[] = {
			{ "state.m", s->m }, { "state.v", s->v },
			{ "state.best", s->best },
		};

		for (size_t i = 0; i < ARRAY_LEN(flat); i++, count++) {
			t[count] = (struct ml_tensor){
				.name = flat[i].name, .dtype = ML_REAL,
				.data = flat[i].data };
			dims(&t[count], 0, (uint32_t)n->n_flat);
		}
		t[count] = (struct ml_tensor){ .name = "state.at",
					       .dtype = ML_F64, .data = s->at };
		dims(&t[count++], 0, AT__N);
	}
	*ret = t;
	return count;
}

/* Where it lies if the kernels can read it there, else a copy. */
static const real *place(struct arena *home, const struct ml_tensor *t)
{
	size_t len = ml_tensor_len(t);
	real *copy;

	if ((uintptr_t)t->data % sizeof(real) == 0)
		return t->data;
	copy = reals(home, len);
	memcpy(copy, t->data, len * sizeof(real));
	ml_mem_count(home, len * sizeof(real), 1);
	return copy;
}

static int load_state(struct net *n, const struct ml_tensor *t, size_t count,
		      struct err *err)
{
	const struct ml_tensor *m, *v, *best, *at;
	size_t size = n->n_flat * sizeof(real);
	struct net_state *s;
	double a[AT__N];
	int rc;

	rc = ml_tensor_need(t, count, "state.m", ML_REAL, (uint32_t)n->n_flat, 0,
			    &m, err);
	if (rc == 0)
		rc = ml_tensor_need(t, count, "state.v", ML_REAL,
				    (uint32_t)n->n_flat, 0, &v, err);
	if (rc == 0)
		rc = ml_tensor_need(t, count, "state.best", ML_REAL,
				    (uint32_t)n->n_flat, 0, &best, err);
	if (rc == 0)
		rc = ml_tensor_need(t, count, "state.at", ML_F64, AT__N, 0, &at, err);
	if (rc < 0)
		return rc;
	memcpy(a, at->data, sizeof(a));
	if (!(a[AT_EPOCH] >= 0 && a[AT_EPOCH] <= 1e6) ||
	    !(a[AT_STEP] >= 0 && a[AT_STEP] <= 1e12) ||
	    !(a[AT_FACTOR] >= 0 && a[AT_FACTOR] <= 1))
		return FAIL(err, E_INVAL, "state.at is of no training");
	net_own_weights(n);
	net_state_make(n);
	s = n->state;
	memcpy(s->m, m->data, size);
	memcpy(s->v, v->data, size);
	memcpy(s->best, best->data, size);
	memcpy(s->at, a, sizeof(a));
	s->resume = true;
	return 0;
}

static int net_load(struct arena *out, const struct ml_spec *s,
		    const struct ml_tensor *t, size_t count, void **ret,
		    struct err *err)
{
	struct net *n = NULL;
	int rc = outline(out, s, &n, err);

	for (size_t i = 0; rc == 0 && i < n->n_tensors; i++) {
		const struct net_tensor *w = &n->tensor[i];
		const struct ml_tensor *from;

		rc = ml_tensor_need(t, count, w->name, ML_REAL,
				    w->rows > 0 ? w->rows : w->cols,
				    w->rows > 0 ? w->cols : 0, &from, err);
		if (rc == 0)
			n->w[i] = place(n->home, from);
	}
	if (rc == 0 && ml_tensor_find(t, count, "state.at") != NULL)
		rc = load_state(n, t, count, err);
	if (rc < 0)
		return rc;
	if (n->flat == NULL)
		ml_mem_count(n->home, 0, n->n_tensors);
	*ret = n;
	return 0;
}

/* ---- kinds --------------------------------------------------------------- */

static const struct ml_param params[] = {
#define X(id, name, def, min, max, whole, doc) { name, def, min, max, whole, doc },
	NET_PARAMS(X)
#undef X
};

#define X(id, title_, window_, flat, layout_)				\
extern const struct ml_kind ml_kind_##id;				\
const struct ml_kind ml_kind_##id = {					\
	.name = #id, .title = title_, .group = "network",		\
	.params = params, .n_params = ARRAY_LEN(params),		\
	.window = window_, .layout = layout_,				\
	.make = net_make, .fit = net_fit, .work = net_work,		\
	.forward = net_ask, .explain = net_explain,			\
	.tensors = net_tensors, .load = net_load,			\
};
NET_KINDS(X)
#undef X
