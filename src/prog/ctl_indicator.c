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
	sbuf_addf(b, "%s - %s\n  inputs: ", d->name, d->title);
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

/* A parameter's value, or the column of an input. */
static int apply(const struct ind_def *d, const struct sets *s, double *p,
		 const char **columns, struct arena *out, struct err *err)
{
	for (size_t k = 0; k < s->n; k++) {
		bool known = false;

		for (size_t i = 0; i < d->n_param; i++)
			if (str_eqc(s->key[k], d->param[i].name)) {
				known = true;
				if (str_eqc(s->value[k], "true"))
					p[i] = 1;
				else if (str_eqc(s->value[k], "false"))
					p[i] = 0;
				else if (!str_double(s->value[k], &p[i]))
					return FAIL(err, E_INVAL, "--set %s: \"%.*s\" is no "
						    "number", d->param[i].name,
						    STR_ARG(s->value[k]));
			}
		for (size_t i = 0; i < d->n_in; i++)
			if (str_eqc(s->key[k], d->in[i])) {
				known = true;
				columns[i] = str_dup(out, s->value[k]);
			}
		if (!known)
			return FAIL(err, E_INVAL, "%s has no parameter or input \"%.*s\"; "
				    "see orchctl indicator --list", d->name,
				    STR_ARG(s->key[k]));
	}
	return ind_check(d, p, err);
}

static const char *default_column(const char *in)
{
	return strncmp(in, "source", 6) == 0 || strcmp(in, "condition") == 0 ? "close" : in;
}

/* A column of the file; hlc3 and the daily anchor can be made from others. */
static int load_column(struct arena *out, const struct table *t, const char *name,
		       const int64_t *times, const double **ret, struct err *err)
{
	long at = table_find(t, (const char *const[]){ name, NULL });
	double *v;
	int rc;

	if (at >= 0) {
		rc = table_numbers(out, t, (size_t)at, &v, err);
		if (rc == 0)
			*ret = v;
		return rc;
	}
	v = NEW_N(out, double, t->rows);
	if (strcmp(name, "anchor") == 0) {
		for (size_t i = 0; i < t->rows; i++)
			v[i] = i == 0 || times[i] / 86400000 != times[i - 1] / 86400000;
		*ret = v;
		return 0;
	}
	if (strcmp(name, "hlc3") == 0) {
		static const char *const parts[] = { "high", "low", "close" };

		for (size_t k = 0; k < 3; k++) {
			const double *x;

			rc = load_column(out, t, parts[k], times, &x, err);
			if (rc < 0)
				return rc;
			for (size_t i = 0; i < t->rows; i++)
				v[i] += x[i] / 3;
		}
		*ret = v;
		return 0;
	}
	return FAIL(err, E_INVAL, "%s: there is no column \"%s\"", t->name, name);
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
		"date", "open_time", "unix", NULL };
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
	d = ind_find(c->argv[0]);
	if (d == NULL)
		return ctl_usage(c, "there is no indicator \"%s\" (--list shows all)",
				 c->argv[0]);
	if (strcmp(input, "-") == 0)
		input = "/dev/stdin";
	status = compute(c, d, input, strcmp(format, "json") == 0, &sets, &err);
	return status < 0 ? ctl_fail(c, &err) : status;
}
