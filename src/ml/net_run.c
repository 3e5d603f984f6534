#include "config.h"

#include <string.h>

#include "ml/net_i.h"

#define STEPS	32	/* of integrated gradients */
#define LINE	16	/* reals; pieces begin on lines of their own */

static size_t lines(size_t n)
{
	return (n + LINE - 1) & ~(size_t)(LINE - 1);
}

/* ---- sizes --------------------------------------------------------------- */

/* Widest of what goes between layers, and most scratch of a layer. */
static void widest(const struct net *n, size_t b, size_t *ret_act, size_t *ret_tmp)
{
	size_t act = layer_in(&n->layer[0], b), tmp = 0;

	for (size_t i = 0; i < n->n_layers; i++) {
		const struct layer *l = &n->layer[i];
		size_t o = layer_out(l, b), t = l->op->tmp(l, b);

		act = o > act ? o : act;
		tmp = t > tmp ? t : tmp;
	}
	*ret_act = lines(act);
	*ret_tmp = lines(tmp);
}

/* Input and outputs in turn, scratch. */
size_t net_ask_size(const struct net *n, size_t b)
{
	size_t act, tmp;

	widest(n, b, &act, &tmp);
	return 2 * act + tmp;
}

static real *piece(real *base, size_t *at, size_t n)
{
	real *p = base != NULL ? base + *at : NULL;

	*at += lines(n);
	return p;
}

void net_pass_init(const struct net *n, size_t b, real *base, struct net_pass *ret)
{
	struct net_pass p = { .b = b };
	size_t act, tmp;

	widest(n, b, &act, &tmp);
	p.act[0] = piece(base, &p.size, layer_in(&n->layer[0], b));
	for (size_t i = 0; i < n->n_layers; i++) {
		const struct layer *l = &n->layer[i];

		p.act[i + 1] = piece(base, &p.size, layer_out(l, b));
		p.cache[i] = piece(base, &p.size, l->op->cache(l, b));
	}
	p.tmp = piece(base, &p.size, tmp);
	p.d[0] = piece(base, &p.size, act);
	p.d[1] = piece(base, &p.size, act);
	*ret = p;
}

void net_gather(const struct net *n, size_t b, size_t at, size_t m,
		const float *const *x, real *to)
{
	size_t t = n->layer[0].t, c = n->layer[0].c;

	to += at * c;
	for (size_t i = 0; i < m; i++)
		for (size_t s = 0; s < t; s++)
			for (size_t j = 0; j < c; j++)
				to[(s * b + i) * c + j] = x[i][s * c + j];
}

/* ---- forward and backward ------------------------------------------------ */

static uint32_t key_of(uint64_t key, size_t layer)
{
	uint64_t z = key + layer * 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (uint32_t)(z ^ z >> 31);
}

static struct layer_run run_of(const struct net *n, const struct net_pass *p,
			       size_t i, bool train, uint64_t key)
{
	return (struct layer_run){
		.k = ml_kern(), .b = p->b, .train = train, .keep = true,
		.key = key_of(key, i), .cache = p->cache[i], .tmp = p->tmp,
		.w = n->w + n->layer[i].w0,
	};
}

static bool passes(const struct net *n, size_t i, bool train)
{
	return !train && n->layer[i].op->only_train;
}

const real *net_forward(const struct net *n, const struct net_pass *p, bool train,
			uint64_t key)
{
	real *own[NET_TENSORS];
	const real *x = p->act[0];

	for (size_t i = 0; train && i < n->n_tensors; i++)
		own[i] = n->flat + n->tensor[i].off;
	for (size_t i = 0; i < n->n_layers; i++) {
		const struct layer *l = &n->layer[i];
		struct layer_run r = run_of(n, p, i, train, key);

		r.own = train ? own + l->w0 : NULL;
		if (passes(n, i, train))
			memcpy(p->act[i + 1], x, layer_out(l, p->b) * sizeof(*x));
		else
			l->op->forward(l, &r, x, p->act[i + 1]);
		x = p->act[i + 1];
	}
	return x;
}

const real *net_backward(const struct net *n, const struct net_pass *p, bool train,
			 uint64_t key, real *const *g, bool want_input)
{
	real *dy = p->d[0], *dx = p->d[1];

	for (size_t i = n->n_layers; i-- > 0; ) {
		const struct layer *l = &n->layer[i];
		struct layer_run r = run_of(n, p, i, train, key);
		real *swap = dy;

		r.g = g != NULL ? g + l->w0 : NULL;
		if (passes(n, i, train))
			continue;
		l->op->backward(l, &r, p->act[i], p->act[i + 1], dy,
				i > 0 || want_input ? dx : NULL);
		dy = dx;
		dx = swap;
	}
	return dy;
}

