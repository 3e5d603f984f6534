#ifndef ML_MODEL_I_H
#define ML_MODEL_I_H
/* model_i.h - a model file from its parts, and JSON that plans share with it. */
#include "ml/file_i.h"
#include "ml/ml.h"
#include "ml/trainer.h"

#define ML_FORMAT "orch-model/1"

/* m->spec, name, market, tf, label, calib, scaler, drift, features, hash, ranges,
 * metrics, verdict and better are written, and the tensors of m->m. */
void ml_model_write(struct arena *out, const struct ml_model *m, const void **ret,
		    size_t *ret_n);

/* {"rate":0.001,...} of the kind */
void ml_params_json(struct jw *w, const struct ml_spec *s);
MUST_CHECK int ml_params_read(const struct json *j, struct ml_spec *s,
			      struct err *err);
/* ["rsi_14",...]; the names live in `out`. */
void ml_names_json(struct jw *w, const char *const *names, size_t n);
MUST_CHECK int ml_names_read(struct arena *out, const struct json *j,
			     const char *const **ret, size_t *ret_n,
			     struct err *err);
/* Columns of a spec: names and scaling. */
const struct ml_column *ml_columns(struct arena *out, const char *const *names,
				   const struct ml_scaler *s);

#endif /* ML_MODEL_I_H */
