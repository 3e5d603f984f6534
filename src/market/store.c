#include "config.h"
#include <inttypes.h>
#include <string.h>
#include "core/clock.h"
#include "core/fault.h"
#include "db/db.h"
#include "market/market_i.h"

/* All writing goes through merge_tx(): lock the series' row, then read, then
 * write, one transaction.  Two writers take turns at the lock; a crash leaves
 * what was before. */

/* A block that is shorter than this is taken along when its neighbour is
 * rewritten, so that many small imports do not leave many small blocks. */
#define SHORT_BLOCK (BLOCK_CANDLES / 2)

struct span { int64_t t0, t1; uint64_t n; };

struct head {			/* the series' row */
	int64_t first, last;
	uint64_t n, tail_n;
};

struct merge {
	uint64_t market_id;
	enum tf tf;
	const struct xcandle *x;
	size_t n;
	unsigned flags;
	struct store_stats stats;
};

/* ---- the lock ---- */

static int lock_once(struct arena *tmp, struct db *db, const struct merge *m,
		     struct head *ret, bool *ret_found, struct err *err)
{
	struct rows r;
	int rc = db_select(tmp, db, Q_SERIES_LOCK,
			   ARGS(V_U64(m->market_id), V_U64(m->tf)), &r, err);

	if (rc < 0)
		return rc;
	*ret_found = r.n > 0;
	if (r.n > 0)
		*ret = (struct head){ row_i64(&r, 0, 0), row_i64(&r, 0, 1),
				      row_u64(&r, 0, 2), row_u64(&r, 0, 3) };
	return 0;
}

static int lock_series(struct arena *tmp, struct db *db, const struct merge *m,
		       struct head *ret, struct err *err)
{
	bool found;
	int rc = lock_once(tmp, db, m, ret, &found, err);

	if (rc < 0 || found)
		return rc;
	rc = db_exec(db, Q_SERIES_ADD, ARGS(V_U64(m->market_id), V_U64(m->tf)),
		     NULL, NULL, err);
	if (rc == 0)
		rc = lock_once(tmp, db, m, ret, &found, err);
	if (rc == 0 && !found)
		return FAIL(err, E_NOTFOUND, "there is no market %" PRIu64,
			    m->market_id);
	return rc;
}

static int set_series(struct db *db, const struct merge *m,
		      const struct head *h, struct err *err)
{
	if (FAULT("market.series"))
		return FAIL(err, E_DB, "fault: market.series");
	return db_exec(db, Q_SERIES_SET,
		       ARGS(V_I64(h->first), V_I64(h->last), V_U64(h->n),
			    V_U64(h->tail_n), V_U64(m->market_id),
			    V_U64(m->tf)), NULL, NULL, err);
}

/* ---- writing rows ---- */

static struct dbval money_of(const struct xcandle *x, int k)
{
	money_raw v = x->m[k];

	/* At most 2^63 x 10^18, which 128 bits hold; the column holds 10^20,
	 * so the mantissa of a whole number always fits. */
	v *= dec_pow10[18 - x->d[k]];
	return V_PRICE(price_from_raw(v));
}

static int add_tail(struct arena *tmp, struct db *db, const struct merge *m,
		    const struct xcandle *x, size_t n, struct err *err)
{
	const size_t cols = 3 + X__N;
	struct dbval *v = NEW_N(tmp, struct dbval, n * cols + 1);

	if (n == 0)
		return 0;
	if (FAULT("market.tail"))
		return FAIL(err, E_DB, "fault: market.tail");
	for (size_t i = 0; i < n; i++) {
		struct dbval *row = v + i * cols;

		row[0] = V_U64(m->market_id);
		row[1] = V_U64(m->tf);
		row[2] = V_I64(x[i].t);
		for (int k = 0; k < X__N; k++)
			row[3 + k] = money_of(&x[i], k);
	}
	return db_exec_many(db, Q_TAIL_ADD, v, n, cols, err);
}