void net_softmax(const struct ml_kern *k, size_t rows, size_t n, const real *z,
		 real *p)
{
	for (size_t i = 0; i < rows; i++, z += n, p += n) {
		real max = z[0], sum = 0;

		for (size_t j = 1; j < n; j++)
			max = z[j] > max ? z[j] : max;
		k->exp(n, z, max, p);
		for (size_t j = 0; j < n; j++)
			sum += p[j];
		for (size_t j = 0; j < n; j++)
			p[j] /= sum;
	}
}

/* ---- questions ----------------------------------------------------------- */

size_t net_work(const void *m, size_t batch)
{
	const struct net *n = m;
	struct net_pass p;
	size_t ask;

	assert(n->magic == NET_MAGIC);
	ask = net_ask_size(n, batch < n->chunk ? batch : n->chunk);
	net_pass_init(n, NET_EXPLAIN, NULL, &p);
	return (ask > p.size ? ask : p.size) * sizeof(real);
}

/* b samples at once, nothing is kept for the way back. */
static void ask_chunk(const struct net *n, real *work, const float *const *x,
		      size_t b, float *ret)
{
	const struct ml_kern *k = ml_kern();
	size_t act, tmp, outs = n->shape.outputs;
	real *at[2], p[NET_CHUNK * ML_ACTIONS];
	const real *y;
	bool into = true;

	widest(n, b, &act, &tmp);
	at[0] = work;
	at[1] = work + act;
	y = at[0];
#ifndef ML_REAL_DOUBLE
	if (b == 1)
		y = x[0];	/* as it lies */
	else
#endif
		net_gather(n, b, 0, b, x, at[0]);
	for (size_t i = 0; i < n->n_layers; i++) {
		const struct layer *l = &n->layer[i];
		struct layer_run r = {
			.k = k, .b = b, .tmp = work + 2 * act, .w = n->w + l->w0,
		};

		if (passes(n, i, false))
			continue;
		l->op->forward(l, &r, y, at[into]);
		y = at[into];
		into = !into;
	}
	if (outs > 1) {
		net_softmax(k, b, outs, y, p);
		y = p;
	}
	for (size_t i = 0; i < b * outs; i++)
		ret[i] = (float)y[i];
}

void net_ask(const void *m, void *work, const float *const *x, size_t n, float *ret)
{
	const struct net *net = m;
	unsigned mode = kern_enter();

	assert(net->magic == NET_MAGIC);
	for (size_t i = 0; i < n; i += net->chunk)
		ask_chunk(net, work, x + i, n - i < net->chunk ? n - i : net->chunk,
			  ret + i * net->shape.outputs);
	kern_leave(mode);
}

/* The gradient of one output, for each of the pass's samples, into d[0]. */
static void output_gradient(const struct net *n, const struct net_pass *p,
			    const real *z, unsigned output)
{
	size_t outs = n->shape.outputs;
	real prob[NET_EXPLAIN * ML_ACTIONS];

	if (outs == 1) {
		for (size_t i = 0; i < p->b; i++)
			p->d[0][i] = 1;
		return;
	}
	net_softmax(ml_kern(), p->b, outs, z, prob);
	for (size_t i = 0; i < p->b; i++) {
		const real *q = prob + i * outs;

		for (size_t j = 0; j < outs; j++)
			p->d[0][i * outs + j] = q[output] *
						((j == output ? 1 : 0) - q[j]);
	}
}

/* Integrated gradients: on the straight way from zeros to the sample, at the
 * middle of each of STEPS stretches. */
void net_explain(const void *m, void *work, const float *x, unsigned output,
		 float *ret)
{
	const struct net *n = m;
	size_t t = n->layer[0].t, c = n->layer[0].c, b = NET_EXPLAIN;
	unsigned mode = kern_enter();
	struct net_pass p;

	assert(n->magic == NET_MAGIC && output < n->shape.outputs);
	net_pass_init(n, b, work, &p);
	for (size_t j = 0; j < t * c; j++)
		ret[j] = 0;
	for (size_t at = 0; at < STEPS; at += b) {
		const real *d;

		for (size_t s = 0; s < t; s++)
			for (size_t i = 0; i < b; i++)
				for (size_t j = 0; j < c; j++)
					p.act[0][(s * b + i) * c + j] =
						x[s * c + j] * ((real)(at + i) +
						REAL(0.5)) / STEPS;
		output_gradient(n, &p, net_forward(n, &p, false, 0), output);
		d = net_backward(n, &p, false, 0, NULL, true);
		for (size_t s = 0; s < t; s++)
			for (size_t i = 0; i < b; i++)
				for (size_t j = 0; j < c; j++)
					ret[s * c + j] += (float)d[(s * b + i) * c + j];
	}
	for (size_t j = 0; j < t * c; j++)
		ret[j] *= x[j] / STEPS;
	kern_leave(mode);
}
