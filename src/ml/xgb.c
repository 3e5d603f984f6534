#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "json/json.h"
#include "ml/boost_i.h"
#include "ml/xgb.h"

#define NODES_MAX (1u << 20)	/* of one tree of a file */
#define NOBODY 2147483647	/* the root's parent */

static const struct {
	const char *name;
	enum boost_objective objective;
} objectives[] = {
	{ "reg:squarederror", BOOST_SQUARED },
	{ "binary:logistic", BOOST_LOGISTIC },
	{ "multi:softprob", BOOST_SOFTMAX },
	{ "multi:softmax", BOOST_SOFTMAX },
};

/* ---- reading ------------------------------------------------------------ */

/* The parallel arrays of one tree. */
struct columns {
	const struct json *left, *right, *feature, *split, *cover, *missing;
	size_t n;
};

static int need_array(const struct json *tree, const char *name, size_t n,
		      const struct json **ret, struct err *err)
{
	const struct json *a = json_get(tree, name);

	if (a == NULL || json_type(a) != JSON_ARR)
		return FAIL(err, E_INVAL, "a tree has no array \"%s\"", name);
	if (n > 0 && json_len(a) != n)
		return FAIL(err, E_INVAL, "\"%s\" has %zu values for %zu nodes", name,
			    json_len(a), n);
	*ret = a;
	return 0;
}

static int read_columns(const struct json *tree, struct columns *c, struct err *err)
{
	const struct json *types = json_get(tree, "split_type");
	int64_t t;
	int rc = need_array(tree, "left_children", 0, &c->left, err);

	if (rc < 0)
		return rc;
	c->n = json_len(c->left);
	if (c->n == 0 || c->n > NODES_MAX)
		return FAIL(err, E_INVAL, "a tree has %zu nodes", c->n);
	if ((rc = need_array(tree, "right_children", c->n, &c->right, err)) < 0 ||
	    (rc = need_array(tree, "split_indices", c->n, &c->feature, err)) < 0 ||
	    (rc = need_array(tree, "split_conditions", c->n, &c->split, err)) < 0 ||
	    (rc = need_array(tree, "sum_hessian", c->n, &c->cover, err)) < 0 ||
	    (rc = need_array(tree, "default_left", c->n, &c->missing, err)) < 0)
		return rc;
	for (size_t i = 0; types != NULL && i < json_len(types); i++)
		if (!json_i64(json_at(types, i), &t) || t != 0)
			return FAIL(err, E_INVAL, "a tree splits a categorical feature, which is not supported");
	return 0;
}

/* 0 or 1; the first versions wrote true and false. */
static bool flag_at(const struct json *a, size_t i, bool *ret)
{
	const struct json *v = json_at(a, i);
	int64_t n;

	if (json_bool(v, ret))
		return true;
	if (!json_i64(v, &n) || (n != 0 && n != 1))
		return false;
	*ret = n == 1;
	return true;
}

static bool float_at(const struct json *a, size_t i, float *ret)
{
	double d;

	if (!json_f64(json_at(a, i), &d) || fabs(d) > 3.4e38)
		return false;
	*ret = (float)d;
	return true;
}

/* One node of the file becomes node `to`; its children are made, and noted as
 * what they are in the file. */
static int read_node(struct trees *t, const struct columns *c, size_t from,
		     int32_t to, int64_t *origin, struct err *err)
{
	size_t at = trees_at(t, t->n - 1, to);
	int64_t l, r, f;
	float split, cover;
	bool left;
	int32_t child;

	if (!json_i64(json_at(c->left, from), &l) ||
	    !json_i64(json_at(c->right, from), &r) ||
	    !json_i64(json_at(c->feature, from), &f) ||
	    !float_at(c->split, from, &split) || !float_at(c->cover, from, &cover) ||
	    !flag_at(c->missing, from, &left))
		return FAIL(err, E_INVAL, "node %zu of a tree is not of numbers", from);
	t->cover[at] = cover;
	if (l == -1) {
		t->value[at] = split;
		return 0;
	}
	if (l < 0 || r < 0 || (uint64_t)l >= c->n || (uint64_t)r >= c->n)
		return FAIL(err, E_INVAL, "a child of node %zu is not among the %zu nodes", from, c->n);
	if (f < 0 || f >= t->inputs)
		return FAIL(err, E_INVAL, "node %zu asks for feature %lld of %u", from,
			    (long long)f, t->inputs);
	if (t->n_nodes - (uint32_t)t->start[t->n - 1] + 2 > c->n)
		return FAIL(err, E_INVAL, "a tree's nodes lead in a circle");
	child = trees_children(t, to, (int32_t)f, split, !left);
	origin[child] = l;
	origin[child + 1] = r;
	return 0;
}

