/* Candle patterns on bars drawn by hand; ZigZag, volume profile, regression
 * channel, cloud and regime against their definitions, computed plainly. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "test.h"

#include "core/rand.h"
#include "ind/ind.h"

#define N 600
static double o[N], h[N], l[N], c[N], v[N], y[8][N], z[8][N];

static void walk(void)
{
	struct rng r;
	double p = 100;

	rng_seed(&r, 5);
	for (size_t i = 0; i < N; i++) {
		o[i] = p;
		p *= 1 + 0.02 * rng_gauss(&r);
		c[i] = p;
		h[i] = fmax(o[i], p) * (1 + 0.01 * rng_unit(&r));
		l[i] = fmin(o[i], p) * (1 - 0.01 * rng_unit(&r));
		v[i] = 100 * rng_unit(&r);
	}
}

/* n bars into `to`; p NULL: defaults. */
static void compute(const char *name, const double *p, size_t n, double (*to)[N])
{
	const struct ind_def *d = ind_find(name);
	const double *in[IND_INPUTS_MAX];
	double *ret[IND_OUTPUTS_MAX], q[IND_PARAMS_MAX];
	struct arena *mem = arena_new("t", 1 << 24);
	struct err err;
	struct ind *s;

	assert_non_null(d);
	ind_defaults(d, q);
	for (size_t k = 0; k < d->n_in; k++) {
		const char *k_in = d->in[k];

		in[k] = strcmp(k_in, "open") == 0 ? o : strcmp(k_in, "high") == 0 ? h :
			strcmp(k_in, "low") == 0 ? l : strcmp(k_in, "volume") == 0 ? v : c;
	}
	for (size_t k = 0; k < d->n_out; k++)
		ret[k] = to[k];
	assert_int_equal(ind_new(mem, d, p == NULL ? q : p, &s, &err), 0);
	ind_run(s, in, ret, n);
	arena_free(&mem);
}

static void near(const char *what, size_t i, double got, double want)
{
	if (isnan(want) ? !isnan(got) : !(fabs(got - want) <= 1e-9 * fmax(1, fabs(want))))
		fail_msg("%s at bar %zu: %.12g, not %.12g", what, i, got, want);
}

/* --- Patterns: four bars each, the last one (or more) is the pattern. ------- */

