/* Every name of the language that is offered: one line for each way to write
 * it, each of which compiles alone. */
#include "config.h"

#include "t_script.h"

/* What the lines may use. */
static const char before[] =
	"strategy(\"names\", overlay = true)\n"
	"len = input.int(14)\n"
	"var a = array.new<float>(3, 1.0)\n"
	"var ia = array.new<int>(3, 1)\n"
	"var sa = array.from(\"a\", \"b\")\n"
	"var ba = array.from(true, false)\n"
	"var m = map.new<string, float>()\n"
	"var mx = matrix.new<float>(2, 2, 1.0)\n"
	"var ln = line.new(0, 0.0, 1, 1.0)\n"
	"var lb = label.new(0, 0.0)\n"
	"var bx = box.new(0, 1.0, 1, 0.0)\n"
	"var tb = table.new(position.top_left, 2, 2)\n"
	"pt = chart.point.now(close)\n";

/* Values: each word is an expression (blanks within are written as ~). */
static const char *const values[] = {
	/* the bar */
	"open high low close volume hl2 hlc3 hlcc4 ohlc4 time time_close bar_index "
	"last_bar_index last_bar_time timenow time_tradingday year month dayofmonth dayofweek "
	"hour minute second weekofyear na close[1] close[len]",
	"barstate.isfirst barstate.islast barstate.isconfirmed barstate.ishistory "
	"barstate.isrealtime barstate.isnew barstate.islastconfirmedhistory",
	"syminfo.ticker syminfo.tickerid syminfo.root syminfo.prefix syminfo.basecurrency "
	"syminfo.currency syminfo.description syminfo.timezone syminfo.type syminfo.session "
	"syminfo.mintick syminfo.pointvalue syminfo.pricescale syminfo.minmove "
	"syminfo.mincontract syminfo.volumetype syminfo.country syminfo.main_tickerid",
	"timeframe.period timeframe.main_period timeframe.multiplier timeframe.isdaily "
	"timeframe.isintraday timeframe.isweekly timeframe.ismonthly timeframe.isminutes "
	"timeframe.isseconds timeframe.isticks timeframe.isdwm timeframe.change(\"D\") "
	"timeframe.in_seconds() timeframe.in_seconds(\"60\") timeframe.from_seconds(60)",
	"session.ismarket session.ispremarket session.ispostmarket session.isfirstbar "
	"session.islastbar session.isfirstbar_regular session.islastbar_regular "
	"session.regular session.extended",
	"chart.is_standard chart.is_heikinashi chart.left_visible_bar_time "
	"chart.right_visible_bar_time chart.bg_color chart.fg_color",
	"dayofweek.sunday dayofweek.monday dayofweek.tuesday dayofweek.wednesday "
	"dayofweek.thursday dayofweek.friday dayofweek.saturday",
	"math.pi math.e math.phi math.rphi math.abs(-1) math.acos(1) math.asin(1) math.atan(1) "
	"math.avg(1,~2,~3) math.ceil(1.5) math.cos(1) math.exp(1) math.floor(1.5) math.log(2) "
	"math.log10(2) math.max(1,~2,~3) math.min(1,~2) math.pow(2,~3) math.random() "
	"math.random(0,~10) math.random(0,~10,~1) math.round(1.5) math.round(1.25,~1) "
	"math.round_to_mintick(close) math.sign(-1) math.sin(1) math.sqrt(2) "
	"math.sum(close,~5) math.tan(1) math.todegrees(1) math.toradians(90)",
	"ta.accdist ta.iii ta.nvi ta.obv ta.pvi ta.pvt ta.tr ta.vwap ta.wad ta.wvad "
	"ta.alma(close,~9,~0.85,~6) ta.alma(close,~9,~0.85,~6,~true) ta.atr(14) "
	"ta.barssince(close~>~open) ta.bbw(close,~20,~2) ta.cci(close,~20) ta.change(close) "
	"ta.change(close,~2) ta.change(close~>~open) ta.cmo(close,~9) ta.cog(close,~10) "
	"ta.correlation(close,~open,~20) ta.cross(close,~open) ta.crossover(close,~open) "
	"ta.crossunder(close,~open) ta.cum(volume) ta.dev(close,~20) ta.ema(close,~len) "
	"ta.falling(close,~3) ta.highest(10) ta.highest(close,~10) ta.highestbars(10) "
	"ta.highestbars(high,~10) ta.hma(close,~16) ta.kcw(close,~20,~1.5) "
	"ta.linreg(close,~10,~0) ta.lowest(10) ta.lowest(low,~10) ta.lowestbars(10) "
	"ta.lowestbars(low,~10) ta.max(close) ta.min(close) ta.median(close,~5) "
	"ta.mfi(hlc3,~14) ta.mode(close,~5) ta.mom(close,~10) "
	"ta.percentile_linear_interpolation(close,~20,~50) "
	"ta.percentile_nearest_rank(close,~20,~50) ta.percentrank(close,~20) "
	"ta.pivothigh(5,~5) ta.pivothigh(high,~5,~5) ta.pivotlow(5,~5) ta.pivotlow(low,~5,~5) "
	"ta.range(close,~10) ta.rci(close,~10) ta.rising(close,~3) ta.rma(close,~14) "
	"ta.roc(close,~9) ta.rsi(close,~14) ta.sar(0.02,~0.02,~0.2) ta.sma(close,~14) "
	"ta.sma(close,~bar_index~%~5~+~1) ta.stdev(close,~20) ta.stdev(close,~20,~false) "
	"ta.stoch(close,~high,~low,~14) ta.swma(close) ta.tr(true) ta.tsi(close,~5,~10) "
	"ta.valuewhen(close~>~open,~high,~1) ta.variance(close,~20) ta.vwap(close) "
	"ta.vwap(close,~timeframe.change(\"W\")) ta.vwma(close,~20) ta.wma(close,~20) ta.wpr(14)",
	"nz(close[1]) nz(close[1],~0) na(close) fixnan(close) int(1.5) float(1) bool(1) "
	"string(na) color(na) year(time) month(time) dayofmonth(time) dayofweek(time) hour(time) "
	"hour(time,~\"UTC+2\") minute(time) second(time) weekofyear(time) time(\"D\") "
	"time(\"60\",~\"0930-1600\") time(\"60\",~\"0930-1600:23456\",~\"America/New_York\") "
	"time(timeframe.period,~bars_back~=~1) time_close(\"D\") time_close(\"60\",~\"0930-1600\") "
	"timestamp(2024,~1,~1) timestamp(2024,~1,~1,~0,~0,~0) timestamp(\"UTC\",~2024,~1,~1,~0,~0) "
	"timestamp(\"2024-01-01\") timestamp(year,~month,~dayofmonth,~9,~30)",
	"str.length(\"a\") str.upper(\"a\") str.lower(\"A\") str.contains(\"ab\",~\"a\") "
	"str.startswith(\"ab\",~\"a\") str.endswith(\"ab\",~\"b\") str.pos(\"ab\",~\"b\") "
	"str.replace(\"ab\",~\"a\",~\"c\") str.replace(\"ab\",~\"a\",~\"c\",~0) "
	"str.replace_all(\"ab\",~\"a\",~\"c\") str.substring(\"abc\",~1) "
	"str.substring(\"abc\",~1,~2) str.split(\"a,b\",~\",\") str.repeat(\"a\",~3) "
	"str.repeat(\"a\",~3,~\",\") str.trim(\"~a~\") str.tonumber(\"1\") str.tostring(close) "
	"str.tostring(close,~\"#.##\") str.tostring(close,~format.mintick) str.tostring(true) "
	"str.tostring(a) str.tostring(volume,~format.volume) str.format(\"{0}~{1}\",~1,~\"a\") "
	"str.format(\"{0,number,#.#}\",~close) str.format(\"{0,date,yyyy-MM-dd}\",~time) "
	"str.format_time(time,~\"yyyy-MM-dd\",~\"UTC\") str.format_time(time)",
	"array.new_float(1) array.new_int(1,~0) array.new_bool(1) array.new_string(1) "
	"array.new_color(1) array.new_line(0) array.new_label() array.new_box() "
	"array.new_table() array.new_linefill() array.new<float>(2,~0.0) array.from(1,~2) "
	"array.get(a,~0) a.get(0) array.size(a) array.avg(a) array.min(a) array.max(a) "
	"array.min(a,~1) array.sum(a) array.median(a) array.mode(ia) array.range(a) "
	"array.stdev(a) array.variance(a) array.covariance(a,~a) array.copy(a) array.slice(a,~0,~1) "
	"array.includes(a,~1.0) array.indexof(a,~1.0) array.lastindexof(a,~1.0) array.first(a) "
	"array.last(a) array.join(sa,~\",\") array.join(a,~\",\") array.percentrank(a,~0) "
	"array.percentile_nearest_rank(a,~50) array.percentile_linear_interpolation(a,~50) "
	"array.standardize(a) array.abs(a) array.binary_search(a,~1) "
	"array.binary_search_leftmost(a,~1) array.binary_search_rightmost(a,~1) "
	"array.sort_indices(a) array.some(ba) array.every(ba) array.concat(a,~a) "
	"m.size() m.get(\"a\") m.contains(\"a\") m.keys() m.values() m.copy() map.new<int,~bool>() "
	"mx.get(0,~0) mx.rows() mx.columns() mx.elements_count() mx.row(0) mx.col(0) mx.sum(1) "
	"mx.diff(mx) mx.mult(mx) mx.mult(2) mx.transpose() mx.inv() mx.det() mx.trace() mx.rank() "
	"mx.avg() mx.min() mx.max() mx.median() mx.mode() mx.copy() mx.submatrix() mx.pow(2) "
	"mx.kron(mx) mx.concat(mx) mx.is_square() mx.is_zero() mx.is_binary() mx.is_identity() "
	"mx.is_diagonal() mx.is_antidiagonal() mx.is_symmetric() mx.is_antisymmetric() mx.is_triangular() "
	"mx.is_stochastic()",
	"color.red color.aqua color.black color.blue color.fuchsia color.gray color.green "
	"color.lime color.maroon color.navy color.olive color.orange color.purple color.silver "
	"color.teal color.white color.yellow color.new(color.red,~50) color.rgb(1,~2,~3) "
	"color.rgb(1,~2,~3,~50) color.r(color.red) color.g(color.red) color.b(color.red) "
	"color.t(color.red) color.from_gradient(close,~0,~1,~color.red,~color.green) #ff0000 "
	"#ff000080",
	"request.security(syminfo.tickerid,~\"D\",~close) "
	"request.security(syminfo.tickerid,~\"D\",~close,~barmerge.gaps_on,~barmerge.lookahead_off) "
	"request.security(syminfo.tickerid,~\"D\",~high[1],~lookahead~=~barmerge.lookahead_on) "
	"request.security_lower_tf(syminfo.tickerid,~\"15\",~close) "
	"ticker.new(\"a\",~\"b\") ticker.standard(syminfo.tickerid) "
	"ticker.heikinashi(syminfo.tickerid) ticker.modify(syminfo.tickerid) "
	"ticker.inherit(syminfo.tickerid,~\"BTCUSDT\") data.column(\"x\") ml.predict(\"m\",~\"buy\") "
	"ml.action(\"m\") ml.confidence(\"m\")",
	"strategy.account_currency strategy.avg_losing_trade strategy.avg_losing_trade_percent "
	"strategy.avg_trade strategy.avg_trade_percent strategy.avg_winning_trade "
	"strategy.avg_winning_trade_percent strategy.closedtrades "
	"strategy.closedtrades.first_index strategy.equity strategy.eventrades "
	"strategy.grossloss strategy.grossloss_percent strategy.grossprofit "
	"strategy.grossprofit_percent strategy.initial_capital strategy.losstrades "
	"strategy.margin_liquidation_price strategy.max_contracts_held_all "
	"strategy.max_contracts_held_long strategy.max_contracts_held_short "
	"strategy.max_drawdown strategy.max_drawdown_percent strategy.max_runup "
	"strategy.max_runup_percent strategy.netprofit strategy.netprofit_percent "
	"strategy.openprofit strategy.openprofit_percent strategy.opentrades "
	"strategy.opentrades.capital_held strategy.position_avg_price "
	"strategy.position_entry_name strategy.position_size strategy.wintrades "
	"strategy.default_entry_qty(close) strategy.convert_to_account(1) "
	"strategy.convert_to_symbol(1)",
	"strategy.closedtrades.commission(0) strategy.closedtrades.entry_bar_index(0) "
	"strategy.closedtrades.entry_comment(0) strategy.closedtrades.entry_id(0) "
	"strategy.closedtrades.entry_price(0) strategy.closedtrades.entry_time(0) "
	"strategy.closedtrades.exit_bar_index(0) strategy.closedtrades.exit_comment(0) "
	"strategy.closedtrades.exit_id(0) strategy.closedtrades.exit_price(0) "
	"strategy.closedtrades.exit_time(0) strategy.closedtrades.max_drawdown(0) "
	"strategy.closedtrades.max_drawdown_percent(0) strategy.closedtrades.max_runup(0) "
	"strategy.closedtrades.max_runup_percent(0) strategy.closedtrades.profit(0) "
	"strategy.closedtrades.profit_percent(0) strategy.closedtrades.size(0) "
	"strategy.opentrades.commission(0) strategy.opentrades.entry_bar_index(0) "
	"strategy.opentrades.entry_comment(0) strategy.opentrades.entry_id(0) "
	"strategy.opentrades.entry_price(0) strategy.opentrades.entry_time(0) "
	"strategy.opentrades.max_drawdown(0) strategy.opentrades.max_drawdown_percent(0) "
	"strategy.opentrades.max_runup(0) strategy.opentrades.max_runup_percent(0) "
	"strategy.opentrades.profit(0) strategy.opentrades.profit_percent(0) "
	"strategy.opentrades.size(0)",
	"input(1) input(close) input(\"a\") input(true) input(1.5) input(color.red) "
	"input.int(1,~\"T\",~0,~10,~1,~\"tip\",~\"in\",~\"grp\",~false) input.int(1,~options~=~[1,~2]) "
	"input.float(1.5,~\"T\",~step~=~0.1) input.bool(true,~\"T\") "
	"input.string(\"a\",~\"T\",~[\"a\",~\"b\"]) input.source(close,~\"T\") "
	"input.timeframe(\"D\",~\"T\") input.timeframe(\"60\",~options~=~[\"60\",~\"240\"]) "
	"input.symbol(\"\",~\"T\") input.session(\"0930-1600\",~\"T\") "
	"input.time(timestamp(\"2024-01-01\"),~\"T\",~confirm~=~true) input.price(1.0,~\"T\") "
	"input.text_area(\"a\",~\"T\") input.color(color.red,~\"T\",~display~=~display.none) "
	"input.int(1,~active~=~true)",
	"line.get_x1(ln) line.get_y1(ln) line.get_x2(ln) line.get_y2(ln) ln.get_price(1) "
	"label.get_x(lb) label.get_y(lb) lb.get_text() box.get_left(bx) bx.get_right() "
	"bx.get_top() bx.get_bottom() line.copy(ln) label.copy(lb) box.copy(bx) line.all "
	"label.all box.all table.all linefill.all polyline.all linefill.new(ln,~ln,~color.red) "
	"polyline.new(array.from(pt)) chart.point.new(time,~bar_index,~close) "
	"chart.point.from_index(1,~close) chart.point.from_time(time,~close) pt.price pt.index "
	"pt.time pt.copy() line.new(pt,~pt) label.new(pt,~\"a\") box.new(pt,~pt)",
	"order.ascending order.descending currency.USD currency.NONE scale.right format.price "
	"display.all plot.style_line location.top shape.circle size.tiny extend.both xloc.bar_time "
	"yloc.price text.align_left text.wrap_auto font.family_monospace position.middle_center "
	"hline.style_dotted label.style_label_up line.style_dashed barmerge.gaps_off "
	"alert.freq_once_per_bar_close strategy.long strategy.short strategy.fixed strategy.cash "
	"strategy.percent_of_equity strategy.oca.cancel strategy.oca.none strategy.oca.reduce "
	"strategy.commission.percent strategy.commission.cash_per_order "
	"strategy.commission.cash_per_contract strategy.direction.all strategy.direction.long "
	"strategy.direction.short adjustment.none",
};

