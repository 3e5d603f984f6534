#ifndef SCRIPT_LIB_I_H
#define SCRIPT_LIB_I_H
/* lib_i.h - functions of the language written in C, and the rows that the
 * compiler itself calls. */
#include "script/gen_i.h"
#include "script/vm_i.h"

#define LIB_CALLS(X)							\
	X(text_eq) X(text_join) X(field_get) X(field_set) X(array_size)	\
	X(array_get) X(array_set) X(array_push) X(array_pop)		\
	X(array_shift) X(array_unshift) X(array_insert) X(array_remove)	\
	X(array_clear) X(array_new) X(array_from) X(array_copy)		\
	X(array_slice) X(array_includes) X(array_indexof) X(array_fill)	\
	X(array_reverse) X(array_sort) X(array_stat) X(array_concat)	\
	X(array_join) X(array_percentile) X(array_first) X(array_last)	\
	X(record_new) X(record_copy) X(account) X(trade)		\
	X(to_text) X(text_format) X(text_case) X(text_length)		\
	X(text_find) X(text_match) X(text_replace) X(text_sub) X(text_split)		\
	X(text_repeat) X(text_trim) X(text_number) X(time_part)		\
	X(timestamp) X(time_text) X(format_time) X(time_close)		\
	X(in_session) X(day_changed) X(tf_change) X(tf_seconds)		\
	X(market_number) X(market_text) X(timeframe_is) X(random)	\
	X(runtime_error) X(is_last) X(last_index) X(gradient)		\
	X(draw_new) X(draw_copy) X(draw_delete) X(draw_set) X(draw_get)	\
	X(draw_price) X(draw_all) X(draw_cell) X(draw_clear)		\
	X(matrix_new) X(matrix_get) X(matrix_set) X(matrix_fill)	\
	X(matrix_size) X(matrix_line) X(matrix_add) X(matrix_remove)	\
	X(matrix_swap) X(matrix_reshape) X(matrix_reverse)		\
	X(matrix_sort) X(matrix_copy) X(matrix_transpose) X(matrix_part) \
	X(matrix_concat) X(matrix_sum) X(matrix_mult) X(matrix_pow)	\
	X(matrix_inv) X(matrix_eigen) X(matrix_pinv) X(matrix_kron) X(matrix_number) X(matrix_is)	\
	X(lower_list) X(ticker) X(data_column) X(model)			\
	X(array_text) X(array_sort_indices) X(array_map) X(array_covariance)		\
	X(array_percentrank) X(array_all) X(tf_text) X(last_time)	\
	X(day_start) X(day_end) X(market_more) X(first_time)		\
	X(array_binary) X(default_qty) X(map_new) X(map_size)	\
	X(map_get) X(map_contains) X(map_put) X(map_put_all)		\
	X(map_remove) X(map_clear) X(map_copy) X(map_list)

#define X(n) call_fn fn_##n;
LIB_CALLS(X)
#undef X
int fn_account_more(struct script_vm *vm, double *ret,
		    const struct strat_account *k, double start);
extern const struct lib lib_text_eq, lib_text_join, lib_field_get,
	lib_field_set, lib_array_size, lib_array_get, lib_record_new,
	lib_array_new, lib_array_from, lib_day_changed, lib_to_text;

/* fn_model.c: ml.predict(), ml.action(), ml.confidence(), by l->code. */
special_fn sp_model;

/* What `code` says to shared functions. */
enum { TP_YEAR, TP_MONTH, TP_DAY, TP_WEEKDAY, TP_HOUR, TP_MINUTE, TP_SECOND, TP_WEEK };
enum { AS_SUM, AS_AVG, AS_MIN, AS_MAX, AS_MEDIAN, AS_RANGE, AS_STDEV, AS_VARIANCE,
       AS_MODE, AS_ABS };