static const struct {
	const char *name;
	double bars[4][4];		/* open, high, low, close */
	double last;
} drawn[] = {
	{ "bullish_engulfing", { { 9, 9, 9, 9 }, { 9, 9, 9, 9 },
		{ 10, 10.5, 8.5, 9 }, { 8.9, 11, 8.8, 10.2 } }, 1 },
	{ "bullish_engulfing", { { 9, 9, 9, 9 }, { 9, 9, 9, 9 },
		{ 10, 10.5, 8.5, 9 }, { 8.9, 11, 8.8, 9.9 } }, 0 },
	{ "engulfing", { { 9, 9, 9, 9 }, { 9, 9, 9, 9 },
		{ 10, 10.5, 8.5, 9 }, { 8.9, 11, 8.8, 10.2 } }, 1 },
	{ "engulfing", { { 9, 9, 9, 9 }, { 9, 9, 9, 9 },
		{ 9, 10.5, 8.5, 10 }, { 10, 11, 8, 8.9 } }, -1 },
	{ "bearish_engulfing", { { 9, 9, 9, 9 }, { 9, 9, 9, 9 },
		{ 9, 10.5, 8.5, 10 }, { 10, 11, 8, 8.9 } }, 1 },
	/* the same colour twice engulfs nothing */
	{ "engulfing", { { 9, 9, 9, 9 }, { 9, 9, 9, 9 },
		{ 9, 10.5, 8.5, 10 }, { 8.5, 11, 8, 10.5 } }, 0 },
	{ "doji", { { 9, 9, 9, 9 }, { 9, 9, 9, 9 }, { 9, 9, 9, 9 }, { 10, 11, 9, 10.1 } }, 1 },
	{ "doji", { { 9, 9, 9, 9 }, { 9, 9, 9, 9 }, { 9, 9, 9, 9 }, { 10, 11, 9, 10.3 } }, 0 },
	{ "doji", { { 9, 9, 9, 9 }, { 9, 9, 9, 9 }, { 9, 9, 9, 9 }, { 9, 9, 9, 9 } }, 0 },
	{ "dragonfly_doji", { { 9, 9, 9, 9 }, { 9, 9, 9, 9 }, { 9, 9, 9, 9 },
		{ 10, 10.1, 8, 10.1 } }, 1 },
	{ "gravestone_doji", { { 9, 9, 9, 9 }, { 9, 9, 9, 9 }, { 9, 9, 9, 9 },
		{ 10, 12, 9.9, 9.9 } }, 1 },
	{ "dragonfly_doji", { { 9, 9, 9, 9 }, { 9, 9, 9, 9 }, { 9, 9, 9, 9 },
		{ 10, 12, 9.9, 9.9 } }, 0 },
	{ "morning_star", { { 21, 21, 21, 21 }, { 20, 20.2, 15.8, 16 },
		{ 15.9, 16.2, 15, 15.5 }, { 15.6, 19.5, 15.5, 19 } }, 1 },
	{ "morning_star", { { 21, 21, 21, 21 }, { 20, 20.2, 15.8, 16 },
		{ 15.9, 16.2, 15, 15.5 }, { 15.6, 19.5, 15.5, 17.5 } }, 0 },
	{ "evening_star", { { 9, 9, 9, 9 }, { 10, 14.2, 9.8, 14 },
		{ 14.1, 15, 13.9, 14.5 }, { 14.4, 14.5, 10.5, 11 } }, 1 },
	{ "evening_star", { { 21, 21, 21, 21 }, { 20, 20.2, 15.8, 16 },
		{ 15.9, 16.2, 15, 15.5 }, { 15.6, 19.5, 15.5, 19 } }, 0 },
	{ "three_soldiers", { { 9, 9, 9, 9 }, { 10, 12.1, 9.9, 12 },
		{ 11, 13.6, 10.9, 13.5 }, { 12.5, 15.1, 12.4, 15 } }, 1 },
	{ "three_soldiers", { { 9, 9, 9, 9 }, { 10, 12.1, 9.9, 12 },
		{ 12.2, 14, 12, 13.9 }, { 12.5, 15.1, 12.4, 15 } }, 0 },
	{ "three_crows", { { 20, 20, 20, 20 }, { 20, 20.1, 17.9, 18 },
		{ 19, 19.1, 16.4, 16.5 }, { 17.5, 17.6, 14.9, 15 } }, 1 },
	{ "three_crows", { { 9, 9, 9, 9 }, { 10, 12.1, 9.9, 12 },
		{ 11, 13.6, 10.9, 13.5 }, { 12.5, 15.1, 12.4, 15 } }, 0 },
};

static void patterns_are_seen_where_they_are(void **state)
{
	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(drawn); k++) {
		for (size_t i = 0; i < 4; i++) {
			o[i] = drawn[k].bars[i][0];
			h[i] = drawn[k].bars[i][1];
			l[i] = drawn[k].bars[i][2];
			c[i] = drawn[k].bars[i][3];
		}
		compute(drawn[k].name, NULL, 4, y);
		near(drawn[k].name, k, y[0][3], drawn[k].last);
		h[2] = NAN;		/* na in a pattern's bars is na */
		if (strstr(drawn[k].name, "doji") == NULL) {
			compute(drawn[k].name, NULL, 4, y);
			near(drawn[k].name, k, y[0][3], NAN);
		}
	}
}

/* One shape, four names: what came before decides. */
static void a_hammer_needs_a_fall_and_a_hanging_man_a_rise(void **state)
{
	static const char *const names[2][2] = { { "hammer", "hanging_man" },
		{ "inverted_hammer", "shooting_star" } };

	(void)state;
	for (size_t up = 0; up < 2; up++)
		for (size_t inv = 0; inv < 2; inv++) {
			for (size_t i = 0; i < 6; i++) {
				double step = up ? 1 : -1;

				c[i] = 20 + step * (double)i;
				o[i] = c[i] - step;
				h[i] = 0.2 + fmax(o[i], c[i]);
				l[i] = fmin(o[i], c[i]) - 0.2;
			}
			o[5] = 15;
			c[5] = 15.5;
			h[5] = inv ? 18 : 15.6;
			l[5] = inv ? 14.9 : 12;
			for (size_t shape = 0; shape < 2; shape++)
				for (size_t way = 0; way < 2; way++) {
					compute(names[shape][way], NULL, 6, y);
					near(names[shape][way], up, y[0][5],
					     shape == inv && way == up);
					near(names[shape][way], up, y[0][3], NAN);
				}
			compute("hammer", (double[]){ 0 }, 6, y);	/* no move asked */
			near("hammer, trend=0", up, y[0][5], inv == 0);
		}
}