/* Statements, a line each. */
static const char *const statements[] = {
	"strategy.entry(\"L\", strategy.long, 1, 1.0, 2.0, \"o\", strategy.oca.cancel, \"c\", \"a\", true)",
	"strategy.entry(id = \"L\", direction = strategy.short, qty = 1, limit = 1, stop = 2)",
	"strategy.order(\"L\", strategy.long, 1, limit = 1, stop = 2, oca_name = \"o\")",
	"strategy.exit(\"X\", \"L\", qty = 1, qty_percent = 50, profit = 1, limit = 1, loss = 1, "
	"stop = 1, trail_price = 1, trail_points = 1, trail_offset = 1, oca_name = \"o\", comment = "
	"\"c\", comment_profit = \"p\", comment_loss = \"l\", comment_trailing = \"t\", alert_message = "
	"\"a\", alert_profit = \"a\", alert_loss = \"a\", alert_trailing = \"a\", disable_alert = true)",
	"strategy.close(\"L\", comment = \"c\", qty = 1, qty_percent = 50, immediately = true)",
	"strategy.close_all(comment = \"c\", immediately = true)", "strategy.cancel(\"L\")",
	"strategy.cancel_all()", "strategy.risk.allow_entry_in(strategy.direction.long)",
	"strategy.risk.max_cons_loss_days(3)",
	"strategy.risk.max_drawdown(10, strategy.percent_of_equity)",
	"strategy.risk.max_intraday_filled_orders(5)",
	"strategy.risk.max_intraday_loss(5, strategy.cash)", "strategy.risk.max_position_size(5)",
	"[b1, b2, b3] = ta.bb(close, 20, 2)", "[k1, k2, k3] = ta.kc(close, 20, 1.5, true)",
	"[d1, d2, d3] = ta.dmi(14, 14)", "[s1, s2] = ta.supertrend(3, 10)",
	"[m1, m2, m3] = ta.macd(close, 12, 26, 9)",
	"[v1, v2, v3] = ta.vwap(close, timeframe.change(\"D\"), 1)",
	"[q1, q2] = request.security(syminfo.tickerid, \"D\", [open, close])",
	"plot(close, \"t\", color.red, 1, plot.style_line, true, 0.0, 0, false, true, 10, display.all)",
	("plotshape(close > open, \"t\", shape.circle, location.top, color.red, 0, \"x\", color.white, "
	 "size = size.tiny)"), "plotchar(close > open, \"t\", \"x\", location.top)",
	"plotarrow(close - open, colorup = color.red, colordown = color.green)",
	"plotbar(open, high, low, close)", "plotcandle(open, high, low, close)",
	"bgcolor(close > open ? color.red : na, offset = 1, title = \"t\")",
	"barcolor(close > open ? color.red : na)", "hline(50, \"t\", color.red, hline.style_dotted, 1)",
	"p1 = plot(open)\np2 = plot(close)\nfill(p1, p2, color.red)",
	"h1 = hline(1)\nh2 = hline(2)\nfill(h1, h2, color = color.red)",
	"alert(\"a\", alert.freq_once_per_bar_close)", "alertcondition(close > open, \"t\", \"m\")",
	"log.info(\"{0}\", close)", "log.warning(\"w\")", "log.error(\"e\")",
	"if close < 0\n    runtime.error(\"e\")", "max_bars_back(close, 100)",
	"line.set_x1(ln, 1)\nline.set_y1(ln, 1)\nline.set_x2(ln, 1)\nline.set_y2(ln, 1)",
	"line.set_xy1(ln, 1, 1)\nline.set_xy2(ln, 1, 1)\nline.set_color(ln, color.red)",
	"line.set_style(ln, line.style_dotted)\nline.set_width(ln, 2)\nline.set_extend(ln, extend.both)",
	"line.set_xloc(ln, 1, 2, xloc.bar_time)\nln.set_first_point(pt)\nln.set_second_point(pt)",
	"label.set_x(lb, 1)\nlabel.set_y(lb, 1)\nlabel.set_xy(lb, 1, 1)\nlabel.set_text(lb, \"a\")",
	"label.set_color(lb, color.red)\nlabel.set_textcolor(lb, color.red)\nlb.set_size(size.tiny)",
	"lb.set_style(label.style_none)\nlb.set_textalign(text.align_left)\nlb.set_tooltip(\"a\")",
	"lb.set_point(pt)\nlb.set_yloc(yloc.price)\nlb.set_xloc(1, xloc.bar_index)",
	"box.set_left(bx, 1)\nbox.set_right(bx, 1)\nbox.set_top(bx, 1)\nbox.set_bottom(bx, 1)",
	"bx.set_lefttop(1, 1)\nbx.set_rightbottom(1, 1)\nbx.set_bgcolor(color.red)",
	"bx.set_border_color(color.red)\nbx.set_border_width(1)\nbx.set_text(\"a\")",
	"line.delete(ln)\nlabel.delete(lb)\nbox.delete(bx)\ntable.delete(tb)",
	"table.cell(tb, 0, 0, \"a\", text_color = color.red)\ntable.clear(tb, 0, 0)",
	"tb.cell_set_text(0, 0, \"a\")\ntb.merge_cells(0, 0, 1, 1)\ntb.set_position(position.top_left)",
	"array.set(a, 0, 1)\narray.push(a, 1)\narray.unshift(a, 1)\narray.insert(a, 0, 1)",
	"x = array.pop(a)\ny = array.shift(a)\nz = array.remove(a, 0)",
	"array.sort(a)\narray.sort(a, order.descending)\narray.reverse(a)\narray.fill(a, 0)\narray.clear(a)",
	"m.put(\"a\", 1)\nm.put_all(m)\nm.remove(\"a\")\nm.clear()",
	"mx.set(0, 0, 1)\nmx.fill(0)\nmx.add_row(0, array.from(1.0, 2))\nmx.add_col(0)",
	"r = mx.remove_row(0)\nmx.swap_rows(0, 0)\nmx.swap_columns(0, 1)\nmx.sort(0)\nmx.reverse()",
	"for i = 0 to 3 by 2\n    if i == 1\n        continue\n    break",
	"for [i, v] in a\n    array.set(ia, 0, i)", "for v in a\n    array.push(ia, 1)",
	"i = 0\nwhile i < 3\n    i += 1",
	"x = switch\n    close > open => 1\n    => 2", "x = switch len\n    14 => \"a\"\n    => \"b\"",
	"[x, y] = if close > open\n    [1, 2]\nelse\n    [3, 4]",
	"[x, y] = switch\n    close > open => [1, 2]\n    => [3, 4]",
	"[x, y] = for i = 0 to 3\n    [i, i * 2]",
	"x = for v in a\n    v * 2", "type T\n    float x = 1\n    array<int> y\nt = T.new()\nt.x += 1",
	"type T\n    varip int n = 0\nvar t = T.new(n = 2)\nu = T.copy(t)",
	"enum E\n    one = \"One\"\n    two\ne = E.one\nx = switch e\n    E.one => 1\n    E.two => 2",
	"enum E\n    one = \"One\"\n    two\ne = input.enum(E.two, \"T\")",
	"method twice(float this) => this * 2\nx = close.twice()",
	"export f(float x) => x + 1\ny = f(2)", "varip int n = 0\nn += 1",
	"f(float x, simple int n = 3, series float y = 1.0) => x * n + y\nz = f(1, y = 2)",
	"const int N = 3\nsimple int s = 4\nseries float f = close\ninput int g = 4",
	"f() =>\n    var int n = 0\n    n += 1\n    [n, close]\n[x, _] = f()",
};

