#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "xchg/public_i.h"

#define ROWS 1000

static const char *word(enum tf tf)
{
	return tf == TF_5S || tf == TF_15S || tf == TF_30S ? NULL : tf_name(tf);
}

static int get_time(struct pub *p, struct arena *tmp, int64_t *ret_ms,
		    struct err *err)
{
	const struct json *j;
	int rc = pub_get(tmp, p, "/api/v3/time", &j, err);

	if (rc == 0 && !json_i64(json_get(j, "serverTime"), ret_ms))
		rc = pub_odd(p, err, "its time is no number");
	return rc;
}

static const struct json *filter(const struct json *symbol, const char *type)
{
	const struct json *l = json_get(symbol, "filters");

	for (size_t i = 0; i < json_len(l); i++) {
		struct str s;

		if (json_str(json_get(json_at(l, i), "filterType"), &s) &&
		    str_eqc(s, type))
			return json_at(l, i);
	}
	return NULL;
}

static int symbol(struct pub *p, struct arena *tmp, struct pub_symbol *io,
		  struct err *err)
{
	const struct json *j, *s, *least;
	struct str status;
	int rc;

	snprintf(io->id, sizeof(io->id), "%s%s", io->m.base, io->m.quote);
	rc = pub_get(tmp, p, arena_printf(tmp, "/api/v3/exchangeInfo?symbol=%s",
					  io->id), &j, err);
	if (rc == -E_EXCHANGE && strstr(err->msg, "-1121") != NULL)
		return FAIL(err, E_NOTFOUND, "binance has no %s", io->m.symbol);
	if (rc < 0)
		return rc;
	s = json_at(json_get(j, "symbols"), 0);
	if (!json_str(json_get(s, "status"), &status))
		return pub_odd(p, err, "it does not say what the symbol is");
	io->m.status = str_eqc(status, "TRADING") ? MARKET_ACTIVE : MARKET_HALTED;
	least = filter(s, "NOTIONAL");
	if (least == NULL)
		least = filter(s, "MIN_NOTIONAL");
	return pub_steps(p, &io->m, json_get(filter(s, "PRICE_FILTER"), "tickSize"),
			 json_get(filter(s, "LOT_SIZE"), "stepSize"),
			 json_get(least, "minNotional"), err);
}

static int candles(struct arena *out, struct pub *p, const struct pub_symbol *s,
		   enum tf tf, int64_t from, int64_t to, struct pub_page *ret,
		   struct err *err)
{
	const struct json *j;
	int rc = pub_get(out, p, arena_printf(out, "/api/v3/klines?symbol=%s&"
			"interval=%s&startTime=%" PRId64 "&endTime=%" PRId64
			"&limit=%d", s->id, word(tf), from, to - 1, ROWS), &j, err);

	if (rc < 0)
		return rc;
	if (json_type(j) != JSON_ARR || json_len(j) > ROWS)
		return pub_odd(p, err, "its candles are no list");
	pub_page_room(out, ret, json_len(j));
	for (size_t i = 0; rc == 0 && i < json_len(j); i++) {
		const struct json *r = json_at(j, i);
		const struct json *v[X__N] = { json_at(r, 1), json_at(r, 2),
			json_at(r, 3), json_at(r, 4), json_at(r, 5) };
		int64_t t;

		if (!json_i64(json_at(r, 0), &t))
			return pub_odd(p, err, "a candle has no time");
		rc = pub_row(p, tf, t, v, &ret->x[ret->n], err);
		if (rc == 0)
			ret->n++;
	}
	if (rc == 0 && ret->n == ROWS && tf_next(tf, ret->x[ROWS - 1].t) < to)
		ret->next = tf_next(tf, ret->x[ROWS - 1].t);
	return rc;
}

static const char *error(struct arena *out, const struct json *j)
{
	struct str msg;
	int64_t code;

	if (!json_i64(json_get(j, "code"), &code) ||
	    !json_str(json_get(j, "msg"), &msg))
		return NULL;
	return arena_printf(out, "%" PRId64 " %.*s", code, STR_ARG(msg));
}

/* 6,000 of weight a minute; candles weigh 2. */
const struct pub_dialect pub_binance = {
	"binance", 50, word, get_time, symbol, candles, error
};
