#include "config.h"

#include <math.h>
#include <string.h>

#include "core/rand.h"
#include "ml/net_i.h"

#define ALIGN	64

/* One training: everything it needs is allocated before the first step and
 * used again in each. */
struct job {
	struct net *n;
	const struct ml_fit *f;
	struct net_pass pass;
	real *g;			/* gradients, flat */
	real *gp[NET_TENSORS];		/* and by tensor */
	uint32_t *order;		/* of samples in this epoch */
	size_t chunk;			/* samples of a pass */
	void *work;			/* of questions: validation */
	double loss, weight;		/* of the epoch so far */
};

static void *lines(struct arena *out, size_t bytes)
{
	unsigned char *p = arena_alloc(out, bytes + ALIGN);

	return p + (ALIGN - (uintptr_t)p % ALIGN) % ALIGN;
}

static void job_init(struct arena *tmp, struct job *j, struct net *n,
		     const struct ml_fit *f)
{
	size_t batch = (size_t)n->param[NET_BATCH];
	struct net_pass size;

	*j = (struct job){ .n = n, .f = f };
	j->chunk = n->whole_batch || batch < n->chunk ? batch : n->chunk;
	net_pass_init(n, j->chunk, NULL, &size);
	net_pass_init(n, j->chunk, lines(tmp, size.size * sizeof(real)), &j->pass);
	j->g = lines(tmp, n->n_flat * sizeof(real));
	for (size_t i = 0; i < n->n_tensors; i++)
		j->gp[i] = j->g + n->tensor[i].off;
	j->order = NEW_N(tmp, uint32_t, f->train->n);
	j->work = lines(tmp, net_work(n, NET_CHUNK));
}

/* The order depends on seed and epoch, not on what was before. */
static void shuffle(const struct job *j, uint64_t epoch)
{
	size_t n = j->f->train->n;
	struct rng rng;

	rng_seed(&rng, j->n->seed * 0x9e3779b97f4a7c15u + epoch);
	for (size_t i = 0; i < n; i++)
		j->order[i] = (uint32_t)i;
	for (size_t i = n; i-- > 1; ) {
		size_t k = rng_below(&rng, i + 1);
		uint32_t swap = j->order[i];

		j->order[i] = j->order[k];
		j->order[k] = swap;
	}
}

/* ---- loss ---------------------------------------------------------------- */

/* Cross-entropy of one sample's outputs; z becomes its gradient. */
static double class_loss(real *z, const real *p, size_t outs, unsigned cls)
{
	for (size_t i = 0; i < outs; i++)
		z[i] = p[i] - (i == cls ? 1 : 0);
	return -log((double)p[cls] + 1e-30);
}

static double return_loss(const struct net *n, double z, double target, real *ret_d)
{
	double d = z - target, h = n->param[NET_HUBER];

	if (h > 0 && fabs(d) > h) {
		*ret_d = (real)(d > 0 ? h : -h);
		return h * (fabs(d) - h / 2);
	}
	*ret_d = (real)d;
	return d * d / 2;
}

static double weight_of(const struct ml_set *s, size_t i)
{
	return s->weight != NULL ? (double)s->weight[i] : 1;
}

/* Of b samples (id[i] of the set): gradients by the mean over the batch. */
static void loss(struct job *j, const uint32_t *id, size_t b, size_t batch,
		 const real *z)
{
	const struct ml_set *s = j->f->train;
	size_t outs = j->n->shape.outputs;
	real p[ML_ACTIONS], *d = j->pass.d[0];

	for (size_t i = 0; i < b; i++, z += outs, d += outs) {
		double w = weight_of(s, id[i]), one;

		if (outs > 1) {
			net_softmax(ml_kern(), 1, outs, z, p);
			one = class_loss(d, p, outs, s->cls[id[i]]);
		} else {
			one = return_loss(j->n, (double)z[0],
					  (double)s->target[id[i]], d);
		}
		for (size_t k = 0; k < outs; k++)
			d[k] *= (real)(w / (double)batch);
		j->loss += w * one;
		j->weight += w;
	}
}

/* ---- a step, an epoch ---------------------------------------------------- */

static void gather(const struct job *j, const uint32_t *id, size_t b)
{
	const float *x[NET_CHUNK];

	for (size_t at = 0; at < b; at += NET_CHUNK) {
		size_t m = b - at < NET_CHUNK ? b - at : NET_CHUNK;

		for (size_t i = 0; i < m; i++)
			x[i] = ml_sample(j->f->train, id[at + i]);
		net_gather(j->n, b, at, m, x, j->pass.act[0]);
	}
}

static void step(struct job *j, const uint32_t *id, size_t batch, double rate)
{
	struct net *n = j->n;
	uint64_t key = (n->seed ^ 0x64726f70u) * 0x9e3779b97f4a7c15u +
		       (uint64_t)n->state->at[AT_STEP] * 0xd1342543de82ef95u;

	memset(j->g, 0, n->n_flat * sizeof(*j->g));
	for (size_t at = 0; at < batch; at += j->chunk) {
		size_t b = batch - at < j->chunk ? batch - at : j->chunk;
		uint64_t part = key + at * 0xa0761d6478bd642fu;
		const real *z;

		j->pass.b = b;
		gather(j, id + at, b);
		z = net_forward(n, &j->pass, true, part);
		loss(j, id + at, b, batch, z);
		net_backward(n, &j->pass, true, part, j->gp, false);
	}
	net_step(n, rate, j->g);
}

