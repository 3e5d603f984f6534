#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "api/model_api_i.h"
#include "conf/conf.h"
#include "core/sha256.h"
#include "ml/ml.h"

/* What there is to train, how a training went, what came of it, and models as
 * files. */

/* ---- kinds ------------------------------------------------------------------ */

static const struct field param_fields[] = {
	FIELD("name", &sc_str, "of `params`"),
	FIELD("default", &sc_num, "without it"),
	FIELD("min", &sc_num, "at least"),
	FIELD("max", &sc_num, "at most"),
	FIELD("integer", &sc_bool, "whole numbers only"),
	FIELD("doc", &sc_str, "one line"),
};
static const struct schema sc_param = OBJECT("ModelParam", param_fields,
					     "A parameter of a kind");
static const struct field kind_fields[] = {
	FIELD("name", &sc_str, "in requests"),
	FIELD("title", &sc_str, "to be shown"),
	FIELD("group", &sc_str, "network, trees, linear, q or ensemble"),
	FIELD("params", ARRAY_OF(&sc_param), "what may be set"),
	FIELD("window", &sc_int, "bars it usually sees"),
	FIELD_NULL("layout", &sc_str, "usual layers or members"),
};
static const struct schema sc_kind = OBJECT("ModelKind", kind_fields,
					    "What can be trained");
static const struct field feature_fields[] = {
	FIELD("name", &sc_str, "also name[3], three bars ago, and name@4h"),
	FIELD("title", &sc_str, "to be shown"),
	FIELD("formula", &sc_str, "how it is computed"),
	FIELD("warm_up", &sc_int, "bars without a value at the start"),
	FIELD("min", &sc_num, "at least"),
	FIELD("max", &sc_num, "at most"),
	FIELD("group", &sc_str, "return, momentum, trend, ..."),
	FIELD("usual", &sc_bool, "among those that nobody has to name"),
};
static const struct schema sc_feature = OBJECT("ModelFeature", feature_fields,
					       "What a model may see");
static const struct field label_fields[] = {
	FIELD("kind", &sc_str, "in requests"),
	FIELD("title", &sc_str, "to be shown"),
	FIELD("threshold", &sc_num, "as usual"),
	FIELD("bars", &sc_int, "as usual"),
};
static const struct schema sc_label = OBJECT("ModelLabelKind", label_fields,
					     "What a model may be asked to say");
static const struct field kinds_fields[] = {
	FIELD("kinds", ARRAY_OF(&sc_kind), "in the order to show them"),
	FIELD("features", ARRAY_OF(&sc_feature), "likewise"),
	FIELD("labels", ARRAY_OF(&sc_label), "likewise"),
};
static const struct schema sc_kinds = OBJECT("ModelKinds", kinds_fields,
					     "What there is to choose from");

static void kind_json(struct jw *w, const struct ml_kind *k)
{
	jw_obj(w);
	jw_kstr(w, "name", k->name);
	jw_kstr(w, "title", k->title);
	jw_kstr(w, "group", k->group);
	jw_key(w, "params");
	jw_arr(w);
	for (size_t i = 0; i < k->n_params; i++) {
		const struct ml_param *p = &k->params[i];

		jw_obj(w);
		jw_kstr(w, "name", p->name);
		jw_kf64(w, "default", p->def);
		jw_kf64(w, "min", p->min);
		jw_kf64(w, "max", p->max);
		jw_kbool(w, "integer", p->integer);
		jw_kstr(w, "doc", p->doc);
		jw_obj_end(w);
	}
	jw_arr_end(w);
	jw_ku64(w, "window", k->window);
	jw_kstr(w, "layout", k->layout);
	jw_obj_end(w);
}

