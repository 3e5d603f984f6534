#include "config.h"

#include <string.h>

#include "api/strategy_api_i.h"
#include "script/store.h"

/* Strategies: the user's own and the starters, and the checking of scripts. */

struct list_strategies { struct page page; };
static const struct param list_params[] = { PAGE_PARAMS(struct list_strategies, page) };
static const struct params list_query = PARAMS(struct list_strategies, list_params);

struct strategy_in { struct str name, source; };
static const struct param strategy_params[] = {
	PARAM(struct strategy_in, name, P_STR, "shown in lists", .required = true,
	      .min = 1, .max = STRATEGY_NAME_MAX),
	PARAM(struct strategy_in, source, P_TEXT, "the script", .required = true,
	      .min = 1, .max = 250000),
};
static const struct params strategy_body = PARAMS(struct strategy_in, strategy_params);

struct check_in { struct str source; };
static const struct param check_params[] = {
	PARAM(struct check_in, source, P_TEXT, "the script", .required = true,
	      .max = 250000),
};
static const struct params check_body = PARAMS(struct check_in, check_params);

static const char *const severities[] = { "error", "warning", "note", NULL };

static const struct field input_fields[] = {
	FIELD("name", &sc_str, "key of the value"),
	FIELD("title", &sc_str, "label of the field"),
	FIELD("type", &sc_str, "bool, int, float, string, source, color, timeframe, "
	      "symbol, session, time, price, text_area or enum"),
	FIELD("default", &sc_any, "value when none is given"),
	FIELD_OPT("min", &sc_num, "least"), FIELD_OPT("max", &sc_num, "greatest"),
	FIELD_OPT("step", &sc_num, "of the field's arrows"),
	FIELD_OPT("options", ARRAY_OF(&sc_any), "the only values there are"),
	FIELD_OPT("tooltip", &sc_str, "explanation"),
	FIELD_OPT("group", &sc_str, "heading"), FIELD_OPT("inline", &sc_str, "line"),
};
const struct schema sc_input = OBJECT("StrategyInput", input_fields,
					     "An input of a strategy");

static const struct field strategy_fields[] = {
	FIELD("id", &sc_id, "number"), FIELD("name", &sc_str, "unique for its owner"),
	FIELD("starter", &sc_bool, "comes with the program and cannot be changed"),
	FIELD("description", &sc_str, "first comment line of the script"),
	FIELD("inputs", ARRAY_OF(&sc_input), "what can be set"),
	FIELD("created", &sc_time, "when"), FIELD("changed", &sc_time, "when"),
	FIELD_OPT("source", &sc_str, "the script; absent in lists"),
	FIELD_OPT("explanation", &sc_str, "of a starter, in Markdown; empty for "
		  "one's own; absent in lists"),
};
static const struct schema sc_strategy = OBJECT("Strategy", strategy_fields,
						"A trading strategy");

static const struct field diag_fields[] = {
	FIELD("line", &sc_int, "from 1"), FIELD("column", &sc_int, "from 1"),
	FIELD("end_column", &sc_int, "one past the last"),
	FIELD("severity", ENUM_OF(severities), "how serious"),
	FIELD("code", &sc_str, "kind of the fault"),
	FIELD("message", &sc_str, "what is wrong and what to do"),
};
const struct schema sc_diag = OBJECT("Diagnostic", diag_fields,
					    "What is wrong in a script");
static const struct field check_fields[] = {
	FIELD("ok", &sc_bool, "it can be run"),
	FIELD("diagnostics", ARRAY_OF(&sc_diag), "in order of place"),
	FIELD("inputs", ARRAY_OF(&sc_input), "empty unless ok"),
};
static const struct schema sc_check = OBJECT("StrategyCheck", check_fields,
					     "The result of a check");
static const struct field format_fields[] = {
	FIELD("source", &sc_str, "the script laid out afresh; as it came when it "
	      "cannot be read"),
	FIELD("diagnostics", ARRAY_OF(&sc_diag), "of that text, in order of place"),
};
static const struct schema sc_format = OBJECT("StrategyFormat", format_fields,
					      "A script laid out");

static const char *explanation(const struct strategy *s)
{
	for (size_t i = 0; s->user_id == 0 && i < script_starters_n; i++)
		if (strcmp(script_starters[i].name, s->name) == 0)
			return script_starters[i].explanation;
	return "";
}

