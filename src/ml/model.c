#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ml/model_i.h"

/* ---- parts that plans have too --------------------------------------------------- */

void ml_params_json(struct jw *w, const struct ml_spec *s)
{
	const struct ml_kind *k = ml_kind_find(s->kind);

	assert(k != NULL);
	jw_obj(w);
	for (size_t i = 0; i < k->n_params; i++) {
		jw_keyn(w, k->params[i].name, strlen(k->params[i].name));
		jw_f64(w, s->param[i]);
	}
	jw_obj_end(w);
}

int ml_params_read(const struct json *j, struct ml_spec *s, struct err *err)
{
	const struct json *v;
	struct str key;
	int rc = 0;

	if (json_type(j) != JSON_OBJ)
		return FAIL(err, E_INVAL, "parameters are an object of numbers");
	for (size_t i = 0; rc == 0 && json_member(j, i, &key, &v); i++) {
		double x;

		if (!json_f64(v, &x))
			return FAIL(err, E_INVAL, "the parameter \"%.*s\" is no number",
				    key.n > 40 ? 40 : (int)key.n, key.p);
		rc = ml_spec_set(s, key, x, err);
	}
	return rc;
}

void ml_names_json(struct jw *w, const char *const *names, size_t n)
{
	jw_arr(w);
	for (size_t i = 0; i < n; i++)
		jw_str(w, names[i]);
	jw_arr_end(w);
}

int ml_names_read(struct arena *out, const struct json *j, const char *const **ret,
		  size_t *ret_n, struct err *err)
{
	size_t n = json_len(j);
	const char **names;

	if (json_type(j) != JSON_ARR || n < 1 || n > ML_FEATURES_MAX)
		return FAIL(err, E_INVAL, "features are a list of 1 to %d names",
			    ML_FEATURES_MAX);
	names = NEW_N(out, const char *, n);
	for (size_t i = 0; i < n; i++) {
		struct str s;

		if (!json_str(json_at(j, i), &s))
			return FAIL(err, E_INVAL, "features are a list of names");
		names[i] = str_dup(out, s);
	}
	*ret = names;
	*ret_n = n;
	return 0;
}

const struct ml_column *ml_columns(struct arena *out, const char *const *names,
				   const struct ml_scaler *s)
{
	struct ml_column *c = NEW_N(out, struct ml_column, s->features);

	for (uint32_t i = 0; i < s->features; i++)
		c[i] = (struct ml_column){ names[i], (double)s->offset[i],
					   (double)s->scale[i] };
	return c;
}

/* ---- writing ------------------------------------------------------------------------ */

struct writer {
	struct arena *a;
	struct ml_text text[20];
	size_t n_text;
	struct ml_tensor *tensor;
	size_t n;
};

static void put_text(struct writer *w, const char *key, const char *value)
{
	assert(w->n_text < ARRAY_LEN(w->text));
	w->text[w->n_text++] = (struct ml_text){ key, value };
}

#define PUT_JSON(w, key, code) do {					\
	struct sbuf text_;						\
	struct jw j;							\
									\
	sbuf_init(&text_, (w)->a, 1 << 20);				\
	jw_init(&j, &text_);						\
	code;								\
	assert(sbuf_finish(&text_) != NULL);				\
	put_text(w, key, sbuf_finish(&text_));				\
} while (0)

static void put_f32(struct writer *w, const char *name, const float *v, uint32_t d0,
		    uint32_t d1)
{
	w->tensor[w->n++] = (struct ml_tensor){ .name = name, .dtype = ML_F32,
		.dims = d1 > 0 ? 2 : 1, .dim = { d0, d1 }, .data = (void *)(uintptr_t)v };
}

static void spec_json(struct jw *j, const struct ml_spec *s)
{
	jw_obj(j);
	jw_ku64(j, "window", s->shape.window);
	jw_ku64(j, "outputs", s->shape.outputs);
	jw_key(j, "params");
	ml_params_json(j, s);
	jw_kstr(j, "layout", s->layout);
	jw_ku64(j, "seed", s->seed);
	jw_obj_end(j);
}

static void calib_json(struct jw *j, const struct ml_calib *c)
{
	jw_obj(j);
	jw_kstr(j, "kind", ml_calib_name(c->kind));
	if (c->kind == ML_CALIB_TEMPERATURE)
		jw_kf64(j, "temperature", c->temperature);
	if (c->kind == ML_CALIB_PLATT) {
		jw_kf64(j, "slope", c->slope);
		jw_kf64(j, "buy", c->bias[ML_BUY]);
		jw_kf64(j, "sell", c->bias[ML_SELL]);
	}
	if (c->kind == ML_CALIB_NORMAL) {
		jw_kf64(j, "offset", c->offset);
		jw_kf64(j, "slope", c->slope);
		jw_kf64(j, "sigma", c->sigma);
		jw_kf64(j, "threshold", c->threshold);
	}
	jw_obj_end(j);
}

