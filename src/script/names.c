/* The names that a script may write: members of the constant namespaces, the
 * arguments of functions without a signature, and the nearest known name for
 * one that is not known. */
#include "config.h"

#include "script/lib_i.h"

/* --- Constants --------------------------------------------------------- */

struct space { const char *prefix, *members; };

static const struct space spaces[] = {
	{ "plot.", "style_area style_areabr style_circles style_columns style_cross "
	  "style_histogram style_line style_linebr style_stepline style_steplinebr "
	  "style_stepline_diamond linestyle_solid linestyle_dashed linestyle_dotted" },
	{ "shape.", "arrowdown arrowup circle cross diamond flag labeldown labelup square "
	  "triangledown triangleup xcross" },
	{ "location.", "abovebar absolute belowbar bottom top" },
	{ "size.", "auto huge large normal small tiny" },
	{ "hline.", "style_dashed style_dotted style_solid" },
	{ "display.", "all data_window none pane pine_screener price_scale status_line" },
	{ "format.", "inherit mintick percent price volume" },
	{ "line.", "style_arrow_both style_arrow_left style_arrow_right style_dashed "
	  "style_dotted style_solid" },
	{ "label.", "style_arrowdown style_arrowup style_circle style_cross style_diamond "
	  "style_flag style_label_center style_label_down style_label_left "
	  "style_label_lower_left style_label_lower_right style_label_right "
	  "style_label_up style_label_upper_left style_label_upper_right style_none "
	  "style_square style_text_outline style_triangledown style_triangleup "
	  "style_xcross style_labeldown style_labelup" },
	{ "extend.", "both left none right" }, { "xloc.", "bar_index bar_time" },
	{ "yloc.", "abovebar belowbar price" },
	{ "position.", "bottom_center bottom_left bottom_right middle_center middle_left "
	  "middle_right top_center top_left top_right" },
	{ "text.", "align_bottom align_center align_left align_right align_top wrap_auto "
	  "wrap_none format_bold format_italic format_none" },
	{ "font.", "family_default family_monospace" }, { "scale.", "left none right" },
	{ "session.", "extended regular" },
	{ "barmerge.", "gaps_off gaps_on lookahead_off lookahead_on" },
	{ "alert.", "freq_all freq_once_per_bar freq_once_per_bar_close" },
	{ "order.", "ascending descending" },
	{ "currency.", "NONE AED ARS AUD BDT BHD BRL BTC CAD CHF CLP CNY COP CZK DKK EGP "
	  "ETH EUR GBP HKD HUF IDR ILS INR ISK JPY KES KRW KWD LKR MAD MXN MYR NGN NOK "
	  "NZD PEN PHP PKR PLN QAR RON RSD RUB SAR SEK SGD THB TND TRY TWD USD USDT UYU "
	  "VES VND ZAR" },
	{ "adjustment.", "dividends none splits" },
	{ "settlement_as_close.", "inherit off on" }, { "backadjustment.", "inherit off on" },
	{ "strategy.oca.", "cancel none reduce" },
	{ "strategy.commission.", "cash_per_contract cash_per_order percent" },
	{ "strategy.direction.", "all long short" },
	{ "strategy.", "fixed cash percent_of_equity long short" },
	/* what input(type=) of version 4 takes */
	{ "input.", "bool integer float string source resolution symbol session time color" },
};

static bool listed(const char *words, struct str s)
{
	struct str all = str_c(words), w;

	while (str_split(&all, ' ', &w))
		if (str_eq(w, s))
			return true;
	return false;
}

bool name_constant(const struct gen *g, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(spaces); i++) {
		size_t n = strlen(spaces[i].prefix);

		if (strcmp(spaces[i].prefix, "input.") == 0 && g->c->version >= 5)
			continue;
		if (strncmp(name, spaces[i].prefix, n) == 0 &&
		    listed(spaces[i].members, str_c(name + n)))
			return true;
	}
	return false;
}

static const struct { const char *name; uint32_t rgb; } colors[] = {
	{ "aqua", 0x00bcd4 }, { "black", 0x363a45 }, { "blue", 0x2962ff },
	{ "fuchsia", 0xe040fb }, { "gray", 0x787b86 }, { "green", 0x4caf50 },
	{ "lime", 0x00e676 }, { "maroon", 0x880e4f }, { "navy", 0x311b92 },
	{ "olive", 0x808000 }, { "orange", 0xff9800 }, { "purple", 0x9c27b0 },
	{ "red", 0xf23645 }, { "silver", 0xb2b5be }, { "teal", 0x089981 },
	{ "white", 0xffffff }, { "yellow", 0xfdd835 },
};

