#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "api/model_api_i.h"
#include "conf/conf.h"
#include "core/clock.h"
#include "ml/shelf.h"
#include "proc/board.h"

/* POST /models/{id}/predict: what a model says of a market now or then, or of
 * features that are given.  Nothing is allocated for the forward pass, and the
 * database is asked for candles only, while nothing has changed. */

struct predict_in {
	uint64_t market_id;
	int64_t at;
	bool has_market, has_at;
	const struct json *features;
};
static const struct param predict_params[] = {
	PARAM(struct predict_in, market_id, P_ID, "whose candles; the model's own "
	      "market without it", .nullable = true, HAS(struct predict_in, has_market)),
	PARAM(struct predict_in, at, P_TIME, "the last candle that opened by then; "
	      "the newest without it", .nullable = true,
	      HAS(struct predict_in, has_at)),
	PARAM(struct predict_in, features, P_ANY, "or: a row of unscaled values for "
	      "each bar of the window, oldest first", .nullable = true),
};
static const struct params predict_body = PARAMS(struct predict_in, predict_params);

static const char *const actions[] = { "buy", "hold", "sell", NULL };
static const struct field p_fields[] = {
	FIELD("buy", &sc_num, "probability"), FIELD("hold", &sc_num, "probability"),
	FIELD("sell", &sc_num, "probability"),
};
static const struct schema sc_p = OBJECT("Probabilities", p_fields,
					 "Calibrated, of the three actions");
static const struct field reason_fields[] = {
	FIELD("feature", &sc_str, "its name"),
	FIELD_NULL("value", &sc_num, "at the newest bar"),
	FIELD_NULL("contribution", &sc_num, "above 0: it spoke for the action"),
	FIELD("sentence", &sc_str, "the same for people"),
};
static const struct schema sc_reason = OBJECT("PredictionReason", reason_fields,
					      "Why");
static const struct field who_fields[] = {
	FIELD("id", &sc_id, "which one answered"),
	FIELD("name", &sc_str, "its name"),
	FIELD("kind", &sc_str, "its kind"),
	FIELD("generation", &sc_int, "the how manieth of its name in use; 0: a "
	      "candidate"),
};
static const struct schema sc_who = OBJECT("PredictionModel", who_fields,
	"The model that answered: of a retired one's name the one in use");
static const struct field prediction_fields[] = {
	FIELD("action", ENUM_OF(actions), "the likeliest"),
	FIELD("probabilities", &sc_p, "of all three"),
	FIELD("confidence", &sc_num, "how often it is right when it is so sure"),
	FIELD("strength", &sc_num, "from -1, sell, to 1, buy"),
	FIELD_NULL("predicted", &sc_num, "return, of models that predict one"),
	FIELD("indicators", MAP_OF(NULL_OR_NUM), "the features at the newest bar"),
	FIELD("reasons", ARRAY_OF(&sc_reason), "what counted most"),
	FIELD("model", &sc_who, "who says so"),
	FIELD_NULL("bar_time", &sc_time, "of the newest candle; null: features came"),
	FIELD("model_age_ms", &sc_int, "since it was trained"),
};
static const struct schema sc_prediction = OBJECT("Prediction", prediction_fields,
						  "What a model says");

static int refuse(struct api_req *r, enum model_refusal why, struct err *err)
{
	struct err e = *err;

	model_count_refusal(why);
	return api_fail(r, err, E_CONFLICT, "%s.", e.msg);
}

/* ---- of features ------------------------------------------------------------- */

static int row_of(struct api_req *r, const struct json *j, size_t n, size_t i,
		  float *to, struct err *err)
{
	if (json_type(j) != JSON_ARR || json_len(j) != n)
		return api_bad(r, err, arena_printf(r->arena, "features[%zu]", i),
			       arena_printf(r->arena, "is not a list of %zu numbers", n));
	for (size_t k = 0; k < n; k++) {
		double v;

		if (!json_f64(json_at(j, k), &v) || !isfinite((float)v))
			return api_bad(r, err, arena_printf(r->arena, "features[%zu][%zu]",
							    i, k), "is not a number");
		to[k] = (float)v;
	}
	return 0;
}

static int of_features(struct api_req *r, const struct ml_model *k,
		       struct ml_eye *eye, struct ml_prediction *ret, struct err *err)
{
	const struct predict_in *in = r->body;
	size_t window = k->spec.shape.window, n = k->spec.shape.features;
	float *raw = NEW_N(r->arena, float, window * n);
	int rc = 0;

	if (in->has_market || in->has_at)
		return api_bad(r, err, "features", "come without market_id and at");
	if (json_type(in->features) != JSON_ARR || json_len(in->features) != window)
		return api_bad(r, err, "features", arena_printf(r->arena, "are not a row "
			       "for each of the %zu bars of the window", window));
	for (size_t i = 0; rc == 0 && i < window; i++)
		rc = row_of(r, json_at(in->features, i), n, i, raw + i * n, err);
	return rc < 0 ? rc : ml_eye_ask_raw(eye, raw, true, ret, err);
}

/* ---- of a market ---------------------------------------------------------------- */

