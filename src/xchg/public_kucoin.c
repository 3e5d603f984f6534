#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "xchg/public_i.h"

#define ROWS 1500

static const char *word(enum tf tf)
{
	return tf == TF_1M ? "1min" : tf == TF_3M ? "3min" :
		tf == TF_5M ? "5min" : tf == TF_15M ? "15min" :
		tf == TF_30M ? "30min" : tf == TF_1H ? "1hour" :
		tf == TF_2H ? "2hour" : tf == TF_4H ? "4hour" :
		tf == TF_6H ? "6hour" : tf == TF_8H ? "8hour" :
		tf == TF_12H ? "12hour" : tf == TF_1D ? "1day" : NULL;
}

static int get_time(struct pub *p, struct arena *tmp, int64_t *ret_ms,
		    struct err *err)
{
	const struct json *j;
	int rc = pub_get(tmp, p, "/api/v1/timestamp", &j, err);

	if (rc == 0 && !json_i64(json_get(j, "data"), ret_ms))
		rc = pub_odd(p, err, "its time is no number");
	return rc;
}

static int symbol(struct pub *p, struct arena *tmp, struct pub_symbol *io,
		  struct err *err)
{
	const struct json *j, *s;
	bool trading = false;
	int rc;

	snprintf(io->id, sizeof(io->id), "%s-%s", io->m.base, io->m.quote);
	rc = pub_get(tmp, p, arena_printf(tmp, "/api/v2/symbols/%s", io->id), &j,
		     err);
	if (rc < 0)
		return rc;
	s = json_get(j, "data");
	if (json_type(s) != JSON_OBJ)
		return FAIL(err, E_NOTFOUND, "kucoin has no %s", io->m.symbol);
	if (!json_bool(json_get(s, "enableTrading"), &trading))
		return pub_odd(p, err, "it does not say what the symbol is");
	io->m.status = trading ? MARKET_ACTIVE : MARKET_HALTED;
	return pub_steps(p, &io->m, json_get(s, "priceIncrement"),
			 json_get(s, "baseIncrement"),
			 json_type(json_get(s, "minFunds")) == JSON_STR ?
			 json_get(s, "minFunds") : NULL, err);
}

static int candles(struct arena *out, struct pub *p, const struct pub_symbol *s,
		   enum tf tf, int64_t from, int64_t to, struct pub_page *ret,
		   struct err *err)
{
	int64_t end = from + (ROWS - 1) * tf_ms(tf);
	const struct json *j, *l;
	int rc;

	ret->next = end < to ? end : to;
	rc = pub_get(out, p, arena_printf(out, "/api/v1/market/candles?symbol=%s"
			"&type=%s&startAt=%" PRId64 "&endAt=%" PRId64, s->id,
			word(tf), from / 1000, ret->next / 1000), &j, err);
	if (rc < 0)
		return rc;
	l = json_get(j, "data");
	if (json_type(l) != JSON_ARR || json_len(l) > ROWS)
		return pub_odd(p, err, "its candles are no list");
	pub_page_room(out, ret, json_len(l));
	for (size_t i = 0; rc == 0 && i < json_len(l); i++) {
		const struct json *r = json_at(l, i);
		/* time, open, close, high, low, volume, turnover */
		const struct json *v[X__N] = { json_at(r, 1), json_at(r, 3),
			json_at(r, 4), json_at(r, 2), json_at(r, 5) };
		struct str text;
		int64_t t;

		if (!json_str(json_at(r, 0), &text) || !str_i64(text, &t) ||
		    t < 0 || t > 1LL << 40)
			return pub_odd(p, err, "a candle has no time");
		rc = pub_row(p, tf, t * 1000, v, &ret->x[ret->n], err);
		if (rc == 0)
			ret->n++;
	}
	pub_page_order(ret, from, ret->next);
	return rc;
}

static const char *error(struct arena *out, const struct json *j)
{
	struct str code, say;

	if (!json_str(json_get(j, "code"), &code) || str_eqc(code, "200000"))
		return NULL;
	if (!json_str(json_get(j, "msg"), &say))
		say = str_c("");
	return arena_printf(out, "%.*s %.*s", STR_ARG(code), STR_ARG(say));
}

/* 2,000 of weight in 30 s from one address; candles weigh 3. */
const struct pub_dialect pub_kucoin = {
	"kucoin", 60, word, get_time, symbol, candles, error
};