/* Nodes are renumbered as they are met, children side by side.  There are
 * never more than the file has, so a circle ends the walk. */
static int read_tree(struct trees *t, const struct json *tree, struct err *err)
{
	struct columns c;
	int rc = read_columns(tree, &c, err);

	if (rc < 0)
		return rc;
	trees_begin(t);
	SCOPE(tmp, t->mem) {
		int64_t *origin = NEW_N(tmp, int64_t, c.n + 2);

		for (int32_t i = 0; i < t->start[t->n] - t->start[t->n - 1]; i++) {
			rc = read_node(t, &c, (size_t)origin[i], i, origin, err);
			if (rc < 0)
				return rc;
		}
	}
	return 0;
}

/* Trees stand by rounds, a class after the other; a file may have several of a
 * class in a row. */
static int read_trees(struct boost *b, const struct json *model, struct err *err)
{
	const struct json *trees = json_get(model, "trees");
	const struct json *info = json_get(model, "tree_info");
	size_t n = json_len(trees), k = b->t.outputs;
	int rc = 0;

	if (trees == NULL || info == NULL || json_type(trees) != JSON_ARR ||
	    json_type(info) != JSON_ARR || json_len(info) != n)
		return FAIL(err, E_INVAL, "the model has no trees, or no \"tree_info\" for them");
	if (n % k != 0)
		return FAIL(err, E_INVAL, "%zu trees are not a whole number of rounds of %zu", n, k);
	SCOPE(tmp, b->mem) {
		size_t *at = NEW_N(tmp, size_t, n + 1), count[ML_ACTIONS] = { 0 };
		int64_t g;

		for (size_t i = 0; i < n; i++) {
			if (!json_i64(json_at(info, i), &g) || g < 0 || (uint64_t)g >= k ||
			    count[g] >= n / k)
				return FAIL(err, E_INVAL, "tree %zu is of no class, or its class has too many", i);
			at[count[g]++ * k + (size_t)g] = i;
		}
		for (size_t i = 0; rc == 0 && i < n; i++)
			rc = read_tree(&b->t, json_at(trees, at[i]), err);
	}
	return rc;
}

/* "5E-1", "[5E-1]" or "[1E-1,2E-1,3E-1]". */
static int read_base(struct boost *b, const struct json *param, struct err *err)
{
	struct str text, part;
	double v[ML_ACTIONS];
	size_t n = 0;

	if (!json_str(json_get(param, "base_score"), &text))
		return FAIL(err, E_INVAL, "the model has no \"base_score\"");
	if (str_starts(text, "[") && str_ends(text, "]"))
		text = str_n(text.p + 1, text.n - 2);
	while (str_split(&text, ',', &part)) {
		if (n == ML_ACTIONS || !str_double(str_trim(part), &v[n]) ||
		    fabs(v[n]) > 1e6)
			return FAIL(err, E_INVAL, "\"base_score\" is not a number for each sum");
		n++;
	}
	if (n != 1 && n != b->t.outputs)
		return FAIL(err, E_INVAL, "\"base_score\" is %zu numbers for %u sums", n,
			    b->t.outputs);
	if (b->objective == BOOST_LOGISTIC) {
		if (!(v[0] > 0 && v[0] < 1))
			return FAIL(err, E_INVAL, "\"base_score\" is no probability");
		v[0] = log(v[0] / (1 - v[0]));
	}
	for (uint32_t k = 0; k < b->t.outputs; k++)
		b->t.base[k] = (float)v[n == 1 ? 0 : k];
	return 0;
}

static bool text_u64(const struct json *obj, const char *name, uint64_t *ret)
{
	struct str s;

	return json_str(json_get(obj, name), &s) && str_u64(s, ret);
}

static int read_spec(const struct json *learner, uint32_t window,
		     struct ml_spec *s, struct err *err)
{
	const struct json *param = json_get(learner, "learner_model_param");
	struct str name, booster;
	uint64_t features, classes;

