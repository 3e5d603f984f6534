#include "config.h"

#include <math.h>

#include "ml/label.h"

const char *ml_label_name(enum ml_label_kind k)
{
	switch (k) {
#define X(id, name, title) case ML_LABEL_##id: return name;
	ML_LABELS(X)
#undef X
	}
	assert(false);
	return NULL;
}

const char *ml_label_title(enum ml_label_kind k)
{
	switch (k) {
#define X(id, name, title) case ML_LABEL_##id: return title;
	ML_LABELS(X)
#undef X
	}
	assert(false);
	return NULL;
}

bool ml_label_parse(struct str name, enum ml_label_kind *ret)
{
#define X(id, text, title)						\
	if (str_eqc(name, text)) {					\
		*ret = ML_LABEL_##id;					\
		return true;						\
	}
	ML_LABELS(X)
#undef X
	return false;
}

struct ml_label ml_label_usual(enum ml_label_kind k)
{
	struct ml_label l = { .kind = k, .threshold = 0.005, .bars = 1, .weights = true };

	switch (k) {
	case ML_LABEL_NEXT:
		break;
	case ML_LABEL_BARS:
		l.bars = 5;
		break;
	case ML_LABEL_TRIPLE:
		l.bars = 24;
		l.threshold = 0.01;
		break;
	case ML_LABEL_RETURN:
		l.threshold = 0.002;
		l.weights = false;
		break;
	}
	return l;
}

int ml_label_check(const struct ml_label *l, struct err *err)
{
	if (l->kind == ML_LABEL_NEXT && l->bars != 1)
		return FAIL(err, E_INVAL, "a label \"next\" looks 1 bar ahead, not %u",
			    l->bars);
	if (l->bars < 1 || l->bars > ML_LABEL_BARS_MAX)
		return FAIL(err, E_INVAL, "a label looks 1 to %d bars ahead, not %u",
			    ML_LABEL_BARS_MAX, l->bars);
	if (!(l->threshold >= 0 && l->threshold < 1))
		return FAIL(err, E_INVAL, "a label's threshold is a fraction from 0 to "
			    "below 1, not %g", l->threshold);
	if (l->kind == ML_LABEL_TRIPLE && l->threshold <= 0)
		return FAIL(err, E_INVAL, "a label \"triple\" needs a threshold above 0");
	return 0;
}

void ml_label_json(struct jw *w, const struct ml_label *l)
{
	jw_obj(w);
	jw_kstr(w, "kind", ml_label_name(l->kind));
	jw_kf64(w, "threshold", l->threshold);
	jw_ku64(w, "bars", l->bars);
	jw_kbool(w, "weights", l->weights);
	jw_obj_end(w);
}

int ml_label_read(const struct json *j, struct ml_label *ret, struct err *err)
{
	enum ml_label_kind kind = ML_LABEL_NEXT;
	struct ml_label l;
	const struct json *v;
	struct str key, text;
	uint64_t n;
	int rc;

	if (json_type(j) != JSON_OBJ || !json_str(json_get(j, "kind"), &text) ||
	    !ml_label_parse(text, &kind))
		return FAIL(err, E_INVAL, "a label is of kind next, bars, triple or return");
	l = ml_label_usual(kind);
	for (size_t i = 0; json_member(j, i, &key, &v); i++) {
		bool good = true;

		if (str_eqc(key, "threshold"))
			good = json_f64(v, &l.threshold);
		else if (str_eqc(key, "weights"))
			good = json_bool(v, &l.weights);
		else if (str_eqc(key, "bars")) {
			good = json_u64(v, &n) && n <= ML_LABEL_BARS_MAX;
			l.bars = good ? (uint32_t)n : 0;
		} else
			good = str_eqc(key, "kind");
		if (!good)
			return FAIL(err, E_INVAL, "a label's \"%.*s\" is not understood",
				    key.n > 40 ? 40 : (int)key.n, key.p);
	}
	rc = ml_label_check(&l, err);
	if (rc == 0)
		*ret = l;
	return rc;
}

struct label { uint8_t cls; double r; size_t end; };

/* Bars i+1 .. i+bars are there, without a hole. */
static struct label triple(const struct ml_label *l, const struct bars *b, size_t i)
{
	double up = b->c[i] * (1 + l->threshold), down = b->c[i] * (1 - l->threshold);

	for (size_t k = i + 1; k <= i + l->bars; k++) {
		bool above = b->h[k] >= up, below = b->l[k] <= down;

		if (!above && !below)
			continue;
		return (struct label){ above && below ? ML_HOLD : above ? ML_BUY : ML_SELL,
			above && below ? 0 : above ? l->threshold : -l->threshold, k };
	}
	return (struct label){ ML_HOLD, b->c[i + l->bars] / b->c[i] - 1, i + l->bars };
}

static struct label at_end(const struct ml_label *l, const struct bars *b, size_t i)
{
	double r = b->c[i + l->bars] / b->c[i] - 1;

	return (struct label){ ml_class_of(r, l->threshold), r, i + l->bars };
}

void ml_labels(const struct ml_label *l, enum tf tf, const struct bars *b,
	       uint8_t *ret_cls, float *ret_target, int64_t *ret_t_end)
{
	size_t whole = b->n;	/* bars i .. whole - 1 follow without a hole */

	for (size_t i = b->n; i-- > 0; ) {
		struct label x = { ML_NO_CLASS, NAN, 0 };

		if (i + 1 < b->n && tf_next(tf, b->t[i]) != b->t[i + 1])
			whole = i + 1;
		if (l->bars < whole - i)
			x = l->kind == ML_LABEL_TRIPLE ? triple(l, b, i) : at_end(l, b, i);
		ret_cls[i] = l->kind == ML_LABEL_RETURN ? ML_NO_CLASS : x.cls;
		ret_target[i] = (float)x.r;
		ret_t_end[i] = isnan(x.r) ? INT64_MAX : tf_next(tf, b->t[x.end]);
	}
}

void ml_class_weights(const uint8_t *cls, size_t n, double ret[static ML_ACTIONS])
{
	size_t count[ML_ACTIONS] = { 0 };
	unsigned seen = 0;

	for (size_t i = 0; i < n; i++)
		count[cls[i]]++;
	for (size_t k = 0; k < ML_ACTIONS; k++)
		seen += count[k] > 0;
	for (size_t k = 0; k < ML_ACTIONS; k++)
		ret[k] = count[k] == 0 ? 0 : (double)n / (seen * (double)count[k]);
}
