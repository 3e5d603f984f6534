#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "api/run_api_i.h"
#include "api/bot_api_i.h"
#include "conf/conf.h"
#include "ops/ops.h"
#include "ops/job.h"
#include "script/store.h"

/* Backtests: asked for, shown, named, cancelled, removed.  A job runs them. */

/* ---- what comes in --------------------------------------------------------- */

static const char *const rules_sets[] = {
#define X(id, name, letter) name,
	BT_RULES_LIST(X)
#undef X
	NULL
};

struct create_in {
	uint64_t strategy_id, market_id;
	struct str source, tf, name, notes;
	const struct json *inputs, *options, *rules;
	int64_t from, to;
	bool has_from, has_to;
	int rules_set;
	struct list_in tags;
};
static const struct param create_params[] = {
	PARAM(struct create_in, strategy_id, P_ID, "what to run; or", .nullable = true),
	PARAM(struct create_in, source, P_TEXT, "a script that is not stored",
	      .nullable = true, .max = 250000),
	PARAM(struct create_in, inputs, P_JSON, "values for its inputs",
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
	PARAM(struct create_in, options, P_JSON, "initial_capital, fee (percent), "
	      "slippage, spread (ticks), latency (ms), volume_share (percent), "
	      "mintick, lot, new_defaults, max_open_trades; detail (a finer "
	      "timeframe), data (list of binance:ETH/USDT:1h), markets (list of "
	      "binance:ETH/USDT on the same account), funding (true: the stored "
	      "rates), interest (percent a year)", .nullable = true),
	PARAM(struct create_in, rules, P_JSON, "of freqtrade, by its own names",
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

static const struct field backtest_fields[] = {
	FIELD("id", &sc_id, "its number"),
	FIELD("name", &sc_str, "shown in lists"),
	FIELD("state", ENUM_OF(run_states), "how far it has come"),
	FIELD("progress", &sc_num, "from 0 to 1"),
	FIELD_NULL("eta_ms", &sc_int, "about so much longer; null unless it runs"),
	FIELD_NULL("error", &sc_str, "why it failed"),
	FIELD("strategy", &sc_strategy_ref, "what was run"),
	FIELD("market", &sc_market_ref, "on whose candles"),
	FIELD("tf", &sc_str, "timeframe of its bars"),
	FIELD("from", &sc_time, "not before"),
	FIELD("to", &sc_time, "before"),
	FIELD("inputs", MAP_OF(&sc_any), "of the strategy, those that were given"),
	FIELD("rules_set", &sc_str, "rules of the broker"),
	FIELD("options", MAP_OF(&sc_any), "those that were given"),
	FIELD("notes", &sc_str, "its owner's"),
	FIELD("tags", ARRAY_OF(&sc_str), "to find it by"),
	FIELD("created", &sc_time, "when it was asked for"),
	FIELD_NULL("started", &sc_time, "when its run began"),
	FIELD_NULL("finished", &sc_time, "when it ended"),
	FIELD_NULL("metrics", MAP_OF(NULL_OR_NUM), "null until it is done"),
	FIELD_NULL("properties", MAP_OF(&sc_any), "all that was in force"),
	FIELD("trades", &sc_int, "how many it made"),
	FIELD_OPT("source", &sc_str, "the script that ran; absent in lists"),
	FIELD_OPT("rules", &sc_any, "of freqtrade, or null; absent in lists"),
};
static const struct schema sc_backtest = OBJECT("Backtest", backtest_fields,
	"A strategy over a range of candles, and what came of it");

static void backtest_json(struct jw *w, const struct backtest *b, bool whole)
{
	jw_obj(w);
	jw_ku64(w, "id", b->id);
	jw_kstr(w, "name", b->name);
	jw_kstr(w, "state", bt_state_name(b->state));
	jw_kf64(w, "progress", b->permille / 1000.0);
	time_or_null(w, "eta_ms", b->has_eta, b->eta_ms);
	jw_kstr(w, "error", b->error);
	run_refs_json(w, &(struct run_refs){ b->strategy_id, b->market_id,
		      b->strategy_name, b->exchange, b->symbol });
	jw_kstr(w, "tf", tf_name(b->tf));
	jw_ki64(w, "from", b->from);
	jw_ki64(w, "to", b->to);
	json_or_null(w, "inputs", b->inputs);
	jw_kstr(w, "rules_set", bt_rules_name(b->rules_set));
	json_or_null(w, "options", b->options);
	jw_kstr(w, "notes", b->notes);
	json_or_null(w, "tags", b->tags);
	jw_ki64(w, "created", b->created);
	time_or_null(w, "started", b->has_started, b->started);
	time_or_null(w, "finished", b->has_finished, b->finished);
	json_or_null(w, "metrics", b->metrics);
	json_or_null(w, "properties", b->properties);
	jw_ku64(w, "trades", b->trades);
	if (whole) {
		jw_key(w, "source");
		jw_strn(w, b->source.p, b->source.n);
		json_or_null(w, "rules", b->rules);
	}
	jw_obj_end(w);
}

/* ---- helpers -------------------------------------------------------------------- */

int api_backtest(struct api_req *r, enum action act, struct backtest *ret,
		 struct err *err)
{
	const struct id_in *in = r->path;
	int rc = bt_store_get(r->arena, r->d->db, in->id, ret, err);

	return rc < 0 ? rc : authz(r->who.ident, act, ret->user_id, err);
}

/* ---- creating ------------------------------------------------------------------- */

static int check_rules(struct api_req *r, const struct bt_setup *s,
		       struct backtest *b, struct err *err)
{
	const struct create_in *in = r->body;
	struct ft_rules rules;
	struct err why;

	b->rules_set = (enum bt_rules)in->rules_set;
	if (b->rules_set != BT_RULES_FREQTRADE)
		return in->rules == NULL ? 0 :
			api_bad(r, err, "rules", "are for rules_set freqtrade");
	if (bt_setup_freqtrade(in->rules, b->tf, s, &rules, &why) < 0)
		return api_bad(r, err, "rules", why.msg);
	b->rules = api_json_text(r, in->rules);
	return 0;
}

/* What would fail for certain is refused here and not by the job. */
static int check_script(struct api_req *r, struct backtest *b, enum tf *ret_detail,
			struct err *err)
{
	const struct create_in *in = r->body;
	struct arena *root CLEANUP(arena_free) =
		arena_new("backtest", (size_t)256 << 20);
	const struct strat_properties *p;
	struct bt_setup s;
	struct diags diags;
	struct err why;
	int rc = bt_setup_script(root, b->source, in->inputs, in->options, &s,
				 &diags, &why);

	if (rc < 0)
		return api_bad(r, err, s.fault, why.msg);
	rc = check_rules(r, &s, b, err);
	if (rc < 0)
		return rc;
	*ret_detail = s.detail;
	p = script_properties(s.prog);
	if (!p->is_strategy)
		return api_bad(r, err, "source", "is an indicator: only a strategy "
			       "can be tested");
	if (b->strategy_name == NULL)
		b->strategy_name = str_dup(r->arena, str_n(p->title,
			strlen(p->title) < 80 ? strlen(p->title) : 80));
	return 0;
}

static int take_texts(struct api_req *r, struct backtest *b, struct err *err)
{
	const struct create_in *in = r->body;

	b->name = in->name.n > 0 ? str_dup(r->arena, in->name) :
		arena_printf(r->arena, "%.60s %s %s", b->strategy_name, b->symbol,
			     tf_name(b->tf));
	b->notes = in->notes.p != NULL ? str_dup(r->arena, in->notes) : "";
	b->inputs = api_json_text(r, in->inputs);
	b->options = api_json_text(r, in->options);
	return api_tags(r, &in->tags, &b->tags, err);
}

static int queue(struct api_req *r, const struct backtest *b, uint64_t *ret_id,
		 struct err *err)
{
	uint64_t id = 0, job = 0;
	int rc = bt_store_add(r->d->db, b, r->now_ms, &id, err);

	if (rc == 0)
		rc = job_enqueue(r->d->db, "backtest", r->who.id,
				 arena_printf(r->arena, "{\"id\":%" PRIu64 "}", id),
				 arena_printf(r->arena, "backtest:%" PRIu64, id),
				 r->now_ms, &job, err);
	if (rc == 0)
		rc = bt_store_queued(r->d->db, id, job, err);
	*ret_id = id;
	return rc;
}

static int h_backtest_create(struct api_req *r, struct err *err)
{
	const struct create_in *in = r->body;
	struct backtest b = { .user_id = r->who.id, .market_id = in->market_id };
	struct run_source src = { 0 };
	struct market_info *m;
	enum tf detail = (enum tf)0;
	size_t waiting;
	uint64_t id;
	int rc;

	if (!tf_parse(in->tf, &b.tf))
		return api_bad(r, err, "tf", "is not a timeframe");
	rc = bt_store_waiting(r->d->db, r->who.id, &waiting, err);
	if (rc < 0)
		return rc;
	if (waiting >= (size_t)r->d->conf->backtest_queue)
		return api_fail(r, err, E_UNPROCESSABLE, "%zu of your backtests "
				"wait or run already: let them end, or cancel "
				"some.", waiting);
	rc = market_info_get(r->arena, r->d->db, in->market_id, &m, err);
	if (rc == -E_NOTFOUND)
		return api_bad(r, err, "market_id", "there is no such market");
	if (rc < 0)
		return rc;
	b.symbol = m->m.symbol;
	rc = run_source(r, in->strategy_id, in->source, &src, err);
	b.strategy_id = src.id;
	b.strategy_name = src.name;
	b.source = src.source;
	if (rc == 0)
		rc = check_script(r, &b, &detail, err);
	if (rc == 0)
		rc = api_range(r, m, b.tf, in->has_from ? &in->from : NULL,
			       in->has_to ? &in->to : NULL, &b.from, &b.to, err);
	if (rc == 0)
		rc = api_detail(r, detail, b.from, b.to, err);
	if (rc == 0)
		rc = take_texts(r, &b, err);
	if (rc == 0)
		rc = queue(r, &b, &id, err);
	if (rc == 0)
		rc = bt_store_get(r->arena, r->d->db, id, &b, err);
	if (rc < 0)
		return rc;
	api_created(r, "/api/v1/backtests/%" PRIu64, id);
	backtest_json(&r->w, &b, true);
	return 0;
}

/* ---- the rest ---------------------------------------------------------------------- */

static int h_backtest_list(struct api_req *r, struct err *err)
{
	struct backtest *v;
	struct bt_filter f;
	size_t limit, n;
	int rc;

	run_filter(r, &f);
	limit = f.limit - 1;
	rc = bt_store_list(r->arena, r->d->db, &f, &v, &n, err);
	if (rc < 0)
		return rc;
	api_list(r);
	for (size_t i = 0; i < n && i < limit; i++)
		backtest_json(&r->w, &v[i], false);
	api_list_end(r, n > limit, n > limit ? (int64_t)v[limit - 1].id : 0, 0);
	return 0;
}

static int h_backtest_get(struct api_req *r, struct err *err)
{
	struct backtest b;
	int rc = api_backtest(r, ACT_READ, &b, err);

	if (rc == 0)
		backtest_json(&r->w, &b, true);
	return rc;
}

static int h_backtest_patch(struct api_req *r, struct err *err)
{
	struct backtest b;
	int rc = api_backtest(r, ACT_CHANGE, &b, err);

	if (rc == 0)
		rc = run_patch(r, &b.name, &b.notes, &b.tags, err);
	if (rc == 0)
		rc = bt_store_patch(r->d->db, &b, err);
	if (rc == 0)
		backtest_json(&r->w, &b, true);
	return rc;
}

static int h_backtest_delete(struct api_req *r, struct err *err)
{
	struct backtest b;
	int rc = api_backtest(r, ACT_CHANGE, &b, err);

	return rc < 0 ? rc : bt_store_del(r->d->db, b.id, err);
}

static int h_backtest_cancel(struct api_req *r, struct err *err)
{
	struct backtest b;
	int rc = api_backtest(r, ACT_CHANGE, &b, err);

	if (rc == 0)
		rc = bt_store_cancel(r->d->db, b.id, r->now_ms, err);
	if (rc == -E_CONFLICT)
		return api_fail(r, err, E_CONFLICT, "This backtest has ended "
				"already.");
	if (rc == 0)
		rc = bt_store_get(r->arena, r->d->db, b.id, &b, err);
	if (rc < 0)
		return rc;
	bt_store_tell(&b, "state");
	backtest_json(&r->w, &b, true);
	return 0;
}

static const struct route routes[] = {
	{ .method = M_GET, .path = "/api/v1/backtests", .id = "listBacktests",
	  .doc = "The caller's backtests, newest first.", .fn = h_backtest_list,
	  .need = N_VIEWER, .query = &run_list_query, .answer = LIST_OF(&sc_backtest) },
	{ .method = M_POST, .path = "/api/v1/backtests", .id = "createBacktest",
	  .doc = "Puts a backtest into the queue.", .fn = h_backtest_create,
	  .need = N_TRADER, .flags = RF_CREATE, .body = &create_body,
	  .body_max = SOURCE_BODY_MAX, .status = 201, .answer = &sc_backtest,
	  .problems = 1u << E_UNPROCESSABLE },
	{ .method = M_GET, .path = "/api/v1/backtests/{id}", .id = "getBacktest",
	  .doc = "One backtest.", .fn = h_backtest_get, .need = N_VIEWER,
	  .path_in = &id_path, .answer = &sc_backtest },
	{ .method = M_PATCH, .path = "/api/v1/backtests/{id}",
	  .id = "changeBacktest", .doc = "Its name, notes and tags.",
	  .fn = h_backtest_patch, .need = N_TRADER, .path_in = &id_path,
	  .body = &run_patch_body, .answer = &sc_backtest },
	{ .method = M_DELETE, .path = "/api/v1/backtests/{id}",
	  .id = "deleteBacktest", .doc = "Removes it; one that runs is stopped.",
	  .fn = h_backtest_delete, .need = N_TRADER, .path_in = &id_path },
	{ .method = M_POST, .path = "/api/v1/backtests/{id}/cancel",
	  .id = "cancelBacktest", .doc = "Stops it, or takes it out of the queue.",
	  .fn = h_backtest_cancel, .need = N_TRADER, .path_in = &id_path,
	  .answer = &sc_backtest, .problems = 1u << E_CONFLICT },
};
const struct area area_backtest = AREA(routes);