static size_t failed;

static double said[SM__N] = { 0.5, 0.3, 0.2, 0.5, 0, NAN };
static const int64_t said_at = 0;
static const struct script_model model = { "m", said, &said_at, 1 };

static void compiles(int version, const char *body)
{
	struct script_market market = t_market;
	struct arena *a = arena_new("t", 1 << 26);
	const struct script_prog *p;
	struct script_vm *vm;
	char src[6000];
	struct diags d;
	struct err err;

	market.models = &model;
	market.n_models = 1;
	snprintf(src, sizeof(src), "//@version=%d\n%s%s\n", version, before, body);
	if (script_compile(a, src, strlen(src), NULL, &p, &d, &err) < 0) {
		print_error("%s\n  %s\n", body, err.msg);
		failed++;
	} else if (strstr(body, "lower_tf") == NULL &&
		   script_vm_new(a, p, NULL, &market, NULL, &vm, &err) < 0) {
		print_error("%s\n  %s\n", body, err.msg);
		failed++;
	}
	arena_free(&a);
}

static void every_value_compiles(void **state)
{
	(void)state;
	failed = 0;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		char line[5000], body[400], *at = line, *w;

		snprintf(line, sizeof(line), "%s", values[i]);
		while ((w = strsep(&at, " ")) != NULL) {
			for (char *c = w; *c != '\0'; c++)
				*c = *c == '~' ? ' ' : *c;
			snprintf(body, sizeof(body), strcmp(w, "na") == 0 ? "float v = %s" :
				 "v = %s", w);
			compiles(6, body);
			if (strstr(w, "bool(") == NULL)
				compiles(5, body);
		}
	}
	assert_int_equal(failed, 0);
}

