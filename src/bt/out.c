#include "config.h"

#include <math.h>
#include <string.h>

#include "bt/out.h"

void out_amount(struct jw *w, const char *key, double v)
{
	char buf[F64_TEXT_MAX];

	jw_key(w, key);
	if (isnan(v) || isinf(v)) {
		jw_null(w);
		return;
	}
	jw_strn(w, buf, f64_format(buf, v));
}

void out_num(struct sbuf *b, double v)
{
	char buf[F64_TEXT_MAX];

	sbuf_add_c(b, ',');
	if (!isnan(v))
		sbuf_add(b, buf, f64_format(buf, v));
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
