#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ml/net_i.h"

/* The text of a network:
 *
 *	layout = part { "," part }
 *	part   = "dense" N [function]		N may be "out"
 *	       | "lstm" N ["last"] | "gru" N ["last"]
 *	       | "conv" N { "kernel" K | "dilation" D | function | "gated" | "residual" }
 *	       | "attention" HEADS | "feedforward" N [function]
 *	       | "dropout" P | "batchnorm" | "layernorm" | "position"
 *	       | "last" | "pool" | "maxpool" | "flatten"
 *	function = "relu" | "tanh" | "gelu" | "sigmoid" | "linear" */

#define UNITS_MAX	1024

struct build {
	struct arena *out;
	struct net *net;
	struct err *err;
	size_t at;			/* the part's number */
	struct str part, rest;		/* it; what of it is not read */
	size_t t, c;			/* what comes out so far */
};

#define BAD(b, ...) bad((b), __LINE__, __VA_ARGS__)
PRINTF_LIKE(3, 4)
static int bad(struct build *b, int line, const char *fmt, ...)
{
	char text[120];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(b->err, E_INVAL, __FILE__, line,
		       "layout, part %zu, \"%.*s\": %s", b->at,
		       b->part.n > 40 ? 40 : (int)b->part.n, b->part.p, text);
}

static struct str word(struct build *b)
{
	struct str w = { "", 0 };

	b->rest = str_trim(b->rest);
	if (b->rest.n > 0)
		str_split(&b->rest, ' ', &w);
	return w;
}

static int number(struct build *b, const char *what, uint64_t min, uint64_t max,
		  size_t *ret)
{
	struct str w = word(b);
	uint64_t v;

	if (!str_u64(w, &v) || v < min || v > max)
		return BAD(b, "%s is a number from %ju to %ju", what,
			   (uintmax_t)min, (uintmax_t)max);
	*ret = (size_t)v;
	return 0;
}

static bool function(struct str w, enum ml_act *ret)
{
#define X(id, name) if (str_eqc(w, name)) { *ret = ACT_##id; return true; }
	ML_ACTS(X)
#undef X
	return false;
}

static int no_more(struct build *b)
{
	struct str w = word(b);

	if (w.n != 0)
		return BAD(b, "\"%.*s\" means nothing here",
			   w.n > 20 ? 20 : (int)w.n, w.p);
	return 0;
}

/* ---- layers and tensors -------------------------------------------------- */

static struct layer *add(struct build *b, const struct layer_op *op, size_t t_out,
			 size_t c_out)
{
	struct layer *l = &b->net->layer[b->net->n_layers++];

	*l = (struct layer){ .op = op, .t = b->t, .c = b->c, .t_out = t_out,
			     .c_out = c_out, .w0 = b->net->n_tensors };
	b->t = t_out;
	b->c = c_out;
	b->net->whole_batch |= op->whole_batch;
	return l;
}

static void tensor(struct build *b, struct layer *l, const char *name, size_t rows,
		   size_t cols, enum net_init init)
{
	struct net *n = b->net;
	struct net_tensor *t = &n->tensor[n->n_tensors++];

	assert(n->n_tensors <= NET_TENSORS);
	t->name = arena_printf(b->out, "%zu.%s.%s", n->n_layers - 1, l->op->name,
			       name);
	t->rows = (uint32_t)rows;
	t->cols = (uint32_t)cols;
	t->init = init;
	t->learned = true;
	t->len = (rows > 0 ? rows : 1) * cols;
	t->off = n->n_flat;
	n->n_flat += (t->len + 15) & ~(size_t)15;	/* each on its own line */
	l->n_w++;
}

static enum net_init init_of(enum ml_act f)
{
	return f == ACT_RELU || f == ACT_GELU ? INIT_HE : INIT_GLOROT;
}

static int units(struct build *b, size_t *ret)
{
	struct str w, before = b->rest;

	w = word(b);
	if (str_eqc(w, "out")) {
		*ret = b->net->shape.outputs;
		return 0;
	}
	b->rest = before;
	return number(b, "its width", 1, UNITS_MAX, ret);
}

static int parse_function(struct build *b, enum ml_act *ret)
{
	struct str w = word(b);

	if (w.n != 0 && !function(w, ret))
		return BAD(b, "\"%.*s\" is none of relu, tanh, gelu, sigmoid, linear",
			   w.n > 20 ? 20 : (int)w.n, w.p);
	return no_more(b);
}

static int parse_dense(struct build *b)
{
	enum ml_act f = ACT_LINEAR;
	struct layer *l;
	size_t c = b->c, n = 0;
	int rc = units(b, &n);

	if (rc == 0)
		rc = parse_function(b, &f);
	if (rc < 0)
		return rc;
	l = add(b, &layer_dense, b->t, n);
	l->act = f;
	tensor(b, l, "w", c, n, init_of(f));
	tensor(b, l, "b", 0, n, INIT_ZERO);
	return 0;
}

