#include "config.h"

#include <math.h>
#include <string.h>

#include "ml/ensemble_i.h"
#include "ml/mem.h"

static const struct ml_param params[] = {
	{ "folds", 3, 1, 10, true, "steps of the walk in which the members are judged" },
	{ "power", 1, 0, 20, false, "members count by their accuracy to this power (vote and regime)" },
	{ "l2", 1, 0, 1e9, false, "penalty of the regression (stack)" },
	{ "adx", 25, 0, 100, false, "ADX from which it is a trend (regime)" },
	{ "volatile", 90, 50, 100, false, "per cent of the training bars that are calmer than a volatile one (regime)" },
};
static const char *const regime_needs[] = { "adx_14", "volatility_20", NULL };

/* ---- the members -------------------------------------------------------- */

static int set_word(struct member *m, struct str word, uint32_t window,
		    struct err *err)
{
	struct str name;
	double v;

	if (!str_split(&word, '=', &name) || !str_double(word, &v))
		return FAIL(err, E_INVAL, "member %s: \"%.*s\" is not name=value",
			    m->kind->name, name.n > 40 ? 40 : (int)name.n, name.p);
	if (str_eqc(name, "window")) {
		if (!(v >= 1 && v <= window && v == floor(v)))
			return FAIL(err, E_INVAL, "member %s: its window is %g; the ensemble's is %u",
				    m->kind->name, v, window);
		m->spec.shape.window = (uint32_t)v;
		return 0;
	}
	return ml_spec_set(&m->spec, name, v, err);
}

/* "KIND [name=value ...] [: LAYOUT]" */
static int read_member(struct arena *out, const struct ml_spec *s, struct str text,
		       struct member *m, struct err *err)
{
	uint32_t window = s->shape.window;
	struct str head, word;
	int rc;

	if (!str_split(&text, ':', &head))
		head = STR("");
	head = str_trim(head);
	if (!str_split(&head, ' ', &word))
		word = STR("");
	m->kind = ml_kind_find(str_dup(out, word));
	if (m->kind == NULL)
		return FAIL(err, E_INVAL, "%s: there is no kind of model \"%.*s\"", s->kind,
			    word.n > 40 ? 40 : (int)word.n, word.p);
	if (strcmp(m->kind->group, "ensemble") == 0)
		return FAIL(err, E_INVAL, "%s: an ensemble cannot be a member", s->kind);
	ml_spec_init(&m->spec, m->kind, s->shape.outputs);
	m->spec.shape.features = s->shape.features;
	if (m->spec.shape.window > window)
		m->spec.shape.window = window;
	m->spec.columns = s->columns;
	while (str_split(&head, ' ', &word)) {
		if (word.n == 0)
			continue;
		rc = set_word(m, word, window, err);
		if (rc < 0)
			return rc;
	}
	text = str_trim(text);
	if (text.n > 0)
		m->spec.layout = str_dup(out, text);
	m->skip = (size_t)(window - m->spec.shape.window) * s->shape.features;
	return ml_spec_check(&m->spec, err);
}

int ensemble_members(struct arena *out, const struct ml_spec *s,
		     struct member *ret, size_t *ret_n, struct err *err)
{
	struct str rest = str_c(s->layout), part;
	size_t n = 0;
	int rc;

	while (str_split(&rest, ';', &part)) {
		if (str_trim(part).n == 0)
			continue;
		if (n == MEMBERS_MAX)
			return FAIL(err, E_INVAL, "%s: more than %d members", s->kind, MEMBERS_MAX);
		ret[n] = (struct member){ 0 };
		rc = read_member(out, s, part, &ret[n], err);
		if (rc < 0)
			return rc;
		ret[n].spec.seed = s->seed + 7919 * n;
		n++;
	}
	if (n < 2)
		return FAIL(err, E_INVAL, "%s: the layout names its members: \"boosting; forest; logistic\"",
			    s->kind);
	*ret_n = n;
	return 0;
}

