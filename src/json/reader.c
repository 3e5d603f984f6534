#include "config.h"

#include <limits.h>
#include <math.h>
#include <string.h>
/* Two of its names are ours. */
#define json_type jsonc_type
#define json_bool jsonc_bool
#include <json-c/json.h>
#undef json_type
#undef json_bool

#include "core/array.h"
#include "json/json.h"

/* The tree is json-c's, the parser is ours.  json-c's own accepts NaN, single
 * quotes, trailing text and duplicate keys, cuts strings at U+0000, and when
 * memory runs out it builds a wrong tree or crashes; its constructors, which
 * are all that is used here, report that, and then the process ends.
 *
 * A number keeps its text, an object the order of its members, as json-c's
 * "userdata", in the arena. */

struct member {
	struct str key;
	struct json_object *val;
};

struct parser {
	const char *start, *p, *end;
	struct arena *out;
	struct err *err;
	unsigned depth;
	int rc;
};

/* json-c has no object for null; absent members are NULL here. */
struct json { char unused; };
static const struct json null_value;

static struct json_object *object_of(const struct json *j)
{
	/* json-c's getters take no const, and change nothing. */
	return j == NULL || j == &null_value ? NULL :
	       (struct json_object *)(uintptr_t)j;
}

static const struct json *json_of(struct json_object *o)
{
	return o == NULL ? &null_value : (const struct json *)(const void *)o;
}

static void put_tree(void *o)
{
	json_object_put(o);
}

/* Remember the first reason; the place is where the parser stands. */
static bool bad(struct parser *ps, const char *why)
{
	if (ps->rc == 0)
		ps->rc = FAIL(ps->err, E_INVAL, "JSON, byte %zu: %s",
			      (size_t)(ps->p - ps->start), why);
	return false;
}

static void no_memory(struct parser *ps)
{
	arena_panic(ps->out, SIZE_MAX);
}

static struct json_object *made(struct parser *ps, struct json_object *o)
{
	if (o == NULL)
		no_memory(ps);
	return o;
}

static void skip_blanks(struct parser *ps)
{
	while (ps->p < ps->end && (*ps->p == ' ' || *ps->p == '\t' ||
				   *ps->p == '\n' || *ps->p == '\r'))
		ps->p++;
}

static bool at(const struct parser *ps, char c)
{
	return ps->p < ps->end && *ps->p == c;
}

static bool word(struct parser *ps, const char *w)
{
	size_t n = strlen(w);

	if ((size_t)(ps->end - ps->p) < n || memcmp(ps->p, w, n) != 0)
		return bad(ps, "a value is expected");
	ps->p += n;
	return true;
}

static bool digits(struct parser *ps)
{
	const char *from = ps->p;

	while (ps->p < ps->end && *ps->p >= '0' && *ps->p <= '9')
		ps->p++;
	return ps->p > from || bad(ps, "a digit is expected");
}

static bool number(struct parser *ps, struct json_object **ret)
{
	const char *from = ps->p;
	struct str *text;
	double v;

	if (at(ps, '-'))
		ps->p++;
	if (at(ps, '0'))
		ps->p++;
	else if (!digits(ps))
		return false;
	if (at(ps, '.')) {
		ps->p++;
		if (!digits(ps))
			return false;
	}
	if (at(ps, 'e') || at(ps, 'E')) {
		ps->p++;
		if (at(ps, '+') || at(ps, '-'))
			ps->p++;
		if (!digits(ps))
			return false;
	}
	text = NEW(ps->out, struct str);
	*text = str_n(from, (size_t)(ps->p - from));
	text->p = str_dup(ps->out, *text);
	if (!str_double(*text, &v))
		v = NAN;		/* too large: it has its text only */
	*ret = made(ps, json_object_new_double(v));
	json_object_set_userdata(*ret, text, NULL);
	return true;
}

static bool hex4(struct parser *ps, uint32_t *ret)
{
	unsigned char b[2];

	if (ps->end - ps->p < 4 || !str_unhex(b, 2, str_n(ps->p, 4)))
		return bad(ps, "\\u needs four hexadecimal digits");
	ps->p += 4;
	*ret = (uint32_t)b[0] << 8 | b[1];
	return true;
}

/* After \u: one character, perhaps of two such escapes. */
static bool unicode(struct parser *ps, uint32_t *ret)
{
	uint32_t c, low;

	if (!hex4(ps, &c))
		return false;
	if (c == 0)
		return bad(ps, "\\u0000 is not accepted");
	if (c >= 0xdc00 && c <= 0xdfff)
		return bad(ps, "half of a surrogate pair");
	if (c >= 0xd800 && c <= 0xdbff) {
		if (ps->end - ps->p < 2 || ps->p[0] != '\\' || ps->p[1] != 'u')
			return bad(ps, "half of a surrogate pair");
		ps->p += 2;
		if (!hex4(ps, &low))
			return false;
		if (low < 0xdc00 || low > 0xdfff)
			return bad(ps, "half of a surrogate pair");
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	*ret = c;
	return true;
}

/* After the backslash; writes to *w, which moves on. */
static bool escape(struct parser *ps, char **w)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *known;
	uint32_t c;

	if (ps->p == ps->end)
		return bad(ps, "the string does not end");
	if (*ps->p == 'u') {
		ps->p++;
		if (!unicode(ps, &c))
			return false;
		*w += utf8_encode(*w, c);
		return true;
	}
	known = *ps->p != '\0' ? strchr(from, *ps->p) : NULL;
	if (known == NULL)
		return bad(ps, "an escape that JSON does not have");
	*(*w)++ = to[known - from];
	ps->p++;
	return true;
}