enum {
	AC_POSITION, AC_AVG_PRICE, AC_EQUITY, AC_NET, AC_OPEN, AC_GROSS_PROFIT,
	AC_GROSS_LOSS, AC_INITIAL, AC_OPENTRADES, AC_CLOSEDTRADES, AC_WINS,
	AC_LOSSES, AC_EVENS, AC_MAX_DRAWDOWN, AC_MAX_RUNUP, AC_MAX_CONTRACTS,
	AC_LIQUIDATION, AC_ENTRY_NAME, AC_NET_PERCENT, AC_OPEN_PERCENT,
	AC_AVG_TRADE, AC_AVG_WIN, AC_AVG_LOSS, AC_MAX_LONG, AC_MAX_SHORT,
	AC_GROSS_PROFIT_PERCENT, AC_GROSS_LOSS_PERCENT, AC_MAX_DRAWDOWN_PERCENT,
	AC_MAX_RUNUP_PERCENT, AC_AVG_TRADE_PERCENT, AC_AVG_WIN_PERCENT,
	AC_AVG_LOSS_PERCENT, AC_CAPITAL_HELD, AC_FIRST,
};
/* Trade fields; + TR_OPEN for strategy.opentrades.*. */
enum {
	TR_ENTRY_PRICE, TR_EXIT_PRICE, TR_SIZE, TR_PROFIT, TR_COMMISSION,
	TR_ENTRY_TIME, TR_EXIT_TIME, TR_ENTRY_BAR, TR_EXIT_BAR, TR_MAX_RUNUP,
	TR_MAX_DRAWDOWN, TR_ENTRY_ID, TR_EXIT_ID, TR_ENTRY_COMMENT,
	TR_EXIT_COMMENT, TR_PROFIT_PERCENT, TR_RUNUP_PERCENT,
	TR_DRAWDOWN_PERCENT, TR_OPEN = 32,
};
enum { MX_DET, MX_TRACE, MX_RANK, MX_AVG, MX_MIN, MX_MAX, MX_MEDIAN, MX_MODE };
enum { MX_SQUARE, MX_ZERO, MX_BINARY, MX_IDENTITY, MX_DIAGONAL, MX_SYMMETRIC,
       MX_ANTISYMMETRIC, MX_TRIANGULAR, MX_STOCHASTIC, MX_ANTIDIAGONAL };
enum { MM_ACCOUNT, MM_VOLUME, MM_EMPTY, MM_MINMOVE, MM_PRICESCALE, MM_LOT };
enum { MN_MINTICK, MN_POINTVALUE, MN_MULTIPLIER, MN_SECONDS };
enum { MT_TICKER, MT_TICKERID, MT_ROOT, MT_PREFIX, MT_BASE, MT_QUOTE, MT_DESCRIPTION,
       MT_TIMEZONE, MT_TYPE, MT_SESSION, MT_PERIOD };
enum { TI_DAILY, TI_INTRADAY, TI_WEEKLY, TI_MONTHLY, TI_MINUTES, TI_SECONDS, TI_DWM };

/* gen_draw.c */
struct val gen_drawing(struct gen *g, const char *name, struct args *a,
		       const struct ast *n, bool *ret_known);

/* gen_bind.c: a word of a signature; the argument for it, k-th of n_pos that
 * have no names; all of them in order (-1: an error, said unless quiet). */
struct want { struct str name; char type, mark; double def; bool has_def; };
bool sig_next(struct str *sig, struct want *ret);
const struct arg *arg_for(const struct args *a, const struct want *w, size_t k,
			  size_t n_pos);
int lib_bind(struct gen *g, const struct lib *l, const struct args *a,
	     struct val *ret, const struct ast *at, bool quiet);
const struct type *lib_ret(struct gen *g, const struct lib *l,
			   const struct val *v, size_t n);

/* What timestamp() is of constants. */
bool time_of_text(struct str s, int64_t *ret);
bool time_of_parts(const double *v, struct str tz, double *ret);
int64_t tf_months(struct str tf);	/* of a timeframe in months */
int64_t tf_text_ms(struct str tf);	/* 0: months; -1: not a timeframe */

#endif /* SCRIPT_LIB_I_H */
