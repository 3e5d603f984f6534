/* strategy(), inputs and plots: what a script declares about itself. */
#include "config.h"

#include "script/lib_i.h"

/* The number or text of an argument that must be a constant. */
static bool const_num(struct gen *g, const struct args *a, const char *name, double *ret)
{
	for (size_t i = 0; i < a->n; i++) {
		if (!str_eqc(a->v[i].name, name))
			continue;
		if (a->v[i].v.ty->b == TY_ERROR)
			return false;
		if (a->v[i].v.rate != RATE_CONST || is_ref(a->v[i].v.k)) {
			ERR_AT(g->c, a->v[i].at, "QUALIFIER", "\"%s\" must be a constant",
			       name);
			return false;
		}
		*ret = a->v[i].v.k;
		return true;
	}
	return false;
}

static const char *const_text(struct gen *g, const struct args *a, const char *name)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct val *v = &a->v[i].v;

		if (!str_eqc(a->v[i].name, name) || v->ty->b == TY_ERROR)
			continue;
		if (v->rate == RATE_CONST && is_ref(v->k))
			return str_dup(g->c->out, g->p->strs.v[ref_index(v->k)]);
		if (v->rate != RATE_CONST)
			ERR_AT(g->c, a->v[i].at, "QUALIFIER", "\"%s\" must be a "
			       "constant text", name);
	}
	return NULL;
}

/* Gives positional arguments their names, in the order of `names`. */
static void name_args(struct args *a, const char *const *names, size_t n)
{
	for (size_t i = 0; i < a->n && i < n && a->v[i].name.n == 0; i++)
		a->v[i].name = str_c(names[i]);
}

void script_defaults(struct strat_properties *p, const struct script_options *opt)
{
	bool fresh = opt != NULL && opt->new_defaults;

	*p = (struct strat_properties){
		.title = "", .shorttitle = "", .currency = "NONE", .is_strategy = true,
		.initial_capital = fresh ? 100000 : 1000000,
		.default_qty_type = fresh ? STRAT_QTY_PERCENT : STRAT_QTY_FIXED,
		.default_qty_value = fresh ? 100 : 1, .risk_free_rate = 2,
		.max_bars_back = HISTORY_MAX,
	};
}

/* A text that must be one of a few; -1 when it is not given. */
static int const_choice(struct gen *g, const struct args *a, const char *name,
			const char *const *of, int n)
{
	const char *s = const_text(g, a, name);

	for (int i = 0; s != NULL && i < n; i++)
		if (strcmp(s, of[i]) == 0)
			return i;
	for (size_t i = 0; s != NULL && i < a->n; i++)
		if (str_eqc(a->v[i].name, name))
			ERR_AT(g->c, a->v[i].at, "RANGE", "\"%s\" cannot be \"%s\"",
			       name, s);
	return -1;
}

static void money_properties(struct gen *g, const struct args *a)
{
	struct strat_properties *p = &g->p->props;
	/* in the order of the enumerations */
	static const char *const qty[] = { "fixed", "cash", "percent_of_equity" };
	static const char *const fee[] = { "percent", "cash_per_contract",
					   "cash_per_order" };
	static const char *const rule[] = { "FIFO", "ANY" };
	int k = const_choice(g, a, "default_qty_type", qty, ARRAY_LEN(qty));
	const char *s;

	if (k >= 0)
		p->default_qty_type = (enum strat_qty_type)k;
	k = const_choice(g, a, "commission_type", fee, ARRAY_LEN(fee));
	if (k >= 0)
		p->commission_type = (enum strat_fee_type)k;
	p->close_any = const_choice(g, a, "close_entries_rule", rule, ARRAY_LEN(rule)) == 1;
	s = const_text(g, a, "currency");
	p->currency = s != NULL ? s : p->currency;
	const_num(g, a, "initial_capital", &p->initial_capital);
	const_num(g, a, "default_qty_value", &p->default_qty_value);
	const_num(g, a, "commission_value", &p->commission_value);
	p->margin_long = p->margin_short = g->c->version >= 6 ? 100 : 0;
	const_num(g, a, "margin_long", &p->margin_long);
	const_num(g, a, "margin_short", &p->margin_short);
	const_num(g, a, "risk_free_rate", &p->risk_free_rate);
	if (!(p->initial_capital > 0) || p->default_qty_value < 0 || p->commission_value < 0)
		diag_add(g->c, DIAG_ERROR, g->line, 1, 2, "RANGE", "initial_capital must "
			 "be positive, default_qty_value and commission_value not negative");
}