static int ensemble_new(struct arena *out, const struct ml_spec *s,
			struct ensemble **ret, struct err *err)
{
	struct ensemble *e = NEW(out, struct ensemble);
	int rc;

	if (s->shape.outputs != ML_ACTIONS)
		return FAIL(err, E_INVAL, "%s votes on classes, not on a return", s->kind);
	e->magic = ENSEMBLE_MAGIC;
	e->spec = *s;
	e->mem = out;
	e->how = strcmp(s->kind, "ensemble_stack") == 0 ? ENSEMBLE_STACK :
		 strcmp(s->kind, "ensemble_regime") == 0 ? ENSEMBLE_REGIME : ENSEMBLE_VOTE;
	rc = ensemble_members(out, s, e->member, &e->n, err);
	if (rc < 0)
		return rc;
	e->adx = ml_spec_column(s, "adx_14");
	e->volatility = ml_spec_column(s, "volatility_20");
	if (e->how == ENSEMBLE_REGIME && (e->adx < 0 || e->volatility < 0))
		return FAIL(err, E_INVAL, "ensemble_regime needs the features \"adx_14\" and \"volatility_20\"");
	if (e->how == ENSEMBLE_STACK) {
		e->meta.kind = ml_kind_find("logistic");
		ml_spec_init(&e->meta.spec, e->meta.kind, ML_ACTIONS);
		e->meta.spec.shape = (struct ml_shape){ 1, (uint32_t)e->n * ML_ACTIONS,
							ML_ACTIONS };
		rc = ml_spec_set(&e->meta.spec, STR("l2"), ml_spec_param(s, "l2"), err);
		if (rc < 0)
			return rc;
	}
	*ret = e;
	return 0;
}

static size_t rows(const struct ensemble *e)
{
	return e->how == ENSEMBLE_REGIME ? REGIMES : 1;
}

static int ensemble_make(struct arena *out, const struct ml_spec *s, void **ret,
			 struct err *err)
{
	struct ensemble *e;
	int rc = ensemble_new(out, s, &e, err);

	for (size_t i = 0; rc == 0 && i < e->n; i++) {
		rc = e->member[i].kind->make(out, &e->member[i].spec,
					     &e->member[i].model, err);
		if (rc < 0)
			err_wrap(err, "member %zu", i + 1);
	}
	if (rc == 0 && e->how == ENSEMBLE_STACK)
		rc = e->meta.kind->make(out, &e->meta.spec, &e->meta.model, err);
	if (rc < 0)
		return rc;
	e->weight = NEW_N(out, double, rows(e) * e->n);
	for (size_t i = 0; i < rows(e) * e->n; i++)
		e->weight[i] = 1 / (double)e->n;
	e->cut = NEW(out, double);
	ensemble_meta_known(e);
	ml_mem_count(out, (rows(e) * e->n + 1) * sizeof(double), 2);
	*ret = e;
	return 0;
}

/* ---- asking ------------------------------------------------------------- */

unsigned ensemble_regime(const struct ensemble *e, const float *x)
{
	const struct ml_column *c = &e->spec.columns[e->adx];

	x += (size_t)(e->spec.shape.window - 1) * e->spec.shape.features;
	if ((double)x[e->volatility] > *e->cut)
		return 2;
	return 100 * ((double)x[e->adx] * c->scale + c->offset) >=
	       ml_spec_param(&e->spec, "adx");
}

void ensemble_meta_input(const float *p, size_t n_members, float *ret)
{
	for (size_t i = 0; i < n_members * ML_ACTIONS; i++)
		ret[i] = logf(fmaxf(p[i], 1e-4F));
}

