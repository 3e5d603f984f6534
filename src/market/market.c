#include "config.h"
#include <stdio.h>
#include <string.h>
#include "core/clock.h"
#include "db/db.h"
#include "market/market_i.h"

static const char *const statuses[] = {
#define X(id, text) [MARKET_##id] = text,
	MARKET_STATUSES(X)
#undef X
};

const char *market_status_name(enum market_status s)
{
	assert((size_t)s < ARRAY_LEN(statuses));
	return statuses[s];
}

/* ---- names ---- */

static bool is_lower_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') ||
		      (s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '-' ||
		      s.p[i] == '_'))
			return false;
	return s.n > 0 && s.n <= EXCHANGE_NAME_MAX;
}

static bool is_asset(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= 'A' && s.p[i] <= 'Z') ||
		      (s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '.' ||
		      s.p[i] == '-' || s.p[i] == '_'))
			return false;
	return s.n > 0 && s.n <= ASSET_MAX;
}

static void put(char *buf, size_t size, struct str s)
{
	assert(s.n < size);
	memcpy(buf, s.p, s.n);
	buf[s.n] = '\0';
}

bool market_ref_parse(struct str ref, struct market *ret)
{
	struct str exchange, base, quote;

	if (!str_split(&ref, ':', &exchange) || !is_lower_name(exchange))
		return false;
	if (ref.n > SYMBOL_MAX)
		return false;
	quote = ref;
	if (!str_split(&quote, '/', &base) || !is_asset(base) ||
	    !is_asset(quote))
		return false;
	*ret = (struct market){ 0 };
	put(ret->exchange, sizeof(ret->exchange), exchange);
	put(ret->symbol, sizeof(ret->symbol), ref);
	put(ret->base, sizeof(ret->base), base);
	put(ret->quote, sizeof(ret->quote), quote);
	return true;
}

/* ---- reading ---- */

/* Digits after the point that a step of 10^-n, or 5 x 10^-n, needs. */
static unsigned places(money_raw raw)
{
	unsigned n = 18;

	for (; n > 0 && raw % 10 == 0; n--)
		raw /= 10;
	return n;
}

static int bad_row(struct err *err)
{
	return FAIL(err, E_BUG, "a market's row does not fit");
}

static int take_text(const struct rows *r, size_t row, size_t col, char *buf,
		     size_t size, struct err *err)
{
	struct str s = row_str(r, row, col);

	if (s.n >= size)
		return bad_row(err);
	put(buf, size, s);
	return 0;
}

static int from_row(const struct rows *r, size_t row, struct market *ret,
		    struct err *err)
{
	struct market m = { .id = row_u64(r, row, 0),
			    .exchange_id = row_u64(r, row, 1),
			    .tick = row_price(r, row, 6),
			    .lot = row_qty(r, row, 7),
			    .min_notional = row_quote(r, row, 8) };
	uint64_t status = row_u64(r, row, 9);

	if (status >= ARRAY_LEN(statuses) ||
	    take_text(r, row, 2, m.exchange, sizeof(m.exchange), err) < 0 ||
	    take_text(r, row, 3, m.symbol, sizeof(m.symbol), err) < 0 ||
	    take_text(r, row, 4, m.base, sizeof(m.base), err) < 0 ||
	    take_text(r, row, 5, m.quote, sizeof(m.quote), err) < 0)
		return bad_row(err);
	m.status = (enum market_status)status;
	m.price_decimals = places(price_raw(m.tick));
	m.qty_decimals = places(qty_raw(m.lot));
	*ret = m;
	return 0;
}

static int find_one(struct db *db, enum stmt q, const struct dbval *args,
		    size_t n_args, struct market *ret, struct err *err)
{
	struct arena *a = arena_new("market", 1 << 20);
	struct rows r;
	int rc = db_select(a, db, q, args, n_args, &r, err);

	if (rc == 0)
		rc = r.n > 0 ? from_row(&r, 0, ret, err) : -E_NOTFOUND;
	arena_free(&a);
	return rc;
}

int market_by_id(struct db *db, uint64_t id, struct market *ret,
		 struct err *err)
{
	int rc = find_one(db, Q_MARKET_BY_ID, ARGS(V_U64(id)), ret, err);

