#include "config.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "market/table.h"

struct parse {
	char *text;			/* doubled quotes are made one in place */
	struct table_cell *cell;
	uint32_t *line;
	size_t n, room, rows;
};

static void add(struct parse *c, const char *from, size_t n)
{
	assert(c->n < c->room);
	c->cell[c->n++] = (struct table_cell){ (uint32_t)(from - c->text),
					       (uint32_t)n };
}

/* One field of a record; *p is left on the separator or the end. */
static int field(struct parse *c, char **p, const char *end)
{
	char *s = *p, *to;

	if (s == end || *s != '"') {
		struct str f;

		while (s < end && *s != ',' && *s != '\n')
			s++;
		f = str_trim(str_n(*p, (size_t)(s - *p)));
		add(c, f.p, f.n);
		*p = s;
		return 0;
	}
	for (to = ++s; s < end; s++) {
		if (*s == '"' && (s + 1 == end || s[1] != '"')) {
			add(c, *p + 1, (size_t)(to - (*p + 1)));
			*p = s + 1;
			return s + 1 == end || s[1] == ',' || s[1] == '\n' ||
				s[1] == '\r' ? 0 : -E_INVAL;
		}
		s += *s == '"';
		*to++ = *s;
	}
	return -E_INVAL;
}

/* At most `most` fields. */
static int record(struct parse *c, char **p, const char *end, size_t most,
		  size_t *ret_n)
{
	size_t n = 0;

	for (;;) {
		if (n == most)
			return -E_TOOBIG;
		if (field(c, p, end) < 0)
			return -E_INVAL;
		n++;
		while (*p < end && **p == '\r')
			(*p)++;
		if (*p == end || **p == '\n')
			break;
		if (**p != ',')
			return -E_INVAL;
		(*p)++;
	}
	if (*p < end)
		(*p)++;
	*ret_n = n;
	return 0;
}

static bool skipped(char **p, const char *end)
{
	char *nl;

	if (**p != '#' && **p != '\n' &&
	    !(**p == '\r' && *p + 1 < end && (*p)[1] == '\n'))
		return false;
	nl = memchr(*p, '\n', (size_t)(end - *p));
	*p = nl == NULL ? *p + (end - *p) : nl + 1;
	return true;
}

static size_t lines_in(const char *p, const char *end)
{
	size_t n = 1;

	while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL && ++p < end)
		n++;
	return n;
}

/* Room for `cols` cells on each of the lines there can be. */
static void make_room(struct arena *out, struct parse *c, size_t lines, size_t cols)
{
	struct table_cell *was = c->cell;

	c->room = lines * cols;
	c->cell = arena_alloc_raw(out, c->room * sizeof(*c->cell));
	if (c->n > 0)
		memcpy(c->cell, was, c->n * sizeof(*was));
}

/* The text is changed and kept. */
static int parse(struct arena *out, const char *name, char *text, size_t n,
		 struct table *ret, struct err *err)
{
	struct parse c = { .text = text };
	const char *end = text + n;
	struct table t = { .name = name, .text = text };
	size_t got, line, lines = n > 0 ? lines_in(text, end) : 0;
	char *p = text;
	int rc;

	c.line = arena_alloc_raw(out, (lines + 1) * sizeof(*c.line));
	make_room(out, &c, 1, TABLE_COLUMNS_MAX);
	if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3;
	for (line = 1; p < end; line++) {
		if (skipped(&p, end))
			continue;
		rc = record(&c, &p, end, t.cols != 0 ? t.cols : TABLE_COLUMNS_MAX,
			    &got);
		if (rc == -E_INVAL || (rc < 0 && t.cols == 0))
			return FAIL(err, E_INVAL, "%s:%zu: a field is not closed, "
				    "or there are too many", name, line);
		if (t.cols == 0) {
			t.cols = got;
			make_room(out, &c, lines, got);
		} else if (rc < 0) {
			return FAIL(err, E_INVAL, "%s:%zu: more fields than the "
				    "%zu of the header", name, line, t.cols);
		} else if (got != t.cols) {
			return FAIL(err, E_INVAL, "%s:%zu: %zu fields, the header "
				    "has %zu", name, line, got, t.cols);
		}
		c.line[c.rows++] = (uint32_t)line;
	}
	if (t.cols == 0)
		return FAIL(err, E_INVAL, "%s: is empty", name);
	t.head = NEW_N(out, struct str, t.cols);
	for (size_t i = 0; i < t.cols; i++)
		t.head[i] = str_n(text + c.cell[i].at, c.cell[i].n);
	t.cells = c.cell + t.cols;
	t.rows = c.rows - 1;
	t.line = c.line + 1;
	*ret = t;
	return 0;
}

