#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "api/bot_api_i.h"
#include "api/sweep_api_i.h"
#include "conf/conf.h"
#include "ops/job.h"

/* Sweeps: asked for, shown, named, stopped, continued, removed. */

/* ---- what comes in --------------------------------------------------------- */

/* freqtrade's rules take signals, not a script's orders: no sweeps of them. */
static const char *const rules_sets[] = { "chart", "strict", NULL };

struct create_in {
	uint64_t strategy_id, market_id, max_trials, seed;
	struct str source, tf, name, notes, method, objective;
	const struct json *inputs, *options, *space, *constraints, *metrics, *walk;
	int64_t from, to;
	bool has_from, has_to, has_trials, has_seed;
	int rules_set;
	struct list_in tags;
};
static const struct param create_params[] = {
	PARAM(struct create_in, strategy_id, P_ID, "what to run; or", .nullable = true),
	PARAM(struct create_in, source, P_TEXT, "a script that is not stored",
	      .nullable = true, .max = 250000),
	PARAM(struct create_in, inputs, P_JSON, "values of inputs that are fixed",
	      .nullable = true),
	PARAM(struct create_in, market_id, P_ID, "whose candles", .required = true),
	PARAM(struct create_in, tf, P_STR, "timeframe: 1m, 1h, 1d",
	      .required = true, .min = 2, .max = 4),
	PARAM(struct create_in, from, P_TIME, "first candle; all there are without "
	      "it", .nullable = true, HAS(struct create_in, has_from)),
	PARAM(struct create_in, to, P_TIME, "candles before this", .nullable = true,
	      HAS(struct create_in, has_to)),
	PARAM(struct create_in, rules_set, P_ENUM, "rules of the broker",
	      .names = rules_sets),
	PARAM(struct create_in, options, P_JSON, "as of a backtest",
	      .nullable = true),
	PARAM(struct create_in, method, P_STR, "grid, random, sobol, anneal or tpe",
	      .nullable = true, .max = 20),
	PARAM(struct create_in, objective, P_STR, "a metric; min: or max: before it "
	      "says which way", .nullable = true, .max = 60),
	PARAM(struct create_in, constraints, P_ANY, "[{metric, op: \"<=\" or "
	      "\">=\", value}]", .nullable = true),
	PARAM(struct create_in, metrics, P_ANY, "names of those that are kept of a "
	      "trial beside the objective's and the constraints'; all without it: "
	      "few are faster", .nullable = true),
	PARAM(struct create_in, space, P_ANY, "[{input, min, max, step} or {input, "
	      "options}]; every input with a range and a step without it",
	      .nullable = true),
	PARAM(struct create_in, max_trials, P_U64, "at most so many, of each fold",
	      .nullable = true, .min = 1, .max = SWEEP_TRIALS_MAX,
	      HAS(struct create_in, has_trials)),
	PARAM(struct create_in, seed, P_U64, "the same gives the same",
	      .nullable = true, .max = INT64_MAX, HAS(struct create_in, has_seed)),
	PARAM_NAMED(struct create_in, walk, "walk_forward", P_JSON, "{kind: "
		    "\"anchored\" or \"rolling\", train, test (bars)}",
		    .nullable = true),
	PARAM(struct create_in, name, P_STR, "shown in lists", .nullable = true,
	      .max = BT_NAME_MAX),
	PARAM(struct create_in, notes, P_TEXT, "for oneself", .nullable = true,
	      .max = BT_NOTES_MAX),
	PARAM(struct create_in, tags, P_ARR, "to find it by", .item = P_STR,
	      .max = BT_TAGS_MAX),
};
static const struct params create_body = PARAMS(struct create_in, create_params);

/* ---- what goes out ------------------------------------------------------------ */

static const struct field best_fields[] = {
	FIELD("fold", &sc_int, "in whose training it was found"),
	FIELD("number", &sc_int, "of the trial in its fold"),
	FIELD("inputs", MAP_OF(&sc_any), "those that were searched"),
	FIELD_NULL("score", &sc_num, "higher is better"),
	FIELD("metrics", MAP_OF(NULL_OR_NUM), "in sample"),
};
static const struct schema sc_best = OBJECT("SweepBest", best_fields,
					    "The best trial, in sample");