static void heikin_ashi_averages_with_the_bar_before(void **state)
{
	double a = 0, b = 0;

	(void)state;
	walk();
	h[7] = NAN;
	compute("heikinashi", NULL, N, y);
	for (size_t i = 0; i < N; i++) {
		if (i == 7) {
			near("ha", i, y[0][i] + y[1][i] + y[2][i] + y[3][i], NAN);
			continue;
		}
		a = i == 0 ? (o[0] + c[0]) / 2 : (a + b) / 2;
		b = (o[i] + h[i] + l[i] + c[i]) / 4;
		near("ha open", i, y[0][i], a);
		near("ha high", i, y[1][i], fmax(h[i], fmax(a, b)));
		near("ha low", i, y[2][i], fmin(l[i], fmin(a, b)));
		near("ha close", i, y[3][i], b);
	}
}

/* --- ZigZag ------------------------------------------------------------------ */

static void pivots_are_confirmed_and_never_changed(void **state)
{
	/* 10 percent: up to 120, confirmed at 107; down to 90, confirmed at 99 */
	static const double p[] = { 100, 105, 112, 120, 115, 107, 95, 90, 97, 99, 104, 94, 93 };
	static const double at[] = { NAN, NAN, 100, NAN, NAN, 120, NAN, NAN, NAN, 90, NAN, NAN,
		104 };
	static const double ago[] = { NAN, NAN, 2, NAN, NAN, 2, NAN, NAN, NAN, 2, NAN, NAN, 2 };

	(void)state;
	memcpy(h, p, sizeof(p));
	memcpy(l, p, sizeof(p));
	compute("zigzag", (double[]){ 10 }, ARRAY_LEN(p), y);
	for (size_t i = 0; i < ARRAY_LEN(p); i++) {
		near("pivot", i, y[0][i], at[i]);
		near("ago", i, y[2][i], ago[i]);
	}
	near("direction", 1, y[1][1], NAN);
	near("direction", 4, y[1][4], 1);
	near("direction", 5, y[1][5], -1);
	near("last high", 8, y[3][8], 120);
	near("last low", 12, y[4][12], 90);
	/* what was said stands, whatever comes later */
	walk();
	compute("zigzag", NULL, N, y);
	for (size_t n = 1; n < N; n += 37) {
		compute("zigzag", NULL, n, z);
		for (size_t k = 0; k < 5; k++)
			assert_memory_equal(y[k], z[k], n * sizeof(double));
	}
	for (size_t i = 0, last = 0; i < N; i++)
		if (!isnan(y[0][i])) {		/* each pivot is its leg's extreme */
			size_t from = i - (size_t)y[2][i];

			for (size_t k = last + 1; k <= i; k++)
				assert_true(y[1][i] < 0 ? h[k] <= y[0][i] : l[k] >= y[0][i]);
			assert_true((y[1][i] < 0 ? h[from] : l[from]) == y[0][i]);
			last = from;
		}
}

/* --- Volume profile ------------------------------------------------------------ */

static void profile_of(size_t i, size_t n, size_t rows, double share, double *ret)
{
	double hi = -INFINITY, lo = INFINITY, all = 0, got, w, row[64] = { 0 };
	size_t poc = 0, up, down;

	for (size_t k = i + 1 - n; k <= i; k++) {
		hi = fmax(hi, h[k]);
		lo = fmin(lo, l[k]);
	}
	w = (hi - lo) / (double)rows;
	for (size_t k = i + 1 - n; k <= i; k++)
		for (size_t r = 0; r < rows; r++) {
			double a = fmax(l[k], lo + w * (double)r);
			double b = fmin(h[k], lo + w * (double)(r + 1));

			if (b > a)
				row[r] += v[k] * (b - a) / (h[k] - l[k]);
		}
	for (size_t r = 0; r < rows; r++) {
		all += row[r];
		poc = row[r] > row[poc] ? r : poc;
	}
	got = row[poc];
	for (up = down = poc; got < share * all; ) {
		double u = up + 1 < rows ? row[up + 1] : -1, d = down > 0 ? row[down - 1] : -1;

		if (u >= d)
			got += row[++up];
		else
			got += row[--down];
	}
	ret[0] = lo + w * ((double)poc + 0.5);
	ret[1] = lo + w * (double)(up + 1);
	ret[2] = lo + w * (double)down;
}