static void put_metadata(struct writer *w, const struct ml_model *m)
{
	put_text(w, "format", ML_FORMAT);
	put_text(w, "kind", m->kind->name);
	put_text(w, "name", m->name);
	put_text(w, "market", m->market);
	put_text(w, "tf", tf_name(m->tf));
	PUT_JSON(w, "spec", spec_json(&j, &m->spec));
	PUT_JSON(w, "features", ml_names_json(&j, m->features, m->spec.shape.features));
	put_text(w, "feature_hash", m->feature_hash);
	PUT_JSON(w, "scaler", (jw_obj(&j), jw_kf64(&j, "clip", (double)m->scaler.clip),
			       jw_obj_end(&j)));
	PUT_JSON(w, "label", ml_label_json(&j, &m->label));
	PUT_JSON(w, "calibration", calib_json(&j, &m->calib));
	PUT_JSON(w, "ranges", (jw_obj(&j), jw_ki64(&j, "train_from", m->train_from),
			       jw_ki64(&j, "train_to", m->train_to),
			       jw_ki64(&j, "valid_to", m->valid_to),
			       jw_ki64(&j, "test_to", m->test_to), jw_obj_end(&j)));
	put_text(w, "metrics", m->metrics);
	put_text(w, "verdict", m->verdict);
	put_text(w, "better", m->better ? "true" : "false");
}

static const char *const calib_x[] = { "calibration.x0", "calibration.x1", "calibration.x2" };
static const char *const calib_y[] = { "calibration.y0", "calibration.y1", "calibration.y2" };

void ml_model_write(struct arena *out, const struct ml_model *m, const void **ret,
		    size_t *ret_n)
{
	SCOPE(tmp, out) {
		const struct ml_tensor *own;
		struct writer w = { .a = tmp };
		size_t n = m->kind->tensors(tmp, m->m, false, &own);
		uint32_t f = m->spec.shape.features;

		assert(n <= ML_TENSORS_MAX - 16);
		w.tensor = NEW_N(tmp, struct ml_tensor, n + 16);
		put_metadata(&w, m);
		for (size_t i = 0; i < n; i++) {
			w.tensor[w.n] = own[i];
			w.tensor[w.n++].name = arena_printf(tmp, "model.%s", own[i].name);
		}
		put_f32(&w, "scaler.offset", m->scaler.offset, f, 0);
		put_f32(&w, "scaler.scale", m->scaler.scale, f, 0);
		if (m->drift.features > 0) {
			put_f32(&w, "drift.edge", m->drift.edge, f, ML_PSI_BINS - 1);
			put_f32(&w, "drift.share", m->drift.share, f, ML_PSI_BINS);
		}
		for (size_t k = 0; m->calib.kind == ML_CALIB_ISOTONIC && k < ML_ACTIONS; k++) {
			put_f32(&w, calib_x[k], m->calib.x[k], m->calib.points[k], 0);
			put_f32(&w, calib_y[k], m->calib.y[k], m->calib.points[k], 0);
		}
		ml_container_write(out, w.text, w.n_text, w.tensor, w.n, ret, ret_n);
	}
}

/* ---- reading ------------------------------------------------------------------------- */

struct reader {
	struct arena *a;
	struct ml_file f;
	struct ml_model *m;
	struct err *err;
};

static int lies(struct err *err, const char *what)
{
	return FAIL(err, E_INVAL, "the model file is broken: its %s is not understood", what);
}

/* The JSON in one of the texts; NULL after a sentence. */
static const struct json *part(struct reader *r, const char *key)
{
	const char *text = ml_file_text(&r->f, key);
	const struct json *j;

	if (text == NULL || json_parse(r->a, text, strlen(text), &j, r->err) < 0) {
		(void)lies(r->err, key);
		return NULL;
	}
	return j;
}

static int read_spec(struct reader *r)
{
	const struct json *j = part(r, "spec");
	struct ml_spec *s = &r->m->spec;
	uint64_t window, outputs;
	struct str layout;
	int rc;

	if (j == NULL)
		return -E_INVAL;
	ml_spec_init(s, r->m->kind, ML_ACTIONS);
	if (!json_u64(json_get(j, "window"), &window) || window > ML_WINDOW_MAX ||
	    !json_u64(json_get(j, "outputs"), &outputs) || outputs > ML_ACTIONS ||
	    !json_u64(json_get(j, "seed"), &s->seed))
		return lies(r->err, "spec");
	s->shape.window = (uint32_t)window;
	s->shape.outputs = (uint32_t)outputs;
	s->layout = json_str(json_get(j, "layout"), &layout) ? layout.p : NULL;
	rc = ml_params_read(json_get(j, "params"), s, r->err);
	return rc;
}