static void features_json(struct jw *w)
{
	jw_key(w, "features");
	jw_arr(w);
	for (size_t i = 0; i < ml_feature_table_n; i++) {
		const struct ml_feature *f = &ml_feature_table[i];

		jw_obj(w);
		jw_kstr(w, "name", f->name);
		jw_kstr(w, "title", f->title);
		jw_kstr(w, "formula", f->formula);
		jw_ku64(w, "warm_up", f->warm_up);
		jw_kf64(w, "min", f->min);
		jw_kf64(w, "max", f->max);
		jw_kstr(w, "group", f->group);
		jw_kbool(w, "usual", f->usual);
		jw_obj_end(w);
	}
	jw_arr_end(w);
}

static void labels_json(struct jw *w)
{
	static const enum ml_label_kind kinds[] = {
#define X(id, name, title) ML_LABEL_##id,
		ML_LABELS(X)
#undef X
	};

	jw_key(w, "labels");
	jw_arr(w);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct ml_label l = ml_label_usual(kinds[i]);

		jw_obj(w);
		jw_kstr(w, "kind", ml_label_name(l.kind));
		jw_kstr(w, "title", ml_label_title(l.kind));
		jw_kf64(w, "threshold", l.threshold);
		jw_ku64(w, "bars", l.bars);
		jw_obj_end(w);
	}
	jw_arr_end(w);
}

static int h_kinds(struct api_req *r, struct err *err)
{
	struct jw *w = &r->w;

	(void)err;
	jw_obj(w);
	jw_key(w, "kinds");
	jw_arr(w);
	for (size_t i = 0; ml_kinds[i] != NULL; i++)
		kind_json(w, ml_kinds[i]);
	jw_arr_end(w);
	features_json(w);
	labels_json(w);
	jw_obj_end(w);
	return 0;
}

/* ---- curve, evaluation -------------------------------------------------------- */

static const struct field curve_fields[] = {
	FIELD("epoch", ARRAY_OF(&sc_int), "counted from 1"),
	FIELD("train_loss", ARRAY_OF(NULL_OR_NUM), "of what it learns from"),
	FIELD("valid_loss", ARRAY_OF(NULL_OR_NUM), "of what it is chosen by"),
	FIELD("valid_accuracy", ARRAY_OF(NULL_OR_NUM), "likewise"),
	FIELD("rate", ARRAY_OF(NULL_OR_NUM), "of learning"),
};
static const struct schema sc_curve = OBJECT("ModelCurve", curve_fields,
					     "How the training goes, or went");

static double curve_value(const struct model_point *p, size_t col)
{
	switch (col) {
	case 0:
		return p->train_loss;
	case 1:
		return p->valid_loss;
	case 2:
		return p->valid_accuracy;
	}
	return p->rate;
}

static int h_curve(struct api_req *r, struct err *err)
{
	static const char *const names[] = { "train_loss", "valid_loss",
					     "valid_accuracy", "rate" };
	struct model_point *v;
	struct jw *w = &r->w;
	struct model m;
	size_t n;
	int rc = api_model(r, ACT_READ, &m, err);

	if (rc == 0)
		rc = model_points(r->arena, r->d->db, m.id, &v, &n, err);
	if (rc < 0)
		return rc;
	jw_obj(w);
	jw_key(w, "epoch");
	jw_arr(w);
	for (size_t i = 0; i < n; i++)
		jw_u64(w, v[i].epoch);
	jw_arr_end(w);
	for (size_t c = 0; c < ARRAY_LEN(names); c++) {
		jw_key(w, names[c]);
		jw_arr(w);
		for (size_t i = 0; i < n; i++)
			jw_f64(w, curve_value(&v[i], c));
		jw_arr_end(w);
	}
	jw_obj_end(w);
	return 0;
}

