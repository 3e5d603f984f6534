#include "config.h"
#include <inttypes.h>
#include <string.h>
#include "db/db.h"
#include "market/market_i.h"

/* Readers take no lock.  They read the tail first and the blocks after it:
 * when the tail is folded in between, its candles are met twice, never lost,
 * and the blocks' copies are cut off. */

#define E10_10 10000000000LL

/* ---- rows of the tail ---- */

/* v x 10^-18 with as few places as it needs; false when 64 bits do not hold
 * the digits, which no writer of ours leaves behind. */
static bool dec_of_money(money_raw v, struct dec *ret)
{
	unsigned d = 18;
	int64_t m;

	if (v % E10_10 == 0) {		/* the usual case: 64 bits from here */
		v /= E10_10;
		d = 8;
	}
	for (; d > 0 && v % 10 == 0 && (v > INT64_MAX || v < INT64_MIN); d--)
		v /= 10;
	if (v > INT64_MAX || v < INT64_MIN)
		return false;
	for (m = (int64_t)v; d > 0 && m % 10 == 0; d--)
		m /= 10;
	*ret = (struct dec){ m, (uint8_t)d };
	return true;
}

int tail_row(const struct rows *r, size_t row, struct xcandle *ret,
	     struct err *err)
{
	struct xcandle x = { .t = row_i64(r, row, 0) };

	for (size_t k = 0; k < X__N; k++) {
		struct dec d;

		if (!dec_of_money(price_raw(row_price(r, row, 1 + k)), &d))
			return FAIL(err, E_BUG, "a candle's row does not fit");
		x.m[k] = d.m;
		x.d[k] = d.d;
	}
	*ret = x;
	return 0;
}

static int tail_into(const struct rows *tail, bool newest_first,
		     struct candles *cs, size_t at, struct err *err)
{
	for (size_t i = 0; i < tail->n; i++) {
		struct xcandle x;
		struct candle c;
		int rc = tail_row(tail, newest_first ? tail->n - 1 - i : i, &x,
				  err);

		if (rc < 0)
			return rc;
		c = xcandle_double(&x);
		candles_set(cs, at + i, &c);
	}
	return 0;
}

/* ---- columns of a stored series ---- */

struct fill {			/* blocks on their way into columns */
	struct arena *out;
	struct block_room *room;
	struct candles cs;	/* n: so many fit */
	size_t at;
};

/* The columns have room for `want` more. */
static void make_room(struct fill *f, size_t want)
{
	struct candles cs;
	size_t n = f->at + want;

	if (n <= f->cs.n)
		return;
	n = n > f->cs.n * 2 ? n : f->cs.n * 2;
	candles_alloc_raw(f->out, &cs, n);
	if (f->at > 0) {
		memcpy(cs.t, f->cs.t, f->at * sizeof(*cs.t));
		memcpy(cs.o, f->cs.o, f->at * sizeof(*cs.o));
		memcpy(cs.h, f->cs.h, f->at * sizeof(*cs.h));
		memcpy(cs.l, f->cs.l, f->at * sizeof(*cs.l));
		memcpy(cs.c, f->cs.c, f->at * sizeof(*cs.c));
		memcpy(cs.v, f->cs.v, f->at * sizeof(*cs.v));
	}
	f->cs = cs;
}

/* A row of t0, n, data. */
static int fill_block(void *ctx, const struct rows *r, struct err *err)
{
	struct fill *f = ctx;
	size_t n = row_u64(r, 0, 1);
	int rc;

	make_room(f, n);
	rc = block_decode(f->room, row_str(r, 0, 2), n, &f->cs, f->at, err);
	f->at += rc == 0 ? n : 0;
	return rc;
}

static int fill_tail(struct fill *f, const struct rows *tail,
		     bool newest_first, struct candles *ret, struct err *err)
{
	int rc = 0;

	if (tail->n > 0) {
		/* What was folded while we read is in both. */
		struct candles head = candles_slice(&f->cs, 0, f->at);

		f->at = candles_seek(&head, row_i64(tail, newest_first ?
						    tail->n - 1 : 0, 0));
		make_room(f, tail->n);
		rc = tail_into(tail, newest_first, &f->cs, f->at, err);
		f->at += tail->n;
	}
	*ret = candles_slice(&f->cs, 0, f->at);
	return rc;
}

static void cut(struct candles *cs, int64_t from, int64_t to)
{
	size_t a = candles_seek(cs, from), b = candles_seek(cs, to);

	*cs = candles_slice(cs, a, b > a ? b : a);
}