	if (rc == -E_NOTFOUND)
		return FAIL(err, E_NOTFOUND, "there is no market %llu",
			    (unsigned long long)id);
	return rc;
}

int market_find(struct db *db, const char *exchange, const char *symbol,
		struct market *ret, struct err *err)
{
	int rc = find_one(db, Q_MARKET_FIND,
			  ARGS(V_STR(exchange), V_STR(symbol)), ret, err);

	if (rc == -E_NOTFOUND)
		return FAIL(err, E_NOTFOUND, "there is no market %s:%s",
			    exchange, symbol);
	return rc;
}

int market_list(struct arena *out, struct db *db, const char *exchange,
		const char *q, uint64_t after, size_t limit,
		struct market **ret, size_t *ret_n, struct err *err)
{
	SCOPE(tmp, out) {
		struct rows r;
		struct market *m;
		int rc = db_select(tmp, db, Q_MARKET_LIST,
				   ARGS(V_U64(after), V_STR(exchange),
					V_STR(exchange), V_STR(q), V_STR(q),
					V_U64(limit)), &r, err);

		if (rc < 0)
			return rc;
		m = NEW_N(out, struct market, r.n > 0 ? r.n : 1);
		for (size_t i = 0; i < r.n; i++) {
			rc = from_row(&r, i, &m[i], err);
			if (rc < 0)
				return rc;
		}
		*ret = m;
		*ret_n = r.n;
	}
	return 0;
}

/* ---- with their series ---- */

/* "10 1640995200000 1764651600000 34349" */
static bool read_series(struct str s, uint64_t market_id, struct series *ret)
{
	struct str v[4];
	uint64_t tf;

	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		if (!str_split(&s, ' ', &v[i]))
			return false;
	*ret = (struct series){ .market_id = market_id };
	if (!str_u64(v[0], &tf) || !tf_valid((int64_t)tf))
		return false;
	ret->tf = (enum tf)tf;
	return str_i64(v[1], &ret->from) && str_i64(v[2], &ret->to) &&
		str_u64(v[3], &ret->count);
}

static int info_rows(struct arena *out, const struct rows *r,
		     struct market_info **ret, struct err *err)
{
	struct market_info *v = NEW_N(out, struct market_info,
				      r->n > 0 ? r->n : 1);

	for (size_t i = 0; i < r->n; i++) {
		struct str rest = row_str(r, i, 10), one;

		if (from_row(r, i, &v[i].m, err) < 0)
			return -E_BUG;
		while (rest.n > 0 && str_split(&rest, ';', &one)) {
			if (v[i].n_series >= ARRAY_LEN(v[i].series) ||
			    !read_series(one, v[i].m.id,
					 &v[i].series[v[i].n_series]))
				return bad_row(err);
			v[i].n_series++;
		}
	}
	*ret = v;
	return 0;
}

int market_info_get(struct arena *out, struct db *db, uint64_t id,
		    struct market_info **ret, struct err *err)
{
	SCOPE(tmp, out) {
		struct rows r;
		int rc = db_select(tmp, db, Q_MARKET_INFO, ARGS(V_U64(id)), &r,
				   err);

		if (rc == 0 && r.n == 0)
			return FAIL(err, E_NOTFOUND, "there is no market %llu",
				    (unsigned long long)id);
		return rc < 0 ? rc : info_rows(out, &r, ret, err);
	}
	return 0;
}

int market_info_list(struct arena *out, struct db *db, const char *exchange,
		     const char *q, uint64_t after, size_t limit,
		     struct market_info **ret, size_t *ret_n, struct err *err)
{
	SCOPE(tmp, out) {
		struct rows r;
		int rc = db_select(tmp, db, Q_MARKET_INFO_LIST,
				   ARGS(V_U64(after), V_STR(exchange),
					V_STR(exchange), V_STR(q), V_STR(q),
					V_U64(limit)), &r, err);

		if (rc == 0)
			rc = info_rows(out, &r, ret, err);
		if (rc < 0)
			return rc;
		*ret_n = r.n;
	}
	return 0;
}

