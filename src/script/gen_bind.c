/* Arguments of a call bound to the signature of a function of the library. */
#include "config.h"

#include "script/lib_i.h"

/* The next word of a signature. */
bool sig_next(struct str *sig, struct want *ret)
{
	struct str w, t;

	*sig = str_trim(*sig);
	if (sig->n == 0 || !str_split(sig, ' ', &w))
		return false;
	str_split(&w, ':', &ret->name);
	t = w;
	ret->type = t.p[0];
	ret->mark = t.n > 1 ? t.p[1] : '\0';
	ret->has_def = ret->mark == '=';
	ret->def = NAN;
	if (ret->has_def && !str_double(str_n(t.p + 2, t.n - 2), &ret->def))
		ret->has_def = false;
	return true;
}

const struct type *lib_type(struct gen *g, const char *t)
{
	switch (*t) {
	case 'b': return &ty_bool;
	case 'i': return &ty_int;
	case 'f': return &ty_float;
	case 's': return &ty_string;
	case 'c': return &ty_color;
	case 'p': return &ty_plot;
	case 'A': return type_array(g, lib_type(g, t + 1));
	case 'd': return type_drawing(g, str_c(t + 1));
	default: return &ty_void;
	}
}

/* NULL for the letters that stand for several types. */
static const struct type *wanted_type(struct gen *g, char letter, const struct val *first)
{
	if (strchr("xnawm", letter) != NULL)
		return NULL;
	if (letter == 'k')
		return first->ty->b == TY_MAP ? first->ty->key : &ty_error;
	if (letter == 'e')
		return first->ty->elem != NULL ? first->ty->elem : &ty_error;
	return lib_type(g, &letter);
}

/* Fits, after conversion, or says so (unless quiet). */
static bool convert(struct gen *g, struct want *w, struct val *v, struct val *first,
		    const struct ast *at, bool quiet)
{
	const struct type *t = NULL;
	bool ok = true;

	t = wanted_type(g, w->type, first);
	switch (w->type) {
	case 'x': ok = v->ty->b != TY_VOID && v->ty->b != TY_TUPLE; break;
	case 'n': ok = is_numeric(v->ty) || v->ty->b == TY_NA; break;
	case 'a': ok = v->ty->b == TY_ARRAY || v->ty->b == TY_ERROR; break;
	case 'w': ok = v->ty->b == TY_MATRIX || v->ty->b == TY_ERROR; break;
	case 'm': ok = v->ty->b == TY_MAP || v->ty->b == TY_ERROR; break;
	default: break;
	}
	if (t != NULL && t->b == TY_INT && v->ty->b == TY_FLOAT) {
		*v = op(g, OP_TOINT, &ty_int, *v, *v, *v);
		return true;
	}
	if (t != NULL) {
		ok = can_coerce(g, v->ty, t);
		if (ok)
			*v = coerce(g, *v, t, at, "this argument");
	}
	if (!ok && !quiet)
		ERR_AT(g->c, at, "TYPE", "argument \"%.*s\" is %s, which does not fit "
		       "here", STR_ARG(w->name), type_name(g, v->ty));
	return ok;
}

const struct arg *arg_for(const struct args *a, const struct want *w, size_t k,
			  size_t n_pos)
{
	if (k < n_pos)
		return &a->v[k];
	for (size_t i = n_pos; i < a->n; i++)
		if (str_eq(a->v[i].name, w->name))
			return &a->v[i];
	return NULL;
}

/* The value of an argument that is not given; false when it must be. */
static bool missing(struct gen *g, const struct lib *l, const struct want *w, struct val *ret,
		    const struct ast *at, bool quiet)
{
	if (w->mark != '?' && !w->has_def) {
		if (!quiet)
			ERR_AT(g->c, at, "ARGS", "%s() needs the argument \"%.*s\"", l->name,
			       STR_ARG(w->name));
		return false;
	}
	*ret = val_const(strchr("awex", w->type) != NULL ? &ty_na : lib_type(g, &w->type),
			 w->def);
	return true;
}

/* All parameters in order; the number of them, or -1. */
int lib_bind(struct gen *g, const struct lib *l, const struct args *a, struct val *ret,
	     const struct ast *at, bool quiet)
{
	struct str sig = str_c(l->sig);
	struct want w;
	size_t n = 0, used = 0, n_pos = 0, hidden = 0;

	while (n_pos < a->n && a->v[n_pos].name.n == 0)
		n_pos++;
	for (; sig_next(&sig, &w); n++) {
		/* from version 5 on a condition is given by name only */
		bool named = g->c->version >= 5 && l->kind == LIB_CMD && n > 1 &&
			     str_eqc(w.name, "when");
		const struct arg *x = arg_for(a, &w, named ? SIZE_MAX : n - hidden, n_pos);

		hidden += named;
		if (x == NULL) {
			if (!missing(g, l, &w, &ret[n], at, quiet))
				return -1;
			continue;
		}
		used++;
		ret[n] = x->v;
		if (!convert(g, &w, &ret[n], &ret[0], x->at, quiet))
			return -1;
	}
	if (used == a->n)
		return (int)n;
	if (l->kind == LIB_PLOT)	/* the others only matter for display */
		return (int)n;
	if (!quiet)
		ERR_AT(g->c, at, "ARGS", "%s() takes other arguments than these: %s",
		       l->name, l->sig[0] != '\0' ? l->sig : "none");
	return -1;
}

const struct type *lib_ret(struct gen *g, const struct lib *l, const struct val *v, size_t n)
{
	switch (l->ret[0]) {
	case '0': return v[0].ty;
	case '1': return v[1].ty;
	case 'e': return v[0].ty->elem != NULL ? v[0].ty->elem : &ty_error;
	case 'E': return v[0].ty->elem != NULL ? type_array(g, v[0].ty->elem) : &ty_error;
	case 'W': return type_matrix(g, &ty_float);
	case 'K': return v[0].ty->b == TY_MAP ? type_array(g, v[0].ty->key) : &ty_error;
	case 'V': return v[0].ty->b == TY_MAP ? type_array(g, v[0].ty->elem) : &ty_error;
	case 'n':
		for (size_t i = 0; i < n; i++)
			if (v[i].ty->b != TY_INT)
				return &ty_float;
		return &ty_int;
	default:
		return lib_type(g, l->ret);
	}
}