void ensemble_combine(const struct ensemble *e, const float *x, const float *p,
		      float *ret)
{
	double sum[ML_ACTIONS] = { 0 }, all = 0;
	const double *w = e->weight;

	if (e->how == ENSEMBLE_STACK) {
		float in[MEMBERS_MAX * ML_ACTIONS];
		const float *at = in;

		ensemble_meta_input(p, e->n, in);
		e->meta.kind->forward(e->meta.model, NULL, &at, 1, ret);
		return;
	}
	if (e->how == ENSEMBLE_REGIME)
		w += ensemble_regime(e, x) * e->n;
	for (size_t m = 0; m < e->n; m++)
		for (unsigned k = 0; k < ML_ACTIONS; k++)
			sum[k] += w[m] * (double)p[m * ML_ACTIONS + k];
	for (unsigned k = 0; k < ML_ACTIONS; k++)
		all += sum[k];
	for (unsigned k = 0; k < ML_ACTIONS; k++)
		ret[k] = (float)(all > 0 ? sum[k] / all : k == ML_HOLD);
}

void ensemble_meta_known(struct ensemble *e)
{
	const struct ml_tensor *t;

	if (e->how != ENSEMBLE_STACK)
		return;
	SCOPE(tmp, e->mem) {
		size_t n = e->meta.kind->tensors(tmp, e->meta.model, false, &t);

		e->meta_coef = ml_tensor_find(t, n, "linear.coef")->data;
	}
}

static size_t padded(size_t n)
{
	return (n + 63) / 64 * 64;
}

/* Pointers of a batch, answers of one member, answers of all, one member's
 * contributions; then the members' own scratch. */
struct scratch {
	const float **x;
	float *one, *all, *part;
	void *work;
};

static struct scratch divide(const struct ensemble *e, void *work, size_t n,
			     size_t *ret_size)
{
	char *p = work;
	struct scratch s;
	size_t inputs = (size_t)e->spec.shape.window * e->spec.shape.features;
	size_t at = 0;

	s.x = (const float **)(void *)p;
	at += padded(n * sizeof(*s.x));
	s.one = (float *)(void *)(p + at);
	at += padded(n * ML_ACTIONS * sizeof(float));
	s.all = (float *)(void *)(p + at);
	at += padded(n * e->n * ML_ACTIONS * sizeof(float));
	s.part = (float *)(void *)(p + at);
	at += padded(inputs * sizeof(float));
	s.work = p + at;
	*ret_size = at;
	return s;
}

static size_t ensemble_work(const void *m, size_t batch)
{
	const struct ensemble *e = m;
	char none[1];
	size_t size, most = 0;

	(void)divide(e, none, batch, &size);
	for (size_t i = 0; i < e->n; i++) {
		size_t w = e->member[i].kind->work(e->member[i].model, batch);

		most = w > most ? w : most;
	}
	return size + most;
}

static void ask_members(const struct ensemble *e, const struct scratch *s,
			const float *const *x, size_t n)
{
	for (size_t m = 0; m < e->n; m++) {
		const struct member *b = &e->member[m];

		for (size_t i = 0; i < n; i++)
			s->x[i] = x[i] + b->skip;
		b->kind->forward(b->model, s->work, s->x, n, s->one);
		for (size_t i = 0; i < n; i++)
			memcpy(s->all + (i * e->n + m) * ML_ACTIONS,
			       s->one + i * ML_ACTIONS, ML_ACTIONS * sizeof(float));
	}
}

static void ensemble_forward(const void *m, void *work, const float *const *x,
			     size_t n, float *ret)
{
	const struct ensemble *e = m;
	size_t size;
	struct scratch s = divide(e, work, n, &size);

	ask_members(e, &s, x, n);
	for (size_t i = 0; i < n; i++)
		ensemble_combine(e, x[i], s.all + i * e->n * ML_ACTIONS,
				 ret + i * ML_ACTIONS);
}

/* How much a member counts for an output. */
static double counts(const struct ensemble *e, const float *x, size_t m,
		     unsigned output)
{
	if (e->how == ENSEMBLE_STACK)
		return (double)e->meta_coef[output * e->n * ML_ACTIONS +
					    m * ML_ACTIONS + output];
	return e->weight[(e->how == ENSEMBLE_REGIME ? ensemble_regime(e, x) : 0) *
			 e->n + m];
}

