#include "config.h"

#include <string.h>

#include "ml/ml.h"
#include "ml/model.h"
#include "ml/plan.h"

#define LIST_MAX	64
#define TRY_MEMORY	((size_t)1 << 30)

struct reading {
	struct arena *out;
	struct ml_plan *p;
	struct err *err;
};

static int wrong(struct reading *r, const char *name, const char *want)
{
	return FAIL(r->err, E_INVAL, "%s: %s is wanted", name, want);
}

/* Texts of an array. */
static int texts(struct reading *r, const struct json *j, const char *name,
		 size_t most, const char *const **ret, size_t *ret_n)
{
	const char **v;
	size_t n = json_len(j);

	if (json_type(j) != JSON_ARR || n == 0 || n > most)
		return wrong(r, name, "a list of texts, not empty and not too long,");
	v = NEW_N(r->out, const char *, n);
	for (size_t i = 0; i < n; i++) {
		struct str s;

		if (!json_str(json_at(j, i), &s) || s.n == 0)
			return wrong(r, name, "a list of texts");
		v[i] = str_dup(r->out, s);
	}
	*ret = v;
	*ret_n = n;
	return 0;
}

static int whole(struct reading *r, const struct json *j, const char *name,
		 uint64_t most, uint64_t *ret)
{
	uint64_t v;

	if (!json_u64(j, &v) || v > most)
		return FAIL(r->err, E_INVAL, "%s: a whole number from 0 to %llu is "
			    "wanted", name, (unsigned long long)most);
	*ret = v;
	return 0;
}

static int features(struct reading *r, const struct json *j)
{
	return texts(r, j, "features", ML_FEATURES_MAX, &r->p->features,
		     &r->p->n_features);
}

static int window(struct reading *r, const struct json *j)
{
	uint64_t v = 0;
	int rc = whole(r, j, "window", ML_WINDOW_MAX, &v);

	if (rc == 0)
		r->p->spec.shape.window = (uint32_t)v;
	return rc;
}

static int label(struct reading *r, const struct json *j)
{
	struct ml_label *l = &r->p->label;
	const struct json *v;
	struct str key, s;
	uint64_t bars = 0;

	if (json_type(j) != JSON_OBJ)
		return wrong(r, "label", "an object");
	if (json_get(j, "kind") != NULL) {
		enum ml_label_kind k;

		if (!json_str(json_get(j, "kind"), &s) || !ml_label_parse(s, &k))
			return wrong(r, "label", "next, bars, triple or return as kind");
		*l = ml_label_usual(k);
	}
	for (size_t i = 0; json_member(j, i, &key, &v); i++) {
		if (str_eqc(key, "kind"))
			continue;
		if (str_eqc(key, "threshold") && json_f64(v, &l->threshold))
			continue;
		if (str_eqc(key, "weights") && json_bool(v, &l->weights))
			continue;
		if (!str_eqc(key, "bars"))
			return wrong(r, "label", "kind, threshold, bars and weights");
		if (whole(r, v, "label", ML_LABEL_BARS_MAX, &bars) < 0)
			return -E_INVAL;
		l->bars = (uint32_t)bars;
	}
	return 0;
}

static int params(struct reading *r, const struct json *j)
{
	const struct json *v;
	struct str key;

	if (json_type(j) != JSON_OBJ)
		return wrong(r, "params", "an object");
	for (size_t i = 0; json_member(j, i, &key, &v); i++) {
		double x;

		if (!json_f64(v, &x))
			return wrong(r, "params", "numbers by name");
		if (ml_spec_set(&r->p->spec, key, x, r->err) < 0)
			return -E_INVAL;
	}
	return 0;
}

static int layout(struct reading *r, const struct json *j)
{
	struct str s;

	if (!json_str(j, &s) || s.n == 0 || s.n > ML_LAYOUT_MAX)
		return wrong(r, "layout", "a text of at most 512 characters");
	r->p->spec.layout = str_dup(r->out, s);
	return 0;
}

static int seed(struct reading *r, const struct json *j)
{
	return whole(r, j, "seed", INT64_MAX, &r->p->spec.seed);
}

static int scale(struct reading *r, const struct json *j)
{
	struct str s;

	return json_str(j, &s) && ml_scale_parse(s, &r->p->scale) ? 0 :
		wrong(r, "scale", "standard, robust or none");
}

static int calibration(struct reading *r, const struct json *j)
{
	struct str s;

	return json_str(j, &s) && ml_calib_parse(s, &r->p->calib) ? 0 :
		wrong(r, "calibration", "platt, temperature, isotonic or none");
}

static int embargo(struct reading *r, const struct json *j)
{
	uint64_t v = 0;
	int rc = whole(r, j, "embargo", 100000, &v);

	if (rc == 0)
		r->p->embargo = (uint32_t)v;
	return rc;
}

