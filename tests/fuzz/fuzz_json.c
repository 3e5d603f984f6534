#include "config.h"

#include "fuzz.h"
#include "json/json.h"

/* What is accepted can be written again, and reads back as the same. */

static void write_value(struct jw *w, const struct json *j)
{
	const struct json *v;
	struct str key, s;
	bool b;

	switch (json_type(j)) {
	case JSON_NULL:
		jw_null(w);
		break;
	case JSON_BOOL:
		promise("a boolean is one", json_bool(j, &b));
		jw_bool(w, b);
		break;
	case JSON_NUM:
		s = json_text(j);
		jw_raw(w, s.p, s.n);
		break;
	case JSON_STR:
		promise("a string is one", json_str(j, &s));
		promise("a string is UTF-8 without U+0000",
			str_utf8_valid(s) && memchr(s.p, 0, s.n) == NULL);
		jw_strn(w, s.p, s.n);
		break;
	case JSON_ARR:
		jw_arr(w);
		for (size_t i = 0; i < json_len(j); i++)
			write_value(w, json_at(j, i));
		promise("an array ends", json_at(j, json_len(j)) == NULL);
		jw_arr_end(w);
		break;
	case JSON_OBJ:
		jw_obj(w);
		for (size_t i = 0; json_member(j, i, &key, &v); i++) {
			struct sbuf b2;

			promise("a member is found by its name",
				json_get(j, key.p) == v);
			sbuf_init(&b2, w->b->arena, 1 << 24);
			sbuf_add_json_strn(&b2, key.p, key.n);
			/* jw_key() takes literals: cut the quotes off. */
			b2.buf[b2.len - 1] = '\0';
			jw_key(w, b2.buf + 1);
			write_value(w, v);
		}
		jw_obj_end(w);
		break;
	}
}

static void numbers(const struct json *j)
{
	char text[F64_TEXT_MAX];
	struct quote q;
	struct str s;
	double d, back;

	if (json_type(j) == JSON_ARR)
		for (size_t i = 0; i < json_len(j); i++)
			numbers(json_at(j, i));
	if (json_type(j) != JSON_NUM)
		return;
	s = json_text(j);
	if (quote_parse_exchange(&q, s.p, s.n, ROUND_HALF_EVEN))
		promise("an amount is a number", json_f64(j, &d));
	if (!json_f64(j, &d))
		return;
	f64_format(text, d);
	promise("a formatted double is read", str_double(str_c(text), &back));
	promise("a formatted double is the same", back == d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new("fuzz", (size_t)1 << 30);
	const struct json *j, *again;
	struct sbuf one, two;
	struct err err;
	struct jw w;

	if (json_parse(a, (const char *)data, size, &j, &err) == 0) {
		numbers(j);
		sbuf_init(&one, a, (size_t)1 << 28);
		jw_init(&w, &one);
		write_value(&w, j);
		if (json_parse(a, one.buf, one.len, &again, &err) < 0)
			promise(err.msg, false);
		sbuf_init(&two, a, (size_t)1 << 28);
		jw_init(&w, &two);
		write_value(&w, again);
		promise("written twice, the same", one.len == two.len &&
			memcmp(one.buf, two.buf, one.len) == 0);
	} else {
		promise("a refusal has its reason", err.code == E_INVAL ||
			err.code == E_TOOBIG);
	}
	arena_free(&a);
	return 0;
}
