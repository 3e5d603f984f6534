#ifndef ML_LABEL_H
#define ML_LABEL_H
/* label.h - what a model shall say about a bar, known only later.
 *
 * The label of bar i looks at bars after i and at nothing else.  It is known
 * when the last of them has closed (t_end); folds.h keeps every sample whose
 * label reaches into another part out of that part.
 *
 *	next	buy when close[i+1] / close[i] - 1 > threshold, sell when it is
 *		< -threshold, else hold
 *	bars	the same with close[i+bars]
 *	triple	buy when a high reaches close * (1 + threshold) within `bars`
 *		bars before a low reaches close * (1 - threshold), sell the other
 *		way round; hold when neither is reached, or both in one bar
 *	return	no class: close[i+bars] / close[i] - 1 itself
 *
 * A label over a hole in the candles is none. */
#include "core/err.h"
#include "core/str.h"
#include "ind/bar.h"
#include "json/json.h"
#include "market/market.h"
#include "ml/model.h"

#define ML_LABELS(X)							\
	X(NEXT, "next", "class of the next bar's return")		\
	X(BARS, "bars", "class of the return over some bars")		\
	X(TRIPLE, "triple", "which barrier is reached first")		\
	X(RETURN, "return", "the return over some bars itself")

enum ml_label_kind {
#define X(id, name, title) ML_LABEL_##id,
	ML_LABELS(X)
#undef X
};
const char *ml_label_name(enum ml_label_kind k);
const char *ml_label_title(enum ml_label_kind k);
MUST_CHECK bool ml_label_parse(struct str name, enum ml_label_kind *ret);

#define ML_LABEL_BARS_MAX 1000
struct ml_label {
	enum ml_label_kind kind;
	/* 0.005: half a per cent.  Of `return`: what makes its prediction an
	 * action. */
	double threshold;
	uint32_t bars;			/* `next`: 1 */
	bool weights;			/* weigh classes by their rarity */
};
/* Usual: next 0.5 %, bars 5 at 0.5 %, triple 24 at 1 %, return 1 at 0.2 %. */
struct ml_label ml_label_usual(enum ml_label_kind k);
MUST_CHECK int ml_label_check(const struct ml_label *l, struct err *err);
/* {"kind":"bars","threshold":0.005,"bars":5,"weights":true}; what is left out
 * is as usual, what is not known is refused. */
void ml_label_json(struct jw *w, const struct ml_label *l);
MUST_CHECK int ml_label_read(const struct json *j, struct ml_label *ret,
			     struct err *err);
static inline uint32_t ml_label_outputs(const struct ml_label *l)
{
	return l->kind == ML_LABEL_RETURN ? 1 : ML_ACTIONS;
}

#define ML_NO_CLASS 255
/* For each bar: class (ML_NO_CLASS: not known, or no class), the return behind
 * it (NaN: not known), when it was known (INT64_MAX: not yet). */
void ml_labels(const struct ml_label *l, enum tf tf, const struct bars *b,
	       uint8_t *ret_cls, float *ret_target, int64_t *ret_t_end);

static inline uint8_t ml_class_of(double r, double threshold)
{
	return r > threshold ? ML_BUY : r < -threshold ? ML_SELL : ML_HOLD;
}

/* Weight of each class: n / (classes seen x count); 0 of one never seen. */
void ml_class_weights(const uint8_t *cls, size_t n, double ret[static ML_ACTIONS]);

#endif /* ML_LABEL_H */
