#include "config.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "core/rand.h"
#include "json/json.h"
#include "ml/model.h"
#include "ml/xgb.h"
#include "prog/ctl_ml.h"

/* orchctl ml: model files in and out, and what they give for given inputs. */

int ctl_ml_bytes(struct arena *out, const char *path, const char **ret, size_t *ret_n,
		 struct err *err)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	char *buf;
	size_t n;

	if (f == NULL)
		return FAIL(err, E_NOTFOUND, "%s: %s", path, strerror(errno));
	if (fstat(fileno(f), &st) < 0 || !S_ISREG(st.st_mode) ||
	    (size_t)st.st_size > ML_FILE_MAX) {
		fclose(f);
		return FAIL(err, E_INVAL, "%s: is no file, or too large", path);
	}
	buf = arena_alloc(out, (size_t)st.st_size + 1);
	n = fread(buf, 1, (size_t)st.st_size, f);
	fclose(f);
	if (n != (size_t)st.st_size)
		return FAIL(err, E_IO, "%s: cannot be read", path);
	*ret = buf;
	*ret_n = n;
	return 0;
}

static int import_xgb(struct ctl *c, const char *features, const char *tf_text,
		      int64_t window, const void **ret, size_t *ret_n, struct err *err)
{
	const char *const *names;
	const char *text;
	size_t n, n_names;
	enum tf tf;
	int rc;

	if (features == NULL || tf_text == NULL || !tf_parse(str_c(tf_text), &tf))
		return FAIL(err, E_INVAL, "xgboost's format wants --features and --tf");
	n_names = ctl_ml_list(c->arena, features, &names);
	rc = ctl_ml_bytes(c->arena, c->argv[0], &text, &n, err);
	return rc < 0 ? rc : ml_import_xgb(c->arena, text, n, names, n_names,
					   (uint32_t)window, tf, ret, ret_n, err);
}

int ctl_ml_import(struct ctl *c)
{
	const char *out = NULL, *tensors = NULL, *format = "json", *features = NULL;
	const char *tf = NULL, *text, *weights = NULL;
	int64_t window = 1;
	const struct ctl_opt opts[] = {
		{ "out", 'o', CTL_TEXT, &out, "FILE", "the model file to write", 0, 0 },
		{ "tensors", 't', CTL_TEXT, &tensors, "FILE", "safetensors with the weights", 0, 0 },
		{ "format", 0, CTL_TEXT, &format, "json|xgboost", "what FILE is", 0, 0 },
		{ "features", 'f', CTL_TEXT, &features, "NAME,...", "xgboost: its features", 0, 0 },
		{ "tf", 0, CTL_TEXT, &tf, "TF", "xgboost: its timeframe", 0, 0 },
		{ "window", 'w', CTL_INT, &window, "N", "xgboost: bars of a sample", 1,
		  ML_WINDOW_MAX },
		{ 0 },
	};
	const void *bytes = NULL;
	struct ml_model *m;
	struct err err;
	size_t n = 0, n_text, n_weights = 0;
	int status, rc;

	if (!ctl_parse(c, opts, "FILE", 1, 1, &status))
		return status;
	if (out == NULL)
		return ctl_usage(c, "where to? (--out FILE)");
	if (strcmp(format, "xgboost") == 0) {
		rc = import_xgb(c, features, tf, window, &bytes, &n, &err);
	} else if (strcmp(format, "json") == 0) {
		rc = ctl_ml_bytes(c->arena, c->argv[0], &text, &n_text, &err);
		if (rc == 0 && tensors != NULL)
			rc = ctl_ml_bytes(c->arena, tensors, &weights, &n_weights, &err);
		if (rc == 0)
			rc = ml_import(c->arena, text, n_text, weights, n_weights, &bytes, &n,
				       &err);
	} else {
		return ctl_usage(c, "--format is json or xgboost");
	}
	/* Read back before it is kept: what cannot be asked is not written. */
	if (rc < 0 || ml_model_parse(c->arena, bytes, n, &m, &err) < 0 ||
	    ml_file_save(out, bytes, n, &err) < 0)
		return ctl_fail(c, &err);
	ctl_say(c, "%s: %s, %u features x %u bars, sum %.12s", out, m->kind->name,
		m->spec.shape.features, m->spec.shape.window, m->sum);
	return 0;
}