bool name_color(const char *name, double *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(colors); i++)
		if (strcmp(name, colors[i].name) == 0) {
			*ret = 4278190080.0 + colors[i].rgb;
			return true;
		}
	return false;
}

/* --- The nearest name ---------------------------------------------------- */

#define NEAR_MAX 64
struct near { struct str want, best; size_t dist; };

/* Letters to add, drop, change or swap with their neighbour. */
static size_t distance(struct str a, struct str b)
{
	size_t row[3][NEAR_MAX + 1];

	for (size_t k = 0; k <= b.n; k++)
		row[0][k] = row[1][k] = row[2][k] = k;
	for (size_t i = 1; i <= a.n; i++) {
		size_t *r = row[i % 3], *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3];

		r[0] = i;
		for (size_t k = 1; k <= b.n; k++) {
			size_t d = up[k - 1] + (a.p[i - 1] != b.p[k - 1]);

			d = up[k] + 1 < d ? up[k] + 1 : d;
			d = r[k - 1] + 1 < d ? r[k - 1] + 1 : d;
			if (i > 1 && k > 1 && a.p[i - 1] == b.p[k - 2] &&
			    a.p[i - 2] == b.p[k - 1] && up2[k - 2] + 1 < d)
				d = up2[k - 2] + 1;
			r[k] = d;
		}
	}
	return row[a.n % 3][b.n];
}

static void near_try(struct near *w, struct str s)
{
	size_t d;

	if (s.n == 0 || s.n > NEAR_MAX || w->want.n > NEAR_MAX || s.p[0] == '?')
		return;
	d = distance(w->want, s);
	if (d < w->dist && d <= 1 + w->want.n / 5 && d < s.n) {
		w->dist = d;
		w->best = s;
	}
}

static void near_words(struct gen *g, struct near *w, const char *prefix,
		       const char *words)
{
	struct str all = str_c(words), k;

	while (str_split(&all, ' ', &k))
		near_try(w, str_c(arena_printf(g->c->tmp, "%s%.*s", prefix, STR_ARG(k))));
}

static void near_rows(struct near *w, const struct lib *l)
{
	for (; l->name != NULL; l++)
		near_try(w, str_c(l->name));
}

static const char *hint(struct gen *g, const struct near *w)
{
	return w->best.n == 0 ? "" :
	       arena_printf(g->c->tmp, "; did you mean \"%.*s\"?", STR_ARG(w->best));
}

const char *name_hint_value(struct gen *g, const char *name)
{
	struct near w = { .want = str_c(name), .dist = SIZE_MAX };

	for (const struct scope *s = g->scope; s != NULL; s = s->up)
		for (const struct sym *y = s->syms; y != NULL; y = y->next)
			near_try(&w, y->name);
	near_rows(&w, lib_vars);
	for (size_t i = 0; i < ARRAY_LEN(spaces); i++)
		near_words(g, &w, spaces[i].prefix, spaces[i].members);
	for (size_t i = 0; i < ARRAY_LEN(colors); i++)
		near_words(g, &w, "color.", colors[i].name);
	return hint(g, &w);
}

const char *name_hint_function(struct gen *g, const char *name)
{
	struct near w = { .want = str_c(name), .dist = SIZE_MAX };

	for (const struct sym *y = g->global.syms; y != NULL; y = y->next)
		if (y->kind == SYM_FUNC)
			near_try(&w, y->name);
	near_rows(&w, lib_math);
	near_rows(&w, lib_ta);
	near_rows(&w, lib_other);
	return hint(g, &w);
}

/* --- Drawings -------------------------------------------------------------- */

/* Functions of drawings that give nothing back: they only show. */
bool name_drawing(const char *name)
{
	static const struct space calls[] = {
		{ "label.", "delete set_x set_y set_xy set_xloc set_yloc set_text set_color "
		  "set_textcolor set_style set_size set_textalign set_tooltip set_point "
		  "set_text_font_family set_text_formatting" },
		{ "line.", "delete set_x1 set_y1 set_x2 set_y2 set_xy1 set_xy2 set_xloc "
		  "set_color set_style set_width set_extend set_first_point "
		  "set_second_point" },
		{ "box.", "delete set_left set_right set_top set_bottom set_lefttop "
		  "set_rightbottom set_bgcolor set_border_color set_border_width "
		  "set_border_style set_extend set_text set_text_color set_text_size "
		  "set_text_halign set_text_valign set_text_wrap set_text_font_family "
		  "set_text_formatting set_top_left_point set_bottom_right_point "
		  "set_xloc" },
		{ "table.", "delete clear cell merge_cells set_bgcolor set_border_color "
		  "set_border_width set_frame_color set_frame_width set_position "
		  "cell_set_text cell_set_text_color cell_set_bgcolor cell_set_height "
		  "cell_set_width cell_set_text_size cell_set_text_halign "
		  "cell_set_text_valign cell_set_tooltip cell_set_text_font_family "
		  "cell_set_text_formatting" },
		{ "linefill.", "delete set_color" }, { "polyline.", "delete" },
	};

	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		size_t n = strlen(calls[i].prefix);

		if (strncmp(name, calls[i].prefix, n) == 0)
			return listed(calls[i].members, str_c(name + n));
	}
	return false;
}