static int load_stored(struct arena *out, struct db *db, uint64_t market_id,
		       enum tf tf, int64_t from, int64_t to,
		       struct candles *ret, struct err *err)
{
	struct dbval m = V_U64(market_id), f = V_U64(tf);

	SCOPE(tmp, out) {
		struct fill fill = { .out = out, .room = block_room(tmp) };
		struct rows tail, sum;
		int rc = db_select(tmp, db, Q_TAIL,
				   ARGS(m, f, V_I64(from), V_I64(to)), &tail,
				   err);

		/* The count first, so that the columns are made once. */
		if (rc == 0)
			rc = db_select(tmp, db, Q_BLOCKS_COUNT,
				       ARGS(m, f, V_I64(to), m, f, V_I64(from),
					    V_I64(from)), &sum, err);
		if (rc < 0)
			return rc;
		make_room(&fill, tail.n + (size_t)row_i64(&sum, 0, 0) + 1);
		if (row_i64(&sum, 0, 0) > 0)
			rc = db_each(db, Q_BLOCKS,
				     ARGS(m, f, V_I64(to), m, f, V_I64(from),
					  V_I64(from)), fill_block, &fill, err);
		if (rc == 0)
			rc = fill_tail(&fill, &tail, false, ret, err);
		if (rc < 0)
			return rc;
	}
	cut(ret, from, to);
	return 0;
}

static int newest_stored(struct arena *out, struct db *db, uint64_t market_id,
			 enum tf tf, size_t n, int64_t before,
			 struct candles *ret, struct err *err)
{
	struct dbval m = V_U64(market_id), f = V_U64(tf);

	SCOPE(tmp, out) {
		struct fill fill = { .out = out, .room = block_room(tmp) };
		struct rows tail, blocks = { 0 };
		struct candles cs;
		uint64_t take = 1;
		int rc = db_select(tmp, db, Q_TAIL_NEWEST,
				   ARGS(m, f, V_I64(before), V_U64(n)), &tail,
				   err);

		/* Blocks may be short: as many as it takes. */
		for (; rc == 0 && tail.n < n; take *= 4) {
			uint64_t got = tail.n;

			take = take > 1 ? take : (n - tail.n) /
				BLOCK_CANDLES + 2;
			rc = db_select(tmp, db, Q_BLOCKS_NEWEST,
				       ARGS(m, f, V_I64(before), V_U64(take)),
				       &blocks, err);
			for (size_t i = 0; rc == 0 && i < blocks.n; i++)
				got += row_u64(&blocks, i, 1);
			/* The first may be cut by `before`. */
			if (rc == 0 && (blocks.n < take ||
					got >= n + BLOCK_CANDLES))
				break;
		}
		for (size_t i = blocks.n; rc == 0 && i-- > 0;) {
			struct rows row = { 1, blocks.cols,
					    blocks.v + i * blocks.cols };

			rc = fill_block(&fill, &row, err);
		}
		make_room(&fill, 1);
		if (rc == 0)
			rc = fill_tail(&fill, &tail, true, &cs, err);
		if (rc < 0)
			return rc;
		cut(&cs, INT64_MIN, before);
		*ret = candles_slice(&cs, cs.n > n ? cs.n - n : 0, cs.n);
	}
	return 0;
}

/* ---- series ---- */

static int series_rows(struct arena *out, const struct rows *r,
		       struct series **ret, size_t *ret_n, struct err *err)
{
	struct series *s = NEW_N(out, struct series, r->n > 0 ? r->n : 1);

	for (size_t i = 0; i < r->n; i++) {
		uint64_t tf = row_u64(r, i, 1);

		if (!tf_valid((int64_t)tf))
			return FAIL(err, E_BUG, "unknown timeframe %" PRIu64, tf);
		s[i] = (struct series){ row_u64(r, i, 0), (enum tf)tf,
					row_i64(r, i, 2), row_i64(r, i, 3),
					row_u64(r, i, 4) };
	}
	*ret = s;
	*ret_n = r->n;
	return 0;
}

int series_list(struct arena *out, struct db *db, uint64_t market_id,
		size_t limit, struct series **ret, size_t *ret_n,
		struct err *err)
{
	SCOPE(tmp, out) {
		struct rows r;
		int rc = market_id != 0 ?
			db_select(tmp, db, Q_SERIES_OF, ARGS(V_U64(market_id)),
				  &r, err) :
			db_select(tmp, db, Q_SERIES_ALL, ARGS(V_U64(limit)), &r,
				  err);

		return rc < 0 ? rc : series_rows(out, &r, ret, ret_n, err);
	}
	return 0;
}