static const struct field fold_fields[] = {
	FIELD("number", &sc_int, "from 0"),
	FIELD("train_from", &sc_time, "first bar of the search"),
	FIELD("train_to", &sc_time, "bars before this"),
	FIELD("test_from", &sc_time, "first bar out of sample"),
	FIELD("test_to", &sc_time, "bars before this"),
	FIELD_NULL("inputs", MAP_OF(&sc_any), "the best; null: none was kept"),
	FIELD_NULL("train", MAP_OF(NULL_OR_NUM), "its metrics in sample"),
	FIELD("test", MAP_OF(NULL_OR_NUM), "its metrics out of sample"),
	FIELD("statistics", MAP_OF(NULL_OR_NUM), "pbo, deflated_sharpe, plateau "
	      "of this fold's trials"),
};
static const struct schema sc_fold = OBJECT("SweepFold", fold_fields,
					    "A step of walk-forward");
static const struct field sweep_fields[] = {
	FIELD("id", &sc_id, "its number"),
	FIELD("name", &sc_str, "shown in lists"),
	FIELD("state", ENUM_OF(run_states), "how far it has come"),
	FIELD("progress", &sc_num, "from 0 to 1"),
	FIELD_NULL("eta_ms", &sc_int, "about so much longer; null unless it runs"),
	FIELD_NULL("error", &sc_str, "why it failed"),
	FIELD("strategy", &sc_strategy_ref, "what is run"),
	FIELD("market", &sc_market_ref, "on whose candles"),
	FIELD("tf", &sc_str, "timeframe of its bars"),
	FIELD("from", &sc_time, "not before"),
	FIELD("to", &sc_time, "before"),
	FIELD("inputs", MAP_OF(&sc_any), "those that are fixed"),
	FIELD("rules_set", &sc_str, "rules of the broker"),
	FIELD("options", MAP_OF(&sc_any), "those that were given"),
	FIELD("method", &sc_str, "grid, random, sobol, anneal or tpe"),
	FIELD("objective", &sc_str, "the metric that is wanted"),
	FIELD("constraints", ARRAY_OF(&sc_any), "[{metric, op, value}]"),
	FIELD("space", ARRAY_OF(&sc_any), "what is searched"),
	FIELD("max_trials", &sc_int, "of each fold"),
	FIELD("seed", &sc_int, "the same gives the same"),
	FIELD_NULL("walk_forward", &sc_any, "{kind, train, test}"),
	FIELD("notes", &sc_str, "its owner's"),
	FIELD("tags", ARRAY_OF(&sc_str), "to find it by"),
	FIELD("created", &sc_time, "when it was asked for"),
	FIELD_NULL("started", &sc_time, "when its work began"),
	FIELD_NULL("finished", &sc_time, "when it ended"),
	FIELD("trials_done", &sc_int, "how many there are"),
	FIELD("trials_total", &sc_int, "of all folds; 0 until it has begun"),
	FIELD_NULL("best", &sc_best, "so far, or at last"),
	FIELD_NULL("statistics", MAP_OF(&sc_any), "pbo, deflated_sharpe, plateau, "
		   "monte_carlo; null until it is done"),
	FIELD_NULL("folds", ARRAY_OF(&sc_fold), "of walk-forward, when it is done"),
	FIELD_NULL("out_of_sample", MAP_OF(NULL_OR_NUM), "metrics of the tests of "
		   "all folds, one behind the other"),
	FIELD_OPT("source", &sc_str, "the script; absent in lists"),
};
static const struct schema sc_sweep = OBJECT("Sweep", sweep_fields,
	"A search over the inputs of a strategy, and what of it is luck");

/* The members of the stored spec: method ... walk_forward. */
static void spec_json(struct api_req *r, const struct sweep *s)
{
	const struct json *j, *v;
	struct str key;
	struct err err;

	if (json_parse(r->arena, s->spec, strlen(s->spec), &j, &err) < 0)
		return;
	for (size_t i = 0; json_member(j, i, &key, &v); i++) {
		jw_keyn(&r->w, key.p, key.n);
		jw_json(&r->w, v);
	}
}

