#ifndef BT_MODELS_H
#define BT_MODELS_H
/* models.h - the models that a script asks with ml.*(), over the bars of a run.
 *
 * A model says something of a bar from that bar and those before it.  It may
 * be asked only of bars that it has not learned from, or been chosen by: a run
 * that trades on others is refused, unless it is asked for as "in sample", and
 * then its properties say so.  Bars that only warm a strategy up and lie in
 * that range have no value. */
#include "bt/bt.h"
#include "ml/shelf.h"

struct bt_model {
	const char *name;		/* as the script has it */
	const struct ml_model *m;
	uint64_t id;			/* of the registry; 0: a file */
	struct bars before;		/* candles before the run's, for warm-up */
};
struct bt_models {
	struct bt_model *v;
	size_t n;
	bool in_sample;			/* asked for */
	bool seen;			/* ... and bars were learned from */
};

/* Those that `prog` names, of a user's that are in use. -E_UNPROCESSABLE with
 * a sentence that names the one that cannot be used. */
MUST_CHECK int bt_models_find(struct arena *out, struct ml_shelf *shelf,
			      struct db *db, uint64_t user,
			      const struct script_prog *prog, struct bt_models *ret,
			      struct err *err);
/* Their candles before `from`, so that they can speak of the first bar. */
MUST_CHECK int bt_models_warm(struct arena *out, struct db *db, uint64_t market,
			      enum tf tf, int64_t from, struct bt_models *k,
			      struct err *err);
/* From files, a "NAME=PATH" for each that `prog` names. */
MUST_CHECK int bt_models_files(struct arena *out, const char *const *v, size_t n,
			       const struct script_prog *prog, struct bt_models *ret,
			       struct err *err);
/* What they say of each bar, into m->models; the first bar that trades is that
 * at `from`, or the first of all. */
MUST_CHECK int bt_models_run(struct arena *out, struct bt_models *k,
			     const struct bars *bars, int64_t from,
			     struct script_market *m, struct err *err);

/* One at a time: what bots do.  Until this bar's open it has learned. */
int64_t bt_model_seen_to(const struct ml_model *m);
/* The newest bar, into a row of SM__N; the same bits as above. */
void bt_model_bar(struct ml_eye *eye, const struct bar *b, double *row);
/* "models": [...] and, if so, "in_sample": true, of an object. */
void bt_models_json(struct jw *w, const struct bt_models *k);

#endif /* BT_MODELS_H */
