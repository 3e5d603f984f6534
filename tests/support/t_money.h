#ifndef TESTS_T_MONEY_H
#define TESTS_T_MONEY_H
/* t_money.h - amounts written as text in tests. */
#include "core/money.h"

static inline struct price P(const char *s)
{
	struct price p;

	assert_true(price_parse(&p, s));
	return p;
}
static inline struct qty Q(const char *s)
{
	struct qty q;

	assert_true(qty_parse(&q, s));
	return q;
}
static inline struct quote C(const char *s)
{
	struct quote q;

	assert_true(quote_parse(&q, s));
	return q;
}
#define assert_price(p, text) do { char b_[MONEY_TEXT_MAX];		\
	price_format(b_, (p)); assert_string_equal(b_, text); } while (0)
#define assert_qty(q, text) do { char b_[MONEY_TEXT_MAX];		\
	qty_format(b_, (q)); assert_string_equal(b_, text); } while (0)
#define assert_quote(q, text) do { char b_[MONEY_TEXT_MAX];		\
	quote_format(b_, (q)); assert_string_equal(b_, text); } while (0)
#endif