static void every_statement_compiles(void **state)
{
	(void)state;
	failed = 0;
	for (size_t i = 0; i < sizeof(statements) / sizeof(*statements); i++) {
		compiles(6, statements[i]);
		compiles(5, statements[i]);
	}
	assert_int_equal(failed, 0);
}

/* --- Batch and stream ---------------------------------------------------------- */

#define BARS 400
static struct t_bars bars;

static uint64_t trace(struct arena *a, const struct script_prog *p, struct rng *r)
{
	struct strat_account acct = { .initial_capital = 1000, .equity = 1000 };
	struct script_column col = { "x", bars.v, BARS };
	struct script_market m = t_market;
	struct bars all = t_view(&bars, BARS);
	const struct script_plot *plots;
	size_t n = script_plots(p, &plots);
	uint64_t h = 0xcbf29ce484222325u;
	struct script_vm *vm;
	struct strat_cmds cmds;
	struct err err;
	double y[100];

	m.columns = &col;
	m.n_columns = 1;
	m.models = &model;
	m.n_models = 1;
	if (script_vm_new(a, p, NULL, &m, NULL, &vm, &err) < 0)
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < BARS; ) {
		size_t k = r == NULL ? 1 : 1 + (size_t)(rng_unit(r) * (SCRIPT_BLOCK - 1));
		struct bars part = bars_slice(&all, i, k < BARS - i ? k : BARS - i);

		assert_int_equal(script_block(vm, &part, &err), 0);
		for (size_t q = 0; q < part.n; q++, i++) {
			acct.position_size = bars.c[i] > bars.o[i] ? (double)i : 0;
			if (script_step(vm, &acct, &cmds, &err) < 0)
				fail_msg("%s", err.msg);
			script_plot_values(vm, y);
			for (size_t f = 0; f < n; f++) {
				uint64_t bits = 1;	/* any na */

				if (!isnan(y[f]))
					memcpy(&bits, &y[f], sizeof(bits));
				h = (h ^ bits) * 0x100000001b3u;
			}
		}
	}
	return h;
}

