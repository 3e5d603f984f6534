#include "config.h"

#include "db/db_i.h"

static const struct dbval *typed(const struct rows *r, size_t row, size_t col,
				 enum dbtype want)
{
	const struct dbval *v = row_at(r, row, col);

	assert(v->type == want);
	return v;
}

bool row_null(const struct rows *r, size_t row, size_t col)
{
	return row_at(r, row, col)->type == DB_NULL;
}

int64_t row_i64(const struct rows *r, size_t row, size_t col)
{
	return typed(r, row, col, DB_I64)->i;
}

uint64_t row_u64(const struct rows *r, size_t row, size_t col)
{
	return typed(r, row, col, DB_U64)->u;
}

double row_f64(const struct rows *r, size_t row, size_t col)
{
	return typed(r, row, col, DB_F64)->f;
}

struct str row_str(const struct rows *r, size_t row, size_t col)
{
	const struct dbval *v = row_at(r, row, col);

	if (v->type == DB_NULL)
		return str_n("", 0);
	assert(v->type == DB_TEXT || v->type == DB_BLOB);
	return v->s;
}

/* Text is kept with a NUL behind it (stmt.c). */
const char *row_cstr(const struct rows *r, size_t row, size_t col)
{
	const struct dbval *v = row_at(r, row, col);

	if (v->type == DB_NULL)
		return NULL;
	assert(v->type == DB_TEXT || v->type == DB_BLOB);
	return v->s.p;
}

struct price row_price(const struct rows *r, size_t row, size_t col)
{
	return price_from_raw(typed(r, row, col, DB_MONEY)->m);
}

struct qty row_qty(const struct rows *r, size_t row, size_t col)
{
	return qty_from_raw(typed(r, row, col, DB_MONEY)->m);
}

struct quote row_quote(const struct rows *r, size_t row, size_t col)
{
	return quote_from_raw(typed(r, row, col, DB_MONEY)->m);
}

/* DECIMAL(38,18) holds 38 digits; the 128-bit integer a little more. */
bool money_in_range(money_raw m)
{
	money_raw top = 1;

	for (int i = 0; i < 38; i++)
		top *= 10;
	return m < top && m > -top;
}

size_t money_text(char buf[static MONEY_TEXT_MAX], money_raw m)
{
	return quote_format(buf, quote_from_raw(m));
}

bool money_read(money_raw *ret, const char *s, size_t n)
{
	struct quote q;

	if (!quote_parse_n(&q, s, n))
		return false;
	*ret = quote_raw(q);
	return true;
}
