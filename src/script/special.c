/* Functions of the language whose arguments do not fit a signature. */
#include "config.h"

#include "script/lib_i.h"

#define SPECIAL(fn) static struct val fn(struct gen *g, const struct lib *l,	\
	struct val *v, struct args *a, const struct ast *n)
#define UNUSED (void)l; (void)v; (void)a; (void)n

static struct val need(struct gen *g, const struct lib *l, const struct ast *n,
		       const char *what)
{
	ERR_AT(g->c, n, "ARGS", "%s() needs %s", l->name, what);
	return val_error();
}

static bool bad(const struct args *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->v[i].v.ty->b == TY_ERROR)
			return true;
	return false;
}

static struct val nth(struct args *a, size_t i, const char *name)
{
	struct val *v = arg_find(a, name);

	if (v != NULL)
		return *v;
	return i < a->n && a->v[i].name.n == 0 ? a->v[i].v : val_na(&ty_na);
}

static struct val fold(struct gen *g, const struct lib *l, struct args *a,
		       const struct ast *n, enum pureop o)
{
	struct val r;

	if (bad(a))
		return val_error();
	if (a->n < 2)
		return need(g, l, n, "two numbers or more");
	for (size_t i = 0; i < a->n; i++)
		if (!can_coerce(g, a->v[i].v.ty, &ty_float))
			return need(g, l, a->v[i].at, "numbers only");
	r = a->v[0].v;
	for (size_t i = 1; i < a->n; i++) {
		struct val x = a->v[i].v;
		bool ints = r.ty->b == TY_INT && x.ty->b == TY_INT;

		r = op(g, o, ints ? &ty_int : &ty_float, r, x, r);
	}
	return r;
}
SPECIAL(sp_max) { UNUSED; return fold(g, l, a, n, OP_MAX); }
SPECIAL(sp_min) { UNUSED; return fold(g, l, a, n, OP_MIN); }
SPECIAL(sp_avg)
{
	struct val s = fold(g, l, a, n, OP_ADD), k = val_const(&ty_int, (double)a->n);

	UNUSED;
	return s.ty->b == TY_ERROR ? s : op(g, OP_DIV, &ty_float, s, k, k);
}

SPECIAL(sp_na)
{
	struct val x;

	UNUSED;
	if (a->n != 1)
		return need(g, l, n, "one value");
	x = a->v[0].v;
	if (x.ty->b == TY_ERROR || x.ty->b == TY_VOID)
		return val_error();
	return op(g, OP_NA, &ty_bool, x, x, x);
}

SPECIAL(sp_nz)
{
	struct val x, r;

	UNUSED;
	if (bad(a))
		return val_error();
	if (a->n < 1 || a->n > 2)
		return need(g, l, n, "a value and perhaps a replacement");
	x = a->v[0].v;
	r = a->n > 1 ? a->v[1].v : val_const(x.ty->b == TY_NA ? &ty_int : x.ty, 0);
	if (common_type(g, x.ty, r.ty) == NULL)
		return need(g, l, n, "a replacement of the same type");
	return op(g, OP_NZ, common_type(g, x.ty, r.ty), x, r, x);
}

SPECIAL(sp_bool)
{
	struct val x;

	UNUSED;
	if (a->n != 1 || bad(a))
		return need(g, l, n, "one value");
	x = a->v[0].v;
	if (x.ty->b == TY_BOOL)
		return x;
	if (!can_coerce(g, x.ty, &ty_float))
		return need(g, l, n, "a number");
	return op(g, OP_TOBOOL, &ty_bool, x, x, x);
}

SPECIAL(sp_rgb)
{
	struct val c[4], r;

	UNUSED;
	c[0] = nth(a, 0, "red");
	c[1] = nth(a, 1, "green");
	c[2] = nth(a, 2, "blue");
	c[3] = nth(a, 3, "transp");
	for (int i = 0; i < 4; i++)
		if (!can_coerce(g, c[i].ty, &ty_float))
			return need(g, l, n, "red, green and blue from 0 to 255");
	r = op(g, OP_RGB, &ty_color, c[0], c[1], c[2]);
	if (c[3].rate == RATE_CONST && isnan(c[3].k))
		return r;
	return op(g, OP_NEWCOLOR, &ty_color, r, c[3], r);
}

