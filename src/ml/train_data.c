#include "config.h"

#include <math.h>
#include <string.h>

#include "ml/trainer_i.h"

#define TRAIN_LEAST 100
#define VALID_LEAST 50
#define TEST_LEAST 30
#define BATCH 32

void ml_plan_init(struct ml_plan *ret, const struct ml_kind *k, enum tf tf)
{
	*ret = (struct ml_plan){ .tf = tf, .label = ml_label_usual(ML_LABEL_NEXT),
		.scale = ML_SCALE_STANDARD, .calib = ML_CALIB_PLATT, .fee = 0.001 };
	ml_spec_init(&ret->spec, k, ML_ACTIONS);
}

int ml_plan_check(const struct ml_plan *p, struct err *err)
{
	const struct ml_kind *k = ml_kind_find(p->spec.kind);
	int rc = ml_label_check(&p->label, err);

	if (rc < 0)
		return rc;
	if (k == NULL)
		return FAIL(err, E_INVAL, "there is no kind of model \"%.40s\"", p->spec.kind);
	if (!(p->fee >= 0 && p->fee < 0.1))
		return FAIL(err, E_INVAL, "the fee of a trade is a share below 0.1, not %g",
			    p->fee);
	if (p->calib == ML_CALIB_NORMAL && ml_label_outputs(&p->label) != 1)
		return FAIL(err, E_INVAL, "the calibration \"normal\" is for predicted returns");
	if (p->search.trials > ML_TRIALS_MAX)
		return FAIL(err, E_INVAL, "%u trials; at most %d are searched",
			    p->search.trials, ML_TRIALS_MAX);
	if (p->train_to != 0 && !(p->train_from < p->train_to &&
				  p->train_to < p->valid_to && p->valid_to < p->test_to))
		return FAIL(err, E_INVAL, "training, validation and test follow one another: "
			    "train_from < train_to < valid_to < test_to");
	return 0;
}

/* The plan's features, or the usual ones and what the kind needs. */
static void name_features(struct ml_data *d)
{
	const char *const *usual;
	const char **names;
	size_t n;

	d->names = d->plan->features;
	d->features = (uint32_t)d->plan->n_features;
	if (d->names != NULL && d->features > 0)
		return;
	n = ml_features_usual(d->a, &usual);
	names = NEW_N(d->a, const char *, n + ml_feature_table_n);
	memcpy(names, usual, n * sizeof(*names));
	for (const char *const *need = d->kind->needs; need != NULL && *need != NULL; need++) {
		size_t i = 0;

		while (i < n && strcmp(names[i], *need) != 0)
			i++;
		if (i == n)
			names[n++] = *need;
	}
	d->names = names;
	d->features = (uint32_t)n;
}

/* Given, or 60, 20 and 20 % of the time there is. */
static int cut_times(struct ml_data *d, struct err *err)
{
	const struct ml_plan *p = d->plan;
	const struct bars *b = d->bars;
	int64_t first, last;

	if (b->n < 2)
		return FAIL(err, E_UNPROCESSABLE, "there are no candles to learn from");
	first = b->t[0];
	last = b->t[b->n - 1] + 1;
	d->train_from = p->train_from > first ? p->train_from : first;
	d->test_to = p->test_to > 0 && p->test_to < last ? p->test_to : last;
	d->train_to = p->train_to;
	d->valid_to = p->valid_to;
	if (d->train_to != 0)
		return 0;
	d->train_to = d->train_from + (d->test_to - d->train_from) / 10 * 6;
	d->valid_to = d->train_from + (d->test_to - d->train_from) / 10 * 8;
	return 0;
}

struct draft { uint32_t *end; uint8_t *cls; float *target; int64_t *t, *t_end; };

/* Bars with a whole window of known features behind them and a known label. */
static void collect(struct ml_data *d)
{
	const struct bars *b = d->bars;
	struct ml_label l = d->plan->label;
	uint8_t *cls = NEW_N(d->a, uint8_t, b->n);
	float *target = NEW_N(d->a, float, b->n);
	int64_t *t_end = NEW_N(d->a, int64_t, b->n);
	struct draft s = { NEW_N(d->a, uint32_t, b->n), NEW_N(d->a, uint8_t, b->n),
		NEW_N(d->a, float, b->n), NEW_N(d->a, int64_t, b->n),
		NEW_N(d->a, int64_t, b->n) };
	size_t known = 0, n = 0;

	ml_labels(&l, d->plan->tf, b, cls, target, t_end);
	for (size_t i = 0; i < b->n; i++) {
		known = ml_row_known(d->raw + i * d->features, d->features) ? known + 1 : 0;
		if (known < d->window || isnan(target[i]) || b->t[i] < d->train_from ||
		    b->t[i] >= d->test_to)
			continue;
		s.end[n] = (uint32_t)i;
		s.cls[n] = l.kind == ML_LABEL_RETURN ?
			   ml_class_of((double)target[i], l.threshold) : cls[i];
		s.target[n] = target[i];
		s.t[n] = b->t[i];
		s.t_end[n++] = t_end[i];
	}
	d->cls = s.cls;
	d->all = (struct ml_set){ .shape = d->spec.shape, .n = n, .end = s.end,
		.cls = l.kind == ML_LABEL_RETURN ? NULL : s.cls, .target = s.target,
		.t = s.t, .t_end = s.t_end };
}