static int read_features(struct reader *r)
{
	const struct json *j = part(r, "features");
	const char *hash = ml_file_text(&r->f, "feature_hash");
	struct ml_model *m = r->m;
	size_t n;
	int rc;

	if (j == NULL)
		return -E_INVAL;
	rc = ml_names_read(r->a, j, &m->features, &n, r->err);
	if (rc == 0)
		rc = ml_features_hash(m->features, n, m->feature_hash, r->err);
	if (rc < 0)
		return rc;
	m->spec.shape.features = (uint32_t)n;
	if (hash == NULL || strcmp(hash, m->feature_hash) != 0)
		return FAIL(r->err, E_UNPROCESSABLE, "the model was made for features that "
			    "are computed differently here (hash %.12s, here %.12s)",
			    hash != NULL ? hash : "none", m->feature_hash);
	return 0;
}

static int need(struct reader *r, const char *name, uint32_t d0, uint32_t d1,
		const float **ret)
{
	const struct ml_tensor *t;
	int rc = ml_tensor_need(r->f.tensor, r->f.n, name, ML_F32, d0, d1, &t, r->err);

	if (rc == 0)
		*ret = t->data;
	return rc;
}

static int read_scaler(struct reader *r)
{
	const struct json *j = part(r, "scaler");
	struct ml_scaler *s = &r->m->scaler;
	uint32_t n = r->m->spec.shape.features;
	double clip;
	int rc;

	if (j == NULL)
		return -E_INVAL;
	if (!json_f64(json_get(j, "clip"), &clip) || !(clip >= 0 && clip < 1e6))
		return lies(r->err, "scaler");
	rc = need(r, "scaler.offset", n, 0, &s->offset);
	if (rc == 0)
		rc = need(r, "scaler.scale", n, 0, &s->scale);
	if (rc < 0)
		return rc;
	s->features = n;
	s->clip = (float)clip;
	for (uint32_t i = 0; i < n; i++)
		if (!isfinite(s->offset[i]) || !isfinite(s->scale[i]) || !(s->scale[i] > 0))
			return lies(r->err, "scaler");
	r->m->spec.columns = ml_columns(r->a, r->m->features, s);
	return 0;
}

static int read_drift(struct reader *r)
{
	struct ml_drift *d = &r->m->drift;
	uint32_t n = r->m->spec.shape.features;
	int rc;

	if (ml_tensor_find(r->f.tensor, r->f.n, "drift.edge") == NULL)
		return 0;
	rc = need(r, "drift.edge", n, ML_PSI_BINS - 1, &d->edge);
	if (rc == 0)
		rc = need(r, "drift.share", n, ML_PSI_BINS, &d->share);
	if (rc == 0)
		d->features = n;
	return rc;
}

/* The steps of one class: rising, within 0 .. 1. */
static int read_steps(struct reader *r, size_t k)
{
	const struct ml_tensor *t = ml_tensor_find(r->f.tensor, r->f.n, calib_x[k]);
	struct ml_calib *c = &r->m->calib;
	int rc;

	if (t == NULL || t->dims != 1)
		return lies(r->err, "calibration");
	c->points[k] = t->dim[0];
	rc = need(r, calib_x[k], t->dim[0], 0, &c->x[k]);
	if (rc == 0)
		rc = need(r, calib_y[k], t->dim[0], 0, &c->y[k]);
	for (uint32_t i = 0; rc == 0 && i < c->points[k]; i++) {
		float x = c->x[k][i], y = c->y[k][i];

		if (!(x >= 0 && x <= 1 && y >= 0 && y <= 1) ||
		    (i > 0 && (x <= c->x[k][i - 1] || y < c->y[k][i - 1])))
			rc = lies(r->err, "calibration");
	}
	return rc;
}

static bool number_in(const struct json *j, const char *key, double lo, double hi,
		      double *ret)
{
	return json_f64(json_get(j, key), ret) && *ret >= lo && *ret <= hi;
}

