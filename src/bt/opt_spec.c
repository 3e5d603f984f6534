#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "bt/opt.h"

/* What is asked of a search: read, checked, written. */

#define METRICS_MAX 64
#define TRIALS_DEFAULT 200
#define LIST_MAX 1000

static const char *const methods[] = { "grid", "random", "sobol", "anneal", "tpe" };

const char *opt_method_name(enum opt_method m) { return methods[m]; }

bool opt_method_of(struct str name, enum opt_method *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (str_eqc(name, methods[i])) {
			*ret = (enum opt_method)i;
			return true;
		}
	return false;
}

static bool is_metric(const char *name)
{
#define X(n) if (strcmp(name, #n) == 0) return true;
	BT_STATS(X)
#undef X
	return false;
}

static bool less_is_better(const char *metric)
{
	static const char *const names[] = {
		"max_drawdown", "max_drawdown_ratio", "ulcer_index", "volatility",
		"var_95", "cvar_95", "fees", "carry", "losses", "gross_loss",
		"average_loss", "average_mae", "longest_loss_streak",
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(names[i], metric) == 0)
			return true;
	return false;
}

static const char *member_text(struct arena *out, const struct json *obj,
			       const char *key)
{
	struct str s;

	return json_str(json_get(obj, key), &s) ? str_dup(out, s) : NULL;
}

/* --- axes ------------------------------------------------------------------- */

static const struct script_input *find_input(const struct script_prog *prog,
					     const char *name)
{
	const struct script_input *v;
	size_t n = script_inputs(prog, &v);

	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].name, name) == 0)
			return &v[i];
	for (size_t i = 0; i < n; i++)
		if (str_eq_nocase(str_c(v[i].name), str_c(name)) ||
		    (v[i].title != NULL &&
		     str_eq_nocase(str_c(v[i].title), str_c(name))))
			return &v[i];
	return NULL;
}

static bool is_number(const struct script_input *in)
{
	return in->type == INPUT_INT || in->type == INPUT_FLOAT ||
		in->type == INPUT_PRICE || in->type == INPUT_TIME;
}

static bool is_whole(const struct script_input *in)
{
	return in->type == INPUT_INT || in->type == INPUT_TIME;
}

static int range_check(struct opt_axis *a, struct err *err)
{
	double n;

	if (isnan(a->min) || isnan(a->max))
		return FAIL(err, E_INVAL, "input \"%s\": min and max are needed", a->name);
	if (a->min > a->max)
		return FAIL(err, E_INVAL, "input \"%s\": min %g is above max %g", a->name,
			    a->min, a->max);
	if (a->step < 0 || isnan(a->step) || isinf(a->step) || isinf(a->min) ||
	    isinf(a->max))
		return FAIL(err, E_INVAL, "input \"%s\": the step must be above 0", a->name);
	if (is_whole(a->input) && (a->min != floor(a->min) ||
				   a->step != floor(a->step)))
		return FAIL(err, E_INVAL, "input \"%s\" takes whole numbers only",
			    a->name);
	if (a->step == 0)
		return 0;
	n = floor((a->max - a->min) / a->step * (1 + 1e-12) + 1e-9) + 1;
	if (n > OPT_TRIALS_MAX)
		return FAIL(err, E_INVAL, "input \"%s\": %.0f values are too many",
			    a->name, n);
	a->n = (size_t)n;
	return 0;
}

static int read_list(struct arena *out, const struct json *list,
		     struct opt_axis *a, struct err *err)
{
	const char **v;

	a->n = json_len(list);
	if (json_type(list) != JSON_ARR || a->n == 0 || a->n > LIST_MAX)
		return FAIL(err, E_INVAL, "input \"%s\": options must be a list of 1 "
			    "to %d values", a->name, LIST_MAX);
	a->listed = true;
	v = NEW_N(out, const char *, a->n);
	for (size_t i = 0; i < a->n; i++) {
		const struct json *j = json_at(list, i);
		bool flag;

		if (json_bool(j, &flag))
			v[i] = flag ? "true" : "false";
		else if (json_type(j) == JSON_STR || json_type(j) == JSON_NUM)
			v[i] = str_dup(out, json_text(j));
		else
			return FAIL(err, E_INVAL, "input \"%s\": option %zu is neither "
				    "text nor number", a->name, i + 1);
	}
	a->text = v;
	return 0;
}

static void own_list(struct arena *out, const struct script_input *in,
		     struct opt_axis *a)
{
	const char **v;

