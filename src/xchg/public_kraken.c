#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "xchg/public_i.h"

#define ROWS		720	/* of candles: the newest, whatever is asked */
#define SAFE_ROWS	700	/* some may close while we ask */
#define TRADES		1000

/* Minutes.  Weeks begin on Thursdays there. */
static const char *word(enum tf tf)
{
	return tf == TF_1M ? "1" : tf == TF_5M ? "5" : tf == TF_15M ? "15" :
		tf == TF_30M ? "30" : tf == TF_1H ? "60" : tf == TF_4H ? "240" :
		tf == TF_1D ? "1440" : NULL;
}

static int get_time(struct pub *p, struct arena *tmp, int64_t *ret_ms,
		    struct err *err)
{
	const struct json *j;
	int rc = pub_get(tmp, p, "/0/public/Time", &j, err);

	if (rc < 0)
		return rc;
	if (!json_i64(json_get(json_get(j, "result"), "unixtime"), ret_ms) ||
	    *ret_ms > 1LL << 40)
		return pub_odd(p, err, "its time is no number");
	*ret_ms *= 1000;
	return 0;
}

/* The result's only member that is not "last": its name may be spelt in
 * another way than it was asked for. */
static const struct json *only(const struct json *j)
{
	const struct json *r = json_get(j, "result"), *v;
	struct str key;

	for (size_t i = 0; json_member(r, i, &key, &v); i++)
		if (!str_eqc(key, "last"))
			return v;
	return NULL;
}

static const char *asset(const char *usual)
{
	return strcmp(usual, "BTC") == 0 ? "XBT" :
		strcmp(usual, "DOGE") == 0 ? "XDG" : usual;
}

static int symbol(struct pub *p, struct arena *tmp, struct pub_symbol *io,
		  struct err *err)
{
	const struct json *j, *s;
	struct str status;
	int64_t decimals;
	int rc;

	snprintf(io->id, sizeof(io->id), "%s%s", asset(io->m.base),
		 asset(io->m.quote));
	rc = pub_get(tmp, p, arena_printf(tmp, "/0/public/AssetPairs?pair=%s",
					  io->id), &j, err);
	if (rc == -E_EXCHANGE && strstr(err->msg, "Unknown asset") != NULL)
		return FAIL(err, E_NOTFOUND, "kraken has no %s", io->m.symbol);
	if (rc < 0)
		return rc;
	s = only(j);
	if (!json_str(json_get(s, "status"), &status) ||
	    !json_i64(json_get(s, "lot_decimals"), &decimals) || decimals < 0 ||
	    decimals > 18)
		return pub_odd(p, err, "it does not say what the symbol is");
	io->m.status = str_eqc(status, "online") ? MARKET_ACTIVE : MARKET_HALTED;
	io->m.lot = qty_from_raw(1);
	for (int64_t i = decimals; i < 18; i++)
		io->m.lot = qty_from_raw(qty_raw(io->m.lot) * 10);
	return pub_steps(p, &io->m, json_get(s, "tick_size"), NULL,
			 json_get(s, "costmin"), err);
}

/* ---- the newest candles ------------------------------------------------------- */

static int newest(struct arena *out, struct pub *p, const struct pub_symbol *s,
		  enum tf tf, int64_t from, int64_t to, struct pub_page *ret,
		  struct err *err)
{
	const struct json *j, *l;
	int rc = pub_get(out, p, arena_printf(out, "/0/public/OHLC?pair=%s&"
			"interval=%s&since=%" PRId64, s->id, word(tf),
			from / 1000 - 1), &j, err);