static int split(struct ml_data *d, struct err *err)
{
	size_t c1 = ml_set_seek(&d->all, d->train_to);
	size_t c2 = ml_set_seek(&d->all, d->valid_to), to1, to2;

	to1 = ml_purge(&d->all, c1, c1, d->plan->embargo);
	to2 = ml_purge(&d->all, c2, c2, d->plan->embargo);
	if (to1 < TRAIN_LEAST || to2 < c1 + VALID_LEAST || d->all.n < c2 + TEST_LEAST)
		return FAIL(err, E_UNPROCESSABLE, "%zu samples to train with, %zu to validate "
			    "and %zu to test are too few (%d, %d, %d at least): more candles "
			    "are wanted", to1, to2 > c1 ? to2 - c1 : 0,
			    d->all.n - (c2 < d->all.n ? c2 : d->all.n), TRAIN_LEAST,
			    VALID_LEAST, TEST_LEAST);
	d->train = ml_set_slice(&d->all, 0, to1);
	d->valid = ml_set_slice(&d->all, c1, to2);
	d->test = ml_set_slice(&d->all, c2, d->all.n);
	d->row_from = d->train.end[0] + 1 - d->window;
	d->row_to = d->train.end[to1 - 1] + 1;
	d->train_from = d->train.t[0];
	return 0;
}

static void weigh(struct ml_data *d)
{
	float *w = NEW_N(d->a, float, d->all.n);
	double of[ML_ACTIONS];

	if (!d->plan->label.weights || d->all.cls == NULL)
		return;
	ml_class_weights(d->train.cls, d->train.n, of);
	for (size_t i = 0; i < d->all.n; i++)
		w[i] = (float)of[d->all.cls[i]];
	d->train.weight = w;
}

int ml_data_make(struct arena *a, const struct ml_plan *plan, const struct bars *b,
		 const double *book, struct ml_data *ret, struct err *err)
{
	struct ml_data d = { .a = a, .plan = plan, .bars = b, .spec = plan->spec };
	struct ml_features *f;
	int rc = ml_plan_check(plan, err);

	if (rc < 0)
		return rc;
	d.kind = ml_kind_find(plan->spec.kind);
	name_features(&d);
	d.window = plan->spec.shape.window > 0 ? plan->spec.shape.window : d.kind->window;
	d.spec.shape = (struct ml_shape){ d.window, d.features,
					  ml_label_outputs(&plan->label) };
	rc = cut_times(&d, err);
	if (rc == 0)
		rc = ml_features_new(a, plan->tf, d.names, d.features,
				     book != NULL ? ML_KNOWN_BOOK : 0, &f, err);
	if (rc < 0)
		return rc;
	d.raw = arena_alloc_n(a, b->n * d.features, sizeof(float));
	ml_features_run(f, b, book, d.raw);
	collect(&d);
	rc = split(&d, err);
	if (rc < 0)
		return rc;
	ml_scaler_fit(a, plan->scale, d.raw, d.features, d.row_from, d.row_to, &d.scaler);
	ml_drift_fit(a, d.raw, d.features, d.row_from, d.row_to, &d.drift);
	d.x = arena_alloc_n(a, b->n * d.features, sizeof(float));
	ml_scale(&d.scaler, d.raw, b->n, d.x);
	d.all.x = d.train.x = d.valid.x = d.test.x = d.x;
	weigh(&d);
	d.spec.columns = ml_columns(a, d.names, &d.scaler);
	rc = ml_spec_check(&d.spec, err);
	if (rc == 0)
		*ret = d;
	return rc;
}

void ml_outputs(struct arena *out, const struct ml_kind *k, const void *m,
		const struct ml_set *s, float *ret)
{
	SCOPE(tmp, out) {
		uintptr_t room = (uintptr_t)arena_alloc(tmp, k->work(m, BATCH) + 64);
		void *work = (void *)((room + 63) / 64 * 64);
		const float *x[BATCH];

		for (size_t i = 0; i < s->n; i += BATCH) {
			size_t n = s->n - i < BATCH ? s->n - i : BATCH;

			for (size_t j = 0; j < n; j++)
				x[j] = ml_sample(s, i + j);
			k->forward(m, work, x, n, ret + i * s->shape.outputs);
		}
	}
}