static const struct field class_fields[] = {
	FIELD("class", &sc_str, "buy, hold or sell"),
	FIELD_NULL("precision", &sc_num, "of those it called so"),
	FIELD_NULL("recall", &sc_num, "of those that were so"),
	FIELD_NULL("f1", &sc_num, "their harmonic mean"),
	FIELD("support", &sc_int, "samples that were so"),
};
static const struct schema sc_class = OBJECT("ModelClass", class_fields, "By class");
static const struct field bin_fields[] = {
	FIELD("from", &sc_num, "said probability from"),
	FIELD("to", &sc_num, "to"),
	FIELD_NULL("mean_p", &sc_num, "its mean"),
	FIELD_NULL("observed", &sc_num, "how often it was right"),
	FIELD("n", &sc_int, "samples"),
};
static const struct schema sc_bin = OBJECT("ModelBin", bin_fields,
					   "A point of the reliability curve");
static const struct field roc_fields[] = {
	FIELD("class", &sc_str, "against the rest"),
	FIELD_NULL("auc", &sc_num, "area under the curve"),
	FIELD("fpr", ARRAY_OF(&sc_num), "false positives"),
	FIELD("tpr", ARRAY_OF(&sc_num), "true positives"),
};
static const struct schema sc_roc = OBJECT("ModelRoc", roc_fields, "A curve");
static const struct field importance_fields[] = {
	FIELD("feature", &sc_str, "that was shuffled"),
	FIELD_NULL("value", &sc_num, "what it costs"),
	FIELD_NULL("low", &sc_num, "95 %"),
	FIELD_NULL("high", &sc_num, "95 %"),
};
static const struct schema sc_importance = OBJECT("ModelImportance",
	importance_fields, "How much the model needs a feature");
static const struct field baseline_fields[] = {
	FIELD("name", &sc_str, "what anybody can have for nothing"),
	FIELD("metrics", MAP_OF(&sc_model_value), "on the same samples"),
	FIELD_OPT("gain", &sc_model_value, "its log loss less the model's"),
};
static const struct schema sc_baseline = OBJECT("ModelBaseline", baseline_fields,
						"To be compared with");
static const struct field profit_fields[] = {
	FIELD("t", ARRAY_OF(&sc_time), "times"),
	FIELD("model", ARRAY_OF(&sc_num), "growth of 1 by its signals, after fees"),
	FIELD("buy_hold", ARRAY_OF(&sc_num), "growth of 1 of the market"),
};
static const struct schema sc_profit = OBJECT("ModelProfit", profit_fields,
					      "Money, out of sample");
static const struct field trial_fields[] = {
	FIELD_NULL("layout", &sc_str, "of this candidate"),
	FIELD_NULL("rate", &sc_num, "of learning"),
	FIELD("round", &sc_int, "halvings it lived through"),
	FIELD_NULL("loss", &sc_num, "of validation, at its end"),
	FIELD("state", &sc_str, "chosen or dropped"),
};
static const struct schema sc_trial = OBJECT("ModelTrial", trial_fields,
					     "A candidate of the search");
static const struct field evaluation_fields[] = {
	FIELD("samples", &sc_int, "that it never saw"),
	FIELD("metrics", MAP_OF(&sc_model_value), "with their intervals"),
	FIELD("per_class", ARRAY_OF(&sc_class), "buy, hold, sell"),
	FIELD("confusion", ARRAY_OF(ARRAY_OF(&sc_int)), "rows are what was so"),
	FIELD("reliability", ARRAY_OF(&sc_bin), "does it mean what it says?"),
	FIELD_NULL("ece", &sc_num, "expected calibration error"),
	FIELD("roc", ARRAY_OF(&sc_roc), "by class"),
	FIELD("importance", ARRAY_OF(&sc_importance), "largest first"),
	FIELD("baselines", ARRAY_OF(&sc_baseline), "to be compared with"),
	FIELD_NULL("profit", &sc_profit, "of its signals"),
	FIELD("verdict", &sc_str, "a sentence"),
	FIELD("better", &sc_bool, "than every baseline"),
	FIELD_NULL("search", ARRAY_OF(&sc_trial), "null: there was none"),
};
static const struct schema sc_evaluation = OBJECT("ModelEvaluation",
	evaluation_fields, "How good it is, out of sample");