static int fee(struct reading *r, const struct json *j)
{
	return json_f64(j, &r->p->fee) && r->p->fee >= 0 && r->p->fee < 0.1 ? 0 :
		wrong(r, "fee", "a share below 0.1 of each trade");
}

static int rates(struct reading *r, const struct json *j)
{
	double *v;
	size_t n = json_len(j);

	if (json_type(j) != JSON_ARR || n == 0 || n > LIST_MAX)
		return wrong(r, "search", "a list of rates");
	v = NEW_N(r->out, double, n);
	for (size_t i = 0; i < n; i++)
		if (!json_f64(json_at(j, i), &v[i]) || !(v[i] > 0) || v[i] > 10)
			return wrong(r, "search", "rates above 0");
	r->p->search.rates = v;
	r->p->search.n_rates = n;
	return 0;
}

static int search(struct reading *r, const struct json *j)
{
	const struct json *v;
	struct str key;
	uint64_t trials = 0;
	int rc = 0;

	if (json_type(j) != JSON_OBJ)
		return wrong(r, "search", "an object");
	for (size_t i = 0; rc == 0 && json_member(j, i, &key, &v); i++) {
		if (str_eqc(key, "trials")) {
			rc = whole(r, v, "search", ML_TRIALS_MAX, &trials);
			if (rc == 0)
				r->p->search.trials = (uint32_t)trials;
		} else if (str_eqc(key, "layouts")) {
			rc = texts(r, v, "search", LIST_MAX, &r->p->search.layouts,
				   &r->p->search.n_layouts);
		} else if (str_eqc(key, "rates")) {
			rc = rates(r, v);
		} else {
			rc = wrong(r, "search", "trials, layouts and rates");
		}
	}
	return rc;
}

static const struct member {
	const char *name;
	int (*read)(struct reading *r, const struct json *j);
} members[] = {
	{ "features", features }, { "window", window }, { "label", label },
	{ "params", params }, { "layout", layout }, { "seed", seed },
	{ "scale", scale }, { "calibration", calibration },
	{ "embargo", embargo }, { "fee", fee }, { "search", search },
};

static const struct member *member_of(struct str key)
{
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if (str_eqc(key, members[i].name))
			return &members[i];
	return NULL;
}

/* What ml_plan_check() found, as the member it belongs to. */
static const char *field_of(const char *why)
{
	static const char *const names[] = { "features", "window", "label",
		"threshold", "params", "layout", "embargo", "fee", "search" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strncmp(why, names[i], strlen(names[i])) == 0)
			return strcmp(names[i], "threshold") == 0 ? "label" : names[i];
	return strstr(why, "feature") != NULL ? "features" :
		strstr(why, "layout") != NULL ? "layout" :
		strstr(why, "window") != NULL ? "window" :
		strstr(why, "label") != NULL ? "label" : "params";
}

/* Whether they can be computed is found out by beginning to. */
static int known_features(struct arena *out, const struct ml_plan *p,
			  struct err *err)
{
	int rc = 0;

	SCOPE(tmp, out) {
		struct ml_features *f;

		if (p->features != NULL)
			rc = ml_features_new(tmp, p->tf, p->features,
					     p->n_features, 0, &f, err);
	}
	return rc;
}

int ml_plan_read(struct arena *out, const struct json *j, const char *kind,
		 enum tf tf, struct ml_plan *ret, const char **ret_field,
		 struct err *err)
{
	const struct ml_kind *k = ml_kind_find(kind);
	const char *field = "kind";
	struct ml_plan p;
	struct reading r = { out, &p, err };
	const struct json *v;
	struct str key;
	int rc = 0;

	if (ret_field == NULL)
		ret_field = &field;
	*ret_field = "kind";
	if (k == NULL)
		return FAIL(err, E_INVAL, "there is no kind of model \"%.40s\"", kind);
	ml_plan_init(&p, k, tf);
	for (size_t i = 0; rc == 0 && json_member(j, i, &key, &v); i++) {
		const struct member *m = member_of(key);

		if (m == NULL)
			return FAIL(err, E_INVAL, "a plan has no \"%.*s\"",
				    (int)(key.n < 40 ? key.n : 40), key.p);
		*ret_field = m->name;
		if (json_type(v) != JSON_NULL)
			rc = m->read(&r, v);
	}
	if (rc < 0)
		return rc;
	rc = ml_plan_check(&p, err);
	if (rc < 0) {
		*ret_field = field_of(err->msg);
		return rc;
	}
	rc = known_features(out, &p, err);
	if (rc < 0) {
		*ret_field = "features";
		return rc;
	}
	*ret = p;
	return 0;
}