static int read_calib(struct reader *r)
{
	const struct json *j = part(r, "calibration");
	struct ml_calib *c = &r->m->calib;
	struct str kind;
	bool good = true;
	int rc = 0;

	if (j == NULL)
		return -E_INVAL;
	*c = (struct ml_calib){ .temperature = 1, .slope = 1, .sigma = 1 };
	if (!json_str(json_get(j, "kind"), &kind) || !ml_calib_parse(kind, &c->kind) ||
	    (c->kind == ML_CALIB_NORMAL) != (r->m->spec.shape.outputs == 1))
		return lies(r->err, "calibration");
	if (c->kind == ML_CALIB_TEMPERATURE)
		good = number_in(j, "temperature", 1e-3, 1e3, &c->temperature);
	if (c->kind == ML_CALIB_PLATT)
		good = number_in(j, "slope", 0, 1e6, &c->slope) &&
		       number_in(j, "buy", -1e6, 1e6, &c->bias[ML_BUY]) &&
		       number_in(j, "sell", -1e6, 1e6, &c->bias[ML_SELL]);
	if (c->kind == ML_CALIB_NORMAL)
		good = number_in(j, "offset", -1e9, 1e9, &c->offset) &&
		       number_in(j, "slope", -1e9, 1e9, &c->slope) &&
		       number_in(j, "sigma", 1e-12, 1e9, &c->sigma) &&
		       number_in(j, "threshold", 0, 1e9, &c->threshold);
	if (!good)
		return lies(r->err, "calibration");
	for (size_t k = 0; rc == 0 && c->kind == ML_CALIB_ISOTONIC && k < ML_ACTIONS; k++)
		rc = read_steps(r, k);
	return rc;
}

static const char *text_or_empty(struct reader *r, const char *key)
{
	const char *s = ml_file_text(&r->f, key);

	return s != NULL ? s : "";
}

static int read_rest(struct reader *r)
{
	const struct json *label = part(r, "label"), *ranges;
	struct ml_model *m = r->m;
	int rc;

	if (label == NULL)
		return -E_INVAL;
	rc = ml_label_read(label, &m->label, r->err);
	if (rc < 0)
		return rc;
	if (ml_label_outputs(&m->label) != m->spec.shape.outputs)
		return lies(r->err, "label");
	ranges = part(r, "ranges");
	if (ranges == NULL)
		return -E_INVAL;
	if (!json_i64(json_get(ranges, "train_from"), &m->train_from) ||
	    !json_i64(json_get(ranges, "train_to"), &m->train_to) ||
	    !json_i64(json_get(ranges, "valid_to"), &m->valid_to) ||
	    !json_i64(json_get(ranges, "test_to"), &m->test_to))
		return lies(r->err, "ranges");
	if (!tf_parse(str_c(text_or_empty(r, "tf")), &m->tf))
		return lies(r->err, "tf");
	m->name = text_or_empty(r, "name");
	m->market = text_or_empty(r, "market");
	m->verdict = text_or_empty(r, "verdict");
	m->better = strcmp(text_or_empty(r, "better"), "true") == 0;
	if (part(r, "metrics") == NULL)
		return -E_INVAL;
	m->metrics = ml_file_text(&r->f, "metrics");
	return 0;
}

/* Its own tensors, by their own names. */
static int read_weights(struct reader *r)
{
	struct ml_tensor *t = NEW_N(r->a, struct ml_tensor, r->f.n + 1);
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < r->f.n; i++)
		if (strncmp(r->f.tensor[i].name, "model.", 6) == 0) {
			t[n] = r->f.tensor[i];
			t[n++].name += 6;
		}
	rc = ml_spec_check(&r->m->spec, r->err);
	if (rc == 0)
		rc = r->m->kind->load(r->a, &r->m->spec, t, n, &r->m->m, r->err);
	return rc;
}

static int read_all(struct reader *r)
{
	const char *format = ml_file_text(&r->f, "format"), *kind;
	int rc;

	if (format == NULL || strcmp(format, ML_FORMAT) != 0)
		return FAIL(r->err, E_INVAL, "the model file is of format \"%.30s\", not \""
			    ML_FORMAT "\"", format != NULL ? format : "");
	kind = text_or_empty(r, "kind");
	r->m->kind = ml_kind_find(kind);
	if (r->m->kind == NULL)
		return FAIL(r->err, E_INVAL, "the model file is of the kind \"%.40s\", which "
			    "is not known here", kind);
	rc = read_spec(r);
	if (rc == 0)
		rc = read_features(r);
	if (rc == 0)
		rc = read_scaler(r);
	if (rc == 0)
		rc = read_rest(r);
	if (rc == 0)
		rc = read_calib(r);
	if (rc == 0)
		rc = read_drift(r);
	return rc == 0 ? read_weights(r) : rc;
}

int ml_model_parse(struct arena *out, const void *bytes, size_t n, struct ml_model **ret,
		   struct err *err)
{
	struct reader r = { .a = out, .m = NEW(out, struct ml_model), .err = err };
	int rc = ml_container_read(out, bytes, n, ML_OURS, &r.f, err);

	if (rc == 0)
		rc = read_all(&r);
	if (rc < 0)
		return rc;
	memcpy(r.m->sum, r.f.sum, sizeof(r.m->sum));
	*ret = r.m;
	return 0;
}

int ml_model_open(struct arena *out, const char *path, struct ml_model **ret,
		  struct err *err)
{
	const void *bytes;
	size_t n;
	int rc = ml_file_map(out, path, &bytes, &n, err);

	return rc < 0 ? rc : ml_model_parse(out, bytes, n, ret, err);
}
