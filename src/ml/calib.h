#ifndef ML_CALIB_H
#define ML_CALIB_H
/* calib.h - outputs to probabilities that mean what they say.
 *
 * Fitted on the validation part only: never on what the model learned from,
 * never on what it is judged by.
 *
 *	temperature	p^(1/T), made to sum to 1: the ranking stays, the
 *			certainty is scaled
 *	platt		softmax(a ln p + b), a >= 0 and a b of each class: also puts
 *			right what class weights did to the frequencies
 *	isotonic	each class's p through a rising step function, then made
 *			to sum to 1
 *	normal		of a predicted return r: mean a + b r and deviation s of
 *			what came; the probability to lie above the threshold,
 *			between, below */
#include "core/arena.h"
#include "core/str.h"
#include "ml/model.h"

#define ML_CALIBS(X) X(NONE, "none") X(TEMPERATURE, "temperature")	\
	X(PLATT, "platt") X(ISOTONIC, "isotonic") X(NORMAL, "normal")
enum ml_calib_kind {
#define X(id, name) ML_CALIB_##id,
	ML_CALIBS(X)
#undef X
};
const char *ml_calib_name(enum ml_calib_kind k);
MUST_CHECK bool ml_calib_parse(struct str name, enum ml_calib_kind *ret);

struct ml_calib {
	enum ml_calib_kind kind;
	double temperature;
	double slope;			/* platt, normal */
	double bias[ML_ACTIONS];	/* platt */
	double offset, sigma, threshold;	/* normal */
	/* isotonic: points of each class, x rising, y rising; linear between */
	uint32_t points[ML_ACTIONS];
	const float *x[ML_ACTIONS], *y[ML_ACTIONS];
};
/* p: n x 3, cls: n.  Too little to learn from: kind NONE. */
void ml_calib_fit(struct arena *out, enum ml_calib_kind k, const float *p,
		  const uint8_t *cls, size_t n, struct ml_calib *ret);
/* Of predicted returns r against what came. */
void ml_calib_fit_normal(const float *r, const float *came, size_t n,
			 double threshold, struct ml_calib *ret);
/* One sample's outputs (3 or, for NORMAL, 1) to 3 probabilities. */
void ml_calib_apply(const struct ml_calib *c, const float *y,
		    float ret_p[static ML_ACTIONS]);

#endif /* ML_CALIB_H */