static int of_market(struct api_req *r, const struct model *m,
		     const struct ml_model *k, struct ml_eye *eye,
		     struct ml_prediction *ret, struct err *err)
{
	const struct predict_in *in = r->body;
	uint64_t market = in->has_market ? in->market_id : m->market_id;
	int64_t before = in->has_at && in->at < INT64_MAX ? in->at + 1 : INT64_MAX;
	struct arena *tmp CLEANUP(arena_free) =
		arena_new("predict", (size_t)64 << 20);
	struct candles cs;
	struct bars bars;
	struct err why;
	int rc = candles_newest(tmp, r->d->db, market, k->tf, ml_eye_history(eye),
				before, &cs, &why);

	if (rc == -E_NOTFOUND || (rc == 0 && cs.n == 0))
		return api_fail(r, err, E_UNPROCESSABLE, "There are no candles of %s of "
				"this market.", tf_name(k->tf));
	if (rc < 0) {
		*err = why;
		return rc;
	}
	bars = (struct bars){ cs.n, cs.t, cs.o, cs.h, cs.l, cs.c, cs.v };
	ml_eye_restart(eye);
	ml_eye_push(eye, &bars, NULL);
	rc = ml_eye_ask(eye, true, ret, &why);
	if (rc == -E_UNPROCESSABLE)
		return api_fail(r, err, E_UNPROCESSABLE, "The model cannot say yet: %s.",
				why.msg);
	if (rc < 0)
		*err = why;
	return rc;
}

/* ---- the answer ------------------------------------------------------------------- */

static void reasons_json(struct jw *w, const struct ml_prediction *p)
{
	jw_key(w, "reasons");
	jw_arr(w);
	for (size_t i = 0; i < p->n_reasons; i++) {
		jw_obj(w);
		jw_kstr(w, "feature", p->reason[i].feature);
		jw_kf64(w, "value", (double)p->reason[i].value);
		jw_kf64(w, "contribution", (double)p->reason[i].contribution);
		jw_kstr(w, "sentence", p->reason[i].sentence);
		jw_obj_end(w);
	}
	jw_arr_end(w);
}

static void prediction_json(struct api_req *r, const struct model *m,
			    const struct ml_model *k, const struct ml_prediction *p,
			    bool market)
{
	struct jw *w = &r->w;

	jw_obj(w);
	jw_kstr(w, "action", ml_action_name(p->action));
	jw_key(w, "probabilities");
	jw_obj(w);
	jw_kf64(w, "buy", (double)p->p[ML_BUY]);
	jw_kf64(w, "hold", (double)p->p[ML_HOLD]);
	jw_kf64(w, "sell", (double)p->p[ML_SELL]);
	jw_obj_end(w);
	jw_kf64(w, "confidence", (double)p->confidence);
	jw_kf64(w, "strength", (double)p->strength);
	jw_kf64(w, "predicted", (double)p->predicted);
	jw_key(w, "indicators");
	jw_obj(w);
	for (size_t i = 0; i < k->spec.shape.features; i++) {
		jw_keyn(w, k->features[i], strlen(k->features[i]));
		jw_f64(w, (double)p->indicators[i]);
	}
	jw_obj_end(w);
	reasons_json(w, p);
	jw_key(w, "model");
	jw_obj(w);
	jw_ku64(w, "id", m->id);
	jw_kstr(w, "name", m->name);
	jw_kstr(w, "kind", m->kind);
	jw_ku64(w, "generation", m->generation);
	jw_obj_end(w);
	time_or_null(w, "bar_time", market, p->t);
	jw_ki64(w, "model_age_ms", r->now_ms - m->trained);
	jw_obj_end(w);
}

static int h_predict(struct api_req *r, struct err *err)
{
	const struct id_in *id = r->path;
	const struct predict_in *in = r->body;
	enum model_refusal why = REFUSED_MISSING;
	const struct ml_model *k;
	struct ml_prediction p;
	const struct model *m;
	struct ml_eye *eye;
	int rc = ml_shelf_row(r->d->shelf, r->d->db, id->id, &m, err);

	if (rc == 0)
		rc = authz(r->who.ident, ACT_READ, m->user_id, err);
	if (rc < 0) {
		if (rc == -E_NOTFOUND)
			model_count_refusal(REFUSED_MISSING);
		return rc;
	}
	rc = model_usable(m, r->now_ms, r->d->conf->model_max_age * 1000, &why, err);
	if (rc == 0)
		rc = ml_shelf_get(r->d->shelf, r->d->db, m, &k, &eye, &why, err);
	if (rc == -E_CONFLICT)
		return refuse(r, why, err);
	if (rc < 0)
		return rc;
	rc = in->features != NULL ? of_features(r, k, eye, &p, err) :
		of_market(r, m, k, eye, &p, err);
	if (rc < 0)
		return rc;
	board_inc(BC_ML_PREDICTIONS);
	prediction_json(r, m, k, &p, in->features == NULL);
	return 0;
}

static const struct route routes[] = {
	{ .method = M_POST, .path = "/api/v1/models/{id}/predict", .id = "predict",
	  .doc = "What a model says of a market, or of features, and why.",
	  .fn = h_predict, .need = N_VIEWER, .flags = RF_READ, .path_in = &id_path,
	  .body = &predict_body, .body_max = 4u << 20, .answer = &sc_prediction,
	  .problems = 1u << E_CONFLICT | 1u << E_UNPROCESSABLE },
};
const struct area area_predict = AREA(routes);
