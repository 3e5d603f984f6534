#ifndef ML_FOLDS_H
#define ML_FOLDS_H
/* folds.h - cutting samples by time, never shuffled.
 *
 * Purge: a sample before the cut whose label was known only after the first
 * sample behind the cut began (t_end > t) is left out.  Embargo: so are the
 * last `embargo` samples before the cut that are still there. */
#include "ml/model.h"

/* Sample k of the set is sample from + k of the whole.  Shares its memory. */
struct ml_set ml_set_slice(const struct ml_set *s, size_t from, size_t to);
/* The first sample whose t >= t (s->n: none). */
size_t ml_set_seek(const struct ml_set *s, int64_t t);
/* How many of the first `n` samples stay when sample `cut` begins the next
 * part (cut >= n; s->n: nothing follows): all before the first one whose label
 * reaches over the cut, less the embargo. */
size_t ml_purge(const struct ml_set *s, size_t n, size_t cut, size_t embargo);

struct ml_fold { size_t train_from, train_to, test_from, test_to; };
/* Walk forward: k tests of equal length, one after the other, over the last
 * part of the set; each trained on all before it (window 0) or on the last
 * `window` samples before it.  `least` samples at least stand before the first
 * test.  -E_UNPROCESSABLE when there are too few samples. */
MUST_CHECK int ml_walk(const struct ml_set *s, size_t k, size_t least,
		       size_t window, size_t embargo, struct ml_fold *ret,
		       struct err *err);

#endif /* ML_FOLDS_H */
