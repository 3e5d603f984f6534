#include "config.h"

#include <math.h>

#include "db/db.h"
#include "market/funding.h"

#define ROWS_AT_ONCE ((size_t)1000)
/* Every hour for more than a hundred years. */
#define RATES_MAX ((uint64_t)1000000)

int funding_store(struct db *db, uint64_t market_id, const struct funding *f,
		  struct err *err)
{
	struct arena *a CLEANUP(arena_free) = arena_new("funding", 1 << 20);
	struct dbval *v = NEW_N(a, struct dbval, 4 * ROWS_AT_ONCE);
	int rc = 0;

	for (size_t at = 0, n; rc == 0 && at < f->n; at += n) {
		n = f->n - at < ROWS_AT_ONCE ? f->n - at : ROWS_AT_ONCE;
		for (size_t i = 0; i < n; i++) {
			struct dbval *to = &v[4 * i];
			double mark = f->mark[at + i];

			to[0] = V_U64(market_id);
			to[1] = V_I64(f->t[at + i]);
			to[2] = V_F64(f->rate[at + i]);
			to[3] = isnan(mark) ? V_NULL() : V_F64(mark);
		}
		rc = db_exec_many(db, Q_FUNDING_PUT, v, n, 4, err);
	}
	return rc;
}

int funding_load(struct arena *out, struct db *db, uint64_t market_id,
		 int64_t from, int64_t to, struct funding *ret, struct err *err)
{
	struct rows r;
	int rc = db_select(out, db, Q_FUNDING_RANGE,
			   ARGS(V_U64(market_id), V_I64(from), V_I64(to),
				V_U64(RATES_MAX)), &r, err);
	struct funding f;

	if (rc < 0)
		return rc;
	f = (struct funding){ r.n, NEW_N(out, int64_t, r.n + 1),
			      NEW_N(out, double, r.n + 1),
			      NEW_N(out, double, r.n + 1) };
	for (size_t i = 0; i < r.n; i++) {
		f.t[i] = row_i64(&r, i, 0);
		f.rate[i] = row_f64(&r, i, 1);
		f.mark[i] = row_null(&r, i, 2) ? NAN : row_f64(&r, i, 2);
	}
	*ret = f;
	return 0;
}
