#ifndef ML_SHELF_H
#define ML_SHELF_H
/* shelf.h - the models that a process has at hand.
 *
 * Files of the registry stand in a folder under their checksum: fetched from
 * the database when they are not there, written whole or not at all, compared
 * with the checksum before each mapping, and mapped read-only, so that all
 * processes of a host share the memory.  A file that is damaged is fetched
 * again.
 *
 * Which model an id stands for is remembered until the host's generation
 * (GEN_MODELS) has grown, or for SHELF_TRUST_MS, in which other hosts are
 * heard of.  So the next request after a promotion meets the new model, and
 * the one before it has been answered by the old one: nothing waits. */
#include "ml/ml.h"
#include "ml/registry.h"

#define SHELF_TRUST_MS 2000

/* Why a model cannot be asked. */
#define MODEL_REFUSALS(X)						\
	X(MISSING, "missing") X(STALE, "stale") X(FEATURES, "features")	\
	X(BROKEN, "broken")
enum model_refusal {
#define X(id, name) REFUSED_##id,
	MODEL_REFUSALS(X)
#undef X
};

struct ml_shelf;
/* The folder is made when the first file comes. */
struct ml_shelf *ml_shelf_new(struct arena *out, const char *dir) NONNULL_RET;

/* What an id stands for: that model or, when it is retired, the one that took
 * its name's place.  Good until the next call.  -E_NOTFOUND, -E_DB. */
MUST_CHECK int ml_shelf_row(struct ml_shelf *s, struct db *db, uint64_t id,
			    const struct model **ret, struct err *err);
/* It may be asked now: trained, not retired, not older than max_age_ms (0: any
 * age is good).  -E_CONFLICT with a sentence that names it. */
MUST_CHECK int model_usable(const struct model *m, int64_t now_ms,
			    int64_t max_age_ms, enum model_refusal *ret_why,
			    struct err *err);
/* Its weights, and an eye to look with; both good until the next call.
 * -E_CONFLICT with a sentence that names it, or -E_DB. */
MUST_CHECK int ml_shelf_get(struct ml_shelf *s, struct db *db,
			    const struct model *m, const struct ml_model **ret,
			    struct ml_eye **ret_eye, enum model_refusal *ret_why,
			    struct err *err);
/* The same for who keeps it as long as `out`. */
MUST_CHECK int ml_shelf_open(struct arena *out, struct ml_shelf *s, struct db *db,
			     const struct model *m, const struct ml_model **ret,
			     enum model_refusal *ret_why, struct err *err);
/* Files of no model in use that nobody fetched for a week go. */
MUST_CHECK int ml_shelf_tidy(const char *dir, struct db *db, int64_t now_ms,
			     struct err *err);
void model_count_refusal(enum model_refusal why);

#endif /* ML_SHELF_H */