static void the_profile_is_that_of_a_fresh_window(void **state)
{
	double want[3], p[IND_PARAMS_MAX] = { 50, 24, 70 };

	(void)state;
	walk();
	for (size_t i = 0; i < N; i++)		/* what was big leaves nothing */
		v[i] *= i >= 200 && i < 220 ? 1e12 : 1;
	compute("volumeprofile", p, N, y);
	near("poc", 48, y[0][48], NAN);
	for (size_t i = 49; i < N; i++) {
		profile_of(i, 50, 24, 0.7, want);
		near("poc", i, y[0][i], want[0]);
		near("vah", i, y[1][i], want[1]);
		near("val", i, y[2][i], want[2]);
	}
	for (size_t i = 0; i < 60; i++) {
		h[i] = l[i] = 7;
		v[i] = 1;
	}
	compute("volumeprofile", p, 60, y);		/* one price only */
	near("poc", 59, y[0][59], 7);
	memset(v, 0, sizeof(v));
	walk();
	memset(v, 0, sizeof(v));
	compute("volumeprofile", p, 60, y);		/* no volume: no level */
	near("poc", 59, y[0][59], NAN);
}

/* --- Regression channel, cloud, regime, and small ones ------------------------- */

static void the_channel_is_a_least_squares_fit(void **state)
{
	(void)state;
	walk();
	c[300] = NAN;
	compute("linregchannel", (double[]){ 40, 2 }, N, y);
	for (size_t i = 0; i < N; i++) {
		double sx = 0, sy = 0, sxx = 0, sxy = 0, a, b, q = 0;

		if (i < 39 || (i >= 300 && i < 340)) {
			near("middle", i, y[0][i], NAN);
			continue;
		}
		for (size_t k = 0; k < 40; k++) {
			double x = (double)k, w = c[i - 39 + k];

			sx += x;
			sy += w;
			sxx += x * x;
			sxy += x * w;
		}
		b = (40 * sxy - sx * sy) / (40 * sxx - sx * sx);
		a = (sy - b * sx) / 40;
		for (size_t k = 0; k < 40; k++)
			q += pow(c[i - 39 + k] - a - b * (double)k, 2);
		near("middle", i, y[0][i], a + b * 39);
		near("upper", i, y[1][i], a + b * 39 + 2 * sqrt(q / 39));
		near("lower", i, y[2][i], a + b * 39 - 2 * sqrt(q / 39));
		near("slope", i, y[3][i], b);
	}
}

static double middle(size_t i, size_t n)
{
	double hi = -INFINITY, lo = INFINITY;

	if (i + 1 < n)
		return NAN;
	for (size_t k = i + 1 - n; k <= i; k++) {
		hi = fmax(hi, h[k]);
		lo = fmin(lo, l[k]);
	}
	return (hi + lo) / 2;
}

static void the_cloud_is_the_lead_of_earlier_bars(void **state)
{
	(void)state;
	walk();
	compute("ichimoku", NULL, N, y);
	for (size_t i = 0; i < N; i++) {
		near("conversion", i, y[0][i], middle(i, 9));
		near("base", i, y[1][i], middle(i, 26));
		near("lead a", i, y[2][i], (middle(i, 9) + middle(i, 26)) / 2);
		near("lead b", i, y[3][i], middle(i, 52));
		near("cloud a", i, y[4][i], i < 25 ? NAN : y[2][i - 25]);
		near("cloud b", i, y[5][i], i < 25 ? NAN : y[3][i - 25]);
		near("lagging", i, y[6][i], c[i]);
	}
}

static void the_regime_follows_its_definition(void **state)
{
	size_t kinds[3] = { 0 };

	(void)state;
	walk();
	for (size_t i = 200; i < 300; i++) {	/* a steady climb */
		o[i] = c[i - 1];
		c[i] = o[i] * 1.01;
		h[i] = c[i] * 1.001;
		l[i] = o[i] * 0.999;
	}
	compute("regime", NULL, N, y);
	compute("dmi", NULL, N, z);
	for (size_t i = 0; i < N; i++) {
		near("adx", i, y[2][i], z[2][i]);
		if (!isnan(z[0][i]) && !isnan(z[2][i]))
			near("direction", i, y[1][i], z[0][i] > z[1][i] ? 1 : -1);
	}
	compute("natr", NULL, N, z);
	for (size_t i = 0; i < N; i++) {
		double le = 0;

		for (size_t k = 1; k <= 100 && i >= 113; k++)
			le += z[0][i - k] <= z[0][i];
		near("volatility", i, y[3][i], i < 113 ? NAN : le);
		near("regime", i, y[0][i], i < 113 ? NAN : le >= 90 ? 2 :
		     y[2][i] >= 25 ? 1 : 0);
		if (i >= 113)
			kinds[(int)y[0][i]]++;
	}
	assert_true(kinds[0] > 0 && kinds[1] > 0 && kinds[2] > 0);
	near("regime of the climb", 290, y[0][290], 1);
}