static int small_int(struct gen *g, const struct args *a, const char *name, int max)
{
	double k = 0;

	if (!const_num(g, a, name, &k) || !(k > 0))
		return 0;
	return k > max ? max : (int)k;
}

/* max_labels_count=...: 50 where it is not said. */
static int draw_limit(struct gen *g, const struct args *a, int kind)
{
	static const char *const names[DRAW__MAX] = { "max_labels_count", "max_lines_count",
		"max_boxes_count", NULL, NULL, "max_polylines_count" };
	int n = names[kind] != NULL ? small_int(g, a, names[kind], 500) : 500;

	return n > 0 ? n : 50;
}

static bool flag(struct gen *g, const struct args *a, const char *name)
{
	double k = 0;

	return const_num(g, a, name, &k) && truth(k);
}

void gen_declaration(struct gen *g, struct args *a, const struct ast *n, bool strategy)
{
	static const char *const names[] = { "title", "shorttitle", "overlay", "format",
		"precision", "scale", "pyramiding", "calc_on_order_fills",
		"calc_on_every_tick", "max_bars_back", "backtest_fill_limits_assumption",
		"default_qty_type", "default_qty_value", "initial_capital", "currency",
		"slippage", "commission_type", "commission_value",
		"process_orders_on_close", "close_entries_rule", "margin_long",
		"margin_short" };
	static const char *const old[] = { "title", "shorttitle", "overlay", "format",
		"precision", "scale" };
	struct strat_properties *p = &g->p->props;
	const char *s;

	if (g->declared)
		ERR_AT(g->c, n, "DECLARATION", "strategy() or indicator() stands twice");
	g->declared = true;
	name_args(a, strategy ? names : old, strategy ? ARRAY_LEN(names) : ARRAY_LEN(old));
	p->is_strategy = strategy;
	s = const_text(g, a, g->c->version < 5 ? "resolution" : "timeframe");
	if (s != NULL && s[0] != '\0')
		ERR_AT(g->c, n, "UNSUPPORTED", "the script runs on the timeframe of its "
		       "chart: choose \"%s\" there and remove the argument", s);
	s = const_text(g, a, "title");
	p->title = s != NULL ? s : "";
	s = const_text(g, a, "shorttitle");
	p->shorttitle = s != NULL ? s : p->title;
	p->overlay = flag(g, a, "overlay");
	money_properties(g, a);
	p->pyramiding = small_int(g, a, "pyramiding", 1000000);
	for (int k = 0; k < DRAW__MAX; k++)
		g->p->draw_max[k] = draw_limit(g, a, k);
	p->slippage = small_int(g, a, "slippage", 1000000);
	p->fill_assumption_ticks = small_int(g, a, "backtest_fill_limits_assumption", 1000000);
	p->process_orders_on_close = flag(g, a, "process_orders_on_close");
	p->calc_on_every_tick = flag(g, a, "calc_on_every_tick");
	p->calc_on_order_fills = flag(g, a, "calc_on_order_fills");
	p->bar_magnifier = flag(g, a, "use_bar_magnifier");
	p->fill_on_standard_ohlc = flag(g, a, "fill_orders_on_standard_ohlc");
}

/* --- Inputs ------------------------------------------------------------------ */

static const char *const input_names[] = { "defval", "title", "minval", "maxval", "step",
	"tooltip", "inline", "group", "confirm" };
static const char *const text_names[] = { "defval", "title", "options", "tooltip",
	"inline", "group", "confirm" };
static const char *const plain_names[] = { "defval", "title", "tooltip", "inline",
	"group", "confirm" };

static bool series_name(struct gen *g, const struct ast *n, const char **ret)
{
	static const char *const names[] = { "open", "high", "low", "close", "volume",
		"hl2", "hlc3", "hlcc4", "ohlc4" };

	if (n->kind == A_ARG)
		n = n->v[0];
	if (n->kind != A_NAME || sym_find(g, n->text) != NULL)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eqc(n->text, names[i])) {
			*ret = names[i];
			return true;
		}
	return false;
}

static const struct arg *arg_named(const struct args *a, const char *name)
{
	for (size_t i = 0; i < a->n; i++)
		if (str_eqc(a->v[i].name, name))
			return &a->v[i];
	return NULL;
}

