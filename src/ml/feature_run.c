#include "config.h"

#include <math.h>
#include <string.h>

#include "ind/ind.h"
#include "ml/feature_i.h"
#include "ml/model.h"

/* A list under way.  Bars of each timeframe it names form a frame: columns of
 * a chunk, indicators over them (one instance however many features ask for
 * it), and the values of its features with as many older ones before them as
 * the longest lag needs.  Values of a row of the market's own timeframe are
 * picked from where each frame stands at that row. */

#define CHUNK 256
#define ROWS (CHUNK + 1)	/* a hole may close one more coarse bar */
#define SETTLE 450		/* bars until (1 - 1/14)^n, smoothed twice, < 1e-12 */

struct inst {
	const struct ml_part *part;
	struct ind *s;
	double *out[IND_OUTPUTS_MAX];	/* ROWS each */
};

struct item {			/* a row of the table in a frame */
	const struct ml_feature *row;
	const double *v[CALC_PARTS];	/* ROWS each */
	double *val;			/* keep + ROWS */
};

struct frame {
	enum tf tf;
	uint32_t keep;			/* values kept from before the chunk */
	size_t n_inst, n_item;
	struct inst *inst;
	struct item *item;
	double *col[C__N];
	struct bar *bar;		/* of the chunk */
	size_t n;			/* bars of the chunk */
	size_t seen;			/* bars before the chunk */
	double last_close;
	struct bar part;		/* under way; t of it is its opening */
	bool open;
	int32_t at[CHUNK];		/* last closed bar at each row; -1: before */
};

struct column { uint16_t frame, item; uint32_t lag; };

struct ml_features {
	enum tf tf;
	size_t n, n_frames, warm_up, history;
	struct frame *frame;		/* [0]: the market's own */
	struct column *column;
	double *book;			/* of the chunk */
};

static size_t frame_of(struct ml_features *f, enum tf tf)
{
	size_t i = 0;

	while (i < f->n_frames && f->frame[i].tf != tf)
		i++;
	if (i == f->n_frames) {
		f->frame[i].tf = tf;
		f->n_frames++;
	}
	return i;
}

static size_t item_of(struct frame *fr, const struct ml_feature *row)
{
	size_t i = 0;

	while (i < fr->n_item && fr->item[i].row != row)
		i++;
	if (i == fr->n_item)
		fr->item[fr->n_item++].row = row;
	return i;
}

static bool same_part(const struct ml_part *a, const struct ml_part *b)
{
	return strcmp(a->ind, b->ind) == 0 && memcmp(a->in, b->in, sizeof(a->in)) == 0 &&
	       memcmp(a->p, b->p, sizeof(a->p)) == 0;
}

/* The column that this part of a feature reads. */
static const double *part_of(struct arena *out, struct frame *fr,
			     const struct ml_part *p, size_t *ret_settle)
{
	const struct ind_def *d;
	double param[IND_PARAMS_MAX];
	struct inst *in = fr->inst;
	struct err err;
	size_t i = 0;

	if (p->ind == NULL)
		return fr->col[p->in[0]];
	d = ind_find(p->ind);
	assert(d != NULL && p->out < d->n_out && d->n_in <= CALC_INPUTS);
	if (d->window == IND_RECURSIVE)
		*ret_settle = SETTLE;
	while (i < fr->n_inst && !same_part(in[i].part, p))
		i++;
	if (i == fr->n_inst) {
		ind_defaults(d, param);
		for (size_t k = 0; k < CALC_PARAMS && k < d->n_param; k++)
			if (p->p[k] != 0)
				param[k] = p->p[k];
		in[i].part = p;
		if (ind_new(out, d, param, &in[i].s, &err) < 0)
			assert(!"the table's parameters fit");
		for (size_t k = 0; k < d->n_out; k++)
			in[i].out[k] = NEW_N(out, double, ROWS);
		fr->n_inst++;
	}
	return in[i].out[p->out];
}

