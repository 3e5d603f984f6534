#ifndef XCHG_FEED_PROC_H
#define XCHG_FEED_PROC_H
/* feed_proc.h - the process that keeps the live simulated markets going.
 *
 * Each second, for every active market of exchange "sim": newest ticker and
 * book into the quotes, a ticker event, and events of the candles being made;
 * whenever a minute or an hour has closed, that candle goes to the store.
 * What was missed while it did not run is made good when it starts, since the
 * market is a function of time.  While the database is away quotes and events
 * go on, and candles wait. */
#include "core/err.h"

struct arena;
struct conf;
struct proc_self;

struct feed_ctx {
	const struct conf *conf;
};
/* A role's main function (proc.h); ctx is a struct feed_ctx. */
int feed_main(void *ctx, struct proc_self *self);

/* ---- the same step by step, for tests ---- */
struct feed_proc;
struct db;
struct quotes;
typedef void feed_publish_fn(void *ctx, const char *topic, const char *type,
			     const char *json, size_t n);
struct feed_proc *feed_proc_new(struct arena *out, struct db *db,
				struct quotes *quotes, uint64_t seed,
				feed_publish_fn *publish, void *ctx);
/* One round at `now`; -E_DB and the like: quotes are up to date, the store is
 * not. */
MUST_CHECK int feed_proc_step(struct feed_proc *p, int64_t now,
			      struct err *err);

#endif /* XCHG_FEED_PROC_H */
