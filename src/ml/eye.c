#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ml/ml.h"
#include "ml/model.h"
#include "json/json.h"

/* A model that looks at a market.  Rows of features, raw and scaled, stand in a
 * strip; the newest `window` of them are contiguous, so a sample is a place in
 * the strip and nothing is copied to ask. */

#define STRIP 256		/* rows beyond the window */
#define BATCH 32

struct ml_eye {
	const struct ml_model *m;
	struct ml_features *f;
	const char **title;		/* of each feature */
	size_t window, n;		/* n: features */
	float *raw, *x;			/* window + STRIP rows */
	size_t rows;			/* in the strip */
	size_t known;			/* rows without a hole, up to the newest */
	uint64_t seen;
	int64_t t;
	float *y;			/* BATCH x outputs */
	float *part;			/* window x features: contributions */
	float *told;			/* window x features: given raw, scaled */
	const float **at;		/* BATCH */
	void *work;
};

static void *aligned(struct arena *out, size_t n)
{
	uintptr_t p = (uintptr_t)arena_alloc(out, n + 64);

	return (void *)((p + 63) / 64 * 64);
}

int ml_eye_new(struct arena *out, const struct ml_model *m, unsigned known,
	       struct ml_eye **ret, struct err *err)
{
	size_t n = m->spec.shape.features, window = m->spec.shape.window;
	struct ml_eye *e = NEW(out, struct ml_eye);
	int rc = ml_features_new(out, m->tf, m->features, n, known, &e->f, err);

	if (rc < 0)
		return rc;
	e->m = m;
	e->n = n;
	e->window = window;
	e->title = NEW_N(out, const char *, n);
	for (size_t i = 0; i < n; i++) {
		struct ml_feature_ref r;

		rc = ml_feature_parse(str_c(m->features[i]), &r, err);
		if (rc < 0)
			return rc;
		e->title[i] = ml_feature_title(out, &r);
	}
	e->raw = aligned(out, (window + STRIP) * n * sizeof(float));
	e->x = aligned(out, (window + STRIP) * n * sizeof(float));
	e->y = NEW_N(out, float, BATCH * m->spec.shape.outputs);
	e->part = NEW_N(out, float, window * n);
	e->told = aligned(out, window * n * sizeof(float));
	e->at = NEW_N(out, const float *, BATCH);
	e->work = aligned(out, m->kind->work(m->m, BATCH));
	*ret = e;
	return 0;
}

size_t ml_eye_history(const struct ml_eye *e)
{
	return ml_features_history(e->f) + e->window;
}

void ml_eye_restart(struct ml_eye *e)
{
	ml_features_restart(e->f);
	e->rows = e->known = 0;
	e->seen = 0;
}

/* At most STRIP bars more at the end of the strip; the first new row. */
static size_t add(struct ml_eye *e, const struct bars *b, const double *book)
{
	size_t from;

	if (e->rows + b->n > e->window + STRIP) {
		size_t keep = e->window - 1 < e->rows ? e->window - 1 : e->rows;

		memmove(e->raw, e->raw + (e->rows - keep) * e->n, keep * e->n * sizeof(float));
		memmove(e->x, e->x + (e->rows - keep) * e->n, keep * e->n * sizeof(float));
		e->rows = keep;
	}
	from = e->rows;
	ml_features_run(e->f, b, book, e->raw + from * e->n);
	ml_scale(&e->m->scaler, e->raw + from * e->n, b->n, e->x + from * e->n);
	e->rows += b->n;
	e->seen += b->n;
	e->t = b->t[b->n - 1];
	return from;
}

static bool count_known(struct ml_eye *e, size_t row)
{
	e->known = ml_row_known(e->raw + row * e->n, e->n) ? e->known + 1 : 0;
	return e->known >= e->window;
}

void ml_eye_push(struct ml_eye *e, const struct bars *b, const double *book)
{
	for (size_t i = 0; i < b->n; i += STRIP) {
		struct bars part = bars_slice(b, i, b->n - i < STRIP ? b->n - i : STRIP);
		size_t from = add(e, &part, book != NULL ? book + i : NULL);

		for (size_t k = 0; k < part.n; k++)
			(void)count_known(e, from + k);
	}
}