SPECIAL(sp_color)
{
	struct val c = nth(a, 0, "color"), t = nth(a, 1, "transp");

	UNUSED;
	if (!can_coerce(g, c.ty, &ty_color) || !can_coerce(g, t.ty, &ty_float))
		return need(g, l, n, "a colour and its transparency");
	return op(g, OP_NEWCOLOR, &ty_color, c, t, c);
}

SPECIAL(sp_iff)
{
	struct val c;

	UNUSED;
	if (a->n != 3 || bad(a) || common_type(g, a->v[1].v.ty, a->v[2].v.ty) == NULL)
		return need(g, l, n, "a condition and two values of one type");
	c = to_bool(g, a->v[0].v, n);
	return op(g, OP_SELECT, common_type(g, a->v[1].v.ty, a->v[2].v.ty), c,
		  a->v[1].v, a->v[2].v);
}

/* Numbers: the difference; bools: whether they differ. */
SPECIAL(sp_change)
{
	static const struct lib num = { "ta.change", "source:f length:i=1", "0",
		LIB_IND, 0, 0, NULL, "change:0/1" };
	struct val x[2], was;

	UNUSED;
	x[0] = nth(a, 0, "source");
	x[1] = nth(a, 1, "length");
	if (x[1].ty->b == TY_NA)
		x[1] = val_const(&ty_int, 1);
	if (bad(a))
		return val_error();
	if (x[0].ty->b == TY_BOOL) {
		was = history(g, x[0], x[1], n);
		was = op(g, OP_TRUTH, &ty_bool, was, was, was);
		return op(g, OP_INE, &ty_bool, x[0], was, was);
	}
	if (!is_numeric(x[0].ty) && x[0].ty->b != TY_NA)
		return need(g, l, n, "a number or a bool");
	return gen_ind(g, &num, x, 2, n);
}

SPECIAL(sp_array_from)
{
	const struct type *t = a->n > 0 ? a->v[0].v.ty : &ty_float;
	struct val in[ARGS_MAX], r;

	UNUSED;
	if (bad(a))
		return val_error();
	for (size_t i = 0; i < a->n; i++) {
		t = common_type(g, t, a->v[i].v.ty);
		if (t == NULL)
			return need(g, l, n, "values of one type");
		in[i] = a->v[i].v;
	}
	r = lib_call(g, &lib_array_from, in, a->n, n);
	r.ty = type_array(g, t->b == TY_NA ? &ty_float : t);
	return r;
}

SPECIAL(sp_array_new)
{
	struct val in[2] = { nth(a, 0, "size"), nth(a, 1, "initial_value") }, r;
	const struct type *t;

	UNUSED;
	if (bad(a))
		return val_error();
	if (n->type == NULL || n->type->n != 1)
		return need(g, l, n, "a type: array.new<float>(...)");
	t = type_of_ref(g, n->type->v[0]);
	if (in[0].ty->b == TY_NA)
		in[0] = val_const(&ty_int, 0);
	if (!is_numeric(in[0].ty) || !can_coerce(g, in[1].ty, t))
		return need(g, l, n, "a size and a first value of its type");
	r = lib_call(g, &lib_array_new, in, 2, n);
	r.ty = type_array(g, t);
	return r;
}

