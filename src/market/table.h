#ifndef MARKET_TABLE_H
#define MARKET_TABLE_H
/* table.h - a CSV file with a header as columns.
 *
 * For files that carry more than candles: signal columns, extra series, any
 * source of an indicator.  Fields may be quoted.  A column is read as numbers
 * when it is asked for; an empty field, "na" or "nan" is NaN.  What is broken
 * is named by line and column.  Lines starting with '#' are comments. */
#include "core/err.h"
#include "core/str.h"

#define TABLE_FILE_MAX ((size_t)1 << 30)
#define TABLE_COLUMNS_MAX 512

struct table {
	const char *name;		/* of the file, for messages */
	struct str *head;		/* the header, trimmed */
	size_t cols, rows;
	const char *text;		/* what the cells are parts of */
	const struct table_cell { uint32_t at, n; } *cells;	/* rows x cols */
	const uint32_t *line;		/* of each row, from 1 */
};
static inline struct str table_cell(const struct table *t, size_t row, size_t col)
{
	const struct table_cell *c = &t->cells[row * t->cols + col];

	return str_n(t->text + c->at, c->n);
}

/* -E_IO cannot be read, -E_TOOBIG, -E_INVAL with line and reason. */
MUST_CHECK int table_read(struct arena *out, const char *path,
			  struct table *ret, struct err *err);
MUST_CHECK int table_parse(struct arena *out, const char *name, const char *text,
			   size_t n, struct table *ret, struct err *err);
/* The column of one of these names (NULL-ended, case does not matter); -1. */
long table_find(const struct table *t, const char *const names[]);
MUST_CHECK int table_numbers(struct arena *out, const struct table *t, size_t col,
			     double **ret, struct err *err);
/* 1, true, yes: true; empty, 0, false, no: false. */
MUST_CHECK int table_flags(struct arena *out, const struct table *t, size_t col,
			   bool **ret, struct err *err);
/* Seconds, ms, us (by size) or dates with or without offset; ascending. */
MUST_CHECK int table_times(struct arena *out, const struct table *t, size_t col,
			   int64_t **ret, struct err *err);
/* NULL where empty. */
const char **table_texts(struct arena *out, const struct table *t, size_t col);

/* The candles of a table: time, open, high, low, close and, if there, volume
 * under their usual names.  Rows must ascend; prices must make a bar. */
struct bars_cols { size_t n; int64_t *t; double *o, *h, *l, *c, *v; };
MUST_CHECK int table_bars(struct arena *out, const struct table *t,
			  struct bars_cols *ret, struct err *err);

#endif /* MARKET_TABLE_H */
