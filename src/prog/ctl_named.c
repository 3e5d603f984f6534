#include "config.h"

#include <math.h>
#include <string.h>

#include "auth/auth.h"
#include "core/clock.h"
#include "market/table.h"
#include "prog/ctl_named.h"

int ctl_find_user(struct ctl *c, struct db *db, const char *name, uint64_t *ret,
		  struct err *err)
{
	struct auth *a = auth_new(c->arena, c->conf, db, &clock_real);
	struct user *v;
	size_t n;
	int rc = auth_users(c->arena, a, &v, &n, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].name, name) == 0) {
			*ret = v[i].id;
			return 0;
		}
	return FAIL(err, E_NOTFOUND, "there is no user \"%s\"", name);
}

static const struct script_input *input_named(const struct script_prog *p,
					      struct str name)
{
	const struct script_input *v;
	size_t n = script_inputs(p, &v);

	for (size_t i = 0; i < n; i++)
		if (str_eqc(name, v[i].name))
			return &v[i];
	return NULL;
}

static void input_value(struct jw *w, const struct script_input *in,
			struct str value)
{
	bool number = in->type == INPUT_INT || in->type == INPUT_FLOAT ||
		in->type == INPUT_PRICE || in->type == INPUT_TIME ||
		in->type == INPUT_BOOL;

	if (number)
		jw_raw(w, value.p, value.n);
	else
		jw_strn(w, value.p, value.n);
}

int ctl_inputs_json(struct arena *out, const struct script_prog *prog,
		    const char *const *v, size_t n, const char **ret,
		    struct err *err)
{
	struct script_binding *bind = script_bind(out, prog);
	struct sbuf b;
	struct jw w;

	sbuf_init(&b, out, (size_t)64 << 10);
	jw_init(&w, &b);
	jw_obj(&w);
	for (size_t i = 0; i < n; i++) {
		struct str rest = str_c(v[i]), name;
		const struct script_input *in;
		int rc;

		if (memchr(rest.p, '=', rest.n) == NULL ||
		    !str_split(&rest, '=', &name))
			return FAIL(err, E_INVAL, "\"%s\" is not NAME=VALUE", v[i]);
		/* The value is checked by the strategy before it is trusted. */
		rc = script_bind_text(bind, name, rest, err);
		if (rc < 0)
			return rc;
		in = input_named(prog, name);
		if (in == NULL)
			continue;
		jw_keyn(&w, name.p, name.n);
		input_value(&w, in, rest);
	}
	jw_obj_end(&w);
	*ret = sbuf_finish(&b);
	return *ret != NULL ? 0 : FAIL(err, E_TOOBIG, "the inputs are too large");
}

int ctl_funding_file(struct arena *out, const char *path, struct funding *ret,
		     struct err *err)
{
	static const char *const times[] = { "timestamp_ms", "timestamp", "time",
		"date", NULL };
	static const char *const rates[] = { "rate", "funding_rate",
		"open", NULL };
	static const char *const marks[] = { "mark", NULL };
	struct funding f = { 0 };
	struct table t;
	long tc, rate, mark;
	int rc = table_read(out, path, &t, err);

	if (rc < 0)
		return rc;
	tc = table_find(&t, times);
	rate = table_find(&t, rates);
	mark = table_find(&t, marks);
	if (tc < 0 || rate < 0)
		return FAIL(err, E_INVAL, "%s: needs a column of times and "
			    "\"rate\"", path);
	if ((rc = table_times(out, &t, (size_t)tc, &f.t, err)) < 0 ||
	    (rc = table_numbers(out, &t, (size_t)rate, &f.rate, err)) < 0)
		return rc;
	if (mark < 0)
		f.mark = NEW_N(out, double, t.rows + 1);
	else if ((rc = table_numbers(out, &t, (size_t)mark, &f.mark, err)) < 0)
		return rc;
	for (size_t i = 0; i < t.rows; i++) {
		f.t[i] = f.t[i] / 60000 * 60000;	/* paid within the minute */
		if (i > 0 && f.t[i] <= f.t[i - 1])
			return FAIL(err, E_INVAL, "%s: row %zu: its time is not "
				    "after the one before", path, i + 1);
		if (mark < 0)
			f.mark[i] = NAN;
		if (isnan(f.rate[i]))		/* none was paid */
			f.rate[i] = 0;
		if (!(fabs(f.rate[i]) < 1))
			return FAIL(err, E_INVAL, "%s: row %zu: a rate is a part of "
				    "1", path, i + 1);
	}
	f.n = t.rows;
	*ret = f;
	return 0;
}