SPECIAL(sp_map_new)
{
	static const struct lib row = { "map.new", "", "x", LIB_FN, 0, LF_HEAP, fn_map_new,
		NULL };
	const struct type *key, *value;
	struct val r;

	UNUSED;
	if (a->n > 0 || n->type == NULL || n->type->n != 2)
		return need(g, l, n, "two types and no values: map.new<string, float>()");
	key = type_of_ref(g, n->type->v[0]);
	value = type_of_ref(g, n->type->v[1]);
	if (key->b == TY_ERROR || value->b == TY_ERROR)
		return val_error();
	if (!is_numeric(key) && key->b != TY_BOOL && key->b != TY_STRING &&
	    key->b != TY_COLOR && key->b != TY_ENUM)
		return need(g, l, n, "keys that are numbers, bools, texts, colours or "
			    "members of an enum");
	r = lib_call(g, &row, NULL, 0, n);
	r.ty = type_map(g, key, value);
	return r;
}

SPECIAL(sp_matrix_new)
{
	static const struct lib row = { "matrix.new", "", "x", LIB_FN, 0, LF_HEAP,
		fn_matrix_new, NULL };
	struct val in[3] = { nth(a, 0, "rows"), nth(a, 1, "columns"), nth(a, 2, "initial_value") }, r;
	const struct type *t;

	UNUSED;
	if (bad(a))
		return val_error();
	if (n->type == NULL || n->type->n != 1)
		return need(g, l, n, "a type: matrix.new<float>(rows, columns, value)");
	t = type_of_ref(g, n->type->v[0]);
	for (int i = 0; i < 2; i++)
		if (in[i].ty->b == TY_NA)
			in[i] = val_const(&ty_int, 0);
	if (!is_numeric(in[0].ty) || !is_numeric(in[1].ty) || !can_coerce(g, in[2].ty, t))
		return need(g, l, n, "numbers of rows and columns and a first value of its "
			    "type");
	r = lib_call(g, &row, in, 3, n);
	if (r.ty->b != TY_ERROR)
		r.ty = type_matrix(g, t);
	return r;
}

/* matrix.mult(m, x): a matrix, or an array where x is one. */
SPECIAL(sp_matrix_mult)
{
	static const struct lib row = { "matrix.mult", "", "x", LIB_FN, 0, LF_HEAP,
		fn_matrix_mult, NULL };
	struct val in[2] = { nth(a, 0, "id1"), nth(a, 1, "id2") }, r;

	UNUSED;
	if (bad(a))
		return val_error();
	if (in[0].ty->b != TY_MATRIX || (in[1].ty->b != TY_MATRIX && in[1].ty->b != TY_ARRAY &&
					 !is_numeric(in[1].ty)))
		return need(g, l, n, "a matrix, and a matrix, an array or a number");
	r = lib_call(g, &row, in, 2, n);
	if (r.ty->b != TY_ERROR)
		r.ty = in[1].ty->b == TY_ARRAY ? type_array(g, &ty_float) :
			type_matrix(g, &ty_float);
	return r;
}

/* ta.max, ta.min: of all values so far; na leaves them as they are. */
static struct val extreme(struct gen *g, const struct lib *l, struct args *a,
			  const struct ast *n, enum pureop better)
{
	struct val x = nth(a, 0, "source"), r, k;

	if (a->n != 1 || bad(a) || !can_coerce(g, x.ty, &ty_float))
		return need(g, l, n, "a series of numbers");
	r = val_reg(&ty_float, RATE_BAR, reg_new(g, NAN));
	k = op(g, better, &ty_bool, x, r, x);
	k = op(g, OP_OR, &ty_bool, k, op(g, OP_NA, &ty_bool, r, r, r), k);
	k = op(g, OP_SELECT, &ty_float, k, x, r);
	move_to(g, r.reg, k);
	return r;
}
SPECIAL(sp_highest_ever) { UNUSED; return extreme(g, l, a, n, OP_IGT); }
SPECIAL(sp_lowest_ever) { UNUSED; return extreme(g, l, a, n, OP_ILT); }