int ctl_ml_export(struct ctl *c)
{
	const char *path = NULL, *out = "-", *format = "json";
	const struct ctl_opt opts[] = {
		{ "model", 'M', CTL_TEXT, &path, "FILE", "the model", 0, 0 },
		{ "format", 0, CTL_TEXT, &format, "json|xgboost", "how to write", 0, 0 },
		{ "out", 'o', CTL_TEXT, &out, "FILE", "where to; standard output", 0, 0 },
		{ 0 },
	};
	struct ml_model *m;
	struct sbuf b;
	struct err err;
	int status;

	if (!ctl_parse(c, opts, NULL, 0, 0, &status))
		return status;
	if (path == NULL)
		return ctl_usage(c, "which model? (--model FILE)");
	if (ml_model_open(c->arena, path, &m, &err) < 0)
		return ctl_fail(c, &err);
	sbuf_init(&b, c->arena, (size_t)1 << 30);
	if (strcmp(format, "json") == 0) {
		ml_export(&b, m);
	} else if (strcmp(format, "xgboost") != 0) {
		return ctl_usage(c, "--format is json or xgboost");
	} else if (strcmp(m->kind->name, "boosting") != 0) {
		return ctl_usage(c, "xgboost's format holds models of the kind boosting, "
				 "this is of %s", m->kind->name);
	} else if (ml_xgb_export(m->m, &b, &err) < 0) {
		return ctl_fail(c, &err);
	}
	sbuf_add_c(&b, '\n');
	return ctl_save(c, out, &b);
}

/* ---- forward ---------------------------------------------------------------------- */

static int inputs(struct ctl *c, const char *path, size_t want, float **ret,
		  size_t *ret_rows, struct err *err)
{
	struct table t;
	float *x;
	int rc = table_read(c->arena, path, &t, err);

	if (rc < 0)
		return rc;
	if (t.cols != want)
		return FAIL(err, E_INVAL, "%s: has %zu columns; a sample of this model has %zu "
			    "(bars x features, oldest bar first)", path, t.cols, want);
	x = NEW_N(c->arena, float, t.rows * want + 1);
	for (size_t j = 0; j < want && rc == 0; j++) SCOPE(tmp, c->arena) {
		double *v;

		rc = table_numbers(tmp, &t, j, &v, err);
		if (rc < 0)
			break;
		for (size_t i = 0; i < t.rows; i++)
			x[i * want + j] = (float)v[i];
	}
	*ret = x;
	*ret_rows = t.rows;
	return rc;
}

static void *work_of(struct arena *out, const struct ml_model *m, size_t batch)
{
	uintptr_t p = (uintptr_t)arena_alloc(out, m->kind->work(m->m, batch) + 64);

	return (void *)((p + 63) / 64 * 64);
}