static double epoch(struct job *j)
{
	struct net *n = j->n;
	size_t count = j->f->train->n, batch = (size_t)n->param[NET_BATCH];
	double per = (double)((count + batch - 1) / batch), rate = 0;
	unsigned mode = kern_enter();

	j->loss = j->weight = 0;
	shuffle(j, (uint64_t)n->state->at[AT_EPOCH]);
	for (size_t at = 0; at < count; at += batch) {
		rate = net_rate(n, n->state->at, per);
		step(j, j->order + at, count - at < batch ? count - at : batch, rate);
	}
	kern_leave(mode);
	n->state->at[AT_EPOCH]++;
	return rate;
}

/* Mean loss and share of right classes of a set. */
static void judge(const struct job *j, const struct ml_set *s, struct ml_progress *p)
{
	size_t outs = j->n->shape.outputs, right = 0;
	float y[NET_CHUNK * ML_ACTIONS];
	const float *x[NET_CHUNK];
	double sum = 0, weight = 0;

	for (size_t at = 0; at < s->n; at += NET_CHUNK) {
		size_t b = s->n - at < NET_CHUNK ? s->n - at : NET_CHUNK;

		for (size_t i = 0; i < b; i++)
			x[i] = ml_sample(s, at + i);
		net_ask(j->n, j->work, x, b, y);
		for (size_t i = 0; i < b; i++) {
			const float *q = y + i * outs;
			double w = weight_of(s, at + i);
			real d;

			weight += w;
			if (outs == 1) {
				sum += w * return_loss(j->n, (double)q[0],
						       (double)s->target[at + i], &d);
				continue;
			}
			sum += w * -log((double)q[s->cls[at + i]] + 1e-30);
			right += q[s->cls[at + i]] >= q[0] &&
				 q[s->cls[at + i]] >= q[1] &&
				 q[s->cls[at + i]] >= q[2];
		}
	}
	p->valid_loss = weight > 0 ? sum / weight : NAN;
	p->valid_accuracy = outs > 1 && s->n > 0 ? (double)right / (double)s->n : NAN;
}

/* ---- early stopping, checkpoints ----------------------------------------- */

static void remember_best(struct net *n, double loss)
{
	double *at = n->state->at;

	if (at[AT_HAS_BEST] == 0 ||
	    loss < at[AT_BEST_LOSS] - n->param[NET_MIN_DELTA]) {
		memcpy(n->state->best, n->flat, n->n_flat * sizeof(real));
		at[AT_HAS_BEST] = 1;
		at[AT_BEST_LOSS] = loss;
		at[AT_BAD] = 0;
		return;
	}
	at[AT_BAD]++;
	if (n->param[NET_PATIENCE] > 0 && at[AT_BAD] >= n->param[NET_PATIENCE])
		at[AT_DONE] = 1;
}

static int one_epoch(struct job *j, struct err *err)
{
	struct net *n = j->n;
	double *at = n->state->at;
	struct ml_progress p = {
		.epochs = (unsigned)n->param[NET_EPOCHS], .valid_loss = NAN,
		.valid_accuracy = NAN,
	};
	double seen;

	p.rate = epoch(j);
	p.epoch = (unsigned)at[AT_EPOCH];
	p.train_loss = j->weight > 0 ? j->loss / j->weight : NAN;
	if (!isfinite(p.train_loss) && j->weight > 0)
		return FAIL(err, E_UNPROCESSABLE, "training came apart in epoch %u: a lower rate may help",
			    p.epoch);
	if (j->f->valid != NULL && j->f->valid->n > 0)
		judge(j, j->f->valid, &p);
	seen = isfinite(p.valid_loss) ? p.valid_loss : p.train_loss;
	net_plateau(n, at, seen);
	if (isfinite(p.valid_loss))
		remember_best(n, p.valid_loss);
	if (at[AT_EPOCH] >= n->param[NET_EPOCHS])
		at[AT_DONE] = 1;
	return j->f->progress != NULL ? j->f->progress(j->f->ctx, &p) : 0;
}

static int check(const struct net *n, const struct ml_set *s, struct err *err)
{
	if (s->shape.window != n->shape.window ||
	    s->shape.features != n->shape.features ||
	    s->shape.outputs != n->shape.outputs)
		return FAIL(err, E_INVAL, "samples of another shape than the network's");
	for (size_t i = 0; n->shape.outputs > 1 && i < s->n; i++)
		if (s->cls[i] >= ML_ACTIONS)
			return FAIL(err, E_INVAL, "sample %zu is of no class", i);
	return 0;
}

int net_fit(void *m, const struct ml_fit *f, struct err *err)
{
	struct net *n = m;
	int rc;

	assert(n->magic == NET_MAGIC);
	rc = check(n, f->train, err);
	if (rc == 0 && f->valid != NULL)
		rc = check(n, f->valid, err);
	if (rc < 0)
		return rc;
	if (f->train->n == 0)
		return FAIL(err, E_UNPROCESSABLE, "there is nothing to train on");
	net_own_weights(n);
	net_state_make(n);
	if (!n->state->resume) {
		memset(n->state->m, 0, n->n_flat * sizeof(real));
		memset(n->state->v, 0, n->n_flat * sizeof(real));
		memset(n->state->at, 0, sizeof(n->state->at));
		n->state->at[AT_FACTOR] = 1;
	}
	n->state->resume = false;
	SCOPE(tmp, n->home) {
		struct job j;

		job_init(tmp, &j, n, f);
		while (rc == 0 && n->state->at[AT_DONE] == 0)
			rc = one_epoch(&j, err);
	}
	/* Also when it was ended: what is good so far is the model; a
	 * checkpoint was taken before. */
	if (n->state->at[AT_HAS_BEST] != 0)
		memcpy(n->flat, n->state->best, n->n_flat * sizeof(real));
	return rc;
}