/* What text is made of depends on the type: 0 number, 1 int, 2 bool, 3 text. */
static struct val as_text(struct gen *g, struct val x, struct val format,
			  const struct ast *n)
{
	int kind = x.ty->b == TY_INT ? 1 : x.ty->b == TY_BOOL ? 2 :
		   x.ty->b == TY_STRING ? 3 : 0;
	struct val in[3] = { x, format, val_const(&ty_int, kind) };

	if (kind == 3)
		return x;
	if (x.ty->b == TY_ARRAY) {
		static const struct lib row = { "str.tostring", "", "s", LIB_FN, 0, LF_HEAP,
			fn_array_text, NULL };
		enum base b = x.ty->elem->b;

		in[1] = val_const(&ty_int, b == TY_BOOL ? 2 : b == TY_STRING ? 3 : 0);
		return lib_call(g, &row, in, 2, n);
	}
	if (x.ty->b == TY_ENUM) {
		struct val r = val_text(g, STR("NaN"));

		for (size_t i = 0; i < x.ty->n; i++) {
			const struct ast *title = x.ty->def->v[i]->v[0];
			struct val k = val_const(x.ty, (double)i);

			k = op(g, OP_IEQ, &ty_bool, x, k, k);
			r = op(g, OP_SELECT, &ty_string, k, val_text(g, title != NULL &&
			       title->kind == A_STR ? title->text : x.ty->field[i]), r);
		}
		return r;
	}
	return lib_call(g, &lib_to_text, in, 3, n);
}

SPECIAL(sp_tostring)
{
	UNUSED;
	if (a->n < 1 || a->n > 2 || bad(a))
		return need(g, l, n, "a value and perhaps a format");
	if (a->v[0].v.ty->b == TY_VOID || a->v[0].v.ty->b >= TY_MAP)
		if (a->v[0].v.ty->b != TY_ENUM)
			return need(g, l, n, "a number, bool or text");
	return as_text(g, a->v[0].v, a->n > 1 ? a->v[1].v : val_na(&ty_string), n);
}

SPECIAL(sp_format)
{
	static const struct lib row = { "str.format", "", "s", LIB_FN, 0,
		LF_PURE | LF_HEAP, fn_text_format, NULL };
	struct val in[ARGS_MAX];

	UNUSED;
	if (a->n < 1 || bad(a) || a->v[0].v.ty->b != TY_STRING)
		return need(g, l, n, "a text and the values for its places {0}, {1} ...");
	for (size_t i = 0; i < a->n; i++)
		in[i] = is_numeric(a->v[i].v.ty) ? a->v[i].v :
			as_text(g, a->v[i].v, val_na(&ty_string), n);
	return lib_call(g, &row, in, a->n, n);
}

SPECIAL(sp_tick)
{
	static const struct lib row = { "syminfo.mintick", "", "f", LIB_FN, MN_MINTICK,
		LF_ONCE, fn_market_number, NULL };
	struct val x = nth(a, 0, "number"), t;

	UNUSED;
	if (!can_coerce(g, x.ty, &ty_float))
		return need(g, l, n, "a number");
	t = lib_call(g, &row, NULL, 0, n);
	return op(g, OP_TICK, &ty_float, x, t, t);
}

SPECIAL(sp_cast)
{
	UNUSED;
	if (a->n != 1)
		return need(g, l, n, "one value");
	if (a->v[0].v.ty->b == TY_NA && strcmp(l->name, "color") == 0)
		return val_na(&ty_color);
	return a->v[0].v;
}

static struct val time_call(struct gen *g, const struct lib *l, struct args *a,
			    const struct ast *n, int code)
{
	struct lib row = { l->name, "", "i", LIB_FN, code, LF_PURE, fn_in_session, NULL };
	struct val in[4] = { val_col(&ty_int, COL_TIME), nth(a, 0, "timeframe"),
			     nth(a, 1, "session"), nth(a, 2, "timezone") }, back;

	if (bad(a))
		return val_error();
	for (int i = 1; i < 4; i++)
		if (!can_coerce(g, in[i].ty, &ty_string))
			return need(g, l, n, "texts: timeframe, session, time zone");
	back = nth(a, 3, "bars_back");
	if (arg_find(a, "timeframe_bars_back") != NULL || a->n > 4) {
		ERR_AT(g->c, n, "UNSUPPORTED", "%s() cannot go back by bars of the timeframe: "
		       "use bars_back, or the history of its value", l->name);
		return val_error();
	}
	in[0] = lib_call(g, &row, in, 4, n);
	return back.ty->b == TY_NA ? in[0] : history(g, in[0], back, n);
}
SPECIAL(sp_time) { UNUSED; return time_call(g, l, a, n, 0); }
SPECIAL(sp_time_close) { UNUSED; return time_call(g, l, a, n, 1); }