/* input() of version 4 says its kind by name, of version 5 by the default. */
static enum script_input_type guess_kind(struct gen *g, const struct args *a)
{
	static const struct { const char *name; enum script_input_type t; } kinds[] = {
		{ "bool", INPUT_BOOL }, { "integer", INPUT_INT }, { "float", INPUT_FLOAT },
		{ "string", INPUT_STRING }, { "source", INPUT_SOURCE },
		{ "resolution", INPUT_TIMEFRAME }, { "symbol", INPUT_SYMBOL },
		{ "session", INPUT_SESSION }, { "time", INPUT_TIME },
		{ "color", INPUT_COLOR },
	};
	const char *s = const_text(g, a, "type");
	const struct arg *d = arg_named(a, "defval");

	for (size_t i = 0; s != NULL && i < ARRAY_LEN(kinds); i++)
		if (strcmp(s, kinds[i].name) == 0)
			return kinds[i].t;
	if (d != NULL && series_name(g, d->at, &s))
		return INPUT_SOURCE;
	switch ((int)(d != NULL ? d->v.ty->b : TY_STRING)) {
	case TY_BOOL: return INPUT_BOOL;
	case TY_INT: return INPUT_INT;
	case TY_FLOAT: return INPUT_FLOAT;
	case TY_COLOR: return INPUT_COLOR;
	case TY_ENUM: return INPUT_ENUM;
	default: return INPUT_STRING;
	}
}

static const char *input_key(struct gen *g, const char *title, const struct ast *n)
{
	const char *base, *key;
	size_t same = 0;
	char *s;

	if (g->input_name != NULL) {
		base = str_dup(g->c->out, g->input_name->text);
	} else if (title == NULL || title[0] == '\0') {
		base = arena_printf(g->c->out, "input_%d", n->line);
	} else {
		base = s = arena_strdup(g->c->out, title);
		for (; *s != '\0'; s++)
			if (!((*s | 32) >= 'a' && (*s | 32) <= 'z') &&
			    !(*s >= '0' && *s <= '9'))
				*s = '_';
	}
	key = base;
	for (size_t i = 0; i < g->p->inputs.n; i++)
		if (strcmp(g->p->inputs.v[i].name, key) == 0) {
			key = arena_printf(g->c->out, "%s_%zu", base, ++same + 1);
			i = (size_t)-1;
		}
	return key;
}

/* options = [a, b, c]: all numbers or all texts. */
static void input_options(struct gen *g, struct script_input *in, const struct args *a)
{
	const struct val *o = NULL;
	const char **texts;
	double *nums;

	for (size_t i = 0; i < a->n; i++)
		if (str_eqc(a->v[i].name, "options"))
			o = &a->v[i].v;
	if (o == NULL || o->ty->b != TY_TUPLE || o->n == 0)
		return;
	texts = NEW_N(g->c->out, const char *, o->n);
	nums = NEW_N(g->c->out, double, o->n);
	for (size_t i = 0; i < o->n; i++) {
		if (o->tup[i].rate != RATE_CONST)
			return;
		nums[i] = o->tup[i].k;
		if (is_ref(nums[i]))
			texts[i] = str_dup(g->c->out, g->p->strs.v[ref_index(nums[i])]);
		else if (o->tup[i].ty->b == TY_ENUM)
			texts[i] = str_dup(g->c->out, o->tup[i].ty->field[(size_t)nums[i]]);
	}
	if (texts[0] != NULL)
		in->options_text = texts;
	if (texts[0] == NULL || in->type == INPUT_ENUM)
		in->options = nums;
	in->n_options = o->n;
}

static void enum_options(struct gen *g, struct script_input *in, const struct type *t)
{
	const char **texts = NEW_N(g->c->out, const char *, t->n);
	double *nums = NEW_N(g->c->out, double, t->n);

	for (size_t i = 0; i < t->n; i++) {
		texts[i] = str_dup(g->c->out, t->field[i]);
		nums[i] = (double)i;
	}
	in->options_text = texts;
	in->options = nums;
	in->n_options = t->n;
}

