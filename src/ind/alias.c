/* Other names of rows and parameters, and the nearest of what is written. */
#include "config.h"

#include <string.h>

#include "ind/ind_i.h"

#define NAME_MAX_LEN 64

/* Names are compared without case and without '_', '-', '.' and spaces. */
static const struct { const char *row, *names; } aliases[] = {
	{ "accdist", "ad adl adline accumulationdistribution" },
	{ "barssince", "since" },
	{ "bb", "bollinger bbands bollingerbands boll" },
	{ "bbp", "percentb pctb bbpercent bollingerpercentb" },
	{ "bbw", "bollingerwidth bollingerbandwidth bandwidth" },
	{ "bearish_engulfing", "engulfingbearish bearengulfing" },
	{ "bullish_engulfing", "engulfingbullish bullengulfing" },
	{ "cci", "commoditychannelindex" },
	{ "chaikin", "adosc chaikinoscillator chaikinosc" },
	{ "cmf", "chaikinmoneyflow moneyflow" },
	{ "cmo", "chandemomentumoscillator" },
	{ "cog", "centerofgravity centreofgravity" },
	{ "correlation", "correl corr" },
	{ "cum", "cumsum" },
	{ "dev", "mad meandev meandeviation" },
	{ "dmi", "adx di dx directionalmovement" },
	{ "doji", "cdldoji" },
	{ "donchian", "dc donchianchannel donchianchannels" },
	{ "dragonfly_doji", "dragonfly cdldragonflydoji" },
	{ "ema", "exponentialmovingaverage" },
	{ "engulfing", "cdlengulfing" },
	{ "evening_star", "cdleveningstar" },
	{ "force", "forceindex efi fi elderforceindex" },
	{ "gravestone_doji", "gravestone cdlgravestonedoji" },
	{ "hammer", "cdlhammer" },
	{ "hanging_man", "cdlhangingman" },
	{ "heikinashi", "ha heikenashi" },
	{ "highest", "max" },
	{ "hma", "hull hullma" },
	{ "ichimoku", "ichimokucloud" },
	{ "inverted_hammer", "cdlinvertedhammer" },
	{ "kc", "keltner keltnerchannel keltnerchannels" },
	{ "kcw", "keltnerwidth" },
	{ "linreg", "linearregression lsma" },
	{ "linregchannel", "lrc linearregressionchannel regressionchannel" },
	{ "lowest", "min" },
	{ "mfi", "moneyflowindex" },
	{ "mom", "momentum" },
	{ "morning_star", "cdlmorningstar" },
	{ "obv", "onbalancevolume" },
	{ "percentile_linear_interpolation", "percentile quantile" },
	{ "pivotpoints", "pivots pivot pivotpointsstandard" },
	{ "pvt", "vpt" },
	{ "regime", "marketregime" },
	{ "rma", "smma wilder wilders" },
	{ "roc", "rateofchange" },
	{ "rsi", "relativestrengthindex" },
	{ "sar", "psar parabolicsar parabolic" },
	{ "shooting_star", "cdlshootingstar" },
	{ "sma", "ma simplemovingaverage mean" },
	{ "stdev", "stddev std standarddeviation" },
	{ "stoch", "stochk fastk" },
	{ "stochastic", "stochasticoscillator slowstoch" },
	{ "supertrend", "st" },
	{ "three_crows", "threeblackcrows 3crows cdl3blackcrows" },
	{ "three_soldiers", "threewhitesoldiers 3soldiers cdl3whitesoldiers" },
	{ "tr", "truerange trange" },
	{ "ultimate", "uo ultosc ultimateoscillator" },
	{ "variance", "var" },
	{ "volumeprofile", "vp vpvr vrvp" },
	{ "vwap", "vwapbands" },
	{ "wad", "williamsad" },
	{ "wma", "weightedmovingaverage" },
	{ "wpr", "willr williamsr williamspercentrange percentr" },
	{ "zigzag", "zz" },
};

/* The name in small letters and digits only; false if it is too long. */
static bool plain(struct str s, char ret[static NAME_MAX_LEN])
{
	size_t n = 0;

	if (s.n > 3 && str_eq_nocase(str_n(s.p, 3), STR("ta.")))
		s = str_n(s.p + 3, s.n - 3);
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '_' || c == '-' || c == '.' || c == ' ')
			continue;
		if (n == NAME_MAX_LEN - 1)
			return false;
		ret[n++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	ret[n] = '\0';
	return n > 0;
}

static bool listed(const char *words, struct str name)
{
	struct str rest = str_c(words), w;

	while (str_split(&rest, ' ', &w))
		if (str_eq(w, name))
			return true;
	return false;
}

static const char *alias_of(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (listed(aliases[i].names, name))
			return aliases[i].row;
	return NULL;
}