/* Members measure in different units: each one's contributions are brought to
 * how far it moved its own answer from a third, and count as it does. */
static void ensemble_explain(const void *m, void *work, const float *x,
			     unsigned output, float *ret)
{
	const struct ensemble *e = m;
	size_t inputs = (size_t)e->spec.shape.window * e->spec.shape.features, size;
	struct scratch s = divide(e, work, 1, &size);

	memset(ret, 0, inputs * sizeof(*ret));
	ask_members(e, &s, &x, 1);
	for (size_t i = 0; i < e->n; i++) {
		const struct member *b = &e->member[i];
		double all = 0, c = counts(e, x, i, output);

		b->kind->explain(b->model, s.work, x + b->skip, output, s.part);
		for (size_t j = 0; j < inputs - b->skip; j++)
			all += fabs((double)s.part[j]);
		c *= fabs((double)s.all[i * ML_ACTIONS + output] - 1 / 3.0);
		for (size_t j = 0; j < inputs - b->skip && all > 0; j++)
			ret[b->skip + j] += (float)(c / all * (double)s.part[j]);
	}
}

/* ---- kept and loaded ---------------------------------------------------- */

/* "state.x" of member m0 is "state.m0.x", anything else "m0.x"; of the fold's
 * model everything is "state.run.x". */
static size_t put_member(struct arena *out, const struct member *m, void *model,
			 const char *prefix, bool state, struct ml_tensor *to)
{
	const struct ml_tensor *t;
	size_t n = m->kind->tensors(out, model, state, &t);

	for (size_t i = 0; to != NULL && i < n; i++) {
		bool own = strncmp(prefix, "state.", 6) != 0 &&
			   strncmp(t[i].name, "state.", 6) == 0;

		to[i] = t[i];
		to[i].name = arena_printf(out, "%s%s%s", own ? "state." : "", prefix,
					  t[i].name + (own ? 6 : 0));
	}
	return n;
}

static size_t put_all(struct arena *out, struct ensemble *e, bool state,
		      struct ml_tensor *to)
{
	size_t n = 0;

	for (size_t i = 0; i < e->n; i++)
		if (!state || e->member[i].trained)
			n += put_member(out, &e->member[i], e->member[i].model,
					arena_printf(out, "m%zu.", i), state,
					to != NULL ? to + n : NULL);
	if (e->how == ENSEMBLE_STACK)
		n += put_member(out, &e->meta, e->meta.model, "meta.", false,
				to != NULL ? to + n : NULL);
	if (state && e->run != NULL)
		n += put_member(out, &e->member[(size_t)e->state[ENSEMBLE_JOB] % e->n],
				e->run, "state.run.", true, to != NULL ? to + n : NULL);
	return n;
}

static size_t ensemble_tensors(struct arena *out, void *m, bool state,
			       const struct ml_tensor **ret)
{
	struct ensemble *e = OBJ_CAST(struct ensemble, m, ENSEMBLE_MAGIC);
	size_t n = put_all(out, e, state, NULL);
	struct ml_tensor *t = NEW_N(out, struct ml_tensor, n + 5);
	uint8_t *has;

	n = put_all(out, e, state, t);
	t[n++] = (struct ml_tensor){ "ensemble.weight", ML_F64, 2,
				     { (uint32_t)rows(e), (uint32_t)e->n }, e->weight };
	t[n++] = (struct ml_tensor){ "ensemble.cut", ML_F64, 1, { 1 }, e->cut };
	*ret = t;
	if (!state)
		return n;
	has = NEW_N(out, uint8_t, e->n);
	for (size_t i = 0; i < e->n; i++)
		has[i] = e->member[i].trained;
	t[n++] = (struct ml_tensor){ "state.ensemble", ML_F64, 1, { 2 }, e->state };
	t[n++] = (struct ml_tensor){ "state.has", ML_U8, 1, { (uint32_t)e->n }, has };
	if (e->oof != NULL)
		t[n++] = (struct ml_tensor){ "state.oof", ML_F32, 2,
			{ (uint32_t)e->n_oof, (uint32_t)e->n * ML_ACTIONS }, e->oof };
	return n;
}

