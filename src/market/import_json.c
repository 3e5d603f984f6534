#include "config.h"
#include <inttypes.h>
#include <string.h>
#include "market/import_i.h"

/* freqtrade's candles: [[1640995200000, 46216.93, 46731.39, 46208.37,
 * 46656.13, 1503.33095], ...].  Read in one pass over the text, because a
 * tree of a million rows would be many times its size, and because the
 * digits shall stay as they are written.  Numbers may stand in quotes, as
 * exchanges write them; more columns than six are passed over. */

struct scan {
	const char *p, *end, *start;
};

static void blank(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' ||
				 *s->p == '\r' || *s->p == '\t'))
		s->p++;
}

static bool take(struct scan *s, char c)
{
	blank(s);
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

static bool in_value(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		(c >= 'A' && c <= 'Z') || c == '+' || c == '-' || c == '.';
}

/* A number, null or NaN, bare or in quotes. */
static bool value(struct scan *s, struct str *ret)
{
	bool quoted = take(s, '"');
	const char *from = s->p;

	while (s->p < s->end && in_value(*s->p))
		s->p++;
	*ret = str_n(from, (size_t)(s->p - from));
	if (ret->n == 0 && !quoted)
		return false;
	return !quoted || (s->p < s->end && *s->p++ == '"');
}

static int bad(const char *name, const struct scan *s, const char *what,
	       struct err *err)
{
	return FAIL(err, E_MEDIA, "%s: byte %td: %s; expected a list of "
		    "[time, open, high, low, close, volume]", name,
		    s->p - s->start, what);
}

/* What stands between one bracket and the other. */
static int read_row(struct import *im, size_t file, uint32_t n, const char *name,
		    struct scan *s, struct err *err)
{
	struct str cells[CELL__N];
	int got = 0;

	if (!take(s, '['))
		return bad(name, s, "no row", err);
	do {
		struct str v;

		if (!value(s, &v))
			return bad(name, s, "no number", err);
		if (got < CELL__N)
			cells[got] = v;
		got++;
	} while (take(s, ','));
	if (!take(s, ']'))
		return bad(name, s, "the row does not end", err);
	if (got < CELL__N)
		import_note(im, file, n, true, "too few columns", cells[0]);
	else
		import_row(im, file, n, cells);
	return 0;
}

int import_json(struct import *im, const char *name, struct str text,
		struct err *err)
{
	struct scan s = { text.p, text.p + text.n, text.p };
	size_t rows = 0, file;
	uint32_t n = 0;

	if (!take(&s, '['))
		return bad(name, &s, "no list", err);
	for (const char *p = s.p; p < s.end &&
	     (p = memchr(p, '[', (size_t)(s.end - p))) != NULL; p++)
		rows++;
	if (rows > UINT32_MAX / 2)
		return FAIL(err, E_TOOBIG, "%s: too many rows", name);
	file = import_source_add(im, name, "freqtrade JSON", "row", rows);
	if (!take(&s, ']')) {
		do {
			int rc = read_row(im, file, ++n, name, &s, err);

			if (rc < 0)
				return rc;
			if (n % 4096 == 0)
				import_step(im, (size_t)(s.p - s.start), text.n);
		} while (take(&s, ','));
		if (!take(&s, ']'))
			return bad(name, &s, "the list does not end", err);
	}
	blank(&s);
	if (s.p != s.end)
		return bad(name, &s, "something follows the list", err);
	import_step(im, 1, 1);
	return 0;
}
