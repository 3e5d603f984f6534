#include "config.h"

#include <string.h>

#include "json/json.h"

#define DEPTH_MAX 63

void jw_init(struct jw *w, struct sbuf *b)
{
	*w = (struct jw){ .b = b };
}

/* Before a value or a key: the comma, if something stands before. */
static void next(struct jw *w)
{
	uint64_t bit = UINT64_C(1) << w->depth;

	if (w->after_key) {
		w->after_key = false;
		return;
	}
	if (w->comma & bit)
		sbuf_add_c(w->b, ',');
	w->comma |= bit;
}

static void open(struct jw *w, char c)
{
	next(w);
	sbuf_add_c(w->b, c);
	assert(w->depth < DEPTH_MAX);
	w->depth++;
	w->comma &= ~(UINT64_C(1) << w->depth);
}

static void close(struct jw *w, char c)
{
	assert(w->depth > 0 && !w->after_key);
	w->depth--;
	sbuf_add_c(w->b, c);
}

void jw_obj(struct jw *w)
{
	open(w, '{');
}

void jw_obj_end(struct jw *w)
{
	close(w, '}');
}

void jw_arr(struct jw *w)
{
	open(w, '[');
}

void jw_arr_end(struct jw *w)
{
	close(w, ']');
}

void jw_key(struct jw *w, const char *key)
{
	size_t n = strlen(key);
	char *p;

	assert(!w->after_key);
	next(w);
	p = sbuf_room(w->b, n + 3);
	if (p != NULL) {
		p[0] = '"';
		memcpy(p + 1, key, n);
		p[n + 1] = '"';
		p[n + 2] = ':';
		sbuf_used(w->b, n + 3);
	}
	w->after_key = true;
}

void jw_keyn(struct jw *w, const char *key, size_t n)
{
	assert(!w->after_key);
	next(w);
	sbuf_add_json_strn(w->b, key, n);
	sbuf_add_c(w->b, ':');
	w->after_key = true;
}

void jw_raw(struct jw *w, const char *s, size_t n)
{
	next(w);
	sbuf_add(w->b, s, n);
}

void jw_null(struct jw *w)
{
	jw_raw(w, "null", 4);
}

void jw_strn(struct jw *w, const char *s, size_t n)
{
	next(w);
	sbuf_add_json_strn(w->b, s, n);
}

void jw_str(struct jw *w, const char *s)
{
	if (s == NULL)
		jw_null(w);
	else
		jw_strn(w, s, strlen(s));
}

void jw_i64(struct jw *w, int64_t v)
{
	next(w);
	sbuf_add_i64(w->b, v);
}

void jw_u64(struct jw *w, uint64_t v)
{
	next(w);
	sbuf_add_u64(w->b, v);
}

void jw_f64(struct jw *w, double v)
{
	char t[F64_TEXT_MAX];

	next(w);
	sbuf_add(w->b, t, f64_format(t, v));
}

void jw_bool(struct jw *w, bool v)
{
	if (v)
		jw_raw(w, "true", 4);
	else
		jw_raw(w, "false", 5);
}

static void quoted(struct jw *w, const char *text, size_t n)
{
	next(w);
	sbuf_add_c(w->b, '"');
	sbuf_add(w->b, text, n);
	sbuf_add_c(w->b, '"');
}

void jw_price(struct jw *w, struct price v)
{
	char t[MONEY_TEXT_MAX];

	quoted(w, t, price_format(t, v));
}

void jw_qty(struct jw *w, struct qty v)
{
	char t[MONEY_TEXT_MAX];

	quoted(w, t, qty_format(t, v));
}

void jw_quote(struct jw *w, struct quote v)
{
	char t[MONEY_TEXT_MAX];

	quoted(w, t, quote_format(t, v));
}

void jw_time(struct jw *w, int64_t ms)
{
	jw_i64(w, ms);
}

void jw_kstr(struct jw *w, const char *key, const char *s)
{
	jw_key(w, key);
	jw_str(w, s);
}

void jw_ki64(struct jw *w, const char *key, int64_t v)
{
	jw_key(w, key);
	jw_i64(w, v);
}

void jw_ku64(struct jw *w, const char *key, uint64_t v)
{
	jw_key(w, key);
	jw_u64(w, v);
}

void jw_kf64(struct jw *w, const char *key, double v)
{
	jw_key(w, key);
	jw_f64(w, v);
}

void jw_kbool(struct jw *w, const char *key, bool v)
{
	jw_key(w, key);
	jw_bool(w, v);
}

void jw_json(struct jw *w, const struct json *j)
{
	const struct json *v;
	struct str s = json_text(j);
	bool b = false;

	switch (json_type(j)) {
	case JSON_NULL:
		jw_null(w);
		return;
	case JSON_BOOL:
		if (json_bool(j, &b))
			jw_bool(w, b);
		return;
	case JSON_NUM:
		jw_raw(w, s.p, s.n);
		return;
	case JSON_STR:
		jw_strn(w, s.p, s.n);
		return;
	case JSON_ARR:
		jw_arr(w);
		for (size_t i = 0; i < json_len(j); i++)
			jw_json(w, json_at(j, i));
		jw_arr_end(w);
		return;
	case JSON_OBJ:
		jw_obj(w);
		for (size_t i = 0; json_member(j, i, &s, &v); i++) {
			jw_keyn(w, s.p, s.n);
			jw_json(w, v);
		}
		jw_obj_end(w);
		return;
	}
}