bool ml_eye_ready(const struct ml_eye *e)
{
	return e->known >= e->window;
}

static const float *sample(const struct ml_eye *e, size_t row)
{
	return e->x + (row + 1 - e->window) * e->n;
}

/* What the model says about samples e->at[0..k-1], each into a row of ret. */
static void say(struct ml_eye *e, size_t k, float *const *ret)
{
	const struct ml_model *m = e->m;
	size_t outputs = m->spec.shape.outputs;

	if (k == 0)
		return;
	m->kind->forward(m->m, e->work, e->at, k, e->y);
	for (size_t i = 0; i < k; i++) {
		ml_calib_apply(&m->calib, e->y + i * outputs, ret[i]);
		ret[i][ML_ACTIONS] = outputs == 1 ? e->y[i] : NAN;
	}
}

void ml_eye_run(struct ml_eye *e, const struct bars *b, const double *book, float *ret)
{
	float *row[BATCH];

	for (size_t i = 0; i < b->n; i += STRIP) {
		struct bars part = bars_slice(b, i, b->n - i < STRIP ? b->n - i : STRIP);
		size_t from = add(e, &part, book != NULL ? book + i : NULL), k = 0;

		for (size_t j = 0; j < part.n; j++) {
			float *to = ret + (i + j) * ML_SAID;

			if (!count_known(e, from + j)) {
				for (size_t c = 0; c < ML_SAID; c++)
					to[c] = NAN;
				continue;
			}
			e->at[k] = sample(e, from + j);
			row[k++] = to;
			if (k == BATCH) {
				say(e, k, row);
				k = 0;
			}
		}
		say(e, k, row);
	}
}

/* ---- reasons --------------------------------------------------------------------- */

static void sentence(const struct ml_eye *e, struct ml_reason *r, size_t i, float x,
		     const char *what)
{
	const char *how = x <= -2 ? "very low" : x <= -0.75f ? "low" : x >= 2 ? "very high" :
			  x >= 0.75f ? "high" : "as usual";

	(void)snprintf(r->sentence, sizeof(r->sentence), "%.90s is %.4g, %s: %s %s",
		       e->title[i], (double)r->value, how,
		       r->contribution > 0 ? "speaks for" : "speaks against", what);
}

/* The features that moved the output most, over all bars of the window. */
static void reasons(struct ml_eye *e, const float *x, const float *raw,
		    struct ml_prediction *p)
{
	const struct ml_model *m = e->m;
	bool classes = m->spec.shape.outputs == ML_ACTIONS;
	const float *last = x + (e->window - 1) * e->n;

	m->kind->explain(m->m, e->work, x, classes ? p->action : 0, e->part);
	for (size_t i = 0; i < e->n; i++) {
		float sum = 0;
		size_t at = p->n_reasons;

		for (size_t k = 0; k < e->window; k++)
			sum += e->part[k * e->n + i];
		while (at > 0 && fabsf(p->reason[at - 1].contribution) < fabsf(sum)) {
			if (at < ML_REASONS)
				p->reason[at] = p->reason[at - 1];
			at--;
		}
		if (at == ML_REASONS || !(fabsf(sum) > 0))
			continue;
		p->reason[at] = (struct ml_reason){ .feature = m->features[i],
			.value = raw[(e->window - 1) * e->n + i], .contribution = sum };
		sentence(e, &p->reason[at], i, last[i], classes ?
			 ml_action_name(p->action) : "a higher return");
		if (p->n_reasons < ML_REASONS)
			p->n_reasons++;
	}
}

/* One sample: its scaled and its raw rows. */
static int ask(struct ml_eye *e, const float *x, const float *raw, bool explain,
	       struct ml_prediction *ret, struct err *err)
{
	struct ml_prediction p = { .t = e->t };
	float said[ML_SAID], *row = said;