int series_get(struct db *db, uint64_t market_id, enum tf tf,
	       struct series *ret, struct err *err)
{
	struct arena *a = arena_new("series", 1 << 20);
	struct series *s;
	size_t n = 0, i = 0;
	int rc = series_list(a, db, market_id, 0, &s, &n, err);

	while (rc == 0 && i < n && s[i].tf != tf)
		i++;
	if (rc == 0 && i == n)
		rc = FAIL(err, E_NOTFOUND, "market %" PRIu64 " has no candles "
			  "of %s", market_id, tf_name(tf));
	else if (rc == 0)
		*ret = s[i];
	arena_free(&a);
	return rc;
}

/* ---- series that are made of finer ones ---- */

/* The coarsest stored series that divides tf; false: there is none. */
static int base_of(struct db *db, uint64_t market_id, enum tf tf,
		   struct series *ret, bool *ret_found, struct err *err)
{
	struct arena *a = arena_new("series", 1 << 20);
	struct series *s;
	size_t n = 0;
	int rc = series_list(a, db, market_id, 0, &s, &n, err);

	*ret_found = false;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		if (s[i].tf == tf || !tf_divides(s[i].tf, tf))
			continue;
		if (*ret_found && tf_ms(s[i].tf) <= tf_ms(ret->tf))
			continue;
		*ret = s[i];
		*ret_found = true;
	}
	arena_free(&a);
	return rc;
}

/* Bars of tf made of `fine`; the first and the last are left out when the
 * stored series begins or ends within them. */
static int make(struct arena *out, const struct candles *fine,
		const struct series *base, enum tf tf, struct candles *ret,
		struct err *err)
{
	struct candles cs;
	size_t a = 0, b;
	int rc = candles_resample(out, fine, base->tf, tf, &cs, err);

	if (rc < 0)
		return rc;
	b = cs.n;
	/* The series may have grown since base was read. */
	if (b > 0 && tf_next(tf, cs.t[b - 1]) >
	    tf_next(base->tf, fine->t[fine->n - 1]) &&
	    fine->t[fine->n - 1] >= base->to)
		b--;
	if (a < b && cs.t[0] < base->from)
		a++;
	*ret = candles_slice(&cs, a, b);
	return 0;
}

static void append(struct candles *to, const struct candles *from)
{
	for (size_t i = 0; i < from->n; i++) {
		struct candle c = candles_at(from, i);

		candles_set(to, to->n++, &c);
	}
}

/* Of the finer ones no more than these are held at once: a week is made of ten
 * thousand minutes. */
#define MADE_FROM ((int64_t)250000)

/* Whole bars from `first` up to that of `last`, into room for all of them. */
static int make_all(struct arena *out, struct db *db, uint64_t market_id,
		    const struct series *base, enum tf tf, int64_t first,
		    int64_t last, struct candles *ret, struct err *err)
{
	int64_t end = tf_next(tf, last), span = MADE_FROM * tf_ms(base->tf);

	for (int64_t at = first, to; at < end; at = to) {
		to = tf_open(tf, at + span);
		to = to <= at ? tf_next(tf, at) : to < end ? to : end;
		SCOPE(tmp, out) {
			struct candles fine, part;
			int rc = load_stored(tmp, db, market_id, base->tf, at, to,
					     &fine, err);

			if (rc == 0 && fine.n > 0)
				rc = make(tmp, &fine, base, tf, &part, err);
			if (rc < 0)
				return rc;
			if (fine.n > 0)
				append(ret, &part);
		}
	}
	return 0;
}

static int load_made(struct arena *out, struct db *db, uint64_t market_id,
		     enum tf tf, int64_t from, int64_t to,
		     struct candles *ret, struct err *err)
{
	struct series base;
	struct candles cs;
	bool found;
	int64_t first = from, last;
	int rc = base_of(db, market_id, tf, &base, &found, err);