int exchange_list(struct arena *out, struct db *db, struct exchange **ret,
		  size_t *ret_n, struct err *err)
{
	SCOPE(tmp, out) {
		struct rows r;
		struct exchange *e;
		int rc = db_select(tmp, db, Q_EXCHANGE_LIST, NOARGS, &r, err);

		if (rc < 0)
			return rc;
		e = NEW_N(out, struct exchange, r.n > 0 ? r.n : 1);
		for (size_t i = 0; i < r.n; i++) {
			e[i].id = row_u64(&r, i, 0);
			e[i].markets = (uint64_t)row_i64(&r, i, 3);
			rc = take_text(&r, i, 1, e[i].name, sizeof(e->name),
				       err);
			if (rc == 0)
				rc = take_text(&r, i, 2, e[i].kind,
					       sizeof(e->kind), err);
			if (rc < 0)
				return rc;
		}
		*ret = e;
		*ret_n = r.n;
	}
	return 0;
}

/* ---- creating ---- */

struct ensure {
	struct market *m;	/* what is wanted */
	struct market got;
	const char *kind;
	bool created;
};

/* The id of a row that somebody else has just made: within a transaction only
 * a locking read sees it (or asks for the whole to be run again). */
static int id_of(struct db *db, enum stmt q, const struct dbval *args,
		 size_t n_args, uint64_t *ret, struct err *err)
{
	struct arena *a = arena_new("id", 1 << 20);
	struct rows r;
	int rc = db_select(a, db, q, args, n_args, &r, err);

	if (rc == 0 && r.n == 0)
		rc = -E_NOTFOUND;
	if (rc == 0)
		*ret = row_u64(&r, 0, 0);
	arena_free(&a);
	return rc;
}

static int exchange_id(struct db *db, const char *name, const char *kind,
		       uint64_t *ret, struct err *err)
{
	int rc = id_of(db, Q_EXCHANGE_FIND, ARGS(V_STR(name)), ret, err);

	if (rc != -E_NOTFOUND)
		return rc;
	rc = db_exec(db, Q_EXCHANGE_ADD,
		     ARGS(V_STR(name), V_STR(kind),
			  V_I64(clock_ms(&clock_real))), NULL, ret, err);
	if (rc == -E_CONFLICT)
		rc = id_of(db, Q_EXCHANGE_FIND_LOCK, ARGS(V_STR(name)), ret,
			   err);
	return rc;
}

static int ensure_tx(void *ctx, struct db *db, struct err *err)
{
	struct ensure *e = ctx;
	const struct market *m = e->m;
	uint64_t exchange;
	int rc;

	e->created = false;
	rc = find_one(db, Q_MARKET_FIND,
		      ARGS(V_STR(m->exchange), V_STR(m->symbol)), &e->got, err);
	if (rc != -E_NOTFOUND)
		return rc;
	rc = exchange_id(db, m->exchange, e->kind, &exchange, err);
	if (rc < 0)
		return rc;
	rc = db_exec(db, Q_MARKET_ADD,
		     ARGS(V_U64(exchange), V_STR(m->symbol), V_STR(m->base),
			  V_STR(m->quote), V_PRICE(m->tick), V_QTY(m->lot),
			  V_QUOTE(m->min_notional),
			  V_I64(clock_ms(&clock_real))), NULL, &e->got.id, err);
	e->created = rc == 0;
	if (rc == -E_CONFLICT)
		rc = id_of(db, Q_MARKET_FIND_LOCK,
			   ARGS(V_U64(exchange), V_STR(m->symbol)), &e->got.id,
			   err);
	return rc == 0 ? market_by_id(db, e->got.id, &e->got, err) : rc;
}

int market_ensure(struct db *db, struct market *m, const char *kind,
		  bool *ret_created, struct err *err)
{
	struct ensure e = { .m = m, .kind = kind };
	struct str base = str_c(m->base), quote = str_c(m->quote);
	int rc;

	if (!is_lower_name(str_c(m->exchange)) || !is_asset(base) ||
	    !is_asset(quote))
		return FAIL(err, E_INVAL, "not a market's name: %s:%s",
			    m->exchange, m->symbol);
	if (price_sign(m->tick) <= 0 || qty_sign(m->lot) <= 0 ||
	    quote_sign(m->min_notional) < 0)
		return FAIL(err, E_INVAL, "tick and lot must be above zero, the "
			    "minimum notional not below");
	rc = db_tx_join(db, ensure_tx, &e, err);
	if (rc < 0)
		return rc;
	*m = e.got;
	if (ret_created != NULL)
		*ret_created = e.created;
	return 0;
}
