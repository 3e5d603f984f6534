#include "config.h"

#include <math.h>
#include <string.h>

#include "ml/model_i.h"
#include "ml/xgb.h"

/* Weights from elsewhere.  The layout is described in doc/ml.md; a tensor gets
 * the type that the kind's own has, so that weights may be given as any. */

#define FORMAT "orch-weights/1"
/* Not said what it has learned from: then nothing is out of its sample. */
#define FOR_EVER 253402300799000LL

struct import {
	struct arena *a;
	const struct json *j;
	struct ml_file f;		/* foreign tensors */
	struct ml_model m;
	struct err *err;
};

static int wrong(struct import *i, const char *what)
{
	return FAIL(i->err, E_INVAL, "the weights' \"%s\" is missing, or not understood", what);
}

static bool count_in(const struct json *j, uint64_t most, uint32_t *ret)
{
	uint64_t v;

	if (!json_u64(j, &v) || v < 1 || v > most)
		return false;
	*ret = (uint32_t)v;
	return true;
}

static int read_head(struct import *i)
{
	struct ml_model *m = &i->m;
	struct str format, kind, tf, s;
	size_t n = 0;
	int rc;

	if (!json_str(json_get(i->j, "format"), &format) || !str_eqc(format, FORMAT))
		return FAIL(i->err, E_INVAL, "this is not of the format \"" FORMAT "\"");
	if (!json_str(json_get(i->j, "kind"), &kind))
		return wrong(i, "kind");
	m->kind = ml_kind_find(kind.p);
	if (m->kind == NULL)
		return FAIL(i->err, E_INVAL, "there is no kind of model \"%.40s\"", kind.p);
	if (!json_str(json_get(i->j, "tf"), &tf) || !tf_parse(tf, &m->tf))
		return wrong(i, "tf");
	rc = ml_names_read(i->a, json_get(i->j, "features"), &m->features, &n, i->err);
	if (rc == 0)
		rc = ml_features_hash(m->features, n, m->feature_hash, i->err);
	if (rc < 0)
		return rc;
	m->label = ml_label_usual(ML_LABEL_NEXT);
	if (json_get(i->j, "label") != NULL)
		rc = ml_label_read(json_get(i->j, "label"), &m->label, i->err);
	if (rc < 0)
		return rc;
	ml_spec_init(&m->spec, m->kind, ml_label_outputs(&m->label));
	m->spec.shape.features = (uint32_t)n;
	if (json_get(i->j, "window") != NULL &&
	    !count_in(json_get(i->j, "window"), ML_WINDOW_MAX, &m->spec.shape.window))
		return wrong(i, "window");
	if (json_str(json_get(i->j, "layout"), &s))
		m->spec.layout = s.p;
	m->name = json_str(json_get(i->j, "name"), &s) ? s.p : "";
	m->market = json_str(json_get(i->j, "market"), &s) ? s.p : "";
	if (json_get(i->j, "params") != NULL)
		rc = ml_params_read(json_get(i->j, "params"), &m->spec, i->err);
	return rc;
}

static bool numbers(struct arena *a, const struct json *j, size_t n, const float **ret)
{
	float *v = NEW_N(a, float, n + 1);

	if (json_type(j) != JSON_ARR || json_len(j) != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		double x;

		if (!json_f64(json_at(j, i), &x))
			return false;
		v[i] = (float)x;
	}
	*ret = v;
	return true;
}

static int read_scaler(struct import *i)
{
	const struct json *j = json_get(i->j, "scaler");
	uint32_t n = i->m.spec.shape.features;
	double clip = 0;

	ml_scaler_fit(i->a, ML_SCALE_NONE, NULL, n, 0, 0, &i->m.scaler);
	if (j == NULL)
		return 0;
	if (json_get(j, "clip") != NULL && (!json_f64(json_get(j, "clip"), &clip) ||
					    !(clip >= 0 && clip < 1e6)))
		return wrong(i, "scaler");
	i->m.scaler.clip = (float)clip;
	if (!numbers(i->a, json_get(j, "offset"), n, &i->m.scaler.offset) ||
	    !numbers(i->a, json_get(j, "scale"), n, &i->m.scaler.scale))
		return wrong(i, "scaler");
	for (uint32_t k = 0; k < n; k++)
		if (!isfinite(i->m.scaler.offset[k]) || !(i->m.scaler.scale[k] > 0) ||
		    !isfinite(i->m.scaler.scale[k]))
			return wrong(i, "scaler");
	return 0;
}

