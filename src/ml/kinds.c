#include "config.h"

#include <math.h>
#include <string.h>

#include "ml/model.h"

#define X(name) extern const struct ml_kind ml_kind_##name;
#include "ml/kinds_list.h"
#undef X

const struct ml_kind *const ml_kinds[] = {
#define X(name) &ml_kind_##name,
#include "ml/kinds_list.h"
#undef X
	NULL
};

size_t ml_kinds_n(void)
{
	return ARRAY_LEN(ml_kinds) - 1;
}

const struct ml_kind *ml_kind_find(const char *name)
{
	for (const struct ml_kind *const *k = ml_kinds; *k != NULL; k++)
		if (strcmp((*k)->name, name) == 0)
			return *k;
	return NULL;
}

const char *ml_action_name(enum ml_action a)
{
	static const char *const names[ML_ACTIONS] = { "buy", "hold", "sell" };

	assert((unsigned)a < ML_ACTIONS);
	return names[a];
}

void ml_spec_init(struct ml_spec *ret, const struct ml_kind *k, uint32_t outputs)
{
	assert(k->n_params <= ML_PARAMS_MAX);
	*ret = (struct ml_spec){
		.kind = k->name, .layout = k->layout, .seed = 1,
		.shape = { .window = k->window, .outputs = outputs },
	};
	for (size_t i = 0; i < k->n_params; i++)
		ret->param[i] = k->params[i].def;
}

static int param_check(const struct ml_kind *k, size_t i, double v,
		       struct err *err)
{
	const struct ml_param *p = &k->params[i];

	if (!(v >= p->min && v <= p->max))	/* NaN too */
		return FAIL(err, E_INVAL, "%s: %s is %g; it must be from %g to %g",
			    k->name, p->name, v, p->min, p->max);
	if (p->integer && v != floor(v))
		return FAIL(err, E_INVAL, "%s: %s is %g; it must be a whole number",
			    k->name, p->name, v);
	return 0;
}

static int no_kind(const char *name, struct err *err)
{
	return FAIL(err, E_INVAL, "there is no kind of model \"%.40s\"", name);
}

int ml_spec_set(struct ml_spec *s, struct str name, double v, struct err *err)
{
	const struct ml_kind *k = ml_kind_find(s->kind);
	char all[160] = "";
	size_t at = 0;
	int rc;

	if (k == NULL)
		return no_kind(s->kind, err);
	for (size_t i = 0; i < k->n_params; i++) {
		const char *p = k->params[i].name;
		size_t len = strlen(p);

		if (str_eqc(name, p)) {
			rc = param_check(k, i, v, err);
			if (rc == 0)
				s->param[i] = v;
			return rc;
		}
		if (at + len + 3 < sizeof(all)) {
			memcpy(all + at, i > 0 ? ", " : "", i > 0 ? 2 : 0);
			at += i > 0 ? 2 : 0;
			memcpy(all + at, p, len + 1);
			at += len;
		}
	}
	return FAIL(err, E_INVAL, "%s has no parameter \"%.*s\"; it has: %s", k->name,
		    name.n > 40 ? 40 : (int)name.n, name.p, at > 0 ? all : "none");
}

double ml_spec_param(const struct ml_spec *s, const char *name)
{
	const struct ml_kind *k = ml_kind_find(s->kind);
	size_t i = 0;

	assert(k != NULL);
	while (i < k->n_params && strcmp(k->params[i].name, name) != 0)
		i++;
	assert(i < k->n_params);
	return s->param[i];
}

int ml_spec_column(const struct ml_spec *s, const char *feature)
{
	for (uint32_t i = 0; s->columns != NULL && i < s->shape.features; i++)
		if (strcmp(s->columns[i].name, feature) == 0)
			return (int)i;
	return -1;
}

int ml_spec_check(const struct ml_spec *s, struct err *err)
{
	const struct ml_kind *k = ml_kind_find(s->kind);
	int rc;

	if (k == NULL)
		return no_kind(s->kind, err);
	if (s->shape.window < 1 || s->shape.window > ML_WINDOW_MAX)
		return FAIL(err, E_INVAL, "%s: the window is %u bars; it must be from 1 to %d",
			    k->name, s->shape.window, ML_WINDOW_MAX);
	if (s->shape.features < 1 || s->shape.features > ML_FEATURES_MAX)
		return FAIL(err, E_INVAL, "%s: %u features; there must be from 1 to %d",
			    k->name, s->shape.features, ML_FEATURES_MAX);
	if (s->shape.outputs != 1 && s->shape.outputs != ML_ACTIONS)
		return FAIL(err, E_INVAL, "%s: %u outputs; there are 3 (classes) or 1 (a return)",
			    k->name, s->shape.outputs);
	if (s->layout != NULL && strlen(s->layout) > ML_LAYOUT_MAX)
		return FAIL(err, E_INVAL, "%s: the layout is longer than %d characters",
			    k->name, ML_LAYOUT_MAX);
	for (size_t i = 0; i < k->n_params; i++) {
		rc = param_check(k, i, s->param[i], err);
		if (rc < 0)
			return rc;
	}
	for (const char *const *f = k->needs; f != NULL && *f != NULL; f++)
		if (ml_spec_column(s, *f) < 0)
			return FAIL(err, E_INVAL, "%s needs the feature \"%s\"", k->name, *f);
	return 0;
}

size_t ml_dtype_size(enum ml_dtype t)
{
	switch (t) {
	case ML_F32: return 4;
	case ML_F64: return 8;
	case ML_I32: return 4;
	case ML_U8: return 1;
	}
	assert(false);
	return 0;
}

size_t ml_tensor_len(const struct ml_tensor *t)
{
	size_t n = 1;

	assert(t->dims <= ARRAY_LEN(t->dim));
	for (uint8_t i = 0; i < t->dims; i++)
		n *= t->dim[i];
	return n;
}

const struct ml_tensor *ml_tensor_find(const struct ml_tensor *t, size_t n,
				       const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(t[i].name, name) == 0)
			return &t[i];
	return NULL;
}

int ml_tensor_need(const struct ml_tensor *t, size_t n, const char *name,
		   enum ml_dtype dtype, uint32_t d0, uint32_t d1,
		   const struct ml_tensor **ret, struct err *err)
{
	const struct ml_tensor *f = ml_tensor_find(t, n, name);

	if (f == NULL)
		return FAIL(err, E_INVAL, "the tensor \"%s\" is not there", name);
	if (f->dtype != dtype)
		return FAIL(err, E_INVAL, "the tensor \"%s\" is of another type", name);
	if (f->dims != (d1 > 0 ? 2 : 1) || f->dim[0] != d0 || (d1 > 0 && f->dim[1] != d1))
		return FAIL(err, E_INVAL, "the tensor \"%s\" is not %u x %u", name, d0,
			    d1 > 0 ? d1 : 1);
	*ret = f;
	return 0;
}
