#include "config.h"

#include <math.h>
#include <string.h>

#include "api/sweep_api_i.h"

/* The trials of a sweep, as a list and as a map of two inputs. */

static const char *const sorts[] = { "score", "number", NULL };

struct trials_query { int sort; struct page page; };
static const struct param trials_params[] = {
	PARAM(struct trials_query, sort, P_ENUM, "best first, or in their order",
	      .names = sorts),
	PAGE_PARAMS(struct trials_query, page),
};
static const struct params trials_query = PARAMS(struct trials_query, trials_params);

static const char *const trial_states[] = { "done", "dropped", "failed", NULL };
static const struct field trial_fields[] = {
	FIELD("number", &sc_int, "in its fold"),
	FIELD_NULL("fold", &sc_int, "null without walk-forward"),
	FIELD("state", ENUM_OF(trial_states), "dropped: a constraint does not hold"),
	FIELD("inputs", MAP_OF(&sc_any), "those that are searched"),
	FIELD("metrics", MAP_OF(NULL_OR_NUM), "in sample"),
	FIELD_NULL("score", &sc_num, "higher is better; null: none"),
	FIELD_NULL("error", &sc_str, "what the script said"),
};
static const struct schema sc_trial = OBJECT("SweepTrial", trial_fields,
					     "One set of inputs");

static void trial_json(struct jw *w, const struct sweep_trial *t, bool walked)
{
	jw_obj(w);
	jw_ku64(w, "number", t->number);
	jw_key(w, "fold");
	if (walked)
		jw_u64(w, t->fold);
	else
		jw_null(w);
	jw_kstr(w, "state", t->error != NULL ? "failed" : t->kept ? "done" : "dropped");
	jw_key(w, "inputs");
	jw_raw(w, t->inputs, strlen(t->inputs));
	jw_key(w, "metrics");
	jw_raw(w, t->metrics, strlen(t->metrics));
	jw_kf64(w, "score", t->score);
	jw_kstr(w, "error", t->error);
	jw_obj_end(w);
}

static bool walked(const struct sweep *s)
{
	return strstr(s->spec, "\"walk_forward\":null") == NULL;
}

static int h_sweep_trials(struct api_req *r, struct err *err)
{
	const struct trials_query *in = r->query;
	bool by_score = in->sort == 0;
	size_t limit = (size_t)in->page.limit, n;
	int64_t a = in->page.cursor.set ? in->page.cursor.a : 0;
	int64_t b = in->page.cursor.set ? in->page.cursor.b : 0;
	struct sweep_trial *v;
	struct sweep s;
	bool more;
	int rc = api_sweep(r, ACT_READ, &s, err);

	if (rc == 0)
		rc = by_score ?
			sweep_by_score(r->arena, r->d->db, s.id, (uint64_t)a,
				       limit + 1, &v, &n, err) :
			sweep_by_number(r->arena, r->d->db, s.id, (uint64_t)a,
					(uint64_t)b, limit + 1, &v, &n, err);
	if (rc < 0)
		return rc;
	more = n > limit;
	api_list(r);
	for (size_t i = 0; i < n && i < limit; i++)
		trial_json(&r->w, &v[i], walked(&s));
	api_list_end(r, more, !more ? 0 : by_score ? a + (int64_t)limit :
		     (int64_t)v[limit].fold, more && !by_score ?
		     (int64_t)v[limit].number : 0);
	return 0;
}

/* ---- heat map ------------------------------------------------------------------- */

struct map_query { struct str x, y, metric; };
static const struct param map_params[] = {
	PARAM(struct map_query, x, P_STR, "an input that is searched",
	      .required = true, .min = 1, .max = 100),
	PARAM(struct map_query, y, P_STR, "another one", .required = true, .min = 1,
	      .max = 100),
	PARAM(struct map_query, metric, P_STR, "what to show; the objective without "
	      "it", .max = 60),
};
static const struct params map_query = PARAMS(struct map_query, map_params);

static const struct field axis_fields[] = {
	FIELD("name", &sc_str, "of the input"),
	FIELD("values", ARRAY_OF(&sc_any), "in order"),
};
static const struct schema sc_axis = OBJECT("SweepAxis", axis_fields,
					    "An input and its values");
#define NUM_ROWS ARRAY_OF(ARRAY_OF(NULL_OR_NUM))
static const struct field place_fields[] = {
	FIELD("x", &sc_any, "value"), FIELD("y", &sc_any, "value"),
};
static const struct schema sc_place = OBJECT("SweepPlace", place_fields,
					     "A cell of the map");
static const struct field map_fields[] = {
	FIELD("x", &sc_axis, "the columns"), FIELD("y", &sc_axis, "the rows"),
	FIELD("metric", &sc_str, "what is shown"),
	FIELD("values", NUM_ROWS, "[y][x]: of the best trial with these values; "
	      "null: there is none"),
	FIELD_NULL("best", &sc_place, "where the best score is"),
	FIELD("plateau", NUM_ROWS, "[y][x]: how good the neighbours are, 0..1"),
};
static const struct schema sc_map = OBJECT("SweepMap", map_fields,
					   "A metric over two inputs");

