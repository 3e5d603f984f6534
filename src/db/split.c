#include "config.h"

#include <string.h>

#include "core/array.h"
#include "db/migrate.h"

struct split {
	const char *p, *end;	/* next character */
	size_t line;
	struct err *err;
};

static bool at(const struct split *s, const char *what)
{
	size_t n = strlen(what);

	return (size_t)(s->end - s->p) >= n && memcmp(s->p, what, n) == 0;
}

static void step(struct split *s, size_t n)
{
	while (n-- > 0 && s->p < s->end) {
		s->line += *s->p == '\n';
		s->p++;
	}
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* "--" begins a comment only before a blank, as in MariaDB. */
static bool at_line_comment(const struct split *s)
{
	return at(s, "#") ||
	       (at(s, "--") && (s->end - s->p == 2 || blank(s->p[2])));
}

static int skip_comment(struct split *s)
{
	size_t line = s->line;

	if (at(s, "/*!") || at(s, "/*M!"))
		return FAIL(s->err, E_INVAL, "line %zu: no executable comments",
			    line);
	if (at(s, "/*")) {
		step(s, 2);
		while (s->p < s->end && !at(s, "*/"))
			step(s, 1);
		if (s->p == s->end)
			return FAIL(s->err, E_INVAL,
				    "line %zu: the comment does not end", line);
		step(s, 2);
		return 0;
	}
	while (s->p < s->end && *s->p != '\n')
		step(s, 1);
	return 0;
}

static int skip_quoted(struct split *s)
{
	size_t line = s->line;
	char quote = *s->p;

	for (step(s, 1); s->p < s->end; step(s, 1)) {
		if (*s->p == '\\' && quote != '`') {
			step(s, 1);
		} else if (*s->p == quote) {
			if (s->p + 1 < s->end && s->p[1] == quote) {
				step(s, 1);
				continue;
			}
			step(s, 1);
			return 0;
		}
	}
	return FAIL(s->err, E_INVAL, "line %zu: the quote does not end", line);
}

/* One statement up to and with its ';'; an empty text at the end. */
static int next(struct split *s, const char *start, struct sql_stmt *ret)
{
	const char *comment = s->p;
	int rc = 0;

	while (rc == 0 && s->p < s->end) {
		if (blank(*s->p))
			step(s, 1);
		else if (at_line_comment(s) || at(s, "/*"))
			rc = skip_comment(s);
		else
			break;
	}
	if (rc < 0)
		return rc;
	*ret = (struct sql_stmt){
		.text = str_n(s->p, 0), .line = s->line,
		.comment = str_trim(str_n(comment, (size_t)(s->p - comment))),
	};
	if (s->p == s->end)
		return 0;
	if (s->end - s->p > 9 &&
	    str_eq_nocase(str_n(s->p, 9), STR("delimiter")))
		return FAIL(s->err, E_INVAL,
			    "line %zu: DELIMITER is the client's, not SQL",
			    s->line);
	while (s->p < s->end && *s->p != ';') {
		if (*s->p == '\'' || *s->p == '"' || *s->p == '`')
			rc = skip_quoted(s);
		else if (at_line_comment(s) || at(s, "/*"))
			rc = skip_comment(s);
		else
			step(s, 1);
		if (rc < 0)
			return rc;
	}
	ret->text.n = (size_t)(s->p - ret->text.p);
	ret->text = str_trim(ret->text);
	if (s->p == s->end)
		return FAIL(s->err, E_INVAL, "line %zu: the statement does not "
			    "end with ';' (is the file whole?)", ret->line);
	if (ret->text.n == 0)
		return FAIL(s->err, E_INVAL, "line %zu: an empty statement",
			    ret->line);
	step(s, 1);
	ret->end = (size_t)(s->p - start);
	return 0;
}

int sql_split(struct arena *out, struct str sql, struct sql_stmt **ret,
	      size_t *ret_n, struct err *err)
{
	struct split s = { .p = sql.p, .end = sql.p + sql.n, .line = 1,
			   .err = err };
	ARRAY(struct sql_stmt) list = { 0 };

	if (memchr(sql.p, '\0', sql.n) != NULL || !str_utf8_valid(sql))
		return FAIL(err, E_INVAL, "it is not UTF-8 text");
	for (;;) {
		struct sql_stmt one;
		int rc = next(&s, sql.p, &one);

		if (rc < 0)
			return rc;
		if (one.text.n == 0)
			break;
		*array_push(out, &list) = one;
	}
	*ret = list.v;
	*ret_n = list.n;
	return 0;
}
