#include "config.h"

#include <math.h>
#include <string.h>

#include "bt/html.h"
#include "core/clock.h"

const char bt_html_style[] =
	":root{color-scheme:light}"
	"body{font:15px/1.5 system-ui,sans-serif;color:#1c2430;background:#fff;"
	"max-width:1000px;margin:0 auto;padding:24px 16px}"
	"h1{font-size:26px;margin:0 0 4px}h2{font-size:18px;margin:32px 0 8px}"
	"p.sub{color:#5a6472;margin:0 0 16px}p.note{color:#5a6472}"
	"pre{white-space:pre-wrap;background:#f5f6f8;padding:12px;font-size:12px}"
	"dl.key{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,"
	"1fr));gap:8px;margin:16px 0}dl.key div{border:1px solid #e2e5ea;"
	"border-radius:6px;padding:8px 10px}dl.key dt{color:#5a6472;font-size:12px}"
	"dl.key dd{margin:0;font-size:18px;font-variant-numeric:tabular-nums}"
	"table{border-collapse:collapse;width:100%;font-size:13px}"
	"th,td{border-bottom:1px solid #e2e5ea;padding:4px 8px;text-align:left}"
	"td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;"
	"white-space:nowrap}.wide{overflow-x:auto}"
	"td.p1{background:#e6f4e7}td.p2{background:#c5e5c8}td.p3{background:#9fd3a4}"
	"td.l1{background:#fdebe9}td.l2{background:#f9d0cb}td.l3{background:#f2aca4}"
	"@media print{body{max-width:none;padding:0}h2{break-after:avoid}"
	"svg,tr,dl.key div{break-inside:avoid}.wide{overflow:visible}"
	"table{font-size:10px}}";
/* test_bt_html works it out again. */
const char bt_html_style_hash[] = "D5ygbJD2bz3Q2R++eDcXlDYmylHXOE0jrUKTx5MC20s=";

/* ---- text ----------------------------------------------------------------- */

void html_text(struct sbuf *b, const char *s)
{
	bool utf8 = s != NULL && str_utf8_valid(str_c(s));

	for (; s != NULL && *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		switch (c) {
		case '&': sbuf_add_cstr(b, "&amp;"); break;
		case '<': sbuf_add_cstr(b, "&lt;"); break;
		case '>': sbuf_add_cstr(b, "&gt;"); break;
		case '"': sbuf_add_cstr(b, "&quot;"); break;
		case '\'': sbuf_add_cstr(b, "&#39;"); break;
		default:
			if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f ||
			    (c >= 0x80 && !utf8))
				sbuf_add_cstr(b, "&#65533;");
			else
				sbuf_add_c(b, *s);
		}
	}
}

static void time_part(struct sbuf *b, int64_t ms, size_t n)
{
	char text[TIME_TEXT_MAX];

	time_format(text, ms);
	for (size_t i = 0; i < n && text[i] != '\0'; i++)
		sbuf_add_c(b, text[i] == 'T' ? ' ' : text[i]);
}

void html_date(struct sbuf *b, int64_t ms)
{
	time_part(b, ms, 10);
}

void html_minute(struct sbuf *b, int64_t ms)
{
	time_part(b, ms, 16);
}

static void cell(struct sbuf *b, const char *s)
{
	sbuf_add_cstr(b, "<td>");
	html_text(b, s);
	sbuf_add_cstr(b, "</td>");
}

static void cell_num(struct sbuf *b, enum metric_kind k, double v)
{
	sbuf_add_cstr(b, "<td class=\"n\">");
	metric_text(b, k, v);
	sbuf_add_cstr(b, "</td>");
}

static void cell_price(struct sbuf *b, double v)
{
	sbuf_add_cstr(b, "<td class=\"n\">");
	if (isfinite(v))
		sbuf_addf(b, "%.10g", v);
	sbuf_add_cstr(b, "</td>");
}

static void head(struct sbuf *b, const char *const *names, size_t n, size_t first_n)
{
	sbuf_add_cstr(b, "<div class=\"wide\"><table><thead><tr>");
	for (size_t i = 0; i < n; i++) {
		sbuf_add_cstr(b, i >= first_n ? "<th class=\"n\" scope=\"col\">" :
			      "<th scope=\"col\">");
		html_text(b, names[i]);
		sbuf_add_cstr(b, "</th>");
	}
	sbuf_add_cstr(b, "</tr></thead><tbody>\n");
}

