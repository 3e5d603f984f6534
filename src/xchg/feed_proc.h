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
struct db;
struct proc_self;
struct quotes;

/* The main of a child (proc.h), after events_open(): runs until the process
 * is to end. */
MUST_CHECK int feed_main(struct arena *scratch, const struct conf *conf,
			 struct db *db, struct proc_self *self,
			 struct err *err);

/* ---- the same step by step, for tests ---- */
struct feed_proc;
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