	if (rc < 0)
		return rc;
	l = only(j);
	if (json_type(l) != JSON_ARR || json_len(l) > ROWS + 1)
		return pub_odd(p, err, "its candles are no list");
	pub_page_room(out, ret, json_len(l));
	for (size_t i = 0; rc == 0 && i < json_len(l); i++) {
		const struct json *r = json_at(l, i);
		/* time, open, high, low, close, vwap, volume, trades */
		const struct json *v[X__N] = { json_at(r, 1), json_at(r, 2),
			json_at(r, 3), json_at(r, 4), json_at(r, 6) };
		int64_t t, n;

		if (!json_i64(json_at(r, 0), &t) || t < 0 || t > 1LL << 40 ||
		    !json_i64(json_at(r, 7), &n))
			return pub_odd(p, err, "a candle has no time");
		if (n == 0)
			continue;
		rc = pub_row(p, tf, t * 1000, v, &ret->x[ret->n], err);
		if (rc == 0)
			ret->n++;
	}
	pub_page_order(ret, from, to);
	return rc;
}

/* ---- candles of trades ---------------------------------------------------------- */

/* Where the last page ended: in the middle of a candle. */
struct tape {
	char id[2 * ASSET_MAX + 2];
	enum tf tf;
	int64_t next;		/* the page that follows begins here */
	char since[24];		/* ns */
	bool open;		/* x is being made */
	struct xcandle x;
	struct qty volume;
};

struct trade { int64_t ms; struct dec price; struct qty qty; };

static bool read_trade(const struct json *r, struct trade *ret)
{
	const struct json *p = json_at(r, 0), *q = json_at(r, 1), *t = json_at(r, 2);
	struct str price, text;
	struct dec d = { 0 };
	bool rounded;

	if (!json_str(p, &price) || json_type(q) != JSON_STR ||
	    json_type(t) != JSON_NUM ||
	    dec_parse_round(&ret->price, price.p, price.n, &rounded) != DEC_OK ||
	    !qty_parse(&ret->qty, json_text(q).p) || qty_sign(ret->qty) < 0)
		return false;
	text = json_text(t);
	if (dec_parse_round(&d, text.p, text.n, &rounded) != DEC_OK || d.m < 0)
		return false;
	for (; d.d > 3; d.d--)
		d.m /= 10;
	for (; d.d < 3 && d.m < INT64_MAX / 100; d.d++)
		d.m *= 10;
	ret->ms = d.m;
	return d.d == 3;
}

static void set(struct xcandle *x, int k, struct dec d)
{
	x->m[k] = d.m;
	x->d[k] = d.d;
}

static int add_trade(const struct pub *p, struct tape *k, int64_t open,
		     const struct trade *t, struct err *err)
{
	struct dec high, low;

	if (!k->open) {
		k->open = true;
		k->x = (struct xcandle){ .t = open };
		for (int i = X_O; i <= X_C; i++)
			set(&k->x, i, t->price);
		k->volume = t->qty;
		return 0;
	}
	high = (struct dec){ k->x.m[X_H], k->x.d[X_H] };
	low = (struct dec){ k->x.m[X_L], k->x.d[X_L] };
	if (dec_cmp(t->price, high) > 0)
		set(&k->x, X_H, t->price);
	if (dec_cmp(t->price, low) < 0)
		set(&k->x, X_L, t->price);
	set(&k->x, X_C, t->price);
	if (!qty_add(&k->volume, k->volume, t->qty))
		return pub_odd(p, err, "a volume is out of range");
	return 0;
}

static int end_candle(const struct pub *p, struct tape *k, struct pub_page *pg,
		      struct err *err)
{
	char text[MONEY_TEXT_MAX];
	struct dec v = { 0 };
	const char *wrong;
	bool rounded;

	if (!k->open)
		return 0;
	k->open = false;
	qty_format(text, k->volume);
	if (dec_parse_round(&v, text, strlen(text), &rounded) != DEC_OK)
		return pub_odd(p, err, "a volume is out of range");
	set(&k->x, X_V, v);
	wrong = xcandle_check(&k->x, k->tf);
	if (wrong != NULL)
		return FAIL(err, E_EXCHANGE, "kraken: trades of %" PRId64 ": %s",
			    k->x.t, wrong);
	pg->x[pg->n++] = k->x;
	return 0;
}