static void write_strategy(struct jw *w, const struct strategy *s, bool source)
{
	jw_obj(w);
	jw_ku64(w, "id", s->id);
	jw_kstr(w, "name", s->name);
	jw_kbool(w, "starter", s->user_id == 0);
	jw_kstr(w, "description", s->description);
	jw_key(w, "inputs");
	jw_raw(w, s->inputs.p, s->inputs.n);
	jw_ki64(w, "created", s->created);
	jw_ki64(w, "changed", s->changed);
	if (source) {
		jw_key(w, "source");
		jw_strn(w, s->source.p, s->source.n);
		jw_kstr(w, "explanation", explanation(s));
	}
	jw_obj_end(w);
}

static int h_strategy_list(struct api_req *r, struct err *err)
{
	const struct list_strategies *in = r->query;
	size_t n, limit = (size_t)in->page.limit;
	struct strategy *v;
	int rc = strategy_list(r->arena, r->d->db, r->who.id,
			       in->page.cursor.set ? (uint64_t)in->page.cursor.a : 0,
			       limit + 1, &v, &n, err);

	if (rc < 0)
		return rc;
	api_list(r);
	for (size_t i = 0; i < n && i < limit; i++)
		write_strategy(&r->w, &v[i], false);
	api_list_end(r, n > limit, n > limit ? (int64_t)v[limit - 1].id : 0, 0);
	return 0;
}

static int h_strategy_get(struct api_req *r, struct err *err)
{
	const struct id_in *in = r->path;
	struct strategy s;
	int rc = strategy_get(r->arena, r->d->db, r->who.id, in->id, &s, err);

	if (rc == 0)
		write_strategy(&r->w, &s, true);
	return rc;
}

/* The sentences of the store name lines of the user's own script. */
static int explain(struct api_req *r, int rc, struct err *err)
{
	if (rc == -E_UNPROCESSABLE)
		return api_bad(r, err, "source", err->msg);
	if (rc == -E_CONFLICT)
		return api_fail(r, err, E_CONFLICT,
				"You have a strategy of this name already.");
	return rc;
}

static int answer(struct api_req *r, uint64_t id, struct err *err)
{
	struct strategy s;
	int rc = strategy_get(r->arena, r->d->db, r->who.id, id, &s, err);

	if (rc == 0)
		write_strategy(&r->w, &s, true);
	return rc;
}

static int h_strategy_add(struct api_req *r, struct err *err)
{
	const struct strategy_in *in = r->body;
	uint64_t id;
	int rc = strategy_add(r->d->db, r->who.id, in->name, in->source, r->now_ms, &id,
			      err);

	if (rc < 0)
		return explain(r, rc, err);
	api_created(r, "/api/v1/strategies/%llu", (unsigned long long)id);
	return answer(r, id, err);
}

static int h_strategy_set(struct api_req *r, struct err *err)
{
	const struct id_in *at = r->path;
	const struct strategy_in *in = r->body;
	int rc = strategy_set(r->d->db, r->who.id, at->id, in->name, in->source,
			      r->now_ms, err);

	return rc < 0 ? explain(r, rc, err) : answer(r, at->id, err);
}

static int h_strategy_del(struct api_req *r, struct err *err)
{
	const struct id_in *in = r->path;

	return strategy_del(r->d->db, r->who.id, in->id, err);
}

static void write_diag(struct jw *w, const struct diag *d)
{
	jw_obj(w);
	jw_ki64(w, "line", d->line);
	jw_ki64(w, "column", d->col);
	jw_ki64(w, "end_column", d->end_col);
	jw_kstr(w, "severity", diag_severity_name(d->severity));
	jw_kstr(w, "code", d->code);
	jw_kstr(w, "message", d->msg);
	jw_obj_end(w);
}

void diags_json(struct jw *w, const struct diags *d)
{
	jw_arr(w);
	for (size_t i = 0; i < d->n; i++)
		write_diag(w, &d->v[i]);
	jw_arr_end(w);
}

void inputs_json(struct jw *w, const struct script_prog *p)
{
	if (p != NULL) {
		script_inputs_json(w, p);
		return;
	}
	jw_arr(w);
	jw_arr_end(w);
}

/* A compiler's work is far larger than a request's usual memory, so it has an
 * arena of its own. */