static void value_json(struct jw *w, const char *text)
{
	double v;

	if (str_double(str_c(text), &v))
		jw_f64(w, v);
	else
		jw_str(w, text);
}

static void axis_json(struct jw *w, const char *key, struct str name,
		      const char *const *v, size_t n)
{
	jw_key(w, key);
	jw_obj(w);
	jw_key(w, "name");
	jw_strn(w, name.p, name.n);
	jw_key(w, "values");
	jw_arr(w);
	for (size_t i = 0; i < n; i++)
		value_json(w, v[i]);
	jw_arr_end(w);
	jw_obj_end(w);
}

static void rows_json(struct jw *w, const char *key, const double *v, size_t n_x,
		      size_t n_y)
{
	jw_key(w, key);
	jw_arr(w);
	for (size_t y = 0; y < n_y; y++) {
		jw_arr(w);
		for (size_t x = 0; x < n_x; x++)
			jw_f64(w, v[y * n_x + x]);
		jw_arr_end(w);
	}
	jw_arr_end(w);
}

static void map_json(struct jw *w, const struct map_query *in, const char *metric,
		     const struct sweep_map *m)
{
	size_t n = m->n_x * m->n_y, best = n;

	for (size_t i = 0; i < n; i++)
		if (!isnan(m->score[i]) && (best == n || m->score[i] > m->score[best]))
			best = i;
	jw_obj(w);
	axis_json(w, "x", in->x, m->x, m->n_x);
	axis_json(w, "y", in->y, m->y, m->n_y);
	jw_kstr(w, "metric", metric);
	rows_json(w, "values", m->value, m->n_x, m->n_y);
	jw_key(w, "best");
	if (best < n) {
		jw_obj(w);
		jw_key(w, "x");
		value_json(w, m->x[best % m->n_x]);
		jw_key(w, "y");
		value_json(w, m->y[best / m->n_x]);
		jw_obj_end(w);
	} else {
		jw_null(w);
	}
	rows_json(w, "plateau", m->plateau, m->n_x, m->n_y);
	jw_obj_end(w);
}

/* Only names that the sweep knows go into a path of JSON. */
static bool is_axis(const struct json *spec, struct str name)
{
	const struct json *space = json_get(spec, "space");

	for (size_t i = 0; i < json_len(space); i++) {
		struct str s;

		if (json_str(json_get(json_at(space, i), "input"), &s) &&
		    str_eq(s, name))
			return true;
	}
	return false;
}

static int h_sweep_map(struct api_req *r, struct err *err)
{
	struct arena *root CLEANUP(arena_free) = arena_new("map", (size_t)512 << 20);
	const struct map_query *in = r->query;
	const struct json *spec;
	struct bt_stats none = { 0 };
	struct sweep_map m;
	struct str metric;
	struct sweep s;
	const char *name;
	int rc = api_sweep(r, ACT_READ, &s, err);

	if (rc == 0)
		rc = json_parse(root, s.spec, strlen(s.spec), &spec, err);
	if (rc < 0)
		return rc;
	if (!is_axis(spec, in->x))
		return api_bad(r, err, "x", "is no input that this sweep searches");
	if (!is_axis(spec, in->y) || str_eq(in->x, in->y))
		return api_bad(r, err, "y", "is no other input that this sweep "
			       "searches");
	metric = in->metric;
	if (metric.n == 0 && !json_str(json_get(spec, "objective"), &metric))
		return FAIL(err, E_BUG, "a sweep without an objective");
	if (str_starts(metric, "min:") || str_starts(metric, "max:"))
		metric = str_n(metric.p + 4, metric.n - 4);
	name = str_dup(root, metric);
	if (isnan(bt_stat(&none, name)))
		return api_bad(r, err, "metric", "is no metric");
	rc = sweep_map(root, r->d->db, s.id, str_dup(root, in->x),
		       str_dup(root, in->y), name, &m, err);
	if (rc == 0)
		map_json(&r->w, in, name, &m);
	return rc;
}

static const struct route routes[] = {
	{ .method = M_GET, .path = "/api/v1/sweeps/{id}/trials",
	  .id = "listSweepTrials", .doc = "Its trials.", .fn = h_sweep_trials,
	  .need = N_VIEWER, .path_in = &id_path, .query = &trials_query,
	  .answer = LIST_OF(&sc_trial) },
	{ .method = M_GET, .path = "/api/v1/sweeps/{id}/heatmap",
	  .id = "getSweepHeatmap", .doc = "A metric over two of its inputs.",
	  .fn = h_sweep_map, .need = N_VIEWER, .path_in = &id_path,
	  .query = &map_query, .answer = &sc_map },
};
const struct area area_sweep_data = AREA(routes);
