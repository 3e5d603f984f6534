#include "config.h"

#include <string.h>

#include "core/str.h"
#include "prog/template.h"

struct fill {
	struct sbuf *b;
	const char *name;
	const struct template_value *values;
	const struct template_flag *flags;
	unsigned depth, skip;	/* ifs that are open; depth of the false one */
	unsigned line;
};

/* A mark is @ then letters, digits, '_' (one blank after "if"), then @. */
static size_t mark_length(const char *p)
{
	size_t n = 1;

	if (strncmp(p, "@if ", 4) == 0)
		n = 4;
	while ((p[n] >= 'a' && p[n] <= 'z') || (p[n] >= 'A' && p[n] <= 'Z') ||
	       (p[n] >= '0' && p[n] <= '9') || p[n] == '_')
		n++;
	return p[n] == '@' && n > 1 ? n + 1 : 0;
}

static int flag_mark(struct fill *f, struct str name, struct err *err)
{
	for (const struct template_flag *i = f->flags; i->name != NULL; i++)
		if (str_eqc(name, i->name)) {
			f->depth++;
			if (f->skip == 0 && !i->on)
				f->skip = f->depth;
			return 0;
		}
	return FAIL(err, E_INVAL, "%s:%u: no condition %.*s", f->name, f->line,
		    STR_ARG(name));
}

static int value_mark(struct fill *f, struct str name, struct err *err)
{
	if (f->skip > 0)
		return 0;
	for (const struct template_value *i = f->values; i->name != NULL; i++)
		if (str_eqc(name, i->name)) {
			sbuf_add_cstr(f->b, i->value);
			return 0;
		}
	return FAIL(err, E_INVAL, "%s:%u: no value %.*s", f->name, f->line,
		    STR_ARG(name));
}

static int mark(struct fill *f, struct str m, struct err *err)
{
	if (str_eqc(m, "end")) {
		if (f->depth == 0)
			return FAIL(err, E_INVAL, "%s:%u: an end without an if",
				    f->name, f->line);
		if (f->skip == f->depth)
			f->skip = 0;
		f->depth--;
		return 0;
	}
	if (str_starts(m, "if "))
		return flag_mark(f, str_n(m.p + 3, m.n - 3), err);
	return value_mark(f, m, err);
}

/* A line with nothing but @if x@ or @end@ leaves no empty line behind. */
static bool lonely(const char *text, const char *p, size_t n)
{
	return (p == text || p[-1] == '\n') && p[n] == '\n' &&
	       (strncmp(p, "@if ", 4) == 0 || strncmp(p, "@end@", 5) == 0);
}

int template_fill(struct sbuf *b, const char *name, const char *text,
		  const struct template_value *values,
		  const struct template_flag *flags, struct err *err)
{
	struct fill f = { b, name, values, flags, 0, 0, 1 };
	const char *p = text;

	while (*p != '\0') {
		size_t n = *p == '@' ? mark_length(p) : 0;
		int rc;

		if (n == 0) {
			f.line += *p == '\n';
			if (f.skip == 0)
				sbuf_add_c(b, *p);
			p++;
			continue;
		}
		rc = mark(&f, str_n(p + 1, n - 2), err);
		if (rc < 0)
			return rc;
		if (lonely(text, p, n)) {
			f.line++;
			n++;
		}
		p += n;
	}
	if (f.depth > 0)
		return FAIL(err, E_INVAL, "%s: an if without its end", name);
	if (sbuf_finish(b) == NULL)
		return FAIL(err, E_TOOBIG, "%s: the result is too long", name);
	return 0;
}