static void foot(struct sbuf *b)
{
	sbuf_add_cstr(b, "</tbody></table></div>\n");
}

/* ---- the parts of the page ------------------------------------------------- */

struct page {
	struct sbuf *b;
	const struct bt_record *r;
	const struct json *metrics, *properties;
	bool freqtrade;
	struct arena *tmp;
};

static double metric(const struct page *p, const char *name)
{
	double v;

	return json_f64(json_get(p->metrics, name), &v) ? v : NAN;
}

static void begin(const struct page *p, const struct bt_html_head *h)
{
	const struct bt_record *r = p->r;
	struct sbuf *b = p->b;

	sbuf_add_cstr(b, "<!DOCTYPE html>\n<html lang=\"en\"><head>"
		      "<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-"
		      "Security-Policy\" content=\"default-src 'none'; style-src "
		      "'sha256-");
	sbuf_add_cstr(b, bt_html_style_hash);
	sbuf_add_cstr(b, "'\">\n<meta name=\"viewport\" content=\"width=device-"
		      "width,initial-scale=1\">\n<title>");
	html_text(b, h->name != NULL ? h->name : r->title);
	sbuf_add_cstr(b, "</title>\n<style>");
	sbuf_add_cstr(b, bt_html_style);
	sbuf_add_cstr(b, "</style></head>\n<body><main>\n<h1>");
	html_text(b, h->name != NULL ? h->name : r->title);
	sbuf_add_cstr(b, "</h1>\n<p class=\"sub\">");
	html_text(b, r->title);
	if (h->market != NULL) {
		sbuf_add_cstr(b, " &#183; ");
		html_text(b, h->market);
	}
	if (h->timeframe != NULL) {
		sbuf_add_cstr(b, " &#183; ");
		html_text(b, h->timeframe);
	}
	if (r->n > 0) {
		sbuf_add_cstr(b, " &#183; ");
		html_minute(b, r->t[0]);
		sbuf_add_cstr(b, " to ");
		html_minute(b, r->t[r->n - 1]);
		sbuf_add_cstr(b, " UTC");
	}
	sbuf_add_cstr(b, "</p>\n");
	if (h->notes != NULL && *h->notes != '\0') {
		sbuf_add_cstr(b, "<pre>");
		html_text(b, h->notes);
		sbuf_add_cstr(b, "</pre>\n");
	}
}

static void key_figures(const struct page *p)
{
	static const char *const chart[] = {
		"final_equity", "total_return", "buy_hold_return", "cagr",
		"max_drawdown_ratio", "sharpe", "sortino", "profit_factor",
		"win_rate", "trades", "expectancy", "fees", "exposure" };
	static const char *const ft[] = {
		"final_balance", "profit_total", "market_change", "cagr",
		"max_drawdown_account", "sharpe", "sortino", "profit_factor",
		"winrate", "trades", "expectancy" };
	size_t n = p->freqtrade ? ARRAY_LEN(ft) : ARRAY_LEN(chart);

	sbuf_add_cstr(p->b, "<dl class=\"key\">");
	for (size_t i = 0; i < n; i++) {
		const char *name = p->freqtrade ? ft[i] : chart[i];
		const struct metric_doc *d = metric_doc(p->freqtrade, str_c(name));

		sbuf_add_cstr(p->b, "<div><dt>");
		html_text(p->b, d->label);
		sbuf_add_cstr(p->b, "</dt><dd>");
		metric_text(p->b, d->kind, metric(p, name));
		sbuf_add_cstr(p->b, "</dd></div>");
	}
	sbuf_add_cstr(p->b, "</dl>\n");
}

static void charts(const struct page *p)
{
	struct sbuf *b = p->b;

	if (p->r->n == 0)
		return;
	sbuf_add_cstr(b, "<h2>Equity</h2>\n");
	svg_equity(b, p->r);
	sbuf_add_cstr(b, "<h2>Drawdown</h2>\n");
	svg_drawdown(b, p->r);
}

static const char *shade(double ratio)
{
	double v = fabs(ratio);

	if (!isfinite(ratio) || v < 0.0005)
		return "n";
	if (ratio > 0)
		return v > 0.1 ? "n p3" : v > 0.03 ? "n p2" : "n p1";
	return v > 0.1 ? "n l3" : v > 0.03 ? "n l2" : "n l1";
}

