#include "config.h"

#include "api/api.h"
#include "prog/ctl.h"

#define TEXT_MAX ((size_t)4 << 20)

static void line(struct sbuf *b, unsigned depth)
{
	sbuf_add_c(b, '\n');
	for (unsigned i = 0; i < depth; i++)
		sbuf_add_c(b, ' ');
}

/* One member a line, for people and for diff.  `s` is JSON as our writer
 * makes it: no spaces outside of strings. */
static void indent(struct sbuf *b, struct str s)
{
	unsigned depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool open = c == '{' || c == '[';

		if (quoted || c == '"') {
			sbuf_add_c(b, c);
			if (quoted && c == '\\')
				sbuf_add_c(b, s.p[++i]);
			else if (c == '"')
				quoted = !quoted;
		} else if (open && i + 1 < s.n &&
			   (s.p[i + 1] == '}' || s.p[i + 1] == ']')) {
			sbuf_add(b, s.p + i++, 2);
		} else if (open || c == ',') {
			sbuf_add_c(b, c);
			depth += open;
			line(b, depth);
		} else if (c == '}' || c == ']') {
			line(b, --depth);
			sbuf_add_c(b, c);
		} else {
			sbuf_add_c(b, c);
			if (c == ':')
				sbuf_add_c(b, ' ');
		}
	}
	sbuf_add_c(b, '\n');
}

int ctl_openapi(struct ctl *c)
{
	struct routes *rs;
	struct str doc;
	struct err err;
	struct sbuf b;
	int status;

	if (!ctl_parse(c, NULL, NULL, 0, 0, &status))
		return status;
	if (routes_all(c->arena, &rs, &err) < 0 ||
	    openapi_write(c->arena, rs, PACKAGE_VERSION, &doc, &err) < 0)
		return ctl_fail(c, &err);
	sbuf_init(&b, c->arena, TEXT_MAX);
	indent(&b, doc);
	return ctl_print(c, &b);
}