static void same_in_random_cuts(const char *body, struct rng *r)
{
	struct arena *a = arena_new("t", 1 << 27);
	const struct script_prog *p;
	char src[6000];
	struct diags d;
	struct err err;
	uint64_t want;

	snprintf(src, sizeof(src), "//@version=6\n%s%s\n", before, body);
	if (script_compile(a, src, strlen(src), NULL, &p, &d, &err) == 0) {
		want = trace(a, p, NULL);
		for (int k = 0; k < 3; k++)
			if (trace(a, p, r) != want)
				fail_msg("differs in blocks: %s", body);
		failed++;
	}
	arena_free(&a);
}

/* What can be plotted, and its value some bars ago, is the same to the bit
 * however the bars are cut into blocks. */
static void every_value_is_the_same_in_blocks(void **state)
{
	struct rng r;

	(void)state;
	rng_seed(&r, 11);
	t_walk(&bars, 17);
	failed = 0;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		char line[5000], body[900], *at = line, *w;

		snprintf(line, sizeof(line), "%s", values[i]);
		while ((w = strsep(&at, " ")) != NULL) {
			for (char *c = w; *c != '\0'; c++)
				*c = *c == '~' ? ' ' : *c;
			/* these ask for candles that are not there */
			if (strstr(w, "lower_tf") != NULL)
				continue;
			snprintf(body, sizeof(body), "v = %s\nplot(v)\nplot(v[3])\nx = close > open "
				 "? v : v[1]\nplot(x)", w);
			same_in_random_cuts(body, &r);
			snprintf(body, sizeof(body), "v = %s\nplot(v ? 1 : 0)\nplot(v[3] ? 1 : 0)", w);
			same_in_random_cuts(body, &r);
		}
	}
	assert_true(failed > 250);	/* so many could be plotted */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_value_compiles),
		cmocka_unit_test(every_statement_compiles),
		cmocka_unit_test(every_value_is_the_same_in_blocks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