static void small_ones(void **state)
{
	(void)state;
	walk();
	compute("stochastic", (double[]){ 14, 3, 3 }, N, y);
	compute("stoch", (double[]){ 14 }, N, z);		/* of the close */
	for (size_t i = 0; i < N; i++) {
		near("k", i, y[0][i], i < 15 ? NAN : (z[0][i] + z[0][i - 1] + z[0][i - 2]) / 3);
		near("d", i, y[1][i], i < 17 ? NAN :
		     (y[0][i] + y[0][i - 1] + y[0][i - 2]) / 3);
	}
	compute("cmf", NULL, N, y);
	for (size_t i = 19; i < N; i++) {
		double f = 0, s = 0;

		for (size_t k = i - 19; k <= i; k++) {
			f += (2 * c[k] - l[k] - h[k]) / (h[k] - l[k]) * v[k];
			s += v[k];
		}
		near("cmf", i, y[0][i], f / s);
	}
	compute("bb", NULL, N, z);
	compute("bbp", NULL, N, y);
	for (size_t i = 0; i < N; i++)
		near("bbp", i, y[0][i], (c[i] - z[2][i]) / (z[1][i] - z[2][i]));
	compute("atr", NULL, N, z);
	compute("natr", NULL, N, y);
	for (size_t i = 0; i < N; i++)
		near("natr", i, y[0][i], 100 * z[0][i] / c[i]);
}

/* --- Names ------------------------------------------------------------------- */

static void other_names_are_understood(void **state)
{
	static const char *const same[][2] = {
		{ "Bollinger", "bb" }, { "adx", "dmi" }, { "ta.ema", "ema" },
		{ "heikin_ashi", "heikinashi" }, { "keltner", "kc" }, { "dc", "donchian" },
		{ "three white soldiers", "three_soldiers" }, { "psar", "sar" },
		{ "williams_r", "wpr" }, { "smma", "rma" }, { "ad", "accdist" },
		{ "ADOSC", "chaikin" }, { "uo", "ultimate" }, { "percentile", 
		"percentile_linear_interpolation" },
	};
	const char *near_names[3];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		assert_ptr_equal(ind_lookup(str_c(same[i][0])), ind_find(same[i][1]));
	for (size_t i = 0; i < ind_table_n; i++) {
		struct str rest = str_c(ind_aliases(ind_table[i])), w;

		/* an alias leads to its row and hides no other */
		while (str_split(&rest, ' ', &w))
			if (w.n > 0)
				assert_ptr_equal(ind_lookup(w), ind_table[i]);
	}
	assert_null(ind_lookup(STR("nothing at all")));
	assert_null(ind_lookup(STR("")));
	assert_int_equal(ind_nearest(STR("ichimko"), near_names, 3), 1);
	assert_string_equal(near_names[0], "ichimoku");
	assert_int_equal(ind_nearest(STR("qqqqqqqqqqqq"), near_names, 3), 0);
	assert_int_equal(ind_params_named(ind_find("dmi"), STR("length")), 3);
	assert_int_equal(ind_params_named(ind_find("macd"), STR("slow_length")), 2);
	assert_int_equal(ind_params_named(ind_find("ema"), STR("timeperiod")), 1);
	assert_int_equal(ind_params_named(ind_find("obv"), STR("length")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_are_seen_where_they_are),
		cmocka_unit_test(a_hammer_needs_a_fall_and_a_hanging_man_a_rise),
		cmocka_unit_test(heikin_ashi_averages_with_the_bar_before),
		cmocka_unit_test(pivots_are_confirmed_and_never_changed),
		cmocka_unit_test(the_profile_is_that_of_a_fresh_window),
		cmocka_unit_test(the_channel_is_a_least_squares_fit),
		cmocka_unit_test(the_cloud_is_the_lead_of_earlier_bars),
		cmocka_unit_test(the_regime_follows_its_definition),
		cmocka_unit_test(small_ones),
		cmocka_unit_test(other_names_are_understood),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