static void sweep_json(struct api_req *r, const struct sweep *s, bool whole)
{
	int64_t eta = sweep_eta(s, r->now_ms);
	struct jw *w = &r->w;

	jw_obj(w);
	jw_ku64(w, "id", s->id);
	jw_kstr(w, "name", s->name);
	jw_kstr(w, "state", bt_state_name(s->state));
	jw_kf64(w, "progress", s->total > 0 ?
		(double)s->done / (double)s->total : 0);
	time_or_null(w, "eta_ms", eta >= 0, eta);
	jw_kstr(w, "error", s->error);
	run_refs_json(w, &(struct run_refs){ s->strategy_id, s->market_id,
		      s->strategy_name, s->exchange, s->symbol });
	jw_kstr(w, "tf", tf_name(s->tf));
	jw_ki64(w, "from", s->from);
	jw_ki64(w, "to", s->to);
	json_or_null(w, "inputs", s->inputs);
	jw_kstr(w, "rules_set", bt_rules_name(s->rules_set));
	json_or_null(w, "options", s->options);
	spec_json(r, s);
	jw_kstr(w, "notes", s->notes);
	json_or_null(w, "tags", s->tags);
	jw_ki64(w, "created", s->created);
	time_or_null(w, "started", s->started != 0, s->started);
	time_or_null(w, "finished", s->finished != 0, s->finished);
	jw_ku64(w, "trials_done", s->done);
	jw_ku64(w, "trials_total", s->total);
	json_or_null(w, "best", s->best);
	json_or_null(w, "statistics", s->statistics);
	json_or_null(w, "folds", whole ? s->folds : NULL);
	json_or_null(w, "out_of_sample", s->out_of_sample);
	if (whole) {
		jw_key(w, "source");
		jw_strn(w, s->source.p, s->source.n);
	}
	jw_obj_end(w);
}

/* ---- creating ------------------------------------------------------------------- */

int api_sweep(struct api_req *r, enum action act, struct sweep *ret, struct err *err)
{
	const struct id_in *in = r->path;
	int rc = sweep_get(r->arena, r->d->db, in->id, ret, err);

	return rc < 0 ? rc : authz(r->who.ident, act, ret->user_id, err);
}

/* The search as opt_spec_read takes it. */
static const char *asked(struct api_req *r)
{
	const struct create_in *in = r->body;
	struct sbuf b;
	struct jw w;

	sbuf_init(&b, r->arena, 1 << 20);
	jw_init(&w, &b);
	jw_obj(&w);
	if (in->method.p != NULL) {
		jw_key(&w, "method");
		jw_strn(&w, in->method.p, in->method.n);
	}
	if (in->objective.p != NULL) {
		jw_key(&w, "objective");
		jw_strn(&w, in->objective.p, in->objective.n);
	}
	if (in->has_trials)
		jw_ku64(&w, "max_trials", in->max_trials);
	if (in->has_seed)
		jw_ku64(&w, "seed", in->seed);
	const struct { const char *key; const struct json *j; } v[] = {
		{ "constraints", in->constraints }, { "space", in->space },
		{ "walk_forward", in->walk }, { "metrics", in->metrics },
	};
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		if (v[i].j != NULL) {
			jw_key(&w, v[i].key);
			jw_json(&w, v[i].j);
		}
	jw_obj_end(&w);
	return sbuf_finish(&b);
}

static const char *field_of(const char *why)
{
	static const char *const words[][2] = {
		{ "the method is", "method" }, { "objective", "objective" },
		{ "constraint", "constraints" }, { "walk-forward", "walk_forward" },
		{ "max_trials", "max_trials" }, { "grid has", "max_trials" },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strstr(why, words[i][0]) != NULL)
			return words[i][1];
	return "space";
}

/* What would fail for certain is refused here and not by the job. */
static int check(struct api_req *r, struct sweep *s, enum tf *ret_detail,
		 struct err *err)
{
	const struct create_in *in = r->body;
	struct arena *root CLEANUP(arena_free) =
		arena_new("sweep", (size_t)256 << 20);
	const struct strat_properties *p;
	const struct json *j;
	const char *text = asked(r);
	struct opt_spec spec;
	struct bt_setup setup;
	struct diags diags;
	struct err why;
	struct sbuf b;
	struct jw w;
	int rc = bt_setup_script(root, s->source, in->inputs, in->options, &setup,
				 &diags, &why);

	if (rc < 0)
		return api_bad(r, err, setup.fault, why.msg);
	if (bt_setup_single(&setup, &why) < 0)
		return api_bad(r, err, "options", why.msg);
	*ret_detail = setup.detail;
	p = script_properties(setup.prog);
	if (!p->is_strategy)
		return api_bad(r, err, "source", "is an indicator: only a strategy "
			       "can be tested");
	if (text == NULL || json_parse(root, text, strlen(text), &j, &why) < 0)
		return api_bad(r, err, "space", "is too large");
	if (opt_spec_read(root, setup.prog, j, &spec, &why) < 0)
		return api_bad(r, err, field_of(why.msg), why.msg);
	sbuf_init(&b, r->arena, 1 << 20);
	jw_init(&w, &b);
	opt_spec_write(&w, &spec);
	s->spec = sbuf_finish(&b);
	if (s->spec == NULL)
		return api_bad(r, err, "space", "is too large");
	if (s->strategy_name == NULL)
		s->strategy_name = str_dup(r->arena, str_n(p->title,
			strlen(p->title) < 80 ? strlen(p->title) : 80));
	return 0;
}