/* One answer; *ret_over: nothing more is to come before `to`. */
static int take_trades(struct arena *tmp, struct pub *p, struct tape *k,
		       int64_t from, int64_t to, struct pub_page *pg,
		       bool *ret_over, struct err *err)
{
	const struct json *j, *l;
	struct str last;
	int rc = pub_get(tmp, p, arena_printf(tmp, "/0/public/Trades?pair=%s&"
			"since=%s&count=%d", k->id, k->since, TRADES), &j, err);

	if (rc < 0)
		return rc;
	l = only(j);
	if (json_type(l) != JSON_ARR || json_len(l) > TRADES ||
	    !json_str(json_get(json_get(j, "result"), "last"), &last) ||
	    last.n == 0 || last.n >= sizeof(k->since))
		return pub_odd(p, err, "its trades are no list");
	for (size_t i = 0; i < json_len(l); i++) {
		struct trade t;
		int64_t open;

		if (!read_trade(json_at(l, i), &t))
			return pub_odd(p, err, "a trade is not what it should be");
		open = tf_open(k->tf, t.ms);
		if (open < from || (k->open && open < k->x.t))
			return pub_odd(p, err, "its trades are out of order");
		if (k->open && open != k->x.t)
			rc = end_candle(p, k, pg, err);
		*ret_over = open >= to;
		if (rc < 0 || *ret_over)
			return rc;
		rc = add_trade(p, k, open, &t, err);
		if (rc < 0)
			return rc;
	}
	*ret_over = json_len(l) == 0 || str_eqc(last, k->since);
	snprintf(k->since, sizeof(k->since), "%.*s", STR_ARG(last));
	return 0;
}

static int of_trades(struct arena *out, struct pub *p, const struct pub_symbol *s,
		     enum tf tf, int64_t from, int64_t to, struct pub_page *ret,
		     struct err *err)
{
	struct tape *k = p->own;
	bool over = false;
	int rc = 0;

	if (k == NULL)
		k = p->own = NEW(p->arena, struct tape);
	if (strcmp(k->id, s->id) != 0 || k->tf != tf || k->next != from) {
		*k = (struct tape){ .tf = tf };
		snprintf(k->id, sizeof(k->id), "%s", s->id);
		/* It answers with what came after that. */
		snprintf(k->since, sizeof(k->since), "%" PRId64 "999999",
			 from - 1);
	}
	pub_page_room(out, ret, TRADES);
	while (rc == 0 && !over && ret->n == 0)
		SCOPE(tmp, out)
			rc = take_trades(tmp, p, k, from, to, ret, &over, err);
	if (rc == 0 && over)
		rc = end_candle(p, k, ret, err);
	k->next = INT64_MIN;
	if (rc < 0 || over)
		return rc;
	/* A candle ended, so the next one has begun. */
	k->next = ret->next = k->x.t;
	return 0;
}

static int candles(struct arena *out, struct pub *p, const struct pub_symbol *s,
		   enum tf tf, int64_t from, int64_t to, struct pub_page *ret,
		   struct err *err)
{
	if (from > clock_ms(&clock_real) - SAFE_ROWS * tf_ms(tf))
		return newest(out, p, s, tf, from, to, ret, err);
	return of_trades(out, p, s, tf, from, to, ret, err);
}

/* {"error":["EQuery:Unknown asset pair"]}; what begins with W is a warning. */
static const char *error(struct arena *out, const struct json *j)
{
	const struct json *l = json_get(j, "error");

	for (size_t i = 0; i < json_len(l); i++) {
		struct str s;

		if (json_str(json_at(l, i), &s) && str_starts(s, "E"))
			return str_dup(out, s);
	}
	return NULL;
}

/* About one request a second from one address. */
const struct pub_dialect pub_kraken = {
	"kraken", 1000, word, get_time, symbol, candles, error
};