/* Rooms of a frame, and what each of its features reads. */
static void frame_build(struct arena *out, struct ml_features *f, struct frame *fr)
{
	for (size_t k = 0; k < C__N; k++)
		fr->col[k] = NEW_N(out, double, ROWS);
	fr->bar = NEW_N(out, struct bar, ROWS);
	fr->inst = NEW_N(out, struct inst, fr->n_item * CALC_PARTS);
	fr->keep++;			/* the value before the chunk, and the lags */
	for (size_t i = 0; i < fr->n_item; i++) {
		struct item *it = &fr->item[i];
		const struct ml_calc *c = it->row->calc;
		size_t settle = 0, need;

		for (size_t k = 0; k < c->n && !c->book; k++)
			it->v[k] = part_of(out, fr, &c->part[k], &settle);
		if (c->book)
			it->v[0] = f->book;
		it->val = NEW_N(out, double, fr->keep + ROWS);
		need = it->row->warm_up + fr->keep - 1u;
		if (fr != f->frame) {
			size_t ratio = (size_t)(tf_ms(fr->tf) / tf_ms(f->tf));

			settle = (need + settle + 1) * ratio;
			need = (need + 1) * ratio;
		} else {
			settle += need;
		}
		f->warm_up = need > f->warm_up ? need : f->warm_up;
		f->history = settle > f->history ? settle : f->history;
	}
}

static int column_of(struct ml_features *f, const char *name, unsigned known,
		     struct column *ret, struct err *err)
{
	struct ml_feature_ref r;
	int rc = ml_feature_parse(str_c(name), &r, err);

	if (rc < 0)
		return rc;
	if (r.row->calc->book && (known & ML_KNOWN_BOOK) == 0)
		return FAIL(err, E_UNPROCESSABLE, "the feature \"%s\" needs the order "
			    "book, which is not known here", name);
	if (r.tf != 0 && (r.tf == f->tf || !tf_divides(f->tf, r.tf)))
		return FAIL(err, E_INVAL, "the feature \"%s\": bars of %s make no bars "
			    "of %s", name, tf_name(f->tf), tf_name(r.tf));
	ret->frame = (uint16_t)frame_of(f, r.tf != 0 ? r.tf : f->tf);
	ret->item = (uint16_t)item_of(&f->frame[ret->frame], r.row);
	ret->lag = r.lag;
	if (r.lag > f->frame[ret->frame].keep)
		f->frame[ret->frame].keep = r.lag;
	return 0;
}

int ml_features_new(struct arena *out, enum tf tf, const char *const *names,
		    size_t n, unsigned known, struct ml_features **ret,
		    struct err *err)
{
	struct ml_features *f = NEW(out, struct ml_features);

	if (n < 1 || n > ML_FEATURES_MAX)
		return FAIL(err, E_INVAL, "%zu features; there must be from 1 to %d", n,
			    ML_FEATURES_MAX);
	*f = (struct ml_features){ .tf = tf, .n = n,
		.frame = NEW_N(out, struct frame, TF__MAX + 1),
		.column = NEW_N(out, struct column, n),
		.book = NEW_N(out, double, ROWS) };
	for (size_t i = 0; i <= TF__MAX; i++)
		f->frame[i].item = NEW_N(out, struct item, ml_feature_table_n);
	(void)frame_of(f, tf);
	for (size_t i = 0; i < n; i++) {
		int rc = column_of(f, names[i], known, &f->column[i], err);

		for (size_t k = 0; rc == 0 && k < i; k++)
			if (strcmp(names[k], names[i]) == 0)
				rc = FAIL(err, E_INVAL, "the feature \"%s\" stands twice",
					  names[i]);
		if (rc < 0)
			return rc;
	}
	for (size_t i = 0; i < f->n_frames; i++)
		frame_build(out, f, &f->frame[i]);
	ml_features_restart(f);
	*ret = f;
	return 0;
}

size_t ml_features_n(const struct ml_features *f)
{
	return f->n;
}

size_t ml_features_warm_up(const struct ml_features *f)
{
	return f->warm_up;
}

size_t ml_features_history(const struct ml_features *f)
{
	return f->history;
}

void ml_features_restart(struct ml_features *f)
{
	for (size_t i = 0; i < f->n_frames; i++) {
		struct frame *fr = &f->frame[i];

		fr->seen = 0;
		fr->open = false;
		fr->last_close = NAN;
		for (size_t k = 0; k < fr->n_inst; k++)
			ind_restart(fr->inst[k].s);
		for (size_t k = 0; k < fr->n_item; k++)
			for (size_t j = 0; j < fr->keep; j++)
				fr->item[k].val[j] = NAN;
	}
}

