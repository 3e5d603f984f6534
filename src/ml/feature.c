#include "config.h"

#include <stdio.h>
#include <string.h>

#include "core/sha256.h"
#include "ml/feature_i.h"
#include "ml/model.h"

const struct ml_feature *ml_feature_find(struct str name)
{
	for (size_t i = 0; i < ml_feature_table_n; i++)
		if (str_eqc(name, ml_feature_table[i].name))
			return &ml_feature_table[i];
	return NULL;
}

/* Changed, added and missing characters between the two. */
static unsigned distance(struct str a, const char *b)
{
	unsigned row[ML_FEATURE_NAME_MAX + 1];
	size_t n = strlen(b);

	assert(n < ARRAY_LEN(row));
	for (size_t j = 0; j <= n; j++)
		row[j] = (unsigned)j;
	for (size_t i = 0; i < a.n; i++) {
		unsigned corner = row[0];

		row[0] = (unsigned)i + 1;
		for (size_t j = 0; j < n; j++) {
			unsigned same = corner + (a.p[i] != b[j]);

			corner = row[j + 1];
			row[j + 1] = corner + 1 < row[j] + 1 ? corner + 1 : row[j] + 1;
			if (same < row[j + 1])
				row[j + 1] = same;
		}
	}
	return row[n];
}

static int unknown(struct str name, struct err *err)
{
	const char *near = NULL;
	unsigned best = 4;

	for (size_t i = 0; i < ml_feature_table_n; i++) {
		unsigned d = distance(name, ml_feature_table[i].name);

		if (d < best && d <= name.n) {
			best = d;
			near = ml_feature_table[i].name;
		}
	}
	return FAIL(err, E_INVAL, "there is no feature \"%.*s\"%s%s%s", STR_ARG(name),
		    near != NULL ? "; did you mean \"" : "",
		    near != NULL ? near : "", near != NULL ? "\"" : "");
}

int ml_feature_parse(struct str name, struct ml_feature_ref *ret, struct err *err)
{
	struct ml_feature_ref r = { .row = NULL };
	struct str base = name, tf;
	uint64_t lag;

	if (name.n == 0 || name.n > ML_FEATURE_NAME_MAX)
		return FAIL(err, E_INVAL, "a feature's name has 1 to %d characters",
			    ML_FEATURE_NAME_MAX);
	if (str_ends(base, "]")) {
		struct str rest = str_n(base.p, base.n - 1);

		str_split(&rest, '[', &base);
		if (!str_u64(rest, &lag) || lag > ML_FEATURE_LAG_MAX ||
		    rest.p == NULL || rest.n == 0 || rest.p[0] == '0')
			return FAIL(err, E_INVAL, "\"%.*s\": [n] is from 1 to %d bars ago",
				    STR_ARG(name), ML_FEATURE_LAG_MAX);
		r.lag = (uint32_t)lag;
	}
	tf = base;
	str_split(&tf, '@', &base);
	if (base.n < name.n && base.p[base.n] == '@' && !tf_parse(tf, &r.tf))
		return FAIL(err, E_INVAL, "\"%.*s\": \"%.*s\" is no timeframe",
			    STR_ARG(name), STR_ARG(tf));
	r.row = ml_feature_find(base);
	if (r.row == NULL)
		return unknown(base, err);
	if (r.tf != 0 && (r.row->calc->book || strcmp(r.row->group, "time") == 0))
		return FAIL(err, E_INVAL, "\"%.*s\": %s is of the market's own timeframe only",
			    STR_ARG(name), r.row->name);
	*ret = r;
	return 0;
}

const char *ml_feature_title(struct arena *out, const struct ml_feature_ref *r)
{
	char lag[32] = "";

	if (r->lag > 0)
		(void)snprintf(lag, sizeof(lag), "%u bar%s ago", r->lag,
			       r->lag > 1 ? "s" : "");
	if (r->tf == 0 && r->lag == 0)
		return r->row->title;
	return arena_printf(out, "%s (%s%s%s)", r->row->title,
			    r->tf != 0 ? tf_name(r->tf) : "",
			    r->tf != 0 && r->lag > 0 ? ", " : "", lag);
}

size_t ml_features_usual(struct arena *out, const char *const **ret)
{
	const char **names = NEW_N(out, const char *, ml_feature_table_n);
	size_t n = 0;

	for (size_t i = 0; i < ml_feature_table_n; i++)
		if (ml_feature_table[i].usual)
			names[n++] = ml_feature_table[i].name;
	*ret = names;
	return n;
}

int ml_features_hash(const char *const *names, size_t n,
		     char ret[static ML_HASH_HEX + 1], struct err *err)
{
	unsigned char sum[32];
	struct sha256 s;

	sha256_init(&s);
	for (size_t i = 0; i < n; i++) {
		struct ml_feature_ref r;
		char version[16];
		int rc = ml_feature_parse(str_c(names[i]), &r, err), len;

		if (rc < 0)
			return rc;
		len = snprintf(version, sizeof(version), "#%u\n", r.row->version);
		sha256_add(&s, names[i], strlen(names[i]));
		sha256_add(&s, "=", 1);
		sha256_add(&s, r.row->formula, strlen(r.row->formula));
		sha256_add(&s, version, (size_t)len);
	}
	sha256_end(&s, sum);
	str_hex(ret, sum, sizeof(sum));
	return 0;
}
