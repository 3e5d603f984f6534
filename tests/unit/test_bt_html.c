#include "config.h"
#include "t_script.h"

#include <sodium.h>
#include <stdlib.h>

#include "bt/ft.h"
#include "bt/html.h"
#include "bt/record.h"

/* The page of a run. */

#define SCRIPT(name)							\
	"//@version=6\nstrategy(\"" name "\", overlay = true)\n"	\
	"if ta.crossover(ta.sma(close, 5), ta.sma(close, 20))\n"	\
	"    strategy.entry(\"<b>L&\", strategy.long, comment = \"<i>it's&\")\n"	\
	"if ta.crossunder(ta.sma(close, 5), ta.sma(close, 20))\n"	\
	"    strategy.entry(\"S\", strategy.short)\nplot(close)\n"

static struct arena *a;
static struct t_bars bars;

static int fresh(void **state)
{
	(void)state;
	a = arena_new("t", (size_t)1 << 28);
	t_walk(&bars, 4);
	return 0;
}

static int done(void **state)
{
	(void)state;
	arena_free(&a);
	return 0;
}

static void run(const char *src, size_t n, struct bt_record *ret)
{
	const struct script_prog *p = t_compile(a, src);
	struct bars *b = NEW(a, struct bars);
	struct bt_result *r = NEW(a, struct bt_result);
	struct bt_plots *plots = NEW(a, struct bt_plots);
	struct bt_options o = bt_defaults();
	struct script_market m = t_market;
	struct err err;

	m.pointvalue = 1;
	*b = t_view(&bars, n);
	bt_plots_init(a, p, n, BT_PLOT_VALUES, plots);
	o.each_bar = bt_plots_bar;
	o.bar_ctx = plots;
	if (bt_run(a, p, script_bind(a, p), &m, b, &o, r, &err) != 0)
		fail_msg("%s", err.msg);
	assert_int_equal(bt_record_chart(a, r, "BTC/USDT", plots, ret, &err), 0);
}

static const char *page(const struct bt_record *r, const struct bt_html_head *h)
{
	struct sbuf b;

	sbuf_init(&b, a, 32 << 20);
	bt_html(&b, r, h);
	assert_non_null(sbuf_finish(&b));
	return sbuf_finish(&b);
}

static size_t times(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, what)) != NULL; p++)
		n++;
	return n;
}

static void its_policy_allows_its_own_style_and_nothing_else(void **state)
{
	unsigned char sum[crypto_hash_sha256_BYTES];
	char text[64];
	struct bt_record r;
	const char *p;

	(void)state;
	assert_true(sodium_init() >= 0);
	crypto_hash_sha256(sum, (const unsigned char *)bt_html_style,
			   strlen(bt_html_style));
	sodium_bin2base64(text, sizeof(text), sum, sizeof(sum),
			  sodium_base64_VARIANT_ORIGINAL);
	assert_string_equal(bt_html_style_hash, text);
	run(SCRIPT("X"), T_BARS, &r);
	p = page(&r, &(struct bt_html_head){ .name = "n" });
	assert_non_null(strstr(p, "default-src 'none'; style-src 'sha256-"));
	assert_null(strstr(p, "<script"));
	assert_null(strstr(p, " style="));
	assert_null(strstr(p, "http://"));
	assert_null(strstr(p, "https://"));
	assert_null(strstr(p, "nan"));
	assert_null(strstr(p, "inf,"));
}

static void what_people_wrote_is_text(void **state)
{
	struct bt_record r;
	const char *p;
	struct sbuf b;

	(void)state;
	run(SCRIPT("<script>alert(1)</script>"), T_BARS, &r);
	p = page(&r, &(struct bt_html_head){
		.name = "</title><img src=x onerror=a>", .market = "x\"y",
		.notes = "a < b & c\n\"d\"", .source = "if a < b and c > d" });
	assert_null(strstr(p, "<script"));
	assert_null(strstr(p, "<img"));
	assert_int_equal(times(p, "</title></style>"), 0);
	assert_non_null(strstr(p, "&lt;/title&gt;&lt;img src=x"));
	assert_non_null(strstr(p, "&lt;i&gt;it&#39;s&amp;"));
	assert_non_null(strstr(p, "a &lt; b &amp; c\n&quot;d&quot;"));
	assert_non_null(strstr(p, "if a &lt; b and c &gt; d"));
	sbuf_init(&b, a, 1000);
	html_text(&b, "a\x01\x7f\xff\tb\xc3\xa4");
	assert_string_equal(sbuf_finish(&b), "a&#65533;&#65533;&#65533;\tb"
			    "&#65533;&#65533;");
	sbuf_init(&b, a, 1000);
	html_text(&b, "b\xc3\xa4'");
	assert_string_equal(sbuf_finish(&b), "b\xc3\xa4&#39;");
}