	if (!json_str(json_get(json_get(learner, "objective"), "name"), &name) ||
	    !json_str(json_get(json_get(learner, "gradient_booster"), "name"), &booster) ||
	    !text_u64(param, "num_feature", &features) ||
	    !text_u64(param, "num_class", &classes))
		return FAIL(err, E_INVAL, "this is not a model of xgboost");
	if (!str_eqc(booster, "gbtree"))
		return FAIL(err, E_INVAL, "the booster \"%.20s\" is not supported, only gbtree", booster.p);
	if (window == 0 || features == 0 || features % window != 0 ||
	    window > ML_WINDOW_MAX || features / window > ML_FEATURES_MAX)
		return FAIL(err, E_INVAL, "%llu features are not a window of %u bars",
			    (unsigned long long)features, window);
	for (size_t i = 0; i < ARRAY_LEN(objectives); i++) {
		enum boost_objective o = objectives[i].objective;

		if (!str_eqc(name, objectives[i].name))
			continue;
		if (o == BOOST_SOFTMAX && classes != ML_ACTIONS)
			return FAIL(err, E_INVAL, "the model has %llu classes, not three",
				    (unsigned long long)classes);
		ml_spec_init(s, &ml_kind_boosting, o == BOOST_SQUARED ? 1 : ML_ACTIONS);
		s->shape.window = window;
		s->shape.features = (uint32_t)(features / window);
		return ml_spec_set(s, STR("objective"), o == BOOST_LOGISTIC, err);
	}
	return FAIL(err, E_INVAL, "the objective \"%.40s\" is not supported", name.p);
}

int ml_xgb_import(struct arena *out, const char *text, size_t n, uint32_t window,
		  struct ml_spec *ret_spec, void **ret_model, struct err *err)
{
	const struct json *doc, *learner;
	struct ml_spec s;
	struct boost *b;
	int rc;

	SCOPE(tmp, out) {
		rc = json_parse(tmp, text, n, &doc, err);
		if (rc < 0)
			return rc;
		learner = json_get(doc, "learner");
		rc = read_spec(learner, window, &s, err);
		if (rc == 0)
			rc = boost_new(out, &s, &b, err);
		if (rc == 0)
			rc = read_base(b, json_get(learner, "learner_model_param"), err);
		if (rc == 0)
			rc = read_trees(b, json_get(json_get(learner, "gradient_booster"),
						    "model"), err);
		if (rc == 0)
			rc = trees_check(&b->t, err);
		if (rc < 0)
			return rc;
	}
	trees_prepare(&b->t);
	*ret_spec = s;
	*ret_model = b;
	return 0;
}

/* ---- writing ------------------------------------------------------------ */

enum field { WEIGHT, DEFAULT_LEFT, LEFT, LOSS, PARENT, RIGHT, SPLIT, FEATURE, TYPE,
	     COVER };
static const char *const field_names[] = {
	[WEIGHT] = "base_weights", [DEFAULT_LEFT] = "default_left",
	[LEFT] = "left_children", [LOSS] = "loss_changes", [PARENT] = "parents",
	[RIGHT] = "right_children", [SPLIT] = "split_conditions",
	[FEATURE] = "split_indices", [TYPE] = "split_type", [COVER] = "sum_hessian",
};

/* Nine digits, and always with a point: xgboost takes 1 for an integer and
 * refuses it where a number should be. */
static void put_float(struct jw *w, double v)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%.8e", v);

	jw_raw(w, text, (size_t)n);
}

static void put_field(struct jw *w, const struct trees *t, size_t at, enum field f,
		      int32_t parent, double base)
{
	int32_t l = t->left[at];
	double leaf = (double)t->value[at] + base;

	switch (f) {
	case WEIGHT:
		put_float(w, l == 0 ? leaf : 0);
		return;
	case DEFAULT_LEFT:
		jw_i64(w, l != 0 && t->missing[at] == 0);
		return;
	case LEFT:
		jw_i64(w, l == 0 ? -1 : l);
		return;
	case LOSS:
		put_float(w, 0);
		return;
	case PARENT:
		jw_i64(w, parent);
		return;
	case RIGHT:
		jw_i64(w, l == 0 ? -1 : l + 1);
		return;
	case SPLIT:
		put_float(w, l == 0 ? leaf : (double)t->split[at]);
		return;
	case FEATURE:
		jw_i64(w, l == 0 ? 0 : t->feature[at]);
		return;
	case TYPE:
		jw_i64(w, 0);
		return;
	case COVER:
		put_float(w, (double)t->cover[at]);
		return;
	}
}

static void put_count(struct jw *w, const char *key, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)v);
	jw_kstr(w, key, text);
}

static void put_empty(struct jw *w, const char *key)
{
	jw_key(w, key);
	jw_arr(w);
	jw_arr_end(w);
}

