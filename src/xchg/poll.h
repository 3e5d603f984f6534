#ifndef XCHG_POLL_H
#define XCHG_POLL_H
/* poll.h - the process that brings one exchange's candles while bots want them.
 *
 * For each market and timeframe of that exchange on which a bot runs with live
 * candles: what is missing of the last WARM bars comes first, then each candle
 * as it closes (a few seconds later, when the exchange has settled it), in
 * its own timeframe, into the store, where the bots look.  A candle that does
 * not come, since nothing was traded, is asked for ever more slowly.  While no
 * bot wants anything the exchange is not asked at all. */
#include "xchg/public.h"

struct proc_self;

#define POLL_WARM	1500	/* bars */

/* The main of child number `index` (of pub_names[]): runs until the process is
 * to end. */
MUST_CHECK int poll_main(struct arena *scratch, const struct conf *conf,
			 struct db *db, struct proc_self *self, unsigned index,
			 struct err *err);

/* ---- the same step by step, for tests ---- */
struct poll;
typedef void poll_publish_fn(void *ctx, const char *topic, const char *type,
			     const char *json, size_t n);
struct poll *poll_new(struct arena *out, struct db *db, struct pub *p,
		      const char *exchange, poll_publish_fn *publish, void *ctx);
/* One round at `now` (ours); *ret_wait_ms: until the next. */
MUST_CHECK int poll_step(struct poll *p, int64_t now, int64_t *ret_wait_ms,
			 struct err *err);

#endif /* XCHG_POLL_H */