static int parse_rnn(struct build *b, const struct layer_op *op, size_t gates)
{
	size_t c = b->c, n = 0;
	struct layer *l;
	struct str w;
	bool last;
	int rc = number(b, "the number of its cells", 1, UNITS_MAX, &n);

	if (rc < 0)
		return rc;
	w = word(b);
	last = str_eqc(w, "last");
	if (w.n != 0 && !last)
		return BAD(b, "after the number only \"last\" may follow");
	rc = no_more(b);
	if (rc < 0)
		return rc;
	l = add(b, op, last ? 1 : b->t, n);
	l->n = n;
	l->last = last;
	tensor(b, l, "wx", c, gates * n, INIT_GLOROT);
	tensor(b, l, "wh", n, gates * n, INIT_RECUR);
	tensor(b, l, "b", 0, gates * n, gates == 4 ? INIT_FORGET : INIT_ZERO);
	if (gates == 3)
		tensor(b, l, "bn", 0, n, INIT_ZERO);
	return 0;
}

static int parse_lstm(struct build *b)
{
	return parse_rnn(b, &layer_lstm, 4);
}

static int parse_gru(struct build *b)
{
	return parse_rnn(b, &layer_gru, 3);
}

static int conv_words(struct build *b, struct layer *l)
{
	int rc = 0;

	for (struct str w = word(b); rc == 0 && w.n != 0; w = word(b)) {
		if (str_eqc(w, "kernel"))
			rc = number(b, "the kernel", 1, 64, &l->kernel);
		else if (str_eqc(w, "dilation"))
			rc = number(b, "the dilation", 1, ML_WINDOW_MAX,
				    &l->dilation);
		else if (str_eqc(w, "gated"))
			l->gated = true;
		else if (str_eqc(w, "residual"))
			l->residual = true;
		else if (!function(w, &l->act))
			rc = BAD(b, "\"%.*s\" is no word of a convolution",
				 w.n > 20 ? 20 : (int)w.n, w.p);
	}
	return rc;
}

static int parse_conv(struct build *b)
{
	struct layer o = { .kernel = 2, .dilation = 1 }, *l;
	size_t c = b->c, m;
	int rc = number(b, "its width", 1, UNITS_MAX, &o.n);

	if (rc == 0)
		rc = conv_words(b, &o);
	if (rc < 0)
		return rc;
	if (o.gated && o.act != ACT_LINEAR)
		return BAD(b, "gated has its own functions");
	if (o.residual && o.n != c)
		return BAD(b, "residual needs as many values as come in: %zu", c);
	l = add(b, &layer_conv, b->t, o.n);
	l->n = o.n;
	l->kernel = o.kernel;
	l->dilation = o.dilation;
	l->gated = o.gated;
	l->residual = o.residual;
	l->act = o.act;
	m = o.gated ? 2 * o.n : o.n;
	tensor(b, l, "w", o.kernel * c, m, init_of(o.act));
	tensor(b, l, "b", 0, m, INIT_ZERO);
	return 0;
}

static void tensor_norm(struct build *b, struct layer *l, size_t c)
{
	tensor(b, l, "gamma", 0, c, INIT_ONE);
	tensor(b, l, "beta", 0, c, INIT_ZERO);
}

static int parse_attention(struct build *b)
{
	size_t c = b->c, heads = 0;
	struct layer *l;
	int rc = number(b, "the number of its heads", 1, 64, &heads);

	if (rc == 0)
		rc = no_more(b);
	if (rc < 0)
		return rc;
	if (c % heads != 0)
		return BAD(b, "%zu values do not share out to %zu heads", c, heads);
	l = add(b, &layer_attention, b->t, c);
	l->heads = heads;
	tensor_norm(b, l, c);
	tensor(b, l, "wqkv", c, 3 * c, INIT_GLOROT);
	tensor(b, l, "bqkv", 0, 3 * c, INIT_ZERO);
	tensor(b, l, "wo", c, c, INIT_GLOROT);
	tensor(b, l, "bo", 0, c, INIT_ZERO);
	return 0;
}

static int parse_feedforward(struct build *b)
{
	enum ml_act f = ACT_GELU;
	size_t c = b->c, n = 0;
	struct layer *l;
	int rc = number(b, "its width", 1, UNITS_MAX, &n);

	if (rc == 0)
		rc = parse_function(b, &f);
	if (rc < 0)
		return rc;
	l = add(b, &layer_feedforward, b->t, c);
	l->n = n;
	l->act = f;
	tensor_norm(b, l, c);
	tensor(b, l, "w1", c, n, init_of(f));
	tensor(b, l, "b1", 0, n, INIT_ZERO);
	tensor(b, l, "w2", n, c, INIT_GLOROT);
	tensor(b, l, "b2", 0, c, INIT_ZERO);
	return 0;
}

