#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "xchg/public_i.h"

#define ROWS	350
#define BASE	"/api/v3/brokerage"

static const char *word(enum tf tf)
{
	return tf == TF_1M ? "ONE_MINUTE" : tf == TF_5M ? "FIVE_MINUTE" :
		tf == TF_15M ? "FIFTEEN_MINUTE" : tf == TF_30M ? "THIRTY_MINUTE" :
		tf == TF_1H ? "ONE_HOUR" : tf == TF_2H ? "TWO_HOUR" :
		tf == TF_6H ? "SIX_HOUR" : tf == TF_1D ? "ONE_DAY" : NULL;
}

/* Its whole numbers come as texts. */
static bool whole(const struct json *j, int64_t *ret)
{
	return j != NULL && (json_type(j) == JSON_STR ||
			     json_type(j) == JSON_NUM) &&
		str_i64(json_text(j), ret);
}

static int get_time(struct pub *p, struct arena *tmp, int64_t *ret_ms,
		    struct err *err)
{
	const struct json *j;
	int rc = pub_get(tmp, p, BASE "/time", &j, err);

	if (rc == 0 && !whole(json_get(j, "epochMillis"), ret_ms))
		rc = pub_odd(p, err, "its time is no number");
	return rc;
}

static bool yes(const struct json *j, const char *key)
{
	bool v = false;

	return json_bool(json_get(j, key), &v) && v;
}

static int symbol(struct pub *p, struct arena *tmp, struct pub_symbol *io,
		  struct err *err)
{
	const struct json *j, *tick;
	int rc;

	snprintf(io->id, sizeof(io->id), "%s-%s", io->m.base, io->m.quote);
	rc = pub_get(tmp, p, arena_printf(tmp, BASE "/market/products/%s", io->id),
		     &j, err);
	if (rc == -E_NOTFOUND)
		return FAIL(err, E_NOTFOUND, "coinbase has no %s", io->m.symbol);
	if (rc < 0)
		return rc;
	io->m.status = yes(j, "trading_disabled") || yes(j, "is_disabled") ||
		yes(j, "view_only") ? MARKET_HALTED : MARKET_ACTIVE;
	tick = json_get(j, "price_increment");
	if (tick == NULL || json_text(tick).n == 0)
		tick = json_get(j, "quote_increment");
	return pub_steps(p, &io->m, tick, json_get(j, "base_increment"),
			 json_get(j, "quote_min_size"), err);
}

static int candles(struct arena *out, struct pub *p, const struct pub_symbol *s,
		   enum tf tf, int64_t from, int64_t to, struct pub_page *ret,
		   struct err *err)
{
	int64_t end = from + (ROWS - 1) * tf_ms(tf);
	const struct json *j, *l;
	int rc;

	ret->next = end < to ? end : to;
	rc = pub_get(out, p, arena_printf(out, BASE "/market/products/%s/candles"
			"?start=%" PRId64 "&end=%" PRId64 "&granularity=%s&limit=%d",
			s->id, from / 1000, ret->next / 1000 - 1, word(tf), ROWS),
		     &j, err);
	if (rc < 0)
		return rc;
	l = json_get(j, "candles");
	if (json_type(l) != JSON_ARR || json_len(l) > ROWS)
		return pub_odd(p, err, "its candles are no list");
	pub_page_room(out, ret, json_len(l));
	for (size_t i = 0; rc == 0 && i < json_len(l); i++) {
		const struct json *r = json_at(l, i);
		const struct json *v[X__N] = { json_get(r, "open"),
			json_get(r, "high"), json_get(r, "low"),
			json_get(r, "close"), json_get(r, "volume") };
		int64_t t;

		if (!whole(json_get(r, "start"), &t) || t < 0 || t > 1LL << 40)
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
	struct str name, say = { 0 };

	if (!json_str(json_get(j, "error"), &name))
		return NULL;
	if (!json_str(json_get(j, "message"), &say))
		say = str_c("");
	return arena_printf(out, "%.*s %.*s", STR_ARG(name), STR_ARG(say));
}

/* 10 requests a second from one address. */
const struct pub_dialect pub_coinbase = {
	"coinbase", 110, word, get_time, symbol, candles, error
};