static struct val input_value(struct gen *g, struct script_input *in, struct args *a,
			      const struct ast *n)
{
	static const struct type *const types[] = {
		[INPUT_BOOL] = &ty_bool, [INPUT_INT] = &ty_int, [INPUT_FLOAT] = &ty_float,
		[INPUT_STRING] = &ty_string, [INPUT_SOURCE] = &ty_float,
		[INPUT_COLOR] = &ty_color, [INPUT_TIMEFRAME] = &ty_string,
		[INPUT_SYMBOL] = &ty_string, [INPUT_SESSION] = &ty_string,
		[INPUT_TIME] = &ty_int, [INPUT_PRICE] = &ty_float,
		[INPUT_TEXT_AREA] = &ty_string, [INPUT_ENUM] = NULL,
	};
	const struct type *t = types[in->type];
	const struct arg *d = arg_named(a, "defval");
	struct val v = d != NULL ? d->v : val_na(&ty_na);

	if (v.ty->b == TY_ERROR)
		return val_error();
	if (in->type == INPUT_SOURCE) {
		if (d == NULL || !series_name(g, d->at, &in->def_text)) {
			ERR_AT(g->c, n, "ARGS", "the default of a source is one of open, "
			       "high, low, close, volume, hl2, hlc3, hlcc4, ohlc4");
			return val_error();
		}
		return val_col(&ty_float, col_new(g, &ty_float, 0));
	}
	if (in->type == INPUT_ENUM) {
		t = v.ty;
		if (t->b == TY_ENUM && in->n_options == 0)
			enum_options(g, in, t);
	}
	/* a date in the exchange's time zone has its value in UTC with it */
	if (in->type == INPUT_TIME && v.rate == RATE_ONCE && !isnan(v.k))
		v = val_const(&ty_int, v.k);
	if (v.rate != RATE_CONST || !can_coerce(g, v.ty, t)) {
		ERR_AT(g->c, n, "ARGS", "the default of this input must be a constant %s",
		       type_name(g, t));
		return val_error();
	}
	in->def = v.k;
	if (is_ref(v.k))
		in->def_text = str_dup(g->c->out, g->p->strs.v[ref_index(v.k)]);
	else if (t->b == TY_STRING)
		in->def_text = "";
	v = val_reg(t, RATE_ONCE, reg_new(g, v.k));
	v.qual = Q_INPUT;
	return v;
}

/* A sub-program's input is the one that the script has at that place. */
static bool same_input(struct gen *g, const struct ast *n)
{
	const struct gen *up = g->parent;

	for (size_t i = 0; i < up->input_at.n; i++)
		if (up->input_at.v[i] == n) {
			*array_push(g->c->out, &g->input_map) = (int)i;
			return true;
		}
	ERR_AT(g->c, n, "UNSUPPORTED", "give this input a variable of its own before "
	       "request.security()");
	return false;
}

struct val gen_input(struct gen *g, const struct lib *l, struct args *a,
		     const struct ast *n)
{
	struct script_input in = { .type = (enum script_input_type)l->code,
		.min = NAN, .max = NAN, .step = NAN, .def = NAN };
	bool number = l->code == INPUT_INT || l->code == INPUT_FLOAT;
	bool text = l->code == INPUT_STRING;
	struct val v;
	double confirm = 0;

	if (strcmp(l->name, "input") == 0) {
		static const char *const v4[] = { "defval", "title", "type", "minval",
			"maxval", "confirm", "step", "options" };

		if (g->c->version < 5)
			name_args(a, v4, ARRAY_LEN(v4));
		else
			name_args(a, plain_names, ARRAY_LEN(plain_names));
		in.type = guess_kind(g, a);
	} else if (number && a->n > 2 && a->v[2].name.n == 0 &&
		   a->v[2].v.ty->b == TY_TUPLE) {
		name_args(a, text_names, ARRAY_LEN(text_names));
	} else {
		name_args(a, number ? input_names : text ? text_names : plain_names,
			  number ? ARRAY_LEN(input_names) : text ? ARRAY_LEN(text_names) :
			  ARRAY_LEN(plain_names));
	}
	in.title = const_text(g, a, "title");
	in.tooltip = const_text(g, a, "tooltip");
	in.group = const_text(g, a, "group");
	in.inline_group = const_text(g, a, "inline");
	const_num(g, a, "minval", &in.min);
	const_num(g, a, "maxval", &in.max);
	const_num(g, a, "step", &in.step);
	in.confirm = const_num(g, a, "confirm", &confirm) && truth(confirm);
	input_options(g, &in, a);
	v = input_value(g, &in, a, n);
	if (v.ty->b == TY_ERROR)
		return v;
	in.name = input_key(g, in.title, n);
	if (in.title == NULL || in.title[0] == '\0')
		in.title = in.name;
	if (g->parent != NULL && !same_input(g, n))
		return val_error();
	*array_push(g->c->tmp, &g->input_at) = n;
	*array_push(g->c->out, &g->p->inputs) = in;
	*array_push(g->c->out, &g->p->input_regs) = (struct input_reg){
		.reg = v.rate == RATE_ONCE ? v.reg : -1,
		.col = v.rate == RATE_COL ? v.col : -1 };
	return v;
}