/* The tensors of one prefix, by the names they had. */
static size_t pick(struct arena *tmp, const struct ml_tensor *t, size_t n,
		   const char *prefix, struct ml_tensor *ret)
{
	size_t len = strlen(prefix), m = 0;

	for (size_t i = 0; i < n; i++) {
		const char *name = t[i].name;
		bool state = strncmp(name, "state.", 6) == 0 &&
			     strncmp(prefix, "state.", 6) != 0;

		if (strncmp(name + (state ? 6 : 0), prefix, len) != 0)
			continue;
		ret[m] = t[i];
		ret[m++].name = arena_printf(tmp, "%s%s", state ? "state." : "",
					     name + (state ? 6 : 0) + len);
	}
	return m;
}

static int load_one(struct arena *out, const struct member *m,
		    const struct ml_tensor *t, size_t n, const char *prefix,
		    void **ret, struct err *err)
{
	int rc = 0;

	SCOPE(tmp, out) {
		struct ml_tensor *own = NEW_N(tmp, struct ml_tensor, n > 0 ? n : 1);
		size_t k = pick(tmp, t, n, prefix, own);

		rc = m->kind->load(out, &m->spec, own, k, ret, err);
		if (rc < 0)
			err_wrap(err, "member %s%s", prefix, m->kind->name);
	}
	return rc;
}

static int load_members(struct ensemble *e, const struct ml_tensor *t, size_t n,
			struct err *err)
{
	const struct ml_tensor *has = NULL;
	int rc = 0;

	if (ml_tensor_find(t, n, "state.has") != NULL)
		rc = ml_tensor_need(t, n, "state.has", ML_U8, (uint32_t)e->n, 0, &has, err);
	for (size_t i = 0; rc == 0 && i < e->n; i++) {
		struct member *m = &e->member[i];
		char prefix[16] = "m0.";

		prefix[1] = (char)('0' + i);
		m->trained = has == NULL || ((const uint8_t *)has->data)[i] != 0;
		rc = m->trained ? load_one(e->mem, m, t, n, prefix, &m->model, err) :
				  m->kind->make(e->mem, &m->spec, &m->model, err);
	}
	if (rc == 0 && e->how == ENSEMBLE_STACK)
		rc = load_one(e->mem, &e->meta, t, n, "meta.", &e->meta.model, err);
	return rc;
}

static int load_weights(struct ensemble *e, const struct ml_tensor *t, size_t n,
			struct err *err)
{
	const struct ml_tensor *w, *c;
	int rc;

	if ((rc = ml_tensor_need(t, n, "ensemble.weight", ML_F64, (uint32_t)rows(e),
				 (uint32_t)e->n, &w, err)) < 0 ||
	    (rc = ml_tensor_need(t, n, "ensemble.cut", ML_F64, 1, 0, &c, err)) < 0)
		return rc;
	e->weight = memcpy(NEW_N(e->mem, double, rows(e) * e->n), w->data,
			   rows(e) * e->n * sizeof(double));
	e->cut = memcpy(NEW(e->mem, double), c->data, sizeof(double));
	for (size_t r = 0; r < rows(e); r++) {
		double sum = 0;

		for (size_t m = 0; m < e->n; m++) {
			if (!(e->weight[r * e->n + m] >= 0))
				return FAIL(err, E_INVAL, "%s: a member's weight is no number", e->spec.kind);
			sum += e->weight[r * e->n + m];
		}
		if (!(fabs(sum - 1) < 1e-6))
			return FAIL(err, E_INVAL, "%s: the members' weights are not one together", e->spec.kind);
	}
	if (!isfinite(*e->cut))
		return FAIL(err, E_INVAL, "%s: the volatile begins at no number", e->spec.kind);
	return 0;
}

