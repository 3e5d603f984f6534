#include "config.h"

#include <math.h>
#include <string.h>

#include "core/array.h"
#include "core/sha256.h"
#include "ml/trainer_i.h"

const char *ml_phase_name(enum ml_phase p)
{
	switch (p) {
#define X(id, name) case ML_PHASE_##id: return name;
	ML_PHASES(X)
#undef X
	}
	assert(false);
	return NULL;
}

int ml_tell(const struct ml_run *r, enum ml_phase phase, double done,
	    const struct ml_progress *p)
{
	struct ml_step s = { .phase = phase, .done = done, .trial = r->now };
	int rc;

	if (r->h == NULL || r->h->step == NULL)
		return 0;
	if (p != NULL)
		s.epoch = *p;
	rc = r->h->step(r->h->ctx, &s);
	return rc == 0 ? 0 : FAIL(r->err, rc < 0 ? (enum errc)-rc : E_CONFLICT,
				  "the training was stopped");
}

static int keep(struct ml_run *r, const struct ml_progress *p)
{
	uint32_t every = r->h->every > 0 ? r->h->every : 1;
	int rc = 0;

	if (p->epoch % every != 0)
		return 0;
	SCOPE(tmp, r->out) {
		const void *bytes;
		size_t n;

		ml_checkpoint_write(tmp, r, &bytes, &n);
		rc = r->h->checkpoint(r->h->ctx, bytes, n);
	}
	return rc == 0 ? 0 : FAIL(r->err, rc < 0 ? (enum errc)-rc : E_CONFLICT,
				  "the checkpoint was not kept");
}

static void note_epoch(struct ml_run *r, const struct ml_progress *p)
{
	if (p->epoch == 0)
		return;
	while (r->n_curve < p->epoch) {
		array_room(r->out, (void **)&r->curve, r->n_curve, &r->size_curve,
			   sizeof(*r->curve));
		r->curve[r->n_curve++] = (struct ml_epoch_row){ NAN, NAN, NAN, NAN };
	}
	r->n_curve = p->epoch;
	r->curve[p->epoch - 1] = (struct ml_epoch_row){ (float)p->train_loss,
		(float)p->valid_loss, (float)p->valid_accuracy, (float)p->rate };
}

int ml_on_epoch(void *ctx, const struct ml_progress *p)
{
	struct ml_run *r = ctx;
	double share = p->epochs > 0 ? fmin((double)p->epoch / p->epochs, 1) : 0;
	int rc = 0;

	if (r->phase == ML_PHASE_FIT) {
		note_epoch(r, p);
		if (r->h != NULL && r->h->checkpoint != NULL)
			rc = keep(r, p);
	}
	return rc != 0 ? rc : ml_tell(r, r->phase, r->from + (r->to - r->from) * share, p);
}

/* What the bytes of the file are a function of. */
static void add_f64(struct sha256 *s, double v)
{
	sha256_add(s, &v, sizeof(v));
}

static void add_i64(struct sha256 *s, int64_t v)
{
	sha256_add(s, &v, sizeof(v));
}

static void add_text(struct sha256 *s, const char *text)
{
	sha256_add(s, text != NULL ? text : "", text != NULL ? strlen(text) + 1 : 1);
}

static void key_of(const struct ml_data *d, char ret[ML_HASH_HEX + 1])
{
	const struct ml_plan *p = d->plan;
	const struct bars *b = d->bars;
	unsigned char sum[32];
	struct sha256 s;

	sha256_init(&s);
	add_text(&s, p->spec.kind);
	add_text(&s, p->spec.layout);
	for (size_t i = 0; i < ML_PARAMS_MAX; i++)
		add_f64(&s, p->spec.param[i]);
	add_i64(&s, (int64_t)p->spec.seed);
	for (uint32_t i = 0; i < d->features; i++)
		add_text(&s, d->names[i]);
	add_i64(&s, d->window);
	add_i64(&s, (int64_t)p->label.kind);
	add_f64(&s, p->label.threshold);
	add_i64(&s, p->label.bars);
	add_i64(&s, p->label.weights);
	add_i64(&s, (int64_t)p->scale);
	add_i64(&s, p->embargo);
	add_i64(&s, (int64_t)p->tf);
	add_i64(&s, d->train_to);
	add_i64(&s, d->valid_to);
	add_i64(&s, p->search.trials);
	for (size_t i = 0; i < p->search.n_layouts; i++)
		add_text(&s, p->search.layouts[i]);
	for (size_t i = 0; i < p->search.n_rates; i++)
		add_f64(&s, p->search.rates[i]);
	/* All that is learned from: rows up to the last label of validation. */
	add_i64(&s, (int64_t)d->valid.end[d->valid.n - 1]);
	for (size_t i = 0; i <= d->valid.end[d->valid.n - 1]; i++) {
		add_i64(&s, b->t[i]);
		add_f64(&s, b->o[i]);
		add_f64(&s, b->h[i]);
		add_f64(&s, b->l[i]);
		add_f64(&s, b->c[i]);
		add_f64(&s, b->v[i]);
	}
	sha256_end(&s, sum);
	str_hex(ret, sum, sizeof(sum));
}

