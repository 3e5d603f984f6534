#ifndef JSON_JSON_H
#define JSON_JSON_H
/* json.h - JSON in and out.
 *
 * Reading: a strict parser of our own (RFC 8259, UTF-8, bounded depth and
 * size, no duplicate names, no U+0000, nothing after the value) that builds a
 * tree of json-c objects.  The tree lives in `out` and is put with it, the
 * text need not.  Numbers keep their exact text: json_text() of one goes to
 * price_parse_exchange() and its like without passing through a double.
 *
 * Writing: into an sbuf; commas are ours, so a caller cannot forget one. */
#include "core/err.h"
#include "core/money.h"
#include "core/sbuf.h"
#include "core/str.h"

struct json;		/* one value of a parsed document; read-only */

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUM, JSON_STR, JSON_ARR, JSON_OBJ };

#define JSON_DEPTH_MAX 16
#define JSON_SIZE_MAX (64 << 20)

/* -E_INVAL with the byte offset and the reason in the sentence, -E_TOOBIG. */
MUST_CHECK int json_parse(struct arena *out, const char *text, size_t n,
			  const struct json **ret, struct err *err);
enum json_type json_type(const struct json *j);
const char *json_type_name(enum json_type t);
/* Members and elements; NULL when absent or j is of another type. */
const struct json *json_get(const struct json *obj, const char *key);
const struct json *json_at(const struct json *arr, size_t i);
size_t json_len(const struct json *j);		/* elements or members */
/* for (size_t i = 0; json_member(obj, i, &key, &val); i++)  in order */
bool json_member(const struct json *obj, size_t i, struct str *ret_key,
		 const struct json **ret_val);
struct str json_text(const struct json *j);	/* string's value, number's text;
						   ends in '\0' */
/* False when j is NULL, of another type or out of range. */
MUST_CHECK bool json_i64(const struct json *j, int64_t *ret);
MUST_CHECK bool json_u64(const struct json *j, uint64_t *ret);
MUST_CHECK bool json_f64(const struct json *j, double *ret);
MUST_CHECK bool json_bool(const struct json *j, bool *ret);
MUST_CHECK bool json_str(const struct json *j, struct str *ret);

struct jw {			/* a writer */
	struct sbuf *b;
	unsigned depth;
	uint64_t comma;		/* bit per depth: a value stands before */
	bool after_key;
};
/* The assertions are about the order of calls; that it fitted says b. */
void jw_init(struct jw *w, struct sbuf *b);
void jw_obj(struct jw *w);
void jw_obj_end(struct jw *w);
void jw_arr(struct jw *w);
void jw_arr_end(struct jw *w);
void jw_key(struct jw *w, const char *key);	/* a literal, not escaped */
void jw_keyn(struct jw *w, const char *key, size_t n);	/* escaped */
void jw_str(struct jw *w, const char *s);	/* NULL: null */
void jw_strn(struct jw *w, const char *s, size_t n);
void jw_i64(struct jw *w, int64_t v);
void jw_u64(struct jw *w, uint64_t v);
void jw_f64(struct jw *w, double v);	/* shortest round trip; NaN, Inf: null */
void jw_bool(struct jw *w, bool v);
void jw_null(struct jw *w);
void jw_raw(struct jw *w, const char *s, size_t n);	/* is JSON already */
void jw_json(struct jw *w, const struct json *j);	/* as it was read */
void jw_price(struct jw *w, struct price v);	/* decimal text in quotes */
void jw_qty(struct jw *w, struct qty v);
void jw_quote(struct jw *w, struct quote v);
void jw_time(struct jw *w, int64_t ms);		/* integer milliseconds */
/* Key and value in one line. */
void jw_kstr(struct jw *w, const char *key, const char *s);
void jw_ki64(struct jw *w, const char *key, int64_t v);
void jw_ku64(struct jw *w, const char *key, uint64_t v);
void jw_kf64(struct jw *w, const char *key, double v);
void jw_kbool(struct jw *w, const char *key, bool v);

/* The shortest decimal text that reads back as v, as JSON writes it. */
#define F64_TEXT_MAX 32
size_t f64_format(char buf[static F64_TEXT_MAX], double v);

#endif /* JSON_JSON_H */
