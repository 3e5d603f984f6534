#ifndef BT_STORED_H
#define BT_STORED_H
/* stored.h - what a row asks for, run: by a job, and by orchctl backtest
 * --save, so that both keep the same. */
#include "bt/store.h"

struct bt_hooks {
	void *ctx;
	/* Now and then; other than 0 ends the run and is returned. */
	int (*alive)(void *ctx, size_t done, size_t total);
	/* The same while a script is drawn before freqtrade's rules run: they
	 * say nothing while they last, so it shows how long they will. */
	int (*draw)(void *ctx, size_t done, size_t total);
	/* They begin.  Each may be NULL. */
	int (*silent)(void *ctx);
};
/* The hooks' own value when one of them ended it (err is then as it was); else
 * a sentence for the row's owner, or an error of the database. */
struct ml_shelf;
MUST_CHECK int bt_stored_run(struct arena *a, struct db *db,
			     struct ml_shelf *shelf, const struct backtest *b,
			     const struct bt_hooks *h,
			     struct bt_record *ret, struct err *err);

#endif /* BT_STORED_H */
