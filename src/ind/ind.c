#include "config.h"

#include <math.h>
#include <string.h>

#include "ind/ind_i.h"

struct ind {
	unsigned magic;
#define IND_MAGIC 0x1d1ca70fu
	const struct ind_def *d;
	double p[IND_PARAMS_MAX];
	size_t size;
	_Alignas(16) unsigned char state[];
};

const struct ind_def *const ind_table[] = {
#define X(n) &ind_##n,
	IND_ROWS(X)
#undef X
};
const size_t ind_table_n = ARRAY_LEN(ind_table);

const struct ind_def *ind_find(const char *name)
{
	size_t lo = 0, hi = ind_table_n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = strcmp(name, ind_table[mid]->name);

		if (c == 0)
			return ind_table[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

void ind_defaults(const struct ind_def *d, double *ret_p)
{
	for (size_t i = 0; i < IND_PARAMS_MAX; i++)
		ret_p[i] = i < d->n_param ? d->param[i].def : 0;
}

int ind_check(const struct ind_def *d, const double *p, struct err *err)
{
	for (size_t i = 0; i < d->n_param; i++) {
		const struct ind_param *q = &d->param[i];

		if (!(p[i] >= q->min && p[i] <= q->max))
			return FAIL(err, E_INVAL, "%s: %s is %g; it must be from "
				    "%g to %g", d->name, q->name, p[i], q->min, q->max);
		if (q->kind != IND_FLOAT && p[i] != floor(p[i]))
			return FAIL(err, E_INVAL, "%s: %s is %g; it must be a whole "
				    "number", d->name, q->name, p[i]);
	}
	return 0;
}

int ind_new(struct arena *out, const struct ind_def *d, const double *p,
	    struct ind **ret, struct err *err)
{
	double q[IND_PARAMS_MAX] = { 0 };
	struct ind *s;
	size_t size;
	int rc;

	memcpy(q, p, d->n_param * sizeof(*q));
	rc = ind_check(d, q, err);
	if (rc < 0)
		return rc;
	size = d->size(q);
	s = arena_alloc(out, sizeof(*s) + size);
	s->magic = IND_MAGIC;
	s->d = d;
	s->size = size;
	memcpy(s->p, q, sizeof(q));
	d->init(s->state, s->p);
	*ret = s;
	return 0;
}

void ind_run(struct ind *s, const double *const *in, double *const *ret, size_t n)
{
	assert(s->magic == IND_MAGIC);
	s->d->run(s->state, in, ret, n);
}

void ind_restart(struct ind *s)
{
	assert(s->magic == IND_MAGIC);
	memset(s->state, 0, s->size);
	s->d->init(s->state, s->p);
}

/* Pointers inside a state point into it: it goes back to where it was. */
size_t ind_state_size(const struct ind *s) { return s->size; }

void ind_state_save(const struct ind *s, void *ret)
{
	memcpy(ret, s->state, s->size);
}

void ind_state_load(struct ind *s, const void *from)
{
	memcpy(s->state, from, s->size);
}

/* Rings of IND_LENGTH_MAX + 8 values for each input, and scratch state big
 * enough for the longest window. */
#define DYN_KEEP ((size_t)IND_LENGTH_MAX + 8)
struct ind_dyn {
	const struct ind_def *d;
	double *ring[IND_INPUTS_MAX], *line[IND_INPUTS_MAX], *sink;
	size_t at, have, room;
	double last[IND_OUTPUTS_MAX];
	unsigned char *state;
};

int ind_dyn_new(struct arena *out, const struct ind_def *d, struct ind_dyn **ret,
		struct err *err)
{
	double p[IND_PARAMS_MAX];
	struct ind_dyn *s;

	if (d->window == IND_RECURSIVE)
		return FAIL(err, E_INVAL, "%s: its length cannot change from bar "
			    "to bar", d->name);
	s = NEW(out, struct ind_dyn);
	s->d = d;
	ind_defaults(d, p);
	p[0] = IND_LENGTH_MAX;
	s->room = d->size(p);
	s->state = arena_alloc(out, s->room);
	for (size_t i = 0; i < d->n_in; i++) {
		s->ring[i] = NEW_N(out, double, DYN_KEEP);
		s->line[i] = NEW_N(out, double, DYN_KEEP);
	}
	s->sink = NEW_N(out, double, DYN_KEEP * d->n_out);
	for (size_t i = 0; i < d->n_out; i++)
		s->last[i] = NAN;
	*ret = s;
	return 0;
}

static void dyn_window(struct ind_dyn *s, const double *p, size_t want)
{
	const struct ind_def *d = s->d;
	size_t n = want < s->have ? want : s->have;
	const double *in[IND_INPUTS_MAX];
	double *to[IND_OUTPUTS_MAX];

	for (size_t i = 0; i < d->n_in; i++) {
		for (size_t k = 0; k < n; k++)
			s->line[i][k] = s->ring[i][(s->at + DYN_KEEP - n + k) % DYN_KEEP];
		in[i] = s->line[i];
	}
	for (size_t i = 0; i < d->n_out; i++)
		to[i] = s->sink + i * DYN_KEEP;
	memset(s->state, 0, d->size(p));
	d->init(s->state, p);
	d->run(s->state, in, to, n);
	for (size_t i = 0; i < d->n_out; i++)
		s->last[i] = n > 0 ? to[i][n - 1] : NAN;
}

void ind_dyn_step(struct ind_dyn *s, const double *p, const double *in, double *ret)
{
	const struct ind_def *d = s->d;
	double q[IND_PARAMS_MAX] = { 0 };
	bool skip = false;

	memcpy(q, p, d->n_param * sizeof(*q));
	for (size_t i = 0; i < d->n_in; i++)
		skip = skip || (d->window == IND_SKIPPING && isnan(in[i]));
	if (!skip) {
		for (size_t i = 0; i < d->n_in; i++)
			s->ring[i][s->at] = in[i];
		s->at = (s->at + 1) % DYN_KEEP;
		if (s->have < DYN_KEEP)
			s->have++;
	}
	q[0] = floor(q[0]);
	if (ind_check(d, q, NULL) < 0) {
		for (size_t i = 0; i < d->n_out; i++)
			ret[i] = NAN;
		return;
	}
	dyn_window(s, q, (size_t)q[0] + d->extra);
	memcpy(ret, s->last, d->n_out * sizeof(*ret));
}

struct dyn_head { size_t at, have; double last[IND_OUTPUTS_MAX]; };

size_t ind_dyn_state_size(const struct ind_dyn *s)
{
	return sizeof(struct dyn_head) + s->d->n_in * DYN_KEEP * sizeof(double);
}

void ind_dyn_state_save(const struct ind_dyn *s, void *ret)
{
	struct dyn_head h = { s->at, s->have, { 0 } };
	unsigned char *to = ret;

	memcpy(h.last, s->last, sizeof(h.last));
	memcpy(to, &h, sizeof(h));
	to += sizeof(h);
	for (size_t i = 0; i < s->d->n_in; i++, to += DYN_KEEP * sizeof(double))
		memcpy(to, s->ring[i], DYN_KEEP * sizeof(double));
}

void ind_dyn_state_load(struct ind_dyn *s, const void *from)
{
	const unsigned char *p = from;
	struct dyn_head h;

	memcpy(&h, p, sizeof(h));
	p += sizeof(h);
	s->at = h.at;
	s->have = h.have;
	memcpy(s->last, h.last, sizeof(h.last));
	for (size_t i = 0; i < s->d->n_in; i++, p += DYN_KEEP * sizeof(double))
		memcpy(s->ring[i], p, DYN_KEEP * sizeof(double));
}