	a->listed = true;
	a->n = in->type == INPUT_BOOL ? 2 : in->n_options;
	v = NEW_N(out, const char *, a->n);
	for (size_t i = 0; i < a->n; i++) {
		char buf[F64_TEXT_MAX];

		if (in->type == INPUT_BOOL) {
			v[i] = i == 0 ? "false" : "true";
		} else if (in->options_text != NULL) {
			v[i] = in->options_text[i];
		} else {
			f64_format(buf, in->options[i]);
			v[i] = arena_strdup(out, buf);
		}
	}
	a->text = v;
}

/* Each value as text, in room for F64_TEXT_MAX where it is a number. */
static const char *value_text(const struct opt_axis *a, double x, char *buf)
{
	double v = x, r;

	if (a->listed)
		return a->text[(size_t)x];
	if (a->n > 0) {
		/* 0.1 * 3 is 0.3 to whoever wrote the step. */
		v = a->min + x * a->step;
		r = round(v * 1e10) / 1e10;
		if (fabs(r - v) <= 1e-12 * fabs(v))
			v = r;
	}
	f64_format(buf, v);
	return buf;
}

static int try_values(struct arena *tmp, const struct script_prog *prog,
		      const struct opt_axis *a, struct err *err)
{
	struct script_binding *b = script_bind(tmp, prog);
	size_t n = a->n > 0 ? a->n : 2;

	for (size_t i = 0; i < n; i++) {
		char buf[F64_TEXT_MAX];
		double x = a->n > 0 ? (double)i : i == 0 ? a->min : a->max;
		int rc;

		if (!a->listed && i > 0 && i + 1 < n)
			continue;		/* the ends of a range */
		rc = script_bind_text(b, str_c(a->name), str_c(value_text(a, x, buf)),
				      err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static double number(const struct json *obj, const char *key, double none)
{
	double v;

	return json_f64(json_get(obj, key), &v) ? v : none;
}

static int read_axis(struct arena *out, const struct script_prog *prog,
		     const struct json *j, struct opt_axis *ret, struct err *err)
{
	const char *name = member_text(out, j, "input");
	const struct script_input *in;
	struct opt_axis a = { 0 };
	int rc = 0;

	if (name == NULL)
		return FAIL(err, E_INVAL, "an element of the space has no \"input\"");
	in = find_input(prog, name);
	if (in == NULL)
		return FAIL(err, E_INVAL, "the script has no input \"%.60s\"", name);
	a.input = in;
	a.name = in->name;
	if (json_get(j, "options") != NULL) {
		rc = read_list(out, json_get(j, "options"), &a, err);
	} else if (in->type == INPUT_BOOL ||
		   (in->n_options > 0 && json_get(j, "min") == NULL)) {
		own_list(out, in, &a);
	} else if (!is_number(in)) {
		rc = FAIL(err, E_INVAL, "input \"%s\" is no number: list its values",
			  in->name);
	} else {
		a.min = number(j, "min", in->min);
		a.max = number(j, "max", in->max);
		a.step = number(j, "step", in->step > 0 ? in->step :
				is_whole(in) ? 1 : 0);
		rc = range_check(&a, err);
	}
	if (rc == 0)
		rc = try_values(out, prog, &a, err);
	if (rc == 0)
		*ret = a;
	return rc;
}

static int read_space(struct arena *out, const struct script_prog *prog,
		      const struct json *list, struct opt_spec *s, struct err *err)
{
	size_t n = json_len(list);

	if (json_type(list) != JSON_ARR || n == 0 || n > OPT_AXES_MAX)
		return FAIL(err, E_INVAL, "the space must be a list of 1 to %d inputs",
			    OPT_AXES_MAX);
	s->axes = NEW_N(out, struct opt_axis, n);
	for (size_t i = 0; i < n; i++) {
		int rc = read_axis(out, prog, json_at(list, i), &s->axes[i], err);

		if (rc < 0)
			return rc;
		for (size_t k = 0; k < i; k++)
			if (s->axes[k].input == s->axes[i].input)
				return FAIL(err, E_INVAL, "input \"%s\" is twice in "
					    "the space", s->axes[i].name);
	}
	s->n_axes = n;
	return 0;
}

static int own_space(struct arena *out, const struct script_prog *prog,
		     struct opt_spec *s, struct err *err)
{
	const struct script_input *in;
	size_t n = script_inputs(prog, &in);

	s->axes = NEW_N(out, struct opt_axis, n + 1);
	for (size_t i = 0; i < n && s->n_axes < OPT_AXES_MAX; i++) {
		struct opt_axis a = { .name = in[i].name, .input = &in[i],
				      .min = in[i].min, .max = in[i].max,
				      .step = in[i].step };

		if (!is_number(&in[i]) || isnan(a.min) || isnan(a.max) || !(a.step > 0))
			continue;
		if (range_check(&a, err) < 0)
			return -(int)err->code;
		s->axes[s->n_axes++] = a;
	}
	if (s->n_axes == 0)
		return FAIL(err, E_INVAL, "no input of the script has min, max and "
			    "step: say what is to be searched");
	return 0;
}

/* --- the rest ---------------------------------------------------------------- */

static int read_objective(struct arena *out, const struct json *obj,
			  struct opt_spec *s, struct err *err)
{
	const char *name = member_text(out, obj, "objective");
	bool min, max;

	if (name == NULL)
		name = "sharpe";
	min = str_starts(str_c(name), "min:");
	max = str_starts(str_c(name), "max:");
	if (min || max)
		name += 4;
	if (!is_metric(name))
		return FAIL(err, E_INVAL, "there is no metric \"%.40s\" to be the "
			    "objective", name);
	s->objective = name;
	s->minimise = min || (!max && less_is_better(name));
	return 0;
}

static int read_limits(struct arena *out, const struct json *list,
		       struct opt_spec *s, struct err *err)
{
	size_t n = list == NULL ? 0 : json_len(list);

	if (list == NULL || json_type(list) == JSON_NULL)
		return 0;
	if (json_type(list) != JSON_ARR || n > 32)
		return FAIL(err, E_INVAL, "the constraints must be a list of at most 32");
	s->limits = NEW_N(out, struct opt_limit, n);
	for (size_t i = 0; i < n; i++) {
		const struct json *j = json_at(list, i);
		const char *op = member_text(out, j, "op");
		struct opt_limit *l = &s->limits[i];

		l->metric = member_text(out, j, "metric");
		if (l->metric == NULL || !is_metric(l->metric))
			return FAIL(err, E_INVAL, "there is no metric \"%.40s\" for a "
				    "constraint", l->metric ? l->metric : "");
		if (op == NULL || (strcmp(op, "<=") != 0 && strcmp(op, ">=") != 0) ||
		    !json_f64(json_get(j, "value"), &l->value))
			return FAIL(err, E_INVAL, "a constraint on %s needs \"<=\" or "
				    "\">=\" and a number", l->metric);
		l->least = op[0] == '>';
	}
	s->n_limits = n;
	return 0;
}

static int read_walk(const struct json *w, struct opt_spec *s, struct err *err)
{
	uint64_t train, test;
	struct str kind;

	if (w == NULL || json_type(w) == JSON_NULL)
		return 0;
	if (!json_str(json_get(w, "kind"), &kind) ||
	    (!str_eqc(kind, "anchored") && !str_eqc(kind, "rolling")))
		return FAIL(err, E_INVAL, "walk-forward is \"anchored\" or \"rolling\"");
	if (!json_u64(json_get(w, "train"), &train) || train < 2 || train > 1u << 30 ||
	    !json_u64(json_get(w, "test"), &test) || test < 2 || test > 1u << 30)
		return FAIL(err, E_INVAL, "walk-forward needs train and test, each of "
			    "2 bars or more");
	s->walk = str_eqc(kind, "anchored") ? WALK_ANCHORED : WALK_ROLLING;
	s->train = train;
	s->test = test;
	return 0;
}

static int check_size(struct opt_spec *s, bool said, struct err *err)
{
	size_t size = opt_space_size(s);

	if (s->method == OPT_GRID) {
		for (size_t i = 0; i < s->n_axes; i++)
			if (s->axes[i].n == 0)
				return FAIL(err, E_INVAL, "a grid needs a step for "
					    "input \"%s\"", s->axes[i].name);
		if (size > OPT_TRIALS_MAX)
			return FAIL(err, E_INVAL, "the grid has more than %d points: "
				    "coarser steps, or another method", OPT_TRIALS_MAX);
		if (said && size > s->max_trials)
			return FAIL(err, E_INVAL, "the grid has %zu points, more than "
				    "%zu trials: coarser steps, or another method",
				    size, s->max_trials);
		s->max_trials = size;
	}
	if (s->method == OPT_SOBOL && s->n_axes > 40)
		return FAIL(err, E_INVAL, "sobol takes at most 40 inputs");
	return 0;
}

static int read_metrics(struct arena *out, const struct json *list, struct opt_spec *s,
			struct err *err)
{
	size_t n = json_len(list);

	if (list == NULL || json_type(list) == JSON_NULL)
		return 0;
	if (json_type(list) != JSON_ARR || n > METRICS_MAX)
		return FAIL(err, E_INVAL, "the metrics must be a list of at most %d "
			    "names", METRICS_MAX);
	s->metrics = NEW_N(out, const char *, n);
	for (size_t i = 0; i < n; i++) {
		struct str name;

		if (!json_str(json_at(list, i), &name) ||
		    !is_metric(str_dup(out, name)))
			return FAIL(err, E_INVAL, "the list of metrics names what is "
				    "none");
		s->metrics[i] = str_dup(out, name);
	}
	s->n_metrics = n;
	return 0;
}

/* What is asked of a trial: the score, what it must keep to, what is kept. */
static int read_wants(struct arena *out, const struct json *obj, struct opt_spec *s,
		      struct err *err)
{
	int rc = read_objective(out, obj, s, err);

	if (rc == 0)
		rc = read_limits(out, json_get(obj, "constraints"), s, err);
	return rc == 0 ? read_metrics(out, json_get(obj, "metrics"), s, err) : rc;
}

int opt_spec_read(struct arena *out, const struct script_prog *prog,
		  const struct json *obj, struct opt_spec *ret, struct err *err)
{
	struct opt_spec s = { .method = OPT_GRID, .seed = 1,
			      .max_trials = TRIALS_DEFAULT };
	const struct json *j;
	uint64_t n = 0;
	struct str t;
	int rc;

	if (json_type(obj) != JSON_OBJ)
		return FAIL(err, E_INVAL, "what is to be searched must be an object");
	j = json_get(obj, "method");
	if (j != NULL && (!json_str(j, &t) || !opt_method_of(t, &s.method)))
		return FAIL(err, E_INVAL, "the method is grid, random, sobol, anneal "
			    "or tpe");
	j = json_get(obj, "max_trials");
	if (j != NULL && json_type(j) != JSON_NULL) {
		if (!json_u64(j, &n) || n == 0 || n > OPT_TRIALS_MAX)
			return FAIL(err, E_INVAL, "max_trials must be 1 to %d",
				    OPT_TRIALS_MAX);
		s.max_trials = n;
	}
	j = json_get(obj, "seed");
	if (j != NULL && json_type(j) != JSON_NULL && !json_u64(j, &s.seed))
		return FAIL(err, E_INVAL, "the seed must be a whole number, 0 or more");
	rc = read_wants(out, obj, &s, err);
	if (rc == 0)
		rc = read_walk(json_get(obj, "walk_forward"), &s, err);
	j = json_get(obj, "space");
	if (rc == 0)
		rc = j == NULL || json_type(j) == JSON_NULL ?
			own_space(out, prog, &s, err) :
			read_space(out, prog, j, &s, err);
	if (rc == 0)
		rc = check_size(&s, n > 0, err);
	if (rc == 0)
		*ret = s;
	return rc;
}

static void write_axis(struct jw *w, const struct opt_axis *a)
{
	double v;

	jw_obj(w);
	jw_kstr(w, "input", a->name);
	if (!a->listed) {
		jw_kf64(w, "min", a->min);
		jw_kf64(w, "max", a->max);
		if (a->step > 0)
			jw_kf64(w, "step", a->step);
		jw_obj_end(w);
		return;
	}
	jw_key(w, "options");
	jw_arr(w);
	for (size_t i = 0; i < a->n; i++) {
		if (is_number(a->input) && str_double(str_c(a->text[i]), &v))
			jw_f64(w, v);
		else if (a->input->type == INPUT_BOOL)
			jw_bool(w, strcmp(a->text[i], "true") == 0);
		else
			jw_str(w, a->text[i]);
	}
	jw_arr_end(w);
	jw_obj_end(w);
}

void opt_spec_write(struct jw *w, const struct opt_spec *s)
{
	jw_obj(w);
	jw_kstr(w, "method", methods[s->method]);
	jw_key(w, "objective");
	if (s->minimise == less_is_better(s->objective)) {
		jw_str(w, s->objective);
	} else {
		char buf[80] = "max:";

		if (s->minimise)
			memcpy(buf, "min:", 4);
		memcpy(buf + 4, s->objective, strlen(s->objective) + 1);
		jw_str(w, buf);
	}
	jw_key(w, "constraints");
	jw_arr(w);
	for (size_t i = 0; i < s->n_limits; i++) {
		jw_obj(w);
		jw_kstr(w, "metric", s->limits[i].metric);
		jw_kstr(w, "op", s->limits[i].least ? ">=" : "<=");
		jw_kf64(w, "value", s->limits[i].value);
		jw_obj_end(w);
	}
	jw_arr_end(w);
	jw_key(w, "space");
	jw_arr(w);
	for (size_t i = 0; i < s->n_axes; i++)
		write_axis(w, &s->axes[i]);
	jw_arr_end(w);
	jw_ku64(w, "max_trials", s->max_trials);
	jw_ku64(w, "seed", s->seed);
	jw_key(w, "walk_forward");
	if (s->walk == WALK_NONE) {
		jw_null(w);
	} else {
		jw_obj(w);
		jw_kstr(w, "kind", s->walk == WALK_ANCHORED ? "anchored" : "rolling");
		jw_ku64(w, "train", s->train);
		jw_ku64(w, "test", s->test);
		jw_obj_end(w);
	}
	if (s->n_metrics > 0) {
		jw_key(w, "metrics");
		jw_arr(w);
		for (size_t i = 0; i < s->n_metrics; i++)
			jw_str(w, s->metrics[i]);
		jw_arr_end(w);
	}
	jw_obj_end(w);
}

void opt_point_json(struct jw *w, const struct opt_spec *s, const double *point)
{
	jw_obj(w);
	for (size_t i = 0; i < s->n_axes; i++) {
		const struct opt_axis *a = &s->axes[i];
		char buf[F64_TEXT_MAX];
		const char *text = value_text(a, point[i], buf);

		jw_key(w, a->name);
		if (a->input->type == INPUT_BOOL || is_number(a->input))
			jw_raw(w, text, strlen(text));
		else
			jw_str(w, text);
	}
	jw_obj_end(w);
}

size_t opt_space_size(const struct opt_spec *s)
{
	size_t n = 1;

	for (size_t i = 0; i < s->n_axes; i++) {
		if (s->axes[i].n == 0)
			return 0;
		n *= s->axes[i].n;
		if (n > OPT_TRIALS_MAX)
			return (size_t)OPT_TRIALS_MAX + 1;
	}
	return n;
}

size_t opt_trials(const struct opt_spec *s)
{
	size_t size = opt_space_size(s);

	return size > 0 && size < s->max_trials ? size : s->max_trials;
}

/* --- words of the command line --------------------------------------------- */

static bool range_text(struct jw *w, struct str t)
{
	double v[3];
	struct str part;
	size_t n = 0;

	for (; str_split(&t, ':', &part); n++)
		if (n == 3 || !str_double(str_trim(part), &v[n]))
			return false;
	if (n < 2)
		return false;
	jw_kf64(w, "min", v[0]);
	jw_kf64(w, "max", v[1]);
	if (n == 3)
		jw_kf64(w, "step", v[2]);
	return true;
}

int opt_axis_text(struct jw *w, struct str text, struct err *err)
{
	struct str t = text, name, part;

	if (!str_split(&t, '=', &name) || str_trim(name).n == 0)
		return FAIL(err, E_INVAL, "--space %.*s: must be like "
			    "fast=5:50:5 or ma=EMA,SMA", STR_ARG(text));
	name = str_trim(name);
	jw_obj(w);
	jw_key(w, "input");
	jw_strn(w, name.p, name.n);
	if (name.n < str_trim(text).n && !range_text(w, t)) {
		jw_key(w, "options");
		jw_arr(w);
		while (str_split(&t, ',', &part)) {
			part = str_trim(part);
			jw_strn(w, part.p, part.n);
		}
		jw_arr_end(w);
	}
	jw_obj_end(w);
	return 0;
}

int opt_limit_text(struct jw *w, struct str text, struct err *err)
{
	for (size_t i = 1; i + 2 < text.n; i++) {
		double v;

		if ((text.p[i] != '<' && text.p[i] != '>') || text.p[i + 1] != '=')
			continue;
		if (!str_double(str_trim(str_n(text.p + i + 2, text.n - i - 2)), &v))
			break;
		jw_obj(w);
		jw_key(w, "metric");
		jw_strn(w, text.p, str_trim(str_n(text.p, i)).n);
		jw_kstr(w, "op", text.p[i] == '<' ? "<=" : ">=");
		jw_kf64(w, "value", v);
		jw_obj_end(w);
		return 0;
	}
	return FAIL(err, E_INVAL, "--constraint %.*s: must be like trades>=30",
		    STR_ARG(text));
}