static void read_ranges(struct import *i)
{
	struct ml_model *m = &i->m;

	m->train_from = 0;
	m->train_to = m->valid_to = m->test_to = FOR_EVER;
	(void)!json_i64(json_get(i->j, "train_from"), &m->train_from);
	if (json_i64(json_get(i->j, "train_to"), &m->train_to))
		m->valid_to = m->test_to = m->train_to;
	(void)!json_i64(json_get(i->j, "valid_to"), &m->valid_to);
}

static void put_number(struct ml_tensor *t, size_t at, double v)
{
	switch (t->dtype) {
	case ML_F32:
		((float *)t->data)[at] = (float)v;
		break;
	case ML_F64:
		((double *)t->data)[at] = v;
		break;
	case ML_I32:
		((int32_t *)t->data)[at] = v >= -2147483648.0 && v <= 2147483647.0 ?
					   (int32_t)v : 0;
		break;
	case ML_U8:
		((uint8_t *)t->data)[at] = v >= 0 && v <= 255 ? (uint8_t)v : 0;
		break;
	}
}

static double number_at(const struct ml_tensor *t, size_t at)
{
	switch (t->dtype) {
	case ML_F32: return (double)((const float *)t->data)[at];
	case ML_F64: return ((const double *)t->data)[at];
	case ML_I32: return ((const int32_t *)t->data)[at];
	case ML_U8: return ((const uint8_t *)t->data)[at];
	}
	assert(false);
	return 0;
}

static void *room_for(struct arena *a, const struct ml_tensor *t)
{
	uintptr_t p = (uintptr_t)arena_alloc_n(a, ml_tensor_len(t) + 64,
					       ml_dtype_size(t->dtype));

	return (void *)((p + 63) / 64 * 64);
}

/* One tensor from the JSON or from the other file, as `t` has it. */
static int fill(struct import *i, struct ml_tensor *t)
{
	const struct json *j = json_get(json_get(i->j, "tensors"), t->name);
	size_t n = ml_tensor_len(t);
	const struct ml_tensor *f;
	struct str theirs;
	const char *name = t->name;

	if (json_str(json_get(json_get(i->j, "names"), t->name), &theirs))
		name = theirs.p;
	f = ml_tensor_find(i->f.tensor, i->f.n, name);
	if (j == NULL && f == NULL)
		return FAIL(i->err, E_INVAL, "the tensor \"%s\" is not there", name);
	t->data = room_for(i->a, t);
	if (j != NULL) {
		const struct json *data = json_get(j, "data");

		if (json_type(data) != JSON_ARR || json_len(data) != n)
			return FAIL(i->err, E_INVAL, "the tensor \"%s\" has %zu values; it must "
				    "have %zu", t->name, json_len(data), n);
		for (size_t k = 0; k < n; k++) {
			double v;

			if (!json_f64(json_at(data, k), &v))
				return FAIL(i->err, E_INVAL, "the tensor \"%s\" holds what is no "
					    "number", t->name);
			put_number(t, k, v);
		}
		return 0;
	}
	if (ml_tensor_len(f) != n)
		return FAIL(i->err, E_INVAL, "the tensor \"%s\" has %zu values; it must have "
			    "%zu", name, ml_tensor_len(f), n);
	for (size_t k = 0; k < n; k++)
		put_number(t, k, number_at(f, k));
	return 0;
}

/* What a fresh model of the kind keeps says which tensors there are. */
static int read_weights(struct import *i)
{
	struct ml_model *m = &i->m;
	const struct ml_tensor *own;
	struct ml_tensor *t;
	void *fresh;
	size_t n;
	int rc = ml_spec_check(&m->spec, i->err);

	if (rc == 0)
		rc = m->kind->make(i->a, &m->spec, &fresh, i->err);
	if (rc < 0)
		return rc;
	n = m->kind->tensors(i->a, fresh, false, &own);
	t = NEW_N(i->a, struct ml_tensor, n + 1);
	for (size_t k = 0; k < n && rc == 0; k++) {
		t[k] = own[k];
		rc = fill(i, &t[k]);
	}
	return rc == 0 ? m->kind->load(i->a, &m->spec, t, n, &m->m, i->err) : rc;
}

static void finish(struct arena *out, struct ml_model *m, const void **ret, size_t *ret_n)
{
	m->metrics = "null";
	m->verdict = "";
	if (m->spec.shape.outputs == 1)
		ml_calib_fit_normal(NULL, NULL, 0, m->label.threshold, &m->calib);
	else
		m->calib = (struct ml_calib){ .kind = ML_CALIB_NONE, .temperature = 1 };
	ml_model_write(out, m, ret, ret_n);
}