/* --- Arguments -------------------------------------------------------------- */

#define SHOW "editable show_last display format precision force_overlay transp"
#define SHAPE "offset text textcolor size " SHOW
#define INPUT_ALL "defval title tooltip inline group confirm display active"
#define SCRIPT_ALL "title shorttitle overlay format precision scale max_bars_back " \
	"explicit_plot_zorder max_lines_count max_labels_count max_boxes_count " \
	"calc_bars_count max_polylines_count dynamic_requests behind_chart linktoseries"

/* Besides those of the signature.  '!': in this order, also where named. */
static const struct space arguments[] = {
	{ "plot", "trackprice histbase offset join linestyle " SHOW },
	{ "plotshape", SHAPE }, { "plotchar", SHAPE },
	{ "plotarrow", "colordown offset minheight maxheight " SHOW },
	{ "hline", "linestyle linewidth editable display" },
	{ "bgcolor", "title offset " SHOW }, { "barcolor", "title offset " SHOW },
	{ "fill", "plot1 plot2 hline1 hline2 color title fillgaps top_value bottom_value "
	  "top_color bottom_color " SHOW },
	{ "plotbar", "open high low close title color " SHOW },
	{ "plotcandle", "open high low close title color wickcolor bordercolor " SHOW },
	{ "label.new", "point x y text xloc yloc color style textcolor size textalign tooltip "
	  "text_font_family force_overlay text_formatting" },
	{ "line.new", "first_point second_point x1 y1 x2 y2 xloc extend color style width "
	  "force_overlay" },
	{ "box.new", "top_left bottom_right left top right bottom border_color border_width "
	  "border_style extend xloc bgcolor text text_size text_color text_halign "
	  "text_valign text_wrap text_font_family force_overlay text_formatting" },
	{ "table.new", "position columns rows bgcolor frame_color frame_width border_color "
	  "border_width force_overlay" },
	{ "linefill.new", "line1 line2 color" },
	{ "polyline.new", "points curved closed xloc line_color fill_color line_style "
	  "line_width force_overlay" },
	{ "chart.point.new", "time index price" }, { "chart.point.from_index", "index price" },
	{ "chart.point.from_time", "time price" }, { "chart.point.now", "price" },
	{ "label.copy", "id" }, { "line.copy", "id" }, { "box.copy", "id" },
	{ "max_bars_back", "var num" },
	{ "input", INPUT_ALL " type minval maxval step options" },
	{ "input.int", INPUT_ALL " minval maxval step options" },
	{ "input.float", INPUT_ALL " minval maxval step options" },
	{ "input.string", INPUT_ALL " options" }, { "input.enum", INPUT_ALL " options" },
	{ "input.timeframe", INPUT_ALL " options" }, { "input.session", INPUT_ALL " options" },
	{ "input.bool", INPUT_ALL }, { "input.source", INPUT_ALL },
	{ "input.color", INPUT_ALL }, { "input.symbol", INPUT_ALL },
	{ "input.time", INPUT_ALL }, { "input.price", INPUT_ALL },
	{ "input.text_area", INPUT_ALL },
	{ "strategy", SCRIPT_ALL " pyramiding calc_on_order_fills calc_on_every_tick "
	  "backtest_fill_limits_assumption default_qty_type default_qty_value "
	  "initial_capital currency slippage commission_type commission_value "
	  "process_orders_on_close close_entries_rule margin_long margin_short "
	  "risk_free_rate use_bar_magnifier fill_orders_on_standard_ohlc" },
	{ "indicator", SCRIPT_ALL " timeframe timeframe_gaps resolution resolution_gaps" },
	{ "library", "title overlay dynamic_requests" },
	{ "na", "!x" }, { "bool", "!x" }, { "nz", "!source replacement" },
	{ "color", "!x" }, { "line", "!x" }, { "label", "!x" }, { "box", "!x" },
	{ "table", "!x" }, { "string", "!x" }, { "str.tostring", "!value format" },
	{ "ta.max", "source" }, { "ta.min", "source" },
	{ "matrix.new", "rows columns initial_value" }, { "matrix.mult", "!id1 id2" },
	{ "data.column", "name" }, { "ml.predict", "model output" },
	{ "ml.action", "model" }, { "ml.confidence", "model" }, { "?offset", "!source offset" }, { "linefill", "!x" },
	{ "iff", "!condition result1 result2" }, { "color.rgb", "red green blue transp" },
	{ "color.new", "color transp" }, { "ta.change", "source length" },
	{ "array.new", "size initial_value" }, { "map.new", "" }, { "math.round_to_mintick", "number" },
	{ "time", "timeframe session timezone bars_back timeframe_bars_back" },
	{ "time_close", "timeframe session timezone bars_back timeframe_bars_back" },
	{ "timeframe.change", "timeframe" },
	{ "strategy.convert_to_account", "value" }, { "strategy.convert_to_symbol", "value" },
	/* any number of values, none of which has a name */
	{ "math.max", NULL }, { "math.min", NULL }, { "math.avg", NULL },
	{ "array.from", NULL }, { "str.format", NULL },
};