/* The model, trained: from the checkpoint or from the beginning. */
int ml_learn(struct ml_run *r, const void *resume, size_t n_resume)
{
	const struct ml_data *d = r->d;
	struct ml_fit fit = { &d->train, &d->valid, ml_on_epoch, r };
	struct ml_spec spec = d->spec;
	int at = ml_param_at(r->kind, "rate"), rc = 0;

	if (resume != NULL)
		rc = ml_checkpoint_read(r, &spec, resume, n_resume, &r->m);
	else if (d->plan->search.trials > 0)
		rc = ml_search(r);
	if (resume == NULL && d->plan->search.trials > 0)
		r->to = 0;		/* of the search */
	if (rc == 0 && resume == NULL) {
		spec.layout = r->layout;
		if (at >= 0 && isfinite(r->rate))
			spec.param[at] = r->rate;
		rc = r->kind->make(r->out, &spec, &r->m, r->err);
	}
	if (rc != 0)
		return rc;
	r->layout = spec.layout;
	if (at >= 0)
		r->rate = spec.param[at];
	r->now = 0;
	r->phase = ML_PHASE_FIT;
	if (!(r->to > 0)) {
		r->from = d->plan->search.trials > 0 ? 0.5 : 0.05;
		r->to = 0.9;
	}
	rc = r->kind->fit(r->m, &fit, r->err);
	return rc > 0 ? FAIL(r->err, E_CONFLICT, "the training was stopped") : rc;
}

static const char *metrics_text(struct arena *out, const struct ml_eval *e)
{
	struct sbuf b;
	struct jw w;

	sbuf_init(&b, out, 1 << 16);
	jw_init(&w, &b);
	ml_metrics_json(&w, e->metric);
	assert(sbuf_finish(&b) != NULL);
	return sbuf_finish(&b);
}

/* The file, and what the caller is told beside it. */
static void put_out(struct ml_run *r, const struct ml_calib *c, struct ml_trained *t)
{
	const struct ml_data *d = r->d;
	struct ml_model m = { .kind = r->kind, .spec = d->spec, .tf = d->plan->tf,
		.name = d->plan->name != NULL ? d->plan->name : "",
		.market = d->plan->market != NULL ? d->plan->market : "",
		.label = d->plan->label, .calib = *c, .scaler = d->scaler, .drift = d->drift,
		.features = t->features, .train_from = t->train_from, .train_to = t->train_to,
		.valid_to = t->valid_to, .test_to = t->test_to, .verdict = t->eval.verdict,
		.better = t->eval.better, .m = r->m };
	int at = ml_param_at(r->kind, "rate");

	m.metrics = metrics_text(r->out, &t->eval);
	m.spec.layout = r->layout;
	if (at >= 0)
		m.spec.param[at] = r->rate;
	memcpy(m.feature_hash, t->feature_hash, sizeof(m.feature_hash));
	ml_model_write(r->out, &m, &t->file, &t->size);
	sha256_hex(t->file, t->size, t->sum);
}

static void names_kept(struct arena *out, const struct ml_data *d, struct ml_trained *t)
{
	const char **names = NEW_N(out, const char *, d->features);

	for (uint32_t i = 0; i < d->features; i++)
		names[i] = arena_strdup(out, d->names[i]);
	t->features = names;
	t->n_features = d->features;
	for (size_t i = 0; i < t->eval.n_importance; i++)
		for (uint32_t k = 0; k < d->features; k++)
			if (strcmp(t->eval.importance[i].feature, names[k]) == 0)
				t->eval.importance[i].feature = names[k];
}

static int train(struct ml_run *r, const void *resume, size_t n_resume,
		 struct ml_trained *ret)
{
	const struct ml_data *d = r->d;
	struct ml_trained t = { .window = d->window, .train_from = d->train_from,
		.train_to = d->train_to, .valid_to = d->valid_to, .test_to = d->test_to,
		.n_train = d->train.n, .n_valid = d->valid.n, .n_test = d->test.n };
	struct ml_calib c;
	int rc;

	key_of(d, r->key);
	rc = ml_tell(r, ML_PHASE_FEATURES, 0.05, NULL);
	if (rc == 0)
		rc = ml_learn(r, resume, n_resume);
	if (rc == 0)
		rc = ml_tell(r, ML_PHASE_EVALUATE, 0.9, NULL);
	if (rc == 0) {
		t.valid_loss = ml_calibrate(r->out, d, r->m, &c);
		rc = ml_judge_test(r->out, d, r->m, &c, &t.eval, r->err);
	}
	if (rc == 0)
		rc = ml_features_hash(d->names, d->features, t.feature_hash, r->err);
	if (rc != 0)
		return rc;
	names_kept(r->out, d, &t);
	put_out(r, &c, &t);
	t.layout = r->layout != NULL ? arena_strdup(r->out, r->layout) : NULL;
	t.n_curve = r->n_curve;
	t.curve = r->curve;
	t.n_trials = r->n_trials;
	t.trial = r->trial;
	rc = ml_tell(r, ML_PHASE_DONE, 1, NULL);
	if (rc == 0)
		*ret = t;
	return rc;
}

int ml_train(struct arena *out, const struct ml_plan *plan, const struct bars *b,
	     const double *book, const void *resume, size_t n_resume,
	     const struct ml_hooks *h, struct ml_trained *ret, struct err *err)
{
	int rc = 0;

	SCOPE(tmp, out) {
		struct ml_data d;
		struct ml_run r = { .d = &d, .h = h, .err = err, .out = out,
				    .layout = plan->spec.layout, .rate = NAN };

		rc = ml_data_make(tmp, plan, b, book, &d, err);
		if (rc == 0) {
			r.kind = d.kind;
			rc = train(&r, resume, n_resume, ret);
		}
	}
	return rc;
}