void ml_plan_complete(struct arena *out, struct ml_plan *p)
{
	const struct ml_kind *k = ml_kind_find(p->spec.kind);
	const char *const *usual;
	const char **v;
	size_t n, most = 0;

	if (p->spec.shape.window == 0)
		p->spec.shape.window = k->window;
	if (p->features != NULL)
		return;
	n = ml_features_usual(out, &usual);
	while (k->needs != NULL && k->needs[most] != NULL)
		most++;
	v = NEW_N(out, const char *, n + most);
	memcpy(v, usual, n * sizeof(*v));
	for (size_t i = 0; i < most; i++) {
		bool there = false;

		for (size_t j = 0; j < n && !there; j++)
			there = strcmp(v[j], k->needs[i]) == 0;
		if (!there)
			v[n++] = k->needs[i];
	}
	p->features = v;
	p->n_features = n;
}

int ml_plan_try(const struct ml_plan *p, struct err *err)
{
	struct arena *a CLEANUP(arena_free) = arena_new("try", TRY_MEMORY);
	struct ml_column *columns = NEW_N(a, struct ml_column, p->n_features + 1);
	const struct ml_kind *k = ml_kind_find(p->spec.kind);
	struct ml_spec s = p->spec;
	int rc = 0;

	for (size_t i = 0; i < p->n_features; i++)
		columns[i] = (struct ml_column){ p->features[i], 0, 1 };
	s.columns = columns;
	s.shape.features = (uint32_t)p->n_features;
	s.shape.outputs = ml_label_outputs(&p->label);
	for (size_t i = 0; rc == 0 && i <= p->search.n_layouts; i++) {
		if (i > 0)
			s.layout = p->search.layouts[i - 1];
		rc = ml_spec_check(&s, err);
		SCOPE(tmp, a) {
			void *m;

			if (rc == 0)
				rc = k->make(tmp, &s, &m, err);
		}
	}
	return rc;
}

void ml_plan_of(const struct ml_model *m, struct ml_plan *ret)
{
	ml_plan_init(ret, m->kind, m->tf);
	ret->spec = m->spec;
	ret->features = m->features;
	ret->n_features = m->spec.shape.features;
	ret->label = m->label;
	ret->train_from = m->train_from;
	ret->train_to = m->train_to > m->train_from ? m->train_to :
		m->train_from + 1;
	ret->valid_to = m->valid_to > ret->train_to ? m->valid_to : ret->train_to;
	ret->test_to = m->test_to > ret->valid_to ? m->test_to : ret->valid_to;
}

/* ---- out --------------------------------------------------------------------- */

static void write_texts(struct jw *w, const char *name, const char *const *v,
			size_t n)
{
	jw_key(w, name);
	jw_arr(w);
	for (size_t i = 0; i < n; i++)
		jw_str(w, v[i]);
	jw_arr_end(w);
}

static void write_search(struct jw *w, const struct ml_plan *p)
{
	jw_key(w, "search");
	jw_obj(w);
	jw_ku64(w, "trials", p->search.trials);
	if (p->search.n_layouts > 0)
		write_texts(w, "layouts", p->search.layouts, p->search.n_layouts);
	if (p->search.n_rates > 0) {
		jw_key(w, "rates");
		jw_arr(w);
		for (size_t i = 0; i < p->search.n_rates; i++)
			jw_f64(w, p->search.rates[i]);
		jw_arr_end(w);
	}
	jw_obj_end(w);
}

void ml_plan_write(struct jw *w, const struct ml_plan *p)
{
	const struct ml_kind *k = ml_kind_find(p->spec.kind);

	jw_obj(w);
	if (p->features != NULL)
		write_texts(w, "features", p->features, p->n_features);
	jw_ku64(w, "window", p->spec.shape.window);
	jw_key(w, "label");
	jw_obj(w);
	jw_kstr(w, "kind", ml_label_name(p->label.kind));
	jw_kf64(w, "threshold", p->label.threshold);
	jw_ku64(w, "bars", p->label.bars);
	jw_kbool(w, "weights", p->label.weights);
	jw_obj_end(w);
	jw_key(w, "params");
	jw_obj(w);
	for (size_t i = 0; k != NULL && i < k->n_params; i++) {
		jw_key(w, k->params[i].name);
		jw_f64(w, p->spec.param[i]);
	}
	jw_obj_end(w);
	if (p->spec.layout != NULL)
		jw_kstr(w, "layout", p->spec.layout);
	jw_ku64(w, "seed", p->spec.seed);
	jw_kstr(w, "scale", ml_scale_name(p->scale));
	if (p->label.kind != ML_LABEL_RETURN)
		jw_kstr(w, "calibration", ml_calib_name(p->calib));
	jw_ku64(w, "embargo", p->embargo);
	jw_kf64(w, "fee", p->fee);
	if (p->search.trials > 0)
		write_search(w, p);
	jw_obj_end(w);
}
