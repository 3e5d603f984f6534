#include "config.h"

#include <ctype.h>
#include <string.h>

#include "bt/run_i.h"

/* An account in another currency than the market's: the rate between them, from
 * a series that the run was given.  At each open the last close that is known
 * counts; before the first, the first open. */

/* Dollars, and the coins that stand for one: scripts written for one are run
 * on markets of the other. */
static bool dollars(const char *c)
{
	static const char *const v[] = { "USD", "USDT", "USDC", "BUSD", "FDUSD",
		"TUSD", "USDP", "DAI" };

	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		if (strcmp(c, v[i]) == 0)
			return true;
	return false;
}

/* "SIM:BTC/USDT" and "BTCUSDT" are of BTC in USDT. */
static bool is_of(const char *symbol, const char *base, const char *quote)
{
	const char *colon = strrchr(symbol, ':');
	size_t n = 0, m = strlen(base), k = strlen(quote);
	char s[64];

	for (const char *p = colon != NULL ? colon + 1 : symbol;
	     *p != '\0' && n + 1 < sizeof(s); p++)
		if (*p != '/' && *p != '-' && *p != '_')
			s[n++] = (char)toupper((unsigned char)*p);
	return n == m + k && memcmp(s, base, m) == 0 &&
		memcmp(s + m, quote, k) == 0;
}

static void rates_of(struct arena *out, const struct bars *b, bool turned,
		     struct emu_rate *ret)
{
	int64_t length = bt_bar_length(b);
	int64_t *t = NEW_N(out, int64_t, b->n + 1);
	double *v = NEW_N(out, double, b->n + 1);

	for (size_t i = 0; i <= b->n; i++) {
		double x = i == 0 ? b->o[0] : b->c[i - 1];

		t[i] = i == 0 ? b->t[0] : b->t[i - 1] + length;
		v[i] = turned ? 1 / x : x;
	}
	*ret = (struct emu_rate){ b->n + 1, t, v };
}

int bt_account_rate(struct arena *out, const struct strat_properties *p,
		    const struct script_market *m, const struct bars *bars,
		    struct emu_rate *ret, struct err *err)
{
	const char *own = p->currency, *quote = m->quote;
	const struct script_series *s = NULL;
	bool turned = false;

	if (own == NULL || *own == '\0' || strcmp(own, "NONE") == 0 ||
	    quote == NULL || *quote == '\0' || strcmp(own, quote) == 0 ||
	    (dollars(own) && dollars(quote)))
		return 0;
	for (size_t i = 0; i < m->n_series && s == NULL; i++) {
		turned = is_of(m->series[i].symbol, own, quote);
		if (turned || is_of(m->series[i].symbol, quote, own))
			s = &m->series[i];
	}
	if (s == NULL)
		return FAIL(err, E_UNPROCESSABLE, "the account is in %s, the market "
			    "in %s: give candles of %s/%s as further data (--data), "
			    "or take currency = out of strategy()", own, quote,
			    quote, own);
	if (s->bars.n == 0 || s->bars.t[0] > bars->t[0])
		return FAIL(err, E_UNPROCESSABLE, "the candles of %s begin after "
			    "those of the run: there is no rate for its account in "
			    "%s", s->symbol, own);
	for (size_t i = 0; i < s->bars.n; i++)
		if (!(s->bars.c[i] > 0) || !(s->bars.o[i] > 0))
			return FAIL(err, E_UNPROCESSABLE, "%s: a rate of 0", s->symbol);
	rates_of(out, &s->bars, turned, ret);
	return 0;
}
