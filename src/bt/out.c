#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bt/out.h"

/* The same digits without an exponent: 1.5e-07 is 0.00000015. */
static size_t plain(char ret[static PLAIN_MAX], const char *s, size_t n)
{
	const char *e = memchr(s, 'e', n);
	char digits[F64_TEXT_MAX];
	size_t nd = 0, len = 0, before = 0;
	int64_t exp = 0, point;

	if (e == NULL || !str_i64(str_n(e + (e[1] == '+' ? 2 : 1),
					n - (size_t)(e - s) -
					(e[1] == '+' ? 2 : 1)), &exp)) {
		memcpy(ret, s, n);
		return n;
	}
	if (*s == '-')
		ret[len++] = *s++;
	for (bool frac = false; s < e; s++) {
		frac |= *s == '.';
		if (*s == '.')
			continue;
		digits[nd++] = *s;
		before += !frac;
	}
	point = (int64_t)before + exp;
	for (int64_t i = point < 1 ? point - 1 : 0; i < (int64_t)nd || i < point;
	     i++) {
		if (i == point)
			ret[len++] = '.';
		ret[len++] = i >= 0 && i < (int64_t)nd ? digits[i] : '0';
	}
	return len;
}

size_t out_plain(char buf[static PLAIN_MAX], double v)
{
	char text[F64_TEXT_MAX];
	int n = snprintf(text, sizeof(text), "%.15g", v);

	return plain(buf, text, (size_t)n);
}

size_t out_money(char buf[static PLAIN_MAX], double v)
{
	int n = snprintf(buf, PLAIN_MAX, "%.8f", v);

	if (fabs(v) >= 1e7)		/* 15 digits are all it knows */
		return out_plain(buf, v);
	while (n > 0 && buf[n - 1] == '0')
		n--;
	if (n > 0 && buf[n - 1] == '.')
		n--;
	return n == 2 && buf[0] == '-' && buf[1] == '0' ?
		(buf[0] = '0', 1) : (size_t)n;
}

static void amount(struct jw *w, const char *key, double v,
		   size_t (*fn)(char *, double))
{
	char buf[PLAIN_MAX];

	jw_key(w, key);
	if (isnan(v) || isinf(v))
		jw_null(w);
	else
		jw_strn(w, buf, fn(buf, v));
}

void out_money_json(struct jw *w, const char *key, double v)
{
	amount(w, key, v, out_money);
}

void out_money_num(struct sbuf *b, double v)
{
	char buf[PLAIN_MAX];

	sbuf_add_c(b, ',');
	if (!isnan(v))
		sbuf_add(b, buf, out_money(buf, v));
}

void out_amount(struct jw *w, const char *key, double v)
{
	amount(w, key, v, out_plain);
}

void out_num(struct sbuf *b, double v)
{
	char buf[PLAIN_MAX];

	sbuf_add_c(b, ',');
	if (!isnan(v))
		sbuf_add(b, buf, out_plain(buf, v));
}

void out_text(struct sbuf *b, const char *s)
{
	sbuf_add_c(b, ',');
	if (s == NULL)
		return;
	if (strpbrk(s, ",\"\r\n") == NULL && strchr("=+-@", *s) == NULL) {
		sbuf_add_cstr(b, s);
		return;
	}
	sbuf_add_c(b, '"');
	if (*s != '\0' && strchr("=+-@", *s) != NULL)
		sbuf_add_c(b, '\'');
	for (; *s != '\0'; s++) {
		if (*s == '"')
			sbuf_add_c(b, '"');
		sbuf_add_c(b, *s);
	}
	sbuf_add_c(b, '"');
}
