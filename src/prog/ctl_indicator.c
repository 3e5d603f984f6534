#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ind/ind.h"
#include "json/json.h"
#include "market/table.h"
#include "prog/ctl.h"

#define SETS_MAX 32

/* --set may stand several times, so it is taken out before the options. */
struct sets { struct str key[SETS_MAX], value[SETS_MAX]; size_t n; };

static int take_sets(struct ctl *c, struct sets *ret, struct err *err)
{
	int w = 0;

	for (int i = 0; i < c->argc; i++) {
		const char *a = c->argv[i];
		struct str v;

		if (strcmp(a, "--set") == 0 && i + 1 < c->argc)
			v = str_c(c->argv[++i]);
		else if (strncmp(a, "--set=", 6) == 0)
			v = str_c(a + 6);
		else {
			c->argv[w++] = c->argv[i];
			continue;
		}
		if (ret->n == SETS_MAX || !str_contains(v, "="))
			return FAIL(err, E_INVAL, "--set takes key=value");
		str_split(&v, '=', &ret->key[ret->n]);
		ret->value[ret->n++] = v;
	}
	c->argc = w;
	return 0;
}

static void list_one(struct sbuf *b, const struct ind_def *d)
{
	struct str names = str_c(ind_aliases(d)), w;

	sbuf_addf(b, "%s - %s\n", d->name, d->title);
	for (size_t i = 0; names.n > 0 && str_split(&names, ' ', &w); i++)
		sbuf_addf(b, "%s%.*s", i > 0 ? ", " : "  also: ", STR_ARG(w));
	sbuf_addf(b, "%s  inputs: ", ind_aliases(d)[0] != '\0' ? "\n" : "");
	for (size_t i = 0; i < d->n_in; i++)
		sbuf_addf(b, "%s%s", i > 0 ? ", " : "", d->in[i]);
	sbuf_addf(b, "\n  parameters:");
	for (size_t i = 0; i < d->n_param; i++)
		sbuf_addf(b, "%s %s = %g (%g to %g)", i > 0 ? "," : "", d->param[i].name,
			  d->param[i].def, d->param[i].min, d->param[i].max);
	if (d->n_param == 0)
		sbuf_addf(b, " none");
	sbuf_addf(b, "\n  outputs: ");
	for (size_t i = 0; i < d->n_out; i++)
		sbuf_addf(b, "%s%s", i > 0 ? ", " : "", d->out[i]);
	sbuf_addf(b, "\n");
}

static int list_all(struct ctl *c)
{
	struct sbuf b;

	sbuf_init(&b, c->arena, (size_t)1 << 20);
	for (size_t i = 0; i < ind_table_n; i++)
		list_one(&b, ind_table[i]);
	return ctl_print(c, &b);
}

static int apply_param(const struct ind_def *d, unsigned which, struct str value,
		       double *p, struct err *err)
{
	double v;

	if (str_eq_nocase(value, STR("true")))
		v = 1;
	else if (str_eq_nocase(value, STR("false")))
		v = 0;
	else if (!str_double(value, &v))
		v = NAN;
	for (size_t i = 0; i < d->n_param; i++) {
		if ((which >> i & 1) == 0)
			continue;
		if (isnan(v))
			return FAIL(err, E_INVAL, "--set %s: \"%.*s\" is no number",
				    d->param[i].name, STR_ARG(value));
		p[i] = v;
	}
	return 0;
}

/* An input by its name; "source" is the first one whatever it is called. */
static bool apply_input(const struct ind_def *d, struct str key, const char *value,
			const char **columns)
{
	for (size_t i = 0; i < d->n_in; i++)
		if (str_eq_nocase(key, str_c(d->in[i]))) {
			columns[i] = value;
			return true;
		}
	if (!str_eq_nocase(key, STR("source")) && !str_eq_nocase(key, STR("src")))
		return false;
	columns[0] = value;
	return true;
}

static int no_such_key(struct arena *out, const struct ind_def *d, struct str key,
		       struct err *err)
{
	struct sbuf b;

	sbuf_init(&b, out, 4096);
	for (size_t i = 0; i < d->n_param + d->n_in; i++)
		sbuf_addf(&b, "%s%s", i > 0 ? ", " : "", i < d->n_param ?
			  d->param[i].name : d->in[i - d->n_param]);
	return FAIL(err, E_INVAL, "%s has no parameter or input \"%.*s\"; it has: %s",
		    d->name, STR_ARG(key), sbuf_finish(&b));
}