	if (rc < 0)
		return rc;
	if (!found || to <= base.from) {
		candles_alloc(out, ret, 0);
		return 0;
	}
	/* Whole bars: from the first open at or after `from`, to the end of
	 * the last one that opens before `to`. */
	if (from < base.from)
		first = tf_open(tf, base.from);
	else if (tf_open(tf, from) < from)
		first = tf_next(tf, tf_open(tf, from));
	last = tf_open(tf, to > base.to ? base.to : to - 1);
	candles_alloc(out, &cs, first > last ? 1 :
		      (size_t)tf_count(tf, first, tf_next(tf, last)) + 1);
	cs.n = 0;
	rc = make_all(out, db, market_id, &base, tf, first, last, &cs, err);
	if (rc < 0)
		return rc;
	cut(&cs, from, to);
	*ret = cs;
	return 0;
}

int candles_load(struct arena *out, struct db *db, uint64_t market_id,
		 enum tf tf, int64_t from, int64_t to, struct candles *ret,
		 struct err *err)
{
	int rc = load_stored(out, db, market_id, tf, from, to, ret, err);

	if (rc == 0 && ret->n == 0 && from < to)
		rc = load_made(out, db, market_id, tf, from, to, ret, err);
	return rc;
}

static int newest_made(struct arena *out, struct db *db, uint64_t market_id,
		       enum tf tf, size_t n, int64_t before,
		       struct candles *ret, struct err *err)
{
	struct series base;
	struct candles cs;
	int64_t from;
	bool found;
	int rc = base_of(db, market_id, tf, &base, &found, err);

	if (rc < 0)
		return rc;
	if (!found || before <= base.from) {
		candles_alloc(out, ret, 0);
		return 0;
	}
	from = tf_open(tf, before > base.to ? base.to : before - 1);
	/* One more, because the last may be unfinished; months vary. */
	from -= ((int64_t)n + 1) * (tf_ms(tf) / 28 * 29);
	rc = load_made(out, db, market_id, tf, from, before, &cs, err);
	if (rc == 0)
		*ret = candles_slice(&cs, cs.n > n ? cs.n - n : 0, cs.n);
	return rc;
}

#define NEWEST_MAX 10000000

int candles_newest(struct arena *out, struct db *db, uint64_t market_id,
		   enum tf tf, size_t n, int64_t before, struct candles *ret,
		   struct err *err)
{
	int rc;

	n = n < NEWEST_MAX ? n : NEWEST_MAX;
	rc = newest_stored(out, db, market_id, tf, n, before, ret, err);
	if (rc == 0 && ret->n == 0 && n > 0)
		rc = newest_made(out, db, market_id, tf, n, before, ret, err);
	return rc;
}

int exact_rows(struct arena *out, const struct rows *blocks,
	       const struct rows *tail, int64_t from, int64_t to,
	       struct xcandle **ret, size_t *ret_n, struct err *err)
{
	size_t total = tail->n, n = 0, a = 0;
	struct block_room *room = block_room(out);
	struct xcandle *x;
	int rc = 0;

	for (size_t i = 0; i < blocks->n; i++)
		total += row_u64(blocks, i, 1);
	x = NEW_N(out, struct xcandle, total > 0 ? total : 1);
	for (size_t i = 0; rc == 0 && i < blocks->n; i++) {
		size_t k = row_u64(blocks, i, 1);

		rc = block_decode_exact(room, row_str(blocks, i, 2), k, x + n,
					err);
		n += k;
	}
	while (rc == 0 && tail->n > 0 && n > 0 &&
	       x[n - 1].t >= row_i64(tail, 0, 0))
		n--;
	for (size_t i = 0; rc == 0 && i < tail->n; i++)
		rc = tail_row(tail, i, &x[n++], err);
	if (rc < 0)
		return rc;
	while (a < n && x[a].t < from)
		a++;
	while (n > a && x[n - 1].t >= to)
		n--;
	*ret = x + a;
	*ret_n = n - a;
	return 0;
}

int xcandles_load(struct arena *out, struct db *db, uint64_t market_id,
		  enum tf tf, int64_t from, int64_t to, struct xcandle **ret,
		  size_t *ret_n, struct err *err)
{
	struct dbval m = V_U64(market_id), f = V_U64(tf);

	SCOPE(tmp, out) {
		struct rows tail, blocks;
		int rc = db_select(tmp, db, Q_TAIL,
				   ARGS(m, f, V_I64(from), V_I64(to)), &tail,
				   err);

		if (rc == 0)
			rc = db_select(tmp, db, Q_BLOCKS,
				       ARGS(m, f, V_I64(to), m, f, V_I64(from),
					    V_I64(from)), &blocks, err);
		if (rc < 0)
			return rc;
		return exact_rows(out, &blocks, &tail, from, to, ret, ret_n,
				  err);
	}
	return 0;
}