static int h_evaluation(struct api_req *r, struct err *err)
{
	const char *text = NULL;
	struct model m;
	int rc = api_model(r, ACT_READ, &m, err);

	if (rc == 0)
		rc = model_evaluation(r->arena, r->d->db, m.id, &text, err);
	if (rc < 0)
		return rc;
	if (text == NULL)
		return api_fail(r, err, E_CONFLICT, m.checksum == NULL ?
				"This model is not trained, so there is nothing to "
				"judge." : "This model was brought in as a file: it "
				"was not judged here.");
	jw_raw(&r->w, text, strlen(text));
	return 0;
}

/* ---- as files ------------------------------------------------------------------ */

static void drop(void *arena)
{
	struct arena *a = arena;

	arena_free(&a);
}

/* A file is larger than an answer usually is: its memory is its own and goes
 * when it has been sent. */
static int h_export(struct api_req *r, struct err *err)
{
	struct arena *file = arena_new("export", 4 * MODEL_FILE_MAX);
	struct str bytes;
	struct model m;
	int rc = api_model(r, ACT_READ, &m, err);

	arena_defer(r->arena, drop, file);
	if (rc == 0 && m.checksum == NULL)
		return api_fail(r, err, E_CONFLICT, "This model is not trained, so it "
				"has no file.");
	if (rc == 0)
		rc = model_file(file, r->d->db, &m, &bytes, err);
	if (rc < 0)
		return rc;
	sbuf_init(&r->an->body, file, MODEL_FILE_MAX);
	sbuf_add(&r->an->body, bytes.p, bytes.n);
	r->an->type = "application/octet-stream";
	answer_headerf(r->an, "Content-Disposition", "attachment; "
		       "filename=\"model-%" PRIu64 ".safetensors\"", m.id);
	return 0;
}

struct import_in {
	struct str name;
	uint64_t market_id;
	bool has_market;
};
static const struct param import_params[] = {
	PARAM(struct import_in, name, P_STR, "the file's own without it",
	      .max = MODEL_NAME_MAX),
	PARAM(struct import_in, market_id, P_ID, "the market that the file names "
	      "without it", HAS(struct import_in, has_market)),
};
static const struct params import_query = PARAMS(struct import_in, import_params);

static int import_market(struct api_req *r, const struct ml_model *k,
			 uint64_t *ret, struct err *err)
{
	const struct import_in *in = r->query;
	struct str rest = str_c(k->market), exchange;
	struct market m;
	int rc;

	if (in->has_market) {
		rc = market_by_id(r->d->db, in->market_id, &m, err);
	} else {
		str_split(&rest, ':', &exchange);
		rc = market_find(r->d->db, str_dup(r->arena, exchange),
				 str_dup(r->arena, rest), &m, err);
	}
	if (rc == -E_NOTFOUND)
		return api_bad(r, err, "market_id", in->has_market ?
			       "there is no such market" : "the market that the "
			       "file names is not here: name one");
	if (rc == 0)
		*ret = m.id;
	return rc;
}

/* A file's plan, as far as it tells it. */
static int import_plan(struct api_req *r, const struct ml_model *k,
		       struct model *m, struct err *err)
{
	struct ml_plan p;

	ml_plan_of(k, &p);
	m->kind = k->kind->name;
	m->tf = k->tf;
	m->train_from = p.train_from;
	m->train_to = p.train_to;
	m->valid_to = p.valid_to;
	m->test_to = p.test_to;
	m->spec = model_spec_text(r->arena, &p);
	return m->spec == NULL ? api_fail(r, err, E_UNPROCESSABLE, "The file names "
					  "too many features.") : 0;
}

static const char *json_of(const char *text)
{
	return text == NULL || *text == '\0' || strcmp(text, "null") == 0 ? NULL : text;
}

