/* Values of the library that stand without arguments. */
#include "config.h"

#include <stdlib.h>

#include "script/lib_i.h"

static struct val average_of(struct gen *g, const char *how)
{
	static const char cols[] = "ohlcv";
	struct val s = val_col(&ty_float, (int)(strchr(cols, how[0]) - cols)), k;

	for (size_t i = 1; how[i] != '\0'; i++)
		s = op(g, OP_ADD, &ty_float, s,
		       val_col(&ty_float, (int)(strchr(cols, how[i]) - cols)), s);
	k = val_const(&ty_float, (double)strlen(how));
	return op(g, OP_DIV, &ty_float, s, k, k);
}

const struct lib *lib_find(const struct lib *t, const char *name)
{
	for (; t->name != NULL; t++)
		if (strcmp(t->name, name) == 0)
			return t;
	return NULL;
}

static const char *old_var(const char *name)
{
	static const char *const pairs[][2] = {
		{ "n", "bar_index" }, { "tickerid", "syminfo.tickerid" },
		{ "ticker", "syminfo.ticker" }, { "period", "timeframe.period" },
		{ "interval", "timeframe.multiplier" }, { "isintraday", "timeframe.isintraday" },
		{ "isdaily", "timeframe.isdaily" }, { "isweekly", "timeframe.isweekly" },
		{ "ismonthly", "timeframe.ismonthly" }, { "tr", "ta.tr" }, { "obv", "ta.obv" },
		{ "accdist", "ta.accdist" }, { "vwap", "ta.vwap" }, { "nvi", "ta.nvi" },
		{ "pvi", "ta.pvi" }, { "pvt", "ta.pvt" }, { "wad", "ta.wad" },
		{ "wvad", "ta.wvad" }, { "iii", "ta.iii" },
		{ "sunday", "dayofweek.sunday" }, { "monday", "dayofweek.monday" },
		{ "tuesday", "dayofweek.tuesday" }, { "wednesday", "dayofweek.wednesday" },
		{ "thursday", "dayofweek.thursday" }, { "friday", "dayofweek.friday" },
		{ "saturday", "dayofweek.saturday" },
	};

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		if (strcmp(name, pairs[i][0]) == 0)
			return pairs[i][1];
	return NULL;
}

static struct val first_bar(struct gen *g)
{
	struct val z = val_const(&ty_int, 0);

	return op(g, OP_IEQ, &ty_bool, val_col(&ty_int, COL_INDEX), z, z);
}

static struct val var_value(struct gen *g, const struct lib *l, const struct ast *n)
{
	double k = NAN;
	struct val v = val_col(&ty_int, COL_TIME);

	if (l->kind == LIB_IND)
		return gen_ind(g, l, NULL, 0, n);
	if (l->kind == LIB_FN) {
		struct val a[2] = { v, val_na(&ty_string) };

		if (l->map != NULL && l->map[0] == 'i')
			a[0] = val_col(&ty_int, COL_INDEX);
		if (l->map != NULL && l->map[0] == 'T')
			a[1] = history(g, v, val_const(&ty_int, 1), n);
		if (l->fn == fn_time_part || l->fn == fn_day_changed)
			return lib_call(g, l, a, 2, n);
		return lib_call(g, l, a, l->fn == fn_time_close || l->map != NULL, n);
	}
	if (l->map[0] == '@')
		return val_col(lib_type(g, l->ret), l->code);
	if (l->map[0] == '=') {
		k = strtod(l->map + 1, NULL);
		return val_const(lib_type(g, l->ret), k);
	}
	return l->map[1] == '0' ? first_bar(g) : average_of(g, l->map + 1);
}

struct val gen_builtin_var(struct gen *g, const char *name, const struct ast *n,
			   bool *ret_found)
{
	const struct lib *l = lib_find(lib_vars, name);
	double k;

	*ret_found = true;
	if (strcmp(name, "na") == 0)
		return val_na(&ty_na);
	if (l == NULL && g->c->version < 5 && old_var(name) != NULL)
		l = lib_find(lib_vars, old_var(name));
	if (l != NULL)
		return var_value(g, l, n);
	if (strncmp(name, "color.", 6) == 0 && name_color(name + 6, &k))
		return val_const(&ty_color, k);
	if (g->c->version < 5 && name_color(name, &k))
		return val_const(&ty_color, k);
	if (strncmp(name, "display.", 8) == 0 && name_constant(g, name))
		return val_const(&ty_int, 1);	/* they are added and subtracted */
	if (name_constant(g, name))	/* its last part is its text */
		return val_text(g, str_c(strrchr(name, '.') + 1));
	*ret_found = false;
	return val_error();
}