/* A parameter's value, or the column of an input. */
static int apply(const struct ind_def *d, const struct sets *s, double *p,
		 const char **columns, struct arena *out, struct err *err)
{
	for (size_t k = 0; k < s->n; k++) {
		unsigned which = ind_params_named(d, s->key[k]);
		int rc = 0;

		if (which != 0)
			rc = apply_param(d, which, s->value[k], p, err);
		else if (!apply_input(d, s->key[k], str_dup(out, s->value[k]), columns))
			rc = no_such_key(out, d, s->key[k], err);
		if (rc < 0)
			return rc;
	}
	return ind_check(d, p, err);
}

static const char *default_column(const char *in)
{
	return strncmp(in, "source", 6) == 0 || strcmp(in, "condition") == 0 ? "close" : in;
}

static int no_such_column(struct arena *out, const struct table *t, const char *name,
			  struct err *err)
{
	struct sbuf b;
	const char *all;

	sbuf_init(&b, out, 1 << 16);
	for (size_t i = 0; i < t->cols; i++)
		sbuf_addf(&b, "%s%.*s", i > 0 ? ", " : "", STR_ARG(t->head[i]));
	all = sbuf_finish(&b);
	return FAIL(err, E_INVAL, "%s: there is no column \"%s\"; there are: %s", t->name,
		    name, all == NULL ? "too many to name" : all);
}

/* A column under its name or the usual short one; -1. */
static long column_at(const struct table *t, const char *name)
{
	static const char *const also[][3] = {
		{ "open", "o", NULL }, { "high", "h", NULL }, { "low", "l", NULL },
		{ "close", "c", NULL }, { "volume", "vol", "v" },
	};
	long at = table_find(t, (const char *const[]){ name, NULL });

	for (size_t i = 0; at < 0 && i < ARRAY_LEN(also); i++)
		if (strcmp(also[i][0], name) == 0)
			at = table_find(t, (const char *const[]){ also[i][1],
					also[i][2], NULL });
	return at;
}

static int load_column(struct arena *out, const struct table *t, const char *name,
		       const int64_t *times, const double **ret, struct err *err);

/* The average of some columns, one letter each. */
static int load_average(struct arena *out, const struct table *t, const char *parts,
			const int64_t *times, const double **ret, struct err *err)
{
	static const char *const names[] = { "open", "high", "low", "close" };
	static const char order[] = "ohlc";
	double *v = NEW_N(out, double, t->rows);
	const double *x = NULL;

	for (size_t k = 0; parts[k] != '\0'; k++) {
		int rc = load_column(out, t, names[strchr(order, parts[k]) - order],
				     times, &x, err);

		if (rc < 0)
			return rc;
		for (size_t i = 0; i < t->rows; i++)
			v[i] += x[i];
	}
	for (size_t i = 0; i < t->rows; i++)
		v[i] /= (double)strlen(parts);
	*ret = v;
	return 0;
}

/* A column of the file; averages of prices and the daily anchor can be made. */
static int load_column(struct arena *out, const struct table *t, const char *name,
		       const int64_t *times, const double **ret, struct err *err)
{
	static const char *const made[][2] = { { "hl2", "hl" }, { "hlc3", "hlc" },
		{ "ohlc4", "ohlc" }, { "hlcc4", "hlcc" } };
	long at = column_at(t, name);
	double *v;
	int rc;

	if (at >= 0) {
		rc = table_numbers(out, t, (size_t)at, &v, err);
		if (rc == 0)
			*ret = v;
		return rc;
	}
	for (size_t i = 0; i < ARRAY_LEN(made); i++)
		if (strcmp(made[i][0], name) == 0)
			return load_average(out, t, made[i][1], times, ret, err);
	if (strcmp(name, "anchor") != 0)
		return no_such_column(out, t, name, err);
	v = NEW_N(out, double, t->rows);
	for (size_t i = 0; i < t->rows; i++)
		v[i] = i == 0 || times[i] / 86400000 != times[i - 1] / 86400000;
	*ret = v;
	return 0;
}

static void write_csv(struct sbuf *b, const struct ind_def *d, const int64_t *t,
		      double *const *v, size_t n)
{
	char num[F64_TEXT_MAX];

	sbuf_addf(b, "timestamp_ms");
	for (size_t k = 0; k < d->n_out; k++)
		sbuf_addf(b, ",%s", d->out[k]);
	sbuf_addf(b, "\n");
	for (size_t i = 0; i < n; i++) {
		sbuf_addf(b, "%lld", (long long)t[i]);
		for (size_t k = 0; k < d->n_out; k++) {
			sbuf_add(b, ",", 1);
			if (isfinite(v[k][i]))
				sbuf_add(b, num, f64_format(num, v[k][i]));
		}
		sbuf_add(b, "\n", 1);
	}
}