static int import_file(struct api_req *r, struct arena *file, struct str bytes,
		       struct model *m, struct err *err)
{
	const struct import_in *in = r->query;
	char sum[ML_HASH_HEX + 1];
	struct model_result res = { .file = bytes, .checksum = sum };
	struct ml_model *k;
	struct err why;
	int rc = ml_model_parse(file, bytes.p, bytes.n, &k, &why);

	if (rc < 0)
		return api_fail(r, err, E_UNPROCESSABLE, "This is not a model that can "
				"be used here: %s.", why.msg);
	m->name = in->name.n > 0 ? str_dup(r->arena, in->name) :
		*k->name != '\0' ? k->name : "imported";
	if (strlen(m->name) > MODEL_NAME_MAX)
		return api_bad(r, err, "name", "the file's name is too long: give one");
	m->notes = "";
	rc = import_market(r, k, &m->market_id, err);
	if (rc == 0)
		rc = import_plan(r, k, m, err);
	if (rc == 0)
		rc = model_add(r->d->db, m, r->now_ms, &m->id, err);
	if (rc < 0)
		return rc;
	sha256_hex(bytes.p, bytes.n, sum);
	res.kind = k->kind->name;
	res.feature_hash = k->feature_hash;
	res.metrics = json_of(k->metrics) != NULL ? k->metrics : "{}";
	res.verdict = *k->verdict != '\0' ? k->verdict : NULL;
	res.judged = res.verdict != NULL;
	res.better = k->better;
	return model_done(r->d->db, m->id, 0, &res, r->now_ms, err);
}

static int h_import(struct api_req *r, struct err *err)
{
	struct arena *file CLEANUP(arena_free) =
		arena_new("import", 8 * MODEL_FILE_MAX);
	struct model m = { .user_id = r->who.id };
	uint64_t id;
	int rc = import_file(r, file, r->raw, &m, err);

	id = m.id;
	if (rc == 0)
		rc = model_get(r->arena, r->d->db, id, &m, err);
	if (rc < 0)
		return rc;
	api_created(r, "/api/v1/models/%" PRIu64, id);
	model_json(r, &m);
	return 0;
}

static const struct route routes[] = {
	{ .method = M_GET, .path = "/api/v1/models/kinds", .id = "listModelKinds",
	  .doc = "Kinds of models, features and labels to choose from.",
	  .fn = h_kinds, .need = N_VIEWER, .flags = RF_SHARED, .answer = &sc_kinds },
	{ .method = M_GET, .path = "/api/v1/models/{id}/curve", .id = "getModelCurve",
	  .doc = "Its losses by epoch.", .fn = h_curve, .need = N_VIEWER,
	  .path_in = &id_path, .answer = &sc_curve },
	{ .method = M_GET, .path = "/api/v1/models/{id}/evaluation",
	  .id = "getModelEvaluation", .doc = "How good it is, out of sample.",
	  .fn = h_evaluation, .need = N_VIEWER, .path_in = &id_path,
	  .answer = &sc_evaluation, .problems = 1u << E_CONFLICT },
	{ .method = M_GET, .path = "/api/v1/models/{id}/export", .id = "exportModel",
	  .doc = "Its file (safetensors).", .fn = h_export, .need = N_VIEWER,
	  .path_in = &id_path, .media = "application/octet-stream",
	  .problems = 1u << E_CONFLICT },
	{ .method = M_POST, .path = "/api/v1/models/import", .id = "importModel",
	  .doc = "Takes in a model file; it becomes a candidate.", .fn = h_import,
	  .need = N_TRADER, .flags = RF_CREATE, .query = &import_query,
	  .body_media = "application/octet-stream", .body_max = MODEL_FILE_MAX,
	  .status = 201, .answer = &sc_model, .problems = 1u << E_UNPROCESSABLE },
};
const struct area area_model_data = AREA(routes);