static const char *more_arguments(const char *name, bool *ret_open)
{
	*ret_open = false;
	for (size_t i = 0; i < ARRAY_LEN(arguments); i++)
		if (strcmp(arguments[i].prefix, name) == 0) {
			*ret_open = arguments[i].members == NULL;
			return *ret_open ? "" : arguments[i].members;
		}
	return "";
}

/* The names in "name:type name:type", each with a blank behind it. */
static const char *signature_names(struct gen *g, const struct lib *l)
{
	const char *all = "";
	struct str sig, w, k;

	for (const struct lib *i = l; i->name != NULL && strcmp(i->name, l->name) == 0; i++)
		for (sig = str_c(i->sig); str_split(&sig, ' ', &w); )
			if (str_split(&w, ':', &k))
				all = arena_printf(g->c->tmp, "%s%.*s ", all, STR_ARG(k));
	return all;
}

static bool given_twice(struct gen *g, const char *what, const struct args *a, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (str_eq(a->v[k].name, a->v[i].name)) {
			ERR_AT(g->c, a->v[i].at, "ARGS", "%s() is given the argument \"%.*s\" "
			       "twice", what, STR_ARG(a->v[i].name));
			return true;
		}
	return false;
}

bool name_check(struct gen *g, const char *what, const char *words, const struct args *a)
{
	bool ordered = words[0] == '!';
	struct str all, w;
	size_t n = 0;

	words += ordered;
	for (size_t i = 0; i < a->n; i++) {
		struct near k = { .want = a->v[i].name, .dist = SIZE_MAX };

		if (a->v[i].name.n == 0)
			continue;
		if (given_twice(g, what, a, i))
			return false;
		if (listed(words, a->v[i].name))
			continue;
		near_words(g, &k, "", words);
		ERR_AT(g->c, a->v[i].at, "ARGS", "%s() has no argument \"%.*s\"%s", what,
		       STR_ARG(a->v[i].name), k.best.n > 0 ? hint(g, &k) :
		       arena_printf(g->c->tmp, "; it takes: %s", words[0] != '\0' ? words :
				    "values without names"));
		return false;
	}
	for (all = str_c(words); ordered && str_split(&all, ' ', &w) && n < a->n; n++)
		if (a->v[n].name.n > 0 && !str_eq(a->v[n].name, w)) {
			ERR_AT(g->c, a->v[n].at, "ARGS", "%s() takes its arguments in this "
			       "order: %s", what, words);
			return false;
		}
	return true;
}

/* How many arguments a call may have at most. */
static size_t most(const char *words)
{
	struct str all = str_c(words), w;
	size_t n = 0;

	while (str_split(&all, ' ', &w))
		n += w.n > 0;
	return n;
}

bool name_arguments(struct gen *g, const struct lib *l, const struct args *a,
		    const struct ast *n)
{
	bool open;
	const char *more = more_arguments(l->name, &open), *words;

	words = more[0] == '!' ? more :
		arena_printf(g->c->tmp, "%s%s", signature_names(g, l), more);
	if (!name_check(g, l->name, words, a))
		return false;
	/* the others count while they bind to their signature */
	if (open || l->kind == LIB_NOTE || a->n <= most(words) ||
	    (more[0] == '\0' && l->kind != LIB_SPECIAL))
		return true;
	ERR_AT(g->c, n, "ARGS", "%s() takes at most %zu arguments, not %zu", l->name,
	       most(words), a->n);
	return false;
}
