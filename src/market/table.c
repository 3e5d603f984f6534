#include "config.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/array.h"
#include "core/clock.h"
#include "market/table.h"

struct cells { ARRAY(struct str) v; };

/* One field of a record; *p is left on the separator or the end. */
static int field(struct arena *out, const char **p, const char *end,
		 struct str *ret)
{
	const char *s = *p;
	char *copy;
	size_t n = 0;

	if (s == end || *s != '"') {
		while (s < end && *s != ',' && *s != '\n')
			s++;
		*ret = str_trim(str_n(*p, (size_t)(s - *p)));
		*p = s;
		return 0;
	}
	copy = arena_alloc(out, (size_t)(end - s) < 4096 ? (size_t)(end - s) : 4096);
	for (s++; s < end && n < 4095; s++) {
		if (*s == '"' && (s + 1 == end || s[1] != '"')) {
			*ret = str_n(copy, n);
			*p = s + 1;
			return s + 1 == end || s[1] == ',' || s[1] == '\n' ||
				s[1] == '\r' ? 0 : -E_INVAL;
		}
		s += *s == '"';
		copy[n++] = *s;
	}
	return -E_INVAL;
}

static int record(struct arena *out, const char **p, const char *end,
		  struct cells *c, size_t *ret_n)
{
	struct str f;
	size_t n = 0;

	for (;;) {
		if (field(out, p, end, &f) < 0 || n == TABLE_COLUMNS_MAX)
			return -E_INVAL;
		*array_push(out, &c->v) = f;
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

static bool skipped(const char **p, const char *end)
{
	const char *nl;

	if (**p != '#' && **p != '\n' &&
	    !(**p == '\r' && *p + 1 < end && (*p)[1] == '\n'))
		return false;
	nl = memchr(*p, '\n', (size_t)(end - *p));
	*p = nl == NULL ? end : nl + 1;
	return true;
}

int table_parse(struct arena *out, const char *name, const char *text, size_t n,
		struct table *ret, struct err *err)
{
	struct cells c = { 0 };
	ARRAY(uint32_t) lines = { 0 };
	const char *p = text, *end = text + n;
	struct table t = { .name = name };
	size_t got, line;

	if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3;
	for (line = 1; p < end; line++) {
		if (skipped(&p, end))
			continue;
		if (record(out, &p, end, &c, &got) < 0)
			return FAIL(err, E_INVAL, "%s:%zu: a field is not closed, "
				    "or there are too many", name, line);
		if (t.cols == 0)
			t.cols = got;
		else if (got != t.cols)
			return FAIL(err, E_INVAL, "%s:%zu: %zu fields, the header "
				    "has %zu", name, line, got, t.cols);
		*array_push(out, &lines) = (uint32_t)line;
	}
	if (t.cols == 0)
		return FAIL(err, E_INVAL, "%s: is empty", name);
	t.head = c.v.v;
	t.cells = c.v.v + t.cols;
	t.rows = lines.n - 1;
	t.line = lines.v + 1;
	*ret = t;
	return 0;
}

int table_read(struct arena *out, const char *path, struct table *ret,
	       struct err *err)
{
	FILE *f = fopen(path, "rb");
	size_t n = 0, size = 1 << 16, got;
	char *buf;
	int bad;

	if (f == NULL)
		return FAIL(err, E_IO, "%s: %s", path, strerror(errno));
	buf = arena_alloc(out, size);
	while ((got = fread(buf + n, 1, size - n, f)) > 0) {
		char *more;

		n += got;
		if (n < size)
			continue;
		if (size >= TABLE_FILE_MAX) {
			fclose(f);
			return FAIL(err, E_TOOBIG, "%s: is larger than %zu MiB",
				    path, TABLE_FILE_MAX >> 20);
		}
		more = arena_alloc(out, size *= 2);
		memcpy(more, buf, n);
		buf = more;
	}
	bad = ferror(f) ? errno : 0;
	fclose(f);
	if (bad != 0)
		return FAIL(err, E_IO, "%s: %s", path, strerror(bad));
	return table_parse(out, path, buf, n, ret, err);
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
	struct str cell = t->cells[row * t->cols + col];

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
		struct str s = t->cells[i * t->cols + col];

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
		struct str s = t->cells[i * t->cols + col];
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
		if (!time_of(t->cells[i * t->cols + col], &v[i]))
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
		struct str s = t->cells[i * t->cols + col];

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
	b.v = NEW_N(out, double, b.n);
	if (vc >= 0 && (rc = table_numbers(out, t, (size_t)vc, &b.v, err)) < 0)
		return rc;
	for (size_t i = 0; i < b.n; i++)
		if (b.h[i] < fmax(b.o[i], b.c[i]) || b.l[i] > fmin(b.o[i], b.c[i]))
			return FAIL(err, E_INVAL, "%s:%u: open or close is not "
				    "between low and high", t->name,
				    (unsigned)t->line[i]);
	*ret = b;
	return 0;
}