static void it_holds_the_whole_result(void **state)
{
	struct bt_record r;
	const char *p;
	const struct json *m;
	struct err err;

	(void)state;
	run(SCRIPT("X"), T_BARS, &r);
	assert_true(r.n_trades > 20 && r.n_trades < BT_HTML_TRADES);
	p = page(&r, &(struct bt_html_head){ .name = "n" });
	/* a row each: trades, metrics; four charts; every metric is explained */
	assert_int_equal(times(p, "<td>long</td>") + times(p, "<td>short</td>"),
			 r.n_trades);
	assert_int_equal(times(p, "<svg "), 4);
	assert_int_equal(times(p, "<svg "), times(p, "</svg>"));
	assert_int_equal(times(p, "<tr>"), times(p, "</tr>"));
	assert_int_equal(times(p, "<table>"), times(p, "</table>"));
	assert_int_equal(json_parse(a, r.metrics, strlen(r.metrics), &m, &err), 0);
	for (size_t i = 0; i < json_len(m); i++) {
		const struct json *v;
		struct str key;

		assert_true(json_member(m, i, &key, &v));
		if (metric_doc(false, key) == NULL)
			fail_msg("metric %s is not explained", key.p);
	}
	assert_non_null(strstr(p, "<td>process_orders_on_close</td><td>false</td>"));
	assert_non_null(strstr(p, "<th scope=\"row\">2024</th>"));
	/* the same run, the same bytes */
	assert_string_equal(p, page(&r, &(struct bt_html_head){ .name = "n" }));
}

static void metrics_of_freqtrade_are_explained_too(void **state)
{
	static const char *const names[] = {
#define X(n) #n,
		FT_STATS(X)
#undef X
		"rejected_signals", "locks", "timedout_entry_orders",
		"timedout_exit_orders", "ignored_exits" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (metric_doc(true, str_c(names[i])) == NULL)
			fail_msg("metric %s is not explained", names[i]);
}

static void poor_results_are_pages_too(void **state)
{
	struct bt_record r;
	const char *p;

	(void)state;
	run("//@version=6\nstrategy(\"none\")\nplot(close)\n", 1, &r);
	p = page(&r, &(struct bt_html_head){ 0 });
	assert_non_null(strstr(p, "<h1>none</h1>"));
	assert_null(strstr(p, "nan"));
	assert_int_equal(times(p, "<svg "), 2);
	run("//@version=6\nstrategy(\"flat\")\nplot(close)\n", 700, &r);
	p = page(&r, &(struct bt_html_head){ 0 });
	assert_null(strstr(p, "nan"));
	/* long lists are cut, and that is said */
	run("//@version=6\nstrategy(\"many\")\nif bar_index % 2 == 0\n"
	    "    strategy.entry(\"L\", strategy.long)\nelse\n"
	    "    strategy.close(\"L\")\n", T_BARS, &r);
	assert_true(r.n_trades > BT_HTML_TRADES);
	p = page(&r, &(struct bt_html_head){ 0 });
	assert_int_equal(times(p, "<td>long</td>"), BT_HTML_TRADES);
	assert_non_null(strstr(p, "The first 500 of "));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fresh, done)
	const struct CMUnitTest tests[] = {
		T(its_policy_allows_its_own_style_and_nothing_else),
		T(what_people_wrote_is_text), T(it_holds_the_whole_result),
		T(metrics_of_freqtrade_are_explained_too),
		T(poor_results_are_pages_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