static void write_json(struct sbuf *b, const struct ind_def *d, const int64_t *t,
		       double *const *v, size_t n)
{
	struct jw w;

	jw_init(&w, b);
	jw_obj(&w);
	jw_key(&w, "timestamp_ms");
	jw_arr(&w);
	for (size_t i = 0; i < n; i++)
		jw_i64(&w, t[i]);
	jw_arr_end(&w);
	for (size_t k = 0; k < d->n_out; k++) {
		jw_key(&w, d->out[k]);
		jw_arr(&w);
		for (size_t i = 0; i < n; i++)
			jw_f64(&w, v[k][i]);
		jw_arr_end(&w);
	}
	jw_obj_end(&w);
	sbuf_add(b, "\n", 1);
}

static int compute(struct ctl *c, const struct ind_def *d, const char *path, bool json,
		   const struct sets *sets, struct err *err)
{
	static const char *const time_names[] = { "timestamp_ms", "timestamp", "time",
		"date", "datetime", "open_time", "ts", "unix", NULL };
	const char *columns[IND_INPUTS_MAX];
	const double *in[IND_INPUTS_MAX];
	double *out[IND_OUTPUTS_MAX], p[IND_PARAMS_MAX];
	int64_t *times;
	struct table t;
	struct ind *s;
	struct sbuf b;
	long at;
	int rc;

	ind_defaults(d, p);
	for (size_t i = 0; i < d->n_in; i++)
		columns[i] = default_column(d->in[i]);
	rc = apply(d, sets, p, columns, c->arena, err);
	if (rc == 0)
		rc = table_read(c->arena, path, &t, err);
	if (rc < 0)
		return rc;
	if (t.rows == 0)
		return FAIL(err, E_INVAL, "%s: there is a header, but no row", path);
	at = table_find(&t, time_names);
	if (at < 0)
		return FAIL(err, E_INVAL, "%s: there is no column of times "
			    "(timestamp_ms, timestamp, time or date)", path);
	rc = table_times(c->arena, &t, (size_t)at, &times, err);
	for (size_t i = 0; rc == 0 && i < d->n_in; i++)
		rc = load_column(c->arena, &t, columns[i], times, &in[i], err);
	if (rc == 0)
		rc = ind_new(c->arena, d, p, &s, err);
	if (rc < 0)
		return rc;
	for (size_t k = 0; k < d->n_out; k++)
		out[k] = NEW_N(c->arena, double, t.rows);
	ind_run(s, in, out, t.rows);
	sbuf_init(&b, c->arena, (size_t)1 << 30);
	(json ? write_json : write_csv)(&b, d, times, out, t.rows);
	rc = ctl_print(c, &b);
	return rc;
}

static int unknown(struct ctl *c)
{
	const char *near[3];
	size_t n = ind_nearest(str_c(c->argv[0]), near, ARRAY_LEN(near));

	return ctl_usage(c, "there is no indicator \"%s\"%s%s%s%s%s%s (--list shows all)",
			 c->argv[0], n > 0 ? "; did you mean " : "", n > 0 ? near[0] : "",
			 n > 1 ? " or " : "", n > 1 ? near[1] : "",
			 n > 2 ? " or " : "", n > 2 ? near[2] : "");
}

int ctl_indicator(struct ctl *c)
{
	const char *input = "-", *format = "csv";
	bool list = false;
	const struct ctl_opt opts[] = {
		{ "list", 'l', CTL_FLAG, &list, NULL, "names, parameters, outputs", 0, 0 },
		{ "input", 'i', CTL_TEXT, &input, "FILE", "CSV with a header", 0, 0 },
		{ "output", 'o', CTL_TEXT, &format, "csv|json", "how to write", 0, 0 },
		{ "set", 's', CTL_TEXT, &(const char *){ NULL }, "key=value",
		  "a parameter, or the column of an input; repeatable", 0, 0 },
		{ 0 },
	};
	struct sets sets = { .n = 0 };
	const struct ind_def *d;
	struct err err;
	int status;

	if (take_sets(c, &sets, &err) < 0)
		return ctl_usage(c, "%s", err.msg);
	if (!ctl_parse(c, opts, "[NAME]", 0, 1, &status))
		return status;
	if (list)
		return list_all(c);
	if (c->argc != 1)
		return ctl_usage(c, "which indicator? (--list shows all)");
	if (strcmp(format, "csv") != 0 && strcmp(format, "json") != 0)
		return ctl_usage(c, "--output is csv or json");
	d = ind_lookup(str_c(c->argv[0]));
	if (d == NULL)
		return unknown(c);
	if (strcmp(input, "-") == 0)
		input = "/dev/stdin";
	status = compute(c, d, input, strcmp(format, "json") == 0, &sets, &err);
	return status < 0 ? ctl_fail(c, &err) : status;
}