int table_parse(struct arena *out, const char *name, const char *text, size_t n,
		struct table *ret, struct err *err)
{
	char *own = arena_alloc_raw(out, n + 1);

	if (n > 0)
		memcpy(own, text, n);
	return parse(out, name, own, n, ret, err);
}

/* A file says how large it is; a pipe is read until it ends. */
static size_t size_of(FILE *f)
{
	struct stat st;

	return fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode) &&
		st.st_size > 0 && (uint64_t)st.st_size < TABLE_FILE_MAX ?
		(size_t)st.st_size + 1 : 1 << 16;
}

int table_read(struct arena *out, const char *path, struct table *ret,
	       struct err *err)
{
	FILE *f = fopen(path, "rb");
	size_t n = 0, size, got;
	char *buf;
	int bad;

	if (f == NULL)
		return FAIL(err, E_IO, "%s: %s", path, strerror(errno));
	size = size_of(f);
	buf = arena_alloc_raw(out, size);
	while ((got = fread(buf + n, 1, size - n, f)) > 0) {
		n += got;
		if (n < size)
			continue;
		if (size >= TABLE_FILE_MAX) {
			fclose(f);
			return FAIL(err, E_TOOBIG, "%s: is larger than %zu MiB",
				    path, TABLE_FILE_MAX >> 20);
		}
		buf = arena_grow(out, buf, size, size * 2);
		size *= 2;
	}
	bad = ferror(f) ? errno : 0;
	fclose(f);
	if (bad != 0)
		return FAIL(err, E_IO, "%s: %s", path, strerror(bad));
	return parse(out, path, buf, n, ret, err);
}

long table_find(const struct table *t, const char *const names[])
{
	for (size_t k = 0; names[k] != NULL; k++)
		for (size_t i = 0; i < t->cols; i++)
			if (str_eq_nocase(t->head[i], str_c(names[k])))
				return (long)i;
	return -1;
}

static int broken(const struct table *t, size_t row, size_t col,
		  const char *what, struct err *err)
{
	struct str cell = table_cell(t, row, col);

	return FAIL(err, E_INVAL, "%s:%u: %.*s: \"%.*s\" is %s", t->name,
		    (unsigned)t->line[row], STR_ARG(t->head[col]),
		    (int)(cell.n < 40 ? cell.n : 40), cell.p, what);
}

static bool is_na(struct str s)
{
	return s.n == 0 || str_eq_nocase(s, STR("na")) || str_eq_nocase(s, STR("nan"));
}

int table_numbers(struct arena *out, const struct table *t, size_t col,
		  double **ret, struct err *err)
{
	double *v = NEW_N(out, double, t->rows);

	for (size_t i = 0; i < t->rows; i++) {
		struct str s = table_cell(t, i, col);

		if (is_na(s))
			v[i] = NAN;
		else if (!str_double(s, &v[i]))
			return broken(t, i, col, "not a number", err);
	}
	*ret = v;
	return 0;
}

int table_flags(struct arena *out, const struct table *t, size_t col,
		bool **ret, struct err *err)
{
	static const char *const yes[] = { "1", "1.0", "true", "yes" };
	static const char *const no[] = { "0", "0.0", "false", "no", "nan", "na", "" };
	bool *v = NEW_N(out, bool, t->rows);

	for (size_t i = 0; i < t->rows; i++) {
		struct str s = table_cell(t, i, col);
		bool known = false;

		for (size_t k = 0; k < ARRAY_LEN(yes) && !known; k++)
			known = v[i] = str_eq_nocase(s, str_c(yes[k]));
		for (size_t k = 0; k < ARRAY_LEN(no) && !known; k++)
			known = str_eq_nocase(s, str_c(no[k]));
		if (!known)
			return broken(t, i, col, "neither 1 nor 0", err);
	}
	*ret = v;
	return 0;
}