int ctl_ml_forward(struct ctl *c)
{
	const char *path = NULL, *input = "-";
	bool raw = false, calibrated = false;
	const struct ctl_opt opts[] = {
		{ "model", 'M', CTL_TEXT, &path, "FILE", "the model", 0, 0 },
		{ "input", 'i', CTL_TEXT, &input, "FILE", "a sample a line, with a header", 0, 0 },
		{ "raw", 0, CTL_FLAG, &raw, NULL, "scale the inputs first", 0, 0 },
		{ "calibrated", 0, CTL_FLAG, &calibrated, NULL, "probabilities as they are used",
		  0, 0 },
		{ 0 },
	};
	struct ml_model *m;
	struct sbuf b;
	struct err err;
	size_t size, rows = 0, outputs, shown;
	float *x = NULL;
	void *work;
	int status;

	if (!ctl_parse(c, opts, NULL, 0, 0, &status))
		return status;
	if (path == NULL)
		return ctl_usage(c, "which model? (--model FILE)");
	if (ml_model_open(c->arena, path, &m, &err) < 0)
		return ctl_fail(c, &err);
	size = (size_t)m->spec.shape.window * m->spec.shape.features;
	outputs = m->spec.shape.outputs;
	shown = calibrated ? ML_ACTIONS : outputs;
	if (inputs(c, strcmp(input, "-") == 0 ? "/dev/stdin" : input, size, &x, &rows,
		   &err) < 0)
		return ctl_fail(c, &err);
	work = work_of(c->arena, m, 1);
	sbuf_init(&b, c->arena, (size_t)1 << 30);
	sbuf_addf(&b, shown == 1 ? "return\n" : "buy,hold,sell\n");
	for (size_t i = 0; i < rows; i++) {
		const float *one = x + i * size;
		float y[ML_ACTIONS], p[ML_ACTIONS];

		if (raw)
			ml_scale(&m->scaler, one, m->spec.shape.window, x + i * size);
		m->kind->forward(m->m, work, &one, 1, y);
		if (calibrated)
			ml_calib_apply(&m->calib, y, p);
		for (size_t k = 0; k < shown; k++)
			sbuf_addf(&b, "%s%.9g", k > 0 ? "," : "",
				  (double)(calibrated ? p[k] : y[k]));
		sbuf_add_c(&b, '\n');
	}
	return ctl_print(c, &b);
}

/* ---- bench ------------------------------------------------------------------------ */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Median microseconds of a call with this many samples. */
static double bench(struct ctl *c, const struct ml_model *m, size_t batch, double *ret_p99)
{
	enum { TURNS = 2000 };
	size_t size = (size_t)m->spec.shape.window * m->spec.shape.features;
	double *us = NEW_N(c->arena, double, TURNS);
	float *x = NEW_N(c->arena, float, batch * size), *y = NEW_N(c->arena, float, batch * 3);
	const float **at = NEW_N(c->arena, const float *, batch);
	void *work = work_of(c->arena, m, batch);
	int64_t end = clock_mono_ns() + 2000000000;
	size_t n = 0;
	struct rng r;

	rng_seed(&r, 1);
	for (size_t i = 0; i < batch * size; i++)
		x[i] = (float)rng_gauss(&r);
	for (size_t i = 0; i < batch; i++)
		at[i] = x + i * size;
	m->kind->forward(m->m, work, at, batch, y);
	while (n < TURNS && (n < 20 || clock_mono_ns() < end)) {
		int64_t t = clock_mono_ns();

		m->kind->forward(m->m, work, at, batch, y);
		us[n++] = (double)(clock_mono_ns() - t) / 1000;
	}
	qsort(us, n, sizeof(*us), by_value);
	*ret_p99 = us[n * 99 / 100];
	return us[n / 2];
}

int ctl_ml_bench(struct ctl *c)
{
	static const size_t batches[] = { 1, 32 };
	const char *path = NULL;
	const struct ctl_opt opts[] = {
		{ "model", 'M', CTL_TEXT, &path, "FILE", "the model", 0, 0 },
		{ 0 },
	};
	struct ml_model *m;
	struct sbuf b;
	struct err err;
	int status;

	if (!ctl_parse(c, opts, NULL, 0, 0, &status))
		return status;
	if (path == NULL)
		return ctl_usage(c, "which model? (--model FILE)");
	if (ml_model_open(c->arena, path, &m, &err) < 0)
		return ctl_fail(c, &err);
	sbuf_init(&b, c->arena, 1 << 16);
	for (size_t i = 0; i < ARRAY_LEN(batches); i++) {
		double p99, p50 = bench(c, m, batches[i], &p99);

		sbuf_addf(&b, "{\"kind\":\"%s\",\"batch\":%zu,\"us_p50\":%.3f,\"us_p99\":%.3f}\n",
			  m->kind->name, batches[i], p50, p99);
	}
	return ctl_print(c, &b);
}