const struct ind_def *ind_lookup(struct str name)
{
	char want[NAME_MAX_LEN], have[NAME_MAX_LEN];
	const char *row;

	if (!plain(name, want))
		return NULL;
	for (size_t i = 0; i < ind_table_n; i++)
		if (plain(str_c(ind_table[i]->name), have) && strcmp(want, have) == 0)
			return ind_table[i];
	row = alias_of(str_c(want));
	return row == NULL ? NULL : ind_find(row);
}

const char *ind_aliases(const struct ind_def *d)
{
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (strcmp(aliases[i].row, d->name) == 0)
			return aliases[i].names;
	return "";
}

/* Steps of one letter more, less or other between two short words. */
static size_t distance(struct str a, struct str b)
{
	size_t row[NAME_MAX_LEN];

	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 0; i < a.n; i++) {
		size_t corner = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < b.n; j++) {
			size_t best = corner + (a.p[i] != b.p[j]);

			corner = row[j + 1];
			best = row[j] + 1 < best ? row[j] + 1 : best;
			row[j + 1] = corner + 1 < best ? corner + 1 : best;
		}
	}
	return row[b.n];
}

/* How far a row is from the word, by its name or any other of its names. */
static size_t row_distance(const struct ind_def *d, struct str want)
{
	struct str rest = str_c(ind_aliases(d)), w;
	char have[NAME_MAX_LEN];
	size_t best = NAME_MAX_LEN, k;

	if (plain(str_c(d->name), have))
		best = distance(want, str_c(have));
	while (str_split(&rest, ' ', &w)) {
		k = distance(want, w);
		best = w.n > 0 && k < best ? k : best;
	}
	return best;
}

size_t ind_nearest(struct str name, const char **ret, size_t max)
{
	char want[NAME_MAX_LEN];
	size_t n = 0, far;

	if (!plain(name, want))
		return 0;
	far = strlen(want) < 4 ? 1 : strlen(want) < 8 ? 2 : 3;
	for (size_t k = 1; k <= far && n == 0; k++)
		for (size_t i = 0; i < ind_table_n && n < max; i++)
			if (row_distance(ind_table[i], str_c(want)) == k)
				ret[n++] = ind_table[i]->name;
	return n;
}

/* --- Parameters ------------------------------------------------------------- */

static const struct { const char *row, *keys, *is; } keys[] = {
	{ "dmi", "length period timeperiod len n window", "diLength adxSmoothing" },
	{ "dmi", "smoothing adxlength lensig", "adxSmoothing" },
	{ "supertrend", "length period timeperiod len n window", "atrPeriod" },
	{ "supertrend", "mult multiplier", "factor" },
	{ "vwap", "mult multiplier stddev std k", "stdev_mult" },
	{ "tsi", "short fast fastlen", "short_length" },
	{ "tsi", "long slow slowlen", "long_length" },
	{ "ichimoku", "tenkan conversionperiods", "conversion" },
	{ "ichimoku", "kijun baseperiods", "base" },
	{ "ichimoku", "senkou leadingspanb laggingspan2periods", "spanb" },
	{ "zigzag", "percent threshold", "deviation" },
	{ "stochastic", "k periodk fastkperiod", "length" },
	{ "stochastic", "smooth slowkperiod ksmoothing", "smoothk" },
	{ "stochastic", "d periodd slowdperiod dsmoothing", "smoothd" },
	{ "pivothigh", "left", "leftbars" }, { "pivothigh", "right", "rightbars" },
	{ "pivotlow", "left", "leftbars" }, { "pivotlow", "right", "rightbars" },
	{ NULL, "period timeperiod len n window", "length" },
	{ NULL, "fast fastlength fastperiod", "fastlen" },
	{ NULL, "slow slowlength slowperiod", "slowlen" },
	{ NULL, "signal signallength signalperiod smooth signalsmoothing", "siglen" },
	{ NULL, "multiplier std stddev nbdev nbdevup k deviations factor", "mult" },
	{ NULL, "step acceleration increment", "inc" },
	{ NULL, "maximum", "max" },
	{ NULL, "percent percentile", "percentage" },
};

static unsigned by_name(const struct ind_def *d, struct str words)
{
	unsigned r = 0;
	struct str w;

	while (str_split(&words, ' ', &w)) {
		char a[NAME_MAX_LEN], b[NAME_MAX_LEN];

		for (unsigned i = 0; i < d->n_param; i++)
			if (plain(w, a) && plain(str_c(d->param[i].name), b) &&
			    strcmp(a, b) == 0)
				r |= 1u << i;
	}
	return r;
}

unsigned ind_params_named(const struct ind_def *d, struct str key)
{
	char k[NAME_MAX_LEN];
	unsigned r;

	if (!plain(key, k))
		return 0;
	r = by_name(d, str_c(k));
	for (size_t i = 0; i < ARRAY_LEN(keys) && r == 0; i++)
		if ((keys[i].row == NULL || strcmp(keys[i].row, d->name) == 0) &&
		    listed(keys[i].keys, str_c(k)))
			r = by_name(d, str_c(keys[i].is));
	return r;
}
