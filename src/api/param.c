#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "api/param.h"
#include "fcgi/fcgi.h"

#define STR_MAX_DEFAULT	1000
#define ARR_MAX_DEFAULT	1000
#define DETAIL_MAX	160

/* What one decoding shares, and where in the document it is. */
struct dec {
	struct arena *out;
	struct field_errors *fe;
	uint32_t salt;
};
struct at {
	const struct at *parent;
	const char *name;		/* NULL: element `index` of parent */
	size_t index;
};

void field_error(struct arena *out, struct field_errors *fe, const char *field,
		 const char *fmt, ...)
{
	char text[DETAIL_MAX];
	va_list ap;

	if (fe->n == FIELD_ERRORS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fe->v[fe->n].field = arena_strdup(out, field);
	fe->v[fe->n].detail = arena_strdup(out, text);
	fe->n++;
}

/* A name out of the request, short enough to be shown and whole UTF-8. */
static const char *name_shown(struct arena *out, struct str name)
{
	size_t n = name.n;

	if (n > 64)
		for (n = 64; n > 0 && (name.p[n] & 0xc0) == 0x80; )
			n--;
	return str_dup(out, str_n(name.p, n));
}

static void at_text(struct sbuf *b, const struct at *at)
{
	if (at->parent != NULL)
		at_text(b, at->parent);
	if (at->name == NULL)
		sbuf_addf(b, "[%zu]", at->index);
	else
		sbuf_addf(b, "%s%s", b->len > 0 ? "." : "", at->name);
}

static bool refuse(struct dec *d, const struct at *at, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* Always false, to return. */
static bool refuse(struct dec *d, const struct at *at, const char *fmt, ...)
{
	char text[DETAIL_MAX];
	struct sbuf b;
	va_list ap;

	if (d->fe->n == FIELD_ERRORS_MAX)
		return false;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sbuf_init(&b, d->out, 512);
	at_text(&b, at);
	field_error(d->out, d->fe, b.buf, "%s", text);
	return false;
}

/* How far a number may go, in words. */
static bool refuse_range(struct dec *d, const struct at *at,
			 const struct param *p, const char *what)
{
	if (p->max != 0)
		return refuse(d, at, "must be %s from %" PRId64 " to %" PRId64,
			      what, p->min, p->max);
	return refuse(d, at, "must be %s of at least %" PRId64, what, p->min);
}

static bool int_from_text(struct dec *d, const struct at *at,
			  const struct param *p, struct str s, int64_t *ret)
{
	int64_t v;

	if (!str_i64(s, &v))
		return refuse(d, at, "must be an integer");
	if (v < p->min || (p->max != 0 && v > p->max))
		return refuse_range(d, at, p, "an integer");
	*ret = v;
	return true;
}

static bool u64_from_text(struct dec *d, const struct at *at,
			  const struct param *p, struct str s, uint64_t *ret)
{
	uint64_t v;

	if (!str_u64(s, &v))
		return refuse(d, at, "must be an integer that is not negative");
	if ((p->min > 0 && v < (uint64_t)p->min) ||
	    (p->max != 0 && v > (uint64_t)p->max))
		return refuse_range(d, at, p, "an integer");
	*ret = v;
	return true;
}

static bool f64_from_text(struct dec *d, const struct at *at,
			  const struct param *p, struct str s, double *ret)
{
	double v;

	if (!str_double(s, &v))
		return refuse(d, at, "must be a number");
	if (v < (double)p->min || (p->max != 0 && v > (double)p->max))
		return refuse_range(d, at, p, "a number");
	*ret = v;
	return true;
}

static bool str_from_text(struct dec *d, const struct at *at,
			  const struct param *p, struct str s, struct str *ret)
{
	int64_t max = p->max != 0 ? p->max : STR_MAX_DEFAULT;
	int64_t chars = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		chars += (c & 0xc0) != 0x80;
		if (p->ascii && c > 0x7f)
			return refuse(d, at, "must be ASCII");
		if (c >= 0x20 && c != 0x7f)
			continue;
		if (p->type == P_TEXT && (c == '\n' || c == '\t' || c == '\r'))
			continue;
		return refuse(d, at, "must not hold control characters");
	}
	if (chars < p->min || chars > max) {
		struct param range = *p;

		range.max = max;
		return refuse(d, at, "must have from %" PRId64 " to %" PRId64
			      " characters", range.min, range.max);
	}
	*ret = str_n(str_dup(d->out, s), s.n);
	return true;
}

static bool enum_from_text(struct dec *d, const struct at *at,
			   const struct param *p, struct str s, int *ret)
{
	char list[DETAIL_MAX - 20] = "";

	for (int i = 0; p->names[i] != NULL; i++)
		if (str_eqc(s, p->names[i])) {
			*ret = i;
			return true;
		}
	for (int i = 0; p->names[i] != NULL; i++) {
		size_t n = strlen(list);

		snprintf(list + n, sizeof(list) - n, "%s%s", i > 0 ? ", " : "",
			 p->names[i]);
	}
	return refuse(d, at, "must be one of %s", list);
}

/* The limits stand in the table as whole numbers. */
#define MONEY_FROM_TEXT(T)						\
static bool T##_from_text(struct dec *d, const struct at *at,		\
			  const struct param *p, struct str s,		\
			  struct T *ret)				\
{									\
	char text[32];							\
	struct T v, limit;						\
	int n;								\
									\
	if (!T##_parse_n(&v, s.p, s.n))					\
		return refuse(d, at, "must be decimal text like \"1.5\"");\
	if (p->positive && T##_sign(v) <= 0)				\
		return refuse(d, at, "must be more than zero");		\
	n = snprintf(text, sizeof(text), "%" PRId64, p->min);		\
	if (!T##_parse_n(&limit, text, (size_t)n) || T##_cmp(v, limit) < 0)\
		return refuse(d, at, "must be at least %s", text);	\
	n = snprintf(text, sizeof(text), "%" PRId64, p->max);		\
	if (p->max != 0 && (!T##_parse_n(&limit, text, (size_t)n) ||	\
			    T##_cmp(v, limit) > 0))			\
		return refuse(d, at, "must be at most %s", text);	\
	*ret = v;							\
	return true;							\
}
MONEY_FROM_TEXT(price)
MONEY_FROM_TEXT(qty)
MONEY_FROM_TEXT(quote)

static bool bool_from_text(struct dec *d, const struct at *at, struct str s,
			   bool *ret)
{
	if (!str_eqc(s, "true") && !str_eqc(s, "false"))
		return refuse(d, at, "must be true or false");
	*ret = str_eqc(s, "true");
	return true;
}

/* Every type that has one text: queries, paths and the scalars of JSON. */
static bool from_text(struct dec *d, const struct at *at,
		      const struct param *p, struct str s, void *dst)
{
	static const struct param id_range = { .min = 1 };
	struct cursor *cur = dst;

	switch (p->type) {
	case P_BOOL:
		return bool_from_text(d, at, s, dst);
	case P_I64:
	case P_TIME:
		return int_from_text(d, at, p, s, dst);
	case P_U64:
		return u64_from_text(d, at, p, s, dst);
	case P_ID:
		return u64_from_text(d, at, &id_range, s, dst);
	case P_F64:
		return f64_from_text(d, at, p, s, dst);
	case P_STR:
	case P_TEXT:
		return str_from_text(d, at, p, s, dst);
	case P_ENUM:
		return enum_from_text(d, at, p, s, dst);
	case P_PRICE:
		return price_from_text(d, at, p, s, dst);
	case P_QTY:
		return qty_from_text(d, at, p, s, dst);
	case P_QUOTE:
		return quote_from_text(d, at, p, s, dst);
	case P_CURSOR:
		if (!cursor_parse(s, d->salt, cur))
			return refuse(d, at, "is not a cursor of this list");
		return true;
	case P_OBJ:
	case P_ARR:
	case P_JSON:
	case P_ANY:
	case P__MAX:
		break;
	}
	assert(!"a parameter that has no text");
	return false;
}

static void set_has(const struct param *p, void *st)
{
	bool yes = true;

	if (p->has != 0)
		memcpy((char *)st + p->has - 1, &yes, sizeof(yes));
}

static void *member(const struct param *p, void *st)
{
	return (char *)st + p->off;
}

static void money_default(const struct param *p, void *dst)
{
	bool ok = true;

	if (p->def_text == NULL)
		return;
	if (p->type == P_PRICE)
		ok = price_parse(dst, p->def_text);
	else if (p->type == P_QTY)
		ok = qty_parse(dst, p->def_text);
	else
		ok = quote_parse(dst, p->def_text);
	assert(ok);			/* the table's own text */
}

static void set_default(const struct param *p, void *st)
{
	void *dst = member(p, st);

	switch (p->type) {
	case P_BOOL:
		*(bool *)dst = p->def != 0;
		return;
	case P_I64:
	case P_TIME:
		*(int64_t *)dst = p->def;
		return;
	case P_U64:
	case P_ID:
		*(uint64_t *)dst = (uint64_t)p->def;
		return;
	case P_F64:
		*(double *)dst = (double)p->def;
		return;
	case P_ENUM:
		*(int *)dst = (int)p->def;
		return;
	case P_PRICE:
	case P_QTY:
	case P_QUOTE:
		money_default(p, dst);
		return;
	case P_STR:
	case P_TEXT:
	case P_CURSOR:
	case P_OBJ:
	case P_ARR:
	case P_JSON:
	case P_ANY:
	case P__MAX:
		return;			/* zero as it is */
	}
}

/* What did not come gets its default, or is missed. */
static void fill_absent(struct dec *d, const struct at *parent,
			const struct params *t, uint64_t seen, void *st)
{
	for (size_t i = 0; i < t->n; i++) {
		struct at at = { parent, t->v[i].name, 0 };

		if (seen >> i & 1)
			continue;
		if (t->v[i].required)
			refuse(d, &at, "is required");
		else
			set_default(&t->v[i], st);
	}
}

static const struct param *param_find(const struct params *t, struct str name,
				      size_t *ret_i)
{
	for (size_t i = 0; i < t->n; i++)
		if (str_eqc(name, t->v[i].name)) {
			*ret_i = i;
			return &t->v[i];
		}
	return NULL;
}

static int verdict(const struct field_errors *fe, struct err *err)
{
	if (fe->n == 0)
		return 0;
	return FAIL(err, E_INVAL, "%s: %s", fe->v[0].field, fe->v[0].detail);
}

int params_query(struct arena *out, const struct params *p, struct str query,
		 uint32_t salt, void *ret, struct field_errors *fe,
		 struct err *err)
{
	struct dec d = { out, fe, salt };
	struct str rest = query, name, value;
	uint64_t seen = 0;
	int rc;

	while ((rc = query_next(out, &rest, &name, &value, err)) > 0) {
		const struct param *row;
		size_t i;

		row = param_find(p, name, &i);
		if (row == NULL) {
			field_error(out, fe, name_shown(out, name),
				    "is not a parameter of this operation");
			continue;
		}
		struct at at = { NULL, row->name, 0 };
		if (seen >> i & 1) {
			refuse(&d, &at, "came more than once");
			continue;
		}
		seen |= UINT64_C(1) << i;
		if (from_text(&d, &at, row, value, member(row, ret)))
			set_has(row, ret);
	}
	if (rc < 0)
		return rc;
	fill_absent(&d, NULL, p, seen, ret);
	return verdict(fe, err);
}

int params_path(struct arena *out, const struct params *p,
		const struct str *segments, size_t n, void *ret,
		struct field_errors *fe, struct err *err)
{
	struct dec d = { out, fe, 0 };

	assert(n == p->n);
	for (size_t i = 0; i < n; i++) {
		struct at at = { NULL, p->v[i].name, 0 };

		(void)from_text(&d, &at, &p->v[i], segments[i],
				member(&p->v[i], ret));
	}
	return verdict(fe, err);
}

static bool obj_from_json(struct dec *d, const struct at *at,
			  const struct params *t, const struct json *j,
			  void *st);

static const size_t ptype_size[] = {
#define X(name, type) [name] = sizeof(ptype_##name),
	PTYPES(X)
#undef X
};

static bool from_json(struct dec *d, const struct at *at,
		      const struct param *p, const struct json *j, void *dst);

static bool arr_from_json(struct dec *d, const struct at *at,
			  const struct param *p, const struct json *j,
			  struct list_in *ret)
{
	int64_t max = p->max != 0 ? p->max : ARR_MAX_DEFAULT;
	size_t n = json_len(j);
	size_t size = p->sub != NULL ? p->sub->size : ptype_size[p->item];
	struct param item = { .type = p->item, .names = p->names };
	bool ok = true;
	char *v;

	if ((int64_t)n < p->min || (int64_t)n > max)
		return refuse(d, at, "must have from %" PRId64 " to %" PRId64
			      " elements", p->min, max);
	v = arena_alloc_n(d->out, n + 1, size);
	for (size_t i = 0; i < n; i++) {
		struct at el = { at, NULL, i };
		const struct json *e = json_at(j, i);

		if (p->sub != NULL)
			ok &= obj_from_json(d, &el, p->sub, e, v + i * size);
		else
			ok &= from_json(d, &el, &item, e, v + i * size);
	}
	ret->v = v;
	ret->n = n;
	return ok;
}

static enum json_type wanted_type(enum ptype t)
{
	switch (t) {
	case P_BOOL:
		return JSON_BOOL;
	case P_I64:
	case P_U64:
	case P_ID:
	case P_TIME:
	case P_F64:
		return JSON_NUM;
	case P_STR:
	case P_TEXT:
	case P_ENUM:
	case P_PRICE:
	case P_QTY:
	case P_QUOTE:
		return JSON_STR;
	case P_OBJ:
	case P_JSON:
		return JSON_OBJ;
	case P_ARR:
		return JSON_ARR;
	case P_CURSOR:
	case P_ANY:
	case P__MAX:
		break;
	}
	assert(!"a parameter that no body has");
	return JSON_NULL;
}

static bool from_json(struct dec *d, const struct at *at,
		      const struct param *p, const struct json *j, void *dst)
{
	enum json_type want;

	if (p->type == P_ANY) {
		*(const struct json **)dst = j;
		return true;
	}
	want = wanted_type(p->type);
	if (json_type(j) != want)
		return refuse(d, at, "must be %s, not %s", json_type_name(want),
			      json_type_name(json_type(j)));
	if (p->type == P_JSON) {
		*(const struct json **)dst = j;
		return true;
	}
	if (p->type == P_BOOL)
		return json_bool(j, dst);
	if (p->type == P_ARR)
		return arr_from_json(d, at, p, j, dst);
	if (p->type == P_OBJ && p->sub != NULL) {
		void *st = arena_alloc(d->out, p->sub->size);

		*(void **)dst = st;
		return obj_from_json(d, at, p->sub, j, st);
	}
	return from_text(d, at, p, json_text(j), dst);
}

static bool obj_from_json(struct dec *d, const struct at *at,
			  const struct params *t, const struct json *j,
			  void *st)
{
	const struct json *val;
	uint64_t seen = 0;
	struct str key;
	size_t before = d->fe->n;

	if (json_type(j) != JSON_OBJ)
		return refuse(d, at, "must be an object");
	for (size_t i = 0; json_member(j, i, &key, &val); i++) {
		const struct param *row;
		size_t k;

		row = param_find(t, key, &k);
		if (row == NULL) {
			struct at un = { at, name_shown(d->out, key), 0 };

			refuse(d, &un, "is not a member of this body");
			continue;
		}
		struct at here = { at, row->name, 0 };
		if (row->nullable && json_type(val) == JSON_NULL)
			continue;
		seen |= UINT64_C(1) << k;
		if (from_json(d, &here, row, val, member(row, st)))
			set_has(row, st);
	}
	fill_absent(d, at, t, seen, st);
	return d->fe->n == before;
}

int params_body(struct arena *out, const struct params *p, struct str body,
		void *ret, struct field_errors *fe, struct err *err)
{
	struct dec d = { out, fe, 0 };
	const struct json *j;
	int rc;

	rc = json_parse(out, body.p, body.n, &j, err);
	if (rc < 0) {
		field_error(out, fe, "", "%s", err->msg);
		return rc;
	}
	if (json_type(j) != JSON_OBJ) {
		field_error(out, fe, "", "the body must be a JSON object");
		return verdict(fe, err);
	}
	(void)obj_from_json(&d, NULL, p, j, ret);
	return verdict(fe, err);
}