/* Where the string's closing quote is, seen from behind the opening one. */
static const char *closing_quote(const struct parser *ps, bool *ret_escapes)
{
	const char *q = ps->p;

	*ret_escapes = false;
	for (; q < ps->end && *q != '"'; q++) {
		if (*q == '\\') {
			*ret_escapes = true;
			if (++q == ps->end)
				break;
		}
	}
	return q < ps->end ? q : NULL;
}

/* One character that stands for itself. */
static bool plain(struct parser *ps, char **w)
{
	size_t n = utf8_len(ps->p, (size_t)(ps->end - ps->p));

	if ((unsigned char)*ps->p < 0x20)
		return bad(ps, "a control character in a string");
	if (n == 0)
		return bad(ps, "not UTF-8");
	memcpy(*w, ps->p, n);
	*w += n;
	ps->p += n;
	return true;
}

/* A string into the arena; it is never longer than it stands in the text. */
static bool string(struct parser *ps, struct str *ret)
{
	const char *close;
	bool escapes;
	char *buf, *w;

	if (!at(ps, '"'))
		return bad(ps, "a string is expected");
	ps->p++;
	close = closing_quote(ps, &escapes);
	if (close == NULL) {
		ps->p = ps->end;
		return bad(ps, "the string does not end");
	}
	buf = w = arena_alloc_raw(ps->out, (size_t)(close - ps->p) + 1);
	while (ps->p < close) {
		if (*ps->p == '\\') {
			ps->p++;
			if (!escape(ps, &w))
				return false;
		} else if (!plain(ps, &w)) {
			return false;
		}
	}
	*w = '\0';
	*ret = str_n(buf, (size_t)(w - buf));
	ps->p = close + 1;
	return true;
}

static bool value(struct parser *ps, struct json_object **ret);

static bool elements(struct parser *ps, struct json_object *arr)
{
	skip_blanks(ps);
	if (at(ps, ']'))
		return true;
	for (;;) {
		struct json_object *v = NULL;
		bool ok = value(ps, &v);

		/* Added before the failure is passed on: who puts the array
		 * puts the element. */
		if (v != NULL || ok)
			if (json_object_array_add(arr, v) < 0)
				no_memory(ps);
		if (!ok)
			return false;
		skip_blanks(ps);
		if (at(ps, ']'))
			return true;
		if (!at(ps, ','))
			return bad(ps, ", or ] is expected");
		ps->p++;
	}
}

static bool member(struct parser *ps, struct json_object *obj,
		   struct member *ret)
{
	const unsigned flags = JSON_C_OBJECT_ADD_KEY_IS_NEW |
			       JSON_C_OBJECT_KEY_IS_CONSTANT;
	struct json_object *v = NULL;
	bool ok;

	skip_blanks(ps);
	if (!string(ps, &ret->key))
		return false;
	if (json_object_object_get_ex(obj, ret->key.p, NULL))
		return bad(ps, "the same name a second time");
	skip_blanks(ps);
	if (!at(ps, ':'))
		return bad(ps, ": is expected");
	ps->p++;
	ok = value(ps, &v);
	if (json_object_object_add_ex(obj, ret->key.p, v, flags) < 0)
		no_memory(ps);
	ret->val = v;
	return ok;
}

static bool members(struct parser *ps, struct json_object *obj)
{
	ARRAY(struct member) list = { 0 };

	skip_blanks(ps);
	if (at(ps, '}'))
		return true;
	for (;;) {
		if (!member(ps, obj, array_push(ps->out, &list)))
			return false;
		skip_blanks(ps);
		if (at(ps, '}')) {
			json_object_set_userdata(obj, list.v, NULL);
			return true;
		}
		if (!at(ps, ','))
			return bad(ps, ", or } is expected");
		ps->p++;
	}
}

static bool nested(struct parser *ps, struct json_object *o,
		   bool (*inside)(struct parser *, struct json_object *))
{
	if (ps->depth == JSON_DEPTH_MAX)
		return bad(ps, "nested too deeply");
	ps->depth++;
	ps->p++;
	if (!inside(ps, o))
		return false;
	ps->p++;
	ps->depth--;
	return true;
}