SPECIAL(sp_tf_change)
{
	static const struct lib row = { "timeframe.change", "", "b", LIB_FN, 0, LF_PURE,
		fn_tf_change, NULL };
	struct val in[3] = { val_col(&ty_int, COL_TIME) };

	UNUSED;
	in[1] = history(g, in[0], val_const(&ty_int, 1), n);
	in[2] = nth(a, 0, "timeframe");
	if (!can_coerce(g, in[2].ty, &ty_string))
		return need(g, l, n, "a timeframe");
	return lib_call(g, &row, in, 3, n);
}

SPECIAL(sp_strategy)
{
	UNUSED;
	gen_declaration(g, a, n, true);
	return val_const(&ty_void, NAN);
}
SPECIAL(sp_indicator)
{
	UNUSED;
	gen_declaration(g, a, n, false);
	return val_const(&ty_void, NAN);
}
SPECIAL(sp_library)
{
	UNUSED;
	gen_declaration(g, a, n, false);
	g->p->props.is_library = true;
	return val_const(&ty_void, NAN);
}

/* Account and symbol count in one currency here. */
SPECIAL(sp_convert)
{
	struct val x = nth(a, 0, "value");
	const char *c = g->p->props.currency;

	UNUSED;
	if (x.ty->b == TY_ERROR)
		return x;
	if (a->n != 1 || !can_coerce(g, x.ty, &ty_float))
		return need(g, l, n, "a number");
	if (strcmp(c, "NONE") != 0) {
		ERR_AT(g->c, n, "UNSUPPORTED", "%s() has no rates: the account is always "
		       "in the symbol's currency; remove currency = \"%s\" from "
		       "strategy()", l->name, c);
		return val_error();
	}
	return coerce(g, x, &ty_float, n, "this value");
}

/* offset(source, n) of version 4 */
SPECIAL(sp_offset)
{
	UNUSED;
	if (a->n != 2 || bad(a) || !is_numeric(a->v[1].v.ty))
		return need(g, l, n, "a series and a number of bars");
	return history(g, a->v[0].v, a->v[1].v, n);
}

/* data.column("name"): more of the candle file. */
SPECIAL(sp_data_column)
{
	static const struct lib row = { "data.column", "", "f", LIB_FN, 0, LF_PURE, fn_data_column,
		NULL };
	struct val x = nth(a, 0, "name"), in[2] = { val_col(&ty_int, COL_INDEX), x }, r;

	UNUSED;
	if (a->n != 1 || bad(a) || x.ty->b != TY_STRING || x.rate > RATE_ONCE)
		return need(g, l, n, "the name of a column, a text that is the same on "
			    "every bar");
	if (g->parent != NULL) {
		ERR_AT(g->c, n, "UNSUPPORTED", "data.column() belongs to the chart's candles "
		       "and has no value in request.security()");
		return val_error();
	}
	r = lib_call(g, &row, in, 2, n);
	return r;
}

special_fn *const specials[] = {
	sp_max, sp_min, sp_avg, sp_na, sp_nz, sp_bool, sp_rgb, sp_color, sp_iff,
	sp_change, sp_array_from, sp_array_new, sp_tostring, sp_format, sp_tick,
	sp_cast, sp_cast, sp_time, sp_time_close, sp_tf_change, sp_strategy,
	sp_indicator, sp_library, sp_convert, sp_map_new, sp_offset,
	sp_data_column, sp_matrix_new, sp_matrix_mult,
	sp_highest_ever, sp_lowest_ever, sp_model,
};