static int take_texts(struct api_req *r, struct sweep *s, struct err *err)
{
	const struct create_in *in = r->body;

	s->name = in->name.n > 0 ? str_dup(r->arena, in->name) :
		arena_printf(r->arena, "%.60s %s %s", s->strategy_name, s->symbol,
			     tf_name(s->tf));
	s->notes = in->notes.p != NULL ? str_dup(r->arena, in->notes) : "";
	s->inputs = api_json_text(r, in->inputs);
	s->options = api_json_text(r, in->options);
	return api_tags(r, &in->tags, &s->tags, err);
}

static int queue(struct api_req *r, uint64_t id, struct err *err)
{
	return job_enqueue(r->d->db, "sweep", r->who.id,
			   arena_printf(r->arena, "{\"id\":%" PRIu64 "}", id),
			   arena_printf(r->arena, "sweep:%" PRIu64 ":begin", id),
			   r->now_ms, NULL, err);
}

static int h_sweep_create(struct api_req *r, struct err *err)
{
	const struct create_in *in = r->body;
	struct sweep s = { .user_id = r->who.id, .market_id = in->market_id };
	enum tf detail = (enum tf)0;
	struct run_source src = { 0 };
	struct market_info *m;
	size_t waiting;
	uint64_t id;
	int rc;

	if (!tf_parse(in->tf, &s.tf))
		return api_bad(r, err, "tf", "is not a timeframe");
	rc = sweep_waiting(r->d->db, r->who.id, &waiting, err);
	if (rc < 0)
		return rc;
	if (waiting >= (size_t)r->d->conf->backtest_queue)
		return api_fail(r, err, E_UNPROCESSABLE, "%zu of your sweeps wait or "
				"run already: let them end, or cancel some.",
				waiting);
	rc = market_info_get(r->arena, r->d->db, in->market_id, &m, err);
	if (rc == -E_NOTFOUND)
		return api_bad(r, err, "market_id", "there is no such market");
	if (rc < 0)
		return rc;
	s.symbol = m->m.symbol;
	rc = bt_rules_parse(str_c(rules_sets[in->rules_set]), &s.rules_set) ?
		run_source(r, in->strategy_id, in->source, &src, err) :
		FAIL(err, E_BUG, "unknown rules");
	s.strategy_id = src.id;
	s.strategy_name = src.name;
	s.source = src.source;
	if (rc == 0)
		rc = check(r, &s, &detail, err);
	if (rc == 0)
		rc = api_range(r, m, s.tf, in->has_from ? &in->from : NULL,
			       in->has_to ? &in->to : NULL, &s.from, &s.to, err);
	if (rc == 0)
		rc = api_detail(r, detail, s.from, s.to, err);
	if (rc == 0)
		rc = take_texts(r, &s, err);
	if (rc == 0)
		rc = sweep_add(r->d->db, &s, r->now_ms, &id, err);
	if (rc == 0)
		rc = queue(r, id, err);
	if (rc == 0)
		rc = sweep_get(r->arena, r->d->db, id, &s, err);
	if (rc < 0)
		return rc;
	api_created(r, "/api/v1/sweeps/%" PRIu64, id);
	sweep_json(r, &s, true);
	return 0;
}

/* ---- the rest ---------------------------------------------------------------------- */

static int h_sweep_list(struct api_req *r, struct err *err)
{
	struct bt_filter f;
	struct sweep *v;
	size_t limit, n;
	int rc;

	run_filter(r, &f);
	limit = f.limit - 1;
	rc = sweep_list(r->arena, r->d->db, &f, &v, &n, err);
	if (rc < 0)
		return rc;
	api_list(r);
	for (size_t i = 0; i < n && i < limit; i++)
		sweep_json(r, &v[i], false);
	api_list_end(r, n > limit, n > limit ? (int64_t)v[limit - 1].id : 0, 0);
	return 0;
}