/* Bars of the chunk that close in this frame. */
static void gather(struct frame *fr, enum tf fine, const struct bars *b)
{
	fr->n = 0;
	for (size_t i = 0; i < b->n; i++) {
		struct bar x = bars_at(b, i);
		int64_t from = tf_open(fr->tf, x.t);

		if (fr->open && fr->part.t != from) {	/* the rest never came */
			fr->bar[fr->n++] = fr->part;
			fr->open = false;
		}
		if (!fr->open) {
			fr->part = x;
			fr->part.t = from;
			fr->open = true;
		} else {
			fr->part.h = fmax(fr->part.h, x.h);
			fr->part.l = fmin(fr->part.l, x.l);
			fr->part.c = x.c;
			fr->part.v += x.v;
		}
		if (tf_next(fine, x.t) >= tf_next(fr->tf, from)) {
			fr->bar[fr->n++] = fr->part;
			fr->open = false;
		}
		fr->at[i] = (int32_t)fr->n - 1;
	}
}

static void columns(struct frame *fr)
{
	double last = fr->last_close;

	for (size_t i = 0; i < fr->n; i++) {
		const struct bar *b = &fr->bar[i];
		double r = b->c / last - 1;

		fr->col[C_OPEN][i] = b->o;
		fr->col[C_HIGH][i] = b->h;
		fr->col[C_LOW][i] = b->l;
		fr->col[C_CLOSE][i] = b->c;
		fr->col[C_VOLUME][i] = b->v;
		fr->col[C_RET][i] = r;
		fr->col[C_RET2][i] = r * r;
		fr->col[C_FLOW][i] = isnan(last) ? NAN : b->c > last ? b->v :
				     b->c < last ? -b->v : 0;
		last = b->c;
	}
	fr->last_close = last;
}

static void values(const struct frame *fr, struct item *it)
{
	const struct ml_feature *row = it->row;
	double v[CALC_PARTS] = { 0 };

	for (size_t i = 0; i < fr->n; i++) {
		double x = NAN;

		for (size_t k = 0; k < row->calc->n; k++)
			v[k] = it->v[k][i];
		if (fr->seen + i >= row->warm_up) {
			x = row->calc->f(v, &fr->bar[i]);
			if (isnan(x) && !row->calc->book)
				x = row->flat;
			x = x < row->min ? row->min : x > row->max ? row->max : x;
		}
		it->val[fr->keep + i] = x;
	}
}

static void frame_run(struct frame *fr)
{
	columns(fr);
	for (size_t k = 0; k < fr->n_inst; k++) {
		const double *in[IND_INPUTS_MAX] = { NULL };

		for (size_t j = 0; j < CALC_INPUTS; j++)
			in[j] = fr->col[fr->inst[k].part->in[j]];
		ind_run(fr->inst[k].s, in, fr->inst[k].out, fr->n);
	}
	for (size_t k = 0; k < fr->n_item; k++)
		values(fr, &fr->item[k]);
}

static void frame_end(struct frame *fr)
{
	for (size_t k = 0; k < fr->n_item; k++)
		memmove(fr->item[k].val, fr->item[k].val + fr->n,
			fr->keep * sizeof(double));
	fr->seen += fr->n;
}

static void chunk(struct ml_features *f, const struct bars *b, const double *book,
		  float *ret)
{
	struct frame *own = &f->frame[0];

	own->n = b->n;
	for (size_t i = 0; i < b->n; i++) {
		own->bar[i] = bars_at(b, i);
		own->at[i] = (int32_t)i;
		f->book[i] = book != NULL ? book[i] : NAN;
	}
	for (size_t k = 1; k < f->n_frames; k++)
		gather(&f->frame[k], f->tf, b);
	for (size_t k = 0; k < f->n_frames; k++)
		frame_run(&f->frame[k]);
	for (size_t j = 0; j < f->n; j++) {
		const struct column *c = &f->column[j];
		const struct frame *fr = &f->frame[c->frame];
		const double *val = fr->item[c->item].val + fr->keep;

		for (size_t i = 0; i < b->n; i++)
			ret[i * f->n + j] = (float)val[fr->at[i] - (int64_t)c->lag];
	}
	for (size_t k = 0; k < f->n_frames; k++)
		frame_end(&f->frame[k]);
}

void ml_features_run(struct ml_features *f, const struct bars *b,
		     const double *book, float *ret)
{
	for (size_t i = 0; i < b->n; i += CHUNK) {
		struct bars part = bars_slice(b, i, b->n - i < CHUNK ? b->n - i : CHUNK);

		chunk(f, &part, book != NULL ? book + i : NULL, ret + i * f->n);
	}
}