/* *ret is NULL for null, and may be set on failure too. */
static bool value(struct parser *ps, struct json_object **ret)
{
	struct str s;
	bool t;

	skip_blanks(ps);
	if (ps->p == ps->end)
		return bad(ps, "the text ends where a value is expected");
	switch (*ps->p) {
	case '{':
		*ret = made(ps, json_object_new_object());
		return nested(ps, *ret, members);
	case '[':
		*ret = made(ps, json_object_new_array());
		return nested(ps, *ret, elements);
	case '"':
		if (!string(ps, &s))
			return false;
		*ret = made(ps, json_object_new_string_len(s.p, (int)s.n));
		return true;
	case 't':
	case 'f':
		t = *ps->p == 't';
		if (!word(ps, t ? "true" : "false"))
			return false;
		*ret = made(ps, json_object_new_boolean(t));
		return true;
	case 'n':
		return word(ps, "null");
	default:
		if (*ps->p == '-' || (*ps->p >= '0' && *ps->p <= '9'))
			return number(ps, ret);
		return bad(ps, "a value is expected");
	}
}

int json_parse(struct arena *out, const char *text, size_t n,
	       const struct json **ret, struct err *err)
{
	struct parser ps = { text, text, text + n, out, err, 0, 0 };
	struct json_object *root = NULL;
	bool ok;

	if (n > JSON_SIZE_MAX)
		return FAIL(err, E_TOOBIG, "JSON: %zu bytes, at most %d are "
			    "read", n, JSON_SIZE_MAX);
	ok = value(&ps, &root);
	if (root != NULL)
		arena_defer(out, put_tree, root);
	if (ok) {
		skip_blanks(&ps);
		if (ps.p != ps.end)
			bad(&ps, "something follows the value");
	}
	if (ps.rc < 0)
		return ps.rc;
	*ret = json_of(root);
	return 0;
}

enum json_type json_type(const struct json *j)
{
	switch (json_object_get_type(object_of(j))) {
	case json_type_null:
		return JSON_NULL;
	case json_type_boolean:
		return JSON_BOOL;
	case json_type_double:
	case json_type_int:
		return JSON_NUM;
	case json_type_object:
		return JSON_OBJ;
	case json_type_array:
		return JSON_ARR;
	case json_type_string:
		return JSON_STR;
	}
	return JSON_NULL;
}

const char *json_type_name(enum json_type t)
{
	switch (t) {
	case JSON_NULL:
		return "null";
	case JSON_BOOL:
		return "boolean";
	case JSON_NUM:
		return "number";
	case JSON_STR:
		return "string";
	case JSON_ARR:
		return "array";
	case JSON_OBJ:
		return "object";
	}
	return "?";
}

static bool is(const struct json *j, enum json_type t)
{
	return j != NULL && json_type(j) == t;
}

const struct json *json_get(const struct json *obj, const char *key)
{
	struct json_object *v;

	if (!is(obj, JSON_OBJ) ||
	    !json_object_object_get_ex(object_of(obj), key, &v))
		return NULL;
	return json_of(v);
}

size_t json_len(const struct json *j)
{
	if (is(j, JSON_ARR))
		return json_object_array_length(object_of(j));
	if (is(j, JSON_OBJ))
		return (size_t)json_object_object_length(object_of(j));
	return 0;
}

const struct json *json_at(const struct json *arr, size_t i)
{
	if (!is(arr, JSON_ARR) || i >= json_len(arr))
		return NULL;
	return json_of(json_object_array_get_idx(object_of(arr), i));
}

bool json_member(const struct json *obj, size_t i, struct str *ret_key,
		 const struct json **ret_val)
{
	const struct member *m;

	if (!is(obj, JSON_OBJ) || i >= json_len(obj))
		return false;
	m = json_object_get_userdata(object_of(obj));
	*ret_key = m[i].key;
	*ret_val = json_of(m[i].val);
	return true;
}

struct str json_text(const struct json *j)
{
	struct json_object *o = object_of(j);

	if (is(j, JSON_NUM))
		return *(const struct str *)json_object_get_userdata(o);
	if (is(j, JSON_STR))
		return str_n(json_object_get_string(o),
			     (size_t)json_object_get_string_len(o));
	return str_n("", 0);
}

bool json_i64(const struct json *j, int64_t *ret)
{
	return is(j, JSON_NUM) && str_i64(json_text(j), ret);
}

bool json_u64(const struct json *j, uint64_t *ret)
{
	return is(j, JSON_NUM) && str_u64(json_text(j), ret);
}

bool json_f64(const struct json *j, double *ret)
{
	double v;

	if (!is(j, JSON_NUM))
		return false;
	v = json_object_get_double(object_of(j));
	if (!isfinite(v))
		return false;
	*ret = v;
	return true;
}

bool json_bool(const struct json *j, bool *ret)
{
	if (!is(j, JSON_BOOL))
		return false;
	*ret = json_object_get_boolean(object_of(j));
	return true;
}

bool json_str(const struct json *j, struct str *ret)
{
	if (!is(j, JSON_STR))
		return false;
	*ret = json_text(j);
	return true;
}