static int h_sweep_get(struct api_req *r, struct err *err)
{
	struct sweep s;
	int rc = api_sweep(r, ACT_READ, &s, err);

	if (rc == 0)
		sweep_json(r, &s, true);
	return rc;
}

static int h_sweep_patch(struct api_req *r, struct err *err)
{
	struct sweep s;
	int rc = api_sweep(r, ACT_CHANGE, &s, err);

	if (rc == 0)
		rc = run_patch(r, &s.name, &s.notes, &s.tags, err);
	if (rc == 0)
		rc = sweep_patch(r->d->db, &s, err);
	if (rc == 0)
		sweep_json(r, &s, true);
	return rc;
}

static int h_sweep_delete(struct api_req *r, struct err *err)
{
	struct sweep s;
	int rc = api_sweep(r, ACT_CHANGE, &s, err);

	return rc < 0 ? rc : sweep_del(r->d->db, s.id, err);
}

static int again(struct api_req *r, struct sweep *s, int rc, struct err *err)
{
	if (rc == 0)
		rc = sweep_get(r->arena, r->d->db, s->id, s, err);
	if (rc == 0)
		sweep_json(r, s, true);
	return rc;
}

static int h_sweep_cancel(struct api_req *r, struct err *err)
{
	struct sweep s;
	int rc = api_sweep(r, ACT_CHANGE, &s, err);

	if (rc == 0)
		rc = sweep_cancel(r->d->db, s.id, r->now_ms, err);
	if (rc == -E_CONFLICT)
		return api_fail(r, err, E_CONFLICT, "This sweep has ended already.");
	return again(r, &s, rc, err);
}

static int h_sweep_resume(struct api_req *r, struct err *err)
{
	struct sweep s;
	int rc = api_sweep(r, ACT_CHANGE, &s, err);

	if (rc == 0)
		rc = sweep_resume(r->d->db, s.id, err);
	if (rc == -E_CONFLICT)
		return api_fail(r, err, E_CONFLICT, "This sweep was not stopped, so "
				"there is nothing to continue.");
	if (rc == 0)
		rc = queue(r, s.id, err);
	return again(r, &s, rc, err);
}

static const struct route routes[] = {
	{ .method = M_GET, .path = "/api/v1/sweeps", .id = "listSweeps",
	  .doc = "The caller's sweeps, newest first.", .fn = h_sweep_list,
	  .need = N_VIEWER, .query = &run_list_query, .answer = LIST_OF(&sc_sweep) },
	{ .method = M_POST, .path = "/api/v1/sweeps", .id = "createSweep",
	  .doc = "Puts a search over a strategy's inputs into the queue.",
	  .fn = h_sweep_create, .need = N_TRADER, .flags = RF_CREATE,
	  .body = &create_body, .body_max = SOURCE_BODY_MAX, .status = 201,
	  .answer = &sc_sweep, .problems = 1u << E_UNPROCESSABLE },
	{ .method = M_GET, .path = "/api/v1/sweeps/{id}", .id = "getSweep",
	  .doc = "One sweep.", .fn = h_sweep_get, .need = N_VIEWER,
	  .path_in = &id_path, .answer = &sc_sweep },
	{ .method = M_PATCH, .path = "/api/v1/sweeps/{id}", .id = "changeSweep",
	  .doc = "Its name, notes and tags.", .fn = h_sweep_patch, .need = N_TRADER,
	  .path_in = &id_path, .body = &run_patch_body, .answer = &sc_sweep },
	{ .method = M_DELETE, .path = "/api/v1/sweeps/{id}", .id = "deleteSweep",
	  .doc = "Removes it; one that runs is stopped.", .fn = h_sweep_delete,
	  .need = N_TRADER, .path_in = &id_path },
	{ .method = M_POST, .path = "/api/v1/sweeps/{id}/cancel", .id = "cancelSweep",
	  .doc = "Stops it; what is done stays.", .fn = h_sweep_cancel,
	  .need = N_TRADER, .path_in = &id_path, .answer = &sc_sweep,
	  .problems = 1u << E_CONFLICT },
	{ .method = M_POST, .path = "/api/v1/sweeps/{id}/resume", .id = "resumeSweep",
	  .doc = "Continues one that was stopped or failed.", .fn = h_sweep_resume,
	  .need = N_TRADER, .path_in = &id_path, .answer = &sc_sweep,
	  .problems = 1u << E_CONFLICT },
};
const struct area area_sweep = AREA(routes);