static int h_strategy_check(struct api_req *r, struct err *err)
{
	const struct check_in *in = r->body;
	struct arena *root CLEANUP(arena_free) = arena_new("check", (size_t)256 << 20);
	const struct script_prog *p = NULL;
	struct diags d = { 0 };
	struct str text;
	int rc = strategy_bundle(root, r->d->db, r->who.id, in->source, &text, err);

	if (rc == 0)
		rc = script_compile(root, text.p, text.n, NULL, &p, &d, err);
	if (rc < 0 && rc != -E_INVAL)
		return rc;
	jw_obj(&r->w);
	jw_kbool(&r->w, "ok", rc == 0);
	jw_key(&r->w, "diagnostics");
	diags_json(&r->w, &d);
	jw_key(&r->w, "inputs");
	inputs_json(&r->w, rc == 0 ? p : NULL);
	jw_obj_end(&r->w);
	return 0;
}

/* The blanks only.  What cannot be read stays as it is and says why. */
static int h_strategy_format(struct api_req *r, struct err *err)
{
	const struct check_in *in = r->body;
	struct arena *root CLEANUP(arena_free) = arena_new("format", (size_t)256 << 20);
	const struct script_prog *p;
	struct str text = in->source, whole;
	const char *laid_out;
	struct diags d = { 0 };
	int rc;

	if (script_format(root, text.p, text.n, &laid_out, err) == 0)
		text = str_c(laid_out);
	rc = strategy_bundle(root, r->d->db, r->who.id, text, &whole, err);
	if (rc == 0)
		rc = script_compile(root, whole.p, whole.n, NULL, &p, &d, err);
	if (rc < 0 && rc != -E_INVAL)
		return rc;
	jw_obj(&r->w);
	jw_key(&r->w, "source");
	jw_strn(&r->w, text.p, text.n);
	jw_key(&r->w, "diagnostics");
	diags_json(&r->w, &d);
	jw_obj_end(&r->w);
	return 0;
}

static const struct route routes[] = {
	{ .method = M_GET, .path = "/api/v1/strategies", .id = "listStrategies",
	  .doc = "Own strategies and the starters.", .fn = h_strategy_list,
	  .need = N_VIEWER, .query = &list_query, .answer = LIST_OF(&sc_strategy) },
	{ .method = M_POST, .path = "/api/v1/strategies", .id = "createStrategy",
	  .doc = "Keep a script as a strategy; it must compile.",
	  .fn = h_strategy_add, .need = N_TRADER, .flags = RF_CREATE,
	  .body_max = SOURCE_BODY_MAX, .body = &strategy_body, .status = 201,
	  .answer = &sc_strategy },
	{ .method = M_POST, .path = "/api/v1/strategies/check", .id = "checkStrategy",
	  .doc = "Say what is wrong in a script, and what its inputs are.",
	  .fn = h_strategy_check, .need = N_VIEWER, .flags = RF_READ,
	  .body_max = SOURCE_BODY_MAX, .body = &check_body, .answer = &sc_check },
	{ .method = M_POST, .path = "/api/v1/strategies/format",
	  .id = "formatStrategy",
	  .doc = "Lay a script out afresh: blanks change, never words.",
	  .fn = h_strategy_format, .need = N_VIEWER, .flags = RF_READ,
	  .body_max = SOURCE_BODY_MAX, .body = &check_body, .answer = &sc_format },
	{ .method = M_GET, .path = "/api/v1/strategies/{id}", .id = "getStrategy",
	  .doc = "One strategy with its script.", .fn = h_strategy_get,
	  .need = N_VIEWER, .path_in = &id_path, .answer = &sc_strategy },
	{ .method = M_PUT, .path = "/api/v1/strategies/{id}", .id = "replaceStrategy",
	  .doc = "Change name and script; bots keep the copy they run.",
	  .fn = h_strategy_set, .need = N_TRADER, .body_max = SOURCE_BODY_MAX,
	  .path_in = &id_path, .body = &strategy_body, .answer = &sc_strategy },
	{ .method = M_DELETE, .path = "/api/v1/strategies/{id}", .id = "deleteStrategy",
	  .doc = "Delete a strategy; bots keep the copy they run.",
	  .fn = h_strategy_del, .need = N_TRADER, .path_in = &id_path },
};
const struct area area_strategy = AREA(routes);