static void month_cell(struct sbuf *b, double ratio)
{
	sbuf_addf(b, "<td class=\"%s\">", shade(ratio));
	if (isfinite(ratio))
		sbuf_addf(b, "%.1f", ratio * 100);
	sbuf_add_cstr(b, "</td>");
}

static void months(const struct page *p)
{
	static const char *const names[] = { "Year", "Jan", "Feb", "Mar", "Apr",
		"May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "All" };
	struct bt_month *m;
	size_t n = bt_record_months(p->tmp, p->r, &m);
	struct sbuf *b = p->b;

	sbuf_add_cstr(b, "<h2>Monthly returns, percent</h2>\n");
	head(b, names, ARRAY_LEN(names), 1);
	for (size_t i = 0; i < n;) {
		int year = m[i].year;
		double all = 1;

		sbuf_addf(b, "<tr><th scope=\"row\">%d</th>", year);
		for (int k = 1; k <= 12; k++) {
			bool there = i < n && m[i].year == year && m[i].month == k;

			month_cell(b, there ? m[i].ratio : NAN);
			if (!there)
				continue;
			all *= 1 + m[i].ratio;
			i++;
		}
		month_cell(b, all - 1);
		sbuf_add_cstr(b, "</tr>\n");
	}
	foot(b);
}

static void distribution(const struct page *p)
{
	if (p->r->n_trades == 0)
		return;
	sbuf_add_cstr(p->b, "<h2>Results of trades</h2>\n");
	svg_distribution(p->b, p->r);
	sbuf_add_cstr(p->b, "<h2>Excursions</h2>\n<p class=\"note\">Across: the "
		      "worst open loss of a trade. Upwards: its best open profit. "
		      "Green ended with a profit.</p>\n");
	svg_excursions(p->b, p->r);
}

static void groups(const struct page *p)
{
	static const char *const titles[] = { "By pair", "By entry", "By exit",
		"By exit reason", "By tag" };
	static const char *const names[] = { "Name", "Trades", "Win rate", "Profit",
		"Fees", "Bars, mean" };

	for (int by = 0; by < BT_GROUP__MAX; by++) {
		struct bt_sum *v;
		size_t n = bt_record_groups(p->tmp, p->r, (enum bt_grouping)by, &v);

		if (n == 0 || (n == 1 && by == BT_GROUP_PAIR) ||
		    (n == 1 && *v[0].name == '\0'))
			continue;
		sbuf_addf(p->b, "<h2>%s</h2>\n", titles[by]);
		head(p->b, names, ARRAY_LEN(names), 1);
		for (size_t i = 0; i < n && i < 100; i++) {
			sbuf_add_cstr(p->b, "<tr>");
			cell(p->b, *v[i].name ? v[i].name : "\xe2\x80\x93");
			cell_num(p->b, METRIC_COUNT, v[i].trades);
			cell_num(p->b, METRIC_RATIO, v[i].wins / v[i].trades);
			cell_num(p->b, METRIC_MONEY, v[i].profit);
			cell_num(p->b, METRIC_MONEY, v[i].fees);
			cell_num(p->b, METRIC_NUM, v[i].bars / v[i].trades);
			sbuf_add_cstr(p->b, "</tr>\n");
		}
		foot(p->b);
		if (n > 100)
			sbuf_addf(p->b, "<p class=\"note\">%zu more are in the "
				  "list of trades.</p>\n", n - 100);
	}
}

static void metrics(const struct page *p)
{
	static const char *const names[] = { "Metric", "Definition", "Value" };
	const struct json *v;
	struct str key;

	sbuf_add_cstr(p->b, "<h2>Metrics</h2>\n");
	head(p->b, names, ARRAY_LEN(names), 2);
	for (size_t i = 0; json_member(p->metrics, i, &key, &v); i++) {
		const struct metric_doc *d = metric_doc(p->freqtrade, key);
		double x;

		sbuf_add_cstr(p->b, "<tr>");
		cell(p->b, d != NULL ? d->label : key.p);
		cell(p->b, d != NULL ? d->definition : "");
		cell_num(p->b, d != NULL ? d->kind : METRIC_NUM,
			 json_f64(v, &x) ? x : NAN);
		sbuf_add_cstr(p->b, "</tr>\n");
	}
	foot(p->b);
}

static void trades(const struct page *p)
{
	static const char *const names[] = { "#", "Pair", "Side", "Entry", "Signal",
		"Exit", "Reason", "Price in", "Price out", "Quantity", "Profit",
		"%", "Bars" };
	const struct bt_record *r = p->r;
	struct sbuf *b = p->b;
	size_t n = r->n_trades < BT_HTML_TRADES ? r->n_trades : BT_HTML_TRADES;

	sbuf_add_cstr(b, "<h2>Trades</h2>\n");
	head(b, names, ARRAY_LEN(names), 7);
	for (size_t i = 0; i < n; i++) {
		const struct bt_trade *t = &r->trades[i];

		sbuf_addf(b, "<tr><td>%llu</td>", (unsigned long long)t->number);
		cell(b, t->pair);
		cell(b, t->is_short ? "short" : "long");
		sbuf_add_cstr(b, "<td>");
		html_minute(b, t->entry_ms);
		sbuf_add_cstr(b, "</td>");
		cell(b, t->entry_signal);
		sbuf_add_cstr(b, "<td>");
		if (t->open_at_end)
			sbuf_add_cstr(b, "open");
		else
			html_minute(b, t->exit_ms);
		sbuf_add_cstr(b, "</td>");
		cell(b, t->exit_reason);
		cell_price(b, t->entry_price);
		cell_price(b, t->exit_price);
		cell_price(b, t->qty);
		cell_num(b, METRIC_MONEY, t->profit);
		cell_num(b, METRIC_RATIO, t->profit_ratio);
		sbuf_addf(b, "<td class=\"n\">%lld</td></tr>\n", (long long)t->bars);
	}
	foot(b);
	if (n < r->n_trades)
		sbuf_addf(b, "<p class=\"note\">The first %zu of %zu trades; the CSV "
			  "export has all of them.</p>\n", n, r->n_trades);
}

static void properties(const struct page *p)
{
	static const char *const names[] = { "Property", "In force" };
	const struct json *v;
	struct str key;

	sbuf_add_cstr(p->b, "<h2>In force</h2>\n");
	head(p->b, names, ARRAY_LEN(names), 2);
	for (size_t i = 0; json_member(p->properties, i, &key, &v); i++) {
		bool when = str_eqc(key, "from") || str_eqc(key, "to");
		struct sbuf text;
		struct jw w;
		int64_t t;

		sbuf_add_cstr(p->b, "<tr>");
		cell(p->b, key.p);
		sbuf_add_cstr(p->b, "<td>");
		if (when && json_i64(v, &t)) {
			html_minute(p->b, t);
		} else if (json_type(v) == JSON_STR) {
			html_text(p->b, json_text(v).p);
		} else {
			sbuf_init(&text, p->tmp, 1 << 16);
			jw_init(&w, &text);
			jw_json(&w, v);
			html_text(p->b, sbuf_finish(&text));
		}
		sbuf_add_cstr(p->b, "</td></tr>\n");
	}
	foot(p->b);
}

void bt_html(struct sbuf *b, const struct bt_record *r,
	     const struct bt_html_head *h)
{
	struct arena *tmp CLEANUP(arena_free) = arena_new("html", (size_t)1 << 30);
	struct page p = { .b = b, .r = r, .tmp = tmp };

	/* Both were written by us; were they not JSON, their tables are empty. */
	if (json_parse(tmp, r->metrics, strlen(r->metrics), &p.metrics, NULL) < 0)
		p.metrics = NULL;
	if (json_parse(tmp, r->properties, strlen(r->properties), &p.properties,
		       NULL) < 0)
		p.properties = NULL;
	p.freqtrade = json_get(p.metrics, "starting_balance") != NULL;
	begin(&p, h);
	key_figures(&p);
	charts(&p);
	months(&p);
	distribution(&p);
	groups(&p);
	metrics(&p);
	trades(&p);
	properties(&p);
	if (h->source != NULL) {
		sbuf_add_cstr(b, "<h2>Script</h2>\n<pre>");
		html_text(b, h->source);
		sbuf_add_cstr(b, "</pre>\n");
	}
	sbuf_add_cstr(b, "<p class=\"note\">Results of the past; fills, fees and "
		      "slippage are simulated by the rules above.</p>\n</main>"
		      "</body></html>\n");
}