static int parse_dropout(struct build *b)
{
	double p;

	if (!str_double(word(b), &p) || !(p >= 0 && p <= 0.9))
		return BAD(b, "the share that is dropped is from 0 to 0.9");
	add(b, &layer_dropout, b->t, b->c)->p = p;
	return no_more(b);
}

static int parse_batchnorm(struct build *b)
{
	size_t c = b->c;
	struct layer *l = add(b, &layer_batchnorm, b->t, c);

	tensor_norm(b, l, c);
	tensor(b, l, "mean", 0, c, INIT_ZERO);
	tensor(b, l, "var", 0, c, INIT_ONE);
	b->net->tensor[b->net->n_tensors - 1].learned = false;
	b->net->tensor[b->net->n_tensors - 2].learned = false;
	return no_more(b);
}

static int parse_layernorm(struct build *b)
{
	size_t c = b->c;

	tensor_norm(b, add(b, &layer_norm, b->t, c), c);
	return no_more(b);
}

static int parse_position(struct build *b)
{
	struct layer *l = add(b, &layer_position, b->t, b->c);
	real *p = NEW_N(b->out, real, l->t * l->c);

	for (size_t i = 0; i < l->t; i++) {
		for (size_t j = 0; j < l->c; j++) {
			double at = (double)i / pow(10000, (double)(j / 2 * 2) /
							   (double)l->c);

			p[i * l->c + j] = (real)(j % 2 == 0 ? sin(at) : cos(at));
		}
	}
	l->table = p;
	return no_more(b);
}

static int parse_last(struct build *b)
{
	add(b, &layer_last, 1, b->c);
	return no_more(b);
}

static int parse_pool(struct build *b)
{
	add(b, &layer_pool, 1, b->c);
	return no_more(b);
}

static int parse_maxpool(struct build *b)
{
	add(b, &layer_maxpool, 1, b->c);
	return no_more(b);
}

static int parse_flatten(struct build *b)
{
	if (b->net->n_layers == 0) {	/* samples are rows already */
		b->net->flat_in = true;
		b->c *= b->t;
		b->t = 1;
	} else {
		add(b, &layer_flatten, 1, b->t * b->c);
	}
	return no_more(b);
}

static const struct { const char *name; int (*parse)(struct build *b); } parts[] = {
	{ "attention", parse_attention }, { "batchnorm", parse_batchnorm },
	{ "conv", parse_conv }, { "dense", parse_dense },
	{ "dropout", parse_dropout }, { "feedforward", parse_feedforward },
	{ "flatten", parse_flatten }, { "gru", parse_gru }, { "last", parse_last },
	{ "layernorm", parse_layernorm }, { "lstm", parse_lstm },
	{ "maxpool", parse_maxpool }, { "pool", parse_pool },
	{ "position", parse_position },
};

static int parse_part(struct build *b)
{
	struct str w = word(b);

	if (b->net->n_layers == NET_LAYERS)
		return BAD(b, "more than %d layers", NET_LAYERS);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		int rc;

		if (!str_eqc(w, parts[i].name))
			continue;
		rc = parts[i].parse(b);
		if (rc == 0 && b->net->n_flat > NET_WEIGHTS)
			rc = BAD(b, "more than %zu weights", NET_WEIGHTS);
		return rc;
	}
	return BAD(b, "there is no such layer; there are attention, batchnorm, conv, dense, dropout, feedforward, flatten, gru, last, layernorm, lstm, maxpool, pool, position");
}

/* The result is what is asked for, and nothing bends it. */
static int ending(const struct build *b)
{
	const struct net *n = b->net;
	const struct layer *l = &n->layer[n->n_layers > 0 ? n->n_layers - 1 : 0];

	if (n->n_layers == 0 || l->op != &layer_dense || l->act != ACT_LINEAR)
		return FAIL(b->err, E_INVAL, "layout: the last part is \"dense out\", without a function");
	if (b->t != 1)
		return FAIL(b->err, E_INVAL, "layout: %zu steps come out; end them with last, pool, maxpool or flatten", b->t);
	if (b->c != n->shape.outputs)
		return FAIL(b->err, E_INVAL, "layout: %zu values come out, %u are asked for",
			    b->c, n->shape.outputs);
	return 0;
}

int net_layout(struct arena *out, struct net *n, const char *text, struct err *err)
{
	struct build b = { .out = out, .net = n, .err = err };
	struct str all = str_c(text);
	int rc = 0;

	b.t = n->flat_in ? 1 : n->shape.window;
	b.c = n->flat_in ? (size_t)n->shape.window * n->shape.features :
	      n->shape.features;
	if (all.n > ML_LAYOUT_MAX)
		return FAIL(err, E_INVAL, "layout: longer than %d characters",
			    ML_LAYOUT_MAX);
	while (rc == 0 && str_split(&all, ',', &b.part)) {
		b.at++;
		b.part = b.rest = str_trim(b.part);
		rc = parse_part(&b);
	}
	return rc < 0 ? rc : ending(&b);
}