static int add_blocks(struct arena *tmp, struct db *db, const struct merge *m,
		      const struct xcandle *x, size_t n, struct err *err)
{
	for (size_t at = 0; at < n; at += BLOCK_CANDLES) {
		size_t k = n - at < BLOCK_CANDLES ? n - at : BLOCK_CANDLES;
		struct str b = block_encode(tmp, x + at, k);
		int rc;

		if (FAULT("market.block"))
			return FAIL(err, E_DB, "fault: market.block");
		rc = db_exec(db, Q_BLOCK_ADD,
			     ARGS(V_U64(m->market_id), V_U64(m->tf),
				  V_I64(x[at].t), V_I64(x[at + k - 1].t),
				  V_U64(k), V_BLOB(b.p, b.n)), NULL, NULL, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---- what is there already ---- */

/* Which blocks are rewritten: [lo, hi) of spans; `open_end`: the tail too. */
struct touched { size_t lo, hi; bool open_end; };

static struct touched which(const struct merge *m, const struct span *s,
			    size_t n, const struct head *h)
{
	int64_t a = m->x[0].t, b = m->x[m->n - 1].t;
	struct touched t = { 0, 0, false };

	while (t.lo < n && s[t.lo].t1 < a)
		t.lo++;
	t.hi = t.lo;
	while (t.hi < n && s[t.hi].t0 <= b)
		t.hi++;
	if (t.lo > 0 && s[t.lo - 1].n < SHORT_BLOCK)
		t.lo--;
	if (t.hi < n && s[t.hi].n < SHORT_BLOCK)
		t.hi++;
	/* Behind the last block there is only the tail.  With a tail, rows
	 * that end before it leave it alone. */
	t.open_end = t.hi == n &&
		(h->tail_n == 0 || n == 0 || b > s[n - 1].t1);
	return t;
}

static int spans_of(struct arena *tmp, struct db *db, const struct merge *m,
		    struct span **ret, size_t *ret_n, struct err *err)
{
	struct rows r;
	struct span *s;
	int rc = db_select(tmp, db, Q_BLOCK_SPANS,
			   ARGS(V_U64(m->market_id), V_U64(m->tf)), &r, err);

	if (rc < 0)
		return rc;
	s = NEW_N(tmp, struct span, r.n + 1);
	for (size_t i = 0; i < r.n; i++)
		s[i] = (struct span){ row_i64(&r, i, 0), row_i64(&r, i, 1),
				      row_u64(&r, i, 2) };
	*ret = s;
	*ret_n = r.n;
	return 0;
}

static int read_old(struct arena *tmp, struct db *db, const struct merge *m,
		    const struct span *s, struct touched t,
		    struct xcandle **ret, size_t *ret_n, struct err *err)
{
	struct dbval id = V_U64(m->market_id), tf = V_U64(m->tf);
	struct rows blocks = { 0 }, tail = { 0 };
	int rc = 0;

	if (t.hi > t.lo)
		rc = db_select(tmp, db, Q_BLOCKS,
			       ARGS(id, tf, V_I64(s[t.hi - 1].t0 + 1), id, tf,
				    V_I64(s[t.lo].t0), V_I64(s[t.lo].t0)),
			       &blocks, err);
	if (rc == 0 && t.open_end)
		rc = db_select(tmp, db, Q_TAIL,
			       ARGS(id, tf, V_I64(INT64_MIN),
				    V_I64(INT64_MAX)), &tail, err);
	if (rc < 0)
		return rc;
	return exact_rows(tmp, &blocks, &tail, INT64_MIN, INT64_MAX, ret,
			  ret_n, err);
}

/* ---- merging ---- */

static int differs(const struct xcandle *x, const struct merge *m,
		   struct err *err)
{
	char when[TIME_TEXT_MAX];

	time_format(when, x->t);
	if (x->line > 0)
		return FAIL(err, E_CONFLICT, "line %u: the stored %s candle of "
			    "%s has other numbers", (unsigned)x->line,
			    tf_name(m->tf), when);
	return FAIL(err, E_CONFLICT, "the stored %s candle of %s has other "
		    "numbers", tf_name(m->tf), when);
}

static int merge_rows(struct merge *m, const struct xcandle *old, size_t n_old,
		      struct xcandle *dst, size_t *ret_n, struct err *err)
{
	size_t i = 0, k = 0, n = 0;

	while (i < n_old || k < m->n) {
		const struct xcandle *x = k < m->n ? &m->x[k] : NULL;

		if (x == NULL || (i < n_old && old[i].t < x->t)) {
			dst[n++] = old[i++];
			continue;
		}
		dst[n++] = *x;
		k++;
		if (i == n_old || old[i].t > x->t) {
			m->stats.added++;
			continue;
		}
		if (xcandle_same(&old[i], x))
			m->stats.same++;
		else if (m->flags & STORE_REPLACE)
			m->stats.replaced++;
		else
			return differs(x, m, err);
		i++;
	}
	*ret_n = n;
	return 0;
}

static int clear_old(struct db *db, const struct merge *m, const struct span *s,
		     struct touched t, struct err *err)
{
	struct dbval id = V_U64(m->market_id), tf = V_U64(m->tf);
	int rc = 0;

	if (t.hi > t.lo)
		rc = db_exec(db, Q_BLOCK_DEL,
			     ARGS(id, tf, V_I64(s[t.lo].t0),
				  V_I64(s[t.hi - 1].t0)), NULL, NULL, err);
	if (rc == 0 && t.open_end)
		rc = db_exec(db, Q_TAIL_DEL, ARGS(id, tf), NULL, NULL, err);
	if (rc == 0 && FAULT("market.clear"))
		return FAIL(err, E_DB, "fault: market.clear");
	return rc;
}

static int rewrite(struct arena *tmp, struct db *db, struct merge *m,
		   struct head *h, struct err *err)
{
	struct xcandle *old, *all;
	struct span *s;
	struct touched t;
	size_t n_s = 0, n_old = 0, n = 0, in_blocks;
	int rc = spans_of(tmp, db, m, &s, &n_s, err);

	if (rc < 0)
		return rc;
	t = which(m, s, n_s, h);
	rc = read_old(tmp, db, m, s, t, &old, &n_old, err);
	if (rc < 0)
		return rc;
	all = NEW_N(tmp, struct xcandle, n_old + m->n);
	rc = merge_rows(m, old, n_old, all, &n, err);
	if (rc < 0 || (m->stats.added == 0 && m->stats.replaced == 0))
		return rc;
	in_blocks = t.open_end ? n - n % BLOCK_CANDLES : n;
	rc = clear_old(db, m, s, t, err);
	if (rc == 0)
		rc = add_blocks(tmp, db, m, all, in_blocks, err);
	if (rc == 0)
		rc = add_tail(tmp, db, m, all + in_blocks, n - in_blocks, err);
	if (t.open_end)
		h->tail_n = n - in_blocks;
	return rc;
}

static int merge_tx(void *ctx, struct db *db, struct err *err)
{
	struct merge *m = ctx;
	struct arena *tmp = arena_new("candles", (size_t)16 << 30);
	struct head h;
	int64_t a = m->x[0].t, b = m->x[m->n - 1].t;
	int rc = lock_series(tmp, db, m, &h, err);

	m->stats = (struct store_stats){ 0 };
	if (rc < 0) {
		arena_free(&tmp);
		return rc;
	}
	if ((h.n == 0 || a > h.last) && h.tail_n + m->n < BLOCK_CANDLES) {
		/* A feed's usual candle: one row more. */
		rc = add_tail(tmp, db, m, m->x, m->n, err);
		m->stats.added = m->n;
		h.tail_n += m->n;
	} else {
		rc = rewrite(tmp, db, m, &h, err);
	}
	if (rc == 0 && (m->stats.added > 0 || m->stats.replaced > 0)) {
		h.first = h.n == 0 || a < h.first ? a : h.first;
		h.last = h.n == 0 || b > h.last ? b : h.last;
		h.n += m->stats.added;
		rc = set_series(db, m, &h, err);
	}
	arena_free(&tmp);
	return rc;
}

int xcandles_merge(struct db *db, uint64_t market_id, enum tf tf,
		   const struct xcandle *x, size_t n, unsigned flags,
		   struct store_stats *ret, struct err *err)
{
	struct merge m = { market_id, tf, x, n, flags, { 0 } };
	int rc;

	for (size_t i = 0; i < n; i++) {
		const char *what = xcandle_check(&x[i], tf);

		if (what == NULL && i > 0 && x[i].t <= x[i - 1].t)
			what = "out of order";
		if (what != NULL)
			return FAIL(err, E_INVAL, "candle %zu of %zu: %s", i + 1,
				    n, what);
	}
	if (n > 0) {
		rc = db_tx_join(db, merge_tx, &m, err);
		if (rc < 0)
			return rc;
	}
	if (ret != NULL)
		*ret = m.stats;
	return 0;
}

int candles_append(struct db *db, uint64_t market_id, enum tf tf,
		   const struct candles *cs, struct store_stats *ret,
		   struct err *err)
{
	struct arena *tmp = arena_new("append", (size_t)16 << 30);
	struct xcandle *x = NEW_N(tmp, struct xcandle, cs->n + 1);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < cs->n; i++) {
		struct candle c = candles_at(cs, i);

		if (!xcandle_exact(&x[i], &c))
			rc = FAIL(err, E_INVAL, "candle %zu of %zu: too many "
				  "digits", i + 1, cs->n);
	}
	if (rc == 0)
		rc = xcandles_merge(db, market_id, tf, x, cs->n, 0, ret, err);
	arena_free(&tmp);
	return rc;
}

/* ---- deleting ---- */

static int delete_tx(void *ctx, struct db *db, struct err *err)
{
	const struct merge *m = ctx;
	struct dbval id = V_U64(m->market_id), tf = V_U64(m->tf);
	struct arena *tmp = arena_new("delete", 1 << 20);
	struct head h;
	bool found;
	int rc = lock_once(tmp, db, m, &h, &found, err);

	arena_free(&tmp);
	if (rc == 0 && !found)
		return FAIL(err, E_NOTFOUND, "market %" PRIu64 " has no candles "
			    "of %s", m->market_id, tf_name(m->tf));
	if (rc == 0)
		rc = db_exec(db, Q_BLOCK_DEL, ARGS(id, tf, V_I64(INT64_MIN),
						   V_I64(INT64_MAX)),
			     NULL, NULL, err);
	if (rc == 0)
		rc = db_exec(db, Q_TAIL_DEL, ARGS(id, tf), NULL, NULL, err);
	if (rc == 0)
		rc = db_exec(db, Q_SERIES_DEL, ARGS(id, tf), NULL, NULL, err);
	return rc;
}

int series_delete(struct db *db, uint64_t market_id, enum tf tf,
		  struct err *err)
{
	struct merge m = { .market_id = market_id, .tf = tf };

	return db_tx_join(db, delete_tx, &m, err);
}