static void put_tree(struct jw *w, const struct trees *t, uint32_t tree)
{
	int32_t n = t->start[tree + 1] - t->start[tree];
	double base = tree < t->outputs ? (double)t->base[tree] : 0;

	SCOPE(tmp, t->mem) {
		int32_t *parent = NEW_N(tmp, int32_t, (size_t)n);

		parent[0] = NOBODY;
		for (int32_t i = 0; i < n; i++) {
			int32_t l = t->left[trees_at(t, tree, i)];

			if (l != 0)
				parent[l] = parent[l + 1] = i;
		}
		jw_obj(w);
		for (unsigned f = 0; f < ARRAY_LEN(field_names); f++) {
			jw_key(w, field_names[f]);
			jw_arr(w);
			for (int32_t i = 0; i < n; i++)
				put_field(w, t, trees_at(t, tree, i), (enum field)f,
					  parent[i], base);
			jw_arr_end(w);
		}
	}
	put_empty(w, "categories");
	put_empty(w, "categories_nodes");
	put_empty(w, "categories_segments");
	put_empty(w, "categories_sizes");
	jw_ki64(w, "id", tree);
	jw_key(w, "tree_param");
	jw_obj(w);
	put_count(w, "num_deleted", 0);
	put_count(w, "num_feature", t->inputs);
	put_count(w, "num_nodes", (uint64_t)n);
	put_count(w, "size_leaf_vector", 1);
	jw_obj_end(w);
	jw_obj_end(w);
}

static void put_model(struct jw *w, const struct trees *t)
{
	jw_key(w, "model");
	jw_obj(w);
	jw_key(w, "gbtree_model_param");
	jw_obj(w);
	put_count(w, "num_parallel_tree", 1);
	put_count(w, "num_trees", t->n);
	jw_obj_end(w);
	jw_key(w, "iteration_indptr");
	jw_arr(w);
	for (uint32_t i = 0; i <= t->n; i += t->outputs)
		jw_i64(w, i);
	jw_arr_end(w);
	jw_key(w, "tree_info");
	jw_arr(w);
	for (uint32_t i = 0; i < t->n; i++)
		jw_i64(w, i % t->outputs);
	jw_arr_end(w);
	jw_key(w, "trees");
	jw_arr(w);
	for (uint32_t i = 0; i < t->n; i++)
		put_tree(w, t, i);
	jw_arr_end(w);
	jw_obj_end(w);
}

static void put_learner(struct jw *w, const struct boost *b)
{
	bool softmax = b->objective == BOOST_SOFTMAX;

	jw_key(w, "learner");
	jw_obj(w);
	jw_key(w, "attributes");
	jw_obj(w);
	jw_obj_end(w);
	put_empty(w, "feature_names");
	put_empty(w, "feature_types");
	jw_key(w, "gradient_booster");
	jw_obj(w);
	put_model(w, &b->t);
	jw_kstr(w, "name", "gbtree");
	jw_obj_end(w);
	jw_key(w, "learner_model_param");
	jw_obj(w);
	jw_kstr(w, "base_score", b->objective == BOOST_LOGISTIC ? "5E-1" : "0E0");
	jw_kstr(w, "boost_from_average", "1");
	put_count(w, "num_class", softmax ? ML_ACTIONS : 0);
	put_count(w, "num_feature", b->t.inputs);
	put_count(w, "num_target", 1);
	jw_obj_end(w);
	jw_key(w, "objective");
	jw_obj(w);
	for (size_t i = ARRAY_LEN(objectives) - 1; i-- > 0;)
		if (objectives[i].objective == b->objective)
			jw_kstr(w, "name", objectives[i].name);
	jw_key(w, softmax ? "softmax_multiclass_param" : "reg_loss_param");
	jw_obj(w);
	if (softmax)
		put_count(w, "num_class", ML_ACTIONS);
	else
		put_count(w, "scale_pos_weight", 1);
	jw_obj_end(w);
	jw_obj_end(w);
	jw_obj_end(w);
}

int ml_xgb_export(const void *model, struct sbuf *to, struct err *err)
{
	const struct boost *b = OBJ_CAST(const struct boost, (void *)(uintptr_t)model,
					 BOOST_MAGIC);
	struct jw w;

	if (b->t.n == 0)
		return FAIL(err, E_CONFLICT, "the model has no trees yet");
	jw_init(&w, to);
	jw_obj(&w);
	put_learner(&w, b);
	jw_key(&w, "version");
	jw_arr(&w);
	jw_i64(&w, 1);
	jw_i64(&w, 7);
	jw_i64(&w, 0);
	jw_arr_end(&w);
	jw_obj_end(&w);
	if (sbuf_finish(to) == NULL)
		return FAIL(err, E_TOOBIG, "the model's text is longer than %zu bytes", to->max);
	return 0;
}