int ml_import(struct arena *out, const char *json, size_t n_json, const void *tensors,
	      size_t n_tensors, const void **ret, size_t *ret_n, struct err *err)
{
	int rc = 0;

	SCOPE(tmp, out) {
		struct import i = { .a = tmp, .err = err };

		rc = json_parse(tmp, json, n_json, &i.j, err);
		if (rc == 0 && tensors != NULL)
			rc = ml_container_read(tmp, tensors, n_tensors, 0, &i.f, err);
		if (rc == 0)
			rc = read_head(&i);
		if (rc == 0)
			rc = read_scaler(&i);
		if (rc < 0)
			break;
		i.m.spec.columns = ml_columns(tmp, i.m.features, &i.m.scaler);
		read_ranges(&i);
		rc = read_weights(&i);
		if (rc == 0)
			finish(out, &i.m, ret, ret_n);
	}
	return rc;
}

int ml_import_xgb(struct arena *out, const char *text, size_t n,
		  const char *const *features, size_t n_features, uint32_t window,
		  enum tf tf, const void **ret, size_t *ret_n, struct err *err)
{
	int rc = 0;

	SCOPE(tmp, out) {
		struct ml_model m = { .tf = tf, .features = features, .name = "", .market = "",
			.label = ml_label_usual(ML_LABEL_NEXT), .train_to = FOR_EVER,
			.valid_to = FOR_EVER, .test_to = FOR_EVER };

		rc = ml_xgb_import(tmp, text, n, window, &m.spec, &m.m, err);
		if (rc == 0)
			rc = ml_features_hash(features, n_features, m.feature_hash, err);
		if (rc < 0)
			break;
		if (m.spec.shape.features != n_features) {
			rc = FAIL(err, E_INVAL, "the model takes %u features, not %zu",
				  m.spec.shape.features, n_features);
			break;
		}
		m.kind = ml_kind_find(m.spec.kind);
		if (m.spec.shape.outputs == 1)
			m.label = ml_label_usual(ML_LABEL_RETURN);
		ml_scaler_fit(tmp, ML_SCALE_NONE, NULL, n_features, 0, 0, &m.scaler);
		m.spec.columns = ml_columns(tmp, features, &m.scaler);
		finish(out, &m, ret, ret_n);
	}
	return rc;
}

/* ---- the way out --------------------------------------------------------------- */

static void put_f32(struct jw *w, const char *key, const float *v, size_t n)
{
	jw_key(w, key);
	jw_arr(w);
	for (size_t i = 0; i < n; i++)
		jw_f64(w, (double)v[i]);
	jw_arr_end(w);
}

static void put_tensor(struct jw *w, const struct ml_tensor *t)
{
	jw_keyn(w, t->name, strlen(t->name));
	jw_obj(w);
	jw_key(w, "shape");
	jw_arr(w);
	for (uint8_t i = 0; i < t->dims; i++)
		jw_u64(w, t->dim[i]);
	jw_arr_end(w);
	jw_key(w, "data");
	jw_arr(w);
	for (size_t i = 0; i < ml_tensor_len(t); i++)
		jw_f64(w, number_at(t, i));
	jw_arr_end(w);
	jw_obj_end(w);
}

void ml_export(struct sbuf *b, const struct ml_model *m)
{
	size_t n = m->spec.shape.features;
	struct jw w;

	jw_init(&w, b);
	jw_obj(&w);
	jw_kstr(&w, "format", FORMAT);
	jw_kstr(&w, "kind", m->kind->name);
	jw_kstr(&w, "name", m->name);
	jw_kstr(&w, "market", m->market);
	jw_kstr(&w, "tf", tf_name(m->tf));
	jw_key(&w, "features");
	ml_names_json(&w, m->features, n);
	jw_ku64(&w, "window", m->spec.shape.window);
	jw_key(&w, "label");
	ml_label_json(&w, &m->label);
	jw_key(&w, "params");
	ml_params_json(&w, &m->spec);
	jw_kstr(&w, "layout", m->spec.layout);
	jw_key(&w, "scaler");
	jw_obj(&w);
	jw_kf64(&w, "clip", (double)m->scaler.clip);
	put_f32(&w, "offset", m->scaler.offset, n);
	put_f32(&w, "scale", m->scaler.scale, n);
	jw_obj_end(&w);
	jw_ki64(&w, "train_from", m->train_from);
	jw_ki64(&w, "train_to", m->train_to);
	jw_ki64(&w, "valid_to", m->valid_to);
	jw_key(&w, "tensors");
	jw_obj(&w);
	SCOPE(tmp, b->arena) {
		const struct ml_tensor *t;
		size_t k = m->kind->tensors(tmp, m->m, false, &t);

		for (size_t i = 0; i < k; i++)
			put_tensor(&w, &t[i]);
	}
	jw_obj_end(&w);
	jw_obj_end(&w);
}
