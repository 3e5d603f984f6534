#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "api/bot_api_i.h"
#include "api/model_api_i.h"
#include "conf/conf.h"
#include "ops/job.h"

/* Models: asked for, shown, named, put to use, stopped, continued, removed. */

/* ---- what comes in --------------------------------------------------------- */

struct create_in {
	uint64_t market_id, window, seed, retrain_days, embargo;
	struct str name, kind, tf, layout, notes, scale, calibration;
	int64_t train_from, train_to, valid_to, test_to;
	double fee;
	bool has_train_from, has_train_to, has_valid_to, has_test_to, has_window,
		has_seed, has_fee, has_embargo;
	struct list_in features;
	const struct json *label, *params, *search;
};
#define RANGE(mem, text)						\
	PARAM(struct create_in, mem, P_TIME, text, .nullable = true,	\
	      HAS(struct create_in, has_##mem))
static const struct param create_params[] = {
	PARAM(struct create_in, name, P_STR, "versions of a model share it; scripts "
	      "ask for it", .required = true, .min = 1, .max = MODEL_NAME_MAX),
	PARAM(struct create_in, kind, P_STR, "one of /models/kinds",
	      .required = true, .min = 1, .max = 40),
	PARAM(struct create_in, market_id, P_ID, "whose candles", .required = true),
	PARAM(struct create_in, tf, P_STR, "timeframe: 1m, 1h, 1d", .required = true,
	      .min = 2, .max = 4),
	RANGE(train_from, "first candle to learn from; the first there is"),
	RANGE(train_to, "learn from candles before this; 60 % of the range"),
	RANGE(valid_to, "choose and calibrate on candles before this; 80 %"),
	RANGE(test_to, "judge on candles before this; the last there is"),
	PARAM(struct create_in, features, P_ARR, "their names; the usual ones without",
	      .item = P_STR, .max = ML_FEATURES_MAX),
	PARAM(struct create_in, window, P_U64, "bars it sees at once; as usual for "
	      "its kind without", .nullable = true, .min = 1, .max = ML_WINDOW_MAX,
	      HAS(struct create_in, has_window)),
	PARAM(struct create_in, label, P_JSON, "{kind: next, bars, triple or return, "
	      "threshold, bars, weights}", .nullable = true),
	PARAM(struct create_in, params, P_JSON, "the kind's parameters by name",
	      .nullable = true),
	PARAM(struct create_in, layout, P_STR, "layers of a network, members of an "
	      "ensemble", .nullable = true, .max = ML_LAYOUT_MAX),
	PARAM(struct create_in, seed, P_U64, "the same gives the same",
	      .nullable = true, .max = INT64_MAX, HAS(struct create_in, has_seed)),
	PARAM(struct create_in, scale, P_STR, "standard, robust or none",
	      .nullable = true, .max = 20),
	PARAM(struct create_in, calibration, P_STR, "platt, temperature, isotonic or none",
	      .nullable = true, .max = 20),
	PARAM(struct create_in, embargo, P_U64, "bars left out before a cut",
	      .nullable = true, .max = 100000, HAS(struct create_in, has_embargo)),
	PARAM(struct create_in, fee, P_F64, "share of each trade, for the profit of "
	      "its signals", .nullable = true, .max = 1,
	      HAS(struct create_in, has_fee)),
	PARAM(struct create_in, retrain_days, P_U64, "trained anew when it is so old; "
	      "0: never", .nullable = true, .max = 3650),
	PARAM(struct create_in, notes, P_TEXT, "for oneself", .nullable = true,
	      .max = MODEL_NOTES_MAX),
	PARAM(struct create_in, search, P_JSON, "{trials, layouts, rates}: the best "
	      "of so many, by successive halving", .nullable = true),
};
static const struct params create_body = PARAMS(struct create_in, create_params);

struct patch_in {
	struct str name, notes;
	uint64_t retrain_days;
	bool has_retrain;
};
static const struct param patch_params[] = {
	PARAM(struct patch_in, name, P_STR, "not of a model that is or was in use",
	      .min = 1, .max = MODEL_NAME_MAX),
	PARAM(struct patch_in, notes, P_TEXT, "for oneself", .max = MODEL_NOTES_MAX),
	PARAM(struct patch_in, retrain_days, P_U64, "0 or null: never",
	      .nullable = true, .max = 3650, HAS(struct patch_in, has_retrain)),
};
static const struct params patch_body = PARAMS(struct patch_in, patch_params);

static const char *const states[] = {
#define X(id, name, letter) name,
	MODEL_STATES(X)
#undef X
	NULL
};
static const char *const state_letters[] = {
#define X(id, name, letter) (const char[]){ letter, '\0' },
	MODEL_STATES(X)
#undef X
};
struct list_query {
	int state;
	bool has_state;
	uint64_t market_id;
	struct str kind;
	struct page page;
};
static const struct param list_params[] = {
	PARAM(struct list_query, state, P_ENUM, "in this state", .names = states,
	      HAS(struct list_query, has_state)),
	PARAM(struct list_query, market_id, P_ID, "of this market"),
	PARAM(struct list_query, kind, P_STR, "of this kind", .max = 40),
	PAGE_PARAMS(struct list_query, page),
};
static const struct params list_query = PARAMS(struct list_query, list_params);

/* ---- what goes out ------------------------------------------------------------ */

static const struct field label_fields[] = {
	FIELD("kind", &sc_str, "next, bars, triple or return"),
	FIELD("threshold", &sc_num, "0.005: half a per cent"),
	FIELD("bars", &sc_int, "how far it looks ahead"),
	FIELD("weights", &sc_bool, "rare classes weigh more"),
};
static const struct schema sc_label = OBJECT("ModelLabel", label_fields,
					     "What a model shall say");
static const struct field value_fields[] = {
	FIELD_NULL("value", &sc_num, "null: not defined"),
	FIELD_NULL("low", &sc_num, "95 % of block bootstrap"),
	FIELD_NULL("high", &sc_num, "likewise"),
};
const struct schema sc_model_value = OBJECT("ModelValue", value_fields,
					    "A figure and its interval");
static const char *const drift_states[] = { "stable", "moderate", "drifted", NULL };
static const struct field drift_fields[] = {
	FIELD_NULL("psi", &sc_num, "population stability index of the feature that "
		   "moved most"),
	FIELD("state", ENUM_OF(drift_states), "stable below 0.1, drifted from 0.25"),
	FIELD("at", &sc_time, "when it was looked at"),
};
static const struct schema sc_drift = OBJECT("ModelDrift", drift_fields,
					     "Has the market left what it knows?");
static const struct field model_fields[] = {
	FIELD("id", &sc_id, "its number"),
	FIELD("name", &sc_str, "versions share it"),
	FIELD("kind", &sc_str, "one of /models/kinds"),
	FIELD("title", &sc_str, "of its kind"),
	FIELD("state", ENUM_OF(states), "how far it has come"),
	FIELD("progress", &sc_num, "of its training, from 0 to 1"),
	FIELD_NULL("eta_ms", &sc_int, "about so much longer"),
	FIELD_NULL("error", &sc_str, "why it failed"),
	FIELD("market", &sc_market_ref, "whose candles"),
	FIELD("tf", &sc_str, "timeframe of its bars"),
	FIELD("window", &sc_int, "bars it sees at once; 0: as usual for its kind"),
	FIELD("features", ARRAY_OF(&sc_str), "in their order"),
	FIELD("label", &sc_label, "what it shall say"),
	FIELD("params", MAP_OF(&sc_num), "of its kind"),
	FIELD_NULL("layout", &sc_str, "layers of a network, members of an ensemble"),
	FIELD("seed", &sc_int, "the same gives the same"),
	FIELD_NULL("search", MAP_OF(&sc_any), "trials, layouts, rates"),
	FIELD("train_from", &sc_time, "first candle it learns from"),
	FIELD("train_to", &sc_time, "it learns from candles before this"),
	FIELD("valid_to", &sc_time, "chosen and calibrated on those before this"),
	FIELD("test_to", &sc_time, "judged on those before this"),
	FIELD_NULL("metrics", MAP_OF(&sc_model_value), "out of sample"),
	FIELD_NULL("verdict", &sc_str, "a sentence: better than the baselines, or not"),
	FIELD_NULL("better", &sc_bool, "the same as a word"),
	FIELD_NULL("checksum", &sc_str, "SHA-256 of its file"),
	FIELD_NULL("feature_hash", &sc_str, "of its list of features"),
	FIELD("size", &sc_int, "bytes of its file"),
	FIELD("created", &sc_time, "when it was asked for"),
	FIELD_NULL("trained", &sc_time, "when its training ended"),
	FIELD_NULL("promoted", &sc_time, "when it was put to use"),
	FIELD("generation", &sc_int, "the how manieth of its name in use; 0: none"),
	FIELD_NULL("parent_id", &sc_id, "it was trained anew from this one"),
	FIELD_NULL("drift", &sc_drift, "null: not looked at"),
	FIELD_NULL("retrain_days", &sc_int, "trained anew when it is so old"),
	FIELD("notes", &sc_str, "its owner's"),
};
const struct schema sc_model = OBJECT("Model", model_fields, "A model and its life");

/* Members of the stored plan. */
static void plan_json(struct api_req *r, const struct model *m)
{
	static const char *const names[] = { "features", "window", "label", "params",
		"layout", "seed", "search" };
	const struct json *j = NULL;
	struct err err;

	if (json_parse(r->arena, m->spec, strlen(m->spec), &j, &err) < 0)
		log_error(r->log, "model %" PRIu64 ": its plan: %s", m->id, err.msg);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct json *v = json_get(j, names[i]);

		jw_key(&r->w, names[i]);
		if (v != NULL)
			jw_json(&r->w, v);
		else
			jw_null(&r->w);
	}
}

static void drift_json(struct jw *w, const struct model *m)
{
	jw_key(w, "drift");
	if (m->drift == '\0') {
		jw_null(w);
		return;
	}
	jw_obj(w);
	jw_kf64(w, "psi", m->drift_psi);
	jw_kstr(w, "state", m->drift == 's' ? "stable" : m->drift == 'm' ?
		"moderate" : "drifted");
	jw_ki64(w, "at", m->drift_ms);
	jw_obj_end(w);
}

static void market_json(struct jw *w, const struct model *m)
{
	jw_key(w, "market");
	jw_obj(w);
	jw_ku64(w, "id", m->market_id);
	jw_kstr(w, "exchange", m->exchange);
	jw_kstr(w, "symbol", m->symbol);
	jw_obj_end(w);
}

void model_json(struct api_req *r, const struct model *m)
{
	const struct ml_kind *k = ml_kind_find(m->kind);
	struct jw *w = &r->w;

	jw_obj(w);
	jw_ku64(w, "id", m->id);
	jw_kstr(w, "name", m->name);
	jw_kstr(w, "kind", m->kind);
	jw_kstr(w, "title", k != NULL ? k->title : m->kind);
	jw_kstr(w, "state", model_state_name(m->state));
	jw_kf64(w, "progress", m->permille / 1000.0);
	time_or_null(w, "eta_ms", m->eta_ms >= 0, m->eta_ms);
	jw_kstr(w, "error", m->error);
	market_json(w, m);
	jw_kstr(w, "tf", tf_name(m->tf));
	plan_json(r, m);
	jw_ki64(w, "train_from", m->train_from);
	jw_ki64(w, "train_to", m->train_to);
	jw_ki64(w, "valid_to", m->valid_to);
	jw_ki64(w, "test_to", m->test_to);
	json_or_null(w, "metrics", m->metrics);
	jw_kstr(w, "verdict", m->verdict);
	jw_key(w, "better");
	if (m->judged)
		jw_bool(w, m->better);
	else
		jw_null(w);
	jw_kstr(w, "checksum", m->checksum);
	jw_kstr(w, "feature_hash", m->feature_hash);
	jw_ku64(w, "size", m->size);
	jw_ki64(w, "created", m->created);
	time_or_null(w, "trained", m->trained != 0, m->trained);
	time_or_null(w, "promoted", m->promoted != 0, m->promoted);
	jw_ku64(w, "generation", m->generation);
	time_or_null(w, "parent_id", m->parent_id != 0, (int64_t)m->parent_id);
	drift_json(w, m);
	time_or_null(w, "retrain_days", m->retrain_days != 0,
		     (int64_t)m->retrain_days);
	jw_kstr(w, "notes", m->notes);
	jw_obj_end(w);
}

int api_model(struct api_req *r, enum action act, struct model *ret, struct err *err)
{
	const struct id_in *in = r->path;
	int rc = model_get(r->arena, r->d->db, in->id, ret, err);

	return rc < 0 ? rc : authz(r->who.ident, act, ret->user_id, err);
}

void model_shared(struct api_req *r, void *arg)
{
	(void)r;
	(void)arg;
	model_changed();
}

/* ---- creating ------------------------------------------------------------------- */

static void put_text(struct jw *w, const char *key, struct str s)
{
	if (s.n == 0)
		return;
	jw_key(w, key);
	jw_strn(w, s.p, s.n);
}

/* What was asked for as plan.h takes it; NULL: too large. */
static const char *asked(struct api_req *r)
{
	const struct create_in *in = r->body;
	const struct str *names = in->features.v;
	const struct { const char *key; const struct json *j; } v[] = {
		{ "label", in->label }, { "params", in->params },
		{ "search", in->search },
	};
	struct sbuf b;
	struct jw w;

	sbuf_init(&b, r->arena, 1 << 18);
	jw_init(&w, &b);
	jw_obj(&w);
	if (in->features.n > 0) {
		jw_key(&w, "features");
		jw_arr(&w);
		for (size_t i = 0; i < in->features.n; i++)
			jw_strn(&w, names[i].p, names[i].n);
		jw_arr_end(&w);
	}
	if (in->has_window)
		jw_ku64(&w, "window", in->window);
	if (in->has_seed)
		jw_ku64(&w, "seed", in->seed);
	if (in->has_embargo)
		jw_ku64(&w, "embargo", in->embargo);
	if (in->has_fee)
		jw_kf64(&w, "fee", in->fee);
	put_text(&w, "layout", in->layout);
	put_text(&w, "scale", in->scale);
	put_text(&w, "calibration", in->calibration);
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		if (v[i].j != NULL) {
			jw_key(&w, v[i].key);
			jw_json(&w, v[i].j);
		}
	jw_obj_end(&w);
	return sbuf_finish(&b);
}

const char *model_spec_text(struct arena *out, const struct ml_plan *p)
{
	struct sbuf b;
	struct jw w;

	sbuf_init(&b, out, 1 << 20);
	jw_init(&w, &b);
	ml_plan_write(&w, p);
	return sbuf_finish(&b);
}

/* What would fail for certain is refused here and not by the job. */
static int check(struct api_req *r, struct model *m, struct err *err)
{
	const char *text = asked(r), *field = NULL;
	const struct json *j;
	struct ml_plan p;
	struct err why;

	if (text == NULL || json_parse(r->arena, text, strlen(text), &j, &why) < 0)
		return api_bad(r, err, "features", "are too many");
	if (ml_plan_read(r->arena, j, m->kind, m->tf, &p, &field, &why) < 0)
		return api_bad(r, err, field, why.msg);
	ml_plan_complete(r->arena, &p);
	if (ml_plan_try(&p, &why) < 0)
		return api_bad(r, err, "layout", why.msg);
	m->spec = model_spec_text(r->arena, &p);
	return m->spec == NULL ? api_bad(r, err, "features", "are too many") : 0;
}

/* The three ranges; those that are not said take 60, 20 and 20 per cent. */
static int ranges(struct api_req *r, const struct market_info *info,
		  struct model *m, struct err *err)
{
	const struct create_in *in = r->body;
	int64_t lo, hi, length;
	int rc = api_range(r, info, m->tf, in->has_train_from ? &in->train_from : NULL,
			   in->has_test_to ? &in->test_to : NULL, &lo, &hi, err);

	if (rc < 0)
		return rc;
	length = hi - lo;
	m->train_from = lo;
	m->test_to = hi;
	m->train_to = in->has_train_to ? in->train_to :
		tf_open(m->tf, lo + length / 5 * 3);
	m->valid_to = in->has_valid_to ? in->valid_to :
		tf_open(m->tf, m->train_to + (hi - m->train_to) / 2);
	if (m->train_to <= lo || m->train_to > hi)
		return api_bad(r, err, "train_to", "is not within the candles there are");
	if (m->valid_to < m->train_to || m->valid_to > hi)
		return api_bad(r, err, "valid_to", "lies before train_to or behind "
			       "test_to");
	return 0;
}

int model_enqueue(struct api_req *r, uint64_t id, struct err *err)
{
	uint64_t job = 0;
	int rc = job_enqueue(r->d->db, "model", r->who.id,
			     arena_printf(r->arena, "{\"id\":%" PRIu64 "}", id),
			     arena_printf(r->arena, "model:%" PRIu64, id), r->now_ms,
			     &job, err);

	/* 0: one waits already, which is as good. */
	return rc < 0 || job == 0 ? rc : model_queued(r->d->db, id, job, err);
}

static int room(struct api_req *r, struct err *err)
{
	size_t waiting;
	int rc = model_waiting(r->d->db, r->who.id, &waiting, err);

	if (rc < 0)
		return rc;
	if (waiting >= (size_t)r->d->conf->model_queue)
		return api_fail(r, err, E_UNPROCESSABLE, "%zu of your models wait or "
				"are trained already: let them end, or cancel some.",
				waiting);
	return 0;
}

static int h_model_create(struct api_req *r, struct err *err)
{
	const struct create_in *in = r->body;
	struct model m = { .user_id = r->who.id, .market_id = in->market_id,
		.retrain_days = (unsigned)in->retrain_days };
	struct market_info *info;
	uint64_t id;
	int rc;

	if (!tf_parse(in->tf, &m.tf))
		return api_bad(r, err, "tf", "is not a timeframe");
	rc = room(r, err);
	if (rc < 0)
		return rc;
	rc = market_info_get(r->arena, r->d->db, in->market_id, &info, err);
	if (rc == -E_NOTFOUND)
		return api_bad(r, err, "market_id", "there is no such market");
	if (rc < 0)
		return rc;
	m.name = str_dup(r->arena, in->name);
	m.kind = str_dup(r->arena, in->kind);
	m.notes = in->notes.p != NULL ? str_dup(r->arena, in->notes) : "";
	rc = check(r, &m, err);
	if (rc == 0)
		rc = ranges(r, info, &m, err);
	if (rc == 0)
		rc = model_add(r->d->db, &m, r->now_ms, &id, err);
	if (rc == 0)
		rc = model_enqueue(r, id, err);
	if (rc == 0)
		rc = model_get(r->arena, r->d->db, id, &m, err);
	if (rc < 0)
		return rc;
	api_created(r, "/api/v1/models/%" PRIu64, id);
	model_json(r, &m);
	return 0;
}

/* ---- the rest ---------------------------------------------------------------------- */

static int h_model_list(struct api_req *r, struct err *err)
{
	const struct list_query *in = r->query;
	struct model_filter f = {
		.user = r->who.id, .market = in->market_id,
		.limit = (size_t)in->page.limit + 1,
		.before = in->page.cursor.set ? (uint64_t)in->page.cursor.a : 0,
		.state = in->has_state ? state_letters[in->state] : "",
		.kind = in->kind.n > 0 ? str_dup(r->arena, in->kind) : "",
	};
	size_t limit = f.limit - 1, n;
	struct model *v;
	int rc = model_list(r->arena, r->d->db, &f, &v, &n, err);

	if (rc < 0)
		return rc;
	api_list(r);
	for (size_t i = 0; i < n && i < limit; i++)
		model_json(r, &v[i]);
	api_list_end(r, n > limit, n > limit ? (int64_t)v[limit - 1].id : 0, 0);
	return 0;
}

static int h_model_get(struct api_req *r, struct err *err)
{
	struct model m;
	int rc = api_model(r, ACT_READ, &m, err);

	if (rc == 0)
		model_json(r, &m);
	return rc;
}

static int again(struct api_req *r, struct model *m, int rc, struct err *err)
{
	if (rc == 0)
		rc = model_get(r->arena, r->d->db, m->id, m, err);
	if (rc < 0)
		return rc;
	model_tell(m, "state", NULL);
	model_json(r, m);
	return 0;
}

static int h_model_patch(struct api_req *r, struct err *err)
{
	const struct patch_in *in = r->body;
	struct model m;
	int rc = api_model(r, ACT_CHANGE, &m, err);
	bool rename;

	if (rc < 0)
		return rc;
	rename = in->name.p != NULL && !str_eqc(in->name, m.name);
	if (in->name.p != NULL)
		m.name = str_dup(r->arena, in->name);
	if (in->notes.p != NULL)
		m.notes = str_dup(r->arena, in->notes);
	if (in->has_retrain)
		m.retrain_days = (unsigned)in->retrain_days;
	rc = model_patch(r->d->db, &m, rename, err);
	if (rc == -E_CONFLICT)
		return api_fail(r, err, E_CONFLICT, "A model that is or was in use "
				"keeps its name.");
	api_after(r, model_shared, NULL);
	return again(r, &m, rc, err);
}

static int h_model_delete(struct api_req *r, struct err *err)
{
	struct model m;
	int rc = api_model(r, ACT_CHANGE, &m, err);

	if (rc < 0)
		return rc;
	rc = model_del(r->d->db, m.id, err);
	if (rc == -E_CONFLICT)
		return api_fail(r, err, E_CONFLICT, m.state == MODEL_ACTIVE ?
				"This model is in use: retire it first." :
				"A bot has asked this model: it is part of what "
				"the bot did, and stays.");
	api_after(r, model_shared, NULL);
	return rc;
}

static int h_model_cancel(struct api_req *r, struct err *err)
{
	struct model m;
	int rc = api_model(r, ACT_CHANGE, &m, err);

	if (rc == 0)
		rc = model_cancel(r->d->db, m.id, r->now_ms, err);
	if (rc == -E_CONFLICT)
		return api_fail(r, err, E_CONFLICT, "This training has ended already.");
	return again(r, &m, rc, err);
}

static int h_model_resume(struct api_req *r, struct err *err)
{
	struct model m;
	int rc = api_model(r, ACT_CHANGE, &m, err);

	if (rc == 0)
		rc = room(r, err);
	if (rc == 0)
		rc = model_resume(r->d->db, m.id, err);
	if (rc == -E_CONFLICT)
		return api_fail(r, err, E_CONFLICT, "This training was not stopped, so "
				"there is nothing to continue.");
	if (rc == 0)
		rc = model_enqueue(r, m.id, err);
	return again(r, &m, rc, err);
}

static int h_model_promote(struct api_req *r, struct err *err)
{
	struct model m;
	int rc = api_model(r, ACT_CHANGE, &m, err);

	if (rc == 0)
		rc = model_promote(r->d->db, &m, r->now_ms, err);
	if (rc == -E_CONFLICT)
		return api_fail(r, err, E_CONFLICT, m.state == MODEL_ACTIVE ?
				"This model is in use already." :
				"This model is not trained, so it cannot be used.");
	api_after(r, model_shared, NULL);
	return again(r, &m, rc, err);
}

static int h_model_retire(struct api_req *r, struct err *err)
{
	struct model m;
	int rc = api_model(r, ACT_CHANGE, &m, err);

	if (rc == 0)
		rc = model_retire(r->d->db, &m, err);
	if (rc == -E_CONFLICT)
		return api_fail(r, err, E_CONFLICT, "This model is neither in use nor "
				"a candidate.");
	api_after(r, model_shared, NULL);
	return again(r, &m, rc, err);
}

#define STEP(name, oid, text, handler)					\
	{ .method = M_POST, .path = "/api/v1/models/{id}/" name, .id = oid, \
	  .doc = text, .fn = handler, .need = N_TRADER,			\
	  .path_in = &id_path, .answer = &sc_model,			\
	  .problems = 1u << E_CONFLICT }

static const struct route routes[] = {
	{ .method = M_GET, .path = "/api/v1/models", .id = "listModels",
	  .doc = "The caller's models, newest first.", .fn = h_model_list,
	  .need = N_VIEWER, .query = &list_query, .answer = LIST_OF(&sc_model) },
	{ .method = M_POST, .path = "/api/v1/models", .id = "createModel",
	  .doc = "Puts the training of a model into the queue.",
	  .fn = h_model_create, .need = N_TRADER, .flags = RF_CREATE,
	  .body = &create_body, .status = 201, .answer = &sc_model,
	  .problems = 1u << E_UNPROCESSABLE },
	{ .method = M_GET, .path = "/api/v1/models/{id}", .id = "getModel",
	  .doc = "One model.", .fn = h_model_get, .need = N_VIEWER,
	  .path_in = &id_path, .answer = &sc_model },
	{ .method = M_PATCH, .path = "/api/v1/models/{id}", .id = "changeModel",
	  .doc = "Its notes, when it is trained anew, its name until it is used.",
	  .fn = h_model_patch, .need = N_TRADER, .path_in = &id_path,
	  .body = &patch_body, .answer = &sc_model, .problems = 1u << E_CONFLICT },
	{ .method = M_DELETE, .path = "/api/v1/models/{id}", .id = "deleteModel",
	  .doc = "Removes it, unless it is in use or a bot has asked it.",
	  .fn = h_model_delete, .need = N_TRADER, .path_in = &id_path,
	  .problems = 1u << E_CONFLICT },
	STEP("cancel", "cancelModel", "Stops its training; what is done stays.",
	     h_model_cancel),
	STEP("resume", "resumeModel", "Continues a training that was stopped or failed.",
	     h_model_resume),
	STEP("promote", "promoteModel", "Puts it to use in place of the one of its name.",
	     h_model_promote),
	STEP("retire", "retireModel", "Takes it out of use.", h_model_retire),
};
const struct area area_model = AREA(routes);