/* --- Plots ------------------------------------------------------------------- */

static enum script_plot_kind plot_style(struct gen *g, const struct lib *l, const struct val *v)
{
	static const struct { const char *name; enum script_plot_kind k; } styles[] = {
		{ "style_histogram", PLOT_HISTOGRAM }, { "style_area", PLOT_AREA },
		{ "style_areabr", PLOT_AREA }, { "style_columns", PLOT_COLUMNS },
		{ "style_circles", PLOT_CIRCLES }, { "style_cross", PLOT_CROSS },
		{ "style_stepline", PLOT_STEP }, { "style_stepline_diamond", PLOT_STEP },
		{ "style_steplinebr", PLOT_STEP },
	};

	if (l->code != PLOT_LINE || v[4].rate != RATE_CONST || !is_ref(v[4].k))
		return (enum script_plot_kind)l->code;
	for (size_t i = 0; i < ARRAY_LEN(styles); i++)
		if (str_eqc(g->p->strs.v[ref_index(v[4].k)], styles[i].name))
			return styles[i].k;
	return PLOT_LINE;
}

static struct plot plot_source(struct gen *g, struct val v)
{
	struct plot s = { -1, -1 };

	if (v.rate == RATE_COL && v.shift == 0) {
		s.col = v.col;
	} else if (v.rate <= RATE_ONCE) {
		s.reg = to_reg(g, v);
	} else {
		s.reg = reg_new(g, NAN);
		move_to(g, s.reg, v);
	}
	return s;
}

/* plotcandle() and plotbar() are four lines: "title open" and so on. */
static void plot_candles(struct gen *g, const struct lib *l, struct val *v,
			 const struct ast *n)
{
	static const char *const names[] = { "open", "high", "low", "close" };
	const char *title = l->name;

	if (v[4].rate == RATE_CONST && is_ref(v[4].k))
		title = str_dup(g->c->tmp, g->p->strs.v[ref_index(v[4].k)]);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		static const struct lib line = { "plot", "", "p", LIB_PLOT, PLOT_LINE, 0,
						 NULL, NULL };
		struct val one[5] = { v[i], val_na(&ty_string), val_na(&ty_color),
				      val_na(&ty_int), val_na(&ty_string) };

		one[1] = val_text(g, str_c(arena_printf(g->c->tmp, "%s %s", title, names[i])));
		gen_plot(g, &line, one, n);
	}
}

void gen_plot(struct gen *g, const struct lib *l, struct val *v, const struct ast *n)
{
	struct script_plot p = { .kind = plot_style(g, l, v),
		.overlay = g->p->props.overlay, .title = "" };
	const struct val *color = NULL;

	if (g->parent != NULL)
		return;
	if (g->inner > 0 || g->depth > 0) {
		ERR_AT(g->c, n, "SCOPE", "%s() must stand at the outermost level of the "
		       "script: give it a series that is na where it should not show",
		       l->name);
		return;
	}
	if (strcmp(l->name, "plotcandle") == 0 || strcmp(l->name, "plotbar") == 0) {
		plot_candles(g, l, v, n);
		return;
	}
	if (is_heap(v[0].ty) || v[0].ty->b == TY_VOID || v[0].ty->b == TY_TUPLE)
		return;
	if (l->code != PLOT_BGCOLOR && l->code != PLOT_BARCOLOR) {
		if (v[1].rate == RATE_CONST && is_ref(v[1].k))
			p.title = str_dup(g->c->out, g->p->strs.v[ref_index(v[1].k)]);
		color = l->code == PLOT_SHAPE || l->code == PLOT_CHAR ? &v[4] : &v[2];
	}
	if (color != NULL && color->rate == RATE_CONST && color->ty->b == TY_COLOR)
		p.color = f_color(color->k);
	if (p.title[0] == '\0')
		p.title = arena_printf(g->c->out, "%s %zu", l->name, g->p->plots.n + 1);
	*array_push(g->c->out, &g->p->plots) = p;
	*array_push(g->c->out, &g->p->plot_srcs) = plot_source(g, v[0]);
}