static int load_state(struct ensemble *e, const struct ml_tensor *t, size_t n,
		      struct err *err)
{
	double jobs = (ml_spec_param(&e->spec, "folds") + 1) * (double)e->n;
	const struct ml_tensor *s, *o = ml_tensor_find(t, n, "state.oof");
	bool run = false;
	int rc;

	if (ml_tensor_find(t, n, "state.ensemble") == NULL)
		return 0;
	rc = ml_tensor_need(t, n, "state.ensemble", ML_F64, 2, 0, &s, err);
	if (rc < 0)
		return rc;
	memcpy(e->state, s->data, sizeof(e->state));
	if (!(e->state[ENSEMBLE_RUNNING] >= 0 && e->state[ENSEMBLE_RUNNING] <= 1 &&
	      e->state[ENSEMBLE_JOB] >= 0 && e->state[ENSEMBLE_JOB] <= jobs &&
	      e->state[ENSEMBLE_JOB] == floor(e->state[ENSEMBLE_JOB])) ||
	    (e->state[ENSEMBLE_RUNNING] > 0 && o == NULL))
		return FAIL(err, E_INVAL, "%s: the checkpoint is of job %g of %g", e->spec.kind,
			    e->state[ENSEMBLE_JOB], jobs);
	if (o != NULL) {
		rc = ml_tensor_need(t, n, "state.oof", ML_F32, o->dim[0],
				    (uint32_t)e->n * ML_ACTIONS, &o, err);
		if (rc < 0)
			return rc;
		e->n_oof = o->dim[0];
		e->oof = memcpy(NEW_N(e->mem, float, ml_tensor_len(o)), o->data,
				ml_tensor_len(o) * sizeof(float));
	}
	for (size_t i = 0; o != NULL && i < ml_tensor_len(o); i++)
		if (!isfinite(e->oof[i]))
			return FAIL(err, E_INVAL, "%s: the checkpoint's answers are no numbers", e->spec.kind);
	for (size_t i = 0; i < n; i++)
		run = run || strncmp(t[i].name, "state.run.", 10) == 0;
	if (!run)
		return 0;
	e->run_mem = arena_push(e->mem, "fold");
	return load_one(e->run_mem, &e->member[(size_t)e->state[ENSEMBLE_JOB] % e->n],
			t, n, "state.run.", &e->run, err);
}

static int ensemble_load(struct arena *out, const struct ml_spec *s,
			 const struct ml_tensor *t, size_t n, void **ret,
			 struct err *err)
{
	struct ensemble *e;
	int rc = ensemble_new(out, s, &e, err);

	if (rc < 0 || (rc = load_members(e, t, n, err)) < 0 ||
	    (rc = load_weights(e, t, n, err)) < 0 ||
	    (rc = load_state(e, t, n, err)) < 0)
		return rc;
	ensemble_meta_known(e);
	ml_mem_count(out, (rows(e) * e->n + 1) * sizeof(double), 2);
	*ret = e;
	return 0;
}

#define KIND(NAME, TITLE, NEEDS)						\
	const struct ml_kind ml_kind_##NAME = {					\
		.name = #NAME, .title = TITLE, .group = "ensemble",		\
		.params = params, .n_params = ARRAY_LEN(params), .window = 1,	\
		.layout = "boosting; forest; logistic", .needs = NEEDS,		\
		.make = ensemble_make, .fit = ensemble_fit,			\
		.work = ensemble_work, .forward = ensemble_forward,		\
		.explain = ensemble_explain, .tensors = ensemble_tensors,	\
		.load = ensemble_load,						\
	}
KIND(ensemble_vote, "Ensemble, vote by accuracy", NULL);
KIND(ensemble_stack, "Ensemble, stacked", NULL);
KIND(ensemble_regime, "Ensemble, weights by regime", regime_needs);