static bool time_of(struct str s, int64_t *ret)
{
	char buf[40];
	int64_t v;

	if (str_i64(s, &v)) {
		if (v > INT64_C(100000000000000))	/* microseconds */
			v /= 1000;
		else if (v < INT64_C(100000000000))	/* seconds */
			v *= 1000;
		*ret = v;
		return v >= 0;
	}
	if (s.n >= sizeof(buf))
		return false;
	memcpy(buf, s.p, s.n);
	buf[s.n] = '\0';
	return time_parse(ret, buf);
}

int table_times(struct arena *out, const struct table *t, size_t col,
		int64_t **ret, struct err *err)
{
	int64_t *v = NEW_N(out, int64_t, t->rows);

	for (size_t i = 0; i < t->rows; i++) {
		if (!time_of(table_cell(t, i, col), &v[i]))
			return broken(t, i, col, "not a time", err);
		if (i > 0 && v[i] <= v[i - 1])
			return broken(t, i, col, v[i] == v[i - 1] ?
				      "the time of the row before" :
				      "before the row above it", err);
	}
	*ret = v;
	return 0;
}

const char **table_texts(struct arena *out, const struct table *t, size_t col)
{
	const char **v = NEW_N(out, const char *, t->rows);

	for (size_t i = 0; i < t->rows; i++) {
		struct str s = table_cell(t, i, col);

		v[i] = is_na(s) ? NULL : str_dup(out, s);
	}
	return v;
}

static int price_column(struct arena *out, const struct table *t,
			const char *const names[], double **ret, struct err *err)
{
	long col = table_find(t, names);
	int rc;

	if (col < 0)
		return FAIL(err, E_INVAL, "%s: has no column \"%s\"", t->name,
			    names[0]);
	rc = table_numbers(out, t, (size_t)col, ret, err);
	for (size_t i = 0; rc == 0 && i < t->rows; i++)
		if (!((*ret)[i] > 0))
			return broken(t, i, (size_t)col, "not a price", err);
	return rc;
}

int table_bars(struct arena *out, const struct table *t, struct bars_cols *ret,
	       struct err *err)
{
	static const char *const times[] = { "timestamp_ms", "timestamp", "time",
		"date", "datetime", "open_time", "ts", NULL };
	static const char *const o[] = { "open", "o", NULL };
	static const char *const h[] = { "high", "h", NULL };
	static const char *const l[] = { "low", "l", NULL };
	static const char *const c[] = { "close", "c", NULL };
	static const char *const v[] = { "volume", "vol", "v", NULL };
	struct bars_cols b = { .n = t->rows };
	long tc = table_find(t, times), vc = table_find(t, v);
	int rc;

	if (tc < 0)
		return FAIL(err, E_INVAL, "%s: has no column of times", t->name);
	if ((rc = table_times(out, t, (size_t)tc, &b.t, err)) < 0 ||
	    (rc = price_column(out, t, o, &b.o, err)) < 0 ||
	    (rc = price_column(out, t, h, &b.h, err)) < 0 ||
	    (rc = price_column(out, t, l, &b.l, err)) < 0 ||
	    (rc = price_column(out, t, c, &b.c, err)) < 0)
		return rc;
	if (vc < 0)
		b.v = NEW_N(out, double, b.n);
	else if ((rc = table_numbers(out, t, (size_t)vc, &b.v, err)) < 0)
		return rc;
	for (size_t i = 0; i < b.n; i++)
		if (b.h[i] < fmax(b.o[i], b.c[i]) || b.l[i] > fmin(b.o[i], b.c[i]))
			return FAIL(err, E_INVAL, "%s:%u: open or close is not "
				    "between low and high", t->name,
				    (unsigned)t->line[i]);
	*ret = b;
	return 0;
}