	e->at[0] = x;
	say(e, 1, &row);
	for (size_t k = 0; k < ML_ACTIONS; k++) {
		if (!isfinite(said[k]))
			return FAIL(err, E_UNPROCESSABLE, "the model's outputs are no numbers");
		p.p[k] = said[k];
	}
	p.predicted = said[ML_ACTIONS];
	/* Equal ones: nothing is to be done. */
	p.action = p.p[ML_BUY] > p.p[ML_HOLD] && p.p[ML_BUY] > p.p[ML_SELL] ? ML_BUY :
		   p.p[ML_SELL] > p.p[ML_HOLD] && p.p[ML_SELL] > p.p[ML_BUY] ? ML_SELL :
		   ML_HOLD;
	p.confidence = p.p[p.action];
	p.strength = p.p[ML_BUY] - p.p[ML_SELL];
	p.indicators = raw + (e->window - 1) * e->n;
	if (explain)
		reasons(e, x, raw, &p);
	*ret = p;
	return 0;
}

static int not_ready(const struct ml_eye *e, struct err *err)
{
	size_t want = ml_features_warm_up(e->f) + e->window;

	if (e->seen < want)
		return FAIL(err, E_UNPROCESSABLE, "the model needs %zu bars before it says "
			    "anything; %llu are there", want, (unsigned long long)e->seen);
	for (size_t i = 0; i < e->n; i++)
		for (size_t k = 0; k < e->window && k < e->rows; k++)
			if (isnan(e->raw[(e->rows - 1 - k) * e->n + i]))
				return FAIL(err, E_UNPROCESSABLE, "the feature \"%s\" is not "
					    "known at all of the last %zu bars",
					    e->m->features[i], e->window);
	return FAIL(err, E_UNPROCESSABLE, "the model has seen too few bars");
}

int ml_eye_ask(struct ml_eye *e, bool explain, struct ml_prediction *ret, struct err *err)
{
	if (!ml_eye_ready(e))
		return not_ready(e, err);
	return ask(e, sample(e, e->rows - 1), e->raw + (e->rows - e->window) * e->n,
		   explain, ret, err);
}

int ml_eye_ask_raw(struct ml_eye *e, const float *raw, bool explain,
		   struct ml_prediction *ret, struct err *err)
{
	for (size_t i = 0; i < e->window * e->n; i++)
		if (!isfinite(raw[i]))
			return FAIL(err, E_UNPROCESSABLE, "the feature \"%s\" is no number",
				    e->m->features[i % e->n]);
	ml_scale(&e->m->scaler, raw, e->window, e->told);
	return ask(e, e->told, raw, explain, ret, err);
}

void ml_prediction_json(struct jw *w, const struct ml_model *m,
			const struct ml_prediction *p)
{
	jw_kstr(w, "action", ml_action_name(p->action));
	jw_key(w, "probabilities");
	jw_obj(w);
	for (size_t k = 0; k < ML_ACTIONS; k++)
		jw_kf64(w, ml_action_name((enum ml_action)k), (double)p->p[k]);
	jw_obj_end(w);
	jw_kf64(w, "confidence", (double)p->confidence);
	jw_kf64(w, "strength", (double)p->strength);
	jw_kf64(w, "predicted", (double)p->predicted);
	jw_key(w, "indicators");
	jw_obj(w);
	for (size_t i = 0; i < m->spec.shape.features; i++) {
		jw_keyn(w, m->features[i], strlen(m->features[i]));
		jw_f64(w, (double)p->indicators[i]);
	}
	jw_obj_end(w);
	jw_key(w, "reasons");
	jw_arr(w);
	for (size_t i = 0; i < p->n_reasons; i++) {
		const struct ml_reason *r = &p->reason[i];

		jw_obj(w);
		jw_kstr(w, "feature", r->feature);
		jw_kf64(w, "value", (double)r->value);
		jw_kf64(w, "contribution", (double)r->contribution);
		jw_kstr(w, "sentence", r->sentence);
		jw_obj_end(w);
	}
	jw_arr_end(w);
	jw_key(w, "bar_time");
	jw_time(w, p->t);
}
